/*
 * Value types of characteristics into ours. The type is free text there; a word nobody
 * knows is asked as a text, and told.
 */
#include "tools/import/tmf633_type.h"

#include <string.h>
#include <strings.h>

#include "proto/rules.h"
#include "tools/import/json_fields.h"
#include "tools/import/leftover.h"

static void make_text(const struct tmf633_characteristic *characteristic);
static void make_boolean(const struct tmf633_characteristic *characteristic);
static void make_multi_choice(const struct tmf633_characteristic *characteristic);
static void make_any(const struct tmf633_characteristic *characteristic);

static const struct tmf633_type types[] = {
    {"TEXT", make_text, KONTOR__V1__VALUE__KIND_TEXT},
    {"LONGTEXT", make_text, KONTOR__V1__VALUE__KIND_TEXT},
    {"STRING", make_text, KONTOR__V1__VALUE__KIND_TEXT},
    {"INTEGER", tmf633_make_integer, KONTOR__V1__VALUE__KIND_INTEGER},
    {"SMALLINT", tmf633_make_integer, KONTOR__V1__VALUE__KIND_INTEGER},
    {"LONGINT", tmf633_make_integer, KONTOR__V1__VALUE__KIND_INTEGER},
    {"BIGINT", tmf633_make_integer, KONTOR__V1__VALUE__KIND_INTEGER},
    {"NUMERIC", tmf633_make_number, KONTOR__V1__VALUE__KIND_INTEGER},
    {"NUMBER", tmf633_make_decimal, KONTOR__V1__VALUE__KIND_DECIMAL},
    {"FLOAT", tmf633_make_decimal, KONTOR__V1__VALUE__KIND_DECIMAL},
    {"DOUBLE", tmf633_make_decimal, KONTOR__V1__VALUE__KIND_DECIMAL},
    {"DECIMAL", tmf633_make_decimal, KONTOR__V1__VALUE__KIND_DECIMAL},
    {"BOOLEAN", make_boolean, KONTOR__V1__VALUE__KIND_BOOLEAN},
    {"DATE", tmf633_make_date, KONTOR__V1__VALUE__KIND_DATE},
    {"TIMESTAMP", tmf633_make_day, KONTOR__V1__VALUE__KIND_DATE},
    {"DATETIME", tmf633_make_day, KONTOR__V1__VALUE__KIND_DATE},
    {"ENUM", tmf633_make_choice, KONTOR__V1__VALUE__KIND_TEXT},
    {"SET", make_multi_choice, KONTOR__V1__VALUE__KIND_TEXT},
    {"ARRAY", make_multi_choice, KONTOR__V1__VALUE__KIND_TEXT},
    {"BINARY", make_any, KONTOR__V1__VALUE__KIND_TEXT},
    {"OBJECT", make_any, KONTOR__V1__VALUE__KIND_TEXT},
};

const struct tmf633_type *
tmf633_find_type(const char *name)
{
    for (size_t i = 0; name != NULL && i < sizeof types / sizeof types[0]; i++) {
        if (strcasecmp(types[i].name, name) == 0) {
            return &types[i];
        }
    }
    return NULL;
}

static const char *
at(const struct tmf633_characteristic *characteristic, const char *name)
{
    return json_fields_below(characteristic->source, characteristic->place, name);
}

const struct tmf633_type *
tmf633_type_of(const struct tmf633_characteristic *characteristic)
{
    const char *name = json_fields_text(characteristic->source, characteristic->object,
                                        characteristic->place, "valueType");
    return tmf633_find_type(name);
}

void *
tmf633_new_type(const struct tmf633_characteristic *characteristic,
                Kontor__V1__Parameter__TypeCase type)
{
    return parameters_type(characteristic->source, characteristic->parameter, type);
}

/* ---- Makers ---- */

static void
set_pattern(const struct tmf633_characteristic *characteristic,
            Kontor__V1__TextParameter *text)
{
    const struct source *source = characteristic->source;
    const char *pattern = json_fields_text(source, characteristic->object,
                                           characteristic->place, "regex");
    const char *place = at(characteristic, "regex");
    for (size_t i = 0; i < characteristic->n_values && pattern == NULL; i++) {
        const struct tmf633_value *value = &characteristic->values[i];
        pattern = json_fields_text(source, value->object, value->place, "regex");
        place = json_fields_below(source, value->place, "regex");
    }
    const char *ours =
        pattern == NULL ? NULL : parameters_pattern(source, pattern, place, false);
    if (ours != NULL) {
        text->pattern = arena_copy(source->arena, ours);
    }
}

