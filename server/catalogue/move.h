/*
 * Moving a service from one phase of the portfolio to the next.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_CATALOGUE_MOVE_H
#define KONTOR_SERVER_CATALOGUE_MOVE_H

#include "server/rpc/call.h"

enum status move_decide(struct call *call, const void *request,
                        struct decision *decision);
enum status move_answer(struct call *call, const void *request,
                        const Kontor__V1__Commit *commit, void **reply);

#endif
