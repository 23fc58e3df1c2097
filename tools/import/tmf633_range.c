/*
 * Characteristics with a range: numbers and days. A value with valueFrom or valueTo is
 * a range there; the first is ours.
 */
#include <string.h>
#include <strings.h>

#include "tools/import/json_fields.h"
#include "tools/import/leftover.h"
#include "tools/import/tmf633_type.h"

/* Whether an end of a range is part of it. Source: TMF633, rangeInterval. */
static const struct {
    const char *name;
    bool has_from;
    bool has_to;
} intervals[] = {
    {"closed", true, true},
    {"open", false, false},
    {"closedBottom", true, false},
    {"closedTop", false, true},
};

struct range {
    const struct json_value *from; /* NULL: no limit. */
    const struct json_value *to;
    bool has_from;
    bool has_to;
    const char *place;
};

static bool
is_limit(const struct json_value *value)
{
    return value != NULL && value->type != JSON_TYPE_NULL &&
           (value->type != JSON_TYPE_TEXT || value->text[0] != '\0');
}

static void
set_interval(const struct tmf633_characteristic *characteristic,
             const struct tmf633_value *value, struct range *range)
{
    const char *name = json_fields_text(characteristic->source, value->object,
                                        value->place, "rangeInterval");
    if (name == NULL || name[0] == '\0') {
        return;
    }
    for (size_t i = 0; i < sizeof intervals / sizeof intervals[0]; i++) {
        if (strcasecmp(intervals[i].name, name) == 0) {
            range->has_from = intervals[i].has_from;
            range->has_to = intervals[i].has_to;
            return;
        }
    }
    source_finding(characteristic->source, value->place,
                   "rangeInterval is \"%s\": taken as closed", name);
}

/* The first range; a parameter has one. */
static struct range
range_of(const struct tmf633_characteristic *characteristic)
{
    struct range range = {.has_from = true, .has_to = true};
    for (size_t i = 0; i < characteristic->n_values; i++) {
        const struct tmf633_value *value = &characteristic->values[i];
        const struct json_value *from = json_tree_get(value->object, "valueFrom");
        const struct json_value *to = json_tree_get(value->object, "valueTo");
        if (!is_limit(from) && !is_limit(to)) {
            continue;
        }
        if (range.place != NULL) {
            source_finding(characteristic->source, value->place,
                           "is a second range: a parameter has one, left out");
            continue;
        }
        range.from = is_limit(from) ? from : NULL;
        range.to = is_limit(to) ? to : NULL;
        range.place = value->place;
        set_interval(characteristic, value, &range);
    }
    return range;
}

void
tmf633_note_range(const struct tmf633_characteristic *characteristic, const char *noun)
{
    struct range range = range_of(characteristic);
    if (range.place != NULL) {
        source_finding(characteristic->source, range.place,
                       "a range has no place in %s", noun);
    }
}

/* A limit as a value of a kind; one that is none is told. */
static Kontor__V1__Value *
limit(const struct tmf633_characteristic *characteristic, const struct range *range,
      const struct json_value *end, Kontor__V1__Value__KindCase kind)
{
    if (end == NULL) {
        return NULL;
    }
    Kontor__V1__Value *value = parameters_value(characteristic->source, end, kind);
    if (value == NULL) {
        source_finding(characteristic->source, range->place,
                       "the limit %s is none of this type: left out",
                       json_tree_print(end, characteristic->source->arena));
    }
    return value;
}

/* An end that is not part of the range is one further in. */
static bool
set_end(const struct tmf633_characteristic *characteristic, const struct range *range,
        const struct json_value *end, int64_t step, int64_t *out)
{
    const Kontor__V1__Value *value =
        limit(characteristic, range, end, KONTOR__V1__VALUE__KIND_INTEGER);
    return value != NULL && !__builtin_add_overflow(value->integer, step, out);
}

