#include <stdlib.h>
#include <string.h>

#include "proto/wire.h"
#include "store/inner.h"
#include "store/mongo.h"

/*
 * Appending: STORE design, rules A and B.
 *
 *   A batch is one ordered insert behind a position that is known to be majority
 *   committed. An insert that succeeded says that its slots were free, and nothing
 *   else says anything: not an error, whatever its text, and not silence. So after
 *   anything but a plain success the slots are read back.
 *
 *     unsent --insert--> ok: all stand
 *        |        \----> doubt --read back--> all ours: all stand
 *        |                 ^   \--> ours, then somebody else's: the rest is lost
 *        v                 |    \-> ours, then empty: insert the rest again, same slots
 *     no server: nothing was sent
 *
 *   An entry is ours when it has our bytes: another broker may hold the same request
 *   under the same key.
 */
enum {
    N_TRIES = 3,      /* Inserts of one push. */
    N_LOOKS = 40,     /* At a slot that is refused and does not show its owner yet. */
    CLASH_MS = 10000, /* From then on it is no delay. */
};

/* ---- Inserting ---- */

/* When and who stand beside the body for people; the broker reads the body. */
bson_t *
mongo_log_row(const struct mongo_append *append)
{
    struct wire_field actor;
    bson_t *row = bson_sized_new((uint32_t)append->body.size + 256);
    BSON_APPEND_INT64(row, "_id", append->seq);
    BSON_APPEND_BINARY(row, "eid", BSON_SUBTYPE_BINARY, append->eid, STORE_EID_SIZE);
    BSON_APPEND_DATE_TIME(row, "at", store_entry_time_ms(append->body));
    if (wire_find(append->body, (const uint8_t[]){5}, 1, &actor)) {
        bson_append_utf8(row, "actor", -1, (const char *)actor.content.data,
                         (int)actor.content.size);
    }
    BSON_APPEND_BINARY(row, "body", BSON_SUBTYPE_BINARY, append->body.data,
                       (uint32_t)append->body.size);
    return row;
}

/* How an insert ended. */
enum insert_end { INSERT_OK, INSERT_DOUBT, INSERT_UNSENT };

static enum insert_end
log_insert(struct mongo *db, bson_error_t *error)
{
    const struct mongo_batch *batch = &db->batch;
    bson_t *rows[STORE_BATCH_COMMITS];
    size_t n = batch->n_appends - batch->n_stood;
    for (size_t i = 0; i < n; i++) {
        rows[i] = mongo_log_row(&batch->appends[batch->n_stood + i]);
    }
    bson_t options = BSON_INITIALIZER;
    BSON_APPEND_BOOL(&options, "validate", false);
    bool is_ok =
        mongoc_collection_insert_many(mongo_fixed(&db->writer, MONGO_LOG),
                                      (const bson_t **)rows, n, &options, NULL, error);
    bson_destroy(&options);
    for (size_t i = 0; i < n; i++) {
        bson_destroy(rows[i]);
    }
    if (is_ok) {
        return INSERT_OK;
    }
    bool is_unsent = error->domain == MONGOC_ERROR_SERVER_SELECTION;
    return is_unsent ? INSERT_UNSENT : INSERT_DOUBT;
}

/* ---- Reading back ---- */

/* What the slots of the batch hold. */
struct slots {
    struct mongo_batch *batch;
    size_t next;   /* The slot looked for. */
    bool is_taken; /* It is somebody else's. */
    bool has_hole; /* It is empty, and one behind it is not. */
};

static bool
is_ours(const bson_t *row, const struct mongo_append *append)
{
    bson_iter_t iter;
    bson_subtype_t subtype;
    uint32_t size = 0;
    const uint8_t *data = NULL;
    if (!bson_iter_init_find(&iter, row, "body") || !BSON_ITER_HOLDS_BINARY(&iter)) {
        return false;
    }
    bson_iter_binary(&iter, &subtype, &size, &data);
    return size == append->body.size && memcmp(data, append->body.data, size) == 0;
}

static bool
take_slot(void *context, const bson_t *row)
{
    struct slots *slots = context;
    bson_iter_t iter;
    const struct mongo_append *append = &slots->batch->appends[slots->next];
    bool is_here = bson_iter_init_find(&iter, row, "_id") &&
                   bson_iter_as_int64(&iter) == append->seq;
    slots->has_hole = !is_here;
    slots->is_taken = is_here && !is_ours(row, append);
    if (slots->has_hole || slots->is_taken) {
        return false;
    }
    slots->next++;
    return slots->next < slots->batch->n_appends;
}

