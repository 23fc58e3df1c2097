/*
 * The files of an import or a validation: all of them are judged, and then walked once
 * more, record by record, for what is to be done with each.
 *
 * Memory: the arena of the run, and for each part the one that is given. Errors: the
 * exit code, printed. Threads: one.
 */
#ifndef KONTOR_TOOLS_KONTOR_IMPORT_FILES_H
#define KONTOR_TOOLS_KONTOR_IMPORT_FILES_H

#include "tools/import/kind.h"
#include "tools/import/walk.h"
#include "tools/kontor/cli.h"

/* Is shown every part while the files are judged. */
typedef void (*import_files_note)(void *context, const struct import_set *part);

struct import_files {
    struct import_walk *walk;
    struct faults faults;
    size_t counts[IMPORT_KINDS];
    size_t n_findings;
};

/* The importer of --format for this command; NULL: printed. */
const struct importer *import_files_format(const struct cli *cli, int *exit_code);
/* Judges all files; note may be NULL. EXIT_DONE, or printed; close in any case. */
int import_files_open(struct cli *cli, const char *registry, struct import_files *files,
                      import_files_note note, void *context);
/* The next part after that; false: there is none, or a file changed meanwhile. */
bool import_files_next(struct import_files *files, struct arena *arena,
                       struct import_set *part);
/* Whether all went well to the end: EXIT_DONE, or printed. */
int import_files_end(const struct import_files *files);
/* Says that the files hold nothing this command takes; what it exits with. */
int import_files_nothing(const struct cli *cli, struct import_files *files);
void import_files_close(struct import_files *files);

#endif
