#include <stdlib.h>
#include <string.h>

#include "store/mongo.h"

/*
 * The base of a trimmed log: its head is a row of `state`, its documents are a
 * collection, base_a or base_b: {_id: kind/id, kind, id, body}. The next base is made
 * in the other one, out of a copy of the first, and the head, which says which counts,
 * is replaced last: so there is always one whole base.
 */
enum { CHUNK = 500 };

static mongoc_collection_t *
base_side(struct mongo_conn *conn, char side)
{
    char name[] = "base_a";
    name[sizeof name - 2] = side;
    return mongoc_client_get_collection(conn->client, conn->db->database, name);
}

/* ---- Reading ---- */

struct base_take {
    struct arena *arena;
    struct bytes *body;
    char side;
    bool is_there;
};

static bool
take_body(void *context, const bson_t *row)
{
    struct base_take *take = context;
    bson_iter_t iter;
    if (bson_iter_init_find(&iter, row, "side") && BSON_ITER_HOLDS_UTF8(&iter)) {
        take->side = bson_iter_utf8(&iter, NULL)[0];
    }
    take->is_there =
        bson_iter_init_find(&iter, row, "body") && BSON_ITER_HOLDS_BINARY(&iter);
    if (take->is_there) {
        *take->body = mongo_bytes(&iter, take->arena);
    }
    return false;
}

static enum status
find_body(struct mongo_conn *conn, const struct mongo_query *query,
          struct base_take *take)
{
    enum status status = mongo_find(conn, query, take_body, take);
    return status == STATUS_OK && !take->is_there ? STATUS_NOT_FOUND : status;
}

enum status
mongo_base(void *reader, struct arena *arena, struct bytes *body)
{
    struct mongo_conn *conn = reader;
    struct base_take take = {.arena = arena, .body = body};
    bson_t filter = BSON_INITIALIZER;
    BSON_APPEND_UTF8(&filter, "_id", "base");
    const struct mongo_query query = {
        .collection = mongo_fixed(conn, MONGO_STATE), .filter = &filter, .limit = 1};
    enum status status = find_body(conn, &query, &take);
    bson_destroy(&filter);
    /* Which side counts changes only in maintenance, which is alone. */
    if (status == STATUS_OK && conn == &conn->db->writer) {
        conn->db->base_side = take.side;
    }
    return status;
}

/* The side a reader sees: the writer that of the open batch, once it makes one. */
static mongoc_collection_t *
base_seen(struct mongo_conn *conn)
{
    const struct mongo *db = conn->db;
    bool is_making = conn == &db->writer && db->batch.base_side != '\0';
    return base_side(conn, is_making ? db->batch.base_side : db->base_side);
}

static void
append_id(bson_t *row, const char *kind, const char *id)
{
    char *name = bson_strdup_printf("%s/%s", kind, id);
    BSON_APPEND_UTF8(row, "_id", name);
    bson_free(name);
}

enum status
mongo_base_get(void *reader, const char *kind, const char *id, struct arena *arena,
               struct bytes *body)
{
    struct base_take take = {.arena = arena, .body = body};
    bson_t filter = BSON_INITIALIZER;
    append_id(&filter, kind, id);
    mongoc_collection_t *side = base_seen(reader);
    const struct mongo_query query = {
        .collection = side, .filter = &filter, .limit = 1};
    enum status status = find_body(reader, &query, &take);
    mongoc_collection_destroy(side);
    bson_destroy(&filter);
    return status;
}

enum status
mongo_base_next(void *reader, const char *kind, const char *id, struct arena *arena,
                struct bytes *body)
{
    struct base_take take = {.arena = arena, .body = body};
    bson_t *filter = BCON_NEW("$or", "[", "{", "kind", BCON_UTF8(kind), "id", "{",
                              "$gt", BCON_UTF8(id), "}", "}", "{", "kind", "{", "$gt",
                              BCON_UTF8(kind), "}", "}", "]");
    bson_t *sort = BCON_NEW("kind", BCON_INT32(1), "id", BCON_INT32(1));
    mongoc_collection_t *side = base_seen(reader);
    const struct mongo_query query = {
        .collection = side, .filter = filter, .sort = sort, .limit = 1};
    enum status status = find_body(reader, &query, &take);
    mongoc_collection_destroy(side);
    bson_destroy(filter);
    bson_destroy(sort);
    return status;
}

/* ---- Making ---- */

/* Rows on their way to the other side. */
struct copy {
    struct mongo *db;
    mongoc_collection_t *to;
    bson_t *rows[CHUNK];
    size_t n;
    enum status status;
};

static void
copy_send(struct copy *copy)
{
    bson_error_t error;
    if (copy->n > 0 && copy->status == STATUS_OK &&
        !mongoc_collection_insert_many(copy->to, (const bson_t **)copy->rows, copy->n,
                                       NULL, NULL, &error)) {
        copy->status = mongo_failed(copy->db, "write a base", &error);
    }
    for (size_t i = 0; i < copy->n; i++) {
        bson_destroy(copy->rows[i]);
    }
    copy->n = 0;
}

