/*
 * What commands print: JSON for programs, one object a line; tables for people.
 *
 * Memory: the arena of the run. Errors: none. Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_KONTOR_SHOW_H
#define KONTOR_TOOLS_KONTOR_SHOW_H

#include <stdio.h>

#include "tools/import/import.h"
#include "tools/kontor/cli.h"

/* A table that is printed once all rows are known. */
struct table {
    struct arena *arena;
    const char **cells; /* Row by row. */
    size_t n_cells;
    size_t n_room;
    size_t n_columns;
};

/* A table with these titles, a NULL ends them. */
struct table show_table(struct arena *arena, const char *const *titles);
/* One cell; a NULL is "". */
void show_cell(struct table *table, const char *text);
/* Prints it on standard output, each column as wide as its widest cell. */
void show_print(const struct table *table);

/* A text as text_harmless makes it: what a broker sends or a file holds is not ours,
 * and a terminal would obey it. */
const char *show_harmless(struct arena *arena, const char *text);
/* One line for people, made harmless as a whole; the newline is added. */
void show_line(FILE *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* What is wrong with files, each at its place; EXIT_DONE where nothing is, else a
 * status like that of a call. */
int show_faults(const struct faults *faults);
/* What is odd about a file and belongs to no record; for programs a Violation. */
void show_finding(const struct cli *cli, const struct import_finding *finding);
/* A message as one line of JSON. */
void show_json(struct cli *cli, const ProtobufCMessage *message);
/* The same where there are so many that they need an arena that is reset. */
void show_json_by(struct arena *arena, const ProtobufCMessage *message);
/* A reply by a view: rows and columns, or one line a field. */
void show_reply(struct cli *cli, const ProtobufCMessage *reply,
                const struct view *view);
/* The rows of a reply into a table that show_titles began; JSON at once. */
struct table show_titles(struct cli *cli, const struct view *view);
void show_rows(struct cli *cli, struct table *table, const ProtobufCMessage *reply,
               const struct view *view);

#endif
