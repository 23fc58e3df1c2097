/*
 * The SQLite backend: one file, one connection that writes and checkpoints, readers
 * beside it.
 *
 * SQLite 3.7.0 to 3.51.2 can damage a WAL database when two connections write or
 * checkpoint at once (sqlite.org/wal.html, "the WAL-reset bug"): so exactly one does
 * both, on the committer's thread.
 *
 * Memory: statements live as long as their connection. Errors: as backend.h; an I/O
 * error while writing ends the process. Threads: a connection belongs to one thread at
 * a time.
 */
#ifndef KONTOR_STORE_SQLITE_H
#define KONTOR_STORE_SQLITE_H

#include <sqlite3.h>

#include "store/backend.h"
#include "store/sqlite_gather.h"

struct sqlite;

/* Pages of the WAL that are worth a checkpoint. */
enum { SQLITE_CHECKPOINT_PAGES = 4000 };

/* A connection and its prepared statements. */
struct sqlite_conn {
    struct sqlite *db;
    sqlite3 *handle;
    sqlite3_stmt **statements; /* Prepared when first used. */
};

struct sqlite {
    struct backend_open open;
    char *path;
    int lock_fd; /* Held as long as the store is open; -1 when read-only. */
    struct sqlite_conn writer;
    bool is_in_batch;             /* Whether its transaction has to be open. */
    struct arena *scratch;        /* The writer's, for one statement. */
    bool is_immutable;            /* A read-only file that nobody has open. */
    struct sqlite_gather *gather; /* What the writer writes; NULL: as it comes. */
    int wal_pages;                /* In the WAL after the last commit. */
    int checkpoint_pages;         /* Pages that are worth a checkpoint. */
    int checkpoint_at;            /* Pages from which on settle tries a checkpoint. */
};

/* ---- sqlite_file.c ---- */

/* The one name a file has, however many links lead to it; to be freed with
 * sqlite3_free. */
char *sqlite_file_path(const char *path);
/* Refuses a path that can be no store, before anything is made: a folder, a pipe,
 * somebody's text; and a store whose WAL was lost: DATA_LOSS. */
enum status sqlite_file_judge(struct sqlite *db) MUST_CHECK;
/* Keeps other brokers out until sqlite_file_unlock, which may be called without. */
enum status sqlite_file_lock(struct sqlite *db) MUST_CHECK;
void sqlite_file_unlock(struct sqlite *db);
/* From now on a WAL lies beside the file. While the lock is held. */
void sqlite_file_opened(const struct sqlite *db);
/* From now on it may be gone. While the lock is held. */
void sqlite_file_closing(const struct sqlite *db);

/* ---- sqlite_conn.c ---- */

/* Opens a connection with every setting the design asks for. */
enum status sqlite_conn_open(struct sqlite *db, bool is_writer,
                             struct sqlite_conn *conn) MUST_CHECK;
void sqlite_conn_close(struct sqlite_conn *conn);
/* Runs statements without results on the writer. */
enum status sqlite_run(struct sqlite_conn *conn, const char *sql) MUST_CHECK;
/* The number a statement without parameters answers. */
enum status sqlite_number(struct sqlite_conn *conn, const char *sql,
                          int64_t *number) MUST_CHECK;
/* The status of a result code; sets the failure when it is one. */
enum status sqlite_status(const struct sqlite_conn *conn, int code);
/* As sqlite_status, but an I/O error ends the process: nobody knows what is on disk. */
enum status sqlite_write_status(const struct sqlite_conn *conn, int code);
/* Steps and resets a statement that answers no rows. */
enum status sqlite_finish(struct sqlite_conn *conn, sqlite3_stmt *statement) MUST_CHECK;
void sqlite_bind_text(sqlite3_stmt *statement, int place, const char *text);
void sqlite_bind_bytes(sqlite3_stmt *statement, int place, struct bytes bytes);
void sqlite_bind_value(sqlite3_stmt *statement, int place, enum declared_type type,
                       const struct store_value *value);

