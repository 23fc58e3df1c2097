/*
 * Sums of whole numbers and decimals: exact, whatever they are.
 *
 * Memory: the caller's. Errors: none; any 2^30 numbers fit. Threads: any.
 */
#ifndef KONTOR_SERVER_ORDER_RULE_SUM_H
#define KONTOR_SERVER_ORDER_RULE_SUM_H

#include <stdint.h>

#include "proto/arena.h"

/* high x 10^9 + low + nanos / 10^9; low and nanos are 0 to 999999999. Zero is all
 * zeros. */
struct rule_sum {
    int64_t high;
    int64_t low;
    int64_t nanos;
};

void rule_sum_add_integer(struct rule_sum *sum, int64_t integer);
/* The text is a decimal (rules_is_decimal). */
void rule_sum_add_decimal(struct rule_sum *sum, const char *decimal);
/* -1, 0, 1. */
int rule_sum_compare(const struct rule_sum *a, const struct rule_sum *b);
/* As people write it, of a sum that is 0 or more. */
const char *rule_sum_text(const struct rule_sum *sum, struct arena *arena);

#endif
