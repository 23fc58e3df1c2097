#include "catalogue/parameter_value.h"

#include <inttypes.h>
#include <string.h>

#include "catalogue/parameter.h"
#include "proto/rules.h"

#define VALUE(name) KONTOR__V1__VALUE__KIND_##name
#define TYPE(name) KONTOR__V1__PARAMETER__TYPE_##name

enum {
    TOLD_VALUES = 8, /* Of a list. */
    TOLD_BYTES = 64, /* Of a text. */
};

/* One value being judged. */
struct judged {
    const Kontor__V1__Parameter *parameter;
    const Kontor__V1__Value *value;
    const char *path;
    const char *today;
    struct faults *faults;
};

static void
judge_text(const struct judged *j)
{
    const Kontor__V1__TextParameter *rule = j->parameter->text;
    const char *text = j->value->text;
    size_t size = strlen(text);
    /* An offer without a limit has the catalogue's: one order must not carry a book. */
    size_t max = rule->max_length > 0 ? (size_t)rule->max_length : PARAMETER_MAX_TEXT;
    if (size < (size_t)(rule->min_length > 0 ? rule->min_length : 0) || size > max) {
        faults_add(j->faults, j->path, "is %zu bytes long: give %" PRId32 " to %zu",
                   size, rule->min_length, max);
        return;
    }
    if (!parameter_pattern_matches(rule->pattern, text)) {
        faults_add(j->faults, j->path, "does not match the pattern \"%s\"",
                   rule->pattern);
    }
}

static void
judge_integer(const struct judged *j)
{
    const Kontor__V1__IntegerParameter *rule = j->parameter->integer;
    int64_t value = j->value->integer;
    bool has_min =
        rule->_minimum_case == KONTOR__V1__INTEGER_PARAMETER___MINIMUM_MINIMUM;
    bool has_max =
        rule->_maximum_case == KONTOR__V1__INTEGER_PARAMETER___MAXIMUM_MAXIMUM;
    bool is_good =
        (!has_min || value >= rule->minimum) && (!has_max || value <= rule->maximum);
    if (is_good) {
        return;
    }
    if (has_min && has_max) {
        faults_add(j->faults, j->path, "%" PRId64 " is outside %" PRId64 "..%" PRId64,
                   value, rule->minimum, rule->maximum);
    } else if (has_min) {
        faults_add(j->faults, j->path, "%" PRId64 " is below %" PRId64, value,
                   rule->minimum);
    } else {
        faults_add(j->faults, j->path, "%" PRId64 " is above %" PRId64, value,
                   rule->maximum);
    }
}

static void
judge_decimal(const struct judged *j)
{
    const Kontor__V1__DecimalParameter *rule = j->parameter->decimal;
    const char *value = j->value->decimal;
    /*
     * Decimals are compared as text, digit by digit: a double would let
     * 0.30000000000000001 pass for 0.3 (API design, "Records").
     */
    if (!rules_is_decimal(value)) {
        faults_add(j->faults, j->path, "\"%s\" is no decimal number", value);
        return;
    }
    if (rule->minimum[0] != '\0' && rules_compare_decimal(value, rule->minimum) < 0) {
        faults_add(j->faults, j->path, "%s is below %s", value, rule->minimum);
    }
    if (rule->maximum[0] != '\0' && rules_compare_decimal(value, rule->maximum) > 0) {
        faults_add(j->faults, j->path, "%s is above %s", value, rule->maximum);
    }
}

bool
parameter_is_among(Kontor__V1__Value *const *values, size_t n_values,
                   const Kontor__V1__Value *value)
{
    for (size_t i = 0; i < n_values; i++) {
        if (parameter_same_value(values[i], value)) {
            return true;
        }
    }
    return false;
}

/* The beginning of a long text: it is told once for each fault, and may be a book. */
static const char *
text_told(const char *text, struct arena *arena)
{
    size_t size = strlen(text);
    if (size <= TOLD_BYTES) {
        return arena_print(arena, "\"%s\"", text);
    }
    size = TOLD_BYTES;
    /* Not in the middle of a letter of several bytes. */
    while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80) {
        size--;
    }
    return arena_print(arena, "\"%.*s...\"", (int)size, text);
}

const char *
parameter_value_text(const Kontor__V1__Value *value, struct arena *arena)
{
    switch (value->kind_case) {
    case VALUE(TEXT):
        return text_told(value->text, arena);
    case VALUE(INTEGER):
        return arena_print(arena, "%" PRId64, value->integer);
    case VALUE(DECIMAL):
        return value->decimal;
    case VALUE(BOOLEAN):
        return value->boolean ? "true" : "false";
    case VALUE(DATE):
        return value->date;
    case VALUE(LIST):
        return "a list";
    case VALUE(_NOT_SET):
    case _KONTOR__V1__VALUE__KIND__CASE_IS_INT_SIZE:
        return "nothing";
    }
    return "nothing";
}

const char *
parameter_values_text(Kontor__V1__Value *const *values, size_t n_values,
                      struct arena *arena)
{
    const char *text = "";
    size_t n_told = n_values < TOLD_VALUES ? n_values : TOLD_VALUES;
    for (size_t i = 0; i < n_told; i++) {
        text = arena_print(arena, "%s%s%s", text, i == 0 ? "" : ", ",
                           parameter_value_text(values[i], arena));
    }
    return n_told < n_values
               ? arena_print(arena, "%s and %zu more", text, n_values - n_told)
               : text;
}

