#include "store/sqlite.h"

#include "store/inner.h"
#include "store/scope.h"
#include "store/split.h"

/*
 * All of a batch is one transaction of the one connection that writes: log, documents
 * and indexes appear together or not at all, and documents never lag behind the log.
 */

/* IMMEDIATE takes the write lock now: a transaction that begins by reading could find
 * another writer in its way only after its decisions were made. */
enum status
sqlite_batch_begin(void *db)
{
    struct sqlite *self = db;
    enum status status = sqlite_finish(
        &self->writer, sqlite_statement(&self->writer, SQL_BEGIN_WRITE, NULL, NULL));
    self->is_in_batch = status == STATUS_OK;
    return status;
}

/* An error of the disk does not come back from here: sqlite_write_status. */
enum status
sqlite_batch_commit(void *db, size_t *n_stood)
{
    struct sqlite *self = db;
    (void)n_stood;
    enum status status = sqlite_finish(
        &self->writer, sqlite_statement(&self->writer, SQL_COMMIT, NULL, NULL));
    self->is_in_batch = status != STATUS_OK;
    return status;
}

void
sqlite_batch_abort(void *db)
{
    struct sqlite *self = db;
    self->is_in_batch = false;
    /* After some errors SQLite has rolled back by itself: then this fails, and it does
     * not matter. */
    sqlite3_exec(self->writer.handle, "ROLLBACK", NULL, NULL, NULL);
}

enum status
sqlite_append(void *db, int64_t seq, const uint8_t *eid, struct bytes body)
{
    struct sqlite *self = db;
    sqlite3_stmt *statement = sqlite_statement(&self->writer, SQL_APPEND, NULL, NULL);
    if (statement != NULL) {
        sqlite3_bind_int64(statement, 1, seq);
        sqlite_bind_bytes(statement, 2, (struct bytes){eid, STORE_EID_SIZE});
        sqlite_bind_bytes(statement, 3, body);
    }
    return sqlite_finish(&self->writer, statement);
}

/* Rows of one document in one index, all inserted or all removed. */
static enum status
write_rows(struct sqlite *db, enum sqlite_sql sql, const struct kind *kind,
           const struct kind_index *index, const struct version *version,
           const char *const *scopes, size_t n_scopes)
{
    sqlite3_stmt *statement = sqlite_statement(&db->writer, sql, kind, index);
    if (statement == NULL) {
        return STATUS_INTERNAL;
    }
    sqlite_bind_key(statement, kind, index, version, scopes, n_scopes);
    return sqlite_finish(&db->writer, statement);
}

/* A document's rows in one index: SQL_KEY_INSERT or SQL_KEY_DELETE. */
static enum status
write_keys(struct sqlite *db, enum sqlite_sql sql, const struct kind *kind,
           const struct kind_index *index, const struct version *version)
{
    const char *names[STORE_MAX_SCOPE + 1];
    size_t n_names = split_names(kind, index, version, names);
    enum status status = STATUS_OK;
    /* The kind's own table lists all documents by id. */
    size_t n_listed = n_names > 0 && sqlite_is_listed(index, names[0]) ? 1 : 0;
    for (size_t i = n_listed; i < n_names && status == STATUS_OK;
         i += SQLITE_KEY_ROWS) {
        size_t n = n_names - i < SQLITE_KEY_ROWS ? n_names - i : SQLITE_KEY_ROWS;
        status =
            write_rows(db, sqlite_rows_sql(sql, n), kind, index, version, names + i, n);
    }
    return status;
}

/* Whether both versions stand in an index under the same keys. */
static bool
write_is_same(const struct kind *kind, const struct kind_index *index,
              const struct version *old, const struct version *next)
{
    for (size_t i = 0; i < split_n_columns(index); i++) {
        size_t declared = split_column(kind, index, i);
        enum declared_type type = kind->declared[declared].type;
        if (!split_is_equal(type, &old->values[declared], &next->values[declared])) {
            return false;
        }
    }
    return scope_is_equal(old->scope, old->n_scope, next->scope, next->n_scope);
}

static enum status
write_index(struct sqlite *db, const struct kind *kind, const struct kind_index *index,
            const struct version *old, const struct version *next)
{
    enum status status = STATUS_OK;
    if (old != NULL && next != NULL && write_is_same(kind, index, old, next)) {
        return STATUS_OK;
    }
    /* Old keys first: both versions may stand under the same one. */
    if (old != NULL) {
        status = write_keys(db, SQL_KEY_DELETE, kind, index, old);
    }
    if (status == STATUS_OK && next != NULL) {
        status = write_keys(db, SQL_KEY_INSERT, kind, index, next);
    }
    return status;
}

