#include "server/configuration/plan_fill.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "catalogue/amount.h"
#include "catalogue/parameter_value.h"
#include "server/order/value.h"

#define TYPE(name) KONTOR__V1__PARAMETER__TYPE_##name

/* Ids of parameters that ask until when something is kept. */
static const char *const end_ids[] = {"until",     "available_until", "end",
                                      "end_date",  "valid_until",     "preserve_until",
                                      "keep_until"};

/* ---- The place as a whole ---- */

/* A sum of which a part is missing is no sum. */
static void
fill_size(struct call *call, const struct plan_place *place,
          struct plan_findings *findings, Kontor__V1__ProposedItem *proposed)
{
    int64_t sum = 0;
    bool is_whole = true;
    for (size_t i = 0; i < place->n_parts; i++) {
        const struct wanted *part = place->parts[i];
        if (part->no_size != NULL) {
            plan_find(call, findings, part->no_size_path,
                      "%s: how much is needed at %s is an open question", part->no_size,
                      place->item);
            is_whole = false;
        } else if (part->byte_size < 0) {
            plan_find(call, findings,
                      arena_print(call->arena, "%s.byte_size", part->path),
                      "is not said: how much is needed at %s is an open question",
                      place->item);
            is_whole = false;
        } else if (__builtin_add_overflow(sum, part->byte_size, &sum)) {
            plan_find(
                call, findings, arena_print(call->arena, "%s.byte_size", part->path),
                "makes the sum more than there is: how much is needed at %s is an "
                "open question",
                place->item);
            is_whole = false;
        }
        if (part->is_forecast) {
            plan_find(call, findings,
                      arena_print(call->arena, "%s.storageforecast", part->path),
                      "the most of its years is taken: %" PRId64 " bytes",
                      part->byte_size);
        }
    }
    if (is_whole) {
        proposed->byte_size = arena_print(call->arena, "%" PRId64, sum);
    }
}

/* The last end of all parts; one that is over is no end to order by. */
static void
fill_until(struct call *call, const struct plan_place *place,
           struct plan_findings *findings, Kontor__V1__ProposedItem *proposed)
{
    const struct wanted *last = place->parts[0];
    for (size_t i = 0; i < place->n_parts; i++) {
        const struct wanted *part = place->parts[i];
        if (part->until[0] == '\0') {
            plan_find(call, findings,
                      arena_print(call->arena, "%s.available_until", part->path),
                      "is not said, and no project ends: until when it is needed is an "
                      "open question");
            return;
        }
        last = strcmp(part->until, last->until) > 0 ? part : last;
    }
    if (strcmp(last->until, value_date(call->now_ms, call->arena)) < 0) {
        plan_find(
            call, findings, arena_print(call->arena, "%s.available_until", last->path),
            "%s is over: until when it is needed is an open question", last->until);
        return;
    }
    proposed->until = arena_copy(call->arena, last->until);
}

void
plan_fill_sums(struct call *call, const struct plan_place *place,
               struct plan_findings *findings, Kontor__V1__ProposedItem *proposed)
{
    fill_size(call, place, findings, proposed);
    fill_until(call, place, findings, proposed);
}

/* ---- Values ---- */

const char *
plan_fill_value(struct plan_filling *filling, const Kontor__V1__Parameter *parameter,
                Kontor__V1__Value *value)
{
    struct call *call = filling->call;
    struct faults faults = {.arena = call->arena};
    Kontor__V1__NewItem *item = filling->item;
    parameter_value_judge(parameter, value, parameter->id,
                          value_date(call->now_ms, call->arena), &faults);
    if (faults.n_found > 0) {
        return faults.rows[0].description;
    }
    Kontor__V1__ParameterValue *row = arena_alloc(call->arena, sizeof *row);
    kontor__v1__parameter_value__init(row);
    row->id = parameter->id;
    row->value = value;
    item->parameters[item->n_parameters++] = row;
    return NULL;
}

static Kontor__V1__Value *
new_value(struct call *call)
{
    Kontor__V1__Value *value = arena_alloc(call->arena, sizeof *value);
    kontor__v1__value__init(value);
    return value;
}

/* ---- Size ---- */

