/*
 * Parameters as characteristics, the counterpart of tmf633_characteristic.c. Decimals
 * are written as text, so that no digit of them is lost.
 */
#include <string.h>

#include "proto/rules_form.h"
#include "tools/import/json_build.h"
#include "tools/import/parameters.h"
#include "tools/import/tmf633.h"

/* A parameter while its characteristic is written. */
struct writing {
    struct target *target;
    const Kontor__V1__Parameter *parameter;
    const char *path; /* "offers[a].parameters[b]". */
    struct json_build build;
    struct json_build values;
    int64_t least; /* minCardinality and maxCardinality. */
    int64_t most;
};

static const char *
below(const struct writing *writing, const char *field)
{
    return arena_print(writing->target->arena, "%s.%s", writing->path, field);
}

static void
lose(struct writing *writing, const char *field)
{
    target_lose(writing->target, below(writing, field));
}

/* ---- Values ---- */

/* What a value of a kind is called there. */
static const struct {
    Kontor__V1__Value__KindCase kind;
    const char *type;
} kinds[] = {
    {KONTOR__V1__VALUE__KIND_TEXT, "TEXT"},
    {KONTOR__V1__VALUE__KIND_INTEGER, "INTEGER"},
    {KONTOR__V1__VALUE__KIND_DECIMAL, "FLOAT"},
    {KONTOR__V1__VALUE__KIND_BOOLEAN, "BOOLEAN"},
    {KONTOR__V1__VALUE__KIND_DATE, "DATE"},
};

static const char *
type_of(const Kontor__V1__Value *value)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].kind == value->kind_case) {
            return kinds[i].type;
        }
    }
    return "TEXT";
}

static void
add_value(struct writing *writing, const Kontor__V1__Value *value, bool is_default,
          const char *field)
{
    struct json_build build = {.target = writing->target};
    bool is_decimal = value->kind_case == KONTOR__V1__VALUE__KIND_DECIMAL;
    bool is_empty =
        value->kind_case == KONTOR__V1__VALUE__KIND_TEXT && value->text[0] == '\0';
    if (is_empty) {
        target_lose_for(writing->target, below(writing, field),
                        "is not kept: an empty text is no value");
    }
    json_build_add(
        &build, "value",
        is_decimal ? (struct json_value){.type = JSON_TYPE_TEXT, .text = value->decimal}
                   : json_build_value(writing->target, value, below(writing, field)));
    json_build_text(&build, "valueType", type_of(value));
    if (is_default) {
        json_build_flag(&build, "isDefault", true);
    }
    json_build_add(&writing->values, NULL, json_build_object(&build));
}

static void
add_values(struct writing *writing, Kontor__V1__Value *const *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        add_value(writing, values[i], false, "values");
    }
}

static struct json_value
text(const char *of)
{
    return (struct json_value){.type = of[0] == '\0' ? JSON_TYPE_NULL : JSON_TYPE_TEXT,
                               .text = of};
}

static struct json_value
integer(bool is_there, int64_t of)
{
    return (struct json_value){.type = is_there ? JSON_TYPE_INTEGER : JSON_TYPE_NULL,
                               .integer = of};
}

/* Nothing where both ends are open. */
static void
add_range(struct writing *writing, struct json_value from, struct json_value to)
{
    struct json_build build = {.target = writing->target};
    if (from.type != JSON_TYPE_NULL) {
        json_build_add(&build, "valueFrom", from);
    }
    if (to.type != JSON_TYPE_NULL) {
        json_build_add(&build, "valueTo", to);
    }
    if (build.n > 0) {
        json_build_add(&writing->values, NULL, json_build_object(&build));
    }
}

/* ---- Types ---- */

static void
write_constant(struct writing *writing)
{
    const Kontor__V1__Value *value = writing->parameter->constant->value;
    if (writing->parameter->required) {
        target_lose_for(writing->target, below(writing, "required"),
                        "is not kept: a constant is not asked");
    }
    if (value != NULL) {
        json_build_text(&writing->build, "valueType", type_of(value));
        add_value(writing, value, true, "constant.value");
    }
}

static void
write_text(struct writing *writing)
{
    const Kontor__V1__TextParameter *from = writing->parameter->text;
    json_build_text(&writing->build, "valueType", "TEXT");
    if (parameters_search(writing->target->arena, from->pattern) == NULL) {
        target_lose_for(writing->target, below(writing, "text.pattern"),
                        "is not kept: others read it in another way");
    } else {
        json_build_text(&writing->build, "regex", from->pattern);
    }
    if (from->min_length != 0) {
        lose(writing, "text.min_length");
    }
    if (from->max_length != 0) {
        lose(writing, "text.max_length");
    }
    if (from->default_text[0] != '\0') {
        Kontor__V1__Value value;
        kontor__v1__value__init(&value);
        value.kind_case = KONTOR__V1__VALUE__KIND_TEXT;
        value.text = from->default_text;
        add_value(writing, &value, true, "text.default_text");
    }
}

static void
write_integer(struct writing *writing)
{
    const Kontor__V1__IntegerParameter *from = writing->parameter->integer;
    json_build_text(&writing->build, "valueType", "INTEGER");
    add_range(writing, integer(from->_minimum_case != 0, from->minimum),
              integer(from->_maximum_case != 0, from->maximum));
    if (from->_default_integer_case != 0) {
        Kontor__V1__Value value;
        kontor__v1__value__init(&value);
        value.kind_case = KONTOR__V1__VALUE__KIND_INTEGER;
        value.integer = from->default_integer;
        add_value(writing, &value, true, "integer.default_integer");
    }
}

