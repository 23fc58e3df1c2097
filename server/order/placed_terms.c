#include "server/order/placed_terms.h"

#include "server/catalogue/onboarding.h"
#include "server/catalogue/provider.h"
#include "server/order/due.h"
#include "server/order/item.h"

static Kontor__V1__OrderItem *
new_terms(struct call *call)
{
    Kontor__V1__OrderItem *terms = arena_alloc(call->arena, sizeof *terms);
    kontor__v1__order_item__init(terms);
    terms->settle_seconds = ITEM_DEFAULT_SETTLE_S;
    return terms;
}

/* Whose object it is about. */
static void
add_instance(const Kontor__V1__Instance *instance, Kontor__V1__OrderItem *terms)
{
    if (instance == NULL) {
        return;
    }
    terms->instance = instance->id;
    terms->instance_backend_id =
        instance->delivery == NULL ? "" : instance->delivery->backend_id;
}

enum status
placed_terms_of_offer(struct call *call, struct placed *placed)
{
    const Kontor__V1__Offer *offer = placed->found.offer;
    Kontor__V1__OrderItem *terms = new_terms(call);
    terms->offer = (char *)placed->offer;
    terms->offer_rev = offer->rev;
    terms->offer_hash = offer->hash;
    terms->service_revision = placed->found.document.revision;
    terms->provider = placed->found.service->provider;
    terms->name = offer->name;
    if (offer->settle_seconds > 0) {
        terms->settle_seconds = offer->settle_seconds;
    }
    terms->terms_of_use = (char *)offer_terms_of_use(placed->found.service, offer);
    terms->must_name_endpoints = offer->must_name_endpoints;
    terms->no_return_milestone = offer->no_return_milestone;
    terms->is_evaluated = offer->is_evaluated;
    terms->deadlines = offer->deadlines;
    terms->valid_days = offer->valid_days;
    add_instance(placed->instance, terms);
    placed->terms = terms;
    struct document document;
    Kontor__V1__Provider *provider;
    enum status status = provider_read(call, terms->provider, &document, &provider);
    if (status == STATUS_OK && provider != NULL) {
        terms->calendar = provider->calendar;
        placed->is_provider_ended = onboarding_is_ended(provider->state);
    }
    return status;
}

static void
add_agreed(const Kontor__V1__OrderItem *last, Kontor__V1__OrderItem *terms)
{
    terms->offer_hash = last->offer_hash;
    terms->service_revision = last->service_revision;
    terms->settle_seconds = last->settle_seconds;
    terms->terms_of_use = last->terms_of_use;
    terms->must_name_endpoints = last->must_name_endpoints;
    terms->no_return_milestone = last->no_return_milestone;
    terms->deadlines = last->deadlines;
}

enum status
placed_terms_of_instance(struct call *call, struct placed *placed)
{
    const Kontor__V1__Instance *instance = placed->instance;
    Kontor__V1__OrderItem *terms = new_terms(call);
    struct document document;
    enum status status = call_get_any(call, KIND_ITEM, instance->last_item, &document);
    if (status == STATUS_OK) {
        add_agreed(call_record(call, &document), terms);
    } else if (status != STATUS_NOT_FOUND) {
        return status;
    }
    terms->offer = instance->offer;
    terms->offer_rev = instance->offer_rev;
    terms->provider = instance->provider;
    terms->name = instance->name;
    terms->valid_days = instance->valid_days;
    add_instance(instance, terms);
    placed->terms = terms;
    return due_calendar(call, terms->provider, &terms->calendar);
}
