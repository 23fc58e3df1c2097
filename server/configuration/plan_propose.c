/* An order for a plan. It is a proposal: nothing is stored, and nothing is assumed. */
#include <inttypes.h>
#include <string.h>

#include "kontor/v1/configuration_service.pb-c.h"
#include "proto/wire.h"
#include "server/configuration/plan_delivered.h"
#include "server/configuration/plan_fill.h"

/* An order being proposed. */
struct proposing {
    struct call *call;
    const Kontor__V1__ProposeOrderRequest *request;
    const Kontor__V1__Plan *plan;
    struct plan_findings findings;
    struct plan_places places;
    struct plan_delivered *delivered; /* One a place. */
    Kontor__V1__ProposeOrderResponse *reply;
};

/* ---- Which offer ---- */

static const struct plan_offer *
offer_named(const struct plan_place *place, const char *id)
{
    for (size_t i = 0; i < place->n_offers; i++) {
        if (strcmp(place->offers[i].id, id) == 0) {
            return &place->offers[i];
        }
    }
    return NULL;
}

/* What the caller chose; a choice that cannot be is a fault. */
static const struct plan_offer *
chosen(struct proposing *proposing, const struct plan_place *place)
{
    const Kontor__V1__ProposeOrderRequest *request = proposing->request;
    for (size_t i = 0; i < request->n_choices; i++) {
        const Kontor__V1__PlanChoice *choice = request->choices[i];
        if (strcmp(choice->item, place->item) != 0) {
            continue;
        }
        const struct plan_offer *offer = offer_named(place, choice->offer);
        if (offer == NULL) {
            call_fault(proposing->call,
                       arena_print(proposing->call->arena, "choices[%zu].offer", i),
                       "%s is none of the offers that fit %s", choice->offer,
                       choice->item);
        }
        return offer;
    }
    return NULL;
}

/* The only one that fits; of several the only one that asks how much, where that is
 * what the plan says. NULL = it is an open question. */
static const struct plan_offer *
only(const struct plan_place *place, bool has_size)
{
    const struct plan_offer *found = NULL;
    size_t n = 0;
    for (size_t i = 0; i < place->n_offers; i++) {
        bool does_fit = place->n_offers == 1 ||
                        (has_size && plan_fill_takes_size(place->offers[i].offer));
        found = does_fit ? &place->offers[i] : found;
        n += does_fit ? 1 : 0;
    }
    return n == 1 ? found : NULL;
}

/* ---- One place ---- */

static bool
is_alive(const Kontor__V1__Instance *instance)
{
    return instance != NULL && !plan_is_over(instance);
}

static Kontor__V1__ProposedItem *
new_proposed(struct call *call, const struct plan_place *place)
{
    Kontor__V1__ProposedItem *proposed = arena_alloc(call->arena, sizeof *proposed);
    kontor__v1__proposed_item__init(proposed);
    proposed->hosts =
        arena_alloc(call->arena, place->n_hosts * sizeof(*proposed->hosts));
    for (size_t i = 0; i < place->n_hosts; i++) {
        proposed->hosts[proposed->n_hosts++] = arena_copy(call->arena, place->hosts[i]);
    }
    proposed->paths =
        arena_alloc(call->arena, place->n_parts * sizeof(*proposed->paths));
    for (size_t i = 0; i < place->n_parts; i++) {
        proposed->paths[proposed->n_paths++] =
            arena_copy(call->arena, place->parts[i]->path);
    }
    if (place->matched_by != NULL) {
        proposed->matched_by = arena_copy(call->arena, place->matched_by);
    }
    return proposed;
}

static void
propose_choice(struct proposing *proposing, const struct plan_place *place,
               Kontor__V1__ProposedItem *proposed)
{
    struct call *call = proposing->call;
    proposed->offers =
        arena_alloc(call->arena, place->n_offers * sizeof(*proposed->offers));
    for (size_t i = 0; i < place->n_offers; i++) {
        proposed->offers[proposed->n_offers++] =
            arena_copy(call->arena, place->offers[i].id);
    }
    plan_find(call, &proposing->findings, place->parts[0]->path,
              "%zu offers fit %s: which one is an open question", place->n_offers,
              place->hosts[0]);
    if (place->is_cut) {
        plan_find(call, &proposing->findings, place->parts[0]->path,
                  "more than %d offers fit %s: the others are left out",
                  PLAN_MAX_OFFERS, place->hosts[0]);
    }
    proposing->reply->has_questions = true;
}

