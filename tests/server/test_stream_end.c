/* Watches that are refused, and how open ones end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kontor/v1/registry.pb-c.h"
#include "kontor/v1/registry_service.pb-c.h"
#include "kontor/v1/watch.pb-c.h"
#include "proto/wire.h"
#include "tests/server/reader.h"
#include "tests/server/station.h"

/* ---- Refusals ---- */

static void
test_k52_positions_that_cannot_be_served_are_refused(void **state)
{
    (void)state;
    Kontor__V1__Position position;
    Kontor__V1__WatchRequest request = reader_request(&position, INT64_MAX);
    struct wire_result result = reader_refused(reader_station->op, &request);
    assert_int_equal(result.status, STATUS_OUT_OF_RANGE);
    assert_string_equal(result.reason, "AHEAD");
    request =
        reader_request(&position, store_applied(reader_station->h->broker.store) + 1);
    assert_string_equal(reader_refused(reader_station->op, &request).reason, "AHEAD");
    request = reader_request(&position, 0);
    position.scope_tag = (char *)"another";
    result = reader_refused(reader_station->op, &request);
    assert_int_equal(result.status, STATUS_OUT_OF_RANGE);
    assert_string_equal(result.reason, "SCOPE_CHANGED");
    request = reader_request(&position, -1);
    assert_int_equal(reader_refused(reader_station->op, &request).status,
                     STATUS_INVALID_ARGUMENT);
}

static void
test_a_kind_the_method_does_not_send_is_refused(void **state)
{
    (void)state;
    char *kinds[] = {(char *)"order"};
    Kontor__V1__Position position;
    Kontor__V1__WatchRequest request = reader_request(&position, 0);
    request.kinds = kinds;
    request.n_kinds = 1;
    assert_int_equal(reader_refused(reader_station->op, &request).status,
                     STATUS_INVALID_ARGUMENT);
    kinds[0] = (char *)"service";
    request.follow = false;
    int64_t seq = station_put(reader_station, "coast/a", "One", NULL);
    struct reader reader = reader_begin(reader_station->op, &request);
    assert_null(reader_next(&reader));
    assert_int_equal(reader.position, seq);
    assert_int_equal(wire_end(reader.call).status, STATUS_OK);
}

static void
test_garbage_is_refused(void **state)
{
    (void)state;
    struct bytes garbage = {(const uint8_t *)"\xff\xff", 2};
    struct wire_result result = wire_unary(reader_station->op, WATCH, garbage, NULL);
    assert_int_equal(result.status, STATUS_INVALID_ARGUMENT);
    assert_string_equal(result.reason, "MESSAGE_INVALID");
}

static void
test_too_many_streams_are_shed(void **state)
{
    (void)state;
    reader_station_with("streams_open", "2");
    struct reader first = reader_begin_at(reader_station->op, 0);
    struct reader second = reader_begin_at(reader_station->op, 0);
    assert_true(reader_next_response(&first));
    assert_true(reader_next_response(&second));
    Kontor__V1__Position position;
    Kontor__V1__WatchRequest request = reader_request(&position, 0);
    assert_string_equal(reader_refused(reader_station->op, &request).reason,
                        "OVERLOADED");
    (void)reader_stop(&first);
    (void)reader_stop(&second);
}

/* ---- Ends ---- */

static void
test_drain_tells_the_position_and_ends(void **state)
{
    (void)state;
    struct reader reader = reader_begin_at(reader_station->other, 0);
    assert_true(reader_next_response(&reader));
    int64_t seq = station_put(reader_station, "coast/a", "One", NULL);
    server_stop(reader_station->server);
    assert_null(reader_next(&reader));
    assert_int_equal(reader.position, seq);
    struct wire_result result = wire_end(reader.call);
    assert_int_equal(result.status, STATUS_UNAVAILABLE);
    assert_string_equal(result.reason, "DRAINING");
    server_free(reader_station->server);
    reader_station->server = NULL;
}

/* How far it came is told before the end: all up to there was sent or is not theirs. */
static void
test_other_scopes_end_an_open_stream(void **state)
{
    (void)state;
    static const Kontor__V1__Role roles[] = {KONTOR__V1__ROLE__OPERATOR};
    Kontor__V1__Position position;
    Kontor__V1__WatchRequest request =
        reader_request(&position, station_put(reader_station, "coast/a", "One", NULL));
    struct reader reader = reader_begin(reader_station->other, &request);
    assert_true(reader_next_response(&reader));
    position.scope_tag = arena_copy(reader_station->h->arena, reader.tag);
    station_principal(reader_station, "hills/op", "spiffe://hills.example/operator/op",
                      roles, 1, "p:hills/x");
    assert_null(reader_next(&reader));
    assert_true(reader.position >= position.seq);
    struct wire_result result = wire_end(reader.call);
    assert_int_equal(result.status, STATUS_OUT_OF_RANGE);
    assert_string_equal(result.reason, "SCOPE_CHANGED");
    /* Resuming where it was does not help: what entered the new scopes before would be
     * missed. */
    assert_string_equal(reader_refused(reader_station->other, &request).reason,
                        "SCOPE_CHANGED");
    /* From a list of today it goes on. */
    position.scope_tag = (char *)"";
    reader = reader_begin(reader_station->other, &request);
    assert_true(reader_next_response(&reader));
    assert_string_not_equal(reader.tag, "");
    (void)reader_stop(&reader);
}

