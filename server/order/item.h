/*
 * Items and the scopes of an order's documents: what one move does to an item, and
 * whether the caller may make it.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_ITEM_H
#define KONTOR_SERVER_ORDER_ITEM_H

#include "kontor/v1/order.pb-c.h"
#include "server/order/item_state.h"
#include "server/order/side.h"
#include "server/rpc/call.h"

enum {
    ITEM_MAX_HISTORY = 64,      /* Moves kept in the item; the log has them all. */
    ITEM_DEFAULT_SETTLE_S = 60, /* How long a backend call may still be in flight, when
                                   the offer does not say. */
};

/* What an admin of the provider's side may do besides the moves of the machine. */
#define ITEM_ABANDON_CLEANUP "OverrideItem abandon cleanup"

/* Scope of an item: both sides own it. Source: ARCHITECTURE design, "Who may see what".
 */
void item_scope(struct call *call, const Kontor__V1__OrderItem *item, char ***scope,
                size_t *n_scope);
/* Scope of a header: the customer's side owns it, the providers of its items take part.
 */
void order_scope(struct call *call, const Kontor__V1__Order *order, char ***scope,
                 size_t *n_scope);

/* Sets state, begun, reason_text and history by a move. */
void item_move_to(Kontor__V1__OrderItem *item, const struct item_move *move,
                  const char *text, struct call *call);

/* Appends a line to the history of an item, whose state is still the one before. */
void item_remember(Kontor__V1__OrderItem *item, const char *operation,
                   Kontor__V1__ItemState to, const char *text, struct call *call);

/* Where a request to cancel stands whose item is in this state. */
Kontor__V1__CancelState item_cancel_state(Kontor__V1__ItemState state);
/*
 * Makes it smaller: of what was said and done, the beginning and the end stay, of
 * receipts the last, and answered questions go. The log has it all. For orders that no
 * longer fit into one commit and yet have to end.
 */
void item_shrink(Kontor__V1__OrderItem *item);
/* Whether something it left behind is still to be removed. */
bool item_needs_cleanup(const Kontor__V1__OrderItem *item);
/* Whether it reached the milestone from which on it cannot be cancelled. */
bool item_is_past_return(const Kontor__V1__OrderItem *item);

/* The step an item waits for; UNSPECIFIED when it waits for no decision. */
Kontor__V1__ApprovalStep item_open_step(const Kontor__V1__OrderItem *item);

/*
 * Whether the caller may make a move of this operation now. ROLE_MISSING names the
 * roles that would be; ILLEGAL_STATE is that of item_illegal. to as for
 * item_state_next.
 */
enum status item_judge(struct call *call, const Kontor__V1__OrderItem *item,
                       enum operation operation, Kontor__V1__ItemState to) MUST_CHECK;
/* The roles an operation is open to where the item is; none: there is no such move now.
 */
struct sides item_roles_now(const Kontor__V1__OrderItem *item,
                            enum operation operation);
/*
 * Fails with ILLEGAL_STATE: from, wanted, what the caller may do instead, and where
 * that is nothing, what others may.
 */
enum status item_illegal(struct call *call, const Kontor__V1__OrderItem *item,
                         const char *wanted) MUST_CHECK;
/* Fails with ROLE_MISSING, naming what was wanted and these roles. */
enum status item_role_missing(struct call *call, const Kontor__V1__OrderItem *item,
                              const char *wanted, struct sides roles);

#endif
