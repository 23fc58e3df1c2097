#include "catalogue/term.h"

#include <stdlib.h>
#include <string.h>

#include "kontor/v1/configuration.pb-c.h"
#include "proto/field.h"

#define OF(name) &kontor__v1__##name##__descriptor

/*
 * Vocabularies are called by the type their source gives their terms, in capitals:
 * EOSC's "Target user" is TARGET_USER. In the order of the contract's fields.
 */
const struct term_field term_fields[] = {
    {OF(provider), "legal_status", {"PROVIDER_LEGAL_STATUS"}},
    {OF(provider), "country", {"COUNTRY"}},
    {OF(provider), "networks", {"PROVIDER_NETWORK"}},
    {OF(provider), "structure_types", {"PROVIDER_STRUCTURE_TYPE"}},
    {OF(provider), "hosting_legal_entity", {"PROVIDER_HOSTING_LEGAL_ENTITY"}},
    {OF(provider), "scientific_domains", {"SCIENTIFIC_DOMAIN"}},
    {OF(provider), "scientific_subdomains", {"SCIENTIFIC_SUBDOMAIN"}},
    {OF(provider), "life_cycle_status", {"PROVIDER_LIFE_CYCLE_STATUS"}},
    {OF(provider), "participating_countries", {"COUNTRY"}},
    {OF(provider), "esfri_domains", {"PROVIDER_ESFRI_DOMAIN"}},
    {OF(provider), "esfri_type", {"PROVIDER_ESFRI_TYPE"}},
    {OF(provider), "meril_scientific_domains", {"PROVIDER_MERIL_SCIENTIFIC_DOMAIN"}},
    {OF(provider),
     "meril_scientific_subdomains",
     {"PROVIDER_MERIL_SCIENTIFIC_SUBDOMAIN"}},
    {OF(provider), "areas_of_activity", {"PROVIDER_AREA_OF_ACTIVITY"}},
    {OF(provider), "societal_grand_challenges", {"PROVIDER_SOCIETAL_GRAND_CHALLENGE"}},
    {OF(provider), "node", {"NODE"}},
    {OF(creator), "role", {"CREDIT"}},
    {OF(licence), "name", {"SPDX_LICENSE"}},
    {OF(identifier_system), "entity", {"RESEARCH_ENTITY_TYPE"}},
    {OF(identifier_system), "schemes", {"PERSISTENT_IDENTITY_SCHEME"}},
    {OF(data_source), "classification", {"CLASSIFICATION"}},
    {OF(data_source), "research_product_types", {"RESEARCH_ENTITY_TYPE"}},
    {OF(training), "access_rights", {"TRAINING_RESOURCE_ACCESS_RIGHT"}},
    {OF(training), "target_groups", {"TARGET_USER"}},
    {OF(training), "learning_resource_types", {"TRAINING_RESOURCE_DCMI_TYPE"}},
    {OF(training), "expertise_level", {"TRAINING_RESOURCE_EXPERTISE_LEVEL"}},
    {OF(training),
     "content_resource_types",
     {"TRAINING_RESOURCE_CONTENT_RESOURCE_TYPE"}},
    {OF(training), "qualifications", {"TRAINING_RESOURCE_QUALIFICATION"}},
    {OF(guideline),
     "resource_type_general",
     {"INTEROPERABILITY_RECORD_RESOURCE_TYPE_GENERAL"}},
    {OF(service), "scientific_domains", {"SCIENTIFIC_DOMAIN"}},
    {OF(service), "scientific_subdomains", {"SCIENTIFIC_SUBDOMAIN"}},
    {OF(service), "categories", {"CATEGORY"}},
    {OF(service), "subcategories", {"SUBCATEGORY"}},
    {OF(service), "target_users", {"TARGET_USER"}},
    {OF(service), "access_types", {"ACCESS_TYPE"}},
    {OF(service), "access_modes", {"ACCESS_MODE"}},
    {OF(service), "geographical_availabilities", {"COUNTRY", "REGION"}},
    {OF(service), "languages", {"LANGUAGE"}},
    {OF(service), "trl", {"TECHNOLOGY_READINESS_LEVEL"}},
    {OF(service), "platforms", {"RELATED_PLATFORM"}},
    {OF(service), "service_categories", {"SERVICE_CATEGORY"}},
    {OF(service), "marketplace_locations", {"MARKETPLACE_LOCATION"}},
    {OF(service), "geographic_locations", {"COUNTRY", "REGION", "GEOGRAPHIC_LOCATION"}},
    {OF(service), "life_cycle_status", {"LIFE_CYCLE_STATUS"}},
    {OF(service), "funding_bodies", {"FUNDING_BODY"}},
    {OF(service), "funding_programs", {"FUNDING_PROGRAM"}},
    {OF(service), "node", {"NODE"}},
    {OF(service), "jurisdiction", {"JURISDICTION"}},
    {OF(bundle), "categories", {"CATEGORY"}},
    {OF(bundle), "scientific_domains", {"SCIENTIFIC_DOMAIN"}},
    {OF(bundle), "target_users", {"TARGET_USER"}},
    {OF(endpoint), "type", {"SERVICE_TYPE"}},
    {NULL, NULL, {NULL}},
};

