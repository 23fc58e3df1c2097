/*
 * People are taken out of what GOCDB says. What is a contact or a name by its element
 * goes whole; in texts addresses, subjects of certificates and the names of those who
 * changed a certification are replaced. A name that stands nowhere but in a text is not
 * known to be one, and stays.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tools/import/gocdb.h"

#define REDACTED "[redacted]"

/* Names the set itself says are people's. */
struct names {
    const char **rows;
    size_t n, room;
};

struct redacting {
    struct import_set *set;
    struct arena *arena;
    struct names names;
    size_t n_contacts, n_subjects, n_texts, n_changes;
};

/* ---- Subjects of certificates ---- */

/* Where the value of the last CN begins; NULL: there is none. */
static const char *
common_name(const char *text)
{
    const char *found = NULL;
    for (const char *at = strcasestr(text, "CN="); at != NULL;
         at = strcasestr(at + 3, "CN=")) {
        found = at + 3;
    }
    return found;
}

static bool
begins_part(const char *text)
{
    size_t size = 0;
    while (isalpha((unsigned char)text[1 + size])) {
        size++;
    }
    return text[0] == '/' && size > 0 && text[1 + size] == '=';
}

/* Up to the next part of the subject, or what ends it in a text. */
static size_t
name_size(const char *name)
{
    size_t size = 0;
    while (name[size] != '\0' && strchr(",;\n\"()<>", name[size]) == NULL &&
           !begins_part(name + size)) {
        size++;
    }
    return size;
}

/* "host/a.example.org" names a host, "Robot: Ada Example" does not. */
static bool
is_host(const char *name, size_t size)
{
    size_t begin = 0, n_dots = 0;
    for (size_t i = 0; i < size; i++) {
        begin = name[i] == '/' ? i + 1 : begin;
    }
    for (size_t i = begin; i < size; i++) {
        n_dots += name[i] == '.';
        if (!isalnum((unsigned char)name[i]) && strchr("-._*:", name[i]) == NULL) {
            return false;
        }
    }
    return begin < size && n_dots > 0;
}

static bool
is_hosts_subject(const char *subject, const char *host)
{
    const char *name = common_name(subject);
    if (strchr(subject, '@') != NULL) {
        return false;
    }
    if (name == NULL) {
        return is_host(subject, strlen(subject)) || strcmp(subject, host) == 0;
    }
    size_t size = name_size(name);
    return is_host(name, size) ||
           (strlen(host) == size && strncmp(name, host, size) == 0);
}

/* ---- Texts ---- */

static bool
is_of_address(char c)
{
    return isalnum((unsigned char)c) || (c & 0x80) != 0 ||
           (c != '\0' && strchr("._%+'-", c) != NULL);
}

/* Bytes of the address that begins here; 0: none does. */
static size_t
address_size(const char *text)
{
    size_t name = 0, host = 0;
    while (is_of_address(text[name])) {
        name++;
    }
    if (name == 0 || text[name] != '@') {
        return 0;
    }
    const char *at = text + name + 1;
    while (isalnum((unsigned char)at[host]) ||
           (at[host] != '\0' && strchr(".-", at[host]) != NULL)) {
        host++;
    }
    while (host > 0 && at[host - 1] == '.') {
        host--;
    }
    return host == 0 ? 0 : name + 1 + host;
}

/* The first of names low to high whose byte at depth is not below c. */
static size_t
bound(const struct names *names, size_t low, size_t high, size_t depth, int c)
{
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        bool is_below = (unsigned char)names->rows[middle][depth] < c;
        low = is_below ? middle + 1 : low;
        high = is_below ? high : middle;
    }
    return low;
}

/* Bytes of the longest name that begins here and ends before what is no letter; 0: none
 * does. Byte by byte: a hostile file has many names and long texts. */
static size_t
known_size(const struct names *names, const char *text)
{
    size_t low = 0, high = names->n, longest = 0;
    for (size_t depth = 0; low < high; depth++) {
        unsigned char c = (unsigned char)tolower((unsigned char)text[depth]);
        if (names->rows[low][depth] == '\0') {
            longest = isalnum(c) ? longest : depth;
            low++;
        }
        if (c == '\0') {
            break;
        }
        low = bound(names, low, high, depth, c);
        high = bound(names, low, high, depth, c + 1);
    }
    return longest;
}

