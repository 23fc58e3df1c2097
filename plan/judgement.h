/*
 * Verdicts as messages.
 *
 * Memory: the arena given; texts are shared with the verdict. Errors: none. Threads:
 * any.
 */
#ifndef KONTOR_PLAN_JUDGEMENT_H
#define KONTOR_PLAN_JUDGEMENT_H

#include "kontor/v1/configuration_service.pb-c.h"
#include "plan/madmp.h"

Kontor__V1__PlanJudgement *judgement_of(const struct madmp_verdict *verdict,
                                        struct arena *arena);
/* Of what is no document at all. */
Kontor__V1__PlanJudgement *judgement_of_faults(const struct faults *faults,
                                               struct arena *arena);
/* Names of versions: bit v = version v; answers how many. */
size_t judgement_versions(unsigned accepted_by, struct arena *arena, char ***names);

#endif
