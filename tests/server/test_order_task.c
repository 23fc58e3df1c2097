/* Cancelling what has begun: asked, declined, accepted and undone; and cleaning up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/reason.h"
#include "server/order/item_state.h"
#include "tests/server/desk.h"

#define FAILURE(name) KONTOR__V1__FAIL_REQUEST__FAILURE__##name
#define CANCEL(name) KONTOR__V1__CANCEL_STATE__CANCEL_##name
#define CLEANUP(name) KONTOR__V1__CLEANUP__CLEANUP_##name
#define KIND(name) KONTOR__V1__JOB_KIND__##name

static const char order_id[] = "coast/o-1";
static const char item_id[] = "coast/o-1/vm";

struct begun {
    const char *session;
    Kontor__V1__ClaimedJob *job;
};

static struct begun
begin(struct desk *desk)
{
    struct begun begun;
    begun.job = desk_claim_one(desk, order_id, &begun.session);
    assert_int_equal(desk_begin(desk, begun.job, NULL), STATUS_OK);
    return begun;
}

static struct begun
begin_and_cancel(struct desk *desk)
{
    struct begun begun = begin(desk);
    assert_int_equal(desk_cancel(desk, desk->portal, order_id, NULL, NULL, NULL),
                     STATUS_OK);
    desk_expect(desk, item_id, "ASSESSING_CANCELLATION");
    return begun;
}

static Kontor__V1__HeldJob *
only_held(struct desk *desk, const char *session)
{
    Kontor__V1__RenewResponse *reply;
    assert_int_equal(desk_renew(desk, desk->agent, session, &reply, NULL), STATUS_OK);
    assert_true(reply->n_jobs <= 1);
    return reply->n_jobs == 0 ? NULL : reply->jobs[0];
}

static void
expect_tasks(struct desk *desk, Kontor__V1__CancelState state)
{
    assert_int_equal(desk_item(desk, item_id)->cancel->state, state);
    assert_int_equal(desk_order(desk, order_id)->cancel->state, state);
}

/* ---- Asking ---- */

static void
test_the_holder_hears_of_a_cancel_under_its_fence(void **state)
{
    struct desk *desk = *state;
    struct begun begun = begin_and_cancel(desk);
    Kontor__V1__HeldJob *held = only_held(desk, begun.session);
    assert_int_equal(held->kind, KIND(ASSESS_CANCEL));
    assert_int_equal(held->fence, begun.job->fence);
    assert_string_equal(held->cancel_reason, "changed our mind");
    const Kontor__V1__Order *order = desk_order(desk, order_id);
    desk_expect_order(desk, order_id, "ORDER_ASSESSING_CANCELLATION");
    assert_string_equal(order->waiting_for, "alpine/hpc");
    assert_string_equal(order->waiting_what, "decide on cancelling vm");
    expect_tasks(desk, CANCEL(ASSESSING));
    assert_string_equal(order->cancel->requested_by, desk->portal->id);
    assert_string_equal(desk_item(desk, item_id)->cancel->reason, "changed our mind");
}

static void
test_nobody_holding_it_the_question_is_claimed(void **state)
{
    struct desk *desk = *state;
    struct begun begun = begin(desk);
    assert_int_equal(desk_hold(desk, begun.job, NULL), STATUS_OK);
    assert_int_equal(desk_cancel(desk, desk->portal, order_id, NULL, NULL, NULL),
                     STATUS_OK);
    harness_advance(desk->h, DESK_SETTLE_MS);
    const char *session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(job->kind, KIND(ASSESS_CANCEL));
    assert_string_equal(job->prior_intent, begun.job->intent);
    assert_string_equal(job->cancel_reason, "changed our mind");
}

/* Who only answers questions is not left with the work: others would wait for ever for
 * what nobody does. */
