/*
 * Catalogues of service brokers: what a platform shows its users, as services with one
 * offer a plan. The format knows neither phases nor approvals; whether something is
 * published is decided here.
 */
#include "tools/import/osb.h"

#include <string.h>

#include "proto/text.h"
#include "tools/import/eosc.h"
#include "tools/import/leftover.h"
#include "tools/import/records.h"

static void read_name(const struct source *source, const struct json_value *value,
                      const char *place, const struct json_field *field, void *message);
static void note_bindable(const struct source *source, const struct json_value *value,
                          const char *place, const struct json_field *field,
                          void *message);
static void note_secret(const struct source *source, const struct json_value *value,
                        const char *place, const struct json_field *field,
                        void *message);

#define SERVICE Kontor__V1__Service
#define URL(name, member)                                                              \
    {                                                                                  \
        .key = name, .read = json_field_url, .at = offsetof(SERVICE, member),          \
        .owns = #member, .write = json_write_text,                                     \
        .note = "one the broker would refuse is left out"                              \
    }

/* Conventions of the platforms rather than of the interface. */
static const struct json_field metadata_fields[] = {
    JSON_TEXT(SERVICE, "displayName", name),
    {.key = "longDescription",
     .owns = "tagline",
     .write = osb_write_long,
     .note = "the description; what stands in `description` is the tagline then"},
    {.key = "providerDisplayName",
     .at = offsetof(SERVICE, provider),
     .owns = "provider",
     .write = eosc_write_reference,
     .note = "the provider of this key; without it, one named after the file"},
    JSON_TEXT(SERVICE, "imageUrl", logo),
    URL("documentationUrl", user_manual),
    URL("supportUrl", helpdesk_page),
    {.key = NULL},
};
static const struct json_shape metadata_shape = {.fields = metadata_fields};
static const struct json_shape plan_shape = {
    .message = &kontor__v1__offer__descriptor,
    .fields = osb_plan_fields,
};

const struct json_field osb_service_fields[] = {
    {.key = "id", .owns = "source", .write = eosc_write_id, .note = "the key"},
    {.key = "name",
     .read = read_name,
     .owns = "alternative_ids",
     .write = osb_write_name,
     .note = "where it is not what comes of `metadata.displayName`"},
    {.key = "description", .owns = "description", .write = osb_write_description},
    {.key = "bindable",
     .read = note_bindable,
     .write = osb_write_false,
     .note = "bindings have no place"},
    JSON_TEXTS(SERVICE, "tags", tags),
    JSON_GROUP("metadata", metadata_shape),
    {.key = "plans",
     .owns = "offers",
     .write = osb_write_plans,
     .shape = &plan_shape,
     .n_at = offsetof(SERVICE, n_offers)},
    {.key = "dashboard_client",
     .read = note_secret,
     .note = "told, and its secret not read"},
    {.key = NULL},
};

/* What a plan says of an offer; who approves it and the like is said here. */
static const char *const plan_parts[] = {"name", "description", "parameters", "prices",
                                         NULL};

/* What a provider is called belongs to it, once there is a record of it. */
static const struct json_field provider_fields[] = {
    {.owns = "source"},
    {.key = NULL},
};

static void
read_name(const struct source *source, const struct json_value *value,
          const char *place, const struct json_field *field, void *message)
{
    (void)field;
    SERVICE *service = message;
    if (value->type != JSON_TYPE_TEXT || value->text[0] == '\0') {
        source_fault(source, place, "a name is missing");
        return;
    }
    Kontor__V1__ForeignId *id = arena_alloc(source->arena, sizeof *id);
    kontor__v1__foreign_id__init(id);
    id->scheme = arena_copy(source->arena, OSB_SCHEME);
    id->id = arena_copy(source->arena, value->text);
    service->alternative_ids = source_grow(source->arena, service->alternative_ids,
                                           service->n_alternative_ids, sizeof id);
    service->alternative_ids[service->n_alternative_ids++] = id;
}

static void
note_bindable(const struct source *source, const struct json_value *value,
              const char *place, const struct json_field *field, void *message)
{
    (void)field;
    (void)message;
    if (value->type == JSON_TYPE_BOOLEAN && !value->boolean) {
        return;
    }
    leftover_note(source, place, "bindings have no place",
                  json_tree_print(value, source->arena));
}

