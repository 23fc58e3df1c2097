/* Items of one fate: all or nothing, bundles, alternatives, best effort. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/reason.h"
#include "server/order/item_state.h"
#include "tests/server/desk.h"

#define FAILURE(name) KONTOR__V1__FAIL_REQUEST__FAILURE__##name
#define CLEANUP(name) KONTOR__V1__CLEANUP__CLEANUP_##name
#define KIND(name) KONTOR__V1__JOB_KIND__##name

static const char order_id[] = "coast/o-1";

static const char *
item(struct desk *desk, const char *name)
{
    return arena_print(desk->h->arena, "%s/%s", order_id, name);
}

static char **
names(struct desk *desk, const char *name)
{
    char **list = arena_alloc(desk->h->arena, sizeof *list);
    list[0] = arena_copy(desk->h->arena, name);
    return list;
}

static void
bundle(struct desk *desk, Kontor__V1__NewItem *whole, const char *part)
{
    char **list = arena_alloc(desk->h->arena, (whole->n_bundles + 1) * sizeof *list);
    for (size_t i = 0; i < whole->n_bundles; i++) {
        list[i] = whole->bundles[i];
    }
    list[whole->n_bundles++] = arena_copy(desk->h->arena, part);
    whole->bundles = list;
}

/* Four items: one to be delivered, one begun, one claimed, one waiting for approval. */
struct four {
    const char *session;
    Kontor__V1__ClaimedJob *delivered, *begun, *claimed;
};

static struct four
place_four(struct desk *desk, Kontor__V1__OrderMode mode)
{
    struct four four = {.session =
                            desk_session(desk, desk->agent, 8, OFFER_OPEN, NULL)};
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, order_id);
    request->mode = mode;
    desk_add(desk, request, "a", OFFER_OPEN);
    desk_add(desk, request, "b", OFFER_OPEN);
    desk_add(desk, request, "c", OFFER_OPEN);
    desk_add(desk, request, "d", OFFER_BASIC);
    desk_place(desk, request);
    four.delivered = desk_claim(desk, desk->agent, four.session);
    four.begun = desk_claim(desk, desk->agent, four.session);
    four.claimed = desk_claim(desk, desk->agent, four.session);
    assert_int_equal(desk_begin(desk, four.delivered, NULL), STATUS_OK);
    assert_int_equal(desk_begin(desk, four.begun, NULL), STATUS_OK);
    assert_int_equal(
        desk_complete(desk, four.delivered->item, four.delivered->fence, "b-1", NULL),
        STATUS_OK);
    return four;
}

static void
clean(struct desk *desk, const char *session)
{
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(job->kind, KIND(CLEANUP));
    assert_int_equal(desk_complete_bare(desk, job->item, job->fence, NULL), STATUS_OK);
}

/* ---- All or nothing ---- */

