/*
 * Errors of a call: a reason out of the one table (proto/reason.h), a text, the values
 * it mentions, wrong fields, and how they become google.rpc.Status.
 *
 * Memory: everything lives in the call's arena. Errors: none. Threads: the call's.
 */
#ifndef KONTOR_SERVER_RPC_ERRORS_H
#define KONTOR_SERVER_RPC_ERRORS_H

#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/bytes.h"
#include "proto/faults.h"
#include "proto/reason.h"
#include "proto/status.h"

/* One value an error mentions. */
struct error_value {
    const char *key; /* camelCase. */
    const char *value;
};

enum { ERROR_MAX_VALUES = 16 };

/* What went wrong with a call. Zeroed = nothing. */
struct error {
    enum status status;
    enum reason reason;
    const char *message; /* For people: what happened, to what, and the cure. */
    struct error_value values[ERROR_MAX_VALUES];
    size_t n_values;
    const struct faults *faults; /* Wrong fields; NULL or empty = none. */
    const char *kind; /* ResourceInfo: the kind and id it is about; NULL = none. */
    const char *id;
    int64_t retry_after_ms; /* RetryInfo; 0 = none. */
};

/* The google.rpc.Status for grpc-status-details-bin, under 4 KB: faults beyond that are
 * left out. */
struct bytes error_details(const struct error *error, struct arena *arena);

#endif
