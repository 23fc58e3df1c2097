#include "tests/bench/histogram.h"

void
histogram_add(struct histogram *histogram, int64_t took_ns)
{
    int64_t us = took_ns < 0 ? 0 : took_ns / 1000;
    histogram->counts[us < HISTOGRAM_US ? us : HISTOGRAM_US - 1]++;
    histogram->n++;
}

long
histogram_percentile(const struct histogram *histogram, double part)
{
    long wanted = (long)((double)histogram->n * part);
    long seen = 0;
    for (long us = 0; us < HISTOGRAM_US; us++) {
        seen += histogram->counts[us];
        if (seen > wanted) {
            return us;
        }
    }
    return histogram->n == 0 ? 0 : HISTOGRAM_US;
}