static enum status
log_read_back(struct mongo *db, struct slots *slots)
{
    struct mongo_batch *batch = &db->batch;
    bson_t filter = BSON_INITIALIZER;
    bson_t range;
    bson_t *sort = BCON_NEW("_id", BCON_INT32(1));
    *slots = (struct slots){.batch = batch, .next = batch->n_stood};
    BSON_APPEND_DOCUMENT_BEGIN(&filter, "_id", &range);
    BSON_APPEND_INT64(&range, "$gte", batch->appends[batch->n_stood].seq);
    bson_append_document_end(&filter, &range);
    const struct mongo_query query = {.collection = mongo_fixed(&db->writer, MONGO_LOG),
                                      .filter = &filter,
                                      .sort = sort,
                                      .limit =
                                          (int64_t)(batch->n_appends - batch->n_stood)};
    enum status status = mongo_find(&db->writer, &query, take_slot, slots);
    bson_destroy(&filter);
    bson_destroy(sort);
    if (status == STATUS_OK) {
        batch->n_stood = slots->next;
    }
    return status;
}

/* ---- Settling ---- */

/* Lost commits cannot be made up for, and a log that goes on behind a hole is two. */
static enum status
log_say_hole(struct mongo *db)
{
    const struct mongo_batch *batch = &db->batch;
    failure_set(db->open.failure,
                "%s: commit %lld is not in the log, but later ones are: the database "
                "lost it; stop all brokers and restore a backup",
                db->open.path, (long long)batch->appends[batch->n_stood].seq);
    return STATUS_DEADLINE_EXCEEDED;
}

/* A refusal that shows no owner is a majority that lags, for a while. */
static enum status
log_say_clash(struct mongo *db, int64_t now_ms)
{
    struct mongo_batch *batch = &db->batch;
    if (batch->clashed_ms == 0) {
        batch->clashed_ms = now_ms;
    }
    if (now_ms - batch->clashed_ms > CLASH_MS) {
        failure_set(db->open.failure,
                    "%s: commit %lld is refused as a duplicate, but its place is "
                    "empty: an index of the log other than _id is unique, or most "
                    "members of the set are away",
                    db->open.path, (long long)batch->appends[batch->n_stood].seq);
    }
    return STATUS_DEADLINE_EXCEEDED;
}

/* OK: all stand; ABORTED: the next is taken; NOT_FOUND: the next is empty. */
static enum status
log_look(struct mongo *db)
{
    struct slots slots;
    enum status status = log_read_back(db, &slots);
    if (status != STATUS_OK) {
        return STATUS_DEADLINE_EXCEEDED;
    }
    if (slots.is_taken) {
        return STATUS_ABORTED;
    }
    if (db->batch.n_stood == db->batch.n_appends) {
        return STATUS_OK;
    }
    return slots.has_hole ? log_say_hole(db) : STATUS_NOT_FOUND;
}

/* A duplicate is majority committed a little later than it is refused. */
static enum status
log_await(struct mongo *db)
{
    enum status status = log_look(db);
    for (size_t i = 0; i < N_LOOKS && status == STATUS_NOT_FOUND; i++) {
        mongo_rest();
        status = log_look(db);
    }
    return status == STATUS_NOT_FOUND ? log_say_clash(db, mongo_monotonic_ms())
                                      : status;
}

static enum status
log_try(struct mongo *db)
{
    bson_error_t error = {0};
    struct mongo_batch *batch = &db->batch;
    enum insert_end end = log_insert(db, &error);
    if (end == INSERT_OK) {
        batch->n_stood = batch->n_appends;
        return STATUS_OK;
    }
    if (end == INSERT_UNSENT && !batch->is_sent) {
        return mongo_failed(db, "reach it", &error);
    }
    if (end == INSERT_UNSENT) {
        (void)mongo_failed(db, "reach it", &error);
        return STATUS_DEADLINE_EXCEEDED;
    }
    batch->is_sent = true;
    failure_set(db->open.failure, "%s: an append is in doubt: %s", db->open.path,
                error.message);
    if (db->open.faults.fails_in_doubt) {
        return STATUS_UNAVAILABLE;
    }
    return error.code == MONGOC_ERROR_DUPLICATE_KEY ? log_await(db) : log_look(db);
}

/*
 * NOT_FOUND means that nothing of the rest stands now, and that a late insert may still
 * come: it would be our own bytes in our own slot, so inserting them again is safe, and
 * taking other slots is not.
 */
enum status
mongo_log_push(struct mongo *db)
{
    struct mongo_batch *batch = &db->batch;
    if (batch->n_stood == batch->n_appends) {
        return STATUS_OK;
    }
    enum status status = batch->is_sent ? log_look(db) : STATUS_NOT_FOUND;
    for (size_t i = 0; i < N_TRIES && status == STATUS_NOT_FOUND; i++) {
        status = log_try(db);
    }
    return status == STATUS_NOT_FOUND ? STATUS_DEADLINE_EXCEEDED : status;
}
