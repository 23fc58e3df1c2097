/*
 * Types of JSON schema into ours by two tables: which keyword a kind takes, and what is
 * made of it. A keyword outside its row is told with its place.
 */
#include "tools/import/json_schema_type.h"

#include <string.h>

#include "tools/import/json_fields.h"
#include "tools/import/leftover.h"

#define NUMBERS (JSON_SCHEMA_INTEGER | JSON_SCHEMA_DECIMAL)
#define EVERY 511

static const struct {
    const char *name;
    int kinds;
} keywords[] = {
    {"type", EVERY},
    {"title", EVERY},
    {"description", EVERY},
    {"enum", JSON_SCHEMA_CHOICE},
    {"const", JSON_SCHEMA_CONSTANT},
    {"minimum", NUMBERS},
    {"maximum", NUMBERS},
    {"exclusiveMinimum", JSON_SCHEMA_INTEGER},
    {"exclusiveMaximum", JSON_SCHEMA_INTEGER},
    {"minLength", JSON_SCHEMA_TEXT},
    {"maxLength", JSON_SCHEMA_TEXT},
    {"pattern", JSON_SCHEMA_TEXT},
    {"default", JSON_SCHEMA_TEXT | JSON_SCHEMA_INTEGER},
    {"format", JSON_SCHEMA_DATE},
    {"items", JSON_SCHEMA_MULTI_CHOICE},
    {"minItems", JSON_SCHEMA_MULTI_CHOICE},
    {"maxItems", JSON_SCHEMA_MULTI_CHOICE},
    {"uniqueItems", JSON_SCHEMA_MULTI_CHOICE},
};

/* ---- Reading keywords ---- */

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
is_number(const struct json_value *value)
{
    return value->type == JSON_TYPE_INTEGER || value->type == JSON_TYPE_REAL;
}

/* A number of this keyword; NULL, and a fault, when it is something else. */
static const struct json_value *
number(const struct json_schema_property *property, const char *keyword)
{
    const struct json_value *value = get(property, keyword);
    if (value == NULL || is_number(value)) {
        return value;
    }
    source_fault(property->source, at(property, keyword),
                 "is %s: a number belongs here", json_tree_type(value));
    return NULL;
}

/* A whole number of this keyword; what has a fraction limits nothing, and is told. */
static bool
whole(const struct json_schema_property *property, const char *keyword, int64_t *out)
{
    const struct json_value *value = number(property, keyword);
    if (value == NULL) {
        return false;
    }
    if (value->type == JSON_TYPE_INTEGER) {
        *out = value->integer;
        return true;
    }
    bool is_small = value->real > -9e15 && value->real < 9e15;
    if (is_small && (double)(int64_t)value->real == value->real) {
        *out = (int64_t)value->real;
        return true;
    }
    source_finding(property->source, at(property, keyword),
                   "is no whole number: not taken");
    return false;
}

/* A length or a count, which has 0 to most here. */
static int32_t
count(const struct json_schema_property *property, const char *keyword, int64_t most)
{
    int64_t value = 0;
    if (!whole(property, keyword, &value)) {
        return 0;
    }
    if (value < 0 || value > most) {
        source_finding(property->source, at(property, keyword),
                       "is %lld: taken as %lld", (long long)value,
                       (long long)(value < 0 ? 0 : most));
        value = value < 0 ? 0 : most;
    }
    return (int32_t)value;
}

/* ---- Makers ---- */

static void *
new_type(const struct json_schema_property *property,
         Kontor__V1__Parameter__TypeCase type)
{
    return parameters_type(property->source, property->parameter, type);
}

static void
set_pattern(const struct json_schema_property *property,
            Kontor__V1__TextParameter *text)
{
    const char *pattern = json_fields_text(property->source, property->schema,
                                           property->place, "pattern");
    const char *ours = pattern == NULL
                           ? NULL
                           : parameters_pattern(property->source, pattern,
                                                at(property, "pattern"), true);
    if (ours != NULL) {
        text->pattern = arena_copy(property->source->arena, ours);
    }
}

/* 0 means another thing here, and letters of several bytes count as one there. */
static void
set_lengths(const struct json_schema_property *property,
            Kontor__V1__TextParameter *text)
{
    text->min_length = count(property, "minLength", PARAMETERS_MAX_TEXT);
    text->max_length = count(property, "maxLength", PARAMETERS_MAX_TEXT);
    if (get(property, "maxLength") != NULL && text->max_length == 0) {
        source_finding(property->source, at(property, "maxLength"),
                       "a text that must be empty has no place: up to 4096 bytes");
    }
    if (text->min_length != 0 || text->max_length != 0) {
        leftover_note(property->source, property->place,
                      "its length is counted in characters there, in bytes here", NULL);
    }
}

