/*
 * Service specifications: a specification is a service with one offer, its
 * characteristics are what a customer is asked. Specifications name each other by id,
 * in any order and across files, so relations are made when all are read.
 */
#include "tools/import/tmf633.h"

#include <string.h>
#include <strings.h>

#include "proto/rules.h"
#include "tools/import/eosc.h"
#include "tools/import/leftover.h"
#include "tools/import/records.h"

#define SERVICE Kontor__V1__Service

static void read_phase(const struct source *source, const struct json_value *value,
                       const char *place, const struct json_field *field,
                       void *message);
static void read_date(const struct source *source, const struct json_value *value,
                      const char *place, const struct json_field *field, void *message);
static void read_bundle(const struct source *source, const struct json_value *value,
                        const char *place, const struct json_field *field,
                        void *message);

/* What a specification, as it is ordered, says of its only offer. */
static const struct json_field offer_fields[] = {
    {.owns = "iid", .note = "always `default`"},
    {.owns = "name", .note = "that of the service"},
    {.owns = "parameters", .note = "`specCharacteristic`, each below"},
    {.owns = "is_internal", .note = "specifications are ordered here"},
    {.key = NULL},
};
static const struct json_shape offer_shape = {
    .message = &kontor__v1__offer__descriptor,
    .fields = offer_fields,
};

/* The phase is set when a service is new and belongs to the portfolio afterwards. */
const struct json_field tmf633_fields[] = {
    {.key = "id", .owns = "source", .write = eosc_write_id, .note = "the key"},
    {.key = "uuid", .note = "the key, where there is no `id`"},
    {.key = "@type",
     .write = tmf633_write_type,
     .note = "what faces resources has no offer"},
    JSON_TEXT(SERVICE, "name", name),
    JSON_TEXT(SERVICE, "description", description),
    JSON_TEXT(SERVICE, "version", release),
    {.key = "lifecycleStatus",
     .read = read_phase,
     .owns = "life_cycle_status",
     .write = tmf633_write_phase,
     .note = "and the phase of a new service"},
    {.key = "lastUpdate",
     .read = read_date,
     .at = offsetof(SERVICE, last_update),
     .owns = "last_update",
     .write = tmf633_write_date,
     .note = "its day"},
    {.key = "isBundle", .read = read_bundle, .note = "told"},
    {.key = "relatedParty",
     .at = offsetof(SERVICE, provider),
     .owns = "provider",
     .write = tmf633_write_party,
     .note = "the first owner; without one, a provider named after the file"},
    {.key = "serviceSpecCharacteristic", .note = "OpenSlice's `specCharacteristic`"},
    {.key = "specCharacteristic",
     .n_at = offsetof(SERVICE, n_offers),
     .owns = "offers",
     .write = tmf633_write_offer,
     .shape = &offer_shape,
     .note = "parameters of one offer"},
    {.key = "serviceSpecRelationship",
     .owns = "related_services",
     .write = tmf633_write_relations,
     .note = "by `relationshipType`"},
    {.owns = "required_services", .note = "those of type dependency"},
    {.key = NULL},
};

/* What a specification says of its offer; who approves it and the like is said here. */
static const char *const offer_parts[] = {"name", "parameters", NULL};

/* What a provider is called belongs to it, once there is a record of it. */
static const struct json_field provider_fields[] = {
    {.owns = "source"},
    {.key = NULL},
};

/*
 * Source: TMF633, 7.1 "Lifecycle status". A rejected or suspended specification stands
 * nowhere in a portfolio, so these two are told and decide nothing.
 */
static const struct {
    const char *name;
    Kontor__V1__Phase phase;
} phases[] = {
    {"In study", KONTOR__V1__PHASE__FORTHCOMING},
    {"In design", KONTOR__V1__PHASE__FORTHCOMING},
    {"In test", KONTOR__V1__PHASE__PRE_PRODUCTION},
    {"Launched", KONTOR__V1__PHASE__PRODUCTION},
    {"Active", KONTOR__V1__PHASE__PRODUCTION},
    {"Retired", KONTOR__V1__PHASE__DEPRECATED},
    {"Obsolete", KONTOR__V1__PHASE__DECOMMISSIONED},
};

