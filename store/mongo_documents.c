#include <stdlib.h>

#include "store/mongo.h"

/*
 * Documents are written behind the log, first what was, then what is: whoever reads in
 * between finds the older version twice, never not at all. Writing the same again does
 * no harm, and an older version never replaces a newer one: a row is replaced only
 * where it is the one that was read.
 */
enum {
    N_TRIES = 8,
    ROOM = 512,
    PLACE_SIZE = 16,
};

/* Rows for one command. */
struct rows {
    bson_t **rows;
    size_t n;
    size_t room;
};

static bson_t *
rows_add(struct rows *rows)
{
    if (rows->n == rows->room) {
        rows->room = 2 * rows->room + ROOM;
        rows->rows = realloc(rows->rows, rows->room * sizeof rows->rows[0]);
        if (rows->rows == NULL) {
            abort();
        }
    }
    bson_t *row = bson_new();
    rows->rows[rows->n++] = row;
    return row;
}

static void
rows_done(struct rows *rows)
{
    for (size_t i = 0; i < rows->n; i++) {
        bson_destroy(rows->rows[i]);
    }
    free(rows->rows);
}

/* Inserts rows of which some may be there; others' answers do not matter. */
static enum status
rows_insert(struct mongo *db, mongoc_collection_t *collection, const struct rows *rows,
            bool *has_duplicates)
{
    bson_error_t error = {0};
    bson_t options = BSON_INITIALIZER;
    if (rows->n == 0) {
        return STATUS_OK;
    }
    BSON_APPEND_BOOL(&options, "ordered", false);
    BSON_APPEND_BOOL(&options, "validate", false);
    bool is_ok = mongoc_collection_insert_many(collection, (const bson_t **)rows->rows,
                                               rows->n, &options, NULL, &error);
    bson_destroy(&options);
    *has_duplicates = !is_ok && error.code == MONGOC_ERROR_DUPLICATE_KEY;
    return is_ok || *has_duplicates ? STATUS_OK
                                    : mongo_failed(db, "write documents", &error);
}

/* Where one was there already, the answer tells of that one only: each is asked for,
 * and those that were there are looked for. */
static enum status
rows_insert_each(struct mongo *db, mongoc_collection_t *collection,
                 const struct rows *rows)
{
    char room[PLACE_SIZE];
    const char *key;
    bson_iter_t id;
    bson_t range;
    bson_t array;
    bson_t filter = BSON_INITIALIZER;
    uint32_t n_met = 0;
    enum status status = STATUS_OK;
    BSON_APPEND_DOCUMENT_BEGIN(&filter, "_id", &range);
    BSON_APPEND_ARRAY_BEGIN(&range, "$in", &array);
    for (size_t i = 0; i < rows->n && status == STATUS_OK; i++) {
        bson_error_t error = {0};
        bool is_new =
            mongoc_collection_insert_one(collection, rows->rows[i], NULL, NULL, &error);
        if (!is_new && error.code != MONGOC_ERROR_DUPLICATE_KEY) {
            status = mongo_failed(db, "write documents", &error);
        } else if (!is_new && bson_iter_init_find(&id, rows->rows[i], "_id")) {
            size_t size = bson_uint32_to_string(n_met++, &key, room, sizeof room);
            bson_append_iter(&array, key, (int)size, &id);
        }
    }
    bson_append_array_end(&range, &array);
    bson_append_document_end(&filter, &range);
    if (status == STATUS_OK && n_met > 0) {
        status = mongo_await(&db->writer, collection, &filter, n_met);
    }
    bson_destroy(&filter);
    return status;
}

/* What a row is made with is given back first: many rows then touch little memory. */
static void
node_write(const struct mongo_node *node, struct arena *arena, bson_t *row)
{
    arena_reset(arena);
    if (node->is_there) {
        mongo_version_write(node->kind, &node->version, arena, row);
    } else {
        mongo_version_write_gone(node->id, node->changed_seq, row);
    }
}

/* ---- One at a time, where others were at it ---- */

