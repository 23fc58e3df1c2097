/* Health: the server and its services, watched, and under load. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "grpc/health/v1/health.pb-c.h"
#include "proto/wire.h"
#include "tests/server/station.h"
#include "tests/server/toy.h"

#define TOY "/kontor.test.Toy/"

static struct station *s;

static int
set_up(void **state)
{
    (void)state;
    s = station_open(NULL);
    atomic_store(&toy_takes, 0);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    station_close(s);
    return 0;
}

#define HEALTH "/grpc.health.v1.Health/"

static struct bytes
health(const char *service)
{
    Grpc__Health__V1__HealthCheckRequest request =
        GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    request.service = (char *)service;
    struct bytes bytes = wire_pack(&request.base, s->h->arena);
    /* An empty message is a message all the same. */
    return bytes.data == NULL ? (struct bytes){(const uint8_t *)"", 0} : bytes;
}

static int
serving(struct bytes reply)
{
    Grpc__Health__V1__HealthCheckResponse *response =
        grpc__health__v1__health_check_response__unpack(NULL, reply.size, reply.data);
    assert_non_null(response);
    int status = (int)response->status;
    grpc__health__v1__health_check_response__free_unpacked(response, NULL);
    return status;
}

static void
test_health_knows_the_server_and_its_services(void **state)
{
    (void)state;
    struct wire_result result = wire_unary(s->op, HEALTH "Check", health(""), NULL);
    assert_int_equal(result.status, STATUS_OK);
    assert_int_equal(serving(result.reply), 1);
    result = wire_unary(s->op, HEALTH "Check", health("kontor.test.Toy"), NULL);
    assert_int_equal(serving(result.reply), 1);
    result = wire_unary(s->op, HEALTH "Check", health("none"), NULL);
    assert_int_equal(result.status, STATUS_NOT_FOUND);
}

static void
test_health_watch_tells_every_change_and_the_end(void **state)
{
    (void)state;
    struct bytes message;
    struct wire_call *call = wire_start(s->op, HEALTH "Watch", health(""), NULL);
    struct wire_call *unknown = wire_start(s->op, HEALTH "Watch", health("none"), NULL);
    assert_true(wire_next_message(call, &message));
    assert_int_equal(serving(message), 1);
    assert_true(wire_next_message(unknown, &message));
    assert_int_equal(serving(message), 3);
    server_set_serving(s->server, false);
    assert_true(wire_next_message(call, &message));
    assert_int_equal(serving(message), 2);
    server_set_serving(s->server, true);
    assert_true(wire_next_message(call, &message));
    assert_int_equal(serving(message), 1);
    server_stop(s->server);
    assert_true(wire_next_message(call, &message));
    assert_int_equal(serving(message), 2);
    assert_false(wire_next_message(call, &message));
    assert_int_equal(wire_end(call).status, STATUS_UNAVAILABLE);
    assert_int_equal(wire_end(unknown).status, STATUS_UNAVAILABLE);
    server_free(s->server);
    s->server = NULL;
}

static void
test_health_answers_a_caller_who_is_shed(void **state)
{
    (void)state;
    static const char *const change[] = {"calls_in_flight", "1", NULL};
    station_close(s);
    s = station_open(change);
    struct wire_call *parked =
        wire_start(s->op, TOY "Take", station_get(s, "coast/a"), NULL);
    station_wait_parked(s, 1);
    struct wire_result result = wire_unary(s->op, HEALTH "Check", health(""), NULL);
    assert_int_equal(result.status, STATUS_OK);
    (void)wire_cancel(parked);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_health_knows_the_server_and_its_services),
        TEST(test_health_watch_tells_every_change_and_the_end),
        TEST(test_health_answers_a_caller_who_is_shed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
