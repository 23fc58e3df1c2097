/*
 * The read cache: documents as their readers get them, so that a point read that was
 * made before needs neither a worker nor the store. Bounded; a committed change drops
 * its document before the caller of the change is answered.
 *
 * Memory: entries are immutable and counted; cache_release gives one back.
 * Errors: none, what is not there is read from the store. Threads: any.
 */
#ifndef KONTOR_SERVER_RPC_CACHE_H
#define KONTOR_SERVER_RPC_CACHE_H

#include "store/store.h"

struct cache;

/* One document, packed. */
struct cached {
    struct document document; /* Whole, in the view of nobody in particular. */
    struct bytes head;        /* The reduced view: envelope, then w. */
};

/* A cache that hears of every commit of the store; opened before the store's first
 * submit. Aborts when out of memory. */
struct cache *cache_new(struct store *store);
/* After the store was closed. Accepts NULL. */
void cache_free(struct cache *cache);

/* The entry of a document, held for the caller, or NULL. */
const struct cached *cache_take(struct cache *cache, const struct kind *kind,
                                struct bytes id);
void cache_release(struct cache *cache, const struct cached *cached);
/*
 * Keeps a document in the view of nobody in particular (w and x both there), as it
 * stood at applied. Nothing is kept when a later commit was heard of: the document may
 * be old.
 */
void cache_keep(struct cache *cache, const struct document *document, int64_t applied);
/* Whatever is taken afterwards is at least as new as this position. */
int64_t cache_seq(struct cache *cache);

#endif
