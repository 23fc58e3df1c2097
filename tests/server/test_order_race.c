/* Calls that exclude each other, made at once: one of them is first, and the others are
 * told so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/reason.h"
#include "tests/server/desk.h"

enum { N_ROUNDS = 60, N_RACERS = 16 };

/* ---- The dividing line ---- */

static void
test_k30_begin_and_cancel_never_both_win(void **state)
{
    struct desk *desk = *state;
    size_t n_begun = 0, n_cancelled = 0;
    for (int round = 0; round < N_ROUNDS; round++) {
        const char *session;
        struct error error = {0};
        const char *id = arena_print(desk->h->arena, "coast/o-%d", round);
        Kontor__V1__ClaimedJob *job = desk_claim_one(desk, id, &session);
        Kontor__V1__BeginRequest begin = KONTOR__V1__BEGIN_REQUEST__INIT;
        Kontor__V1__CancelOrderRequest cancel = KONTOR__V1__CANCEL_ORDER_REQUEST__INIT;
        begin.item = job->item;
        begin.fence = job->fence;
        begin.intent = job->intent;
        cancel.id = (char *)id;
        bool is_begin_first = round % 2 == 0;
        struct harness_call *calls[2] = {NULL, NULL};
        for (int i = 0; i < 2; i++) {
            bool is_begin = (i == 0) == is_begin_first;
            calls[is_begin ? 0 : 1] =
                is_begin
                    ? harness_start(desk->h, desk->agent, DESK_AGENT("Begin"), &begin)
                    : harness_start(desk->h, desk->portal, DESK_ORDER("CancelOrder"),
                                    &cancel);
        }
        enum status begun = harness_wait(desk->h, calls[0], NULL, &error);
        if (begun != STATUS_OK) {
            desk_expect_reason(&error, REASON_LEASE_LOST);
        }
        /* Whoever came first decides whether it is over or has to be asked for. */
        assert_int_equal(harness_wait(desk->h, calls[1], NULL, &error), STATUS_OK);
        desk_expect(desk, job->item,
                    begun == STATUS_OK ? "ASSESSING_CANCELLATION" : "CANCELLED");
        n_begun += begun == STATUS_OK ? 1 : 0;
        n_cancelled += begun == STATUS_OK ? 0 : 1;
    }
    print_message("%zu begun, %zu cancelled\n", n_begun, n_cancelled);
}

/* ---- The end ---- */

static void
test_a_job_ends_once(void **state)
{
    struct desk *desk = *state;
    for (int round = 0; round < N_ROUNDS; round++) {
        const char *session;
        Kontor__V1__ClaimedJob *job = desk_claim_one(
            desk, arena_print(desk->h->arena, "coast/o-%d", round), &session);
        Kontor__V1__CompleteRequest complete = KONTOR__V1__COMPLETE_REQUEST__INIT;
        Kontor__V1__FailRequest fail = KONTOR__V1__FAIL_REQUEST__INIT;
        Kontor__V1__OverrideItemRequest force = KONTOR__V1__OVERRIDE_ITEM_REQUEST__INIT;
        Kontor__V1__Delivery delivery = KONTOR__V1__DELIVERY__INIT;
        struct harness_call *calls[3];
        size_t n_won = 0;
        assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
        delivery.backend_id = "b";
        complete.item = fail.item = force.id = job->item;
        complete.fence = fail.fence = job->fence;
        complete.delivery = &delivery;
        fail.failure = KONTOR__V1__FAIL_REQUEST__FAILURE__PERMANENT;
        fail.reason = force.reason = "over";
        force.override = KONTOR__V1__OVERRIDE_ITEM_REQUEST__OVERRIDE__FAIL;
        calls[0] =
            harness_start(desk->h, desk->agent, DESK_AGENT("Complete"), &complete);
        calls[1] = harness_start(desk->h, desk->agent, DESK_AGENT("Fail"), &fail);
        calls[2] =
            harness_start(desk->h, desk->admin, DESK_ORDER("OverrideItem"), &force);
        for (int i = 0; i < 3; i++) {
            struct error error = {0};
            enum status status = harness_wait(desk->h, calls[i], NULL, &error);
            n_won += status == STATUS_OK ? 1 : 0;
            if (status != STATUS_OK && status != STATUS_ABORTED &&
                status != STATUS_FAILED_PRECONDITION) {
                fail_msg("call %d: %s", i, error.message);
            }
        }
        assert_int_equal(n_won, 1);
    }
}

