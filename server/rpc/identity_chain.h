/*
 * A peer's certificate and the chain above it: read, named, and judged against one
 * bundle. Sources: RFC 5280; SPIFFE X.509-SVID, 4 and 5.
 *
 * Memory: a chain is freed with identity_chain_free; what is answered lives as long as
 * it does. Errors: NULL, or a reason; the text is constant. Threads: one at a time for
 * a chain.
 */
#ifndef KONTOR_SERVER_RPC_IDENTITY_CHAIN_H
#define KONTOR_SERVER_RPC_IDENTITY_CHAIN_H

#include <stddef.h>
#include <stdint.h>

#include "proto/reason.h"
#include "server/rpc/identity.h"

enum {
    CHAIN_MAX = 16,      /* Certificates of a chain or a bundle. */
    FINGERPRINT_HEX = 64 /* Digits of a fingerprint. */
};

struct identity_chain;

/* What is wrong; REASON_NONE = nothing. */
struct chain_fault {
    enum reason reason;
    const char *message; /* Constant. */
};

/* Reads a peer's certificates. NULL: fault says why. */
struct identity_chain *identity_chain_read(const struct identity_peer *peer,
                                           struct chain_fault *fault);
/* Accepts NULL. */
void identity_chain_free(struct identity_chain *chain);

/* The one SPIFFE name of the leaf. */
const char *identity_chain_name(const struct identity_chain *chain);
/*
 * Judges the leaf at a time against a bundle, with what the peer sent as untrusted
 * help: signatures, validity, key usage of a TLS client. Fills the rest of the chain
 * in.
 */
struct chain_fault identity_chain_verify(struct identity_chain *chain,
                                         const char *bundle_pem, int64_t now_ms);
/* After a verify: the SHA-256 of the n-th certificate, hexadecimal; 0 is the leaf, the
 * anchor is last. NULL = no more. */
const char *identity_chain_fingerprint(const struct identity_chain *chain, size_t n);
/* After a verify: when the leaf expires, and when the first of the whole chain does. */
int64_t identity_chain_leaf_ends_ms(const struct identity_chain *chain);
int64_t identity_chain_ends_ms(const struct identity_chain *chain);

#endif
