/* The way of an item under an agent: the dividing line, fences, failures, completion.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kontor/v1/configuration.pb-c.h"
#include "proto/moment.h"
#include "proto/reason.h"
#include "tests/server/desk.h"

#define FAILURE(name) KONTOR__V1__FAIL_REQUEST__FAILURE__##name

enum { N_RACERS = 64 };

/* ---- The whole way ---- */

static void
test_an_item_goes_from_order_to_delivery(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    desk_require(desk, desk_add(desk, request, "notebook", OFFER_OPEN), "storage");
    desk_add(desk, request, "storage", OFFER_OPEN);
    desk_place(desk, request);
    const char *session = desk_session(desk, desk->agent, 2, OFFER_OPEN, NULL);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_string_equal(job->item, "coast/o-1/storage");
    assert_int_equal(job->kind, KONTOR__V1__JOB_KIND__PROVISION);
    assert_int_equal(job->attempt, 1);
    assert_string_equal(job->prior_intent, "");
    assert_string_equal(job->project, "coast/p1");
    assert_int_equal(job->fence, desk_item(desk, job->item)->revision);
    desk_expect(desk, job->item, "ASSIGNED");
    assert_null(desk_claim(desk, desk->agent, session));
    desk_expect_order(desk, "coast/o-1", "ORDER_ACKNOWLEDGED");
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    desk_expect(desk, job->item, "IN_PROGRESS");
    desk_expect_order(desk, "coast/o-1", "ORDER_IN_PROGRESS");
    assert_int_equal(desk_item(desk, job->item)->job->fence, job->fence);
    assert_int_equal(desk_complete(desk, job->item, job->fence, "volume-7f2c", NULL),
                     STATUS_OK);
    desk_expect(desk, job->item, "COMPLETED");
    job = desk_claim(desk, desk->agent, session);
    assert_string_equal(job->item, "coast/o-1/notebook");
    assert_int_equal(job->n_required, 1);
    assert_string_equal(job->required[0]->item, "storage");
    assert_string_equal(job->required[0]->delivery->backend_id, "volume-7f2c");
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_complete(desk, job->item, job->fence, "notebook-9a10", NULL),
                     STATUS_OK);
    desk_expect_order(desk, "coast/o-1", "ORDER_COMPLETED");
}

/* ---- The dividing line ---- */

static void
test_begin_again_with_the_same_intent_is_fine(void **state)
{
    struct desk *desk = *state;
    const char *session;
    struct error error;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    int64_t before = shelf_applied(desk->h);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(shelf_applied(desk->h), before);
    job->intent = "another-name";
    assert_int_equal(desk_begin(desk, job, &error), STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "intent"));
}

/* A restore knows of what was begun in the lost time only the name it would have had.
 */
static void
test_work_is_begun_under_the_claimed_name_only(void **state)
{
    struct desk *desk = *state;
    const char *session;
    struct error error;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    char *name = job->intent;
    int64_t before = shelf_applied(desk->h);
    job->intent = "a-name-of-my-own";
    assert_int_equal(desk_begin(desk, job, &error), STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "intent"));
    assert_int_equal(shelf_applied(desk->h), before);
    assert_false(desk_item(desk, job->item)->begun);
    job->intent = name;
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
}

static void
test_k23_stale_fences_are_lost_leases_for_every_call(void **state)
{
    struct desk *desk = *state;
    const char *session;
    struct error error;
    Kontor__V1__ReportRequest report = KONTOR__V1__REPORT_REQUEST__INIT;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    const int64_t fences[] = {job->fence - 1, job->fence + 1, INT64_MAX};
    for (size_t i = 0; i < 3; i++) {
        Kontor__V1__ClaimedJob stale = *job;
        stale.fence = fences[i];
        report.item = job->item;
        report.fence = stale.fence;
        report.note = "still here";
        assert_int_equal(desk_begin(desk, &stale, &error), STATUS_ABORTED);
        desk_expect_reason(&error, REASON_LEASE_LOST);
        assert_int_equal(desk_release(desk, job->item, stale.fence, &error),
                         STATUS_ABORTED);
        assert_int_equal(desk_complete(desk, job->item, stale.fence, "b", &error),
                         STATUS_ABORTED);
        assert_int_equal(
            desk_fail(desk, job->item, stale.fence, FAILURE(PERMANENT), NULL, &error),
            STATUS_ABORTED);
        assert_int_equal(
            desk_call(desk, desk->agent, DESK_AGENT("Report"), &report, NULL, &error),
            STATUS_ABORTED);
    }
    desk_expect(desk, job->item, "ASSIGNED");
}

