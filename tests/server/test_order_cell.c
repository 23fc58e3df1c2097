/*
 * Every cell of state, operation, role and side: what AllowedActions lists is what the
 * calls take, and what it does not list they refuse, changing nothing.
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
#define KIND(name) KONTOR__V1__JOB_KIND__##name
#define STEP(name) KONTOR__V1__APPROVAL_STEP__##name
#define CLEANUP(name) KONTOR__V1__CLEANUP__CLEANUP_##name

static const char order_id[] = "coast/o-1";
static const char item_id[] = "coast/o-1/vm";
enum { FENCE = 100 };

/* ---- Where the item stands ---- */

static const struct place {
    Kontor__V1__ItemState state;
    Kontor__V1__JobKind kind;
    bool is_held;
    Kontor__V1__ApprovalStep step;
    Kontor__V1__Cleanup cleanup;
    Kontor__V1__ItemState resume_to;
    bool is_past_return;
} places[] = {
    {.state = S(RECEIVED)},
    {.state = S(AWAITING_CONSUMER_APPROVAL), .step = STEP(CONSUMER_STEP)},
    {.state = S(AWAITING_APPROVAL), .step = STEP(BROKER_STEP)},
    {.state = S(AWAITING_APPROVAL), .step = STEP(PROVIDER_STEP)},
    {.state = S(AWAITING_APPROVAL),
     .step = STEP(PROVIDER_STEP),
     .kind = KIND(EVALUATE)},
    {.state = S(AWAITING_APPROVAL),
     .step = STEP(PROVIDER_STEP),
     .kind = KIND(EVALUATE),
     .is_held = true},
    {.state = S(QUEUED)},
    {.state = S(ASSIGNED), .is_held = true},
    {.state = S(ASSIGNED), .is_held = true, .is_past_return = true},
    {.state = S(PENDING_INFO),
     .step = STEP(PROVIDER_STEP),
     .resume_to = S(AWAITING_APPROVAL)},
    {.state = S(PENDING_INFO), .resume_to = S(QUEUED)},
    {.state = S(HELD)},
    {.state = S(IN_PROGRESS), .is_held = true},
    {.state = S(IN_PROGRESS), .is_held = true, .is_past_return = true},
    {.state = S(PENDING_INFO_BEGUN), .resume_to = S(IN_PROGRESS)},
    {.state = S(HELD_BEGUN)},
    {.state = S(HELD_BEGUN), .is_past_return = true},
    {.state = S(ASSESSING_CANCELLATION),
     .kind = KIND(ASSESS_CANCEL),
     .is_held = true,
     .resume_to = S(IN_PROGRESS)},
    {.state = S(CANCELLING), .kind = KIND(ROLLBACK), .is_held = true},
    {.state = S(CANCELLING_OTHERWISE), .kind = KIND(ROLLBACK), .is_held = true},
    {.state = S(COMPLETED)},
    {.state = S(FAILED)},
    {.state = S(FAILED),
     .kind = KIND(CLEANUP),
     .cleanup = CLEANUP(RUNNING),
     .is_held = 1},
    {.state = S(FAILED), .cleanup = CLEANUP(DONE)},
    {.state = S(FAILED), .cleanup = CLEANUP(ABANDONED)},
    {.state = S(REJECTED)},
    {.state = S(CANCELLED)},
    {.state = S(CANCELLED_BEGUN)},
    {.state = S(CANCELLED_OTHERWISE)},
    {.state = S(CANCELLED_OTHERWISE_BEGUN)},
};

static void
put_job(struct desk *desk, Kontor__V1__OrderItem *item, const struct place *place)
{
    item->job->kind = place->kind == 0 ? KIND(PROVISION) : place->kind;
    item->job->fence = FENCE;
    item->job->is_fence_own = false;
    item->job->session = place->is_held ? "alpine/s-1" : "";
    item->job->ready_at = NULL;
    item->job->intent =
        item->begun ? (char *)job_intent(desk->h->broker.home, item_id, desk->h->arena)
                    : "";
}

