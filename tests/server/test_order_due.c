/* Deadlines, reminders and jeopardy: each happens once, whatever happens to the broker
 * or to its clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/moment.h"
#include "proto/reason.h"
#include "server/clock.h"
#include "server/order/calendar.h"
#include "server/order/item_state.h"
#include "tests/server/hours.h"

#define R(name) KONTOR__V1__ITEM_REASON__##name

static const char item_id[] = HOURS_ITEM;

/* ---- States that end ---- */

static void
test_k70_an_approval_nobody_decides_is_rejected_once(void **state)
{
    struct desk *desk = *state;
    desk_place_one(desk, "coast/o-1", OFFER_BASIC);
    int64_t until_ms = calendar_end_ms(NULL, hours_now(desk), 5);
    assert_int_equal(moment_ms(desk_order(desk, "coast/o-1")->next_due, 0), until_ms);
    assert_int_equal(hours_pass(desk, hours_working_days(desk, 4) - 1), 0);
    assert_int_equal(desk_due(desk, 1), 1);
    assert_int_equal(hours_n_moves(desk, "deadline"), 1);
    desk_expect(desk, item_id, "AWAITING_APPROVAL");
    assert_int_equal(hours_pass(desk, until_ms - hours_now(desk) - 1), 0);
    desk_expect(desk, item_id, "AWAITING_APPROVAL");
    assert_int_equal(desk_due(desk, 1), 1);
    hours_expect_end(desk, "REJECTED", R(EXPIRED));
    assert_int_equal(hours_n_moves(desk, "deadline"), 2);
}

static void
test_k70_each_step_of_a_chain_has_its_own_time(void **state)
{
    struct desk *desk = *state;
    desk_place_one(desk, "coast/o-1", OFFER_CHAIN);
    hours_pass(desk, hours_working_days(desk, 4));
    assert_int_equal(desk_decide(desk, desk->approver, item_id, true, "", NULL),
                     STATUS_OK);
    int64_t until_ms = calendar_end_ms(NULL, hours_now(desk), 5);
    assert_int_equal(moment_ms(desk_order(desk, "coast/o-1")->next_due, 0), until_ms);
    hours_pass(desk, until_ms - hours_now(desk) - 1);
    desk_expect(desk, item_id, "AWAITING_APPROVAL");
    desk_due(desk, 1);
    hours_expect_end(desk, "REJECTED", R(EXPIRED));
}

static void
test_k70_a_question_is_reminded_of_and_ends_it(void **state)
{
    struct desk *desk = *state;
    desk_place_one(desk, "coast/o-1", OFFER_BASIC);
    assert_int_equal(desk_ask(desk, desk->operator, item_id, "Which?", NULL),
                     STATUS_OK);
    assert_int_equal(hours_pass(desk, 3 * (int64_t)DAY), 1);
    assert_int_equal(hours_pass(desk, 4 * (int64_t)DAY), 1);
    assert_int_equal(hours_pass(desk, 7 * (int64_t)DAY - 1), 0);
    desk_expect(desk, item_id, "PENDING_INFO");
    assert_int_equal(desk_due(desk, 1), 1);
    hours_expect_end(desk, "REJECTED", R(NO_ANSWER));
}

static void
test_k70_a_question_after_begin_fails_it(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_ask_info(desk, job, "Which?", NULL), STATUS_OK);
    assert_int_equal(hours_pass(desk, 14 * (int64_t)DAY), 3);
    desk_expect(desk, item_id, "FAILED");
    assert_int_equal(desk_item(desk, item_id)->reason, R(NO_ANSWER));
    assert_int_equal(desk_item(desk, item_id)->cleanup,
                     KONTOR__V1__CLEANUP__CLEANUP_REQUIRED);
}

