#include "tools/import/gocdb_people.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/text_spelling.h"
#include "tools/import/gocdb_subject.h"

/* Longer ones are nobody's, and take long to be looked for. */
enum { SHORTEST_NAME = 3, LONGEST_NAME = 256 };

struct gocdb_people {
    struct arena *arena;
    struct arena *looking; /* Of the text that is looked at. */
    const char **names;    /* As they are spelled. */
    size_t n, room;
    bool is_sorted;
};

struct gocdb_people *
gocdb_people_new(struct arena *arena)
{
    struct gocdb_people *people = arena_alloc(arena, sizeof *people);
    *people = (struct gocdb_people){.arena = arena, .looking = arena_new()};
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

/* ---- Names ---- */

static void
add_name(struct gocdb_people *people, const char *name)
{
    struct text_spelling spelling = text_spelling_of(name, people->looking);
    if (spelling.size >= SHORTEST_NAME && spelling.size <= LONGEST_NAME) {
        people->names = arena_grown(people->arena, people->names, people->n,
                                    &people->room, sizeof *people->names);
        people->names[people->n++] =
            arena_copy_n(people->arena, spelling.text, spelling.size);
        people->is_sorted = false;
    }
    arena_reset(people->looking);
}

void
gocdb_people_know(struct gocdb_people *people, const char *name)
{
    size_t size;
    add_name(people, name);
    for (const char *at = name, *common = gocdb_subject_common_name(&at, &size);
         common != NULL; common = gocdb_subject_common_name(&at, &size)) {
        add_name(people, arena_copy_n(people->arena, common, size));
    }
}

/* One word may be a robot's or a service's, and stand in every text. */
void
gocdb_people_know_subject(struct gocdb_people *people, const char *subject)
{
    size_t size;
    for (const char *at = subject, *common = gocdb_subject_common_name(&at, &size);
         common != NULL; common = gocdb_subject_common_name(&at, &size)) {
        if (memchr(common, ' ', size) != NULL) {
            add_name(people, arena_copy_n(people->arena, common, size));
        }
    }
}

static int
compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, each once. */
static void
sort_names(struct gocdb_people *people)
{
    size_t n = 0;
    if (people->n > 0 && !people->is_sorted) {
        qsort(people->names, people->n, sizeof *people->names, compare_names);
    }
    for (size_t i = 0; i < people->n && !people->is_sorted; i++) {
        if (n == 0 || strcmp(people->names[n - 1], people->names[i]) != 0) {
            people->names[n++] = people->names[i];
        }
    }
    people->n = people->is_sorted ? people->n : n;
    people->is_sorted = true;
}

/* The first of names low to high whose byte at depth is not below c. */
static size_t
bound(const struct gocdb_people *people, size_t low, size_t high, size_t depth, int c)
{
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        bool is_below = (unsigned char)people->names[middle][depth] < c;
        low = is_below ? middle + 1 : low;
        high = is_below ? high : middle;
    }
    return low;
}

/* Bytes of the longest name that begins here in the spelling and ends before what is no
 * letter; 0: none does. Byte by byte: a hostile file has many names and long texts. */
static size_t
known_size(const struct gocdb_people *people, const char *text)
{
    size_t low = 0, high = people->n, longest = 0;
    for (size_t depth = 0; low < high; depth++) {
        unsigned char c = (unsigned char)text[depth];
        if (people->names[low][depth] == '\0') {
            longest = text_spelling_is_letter((char)c) ? longest : depth;
            low++;
        }
        if (c == '\0') {
            break;
        }
        low = bound(people, low, high, depth, c);
        high = bound(people, low, high, depth, c + 1);
    }
    return longest;
}

/* ---- Texts ---- */

/* A text that is looked at from its begin to its end. */
struct look {
    const struct gocdb_people *people;
    const char *text;
    struct text_spelling spelling;
    size_t byte; /* Of the spelling. */
};

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

/* Bytes of the text that are a known name from here on. */
static size_t
known_at(struct look *look, size_t at)
{
    const struct text_spelling *spelling = &look->spelling;
    if (look->people->n == 0 || !text_spelling_begins(spelling, at, &look->byte)) {
        return 0;
    }
    size_t begin = look->byte;
    if (begin > 0 && text_spelling_is_letter(spelling->text[begin - 1])) {
        return 0;
    }
    size_t size = known_size(look->people, spelling->text + begin);
    return size == 0 || !text_spelling_ends(spelling, begin + size)
               ? 0
               : spelling->at[begin + size] - at;
}

/* Bytes of a host's name where a common name begins in a text; 0: it is none. A word
 * after it is no part of it, nor is the end of a sentence. */
static size_t
host_size(const char *name)
{
    size_t size = gocdb_subject_name_size(name, strcspn(name, " ,;\n\"()<>"));
    while (size > 0 && strchr(".:?!", name[size - 1]) != NULL) {
        size--;
    }
    return gocdb_is_hosts_name(name, size, "") ? size : 0;
}

/* Bytes to be replaced from here on, and how many stay before them. A name begins
 * behind anything but a letter, an address behind what is no part of one. */
static size_t
personal_size(struct look *look, size_t at, size_t *stay)
{
    const char *text = look->text + at;
    char before = at == 0 ? ' ' : text[-1];
    size_t size = known_at(look, at);
    *stay = 0;
    if (size == 0 && !is_of_address(before)) {
        size = address_size(text);
    }
    bool is_word = !isalnum((unsigned char)before) && (before & 0x80) == 0;
    if (size == 0 && is_word && strncasecmp(text, "CN=", 3) == 0 &&
        host_size(text + 3) == 0) {
        *stay = 3;
        size = gocdb_subject_name_size(text + 3, SIZE_MAX);
    }
    return size;
}

/* Writes the text without people, as far as there is somewhere to; answers how many
 * bytes that takes, and counts who was there. */
static size_t
leave_out(struct look *look, char *to, size_t *n_found)
{
    size_t size = 0;
    look->byte = 0;
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
        *n_found += n > 0;
    }
    return size;
}

static struct look
look_at(struct gocdb_people *people, const char *text)
{
    struct look look = {.people = people, .text = text};
    if (people->n > 0) {
        look.spelling = text_spelling_of(text, people->looking);
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

/* Source: RFC 3986, 2.1. */
static char *
decoded(const char *text, struct arena *arena)
{
    char *out = arena_copy(arena, text);
    char *end = out;
    while (*text != '\0') {
        int high = *text == '%' ? digit_of(text[1]) : -1;
        int low = high < 0 ? -1 : digit_of(text[2]);
        bool is_code = low >= 0 && high + low > 0;
        *end++ = is_code ? (char)(16 * high + low) : *text;
        text += is_code ? 3 : 1;
    }
    *end = '\0';
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
    sort_names(people);
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
