/*
 * Errors. What a broker sends is judged like any stranger's bytes, since a wrong
 * address may lead to any server.
 */
#include "client/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <google/rpc/error_details.pb-c.h>
#include <google/rpc/status.pb-c.h>

#include "proto/arena.h"
#include "proto/status.h"
#include "proto/wire.h"

const char *
kontor_status_name(enum kontor_status status)
{
    return status_name((enum status)status);
}

void
kontor_error_done(struct kontor_error *error)
{
    if (error == NULL) {
        return;
    }
    arena_free(error->memory);
    memset(error, 0, sizeof *error);
}

/* A handful at most: no index pays. */
const char *
kontor_error_value(const struct kontor_error *error, const char *key)
{
    for (size_t i = 0; i < error->n_values; i++) {
        if (strcmp(error->values[i].key, key) == 0) {
            return error->values[i].value;
        }
    }
    return NULL;
}

/* Reason and message are never NULL, so that a host may print them without asking. */
void
error_reset(struct kontor_error *error)
{
    if (error == NULL) {
        return;
    }
    kontor_error_done(error);
    error->reason = "";
    error->message = "";
}

/* Takes no memory itself. */
enum kontor_status
error_memory(struct kontor_error *error)
{
    if (error != NULL) {
        error_reset(error);
        error->status = KONTOR_RESOURCE_EXHAUSTED;
        error->reason = "OUT_OF_MEMORY";
        error->message = "out of memory";
    }
    return KONTOR_RESOURCE_EXHAUSTED;
}

/*
 * Long texts are cut: a kilobyte is more than anybody reads, and the size is then
 * known before anything is formatted.
 */
