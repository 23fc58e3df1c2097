/* The stock of an offer: pieces are set aside when an order is placed, waited for, kept
 * for a time, and never fewer than none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kontor/v1/order_service.pb-c.h"
#include "proto/moment.h"
#include "proto/reason.h"
#include "tests/server/cards.h"

#define WAITS_FOR_STOCK KONTOR__V1__ITEM_REASON__WAITS_FOR_STOCK

enum { HOUR = 3600000, DAY = 24 * HOUR };

/* ---- Set aside ---- */

static void
test_pieces_are_set_aside_when_an_order_is_placed(void **state)
{
    struct desk *desk = *state;
    cards_expect(desk, OFFER_SCARCE, 0, 0);
    assert_string_equal(cards_stock(desk, OFFER_SCARCE)->unit, "cards");
    const char *item = cards_order(desk, "coast/o-1", 2);
    cards_expect(desk, OFFER_SCARCE, 2, 0);
    assert_false(cards_is_waiting(desk, item));
    assert_int_equal(desk_item(desk, item)->stock->wanted, 2);
    /* Who says no number takes one. */
    cards_order(desk, "coast/o-2", 0);
    cards_expect(desk, OFFER_SCARCE, 3, 0);
    /* Placed again it takes nothing more. */
    cards_order(desk, "coast/o-1", 2);
    cards_expect(desk, OFFER_SCARCE, 3, 0);
}

static void
test_what_is_not_free_is_refused_where_nobody_waits(void **state)
{
    struct desk *desk = *state;
    struct error error;
    desk_place(desk, cards_wanting(desk, "coast/o-1", OFFER_FEW, 0));
    int64_t before = shelf_applied(desk->h);
    assert_int_equal(
        cards_refused(desk, cards_wanting(desk, "coast/o-2", OFFER_FEW, 0), &error),
        STATUS_FAILED_PRECONDITION);
    desk_expect_reason(&error, REASON_OUT_OF_STOCK);
    assert_string_equal(harness_value(&error, "offer"), OFFER_FEW);
    assert_string_equal(harness_value(&error, "free"), "0");
    assert_string_equal(harness_value(&error, "needed"), "1");
    assert_string_equal(harness_value(&error, "item"), "vm");
    assert_int_equal(shelf_applied(desk->h), before);
    /* Two of one order share what there is. */
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-1", NULL, NULL, NULL),
                     STATUS_OK);
    Kontor__V1__PlaceOrderRequest *two = cards_wanting(desk, "coast/o-3", OFFER_FEW, 0);
    desk_add(desk, two, "other", OFFER_FEW);
    assert_int_equal(cards_refused(desk, two, &error), STATUS_FAILED_PRECONDITION);
    cards_expect(desk, OFFER_FEW, 0, 0);
}

static void
test_more_than_there_are_is_never_waited_for(void **state)
{
    struct desk *desk = *state;
    struct error error;
    assert_int_equal(
        cards_refused(desk, cards_wanting(desk, "coast/o-1", OFFER_SCARCE, 4), &error),
        STATUS_FAILED_PRECONDITION);
    desk_expect_reason(&error, REASON_OUT_OF_STOCK);
    assert_non_null(strstr(error.message, "never so many"));
}

static void
test_a_plan_says_what_would_be_set_aside(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderResponse *reply;
    cards_order(desk, "coast/o-1", 2);
    Kontor__V1__PlaceOrderRequest *request =
        cards_wanting(desk, "coast/o-2", OFFER_SCARCE, 2);
    request->validate_only = true;
    assert_int_equal(
        desk_call(desk, desk->portal, DESK_ORDER("PlaceOrder"), request, &reply, NULL),
        STATUS_OK);
    assert_int_equal(reply->plan->items[0]->stock->needed, 2);
    assert_non_null(reply->plan->items[0]->stock->waiting_since);
    cards_expect(desk, OFFER_SCARCE, 2, 0);
}

static void
test_an_offer_without_stock_has_none_to_tell(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__GetStockRequest request = KONTOR__V1__GET_STOCK_REQUEST__INIT;
    static const char *const offers[] = {OFFER_OPEN, "alpine/notebooks/nothing"};
    for (size_t i = 0; i < 2; i++) {
        request.offer = (char *)offers[i];
        assert_int_equal(
            desk_call(desk, desk->portal, DESK_ORDER("GetStock"), &request, NULL, NULL),
            STATUS_NOT_FOUND);
    }
}