static void
test_k29_an_agent_of_another_provider_finds_no_job(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__CompleteRequest request = KONTOR__V1__COMPLETE_REQUEST__INIT;
    Kontor__V1__Delivery delivery = KONTOR__V1__DELIVERY__INIT;
    struct error error;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    delivery.backend_id = "b";
    request.item = job->item;
    request.fence = job->fence;
    request.delivery = &delivery;
    assert_int_equal(desk_call(desk, desk->tape_agent, DESK_AGENT("Complete"), &request,
                               NULL, &error),
                     STATUS_NOT_FOUND);
    /* An agent of the customer's side sees the item, but its role does not count there.
     */
    const struct principal *customer =
        harness_principal(desk->h, "coast/bot", ROLE_BIT(AGENT), "r:coast", NULL);
    assert_int_equal(
        desk_call(desk, customer, DESK_AGENT("Complete"), &request, NULL, &error),
        STATUS_PERMISSION_DENIED);
    desk_expect_reason(&error, REASON_ROLE_MISSING);
    assert_string_equal(harness_value(&error, "role"), "agent (provider's side)");
}

static void
test_release_ends_at_the_dividing_line(void **state)
{
    struct desk *desk = *state;
    const char *session;
    struct error error;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_complete(desk, job->item, job->fence, "b", &error),
                     STATUS_FAILED_PRECONDITION);
    desk_expect_reason(&error, REASON_ILLEGAL_STATE);
    assert_non_null(strstr(harness_value(&error, "allowed"), "Begin"));
    assert_int_equal(desk_release(desk, job->item, job->fence, NULL), STATUS_OK);
    desk_expect(desk, job->item, "QUEUED");
    job = desk_claim(desk, desk->agent, session);
    assert_int_equal(job->attempt, 2);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_release(desk, job->item, job->fence, &error),
                     STATUS_FAILED_PRECONDITION);
    assert_string_equal(harness_value(&error, "from"), "IN_PROGRESS");
}

/* ---- Failing ---- */

static void
test_failing_before_begin(void **state)
{
    struct desk *desk = *state;
    const char *session;
    static const struct {
        Kontor__V1__FailRequest__Failure failure;
        const char *then;
    } rows[] = {{FAILURE(RETRYABLE), "QUEUED"},
                {FAILURE(UNKNOWN), "QUEUED"},
                {FAILURE(PERMANENT), "REJECTED"}};
    for (size_t i = 0; i < 3; i++) {
        Kontor__V1__ClaimedJob *job = desk_claim_one(
            desk, arena_print(desk->h->arena, "coast/o-%zu", i), &session);
        assert_int_equal(
            desk_fail(desk, job->item, job->fence, rows[i].failure, NULL, NULL),
            STATUS_OK);
        desk_expect(desk, job->item, rows[i].then);
        assert_int_equal(desk_item(desk, job->item)->cleanup,
                         KONTOR__V1__CLEANUP__CLEANUP_UNSPECIFIED);
    }
    /* A broken agent does not get it back at once. */
    assert_null(desk_claim(desk, desk->agent, session));
    harness_advance(desk->h, 10000);
    assert_non_null(desk_claim(desk, desk->agent, session));
}

static void
test_retryable_after_begin_stays_with_the_session(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__OrderItem *item;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    int64_t last_wait = 0;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(
            desk_fail(desk, job->item, job->fence, FAILURE(RETRYABLE), &item, NULL),
            STATUS_OK);
        int64_t wait =
            moment_ms(item->job->retry_at, 0) - clock_wall_ms(&desk->h->clock);
        assert_true(wait > last_wait);
        last_wait = wait;
        assert_string_equal(item->job->session, session);
        assert_int_equal(item->job->fence, job->fence);
    }
    /* Nobody else gets it meanwhile, also once the time to try again has come. */
    const char *other = desk_session(desk, desk->agent2, 1, OFFER_OPEN, NULL);
    harness_advance(desk->h, 50000);
    assert_null(desk_claim(desk, desk->agent2, other));
    assert_int_equal(desk_complete(desk, job->item, job->fence, "at last", NULL),
                     STATUS_OK);
    desk_expect(desk, job->item, "COMPLETED");
}

