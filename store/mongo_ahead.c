#include "store/mongo.h"

#include <stdlib.h>

#include "proto/wire.h"

/*
 * The log read ahead, as many entries as one answer takes. What others appended is
 * followed by the documents it wrote: these are asked for together, too. One by one, a
 * broker far from the server would never catch up.
 */
enum { COMMIT_CHANGES = 9, CHANGE_KIND = 1, CHANGE_ID = 2 };

/* A text within a change, in the arena; NULL: there is none. */
static const char *
change_text(struct bytes change, uint8_t number, struct arena *arena)
{
    struct wire_field field;
    if (!wire_find(change, (const uint8_t[]){number}, 1, &field) ||
        field.content.size == 0) {
        return NULL;
    }
    return arena_copy_n(arena, field.content.data, field.content.size);
}

/* Takes a document that an entry changes. */
typedef void (*changed_fn)(struct mongo *db, struct mongo_ids *lists,
                           const struct kind *kind, const char *id);

/* Damage ends the walk early: whoever takes the entry finds and tells it. */
static void
each_change(struct mongo *db, const struct log_entry *entry, changed_fn take,
            struct mongo_ids *lists)
{
    struct bytes body = entry->body;
    struct wire_field field;
    while (wire_next(&body, &field)) {
        if (field.number != COMMIT_CHANGES) {
            continue;
        }
        struct arena *arena = db->writer.ahead.arena;
        const char *name = change_text(field.content, CHANGE_KIND, arena);
        const char *id = change_text(field.content, CHANGE_ID, arena);
        const struct kind *kind =
            name == NULL ? NULL : kind_by_name(db->open.kinds, name);
        if (kind != NULL && id != NULL) {
            take(db, lists, kind, id);
        }
    }
}

static void
list_change(struct mongo *db, struct mongo_ids *lists, const struct kind *kind,
            const char *id)
{
    mongo_ids_add(db, &lists[kind - db->open.kinds], kind, id);
}

static void
learn_change(struct mongo *db, struct mongo_ids *lists, const struct kind *kind,
             const char *id)
{
    (void)lists;
    mongo_heart_add_document(db, kind, id);
}

static void
each_entry(struct mongo *db, changed_fn take, struct mongo_ids *lists)
{
    const struct mongo_ahead *ahead = &db->writer.ahead;
    for (size_t i = 0; i < ahead->n_entries; i++) {
        if (ahead->entries[i].seq > 0) {
            each_change(db, &ahead->entries[i], take, lists);
        }
    }
}

static void
expect_followed(struct mongo *db)
{
    struct mongo_ids *lists = calloc(db->open.n_kinds, sizeof lists[0]);
    if (lists == NULL) {
        abort();
    }
    for (size_t i = 0; i < db->open.n_kinds; i++) {
        lists[i].kind = &db->open.kinds[i];
    }
    each_entry(db, list_change, lists);
    for (size_t i = 0; i < db->open.n_kinds; i++) {
        if (lists[i].n > 0) {
            mongo_expect_ids(db, &lists[i]);
        }
    }
    free(lists);
}

static bool
is_committer(const struct mongo_conn *conn)
{
    const struct backend_open *open = &conn->db->open;
    return conn == &conn->db->writer && !open->is_maintenance && !open->is_read_only;
}

static bool
take_ahead(void *context, const bson_t *row)
{
    struct mongo_conn *conn = context;
    struct mongo_ahead *ahead = &conn->ahead;
    struct log_entry *entry = &ahead->entries[ahead->n_entries];
    if (is_committer(conn)) {
        mongo_heart_add_entry(conn->db, row);
    }
    /* A damaged row ends what is read ahead; the one who needs it is told. */
    if (!mongo_entry_read(row, ahead->arena, entry)) {
        *entry = (struct log_entry){.seq = -1};
    }
    ahead->n_entries++;
    return entry->seq > 0 && ahead->n_entries < MONGO_AHEAD;
}

void
mongo_ahead_drop(struct mongo_conn *conn)
{
    conn->ahead.n_entries = 0;
    conn->ahead.next = 0;
}

/* The entries after a position, as many as one answer takes. */
static enum status
read_ahead(struct mongo_conn *conn, int64_t seq)
{
    struct mongo_ahead *ahead = &conn->ahead;
    bson_t filter = BSON_INITIALIZER;
    bson_t range;
    bson_t *sort = BCON_NEW("_id", BCON_INT32(1));
    mongo_ahead_drop(conn);
    arena_reset(ahead->arena);
    BSON_APPEND_DOCUMENT_BEGIN(&filter, "_id", &range);
    BSON_APPEND_INT64(&range, "$gt", seq);
    bson_append_document_end(&filter, &range);
    const struct mongo_query query = {.collection = mongo_fixed(conn, MONGO_LOG),
                                      .filter = &filter,
                                      .sort = sort,
                                      .limit = MONGO_AHEAD};
    enum status status = mongo_find(conn, &query, take_ahead, conn);
    ahead->after = seq;
    /* Before anything is asked of them: they are there, or will be in a moment. */
    if (is_committer(conn)) {
        each_entry(conn->db, learn_change, NULL);
    }
    /* Others appended: what the writer knows of documents may be outdated. */
    if (ahead->n_entries > 0 && is_committer(conn) &&
        mongo_seen_n_changed(conn->seen) == 0) {
        mongo_seen_clear(conn->seen);
        expect_followed(conn->db);
    }
    bson_destroy(&filter);
    bson_destroy(sort);
    return status;
}

enum status
mongo_log_flush(struct mongo_conn *conn)
{
    struct mongo *db = conn->db;
    bool is_gathered = conn == &db->writer && db->open.is_maintenance;
    return is_gathered ? mongo_bulk_log(db) : STATUS_OK;
}

enum status
mongo_log_after(void *reader, int64_t seq, struct arena *arena, struct log_entry *out)
{
    struct mongo_conn *conn = reader;
    struct mongo_ahead *ahead = &conn->ahead;
    enum status status = mongo_log_flush(conn);
    if (status != STATUS_OK) {
        return status;
    }
    if (ahead->next == ahead->n_entries || ahead->after != seq) {
        status = read_ahead(conn, seq);
    }
    if (status != STATUS_OK || ahead->n_entries == 0) {
        return status == STATUS_OK ? STATUS_NOT_FOUND : status;
    }
    const struct log_entry *entry = &ahead->entries[ahead->next++];
    if (entry->seq <= 0) {
        failure_set(conn->db->open.failure,
                    "%s: the entry of the log after %lld is damaged: restore a backup",
                    conn->db->open.path, (long long)seq);
        mongo_ahead_drop(conn);
        return STATUS_DATA_LOSS;
    }
    ahead->after = entry->seq;
    out->seq = entry->seq;
    out->body.data =
        (const uint8_t *)arena_copy_n(arena, entry->body.data, entry->body.size);
    out->body.size = entry->body.size;
    return STATUS_OK;
}
