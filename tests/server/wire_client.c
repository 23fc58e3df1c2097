#include "tests/server/wire_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/compression.h>
#include <grpc/grpc_security.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>

#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"

struct wire_client {
    struct arena *arena;
    grpc_channel *channel;
};

struct wire_call {
    struct wire_client *client;
    grpc_call *call;
    grpc_completion_queue *queue;
    grpc_metadata_array initial;
    grpc_metadata_array trailing;
    grpc_status_code status;
    grpc_slice message;
    grpc_byte_buffer *received;
    bool has_ended; /* The status batch came back. */
};

/* Tags of one call. */
enum tag { TAG_SENT = 1, TAG_CLOSED, TAG_HEADERS, TAG_MESSAGE, TAG_STATUS };

static void *
tag_of(enum tag tag)
{
    return (void *)(intptr_t)tag;
}

struct wire_client *
wire_client_new(int port, const char *roots, const char *cert, const char *key)
{
    struct wire_client *client = calloc(1, sizeof *client);
    assert_non_null(client);
    grpc_init();
    client->arena = arena_new();
    grpc_ssl_pem_key_cert_pair pair = {key, cert};
    grpc_channel_credentials *credentials =
        grpc_ssl_credentials_create_ex(roots, cert == NULL ? NULL : &pair, NULL, NULL);
    grpc_arg rows[] = {
        {.type = GRPC_ARG_STRING,
         .key = (char *)GRPC_SSL_TARGET_NAME_OVERRIDE_ARG,
         .value.string = (char *)"localhost"},
        /* Channels of one process share connections otherwise, certificates and all. */
        {.type = GRPC_ARG_INTEGER,
         .key = (char *)GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL,
         .value.integer = 1},
        {.type = GRPC_ARG_INTEGER,
         .key = (char *)GRPC_ARG_ENABLE_RETRIES,
         .value.integer = 0},
    };
    grpc_channel_args args = {sizeof rows / sizeof rows[0], rows};
    client->channel = grpc_channel_create(
        arena_print(client->arena, "127.0.0.1:%d", port), credentials, &args);
    grpc_channel_credentials_release(credentials);
    return client;
}

void
wire_client_free(struct wire_client *client)
{
    grpc_channel_destroy(client->channel);
    arena_free(client->arena);
    free(client);
    grpc_shutdown();
}

struct arena *
wire_client_arena(struct wire_client *client)
{
    return client->arena;
}

static void
start_batch(struct wire_call *call, const grpc_op *ops, size_t n, enum tag tag)
{
    assert_int_equal(grpc_call_start_batch(call->call, ops, n, tag_of(tag), NULL),
                     GRPC_CALL_OK);
}

/* Waits for an event; whether it was that of a tag. The end is remembered. */
static bool
wait_for(struct wire_call *call, enum tag tag)
{
    for (;;) {
        gpr_timespec until =
            gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                         gpr_time_from_millis(WIRE_WAIT_MS, GPR_TIMESPAN));
        grpc_event event = grpc_completion_queue_next(call->queue, until, NULL);
        if (event.type == GRPC_QUEUE_TIMEOUT) {
            fail_msg("nothing came in %d ms", WIRE_WAIT_MS);
        }
        if (event.tag == tag_of(TAG_STATUS)) {
            call->has_ended = true;
        }
        if (event.tag == tag_of(tag)) {
            return event.success != 0;
        }
    }
}

static grpc_byte_buffer *
buffer_of(struct bytes bytes)
{
    grpc_slice slice =
        grpc_slice_from_copied_buffer((const char *)bytes.data, bytes.size);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    return buffer;
}

static void
start_headers(struct wire_call *call, const struct wire_options *options)
{
    grpc_metadata rows[2];
    memset(rows, 0, sizeof rows);
    grpc_op op = {.op = GRPC_OP_SEND_INITIAL_METADATA};
    if (options->key != NULL) {
        rows[0].key = grpc_slice_from_static_string(options->key);
        rows[0].value = grpc_slice_from_copied_string(options->value);
        op.data.send_initial_metadata.metadata = rows;
        op.data.send_initial_metadata.count = 1;
    }
    if (options->is_gzip) {
        op.data.send_initial_metadata.maybe_compression_level.is_set = 0;
        rows[0].key =
            grpc_slice_from_static_string(GRPC_COMPRESSION_REQUEST_ALGORITHM_MD_KEY);
        rows[0].value = grpc_slice_from_static_string("gzip");
        op.data.send_initial_metadata.metadata = rows;
        op.data.send_initial_metadata.count = 1;
    }
    start_batch(call, &op, 1, TAG_SENT);
}

static void
start_end(struct wire_call *call)
{
    grpc_op headers = {.op = GRPC_OP_RECV_INITIAL_METADATA};
    headers.data.recv_initial_metadata.recv_initial_metadata = &call->initial;
    start_batch(call, &headers, 1, TAG_HEADERS);
    grpc_op status = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT};
    status.data.recv_status_on_client.trailing_metadata = &call->trailing;
    status.data.recv_status_on_client.status = &call->status;
    status.data.recv_status_on_client.status_details = &call->message;
    start_batch(call, &status, 1, TAG_STATUS);
}

