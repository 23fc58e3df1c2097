/*
 * Every call of an agent that holds a job, against every state of the item and every
 * fence it may come with. The fence is judged before the state: who has lost the job is
 * told so, wherever the item went since.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/reason.h"
#include "server/order/item_state.h"
#include "server/order/job.h"
#include "tests/server/desk.h"

#define S(name) KONTOR__V1__ITEM_STATE__##name
#define FAILURE(name) KONTOR__V1__FAIL_REQUEST__FAILURE__##name

static const char item_id[] = "coast/o-1/vm";

/* Fences given out for the item before the one of its last claim, and after it. */
enum { STALE = 90, LAST = 100, NEVER = 110 };

static char *
name_of(struct desk *desk)
{
    return (char *)job_intent(desk->h->broker.home, item_id, desk->h->arena);
}

/* ---- The calls ---- */

static enum status
call_begin(struct desk *desk, int64_t fence, struct error *error)
{
    Kontor__V1__ClaimedJob job = KONTOR__V1__CLAIMED_JOB__INIT;
    job.item = (char *)item_id;
    job.fence = fence;
    job.intent = name_of(desk);
    return desk_begin(desk, &job, error);
}

static enum status
call_report(struct desk *desk, int64_t fence, struct error *error)
{
    Kontor__V1__ReportRequest request = KONTOR__V1__REPORT_REQUEST__INIT;
    request.item = (char *)item_id;
    request.fence = fence;
    request.milestone = "disk made";
    return desk_call(desk, desk->agent, DESK_AGENT("Report"), &request, NULL, error);
}

static enum status
call_release(struct desk *desk, int64_t fence, struct error *error)
{
    return desk_release(desk, item_id, fence, error);
}

static enum status
call_complete(struct desk *desk, int64_t fence, struct error *error)
{
    bool is_undone =
        desk_item(desk, item_id)->job->kind == KONTOR__V1__JOB_KIND__ROLLBACK;
    return is_undone ? desk_complete_bare(desk, item_id, fence, error)
                     : desk_complete(desk, item_id, fence, "volume-1", error);
}

static enum status
call_retryable(struct desk *desk, int64_t fence, struct error *error)
{
    return desk_fail(desk, item_id, fence, FAILURE(RETRYABLE), NULL, error);
}

static enum status
call_unknown(struct desk *desk, int64_t fence, struct error *error)
{
    return desk_fail(desk, item_id, fence, FAILURE(UNKNOWN), NULL, error);
}

static enum status
call_permanent(struct desk *desk, int64_t fence, struct error *error)
{
    return desk_fail(desk, item_id, fence, FAILURE(PERMANENT), NULL, error);
}

enum { BEGIN, REPORT, RELEASE, COMPLETE, RETRYABLE, UNKNOWN, PERMANENT, N_CALLS };

static enum status (*const calls[N_CALLS])(struct desk *desk, int64_t fence,
                                           struct error *error) = {
    [BEGIN] = call_begin,         [REPORT] = call_report,
    [RELEASE] = call_release,     [COMPLETE] = call_complete,
    [RETRYABLE] = call_retryable, [UNKNOWN] = call_unknown,
    [PERMANENT] = call_permanent,
};

/* ---- The states ---- */

/* What a call with the last fence comes to: done, lost, or refused by the state. */
enum verdict { DONE, LOST, STATE };

