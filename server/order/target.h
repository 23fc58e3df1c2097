/*
 * The service level of a whole order, from what the provider of each item promises.
 *
 * Memory: the arena given; results point into the plans. Errors: none. Threads: the
 * arena's.
 */
#ifndef KONTOR_SERVER_ORDER_TARGET_H
#define KONTOR_SERVER_ORDER_TARGET_H

#include "kontor/v1/order_service.pb-c.h"
#include "proto/arena.h"

/*
 * What can be promised of all items together; NULL = nothing is promised of any. A
 * figure is told where every item that is not silent says one. Availability is told as
 * bounds, since nobody knows whether what fails fails together: at least 1 - sum(1 -
 * a_i), at most the smallest a_i.
 */
Kontor__V1__OrderTargets *target_aggregate(Kontor__V1__ItemPlan *const *items,
                                           size_t n_items, struct arena *arena);

#endif
