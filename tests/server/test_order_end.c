/* How an item ends by itself where it waits: what ends it, and why it says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/moment.h"
#include "tests/server/hours.h"

#define R(name) KONTOR__V1__ITEM_REASON__##name

static const char item_id[] = HOURS_ITEM;

/* Whatever a step of approval waits for, nobody decides. */
static void
test_an_approval_nobody_gives_is_rejected(void **state)
{
    static const char *const offers[] = {OFFER_CHAIN, OFFER_BROKER, OFFER_BASIC};
    (void)state;
    for (size_t i = 0; i < sizeof offers / sizeof offers[0]; i++) {
        struct desk *desk = desk_open();
        desk_place_one(desk, "coast/o-1", offers[i]);
        hours_pass(desk, hours_working_days(desk, 5));
        hours_expect_end(desk, "REJECTED", R(EXPIRED));
        desk_close(desk);
    }
}

static void
test_what_is_not_approved_in_its_window_is_cancelled(void **state)
{
    static const char *const offers[] = {OFFER_CHAIN, OFFER_BROKER, OFFER_BASIC};
    (void)state;
    for (size_t i = 0; i < sizeof offers / sizeof offers[0]; i++) {
        struct desk *desk = desk_open();
        Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
        desk_add(desk, request, "vm", offers[i]);
        request->not_after = moment_new(desk->h->arena, hours_now(desk) + 2 * HOUR);
        desk_place(desk, request);
        assert_int_equal(desk_due(desk, 2 * HOUR - 1), 0);
        assert_int_equal(desk_due(desk, 1), 1);
        hours_expect_end(desk, "CANCELLED_OTHERWISE", R(BY_WINDOW));
        desk_close(desk);
    }
}

static void
test_what_is_begun_and_held_too_long_fails(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_hold(desk, job, NULL), STATUS_OK);
    assert_int_equal(hours_pass(desk, 30 * (int64_t)DAY - 1), 0);
    assert_int_equal(desk_due(desk, 1), 1);
    hours_expect_end(desk, "FAILED", R(HELD_TOO_LONG));
    assert_int_equal(desk_item(desk, item_id)->cleanup,
                     KONTOR__V1__CLEANUP__CLEANUP_REQUIRED);
}

/* ---- Undone too slowly ---- */

static void
begin_with_another(struct desk *desk)
{
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    request->mode = KONTOR__V1__ORDER_MODE__ALL_OR_NOTHING;
    desk_add(desk, request, "vm", OFFER_OPEN);
    desk_add(desk, request, "other", OFFER_BASIC);
    desk_place(desk, request);
    const char *session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
}

/* It ends as it would have, for no other reason, and cleaning up goes on. */
static void
test_what_is_undone_too_slowly_ends_as_cancelled(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-1", NULL, NULL, NULL),
                     STATUS_OK);
    assert_int_equal(
        desk_decide_cancel(desk, desk->agent, item_id, true, job->fence, NULL),
        STATUS_OK);
    desk_expect(desk, item_id, "CANCELLING");
    assert_int_equal(desk_due(desk, DAY), 1);
    hours_expect_end(desk, "CANCELLED_BEGUN", 0);
}

static void
test_what_is_undone_with_another_ends_as_cancelled_too(void **state)
{
    struct desk *desk = *state;
    begin_with_another(desk);
    assert_int_equal(
        desk_decide(desk, desk->operator, "coast/o-1/other", false, "no room", NULL),
        STATUS_OK);
    desk_expect(desk, item_id, "CANCELLING_OTHERWISE");
    assert_int_equal(desk_due(desk, DAY), 1);
    hours_expect_end(desk, "CANCELLED_OTHERWISE_BEGUN", 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_approval_nobody_gives_is_rejected),
        cmocka_unit_test(test_what_is_not_approved_in_its_window_is_cancelled),
        TEST(test_what_is_begun_and_held_too_long_fails),
        TEST(test_what_is_undone_too_slowly_ends_as_cancelled),
        TEST(test_what_is_undone_with_another_ends_as_cancelled_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
