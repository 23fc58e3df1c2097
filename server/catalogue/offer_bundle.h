/*
 * Bundles: offers that are ordered together, and what keeps them apart.
 *
 * Memory: constant; the call's arena. Errors: as record.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_CATALOGUE_OFFER_BUNDLE_H
#define KONTOR_SERVER_CATALOGUE_OFFER_BUNDLE_H

#include "kontor/v1/catalogue_service.pb-c.h"
#include "server/rpc/record.h"

extern const struct record offer_bundle_record;

/* What is in the way of ordering some offers of a bundle together. */
struct offer_bundle_conflicts {
    Kontor__V1__BundleConflict **rows;
    size_t n_rows;
};

/* Judges a choice of offers, the main one included; adds every conflict. */
enum status offer_bundle_judge(struct call *call, const Kontor__V1__Bundle *bundle,
                               char *const *offers, size_t n_offers,
                               struct offer_bundle_conflicts *conflicts) MUST_CHECK;

enum status offer_bundle_check(struct call *call, const void *request,
                               struct decision *decision);

#endif
