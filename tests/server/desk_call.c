/* The calls of tests of orders, with what every one of them says. */
#include "tests/server/desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum status
desk_call(struct desk *desk, const struct principal *who, const char *path,
          const void *request, void *reply, struct error *error)
{
    return harness_call(desk->h, who, path, request, reply, error);
}

Kontor__V1__PlaceOrderResponse *
desk_place(struct desk *desk, const Kontor__V1__PlaceOrderRequest *request)
{
    Kontor__V1__PlaceOrderResponse *reply = NULL;
    struct error error = {0};
    enum status status = desk_call(desk, desk->portal, DESK_ORDER("PlaceOrder"),
                                   request, &reply, &error);
    if (status != STATUS_OK) {
        fail_msg("placing %s: %s", request->id, error.message);
    }
    return reply;
}

Kontor__V1__PlaceOrderResponse *
desk_place_one(struct desk *desk, const char *id, const char *offer)
{
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, id);
    desk_add(desk, request, "vm", offer);
    return desk_place(desk, request);
}

enum status
desk_decide(struct desk *desk, const struct principal *who, const char *item,
            bool is_approve, const char *reason, struct error *error)
{
    Kontor__V1__DecideItemRequest request = KONTOR__V1__DECIDE_ITEM_REQUEST__INIT;
    request.id = (char *)item;
    request.decision = is_approve ? KONTOR__V1__DECIDE_ITEM_REQUEST__DECISION__APPROVE
                                  : KONTOR__V1__DECIDE_ITEM_REQUEST__DECISION__REJECT;
    request.reason = (char *)reason;
    return desk_call(desk, who, DESK_ORDER("DecideItem"), &request, NULL, error);
}

enum status
desk_cancel(struct desk *desk, const struct principal *who, const char *order,
            const char *item, Kontor__V1__GetOrderResponse **reply, struct error *error)
{
    Kontor__V1__CancelOrderRequest request = KONTOR__V1__CANCEL_ORDER_REQUEST__INIT;
    char *items[1] = {(char *)item};
    request.id = (char *)order;
    request.items = items;
    request.n_items = item == NULL ? 0 : 1;
    request.reason = "changed our mind";
    return desk_call(desk, who, DESK_ORDER("CancelOrder"), &request, reply, error);
}

enum status
desk_resume(struct desk *desk, const struct principal *who, const char *item,
            struct error *error)
{
    Kontor__V1__ResumeItemRequest request = KONTOR__V1__RESUME_ITEM_REQUEST__INIT;
    request.id = (char *)item;
    return desk_call(desk, who, DESK_ORDER("ResumeItem"), &request, NULL, error);
}

enum status
desk_override(struct desk *desk, const struct principal *who, const char *item,
              Kontor__V1__OverrideItemRequest__Override override, const char *reason,
              struct error *error)
{
    Kontor__V1__OverrideItemRequest request = KONTOR__V1__OVERRIDE_ITEM_REQUEST__INIT;
    request.id = (char *)item;
    request.override = override;
    request.reason = (char *)reason;
    return desk_call(desk, who, DESK_ORDER("OverrideItem"), &request, NULL, error);
}

enum status
desk_ask(struct desk *desk, const struct principal *who, const char *item,
         const char *question, struct error *error)
{
    Kontor__V1__AskCustomerRequest request = KONTOR__V1__ASK_CUSTOMER_REQUEST__INIT;
    request.id = (char *)item;
    request.question = (char *)question;
    return desk_call(desk, who, DESK_ORDER("AskCustomer"), &request, NULL, error);
}

enum status
desk_answer(struct desk *desk, const struct principal *who, const char *item,
            const char *text, struct error *error)
{
    Kontor__V1__AnswerQuestionRequest request =
        KONTOR__V1__ANSWER_QUESTION_REQUEST__INIT;
    request.id = (char *)item;
    request.is_withdrawn = text == NULL;
    request.answer = text == NULL ? NULL : shelf_text(desk->h, text);
    return desk_call(desk, who, DESK_ORDER("AnswerQuestion"), &request, NULL, error);
}