static void
test_who_only_assesses_does_not_keep_the_work(void **state)
{
    struct desk *desk = *state;
    for (int i = 0; i < 2; i++) {
        const char *order = i == 0 ? "coast/o-1" : "coast/o-2";
        const char *worker;
        Kontor__V1__ClaimedJob *job = desk_claim_one(desk, order, &worker);
        assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
        assert_true(desk_pass(desk, DESK_LEASE_MS) > 0);
        assert_int_equal(desk_cancel(desk, desk->portal, order, NULL, NULL, NULL),
                         STATUS_OK);
        harness_advance(desk->h, DESK_SETTLE_MS);
        Kontor__V1__RegisterAgentRequest request =
            KONTOR__V1__REGISTER_AGENT_REQUEST__INIT;
        Kontor__V1__JobKind kinds[] = {KIND(ASSESS_CANCEL)};
        char *offers[] = {OFFER_OPEN};
        Kontor__V1__Session *session;
        request.kinds = kinds;
        request.n_kinds = 1;
        request.offers = offers;
        request.n_offers = 1;
        request.lease_seconds = 86400;
        assert_int_equal(desk_call(desk, desk->agent2, DESK_AGENT("RegisterAgent"),
                                   &request, &session, NULL),
                         STATUS_OK);
        Kontor__V1__ClaimRequest claim = KONTOR__V1__CLAIM_REQUEST__INIT;
        Kontor__V1__ClaimResponse *reply;
        claim.session = session->id;
        assert_int_equal(
            desk_call(desk, desk->agent2, DESK_AGENT("Claim"), &claim, &reply, NULL),
            STATUS_OK);
        assert_int_equal(reply->n_jobs, 1);
        const char *item = arena_print(desk->h->arena, "%s/vm", order);
        assert_int_equal(desk_decide_cancel(desk, desk->agent2, item, i == 1,
                                            reply->jobs[0]->fence, NULL),
                         STATUS_OK);
        harness_advance(desk->h, DESK_SETTLE_MS);
        worker = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
        job = desk_claim(desk, desk->agent, worker);
        assert_non_null(job);
        assert_string_equal(job->item, item);
        assert_int_equal(job->kind, i == 0 ? KIND(PROVISION) : KIND(ROLLBACK));
        bool is_new = job->kind == KIND(PROVISION);
        assert_int_equal(is_new ? desk_complete(desk, item, job->fence, "b-1", NULL)
                                : desk_complete_bare(desk, item, job->fence, NULL),
                         STATUS_OK);
    }
}

static void
test_k36_cancelling_twice_is_fine(void **state)
{
    struct desk *desk = *state;
    begin_and_cancel(desk);
    int64_t before = shelf_applied(desk->h);
    assert_int_equal(desk_cancel(desk, desk->portal, order_id, NULL, NULL, NULL),
                     STATUS_OK);
    assert_int_equal(desk_cancel(desk, desk->shifter, order_id, "vm", NULL, NULL),
                     STATUS_OK);
    assert_int_equal(shelf_applied(desk->h), before);
}

static void
test_k31_past_the_milestone_there_is_no_way_back(void **state)
{
    struct desk *desk = *state;
    struct error error;
    const char *session = desk_session(desk, desk->agent, 1, OFFER_RETURN, NULL);
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, order_id);
    desk_add(desk, request, "vm", OFFER_RETURN);
    desk_add(desk, request, "tape", OFFER_OTHER);
    desk_place(desk, request);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_report(desk, job, "packed"), STATUS_OK);
    assert_int_equal(desk_report(desk, job, "shipped"), STATUS_OK);
    int64_t before = shelf_applied(desk->h);
    assert_int_equal(desk_cancel(desk, desk->portal, order_id, NULL, NULL, &error),
                     STATUS_FAILED_PRECONDITION);
    desk_expect_reason(&error, REASON_PAST_NO_RETURN);
    assert_string_equal(harness_value(&error, "item"), item_id);
    assert_non_null(strstr(error.message, "shipped"));
    assert_int_equal(shelf_applied(desk->h), before);
    desk_expect(desk, "coast/o-1/tape", "QUEUED");
    assert_int_equal(desk_cancel(desk, desk->portal, order_id, "tape", NULL, NULL),
                     STATUS_OK);
}

/* ---- Deciding ---- */

