/*
 * The EOSC-hub Marketplace's catalogue of 2019: providers, services, relations, and
 * vocabularies as plain lists. Services name their providers and each other by
 * title, which people change, so titles are resolved within the files only and ids
 * are made of keys.
 */
#include "tools/import/marketplace.h"

#include <string.h>

#include "tools/import/json_fields.h"

static void read_phase(const struct source *source, const struct json_value *value,
                       const char *place, const struct json_field *field,
                       void *message);
static void read_access(const struct source *source, const struct json_value *value,
                        const char *place, const struct json_field *field,
                        void *message);

#define SERVICE Kontor__V1__Service
#define KEY "the key: also the record's id, bytes outside the set as ~XX"

/* The phase is set when a service is new and belongs to the portfolio afterwards. */
const struct json_field marketplace_service_fields[] = {
    {.key = "_key", .owns = "source", .note = KEY},
    JSON_TEXT(SERVICE, "title", name),
    JSON_TEXT(SERVICE, "tagline", tagline),
    JSON_TEXT(SERVICE, "description", description),
    JSON_TEXT(SERVICE, "logo", logo),
    JSON_TEXT(SERVICE, "webpage_url", webpage),
    JSON_TEXT(SERVICE, "connected_url", order_url),
    JSON_TEXT(SERVICE, "manual_url", user_manual),
    JSON_TEXT(SERVICE, "helpdesk_url", helpdesk_page),
    JSON_TEXT(SERVICE, "tutorial_url", training_information),
    JSON_TEXT(SERVICE, "terms_of_use_url", terms_of_use),
    JSON_TEXT(SERVICE, "sla_url", sla_url),
    JSON_TEXT(SERVICE, "access_policies_url", access_policy),
    JSON_TEXT(SERVICE, "restrictions", restrictions),
    JSON_TEXTS(SERVICE, "parents", categories),
    JSON_TEXTS(SERVICE, "area", scientific_domains),
    JSON_TEXTS(SERVICE, "places", geographical_availabilities),
    JSON_TEXTS(SERVICE, "languages", languages),
    JSON_TEXTS(SERVICE, "target_groups", target_users),
    JSON_TEXTS(SERVICE, "platforms", platforms),
    {.key = "phase",
     .read = read_phase,
     .note = "phase of a new service; alpha and beta are PRE_PRODUCTION"},
    {.key = "open_access",
     .read = read_access,
     .owns = "order_type",
     .note = "yes is OPEN_ACCESS, no is ORDER_REQUIRED"},
    {.key = "providers", .owns = "provider", .note = "the first, found by its name"},
    {.owns = "resource_providers", .note = "the others of providers"},
    {.key = "offers", .owns = "offers", .note = "by the table below"},
    {.owns = "related_services", .note = "from relations"},
    {.key = NULL},
};

/* What the marketplace says of an offer; who approves it and the like is said here. */
static const char *const offer_parts[] = {"name", "description", "parameters", NULL};

const struct json_field marketplace_provider_fields[] = {
    {.key = "_key", .owns = "source", .note = KEY},
    JSON_TEXT(Kontor__V1__Provider, "name", name),
    {.key = NULL},
};

const struct json_field marketplace_relation_fields[] = {
    {.key = "_key", .note = "not kept"},
    {.key = "source", .note = "related_services of the service with this title"},
    {.key = "target", .note = "gets this one"},
    {.key = "both", .note = "and the other way round"},
    {.key = NULL},
};

/*
 * Six phases onto ours. What is only planned or gone is not published here; alpha
 * and beta are, as what they are.
 */
static const struct {
    const char *name;
    Kontor__V1__Phase phase;
} phases[] = {
    {"discovery", KONTOR__V1__PHASE__FORTHCOMING},
    {"planned", KONTOR__V1__PHASE__FORTHCOMING},
    {"alpha", KONTOR__V1__PHASE__PRE_PRODUCTION},
    {"beta", KONTOR__V1__PHASE__PRE_PRODUCTION},
    {"production", KONTOR__V1__PHASE__PRODUCTION},
    {"retired", KONTOR__V1__PHASE__DECOMMISSIONED},
};

static void
read_phase(const struct source *source, const struct json_value *value,
           const char *place, const struct json_field *field, void *message)
{
    (void)field;
    Kontor__V1__Service *service = message;
    for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++) {
        if (value->type == JSON_TYPE_TEXT && strcmp(phases[i].name, value->text) == 0) {
            service->phase = phases[i].phase;
            return;
        }
    }
    source_fault(source, place, "is %s: no phase this format knows",
                 json_tree_print(value, source->arena));
}

