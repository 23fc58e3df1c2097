/* The waiting list of an offer: in its order, nobody overtaken, nobody held up by who
 * waits for what can never be. */
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

static void
test_who_waits_longest_is_first(void **state)
{
    struct desk *desk = *state;
    cards_order(desk, "coast/o-1", 3);
    const char *first = cards_order(desk, "coast/o-2", 2);
    harness_advance(desk->h, 10);
    const char *second = cards_order(desk, "coast/o-3", 1);
    cards_expect(desk, OFFER_SCARCE, 3, 2);
    desk_expect(desk, first, "QUEUED");
    assert_int_equal(desk_item(desk, first)->reason, WAITS_FOR_STOCK);
    cards_deliver(desk, "coast/o-1/vm");
    assert_null(cards_claim(desk));
    assert_int_equal(desk_due(desk, 1000), 0);
    cards_set_total(desk, 4);
    /* One is free, and the second would do with it: nobody overtakes. */
    assert_int_equal(desk_due(desk, 1000), 0);
    const char *third = cards_order(desk, "coast/o-4", 1);
    assert_true(cards_is_waiting(desk, third));
    cards_set_total(desk, 6);
    assert_int_equal(desk_due(desk, 1000), 2);
    assert_false(cards_is_waiting(desk, first));
    assert_false(cards_is_waiting(desk, second));
    assert_true(cards_is_waiting(desk, third));
    cards_expect(desk, OFFER_SCARCE, 6, 1);
    assert_int_equal(desk_item(desk, first)->reason,
                     KONTOR__V1__ITEM_REASON__WAITS_FOR_DISPATCH);
    assert_non_null(cards_claim(desk));
}

static void
test_what_waits_may_be_approved_meanwhile(void **state)
{
    struct desk *desk = *state;
    cards_set_total(desk, 1);
    desk_place(desk, cards_wanting(desk, "coast/o-0", OFFER_SCARCE_BASIC, 0));
    desk_place(desk, cards_wanting(desk, "coast/o-1", OFFER_SCARCE_BASIC, 0));
    const char *item = "coast/o-1/vm";
    desk_expect(desk, item, "AWAITING_APPROVAL");
    assert_int_equal(desk_decide(desk, desk->operator, item, true, NULL, NULL),
                     STATUS_OK);
    desk_expect(desk, item, "QUEUED");
    assert_int_equal(desk_item(desk, item)->reason, WAITS_FOR_STOCK);
    /* Rejected, the other lets go of what was set aside for it. */
    assert_int_equal(
        desk_decide(desk, desk->operator, "coast/o-0/vm", false, "no", NULL),
        STATUS_OK);
    cards_expect(desk, OFFER_SCARCE_BASIC, 0, 1);
    assert_int_equal(desk_due(desk, 1000), 1);
    cards_expect(desk, OFFER_SCARCE_BASIC, 1, 0);
    assert_int_equal(desk_item(desk, item)->reason,
                     KONTOR__V1__ITEM_REASON__WAITS_FOR_DISPATCH);
}

static void
test_who_waits_may_leave(void **state)
{
    struct desk *desk = *state;
    cards_order(desk, "coast/o-1", 3);
    cards_order(desk, "coast/o-2", 1);
    cards_expect(desk, OFFER_SCARCE, 3, 1);
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-2", NULL, NULL, NULL),
                     STATUS_OK);
    cards_expect(desk, OFFER_SCARCE, 3, 0);
    assert_int_equal(desk_due(desk, 1000), 0);
}

/* What waits goes on when its offer has no stock any more; of an offer that is not
 * there nothing is given, since it may come back. */
static void
test_an_offer_that_loses_its_stock_keeps_nobody_waiting(void **state)
{
    struct desk *desk = *state;
    cards_order(desk, "coast/o-1", 3);
    const char *item = cards_order(desk, "coast/o-2", 1);
    Kontor__V1__Service *service =
        harness_record(desk->h, KIND_SERVICE, "alpine/notebooks");
    harness_remove(desk->h, KIND_SERVICE, "alpine/notebooks");
    assert_int_equal(desk_due(desk, 1000), 0);
    assert_true(cards_is_waiting(desk, item));
    for (size_t i = 0; i < service->n_offers; i++) {
        service->offers[i]->stock = NULL;
    }
    cards_put_service(desk, service);
    assert_int_equal(desk_due(desk, 1000), 1);
    assert_false(cards_is_waiting(desk, item));
}

