/* Leases that end: what is queued again, recovered, or held. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/reason.h"
#include "server/log.h"
#include "server/order/keeper.h"
#include "tests/server/desk.h"
#include "tests/server/flood.h"

enum { N_RACERS = 64 };

static void
test_k21_a_lost_lease_before_begin_queues_again(void **state)
{
    struct desk *desk = *state;
    const char *session;
    struct error error;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_pass(desk, DESK_LEASE_MS - 1), 0);
    assert_int_equal(desk_pass(desk, 1), 1);
    desk_expect(desk, job->item, "QUEUED");
    assert_int_equal(desk_item(desk, job->item)->job->losses, 1);
    const Kontor__V1__OrderItem *item = desk_item(desk, job->item);
    assert_string_equal(item->history[item->n_history - 1]->actor, "~broker/lease");
    assert_int_equal(desk_begin(desk, job, &error), STATUS_ABORTED);
    desk_expect_reason(&error, REASON_LEASE_LOST);
    assert_int_equal(desk_renew(desk, desk->agent, session, NULL, &error),
                     STATUS_ABORTED);
    desk_expect_reason(&error, REASON_LEASE_LOST);
    session = desk_session(desk, desk->agent2, 1, OFFER_OPEN, NULL);
    assert_string_equal(desk_claim(desk, desk->agent2, session)->prior_intent, "");
    assert_int_equal(desk_pass(desk, 0), 0);
}

static void
test_renewing_keeps_the_lease(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__RenewResponse *renewed;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    int64_t before = shelf_applied(desk->h);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(desk_pass(desk, DESK_LEASE_MS - 1), 0);
        assert_int_equal(desk_renew(desk, desk->agent, session, &renewed, NULL),
                         STATUS_OK);
        assert_int_equal(renewed->n_jobs, 1);
        assert_string_equal(renewed->jobs[0]->item, job->item);
        assert_int_equal(renewed->jobs[0]->fence, job->fence);
    }
    /* Renewals never reach the log. */
    assert_int_equal(shelf_applied(desk->h), before);
}

static void
test_k22_a_lost_lease_after_begin_is_recovered_after_settling(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    int64_t header = desk_order(desk, "coast/o-1")->revision;
    assert_int_equal(desk_pass(desk, DESK_LEASE_MS), 1);
    desk_expect(desk, job->item, "IN_PROGRESS");
    /* The state stays, so the header does too. */
    assert_int_equal(desk_order(desk, "coast/o-1")->revision, header);
    const char *other = desk_session(desk, desk->agent2, 1, OFFER_OPEN, NULL);
    assert_null(desk_claim(desk, desk->agent2, other));
    harness_advance(desk->h, DESK_SETTLE_MS - 1);
    assert_null(desk_claim(desk, desk->agent2, other));
    harness_advance(desk->h, 1);
    Kontor__V1__ClaimedJob *again = desk_claim(desk, desk->agent2, other);
    assert_string_equal(again->prior_intent, job->intent);
    assert_string_equal(again->intent, job->intent);
    assert_true(again->fence > job->fence);
    struct error error;
    assert_int_equal(desk_complete(desk, job->item, job->fence, "late", &error),
                     STATUS_ABORTED);
    assert_int_equal(desk_begin(desk, again, NULL), STATUS_OK);
    assert_int_equal(desk_complete(desk, job->item, again->fence, "found", NULL),
                     STATUS_OK);
    desk_expect(desk, job->item, "COMPLETED");
}

static void
test_a_waiting_claim_wakes_when_a_job_has_settled(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimRequest request = KONTOR__V1__CLAIM_REQUEST__INIT;
    Kontor__V1__ClaimResponse *reply;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_pass(desk, DESK_LEASE_MS), 1);
    request.session = (char *)desk_session(desk, desk->agent2, 1, OFFER_OPEN, NULL);
    harness_advance(desk->h, 45000);
    request.wait_seconds = 30;
    struct harness_call *call =
        harness_start(desk->h, desk->agent2, DESK_AGENT("Claim"), &request);
    harness_wait_parked(desk->h, 1);
    harness_advance(desk->h, 15000);
    assert_int_equal(harness_wait(desk->h, call, (void **)&reply, NULL), STATUS_OK);
    assert_int_equal(reply->n_jobs, 1);
    assert_string_equal(reply->jobs[0]->prior_intent, job->intent);
}

