#include "server/catalogue/service.h"

#include <string.h>

#include "catalogue/phase.h"
#include "server/catalogue/audit.h"
#include "server/catalogue/finding.h"
#include "server/catalogue/gate.h"
#include "server/catalogue/offer.h"
#include "server/catalogue/onboarding.h"
#include "server/catalogue/provider.h"
#include "server/rpc/import.h"
#include "server/rpc/named.h"

enum { MAX_PAST_OFFERS = 256 };

/* A service's provider, as far as it is judged by it. */
struct side {
    struct document document;
    Kontor__V1__Provider *provider; /* NULL: an earlier record of the batch. */
};

/* The provider answers for the service, so it must be there, and in the same registry.
 */
static enum status
judge_provider(struct call *call, const Kontor__V1__Service *service, struct side *side)
{
    const char *registry = call_registry_of(call, service->id);
    if (strcmp(registry, call_registry_of(call, service->provider)) != 0) {
        call_fault(call, "provider",
                   "must be a provider of the record's own registry, %s", registry);
        return STATUS_OK;
    }
    enum status status = provider_must_own(call, service->provider);
    if (status == STATUS_OK) {
        /* The read adds a check that the provider is there, or is not, when this is
         * committed. */
        status =
            provider_read(call, service->provider, &side->document, &side->provider);
    }
    if (status == STATUS_OK && side->provider == NULL &&
        !import_would_have(call, KIND_PROVIDER, service->provider)) {
        call_fault(call, "provider", "there is no provider %s; create it first",
                   service->provider);
    }
    return status;
}

/* A service that goes to another provider; not while the first one is judged by it. */
static enum status
judge_new_provider(struct call *call, const Kontor__V1__Service *before,
                   const struct side *side)
{
    struct document document;
    Kontor__V1__Provider *last = NULL;
    enum status status = provider_read(call, before->provider, &document, &last);
    if (status == STATUS_OK && last != NULL &&
        last->template_state == KONTOR__V1__TEMPLATE_STATE__TEMPLATE_PENDING &&
        strcmp(last->template_service, before->id) == 0) {
        call_fault(call, "provider", "is judged by this service: decide on it first");
    }
    if (status == STATUS_OK) {
        status = provider_must_be_open(call, side->provider);
    }
    /* Whatever was put up there was judged by the other provider's first service. */
    if (status == STATUS_OK && before->phase != KONTOR__V1__PHASE__FORTHCOMING &&
        side->provider != NULL &&
        !onboarding_has_template(side->provider->template_state)) {
        call_fault(call, "provider",
                   "%s has no approved template yet: only a FORTHCOMING service may go "
                   "there",
                   side->provider->id);
    }
    return status;
}

/* Why an admin has a new service begin where it says, without its gates; "" = it does
 * not. A catalogue that is taken over brings phases with it that nobody here has
 * judged. */
static const char *
override_reason(struct call *call)
{
    if (import_is(call)) {
        return gate_may_pass(call) ? "taken over from another catalogue" : "";
    }
    return named_text(call->request, "override_reason");
}

/* As it stands; what the gates would have asked for is noted, and that it was asked for
 * at all. */
static enum status
take_over(struct call *call, Kontor__V1__Service *service, const struct side *side,
          const char *reason)
{
    const struct fact_check check =
        phase_check(service, NULL, service->phase, call->now_ms);
    const char *lacks = fact_lacks(&check, call->arena);
    const struct finder finder = finding_of(call, service->id);
    if (lacks[0] != '\0') {
        finder_lacking(&finder, "phase", phase_name(service->phase), lacks);
    }
    if (phase_is_published(service->phase) && side->provider != NULL &&
        !onboarding_has_template(side->provider->template_state)) {
        lacks = arena_print(call->arena, "%s%stemplate", lacks,
                            lacks[0] == '\0' ? "" : ", ");
    }
    if (import_is(call) && lacks[0] == '\0') {
        return STATUS_OK;
    }
    const char *what = import_is(call) ? "Import" : "CreateService";
    return gate_pass_over(
        call,
        (struct gate_notes){.rows = &service->overrides,
                            .n_rows = &service->n_overrides},
        &(struct gate_pass){
            .what = arena_print(call->arena, "%s %s", what, phase_name(service->phase)),
            .reason = reason,
            .lacks = lacks});
}

