/* The calls of a walk, as the broker gets them. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "proto/moment.h"
#include "tests/server/walk.h"

#define DECIDE(name) KONTOR__V1__DECIDE_ITEM_REQUEST__DECISION__##name
#define DECIDE_CANCEL(name) KONTOR__V1__DECIDE_CANCEL_REQUEST__DECISION__##name
#define OVERRIDE(name) KONTOR__V1__OVERRIDE_ITEM_REQUEST__OVERRIDE__##name
#define FAILURE(name) KONTOR__V1__FAIL_REQUEST__FAILURE__##name

/* One call on its way. */
struct calling {
    struct walk *w;
    const struct model_call *call;
    char *item;
    void **reply;
    enum reason reason;
};

static void
send(struct calling *c, const char *path, const void *request)
{
    struct error error = {0};
    enum status status = desk_call(c->w->desk, c->w->people[c->call->who], path,
                                   request, c->reply, &error);
    c->reason = status == STATUS_OK ? REASON_NONE : error.reason;
    /* A refusal without a reason would pass for none. */
    assert_true((status == STATUS_OK) == (c->reason == REASON_NONE));
}

static Google__Protobuf__Timestamp *
moment_or_none(struct calling *c, int64_t at_ms)
{
    return at_ms == 0 ? NULL : moment_new(c->w->step_arena, at_ms);
}

static void
send_decide(struct calling *c)
{
    Kontor__V1__DecideItemRequest request = KONTOR__V1__DECIDE_ITEM_REQUEST__INIT;
    request.id = c->item;
    request.decision = c->call->act == ACT_APPROVE ? DECIDE(APPROVE) : DECIDE(REJECT);
    request.reason = "so";
    request.fence = c->call->fence;
    request.expected_revision = c->call->expected;
    send(c, DESK_ORDER("DecideItem"), &request);
}

static void
send_ask(struct calling *c)
{
    Kontor__V1__AskCustomerRequest request = KONTOR__V1__ASK_CUSTOMER_REQUEST__INIT;
    request.id = c->item;
    request.question = "Which?";
    request.expected_revision = c->call->expected;
    send(c, DESK_ORDER("AskCustomer"), &request);
}

static void
send_answer(struct calling *c)
{
    Kontor__V1__AnswerQuestionRequest request =
        KONTOR__V1__ANSWER_QUESTION_REQUEST__INIT;
    Kontor__V1__Value value = KONTOR__V1__VALUE__INIT;
    value.kind_case = KONTOR__V1__VALUE__KIND_TEXT;
    value.text = "blue";
    request.id = c->item;
    request.is_withdrawn = c->call->act == ACT_WITHDRAW;
    request.answer = request.is_withdrawn ? NULL : &value;
    request.expected_revision = c->call->expected;
    send(c, DESK_ORDER("AnswerQuestion"), &request);
}

static void
send_hold_item(struct calling *c)
{
    Kontor__V1__HoldItemRequest request = KONTOR__V1__HOLD_ITEM_REQUEST__INIT;
    request.id = c->item;
    request.cause = M_R(SHORTAGE);
    request.reason = "so";
    request.expected_revision = c->call->expected;
    send(c, DESK_ORDER("HoldItem"), &request);
}

static void
send_resume(struct calling *c)
{
    Kontor__V1__ResumeItemRequest request = KONTOR__V1__RESUME_ITEM_REQUEST__INIT;
    request.id = c->item;
    request.expected_revision = c->call->expected;
    send(c, DESK_ORDER("ResumeItem"), &request);
}

static void
send_override(struct calling *c)
{
    Kontor__V1__OverrideItemRequest request = KONTOR__V1__OVERRIDE_ITEM_REQUEST__INIT;
    bool is_requeue = c->call->act == ACT_REQUEUE;
    request.id = c->item;
    request.override = c->call->act == ACT_FORCE_FAIL ? OVERRIDE(FAIL)
                       : is_requeue                   ? OVERRIDE(REQUEUE)
                                                      : OVERRIDE(ABANDON_CLEANUP);
    request.reason = "so";
    request.expected_revision = c->call->expected;
    send(c, DESK_ORDER("OverrideItem"), &request);
}

