/*
 * The workers: a few threads, each with its own reader of the store, and a bounded
 * queue for each class of calls, so that one class cannot crowd out another.
 *
 * Memory: jobs are their submitters'. Errors: pool_new answers the store's status.
 * Threads: any; a job runs on a worker's thread.
 */
#ifndef KONTOR_SERVER_RPC_POOL_H
#define KONTOR_SERVER_RPC_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "server/rpc/table.h"

struct pool;

struct pool_job {
    void (*run)(struct pool_job *job, struct store_reader *reader);
    struct pool_job *next; /* The pool's. */
};

struct pool_options {
    struct store *store;
    size_t n_workers; /* 0 = 4. */
    /* Jobs that may wait, by class; 0 = 1024. */
    size_t queue_lengths[N_ROW_CLASSES];
};

enum status pool_new(const struct pool_options *options, struct pool **pool) MUST_CHECK;
/* Runs what is queued, ends the threads. Accepts NULL. */
void pool_free(struct pool *pool);
/* Queues a job. false: the queue of its class is full. */
bool pool_submit(struct pool *pool, enum row_class klass,
                 struct pool_job *job) MUST_CHECK;
/* Queues a job whether its queue is full or not: for calls that were admitted before.
 */
void pool_force(struct pool *pool, enum row_class klass, struct pool_job *job);
/* Jobs that wait, in all classes. */
size_t pool_waiting(struct pool *pool);

#endif