/* open_access was a yes or no in 2019; the order types came later. */
static void
read_access(const struct source *source, const struct json_value *value,
            const char *place, const struct json_field *field, void *message)
{
    (void)field;
    Kontor__V1__Service *service = message;
    if (value->type != JSON_TYPE_BOOLEAN) {
        source_fault(source, place, "is %s: a yes or no belongs here",
                     json_tree_type(value));
        return;
    }
    service->order_type = value->boolean ? KONTOR__V1__ORDER_TYPE__OPEN_ACCESS
                                         : KONTOR__V1__ORDER_TYPE__ORDER_REQUIRED;
}

/* The record's key, without which nothing can be said about it twice. */
static const char *
key_of(const struct source *source, const struct json_value *object, const char *place)
{
    const char *key = json_fields_text(source, object, place, "_key");
    if (key == NULL || key[0] == '\0') {
        source_fault(source, place, "has no _key");
        return NULL;
    }
    return key;
}

static Kontor__V1__Provider *
find_provider(const struct import_set *set, const char *id)
{
    for (size_t i = 0; i < set->n_providers; i++) {
        if (strcmp(set->providers[i]->id, id) == 0) {
            return set->providers[i];
        }
    }
    return NULL;
}

/* Services call their providers by name; the key is only the last resort. */
static Kontor__V1__Provider *
find_named(const struct source *source, const char *name)
{
    for (size_t i = 0; i < source->out->n_providers; i++) {
        if (strcmp(source->out->providers[i]->name, name) == 0) {
            return source->out->providers[i];
        }
    }
    return find_provider(source->out, source_id(source, name));
}

static Kontor__V1__Provider *
add_provider(const struct source *source, const char *key)
{
    struct import_set *out = source->out;
    Kontor__V1__Provider *provider = arena_alloc(source->arena, sizeof *provider);
    kontor__v1__provider__init(provider);
    provider->id = source_id(source, key);
    provider->source = source_of(source, key);
    out->providers = source_grow(source->arena, out->providers, out->n_providers,
                                 sizeof(Kontor__V1__Provider *));
    out->providers[out->n_providers++] = provider;
    return provider;
}

static void
read_provider(const struct source *source, const struct json_value *object,
              const char *place)
{
    const char *key = key_of(source, object, place);
    if (key == NULL) {
        return;
    }
    if (find_provider(source->out, source_id(source, key)) != NULL) {
        source_fault(source, place, "the provider \"%s\" is there twice", key);
        return;
    }
    json_fields_read(source, object, place, marketplace_provider_fields,
                     add_provider(source, key));
}

/* A provider only a service names becomes a record of its own: nothing is dropped. */
static char *
provider_named(const struct source *source, const char *name, const char *place)
{
    Kontor__V1__Provider *provider = find_named(source, name);
    if (provider == NULL) {
        provider = add_provider(source, name);
        provider->name = arena_copy(source->arena, name);
        source_finding(source, place,
                       "\"%s\" is not among the providers: made from its name", name);
    }
    return provider->id;
}

/*
 * The first is the one that answers for the service, as the source's own pages show
 * it; the others give resources.
 */
static void
read_service_providers(const struct source *source, const struct json_value *object,
                       const char *place, Kontor__V1__Service *service)
{
    const struct json_value *list =
        json_fields_list(source, object, place, "providers");
    for (size_t i = 0; list != NULL && i < list->n; i++) {
        const char *at = arena_print(source->arena, "%s.providers[%zu]", place, i);
        if (list->elements[i].type != JSON_TYPE_TEXT) {
            source_fault(source, at, "is %s: a text belongs here",
                         json_tree_type(&list->elements[i]));
            continue;
        }
        char *id = provider_named(source, list->elements[i].text, at);
        if (i == 0) {
            service->provider = id;
            continue;
        }
        source_append(source->arena, &service->resource_providers,
                      &service->n_resource_providers, id);
    }
    if (service->provider[0] == '\0') {
        source_fault(source, place, "names no provider");
    }
}

/*
 * Two services of one key would become one record, and whichever came last would win
 * without a word.
 */
static bool
is_key_taken(const struct source *source, const char *key, const char *place)
{
    const char *id = source_id(source, key);
    for (size_t i = 0; i < source->out->n_services; i++) {
        const Kontor__V1__Service *other = source->out->services[i];
        if (strcmp(other->id, id) == 0) {
            source_fault(source, place, "its _key \"%s\" is also that of \"%s\"", key,
                         other->name);
            return true;
        }
    }
    return false;
}

static void
read_service(const struct source *source, const struct json_value *object,
             const char *place)
{
    const char *key = key_of(source, object, place);
    if (key == NULL || is_key_taken(source, key, place)) {
        return;
    }
    struct import_set *out = source->out;
    Kontor__V1__Service *service = arena_alloc(source->arena, sizeof *service);
    kontor__v1__service__init(service);
    service->id = source_id(source, key);
    service->source = source_of(source, key);
    json_fields_read(source, object, place, marketplace_service_fields, service);
    if (service->order_type == KONTOR__V1__ORDER_TYPE__ORDER_TYPE_UNSPECIFIED) {
        source_finding(source, place,
                       "does not say whether an order is needed (open_access)");
    }
    read_service_providers(source, object, place, service);
    marketplace_offers(source, object, place, service);
    out->services = source_grow(source->arena, out->services, out->n_services,
                                sizeof(Kontor__V1__Service *));
    out->services[out->n_services++] = service;
}

