#include "server/rpc/dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "proto/rules.h"
#include "proto/wire.h"
#include "server/rpc/flight.h"
#include "server/rpc/history.h"
#include "server/rpc/identity.h"

enum { DEFAULT_MAX_PARKED = 10000 };

static void
note_time(void *context, const Kontor__V1__Commit *commit)
{
    struct dispatch *dispatch = context;
    int64_t at_ms = commit->at->seconds * 1000 + commit->at->nanos / 1000000;
    atomic_store(&dispatch->logged_ms, at_ms);
}

static enum status
read_last_time(struct dispatch *dispatch, struct store_reader *reader)
{
    Kontor__V1__Commit **commits;
    size_t n = 0;
    int64_t seq = store_applied(dispatch->broker->store);
    if (seq == 0) {
        return STATUS_OK;
    }
    int64_t before = history_before(dispatch->histories, dispatch->n_histories, seq);
    struct arena *arena = arena_new();
    if (arena == NULL) {
        abort();
    }
    enum status status =
        store_log_read(reader, before, 1, STORE_MAX_COMMIT, arena, &commits, &n);
    if (status == STATUS_OK && n > 0) {
        note_time(dispatch, commits[0]);
    }
    arena_free(arena);
    return status;
}

/* What is read once: from then on the store tells. */
static enum status
read_log(struct dispatch *dispatch)
{
    struct store_reader *reader;
    enum status status = store_reader_open(dispatch->broker->store, &reader);
    if (status != STATUS_OK) {
        return status;
    }
    status = store_histories(reader, dispatch->arena, &dispatch->histories,
                             &dispatch->n_histories);
    if (status == STATUS_OK) {
        status = read_last_time(dispatch, reader);
    }
    store_reader_close(reader);
    return status;
}

/* ---- Waiting calls ---- */

/*
 * Takes every parked call out of the lot and hands each to fn. First all are taken,
 * then handed out: a flight that ends takes the lock of the list.
 */
static void
take_parked(struct dispatch *dispatch, void (*fn)(struct flight *flight))
{
    struct pool_job *first = NULL;
    pthread_mutex_lock(&dispatch->lock);
    for (struct flight *flight = dispatch->flights; flight != NULL;
         flight = flight->after) {
        if (park_leave(dispatch->lot, &flight->waiter)) {
            flight->job.next = first;
            first = &flight->job;
        }
    }
    pthread_mutex_unlock(&dispatch->lock);
    while (first != NULL) {
        struct pool_job *next = first->next;
        fn((struct flight *)((char *)first - offsetof(struct flight, job)));
        first = next;
    }
}

void
dispatch_drain(struct dispatch *dispatch)
{
    atomic_store(&dispatch->is_draining, true);
    take_parked(dispatch, flight_end_draining);
}

/* Whoever waits may be gone: each is judged by a worker, for that reads the store. */
static void
trust_moved(void *context)
{
    take_parked(context, flight_sweep);
}

/* ---- Life ---- */

enum status
dispatch_new(const struct dispatch_options *options, struct dispatch **out)
{
    struct dispatch *dispatch = calloc(1, sizeof *dispatch);
    if (dispatch == NULL) {
        abort();
    }
    struct store *store = options->broker->store;
    dispatch->broker = options->broker;
    dispatch->clock = options->broker->clock;
    dispatch->random = options->random;
    dispatch->max_parked =
        options->max_parked == 0 ? DEFAULT_MAX_PARKED : options->max_parked;
    dispatch->arena = arena_new();
    pthread_mutex_init(&dispatch->lock, NULL);
    pthread_cond_init(&dispatch->landed, NULL);
    dispatch->timer = timer_new(options->broker->clock);
    dispatch->lot =
        park_lot_new(options->broker->clock, dispatch->timer, store_applied(store));
    atomic_init(&dispatch->logged_ms, INT64_MIN);
    /* Before the lot: who is woken by a commit must find its time. */
    store_listen(store, note_time, dispatch);
    store_listen(store, park_publish, dispatch->lot);
    if (options->broker->identity != NULL) {
        identity_listen(options->broker->identity, trust_moved, dispatch);
    }
    enum status status = read_log(dispatch);
    if (status == STATUS_OK) {
        struct pool_options pool = {.store = store, .n_workers = options->n_workers};
        memcpy(pool.queue_lengths, options->queue_lengths, sizeof pool.queue_lengths);
        status = pool_new(&pool, &dispatch->pool);
    }
    if (status != STATUS_OK) {
        dispatch_free(dispatch);
        return status;
    }
    *out = dispatch;
    return STATUS_OK;
}

