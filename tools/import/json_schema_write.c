/*
 * Parameters of an offer as a JSON schema of an object, draft 6: the counterpart of
 * json_schema.c. What a schema cannot say is a loss of the parameter.
 */
#include <string.h>

#include "tools/import/json_build.h"
#include "tools/import/json_schema.h"

/* A parameter while its property is written. */
struct writing {
    struct target *target;
    const Kontor__V1__Parameter *parameter;
    const char *path; /* "offers[a].parameters[b]". */
    struct json_build build;
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

/* ---- Types ---- */

static void
write_constant(struct writing *writing)
{
    const Kontor__V1__Value *value = writing->parameter->constant->value;
    const char *path = below(writing, "constant.value");
    if (value == NULL) {
        return;
    }
    if (value->kind_case == KONTOR__V1__VALUE__KIND_DATE) {
        target_lose_for(writing->target, path,
                        "is not kept: a date comes back as text");
    }
    bool is_whole_decimal = value->kind_case == KONTOR__V1__VALUE__KIND_DECIMAL &&
                            strchr(value->decimal, '.') == NULL;
    if (is_whole_decimal) {
        target_lose_for(writing->target, path,
                        "is not kept: it comes back as a whole number");
    }
    json_build_add(&writing->build, "const",
                   json_build_value(writing->target, value, path));
}

static void
write_text(struct writing *writing)
{
    const Kontor__V1__TextParameter *text = writing->parameter->text;
    json_build_text(&writing->build, "type", "string");
    const char *pattern = parameters_search(writing->target->arena, text->pattern);
    if (pattern == NULL) {
        target_lose_for(writing->target, below(writing, "text.pattern"),
                        "is not kept: a search says it in another way");
    } else {
        json_build_text(&writing->build, "pattern", pattern);
    }
    if (text->min_length != 0) {
        json_build_integer(&writing->build, "minLength", text->min_length);
    }
    if (text->max_length != 0) {
        json_build_integer(&writing->build, "maxLength", text->max_length);
    }
    json_build_text(&writing->build, "default", text->default_text);
}

static void
write_integer(struct writing *writing)
{
    const Kontor__V1__IntegerParameter *integer = writing->parameter->integer;
    json_build_text(&writing->build, "type", "integer");
    if (integer->_minimum_case != 0) {
        json_build_integer(&writing->build, "minimum", integer->minimum);
    }
    if (integer->_maximum_case != 0) {
        json_build_integer(&writing->build, "maximum", integer->maximum);
    }
    if (integer->_default_integer_case != 0) {
        json_build_integer(&writing->build, "default", integer->default_integer);
    }
}

static void
write_limit(struct writing *writing, const char *keyword, const char *decimal)
{
    if (decimal[0] != '\0') {
        const char *field = arena_print(writing->target->arena, "decimal.%s", keyword);
        json_build_add(
            &writing->build, keyword,
            json_build_decimal(writing->target, decimal, below(writing, field)));
    }
}

static void
write_decimal(struct writing *writing)
{
    json_build_text(&writing->build, "type", "number");
    write_limit(writing, "minimum", writing->parameter->decimal->minimum);
    write_limit(writing, "maximum", writing->parameter->decimal->maximum);
}

static void
write_boolean(struct writing *writing)
{
    json_build_text(&writing->build, "type", "boolean");
}

static void
write_date(struct writing *writing)
{
    const Kontor__V1__DateParameter *date = writing->parameter->date;
    json_build_text(&writing->build, "type", "string");
    json_build_text(&writing->build, "format", "date");
    if (date->earliest[0] != '\0') {
        lose(writing, "date.earliest");
    }
    if (date->latest[0] != '\0') {
        lose(writing, "date.latest");
    }
}

/* What the values of a list are there. */
static const struct {
    Kontor__V1__Value__KindCase kind;
    const char *type;
} kinds[] = {
    {KONTOR__V1__VALUE__KIND_TEXT, "string"},
    {KONTOR__V1__VALUE__KIND_INTEGER, "integer"},
    {KONTOR__V1__VALUE__KIND_DECIMAL, "number"},
    {KONTOR__V1__VALUE__KIND_BOOLEAN, "boolean"},
    {KONTOR__V1__VALUE__KIND_DATE, "string"},
};

/* Type and enum of some values. */
static void
add_values(struct writing *writing, struct json_build *build,
           Kontor__V1__Value *const *values, size_t n)
{
    struct json_build list = {.target = writing->target};
    const char *path = below(writing, "values");
    for (size_t i = 0; n > 0 && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].kind == values[0]->kind_case) {
            json_build_text(build, "type", kinds[i].type);
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (values[i]->kind_case == KONTOR__V1__VALUE__KIND_DATE) {
            target_lose_for(writing->target, path,
                            "are not kept: dates come back as text");
        }
        json_build_add(&list, NULL, json_build_value(writing->target, values[i], path));
    }
    json_build_add(build, "enum", json_build_list(&list));
}

