#include "server/order/decide_cancel.h"

#include <string.h>

#include "kontor/v1/order_service.pb-c.h"
#include "proto/moment.h"
#include "server/order/hold.h"
#include "server/order/item.h"
#include "server/order/job.h"
#include "server/order/session.h"

#define S(name) KONTOR__V1__ITEM_STATE__##name

static void
sign(struct call *call, Kontor__V1__OrderItem *item, const char *words)
{
    item->cancel->decided_by = (char *)call->actor;
    item->cancel->decided_at = moment_new(call->arena, call->at_ms);
    item->cancel->decision = (char *)words;
}

enum status
decide_cancel_move(struct edit *edit, size_t index, const struct edit_cause *cause)
{
    struct call *call = edit->call;
    Kontor__V1__OrderItem *item = edit->items[index].item;
    struct document document;
    enum status status = edit_move(edit, index, cause);
    if (status != STATUS_OK || item->job->session[0] == '\0') {
        return status;
    }
    status = call_get_any(call, KIND_SESSION, item->job->session, &document);
    if (status == STATUS_OK &&
        !session_takes(call_record(call, &document), item->job->kind)) {
        job_let_go(item);
        job_recover(item, call);
    }
    if (status == STATUS_NOT_FOUND) {
        /* It is over: its jobs are taken elsewhere. */
        memset(&call->error, 0, sizeof call->error);
        status = STATUS_OK;
    }
    return status;
}

static enum status
decide(struct call *call, const Kontor__V1__DecideCancelRequest *request,
       struct edit *edit, size_t index)
{
    Kontor__V1__OrderItem *item = edit->items[index].item;
    /* A number alone makes nobody the holder: whoever reads the item sees it. */
    bool is_agent = (side_of(call->who, item).provider & ROLE_BIT(AGENT)) != 0;
    bool is_decline =
        request->decision == KONTOR__V1__DECIDE_CANCEL_REQUEST__DECISION__DECLINE;
    struct edit_cause cause = {.operation = is_decline ? OPERATION_DECLINE_CANCEL
                                                       : OPERATION_ACCEPT_CANCEL,
                               .to = is_decline ? item->resume_to : S(CANCELLING),
                               .text = request->reason,
                               .is_holder = is_agent && request->fence != 0};
    enum status status = hold_judge(call, edit, index, &cause, request->fence);
    if (status != STATUS_OK) {
        return status;
    }
    sign(call, item, request->reason);
    item->resume_to = 0;
    return decide_cancel_move(edit, index, &cause);
}

enum status
decide_cancel_decide(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__DecideCancelRequest *request = message;
    struct edit *edit;
    size_t index;
    enum status status =
        edit_open_item(call, request->id, request->expected_revision, &edit, &index);
    if (status == STATUS_OK) {
        status = decide(call, request, edit, index);
    }
    return status == STATUS_OK ? edit_commit(edit, decision) : status;
}