static void
test_when_one_is_declined_all_are_undone(void **state)
{
    struct desk *desk = *state;
    struct error error;
    struct four four = place_four(desk, KONTOR__V1__ORDER_MODE__ALL_OR_NOTHING);
    assert_int_equal(
        desk_decide(desk, desk->operator, item(desk, "d"), false, "full", NULL),
        STATUS_OK);
    desk_expect(desk, item(desk, "d"), "REJECTED");
    desk_expect(desk, four.claimed->item, "CANCELLED_OTHERWISE");
    desk_expect(desk, four.begun->item, "CANCELLING_OTHERWISE");
    desk_expect(desk, four.delivered->item, "COMPLETED");
    assert_int_equal(desk_item(desk, four.claimed->item)->reason,
                     KONTOR__V1__ITEM_REASON__BY_SIBLING);
    assert_int_equal(desk_item(desk, four.delivered->item)->cleanup, CLEANUP(REQUIRED));
    /* In one commit. */
    int64_t revision = desk_order(desk, order_id)->revision;
    assert_int_equal(desk_item(desk, four.delivered->item)->revision, revision);
    assert_int_equal(desk_item(desk, four.begun->item)->revision, revision);
    /* Nobody goes on with what is not wanted any more. */
    assert_int_equal(desk_begin(desk, four.claimed, &error), STATUS_ABORTED);
    assert_int_equal(
        desk_complete(desk, four.begun->item, four.begun->fence, "b-2", &error),
        STATUS_ABORTED);
    desk_expect_order(desk, order_id, "ORDER_IN_PROGRESS");
    harness_advance(desk->h, DESK_LEASE_MS + DESK_SETTLE_MS);
    const char *session = desk_session(desk, desk->agent2, 8, OFFER_OPEN, NULL);
    for (int i = 0; i < 2; i++) {
        Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent2, session);
        bool is_rollback = strcmp(job->item, four.begun->item) == 0;
        assert_int_equal(job->kind, is_rollback ? KIND(ROLLBACK) : KIND(CLEANUP));
        assert_string_not_equal(job->prior_intent, "");
        assert_int_equal(desk_complete_bare(desk, job->item, job->fence, NULL),
                         STATUS_OK);
    }
    desk_expect(desk, four.begun->item, "CANCELLED_OTHERWISE_BEGUN");
    assert_int_equal(desk_item(desk, four.delivered->item)->cleanup, CLEANUP(DONE));
    assert_null(desk_claim(desk, desk->agent2, session));
    desk_expect_order(desk, order_id, "ORDER_FAILED");
}

static void
test_best_effort_delivers_the_rest(void **state)
{
    struct desk *desk = *state;
    struct four four = place_four(desk, KONTOR__V1__ORDER_MODE__BEST_EFFORT);
    assert_int_equal(
        desk_decide(desk, desk->operator, item(desk, "d"), false, "full", NULL),
        STATUS_OK);
    desk_expect(desk, four.claimed->item, "ASSIGNED");
    assert_int_equal(desk_begin(desk, four.claimed, NULL), STATUS_OK);
    assert_int_equal(
        desk_complete(desk, four.claimed->item, four.claimed->fence, "b", NULL),
        STATUS_OK);
    assert_int_equal(
        desk_complete(desk, four.begun->item, four.begun->fence, "b", NULL), STATUS_OK);
    desk_expect_order(desk, order_id, "ORDER_PARTIAL");
    assert_int_equal(desk_item(desk, four.delivered->item)->cleanup, 0);
}

static void
test_what_the_customer_takes_back_fails_nothing(void **state)
{
    struct desk *desk = *state;
    struct four four = place_four(desk, KONTOR__V1__ORDER_MODE__ALL_OR_NOTHING);
    assert_int_equal(desk_cancel(desk, desk->portal, order_id, "d", NULL, NULL),
                     STATUS_OK);
    desk_expect(desk, four.begun->item, "IN_PROGRESS");
    desk_expect(desk, four.claimed->item, "ASSIGNED");
    assert_int_equal(desk_begin(desk, four.claimed, NULL), STATUS_OK);
    assert_int_equal(
        desk_complete(desk, four.claimed->item, four.claimed->fence, "b", NULL),
        STATUS_OK);
    assert_int_equal(
        desk_complete(desk, four.begun->item, four.begun->fence, "b", NULL), STATUS_OK);
    desk_expect_order(desk, order_id, "ORDER_COMPLETED");
}

static void
test_two_that_fail_at_once_clean_up_once(void **state)
{
    struct desk *desk = *state;
    struct four four = place_four(desk, KONTOR__V1__ORDER_MODE__ALL_OR_NOTHING);
    assert_int_equal(desk_fail(desk, four.begun->item, four.begun->fence,
                               FAILURE(PERMANENT), NULL, NULL),
                     STATUS_OK);
    assert_int_equal(desk_fail(desk, four.claimed->item, four.claimed->fence,
                               FAILURE(PERMANENT), NULL, NULL),
                     STATUS_ABORTED);
    clean(desk, four.session);
    harness_advance(desk->h, DESK_SETTLE_MS);
    const char *session = desk_session(desk, desk->agent, 8, OFFER_OPEN, NULL);
    clean(desk, session);
    assert_null(desk_claim(desk, desk->agent, session));
    desk_expect_order(desk, order_id, "ORDER_FAILED");
}

