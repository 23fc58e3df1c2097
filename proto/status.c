#include "proto/status.h"

#include <stddef.h>

/* By number. */
static const char *const names[] = {
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
};

const char *
status_name(enum status status)
{
    size_t number = (size_t)status;
    if (number >= sizeof names / sizeof names[0]) {
        /* gRPC's rule for a code that is not on the list. */
        return names[STATUS_UNKNOWN];
    }
    return names[number];
}
