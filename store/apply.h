/*
 * One change of a commit made into a document: the same for the committer, a rebuild
 * and a restore.
 *
 * Memory: the arena is scratch. Errors: as backend.h; INTERNAL: the document's bytes
 * are damaged. Threads: the committer's.
 */
#ifndef KONTOR_STORE_APPLY_H
#define KONTOR_STORE_APPLY_H

#include "store/inner.h"

/* Splits a document into the version it becomes; only id, scope, values, w and x are
 * set. */
bool apply_split(const struct kind *kind, const Kontor__V1__Change *change,
                 struct arena *arena, struct version *out);
/* Writes a change of the commit over the present version (seq 0: there is none). next
 * is what apply_split made of a PUT; NOTE writes nothing, but that of an erasure
 * removes the past it speaks of. */
enum status apply_version(struct store *store, const Kontor__V1__Commit *commit,
                          const Kontor__V1__Change *change,
                          const struct version *present,
                          struct version *next) MUST_CHECK;
/*
 * Writes all documents of a logged commit, judging that each replaces what it says. On
 * failure *wrong says why, in the arena.
 */
enum status apply_logged(struct store *store, const Kontor__V1__Commit *commit,
                         struct arena *arena, const char **wrong) MUST_CHECK;
/*
 * As apply_logged, but for documents that are written already, or newer: of a log that
 * several write.
 */
enum status apply_followed(struct store *store, const Kontor__V1__Commit *commit,
                           struct arena *arena, const char **wrong) MUST_CHECK;
/* Adds a commit to the log as it is, with its number and its hash. */
enum status apply_append(struct store *store, const Kontor__V1__Commit *commit,
                         struct arena *arena) MUST_CHECK;

#endif
