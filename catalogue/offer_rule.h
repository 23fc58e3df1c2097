/*
 * What the parameters of an offer have to do with each other: which are asked only
 * where another has some value, and the rules over several of them.
 *
 * Memory: the faults' arena. Errors: faults with paths relative to the service.
 * Threads: the arena's.
 */
#ifndef KONTOR_CATALOGUE_OFFER_RULE_H
#define KONTOR_CATALOGUE_OFFER_RULE_H

#include "kontor/v1/catalogue.pb-c.h"
#include "proto/faults.h"

/*
 * Adds a fault for every condition and rule of an offer that makes no sense: ids and
 * values that are not there, parameters that wait for themselves, sums of what is no
 * number or of several units, and what would let nobody order. path is the offer's.
 */
void offer_rule_judge(struct faults *faults, const char *path,
                      const Kontor__V1__Offer *offer);

#endif
