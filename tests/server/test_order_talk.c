/* Questions to the customer, holds, and approvals an agent evaluates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/reason.h"
#include "server/order/item_state.h"
#include "tests/server/desk.h"

#define KIND(name) KONTOR__V1__JOB_KIND__##name
#define FAILURE(name) KONTOR__V1__FAIL_REQUEST__FAILURE__##name

static const char item_id[] = "coast/o-1/vm";

/* ---- Questions ---- */

static void
test_a_question_before_approval_returns_there(void **state)
{
    struct desk *desk = *state;
    desk_place_one(desk, "coast/o-1", OFFER_BASIC);
    assert_int_equal(desk_ask(desk, desk->operator, item_id, "Which subnet?", NULL),
                     STATUS_OK);
    desk_expect(desk, item_id, "PENDING_INFO");
    desk_expect_order(desk, "coast/o-1", "ORDER_PENDING");
    const Kontor__V1__Order *order = desk_order(desk, "coast/o-1");
    assert_string_equal(order->waiting_for, "customer");
    assert_string_equal(order->waiting_what, "answer about vm");
    assert_int_equal(desk_answer(desk, desk->portal, item_id, "the blue one", NULL),
                     STATUS_OK);
    desk_expect(desk, item_id, "AWAITING_APPROVAL");
    const Kontor__V1__Question *question = desk_item(desk, item_id)->questions[0];
    assert_string_equal(question->text, "Which subnet?");
    assert_string_equal(question->asked_by, desk->operator->id);
    assert_string_equal(question->answer->text, "the blue one");
    assert_string_equal(question->answered_by, desk->portal->id);
    assert_int_equal(desk_decide(desk, desk->operator, item_id, true, "", NULL),
                     STATUS_OK);
    desk_expect(desk, item_id, "QUEUED");
}

static void
test_asked_while_assigned_it_is_queued_again(void **state)
{
    struct desk *desk = *state;
    const char *session;
    struct error error;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_ask_info(desk, job, "Which subnet?", NULL), STATUS_OK);
    desk_expect(desk, item_id, "PENDING_INFO");
    assert_int_equal(desk_begin(desk, job, &error), STATUS_ABORTED);
    desk_expect_reason(&error, REASON_LEASE_LOST);
    assert_int_equal(desk_answer(desk, desk->shifter, item_id, "blue", NULL),
                     STATUS_OK);
    desk_expect(desk, item_id, "QUEUED");
    Kontor__V1__ClaimedJob *again = desk_claim(desk, desk->agent, session);
    assert_int_equal(again->n_questions, 1);
    assert_string_equal(again->questions[0]->answer->text, "blue");
    assert_string_equal(again->prior_intent, "");
}

static void
test_asked_after_begin_it_goes_on_with_its_intent(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    /* The operator asks, while the agent works. */
    assert_int_equal(desk_ask(desk, desk->operator, item_id, "Which subnet?", NULL),
                     STATUS_OK);
    desk_expect(desk, item_id, "PENDING_INFO_BEGUN");
    assert_int_equal(desk_complete(desk, item_id, job->fence, "b-1", NULL),
                     STATUS_ABORTED);
    assert_int_equal(desk_answer(desk, desk->portal, item_id, "blue", NULL), STATUS_OK);
    desk_expect(desk, item_id, "IN_PROGRESS");
    harness_advance(desk->h, DESK_LEASE_MS + DESK_SETTLE_MS);
    session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    Kontor__V1__ClaimedJob *again = desk_claim(desk, desk->agent, session);
    assert_string_equal(again->prior_intent, job->intent);
}

static void
test_the_askers_side_takes_a_question_back(void **state)
{
    struct desk *desk = *state;
    struct error error;
    desk_place_one(desk, "coast/o-1", OFFER_BASIC);
    assert_int_equal(desk_ask(desk, desk->operator, item_id, "Which subnet?", NULL),
                     STATUS_OK);
    /* Neither does the other's part. */
    assert_int_equal(desk_answer(desk, desk->portal, item_id, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "is_withdrawn"));
    assert_int_equal(desk_answer(desk, desk->operator, item_id, "blue", &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "answer"));
    assert_int_equal(desk_answer(desk, desk->operator, item_id, NULL, NULL), STATUS_OK);
    desk_expect(desk, item_id, "AWAITING_APPROVAL");
    assert_null(desk_item(desk, item_id)->questions[0]->answer);
    assert_int_equal(desk_answer(desk, desk->portal, item_id, "blue", &error),
                     STATUS_FAILED_PRECONDITION);
}

