/*
 * Statuses: what a function that can fail returns. The numbers are gRPC's.
 *
 * Memory: none. Errors: these. Threads: any.
 */
#ifndef KONTOR_PROTO_STATUS_H
#define KONTOR_PROTO_STATUS_H

#define MUST_CHECK __attribute__((warn_unused_result))

/* Source: grpc/doc/statuscodes.md. */
enum status {
    STATUS_OK = 0,
    STATUS_CANCELLED = 1,
    STATUS_UNKNOWN = 2,
    STATUS_INVALID_ARGUMENT = 3,
    STATUS_DEADLINE_EXCEEDED = 4,
    STATUS_NOT_FOUND = 5,
    STATUS_ALREADY_EXISTS = 6,
    STATUS_PERMISSION_DENIED = 7,
    STATUS_RESOURCE_EXHAUSTED = 8,
    STATUS_FAILED_PRECONDITION = 9,
    STATUS_ABORTED = 10,
    STATUS_OUT_OF_RANGE = 11,
    STATUS_UNIMPLEMENTED = 12,
    STATUS_INTERNAL = 13,
    STATUS_UNAVAILABLE = 14,
    STATUS_DATA_LOSS = 15,
    STATUS_UNAUTHENTICATED = 16,
};

/* The status's name in gRPC's spelling, such as "NOT_FOUND"; never NULL. */
const char *status_name(enum status status);

#endif
