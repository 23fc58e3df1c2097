/* What is delivered of a stock, or may have been, takes up its pieces until it is gone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/server/cards.h"

#define ACTION(name) KONTOR__V1__ITEM_ACTION__ACTION_##name
#define OVERRIDE(name) KONTOR__V1__OVERRIDE_ITEM_REQUEST__OVERRIDE__##name

static void
test_what_is_delivered_takes_up_its_pieces_until_it_ends(void **state)
{
    struct desk *desk = *state;
    const char *item = cards_order(desk, "coast/o-1", 2);
    cards_deliver(desk, item);
    cards_expect(desk, OFFER_SCARCE, 2, 0);
    assert_int_equal(desk_instance(desk, item)->stock_pieces, 2);
    assert_false(desk_item(desk, item)->stock->is_reserved);
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-2");
    desk_change(desk, request, "x", ACTION(TERMINATE), item);
    desk_place(desk, request);
    cards_expect(desk, OFFER_SCARCE, 2, 0);
    cards_deliver(desk, "coast/o-2/x");
    cards_expect(desk, OFFER_SCARCE, 0, 0);
    assert_int_equal(desk_instance(desk, item)->stock_pieces, 0);
}

/* Places a change to so many pieces; answers its item. */
static const char *
change(struct desk *desk, const char *id, const char *instance, int64_t pieces)
{
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, id);
    Kontor__V1__NewItem *item =
        desk_change(desk, request, "x", ACTION(MODIFY), instance);
    desk_give(desk, item, "pieces", shelf_integer(desk->h, pieces));
    desk_place(desk, request);
    return arena_print(desk->h->arena, "%s/x", id);
}

static void
test_a_change_takes_what_is_more_and_lets_go_of_the_rest(void **state)
{
    struct desk *desk = *state;
    const char *item = cards_order(desk, "coast/o-1", 1);
    cards_deliver(desk, item);
    const char *more = change(desk, "coast/o-2", item, 3);
    cards_expect(desk, OFFER_SCARCE, 3, 0);
    assert_int_equal(desk_item(desk, more)->stock->needed, 2);
    cards_deliver(desk, more);
    cards_expect(desk, OFFER_SCARCE, 3, 0);
    assert_int_equal(desk_instance(desk, item)->stock_pieces, 3);
    const char *less = change(desk, "coast/o-3", item, 2);
    cards_expect(desk, OFFER_SCARCE, 3, 0);
    cards_deliver(desk, less);
    cards_expect(desk, OFFER_SCARCE, 2, 0);
    /* One that comes to nothing leaves what was. */
    const char *none = change(desk, "coast/o-4", item, 3);
    cards_expect(desk, OFFER_SCARCE, 3, 0);
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-4", NULL, NULL, NULL),
                     STATUS_OK);
    desk_expect(desk, none, "CANCELLED");
    cards_expect(desk, OFFER_SCARCE, 2, 0);
    assert_int_equal(desk_instance(desk, item)->stock_pieces, 2);
}

/* What may still be there takes up its pieces. */
static void
test_what_is_to_be_cleaned_up_is_not_free_yet(void **state)
{
    struct desk *desk = *state;
    const char *item = cards_order(desk, "coast/o-1", 2);
    Kontor__V1__ClaimedJob *job = cards_claim(desk);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_fail(desk, item, job->fence,
                               KONTOR__V1__FAIL_REQUEST__FAILURE__PERMANENT, NULL,
                               NULL),
                     STATUS_OK);
    desk_expect(desk, item, "FAILED");
    cards_expect(desk, OFFER_SCARCE, 2, 0);
    harness_advance(desk->h, DESK_LEASE_MS + DESK_SETTLE_MS);
    job = cards_claim(desk);
    assert_int_equal(job->kind, KONTOR__V1__JOB_KIND__CLEANUP);
    cards_expect(desk, OFFER_SCARCE, 2, 0);
    assert_int_equal(desk_complete_bare(desk, item, job->fence, NULL), STATUS_OK);
    cards_expect(desk, OFFER_SCARCE, 0, 0);
}

static void
test_a_cleanup_given_up_frees_the_pieces(void **state)
{
    struct desk *desk = *state;
    const char *item = cards_order(desk, "coast/o-1", 2);
    assert_int_equal(desk_begin(desk, cards_claim(desk), NULL), STATUS_OK);
    assert_int_equal(
        desk_override(desk, desk->admin, item, OVERRIDE(FAIL), "stuck", NULL),
        STATUS_OK);
    cards_expect(desk, OFFER_SCARCE, 2, 0);
    assert_int_equal(desk_override(desk, desk->admin, item, OVERRIDE(ABANDON_CLEANUP),
                                   "melted", NULL),
                     STATUS_OK);
    cards_expect(desk, OFFER_SCARCE, 0, 0);
}

/* Of all or nothing what was delivered is removed again: once, also when somebody ended
 * it before. */
static void
test_what_is_undone_is_free_once_it_is_gone(void **state)
{
    struct desk *desk = *state;
    for (int is_ended = 0; is_ended < 2; is_ended++) {
        const char *id = arena_print(desk->h->arena, "coast/o-%d", is_ended);
        const char *item = arena_print(desk->h->arena, "%s/vm", id);
        Kontor__V1__PlaceOrderRequest *request =
            cards_wanting(desk, id, OFFER_SCARCE, 2);
        request->mode = KONTOR__V1__ORDER_MODE__ALL_OR_NOTHING;
        desk_add(desk, request, "other", OFFER_BASIC);
        desk_place(desk, request);
        cards_deliver(desk, item);
        if (is_ended == 1) {
            Kontor__V1__PlaceOrderRequest *end = desk_new(desk, "coast/end");
            desk_change(desk, end, "x", ACTION(TERMINATE), item);
            desk_place(desk, end);
            cards_deliver(desk, "coast/end/x");
        }
        cards_expect(desk, OFFER_SCARCE, is_ended == 1 ? 0 : 2, 0);
        assert_int_equal(desk_decide(desk, desk->operator,
                                     arena_print(desk->h->arena, "%s/other", id), false,
                                     "no", NULL),
                         STATUS_OK);
        cards_expect(desk, OFFER_SCARCE, is_ended == 1 ? 0 : 2, 0);
        harness_advance(desk->h, DESK_LEASE_MS + DESK_SETTLE_MS);
        Kontor__V1__ClaimedJob *job = cards_claim(desk);
        assert_int_equal(job->kind, KONTOR__V1__JOB_KIND__CLEANUP);
        assert_int_equal(desk_complete_bare(desk, item, job->fence, NULL), STATUS_OK);
        cards_expect(desk, OFFER_SCARCE, 0, 0);
    }
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_delivered_takes_up_its_pieces_until_it_ends),
        TEST(test_a_change_takes_what_is_more_and_lets_go_of_the_rest),
        TEST(test_what_is_to_be_cleaned_up_is_not_free_yet),
        TEST(test_a_cleanup_given_up_frees_the_pieces),
        TEST(test_what_is_undone_is_free_once_it_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
