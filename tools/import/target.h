/*
 * A record being written for another system, the counterpart of a source: what a writer
 * needs to say it, and to tell what cannot be said there.
 *
 * Memory: the target's arena, which target_begin resets: nothing lives longer than one
 * record. Errors: none; what has no place is a loss. Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_IMPORT_TARGET_H
#define KONTOR_TOOLS_IMPORT_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/arena.h"

/* Something of a record that the other system cannot say. */
struct target_loss {
    const char *path; /* Field of the record, "training.keywords". */
    const char *text; /* "has no place in eosc-5", or why else. */
};

struct target {
    const char *format;
    struct arena *arena;
    const char *id; /* Of the record being written. */
    struct target_loss *losses;
    size_t n_losses;
};

/* Another record; forgets all of the one before. */
void target_begin(struct target *target, const char *id);
/* The field has no place in the format; told once a record and path. */
void target_lose(struct target *target, const char *path);
/* The same for another reason. */
void target_lose_for(struct target *target, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * The key out of which an import into the registry of the record being written makes
 * this id again. NULL: there is none, since the id is another registry's, or not as
 * imports make ids.
 */
char *target_key(const struct target *target, const char *id);
/* The same of a local id: NULL where no key makes it. */
char *target_local_key(struct arena *arena, const char *local);

#endif