static void
propose_offer(struct proposing *proposing, const struct plan_delivered *delivered,
              const struct plan_offer *offer, Kontor__V1__ProposedItem *proposed,
              Kontor__V1__NewItem *item)
{
    const struct plan_place *place = delivered->place;
    struct plan_filling filling = {
        .call = proposing->call,
        .place = place,
        .offer = offer,
        .instance = is_alive(delivered->instance) ? delivered->instance : NULL,
        .findings = &proposing->findings,
        .item = item,
        .proposed = proposed};
    proposed->offer = arena_copy(proposing->call->arena, offer->id);
    item->offer = proposed->offer;
    item->offer_rev = offer->offer->rev;
    plan_fill(&filling);
    proposing->reply->has_questions =
        proposing->reply->has_questions || proposed->n_questions > 0;
    for (size_t i = 0; i < place->n_weak; i++) {
        plan_find(proposing->call, &proposing->findings, place->weak[i].path,
                  "%s is matched by its name only, by %s: look whether it is the same",
                  place->weak[i].host, place->weak[i].matched_by);
    }
}

/* Whether a change would change nothing. */
static bool
is_as_delivered(struct call *call, const Kontor__V1__NewItem *item,
                const Kontor__V1__Instance *instance)
{
    for (size_t i = 0; i < item->n_parameters; i++) {
        struct bytes wanted = wire_pack(&item->parameters[i]->base, call->arena);
        bool is_found = false;
        for (size_t k = 0; k < instance->n_parameters; k++) {
            struct bytes is = wire_pack(&instance->parameters[k]->base, call->arena);
            is_found = is_found || (is.size == wanted.size &&
                                    memcmp(is.data, wanted.data, is.size) == 0);
        }
        if (!is_found) {
            return false;
        }
    }
    return true;
}

/* A later state of a plan changes what was delivered for an earlier one. False: there
 * is nothing to change. */
static bool
propose_change(struct proposing *proposing, const struct plan_delivered *delivered,
               Kontor__V1__ProposedItem *proposed, Kontor__V1__NewItem *item)
{
    struct call *call = proposing->call;
    const Kontor__V1__Instance *instance = delivered->instance;
    const char *path = delivered->place->parts[0]->path;
    const struct plan_offer *offer = offer_named(delivered->place, instance->offer);
    proposed->instance = instance->id;
    proposed->offer = instance->offer;
    if (offer == NULL) {
        plan_find(call, &proposing->findings, path,
                  "%s was delivered for it, and its offer cannot be ordered any more",
                  instance->id);
        return false;
    }
    propose_offer(proposing, delivered, offer, proposed, item);
    item->action = KONTOR__V1__ITEM_ACTION__ACTION_MODIFY;
    item->instance = instance->id;
    if (proposed->n_questions == 0 && is_as_delivered(call, item, instance)) {
        plan_find(call, &proposing->findings, path,
                  "%s was delivered for it, as the plan wants it", instance->id);
        return false;
    }
    return true;
}

/* An offer, or which of several. */
static bool
propose_new(struct proposing *proposing, const struct plan_delivered *delivered,
            Kontor__V1__ProposedItem *proposed, Kontor__V1__NewItem *item)
{
    const struct plan_offer *offer = chosen(proposing, delivered->place);
    if (offer == NULL) {
        offer = only(delivered->place, proposed->byte_size[0] != '\0');
    }
    item->action = KONTOR__V1__ITEM_ACTION__ADD;
    if (offer != NULL) {
        propose_offer(proposing, delivered, offer, proposed, item);
    } else {
        propose_choice(proposing, delivered->place, proposed);
    }
    return true;
}

/* What is ordered once is not ordered again. */
static void
propose_place(struct proposing *proposing, const struct plan_delivered *delivered)
{
    struct call *call = proposing->call;
    Kontor__V1__PlaceOrderRequest *order = proposing->reply->order;
    const struct plan_place *place = delivered->place;
    Kontor__V1__ProposedItem *proposed = new_proposed(call, place);
    Kontor__V1__NewItem *item = arena_alloc(call->arena, sizeof *item);
    bool is_wanted = false;
    kontor__v1__new_item__init(item);
    plan_fill_sums(call, place, &proposing->findings, proposed);
    item->id = arena_copy(call->arena, place->item);
    if (delivered->open != NULL) {
        proposed->offer = delivered->open->offer;
        plan_find(call, &proposing->findings, place->parts[0]->path,
                  "%s is being ordered for it", delivered->open->id);
    } else if (is_alive(delivered->instance)) {
        is_wanted = propose_change(proposing, delivered, proposed, item);
    } else {
        is_wanted = propose_new(proposing, delivered, proposed, item);
    }
    if (is_wanted) {
        proposed->item = item->id;
        order->items[order->n_items++] = item;
    }
    proposing->reply->items[proposing->reply->n_items++] = proposed;
}

