/* Offers and parameters of the Marketplace of 2019. */
#include <string.h>

#include "tools/import/json_fields.h"
#include "tools/import/marketplace.h"

const struct json_field marketplace_offer_fields[] = {
    JSON_TEXT(Kontor__V1__Offer, "_iid", iid),
    JSON_TEXT(Kontor__V1__Offer, "name", name),
    JSON_TEXT(Kontor__V1__Offer, "description", description),
    {.key = "parameters", .owns = "parameters", .note = "by the table below"},
    {.key = NULL},
};

const struct json_field marketplace_parameter_fields[] = {
    JSON_TEXT(Kontor__V1__Parameter, "id", id),
    JSON_TEXT(Kontor__V1__Parameter, "label", label),
    JSON_TEXT(Kontor__V1__Parameter, "description", description),
    JSON_TEXT(Kontor__V1__Parameter, "unit", unit),
    {.key = "type", .note = "which kind of parameter it becomes"},
    {.key = "value_type", .note = "compared with the values: these count"},
    {.key = "config", .note = "values and limits, by type"},
    {.key = "value", .note = "of a constant"},
    {.key = NULL},
};

/* One parameter while its type is made. */
struct making {
    const struct source *source;
    const struct json_value *object;
    const char *place;
    bool is_integer; /* By value_type. */
    Kontor__V1__Parameter *parameter;
};

/*
 * config has another shape for every type of parameter, so it is read by name and
 * not by a table.
 */
static const struct json_value *
config(const struct making *making, const char *name)
{
    return json_tree_get(json_tree_get(making->object, "config"), name);
}

/* An integer of the configuration; false when it is not there. */
static bool
config_integer(const struct making *making, const char *name, int64_t *out)
{
    const struct json_value *value = config(making, name);
    if (value == NULL) {
        return false;
    }
    if (value->type != JSON_TYPE_INTEGER) {
        source_fault(
            making->source,
            arena_print(making->source->arena, "%s.config.%s", making->place, name),
            "is %s: a whole number belongs here", json_tree_type(value));
        return false;
    }
    *out = value->integer;
    return true;
}

/* A value as one of a kind: choices are all of the same, be it the wider one. */
static void
set_value(struct arena *arena, const struct json_value *from,
          Kontor__V1__Value__KindCase kind, Kontor__V1__Value *value)
{
    value->kind_case = kind;
    if (kind == KONTOR__V1__VALUE__KIND_INTEGER) {
        value->integer = from->integer;
        return;
    }
    char *text = from->type == JSON_TYPE_REAL ? arena_print(arena, "%.15g", from->real)
                                              : json_tree_print(from, arena);
    if (kind == KONTOR__V1__VALUE__KIND_DECIMAL) {
        value->decimal = text;
        return;
    }
    value->text = from->type == JSON_TYPE_TEXT ? arena_copy(arena, from->text) : text;
}

/* The kind a JSON value has by itself; NOT_SET, and a fault, when it can be none. */
static Kontor__V1__Value__KindCase
kind_of(const struct making *making, const struct json_value *from, const char *place)
{
    switch (from->type) {
    case JSON_TYPE_INTEGER:
        return KONTOR__V1__VALUE__KIND_INTEGER;
    case JSON_TYPE_REAL:
        return KONTOR__V1__VALUE__KIND_DECIMAL;
    case JSON_TYPE_TEXT:
        return KONTOR__V1__VALUE__KIND_TEXT;
    case JSON_TYPE_NULL:
    case JSON_TYPE_BOOLEAN:
    case JSON_TYPE_LIST:
    case JSON_TYPE_OBJECT:
        break;
    }
    source_fault(making->source, place, "is %s: a text or a number belongs here",
                 json_tree_type(from));
    return KONTOR__V1__VALUE__KIND__NOT_SET;
}