void
dispatch_free(struct dispatch *dispatch)
{
    if (dispatch == NULL) {
        return;
    }
    pthread_mutex_lock(&dispatch->lock);
    while (dispatch->n_in_flight > 0) {
        pthread_cond_wait(&dispatch->landed, &dispatch->lock);
    }
    pthread_mutex_unlock(&dispatch->lock);
    pool_free(dispatch->pool);
    timer_free(dispatch->timer);
    park_lot_free(dispatch->lot);
    pthread_cond_destroy(&dispatch->landed);
    pthread_mutex_destroy(&dispatch->lock);
    arena_free(dispatch->arena);
    free(dispatch);
}

struct broker *
dispatch_broker(struct dispatch *dispatch)
{
    return dispatch->broker;
}

struct timer *
dispatch_timer(struct dispatch *dispatch)
{
    return dispatch->timer;
}

struct pool *
dispatch_pool(struct dispatch *dispatch)
{
    return dispatch->pool;
}

struct park_lot *
dispatch_lot(struct dispatch *dispatch)
{
    return dispatch->lot;
}

size_t
dispatch_in_flight(struct dispatch *dispatch)
{
    pthread_mutex_lock(&dispatch->lock);
    size_t n = dispatch->n_in_flight;
    pthread_mutex_unlock(&dispatch->lock);
    return n;
}

static const char *
role_names(uint32_t roles, struct arena *arena)
{
    const ProtobufCEnumDescriptor *names = &kontor__v1__role__descriptor;
    const char *text = "";
    for (unsigned i = 0; i < names->n_values; i++) {
        if ((roles & UINT32_C(1) << names->values[i].value) == 0) {
            continue;
        }
        text = arena_print(arena, "%s%s%s", text, text[0] == '\0' ? "" : ", ",
                           names->values[i].name);
    }
    if ((roles & ROLE_BIT_HOME_ADMIN) != 0) {
        text = arena_print(arena, "%s%sADMIN of the home registry", text,
                           text[0] == '\0' ? "" : ", ");
    }
    return text;
}

static enum status
set_error(struct error *error, enum reason reason, const char *key, const char *value,
          const char *message)
{
    error->reason = reason;
    error->status = reason_row(reason)->status;
    error->values[0] = (struct error_value){key, value};
    error->n_values = 1;
    error->message = message;
    return error->status;
}

enum status
dispatch_role(const struct row *row, const struct principal *who, struct arena *arena,
              struct error *error)
{
    if ((row->roles & who->roles) != 0) {
        return STATUS_OK;
    }
    if (who->id[0] == '\0') {
        return set_error(
            error, REASON_NOT_REGISTERED, "identity", who->identity,
            arena_print(arena,
                        "no principal has the identity %s: ask an admin of %s to "
                        "create one",
                        who->identity, who->registry));
    }
    const char *roles = role_names(row->roles, arena);
    return set_error(
        error, REASON_ROLE_MISSING, "roles", roles,
        arena_print(arena, "%s needs one of the roles %s", row->path, roles));
}

static void
fail_faults(struct error *error, enum reason reason, const struct faults *faults,
            struct arena *arena)
{
    error->reason = reason;
    error->status = reason_row(reason)->status;
    error->faults = faults;
    const char *more = faults->n_found > 1
                           ? arena_print(arena, " (and %zu more)", faults->n_found - 1)
                           : "";
    /* A fault of the whole message has no path: its text then names the message. */
    const char *path = faults->rows[0].path;
    error->message =
        arena_print(arena, "%s: %s%s", path[0] == '\0' ? "the message" : path,
                    faults->rows[0].description, more);
}

ProtobufCMessage *
dispatch_unpack(const ProtobufCMessageDescriptor *descriptor, struct bytes bytes,
                struct arena *arena, struct error *error)
{
    struct faults *faults = arena_alloc(arena, sizeof *faults);
    faults->arena = arena;
    ProtobufCMessage *message =
        wire_unpack(descriptor, bytes, &wire_request_limits, arena, faults);
    if (message == NULL) {
        fail_faults(error, REASON_MESSAGE_INVALID, faults, arena);
        return NULL;
    }
    rules_check(message, faults);
    if (faults->n_found > 0) {
        fail_faults(error, REASON_FIELDS_INVALID, faults, arena);
        return NULL;
    }
    return message;
}
