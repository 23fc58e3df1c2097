#include "tools/import/gocdb_people.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/text_spelling.h"
#include "tools/import/gocdb_known.h"
#include "tools/import/gocdb_subject.h"

struct gocdb_people {
    struct arena *arena;
    struct arena *looking; /* Of the text that is looked at. */
    struct gocdb_known names, phones;
};

struct gocdb_people *
gocdb_people_new(struct arena *arena)
{
    struct gocdb_people *people = arena_alloc(arena, sizeof *people);
    *people = (struct gocdb_people){.arena = arena,
                                    .looking = arena_new(),
                                    .names.arena = arena,
                                    .phones.arena = arena};
    if (people->looking == NULL) {
        abort();
    }
    return people;
}

void
gocdb_people_free(struct gocdb_people *people)
{
    if (people != NULL) {
        arena_free(people->looking);
    }
}

/* ---- Who is known ---- */

/* Hosts are robots' names, too. */
static void
know_name(struct gocdb_people *people, const char *name, size_t size)
{
    if (!gocdb_is_hosts_name(name, size, "")) {
        struct text_spelling spelling = gocdb_known_spelling(
            arena_copy_n(people->looking, name, size), people->looking);
        gocdb_known_add_full_name(&people->names, &spelling);
    }
    arena_reset(people->looking);
}

static void
know_whole(struct gocdb_people *people, const char *text)
{
    struct text_spelling spelling = gocdb_known_spelling(text, people->looking);
    gocdb_known_add(&people->names, &spelling);
    arena_reset(people->looking);
}

void
gocdb_people_know(struct gocdb_people *people, const char *name)
{
    size_t size;
    const char *at = name;
    if (gocdb_subject_common_name(&at, &size) != NULL) {
        gocdb_people_know_subject(people, name);
    } else if (strchr(name, '@') != NULL) {
        know_whole(people, name);
    } else {
        know_name(people, name, strlen(name));
    }
}

void
gocdb_people_know_subject(struct gocdb_people *people, const char *subject)
{
    size_t size, n_names = 0;
    for (const char *at = subject, *common = gocdb_subject_common_name(&at, &size);
         common != NULL; common = gocdb_subject_common_name(&at, &size)) {
        know_name(people, common, size);
        n_names++;
    }
    /* Of one that says nobody any more, all would be found where it was replaced. */
    if (n_names > 0 && strstr(subject, GOCDB_REDACTED) == NULL) {
        know_whole(people, subject);
    }
}

void
gocdb_people_know_phone(struct gocdb_people *people, const char *phone)
{
    gocdb_known_add_phones(&people->phones, phone);
}

/* ---- Texts ---- */

/* A text that is looked at from its begin to its end. */
struct look {
    const struct gocdb_people *people;
    const char *text;
    struct text_spelling spelling;
    size_t byte;       /* Of the spelling. */
    size_t begin;      /* Behind what was replaced: as if the text began there. */
    size_t no_address; /* None begins before. */
};

static bool
is_of_address(char c)
{
    return isalnum((unsigned char)c) || (c & 0x80) != 0 ||
           (c != '\0' && strchr("._%+'-", c) != NULL);
}

/* Bytes of the address that begins here; 0: none does. What may be the name of one is
 * looked at once, wherever else in it one might begin. */
static size_t
address_size(struct look *look, size_t at)
{
    const char *text = look->text + at;
    size_t name = 0, host = 0;
    char before = at == look->begin ? ' ' : text[-1];
    if (at < look->no_address || is_of_address(before)) {
        return 0;
    }
    while (is_of_address(text[name])) {
        name++;
    }
    const char *behind = text[name] == '@' ? text + name + 1 : "";
    while (isalnum((unsigned char)behind[host]) ||
           (behind[host] != '\0' && strchr(".-", behind[host]) != NULL)) {
        host++;
    }
    while (host > 0 && behind[host - 1] == '.') {
        host--;
    }
    if (name == 0 || host == 0) {
        look->no_address = at + name;
        return 0;
    }
    return name + 1 + host;
}

/* Bytes of the text that are a known name from here on, or a known number with the sign
 * before it. */
static size_t
known_size(struct look *look, size_t at)
{
    const struct text_spelling *spelling = &look->spelling;
    const struct gocdb_people *people = look->people;
    size_t n_signs = look->text[at] == '+', size = 0;
    if (people->names.n + people->phones.n == 0) {
        return 0;
    }
    (void)text_spelling_begins(spelling, at, &look->byte);
    size_t first = look->byte;
    if (!text_spelling_begins(spelling, at + n_signs, &first)) {
        return 0;
    }
    bool is_begin = n_signs > 0 || first == 0 ||
                    spelling->at[first - 1] < look->begin ||
                    !text_spelling_is_letter(spelling->text[first - 1]);
    if (is_begin && n_signs == 0) {
        size = gocdb_known_name_size(&people->names, spelling->text + first);
    }
    if (is_begin && size == 0) {
        size = gocdb_known_phone_size(&people->phones, spelling->text + first);
    }
    return size == 0 || !text_spelling_ends(spelling, first + size)
               ? 0
               : spelling->at[first + size] - at;
}

