/* One attempt on the wire. */
#include "client/rpc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/support/time.h>

#include "client/error.h"
#include "client/reach.h"
#include "proto/wire.h"

/*
 * A unary call is one batch (TAG_OPEN). A stream is three: TAG_OPEN sends all and takes
 * the headers, TAG_STATUS waits for the end, TAG_MESSAGE takes one message at a time,
 * asked for only when the one before was taken: that is the back-pressure.
 */
enum rpc_tag_kind { TAG_OPEN, TAG_STATUS, TAG_MESSAGE, TAG_COUNT };

struct rpc_tag {
    struct rpc *rpc;
    enum rpc_tag_kind kind;
};

struct rpc {
    struct kontor *kontor;
    struct rpc *next;
    struct rpc *before;
    const struct kontor_method *method;
    const struct stop *stop;
    grpc_call *call;
    struct rpc_tag tags[TAG_COUNT];
    /* Written by gRPC until the tags are back. */
    grpc_metadata_array headers;
    grpc_metadata_array trailers;
    grpc_byte_buffer *message;
    grpc_status_code code;
    grpc_slice details;
    /* Guarded by the connection's mutex. */
    pthread_cond_t arrived;
    size_t n_waited; /* Tags not back. */
    bool is_reading; /* TAG_MESSAGE is out. */
    bool has_ended;  /* No more messages: the status is here or on its way. */
    bool is_cancelled;
    /* The reader's own. */
    enum kontor_status reading; /* Why a message could not be read: INTERNAL, damaged;
                                   RESOURCE_EXHAUSTED, no memory for it. */
};

/* ---- Operations ---- */

/* Everything goes out at once: there are no client streams. */
static void
op_send(grpc_op ops[3], grpc_byte_buffer *request, grpc_metadata *metadata,
        size_t n_metadata)
{
    ops[0].op = GRPC_OP_SEND_INITIAL_METADATA;
    ops[0].data.send_initial_metadata.count = n_metadata;
    ops[0].data.send_initial_metadata.metadata = metadata;
    ops[1].op = GRPC_OP_SEND_MESSAGE;
    ops[1].data.send_message.send_message = request;
    ops[2].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
}

static void
op_headers(grpc_op *op, struct rpc *rpc)
{
    op->op = GRPC_OP_RECV_INITIAL_METADATA;
    op->data.recv_initial_metadata.recv_initial_metadata = &rpc->headers;
}

static void
op_message(grpc_op *op, struct rpc *rpc)
{
    op->op = GRPC_OP_RECV_MESSAGE;
    op->data.recv_message.recv_message = &rpc->message;
}

static void
op_status(grpc_op *op, struct rpc *rpc)
{
    op->op = GRPC_OP_RECV_STATUS_ON_CLIENT;
    op->data.recv_status_on_client.trailing_metadata = &rpc->trailers;
    op->data.recv_status_on_client.status = &rpc->code;
    op->data.recv_status_on_client.status_details = &rpc->details;
}

/* Starts a batch; the mutex is held, so that the connection's thread cannot be faster.
 */
static void
rpc_batch(struct rpc *rpc, const grpc_op *ops, size_t n, enum rpc_tag_kind kind)
{
    rpc->tags[kind].rpc = rpc;
    rpc->tags[kind].kind = kind;
    rpc->n_waited++;
    grpc_call_error failed =
        grpc_call_start_batch(rpc->call, ops, n, &rpc->tags[kind], NULL);
    if (failed != GRPC_CALL_OK) {
        /* Only a mistake of ours makes a batch ill-formed. */
        abort();
    }
}

static void
rpc_read(struct rpc *rpc)
{
    grpc_op op = {0};
    op_message(&op, rpc);
    rpc->is_reading = true;
    rpc_batch(rpc, &op, 1, TAG_MESSAGE);
}

