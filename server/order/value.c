#include "server/order/value.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "catalogue/condition.h"
#include "catalogue/parameter_value.h"
#include "server/order/rule_item.h"

#define TYPE(name) KONTOR__V1__PARAMETER__TYPE_##name

/* The values of one item being judged. */
struct judging {
    const Kontor__V1__Offer *offer;
    struct value_row *rows; /* One a parameter of the offer, in its order. */
    bool *is_settled;
    const char *today;
    struct faults *faults;
    struct values *values; /* What comes of it. */
};

static Kontor__V1__ParameterValue *
given_value(Kontor__V1__ParameterValue *const *given, size_t n_given, const char *id)
{
    for (size_t i = 0; i < n_given; i++) {
        if (strcmp(given[i]->id, id) == 0) {
            return given[i];
        }
    }
    return NULL;
}

static const char *
value_path(const char *path, const char *id, struct faults *faults)
{
    return arena_print(faults->arena, "%s.parameters[%s]", path, id);
}

/* Values of parameters the offer does not have, and values given twice. */
static void
judge_ids(const Kontor__V1__Offer *offer, Kontor__V1__ParameterValue *const *given,
          size_t n_given, const char *path, struct faults *faults)
{
    for (size_t i = 0; i < n_given; i++) {
        const char *id = given[i]->id;
        if (condition_parameter(offer, id) == NULL) {
            faults_add(faults, value_path(path, id, faults),
                       "offer %s has no such parameter", offer->iid);
        } else if (given_value(given, i, id) != NULL) {
            faults_add(faults, value_path(path, id, faults), "is given twice");
        }
    }
}

/* ---- Whether a parameter is asked ---- */

static void settle(const struct judging *j, size_t i);

/* The row that decides whether another one is asked, settled; NULL = the offer, which
 * nobody judged then, has none. */
static const struct value_row *
decider(const struct judging *j, const Kontor__V1__Condition *condition)
{
    const struct value_row *row =
        rule_item_row(j->offer, j->rows, condition->parameter);
    if (row != NULL) {
        settle(j, (size_t)(row - j->rows));
    }
    return row;
}

/* HIDDEN, UNSURE, or ABSENT for one that is asked. */
static enum value_standing
standing_of(const struct judging *j, const Kontor__V1__Parameter *parameter)
{
    if (parameter->visible_if == NULL) {
        return VALUE_ABSENT;
    }
    const struct value_row *row = decider(j, parameter->visible_if);
    if (row != NULL && row->standing == VALUE_UNSURE) {
        return VALUE_UNSURE;
    }
    bool is_asked = row != NULL && row->standing == VALUE_GIVEN &&
                    condition_holds(parameter->visible_if, row->value);
    return is_asked ? VALUE_ABSENT : VALUE_HIDDEN;
}

enum { TOLD_CONDITIONS = 4 };

/* What would let it be asked: its own condition, and that of each hidden one before. */
static const char *
way_out(const struct judging *j, const Kontor__V1__Condition *condition)
{
    struct arena *arena = j->faults->arena;
    const char *text = condition_text(condition, j->offer, arena);
    for (int i = 1; i < TOLD_CONDITIONS; i++) {
        const struct value_row *row =
            rule_item_row(j->offer, j->rows, condition->parameter);
        if (row == NULL || row->standing != VALUE_HIDDEN) {
            return text;
        }
        condition = row->parameter->visible_if;
        text = arena_print(arena, "%s, and that only where %s", text,
                           condition_text(condition, j->offer, arena));
    }
    return text;
}

/* ---- One parameter ---- */

/* Judges the value given; answers whether it is sound. */
static bool
judge_given(const struct judging *j, const struct value_row *row)
{
    const Kontor__V1__Parameter *parameter = row->parameter;
    const Kontor__V1__Value *value = row->given->value;
    size_t n_before = j->faults->n_found;
    /* A form sends an empty field where nothing was written. */
    if (parameter->required && parameter->type_case == TYPE(TEXT) &&
        value->kind_case == KONTOR__V1__VALUE__KIND_TEXT && value->text[0] == '\0') {
        faults_add(j->faults, row->path, "is required, and empty: %s",
                   parameter->label);
        return false;
    }
    parameter_value_judge(parameter, value, row->path, j->today, j->faults);
    return j->faults->n_found == n_before;
}

static void
ask(struct values *values, const Kontor__V1__Parameter *parameter)
{
    values->questions[values->n_questions++] = (Kontor__V1__Parameter *)parameter;
}

