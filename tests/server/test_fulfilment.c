/* Agents: sessions, claims, the dividing line, fences, leases that end, failures,
 * completion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kontor/v1/configuration.pb-c.h"
#include "proto/reason.h"
#include "server/order/job.h"
#include "server/order/moment.h"
#include "tests/server/desk.h"

#define FAILURE(name) KONTOR__V1__FAIL_REQUEST__FAILURE__##name

enum { LEASE_MS = 60000, SETTLE_MS = 60000, N_RACERS = 64 };

static int
setup(void **state)
{
    *state = desk_open();
    return 0;
}

static int
teardown(void **state)
{
    desk_close(*state);
    return 0;
}

static void
expect_reason(const struct error *error, enum reason reason)
{
    assert_string_equal(reason_row(error->reason)->name, reason_row(reason)->name);
}

/* ---- Pure ---- */

static void
test_an_intent_is_a_name_of_registry_and_item_only(void **state)
{
    struct arena *arena = arena_new();
    (void)state;
    const char *intent = job_intent("alpine", "coast/o-1/vm", arena);
    assert_string_equal(intent, job_intent("alpine", "coast/o-1/vm", arena));
    assert_string_not_equal(intent, job_intent("alpine", "coast/o-1/vn", arena));
    assert_string_not_equal(intent, job_intent("alpinf", "coast/o-1/vm", arena));
    assert_true(strlen(job_intent("a23456789-123456789-123456789-1", "coast/o-1/vm",
                                  arena)) <= 63);
    assert_int_equal(strspn(intent, "abcdefghijklmnopqrstuvwxyz0123456789-"),
                     strlen(intent));
    arena_free(arena);
}

static void
test_back_off_doubles_and_is_spread(void **state)
{
    struct arena *arena = arena_new();
    bool has_spread = false;
    (void)state;
    for (int n = -1; n < 100; n++) {
        int64_t base = n <= 1 ? 5000 : n >= 7 ? 300000 : INT64_C(5000) << (n - 1);
        base = base > 300000 ? 300000 : base;
        for (int i = 0; i < 20; i++) {
            int64_t wait =
                job_backoff_ms(arena_print(arena, "coast/o/%d", i), n, arena);
            assert_in_range(wait, base * 3 / 4, base * 5 / 4);
            has_spread = has_spread || wait != base;
            assert_int_equal(
                wait, job_backoff_ms(arena_print(arena, "coast/o/%d", i), n, arena));
        }
    }
    assert_true(has_spread);
    arena_free(arena);
}

static void
test_moments_keep_milliseconds_on_both_sides_of_1970(void **state)
{
    struct arena *arena = arena_new();
    static const int64_t times[] = {
        0, 1, 999, 1000, -1, -999, -1000, -1001, INT64_C(253402300799999)};
    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        const Google__Protobuf__Timestamp *moment = moment_new(arena, times[i]);
        assert_int_equal(moment_ms(moment, 7), times[i]);
        assert_in_range(moment->nanos, 0, 999000000);
    }
    assert_int_equal(moment_ms(NULL, 7), 7);
    arena_free(arena);
}

/* ---- Sessions ---- */

static void
test_a_session_is_for_offers_of_the_agents_provider(void **state)
{
    struct desk *desk = *state;
    struct error error;
    Kontor__V1__RegisterAgentRequest request = KONTOR__V1__REGISTER_AGENT_REQUEST__INIT;
    char *offers[] = {OFFER_OTHER};
    request.offers = offers;
    request.n_offers = 1;
    assert_int_equal(desk_call(desk, desk->agent, DESK_AGENT("RegisterAgent"), &request,
                               NULL, &error),
                     STATUS_PERMISSION_DENIED);
    expect_reason(&error, REASON_NOT_OWNER);
    offers[0] = "alpine/notebooks/ghost";
    assert_int_equal(desk_call(desk, desk->agent, DESK_AGENT("RegisterAgent"), &request,
                               NULL, &error),
                     STATUS_NOT_FOUND);
    offers[0] = OFFER_OPEN;
    assert_int_equal(desk_call(desk, desk->operator, DESK_AGENT("RegisterAgent"),
                               &request, NULL, &error),
                     STATUS_PERMISSION_DENIED);
    const char *one = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    const char *two = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    assert_string_not_equal(one, two);
    assert_int_equal(strncmp(one, "alpine/s-", 9), 0);
}

