/*
 * The expiry of the server's certificate: said once at 30, 7 and 1 days, and when it is
 * over.
 *
 * Memory: the caller's struct. Errors: none. Threads: one.
 */
#ifndef KONTOR_SERVER_EXPIRY_H
#define KONTOR_SERVER_EXPIRY_H

#include <stdbool.h>
#include <stdint.h>

enum { EXPIRY_WARN_DAYS = 30 };

/* Zeroed = nothing was said yet. */
struct expiry {
    int64_t ends_ms; /* Of the certificate that was spoken of. */
    int32_t said_days;
};

/* Whether there is something to say now; days is how many whole ones are left, negative
 * when it is over. */
bool expiry_is_due(struct expiry *expiry, int64_t ends_ms, int64_t now_ms,
                   int64_t *days);

#endif
