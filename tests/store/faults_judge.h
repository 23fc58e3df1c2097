/*
 * What must hold once the faults are over: STORE design, invariants.
 *
 * Memory: its own. Errors: what does not hold is noted in the ledger. Threads: one,
 * when every broker of the run is closed.
 */
#ifndef KONTOR_TESTS_STORE_FAULTS_JUDGE_H
#define KONTOR_TESTS_STORE_FAULTS_JUDGE_H

#include "tests/mongod/mongod.h"
#include "tests/store/faults_ledger.h"

struct judge {
    struct ledger *ledger;
    struct mongod *mongod;
    uint64_t seed;
    bool keeps_softs; /* No write can come late: the last number told is there. */
};

void judge_run(const struct judge *judge);

#endif