static const struct state_row {
    Kontor__V1__ItemState state;
    bool is_held;
    enum verdict verdicts[N_CALLS]; /* Begin, Report, Release, Complete, RETRYABLE,
                                       UNKNOWN, PERMANENT. */
} rows[] = {
    {S(RECEIVED), false, {LOST, LOST, LOST, LOST, LOST, LOST, LOST}},
    {S(AWAITING_APPROVAL), false, {LOST, LOST, LOST, LOST, LOST, LOST, LOST}},
    {S(AWAITING_CONSUMER_APPROVAL), false, {LOST, LOST, LOST, LOST, LOST, LOST, LOST}},
    /* Released, or its lease lost before Begin: somebody else may have it any moment.
     */
    {S(QUEUED), false, {LOST, LOST, LOST, LOST, LOST, LOST, LOST}},
    {S(ASSIGNED), true, {DONE, DONE, DONE, STATE, DONE, DONE, DONE}},
    {S(PENDING_INFO), false, {LOST, LOST, LOST, LOST, LOST, LOST, LOST}},
    {S(HELD), false, {LOST, LOST, LOST, LOST, LOST, LOST, LOST}},
    {S(IN_PROGRESS), true, {DONE, DONE, STATE, DONE, DONE, DONE, DONE}},
    /* Recovery: until somebody claims it, how it ended may still be told. */
    {S(IN_PROGRESS), false, {LOST, LOST, LOST, DONE, LOST, LOST, DONE}},
    {S(PENDING_INFO_BEGUN), false, {LOST, LOST, LOST, STATE, LOST, LOST, STATE}},
    {S(HELD_BEGUN), false, {LOST, LOST, LOST, STATE, LOST, LOST, STATE}},
    {S(ASSESSING_CANCELLATION), true, {DONE, DONE, STATE, DONE, DONE, DONE, DONE}},
    {S(CANCELLING), true, {DONE, DONE, STATE, DONE, DONE, DONE, DONE}},
    {S(CANCELLING_OTHERWISE), true, {DONE, DONE, STATE, DONE, DONE, DONE, DONE}},
    /* Over: what the last holder says of the end is answered by the end itself. */
    {S(COMPLETED), false, {LOST, LOST, LOST, STATE, LOST, LOST, STATE}},
    {S(FAILED), false, {LOST, LOST, LOST, STATE, LOST, LOST, STATE}},
    {S(REJECTED), false, {LOST, LOST, LOST, STATE, LOST, LOST, STATE}},
    {S(CANCELLED), false, {LOST, LOST, LOST, STATE, LOST, LOST, STATE}},
    {S(CANCELLED_BEGUN), false, {LOST, LOST, LOST, STATE, LOST, LOST, STATE}},
    {S(CANCELLED_OTHERWISE), false, {LOST, LOST, LOST, STATE, LOST, LOST, STATE}},
    {S(CANCELLED_OTHERWISE_BEGUN), false, {LOST, LOST, LOST, STATE, LOST, LOST, STATE}},
};

/* Puts the item into a state as if it had been claimed under the last fence. */
static void
put(struct desk *desk, Kontor__V1__ItemState state, bool is_held, int64_t fence)
{
    Kontor__V1__OrderItem *item = desk_item(desk, item_id);
    item->state = state;
    item->begun = item_state_is_begun(state);
    item->job->fence = fence;
    item->job->is_fence_own = false;
    item->job->session = is_held ? "alpine/s-1" : "";
    item->job->intent = item->begun ? name_of(desk) : "";
    item->job->ready_at = NULL;
    bool is_undone = state == S(CANCELLING) || state == S(CANCELLING_OTHERWISE);
    item->job->kind =
        is_undone ? KONTOR__V1__JOB_KIND__ROLLBACK : KONTOR__V1__JOB_KIND__PROVISION;
    item->cleanup = 0;
    item->job->unknowns = 0;
    item->job->retries = 0;
    item->n_milestones = 0;
    item->delivery = NULL;
    item->completion_hash.len = 0;
    harness_remove(desk->h, KIND_INSTANCE, item_id);
    harness_seed(desk->h, KIND_ITEM, item_id, &item->base, "=r:coast", "=j:coast/p1",
                 "=r:alpine", "=p:alpine/hpc", NULL);
}

static void
expect_lost(const struct desk *desk, const struct state_row *row, size_t call,
            enum status status, const struct error *error)
{
    (void)desk;
    if (status != STATUS_ABORTED || error->reason != REASON_LEASE_LOST) {
        fail_msg("call %zu on %s: %s", call, item_state_name(row->state),
                 status == STATUS_OK ? "done" : error->message);
    }
}

static void
test_every_state_has_its_row(void **state)
{
    (void)state;
    for (int wanted = 1; wanted < ITEM_STATE_COUNT; wanted++) {
        bool is_there = false;
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            is_there = is_there || rows[i].state == (Kontor__V1__ItemState)wanted;
        }
        assert_true(is_there);
    }
}

static void
test_the_last_fence_is_judged_before_the_state(void **state)
{
    struct desk *desk = *state;
    static const enum status wanted[] = {STATUS_OK, STATUS_ABORTED,
                                         STATUS_FAILED_PRECONDITION};
    desk_place_one(desk, "coast/o-1", OFFER_OPEN);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t call = 0; call < N_CALLS; call++) {
            struct error error = {0};
            put(desk, rows[i].state, rows[i].is_held, LAST);
            enum status status = calls[call](desk, LAST, &error);
            /* Of a delivered item the last fence may hear that its result differs. */
            bool is_second = call == COMPLETE && rows[i].state == S(COMPLETED);
            enum status expected =
                is_second ? STATUS_ALREADY_EXISTS : wanted[rows[i].verdicts[call]];
            if (status != expected) {
                fail_msg("call %zu on %s: %s, %s", call, item_state_name(rows[i].state),
                         status_name(status), status == 0 ? "" : error.message);
            }
            if (rows[i].verdicts[call] == LOST) {
                expect_lost(desk, &rows[i], call, status, &error);
            }
        }
    }
}