/* What is held, asked about or being cancelled is undone as well. */
static void
test_every_begun_sibling_is_undone(void **state)
{
    static const char *const how[] = {"held", "asked", "cancelled"};
    struct desk *desk = *state;
    for (size_t i = 0; i < 3; i++) {
        const char *session = desk_session(desk, desk->agent, 4, OFFER_OPEN, NULL);
        const char *id = arena_print(desk->h->arena, "coast/o-%zu", i + 10);
        Kontor__V1__PlaceOrderRequest *request = desk_new(desk, id);
        request->mode = KONTOR__V1__ORDER_MODE__ALL_OR_NOTHING;
        desk_add(desk, request, "a", OFFER_OPEN);
        desk_add(desk, request, "d", OFFER_BASIC);
        desk_place(desk, request);
        Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
        assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
        enum status status = i == 0 ? desk_hold(desk, job, NULL)
                             : i == 1
                                 ? desk_ask_info(desk, job, "Which?", NULL)
                                 : desk_cancel(desk, desk->portal, id, "a", NULL, NULL);
        assert_int_equal(status, STATUS_OK);
        print_message("%s\n", how[i]);
        assert_int_equal(desk_decide(desk, desk->operator,
                                     arena_print(desk->h->arena, "%s/d", id), false,
                                     "full", NULL),
                         STATUS_OK);
        desk_expect(desk, job->item, "CANCELLING_OTHERWISE");
    }
}

/* What is said about an order must not keep it from ending. */
static void
test_an_order_that_grew_with_every_word_can_still_be_cancelled(void **state)
{
    struct desk *desk = *state;
    static char words[1025];
    memset(words, 'w', sizeof words - 1);
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, order_id);
    for (int i = 0; i < 64; i++) {
        desk_add(desk, request, arena_print(desk->h->arena, "i%d", i), OFFER_OPEN);
    }
    desk_place(desk, request);
    for (int i = 0; i < 64; i++) {
        const char *id = item(desk, arena_print(desk->h->arena, "i%d", i));
        for (int k = 0; k < 10; k++) {
            Kontor__V1__RescheduleItemRequest said =
                KONTOR__V1__RESCHEDULE_ITEM_REQUEST__INIT;
            said.id = (char *)id;
            said.reason = words;
            assert_int_equal(desk_call(desk, desk->portal, DESK_ORDER("RescheduleItem"),
                                       &said, NULL, NULL),
                             STATUS_OK);
        }
        assert_int_equal(desk_hold_item(desk, desk->operator, id, NULL), STATUS_OK);
        for (int k = 0; k < 10; k++) {
            Kontor__V1__RescheduleItemRequest said =
                KONTOR__V1__RESCHEDULE_ITEM_REQUEST__INIT;
            said.id = (char *)id;
            said.reason = words;
            assert_int_equal(desk_call(desk, desk->portal, DESK_ORDER("RescheduleItem"),
                                       &said, NULL, NULL),
                             STATUS_OK);
        }
    }
    assert_true(desk_item(desk, item(desk, "i0"))->n_history > 20);
    assert_int_equal(desk_cancel(desk, desk->portal, order_id, NULL, NULL, NULL),
                     STATUS_OK);
    desk_expect_order(desk, order_id, "ORDER_CANCELLED");
    const Kontor__V1__OrderItem *first = desk_item(desk, item(desk, "i0"));
    assert_string_equal(first->history[0]->operation, "route");
    assert_string_equal(first->history[first->n_history - 1]->operation, "CancelOrder");
    assert_string_equal(first->history[first->n_history - 1]->reason,
                        "changed our mind");
}

