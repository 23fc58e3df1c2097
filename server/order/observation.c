#include "server/order/observation.h"

#include <string.h>

#include "kontor/v1/order_service.pb-c.h"
#include "proto/moment.h"
#include "server/catalogue/offer.h"
#include "server/catalogue/onboarding.h"
#include "server/catalogue/provider.h"
#include "server/order/stock.h"

enum { TELL_PAGE = 100 }; /* Observers of one commit. */

/* What whoever comes next could order: those who wait come first. */
struct chance {
    bool is_there;
    int64_t n_free; /* 0 = as many as are ordered: the offer has no stock any more. */
};

static enum status
look(struct call *call, const struct offer_found *found, const char *offer,
     struct chance *chance)
{
    struct document document;
    Kontor__V1__Provider *provider;
    Kontor__V1__Stock *stock;
    int64_t was;
    *chance = (struct chance){.n_free = 0};
    enum status status =
        provider_read(call, found->service->provider, &document, &provider);
    if (status == STATUS_OK) {
        status = stock_read(call, offer, &stock, &was);
    }
    if (status != STATUS_OK) {
        return status;
    }
    bool is_ended = provider != NULL && onboarding_is_ended(provider->state);
    const Kontor__V1__OfferStock *rule = found->offer->stock;
    int64_t n_free = stock->waiting > stock->beyond ? 0 : stock_free(rule, stock);
    if (offer_why_not(call, found->service, found->offer, is_ended) == NULL) {
        chance->is_there = n_free > 0;
        chance->n_free = rule == NULL ? 0 : n_free;
    }
    return STATUS_OK;
}

static void
tell(struct call *call, Kontor__V1__Observation *observation, int64_t n_free)
{
    observation->waits_for = "";
    observation->returned_at = moment_new(call->arena, call->at_ms);
    observation->free = n_free;
}

/* ---- Making ---- */

static enum status
judge_id(struct call *call, const char *id)
{
    const char *registry = call_registry_of(call, id);
    if (strcmp(registry, call->who->registry) == 0) {
        return STATUS_OK;
    }
    call_value(call, "registry", "%s", registry);
    return call_fail(call, REASON_OTHER_REGISTRY,
                     "observations of registry %s are not yours; yours begin with %s/",
                     registry, call->who->registry);
}

/* Whether the id is free, or its observation was told already; *was as for
 * decision_put. */
static enum status
judge_new(struct call *call, const char *id, int64_t *was)
{
    struct document document;
    enum status status = call_get_any(call, KIND_OBSERVATION, id, &document);
    *was = 0;
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    const Kontor__V1__Observation *there = call_record(call, &document);
    *was = document.revision;
    if (there->waits_for[0] == '\0') {
        return STATUS_OK;
    }
    call_value(call, "id", "%s", id);
    return call_fail(call, REASON_ALREADY_EXISTS,
                     "there is an observation %s already, of %s", id, there->offer);
}

/* The stock of the offer, and how much of it anybody could order now. */
static enum status
find_stock(struct call *call, const char *offer, struct chance *chance)
{
    struct offer_found found;
    enum status status = offer_find(call, offer, &found);
    if (status != STATUS_OK) {
        return status;
    }
    if (found.offer->stock == NULL) {
        call_fault(call, "offer", "has no stock: as many are there as are ordered");
        return call_check_faults(call);
    }
    return look(call, &found, offer, chance);
}

enum status
observation_make(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__ObserveOfferRequest *request = message;
    Kontor__V1__Observation *made = arena_alloc(call->arena, sizeof(*made));
    const struct stock_sum one_more = {.observers = 1};
    char **scope = arena_alloc(call->arena, sizeof(*scope));
    struct chance chance = {.n_free = 0};
    int64_t was = 0;
    enum status status = judge_id(call, request->id);
    if (status == STATUS_OK) {
        status = judge_new(call, request->id, &was);
    }
    if (status == STATUS_OK) {
        status = find_stock(call, request->offer, &chance);
    }
    if (status == STATUS_OK && !chance.is_there) {
        status = stock_change(call, request->offer, &one_more, decision);
    }
    if (status != STATUS_OK) {
        return status;
    }
    kontor__v1__observation__init(made);
    made->offer = request->offer;
    made->waits_for = request->offer;
    if (chance.is_there) {
        tell(call, made, chance.n_free);
    }
    scope[0] = arena_print(call->arena, "=r:%s", call->who->registry);
    decision_put(call, decision, KIND_OBSERVATION, request->id, was, scope, 1,
                 &made->base);
    return STATUS_OK;
}

enum status
observation_answer(struct call *call, const void *message,
                   const Kontor__V1__Commit *commit, void **reply)
{
    const Kontor__V1__ObserveOfferRequest *request = message;
    return answer_record(call, commit, KIND_OBSERVATION, request->id, reply);
}

enum status
observation_delete(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__DeleteObservationRequest *request = message;
    const struct stock_sum one_less = {.observers = -1};
    struct document document;
    enum status status = call_get(call, KIND_OBSERVATION, request->id, &document);
    if (status == STATUS_OK) {
        status = call_must_own(call, &document);
    }
    if (status == STATUS_OK) {
        status = call_expect(call, &document, request->expected_revision);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const Kontor__V1__Observation *there = call_record(call, &document);
    if (there->waits_for[0] != '\0') {
        status = stock_change(call, there->offer, &one_less, decision);
    }
    if (status == STATUS_OK) {
        decision_delete(call, decision, KIND_OBSERVATION, request->id,
                        document.revision);
    }
    return status;
}

/* ---- Telling ---- */

static enum status
tell_page(struct call *call, const char *offer, int64_t n_free,
          struct decision *decision)
{
    struct find find = {.kind = KIND_OBSERVATION,
                        .index = "waits_for",
                        .n_equal = 1,
                        .limit = TELL_PAGE};
    struct page page;
    find.equal[0].text = offer;
    enum status status = call_find(call, &find, true, &page);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < page.n_documents; i++) {
        const struct document *document = &page.documents[i];
        Kontor__V1__Observation *observation = call_record(call, document);
        tell(call, observation, n_free);
        decision_put(call, decision, KIND_OBSERVATION, document->id, document->revision,
                     document->scope, document->n_scope, &observation->base);
    }
    /* None is left, whatever was counted. */
    int64_t n_told = page.n_documents == 0 ? INT64_MAX / 2 : (int64_t)page.n_documents;
    return stock_change(call, offer, &(struct stock_sum){.observers = -n_told},
                        decision);
}

enum status
observation_tell(struct call *call, const void *request, struct decision *decision)
{
    const char *offer = request;
    struct offer_found found;
    struct chance chance = {.n_free = 0};
    enum status status = offer_find(call, offer, &found);
    /* It may come back. */
    bool is_gone = status == STATUS_NOT_FOUND;
    if (status == STATUS_OK) {
        status = look(call, &found, offer, &chance);
    }
    if (is_gone || (status == STATUS_OK && !chance.is_there)) {
        memset(&call->error, 0, sizeof call->error);
        decision_reply(decision, NULL);
        return STATUS_OK;
    }
    return status == STATUS_OK ? tell_page(call, offer, chance.n_free, decision)
                               : status;
}

const struct record observation_record = {
    .kind = &KIND_OBSERVATION,
    .field = "observation",
    .list_field = "observations",
};
