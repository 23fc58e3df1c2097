/*
 * The latest commits, encoded for streams, and of each document in them the version
 * that came last.
 *
 * The log's tail is dense in the ring: a version in it is the present one unless a
 * newer one is in it too. So who reads from the ring learns how a document stands now
 * without asking the store.
 *
 * Memory: bounded in commits, changes and bytes; the oldest commits go first. It holds
 * one reference of each commit. Errors: none. Threads: whoever has its owner's lock,
 * but for ring_is_settled, which any thread may ask; only one thread adds, and that one
 * may also read without the lock.
 */
#ifndef KONTOR_SERVER_RPC_STREAM_RING_H
#define KONTOR_SERVER_RPC_STREAM_RING_H

#include "server/rpc/stream_change.h"

struct ring;

/* An empty ring behind a position. */
struct ring *ring_new(int64_t max_changes, int64_t max_bytes, int64_t head);
/* Accepts NULL. */
void ring_free(struct ring *ring);

/* Adds the commit after the head, whose reference is given away. After a gap between
 * histories the ring begins anew. */
void ring_add(struct ring *ring, struct stream_commit *commit);
/* Moves the head to a commit that is not kept: the ring is empty then. */
void ring_skip(struct ring *ring, int64_t seq);

/* Position of the last commit, kept or not. */
int64_t ring_head(const struct ring *ring);
/* Whether every commit after a position is in the ring. */
bool ring_reaches(const struct ring *ring, int64_t position);
/* The commit of a position that ring_reaches from below. */
struct stream_commit *ring_at(const struct ring *ring, int64_t seq);
/* The last change of a document in the ring, or NULL. */
const struct stream_change *ring_latest(const struct ring *ring,
                                        const struct kind *kind, const char *id);
/*
 * Whether a commit is in the ring and none after it gave a document of the ring another
 * scope: then each of its versions is seen by those who see the present one. Almost
 * always so, and without a lock.
 */
bool ring_is_settled(const struct ring *ring, int64_t seq);

#endif
