#include "tests/server/harness.h"

#include <ftw.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/wire.h"
#include "server/rpc/cache.h"
#include "server/rpc/envelope.h"
#include "server/rpc/park.h"
#include "server/rpc/timer.h"
#include "tests/server/seen.h"

struct harness_call {
    const struct row *row;
    struct flight *flight;
    struct arena *arena;
    pthread_mutex_t lock; /* Guards all below. */
    pthread_cond_t changed;
    bool is_done;
    enum status status;
    struct bytes reply;
    struct error error;
    int64_t seq;
};

/* ---- The broker ---- */

/* Opens the store and starts the workers. */
static void
open_broker(struct harness *h)
{
    char text[256] = "";
    const struct harness_options *options = &h->options;
    struct store_options store = {
        .uri = arena_print(h->arena, "sqlite:%s/store", h->directory),
        .kinds = kind_table,
        .now_ms = clock_wall_ms,
        .now_context = &h->clock,
        .random = random_fill,
        .random_context = &h->random};
    if (store_open(&store, &h->broker.store, text, sizeof text) != STATUS_OK) {
        fail_msg("%s", text);
    }
    h->broker.cache = cache_new(h->broker.store);
    h->broker.started_at_ms = clock_wall_ms(&h->clock);
    struct dispatch_options dispatch = {
        .broker = &h->broker,
        .random = &h->random,
        .n_workers = options->n_workers == 0 ? 2 : options->n_workers};
    for (size_t i = 0; i < N_ROW_CLASSES; i++) {
        dispatch.queue_lengths[i] = options->queue_length;
    }
    assert_int_equal(dispatch_new(&dispatch, &h->dispatch), STATUS_OK);
}

static void
close_broker(struct harness *h)
{
    dispatch_drain(h->dispatch);
    dispatch_free(h->dispatch);
    store_close(h->broker.store);
    cache_free(h->broker.cache);
}

struct harness *
harness_open(const struct harness_options *options)
{
    struct harness *h = calloc(1, sizeof *h);
    assert_non_null(h);
    h->arena = arena_new();
    h->options = *options;
    h->services = options->services;
    clock_init(&h->clock);
    if (!options->is_real_time) {
        clock_init_virtual(&h->clock,
                           options->wall_ms != 0 ? options->wall_ms : HARNESS_NOW_MS);
    }
    random_init_seeded(&h->random, 1);
    h->directory = arena_print(h->arena, "%s/kontor-test-XXXXXX",
                               options->parent == NULL ? "/tmp" : options->parent);
    assert_non_null(mkdtemp(h->directory));
    h->broker.home = "home";
    h->broker.version = "test";
    h->broker.clock = &h->clock;
    open_broker(h);
    return h;
}

void
harness_restart(struct harness *h)
{
    close_broker(h);
    open_broker(h);
}

static int
remove_one(const char *path, const struct stat *info, int type, struct FTW *place)
{
    (void)info;
    (void)type;
    (void)place;
    return remove(path);
}

