/*
 * The order states of the EOSC OMS: their names, and the writes it documents.
 *
 * Memory: constant. Errors: false = there is no way. Threads: any.
 *
 *     created -> registered -> in_progress <-> waiting_for_response
 *                                  |  \
 *                                  |   +-> approved -> ready -> closed
 *                                  +-----> rejected
 */
#ifndef KONTOR_TOOLS_MAP_EOSC_H
#define KONTOR_TOOLS_MAP_EOSC_H

#include <stdbool.h>
#include <stddef.h>

/* The type of a project item's status (EOSC Marketplace, OMS API). */
enum eosc_type {
    EOSC_NONE, /* No type of theirs. */
    EOSC_CREATED,
    EOSC_REGISTERED,
    EOSC_IN_PROGRESS,
    EOSC_WAITING_FOR_RESPONSE,
    EOSC_APPROVED,
    EOSC_READY,
    EOSC_CLOSED,
    EOSC_REJECTED,
    EOSC_COUNT,
};

/* Types to be written one after another, the one it stands at not included. */
struct eosc_walk {
    size_t n_types; /* 0 = the type stays, at most its value text changes. */
    enum eosc_type types[EOSC_COUNT];
};

/* "in_progress"; "" for none. */
const char *eosc_name(enum eosc_type type);
/* EOSC_NONE: a type nobody knows. */
enum eosc_type eosc_type_of(const char *name);
/* Whether they document this write. */
bool eosc_is_edge(enum eosc_type from, enum eosc_type to);
/*
 * The shortest way along documented writes. Their graph has no way out of approved but
 * to ready, so approved stands in a walk only right before it. false: there is no way,
 * and walk is untouched.
 */
bool eosc_walk(enum eosc_type from, enum eosc_type to, struct eosc_walk *walk);

#endif
