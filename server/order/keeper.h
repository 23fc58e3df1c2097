/*
 * What the broker does about orders by the clock: leases that end, deadlines that come.
 *
 * Memory: a struct keeper and its thread, until keeper_stop. Errors: what cannot be
 * done now is tried again a second later. Threads: main.
 */
#ifndef KONTOR_SERVER_ORDER_KEEPER_H
#define KONTOR_SERVER_ORDER_KEEPER_H

#include "server/rpc/dispatch.h"

struct keeper;

/* Looks once a second of real time. NULL: the store cannot be read. */
struct keeper *keeper_start(struct dispatch *dispatch);
/* Waits for what is under way. Before dispatch_free. Accepts NULL. */
void keeper_stop(struct keeper *keeper);

#endif
