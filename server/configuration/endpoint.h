/*
 * Endpoints: what runs at a site and can carry an order.
 *
 * Memory: constant; the call's arena. Errors: as record.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_CONFIGURATION_ENDPOINT_H
#define KONTOR_SERVER_CONFIGURATION_ENDPOINT_H

#include "server/rpc/record.h"

extern const struct record endpoint_record;

/* What an endpoint is called by people: what downtimes are declared on. */
struct endpoint_name {
    const char *site; /* Short name; "" = not said. */
    const char *host;
    const char *type; /* "" = not said. */
};

/*
 * The id of the endpoint of a registry with this name, or NULL: none, or several where
 * not all of the name is said. Nothing is checked at commit, so an endpoint that comes
 * later is not a conflict.
 */
const char *endpoint_resolve(struct call *call, const char *registry,
                             const struct endpoint_name *name);

#endif
