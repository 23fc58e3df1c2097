/* Cancelling orders and items, and what goes with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/reason.h"
#include "tests/server/desk.h"

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

static void
test_what_requires_a_rejected_item_is_cancelled_with_it(void **state)
{
    struct desk *desk = *state;
    place_chain(desk);
    assert_int_equal(
        desk_decide(desk, desk->operator, "coast/o-1/storage", false, "full", NULL),
        STATUS_OK);
    desk_expect(desk, "coast/o-1/storage", "REJECTED");
    desk_expect(desk, "coast/o-1/notebook", "CANCELLED_OTHERWISE");
    desk_expect(desk, "coast/o-1/report", "CANCELLED_OTHERWISE");
    desk_expect(desk, "coast/o-1/alone", "QUEUED");
    const Kontor__V1__OrderItem *report = desk_item(desk, "coast/o-1/report");
    assert_int_equal(report->reason, KONTOR__V1__ITEM_REASON__BY_DEPENDENCY);
    assert_int_equal(report->revision, desk_item(desk, "coast/o-1/storage")->revision);
    assert_int_equal(report->revision, desk_order(desk, "coast/o-1")->revision);
}

static void
test_what_requires_a_cancelled_item_inherits_the_customer(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__GetOrderResponse *reply;
    place_chain(desk);
    assert_int_equal(
        desk_cancel(desk, desk->portal, "coast/o-1", "storage", &reply, NULL),
        STATUS_OK);
    assert_int_equal(reply->n_items, 4);
    desk_expect(desk, "coast/o-1/storage", "CANCELLED");
    desk_expect(desk, "coast/o-1/notebook", "CANCELLED");
    desk_expect(desk, "coast/o-1/report", "CANCELLED");
    desk_expect(desk, "coast/o-1/alone", "QUEUED");
    assert_int_equal(desk_item(desk, "coast/o-1/report")->reason,
                     KONTOR__V1__ITEM_REASON__BY_CUSTOMER);
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-1", "alone", NULL, NULL),
                     STATUS_OK);
    desk_expect_order(desk, "coast/o-1", "ORDER_CANCELLED");
}

static void
test_cancelling_a_cancelled_order_is_fine(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__GetOrderResponse *reply;
    place_chain(desk);
    assert_int_equal(desk_cancel(desk, desk->shifter, "coast/o-1", NULL, &reply, NULL),
                     STATUS_OK);
    assert_int_equal(reply->order->state, KONTOR__V1__ORDER_STATE__ORDER_CANCELLED);
    int64_t before = shelf_applied(desk->h);
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-1", NULL, &reply, NULL),
                     STATUS_OK);
    assert_int_equal(reply->n_items, 4);
    assert_int_equal(shelf_applied(desk->h), before);
}

static void
test_cancel_names_unknown_items_and_is_the_customers(void **state)
{
    struct desk *desk = *state;
    struct error error;
    place_chain(desk);
    assert_int_equal(
        desk_cancel(desk, desk->portal, "coast/o-1", "ghost", NULL, &error),
        STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "items[0]"));
    /* The provider's side has the role, on the wrong side. */
    const struct principal *provider =
        harness_principal(desk->h, "alpine/web", ROLE_BIT(PORTAL), "r:alpine", NULL);
    assert_int_equal(desk_cancel(desk, provider, "coast/o-1", NULL, NULL, &error),
                     STATUS_PERMISSION_DENIED);
    desk_expect_reason(&error, REASON_NOT_OWNER);
}

static void
test_one_item_is_cancelled_and_what_is_delivered_stays(void **state)
{
    struct desk *desk = *state;
    struct error error;
    const char *session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    desk_add(desk, request, "vm", OFFER_OPEN);
    desk_add(desk, request, "tape", OFFER_OTHER);
    desk_place(desk, request);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-1", "tape", NULL, &error),
                     STATUS_OK);
    desk_expect(desk, "coast/o-1/vm", "IN_PROGRESS");
    desk_expect(desk, "coast/o-1/tape", "CANCELLED");
    /* What is delivered stays. */
    assert_int_equal(desk_complete(desk, "coast/o-1/vm", job->fence, "b-1", NULL),
                     STATUS_OK);
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-1", NULL, NULL, &error),
                     STATUS_FAILED_PRECONDITION);
    desk_expect(desk, "coast/o-1/vm", "COMPLETED");
    desk_expect_order(desk, "coast/o-1", "ORDER_COMPLETED");
}

static void
test_what_ended_otherwise_is_not_cancelled(void **state)
{
    struct desk *desk = *state;
    struct error error;
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    desk_add(desk, request, "vm", OFFER_BASIC);
    desk_add(desk, request, "tape", OFFER_OTHER);
    desk_place(desk, request);
    assert_int_equal(
        desk_decide(desk, desk->operator, "coast/o-1/vm", false, "full", NULL),
        STATUS_OK);
    /* Asked for alone it is refused; beside an open item it stays as it is. */
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-1", "vm", NULL, &error),
                     STATUS_FAILED_PRECONDITION);
    desk_expect_reason(&error, REASON_ILLEGAL_STATE);
    assert_string_equal(error.id, "coast/o-1/vm");
    assert_string_equal(harness_value(&error, "from"), "REJECTED");
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-1", NULL, NULL, NULL),
                     STATUS_OK);
    desk_expect(desk, "coast/o-1/vm", "REJECTED");
    desk_expect(desk, "coast/o-1/tape", "CANCELLED");
    /* Cancelled again: fine for what is cancelled, not for the whole. */
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-1", "tape", NULL, NULL),
                     STATUS_OK);
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-1", NULL, NULL, &error),
                     STATUS_FAILED_PRECONDITION);
    assert_string_equal(error.id, "coast/o-1/vm");
}

static void
test_cancel_before_begin_takes_the_fence(void **state)
{
    struct desk *desk = *state;
    struct error error;
    const char *session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    desk_place_one(desk, "coast/o-1", OFFER_OPEN);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-1", NULL, NULL, NULL),
                     STATUS_OK);
    assert_int_equal(desk_begin(desk, job, &error), STATUS_ABORTED);
    desk_expect_reason(&error, REASON_LEASE_LOST);
    assert_int_equal(desk_complete(desk, "coast/o-1/vm", job->fence, "b-1", &error),
                     STATUS_ABORTED);
    Kontor__V1__RenewResponse *renewed;
    assert_int_equal(desk_renew(desk, desk->agent, session, &renewed, NULL), STATUS_OK);
    assert_int_equal(renewed->n_jobs, 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_what_requires_a_rejected_item_is_cancelled_with_it),
        TEST(test_what_requires_a_cancelled_item_inherits_the_customer),
        TEST(test_cancelling_a_cancelled_order_is_fine),
        TEST(test_cancel_names_unknown_items_and_is_the_customers),
        TEST(test_one_item_is_cancelled_and_what_is_delivered_stays),
        TEST(test_what_ended_otherwise_is_not_cancelled),
        TEST(test_cancel_before_begin_takes_the_fence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