/* "In design" as well as "inDesign". */
static bool
is_same_word(const char *text, const char *word)
{
    for (; *text != '\0'; text++) {
        word += *word == ' ' ? 1 : 0;
        if (*text == ' ') {
            continue;
        }
        if (strncasecmp(text, word, 1) != 0) {
            return false;
        }
        word++;
    }
    return *word == '\0';
}

Kontor__V1__Phase
tmf633_phase(const char *word)
{
    for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++) {
        if (is_same_word(word, phases[i].name)) {
            return phases[i].phase;
        }
    }
    return KONTOR__V1__PHASE__PHASE_UNSPECIFIED;
}

/* The first of a phase; one that waits for its checks is still made. */
const char *
tmf633_word(Kontor__V1__Phase phase)
{
    for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++) {
        if (phases[i].phase == phase) {
            return phases[i].name;
        }
    }
    return "In design";
}

static void
read_phase(const struct source *source, const struct json_value *value,
           const char *place, const struct json_field *field, void *message)
{
    (void)field;
    SERVICE *service = message;
    const char *text = json_fields_as_text(source, value, place);
    if (text == NULL) {
        return;
    }
    service->life_cycle_status = arena_copy(source->arena, text);
    service->phase = tmf633_phase(text);
    if (service->phase == KONTOR__V1__PHASE__PHASE_UNSPECIFIED) {
        source_finding(source, place,
                       "is \"%s\": no phase, so it begins in FORTHCOMING", text);
    }
}

/* A time there; its day is what the source calls that day. */
static void
read_date(const struct source *source, const struct json_value *value,
          const char *place, const struct json_field *field, void *message)
{
    (void)field;
    SERVICE *service = message;
    const char *text = json_fields_as_text(source, value, place);
    if (text == NULL) {
        return;
    }
    size_t size = strlen(text);
    char *day = arena_copy_n(source->arena, text, size < 10 ? size : 10);
    if (!rules_is_date(day) || (size > 10 && text[10] != 'T')) {
        source_finding(source, place, "is \"%s\": no time, left out", text);
        return;
    }
    service->last_update = day;
}

static void
read_bundle(const struct source *source, const struct json_value *value,
            const char *place, const struct json_field *field, void *message)
{
    (void)field;
    (void)message;
    if (value->type != JSON_TYPE_BOOLEAN) {
        source_fault(source, place, "is %s: a yes or no belongs here",
                     json_tree_type(value));
    } else if (value->boolean) {
        leftover_note(source, place, "is a bundle: its parts are related services",
                      NULL);
    }
}

const struct json_value *
tmf633_list(const struct source *source, const struct json_value *object,
            const char *place, const char *const names[2], const char **at)
{
    for (size_t i = 0; i < 2; i++) {
        const struct json_value *list =
            json_fields_list(source, object, place, names[i]);
        *at = json_fields_below(source, place, names[i]);
        if (list != NULL && (list->n > 0 || i == 1)) {
            return list;
        }
    }
    return NULL;
}

/* ---- Providers ---- */

static const struct json_field party_fields[] = {
    {.key = "id"}, {.key = "uuid"}, {.key = "name"}, {.key = "role"}, {.key = NULL},
};

static bool
is_owner(const char *role)
{
    static const char *const roles[] = {"owner", "provider", "serviceprovider"};
    for (size_t i = 0; role != NULL && i < sizeof roles / sizeof roles[0]; i++) {
        if (is_same_word(role, roles[i])) {
            return true;
        }
    }
    return false;
}

