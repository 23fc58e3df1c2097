/* The thread that looks after leases and deadlines, in real time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "proto/reason.h"
#include "server/order/keeper.h"
#include "tests/server/desk.h"

enum { LEASE_S = 5, ROUNDS = 10 };

static int64_t
real_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* How long after the keeper's start the end of a session is found that is over. */
static int64_t
found_after_ms(struct desk *desk)
{
    char *offers[] = {OFFER_OPEN};
    Kontor__V1__RegisterAgentRequest request = KONTOR__V1__REGISTER_AGENT_REQUEST__INIT;
    Kontor__V1__ClaimRequest claim = KONTOR__V1__CLAIM_REQUEST__INIT;
    Kontor__V1__Session *session;
    struct error error;
    request.offers = offers;
    request.n_offers = 1;
    request.lease_seconds = LEASE_S;
    assert_int_equal(desk_call(desk, desk->agent, DESK_AGENT("RegisterAgent"), &request,
                               &session, NULL),
                     STATUS_OK);
    claim.session = session->id;
    claim.wait_seconds = 60;
    struct harness_call *call =
        harness_start(desk->h, desk->agent, DESK_AGENT("Claim"), &claim);
    harness_wait_parked(desk->h, 1);
    harness_advance(desk->h, LEASE_S * 1000);
    int64_t began_ms = real_ms();
    struct keeper *keeper = keeper_start(desk->h->dispatch);
    assert_int_equal(harness_wait(desk->h, call, NULL, &error), STATUS_ABORTED);
    int64_t took_ms = real_ms() - began_ms;
    keeper_stop(keeper);
    desk_expect_reason(&error, REASON_LEASE_LOST);
    return took_ms;
}

/* On a machine with much to do a look may be late, but not each time. */
static void
test_what_is_over_is_looked_for_every_second(void **state)
{
    int64_t least_ms = INT64_MAX;
    for (int i = 0; i < ROUNDS && least_ms >= 2000; i++) {
        int64_t took_ms = found_after_ms(*state);
        least_ms = took_ms < least_ms ? took_ms : least_ms;
    }
    assert_in_range(least_ms, 1000, 1999);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_over_is_looked_for_every_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