static void
test_the_last_fence_counts_until_somebody_claims(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_pass(desk, DESK_LEASE_MS), 1);
    assert_int_equal(desk_complete(desk, job->item, job->fence, "late but there", NULL),
                     STATUS_OK);
    desk_expect(desk, job->item, "COMPLETED");
}

/* ---- A wall clock that is set ---- */

enum { JUMP_MS = 25 * 60 * 60 * 1000 };

static void
test_a_jump_of_the_wall_clock_ends_no_lease(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    desk_jump(desk, JUMP_MS);
    assert_int_equal(desk_pass(desk, DESK_LEASE_MS - 1), 0);
    desk_expect(desk, job->item, "IN_PROGRESS");
    assert_int_equal(desk_pass(desk, 1), 1);
    assert_string_equal(desk_item(desk, job->item)->job->session, "");
}

static void
test_a_wall_clock_that_is_set_back_keeps_no_dead_session(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    desk_jump(desk, -JUMP_MS);
    assert_int_equal(desk_pass(desk, DESK_LEASE_MS - 1), 0);
    assert_int_equal(desk_pass(desk, 1), 1);
    desk_expect(desk, job->item, "QUEUED");
}

static void
test_a_job_of_a_clock_that_is_set_back_is_claimed(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_release(desk, job->item, job->fence, NULL), STATUS_OK);
    desk_expect(desk, job->item, "QUEUED");
    desk_jump(desk, -JUMP_MS);
    assert_non_null(desk_claim(desk, desk->agent, session));
}

/* How many warnings of a set clock were written since the last count. */
static size_t
count_warnings(int file)
{
    static const char said[] = "\"event\":\"the wall clock was set: ";
    char text[4096];
    size_t n = 0;
    ssize_t size = read(file, text, sizeof text - 1);
    text[size > 0 ? size : 0] = '\0';
    for (const char *at = strstr(text, said); at != NULL; at = strstr(at + 1, said)) {
        n++;
    }
    return n;
}

/* Without the line nobody would know why sessions outlive their terms. */
static void
test_a_wall_clock_that_is_set_is_said_once(void **state)
{
    struct desk *desk = *state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    log_open(LOG_FORMAT_JSON, LOG_LEVEL_WARN, ends[1]);
    size_t n_said[6];
    desk_jump(desk, 0);
    n_said[0] = count_warnings(ends[0]);
    desk_jump(desk, CLOCK_JUMP_MS);
    n_said[1] = count_warnings(ends[0]);
    desk_jump(desk, CLOCK_JUMP_MS + 1);
    n_said[2] = count_warnings(ends[0]);
    desk_jump(desk, 0);
    n_said[3] = count_warnings(ends[0]);
    desk_jump(desk, -JUMP_MS);
    n_said[4] = count_warnings(ends[0]);
    assert_int_equal(desk_pass(desk, 1000), 0);
    n_said[5] = count_warnings(ends[0]);
    log_open(LOG_FORMAT_AUTO, LOG_LEVEL_INFO, STDERR_FILENO);
    (void)close(ends[0]);
    (void)close(ends[1]);
    static const size_t wanted[6] = {0, 0, 1, 0, 1, 0};
    assert_memory_equal(n_said, wanted, sizeof wanted);
}

/* The last holder's backend call is under way as long as it is, whatever the clock on
 * the wall says: who looks too early finds nothing, and creates it twice. */
static void
expect_settles_through(struct desk *desk, int64_t jump_ms)
{
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_pass(desk, DESK_LEASE_MS), 1);
    session = desk_session(desk, desk->agent2, 1, OFFER_OPEN, NULL);
    desk_jump(desk, jump_ms);
    harness_advance(desk->h, DESK_SETTLE_MS - 1);
    assert_null(desk_claim(desk, desk->agent2, session));
    harness_advance(desk->h, 1);
    assert_string_equal(desk_claim(desk, desk->agent2, session)->prior_intent,
                        job->intent);
}

static void
test_what_is_begun_settles_through_a_jump(void **state)
{
    expect_settles_through(*state, JUMP_MS);
}

static void
test_what_is_begun_settles_anew_once_the_clock_is_set_back(void **state)
{
    expect_settles_through(*state, -JUMP_MS);
}

static void
test_k26_a_poison_job_is_held_after_three_losses(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    for (int i = 0; i < 3; i++) {
        desk_expect(desk, job->item, "ASSIGNED");
        assert_int_equal(desk_pass(desk, DESK_LEASE_MS), 1);
        session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
        assert_int_equal(desk_claim(desk, desk->agent, session) == NULL, i == 2);
    }
    desk_expect(desk, job->item, "HELD");
    assert_int_equal(desk_item(desk, job->item)->reason,
                     KONTOR__V1__ITEM_REASON__NEEDS_OPERATOR);
    assert_int_equal(desk_resume(desk, desk->operator, job->item, NULL), STATUS_OK);
    assert_int_equal(desk_item(desk, job->item)->job->losses, 0);
    assert_non_null(desk_claim(desk, desk->agent, session));
}