static void
put(struct desk *desk, const struct place *place)
{
    static Kontor__V1__Approval approval = KONTOR__V1__APPROVAL__INIT;
    static Kontor__V1__Approval *approvals[] = {&approval};
    static Kontor__V1__Question question = KONTOR__V1__QUESTION__INIT;
    static Kontor__V1__Question *questions[] = {&question};
    static Kontor__V1__CancelTask task = KONTOR__V1__CANCEL_TASK__INIT;
    static char *milestones[] = {"shipped"};
    Kontor__V1__OrderItem *item = desk_item(desk, item_id);
    Kontor__V1__Order *order = desk_order(desk, order_id);
    approval.step = place->step;
    question.text = "Which subnet?";
    item->state = place->state;
    item->begun = item_state_is_begun(place->state);
    item->approvals = approvals;
    item->n_approvals = place->step == 0 ? 0 : 1;
    item->is_evaluated = place->kind == KIND(EVALUATE);
    item->questions = questions;
    item->n_questions = 1;
    item->cancel = item->begun ? &task : NULL;
    item->resume_to = place->resume_to;
    item->cleanup = place->cleanup;
    item->milestones = milestones;
    item->n_milestones = place->is_past_return ? 1 : 0;
    item->no_return_milestone = "shipped";
    item->completion_hash.len = 0;
    put_job(desk, item, place);
    order->items[0]->state = item->state;
    order->items[0]->begun = item->begun;
    order->items[0]->step = place->step;
    harness_remove(desk->h, KIND_INSTANCE, item_id);
    harness_seed(desk->h, KIND_ITEM, item_id, &item->base, "=r:coast", "=j:coast/p1",
                 "=r:alpine", "=p:alpine/hpc", NULL);
    harness_seed(desk->h, KIND_ORDER, order_id, &order->base, "=r:coast", "=j:coast/p1",
                 "~r:alpine", "~p:alpine/hpc", NULL);
}

/* ---- What is called ---- */

struct attempt {
    struct desk *desk;
    const struct principal *who;
    bool is_undone; /* A Complete delivers nothing. */
};

static enum status
call(const struct attempt *a, const char *path, const void *request)
{
    return desk_call(a->desk, a->who, path, request, NULL, NULL);
}

static bool
is_agent(const struct attempt *a)
{
    return (a->who->roles & (ROLE_BIT(AGENT) | ROLE_BIT(PEER))) != 0;
}

static enum status
decide(const struct attempt *a, Kontor__V1__DecideItemRequest__Decision decision)
{
    Kontor__V1__DecideItemRequest request = KONTOR__V1__DECIDE_ITEM_REQUEST__INIT;
    request.id = (char *)item_id;
    request.decision = decision;
    request.reason = "so";
    request.fence = is_agent(a) ? FENCE : 0;
    return call(a, DESK_ORDER("DecideItem"), &request);
}

static enum status
approve(const struct attempt *a)
{
    return decide(a, KONTOR__V1__DECIDE_ITEM_REQUEST__DECISION__APPROVE);
}

static enum status
reject(const struct attempt *a)
{
    return decide(a, KONTOR__V1__DECIDE_ITEM_REQUEST__DECISION__REJECT);
}

static enum status
ask_customer(const struct attempt *a)
{
    return desk_ask(a->desk, a->who, item_id, "Which?", NULL);
}

static enum status
ask_info(const struct attempt *a)
{
    Kontor__V1__AskInfoRequest request = KONTOR__V1__ASK_INFO_REQUEST__INIT;
    request.item = (char *)item_id;
    request.fence = FENCE;
    request.question = "Which?";
    return call(a, DESK_AGENT("AskInfo"), &request);
}

static enum status
answer(const struct attempt *a)
{
    return desk_answer(a->desk, a->who, item_id, "blue", NULL);
}

static enum status
withdraw(const struct attempt *a)
{
    return desk_answer(a->desk, a->who, item_id, NULL, NULL);
}