static void
make_text(const struct json_schema_property *property)
{
    Kontor__V1__TextParameter *text =
        new_type(property, KONTOR__V1__PARAMETER__TYPE_TEXT);
    set_pattern(property, text);
    set_lengths(property, text);
    const char *proposal = json_fields_text(property->source, property->schema,
                                            property->place, "default");
    if (proposal != NULL) {
        parameters_propose(property->source, text, proposal, at(property, "default"));
    }
}

/*
 * The end of a range. Draft 4 says by a yes or no beside it that the end is not part of
 * it, draft 6 by a number of its own; between whole numbers both are the next one.
 */
static bool
range_end(const struct json_schema_property *property, const char *keyword,
          const char *exclusive, int64_t *out)
{
    int64_t step = strcmp(keyword, "minimum") == 0 ? 1 : -1;
    const struct json_value *apart = get(property, exclusive);
    bool is_there = whole(property, keyword, out);
    if (apart == NULL) {
        return is_there;
    }
    int64_t other = 0;
    if (apart->type == JSON_TYPE_BOOLEAN) {
        is_there = is_there &&
                   __builtin_add_overflow(*out, apart->boolean ? step : 0, out) == 0;
        return is_there;
    }
    if (!whole(property, exclusive, &other) ||
        __builtin_add_overflow(other, step, &other)) {
        return is_there;
    }
    bool is_nearer = !is_there || (step > 0 ? other > *out : other < *out);
    *out = is_nearer ? other : *out;
    return true;
}

static void
make_integer(const struct json_schema_property *property)
{
    Kontor__V1__IntegerParameter *integer =
        new_type(property, KONTOR__V1__PARAMETER__TYPE_INTEGER);
    if (range_end(property, "minimum", "exclusiveMinimum", &integer->minimum)) {
        integer->_minimum_case = KONTOR__V1__INTEGER_PARAMETER___MINIMUM_MINIMUM;
    }
    if (range_end(property, "maximum", "exclusiveMaximum", &integer->maximum)) {
        integer->_maximum_case = KONTOR__V1__INTEGER_PARAMETER___MAXIMUM_MAXIMUM;
    }
    if (whole(property, "default", &integer->default_integer)) {
        integer->_default_integer_case =
            KONTOR__V1__INTEGER_PARAMETER___DEFAULT_INTEGER_DEFAULT_INTEGER;
    }
}

static char *
decimal(const struct json_schema_property *property, const char *keyword)
{
    const struct json_value *value = number(property, keyword);
    const char *text = value == NULL ? "" : parameters_decimal(property->source, value);
    if (text == NULL) {
        source_finding(property->source, at(property, keyword),
                       "has more digits than a decimal here: not taken");
    }
    return arena_copy(property->source->arena, text == NULL ? "" : text);
}

static void
make_decimal(const struct json_schema_property *property)
{
    Kontor__V1__DecimalParameter *range =
        new_type(property, KONTOR__V1__PARAMETER__TYPE_DECIMAL);
    range->minimum = decimal(property, "minimum");
    range->maximum = decimal(property, "maximum");
}

static void
make_boolean(const struct json_schema_property *property)
{
    new_type(property, KONTOR__V1__PARAMETER__TYPE_BOOLEAN);
}

static void
make_date(const struct json_schema_property *property)
{
    new_type(property, KONTOR__V1__PARAMETER__TYPE_DATE);
}

static void
make_any(const struct json_schema_property *property)
{
    new_type(property, KONTOR__V1__PARAMETER__TYPE_TEXT);
    source_finding(property->source, property->place,
                   "no type of ours says this: asked as a text that holds JSON");
}

static void
make_constant(const struct json_schema_property *property)
{
    const struct json_value *value = get(property, "const");
    Kontor__V1__ConstantParameter *constant =
        new_type(property, KONTOR__V1__PARAMETER__TYPE_CONSTANT);
    constant->value = parameters_value(property->source, value, parameters_kind(value));
    if (constant->value == NULL) {
        make_any(property);
    }
}

/* A number may be written without a fraction; the other types show in the values. */
static Kontor__V1__Value__KindCase
declared_kind(const struct json_value *type)
{
    bool is_number = type != NULL && type->type == JSON_TYPE_TEXT &&
                     strcmp(type->text, "number") == 0;
    return is_number ? KONTOR__V1__VALUE__KIND_DECIMAL
                     : KONTOR__V1__VALUE__KIND__NOT_SET;
}

/* What all values can be said in; is_mixed: they are of several types. */
static Kontor__V1__Value__KindCase
common_kind(const struct json_value *list, const struct json_value *type,
            bool *is_mixed)
{
    const Kontor__V1__Value__KindCase declared = declared_kind(type);
    Kontor__V1__Value__KindCase kind = declared;
    for (size_t i = 0; i < list->n; i++) {
        Kontor__V1__Value__KindCase next = parameters_kind(&list->elements[i]);
        bool is_first = kind == KONTOR__V1__VALUE__KIND__NOT_SET;
        if (next == KONTOR__V1__VALUE__KIND__NOT_SET) {
            continue;
        }
        next = is_first ? next : parameters_wider(kind, next);
        *is_mixed |= !is_first &&
                     (next != kind || (kind != declared &&
                                       next != parameters_kind(&list->elements[i])));
        kind = next;
    }
    return kind;
}

