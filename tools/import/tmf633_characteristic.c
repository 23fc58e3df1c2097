/*
 * Characteristics of a specification, in the plain form of TMF633 and in OpenSlice's,
 * which wraps a value together with what people call it.
 */
#include <string.h>

#include "proto/rules.h"
#include "proto/rules_form.h"
#include "tools/import/leftover.h"
#include "tools/import/tmf633.h"
#include "tools/import/tmf633_type.h"

/* Read together, since what a characteristic becomes hangs on several of them. */
const struct json_field tmf633_characteristic_fields[] = {
    {.key = "id", .note = "the parameter's id, unless a machine made it"},
    {.key = "uuid", .note = "not kept"},
    {.key = "name", .note = "the label; the id, too, where there is no other"},
    {.key = "description", .note = "the description"},
    {.key = "configurable", .note = "a constant, where it is false"},
    {.key = "minCardinality",
     .note = "required from 1 on; of a SET, how many at least"},
    {.key = "maxCardinality", .note = "of a SET, how many at most"},
    {.key = "regex", .note = "the pattern of a text"},
    {.key = "valueType", .note = "the type; a word nobody knows is asked as a text"},
    {.key = "serviceSpecCharacteristicValue", .note = "OpenSlice's values"},
    {.key = "characteristicValueSpecification", .note = "the values"},
    {.key = NULL},
};

const struct json_field tmf633_value_fields[] = {
    {.key = "value", .note = "one is proposed, several are a choice"},
    {.key = "isDefault", .note = "which of several is proposed, or is the constant"},
    {.key = "valueFrom", .note = "the smallest number, the earliest date"},
    {.key = "valueTo", .note = "the largest number, the latest date"},
    {.key = "rangeInterval", .note = "whether the ends are part of the range"},
    {.key = "unitOfMeasure", .note = "the unit, except N/A"},
    {.key = "valueType", .note = "the type of this value"},
    {.key = "regex", .note = "the pattern, where the characteristic has none"},
    {.key = NULL},
};

static const struct json_field wrapped_fields[] = {
    {.key = "value"},
    {.key = "alias"},
    {.key = NULL},
};

/* ---- Values ---- */

static bool
is_plain(const struct json_value *value)
{
    return value != NULL &&
           parameters_kind(value) != KONTOR__V1__VALUE__KIND__NOT_SET &&
           (value->type != JSON_TYPE_TEXT || value->text[0] != '\0');
}

static struct tmf633_value
value_of(const struct source *source, const struct json_value *object,
         const char *place)
{
    const struct json_value *scalar = json_tree_get(object, "value");
    const struct json_value *is_default = json_tree_get(object, "isDefault");
    const char *at = json_fields_below(source, place, "value");
    struct tmf633_value value = {.object = object, .alias = "", .place = place};
    json_fields_read(source, object, place, tmf633_value_fields, NULL);
    value.is_default = is_default != NULL && is_default->boolean;
    if (scalar != NULL && scalar->type == JSON_TYPE_OBJECT) {
        json_fields_read(source, scalar, at, wrapped_fields, NULL);
        const char *alias = json_fields_text(source, scalar, at, "alias");
        value.alias = alias == NULL ? "" : alias;
        scalar = json_tree_get(scalar, "value");
    }
    if (scalar != NULL && scalar->type == JSON_TYPE_LIST) {
        source_finding(source, at, "is a list: no one value, left out: %s",
                       json_tree_print(scalar, source->arena));
    }
    value.scalar = is_plain(scalar) ? scalar : NULL;
    return value;
}

static void
read_values(const struct source *source, struct tmf633_characteristic *to)
{
    static const char *const names[2] = {"serviceSpecCharacteristicValue",
                                         "characteristicValueSpecification"};
    const char *at = NULL;
    const struct json_value *list =
        tmf633_list(source, to->object, to->place, names, &at);
    size_t n = list == NULL ? 0 : list->n;
    struct tmf633_value *values = arena_alloc(source->arena, (n + 1) * sizeof *values);
    to->values = values;
    for (size_t i = 0; i < n; i++) {
        const char *place = arena_print(source->arena, "%s[%zu]", at, i);
        if (json_fields_is_object(source, &list->elements[i], place)) {
            values[to->n_values++] = value_of(source, &list->elements[i], place);
        }
    }
}

/* ---- Characteristics ---- */

/* A number of times; 0 when it is not said. */
static int64_t
cardinality(const struct source *source, const struct json_value *object,
            const char *place, const char *name)
{
    const struct json_value *value = json_tree_get(object, name);
    if (value == NULL || value->type == JSON_TYPE_NULL) {
        return 0;
    }
    if (value->type != JSON_TYPE_INTEGER || value->integer < 0) {
        source_fault(source, json_fields_below(source, place, name),
                     "is %s: a number of times belongs here",
                     json_tree_print(value, source->arena));
        return 0;
    }
    return value->integer;
}