/* It is told that it is there; what it holds stays out of every terminal and log. */
static void
note_secret(const struct source *source, const struct json_value *value,
            const char *place, const struct json_field *field, void *message)
{
    (void)value;
    (void)field;
    (void)message;
    source_finding(source, place, "holds a secret: not read");
}

/* Two descriptions are the short and the long one; one is the description. */
static void
set_words(const struct source *source, const struct json_value *object,
          const char *place, Kontor__V1__Service *service)
{
    const struct json_value *metadata = json_tree_get(object, "metadata");
    const char *at = json_fields_below(source, place, "metadata");
    const char *words = json_fields_text(source, object, place, "description");
    const char *more = json_fields_text(source, metadata, at, "longDescription");
    if (more != NULL && words != NULL) {
        service->tagline = arena_copy(source->arena, words);
    }
    const char *whole = more == NULL ? words : more;
    service->description = arena_copy(source->arena, whole == NULL ? "" : whole);
}

/*
 * The name is for command lines. One that comes of what people read says nothing new,
 * and an export makes it again.
 */
static void
set_name(const struct source *source, SERVICE *service)
{
    const char *name = service->alternative_ids[0]->id;
    if (service->name[0] == '\0') {
        service->name = arena_copy(source->arena, name);
    }
    if (strcmp(text_local_id(service->name, source->arena), name) == 0) {
        service->n_alternative_ids = 0;
    }
}

static void
set_provider(const struct source *source, const struct json_value *object,
             const char *place, Kontor__V1__Service *service)
{
    const struct json_value *metadata = json_tree_get(object, "metadata");
    const char *at = json_fields_below(source, place, "metadata");
    const char *name = json_fields_text(source, metadata, at, "providerDisplayName");
    if (name != NULL && name[0] != '\0') {
        service->provider = records_provider(source, name)->id;
        return;
    }
    const Kontor__V1__Provider *provider = records_provider_of_file(source);
    service->provider = provider->id;
    source_finding(source, place,
                   "names no provider (metadata.providerDisplayName): "
                   "made from the file's name, \"%s\"",
                   provider->name);
}

static void
read_service(const struct source *source, const struct json_value *object,
             const char *place)
{
    if (!json_fields_is_object(source, object, place)) {
        return;
    }
    const char *key = json_fields_text(source, object, place, "id");
    if (key == NULL || key[0] == '\0') {
        source_fault(source, place, "has no id");
        return;
    }
    Kontor__V1__Service *service = records_add_service(source, key, place);
    if (service == NULL) {
        return;
    }
    json_fields_read(source, object, place, osb_service_fields, service);
    if (service->n_alternative_ids == 0) {
        source_fault(source, place, "has no name");
        return;
    }
    set_name(source, service);
    set_words(source, object, place, service);
    set_provider(source, object, place, service);
    /* Provisioning is asked for, and somebody who answers for it says yes. */
    service->order_type = KONTOR__V1__ORDER_TYPE__ORDER_REQUIRED;
    osb_plans(source, object, place, service);
}

static const struct json_field root_fields[] = {
    {.key = "services"},
    {.key = NULL},
};

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
    const struct json_value *list = json_fields_list(source, root, "", "services");
    if (json_tree_get(root, "services") == NULL) {
        source_fault(source, NULL, "has no services: no catalogue of a service broker");
    }
    json_fields_read(source, root, "", root_fields, NULL);
    for (size_t i = 0; list != NULL && i < list->n; i++) {
        read_service(source, &list->elements[i],
                     arena_print(source->arena, "services[%zu]", i));
    }
    leftover_tell(source);
}

bool
osb_read(const char *const *paths, size_t n_paths, const char *registry,
         struct arena *arena, struct import_set *out, struct faults *faults)
{
    *out = (struct import_set){
        .provider_fields = json_fields_mask(arena, provider_fields),
        .service_fields = json_fields_mask(arena, osb_service_fields),
    };
    json_fields_mask_parts(arena, out->service_fields, "offers", plan_parts);
    struct records_index *index = records_index_new(arena);
    for (size_t i = 0; i < n_paths; i++) {
        struct leftovers *leftovers = arena_alloc(arena, sizeof *leftovers);
        struct source source = {.path = paths[i],
                                .format = "osb",
                                .registry = registry,
                                .arena = arena,
                                .out = out,
                                .faults = faults,
                                .leftovers = leftovers,
                                .index = index};
        read_file(&source);
    }
    return faults->n_found == 0;
}