static void
test_an_answer_is_judged_as_the_question_expects(void **state)
{
    struct desk *desk = *state;
    struct error error;
    Kontor__V1__AskCustomerRequest ask = KONTOR__V1__ASK_CUSTOMER_REQUEST__INIT;
    Kontor__V1__Parameter expects = KONTOR__V1__PARAMETER__INIT;
    Kontor__V1__ConstantParameter constant = KONTOR__V1__CONSTANT_PARAMETER__INIT;
    Kontor__V1__IntegerParameter integer = KONTOR__V1__INTEGER_PARAMETER__INIT;
    desk_place_one(desk, "coast/o-1", OFFER_BASIC);
    ask.id = (char *)item_id;
    ask.question = "How many?";
    ask.expects = &expects;
    expects.id = "n";
    expects.label = "Number";
    expects.type_case = KONTOR__V1__PARAMETER__TYPE_CONSTANT;
    expects.constant = &constant;
    constant.value = shelf_text(desk->h, "x");
    assert_int_equal(
        desk_call(desk, desk->operator, DESK_ORDER("AskCustomer"), &ask, NULL, &error),
        STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "expects.constant"));
    expects.type_case = KONTOR__V1__PARAMETER__TYPE_INTEGER;
    expects.integer = &integer;
    integer._maximum_case = KONTOR__V1__INTEGER_PARAMETER___MAXIMUM_MAXIMUM;
    integer.maximum = 8;
    assert_int_equal(
        desk_call(desk, desk->operator, DESK_ORDER("AskCustomer"), &ask, NULL, NULL),
        STATUS_OK);
    Kontor__V1__AnswerQuestionRequest answer =
        KONTOR__V1__ANSWER_QUESTION_REQUEST__INIT;
    Kontor__V1__Value value = KONTOR__V1__VALUE__INIT;
    answer.id = (char *)item_id;
    answer.answer = &value;
    value.kind_case = KONTOR__V1__VALUE__KIND_INTEGER;
    value.integer = 9;
    assert_int_equal(desk_call(desk, desk->portal, DESK_ORDER("AnswerQuestion"),
                               &answer, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "answer"));
    value.integer = 8;
    assert_int_equal(desk_call(desk, desk->portal, DESK_ORDER("AnswerQuestion"),
                               &answer, NULL, NULL),
                     STATUS_OK);
    desk_expect(desk, item_id, "AWAITING_APPROVAL");
}

static void
test_the_last_16_questions_are_kept(void **state)
{
    struct desk *desk = *state;
    desk_place_one(desk, "coast/o-1", OFFER_BASIC);
    for (int i = 0; i < 20; i++) {
        const char *text = arena_print(desk->h->arena, "question %d", i);
        assert_int_equal(desk_ask(desk, desk->operator, item_id, text, NULL),
                         STATUS_OK);
        assert_int_equal(desk_answer(desk, desk->portal, item_id, "yes", NULL),
                         STATUS_OK);
    }
    const Kontor__V1__OrderItem *item = desk_item(desk, item_id);
    assert_int_equal(item->n_questions, 16);
    assert_string_equal(item->questions[0]->text, "question 4");
    assert_string_equal(item->questions[15]->text, "question 19");
}

