/*
 * What appending through the store costs beside the same rows sent bare to the same
 * server, in pairs, each with a database of its own. Prints one JSON object.
 *
 * usage: bench_append --uri SERVER [--new N] [--replaced N] [--pairs N] [--callers N]
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/bench/pairs.h"
#include "tests/bench/replay.h"
#include "tests/bench/transport.h"

enum { NAME_SIZE = 64, URI_SIZE = 512 };

/* Putting new documents, replacing them. */
enum phase { PHASE_NEW, PHASE_REPLACED, N_PHASES };

struct append {
    const char *server;
    mongoc_client_t *client;
    size_t n[N_PHASES];
    size_t n_callers;
    struct bench_replay replays[N_PHASES]; /* Of the last run of the store. */
    double stored[N_PHASES];               /* Commits a second of the last runs. */
    double bare[N_PHASES];
};

/* A database nobody has, with the store's indexes. */
static struct store *
fresh(const struct append *append, char name[NAME_SIZE])
{
    static int number;
    char uri[URI_SIZE];
    (void)snprintf(name, NAME_SIZE, "bench_%d_%d", (int)getpid(), number++);
    bench_mongo_address(append->server, name, uri, sizeof uri);
    return bench_store_open(uri);
}

static void
run_phase(struct append *append, const char *database, enum phase phase,
          struct bench_orders *orders)
{
    orders->n = append->n[phase];
    if (orders->n == 0) {
        return;
    }
    bench_orders_run(orders, append->n_callers, 0);
    if (orders->n_ended[STATUS_OK] != orders->n) {
        bench_die("%zu of %zu orders were not written",
                  orders->n - orders->n_ended[STATUS_OK], orders->n);
    }
    append->stored[phase] = bench_orders_per_second(orders);
    bench_replay_free(&append->replays[phase]);
    bench_replay_take(append->client, database, orders, &append->replays[phase]);
}

static void
run_stored(struct append *append)
{
    char name[NAME_SIZE];
    struct store *store = fresh(append, name);
    struct bench_orders *orders =
        bench_orders_new(store, "coast/o", append->n[PHASE_NEW]);
    for (enum phase phase = PHASE_NEW; phase < N_PHASES; phase++) {
        run_phase(append, name, phase, orders);
    }
    store_close(store);
    bench_orders_free(orders);
    bench_mongo_drop(append->client, name);
}

static void
run_bare(struct append *append)
{
    char name[NAME_SIZE];
    store_close(fresh(append, name));
    for (enum phase phase = PHASE_NEW; phase < N_PHASES; phase++) {
        append->bare[phase] =
            bench_replay_run(append->client, name, &append->replays[phase]);
    }
    bench_mongo_drop(append->client, name);
}

/* Every second pair begins with the other side: what comes later meets a server that
 * is warmer, or fuller. */
static void
run_pair(struct append *append, size_t pair, struct bench_pairs figures[N_PHASES])
{
    if (pair % 2 == 0) {
        run_stored(append);
        run_bare(append);
    } else {
        run_bare(append);
        run_stored(append);
    }
    for (enum phase phase = PHASE_NEW; phase < N_PHASES; phase++) {
        figures[phase].stored[pair] = append->stored[phase];
        figures[phase].bare[pair] = append->bare[phase];
    }
}

int
main(int argc, char **argv)
{
    static struct bench_pairs figures[N_PHASES];
    static const char *const names[N_PHASES] = {"new", "replaced"};
    mongoc_init();
    struct append append = {
        .server = bench_option(argc, argv, "--uri", NULL),
        .n = {(size_t)bench_number(argc, argv, "--new", 512),
              (size_t)bench_number(argc, argv, "--replaced", 256)},
        .n_callers = (size_t)bench_number(argc, argv, "--callers", 64),
    };
    size_t n_pairs = (size_t)bench_number(argc, argv, "--pairs", 7);
    if (n_pairs == 0 || n_pairs > BENCH_MAX_PAIRS || append.n[PHASE_NEW] == 0 ||
        append.n[PHASE_REPLACED] > append.n[PHASE_NEW]) {
        bench_die("1 to %d pairs, and no more replaced than new", BENCH_MAX_PAIRS);
    }
    append.client = bench_mongo_client(append.server);
    /* The first of each meet a cold server. */
    run_stored(&append);
    run_bare(&append);
    for (size_t i = 0; i < n_pairs; i++) {
        run_pair(&append, i, figures);
    }
    for (enum phase phase = PHASE_NEW; phase < N_PHASES; phase++) {
        printf("%s\"%s\": ", phase == PHASE_NEW ? "{" : ", ", names[phase]);
        bench_pairs_print(&figures[phase], n_pairs);
        bench_replay_free(&append.replays[phase]);
    }
    printf("}\n");
    mongoc_client_destroy(append.client);
    mongoc_cleanup();
    return 0;
}
