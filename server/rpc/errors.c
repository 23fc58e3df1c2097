#include "server/rpc/errors.h"

#include <string.h>

#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "proto/wire.h"

/* Beyond 8 KB of trailing metadata C core clients lose the whole status. */
enum { DETAILS_MAX_BYTES = 4000, MESSAGE_MAX_BYTES = 1024, DETAILS_MAX = 6 };

struct details {
    struct arena *arena;
    Google__Protobuf__Any *rows[DETAILS_MAX];
    size_t n_rows;
};

static void
add(struct details *details, const ProtobufCMessage *message)
{
    Google__Protobuf__Any *any = arena_alloc(details->arena, sizeof *any);
    google__protobuf__any__init(any);
    any->type_url = arena_print(details->arena, "type.googleapis.com/%s",
                                message->descriptor->name);
    struct bytes value = wire_pack(message, details->arena);
    any->value.data = (uint8_t *)value.data;
    any->value.len = value.size;
    details->rows[details->n_rows++] = any;
}

/* Cuts at a character, so that the text stays UTF-8. */
static char *
shorten(struct arena *arena, const char *text, size_t max)
{
    size_t size = strlen(text);
    if (size > max) {
        size = max;
        while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80) {
            size--;
        }
    }
    return arena_copy_n(arena, text, size);
}

static void
add_info(struct details *details, const struct error *error)
{
    struct arena *arena = details->arena;
    Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;
    info.reason = (char *)reason_row(error->reason)->name;
    info.domain = (char *)"kontor";
    Google__Rpc__ErrorInfo__MetadataEntry *entries[ERROR_MAX_VALUES];
    for (size_t i = 0; i < error->n_values; i++) {
        entries[i] = arena_alloc(arena, sizeof *entries[i]);
        google__rpc__error_info__metadata_entry__init(entries[i]);
        entries[i]->key = (char *)error->values[i].key;
        entries[i]->value = shorten(arena, error->values[i].value, 256);
    }
    info.metadata = entries;
    info.n_metadata = error->n_values;
    add(details, &info.base);
}

static void
add_faults(struct details *details, const struct error *error, size_t n_faults)
{
    if (error->faults == NULL || n_faults == 0) {
        return;
    }
    Google__Rpc__BadRequest bad = GOOGLE__RPC__BAD_REQUEST__INIT;
    Google__Rpc__BadRequest__FieldViolation *rows[FAULTS_MAX];
    for (size_t i = 0; i < n_faults; i++) {
        rows[i] = arena_alloc(details->arena, sizeof *rows[i]);
        google__rpc__bad_request__field_violation__init(rows[i]);
        rows[i]->field = shorten(details->arena, error->faults->rows[i].path, 256);
        rows[i]->description =
            shorten(details->arena, error->faults->rows[i].description, 512);
    }
    bad.field_violations = rows;
    bad.n_field_violations = n_faults;
    add(details, &bad.base);
}

static char *
subject(const struct details *details, const struct error *error)
{
    if (error->kind == NULL) {
        return (char *)"";
    }
    return arena_print(details->arena, "%s/%.200s", error->kind, error->id);
}

static void
add_precondition(struct details *details, const struct error *error)
{
    if (error->status != STATUS_FAILED_PRECONDITION) {
        return;
    }
    Google__Rpc__PreconditionFailure__Violation row =
        GOOGLE__RPC__PRECONDITION_FAILURE__VIOLATION__INIT;
    row.type = (char *)reason_row(error->reason)->name;
    row.subject = subject(details, error);
    row.description = shorten(details->arena, error->message, 256);
    Google__Rpc__PreconditionFailure__Violation *rows[] = {&row};
    Google__Rpc__PreconditionFailure failure = GOOGLE__RPC__PRECONDITION_FAILURE__INIT;
    failure.violations = rows;
    failure.n_violations = 1;
    add(details, &failure.base);
}

static void
add_quota(struct details *details, const struct error *error)
{
    if (error->status != STATUS_RESOURCE_EXHAUSTED || error->retry_after_ms > 0) {
        return;
    }
    Google__Rpc__QuotaFailure__Violation row =
        GOOGLE__RPC__QUOTA_FAILURE__VIOLATION__INIT;
    row.subject = subject(details, error);
    row.description = shorten(details->arena, error->message, 256);
    Google__Rpc__QuotaFailure__Violation *rows[] = {&row};
    Google__Rpc__QuotaFailure failure = GOOGLE__RPC__QUOTA_FAILURE__INIT;
    failure.violations = rows;
    failure.n_violations = 1;
    add(details, &failure.base);
}

static void
add_resource(struct details *details, const struct error *error)
{
    if (error->kind == NULL) {
        return;
    }
    Google__Rpc__ResourceInfo info = GOOGLE__RPC__RESOURCE_INFO__INIT;
    info.resource_type = (char *)error->kind;
    info.resource_name = shorten(details->arena, error->id, 256);
    add(details, &info.base);
}

static void
add_retry(struct details *details, const struct error *error)
{
    if (error->retry_after_ms <= 0) {
        return;
    }
    Google__Protobuf__Duration delay = GOOGLE__PROTOBUF__DURATION__INIT;
    delay.seconds = error->retry_after_ms / 1000;
    delay.nanos = (int32_t)(error->retry_after_ms % 1000) * 1000000;
    Google__Rpc__RetryInfo info = GOOGLE__RPC__RETRY_INFO__INIT;
    info.retry_delay = &delay;
    add(details, &info.base);
}

static struct bytes
build(const struct error *error, size_t n_faults, struct arena *arena)
{
    struct details details = {.arena = arena};
    add_info(&details, error);
    add_faults(&details, error, n_faults);
    add_precondition(&details, error);
    add_quota(&details, error);
    add_resource(&details, error);
    add_retry(&details, error);
    Google__Rpc__Status status = GOOGLE__RPC__STATUS__INIT;
    status.code = (int32_t)error->status;
    status.message = shorten(arena, error->message, MESSAGE_MAX_BYTES);
    status.details = details.rows;
    status.n_details = details.n_rows;
    return wire_pack(&status.base, arena);
}

struct bytes
error_details(const struct error *error, struct arena *arena)
{
    struct error copy = *error;
    if (copy.message == NULL) {
        copy.message = reason_row(copy.reason)->meaning;
    }
    size_t n_faults = copy.faults == NULL ? 0 : copy.faults->n_rows;
    struct bytes bytes = build(&copy, n_faults, arena);
    while (bytes.size > DETAILS_MAX_BYTES && n_faults > 0) {
        n_faults = n_faults * 3 / 4;
        bytes = build(&copy, n_faults, arena);
    }
    while (bytes.size > DETAILS_MAX_BYTES && copy.n_values > 0) {
        copy.n_values--;
        bytes = build(&copy, n_faults, arena);
    }
    return bytes;
}
