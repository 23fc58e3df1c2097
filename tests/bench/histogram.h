/*
 * Latencies of one run, counted by microsecond up to a second.
 *
 * Memory: the caller's, 4 MiB. Errors: none; what is longer counts as the longest.
 * Threads: one at a time.
 */
#ifndef KONTOR_TESTS_BENCH_HISTOGRAM_H
#define KONTOR_TESTS_BENCH_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_US = 1 << 20 };

struct histogram {
    long n;
    uint32_t counts[HISTOGRAM_US];
};

/* Counts one; took_ns below 0 counts as 0. */
void histogram_add(struct histogram *histogram, int64_t took_ns);
/* Microseconds that this part of all, 0 to 1, did not exceed; 0 of none. */
long histogram_percentile(const struct histogram *histogram, double part);

#endif