/* ---- Bundles ---- */

static void
test_a_bundle_is_done_last_and_ends_with_its_parts(void **state)
{
    struct desk *desk = *state;
    const char *session = desk_session(desk, desk->agent, 8, OFFER_OPEN, NULL);
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, order_id);
    Kontor__V1__NewItem *whole = desk_add(desk, request, "whole", OFFER_OPEN);
    desk_add(desk, request, "a", OFFER_OPEN);
    desk_add(desk, request, "b", OFFER_OPEN);
    desk_add(desk, request, "c", OFFER_BASIC);
    desk_add(desk, request, "alone", OFFER_BASIC);
    bundle(desk, whole, "a");
    bundle(desk, whole, "b");
    bundle(desk, whole, "c");
    desk_place(desk, request);
    const Kontor__V1__OrderItem *stored = desk_item(desk, item(desk, "whole"));
    assert_int_equal(stored->n_requires, 3);
    assert_int_equal(stored->reason, KONTOR__V1__ITEM_REASON__WAITS_FOR_DEPENDENCY);
    Kontor__V1__ClaimedJob *a = desk_claim(desk, desk->agent, session);
    Kontor__V1__ClaimedJob *b = desk_claim(desk, desk->agent, session);
    assert_null(desk_claim(desk, desk->agent, session));
    assert_int_equal(desk_begin(desk, a, NULL), STATUS_OK);
    assert_int_equal(desk_complete(desk, a->item, a->fence, "b-1", NULL), STATUS_OK);
    assert_int_equal(desk_begin(desk, b, NULL), STATUS_OK);
    assert_int_equal(
        desk_decide(desk, desk->operator, item(desk, "c"), false, "no", NULL),
        STATUS_OK);
    desk_expect(desk, item(desk, "whole"), "CANCELLED_OTHERWISE");
    desk_expect(desk, b->item, "CANCELLING_OTHERWISE");
    /* What was delivered stays: it is not all or nothing. */
    desk_expect(desk, a->item, "COMPLETED");
    assert_int_equal(desk_item(desk, a->item)->cleanup, 0);
    desk_expect(desk, item(desk, "alone"), "AWAITING_APPROVAL");
}

static void
test_a_whole_bundle_is_handed_what_its_parts_delivered(void **state)
{
    struct desk *desk = *state;
    const char *session = desk_session(desk, desk->agent, 8, OFFER_OPEN, NULL);
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, order_id);
    bundle(desk, desk_add(desk, request, "whole", OFFER_OPEN), "part");
    desk_add(desk, request, "part", OFFER_OPEN);
    desk_place(desk, request);
    Kontor__V1__ClaimedJob *part = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_begin(desk, part, NULL), STATUS_OK);
    assert_int_equal(desk_complete(desk, part->item, part->fence, "p-1", NULL),
                     STATUS_OK);
    Kontor__V1__ClaimedJob *whole = desk_claim(desk, desk->agent, session);
    assert_int_equal(whole->n_required, 1);
    assert_string_equal(whole->required[0]->item, "part");
    assert_string_equal(whole->required[0]->delivery->backend_id, "p-1");
}

/* ---- Alternatives ---- */

