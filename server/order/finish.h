/*
 * How a job ends well: Complete.
 *
 * Memory: the call's arena. Errors: as hold.h; COMPLETION_DIFFERS for another result
 * than the one that was taken. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_FINISH_H
#define KONTOR_SERVER_ORDER_FINISH_H

#include "server/rpc/call.h"

enum {
    FINISH_MAX_DELIVERY = 1 << 15, /* Bytes; 63 of them are half of what a client takes.
                                    */
};

enum status finish_complete(struct call *call, const void *request,
                            struct decision *decision);

#endif
