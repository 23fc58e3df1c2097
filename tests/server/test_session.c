/* Agents: sessions, and claims that race, wait and repeat. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/moment.h"
#include "proto/reason.h"
#include "tests/server/desk.h"

enum { N_RACERS = 64, N_HANDS_RACERS = 12 };

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
    desk_expect_reason(&error, REASON_NOT_OWNER);
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
                     HARNESS_NOW_MS + DESK_LEASE_MS);
    assert_int_equal(desk_pass(desk, DESK_LEASE_MS), 1);
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

/* ---- Claiming ---- */

static void
test_what_is_not_said_of_a_session_has_a_default(void **state)
{
    struct desk *desk = *state;
    char *offers[] = {OFFER_OPEN};
    Kontor__V1__RegisterAgentRequest request = KONTOR__V1__REGISTER_AGENT_REQUEST__INIT;
    Kontor__V1__Session *session;
    request.offers = offers;
    request.n_offers = 1;
    assert_int_equal(desk_call(desk, desk->agent, DESK_AGENT("RegisterAgent"), &request,
                               &session, NULL),
                     STATUS_OK);
    assert_int_equal(session->max_parallel, 1);
    assert_int_equal(session->lease_seconds, 60);
    assert_int_equal(session->n_kinds, 0);
}

static void
test_sessions_are_listed_by_pages_of_100_unless_said(void **state)
{
    static const struct {
        int32_t size;
        size_t n_listed; /* 0 = it is refused. */
    } rows[] = {{0, 100}, {1, 1}, {99, 99}, {500, 101}, {501, 101}, {-1, 0}};
    struct desk *desk = *state;
    for (int i = 0; i < 101; i++) {
        desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
        harness_advance(desk->h, 1);
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Kontor__V1__ListAgentsRequest list = KONTOR__V1__LIST_AGENTS_REQUEST__INIT;
        Kontor__V1__ListAgentsResponse *reply;
        list.page_size = rows[i].size;
        enum status status = desk_call(desk, desk->operator, DESK_AGENT("ListAgents"),
                                       &list, &reply, NULL);
        assert_int_equal(status,
                         rows[i].n_listed == 0 ? STATUS_INVALID_ARGUMENT : STATUS_OK);
        if (status == STATUS_OK) {
            assert_int_equal(reply->n_agents, rows[i].n_listed);
        }
    }
}

static void
test_k20_64_claimers_of_one_job_have_one_winner(void **state)
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
    assert_int_equal(desk_pass(desk, DESK_LEASE_MS - 1), 0);
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

/*
 * Claims of one session at once, while orders come that sort before all others: each
 * claim finds another job the oldest, so no two want the same one.
 */
static size_t
race_for_hands(struct desk *desk, const char *session, int32_t max, int *next)
{
    Kontor__V1__ClaimRequest claims[N_HANDS_RACERS];
    struct harness_call *calls[2 * N_HANDS_RACERS];
    size_t n_jobs = 0;
    for (size_t i = 0; i < N_HANDS_RACERS; i++) {
        Kontor__V1__PlaceOrderRequest *order =
            desk_new(desk, arena_print(desk->h->arena, "coast/o-%06d", (*next)--));
        desk_add(desk, order, "vm", OFFER_OPEN);
        kontor__v1__claim_request__init(&claims[i]);
        claims[i].session = (char *)session;
        claims[i].max = max;
        calls[2 * i] =
            harness_start(desk->h, desk->portal, DESK_ORDER("PlaceOrder"), order);
        calls[2 * i + 1] =
            harness_start(desk->h, desk->agent, DESK_AGENT("Claim"), &claims[i]);
    }
    for (size_t i = 0; i < 2 * N_HANDS_RACERS; i++) {
        Kontor__V1__ClaimResponse *reply = NULL;
        assert_int_equal(harness_wait(desk->h, calls[i], (void **)&reply, NULL),
                         STATUS_OK);
        n_jobs += i % 2 == 0 ? 0 : reply->n_jobs;
    }
    return n_jobs;
}

static void
test_claims_at_once_take_no_more_than_the_hands(void **state)
{
    struct desk *desk = *state;
    int next = 999999;
    size_t n_most = 0;
    for (int32_t hands = 1; hands <= 3; hands += 2) {
        for (int round = 0; round < 120; round++) {
            Kontor__V1__RenewResponse *held;
            const char *session =
                desk_session(desk, desk->agent, hands, OFFER_OPEN, NULL);
            size_t n_jobs = race_for_hands(desk, session, 1 + round % 3, &next);
            assert_int_equal(desk_renew(desk, desk->agent, session, &held, NULL),
                             STATUS_OK);
            assert_in_range(held->n_jobs, 0, (size_t)hands);
            assert_int_equal(held->n_jobs, n_jobs);
            n_most += held->n_jobs == (size_t)hands ? 1 : 0;
        }
    }
    assert_true(n_most > 0);
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

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_session_is_for_offers_of_the_agents_provider),
        TEST(test_a_session_serves_its_own_agent_only),
        TEST(test_sessions_are_listed_with_the_end_of_their_lease),
        TEST(test_what_is_not_said_of_a_session_has_a_default),
        TEST(test_sessions_are_listed_by_pages_of_100_unless_said),
        TEST(test_k20_64_claimers_of_one_job_have_one_winner),
        TEST(test_waiting_claimers_share_what_comes),
        TEST(test_a_waiting_claim_takes_what_became_ready_later),
        TEST(test_a_claim_that_waited_in_vain_is_empty_and_renews),
        TEST(test_a_session_takes_no_more_than_its_hands),
        TEST(test_claims_at_once_take_no_more_than_the_hands),
        TEST(test_first_come_first_served),
        TEST(test_a_claim_repeated_by_its_request_id_hands_out_the_same_jobs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
