/*
 * Offers as they are written: what counts where offer and service both say something,
 * and what contradicts itself.
 *
 * Memory: the faults' arena. Errors: faults with paths relative to the service.
 * Threads: the arena's.
 */
#ifndef KONTOR_CATALOGUE_OFFER_FORM_H
#define KONTOR_CATALOGUE_OFFER_FORM_H

#include "kontor/v1/catalogue.pb-c.h"
#include "proto/faults.h"

/* The order type that counts: the offer's, or the service's where the offer says
 * nothing. */
Kontor__V1__OrderType offer_order_type(const Kontor__V1__Service *service,
                                       const Kontor__V1__Offer *offer);
/* The targets that count: the offer's, or the service's where the offer has none; NULL
 * = nothing is promised. */
Kontor__V1__OfferTargets *offer_targets(const Kontor__V1__Service *service,
                                        const Kontor__V1__Offer *offer);
/* The terms that count: the offer's, or the service's where the offer has none; may be
 * "". */
const char *offer_terms_of_use(const Kontor__V1__Service *service,
                               const Kontor__V1__Offer *offer);

/* Adds a fault for everything wrong with the offers of a service, beyond what the rule
 * table says. */
void offer_judge(struct faults *faults, const Kontor__V1__Service *service);

#endif
