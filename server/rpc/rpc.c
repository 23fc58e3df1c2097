#include "server/rpc/rpc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>

#include "server/rpc/server_inner.h"

int64_t
rpc_now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- Life ---- */

void
rpc_hold(struct rpc *rpc)
{
    atomic_fetch_add(&rpc->n_references, 1);
}

static void
destroy_buffer(grpc_byte_buffer *buffer)
{
    if (buffer != NULL) {
        grpc_byte_buffer_destroy(buffer);
    }
}

void
rpc_release(struct rpc *rpc)
{
    if (atomic_fetch_sub(&rpc->n_references, 1) != 1) {
        return;
    }
    struct server *server = rpc->server;
    flight_release(rpc->flight);
    identity_release(server->options.broker->identity, rpc->who);
    caller_leave(rpc->caller, rpc->method->row);
    if (rpc->call != NULL) {
        grpc_call_unref(rpc->call);
    }
    grpc_metadata_array_destroy(&rpc->metadata);
    if (rpc->method->row == NULL) {
        grpc_call_details_destroy(&rpc->details);
    }
    grpc_slice_unref(rpc->request);
    destroy_buffer(rpc->payload);
    destroy_buffer(rpc->incoming);
    destroy_buffer(rpc->outgoing);
    arena_free(rpc->arena);
    pthread_mutex_destroy(&rpc->lock);
    free(rpc);
    pthread_mutex_lock(&server->lock);
    if (--server->n_rpcs == 0) {
        pthread_cond_broadcast(&server->changed);
    }
    pthread_mutex_unlock(&server->lock);
}

/* A refused batch means that the order of operations was broken: our own mistake. */
static void
start_batch(struct rpc *rpc, const grpc_op *ops, size_t n_ops, struct rpc_tag *tag)
{
    rpc_hold(rpc);
    if (grpc_call_start_batch(rpc->call, ops, n_ops, tag, NULL) != GRPC_CALL_OK) {
        abort();
    }
}

/* ---- Tags ---- */

/* RECV_CLOSE stands in a batch of its own: with others it would hide their failures. */
static void
watch_close(struct rpc *rpc)
{
    grpc_op op = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER};
    op.data.recv_close_on_server.cancelled = &rpc->is_cancelled;
    start_batch(rpc, &op, 1, &rpc->closed);
}

static void
arrived(struct rpc *rpc, bool is_ok)
{
    if (!is_ok) {
        rpc_release(rpc);
        return;
    }
    rpc_arm(rpc->server, rpc->method);
    rpc->started_us = rpc_now_us();
    watch_close(rpc);
    admit(rpc);
    rpc_release(rpc);
}

static void
closed(struct rpc *rpc, bool is_ok)
{
    (void)is_ok;
    pthread_mutex_lock(&rpc->lock);
    rpc->is_gone = true;
    struct flight *flight = rpc->flight;
    const struct rpc_events *events = rpc->events;
    bool has_timer = rpc->has_timer;
    pthread_mutex_unlock(&rpc->lock);
    if (rpc->is_cancelled && flight != NULL) {
        flight_cancel(flight);
    }
    if (has_timer && timer_clear(dispatch_timer(rpc->server->dispatch), &rpc->timer)) {
        rpc_release(rpc);
    }
    if (events != NULL && events->closed != NULL) {
        events->closed(rpc);
    }
    rpc_release(rpc);
}

static void
answered(struct rpc *rpc, bool is_ok)
{
    (void)is_ok;
    rpc_release(rpc);
}

static void
wrote(struct rpc *rpc, bool is_ok)
{
    pthread_mutex_lock(&rpc->lock);
    grpc_byte_buffer *out = rpc->outgoing;
    rpc->outgoing = NULL;
    rpc->is_writing = false;
    pthread_mutex_unlock(&rpc->lock);
    destroy_buffer(out);
    rpc->events->wrote(rpc, is_ok);
    rpc_release(rpc);
}

static void
kicked(struct rpc *rpc, bool is_ok)
{
    (void)is_ok;
    rpc->events->kicked(rpc);
    rpc_release(rpc);
}

