/*
 * Counts by number, with as much memory as there is to count: a query that finds three
 * services counts three sets of tags, whatever the catalogue has.
 *
 *     struct search_tally tally = search_tally_new(arena, n_numbers, n_counted);
 *     search_tally_add(&tally, number, 1);
 *     for (size_t i = 0; i < tally.n_rows; i++) { tally.rows[i].count > 0 ... }
 *
 * Memory: the arena's. Errors: none. Threads: one at a time.
 */
#ifndef KONTOR_SERVER_CATALOGUE_SEARCH_TALLY_H
#define KONTOR_SERVER_CATALOGUE_SEARCH_TALLY_H

#include "proto/arena.h"

/* A number and how often it was counted; 0: nothing is here. */
struct search_tally_row {
    uint32_t number;
    int32_t count;
};

/* In no order. */
struct search_tally {
    struct search_tally_row *rows;
    size_t n_rows; /* A power of 2. */
};

/* For numbers below n_numbers, of which at most n_counted different ones are added. */
struct search_tally search_tally_new(struct arena *arena, size_t n_numbers,
                                     size_t n_counted);

/* A number has the place its low bits say, or the next that is free. With room for all
 * numbers each has its own. more > 0. */
static inline void
search_tally_add(struct search_tally *tally, uint32_t number, int32_t more)
{
    struct search_tally_row *rows = tally->rows;
    size_t mask = tally->n_rows - 1;
    size_t at = number & mask;
    while (rows[at].number != number && rows[at].count > 0) {
        at = (at + 1) & mask;
    }
    rows[at].number = number;
    rows[at].count += more;
}

#endif