/* The present row becomes a past one, valid until seq. */
static enum status
write_keep(struct sqlite *db, const struct kind *kind, const char *id, int64_t seq)
{
    sqlite3_stmt *statement = sqlite_statement(&db->writer, SQL_KEEP, kind, NULL);
    if (statement != NULL) {
        sqlite_bind_text(statement, 1, id);
        sqlite3_bind_int64(statement, 2, seq);
    }
    return sqlite_finish(&db->writer, statement);
}

static enum status
write_remove(struct sqlite *db, const struct kind *kind, const char *id)
{
    sqlite3_stmt *statement = sqlite_statement(&db->writer, SQL_DELETE, kind, NULL);
    if (statement != NULL) {
        sqlite_bind_text(statement, 1, id);
    }
    return sqlite_finish(&db->writer, statement);
}

static enum status
write_present(struct sqlite *db, enum sqlite_sql sql, const struct kind *kind,
              const struct version *next)
{
    sqlite3_stmt *statement = sqlite_statement(&db->writer, sql, kind, NULL);
    if (statement == NULL) {
        return STATUS_INTERNAL;
    }
    struct arena *arena = db->scratch;
    sqlite_bind_text(statement, 1, next->id);
    sqlite3_bind_int64(statement, 2, next->seq);
    sqlite3_bind_int64(statement, 3, next->at_ms);
    sqlite3_bind_int64(statement, 4, next->created_at_ms);
    sqlite_bind_bytes(statement, 5, scope_pack(next->scope, next->n_scope, arena));
    sqlite_bind_bytes(statement, 6, next->w);
    sqlite_bind_bytes(statement, 7, next->x);
    size_t n = split_n_declared(kind);
    for (size_t i = 0; i < n; i++) {
        sqlite_bind_value(statement, 8 + (int)i, kind->declared[i].type,
                          &next->values[i]);
    }
    enum status status = sqlite_finish(&db->writer, statement);
    arena_reset(arena);
    return status;
}

/* The past row first, for it is made from the present one. */
enum status
sqlite_write(void *db, const struct kind *kind, const struct version *old,
             const struct version *next, int64_t seq)
{
    struct sqlite *self = db;
    enum status status = STATUS_OK;
    if (old != NULL && kind->has_history) {
        status = write_keep(self, kind, old->id, seq);
    }
    if (status == STATUS_OK && next == NULL) {
        status = write_remove(self, kind, old->id);
    } else if (status == STATUS_OK) {
        status = write_present(self, old == NULL ? SQL_INSERT : SQL_UPDATE, kind, next);
    }
    if (status == STATUS_OK) {
        status = write_index(self, kind, NULL, old, next);
    }
    size_t n = split_n_indexes(kind);
    for (size_t i = 0; i < n && status == STATUS_OK; i++) {
        status = write_index(self, kind, &kind->indexes[i], old, next);
    }
    return status;
}

enum status
sqlite_soft_put(void *db, const char *key, int64_t value)
{
    struct sqlite *self = db;
    bool is_removed = value == INT64_MIN;
    sqlite3_stmt *statement = sqlite_statement(
        &self->writer, is_removed ? SQL_SOFT_REMOVE : SQL_SOFT_PUT, NULL, NULL);
    if (statement != NULL) {
        sqlite_bind_text(statement, 1, key);
    }
    if (statement != NULL && !is_removed) {
        sqlite3_bind_int64(statement, 2, value);
    }
    return sqlite_finish(&self->writer, statement);
}

enum status
sqlite_history_put(void *db, const Kontor__V1__History *history)
{
    struct sqlite *self = db;
    sqlite3_stmt *statement =
        sqlite_statement(&self->writer, SQL_HISTORY_PUT, NULL, NULL);
    if (statement != NULL) {
        sqlite3_bind_int64(statement, 1, history->first_seq);
        sqlite3_bind_int64(statement, 2, store_time_ms(history->started_at));
        sqlite3_bind_int64(statement, 3, history->last_common_seq);
    }
    return sqlite_finish(&self->writer, statement);
}

/* The log, its histories and the numbers beside it stay. */
enum status
sqlite_clear_documents(void *db)
{
    return sqlite_schema_clear(db);
}

/*
 * A checkpoint costs two syncs: it waits until the callers were answered. One that
 * readers hold up is tried again only when the WAL has grown.
 */
void
sqlite_settle(void *db)
{
    struct sqlite *self = db;
    if (self->wal_pages < self->checkpoint_at) {
        return;
    }
    int n_pages = 0;
    int n_done = 0;
    int code = sqlite3_wal_checkpoint_v2(self->writer.handle, NULL,
                                         SQLITE_CHECKPOINT_PASSIVE, &n_pages, &n_done);
    (void)sqlite_write_status(&self->writer, code);
    bool is_whole = code == SQLITE_OK && n_pages == n_done;
    self->checkpoint_at = self->checkpoint_pages + (is_whole ? 0 : self->wal_pages);
}
