/* Orders after a restore: what the lost future may have created is looked for before
 * anybody creates it again. */
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

#define OVERRIDE(name) KONTOR__V1__OVERRIDE_ITEM_REQUEST__OVERRIDE__##name

static const char item_id[] = "coast/o-1/vm";

/* What kontord --restore does before the broker serves. Answers how many items it
 * touched. */
static size_t
restore(struct desk *desk)
{
    size_t n_recovered = 0;
    assert_int_equal(orders_recover(desk->h->dispatch, &n_recovered), STATUS_OK);
    return n_recovered;
}

static const char *
intent_of(struct desk *desk, const char *item)
{
    return job_intent(desk->h->broker.home, item, desk->h->arena);
}

/* Of alternatives the claimed one goes on; the other may have been begun in the time
 * that was lost, and what it left is removed. */
static void
test_the_other_of_two_alternatives_is_cleaned_up(void **state)
{
    struct desk *desk = *state;
    const char *session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    Kontor__V1__NewItem *red = desk_add(desk, request, "red", OFFER_OPEN);
    char *others[] = {"blue"};
    red->excludes = others;
    red->n_excludes = 1;
    desk_add(desk, request, "blue", OFFER_OPEN);
    desk_place(desk, request);
    const char *claimed = desk_claim(desk, desk->agent, session)->item;
    bool is_red = strcmp(claimed, "coast/o-1/red") == 0;
    const char *other = is_red ? "coast/o-1/blue" : "coast/o-1/red";
    assert_int_equal(restore(desk), 1);
    desk_expect(desk, claimed, "IN_PROGRESS");
    desk_expect(desk, other, "CANCELLED");
    const Kontor__V1__OrderItem *left = desk_item(desk, other);
    assert_int_equal(left->cleanup, KONTOR__V1__CLEANUP__CLEANUP_REQUIRED);
    assert_string_equal(left->job->intent, intent_of(desk, other));
    harness_advance(desk->h, DESK_LEASE_MS + DESK_SETTLE_MS - 1);
    session = desk_session(desk, desk->agent, 2, OFFER_OPEN, NULL);
    assert_null(desk_claim(desk, desk->agent, session));
    harness_advance(desk->h, 1);
    assert_non_null(desk_claim(desk, desk->agent, session));
    assert_non_null(desk_claim(desk, desk->agent, session));
}

/* Each waits for the longest lease of its own offer. */
static void
test_an_alternative_waits_for_the_lease_of_its_own_offer(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    Kontor__V1__RegisterAgentRequest slow = KONTOR__V1__REGISTER_AGENT_REQUEST__INIT;
    char *offers[] = {OFFER_RETURN}, *others[] = {"slow"};
    slow.offers = offers;
    slow.n_offers = 1;
    slow.lease_seconds = 86400;
    assert_int_equal(
        desk_call(desk, desk->agent2, DESK_AGENT("RegisterAgent"), &slow, NULL, NULL),
        STATUS_OK);
    const char *session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    Kontor__V1__NewItem *red = desk_add(desk, request, "red", OFFER_OPEN);
    red->excludes = others;
    red->n_excludes = 1;
    desk_add(desk, request, "slow", OFFER_RETURN);
    desk_place(desk, request);
    assert_non_null(desk_claim(desk, desk->agent, session));
    int64_t now_ms = clock_wall_ms(&desk->h->clock);
    restore(desk);
    const Kontor__V1__OrderItem *left = desk_item(desk, "coast/o-1/slow");
    assert_int_equal(left->cleanup, KONTOR__V1__CLEANUP__CLEANUP_REQUIRED);
    assert_int_equal(moment_ms(left->job->ready_at, 0),
                     now_ms + 86400000 + DESK_SETTLE_MS);
}

/* The next job of a fresh session; it must say that something may exist. */
static Kontor__V1__ClaimedJob *
claim_suspect(struct desk *desk, const char *item)
{
    const char *session =
        desk_session(desk, desk->agent, 1, OFFER_OPEN, OFFER_BASIC, NULL);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_non_null(job);
    assert_string_equal(job->item, item);
    assert_string_equal(job->prior_intent, intent_of(desk, item));
    assert_string_equal(job->intent, job->prior_intent);
    return job;
}

/* Until when a holder of the lost future may work: it may have renewed at its very end,
 * and does not know yet that it was taken its job. */