struct wire_call *
wire_start(struct wire_client *client, const char *path, struct bytes request,
           const struct wire_options *options)
{
    static const struct wire_options none = {.deadline_ms = 0};
    options = options == NULL ? &none : options;
    struct wire_call *call = calloc(1, sizeof *call);
    assert_non_null(call);
    call->client = client;
    call->queue = grpc_completion_queue_create_for_next(NULL);
    gpr_timespec deadline = gpr_inf_future(GPR_CLOCK_MONOTONIC);
    if (options->deadline_ms > 0) {
        deadline =
            gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                         gpr_time_from_millis(options->deadline_ms, GPR_TIMESPAN));
    }
    grpc_slice method = grpc_slice_from_copied_string(path);
    call->call =
        grpc_channel_create_call(client->channel, NULL, GRPC_PROPAGATE_DEFAULTS,
                                 call->queue, method, NULL, deadline, NULL);
    grpc_slice_unref(method);
    grpc_metadata_array_init(&call->initial);
    grpc_metadata_array_init(&call->trailing);
    call->message = grpc_empty_slice();
    start_headers(call, options);
    start_end(call);
    (void)wait_for(call, TAG_SENT);
    if (request.data != NULL) {
        wire_send(call, request);
        wire_send_close(call);
    }
    return call;
}

void
wire_send(struct wire_call *call, struct bytes message)
{
    grpc_byte_buffer *buffer = buffer_of(message);
    grpc_op op = {.op = GRPC_OP_SEND_MESSAGE};
    op.data.send_message.send_message = buffer;
    start_batch(call, &op, 1, TAG_SENT);
    grpc_byte_buffer_destroy(buffer);
    (void)wait_for(call, TAG_SENT);
}

void
wire_send_close(struct wire_call *call)
{
    grpc_op op = {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT};
    start_batch(call, &op, 1, TAG_CLOSED);
    (void)wait_for(call, TAG_CLOSED);
}

bool
wire_next_message(struct wire_call *call, struct bytes *message)
{
    struct arena *arena = call->client->arena;
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};
    op.data.recv_message.recv_message = &call->received;
    start_batch(call, &op, 1, TAG_MESSAGE);
    (void)wait_for(call, TAG_MESSAGE);
    if (call->received == NULL) {
        return false;
    }
    grpc_byte_buffer_reader reader;
    assert_true(grpc_byte_buffer_reader_init(&reader, call->received));
    grpc_slice slice = grpc_byte_buffer_reader_readall(&reader);
    message->size = GRPC_SLICE_LENGTH(slice);
    message->data = (const uint8_t *)arena_copy_n(arena, GRPC_SLICE_START_PTR(slice),
                                                  message->size);
    grpc_slice_unref(slice);
    grpc_byte_buffer_reader_destroy(&reader);
    grpc_byte_buffer_destroy(call->received);
    call->received = NULL;
    return true;
}

static struct bytes
trailer(struct wire_call *call, const char *key)
{
    for (size_t i = 0; i < call->trailing.count; i++) {
        const grpc_metadata *row = &call->trailing.metadata[i];
        if (grpc_slice_str_cmp(row->key, key) == 0) {
            size_t size = GRPC_SLICE_LENGTH(row->value);
            return (struct bytes){
                (const uint8_t *)arena_copy_n(call->client->arena,
                                              GRPC_SLICE_START_PTR(row->value), size),
                size};
        }
    }
    return (struct bytes){0};
}

static const char *
reason_of(struct wire_call *call, struct bytes details)
{
    const char *reason = "";
    Google__Rpc__Status *status =
        google__rpc__status__unpack(NULL, details.size, details.data);
    assert_non_null(status);
    assert_int_equal(status->code, call->status);
    for (size_t i = 0; i < status->n_details; i++) {
        const Google__Protobuf__Any *any = status->details[i];
        if (strcmp(any->type_url, "type.googleapis.com/google.rpc.ErrorInfo") != 0) {
            continue;
        }
        Google__Rpc__ErrorInfo *info =
            google__rpc__error_info__unpack(NULL, any->value.len, any->value.data);
        reason = arena_copy(call->client->arena, info->reason);
        google__rpc__error_info__free_unpacked(info, NULL);
    }
    google__rpc__status__free_unpacked(status, NULL);
    return reason;
}

struct wire_result
wire_end(struct wire_call *call)
{
    struct arena *arena = call->client->arena;
    if (!call->has_ended) {
        (void)wait_for(call, TAG_STATUS);
    }
    struct bytes seq = trailer(call, "kontor-seq");
    struct wire_result result = {
        .status = (enum status)call->status,
        .message = arena_copy_n(arena, GRPC_SLICE_START_PTR(call->message),
                                GRPC_SLICE_LENGTH(call->message)),
        .details = trailer(call, "grpc-status-details-bin"),
        .reason = "",
        .seq = seq.data == NULL ? -1 : strtoll((const char *)seq.data, NULL, 10)};
    if (result.details.data != NULL) {
        result.reason = reason_of(call, result.details);
    }
    grpc_call_unref(call->call);
    grpc_completion_queue_shutdown(call->queue);
    while (grpc_completion_queue_next(call->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC),
                                      NULL)
               .type != GRPC_QUEUE_SHUTDOWN) {
    }
    grpc_completion_queue_destroy(call->queue);
    grpc_metadata_array_destroy(&call->initial);
    grpc_metadata_array_destroy(&call->trailing);
    grpc_slice_unref(call->message);
    free(call);
    return result;
}

struct wire_result
wire_cancel(struct wire_call *call)
{
    (void)grpc_call_cancel(call->call, NULL);
    return wire_end(call);
}

struct wire_result
wire_unary(struct wire_client *client, const char *path, struct bytes request,
           const struct wire_options *options)
{
    struct bytes reply = {0};
    struct bytes message;
    struct wire_call *call = wire_start(client, path, request, options);
    while (wire_next_message(call, &message)) {
        reply = message;
    }
    struct wire_result result = wire_end(call);
    result.reply = reply;
    return result;
}