static void
rpc_send(struct rpc *rpc, grpc_byte_buffer *request, grpc_metadata *metadata,
         size_t n_metadata)
{
    grpc_op ops[6] = {0};
    op_send(ops, request, metadata, n_metadata);
    op_headers(&ops[3], rpc);
    if (rpc->method->is_stream) {
        rpc_batch(rpc, ops, 4, TAG_OPEN);
        grpc_op status = {0};
        op_status(&status, rpc);
        rpc_batch(rpc, &status, 1, TAG_STATUS);
        rpc_read(rpc);
        return;
    }
    op_message(&ops[4], rpc);
    op_status(&ops[5], rpc);
    rpc_batch(rpc, ops, 6, TAG_OPEN);
}

/* ---- Opening ---- */

/* gRPC counts its deadlines on the same clock, but from an epoch of its own. */
static gpr_timespec
rpc_deadline(int64_t until_ms)
{
    if (until_ms == INT64_MAX) {
        return gpr_inf_future(GPR_CLOCK_MONOTONIC);
    }
    int64_t left_ms = until_ms - channel_now_ms();
    return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                        gpr_time_from_millis(left_ms, GPR_TIMESPAN));
}

static void
rpc_link(struct rpc *rpc)
{
    struct kontor *kontor = rpc->kontor;
    rpc->next = kontor->rpcs;
    if (rpc->next != NULL) {
        rpc->next->before = rpc;
    }
    kontor->rpcs = rpc;
}

static void
rpc_unlink(struct rpc *rpc)
{
    if (rpc->before != NULL) {
        rpc->before->next = rpc->next;
    } else {
        rpc->kontor->rpcs = rpc->next;
    }
    if (rpc->next != NULL) {
        rpc->next->before = rpc->before;
    }
}

/* The mutex is held. */
static enum kontor_status
rpc_begin(struct rpc *rpc, const struct rpc_start *start, struct kontor_error *error)
{
    struct kontor *kontor = rpc->kontor;
    if (kontor->is_closed) {
        return error_set(error, KONTOR_CANCELLED, "CLOSED",
                         "the connection was closed here");
    }
    if (start->stop != NULL && start->stop->is_set) {
        return error_set(error, KONTOR_CANCELLED, "STOPPED", "it was stopped here");
    }
    rpc->call = grpc_channel_create_call(
        kontor->channel, NULL, GRPC_PROPAGATE_DEFAULTS, kontor->queue,
        grpc_slice_from_static_string(start->method->path), NULL,
        rpc_deadline(start->until_ms), NULL);
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)start->min_seq);
    grpc_metadata min_seq = {.key = grpc_slice_from_static_string("kontor-min-seq"),
                             .value = grpc_slice_from_copied_string(text)};
    grpc_slice request_slice = start->request;
    grpc_byte_buffer *request = grpc_raw_byte_buffer_create(&request_slice, 1);
    rpc_link(rpc);
    rpc_send(rpc, request, &min_seq, start->min_seq > 0 ? 1 : 0);
    grpc_byte_buffer_destroy(request);
    grpc_slice_unref(min_seq.value);
    return KONTOR_OK;
}

struct rpc *
rpc_open(struct kontor *kontor, const struct rpc_start *start,
         struct kontor_error *error)
{
    struct rpc *rpc = calloc(1, sizeof *rpc);
    if (rpc == NULL || !channel_condition(&rpc->arrived)) {
        free(rpc);
        error_memory(error);
        return NULL;
    }
    rpc->kontor = kontor;
    rpc->method = start->method;
    rpc->stop = start->stop;
    rpc->details = grpc_empty_slice();
    grpc_metadata_array_init(&rpc->headers);
    grpc_metadata_array_init(&rpc->trailers);
    pthread_mutex_lock(&kontor->mutex);
    enum kontor_status status = rpc_begin(rpc, start, error);
    pthread_mutex_unlock(&kontor->mutex);
    if (status != KONTOR_OK) {
        pthread_cond_destroy(&rpc->arrived);
        free(rpc);
        return NULL;
    }
    return rpc;
}

/* ---- Running ---- */

void
rpc_arrived(struct kontor *kontor, void *tag)
{
    struct rpc_tag *arrived = tag;
    pthread_mutex_lock(&kontor->mutex);
    struct rpc *rpc = arrived->rpc;
    rpc->n_waited--;
    if (arrived->kind == TAG_MESSAGE) {
        rpc->is_reading = false;
        rpc->has_ended = rpc->message == NULL;
    }
    pthread_cond_broadcast(&rpc->arrived);
    pthread_mutex_unlock(&kontor->mutex);
}

