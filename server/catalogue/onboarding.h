/*
 * Onboarding: where providers stand, who takes them where, and the first service that
 * is the template of the rest. CATALOGUE design, Onboarding.
 *
 * Memory: constant; the call's arena. Errors: as call.h. Threads: any; the call's.
 */
#ifndef KONTOR_SERVER_CATALOGUE_ONBOARDING_H
#define KONTOR_SERVER_CATALOGUE_ONBOARDING_H

#include <stdbool.h>

#include "catalogue/fact.h"
#include "server/rpc/call.h"

/* One move of a provider. */
struct onboarding_move {
    Kontor__V1__ProviderState from, to;
    uint32_t roles;   /* ROLE_BIT set. */
    const char *call; /* The one that makes it. */
};

/* All moves, ended by one without roles. What is not here is not possible. */
extern const struct onboarding_move onboarding_moves[];

/* The name of a state as in the contract. */
const char *onboarding_name(Kontor__V1__ProviderState state);
/* Whether every principal may see a provider in it. */
bool onboarding_is_shown(Kontor__V1__ProviderState state);
/* Whether a provider in it may have new services. */
bool onboarding_is_open(Kontor__V1__ProviderState state);
/* Whether services of a provider in it are hidden and take no orders. */
bool onboarding_is_ended(Kontor__V1__ProviderState state);
/* Whether a provider in it is still being written: it may lack anything. */
bool onboarding_is_draft(Kontor__V1__ProviderState state);

/* The name of a template's state as in the contract. */
const char *onboarding_template_name(Kontor__V1__TemplateState state);
/* Whether further services need no decision. */
bool onboarding_has_template(Kontor__V1__TemplateState state);

/* What is asked of a provider; before as in fact_check. */
struct fact_check onboarding_check(const struct call *call,
                                   const Kontor__V1__Provider *provider,
                                   const Kontor__V1__Provider *before);

/*
 * A service is put to PENDING: the first of its provider becomes the template, and the
 * provider is written, too; while that waits for a decision, another one is refused
 * with FAILED_PRECONDITION{TEMPLATE_PENDING}.
 */
enum status onboarding_enter(struct call *call, struct decision *decision,
                             const struct document *document,
                             Kontor__V1__Provider *provider,
                             const char *service) MUST_CHECK;

#endif
