#include "catalogue/offer_rule.h"

#include <string.h>

#include "catalogue/condition.h"
#include "proto/rules.h"

#define TYPE(name) KONTOR__V1__PARAMETER__TYPE_##name
#define RULE(name) KONTOR__V1__PARAMETER_RULE__RULE_##name

/* ---- Who is asked where ---- */

enum { NOBODY = -1 };

/* The place of the parameter that decides whether this one is asked; NOBODY = none. */
static int
decider_of(const Kontor__V1__Offer *offer, const Kontor__V1__Parameter *parameter)
{
    for (size_t i = 0; parameter->visible_if != NULL && i < offer->n_parameters; i++) {
        if (strcmp(offer->parameters[i]->id, parameter->visible_if->parameter) == 0) {
            return (int)i;
        }
    }
    return NOBODY;
}

/* Whether who decides about a parameter, and who about that one, leads back to it. */
static bool
does_wait_for_itself(const int *deciders, size_t n, size_t first)
{
    int at = deciders[first];
    for (size_t i = 0; at != NOBODY && at != (int)first && i < n; i++) {
        at = deciders[at];
    }
    return at == (int)first;
}

static void
judge_visible(struct faults *faults, const char *path, const Kontor__V1__Offer *offer,
              const int *deciders)
{
    for (size_t i = 0; i < offer->n_parameters; i++) {
        const Kontor__V1__Parameter *parameter = offer->parameters[i];
        if (parameter->visible_if == NULL) {
            continue;
        }
        const char *condition_path = arena_print(
            faults->arena, "%s.parameters[%s].visible_if", path, parameter->id);
        condition_judge(faults, condition_path, offer, parameter->visible_if);
        if (does_wait_for_itself(deciders, offer->n_parameters, i)) {
            faults_add(
                faults, arena_print(faults->arena, "%s.parameter", condition_path),
                "%s would decide about itself, so that nobody could be asked for "
                "it: name a parameter that does not depend on it",
                parameter->id);
        }
    }
}

/* ---- Rules ---- */

/* One rule being judged. */
struct judging {
    struct faults *faults;
    const char *path; /* Of the rule's own message: offers[a].rules[0].requires. */
    const Kontor__V1__Offer *offer;
};

static const char *
path_in(const struct judging *judging, const char *field)
{
    return arena_print(judging->faults->arena, "%s.%s", judging->path, field);
}

/* Two conditions of a rule; names are their fields'. */
static void
judge_pair(const struct judging *judging, const Kontor__V1__Condition *first,
           const char *first_name, const Kontor__V1__Condition *second,
           const char *second_name)
{
    /* What is missing is the rule table's to say. */
    if (first == NULL || second == NULL) {
        return;
    }
    condition_judge(judging->faults, path_in(judging, first_name), judging->offer,
                    first);
    condition_judge(judging->faults, path_in(judging, second_name), judging->offer,
                    second);
    if (strcmp(first->parameter, second->parameter) == 0) {
        faults_add(judging->faults,
                   arena_print(judging->faults->arena, "%s.parameter",
                               path_in(judging, second_name)),
                   "must be another parameter than that of %s", first_name);
    }
}

static void
judge_requires(const struct judging *judging, const Kontor__V1__ParameterRule *rule)
{
    judge_pair(judging, rule->requires->when, "when", rule->requires->then, "then");
}

/* Whether every order fulfils the condition. */
static bool
is_unavoidable(const Kontor__V1__Offer *offer, const Kontor__V1__Condition *condition)
{
    const Kontor__V1__Parameter *parameter =
        condition_parameter(offer, condition->parameter);
    if (parameter == NULL || parameter->visible_if != NULL) {
        return false;
    }
    /* A value of a constant's condition is the constant's, or it is at fault. */
    return parameter->type_case == TYPE(CONSTANT) ||
           (parameter->required && condition->n_values == 0);
}

