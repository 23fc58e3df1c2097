#include "store/sqlite.h"

#include <string.h>

#include "store/split.h"

/* "KONT", so that file(1) and we know our own; the same numbers are in schema_log. */
enum { APPLICATION_ID = 0x4b4f4e54, FORMAT = 1 };

static const char schema_log[] =
    "CREATE TABLE log(seq INTEGER PRIMARY KEY, eid BLOB NOT NULL, body BLOB NOT NULL);"
    "CREATE INDEX log_eid ON log(eid);"
    "CREATE TABLE soft(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE histories(first_seq INTEGER PRIMARY KEY, started_at INTEGER NOT NULL,"
    " last_common_seq INTEGER NOT NULL);"
    "PRAGMA application_id=0x4b4f4e54;"
    "PRAGMA user_version=1;";

/* What a trimmed log begins with. Files from before there was any get it when they are
 * next opened to be written. */
static const char schema_base[] =
    "CREATE TABLE IF NOT EXISTS base(one INTEGER PRIMARY KEY CHECK(one = 1),"
    " body BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS base_document(rid INTEGER PRIMARY KEY,"
    " kind TEXT NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL, UNIQUE(kind, id));";

/*
 * The text a table was made with, as SQLite keeps it, is its version: a kind that gains
 * a field or an index has other texts, and then the documents are made anew from the
 * log. There are no migrations of documents, and none of them can be wrong. The log
 * itself has a format number, and a file of another one is refused.
 */

/* What is done with each table of a kind: its statement, whose text also tells its
 * shape. */
typedef enum status (*schema_fn)(struct sqlite_conn *conn, const char *name,
                                 const char *sql);

/* Whether a table is there, and made with this text. */
static enum status
schema_is_same(struct sqlite_conn *conn, const char *name, const char *sql,
               bool *is_there, bool *is_same)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(conn->handle,
                                  "SELECT sql = ?2 FROM sqlite_schema WHERE name = ?1",
                                  -1, &statement, NULL);
    if (code == SQLITE_OK) {
        sqlite_bind_text(statement, 1, name);
        sqlite_bind_text(statement, 2, sql);
        code = sqlite3_step(statement);
    }
    *is_there = code == SQLITE_ROW;
    *is_same = *is_there && sqlite3_column_int(statement, 0) == 1;
    enum status status = sqlite_status(conn, code);
    sqlite3_finalize(statement);
    return status;
}

static enum status
schema_make_one(struct sqlite_conn *conn, const char *name, const char *sql)
{
    bool is_there = false;
    bool is_same = false;
    enum status status = schema_is_same(conn, name, sql, &is_there, &is_same);
    if (status != STATUS_OK || is_same) {
        return status;
    }
    if (is_there && !conn->db->open.is_rebuilding) {
        failure_set(conn->db->open.failure,
                    "%s: documents of %s have another shape than this version's: "
                    "rebuild them from the log",
                    conn->db->path, name);
        return STATUS_FAILED_PRECONDITION;
    }
    return is_there ? STATUS_OK : sqlite_run(conn, sql);
}

static enum status
schema_check_one(struct sqlite_conn *conn, const char *name, const char *sql)
{
    bool is_there = false;
    bool is_same = false;
    enum status status = schema_is_same(conn, name, sql, &is_there, &is_same);
    if (status == STATUS_OK && !is_same) {
        failure_set(conn->db->open.failure,
                    "%s: documents of %s are missing or have another shape: rebuild "
                    "them from the log",
                    conn->db->path, name);
        return STATUS_FAILED_PRECONDITION;
    }
    return status;
}

static enum status
schema_drop_one(struct sqlite_conn *conn, const char *name, const char *sql)
{
    (void)sql;
    char *drop = sqlite3_mprintf("DROP TABLE IF EXISTS \"%w\"", name);
    enum status status = sqlite_run(conn, drop);
    sqlite3_free(drop);
    return status;
}

/* A table's name is taken out of its text, so that the two cannot differ. */
static enum status
schema_do(struct sqlite_conn *conn, schema_fn act, enum sqlite_sql sql,
          const struct kind *kind, const struct kind_index *index)
{
    char *text = sqlite_sql_text(sql, kind, index);
    const char *name = strchr(text, '"') + 1;
    char *copy = sqlite3_mprintf("%.*s", (int)strcspn(name, "\""), name);
    enum status status = act(conn, copy, text);
    sqlite3_free(copy);
    sqlite3_free(text);
    return status;
}

