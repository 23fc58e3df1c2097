/*
 * Names and telephone numbers that are known to be somebody's, and texts spelled so
 * that they are found there: a name whatever stands between its words, a blank, a
 * line's end or one of ". _ - +", and with its last words first; a number by its
 * digits.
 *
 * Memory: the arena given. Errors: none. Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_IMPORT_GOCDB_KNOWN_H
#define KONTOR_TOOLS_IMPORT_GOCDB_KNOWN_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/arena.h"
#include "proto/text_spelling.h"

/* To begin with: all zero, but for the arena. */
struct gocdb_known {
    struct arena *arena;
    const char **rows; /* As they are looked for. */
    size_t n, room;
    bool is_sorted;
};

/* A text as names are looked for in it: what stands between words is one blank, or one
 * comma where there is one. */
struct text_spelling gocdb_known_spelling(const char *text, struct arena *arena);

/* A name so spelled, all of which is looked for as it is. */
void gocdb_known_add(struct gocdb_known *names, const struct text_spelling *name);
/* A name of two words or more, in any order that begins with another of them; one word
 * may be a robot's or a service's, and stand in every text: it is not added. */
void gocdb_known_add_full_name(struct gocdb_known *names,
                               const struct text_spelling *name);
/* Each number in a text of numbers; one that is short may be anything's, and is not
 * added. */
void gocdb_known_add_phones(struct gocdb_known *phones, const char *text);

/* What is added last is found after it. */
void gocdb_known_sort(struct gocdb_known *known);

/* Bytes of the longest name that begins here in a spelling and ends before what is no
 * letter; 0: none does. */
size_t gocdb_known_name_size(const struct gocdb_known *names, const char *text);
/* The same of a number, and what may stand between its digits. */
size_t gocdb_known_phone_size(const struct gocdb_known *phones, const char *text);

#endif
