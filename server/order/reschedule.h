/*
 * RescheduleItem: when an item may begin, changed by the customer's side while nothing
 * is done for it yet.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_RESCHEDULE_H
#define KONTOR_SERVER_ORDER_RESCHEDULE_H

#include <stdbool.h>

#include "kontor/v1/order.pb-c.h"
#include "server/order/side.h"
#include "server/rpc/call.h"

/* The call's name in histories and errors. */
#define RESCHEDULE "RescheduleItem"

/* The roles it is open to where the item is; none: too late. */
struct sides reschedule_roles(const Kontor__V1__OrderItem *item);

enum status reschedule_decide(struct call *call, const void *request,
                              struct decision *decision);

#endif
