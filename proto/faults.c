#include "proto/faults.h"

#include <stdarg.h>

void
faults_add(struct faults *faults, const char *path, const char *format, ...)
{
    /* A hostile request has no end of faults; a reply of 4 KB has. */
    faults->n_found++;
    if (faults->n_rows == FAULTS_MAX) {
        return;
    }
    /* The path may live in a buffer of the caller; the fault outlives it. */
    struct fault *fault = &faults->rows[faults->n_rows++];
    fault->path = arena_copy(faults->arena, path);
    va_list args;
    va_start(args, format);
    fault->description = arena_vprint(faults->arena, format, args);
    va_end(args);
}

void
faults_prefix(struct faults *faults, size_t first, const char *prefix)
{
    for (size_t i = first; i < faults->n_rows && prefix[0] != '\0'; i++) {
        struct fault *fault = &faults->rows[i];
        fault->path = arena_print(faults->arena, "%s%s", prefix, fault->path);
    }
}
