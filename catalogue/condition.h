/*
 * Conditions: whether a parameter of an offer has one of some values.
 *
 * Memory: the arena given, or the faults'. Errors: faults with the paths given.
 * Threads: the arena's.
 */
#ifndef KONTOR_CATALOGUE_CONDITION_H
#define KONTOR_CATALOGUE_CONDITION_H

#include <stdbool.h>

#include "kontor/v1/catalogue.pb-c.h"
#include "proto/arena.h"
#include "proto/faults.h"

/* The parameter of the offer with this id; NULL = there is none. */
const Kontor__V1__Parameter *condition_parameter(const Kontor__V1__Offer *offer,
                                                 const char *id);

/*
 * Adds a fault for a parameter the offer does not have, for a value that parameter can
 * never have, and for a value that stands there twice. path is the condition's.
 */
void condition_judge(struct faults *faults, const char *path,
                     const Kontor__V1__Offer *offer,
                     const Kontor__V1__Condition *condition);

/* Whether the condition is fulfilled by the value its parameter has; NULL = it has
 * none. */
bool condition_holds(const Kontor__V1__Condition *condition,
                     const Kontor__V1__Value *value);

/* The condition as people read it: size is one of "small", "large"; tools has "cc";
 * gpus is given. */
const char *condition_text(const Kontor__V1__Condition *condition,
                           const Kontor__V1__Offer *offer, struct arena *arena);

#endif
