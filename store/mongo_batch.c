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
    PLACE_SIZE = 16,
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
 */
enum status
mongo_batch_begin(void *db)
{
    struct mongo *self = db;
    batch_empty(self);
    if (self->open.is_maintenance || mongo_seen_n_changed(self->writer.seen) > 0) {
        mongo_seen_clear(self->writer.seen);
    }
    return STATUS_OK;
}

/* ---- Reading ahead ---- */

static bool
take_eid(void *context, const bson_t *row)
{
    struct mongo_batch *batch = context;
    struct log_entry entry;
    bson_iter_t iter;
    if (!bson_iter_init_find(&iter, row, "eid") || !BSON_ITER_HOLDS_BINARY(&iter) ||
        !mongo_entry_read(row, batch->arena, &entry)) {
        return true;
    }
    struct bytes eid = mongo_bytes(&iter, batch->arena);
    for (size_t i = 0; i < batch->n_eids && eid.size == STORE_EID_SIZE; i++) {
        struct mongo_eid *known = &batch->eids[i];
        bool is_first = !known->is_there || entry.seq < known->entry.seq;
        if (memcmp(known->eid, eid.data, STORE_EID_SIZE) == 0 && is_first) {
            known->is_there = true;
            known->entry = entry;
        }
    }
    return true;
}

static bool
has_eid(const struct draft *draft)
{
    static const uint8_t none[STORE_EID_SIZE];
    return memcmp(draft->eid, none, STORE_EID_SIZE) != 0;
}

/* The name of an element of an array. */
static int
place(size_t index, const char **key, char room[PLACE_SIZE])
{
    return (int)bson_uint32_to_string((uint32_t)index, key, room, PLACE_SIZE);
}

/* An answer that does not come leaves nothing known, and each work asks for itself. */
static void
expect_eids(struct mongo *db, struct work *const *works, size_t n_works)
{
    struct mongo_batch *batch = &db->batch;
    size_t n_before = batch->n_eids;
    const char *key;
    char room[PLACE_SIZE];
    bson_t filter = BSON_INITIALIZER;
    bson_t range;
    bson_t array;
    BSON_APPEND_DOCUMENT_BEGIN(&filter, "eid", &range);
    BSON_APPEND_ARRAY_BEGIN(&range, "$in", &array);
    for (size_t i = 0; i < n_works && batch->n_eids < STORE_BATCH_COMMITS; i++) {
        const struct draft *draft = &works[i]->draft;
        if (has_eid(draft) && !mongo_eids_lack(db, draft->eid)) {
            struct mongo_eid *eid = &batch->eids[batch->n_eids++];
            *eid = (struct mongo_eid){.is_there = false};
            memcpy(eid->eid, draft->eid, STORE_EID_SIZE);
            int length = place(batch->n_eids - 1 - n_before, &key, room);
            bson_append_binary(&array, key, length, BSON_SUBTYPE_BINARY, eid->eid,
                               STORE_EID_SIZE);
        }
    }
    bson_append_array_end(&range, &array);
    bson_append_document_end(&filter, &range);
    const struct mongo_query query = {.collection = mongo_fixed(&db->writer, MONGO_LOG),
                                      .filter = &filter};
    bool is_asked = batch->n_eids > n_before;
    if (is_asked && mongo_find(&db->writer, &query, take_eid, batch) != STATUS_OK) {
        batch->n_eids = n_before;
    }
    bson_destroy(&filter);
}

struct rows_take {
    struct mongo *db;
    const struct kind *kind;
    bool is_damaged;
};

static bool
take_row(void *context, const bson_t *row)
{
    struct rows_take *take = context;
    bson_iter_t iter;
    if (!bson_iter_init_find(&iter, row, "_id") || !BSON_ITER_HOLDS_UTF8(&iter)) {
        return true;
    }
    struct mongo_node *node =
        mongo_seen_find(take->db->writer.seen, take->kind, bson_iter_utf8(&iter, NULL));
    if (node != NULL && !node->is_changed) {
        take->is_damaged = mongo_node_read(&take->db->writer, node, row) != STATUS_OK ||
                           take->is_damaged;
    }
    return true;
}

void
mongo_ids_add(struct mongo *db, struct mongo_ids *list, const struct kind *kind,
              const char *id)
{
    if (kind != list->kind || id == NULL || list->n == MONGO_MAX_IDS ||
        mongo_seen_find(db->writer.seen, kind, id) != NULL) {
        return;
    }
    size_t i = 0;
    while (i < list->n && strcmp(list->ids[i], id) != 0) {
        i++;
    }
    if (i == list->n) {
        list->ids[list->n++] = id;
    }
}

