/*
 * Trace: what carries an order, and what downtimes are ahead of it.
 *
 * Memory: the call's arena. Errors: NOT_FOUND for an order the caller may not see.
 * Threads: the call's.
 */
#ifndef KONTOR_SERVER_CONFIGURATION_TRACE_H
#define KONTOR_SERVER_CONFIGURATION_TRACE_H

#include "server/rpc/call.h"

enum status trace_decide(struct call *call, const void *request,
                         struct decision *decision);

#endif