static void
tell_unmatched(struct proposing *proposing, const struct plan_place *place)
{
    struct call *call = proposing->call;
    Kontor__V1__ProposedItem *proposed = new_proposed(call, place);
    plan_find(call, &proposing->findings,
              arena_print(call->arena, "%s.host.url", place->parts[0]->path),
              place->why_not == NULL ? "%s is no host of a service here%s"
                                     : "%s cannot be ordered: %s",
              place->hosts[0], place->why_not == NULL ? "" : place->why_not);
    proposing->reply->items[proposing->reply->n_items++] = proposed;
}

/* ---- The order ---- */

static void
check_choices(struct proposing *proposing)
{
    const Kontor__V1__ProposeOrderRequest *request = proposing->request;
    for (size_t i = 0; i < request->n_choices; i++) {
        bool is_there = false;
        for (size_t k = 0; k < proposing->places.n_rows; k++) {
            is_there = is_there || strcmp(proposing->places.rows[k].item,
                                          request->choices[i]->item) == 0;
        }
        if (!is_there) {
            call_fault(proposing->call,
                       arena_print(proposing->call->arena, "choices[%zu].item", i),
                       "the plan has no place %s", request->choices[i]->item);
        }
    }
}

/* The plan's, and its revision behind it, which no other plan has: of a long one only
 * the beginning. */
static char *
order_id(struct call *call, const Kontor__V1__Plan *plan)
{
    enum { LOCAL_MAX = 128 /* Bytes of an id behind its registry (RULE_ID). */ };
    const char *state = arena_print(call->arena, "-r%" PRId64, plan->revision);
    size_t most = strcspn(plan->id, "/") + 1 + LOCAL_MAX - strlen(state);
    return arena_print(call->arena, "%.*s%s", (int)most, plan->id, state);
}

static void
begin(struct proposing *proposing)
{
    struct call *call = proposing->call;
    const Kontor__V1__Plan *plan = proposing->plan;
    const Kontor__V1__ProposeOrderRequest *request = proposing->request;
    Kontor__V1__ProposeOrderResponse *reply = arena_alloc(call->arena, sizeof *reply);
    Kontor__V1__PlaceOrderRequest *order = arena_alloc(call->arena, sizeof *order);
    kontor__v1__propose_order_response__init(reply);
    kontor__v1__place_order_request__init(order);
    size_t n = proposing->places.n_rows;
    order->id = request->order[0] != '\0' ? request->order : order_id(call, plan);
    order->project = request->project[0] != '\0' ? request->project : plan->project;
    order->mode = KONTOR__V1__ORDER_MODE__BEST_EFFORT;
    order->plan = plan->id;
    order->items = arena_alloc(call->arena, (n + 1) * sizeof(*order->items));
    reply->items = arena_alloc(call->arena, (n + 1) * sizeof(*reply->items));
    reply->order = order;
    reply->version = plan->version;
    proposing->reply = reply;
}

/* The project has to be one the caller may order for. */
static enum status
judge_project(struct call *call, const Kontor__V1__ProposeOrderRequest *request)
{
    struct document document;
    if (request->project[0] == '\0') {
        return STATUS_OK;
    }
    enum status status =
        call_get_as_of(call, KIND_PROJECT, request->project, NULL, &document);
    if (status == STATUS_OK) {
        status = call_must_own(call, &document);
    }
    if (status == STATUS_OK && strcmp(call_registry_of(call, request->project),
                                      call_registry_of(call, request->id)) != 0) {
        call_fault(call, "project", "must be of the plan's registry");
    }
    return status;
}

enum status
plan_propose_decide(struct call *call, const void *message, struct decision *decision)
{
    struct proposing proposing = {.call = call, .request = message};
    enum status status = plan_read(call, proposing.request->id, &proposing.plan);
    if (status == STATUS_OK) {
        status = judge_project(call, proposing.request);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const struct json_value *document = plan_document(call, proposing.plan);
    if (document == NULL) {
        return call->error.status;
    }
    status = plan_places_read(call, document, &proposing.findings, &proposing.places);
    if (status != STATUS_OK) {
        return status;
    }
    status = plan_delivered_read(call, proposing.plan->id, "", &proposing.places,
                                 &proposing.findings, &proposing.delivered);
    if (status != STATUS_OK) {
        return status;
    }
    begin(&proposing);
    check_choices(&proposing);
    for (size_t i = 0; i < proposing.places.n_rows; i++) {
        if (proposing.places.rows[i].n_offers > 0) {
            propose_place(&proposing, &proposing.delivered[i]);
        }
    }
    for (size_t i = 0; i < proposing.places.n_rows; i++) {
        if (proposing.places.rows[i].n_offers == 0) {
            tell_unmatched(&proposing, &proposing.places.rows[i]);
        }
    }
    proposing.reply->findings = proposing.findings.rows;
    proposing.reply->n_findings = proposing.findings.n_rows;
    status = call_check_faults(call);
    if (status == STATUS_OK) {
        decision_reply(decision, proposing.reply);
    }
    return status;
}
