#include "server/order/rule_item.h"

#include <stdbool.h>
#include <string.h>

#include "catalogue/condition.h"
#include "catalogue/parameter_value.h"
#include "proto/rules.h"
#include "server/order/rule_sum.h"

#define RULE(name) KONTOR__V1__PARAMETER_RULE__RULE_##name

/* One rule being judged. */
struct judging {
    const Kontor__V1__Offer *offer;
    const struct value_row *rows;
    struct faults *faults;
};

const struct value_row *
rule_item_row(const Kontor__V1__Offer *offer, const struct value_row *rows,
              const char *id)
{
    for (size_t i = 0; i < offer->n_parameters; i++) {
        if (strcmp(offer->parameters[i]->id, id) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

/* ---- One needs the other, one excludes the other ---- */

/* A condition and the row it is about. */
struct side {
    const Kontor__V1__Condition *condition;
    const struct value_row *row;
    bool is_held;
};

/* False: what it is about is at fault itself, or was never judged. */
static bool
side_read(const struct judging *j, const Kontor__V1__Condition *condition,
          struct side *side)
{
    const struct value_row *row =
        condition == NULL ? NULL
                          : rule_item_row(j->offer, j->rows, condition->parameter);
    if (row == NULL || row->standing == VALUE_UNSURE) {
        return false;
    }
    *side = (struct side){.condition = condition,
                          .row = row,
                          .is_held = row->standing == VALUE_GIVEN &&
                                     condition_holds(condition, row->value)};
    return true;
}

/* What the other parameter must be, or must not be. */
static const char *
demand_text(const struct judging *j, const struct side *side, const char *is_not)
{
    const Kontor__V1__Condition *condition = side->condition;
    bool is_list =
        side->row->parameter->type_case == KONTOR__V1__PARAMETER__TYPE_MULTI_CHOICE;
    if (condition->n_values == 0) {
        return arena_print(j->faults->arena, "must %sbe given", is_not);
    }
    return arena_print(j->faults->arena, "must %s%s %s%s", is_not,
                       is_list ? "have" : "be",
                       condition->n_values > 1 ? "one of " : "",
                       parameter_values_text(condition->values, condition->n_values,
                                             j->faults->arena));
}

/* The fault stands at the second, and the first is the other way out. */
static void
refuse(const struct judging *j, const struct side *first, const struct side *second,
       const char *is_not)
{
    struct arena *arena = j->faults->arena;
    const char *hidden = "";
    if (second->row->standing == VALUE_HIDDEN) {
        hidden = arena_print(
            arena, " (it is asked only where %s)",
            condition_text(second->row->parameter->visible_if, j->offer, arena));
    }
    faults_add(j->faults, second->row->path, "%s where %s%s; or change %s",
               demand_text(j, second, is_not),
               condition_text(first->condition, j->offer, arena), hidden,
               first->condition->parameter);
}

static void
judge_requires(const struct judging *j, const Kontor__V1__ParameterRule *rule)
{
    struct side when;
    struct side then;
    bool is_known = side_read(j, rule->requires->when, &when) &&
                    side_read(j, rule->requires->then, &then);
    if (is_known && when.is_held && !then.is_held) {
        refuse(j, &when, &then, "");
    }
}

static void
judge_excludes(const struct judging *j, const Kontor__V1__ParameterRule *rule)
{
    struct side one;
    struct side other;
    bool is_known = side_read(j, rule->excludes->one, &one) &&
                    side_read(j, rule->excludes->other, &other);
    if (is_known && one.is_held && other.is_held) {
        refuse(j, &one, &other, "not ");
    }
}

/* ---- Sums ---- */

/* Adds what the row has, if it has a number. */
static void
add_row(struct rule_sum *sum, const struct value_row *row)
{
    if (row->value->kind_case == KONTOR__V1__VALUE__KIND_INTEGER) {
        rule_sum_add_integer(sum, row->value->integer);
    } else if (row->value->kind_case == KONTOR__V1__VALUE__KIND_DECIMAL) {
        rule_sum_add_decimal(sum, row->value->decimal);
    }
}

/* The sum of what is given; answers the last row of it, NULL = there is none, or one is
 * at fault. */
static const struct value_row *
sum_up(const struct judging *j, const Kontor__V1__SumAtMostRule *rule,
       struct rule_sum *sum)
{
    const struct value_row *last = NULL;
    for (size_t i = 0; i < rule->n_parameters; i++) {
        const struct value_row *row =
            rule_item_row(j->offer, j->rows, rule->parameters[i]);
        if (row == NULL || row->standing == VALUE_UNSURE) {
            return NULL;
        }
        if (row->standing == VALUE_GIVEN) {
            add_row(sum, row);
            last = row;
        }
    }
    return last;
}

enum { TOLD_SUMMANDS = 8 };

static const char *
summands_text(const Kontor__V1__SumAtMostRule *rule, struct arena *arena)
{
    const char *text = "";
    for (size_t i = 0; i < rule->n_parameters && i < TOLD_SUMMANDS; i++) {
        text = arena_print(arena, "%s%s%s", text, i == 0 ? "" : " + ",
                           rule->parameters[i]);
    }
    return rule->n_parameters > TOLD_SUMMANDS ? arena_print(arena, "%s + ...", text)
                                              : text;
}

static void
judge_sum(const struct judging *j, const Kontor__V1__ParameterRule *rule)
{
    const Kontor__V1__SumAtMostRule *at_most = rule->sum_at_most;
    struct arena *arena = j->faults->arena;
    struct rule_sum sum = {0};
    struct rule_sum limit = {0};
    const struct value_row *last = sum_up(j, at_most, &sum);
    if (last == NULL || !rules_is_decimal(at_most->limit)) {
        return;
    }
    rule_sum_add_decimal(&limit, at_most->limit);
    if (rule_sum_compare(&sum, &limit) > 0) {
        faults_add(j->faults, last->path, "%s is %s, at most %s%s%s: give less",
                   summands_text(at_most, arena), rule_sum_text(&sum, arena),
                   at_most->limit, last->parameter->unit[0] == '\0' ? "" : " ",
                   last->parameter->unit);
    }
}

static const struct {
    Kontor__V1__ParameterRule__RuleCase rule;
    void (*judge)(const struct judging *j, const Kontor__V1__ParameterRule *rule);
} kinds[] = {
    {RULE(REQUIRES), judge_requires},
    {RULE(EXCLUDES), judge_excludes},
    {RULE(SUM_AT_MOST), judge_sum},
};

void
rule_item_judge(const Kontor__V1__Offer *offer, const struct value_row *rows,
                struct faults *faults)
{
    struct judging judging = {.offer = offer, .rows = rows, .faults = faults};
    for (size_t i = 0; i < offer->n_rules; i++) {
        for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
            if (kinds[k].rule == offer->rules[i]->rule_case) {
                kinds[k].judge(&judging, offer->rules[i]);
            }
        }
    }
}
