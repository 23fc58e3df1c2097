/*
 * What the tests of the store share: a table of backends, kinds of their own, an opened
 * store, and drafts in one line.
 *
 * Memory: the fixture's arena. Errors: a helper that cannot do its part fails the test.
 * Threads: submit may be called from any; the rest from one.
 */
#ifndef KONTOR_TESTS_STORE_FIXTURE_H
#define KONTOR_TESTS_STORE_FIXTURE_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/inner.h"

enum { FIXTURE_URI = 512 };

/*
 * A backend under test. Each contract test runs once a row of fixture_backends, and
 * knows of its backend what stands here, no more: one more backend is one more row.
 */
struct fixture_backend {
    const char *name;    /* The row's own. */
    const char *backend; /* As store_backend answers it. */
    /* Why it cannot be tested here, such as a server nobody named: its cases are then
     * skipped aloud. NULL, or an answer of NULL: it can. */
    const char *(*missing)(void);
    /*
     * The address of a store of this name for a test that owns this folder. Stores of
     * two folders, or of two names, have nothing in common, and none is there before
     * the first open.
     */
    void (*address)(const char *folder, const char *name, char *out, size_t size);
    /* Removes what the stores of a folder left outside of it; NULL: nothing. */
    void (*clear)(const char *folder);
    bool is_exclusive; /* A second broker on the same store is refused. */
    bool is_peer;      /* Run only where KONTOR_TEST_BACKEND names it. */
    bool is_slow;      /* Reads whole collections: large cases are made smaller. */
};

/* As a test's exit status: nothing was tested. */
enum { FIXTURE_SKIPPED = 77 };

/* Ended by a NULL name. */
extern const struct fixture_backend fixture_backends[];
/* The row of this name; fails the test where there is none. */
const struct fixture_backend *fixture_backend(const char *name);

/* Kinds of the tests: fields 5 name, 6 rank, 7 due, 8.1 owner, 9 secret (internal). */
extern const struct kind fixture_kinds[];
#define KIND_PAPER                                                                     \
    (&fixture_kinds[0]) /* With history and indexes name, rank, owner_rank, due. */
#define KIND_DRAWER (&fixture_kinds[1]) /* Without history; index rank. */
#define KIND_SEAL (&fixture_kinds[2])   /* As guards: no record, no scope. */
#define KIND_LETTER (&fixture_kinds[3]) /* Final, with history; index rank. */

struct fixture {
    const struct fixture_backend *backend;
    char folder[64];
    char uri[FIXTURE_URI];
    struct store_options options;
    struct store_mode mode;
    struct store *store;
    struct store_reader *reader;
    struct arena *arena;
    _Atomic int64_t now_ms;
    _Atomic uint64_t random_state;
};

/* One submitted work and how it ended; wait before reading. */
struct ticket {
    struct work work;
    pthread_mutex_t lock; /* Guards what follows. */
    pthread_cond_t ended;
    bool is_done;
    enum status status;
    bool is_replay;
    bool has_commit;
    int64_t seq;
    int64_t at_ms;
    uint8_t hash[32];
};

/* A folder, a store, a reader. */
void fixture_open(struct fixture *fixture, const struct fixture_backend *backend);
/* Closes and removes everything. */
void fixture_close(struct fixture *fixture);
/* Closes the store and opens it again. */
void fixture_reopen(struct fixture *fixture);
/* Closes store and reader only. */
void fixture_shut(struct fixture *fixture);
/* The address of one more store of this test's. */
const char *fixture_address(struct fixture *fixture, const char *name);

/* Runs every case on every backend, each with a store of its own; on one only where
 * KONTOR_TEST_BACKEND names it. */
struct fixture_case {
    const char *name;
    void (*run)(struct fixture *fixture);
};
int fixture_run(const char *group, const struct fixture_case *cases, size_t n_cases);
/* Runs every case on this backend only: what no other can suffer. */
int fixture_run_on(const struct fixture_backend *backend, const char *group,
                   const struct fixture_case *cases, size_t n_cases);

void ticket_init(struct ticket *ticket);
void ticket_done(struct ticket *ticket);
enum status ticket_submit(struct fixture *fixture, struct ticket *ticket);
void ticket_wait(struct ticket *ticket);

/* The bytes of a document. A NULL text, rank 0 or due 0 is left out. */
struct bytes fixture_doc(struct fixture *fixture, const char *name, int64_t rank,
                         int64_t due_ms, const char *owner, const char *secret);

/* A draft of one change; add more with the functions below. Scope: "=a ~b", split at
 * spaces. */
struct draft fixture_draft(struct fixture *fixture, const struct kind *kind,
                           const char *id, int64_t was, const char *scope,
                           struct bytes doc);
void draft_add(struct fixture *fixture, struct draft *draft, Kontor__V1__Change__Op op,
               const struct kind *kind, const char *id, int64_t was, const char *scope,
               struct bytes doc);
void draft_add_check(struct fixture *fixture, struct draft *draft,
                     const struct kind *kind, const char *id, int64_t revision);
void draft_add_soft(struct fixture *fixture, struct draft *draft, const char *key,
                    int64_t value);
/* An eid and a request hash out of two numbers. */
void draft_set_eid(struct draft *draft, uint64_t eid, uint64_t request);

/* Submits a decided draft and waits. Answers its status; seq (may be NULL) is the
 * commit's. */
enum status fixture_commit(struct fixture *fixture, struct draft draft, int64_t *seq);
/* Puts one document; fails the test unless it works; answers the revision. */
int64_t fixture_put(struct fixture *fixture, const struct kind *kind, const char *id,
                    int64_t was, const char *scope, struct bytes doc);
int64_t fixture_delete(struct fixture *fixture, const struct kind *kind, const char *id,
                       int64_t was);
/* Strings for a caller, split at spaces. */
struct scopes fixture_scopes(struct fixture *fixture, const char *strings);
/* Ids of a page, with spaces between. */
const char *fixture_ids(struct fixture *fixture, const struct page *page);
/* Fails unless the whole log verifies and the documents equal a replay. */
void fixture_verify(struct fixture *fixture);

/* Appends one commit to an export. */
void fixture_export_commit(FILE *file, Kontor__V1__Commit *commit);
/* Writes an export of the store as it is, the commits after a position; answers how
 * many. */
size_t fixture_export(struct fixture *fixture, const char *path, int64_t after);

#endif