static void
test_of_64_at_once_as_many_are_placed_as_there_are(void **state)
{
    enum { N = 64, TOTAL = 20 };
    struct desk *desk = *state;
    struct harness_call *calls[N];
    size_t n_placed = 0;
    cards_set_total(desk, TOTAL);
    for (int i = 0; i < N; i++) {
        calls[i] = harness_start(
            desk->h, desk->portal, DESK_ORDER("PlaceOrder"),
            cards_wanting(desk, arena_print(desk->h->arena, "coast/r-%d", i), OFFER_FEW,
                          0));
    }
    for (int i = 0; i < N; i++) {
        struct error error = {0};
        enum status status = harness_wait(desk->h, calls[i], NULL, &error);
        n_placed += status == STATUS_OK ? 1 : 0;
        if (status != STATUS_OK) {
            desk_expect_reason(&error, REASON_OUT_OF_STOCK);
        }
    }
    assert_int_equal(n_placed, TOTAL);
    cards_expect(desk, OFFER_FEW, TOTAL, 0);
}

static void
test_of_64_at_once_the_rest_waits(void **state)
{
    enum { N = 64 };
    struct desk *desk = *state;
    struct harness_call *calls[N];
    for (int i = 0; i < N; i++) {
        calls[i] = harness_start(
            desk->h, desk->portal, DESK_ORDER("PlaceOrder"),
            cards_wanting(desk, arena_print(desk->h->arena, "coast/r-%d", i),
                          OFFER_SCARCE, 1));
    }
    for (int i = 0; i < N; i++) {
        assert_int_equal(harness_wait(desk->h, calls[i], NULL, NULL), STATUS_OK);
    }
    cards_expect(desk, OFFER_SCARCE, 3, N - 3);
}

/* ---- Kept for a time ---- */

static void
test_pieces_are_kept_for_so_long_only(void **state)
{
    struct desk *desk = *state;
    desk_place(desk, cards_wanting(desk, "coast/o-0", OFFER_SCARCE_BASIC, 0));
    desk_place(desk, cards_wanting(desk, "coast/o-1", OFFER_SCARCE_BASIC, 0));
    desk_place(desk, cards_wanting(desk, "coast/o-2", OFFER_SCARCE_BASIC, 0));
    desk_place(desk, cards_wanting(desk, "coast/o-3", OFFER_SCARCE_BASIC, 0));
    cards_expect(desk, OFFER_SCARCE_BASIC, 3, 1);
    const char *kept = "coast/o-1/vm";
    assert_int_equal(moment_ms(desk_item(desk, kept)->due->at, 0),
                     clock_wall_ms(&desk->h->clock) + 2 * HOUR);
    /* What agents may take is kept. */
    assert_int_equal(
        desk_decide(desk, desk->operator, "coast/o-0/vm", true, NULL, NULL), STATUS_OK);
    assert_int_equal(desk_due(desk, 2 * HOUR - 1), 0);
    /* Two lose theirs; the one that waited and the first of them get them. */
    assert_int_equal(desk_due(desk, 1), 4);
    assert_false(cards_is_waiting(desk, "coast/o-0/vm"));
    assert_false(cards_is_waiting(desk, "coast/o-3/vm"));
    cards_expect(desk, OFFER_SCARCE_BASIC, 3, 1);
    assert_true(cards_is_waiting(desk, "coast/o-1/vm") !=
                cards_is_waiting(desk, "coast/o-2/vm"));
    /* And again: its time is a new one. */
    assert_int_equal(desk_due(desk, 2 * HOUR), 4);
    cards_expect(desk, OFFER_SCARCE_BASIC, 3, 1);
    desk_expect(desk, kept, "AWAITING_APPROVAL");
}

/* While nobody else wants them they are kept, and nothing is said of it. */
static void
test_pieces_nobody_waits_for_are_kept_on(void **state)
{
    struct desk *desk = *state;
    const char *item = "coast/o-1/vm";
    desk_place(desk, cards_wanting(desk, "coast/o-1", OFFER_SCARCE_BASIC, 0));
    size_t n_history = desk_item(desk, item)->n_history;
    assert_int_equal(desk_due(desk, 2 * HOUR), 1);
    assert_false(cards_is_waiting(desk, item));
    assert_int_equal(desk_item(desk, item)->n_history, n_history);
    assert_int_equal(desk_due(desk, DAY - 1), 0);
    cards_set_total(desk, 1);
    desk_place(desk, cards_wanting(desk, "coast/o-2", OFFER_SCARCE_BASIC, 0));
    assert_int_equal(desk_due(desk, 1), 2);
    assert_true(cards_is_waiting(desk, item));
    assert_false(cards_is_waiting(desk, "coast/o-2/vm"));
}