static void
make_text(const struct tmf633_characteristic *characteristic)
{
    const struct source *source = characteristic->source;
    if (tmf633_count(characteristic) > 1) {
        tmf633_make_choice(characteristic);
        return;
    }
    Kontor__V1__TextParameter *text =
        tmf633_new_type(characteristic, KONTOR__V1__PARAMETER__TYPE_TEXT);
    set_pattern(characteristic, text);
    tmf633_note_range(characteristic, "a text");
    const struct tmf633_value *value = tmf633_proposal(characteristic);
    if (value != NULL) {
        parameters_propose(
            source, text,
            parameters_value(source, value->scalar, KONTOR__V1__VALUE__KIND_TEXT)->text,
            value->place);
        tmf633_note_alias(characteristic, value);
    }
}

static void
make_boolean(const struct tmf633_characteristic *characteristic)
{
    tmf633_new_type(characteristic, KONTOR__V1__PARAMETER__TYPE_BOOLEAN);
    tmf633_note_range(characteristic, "a yes or no");
    if (tmf633_count(characteristic) == 1) {
        tmf633_note_proposal(characteristic, "a yes or no");
    }
}

void
tmf633_make_choice(const struct tmf633_characteristic *characteristic)
{
    size_t n = tmf633_count(characteristic);
    if (n == 0 || n > PARAMETERS_MAX_VALUES) {
        make_any(characteristic);
        return;
    }
    struct parameters_values values = tmf633_choices(characteristic);
    Kontor__V1__ChoiceParameter *choice =
        tmf633_new_type(characteristic, KONTOR__V1__PARAMETER__TYPE_CHOICE);
    choice->values = values.rows;
    choice->n_values = values.n;
}

/* How many are chosen is how often the characteristic is there. */
static void
make_multi_choice(const struct tmf633_characteristic *characteristic)
{
    size_t n = tmf633_count(characteristic);
    if (n == 0 || n > PARAMETERS_MAX_VALUES) {
        make_any(characteristic);
        return;
    }
    struct parameters_values values = tmf633_choices(characteristic);
    Kontor__V1__MultiChoiceParameter *choice =
        tmf633_new_type(characteristic, KONTOR__V1__PARAMETER__TYPE_MULTI_CHOICE);
    choice->values = values.rows;
    choice->n_values = values.n;
    if (characteristic->least > 1 && characteristic->least <= (int64_t)values.n) {
        choice->min_items = (int32_t)characteristic->least;
    }
    if (characteristic->most < (int64_t)values.n) {
        choice->max_items = (int32_t)characteristic->most;
    }
}

static void
make_any(const struct tmf633_characteristic *characteristic)
{
    tmf633_new_type(characteristic, KONTOR__V1__PARAMETER__TYPE_TEXT);
    source_finding(characteristic->source, characteristic->place,
                   "no type of ours says this: asked as a text");
    tmf633_note_range(characteristic, "a text");
    tmf633_note_proposal(characteristic, "it");
}

void
tmf633_make(const struct tmf633_characteristic *characteristic)
{
    const struct json_value *name = json_tree_get(characteristic->object, "valueType");
    const struct tmf633_type *type = tmf633_type_of(characteristic);
    bool is_many = type != NULL && type->make == make_multi_choice;
    if (characteristic->most > 1 && !is_many) {
        source_finding(characteristic->source, at(characteristic, "maxCardinality"),
                       "is %lld: asked once here", (long long)characteristic->most);
    }
    if (type == NULL) {
        source_finding(characteristic->source, at(characteristic, "valueType"),
                       "is %s: asked as a text",
                       name == NULL
                           ? "missing"
                           : json_tree_print(name, characteristic->source->arena));
    }
    (type == NULL ? make_text : type->make)(characteristic);
}

void
tmf633_make_constant(const struct tmf633_characteristic *characteristic)
{
    const struct source *source = characteristic->source;
    const struct tmf633_value *chosen = tmf633_proposal(characteristic);
    Kontor__V1__ConstantParameter *constant =
        tmf633_new_type(characteristic, KONTOR__V1__PARAMETER__TYPE_CONSTANT);
    constant->value =
        parameters_value(source, chosen->scalar, tmf633_kind(characteristic, chosen));
    tmf633_note_alias(characteristic, chosen);
    for (size_t i = 0; i < characteristic->n_values; i++) {
        if (&characteristic->values[i] != chosen &&
            characteristic->values[i].scalar != NULL) {
            source_finding(source, characteristic->values[i].place,
                           "another value of what cannot be configured: left out");
        }
    }
}