/* Bytes to be replaced from here on, and how many stay before them. A name begins
 * behind anything but a letter, an address behind what is no part of one. */
static size_t
personal_size(const struct names *names, const char *whole, const char *text,
              size_t *stay)
{
    char before = text == whole ? ' ' : text[-1];
    bool is_word = !isalnum((unsigned char)before) && (before & 0x80) == 0;
    size_t size = is_word ? known_size(names, text) : 0;
    *stay = 0;
    if (size == 0 && !is_of_address(before)) {
        size = address_size(text);
    }
    if (size == 0 && is_word && strncasecmp(text, "CN=", 3) == 0) {
        *stay = 3;
        size = name_size(text + 3);
        /* A word after a host's name is no part of it. */
        size = is_host(text + 3, strcspn(text + 3, " ,;/\n\"()<>")) ? 0 : size;
    }
    return size;
}

/* A text without people; the same where there are none. */
static char *
without_people(struct redacting *redacting, char *text)
{
    size_t room = strlen(text) * sizeof REDACTED + 1;
    char *clean = NULL, *end = NULL;
    for (const char *at = text; *at != '\0';) {
        size_t stay = 0;
        size_t size = personal_size(&redacting->names, text, at, &stay);
        if (size > 0 && clean == NULL) {
            clean = arena_alloc(redacting->arena, room);
            end = clean + (at - text);
            memcpy(clean, text, (size_t)(at - text));
        }
        if (size > 0) {
            memcpy(end, at, stay);
            memcpy(end + stay, REDACTED, sizeof REDACTED - 1);
            end += stay + sizeof REDACTED - 1;
            at += stay + size;
            continue;
        }
        if (clean != NULL) {
            *end++ = *at;
        }
        at++;
    }
    redacting->n_texts += clean != NULL;
    return clean == NULL ? text : clean;
}

/* ---- Names ---- */

enum { SHORTEST_NAME = 3 };

static void
add_name(struct redacting *redacting, const char *name)
{
    struct names *names = &redacting->names;
    if (strlen(name) < SHORTEST_NAME) {
        return;
    }
    names->rows = arena_grown(redacting->arena, names->rows, names->n, &names->room,
                              sizeof(*names->rows));
    /* However it is written. */
    char *lower = arena_copy(redacting->arena, name);
    for (char *at = lower; *at != '\0'; at++) {
        *at = (char)tolower((unsigned char)*at);
    }
    names->rows[names->n++] = lower;
}

static int
compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, each once. */
static void
sort_names(struct names *names)
{
    size_t n = 0;
    if (names->n > 0) {
        qsort(names->rows, names->n, sizeof(*names->rows), compare_names);
    }
    for (size_t i = 0; i < names->n; i++) {
        if (n == 0 || strcmp(names->rows[n - 1], names->rows[i]) != 0) {
            names->rows[n++] = names->rows[i];
        }
    }
    names->n = n;
}

static void
gather_names(struct redacting *redacting)
{
    const struct import_set *set = redacting->set;
    for (size_t i = 0; i < set->n_certification_changes; i++) {
        const char *name = set->certification_changes[i]->changed_by;
        const char *common = common_name(name);
        add_name(redacting, name);
        if (common != NULL) {
            add_name(redacting,
                     arena_copy_n(redacting->arena, common, name_size(common)));
        }
    }
    sort_names(&redacting->names);
}

/* ---- Records ---- */

/* Elements without a field of ours that are contacts. */
static bool
is_contact(const char *key)
{
    static const char *const keys[] = {"ALARM_EMAIL", "HELPDESKEMAIL", "HELPDESK_EMAIL",
                                       "EMERGENCY_EMAIL"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(keys[i], key) == 0) {
            return true;
        }
    }
    return false;
}

static void
redact_extensions(struct redacting *redacting, Kontor__V1__KeyValue **rows, size_t *n)
{
    size_t n_kept = 0;
    for (size_t i = 0; i < *n; i++) {
        if (is_contact(rows[i]->key)) {
            redacting->n_contacts++;
            continue;
        }
        rows[i]->value = without_people(redacting, rows[i]->value);
        rows[n_kept++] = rows[i];
    }
    *n = n_kept;
}