/* What two kinds have in common: integers are decimals, and all can be said in text. */
static Kontor__V1__Value__KindCase
wider(Kontor__V1__Value__KindCase a, Kontor__V1__Value__KindCase b)
{
    bool has_text =
        a == KONTOR__V1__VALUE__KIND_TEXT || b == KONTOR__V1__VALUE__KIND_TEXT;
    if (a == b) {
        return a;
    }
    return has_text ? KONTOR__V1__VALUE__KIND_TEXT : KONTOR__V1__VALUE__KIND_DECIMAL;
}

/* Values by their JSON types: what is written counts, not what value_type says of it.
 */
static Kontor__V1__Value **
values_of(const struct making *making, const struct json_value *from, size_t n,
          const char *place)
{
    struct arena *arena = making->source->arena;
    Kontor__V1__Value **values = arena_alloc(arena, (n + 1) * sizeof *values);
    Kontor__V1__Value__KindCase kind =
        n == 0 ? KONTOR__V1__VALUE__KIND__NOT_SET : kind_of(making, &from[0], place);
    bool is_mixed = false;
    for (size_t i = 1; i < n; i++) {
        is_mixed |= from[i].type != from[0].type;
        kind = wider(kind, kind_of(making, &from[i], place));
    }
    bool is_integer = kind == KONTOR__V1__VALUE__KIND_INTEGER;
    if (n > 0 && (is_mixed || is_integer != making->is_integer)) {
        source_finding(making->source, place,
                       "is not what its value_type says: taken as written, as %s",
                       is_integer                                ? "whole numbers"
                       : kind == KONTOR__V1__VALUE__KIND_DECIMAL ? "decimals"
                                                                 : "text");
    }
    for (size_t i = 0; i < n; i++) {
        values[i] = arena_alloc(arena, sizeof *values[i]);
        kontor__v1__value__init(values[i]);
        set_value(arena, &from[i], kind, values[i]);
    }
    return values;
}

/* The choices of the configuration. */
static Kontor__V1__Value **
choices(const struct making *making, size_t *n)
{
    const struct json_value *list = config(making, "values");
    const char *place =
        arena_print(making->source->arena, "%s.config.values", making->place);
    if (list == NULL || list->type != JSON_TYPE_LIST) {
        source_fault(making->source, place, "a list of choices is missing");
        return NULL;
    }
    *n = list->n;
    return values_of(making, list->elements, list->n, place);
}

/*
 * How a choice is shown (buttons, a list) was written beside it, and stays with it:
 * portals ask for it.
 */
static void
make_choice(const struct making *making)
{
    Kontor__V1__ChoiceParameter *choice =
        arena_alloc(making->source->arena, sizeof *choice);
    kontor__v1__choice_parameter__init(choice);
    choice->values = choices(making, &choice->n_values);
    const char *mode = json_fields_text(
        making->source, json_tree_get(making->object, "config"), making->place, "mode");
    if (mode != NULL) {
        choice->display = arena_copy(making->source->arena, mode);
    }
    making->parameter->type_case = KONTOR__V1__PARAMETER__TYPE_CHOICE;
    making->parameter->choice = choice;
}

/* An item count of a multiple choice, which has 32 bits here. */
static int32_t
item_count(const struct making *making, const char *name)
{
    int64_t count = 0;
    if (!config_integer(making, name, &count)) {
        return 0;
    }
    if (count < 0 || count > INT32_MAX) {
        source_fault(making->source, making->place, "config.%s is out of range", name);
        return 0;
    }
    return (int32_t)count;
}

static void
make_multi_choice(const struct making *making)
{
    Kontor__V1__MultiChoiceParameter *choice =
        arena_alloc(making->source->arena, sizeof *choice);
    kontor__v1__multi_choice_parameter__init(choice);
    choice->values = choices(making, &choice->n_values);
    choice->min_items = item_count(making, "minItems");
    choice->max_items = item_count(making, "maxItems");
    making->parameter->type_case = KONTOR__V1__PARAMETER__TYPE_MULTI_CHOICE;
    making->parameter->multi_choice = choice;
}

