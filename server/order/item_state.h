/*
 * The item machine: every move an item can make, who may make it, and from which side.
 *
 * Memory: constant. Errors: NULL = there is no such move. Threads: any.
 *
 *                route                Claim            Begin                Complete
 *     RECEIVED ---------> QUEUED -----------> ASSIGNED -----> IN_PROGRESS ---------->
 * COMPLETED | route   approve ^  ^ ResumeItem       |                |  ^ ResumeItem v
 * |  |  Release, lease  | Hold      Hold |  | AWAITING_*APPROVAL --+  +------- HELD
 * <----+                +-> HELD_BEGUN
 *
 * Not begun: rejected, cancelled at once. Begun: failed, or undone. Final states are
 * never left.
 */
#ifndef KONTOR_SERVER_ORDER_ITEM_STATE_H
#define KONTOR_SERVER_ORDER_ITEM_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kontor/v1/order.pb-c.h"
#include "server/rpc/principal.h"

/* What moves an item: the calls of the API, and what the broker does by itself. */
enum operation {
    OPERATION_ROUTE,    /* Broker: where a new item goes. */
    OPERATION_APPROVE,  /* DecideItem. */
    OPERATION_REJECT,   /* DecideItem. */
    OPERATION_DEADLINE, /* Broker. */
    OPERATION_ASK_CUSTOMER,
    OPERATION_ANSWER_QUESTION,
    OPERATION_CLAIM,
    OPERATION_HOLD_ITEM,
    OPERATION_RELEASE,
    OPERATION_LEASE, /* Broker: the session that held it is over. */
    OPERATION_FAIL,
    OPERATION_HOLD,
    OPERATION_ASK_INFO,
    OPERATION_BEGIN,
    OPERATION_RESUME,
    OPERATION_REQUEUE, /* OverrideItem. */
    OPERATION_COMPLETE,
    OPERATION_FORCE_FAIL, /* OverrideItem. */
    OPERATION_CANCEL,
    OPERATION_DECLINE_CANCEL,
    OPERATION_ACCEPT_CANCEL,
    OPERATION_SIBLING, /* Broker: an item it requires ended without success. */
    OPERATION_COUNT,
};

enum { ITEM_STATE_COUNT = KONTOR__V1__ITEM_STATE__CANCELLED_OTHERWISE_BEGUN + 1 };

/* One move. A role counts only on the side it is listed on. */
struct item_move {
    const char *id; /* As in the design: "I04n". */
    Kontor__V1__ItemState from;
    enum operation operation;
    Kontor__V1__ItemState to;
    uint32_t customer; /* ROLE_BIT set that may, on the customer's side. */
    uint32_t provider; /* ROLE_BIT set that may, on the provider's side. */
    bool is_broker;    /* Whether the broker itself may. */
    const char *guard; /* What must hold besides, in words. */
};

extern const struct item_move item_moves[];
extern const size_t n_item_moves;

/*
 * The move an operation makes from a state. to says which one where a guard decides
 * between several; UNSPECIFIED = the only one. NULL: no such move, or several and to
 * does not say which.
 */
const struct item_move *item_state_next(Kontor__V1__ItemState from,
                                        enum operation operation,
                                        Kontor__V1__ItemState to);

/* The operation's name in histories and errors, such as "DecideItem approve". */
const char *operation_name(enum operation operation);
/* The state's name, such as "QUEUED". */
const char *item_state_name(Kontor__V1__ItemState state);
/* Whether the state is never left. */
bool item_state_is_final(Kontor__V1__ItemState state);
/* Whether a backend may have been touched in this state. */
bool item_state_is_begun(Kontor__V1__ItemState state);
/* Whether the item was cancelled at the customer's request. */
bool item_state_is_cancelled_by_customer(Kontor__V1__ItemState state);
/* Whether it ended by a cancel, whoever's. */
bool item_state_is_cancelled(Kontor__V1__ItemState state);

#endif
