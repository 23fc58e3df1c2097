#include "server/catalogue/offer.h"

#include <string.h>

#include "proto/digest.h"
#include "proto/rules.h"
#include "server/catalogue/offer_rule.h"
#include "server/catalogue/parameter.h"
#include "server/catalogue/phase.h"

/* Fields of an offer that do not say what is ordered: names and words, and what only
 * its delivery must bring. */
static const char *const not_ordered[] = {"iid",
                                          "rev",
                                          "hash",
                                          "name",
                                          "description",
                                          "must_name_endpoints",
                                          "activation_text",
                                          "stock",
                                          "targets",
                                          NULL};

/* ---- Finding ---- */

static const Kontor__V1__Offer *
offer_named(const Kontor__V1__Service *service, const char *iid)
{
    for (size_t i = 0; i < service->n_offers; i++) {
        if (strcmp(service->offers[i]->iid, iid) == 0) {
            return service->offers[i];
        }
    }
    return NULL;
}

enum status
offer_find(struct call *call, const char *offer_id, struct offer_found *out)
{
    struct offer_found found = {.offer = NULL};
    const char *slash = strrchr(offer_id, '/');
    enum status status;
    /* What cannot be the id of an offer names nothing, and is answered like one that is
     * not there. */
    if (!rules_is_part_id(offer_id)) {
        return call_not_found(call, KIND_SERVICE, offer_id);
    }
    status = call_get(call, KIND_SERVICE,
                      arena_copy_n(call->arena, offer_id, (size_t)(slash - offer_id)),
                      &found.document);
    if (status != STATUS_OK) {
        return status;
    }
    found.service = call_record(call, &found.document);
    found.offer = offer_named(found.service, slash + 1);
    if (found.offer == NULL) {
        return call_not_found(call, KIND_SERVICE, offer_id);
    }
    *out = found;
    return STATUS_OK;
}

Kontor__V1__OrderType
offer_order_type(const Kontor__V1__Service *service, const Kontor__V1__Offer *offer)
{
    bool is_said = offer->order_type != KONTOR__V1__ORDER_TYPE__ORDER_TYPE_UNSPECIFIED;
    return is_said ? offer->order_type : service->order_type;
}

const char *
offer_terms_of_use(const Kontor__V1__Service *service, const Kontor__V1__Offer *offer)
{
    return offer->terms_of_use[0] != '\0' ? offer->terms_of_use : service->terms_of_use;
}

/* ---- Judging ---- */

static const char *
offer_path(struct call *call, const Kontor__V1__Offer *offer)
{
    return arena_print(call->arena, "offers[%s]", offer->iid);
}

static void
judge_parameters(struct call *call, const Kontor__V1__Offer *offer)
{
    for (size_t i = 0; i < offer->n_parameters; i++) {
        const Kontor__V1__Parameter *parameter = offer->parameters[i];
        const char *path = arena_print(call->arena, "%s.parameters[%s]",
                                       offer_path(call, offer), parameter->id);
        parameter_judge(call, path, parameter);
    }
}

