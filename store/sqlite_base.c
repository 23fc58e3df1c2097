/* The base of a trimmed log: a head, and documents by kind and id. */
#include "store/sqlite.h"

/* Where a file is only read that was made before there were bases, there is no table.
 */
enum status
sqlite_base(void *reader, struct arena *arena, struct bytes *body)
{
    struct sqlite_conn *conn = reader;
    int64_t n_tables = 0;
    enum status status = sqlite_number(
        conn, "SELECT count(*) FROM sqlite_schema WHERE name = 'base'", &n_tables);
    if (status != STATUS_OK || n_tables == 0) {
        return status == STATUS_OK ? STATUS_NOT_FOUND : status;
    }
    sqlite3_stmt *statement = sqlite_statement(conn, SQL_BASE, NULL, NULL);
    return statement == NULL ? STATUS_UNAVAILABLE
                             : sqlite_read_body(conn, statement, arena, body);
}

static enum status
read_document(struct sqlite_conn *conn, enum sqlite_sql sql, const char *kind,
              const char *id, struct arena *arena, struct bytes *body)
{
    sqlite3_stmt *statement = sqlite_statement(conn, sql, NULL, NULL);
    if (statement == NULL) {
        return STATUS_UNAVAILABLE;
    }
    sqlite_bind_text(statement, 1, kind);
    sqlite_bind_text(statement, 2, id);
    return sqlite_read_body(conn, statement, arena, body);
}

enum status
sqlite_base_get(void *reader, const char *kind, const char *id, struct arena *arena,
                struct bytes *body)
{
    return read_document(reader, SQL_BASE_GET, kind, id, arena, body);
}

enum status
sqlite_base_next(void *reader, const char *kind, const char *id, struct arena *arena,
                 struct bytes *body)
{
    return read_document(reader, SQL_BASE_NEXT, kind, id, arena, body);
}

enum status
sqlite_base_put(void *db, const char *kind, const char *id, struct bytes body)
{
    struct sqlite *self = db;
    sqlite3_stmt *statement = sqlite_statement(&self->writer, SQL_BASE_PUT, NULL, NULL);
    if (statement != NULL) {
        sqlite_bind_text(statement, 1, kind);
        sqlite_bind_text(statement, 2, id);
        sqlite_bind_bytes(statement, 3, body);
    }
    return sqlite_finish(&self->writer, statement);
}

enum status
sqlite_base_remove(void *db, const char *kind, const char *id)
{
    struct sqlite *self = db;
    sqlite3_stmt *statement =
        sqlite_statement(&self->writer, SQL_BASE_REMOVE, NULL, NULL);
    if (statement != NULL) {
        sqlite_bind_text(statement, 1, kind);
        sqlite_bind_text(statement, 2, id);
    }
    return sqlite_finish(&self->writer, statement);
}

enum status
sqlite_base_set(void *db, struct bytes body)
{
    struct sqlite *self = db;
    sqlite3_stmt *statement = sqlite_statement(&self->writer, SQL_BASE_SET, NULL, NULL);
    if (statement != NULL) {
        sqlite_bind_bytes(statement, 1, body);
    }
    return sqlite_finish(&self->writer, statement);
}

static enum status
trim_rows(struct sqlite *db, enum sqlite_sql sql, const struct kind *kind, int64_t seq)
{
    sqlite3_stmt *statement = sqlite_statement(&db->writer, sql, kind, NULL);
    if (statement != NULL) {
        sqlite3_bind_int64(statement, 1, seq);
    }
    return sqlite_finish(&db->writer, statement);
}

/* The index of idempotency keys loses its rows with the table. */
enum status
sqlite_trim(void *db, int64_t seq)
{
    struct sqlite *self = db;
    enum status status = trim_rows(self, SQL_TRIM, NULL, seq);
    for (size_t i = 0; i < self->open.n_kinds && status == STATUS_OK; i++) {
        if (self->open.kinds[i].has_history) {
            status = trim_rows(self, SQL_TRIM_PAST, &self->open.kinds[i], seq);
        }
    }
    return status;
}
