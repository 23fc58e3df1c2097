#include "proto/pattern_set.h"

#include <stddef.h>
#include <string.h>

const char *
pattern_set_end(const char *at)
{
    at++;
    at += *at == '^';
    /* A bracket that closes is of the set when it comes first. */
    at += *at == ']';
    while (*at != '\0' && *at != ']') {
        if (*at == '[' && at[1] == ':') {
            at = strstr(at, ":]");
            if (at == NULL) {
                return NULL;
            }
            at++;
        }
        at++;
    }
    return *at == ']' ? at + 1 : NULL;
}

static void
set_add(struct pattern_set *set, unsigned char byte)
{
    set->bits[byte / 8] |= (unsigned char)(1u << (byte % 8));
}

bool
pattern_set_has(const struct pattern_set *set, unsigned char byte)
{
    return (set->bits[byte / 8] >> (byte % 8) & 1) != 0;
}

static void
add_all(struct pattern_set *set, unsigned char first, unsigned char last)
{
    for (int byte = first; byte <= last; byte++) {
        set_add(set, (unsigned char)byte);
    }
}

/* Adds ranges, each written as its first and its last byte. */
static void
add_pairs(struct pattern_set *set, const char *pairs)
{
    for (; *pairs != '\0'; pairs += 2) {
        add_all(set, (unsigned char)pairs[0], (unsigned char)pairs[1]);
    }
}

/* Adds the class whose name stands behind "[:"; answers what follows, NULL = there is
 * no such class. As in the C locale, whatever the locale of the process is. */
static const char *
add_class(struct pattern_set *set, const char *name)
{
    static const struct {
        const char *name;
        const char *ranges; /* Pairs: first and last. */
    } classes[] = {
        {"alpha:]", "AZaz"},   {"digit:]", "09"},       {"alnum:]", "09AZaz"},
        {"upper:]", "AZ"},     {"lower:]", "az"},       {"space:]", "\t\r  "},
        {"blank:]", "\t\t  "}, {"punct:]", "!/:@[`{~"}, {"print:]", " ~"},
        {"graph:]", "!~"},     {"xdigit:]", "09AFaf"},  {"cntrl:]", "\001\037\177\177"},
    };
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (strncmp(name, classes[i].name, strlen(classes[i].name)) != 0) {
            continue;
        }
        add_pairs(set, classes[i].ranges);
        return name + strlen(classes[i].name);
    }
    return NULL;
}

/* Adds a byte or a range; answers what follows, NULL = the range runs backwards. */
static const char *
add_range(struct pattern_set *set, const char *at)
{
    unsigned char first = (unsigned char)*at;
    unsigned char last = first;
    if (at[1] == '-' && at[2] != ']') {
        last = (unsigned char)at[2];
        at += 2;
    }
    add_all(set, first, last);
    return first <= last ? at + 1 : NULL;
}

bool
pattern_set_read(struct pattern_set *set, const char *at, const char *end)
{
    bool is_inverted = at[1] == '^';
    const char *first = at + 1 + is_inverted;
    for (at = first; at != NULL && at < end - 1;) {
        if (*at == '[' && at[1] == ':') {
            at = add_class(set, at + 2);
        } else if (*at == '[' && (at[1] == '.' || at[1] == '=')) {
            /* Collating elements are of locales, and here is none. */
            return false;
        } else {
            at = add_range(set, at);
        }
    }
    for (size_t i = 0; is_inverted && i < PATTERN_SET_BYTES; i++) {
        set->bits[i] = (unsigned char)~set->bits[i];
    }
    return at != NULL;
}