static void
write_choice(struct writing *writing)
{
    const Kontor__V1__ChoiceParameter *choice = writing->parameter->choice;
    add_values(writing, &writing->build, choice->values, choice->n_values);
    if (choice->display[0] != '\0') {
        lose(writing, "choice.display");
    }
}

static void
write_multi_choice(struct writing *writing)
{
    const Kontor__V1__MultiChoiceParameter *choice = writing->parameter->multi_choice;
    struct json_build items = {.target = writing->target};
    add_values(writing, &items, choice->values, choice->n_values);
    json_build_text(&writing->build, "type", "array");
    json_build_add(&writing->build, "items", json_build_object(&items));
    json_build_flag(&writing->build, "uniqueItems", true);
    if (choice->min_items != 0) {
        json_build_integer(&writing->build, "minItems", choice->min_items);
    }
    if (choice->max_items != 0) {
        json_build_integer(&writing->build, "maxItems", choice->max_items);
    }
}

/* Pieces are whole numbers; what each costs a schema does not say. */
static void
write_quantity(struct writing *writing)
{
    const Kontor__V1__QuantityParameter *quantity = writing->parameter->quantity;
    target_lose_for(writing->target, below(writing, "quantity"),
                    "is not kept: it comes back as a whole number without a price");
    json_build_text(&writing->build, "type", "integer");
    json_build_integer(&writing->build, "minimum", 1);
    if (quantity->maximum != 0) {
        json_build_integer(&writing->build, "maximum", quantity->maximum);
    }
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

/* ---- Properties ---- */

static struct json_value
property_of(struct target *target, const Kontor__V1__Parameter *parameter,
            const char *path)
{
    struct writing writing = {.target = target,
                              .parameter = parameter,
                              .path = path,
                              .build = {.target = target}};
    if (strcmp(parameter->label, parameter->id) != 0) {
        json_build_text(&writing.build, "title", parameter->label);
    }
    json_build_text(&writing.build, "description", parameter->description);
    for (size_t i = 0; i < sizeof writers / sizeof writers[0]; i++) {
        if (writers[i].type == parameter->type_case) {
            writers[i].write(&writing);
        }
    }
    if (parameter->unit[0] != '\0') {
        lose(&writing, "unit");
    }
    if (parameter->visible_if != NULL) {
        lose(&writing, "visible_if");
    }
    return json_build_object(&writing.build);
}

/* What is asked only where something holds must not be demanded where it does not. */
static bool
is_always_required(struct target *target, const Kontor__V1__Parameter *parameter,
                   const char *path)
{
    if (parameter->required && parameter->visible_if != NULL) {
        target_lose_for(target, arena_print(target->arena, "%s.required", path),
                        "is not kept: it is not always asked");
    }
    return parameter->required && parameter->visible_if == NULL;
}

struct json_value
json_schema_write(struct target *target, const Kontor__V1__Offer *offer)
{
    struct json_build schema = {.target = target};
    struct json_build properties = {.target = target};
    struct json_build required = {.target = target};
    for (size_t i = 0; i < offer->n_parameters; i++) {
        const Kontor__V1__Parameter *parameter = offer->parameters[i];
        const char *path = arena_print(target->arena, "offers[%s].parameters[%s]",
                                       offer->iid, parameter->id);
        json_build_add(&properties, parameter->id,
                       property_of(target, parameter, path));
        if (is_always_required(target, parameter, path)) {
            json_build_text(&required, NULL, parameter->id);
        }
    }
    json_build_text(&schema, "$schema", "http://json-schema.org/draft-06/schema#");
    json_build_text(&schema, "type", "object");
    json_build_flag(&schema, "additionalProperties", false);
    if (required.n > 0) {
        json_build_add(&schema, "required", json_build_list(&required));
    }
    json_build_add(&schema, "properties", json_build_object(&properties));
    return json_build_object(&schema);
}
