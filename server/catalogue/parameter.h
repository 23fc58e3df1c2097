/*
 * Parameters: what a customer is asked about an offer, and whether the question itself
 * makes sense.
 *
 * Memory: the call's arena. Errors: faults with the paths they are given. Threads: the
 * call's.
 */
#ifndef KONTOR_SERVER_CATALOGUE_PARAMETER_H
#define KONTOR_SERVER_CATALOGUE_PARAMETER_H

#include <stdbool.h>

#include "kontor/v1/catalogue.pb-c.h"
#include "server/rpc/call.h"

enum parameter_limits {
    PARAMETER_MAX_TEXT = 4096,   /* Bytes of a text whose parameter says no maximum. */
    PARAMETER_MAX_PATTERN = 512, /* Bytes of a pattern. */
    PARAMETER_MAX_REPEATS = 10000, /* Product of a pattern's counted repeats: bounds
                                      what compiling it takes. */
};

/* Adds a fault for everything in a parameter that contradicts itself. path is the
 * parameter's own. */
void parameter_judge(struct call *call, const char *path,
                     const Kontor__V1__Parameter *parameter);

/* Why a pattern is not taken, in the arena; NULL = it is a POSIX extended regular
 * expression that can be used. */
const char *parameter_pattern_fault(struct arena *arena, const char *pattern);
/* Whether the whole text matches the pattern; "" matches everything. False also for a
 * pattern with a fault. */
bool parameter_pattern_matches(struct arena *arena, const char *pattern,
                               const char *text);

/* Whether two values are of one kind and equal; decimals are compared as numbers. Lists
 * are never equal. */
bool parameter_same_value(const Kontor__V1__Value *a, const Kontor__V1__Value *b);

#endif
