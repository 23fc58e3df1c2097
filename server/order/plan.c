#include "server/order/plan.h"

#include <string.h>

#include "catalogue/offer_form.h"
#include "server/order/price.h"
#include "server/order/target.h"

/* What a customer wants to know before placing: by whom, after whose word, for how
 * much. */
static Kontor__V1__ItemPlan *
plan_item(struct call *call, const struct placed *placed)
{
    Kontor__V1__ItemPlan *plan = arena_alloc(call->arena, sizeof *plan);
    kontor__v1__item_plan__init(plan);
    plan->item = placed->wanted->id;
    plan->offer = (char *)placed->offer;
    plan->offer_rev = placed->terms->offer_rev;
    plan->provider = placed->terms->provider;
    plan->approval =
        arena_alloc(call->arena, (placed->n_steps + 1) * sizeof *plan->approval);
    for (size_t i = 0; i < placed->n_steps; i++) {
        plan->approval[i] = placed->steps[i];
    }
    plan->n_approval = placed->n_steps;
    plan->prices = placed->prices;
    plan->n_prices = placed->n_prices;
    plan->stock = placed->stock;
    plan->allocations = placed->allocations;
    plan->n_allocations = placed->n_allocations;
    plan->questions = placed->values.questions;
    plan->n_questions = placed->values.n_questions;
    plan->targets = placed->found.offer == NULL
                        ? NULL
                        : offer_targets(placed->found.service, placed->found.offer);
    return plan;
}

/* Sums that do not fit into 64 bits are left out: the lines themselves are all there.
 */
static void
plan_totals(struct call *call, const struct placed *items, size_t n_items,
            Kontor__V1__OrderPlan *plan)
{
    struct price_totals totals = {.arena = call->arena};
    bool does_fit = true;
    for (size_t i = 0; i < n_items; i++) {
        for (size_t k = 0; k < items[i].n_prices; k++) {
            does_fit = does_fit && price_add(&totals, items[i].prices[k]);
        }
    }
    plan->totals = totals.lines;
    plan->n_totals = does_fit ? totals.n_lines : 0;
}

Kontor__V1__OrderPlan *
plan_make(struct call *call, const struct placed *items, size_t n_items)
{
    Kontor__V1__OrderPlan *plan = arena_alloc(call->arena, sizeof *plan);
    kontor__v1__order_plan__init(plan);
    plan->items = arena_alloc(call->arena, (n_items + 1) * sizeof *plan->items);
    plan->n_items = n_items;
    for (size_t i = 0; i < n_items; i++) {
        plan->items[i] = plan_item(call, &items[i]);
        bool is_other = strcmp(plan->items[i]->provider, plan->items[0]->provider) != 0;
        plan->is_complex = plan->is_complex || items[i].n_steps > 0 || is_other ||
                           items[i].values.n_questions > 0;
    }
    plan_totals(call, items, n_items, plan);
    plan->targets = target_aggregate(plan->items, n_items, call->arena);
    return plan;
}
