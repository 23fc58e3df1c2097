#include "server/catalogue/service.h"

#include <string.h>

#include "server/catalogue/audit.h"
#include "server/catalogue/gate.h"
#include "server/catalogue/offer.h"
#include "server/catalogue/phase.h"
#include "server/catalogue/provider.h"
#include "server/catalogue/term.h"
#include "server/rpc/import.h"
#include "server/rpc/named.h"

/* The provider answers for the service, so it must be there, and in the same registry.
 */
static enum status
judge_provider(struct call *call, const Kontor__V1__Service *service)
{
    const char *registry = call_registry_of(call, service->id);
    struct document document;
    enum status status;
    if (strcmp(registry, call_registry_of(call, service->provider)) != 0) {
        call_fault(call, "provider",
                   "must be a provider of the service's own registry, %s", registry);
        return STATUS_OK;
    }
    status = provider_must_own(call, service->provider);
    if (status != STATUS_OK) {
        return status;
    }
    status = call_get_any(call, KIND_PROVIDER, service->provider, &document);
    /* The read adds a check that the provider is there, or is not, when this is
     * committed. */
    if (status != STATUS_NOT_FOUND) {
        return status;
    }
    if (!import_would_have(call, KIND_PROVIDER, service->provider)) {
        call_fault(call, "provider", "there is no provider %s; create it first",
                   service->provider);
    }
    return STATUS_OK;
}

/* Why an admin has a new service begin where it says, without its gates; "" = it does
 * not. A catalogue that is taken over brings phases with it that nobody here has
 * judged. */
static const char *
override_reason(const struct call *call)
{
    if (import_is(call)) {
        bool is_admin = (call->who->roles & ROLE_BIT(ADMIN)) != 0;
        return is_admin ? "taken over from another catalogue" : "";
    }
    return named_text(call->request, "override_reason");
}

/* As it stands; what the gates would have asked for is noted, and that it was asked for
 * at all. */
static enum status
take_over(struct call *call, Kontor__V1__Service *service, const char *reason)
{
    const char *lacks = phase_lacks(call, service, service->phase);
    if (import_is(call) && lacks[0] == '\0') {
        return STATUS_OK;
    }
    import_finding(call, "phase", "%s needs what the source does not say: %s",
                   phase_name(service->phase), lacks);
    const char *what = import_is(call) ? "Import" : "CreateService";
    return gate_pass_over(
        call, service,
        arena_print(call->arena, "%s %s", what, phase_name(service->phase)), reason,
        lacks);
}

/* A new service. */
static enum status
judge_begin(struct call *call, Kontor__V1__Service *service)
{
    if (service->phase == KONTOR__V1__PHASE__PHASE_UNSPECIFIED) {
        service->phase = KONTOR__V1__PHASE__FORTHCOMING;
    }
    const char *reason = override_reason(call);
    if (reason[0] != '\0') {
        return take_over(call, service, reason);
    }
    if (!phase_is_entry(service->phase)) {
        call_fault(
            call, "phase",
            "a service begins in FORTHCOMING or PENDING and MoveService takes it "
            "to %s; an admin may say why it begins there in override_reason",
            phase_name(service->phase));
    }
    (void)phase_fault(call, service, NULL, service->phase);
    return STATUS_OK;
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
    (void)phase_fault(call, service, before, service->phase);
}

static enum status
judge(struct call *call, const void *old, const struct document *old_doc, void *record,
      struct decision *decision)
{
    Kontor__V1__Service *service = record;
    enum status status = judge_provider(call, service);
    (void)old_doc;
    (void)decision;
    if (status == STATUS_OK && old == NULL) {
        status = judge_begin(call, service);
    } else if (status == STATUS_OK) {
        judge_change(call, old, service);
    }
    if (status != STATUS_OK) {
        return status;
    }
    /* Judged before it is stamped: what is refused must not use up a revision of an
     * offer. */
    offer_judge(call, service);
    offer_stamp(call, old, service);
    if (old != NULL) {
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
    *n_out = phase_is_published(service->phase) ? 3 : 2;
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

static void
find_references(struct call *call, const char *field, const struct kind *kind,
                char **ids, size_t n_ids)
{
    for (size_t i = 0; i < n_ids; i++) {
        import_find_reference(call, arena_print(call->arena, "%s[%zu]", field, i), kind,
                              ids[i]);
    }
}

/* The chain component, implementation, version ends at endpoints. */
static void
find_endpoints(struct call *call, const Kontor__V1__Component *component)
{
    for (size_t i = 0; i < component->n_implementations; i++) {
        const Kontor__V1__Implementation *made = component->implementations[i];
        for (size_t j = 0; j < made->n_versions; j++) {
            const char *path =
                arena_print(call->arena,
                            "components[%s].implementations[%s].versions[%s].endpoints",
                            component->id, made->id, made->versions[j]->version);
            find_references(call, path, KIND_ENDPOINT, made->versions[j]->endpoints,
                            made->versions[j]->n_endpoints);
        }
    }
}

void
service_find(struct call *call, const void *record)
{
    const Kontor__V1__Service *service = record;
    find_references(call, "resource_providers", KIND_PROVIDER,
                    service->resource_providers, service->n_resource_providers);
    find_references(call, "required_services", KIND_SERVICE, service->required_services,
                    service->n_required_services);
    find_references(call, "related_services", KIND_SERVICE, service->related_services,
                    service->n_related_services);
    for (size_t i = 0; i < service->n_offers; i++) {
        if (offer_order_type(service, service->offers[i]) ==
            KONTOR__V1__ORDER_TYPE__ORDER_TYPE_UNSPECIFIED) {
            import_finding(call,
                           arena_print(call->arena, "offers[%s].order_type",
                                       service->offers[i]->iid),
                           "neither the offer nor its service says how it is ordered");
        }
    }
    if (service->order_type == KONTOR__V1__ORDER_TYPE__ORDER_TYPE_UNSPECIFIED) {
        import_finding(call, "order_type", "the source does not say how one gets it");
    }
    for (size_t i = 0; i < service->n_components; i++) {
        find_endpoints(call, service->components[i]);
    }
    term_find(call, service->id, &service->base);
}

enum { AUDIT = 52, OVERRIDES = 53 };

const struct record service_record = {
    .kind = &KIND_SERVICE,
    .field = "service",
    .list_field = "services",
    .output_only = (const uint8_t[]){AUDIT, OVERRIDES, 0},
    .judge = judge,
    .scope = scope,
    .filter = filter,
};
