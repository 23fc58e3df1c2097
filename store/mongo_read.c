#include <string.h>

#include "store/inner.h"
#include "store/mongo.h"
#include "store/split.h"

/* What a reader keeps between begin and end at most; it asks again beyond. */
enum { MAX_KEPT = 2048 };

/* ---- The log ---- */

bool
mongo_entry_read(const bson_t *row, struct arena *arena, struct log_entry *out)
{
    bson_iter_t id;
    bson_iter_t body;
    if (!bson_iter_init_find(&id, row, "_id") || !BSON_ITER_HOLDS_INT64(&id) ||
        !bson_iter_init_find(&body, row, "body") || !BSON_ITER_HOLDS_BINARY(&body)) {
        return false;
    }
    out->seq = bson_iter_int64(&id);
    out->body = mongo_bytes(&body, arena);
    return true;
}

/* One row of a find. */
struct one {
    struct arena *arena;
    struct log_entry *out;
    bool is_there;
    bool is_damaged;
};

static bool
take_entry(void *context, const bson_t *row)
{
    struct one *one = context;
    one->is_there = mongo_entry_read(row, one->arena, one->out);
    one->is_damaged = !one->is_there;
    return false;
}

static enum status
read_entry(struct mongo_conn *conn, const bson_t *filter, const bson_t *sort,
           struct arena *arena, struct log_entry *out)
{
    struct one one = {.arena = arena, .out = out};
    const struct mongo_query query = {.collection = mongo_fixed(conn, MONGO_LOG),
                                      .filter = filter,
                                      .sort = sort,
                                      .limit = 1};
    enum status status = mongo_find(conn, &query, take_entry, &one);
    if (status == STATUS_OK && one.is_damaged) {
        failure_set(conn->db->open.failure,
                    "%s: an entry of the log is damaged: restore a backup",
                    conn->db->open.path);
        return STATUS_DATA_LOSS;
    }
    return status == STATUS_OK && !one.is_there ? STATUS_NOT_FOUND : status;
}

enum status
mongo_log_until(void *reader, int64_t seq, struct arena *arena, struct log_entry *out)
{
    bson_t filter = BSON_INITIALIZER;
    bson_t range;
    bson_t *sort = BCON_NEW("_id", BCON_INT32(-1));
    BSON_APPEND_DOCUMENT_BEGIN(&filter, "_id", &range);
    BSON_APPEND_INT64(&range, "$lte", seq);
    bson_append_document_end(&filter, &range);
    enum status status = mongo_log_flush(reader);
    if (status == STATUS_OK) {
        status = read_entry(reader, &filter, sort, arena, out);
    }
    bson_destroy(&filter);
    bson_destroy(sort);
    return status;
}

