#include "tests/client/fake.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <google/rpc/error_details.pb-c.h>
#include <google/rpc/status.pb-c.h>
#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/support/alloc.h>

#include "tests/client/certificates.h"
#include "tests/client/demand.h"
#include "tests/client/forward.h"

struct fake {
    fake_handler handler;
    void *context;
    char directory[64];
    char path[3][96];
    char address[32];
    grpc_server *server;
    grpc_completion_queue *queue;
    pthread_t thread;
    struct forward *forward;
    pthread_mutex_t mutex; /* Guards n_calls. */
    pthread_cond_t changed;
    int n_calls;
};

/* The call on the wire: its own queue, so that every step can be waited for. */
struct fake_wire {
    struct fake_call call;
    char path[128];
    grpc_call *wire;
    grpc_completion_queue *queue;
    grpc_call_details details;
    grpc_metadata_array metadata;
    int is_cancelled;
    bool has_headers;
    bool has_closed;
    bool has_answered;
};

/* ---- Wire ---- */

void
fake_sync(struct fake *fake)
{
    pthread_mutex_lock(&fake->mutex);
    pthread_mutex_unlock(&fake->mutex);
}

static void
wire_batch(struct fake_wire *wire, const grpc_op *ops, size_t n)
{
    void *tag = &wire->wire;
    DEMAND(grpc_call_start_batch(wire->wire, ops, n, tag, NULL) == GRPC_CALL_OK,
           "bad batch");
    grpc_completion_queue_pluck(wire->queue, tag, gpr_inf_future(GPR_CLOCK_MONOTONIC),
                                NULL);
}

static ProtobufCMessage *
wire_request(struct fake_wire *wire)
{
    grpc_byte_buffer *buffer = NULL;
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};
    op.data.recv_message.recv_message = &buffer;
    wire_batch(wire, &op, 1);
    if (buffer == NULL) {
        return NULL;
    }
    grpc_byte_buffer_reader reader;
    grpc_byte_buffer_reader_init(&reader, buffer);
    grpc_slice slice = grpc_byte_buffer_reader_readall(&reader);
    const struct kontor_method *method = kontor_method(wire->path);
    DEMAND(method != NULL, wire->path);
    ProtobufCMessage *request = protobuf_c_message_unpack(
        method->service->methods[method->index].input, NULL, GRPC_SLICE_LENGTH(slice),
        GRPC_SLICE_START_PTR(slice));
    DEMAND(request != NULL, "the request cannot be read");
    grpc_slice_unref(slice);
    grpc_byte_buffer_reader_destroy(&reader);
    grpc_byte_buffer_destroy(buffer);
    return request;
}

static void
wire_send(struct fake_wire *wire, const void *bytes, size_t size, const grpc_op *end)
{
    fake_sync(wire->call.fake);
    grpc_op ops[3] = {0};
    size_t n = 0;
    if (!wire->has_headers) {
        ops[n++].op = GRPC_OP_SEND_INITIAL_METADATA;
        wire->has_headers = true;
    }
    grpc_byte_buffer *buffer = NULL;
    if (bytes != NULL) {
        grpc_slice slice = grpc_slice_from_copied_buffer(bytes, size);
        buffer = grpc_raw_byte_buffer_create(&slice, 1);
        grpc_slice_unref(slice);
        ops[n].op = GRPC_OP_SEND_MESSAGE;
        ops[n++].data.send_message.send_message = buffer;
    }
    if (end != NULL) {
        ops[n++] = *end;
        wire->has_answered = true;
    }
    wire_batch(wire, ops, n);
    grpc_byte_buffer_destroy(buffer);
}

