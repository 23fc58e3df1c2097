/*
 * The limit of writing into a server: what a store wrote is taken out of its database
 * and written into another one by bare commands, as many rows in each and in the same
 * order, with the same concerns. Nothing is read, decided, hashed or answered.
 *
 * Memory: bench_replay_take and bench_replay_free. Errors: a line on standard error and
 * exit 1. Threads: one.
 */
#ifndef KONTOR_TESTS_BENCH_REPLAY_H
#define KONTOR_TESTS_BENCH_REPLAY_H

#include <mongoc/mongoc.h>

#include "tests/bench/orders.h"

/* A client as the store has its own: majority, journal, primary. */
mongoc_client_t *bench_mongo_client(const char *server);
/* "SERVER/NAME", before the options of the server's address. */
void bench_mongo_address(const char *server, const char *name, char *out, size_t size);
void bench_mongo_drop(mongoc_client_t *client, const char *database);

/* Rows of one command. */
struct bench_rows {
    bson_t **rows;
    bson_t **filters; /* Of replacements. */
    size_t n;
};

/* What one batch of the store wrote, in the order of the store's commands. */
struct bench_batch {
    struct bench_rows log, past, inserts, replaces;
};

struct bench_replay {
    struct bench_batch *batches;
    size_t n;
    size_t n_commits;
};

/* Takes what the last run wrote. */
void bench_replay_take(mongoc_client_t *client, const char *database,
                       const struct bench_orders *orders, struct bench_replay *out);
/* Writes it; answers commits a second. */
double bench_replay_run(mongoc_client_t *client, const char *database,
                        const struct bench_replay *replay);
void bench_replay_free(struct bench_replay *replay);

#endif
