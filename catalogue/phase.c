#include "catalogue/phase.h"

#include <string.h>

#include "proto/moment.h"

#define P(name) KONTOR__V1__PHASE__##name
#define ROLE_BIT(role) (UINT32_C(1) << (KONTOR__V1__ROLE__##role))
#define WRITERS (ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN))

/* ---- The tables ---- */

/* Source: CATALOGUE design, Portfolio phases. */
const struct phase_move phase_moves[] = {
    {P(FORTHCOMING), P(PENDING), WRITERS},
    {P(PENDING), P(PRE_PRODUCTION), WRITERS},
    {P(PENDING), P(PRODUCTION), WRITERS},
    {P(PRE_PRODUCTION), P(PRODUCTION), WRITERS},
    {P(PRE_PRODUCTION), P(DEPRECATED), WRITERS},
    {P(PRODUCTION), P(DEPRECATED), WRITERS},
    {P(DEPRECATED), P(DECOMMISSIONED), WRITERS},
    /* Reconsidered. */
    {P(DECOMMISSIONED), P(FORTHCOMING), ROLE_BIT(ADMIN)},
    {P(PHASE_UNSPECIFIED), P(PHASE_UNSPECIFIED), 0},
};

static const struct {
    const char *name;
    const char *needs; /* How faults begin. */
    bool is_published;
    bool is_entry;
    /* Facts that are needed up to this phase count; UNSPECIFIED: none. */
    Kontor__V1__Phase gate;
} phases[] = {
    [P(PHASE_UNSPECIFIED)] = {"PHASE_UNSPECIFIED", "phase PHASE_UNSPECIFIED", false,
                              false, P(PHASE_UNSPECIFIED)},
    [P(FORTHCOMING)] = {"FORTHCOMING", "phase FORTHCOMING", false, true,
                        P(PHASE_UNSPECIFIED)},
    [P(PENDING)] = {"PENDING", "phase PENDING", false, true, P(PENDING)},
    [P(PRE_PRODUCTION)] = {"PRE_PRODUCTION", "phase PRE_PRODUCTION", true, false,
                           P(PRE_PRODUCTION)},
    [P(PRODUCTION)] = {"PRODUCTION", "phase PRODUCTION", true, false, P(PRODUCTION)},
    /* What is still read stays as whole as it was; ending it needs nothing. */
    [P(DEPRECATED)] = {"DEPRECATED", "phase DEPRECATED", true, false,
                       P(PRE_PRODUCTION)},
    [P(DECOMMISSIONED)] = {"DECOMMISSIONED", "phase DECOMMISSIONED", false, false,
                           P(PHASE_UNSPECIFIED)},
};

static bool
has_targets(const ProtobufCMessage *record, int64_t now_ms)
{
    const Kontor__V1__Service *service = (const Kontor__V1__Service *)record;
    size_t n_with = 0;
    (void)now_ms;
    for (size_t i = 0; i < service->n_offers; i++) {
        n_with += service->offers[i]->targets != NULL;
    }
    return service->sla_url[0] != '\0' || service->targets != NULL ||
           (n_with > 0 && n_with == service->n_offers);
}

static bool
has_audit(const ProtobufCMessage *record, int64_t now_ms)
{
    const Kontor__V1__Service *service = (const Kontor__V1__Service *)record;
    const Kontor__V1__Audit *audit = service->audit;
    int64_t oldest_ms = now_ms - (int64_t)PHASE_AUDIT_DAYS * 24 * 3600 * 1000;
    return audit != NULL && audit->state == KONTOR__V1__AUDIT_STATE__AUDIT_VALID &&
           moment_ms(audit->at, INT64_MIN) >= oldest_ms;
}

/* From PRE_PRODUCTION on: what profile 4/5 of EOSC calls mandatory of a service. */
const struct fact phase_facts[] = {
    {P(PENDING), {"description", NULL}, "a description", NULL},
    {P(PENDING), {"main_contact", NULL}, "a main contact", NULL},
    {P(PENDING), {"order_type", NULL}, "how one gets it", NULL},
    {P(PRE_PRODUCTION), {"abbreviation", NULL}, "an abbreviation", NULL},
    {P(PRE_PRODUCTION), {"webpage", NULL}, "a web page", NULL},
    {P(PRE_PRODUCTION), {"tagline", NULL}, "a tagline", NULL},
    {P(PRE_PRODUCTION), {"logo", NULL}, "a logo", NULL},
    {P(PRE_PRODUCTION), {"scientific_domains", NULL}, "a scientific domain", NULL},
    {P(PRE_PRODUCTION), {"categories", NULL}, "a category", NULL},
    {P(PRE_PRODUCTION), {"target_users", NULL}, "target users", NULL},
    {P(PRE_PRODUCTION),
     {"geographical_availabilities", NULL},
     "where it is available",
     NULL},
    {P(PRE_PRODUCTION), {"languages", NULL}, "a language", NULL},
    {P(PRE_PRODUCTION), {"public_contacts", NULL}, "a public contact", NULL},
    {P(PRE_PRODUCTION), {"helpdesk_email", "helpdesk_page"}, "a helpdesk", NULL},
    {P(PRE_PRODUCTION), {"security_contact_email", NULL}, "a security contact", NULL},
    {P(PRE_PRODUCTION), {"trl", NULL}, "a technology readiness level", NULL},
    {P(PRE_PRODUCTION), {"terms_of_use", NULL}, "terms of use", NULL},
    {P(PRE_PRODUCTION), {"privacy_policy", NULL}, "a privacy policy", NULL},
    {P(PRODUCTION),
     {"sla_url", "offers"},
     "service level targets: the agreement's address, its own, or those of every offer",
     has_targets},
    {P(PRODUCTION),
     {"audit", NULL},
     "an audit that found it valid, a year old at most",
     has_audit},
    {P(PHASE_UNSPECIFIED), {NULL, NULL}, NULL, NULL},
};

/* ---- Phases ---- */

static size_t
row_of(Kontor__V1__Phase phase)
{
    return (size_t)phase < sizeof phases / sizeof phases[0] ? (size_t)phase : 0;
}

const char *
phase_name(Kontor__V1__Phase phase)
{
    return phases[row_of(phase)].name;
}

bool
phase_is_published(Kontor__V1__Phase phase)
{
    return phases[row_of(phase)].is_published;
}

bool
phase_is_entry(Kontor__V1__Phase phase)
{
    return phases[row_of(phase)].is_entry;
}

/* ---- Facts ---- */

struct fact_check
phase_check(const Kontor__V1__Service *service, const Kontor__V1__Service *before,
            Kontor__V1__Phase phase, int64_t now_ms)
{
    return (struct fact_check){
        .table = phase_facts,
        .record = &service->base,
        .before = before == NULL ? NULL : &before->base,
        .upto = (int)phases[row_of(phase)].gate,
        .now_ms = now_ms,
        .who = phases[row_of(phase)].needs,
    };
}