/* Once agents may take it, it keeps them to the end: also while the customer is asked.
 */
static void
test_what_agents_may_take_keeps_its_pieces(void **state)
{
    struct desk *desk = *state;
    cards_set_total(desk, 1);
    desk_place(desk, cards_wanting(desk, "coast/o-1", OFFER_SCARCE_QUICK, 0));
    desk_place(desk, cards_wanting(desk, "coast/o-2", OFFER_SCARCE_QUICK, 0));
    const char *session = desk_session(desk, desk->agent, 1, OFFER_SCARCE_QUICK, NULL);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_ask_info(desk, job, "which?", NULL), STATUS_OK);
    desk_due(desk, 5 * HOUR);
    assert_false(cards_is_waiting(desk, "coast/o-1/vm"));
    assert_true(cards_is_waiting(desk, "coast/o-2/vm"));
}

static void
test_what_waits_for_its_start_may_lose_its_pieces(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *request =
        cards_wanting(desk, "coast/o-1", OFFER_SCARCE_QUICK, 0);
    request->items[0]->start_at =
        moment_new(desk->h->arena, clock_wall_ms(&desk->h->clock) + DAY);
    desk_place(desk, request);
    cards_set_total(desk, 1);
    desk_place(desk, cards_wanting(desk, "coast/o-2", OFFER_SCARCE_QUICK, 0));
    const char *late = "coast/o-1/vm";
    assert_int_equal(desk_due(desk, 2 * HOUR), 2);
    assert_true(cards_is_waiting(desk, late));
    assert_int_equal(desk_item(desk, late)->reason, WAITS_FOR_STOCK);
    cards_expect(desk, OFFER_SCARCE_QUICK, 1, 1);
}

/* Put off by its customer, no agent may take it any more: its time begins. */
static void
test_what_is_put_off_may_lose_its_pieces(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__RescheduleItemRequest later = KONTOR__V1__RESCHEDULE_ITEM_REQUEST__INIT;
    const char *item = "coast/o-1/vm";
    cards_set_total(desk, 1);
    desk_place(desk, cards_wanting(desk, "coast/o-1", OFFER_SCARCE_QUICK, 0));
    desk_place(desk, cards_wanting(desk, "coast/o-2", OFFER_SCARCE_QUICK, 0));
    later.id = (char *)(uintptr_t)item;
    later.start_at =
        moment_new(desk->h->arena, clock_wall_ms(&desk->h->clock) + 20 * (int64_t)DAY);
    later.reason = "not yet";
    assert_int_equal(
        desk_call(desk, desk->portal, DESK_ORDER("RescheduleItem"), &later, NULL, NULL),
        STATUS_OK);
    assert_int_equal(desk_item(desk, item)->reason,
                     KONTOR__V1__ITEM_REASON__WAITS_FOR_START);
    desk_due(desk, 2 * HOUR);
    desk_due(desk, DAY);
    assert_true(cards_is_waiting(desk, item));
    assert_false(cards_is_waiting(desk, "coast/o-2/vm"));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_pieces_are_set_aside_when_an_order_is_placed),
        TEST(test_what_is_not_free_is_refused_where_nobody_waits),
        TEST(test_more_than_there_are_is_never_waited_for),
        TEST(test_a_plan_says_what_would_be_set_aside),
        TEST(test_an_offer_without_stock_has_none_to_tell),
        TEST(test_of_64_at_once_as_many_are_placed_as_there_are),
        TEST(test_of_64_at_once_the_rest_waits),
        TEST(test_pieces_nobody_waits_for_are_kept_on),
        TEST(test_what_agents_may_take_keeps_its_pieces),
        TEST(test_pieces_are_kept_for_so_long_only),
        TEST(test_what_waits_for_its_start_may_lose_its_pieces),
        TEST(test_what_is_put_off_may_lose_its_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