/* The position of the row that is there; 0 = none. */
static bool
take_seq(void *context, const bson_t *row)
{
    int64_t *seq = context;
    bson_iter_t iter;
    *seq = bson_iter_init_find(&iter, row, "seq") ? bson_iter_as_int64(&iter) : 0;
    return false;
}

static enum status
stored_seq(struct mongo *db, const struct mongo_node *node, int64_t *seq)
{
    bson_t filter = BSON_INITIALIZER;
    *seq = 0;
    BSON_APPEND_UTF8(&filter, "_id", node->id);
    const struct mongo_query query = {.collection =
                                          mongo_kind(&db->writer, node->kind, false),
                                      .filter = &filter,
                                      .limit = 1};
    enum status status = mongo_find(&db->writer, &query, take_seq, seq);
    bson_destroy(&filter);
    return status;
}

/* Puts a row in the place of the one of this position, 0 = of none. What others did
 * first is no error: the next look sees it. */
static enum status
node_swap(struct mongo *db, const struct mongo_node *node, int64_t seq,
          const bson_t *row)
{
    bson_error_t error = {0};
    bson_t filter = BSON_INITIALIZER;
    mongoc_collection_t *collection = mongo_kind(&db->writer, node->kind, false);
    BSON_APPEND_UTF8(&filter, "_id", node->id);
    BSON_APPEND_INT64(&filter, "seq", seq);
    bool is_ok = seq == 0
                     ? mongoc_collection_insert_one(collection, row, NULL, NULL, &error)
                     : mongoc_collection_replace_one(collection, &filter, row, NULL,
                                                     NULL, &error);
    bson_destroy(&filter);
    return is_ok || error.code == MONGOC_ERROR_DUPLICATE_KEY
               ? STATUS_OK
               : mongo_failed(db, "write a document", &error);
}

/* Until what is there is ours or newer. */
static enum status
node_push(struct mongo *db, const struct mongo_node *node, struct arena *arena)
{
    int64_t seq = 0;
    bson_t row = BSON_INITIALIZER;
    node_write(node, arena, &row);
    enum status status = stored_seq(db, node, &seq);
    for (size_t i = 0; i < N_TRIES && status == STATUS_OK; i++) {
        if (seq >= node->changed_seq) {
            break;
        }
        if (i > 1) {
            mongo_rest();
        }
        status = node_swap(db, node, seq, &row);
        if (status == STATUS_OK) {
            status = stored_seq(db, node, &seq);
        }
    }
    bson_destroy(&row);
    return status == STATUS_OK && seq < node->changed_seq ? STATUS_UNAVAILABLE : status;
}

static enum status
kind_push_each(struct mongo *db, const struct kind *kind, struct arena *arena)
{
    enum status status = STATUS_OK;
    const struct mongo_node *node = mongo_seen_changed(db->writer.seen);
    for (; node != NULL && status == STATUS_OK; node = node->next_changed) {
        if (node->kind == kind) {
            status = node_push(db, node, arena);
        }
    }
    return status;
}

/* ---- All of a kind at once ---- */

static enum status
kind_push_past(struct mongo *db, const struct kind *kind, struct arena *arena)
{
    struct rows rows = {.rows = NULL};
    bool has_duplicates = false;
    const struct mongo_node *node = mongo_seen_changed(db->writer.seen);
    for (; node != NULL; node = node->next_changed) {
        const struct mongo_past *past = node->kind == kind ? node->past : NULL;
        for (; past != NULL; past = past->next) {
            arena_reset(arena);
            mongo_version_write(kind, &past->version, arena, rows_add(&rows));
        }
    }
    mongoc_collection_t *collection = mongo_kind(&db->writer, kind, true);
    enum status status = rows_insert(db, collection, &rows, &has_duplicates);
    if (has_duplicates) {
        status = rows_insert_each(db, collection, &rows);
    }
    rows_done(&rows);
    return status;
}

