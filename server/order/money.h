/*
 * Amounts of money: exact sums and multiples, never a float.
 *
 * Memory: none. Errors: false = the result does not fit; the output is untouched.
 * Threads: any.
 */
#ifndef KONTOR_SERVER_ORDER_MONEY_H
#define KONTOR_SERVER_ORDER_MONEY_H

#include <stdbool.h>
#include <stdint.h>

#include "kontor/v1/common.pb-c.h"

/* Units and billionths of one currency; their signs agree. */
struct money {
    int64_t units;
    int32_t nanos;
};

/* The amount of a message; nothing for NULL. */
struct money money_of(const Kontor__V1__Money *money);
bool money_add(struct money a, struct money b, struct money *sum);
/* times is 0 or more. */
bool money_times(struct money a, int64_t times, struct money *product);

#endif