static void
received(struct rpc *rpc, bool is_ok)
{
    grpc_byte_buffer *message = is_ok ? rpc->incoming : NULL;
    rpc->events->received(rpc, message);
    destroy_buffer(rpc->incoming);
    rpc->incoming = NULL;
    rpc_release(rpc);
}

void
rpc_kick(struct rpc *rpc)
{
    start_batch(rpc, NULL, 0, &rpc->kicked);
}

void
rpc_receive(struct rpc *rpc)
{
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};
    op.data.recv_message.recv_message = &rpc->incoming;
    start_batch(rpc, &op, 1, &rpc->received);
}

bool
rpc_attach(struct rpc *rpc, const struct rpc_events *events, void *stream)
{
    pthread_mutex_lock(&rpc->lock);
    bool is_there = !rpc->is_gone;
    if (is_there) {
        rpc->events = events;
        rpc->stream = stream;
    }
    pthread_mutex_unlock(&rpc->lock);
    return is_there;
}

void
rpc_limit(struct rpc *rpc, void (*fire)(struct timer_entry *entry), int64_t wait_ms)
{
    struct timer *timer = dispatch_timer(rpc->server->dispatch);
    int64_t now_ms = clock_monotonic_ms(rpc->server->options.clock);
    pthread_mutex_lock(&rpc->lock);
    if (!rpc->is_gone) {
        rpc->has_timer = true;
        rpc->timer.fire = fire;
        rpc_hold(rpc);
        timer_set(timer, &rpc->timer, now_ms + wait_ms);
    }
    pthread_mutex_unlock(&rpc->lock);
}

static struct rpc *
rpc_new(struct server *server, const struct method *method)
{
    struct rpc *rpc = calloc(1, sizeof *rpc);
    if (rpc == NULL) {
        abort();
    }
    rpc->server = server;
    rpc->method = method;
    atomic_init(&rpc->n_references, 1);
    pthread_mutex_init(&rpc->lock, NULL);
    grpc_metadata_array_init(&rpc->metadata);
    grpc_call_details_init(&rpc->details);
    rpc->request = grpc_empty_slice();
    rpc->arrived = (struct rpc_tag){arrived, rpc};
    rpc->closed = (struct rpc_tag){closed, rpc};
    rpc->answered = (struct rpc_tag){answered, rpc};
    rpc->wrote = (struct rpc_tag){wrote, rpc};
    rpc->kicked = (struct rpc_tag){kicked, rpc};
    rpc->received = (struct rpc_tag){received, rpc};
    return rpc;
}

static grpc_call_error
request_call(struct rpc *rpc)
{
    struct server *server = rpc->server;
    grpc_completion_queue *queue = server->queue;
    const struct method *method = rpc->method;
    if (method->row == NULL) {
        return grpc_server_request_call(server->grpc, &rpc->call, &rpc->details,
                                        &rpc->metadata, queue, queue, &rpc->arrived);
    }
    bool has_payload = method->row->kind != ROW_BIDI;
    return grpc_server_request_registered_call(
        server->grpc, method->handle, &rpc->call, &rpc->deadline, &rpc->metadata,
        has_payload ? &rpc->payload : NULL, queue, queue, &rpc->arrived);
}

void
rpc_arm(struct server *server, const struct method *method)
{
    if (atomic_load(&server->is_stopping)) {
        return;
    }
    struct rpc *rpc = rpc_new(server, method);
    pthread_mutex_lock(&server->lock);
    server->n_rpcs++;
    pthread_mutex_unlock(&server->lock);
    if (request_call(rpc) != GRPC_CALL_OK) {
        rpc_release(rpc);
    }
}

/* ---- Reading ---- */

bool
rpc_read(grpc_byte_buffer *buffer, grpc_slice *out)
{
    grpc_byte_buffer_reader reader;
    if (buffer == NULL || !grpc_byte_buffer_reader_init(&reader, buffer)) {
        return false;
    }
    *out = grpc_byte_buffer_reader_readall(&reader);
    grpc_byte_buffer_reader_destroy(&reader);
    return true;
}

