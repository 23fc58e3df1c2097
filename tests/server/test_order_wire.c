/* Limits of the calls of orders that hold on the wire: how large, and how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kontor/v1/fulfilment_service.pb-c.h"
#include "proto/wire.h"
#include "server/order/fulfilment.h"
#include "server/order/order_service.h"
#include "tests/server/station.h"

#define PLACE_ORDER "/kontor.v1.OrderService/PlaceOrder"
#define CLAIM "/kontor.v1.FulfilmentService/Claim"

static const struct service_rows *const services[] = {&order_rows, &fulfilment_rows,
                                                      NULL};
static struct station *s;

static int
set_up(void **state)
{
    (void)state;
    s = station_open_still(services);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    station_close(s);
    return 0;
}

/* An order that is too large can be told so: its request may be larger yet. */
static void
test_an_order_of_2_mebibytes_is_read(void **state)
{
    (void)state;
    static const Kontor__V1__Role roles[] = {KONTOR__V1__ROLE__PORTAL};
    station_principal(s, "coast/web", "spiffe://coast.example/portal/web", roles, 1,
                      "r:coast");
    struct wire_client *portal = station_client(s, "spiffe://coast.example/portal/web");
    struct bytes zeroes = {arena_alloc(s->h->arena, 2097153), 2097153};
    struct wire_result result = wire_unary(portal, PLACE_ORDER, zeroes, NULL);
    assert_int_equal(result.status, STATUS_RESOURCE_EXHAUSTED);
    assert_string_equal(result.reason, "TOO_LARGE");
    zeroes.size--;
    result = wire_unary(portal, PLACE_ORDER, zeroes, NULL);
    assert_int_equal(result.status, STATUS_INVALID_ARGUMENT);
    assert_string_equal(result.reason, "MESSAGE_INVALID");
    wire_client_free(portal);
}

/* A claim that waits for a minute, without a deadline, begun and parked. */
static struct wire_call *
waiting_claim(const struct wire_options *options)
{
    static const char session_id[] = "coast/s-1";
    Kontor__V1__ClaimRequest request = KONTOR__V1__CLAIM_REQUEST__INIT;
    Kontor__V1__Session session = KONTOR__V1__SESSION__INIT;
    session.agent = "coast/op";
    session.max_parallel = 1;
    session.lease_seconds = 60;
    (void)harness_seed(s->h, KIND_SESSION, session_id, &session.base, "=r:coast", NULL);
    request.session = (char *)session_id;
    request.wait_seconds = 60;
    struct wire_call *call =
        wire_start(s->op, CLAIM, wire_pack(&request.base, s->h->arena), options);
    station_wait_parked(s, 1);
    return call;
}

static void
test_the_longest_wait_of_a_claim_comes_to_its_end(void **state)
{
    (void)state;
    struct wire_call *call = waiting_claim(NULL);
    station_advance(s, 60000);
    struct bytes reply;
    assert_true(wire_next_message(call, &reply));
    assert_int_equal(wire_end(call).status, STATUS_OK);
}

/* Not even for a position that is never reached. */
static void
test_no_claim_waits_longer_than_75_seconds(void **state)
{
    (void)state;
    struct wire_call *call = waiting_claim(
        &(struct wire_options){.key = "kontor-min-seq", .value = "1000000"});
    station_advance(s, 75000);
    assert_int_not_equal(wire_end(call).status, STATUS_OK);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_an_order_of_2_mebibytes_is_read),
        TEST(test_the_longest_wait_of_a_claim_comes_to_its_end),
        TEST(test_no_claim_waits_longer_than_75_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
