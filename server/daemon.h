/*
 * The daemon while it serves: everything opened in order, ready said, signals taken,
 * everything closed in order.
 *
 * Memory: none is kept. Errors: on standard error, with the cure; the result is the
 * exit code. Threads: main's.
 */
#ifndef KONTOR_SERVER_DAEMON_H
#define KONTOR_SERVER_DAEMON_H

#include "server/base.h"

/*
 * Serves until SIGTERM or SIGINT; SIGHUP reads the server's pair again. started_ms:
 * monotonic time the process began.
 */
int daemon_run(struct base *base, int64_t started_ms);

#endif
