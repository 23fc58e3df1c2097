#include "server/order/placed.h"

#include <inttypes.h>
#include <string.h>

#include "proto/moment.h"
#include "server/order/calendar.h"
#include "server/order/item.h"
#include "server/order/job.h"
#include "server/order/placed_action.h"
#include "server/order/placed_relation.h"
#include "server/order/placed_terms.h"
#include "server/order/price.h"

#define STEP(name) KONTOR__V1__APPROVAL_STEP__##name

/* ---- The offer ---- */

size_t
placed_steps(Kontor__V1__OrderType type, const Kontor__V1__Offer *offer,
             Kontor__V1__ApprovalStep steps[PLACED_MAX_STEPS])
{
    static const Kontor__V1__ApprovalStep order[PLACED_MAX_STEPS] = {
        STEP(CONSUMER_STEP), STEP(BROKER_STEP), STEP(PROVIDER_STEP)};
    size_t n_steps = 0;
    /*
     * Source: ORDERS design, "Placing": order_required means the provider's step, open
     * access none, unless the offer says otherwise.
     */
    if (offer->n_approval == 0) {
        steps[0] = STEP(PROVIDER_STEP);
        return type == KONTOR__V1__ORDER_TYPE__ORDER_REQUIRED ? 1 : 0;
    }
    /*
     * In the fixed order customer, broker, provider, however the offer lists them:
     * nobody works on a decision the customer's own side has not made.
     */
    for (size_t i = 0; i < PLACED_MAX_STEPS; i++) {
        for (size_t k = 0; k < offer->n_approval; k++) {
            if (offer->approval[k] == order[i]) {
                steps[n_steps++] = order[i];
                break;
            }
        }
    }
    return n_steps;
}

/* ---- One item ---- */

/* An offer that is not there is a fault of the field that names it, like any other. */
static enum status
find_offer(struct call *call, struct placed *placed)
{
    enum status status = offer_find(call, placed->offer, &placed->found);
    if (status != STATUS_NOT_FOUND) {
        return status;
    }
    /* A refusal ends the call at the first offer, a fault lets the others be told as
     * well. */
    memset(&call->error, 0, sizeof call->error);
    memset(&placed->found, 0, sizeof placed->found);
    call_fault(call, arena_print(call->arena, "%s.offer", placed->path),
               "there is no offer %s, or you may not see it", placed->offer);
    return STATUS_OK;
}

/* Judges one item against the offer that was found. */
static void
judge_offer(struct call *call, struct placed *placed)
{
    const Kontor__V1__Offer *offer = placed->found.offer;
    placed->why_not =
        offer_why_not(call, placed->found.service, offer, placed->is_provider_ended);
    placed->is_orderable = placed->why_not == NULL;
    placed->is_current =
        placed->wanted->offer_rev == 0 || placed->wanted->offer_rev == offer->rev;
    if (!placed->is_orderable || !placed->is_current) {
        /* What the customer gave was meant for another offer: faults in it would
         * mislead. */
        placed->verdict = PLACED_UNASSESSED;
        return;
    }
    placed->n_steps = placed_steps(offer_order_type(placed->found.service, offer),
                                   offer, placed->steps);
    if (placed->action == KONTOR__V1__ITEM_ACTION__ACTION_RENEW) {
        placed_as_it_is(call, placed);
    } else {
        placed->values.is_plan = call->is_validate_only;
        value_judge(offer, placed->wanted->parameters, placed->wanted->n_parameters,
                    placed->path, call->now_ms, call->faults, &placed->values);
    }
    price_lines(offer, &placed->values, placed->path, call->faults, &placed->prices,
                &placed->n_prices);
}

void
placed_judge_ahead(struct call *call, const char *path,
                   const Google__Protobuf__Timestamp *time)
{
    if (moment_ms(time, INT64_MIN) >
        call->now_ms + (int64_t)PLACED_MAX_AHEAD_DAYS * CALENDAR_DAY_MS) {
        call_fault(call, path, "lies more than %d days ahead", PLACED_MAX_AHEAD_DAYS);
    }
}

/* A start behind the end would be waited for in vain. */
static void
judge_dates(struct call *call, const struct placed *placed,
            const Kontor__V1__PlaceOrderRequest *request)
{
    const char *path = arena_print(call->arena, "%s.start_at", placed->path);
    int64_t end_ms = moment_ms(request->not_after, INT64_MAX);
    placed_judge_ahead(call, path, placed->wanted->start_at);
    if (moment_ms(placed->wanted->start_at, INT64_MIN) >= end_ms) {
        call_fault(call, path, "must come before not_after");
    }
}