static void
test_a_session_serves_its_own_agent_only(void **state)
{
    struct desk *desk = *state;
    struct error error;
    Kontor__V1__ClaimRequest request = KONTOR__V1__CLAIM_REQUEST__INIT;
    request.session = (char *)desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    assert_int_equal(
        desk_call(desk, desk->agent2, DESK_AGENT("Claim"), &request, NULL, &error),
        STATUS_PERMISSION_DENIED);
    assert_int_equal(desk_renew(desk, desk->agent2, request.session, NULL, &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(
        desk_call(desk, desk->tape_agent, DESK_AGENT("Claim"), &request, NULL, &error),
        STATUS_NOT_FOUND);
}

static void
test_sessions_are_listed_with_the_end_of_their_lease(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__ListAgentsRequest request = KONTOR__V1__LIST_AGENTS_REQUEST__INIT;
    Kontor__V1__ListAgentsResponse *reply;
    desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    assert_int_equal(desk_call(desk, desk->operator, DESK_AGENT("ListAgents"), &request,
                               &reply, NULL),
                     STATUS_OK);
    assert_int_equal(reply->n_agents, 1);
    assert_int_equal(moment_ms(reply->agents[0]->expires_at, 0),
                     HARNESS_NOW_MS + LEASE_MS);
    assert_int_equal(desk_pass(desk, LEASE_MS), 1);
    assert_int_equal(desk_call(desk, desk->operator, DESK_AGENT("ListAgents"), &request,
                               &reply, NULL),
                     STATUS_OK);
    assert_true(reply->agents[0]->session->is_over);
    assert_null(reply->agents[0]->expires_at);
    assert_int_equal(desk_call(desk, desk->tape_operator, DESK_AGENT("ListAgents"),
                               &request, &reply, NULL),
                     STATUS_OK);
    assert_int_equal(reply->n_agents, 0);
}

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

/* ---- Claiming ---- */

static void
test_64_claimers_of_one_job_have_one_winner(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__ClaimRequest requests[N_RACERS];
    struct harness_call *calls[N_RACERS];
    size_t n_winners = 0;
    for (size_t i = 0; i < N_RACERS; i++) {
        kontor__v1__claim_request__init(&requests[i]);
        requests[i].session =
            (char *)desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    }
    desk_place_one(desk, "coast/o-1", OFFER_OPEN);
    for (size_t i = 0; i < N_RACERS; i++) {
        calls[i] =
            harness_start(desk->h, desk->agent, DESK_AGENT("Claim"), &requests[i]);
    }
    for (size_t i = 0; i < N_RACERS; i++) {
        Kontor__V1__ClaimResponse *reply;
        assert_int_equal(harness_wait(desk->h, calls[i], (void **)&reply, NULL),
                         STATUS_OK);
        n_winners += reply->n_jobs;
    }
    assert_int_equal(n_winners, 1);
    assert_int_equal(desk_item(desk, "coast/o-1/vm")->job->attempt, 1);
}

static void
test_waiting_claimers_share_what_comes(void **state)
{
    struct desk *desk = *state;
    enum { N = 8 };
    Kontor__V1__ClaimRequest requests[N];
    struct harness_call *calls[N];
    for (size_t i = 0; i < N; i++) {
        kontor__v1__claim_request__init(&requests[i]);
        requests[i].session =
            (char *)desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
        requests[i].wait_seconds = 30;
        calls[i] =
            harness_start(desk->h, desk->agent, DESK_AGENT("Claim"), &requests[i]);
    }
    harness_wait_parked(desk->h, N);
    Kontor__V1__PlaceOrderRequest *order = desk_new(desk, "coast/o-1");
    for (int i = 0; i < N; i++) {
        desk_add(desk, order, arena_print(desk->h->arena, "i%d", i), OFFER_OPEN);
    }
    desk_place(desk, order);
    for (size_t i = 0; i < N; i++) {
        Kontor__V1__ClaimResponse *reply;
        assert_int_equal(harness_wait(desk->h, calls[i], (void **)&reply, NULL),
                         STATUS_OK);
        assert_int_equal(reply->n_jobs, 1);
    }
}

static void
test_a_waiting_claim_takes_what_became_ready_later(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__ClaimRequest request = KONTOR__V1__CLAIM_REQUEST__INIT;
    Kontor__V1__ClaimResponse *reply;
    request.session = (char *)desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    request.wait_seconds = 30;
    struct harness_call *call =
        harness_start(desk->h, desk->agent, DESK_AGENT("Claim"), &request);
    harness_wait_parked(desk->h, 1);
    harness_advance(desk->h, 10000);
    desk_place_one(desk, "coast/o-1", OFFER_OPEN);
    assert_int_equal(harness_wait(desk->h, call, (void **)&reply, NULL), STATUS_OK);
    assert_int_equal(reply->n_jobs, 1);
}

static void
test_a_claim_that_waited_in_vain_is_empty_and_renews(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__ClaimRequest request = KONTOR__V1__CLAIM_REQUEST__INIT;
    Kontor__V1__ClaimResponse *reply;
    request.session = (char *)desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    request.wait_seconds = 30;
    struct harness_call *call =
        harness_start(desk->h, desk->agent, DESK_AGENT("Claim"), &request);
    harness_wait_parked(desk->h, 1);
    harness_advance(desk->h, 30000);
    assert_int_equal(harness_wait(desk->h, call, (void **)&reply, NULL), STATUS_OK);
    assert_int_equal(reply->n_jobs, 0);
    assert_int_equal(reply->lease_seconds, 60);
    assert_int_equal(desk_pass(desk, LEASE_MS - 1), 0);
    assert_int_equal(desk_pass(desk, 1), 1);
}

static void
test_a_session_takes_no_more_than_its_hands(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *order = desk_new(desk, "coast/o-1");
    Kontor__V1__ClaimRequest request = KONTOR__V1__CLAIM_REQUEST__INIT;
    Kontor__V1__ClaimResponse *reply;
    for (int i = 0; i < 5; i++) {
        desk_add(desk, order, arena_print(desk->h->arena, "i%d", i), OFFER_OPEN);
    }
    desk_place(desk, order);
    request.session = (char *)desk_session(desk, desk->agent, 3, OFFER_OPEN, NULL);
    request.max = 64;
    assert_int_equal(
        desk_call(desk, desk->agent, DESK_AGENT("Claim"), &request, &reply, NULL),
        STATUS_OK);
    assert_int_equal(reply->n_jobs, 3);
    assert_int_equal(reply->jobs[0]->fence, reply->jobs[2]->fence);
    Kontor__V1__ClaimedJob *job = reply->jobs[0];
    assert_null(desk_claim(desk, desk->agent, request.session));
    /* A waiting claim goes on as soon as a hand is free. */
    request.wait_seconds = 30;
    struct harness_call *call =
        harness_start(desk->h, desk->agent, DESK_AGENT("Claim"), &request);
    harness_wait_parked(desk->h, 1);
    assert_int_equal(desk_release(desk, job->item, job->fence, NULL), STATUS_OK);
    assert_int_equal(harness_wait(desk->h, call, (void **)&reply, NULL), STATUS_OK);
    assert_int_equal(reply->n_jobs, 1);
}

static void
test_first_come_first_served(void **state)
{
    struct desk *desk = *state;
    const char *session =
        desk_session(desk, desk->agent, 8, OFFER_OPEN, OFFER_BASIC, NULL);
    desk_place_one(desk, "coast/o-9", OFFER_BASIC);
    harness_advance(desk->h, 1000);
    desk_place_one(desk, "coast/o-5", OFFER_OPEN);
    harness_advance(desk->h, 1000);
    desk_place_one(desk, "coast/o-1", OFFER_OPEN);
    assert_int_equal(desk_decide(desk, desk->operator, "coast/o-9/vm", true, "", NULL),
                     STATUS_OK);
    assert_string_equal(desk_claim(desk, desk->agent, session)->item, "coast/o-5/vm");
    assert_string_equal(desk_claim(desk, desk->agent, session)->item, "coast/o-1/vm");
    assert_string_equal(desk_claim(desk, desk->agent, session)->item, "coast/o-9/vm");
}

static void
test_a_claim_repeated_by_its_request_id_hands_out_the_same_jobs(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__ClaimRequest request = KONTOR__V1__CLAIM_REQUEST__INIT;
    Kontor__V1__ClaimResponse *first, *again;
    Kontor__V1__PlaceOrderRequest *order = desk_new(desk, "coast/o-1");
    desk_add(desk, order, "a", OFFER_OPEN);
    desk_add(desk, order, "b", OFFER_OPEN);
    desk_place(desk, order);
    request.session = (char *)desk_session(desk, desk->agent, 2, OFFER_OPEN, NULL);
    request.request_id = "7b1c1bd8-0f0e-4a52-8d5e-2d3b6f1f2a02";
    assert_int_equal(
        desk_call(desk, desk->agent, DESK_AGENT("Claim"), &request, &first, NULL),
        STATUS_OK);
    assert_int_equal(
        desk_call(desk, desk->agent, DESK_AGENT("Claim"), &request, &again, NULL),
        STATUS_OK);
    assert_int_equal(again->n_jobs, 1);
    assert_string_equal(again->jobs[0]->item, first->jobs[0]->item);
    assert_int_equal(again->jobs[0]->fence, first->jobs[0]->fence);
    assert_int_equal(again->lease_seconds, 60);
}

/* ---- The dividing line ---- */

/* A session of the agent with one claimed job of a new order. */
static Kontor__V1__ClaimedJob *
claim_one(struct desk *desk, const char *order, const char **session)
{
    *session = desk_session(desk, desk->agent, 4, OFFER_OPEN, NULL);
    desk_place_one(desk, order, OFFER_OPEN);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, *session);
    assert_non_null(job);
    return job;
}

static void
test_begin_again_with_the_same_intent_is_fine(void **state)
{
    struct desk *desk = *state;
    const char *session;
    struct error error;
    Kontor__V1__ClaimedJob *job = claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    int64_t before = shelf_applied(desk->h);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(shelf_applied(desk->h), before);
    job->intent = "another-name";
    assert_int_equal(desk_begin(desk, job, &error), STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "intent"));
}