static void
test_k70_what_is_held_too_long_ends(void **state)
{
    struct desk *desk = *state;
    const char *session;
    desk_place_one(desk, "coast/o-1", OFFER_OPEN);
    assert_int_equal(desk_hold_item(desk, desk->operator, item_id, NULL), STATUS_OK);
    assert_int_equal(hours_pass(desk, 30 * (int64_t)DAY - 1), 0);
    assert_int_equal(desk_due(desk, 1), 1);
    hours_expect_end(desk, "REJECTED", R(HELD_TOO_LONG));
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-2", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_hold(desk, job, NULL), STATUS_OK);
    assert_int_equal(hours_pass(desk, 30 * (int64_t)DAY), 1);
    desk_expect(desk, "coast/o-2/vm", "FAILED");
}

static void
test_k70_a_cancel_nobody_decides_is_declined(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-1", NULL, NULL, NULL),
                     STATUS_OK);
    assert_int_equal(hours_pass(desk, hours_working_days(desk, 2) - 1), 0);
    desk_expect(desk, item_id, "ASSESSING_CANCELLATION");
    assert_int_equal(desk_due(desk, 1), 1);
    desk_expect(desk, item_id, "IN_PROGRESS");
    assert_int_equal(desk_item(desk, item_id)->cancel->state,
                     KONTOR__V1__CANCEL_STATE__CANCEL_DECLINED);
    /* The holder went on meanwhile, under its fence. */
    assert_int_equal(desk_complete(desk, item_id, job->fence, "b", NULL), STATUS_OK);
}

static void
test_k70_or_granted_where_the_offer_says_so(void **state)
{
    struct desk *desk = *state;
    const char *session = desk_session(desk, desk->agent, 1, OFFER_HURRY, NULL);
    desk_place_one(desk, "coast/o-1", OFFER_HURRY);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-1", NULL, NULL, NULL),
                     STATUS_OK);
    assert_int_equal(hours_pass(desk, hours_working_days(desk, 1)), 1);
    desk_expect(desk, item_id, "CANCELLING");
    /* Undoing has an end as well; what is left is cleaned up. */
    assert_int_equal(hours_pass(desk, DAY), 1);
    desk_expect(desk, item_id, "CANCELLED_BEGUN");
    assert_int_equal(desk_item(desk, item_id)->cleanup,
                     KONTOR__V1__CLEANUP__CLEANUP_REQUIRED);
}

static void
test_k70_work_ends_at_the_offers_limit(void **state)
{
    struct desk *desk = *state;
    struct error error;
    const char *session = desk_session(desk, desk->agent, 1, OFFER_HURRY, NULL);
    desk_place_one(desk, "coast/o-1", OFFER_HURRY);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(hours_pass(desk, 6 * HOUR - 1), 0);
    assert_int_equal(desk_due(desk, 1), 1);
    desk_expect(desk, item_id, "FAILED");
    assert_int_equal(desk_item(desk, item_id)->reason, R(TOOK_TOO_LONG));
    assert_int_equal(desk_complete(desk, item_id, job->fence, "b", &error),
                     STATUS_ABORTED);
}

/* ---- Waiting to be taken ---- */

static void
test_k72_what_nobody_takes_is_in_jeopardy_until_it_moves(void **state)
{
    struct desk *desk = *state;
    desk_place_one(desk, "coast/o-1", OFFER_OPEN);
    assert_int_equal(hours_pass(desk, hours_working_days(desk, 1) - 1), 0);
    assert_null(desk_item(desk, item_id)->jeopardy);
    assert_int_equal(desk_due(desk, 1), 1);
    const Kontor__V1__Order *order = desk_order(desk, "coast/o-1");
    assert_int_equal(order->jeopardy, KONTOR__V1__JEOPARDY_LEVEL__HAZARD);
    assert_int_equal(order->attention, KONTOR__V1__ATTENTION__BROKER);
    assert_string_equal(order->waiting_what, "look into vm");
    assert_int_equal(hours_pass(desk, 60 * (int64_t)DAY), 0);
    const char *session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    assert_non_null(desk_claim(desk, desk->agent, session));
    order = desk_order(desk, "coast/o-1");
    assert_int_equal(order->jeopardy, 0);
    assert_string_equal(order->waiting_for, "");
    assert_null(desk_item(desk, item_id)->jeopardy);
}

