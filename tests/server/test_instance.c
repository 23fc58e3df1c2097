/* Service instances: made by orders, changed by orders, ended by orders or their term.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/moment.h"
#include "proto/reason.h"
#include "server/clock.h"
#include "tests/server/desk.h"

#define I(name) KONTOR__V1__INSTANCE_STATE__INSTANCE_##name
#define ACTION(name) KONTOR__V1__ITEM_ACTION__ACTION_##name
#define KIND(name) KONTOR__V1__JOB_KIND__##name
#define CLEANUP(name) KONTOR__V1__CLEANUP__CLEANUP_##name

static const char instance_id[] = "coast/o-1/vm";
static const int64_t DAY = 86400000;

static const char *
session_of(struct desk *desk)
{
    return desk_session(desk, desk->agent, 8, OFFER_TERM, NULL);
}

static Kontor__V1__ClaimedJob *
claim(struct desk *desk)
{
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session_of(desk));
    assert_non_null(job);
    return job;
}

/* Delivers an instance of size 5. */
static Kontor__V1__ClaimedJob *
deliver(struct desk *desk)
{
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    desk_give(desk, desk_add(desk, request, "vm", OFFER_TERM), "size",
              shelf_integer(desk->h, 5));
    desk_place(desk, request);
    Kontor__V1__ClaimedJob *job = claim(desk);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_complete(desk, job->item, job->fence, "b-1", NULL),
                     STATUS_OK);
    return job;
}

/* Places an order of one item that does this; answers the item. */
static const char *
order(struct desk *desk, const char *id, Kontor__V1__ItemAction action)
{
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, id);
    Kontor__V1__NewItem *item = desk_change(desk, request, "x", action, instance_id);
    if (action == ACTION(MODIFY)) {
        desk_give(desk, item, "size", shelf_integer(desk->h, 8));
    }
    desk_place(desk, request);
    return arena_print(desk->h->arena, "%s/x", id);
}

static enum status
try_order(struct desk *desk, Kontor__V1__PlaceOrderRequest *request,
          struct error *error)
{
    return desk_call(desk, desk->portal, DESK_ORDER("PlaceOrder"), request, NULL,
                     error);
}

/* Begins and completes what is there to claim. */
static Kontor__V1__ClaimedJob *
carry_out(struct desk *desk, Kontor__V1__JobKind kind)
{
    Kontor__V1__ClaimedJob *job = claim(desk);
    assert_int_equal(job->kind, kind);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_complete_bare(desk, job->item, job->fence, NULL), STATUS_OK);
    desk_expect(desk, job->item, "COMPLETED");
    return job;
}

/* ---- Made ---- */

static void
test_a_completed_item_is_an_instance(void **state)
{
    struct desk *desk = *state;
    int64_t now_ms = clock_wall_ms(&desk->h->clock);
    deliver(desk);
    const Kontor__V1__Instance *instance = desk_instance(desk, instance_id);
    assert_int_equal(instance->state, I(ACTIVE));
    assert_string_equal(instance->offer, OFFER_TERM);
    assert_string_equal(instance->project, "coast/p1");
    assert_string_equal(instance->delivery->backend_id, "b-1");
    assert_int_equal(instance->parameters[0]->value->integer, 5);
    assert_int_equal(moment_ms(instance->valid_until, 0), now_ms + 30 * DAY);
    assert_string_equal(instance->open_item, "");
    /* In the commit of the Complete. */
    assert_int_equal(instance->revision, desk_item(desk, instance_id)->revision);
}

static void
test_who_sees_an_instance(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__GetInstanceRequest get = KONTOR__V1__GET_INSTANCE_REQUEST__INIT;
    Kontor__V1__ListInstancesRequest list = KONTOR__V1__LIST_INSTANCES_REQUEST__INIT;
    Kontor__V1__ListInstancesResponse *reply;
    deliver(desk);
    get.id = (char *)instance_id;
    const struct principal *const who[] = {desk->portal, desk->operator, desk->agent,
                                           desk->portal_p2, desk->tape_operator,
                                           desk->stranger};
    for (size_t i = 0; i < 6; i++) {
        enum status wanted = i < 3 ? STATUS_OK : STATUS_NOT_FOUND;
        assert_int_equal(
            desk_call(desk, who[i], DESK_ORDER("GetInstance"), &get, NULL, NULL),
            wanted);
        assert_int_equal(
            desk_call(desk, who[i], DESK_ORDER("ListInstances"), &list, &reply, NULL),
            STATUS_OK);
        assert_int_equal(reply->n_instances, i < 3 ? 1 : 0);
    }
    list.project = "coast/p1";
    list.offer = OFFER_TERM;
    list.state = I(ACTIVE);
    assert_int_equal(
        desk_call(desk, desk->portal, DESK_ORDER("ListInstances"), &list, &reply, NULL),
        STATUS_OK);
    assert_int_equal(reply->n_instances, 1);
    list.state = I(EXPIRED);
    assert_int_equal(
        desk_call(desk, desk->portal, DESK_ORDER("ListInstances"), &list, &reply, NULL),
        STATUS_OK);
    assert_int_equal(reply->n_instances, 0);
}