static Kontor__V1__IntegerParameter *
add_integer(const struct making *making)
{
    Kontor__V1__IntegerParameter *integer =
        arena_alloc(making->source->arena, sizeof *integer);
    kontor__v1__integer_parameter__init(integer);
    making->parameter->type_case = KONTOR__V1__PARAMETER__TYPE_INTEGER;
    making->parameter->integer = integer;
    return integer;
}

/* A missing end is an open one and must not become 0. */
static void
make_range(const struct making *making)
{
    Kontor__V1__IntegerParameter *range = add_integer(making);
    if (config_integer(making, "minimum", &range->minimum)) {
        range->_minimum_case = KONTOR__V1__INTEGER_PARAMETER___MINIMUM_MINIMUM;
    }
    if (config_integer(making, "maximum", &range->maximum)) {
        range->_maximum_case = KONTOR__V1__INTEGER_PARAMETER___MAXIMUM_MAXIMUM;
    }
}

/* A number typed by the customer; its value is what is proposed. */
static void
make_integer_input(const struct making *making)
{
    Kontor__V1__IntegerParameter *integer = add_integer(making);
    const struct json_value *value = json_tree_get(making->object, "value");
    if (value == NULL) {
        return;
    }
    if (value->type != JSON_TYPE_INTEGER) {
        source_fault(making->source, making->place,
                     "value is %s: a whole number belongs", json_tree_type(value));
        return;
    }
    integer->default_integer = value->integer;
    integer->_default_integer_case =
        KONTOR__V1__INTEGER_PARAMETER___DEFAULT_INTEGER_DEFAULT_INTEGER;
}

/*
 * Without an integer's value_type it is a text, whatever a customer would type
 * there.
 */
static void
make_input(const struct making *making)
{
    if (making->is_integer) {
        make_integer_input(making);
        return;
    }
    struct arena *arena = making->source->arena;
    Kontor__V1__TextParameter *text = arena_alloc(arena, sizeof *text);
    kontor__v1__text_parameter__init(text);
    const struct json_value *value = json_tree_get(making->object, "value");
    if (value != NULL) {
        text->default_text = value->type == JSON_TYPE_TEXT
                                 ? arena_copy(arena, value->text)
                                 : json_tree_print(value, arena);
    }
    making->parameter->type_case = KONTOR__V1__PARAMETER__TYPE_TEXT;
    making->parameter->text = text;
}

/*
 * An attribute is shown and never asked for; without a value there is nothing to
 * show.
 */
static void
make_constant(const struct making *making)
{
    const struct json_value *value = json_tree_get(making->object, "value");
    if (value == NULL) {
        source_fault(making->source, making->place, "an attribute without a value");
        return;
    }
    Kontor__V1__ConstantParameter *constant =
        arena_alloc(making->source->arena, sizeof *constant);
    kontor__v1__constant_parameter__init(constant);
    constant->value = *values_of(making, value, 1, making->place);
    making->parameter->type_case = KONTOR__V1__PARAMETER__TYPE_CONSTANT;
    making->parameter->constant = constant;
}

static void
make_date(const struct making *making)
{
    Kontor__V1__DateParameter *date = arena_alloc(making->source->arena, sizeof *date);
    kontor__v1__date_parameter__init(date);
    making->parameter->type_case = KONTOR__V1__PARAMETER__TYPE_DATE;
    making->parameter->date = date;
}

/* The types of 2019; config names the members of `config` that are understood. */
static const struct kind {
    const char *type;
    void (*make)(const struct making *making);
    const char *config[4];
    bool takes_value;
} kinds[] = {
    {"select", make_choice, {"values", "mode", NULL}, false},
    {"multiselect", make_multi_choice, {"values", "minItems", "maxItems", NULL}, false},
    {"range", make_range, {"minimum", "maximum", NULL}, false},
    {"input", make_input, {NULL}, true},
    {"attribute", make_constant, {NULL}, true},
    {"date", make_date, {NULL}, false},
};

static const struct kind *
find_kind(const char *type)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].type, type) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}