enum { QUIET_MS = DESK_LEASE_MS + DESK_SETTLE_MS };

/* Nobody may claim before the lost holder's lease and its last backend call are over.
 */
static void
expect_settling(struct desk *desk)
{
    const char *session =
        desk_session(desk, desk->agent, 1, OFFER_OPEN, OFFER_BASIC, NULL);
    assert_null(desk_claim(desk, desk->agent, session));
    harness_advance(desk->h, QUIET_MS - 1);
    assert_null(desk_claim(desk, desk->agent, session));
    harness_advance(desk->h, 1);
}

/* As any agent of the design does it: what is found or made is completed, without
 * another Begin. */
static void
deliver(struct desk *desk, const Kontor__V1__ClaimedJob *job)
{
    desk_expect(desk, job->item, "IN_PROGRESS");
    assert_int_equal(desk_complete(desk, job->item, job->fence, job->intent, NULL),
                     STATUS_OK);
    desk_expect(desk, job->item, "COMPLETED");
    assert_int_equal(desk_item(desk, job->item)->cleanup, 0);
}

/* ---- Claimed ---- */

static void
test_a_claimed_item_is_recovered_as_if_it_were_begun(void **state)
{
    struct desk *desk = *state;
    const char *session;
    struct error error;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(restore(desk), 1);
    desk_expect(desk, item_id, "IN_PROGRESS");
    desk_expect_order(desk, "coast/o-1", "ORDER_IN_PROGRESS");
    assert_string_equal(desk_item(desk, item_id)->job->intent, job->intent);
    assert_string_equal(desk_item(desk, item_id)->job->session, "");
    assert_int_equal(desk_begin(desk, job, &error), STATUS_ABORTED);
    desk_expect_reason(&error, REASON_LEASE_LOST);
    expect_settling(desk);
    Kontor__V1__ClaimedJob *again = claim_suspect(desk, item_id);
    assert_int_equal(again->attempt, 2);
    assert_int_equal(desk_begin(desk, again, NULL), STATUS_OK);
    deliver(desk, again);
}

static void
test_a_holder_that_outlived_the_restore_may_complete(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    restore(desk);
    deliver(desk, job);
}

static void
test_a_restore_is_nobodys_lost_lease(void **state)
{
    struct desk *desk = *state;
    const char *session;
    desk_claim_one(desk, "coast/o-1", &session);
    for (int i = 0; i < 5; i++) {
        restore(desk);
        harness_advance(desk->h, QUIET_MS);
        claim_suspect(desk, item_id);
        assert_int_equal(desk_item(desk, item_id)->job->losses, 0);
    }
}

static void
test_the_longest_lease_of_a_live_session_is_waited_for(void **state)
{
    struct desk *desk = *state;
    static const int32_t leases[] = {5, 600, 86400};
    for (int i = 0; i < 3; i++) {
        Kontor__V1__RegisterAgentRequest request =
            KONTOR__V1__REGISTER_AGENT_REQUEST__INIT;
        char *offers[] = {i == 2 ? OFFER_BASIC : OFFER_OPEN};
        request.offers = offers;
        request.n_offers = 1;
        request.lease_seconds = leases[i];
        assert_int_equal(desk_call(desk, desk->agent, DESK_AGENT("RegisterAgent"),
                                   &request, NULL, NULL),
                         STATUS_OK);
    }
    desk_place_one(desk, "coast/o-1", OFFER_OPEN);
    restore(desk);
    /* Not those of the other offer. */
    assert_int_equal(moment_ms(desk_item(desk, item_id)->job->ready_at, 0),
                     clock_wall_ms(&desk->h->clock) + 600000 + DESK_SETTLE_MS);
    /* What is over holds nothing back, and without any it is the usual term. */
    assert_int_equal(desk_pass(desk, 86400000), 3);
    restore(desk);
    assert_int_equal(moment_ms(desk_item(desk, item_id)->job->ready_at, 0),
                     clock_wall_ms(&desk->h->clock) + QUIET_MS);
}

/* It runs on by the holder's own clock, whatever the broker's shows. */
static void
test_a_clock_that_is_set_cuts_no_lost_lease_short(void **state)
{
    struct desk *desk = *state;
    desk_place_one(desk, "coast/o-1", OFFER_OPEN);
    restore(desk);
    desk_jump(desk, 3600000);
    expect_settling(desk);
    deliver(desk, claim_suspect(desk, item_id));
}

