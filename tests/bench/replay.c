#include "tests/bench/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/transport.h"

enum { WAIT_MS = 15000 };

mongoc_client_t *
bench_mongo_client(const char *server)
{
    mongoc_uri_t *uri = mongoc_uri_new(server);
    mongoc_write_concern_t *write = mongoc_write_concern_new();
    mongoc_read_concern_t *read = mongoc_read_concern_new();
    if (uri == NULL) {
        bench_die("%s is no address of a server", server);
    }
    mongoc_write_concern_set_w(write, MONGOC_WRITE_CONCERN_W_MAJORITY);
    mongoc_write_concern_set_journal(write, true);
    mongoc_read_concern_set_level(read, MONGOC_READ_CONCERN_LEVEL_MAJORITY);
    mongoc_uri_set_write_concern(uri, write);
    mongoc_uri_set_read_concern(uri, read);
    mongoc_uri_set_option_as_int32(uri, MONGOC_URI_SOCKETTIMEOUTMS, WAIT_MS);
    mongoc_client_t *client = mongoc_client_new_from_uri(uri);
    mongoc_write_concern_destroy(write);
    mongoc_read_concern_destroy(read);
    mongoc_uri_destroy(uri);
    return client;
}

void
bench_mongo_address(const char *server, const char *name, char *out, size_t size)
{
    size_t length = strcspn(server, "?");
    const char *options = server + length;
    while (length > 0 && server[length - 1] == '/') {
        length--;
    }
    (void)snprintf(out, size, "%.*s/%s%s", (int)length, server, name, options);
}

void
bench_mongo_drop(mongoc_client_t *client, const char *database)
{
    bson_error_t error;
    mongoc_database_t *gone = mongoc_client_get_database(client, database);
    if (!mongoc_database_drop(gone, &error)) {
        bench_die("cannot drop %s: %s", database, error.message);
    }
    mongoc_database_destroy(gone);
}

/* ---- Taking ---- */

static void
rows_add(struct bench_rows *rows, bson_t *row, bson_t *filter)
{
    rows->rows = realloc(rows->rows, (rows->n + 1) * sizeof rows->rows[0]);
    rows->filters = realloc(rows->filters, (rows->n + 1) * sizeof rows->filters[0]);
    if (rows->rows == NULL || rows->filters == NULL) {
        abort();
    }
    rows->filters[rows->n] = filter;
    rows->rows[rows->n++] = row;
}

static int64_t
number(const bson_t *row, const char *name)
{
    bson_iter_t iter;
    return bson_iter_init_find(&iter, row, name) ? bson_iter_as_int64(&iter) : 0;
}

/* Calls a function with every row of a collection. */
static void
each_row(mongoc_client_t *client, const char *database, const char *name,
         void (*take)(void *context, const bson_t *row), void *context)
{
    bson_error_t error;
    bson_t all = BSON_INITIALIZER;
    const bson_t *row;
    mongoc_collection_t *from = mongoc_client_get_collection(client, database, name);
    mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(from, &all, NULL, NULL);
    while (mongoc_cursor_next(cursor, &row)) {
        take(context, row);
    }
    if (mongoc_cursor_error(cursor, &error)) {
        bench_die("cannot read %s.%s: %s", database, name, error.message);
    }
    mongoc_cursor_destroy(cursor);
    mongoc_collection_destroy(from);
}

/* Where the rows of a run belong. */
struct taking {
    const struct bench_orders *orders;
    struct bench_replay *replay;
};

/* The order that was written at a position by the last run; NULL: by none of it. */
static const struct bench_order *
order_at(const struct taking *taking, int64_t seq)
{
    const struct bench_orders *all = taking->orders;
    int64_t first_seq = all->orders[0].revision;
    size_t place = (size_t)(seq - first_seq);
    return seq >= first_seq && place < all->n ? &all->orders[place] : NULL;
}

static struct bench_batch *
batch_at(const struct taking *taking, int64_t seq)
{
    const struct bench_order *order = order_at(taking, seq);
    return order == NULL ? NULL : &taking->replay->batches[order->batch];
}

static void
take_log(void *context, const bson_t *row)
{
    const struct taking *taking = context;
    struct bench_batch *batch = batch_at(taking, number(row, "_id"));
    if (batch != NULL) {
        rows_add(&batch->log, bson_copy(row), NULL);
        taking->replay->n_commits++;
    }
}

static void
take_past(void *context, const bson_t *row)
{
    struct bench_batch *batch = batch_at(context, number(row, "until"));
    if (batch != NULL) {
        rows_add(&batch->past, bson_copy(row), NULL);
    }
}