static Kontor__V1__Service *
find_title(const struct import_set *set, const char *title)
{
    for (size_t i = 0; i < set->n_services; i++) {
        if (strcmp(set->services[i]->name, title) == 0) {
            return set->services[i];
        }
    }
    return NULL;
}

static void
relate(const struct source *source, Kontor__V1__Service *from,
       const Kontor__V1__Service *to)
{
    for (size_t i = 0; i < from->n_related_services; i++) {
        if (strcmp(from->related_services[i], to->id) == 0) {
            return;
        }
    }
    source_append(source->arena, &from->related_services, &from->n_related_services,
                  to->id);
}

static Kontor__V1__Service *
end_of(const struct source *source, const struct json_value *object, const char *place,
       const char *end)
{
    const char *title = json_fields_text(source, object, place, end);
    if (title == NULL) {
        source_fault(source, place, "has no %s", end);
        return NULL;
    }
    Kontor__V1__Service *service = find_title(source->out, title);
    if (service == NULL) {
        source_finding(source, place, "no service has the title \"%s\": left out",
                       title);
    }
    return service;
}

/*
 * A relation to a service that is not in the file cannot be kept: there is no id to
 * refer to. Left out, and told.
 */
static void
read_relation(const struct source *source, const struct json_value *object,
              const char *place)
{
    json_fields_read(source, object, place, marketplace_relation_fields, NULL);
    Kontor__V1__Service *from = end_of(source, object, place, "source");
    Kontor__V1__Service *to = end_of(source, object, place, "target");
    if (from == NULL || to == NULL) {
        return;
    }
    relate(source, from, to);
    const struct json_value *both = json_tree_get(object, "both");
    if (both != NULL && both->boolean) {
        relate(source, to, from);
    }
}

/* Vocabularies have no records of their own: services carry their terms as text. */
static void
note_terms(const struct source *source, const struct json_value *list,
           const char *place)
{
    source_finding(source, place,
                   "%zu terms stay in the file: services carry those they use as text",
                   list->n);
}

/* In this order, so that what is referred to is there. */
static const struct section {
    const char *name;
    void (*read)(const struct source *source, const struct json_value *object,
                 const char *place); /* One element; NULL: vocabulary. */
} sections[] = {
    {"platforms", NULL},
    {"categories", NULL},
    {"area", NULL},
    {"target_groups", NULL},
    {"providers", read_provider},
    {"services", read_service},
    {"relations", read_relation},
};

static void
read_section(const struct source *source, const struct section *section,
             const struct json_value *root)
{
    const struct json_value *list = json_fields_list(source, root, "", section->name);
    if (list == NULL) {
        return;
    }
    if (section->read == NULL) {
        note_terms(source, list, section->name);
        return;
    }
    for (size_t i = 0; i < list->n; i++) {
        const char *place = arena_print(source->arena, "%s[%zu]", section->name, i);
        if (json_fields_is_object(source, &list->elements[i], place)) {
            section->read(source, &list->elements[i], place);
        }
    }
}

static void
note_unknown_sections(const struct source *source, const struct json_value *root)
{
    for (size_t i = 0; i < root->n; i++) {
        bool is_known = false;
        for (size_t j = 0; j < sizeof sections / sizeof sections[0]; j++) {
            is_known |= strcmp(root->members[i].name, sections[j].name) == 0;
        }
        if (!is_known) {
            source_finding(source, root->members[i].name,
                           "an unknown part of the file");
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
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        read_section(source, &sections[i], root);
    }
    note_unknown_sections(source, root);
    source_finding(source, NULL,
                   "parameters do not say whether they are required: none is");
}

/*
 * The set is filled file by file, so providers of one file serve the services of the
 * next.
 */
bool
marketplace_read(const char *const *paths, size_t n_paths, const char *registry,
                 struct arena *arena, struct import_set *out, struct faults *faults)
{
    *out = (struct import_set){
        .provider_fields = json_fields_mask(arena, marketplace_provider_fields),
        .service_fields = json_fields_mask(arena, marketplace_service_fields),
    };
    json_fields_mask_parts(arena, out->service_fields, "offers", offer_parts);
    for (size_t i = 0; i < n_paths; i++) {
        struct source source = {.path = paths[i],
                                .format = "marketplace-2019",
                                .registry = registry,
                                .arena = arena,
                                .out = out,
                                .faults = faults};
        read_file(&source);
    }
    return faults->n_found == 0;
}
