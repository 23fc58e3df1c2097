/*
 * Access details of a delivered item, sealed by its agent to whom the order names. The
 * broker cannot open them: it keeps them apart from the item, in a document only the
 * customer's side sees and nobody lists, and notes who asked for them.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_ACCESS_H
#define KONTOR_SERVER_ORDER_ACCESS_H

#include "kontor/v1/order_service.pb-c.h"
#include "server/rpc/call.h"

enum {
    ACCESS_MAX_SEALED = 16384, /* Bytes of Delivery.sealed. */
    ACCESS_MAX_RECEIPTS = 64,  /* Kept in the item; the log has them all. */
};

/* Adds a fault for each certificate of an order that cannot be sealed to. */
void access_judge_seal_to(struct call *call,
                          const Kontor__V1__PlaceOrderRequest *request);
/* Adds a fault when sealed bytes are no CMS in DER form, too many, or sealed to nobody
 * the item names. */
void access_judge_sealed(struct call *call, const Kontor__V1__OrderItem *item,
                         const Kontor__V1__Delivery *delivery);
/* Gives an item its delivery, but for what is sealed. NULL: it has none. */
void access_deliver(struct call *call, Kontor__V1__OrderItem *item,
                    const Kontor__V1__Delivery *delivery);
/* Puts what is sealed into the decision, if there is anything. */
void access_keep(struct call *call, const Kontor__V1__OrderItem *item,
                 const Kontor__V1__Delivery *delivery, struct decision *decision);

/* OpenAccess. */
enum status access_decide(struct call *call, const void *request,
                          struct decision *decision);
enum status access_answer(struct call *call, const void *request,
                          const Kontor__V1__Commit *commit, void **reply);

#endif
