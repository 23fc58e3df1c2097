/*
 * One version's judgement of a plan.
 *
 * Memory: the arena given. Errors: rows. Threads: any.
 */
#ifndef KONTOR_PLAN_MADMP_JUDGE_H
#define KONTOR_PLAN_MADMP_JUDGE_H

#include "plan/madmp.h"

/* Everything a version has against the document, and what of it it does not know. */
void madmp_judge_by(const struct json_value *document, enum madmp_version version,
                    struct arena *arena, struct madmp_rows *faults,
                    struct madmp_rows *notes);

#endif
