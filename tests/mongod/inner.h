/*
 * What the parts of the server share: the server itself.
 *
 * Memory: mongod_start and mongod_stop. Errors: none. Threads: everything below the
 * lock is guarded by it.
 */
#ifndef KONTOR_TESTS_MONGOD_INNER_H
#define KONTOR_TESTS_MONGOD_INNER_H

#include <pthread.h>

#include "tests/mongod/cursor.h"
#include "tests/mongod/data.h"
#include "tests/mongod/replica.h"
#include "tests/mongod/script.h"
#include "tests/mongod/server.h"
#include "tests/mongod/session.h"

enum { MONGOD_N_COMMANDS_MAX = 24, MONGOD_NS_MAX = 120 };
#define MONGOD_SET_NAME "rs0"

struct tally {
    uint64_t n_commands[MONGOD_N_COMMANDS_MAX]; /* By their row. */
    uint64_t n_inserted;
    uint32_t n_held;
    char refused[320]; /* Empty: nothing. */
};

struct mongod {
    struct mongod_options options;
    char uri[64];
    struct server server; /* Guarded as it says. */
    pthread_mutex_t lock; /* Guards what follows. */
    pthread_cond_t moved; /* Anything a waiter may wait for. */
    bool is_closing;
    struct data data;
    struct replica replica;
    struct script script;
    struct sessions sessions;
    struct cursors cursors;
    struct tally tally;
};

/* The lock, and what has become due. */
void mongod_lock(struct mongod *mongod);
void mongod_unlock(struct mongod *mongod);
/* Remembers the first; under the lock. */
void mongod_remember(struct mongod *mongod, const char *command,
                     const struct trouble *trouble);

#endif
