/*
 * The clock of the broker: deadlines wait after it was set, until it has gone evenly
 * for a while or an admin says that it is right. Source: ORDERS design, "Deadlines".
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_REGISTRY_CLOCK_ACCEPT_H
#define KONTOR_SERVER_REGISTRY_CLOCK_ACCEPT_H

#include "server/rpc/call.h"

/* Notes outside the log (BROKER_CLOCK_KEY) which time was accepted. */
enum status clock_accept(struct call *call, const void *request,
                         struct decision *decision);
/* It is never a commit, so there is nothing to answer again. */
enum status clock_accept_answer(struct call *call, const void *request,
                                const Kontor__V1__Commit *commit, void **reply);

#endif
