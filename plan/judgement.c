#include "plan/judgement.h"

static Kontor__V1__Violation *
violation_of(const char *field, const char *description, struct arena *arena)
{
    Kontor__V1__Violation *violation = arena_alloc(arena, sizeof *violation);
    kontor__v1__violation__init(violation);
    violation->field = (char *)(uintptr_t)field;
    violation->description = (char *)(uintptr_t)description;
    return violation;
}

static Kontor__V1__Violation **
violations_of(const struct madmp_rows *rows, struct arena *arena)
{
    Kontor__V1__Violation **out = arena_alloc(arena, (rows->n_rows + 1) * sizeof *out);
    for (size_t i = 0; i < rows->n_rows; i++) {
        out[i] = violation_of(rows->rows[i].path, rows->rows[i].text, arena);
    }
    return out;
}

size_t
judgement_versions(unsigned accepted_by, struct arena *arena, char ***names)
{
    size_t n = 0;
    *names = arena_alloc(arena, MADMP_VERSIONS * sizeof **names);
    for (unsigned i = 0; i < MADMP_VERSIONS; i++) {
        if ((accepted_by & (1U << i)) != 0) {
            (*names)[n++] =
                arena_copy(arena, madmp_version_name((enum madmp_version)i));
        }
    }
    return n;
}

Kontor__V1__PlanJudgement *
judgement_of(const struct madmp_verdict *verdict, struct arena *arena)
{
    Kontor__V1__PlanJudgement *judgement = arena_alloc(arena, sizeof *judgement);
    kontor__v1__plan_judgement__init(judgement);
    judgement->version = arena_copy(arena, madmp_version_name(verdict->version));
    judgement->is_named = verdict->is_named;
    judgement->n_accepted_by =
        judgement_versions(verdict->accepted_by, arena, &judgement->accepted_by);
    judgement->faults = violations_of(&verdict->faults, arena);
    judgement->n_faults = verdict->faults.n_rows;
    judgement->notes = violations_of(&verdict->notes, arena);
    judgement->n_notes = verdict->notes.n_rows;
    judgement->fault_count = (int32_t)verdict->faults.n_found;
    return judgement;
}

Kontor__V1__PlanJudgement *
judgement_of_faults(const struct faults *faults, struct arena *arena)
{
    Kontor__V1__PlanJudgement *judgement = arena_alloc(arena, sizeof *judgement);
    kontor__v1__plan_judgement__init(judgement);
    judgement->faults =
        arena_alloc(arena, (faults->n_rows + 1) * sizeof *judgement->faults);
    for (size_t i = 0; i < faults->n_rows; i++) {
        judgement->faults[judgement->n_faults++] =
            violation_of(faults->rows[i].path, faults->rows[i].description, arena);
    }
    judgement->fault_count = (int32_t)faults->n_found;
    return judgement;
}