void
tmf633_make_integer(const struct tmf633_characteristic *characteristic)
{
    const struct source *source = characteristic->source;
    const struct range range = range_of(characteristic);
    if (range.place == NULL && tmf633_count(characteristic) > 1) {
        tmf633_make_choice(characteristic);
        return;
    }
    Kontor__V1__IntegerParameter *integer =
        tmf633_new_type(characteristic, KONTOR__V1__PARAMETER__TYPE_INTEGER);
    if (set_end(characteristic, &range, range.from, range.has_from ? 0 : 1,
                &integer->minimum)) {
        integer->_minimum_case = KONTOR__V1__INTEGER_PARAMETER___MINIMUM_MINIMUM;
    }
    if (set_end(characteristic, &range, range.to, range.has_to ? 0 : -1,
                &integer->maximum)) {
        integer->_maximum_case = KONTOR__V1__INTEGER_PARAMETER___MAXIMUM_MAXIMUM;
    }
    const struct tmf633_value *value = tmf633_proposal(characteristic);
    const Kontor__V1__Value *proposed =
        value == NULL
            ? NULL
            : parameters_value(source, value->scalar, KONTOR__V1__VALUE__KIND_INTEGER);
    if (proposed != NULL) {
        integer->default_integer = proposed->integer;
        integer->_default_integer_case =
            KONTOR__V1__INTEGER_PARAMETER___DEFAULT_INTEGER_DEFAULT_INTEGER;
        tmf633_note_alias(characteristic, value);
    } else {
        tmf633_note_proposal(characteristic, "a whole number");
    }
}

static char *
decimal_end(const struct tmf633_characteristic *characteristic,
            const struct range *range, const struct json_value *end, bool is_part)
{
    const Kontor__V1__Value *value =
        limit(characteristic, range, end, KONTOR__V1__VALUE__KIND_DECIMAL);
    if (value != NULL && !is_part) {
        source_finding(characteristic->source, range->place,
                       "%s is not part of the range there, and is here",
                       value->decimal);
    }
    return arena_copy(characteristic->source->arena,
                      value == NULL ? "" : value->decimal);
}

void
tmf633_make_decimal(const struct tmf633_characteristic *characteristic)
{
    const struct range range = range_of(characteristic);
    if (range.place == NULL && tmf633_count(characteristic) > 1) {
        tmf633_make_choice(characteristic);
        return;
    }
    Kontor__V1__DecimalParameter *decimal =
        tmf633_new_type(characteristic, KONTOR__V1__PARAMETER__TYPE_DECIMAL);
    decimal->minimum = decimal_end(characteristic, &range, range.from, range.has_from);
    decimal->maximum = decimal_end(characteristic, &range, range.to, range.has_to);
    tmf633_note_proposal(characteristic, "a decimal");
}

static bool
is_whole_or_absent(const struct tmf633_characteristic *characteristic,
                   const struct json_value *value)
{
    return !is_limit(value) ||
           parameters_value(characteristic->source, value,
                            KONTOR__V1__VALUE__KIND_INTEGER) != NULL;
}

/* NUMERIC may have a fraction; it has one when something of it does. */
static bool
has_fraction(const struct tmf633_characteristic *characteristic)
{
    for (size_t i = 0; i < characteristic->n_values; i++) {
        const struct tmf633_value *value = &characteristic->values[i];
        bool is_whole =
            is_whole_or_absent(characteristic, value->scalar) &&
            is_whole_or_absent(characteristic,
                               json_tree_get(value->object, "valueFrom")) &&
            is_whole_or_absent(characteristic, json_tree_get(value->object, "valueTo"));
        if (!is_whole) {
            return true;
        }
    }
    return false;
}

void
tmf633_make_number(const struct tmf633_characteristic *characteristic)
{
    if (has_fraction(characteristic)) {
        tmf633_make_decimal(characteristic);
        return;
    }
    tmf633_make_integer(characteristic);
}

/* A day, or "now", which is the day an order is placed. */
static char *
day_end(const struct tmf633_characteristic *characteristic, const struct range *range,
        const struct json_value *end)
{
    bool is_now =
        end != NULL && end->type == JSON_TYPE_TEXT && strcmp(end->text, "now") == 0;
    const Kontor__V1__Value *value =
        is_now ? NULL : limit(characteristic, range, end, KONTOR__V1__VALUE__KIND_DATE);
    const char *day = value == NULL ? "" : value->date;
    return arena_copy(characteristic->source->arena, is_now ? "now" : day);
}

void
tmf633_make_date(const struct tmf633_characteristic *characteristic)
{
    const struct range range = range_of(characteristic);
    Kontor__V1__DateParameter *date =
        tmf633_new_type(characteristic, KONTOR__V1__PARAMETER__TYPE_DATE);
    date->earliest = day_end(characteristic, &range, range.from);
    date->latest = day_end(characteristic, &range, range.to);
    tmf633_note_proposal(characteristic, "a date");
}

void
tmf633_make_day(const struct tmf633_characteristic *characteristic)
{
    leftover_note(
        characteristic->source,
        json_fields_below(characteristic->source, characteristic->place, "valueType"),
        "is a time: the day is asked", NULL);
    tmf633_make_date(characteristic);
}