char *
rpc_header(struct rpc *rpc, const char *key, struct arena *arena)
{
    for (size_t i = 0; i < rpc->metadata.count; i++) {
        const grpc_metadata *row = &rpc->metadata.metadata[i];
        if (grpc_slice_str_cmp(row->key, key) == 0) {
            return arena_copy_n(arena, GRPC_SLICE_START_PTR(row->value),
                                GRPC_SLICE_LENGTH(row->value));
        }
    }
    return NULL;
}

struct arena *
rpc_arena(struct rpc *rpc)
{
    if (rpc->arena == NULL) {
        rpc->arena = arena_new();
    }
    if (rpc->arena == NULL) {
        abort();
    }
    return rpc->arena;
}

/* ---- Sending ---- */

bool
rpc_is_finished(struct rpc *rpc)
{
    pthread_mutex_lock(&rpc->lock);
    bool is_finished = rpc->is_finished;
    pthread_mutex_unlock(&rpc->lock);
    return is_finished;
}

/* Under the lock: headers go out with whatever is sent first. */
static size_t
add_headers(struct rpc *rpc, grpc_op *ops)
{
    if (rpc->has_headers) {
        return 0;
    }
    rpc->has_headers = true;
    ops[0] = (grpc_op){.op = GRPC_OP_SEND_INITIAL_METADATA};
    return 1;
}

bool
rpc_write(struct rpc *rpc, grpc_slice *slices, size_t n_slices)
{
    grpc_byte_buffer *out = grpc_raw_byte_buffer_create(slices, n_slices);
    for (size_t i = 0; i < n_slices; i++) {
        rpc->reply_bytes += GRPC_SLICE_LENGTH(slices[i]);
        grpc_slice_unref(slices[i]);
    }
    pthread_mutex_lock(&rpc->lock);
    bool may_write = !rpc->is_finished && !rpc->is_writing;
    if (may_write) {
        grpc_op ops[2];
        size_t n = add_headers(rpc, ops);
        ops[n] = (grpc_op){.op = GRPC_OP_SEND_MESSAGE};
        ops[n++].data.send_message.send_message = out;
        rpc->outgoing = out;
        rpc->is_writing = true;
        start_batch(rpc, ops, n, &rpc->wrote);
    }
    pthread_mutex_unlock(&rpc->lock);
    if (!may_write) {
        grpc_byte_buffer_destroy(out);
    }
    return may_write;
}

enum { MAX_TRAILERS = 3, MAX_MESSAGE = 1024 };

/* Trailing metadata of an answer. The slices are ours until the batch is started. */
struct trailers {
    grpc_metadata rows[MAX_TRAILERS];
    size_t n_rows;
};

static void
add_trailer(struct trailers *trailers, const char *key, const void *value, size_t size)
{
    grpc_metadata *row = &trailers->rows[trailers->n_rows++];
    memset(row, 0, sizeof *row);
    row->key = grpc_slice_from_static_string(key);
    row->value = grpc_slice_from_copied_buffer(value, size);
}

static void
add_number(struct trailers *trailers, const char *key, int64_t number)
{
    char text[24];
    int size = snprintf(text, sizeof text, "%" PRId64, number);
    add_trailer(trailers, key, text, (size_t)size);
}

static void
add_error(struct trailers *trailers, const struct error *error)
{
    struct arena *arena = arena_new();
    if (arena == NULL) {
        abort();
    }
    if (error->reason != REASON_NONE) {
        struct bytes details = error_details(error, arena);
        add_trailer(trailers, "grpc-status-details-bin", details.data, details.size);
    }
    if (error->retry_after_ms > 0) {
        add_number(trailers, "grpc-retry-pushback-ms", error->retry_after_ms);
    }
    arena_free(arena);
}

static void
fill_trailers(const struct ending *ending, struct trailers *trailers)
{
    add_number(trailers, "kontor-seq", ending->seq);
    if (ending->status != STATUS_OK) {
        add_error(trailers, ending->error);
    }
}

