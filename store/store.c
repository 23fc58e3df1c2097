#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/address.h"
#include "store/committer.h"
#include "store/follow.h"
#include "store/trimmed.h"

static const struct backend *const backends[] = {
    [ADDRESS_SQLITE] = &backend_sqlite,
    [ADDRESS_MONGODB] = &backend_mongo,
};

static size_t
store_count_kinds(const struct kind *kinds)
{
    size_t n = 0;
    while (kinds[n].name != NULL) {
        n++;
    }
    return n;
}

enum status
store_in_batch(struct store *store, enum status (*fill)(void *context), void *context)
{
    enum status status = store->backend->batch_begin(store->db);
    if (status != STATUS_OK) {
        return status;
    }
    status = fill(context);
    if (status == STATUS_OK) {
        status = store->backend->batch_commit(store->db, NULL);
    }
    if (status != STATUS_OK) {
        store->backend->batch_abort(store->db);
    }
    return status;
}

/* An empty store begins its first history at 1. */
static enum status
store_begin_history(void *context)
{
    struct store *store = context;
    Kontor__V1__History history = KONTOR__V1__HISTORY__INIT;
    history.first_seq = 1;
    history.started_at = store_timestamp(
        store->options.now_ms(store->options.now_context), store->arena);
    return store->backend->history_put(store->db, &history);
}

/* Up to where documents can be read. A reader of a followed log makes those that are
 * not written yet for itself; a committer begins where they are known to be written,
 * maintenance writes them, and a rebuild writes all. */
static enum status
store_load_position(struct store *store, const struct store_mode *mode, int64_t *seq)
{
    void *reader = store->backend->writer(store->db);
    if (!store->backend->is_followed || mode->is_rebuilding) {
        return store->backend->tail(reader, seq);
    }
    if (mode->is_maintenance) {
        return follow_written(store, seq);
    }
    return store->options.is_read_only ? follow_unwritten(store, seq)
                                       : store->backend->written(reader, seq);
}

/* A log that was trimmed is served from its base on. */
static enum status
store_load_base(struct store *store, void *reader)
{
    Kontor__V1__Base *base;
    enum status status = trimmed_head(store, reader, store->arena, &base);
    store->oldest = status == STATUS_OK ? base->seq : 0;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/*
 * What is never asked for again: histories and the base change only while no committer
 * runs, so that all threads may read them without a lock. A new store begins its first
 * history; every other knows its histories and its end. */
static enum status
store_load(struct store *store, const struct store_mode *mode)
{
    void *reader = store->backend->writer(store->db);
    int64_t tail = 0;
    enum status status = store->backend->histories(
        reader, store->arena, &store->histories, &store->n_histories);
    if (status == STATUS_OK && store->n_histories == 0 &&
        !store->options.is_read_only) {
        status = store_in_batch(store, store_begin_history, store);
    }
    if (status == STATUS_OK && store->n_histories == 0) {
        status = store->backend->histories(reader, store->arena, &store->histories,
                                           &store->n_histories);
    }
    if (status == STATUS_OK && store->n_histories == 0) {
        failure_set(&store->failure,
                    "the store is empty: start the broker once to make it");
        return STATUS_DATA_LOSS;
    }
    if (status == STATUS_OK) {
        status = store_load_position(store, mode, &tail);
    }
    if (status == STATUS_OK) {
        status = store_load_base(store, reader);
    }
    atomic_store(&store->applied, tail);
    return status;
}

static void
store_gone(void *context)
{
    store_set_away(context, true);
}

/* The committer comes last: from its start on there are two threads. What is open when
 * a step fails is closed by store_close. */
static enum status
store_start(struct store *store, const struct store_mode *mode)
{
    const struct store_options *options = &store->options;
    struct backend_open open = {
        .kinds = options->kinds,
        .n_kinds = store_count_kinds(options->kinds),
        .is_read_only = options->is_read_only,
        .secret_file = options->secret_file,
        .is_maintenance = mode->is_maintenance,
        .is_rebuilding = mode->is_rebuilding,
        .faults = mode->faults,
        .failure = &store->failure,
        .gone = store_gone,
        .gone_context = store,
        .is_away = &store->is_away,
    };
    enum address_kind kind = address_of(options->uri, &open.path);
    if (kind == ADDRESS_UNKNOWN) {
        failure_set(&store->failure,
                    "%s names no store: give a path, sqlite:PATH or "
                    "mongodb://HOST/DATABASE",
                    options->uri);
        return STATUS_INVALID_ARGUMENT;
    }
    store->backend = backends[kind];
    enum status status = store->backend->open(&open, &store->db);
    if (status == STATUS_OK) {
        status = store_load(store, mode);
    }
    if (status == STATUS_OK && !options->is_read_only && !mode->is_maintenance) {
        status = committer_start(store, &mode->faults, &store->committer);
    }
    return status;
}

enum status
store_inner_open(const struct store_options *options, const struct store_mode *mode,
                 struct store **out, char *error, size_t error_size)
{
    struct store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        abort();
    }
    failure_init(&store->failure);
    store->arena = arena_new();
    if (store->arena == NULL) {
        abort();
    }
    store->options = *options;
    store->options.uri = arena_copy(store->arena, options->uri);
    enum status status = store_start(store, mode);
    if (status != STATUS_OK) {
        failure_copy(&store->failure, error, error_size);
        store_close(store);
        return status;
    }
    *out = store;
    return STATUS_OK;
}