/* Nobody can be served out of what is not there: they would hold up all behind. */
static void
test_what_can_never_be_is_refused_whatever_it_is_made_of(void **state)
{
    struct desk *desk = *state;
    struct error error;
    Kontor__V1__PlaceOrderRequest *two =
        cards_wanting(desk, "coast/o-1", OFFER_SCARCE, 2);
    desk_give(desk, desk_add(desk, two, "other", OFFER_SCARCE), "pieces",
              shelf_integer(desk->h, 2));
    assert_int_equal(cards_refused(desk, two, &error), STATUS_FAILED_PRECONDITION);
    desk_expect_reason(&error, REASON_OUT_OF_STOCK);
    /* Two are there, and five are wanted: not three more of three. */
    const char *item = cards_order(desk, "coast/o-2", 2);
    cards_deliver(desk, item);
    Kontor__V1__PlaceOrderRequest *more = desk_new(desk, "coast/o-3");
    desk_give(
        desk,
        desk_change(desk, more, "x", KONTOR__V1__ITEM_ACTION__ACTION_MODIFY, item),
        "pieces", shelf_integer(desk->h, 5));
    assert_int_equal(cards_refused(desk, more, &error), STATUS_FAILED_PRECONDITION);
    desk_expect_reason(&error, REASON_OUT_OF_STOCK);
    cards_expect(desk, OFFER_SCARCE, 2, 0);
}

/* Nor by two numbers that together are too large to be one. */
static void
test_what_can_never_be_is_refused_however_large(void **state)
{
    struct desk *desk = *state;
    struct error error = {0};
    Kontor__V1__PlaceOrderRequest *two =
        cards_wanting(desk, "coast/o-1", OFFER_SCARCE, 1);
    desk_give(desk, desk_add(desk, two, "other", OFFER_SCARCE), "pieces",
              shelf_integer(desk->h, INT64_MAX));
    assert_int_equal(cards_refused(desk, two, &error), STATUS_FAILED_PRECONDITION);
    desk_expect_reason(&error, REASON_OUT_OF_STOCK);
    cards_expect(desk, OFFER_SCARCE, 0, 0);
}

/* What waits for more than there are any more is told of, once, and passed over. */
static void
test_who_waits_for_more_than_there_are_is_passed_over(void **state)
{
    struct desk *desk = *state;
    cards_order(desk, "coast/o-1", 3);
    const char *large = cards_order(desk, "coast/o-2", 3);
    harness_advance(desk->h, 1);
    const char *small = cards_order(desk, "coast/o-3", 1);
    cards_set_total(desk, 2);
    assert_int_equal(desk_due(desk, 1000), 1);
    assert_non_null(desk_item(desk, large)->jeopardy);
    assert_int_equal(desk_order(desk, "coast/o-2")->jeopardy,
                     KONTOR__V1__JEOPARDY_LEVEL__HAZARD);
    assert_int_equal(desk_due(desk, 1000), 0);
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-1", NULL, NULL, NULL),
                     STATUS_OK);
    assert_int_equal(desk_due(desk, 1000), 1);
    assert_true(cards_is_waiting(desk, large));
    assert_false(cards_is_waiting(desk, small));
    cards_set_total(desk, 4);
    /* Back to its place, and given. */
    assert_int_equal(desk_due(desk, 1000), 2);
    assert_false(cards_is_waiting(desk, large));
    assert_null(desk_item(desk, large)->jeopardy);
}

/* However many are passed over, who stands behind them is served: also when they are
 * more than one commit may have read. */
static void
test_many_that_are_passed_over_hold_nobody_up(void **state)
{
    enum { N = 200 };
    struct desk *desk = *state;
    cards_order(desk, "coast/o-1", 3);
    for (int i = 0; i < N; i++) {
        cards_order(desk, arena_print(desk->h->arena, "coast/l-%d", i), 3);
    }
    harness_advance(desk->h, 1);
    const char *small = cards_order(desk, "coast/o-2", 1);
    cards_set_total(desk, 2);
    for (int i = 0; i < 5; i++) {
        desk_due(desk, 1000);
    }
    size_t n_told = 0;
    for (int i = 0; i < N; i++) {
        const char *item = arena_print(desk->h->arena, "coast/l-%d/vm", i);
        n_told += desk_item(desk, item)->jeopardy != NULL ? 1 : 0;
    }
    assert_int_equal(n_told, N);
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-1", NULL, NULL, NULL),
                     STATUS_OK);
    desk_due(desk, 1000);
    assert_false(cards_is_waiting(desk, small));
}

/* Once it has what it waited for, nobody is told that there never are so many. */
static void
test_who_got_its_pieces_is_at_risk_no_more(void **state)
{
    struct desk *desk = *state;
    const char *item = "coast/o-1/vm";
    cards_set_total(desk, 1);
    desk_place(desk, cards_wanting(desk, "coast/o-0", OFFER_SCARCE_BASIC, 0));
    desk_place(desk, cards_wanting(desk, "coast/o-1", OFFER_SCARCE_BASIC, 0));
    cards_set_total(desk, 0);
    assert_int_equal(desk_due(desk, 1000), 1);
    assert_non_null(desk_item(desk, item)->jeopardy);
    cards_set_total(desk, 2);
    assert_int_equal(desk_due(desk, 1000), 2);
    assert_false(cards_is_waiting(desk, item));
    desk_expect(desk, item, "AWAITING_APPROVAL");
    assert_null(desk_item(desk, item)->jeopardy);
    assert_int_equal(desk_order(desk, "coast/o-1")->jeopardy, 0);
}

