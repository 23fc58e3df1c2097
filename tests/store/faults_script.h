/*
 * The scripts of the fault suite: what strikes, where, and how the brokers end.
 *
 * Memory: constant tables; faults are written into the caller's room. Errors: none.
 * Threads: any.
 */
#ifndef KONTOR_TESTS_STORE_FAULTS_SCRIPT_H
#define KONTOR_TESTS_STORE_FAULTS_SCRIPT_H

#include "store/backend.h"
#include "tests/mongod/mongod.h"

enum { SCRIPT_FAULTS = 8 };

/* How a broker ends that another one takes over from. */
enum script_end { SCRIPT_STAYS, SCRIPT_KILLED, SCRIPT_CLOSED };

struct script {
    const char *name;
    unsigned actions;       /* Bits of enum mongod_action. */
    int32_t min_ms, max_ms; /* Of an action that has a time. */
    bool needs_set;         /* Means nothing on a standalone. */
    bool goes_away;         /* The server is paused and comes back. */
    enum script_end end;
    int socket_ms; /* The client's socket time-out. */
};

/* Ended by a NULL name. */
extern const struct script scripts[];
/* NULL: there is none of this name. */
const struct script *script_by_name(const char *name);

/* Faults of a script that follow from a seed; answers how many. */
size_t script_faults(const struct script *script, uint64_t seed,
                     struct mongod_fault faults[SCRIPT_FAULTS]);
/* A state of the script that begins without a command; false: it has none. */
bool script_state(const struct script *script, uint64_t seed,
                  enum mongod_action *action, int32_t *ms);

/* A promise of the store broken on purpose, and a script that shows it. */
struct plant {
    const char *name;
    const char *script;
    struct store_faults faults;
};

/* Ended by a NULL name. */
extern const struct plant plants[];

#endif
