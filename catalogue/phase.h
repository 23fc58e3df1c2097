/*
 * The portfolio: which phases there are, which moves lead from one to the next and who
 * may make them, and what a record must show in each. CATALOGUE design, Portfolio.
 *
 * Memory: constant; the arena given. Errors: faults. Threads: any; the arena's.
 */
#ifndef KONTOR_CATALOGUE_PHASE_H
#define KONTOR_CATALOGUE_PHASE_H

#include "catalogue/fact.h"

/* One move. */
struct phase_move {
    Kontor__V1__Phase from, to;
    uint32_t roles; /* Bit by number of kontor.v1.Role. */
};

/* All moves, ended by one to PHASE_UNSPECIFIED. What is not here is not possible. */
extern const struct phase_move phase_moves[];

/* How old an audit may be that a service shows when it goes into production. */
enum { PHASE_AUDIT_DAYS = 366 };

/* What a service must show, by phase. */
extern const struct fact phase_facts[];

/* The name of a phase as in the contract. */
const char *phase_name(Kontor__V1__Phase phase);
/* Whether every principal may see a service in it. */
bool phase_is_published(Kontor__V1__Phase phase);
/* Whether new services begin in it by themselves. */
bool phase_is_entry(Kontor__V1__Phase phase);
/* What a phase asks of a service; before as in fact_check. */
struct fact_check phase_check(const Kontor__V1__Service *service,
                              const Kontor__V1__Service *before,
                              Kontor__V1__Phase phase, int64_t now_ms);

#endif
