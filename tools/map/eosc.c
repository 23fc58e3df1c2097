#include "tools/map/eosc.h"

#include <string.h>

static const char *const names[EOSC_COUNT] = {
    [EOSC_NONE] = "",
    [EOSC_CREATED] = "created",
    [EOSC_REGISTERED] = "registered",
    [EOSC_IN_PROGRESS] = "in_progress",
    [EOSC_WAITING_FOR_RESPONSE] = "waiting_for_response",
    [EOSC_APPROVED] = "approved",
    [EOSC_READY] = "ready",
    [EOSC_CLOSED] = "closed",
    [EOSC_REJECTED] = "rejected",
};

/* As they document them; what their own code lets pass beside these is not relied on.
 */
static const struct {
    enum eosc_type from, to;
} edges[] = {
    {EOSC_CREATED, EOSC_REGISTERED},
    {EOSC_REGISTERED, EOSC_IN_PROGRESS},
    {EOSC_IN_PROGRESS, EOSC_WAITING_FOR_RESPONSE},
    {EOSC_WAITING_FOR_RESPONSE, EOSC_IN_PROGRESS},
    {EOSC_IN_PROGRESS, EOSC_APPROVED},
    {EOSC_IN_PROGRESS, EOSC_REJECTED},
    {EOSC_APPROVED, EOSC_READY},
    {EOSC_READY, EOSC_CLOSED},
};

enum { N_EDGES = sizeof edges / sizeof edges[0] };

const char *
eosc_name(enum eosc_type type)
{
    return names[type];
}

enum eosc_type
eosc_type_of(const char *name)
{
    for (int type = EOSC_NONE + 1; type < EOSC_COUNT; type++) {
        if (strcmp(names[type], name) == 0) {
            return (enum eosc_type)type;
        }
    }
    return EOSC_NONE;
}

bool
eosc_is_edge(enum eosc_type from, enum eosc_type to)
{
    for (size_t i = 0; i < N_EDGES; i++) {
        if (edges[i].from == from && edges[i].to == to) {
            return true;
        }
    }
    return false;
}

/* How far each type is from the one looked for, and where to go from it: after as many
 * rounds as there are types nothing is nearer any more. */
static void
measure(enum eosc_type to, size_t *distance, enum eosc_type *next)
{
    for (size_t i = 0; i < EOSC_COUNT; i++) {
        distance[i] = i == to ? 0 : EOSC_COUNT;
        next[i] = EOSC_NONE;
    }
    for (size_t round = 0; round < EOSC_COUNT; round++) {
        for (size_t i = 0; i < N_EDGES; i++) {
            size_t through = distance[edges[i].to] + 1;
            if (through < distance[edges[i].from]) {
                distance[edges[i].from] = through;
                next[edges[i].from] = edges[i].to;
            }
        }
    }
}

bool
eosc_walk(enum eosc_type from, enum eosc_type to, struct eosc_walk *walk)
{
    size_t distance[EOSC_COUNT];
    enum eosc_type next[EOSC_COUNT];
    measure(to, distance, next);
    if (from == EOSC_NONE || distance[from] == EOSC_COUNT) {
        return false;
    }
    walk->n_types = 0;
    for (enum eosc_type at = from; at != to;) {
        at = next[at];
        walk->types[walk->n_types++] = at;
    }
    return true;
}
