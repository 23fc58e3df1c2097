/* Decisions of people: approve, reject, resume, override. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/reason.h"
#include "tests/server/desk.h"

#define OVERRIDE(name) KONTOR__V1__OVERRIDE_ITEM_REQUEST__OVERRIDE__##name
#define FAILURE(name) KONTOR__V1__FAIL_REQUEST__FAILURE__##name

static void
test_a_chain_is_approved_step_by_step(void **state)
{
    struct desk *desk = *state;
    struct error error;
    desk_place_one(desk, "coast/o-1", OFFER_CHAIN);
    static const struct {
        size_t who; /* Offset in struct desk. */
        const char *next;
        Kontor__V1__ApprovalStep step;
    } steps[] = {
        {offsetof(struct desk, approver), "AWAITING_APPROVAL",
         KONTOR__V1__APPROVAL_STEP__BROKER_STEP},
        {offsetof(struct desk, shifter), "AWAITING_APPROVAL",
         KONTOR__V1__APPROVAL_STEP__PROVIDER_STEP},
        {offsetof(struct desk, operator), "QUEUED", 0},
    };
    for (size_t i = 0; i < 3; i++) {
        /* Nobody else may take this step. */
        for (size_t k = 0; k < 3; k++) {
            const struct principal *other =
                *(const struct principal **)((char *)desk + steps[k].who);
            if (k != i) {
                assert_int_equal(
                    desk_decide(desk, other, "coast/o-1/vm", true, "", &error),
                    STATUS_PERMISSION_DENIED);
                desk_expect_reason(&error, REASON_ROLE_MISSING);
                assert_string_not_equal(harness_value(&error, "role"), "");
            }
        }
        const struct principal *who =
            *(const struct principal **)((char *)desk + steps[i].who);
        assert_int_equal(desk_decide(desk, who, "coast/o-1/vm", true, "fine", &error),
                         STATUS_OK);
        desk_expect(desk, "coast/o-1/vm", steps[i].next);
        assert_int_equal(desk_order(desk, "coast/o-1")->items[0]->step, steps[i].step);
        assert_string_equal(desk_item(desk, "coast/o-1/vm")->approvals[i]->decided_by,
                            who->id);
    }
    assert_int_equal(desk_item(desk, "coast/o-1/vm")->n_history, 4);
    assert_string_equal(desk_order(desk, "coast/o-1")->waiting_for, "");
}

static void
test_who_is_waited_for_follows_the_step(void **state)
{
    struct desk *desk = *state;
    desk_place_one(desk, "coast/o-1", OFFER_CHAIN);
    assert_string_equal(desk_order(desk, "coast/o-1")->waiting_for, "customer");
    assert_int_equal(desk_decide(desk, desk->approver, "coast/o-1/vm", true, "", NULL),
                     STATUS_OK);
    assert_string_equal(desk_order(desk, "coast/o-1")->waiting_for, "broker");
    assert_int_equal(desk_decide(desk, desk->shifter, "coast/o-1/vm", true, "", NULL),
                     STATUS_OK);
    assert_string_equal(desk_order(desk, "coast/o-1")->waiting_for, "alpine/hpc");
    assert_string_equal(desk_order(desk, "coast/o-1")->waiting_what, "approve vm");
}

static void
test_reject_needs_a_reason(void **state)
{
    struct desk *desk = *state;
    struct error error;
    desk_place_one(desk, "coast/o-1", OFFER_BASIC);
    assert_int_equal(
        desk_decide(desk, desk->operator, "coast/o-1/vm", false, "", &error),
        STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "reason"));
    assert_int_equal(
        desk_decide(desk, desk->operator, "coast/o-1/vm", false, "no room", &error),
        STATUS_OK);
    desk_expect(desk, "coast/o-1/vm", "REJECTED");
    desk_expect_order(desk, "coast/o-1", "ORDER_REJECTED");
    assert_string_equal(desk_item(desk, "coast/o-1/vm")->reason_text, "no room");
    assert_int_equal(
        desk_decide(desk, desk->operator, "coast/o-1/vm", true, "", &error),
        STATUS_FAILED_PRECONDITION);
    desk_expect_reason(&error, REASON_ILLEGAL_STATE);
    assert_string_equal(harness_value(&error, "from"), "REJECTED");
    assert_string_equal(harness_value(&error, "wanted"), "DecideItem approve");
    assert_string_equal(harness_value(&error, "allowed"), "");
}

