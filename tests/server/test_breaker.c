/* The breaker against callers who open calls and cancel them at a high rate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "server/rpc/accept.h"
#include "server/rpc/caller.h"
#include "tests/server/station.h"
#include "tests/server/toy.h"

#define TOY "/kontor.test.Toy/"

/* ---- The count ---- */

enum { RATE = 10, BURST = 5 * RATE, CUT_OFF_MS = 3000 };

static struct callers *
new_callers(void)
{
    struct caller_limits limits = {.calls = 10,
                                   .streams = 10,
                                   .per_second = 10,
                                   .resets_per_second = RATE,
                                   .cut_off_ms = CUT_OFF_MS};
    return callers_new(&limits);
}

static void
test_a_burst_is_forgiven_and_one_more_trips(void **state)
{
    (void)state;
    struct callers *callers = new_callers();
    for (int i = 0; i < BURST; i++) {
        assert_int_equal(caller_reset(callers, "coast/op", 1000), CALLER_IS_FINE);
    }
    assert_false(callers_any_cut_off(callers, 1000));
    assert_int_equal(caller_reset(callers, "coast/op", 1000), CALLER_TRIPS);
    assert_int_equal(caller_reset(callers, "coast/op", 1000), CALLER_IS_CUT_OFF);
    assert_int_equal(callers_trips(callers), 1);
    assert_true(callers_any_cut_off(callers, 1000));
    callers_free(callers);
}

static void
test_resets_below_the_rate_never_trip(void **state)
{
    (void)state;
    struct callers *callers = new_callers();
    for (int i = 0; i < 100 * BURST; i++) {
        int64_t now_ms = 1000 + i * 1000 / RATE;
        assert_int_equal(caller_reset(callers, "coast/op", now_ms), CALLER_IS_FINE);
    }
    callers_free(callers);
}

static void
test_a_cut_off_ends_and_begins_anew(void **state)
{
    (void)state;
    struct callers *callers = new_callers();
    while (caller_reset(callers, "coast/op", 1000) != CALLER_TRIPS) {
    }
    assert_int_equal(caller_cut_off_ms(callers, "coast/op", 1000), CUT_OFF_MS);
    assert_int_equal(caller_cut_off_ms(callers, "hills/op", 1000), 0);
    assert_int_equal(caller_cut_off_ms(callers, "coast/op", 1000 + CUT_OFF_MS), 0);
    assert_false(callers_any_cut_off(callers, 1000 + CUT_OFF_MS));
    for (int i = 0; i < BURST; i++) {
        assert_int_equal(caller_reset(callers, "coast/op", 1000 + CUT_OFF_MS),
                         CALLER_IS_FINE);
    }
    assert_int_equal(caller_reset(callers, "coast/op", 1000 + CUT_OFF_MS),
                     CALLER_TRIPS);
    assert_int_equal(callers_trips(callers), 2);
    callers_free(callers);
}

/* ---- Over the wire ---- */

static struct station *s;

static int
set_up(void **state)
{
    static const char *const change[] = {"resets_per_second", "10", "breaker_ms",
                                         "2000", NULL};
    (void)state;
    s = station_open(change);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    station_close(s);
    return 0;
}

static void
reset_until_cut_off(struct wire_client *client)
{
    /* What is cancelled before it is sent is no reset: as many as it takes. */
    while (server_breaker_trips(s->server) == 0) {
        (void)wire_cancel(
            wire_start(client, TOY "Take", station_get(s, "coast/a"), NULL));
    }
    assert_int_equal(server_breaker_trips(s->server), 1);
}

static void
test_a_caller_who_resets_is_refused_for_a_while(void **state)
{
    (void)state;
    reset_until_cut_off(s->op);
    struct wire_client *again = station_client(s, "spiffe://coast.example/operator/op");
    struct wire_result result =
        wire_unary(again, TOY "Get", station_get(s, "coast/a"), NULL);
    assert_int_equal(result.status, STATUS_RESOURCE_EXHAUSTED);
    assert_string_equal(result.reason, "OVERLOADED");
    /* Health is never shed, and another caller is not concerned. */
    result = wire_unary(again, "/grpc.health.v1.Health/Check",
                        (struct bytes){(const uint8_t *)"", 0}, NULL);
    assert_int_equal(result.status, STATUS_OK);
    while (result.status != STATUS_NOT_FOUND) {
        result = wire_unary(again, TOY "Get", station_get(s, "coast/a"), NULL);
    }
    assert_int_equal(server_breaker_trips(s->server), 1);
    /* One line was the breaker's; its refusals have none of their own. */
    assert_int_equal(atomic_load(&s->n_shed), 0);
    wire_client_free(again);
}

static void
test_another_caller_is_not_concerned(void **state)
{
    (void)state;
    reset_until_cut_off(s->op);
    assert_int_equal(
        wire_unary(s->other, TOY "Get", station_get(s, "coast/a"), NULL).status,
        STATUS_NOT_FOUND);
}

/* A connection that was there before the caller was cut off. */
static void
test_the_connection_that_brings_resets_is_closed(void **state)
{
    (void)state;
    struct wire_call *parked =
        wire_start(s->op, TOY "Take", station_get(s, "coast/a"), NULL);
    station_wait_parked(s, 1);
    reset_until_cut_off(s->op);
    assert_int_equal(wire_end(parked).status, STATUS_UNAVAILABLE);
}

/* Fifty deadlines at once would be one reset too many. */
static void
test_deadlines_are_no_resets(void **state)
{
    (void)state;
    enum { N = BURST + 10 };
    struct wire_call *calls[N];
    for (size_t i = 0; i < N; i++) {
        calls[i] = wire_start(s->op, TOY "Take", station_get(s, "coast/a"),
                              &(struct wire_options){.deadline_ms = 200});
    }
    for (size_t i = 0; i < N; i++) {
        (void)wire_end(calls[i]);
    }
    station_wait_parked(s, 0);
    assert_int_equal(server_breaker_trips(s->server), 0);
}

static void
test_only_peers_there_are_can_be_cut(void **state)
{
    (void)state;
    assert_false(accept_cut("ipv4:127.0.0.1:1"));
    assert_false(accept_cut("ipv6:%5B::1%5D:1"));
    assert_false(accept_cut("unix:/tmp/x"));
    assert_false(accept_cut("ipv4:999.0.0.1:1"));
    assert_false(accept_cut(""));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_burst_is_forgiven_and_one_more_trips),
        cmocka_unit_test(test_resets_below_the_rate_never_trip),
        cmocka_unit_test(test_a_cut_off_ends_and_begins_anew),
        TEST(test_a_caller_who_resets_is_refused_for_a_while),
        TEST(test_another_caller_is_not_concerned),
        TEST(test_the_connection_that_brings_resets_is_closed),
        TEST(test_deadlines_are_no_resets),
        cmocka_unit_test(test_only_peers_there_are_can_be_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