static void
test_k72_a_date_that_passed_is_jeopardy_until_there_is_another(void **state)
{
    struct desk *desk = *state;
    struct error error;
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    Kontor__V1__ReportRequest report = KONTOR__V1__REPORT_REQUEST__INIT;
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    report.item = job->item;
    report.fence = job->fence;
    report.expected_at = moment_new(desk->h->arena, hours_now(desk) + 2 * HOUR);
    assert_int_equal(
        desk_call(desk, desk->agent, DESK_AGENT("Report"), &report, NULL, NULL),
        STATUS_OK);
    assert_int_equal(moment_ms(desk_order(desk, "coast/o-1")->next_due, 0),
                     hours_now(desk) + 2 * HOUR);
    assert_int_equal(hours_pass(desk, 2 * HOUR), 1);
    assert_int_equal(desk_order(desk, "coast/o-1")->jeopardy,
                     KONTOR__V1__JEOPARDY_LEVEL__HAZARD);
    /* Another date needs a reason. */
    report.expected_at = moment_new(desk->h->arena, hours_now(desk) + 3 * HOUR);
    assert_int_equal(
        desk_call(desk, desk->agent, DESK_AGENT("Report"), &report, NULL, &error),
        STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "reason"));
    report.reason = "the disk is slow";
    assert_int_equal(
        desk_call(desk, desk->agent, DESK_AGENT("Report"), &report, NULL, NULL),
        STATUS_OK);
    assert_int_equal(desk_order(desk, "coast/o-1")->jeopardy, 0);
    const Kontor__V1__OrderItem *item = desk_item(desk, item_id);
    assert_string_equal(item->history[item->n_history - 1]->reason, "the disk is slow");
    assert_int_equal(hours_pass(desk, 3 * HOUR), 1);
    assert_non_null(desk_item(desk, item_id)->jeopardy);
    assert_int_equal(desk_complete(desk, item_id, job->fence, "b", NULL), STATUS_OK);
    assert_int_equal(desk_order(desk, "coast/o-1")->jeopardy, 0);
}

/* Work of which nobody says when it will be done is looked after in the end. */
static void
test_k72_work_without_a_date_is_jeopardy_after_five_working_days(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    int64_t end_ms = hours_now(desk) + hours_working_days(desk, 5);
    assert_int_equal(moment_ms(desk_order(desk, "coast/o-1")->next_due, 0), end_ms);
    assert_int_equal(hours_pass(desk, hours_working_days(desk, 5)), 1);
    assert_int_equal(desk_order(desk, "coast/o-1")->jeopardy,
                     KONTOR__V1__JEOPARDY_LEVEL__HAZARD);
    desk_expect(desk, item_id, "IN_PROGRESS");
}

/* Held and resumed, work does not get its hours anew. */
static void
test_hours_of_work_go_on_behind_a_hold(void **state)
{
    struct desk *desk = *state;
    const char *session = desk_session(desk, desk->agent, 1, OFFER_HURRY, NULL);
    desk_place_one(desk, "coast/o-1", OFFER_HURRY);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    hours_pass(desk, 4 * HOUR);
    assert_int_equal(desk_hold_item(desk, desk->operator, item_id, NULL), STATUS_OK);
    hours_pass(desk, 20 * HOUR);
    assert_int_equal(desk_resume(desk, desk->operator, item_id, NULL), STATUS_OK);
    assert_int_equal(desk_item(desk, item_id)->worked_ms, 4 * HOUR);
    hours_pass(desk, 2 * HOUR - 1);
    desk_expect(desk, item_id, "IN_PROGRESS");
    hours_pass(desk, 1);
    desk_expect(desk, item_id, "FAILED");
    assert_int_equal(desk_item(desk, item_id)->reason, R(TOOK_TOO_LONG));
}

