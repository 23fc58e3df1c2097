/*
 * Pairs of measurements, one of the store and one of its limit, taken one after the
 * other, and what they say.
 *
 * Memory: the caller's. Errors: none. Threads: one.
 */
#ifndef KONTOR_TESTS_BENCH_PAIRS_H
#define KONTOR_TESTS_BENCH_PAIRS_H

#include <stddef.h>

enum { BENCH_MAX_PAIRS = 256 };

struct bench_pairs {
    double stored[BENCH_MAX_PAIRS], bare[BENCH_MAX_PAIRS]; /* A second. */
};

/*
 * Prints a JSON object and sorts the figures: the medians, the median, lowest and
 * highest ratio of a pair, and the ratio of the best of each side, which says most on a
 * machine that others use, too: whoever disturbs only ever takes away.
 */
void bench_pairs_print(struct bench_pairs *pairs, size_t n);

#endif