void
harness_close(struct harness *h)
{
    close_broker(h);
    (void)nftw(h->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    arena_free(h->arena);
    free(h);
}

const struct principal *
harness_principal(struct harness *h, const char *id, uint32_t roles, ...)
{
    struct principal *who = arena_alloc(h->arena, sizeof *who);
    const char **scopes = arena_alloc(h->arena, 64 * sizeof scopes[0]);
    va_list args;
    va_start(args, roles);
    size_t n = 0;
    for (const char *scope = va_arg(args, const char *); scope != NULL;
         scope = va_arg(args, const char *)) {
        assert_true(n < 64);
        scopes[n++] = arena_copy(h->arena, scope);
    }
    va_end(args);
    who->id = arena_copy(h->arena, id);
    who->registry = arena_copy_n(h->arena, id, strcspn(id, "/"));
    who->identity = arena_print(h->arena, "spiffe://%s", id);
    who->fingerprint = "";
    who->roles = roles | ROLE_BIT_ANY_CERTIFICATE;
    who->granted = (struct scopes){scopes, n};
    who->scopes = principal_scopes(id, &who->granted, h->arena);
    who->scope_tag = "tag";
    who->certificate_ends_ms = INT64_MAX;
    return who;
}

const struct row *
harness_row(struct harness *h, const char *path)
{
    for (size_t i = 0; h->services[i] != NULL; i++) {
        for (const struct row *row = h->services[i]->rows; row->path != NULL; row++) {
            if (strcmp(row->path, path) == 0) {
                return row;
            }
        }
    }
    fail_msg("there is no row %s", path);
    return NULL;
}

/* ---- Calls ---- */

static const char *
copy(struct arena *arena, const char *text)
{
    return text == NULL ? NULL : arena_copy(arena, text);
}

static void
copy_error(struct harness_call *call, const struct error *error)
{
    call->error = *error;
    call->error.message = copy(call->arena, error->message);
    call->error.kind = copy(call->arena, error->kind);
    call->error.id = copy(call->arena, error->id);
    for (size_t i = 0; i < error->n_values; i++) {
        call->error.values[i].key = copy(call->arena, error->values[i].key);
        call->error.values[i].value = copy(call->arena, error->values[i].value);
    }
    if (error->faults == NULL) {
        return;
    }
    struct faults *faults = arena_alloc(call->arena, sizeof *faults);
    faults->arena = call->arena;
    for (size_t i = 0; i < error->faults->n_rows; i++) {
        faults_add(faults, error->faults->rows[i].path, "%s",
                   error->faults->rows[i].description);
    }
    call->error.faults = faults;
}

static void
done(void *context, const struct ending *ending)
{
    struct harness_call *call = context;
    pthread_mutex_lock(&call->lock);
    call->status = ending->status;
    call->seq = ending->seq;
    if (ending->error != NULL) {
        copy_error(call, ending->error);
        seen_note(call->row->path, reason_row(ending->error->reason)->name);
    }
    if (ending->internal != NULL) {
        call->error.message =
            arena_print(call->arena, "INTERNAL: %s", ending->internal);
    }
    size_t size = 0;
    for (size_t i = 0; i < ending->n_pieces; i++) {
        size += ending->pieces[i].size;
    }
    uint8_t *data = arena_alloc(call->arena, size + 1);
    call->reply = (struct bytes){data, size};
    for (size_t i = 0; i < ending->n_pieces; i++) {
        if (ending->pieces[i].size > 0) {
            memcpy(data, ending->pieces[i].data, ending->pieces[i].size);
        }
        data += ending->pieces[i].size;
    }
    call->is_done = true;
    pthread_cond_broadcast(&call->changed);
    pthread_mutex_unlock(&call->lock);
}

static struct harness_call *
start(struct harness *h, const struct flight_request *request)
{
    struct harness_call *call = calloc(1, sizeof *call);
    assert_non_null(call);
    call->row = request->row;
    call->arena = arena_new();
    pthread_mutex_init(&call->lock, NULL);
    pthread_cond_init(&call->changed, NULL);
    struct flight_request copy_of = *request;
    copy_of.bytes.data = (const uint8_t *)arena_copy_n(call->arena, request->bytes.data,
                                                       request->bytes.size);
    copy_of.done = done;
    copy_of.context = call;
    call->flight = dispatch_start(h->dispatch, &copy_of);
    return call;
}

struct harness_call *
harness_start_with(struct harness *h, const struct principal *who, const char *path,
                   const void *request, int64_t deadline_ms, int64_t min_seq)
{
    struct flight_request flight = {.row = harness_row(h, path),
                                    .who = who,
                                    .bytes = wire_pack(request, h->arena),
                                    .deadline_ms = deadline_ms,
                                    .min_seq = min_seq};
    assert_ptr_equal(((const ProtobufCMessage *)request)->descriptor,
                     flight.row->request);
    return start(h, &flight);
}

struct harness_call *
harness_start(struct harness *h, const struct principal *who, const char *path,
              const void *request)
{
    return harness_start_with(h, who, path, request, INT64_MAX, 0);
}

static void
take_reply(struct harness *h, struct harness_call *call, void **reply)
{
    struct faults faults = {.arena = h->arena};
    *reply = wire_unpack(call->row->reply, call->reply, &wire_stored_limits, h->arena,
                         &faults);
    assert_non_null(*reply);
}

/* The call's memory goes to the harness with its end: answers point into it. */
static void
free_call(void *context)
{
    struct harness_call *call = context;
    pthread_cond_destroy(&call->changed);
    pthread_mutex_destroy(&call->lock);
    arena_free(call->arena);
    free(call);
}

enum status
harness_wait(struct harness *h, struct harness_call *call, void **reply,
             struct error *error)
{
    pthread_mutex_lock(&call->lock);
    while (!call->is_done) {
        pthread_cond_wait(&call->changed, &call->lock);
    }
    pthread_mutex_unlock(&call->lock);
    flight_release(call->flight);
    enum status status = call->status;
    if (status == STATUS_OK && reply != NULL) {
        take_reply(h, call, reply);
    }
    if (error != NULL) {
        struct harness_call kept = {.arena = h->arena};
        copy_error(&kept, &call->error);
        *error = kept.error;
    }
    h->last_seq = call->seq;
    free_call(call);
    return status;
}

enum status
harness_call_bytes(struct harness *h, const struct principal *who, const char *path,
                   struct bytes bytes, void **reply, struct error *error)
{
    struct flight_request flight = {.row = harness_row(h, path),
                                    .who = who,
                                    .bytes = bytes,
                                    .deadline_ms = INT64_MAX};
    return harness_wait(h, start(h, &flight), reply, error);
}

enum status
harness_call(struct harness *h, const struct principal *who, const char *path,
             const void *request, void **reply, struct error *error)
{
    return harness_wait(h, harness_start(h, who, path, request), reply, error);
}

bool
harness_is_done(struct harness_call *call)
{
    pthread_mutex_lock(&call->lock);
    bool is_done = call->is_done;
    pthread_mutex_unlock(&call->lock);
    return is_done;
}

void
harness_cancel(struct harness_call *call)
{
    flight_cancel(call->flight);
}

void
harness_wait_parked(struct harness *h, size_t n)
{
    while (park_waiting(dispatch_lot(h->dispatch)) != n) {
        sched_yield();
    }
}

void
harness_advance(struct harness *h, int64_t ms)
{
    clock_advance(&h->clock, ms);
    timer_poke(dispatch_timer(h->dispatch));
}

/* ---- Documents ---- */

struct seed {
    struct work work;
    pthread_mutex_t lock; /* Guards what follows. */
    pthread_cond_t changed;
    bool is_done;
    enum status status;
    int64_t seq;
};

static void
seeded(struct work *work, const struct outcome *outcome)
{
    struct seed *seed = (struct seed *)work;
    pthread_mutex_lock(&seed->lock);
    seed->status = outcome->status;
    seed->seq = outcome->commit == NULL ? 0 : outcome->commit->seq;
    seed->is_done = true;
    pthread_cond_broadcast(&seed->changed);
    pthread_mutex_unlock(&seed->lock);
}

static int64_t
write_one(struct harness *h, struct draft_change *change)
{
    struct seed seed = {.work = {.done = seeded, .is_decided = true}};
    pthread_mutex_init(&seed.lock, NULL);
    pthread_cond_init(&seed.changed, NULL);
    seed.work.draft.actor = "~broker/test";
    seed.work.draft.at_ms = clock_wall_ms(&h->clock);
    seed.work.draft.changes = change;
    seed.work.draft.n_changes = 1;
    assert_int_equal(store_submit(h->broker.store, &seed.work), STATUS_OK);
    pthread_mutex_lock(&seed.lock);
    while (!seed.is_done) {
        pthread_cond_wait(&seed.changed, &seed.lock);
    }
    pthread_mutex_unlock(&seed.lock);
    pthread_cond_destroy(&seed.changed);
    pthread_mutex_destroy(&seed.lock);
    assert_int_equal(seed.status, STATUS_OK);
    return seed.seq;
}

int64_t
harness_seed(struct harness *h, const struct kind *kind, const char *id,
             const ProtobufCMessage *record, ...)
{
    char **scope = arena_alloc(h->arena, STORE_MAX_SCOPE * sizeof scope[0]);
    va_list args;
    va_start(args, record);
    size_t n = 0;
    for (const char *one = va_arg(args, const char *); one != NULL;
         one = va_arg(args, const char *)) {
        scope[n++] = arena_copy(h->arena, one);
    }
    va_end(args);
    struct document before = {.revision = 0};
    (void)harness_get(h, kind, id, &before);
    struct draft_change change = {.kind = kind,
                                  .id = id,
                                  .op = KONTOR__V1__CHANGE__OP__PUT,
                                  .was = before.revision,
                                  .scope = scope,
                                  .n_scope = n,
                                  .doc = envelope_strip(record, h->arena)};
    return write_one(h, &change);
}

void
harness_remove(struct harness *h, const struct kind *kind, const char *id)
{
    struct document before;
    if (harness_get(h, kind, id, &before) == STATUS_OK) {
        struct draft_change change = {.kind = kind,
                                      .id = id,
                                      .op = KONTOR__V1__CHANGE__OP__DELETE,
                                      .was = before.revision};
        (void)write_one(h, &change);
    }
}

enum status
harness_get(struct harness *h, const struct kind *kind, const char *id,
            struct document *out)
{
    struct store_reader *reader;
    struct document document;
    assert_int_equal(store_reader_open(h->broker.store, &reader), STATUS_OK);
    enum status status = store_get(reader, kind, id, NULL, 0, h->arena, &document);
    store_reader_close(reader);
    if (status == STATUS_OK) {
        *out = document;
    }
    return status;
}

void *
harness_record(struct harness *h, const struct kind *kind, const char *id)
{
    struct document document;
    assert_int_equal(harness_get(h, kind, id, &document), STATUS_OK);
    struct call call = {.arena = h->arena};
    return call_record(&call, &document);
}

/* ---- Errors ---- */

const char *
harness_value(const struct error *error, const char *key)
{
    for (size_t i = 0; i < error->n_values; i++) {
        if (strcmp(error->values[i].key, key) == 0) {
            return error->values[i].value;
        }
    }
    return "";
}

bool
harness_has_fault(const struct error *error, const char *path)
{
    for (size_t i = 0; error->faults != NULL && i < error->faults->n_rows; i++) {
        if (strcmp(error->faults->rows[i].path, path) == 0) {
            return true;
        }
    }
    return false;
}
