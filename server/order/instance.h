/*
 * Service instances: what completed items delivered, and the orders that change it.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 *
 *     item COMPLETED --> ACTIVE <--RESUME/SUSPEND--> SUSPENDED
 *                          |  term over, no order open      | TERMINATE, or its order
 *                          v                                v came to nothing
 *                       EXPIRED                         TERMINATED
 */
#ifndef KONTOR_SERVER_ORDER_INSTANCE_H
#define KONTOR_SERVER_ORDER_INSTANCE_H

#include "kontor/v1/order.pb-c.h"
#include "server/rpc/call.h"
#include "server/rpc/record.h"

/* How an item changed in one decision. */
struct instance_step {
    const Kontor__V1__OrderItem *item; /* As it will be. */
    Kontor__V1__ItemState was;         /* 0 = it is new. */
    bool was_unwanted;                 /* It was to be cleaned up before. */
};

/* Puts into the decision what an item's step means for its instance: taken by an order,
 * let go, made, changed, or ended. *pieces: of its offer's stock it takes up so many
 * more than before. */
enum status instance_follow(struct call *call, const struct instance_step *step,
                            struct decision *decision, int64_t *pieces) MUST_CHECK;

/*
 * Reads the instance a new item is for, within the caller's scopes. Faults at path
 * where there is none, it is another project's, or its state does not go with the
 * action; *out is NULL then. CONCURRENT_CHANGE when an order is open on it already.
 */
enum status instance_judge(struct call *call, const char *path, const char *id,
                           Kontor__V1__ItemAction action, const char *project,
                           Kontor__V1__Instance **out) MUST_CHECK;

/* The item whose object at the backend an item is about. */
const char *instance_of(const Kontor__V1__OrderItem *item);

/* Does what is due of the instance whose id is the request: tells that its term ends,
 * or ends it and has its object removed. */
enum status instance_fire(struct call *call, const void *request,
                          struct decision *decision);

extern const struct record instance_record;

#endif
