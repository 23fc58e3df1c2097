/*
 * The principals that were resolved, by the certificate's bytes, until trust changes or
 * a certificate ends.
 *
 * Memory: entries are counted; who takes one releases it. What nobody holds and nobody
 * finds is freed. Errors: none; out of memory aborts. Threads: any; the cache has a
 * lock of its own, entries are immutable once put.
 */
#ifndef KONTOR_SERVER_RPC_IDENTITY_CACHE_H
#define KONTOR_SERVER_RPC_IDENTITY_CACHE_H

#include <stdatomic.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/bytes.h"
#include "server/rpc/principal.h"

/* A principal and how long it counts. */
struct identity_entry {
    struct principal who; /* First: a principal's address is its entry's. */
    atomic_uint_fast32_t holders;
    struct bytes leaf;   /* The certificate, in the arena. */
    uint64_t hash;       /* Of it. */
    uint64_t generation; /* Of trust, as it was before the store was read. */
    int64_t ends_ms;     /* When the first certificate of the chain expires. */
    struct arena *arena; /* Holds what who points to. */
    struct identity_entry *next;
};

struct identity_cache;

struct identity_cache *identity_cache_new(void);
/* Accepts NULL. */
void identity_cache_free(struct identity_cache *cache);

/* An empty entry with one holder; who is to be filled before it is put. */
struct identity_entry *identity_entry_new(struct bytes leaf, uint64_t generation);
/* The entry a principal lives in; NULL for NULL. */
struct identity_entry *identity_entry_of(const struct principal *who);
/* Accepts NULL. */
void identity_entry_release(struct identity_entry *entry);

/* One more holder of what is kept of a certificate and still counts; NULL = nothing. */
const struct principal *identity_cache_take(struct identity_cache *cache,
                                            struct bytes leaf, uint64_t generation,
                                            int64_t now_ms);
/* Keeps an entry in place of an older one of its certificate; the caller remains its
 * holder. */
const struct principal *identity_cache_put(struct identity_cache *cache,
                                           struct identity_entry *entry);

#endif
