/* Begun work that goes wrong: nobody repeats it for ever, nobody takes it over too
 * soon, and it can always be ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/moment.h"
#include "proto/reason.h"
#include "server/order/job.h"
#include "tests/server/desk.h"

#define FAILURE(name) KONTOR__V1__FAIL_REQUEST__FAILURE__##name
#define OVERRIDE(name) KONTOR__V1__OVERRIDE_ITEM_REQUEST__OVERRIDE__##name

static const char item_id[] = "coast/o-1/vm";

/* ---- Unknown outcomes ---- */

static void
fail_unknown(struct desk *desk, const Kontor__V1__ClaimedJob *job)
{
    assert_int_equal(
        desk_fail(desk, job->item, job->fence, FAILURE(UNKNOWN), NULL, NULL),
        STATUS_OK);
}

/* Lets the backend settle, and claims anew for the session. */
static Kontor__V1__ClaimedJob *
claim_settled(struct desk *desk, const char *session)
{
    Kontor__V1__RenewResponse *renewed;
    harness_advance(desk->h, DESK_SETTLE_MS / 2);
    assert_int_equal(desk_renew(desk, desk->agent, session, &renewed, NULL), STATUS_OK);
    harness_advance(desk->h, DESK_SETTLE_MS / 2);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_non_null(job);
    return job;
}

/* Fails with UNKNOWN until a person has to look. */
static void
exhaust_unknown(struct desk *desk, Kontor__V1__ClaimedJob *job, const char *session)
{
    for (int i = 1; i < JOB_MAX_UNKNOWNS; i++) {
        fail_unknown(desk, job);
        desk_expect(desk, item_id, "IN_PROGRESS");
        job = claim_settled(desk, session);
    }
    fail_unknown(desk, job);
    desk_expect(desk, item_id, "HELD_BEGUN");
}

static void
test_unknown_again_and_again_goes_to_a_person(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    size_t n_before = desk_item(desk, item_id)->n_history;
    fail_unknown(desk, job);
    const Kontor__V1__OrderItem *item = desk_item(desk, item_id);
    assert_int_equal(item->n_history, n_before + 1);
    assert_string_equal(item->history[n_before]->operation, "Fail");
    assert_string_equal(item->history[n_before]->reason, "it did not work");
    job = claim_settled(desk, session);
    fail_unknown(desk, job);
    job = claim_settled(desk, session);
    fail_unknown(desk, job);
    desk_expect(desk, item_id, "HELD_BEGUN");
    item = desk_item(desk, item_id);
    assert_int_equal(item->reason, KONTOR__V1__ITEM_REASON__NEEDS_OPERATOR);
    assert_string_equal(item->reason_text, "it did not work");
    assert_int_equal(item->job->fence, 0);
}

static void
test_a_retryable_failure_ends_the_row_of_unknown_ones(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    fail_unknown(desk, job);
    job = claim_settled(desk, session);
    fail_unknown(desk, job);
    job = claim_settled(desk, session);
    assert_int_equal(
        desk_fail(desk, job->item, job->fence, FAILURE(RETRYABLE), NULL, NULL),
        STATUS_OK);
    exhaust_unknown(desk, job, session);
}

static void
test_who_resumes_or_requeues_starts_the_row_anew(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    exhaust_unknown(desk, job, session);
    assert_int_equal(desk_resume(desk, desk->operator, item_id, NULL), STATUS_OK);
    assert_int_equal(desk_item(desk, item_id)->job->unknowns, 0);
    exhaust_unknown(desk, claim_settled(desk, session), session);
    assert_int_equal(
        desk_override(desk, desk->admin, item_id, OVERRIDE(REQUEUE), "again", NULL),
        STATUS_OK);
    assert_int_equal(desk_item(desk, item_id)->job->unknowns, 0);
    exhaust_unknown(desk, claim_settled(desk, session), session);
}

/* ---- Settling ---- */

/* Whoever lets it go on, the last backend call may still be under way. */
static void
test_what_is_resumed_settles_first(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    exhaust_unknown(desk, job, session);
    int64_t held_ms = clock_wall_ms(&desk->h->clock);
    assert_int_equal(moment_ms(desk_item(desk, item_id)->job->released_at, 0), held_ms);
    harness_advance(desk->h, DESK_SETTLE_MS / 4);
    assert_int_equal(
        desk_override(desk, desk->admin, item_id, OVERRIDE(REQUEUE), "again", NULL),
        STATUS_OK);
    assert_int_equal(moment_ms(desk_item(desk, item_id)->job->ready_at, 0),
                     held_ms + DESK_SETTLE_MS);
    assert_null(desk_claim(desk, desk->agent, session));
    harness_advance(desk->h, DESK_SETTLE_MS * 3 / 4);
    assert_non_null(desk_claim(desk, desk->agent, session));
    assert_null(desk_item(desk, item_id)->job->released_at);
}

