#include <stdlib.h>
#include <string.h>

#include "store/inner.h"
#include "store/mongo.h"

/*
 * A batch is gathered in memory and sent in this order: the numbers outside the log,
 * the log, the documents. The log decides; what is sent before it costs time where the
 * log then says no, and what is sent after it can be made from it.
 */

enum {
    /* Documents gathered before maintenance writes them. */
    BULK_DOCUMENTS = 512,
    /* Positions after which the database is told again how far documents are. */
    WRITTEN_STEP = 256,
};

static void
batch_empty(struct mongo *db)
{
    struct mongo_batch *batch = &db->batch;
    arena_reset(batch->arena);
    *batch = (struct mongo_batch){.arena = batch->arena, .last_seq = db->written};
}

/*
 * Documents that were read or written stay known as long as nobody else appends: only
 * what stands in the log changes them, and a batch stands only where the log ended as
 * this broker knows it. mongo_log_after forgets them when the log goes on by others.
 * Who only looks does not follow that closely, and looks anew.
 */
enum status
mongo_batch_begin(void *db)
{
    struct mongo *self = db;
    int64_t tail = 0;
    batch_empty(self);
    bool is_alone = self->open.is_maintenance || self->open.is_read_only;
    if (is_alone || mongo_seen_n_changed(self->writer.seen) > 0) {
        mongo_seen_clear(self->writer.seen);
    }
    enum status status = mongo_primary_settle(self);
    if (status != STATUS_OK || !self->open.is_maintenance) {
        return status;
    }
    /* A restore is what fills an empty log; other maintenance appends to one. */
    status = mongo_tail(&self->writer, &tail);
    self->is_filling = tail == 0;
    return status;
}

/* ---- Gathering ---- */

/* Maintenance may write a whole log at once: it goes in pieces, and a mark says that
 * the database is half made until the last. */
static enum status
bulk_mark(struct mongo *db, const char *work)
{
    if (!db->open.is_maintenance || db->batch.work != NULL) {
        return STATUS_OK;
    }
    db->batch.work = work;
    return mongo_state_mark(db, work);
}

/* Of maintenance there is nobody who could be in doubt: what is not known to stand
 * failed. */
enum status
mongo_bulk_log(struct mongo *db)
{
    struct mongo_batch *batch = &db->batch;
    if (batch->n_appends == 0) {
        return STATUS_OK;
    }
    enum status status = mongo_log_push(db);
    batch->n_appends = 0;
    batch->n_stood = 0;
    arena_reset(batch->arena);
    return status == STATUS_OK ? STATUS_OK : STATUS_UNAVAILABLE;
}

