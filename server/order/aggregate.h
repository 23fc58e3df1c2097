/*
 * What follows from an order's items: its state, counts, who has to act next. Pure
 * functions of the header's table.
 *
 * Memory: results live in the arena they are given. Errors: none. Threads: any.
 */
#ifndef KONTOR_SERVER_ORDER_AGGREGATE_H
#define KONTOR_SERVER_ORDER_AGGREGATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kontor/v1/order.pb-c.h"
#include "proto/arena.h"

enum { ORDER_MAX_ITEMS = 64 };

/* One item as the aggregation sees it. */
struct aggregate_item {
    Kontor__V1__ItemState state;
    bool is_begun;     /* Whether it was ever begun. */
    uint64_t requires; /* Bit i: needs item i to be done first. */
};

/* What decides an order's state. */
struct aggregate {
    const struct aggregate_item *items;
    size_t n_items;                 /* 1 to ORDER_MAX_ITEMS. */
    Kontor__V1__CancelState cancel; /* Of the whole order; UNSPECIFIED = none. */
    bool is_all_or_nothing;
};

/* The state of an order. Source: ORDERS design, "Order state". */
Kontor__V1__OrderState aggregate_state(const struct aggregate *order);

/*
 * Sets state, counts, attention, waiting_for, waiting_what, waiting_since, next_due,
 * jeopardy and the state of its cancel task of a header from its table of items.
 * waiting_since stays while the same side is waited for, else it becomes at_ms.
 */
void aggregate_header(Kontor__V1__Order *order, int64_t at_ms, struct arena *arena);

/* The position of an item in the header's table by its own part of the id; SIZE_MAX =
 * it is not there. */
size_t aggregate_find(const Kontor__V1__Order *order, const char *item);

#endif