static void
test_k32_a_declined_cancel_goes_back_to_where_it_came_from(void **state)
{
    struct desk *desk = *state;
    struct begun begun = begin_and_cancel(desk);
    assert_int_equal(
        desk_decide_cancel(desk, desk->agent, item_id, false, begun.job->fence, NULL),
        STATUS_OK);
    desk_expect(desk, item_id, "IN_PROGRESS");
    expect_tasks(desk, CANCEL(DECLINED));
    assert_string_equal(desk_item(desk, item_id)->cancel->decision, "as we see it");
    desk_expect_order(desk, order_id, "ORDER_IN_PROGRESS");
    Kontor__V1__HeldJob *held = only_held(desk, begun.session);
    assert_int_equal(held->kind, KIND(PROVISION));
    assert_string_equal(held->cancel_reason, "");
    /* The holder goes on under the fence it had. */
    assert_int_equal(desk_complete(desk, item_id, begun.job->fence, "b-1", NULL),
                     STATUS_OK);
    desk_expect_order(desk, order_id, "ORDER_COMPLETED");
}

static void
test_k32_declined_while_held_or_asked_it_stays_so(void **state)
{
    struct desk *desk = *state;
    struct error error;
    struct begun begun = begin(desk);
    assert_int_equal(desk_ask_info(desk, begun.job, "Which subnet?", NULL), STATUS_OK);
    assert_int_equal(desk_cancel(desk, desk->portal, order_id, NULL, NULL, NULL),
                     STATUS_OK);
    assert_int_equal(desk_decide_cancel(desk, desk->operator, item_id, false, 0, NULL),
                     STATUS_OK);
    desk_expect(desk, item_id, "PENDING_INFO_BEGUN");
    assert_int_equal(desk_answer(desk, desk->portal, item_id, "blue", NULL), STATUS_OK);
    desk_expect(desk, item_id, "IN_PROGRESS");
    assert_int_equal(desk_hold_item(desk, desk->operator, item_id, NULL), STATUS_OK);
    assert_int_equal(desk_cancel(desk, desk->portal, order_id, NULL, NULL, NULL),
                     STATUS_OK);
    assert_int_equal(desk_decide_cancel(desk, desk->operator, item_id, false, 0, NULL),
                     STATUS_OK);
    desk_expect(desk, item_id, "HELD_BEGUN");
    assert_int_equal(desk_complete(desk, item_id, begun.job->fence, "b-1", &error),
                     STATUS_ABORTED);
}

static void
test_k33_an_accepted_cancel_is_undone_by_the_agent(void **state)
{
    struct desk *desk = *state;
    struct error error;
    struct begun begun = begin_and_cancel(desk);
    int64_t fence = begun.job->fence;
    assert_int_equal(desk_decide_cancel(desk, desk->agent, item_id, true, fence, NULL),
                     STATUS_OK);
    desk_expect(desk, item_id, "CANCELLING");
    desk_expect_order(desk, order_id, "ORDER_PENDING_CANCELLATION");
    assert_int_equal(only_held(desk, begun.session)->kind, KIND(ROLLBACK));
    /* Whoever delivers now has not understood. */
    assert_int_equal(desk_complete(desk, item_id, fence, "b-1", &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "delivery"));
    assert_int_equal(desk_complete_bare(desk, item_id, fence, NULL), STATUS_OK);
    desk_expect(desk, item_id, "CANCELLED_BEGUN");
    desk_expect_order(desk, order_id, "ORDER_CANCELLED");
    expect_tasks(desk, CANCEL(DONE));
    assert_int_equal(desk_item(desk, item_id)->cleanup, 0);
    /* Said again. */
    assert_int_equal(desk_complete_bare(desk, item_id, fence, NULL), STATUS_OK);
    assert_int_equal(desk_complete(desk, item_id, fence, "b-1", &error),
                     STATUS_ALREADY_EXISTS);
}

static void
test_k33_accepted_by_a_person_the_holder_is_stopped_first(void **state)
{
    struct desk *desk = *state;
    struct error error;
    struct begun begun = begin_and_cancel(desk);
    assert_int_equal(desk_decide_cancel(desk, desk->operator, item_id, true, 0, NULL),
                     STATUS_OK);
    assert_null(only_held(desk, begun.session));
    /* It is still making: what it says of that must not pass for the undoing. */
    assert_int_equal(desk_complete(desk, item_id, begun.job->fence, "b-1", &error),
                     STATUS_ABORTED);
    desk_expect_reason(&error, REASON_LEASE_LOST);
    assert_null(desk_claim(desk, desk->agent, begun.session));
    harness_advance(desk->h, DESK_LEASE_MS + DESK_SETTLE_MS);
    const char *session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(job->kind, KIND(ROLLBACK));
    assert_true(job->fence > begun.job->fence);
    assert_string_equal(job->prior_intent, begun.job->intent);
    assert_int_equal(desk_complete_bare(desk, item_id, job->fence, NULL), STATUS_OK);
    desk_expect(desk, item_id, "CANCELLED_BEGUN");
}

