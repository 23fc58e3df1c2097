/*
 * The authorities of a registry: a PEM text judged before it is stored, and two bundles
 * held against each other.
 *
 * Memory: an arena. Errors: a text that says what is wrong and what would be right, or
 * NULL. Threads: any.
 */
#ifndef KONTOR_SERVER_RPC_IDENTITY_BUNDLE_H
#define KONTOR_SERVER_RPC_IDENTITY_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/bytes.h"
#include "proto/digest.h"

/* One authority of a bundle. */
struct bundle_authority {
    const char *name;         /* Its subject, for people. */
    struct bytes subject;     /* Its subject in canonical DER. */
    struct bytes key_id;      /* Its subject key id; empty when it has none. */
    uint8_t key[DIGEST_SIZE]; /* SHA-256 of its public key. */
    int64_t ends_ms;          /* When it expires. */
};

struct bundle {
    const char *pem; /* The certificates and nothing else, one after the other. */
    struct bundle_authority *authorities;
    size_t n_authorities;
};

/*
 * Reads a bundle: 1 to 16 certificates and nothing else (above all no key), each an
 * authority's that may sign certificates and has not expired, each self-signed or below
 * one that is here.
 */
const char *identity_bundle_read(const char *pem, int64_t now_ms, struct arena *arena,
                                 struct bundle *out);
/* Reads a bundle that was judged when it was stored; whether it can be read. */
bool identity_bundle_stored(const char *pem, struct arena *arena, struct bundle *out);
/*
 * An authority of one that has the subject, the key id or the key of one of other: with
 * the former one registry could lock the other out, with the key it could issue the
 * other's names. NULL = none.
 */
const struct bundle_authority *identity_bundle_collision(const struct bundle *one,
                                                         const struct bundle *other);

#endif