/* ---- Changed ---- */

static void
test_a_modify_changes_what_was_ordered(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__ClaimedJob *first = deliver(desk);
    const char *item = order(desk, "coast/o-2", ACTION(MODIFY));
    assert_string_equal(desk_instance(desk, instance_id)->open_item, item);
    assert_int_equal(desk_instance(desk, instance_id)->parameters[0]->value->integer,
                     5);
    Kontor__V1__ClaimedJob *job = carry_out(desk, KIND(MODIFY));
    /* It is about the same object. */
    assert_string_equal(job->intent, first->intent);
    assert_string_equal(job->instance, instance_id);
    assert_string_equal(job->backend_id, "b-1");
    assert_int_equal(job->action, ACTION(MODIFY));
    assert_int_equal(job->parameters[0]->value->integer, 8);
    const Kontor__V1__Instance *instance = desk_instance(desk, instance_id);
    assert_int_equal(instance->parameters[0]->value->integer, 8);
    assert_string_equal(instance->delivery->backend_id, "b-1");
    assert_string_equal(instance->open_item, "");
    assert_string_equal(instance->last_item, item);
}

static void
test_a_renewal_adds_a_term_to_what_is_left(void **state)
{
    struct desk *desk = *state;
    deliver(desk);
    int64_t until_ms = moment_ms(desk_instance(desk, instance_id)->valid_until, 0);
    harness_advance(desk->h, 10 * DAY);
    order(desk, "coast/o-2", ACTION(RENEW));
    carry_out(desk, KIND(RENEW));
    assert_int_equal(moment_ms(desk_instance(desk, instance_id)->valid_until, 0),
                     until_ms + 30 * DAY);
}

static void
test_suspended_resumed_and_terminated(void **state)
{
    struct desk *desk = *state;
    struct error error;
    deliver(desk);
    order(desk, "coast/o-2", ACTION(SUSPEND));
    assert_int_equal(carry_out(desk, KIND(MODIFY))->action, ACTION(SUSPEND));
    assert_int_equal(desk_instance(desk, instance_id)->state, I(SUSPENDED));
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-3");
    desk_change(desk, request, "x", ACTION(SUSPEND), instance_id);
    assert_int_equal(try_order(desk, request, &error), STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "items[0].action"));
    order(desk, "coast/o-4", ACTION(RESUME));
    carry_out(desk, KIND(MODIFY));
    assert_int_equal(desk_instance(desk, instance_id)->state, I(ACTIVE));
    order(desk, "coast/o-5", ACTION(TERMINATE));
    carry_out(desk, KIND(TERMINATE));
    const Kontor__V1__Instance *instance = desk_instance(desk, instance_id);
    assert_int_equal(instance->state, I(TERMINATED));
    assert_null(instance->due_at);
    request->items[0]->action = ACTION(RENEW);
    assert_int_equal(try_order(desk, request, &error), STATUS_INVALID_ARGUMENT);
    /* Nothing is left to happen. */
    assert_int_equal(desk_due(desk, 100 * DAY), 0);
}

/* What exists may rest, go on and be ended also when its offer is no more; to change it
 * or to renew it there is nothing to go by. */
static void
test_it_can_be_ended_when_its_offer_is_gone(void **state)
{
    struct desk *desk = *state;
    struct error error;
    deliver(desk);
    const Kontor__V1__OrderItem *made = desk_item(desk, instance_id);
    harness_remove(desk->h, KIND_SERVICE, "alpine/notebooks");
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-2");
    Kontor__V1__NewItem *item =
        desk_change(desk, request, "x", ACTION(RENEW), instance_id);
    assert_int_equal(try_order(desk, request, &error), STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "items[0].offer"));
    item->action = ACTION(SUSPEND);
    item->offer_rev = made->offer_rev + 1;
    desk_give(desk, item, "size", shelf_integer(desk->h, 8));
    assert_int_equal(try_order(desk, request, &error), STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "items[0].parameters"));
    order(desk, "coast/o-3", ACTION(SUSPEND));
    const Kontor__V1__OrderItem *rest = desk_item(desk, "coast/o-3/x");
    assert_int_equal(rest->offer_rev, made->offer_rev);
    assert_int_equal(rest->settle_seconds, made->settle_seconds);
    assert_string_equal(rest->provider, made->provider);
    assert_string_equal(rest->instance_backend_id, "b-1");
    carry_out(desk, KIND(MODIFY));
    order(desk, "coast/o-4", ACTION(RESUME));
    carry_out(desk, KIND(MODIFY));
    order(desk, "coast/o-5", ACTION(TERMINATE));
    carry_out(desk, KIND(TERMINATE));
    assert_int_equal(desk_instance(desk, instance_id)->state, I(TERMINATED));
}

