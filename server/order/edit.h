/*
 * One order being changed by one decision: its header and those of its items that move.
 * Whatever moves an item goes through here, so that the header and the items that
 * depend on it always move in the same commit.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_EDIT_H
#define KONTOR_SERVER_ORDER_EDIT_H

#include "kontor/v1/order.pb-c.h"
#include "server/order/aggregate.h"
#include "server/order/allocation.h"
#include "server/order/item_state.h"
#include "server/order/stock.h"
#include "server/rpc/call.h"

struct edit_item {
    struct document
        document; /* As it was read; its kind is NULL for an item that is new. */
    Kontor__V1__OrderItem *item; /* NULL = not read yet. */
    Kontor__V1__ItemState was;   /* Its state as it was read; 0 = it is new. */
    bool was_unwanted;           /* It was to be cleaned up when it was read. */
    struct allocation_mark was_allocated; /* What it held of capacities then. */
    struct stock_mark was_stock;          /* What it had of its offer's stock then. */
    bool is_changed;                      /* To be written. */
};

struct edit {
    struct call *call;
    struct document document; /* The header's, as it was read; its kind is NULL for an
                                 order that is new. */
    Kontor__V1__Order *order;
    struct edit_item *items; /* As many as the header has, in its order. */
    bool is_moved;           /* An item moved: the header is to be written. */
};

/* What a move is made for. */
struct edit_cause {
    enum operation operation;
    Kontor__V1__ItemState
        to; /* Where several moves are possible; UNSPECIFIED = the only one. */
    Kontor__V1__ItemReason reason; /* UNSPECIFIED = the state says it. */
    const char *text;              /* In somebody's words; NULL = none. */
    bool is_holder;                /* Made by whoever holds the job. */
};

/* Reads an order whoever asks; who may change it is judged before. */
enum status edit_open(struct call *call, const char *order_id,
                      struct edit **out) MUST_CHECK;
/*
 * Reads an item the caller owns, at the revision it expects (0 = whatever it is), and
 * its order.
 */
enum status edit_open_item(struct call *call, const char *item_id,
                           int64_t expected_revision, struct edit **out,
                           size_t *index) MUST_CHECK;
/* Begins a new order; its items are put into items by the caller. */
struct edit *edit_new(struct call *call, Kontor__V1__Order *order);

/* An item of the order by its place, read whoever asks, its fence as a number. */
enum status edit_item(struct edit *edit, size_t index,
                      Kontor__V1__OrderItem **out) MUST_CHECK;
/* The item of this id (the whole one). */
enum status edit_find(struct edit *edit, const char *item_id, size_t *index,
                      Kontor__V1__OrderItem **out) MUST_CHECK;

/* Marks an item as changed without a move: the header stays. */
void edit_touch(struct edit *edit, size_t index);
/* As edit_touch, where its deadline or its risk changed: its line in the header tells
 * them. */
void edit_restate(struct edit *edit, size_t index);
/* A queued item whose start date has come, or whose last requirement is delivered, may
 * be claimed from now on. Others stay. */
void edit_dispatch(struct edit *edit, size_t index);
/* What a completed item delivered is wanted no more: it is to be removed. The history
 * names the operation that ended it. */
void edit_remove(struct edit *edit, size_t index, enum operation operation,
                 const char *why);
/* Whether there is anything to commit. */
bool edit_is_changed(const struct edit *edit);
/*
 * Moves an item: state, history, job, its line in the header; then, transitively, what
 * depends on it: what requires a completed item may go on, what requires one that ended
 * otherwise is cancelled. The move must be in the table: who asks and what is guarded
 * was judged before. Failures are those of reading dependants.
 */
enum status edit_move(struct edit *edit, size_t index,
                      const struct edit_cause *cause) MUST_CHECK;

/* Makes one move of one item, state, history, job, deadline and the header's line;
 * nothing follows for the others. */
void edit_move_alone(struct edit *edit, size_t index, const struct item_move *move,
                     const struct edit_cause *cause);

/* Puts all that changed into the decision, service instances and stock included.
 * Nothing changed: the decision stays as it is. Failures are those of reading
 * instances. */
enum status edit_commit(struct edit *edit, struct decision *decision) MUST_CHECK;

#endif