static void
test_unknown_after_begin_is_recovered(void **state)
{
    struct desk *desk = *state;
    const char *session;
    struct error error;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(
        desk_fail(desk, job->item, job->fence, FAILURE(UNKNOWN), NULL, NULL),
        STATUS_OK);
    desk_expect(desk, job->item, "IN_PROGRESS");
    assert_int_equal(
        desk_fail(desk, job->item, job->fence, FAILURE(RETRYABLE), NULL, &error),
        STATUS_ABORTED);
    assert_null(desk_claim(desk, desk->agent, session));
    harness_advance(desk->h, DESK_SETTLE_MS);
    assert_string_equal(desk_claim(desk, desk->agent, session)->prior_intent,
                        job->intent);
}

static void
test_permanent_after_begin_fails_and_takes_dependants_along(void **state)
{
    struct desk *desk = *state;
    const char *session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    Kontor__V1__PlaceOrderRequest *order = desk_new(desk, "coast/o-1");
    desk_add(desk, order, "storage", OFFER_OPEN);
    desk_require(desk, desk_add(desk, order, "notebook", OFFER_OPEN), "storage");
    desk_require(desk, desk_add(desk, order, "tape", OFFER_OTHER), "notebook");
    desk_place(desk, order);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(
        desk_fail(desk, job->item, job->fence, FAILURE(PERMANENT), NULL, NULL),
        STATUS_OK);
    desk_expect(desk, "coast/o-1/storage", "FAILED");
    desk_expect(desk, "coast/o-1/notebook", "CANCELLED_OTHERWISE");
    desk_expect(desk, "coast/o-1/tape", "CANCELLED_OTHERWISE");
    desk_expect_order(desk, "coast/o-1", "ORDER_FAILED");
    assert_int_equal(desk_item(desk, job->item)->cleanup,
                     KONTOR__V1__CLEANUP__CLEANUP_REQUIRED);
}

static void
test_a_dependant_waits_for_all_it_requires(void **state)
{
    struct desk *desk = *state;
    const char *session = desk_session(desk, desk->agent, 8, OFFER_OPEN, NULL);
    Kontor__V1__PlaceOrderRequest *order = desk_new(desk, "coast/o-1");
    Kontor__V1__NewItem *last = desk_add(desk, order, "last", OFFER_BASIC);
    desk_add(desk, order, "a", OFFER_OPEN);
    desk_add(desk, order, "b", OFFER_OPEN);
    desk_require(desk, last, "a");
    desk_require(desk, last, "b");
    desk_place(desk, order);
    for (int i = 0; i < 2; i++) {
        Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
        assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
        assert_int_equal(desk_complete(desk, job->item, job->fence, "b", NULL),
                         STATUS_OK);
        assert_null(desk_item(desk, "coast/o-1/last")->job->ready_at);
    }
    /* All is there but the approval. */
    desk_expect(desk, "coast/o-1/last", "AWAITING_APPROVAL");
    assert_int_equal(
        desk_decide(desk, desk->operator, "coast/o-1/last", true, "", NULL), STATUS_OK);
    assert_non_null(desk_item(desk, "coast/o-1/last")->job->ready_at);
}

/* ---- Completing ---- */

static void
test_k24_complete_again_is_a_replay_or_differs(void **state)
{
    struct desk *desk = *state;
    const char *session;
    struct error error;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_complete(desk, job->item, job->fence, "b-1", NULL),
                     STATUS_OK);
    int64_t before = shelf_applied(desk->h);
    assert_int_equal(desk_complete(desk, job->item, job->fence, "b-1", NULL),
                     STATUS_OK);
    assert_int_equal(desk_complete(desk, job->item, job->fence, "b-2", &error),
                     STATUS_ALREADY_EXISTS);
    desk_expect_reason(&error, REASON_COMPLETION_DIFFERS);
    assert_int_equal(desk_complete(desk, job->item, job->fence + 1, "b-2", &error),
                     STATUS_ABORTED);
    assert_int_equal(
        desk_fail(desk, job->item, job->fence, FAILURE(PERMANENT), NULL, &error),
        STATUS_FAILED_PRECONDITION);
    assert_int_equal(shelf_applied(desk->h), before);
    assert_string_equal(desk_item(desk, job->item)->delivery->backend_id, "b-1");
}