static enum status
kind_push_new(struct mongo *db, const struct kind *kind, struct arena *arena,
              bool *is_met)
{
    struct rows rows = {.rows = NULL};
    const struct mongo_node *node = mongo_seen_changed(db->writer.seen);
    for (; node != NULL; node = node->next_changed) {
        if (node->kind == kind && node->stored_seq == 0) {
            node_write(node, arena, rows_add(&rows));
        }
    }
    enum status status =
        rows_insert(db, mongo_kind(&db->writer, kind, false), &rows, is_met);
    rows_done(&rows);
    return status;
}

static size_t
add_replacements(struct mongo *db, const struct kind *kind, struct arena *arena,
                 mongoc_bulk_operation_t *bulk)
{
    size_t n = 0;
    bson_t options = BSON_INITIALIZER;
    const struct mongo_node *node = mongo_seen_changed(db->writer.seen);
    BSON_APPEND_BOOL(&options, "validate", false);
    for (; node != NULL; node = node->next_changed) {
        if (node->kind != kind || node->stored_seq == 0) {
            continue;
        }
        bson_t filter = BSON_INITIALIZER;
        bson_t row = BSON_INITIALIZER;
        BSON_APPEND_UTF8(&filter, "_id", node->id);
        BSON_APPEND_INT64(&filter, "seq", node->stored_seq);
        node_write(node, arena, &row);
        (void)mongoc_bulk_operation_replace_one_with_opts(bulk, &filter, &row, &options,
                                                          NULL);
        bson_destroy(&filter);
        bson_destroy(&row);
        n++;
    }
    bson_destroy(&options);
    return n;
}

static enum status
kind_push_replaced(struct mongo *db, const struct kind *kind, struct arena *arena,
                   bool *is_met)
{
    bson_error_t error = {0};
    bson_t reply = BSON_INITIALIZER;
    bson_t options = BSON_INITIALIZER;
    bson_iter_t iter;
    enum status status = STATUS_OK;
    BSON_APPEND_BOOL(&options, "ordered", false);
    mongoc_bulk_operation_t *bulk = mongoc_collection_create_bulk_operation_with_opts(
        mongo_kind(&db->writer, kind, false), &options);
    size_t n = add_replacements(db, kind, arena, bulk);
    if (n > 0) {
        bson_destroy(&reply);
        bool is_ok = mongoc_bulk_operation_execute(bulk, &reply, &error) != 0;
        bool is_counted = bson_iter_init_find(&iter, &reply, "nMatched");
        *is_met = !is_counted || bson_iter_as_int64(&iter) != (int64_t)n;
        status = is_ok ? STATUS_OK : mongo_failed(db, "write documents", &error);
    }
    mongoc_bulk_operation_destroy(bulk);
    bson_destroy(&reply);
    bson_destroy(&options);
    return status;
}

static enum status
kind_push(struct mongo *db, const struct kind *kind, struct arena *arena)
{
    bool has_met_new = false;
    bool has_met_replaced = false;
    enum status status = STATUS_OK;
    if (kind->has_history) {
        status = kind_push_past(db, kind, arena);
    }
    if (status == STATUS_OK) {
        status = kind_push_new(db, kind, arena, &has_met_new);
    }
    if (status == STATUS_OK) {
        status = kind_push_replaced(db, kind, arena, &has_met_replaced);
    }
    bool is_met = has_met_new || has_met_replaced;
    db->batch.is_outdone = db->batch.is_outdone || is_met;
    return status == STATUS_OK && is_met ? kind_push_each(db, kind, arena) : status;
}

static bool
has_changes(const struct mongo *db, const struct kind *kind)
{
    const struct mongo_node *node = mongo_seen_changed(db->writer.seen);
    while (node != NULL && node->kind != kind) {
        node = node->next_changed;
    }
    return node != NULL;
}

enum status
mongo_documents_push(struct mongo *db)
{
    enum status status = STATUS_OK;
    struct arena *arena = arena_new();
    if (arena == NULL) {
        abort();
    }
    for (size_t i = 0; i < db->open.n_kinds && status == STATUS_OK; i++) {
        const struct kind *kind = &db->open.kinds[i];
        if (has_changes(db, kind)) {
            status = kind_push(db, kind, arena);
        }
    }
    arena_free(arena);
    return status;
}
