/*
 * Orders written into a store: a loop that keeps a number of works in flight, and what
 * became of each.
 *
 * Memory: bench_orders_new and bench_orders_free; the store and its orders outlive a
 * run. Errors: a line on standard error and exit 1; how works ended is counted.
 * Threads: one thread runs a set of orders; each set may have one of its own.
 */
#ifndef KONTOR_TESTS_BENCH_ORDERS_H
#define KONTOR_TESTS_BENCH_ORDERS_H

#include <pthread.h>

#include "store/store.h"

enum { BENCH_ID_SIZE = 48, BENCH_STATUSES = 17 };

struct bench_orders;

/* One document, written once a run. */
struct bench_order {
    struct work work;
    struct draft_change change;
    struct bench_orders *all;
    char id[BENCH_ID_SIZE];
    int64_t revision; /* As it stands in the store; 0 = it does not. */
    size_t batch;     /* Of its last run, from 0 on: those written together. */
    int64_t began_ns;
    int64_t took_ns; /* From submit to done. */
};

struct bench_orders {
    struct store *store;
    struct arena *arena;
    struct bench_order *orders;
    size_t n;
    /* Of the last run. */
    size_t n_done;
    size_t n_ended[BENCH_STATUSES]; /* By status. */
    size_t n_lost;                  /* Attempts that another broker came before. */
    size_t n_batches;
    int64_t took_ns;
    /* The committer's while a run lasts. */
    size_t next;
    size_t n_in_flight;
    bool was_done;
    int64_t end_ns;
    pthread_mutex_t lock; /* Guards is_over. */
    pthread_cond_t over;
    bool is_over;
};

/* A store over the broker's own kinds; its random numbers are the same every time. */
struct store *bench_store_open(const char *uri);
/* n orders of about 1 kB, none of them written yet. */
struct bench_orders *bench_orders_new(struct store *store, const char *prefix,
                                      size_t n);
/* Accepts NULL. */
void bench_orders_free(struct bench_orders *orders);
/* Writes orders in turn, each once at most, until the last, or for so many seconds (0:
 * no bound). */
void bench_orders_run(struct bench_orders *orders, size_t n_callers, double seconds);
/* Of the latencies of the last run, in microseconds. */
double bench_orders_percentile(const struct bench_orders *orders, double part);
/* Of orders that were written, a second. */
double bench_orders_per_second(const struct bench_orders *orders);

#endif