static void
test_k34_what_is_finished_while_assessed_is_finished(void **state)
{
    struct desk *desk = *state;
    struct error error;
    struct begun begun = begin_and_cancel(desk);
    assert_int_equal(desk_complete(desk, item_id, begun.job->fence, "b-1", NULL),
                     STATUS_OK);
    desk_expect(desk, item_id, "COMPLETED");
    expect_tasks(desk, CANCEL(DECLINED));
    assert_int_equal(desk_decide_cancel(desk, desk->operator, item_id, true, 0, &error),
                     STATUS_FAILED_PRECONDITION);
}

static void
test_k34_what_fails_while_assessed_has_failed(void **state)
{
    struct desk *desk = *state;
    struct begun begun = begin_and_cancel(desk);
    assert_int_equal(
        desk_fail(desk, item_id, begun.job->fence, FAILURE(PERMANENT), NULL, NULL),
        STATUS_OK);
    desk_expect(desk, item_id, "FAILED");
    assert_int_equal(desk_item(desk, item_id)->cleanup, CLEANUP(REQUIRED));
}

static void
test_who_decides_on_a_cancel(void **state)
{
    struct desk *desk = *state;
    struct error error;
    struct begun begun = begin_and_cancel(desk);
    int64_t fence = begun.job->fence;
    static const char missing[] = "reason";
    Kontor__V1__DecideCancelRequest bare = KONTOR__V1__DECIDE_CANCEL_REQUEST__INIT;
    bare.id = (char *)item_id;
    bare.decision = KONTOR__V1__DECIDE_CANCEL_REQUEST__DECISION__DECLINE;
    assert_int_equal(desk_call(desk, desk->operator, DESK_ORDER("DecideCancel"), &bare,
                               NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, missing));
    /* An agent without the job, and one with another's. */
    assert_int_equal(desk_decide_cancel(desk, desk->agent2, item_id, true, 0, &error),
                     STATUS_ABORTED);
    assert_int_equal(
        desk_decide_cancel(desk, desk->agent, item_id, true, fence - 1, &error),
        STATUS_ABORTED);
    assert_int_equal(desk_decide_cancel(desk, desk->portal, item_id, true, 0, &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(
        desk_decide_cancel(desk, desk->stranger, item_id, true, fence, &error),
        STATUS_NOT_FOUND);
    desk_expect(desk, item_id, "ASSESSING_CANCELLATION");
}

/* A fence is no secret: whoever reads the item sees it. It proves something of agents
 * only, and an agent without it is none, whatever else it is. */
static void
test_a_fence_makes_no_person_the_holder(void **state)
{
    struct desk *desk = *state;
    struct error error;
    struct begun begun = begin_and_cancel(desk);
    int64_t fence = begun.job->fence;
    const struct principal *both =
        harness_principal(desk->h, "alpine/both", ROLE_BIT(AGENT) | ROLE_BIT(APPROVER),
                          "p:alpine/hpc", NULL);
    assert_int_equal(desk_decide_cancel(desk, both, item_id, true, 0, &error),
                     STATUS_ABORTED);
    assert_int_equal(desk_decide_cancel(desk, desk->operator, item_id, true, 1, &error),
                     STATUS_ABORTED);
    desk_expect(desk, item_id, "ASSESSING_CANCELLATION");
    assert_int_equal(
        desk_decide_cancel(desk, desk->operator, item_id, true, fence, NULL),
        STATUS_OK);
    desk_expect(desk, item_id, "CANCELLING");
    assert_null(only_held(desk, begun.session));
    assert_int_equal(desk_complete_bare(desk, item_id, fence, &error), STATUS_ABORTED);
    desk_expect(desk, item_id, "CANCELLING");
}

/* ---- Undoing ---- */

static void
test_k35_a_failed_rollback_is_cancelled_and_cleaned_up(void **state)
{
    struct desk *desk = *state;
    struct begun begun = begin_and_cancel(desk);
    int64_t fence = begun.job->fence;
    assert_int_equal(desk_decide_cancel(desk, desk->agent, item_id, true, fence, NULL),
                     STATUS_OK);
    assert_int_equal(desk_fail(desk, item_id, fence, FAILURE(PERMANENT), NULL, NULL),
                     STATUS_OK);
    desk_expect(desk, item_id, "CANCELLED_BEGUN");
    assert_int_equal(desk_item(desk, item_id)->cleanup, CLEANUP(REQUIRED));
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, begun.session);
    assert_int_equal(job->kind, KIND(CLEANUP));
    assert_int_equal(desk_complete_bare(desk, item_id, job->fence, NULL), STATUS_OK);
    assert_int_equal(desk_item(desk, item_id)->cleanup, CLEANUP(DONE));
    desk_expect(desk, item_id, "CANCELLED_BEGUN");
}

static void
test_k35_a_rollback_tried_too_often_is_left_to_the_cleanup(void **state)
{
    struct desk *desk = *state;
    struct begun begun = begin_and_cancel(desk);
    int64_t fence = begun.job->fence;
    assert_int_equal(desk_decide_cancel(desk, desk->agent, item_id, true, fence, NULL),
                     STATUS_OK);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(
            desk_fail(desk, item_id, fence, FAILURE(RETRYABLE), NULL, NULL), STATUS_OK);
        desk_expect(desk, item_id, "CANCELLING");
    }
    assert_int_equal(desk_fail(desk, item_id, fence, FAILURE(RETRYABLE), NULL, NULL),
                     STATUS_OK);
    desk_expect(desk, item_id, "CANCELLED_BEGUN");
    assert_int_equal(desk_item(desk, item_id)->cleanup, CLEANUP(REQUIRED));
}