static void
test_what_has_settled_long_ago_is_resumed_at_once(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    exhaust_unknown(desk, job, session);
    harness_advance(desk->h, DESK_SETTLE_MS + 1);
    assert_int_equal(desk_resume(desk, desk->operator, item_id, NULL), STATUS_OK);
    assert_int_equal(moment_ms(desk_item(desk, item_id)->job->ready_at, 0),
                     clock_wall_ms(&desk->h->clock));
}

/* ---- Taken from a holder that lives ---- */

static void
take_by_hold(struct desk *desk)
{
    assert_int_equal(desk_hold_item(desk, desk->operator, item_id, NULL), STATUS_OK);
}

static void
take_by_question(struct desk *desk)
{
    assert_int_equal(desk_ask(desk, desk->operator, item_id, "how large?", NULL),
                     STATUS_OK);
}

static void
take_by_cancel(struct desk *desk)
{
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-1", "vm", NULL, NULL),
                     STATUS_OK);
    assert_int_equal(desk_decide_cancel(desk, desk->operator, item_id, true, 0, NULL),
                     STATUS_OK);
}

static void
take_by_override(struct desk *desk)
{
    assert_int_equal(
        desk_override(desk, desk->admin, item_id, OVERRIDE(FAIL), "stuck", NULL),
        STATUS_OK);
}

/* The other item of all or nothing is declined. */
static void
take_by_sibling(struct desk *desk)
{
    assert_int_equal(
        desk_decide(desk, desk->operator, "coast/o-1/disk", false, "full", NULL),
        STATUS_OK);
}

static const struct taking {
    void (*take)(struct desk *desk);
    const char *state;        /* Afterwards. */
    Kontor__V1__JobKind kind; /* Offered afterwards; 0 = not before it is resumed. */
} takings[] = {
    {take_by_hold, "HELD_BEGUN", 0},
    {take_by_question, "PENDING_INFO_BEGUN", 0},
    {take_by_cancel, "CANCELLING", KONTOR__V1__JOB_KIND__ROLLBACK},
    {take_by_override, "FAILED", KONTOR__V1__JOB_KIND__CLEANUP},
    {take_by_sibling, "CANCELLING_OTHERWISE", KONTOR__V1__JOB_KIND__ROLLBACK},
};

static void
take_and_wait(struct desk *desk, const struct taking *taking)
{
    const char *session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    desk_add(desk, request, "vm", OFFER_OPEN);
    desk_add(desk, request, "disk", OFFER_BASIC);
    request->mode = KONTOR__V1__ORDER_MODE__ALL_OR_NOTHING;
    desk_place(desk, request);
    assert_int_equal(desk_begin(desk, desk_claim(desk, desk->agent, session), NULL),
                     STATUS_OK);
    taking->take(desk);
    desk_expect(desk, item_id, taking->state);
    int64_t taken_ms = clock_wall_ms(&desk->h->clock);
    const Kontor__V1__Job *job = desk_item(desk, item_id)->job;
    assert_int_equal(moment_ms(job->released_at, 0), taken_ms + DESK_LEASE_MS);
    if (taking->kind == 0) {
        return;
    }
    assert_int_equal(job->kind, taking->kind);
    assert_int_equal(moment_ms(job->ready_at, 0),
                     taken_ms + DESK_LEASE_MS + DESK_SETTLE_MS);
    session = desk_session(desk, desk->agent2, 1, OFFER_OPEN, NULL);
    assert_null(desk_claim(desk, desk->agent2, session));
}

/* Until its next renewal, at the end of its lease at the latest, nobody can tell the
 * holder that it is to stop. */
static void
test_work_taken_from_a_holder_waits_for_the_end_of_its_lease(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof takings / sizeof takings[0]; i++) {
        struct desk *desk = desk_open();
        take_and_wait(desk, &takings[i]);
        desk_close(desk);
    }
}

/* The wall clock that was set in between tells nothing about how long that holder goes
 * on: it has all its lease again, and settles. */
static void
test_a_set_clock_gives_the_holder_its_whole_lease(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    take_by_override(desk);
    desk_jump(desk, 24 * 60 * 60 * 1000);
    session = desk_session(desk, desk->agent2, 1, OFFER_OPEN, NULL);
    desk_pass(desk, DESK_SETTLE_MS / 2);
    assert_null(desk_claim(desk, desk->agent2, session));
    session = desk_session(desk, desk->agent2, 1, OFFER_OPEN, NULL);
    harness_advance(desk->h, DESK_LEASE_MS);
    assert_null(desk_claim(desk, desk->agent2, session));
    session = desk_session(desk, desk->agent2, 1, OFFER_OPEN, NULL);
    harness_advance(desk->h, DESK_SETTLE_MS / 2);
    assert_non_null(desk_claim(desk, desk->agent2, session));
}

/* ---- Waiting ---- */

