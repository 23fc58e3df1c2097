/* Calls that wait: for objects, positions, time; and how they end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kontor/v1/catalogue_service.pb-c.h"
#include "tests/server/harness.h"
#include "tests/server/toy.h"
#include "tests/server/toy_call.h"

static void
test_a_parked_call_ends_with_its_object(void **state)
{
    (void)state;
    Kontor__V1__GetProviderRequest request = toy_get("coast/a");
    struct harness_call *call =
        harness_start(toy_harness, toy_operator, TOY "Take", &request);
    harness_wait_parked(toy_harness, 1);
    assert_int_equal(toy_put("coast/b", "Other", "", NULL, NULL), STATUS_OK);
    assert_false(harness_is_done(call));
    assert_int_equal(toy_put("coast/a", "One", "", NULL, NULL), STATUS_OK);
    assert_int_equal(harness_wait(toy_harness, call, NULL, NULL), STATUS_OK);
}

static void
test_a_parked_call_ends_with_its_time(void **state)
{
    (void)state;
    struct error error;
    Kontor__V1__GetProviderRequest request = toy_get("coast/a");
    struct harness_call *call =
        harness_start(toy_harness, toy_operator, TOY "Take", &request);
    harness_wait_parked(toy_harness, 1);
    harness_advance(toy_harness, 19999);
    assert_false(harness_is_done(call));
    harness_advance(toy_harness, 1);
    assert_int_equal(harness_wait(toy_harness, call, NULL, &error), STATUS_NOT_FOUND);
}

static void
test_a_cancelled_call_leaves_its_line(void **state)
{
    (void)state;
    Kontor__V1__GetProviderRequest request = toy_get("coast/a");
    struct harness_call *first =
        harness_start(toy_harness, toy_operator, TOY "Take", &request);
    harness_wait_parked(toy_harness, 1);
    struct harness_call *second =
        harness_start(toy_harness, toy_operator, TOY "Take", &request);
    harness_wait_parked(toy_harness, 2);
    harness_cancel(first);
    assert_int_equal(harness_wait(toy_harness, first, NULL, NULL), STATUS_CANCELLED);
    assert_int_equal(toy_put("coast/a", "One", "", NULL, NULL), STATUS_OK);
    assert_int_equal(harness_wait(toy_harness, second, NULL, NULL), STATUS_OK);
}

static void
test_one_object_wakes_the_first_in_line_and_no_herd(void **state)
{
    (void)state;
    enum { N = 20 };
    struct harness_call *calls[N];
    Kontor__V1__GetProviderRequest request = toy_get("coast/a");
    for (size_t i = 0; i < N; i++) {
        calls[i] = harness_start(toy_harness, toy_operator, TOY "Take", &request);
        harness_wait_parked(toy_harness, i + 1);
    }
    for (size_t i = 0; i < N; i++) {
        int before = atomic_load(&toy_takes);
        assert_int_equal(toy_put("coast/a", "One", "", NULL, NULL), STATUS_OK);
        assert_int_equal(harness_wait(toy_harness, calls[i], NULL, NULL), STATUS_OK);
        harness_wait_parked(toy_harness, N - 1 - i);
        /* The one that takes it; the deletion touches the key too, and the turn goes to
         * the next, who finds nothing and ends it. */
        assert_in_range(atomic_load(&toy_takes) - before, 1, 4);
    }
}

static void
test_drain_ends_parked_calls(void **state)
{
    (void)state;
    struct error error;
    Kontor__V1__GetProviderRequest request = toy_get("coast/a");
    struct harness_call *call =
        harness_start(toy_harness, toy_operator, TOY "Take", &request);
    harness_wait_parked(toy_harness, 1);
    dispatch_drain(toy_harness->dispatch);
    assert_int_equal(harness_wait(toy_harness, call, NULL, &error), STATUS_UNAVAILABLE);
    assert_int_equal(error.reason, REASON_DRAINING);
    assert_int_equal(toy_put("coast/a", "One", "", NULL, &error), STATUS_UNAVAILABLE);
}

