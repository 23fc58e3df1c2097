/*
 * The stock of an offer: pieces are set aside when an item is placed, taken up by what
 * is delivered, and free again when the item ends without, or what was delivered is
 * gone. Source: ORDERS design, "Placing".
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 *
 *     none free --waiting_since--> waiting list --stock_list, in its order-->+
 *     free ----------------------------------------------------> set aside --+
 *                                     ^                             |        |
 *            reserved_until has come  +------ waiting list <--------+        |
 *     delivered: Instance.stock_pieces <-------------------------------------+
 *
 * What is taken and how many wait is one document an offer, written by every commit
 * that changes it: of many callers at once the committer decides all but the first
 * again. How many there are is the offer's own and may change at any time.
 */
#ifndef KONTOR_SERVER_ORDER_STOCK_H
#define KONTOR_SERVER_ORDER_STOCK_H

#include "kontor/v1/order.pb-c.h"
#include "server/rpc/call.h"

struct placed;

/*
 * Sets the stock of every sound item to be placed: set aside, or on the waiting list
 * behind all that wait. OUT_OF_STOCK: the offer has no waiting list, or never had so
 * many.
 */
enum status stock_judge(struct call *call, struct placed *items,
                        size_t n_items) MUST_CHECK;

/* What an item had when it was read. */
struct stock_mark {
    bool is_reserved;
    bool is_waiting;
};
/* How a commit reaches the stock. */
struct stock_step {
    struct stock_mark was;
    int64_t pieces; /* That its instance takes up more than before. */
};
struct stock_mark stock_mark(const Kontor__V1__OrderItem *item);
/* Whether the item could be worked on if it had its pieces. */
bool stock_is_missing(const Kontor__V1__OrderItem *item);
/* Before a changed item is written: one that has ended lets go of its pieces, unless
 * something it left is still to be removed. */
void stock_settle(Kontor__V1__OrderItem *item);
/* Writes what that, or a move, changed. */
enum status stock_follow(struct call *call, const Kontor__V1__OrderItem *item,
                         const struct stock_step *step,
                         struct decision *decision) MUST_CHECK;
/* Once agents may take a queued item, its pieces are kept as long as it is open; where
 * it waits again, because it was put off, for so long from then on. */
void stock_keep(Kontor__V1__OrderItem *item, bool is_for_work, const struct call *call);
/* Its pieces were kept long enough: where others wait, it goes to the end of their
 * list, else it keeps them for another day. */
enum status stock_overdue(struct call *call, Kontor__V1__OrderItem *item,
                          bool *is_returned) MUST_CHECK;

/* ---- For the list ---- */

/* As stored, or a new one; was: its revision, 0 = it is new. */
enum status stock_read(struct call *call, const char *offer, Kontor__V1__Stock **out,
                       int64_t *was) MUST_CHECK;
/* Pieces that are free by this rule; NULL = an offer without stock: always enough. */
int64_t stock_free(const Kontor__V1__OfferStock *rule, const Kontor__V1__Stock *stock);
/* What is added to a stock. */
struct stock_sum {
    int64_t pieces; /* Taken. */
    int64_t waiting;
    int64_t beyond; /* Of those, beside the list. */
    int64_t observers;
};
enum status stock_change(struct call *call, const char *offer,
                         const struct stock_sum *sum,
                         struct decision *decision) MUST_CHECK;
/* Sets pieces aside from now on. rule NULL: as long as the item is open. */
void stock_set_aside(Kontor__V1__ItemStock *stock, const Kontor__V1__OfferStock *rule,
                     const struct call *call);

enum status stock_get(struct call *call, const void *request,
                      struct decision *decision);

#endif
