/*
 * An export file: the log as kontor backup writes it, kontor audit verify judges it and
 * kontord --restore reads it. Varint-length-prefixed kontor.v1.ExportRecord messages:
 * an ExportHeader, the documents of its base where the log was trimmed, commits, an
 * ExportEnd, and so on with commits and an ExportEnd for each time it was continued.
 *
 * Only an end says that a file is whole: one that was cut between two records is
 * otherwise as good as any. STORE design, "Life of the log".
 *
 * Memory: the header and the texts live in the arena given, commits and documents in
 * the one of their reading. Errors: a text with the cure. Threads: one at a time.
 */
#ifndef KONTOR_PROTO_EXPORT_H
#define KONTOR_PROTO_EXPORT_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "kontor/v1/commit.pb-c.h"
#include "proto/arena.h"
#include "proto/base_sum.h"
#include "proto/chain.h"
#include "proto/erasure.h"

#define EXPORT_FORMAT "kontor-export-1"

/* What a file holds, as far as it was read. Set stream and arena; all else is zero. */
struct export_file {
    FILE *stream;
    struct arena *arena;                      /* Keeps the header and the texts. */
    const Kontor__V1__ExportHeader *header;   /* NULL before the first record. */
    const Kontor__V1__BaseDocument *document; /* Of EXPORT_DOCUMENT. */
    struct chain chain;  /* Up to the last commit judged, or at the base. */
    struct base_sum sum; /* Of the base's documents. */
    bool is_in_base;     /* The base is not over: no commit came yet. */
    int64_t n_commits;
    struct erasures erasures; /* What lost its content, and what says so. */
    off_t whole;              /* Bytes up to the end of the last whole record. */
    off_t sealed; /* Bytes up to the end of the last ExportEnd; 0 = there was none. */
    bool is_cut;  /* Something shorter than a record follows. */
};

/* How reading a record went. */
enum export_step {
    EXPORT_COMMIT,   /* The next commit, judged by the chain and its digests. */
    EXPORT_DOCUMENT, /* The next document of the base, judged by its digest; that none
                        is missing is known with the first commit, or at the end. */
    EXPORT_OVER,     /* The file ends here: ask export_judge_end whether it may. */
    EXPORT_WRONG,    /* *wrong says what is. */
};

/* Reads up to the next commit or document. *commit is of a commit only. */
enum export_step export_next(struct export_file *file, struct arena *arena,
                             const Kontor__V1__Commit **commit, const char **wrong);
/* NULL when a file that is over is whole, or what is missing and the cure. */
const char *export_judge_end(const struct export_file *file);
/* Reads and judges all up to the end of the file, whole or not; NULL, or what is wrong.
 */
const char *export_read(struct export_file *file);

/* Appends a record; false: errno says why. */
bool export_write(FILE *stream, const Kontor__V1__ExportRecord *record);
/* Appends an end for so many commits up to where a chain stands. */
bool export_write_end(FILE *stream, const struct chain *chain, int64_t n_commits);

#endif