/* ---- sqlite_sql.c ---- */

/* Rows of an index one statement inserts at most. */
enum { SQLITE_KEY_ROWS = 8 };

/* Every statement, by what it does; the rows of the table in sqlite_sql.c. */
enum sqlite_sql {
    SQL_BEGIN,
    SQL_BEGIN_WRITE,
    SQL_COMMIT,
    SQL_TAIL,
    SQL_LOG_AFTER,
    SQL_LOG_UNTIL,
    SQL_LOG_BY_EID,
    SQL_APPEND,
    SQL_LOG_REPLACE,
    SQL_BASE,
    SQL_BASE_SET,
    SQL_BASE_GET,
    SQL_BASE_NEXT,
    SQL_BASE_PUT,
    SQL_BASE_REMOVE,
    SQL_TRIM,
    SQL_SOFT_GET,
    SQL_SOFT_PUT,
    SQL_SOFT_REMOVE,
    SQL_HISTORIES,
    SQL_HISTORY_PUT,
    SQL_PRESENT,
    SQL_HEAD,
    SQL_PAST,
    SQL_INSERT,
    SQL_UPDATE,
    SQL_DELETE,
    SQL_KEEP,
    SQL_FORGET,
    SQL_TRIM_PAST,
    SQL_COUNT,
    SQL_COUNT_PAST,
    SQL_KEY_HAS,
    SQL_KEY_COUNT,
    SQL_MAKE_KIND,
    SQL_MAKE_PAST,
    SQL_MAKE_PAST_INDEX,
    SQL_MAKE_INDEX,
    SQL_KEY_INSERT, /* One row, and the forms of more: see sqlite_rows_sql. */
    SQL_KEY_DELETE = SQL_KEY_INSERT + SQLITE_KEY_ROWS, /* The same. */
    SQL_KEYS = SQL_KEY_DELETE + SQLITE_KEY_ROWS, /* And the further forms of a stream:
                                                    see sqlite_keys_sql. */
    SQL_END = SQL_KEYS + 32,
};

/* The form of SQL_KEY_INSERT or SQL_KEY_DELETE for so many rows of one document, 1 to
 * SQLITE_KEY_ROWS. */
enum sqlite_sql sqlite_rows_sql(enum sqlite_sql sql, size_t n_rows);

/* The text of a statement for a kind and an index (NULL: the one by id), to be freed
 * with sqlite3_free. */
char *sqlite_sql_text(enum sqlite_sql sql, const struct kind *kind,
                      const struct kind_index *index);
/* The form of SQL_KEYS for a stream. */
enum sqlite_sql sqlite_keys_sql(const struct stream *stream);
/* Whether a kind's own table lists what an index would: all documents by id need no
 * rows. */
bool sqlite_is_listed(const struct kind_index *index, const char *scope);
/* The prepared statement, NULL when it cannot be prepared; kind and index may be NULL
 * where it needs none. */
sqlite3_stmt *sqlite_statement(struct sqlite_conn *conn, enum sqlite_sql sql,
                               const struct kind *kind, const struct kind_index *index);

/* ---- sqlite_schema.c ---- */

/* Makes what is missing, refuses what is of another shape. */
enum status sqlite_schema_make(struct sqlite *db) MUST_CHECK;
/* Drops and makes everything that comes from the log. */
enum status sqlite_schema_clear(struct sqlite *db) MUST_CHECK;

/* ---- sqlite_read.c ---- */

/* Steps to the one row of a statement, whose end is no error but NOT_FOUND; OK: it is
 * there, and the caller resets. */
enum status sqlite_row(struct sqlite_conn *conn, sqlite3_stmt *statement) MUST_CHECK;
/* A declared value, its text in the arena. */
struct store_value sqlite_value(sqlite3_stmt *statement, int column,
                                enum declared_type type, struct arena *arena);