static void
redact_contact(struct redacting *redacting, Kontor__V1__Contact **contact)
{
    redacting->n_contacts += *contact != NULL;
    *contact = NULL;
}

static void
redact_site(struct redacting *redacting, Kontor__V1__Site *site)
{
    static char none[] = "";
    redact_contact(redacting, &site->contact);
    redact_contact(redacting, &site->security_contact);
    redacting->n_contacts += site->emergency_phone[0] != '\0';
    site->emergency_phone = none;
    site->description = without_people(redacting, site->description);
    site->location = without_people(redacting, site->location);
    redact_extensions(redacting, site->extensions, &site->n_extensions);
}

static void
redact_endpoint(struct redacting *redacting, Kontor__V1__Endpoint *endpoint)
{
    static char none[] = "";
    redact_contact(redacting, &endpoint->contact);
    endpoint->description = without_people(redacting, endpoint->description);
    redact_extensions(redacting, endpoint->extensions, &endpoint->n_extensions);
    if (endpoint->host_dn[0] != '\0' &&
        !is_hosts_subject(endpoint->host_dn, endpoint->host)) {
        redacting->n_subjects++;
        endpoint->host_dn = none;
    }
}

static void
redact_change(struct redacting *redacting, Kontor__V1__CertificationChange *change)
{
    static char none[] = "";
    redacting->n_changes += change->changed_by[0] != '\0';
    change->reason = without_people(redacting, change->reason);
    change->changed_by = none;
}

static void
redact_records(struct redacting *redacting)
{
    struct import_set *set = redacting->set;
    for (size_t i = 0; i < set->n_sites; i++) {
        redact_site(redacting, set->sites[i]);
    }
    for (size_t i = 0; i < set->n_endpoints; i++) {
        redact_endpoint(redacting, set->endpoints[i]);
    }
    for (size_t i = 0; i < set->n_groups; i++) {
        Kontor__V1__Group *group = set->groups[i];
        redact_contact(redacting, &group->contact);
        group->description = without_people(redacting, group->description);
        redact_extensions(redacting, group->extensions, &group->n_extensions);
    }
    for (size_t i = 0; i < set->n_downtimes; i++) {
        set->downtimes[i]->description =
            without_people(redacting, set->downtimes[i]->description);
    }
    for (size_t i = 0; i < set->n_certification_changes; i++) {
        redact_change(redacting, set->certification_changes[i]);
    }
}

/* ---- Masks and findings ---- */

/* What is taken out is not the source's to empty. */
static void
disown(Google__Protobuf__FieldMask *mask)
{
    static const char *const fields[] = {"contact", "security_contact",
                                         "emergency_phone", "changed_by"};
    size_t n_kept = 0;
    for (size_t i = 0; i < mask->n_paths; i++) {
        bool is_personal = false;
        for (size_t j = 0; j < sizeof fields / sizeof fields[0]; j++) {
            is_personal = is_personal || strcmp(mask->paths[i], fields[j]) == 0;
        }
        if (!is_personal) {
            mask->paths[n_kept++] = mask->paths[i];
        }
    }
    mask->n_paths = n_kept;
}

static void
say(struct redacting *redacting, size_t n, const char *what)
{
    struct import_set *set = redacting->set;
    if (n == 0) {
        return;
    }
    set->findings = source_grow(redacting->arena, set->findings, set->n_findings,
                                sizeof *set->findings);
    set->findings[set->n_findings++] = (struct import_finding){
        .place = "people",
        .text =
            arena_print(redacting->arena, "%zu %s; --keep-names keeps them", n, what)};
}

void
gocdb_redact(struct import_set *set, struct arena *arena)
{
    struct redacting redacting = {.set = set, .arena = arena};
    gather_names(&redacting);
    redact_records(&redacting);
    disown(set->site_fields);
    disown(set->endpoint_fields);
    disown(set->group_fields);
    disown(set->certification_change_fields);
    say(&redacting, redacting.n_contacts,
        "addresses and telephone numbers are not taken");
    say(&redacting, redacting.n_subjects,
        "subjects of certificates that are no host's are not taken");
    say(&redacting, redacting.n_changes,
        "names of who changed a certification are not "
        "taken");
    say(&redacting, redacting.n_texts,
        "texts have addresses, subjects or names replaced by " REDACTED);
}
