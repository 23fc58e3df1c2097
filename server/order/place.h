/*
 * PlaceOrder: all items are judged, all faults are told at once, and nothing is stored
 * unless every item is sound. Idempotent by the order's id: the same content again
 * answers the order as it is now.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_PLACE_H
#define KONTOR_SERVER_ORDER_PLACE_H

#include "server/rpc/call.h"

enum {
    /* Bytes of a new order, header and items: a commit that writes all of them must
       still fit when they have grown. */
    PLACE_MAX_BYTES = STORE_MAX_COMMIT - (STORE_MAX_COMMIT / 4),
    /* What deciding one step adds to an item: the reason, 1024 bytes at most, and who
       gave it, both in the approval and in the history. */
    PLACE_STEP_BYTES = 2560,
};

enum status place_decide(struct call *call, const void *request,
                         struct decision *decision);
enum status place_answer(struct call *call, const void *request,
                         const Kontor__V1__Commit *commit, void **reply);

#endif
