/* What indexes list, and how much. */
#include "store/sqlite.h"

#include <string.h>

#include "store/split.h"

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
        key.columns[i] = sqlite_value(statement, column++, keys_type(stream, i), arena);
    }
    key.id = sqlite_text(statement, column, arena);
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
    enum status status = sqlite_row(conn, statement);
    sqlite3_reset(statement);
    return status;
}

static enum status
count_rows(struct sqlite_conn *conn, enum sqlite_sql sql, const struct kind *kind,
           const struct kind_index *index, int64_t *count)
{
    sqlite3_stmt *statement = sqlite_statement(conn, sql, kind, index);
    enum status status =
        statement == NULL ? STATUS_UNAVAILABLE : sqlite_row(conn, statement);
    if (status == STATUS_OK) {
        *count = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
    }
    return status;
}

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