static void
test_who_may_ask_and_answer(void **state)
{
    struct desk *desk = *state;
    struct error error;
    desk_place_one(desk, "coast/o-1", OFFER_BASIC);
    assert_int_equal(desk_ask(desk, desk->shifter, item_id, "Why?", &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(desk_ask(desk, desk->tape_operator, item_id, "Why?", &error),
                     STATUS_NOT_FOUND);
    assert_int_equal(desk_ask(desk, desk->operator, item_id, "", &error),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(desk_ask(desk, desk->operator, item_id, "Why?", NULL), STATUS_OK);
    assert_int_equal(desk_answer(desk, desk->portal_p2, item_id, "so", &error),
                     STATUS_NOT_FOUND);
    assert_int_equal(desk_answer(desk, desk->portal, item_id, "", &error),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(desk_ask(desk, desk->operator, item_id, "Why?", &error),
                     STATUS_FAILED_PRECONDITION);
    desk_expect(desk, item_id, "PENDING_INFO");
}

/* ---- Holds ---- */

static void
test_what_waits_is_held_and_resumed_by_the_provider(void **state)
{
    struct desk *desk = *state;
    struct error error;
    desk_place_one(desk, "coast/o-1", OFFER_OPEN);
    assert_int_equal(desk_hold_item(desk, desk->portal, item_id, &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(desk_hold_item(desk, desk->operator, item_id, NULL), STATUS_OK);
    desk_expect(desk, item_id, "HELD");
    const Kontor__V1__OrderItem *item = desk_item(desk, item_id);
    assert_int_equal(item->reason, KONTOR__V1__ITEM_REASON__SHORTAGE);
    assert_string_equal(item->reason_text, "no racks left");
    const char *session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    assert_null(desk_claim(desk, desk->agent, session));
    assert_int_equal(desk_resume(desk, desk->operator, item_id, NULL), STATUS_OK);
    assert_non_null(desk_claim(desk, desk->agent, session));
}

static void
test_an_agent_holds_what_it_cannot_go_on_with(void **state)
{
    struct desk *desk = *state;
    const char *session;
    struct error error;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    Kontor__V1__HoldRequest bad = KONTOR__V1__HOLD_REQUEST__INIT;
    bad.item = job->item;
    bad.fence = job->fence;
    bad.reason = "x";
    bad.cause = KONTOR__V1__ITEM_REASON__BY_CUSTOMER;
    assert_int_equal(
        desk_call(desk, desk->agent, DESK_AGENT("Hold"), &bad, NULL, &error),
        STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "cause"));
    assert_int_equal(desk_hold(desk, job, NULL), STATUS_OK);
    desk_expect(desk, item_id, "HELD");
    assert_int_equal(desk_begin(desk, job, &error), STATUS_ABORTED);
    assert_int_equal(desk_hold(desk, job, &error), STATUS_ABORTED);
    assert_int_equal(desk_resume(desk, desk->operator, item_id, NULL), STATUS_OK);
    job = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_hold(desk, job, NULL), STATUS_OK);
    desk_expect(desk, item_id, "HELD_BEGUN");
}

static void
test_an_item_is_held_for_each_cause_of_the_contract(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *order = desk_new(desk, "coast/o-1");
    desk_add(desk, order, "vm", OFFER_OPEN);
    desk_place(desk, order);
    Kontor__V1__HoldItemRequest hold = KONTOR__V1__HOLD_ITEM_REQUEST__INIT;
    hold.id = (char *)item_id;
    hold.reason = "x";
    size_t n_causes = 0;
    for (unsigned i = 1; i < kontor__v1__item_reason__descriptor.n_values; i++) {
        int cause = kontor__v1__item_reason__descriptor.values[i].value;
        hold.cause = (Kontor__V1__ItemReason)cause;
        bool is_cause = cause == KONTOR__V1__ITEM_REASON__SHORTAGE ||
                        cause == KONTOR__V1__ITEM_REASON__MAINTENANCE ||
                        cause == KONTOR__V1__ITEM_REASON__SUSPENDED_OFFER ||
                        cause == KONTOR__V1__ITEM_REASON__NEEDS_OPERATOR;
        assert_int_equal(
            desk_call(desk, desk->operator, DESK_ORDER("HoldItem"), &hold, NULL, NULL),
            is_cause ? STATUS_OK : STATUS_INVALID_ARGUMENT);
        if (is_cause) {
            assert_int_equal(desk_item(desk, item_id)->reason, cause);
            assert_int_equal(desk_resume(desk, desk->operator, item_id, NULL),
                             STATUS_OK);
            n_causes++;
        }
    }
    assert_int_equal(n_causes, 4);
}

static void
test_a_held_item_can_still_be_rejected_or_cancelled(void **state)
{
    struct desk *desk = *state;
    desk_place_one(desk, "coast/o-1", OFFER_OPEN);
    assert_int_equal(desk_hold_item(desk, desk->operator, item_id, NULL), STATUS_OK);
    assert_int_equal(desk_decide(desk, desk->operator, item_id, false, "no", NULL),
                     STATUS_OK);
    desk_expect(desk, item_id, "REJECTED");
    desk_place_one(desk, "coast/o-2", OFFER_OPEN);
    assert_int_equal(desk_hold_item(desk, desk->operator, "coast/o-2/vm", NULL),
                     STATUS_OK);
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-2", NULL, NULL, NULL),
                     STATUS_OK);
    desk_expect(desk, "coast/o-2/vm", "CANCELLED");
}

/* ---- Evaluating ---- */

static Kontor__V1__ClaimedJob *
claim_evaluation(struct desk *desk, const char **session)
{
    *session = desk_session(desk, desk->agent, 4, OFFER_EVALUATED, NULL);
    desk_place_one(desk, "coast/o-1", OFFER_EVALUATED);
    desk_expect(desk, item_id, "AWAITING_APPROVAL");
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, *session);
    assert_int_equal(job->kind, KIND(EVALUATE));
    return job;
}

static void
test_an_agent_approves_by_the_job_it_holds(void **state)
{
    struct desk *desk = *state;
    const char *session;
    struct error error;
    Kontor__V1__ClaimedJob *job = claim_evaluation(desk, &session);
    assert_int_equal(desk_decide(desk, desk->agent, item_id, true, "", &error),
                     STATUS_ABORTED);
    assert_int_equal(desk_begin(desk, job, &error), STATUS_FAILED_PRECONDITION);
    assert_int_equal(desk_decide_held(desk, job, true, NULL), STATUS_OK);
    desk_expect(desk, item_id, "QUEUED");
    assert_string_equal(desk_item(desk, item_id)->approvals[0]->decided_by,
                        desk->agent->id);
    job = desk_claim(desk, desk->agent, session);
    assert_int_equal(job->kind, KIND(PROVISION));
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
}

static void
test_an_agent_rejects_or_asks_by_the_job_it_holds(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimedJob *job = claim_evaluation(desk, &session);
    assert_int_equal(desk_ask_info(desk, job, "Who pays?", NULL), STATUS_OK);
    desk_expect(desk, item_id, "PENDING_INFO");
    assert_int_equal(desk_answer(desk, desk->portal, item_id, "we do", NULL),
                     STATUS_OK);
    desk_expect(desk, item_id, "AWAITING_APPROVAL");
    Kontor__V1__ClaimedJob *again = desk_claim(desk, desk->agent, session);
    assert_int_equal(again->kind, KIND(EVALUATE));
    assert_int_equal(desk_decide_held(desk, job, false, NULL), STATUS_ABORTED);
    assert_int_equal(desk_decide_held(desk, again, false, NULL), STATUS_OK);
    desk_expect(desk, item_id, "REJECTED");
}

static void
test_the_operator_may_decide_before_the_agent(void **state)
{
    struct desk *desk = *state;
    const char *session;
    struct error error;
    Kontor__V1__ClaimedJob *job = claim_evaluation(desk, &session);
    assert_int_equal(desk_decide(desk, desk->operator, item_id, true, "", NULL),
                     STATUS_OK);
    desk_expect(desk, item_id, "QUEUED");
    assert_int_equal(desk_decide_held(desk, job, false, &error), STATUS_ABORTED);
    desk_expect_reason(&error, REASON_LEASE_LOST);
    job = desk_claim(desk, desk->agent, session);
    assert_int_equal(job->kind, KIND(PROVISION));
}

static void
test_an_evaluation_that_fails_is_the_operators(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimedJob *job = claim_evaluation(desk, &session);
    const Kontor__V1__FailRequest__Failure again[] = {FAILURE(RETRYABLE),
                                                      FAILURE(UNKNOWN)};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(desk_fail(desk, item_id, job->fence, again[i], NULL, NULL),
                         STATUS_OK);
        assert_null(desk_claim(desk, desk->agent, session));
        harness_advance(desk->h, 20000);
        job = desk_claim(desk, desk->agent, session);
    }
    assert_int_equal(desk_release(desk, item_id, job->fence, NULL), STATUS_OK);
    assert_null(desk_claim(desk, desk->agent, session));
    harness_advance(desk->h, 30000);
    job = desk_claim(desk, desk->agent, session);
    assert_int_equal(
        desk_fail(desk, item_id, job->fence, FAILURE(PERMANENT), NULL, NULL),
        STATUS_OK);
    harness_advance(desk->h, 600000);
    session = desk_session(desk, desk->agent, 4, OFFER_EVALUATED, NULL);
    assert_null(desk_claim(desk, desk->agent, session));
    desk_expect(desk, item_id, "AWAITING_APPROVAL");
    assert_int_equal(desk_decide(desk, desk->operator, item_id, true, "", NULL),
                     STATUS_OK);
}

/* A session that names kinds gets no others, and those are left to who takes them. */
static void
test_a_session_gets_the_kinds_it_takes(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__RegisterAgentRequest request = KONTOR__V1__REGISTER_AGENT_REQUEST__INIT;
    Kontor__V1__Session *session;
    struct error error;
    char *offers[] = {OFFER_EVALUATED};
    Kontor__V1__JobKind kinds[] = {KIND(PROVISION), KIND(PROVISION)};
    request.offers = offers;
    request.n_offers = 1;
    request.kinds = kinds;
    request.n_kinds = 2;
    assert_int_equal(desk_call(desk, desk->agent, DESK_AGENT("RegisterAgent"), &request,
                               NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    request.n_kinds = 1;
    assert_int_equal(desk_call(desk, desk->agent, DESK_AGENT("RegisterAgent"), &request,
                               &session, NULL),
                     STATUS_OK);
    desk_place_one(desk, "coast/o-1", OFFER_EVALUATED);
    assert_null(desk_claim(desk, desk->agent, session->id));
    const char *other = desk_session(desk, desk->agent2, 1, OFFER_EVALUATED, NULL);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent2, other);
    assert_int_equal(job->kind, KIND(EVALUATE));
    assert_int_equal(desk_decide(desk, desk->operator, item_id, true, "", NULL),
                     STATUS_OK);
    job = desk_claim(desk, desk->agent, session->id);
    assert_int_equal(job->kind, KIND(PROVISION));
}

static Kontor__V1__Session *
session_for(struct desk *desk, const struct principal *agent, Kontor__V1__JobKind kind)
{
    Kontor__V1__RegisterAgentRequest request = KONTOR__V1__REGISTER_AGENT_REQUEST__INIT;
    Kontor__V1__Session *session;
    char *offers[] = {OFFER_EVALUATED};
    request.offers = offers;
    request.n_offers = 1;
    request.kinds = &kind;
    request.n_kinds = 1;
    assert_int_equal(
        desk_call(desk, agent, DESK_AGENT("RegisterAgent"), &request, &session, NULL),
        STATUS_OK);
    return session;
}

/* Whoever waits longest is woken first, and must not keep what it leaves to others. */
static void
test_a_job_wakes_who_takes_its_kind(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__ClaimRequest requests[2];
    struct harness_call *calls[2];
    Kontor__V1__ClaimResponse *reply;
    const struct principal *const agents[] = {desk->agent, desk->agent2};
    const Kontor__V1__JobKind kinds[] = {KIND(PROVISION), KIND(EVALUATE)};
    for (size_t i = 0; i < 2; i++) {
        kontor__v1__claim_request__init(&requests[i]);
        requests[i].session = session_for(desk, agents[i], kinds[i])->id;
        requests[i].wait_seconds = 50;
        calls[i] = harness_start(desk->h, agents[i], DESK_AGENT("Claim"), &requests[i]);
        harness_wait_parked(desk->h, i + 1);
    }
    desk_place_one(desk, "coast/o-1", OFFER_EVALUATED);
    assert_int_equal(harness_wait(desk->h, calls[1], (void **)&reply, NULL), STATUS_OK);
    assert_int_equal(reply->n_jobs, 1);
    assert_int_equal(reply->jobs[0]->kind, KIND(EVALUATE));
    harness_advance(desk->h, 51000);
    assert_int_equal(harness_wait(desk->h, calls[0], (void **)&reply, NULL), STATUS_OK);
    assert_int_equal(reply->n_jobs, 0);
}

static void
test_k26_an_evaluation_that_kills_agents_is_the_operators(void **state)
{
    struct desk *desk = *state;
    const char *session;
    claim_evaluation(desk, &session);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(desk_pass(desk, DESK_LEASE_MS), 1);
        session = desk_session(desk, desk->agent, 4, OFFER_EVALUATED, NULL);
        Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
        assert_int_equal(job != NULL, i < 2);
    }
    desk_expect(desk, item_id, "AWAITING_APPROVAL");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_question_before_approval_returns_there),
        TEST(test_asked_while_assigned_it_is_queued_again),
        TEST(test_asked_after_begin_it_goes_on_with_its_intent),
        TEST(test_the_askers_side_takes_a_question_back),
        TEST(test_an_answer_is_judged_as_the_question_expects),
        TEST(test_the_last_16_questions_are_kept),
        TEST(test_who_may_ask_and_answer),
        TEST(test_what_waits_is_held_and_resumed_by_the_provider),
        TEST(test_an_agent_holds_what_it_cannot_go_on_with),
        TEST(test_an_item_is_held_for_each_cause_of_the_contract),
        TEST(test_a_held_item_can_still_be_rejected_or_cancelled),
        TEST(test_an_agent_approves_by_the_job_it_holds),
        TEST(test_an_agent_rejects_or_asks_by_the_job_it_holds),
        TEST(test_the_operator_may_decide_before_the_agent),
        TEST(test_an_evaluation_that_fails_is_the_operators),
        TEST(test_a_session_gets_the_kinds_it_takes),
        TEST(test_a_job_wakes_who_takes_its_kind),
        TEST(test_k26_an_evaluation_that_kills_agents_is_the_operators),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