static void
wire_end(struct fake_wire *wire, enum kontor_status status, const char *text,
         const void *details, size_t size, const void *bytes, size_t n_bytes)
{
    grpc_slice message = grpc_slice_from_copied_string(text);
    grpc_metadata trailers[2] = {
        {.key = grpc_slice_from_static_string("kontor-seq"),
         .value = grpc_slice_from_static_string("42")},
        {.key = grpc_slice_from_static_string("grpc-status-details-bin"),
         .value = grpc_slice_from_copied_buffer(details, size)}};
    grpc_op op = {.op = GRPC_OP_SEND_STATUS_FROM_SERVER};
    op.data.send_status_from_server.status = (grpc_status_code)status;
    op.data.send_status_from_server.status_details = &message;
    op.data.send_status_from_server.trailing_metadata = trailers;
    op.data.send_status_from_server.trailing_metadata_count = size > 0 ? 2 : 1;
    wire_send(wire, bytes, n_bytes, &op);
    grpc_slice_unref(message);
    grpc_slice_unref(trailers[1].value);
}

/* ---- Answers ---- */

static uint8_t *
packed(const ProtobufCMessage *message, size_t *size)
{
    *size = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = malloc(*size + 1);
    protobuf_c_message_pack(message, bytes);
    return bytes;
}

void
fake_reply_raw(struct fake_call *call, const void *bytes, size_t size)
{
    wire_end(call->wire, KONTOR_OK, "", "", 0, bytes, size);
}

void
fake_reply(struct fake_call *call, const ProtobufCMessage *reply)
{
    size_t size;
    uint8_t *bytes = packed(reply, &size);
    fake_reply_raw(call, bytes, size);
    free(bytes);
}

void
fake_fail_raw(struct fake_call *call, enum kontor_status status, const void *details,
              size_t size)
{
    wire_end(call->wire, status, "raw", details, size, NULL, 0);
}

static Google__Protobuf__Any
any_of(const ProtobufCMessage *message, char *url, size_t url_size)
{
    Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;
    snprintf(url, url_size, "type.googleapis.com/%s", message->descriptor->name);
    any.type_url = url;
    any.value.data = packed(message, &any.value.len);
    return any;
}

static void
fail_with(struct fake_call *call, enum kontor_status status, const char *text,
          const ProtobufCMessage *const *messages, size_t n)
{
    Google__Protobuf__Any anys[4];
    Google__Protobuf__Any *list[4];
    char urls[4][96];
    for (size_t i = 0; i < n; i++) {
        anys[i] = any_of(messages[i], urls[i], sizeof urls[i]);
        list[i] = &anys[i];
    }
    Google__Rpc__Status whole = GOOGLE__RPC__STATUS__INIT;
    whole.code = (int32_t)status;
    whole.message = (char *)(uintptr_t)text;
    whole.details = list;
    whole.n_details = n;
    size_t size;
    uint8_t *bytes = packed(&whole.base, &size);
    wire_end(call->wire, status, text, bytes, n == 0 ? 0 : size, NULL, 0);
    free(bytes);
    for (size_t i = 0; i < n; i++) {
        free(anys[i].value.data);
    }
}

void
fake_fail(struct fake_call *call, enum kontor_status status, const char *reason,
          const char *text)
{
    Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;
    info.reason = (char *)(uintptr_t)reason;
    info.domain = (char *)(uintptr_t) "kontor";
    const ProtobufCMessage *messages[] = {&info.base};
    fail_with(call, status, text, messages, reason == NULL ? 0 : 1);
}

void
fake_fail_fully(struct fake_call *call, enum kontor_status status, const char *reason,
                const char *text, long retry_ms)
{
    Google__Rpc__ErrorInfo__MetadataEntry value =
        GOOGLE__RPC__ERROR_INFO__METADATA_ENTRY__INIT;
    value.key = (char *)(uintptr_t) "from";
    value.value = (char *)(uintptr_t) "COMPLETED";
    Google__Rpc__ErrorInfo__MetadataEntry *values[] = {&value};
    Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;
    info.reason = (char *)(uintptr_t)reason;
    info.metadata = values;
    info.n_metadata = 1;
    Google__Rpc__BadRequest__FieldViolation violation =
        GOOGLE__RPC__BAD_REQUEST__FIELD_VIOLATION__INIT;
    violation.field = (char *)(uintptr_t) "items[1].parameters[gpus]";
    violation.description = (char *)(uintptr_t) "9 is outside 1..8";
    Google__Rpc__BadRequest__FieldViolation *violations[] = {&violation};
    Google__Rpc__BadRequest bad = GOOGLE__RPC__BAD_REQUEST__INIT;
    bad.field_violations = violations;
    bad.n_field_violations = 1;
    Google__Protobuf__Duration delay = GOOGLE__PROTOBUF__DURATION__INIT;
    delay.seconds = retry_ms / 1000;
    delay.nanos = (int32_t)(retry_ms % 1000 * 1000000);
    Google__Rpc__RetryInfo retry = GOOGLE__RPC__RETRY_INFO__INIT;
    retry.retry_delay = &delay;
    const ProtobufCMessage *messages[] = {&info.base, &bad.base, &retry.base};
    fail_with(call, status, text, messages, 3);
}