static void
test_a_renewal_since_the_claim_breaks_the_row_of_losses(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    for (int i = 0; i < 6; i++) {
        harness_advance(desk->h, 1);
        assert_int_equal(desk_renew(desk, desk->agent, session, NULL, NULL), STATUS_OK);
        assert_int_equal(desk_pass(desk, DESK_LEASE_MS), 1);
        desk_expect(desk, job->item, "QUEUED");
        assert_int_equal(desk_item(desk, job->item)->job->losses, 0);
        session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
        assert_non_null(desk_claim(desk, desk->agent, session));
    }
}

static void
test_a_renewal_counts_also_once_the_clock_was_set_back(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    desk_jump(desk, -JUMP_MS);
    assert_int_equal(desk_renew(desk, desk->agent, session, NULL, NULL), STATUS_OK);
    assert_int_equal(desk_pass(desk, DESK_LEASE_MS), 1);
    desk_expect(desk, job->item, "QUEUED");
    assert_int_equal(desk_item(desk, job->item)->job->losses, 0);
}

static void
test_a_renewal_counts_only_for_what_was_held_then(void **state)
{
    struct desk *desk = *state;
    const char *session = desk_session(desk, desk->agent, 2, OFFER_OPEN, NULL);
    desk_place_one(desk, "coast/o-1", OFFER_OPEN);
    Kontor__V1__ClaimedJob *held = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_renew(desk, desk->agent, session, NULL, NULL), STATUS_OK);
    /* Claimed in the same moment, and never heard of again. */
    desk_place_one(desk, "coast/o-2", OFFER_OPEN);
    Kontor__V1__ClaimedJob *later = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_pass(desk, DESK_LEASE_MS), 1);
    assert_int_equal(desk_item(desk, held->item)->job->losses, 0);
    assert_int_equal(desk_item(desk, later->item)->job->losses, 1);
}

static void
test_a_session_ends_with_all_it_holds(void **state)
{
    struct desk *desk = *state;
    enum { N = 40 };
    Kontor__V1__ClaimRequest request = KONTOR__V1__CLAIM_REQUEST__INIT;
    Kontor__V1__ClaimResponse *reply;
    request.session = (char *)desk_session(desk, desk->agent, 64, OFFER_OPEN, NULL);
    request.max = 64;
    for (int i = 0; i < N; i++) {
        desk_place_one(desk, arena_print(desk->h->arena, "coast/o-%d", i), OFFER_OPEN);
    }
    assert_int_equal(
        desk_call(desk, desk->agent, DESK_AGENT("Claim"), &request, &reply, NULL),
        STATUS_OK);
    assert_int_equal(reply->n_jobs, N);
    struct document guard;
    const char *hands = arena_print(desk->h->arena, "hands/%s", request.session);
    assert_int_equal(harness_get(desk->h, KIND_GUARD, hands, &guard), STATUS_OK);
    assert_int_equal(desk_pass(desk, DESK_LEASE_MS), 1);
    assert_int_equal(harness_get(desk->h, KIND_GUARD, hands, &guard), STATUS_NOT_FOUND);
    for (int i = 0; i < N; i++) {
        desk_expect(desk, arena_print(desk->h->arena, "coast/o-%d/vm", i), "QUEUED");
    }
    const Kontor__V1__Session *session =
        harness_record(desk->h, KIND_SESSION, request.session);
    assert_true(session->is_over);
    assert_int_equal(desk_pass(desk, DESK_LEASE_MS), 0);
}

static void
test_a_session_lives_one_full_term_from_the_brokers_start(void **state)
{
    struct desk *desk = *state;
    desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    /* As if the broker had started again half a term later. */
    harness_advance(desk->h, DESK_LEASE_MS / 2);
    desk->h->broker.started_at_ms = clock_wall_ms(&desk->h->clock);
    assert_int_equal(desk_pass(desk, DESK_LEASE_MS / 2), 0);
    assert_int_equal(desk_pass(desk, DESK_LEASE_MS / 2 - 1), 0);
    assert_int_equal(desk_pass(desk, 1), 1);
}

