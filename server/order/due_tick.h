/*
 * Looks for what is due and does it, at most DUE_TICK_MAX of it at once.
 *
 * Memory: a struct due_tick, until due_tick_free. Errors: what cannot be done now is
 * tried again at the next look. Threads: one at a time.
 *
 * Nothing is done while the wall clock cannot be trusted: for DUE_TICK_SETTLE_MS after
 * it was set by more than DUE_TICK_APART_MS, or until an admin accepts it. And after
 * the broker was away for longer than DUE_TICK_AWAY_MS nobody is told that they are
 * late before they had as long again, a working day at most. Source: ORDERS design,
 * "Deadlines".
 */
#ifndef KONTOR_SERVER_ORDER_DUE_TICK_H
#define KONTOR_SERVER_ORDER_DUE_TICK_H

#include <stddef.h>

#include "server/rpc/dispatch.h"

enum {
    DUE_TICK_MAX = 100,
    DUE_TICK_APART_MS = 30000,
    DUE_TICK_SETTLE_MS = 600000,
    DUE_TICK_AWAY_MS = 600000,
    DUE_TICK_ALIVE_MS = 60000,  /* How often it is written down that it is there. */
    DUE_TICK_REVISE_MS = 30000, /* How often calendars are looked at. */
};

struct due_tick;

/* NULL: the store cannot be read. */
struct due_tick *due_tick_new(struct dispatch *dispatch);
/* Before dispatch_free. Accepts NULL. */
void due_tick_free(struct due_tick *tick);

/* Does what is due by the dispatch's clock, and waits until it is stored. Answers how
 * many items changed. */
size_t due_tick_run(struct due_tick *tick);

#endif
