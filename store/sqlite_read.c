#include "store/sqlite.h"

#include <string.h>

#include "store/inner.h"
#include "store/scope.h"
#include "store/split.h"

/*
 * What is read is copied into the caller's arena before the statement is reset: SQLite
 * takes the memory of a row back with it. A statement that stays un-reset would keep
 * its snapshot open and hold up every checkpoint, so each way out resets.
 */

/* Columns every read of a version begins with. */
enum { COLUMN_ID, COLUMN_SEQ, COLUMN_AT, COLUMN_CREATED_AT, COLUMN_SCOPE, COLUMN_REST };

static struct bytes
column_bytes(sqlite3_stmt *statement, int column, struct arena *arena)
{
    size_t size = (size_t)sqlite3_column_bytes(statement, column);
    const void *data = sqlite3_column_blob(statement, column);
    return (struct bytes){(const uint8_t *)arena_copy_n(arena, data, size), size};
}

static const char *
column_text(sqlite3_stmt *statement, int column, struct arena *arena)
{
    size_t size = (size_t)sqlite3_column_bytes(statement, column);
    return arena_copy_n(arena, sqlite3_column_text(statement, column), size);
}

static struct store_value
column_value(sqlite3_stmt *statement, int column, enum declared_type type,
             struct arena *arena)
{
    struct store_value value = {.text = ""};
    if (type == DECLARED_TEXT) {
        value.text = column_text(statement, column, arena);
    } else {
        value.integer = sqlite3_column_int64(statement, column);
    }
    return value;
}

/* Steps to the one row of a statement, whose end is no error but NOT_FOUND; OK: it is
 * there, and the caller resets. */
static enum status
read_row(struct sqlite_conn *conn, sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        return STATUS_OK;
    }
    enum status status = sqlite_status(conn, code);
    sqlite3_reset(statement);
    return status == STATUS_OK ? STATUS_NOT_FOUND : status;
}

enum status
sqlite_read_body(struct sqlite_conn *conn, sqlite3_stmt *statement, struct arena *arena,
                 struct bytes *body)
{
    enum status status = read_row(conn, statement);
    if (status == STATUS_OK) {
        *body = column_bytes(statement, 0, arena);
        sqlite3_reset(statement);
    }
    return status;
}

