/*
 * The fault script: which faults a command trips.
 *
 * Memory: the script's own until mongod_script_done; a zeroed one is empty. Errors:
 * none but out of memory, which aborts. Threads: under the server's lock.
 */
#ifndef KONTOR_TESTS_MONGOD_SCRIPT_H
#define KONTOR_TESTS_MONGOD_SCRIPT_H

#include "tests/mongod/mongod.h"

struct rule {
    struct mongod_fault fault; /* Its texts are the rule's. */
    uint64_t n_seen;
    uint64_t n_played;
};

struct script {
    uint64_t seed;
    struct rule *rules;
    size_t n;
    uint64_t n_played;
};

/* What a command trips: for each action its ms, or MONGOD_NOT_TRIPPED. */
struct verdict {
    int32_t ms[MONGOD_N_ACTIONS];
};

enum { MONGOD_NOT_TRIPPED = -1 };

void mongod_script_set(struct script *script, const struct mongod_fault *faults,
                       size_t n);
void mongod_script_done(struct script *script);
/* is_data: a fault without a name means this command, too. collection may be NULL. */
struct verdict mongod_script_judge(struct script *script, const char *command,
                                   const char *collection, bool is_data);

static inline bool
mongod_trips(const struct verdict *verdict, enum mongod_action action)
{
    return verdict->ms[action] != MONGOD_NOT_TRIPPED;
}

#endif
