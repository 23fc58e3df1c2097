#include "store/sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

enum { PREFIX_MASK = 0xff };

/*
 * In this order: waiting for others comes before all that may have to wait, and a page
 * size no longer changes once the file is a WAL database. Pages of 2 KiB: a commit
 * touches many of them, a little each, and writes them whole. The cache holds those
 * that are written again and again; the system's has the rest. FULL syncs the WAL at
 * each commit, NORMAL would lose acknowledged ones with the power. No mmap: an I/O
 * error in it is a signal, not a result code. No schema is trusted, for the file may
 * come from anywhere.
 */
static const char *const writer_settings[] = {
    "PRAGMA busy_timeout=5000",
    "PRAGMA page_size=2048",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA cache_size=-4096",
    /* The committer checkpoints after it has answered, not inside a commit. */
    "PRAGMA wal_autocheckpoint=0",
    "PRAGMA mmap_size=0",
    "PRAGMA temp_store=MEMORY",
    NULL,
};

/* Readers never checkpoint: that two connections do is what the WAL-reset bug needs
 * (sqlite.h). query_only refuses a write that would come by mistake. */
static const char *const reader_settings[] = {
    "PRAGMA busy_timeout=5000",
    "PRAGMA query_only=1",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA wal_autocheckpoint=0",
    "PRAGMA mmap_size=0",
    "PRAGMA temp_store=MEMORY",
    NULL,
};

/* Result codes that are not simply "cannot be read or written now". */
static const struct {
    int code;
    enum status status;
    const char *cure;
} code_table[] = {
    {SQLITE_CORRUPT, STATUS_DATA_LOSS,
     "the file is damaged: restore it from an export"},
    {SQLITE_NOTADB, STATUS_DATA_LOSS,
     "this is no store: give the path of one, or of a new file"},
    {SQLITE_FULL, STATUS_UNAVAILABLE, "make room on the disk"},
    {SQLITE_READONLY, STATUS_UNAVAILABLE, "make the file and its folder writable"},
    {SQLITE_CANTOPEN, STATUS_UNAVAILABLE,
     "make the folder, and writable for the broker"},
    {SQLITE_BUSY, STATUS_UNAVAILABLE, "end the other program that has the file open"},
    {SQLITE_ERROR, STATUS_INTERNAL, "this is a fault of the broker"},
    {SQLITE_MISUSE, STATUS_INTERNAL, "this is a fault of the broker"},
};

static const char *
conn_message(const struct sqlite_conn *conn, int code)
{
    return conn->handle == NULL ? sqlite3_errstr(code) : sqlite3_errmsg(conn->handle);
}

enum status
sqlite_status(const struct sqlite_conn *conn, int code)
{
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) {
        return STATUS_OK;
    }
    for (size_t i = 0; i < sizeof code_table / sizeof code_table[0]; i++) {
        if (code_table[i].code == (code & PREFIX_MASK)) {
            failure_set(conn->db->open.failure, "%s: %s (%d); %s", conn->db->path,
                        conn_message(conn, code), code, code_table[i].cure);
            return code_table[i].status;
        }
    }
    failure_set(conn->db->open.failure, "%s: %s (%d)", conn->db->path,
                conn_message(conn, code), code);
    return STATUS_UNAVAILABLE;
}

/*
 * After a failed sync Linux may have dropped the pages and forgotten: trying again
 * would answer OK for what is not on the disk.
 */
enum status
sqlite_write_status(const struct sqlite_conn *conn, int code)
{
    if ((code & PREFIX_MASK) != SQLITE_IOERR) {
        return sqlite_status(conn, code);
    }
    (void)fprintf(stderr,
                  "kontord: cannot write %s: %s (%d). What the disk holds is unknown, "
                  "so the process ends; check the disk, then start again\n",
                  conn->db->path, sqlite3_errmsg(conn->handle), code);
    _exit(EX_IOERR);
}

/* ---- Running ---- */

enum status
sqlite_run(struct sqlite_conn *conn, const char *sql)
{
    return sqlite_write_status(conn, sqlite3_exec(conn->handle, sql, NULL, NULL, NULL));
}

enum status
sqlite_number(struct sqlite_conn *conn, const char *sql, int64_t *number)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(conn->handle, sql, -1, &statement, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
    }
    if (code == SQLITE_ROW) {
        *number = sqlite3_column_int64(statement, 0);
    }
    enum status status = sqlite_status(conn, code);
    sqlite3_finalize(statement);
    return status;
}

