/*
 * What callers asked for and were told, kept where it outlives a broker that is killed:
 * in memory that the processes of a run share.
 *
 * Memory: ledger_new and ledger_free; texts inside are the ledger's own. Errors: out of
 * memory aborts. Threads: a record belongs to its caller, what is told of a site to
 * that site; the rest is atomic or a semaphore.
 */
#ifndef KONTOR_TESTS_STORE_FAULTS_LEDGER_H
#define KONTOR_TESTS_STORE_FAULTS_LEDGER_H

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LEDGER_SLOTS = 2,       /* Brokers at a time. */
    LEDGER_GENERATIONS = 3, /* Brokers one after the other in a slot. */
    LEDGER_SITES = LEDGER_SLOTS * LEDGER_GENERATIONS,
    LEDGER_CALLERS = 6,
    LEDGER_WORKS = 12, /* Of a caller. */
    LEDGER_HEARD = 512,
    LEDGER_TEXT = 400,
};

/*
 *     NONE -> ASKED -> OK        acknowledged
 *               |  \-> REFUSED   decide said no
 *               |  \-> FAILED    told that nothing was written, and not asked again
 *               \-- stays where the outcome is unknown
 */
enum ledger_end { LEDGER_NONE, LEDGER_ASKED, LEDGER_OK, LEDGER_REFUSED, LEDGER_FAILED };

struct record {
    _Atomic int end;   /* enum ledger_end; written behind the rest. */
    bool is_doubtful;  /* Some attempt has an unknown outcome. */
    bool is_first_try; /* The first attempt was the answered one. */
    uint32_t burst;    /* Works of one burst were submitted without waiting. */
    int64_t seq;       /* 0: no commit, such as of a soft number. */
    uint8_t hash[32];
};

/* What the listener of a site heard. */
struct heard {
    int64_t from; /* It hears of all that comes after. */
    _Atomic size_t n;
    int64_t seqs[LEDGER_HEARD];
};

struct ledger {
    struct record records[LEDGER_CALLERS][LEDGER_WORKS];
    struct heard heard[LEDGER_SITES];
    char uri[256];
    char calm_uri[256];         /* With time-outs that a busy machine does not meet. */
    sem_t answers;              /* One for each answer of a store. */
    sem_t ended[LEDGER_SLOTS];  /* All callers of a slot are at their end. */
    sem_t go[LEDGER_SITES];     /* A site may open its store. */
    sem_t opened[LEDGER_SITES]; /* It has opened it, or never will. */
    sem_t rest[LEDGER_SITES];   /* It may close it. */
    _Atomic bool is_stopping[LEDGER_SITES]; /* It shall close it at once. */
    _Atomic int64_t tail;                   /* Of the log when all works are done. */
    _Atomic bool is_wrong;
    char wrong[LEDGER_TEXT]; /* What broke a promise first. */
};

struct ledger *ledger_new(void);
/* Accepts NULL. */
void ledger_free(struct ledger *ledger);
/* Notes what broke a promise, unless something did before. */
void ledger_blame(struct ledger *ledger, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Waits for a semaphore; false: so many milliseconds passed. */
bool ledger_wait(sem_t *semaphore, int64_t timeout_ms);
/* The key of a work, and back; false: no work has it. */
uint64_t ledger_eid(size_t caller, size_t work);
bool ledger_of_eid(const uint8_t *eid, size_t *caller, size_t *work);
/* A number that depends on a seed and two more alone. */
uint64_t ledger_random(uint64_t seed, uint64_t a, uint64_t b);

#endif