/* The tables of one kind; the indexes of the past go and come with their table. */
static enum status
schema_kind(struct sqlite_conn *conn, schema_fn act, const struct kind *kind)
{
    enum status status = schema_do(conn, act, SQL_MAKE_KIND, kind, NULL);
    if (status == STATUS_OK) {
        status = schema_do(conn, act, SQL_MAKE_INDEX, kind, NULL);
    }
    if (status == STATUS_OK && kind->has_history) {
        status = schema_do(conn, act, SQL_MAKE_PAST, kind, NULL);
    }
    size_t n = split_n_indexes(kind);
    for (size_t i = 0; i < n && status == STATUS_OK; i++) {
        status = schema_do(conn, act, SQL_MAKE_INDEX, kind, &kind->indexes[i]);
        if (status == STATUS_OK && kind->has_history && act != schema_drop_one) {
            status = schema_do(conn, act, SQL_MAKE_PAST_INDEX, kind, &kind->indexes[i]);
        }
    }
    return status;
}

static enum status
schema_kinds(struct sqlite *db, schema_fn act)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < db->open.n_kinds && status == STATUS_OK; i++) {
        status = schema_kind(&db->writer, act, &db->open.kinds[i]);
    }
    return status;
}

/* Whose file this is: ours of this format, new, or somebody else's. */
static enum status
schema_check_owner(struct sqlite *db, bool *is_new)
{
    int64_t application = 0;
    int64_t format = 0;
    int64_t n_tables = 0;
    enum status status =
        sqlite_number(&db->writer, "PRAGMA application_id", &application);
    if (status == STATUS_OK) {
        status = sqlite_number(&db->writer, "PRAGMA user_version", &format);
    }
    if (status == STATUS_OK) {
        status =
            sqlite_number(&db->writer, "SELECT count(*) FROM sqlite_schema", &n_tables);
    }
    if (status != STATUS_OK) {
        return status;
    }
    *is_new = application == 0 && format == 0 && n_tables == 0;
    bool is_ours = application == APPLICATION_ID;
    if (*is_new || (is_ours && format == FORMAT)) {
        return STATUS_OK;
    }
    failure_set(
        db->open.failure,
        is_ours ? "%s: made by another version of the store (format %lld)"
                : "%s: an SQLite file, but no store (format %lld): give another path",
        db->path, (long long)format);
    return STATUS_FAILED_PRECONDITION;
}

static enum status
schema_make_all(struct sqlite *db, bool is_new)
{
    enum status status = is_new ? sqlite_run(&db->writer, schema_log) : STATUS_OK;
    if (status == STATUS_OK) {
        status = sqlite_run(&db->writer, schema_base);
    }
    return status == STATUS_OK ? schema_kinds(db, schema_make_one) : status;
}

enum status
sqlite_schema_make(struct sqlite *db)
{
    bool is_new = false;
    enum status status = schema_check_owner(db, &is_new);
    if (status != STATUS_OK) {
        return status;
    }
    /* A reader makes nothing; a file without tables is told as empty by who opens. */
    if (db->open.is_read_only) {
        return is_new ? STATUS_OK : schema_kinds(db, schema_check_one);
    }
    /* In one transaction: a store that is half made would be neither new nor ours. */
    status = sqlite_run(&db->writer, "BEGIN IMMEDIATE");
    if (status != STATUS_OK) {
        return status;
    }
    status = schema_make_all(db, is_new);
    if (status == STATUS_OK) {
        status = sqlite_run(&db->writer, "COMMIT");
    }
    if (status != STATUS_OK) {
        sqlite3_exec(db->writer.handle, "ROLLBACK", NULL, NULL, NULL);
    }
    return status;
}

/* Dropping and making costs less than deleting row by row, and brings tables of another
 * version's shape to this one's. */
enum status
sqlite_schema_clear(struct sqlite *db)
{
    enum status status = schema_kinds(db, schema_drop_one);
    return status == STATUS_OK ? schema_kinds(db, schema_make_one) : status;
}
