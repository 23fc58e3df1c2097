/*
 * What is odd about each kind of record of the catalogue.
 *
 * Memory: the finder's arena. Errors: none; all is told to the finder. Threads: the
 * finder's own.
 */
#ifndef KONTOR_CATALOGUE_FINDER_RECORD_H
#define KONTOR_CATALOGUE_FINDER_RECORD_H

#include "catalogue/finder.h"

/* References that do not resolve, a missing order type, unknown terms. */
void finder_service(const struct finder *finder, const Kontor__V1__Service *service);
/* Unknown terms. */
void finder_provider(const struct finder *finder, const Kontor__V1__Provider *provider);
/* Terms whose parent is nowhere. */
void finder_vocabulary(const struct finder *finder,
                       const Kontor__V1__Vocabulary *vocabulary);
/* Offers and terms nobody knows. */
void finder_bundle(const struct finder *finder, const Kontor__V1__Bundle *bundle);

#endif