/* ---- Begun ---- */

static void
test_begun_work_nobody_held_settles_anew(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_pass(desk, DESK_LEASE_MS), 1);
    harness_advance(desk->h, DESK_SETTLE_MS);
    /* It could be claimed now, and in the lost future it was. */
    assert_int_equal(restore(desk), 1);
    expect_settling(desk);
    deliver(desk, claim_suspect(desk, item_id));
}

/* ---- Open ---- */

static void
test_a_queued_item_is_looked_for_first(void **state)
{
    struct desk *desk = *state;
    desk_place_one(desk, "coast/o-1", OFFER_OPEN);
    assert_int_equal(restore(desk), 1);
    desk_expect(desk, item_id, "QUEUED");
    expect_settling(desk);
    deliver(desk, claim_suspect(desk, item_id));
}

static void
test_an_item_that_waited_for_approval_is_looked_for_first(void **state)
{
    struct desk *desk = *state;
    desk_place_one(desk, "coast/o-1", OFFER_BASIC);
    assert_int_equal(restore(desk), 1);
    desk_expect(desk, item_id, "AWAITING_APPROVAL");
    assert_int_equal(desk_decide(desk, desk->operator, item_id, true, "", NULL),
                     STATUS_OK);
    expect_settling(desk);
    deliver(desk, claim_suspect(desk, item_id));
}

static void
test_an_item_that_waited_for_another_is_looked_for_first(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *order = desk_new(desk, "coast/o-1");
    desk_add(desk, order, "storage", OFFER_OPEN);
    desk_require(desk, desk_add(desk, order, "vm", OFFER_OPEN), "storage");
    desk_place(desk, order);
    assert_int_equal(restore(desk), 2);
    assert_null(desk_item(desk, item_id)->job->ready_at);
    harness_advance(desk->h, QUIET_MS);
    deliver(desk, claim_suspect(desk, "coast/o-1/storage"));
    deliver(desk, claim_suspect(desk, item_id));
}

static void
test_a_held_item_is_looked_for_first(void **state)
{
    struct desk *desk = *state;
    const char *session;
    desk_claim_one(desk, "coast/o-1", &session);
    for (int i = 0; i < JOB_MAX_LOSSES; i++) {
        assert_int_equal(desk_pass(desk, DESK_LEASE_MS), 1);
        session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
        (void)desk_claim(desk, desk->agent, session);
    }
    desk_expect(desk, item_id, "HELD");
    assert_int_equal(restore(desk), 1);
    assert_int_equal(desk_resume(desk, desk->operator, item_id, NULL), STATUS_OK);
    expect_settling(desk);
    deliver(desk, claim_suspect(desk, item_id));
}

static void
test_an_agent_that_cannot_look_leaves_it_to_a_person(void **state)
{
    struct desk *desk = *state;
    desk_place_one(desk, "coast/o-1", OFFER_OPEN);
    restore(desk);
    harness_advance(desk->h, DESK_LEASE_MS);
    for (int i = 0; i < JOB_MAX_UNKNOWNS; i++) {
        harness_advance(desk->h, DESK_SETTLE_MS);
        Kontor__V1__ClaimedJob *job = claim_suspect(desk, item_id);
        assert_int_equal(desk_fail(desk, item_id, job->fence,
                                   KONTOR__V1__FAIL_REQUEST__FAILURE__UNKNOWN, NULL,
                                   NULL),
                         STATUS_OK);
    }
    desk_expect(desk, item_id, "HELD_BEGUN");
}

/* What a claim drops besides its jobs is no job, least of all of another provider. */
static void
test_a_claim_answers_its_jobs_and_nothing_it_drops(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    Kontor__V1__NewItem *vm = desk_add(desk, request, "vm", OFFER_OPEN);
    char *others[] = {"tape"};
    vm->excludes = others;
    vm->n_excludes = 1;
    desk_add(desk, request, "tape", OFFER_OTHER);
    desk_place(desk, request);
    assert_int_equal(restore(desk), 2);
    expect_settling(desk);
    Kontor__V1__ClaimRequest claim = KONTOR__V1__CLAIM_REQUEST__INIT;
    Kontor__V1__ClaimResponse *reply = NULL;
    claim.session =
        (char *)(uintptr_t)desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    claim.max = 1;
    assert_int_equal(
        desk_call(desk, desk->agent, DESK_AGENT("Claim"), &claim, &reply, NULL),
        STATUS_OK);
    desk_expect(desk, item_id, "IN_PROGRESS");
    desk_expect(desk, "coast/o-1/tape", "CANCELLED");
    for (size_t i = 0; i < reply->n_jobs; i++) {
        assert_string_equal(reply->jobs[i]->item, item_id);
    }
    assert_int_equal(reply->n_jobs, 1);
}