/* The first owner answers for the service; everybody else is told. */
static void
read_party(const struct source *source, const struct json_value *party,
           const char *place, SERVICE *service)
{
    if (!json_fields_is_object(source, party, place)) {
        return;
    }
    const char *id = json_fields_text(source, party, place, "id");
    const char *name = json_fields_text(source, party, place, "name");
    const char *role = json_fields_text(source, party, place, "role");
    const char *key = id != NULL && id[0] != '\0' ? id : name;
    bool is_first = is_owner(role) && service->provider[0] == '\0' && key != NULL;
    if (!is_first || key[0] == '\0') {
        source_finding(source, place, "has no place beside the provider: %s",
                       json_tree_print(party, source->arena));
        return;
    }
    json_fields_read(source, party, place, party_fields, NULL);
    service->provider =
        records_provider_keyed(source, key, name == NULL ? key : name)->id;
}

static void
read_parties(const struct source *source, const struct json_value *object,
             const char *place, SERVICE *service)
{
    const struct json_value *list =
        json_fields_list(source, object, place, "relatedParty");
    const char *at = json_fields_below(source, place, "relatedParty");
    for (size_t i = 0; list != NULL && i < list->n; i++) {
        read_party(source, &list->elements[i],
                   arena_print(source->arena, "%s[%zu]", at, i), service);
    }
    if (service->provider[0] == '\0') {
        const Kontor__V1__Provider *provider = records_provider_of_file(source);
        service->provider = provider->id;
        source_finding(source, place,
                       "names no owner (relatedParty): made from the file's name, "
                       "\"%s\"",
                       provider->name);
    }
}

/* ---- Relations ---- */

/* One relation, to be made when all files are read. */
struct relation {
    const struct source *source;
    const struct json_value *object;
    const char *place;
    SERVICE *service;
};

struct relations {
    struct relation *rows;
    size_t n;
};

static const struct json_field relation_fields[] = {
    {.key = "id"}, {.key = "uuid"}, {.key = "name"}, {.key = "relationshipType"},
    {.key = NULL},
};

/* The types that say what else must be there; the others are related. */
static bool
is_required(const char *type)
{
    static const char *const types[] = {"dependency", "dependson", "requires",
                                        "reliesOn"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (is_same_word(type, types[i])) {
            return true;
        }
    }
    return false;
}

static void
append_once(const struct source *source, char ***ids, size_t *n, const char *id)
{
    for (size_t i = 0; i < *n; i++) {
        if (strcmp((*ids)[i], id) == 0) {
            return;
        }
    }
    source_append(source->arena, ids, n, id);
}

static void
relate(const struct relation *relation)
{
    const struct source *source = relation->source;
    SERVICE *service = relation->service;
    const char *key = json_fields_text(source, relation->object, relation->place, "id");
    const char *type =
        json_fields_text(source, relation->object, relation->place, "relationshipType");
    if (key == NULL || key[0] == '\0') {
        source_finding(source, relation->place, "a relation without an id: left out");
        return;
    }
    const char *id = source_id(source, key);
    if (records_service(source, id) == NULL) {
        source_finding(source, relation->place,
                       "no specification of these files has the id \"%s\"", key);
    }
    if (type != NULL && is_required(type)) {
        append_once(source, &service->required_services, &service->n_required_services,
                    id);
        return;
    }
    if (type != NULL && type[0] != '\0' && !is_same_word(type, "related")) {
        leftover_note(source, relation->place, "its type has no place: related", type);
    }
    append_once(source, &service->related_services, &service->n_related_services, id);
}

static void
read_relations(const struct source *source, const struct json_value *object,
               const char *place, struct relation relation, struct relations *all)
{
    const struct json_value *list =
        json_fields_list(source, object, place, "serviceSpecRelationship");
    const char *at = json_fields_below(source, place, "serviceSpecRelationship");
    for (size_t i = 0; list != NULL && i < list->n; i++) {
        relation.object = &list->elements[i];
        relation.place = arena_print(source->arena, "%s[%zu]", at, i);
        if (!json_fields_is_object(source, relation.object, relation.place)) {
            continue;
        }
        json_fields_read(source, relation.object, relation.place, relation_fields,
                         NULL);
        all->rows = source_grow(source->arena, all->rows, all->n, sizeof *all->rows);
        all->rows[all->n++] = relation;
    }
}

/* ---- Specifications ---- */

