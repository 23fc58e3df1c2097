/*
 * Parameters: what a customer is asked about an offer, and whether the
 * question itself makes sense.
 *
 * Memory: the faults' arena. Errors: faults with the paths they are given. Threads: the
 * arena's.
 */
#ifndef KONTOR_CATALOGUE_PARAMETER_H
#define KONTOR_CATALOGUE_PARAMETER_H

#include <stdbool.h>

#include "kontor/v1/catalogue.pb-c.h"
#include "proto/faults.h"

enum {
    PARAMETER_MAX_TEXT = 4096, /* Bytes of a text whose parameter says no maximum. */
};

/*
 * Adds a fault for everything in a parameter that contradicts itself, beyond what the
 * rule table says: values of several types, or a default the parameter itself would
 * refuse. path is the parameter's own.
 */
void parameter_judge(struct faults *faults, const char *path,
                     const Kontor__V1__Parameter *parameter);

/* Whether the whole text matches a pattern of the rule table; "" matches everything. */
bool parameter_pattern_matches(const char *pattern, const char *text);

/* Whether two values are of one kind and equal; decimals are compared as numbers. Lists
 * are never equal. */
bool parameter_same_value(const Kontor__V1__Value *a, const Kontor__V1__Value *b);

#endif
