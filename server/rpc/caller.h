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
    int64_t calls;             /* At a time. */
    int64_t streams;           /* At a time. */
    int64_t per_second;        /* On average; a second's worth may come at once. */
    int64_t resets_per_second; /* Cancelled right away; five seconds' worth at once. */
    int64_t cut_off_ms;        /* For how long one is refused who cancels more. */
};

/* What one more call that was cancelled right away makes of its caller. */
enum caller_state { CALLER_IS_FINE, CALLER_TRIPS, CALLER_IS_CUT_OFF };

/* What a principal is counted under: its id, or the name in its certificate. */
const char *caller_name(const struct principal *who);

struct callers *callers_new(const struct caller_limits *limits);
/* Nobody may be inside. Accepts NULL. */
void callers_free(struct callers *callers);

/* Takes a share for a call of this row; NULL: a limit is reached. name: who it is. */
struct caller *caller_enter(struct callers *callers, const char *name,
                            const struct row *row, int64_t now_ms);
/* Gives it back. Accepts NULL. */
void caller_leave(struct caller *caller, const struct row *row);
/* Counts a call that was cancelled right away; TRIPS once, when it is one too many. */
enum caller_state caller_reset(struct callers *callers, const char *name,
                               int64_t now_ms);
/* For how much longer a caller is cut off; 0 = it is not. */
int64_t caller_cut_off_ms(struct callers *callers, const char *name, int64_t now_ms);
/* Whether anybody may be cut off; without the lock. */
bool callers_any_cut_off(struct callers *callers, int64_t now_ms);
/* How often a caller was cut off, since the start. */
int64_t callers_trips(struct callers *callers);
/* Streams open, of all. */
int64_t callers_streams(struct callers *callers);

#endif
