/*
 * What each caller takes of the server: calls at a time, streams at a time, calls a
 * second. The limits on connections and streams of HTTP/2 hold only for peers that keep
 * to them.
 *
 * Memory: the callers'; one is forgotten some time after its last call.
 * Errors: none. Threads: any; the lock guards everything inside.
 */
#ifndef KONTOR_SERVER_RPC_CALLER_H
#define KONTOR_SERVER_RPC_CALLER_H

#include <stdbool.h>
#include <stdint.h>

#include "server/rpc/table.h"

struct callers;
struct caller;

struct caller_limits {
    int64_t calls;      /* At a time. */
    int64_t streams;    /* At a time. */
    int64_t per_second; /* On average; a second's worth may come at once. */
};

struct callers *callers_new(const struct caller_limits *limits);
/* Nobody may be inside. Accepts NULL. */
void callers_free(struct callers *callers);

/* Takes a share for a call of this row; NULL: a limit is reached. name: who it is. */
struct caller *caller_enter(struct callers *callers, const char *name,
                            const struct row *row, int64_t now_ms);
/* Gives it back. Accepts NULL. */
void caller_leave(struct caller *caller, const struct row *row);
/* Streams open, of all. */
int64_t callers_streams(struct callers *callers);

#endif
