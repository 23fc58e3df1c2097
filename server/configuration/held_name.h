/*
 * Names that are there once in a registry, case and accents aside: held by a guard that
 * is written in the same commit as the record, so that two records cannot take one name
 * at once.
 *
 * Memory: the call's arena. Errors: ALREADY_EXISTS{NAME_TAKEN}. Threads: the call's.
 */
#ifndef KONTOR_SERVER_CONFIGURATION_HELD_NAME_H
#define KONTOR_SERVER_CONFIGURATION_HELD_NAME_H

#include "server/rpc/call.h"

/* What holds a name. */
struct held_name {
    const char *noun; /* "site": names of other nouns do not collide. */
    const char *id;   /* Of the record; its registry counts. */
    const char *name;
};

/* Takes a name, and gives back the one the record had; old NULL: it had none. A change
 * of case or accents alone keeps it. */
enum status held_name_take(struct call *call, const struct held_name *name,
                           const struct held_name *old,
                           struct decision *decision) MUST_CHECK;
/* Writes the guard of a name again, so that whoever gives the name back at the same
 * time is decided again. */
enum status held_name_keep(struct call *call, const struct held_name *name,
                           struct decision *decision) MUST_CHECK;
/* Gives a name back. */
enum status held_name_drop(struct call *call, const struct held_name *name,
                           struct decision *decision) MUST_CHECK;

#endif
