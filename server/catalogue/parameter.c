#include "server/catalogue/parameter.h"

#include <ctype.h>
#include <inttypes.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "proto/rules.h"

/* One parameter being judged. */
struct judging {
    struct call *call;
    const char *path; /* Of the type's message: offers[a].parameters[b].choice. */
};

static const char *
path_in(const struct judging *judging, const char *field)
{
    return arena_print(judging->call->arena, "%s.%s", judging->path, field);
}

/* ---- Patterns ---- */

/* The product of the counted repeats of a pattern, capped: the C library unrolls them,
 * so that nested ones can take all memory there is. */
static long
repeats_of(const char *pattern)
{
    long product = 1;
    for (const char *brace = strchr(pattern, '{'); brace != NULL;
         brace = strchr(brace + 1, '{')) {
        const char *last = brace + 1;
        long count = strtol(brace + 1, (char **)&last, 10);
        if (*last == ',' && isdigit((unsigned char)last[1])) {
            count = strtol(last + 1, NULL, 10);
        }
        if (count < 0 || count > PARAMETER_MAX_REPEATS) {
            return PARAMETER_MAX_REPEATS + 1;
        }
        product *= count == 0 ? 1 : count;
        if (product > PARAMETER_MAX_REPEATS) {
            return product;
        }
    }
    return product;
}

/* Back references are no part of POSIX extended expressions, and take exponential time.
 */
static bool
has_back_reference(const char *pattern)
{
    for (const char *at = pattern; *at != '\0'; at++) {
        if (*at != '\\') {
            continue;
        }
        if (isdigit((unsigned char)at[1])) {
            return true;
        }
        at += at[1] != '\0';
    }
    return false;
}

const char *
parameter_pattern_fault(struct arena *arena, const char *pattern)
{
    regex_t compiled;
    char message[128];
    int error;
    if (strlen(pattern) > PARAMETER_MAX_PATTERN) {
        return arena_print(arena, "must be at most %d bytes", PARAMETER_MAX_PATTERN);
    }
    if (repeats_of(pattern) > PARAMETER_MAX_REPEATS) {
        return arena_print(arena, "its counted repeats multiply to more than %d",
                           PARAMETER_MAX_REPEATS);
    }
    if (has_back_reference(pattern)) {
        return "must not refer back to a group";
    }
    error = regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB);
    if (error != 0) {
        regerror(error, NULL, message, sizeof(message));
        return arena_print(arena, "is no extended regular expression: %s", message);
    }
    regfree(&compiled);
    return NULL;
}

bool
parameter_pattern_matches(struct arena *arena, const char *pattern, const char *text)
{
    regex_t compiled;
    bool is_match;
    if (pattern[0] == '\0') {
        return true;
    }
    if (parameter_pattern_fault(arena, pattern) != NULL ||
        regcomp(&compiled, arena_print(arena, "^(%s)$", pattern),
                REG_EXTENDED | REG_NOSUB) != 0) {
        return false;
    }
    is_match = regexec(&compiled, text, 0, NULL, 0) == 0;
    regfree(&compiled);
    return is_match;
}

/* ---- Values ---- */

bool
parameter_same_value(const Kontor__V1__Value *a, const Kontor__V1__Value *b)
{
    if (a->kind_case != b->kind_case) {
        return false;
    }
    switch (a->kind_case) {
    case KONTOR__V1__VALUE__KIND_TEXT:
        return strcmp(a->text, b->text) == 0;
    case KONTOR__V1__VALUE__KIND_INTEGER:
        return a->integer == b->integer;
    case KONTOR__V1__VALUE__KIND_DECIMAL:
        return rules_is_decimal(a->decimal) && rules_is_decimal(b->decimal) &&
               rules_compare_decimal(a->decimal, b->decimal) == 0;
    case KONTOR__V1__VALUE__KIND_BOOLEAN:
        return (a->boolean != 0) == (b->boolean != 0);
    case KONTOR__V1__VALUE__KIND_DATE:
        return strcmp(a->date, b->date) == 0;
    case KONTOR__V1__VALUE__KIND_LIST:
    case KONTOR__V1__VALUE__KIND__NOT_SET:
    case _KONTOR__V1__VALUE__KIND__CASE_IS_INT_SIZE:
        break;
    }
    return false;
}