static grpc_byte_buffer *
reply_of(struct rpc *rpc, const struct ending *ending)
{
    size_t size = 0;
    for (size_t i = 0; i < ending->n_pieces; i++) {
        size += ending->pieces[i].size;
    }
    rpc->reply_bytes = size;
    grpc_slice slice = grpc_slice_malloc(size);
    uint8_t *out = GRPC_SLICE_START_PTR(slice);
    for (size_t i = 0; i < ending->n_pieces; i++) {
        if (ending->pieces[i].size > 0) {
            memcpy(out, ending->pieces[i].data, ending->pieces[i].size);
        }
        out += ending->pieces[i].size;
    }
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    return buffer;
}

/* Beyond some KB of trailers C core clients lose the whole status; the cut keeps UTF-8.
 */
static size_t
text_size(const char *text)
{
    size_t size = strlen(text);
    if (size <= MAX_MESSAGE) {
        return size;
    }
    size = MAX_MESSAGE;
    while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80) {
        size--;
    }
    return size;
}

/* Sends what is left of the headers, the reply if any, and the status: once. */
static bool
finish(struct rpc *rpc, const struct ending *ending, grpc_byte_buffer *reply)
{
    struct trailers trailers = {.n_rows = 0};
    fill_trailers(ending, &trailers);
    const char *text = ending->status == STATUS_OK || ending->error->message == NULL
                           ? ""
                           : ending->error->message;
    grpc_slice message = grpc_slice_from_copied_buffer(text, text_size(text));
    pthread_mutex_lock(&rpc->lock);
    bool is_first = !rpc->is_finished;
    rpc->is_finished = true;
    if (is_first) {
        grpc_op ops[3];
        size_t n = add_headers(rpc, ops);
        if (reply != NULL) {
            ops[n] = (grpc_op){.op = GRPC_OP_SEND_MESSAGE};
            ops[n++].data.send_message.send_message = reply;
        }
        ops[n] = (grpc_op){.op = GRPC_OP_SEND_STATUS_FROM_SERVER};
        ops[n].data.send_status_from_server.status = (grpc_status_code)ending->status;
        ops[n].data.send_status_from_server.status_details = &message;
        ops[n].data.send_status_from_server.trailing_metadata = trailers.rows;
        ops[n++].data.send_status_from_server.trailing_metadata_count = trailers.n_rows;
        start_batch(rpc, ops, n, &rpc->answered);
    }
    pthread_mutex_unlock(&rpc->lock);
    grpc_slice_unref(message);
    for (size_t i = 0; i < trailers.n_rows; i++) {
        grpc_slice_unref(trailers.rows[i].value);
    }
    return is_first;
}

void
rpc_end(struct rpc *rpc, const struct ending *ending)
{
    bool is_unary = rpc->method->row != NULL && rpc->method->row->kind == ROW_UNARY;
    grpc_byte_buffer *reply =
        is_unary && ending->status == STATUS_OK ? reply_of(rpc, ending) : NULL;
    if (finish(rpc, ending, reply)) {
        account(rpc, ending);
    }
    destroy_buffer(reply);
}

void
rpc_refuse(struct rpc *rpc, enum reason reason, const char *message)
{
    static const int64_t wait_ms = 1000;
    struct store *store = rpc->server->options.broker->store;
    bool is_passing = reason == REASON_OVERLOADED || reason == REASON_DRAINING;
    struct error error = {.reason = reason,
                          .status = reason_row(reason)->status,
                          .message = message,
                          .retry_after_ms = is_passing ? wait_ms : 0};
    struct ending ending = {
        .status = error.status, .error = &error, .seq = store_applied(store)};
    rpc_end(rpc, &ending);
}

void
rpc_gone(struct rpc *rpc)
{
    struct error error = {.status = STATUS_CANCELLED,
                          .message = "the caller went away"};
    struct ending ending = {.status = STATUS_CANCELLED, .error = &error};
    rpc_end(rpc, &ending);
}
