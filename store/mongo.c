#include "store/mongo.h"

#include <stdlib.h>
#include <time.h>

int64_t
mongo_monotonic_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Spread, so that two brokers do not look at the same moments for ever. */
void
mongo_rest(void)
{
    enum { MIN_US = 1000, MAX_US = 5000 };
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    long us = MIN_US + now.tv_nsec / 7 % (MAX_US - MIN_US);
    const struct timespec rest = {.tv_nsec = us * 1000};
    (void)nanosleep(&rest, NULL);
}

static void
mongo_close(void *db)
{
    struct mongo *self = db;
    bool is_here = self->writer.client != NULL && !atomic_load(self->open.is_away);
    if (is_here && self->written > self->written_said) {
        /* What is not told costs the next start some reads. */
        (void)mongo_say_written(self);
    }
    if (self->writer.client != NULL) {
        mongo_state_leave(self);
        mongo_conn_close(&self->writer);
    }
    mongo_pool_close(self);
    arena_free(self->batch.arena);
    mongo_set_drop(&self->eids, SET_UNKNOWN);
    mongo_set_drop(&self->ids, SET_UNKNOWN);
    free(self);
}

static enum status
mongo_open(const struct backend_open *open, void **out)
{
    struct mongo *db = calloc(1, sizeof *db);
    if (db == NULL) {
        abort();
    }
    db->open = *open;
    db->batch.arena = arena_new();
    if (db->batch.arena == NULL) {
        abort();
    }
    enum status status = mongo_pool_open(db);
    if (status == STATUS_OK) {
        status = mongo_conn_open(db, &db->writer);
    }
    if (status == STATUS_OK) {
        status = mongo_state_open(db);
    }
    if (status != STATUS_OK) {
        mongo_close(db);
        return status;
    }
    *out = db;
    return STATUS_OK;
}

static void *
mongo_writer(void *db)
{
    struct mongo *self = db;
    return &self->writer;
}

static void
mongo_reader_close(void *reader)
{
    mongo_conn_close(reader);
    free(reader);
}

static enum status
mongo_reader_open(void *db, void **reader)
{
    struct mongo_conn *conn = calloc(1, sizeof *conn);
    if (conn == NULL) {
        abort();
    }
    int64_t seq = 0;
    enum status status = mongo_conn_open(db, conn);
    if (status != STATUS_OK) {
        free(conn);
        return status;
    }
    /* Connected now: a flood that takes all descriptors must find it so. */
    status = mongo_tail(conn, &seq);
    if (status != STATUS_OK) {
        mongo_reader_close(conn);
        return status;
    }
    *reader = conn;
    return STATUS_OK;
}

/* There is no snapshot: what is read stays as it was read, and the position above says
 * what else to look for in the past. */
static enum status
mongo_begin(void *reader)
{
    struct mongo_conn *conn = reader;
    mongo_seen_clear(conn->seen);
    conn->is_kept = true;
    return STATUS_OK;
}

static void
mongo_end(void *reader)
{
    struct mongo_conn *conn = reader;
    mongo_seen_clear(conn->seen);
    conn->is_kept = false;
}

static bool
mongo_is_shared(void *db)
{
    const struct mongo *self = db;
    return !self->is_ferret;
}

const struct backend backend_mongo = {
    .name = "mongodb",
    .is_followed = true,
    .open = mongo_open,
    .close = mongo_close,
    .reader_open = mongo_reader_open,
    .reader_close = mongo_reader_close,
    .writer = mongo_writer,
    .begin = mongo_begin,
    .end = mongo_end,
    .tail = mongo_tail,
    .log_after = mongo_log_after,
    .log_until = mongo_log_until,
    .log_by_eid = mongo_log_by_eid,
    .histories = mongo_histories,
    .soft_get = mongo_soft_get,
    .present = mongo_present,
    .head = mongo_present,
    .past = mongo_past,
    .keys = mongo_keys,
    .has_key = mongo_has_key,
    .counts = mongo_counts,
    .check = mongo_check,
    .batch_begin = mongo_batch_begin,
    .expect = mongo_expect,
    .doubt = mongo_doubt,
    .batch_commit = mongo_batch_commit,
    .batch_abort = mongo_batch_abort,
    .append = mongo_append,
    .write = mongo_write,
    .soft_put = mongo_soft_put,
    .history_put = mongo_history_put,
    .clear_documents = mongo_clear_documents,
    .settle = mongo_settle,
    .log_replace = mongo_log_replace,
    .forget = mongo_forget,
    .scrub = mongo_scrub,
    .journal = mongo_journal,
    .base = mongo_base,
    .base_get = mongo_base_get,
    .base_next = mongo_base_next,
    .base_put = mongo_base_put,
    .base_remove = mongo_base_remove,
    .base_set = mongo_base_set,
    .trim = mongo_trim,
    .written = mongo_written,
    .reached = mongo_reached,
    .is_shared = mongo_is_shared,
};
