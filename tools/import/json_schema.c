/*
 * A JSON schema's properties into parameters. Every property becomes one, also where
 * its type has no counterpart: an order without it would be taken and could not be
 * carried out.
 */
#include "tools/import/json_schema.h"

#include <string.h>

#include "tools/import/json_fields.h"
#include "tools/import/json_schema_type.h"
#include "tools/import/leftover.h"

static const char *
below(const struct source *source, const char *place, const char *key)
{
    return json_fields_below(source, place, key);
}

static bool
is_false(const struct json_value *value)
{
    return value->type == JSON_TYPE_BOOLEAN && !value->boolean;
}

/*
 * Ours take what is asked and nothing else, so a schema that says so says nothing new.
 * The schema's own name and dialect are about the schema.
 */
static const struct keyword {
    const char *name;
    bool is_read;
} keywords[] = {
    {"$schema", true},
    {"type", true},
    {"properties", true},
    {"required", true},
    {"additionalProperties", false},
    {NULL, false},
};

static void
note_keywords(const struct source *source, const struct json_value *schema,
              const char *place)
{
    for (size_t i = 0; i < schema->n; i++) {
        const struct json_member *member = &schema->members[i];
        const struct keyword *row = keywords;
        while (row->name != NULL && strcmp(row->name, member->name) != 0) {
            row++;
        }
        if (!row->is_read && (row->name == NULL || !is_false(&member->value))) {
            leftover_note(source, below(source, place, member->name),
                          "has no place in an offer",
                          json_tree_print(&member->value, source->arena));
        }
    }
}

static bool
is_object_schema(const struct source *source, const struct json_value *schema,
                 const char *place)
{
    if (!json_fields_is_object(source, schema, place)) {
        return false;
    }
    const char *type = json_tree_get(schema, "type") == NULL
                           ? "object"
                           : json_fields_text(source, schema, place, "type");
    if (type != NULL && strcmp(type, "object") != 0) {
        source_fault(source, below(source, place, "type"),
                     "is \"%s\": parameters are the properties of an object", type);
    }
    return type != NULL && strcmp(type, "object") == 0;
}

static void
set_words(const struct json_schema_property *property, const char *name)
{
    const struct source *source = property->source;
    const char *title =
        json_fields_text(source, property->schema, property->place, "title");
    const char *words =
        json_fields_text(source, property->schema, property->place, "description");
    bool has_title = title != NULL && title[0] != '\0';
    property->parameter->label = arena_copy(source->arena, has_title ? title : name);
    if (words != NULL) {
        property->parameter->description = arena_copy(source->arena, words);
    }
}

/* Draft 6 has schemas that are only true or false: they say nothing of a value. */
static const struct json_value no_schema = {.type = JSON_TYPE_OBJECT};

static void
read_property(const struct source *source, const struct json_member *member,
              const char *place, Kontor__V1__Offer *offer)
{
    struct json_schema_property property = {
        .source = source,
        .schema = &member->value,
        .place = place,
        .parameter = parameters_add(source, offer, member->name, place),
    };
    if (member->value.type == JSON_TYPE_BOOLEAN) {
        property.schema = &no_schema;
    } else if (!json_fields_is_object(source, &member->value, place)) {
        return;
    }
    set_words(&property, member->name);
    json_schema_make(&property, json_schema_kind(&property));
}

/* Those of this schema begin at first, in the order of its properties. */
static void
require(const struct source *source, const struct json_value *name, const char *place,
        const struct json_value *properties, Kontor__V1__Parameter **first)
{
    if (name->type != JSON_TYPE_TEXT) {
        source_fault(source, place, "is %s: a text belongs here", json_tree_type(name));
        return;
    }
    for (size_t i = 0; properties != NULL && i < properties->n; i++) {
        if (strcmp(properties->members[i].name, name->text) == 0) {
            first[i]->required = true;
            return;
        }
    }
    source_finding(source, place, "\"%s\" is no property: nobody can be asked for it",
                   name->text);
}

static void
read_required(const struct source *source, const struct json_value *schema,
              const char *place, Kontor__V1__Parameter **first)
{
    const struct json_value *list = json_fields_list(source, schema, place, "required");
    for (size_t i = 0; list != NULL && i < list->n; i++) {
        require(source, &list->elements[i],
                arena_print(source->arena, "%s.required[%zu]", place, i),
                json_tree_get(schema, "properties"), first);
    }
}

void
json_schema_parameters(const struct source *source, const struct json_value *schema,
                       const char *place, Kontor__V1__Offer *offer)
{
    if (!is_object_schema(source, schema, place)) {
        return;
    }
    size_t n_before = offer->n_parameters;
    const struct json_value *properties = json_tree_get(schema, "properties");
    const char *at = below(source, place, "properties");
    note_keywords(source, schema, place);
    if (properties != NULL && !json_fields_is_object(source, properties, at)) {
        return;
    }
    if (properties != NULL && properties->n > PARAMETERS_MAX) {
        source_fault(source, at, "are %zu: an offer has at most %d parameters",
                     properties->n, PARAMETERS_MAX);
        return;
    }
    for (size_t i = 0; properties != NULL && i < properties->n; i++) {
        read_property(source, &properties->members[i],
                      below(source, at, properties->members[i].name), offer);
    }
    read_required(source, schema, place,
                  offer->parameters == NULL ? NULL : offer->parameters + n_before);
}
