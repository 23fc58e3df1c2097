#include "catalogue/condition.h"

#include <string.h>

#include "catalogue/parameter.h"
#include "catalogue/parameter_value.h"

#define TYPE(name) KONTOR__V1__PARAMETER__TYPE_##name

const Kontor__V1__Parameter *
condition_parameter(const Kontor__V1__Offer *offer, const char *id)
{
    for (size_t i = 0; i < offer->n_parameters; i++) {
        if (strcmp(offer->parameters[i]->id, id) == 0) {
            return offer->parameters[i];
        }
    }
    return NULL;
}

/* Whether a value is another one, or a list that has it. */
static bool
is_or_has(const Kontor__V1__Value *whole, const Kontor__V1__Value *value)
{
    return whole->kind_case == KONTOR__V1__VALUE__KIND_LIST
               ? parameter_is_among(whole->list->values, whole->list->n_values, value)
               : parameter_same_value(whole, value);
}

/* ---- Whether it makes sense ---- */

/* Why a constant never has a value; NULL = it does. */
static const char *
why_not_constant(struct faults *faults, const Kontor__V1__Value *constant,
                 const Kontor__V1__Value *value)
{
    return constant == NULL || is_or_has(constant, value)
               ? NULL
               : arena_print(faults->arena, "it is always %s",
                             parameter_value_text(constant, faults->arena));
}

/* Why a parameter can never have a value; NULL = it can. */
static const char *
why_never(struct faults *faults, const Kontor__V1__Parameter *parameter,
          const Kontor__V1__Value *value)
{
    struct faults found = {.arena = faults->arena};
    const Kontor__V1__MultiChoiceParameter *multi = parameter->multi_choice;
    if (value->kind_case == KONTOR__V1__VALUE__KIND__NOT_SET ||
        value->kind_case == KONTOR__V1__VALUE__KIND_LIST) {
        return "name one value, not a list and not nothing";
    }
    if (parameter->type_case == TYPE(CONSTANT)) {
        return why_not_constant(faults, parameter->constant->value, value);
    }
    /* What is asked of a list is that the value is in it. */
    if (parameter->type_case == TYPE(MULTI_CHOICE)) {
        return parameter_is_among(multi->values, multi->n_values, value)
                   ? NULL
                   : "it is not offered";
    }
    /* Days pass: one that "now" keeps out today may be chosen once. */
    parameter_value_judge(parameter, value, "", NULL, &found);
    return found.n_found == 0 ? NULL : found.rows[0].description;
}

static void
judge_value(struct faults *faults, const char *path,
            const Kontor__V1__Parameter *parameter,
            const Kontor__V1__Condition *condition, size_t index)
{
    const Kontor__V1__Value *value = condition->values[index];
    const char *value_path = arena_print(faults->arena, "%s.values[%zu]", path, index);
    const char *why = why_never(faults, parameter, value);
    if (why != NULL) {
        faults_add(faults, value_path, "%s can never have this value: %s",
                   parameter->id, why);
    } else if (parameter_is_among(condition->values, index, value)) {
        faults_add(faults, value_path, "%s stands there already; values are distinct",
                   parameter_value_text(value, faults->arena));
    }
}

void
condition_judge(struct faults *faults, const char *path, const Kontor__V1__Offer *offer,
                const Kontor__V1__Condition *condition)
{
    const Kontor__V1__Parameter *parameter =
        condition_parameter(offer, condition->parameter);
    if (parameter == NULL) {
        faults_add(faults, arena_print(faults->arena, "%s.parameter", path),
                   "the offer has no parameter \"%s\"", condition->parameter);
        return;
    }
    /* What is wrong with the parameter itself is said there. */
    if (parameter->type_case == TYPE(_NOT_SET)) {
        return;
    }
    for (size_t i = 0; i < condition->n_values; i++) {
        judge_value(faults, path, parameter, condition, i);
    }
}

/* ---- Whether it is fulfilled ---- */

bool
condition_holds(const Kontor__V1__Condition *condition, const Kontor__V1__Value *value)
{
    if (value == NULL) {
        return false;
    }
    if (condition->n_values == 0) {
        return true;
    }
    for (size_t i = 0; i < condition->n_values; i++) {
        if (is_or_has(value, condition->values[i])) {
            return true;
        }
    }
    return false;
}

const char *
condition_text(const Kontor__V1__Condition *condition, const Kontor__V1__Offer *offer,
               struct arena *arena)
{
    const Kontor__V1__Parameter *parameter =
        condition_parameter(offer, condition->parameter);
    bool is_list = parameter != NULL && parameter->type_case == TYPE(MULTI_CHOICE);
    if (condition->n_values == 0) {
        return arena_print(arena, "%s is given", condition->parameter);
    }
    return arena_print(
        arena, "%s %s%s %s", condition->parameter, is_list ? "has" : "is",
        condition->n_values > 1 ? " one of" : "",
        parameter_values_text(condition->values, condition->n_values, arena));
}