static void
send_decide_cancel(struct calling *c)
{
    Kontor__V1__DecideCancelRequest request = KONTOR__V1__DECIDE_CANCEL_REQUEST__INIT;
    bool is_accept = c->call->act == ACT_ACCEPT;
    request.id = c->item;
    request.decision = is_accept ? DECIDE_CANCEL(ACCEPT) : DECIDE_CANCEL(DECLINE);
    request.reason = "so";
    request.fence = c->call->fence;
    request.expected_revision = c->call->expected;
    send(c, DESK_ORDER("DecideCancel"), &request);
}

static void
send_cancel(struct calling *c)
{
    Kontor__V1__CancelOrderRequest request = KONTOR__V1__CANCEL_ORDER_REQUEST__INIT;
    const struct model_order *order = &c->w->m.orders[c->call->order];
    char *items[MODEL_ITEMS];
    for (size_t i = 0; i < order->n_items; i++) {
        if ((c->call->items >> i & 1) != 0) {
            items[request.n_items++] = strrchr(order->items[i].id, '/') + 1;
        }
    }
    request.id = (char *)order->id;
    request.items = items;
    request.reason = "so";
    request.expected_revision = c->call->expected;
    send(c, DESK_ORDER("CancelOrder"), &request);
}

static void
send_reschedule(struct calling *c)
{
    Kontor__V1__RescheduleItemRequest request =
        KONTOR__V1__RESCHEDULE_ITEM_REQUEST__INIT;
    request.id = c->item;
    request.start_at = moment_or_none(c, c->call->at_ms);
    request.expected_revision = c->call->expected;
    send(c, DESK_ORDER("RescheduleItem"), &request);
}

static void
send_begin(struct calling *c)
{
    Kontor__V1__BeginRequest request = KONTOR__V1__BEGIN_REQUEST__INIT;
    request.item = c->item;
    request.fence = c->call->fence;
    char *intent = c->w->m.orders[c->call->order].items[c->call->item].intent;
    request.intent = intent[0] == '\0' ? "unclaimed" : intent;
    send(c, DESK_AGENT("Begin"), &request);
}

static void
send_report(struct calling *c)
{
    Kontor__V1__ReportRequest request = KONTOR__V1__REPORT_REQUEST__INIT;
    bool is_milestone = c->call->act == ACT_MILESTONE;
    request.item = c->item;
    request.fence = c->call->fence;
    request.milestone = is_milestone ? "shipped" : "";
    request.expected_at = is_milestone ? NULL : moment_or_none(c, c->call->at_ms);
    request.reason = is_milestone ? "" : "so";
    send(c, DESK_AGENT("Report"), &request);
}

static void
send_complete(struct calling *c)
{
    static char *const ids[] = {"", "b-1", "b-2"};
    Kontor__V1__CompleteRequest request = KONTOR__V1__COMPLETE_REQUEST__INIT;
    Kontor__V1__Delivery delivery = KONTOR__V1__DELIVERY__INIT;
    delivery.backend_id = ids[c->call->delivery];
    request.item = c->item;
    request.fence = c->call->fence;
    request.delivery = c->call->delivery == 0 ? NULL : &delivery;
    send(c, DESK_AGENT("Complete"), &request);
}

static void
send_fail(struct calling *c)
{
    Kontor__V1__FailRequest request = KONTOR__V1__FAIL_REQUEST__INIT;
    bool is_unknown = c->call->act == ACT_FAIL_UNKNOWN;
    request.item = c->item;
    request.fence = c->call->fence;
    request.failure = c->call->act == ACT_FAIL_PERMANENT ? FAILURE(PERMANENT)
                      : is_unknown                       ? FAILURE(UNKNOWN)
                                                         : FAILURE(RETRYABLE);
    request.reason = "so";
    send(c, DESK_AGENT("Fail"), &request);
}

static void
send_release(struct calling *c)
{
    Kontor__V1__ReleaseRequest request = KONTOR__V1__RELEASE_REQUEST__INIT;
    request.item = c->item;
    request.fence = c->call->fence;
    send(c, DESK_AGENT("Release"), &request);
}

static void
send_hold(struct calling *c)
{
    Kontor__V1__HoldRequest request = KONTOR__V1__HOLD_REQUEST__INIT;
    request.item = c->item;
    request.fence = c->call->fence;
    request.cause = M_R(SHORTAGE);
    request.reason = "so";
    send(c, DESK_AGENT("Hold"), &request);
}

