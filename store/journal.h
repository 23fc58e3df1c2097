/*
 * The journal of erasures: a file that is only ever appended to, so that a restore
 * knows of erasures later than its backup. One JSON object a line:
 * {"at":"2026-02-03T04:05:06Z","kind":"order","id":"a/1","upTo":41,"seq":57}
 *
 * Memory: what is read lives in the arena. Errors: UNAVAILABLE (the file cannot be read
 * or written), DATA_LOSS (a line is damaged), with a text. Threads: one at a time.
 */
#ifndef KONTOR_STORE_JOURNAL_H
#define KONTOR_STORE_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/status.h"

/* One erasure. */
struct journal_line {
    int64_t at_ms; /* When. */
    const char *kind;
    const char *id;
    int64_t up_to; /* The last position whose versions and remarks were erased. */
    int64_t seq;   /* Where the log was to remark on it: above all that was known. */
};

/*
 * Every line, oldest first; none when there is no file. A last line without an end was
 * cut while it was written, before its erasure began: it counts for nothing.
 */
enum status journal_read(const char *path, struct arena *arena,
                         struct journal_line **lines, size_t *n_lines, char *error,
                         size_t error_size) MUST_CHECK;
/* Adds a line in the place of one that was cut; OK: it is on the disk, and its name is.
 */
enum status journal_append(const char *path, const struct journal_line *line,
                           char *error, size_t error_size) MUST_CHECK;

#endif
