/*
 * Bundles as they are written: what contradicts itself.
 *
 * Memory: the faults' arena. Errors: faults with paths relative to the bundle. Threads:
 * the arena's.
 */
#ifndef KONTOR_CATALOGUE_BUNDLE_FORM_H
#define KONTOR_CATALOGUE_BUNDLE_FORM_H

#include <stdbool.h>

#include "kontor/v1/catalogue.pb-c.h"
#include "proto/faults.h"

/* Whether an offer is the main one or one of the others. */
bool bundle_form_has(const Kontor__V1__Bundle *bundle, const char *offer);
/* Compares two releases: runs of digits as numbers, all else as text; negative, 0 or
 * positive. */
int bundle_form_compare(const char *a, const char *b);
/* Adds a fault for offers that come twice and rules that make no sense. */
void bundle_form_judge(struct faults *faults, const Kontor__V1__Bundle *bundle);

#endif
