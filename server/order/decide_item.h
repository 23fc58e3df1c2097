/*
 * DecideItem: an open approval step is passed, or the item is declined.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_DECIDE_ITEM_H
#define KONTOR_SERVER_ORDER_DECIDE_ITEM_H

#include "server/rpc/call.h"

enum status decide_item_decide(struct call *call, const void *request,
                               struct decision *decision);
/* Answers DecideItem, ResumeItem and OverrideItem with the item. */
enum status decide_item_answer(struct call *call, const void *request,
                               const Kontor__V1__Commit *commit, void **reply);

#endif
