/* How long a job is waited for: each limit is reached exactly, then passed. Numbers are
 * the design's, written out: the broker's own constants would follow a mistake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/server/desk.h"

enum { DAY_S = 86400 };

/* A job that is ready now, and the clock set back by so much. */
static const char *
job_set_back(struct desk *desk, const char *order, int64_t ms)
{
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, order, &session);
    assert_int_equal(desk_release(desk, job->item, job->fence, NULL), STATUS_OK);
    desk_jump(desk, -ms);
    return session;
}

/* What is to come later than any wait ends was written before the clock was set back.
 */
static void
test_a_job_is_ready_within_600_seconds_or_at_once(void **state)
{
    struct desk *desk = *state;
    const char *session = job_set_back(desk, "coast/o-1", 600000);
    assert_null(desk_claim(desk, desk->agent, session));
    harness_advance(desk->h, 599999);
    assert_null(desk_claim(desk, desk->agent, session));
    harness_advance(desk->h, 1);
    assert_non_null(desk_claim(desk, desk->agent, session));
    session = job_set_back(desk, "coast/o-2", 600001);
    assert_non_null(desk_claim(desk, desk->agent, session));
}

/* ---- After a restore ---- */

/* A session with the longest lease there is. */
static const char *
long_session(struct desk *desk)
{
    char *offers[] = {OFFER_OPEN};
    Kontor__V1__RegisterAgentRequest request = KONTOR__V1__REGISTER_AGENT_REQUEST__INIT;
    Kontor__V1__Session *session;
    request.offers = offers;
    request.n_offers = 1;
    request.lease_seconds = DAY_S;
    assert_int_equal(desk_call(desk, desk->agent, DESK_AGENT("RegisterAgent"), &request,
                               &session, NULL),
                     STATUS_OK);
    return session->id;
}

static size_t
claim(struct desk *desk, const char *session)
{
    Kontor__V1__ClaimRequest request = KONTOR__V1__CLAIM_REQUEST__INIT;
    Kontor__V1__ClaimResponse *reply;
    request.session = (char *)session;
    assert_int_equal(
        desk_call(desk, desk->agent, DESK_AGENT("Claim"), &request, &reply, NULL),
        STATUS_OK);
    return reply->n_jobs;
}

/* For as long as the longest lease may go on, and until what was called settles. */
static void
test_what_may_be_begun_is_waited_for_a_day(void **state)
{
    struct desk *desk = *state;
    size_t n_recovered;
    const char *session = long_session(desk);
    desk_place_one(desk, "coast/o-1", OFFER_OPEN);
    assert_int_equal(orders_recover(desk->h->dispatch, &n_recovered), STATUS_OK);
    assert_int_equal(n_recovered, 1);
    harness_advance(desk->h, DESK_SETTLE_MS);
    assert_int_equal(claim(desk, session), 0);
    harness_advance(desk->h, DAY_S * 1000 - 1);
    assert_int_equal(claim(desk, session), 0);
    harness_advance(desk->h, 1);
    assert_int_equal(claim(desk, session), 1);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_job_is_ready_within_600_seconds_or_at_once),
        TEST(test_what_may_be_begun_is_waited_for_a_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
