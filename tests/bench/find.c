/*
 * What reading a document by its id costs through the store, beside bare finds of the
 * same documents on the same server, in pairs. Prints one JSON object.
 *
 * usage: bench_find --uri SERVER [--documents N] [--threads N] [--pairs N] [--ms N]
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/pairs.h"
#include "tests/bench/replay.h"
#include "tests/bench/transport.h"

enum { MAX_THREADS = 64, NAME_SIZE = 64, URI_SIZE = 512 };

/* Ways to read. */
enum way { WAY_BARE, WAY_GET, WAY_BEGIN_GET_END, N_WAYS };

struct find_bench {
    struct store *store;
    const char *server;
    const char *database;
    const struct bench_orders *orders;
    int64_t end_ns;
    pthread_barrier_t start;
};

struct reading {
    struct find_bench *bench;
    enum way way;
    uint64_t state; /* Of the order in which documents are read. */
    size_t n_read;
    mongoc_client_t *client;
    mongoc_collection_t *collection;
    struct store_reader *reader;
    struct arena *arena;
};

static const char *
next_id(struct reading *reading)
{
    reading->state = reading->state * 6364136223846793005U + 1442695040888963407U;
    size_t at = (size_t)(reading->state >> 33) % reading->bench->orders->n;
    return reading->bench->orders->orders[at].id;
}

static void
read_bare(struct reading *reading)
{
    const bson_t *row = NULL;
    bson_t filter = BSON_INITIALIZER;
    bson_t options = BSON_INITIALIZER;
    BSON_APPEND_UTF8(&filter, "_id", next_id(reading));
    BSON_APPEND_INT64(&options, "limit", 1);
    mongoc_cursor_t *cursor =
        mongoc_collection_find_with_opts(reading->collection, &filter, &options, NULL);
    if (!mongoc_cursor_next(cursor, &row) || !bson_has_field(row, "w")) {
        bench_die("a bare find found nothing");
    }
    mongoc_cursor_destroy(cursor);
    bson_destroy(&filter);
    bson_destroy(&options);
}

static void
read_stored(struct reading *reading)
{
    int64_t applied = 0;
    struct document document;
    bool is_begun = reading->way == WAY_BEGIN_GET_END;
    enum status status = is_begun ? store_begin(reading->reader, &applied) : STATUS_OK;
    if (status == STATUS_OK) {
        status = store_get(reading->reader, KIND_ORDER, next_id(reading), NULL, 0,
                           reading->arena, &document);
    }
    if (status != STATUS_OK || document.w.size == 0) {
        bench_die("the store found nothing: status %d", (int)status);
    }
    if (is_begun) {
        store_end(reading->reader);
    }
    arena_reset(reading->arena);
}

static void *
read_all(void *argument)
{
    struct reading *reading = argument;
    struct find_bench *bench = reading->bench;
    (void)pthread_barrier_wait(&bench->start);
    while (bench_now_ns() < bench->end_ns) {
        if (reading->way == WAY_BARE) {
            read_bare(reading);
        } else {
            read_stored(reading);
        }
        reading->n_read++;
    }
    return NULL;
}

/* Whatever a thread reads with is there and connected before the clock runs. */
static void
reading_open(struct reading *reading)
{
    struct find_bench *bench = reading->bench;
    if (reading->way == WAY_BARE) {
        reading->client = bench_mongo_client(bench->server);
        reading->collection =
            mongoc_client_get_collection(reading->client, bench->database, "order");
        read_bare(reading);
        return;
    }
    reading->arena = arena_new();
    if (store_reader_open(bench->store, &reading->reader) != STATUS_OK) {
        bench_die("no reader could be opened");
    }
    read_stored(reading);
}

static void
reading_close(struct reading *reading)
{
    if (reading->way == WAY_BARE) {
        mongoc_collection_destroy(reading->collection);
        mongoc_client_destroy(reading->client);
        return;
    }
    store_reader_close(reading->reader);
    arena_free(reading->arena);
}