/* The first values are told in full: most lists are short, and the cure is in them. */
static void
judge_choice(const struct judged *j)
{
    const Kontor__V1__ChoiceParameter *rule = j->parameter->choice;
    if (!parameter_is_among(rule->values, rule->n_values, j->value)) {
        faults_add(
            j->faults, j->path, "%s is not offered: choose %s",
            parameter_value_text(j->value, j->faults->arena),
            parameter_values_text(rule->values, rule->n_values, j->faults->arena));
    }
}

static void
judge_multi_choice(const struct judged *j)
{
    const Kontor__V1__MultiChoiceParameter *rule = j->parameter->multi_choice;
    const Kontor__V1__ValueList *list = j->value->list;
    size_t min = rule->min_items > 0 ? (size_t)rule->min_items : 0;
    size_t max = rule->max_items > 0 ? (size_t)rule->max_items : rule->n_values;
    if (list->n_values < min || list->n_values > max) {
        faults_add(j->faults, j->path, "%zu are chosen: choose %zu to %zu",
                   list->n_values, min, max);
    }
    /* What finds no room among the faults is not put into words. */
    for (size_t i = 0; i < list->n_values && j->faults->n_rows < FAULTS_MAX; i++) {
        const Kontor__V1__Value *value = list->values[i];
        if (!parameter_is_among(rule->values, rule->n_values, value)) {
            faults_add(
                j->faults, j->path, "%s is not offered: choose of %s",
                parameter_value_text(value, j->faults->arena),
                parameter_values_text(rule->values, rule->n_values, j->faults->arena));
        } else if (parameter_is_among(list->values, i, value)) {
            faults_add(j->faults, j->path, "%s is chosen twice",
                       parameter_value_text(value, j->faults->arena));
        }
    }
}

/* A date limit: "now" is today; NULL = none. */
static const char *
limit_date(const struct judged *j, const char *limit)
{
    if (limit[0] == '\0') {
        return NULL;
    }
    return strcmp(limit, "now") == 0 ? j->today : limit;
}

static void
judge_date(const struct judged *j)
{
    const char *value = j->value->date;
    if (!rules_is_date(value)) {
        faults_add(j->faults, j->path, "\"%s\" is no date: write YYYY-MM-DD", value);
        return;
    }
    /* Dates as YYYY-MM-DD sort as text, so no calendar is needed to compare them. */
    const char *earliest = limit_date(j, j->parameter->date->earliest);
    const char *latest = limit_date(j, j->parameter->date->latest);
    if (earliest != NULL && strcmp(value, earliest) < 0) {
        faults_add(j->faults, j->path, "%s lies before %s", value, earliest);
    }
    if (latest != NULL && strcmp(value, latest) > 0) {
        faults_add(j->faults, j->path, "%s lies after %s", value, latest);
    }
}

/* None at all is said by leaving the parameter out. */
static void
judge_quantity(const struct judged *j)
{
    int64_t max = j->parameter->quantity->maximum;
    int64_t value = j->value->integer;
    if (value < 1) {
        faults_add(j->faults, j->path, "%" PRId64 " is below 1", value);
    } else if (max > 0 && value > max) {
        faults_add(j->faults, j->path, "%" PRId64 " is outside 1..%" PRId64, value,
                   max);
    }
}

/* A portal may send back all it was shown, constants too; only a changed one is a
 * mistake. */
static void
judge_constant(const struct judged *j)
{
    const Kontor__V1__Value *constant = j->parameter->constant->value;
    if (constant == NULL || !parameter_same_value(constant, j->value)) {
        faults_add(j->faults, j->path, "is a constant of the offer: leave it out");
    }
}

/* What the kind of the value says already. */
static void
judge_nothing(const struct judged *j)
{
    (void)j;
}

/* What each type of parameter takes. */
static const struct type_row {
    Kontor__V1__Parameter__TypeCase type;
    Kontor__V1__Value__KindCase kind; /* NOT_SET = any. */
    const char *wanted;
    void (*judge)(const struct judged *j);
} type_rows[] = {
    {TYPE(CONSTANT), VALUE(_NOT_SET), "", judge_constant},
    {TYPE(TEXT), VALUE(TEXT), "a text", judge_text},
    {TYPE(INTEGER), VALUE(INTEGER), "a whole number", judge_integer},
    {TYPE(DECIMAL), VALUE(DECIMAL), "a decimal number", judge_decimal},
    {TYPE(CHOICE), VALUE(_NOT_SET), "", judge_choice},
    {TYPE(MULTI_CHOICE), VALUE(LIST), "a list", judge_multi_choice},
    {TYPE(BOOLEAN), VALUE(BOOLEAN), "true or false", judge_nothing},
    {TYPE(DATE), VALUE(DATE), "a date", judge_date},
    {TYPE(QUANTITY), VALUE(INTEGER), "a whole number of pieces", judge_quantity},
};

static void
judge(const struct judged *j)
{
    for (size_t i = 0; i < sizeof type_rows / sizeof type_rows[0]; i++) {
        const struct type_row *row = &type_rows[i];
        if (row->type != j->parameter->type_case) {
            continue;
        }
        if (row->kind != VALUE(_NOT_SET) && row->kind != j->value->kind_case) {
            faults_add(j->faults, j->path, "must be %s", row->wanted);
            return;
        }
        row->judge(j);
        return;
    }
    /* An offer of a newer broker: taking a value unjudged would promise what nobody
     * checked. */
    faults_add(j->faults, j->path, "is of a type this broker does not know");
}

void
parameter_value_judge(const Kontor__V1__Parameter *parameter,
                      const Kontor__V1__Value *value, const char *path,
                      const char *today, struct faults *faults)
{
    struct judged j = {.parameter = parameter,
                       .value = value,
                       .path = path,
                       .today = today,
                       .faults = faults};
    judge(&j);
}