static void
test_after_a_restore_every_claim_is_recovered(void **state)
{
    struct desk *desk = *state;
    const char *session, *other;
    size_t n_recovered;
    Kontor__V1__ClaimedJob *begun = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, begun, NULL), STATUS_OK);
    Kontor__V1__ClaimedJob *claimed = desk_claim_one(desk, "coast/o-2", &other);
    desk_place_one(desk, "coast/o-3", OFFER_BASIC);
    assert_int_equal(orders_recover(desk->h->dispatch, &n_recovered), STATUS_OK);
    assert_int_equal(n_recovered, 3);
    const Kontor__V1__ClaimedJob *const jobs[] = {begun, claimed};
    for (size_t i = 0; i < 2; i++) {
        desk_expect(desk, jobs[i]->item, "IN_PROGRESS");
        assert_string_equal(desk_item(desk, jobs[i]->item)->job->session, "");
        assert_string_equal(desk_item(desk, jobs[i]->item)->job->intent,
                            jobs[i]->intent);
    }
    assert_null(desk_claim(desk, desk->agent, session));
    harness_advance(desk->h, DESK_LEASE_MS + DESK_SETTLE_MS);
    Kontor__V1__ClaimedJob *again = desk_claim(desk, desk->agent, session);
    assert_string_equal(again->prior_intent, begun->intent);
    assert_int_equal(orders_recover(desk->h->dispatch, &n_recovered), STATUS_OK);
    assert_int_equal(n_recovered, 3);
}

static void
test_a_poison_job_that_is_begun_is_held_too(void **state)
{
    struct desk *desk = *state;
    const char *session;
    struct error error;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(desk_pass(desk, DESK_LEASE_MS), 1);
        harness_advance(desk->h, DESK_SETTLE_MS);
        session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
        Kontor__V1__ClaimedJob *again = desk_claim(desk, desk->agent, session);
        assert_int_equal(again == NULL, i == 2);
        job = again == NULL ? job : again;
    }
    desk_expect(desk, job->item, "HELD_BEGUN");
    desk_expect_order(desk, "coast/o-1", "ORDER_HELD");
    /* A person decides now: the last fence counts no more. */
    assert_int_equal(desk_complete(desk, job->item, job->fence, "late", &error),
                     STATUS_ABORTED);
}

/* Sessions of agents that are gone end while no file can be opened. */
static void
test_leases_end_in_a_flood_of_connections(void **state)
{
    struct desk *desk = *state;
    struct flood flood;
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    flood_begin(&flood);
    assert_null(lease_new(desk->h->dispatch));
    size_t n_ended = desk_pass(desk, DESK_LEASE_MS);
    flood_end(&flood);
    assert_int_equal(n_ended, 1);
    desk_expect(desk, job->item, "QUEUED");
}

static void
test_the_thread_of_the_leases_starts_and_stops(void **state)
{
    struct desk *desk = *state;
    struct keeper *keeper = keeper_start(desk->h->dispatch);
    desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    keeper_stop(keeper);
    keeper_stop(NULL);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_k21_a_lost_lease_before_begin_queues_again),
        TEST(test_renewing_keeps_the_lease),
        TEST(test_k22_a_lost_lease_after_begin_is_recovered_after_settling),
        TEST(test_a_waiting_claim_wakes_when_a_job_has_settled),
        TEST(test_the_last_fence_counts_until_somebody_claims),
        TEST(test_a_jump_of_the_wall_clock_ends_no_lease),
        TEST(test_a_wall_clock_that_is_set_is_said_once),
        TEST(test_a_wall_clock_that_is_set_back_keeps_no_dead_session),
        TEST(test_a_job_of_a_clock_that_is_set_back_is_claimed),
        TEST(test_what_is_begun_settles_anew_once_the_clock_is_set_back),
        TEST(test_what_is_begun_settles_through_a_jump),
        TEST(test_k26_a_poison_job_is_held_after_three_losses),
        TEST(test_a_poison_job_that_is_begun_is_held_too),
        TEST(test_leases_end_in_a_flood_of_connections),
        TEST(test_the_thread_of_the_leases_starts_and_stops),
        TEST(test_a_renewal_since_the_claim_breaks_the_row_of_losses),
        TEST(test_a_renewal_counts_also_once_the_clock_was_set_back),
        TEST(test_a_renewal_counts_only_for_what_was_held_then),
        TEST(test_a_session_ends_with_all_it_holds),
        TEST(test_a_session_lives_one_full_term_from_the_brokers_start),
        TEST(test_after_a_restore_every_claim_is_recovered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
