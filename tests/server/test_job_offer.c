/* Nobody is handed the job of an item that waits for somebody, and whoever held a job
 * that a move has taken is told so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/reason.h"
#include "tests/server/desk.h"

static const char item_id[] = "coast/o-1/vm";

static Kontor__V1__ClaimedJob *
begun_job(struct desk *desk)
{
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    return job;
}

static void
await_consumer(struct desk *desk)
{
    desk_place_one(desk, "coast/o-1", OFFER_CHAIN);
}

static void
await_provider(struct desk *desk)
{
    desk_place_one(desk, "coast/o-1", OFFER_BASIC);
}

static void
ask(struct desk *desk)
{
    desk_place_one(desk, "coast/o-1", OFFER_BASIC);
    assert_int_equal(desk_ask(desk, desk->operator, item_id, "Which?", NULL),
                     STATUS_OK);
}

static void
ask_holder(struct desk *desk)
{
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_ask_info(desk, job, "Which?", NULL), STATUS_OK);
}

static void
hold(struct desk *desk)
{
    desk_place_one(desk, "coast/o-1", OFFER_OPEN);
    assert_int_equal(desk_hold_item(desk, desk->operator, item_id, NULL), STATUS_OK);
}

static void
ask_begun(struct desk *desk)
{
    assert_int_equal(desk_ask_info(desk, begun_job(desk), "Which?", NULL), STATUS_OK);
}

static void
hold_begun(struct desk *desk)
{
    assert_int_equal(desk_hold(desk, begun_job(desk), NULL), STATUS_OK);
}

static const struct {
    void (*reach)(struct desk *desk);
    const char *state;
} rows[] = {
    {await_consumer, "AWAITING_CONSUMER_APPROVAL"},
    {await_provider, "AWAITING_APPROVAL"},
    {ask, "PENDING_INFO"},
    {ask_holder, "PENDING_INFO"},
    {hold, "HELD"},
    {ask_begun, "PENDING_INFO_BEGUN"},
    {hold_begun, "HELD_BEGUN"},
};

static void
test_what_waits_for_somebody_is_not_claimed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct desk *desk = desk_open();
        rows[i].reach(desk);
        desk_expect(desk, item_id, rows[i].state);
        /* Also when whoever held it is long gone. */
        harness_advance(desk->h, DESK_LEASE_MS + DESK_SETTLE_MS);
        const char *session = desk_session(desk, desk->agent2, 1, OFFER_OPEN,
                                           OFFER_BASIC, OFFER_CHAIN, NULL);
        assert_null(desk_claim(desk, desk->agent2, session));
        desk_close(desk);
    }
}

/* ---- Taken ---- */

static void
test_an_evaluation_that_a_person_rejects_is_taken_from_its_holder(void **state)
{
    (void)state;
    struct desk *desk = desk_open();
    struct error error;
    const char *session = desk_session(desk, desk->agent, 1, OFFER_EVALUATED, NULL);
    desk_place_one(desk, "coast/o-1", OFFER_EVALUATED);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_decide(desk, desk->operator, item_id, false, "so", NULL),
                     STATUS_OK);
    desk_expect(desk, item_id, "REJECTED");
    assert_int_equal(desk_fail(desk, item_id, job->fence,
                               KONTOR__V1__FAIL_REQUEST__FAILURE__PERMANENT, NULL,
                               &error),
                     STATUS_ABORTED);
    desk_expect_reason(&error, REASON_LEASE_LOST);
    desk_close(desk);
}

/* Nothing of a change is cleaned up, so it is the move itself that takes the job. */
static void
test_a_change_that_takes_too_long_is_taken_from_its_holder(void **state)
{
    (void)state;
    enum { WORK_MS = 6 * 3600000 };
    struct desk *desk = desk_open();
    struct error error;
    const char *session = desk_session(desk, desk->agent, 1, OFFER_HURRY, NULL);
    desk_place_one(desk, "coast/o-1", OFFER_HURRY);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_complete(desk, item_id, job->fence, "b", NULL), STATUS_OK);
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-2");
    desk_change(desk, request, "x", KONTOR__V1__ITEM_ACTION__ACTION_SUSPEND, item_id);
    desk_place(desk, request);
    job = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_due(desk, WORK_MS), 1);
    desk_expect(desk, job->item, "FAILED");
    assert_int_equal(desk_complete_bare(desk, job->item, job->fence, &error),
                     STATUS_ABORTED);
    desk_expect_reason(&error, REASON_LEASE_LOST);
    desk_close(desk);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_waits_for_somebody_is_not_claimed),
        cmocka_unit_test(
            test_an_evaluation_that_a_person_rejects_is_taken_from_its_holder),
        cmocka_unit_test(test_a_change_that_takes_too_long_is_taken_from_its_holder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