enum kontor_status
error_set(struct kontor_error *error, enum kontor_status status, const char *reason,
          const char *format, ...)
{
    if (error == NULL) {
        return status;
    }
    error_reset(error);
    error->status = status;
    error->reason = reason;
    error->memory = arena_new();
    char *text = error->memory == NULL ? NULL : arena_try(error->memory, 1024);
    if (text == NULL) {
        error->message = kontor_status_name(status);
        return status;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(text, 1024, format, args);
    va_end(args);
    error->message = text;
    return status;
}

void
error_move(struct kontor_error *error, struct kontor_error *from)
{
    if (error == NULL) {
        kontor_error_done(from);
        return;
    }
    kontor_error_done(error);
    *error = *from;
    memset(from, 0, sizeof *from);
}

bool
error_is(const struct kontor_error *error, const char *reason)
{
    return error->reason != NULL && strcmp(error->reason, reason) == 0;
}

/* A NUL-terminated copy in the error's arena, or fallback when memory ends. */
static const char *
error_copy(struct kontor_error *error, struct bytes text, const char *fallback)
{
    char *copy = arena_try(error->memory, text.size + 1);
    if (copy == NULL) {
        return fallback;
    }
    if (text.size > 0) {
        memcpy(copy, text.data, text.size);
    }
    copy[text.size] = '\0';
    return copy;
}

/* Keys and values stay where they were unpacked: the error owns that arena. */
static void
take_info(struct kontor_error *error, const ProtobufCMessage *message)
{
    const Google__Rpc__ErrorInfo *info = (const Google__Rpc__ErrorInfo *)message;
    error->reason = info->reason;
    struct kontor_value *values =
        arena_try(error->memory, (info->n_metadata + 1) * sizeof *values);
    if (values == NULL) {
        return;
    }
    for (size_t i = 0; i < info->n_metadata; i++) {
        values[i].key = info->metadata[i]->key;
        values[i].value = info->metadata[i]->value;
    }
    error->values = values;
    error->n_values = info->n_metadata;
}

/* As with the values, the texts stay where they were unpacked. */
static void
take_bad_request(struct kontor_error *error, const ProtobufCMessage *message)
{
    const Google__Rpc__BadRequest *bad = (const Google__Rpc__BadRequest *)message;
    struct kontor_violation *rows =
        arena_try(error->memory, (bad->n_field_violations + 1) * sizeof *rows);
    if (rows == NULL) {
        return;
    }
    for (size_t i = 0; i < bad->n_field_violations; i++) {
        rows[i].field = bad->field_violations[i]->field;
        rows[i].description = bad->field_violations[i]->description;
    }
    error->violations = rows;
    error->n_violations = bad->n_field_violations;
}

static void
take_retry(struct kontor_error *error, const ProtobufCMessage *message)
{
    const Google__Rpc__RetryInfo *retry = (const Google__Rpc__RetryInfo *)message;
    /* A broker that asks for more than a day is not believed: the deadline decides. */
    const int64_t day = 86400;
    if (retry->retry_delay == NULL || retry->retry_delay->seconds < 0 ||
        retry->retry_delay->seconds > day || retry->retry_delay->nanos < 0) {
        return;
    }
    error->retry_after_ms =
        retry->retry_delay->seconds * 1000 + retry->retry_delay->nanos / 1000000;
}

/* What is taken from each kind of detail; others are passed over. */
struct detail {
    const ProtobufCMessageDescriptor *descriptor;
    void (*take)(struct kontor_error *error, const ProtobufCMessage *message);
};

static const struct detail details_table[] = {
    {&google__rpc__error_info__descriptor, take_info},
    {&google__rpc__bad_request__descriptor, take_bad_request},
    {&google__rpc__retry_info__descriptor, take_retry},
};

/* An allocator over an arena that gives NULL, not an abort, when memory ends. */
static void *
error_alloc(void *arena, size_t size)
{
    return arena_try(arena, size);
}

static void
error_keep(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

/* Unpacks untrusted bytes into the error's arena; NULL for anything wrong. */
static ProtobufCMessage *
error_unpack(struct kontor_error *error, const ProtobufCMessageDescriptor *descriptor,
             struct bytes bytes)
{
    if (!wire_check(descriptor, bytes, &wire_request_limits, NULL)) {
        return NULL;
    }
    ProtobufCAllocator allocator = {error_alloc, error_keep, error->memory};
    return protobuf_c_message_unpack(descriptor, &allocator, bytes.size, bytes.data);
}

/* Only the name behind the last slash counts, as google.protobuf.Any has it. */
static void
take_detail(struct kontor_error *error, const Google__Protobuf__Any *any)
{
    const char *slash = any->type_url == NULL ? NULL : strrchr(any->type_url, '/');
    if (slash == NULL) {
        return;
    }
    for (size_t i = 0; i < sizeof details_table / sizeof details_table[0]; i++) {
        const struct detail *row = &details_table[i];
        if (strcmp(slash + 1, row->descriptor->name) != 0) {
            continue;
        }
        struct bytes bytes = {any->value.data, any->value.len};
        ProtobufCMessage *message = error_unpack(error, row->descriptor, bytes);
        if (message != NULL) {
            row->take(error, message);
        }
    }
}

/*
 * In the order of how much is lost when memory ends or the bytes are damaged: the
 * status always stays, then the message, then the details.
 */
enum kontor_status
error_decode(struct kontor_error *error, enum kontor_status status,
             struct bytes message, struct bytes details)
{
    error_reset(error);
    error->status = status;
    error->message = kontor_status_name(status);
    error->memory = arena_new();
    if (error->memory == NULL) {
        return status;
    }
    if (message.size > 0) {
        error->message = error_copy(error, message, error->message);
    }
    if (details.size == 0) {
        return status;
    }
    const Google__Rpc__Status *said = (const Google__Rpc__Status *)error_unpack(
        error, &google__rpc__status__descriptor, details);
    if (said == NULL) {
        return status;
    }
    for (size_t i = 0; i < said->n_details; i++) {
        take_detail(error, said->details[i]);
    }
    return status;
}