static bool
is_of_size(const Kontor__V1__Parameter *parameter)
{
    bool is_number = parameter->type_case == TYPE(INTEGER) ||
                     parameter->type_case == TYPE(DECIMAL) ||
                     parameter->type_case == TYPE(QUANTITY);
    return is_number && amount_is_of_bytes(parameter->unit);
}

/* The one parameter that counts bytes; *n says how many there are. */
static const Kontor__V1__Parameter *
size_parameter(const Kontor__V1__Offer *offer, size_t *n)
{
    const Kontor__V1__Parameter *found = NULL;
    *n = 0;
    for (size_t i = 0; i < offer->n_parameters; i++) {
        if (is_of_size(offer->parameters[i])) {
            found = offer->parameters[i];
            (*n)++;
        }
    }
    return found;
}

bool
plan_fill_takes_size(const Kontor__V1__Offer *offer)
{
    size_t n;
    return size_parameter(offer, &n) != NULL;
}

enum { DIGITS = 9 /* Of a decimal, behind its point. */ };

/* One more of the last digit. */
static void
round_up(char digits[DIGITS + 1], int64_t *whole)
{
    for (size_t i = DIGITS; i > 0; i--) {
        if (digits[i - 1] != '9') {
            digits[i - 1]++;
            return;
        }
        digits[i - 1] = '0';
    }
    (*whole)++;
}

/* A decimal of bytes in a unit. No unit is so large that ten times the rest would not
 * fit. */
static char *
decimal_of(struct call *call, int64_t bytes, int64_t unit)
{
    char digits[DIGITS + 1] = "";
    int64_t whole = bytes / unit;
    uint64_t rest = (uint64_t)(bytes % unit);
    for (size_t i = 0; i < DIGITS && rest > 0; i++) {
        digits[i] = (char)('0' + rest * 10 / (uint64_t)unit);
        rest = rest * 10 % (uint64_t)unit;
    }
    if (rest > 0) {
        round_up(digits, &whole);
    }
    return digits[0] == '\0'
               ? arena_print(call->arena, "%" PRId64, whole)
               : arena_print(call->arena, "%" PRId64 ".%s", whole, digits);
}

/* Bytes in a unit, rounded up: what is ordered has room for all of it. */
static Kontor__V1__Value *
in_unit(struct call *call, const Kontor__V1__Parameter *parameter, int64_t bytes)
{
    Kontor__V1__Amount one = KONTOR__V1__AMOUNT__INIT;
    Kontor__V1__Value *value = new_value(call);
    int64_t unit = 1;
    one.value = "1";
    one.unit = parameter->unit;
    (void)amount_pieces(&one, &unit);
    if (parameter->type_case == TYPE(DECIMAL)) {
        value->kind_case = KONTOR__V1__VALUE__KIND_DECIMAL;
        value->decimal = decimal_of(call, bytes, unit);
        return value;
    }
    value->kind_case = KONTOR__V1__VALUE__KIND_INTEGER;
    value->integer = bytes / unit + (bytes % unit > 0 ? 1 : 0);
    return value;
}

static void
fill_size_parameter(struct plan_filling *filling)
{
    struct call *call = filling->call;
    const char *path = filling->place->parts[0]->path;
    size_t n;
    const Kontor__V1__Parameter *parameter = size_parameter(filling->offer->offer, &n);
    if (filling->proposed->byte_size[0] == '\0') {
        return;
    }
    if (n != 1) {
        plan_find(call, filling->findings, path,
                  n == 0 ? "offer %s does not ask how much: %s bytes are not in the "
                           "order"
                         : "offer %s asks how much in several parameters: %s bytes are "
                           "not in the order",
                  filling->offer->id, filling->proposed->byte_size);
        return;
    }
    int64_t bytes = strtoll(filling->proposed->byte_size, NULL, 10);
    const char *why_not =
        plan_fill_value(filling, parameter, in_unit(call, parameter, bytes));
    if (why_not != NULL) {
        plan_find(call, filling->findings, path,
                  "%s bytes are nothing parameter %s of offer %s takes: %s",
                  filling->proposed->byte_size, parameter->id, filling->offer->id,
                  why_not);
    }
}

/* ---- End ---- */