/* A clock that was set ahead and back has made nobody work for ten days. */
static void
test_hours_of_work_are_not_counted_over_a_set_clock(void **state)
{
    struct desk *desk = *state;
    const char *session = desk_session(desk, desk->agent, 1, OFFER_HURRY, NULL);
    desk_place_one(desk, "coast/o-1", OFFER_HURRY);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    clock_set_wall(&desk->h->clock, hours_now(desk) + 10 * (int64_t)DAY);
    desk_due(desk, 0);
    harness_advance(desk->h, 5000);
    assert_int_equal(desk_ask_info(desk, job, "which?", NULL), STATUS_OK);
    assert_true(desk_item(desk, item_id)->worked_ms <= 5000);
    clock_set_wall(&desk->h->clock, hours_now(desk) - 10 * (int64_t)DAY);
    desk_due(desk, 0);
    hours_pass(desk, 20 * MINUTE);
    assert_int_equal(desk_answer(desk, desk->portal, item_id, "blue", NULL), STATUS_OK);
    hours_pass(desk, HOUR);
    desk_expect(desk, item_id, "IN_PROGRESS");
}

static void
test_k71_a_reason_alone_and_a_date_with_a_note_are_refused(void **state)
{
    struct desk *desk = *state;
    struct error error;
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    Kontor__V1__ReportRequest report = KONTOR__V1__REPORT_REQUEST__INIT;
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    report.item = job->item;
    report.fence = job->fence;
    report.milestone = "disk made";
    report.reason = "so";
    assert_int_equal(
        desk_call(desk, desk->agent, DESK_AGENT("Report"), &report, NULL, &error),
        STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "reason"));
}

static void
test_a_start_date_is_waited_for(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    desk_add(desk, request, "vm", OFFER_OPEN)->start_at =
        moment_new(desk->h->arena, hours_now(desk) + 20 * (int64_t)DAY);
    desk_place(desk, request);
    assert_int_equal(desk_item(desk, item_id)->reason, R(WAITS_FOR_START));
    const char *session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    assert_null(desk_claim(desk, desk->agent, session));
    assert_int_equal(hours_pass(desk, 20 * (int64_t)DAY - 1), 0);
    session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    assert_null(desk_claim(desk, desk->agent, session));
    assert_int_equal(desk_due(desk, 1), 1);
    assert_int_equal(desk_item(desk, item_id)->reason, R(WAITS_FOR_DISPATCH));
    /* Only from then on it is late. */
    assert_null(desk_item(desk, item_id)->jeopardy);
    session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    assert_non_null(desk_claim(desk, desk->agent, session));
}

static void
test_a_start_date_and_a_requirement_are_waited_for_side_by_side(void **state)
{
    struct desk *desk = *state;
    for (int round = 0; round < 2; round++) {
        const char *session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
        const char *id = arena_print(desk->h->arena, "coast/o-%d", round + 5);
        const char *late = arena_print(desk->h->arena, "%s/late", id);
        Kontor__V1__PlaceOrderRequest *request = desk_new(desk, id);
        Kontor__V1__NewItem *item = desk_add(desk, request, "late", OFFER_OPEN);
        item->start_at = moment_new(desk->h->arena, hours_now(desk) + HOUR);
        desk_require(desk, item, "first");
        desk_add(desk, request, "first", OFFER_OPEN);
        desk_place(desk, request);
        Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
        assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
        if (round == 0) {
            assert_int_equal(desk_complete(desk, job->item, job->fence, "b", NULL),
                             STATUS_OK);
            assert_int_equal(desk_item(desk, late)->reason, R(WAITS_FOR_START));
            desk_due(desk, HOUR);
        } else {
            desk_due(desk, HOUR);
            assert_int_equal(desk_item(desk, late)->reason, R(WAITS_FOR_DEPENDENCY));
            assert_int_equal(desk_complete(desk, job->item, job->fence, "b", NULL),
                             STATUS_OK);
        }
        assert_int_equal(desk_item(desk, late)->reason, R(WAITS_FOR_DISPATCH));
        session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
        Kontor__V1__ClaimedJob *then = desk_claim(desk, desk->agent, session);
        assert_string_equal(then->item, late);
        assert_int_equal(desk_begin(desk, then, NULL), STATUS_OK);
        assert_int_equal(desk_complete(desk, late, then->fence, "b", NULL), STATUS_OK);
    }
}