/* ---- Lists ---- */

struct term_list {
    const char *id;
    const Kontor__V1__Term **by_id;
    size_t n;
};

static int
compare(const void *a, const void *b)
{
    const Kontor__V1__Term *const *left = a;
    const Kontor__V1__Term *const *right = b;
    return strcmp((*left)->id, (*right)->id);
}

struct term_list *
term_list_new(struct arena *arena, const Kontor__V1__Vocabulary *vocabulary)
{
    struct term_list *list = arena_alloc(arena, sizeof(*list));
    list->id = arena_copy(arena, vocabulary->id);
    list->n = vocabulary->n_terms;
    list->by_id = arena_alloc(arena, (list->n + 1) * sizeof(*list->by_id));
    for (size_t i = 0; i < list->n; i++) {
        list->by_id[i] = vocabulary->terms[i];
    }
    qsort(list->by_id, list->n, sizeof(*list->by_id), compare);
    return list;
}

bool
term_is_known(const struct term_list *list, const char *id)
{
    Kontor__V1__Term wanted = KONTOR__V1__TERM__INIT;
    const Kontor__V1__Term *key = &wanted;
    wanted.id = (char *)(uintptr_t)id;
    return list != NULL &&
           bsearch(&key, list->by_id, list->n, sizeof(*list->by_id), compare) != NULL;
}

/* ---- Near terms ---- */

enum { N_NEAR = 3, PAIRS = 64 * 64 };

/* A set of pairs of neighbouring letters, case aside: what two texts are compared by.
 */
struct pairs {
    uint64_t bits[PAIRS / 64];
    size_t n;
};

static size_t
letter(char c)
{
    return (size_t)(unsigned char)(c | 0x20) % 64;
}

static struct pairs
pairs_of(const char *text)
{
    struct pairs pairs = {.n = 0};
    for (size_t i = 0; text[0] != '\0' && text[i + 1] != '\0'; i++) {
        size_t pair = letter(text[i]) * 64 + letter(text[i + 1]);
        pairs.n += (pairs.bits[pair / 64] >> pair % 64 & 1) == 0;
        pairs.bits[pair / 64] |= 1ULL << pair % 64;
    }
    return pairs;
}

/* How much two texts have in common, 0 to 1000 (Dice's coefficient). */
static size_t
likeness(const struct pairs *wanted, const char *text)
{
    struct pairs other = pairs_of(text);
    size_t n = 0;
    for (size_t i = 0; i < PAIRS / 64; i++) {
        n += (size_t)__builtin_popcountll(wanted->bits[i] & other.bits[i]);
    }
    return wanted->n + other.n == 0 ? 0 : 2000 * n / (wanted->n + other.n);
}

struct near {
    const Kontor__V1__Term *term;
    size_t likeness;
};

