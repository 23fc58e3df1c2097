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

/* Endpoints of a registry that a name means, in no order. */
struct endpoint_ids {
    const char **rows;
    size_t n_rows, room;
};

/*
 * Reads those of a registry with this name as of a position (0 = now); what the name
 * leaves out matches everything. Nothing is checked at commit, so an endpoint that
 * comes later is not a conflict.
 */
enum status endpoint_named(struct call *call, const char *registry,
                           const struct endpoint_name *name, int64_t as_of,
                           struct endpoint_ids *ids) MUST_CHECK;
/* The one of these that is meant where it can be one only, or NULL: none, or several
 * where not all of the name is said. */
const char *endpoint_one(const struct endpoint_ids *ids,
                         const struct endpoint_name *name);

#endif
