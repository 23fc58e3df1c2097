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

/* What PlaceOrder answers the portal; error as desk_call. */
enum status cards_refused(struct desk *desk, Kontor__V1__PlaceOrderRequest *request,
                          struct error *error);
/* Whether an item waits for its pieces; else they are set aside. */
bool cards_is_waiting(struct desk *desk, const char *item);
/* Stores a service of the shelf as it is now. */
void cards_put_service(struct desk *desk, Kontor__V1__Service *service);
/* Changes how many there are of each offer with stock. */
void cards_set_total(struct desk *desk, int64_t total);
/* Changes whether one may wait for them, and for how long they are kept. */
void cards_change_rule(struct desk *desk, bool has_waiting_list, int32_t reserve_hours);

#endif
