/*
 * From a draft to a commit: its shape, whether what it rests on still holds, its number
 * and its place in the chain.
 *
 * Memory: the batch's arena; the commit borrows the draft's texts. Errors: said at each
 * function. Threads: the committer's.
 */
#ifndef KONTOR_STORE_DRAFT_H
#define KONTOR_STORE_DRAFT_H

#include "proto/digest.h"
#include "store/inner.h"

/* The end of the log. */
struct tail {
    int64_t seq;      /* 0 = empty. */
    int64_t next_seq; /* What comes after: seq + 1, or the first of a new history. */
    int64_t at_ms;    /* INT64_MIN when empty. */
    uint8_t hash[DIGEST_SIZE]; /* Zero when empty. */
};

/* The end of the log as it is stored. */
enum status draft_tail(struct store_reader *reader, struct tail *tail) MUST_CHECK;
/* The end once this commit is the last. */
void draft_follow(struct tail *tail, const Kontor__V1__Commit *commit);
/* OK, RESOURCE_EXHAUSTED (over a limit of store_limits) or INTERNAL (breaks a rule of
 * store.h). */
enum status draft_check_shape(const struct store *store,
                              const struct draft *draft) MUST_CHECK;
/*
 * OK: every check and `was` holds; ABORTED: one does not; else the backend's. heads
 * (one a change) are filled with the present versions, seq 0 for none.
 */
enum status draft_judge(struct store_reader *reader, const struct draft *draft,
                        struct arena *arena, struct version *heads) MUST_CHECK;
/* The commit that follows tail: numbered, stamped, salted, chained. */
Kontor__V1__Commit *draft_commit(struct store *store, const struct draft *draft,
                                 const struct version *heads, const struct tail *tail,
                                 struct arena *arena);
/* Whether a logged commit answers this draft's request. */
bool draft_is_same_request(const struct draft *draft, const Kontor__V1__Commit *commit);
bool draft_has_eid(const struct draft *draft);

#endif