static enum status
reschedule(struct desk *desk, const struct principal *who, int64_t start_ms,
           struct error *error)
{
    Kontor__V1__RescheduleItemRequest request =
        KONTOR__V1__RESCHEDULE_ITEM_REQUEST__INIT;
    request.id = (char *)item_id;
    request.start_at = start_ms == 0 ? NULL : moment_new(desk->h->arena, start_ms);
    request.reason = "the room is not ready";
    return desk_call(desk, who, DESK_ORDER("RescheduleItem"), &request, NULL, error);
}

static void
test_a_start_is_moved_while_nothing_is_done(void **state)
{
    struct desk *desk = *state;
    struct error error;
    desk_place_one(desk, "coast/o-1", OFFER_OPEN);
    assert_int_equal(reschedule(desk, desk->operator, 0, &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(reschedule(desk, desk->portal, hours_now(desk) + HOUR, NULL),
                     STATUS_OK);
    assert_int_equal(desk_item(desk, item_id)->reason, R(WAITS_FOR_START));
    const char *session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    assert_null(desk_claim(desk, desk->agent, session));
    assert_int_equal(reschedule(desk, desk->shifter, 0, NULL), STATUS_OK);
    assert_int_equal(desk_item(desk, item_id)->reason, R(WAITS_FOR_DISPATCH));
    assert_int_equal(reschedule(desk, desk->portal, hours_now(desk) + HOUR, NULL),
                     STATUS_OK);
    assert_int_equal(desk_due(desk, HOUR), 1);
    session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    assert_non_null(desk_claim(desk, desk->agent, session));
    assert_int_equal(reschedule(desk, desk->portal, 0, &error),
                     STATUS_FAILED_PRECONDITION);
    assert_int_equal(hours_n_moves(desk, "RescheduleItem"), 3);
}

static void
test_a_window_closes_on_what_waits_and_not_on_what_is_begun(void **state)
{
    struct desk *desk = *state;
    struct error error;
    const char *session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    request->not_after = moment_new(desk->h->arena, hours_now(desk) + 2 * HOUR);
    desk_add(desk, request, "vm", OFFER_OPEN);
    desk_add(desk, request, "waits", OFFER_BASIC);
    desk_add(desk, request, "queued", OFFER_OTHER);
    request->items[2]->start_at = request->not_after;
    assert_int_equal(
        desk_call(desk, desk->portal, DESK_ORDER("PlaceOrder"), request, NULL, &error),
        STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "items[2].start_at"));
    request->items[2]->start_at = NULL;
    desk_place(desk, request);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(hours_pass(desk, 2 * HOUR), 2);
    desk_expect(desk, item_id, "IN_PROGRESS");
    desk_expect(desk, "coast/o-1/waits", "CANCELLED_OTHERWISE");
    assert_int_equal(desk_item(desk, "coast/o-1/waits")->reason, R(BY_WINDOW));
    desk_expect(desk, "coast/o-1/queued", "CANCELLED_OTHERWISE");
    assert_int_equal(desk_item(desk, "coast/o-1/queued")->reason, R(BY_WINDOW));
    request->id = "coast/o-2";
    assert_int_equal(
        desk_call(desk, desk->portal, DESK_ORDER("PlaceOrder"), request, NULL, &error),
        STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "not_after"));
}

/* ---- Calendars ---- */

static void
set_calendar(struct desk *desk, char *holiday, int32_t offset)
{
    Kontor__V1__UpdateProviderRequest request =
        KONTOR__V1__UPDATE_PROVIDER_REQUEST__INIT;
    Kontor__V1__Provider *provider = shelf_provider(desk->h, "alpine/hpc");
    Kontor__V1__WorkCalendar calendar = KONTOR__V1__WORK_CALENDAR__INIT;
    const struct principal *who =
        harness_principal(desk->h, "alpine/op", ROLE_BIT(OPERATOR), "r:alpine", NULL);
    calendar.utc_offset_minutes = offset;
    calendar.holidays = &holiday;
    calendar.n_holidays = 1;
    provider->calendar = &calendar;
    request.provider = provider;
    struct error error = {0};
    if (harness_call(desk->h, who, "/kontor.v1.CatalogueService/UpdateProvider",
                     &request, NULL, &error) != STATUS_OK) {
        fail_msg("%s", error.message);
    }
}