/* A new service that is PENDING applies as one that is moved there does. */
static enum status
apply(struct call *call, const Kontor__V1__Service *service, struct side *side,
      struct decision *decision)
{
    bool is_applying =
        service->phase == KONTOR__V1__PHASE__PENDING && side->provider != NULL;
    return is_applying ? onboarding_enter(call, decision, &side->document,
                                          side->provider, service->id)
                       : STATUS_OK;
}

/* A catalogue that is taken over may have several that are PENDING: while the first is
 * judged, the others are still to come. */
static void
stay_behind(struct call *call, Kontor__V1__Service *service, const struct side *side)
{
    bool is_waiting =
        side->provider != NULL &&
        side->provider->template_state == KONTOR__V1__TEMPLATE_STATE__TEMPLATE_PENDING;
    if (import_is(call) && is_waiting && service->phase == KONTOR__V1__PHASE__PENDING) {
        service->phase = KONTOR__V1__PHASE__FORTHCOMING;
        import_finding(
            call, "phase",
            "stays FORTHCOMING: %s, the first service of its provider, waits "
            "for a decision",
            side->provider->template_service);
    }
}

/* A new service. */
static enum status
judge_begin(struct call *call, Kontor__V1__Service *service, struct side *side,
            struct decision *decision)
{
    enum status status = provider_must_be_open(call, side->provider);
    if (status != STATUS_OK) {
        return status;
    }
    if (service->phase == KONTOR__V1__PHASE__PHASE_UNSPECIFIED) {
        service->phase = KONTOR__V1__PHASE__FORTHCOMING;
    }
    const char *reason = override_reason(call);
    if (reason[0] != '\0') {
        stay_behind(call, service, side);
        status = take_over(call, service, side, reason);
        return status == STATUS_OK ? apply(call, service, side, decision) : status;
    }
    if (!phase_is_entry(service->phase)) {
        call_fault(
            call, "phase",
            "a service begins in FORTHCOMING or PENDING and MoveService takes it "
            "to %s; an admin may say why it begins there in override_reason",
            phase_name(service->phase));
    }
    const struct fact_check check =
        phase_check(service, NULL, service->phase, call->now_ms);
    (void)fact_fault(&check, call->faults);
    return call->faults->n_found == 0 ? apply(call, service, side, decision)
                                      : STATUS_OK;
}

/* A service that was there: it moves by MoveService only, and keeps what its phase
 * needs. */
static void
judge_change(struct call *call, const Kontor__V1__Service *before,
             Kontor__V1__Service *service)
{
    if (import_is(call)) {
        service->phase = before->phase;
    }
    if (service->phase != before->phase) {
        call_fault(call, "phase", "is %s; MoveService moves it",
                   phase_name(before->phase));
        return;
    }
    const struct fact_check check =
        phase_check(service, before, service->phase, call->now_ms);
    (void)fact_fault(&check, call->faults);
}

void
service_note_published(Kontor__V1__Service *service)
{
    service->was_published =
        service->was_published || phase_is_published(service->phase);
}

