/* Deadlines across restarts, absences, and clocks that are set: each happens once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/moment.h"
#include "proto/reason.h"
#include "server/clock.h"
#include "server/order/calendar.h"
#include "server/order/item_state.h"
#include "server/registry/clock_accept.h"
#include "tests/server/hours.h"

#define R(name) KONTOR__V1__ITEM_REASON__##name

static const char item_id[] = HOURS_ITEM;

/* ---- The clock, and being away ---- */

static void
restart(struct desk *desk)
{
    due_tick_free(desk->due);
    desk->due = due_tick_new(desk->h->dispatch);
}

static void
test_k70_a_deadline_fires_once_also_after_a_restart(void **state)
{
    struct desk *desk = *state;
    desk_place_one(desk, "coast/o-1", OFFER_BASIC);
    assert_int_equal(hours_pass(desk, hours_working_days(desk, 4)), 1);
    restart(desk);
    assert_int_equal(desk_due(desk, 1), 0);
    assert_int_equal(hours_n_moves(desk, "deadline"), 1);
    int64_t until_ms = moment_ms(desk_order(desk, "coast/o-1")->next_due, 0);
    hours_pass(desk, until_ms - hours_now(desk) - 1);
    restart(desk);
    assert_int_equal(desk_due(desk, 1), 1);
    restart(desk);
    hours_expect_end(desk, "REJECTED", R(EXPIRED));
}

static void
test_nobody_is_late_for_the_time_the_broker_was_away(void **state)
{
    struct desk *desk = *state;
    desk_place_one(desk, "coast/o-1", OFFER_BASIC);
    desk_place_one(desk, "coast/o-2", OFFER_OPEN);
    desk_due(desk, 1);
    int64_t until_ms = moment_ms(desk_order(desk, "coast/o-1")->next_due, 0);
    hours_pass(desk, until_ms - hours_now(desk) - 2 * HOUR);
    size_t n_before = hours_n_moves(desk, "deadline");
    /* Away over the end of it, for three hours. */
    harness_advance(desk->h, 3 * HOUR);
    restart(desk);
    assert_int_equal(desk_due(desk, 1), 0);
    assert_int_equal(hours_pass(desk, 3 * HOUR - 2), 0);
    desk_expect(desk, item_id, "AWAITING_APPROVAL");
    assert_int_equal(desk_due(desk, 1), 1);
    desk_expect(desk, item_id, "REJECTED");
    assert_int_equal(hours_n_moves(desk, "deadline"), n_before + 1);
}

static void
test_after_a_long_absence_there_is_one_working_day(void **state)
{
    struct desk *desk = *state;
    desk_place_one(desk, "coast/o-1", OFFER_BASIC);
    desk_due(desk, 1);
    harness_advance(desk->h, 50 * (int64_t)DAY);
    restart(desk);
    int64_t quiet_ms = hours_working_days(desk, 1);
    /* A warning hits nobody. */
    assert_int_equal(desk_due(desk, 1), 1);
    assert_int_equal(hours_pass(desk, quiet_ms - 2), 0);
    desk_expect(desk, item_id, "AWAITING_APPROVAL");
    assert_int_equal(desk_due(desk, 1), 1);
    desk_expect(desk, item_id, "REJECTED");
}

static void
test_a_clock_that_was_set_is_not_believed_at_once(void **state)
{
    struct desk *desk = *state;
    desk_place_one(desk, "coast/o-1", OFFER_BASIC);
    desk_due(desk, 1);
    int64_t right_ms = hours_now(desk);
    clock_set_wall(&desk->h->clock, right_ms + 100 * (int64_t)DAY);
    assert_int_equal(desk_due(desk, 1), 0);
    assert_int_equal(desk_due(desk, 5 * MINUTE), 0);
    desk_expect(desk, item_id, "AWAITING_APPROVAL");
    /* Set right again: nothing has happened, and nothing will before its time. */
    clock_set_wall(&desk->h->clock, right_ms + 5 * MINUTE);
    assert_int_equal(desk_due(desk, DUE_TICK_SETTLE_MS), 0);
    assert_int_equal(desk_due(desk, HOUR), 0);
    desk_expect(desk, item_id, "AWAITING_APPROVAL");
    /* What stays set is believed in the end. */
    clock_set_wall(&desk->h->clock, right_ms + 100 * (int64_t)DAY);
    assert_int_equal(desk_due(desk, 1), 0);
    desk_due(desk, DUE_TICK_SETTLE_MS);
    desk_due(desk, 1);
    desk_expect(desk, item_id, "REJECTED");
}

