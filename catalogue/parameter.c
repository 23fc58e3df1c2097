#include "catalogue/parameter.h"

#include <string.h>

#include "proto/pattern.h"
#include "proto/rules.h"

/* One parameter being judged. */
struct judging {
    struct faults *faults;
    const char *path; /* Of the type's message: offers[a].parameters[b].choice. */
};

static const char *
path_in(const struct judging *judging, const char *field)
{
    return arena_print(judging->faults->arena, "%s.%s", judging->path, field);
}

bool
parameter_pattern_matches(const char *pattern, const char *text)
{
    return pattern[0] == '\0' || pattern_matches(pattern, text);
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
    /* 1.0 and 1.00 are one amount. */
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
        arena_print(judging->faults->arena, "%s.values[%zu]", judging->path, index);
    const Kontor__V1__Value *value = values[index];
    if (!is_plain(value)) {
        faults_add(judging->faults, path,
                   "must be one value, not a list and not nothing");
        return;
    }
    /* A form shows one kind of input for the whole list. */
    if (value->kind_case != values[0]->kind_case) {
        faults_add(judging->faults, path,
                   "must be of the same type as the first value of the list");
        return;
    }
    for (size_t i = 0; i < index; i++) {
        if (parameter_same_value(value, values[i])) {
            faults_add(judging->faults, path,
                       "is values[%zu] again; values are distinct", i);
            return;
        }
    }
}

static void
judge_values(const struct judging *judging, Kontor__V1__Value **values, size_t n_values)
{
    for (size_t i = 0; i < n_values; i++) {
        judge_value(judging, values, i);
    }
}

/* ---- The types ---- */

static void
judge_text(const struct judging *judging, const Kontor__V1__Parameter *parameter)
{
    const Kontor__V1__TextParameter *text = parameter->text;
    size_t length = strlen(text->default_text);
    int32_t longest = text->max_length == 0 ? PARAMETER_MAX_TEXT : text->max_length;
    /* No default is no contradiction, whatever the limits are. */
    if (length == 0) {
        return;
    }
    if ((int64_t)length < text->min_length || (int64_t)length > longest) {
        faults_add(judging->faults, path_in(judging, "default_text"),
                   "must be %d to %d bytes, as the parameter says itself",
                   (int)text->min_length, (int)longest);
    }
    if (!parameter_pattern_matches(text->pattern, text->default_text)) {
        faults_add(judging->faults, path_in(judging, "default_text"),
                   "must match the parameter's own pattern");
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
    judge_values(judging, multi->values, multi->n_values);
    if (multi->max_items > (int64_t)multi->n_values) {
        faults_add(judging->faults, path_in(judging, "max_items"),
                   "must be 0 (= all) to the number of values, %zu", multi->n_values);
    }
}

static void
judge_quantity(const struct judging *judging, const Kontor__V1__Parameter *parameter)
{
    const Kontor__V1__Money *start = parameter->quantity->start_price;
    const Kontor__V1__Money *step = parameter->quantity->step_price;
    /* The price is their sum, and nothing here knows rates of exchange. */
    if (start != NULL && step != NULL && strcmp(start->currency, step->currency) != 0) {
        faults_add(judging->faults, path_in(judging, "step_price.currency"),
                   "must be that of start_price, %s", start->currency);
    }
}

/* The types that can contradict themselves in ways the rule table does not know. */
static const struct {
    Kontor__V1__Parameter__TypeCase type;
    const char *field;
    void (*judge)(const struct judging *judging,
                  const Kontor__V1__Parameter *parameter);
} types[] = {
    {KONTOR__V1__PARAMETER__TYPE_TEXT, "text", judge_text},
    {KONTOR__V1__PARAMETER__TYPE_CHOICE, "choice", judge_choice},
    {KONTOR__V1__PARAMETER__TYPE_MULTI_CHOICE, "multi_choice", judge_multi_choice},
    {KONTOR__V1__PARAMETER__TYPE_QUANTITY, "quantity", judge_quantity},
};

void
parameter_judge(struct faults *faults, const char *path,
                const Kontor__V1__Parameter *parameter)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (types[i].type == parameter->type_case) {
            struct judging judging = {
                .faults = faults,
                .path = arena_print(faults->arena, "%s.%s", path, types[i].field)};
            types[i].judge(&judging, parameter);
        }
    }
}