static bool
has_text(char *const *texts, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(texts[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static bool
has_offer(const Kontor__V1__Service *service, const char *iid)
{
    for (size_t i = 0; i < service->n_offers; i++) {
        if (strcmp(service->offers[i]->iid, iid) == 0) {
            return true;
        }
    }
    return false;
}

/* Offers that are taken out may have been ordered: ending the service touches those
 * orders, too. The oldest are forgotten. */
static void
note_past_offers(struct call *call, const Kontor__V1__Service *before,
                 Kontor__V1__Service *service)
{
    size_t n = 0;
    char **past = arena_alloc(
        call->arena, (service->n_past_offers + before->n_offers + 1) * sizeof(*past));
    for (size_t i = 0; i < service->n_past_offers; i++) {
        if (!has_offer(service, service->past_offers[i])) {
            past[n++] = service->past_offers[i];
        }
    }
    for (size_t i = 0; i < before->n_offers && before->was_published; i++) {
        char *iid = before->offers[i]->iid;
        if (!has_offer(service, iid) && !has_text(past, n, iid)) {
            past[n++] = iid;
        }
    }
    size_t n_over = n > MAX_PAST_OFFERS ? n - MAX_PAST_OFFERS : 0;
    service->past_offers = past + n_over;
    service->n_past_offers = n - n_over;
}

static enum status
judge(struct call *call, const void *old, const struct document *old_doc, void *record,
      struct decision *decision)
{
    Kontor__V1__Service *service = record;
    const Kontor__V1__Service *before = old;
    struct side side = {.provider = NULL};
    enum status status = judge_provider(call, service, &side);
    (void)old_doc;
    if (status == STATUS_OK && before == NULL) {
        status = judge_begin(call, service, &side, decision);
    } else if (status == STATUS_OK) {
        judge_change(call, before, service);
    }
    if (status == STATUS_OK && before != NULL &&
        strcmp(before->provider, service->provider) != 0) {
        status = judge_new_provider(call, before, &side);
    }
    if (status != STATUS_OK) {
        return status;
    }
    service->is_suspended =
        side.provider != NULL && onboarding_is_ended(side.provider->state);
    service_note_published(service);
    /* Judged before it is stamped: what is refused must not use up a revision of an
     * offer. */
    offer_judge(call->faults, service);
    status = offer_judge_capacities(call, service);
    if (status != STATUS_OK) {
        return status;
    }
    offer_stamp(call, old, service);
    if (old != NULL) {
        note_past_offers(call, old, service);
        audit_note_change(call, old, &service->base, &service->audit);
    }
    return STATUS_OK;
}

/* Everybody reads what is published; its registry and its provider own it in every
 * phase. */
static void
scope(struct call *call, const void *record, char ***out, size_t *n_out)
{
    const Kontor__V1__Service *service = record;
    char **strings = arena_alloc(call->arena, 3 * sizeof(*strings));
    strings[0] = arena_print(call->arena, "=r:%s", call_registry_of(call, service->id));
    strings[1] = arena_print(call->arena, "=p:%s", service->provider);
    strings[2] = "~*";
    *out = strings;
    *n_out = phase_is_published(service->phase) && !service->is_suspended ? 3 : 2;
}

/* Nothing can be ordered before it is published, and what was ordered once stays. */
static enum status
judge_delete(struct call *call, const struct document *document,
             struct decision *decision)
{
    (void)decision;
    const Kontor__V1__Service *service = call_record(call, document);
    if (service->phase != KONTOR__V1__PHASE__FORTHCOMING) {
        return call_illegal(call, KIND_SERVICE, service->id, phase_name(service->phase),
                            "DELETED", "MoveService");
    }
    if (service->was_published) {
        return call_illegal(call, KIND_SERVICE, service->id, "WAS_PUBLISHED", "DELETED",
                            "MoveService: it could be ordered, so it stays");
    }
    return STATUS_OK;
}

static enum status
filter(struct call *call, const void *request, struct find *find)
{
    const Kontor__V1__ListServicesRequest *list = request;
    (void)call;
    if (list->provider[0] != '\0') {
        find->index = "provider";
        find->equal[0].text = list->provider;
        find->n_equal = 1;
    }
    return STATUS_OK;
}

enum {
    AUDIT = 52,
    OVERRIDES = 53,
    IS_SUSPENDED = 74,
    RATING = 75,
    PAST_OFFERS = 77,
    WAS_PUBLISHED = 78
};

const struct record service_record = {
    .kind = &KIND_SERVICE,
    .field = "service",
    .list_field = "services",
    .output_only = (const uint8_t[]){AUDIT, OVERRIDES, IS_SUSPENDED, RATING,
                                     PAST_OFFERS, WAS_PUBLISHED, 0},
    .judge = judge,
    .judge_delete = judge_delete,
    .scope = scope,
    .filter = filter,
};
