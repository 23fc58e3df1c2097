/*
 * The two sides of an item, and on which of them a caller's roles count.
 *
 * Memory: none. Errors: none. Threads: any.
 */
#ifndef KONTOR_SERVER_ORDER_SIDE_H
#define KONTOR_SERVER_ORDER_SIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "kontor/v1/order.pb-c.h"
#include "proto/arena.h"
#include "server/order/item_state.h"
#include "server/rpc/principal.h"

/* ROLE_BIT sets a caller has on each side of an item. */
struct sides {
    uint32_t customer;
    uint32_t provider;
};

/*
 * The caller's roles on each side: the customer's are the strings of the order's
 * registry and the project, the provider's those of the provider's registry and the
 * provider. A peer acts as an agent on the provider's side and as a portal on the
 * customer's.
 */
struct sides side_of(const struct principal *who, const Kontor__V1__OrderItem *item);

/* Whether the move is open to somebody with these roles. */
bool side_may(const struct item_move *move, struct sides sides);

/* The roles of a set with their side, such as "operator (provider's side), admin
 * (provider's side)". */
const char *side_roles(struct sides roles, struct arena *arena);

#endif
