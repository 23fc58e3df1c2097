/*
 * One broker of a run: a store, a listener, and callers that ask until each of their
 * works is at its end. It may be a thread of the run or a process of its own.
 *
 * Memory: site_run's own. Errors: what breaks a promise is noted in the ledger.
 * Threads: site_run is called once a site.
 */
#ifndef KONTOR_TESTS_STORE_FAULTS_SITE_H
#define KONTOR_TESTS_STORE_FAULTS_SITE_H

#include "store/inner.h"
#include "tests/store/faults_ledger.h"

struct site {
    struct ledger *ledger;
    uint64_t seed;
    size_t number; /* Of the site; also of its semaphores. */
    size_t slot;
    size_t first_caller;
    size_t n_callers;
    bool is_last;     /* Nobody comes behind it in its slot: it waits for the rest. */
    bool is_stopped;  /* It will be told to close with works in flight. */
    int64_t close_ms; /* What closing may take. */
    struct store_faults faults;
};

/* Waits for its go, opens, asks, closes. */
void site_run(const struct site *site);
/* Opens a store, trying again until a moment; NULL, and blame, when that was not
 * enough. */
struct store *site_open(struct ledger *ledger, const char *uri,
                        const struct store_faults *faults, bool is_read_only,
                        void (*away)(void *context, bool is_away), void *context);
/* How to open one. */
struct store_options site_options(const char *uri);
int64_t site_now_ms(void);

#endif