/* An id that people gave is kept; one that a machine made tells an agent nothing. */
static const char *
id_of(const struct source *source, const struct json_value *object, const char *place,
      const char *name)
{
    const char *id = json_fields_text(source, object, place, "id");
    bool is_given = id != NULL && rules_is_part(id) && !rules_is_uuid(id);
    return is_given ? id : name;
}

/* All values of a characteristic are of one unit here. */
static void
set_unit(const struct tmf633_characteristic *characteristic)
{
    const struct source *source = characteristic->source;
    Kontor__V1__Parameter *parameter = characteristic->parameter;
    for (size_t i = 0; i < characteristic->n_values; i++) {
        const struct tmf633_value *value = &characteristic->values[i];
        const char *unit =
            json_fields_text(source, value->object, value->place, "unitOfMeasure");
        const char *at = json_fields_below(source, value->place, "unitOfMeasure");
        if (unit == NULL || unit[0] == '\0') {
            continue;
        }
        if (strcmp(unit, "N/A") == 0) {
            leftover_note(source, at, "is N/A: taken as no unit", NULL);
            continue;
        }
        if (parameter->unit[0] == '\0') {
            parameter->unit = arena_copy(source->arena, unit);
        } else if (strcmp(parameter->unit, unit) != 0) {
            source_finding(source, at, "is \"%s\" beside \"%s\": a parameter has one",
                           unit, parameter->unit);
        }
    }
}

/* What cannot be changed and has no value is nothing to show. */
static bool
has_scalar(const struct tmf633_characteristic *characteristic)
{
    for (size_t i = 0; i < characteristic->n_values; i++) {
        if (characteristic->values[i].scalar != NULL) {
            return true;
        }
    }
    return false;
}

static bool
is_constant(const struct source *source, const struct json_value *object,
            const char *place)
{
    const struct json_value *value = json_tree_get(object, "configurable");
    if (value == NULL || value->type == JSON_TYPE_NULL) {
        return false;
    }
    if (value->type != JSON_TYPE_BOOLEAN) {
        source_fault(source, json_fields_below(source, place, "configurable"),
                     "is %s: a yes or no belongs here", json_tree_type(value));
    }
    return !value->boolean;
}

static void
read_characteristic(const struct source *source, const struct json_value *object,
                    const char *place, Kontor__V1__Offer *offer)
{
    const char *name = json_fields_text(source, object, place, "name");
    if (name == NULL || name[0] == '\0') {
        source_fault(source, place, "has no name");
        return;
    }
    struct tmf633_characteristic characteristic = {
        .source = source,
        .object = object,
        .place = place,
        .least = cardinality(source, object, place, "minCardinality"),
        .most = cardinality(source, object, place, "maxCardinality"),
    };
    json_fields_read(source, object, place, tmf633_characteristic_fields, NULL);
    read_values(source, &characteristic);
    bool is_fixed = is_constant(source, object, place);
    if (is_fixed && !has_scalar(&characteristic)) {
        source_finding(source, place,
                       "\"%s\" cannot be configured and has no value: left out", name);
        return;
    }
    const char *words = json_fields_text(source, object, place, "description");
    Kontor__V1__Parameter *parameter =
        parameters_add(source, offer, id_of(source, object, place, name), place);
    parameter->label = arena_copy(source->arena, name);
    parameter->description = arena_copy(source->arena, words == NULL ? "" : words);
    characteristic.parameter = parameter;
    set_unit(&characteristic);
    if (is_fixed) {
        tmf633_make_constant(&characteristic);
        return;
    }
    parameter->required = characteristic.least > 0;
    tmf633_make(&characteristic);
}

void
tmf633_characteristics(const struct source *source, const struct json_value *object,
                       const char *place, Kontor__V1__Offer *offer)
{
    static const char *const names[2] = {"serviceSpecCharacteristic",
                                         "specCharacteristic"};
    const char *at = NULL;
    const struct json_value *list = tmf633_list(source, object, place, names, &at);
    if (list != NULL && list->n > PARAMETERS_MAX) {
        source_fault(source, at, "are %zu: an offer has at most %d parameters", list->n,
                     PARAMETERS_MAX);
        return;
    }
    for (size_t i = 0; list != NULL && i < list->n; i++) {
        const char *here = arena_print(source->arena, "%s[%zu]", at, i);
        if (json_fields_is_object(source, &list->elements[i], here)) {
            read_characteristic(source, &list->elements[i], here, offer);
        }
    }
}
