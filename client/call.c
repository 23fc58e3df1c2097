/*
 * Unary calls: an id that stays the same over all attempts makes repeating safe, so
 * repeating needs no questions.
 */
#include "client/call.h"

#include <stdlib.h>
#include <string.h>

#include "client/error.h"
#include "client/reach.h"
#include "client/retry.h"
#include "client/rpc.h"

const struct kontor_method *
kontor_method(const char *path)
{
    for (size_t i = 0; i < kontor_n_methods; i++) {
        if (strcmp(kontor_methods[i].path, path) == 0) {
            return &kontor_methods[i];
        }
    }
    return NULL;
}

void
kontor_reply_free(void *reply)
{
    if (reply != NULL) {
        protobuf_c_message_free_unpacked(reply, NULL);
    }
}

enum kontor_status
call_pack(const ProtobufCMessage *message, grpc_slice *packed,
          struct kontor_error *error)
{
    if (!protobuf_c_message_check(message)) {
        return error_set(error, KONTOR_INVALID_ARGUMENT, "MESSAGE_INVALID",
                         "a text or a message inside the %s is NULL",
                         message->descriptor->short_name);
    }
    /* Not grpc_slice_malloc, which aborts: how much it is the host decides, up to the
     * whole of a catalogue. */
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = malloc(size + 1);
    if (bytes == NULL) {
        return error_memory(error);
    }
    *packed = grpc_slice_new(bytes, protobuf_c_message_pack(message, bytes), free);
    return KONTOR_OK;
}

/* One call over all its attempts. */
struct call {
    struct kontor *kontor;
    const struct kontor_call_options *options;
    struct rpc_start start;
    char request_id[37]; /* "" when the method has none. */
    bool was_sent;       /* At least one attempt may have gone out. */
};

/*
 * Packs the request with its own request_id or a new one. The request is the caller's,
 * so a shallow copy takes the id.
 */
static enum kontor_status
call_pack_request(struct call *call, const ProtobufCMessage *request,
                  struct kontor_error *error)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(request->descriptor,
                                                        "request_id");
    if (field == NULL) {
        return call_pack(request, &call->start.request, error);
    }
    ProtobufCMessage *copy = malloc(request->descriptor->sizeof_message);
    if (copy == NULL) {
        return error_memory(error);
    }
    memcpy(copy, request, request->descriptor->sizeof_message);
    char *id = call->request_id;
    char *given;
    memcpy(&given, (const char *)request + field->offset, sizeof given);
    if (given == NULL || given[0] == '\0') {
        kontor_uuid(call->request_id);
        memcpy((char *)copy + field->offset, &id, sizeof id);
    } else {
        strncpy(call->request_id, given, sizeof call->request_id - 1);
    }
    enum kontor_status status = call_pack(copy, &call->start.request, error);
    free(copy);
    return status;
}

/* What came whole counts, even when the connection died right after it. */
static enum kontor_status
call_attempt(struct call *call, ProtobufCMessage **reply, struct kontor_error *error)
{
    struct rpc *rpc = rpc_open(call->kontor, &call->start, error);
    if (rpc == NULL) {
        return error->status;
    }
    ProtobufCMessage *message = NULL;
    enum rpc_event event = rpc_next(rpc, INT64_MAX, &message);
    enum kontor_status status = rpc_result(rpc, error);
    int64_t seq = rpc_seq(rpc);
    if (seq > 0 && call->options != NULL && call->options->seq != NULL) {
        *call->options->seq = seq;
    }
    rpc_close(rpc);
    if (status != KONTOR_OK) {
        call->was_sent = call->was_sent || !reach_is_unsent(error);
        kontor_reply_free(message);
        return status;
    }
    if (event != RPC_MESSAGE) {
        return error_set(error, KONTOR_INTERNAL, "MESSAGE_INVALID",
                         "the broker answered nothing");
    }
    *reply = message;
    return KONTOR_OK;
}