/* The text of a column, in the arena. */
const char *sqlite_text(sqlite3_stmt *statement, int column, struct arena *arena);
/* The one blob a statement answers, whose parameters are bound; resets it. NOT_FOUND.
 */
enum status sqlite_read_body(struct sqlite_conn *conn, sqlite3_stmt *statement,
                             struct arena *arena, struct bytes *body) MUST_CHECK;

enum status sqlite_tail(void *reader, int64_t *seq);
enum status sqlite_log_after(void *reader, int64_t seq, struct arena *arena,
                             struct log_entry *out);
enum status sqlite_log_until(void *reader, int64_t seq, struct arena *arena,
                             struct log_entry *out);
enum status sqlite_log_by_eid(void *reader, const uint8_t *eid, struct arena *arena,
                              struct log_entry *out);
enum status sqlite_histories(void *reader, struct arena *arena,
                             Kontor__V1__History ***histories, size_t *n);
enum status sqlite_soft_get(void *reader, const char *key, int64_t *value);
enum status sqlite_present(void *reader, const struct kind *kind, const char *id,
                           struct arena *arena, struct version *out);
enum status sqlite_head(void *reader, const struct kind *kind, const char *id,
                        struct arena *arena, struct version *out);
enum status sqlite_past(void *reader, const struct kind *kind, const char *id,
                        int64_t seq, struct arena *arena, struct version *out);
enum status sqlite_check(void *reader);

/* ---- sqlite_keys.c ---- */

enum status sqlite_keys(void *reader, const struct stream *stream, struct arena *arena,
                        struct key *keys, size_t *n);
enum status sqlite_has_key(void *reader, const struct kind *kind,
                           const struct kind_index *index,
                           const struct version *version, const char *scope);
enum status sqlite_counts(void *reader, const struct kind *kind,
                          struct backend_counts *out);

/* Binds what SQL_KEY_INSERT, _DELETE and _HAS want: the scopes, then what all rows of a
 * document share. */
void sqlite_bind_key(sqlite3_stmt *statement, const struct kind *kind,
                     const struct kind_index *index, const struct version *version,
                     const char *const *scopes, size_t n_scopes);

/* ---- sqlite_write.c ---- */

enum status sqlite_batch_begin(void *db);
enum status sqlite_batch_commit(void *db, size_t *n_stood);
void sqlite_batch_abort(void *db);
enum status sqlite_append(void *db, int64_t seq, const uint8_t *eid, struct bytes body);
enum status sqlite_write(void *db, const struct kind *kind, const struct version *old,
                         const struct version *next, int64_t seq);
enum status sqlite_soft_put(void *db, const char *key, int64_t value);
enum status sqlite_history_put(void *db, const Kontor__V1__History *history);
enum status sqlite_clear_documents(void *db);
void sqlite_settle(void *db);

/* ---- sqlite_erase.c ---- */

enum status sqlite_log_replace(void *db, int64_t seq, struct bytes body);
enum status sqlite_forget(void *db, const struct kind *kind, const char *id,
                          int64_t seq);
enum status sqlite_scrub(void *db);
const char *sqlite_journal(void *db, struct arena *arena);

/* ---- sqlite_base.c ---- */

enum status sqlite_base(void *reader, struct arena *arena, struct bytes *body);
enum status sqlite_base_get(void *reader, const char *kind, const char *id,
                            struct arena *arena, struct bytes *body);
enum status sqlite_base_next(void *reader, const char *kind, const char *id,
                             struct arena *arena, struct bytes *body);
enum status sqlite_base_put(void *db, const char *kind, const char *id,
                            struct bytes body);
enum status sqlite_base_remove(void *db, const char *kind, const char *id);
enum status sqlite_base_set(void *db, struct bytes body);
enum status sqlite_trim(void *db, int64_t seq);

#endif
