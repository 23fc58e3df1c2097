/*
 * Leases that end: a session that was not renewed in time is over, and what it held is
 * given back or recovered.
 *
 * Memory: a struct lease and its thread, until lease_stop. Errors: what cannot be done
 * now is tried again at the next tick. Threads: lease_tick from one thread at a time;
 * the rest from main.
 */
#ifndef KONTOR_SERVER_ORDER_LEASE_H
#define KONTOR_SERVER_ORDER_LEASE_H

#include <stddef.h>

#include "server/rpc/dispatch.h"

struct lease;

/* Without a thread of its own: somebody calls lease_tick. NULL: the store cannot be
 * read. */
struct lease *lease_new(struct dispatch *dispatch);
/* With a thread that ticks once a second of real time. NULL as lease_new. */
struct lease *lease_start(struct dispatch *dispatch);
/* Ends the thread, waits for what it has under way. Before dispatch_free. Accepts NULL.
 */
void lease_stop(struct lease *lease);

/* Ends every session whose lease is over by the dispatch's clock; waits until that is
 * stored. Answers how many. */
size_t lease_tick(struct lease *lease);

/*
 * After a restore: moves every claimed item to recovery, and lets every other open one
 * be looked for before it is created, since nobody knows how far it came in the lost
 * future. To be called before the broker is ready. Answers how many, and the first
 * status that was not OK. Source: STORE design, "Life of the log".
 */
enum status orders_recover(struct dispatch *dispatch, size_t *n_recovered) MUST_CHECK;

#endif
