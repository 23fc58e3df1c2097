#include "tests/bench/pairs.h"

#include <stdio.h>
#include <stdlib.h>

static int
compare(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Sorts; answers the middle. */
static double
median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare);
    return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

void
bench_pairs_print(struct bench_pairs *pairs, size_t n)
{
    double ratios[BENCH_MAX_PAIRS];
    for (size_t i = 0; i < n; i++) {
        ratios[i] = pairs->stored[i] / pairs->bare[i];
    }
    double ratio = median(ratios, n);
    double stored = median(pairs->stored, n);
    double bare = median(pairs->bare, n);
    printf("{\"stored\": %.1f, \"bare\": %.1f, \"ratio\": %.3f, \"lowest\": %.3f, "
           "\"highest\": %.3f, \"of_best\": %.3f, \"pairs\": %zu}",
           stored, bare, ratio, ratios[0], ratios[n - 1],
           pairs->stored[n - 1] / pairs->bare[n - 1], n);
}