static void
list_ids(struct mongo *db, struct mongo_ids *list, struct work *const *works,
         size_t n_works)
{
    for (size_t i = 0; i < n_works; i++) {
        const struct draft *draft = &works[i]->draft;
        for (size_t j = 0; works[i]->is_decided && j < draft->n_changes; j++) {
            mongo_ids_add(db, list, draft->changes[j].kind, draft->changes[j].id);
        }
        for (size_t j = 0; works[i]->is_decided && j < draft->n_checks; j++) {
            mongo_ids_add(db, list, draft->checks[j].kind, draft->checks[j].id);
        }
    }
}

/* What was asked for and did not come is not there. Where the answer cannot be had, or
 * holds what is damaged, nothing was asked. */
void
mongo_expect_ids(struct mongo *db, const struct mongo_ids *list)
{
    struct rows_take take = {.db = db, .kind = list->kind};
    const char *key;
    char room[PLACE_SIZE];
    bson_t filter = BSON_INITIALIZER;
    bson_t range;
    bson_t array;
    BSON_APPEND_DOCUMENT_BEGIN(&filter, "_id", &range);
    BSON_APPEND_ARRAY_BEGIN(&range, "$in", &array);
    for (size_t i = 0; i < list->n; i++) {
        int size = place(i, &key, room);
        bson_append_utf8(&array, key, size, list->ids[i], -1);
        (void)mongo_seen_add(db->writer.seen, list->kind, list->ids[i]);
    }
    bson_append_array_end(&range, &array);
    bson_append_document_end(&filter, &range);
    const struct mongo_query query = {
        .collection = mongo_kind(&db->writer, list->kind, false), .filter = &filter};
    enum status status = mongo_find(&db->writer, &query, take_row, &take);
    if (status != STATUS_OK || take.is_damaged) {
        mongo_seen_clear(db->writer.seen);
    }
    bson_destroy(&filter);
}

/* One work alone asks for itself, by equality, which every server answers best.
 *
 * Only before the first change of a batch: forgetting what was asked in vain would
 * forget changes, too. */
void
mongo_expect(void *db, struct work *const *works, size_t n_works)
{
    struct mongo *self = db;
    if (n_works < 2) {
        return;
    }
    struct mongo_ids *list = calloc(1, sizeof *list);
    if (list == NULL) {
        abort();
    }
    expect_eids(self, works, n_works);
    bool is_clean = mongo_seen_n_changed(self->writer.seen) == 0;
    for (size_t i = 0; i < self->open.n_kinds && is_clean; i++) {
        list->kind = &self->open.kinds[i];
        list->n = 0;
        list_ids(self, list, works, n_works);
        if (list->n > 0) {
            mongo_expect_ids(self, list);
        }
    }
    free(list);
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
static enum status
bulk_push_log(struct mongo *db)
{
    struct mongo_batch *batch = &db->batch;
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
    enum status status = bulk_mark(self, "restore");
    if (status == STATUS_OK && batch->n_appends == STORE_BATCH_COMMITS) {
        status = self->open.is_maintenance ? bulk_push_log(self) : STATUS_INTERNAL;
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
    mongo_eids_add(&self->eids, eid);
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

enum status
mongo_history_put(void *db, const Kontor__V1__History *history)
{
    struct mongo *self = db;
    bson_error_t error;
    bson_t row = BSON_INITIALIZER;
    BSON_APPEND_INT64(&row, "_id", history->first_seq);
    BSON_APPEND_DATE_TIME(&row, "started_at", store_time_ms(history->started_at));
    BSON_APPEND_INT64(&row, "last_common_seq", history->last_common_seq);
    bool is_put = mongoc_collection_insert_one(
        mongo_fixed(&self->writer, MONGO_HISTORIES), &row, NULL, NULL, &error);
    bson_destroy(&row);
    /* Two brokers may begin a new database at the same time, and a restore finds the
     * first history, which every database has. */
    return is_put || error.code == MONGOC_ERROR_DUPLICATE_KEY
               ? STATUS_OK
               : mongo_failed(self, "write a history", &error);
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
    enum status status = batch->is_sent ? STATUS_OK : softs_push(self);
    if (status == STATUS_OK) {
        status = mongo_log_push(self);
    }
    *n_stood = batch->n_stood;
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
    if (batch->work == NULL) {
        return STATUS_OK;
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
    if (!is_empty) {
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
    mongo_state_beat(self);
}