enum status
mongo_append(void *db, int64_t seq, const uint8_t *eid, struct bytes body)
{
    struct mongo *self = db;
    struct mongo_batch *batch = &self->batch;
    enum status status = self->is_filling ? bulk_mark(self, "restore") : STATUS_OK;
    if (status == STATUS_OK && batch->n_appends == STORE_BATCH_COMMITS) {
        status = self->open.is_maintenance ? mongo_bulk_log(self) : STATUS_INTERNAL;
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct mongo_append *append = &batch->appends[batch->n_appends++];
    *append = (struct mongo_append){.seq = seq};
    memcpy(append->eid, eid, STORE_EID_SIZE);
    append->body.data =
        (const uint8_t *)arena_copy_n(batch->arena, body.data, body.size);
    append->body.size = body.size;
    mongo_set_add(&self->eids, eid);
    batch->last_seq = seq;
    return STATUS_OK;
}

static enum status
bulk_push_documents(struct mongo *db)
{
    enum status status = mongo_documents_push(db);
    mongo_seen_clear(db->writer.seen);
    return status;
}

enum status
mongo_write(void *db, const struct kind *kind, const struct version *old,
            const struct version *next, int64_t seq)
{
    struct mongo *self = db;
    struct mongo_node *node = NULL;
    const char *id = next != NULL ? next->id : old->id;
    enum status status = mongo_node_get(&self->writer, kind, id, &node);
    if (status != STATUS_OK) {
        return status;
    }
    /* What has a row was met when it came to it. */
    if (node->stored_seq == 0) {
        mongo_heart_add_document(self, kind, id);
    }
    mongo_seen_change(self->writer.seen, node, next, seq);
    self->batch.last_seq = seq > self->batch.last_seq ? seq : self->batch.last_seq;
    bool is_full = self->open.is_maintenance &&
                   mongo_seen_n_changed(self->writer.seen) >= BULK_DOCUMENTS;
    return is_full ? bulk_push_documents(self) : STATUS_OK;
}

enum status
mongo_soft_put(void *db, const char *key, int64_t value)
{
    struct mongo *self = db;
    struct mongo_batch *batch = &self->batch;
    struct mongo_soft *soft = arena_alloc(batch->arena, sizeof *soft);
    *soft = (struct mongo_soft){
        .key = arena_copy(batch->arena, key), .value = value, .next = batch->softs};
    batch->softs = soft;
    return STATUS_OK;
}

/* Two brokers may begin a new database at the same time, and a restore finds the first
 * history, which every database has. */
enum status
mongo_history_put(void *db, const Kontor__V1__History *history)
{
    struct mongo *self = db;
    bson_error_t error;
    bson_t row = BSON_INITIALIZER;
    bson_t filter = BSON_INITIALIZER;
    enum status status = STATUS_OK;
    mongoc_collection_t *collection = mongo_fixed(&self->writer, MONGO_HISTORIES);
    BSON_APPEND_INT64(&filter, "_id", history->first_seq);
    BSON_APPEND_INT64(&row, "_id", history->first_seq);
    BSON_APPEND_DATE_TIME(&row, "started_at", store_time_ms(history->started_at));
    BSON_APPEND_INT64(&row, "last_common_seq", history->last_common_seq);
    bool is_put = mongoc_collection_insert_one(collection, &row, NULL, NULL, &error);
    if (!is_put && error.code == MONGOC_ERROR_DUPLICATE_KEY) {
        status = mongo_await(&self->writer, collection, &filter, 1);
    } else if (!is_put) {
        status = mongo_failed(self, "write a history", &error);
    }
    bson_destroy(&filter);
    bson_destroy(&row);
    return status;
}

enum status
mongo_clear_documents(void *db)
{
    struct mongo *self = db;
    enum status status = bulk_mark(self, "rebuild");
    if (status == STATUS_OK) {
        status = mongo_state_drop(self, false);
    }
    return status == STATUS_OK ? mongo_state_index(self) : status;
}

/* ---- Sending ---- */

/* Of several values of a key the newest counts, which comes first. */
static bool
is_outdone(const struct mongo_soft *first, const struct mongo_soft *soft)
{
    while (first != soft && strcmp(first->key, soft->key) != 0) {
        first = first->next;
    }
    return first != soft;
}

static enum status
soft_push(struct mongo *db, const struct mongo_soft *soft)
{
    bson_error_t error;
    bson_t row = BSON_INITIALIZER;
    enum status status = STATUS_OK;
    BSON_APPEND_UTF8(&row, "_id", soft->key);
    if (soft->value == INT64_MIN) {
        bool is_removed = mongoc_collection_delete_one(
            mongo_fixed(&db->writer, MONGO_SOFT), &row, NULL, NULL, &error);
        status = is_removed ? STATUS_OK : mongo_failed(db, "write", &error);
    } else {
        BSON_APPEND_INT64(&row, "value", soft->value);
        status = mongo_put(&db->writer, MONGO_SOFT, soft->key, &row);
    }
    bson_destroy(&row);
    return status;
}

/* Once a batch, however often the log has to be asked after. */
static enum status
softs_push(struct mongo *db)
{
    struct mongo_batch *batch = &db->batch;
    for (const struct mongo_soft *soft = batch->softs; soft != NULL;
         soft = soft->next) {
        enum status status =
            is_outdone(batch->softs, soft) ? STATUS_OK : soft_push(db, soft);
        if (status != STATUS_OK) {
            return status;
        }
    }
    batch->softs = NULL;
    return STATUS_OK;
}

enum status
mongo_say_written(struct mongo *db)
{
    bson_t row = BSON_INITIALIZER;
    BSON_APPEND_UTF8(&row, "_id", "written");
    BSON_APPEND_INT64(&row, "seq", db->written);
    enum status status = mongo_put(&db->writer, MONGO_STATE, "written", &row);
    bson_destroy(&row);
    if (status == STATUS_OK) {
        db->written_said = db->written;
    }
    return status;
}

enum status
mongo_batch_commit(void *db, size_t *n_stood)
{
    struct mongo *self = db;
    struct mongo_batch *batch = &self->batch;
    enum status status = STATUS_OK;
    batch->is_failed = false;
    /* What was decided by the eyes of a new primary is decided again. */
    bool is_new = batch->n_appends > 0 && !batch->is_sent;
    if (is_new && !mongo_primary_is_settled(self)) {
        *n_stood = 0;
        return STATUS_ABORTED;
    }
    if (!batch->is_sent) {
        status = softs_push(self);
    }
    if (status == STATUS_OK) {
        status = mongo_log_push(self);
    }
    if (n_stood != NULL) {
        *n_stood = batch->n_stood;
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = mongo_documents_push(self);
    if (status != STATUS_OK) {
        /* The log has it all, and documents are made from the log. */
        return batch->n_appends > 0 ? STATUS_ABORTED : status;
    }
    self->written = batch->last_seq > self->written ? batch->last_seq : self->written;
    /* What others wrote may be newer than what we would have written. */
    if (batch->is_outdone) {
        mongo_seen_clear(self->writer.seen);
    }
    mongo_seen_settle(self->writer.seen);
    if (!self->open.is_maintenance) {
        return STATUS_OK;
    }
    status = mongo_base_end(self);
    if (batch->work == NULL || status != STATUS_OK) {
        return status;
    }
    status = mongo_say_written(self);
    return status == STATUS_OK ? mongo_state_mark(self, NULL) : status;
}

/* A restore that failed leaves an empty database, as it found it; a rebuild stays
 * marked, for its documents are gone. */
void
mongo_batch_abort(void *db)
{
    struct mongo *self = db;
    const char *work = self->batch.work;
    bool is_empty =
        self->batch.n_appends == 0 && mongo_seen_n_changed(self->writer.seen) == 0;
    batch_empty(self);
    /* A look at the log that found nothing is no reason to forget. */
    if (!is_empty || self->open.is_read_only) {
        mongo_seen_clear(self->writer.seen);
    }
    if (work == NULL || strcmp(work, "restore") != 0) {
        return;
    }
    enum status status = mongo_state_drop(self, true);
    if (status == STATUS_OK) {
        status = mongo_state_index(self);
    }
    if (status == STATUS_OK) {
        status = mongo_state_mark(self, NULL);
    }
    /* Where that failed the mark is left, and the next restore begins with it. */
    (void)status;
}

/* The database need not know exactly how far documents are: what is beyond is looked at
 * again when a broker starts. */
void
mongo_settle(void *db)
{
    struct mongo *self = db;
    if (self->written >= self->written_said + WRITTEN_STEP) {
        (void)mongo_say_written(self);
    }
    /* Where that fails the next batch does it, or the next look. */
    enum status status = mongo_primary_settle(self);
    (void)status;
    mongo_heart_read(self);
    mongo_state_beat(self);
}
