/*
 * The orders one decision changes, and how much of a commit they take.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_EDITS_H
#define KONTOR_SERVER_ORDER_EDITS_H

#include "server/order/edit.h"

enum { EDITS_MAX = 64 };

/* Begins as zeroes. */
struct edits {
    struct edit *rows[EDITS_MAX];
    size_t n_rows;
    size_t size; /* Bytes the commit takes at most, as far as it is known. */
};

/*
 * The order, read unless it is there already, at most EDITS_MAX of them. item_size: the
 * packed size of the item that is to be changed in it; it is counted, and so is a
 * header that is new.
 */
enum status edits_open(struct call *call, struct edits *edits, const char *order_id,
                       size_t item_size, struct edit **out) MUST_CHECK;
/* Whether the last item opened should be left to another commit. */
bool edits_is_full(const struct edits *edits);
/* Puts all that changed into the decision. */
enum status edits_commit(const struct edits *edits,
                         struct decision *decision) MUST_CHECK;

#endif