enum status
sqlite_tail(void *reader, int64_t *seq)
{
    struct sqlite_conn *conn = reader;
    sqlite3_stmt *statement = sqlite_statement(conn, SQL_TAIL, NULL, NULL);
    if (statement == NULL) {
        return STATUS_UNAVAILABLE;
    }
    enum status status = read_row(conn, statement);
    *seq = status == STATUS_OK ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_reset(statement);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status
read_entry(struct sqlite_conn *conn, sqlite3_stmt *statement, struct arena *arena,
           struct log_entry *out)
{
    enum status status = read_row(conn, statement);
    if (status != STATUS_OK) {
        return status;
    }
    out->seq = sqlite3_column_int64(statement, 0);
    out->body = column_bytes(statement, 1, arena);
    sqlite3_reset(statement);
    return STATUS_OK;
}

static enum status
read_log(struct sqlite_conn *conn, enum sqlite_sql sql, int64_t seq,
         struct arena *arena, struct log_entry *out)
{
    sqlite3_stmt *statement = sqlite_statement(conn, sql, NULL, NULL);
    if (statement == NULL) {
        return STATUS_UNAVAILABLE;
    }
    sqlite3_bind_int64(statement, 1, seq);
    return read_entry(conn, statement, arena, out);
}

enum status
sqlite_log_after(void *reader, int64_t seq, struct arena *arena, struct log_entry *out)
{
    return read_log(reader, SQL_LOG_AFTER, seq, arena, out);
}

enum status
sqlite_log_until(void *reader, int64_t seq, struct arena *arena, struct log_entry *out)
{
    return read_log(reader, SQL_LOG_UNTIL, seq, arena, out);
}

/* Through its own index; verification holds each key against its commit. */
enum status
sqlite_log_by_eid(void *reader, const uint8_t *eid, struct arena *arena,
                  struct log_entry *out)
{
    struct sqlite_conn *conn = reader;
    sqlite3_stmt *statement = sqlite_statement(conn, SQL_LOG_BY_EID, NULL, NULL);
    if (statement == NULL) {
        return STATUS_UNAVAILABLE;
    }
    sqlite_bind_bytes(statement, 1, (struct bytes){eid, STORE_EID_SIZE});
    return read_entry(conn, statement, arena, out);
}

static Kontor__V1__History *
read_history(sqlite3_stmt *statement, struct arena *arena)
{
    Kontor__V1__History *history = arena_alloc(arena, sizeof *history);
    kontor__v1__history__init(history);
    history->first_seq = sqlite3_column_int64(statement, 0);
    history->started_at = store_timestamp(sqlite3_column_int64(statement, 1), arena);
    history->last_common_seq = sqlite3_column_int64(statement, 2);
    return history;
}

enum status
sqlite_histories(void *reader, struct arena *arena, Kontor__V1__History ***histories,
                 size_t *n)
{
    struct sqlite_conn *conn = reader;
    int64_t count = 0;
    enum status status = sqlite_number(conn, "SELECT count(*) FROM histories", &count);
    sqlite3_stmt *statement =
        status == STATUS_OK ? sqlite_statement(conn, SQL_HISTORIES, NULL, NULL) : NULL;
    if (statement == NULL) {
        return status == STATUS_OK ? STATUS_UNAVAILABLE : status;
    }
    /* Counted in a statement of its own: a history that comes between the two is left
     * for the next time. */
    Kontor__V1__History **found = arena_alloc(arena, (size_t)count * sizeof(void *));
    size_t n_found = 0;
    int code = sqlite3_step(statement);
    while (code == SQLITE_ROW && n_found < (size_t)count) {
        found[n_found++] = read_history(statement, arena);
        code = sqlite3_step(statement);
    }
    status = sqlite_status(conn, code);
    sqlite3_reset(statement);
    if (status == STATUS_OK) {
        *histories = found;
        *n = n_found;
    }
    return status;
}

enum status
sqlite_soft_get(void *reader, const char *key, int64_t *value)
{
    struct sqlite_conn *conn = reader;
    sqlite3_stmt *statement = sqlite_statement(conn, SQL_SOFT_GET, NULL, NULL);
    if (statement == NULL) {
        return STATUS_UNAVAILABLE;
    }
    sqlite_bind_text(statement, 1, key);
    enum status status = read_row(conn, statement);
    if (status == STATUS_OK) {
        *value = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
    }
    return status;
}

/* The columns all reads share; false: the scope is damaged. */
static bool
read_common(sqlite3_stmt *statement, struct arena *arena, struct version *out)
{
    *out = (struct version){
        .id = column_text(statement, COLUMN_ID, arena),
        .seq = sqlite3_column_int64(statement, COLUMN_SEQ),
        .until = INT64_MAX,
        .at_ms = sqlite3_column_int64(statement, COLUMN_AT),
        .created_at_ms = sqlite3_column_int64(statement, COLUMN_CREATED_AT),
    };
    struct bytes packed = {sqlite3_column_blob(statement, COLUMN_SCOPE),
                           (size_t)sqlite3_column_bytes(statement, COLUMN_SCOPE)};
    return scope_unpack(packed, arena, &out->scope, &out->n_scope);
}

static enum status
read_version(struct sqlite_conn *conn, sqlite3_stmt *statement, struct arena *arena,
             struct version *out)
{
    enum status status = read_row(conn, statement);
    if (status != STATUS_OK) {
        return status;
    }
    /* A scope that cannot be read must not turn into one that is empty: the document
     * would look like one that nobody owns. */
    if (!read_common(statement, arena, out)) {
        status = sqlite_status(conn, SQLITE_CORRUPT);
    }
    return status;
}

enum status
sqlite_present(void *reader, const struct kind *kind, const char *id,
               struct arena *arena, struct version *out)
{
    struct sqlite_conn *conn = reader;
    sqlite3_stmt *statement = sqlite_statement(conn, SQL_PRESENT, kind, NULL);
    if (statement == NULL) {
        return STATUS_UNAVAILABLE;
    }
    sqlite_bind_text(statement, 1, id);
    enum status status = read_version(conn, statement, arena, out);
    if (status == STATUS_OK) {
        out->w = column_bytes(statement, COLUMN_REST, arena);
        out->x = column_bytes(statement, COLUMN_REST + 1, arena);
    }
    sqlite3_reset(statement);
    return status;
}

/* Without w and x: judging a write needs no more, and a document may be large. */
enum status
sqlite_head(void *reader, const struct kind *kind, const char *id, struct arena *arena,
            struct version *out)
{
    struct sqlite_conn *conn = reader;
    sqlite3_stmt *statement = sqlite_statement(conn, SQL_HEAD, kind, NULL);
    if (statement == NULL) {
        return STATUS_UNAVAILABLE;
    }
    sqlite_bind_text(statement, 1, id);
    enum status status = read_version(conn, statement, arena, out);
    size_t n = status == STATUS_OK ? split_n_declared(kind) : 0;
    for (size_t i = 0; i < n; i++) {
        out->values[i] = column_value(statement, COLUMN_REST + (int)i,
                                      kind->declared[i].type, arena);
    }
    sqlite3_reset(statement);
    return status;
}

/* The newest version not above the position; whether it still counted there, until
 * says.
 */
enum status
sqlite_past(void *reader, const struct kind *kind, const char *id, int64_t seq,
            struct arena *arena, struct version *out)
{
    struct sqlite_conn *conn = reader;
    if (!kind->has_history) {
        return STATUS_NOT_FOUND;
    }
    sqlite3_stmt *statement = sqlite_statement(conn, SQL_PAST, kind, NULL);
    if (statement == NULL) {
        return STATUS_UNAVAILABLE;
    }
    sqlite_bind_text(statement, 1, id);
    sqlite3_bind_int64(statement, 2, seq);
    enum status status = read_version(conn, statement, arena, out);
    if (status == STATUS_OK) {
        out->w = column_bytes(statement, COLUMN_REST, arena);
        out->x = column_bytes(statement, COLUMN_REST + 1, arena);
        out->until = sqlite3_column_int64(statement, COLUMN_REST + 2);
    }
    sqlite3_reset(statement);
    return status;
}

/* ---- Keys ---- */

static enum declared_type
keys_type(const struct stream *stream, size_t column)
{
    return stream->kind->declared[split_column(stream->kind, stream->index, column)]
        .type;
}

/* Binds in the order sqlite_sql.c writes them: parameters bear no names, and a wrong
 * order would compare a text with a number and find nothing, without an error. */
static void
keys_bind(sqlite3_stmt *statement, const struct stream *stream, size_t limit)
{
    size_t n_columns = split_n_columns(stream->index);
    int place = 1;
    if (stream->is_past) {
        sqlite3_bind_int64(statement, place++, stream->as_of);
    } else {
        sqlite_bind_text(statement, place++, stream->scope);
    }
    for (size_t i = 0; i < stream->n_equal; i++) {
        sqlite_bind_value(statement, place++, keys_type(stream, i), &stream->equal[i]);
    }
    for (size_t i = stream->n_equal; i < n_columns; i++) {
        sqlite_bind_value(statement, place++, keys_type(stream, i),
                          &stream->after.columns[i]);
    }
    sqlite_bind_text(statement, place++, stream->after.id);
    if (stream->has_high && stream->n_equal < n_columns) {
        sqlite3_bind_int64(statement, place++,
                           stream->high.columns[stream->n_equal].integer);
    } else if (stream->has_high) {
        sqlite_bind_text(statement, place++, stream->high.id);
    }
    sqlite3_bind_int64(statement, place, (sqlite3_int64)limit);
}

static struct key
keys_row(sqlite3_stmt *statement, const struct stream *stream, struct arena *arena)
{
    struct key key = {.id = NULL};
    int column = 0;
    for (size_t i = stream->n_equal; i < split_n_columns(stream->index); i++) {
        key.columns[i] = column_value(statement, column++, keys_type(stream, i), arena);
    }
    key.id = column_text(statement, column, arena);
    return key;
}

enum status
sqlite_keys(void *reader, const struct stream *stream, struct arena *arena,
            struct key *keys, size_t *n)
{
    struct sqlite_conn *conn = reader;
    sqlite3_stmt *statement =
        sqlite_statement(conn, sqlite_keys_sql(stream), stream->kind, stream->index);
    if (statement == NULL) {
        return STATUS_UNAVAILABLE;
    }
    keys_bind(statement, stream, *n);
    size_t n_found = 0;
    int code = sqlite3_step(statement);
    while (code == SQLITE_ROW && n_found < *n) {
        keys[n_found++] = keys_row(statement, stream, arena);
        code = sqlite3_step(statement);
    }
    enum status status = sqlite_status(conn, code);
    sqlite3_reset(statement);
    *n = n_found;
    return status;
}

void
sqlite_bind_key(sqlite3_stmt *statement, const struct kind *kind,
                const struct kind_index *index, const struct version *version,
                const char *const *scopes, size_t n_scopes)
{
    int place = 1;
    for (size_t i = 0; i < n_scopes; i++) {
        sqlite_bind_text(statement, place++, scopes[i]);
    }
    for (size_t i = 0; i < split_n_columns(index); i++) {
        size_t declared = split_column(kind, index, i);
        sqlite_bind_value(statement, place++, kind->declared[declared].type,
                          &version->values[declared]);
    }
    sqlite_bind_text(statement, place, version->id);
}

enum status
sqlite_has_key(void *reader, const struct kind *kind, const struct kind_index *index,
               const struct version *version, const char *scope)
{
    struct sqlite_conn *conn = reader;
    /* All documents by id are listed by the kind's own table. */
    bool is_listed = sqlite_is_listed(index, scope);
    sqlite3_stmt *statement =
        sqlite_statement(conn, is_listed ? SQL_HEAD : SQL_KEY_HAS, kind, index);
    if (statement == NULL) {
        return STATUS_UNAVAILABLE;
    }
    if (is_listed) {
        sqlite_bind_text(statement, 1, version->id);
    } else {
        sqlite_bind_key(statement, kind, index, version, &scope, 1);
    }
    enum status status = read_row(conn, statement);
    sqlite3_reset(statement);
    return status;
}

static enum status
count_rows(struct sqlite_conn *conn, enum sqlite_sql sql, const struct kind *kind,
           const struct kind_index *index, int64_t *count)
{
    sqlite3_stmt *statement = sqlite_statement(conn, sql, kind, index);
    enum status status =
        statement == NULL ? STATUS_UNAVAILABLE : read_row(conn, statement);
    if (status == STATUS_OK) {
        *count = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
    }
    return status;
}

/* ---- Judging ---- */

/* Verification finds each row the log makes; only counting finds one it does not. */
enum status
sqlite_counts(void *reader, const struct kind *kind, struct backend_counts *out)
{
    struct sqlite_conn *conn = reader;
    *out = (struct backend_counts){.present = 0};
    enum status status = count_rows(conn, SQL_COUNT, kind, NULL, &out->present);
    if (status == STATUS_OK && kind->has_history) {
        status = count_rows(conn, SQL_COUNT_PAST, kind, NULL, &out->past);
    }
    if (status == STATUS_OK) {
        status =
            count_rows(conn, SQL_KEY_COUNT, kind, NULL, &out->keys[KIND_MAX_INDEXES]);
    }
    /* The index by id has no rows of its own for all documents. */
    out->keys[KIND_MAX_INDEXES] += out->present;
    size_t n = split_n_indexes(kind);
    for (size_t i = 0; i < n && status == STATUS_OK; i++) {
        status =
            count_rows(conn, SQL_KEY_COUNT, kind, &kind->indexes[i], &out->keys[i]);
    }
    return status;
}

/*
 * integrity_check and not quick_check: the latter does not hold indexes against their
 * tables, and an index of idempotency keys that misses a row does a request twice. One
 * fault is enough to know.
 */
enum status
sqlite_check(void *reader)
{
    struct sqlite_conn *conn = reader;
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(conn->handle, "PRAGMA integrity_check(1)", -1,
                                  &statement, NULL);
    enum status status =
        code == SQLITE_OK ? read_row(conn, statement) : sqlite_status(conn, code);
    if (status == STATUS_OK &&
        strcmp((const char *)sqlite3_column_text(statement, 0), "ok") != 0) {
        failure_set(conn->db->open.failure,
                    "%s: the file is damaged (%s): restore it from an export",
                    conn->db->path, (const char *)sqlite3_column_text(statement, 0));
        status = STATUS_DATA_LOSS;
    }
    sqlite3_finalize(statement);
    return status;
}