bool
fake_send(struct fake_call *call, const ProtobufCMessage *message)
{
    size_t size;
    uint8_t *bytes = packed(message, &size);
    wire_send(call->wire, bytes, size, NULL);
    free(bytes);
    return true;
}

void
fake_end(struct fake_call *call)
{
    wire_end(call->wire, KONTOR_OK, "", "", 0, NULL, 0);
}

void
fake_wait_gone(struct fake_call *call)
{
    struct fake_wire *wire = call->wire;
    fake_sync(call->fake);
    if (!wire->has_closed) {
        grpc_completion_queue_pluck(wire->queue, &wire->is_cancelled,
                                    gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
        wire->has_closed = true;
    }
}

void
fake_cut(struct fake *fake)
{
    fake_sync(fake);
    forward_cut(fake->forward);
}

/* ---- Serving ---- */

static void
wire_arm(struct fake *fake)
{
    struct fake_wire *wire = calloc(1, sizeof *wire);
    wire->call.fake = fake;
    wire->call.wire = wire;
    wire->queue = grpc_completion_queue_create_for_pluck(NULL);
    grpc_call_details_init(&wire->details);
    grpc_metadata_array_init(&wire->metadata);
    DEMAND(grpc_server_request_call(fake->server, &wire->wire, &wire->details,
                                    &wire->metadata, wire->queue, fake->queue,
                                    wire) == GRPC_CALL_OK,
           "cannot ask for calls");
}

static void
wire_free(struct fake_wire *wire)
{
    if (wire->wire != NULL) {
        grpc_call_unref(wire->wire);
    }
    kontor_reply_free(wire->call.request);
    grpc_call_details_destroy(&wire->details);
    grpc_metadata_array_destroy(&wire->metadata);
    grpc_completion_queue_shutdown(wire->queue);
    grpc_completion_queue_destroy(wire->queue);
    free(wire);
}

static void
wire_read_headers(struct fake_wire *wire)
{
    size_t size = GRPC_SLICE_LENGTH(wire->details.method);
    DEMAND(size < sizeof wire->path, "a path too long");
    memcpy(wire->path, GRPC_SLICE_START_PTR(wire->details.method), size);
    for (size_t i = 0; i < wire->metadata.count; i++) {
        if (grpc_slice_str_cmp(wire->metadata.metadata[i].key, "kontor-min-seq") == 0) {
            char *text = grpc_slice_to_c_string(wire->metadata.metadata[i].value);
            wire->call.min_seq = strtol(text, NULL, 10);
            gpr_free(text);
        }
    }
}

static void *
wire_run(void *context)
{
    struct fake_wire *wire = context;
    struct fake *fake = wire->call.fake;
    fake_sync(fake);
    wire_read_headers(wire);
    grpc_op close = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER};
    close.data.recv_close_on_server.cancelled = &wire->is_cancelled;
    DEMAND(grpc_call_start_batch(wire->wire, &close, 1, &wire->is_cancelled, NULL) ==
               GRPC_CALL_OK,
           "bad batch");
    wire->call.path = wire->path;
    wire->call.request = wire_request(wire);
    if (wire->call.request != NULL) {
        fake->handler(&wire->call, fake->context);
    }
    fake_wait_gone(&wire->call);
    wire_free(wire);
    pthread_mutex_lock(&fake->mutex);
    fake->n_calls--;
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->mutex);
    return NULL;
}

static void
wire_start(struct fake *fake, struct fake_wire *wire)
{
    pthread_mutex_lock(&fake->mutex);
    fake->n_calls++;
    pthread_mutex_unlock(&fake->mutex);
    pthread_t thread;
    DEMAND(pthread_create(&thread, NULL, wire_run, wire) == 0, "no thread");
    pthread_detach(thread);
}