static void
test_endpoints_are_named_where_the_offer_asks(void **state)
{
    struct desk *desk = *state;
    struct error error;
    const char *session = desk_session(desk, desk->agent, 1, OFFER_ENDPOINT, NULL);
    Kontor__V1__CompleteRequest request = KONTOR__V1__COMPLETE_REQUEST__INIT;
    Kontor__V1__Delivery delivery = KONTOR__V1__DELIVERY__INIT;
    Kontor__V1__Endpoint endpoint = KONTOR__V1__ENDPOINT__INIT;
    char *endpoints[] = {"alpine/ghost"};
    desk_place_one(desk, "coast/o-1", OFFER_ENDPOINT);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_true(job->must_name_endpoints);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_complete(desk, job->item, job->fence, "b", &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "delivery.endpoints"));
    delivery.backend_id = "b";
    delivery.endpoints = endpoints;
    delivery.n_endpoints = 1;
    request.item = job->item;
    request.fence = job->fence;
    request.delivery = &delivery;
    assert_int_equal(
        desk_call(desk, desk->agent, DESK_AGENT("Complete"), &request, NULL, &error),
        STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "delivery.endpoints[0]"));
    harness_seed(desk->h, KIND_ENDPOINT, "alpine/nb1", &endpoint.base, "=r:alpine",
                 "~*", NULL);
    endpoints[0] = "alpine/nb1";
    assert_int_equal(
        desk_call(desk, desk->agent, DESK_AGENT("Complete"), &request, NULL, &error),
        STATUS_OK);
    desk_expect(desk, job->item, "COMPLETED");
}

/* ---- Reporting ---- */

static void
test_reports_are_milestones_or_notes(void **state)
{
    struct desk *desk = *state;
    const char *session;
    struct error error;
    Kontor__V1__ReportRequest request = KONTOR__V1__REPORT_REQUEST__INIT;
    Kontor__V1__ReportResponse *reply;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    int64_t revision = desk_item(desk, job->item)->revision;
    request.item = job->item;
    request.fence = job->fence;
    assert_int_equal(
        desk_call(desk, desk->agent, DESK_AGENT("Report"), &request, NULL, &error),
        STATUS_INVALID_ARGUMENT);
    request.note = "half way";
    request.progress = 50;
    assert_int_equal(
        desk_call(desk, desk->agent, DESK_AGENT("Report"), &request, &reply, NULL),
        STATUS_OK);
    assert_int_equal(reply->seq, shelf_applied(desk->h));
    assert_int_equal(desk_item(desk, job->item)->revision, revision);
    request.milestone = "disk made";
    assert_int_equal(
        desk_call(desk, desk->agent, DESK_AGENT("Report"), &request, NULL, &error),
        STATUS_INVALID_ARGUMENT);
    request.note = "";
    request.progress = 0;
    assert_int_equal(
        desk_call(desk, desk->agent, DESK_AGENT("Report"), &request, NULL, NULL),
        STATUS_OK);
    assert_int_equal(
        desk_call(desk, desk->agent, DESK_AGENT("Report"), &request, NULL, NULL),
        STATUS_OK);
    assert_int_equal(desk_item(desk, job->item)->n_milestones, 1);
    assert_string_equal(desk_item(desk, job->item)->milestones[0], "disk made");
    /* The fence lives through it. */
    assert_int_equal(desk_complete(desk, job->item, job->fence, "b", NULL), STATUS_OK);
}

static void
test_history_is_bounded_and_keeps_its_ends(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    for (int i = 0; i < 40; i++) {
        assert_int_equal(desk_release(desk, job->item, job->fence, NULL), STATUS_OK);
        job = desk_claim(desk, desk->agent, session);
    }
    const Kontor__V1__OrderItem *item = desk_item(desk, job->item);
    assert_int_equal(item->n_history, 64);
    assert_string_equal(item->history[0]->operation, "route");
    assert_string_equal(item->history[63]->operation, "Claim");
    assert_int_equal(item->job->attempt, 41);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_an_item_goes_from_order_to_delivery),
        TEST(test_begin_again_with_the_same_intent_is_fine),
        TEST(test_work_is_begun_under_the_claimed_name_only),
        TEST(test_k23_stale_fences_are_lost_leases_for_every_call),
        TEST(test_k29_an_agent_of_another_provider_finds_no_job),
        TEST(test_release_ends_at_the_dividing_line),
        TEST(test_failing_before_begin),
        TEST(test_retryable_after_begin_stays_with_the_session),
        TEST(test_unknown_after_begin_is_recovered),
        TEST(test_permanent_after_begin_fails_and_takes_dependants_along),
        TEST(test_a_dependant_waits_for_all_it_requires),
        TEST(test_k24_complete_again_is_a_replay_or_differs),
        TEST(test_endpoints_are_named_where_the_offer_asks),
        TEST(test_reports_are_milestones_or_notes),
        TEST(test_history_is_bounded_and_keeps_its_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