enum status
sqlite_finish(struct sqlite_conn *conn, sqlite3_stmt *statement)
{
    if (statement == NULL) {
        return STATUS_INTERNAL;
    }
    /*
     * A disk that is full, or broken, ends a transaction also when only a read meets
     * it: pages that have to make room are written then. What was still to be written
     * of the batch would stand alone, each statement for itself.
     */
    bool is_gone = conn->db->is_in_batch && sqlite3_get_autocommit(conn->handle) != 0;
    if (is_gone) {
        return STATUS_UNAVAILABLE;
    }
    int code = sqlite3_step(statement);
    enum status status = sqlite_write_status(conn, code);
    sqlite3_reset(statement);
    return status;
}

void
sqlite_bind_text(sqlite3_stmt *statement, int place, const char *text)
{
    sqlite3_bind_text(statement, place, text, -1, SQLITE_STATIC);
}

/* A NULL address would be stored as NULL, not as an empty blob. */
void
sqlite_bind_bytes(sqlite3_stmt *statement, int place, struct bytes bytes)
{
    const void *data = bytes.size == 0 ? "" : (const void *)bytes.data;
    sqlite3_bind_blob64(statement, place, data, bytes.size, SQLITE_STATIC);
}

void
sqlite_bind_value(sqlite3_stmt *statement, int place, enum declared_type type,
                  const struct store_value *value)
{
    if (type == DECLARED_TEXT) {
        sqlite_bind_text(statement, place, value->text);
        return;
    }
    sqlite3_bind_int64(statement, place, value->integer);
}

/* One place for each statement of each index of each kind: finding one is arithmetic,
 * and most places stay empty. */
static size_t
conn_n_statements(const struct sqlite *db)
{
    return (size_t)SQL_END * db->open.n_kinds * (KIND_MAX_INDEXES + 1);
}

static enum status
conn_settle(struct sqlite_conn *conn, const char *const *settings)
{
    for (; *settings != NULL; settings++) {
        int code = sqlite3_exec(conn->handle, *settings, NULL, NULL, NULL);
        if (code != SQLITE_OK) {
            return sqlite_status(conn, code);
        }
    }
    return STATUS_OK;
}

/* ---- Opening ---- */

/* A path as an SQLite address, in which a path may bear what an address would read as
 * its own; an immutable file needs one. */
static char *
conn_address(const struct sqlite *db)
{
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendall(out, "file:");
    for (const char *at = db->path; *at != '\0'; at++) {
        if (*at == '?' || *at == '#' || *at == '%') {
            sqlite3_str_appendf(out, "%%%02X", (unsigned char)*at);
        } else {
            sqlite3_str_appendchar(out, 1, *at);
        }
    }
    sqlite3_str_appendall(out, db->is_immutable ? "?immutable=1" : "");
    return sqlite3_str_finish(out);
}

static enum status
conn_open_file(struct sqlite *db, int flags, struct sqlite_conn *conn)
{
    char *address = conn_address(db);
    bool is_writer = (flags & SQLITE_OPEN_READWRITE) != 0;
    int code = sqlite3_open_v2(address, &conn->handle,
                               flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI,
                               is_writer ? sqlite_gather_name(db->gather) : NULL);
    sqlite3_free(address);
    if (code != SQLITE_OK) {
        return sqlite_status(conn, code);
    }
    sqlite3_extended_result_codes(conn->handle, 1);
    return STATUS_OK;
}

enum status
sqlite_conn_open(struct sqlite *db, bool is_writer, struct sqlite_conn *conn)
{
    *conn = (struct sqlite_conn){.db = db};
    int flags =
        is_writer ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    enum status status = conn_open_file(db, flags, conn);
    /* The last reader to close must not checkpoint either. */
    if (status == STATUS_OK && !is_writer) {
        sqlite3_db_config(conn->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    }
    if (status == STATUS_OK) {
        status = conn_settle(conn, is_writer ? writer_settings : reader_settings);
    }
    if (status != STATUS_OK) {
        sqlite_conn_close(conn);
        return status;
    }
    conn->statements = calloc(conn_n_statements(db), sizeof(sqlite3_stmt *));
    if (conn->statements == NULL) {
        abort();
    }
    return STATUS_OK;
}

void
sqlite_conn_close(struct sqlite_conn *conn)
{
    for (size_t i = 0; conn->statements != NULL && i < conn_n_statements(conn->db);
         i++) {
        sqlite3_finalize(conn->statements[i]);
    }
    free(conn->statements);
    sqlite3_close(conn->handle);
    conn->statements = NULL;
    conn->handle = NULL;
}
