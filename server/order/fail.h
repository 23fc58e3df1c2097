/*
 * Fail: what an agent could not do, and what follows from how it failed.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_FAIL_H
#define KONTOR_SERVER_ORDER_FAIL_H

#include "server/rpc/call.h"

enum status fail_decide(struct call *call, const void *request,
                        struct decision *decision);

#endif
