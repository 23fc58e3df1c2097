/*
 * AllowedActions: what the caller may do with an item now, from the same table that
 * judges the calls.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_ACTIONS_H
#define KONTOR_SERVER_ORDER_ACTIONS_H

#include "server/rpc/call.h"

enum status actions_decide(struct call *call, const void *request,
                           struct decision *decision);

#endif
