/*
 * Holding an item: nobody works on it until it is resumed.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_HALT_H
#define KONTOR_SERVER_ORDER_HALT_H

#include "server/rpc/call.h"

/* HoldItem: a person holds it. */
enum status halt_decide(struct call *call, const void *request,
                        struct decision *decision);
/* Hold: the agent that holds the job cannot go on. */
enum status halt_by_agent(struct call *call, const void *request,
                          struct decision *decision);

#endif
