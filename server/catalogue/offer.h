/*
 * Offers: something of a service that can be ordered. They live inside their service.
 *
 * Memory: the call's arena. Errors: faults with paths relative to the service; statuses
 * as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_CATALOGUE_OFFER_H
#define KONTOR_SERVER_CATALOGUE_OFFER_H

#include "catalogue/offer_form.h"
#include "kontor/v1/catalogue.pb-c.h"
#include "server/rpc/call.h"

/* An offer as it was found. */
struct offer_found {
    struct document document; /* The service's document, in the caller's view. */
    const Kontor__V1__Service *service; /* The service's record. */
    const Kontor__V1__Offer *offer;     /* The offer in it. */
};

/* What its offers take is of capacities of its own provider. Faults. */
enum status offer_judge_capacities(struct call *call,
                                   const Kontor__V1__Service *service) MUST_CHECK;

/*
 * Finds the offer <registry>/<local>/<iid> within the caller's scopes. Fails the call
 * with NOT_FOUND for an id out of form, an unknown or invisible service and an unknown
 * offer alike; who wants a fault instead zeroes call->error. In a mutation the
 * service's document is checked at commit.
 */
enum status offer_find(struct call *call, const char *offer_id,
                       struct offer_found *out) MUST_CHECK;

/* The offer of a service with this iid; NULL = there is none. */
const Kontor__V1__Offer *offer_named(const Kontor__V1__Service *service,
                                     const char *iid);

/* Why an offer takes no new orders at this broker, in words; NULL = it does.
 * is_ended: its provider is suspended or retired. */
const char *offer_why_not(struct call *call, const Kontor__V1__Service *service,
                          const Kontor__V1__Offer *offer, bool is_ended);

/*
 * Sets rev and hash of every offer of a service about to be stored. The hash is over
 * what can be ordered: parameters, prices, routing, approval, terms, settle. The rev
 * stays while the hash stays and grows by one when it changes. An offer that appears in
 * a stored service begins above every rev it can ever have had, should it have existed
 * before. old is the service as it is stored; NULL = it is new.
 */
void offer_stamp(struct call *call, const Kontor__V1__Service *old,
                 Kontor__V1__Service *service);

#endif