static void
test_the_first_of_alternatives_to_begin_cancels_the_others(void **state)
{
    struct desk *desk = *state;
    struct error error;
    const char *session = desk_session(desk, desk->agent, 8, OFFER_OPEN, NULL);
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, order_id);
    Kontor__V1__NewItem *red = desk_add(desk, request, "red", OFFER_OPEN);
    desk_add(desk, request, "blue", OFFER_OPEN);
    desk_require(desk, desk_add(desk, request, "paint", OFFER_OPEN), "blue");
    red->excludes = names(desk, "blue");
    red->n_excludes = 1;
    desk_place(desk, request);
    Kontor__V1__ClaimedJob *first = desk_claim(desk, desk->agent, session);
    Kontor__V1__ClaimedJob *second = desk_claim(desk, desk->agent, session);
    const char *chosen = strrchr(first->item, '/') + 1;
    if (strcmp(chosen, "blue") == 0) {
        Kontor__V1__ClaimedJob *swap = first;
        first = second;
        second = swap;
    }
    assert_int_equal(desk_begin(desk, first, NULL), STATUS_OK);
    desk_expect(desk, second->item, "CANCELLED");
    desk_expect(desk, item(desk, "paint"), "CANCELLED");
    assert_int_equal(desk_begin(desk, second, &error), STATUS_ABORTED);
    assert_non_null(
        strstr(desk_item(desk, second->item)->reason_text, "red has begun instead"));
    assert_int_equal(desk_complete(desk, first->item, first->fence, "b", NULL),
                     STATUS_OK);
    desk_expect_order(desk, order_id, "ORDER_COMPLETED");
}

/* red with its frame or blue with its wood, and glass for either; the wood is
 * varnished. */
static void
two_bundles(struct desk *desk)
{
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, order_id);
    Kontor__V1__NewItem *red = desk_add(desk, request, "red", OFFER_OPEN);
    Kontor__V1__NewItem *blue = desk_add(desk, request, "blue", OFFER_OPEN);
    desk_add(desk, request, "frame", OFFER_OPEN);
    desk_add(desk, request, "wood", OFFER_BASIC);
    desk_add(desk, request, "glass", OFFER_BASIC);
    bundle(desk, red, "frame");
    bundle(desk, blue, "wood");
    desk_require(desk, red, "glass");
    desk_require(desk, blue, "glass");
    desk_require(desk, desk_add(desk, request, "varnish", OFFER_BASIC), "wood");
    red->excludes = names(desk, "blue");
    red->n_excludes = 1;
    desk_place(desk, request);
}

/* With its first part a bundle has begun; what goes with it leaves no part behind, but
 * what others require stays. */
static void
test_a_bundle_that_is_not_chosen_goes_with_its_parts(void **state)
{
    struct desk *desk = *state;
    const char *session = desk_session(desk, desk->agent, 8, OFFER_OPEN, NULL);
    two_bundles(desk);
    Kontor__V1__ClaimedJob *frame = desk_claim(desk, desk->agent, session);
    assert_string_equal(frame->item, item(desk, "frame"));
    desk_expect(desk, item(desk, "blue"), "QUEUED");
    assert_int_equal(desk_begin(desk, frame, NULL), STATUS_OK);
    desk_expect(desk, item(desk, "blue"), "CANCELLED");
    desk_expect(desk, item(desk, "glass"), "AWAITING_APPROVAL");
    desk_expect(desk, item(desk, "red"), "QUEUED");
    /* Varnish needs the wood, and was ordered for itself. */
    desk_expect(desk, item(desk, "wood"), "AWAITING_APPROVAL");
    desk_expect(desk, item(desk, "varnish"), "AWAITING_APPROVAL");
}

static void
test_parts_that_nothing_else_requires_are_not_delivered(void **state)
{
    struct desk *desk = *state;
    const char *session = desk_session(desk, desk->agent, 8, OFFER_OPEN, NULL);
    two_bundles(desk);
    assert_int_equal(desk_cancel(desk, desk->portal, order_id, "varnish", NULL, NULL),
                     STATUS_OK);
    Kontor__V1__ClaimedJob *frame = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_begin(desk, frame, NULL), STATUS_OK);
    desk_expect(desk, item(desk, "blue"), "CANCELLED");
    desk_expect(desk, item(desk, "wood"), "CANCELLED");
    desk_expect(desk, item(desk, "glass"), "AWAITING_APPROVAL");
}

/* Parts that exclude each other: what cannot be put together any more takes along its
 * other parts. */