static enum status
hold_item(const struct attempt *a)
{
    return desk_hold_item(a->desk, a->who, item_id, NULL);
}

static enum status
hold(const struct attempt *a)
{
    Kontor__V1__HoldRequest request = KONTOR__V1__HOLD_REQUEST__INIT;
    request.item = (char *)item_id;
    request.fence = FENCE;
    request.cause = KONTOR__V1__ITEM_REASON__SHORTAGE;
    request.reason = "so";
    return call(a, DESK_AGENT("Hold"), &request);
}

static enum status
resume(const struct attempt *a)
{
    return desk_resume(a->desk, a->who, item_id, NULL);
}

static enum status
begin(const struct attempt *a)
{
    Kontor__V1__BeginRequest request = KONTOR__V1__BEGIN_REQUEST__INIT;
    request.item = (char *)item_id;
    request.fence = FENCE;
    request.intent =
        (char *)job_intent(a->desk->h->broker.home, item_id, a->desk->h->arena);
    return call(a, DESK_AGENT("Begin"), &request);
}

static enum status
release(const struct attempt *a)
{
    Kontor__V1__ReleaseRequest request = KONTOR__V1__RELEASE_REQUEST__INIT;
    request.item = (char *)item_id;
    request.fence = FENCE;
    return call(a, DESK_AGENT("Release"), &request);
}

static enum status
complete(const struct attempt *a)
{
    Kontor__V1__CompleteRequest request = KONTOR__V1__COMPLETE_REQUEST__INIT;
    Kontor__V1__Delivery delivery = KONTOR__V1__DELIVERY__INIT;
    delivery.backend_id = "b";
    request.item = (char *)item_id;
    request.fence = FENCE;
    request.delivery = a->is_undone ? NULL : &delivery;
    return call(a, DESK_AGENT("Complete"), &request);
}

static enum status
fail_it(const struct attempt *a)
{
    Kontor__V1__FailRequest request = KONTOR__V1__FAIL_REQUEST__INIT;
    request.item = (char *)item_id;
    request.fence = FENCE;
    request.failure = KONTOR__V1__FAIL_REQUEST__FAILURE__PERMANENT;
    request.reason = "so";
    return call(a, DESK_AGENT("Fail"), &request);
}

static enum status
decide_cancel(const struct attempt *a, bool is_accept)
{
    return desk_decide_cancel(a->desk, a->who, item_id, is_accept,
                              is_agent(a) ? FENCE : 0, NULL);
}

static enum status
decline(const struct attempt *a)
{
    return decide_cancel(a, false);
}

static enum status
accept_cancel(const struct attempt *a)
{
    return decide_cancel(a, true);
}

static enum status
cancel(const struct attempt *a)
{
    return desk_cancel(a->desk, a->who, order_id, "vm", NULL, NULL);
}

static enum status
reschedule(const struct attempt *a)
{
    Kontor__V1__RescheduleItemRequest request =
        KONTOR__V1__RESCHEDULE_ITEM_REQUEST__INIT;
    request.id = (char *)item_id;
    return call(a, DESK_ORDER("RescheduleItem"), &request);
}

#define OVERRIDE(name) KONTOR__V1__OVERRIDE_ITEM_REQUEST__OVERRIDE__##name

static enum status
force_fail(const struct attempt *a)
{
    return desk_override(a->desk, a->who, item_id, OVERRIDE(FAIL), "so", NULL);
}

static enum status
requeue(const struct attempt *a)
{
    return desk_override(a->desk, a->who, item_id, OVERRIDE(REQUEUE), "so", NULL);
}

static enum status
abandon(const struct attempt *a)
{
    return desk_override(a->desk, a->who, item_id, OVERRIDE(ABANDON_CLEANUP), "so",
                         NULL);
}

