/*
 * Files of EOSC's resource catalogue: lists of records, pages of its API, single
 * records; each bare, or in the envelope that the catalogue keeps it in. Both profiles
 * are read alike; what they differ in is their tables.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/import/eosc.h"

/* An id with where it was read: two records of one id show only when all are there. */
struct seen {
    const char *id;
    const char *place; /* With the file. */
    bool is_provider;
    size_t order;
};

struct reading {
    struct source source;
    const struct eosc_profile *profile;
    struct seen *seen;
    size_t n_seen;
};

/* ---- Records ---- */

static void
note_id(struct reading *reading, const char *id, const char *place, bool is_provider)
{
    const struct source *source = &reading->source;
    reading->seen = source_grow(source->arena, reading->seen, reading->n_seen,
                                sizeof *reading->seen);
    reading->seen[reading->n_seen] = (struct seen){
        .id = id,
        .place = arena_print(source->arena, "%s:%s", source->path, place),
        .is_provider = is_provider,
        .order = reading->n_seen,
    };
    reading->n_seen++;
}

static void *
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

/* What it is says the record even where it has no member of its kind. */
static void
set_kind(const struct source *source, const struct eosc_kind *kind,
         Kontor__V1__Service *service)
{
    if (kind->part == NULL) {
        return;
    }
    ProtobufCMessage *part =
        arena_alloc(source->arena, kind->part->message->sizeof_message);
    kind->part->message->message_init(part);
    memcpy((char *)service + kind->part->at, &part, sizeof(void *));
    service->kind_case = kind->kind;
}

static void *
add_service(const struct source *source, const struct eosc_kind *kind, const char *key)
{
    struct import_set *out = source->out;
    Kontor__V1__Service *service = arena_alloc(source->arena, sizeof *service);
    kontor__v1__service__init(service);
    service->id = source_id(source, key);
    service->source = source_of(source, key);
    set_kind(source, kind, service);
    out->services = source_grow(source->arena, out->services, out->n_services,
                                sizeof(Kontor__V1__Service *));
    out->services[out->n_services++] = service;
    return service;
}

static void
read_fields(struct reading *reading, const struct eosc_kind *kind,
            const struct json_value *record, const char *place, Kontor__V1__Phase phase)
{
    const struct source *source = &reading->source;
    const char *key = json_fields_text(source, record, place, "id");
    if (key == NULL || key[0] == '\0') {
        source_fault(source, place, "has no id");
        return;
    }
    note_id(reading, source_id(source, key), place, kind->is_provider);
    if (kind->is_provider) {
        json_fields_read(source, record, place, kind->fields,
                         add_provider(source, key));
        return;
    }
    Kontor__V1__Service *service = add_service(source, kind, key);
    service->phase = phase;
    json_fields_read(source, record, place, kind->fields, service);
}

/* The member that holds the record; NULL: the record is bare, or it is a fault. */
static const struct json_member *
payload_of(const struct reading *reading, const struct json_value *object,
           const char *place)
{
    const struct json_member *found = NULL;
    for (size_t i = 0; i < object->n; i++) {
        if (!eosc_is_payload(reading->profile, &object->members[i])) {
            continue;
        }
        if (found != NULL) {
            source_fault(&reading->source, place, "holds both a %s and a %s",
                         found->name, object->members[i].name);
        }
        found = &object->members[i];
    }
    return found;
}

static void
read_record(struct reading *reading, const struct json_value *object, const char *place)
{
    const struct source *source = &reading->source;
    if (!json_fields_is_object(source, object, place)) {
        return;
    }
    const struct json_member *payload = payload_of(reading, object, place);
    const char *name = payload == NULL ? NULL : payload->name;
    const struct json_value *record = payload == NULL ? object : &payload->value;
    const char *at =
        payload == NULL ? place : arena_print(source->arena, "%s.%s", place, name);
    const struct eosc_kind *kind =
        eosc_judge(source, reading->profile, name, record, at);
    if (kind == NULL) {
        source_fault(source, at,
                     "is no record of %s, or could be a provider as well as a service",
                     source->format);
        return;
    }
    if (kind->fields == NULL) {
        source_finding(source, at, "is of kind %s: not taken", kind->name);
        return;
    }
    Kontor__V1__Phase phase = KONTOR__V1__PHASE__PHASE_UNSPECIFIED;
    if (payload != NULL) {
        phase = eosc_envelope(source, object, name, place, kind->is_provider);
    }
    read_fields(reading, kind, record, at, phase);
}

