#include "proto/faults.h"

#include <stdarg.h>

void
faults_add(struct faults *faults, const char *path, const char *format, ...)
{
    faults->n_found++;
    if (faults->n_rows == FAULTS_MAX) {
        return;
    }
    struct fault *fault = &faults->rows[faults->n_rows++];
    fault->path = arena_copy(faults->arena, path);
    va_list args;
    va_start(args, format);
    fault->description = arena_vprint(faults->arena, format, args);
    va_end(args);
}
