#include "server/catalogue/provider.h"

#include "server/catalogue/audit.h"
#include "server/catalogue/finding.h"
#include "server/catalogue/gate.h"
#include "server/catalogue/onboarding.h"
#include "server/rpc/import.h"
#include "server/rpc/named.h"

enum status
provider_must_own(struct call *call, const char *provider)
{
    const char *registry =
        arena_print(call->arena, "r:%s", call_registry_of(call, provider));
    if (principal_has_scope(call->who, registry)) {
        return STATUS_OK;
    }
    return call_must_have(call, arena_print(call->arena, "p:%s", provider));
}

enum status
provider_read(struct call *call, const char *id, struct document *document,
              Kontor__V1__Provider **out)
{
    *out = NULL;
    enum status status = call_get_any(call, KIND_PROVIDER, id, document);
    if (status == STATUS_OK) {
        *out = call_record(call, document);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status
provider_must_be_open(struct call *call, const Kontor__V1__Provider *provider)
{
    if (provider == NULL || onboarding_is_open(provider->state)) {
        return STATUS_OK;
    }
    const char *state = onboarding_name(provider->state);
    call_value(call, "from", "%s", state);
    return call_fail(call, REASON_PROVIDER_CLOSED,
                     "provider %s is %s: it takes nothing new unless it is approved",
                     provider->id, state);
}

/* An admin's word is enough, for the provider and, if asked for, its first service;
 * what was not looked at is noted for good. */
static enum status
approve_new(struct call *call, Kontor__V1__Provider *provider)
{
    const struct fact_check check = onboarding_check(call, provider, NULL);
    const char *lacks = fact_lacks(&check, call->arena);
    provider->state = KONTOR__V1__PROVIDER_STATE__PROVIDER_APPROVED;
    if (named_flag(call->request, "skip_template")) {
        provider->template_state = KONTOR__V1__TEMPLATE_STATE__TEMPLATE_SKIPPED;
    }
    if (lacks[0] == '\0') {
        return STATUS_OK;
    }
    const struct finder finder = finding_of(call, provider->id);
    finder_lacking(&finder, "state", "an approved provider", lacks);
    return gate_pass_over(
        call,
        (struct gate_notes){.rows = &provider->overrides,
                            .n_rows = &provider->n_overrides},
        &(struct gate_pass){
            .what = import_is(call) ? "Import PROVIDER_APPROVED"
                                    : "CreateProvider PROVIDER_APPROVED",
            .reason = import_is(call) ? "taken over from another catalogue"
                                      : "made by an admin",
            .lacks = lacks});
}

static enum status
judge_begin(struct call *call, Kontor__V1__Provider *provider)
{
    provider->state = KONTOR__V1__PROVIDER_STATE__PROVIDER_DRAFT;
    provider->template_state = KONTOR__V1__TEMPLATE_STATE__TEMPLATE_NONE;
    if (gate_may_pass(call)) {
        return approve_new(call, provider);
    }
    if (named_flag(call->request, "skip_template")) {
        call_value(call, "role", "ADMIN");
        return call_fail(call, REASON_ROLE_MISSING,
                         "skip_template needs the role ADMIN for the whole registry");
    }
    return STATUS_OK;
}

/* A provider has no parent but its registry; an operator named for it before may create
 * it. */
static enum status
judge(struct call *call, const void *old, const struct document *old_doc, void *record,
      struct decision *decision)
{
    Kontor__V1__Provider *provider = record;
    const Kontor__V1__Provider *before = old;
    (void)old_doc;
    (void)decision;
    enum status status = provider_must_own(call, provider->id);
    if (status != STATUS_OK || before == NULL) {
        return status != STATUS_OK ? status : judge_begin(call, provider);
    }
    audit_note_change(call, old, &provider->base, &provider->audit);
    if (!onboarding_is_draft(provider->state)) {
        const struct fact_check check = onboarding_check(call, provider, before);
        (void)fact_fault(&check, call->faults);
    }
    return STATUS_OK;
}

static void
scope(struct call *call, const void *record, char ***out, size_t *n_out)
{
    const Kontor__V1__Provider *provider = record;
    char **strings = arena_alloc(call->arena, 3 * sizeof(*strings));
    strings[0] =
        arena_print(call->arena, "=r:%s", call_registry_of(call, provider->id));
    strings[1] = arena_print(call->arena, "=p:%s", provider->id);
    strings[2] = "~*";
    *out = strings;
    *n_out = onboarding_is_shown(provider->state) ? 3 : 2;
}

/* Whoever was never approved has no services: they are refused until then. */
static enum status
judge_delete(struct call *call, const struct document *document,
             struct decision *decision)
{
    (void)decision;
    const Kontor__V1__Provider *provider = call_record(call, document);
    if (onboarding_is_draft(provider->state)) {
        return STATUS_OK;
    }
    return call_illegal(call, KIND_PROVIDER, provider->id,
                        onboarding_name(provider->state), "DELETED", "RetireProvider");
}

static enum status
filter(struct call *call, const void *message, struct find *find)
{
    const Kontor__V1__ListProvidersRequest *request = message;
    (void)call;
    if (request->waiting_only) {
        find->index = "waiting";
        find->has_range = true;
        find->low = INT64_MIN;
        find->high = INT64_MAX;
    }
    return STATUS_OK;
}

/* What waits is the registry's and the provider's own. */
static bool
keep(struct call *call, const void *message, const struct document *document)
{
    const Kontor__V1__ListProvidersRequest *request = message;
    (void)call;
    return !request->waiting_only || document->view == VIEW_FULL;
}

enum {
    AUDIT = 20,
    STATE = 21,
    TEMPLATE_STATE = 22,
    TEMPLATE_SERVICE = 23,
    STATE_REASON = 24,
    OVERRIDES = 25,
    IS_SETTLING = 46,
    WAITING_SINCE = 47,
};

const struct record provider_record = {
    .kind = &KIND_PROVIDER,
    .field = "provider",
    .list_field = "providers",
    .output_only =
        (const uint8_t[]){AUDIT, STATE, TEMPLATE_STATE, TEMPLATE_SERVICE, STATE_REASON,
                          OVERRIDES, IS_SETTLING, WAITING_SINCE, 0},
    .judge = judge,
    .judge_delete = judge_delete,
    .scope = scope,
    .filter = filter,
    .keep = keep,
};
