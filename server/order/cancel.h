/*
 * CancelOrder: what is not begun is cancelled at once, with all that depends on it; of
 * what is begun the provider is asked; what was delivered stays.
 *
 * Memory: the call's arena. Errors: as call.h; PAST_NO_RETURN when one of the items
 * asked for can no longer be cancelled: then nothing changes. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_CANCEL_H
#define KONTOR_SERVER_ORDER_CANCEL_H

#include "server/rpc/call.h"

enum status cancel_decide(struct call *call, const void *request,
                          struct decision *decision);
enum status cancel_answer(struct call *call, const void *request,
                          const Kontor__V1__Commit *commit, void **reply);

#endif