static void
test_stale_fences_are_lost_leases_for_every_call(void **state)
{
    struct desk *desk = *state;
    const char *session;
    struct error error;
    Kontor__V1__ReportRequest report = KONTOR__V1__REPORT_REQUEST__INIT;
    Kontor__V1__ClaimedJob *job = claim_one(desk, "coast/o-1", &session);
    const int64_t fences[] = {job->fence - 1, job->fence + 1, INT64_MAX};
    for (size_t i = 0; i < 3; i++) {
        Kontor__V1__ClaimedJob stale = *job;
        stale.fence = fences[i];
        report.item = job->item;
        report.fence = stale.fence;
        report.note = "still here";
        assert_int_equal(desk_begin(desk, &stale, &error), STATUS_ABORTED);
        expect_reason(&error, REASON_LEASE_LOST);
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
test_an_agent_of_another_provider_finds_no_job(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__CompleteRequest request = KONTOR__V1__COMPLETE_REQUEST__INIT;
    Kontor__V1__Delivery delivery = KONTOR__V1__DELIVERY__INIT;
    struct error error;
    Kontor__V1__ClaimedJob *job = claim_one(desk, "coast/o-1", &session);
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
    expect_reason(&error, REASON_ROLE_MISSING);
    assert_string_equal(harness_value(&error, "role"), "agent (provider's side)");
}

static void
test_release_ends_at_the_dividing_line(void **state)
{
    struct desk *desk = *state;
    const char *session;
    struct error error;
    Kontor__V1__ClaimedJob *job = claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_complete(desk, job->item, job->fence, "b", &error),
                     STATUS_FAILED_PRECONDITION);
    expect_reason(&error, REASON_ILLEGAL_STATE);
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

/* ---- Leases ---- */

static void
test_a_lost_lease_before_begin_queues_again(void **state)
{
    struct desk *desk = *state;
    const char *session;
    struct error error;
    Kontor__V1__ClaimedJob *job = claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_pass(desk, LEASE_MS - 1), 0);
    assert_int_equal(desk_pass(desk, 1), 1);
    desk_expect(desk, job->item, "QUEUED");
    assert_int_equal(desk_item(desk, job->item)->job->losses, 1);
    const Kontor__V1__OrderItem *item = desk_item(desk, job->item);
    assert_string_equal(item->history[item->n_history - 1]->actor, "~broker/lease");
    assert_int_equal(desk_begin(desk, job, &error), STATUS_ABORTED);
    expect_reason(&error, REASON_LEASE_LOST);
    assert_int_equal(desk_renew(desk, desk->agent, session, NULL, &error),
                     STATUS_ABORTED);
    expect_reason(&error, REASON_LEASE_LOST);
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
    Kontor__V1__ClaimedJob *job = claim_one(desk, "coast/o-1", &session);
    int64_t before = shelf_applied(desk->h);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(desk_pass(desk, LEASE_MS - 1), 0);
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
test_a_lost_lease_after_begin_is_recovered_after_settling(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimedJob *job = claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    int64_t header = desk_order(desk, "coast/o-1")->revision;
    assert_int_equal(desk_pass(desk, LEASE_MS), 1);
    desk_expect(desk, job->item, "IN_PROGRESS");
    /* The state stays, so the header does too. */
    assert_int_equal(desk_order(desk, "coast/o-1")->revision, header);
    const char *other = desk_session(desk, desk->agent2, 1, OFFER_OPEN, NULL);
    assert_null(desk_claim(desk, desk->agent2, other));
    harness_advance(desk->h, SETTLE_MS - 1);
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
    Kontor__V1__ClaimedJob *job = claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_pass(desk, LEASE_MS), 1);
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
    Kontor__V1__ClaimedJob *job = claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_pass(desk, LEASE_MS), 1);
    assert_int_equal(desk_complete(desk, job->item, job->fence, "late but there", NULL),
                     STATUS_OK);
    desk_expect(desk, job->item, "COMPLETED");
}