enum status
store_open(const struct store_options *options, struct store **store, char *error,
           size_t error_size)
{
    return store_inner_open(options, &(struct store_mode){.is_maintenance = false},
                            store, error, error_size);
}

void
store_close(struct store *store)
{
    if (store == NULL) {
        return;
    }
    /* The committer writes until its queue is empty, so it goes before what it writes
     * to.
     */
    committer_stop(store->committer);
    if (store->db != NULL) {
        store->backend->close(store->db);
    }
    failure_done(&store->failure);
    arena_free(store->arena);
    free(store);
}

const char *
store_backend(const struct store *store)
{
    return store->backend->name;
}

void
store_failure(struct store *store, char *text, size_t size)
{
    failure_copy(&store->failure, text, size);
}

int64_t
store_oldest(const struct store *store)
{
    return store->oldest;
}

int64_t
store_applied(const struct store *store)
{
    return atomic_load(&store->applied);
}

/* Told when it changes, and not again at every look that finds it so. */
void
store_set_away(struct store *store, bool is_away)
{
    atomic_store(&store->is_away, is_away);
    bool was_away = atomic_exchange(&store->was_away, is_away);
    if (was_away != is_away && store->options.away != NULL) {
        store->options.away(store->options.away_context, is_away);
    }
}

bool
store_is_away(const struct store *store)
{
    return atomic_load(&store->is_away);
}

enum status
store_submit(struct store *store, struct work *work)
{
    bool is_refused = store->committer == NULL || store_is_away(store);
    return is_refused ? STATUS_UNAVAILABLE : committer_submit(store->committer, work);
}

int64_t
store_listen(struct store *store,
             void (*listener)(void *context, const Kontor__V1__Commit *commit),
             void *context)
{
    return committer_listen(store->committer, listener, context);
}

int64_t
store_time_ms(const Google__Protobuf__Timestamp *time)
{
    return time == NULL ? 0 : time->seconds * 1000 + time->nanos / 1000000;
}

Google__Protobuf__Timestamp *
store_timestamp(int64_t time_ms, struct arena *arena)
{
    Google__Protobuf__Timestamp *time = arena_alloc(arena, sizeof *time);
    google__protobuf__timestamp__init(time);
    int64_t rest = time_ms % 1000;
    rest += rest < 0 ? 1000 : 0;
    time->seconds = (time_ms - rest) / 1000;
    time->nanos = (int32_t)(rest * 1000000);
    return time;
}

/*
 * Whoever holds a position of the lost future must learn that, and must not wait for it
 * to come: it will, with other content. Positions of a lost future lie in the gap
 * before each restored history. */
enum status
store_position(const struct store *store, int64_t position, int64_t applied)
{
    if (position < store->oldest || position > applied) {
        return STATUS_OUT_OF_RANGE;
    }
    for (size_t i = 1; i < store->n_histories; i++) {
        const Kontor__V1__History *history = store->histories[i];
        if (position > history->last_common_seq && position < history->first_seq) {
            return STATUS_OUT_OF_RANGE;
        }
    }
    return STATUS_OK;
}

enum status
store_unpack(struct store *store, const struct log_entry *entry, struct arena *arena,
             Kontor__V1__Commit **commit)
{
    /* Lists of short texts take far more room unpacked than on the wire. */
    size_t budget = ((size_t)64 << 10) + 64 * entry->body.size;
    ProtobufCAllocator *allocator = arena_allocator(arena, budget);
    /* The place in the log and the number inside must agree: a row copied over another
     * is a good message in the wrong place. */
    *commit = kontor__v1__commit__unpack(allocator, entry->body.size, entry->body.data);
    if (*commit == NULL || (*commit)->seq != entry->seq ||
        (*commit)->hash.len != STORE_HASH_SIZE) {
        failure_set(&store->failure,
                    "commit %lld is damaged: restore the store from an export",
                    (long long)entry->seq);
        return STATUS_DATA_LOSS;
    }
    return STATUS_OK;
}