/* An admin knows better than to wait: until the clock is set the next time. */
static void
test_a_clock_an_admin_accepts_is_believed_at_once(void **state)
{
    struct desk *desk = *state;
    bool is_written;
    desk_place_one(desk, "coast/o-1", OFFER_BASIC);
    desk_place_one(desk, "coast/o-2", OFFER_BASIC);
    desk_due(desk, 1);
    /* Said before, it says nothing of a clock that is set later. */
    assert_int_equal(
        dispatch_own_wait(desk->h->dispatch, "test", clock_accept, NULL, &is_written),
        STATUS_OK);
    clock_set_wall(&desk->h->clock, hours_now(desk) + 100 * (int64_t)DAY);
    assert_int_equal(desk_due(desk, 1), 0);
    assert_int_equal(desk_due(desk, MINUTE), 0);
    assert_int_equal(
        dispatch_own_wait(desk->h->dispatch, "test", clock_accept, NULL, &is_written),
        STATUS_OK);
    assert_int_equal(desk_due(desk, 1), 2);
    /* Said as soon as it was set, before anybody has noticed. */
    desk_place_one(desk, "coast/o-3", OFFER_BASIC);
    clock_set_wall(&desk->h->clock, hours_now(desk) + 100 * (int64_t)DAY);
    assert_int_equal(
        dispatch_own_wait(desk->h->dispatch, "test", clock_accept, NULL, &is_written),
        STATUS_OK);
    assert_true(desk_due(desk, 1) > 0);
    /* Of a clock that was set back the time that was accepted is still to come. */
    clock_set_wall(&desk->h->clock, hours_now(desk) - 50 * (int64_t)DAY);
    assert_int_equal(desk_due(desk, MINUTE), 0);
    clock_set_wall(&desk->h->clock, hours_now(desk) + 100 * (int64_t)DAY);
    assert_int_equal(desk_due(desk, MINUTE), 0);
    assert_true(desk_due(desk, DUE_TICK_SETTLE_MS) > 0);
}

/* A clock that was set back comes to the time that was accepted of the one before: that
 * says nothing of it. */
static void
test_what_was_accepted_of_the_clock_before_says_nothing_of_the_next(void **state)
{
    struct desk *desk = *state;
    bool is_written;
    desk_place_one(desk, "coast/o-1", OFFER_BASIC);
    assert_int_equal(hours_pass(desk, hours_working_days(desk, 4)), 1);
    int64_t until_ms = moment_ms(desk_order(desk, "coast/o-1")->next_due, 0);
    hours_pass(desk, until_ms - hours_now(desk) - MINUTE);
    assert_int_equal(
        dispatch_own_wait(desk->h->dispatch, "test", clock_accept, NULL, &is_written),
        STATUS_OK);
    clock_set_wall(&desk->h->clock, hours_now(desk) - 4 * MINUTE);
    for (int i = 0; i < 9; i++) {
        assert_int_equal(desk_due(desk, MINUTE), 0);
    }
    desk_expect(desk, item_id, "AWAITING_APPROVAL");
    desk_due(desk, 2 * MINUTE);
    desk_expect(desk, item_id, "REJECTED");
}

/* Places an order whose item is rejected by itself; goes on until that is near. */
static void
come_near_the_end(struct desk *desk, int64_t left_ms)
{
    desk_place_one(desk, "coast/o-1", OFFER_BASIC);
    hours_pass(desk, hours_working_days(desk, 4));
    int64_t until_ms = moment_ms(desk_order(desk, "coast/o-1")->next_due, 0);
    hours_pass(desk, until_ms - hours_now(desk) - left_ms);
    desk_expect(desk, item_id, "AWAITING_APPROVAL");
}

