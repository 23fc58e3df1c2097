/*
 * DecideCancel: whether begun work can still be cancelled, decided by the provider.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_DECIDE_CANCEL_H
#define KONTOR_SERVER_ORDER_DECIDE_CANCEL_H

#include "server/order/edit.h"
#include "server/rpc/call.h"

/* Moves the item on as somebody, or a deadline, decided. Who holds the job only to
 * answer questions is not left with the work. */
enum status decide_cancel_move(struct edit *edit, size_t index,
                               const struct edit_cause *cause) MUST_CHECK;
enum status decide_cancel_decide(struct call *call, const void *request,
                                 struct decision *decision);

#endif