static bool
is_plain(const Kontor__V1__Value *value)
{
    return value->kind_case != KONTOR__V1__VALUE__KIND__NOT_SET &&
           value->kind_case != KONTOR__V1__VALUE__KIND_LIST;
}

static void
judge_value(const struct judging *judging, Kontor__V1__Value **values, size_t index)
{
    const char *path =
        arena_print(judging->call->arena, "%s.values[%zu]", judging->path, index);
    const Kontor__V1__Value *value = values[index];
    if (!is_plain(value)) {
        call_fault(judging->call, path,
                   "must be one value, not a list and not nothing");
        return;
    }
    if (value->kind_case != values[0]->kind_case) {
        call_fault(judging->call, path,
                   "must be of the same type as the first value of the list");
        return;
    }
    for (size_t i = 0; i < index; i++) {
        if (parameter_same_value(value, values[i])) {
            call_fault(judging->call, path, "is values[%zu] again; values are distinct",
                       i);
            return;
        }
    }
}

static void
judge_values(const struct judging *judging, Kontor__V1__Value **values, size_t n_values)
{
    if (n_values == 0) {
        call_fault(judging->call, path_in(judging, "values"),
                   "must hold at least one value");
    }
    for (size_t i = 0; i < n_values; i++) {
        judge_value(judging, values, i);
    }
}

/* ---- The types ---- */

static void
judge_constant(const struct judging *judging, const Kontor__V1__Parameter *parameter)
{
    const Kontor__V1__Value *value = parameter->constant->value;
    if (value == NULL || value->kind_case == KONTOR__V1__VALUE__KIND__NOT_SET) {
        call_fault(judging->call, path_in(judging, "value"), "is required");
    }
}

static void
judge_default_text(const struct judging *judging, const Kontor__V1__TextParameter *text)
{
    size_t length = strlen(text->default_text);
    int32_t longest = text->max_length == 0 ? PARAMETER_MAX_TEXT : text->max_length;
    if (length == 0) {
        return;
    }
    if ((int64_t)length < text->min_length || (int64_t)length > longest) {
        call_fault(judging->call, path_in(judging, "default_text"),
                   "must be %d to %d bytes, as the parameter says itself",
                   (int)text->min_length, (int)longest);
    }
    if (!parameter_pattern_matches(judging->call->arena, text->pattern,
                                   text->default_text)) {
        call_fault(judging->call, path_in(judging, "default_text"),
                   "must match the parameter's own pattern");
    }
}

static void
judge_text(const struct judging *judging, const Kontor__V1__Parameter *parameter)
{
    const Kontor__V1__TextParameter *text = parameter->text;
    const char *fault = parameter_pattern_fault(judging->call->arena, text->pattern);
    if (fault != NULL) {
        call_fault(judging->call, path_in(judging, "pattern"), "%s", fault);
        return;
    }
    if (text->min_length < 0 || text->max_length < 0) {
        call_fault(judging->call, path_in(judging, "min_length"),
                   "lengths must not be negative");
        return;
    }
    if (text->min_length >
        (text->max_length == 0 ? PARAMETER_MAX_TEXT : text->max_length)) {
        call_fault(judging->call, path_in(judging, "min_length"),
                   "must not be above max_length");
        return;
    }
    judge_default_text(judging, text);
}

static void
judge_integer(const struct judging *judging, const Kontor__V1__Parameter *parameter)
{
    const Kontor__V1__IntegerParameter *integer = parameter->integer;
    bool has_minimum = integer->_minimum_case != 0;
    bool has_maximum = integer->_maximum_case != 0;
    bool has_default = integer->_default_integer_case != 0;
    if (has_minimum && has_maximum && integer->minimum > integer->maximum) {
        call_fault(judging->call, path_in(judging, "minimum"),
                   "must not be above maximum");
        return;
    }
    if ((has_default && has_minimum && integer->default_integer < integer->minimum) ||
        (has_default && has_maximum && integer->default_integer > integer->maximum)) {
        call_fault(judging->call, path_in(judging, "default_integer"),
                   "must lie between minimum and maximum");
    }
}