static void
test_admins_reject_on_their_side_and_never_approve(void **state)
{
    struct desk *desk = *state;
    struct error error;
    desk_place_one(desk, "coast/o-1", OFFER_BASIC);
    assert_int_equal(desk_decide(desk, desk->admin, "coast/o-1/vm", true, "", &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(
        desk_decide(desk, desk->customer_admin, "coast/o-1/vm", false, "no", &error),
        STATUS_PERMISSION_DENIED);
    assert_int_equal(
        desk_decide(desk, desk->admin, "coast/o-1/vm", false, "no", &error), STATUS_OK);
    desk_place_one(desk, "coast/o-2", OFFER_CHAIN);
    assert_int_equal(
        desk_decide(desk, desk->admin, "coast/o-2/vm", false, "no", &error),
        STATUS_PERMISSION_DENIED);
    assert_int_equal(
        desk_decide(desk, desk->customer_admin, "coast/o-2/vm", false, "no", &error),
        STATUS_OK);
}

static void
test_agents_do_not_decide_approvals(void **state)
{
    struct desk *desk = *state;
    struct error error;
    desk_place_one(desk, "coast/o-1", OFFER_BASIC);
    assert_int_equal(desk_decide(desk, desk->agent, "coast/o-1/vm", true, "", &error),
                     STATUS_PERMISSION_DENIED);
    assert_string_equal(harness_value(&error, "role"), "operator (provider's side)");
}

static void
test_strangers_find_nothing_to_decide(void **state)
{
    struct desk *desk = *state;
    struct error error;
    desk_place_one(desk, "coast/o-1", OFFER_BASIC);
    const struct principal *const others[] = {desk->stranger, desk->tape_operator};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(desk_decide(desk, others[i], "coast/o-1/vm", true, "", &error),
                         STATUS_NOT_FOUND);
        assert_int_equal(desk_resume(desk, others[i], "coast/o-1/vm", &error),
                         STATUS_NOT_FOUND);
        assert_int_equal(
            desk_override(desk, others[i], "coast/o-1/vm", OVERRIDE(FAIL), "x", &error),
            STATUS_NOT_FOUND);
    }
    assert_int_equal(desk_cancel(desk, desk->stranger, "coast/o-1", NULL, NULL, &error),
                     STATUS_NOT_FOUND);
    assert_int_equal(
        desk_cancel(desk, desk->portal_p2, "coast/o-1", NULL, NULL, &error),
        STATUS_NOT_FOUND);
}

static void
test_k11_a_stale_expected_revision_is_told_the_current_one(void **state)
{
    struct desk *desk = *state;
    struct error error;
    Kontor__V1__DecideItemRequest request = KONTOR__V1__DECIDE_ITEM_REQUEST__INIT;
    int64_t revision = desk_place_one(desk, "coast/o-1", OFFER_BASIC)->order->revision;
    request.id = "coast/o-1/vm";
    request.decision = KONTOR__V1__DECIDE_ITEM_REQUEST__DECISION__APPROVE;
    request.expected_revision = revision - 1;
    assert_int_equal(desk_call(desk, desk->operator, DESK_ORDER("DecideItem"), &request,
                               NULL, &error),
                     STATUS_ABORTED);
    desk_expect_reason(&error, REASON_REVISION_MISMATCH);
    assert_string_equal(harness_value(&error, "current"),
                        arena_print(desk->h->arena, "%d", (int)revision));
    request.expected_revision = revision;
    assert_int_equal(desk_call(desk, desk->operator, DESK_ORDER("DecideItem"), &request,
                               NULL, &error),
                     STATUS_OK);
}

static void
test_validate_only_changes_nothing(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__DecideItemRequest request = KONTOR__V1__DECIDE_ITEM_REQUEST__INIT;
    Kontor__V1__CancelOrderRequest cancel = KONTOR__V1__CANCEL_ORDER_REQUEST__INIT;
    Kontor__V1__OrderItem *item;
    Kontor__V1__GetOrderResponse *order;
    desk_place_one(desk, "coast/o-1", OFFER_BASIC);
    request.id = "coast/o-1/vm";
    request.decision = KONTOR__V1__DECIDE_ITEM_REQUEST__DECISION__APPROVE;
    request.validate_only = true;
    assert_int_equal(desk_call(desk, desk->operator, DESK_ORDER("DecideItem"), &request,
                               &item, NULL),
                     STATUS_OK);
    assert_int_equal(item->state, KONTOR__V1__ITEM_STATE__QUEUED);
    cancel.id = "coast/o-1";
    cancel.validate_only = true;
    assert_int_equal(
        desk_call(desk, desk->portal, DESK_ORDER("CancelOrder"), &cancel, &order, NULL),
        STATUS_OK);
    assert_int_equal(order->order->state, KONTOR__V1__ORDER_STATE__ORDER_CANCELLED);
    desk_expect(desk, "coast/o-1/vm", "AWAITING_APPROVAL");
}

/* storage <- notebook <- report, and an item on its own. */
static void
place_chain(struct desk *desk)
{
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    desk_require(desk, desk_add(desk, request, "report", OFFER_OTHER), "notebook");
    desk_require(desk, desk_add(desk, request, "notebook", OFFER_BASIC), "storage");
    desk_add(desk, request, "storage", OFFER_BASIC);
    desk_add(desk, request, "alone", OFFER_OPEN);
    desk_place(desk, request);
}

/* Claims and begins coast/o-1/vm. */
static Kontor__V1__ClaimedJob *
begin_one(struct desk *desk, const char *order)
{
    const char *session = desk_session(desk, desk->agent, 8, OFFER_OPEN, NULL);
    desk_place_one(desk, order, OFFER_OPEN);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_non_null(job);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    return job;
}

/* Fails the job until a person has to look. */
static void
exhaust(struct desk *desk, const Kontor__V1__ClaimedJob *job)
{
    for (int i = 0; i < 5; i++) {
        desk_expect(desk, job->item, "IN_PROGRESS");
        assert_int_equal(
            desk_fail(desk, job->item, job->fence, FAILURE(RETRYABLE), NULL, NULL),
            STATUS_OK);
    }
    desk_expect(desk, job->item, "HELD_BEGUN");
}

static void
test_k27_a_held_item_is_resumed_with_its_intent(void **state)
{
    struct desk *desk = *state;
    struct error error;
    const char *session;
    Kontor__V1__ClaimedJob *job = begin_one(desk, "coast/o-1");
    exhaust(desk, job);
    desk_expect_order(desk, "coast/o-1", "ORDER_HELD");
    assert_string_equal(desk_order(desk, "coast/o-1")->waiting_for, "alpine/hpc");
    assert_int_equal(desk_resume(desk, desk->shifter, "coast/o-1/vm", &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(desk_resume(desk, desk->operator, "coast/o-1/vm", &error),
                     STATUS_OK);
    desk_expect(desk, "coast/o-1/vm", "IN_PROGRESS");
    harness_advance(desk->h, DESK_SETTLE_MS);
    session = desk_session(desk, desk->agent2, 1, OFFER_OPEN, NULL);
    Kontor__V1__ClaimedJob *again = desk_claim(desk, desk->agent2, session);
    assert_string_equal(again->prior_intent, job->intent);
    assert_true(again->fence > job->fence);
    assert_int_equal(again->attempt, 2);
    assert_int_equal(desk_resume(desk, desk->operator, "coast/o-1/vm", &error),
                     STATUS_FAILED_PRECONDITION);
    assert_string_equal(harness_value(&error, "from"), "IN_PROGRESS");
}

static void
test_overrides_need_a_reason_and_the_providers_admin(void **state)
{
    struct desk *desk = *state;
    struct error error;
    Kontor__V1__ClaimedJob *job = begin_one(desk, "coast/o-1");
    assert_int_equal(
        desk_override(desk, desk->admin, job->item, OVERRIDE(FAIL), "", &error),
        STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "reason"));
    assert_int_equal(desk_override(desk, desk->customer_admin, job->item,
                                   OVERRIDE(FAIL), "x", &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(
        desk_override(desk, desk->operator, job->item, OVERRIDE(FAIL), "x", &error),
        STATUS_PERMISSION_DENIED);
    assert_int_equal(
        desk_override(desk, desk->admin, job->item, OVERRIDE(REQUEUE), "x", &error),
        STATUS_FAILED_PRECONDITION);
    assert_int_equal(desk_override(desk, desk->admin, job->item,
                                   OVERRIDE(ABANDON_CLEANUP), "x", &error),
                     STATUS_FAILED_PRECONDITION);
    assert_int_equal(desk_override(desk, desk->admin, job->item, OVERRIDE(FAIL),
                                   "the rack burnt", &error),
                     STATUS_OK);
    desk_expect(desk, job->item, "FAILED");
    assert_int_equal(desk_item(desk, job->item)->cleanup,
                     KONTOR__V1__CLEANUP__CLEANUP_REQUIRED);
    assert_int_equal(desk_complete(desk, job->item, job->fence, "b", &error),
                     STATUS_ABORTED);
    assert_int_equal(desk_override(desk, desk->operator, job->item,
                                   OVERRIDE(ABANDON_CLEANUP), "x", &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(desk_override(desk, desk->admin, job->item,
                                   OVERRIDE(ABANDON_CLEANUP), "melted", &error),
                     STATUS_OK);
    const Kontor__V1__OrderItem *item = desk_item(desk, job->item);
    assert_int_equal(item->cleanup, KONTOR__V1__CLEANUP__CLEANUP_ABANDONED);
    assert_string_equal(item->history[item->n_history - 1]->reason, "melted");
    assert_int_equal(item->state, KONTOR__V1__ITEM_STATE__FAILED);
}

static void
test_admins_requeue_and_operators_fail_what_is_held(void **state)
{
    struct desk *desk = *state;
    struct error error;
    Kontor__V1__ClaimedJob *job = begin_one(desk, "coast/o-1");
    exhaust(desk, job);
    assert_int_equal(
        desk_override(desk, desk->operator, job->item, OVERRIDE(REQUEUE), "x", &error),
        STATUS_PERMISSION_DENIED);
    assert_int_equal(
        desk_override(desk, desk->admin, job->item, OVERRIDE(REQUEUE), "again", &error),
        STATUS_OK);
    desk_expect(desk, job->item, "IN_PROGRESS");
    assert_non_null(desk_item(desk, job->item)->job->ready_at);
    harness_advance(desk->h, DESK_SETTLE_MS);
    const char *session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    job = desk_claim(desk, desk->agent, session);
    exhaust(desk, job);
    assert_int_equal(desk_override(desk, desk->operator, job->item, OVERRIDE(FAIL),
                                   "hopeless", &error),
                     STATUS_OK);
    desk_expect(desk, job->item, "FAILED");
    desk_expect_order(desk, "coast/o-1", "ORDER_FAILED");
}

static void
test_a_requeue_of_what_is_queued_says_who_may_do_what(void **state)
{
    struct desk *desk = *state;
    struct error error;
    desk_place_one(desk, "coast/o-1", OFFER_OPEN);
    desk_expect(desk, "coast/o-1/vm", "QUEUED");
    assert_int_equal(desk_override(desk, desk->admin, "coast/o-1/vm", OVERRIDE(REQUEUE),
                                   "again", &error),
                     STATUS_FAILED_PRECONDITION);
    desk_expect_reason(&error, REASON_ILLEGAL_STATE);
    assert_string_equal(harness_value(&error, "from"), "QUEUED");
    assert_string_equal(harness_value(&error, "wanted"), "OverrideItem requeue");
    /* An admin waits for others here, and is told for whom. */
    assert_string_equal(harness_value(&error, "allowed"), "");
    static const char others[] =
        "Claim by agent (provider's side); HoldItem by shifter (provider's side), "
        "operator (provider's side); CancelOrder by portal (customer's side), shifter "
        "(customer's side)";
    assert_string_equal(harness_value(&error, "others"), others);
    assert_non_null(strstr(error.message, others));
    assert_null(strstr(error.message, "any more"));
    /* Giving up a cleanup that nobody asked for is refused in the same words. */
    assert_int_equal(desk_override(desk, desk->admin, "coast/o-1/vm",
                                   OVERRIDE(ABANDON_CLEANUP), "x", &error),
                     STATUS_FAILED_PRECONDITION);
    assert_string_equal(harness_value(&error, "others"), others);
    assert_null(strstr(error.message, "any more"));
}

static void
test_a_decision_repeated_by_its_request_id_is_answered_again(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__CancelOrderRequest request = KONTOR__V1__CANCEL_ORDER_REQUEST__INIT;
    Kontor__V1__GetOrderResponse *first, *again;
    char *items[] = {"alone"};
    place_chain(desk);
    request.id = "coast/o-1";
    request.items = items;
    request.n_items = 1;
    request.request_id = "7b1c1bd8-0f0e-4a52-8d5e-2d3b6f1f2a01";
    assert_int_equal(desk_call(desk, desk->portal, DESK_ORDER("CancelOrder"), &request,
                               &first, NULL),
                     STATUS_OK);
    assert_int_equal(
        desk_decide(desk, desk->operator, "coast/o-1/storage", true, "", NULL),
        STATUS_OK);
    int64_t before = shelf_applied(desk->h);
    assert_int_equal(desk_call(desk, desk->portal, DESK_ORDER("CancelOrder"), &request,
                               &again, NULL),
                     STATUS_OK);
    assert_int_equal(again->order->revision, first->order->revision);
    assert_int_equal(again->n_items, 4);
    assert_int_equal(shelf_applied(desk->h), before);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_chain_is_approved_step_by_step),
        TEST(test_who_is_waited_for_follows_the_step),
        TEST(test_reject_needs_a_reason),
        TEST(test_admins_reject_on_their_side_and_never_approve),
        TEST(test_agents_do_not_decide_approvals),
        TEST(test_strangers_find_nothing_to_decide),
        TEST(test_k11_a_stale_expected_revision_is_told_the_current_one),
        TEST(test_validate_only_changes_nothing),
        TEST(test_k27_a_held_item_is_resumed_with_its_intent),
        TEST(test_overrides_need_a_reason_and_the_providers_admin),
        TEST(test_admins_requeue_and_operators_fail_what_is_held),
        TEST(test_a_requeue_of_what_is_queued_says_who_may_do_what),
        TEST(test_a_decision_repeated_by_its_request_id_is_answered_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
