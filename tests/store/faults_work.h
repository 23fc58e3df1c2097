/*
 * The works of the fault suite: what each asks for, and whether a commit is what it
 * must be where the documents are what they are. A work follows from the seed, its
 * caller and its number, so that another process can ask for it again.
 *
 * Memory: a job is its maker's, from job_init to job_done. Errors: the store's.
 * Threads: a job belongs to its caller, and to the committer from submit to done.
 */
#ifndef KONTOR_TESTS_STORE_FAULTS_WORK_H
#define KONTOR_TESTS_STORE_FAULTS_WORK_H

#include "store/store.h"
#include "tests/store/faults_ledger.h"

enum work_kind {
    WORK_PAPER,  /* A paper of its own. */
    WORK_SHARED, /* One more on a paper that all count on. */
    WORK_STOCK,  /* One less of a stock, and an order; refused when there is none. */
    WORK_SOFT,   /* A number outside the log. */
    WORK_CYCLE,  /* Removes two documents, or makes them again. */
    WORK_LIST,   /* A paper that says how many papers of its caller are listed. */
    WORK_KINDS
};

enum { WORK_STOCK_SIZE = 9 };

struct job {
    struct work work;
    struct arena *arena;
    size_t caller;
    size_t number;
    enum work_kind kind;
    uint64_t which; /* Of the shared documents. */
    struct draft_change changes[2];
    struct draft_check check;
    struct draft_soft soft;
    void *owner; /* The caller's. */
};

void job_init(struct job *job, uint64_t seed, size_t caller, size_t number);
void job_done(struct job *job);
/* Decides now, by a reader of the caller's own. */
void job_decide_early(struct job *job, struct store_reader *reader);
enum work_kind work_kind_of(uint64_t seed, size_t caller, size_t number);

/* The soft number of a caller. */
const char *work_soft_key(size_t caller);

/* ---- A replay of the log ---- */

struct replay;

struct replay *replay_new(uint64_t seed);
void replay_free(struct replay *replay);
/* Whether a commit is one its work could make behind those before it; NULL, or what is
 * wrong. */
const char *replay_commit(struct replay *replay, const Kontor__V1__Commit *commit);

#endif
