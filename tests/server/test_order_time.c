/* Times in orders when the wall clock is set back: each lies where its commit does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/moment.h"
#include "tests/server/desk.h"

enum { JUMP_MS = 25 * 60 * 60 * 1000 };

static void
set_back(struct desk *desk)
{
    clock_set_wall(&desk->h->clock, clock_wall_ms(&desk->h->clock) - JUMP_MS);
}

static const char *
item_of(struct desk *desk, const char *order)
{
    return arena_print(desk->h->arena, "%s/vm", order);
}

/* Whether every time in an order is told in order, and none before it was made. */
static void
expect_in_order(struct desk *desk, const char *order)
{
    const Kontor__V1__Order *header = desk_order(desk, order);
    const Kontor__V1__OrderItem *item = desk_item(desk, item_of(desk, order));
    int64_t made_ms = moment_ms(item->created_at, INT64_MAX);
    int64_t last_ms = made_ms;
    assert_true(item->n_history > 0);
    for (size_t i = 0; i < item->n_history; i++) {
        int64_t at_ms = moment_ms(item->history[i]->at, INT64_MIN);
        assert_true(at_ms >= last_ms);
        last_ms = at_ms;
    }
    for (size_t i = 0; i < item->n_approvals; i++) {
        int64_t at_ms = moment_ms(item->approvals[i]->decided_at, made_ms);
        assert_true(at_ms >= made_ms && at_ms <= last_ms);
    }
    assert_true(moment_ms(item->updated_at, INT64_MIN) >= last_ms);
    assert_true(moment_ms(header->waiting_since, INT64_MAX) >=
                moment_ms(header->created_at, INT64_MAX));
}

static void
approve(struct desk *desk, const char *order)
{
    assert_int_equal(
        desk_decide(desk, desk->operator, item_of(desk, order), true, "", NULL),
        STATUS_OK);
}

static void
test_a_clock_that_is_set_back_turns_no_history_round(void **state)
{
    struct desk *desk = *state;
    desk_place_one(desk, "coast/o-1", OFFER_BASIC);
    set_back(desk);
    /* What was there, and what is made while the clock has not caught up. */
    desk_place_one(desk, "coast/o-2", OFFER_BASIC);
    static const char *const orders[] = {"coast/o-1", "coast/o-2"};
    for (size_t i = 0; i < 2; i++) {
        expect_in_order(desk, orders[i]);
        approve(desk, orders[i]);
        expect_in_order(desk, orders[i]);
    }
    /* Waiting goes by the clock as it is: both can be had at once. */
    const char *session = desk_session(desk, desk->agent, 2, OFFER_BASIC, NULL);
    for (size_t i = 0; i < 2; i++) {
        Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
        assert_non_null(job);
        assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
        assert_string_equal(job->item, item_of(desk, orders[i]));
        expect_in_order(desk, orders[i]);
    }
}

static void
test_time_is_the_clocks_again_once_it_has_caught_up(void **state)
{
    struct desk *desk = *state;
    set_back(desk);
    desk_place_one(desk, "coast/o-1", OFFER_BASIC);
    harness_advance(desk->h, JUMP_MS + 1000);
    approve(desk, "coast/o-1");
    expect_in_order(desk, "coast/o-1");
    const Kontor__V1__OrderItem *item = desk_item(desk, "coast/o-1/vm");
    assert_int_equal(moment_ms(item->history[item->n_history - 1]->at, 0),
                     clock_wall_ms(&desk->h->clock));
}

/* Set back while the broker was away, it is the first change that could show it. */
static void
test_a_broker_that_starts_again_knows_the_last_time(void **state)
{
    struct desk *desk = *state;
    desk_place_one(desk, "coast/o-1", OFFER_BASIC);
    desk_rest(desk);
    set_back(desk);
    harness_restart(desk->h);
    desk_wake(desk);
    desk_place_one(desk, "coast/o-2", OFFER_BASIC);
    expect_in_order(desk, "coast/o-2");
    approve(desk, "coast/o-1");
    expect_in_order(desk, "coast/o-1");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_clock_that_is_set_back_turns_no_history_round),
        TEST(test_time_is_the_clocks_again_once_it_has_caught_up),
        TEST(test_a_broker_that_starts_again_knows_the_last_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
