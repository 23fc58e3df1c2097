/* Which kind of parameter a property becomes: by its type, its values, its format. */
#include <string.h>

#include "tools/import/json_fields.h"
#include "tools/import/json_schema_type.h"

static const struct {
    const char *name;
    enum json_schema_kind kind;
} types[] = {
    {"string", JSON_SCHEMA_TEXT},        {"integer", JSON_SCHEMA_INTEGER},
    {"number", JSON_SCHEMA_DECIMAL},     {"boolean", JSON_SCHEMA_BOOLEAN},
    {"array", JSON_SCHEMA_MULTI_CHOICE}, {"object", JSON_SCHEMA_ANY},
    {"null", JSON_SCHEMA_ANY},
};

static const struct json_value *
get(const struct json_schema_property *property, const char *keyword)
{
    return json_tree_get(property->schema, keyword);
}

static const char *
at(const struct json_schema_property *property, const char *keyword)
{
    return json_fields_below(property->source, property->place, keyword);
}

static bool
is_list_of_values(const struct json_schema_property *property,
                  const struct json_value *list, const char *place)
{
    if (list != NULL && list->type != JSON_TYPE_LIST) {
        source_fault(property->source, place, "is %s: a list belongs here",
                     json_tree_type(list));
        return false;
    }
    return list != NULL && list->n > 0 && list->n <= PARAMETERS_MAX_VALUES;
}

static enum json_schema_kind
kind_of_type(const struct json_schema_property *property, const struct json_value *type,
             const char *place)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (type->type == JSON_TYPE_TEXT && strcmp(types[i].name, type->text) == 0) {
            return types[i].kind;
        }
    }
    source_fault(property->source, place, "is %s: no type of JSON schema",
                 json_tree_print(type, property->source->arena));
    return JSON_SCHEMA_ANY;
}

/* A value or nothing is the same as a value that is not required. */
static enum json_schema_kind
kind_of_types(const struct json_schema_property *property,
              const struct json_value *list)
{
    int kinds = 0;
    for (size_t i = 0; i < list->n; i++) {
        const char *place =
            arena_print(property->source->arena, "%s.type[%zu]", property->place, i);
        const struct json_value *type = &list->elements[i];
        int kind = (int)kind_of_type(property, type, place);
        bool is_null = type->type == JSON_TYPE_TEXT && strcmp(type->text, "null") == 0;
        kinds |= is_null ? 0 : kind;
    }
    source_finding(property->source, at(property, "type"),
                   "names several types: one of them, or no value, is taken");
    bool is_one = kinds != 0 && (kinds & (kinds - 1)) == 0;
    return is_one ? (enum json_schema_kind)kinds : JSON_SCHEMA_ANY;
}

static bool
is_date(const struct json_schema_property *property)
{
    const struct json_value *format = get(property, "format");
    return format != NULL && format->type == JSON_TYPE_TEXT &&
           strcmp(format->text, "date") == 0;
}

enum json_schema_kind
json_schema_kind(const struct json_schema_property *property)
{
    const struct json_value *type = get(property, "type");
    enum json_schema_kind kind = JSON_SCHEMA_ANY;
    if (type != NULL) {
        kind = type->type == JSON_TYPE_LIST
                   ? kind_of_types(property, type)
                   : kind_of_type(property, type, at(property, "type"));
    }
    if (get(property, "const") != NULL) {
        return JSON_SCHEMA_CONSTANT;
    }
    if (is_list_of_values(property, get(property, "enum"), at(property, "enum"))) {
        return JSON_SCHEMA_CHOICE;
    }
    const struct json_value *items = get(property, "items");
    bool has_values = is_list_of_values(property, json_tree_get(items, "enum"),
                                        at(property, "items.enum"));
    if (kind == JSON_SCHEMA_MULTI_CHOICE && !has_values) {
        return JSON_SCHEMA_ANY;
    }
    return kind == JSON_SCHEMA_TEXT && is_date(property) ? JSON_SCHEMA_DATE : kind;
}
