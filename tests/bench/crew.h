/*
 * Agents on libkontor that wait for work, each with a connection and a session of its
 * own, and deliver it at once; and a customer's order.
 *
 * Memory: the caller's struct, until crew_end. Errors: a line on standard error and
 * exit
 * 1. Threads: one an agent; what is guarded is said.
 */
#ifndef KONTOR_TESTS_BENCH_CREW_H
#define KONTOR_TESTS_BENCH_CREW_H

#include <pthread.h>

#include "client/kontor.h"

struct crew {
    const char *offer;
    long n_agents;
    struct crew_agent *agents;
    pthread_mutex_t lock; /* Guards all below. */
    pthread_cond_t changed;
    long n_waiting;
    long n_delivered;
    int64_t claimed_ns; /* When a job last came; 0 = not since it was set so. */
    bool is_over;
};

/* Out of --offer and --agents, --server, --ca, --agent-cert and --agent-key; begins. */
void crew_start(struct crew *crew, int argc, char **argv);
/* Waits until all agents wait for work, and forgets when the last job came. */
void crew_await_idle(struct crew *crew);
/* Waits for each agent's end. */
void crew_end(struct crew *crew);

/* The client of --server, --ca and the two options that are named. */
struct kontor *crew_connect(int argc, char **argv, const char *cert, const char *key);
/* One order of one item. */
void crew_place(struct kontor *customer, const struct crew *crew, const char *project,
                char *id);

#endif
