#include <stdlib.h>

#include "store/mongo.h"

/* The server gives up a find that takes longer, so that nothing piles up there. */
enum { MAX_TIME_MS = 10000 };

static const char *const fixed_names[MONGO_FIXED_END] = {
    [MONGO_LOG] = "log",     [MONGO_HISTORIES] = "histories", [MONGO_SOFT] = "soft",
    [MONGO_STATE] = "state", [MONGO_BROKERS] = "brokers",
};

enum status
mongo_conn_open(struct mongo *db, struct mongo_conn *conn)
{
    *conn = (struct mongo_conn){.db = db};
    conn->client = mongoc_client_pool_pop(db->pool);
    if (conn->client == NULL) {
        failure_set(db->open.failure, "%s: all connections are taken", db->open.path);
        return STATUS_UNAVAILABLE;
    }
    conn->kinds = calloc(2 * db->open.n_kinds, sizeof conn->kinds[0]);
    conn->ahead.arena = arena_new();
    conn->seen = mongo_seen_new();
    if (conn->kinds == NULL || conn->ahead.arena == NULL) {
        abort();
    }
    return STATUS_OK;
}

void
mongo_conn_close(struct mongo_conn *conn)
{
    if (conn->client == NULL) {
        return;
    }
    for (size_t i = 0; i < MONGO_FIXED_END; i++) {
        mongoc_collection_destroy(conn->fixed[i]);
    }
    for (size_t i = 0; i < 2 * conn->db->open.n_kinds; i++) {
        mongoc_collection_destroy(conn->kinds[i]);
    }
    free(conn->kinds);
    arena_free(conn->ahead.arena);
    mongo_seen_free(conn->seen);
    mongoc_client_pool_push(conn->db->pool, conn->client);
    conn->client = NULL;
}

mongoc_collection_t *
mongo_fixed(struct mongo_conn *conn, enum mongo_fixed which)
{
    if (conn->fixed[which] == NULL) {
        conn->fixed[which] = mongoc_client_get_collection(
            conn->client, conn->db->database, fixed_names[which]);
    }
    return conn->fixed[which];
}

mongoc_collection_t *
mongo_kind(struct mongo_conn *conn, const struct kind *kind, bool is_past)
{
    size_t place = 2 * (size_t)(kind - conn->db->open.kinds) + (is_past ? 1 : 0);
    if (conn->kinds[place] == NULL) {
        char *name = bson_strdup_printf("%s%s", kind->name, is_past ? "_past" : "");
        conn->kinds[place] =
            mongoc_client_get_collection(conn->client, conn->db->database, name);
        bson_free(name);
    }
    return conn->kinds[place];
}

enum status
mongo_failed(struct mongo *db, const char *doing, const bson_error_t *error)
{
    failure_set(db->open.failure, "%s: cannot %s: %s", db->open.path, doing,
                error->message);
    db->open.gone(db->open.gone_context);
    return STATUS_UNAVAILABLE;
}

static void
query_options(const struct mongo_query *query, bson_t *out)
{
    BSON_APPEND_INT64(out, "maxTimeMS", MAX_TIME_MS);
    if (query->sort != NULL) {
        BSON_APPEND_DOCUMENT(out, "sort", query->sort);
    }
    if (query->fields != NULL) {
        BSON_APPEND_DOCUMENT(out, "projection", query->fields);
    }
    /* All in the first answer: a second round trip costs more than its memory. */
    if (query->limit > 0) {
        BSON_APPEND_INT64(out, "limit", query->limit);
        BSON_APPEND_INT32(out, "batchSize", (int32_t)query->limit);
    }
}

/* Who takes what is found, and how much that was. */
struct taking {
    mongo_take_fn take;
    void *context;
    size_t n;
};

static bool
find_once(const struct mongo_query *query, const bson_t *options, struct taking *taking,
          bson_error_t *error)
{
    const bson_t *document = NULL;
    bool has_room = true;
    mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(
        query->collection, query->filter, options, NULL);
    while (has_room && mongoc_cursor_next(cursor, &document)) {
        taking->n++;
        has_room = taking->take(taking->context, document);
    }
    bool is_failed = mongoc_cursor_error(cursor, error);
    mongoc_cursor_destroy(cursor);
    return !is_failed;
}

/* A reader does not wait for a server that others found away: it would hold a thread
 * for seconds. The writer's connection is the one that looks again, and the one that
 * settles a new primary. */
enum status
mongo_find(struct mongo_conn *conn, const struct mongo_query *query, mongo_take_fn take,
           void *context)
{
    bson_error_t error;
    bson_t options = BSON_INITIALIZER;
    struct taking taking = {.take = take, .context = context};
    struct mongo *db = conn->db;
    bool is_writer = conn == &db->writer;
    bool is_refused =
        is_writer ? db->batch.is_failed
                  : atomic_load(db->open.is_away) || !mongo_primary_is_settled(db);
    if (is_refused) {
        return STATUS_UNAVAILABLE;
    }
    query_options(query, &options);
    bool is_failed = !find_once(query, &options, &taking, &error);
    /* A server that answers with an error may be a moment from answering well. */
    if (is_failed && error.domain == MONGOC_ERROR_SERVER && taking.n == 0) {
        is_failed = !find_once(query, &options, &taking, &error);
    }
    bson_destroy(&options);
    if (is_failed) {
        /* Once a batch: each of its works would wait as long. */
        if (is_writer) {
            db->batch.is_failed = true;
        }
        return mongo_failed(db, "read", &error);
    }
    return is_writer || mongo_primary_is_settled(db) ? STATUS_OK : STATUS_UNAVAILABLE;
}

static bool
take_counted(void *context, const bson_t *row)
{
    size_t *n = context;
    (void)row;
    (*n)++;
    return true;
}

/* It mostly is there a moment later. */
enum status
mongo_await(struct mongo_conn *conn, mongoc_collection_t *collection,
            const bson_t *filter, size_t n_wanted)
{
    enum { N_LOOKS = 40 };
    struct mongo *db = conn->db;
    bson_t *fields = BCON_NEW("_id", BCON_INT32(1));
    const struct mongo_query query = {
        .collection = collection, .filter = filter, .fields = fields};
    size_t n = 0;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < N_LOOKS && status == STATUS_OK && n < n_wanted; i++) {
        if (i > 0) {
            mongo_rest();
        }
        n = 0;
        status = mongo_find(conn, &query, take_counted, &n);
    }
    bson_destroy(fields);
    if (status == STATUS_OK && n < n_wanted) {
        failure_set(db->open.failure,
                    "%s: what is stored is not on a majority of the set yet",
                    db->open.path);
        return STATUS_UNAVAILABLE;
    }
    return status;
}

enum status
mongo_put(struct mongo_conn *conn, enum mongo_fixed which, const char *id,
          const bson_t *document)
{
    bson_error_t error;
    bson_t filter = BSON_INITIALIZER;
    bson_t options = BSON_INITIALIZER;
    BSON_APPEND_UTF8(&filter, "_id", id);
    BSON_APPEND_BOOL(&options, "upsert", true);
    bool is_put = mongoc_collection_replace_one(mongo_fixed(conn, which), &filter,
                                                document, &options, NULL, &error);
    bson_destroy(&filter);
    bson_destroy(&options);
    return is_put ? STATUS_OK : mongo_failed(conn->db, "write", &error);
}
