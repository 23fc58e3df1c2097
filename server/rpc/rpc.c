#include "server/rpc/rpc.h"

#include <stdlib.h>
#include <time.h>

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>

#include "server/broker.h"
#include "server/rpc/breaker.h"
#include "server/rpc/handover.h"
#include "server/rpc/server_inner.h"

int64_t
rpc_now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
rpc_left_ms(const struct rpc *rpc)
{
    if (gpr_time_cmp(rpc->deadline, gpr_inf_future(rpc->deadline.clock_type)) == 0) {
        return INT64_MAX;
    }
    gpr_timespec now = gpr_now(rpc->deadline.clock_type);
    return gpr_time_to_millis(gpr_time_sub(rpc->deadline, now));
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

/* Gives n references back at once; the last one takes the call with it. */
static void
release_n(struct rpc *rpc, int n)
{
    if (atomic_fetch_sub(&rpc->n_references, n) != n) {
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
    gpr_free(rpc->peer);
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

void
rpc_release(struct rpc *rpc)
{
    release_n(rpc, 1);
}

/* A refused batch means that the order of operations was broken: our own mistake. */
void
rpc_start(struct rpc *rpc, const grpc_op *ops, size_t n_ops, struct rpc_tag *tag)
{
    rpc_hold(rpc);
    handover_give(tag);
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
    rpc_start(rpc, &op, 1, &rpc->closed);
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
    rpc->peer = grpc_call_get_peer(rpc->call);
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
    struct timer *timer = dispatch_timer(rpc->server->dispatch);
    bool is_unfired = has_timer && timer_clear(timer, &rpc->timer);
    if (events != NULL && events->closed != NULL) {
        events->closed(rpc);
    }
    if (rpc->is_cancelled) {
        breaker_note(rpc);
    }
    release_n(rpc, is_unfired ? 2 : 1); /* The tag's own, and the timer's. */
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
    /* Whatever the engine starts may end in the next message before it returns. */
    grpc_byte_buffer *message = rpc->incoming;
    rpc->incoming = NULL;
    rpc->events->received(rpc, is_ok ? message : NULL);
    destroy_buffer(message);
    rpc_release(rpc);
}

void
rpc_kick(struct rpc *rpc)
{
    rpc_start(rpc, NULL, 0, &rpc->kicked);
}

void
rpc_receive(struct rpc *rpc)
{
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};
    op.data.recv_message.recv_message = &rpc->incoming;
    rpc_start(rpc, &op, 1, &rpc->received);
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
    int64_t now_ms = clock_monotonic_ms(rpc->server->options.broker->clock);
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
    handover_give(&rpc->arrived);
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
