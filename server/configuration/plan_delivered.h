/*
 * What became of the orders that were placed for a plan: for each of its places what
 * was delivered, and what is being ordered.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_CONFIGURATION_PLAN_DELIVERED_H
#define KONTOR_SERVER_CONFIGURATION_PLAN_DELIVERED_H

#include "kontor/v1/order.pb-c.h"
#include "server/configuration/plan_place.h"

/* A place, and how it stands. */
struct plan_delivered {
    const struct plan_place *place;
    const Kontor__V1__Instance *instance; /* NULL = nothing was delivered. */
    const Kontor__V1__OrderItem *open;    /* NULL = nothing is being ordered. */
};

/*
 * One for each place. order: only what this one came to, a fault where it was not
 * placed for the plan; "" = all orders of the plan the caller sees. What is for no
 * place, and what comes twice, are findings.
 */
enum status plan_delivered_read(struct call *call, const char *plan, const char *order,
                                const struct plan_places *places,
                                struct plan_findings *findings,
                                struct plan_delivered **out) MUST_CHECK;
/* Whether its term is over, or it was ended. */
bool plan_is_over(const Kontor__V1__Instance *instance);

#endif