static const char *
key_of(const struct source *source, const struct json_value *object, const char *place)
{
    const char *id = json_fields_text(source, object, place, "id");
    const char *uuid = json_fields_text(source, object, place, "uuid");
    const char *key = id != NULL && id[0] != '\0' ? id : uuid;
    if (key == NULL || key[0] == '\0') {
        source_fault(source, place, "has no id");
        return NULL;
    }
    if (uuid != NULL && strcmp(uuid, key) != 0) {
        source_finding(source, place, "its uuid \"%s\" is not its id \"%s\"", uuid,
                       key);
    }
    return key;
}

/* What faces resources is a part of services and ordered with them. */
static void
add_offer(const struct source *source, const struct json_value *object,
          const char *place, SERVICE *service)
{
    const char *type = json_fields_text(source, object, place, "@type");
    if (type != NULL && strcmp(type, "ResourceFacingServiceSpecification") == 0) {
        source_finding(source, place,
                       "faces resources: it cannot be ordered by itself");
        return;
    }
    Kontor__V1__Offer *offer = arena_alloc(source->arena, sizeof *offer);
    kontor__v1__offer__init(offer);
    offer->iid = arena_copy(source->arena, TMF633_IID);
    offer->name = service->name;
    offer->is_internal = true;
    service->offers = arena_alloc(source->arena, sizeof *service->offers);
    service->offers[0] = offer;
    service->n_offers = 1;
    tmf633_characteristics(source, object, place, offer);
}

static void
read_specification(const struct source *source, const struct json_value *object,
                   const char *place, struct relations *relations)
{
    if (!json_fields_is_object(source, object, place)) {
        return;
    }
    const char *key = key_of(source, object, place);
    SERVICE *service = key == NULL ? NULL : records_add_service(source, key, place);
    if (service == NULL) {
        return;
    }
    json_fields_read(source, object, place, tmf633_fields, service);
    if (service->name[0] == '\0') {
        source_fault(source, place, "has no name");
    }
    /* Ordering is what a service order is for there. */
    service->order_type = KONTOR__V1__ORDER_TYPE__ORDER_REQUIRED;
    read_parties(source, object, place, service);
    add_offer(source, object, place, service);
    read_relations(source, object, place,
                   (struct relation){.source = source, .service = service}, relations);
}

static void
read_file(const struct source *source, struct relations *relations)
{
    struct bytes content;
    if (!source_load(source, &content)) {
        return;
    }
    const struct json_value *root =
        json_tree_parse(content, source->path, source->arena, source->faults);
    if (root == NULL) {
        return;
    }
    if (root->type != JSON_TYPE_LIST) {
        read_specification(source, root, "", relations);
        return;
    }
    for (size_t i = 0; i < root->n; i++) {
        read_specification(source, &root->elements[i],
                           arena_print(source->arena, "[%zu]", i), relations);
    }
}

bool
tmf633_read(const char *const *paths, size_t n_paths, const char *registry,
            struct arena *arena, struct import_set *out, struct faults *faults)
{
    *out = (struct import_set){
        .provider_fields = json_fields_mask(arena, provider_fields),
        .service_fields = json_fields_mask(arena, tmf633_fields),
    };
    json_fields_mask_parts(arena, out->service_fields, "offers", offer_parts);
    struct records_index *index = records_index_new(arena);
    struct relations relations = {NULL, 0};
    struct source *sources = arena_alloc(arena, (n_paths + 1) * sizeof *sources);
    for (size_t i = 0; i < n_paths; i++) {
        sources[i] = (struct source){.path = paths[i],
                                     .format = "tmf633",
                                     .registry = registry,
                                     .arena = arena,
                                     .out = out,
                                     .faults = faults,
                                     .index = index};
        sources[i].leftovers = arena_alloc(arena, sizeof *sources[i].leftovers);
        read_file(&sources[i], &relations);
    }
    for (size_t i = 0; i < relations.n; i++) {
        relate(&relations.rows[i]);
    }
    for (size_t i = 0; i < n_paths; i++) {
        leftover_tell(&sources[i]);
    }
    return faults->n_found == 0;
}