static void
judge_excludes(const struct judging *judging, const Kontor__V1__ParameterRule *rule)
{
    const Kontor__V1__Condition *one = rule->excludes->one;
    const Kontor__V1__Condition *other = rule->excludes->other;
    judge_pair(judging, one, "one", other, "other");
    if (one != NULL && other != NULL && is_unavoidable(judging->offer, one) &&
        is_unavoidable(judging->offer, other)) {
        faults_add(judging->faults, judging->path,
                   "%s and %s are in every order, so that nothing could be ordered: "
                   "make one of them optional",
                   one->parameter, other->parameter);
    }
}

/* Why a parameter cannot be part of the sum that begins with first; NULL = it can. */
static const char *
why_no_summand(struct arena *arena, const Kontor__V1__Parameter *first,
               const Kontor__V1__Parameter *parameter)
{
    if (parameter == NULL) {
        return "the offer has no such parameter";
    }
    if (parameter->type_case != TYPE(INTEGER) &&
        parameter->type_case != TYPE(DECIMAL) &&
        parameter->type_case != TYPE(QUANTITY)) {
        return "must be an integer, a decimal or a quantity to be added up";
    }
    if (first != NULL && strcmp(first->unit, parameter->unit) != 0) {
        return arena_print(arena,
                           "is in \"%s\" and %s in \"%s\": only what has one unit can "
                           "be added up",
                           parameter->unit, first->id, first->unit);
    }
    return NULL;
}

static void
judge_sum(const struct judging *judging, const Kontor__V1__ParameterRule *rule)
{
    const Kontor__V1__SumAtMostRule *sum = rule->sum_at_most;
    const Kontor__V1__Parameter *first = NULL;
    for (size_t i = 0; i < sum->n_parameters; i++) {
        const Kontor__V1__Parameter *parameter =
            condition_parameter(judging->offer, sum->parameters[i]);
        const char *why = why_no_summand(judging->faults->arena, first, parameter);
        first = first == NULL ? parameter : first;
        if (why != NULL) {
            faults_add(judging->faults,
                       arena_print(judging->faults->arena, "%s.parameters[%zu]",
                                   judging->path, i),
                       "%s", why);
        }
    }
    if (rules_is_decimal(sum->limit) && rules_compare_decimal(sum->limit, "0") < 0) {
        faults_add(judging->faults, path_in(judging, "limit"), "must be 0 or more");
    }
}

static const struct {
    Kontor__V1__ParameterRule__RuleCase rule;
    const char *field;
    void (*judge)(const struct judging *judging, const Kontor__V1__ParameterRule *rule);
} kinds[] = {
    {RULE(REQUIRES), "requires", judge_requires},
    {RULE(EXCLUDES), "excludes", judge_excludes},
    {RULE(SUM_AT_MOST), "sum_at_most", judge_sum},
};

static void
judge_rule(struct faults *faults, const char *path, const Kontor__V1__Offer *offer,
           const Kontor__V1__ParameterRule *rule)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (kinds[i].rule == rule->rule_case) {
            struct judging judging = {
                .faults = faults,
                .path = arena_print(faults->arena, "%s.%s", path, kinds[i].field),
                .offer = offer};
            kinds[i].judge(&judging, rule);
        }
    }
}

void
offer_rule_judge(struct faults *faults, const char *path,
                 const Kontor__V1__Offer *offer)
{
    int *deciders =
        arena_alloc(faults->arena, (offer->n_parameters + 1) * sizeof(*deciders));
    for (size_t i = 0; i < offer->n_parameters; i++) {
        deciders[i] = decider_of(offer, offer->parameters[i]);
    }
    judge_visible(faults, path, offer, deciders);
    for (size_t i = 0; i < offer->n_rules; i++) {
        judge_rule(faults, arena_print(faults->arena, "%s.rules[%zu]", path, i), offer,
                   offer->rules[i]);
    }
}