static void
test_a_revised_calendar_moves_open_deadlines(void **state)
{
    struct desk *desk = *state;
    desk_place_one(desk, "coast/o-1", OFFER_BASIC);
    desk_place_one(desk, "coast/o-2", OFFER_OTHER);
    int64_t before_ms = moment_ms(desk_order(desk, "coast/o-1")->next_due, 0);
    int64_t other_ms = moment_ms(desk_order(desk, "coast/o-2")->next_due, 0);
    /* Every weekday from here on but one counts one less. */
    time_t day = (time_t)((before_ms - 1) / 1000);
    char holiday[16];
    struct tm tm;
    gmtime_r(&day, &tm);
    strftime(holiday, sizeof holiday, "%Y-%m-%d", &tm);
    /* Calendars are looked at every 30 seconds. */
    assert_int_equal(desk_due(desk, 30000), 0);
    set_calendar(desk, holiday, 0);
    assert_int_equal(desk_due(desk, 29999), 0);
    assert_int_equal(desk_due(desk, 1), 1);
    int64_t after_ms = moment_ms(desk_order(desk, "coast/o-1")->next_due, 0);
    assert_true(after_ms > before_ms);
    assert_int_equal(moment_ms(desk_order(desk, "coast/o-2")->next_due, 0), other_ms);
    /* Once: nothing is left to revise. */
    assert_int_equal(desk_due(desk, DUE_TICK_REVISE_MS), 0);
    hours_pass(desk, after_ms - hours_now(desk) - 1);
    desk_expect(desk, item_id, "AWAITING_APPROVAL");
    desk_due(desk, 1);
    desk_expect(desk, item_id, "REJECTED");
}

static void
test_an_order_is_placed_by_its_providers_calendar(void **state)
{
    struct desk *desk = *state;
    set_calendar(desk, "2000-01-01", 600);
    desk_place_one(desk, "coast/o-1", OFFER_BASIC);
    Kontor__V1__WorkCalendar calendar = KONTOR__V1__WORK_CALENDAR__INIT;
    calendar.utc_offset_minutes = 600;
    assert_int_equal(moment_ms(desk_order(desk, "coast/o-1")->next_due, 0),
                     calendar_end_ms(&calendar, hours_now(desk), 5));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_k70_an_approval_nobody_decides_is_rejected_once),
        TEST(test_k70_each_step_of_a_chain_has_its_own_time),
        TEST(test_k70_a_question_is_reminded_of_and_ends_it),
        TEST(test_k70_a_question_after_begin_fails_it),
        TEST(test_k70_what_is_held_too_long_ends),
        TEST(test_k70_a_cancel_nobody_decides_is_declined),
        TEST(test_k70_or_granted_where_the_offer_says_so),
        TEST(test_k70_work_ends_at_the_offers_limit),
        TEST(test_k72_what_nobody_takes_is_in_jeopardy_until_it_moves),
        TEST(test_k72_a_date_that_passed_is_jeopardy_until_there_is_another),
        TEST(test_k72_work_without_a_date_is_jeopardy_after_five_working_days),
        TEST(test_hours_of_work_go_on_behind_a_hold),
        TEST(test_hours_of_work_are_not_counted_over_a_set_clock),
        TEST(test_k71_a_reason_alone_and_a_date_with_a_note_are_refused),
        TEST(test_a_start_date_is_waited_for),
        TEST(test_a_start_date_and_a_requirement_are_waited_for_side_by_side),
        TEST(test_a_start_is_moved_while_nothing_is_done),
        TEST(test_a_window_closes_on_what_waits_and_not_on_what_is_begun),
        TEST(test_a_revised_calendar_moves_open_deadlines),
        TEST(test_an_order_is_placed_by_its_providers_calendar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