static void
test_k37_one_item_cancelled_the_other_delivered_is_complete(void **state)
{
    struct desk *desk = *state;
    const char *session = desk_session(desk, desk->agent, 2, OFFER_OPEN, NULL);
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, order_id);
    desk_add(desk, request, "vm", OFFER_OPEN);
    desk_add(desk, request, "disk", OFFER_OPEN);
    desk_place(desk, request);
    Kontor__V1__ClaimedJob *first = desk_claim(desk, desk->agent, session);
    Kontor__V1__ClaimedJob *second = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_begin(desk, first, NULL), STATUS_OK);
    assert_int_equal(desk_begin(desk, second, NULL), STATUS_OK);
    assert_int_equal(desk_cancel(desk, desk->portal, order_id,
                                 strrchr(first->item, '/') + 1, NULL, NULL),
                     STATUS_OK);
    /* Not a cancel of the whole: the order goes on. */
    desk_expect_order(desk, order_id, "ORDER_IN_PROGRESS");
    assert_int_equal(
        desk_decide_cancel(desk, desk->agent, first->item, true, first->fence, NULL),
        STATUS_OK);
    assert_int_equal(desk_complete_bare(desk, first->item, first->fence, NULL),
                     STATUS_OK);
    assert_int_equal(desk_complete(desk, second->item, second->fence, "b-2", NULL),
                     STATUS_OK);
    desk_expect_order(desk, order_id, "ORDER_COMPLETED");
}

/* ---- Cleaning up ---- */

/* Fails it for good; answers the session of an agent that may clean up. */
static const char *
fail_for_good(struct desk *desk)
{
    struct begun begun = begin(desk);
    assert_int_equal(
        desk_fail(desk, item_id, begun.job->fence, FAILURE(PERMANENT), NULL, NULL),
        STATUS_OK);
    desk_expect(desk, item_id, "FAILED");
    return begun.session;
}

static void
test_k40_cleaning_up_goes_on_until_it_is_done(void **state)
{
    static const Kontor__V1__FailRequest__Failure failures[] = {
        FAILURE(RETRYABLE), FAILURE(UNKNOWN), FAILURE(PERMANENT)};
    struct desk *desk = *state;
    fail_for_good(desk);
    int32_t attempt = 1;
    for (int i = 0; i < 12; i++) {
        const char *session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
        Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
        assert_int_equal(job->kind, KIND(CLEANUP));
        assert_int_equal(job->attempt, ++attempt);
        assert_int_equal(desk_item(desk, item_id)->cleanup, CLEANUP(RUNNING));
        assert_int_equal(
            desk_fail(desk, item_id, job->fence, failures[i % 3], NULL, NULL),
            STATUS_OK);
        assert_int_equal(desk_item(desk, item_id)->cleanup, CLEANUP(REQUIRED));
        assert_null(desk_claim(desk, desk->agent, session));
        desk_pass(desk, 400000);
    }
    const char *session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_complete_bare(desk, item_id, job->fence, NULL), STATUS_OK);
    assert_int_equal(desk_item(desk, item_id)->cleanup, CLEANUP(DONE));
    assert_int_equal(desk_complete_bare(desk, item_id, job->fence, NULL), STATUS_OK);
    desk_pass(desk, 400000);
    session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    assert_null(desk_claim(desk, desk->agent, session));
    desk_expect(desk, item_id, "FAILED");
}