/* Whoever carried it out before may go on to; nobody else hears that it ever was. */
static void
test_an_offer_that_is_gone_is_served_by_its_provider(void **state)
{
    struct desk *desk = *state;
    char *offers[] = {OFFER_TERM};
    Kontor__V1__RegisterAgentRequest request = KONTOR__V1__REGISTER_AGENT_REQUEST__INIT;
    request.offers = offers;
    request.n_offers = 1;
    harness_remove(desk->h, KIND_SERVICE, "alpine/notebooks");
    assert_int_equal(
        desk_call(desk, desk->agent, DESK_AGENT("RegisterAgent"), &request, NULL, NULL),
        STATUS_NOT_FOUND);
    desk_close(desk);
    *state = desk = desk_open();
    deliver(desk);
    harness_remove(desk->h, KIND_SERVICE, "alpine/notebooks");
    const struct principal *const who[] = {desk->agent, desk->tape_agent,
                                           desk->stranger};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(
            desk_call(desk, who[i], DESK_AGENT("RegisterAgent"), &request, NULL, NULL),
            i == 0 ? STATUS_OK : STATUS_NOT_FOUND);
    }
}

/* The offer is another provider's now; what was ordered before is still the first
 * one's to carry out. */
static void
test_an_offer_that_moved_is_served_by_whom_it_was_ordered_from(void **state)
{
    struct desk *desk = *state;
    char *offers[] = {OFFER_TERM};
    Kontor__V1__RegisterAgentRequest request = KONTOR__V1__REGISTER_AGENT_REQUEST__INIT;
    request.offers = offers;
    request.n_offers = 1;
    deliver(desk);
    Kontor__V1__Service *service =
        harness_record(desk->h, KIND_SERVICE, "alpine/notebooks");
    service->provider = "alpine/new";
    harness_seed(desk->h, KIND_SERVICE, service->id, &service->base, "=r:alpine",
                 "=p:alpine/new", "~*", NULL);
    assert_int_equal(desk_call(desk, desk->tape_agent, DESK_AGENT("RegisterAgent"),
                               &request, NULL, NULL),
                     STATUS_PERMISSION_DENIED);
    order(desk, "coast/o-2", ACTION(TERMINATE));
    carry_out(desk, KIND(TERMINATE));
    assert_int_equal(desk_instance(desk, instance_id)->state, I(TERMINATED));
}

static void
test_a_change_that_comes_to_nothing_lets_it_go(void **state)
{
    struct desk *desk = *state;
    deliver(desk);
    order(desk, "coast/o-2", ACTION(MODIFY));
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-2", NULL, NULL, NULL),
                     STATUS_OK);
    assert_string_equal(desk_instance(desk, instance_id)->open_item, "");
    const char *item = order(desk, "coast/o-3", ACTION(MODIFY));
    Kontor__V1__ClaimedJob *job = claim(desk);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_fail(desk, item, job->fence,
                               KONTOR__V1__FAIL_REQUEST__FAILURE__PERMANENT, NULL,
                               NULL),
                     STATUS_OK);
    /* K41: what exists is never cleaned up for a failed change of it. */
    assert_int_equal(desk_item(desk, item)->cleanup, 0);
    const Kontor__V1__Instance *instance = desk_instance(desk, instance_id);
    assert_string_equal(instance->open_item, "");
    assert_int_equal(instance->parameters[0]->value->integer, 5);
    assert_int_equal(instance->state, I(ACTIVE));
}

