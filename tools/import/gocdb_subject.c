#include "tools/import/gocdb_subject.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* ---- Parts ---- */

/* "CN=a", and "CN = a" as OpenSSL has it. */
struct part {
    const char *key, *value;
    size_t key_size;
};

static bool
next_part(const char **at, struct part *part)
{
    const char *equals = strchr(*at, '=');
    if (equals == NULL) {
        return false;
    }
    const char *end = equals;
    while (end > *at && end[-1] == ' ') {
        end--;
    }
    part->key = end;
    while (part->key > *at &&
           (isalnum((unsigned char)part->key[-1]) || part->key[-1] == '.')) {
        part->key--;
    }
    part->key_size = (size_t)(end - part->key);
    part->value = equals + 1 + strspn(equals + 1, " ");
    *at = equals + 1;
    return true;
}

static bool
is_key(const struct part *part, const char *key)
{
    return strlen(key) == part->key_size &&
           strncasecmp(part->key, key, part->key_size) == 0;
}

/* What hosts have not. Source: RFC 4519, 2; RFC 2985, 5.2.1; and their numbers. */
static bool
is_persons(const struct part *part)
{
    static const char *const keys[] = {"UID",
                                       "USERID",
                                       "0.9.2342.19200300.100.1.1",
                                       "E",
                                       "EMAIL",
                                       "EMAILADDRESS",
                                       "1.2.840.113549.1.9.1",
                                       "MAIL",
                                       "0.9.2342.19200300.100.1.3",
                                       "GN",
                                       "GIVENNAME",
                                       "2.5.4.42",
                                       "SN",
                                       "SURNAME",
                                       "2.5.4.4",
                                       "INITIALS",
                                       "PSEUDONYM"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (is_key(part, keys[i])) {
            return true;
        }
    }
    return false;
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

size_t
gocdb_subject_name_size(const char *name, const char *ends)
{
    size_t size = 0;
    while (name[size] != '\0' && strchr(ends, name[size]) == NULL &&
           !begins_part(name + size)) {
        size++;
    }
    return size;
}

const char *
gocdb_subject_common_name(const char **at, size_t *size)
{
    struct part part;
    while (next_part(at, &part)) {
        if (is_key(&part, "CN")) {
            *size = gocdb_subject_name_size(part.value, GOCDB_SUBJECT_ENDS);
            *at = part.value + *size;
            return part.value;
        }
    }
    return NULL;
}

/* ---- Hosts ---- */

/* Of "host/a.alpine.example", and of other services, with the slash; 0: there is none.
 */
static size_t
service_size(const char *name, size_t size)
{
    size_t n = 0;
    while (n < size && (isalnum((unsigned char)name[n]) || name[n] == '-')) {
        n++;
    }
    return n > 0 && n < size && name[n] == '/' ? n + 1 : 0;
}

/* How many dots are between labels of a host's name; -1: it is none. */
static int
dots_of(const char *name, size_t size)
{
    int n_dots = 0;
    char before = '.';
    for (size_t i = 0; i < size; i++) {
        bool is_of_label =
            isalnum((unsigned char)name[i]) || strchr("-_*:", name[i]) != NULL;
        if (!is_of_label && (name[i] != '.' || before == '.')) {
            return -1;
        }
        n_dots += name[i] == '.';
        before = name[i];
    }
    return before == '.' ? -1 : n_dots;
}

/* The last two labels of a host's name. */
static const char *
domain_of(const char *host)
{
    int n_dots = 0;
    const char *at = host + strlen(host);
    while (at > host && n_dots < 2) {
        at--;
        n_dots += *at == '.';
    }
    return n_dots == 2 ? at + 1 : at;
}

static bool
is_text(const char *name, size_t size, const char *text)
{
    return size > 0 && strlen(text) == size && strncasecmp(name, text, size) == 0;
}

bool
gocdb_is_hosts_name(const char *name, size_t size, const char *host)
{
    size_t n = service_size(name, size);
    int n_dots = dots_of(name + n, size - n);
    bool is_said = is_text(name, n, "host/");
    return is_text(name + n, size - n, host) || n_dots >= 2 ||
           (is_said && n_dots >= 0) ||
           (n_dots == 1 && is_text(name + n, size - n, domain_of(host)));
}

bool
gocdb_is_hosts_subject(const char *subject, const char *host)
{
    struct part part;
    size_t n_names = 0;
    if (strchr(subject, '@') != NULL) {
        return false;
    }
    for (const char *at = subject; next_part(&at, &part);) {
        if (is_persons(&part)) {
            return false;
        }
        if (!is_key(&part, "CN")) {
            continue;
        }
        size_t size = gocdb_subject_name_size(part.value, GOCDB_SUBJECT_ENDS);
        size_t n = size;
        while (n > 0 && part.value[n - 1] == ' ') {
            n--;
        }
        if (!gocdb_is_hosts_name(part.value, n, host) ||
            (part.value[size] != '\0' && strchr("/,;", part.value[size]) == NULL)) {
            return false;
        }
        n_names++;
    }
    return n_names > 0 || gocdb_is_hosts_name(subject, strlen(subject), host);
}
