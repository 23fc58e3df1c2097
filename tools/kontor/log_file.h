/*
 * A file of the log: varint-length-prefixed ExportRecord messages, the header first.
 * What backup writes and audit reads.
 *
 * Memory: the arena given; a record lives until the next. Errors: a text with the cure.
 * Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_KONTOR_LOG_FILE_H
#define KONTOR_TOOLS_KONTOR_LOG_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "kontor/v1/commit.pb-c.h"
#include "proto/arena.h"
#include "proto/chain.h"

/* What a file holds, as far as it was read. */
struct log_file {
    struct arena *arena;                    /* Keeps the header. */
    const Kontor__V1__ExportHeader *header; /* NULL before the first record. */
    struct chain chain;                     /* Up to the last commit judged. */
    int64_t n_commits;
    off_t whole; /* Bytes up to the end of the last whole record. */
    bool is_cut; /* Something shorter than a record follows. */
};

/* Reads and judges a whole file from where the stream stands. NULL, or what is wrong
 * with it. */
const char *log_file_read(struct log_file *file, FILE *stream);
/* Appends a record; false: errno says why. */
bool log_file_write(FILE *stream, const Kontor__V1__ExportRecord *record);

#endif