static void
fill_end_parameter(struct plan_filling *filling)
{
    struct call *call = filling->call;
    const char *path = filling->place->parts[0]->path;
    const Kontor__V1__Offer *offer = filling->offer->offer;
    const char *until = filling->proposed->until;
    if (until[0] == '\0') {
        return;
    }
    for (size_t i = 0; i < offer->n_parameters; i++) {
        const Kontor__V1__Parameter *parameter = offer->parameters[i];
        bool is_end = false;
        for (size_t k = 0; k < sizeof end_ids / sizeof end_ids[0]; k++) {
            is_end = is_end || strcasecmp(parameter->id, end_ids[k]) == 0;
        }
        if (!is_end || parameter->type_case != TYPE(DATE)) {
            continue;
        }
        Kontor__V1__Value *value = new_value(call);
        value->kind_case = KONTOR__V1__VALUE__KIND_DATE;
        value->date = arena_copy(call->arena, until);
        const char *why_not = plan_fill_value(filling, parameter, value);
        if (why_not != NULL) {
            plan_find(call, filling->findings, path,
                      "%s is nothing parameter %s of offer %s takes: %s", until,
                      parameter->id, filling->offer->id, why_not);
        }
        return;
    }
    plan_find(call, filling->findings, path,
              offer->valid_days > 0
                  ? "offer %s does not ask until when; %s is wanted, and it lasts %d "
                    "days: renew it in time"
                  : "offer %s does not ask until when; %s is wanted: terminate it then",
              filling->offer->id, until, (int)offer->valid_days);
}

/* ---- What it is already ---- */

static bool
is_given(const Kontor__V1__NewItem *item, const char *id)
{
    for (size_t i = 0; i < item->n_parameters; i++) {
        if (strcmp(item->parameters[i]->id, id) == 0) {
            return true;
        }
    }
    return false;
}

/* What the plan says nothing about stays as it was ordered: a change names all of it.
 */
static void
keep_values(struct plan_filling *filling)
{
    const Kontor__V1__Offer *offer = filling->offer->offer;
    const Kontor__V1__Instance *instance = filling->instance;
    for (size_t i = 0; instance != NULL && i < instance->n_parameters; i++) {
        Kontor__V1__ParameterValue *row = instance->parameters[i];
        for (size_t k = 0; k < offer->n_parameters; k++) {
            const Kontor__V1__Parameter *parameter = offer->parameters[k];
            if (strcmp(parameter->id, row->id) == 0 &&
                parameter->type_case != TYPE(CONSTANT) &&
                !is_given(filling->item, row->id)) {
                filling->item->parameters[filling->item->n_parameters++] = row;
            }
        }
    }
}

/* ---- All of it ---- */

/* Takes out what the values together do not allow, such as one that is not asked. */
static bool
drop_wrong(struct plan_filling *filling, const struct faults *faults)
{
    Kontor__V1__NewItem *item = filling->item;
    for (size_t i = 0; i < faults->n_rows; i++) {
        for (size_t k = 0; k < item->n_parameters; k++) {
            const char *id = arena_print(filling->call->arena, "parameters[%s]",
                                         item->parameters[k]->id);
            if (strstr(faults->rows[i].path, id) == NULL) {
                continue;
            }
            plan_find(filling->call, filling->findings, filling->place->parts[0]->path,
                      "parameter %s of offer %s does not take what the plan says: %s",
                      item->parameters[k]->id, filling->offer->id,
                      faults->rows[i].description);
            item->n_parameters--;
            memmove(&item->parameters[k], &item->parameters[k + 1],
                    (item->n_parameters - k) * sizeof(*item->parameters));
            return true;
        }
    }
    return false;
}

void
plan_fill(struct plan_filling *filling)
{
    struct call *call = filling->call;
    const Kontor__V1__Offer *offer = filling->offer->offer;
    struct values values;
    struct faults faults;
    filling->item->parameters = arena_alloc(
        call->arena, (offer->n_parameters + 1) * sizeof(*filling->item->parameters));
    fill_size_parameter(filling);
    fill_end_parameter(filling);
    plan_meet(filling);
    keep_values(filling);
    do {
        faults = (struct faults){.arena = call->arena};
        values = (struct values){.is_plan = true};
        value_judge(offer, filling->item->parameters, filling->item->n_parameters,
                    filling->item->id, call->now_ms, &faults, &values);
    } while (faults.n_found > 0 && drop_wrong(filling, &faults));
    filling->proposed->questions = values.questions;
    filling->proposed->n_questions = values.n_questions;
}
