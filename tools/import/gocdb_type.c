/* Types of services of GOCDB: the terms of one vocabulary. */
#include <string.h>

#include "tools/import/gocdb.h"
#include "tools/import/id_map.h"

/* Endpoints, monitors and exports look for their types there. */
#define VOCABULARY "SERVICE_TYPE"

enum { MAX_TYPES = 2048 }; /* Terms of a vocabulary. */

const char gocdb_types_name[] = "Service type";
const char *const gocdb_type_kept[] = {"TYPE_ID", "PRIMARY_KEY", NULL};

static Kontor__V1__Vocabulary *
vocabulary_of(const struct source *source)
{
    struct import_set *out = source->out;
    if (out->n_vocabularies > 0) {
        return out->vocabularies[0];
    }
    Kontor__V1__Vocabulary *made = arena_alloc(source->arena, sizeof *made);
    kontor__v1__vocabulary__init(made);
    made->id = source_id(source, VOCABULARY);
    made->name = arena_copy(source->arena, gocdb_types_name);
    made->source = source_of(source, VOCABULARY);
    out->vocabularies = source_grow(source->arena, NULL, 0, sizeof made);
    out->vocabularies[out->n_vocabularies++] = made;
    return made;
}

static void
keep(const struct source *source, xmlNode *node, Kontor__V1__Term *term,
     const char *attribute)
{
    char *value = xml_attribute(source, node, attribute);
    if (value == NULL || value[0] == '\0') {
        return;
    }
    Kontor__V1__KeyValue *row = arena_alloc(source->arena, sizeof *row);
    kontor__v1__key_value__init(row);
    row->key = arena_copy(source->arena, attribute);
    row->value = value;
    term->extras = source_grow(source->arena, term->extras, term->n_extras, sizeof row);
    term->extras[term->n_extras++] = row;
}

static bool
has_term(const Kontor__V1__Vocabulary *vocabulary, const char *id)
{
    for (size_t i = 0; i < vocabulary->n_terms; i++) {
        if (strcmp(vocabulary->terms[i]->id, id) == 0) {
            return true;
        }
    }
    return false;
}

void
gocdb_type(const struct source *source, xmlNode *node)
{
    static const char *const required[] = {"SERVICE_TYPE_NAME", NULL};
    if (!gocdb_has(source, node, "of no name", required)) {
        return;
    }
    Kontor__V1__Vocabulary *vocabulary = vocabulary_of(source);
    Kontor__V1__Term *term = arena_alloc(source->arena, sizeof *term);
    char *text = xml_child(source, node, "SERVICE_TYPE_DESC");
    kontor__v1__term__init(term);
    term->id = xml_child(source, node, "SERVICE_TYPE_NAME");
    term->name = term->id;
    term->description = text == NULL ? term->description : text;
    if (vocabulary->n_terms == MAX_TYPES) {
        source_fault(source, xml_place(source, node), "there are more than %d types",
                     MAX_TYPES);
        return;
    }
    if (has_term(vocabulary, term->id)) {
        source_finding(source, xml_place(source, node),
                       "SERVICE_TYPE %s is there twice: the first counts", term->id);
        return;
    }
    for (size_t i = 0; gocdb_type_kept[i] != NULL; i++) {
        keep(source, node, term, gocdb_type_kept[i]);
    }
    vocabulary->terms =
        source_grow(source->arena, vocabulary->terms, vocabulary->n_terms, sizeof term);
    vocabulary->terms[vocabulary->n_terms++] = term;
}

/* ---- What others say of types ---- */

static bool
has_extra(const Kontor__V1__Term *term, const char *key)
{
    for (size_t i = 0; i < term->n_extras; i++) {
        if (strcmp(term->extras[i]->key, key) == 0) {
            return true;
        }
    }
    return false;
}

static bool
is_gocdbs(const char *key)
{
    size_t i = 0;
    while (gocdb_type_kept[i] != NULL && strcmp(gocdb_type_kept[i], key) != 0) {
        i++;
    }
    return gocdb_type_kept[i] != NULL;
}

/* A copy: what is there goes with the reply it came in. */
static void
add_extra(Kontor__V1__Term *term, const Kontor__V1__KeyValue *extra,
          struct arena *arena)
{
    Kontor__V1__KeyValue *copy = arena_alloc(arena, sizeof *copy);
    kontor__v1__key_value__init(copy);
    copy->key = arena_copy(arena, extra->key);
    copy->value = arena_copy(arena, extra->value);
    copy->unit = arena_copy(arena, extra->unit);
    term->extras = source_grow(arena, term->extras, term->n_extras, sizeof copy);
    term->extras[term->n_extras++] = copy;
}

void
gocdb_keep_extras(Kontor__V1__Vocabulary *read, const Kontor__V1__Vocabulary *there,
                  struct arena *arena)
{
    struct id_map terms = {.n = 0};
    for (size_t i = 0; i < read->n_terms; i++) {
        id_map_put(arena, &terms, read->terms[i]->id, read->terms[i]);
    }
    for (size_t i = 0; i < there->n_terms; i++) {
        const Kontor__V1__Term *old = there->terms[i];
        Kontor__V1__Term *term = id_map_get(&terms, old->id);
        for (size_t j = 0; term != NULL && j < old->n_extras; j++) {
            const char *key = old->extras[j]->key;
            if (!is_gocdbs(key) && !has_extra(term, key)) {
                add_extra(term, old->extras[j], arena);
            }
        }
    }
}

Google__Protobuf__FieldMask *
gocdb_types_mask(struct arena *arena)
{
    Google__Protobuf__FieldMask *mask = source_mask(arena);
    source_mask_add(arena, mask, "terms");
    source_mask_add(arena, mask, "source");
    return mask;
}
