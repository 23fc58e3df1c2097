/*
 * EOSC's vocabularies as JSON: a list of terms a file, each with its type, which is the
 * vocabulary it belongs to.
 *
 * Memory: the source's arena. Errors: faults and findings of the source. Threads: one
 * at a time.
 */
#ifndef KONTOR_TOOLS_IMPORT_VOCABULARY_H
#define KONTOR_TOOLS_IMPORT_VOCABULARY_H

#include "tools/import/json_fields.h"

/* import_read of "eosc-vocabularies". */
bool vocabulary_read(const char *const *paths, size_t n_paths, const char *registry,
                     struct arena *arena, struct import_set *out,
                     struct faults *faults);

/* What is read of a term, for docs/formats.md too. */
extern const struct json_field vocabulary_term_fields[];

#endif
