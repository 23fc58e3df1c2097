/*
 * DecideCancel: whether begun work can still be cancelled, decided by the provider.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_DECIDE_CANCEL_H
#define KONTOR_SERVER_ORDER_DECIDE_CANCEL_H

#include "server/rpc/call.h"

enum status decide_cancel_decide(struct call *call, const void *request,
                                 struct decision *decision);

#endif
