#include <stdlib.h>
#include <string.h>

#include "proto/wire.h"
#include "store/mongo.h"

/*
 * Taking away: content that was erased, and what a trim leaves behind. Rows are removed
 * by _id, some at a time; broken off, the same again ends it. The server's own files
 * keep bytes until it writes over them, and its oplog and its backups keep them longer:
 * that is the server's to say.
 */
enum { CHUNK = 500 };

/* ---- Removing ---- */

/* The _id of rows that go. */
struct doomed {
    bson_t *filters[CHUNK];
    size_t n;
};

static bool
take_doomed(void *context, const bson_t *row)
{
    struct doomed *doomed = context;
    bson_iter_t iter;
    if (bson_iter_init_find(&iter, row, "_id")) {
        bson_t *filter = bson_new();
        bson_append_iter(filter, "_id", -1, &iter);
        doomed->filters[doomed->n++] = filter;
    }
    return doomed->n < CHUNK;
}

static enum status
doomed_send(struct mongo *db, mongoc_collection_t *collection, struct doomed *doomed)
{
    bson_error_t error = {0};
    bool is_ok = true;
    mongoc_bulk_operation_t *bulk =
        mongoc_collection_create_bulk_operation_with_opts(collection, NULL);
    for (size_t i = 0; i < doomed->n; i++) {
        (void)mongoc_bulk_operation_remove_one_with_opts(bulk, doomed->filters[i], NULL,
                                                         NULL);
        bson_destroy(doomed->filters[i]);
    }
    if (doomed->n > 0) {
        is_ok = mongoc_bulk_operation_execute(bulk, NULL, &error) != 0;
    }
    mongoc_bulk_operation_destroy(bulk);
    return is_ok ? STATUS_OK : mongo_failed(db, "remove", &error);
}

/* All rows a filter finds. */
static enum status
remove_rows(struct mongo *db, mongoc_collection_t *collection, const bson_t *filter)
{
    bson_t *fields = BCON_NEW("_id", BCON_INT32(1));
    struct doomed *doomed = calloc(1, sizeof *doomed);
    enum status status = STATUS_OK;
    if (doomed == NULL) {
        abort();
    }
    do {
        const struct mongo_query query = {.collection = collection,
                                          .filter = filter,
                                          .fields = fields,
                                          .limit = CHUNK};
        doomed->n = 0;
        status = mongo_find(&db->writer, &query, take_doomed, doomed);
        enum status sent = doomed_send(db, collection, doomed);
        status = status == STATUS_OK ? sent : status;
    } while (status == STATUS_OK && doomed->n == CHUNK);
    bson_destroy(fields);
    free(doomed);
    return status;
}

static bson_t *
up_to(const char *field, int64_t seq)
{
    return BCON_NEW(field, "{", "$lte", BCON_INT64(seq), "}");
}

/* Whoever opens the database follows its log from where documents are known to be
 * written: that must not be among what goes. Maintenance has written them all. */
static enum status
say_all_written(struct mongo *db)
{
    int64_t tail = 0;
    enum status status = mongo_tail(&db->writer, &tail);
    if (status != STATUS_OK) {
        return status;
    }
    db->written = tail > db->written ? tail : db->written;
    return mongo_say_written(db);
}

enum status
mongo_trim(void *db, int64_t seq)
{
    struct mongo *self = db;
    enum status said = say_all_written(self);
    if (said != STATUS_OK) {
        return said;
    }
    bson_t *log = up_to("_id", seq);
    bson_t *past = up_to("until", seq);
    enum status status = remove_rows(self, mongo_fixed(&self->writer, MONGO_LOG), log);
    for (size_t i = 0; i < self->open.n_kinds && status == STATUS_OK; i++) {
        const struct kind *kind = &self->open.kinds[i];
        if (kind->has_history) {
            status = remove_rows(self, mongo_kind(&self->writer, kind, true), past);
        }
    }
    bson_destroy(log);
    bson_destroy(past);
    return status;
}

/* ---- Erasing ---- */

/* Versions that would be written with the open batch are forgotten, too. */
static void
forget_pending(struct mongo *db, const struct kind *kind, const char *id, int64_t seq)
{
    struct mongo_node *node = mongo_seen_find(db->writer.seen, kind, id);
    struct mongo_past **past = node == NULL ? NULL : &node->past;
    while (past != NULL && *past != NULL) {
        if ((*past)->version.seq <= seq) {
            *past = (*past)->next;
        } else {
            past = &(*past)->next;
        }
    }
}

enum status
mongo_forget(void *db, const struct kind *kind, const char *id, int64_t seq)
{
    struct mongo *self = db;
    forget_pending(self, kind, id, seq);
    if (self->open.is_read_only) {
        return STATUS_OK;
    }
    bson_t *filter =
        BCON_NEW("id", BCON_UTF8(id), "seq", "{", "$lte", BCON_INT64(seq), "}");
    enum status status =
        remove_rows(self, mongo_kind(&self->writer, kind, true), filter);
    bson_destroy(filter);
    return status;
}

/* The one change of a log that is made of inserts; nobody else is there to see it
 * half done. */
enum status
mongo_log_replace(void *db, int64_t seq, struct bytes body)
{
    struct mongo *self = db;
    bson_error_t error;
    bson_iter_t iter;
    bson_t reply;
    struct wire_field eid = {.number = 0};
    struct mongo_append append = {.seq = seq, .body = body};
    if (wire_find(body, (const uint8_t[]){3}, 1, &eid) &&
        eid.content.size == STORE_EID_SIZE) {
        memcpy(append.eid, eid.content.data, STORE_EID_SIZE);
    }
    enum status status = mongo_bulk_log(self);
    if (status != STATUS_OK) {
        return status;
    }
    bson_t *row = mongo_log_row(&append);
    bson_t *filter = BCON_NEW("_id", BCON_INT64(seq));
    bool is_ok = mongoc_collection_replace_one(mongo_fixed(&self->writer, MONGO_LOG),
                                               filter, row, NULL, &reply, &error);
    bool is_there = bson_iter_init_find(&iter, &reply, "matchedCount") &&
                    bson_iter_as_int64(&iter) == 1;
    bson_destroy(&reply);
    bson_destroy(filter);
    bson_destroy(row);
    /* What was read ahead is what was there before. */
    mongo_ahead_drop(&self->writer);
    if (!is_ok) {
        return mongo_failed(self, "write the log", &error);
    }
    return is_there ? STATUS_OK : STATUS_NOT_FOUND;
}

enum status
mongo_scrub(void *db)
{
    (void)db;
    return STATUS_OK;
}

/* A database is no place for a file. */
const char *
mongo_journal(void *db, struct arena *arena)
{
    (void)db;
    (void)arena;
    return NULL;
}