static void
test_a_waiting_claim_ends_with_its_session(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__ClaimRequest request = KONTOR__V1__CLAIM_REQUEST__INIT;
    Kontor__V1__RegisterAgentRequest enlist = KONTOR__V1__REGISTER_AGENT_REQUEST__INIT;
    Kontor__V1__Session *session;
    struct error error;
    char *offers[] = {OFFER_OPEN};
    enlist.offers = offers;
    enlist.n_offers = 1;
    enlist.lease_seconds = 5;
    assert_int_equal(desk_call(desk, desk->agent, DESK_AGENT("RegisterAgent"), &enlist,
                               &session, NULL),
                     STATUS_OK);
    request.session = session->id;
    request.wait_seconds = 60;
    struct harness_call *call =
        harness_start(desk->h, desk->agent, DESK_AGENT("Claim"), &request);
    harness_wait_parked(desk->h, 1);
    assert_int_equal(desk_pass(desk, 5001), 1);
    assert_int_equal(harness_wait(desk->h, call, NULL, &error), STATUS_ABORTED);
    desk_expect_reason(&error, REASON_LEASE_LOST);
}

/* ---- Ending ---- */

/* Puts the item into a state no call of this broker leads to. */
static void
put_state(struct desk *desk, Kontor__V1__ItemState state)
{
    Kontor__V1__OrderItem *item = desk_item(desk, item_id);
    item->state = state;
    harness_seed(desk->h, KIND_ITEM, item_id, &item->base, "=r:coast", "=j:coast/p1",
                 "=r:alpine", "=p:alpine/hpc", NULL);
}

static void
test_an_admin_may_fail_whatever_is_begun(void **state)
{
    static const Kontor__V1__ItemState states[] = {
        KONTOR__V1__ITEM_STATE__IN_PROGRESS,
        KONTOR__V1__ITEM_STATE__PENDING_INFO_BEGUN,
        KONTOR__V1__ITEM_STATE__HELD_BEGUN,
    };
    struct desk *desk = *state;
    const char *session;
    struct error error;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        put_state(desk, states[i]);
        /* What is refused says what would do. */
        assert_int_equal(desk_decide(desk, desk->admin, item_id, false, "no", &error),
                         STATUS_FAILED_PRECONDITION);
        assert_non_null(strstr(harness_value(&error, "allowed"), "OverrideItem fail"));
        assert_non_null(strstr(error.message, "OverrideItem fail"));
        assert_int_equal(desk_override(desk, desk->admin, item_id, OVERRIDE(FAIL),
                                       "the rack burnt", &error),
                         STATUS_OK);
        desk_expect(desk, item_id, "FAILED");
    }
    /* The end of an item is not the end of what it left behind. */
    assert_int_equal(
        desk_override(desk, desk->admin, item_id, OVERRIDE(FAIL), "x", &error),
        STATUS_FAILED_PRECONDITION);
    assert_string_equal(harness_value(&error, "allowed"),
                        "OverrideItem abandon cleanup");
    assert_int_equal(desk_override(desk, desk->admin, item_id,
                                   OVERRIDE(ABANDON_CLEANUP), "melted", &error),
                     STATUS_OK);
    assert_int_equal(
        desk_override(desk, desk->admin, item_id, OVERRIDE(FAIL), "x", &error),
        STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(error.message, "nothing is possible any more"));
    assert_null(strstr(error.message, "but"));
}

static void
test_only_the_end_of_an_item_is_called_one(void **state)
{
    struct desk *desk = *state;
    size_t n_refused = 0, n_ended = 0;
    desk_place_one(desk, "coast/o-1", OFFER_OPEN);
    for (int from = 1; from < ITEM_STATE_COUNT; from++) {
        struct error error;
        put_state(desk, from);
        enum status status =
            desk_override(desk, desk->admin, item_id, OVERRIDE(REQUEUE), "x", &error);
        if (status == STATUS_OK) {
            continue;
        }
        assert_int_equal(status, STATUS_FAILED_PRECONDITION);
        assert_string_equal(harness_value(&error, "from"), item_state_name(from));
        assert_int_equal(strstr(error.message, "any more") != NULL,
                         item_state_is_final(from));
        n_refused++;
        n_ended += item_state_is_final(from) ? 1 : 0;
    }
    /* All states but the two held ones. */
    assert_int_equal(n_refused, ITEM_STATE_COUNT - 3);
    assert_int_equal(n_ended, 7);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_unknown_again_and_again_goes_to_a_person),
        TEST(test_a_retryable_failure_ends_the_row_of_unknown_ones),
        TEST(test_who_resumes_or_requeues_starts_the_row_anew),
        TEST(test_what_is_resumed_settles_first),
        TEST(test_what_has_settled_long_ago_is_resumed_at_once),
        cmocka_unit_test(test_work_taken_from_a_holder_waits_for_the_end_of_its_lease),
        TEST(test_a_set_clock_gives_the_holder_its_whole_lease),
        TEST(test_a_waiting_claim_ends_with_its_session),
        TEST(test_an_admin_may_fail_whatever_is_begun),
        TEST(test_only_the_end_of_an_item_is_called_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
