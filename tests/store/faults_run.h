/*
 * One run of the fault suite: a server, one or two brokers, a script, a judgement.
 *
 * Memory: run_play's own. Errors: in the report; a run that hangs is ended by SIGALRM.
 * Threads: once a process, before any other thread is there.
 */
#ifndef KONTOR_TESTS_STORE_FAULTS_RUN_H
#define KONTOR_TESTS_STORE_FAULTS_RUN_H

#include "tests/store/faults_ledger.h"
#include "tests/store/faults_script.h"

struct report {
    bool is_good;
    char text[LEDGER_TEXT]; /* What broke a promise. */
    size_t n_brokers;
    bool is_set;
    uint64_t n_commits;
    uint64_t n_doubtful; /* Works with an attempt of unknown outcome. */
    uint64_t n_played;   /* Faults of the script. */
    uint64_t n_inserts, n_finds;
    uint64_t n_rollbacks, n_undone;
};

void run_play(const struct script *script, uint64_t seed,
              const struct store_faults *faults, struct report *report);

#endif
