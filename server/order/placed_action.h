/*
 * What a new item asks for: something new, or a change of an instance.
 *
 * Memory: the call's arena. Errors: as placed.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_PLACED_ACTION_H
#define KONTOR_SERVER_ORDER_PLACED_ACTION_H

#include "server/order/placed.h"

/* Sets action, offer and instance of an item; of one that asks nothing all that is
 * needed. */
enum status placed_action(struct call *call,
                          const Kontor__V1__PlaceOrderRequest *request,
                          struct placed *placed) MUST_CHECK;
/* Whether the action asks the customer nothing and needs nobody's approval: to end or
 * to let rest what is one's own. */
bool placed_asks_nothing(Kontor__V1__ItemAction action);
/* The instance's own parameters and prices; a fault for parameters that were given. */
void placed_as_it_is(struct call *call, struct placed *placed);
/* Faults for items that are for an instance another item of the order is for. */
void placed_once(struct call *call, struct placed *items, size_t n_items);

#endif