static void
test_any_other_fence_is_a_lost_lease_in_every_state(void **state)
{
    struct desk *desk = *state;
    static const int64_t fences[] = {STALE, NEVER, INT64_MAX, 1};
    desk_place_one(desk, "coast/o-1", OFFER_OPEN);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        put(desk, rows[i].state, rows[i].is_held, LAST);
        int64_t before = shelf_applied(desk->h);
        for (size_t call = 0; call < N_CALLS; call++) {
            for (size_t k = 0; k < sizeof fences / sizeof fences[0]; k++) {
                struct error error = {0};
                enum status status = calls[call](desk, fences[k], &error);
                expect_lost(desk, &rows[i], call, status, &error);
            }
        }
        assert_int_equal(shelf_applied(desk->h), before);
    }
}

static void
test_an_item_that_has_no_fence_takes_none(void **state)
{
    struct desk *desk = *state;
    desk_place_one(desk, "coast/o-1", OFFER_OPEN);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        /* As a cancel or a hold leaves it. */
        put(desk, rows[i].state, rows[i].is_held, 0);
        for (size_t call = 0; call < N_CALLS; call++) {
            struct error error = {0};
            enum status status = calls[call](desk, LAST, &error);
            expect_lost(desk, &rows[i], call, status, &error);
            /* Nor is no fence at all a fence. */
            assert_int_equal(calls[call](desk, 0, &error), STATUS_INVALID_ARGUMENT);
            assert_true(harness_has_fault(&error, "fence"));
            assert_int_equal(calls[call](desk, -1, &error), STATUS_INVALID_ARGUMENT);
        }
    }
}

static void
test_renewing_tells_what_is_held_in_every_state(void **state)
{
    struct desk *desk = *state;
    const char *session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    desk_place_one(desk, "coast/o-1", OFFER_OPEN);
    assert_non_null(desk_claim(desk, desk->agent, session));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Kontor__V1__RenewResponse *reply;
        put(desk, rows[i].state, rows[i].is_held, LAST);
        assert_int_equal(desk_renew(desk, desk->agent, session, &reply, NULL),
                         STATUS_OK);
        /* Held by another session, or by none. */
        assert_int_equal(reply->n_jobs, 0);
    }
}

/* ---- By the calls themselves ---- */

static void
test_who_released_a_job_has_lost_it(void **state)
{
    struct desk *desk = *state;
    const char *session;
    struct error error;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_release(desk, job->item, job->fence, NULL), STATUS_OK);
    for (size_t call = 0; call < N_CALLS; call++) {
        assert_int_equal(calls[call](desk, job->fence, &error), STATUS_ABORTED);
        desk_expect_reason(&error, REASON_LEASE_LOST);
    }
}

static void
test_who_lost_the_lease_has_lost_the_job(void **state)
{
    struct desk *desk = *state;
    const char *session;
    struct error error;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_pass(desk, DESK_LEASE_MS), 1);
    for (int step = 0; step < 2; step++) {
        for (size_t call = 0; call < N_CALLS; call++) {
            assert_int_equal(calls[call](desk, job->fence, &error), STATUS_ABORTED);
            desk_expect_reason(&error, REASON_LEASE_LOST);
        }
        /* The item moves on, begun and done by another agent. */
        session = desk_session(desk, desk->agent2, 1, OFFER_OPEN, NULL);
        Kontor__V1__ClaimedJob *next = desk_claim(desk, desk->agent2, session);
        if (next != NULL) {
            assert_int_equal(desk_begin(desk, next, NULL), STATUS_OK);
            assert_int_equal(
                desk_complete(desk, next->item, next->fence, "volume-1", NULL),
                STATUS_OK);
        }
    }
    desk_expect(desk, item_id, "COMPLETED");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_state_has_its_row),
        TEST(test_the_last_fence_is_judged_before_the_state),
        TEST(test_any_other_fence_is_a_lost_lease_in_every_state),
        TEST(test_an_item_that_has_no_fence_takes_none),
        TEST(test_renewing_tells_what_is_held_in_every_state),
        TEST(test_who_released_a_job_has_lost_it),
        TEST(test_who_lost_the_lease_has_lost_the_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
