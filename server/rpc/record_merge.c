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

/* ---- Parts of lists ---- */

/* The list a path names a part of; NULL: it names none. */
static const ProtobufCFieldDescriptor *
list_of(const struct record_merging *merging, const char *path)
{
    const ProtobufCMessageDescriptor *type = type_of(merging);
    size_t size = strcspn(path, ".");
    for (unsigned i = 0; merging->has_parts && i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        bool is_list = field->label == PROTOBUF_C_LABEL_REPEATED &&
                       field->type == PROTOBUF_C_TYPE_MESSAGE;
        if (is_list && path[size] == '.' && strlen(field->name) == size &&
            strncmp(field->name, path, size) == 0 &&
            protobuf_c_message_descriptor_get_field_by_name(field->descriptor, "iid") !=
                NULL) {
            return field;
        }
    }
    return NULL;
}

static const ProtobufCMessage *
element_of(const void *record, const ProtobufCFieldDescriptor *list, const char *iid)
{
    size_t n = field_count(record, list);
    for (size_t i = 0; i < n; i++) {
        const ProtobufCMessage *element = field_message(field_at(record, list, i));
        if (strcmp(named_text(element, "iid"), iid) == 0) {
            return element;
        }
    }
    return NULL;
}

/* One part of the elements that were there before. */
static void
merge_part(struct call *call, const struct record_merging *merging,
           const ProtobufCFieldDescriptor *list, const char *path)
{
    const char *name = strchr(path, '.') + 1;
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(list->descriptor, name);
    size_t n = field_count(merging->to, list);
    if (field == NULL) {
        call_fault(call, merging->mask_path, "%s has no field \"%s\"",
                   ((const ProtobufCMessageDescriptor *)list->descriptor)->short_name,
                   name);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        ProtobufCMessage *element = (ProtobufCMessage *)(uintptr_t)field_message(
            field_at(merging->to, list, i));
        const ProtobufCMessage *from =
            element_of(merging->from, list, named_text(element, "iid"));
        if (from != NULL && from != element) {
            named_copy(element, from, field);
        }
    }
}

/* The list as the source has it: what was there before stays as it was for now, what is
 * new is taken whole. */
static void
merge_list(struct call *call, const struct record_merging *merging,
           const ProtobufCFieldDescriptor *list)
{
    size_t n = field_count(merging->from, list);
    const ProtobufCMessage **elements =
        arena_alloc(call->arena, (n + 1) * sizeof(ProtobufCMessage *));
    for (size_t i = 0; i < n; i++) {
        const ProtobufCMessage *given = field_message(field_at(merging->from, list, i));
        const ProtobufCMessage *old =
            element_of(merging->to, list, named_text(given, "iid"));
        elements[i] = old == NULL ? given : old;
    }
    (void)field_make(merging->to, list, n, arena_allocator(call->arena, SIZE_MAX));
    for (size_t i = 0; i < n; i++) {
        memcpy((void *)(uintptr_t)field_at(merging->to, list, i), &elements[i],
               sizeof(elements[i]));
    }
}

/* Whether a path before this one named a part of the same list. */
static bool
is_begun(const Google__Protobuf__FieldMask *mask, size_t at)
{
    size_t size = strcspn(mask->paths[at], ".") + 1;
    for (size_t i = 0; i < at; i++) {
        if (strncmp(mask->paths[i], mask->paths[at], size) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- Masks ---- */

static void
merge_path(struct call *call, const struct record_merging *merging, size_t at)
{
    const char *path = merging->mask->paths[at];
    const ProtobufCMessageDescriptor *type = type_of(merging);
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(type, path);
    const ProtobufCFieldDescriptor *list = list_of(merging, path);
    if (strcmp(path, "*") == 0) {
        merge_all(merging, false);
        return;
    }
    if (list != NULL) {
        if (!is_begun(merging->mask, at)) {
            merge_list(call, merging, list);
        }
        merge_part(call, merging, list, path);
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
        merge_path(call, merging, i);
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
