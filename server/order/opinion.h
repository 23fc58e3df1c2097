/*
 * Opinions of customers on what was delivered, and the averages of services.
 *
 * Memory: constant; the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_OPINION_H
#define KONTOR_SERVER_ORDER_OPINION_H

#include "server/rpc/record.h"

/* So many have to say something before a service's rating changes. */
enum { OPINION_STEP = 3 };

/* For the generic List. */
extern const struct record opinion_record;

enum status opinion_give(struct call *call, const void *request,
                         struct decision *decision);
enum status opinion_answer(struct call *call, const void *request,
                           const Kontor__V1__Commit *commit, void **reply);

/* The broker's own work: brings the rating of a service, request its id, up to what was
 * said, where enough was. */
enum status opinion_tell(struct call *call, const void *request,
                         struct decision *decision);

#endif