/* A chain runs customer, broker, provider, each at most once. */
static void
judge_approval(struct call *call, const Kontor__V1__Offer *offer)
{
    Kontor__V1__ApprovalStep before =
        KONTOR__V1__APPROVAL_STEP__APPROVAL_STEP_UNSPECIFIED;
    for (size_t i = 0; i < offer->n_approval; i++) {
        /* The enum's numbers are in that order, so one comparison finds a step that is
         * out of it and one that comes twice. */
        if (offer->approval[i] <= before) {
            call_fault(
                call,
                arena_print(call->arena, "%s.approval[%zu]", offer_path(call, offer),
                            i),
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
judge_stock(struct call *call, const Kontor__V1__Offer *offer)
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
    call_fault(call,
               arena_print(call->arena, "%s.stock.parameter", offer_path(call, offer)),
               "must name a quantity, or an integer of 1 at least, of the offer");
}

/* Support that ends before it begins is none. */
static void
judge_targets(struct call *call, const Kontor__V1__Offer *offer)
{
    const Kontor__V1__OfferTargets *targets = offer->targets;
    bool has_hours = targets != NULL && targets->support_to_minute != 0;
    if (has_hours && targets->support_to_minute <= targets->support_from_minute) {
        call_fault(call,
                   arena_print(call->arena, "%s.targets.support_to_minute",
                               offer_path(call, offer)),
                   "must come after support_from_minute");
    }
}

void
offer_judge(struct call *call, const Kontor__V1__Service *service)
{
    for (size_t i = 0; i < service->n_offers; i++) {
        const Kontor__V1__Offer *offer = service->offers[i];
        judge_parameters(call, offer);
        offer_rule_judge(call, offer_path(call, offer), offer);
        judge_approval(call, offer);
        judge_stock(call, offer);
        judge_targets(call, offer);
    }
}

/* ---- Stamping ---- */

static void
hash_offer(const Kontor__V1__Service *service, const Kontor__V1__Offer *offer,
           uint8_t hash[DIGEST_SIZE])
{
    /* What an offer takes over from its service is part of what is ordered. */
    Kontor__V1__Offer effective = *offer;
    effective.order_type = offer_order_type(service, offer);
    effective.terms_of_use = (char *)offer_terms_of_use(service, offer);
    digest_message(&effective.base, not_ordered, hash);
}

/* A customer orders a rev, and CATALOGUE_CHANGED says that it moved. So it grows
 * exactly when what can be ordered changes, and never takes a value twice. */
static int64_t
next_rev(const Kontor__V1__Service *old, const Kontor__V1__Offer *before,
         const uint8_t hash[DIGEST_SIZE])
{
    if (old == NULL) {
        return 1;
    }
    /* Every rev is at most the revision of the service that holds it, so this is above
     * whatever an offer of this iid had before it was taken out. */
    if (before == NULL) {
        return old->revision + 1;
    }
    bool is_same = before->hash.len == DIGEST_SIZE &&
                   memcmp(before->hash.data, hash, DIGEST_SIZE) == 0;
    return is_same ? before->rev : before->rev + 1;
}

void
offer_stamp(struct call *call, const Kontor__V1__Service *old,
            Kontor__V1__Service *service)
{
    Kontor__V1__Offer **stamped =
        arena_alloc(call->arena, (service->n_offers + 1) * sizeof(*stamped));
    for (size_t i = 0; i < service->n_offers; i++) {
        const Kontor__V1__Offer *offer = service->offers[i];
        uint8_t *hash = arena_alloc(call->arena, DIGEST_SIZE);
        hash_offer(service, offer, hash);
        /* The offers may still be the caller's own: the request stays as it came. */
        stamped[i] = arena_alloc(call->arena, sizeof(**stamped));
        *stamped[i] = *offer;
        stamped[i]->rev =
            next_rev(old, old == NULL ? NULL : offer_named(old, offer->iid), hash);
        stamped[i]->hash = (ProtobufCBinaryData){.data = hash, .len = DIGEST_SIZE};
    }
    service->offers = stamped;
}

/* ---- Ordering ---- */

/* Phases in which new orders are taken. Source: CATALOGUE design, "Portfolio phases".
 */
static bool
is_open_phase(Kontor__V1__Phase phase)
{
    return phase == KONTOR__V1__PHASE__PRE_PRODUCTION ||
           phase == KONTOR__V1__PHASE__PRODUCTION;
}

static bool
is_open_access(Kontor__V1__OrderType type)
{
    return type == KONTOR__V1__ORDER_TYPE__OPEN_ACCESS ||
           type == KONTOR__V1__ORDER_TYPE__FULLY_OPEN_ACCESS;
}

const char *
offer_why_not(struct call *call, const Kontor__V1__Service *service,
              const Kontor__V1__Offer *offer, bool is_ended)
{
    if (!is_open_phase(service->phase)) {
        return arena_print(call->arena, "its service is %s",
                           phase_name(service->phase));
    }
    /* At once, while the service itself is still being taken along. */
    if (is_ended) {
        return "its provider is suspended or retired";
    }
    if (offer->is_internal || is_open_access(offer_order_type(service, offer))) {
        return NULL;
    }
    const char *url =
        offer->order_url[0] != '\0' ? offer->order_url : service->order_url;
    return arena_print(call->arena, "it is ordered elsewhere%s%s",
                       url[0] == '\0' ? "" : ": ", url);
}