/* Choices, all of one kind; what is no plain value is told and left out. */
static struct parameters_values
choices(const struct json_schema_property *property, const struct json_value *list,
        const struct json_value *type, const char *place)
{
    struct parameters_values values = {NULL, 0};
    bool is_mixed = false;
    Kontor__V1__Value__KindCase kind = common_kind(list, type, &is_mixed);
    for (size_t i = 0; i < list->n; i++) {
        const char *here = arena_print(property->source->arena, "%s[%zu]", place, i);
        Kontor__V1__Value *value =
            parameters_value(property->source, &list->elements[i], kind);
        if (value == NULL) {
            source_finding(property->source, here, "is %s: no value of ours, left out",
                           json_tree_type(&list->elements[i]));
            continue;
        }
        parameters_values_add(property->source, &values, value, here);
    }
    if (is_mixed) {
        source_finding(property->source, place,
                       "has values of several types: all are taken as %s",
                       kind == KONTOR__V1__VALUE__KIND_DECIMAL ? "decimals" : "text");
    }
    return values;
}

static void
make_choice(const struct json_schema_property *property)
{
    struct parameters_values values = choices(
        property, get(property, "enum"), get(property, "type"), at(property, "enum"));
    if (values.n == 0) {
        make_any(property);
        return;
    }
    Kontor__V1__ChoiceParameter *choice =
        new_type(property, KONTOR__V1__PARAMETER__TYPE_CHOICE);
    choice->values = values.rows;
    choice->n_values = values.n;
}

/* What items say beside their values has no place. */
static void
note_items(const struct json_schema_property *property, const struct json_value *items)
{
    const char *place = at(property, "items");
    for (size_t i = 0; i < items->n; i++) {
        const char *name = items->members[i].name;
        if (strcmp(name, "enum") != 0 && strcmp(name, "type") != 0) {
            source_finding(
                property->source, json_fields_below(property->source, place, name),
                "has no place in a multiple choice: %s",
                json_tree_print(&items->members[i].value, property->source->arena));
        }
    }
}

static void
make_multi_choice(const struct json_schema_property *property)
{
    const struct json_value *items = get(property, "items");
    struct parameters_values values =
        choices(property, json_tree_get(items, "enum"), json_tree_get(items, "type"),
                at(property, "items.enum"));
    if (values.n == 0) {
        make_any(property);
        return;
    }
    Kontor__V1__MultiChoiceParameter *choice =
        new_type(property, KONTOR__V1__PARAMETER__TYPE_MULTI_CHOICE);
    choice->values = values.rows;
    choice->n_values = values.n;
    choice->min_items = count(property, "minItems", PARAMETERS_MAX_VALUES);
    choice->max_items = count(property, "maxItems", (int64_t)values.n);
    note_items(property, items);
    const struct json_value *unique = get(property, "uniqueItems");
    if (unique == NULL || !unique->boolean) {
        leftover_note(property->source, property->place,
                      "may hold a value twice there, not here", NULL);
    }
}

static const struct {
    enum json_schema_kind kind;
    const char *noun;
    void (*make)(const struct json_schema_property *property);
} makers[] = {
    {JSON_SCHEMA_TEXT, "a text", make_text},
    {JSON_SCHEMA_INTEGER, "a whole number", make_integer},
    {JSON_SCHEMA_DECIMAL, "a decimal", make_decimal},
    {JSON_SCHEMA_BOOLEAN, "a yes or no", make_boolean},
    {JSON_SCHEMA_DATE, "a date", make_date},
    {JSON_SCHEMA_CHOICE, "a choice", make_choice},
    {JSON_SCHEMA_MULTI_CHOICE, "a multiple choice", make_multi_choice},
    {JSON_SCHEMA_CONSTANT, "a constant", make_constant},
    {JSON_SCHEMA_ANY, "a text that holds JSON", make_any},
};

/* ---- Keywords ---- */

/* A keyword without a row is one nobody here knows. */
static bool
is_taken(const char *keyword, enum json_schema_kind kind)
{
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
        if (strcmp(keywords[i].name, keyword) == 0) {
            return (keywords[i].kinds & (int)kind) != 0;
        }
    }
    return false;
}

void
json_schema_make(const struct json_schema_property *property,
                 enum json_schema_kind kind)
{
    size_t row = 0;
    while (makers[row].kind != kind) {
        row++;
    }
    makers[row].make(property);
    for (size_t i = 0; i < property->schema->n; i++) {
        const struct json_member *member = &property->schema->members[i];
        if (!is_taken(member->name, kind)) {
            source_finding(property->source, at(property, member->name),
                           "has no place in %s: %s", makers[row].noun,
                           json_tree_print(&member->value, property->source->arena));
        }
    }
}
