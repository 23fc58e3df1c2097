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

/* What is odd about an imported bundle: offers and terms nobody knows. */
void offer_bundle_find(struct call *call, const void *record);

/* Whether an offer is the main one or one of the others. */
bool offer_bundle_has(const Kontor__V1__Bundle *bundle, const char *offer);

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

/* Compares two releases: runs of digits as numbers, all else as text; negative, 0 or
 * positive. */
int offer_bundle_compare_releases(const char *a, const char *b);

#endif