/* A parameter that is asked, or may be. */
static enum value_standing
settle_asked(const struct judging *j, struct value_row *row, bool is_sure)
{
    const Kontor__V1__Parameter *parameter = row->parameter;
    bool is_constant = parameter->type_case == TYPE(CONSTANT);
    bool is_sound = true;
    if (row->given != NULL) {
        is_sound = judge_given(j, row);
        row->value = row->given->value;
    } else if (is_constant) {
        row->value = parameter->constant->value;
    } else if (parameter->required && is_sure && j->values->is_plan) {
        ask(j->values, row->parameter);
        is_sound = false;
    } else if (parameter->required && is_sure) {
        faults_add(j->faults, row->path, "is required: %s", parameter->label);
        is_sound = false;
    }
    if (!is_sound || !is_sure) {
        return VALUE_UNSURE;
    }
    return row->value != NULL ? VALUE_GIVEN : VALUE_ABSENT;
}

static void
settle(const struct judging *j, size_t i)
{
    struct value_row *row = &j->rows[i];
    /* Marked before it is: conditions that run in a circle, which no stored offer has,
     * end here. */
    if (j->is_settled[i]) {
        return;
    }
    j->is_settled[i] = true;
    enum value_standing standing = standing_of(j, row->parameter);
    if (standing != VALUE_HIDDEN) {
        row->standing = settle_asked(j, row, standing != VALUE_UNSURE);
    } else if (row->given != NULL) {
        faults_add(j->faults, row->path, "is asked only where %s: leave it out",
                   way_out(j, row->parameter->visible_if));
    }
}

/* ---- All of them ---- */

static Kontor__V1__ParameterValue *
constant_value(const Kontor__V1__Parameter *parameter, struct arena *arena)
{
    Kontor__V1__ParameterValue *value = arena_alloc(arena, sizeof *value);
    kontor__v1__parameter_value__init(value);
    value->id = parameter->id;
    value->value = parameter->constant->value;
    return value;
}

/*
 * What is stored follows the offer's order and holds its constants: the agent reads one
 * list, and need not know the catalogue of that day. What is not asked is not there.
 */
static void
gather(const struct judging *j, struct values *out)
{
    size_t n = j->offer->n_parameters;
    out->rows = arena_alloc(j->faults->arena, (n + 1) * sizeof *out->rows);
    out->n_rows = 0;
    for (size_t i = 0; i < n; i++) {
        const struct value_row *row = &j->rows[i];
        if (row->standing != VALUE_GIVEN) {
            continue;
        }
        out->rows[out->n_rows++] =
            row->parameter->type_case == TYPE(CONSTANT)
                ? constant_value(row->parameter, j->faults->arena)
                : row->given;
    }
}

static void
begin(struct judging *j, Kontor__V1__ParameterValue *const *given, size_t n_given,
      const char *path)
{
    size_t n = j->offer->n_parameters;
    j->rows = arena_alloc(j->faults->arena, (n + 1) * sizeof *j->rows);
    j->is_settled = arena_alloc(j->faults->arena, (n + 1) * sizeof *j->is_settled);
    for (size_t i = 0; i < n; i++) {
        const Kontor__V1__Parameter *parameter = j->offer->parameters[i];
        Kontor__V1__ParameterValue *value = given_value(given, n_given, parameter->id);
        j->rows[i] = (struct value_row){
            .parameter = parameter,
            .given = value != NULL && value->value != NULL ? value : NULL,
            .path = value_path(path, parameter->id, j->faults),
            .standing = VALUE_HIDDEN};
        j->is_settled[i] = false;
    }
}

void
value_judge(const Kontor__V1__Offer *offer, Kontor__V1__ParameterValue *const *given,
            size_t n_given, const char *path, int64_t now_ms, struct faults *faults,
            struct values *out)
{
    /*
     * Today is UTC's, taken once from the call: decided again at the committer, past
     * midnight perhaps, the order is judged by the day it arrived.
     */
    struct judging j = {.offer = offer,
                        .today = value_date(now_ms, faults->arena),
                        .faults = faults,
                        .values = out};
    out->questions =
        arena_alloc(faults->arena, (offer->n_parameters + 1) * sizeof *out->questions);
    out->n_questions = 0;
    judge_ids(offer, given, n_given, path, faults);
    begin(&j, given, n_given, path);
    for (size_t i = 0; i < offer->n_parameters; i++) {
        settle(&j, i);
    }
    rule_item_judge(offer, j.rows, faults);
    gather(&j, out);
}

const char *
value_date(int64_t now_ms, struct arena *arena)
{
    time_t now = (time_t)(now_ms / 1000);
    struct tm day;
    gmtime_r(&now, &day);
    return arena_print(arena, "%04d-%02d-%02d", day.tm_year + 1900, day.tm_mon + 1,
                       day.tm_mday);
}
