/*
 * What would become of an order: the answer to validate_only.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_PLAN_H
#define KONTOR_SERVER_ORDER_PLAN_H

#include "kontor/v1/order_service.pb-c.h"
#include "server/order/placed.h"

/* The plan of sound items. An order is simple when it needs no approval, has one
 * provider, and nothing is left to answer. */
Kontor__V1__OrderPlan *plan_make(struct call *call, const struct placed *items,
                                 size_t n_items);

#endif
