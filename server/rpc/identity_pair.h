/*
 * The server's own certificate and key, read from their files and judged before they
 * are used.
 *
 * Memory: identity_pair_done wipes and frees. Errors: a text with the file and the
 * cure. Threads: any.
 */
#ifndef KONTOR_SERVER_RPC_IDENTITY_PAIR_H
#define KONTOR_SERVER_RPC_IDENTITY_PAIR_H

#include <stddef.h>
#include <stdint.h>

#include "proto/status.h"

struct identity_pair {
    char *cert_pem;  /* The certificate and those above it. */
    char *key_pem;   /* Its key. */
    int64_t ends_ms; /* When the first of the certificates expires. */
};

/*
 * Reads both files, at most 1 MiB each. NOT_FOUND: a file cannot be read;
 * INVALID_ARGUMENT: not PEM, the key does not fit, or the certificate has expired.
 */
enum status identity_pair_read(const char *cert_path, const char *key_path,
                               int64_t now_ms, struct identity_pair *out, char *error,
                               size_t error_size) MUST_CHECK;
/* Accepts a zeroed one. */
void identity_pair_done(struct identity_pair *pair);

#endif