/* Waits before another attempt; false when the call is over with the error as it is. */
static bool
call_waits(struct call *call, struct retry *retry, struct kontor_error *error)
{
    if (!retry_is_worthwhile(error)) {
        return false;
    }
    int64_t delay_ms = retry_delay_ms(retry, error);
    if (channel_now_ms() + delay_ms >= call->start.until_ms) {
        return false;
    }
    struct kontor_error ended = {0};
    if (channel_sleep(call->kontor, delay_ms, call->start.stop, &ended) == KONTOR_OK) {
        return true;
    }
    error_move(error, &ended);
    return false;
}

/*
 * Says what the caller must know to go on. A deadline that ended on our side has no
 * reason: for a change it gets OUTCOME_UNKNOWN, as the broker itself would say.
 */
static void
call_explain(const struct call *call, struct kontor_error *error)
{
    memcpy(error->request_id, call->request_id, sizeof error->request_id);
    bool is_change =
        call->request_id[0] != '\0' ||
        strcmp(call->start.method->path, "/kontor.v1.OrderService/PlaceOrder") == 0;
    /* An answer there was no memory for says nothing about what was done. */
    bool is_open = retry_is_outcome_unknown(error) || error_is(error, "OUT_OF_MEMORY");
    error->is_outcome_unknown = is_change && call->was_sent && is_open;
    if (error->is_outcome_unknown && error->status == KONTOR_DEADLINE_EXCEEDED &&
        error->reason[0] == '\0') {
        error->reason = "OUTCOME_UNKNOWN";
        error->message =
            "the broker did not answer in time: whether it was done is not known; "
            "repeat it with the same id";
    }
}

/* The first error that is worth no other attempt is the one the caller gets. */
static enum kontor_status
call_run(struct call *call, ProtobufCMessage **reply, struct kontor_error *error)
{
    struct retry retry = {0};
    enum kontor_status status;
    do {
        error_reset(error);
        status = call_attempt(call, reply, error);
    } while (status != KONTOR_OK && call_waits(call, &retry, error));
    if (status != KONTOR_OK) {
        call_explain(call, error);
        return error->status;
    }
    return KONTOR_OK;
}

enum kontor_status
call_unary(struct kontor *kontor, const struct kontor_method *method,
           const ProtobufCMessage *request, const struct kontor_call_options *options,
           const struct stop *stop, ProtobufCMessage **reply,
           struct kontor_error *error)
{
    struct kontor_error scratch = {0};
    struct kontor_error *said = error == NULL ? &scratch : error;
    error_reset(said);
    int64_t deadline_ms = options != NULL && options->deadline_ms > 0
                              ? options->deadline_ms
                              : kontor->deadline_ms;
    struct call call = {.kontor = kontor, .options = options};
    call.start.method = method;
    call.start.until_ms = channel_now_ms() + deadline_ms;
    call.start.min_seq = options == NULL ? 0 : options->min_seq;
    call.start.stop = stop;
    enum kontor_status status = call_pack_request(&call, request, said);
    if (status == KONTOR_OK) {
        ProtobufCMessage *message = NULL;
        status = call_run(&call, &message, said);
        grpc_slice_unref(call.start.request);
        if (status == KONTOR_OK && reply != NULL) {
            *reply = message;
        } else {
            kontor_reply_free(message);
        }
    }
    kontor_error_done(&scratch);
    return status;
}

/*
 * A message of another type would be packed without complaint and refused far away.
 */
enum kontor_status
kontor_call(struct kontor *kontor, const struct kontor_method *method,
            const ProtobufCMessage *request, const struct kontor_call_options *options,
            ProtobufCMessage **reply, struct kontor_error *error)
{
    const ProtobufCMethodDescriptor *row = &method->service->methods[method->index];
    if (method->is_stream || request->descriptor != row->input) {
        return error_set(error, KONTOR_INVALID_ARGUMENT, "MESSAGE_INVALID",
                         "%s takes a %s and answers once", method->path,
                         row->input->name);
    }
    return call_unary(kontor, method, request, options, NULL, reply, error);
}
