#include "store/sqlite.h"

#include <stdlib.h>
#include <unistd.h>

/* SQLite calls it after each commit; the checkpoint itself waits for settle. */
static int
count_pages(void *context, sqlite3 *handle, const char *name, int n_pages)
{
    struct sqlite *db = context;
    (void)handle;
    (void)name;
    db->wal_pages = n_pages;
    return SQLITE_OK;
}

/*
 * Asked to write, SQLite opens a file that may only be read all the same, and says so
 * at the first write: a broker would get ready and then refuse every change.
 */
static enum status
sqlite_open_to_write(struct sqlite *db)
{
    /* Without a sync readers would look for pages that are not written yet. */
    db->gather = db->open.faults.skips_sync ? NULL : sqlite_gather_new();
    enum status status = sqlite_conn_open(db, true, &db->writer);
    if (status == STATUS_OK && sqlite3_db_readonly(db->writer.handle, "main") == 1) {
        failure_set(db->open.failure,
                    "%s can only be read: make the file and its folder writable",
                    db->path);
        return STATUS_UNAVAILABLE;
    }
    return status;
}

static enum status
sqlite_open_writer(struct sqlite *db)
{
    enum status status = sqlite_open_to_write(db);
    if (status != STATUS_OK) {
        return status;
    }
    sqlite3_wal_hook(db->writer.handle, count_pages, db);
    db->checkpoint_pages = db->open.faults.checkpoint_pages > 0
                               ? db->open.faults.checkpoint_pages
                               : SQLITE_CHECKPOINT_PAGES;
    db->checkpoint_at = db->checkpoint_pages;
    if (db->open.faults.skips_sync) {
        status = sqlite_run(&db->writer, "PRAGMA synchronous=OFF");
    }
    if (db->open.faults.max_pages > 0) {
        char *limit = sqlite3_mprintf("PRAGMA max_page_count=%lld",
                                      (long long)db->open.faults.max_pages);
        status = sqlite_run(&db->writer, limit);
        sqlite3_free(limit);
    }
    return status;
}

/*
 * A WAL database needs its -shm file even to be read. Where that cannot be made and
 * nothing waits in a WAL, the file is all there is.
 */
static enum status
sqlite_open_read_only(struct sqlite *db)
{
    enum status status = sqlite_conn_open(db, false, &db->writer);
    int64_t n_tables = 0;
    if (status == STATUS_OK) {
        status =
            sqlite_number(&db->writer, "SELECT count(*) FROM sqlite_schema", &n_tables);
    }
    char *wal = sqlite3_mprintf("%s-wal", db->path);
    bool is_at_rest = access(wal, F_OK) != 0 && access(db->path, R_OK) == 0;
    sqlite3_free(wal);
    if (status != STATUS_UNAVAILABLE || !is_at_rest) {
        return status;
    }
    sqlite_conn_close(&db->writer);
    db->is_immutable = true;
    return sqlite_conn_open(db, false, &db->writer);
}

static void
sqlite_close(void *db)
{
    struct sqlite *self = db;
    /* Whoever closes last makes the WAL part of the file and removes it. */
    if (self->lock_fd >= 0) {
        sqlite_file_closing(self);
    }
    if (self->writer.db != NULL) {
        sqlite_conn_close(&self->writer);
    }
    sqlite_gather_free(self->gather);
    /* Last: until here no other broker may touch the file. */
    sqlite_file_unlock(self);
    arena_free(self->scratch);
    sqlite3_free(self->path);
    free(self);
}

static enum status
sqlite_open(const struct backend_open *open, void **out)
{
    struct sqlite *db = calloc(1, sizeof *db);
    if (db == NULL) {
        abort();
    }
    db->open = *open;
    db->lock_fd = -1;
    db->path = sqlite_file_path(open->path);
    db->scratch = arena_new();
    if (db->scratch == NULL) {
        abort();
    }
    /* In this order: what is no store is left as it was, then others are kept out, and
     * only then is anything opened that could change the file. */
    enum status status = sqlite_file_judge(db);
    if (status == STATUS_OK && !open->is_read_only) {
        status = sqlite_file_lock(db);
    }
    if (status == STATUS_OK) {
        status =
            open->is_read_only ? sqlite_open_read_only(db) : sqlite_open_writer(db);
    }
    if (status == STATUS_OK) {
        status = sqlite_schema_make(db);
    }
    if (status != STATUS_OK) {
        sqlite_close(db);
        return status;
    }
    if (db->lock_fd >= 0) {
        sqlite_file_opened(db);
    }
    *out = db;
    return STATUS_OK;
}

