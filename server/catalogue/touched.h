/*
 * What ending a service or a provider touches: items that are open and instances in
 * use. Nothing of it ends by itself.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_CATALOGUE_TOUCHED_H
#define KONTOR_SERVER_CATALOGUE_TOUCHED_H

#include <stdbool.h>

#include "kontor/v1/catalogue.pb-c.h"
#include "server/rpc/call.h"

/* Ids of one kind, up to a bound, and how many there are. */
struct touched_list {
    char **ids;
    size_t n_ids;
    int32_t n;
};

/* What the caller sees of it. */
struct touched {
    struct touched_list services, items, instances;
    size_t n_read, n_searches; /* So far. */
    bool is_more;              /* There may be others: not all were looked at. */
};

/* Nothing yet. */
void touched_begin(struct call *call, struct touched *touched);
/* Adds the items and instances of a service's offers. */
enum status touched_add_service(struct call *call, const Kontor__V1__Service *service,
                                struct touched *touched) MUST_CHECK;
/* Adds a provider's services, with theirs. */
enum status touched_add_provider(struct call *call, const char *provider,
                                 struct touched *touched) MUST_CHECK;

#endif