static void
judge_decimal(const struct judging *judging, const Kontor__V1__Parameter *parameter)
{
    const Kontor__V1__DecimalParameter *decimal = parameter->decimal;
    bool has_both =
        rules_is_decimal(decimal->minimum) && rules_is_decimal(decimal->maximum);
    if (has_both && rules_compare_decimal(decimal->minimum, decimal->maximum) > 0) {
        call_fault(judging->call, path_in(judging, "minimum"),
                   "must not be above maximum");
    }
}

static void
judge_choice(const struct judging *judging, const Kontor__V1__Parameter *parameter)
{
    judge_values(judging, parameter->choice->values, parameter->choice->n_values);
}

static void
judge_multi_choice(const struct judging *judging,
                   const Kontor__V1__Parameter *parameter)
{
    const Kontor__V1__MultiChoiceParameter *multi = parameter->multi_choice;
    int64_t most = multi->max_items == 0 ? (int64_t)multi->n_values : multi->max_items;
    judge_values(judging, multi->values, multi->n_values);
    if (multi->max_items < 0 || most > (int64_t)multi->n_values) {
        call_fault(judging->call, path_in(judging, "max_items"),
                   "must be 0 (= all) to the number of values, %zu", multi->n_values);
    }
    if (multi->min_items < 0 || multi->min_items > most) {
        call_fault(judging->call, path_in(judging, "min_items"),
                   "must be 0 to the most that may be chosen, %" PRId64, most);
    }
}

static void
judge_boolean(const struct judging *judging, const Kontor__V1__Parameter *parameter)
{
    /* A yes or no says nothing about itself that could be wrong. */
    (void)judging;
    (void)parameter;
}

static void
judge_date(const struct judging *judging, const Kontor__V1__Parameter *parameter)
{
    const Kontor__V1__DateParameter *date = parameter->date;
    bool has_both = rules_is_date(date->earliest) && rules_is_date(date->latest);
    /* Dates of this form are in order when their texts are. */
    if (has_both && strcmp(date->earliest, date->latest) > 0) {
        call_fault(judging->call, path_in(judging, "earliest"),
                   "must not be after latest");
    }
}

static void
judge_quantity(const struct judging *judging, const Kontor__V1__Parameter *parameter)
{
    const Kontor__V1__QuantityParameter *quantity = parameter->quantity;
    const Kontor__V1__Money *start = quantity->start_price;
    const Kontor__V1__Money *step = quantity->step_price;
    if (quantity->maximum < 0) {
        call_fault(judging->call, path_in(judging, "maximum"), "must not be negative");
    }
    if (start != NULL && step != NULL && strcmp(start->currency, step->currency) != 0) {
        call_fault(judging->call, path_in(judging, "step_price.currency"),
                   "must be that of start_price, %s", start->currency);
    }
}

/* One row a type, in the order of the oneof. */
static const struct {
    Kontor__V1__Parameter__TypeCase type;
    const char *field;
    void (*judge)(const struct judging *judging,
                  const Kontor__V1__Parameter *parameter);
} types[] = {
    {KONTOR__V1__PARAMETER__TYPE_CONSTANT, "constant", judge_constant},
    {KONTOR__V1__PARAMETER__TYPE_TEXT, "text", judge_text},
    {KONTOR__V1__PARAMETER__TYPE_INTEGER, "integer", judge_integer},
    {KONTOR__V1__PARAMETER__TYPE_DECIMAL, "decimal", judge_decimal},
    {KONTOR__V1__PARAMETER__TYPE_CHOICE, "choice", judge_choice},
    {KONTOR__V1__PARAMETER__TYPE_MULTI_CHOICE, "multi_choice", judge_multi_choice},
    {KONTOR__V1__PARAMETER__TYPE_BOOLEAN, "boolean", judge_boolean},
    {KONTOR__V1__PARAMETER__TYPE_DATE, "date", judge_date},
    {KONTOR__V1__PARAMETER__TYPE_QUANTITY, "quantity", judge_quantity},
};

void
parameter_judge(struct call *call, const char *path,
                const Kontor__V1__Parameter *parameter)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (types[i].type == parameter->type_case) {
            const char *inner = arena_print(call->arena, "%s.%s", path, types[i].field);
            types[i].judge(&(struct judging){.call = call, .path = inner}, parameter);
            return;
        }
    }
    call_fault(call, arena_print(call->arena, "%s.type", path),
               "must be one of the types a parameter can have");
}
