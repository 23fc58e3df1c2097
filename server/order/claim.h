/*
 * Claim: an agent takes jobs, first come first served, and waits for one when there is
 * none.
 *
 * Memory: the call's arena. Errors: as call.h; LEASE_LOST when the session is over.
 * Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_CLAIM_H
#define KONTOR_SERVER_ORDER_CLAIM_H

#include "server/rpc/call.h"

enum status claim_decide(struct call *call, const void *request,
                         struct decision *decision);
enum status claim_answer(struct call *call, const void *request,
                         const Kontor__V1__Commit *commit, void **reply);

#endif