static void
write_decimal(struct writing *writing)
{
    const Kontor__V1__DecimalParameter *from = writing->parameter->decimal;
    json_build_text(&writing->build, "valueType", "FLOAT");
    add_range(writing, text(from->minimum), text(from->maximum));
}

static void
write_boolean(struct writing *writing)
{
    json_build_text(&writing->build, "valueType", "BOOLEAN");
}

static void
write_date(struct writing *writing)
{
    const Kontor__V1__DateParameter *from = writing->parameter->date;
    json_build_text(&writing->build, "valueType", "DATE");
    add_range(writing, text(from->earliest), text(from->latest));
}

static void
write_choice(struct writing *writing)
{
    const Kontor__V1__ChoiceParameter *from = writing->parameter->choice;
    json_build_text(&writing->build, "valueType", "ENUM");
    add_values(writing, from->values, from->n_values);
    if (from->display[0] != '\0') {
        lose(writing, "choice.display");
    }
}

/* How often the characteristic is there is how many are chosen. */
static void
write_multi_choice(struct writing *writing)
{
    const Kontor__V1__MultiChoiceParameter *from = writing->parameter->multi_choice;
    bool is_whole = from->max_items == 0 || from->max_items >= (int64_t)from->n_values;
    json_build_text(&writing->build, "valueType", "SET");
    add_values(writing, from->values, from->n_values);
    writing->most = is_whole ? (int64_t)from->n_values : from->max_items;
    if (writing->least > 0 && from->min_items > 1) {
        writing->least = from->min_items;
    } else if (from->min_items > 0) {
        target_lose_for(writing->target, below(writing, "multi_choice.min_items"),
                        "is not kept: some are required, or none");
    }
    if (is_whole && from->max_items != 0) {
        target_lose_for(writing->target, below(writing, "multi_choice.max_items"),
                        "is not kept: it comes back as all");
    }
}

/* Pieces are whole numbers; what each costs a specification does not say. */
static void
write_quantity(struct writing *writing)
{
    const Kontor__V1__QuantityParameter *from = writing->parameter->quantity;
    target_lose_for(writing->target, below(writing, "quantity"),
                    "is not kept: it comes back as a whole number without a price");
    json_build_text(&writing->build, "valueType", "INTEGER");
    add_range(writing, integer(true, 1), integer(from->maximum != 0, from->maximum));
}

static const struct {
    Kontor__V1__Parameter__TypeCase type;
    void (*write)(struct writing *writing);
} writers[] = {
    {KONTOR__V1__PARAMETER__TYPE_CONSTANT, write_constant},
    {KONTOR__V1__PARAMETER__TYPE_TEXT, write_text},
    {KONTOR__V1__PARAMETER__TYPE_INTEGER, write_integer},
    {KONTOR__V1__PARAMETER__TYPE_DECIMAL, write_decimal},
    {KONTOR__V1__PARAMETER__TYPE_CHOICE, write_choice},
    {KONTOR__V1__PARAMETER__TYPE_MULTI_CHOICE, write_multi_choice},
    {KONTOR__V1__PARAMETER__TYPE_BOOLEAN, write_boolean},
    {KONTOR__V1__PARAMETER__TYPE_DATE, write_date},
    {KONTOR__V1__PARAMETER__TYPE_QUANTITY, write_quantity},
};

/* ---- Characteristics ---- */

/* A unit is one of a value there, so it stands on one of its own. */
static void
add_unit(struct writing *writing)
{
    const char *unit = writing->parameter->unit;
    struct json_build build = {.target = writing->target};
    if (unit[0] == '\0') {
        return;
    }
    if (strcmp(unit, "N/A") == 0) {
        lose(writing, "unit");
        return;
    }
    json_build_text(&build, "unitOfMeasure", unit);
    json_build_add(&writing->values, NULL, json_build_object(&build));
}

static void
lose_others(struct writing *writing)
{
    const Kontor__V1__Parameter *parameter = writing->parameter;
    if (rules_is_uuid(parameter->id)) {
        target_lose_for(writing->target, below(writing, "id"),
                        "is not kept: it comes back as its label");
    }
    if (parameter->visible_if == NULL) {
        return;
    }
    lose(writing, "visible_if");
    if (parameter->required) {
        target_lose_for(writing->target, below(writing, "required"),
                        "is not kept: it is not always asked");
    }
}

struct json_value
tmf633_characteristic(struct target *target, const Kontor__V1__Parameter *parameter,
                      const char *path)
{
    bool is_fixed = parameter->type_case == KONTOR__V1__PARAMETER__TYPE_CONSTANT;
    struct writing writing = {
        .target = target,
        .parameter = parameter,
        .path = path,
        .build = {.target = target},
        .values = {.target = target},
        .least = parameter->required && parameter->visible_if == NULL ? 1 : 0,
        .most = 1,
    };
    json_build_text(&writing.build, "id", parameter->id);
    json_build_text(&writing.build, "name", parameter->label);
    json_build_text(&writing.build, "description", parameter->description);
    json_build_flag(&writing.build, "configurable", !is_fixed);
    for (size_t i = 0; i < sizeof writers / sizeof writers[0]; i++) {
        if (writers[i].type == parameter->type_case) {
            writers[i].write(&writing);
        }
    }
    add_unit(&writing);
    lose_others(&writing);
    json_build_integer(&writing.build, "minCardinality", writing.least);
    json_build_integer(&writing.build, "maxCardinality", writing.most);
    if (writing.values.n > 0) {
        json_build_add(&writing.build, "characteristicValueSpecification",
                       json_build_list(&writing.values));
    }
    return json_build_object(&writing.build);
}
