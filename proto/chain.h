/*
 * The chain of commits: digests and hashes, so that a log verifies offline. STORE
 * design, "Commit".
 *
 * Memory: the caller's. Errors: chain_check says what is wrong. Threads: any.
 */
#ifndef KONTOR_PROTO_CHAIN_H
#define KONTOR_PROTO_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "kontor/v1/commit.pb-c.h"
#include "proto/arena.h"
#include "proto/digest.h"

/* SHA-256(salt, doc) of a change; zero bytes for DELETE. */
void chain_digest(const Kontor__V1__Change *change, uint8_t out[DIGEST_SIZE]);
/* Whether a change lost its salt and document to an erasure, which leaves the digest.
 */
bool chain_is_erased(const Kontor__V1__Change *change);
/* SHA-256 over everything of a commit but hash, salts and docs. commit->prev must be
 * set. */
void chain_hash(const Kontor__V1__Commit *commit, struct arena *arena,
                uint8_t out[DIGEST_SIZE]);

/* Where a verification stands. Zeroed = before the first commit of a whole log. */
struct chain {
    int64_t seq;               /* Last commit judged. */
    uint8_t hash[DIGEST_SIZE]; /* Its hash. */
};

/*
 * Judges the next commit: its prev, its hash, the digest of each change whose doc was
 * not erased, and that its seq follows (or is the first of a history in histories).
 * Answers NULL and moves on, or what is wrong, in the arena.
 */
const char *chain_check(struct chain *chain, const Kontor__V1__Commit *commit,
                        Kontor__V1__History *const *histories, size_t n_histories,
                        struct arena *arena);

#endif
