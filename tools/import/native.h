/*
 * Kontor's own form: one JSON object with lists of our messages in proto3 JSON, such as
 * {"providers": [...], "services": [...], "sites": [...], "endpoints": [...],
 * "downtimes": [...]}.
 *
 * Memory: the source's arena. Errors: faults and findings of the source. Threads: one
 * at a time.
 */
#ifndef KONTOR_TOOLS_IMPORT_NATIVE_H
#define KONTOR_TOOLS_IMPORT_NATIVE_H

#include "tools/import/source.h"

/* import_read of "kontor-1". */
bool native_read(const char *const *paths, size_t n_paths, const char *registry,
                 struct arena *arena, struct import_set *out, struct faults *faults);

#endif