static enum status
judge_item(struct call *call, const Kontor__V1__PlaceOrderRequest *request,
           struct placed *placed)
{
    /* Whether it is sound is read off the faults: they have one list for the whole
     * order. */
    size_t n_before = call->faults->n_found;
    enum status status = placed_action(call, request, placed);
    bool is_offered = placed->offer[0] != '\0' && placed->terms == NULL;
    if (status == STATUS_OK && is_offered) {
        status = find_offer(call, placed);
    }
    if (status != STATUS_OK) {
        return status;
    }
    judge_dates(call, placed, request);
    if (placed->found.service != NULL) {
        status = placed_terms_of_offer(call, placed);
    }
    if (placed->found.service != NULL && status == STATUS_OK) {
        judge_offer(call, placed);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (call->faults->n_found > n_before) {
        placed->verdict = PLACED_INVALID;
    }
    return STATUS_OK;
}

/* A sum that does not fit is refused: the customer is told what an order costs, and a
 * sum that was left out would look like one that is nothing. */
static void
judge_total(struct call *call, struct placed *placed, struct price_totals *totals)
{
    for (size_t i = 0; i < placed->n_prices; i++) {
        if (!price_add(totals, placed->prices[i])) {
            call_fault(call, placed->path,
                       "costs so much that the order's sum cannot be told: place it "
                       "in an order of its own");
            placed->verdict = PLACED_INVALID;
            return;
        }
    }
}

enum status
placed_judge(struct call *call, const Kontor__V1__PlaceOrderRequest *request,
             struct placed *items)
{
    struct price_totals totals = {.arena = call->arena};
    if (moment_ms(request->not_after, INT64_MAX) <= call->now_ms) {
        call_fault(call, "not_after", "has passed already");
    }
    placed_judge_ahead(call, "not_after", request->not_after);
    for (size_t i = 0; i < request->n_items; i++) {
        items[i].wanted = request->items[i];
        items[i].path = arena_print(call->arena, "items[%zu]", i);
        enum status status = judge_item(call, request, &items[i]);
        if (status != STATUS_OK) {
            return status;
        }
        judge_total(call, &items[i], &totals);
    }
    placed_once(call, items, request->n_items);
    placed_relate(items, request->n_items, call->faults);
    return STATUS_OK;
}

/* ---- What is wrong besides faults ---- */

static void
tell_item(struct call *call, const struct placed *placed)
{
    call_value(call, "item", "%s", placed->wanted->id);
    call_value(call, "offer", "%s", placed->offer);
}

enum status
placed_problems(struct call *call, const struct placed *items, size_t n_items)
{
    for (size_t i = 0; i < n_items; i++) {
        const struct placed *placed = &items[i];
        if (placed->found.service != NULL && !placed->is_orderable) {
            tell_item(call, placed);
            return call_fail(call, REASON_NOT_ORDERABLE,
                             "%s: offer %s cannot be ordered here: %s", placed->path,
                             placed->offer, placed->why_not);
        }
    }
    for (size_t i = 0; i < n_items; i++) {
        const struct placed *placed = &items[i];
        if (placed->found.service != NULL && !placed->is_current) {
            tell_item(call, placed);
            call_value(call, "rev", "%" PRId64, placed->found.offer->rev);
            return call_fail(call, REASON_CATALOGUE_CHANGED,
                             "%s: offer %s has changed: it is at rev %" PRId64
                             ", not %" PRId64 "; read it again",
                             placed->path, placed->offer, placed->found.offer->rev,
                             placed->wanted->offer_rev);
        }
    }
    return STATUS_OK;
}

static const char *
names_with(struct call *call, const struct placed *items, size_t n_items,
           enum placed_verdict verdict)
{
    const char *text = "";
    for (size_t i = 0; i < n_items; i++) {
        if (items[i].verdict == verdict) {
            text = arena_print(call->arena, "%s%s%s", text, text[0] == '\0' ? "" : ",",
                               items[i].wanted->id);
        }
    }
    return text;
}

void
placed_tell(struct call *call, const struct placed *items, size_t n_items)
{
    call_value(call, "validated", "%s",
               names_with(call, items, n_items, PLACED_VALIDATED));
    call_value(call, "unassessed", "%s",
               names_with(call, items, n_items, PLACED_UNASSESSED));
}

/* ---- The item as it is stored ---- */

static void
add_approvals(struct call *call, const struct placed *placed,
              Kontor__V1__OrderItem *item)
{
    item->approvals =
        arena_alloc(call->arena, (placed->n_steps + 1) * sizeof *item->approvals);
    for (size_t i = 0; i < placed->n_steps; i++) {
        Kontor__V1__Approval *approval = arena_alloc(call->arena, sizeof *approval);
        kontor__v1__approval__init(approval);
        approval->step = placed->steps[i];
        item->approvals[i] = approval;
    }
    item->n_approvals = placed->n_steps;
}

Kontor__V1__OrderItem *
placed_item(struct call *call, const Kontor__V1__PlaceOrderRequest *request,
            const struct placed *placed)
{
    Kontor__V1__OrderItem *item = arena_alloc(call->arena, sizeof *item);
    *item = *placed->terms;
    item->id = arena_print(call->arena, "%s/%s", request->id, placed->wanted->id);
    item->order = request->id;
    item->state = KONTOR__V1__ITEM_STATE__RECEIVED;
    item->action = placed->action;
    item->project = request->project;
    item->not_after = request->not_after;
    item->start_at = placed->wanted->start_at;
    item->seal_to = request->seal_to;
    item->n_seal_to = request->n_seal_to;
    item->requires = placed->required;
    item->n_requires = placed->n_required;
    item->parameters = placed->values.rows;
    item->n_parameters = placed->values.n_rows;
    item->prices = placed->prices;
    item->n_prices = placed->n_prices;
    item->stock = placed->stock;
    item->allocations = placed->allocations;
    item->n_allocations = placed->n_allocations;
    add_approvals(call, placed, item);
    /* Every stored item has a job, so nothing that reads one has to ask. */
    job_settle_fence(item, call->arena);
    return item;
}
