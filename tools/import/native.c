/*
 * kontor-1: lists of our own messages in proto3 JSON, as export writes them and
 * people write by hand. It knows the messages from their descriptors, so a new field
 * needs nothing here.
 */
#include "tools/import/native.h"

#include <string.h>

#include "proto/json.h"
#include "tools/import/json_fields.h"
#include "tools/import/kind.h"

/* What calls of their own move. */
static const char *const moved[] = {
    "phase",        "certification", "classification",
    "is_cancelled", "cancel_reason", "is_override",
    NULL,
};

static bool
is_owned(const char *field)
{
    for (size_t i = 0; moved[i] != NULL; i++) {
        if (strcmp(moved[i], field) == 0) {
            return false;
        }
    }
    return !import_is_brokers(field);
}

/*
 * Every field but those: a file of this form says all there is to say of a record,
 * so what it leaves out becomes empty.
 */
static Google__Protobuf__FieldMask *
mask_of(struct arena *arena, const ProtobufCMessageDescriptor *descriptor)
{
    Google__Protobuf__FieldMask *mask = source_mask(arena);
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        if (is_owned(descriptor->fields[i].name)) {
            source_mask_add(arena, mask, descriptor->fields[i].name);
        }
    }
    return mask;
}

/* A provider's state is moved by calls: an import approves it. Whoever takes over one
 * that was suspended learns that others will see it. */
static void
note_state(const struct source *source, const Kontor__V1__Provider *provider,
           const char *place)
{
    const ProtobufCEnumValue *state = protobuf_c_enum_descriptor_get_value(
        &kontor__v1__provider_state__descriptor, (int)provider->state);
    if (state == NULL ||
        provider->state == KONTOR__V1__PROVIDER_STATE__PROVIDER_STATE_UNSPECIFIED ||
        provider->state == KONTOR__V1__PROVIDER_STATE__PROVIDER_APPROVED) {
        return;
    }
    source_finding(source, arena_print(source->arena, "%s.state", place),
                   "%s is not taken over: a new provider is approved by its import, "
                   "one that is there stays as it is; see kontor catalogue provider",
                   state->name);
}

/* One record; the message's own faults get the file and the place before them. */
static void
read_record(struct walk_view *view, const struct json_value *value, const char *place)
{
    const struct source *source = &view->source;
    const struct import_kind *kind = &import_kinds[view->round];
    struct faults inner = {.arena = source->arena};
    const char *text = json_tree_print(value, source->arena);
    ProtobufCMessage *message =
        json_parse(kind->descriptor, text, strlen(text), source->arena, &inner);
    for (size_t i = 0; i < inner.n_rows; i++) {
        source_fault(source,
                     arena_print(source->arena, "%s.%s", place, inner.rows[i].path),
                     "%s", inner.rows[i].description);
    }
    if (inner.n_found == 0 &&
        message->descriptor == &kontor__v1__provider__descriptor) {
        note_state(source, (const Kontor__V1__Provider *)message, place);
    }
    if (inner.n_found == 0) {
        import_kind_add(source->arena, source->out, kind, message);
    }
}

static bool
is_kind(const char *name)
{
    for (size_t i = 0; i < IMPORT_KINDS; i++) {
        if (strcmp(import_kinds[i].list, name) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * Here a misspelt list is a fault and no finding: the form is ours, and "service"
 * for "services" would import nothing and look well.
 */
static void
refuse_unknown(const struct source *source, const struct json_stream *file)
{
    for (size_t i = 0; i < file->n_members; i++) {
        if (!is_kind(file->members[i].name)) {
            source_fault(source, file->members[i].name,
                         "unknown: vocabularies, providers, services, bundles, "
                         "operator_groups, sites, certification_changes, endpoints, "
                         "groups, downtimes");
        }
    }
}

/* A null is the same as no list. */
static bool
is_list(const struct source *source, const struct json_value *value, const char *place)
{
    if (value == NULL || value->type == JSON_TYPE_NULL) {
        return false;
    }
    if (value->type != JSON_TYPE_LIST) {
        source_fault(source, place, "is %s: a list belongs here",
                     json_tree_type(value));
    }
    return value->type == JSON_TYPE_LIST;
}

static bool
is_object(const struct source *source, struct json_stream *file)
{
    const struct json_value *root = json_stream_head(file, source, &file->root, "");
    return root != NULL && json_fields_is_object(source, root, "");
}

/* A round a kind. What is wrong with the file as a whole is told in the first. */
static bool
find_list(struct walk_view *view, struct json_stream *file, struct walk_list *list)
{
    const struct source *source = &view->source;
    if (view->round == 0 && !is_object(source, file)) {
        return false;
    }
    if (view->round == 0 && view->is_judging) {
        refuse_unknown(source, file);
    }
    list->name = import_kinds[view->round].list;
    const struct json_span *span = json_stream_member(file, list->name);
    const struct json_value *value = json_stream_head(file, source, span, list->name);
    if (!is_list(source, value, list->name)) {
        return false;
    }
    list->span = *span;
    return true;
}

static void
begin(struct walk_view *view, struct import_set *masks)
{
    for (size_t i = 0; i < IMPORT_KINDS; i++) {
        Google__Protobuf__FieldMask *mask =
            mask_of(view->kept, import_kinds[i].descriptor);
        memcpy((char *)masks + import_kinds[i].mask_at, &mask, sizeof mask);
    }
}

const struct import_stream native_stream = {
    .n_rounds = IMPORT_KINDS,
    .begin = begin,
    .find = find_list,
    .read = read_record,
};
