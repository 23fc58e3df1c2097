/*
 * The waiting list of an offer: who waits for the longest is given what is free.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_STOCK_LIST_H
#define KONTOR_SERVER_ORDER_STOCK_LIST_H

#include "server/rpc/call.h"

/*
 * One step of an offer's list (request: the offer's id): gives the first in line its
 * pieces, if so many are free. Who waits for more than there are at all is passed over
 * and in jeopardy from then on; a place without an item is cleared. An offer that is
 * not there gives nothing: it may come back. Nothing to do: a REPLY with NULL.
 */
enum status stock_list_give(struct call *call, const void *request,
                            struct decision *decision);

#endif