static const struct move {
    const char *call, *action;
    enum status (*run)(const struct attempt *a);
} moves[] = {
    {"DecideItem", "approve", approve},
    {"DecideItem", "reject", reject},
    {"AskCustomer", "", ask_customer},
    {"AskInfo", "", ask_info},
    {"AnswerQuestion", "answer", answer},
    {"AnswerQuestion", "withdraw", withdraw},
    {"HoldItem", "", hold_item},
    {"Hold", "", hold},
    {"ResumeItem", "", resume},
    {"Begin", "", begin},
    {"Release", "", release},
    {"Complete", "", complete},
    {"Fail", "", fail_it},
    {"DecideCancel", "decline", decline},
    {"DecideCancel", "accept", accept_cancel},
    {"CancelOrder", "", cancel},
    {"RescheduleItem", "", reschedule},
    {"OverrideItem", "fail", force_fail},
    {"OverrideItem", "requeue", requeue},
    {"OverrideItem", "abandon cleanup", abandon},
};

enum { N_MOVES = sizeof moves / sizeof moves[0] };

/* ---- Comparing ---- */

static bool
is_listed(const Kontor__V1__AllowedActionsResponse *reply, const struct move *move)
{
    bool is_there = false;
    for (size_t i = 0; i < reply->n_actions; i++) {
        bool is_this = strcmp(reply->actions[i]->call, move->call) == 0 &&
                       strcmp(reply->actions[i]->action, move->action) == 0;
        is_there = is_there || is_this;
    }
    return is_there;
}

/* Every action that is listed must be one that is tried here. */
static void
check_known(const Kontor__V1__AllowedActionsResponse *reply)
{
    for (size_t i = 0; i < reply->n_actions; i++) {
        bool is_known = false;
        for (size_t k = 0; k < N_MOVES; k++) {
            is_known =
                is_known || (strcmp(reply->actions[i]->call, moves[k].call) == 0 &&
                             strcmp(reply->actions[i]->action, moves[k].action) == 0);
        }
        assert_true(is_known);
        assert_string_equal(reply->actions[i]->item, "vm");
    }
}

/* A cancel that was asked for before is taken again, and nothing to do is no action. */
static bool
is_said_twice(const struct place *place, const struct move *move)
{
    bool is_being_cancelled = place->state == S(ASSESSING_CANCELLATION) ||
                              place->state == S(CANCELLING) ||
                              place->state == S(CANCELLING_OTHERWISE) ||
                              item_state_is_cancelled(place->state);
    bool is_begun =
        place->state == S(IN_PROGRESS) || place->state == S(ASSESSING_CANCELLATION) ||
        place->state == S(CANCELLING) || place->state == S(CANCELLING_OTHERWISE) ||
        place->cleanup == CLEANUP(RUNNING);
    return (move->run == cancel && is_being_cancelled) ||
           (move->run == begin && is_begun);
}

static size_t
compare(const struct attempt *a, const struct place *place)
{
    Kontor__V1__AllowedActionsRequest request =
        KONTOR__V1__ALLOWED_ACTIONS_REQUEST__INIT;
    Kontor__V1__AllowedActionsResponse none =
        KONTOR__V1__ALLOWED_ACTIONS_RESPONSE__INIT;
    Kontor__V1__AllowedActionsResponse *reply = &none;
    size_t n_allowed = 0;
    request.id = (char *)item_id;
    if (desk_call(a->desk, a->who, DESK_ORDER("AllowedActions"), &request, &reply,
                  NULL) != STATUS_OK) {
        reply = &none;
    }
    check_known(reply);
    for (size_t i = 0; i < N_MOVES; i++) {
        int64_t before = shelf_applied(a->desk->h);
        bool is_done = moves[i].run(a) == STATUS_OK;
        bool has_changed = shelf_applied(a->desk->h) != before;
        if (is_done != is_listed(reply, &moves[i]) &&
            !is_said_twice(place, &moves[i])) {
            fail_msg("%s %s on %s by %s: %s, but %s", moves[i].call, moves[i].action,
                     item_state_name(place->state), a->who->id,
                     is_done ? "done" : "refused", is_done ? "not listed" : "listed");
        }
        assert_true(is_done || !has_changed);
        if (has_changed) {
            put(a->desk, place);
        }
        n_allowed += is_done ? 1 : 0;
    }
    return n_allowed;
}