void
rpc_cancel_all(struct kontor *kontor, const struct stop *stop)
{
    for (struct rpc *rpc = kontor->rpcs; rpc != NULL; rpc = rpc->next) {
        if (stop == NULL || rpc->stop == stop) {
            rpc->is_cancelled = true;
            grpc_call_cancel(rpc->call, NULL);
        }
    }
}

/*
 * The message in one piece, in memory of our own: grpc_byte_buffer_reader_readall
 * aborts when there is none, and its size is the broker's choice. NULL: out of memory.
 */
static uint8_t *
rpc_gather(grpc_byte_buffer *buffer, size_t *size)
{
    size_t room = grpc_byte_buffer_length(buffer);
    uint8_t *bytes = malloc(room + 1);
    grpc_byte_buffer_reader reader;
    if (bytes == NULL || !grpc_byte_buffer_reader_init(&reader, buffer)) {
        free(bytes);
        return NULL;
    }
    grpc_slice slice;
    *size = 0;
    while (grpc_byte_buffer_reader_next(&reader, &slice)) {
        size_t part = GRPC_SLICE_LENGTH(slice);
        /* The length is the sum of the slices; what is beyond it is never written. */
        part = part < room - *size ? part : room - *size;
        memcpy(bytes + *size, GRPC_SLICE_START_PTR(slice), part);
        *size += part;
        grpc_slice_unref(slice);
    }
    grpc_byte_buffer_reader_destroy(&reader);
    return bytes;
}

/*
 * What passed the check can be unpacked, so a failure behind it is want of memory. The
 * check asks for no reasons: those would need an arena that aborts.
 */
static enum kontor_status
rpc_unpack(const struct rpc *rpc, struct bytes bytes, ProtobufCMessage **message)
{
    const ProtobufCMessageDescriptor *output =
        rpc->method->service->methods[rpc->method->index].output;
    if (!wire_check(output, bytes, &wire_stored_limits, NULL)) {
        return KONTOR_INTERNAL;
    }
    *message = protobuf_c_message_unpack(output, NULL, bytes.size, bytes.data);
    return *message == NULL ? KONTOR_RESOURCE_EXHAUSTED : KONTOR_OK;
}

/* The buffer is given back whether or not it could be read. */
static ProtobufCMessage *
rpc_take(struct rpc *rpc)
{
    ProtobufCMessage *message = NULL;
    size_t size = 0;
    uint8_t *bytes = rpc_gather(rpc->message, &size);
    grpc_byte_buffer_destroy(rpc->message);
    rpc->message = NULL;
    rpc->reading = KONTOR_RESOURCE_EXHAUSTED;
    if (bytes != NULL) {
        rpc->reading = rpc_unpack(rpc, (struct bytes){bytes, size}, &message);
    }
    free(bytes);
    return message;
}

/* Whether the next message may be asked for: not before the one that arrived was taken.
 */
static bool
rpc_may_read(const struct rpc *rpc)
{
    return rpc->method->is_stream && rpc->message == NULL && !rpc->is_reading &&
           !rpc->has_ended && rpc->reading == KONTOR_OK;
}

/* Whether nothing is left to wait for before the next step; the mutex is held. */
static bool
rpc_has_news(const struct rpc *rpc)
{
    if (!rpc->method->is_stream || rpc->has_ended) {
        return rpc->n_waited == 0;
    }
    return !rpc->is_reading;
}

enum rpc_event
rpc_next(struct rpc *rpc, int64_t until_ms, ProtobufCMessage **message)
{
    struct kontor *kontor = rpc->kontor;
    bool is_on_time = true;
    pthread_mutex_lock(&kontor->mutex);
    if (rpc_may_read(rpc)) {
        rpc_read(rpc);
    }
    while (!rpc_has_news(rpc) && is_on_time) {
        is_on_time = channel_wait(&rpc->arrived, &kontor->mutex, until_ms);
    }
    bool has_news = rpc_has_news(rpc);
    pthread_mutex_unlock(&kontor->mutex);
    if (!has_news) {
        return RPC_TIMEOUT;
    }
    bool has_message = rpc->message != NULL && rpc->reading == KONTOR_OK &&
                       (rpc->method->is_stream || rpc->code == GRPC_STATUS_OK);
    ProtobufCMessage *taken = has_message ? rpc_take(rpc) : NULL;
    if (taken == NULL) {
        return RPC_OVER;
    }
    *message = taken;
    return RPC_MESSAGE;
}

