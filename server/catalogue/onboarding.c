#include "server/catalogue/onboarding.h"

#include <string.h>

#include "proto/moment.h"
#include "server/catalogue/provider.h"

#define S(name) KONTOR__V1__PROVIDER_STATE__PROVIDER_##name
#define T(name) KONTOR__V1__TEMPLATE_STATE__TEMPLATE_##name
#define WRITERS (ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN))
#define DECIDERS (ROLE_BIT(SHIFTER) | ROLE_BIT(ADMIN))

/* ---- The tables ---- */

/* Source: CATALOGUE design, Onboarding; SUBMITTED again after REJECTED as in EOSC. */
const struct onboarding_move onboarding_moves[] = {
    {S(DRAFT), S(SUBMITTED), WRITERS, "SubmitProvider"},
    {S(REJECTED), S(SUBMITTED), WRITERS, "SubmitProvider"},
    {S(SUBMITTED), S(APPROVED), DECIDERS, "DecideProvider"},
    {S(SUBMITTED), S(REJECTED), DECIDERS, "DecideProvider"},
    {S(APPROVED), S(SUSPENDED), DECIDERS, "SuspendProvider"},
    {S(SUSPENDED), S(APPROVED), DECIDERS, "ResumeProvider"},
    {S(APPROVED), S(RETIRED), DECIDERS, "RetireProvider"},
    {S(SUSPENDED), S(RETIRED), DECIDERS, "RetireProvider"},
    {S(STATE_UNSPECIFIED), S(STATE_UNSPECIFIED), 0, NULL},
};

/* What is older than the states was published by its registry: it stands as approved.
 */
static const struct {
    const char *name;
    bool is_shown, is_open, is_ended, is_draft;
} states[] = {
    [S(STATE_UNSPECIFIED)] = {"PROVIDER_APPROVED", true, true, false, false},
    [S(DRAFT)] = {"PROVIDER_DRAFT", false, false, false, true},
    [S(SUBMITTED)] = {"PROVIDER_SUBMITTED", false, false, false, false},
    [S(APPROVED)] = {"PROVIDER_APPROVED", true, true, false, false},
    [S(REJECTED)] = {"PROVIDER_REJECTED", false, false, false, true},
    [S(SUSPENDED)] = {"PROVIDER_SUSPENDED", false, false, true, false},
    [S(RETIRED)] = {"PROVIDER_RETIRED", false, false, true, false},
};

static const struct {
    const char *name;
    bool is_good; /* Further services need no decision. */
} templates[] = {
    [T(STATE_UNSPECIFIED)] = {"TEMPLATE_APPROVED", true},
    [T(NONE)] = {"TEMPLATE_NONE", false},
    [T(PENDING)] = {"TEMPLATE_PENDING", false},
    [T(APPROVED)] = {"TEMPLATE_APPROVED", true},
    [T(REJECTED)] = {"TEMPLATE_REJECTED", false},
    [T(SKIPPED)] = {"TEMPLATE_SKIPPED", true},
};

/* ---- States ---- */

static size_t
row_of(Kontor__V1__ProviderState state)
{
    return (size_t)state < sizeof states / sizeof states[0] ? (size_t)state : 0;
}

const char *
onboarding_name(Kontor__V1__ProviderState state)
{
    return states[row_of(state)].name;
}

bool
onboarding_is_shown(Kontor__V1__ProviderState state)
{
    return states[row_of(state)].is_shown;
}

bool
onboarding_is_open(Kontor__V1__ProviderState state)
{
    return states[row_of(state)].is_open;
}

bool
onboarding_is_ended(Kontor__V1__ProviderState state)
{
    return states[row_of(state)].is_ended;
}

bool
onboarding_is_draft(Kontor__V1__ProviderState state)
{
    return states[row_of(state)].is_draft;
}

static size_t
template_of(Kontor__V1__TemplateState state)
{
    return (size_t)state < sizeof templates / sizeof templates[0] ? (size_t)state : 0;
}

const char *
onboarding_template_name(Kontor__V1__TemplateState state)
{
    return templates[template_of(state)].name;
}

bool
onboarding_has_template(Kontor__V1__TemplateState state)
{
    return templates[template_of(state)].is_good;
}

/* ---- Facts ---- */

struct fact_check
onboarding_check(const struct call *call, const Kontor__V1__Provider *provider,
                 const Kontor__V1__Provider *before)
{
    return (struct fact_check){
        .table = fact_provider,
        .record = &provider->base,
        .before = before == NULL ? NULL : &before->base,
        .now_ms = call->now_ms,
        .who = "a provider",
    };
}

/* ---- The template ---- */

static enum status
begin_template(struct call *call, struct decision *decision,
               const struct document *document, Kontor__V1__Provider *provider,
               const char *service)
{
    char **scope;
    size_t n_scope;
    provider->template_state = T(PENDING);
    provider->template_service = arena_copy(call->arena, service);
    provider->waiting_since = moment_new(call->arena, call->at_ms);
    provider_record.scope(call, provider, &scope, &n_scope);
    decision_put(call, decision, KIND_PROVIDER, provider->id, document->revision, scope,
                 n_scope, &provider->base);
    return STATUS_OK;
}

enum status
onboarding_enter(struct call *call, struct decision *decision,
                 const struct document *document, Kontor__V1__Provider *provider,
                 const char *service)
{
    if (onboarding_has_template(provider->template_state)) {
        return STATUS_OK;
    }
    if (provider->template_state != T(PENDING)) {
        return begin_template(call, decision, document, provider, service);
    }
    if (strcmp(provider->template_service, service) == 0) {
        return STATUS_OK;
    }
    call_value(call, "service", "%s", provider->template_service);
    return call_fail(call, REASON_TEMPLATE_PENDING,
                     "service %s, the first of provider %s, waits for a decision; "
                     "others wait until there is one",
                     provider->template_service, provider->id);
}
