/*
 * Trimming at start: the log is kept as long as the setting says.
 *
 * Memory: none is kept. Errors: none: a log that cannot be trimmed is served whole, and
 * the reason logged. Threads: the main one, before the store is opened to be served.
 */
#ifndef KONTOR_SERVER_TRIM_H
#define KONTOR_SERVER_TRIM_H

#include "server/base.h"

/* Folds what is older than the newest trim_keep_commits positions into a base, when
 * that is at least a quarter more; 0 keeps all. */
void trim_at_start(struct base *base);

#endif