static void
test_a_poison_job_is_held_after_three_losses(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimedJob *job = claim_one(desk, "coast/o-1", &session);
    for (int i = 0; i < 3; i++) {
        desk_expect(desk, job->item, "ASSIGNED");
        assert_int_equal(desk_pass(desk, LEASE_MS), 1);
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
    Kontor__V1__ClaimedJob *job = claim_one(desk, "coast/o-1", &session);
    for (int i = 0; i < 6; i++) {
        harness_advance(desk->h, 1);
        assert_int_equal(desk_renew(desk, desk->agent, session, NULL, NULL), STATUS_OK);
        assert_int_equal(desk_pass(desk, LEASE_MS), 1);
        desk_expect(desk, job->item, "QUEUED");
        assert_int_equal(desk_item(desk, job->item)->job->losses, 0);
        session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
        assert_non_null(desk_claim(desk, desk->agent, session));
    }
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
    assert_int_equal(desk_pass(desk, LEASE_MS), 1);
    for (int i = 0; i < N; i++) {
        desk_expect(desk, arena_print(desk->h->arena, "coast/o-%d/vm", i), "QUEUED");
    }
    const Kontor__V1__Session *session =
        harness_record(desk->h, KIND_SESSION, request.session);
    assert_true(session->is_over);
    assert_int_equal(desk_pass(desk, LEASE_MS), 0);
}

static void
test_a_session_lives_one_full_term_from_the_brokers_start(void **state)
{
    struct desk *desk = *state;
    desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    /* As if the broker had started again half a term later. */
    harness_advance(desk->h, LEASE_MS / 2);
    desk->h->broker.started_at_ms = clock_wall_ms(&desk->h->clock);
    assert_int_equal(desk_pass(desk, LEASE_MS / 2), 0);
    assert_int_equal(desk_pass(desk, LEASE_MS / 2 - 1), 0);
    assert_int_equal(desk_pass(desk, 1), 1);
}

static void
test_after_a_restore_every_claim_is_recovered(void **state)
{
    struct desk *desk = *state;
    const char *session, *other;
    size_t n_recovered;
    Kontor__V1__ClaimedJob *begun = claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, begun, NULL), STATUS_OK);
    Kontor__V1__ClaimedJob *claimed = claim_one(desk, "coast/o-2", &other);
    desk_place_one(desk, "coast/o-3", OFFER_BASIC);
    assert_int_equal(orders_recover(desk->h->dispatch, &n_recovered), STATUS_OK);
    assert_int_equal(n_recovered, 2);
    desk_expect(desk, begun->item, "IN_PROGRESS");
    desk_expect(desk, claimed->item, "QUEUED");
    assert_string_equal(desk_item(desk, begun->item)->job->session, "");
    Kontor__V1__ClaimedJob *again = desk_claim(desk, desk->agent, session);
    assert_string_equal(again->item, claimed->item);
    harness_advance(desk->h, SETTLE_MS);
    assert_int_equal(desk_renew(desk, desk->agent, session, NULL, NULL), STATUS_OK);
    again = desk_claim(desk, desk->agent, session);
    assert_string_equal(again->prior_intent, begun->intent);
    assert_int_equal(orders_recover(desk->h->dispatch, &n_recovered), STATUS_OK);
    assert_int_equal(n_recovered, 2);
}

