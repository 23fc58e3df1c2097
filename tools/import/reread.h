/*
 * A file that is read more than once and must stay the same meanwhile. What can be read
 * only once, a pipe or a terminal, is kept in a temporary file first.
 *
 * Memory: none but a descriptor, given back by close. Errors: a fault of the source
 * says why, also when the file was changed. Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_IMPORT_REREAD_H
#define KONTOR_TOOLS_IMPORT_REREAD_H

#include <stdint.h>
#include <time.h>

#include "tools/import/source.h"

/* The largest such file, in bytes: an endless one must not fill a disk. */
#define REREAD_MAX_BYTES (UINT64_C(4) << 30)

struct reread {
    int fd;
    uint64_t size; /* In bytes. */
    struct timespec written_at;
};

/* Opens the source's file; false: a fault, and there is nothing to close. */
bool reread_open(struct reread *file, const struct source *source);
/* Reads size bytes, which must lie within the file. */
bool reread_at(const struct reread *file, const struct source *source, uint64_t offset,
               void *data, size_t size);
void reread_close(struct reread *file);

#endif
