/*
 * Values of parameters: whether a value is one that a parameter takes, and how values
 * are told to people.
 *
 * Memory: the arena given, or the faults'. Errors: faults with the path given. Threads:
 * the arena's.
 */
#ifndef KONTOR_CATALOGUE_PARAMETER_VALUE_H
#define KONTOR_CATALOGUE_PARAMETER_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "kontor/v1/catalogue.pb-c.h"
#include "proto/arena.h"
#include "proto/faults.h"

/*
 * Adds a fault for everything about a value that the parameter does not take, by its
 * type and limits alone. today (YYYY-MM-DD) is what "now" means in limits of dates;
 * with NULL such a limit is none.
 */
void parameter_value_judge(const Kontor__V1__Parameter *parameter,
                           const Kontor__V1__Value *value, const char *path,
                           const char *today, struct faults *faults);

/* Whether one of the values is the same as value (parameter_same_value). */
bool parameter_is_among(Kontor__V1__Value *const *values, size_t n_values,
                        const Kontor__V1__Value *value);

/* A value as people read it: "small", 8, true. Of a long text the beginning. */
const char *parameter_value_text(const Kontor__V1__Value *value, struct arena *arena);

/* The first values of a list, as people read them. */
const char *parameter_values_text(Kontor__V1__Value *const *values, size_t n_values,
                                  struct arena *arena);

#endif