static void
test_siblings_that_end_at_once_end_the_order(void **state)
{
    struct desk *desk = *state;
    const char *session = desk_session(desk, desk->agent, 64, OFFER_OPEN, NULL);
    Kontor__V1__PlaceOrderRequest *order = desk_new(desk, "coast/o-1");
    Kontor__V1__CompleteRequest requests[N_RACERS];
    Kontor__V1__Delivery delivery = KONTOR__V1__DELIVERY__INIT;
    struct harness_call *calls[N_RACERS];
    Kontor__V1__NewItem *last = desk_add(desk, order, "last", OFFER_OPEN);
    for (int i = 0; i < N_RACERS; i++) {
        char *name = arena_print(desk->h->arena, "i%d", i);
        desk_add(desk, order, name, OFFER_OPEN);
        desk_require(desk, last, name);
    }
    desk_place(desk, order);
    delivery.backend_id = "b";
    for (int i = 0; i < N_RACERS; i++) {
        Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
        assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
        kontor__v1__complete_request__init(&requests[i]);
        requests[i].item = job->item;
        requests[i].fence = job->fence;
        requests[i].delivery = &delivery;
    }
    assert_null(desk_claim(desk, desk->agent, session));
    for (int i = 0; i < N_RACERS; i++) {
        calls[i] =
            harness_start(desk->h, desk->agent, DESK_AGENT("Complete"), &requests[i]);
    }
    for (int i = 0; i < N_RACERS; i++) {
        assert_int_equal(harness_wait(desk->h, calls[i], NULL, NULL), STATUS_OK);
    }
    /* Whichever was the last of them let it go on. */
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_string_equal(job->item, "coast/o-1/last");
    assert_int_equal(job->n_required, N_RACERS);
}

/* ---- Placing and deciding ---- */

static void
test_one_content_gets_an_order_id(void **state)
{
    struct desk *desk = *state;
    for (int round = 0; round < N_ROUNDS / 4; round++) {
        const char *id = arena_print(desk->h->arena, "coast/o-%d", round);
        struct harness_call *calls[N_RACERS];
        size_t n_new = 0, n_again = 0;
        for (int i = 0; i < N_RACERS; i++) {
            Kontor__V1__PlaceOrderRequest *order = desk_new(desk, id);
            desk_add(desk, order, "vm", OFFER_OPEN);
            order->note = i % 2 == 0 ? "one" : "another";
            /* Two principals, so that no key of idempotency tells them apart. */
            const struct principal *who = i % 4 < 2 ? desk->portal : desk->shifter;
            calls[i] = harness_start(desk->h, who, DESK_ORDER("PlaceOrder"), order);
        }
        for (int i = 0; i < N_RACERS; i++) {
            Kontor__V1__PlaceOrderResponse *reply;
            struct error error = {0};
            if (harness_wait(desk->h, calls[i], (void **)&reply, &error) == STATUS_OK) {
                *(reply->is_replayed ? &n_again : &n_new) += 1;
                continue;
            }
            desk_expect_reason(&error, REASON_ORDER_DIFFERS);
        }
        assert_int_equal(n_new + n_again, N_RACERS / 2);
        assert_true(n_new >= 1);
        assert_int_equal(
            desk_item(desk, arena_print(desk->h->arena, "%s/vm", id))->n_history, 1);
    }
}

static void
test_a_step_is_decided_once(void **state)
{
    struct desk *desk = *state;
    for (int round = 0; round < N_ROUNDS; round++) {
        const char *id = arena_print(desk->h->arena, "coast/o-%d", round);
        Kontor__V1__DecideItemRequest requests[2];
        struct harness_call *calls[2];
        size_t n_won = 0;
        desk_place_one(desk, id, OFFER_BASIC);
        for (int i = 0; i < 2; i++) {
            kontor__v1__decide_item_request__init(&requests[i]);
            requests[i].id = arena_print(desk->h->arena, "%s/vm", id);
            requests[i].decision =
                i == 0 ? KONTOR__V1__DECIDE_ITEM_REQUEST__DECISION__APPROVE
                       : KONTOR__V1__DECIDE_ITEM_REQUEST__DECISION__REJECT;
            requests[i].reason = "so be it";
            calls[i] = harness_start(desk->h, desk->operator, DESK_ORDER("DecideItem"),
                                     &requests[i]);
        }
        for (int i = 0; i < 2; i++) {
            struct error error = {0};
            enum status status = harness_wait(desk->h, calls[i], NULL, &error);
            n_won += status == STATUS_OK ? 1 : 0;
            assert_true(status == STATUS_OK || status == STATUS_FAILED_PRECONDITION);
        }
        assert_int_equal(n_won, 1);
        assert_string_not_equal(
            desk_item(desk, requests[0].id)->approvals[0]->decided_by, "");
    }
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_k30_begin_and_cancel_never_both_win),
        TEST(test_a_job_ends_once),
        TEST(test_siblings_that_end_at_once_end_the_order),
        TEST(test_one_content_gets_an_order_id),
        TEST(test_a_step_is_decided_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
