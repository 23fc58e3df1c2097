#include "server/rpc/rpc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <grpc/byte_buffer.h>

#include "server/rpc/server_inner.h"

static void
destroy_buffer(grpc_byte_buffer *buffer)
{
    if (buffer != NULL) {
        grpc_byte_buffer_destroy(buffer);
    }
}

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
    size_t size = grpc_byte_buffer_length(out);
    for (size_t i = 0; i < n_slices; i++) {
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
        /* Under the lock, and not once it is finished: a caller that goes away ends the
         * call on another thread, which reads the sum for the log. */
        rpc->reply_bytes += size;
        rpc_start(rpc, ops, n, &rpc->wrote);
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

/* C core clients lose the whole status beyond some KB of trailers; the cut keeps UTF-8.
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
        rpc_start(rpc, ops, n, &rpc->answered);
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
