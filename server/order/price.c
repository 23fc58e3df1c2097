#include "server/order/price.h"

#include <stdbool.h>
#include <string.h>

#include "server/order/money.h"

static Kontor__V1__PriceLine *
new_line(struct arena *arena, const char *name, const char *currency,
         struct money amount, const char *period)
{
    Kontor__V1__PriceLine *line = arena_alloc(arena, sizeof *line);
    kontor__v1__price_line__init(line);
    line->amount = arena_alloc(arena, sizeof *line->amount);
    kontor__v1__money__init(line->amount);
    line->amount->currency = (char *)currency;
    line->amount->units = amount.units;
    line->amount->nanos = amount.nanos;
    line->name = (char *)name;
    line->period = (char *)period;
    return line;
}

/* The quantity a value belongs to; NULL = it is a value of another type. */
static const Kontor__V1__Parameter *
quantity_of(const Kontor__V1__Offer *offer, const char *id)
{
    for (size_t i = 0; i < offer->n_parameters; i++) {
        const Kontor__V1__Parameter *parameter = offer->parameters[i];
        bool is_quantity = parameter->type_case == KONTOR__V1__PARAMETER__TYPE_QUANTITY;
        if (is_quantity && strcmp(parameter->id, id) == 0) {
            return parameter;
        }
    }
    return NULL;
}

/* start + (n - 1) x step. */
static bool
quantity_price(const Kontor__V1__QuantityParameter *quantity, int64_t n,
               struct money *price)
{
    struct money further;
    /* The first piece costs the start price, each further one a step (ORDERS design,
     * "Placing"). Judged for overflow at each part: a price that wrapped would be a
     * gift. */
    return money_times(money_of(quantity->step_price), n - 1, &further) &&
           money_add(money_of(quantity->start_price), further, price);
}

/* The line of one chosen value; NULL when it has no price. */
static Kontor__V1__PriceLine *
quantity_line(const Kontor__V1__Offer *offer, const Kontor__V1__ParameterValue *value,
              const char *path, struct faults *faults)
{
    const Kontor__V1__Parameter *parameter = quantity_of(offer, value->id);
    bool is_number = value->value != NULL &&
                     value->value->kind_case == KONTOR__V1__VALUE__KIND_INTEGER;
    if (parameter == NULL || !is_number || value->value->integer < 1) {
        return NULL;
    }
    const Kontor__V1__QuantityParameter *quantity = parameter->quantity;
    const Kontor__V1__Money *priced =
        quantity->start_price != NULL ? quantity->start_price : quantity->step_price;
    struct money price;
    /* Nothing is charged for it: no line, rather than one of an unknown currency. */
    if (priced == NULL) {
        return NULL;
    }
    if (!quantity_price(quantity, value->value->integer, &price)) {
        faults_add(faults,
                   arena_print(faults->arena, "%s.parameters[%s]", path, value->id),
                   "is so many that the price cannot be told");
        return NULL;
    }
    return new_line(faults->arena, parameter->label, priced->currency, price, "once");
}

void
price_lines(const Kontor__V1__Offer *offer, const struct values *values,
            const char *path, struct faults *faults, Kontor__V1__PriceLine ***lines,
            size_t *n_lines)
{
    *lines = arena_alloc(faults->arena,
                         (offer->n_prices + values->n_rows + 1) * sizeof **lines);
    *n_lines = 0;
    for (size_t i = 0; i < offer->n_prices; i++) {
        (*lines)[(*n_lines)++] = offer->prices[i];
    }
    for (size_t i = 0; i < values->n_rows; i++) {
        Kontor__V1__PriceLine *line =
            quantity_line(offer, values->rows[i], path, faults);
        if (line != NULL) {
            (*lines)[(*n_lines)++] = line;
        }
    }
}

/* The sum a line belongs to, or a new one. */
static Kontor__V1__PriceLine *
total_of(struct price_totals *totals, const Kontor__V1__PriceLine *line)
{
    for (size_t i = 0; i < totals->n_lines; i++) {
        Kontor__V1__PriceLine *total = totals->lines[i];
        /*
         * Currencies are never converted and periods never multiplied out: a sum the
         * customer cannot check by hand would be a promise.
         */
        bool is_same = strcmp(total->period, line->period) == 0 &&
                       strcmp(total->amount->currency, line->amount->currency) == 0;
        if (is_same) {
            return total;
        }
    }
    if (totals->n_lines == totals->room) {
        totals->room = totals->room == 0 ? 4 : 2 * totals->room;
        Kontor__V1__PriceLine **larger =
            arena_alloc(totals->arena, totals->room * sizeof *larger);
        if (totals->n_lines > 0) {
            memcpy(larger, totals->lines, totals->n_lines * sizeof *larger);
        }
        totals->lines = larger;
    }
    struct money nothing = {0, 0};
    totals->lines[totals->n_lines] =
        new_line(totals->arena, "total", line->amount->currency, nothing, line->period);
    return totals->lines[totals->n_lines++];
}

bool
price_add(struct price_totals *totals, const Kontor__V1__PriceLine *line)
{
    struct money sum;
    if (line->amount == NULL) {
        return true;
    }
    Kontor__V1__PriceLine *total = total_of(totals, line);
    if (!money_add(money_of(total->amount), money_of(line->amount), &sum)) {
        return false;
    }
    total->amount->units = sum.units;
    total->amount->nanos = sum.nanos;
    return true;
}