static void
send_ask_info(struct calling *c)
{
    Kontor__V1__AskInfoRequest request = KONTOR__V1__ASK_INFO_REQUEST__INIT;
    request.item = c->item;
    request.fence = c->call->fence;
    request.question = "Which?";
    send(c, DESK_AGENT("AskInfo"), &request);
}

/* ---- Sessions and orders ---- */

static void
send_claim(struct calling *c)
{
    Kontor__V1__ClaimRequest request = KONTOR__V1__CLAIM_REQUEST__INIT;
    request.session = c->w->m.sessions[c->call->session].id;
    send(c, DESK_AGENT("Claim"), &request);
}

static void
send_renew(struct calling *c)
{
    Kontor__V1__RenewRequest request = KONTOR__V1__RENEW_REQUEST__INIT;
    request.session = c->w->m.sessions[c->call->session].id;
    send(c, DESK_AGENT("Renew"), &request);
}

/* A session of all offers its agent delivers. */
static void
send_register(struct calling *c)
{
    Kontor__V1__RegisterAgentRequest request = KONTOR__V1__REGISTER_AGENT_REQUEST__INIT;
    const struct model_session *session = &c->w->m.sessions[c->call->session];
    Kontor__V1__JobKind kinds[M_KIND(CLEANUP) + 1];
    char *offers[WALK_OFFERS];
    for (size_t i = 0; i < WALK_OFFERS; i++) {
        const struct model_item any = {.offer = &walk_offers[i]};
        struct model_sides sides = model_sides_of(&model_people[c->call->who], &any);
        if (sides.provider != 0) {
            offers[request.n_offers++] = (char *)walk_offers[i].id;
        }
    }
    for (unsigned kind = 1; kind <= M_KIND(CLEANUP); kind++) {
        if ((session->kinds >> kind & 1) != 0) {
            kinds[request.n_kinds++] = (Kontor__V1__JobKind)kind;
        }
    }
    request.offers = offers;
    request.kinds = kinds;
    request.max_parallel = session->max_parallel;
    send(c, DESK_AGENT("RegisterAgent"), &request);
}

static void
send_place(struct calling *c)
{
    send(c, DESK_ORDER("PlaceOrder"), c->w->wanted);
}

static void (*const sends[ACT_COUNT])(struct calling *c) = {
    [ACT_APPROVE] = send_decide,
    [ACT_REJECT] = send_decide,
    [ACT_ASK_CUSTOMER] = send_ask,
    [ACT_ANSWER] = send_answer,
    [ACT_WITHDRAW] = send_answer,
    [ACT_HOLD_ITEM] = send_hold_item,
    [ACT_RESUME] = send_resume,
    [ACT_FORCE_FAIL] = send_override,
    [ACT_REQUEUE] = send_override,
    [ACT_ABANDON] = send_override,
    [ACT_ACCEPT] = send_decide_cancel,
    [ACT_DECLINE] = send_decide_cancel,
    [ACT_CANCEL] = send_cancel,
    [ACT_RESCHEDULE] = send_reschedule,
    [ACT_BEGIN] = send_begin,
    [ACT_MILESTONE] = send_report,
    [ACT_EXPECT] = send_report,
    [ACT_COMPLETE] = send_complete,
    [ACT_FAIL_RETRYABLE] = send_fail,
    [ACT_FAIL_PERMANENT] = send_fail,
    [ACT_FAIL_UNKNOWN] = send_fail,
    [ACT_RELEASE] = send_release,
    [ACT_HOLD] = send_hold,
    [ACT_ASK_INFO] = send_ask_info,
    [ACT_CLAIM] = send_claim,
    [ACT_RENEW] = send_renew,
    [ACT_REGISTER] = send_register,
    [ACT_PLACE] = send_place,
    [ACT_PLACE_AGAIN] = send_place,
};

enum reason
walk_call(struct walk *w, const struct model_call *call, void **reply)
{
    struct calling c = {.w = w, .call = call, .reply = reply};
    c.item = w->m.orders[call->order].items[call->item].id;
    sends[call->act](&c);
    return c.reason;
}