static void
test_k41_a_failed_change_never_cleans_up(void **state)
{
    static const Kontor__V1__ItemAction actions[] = {
        ACTION(MODIFY), ACTION(RENEW), ACTION(SUSPEND), ACTION(TERMINATE)};
    struct desk *desk = *state;
    struct error error;
    deliver(desk);
    for (size_t i = 0; i < 4; i++) {
        const char *item =
            order(desk, arena_print(desk->h->arena, "coast/o-%zu", i + 2), actions[i]);
        Kontor__V1__ClaimedJob *job = claim(desk);
        assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
        assert_int_equal(
            desk_override(desk, desk->admin, item,
                          KONTOR__V1__OVERRIDE_ITEM_REQUEST__OVERRIDE__FAIL, "so",
                          NULL),
            STATUS_OK);
        desk_expect(desk, item, "FAILED");
        assert_int_equal(desk_item(desk, item)->cleanup, 0);
        /* Whoever held it is told that the job was taken. */
        assert_int_equal(desk_complete_bare(desk, item, job->fence, &error),
                         STATUS_ABORTED);
        desk_expect_reason(&error, REASON_LEASE_LOST);
        assert_int_equal(desk_instance(desk, instance_id)->state, I(ACTIVE));
    }
}

/* ---- One at a time ---- */

static void
test_one_order_changes_an_instance_at_a_time(void **state)
{
    struct desk *desk = *state;
    struct error error;
    deliver(desk);
    order(desk, "coast/o-2", ACTION(RENEW));
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-3");
    desk_change(desk, request, "x", ACTION(TERMINATE), instance_id);
    assert_int_equal(try_order(desk, request, &error), STATUS_FAILED_PRECONDITION);
    desk_expect_reason(&error, REASON_CONCURRENT_CHANGE);
    assert_string_equal(harness_value(&error, "order"), "coast/o-2");
    carry_out(desk, KIND(RENEW));
    assert_int_equal(try_order(desk, request, &error), STATUS_OK);
}

static void
test_of_many_at_once_one_is_placed(void **state)
{
    enum { N = 16 };
    struct desk *desk = *state;
    struct harness_call *calls[N];
    size_t n_placed = 0;
    deliver(desk);
    for (int i = 0; i < N; i++) {
        Kontor__V1__PlaceOrderRequest *request =
            desk_new(desk, arena_print(desk->h->arena, "coast/r-%d", i));
        desk_change(desk, request, "x", ACTION(RENEW), instance_id);
        calls[i] =
            harness_start(desk->h, desk->portal, DESK_ORDER("PlaceOrder"), request);
    }
    for (int i = 0; i < N; i++) {
        struct error error = {0};
        enum status status = harness_wait(desk->h, calls[i], NULL, &error);
        n_placed += status == STATUS_OK ? 1 : 0;
        if (status != STATUS_OK) {
            desk_expect_reason(&error, REASON_CONCURRENT_CHANGE);
        }
    }
    assert_int_equal(n_placed, 1);
}

static void
test_what_cannot_be_is_told_with_its_path(void **state)
{
    struct desk *desk = *state;
    struct error error;
    deliver(desk);
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-2");
    desk_change(desk, request, "none", ACTION(RENEW), "");
    desk_change(desk, request, "ghost", ACTION(RENEW), "coast/o-9/vm");
    desk_add(desk, request, "new", OFFER_TERM)->instance = (char *)instance_id;
    desk_add(desk, request, "nothing", "");
    desk_give(desk, desk_change(desk, request, "end", ACTION(TERMINATE), instance_id),
              "size", shelf_integer(desk->h, 1));
    desk_change(desk, request, "twice", ACTION(RENEW), instance_id)->offer = OFFER_OPEN;
    assert_int_equal(try_order(desk, request, &error), STATUS_INVALID_ARGUMENT);
    static const char *const paths[] = {
        "items[0].instance", "items[1].instance",   "items[2].instance",
        "items[3].offer",    "items[4].parameters", "items[5].instance",
        "items[5].offer",
    };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (!harness_has_fault(&error, paths[i])) {
            fail_msg("no fault at %s", paths[i]);
        }
    }
    /* Another project's is not there. */
    request = desk_new(desk, "coast/o-3");
    request->project = "coast/p2";
    desk_change(desk, request, "x", ACTION(TERMINATE), instance_id);
    assert_int_equal(try_order(desk, request, &error), STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "items[0].instance"));
}

/* ---- Its term ---- */

/* What made it unwanted, as its item's history has it. */
static const char *
ended_by(struct desk *desk)
{
    const Kontor__V1__OrderItem *item = desk_item(desk, instance_id);
    return item->history[item->n_history - 1]->operation;
}