static void
test_a_poison_job_that_is_begun_is_held_too(void **state)
{
    struct desk *desk = *state;
    const char *session;
    struct error error;
    Kontor__V1__ClaimedJob *job = claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(desk_pass(desk, LEASE_MS), 1);
        harness_advance(desk->h, SETTLE_MS);
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

static void
test_the_thread_of_the_leases_starts_and_stops(void **state)
{
    struct desk *desk = *state;
    struct lease *lease = lease_start(desk->h->dispatch);
    desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    lease_stop(lease);
    lease_stop(NULL);
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
        Kontor__V1__ClaimedJob *job =
            claim_one(desk, arena_print(desk->h->arena, "coast/o-%zu", i), &session);
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
    Kontor__V1__ClaimedJob *job = claim_one(desk, "coast/o-1", &session);
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
    Kontor__V1__ClaimedJob *job = claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(
        desk_fail(desk, job->item, job->fence, FAILURE(UNKNOWN), NULL, NULL),
        STATUS_OK);
    desk_expect(desk, job->item, "IN_PROGRESS");
    assert_int_equal(
        desk_fail(desk, job->item, job->fence, FAILURE(RETRYABLE), NULL, &error),
        STATUS_ABORTED);
    assert_null(desk_claim(desk, desk->agent, session));
    harness_advance(desk->h, SETTLE_MS);
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
test_complete_again_is_a_replay_or_differs(void **state)
{
    struct desk *desk = *state;
    const char *session;
    struct error error;
    Kontor__V1__ClaimedJob *job = claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_complete(desk, job->item, job->fence, "b-1", NULL),
                     STATUS_OK);
    int64_t before = shelf_applied(desk->h);
    assert_int_equal(desk_complete(desk, job->item, job->fence, "b-1", NULL),
                     STATUS_OK);
    assert_int_equal(desk_complete(desk, job->item, job->fence, "b-2", &error),
                     STATUS_ALREADY_EXISTS);
    expect_reason(&error, REASON_COMPLETION_DIFFERS);
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
    Kontor__V1__ClaimedJob *job = claim_one(desk, "coast/o-1", &session);
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
    Kontor__V1__ClaimedJob *job = claim_one(desk, "coast/o-1", &session);
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
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_intent_is_a_name_of_registry_and_item_only),
        cmocka_unit_test(test_back_off_doubles_and_is_spread),
        cmocka_unit_test(test_moments_keep_milliseconds_on_both_sides_of_1970),
        TEST(test_a_session_is_for_offers_of_the_agents_provider),
        TEST(test_a_session_serves_its_own_agent_only),
        TEST(test_sessions_are_listed_with_the_end_of_their_lease),
        TEST(test_an_item_goes_from_order_to_delivery),
        TEST(test_64_claimers_of_one_job_have_one_winner),
        TEST(test_waiting_claimers_share_what_comes),
        TEST(test_a_waiting_claim_takes_what_became_ready_later),
        TEST(test_a_claim_that_waited_in_vain_is_empty_and_renews),
        TEST(test_a_session_takes_no_more_than_its_hands),
        TEST(test_first_come_first_served),
        TEST(test_a_claim_repeated_by_its_request_id_hands_out_the_same_jobs),
        TEST(test_begin_again_with_the_same_intent_is_fine),
        TEST(test_stale_fences_are_lost_leases_for_every_call),
        TEST(test_an_agent_of_another_provider_finds_no_job),
        TEST(test_release_ends_at_the_dividing_line),
        TEST(test_a_lost_lease_before_begin_queues_again),
        TEST(test_renewing_keeps_the_lease),
        TEST(test_a_lost_lease_after_begin_is_recovered_after_settling),
        TEST(test_a_waiting_claim_wakes_when_a_job_has_settled),
        TEST(test_the_last_fence_counts_until_somebody_claims),
        TEST(test_a_poison_job_is_held_after_three_losses),
        TEST(test_a_poison_job_that_is_begun_is_held_too),
        TEST(test_the_thread_of_the_leases_starts_and_stops),
        TEST(test_a_renewal_since_the_claim_breaks_the_row_of_losses),
        TEST(test_a_session_ends_with_all_it_holds),
        TEST(test_a_session_lives_one_full_term_from_the_brokers_start),
        TEST(test_after_a_restore_every_claim_is_recovered),
        TEST(test_failing_before_begin),
        TEST(test_retryable_after_begin_stays_with_the_session),
        TEST(test_unknown_after_begin_is_recovered),
        TEST(test_permanent_after_begin_fails_and_takes_dependants_along),
        TEST(test_a_dependant_waits_for_all_it_requires),
        TEST(test_complete_again_is_a_replay_or_differs),
        TEST(test_endpoints_are_named_where_the_offer_asks),
        TEST(test_reports_are_milestones_or_notes),
        TEST(test_history_is_bounded_and_keeps_its_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
