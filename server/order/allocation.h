/*
 * What an order takes of its provider's capacities: held for an item from its placing
 * until it ends, then taken up by what was delivered until that ends. Source:
 * CONFIGURATION design, "Allocation": more than there is is refused before anybody
 * approves it.
 *
 *     placed --needed--> held --delivered--> the instance's --over--> free
 *                         |
 *                         +--ended without--> free, once what it left is removed
 *
 * Of a change, what is more than before is held; a renewal holds what it has already,
 * for the term it adds. A term begins when it is delivered, so what is held for it has
 * no end, unless the order says when it would be too late: nothing is sold behind it
 * that a late delivery would overlap.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_ALLOCATION_H
#define KONTOR_SERVER_ORDER_ALLOCATION_H

#include "kontor/v1/order.pb-c.h"
#include "server/rpc/call.h"

struct placed;

/* Sets what every sound item to be placed takes. not_after is the order's, NULL = it
 * names none. CAPACITY_EXCEEDED: there is not so much for as long as it is held. */
enum status allocation_judge(struct call *call,
                             const Google__Protobuf__Timestamp *not_after,
                             struct placed *items, size_t n_items) MUST_CHECK;
/* The item is to begin at another time. As above. */
enum status allocation_move(struct call *call, Kontor__V1__OrderItem *item) MUST_CHECK;

/* What an item held when it was read. */
struct allocation_mark {
    Kontor__V1__Allocation *rows;
    size_t n_rows;
};
struct allocation_mark allocation_mark(struct call *call,
                                       const Kontor__V1__OrderItem *item);
/* Before a changed item is written: one that has ended lets go, unless something it
 * left is still to be removed. */
void allocation_settle(Kontor__V1__OrderItem *item);
/* Writes what that, or a move, changed. */
enum status allocation_follow(struct call *call, const Kontor__V1__OrderItem *item,
                              const struct allocation_mark *was,
                              struct decision *decision) MUST_CHECK;

/* What was delivered takes over what its item held; its term is set. */
void allocation_deliver(struct call *call, const Kontor__V1__OrderItem *item,
                        Kontor__V1__Instance *instance);
/* Before an instance is written: its allocations last as long as its term. Writes what
 * changed; was NULL = it is new. */
enum status allocation_follow_instance(struct call *call,
                                       const Kontor__V1__Instance *was,
                                       Kontor__V1__Instance *instance,
                                       struct decision *decision) MUST_CHECK;

#endif