/* ---- Files ---- */

static void
read_list(struct reading *reading, const struct json_value *list, const char *place)
{
    for (size_t i = 0; i < list->n; i++) {
        read_record(reading, &list->elements[i],
                    arena_print(reading->source.arena, "%s[%zu]", place, i));
    }
}

/* A page of the API may be one of many; that the others are missing shows nowhere else.
 */
static void
read_page(struct reading *reading, const struct json_value *page)
{
    const struct source *source = &reading->source;
    const struct json_value *list = json_fields_list(source, page, "", "results");
    const struct json_value *total = json_tree_get(page, "total");
    if (list == NULL) {
        return;
    }
    read_list(reading, list, "results");
    if (total != NULL && total->type == JSON_TYPE_INTEGER &&
        total->integer > (int64_t)list->n) {
        source_finding(source, "total", "%lld records, of which %zu are on this page",
                       (long long)total->integer, list->n);
    }
}

static void
read_file(struct reading *reading)
{
    const struct source *source = &reading->source;
    struct bytes content;
    if (!source_load(source, &content)) {
        return;
    }
    const struct json_value *root =
        json_tree_parse(content, source->path, source->arena, source->faults);
    if (root == NULL) {
        return;
    }
    if (root->type == JSON_TYPE_LIST) {
        read_list(reading, root, "");
        return;
    }
    if (json_tree_get(root, "results") != NULL) {
        read_page(reading, root);
        return;
    }
    read_record(reading, root, "");
}

static int
compare_seen(const void *a, const void *b)
{
    const struct seen *left = a;
    const struct seen *right = b;
    int order = strcmp(left->id, right->id);
    if (order == 0) {
        order = (left->is_provider ? 1 : 0) - (right->is_provider ? 1 : 0);
    }
    return order == 0 ? (left->order > right->order) - (left->order < right->order)
                      : order;
}

/* Two would become one record, and whichever came last would win without a word. */
static void
refuse_doubles(struct reading *reading)
{
    struct seen *seen = reading->seen;
    if (reading->n_seen == 0) {
        return;
    }
    qsort(seen, reading->n_seen, sizeof *seen, compare_seen);
    for (size_t i = 1; i < reading->n_seen; i++) {
        if (strcmp(seen[i].id, seen[i - 1].id) == 0 &&
            seen[i].is_provider == seen[i - 1].is_provider) {
            faults_add(reading->source.faults, seen[i].place,
                       "its id is also that of %s", seen[i - 1].place);
        }
    }
}

bool
eosc_read(const struct eosc_profile *profile, const char *const *paths, size_t n_paths,
          const struct source *source)
{
    struct reading reading = {.source = *source, .profile = profile};
    struct import_set *out = source->out;
    *out = (struct import_set){.provider_fields = source_mask(source->arena),
                               .service_fields = source_mask(source->arena)};
    for (const struct eosc_kind *kind = profile->kinds; kind->name != NULL; kind++) {
        if (kind->fields != NULL) {
            json_fields_mask_add(source->arena, kind->fields,
                                 kind->is_provider ? out->provider_fields
                                                   : out->service_fields);
        }
    }
    for (size_t i = 0; i < n_paths; i++) {
        struct source_once once = {.n = 0};
        reading.source.path = paths[i];
        reading.source.once = &once;
        read_file(&reading);
    }
    refuse_doubles(&reading);
    return source->faults->n_found == 0;
}
