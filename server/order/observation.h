/*
 * Observations: who wants to hear when an offer that is out of stock can be ordered
 * again.
 *
 * Memory: constant; the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_OBSERVATION_H
#define KONTOR_SERVER_ORDER_OBSERVATION_H

#include "server/rpc/record.h"

/* For the generic List. */
extern const struct record observation_record;

enum status observation_make(struct call *call, const void *request,
                             struct decision *decision);
enum status observation_answer(struct call *call, const void *request,
                               const Kontor__V1__Commit *commit, void **reply);
enum status observation_delete(struct call *call, const void *request,
                               struct decision *decision);

/* A work of the broker's own; request is an offer's id. Tells some of its observers
 * once pieces are free for whoever comes. */
enum status observation_tell(struct call *call, const void *request,
                             struct decision *decision);

#endif