/* Bytes of a host's name where a common name begins in a text; 0: it is none. A word
 * after it is no part of it, nor is the end of a sentence. */
static size_t
host_size(const char *name)
{
    size_t size = gocdb_subject_name_size(name, " " GOCDB_SUBJECT_ENDS);
    while (size > 0 && strchr(".:?!", name[size - 1]) != NULL) {
        size--;
    }
    return gocdb_is_hosts_name(name, size, "") ? size : 0;
}

/* Whether nobody is left in a common name. */
static bool
is_redacted(const char *name)
{
    size_t size = sizeof GOCDB_REDACTED - 1;
    return strncmp(name, GOCDB_REDACTED, size) == 0 &&
           gocdb_subject_name_size(name + size, GOCDB_SUBJECT_ENDS) == 0;
}

/* Bytes to be replaced from here on, and how many stay before them. */
static size_t
personal_size(struct look *look, size_t at, size_t *stay)
{
    const char *text = look->text + at;
    char before = at == look->begin ? ' ' : text[-1];
    size_t known = known_size(look, at), address = address_size(look, at);
    size_t size = known > address ? known : address;
    bool is_word = !isalnum((unsigned char)before) && (before & 0x80) == 0;
    *stay = 0;
    if (size == 0 && is_word && strncasecmp(text, "CN=", 3) == 0 &&
        host_size(text + 3) == 0 && !is_redacted(text + 3)) {
        *stay = 3;
        size = gocdb_subject_name_size(text + 3, GOCDB_SUBJECT_ENDS);
    }
    return size;
}

/* Writes the text without people, as far as there is somewhere to; answers how many
 * bytes that takes, and counts who was there. */
static size_t
leave_out(struct look *look, char *to, size_t *n_found)
{
    size_t size = 0;
    look->byte = look->begin = look->no_address = 0;
    *n_found = 0;
    for (size_t at = 0; look->text[at] != '\0';) {
        size_t stay = 0, n = personal_size(look, at, &stay);
        size_t n_kept = n > 0 ? stay : 1;
        if (to != NULL) {
            memcpy(to + size, look->text + at, n_kept);
        }
        size += n_kept;
        at += n_kept + n;
        if (n > 0 && to != NULL) {
            memcpy(to + size, GOCDB_REDACTED, sizeof GOCDB_REDACTED - 1);
        }
        size += n > 0 ? sizeof GOCDB_REDACTED - 1 : 0;
        look->begin = n > 0 ? at : look->begin;
        *n_found += n > 0;
    }
    return size;
}

static struct look
look_at(struct gocdb_people *people, const char *text)
{
    struct look look = {.people = people, .text = text};
    if (people->names.n + people->phones.n > 0) {
        look.spelling = gocdb_known_spelling(text, people->looking);
    }
    return look;
}

static int
digit_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c == '\0' ? NULL : strchr(digits, tolower((unsigned char)c));
    return found == NULL ? -1 : (int)(found - digits);
}

/* However often it was encoded: what a code becomes may end another one.
 * Source: RFC 3986, 2.1. */
static char *
decoded(const char *text, struct arena *arena)
{
    char *out = arena_copy(arena, text);
    size_t size = 0;
    for (; *text != '\0'; text++) {
        out[size++] = *text;
        while (size >= 3 && out[size - 3] == '%') {
            int high = digit_of(out[size - 2]), low = digit_of(out[size - 1]);
            if (high < 0 || low < 0 || high + low == 0) {
                break;
            }
            size -= 2;
            out[size - 1] = (char)(16 * high + low);
        }
    }
    out[size] = '\0';
    return out;
}

/* Whether somebody is in what was percent-encoded. */
static bool
is_somebody_in_code(struct gocdb_people *people, const char *text)
{
    size_t n_found = 0;
    if (strchr(text, '%') != NULL) {
        struct look look = look_at(people, decoded(text, people->looking));
        (void)leave_out(&look, NULL, &n_found);
    }
    return n_found > 0;
}

char *
gocdb_people_out(struct gocdb_people *people, char *text)
{
    size_t n_found;
    gocdb_known_sort(&people->names);
    gocdb_known_sort(&people->phones);
    struct look look = look_at(people, text);
    size_t size = leave_out(&look, NULL, &n_found);
    if (n_found > 0) {
        text = arena_alloc(people->arena, size + 1);
        (void)leave_out(&look, text, &n_found);
        text[size] = '\0';
    }
    /* What cannot be taken out of its code goes with it. */
    if (is_somebody_in_code(people, text)) {
        text = arena_copy(people->arena, GOCDB_REDACTED);
    }
    arena_reset(people->looking);
    return text;
}
