/*
 * The calls that take a provider from one state to another.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_CATALOGUE_ONBOARD_H
#define KONTOR_SERVER_CATALOGUE_ONBOARD_H

#include "server/rpc/call.h"

enum status onboard_submit(struct call *call, const void *request,
                           struct decision *decision);
enum status onboard_decide(struct call *call, const void *request,
                           struct decision *decision);
enum status onboard_template(struct call *call, const void *request,
                             struct decision *decision);
enum status onboard_suspend(struct call *call, const void *request,
                            struct decision *decision);
enum status onboard_resume(struct call *call, const void *request,
                           struct decision *decision);
enum status onboard_retire(struct call *call, const void *request,
                           struct decision *decision);
/* The provider as it is now. */
enum status onboard_answer(struct call *call, const void *request,
                           const Kontor__V1__Commit *commit, void **reply);
/* The provider, and what suspending or retiring it touches. */
enum status onboard_answer_touched(struct call *call, const void *request,
                                   const Kontor__V1__Commit *commit, void **reply);

#endif
