/*
 * Judging the values a customer gives for an offer's parameters, and gathering what the
 * agent gets: the values given and the offer's constants.
 *
 * Memory: the faults' arena. Errors: faults, all of them, with paths. Threads: the
 * faults'.
 */
#ifndef KONTOR_SERVER_ORDER_VALUE_H
#define KONTOR_SERVER_ORDER_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kontor/v1/catalogue.pb-c.h"
#include "proto/faults.h"

/* The values an item carries. */
struct values {
    Kontor__V1__ParameterValue **rows; /* In the offer's order. */
    size_t n_rows;
    bool is_plan; /* Set before: a required value that is not given is a question, and
                     no fault. */
    Kontor__V1__Parameter **questions; /* In the offer's order. */
    size_t n_questions;
};

/*
 * Judges given values against an offer. path is the item's ("items[1]"); faults stand
 * at items[1].parameters[<id>]. now_ms is what "now" means in date limits.
 */
void value_judge(const Kontor__V1__Offer *offer,
                 Kontor__V1__ParameterValue *const *given, size_t n_given,
                 const char *path, int64_t now_ms, struct faults *faults,
                 struct values *out);

/* A date as YYYY-MM-DD (UTC), in the arena. */
const char *value_date(int64_t now_ms, struct arena *arena);

#endif
