#include "tools/import/gocdb_known.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
    SHORTEST_NAME = 3,
    LONGEST_NAME = 256, /* Longer ones are nobody's, and take long to be looked for. */
    MOST_WORDS = 4,     /* Of a name that is looked for in other orders. */
    SHORTEST_PHONE = 6, /* In digits. */
    LONGEST_PHONE = 20,
    WIDEST_GAP = 3, /* Between digits. */
};

/* ---- Spelling ---- */

static bool
is_between(char c)
{
    return isspace((unsigned char)c) || (c != '\0' && strchr("._-+,", c) != NULL);
}

struct text_spelling
gocdb_known_spelling(const char *text, struct arena *arena)
{
    struct text_spelling spelling = text_spelling_of(text, arena);
    size_t size = 0, i = 0;
    while (i < spelling.size) {
        char byte = is_between(spelling.text[i]) ? ' ' : spelling.text[i];
        size_t at = spelling.at[i++];
        if (byte == ' ') {
            byte = spelling.text[i - 1] == ',' ? ',' : ' ';
            for (; i < spelling.size && is_between(spelling.text[i]); i++) {
                byte = spelling.text[i] == ',' ? ',' : byte;
            }
        }
        spelling.text[size] = byte;
        spelling.at[size++] = at;
    }
    spelling.text[size] = '\0';
    spelling.at[size] = spelling.at[spelling.size];
    spelling.size = size;
    return spelling;
}

/* ---- Adding ---- */

static void
add(struct gocdb_known *known, const char *row, size_t size)
{
    known->rows = arena_grown(known->arena, known->rows, known->n, &known->room,
                              sizeof *known->rows);
    known->rows[known->n++] = arena_copy_n(known->arena, row, size);
    known->is_sorted = false;
}

/* Without what stands around it. */
static struct text_spelling
trimmed(const struct text_spelling *name)
{
    struct text_spelling inner = *name;
    while (inner.size > 0 && is_between(inner.text[inner.size - 1])) {
        inner.size--;
    }
    while (inner.size > 0 && is_between(inner.text[0])) {
        inner.text++;
        inner.size--;
    }
    return inner;
}

void
gocdb_known_add(struct gocdb_known *names, const struct text_spelling *name)
{
    struct text_spelling inner = trimmed(name);
    /* "CN=" without a name is in every subject. */
    if (inner.size >= SHORTEST_NAME && inner.size <= LONGEST_NAME &&
        inner.text[inner.size - 1] != '=') {
        add(names, inner.text, inner.size);
    }
}

/* What begins at split, and then what stands before it. */
static void
add_turned(struct gocdb_known *names, const struct text_spelling *name, size_t split,
           char between)
{
    char turned[LONGEST_NAME + 1];
    size_t n = name->size - split - 1;
    memcpy(turned, name->text + split + 1, n);
    turned[n] = between;
    memcpy(turned + n + 1, name->text, split);
    for (size_t i = 0; i < name->size; i++) {
        turned[i] = turned[i] == ',' && i != n ? ' ' : turned[i];
    }
    add(names, turned, name->size);
}

/* "ada lovelace" is "lovelace, ada", too, and that is "lovelace ada". */
void
gocdb_known_add_full_name(struct gocdb_known *names, const struct text_spelling *name)
{
    struct text_spelling inner = trimmed(name);
    size_t n_words = 1;
    for (size_t i = 0; i < inner.size; i++) {
        n_words += is_between(inner.text[i]);
    }
    if (n_words == 1 || inner.size < SHORTEST_NAME || inner.size > LONGEST_NAME) {
        return;
    }
    add(names, inner.text, inner.size);
    for (size_t i = 0; n_words <= MOST_WORDS && i < inner.size; i++) {
        if (is_between(inner.text[i])) {
            add_turned(names, &inner, i, ' ');
            add_turned(names, &inner, i, ',');
        }
    }
    for (size_t i = 0; i < inner.size; i++) {
        if (inner.text[i] == ',') {
            inner.text[i] = ' ';
            add(names, inner.text, inner.size);
            break;
        }
    }
}

/* "00" before a number is "+". */
static const char *
behind_exit_code(const char *digits)
{
    return strncmp(digits, "00", 2) == 0 ? digits + 2 : digits;
}

static void
add_phone(struct gocdb_known *phones, const char *digits)
{
    digits = behind_exit_code(digits);
    size_t size = strlen(digits);
    if (size >= SHORTEST_PHONE && size <= LONGEST_PHONE) {
        add(phones, digits, size);
    }
}

void
gocdb_known_add_phones(struct gocdb_known *phones, const char *text)
{
    char digits[LONGEST_PHONE + 4];
    size_t n = 0;
    for (;; text++) {
        if (isdigit((unsigned char)*text)) {
            digits[n] = *text;
            n += n + 1 < sizeof digits; /* Too many stay too many. */
        } else if (*text == '\0' || strchr(" \t\n()-./", *text) == NULL) {
            digits[n] = '\0';
            add_phone(phones, digits);
            n = 0;
        }
        if (*text == '\0') {
            return;
        }
    }
}

/* ---- Finding ---- */

static int
compare_rows(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, each once. */
void
gocdb_known_sort(struct gocdb_known *known)
{
    size_t n = 0;
    if (known->n == 0 || known->is_sorted) {
        return;
    }
    qsort(known->rows, known->n, sizeof *known->rows, compare_rows);
    for (size_t i = 0; i < known->n; i++) {
        if (n == 0 || strcmp(known->rows[n - 1], known->rows[i]) != 0) {
            known->rows[n++] = known->rows[i];
        }
    }
    known->n = n;
    known->is_sorted = true;
}

/* Rows low to high that begin with the bytes that were met. */
struct meeting {
    size_t low, high, depth;
};

/* The first of the rows met whose next byte is not below c. */
static size_t
bound(const struct gocdb_known *known, const struct meeting *met, int c)
{
    size_t low = met->low, high = met->high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        bool is_below = (unsigned char)known->rows[middle][met->depth] < c;
        low = is_below ? middle + 1 : low;
        high = is_below ? high : middle;
    }
    return low;
}

/* Byte by byte: a hostile file has many names and long texts. */
static void
meet(const struct gocdb_known *known, struct meeting *met, char c)
{
    unsigned char byte = (unsigned char)c;
    size_t high = bound(known, met, byte + 1);
    met->low = bound(known, met, byte);
    met->high = high;
    met->depth++;
}

/* Whether the shortest of the rows met is met to its end. */
static bool
is_met(const struct gocdb_known *known, const struct meeting *met)
{
    return met->low < met->high && known->rows[met->low][met->depth] == '\0';
}

size_t
gocdb_known_name_size(const struct gocdb_known *names, const char *text)
{
    struct meeting met = {.high = names->n};
    size_t longest = 0;
    while (met.low < met.high && text[met.depth] != '\0') {
        meet(names, &met, text[met.depth]);
        bool is_end = !text_spelling_is_letter(text[met.depth]);
        longest = is_end && is_met(names, &met) ? met.depth : longest;
    }
    return longest;
}

size_t
gocdb_known_phone_size(const struct gocdb_known *phones, const char *text)
{
    struct meeting met = {.high = phones->n};
    size_t longest = 0;
    const char *at = behind_exit_code(text);
    while (met.low < met.high && isdigit((unsigned char)*at)) {
        meet(phones, &met, *at++);
        if (is_met(phones, &met) && !text_spelling_is_letter(*at)) {
            longest = (size_t)(at - text);
        }
        size_t gap = strspn(at, " ()/");
        at += gap <= WIDEST_GAP ? gap : 0;
    }
    return longest;
}
