/*
 * Orders of offers with stock, for the tests of what becomes of their pieces.
 *
 * Memory: the desk's. Errors: a test that fails. Threads: the test's.
 */
#ifndef KONTOR_TESTS_SERVER_CARDS_H
#define KONTOR_TESTS_SERVER_CARDS_H

#include <stdint.h>

#include "tests/server/desk.h"

/* What GetStock answers the portal. */
Kontor__V1__Stock *cards_stock(struct desk *desk, const char *offer);
/* What is taken, and how many items wait. */
void cards_expect(struct desk *desk, const char *offer, int64_t taken, int64_t waiting);

/* A request for one item, "vm", of so many pieces; 0 = no number is given. */
Kontor__V1__PlaceOrderRequest *cards_wanting(struct desk *desk, const char *id,
                                             const char *offer, int64_t pieces);
/* Orders so many of OFFER_SCARCE; answers the item. */
const char *cards_order(struct desk *desk, const char *id, int64_t pieces);
/* A job of OFFER_SCARCE or OFFER_FEW; NULL = there is none. */
Kontor__V1__ClaimedJob *cards_claim(struct desk *desk);
/* Claims, begins and completes what there is to do; it must be of this item. */
void cards_deliver(struct desk *desk, const char *item);

#endif