static void *
sqlite_writer(void *db)
{
    struct sqlite *self = db;
    return &self->writer;
}

/* A deferred transaction: its snapshot is that of its first read, not of its begin. */
static enum status
sqlite_begin(void *reader)
{
    struct sqlite_conn *conn = reader;
    sqlite3_stmt *statement = sqlite_statement(conn, SQL_BEGIN, NULL, NULL);
    if (statement == NULL) {
        return STATUS_UNAVAILABLE;
    }
    enum status status = sqlite_status(conn, sqlite3_step(statement));
    sqlite3_reset(statement);
    return status;
}

static void
sqlite_end(void *reader)
{
    sqlite3_stmt *statement = sqlite_statement(reader, SQL_COMMIT, NULL, NULL);
    if (statement != NULL) {
        sqlite3_step(statement);
        sqlite3_reset(statement);
    }
}

static void
sqlite_reader_close(void *reader)
{
    sqlite_conn_close(reader);
    free(reader);
}

/* SQLite opens the files of the log at the first read only. A flood that takes all
 * descriptors must find them open. */
static enum status
reader_touch(struct sqlite_conn *conn)
{
    int64_t seq = 0;
    enum status status = sqlite_begin(conn);
    if (status != STATUS_OK) {
        return status;
    }
    status = sqlite_tail(conn, &seq);
    sqlite_end(conn);
    return status;
}

/* Ready to read, or not at all: a reader that fails at its first call would fail it in
 * the middle of serving. */
static enum status
sqlite_reader_open(void *db, void **reader)
{
    struct sqlite_conn *conn = calloc(1, sizeof *conn);
    if (conn == NULL) {
        abort();
    }
    enum status status = sqlite_conn_open(db, false, conn);
    if (status != STATUS_OK) {
        free(conn);
        return status;
    }
    /* Each commit makes its cache void: a large one is filled for nothing. Not among
     * the settings, which may be set before it is known what the file is. */
    status = sqlite_run(conn, "PRAGMA cache_size=-512");
    if (status == STATUS_OK) {
        status = reader_touch(conn);
    }
    if (status != STATUS_OK) {
        sqlite_reader_close(conn);
        return status;
    }
    *reader = conn;
    return STATUS_OK;
}

const struct backend backend_sqlite = {
    .name = "sqlite",
    .has_snapshots = true,
    .open = sqlite_open,
    .close = sqlite_close,
    .reader_open = sqlite_reader_open,
    .reader_close = sqlite_reader_close,
    .writer = sqlite_writer,
    .begin = sqlite_begin,
    .end = sqlite_end,
    .tail = sqlite_tail,
    .log_after = sqlite_log_after,
    .log_until = sqlite_log_until,
    .log_by_eid = sqlite_log_by_eid,
    .histories = sqlite_histories,
    .soft_get = sqlite_soft_get,
    .present = sqlite_present,
    .head = sqlite_head,
    .past = sqlite_past,
    .keys = sqlite_keys,
    .has_key = sqlite_has_key,
    .counts = sqlite_counts,
    .check = sqlite_check,
    .batch_begin = sqlite_batch_begin,
    .batch_commit = sqlite_batch_commit,
    .batch_abort = sqlite_batch_abort,
    .append = sqlite_append,
    .write = sqlite_write,
    .soft_put = sqlite_soft_put,
    .history_put = sqlite_history_put,
    .clear_documents = sqlite_clear_documents,
    .settle = sqlite_settle,
    .log_replace = sqlite_log_replace,
    .forget = sqlite_forget,
    .scrub = sqlite_scrub,
    .journal = sqlite_journal,
    .base = sqlite_base,
    .base_get = sqlite_base_get,
    .base_next = sqlite_base_next,
    .base_put = sqlite_base_put,
    .base_remove = sqlite_base_remove,
    .base_set = sqlite_base_set,
    .trim = sqlite_trim,
};
