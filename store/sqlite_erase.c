/* Taking content out of the file, so that it is nowhere in it any more. */
#include "store/sqlite.h"

enum status
sqlite_log_replace(void *db, int64_t seq, struct bytes body)
{
    struct sqlite *self = db;
    sqlite3_stmt *statement =
        sqlite_statement(&self->writer, SQL_LOG_REPLACE, NULL, NULL);
    if (statement != NULL) {
        sqlite3_bind_int64(statement, 1, seq);
        sqlite_bind_bytes(statement, 2, body);
    }
    enum status status = sqlite_finish(&self->writer, statement);
    bool is_there = sqlite3_changes(self->writer.handle) == 1;
    return status == STATUS_OK && !is_there ? STATUS_NOT_FOUND : status;
}

enum status
sqlite_forget(void *db, const struct kind *kind, const char *id, int64_t seq)
{
    struct sqlite *self = db;
    sqlite3_stmt *statement = sqlite_statement(&self->writer, SQL_FORGET, kind, NULL);
    if (statement != NULL) {
        sqlite_bind_text(statement, 1, id);
        sqlite3_bind_int64(statement, 2, seq);
    }
    return sqlite_finish(&self->writer, statement);
}

/*
 * A row that is changed or removed leaves its bytes in the free room of its page, a
 * page that is given up keeps all of them, and the WAL has both: anybody with the file
 * could still read what was erased, and what earlier changes left of it. So every page
 * is written anew, and the WAL is emptied. Not in memory, which a whole store need not
 * fit into.
 */
enum status
sqlite_scrub(void *db)
{
    struct sqlite *self = db;
    enum status status = sqlite_run(&self->writer, "PRAGMA temp_store=FILE");
    if (status == STATUS_OK) {
        status = sqlite_run(&self->writer, "VACUUM");
    }
    /* A reader of the old pages, a check say, keeps them there: that is told. */
    if (status == STATUS_OK) {
        int code = sqlite3_wal_checkpoint_v2(self->writer.handle, NULL,
                                             SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
        status = sqlite_write_status(&self->writer, code);
    }
    enum status after = sqlite_run(&self->writer, "PRAGMA temp_store=MEMORY");
    return status == STATUS_OK ? after : status;
}

const char *
sqlite_journal(void *db, struct arena *arena)
{
    const struct sqlite *self = db;
    return arena_print(arena, "%s.journal", self->path);
}
