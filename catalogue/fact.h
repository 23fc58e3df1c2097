/*
 * Facts: what a record must show from some state on.
 *
 * Memory: constant; the arena given. Errors: faults with the fields' names. Threads:
 * any; the arena's.
 */
#ifndef KONTOR_CATALOGUE_FACT_H
#define KONTOR_CATALOGUE_FACT_H

#include <stdbool.h>
#include <stdint.h>

#include "kontor/v1/catalogue.pb-c.h"
#include "proto/faults.h"

/* A thing a record must show from some state on. */
struct fact {
    int from;              /* The state; of a record with one gate 0. */
    const char *fields[2]; /* One of these must be set; the second may be NULL. */
    const char *needs;     /* For people; NULL ends a table. */
    /* Judges what setting a field alone does not say; NULL = the fields are enough. */
    bool (*is_shown)(const ProtobufCMessage *record, int64_t now_ms);
};

/* What a provider must show to be decided on. */
extern const struct fact fact_provider[];

/* A record beside the facts it is held to. */
struct fact_check {
    const struct fact *table;
    const ProtobufCMessage *record;
    const ProtobufCMessage *before; /* What that showed, only; NULL = all counts. */
    int upto;                       /* Facts from later on do not count. */
    int64_t now_ms;
    const char *who; /* "phase PENDING", "a provider". */
};

/* Whether a record shows a fact, at a time. */
bool fact_is_shown(const ProtobufCMessage *record, const struct fact *fact,
                   int64_t now_ms);
/* Adds a fault for each thing that is needed and lacking. Answers how many. */
size_t fact_fault(const struct fact_check *check, struct faults *faults);
/* The first fields of what is lacking, "a, b, c". */
const char *fact_lacks(const struct fact_check *check, struct arena *arena);

#endif