enum status
mongo_tail(void *reader, int64_t *seq)
{
    struct log_entry entry = {.seq = 0};
    struct arena *arena = arena_new();
    enum status status = mongo_log_until(reader, INT64_MAX, arena, &entry);
    arena_free(arena);
    *seq = entry.seq;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* An entry of the open batch, or one that was looked for when its works came in. */
static bool
find_known_eid(const struct mongo_batch *batch, const uint8_t *eid,
               struct log_entry *out, bool *is_there)
{
    for (size_t i = 0; i < batch->n_appends; i++) {
        if (memcmp(batch->appends[i].eid, eid, STORE_EID_SIZE) == 0) {
            *out = (struct log_entry){batch->appends[i].seq, batch->appends[i].body};
            *is_there = true;
            return true;
        }
    }
    for (size_t i = 0; i < batch->n_eids; i++) {
        if (memcmp(batch->eids[i].eid, eid, STORE_EID_SIZE) == 0) {
            *out = batch->eids[i].entry;
            *is_there = batch->eids[i].is_there;
            return true;
        }
    }
    return false;
}

enum status
mongo_log_by_eid(void *reader, const uint8_t *eid, struct arena *arena,
                 struct log_entry *out)
{
    struct mongo_conn *conn = reader;
    bool is_there = false;
    if (conn == &conn->db->writer &&
        find_known_eid(&conn->db->batch, eid, out, &is_there)) {
        return is_there ? STATUS_OK : STATUS_NOT_FOUND;
    }
    if (conn == &conn->db->writer && mongo_set_lacks(&conn->db->eids, eid)) {
        return STATUS_NOT_FOUND;
    }
    bson_t filter = BSON_INITIALIZER;
    bson_t *sort = BCON_NEW("_id", BCON_INT32(1));
    BSON_APPEND_BINARY(&filter, "eid", BSON_SUBTYPE_BINARY, eid, STORE_EID_SIZE);
    enum status status = read_entry(conn, &filter, sort, arena, out);
    bson_destroy(&filter);
    bson_destroy(sort);
    return status;
}

/* Histories as they come; there are as many as there were restores. */
struct history_list {
    struct arena *arena;
    Kontor__V1__History **histories;
    size_t n;
    size_t room;
};

static bool
take_history(void *context, const bson_t *row)
{
    struct history_list *list = context;
    bson_iter_t iter;
    if (list->n == list->room) {
        size_t room = 2 * list->room + 8;
        Kontor__V1__History **more =
            arena_alloc(list->arena, room * sizeof list->histories[0]);
        if (list->n > 0) {
            memcpy(more, list->histories, list->n * sizeof more[0]);
        }
        list->histories = more;
        list->room = room;
    }
    Kontor__V1__History *history = arena_alloc(list->arena, sizeof *history);
    kontor__v1__history__init(history);
    if (bson_iter_init_find(&iter, row, "_id")) {
        history->first_seq = bson_iter_as_int64(&iter);
    }
    if (bson_iter_init_find(&iter, row, "started_at")) {
        history->started_at = store_timestamp(bson_iter_date_time(&iter), list->arena);
    }
    if (bson_iter_init_find(&iter, row, "last_common_seq")) {
        history->last_common_seq = bson_iter_as_int64(&iter);
    }
    list->histories[list->n++] = history;
    return true;
}

enum status
mongo_histories(void *reader, struct arena *arena, Kontor__V1__History ***histories,
                size_t *n)
{
    struct history_list list = {.arena = arena};
    bson_t all = BSON_INITIALIZER;
    bson_t *sort = BCON_NEW("_id", BCON_INT32(1));
    const struct mongo_query query = {.collection =
                                          mongo_fixed(reader, MONGO_HISTORIES),
                                      .filter = &all,
                                      .sort = sort};
    enum status status = mongo_find(reader, &query, take_history, &list);
    bson_destroy(&all);
    bson_destroy(sort);
    *histories = list.histories;
    *n = list.n;
    return status;
}

struct number {
    int64_t value;
    bool is_there;
};

static bool
take_number(void *context, const bson_t *row)
{
    struct number *number = context;
    bson_iter_t iter;
    number->is_there =
        bson_iter_init_find(&iter, row, "value") && BSON_ITER_HOLDS_INT64(&iter);
    number->value = number->is_there ? bson_iter_int64(&iter) : 0;
    return false;
}

/* The committer finds what its open batch will say. */
enum status
mongo_soft_get(void *reader, const char *key, int64_t *value)
{
    struct mongo_conn *conn = reader;
    struct number number = {.is_there = false};
    const struct mongo_soft *soft =
        conn == &conn->db->writer ? conn->db->batch.softs : NULL;
    while (soft != NULL && strcmp(soft->key, key) != 0) {
        soft = soft->next;
    }
    if (soft != NULL) {
        *value = soft->value;
        return soft->value == INT64_MIN ? STATUS_NOT_FOUND : STATUS_OK;
    }
    bson_t filter = BSON_INITIALIZER;
    BSON_APPEND_UTF8(&filter, "_id", key);
    const struct mongo_query query = {
        .collection = mongo_fixed(conn, MONGO_SOFT), .filter = &filter, .limit = 1};
    enum status status = mongo_find(conn, &query, take_number, &number);
    bson_destroy(&filter);
    if (status == STATUS_OK && number.is_there) {
        *value = number.value;
    }
    return status == STATUS_OK && !number.is_there ? STATUS_NOT_FOUND : status;
}

/* ---- Documents ---- */

enum status
mongo_node_read(struct mongo_conn *conn, struct mongo_node *node, const bson_t *row)
{
    bool is_gone = false;
    struct version version;
    if (!mongo_version_read(node->kind, row, mongo_seen_arena(conn->seen), &version,
                            &is_gone, &node->is_listed)) {
        failure_set(conn->db->open.failure,
                    "%s: the stored document %s %s is damaged: stop all brokers, then "
                    "kontord --rebuild",
                    conn->db->open.path, node->kind->name, node->id);
        return STATUS_DATA_LOSS;
    }
    node->stored_seq = version.seq;
    node->is_there = !is_gone;
    node->version = version;
    return STATUS_OK;
}

struct node_take {
    struct mongo_conn *conn;
    struct mongo_node *node;
    enum status status;
};

static bool
take_node(void *context, const bson_t *row)
{
    struct node_take *take = context;
    take->status = mongo_node_read(take->conn, take->node, row);
    return false;
}

static enum status
node_fetch(struct mongo_conn *conn, const struct kind *kind, const char *id,
           struct mongo_node *node)
{
    struct node_take take = {.conn = conn, .node = node};
    bson_t filter = BSON_INITIALIZER;
    BSON_APPEND_UTF8(&filter, "_id", id);
    const struct mongo_query query = {
        .collection = mongo_kind(conn, kind, false), .filter = &filter, .limit = 1};
    enum status status = mongo_find(conn, &query, take_node, &take);
    bson_destroy(&filter);
    return status == STATUS_OK ? take.status : status;
}

/* What is read once stays as it was read: for the writer as long as a batch, for others
 * between begin and end. A read-only store sees what its writer would write. */
enum status
mongo_node_get(struct mongo_conn *conn, const struct kind *kind, const char *id,
               struct mongo_node **node)
{
    struct mongo *db = conn->db;
    *node = mongo_seen_find(conn->seen, kind, id);
    if (*node == NULL && db->open.is_read_only) {
        *node = mongo_seen_find(db->writer.seen, kind, id);
    }
    if (*node == NULL && conn == &db->writer &&
        mongo_heart_lacks_document(db, kind, id)) {
        *node = mongo_seen_add_lacking(conn->seen, kind, id);
    }
    if (*node != NULL) {
        return STATUS_OK;
    }
    if (conn != &db->writer &&
        (!conn->is_kept || mongo_seen_size(conn->seen) > MAX_KEPT)) {
        mongo_seen_clear(conn->seen);
    }
    struct mongo_node found = {.kind = kind, .id = id};
    enum status status = node_fetch(conn, kind, id, &found);
    if (status != STATUS_OK) {
        return status;
    }
    *node = mongo_seen_add(conn->seen, kind, id);
    (*node)->stored_seq = found.stored_seq;
    (*node)->is_there = found.is_there;
    (*node)->is_listed = found.is_listed;
    (*node)->version = found.version;
    return STATUS_OK;
}

enum status
mongo_present(void *reader, const struct kind *kind, const char *id,
              struct arena *arena, struct version *out)
{
    struct mongo_conn *conn = reader;
    struct mongo_node *node = NULL;
    /* Outside of begin and end every read is a new one. */
    if (!conn->is_kept && conn != &conn->db->writer) {
        mongo_seen_clear(conn->seen);
    }
    enum status status = mongo_node_get(conn, kind, id, &node);
    if (status != STATUS_OK || !node->is_there) {
        return status == STATUS_OK ? STATUS_NOT_FOUND : status;
    }
    *out = mongo_version_copy(kind, &node->version, arena);
    return STATUS_OK;
}

enum status
mongo_reached(void *reader, const struct kind *kind, const char *id, int64_t *seq)
{
    struct mongo_node *node = NULL;
    enum status status = mongo_node_get(reader, kind, id, &node);
    if (status == STATUS_OK) {
        *seq = node->is_changed ? node->changed_seq : node->stored_seq;
    }
    return status;
}

struct past_take {
    const struct kind *kind;
    struct arena *arena;
    struct version *out;
    bool is_there;
    bool is_damaged;
};

static bool
take_past(void *context, const bson_t *row)
{
    struct past_take *take = context;
    bool is_gone = false;
    bool is_listed = false;
    take->is_there = mongo_version_read(take->kind, row, take->arena, take->out,
                                        &is_gone, &is_listed);
    take->is_damaged = !take->is_there || is_gone;
    return false;
}

static enum status
past_fetch(struct mongo_conn *conn, const char *id, int64_t seq, struct past_take *take)
{
    bson_t filter = BSON_INITIALIZER;
    bson_t range;
    bson_t *sort = BCON_NEW("seq", BCON_INT32(-1));
    BSON_APPEND_UTF8(&filter, "id", id);
    BSON_APPEND_DOCUMENT_BEGIN(&filter, "seq", &range);
    BSON_APPEND_INT64(&range, "$lte", seq);
    bson_append_document_end(&filter, &range);
    const struct mongo_query query = {.collection = mongo_kind(conn, take->kind, true),
                                      .filter = &filter,
                                      .sort = sort,
                                      .limit = 1};
    enum status status = mongo_find(conn, &query, take_past, take);
    bson_destroy(&filter);
    bson_destroy(sort);
    if (status == STATUS_OK && take->is_damaged) {
        failure_set(conn->db->open.failure,
                    "%s: a past version of %s %s is damaged: stop all brokers, then "
                    "kontord --rebuild",
                    conn->db->open.path, take->kind->name, id);
        return STATUS_DATA_LOSS;
    }
    return status;
}

/* Of what is not written yet, the newest comes first. */
static const struct version *
past_pending(const struct mongo_conn *conn, const struct kind *kind, const char *id,
             int64_t seq)
{
    const struct mongo *db = conn->db;
    bool sees_pending = conn == &db->writer || db->open.is_read_only;
    const struct mongo_node *node =
        sees_pending ? mongo_seen_find(db->writer.seen, kind, id) : NULL;
    const struct mongo_past *past = node == NULL ? NULL : node->past;
    while (past != NULL && past->version.seq > seq) {
        past = past->next;
    }
    return past == NULL ? NULL : &past->version;
}

enum status
mongo_past(void *reader, const struct kind *kind, const char *id, int64_t seq,
           struct arena *arena, struct version *out)
{
    struct past_take take = {.kind = kind, .arena = arena, .out = out};
    const struct version *pending = past_pending(reader, kind, id, seq);
    if (pending != NULL) {
        *out = mongo_version_copy(kind, pending, arena);
        return STATUS_OK;
    }
    enum status status = past_fetch(reader, id, seq, &take);
    return status == STATUS_OK && !take.is_there ? STATUS_NOT_FOUND : status;
}
