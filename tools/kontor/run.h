/*
 * The ways a command runs: one call, a list page by page, a watch. Most commands are
 * only a row that names one of these.
 *
 * Memory: the arena of the run. Errors: the exit code. Threads: one.
 */
#ifndef KONTOR_TOOLS_KONTOR_RUN_H
#define KONTOR_TOOLS_KONTOR_RUN_H

#include "tools/kontor/cli.h"

/* Makes the request out of arguments and options, calls, shows the reply. */
int run_call(struct cli *cli);
/* The same for all pages of a List. */
int run_list(struct cli *cli);
/* The same with a request, NULL: printed already. */
int run_list_of(struct cli *cli, ProtobufCMessage *request);
/* Follows changes until interrupted; the first argument, if any, is the id prefix. */
int run_watch(struct cli *cli);

/* Calls with a request, NULL: printed already; EXIT_DONE and the reply, to be given
 * back with kontor_reply_free, or the exit code. */
int run_reply(struct cli *cli, ProtobufCMessage *request, void *reply);
/* The request of the command's method, filled; NULL: printed. */
ProtobufCMessage *run_request(struct cli *cli);
/* Fills the fields that arguments and options name; false: printed. */
bool run_fill(struct cli *cli, ProtobufCMessage *request);
/* The field of a request that a point in time goes to: a number is a position of the
 * log, anything else a time. */
const char *run_as_of(const char *text);
/* All pages: each is handed to take and then freed. OK, or cli->error is set. */
enum kontor_status run_pages(struct cli *cli, const char *method,
                             ProtobufCMessage *request,
                             void (*take)(const ProtobufCMessage *page, void *context),
                             void *context);

#endif
