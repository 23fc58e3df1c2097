/*
 * The jobs a session may claim now, the longest waiting first.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_CANDIDATE_H
#define KONTOR_SERVER_ORDER_CANDIDATE_H

#include "kontor/v1/order.pb-c.h"
#include "server/order/session.h"
#include "server/rpc/call.h"

struct candidates {
    const Kontor__V1__Session *session; /* Whose; set by candidate_find. */
    const Kontor__V1__OrderItem *items[SESSION_MAX_JOBS];
    int64_t ready_ms[SESSION_MAX_JOBS];
    size_t n_items;
    bool has_others; /* There are jobs now that others may take. */
    size_t max;      /* Up to SESSION_MAX_JOBS; set by the caller. */
    int64_t next_ms; /* When the next one gets ready; INT64_MAX = none is known. */
};

/* Finds up to found->max jobs of the session's offers that the caller may take. */
enum status candidate_find(struct call *call, const Kontor__V1__Session *session,
                           struct candidates *found) MUST_CHECK;

#endif
