/*
 * Leases that end: a session that was not renewed in time is over, and what it held is
 * given back or recovered.
 *
 * Memory: a struct lease, until lease_free. Errors: what cannot be done now is tried
 * again at the next tick. Threads: one at a time.
 */
#ifndef KONTOR_SERVER_ORDER_LEASE_H
#define KONTOR_SERVER_ORDER_LEASE_H

#include <stddef.h>

#include "server/rpc/dispatch.h"

struct lease;

/* NULL: the store cannot be read. */
struct lease *lease_new(struct dispatch *dispatch);
/* Before dispatch_free. Accepts NULL. */
void lease_free(struct lease *lease);

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
