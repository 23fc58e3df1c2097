#include "server/rpc/record_merge.h"

#include <string.h>

#include "proto/field.h"
#include "server/rpc/named.h"

/* Fields 1 to 4 of every record: id, revision, created_at, updated_at. */
enum { LAST_ENVELOPE_FIELD = 4 };

static bool
is_output(const ProtobufCFieldDescriptor *field, const uint8_t *output_only)
{
    if (field->id <= LAST_ENVELOPE_FIELD) {
        return true;
    }
    for (const uint8_t *number = output_only; number != NULL && *number != 0;
         number++) {
        if (*number == field->id) {
            return true;
        }
    }
    return false;
}

static const ProtobufCMessageDescriptor *
type_of(const struct record_merging *merging)
{
    return ((const ProtobufCMessage *)merging->from)->descriptor;
}

/* Copies every field a caller may set; with only_set, those that hold something. */
static void
merge_all(const struct record_merging *merging, bool only_set)
{
    const ProtobufCMessageDescriptor *type = type_of(merging);
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        bool is_skipped = is_output(field, merging->output_only) ||
                          (only_set && field_count(merging->from, field) == 0);
        if (!is_skipped) {
            named_copy(merging->to, merging->from, field);
        }
    }
}

static void
merge_path(struct call *call, const struct record_merging *merging, const char *path)
{
    const ProtobufCMessageDescriptor *type = type_of(merging);
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(type, path);
    if (strcmp(path, "*") == 0) {
        merge_all(merging, false);
        return;
    }
    if (strchr(path, '.') != NULL) {
        call_fault(call, merging->mask_path,
                   "\"%s\" names a part of a field; name the whole field \"%.*s\"",
                   path, (int)strcspn(path, "."), path);
        return;
    }
    if (field == NULL) {
        call_fault(call, merging->mask_path, "%s has no field \"%s\"", type->short_name,
                   path);
        return;
    }
    if (is_output(field, merging->output_only)) {
        call_fault(call, merging->mask_path,
                   "\"%s\" is set by the broker; leave it out", path);
        return;
    }
    named_copy(merging->to, merging->from, field);
}

void
record_merge_masked(struct call *call, const struct record_merging *merging)
{
    const Google__Protobuf__FieldMask *mask = merging->mask;
    if (mask == NULL || mask->n_paths == 0) {
        merge_all(merging, true);
        return;
    }
    for (size_t i = 0; i < mask->n_paths; i++) {
        merge_path(call, merging, mask->paths[i]);
    }
}

void
record_merge(struct call *call, void *to, const void *from,
             const Google__Protobuf__FieldMask *mask)
{
    record_merge_masked(
        call, &(struct record_merging){
                  .to = to, .from = from, .mask = mask, .mask_path = "update_mask"});
}