/* By what they have in common with the id or the name; among equals the first. */
static void
consider(struct near *near, const Kontor__V1__Term *term, const struct pairs *wanted)
{
    enum { LEAST = 400 };
    size_t by_id = likeness(wanted, term->id);
    size_t by_name = likeness(wanted, term->name);
    struct near one = {term, by_id > by_name ? by_id : by_name};
    for (size_t i = 0; i < N_NEAR && one.likeness >= LEAST; i++) {
        if (near[i].term == NULL || one.likeness > near[i].likeness) {
            struct near moved = near[i];
            near[i] = one;
            one = moved;
            if (one.term == NULL) {
                return;
            }
        }
    }
}

static const char *
say_near(struct arena *arena, const struct near *near)
{
    const char *text = "";
    for (size_t i = 0; i < N_NEAR && near[i].term != NULL; i++) {
        text = arena_print(arena, "%s%s%s (%s)", text, i == 0 ? "; near it: " : ", ",
                           near[i].term->id, near[i].term->name);
    }
    return text;
}

/* ---- Finding ---- */

/* Whether a list may be looked through for near terms. */
static bool
may_look(const struct finder *finder, const struct term_list *list)
{
    if (finder->n_looks == NULL) {
        return true;
    }
    bool may = *finder->n_looks >= list->n;
    *finder->n_looks -= may ? list->n : 0;
    return may;
}

static void
judge(const struct finder *finder, const char *path, const char *text,
      const struct term_list *const *lists, size_t n_lists)
{
    struct near near[N_NEAR] = {{NULL, 0}};
    for (size_t i = 0; i < n_lists; i++) {
        if (term_is_known(lists[i], text)) {
            return;
        }
    }
    const struct pairs wanted = pairs_of(text);
    for (size_t i = 0; i < n_lists && may_look(finder, lists[i]); i++) {
        for (size_t j = 0; j < lists[i]->n; j++) {
            consider(near, lists[i]->by_id[j], &wanted);
        }
    }
    finder_tell(finder, path, "\"%s\" is no term of %s%s", text, lists[0]->id,
                say_near(finder->arena, near));
}

static void
find_field(const struct finder *finder, const char *path,
           const ProtobufCMessage *message, const struct term_field *row)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor,
                                                        row->field);
    const struct term_list *lists[TERM_MAX_VOCABULARIES];
    size_t n_lists = 0;
    size_t n = field_count(message, field);
    for (size_t i = 0; n > 0 && row->vocabularies[i] != NULL; i++) {
        const struct term_list *list = finder->terms(
            finder->context, arena_print(finder->arena, "%s/%s", finder->registry,
                                         row->vocabularies[i]));
        if (list != NULL) {
            lists[n_lists++] = list;
        }
    }
    for (size_t i = 0; i < n && n_lists > 0; i++) {
        bool is_list = field->label == PROTOBUF_C_LABEL_REPEATED;
        const char *at =
            is_list ? arena_print(finder->arena, "%s%s[%zu]", path, row->field, i)
                    : arena_print(finder->arena, "%s%s", path, row->field);
        judge(finder, at, field_text(field_at(message, field, i)), lists, n_lists);
    }
}

/* The message's own fields, then those of what it holds. */
static void
find_message(const struct finder *finder, const char *path,
             const ProtobufCMessage *message)
{
    for (const struct term_field *row = term_fields; row->message != NULL; row++) {
        if (row->message == message->descriptor) {
            find_field(finder, path, message, row);
        }
    }
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        size_t n =
            field->type == PROTOBUF_C_TYPE_MESSAGE ? field_count(message, field) : 0;
        for (size_t j = 0; j < n; j++) {
            const char *below =
                field->label == PROTOBUF_C_LABEL_REPEATED
                    ? arena_print(finder->arena, "%s%s[%zu].", path, field->name, j)
                    : arena_print(finder->arena, "%s%s.", path, field->name);
            find_message(finder, below, field_message(field_at(message, field, j)));
        }
    }
}

void
term_find(const struct finder *finder, const ProtobufCMessage *record)
{
    find_message(finder, "", record);
}
