/*
 * Reading an export file: varint-length-prefixed kontor.v1.ExportRecord messages, the
 * first an ExportHeader.
 *
 * Memory: records live in the arena they are read into. Errors: DATA_LOSS;
 * export->wrong says why. Threads: one at a time.
 */
#ifndef KONTOR_STORE_EXPORT_H
#define KONTOR_STORE_EXPORT_H

#include <stdio.h>

#include "kontor/v1/commit.pb-c.h"
#include "proto/arena.h"
#include "proto/status.h"

enum { EXPORT_ERROR = 256 };

struct export
{
    FILE *file;
    int64_t n_records;
    char wrong[EXPORT_ERROR];
};

/* Opens a file; NOT_FOUND when it cannot be. */
enum status export_open(struct export *export, const char *path) MUST_CHECK;
void export_close(struct export *export);
/* The next record; NOT_FOUND at the end of the file. */
enum status export_next(struct export *export, struct arena *arena,
                        Kontor__V1__ExportRecord **record) MUST_CHECK;

#endif
