/*
 * What happens to an item by itself: reminders, jeopardy, and the end of a state nobody
 * ended. One table of states, times and effects.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 *
 * A step of a state is a time counted from when the item came into it, and what happens
 * then. The nearest step that has not happened is a declared field of the item, so what
 * is due is found by an index. That it happened is in the same commit as what it does:
 * once, also across restarts and several brokers. Source: ORDERS design, "Deadlines".
 */
#ifndef KONTOR_SERVER_ORDER_DUE_H
#define KONTOR_SERVER_ORDER_DUE_H

#include "kontor/v1/order.pb-c.h"
#include "server/rpc/call.h"

/* Before due_begin of an item that left a state: work that pauses does not begin its
 * time anew. */
void due_leave(Kontor__V1__OrderItem *item, Kontor__V1__ItemState from,
               const struct call *call);
/* Counts anew: the item has come into its state. */
void due_begin(Kontor__V1__OrderItem *item, const struct call *call);
/* Counts again from where it was, since dates or the calendar changed. */
void due_again(Kontor__V1__OrderItem *item, struct arena *arena);
/* Takes a new expected date: what was due by the old one is forgotten. */
void due_expect(Kontor__V1__OrderItem *item, Google__Protobuf__Timestamp *expected_at,
                struct arena *arena);
/* The calendar of a provider as it is now; NULL = it has none. */
enum status due_calendar(struct call *call, const char *provider,
                         Kontor__V1__WorkCalendar **out) MUST_CHECK;
/* What its side has to be done by; NULL = no deadline. The item's own. */
Google__Protobuf__Timestamp *due_expires(const Kontor__V1__OrderItem *item);

/* Puts an item at risk for a reason that is no deadline. */
struct edit;
void due_endanger(struct edit *edit, size_t index, const char *text);
/* As due_again, where the item got its pieces of a stock: they are kept for a time of
 * their own. */
void due_stock_again(Kontor__V1__OrderItem *item, struct arena *arena);

/*
 * Whether what is next hits people, who may have been kept from acting while the broker
 * was away.
 */
bool due_hits_people(const Kontor__V1__OrderItem *item);
/* Whether both count the same days; NULL: those of somebody without a calendar. */
bool due_is_same_calendar(const Kontor__V1__WorkCalendar *one,
                          const Kontor__V1__WorkCalendar *other);

/* Does what is due of the item whose id is the request; nothing where nothing is. */
enum status due_fire(struct call *call, const void *request, struct decision *decision);
/* Takes over its provider's calendar, and counts again if that changed. The request is
 * the item's id. */
enum status due_revise(struct call *call, const void *request,
                       struct decision *decision);

#endif