static void
test_k10_what_is_listed_is_taken_and_nothing_else(void **state)
{
    static const char *const scopes[] = {"r:coast", "j:coast/p1", "r:alpine",
                                         "p:alpine/hpc"};
    struct desk *desk = *state;
    size_t n_allowed = 0, n_places = sizeof places / sizeof places[0];
    desk_place_one(desk, order_id, OFFER_OPEN);
    for (uint32_t role = 1; role <= KONTOR__V1__ROLE__ADMIN; role++) {
        for (size_t s = 0; s < 4; s++) {
            struct attempt a = {.desk = desk};
            const char *id = arena_print(desk->h->arena, "%.*s/%s-%u",
                                         (int)strcspn(scopes[s] + 2, "/"),
                                         scopes[s] + 2, "who", role * 10 + (uint32_t)s);
            a.who =
                harness_principal(desk->h, id, UINT32_C(1) << role, scopes[s], NULL);
            for (size_t i = 0; i < n_places; i++) {
                a.is_undone =
                    places[i].kind == KIND(ROLLBACK) || places[i].kind == KIND(CLEANUP);
                put(desk, &places[i]);
                n_allowed += compare(&a, &places[i]);
            }
        }
    }
    print_message("%zu cells, %zu of them open\n",
                  (size_t)KONTOR__V1__ROLE__ADMIN * 4 * n_places * N_MOVES, n_allowed);
    assert_true(n_allowed > 200);
}

static void
test_every_state_is_a_place(void **state)
{
    (void)state;
    for (int wanted = 1; wanted < ITEM_STATE_COUNT; wanted++) {
        bool is_there = false;
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
            is_there = is_there || places[i].state == (Kontor__V1__ItemState)wanted;
        }
        assert_true(is_there);
    }
}

/* An order is answered with all the items its reader may see. */
static void
test_an_orders_actions_are_those_of_its_items(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__AllowedActionsRequest request =
        KONTOR__V1__ALLOWED_ACTIONS_REQUEST__INIT;
    Kontor__V1__AllowedActionsResponse *reply;
    struct error error;
    Kontor__V1__PlaceOrderRequest *order = desk_new(desk, order_id);
    desk_add(desk, order, "vm", OFFER_BASIC);
    desk_add(desk, order, "tape", OFFER_OTHER);
    desk_place(desk, order);
    request.id = (char *)order_id;
    assert_int_equal(desk_call(desk, desk->operator, DESK_ORDER("AllowedActions"),
                               &request, &reply, NULL),
                     STATUS_OK);
    assert_int_equal(reply->n_actions, 3);
    assert_string_equal(reply->actions[0]->action, "approve");
    assert_int_equal(reply->actions[0]->n_needs, 0);
    assert_string_equal(reply->actions[1]->action, "reject");
    assert_string_equal(reply->actions[1]->needs[0], "reason");
    assert_int_equal(desk_call(desk, desk->portal, DESK_ORDER("AllowedActions"),
                               &request, &reply, NULL),
                     STATUS_OK);
    assert_int_equal(reply->n_actions, 4);
    assert_string_equal(reply->actions[0]->call, "CancelOrder");
    assert_int_equal(reply->actions[0]->n_needs, 0);
    assert_string_equal(reply->actions[1]->call, "RescheduleItem");
    assert_int_equal(desk_call(desk, desk->stranger, DESK_ORDER("AllowedActions"),
                               &request, &reply, &error),
                     STATUS_NOT_FOUND);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_k10_what_is_listed_is_taken_and_nothing_else),
        cmocka_unit_test(test_every_state_is_a_place),
        TEST(test_an_orders_actions_are_those_of_its_items),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
