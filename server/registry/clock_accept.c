#include "server/registry/clock_accept.h"

#include "kontor/v1/registry_service.pb-c.h"
#include "proto/moment.h"
#include "server/broker.h"

enum status
clock_accept(struct call *call, const void *request, struct decision *decision)
{
    Kontor__V1__AcceptClockResponse *reply = arena_alloc(call->arena, sizeof *reply);
    (void)request;
    kontor__v1__accept_clock_response__init(reply);
    reply->now = moment_new(call->arena, call->now_ms);
    decision_soft(call, decision, BROKER_CLOCK_KEY, call->now_ms);
    decision->reply = &reply->base;
    return STATUS_OK;
}

enum status
clock_accept_answer(struct call *call, const void *request,
                    const Kontor__V1__Commit *commit, void **reply)
{
    (void)request;
    (void)commit;
    (void)reply;
    return call_fail(call, REASON_INTERNAL, "that the clock was accepted was lost");
}