enum status
desk_hold_item(struct desk *desk, const struct principal *who, const char *item,
               struct error *error)
{
    Kontor__V1__HoldItemRequest request = KONTOR__V1__HOLD_ITEM_REQUEST__INIT;
    request.id = (char *)item;
    request.cause = KONTOR__V1__ITEM_REASON__SHORTAGE;
    request.reason = "no racks left";
    return desk_call(desk, who, DESK_ORDER("HoldItem"), &request, NULL, error);
}

enum status
desk_decide_cancel(struct desk *desk, const struct principal *who, const char *item,
                   bool is_accept, int64_t fence, struct error *error)
{
    Kontor__V1__DecideCancelRequest request = KONTOR__V1__DECIDE_CANCEL_REQUEST__INIT;
    request.id = (char *)item;
    request.decision = is_accept ? KONTOR__V1__DECIDE_CANCEL_REQUEST__DECISION__ACCEPT
                                 : KONTOR__V1__DECIDE_CANCEL_REQUEST__DECISION__DECLINE;
    request.reason = "as we see it";
    request.fence = fence;
    return desk_call(desk, who, DESK_ORDER("DecideCancel"), &request, NULL, error);
}

/* ---- Fulfilling ---- */

const char *
desk_session(struct desk *desk, const struct principal *agent, int32_t max_parallel,
             ...)
{
    Kontor__V1__RegisterAgentRequest request = KONTOR__V1__REGISTER_AGENT_REQUEST__INIT;
    Kontor__V1__Session *session = NULL;
    struct error error = {0};
    char *offers[64];
    va_list args;
    va_start(args, max_parallel);
    for (char *offer = va_arg(args, char *); offer != NULL;
         offer = va_arg(args, char *)) {
        offers[request.n_offers++] = offer;
    }
    va_end(args);
    request.offers = offers;
    request.max_parallel = max_parallel;
    if (desk_call(desk, agent, DESK_AGENT("RegisterAgent"), &request, &session,
                  &error) != STATUS_OK) {
        fail_msg("registering: %s", error.message);
    }
    return session->id;
}

Kontor__V1__ClaimedJob *
desk_claim(struct desk *desk, const struct principal *agent, const char *session)
{
    Kontor__V1__ClaimRequest request = KONTOR__V1__CLAIM_REQUEST__INIT;
    Kontor__V1__ClaimResponse *reply = NULL;
    struct error error = {0};
    request.session = (char *)session;
    if (desk_call(desk, agent, DESK_AGENT("Claim"), &request, &reply, &error) !=
        STATUS_OK) {
        fail_msg("claiming: %s", error.message);
    }
    assert_int_equal(reply->lease_seconds, 60);
    return reply->n_jobs == 0 ? NULL : reply->jobs[0];
}

enum status
desk_begin(struct desk *desk, const Kontor__V1__ClaimedJob *job, struct error *error)
{
    Kontor__V1__BeginRequest request = KONTOR__V1__BEGIN_REQUEST__INIT;
    request.item = job->item;
    request.fence = job->fence;
    request.intent = job->intent;
    return desk_call(desk, desk->agent, DESK_AGENT("Begin"), &request, NULL, error);
}

enum status
desk_complete(struct desk *desk, const char *item, int64_t fence,
              const char *backend_id, struct error *error)
{
    Kontor__V1__CompleteRequest request = KONTOR__V1__COMPLETE_REQUEST__INIT;
    Kontor__V1__Delivery delivery = KONTOR__V1__DELIVERY__INIT;
    delivery.backend_id = (char *)backend_id;
    request.item = (char *)item;
    request.fence = fence;
    request.delivery = &delivery;
    return desk_call(desk, desk->agent, DESK_AGENT("Complete"), &request, NULL, error);
}