static void
test_an_instance_expires_once_and_is_removed(void **state)
{
    struct desk *desk = *state;
    deliver(desk);
    assert_int_equal(desk_due(desk, 16 * DAY - 1), 0);
    assert_int_equal(desk_due(desk, 1), 1);
    assert_true(desk_instance(desk, instance_id)->is_ending);
    assert_int_equal(desk_due(desk, 14 * DAY - 1), 0);
    assert_int_equal(desk_instance(desk, instance_id)->state, I(ACTIVE));
    assert_int_equal(desk_due(desk, 1), 1);
    assert_int_equal(desk_instance(desk, instance_id)->state, I(EXPIRED));
    assert_int_equal(desk_item(desk, instance_id)->cleanup, CLEANUP(REQUIRED));
    assert_string_equal(ended_by(desk), "deadline");
    assert_int_equal(desk_due(desk, 100 * DAY), 0);
    Kontor__V1__ClaimedJob *job = claim(desk);
    assert_int_equal(job->kind, KIND(CLEANUP));
    assert_int_equal(desk_complete_bare(desk, job->item, job->fence, NULL), STATUS_OK);
    assert_int_equal(desk_item(desk, instance_id)->cleanup, CLEANUP(DONE));
    assert_int_equal(desk_instance(desk, instance_id)->state, I(EXPIRED));
}

static void
test_it_does_not_expire_while_its_renewal_is_open(void **state)
{
    struct desk *desk = *state;
    deliver(desk);
    desk_due(desk, 29 * DAY);
    order(desk, "coast/o-2", ACTION(RENEW));
    assert_int_equal(desk_due(desk, 20 * DAY), 1);
    assert_int_equal(desk_instance(desk, instance_id)->state, I(ACTIVE));
    /* The renewal came to nothing, and so the term is over. */
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-2", NULL, NULL, NULL),
                     STATUS_OK);
    assert_int_equal(desk_due(desk, 1), 1);
    assert_int_equal(desk_instance(desk, instance_id)->state, I(EXPIRED));
}

/* Delivers one of two items of all or nothing; the other waits for its approval. */
static void
deliver_of_two(struct desk *desk)
{
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    request->mode = KONTOR__V1__ORDER_MODE__ALL_OR_NOTHING;
    desk_give(desk, desk_add(desk, request, "vm", OFFER_TERM), "size",
              shelf_integer(desk->h, 5));
    desk_add(desk, request, "other", OFFER_BASIC);
    desk_place(desk, request);
    Kontor__V1__ClaimedJob *job = claim(desk);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_complete(desk, job->item, job->fence, "b-1", NULL),
                     STATUS_OK);
}

static void
test_all_or_nothing_ends_the_instance_it_removes(void **state)
{
    struct desk *desk = *state;
    deliver_of_two(desk);
    assert_int_equal(desk_instance(desk, instance_id)->state, I(ACTIVE));
    assert_int_equal(
        desk_decide(desk, desk->operator, "coast/o-1/other", false, "no", NULL),
        STATUS_OK);
    assert_int_equal(desk_instance(desk, instance_id)->state, I(TERMINATED));
    assert_int_equal(desk_item(desk, instance_id)->cleanup, CLEANUP(REQUIRED));
    assert_string_equal(ended_by(desk), "sibling");
}

/* An order that was open on it when it ended changes nothing any more. */
static void
test_what_has_ended_stays_ended(void **state)
{
    struct desk *desk = *state;
    deliver_of_two(desk);
    order(desk, "coast/o-2", ACTION(SUSPEND));
    Kontor__V1__ClaimedJob *job = claim(desk);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(
        desk_decide(desk, desk->operator, "coast/o-1/other", false, "no", NULL),
        STATUS_OK);
    assert_int_equal(desk_complete_bare(desk, job->item, job->fence, NULL), STATUS_OK);
    assert_int_equal(desk_instance(desk, instance_id)->state, I(TERMINATED));
    assert_string_equal(desk_instance(desk, instance_id)->open_item, "");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_completed_item_is_an_instance),
        TEST(test_who_sees_an_instance),
        TEST(test_a_modify_changes_what_was_ordered),
        TEST(test_a_renewal_adds_a_term_to_what_is_left),
        TEST(test_suspended_resumed_and_terminated),
        TEST(test_it_can_be_ended_when_its_offer_is_gone),
        TEST(test_an_offer_that_is_gone_is_served_by_its_provider),
        TEST(test_an_offer_that_moved_is_served_by_whom_it_was_ordered_from),
        TEST(test_a_change_that_comes_to_nothing_lets_it_go),
        TEST(test_k41_a_failed_change_never_cleans_up),
        TEST(test_one_order_changes_an_instance_at_a_time),
        TEST(test_of_many_at_once_one_is_placed),
        TEST(test_what_cannot_be_is_told_with_its_path),
        TEST(test_an_instance_expires_once_and_is_removed),
        TEST(test_it_does_not_expire_while_its_renewal_is_open),
        TEST(test_what_has_ended_stays_ended),
        TEST(test_all_or_nothing_ends_the_instance_it_removes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
