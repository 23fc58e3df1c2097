/*
 * Orders as they are answered: the header and the items the caller may see.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_ORDER_H
#define KONTOR_SERVER_ORDER_ORDER_H

#include "kontor/v1/order_service.pb-c.h"
#include "server/rpc/call.h"

/* What decide keeps in call->batch for an answer that tells the whole order: its items
 * as they were. */
struct order_kept {
    Kontor__V1__OrderItem **items;
    size_t n_items;
};

/* The items of an order the caller may see, up to 64, by id; as_of 0 = now. */
enum status order_items(struct call *call, const char *order_id, int64_t as_of,
                        Kontor__V1__OrderItem ***items, size_t *n_items) MUST_CHECK;

/*
 * The header and the items of an order as a commit left them, in the header's order;
 * what it did not write is as call->batch has it, or for a replay as it is stored.
 */
enum status order_after(struct call *call, const Kontor__V1__Commit *commit,
                        const char *order_id, Kontor__V1__Order **order,
                        Kontor__V1__OrderItem ***items, size_t *n_items) MUST_CHECK;

/* GetOrder. */
enum status order_get(struct call *call, const void *request,
                      struct decision *decision);

#endif