static void
test_min_seq_waits_until_it_is_reached(void **state)
{
    (void)state;
    Kontor__V1__Provider *reply;
    Kontor__V1__GetProviderRequest request = toy_get("coast/a");
    struct harness_call *call = harness_start_with(toy_harness, toy_operator, TOY "Get",
                                                   &request, INT64_MAX, 2);
    harness_wait_parked(toy_harness, 1);
    assert_int_equal(toy_put("coast/a", "One", "", NULL, NULL), STATUS_OK);
    assert_false(harness_is_done(call));
    assert_int_equal(toy_put("coast/a", "Two", "", NULL, NULL), STATUS_OK);
    assert_int_equal(harness_wait(toy_harness, call, (void **)&reply, NULL), STATUS_OK);
    assert_string_equal(reply->name, "Two");
}

static void
test_min_seq_that_never_comes_ends_with_the_deadline(void **state)
{
    (void)state;
    struct error error;
    Kontor__V1__GetProviderRequest request = toy_get("coast/a");
    struct harness_call *call = harness_start_with(toy_harness, toy_operator, TOY "Get",
                                                   &request, HARNESS_NOW_MS + 1000, 2);
    harness_wait_parked(toy_harness, 1);
    harness_advance(toy_harness, 1000);
    assert_int_equal(harness_wait(toy_harness, call, NULL, &error),
                     STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(error.reason, REASON_DEADLINE);
}

static void
test_a_deadline_that_passed_runs_nothing(void **state)
{
    (void)state;
    Kontor__V1__GetProviderRequest request = toy_get("coast/a");
    struct harness_call *call = harness_start_with(
        toy_harness, toy_operator, TOY "Take", &request, HARNESS_NOW_MS, 0);
    assert_int_equal(harness_wait(toy_harness, call, NULL, NULL),
                     STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(atomic_load(&toy_takes), 0);
}

/* Many takers and makers at once: each object is taken once, nobody waits for ever. */
static void
test_no_wake_up_is_lost_under_load(void **state)
{
    (void)state;
    enum { N = 200 };
    struct harness_call *takers[N];
    for (size_t round = 0; round < 3; round++) {
        Kontor__V1__GetProviderRequest request = toy_get("coast/a");
        for (size_t i = 0; i < N; i++) {
            takers[i] = harness_start(toy_harness, toy_operator, TOY "Take", &request);
        }
        size_t n_done = 0;
        while (n_done < N) {
            assert_int_equal(toy_put("coast/a", "One", "", NULL, NULL), STATUS_OK);
            n_done = 0;
            for (size_t i = 0; i < N; i++) {
                n_done += harness_is_done(takers[i]) ? 1 : 0;
            }
        }
        for (size_t i = 0; i < N; i++) {
            assert_int_equal(harness_wait(toy_harness, takers[i], NULL, NULL),
                             STATUS_OK);
        }
    }
}

/* On the system's clocks, whose milliseconds begin at different moments. */
static void
test_who_waits_until_a_moment_finds_it_come(void **state)
{
    enum { ROUNDS = 100 };
    struct clock clock;
    (void)state;
    clock_init(&clock);
    for (int i = 0; i < ROUNDS; i++) {
        int64_t until_ms = clock_wall_ms(&clock) + 1 + i % 3;
        int64_t due_ms = clock_due_ms(&clock, until_ms);
        while (clock_monotonic_ms(&clock) < due_ms) {
        }
        assert_true(clock_wall_ms(&clock) >= until_ms);
    }
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, toy_set_up, toy_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_parked_call_ends_with_its_object),
        TEST(test_a_parked_call_ends_with_its_time),
        TEST(test_a_cancelled_call_leaves_its_line),
        TEST(test_one_object_wakes_the_first_in_line_and_no_herd),
        TEST(test_drain_ends_parked_calls),
        TEST(test_min_seq_waits_until_it_is_reached),
        TEST(test_min_seq_that_never_comes_ends_with_the_deadline),
        TEST(test_a_deadline_that_passed_runs_nothing),
        TEST(test_no_wake_up_is_lost_under_load),
        TEST(test_who_waits_until_a_moment_finds_it_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
