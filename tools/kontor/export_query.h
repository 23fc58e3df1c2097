/*
 * The parameters of GOCDB's interface as options of kontor config export: called as
 * there, with - for _.
 *
 * Memory: the arena of the run. Errors: an exit code; what is wrong was printed.
 * Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_KONTOR_EXPORT_QUERY_H
#define KONTOR_TOOLS_KONTOR_EXPORT_QUERY_H

#include "tools/export/gocdb_query.h"
#include "tools/kontor/cli.h"

/* What is asked for; *query NULL: all. document NULL: our own form, which has no
 * parameters. now is in unix seconds. */
int export_query_take(struct cli *cli, const struct gocdb_document *document,
                      int64_t now, const struct gocdb_query **query);

#endif
