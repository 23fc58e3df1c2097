/*
 * Hosts of a plan, looked for among the addresses of services and endpoints: each gets
 * the offers of those that fit best.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_CONFIGURATION_PLAN_LOOK_H
#define KONTOR_SERVER_CONFIGURATION_PLAN_LOOK_H

#include "server/configuration/plan_place.h"

/* One host being looked for, and the best that was found. */
struct plan_looking {
    struct call *call;
    struct host host;
    struct plan_place *place; /* Gets what is found. */
    size_t n_path; /* Of the address that fits best: the longer, the nearer. */
};

/* All of them in one pass over the services the caller may see. */
enum status plan_look_services(struct call *call, struct plan_looking *lookings,
                               size_t n) MUST_CHECK;
/* One among the endpoints of its name, with and without "www.": that is how inventories
 * write hosts. */
enum status plan_look_endpoints(struct plan_looking *looking) MUST_CHECK;

#endif