/* ---- Ending ---- */

static void
test_what_may_exist_and_is_cancelled_must_be_cleaned_up(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *order = desk_new(desk, "coast/o-1");
    desk_add(desk, order, "vm", OFFER_BASIC);
    desk_require(desk, desk_add(desk, order, "disk", OFFER_OPEN), "vm");
    desk_place(desk, order);
    desk_place_one(desk, "coast/o-2", OFFER_OPEN);
    restore(desk);
    desk_place_one(desk, "coast/o-3", OFFER_OPEN);
    assert_int_equal(desk_decide(desk, desk->operator, item_id, false, "no", NULL),
                     STATUS_OK);
    static const struct {
        const char *item, *state;
        Kontor__V1__Cleanup cleanup;
    } rows[] = {
        {"coast/o-1/vm", "REJECTED", KONTOR__V1__CLEANUP__CLEANUP_REQUIRED},
        {"coast/o-1/disk", "CANCELLED_OTHERWISE",
         KONTOR__V1__CLEANUP__CLEANUP_REQUIRED},
        {"coast/o-2/vm", "CANCELLED", KONTOR__V1__CLEANUP__CLEANUP_REQUIRED},
        /* Ordered since: nothing of it can exist. */
        {"coast/o-3/vm", "CANCELLED", KONTOR__V1__CLEANUP__CLEANUP_UNSPECIFIED},
    };
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-2", NULL, NULL, NULL),
                     STATUS_OK);
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-3", NULL, NULL, NULL),
                     STATUS_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        desk_expect(desk, rows[i].item, rows[i].state);
        assert_int_equal(desk_item(desk, rows[i].item)->cleanup, rows[i].cleanup);
    }
    assert_int_equal(desk_override(desk, desk->admin, item_id,
                                   OVERRIDE(ABANDON_CLEANUP), "it is not there", NULL),
                     STATUS_OK);
}

static void
test_what_is_over_stays_as_it_is(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    deliver(desk, job);
    desk_place_one(desk, "coast/o-2", OFFER_BASIC);
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-2", NULL, NULL, NULL),
                     STATUS_OK);
    int64_t before = shelf_applied(desk->h);
    assert_int_equal(restore(desk), 0);
    assert_int_equal(shelf_applied(desk->h), before);
}

static void
test_what_is_ordered_after_the_restore_is_new(void **state)
{
    struct desk *desk = *state;
    const char *session;
    restore(desk);
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_string_equal(job->prior_intent, "");
    desk_expect(desk, item_id, "ASSIGNED");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_claimed_item_is_recovered_as_if_it_were_begun),
        TEST(test_the_other_of_two_alternatives_is_cleaned_up),
        TEST(test_an_alternative_waits_for_the_lease_of_its_own_offer),
        TEST(test_a_holder_that_outlived_the_restore_may_complete),
        TEST(test_a_restore_is_nobodys_lost_lease),
        TEST(test_the_longest_lease_of_a_live_session_is_waited_for),
        TEST(test_a_clock_that_is_set_cuts_no_lost_lease_short),
        TEST(test_begun_work_nobody_held_settles_anew),
        TEST(test_a_queued_item_is_looked_for_first),
        TEST(test_an_item_that_waited_for_approval_is_looked_for_first),
        TEST(test_an_item_that_waited_for_another_is_looked_for_first),
        TEST(test_a_held_item_is_looked_for_first),
        TEST(test_a_claim_answers_its_jobs_and_nothing_it_drops),
        TEST(test_an_agent_that_cannot_look_leaves_it_to_a_person),
        TEST(test_what_may_exist_and_is_cancelled_must_be_cleaned_up),
        TEST(test_what_is_over_stays_as_it_is),
        TEST(test_what_is_ordered_after_the_restore_is_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
