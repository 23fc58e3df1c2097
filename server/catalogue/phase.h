/*
 * The portfolio: which phases there are, which moves lead from one to the next and who
 * may make them, and what a record must show in each. CATALOGUE design, Portfolio.
 *
 * Memory: constant; the call's arena. Errors: as call.h. Threads: any; the call's.
 */
#ifndef KONTOR_SERVER_CATALOGUE_PHASE_H
#define KONTOR_SERVER_CATALOGUE_PHASE_H

#include <stdbool.h>

#include "kontor/v1/catalogue.pb-c.h"
#include "server/catalogue/gate.h"
#include "server/rpc/call.h"

/* One move. */
struct phase_move {
    Kontor__V1__Phase from, to;
    uint32_t roles; /* ROLE_BIT set. */
};

/* All moves, ended by one to PHASE_UNSPECIFIED. What is not here is not possible. */
extern const struct phase_move phase_moves[];

/* How old an audit may be that a service shows when it goes into production. */
enum { PHASE_AUDIT_DAYS = 366 };

/* What a service must show, by phase. */
extern const struct gate_fact phase_facts[];

/* The name of a phase as in the contract. */
const char *phase_name(Kontor__V1__Phase phase);
/* Whether every principal may see a service in it. */
bool phase_is_published(Kontor__V1__Phase phase);
/* Whether new services begin in it by themselves. */
bool phase_is_entry(Kontor__V1__Phase phase);
/* Adds a fault for each thing a phase needs and a service lacks; of those that before
 * (NULL: all count) showed, only. Answers how many. */
size_t phase_fault(struct call *call, const Kontor__V1__Service *service,
                   const Kontor__V1__Service *before, Kontor__V1__Phase phase);
/* The first fields of what is lacking, "a, b, c". */
const char *phase_lacks(struct call *call, const Kontor__V1__Service *service,
                        Kontor__V1__Phase phase);

#endif
