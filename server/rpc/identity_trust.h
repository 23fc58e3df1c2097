/*
 * What the store says about a peer: the registry of its trust domain, revocations, its
 * principal.
 *
 * Memory: results go to the entry's arena; the roots are the caller's to free.
 * Errors: a fault whose text is constant. Threads: the reader's.
 */
#ifndef KONTOR_SERVER_RPC_IDENTITY_TRUST_H
#define KONTOR_SERVER_RPC_IDENTITY_TRUST_H

#include "server/rpc/identity_cache.h"
#include "server/rpc/identity_chain.h"

struct identity_trust {
    struct store_reader *reader;
    const char *home; /* Id of the home registry. */
    int64_t now_ms;
};

/* Judges a chain and fills who and ends_ms of an entry. All reads come from one
 * snapshot. */
struct chain_fault identity_trust_resolve(const struct identity_trust *trust,
                                          struct identity_chain *chain,
                                          struct identity_entry *entry);
/* The bundles of all registries, one PEM text. NULL: the store cannot be read. */
char *identity_trust_roots(struct store_reader *reader);

#endif