/* Answers reads a second of all threads. */
static double
measure(struct find_bench *bench, enum way way, size_t n_threads, long ms)
{
    pthread_t threads[MAX_THREADS];
    struct reading readings[MAX_THREADS];
    size_t n_read = 0;
    pthread_barrier_init(&bench->start, NULL, (unsigned)n_threads + 1);
    for (size_t i = 0; i < n_threads; i++) {
        readings[i] = (struct reading){.bench = bench, .way = way, .state = i + 1};
        reading_open(&readings[i]);
        if (pthread_create(&threads[i], NULL, read_all, &readings[i]) != 0) {
            bench_die("no thread could be started");
        }
    }
    int64_t began_ns = bench_now_ns();
    bench->end_ns = began_ns + (int64_t)ms * 1000000;
    (void)pthread_barrier_wait(&bench->start);
    for (size_t i = 0; i < n_threads; i++) {
        pthread_join(threads[i], NULL);
        n_read += readings[i].n_read;
    }
    double took_s = (double)(bench_now_ns() - began_ns) / 1e9;
    for (size_t i = 0; i < n_threads; i++) {
        reading_close(&readings[i]);
    }
    pthread_barrier_destroy(&bench->start);
    return (double)n_read / took_s;
}

/* Each pair begins another way than the one before. */
static void
run(struct find_bench *bench, size_t n_threads, size_t n_pairs, long ms)
{
    static const char *const names[N_WAYS] = {"bare", "get", "begin_get_end"};
    static struct bench_pairs pairs[N_WAYS];
    double rates[N_WAYS];
    for (size_t i = 0; i < n_pairs; i++) {
        for (size_t j = 0; j < N_WAYS; j++) {
            enum way way = (enum way)((i + j) % N_WAYS);
            rates[way] = measure(bench, way, n_threads, ms);
        }
        for (size_t j = WAY_GET; j < N_WAYS; j++) {
            pairs[j].stored[i] = rates[j];
            pairs[j].bare[i] = rates[WAY_BARE];
        }
    }
    printf("{");
    for (size_t j = WAY_GET; j < N_WAYS; j++) {
        printf("%s\"%s\": ", j == WAY_GET ? "" : ", ", names[j]);
        bench_pairs_print(&pairs[j], n_pairs);
    }
    printf("}\n");
}

int
main(int argc, char **argv)
{
    char name[NAME_SIZE];
    char uri[URI_SIZE];
    mongoc_init();
    struct find_bench bench = {.server = bench_option(argc, argv, "--uri", NULL),
                               .database = name};
    size_t n_documents = (size_t)bench_number(argc, argv, "--documents", 1000);
    size_t n_threads = (size_t)bench_number(argc, argv, "--threads", 1);
    size_t n_pairs = (size_t)bench_number(argc, argv, "--pairs", 9);
    if (n_threads == 0 || n_threads > MAX_THREADS || n_documents == 0 || n_pairs == 0 ||
        n_pairs > BENCH_MAX_PAIRS) {
        bench_die("1 to %d threads, 1 to %d pairs", MAX_THREADS, BENCH_MAX_PAIRS);
    }
    (void)snprintf(name, sizeof name, "bench_find_%d", (int)getpid());
    bench_mongo_address(bench.server, name, uri, sizeof uri);
    bench.store = bench_store_open(uri);
    struct bench_orders *orders = bench_orders_new(bench.store, "coast/o", n_documents);
    bench_orders_run(orders, 64, 0);
    bench.orders = orders;
    run(&bench, n_threads, n_pairs, bench_number(argc, argv, "--ms", 300));
    store_close(bench.store);
    bench_orders_free(orders);
    mongoc_client_t *client = bench_mongo_client(bench.server);
    bench_mongo_drop(client, name);
    mongoc_client_destroy(client);
    mongoc_cleanup();
    return 0;
}
