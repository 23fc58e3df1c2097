/*
 * One broker, or two that race for the same log without a sequencer: how many orders a
 * second each writes, how long one takes, and how many attempts are lost to the other.
 * Prints one JSON object a broker.
 *
 * usage: bench_race --uri SERVER [--far-ms N] [--brokers 1|2] [--callers N]
 *                   [--seconds N]
 *
 * --far-ms: answers to the last broker take so much longer on their way.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/lag.h"
#include "tests/bench/replay.h"
#include "tests/bench/transport.h"

enum { MAX_BROKERS = 2, N_ORDERS = 20000, NAME_SIZE = 64, URI_SIZE = 512 };

struct broker {
    struct store *store;
    struct bench_orders *orders;
    size_t n_callers;
    double seconds;
    pthread_t thread;
};

static void *
broker_run(void *argument)
{
    struct broker *broker = argument;
    bench_orders_run(broker->orders, broker->n_callers, broker->seconds);
    return NULL;
}

static void
broker_open(struct broker *broker, const char *server, const char *database,
            size_t number)
{
    char uri[URI_SIZE];
    char prefix[NAME_SIZE];
    bench_mongo_address(server, database, uri, sizeof uri);
    (void)snprintf(prefix, sizeof prefix, "coast/b%zu", number);
    broker->store = bench_store_open(uri);
    broker->orders = bench_orders_new(broker->store, prefix, N_ORDERS);
}

static void
broker_print(const struct broker *broker, const char *name)
{
    const struct bench_orders *orders = broker->orders;
    size_t n_attempts = orders->n_done + orders->n_lost;
    printf("{\"broker\": \"%s\", \"callers\": %zu, \"per_second\": %.1f, "
           "\"p50_ms\": %.1f, \"p99_ms\": %.1f, \"lost\": %.3f, \"refused\": %zu}\n",
           name, broker->n_callers, bench_orders_per_second(orders),
           bench_orders_percentile(orders, 0.5) / 1000,
           bench_orders_percentile(orders, 0.99) / 1000,
           (double)orders->n_lost / (double)n_attempts,
           orders->n_done - orders->n_ended[STATUS_OK]);
}

int
main(int argc, char **argv)
{
    struct broker brokers[MAX_BROKERS];
    char database[NAME_SIZE];
    char lagged[URI_SIZE];
    mongoc_init();
    const char *server = bench_option(argc, argv, "--uri", NULL);
    long far_ms = bench_number(argc, argv, "--far-ms", 0);
    size_t n = (size_t)bench_number(argc, argv, "--brokers", 2);
    if (n == 0 || n > MAX_BROKERS) {
        bench_die("1 or %d brokers", MAX_BROKERS);
    }
    (void)snprintf(database, sizeof database, "bench_race_%d", (int)getpid());
    bench_lag_open(server, far_ms, lagged, sizeof lagged);
    for (size_t i = 0; i < n; i++) {
        bool is_far = far_ms > 0 && i + 1 == n;
        brokers[i] = (struct broker){
            .n_callers = (size_t)bench_number(argc, argv, "--callers", 64),
            .seconds = (double)bench_number(argc, argv, "--seconds", 3)};
        broker_open(&brokers[i], is_far ? lagged : server, database, i);
    }
    for (size_t i = 0; i < n; i++) {
        if (pthread_create(&brokers[i].thread, NULL, broker_run, &brokers[i]) != 0) {
            bench_die("no thread could be started");
        }
    }
    for (size_t i = 0; i < n; i++) {
        pthread_join(brokers[i].thread, NULL);
    }
    for (size_t i = 0; i < n; i++) {
        bool is_far = far_ms > 0 && i + 1 == n;
        broker_print(&brokers[i], is_far ? "far" : "near");
        store_close(brokers[i].store);
        bench_orders_free(brokers[i].orders);
    }
    mongoc_client_t *client = bench_mongo_client(server);
    bench_mongo_drop(client, database);
    mongoc_client_destroy(client);
    mongoc_cleanup();
    return 0;
}