static void
test_a_bundle_that_lost_a_part_leaves_no_other(void **state)
{
    struct desk *desk = *state;
    const char *session = desk_session(desk, desk->agent, 8, OFFER_OPEN, NULL);
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, order_id);
    Kontor__V1__NewItem *red = desk_add(desk, request, "red", OFFER_OPEN);
    Kontor__V1__NewItem *blue = desk_add(desk, request, "blue", OFFER_OPEN);
    Kontor__V1__NewItem *frame = desk_add(desk, request, "frame", OFFER_OPEN);
    desk_add(desk, request, "wood", OFFER_BASIC);
    desk_add(desk, request, "nails", OFFER_BASIC);
    bundle(desk, red, "frame");
    bundle(desk, blue, "wood");
    bundle(desk, blue, "nails");
    frame->excludes = names(desk, "wood");
    frame->n_excludes = 1;
    desk_place(desk, request);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_string_equal(job->item, item(desk, "frame"));
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    desk_expect(desk, item(desk, "wood"), "CANCELLED");
    desk_expect(desk, item(desk, "blue"), "CANCELLED");
    desk_expect(desk, item(desk, "nails"), "CANCELLED");
    desk_expect(desk, item(desk, "red"), "QUEUED");
}

/* ---- Refusals ---- */

static void
refused(struct desk *desk, Kontor__V1__PlaceOrderRequest *request, const char *path)
{
    struct error error;
    assert_int_equal(
        desk_call(desk, desk->portal, DESK_ORDER("PlaceOrder"), request, NULL, &error),
        STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, path));
}

static void
test_k06_relations_that_cannot_be_are_refused(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, order_id);
    Kontor__V1__NewItem *a = desk_add(desk, request, "a", OFFER_OPEN);
    Kontor__V1__NewItem *b = desk_add(desk, request, "b", OFFER_OPEN);
    Kontor__V1__NewItem *c = desk_add(desk, request, "c", OFFER_OPEN);
    a->bundles = names(desk, "nobody");
    a->n_bundles = 1;
    refused(desk, request, "items[0].bundles[0]");
    a->bundles[0] = "a";
    refused(desk, request, "items[0].bundles[0]");
    a->bundles[0] = "c";
    b->bundles = names(desk, "c");
    b->n_bundles = 1;
    refused(desk, request, "items[1].bundles");
    b->n_bundles = 0;
    c->requires = names(desk, "a");
    c->n_requires = 1;
    refused(desk, request, "items[0].requires");
    refused(desk, request, "items[2].requires");
    c->n_requires = 0;
    /* What it is put together from excludes what it requires. */
    a->requires = names(desk, "b");
    a->n_requires = 1;
    b->excludes = names(desk, "c");
    b->n_excludes = 1;
    refused(desk, request, "items[0].requires");
    b->excludes[0] = "b";
    refused(desk, request, "items[1].excludes[0]");
    b->excludes[0] = "nobody";
    refused(desk, request, "items[1].excludes[0]");
    b->n_excludes = 0;
    desk_place(desk, request);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_when_one_is_declined_all_are_undone),
        TEST(test_best_effort_delivers_the_rest),
        TEST(test_what_the_customer_takes_back_fails_nothing),
        TEST(test_two_that_fail_at_once_clean_up_once),
        TEST(test_every_begun_sibling_is_undone),
        TEST(test_an_order_that_grew_with_every_word_can_still_be_cancelled),
        TEST(test_a_bundle_is_done_last_and_ends_with_its_parts),
        TEST(test_a_whole_bundle_is_handed_what_its_parts_delivered),
        TEST(test_the_first_of_alternatives_to_begin_cancels_the_others),
        TEST(test_a_bundle_that_is_not_chosen_goes_with_its_parts),
        TEST(test_parts_that_nothing_else_requires_are_not_delivered),
        TEST(test_a_bundle_that_lost_a_part_leaves_no_other),
        TEST(test_k06_relations_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
