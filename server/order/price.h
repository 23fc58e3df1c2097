/*
 * What an item costs: the offer's price lines, those of the quantities chosen, and sums
 * over an order.
 *
 * Memory: the arena given. Errors: faults where a price does not fit. Threads: the
 * arena's.
 */
#ifndef KONTOR_SERVER_ORDER_PRICE_H
#define KONTOR_SERVER_ORDER_PRICE_H

#include <stdbool.h>
#include <stddef.h>

#include "kontor/v1/catalogue.pb-c.h"
#include "proto/arena.h"
#include "proto/faults.h"
#include "server/order/value.h"

/* The price lines of an item: the offer's, then one for each quantity with a price,
 * paid once. */
void price_lines(const Kontor__V1__Offer *offer, const struct values *values,
                 const char *path, struct faults *faults,
                 Kontor__V1__PriceLine ***lines, size_t *n_lines);

/* Sums being made, one line a period and currency. */
struct price_totals {
    struct arena *arena;
    Kontor__V1__PriceLine **lines;
    size_t n_lines;
    size_t room;
};

/* Adds a line to the sums; false: the sum does not fit. */
bool price_add(struct price_totals *totals, const Kontor__V1__PriceLine *line);

#endif
