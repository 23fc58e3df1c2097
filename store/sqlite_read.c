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

const char *
sqlite_text(sqlite3_stmt *statement, int column, struct arena *arena)
{
    size_t size = (size_t)sqlite3_column_bytes(statement, column);
    return arena_copy_n(arena, sqlite3_column_text(statement, column), size);
}

struct store_value
sqlite_value(sqlite3_stmt *statement, int column, enum declared_type type,
             struct arena *arena)
{
    struct store_value value = {.text = ""};
    if (type == DECLARED_TEXT) {
        value.text = sqlite_text(statement, column, arena);
    } else {
        value.integer = sqlite3_column_int64(statement, column);
    }
    return value;
}

enum status
sqlite_row(struct sqlite_conn *conn, sqlite3_stmt *statement)
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
    enum status status = sqlite_row(conn, statement);
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
    enum status status = sqlite_row(conn, statement);
    *seq = status == STATUS_OK ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_reset(statement);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status
read_entry(struct sqlite_conn *conn, sqlite3_stmt *statement, struct arena *arena,
           struct log_entry *out)
{
    enum status status = sqlite_row(conn, statement);
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
    enum status status = sqlite_row(conn, statement);
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
        .id = sqlite_text(statement, COLUMN_ID, arena),
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
    enum status status = sqlite_row(conn, statement);
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
        out->values[i] = sqlite_value(statement, COLUMN_REST + (int)i,
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

/* ---- Judging ---- */

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
        code == SQLITE_OK ? sqlite_row(conn, statement) : sqlite_status(conn, code);
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
