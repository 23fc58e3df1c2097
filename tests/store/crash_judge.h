/*
 * What is known of a crashed store from outside, and whether what is left of it keeps
 * every promise.
 *
 * Memory: the caller's. Errors: the text of the first broken promise. Threads: one at a
 * time.
 */
#ifndef KONTOR_TESTS_STORE_CRASH_JUDGE_H
#define KONTOR_TESTS_STORE_CRASH_JUDGE_H

#include "tests/store/fixture.h"

enum { MAX_COMMITS = 60000 }; /* Of one store. */

/* Work n has eid n + 1 and request 1. */
struct ledger {
    bool is_asked[MAX_COMMITS];
    int64_t seqs[MAX_COMMITS]; /* By number; 0 = not answered. */
    uint32_t n_asked;
};

/* Opens a crash store; NULL, and a line on stderr, when that fails. */
struct store *crash_open(const char *uri, const struct store_faults *faults);
/*
 * Opens and judges: the chain and the documents, no commit twice or unasked, the count
 * of the seal "count", and every commit answered up to a position. NULL: all is well.
 */
const char *crash_judge(const struct ledger *ledger, const char *uri, int64_t until);

#endif