enum status
desk_fail(struct desk *desk, const char *item, int64_t fence,
          Kontor__V1__FailRequest__Failure failure, Kontor__V1__OrderItem **reply,
          struct error *error)
{
    Kontor__V1__FailRequest request = KONTOR__V1__FAIL_REQUEST__INIT;
    request.item = (char *)item;
    request.fence = fence;
    request.failure = failure;
    request.reason = "it did not work";
    return desk_call(desk, desk->agent, DESK_AGENT("Fail"), &request, reply, error);
}

enum status
desk_release(struct desk *desk, const char *item, int64_t fence, struct error *error)
{
    Kontor__V1__ReleaseRequest request = KONTOR__V1__RELEASE_REQUEST__INIT;
    request.item = (char *)item;
    request.fence = fence;
    return desk_call(desk, desk->agent, DESK_AGENT("Release"), &request, NULL, error);
}

enum status
desk_complete_bare(struct desk *desk, const char *item, int64_t fence,
                   struct error *error)
{
    Kontor__V1__CompleteRequest request = KONTOR__V1__COMPLETE_REQUEST__INIT;
    request.item = (char *)item;
    request.fence = fence;
    return desk_call(desk, desk->agent, DESK_AGENT("Complete"), &request, NULL, error);
}

enum status
desk_report(struct desk *desk, const Kontor__V1__ClaimedJob *job, const char *milestone)
{
    Kontor__V1__ReportRequest request = KONTOR__V1__REPORT_REQUEST__INIT;
    request.item = job->item;
    request.fence = job->fence;
    request.milestone = (char *)milestone;
    return desk_call(desk, desk->agent, DESK_AGENT("Report"), &request, NULL, NULL);
}

enum status
desk_ask_info(struct desk *desk, const Kontor__V1__ClaimedJob *job,
              const char *question, struct error *error)
{
    Kontor__V1__AskInfoRequest request = KONTOR__V1__ASK_INFO_REQUEST__INIT;
    request.item = job->item;
    request.fence = job->fence;
    request.question = (char *)question;
    return desk_call(desk, desk->agent, DESK_AGENT("AskInfo"), &request, NULL, error);
}

enum status
desk_decide_held(struct desk *desk, const Kontor__V1__ClaimedJob *job, bool is_approve,
                 struct error *error)
{
    Kontor__V1__DecideItemRequest request = KONTOR__V1__DECIDE_ITEM_REQUEST__INIT;
    request.id = job->item;
    request.decision = is_approve ? KONTOR__V1__DECIDE_ITEM_REQUEST__DECISION__APPROVE
                                  : KONTOR__V1__DECIDE_ITEM_REQUEST__DECISION__REJECT;
    request.reason = "by the book";
    request.fence = job->fence;
    return desk_call(desk, desk->agent, DESK_ORDER("DecideItem"), &request, NULL,
                     error);
}

enum status
desk_hold(struct desk *desk, const Kontor__V1__ClaimedJob *job, struct error *error)
{
    Kontor__V1__HoldRequest request = KONTOR__V1__HOLD_REQUEST__INIT;
    request.item = job->item;
    request.fence = job->fence;
    request.cause = KONTOR__V1__ITEM_REASON__MAINTENANCE;
    request.reason = "the store is being moved";
    return desk_call(desk, desk->agent, DESK_AGENT("Hold"), &request, NULL, error);
}

enum status
desk_renew(struct desk *desk, const struct principal *agent, const char *session,
           Kontor__V1__RenewResponse **reply, struct error *error)
{
    Kontor__V1__RenewRequest request = KONTOR__V1__RENEW_REQUEST__INIT;
    request.session = (char *)session;
    return desk_call(desk, agent, DESK_AGENT("Renew"), &request, reply, error);
}

size_t
desk_due(struct desk *desk, int64_t ms)
{
    harness_advance(desk->h, ms);
    return due_tick_run(desk->due);
}

size_t
desk_pass(struct desk *desk, int64_t ms)
{
    harness_advance(desk->h, ms);
    return lease_tick(desk->lease);
}

void
desk_jump(struct desk *desk, int64_t ms)
{
    clock_set_wall(&desk->h->clock, clock_wall_ms(&desk->h->clock) + ms);
    assert_int_equal(lease_tick(desk->lease), 0);
}