static void
test_a_suspended_registry_ends_an_open_stream(void **state)
{
    (void)state;
    struct reader reader = reader_begin_at(reader_station->other, 0);
    assert_true(reader_next_response(&reader));
    Kontor__V1__Registry registry = *(Kontor__V1__Registry *)harness_record(
        reader_station->h, KIND_REGISTRY, "hills");
    registry.state = KONTOR__V1__REGISTRY__STATE__SUSPENDED;
    (void)harness_seed(reader_station->h, KIND_REGISTRY, "hills", &registry.base,
                       "=r:hills", NULL);
    assert_null(reader_next(&reader));
    assert_string_equal(wire_end(reader.call).reason, "REGISTRY_SUSPENDED");
}

/* ---- Nothing is sent to whom it is not meant for any more ---- */

static void
suspend_hills(void)
{
    Kontor__V1__Registry registry = *(Kontor__V1__Registry *)harness_record(
        reader_station->h, KIND_REGISTRY, "hills");
    registry.state = KONTOR__V1__REGISTRY__STATE__SUSPENDED;
    (void)harness_seed(reader_station->h, KIND_REGISTRY, "hills", &registry.base,
                       "=r:hills", NULL);
}

static void
test_who_is_suspended_gets_nothing_that_came_after(void **state)
{
    (void)state;
    struct reader reader = reader_begin_at(reader_station->other, 0);
    assert_true(reader_next_response(&reader));
    station_put(reader_station, "coast/a", "Before", "=r:coast", "~*", NULL);
    assert_string_equal(reader_next(&reader)->provider->name, "Before");
    suspend_hills();
    for (int i = 0; i < 3; i++) {
        station_put(reader_station, "coast/a", "After", "=r:coast", "~*", NULL);
    }
    assert_null(reader_next(&reader));
    assert_string_equal(wire_end(reader.call).reason, "REGISTRY_SUSPENDED");
}

/* Also of what was there before, but had not been sent: behind the ring, at that. */
static void
test_who_is_suspended_is_not_caught_up(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++) {
        station_put(reader_station, "coast/a", "Before", "=r:coast", "~*", NULL);
    }
    struct reader reader = reader_begin_at(reader_station->other, 0);
    assert_true(reader_next_response(&reader));
    suspend_hills();
    int64_t seq =
        station_put(reader_station, "coast/a", "After", "=r:coast", "~*", NULL);
    for (Kontor__V1__RecordChange *change = reader_next(&reader); change != NULL;
         change = reader_next(&reader)) {
        assert_true(change->seq < seq - 1);
    }
    assert_string_equal(wire_end(reader.call).reason, "REGISTRY_SUSPENDED");
}

static void
test_who_is_no_admin_any_more_reads_no_further_in_the_log(void **state)
{
    (void)state;
    static const Kontor__V1__Role roles[] = {KONTOR__V1__ROLE__OPERATOR};
    Kontor__V1__ReadLogRequest request = KONTOR__V1__READ_LOG_REQUEST__INIT;
    request.after = store_applied(reader_station->h->broker.store);
    request.follow = true;
    struct wire_call *call =
        wire_start(reader_station->op, READ_LOG,
                   wire_pack(&request.base, reader_station->h->arena), NULL);
    struct bytes message;
    assert_true(wire_next_message(call, &message)); /* The anchor. */
    station_principal(reader_station, "coast/op", "spiffe://coast.example/operator/op",
                      roles, 1, "r:coast");
    for (int i = 0; i < 3; i++) {
        station_put(reader_station, "coast/a", "After", NULL);
    }
    assert_false(wire_next_message(call, &message));
    struct wire_result result = wire_end(call);
    assert_int_equal(result.status, STATUS_PERMISSION_DENIED);
    assert_string_equal(result.reason, "ROLE_MISSING");
}

int
main(void)
{
#define TEST(name)                                                                     \
    cmocka_unit_test_setup_teardown(name, reader_set_up, reader_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_k52_positions_that_cannot_be_served_are_refused),
        TEST(test_a_kind_the_method_does_not_send_is_refused),
        TEST(test_garbage_is_refused),
        TEST(test_too_many_streams_are_shed),
        TEST(test_drain_tells_the_position_and_ends),
        TEST(test_other_scopes_end_an_open_stream),
        TEST(test_a_suspended_registry_ends_an_open_stream),
        TEST(test_who_is_suspended_gets_nothing_that_came_after),
        TEST(test_who_is_suspended_is_not_caught_up),
        TEST(test_who_is_no_admin_any_more_reads_no_further_in_the_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