static bool
is_understood(const struct kind *kind, const char *name)
{
    for (size_t i = 0; i < 4 && kind->config[i] != NULL; i++) {
        if (strcmp(kind->config[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* What the type has no place for is told, not lost. */
static void
note_leftovers(const struct making *making, const struct kind *kind)
{
    const struct json_value *members = json_tree_get(making->object, "config");
    for (size_t i = 0; members != NULL && i < members->n; i++) {
        if (!is_understood(kind, members->members[i].name)) {
            source_finding(making->source, making->place,
                           "config.%s has no place in a %s", members->members[i].name,
                           kind->type);
        }
    }
    if (!kind->takes_value && json_tree_get(making->object, "value") != NULL) {
        source_finding(making->source, making->place, "a value has no place in a %s",
                       kind->type);
    }
}

/*
 * A parameter of an unknown type is a fault: an order without it would be taken and
 * could not be carried out.
 */
static Kontor__V1__Parameter *
read_parameter(const struct source *source, const struct json_value *object,
               const char *place)
{
    Kontor__V1__Parameter *parameter = arena_alloc(source->arena, sizeof *parameter);
    kontor__v1__parameter__init(parameter);
    json_fields_read(source, object, place, marketplace_parameter_fields, parameter);
    const char *type = json_fields_text(source, object, place, "type");
    const struct kind *kind = type == NULL ? NULL : find_kind(type);
    if (kind == NULL) {
        source_fault(source, place,
                     "its type is %s: known are select, multiselect, "
                     "range, input, attribute and date",
                     type == NULL ? "missing" : type);
        return parameter;
    }
    const struct json_value *members = json_tree_get(object, "config");
    if (members != NULL &&
        !json_fields_is_object(source, members,
                               arena_print(source->arena, "%s.config", place))) {
        return parameter;
    }
    const char *value_type = json_fields_text(source, object, place, "value_type");
    struct making making = {
        .source = source,
        .object = object,
        .place = place,
        .is_integer = value_type != NULL && strcmp(value_type, "integer") == 0,
        .parameter = parameter,
    };
    kind->make(&making);
    note_leftovers(&making, kind);
    return parameter;
}

static Kontor__V1__Offer *
read_offer(const struct source *source, const struct json_value *object,
           const char *place)
{
    Kontor__V1__Offer *offer = arena_alloc(source->arena, sizeof *offer);
    kontor__v1__offer__init(offer);
    json_fields_read(source, object, place, marketplace_offer_fields, offer);
    const struct json_value *list =
        json_fields_list(source, object, place, "parameters");
    if (list == NULL) {
        return offer;
    }
    offer->parameters =
        arena_alloc(source->arena, (list->n + 1) * sizeof(Kontor__V1__Parameter *));
    for (size_t i = 0; i < list->n; i++) {
        offer->parameters[i] =
            read_parameter(source, &list->elements[i],
                           arena_print(source->arena, "%s.parameters[%zu]", place, i));
    }
    offer->n_parameters = list->n;
    return offer;
}

/* A service without offers is listed but cannot be ordered here, as it was there. */
void
marketplace_offers(const struct source *source, const struct json_value *object,
                   const char *place, Kontor__V1__Service *service)
{
    const struct json_value *list = json_fields_list(source, object, place, "offers");
    if (list == NULL || list->n == 0) {
        source_finding(source, place, "has no offers: it cannot be ordered here");
        return;
    }
    service->offers =
        arena_alloc(source->arena, (list->n + 1) * sizeof(Kontor__V1__Offer *));
    for (size_t i = 0; i < list->n; i++) {
        Kontor__V1__Offer *offer =
            read_offer(source, &list->elements[i],
                       arena_print(source->arena, "%s.offers[%zu]", place, i));
        /* An offer takes the service's order type; only an order runs through here. */
        offer->is_internal =
            service->order_type == KONTOR__V1__ORDER_TYPE__ORDER_REQUIRED;
        service->offers[i] = offer;
    }
    service->n_offers = list->n;
}