/* ---- Ending ---- */

static struct bytes
slice_bytes(const grpc_slice *slice)
{
    struct bytes bytes = {GRPC_SLICE_START_PTR(*slice), GRPC_SLICE_LENGTH(*slice)};
    return bytes;
}

/* The last trailer with this key; none: NULL. */
static const grpc_slice *
rpc_trailer(const struct rpc *rpc, const char *key)
{
    for (size_t i = rpc->trailers.count; i > 0; i--) {
        if (grpc_slice_str_cmp(rpc->trailers.metadata[i - 1].key, key) == 0) {
            return &rpc->trailers.metadata[i - 1].value;
        }
    }
    return NULL;
}

enum kontor_status
rpc_result(struct rpc *rpc, struct kontor_error *error)
{
    if (rpc->reading == KONTOR_RESOURCE_EXHAUSTED) {
        return error_memory(error);
    }
    if (rpc->reading != KONTOR_OK) {
        return error_set(error, KONTOR_INTERNAL, "MESSAGE_INVALID",
                         "the broker's answer to %s could not be read",
                         rpc->method->path);
    }
    /* An answer that came whole counts, whoever cancelled meanwhile. */
    if (rpc->code == GRPC_STATUS_OK) {
        return KONTOR_OK;
    }
    pthread_mutex_lock(&rpc->kontor->mutex);
    bool is_cancelled = rpc->is_cancelled;
    bool is_closed = rpc->kontor->is_closed;
    pthread_mutex_unlock(&rpc->kontor->mutex);
    if (is_cancelled) {
        return error_set(
            error, KONTOR_CANCELLED, is_closed ? "CLOSED" : "STOPPED", "%s",
            is_closed ? "the connection was closed here" : "it was stopped here");
    }
    const grpc_slice *details = rpc_trailer(rpc, "grpc-status-details-bin");
    struct bytes none = {NULL, 0};
    enum kontor_status status =
        error_decode(error, (enum kontor_status)rpc->code, slice_bytes(&rpc->details),
                     details == NULL ? none : slice_bytes(details));
    if (details != NULL) {
        return status;
    }
    /* No broker ends a call without details, so gRPC did. */
    reach_explain(error, rpc->kontor->server);
    return error->status;
}

int64_t
rpc_seq(const struct rpc *rpc)
{
    const grpc_slice *value = rpc_trailer(rpc, "kontor-seq");
    char text[24] = "";
    if (value == NULL || GRPC_SLICE_LENGTH(*value) >= sizeof text) {
        return 0;
    }
    memcpy(text, GRPC_SLICE_START_PTR(*value), GRPC_SLICE_LENGTH(*value));
    return strtoll(text, NULL, 10);
}

/* Each tag must come back before the memory it points into may go. */
void
rpc_close(struct rpc *rpc)
{
    if (rpc == NULL) {
        return;
    }
    struct kontor *kontor = rpc->kontor;
    pthread_mutex_lock(&kontor->mutex);
    if (rpc->n_waited > 0) {
        grpc_call_cancel(rpc->call, NULL);
    }
    while (rpc->n_waited > 0) {
        channel_wait(&rpc->arrived, &kontor->mutex, INT64_MAX);
    }
    rpc_unlink(rpc);
    pthread_mutex_unlock(&kontor->mutex);
    if (rpc->message != NULL) {
        grpc_byte_buffer_destroy(rpc->message);
    }
    grpc_metadata_array_destroy(&rpc->headers);
    grpc_metadata_array_destroy(&rpc->trailers);
    grpc_slice_unref(rpc->details);
    grpc_call_unref(rpc->call);
    pthread_cond_destroy(&rpc->arrived);
    free(rpc);
}