static void
take_present(void *context, const bson_t *row)
{
    struct taking *taking = context;
    int64_t seq = number(row, "seq");
    const struct bench_order *order = order_at(taking, seq);
    struct bench_batch *batch = batch_at(taking, seq);
    if (order == NULL) {
        return;
    }
    if (order->change.was == 0) {
        rows_add(&batch->inserts, bson_copy(row), NULL);
        return;
    }
    bson_t *filter = bson_new();
    BSON_APPEND_UTF8(filter, "_id", order->id);
    BSON_APPEND_INT64(filter, "seq", order->change.was);
    rows_add(&batch->replaces, bson_copy(row), filter);
}

static int
compare_rows(const void *left, const void *right)
{
    int64_t a = number(*(bson_t *const *)left, "_id");
    int64_t b = number(*(bson_t *const *)right, "_id");
    return (a > b) - (a < b);
}

void
bench_replay_take(mongoc_client_t *client, const char *database,
                  const struct bench_orders *orders, struct bench_replay *out)
{
    struct taking taking = {orders, out};
    *out = (struct bench_replay){.n = orders->n_batches};
    out->batches = calloc(out->n, sizeof out->batches[0]);
    if (out->batches == NULL) {
        abort();
    }
    each_row(client, database, "log", take_log, &taking);
    each_row(client, database, "order_past", take_past, &taking);
    each_row(client, database, "order", take_present, &taking);
    /* Servers answer in an order of their own; the log is written in its. */
    for (size_t i = 0; i < out->n; i++) {
        struct bench_rows *log = &out->batches[i].log;
        qsort(log->rows, log->n, sizeof(bson_t *), compare_rows);
    }
    if (out->n_commits != orders->n_ended[STATUS_OK]) {
        bench_die("%zu commits of %zu were found", out->n_commits,
                  orders->n_ended[STATUS_OK]);
    }
}

/* ---- Writing ---- */

struct target {
    mongoc_collection_t *log, *past, *present;
};

static void
insert(mongoc_collection_t *into, const struct bench_rows *rows, bool is_ordered)
{
    bson_error_t error;
    bson_t options = BSON_INITIALIZER;
    if (rows->n == 0) {
        return;
    }
    BSON_APPEND_BOOL(&options, "ordered", is_ordered);
    if (!mongoc_collection_insert_many(into, (const bson_t **)rows->rows, rows->n,
                                       &options, NULL, &error)) {
        bench_die("a bare insert failed: %s", error.message);
    }
    bson_destroy(&options);
}

static void
replace(mongoc_collection_t *into, const struct bench_rows *rows)
{
    bson_error_t error;
    bson_t options = BSON_INITIALIZER;
    if (rows->n == 0) {
        return;
    }
    BSON_APPEND_BOOL(&options, "ordered", false);
    mongoc_bulk_operation_t *bulk =
        mongoc_collection_create_bulk_operation_with_opts(into, &options);
    for (size_t i = 0; i < rows->n; i++) {
        (void)mongoc_bulk_operation_replace_one_with_opts(bulk, rows->filters[i],
                                                          rows->rows[i], NULL, NULL);
    }
    bson_t reply;
    if (mongoc_bulk_operation_execute(bulk, &reply, &error) == 0 ||
        number(&reply, "nMatched") != (int64_t)rows->n) {
        bench_die("a bare replace failed: %s", error.message);
    }
    bson_destroy(&reply);
    bson_destroy(&options);
    mongoc_bulk_operation_destroy(bulk);
}

double
bench_replay_run(mongoc_client_t *client, const char *database,
                 const struct bench_replay *replay)
{
    struct target to = {mongoc_client_get_collection(client, database, "log"),
                        mongoc_client_get_collection(client, database, "order_past"),
                        mongoc_client_get_collection(client, database, "order")};
    int64_t began_ns = bench_now_ns();
    for (size_t i = 0; i < replay->n; i++) {
        insert(to.log, &replay->batches[i].log, true);
        insert(to.past, &replay->batches[i].past, false);
        insert(to.present, &replay->batches[i].inserts, false);
        replace(to.present, &replay->batches[i].replaces);
    }
    double took_s = (double)(bench_now_ns() - began_ns) / 1e9;
    mongoc_collection_destroy(to.log);
    mongoc_collection_destroy(to.past);
    mongoc_collection_destroy(to.present);
    return (double)replay->n_commits / took_s;
}

static void
rows_free(struct bench_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++) {
        bson_destroy(rows->rows[i]);
        bson_destroy(rows->filters[i]);
    }
    free(rows->rows);
    free(rows->filters);
}

void
bench_replay_free(struct bench_replay *replay)
{
    for (size_t i = 0; i < replay->n; i++) {
        rows_free(&replay->batches[i].log);
        rows_free(&replay->batches[i].past);
        rows_free(&replay->batches[i].inserts);
        rows_free(&replay->batches[i].replaces);
    }
    free(replay->batches);
    *replay = (struct bench_replay){.n = 0};
}
