/*
 * Every reason an error of Kontor can have, in one table; docs/errors.md is made from
 * it.
 *
 * Memory: constant. Errors: none. Threads: any.
 */
#ifndef KONTOR_PROTO_REASON_H
#define KONTOR_PROTO_REASON_H

#include "proto/status.h"

/* One name a reason; the row says the rest. */
enum reason {
    REASON_NONE,
    /* The request. */
    REASON_FIELDS_INVALID,
    REASON_MESSAGE_INVALID,
    REASON_REQUEST_ID_REUSED,
    REASON_PAGE_TOKEN_INVALID,
    REASON_TOO_LARGE,
    REASON_ORDER_TOO_LARGE,
    REASON_METHOD_UNKNOWN,
    /* The caller. */
    REASON_CERTIFICATE_INVALID,
    REASON_CERTIFICATE_REVOKED,
    REASON_CERTIFICATE_EXPIRED,
    REASON_REGISTRY_SUSPENDED,
    REASON_NOT_REGISTERED,
    REASON_ROLE_MISSING,
    REASON_NOT_OWNER,
    REASON_OTHER_REGISTRY,
    /* The records. */
    REASON_NOT_FOUND,
    REASON_ALREADY_EXISTS,
    REASON_NAME_TAKEN,
    REASON_ORDER_DIFFERS,
    REASON_REVISION_MISMATCH,
    REASON_CONTENTION,
    REASON_ILLEGAL_STATE,
    REASON_GATE_UNMET,
    REASON_PROVIDER_CLOSED,
    REASON_TEMPLATE_PENDING,
    REASON_BUNDLE_CONFLICT,
    REASON_PAST_NO_RETURN,
    REASON_CATALOGUE_CHANGED,
    REASON_NOT_ORDERABLE,
    REASON_OUT_OF_STOCK,
    REASON_CAPACITY_EXCEEDED,
    REASON_PROJECT_ARCHIVED,
    REASON_CONCURRENT_CHANGE,
    REASON_LEASE_LOST,
    REASON_COMPLETION_DIFFERS,
    REASON_ACCESS_MISSING,
    REASON_HOME_REGISTRY,
    REASON_LAST_ADMIN,
    REASON_BUNDLE_COLLIDES,
    REASON_DOWNTIME_OVER,
    REASON_RUNS_SITE,
    REASON_IN_USE,
    REASON_TOO_MANY_MESSAGES,
    /* Positions. */
    REASON_HISTORY_CHANGED,
    REASON_TRIMMED,
    REASON_SCOPE_CHANGED,
    REASON_BEHIND,
    REASON_AHEAD,
    /* The broker. */
    REASON_OVERLOADED,
    REASON_STORE_UNAVAILABLE,
    REASON_OUTCOME_UNKNOWN,
    REASON_DEADLINE,
    REASON_DRAINING,
    REASON_INDEX_BUILDING,
    REASON_INTERNAL,
    REASON_COUNT,
};

struct reason_row {
    const char *name;    /* UPPER_SNAKE, as in ErrorInfo. */
    enum status status;  /* The status it goes with. */
    const char *meaning; /* What happened, for docs/errors.md. */
    const char *cure;    /* What to do. */
};

/* The row of a reason; never NULL. */
const struct reason_row *reason_row(enum reason reason);

#endif