static void
test_half_a_minute_is_no_other_clock(void **state)
{
    struct desk *desk = *state;
    come_near_the_end(desk, 20000);
    clock_set_wall(&desk->h->clock, hours_now(desk) + 30000);
    assert_int_equal(desk_due(desk, 1), 1);
    desk_expect(desk, item_id, "REJECTED");
}

static void
test_more_than_half_a_minute_waits_for_ten(void **state)
{
    struct desk *desk = *state;
    come_near_the_end(desk, 20000);
    clock_set_wall(&desk->h->clock, hours_now(desk) + 30001);
    assert_int_equal(desk_due(desk, 0), 0);
    assert_int_equal(desk_due(desk, 10 * MINUTE - 1), 0);
    desk_expect(desk, item_id, "AWAITING_APPROVAL");
    assert_int_equal(desk_due(desk, 1), 1);
    desk_expect(desk, item_id, "REJECTED");
}

static void
test_ten_minutes_are_no_absence(void **state)
{
    struct desk *desk = *state;
    come_near_the_end(desk, 5 * MINUTE);
    harness_advance(desk->h, 10 * MINUTE);
    restart(desk);
    assert_int_equal(desk_due(desk, 0), 1);
    desk_expect(desk, item_id, "REJECTED");
}

static void
test_more_than_ten_minutes_are_one(void **state)
{
    struct desk *desk = *state;
    come_near_the_end(desk, 5 * MINUTE);
    harness_advance(desk->h, 10 * MINUTE + 1);
    restart(desk);
    assert_int_equal(desk_due(desk, 0), 0);
    desk_expect(desk, item_id, "AWAITING_APPROVAL");
}

/* A broker that is killed is away since a minute before it was at most. */
static void
test_being_there_is_written_down_every_minute(void **state)
{
    struct desk *desk = *state;
    come_near_the_end(desk, 5 * MINUTE);
    /* Not written down: 10 minutes and a bit since it was. */
    desk_due(desk, MINUTE - 1);
    harness_advance(desk->h, 9 * MINUTE + 2);
    restart(desk);
    assert_int_equal(desk_due(desk, 0), 0);
    desk_expect(desk, item_id, "AWAITING_APPROVAL");
}

static void
test_a_minute_later_it_is_written_down_anew(void **state)
{
    struct desk *desk = *state;
    come_near_the_end(desk, 5 * MINUTE);
    desk_due(desk, MINUTE);
    harness_advance(desk->h, 10 * MINUTE);
    restart(desk);
    assert_int_equal(desk_due(desk, 0), 1);
    desk_expect(desk, item_id, "REJECTED");
}

static void
test_no_more_than_a_hundred_fire_at_once(void **state)
{
    struct desk *desk = *state;
    enum { N_ITEMS = 60 };
    for (int k = 0; k < 2; k++) {
        Kontor__V1__PlaceOrderRequest *request =
            desk_new(desk, arena_print(desk->h->arena, "coast/o-%d", k));
        for (int i = 0; i < N_ITEMS; i++) {
            desk_add(desk, request, arena_print(desk->h->arena, "i%d", i), OFFER_OPEN);
        }
        desk_place(desk, request);
    }
    desk_due(desk, 1);
    harness_advance(desk->h, hours_working_days(desk, 1) - 1);
    assert_int_equal(desk_due(desk, 1), 100);
    assert_int_equal(desk_due(desk, 1), 2 * N_ITEMS - 100);
    assert_int_equal(desk_due(desk, 1), 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_k70_a_deadline_fires_once_also_after_a_restart),
        TEST(test_nobody_is_late_for_the_time_the_broker_was_away),
        TEST(test_after_a_long_absence_there_is_one_working_day),
        TEST(test_a_clock_that_was_set_is_not_believed_at_once),
        TEST(test_a_clock_an_admin_accepts_is_believed_at_once),
        TEST(test_what_was_accepted_of_the_clock_before_says_nothing_of_the_next),
        TEST(test_half_a_minute_is_no_other_clock),
        TEST(test_more_than_half_a_minute_waits_for_ten),
        TEST(test_ten_minutes_are_no_absence),
        TEST(test_more_than_ten_minutes_are_one),
        TEST(test_being_there_is_written_down_every_minute),
        TEST(test_a_minute_later_it_is_written_down_anew),
        TEST(test_no_more_than_a_hundred_fire_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
