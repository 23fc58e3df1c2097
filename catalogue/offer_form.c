#include "catalogue/offer_form.h"

#include <string.h>

#include "catalogue/amount.h"
#include "catalogue/offer_rule.h"
#include "catalogue/parameter.h"

Kontor__V1__OrderType
offer_order_type(const Kontor__V1__Service *service, const Kontor__V1__Offer *offer)
{
    bool is_said = offer->order_type != KONTOR__V1__ORDER_TYPE__ORDER_TYPE_UNSPECIFIED;
    return is_said ? offer->order_type : service->order_type;
}

Kontor__V1__OfferTargets *
offer_targets(const Kontor__V1__Service *service, const Kontor__V1__Offer *offer)
{
    return offer->targets != NULL ? offer->targets : service->targets;
}

const char *
offer_terms_of_use(const Kontor__V1__Service *service, const Kontor__V1__Offer *offer)
{
    return offer->terms_of_use[0] != '\0' ? offer->terms_of_use : service->terms_of_use;
}

/* ---- Judging ---- */

static const char *
offer_path(struct faults *faults, const Kontor__V1__Offer *offer)
{
    return arena_print(faults->arena, "offers[%s]", offer->iid);
}

static void
judge_parameters(struct faults *faults, const Kontor__V1__Offer *offer)
{
    for (size_t i = 0; i < offer->n_parameters; i++) {
        const Kontor__V1__Parameter *parameter = offer->parameters[i];
        const char *path = arena_print(faults->arena, "%s.parameters[%s]",
                                       offer_path(faults, offer), parameter->id);
        parameter_judge(faults, path, parameter);
    }
}

/* A chain runs customer, broker, provider, each at most once. */
static void
judge_approval(struct faults *faults, const Kontor__V1__Offer *offer)
{
    Kontor__V1__ApprovalStep before =
        KONTOR__V1__APPROVAL_STEP__APPROVAL_STEP_UNSPECIFIED;
    for (size_t i = 0; i < offer->n_approval; i++) {
        /* The enum's numbers are in that order, so one comparison finds a step that is
         * out of it and one that comes twice. */
        if (offer->approval[i] <= before) {
            faults_add(
                faults,
                arena_print(faults->arena, "%s.approval[%zu]",
                            offer_path(faults, offer), i),
                "steps must be in the order consumer, broker, provider, each once");
            return;
        }
        before = offer->approval[i];
    }
}

/* Whether no value of it is less than one piece. */
static bool
is_count(const Kontor__V1__Parameter *parameter)
{
    if (parameter->type_case == KONTOR__V1__PARAMETER__TYPE_QUANTITY) {
        return true;
    }
    return parameter->type_case == KONTOR__V1__PARAMETER__TYPE_INTEGER &&
           parameter->integer->_minimum_case ==
               KONTOR__V1__INTEGER_PARAMETER___MINIMUM_MINIMUM &&
           parameter->integer->minimum >= 1;
}

/* How many pieces an item takes must be a number the customer gives. */
static void
judge_stock(struct faults *faults, const Kontor__V1__Offer *offer)
{
    const Kontor__V1__OfferStock *stock = offer->stock;
    if (stock == NULL || stock->parameter[0] == '\0') {
        return;
    }
    for (size_t i = 0; i < offer->n_parameters; i++) {
        const Kontor__V1__Parameter *parameter = offer->parameters[i];
        if (is_count(parameter) && strcmp(parameter->id, stock->parameter) == 0) {
            return;
        }
    }
    faults_add(
        faults,
        arena_print(faults->arena, "%s.stock.parameter", offer_path(faults, offer)),
        "must name a quantity, or an integer of 1 at least, of the offer");
}

static bool
is_number(const Kontor__V1__Parameter *parameter)
{
    return parameter->type_case == KONTOR__V1__PARAMETER__TYPE_QUANTITY ||
           parameter->type_case == KONTOR__V1__PARAMETER__TYPE_INTEGER ||
           parameter->type_case == KONTOR__V1__PARAMETER__TYPE_DECIMAL;
}

static bool
has_number(const Kontor__V1__Offer *offer, const char *id)
{
    for (size_t i = 0; i < offer->n_parameters; i++) {
        if (strcmp(offer->parameters[i]->id, id) == 0) {
            return is_number(offer->parameters[i]);
        }
    }
    return false;
}

/* What an item takes must be a number the customer gives, and of each capacity once. */
static void
judge_allocations(struct faults *faults, const Kontor__V1__Offer *offer)
{
    for (size_t i = 0; i < offer->n_allocations; i++) {
        const Kontor__V1__OfferAllocation *row = offer->allocations[i];
        const char *path = arena_print(faults->arena, "%s.allocations[%zu]",
                                       offer_path(faults, offer), i);
        int64_t pieces = 1;
        if (row->parameter[0] != '\0' && !has_number(offer, row->parameter)) {
            faults_add(faults, arena_print(faults->arena, "%s.parameter", path),
                       "must name an integer, a decimal or a quantity of the offer");
        }
        if (row->amount != NULL &&
            (!amount_pieces(row->amount, &pieces) || pieces == 0)) {
            faults_add(faults, arena_print(faults->arena, "%s.amount", path),
                       "must be more than nothing, and no more than there can be");
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(row->capacity, offer->allocations[j]->capacity) == 0) {
                faults_add(faults, arena_print(faults->arena, "%s.capacity", path),
                           "is named before: one row for each");
            }
        }
    }
}

/* Support that ends before it begins is none. */
static void
judge_targets(struct faults *faults, const char *path,
              const Kontor__V1__OfferTargets *targets)
{
    bool has_hours = targets != NULL && targets->support_to_minute != 0;
    if (has_hours && targets->support_to_minute <= targets->support_from_minute) {
        faults_add(faults,
                   arena_print(faults->arena, "%stargets.support_to_minute", path),
                   "must come after support_from_minute");
    }
}

void
offer_judge(struct faults *faults, const Kontor__V1__Service *service)
{
    judge_targets(faults, "", service->targets);
    for (size_t i = 0; i < service->n_offers; i++) {
        const Kontor__V1__Offer *offer = service->offers[i];
        judge_parameters(faults, offer);
        offer_rule_judge(faults, offer_path(faults, offer), offer);
        judge_approval(faults, offer);
        judge_stock(faults, offer);
        judge_allocations(faults, offer);
        judge_targets(faults,
                      arena_print(faults->arena, "%s.", offer_path(faults, offer)),
                      offer->targets);
    }
}