static void *
fake_run(void *context)
{
    struct fake *fake = context;
    for (;;) {
        grpc_event event = grpc_completion_queue_next(
            fake->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
        if (event.type == GRPC_QUEUE_SHUTDOWN) {
            return NULL;
        }
        if (event.tag == fake) {
            grpc_completion_queue_shutdown(fake->queue);
        } else if (event.success) {
            wire_arm(fake);
            wire_start(fake, event.tag);
        } else {
            wire_free(event.tag);
        }
    }
}

struct fake *
fake_start(fake_handler handler, void *context)
{
    struct fake *fake = calloc(1, sizeof *fake);
    fake->handler = handler;
    fake->context = context;
    pthread_mutex_init(&fake->mutex, NULL);
    pthread_cond_init(&fake->changed, NULL);
    certificates_make(fake->directory, sizeof fake->directory);
    static const char *const names[] = {"ca.pem", "client.pem", "client.key"};
    for (int i = 0; i < 3; i++) {
        snprintf(fake->path[i], sizeof fake->path[i], "%s/%s", fake->directory,
                 names[i]);
    }
    grpc_init();
    char *ca = certificates_read(fake->directory, "ca.pem");
    char *certificate = certificates_read(fake->directory, "server.pem");
    char *key = certificates_read(fake->directory, "server.key");
    grpc_ssl_pem_key_cert_pair pair = {key, certificate};
    grpc_server_credentials *credentials = grpc_ssl_server_credentials_create_ex(
        ca, &pair, 1, GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY, NULL);
    free(ca);
    free(certificate);
    free(key);
    fake->queue = grpc_completion_queue_create_for_next(NULL);
    fake->server = grpc_server_create(NULL, NULL);
    grpc_server_register_completion_queue(fake->server, fake->queue, NULL);
    int port = grpc_server_add_http2_port(fake->server, "127.0.0.1:0", credentials);
    DEMAND(port > 0, "no port");
    grpc_server_credentials_release(credentials);
    grpc_server_start(fake->server);
    for (int i = 0; i < 8; i++) {
        wire_arm(fake);
    }
    pthread_create(&fake->thread, NULL, fake_run, fake);
    fake->forward = forward_start(port);
    snprintf(fake->address, sizeof fake->address, "127.0.0.1:%d",
             forward_port(fake->forward));
    return fake;
}

void
fake_settle(struct fake *fake)
{
    pthread_mutex_lock(&fake->mutex);
    while (fake->n_calls > 0) {
        pthread_cond_wait(&fake->changed, &fake->mutex);
    }
    pthread_mutex_unlock(&fake->mutex);
}

void
fake_stop(struct fake *fake)
{
    grpc_server_shutdown_and_notify(fake->server, fake->queue, fake);
    grpc_server_cancel_all_calls(fake->server);
    fake_settle(fake);
    forward_stop(fake->forward);
    pthread_join(fake->thread, NULL);
    grpc_server_destroy(fake->server);
    grpc_completion_queue_destroy(fake->queue);
    grpc_shutdown();
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", fake->directory);
    DEMAND(system(command) == 0, "cannot remove the certificates");
    pthread_mutex_destroy(&fake->mutex);
    pthread_cond_destroy(&fake->changed);
    free(fake);
}

const char *
fake_certificates(const struct fake *fake)
{
    return fake->directory;
}

struct kontor_options
fake_options(const struct fake *fake)
{
    struct kontor_options options = {
        .server = fake->address,
        .server_name = "localhost",
        .ca_file = fake->path[0],
        .cert_file = fake->path[1],
        .key_file = fake->path[2],
        .deadline_ms = 10000,
    };
    return options;
}

struct kontor *
fake_connect(const struct fake *fake)
{
    struct kontor_options options = fake_options(fake);
    struct kontor *kontor = NULL;
    struct kontor_error error = {0};
    DEMAND(kontor_connect(&options, &kontor, &error) == KONTOR_OK, error.message);
    return kontor;
}