static bool
copy_row(void *context, const bson_t *row)
{
    struct copy *copy = context;
    copy->rows[copy->n++] = bson_copy(row);
    if (copy->n == CHUNK) {
        copy_send(copy);
    }
    return copy->status == STATUS_OK;
}

static enum status
copy_base(struct mongo *db, char from, mongoc_collection_t *to)
{
    struct copy *copy = calloc(1, sizeof *copy);
    bson_t all = BSON_INITIALIZER;
    if (copy == NULL) {
        abort();
    }
    *copy = (struct copy){.db = db, .to = to};
    mongoc_collection_t *side = base_side(&db->writer, from);
    const struct mongo_query query = {.collection = side, .filter = &all};
    enum status status = mongo_find(&db->writer, &query, copy_row, copy);
    copy_send(copy);
    status = status == STATUS_OK ? copy->status : status;
    mongoc_collection_destroy(side);
    bson_destroy(&all);
    free(copy);
    return status;
}

/* What a maintenance that was broken off left on the other side goes first. */
static enum status
base_begin(struct mongo *db)
{
    if (db->batch.base_side != '\0') {
        return STATUS_OK;
    }
    char side = db->base_side == 'a' ? 'b' : 'a';
    mongoc_collection_t *to = base_side(&db->writer, side);
    enum status status = mongo_drop(db, to);
    if (status == STATUS_OK) {
        status = mongo_index_base(db, mongoc_collection_get_name(to));
    }
    if (status == STATUS_OK && db->base_side != '\0') {
        status = copy_base(db, db->base_side, to);
    }
    mongoc_collection_destroy(to);
    if (status == STATUS_OK) {
        db->batch.base_side = side;
    }
    return status;
}

enum status
mongo_base_put(void *db, const char *kind, const char *id, struct bytes body)
{
    struct mongo *self = db;
    bson_error_t error;
    bson_t filter = BSON_INITIALIZER;
    bson_t row = BSON_INITIALIZER;
    bson_t *upsert = BCON_NEW("upsert", BCON_BOOL(true));
    /* What an erasure removes is removed in the log before the base loses it: broken
     * off between them, no present document is without content. */
    enum status status = mongo_bulk_log(self);
    if (status == STATUS_OK) {
        status = base_begin(self);
    }
    append_id(&filter, kind, id);
    append_id(&row, kind, id);
    BSON_APPEND_UTF8(&row, "kind", kind);
    BSON_APPEND_UTF8(&row, "id", id);
    BSON_APPEND_BINARY(&row, "body", BSON_SUBTYPE_BINARY, body.data,
                       (uint32_t)body.size);
    if (status == STATUS_OK) {
        mongoc_collection_t *side = base_seen(&self->writer);
        bool is_put =
            mongoc_collection_replace_one(side, &filter, &row, upsert, NULL, &error);
        status = is_put ? STATUS_OK : mongo_failed(self, "write a base", &error);
        mongoc_collection_destroy(side);
    }
    bson_destroy(&filter);
    bson_destroy(&row);
    bson_destroy(upsert);
    return status;
}

enum status
mongo_base_remove(void *db, const char *kind, const char *id)
{
    struct mongo *self = db;
    bson_error_t error;
    bson_t filter = BSON_INITIALIZER;
    enum status status = base_begin(self);
    append_id(&filter, kind, id);
    if (status == STATUS_OK) {
        mongoc_collection_t *side = base_seen(&self->writer);
        bool is_gone = mongoc_collection_delete_one(side, &filter, NULL, NULL, &error);
        status = is_gone ? STATUS_OK : mongo_failed(self, "write a base", &error);
        mongoc_collection_destroy(side);
    }
    bson_destroy(&filter);
    return status;
}

enum status
mongo_base_set(void *db, struct bytes body)
{
    struct mongo *self = db;
    bson_t row = BSON_INITIALIZER;
    enum status status = base_begin(self);
    const char side[] = {self->batch.base_side, '\0'};
    BSON_APPEND_UTF8(&row, "_id", "base");
    BSON_APPEND_UTF8(&row, "side", side);
    BSON_APPEND_BINARY(&row, "body", BSON_SUBTYPE_BINARY, body.data,
                       (uint32_t)body.size);
    if (status == STATUS_OK) {
        status = mongo_put(&self->writer, MONGO_STATE, "base", &row);
    }
    bson_destroy(&row);
    if (status == STATUS_OK) {
        self->base_side = side[0];
        self->batch.base_side = '\0';
    }
    return status;
}

/* What was put under a head that stays counts from now on, too. */
enum status
mongo_base_end(struct mongo *db)
{
    struct bytes body;
    if (db->batch.base_side == '\0') {
        return STATUS_OK;
    }
    struct arena *arena = arena_new();
    char side = db->batch.base_side;
    enum status status = mongo_base(&db->writer, arena, &body);
    db->batch.base_side = side;
    if (status == STATUS_OK) {
        status = mongo_base_set(db, body);
    }
    arena_free(arena);
    return status;
}
