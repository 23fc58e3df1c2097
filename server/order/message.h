/*
 * Messages about orders: words beside what is decided, each a document of its own. A
 * message is written once; neither the order nor the item is touched by it.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_MESSAGE_H
#define KONTOR_SERVER_ORDER_MESSAGE_H

#include "server/rpc/record.h"

/* What the principals of one registry may write about an order. Counted by registry,
 * so that nobody is silenced by the others, nor learns how much they write among
 * themselves. */
enum { MESSAGE_MAX = 500 };

/* PostMessage. */
enum status message_post(struct call *call, const void *request,
                         struct decision *decision);
enum status message_answer(struct call *call, const void *request,
                           const Kontor__V1__Commit *commit, void **reply);

/* ListMessages. */
extern const struct record message_list_record;

#endif
