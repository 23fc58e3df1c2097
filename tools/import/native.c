/*
 * kontor-1: lists of our own messages in proto3 JSON, as export writes them and
 * people write by hand. It knows the messages from their descriptors, so a new field
 * needs nothing here.
 */
#include "tools/import/native.h"

#include <string.h>

#include "proto/json.h"
#include "tools/import/json_fields.h"

/* What calls of their own move. */
static const char *const moved[] = {
    "phase", "certification", "classification", "is_cancelled", "cancel_reason", NULL,
};

/* The lists of the form. */
static const struct section {
    const char *name;
    const ProtobufCMessageDescriptor *descriptor;
    size_t rows_at; /* Offsets in the set. */
    size_t n_at;
    size_t mask_at;
} sections[] = {
    {"vocabularies", &kontor__v1__vocabulary__descriptor,
     offsetof(struct import_set, vocabularies),
     offsetof(struct import_set, n_vocabularies),
     offsetof(struct import_set, vocabulary_fields)},
    {"providers", &kontor__v1__provider__descriptor,
     offsetof(struct import_set, providers), offsetof(struct import_set, n_providers),
     offsetof(struct import_set, provider_fields)},
    {"services", &kontor__v1__service__descriptor,
     offsetof(struct import_set, services), offsetof(struct import_set, n_services),
     offsetof(struct import_set, service_fields)},
    {"bundles", &kontor__v1__bundle__descriptor, offsetof(struct import_set, bundles),
     offsetof(struct import_set, n_bundles),
     offsetof(struct import_set, bundle_fields)},
    {"sites", &kontor__v1__site__descriptor, offsetof(struct import_set, sites),
     offsetof(struct import_set, n_sites), offsetof(struct import_set, site_fields)},
    {"endpoints", &kontor__v1__endpoint__descriptor,
     offsetof(struct import_set, endpoints), offsetof(struct import_set, n_endpoints),
     offsetof(struct import_set, endpoint_fields)},
    {"downtimes", &kontor__v1__downtime__descriptor,
     offsetof(struct import_set, downtimes), offsetof(struct import_set, n_downtimes),
     offsetof(struct import_set, downtime_fields)},
};
enum { N_SECTIONS = sizeof sections / sizeof sections[0] };

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

/* One record; the message's own faults get the file and the place before them. */
static ProtobufCMessage *
read_record(const struct source *source, const struct section *section,
            const struct json_value *value, const char *place)
{
    struct faults inner = {.arena = source->arena};
    const char *text = json_tree_print(value, source->arena);
    ProtobufCMessage *message =
        json_parse(section->descriptor, text, strlen(text), source->arena, &inner);
    for (size_t i = 0; i < inner.n_rows; i++) {
        source_fault(source,
                     arena_print(source->arena, "%s.%s", place, inner.rows[i].path),
                     "%s", inner.rows[i].description);
    }
    return inner.n_found == 0 ? message : NULL;
}

/*
 * A record that could not be read leaves a NULL in its list: the faults refuse the
 * whole set, and nobody looks at it.
 */
static void
read_section(const struct source *source, const struct section *section,
             const struct json_value *root)
{
    const struct json_value *list = json_fields_list(source, root, "", section->name);
    if (list == NULL) {
        return;
    }
    /* The lists of the set differ only in the type their pointers point to. */
    void *rows_at = (char *)source->out + section->rows_at;
    size_t *n = (size_t *)(void *)((char *)source->out + section->n_at);
    ProtobufCMessage **rows = NULL;
    memcpy(&rows, rows_at, sizeof rows);
    for (size_t i = 0; i < list->n; i++) {
        const char *place = arena_print(source->arena, "%s[%zu]", section->name, i);
        ProtobufCMessage *message =
            read_record(source, section, &list->elements[i], place);
        rows = source_grow(source->arena, rows, *n, sizeof(ProtobufCMessage *));
        rows[(*n)++] = message;
    }
    memcpy(rows_at, &rows, sizeof rows);
}

/*
 * Here a misspelt list is a fault and no finding: the form is ours, and "service"
 * for "services" would import nothing and look well.
 */
static void
refuse_unknown(const struct source *source, const struct json_value *root)
{
    for (size_t i = 0; i < root->n; i++) {
        bool is_known = false;
        for (size_t j = 0; j < N_SECTIONS; j++) {
            is_known |= strcmp(root->members[i].name, sections[j].name) == 0;
        }
        if (!is_known) {
            source_fault(source, root->members[i].name,
                         "unknown: vocabularies, providers, services, bundles, sites, "
                         "endpoints, downtimes");
        }
    }
}

static void
read_file(const struct source *source)
{
    struct bytes content;
    if (!source_load(source, &content)) {
        return;
    }
    const struct json_value *root =
        json_tree_parse(content, source->path, source->arena, source->faults);
    if (root == NULL || !json_fields_is_object(source, root, "")) {
        return;
    }
    refuse_unknown(source, root);
    for (size_t i = 0; i < N_SECTIONS; i++) {
        read_section(source, &sections[i], root);
    }
}

bool
native_read(const char *const *paths, size_t n_paths, const char *registry,
            struct arena *arena, struct import_set *out, struct faults *faults)
{
    *out = (struct import_set){0};
    for (size_t i = 0; i < N_SECTIONS; i++) {
        Google__Protobuf__FieldMask *mask = mask_of(arena, sections[i].descriptor);
        memcpy((char *)out + sections[i].mask_at, &mask, sizeof mask);
    }
    for (size_t i = 0; i < n_paths; i++) {
        struct source source = {.path = paths[i],
                                .format = "kontor-1",
                                .registry = registry,
                                .arena = arena,
                                .out = out,
                                .faults = faults};
        read_file(&source);
    }
    return faults->n_found == 0;
}