/* What is at risk for another reason stays so, before and after. */
static void
test_another_risk_is_not_talked_over(void **state)
{
    struct desk *desk = *state;
    cards_set_total(desk, 1);
    desk_place(desk, cards_wanting(desk, "coast/o-0", OFFER_SCARCE_QUICK, 0));
    desk_place(desk, cards_wanting(desk, "coast/o-1", OFFER_SCARCE_QUICK, 0));
    const char *item = "coast/o-1/vm";
    desk_due(desk, 40 * (int64_t)DAY);
    char *late = arena_copy(desk->h->arena, desk_item(desk, item)->jeopardy->text);
    cards_set_total(desk, 0);
    assert_int_equal(desk_due(desk, 1000), 1);
    assert_string_equal(desk_item(desk, item)->jeopardy->text, late);
    cards_set_total(desk, 2);
    assert_int_equal(desk_due(desk, 1000), 2);
    assert_false(cards_is_waiting(desk, item));
}

/* Of two of which one is delivered at most, not both are counted. */
static void
test_alternatives_are_not_wanted_together(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *request =
        cards_wanting(desk, "coast/o-1", OFFER_SCARCE, 1);
    char *others[] = {"large"};
    request->items[0]->excludes = others;
    request->items[0]->n_excludes = 1;
    desk_give(desk, desk_add(desk, request, "large", OFFER_SCARCE), "pieces",
              shelf_integer(desk->h, 3));
    desk_place(desk, request);
    cards_expect(desk, OFFER_SCARCE, 1, 1);
    cards_deliver(desk, "coast/o-1/vm");
    desk_expect(desk, "coast/o-1/large", "CANCELLED");
    cards_expect(desk, OFFER_SCARCE, 1, 0);
}

/* Who waits for what can never be keeps nothing from others. */
static void
test_who_is_passed_over_keeps_nothing_from_others(void **state)
{
    struct desk *desk = *state;
    cards_order(desk, "coast/o-1", 3);
    cards_order(desk, "coast/o-2", 3);
    cards_set_total(desk, 2);
    cards_change_rule(desk, false, 0);
    desk_due(desk, 1000);
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-1", NULL, NULL, NULL),
                     STATUS_OK);
    desk_due(desk, 1000);
    cards_expect(desk, OFFER_SCARCE, 0, 1);
    struct error error = {0};
    enum status status =
        cards_refused(desk, cards_wanting(desk, "coast/o-3", OFFER_SCARCE, 1), &error);
    if (status != STATUS_OK) {
        fail_msg("%s", error.message);
    }
}

/* What takes less than before takes nothing, so it has nothing to wait for. */
static void
test_what_needs_nothing_never_waits(void **state)
{
    struct desk *desk = *state;
    const char *item = cards_order(desk, "coast/o-1", 3);
    cards_deliver(desk, item);
    cards_change_rule(desk, true, 2);
    Kontor__V1__PlaceOrderRequest *less = desk_new(desk, "coast/o-2");
    Kontor__V1__NewItem *change =
        desk_change(desk, less, "x", KONTOR__V1__ITEM_ACTION__ACTION_MODIFY, item);
    desk_give(desk, change, "pieces", shelf_integer(desk->h, 2));
    change->start_at = moment_new(desk->h->arena, clock_wall_ms(&desk->h->clock) + DAY);
    desk_place(desk, less);
    cards_order(desk, "coast/o-3", 1);
    cards_expect(desk, OFFER_SCARCE, 3, 1);
    desk_due(desk, 2 * HOUR);
    assert_false(cards_is_waiting(desk, "coast/o-2/x"));
    cards_expect(desk, OFFER_SCARCE, 3, 1);
}

/* However it came to be: a place on the list without an item holds nobody up. */
static void
test_a_place_nobody_stands_on_is_cleared(void **state)
{
    struct desk *desk = *state;
    cards_order(desk, "coast/o-1", 3);
    cards_order(desk, "coast/o-2", 1);
    harness_advance(desk->h, 1);
    const char *second = cards_order(desk, "coast/o-3", 1);
    harness_remove(desk->h, KIND_ITEM, "coast/o-2/vm");
    cards_set_total(desk, 4);
    assert_int_equal(desk_due(desk, 1000), 2);
    assert_false(cards_is_waiting(desk, second));
    cards_expect(desk, OFFER_SCARCE, 4, 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_who_waits_longest_is_first),
        TEST(test_what_waits_may_be_approved_meanwhile),
        TEST(test_who_waits_may_leave),
        TEST(test_an_offer_that_loses_its_stock_keeps_nobody_waiting),
        TEST(test_what_can_never_be_is_refused_whatever_it_is_made_of),
        TEST(test_what_can_never_be_is_refused_however_large),
        TEST(test_who_waits_for_more_than_there_are_is_passed_over),
        TEST(test_many_that_are_passed_over_hold_nobody_up),
        TEST(test_who_got_its_pieces_is_at_risk_no_more),
        TEST(test_another_risk_is_not_talked_over),
        TEST(test_alternatives_are_not_wanted_together),
        TEST(test_who_is_passed_over_keeps_nothing_from_others),
        TEST(test_what_needs_nothing_never_waits),
        TEST(test_a_place_nobody_stands_on_is_cleared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