static void
test_k43_a_lost_cleanup_is_claimed_again(void **state)
{
    struct desk *desk = *state;
    const char *session = fail_for_good(desk);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_pass(desk, DESK_LEASE_MS), 1);
    assert_int_equal(desk_item(desk, item_id)->cleanup, CLEANUP(REQUIRED));
    harness_advance(desk->h, DESK_SETTLE_MS);
    session = desk_session(desk, desk->agent2, 1, OFFER_OPEN, NULL);
    Kontor__V1__ClaimedJob *again = desk_claim(desk, desk->agent2, session);
    assert_int_equal(again->kind, KIND(CLEANUP));
    assert_true(again->fence > job->fence);
    assert_int_equal(desk_complete_bare(desk, item_id, job->fence, NULL),
                     STATUS_ABORTED);
}

static void
test_a_late_word_of_who_failed_is_no_word_on_the_cleanup(void **state)
{
    struct desk *desk = *state;
    struct error error;
    struct begun begun = begin(desk);
    int64_t fence = begun.job->fence;
    assert_int_equal(desk_fail(desk, item_id, fence, FAILURE(PERMANENT), NULL, NULL),
                     STATUS_OK);
    assert_int_equal(desk_complete_bare(desk, item_id, fence, &error), STATUS_ABORTED);
    desk_expect_reason(&error, REASON_LEASE_LOST);
    assert_int_equal(desk_item(desk, item_id)->cleanup, CLEANUP(REQUIRED));
}

static void
test_an_abandoned_cleanup_is_taken_from_its_holder(void **state)
{
    struct desk *desk = *state;
    const char *session = fail_for_good(desk);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(
        desk_override(desk, desk->admin, item_id,
                      KONTOR__V1__OVERRIDE_ITEM_REQUEST__OVERRIDE__ABANDON_CLEANUP,
                      "the rack is gone", NULL),
        STATUS_OK);
    assert_int_equal(desk_complete_bare(desk, item_id, job->fence, NULL),
                     STATUS_ABORTED);
    assert_int_equal(desk_item(desk, item_id)->cleanup, CLEANUP(ABANDONED));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_the_holder_hears_of_a_cancel_under_its_fence),
        TEST(test_nobody_holding_it_the_question_is_claimed),
        TEST(test_who_only_assesses_does_not_keep_the_work),
        TEST(test_k36_cancelling_twice_is_fine),
        TEST(test_k31_past_the_milestone_there_is_no_way_back),
        TEST(test_k32_a_declined_cancel_goes_back_to_where_it_came_from),
        TEST(test_k32_declined_while_held_or_asked_it_stays_so),
        TEST(test_k33_an_accepted_cancel_is_undone_by_the_agent),
        TEST(test_k33_accepted_by_a_person_the_holder_is_stopped_first),
        TEST(test_k34_what_is_finished_while_assessed_is_finished),
        TEST(test_k34_what_fails_while_assessed_has_failed),
        TEST(test_who_decides_on_a_cancel),
        TEST(test_a_fence_makes_no_person_the_holder),
        TEST(test_k35_a_failed_rollback_is_cancelled_and_cleaned_up),
        TEST(test_k35_a_rollback_tried_too_often_is_left_to_the_cleanup),
        TEST(test_k37_one_item_cancelled_the_other_delivered_is_complete),
        TEST(test_k40_cleaning_up_goes_on_until_it_is_done),
        TEST(test_k43_a_lost_cleanup_is_claimed_again),
        TEST(test_a_late_word_of_who_failed_is_no_word_on_the_cleanup),
        TEST(test_an_abandoned_cleanup_is_taken_from_its_holder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
