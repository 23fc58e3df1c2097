#include "server/order/decide_item.h"

#include "kontor/v1/order_service.pb-c.h"
#include "proto/moment.h"
#include "server/order/edit.h"
#include "server/order/hold.h"
#include "server/order/item.h"
#include "server/rpc/named.h"

#define S(name) KONTOR__V1__ITEM_STATE__##name

/* Index of the open step; SIZE_MAX = none. */
static size_t
open_step(const Kontor__V1__OrderItem *item)
{
    for (size_t i = 0; i < item->n_approvals; i++) {
        if (item->approvals[i]->decided_by[0] == '\0') {
            return i;
        }
    }
    return SIZE_MAX;
}

/* Only an open step is signed: an item may also be rejected where none is, while it is
 * held. */
static void
sign(struct call *call, Kontor__V1__OrderItem *item, const char *reason)
{
    size_t at = open_step(item);
    if (item_open_step(item) == 0 || at == SIZE_MAX) {
        return;
    }
    item->approvals[at]->decided_by = (char *)call->who->id;
    item->approvals[at]->decided_at = moment_new(call->arena, call->at_ms);
    item->approvals[at]->reason = (char *)reason;
}

/* Where approving leads: to the next step, or to be claimed. UNSPECIFIED where nothing
 * waits for approval. */
static Kontor__V1__ItemState
approved_state(const Kontor__V1__OrderItem *item)
{
    if (item_open_step(item) == 0) {
        return S(ITEM_STATE_UNSPECIFIED);
    }
    return open_step(item) + 1 < item->n_approvals ? S(AWAITING_APPROVAL) : S(QUEUED);
}

static enum status
decide(struct call *call, const Kontor__V1__DecideItemRequest *request,
       struct edit *edit, size_t index)
{
    Kontor__V1__OrderItem *item = edit->items[index].item;
    bool is_reject =
        request->decision == KONTOR__V1__DECIDE_ITEM_REQUEST__DECISION__REJECT;
    struct edit_cause cause = {
        .operation = is_reject ? OPERATION_REJECT : OPERATION_APPROVE,
        .to = is_reject ? S(ITEM_STATE_UNSPECIFIED) : approved_state(item),
        .text = request->reason,
    };
    /*
     * Who may is judged before the reason is missed: a caller without the role is told
     * the role, not how to word what it may not do.
     */
    enum status status = hold_judge(call, edit, index, &cause, request->fence);
    if (status != STATUS_OK) {
        return status;
    }
    if (is_reject && request->reason[0] == '\0') {
        call_fault(call, "reason", "is required to reject: the customer will read it");
        return call_check_faults(call);
    }
    /* Before the move, which writes the step that is open then into the header. */
    sign(call, item, request->reason);
    return edit_move(edit, index, &cause);
}

enum status
decide_item_decide(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__DecideItemRequest *request = message;
    struct edit *edit;
    size_t index;
    enum status status =
        edit_open_item(call, request->id, request->expected_revision, &edit, &index);
    if (status == STATUS_OK) {
        status = decide(call, request, edit, index);
    }
    return status == STATUS_OK ? edit_commit(edit, decision) : status;
}

enum status
decide_item_answer(struct call *call, const void *request,
                   const Kontor__V1__Commit *commit, void **reply)
{
    return answer_stored(call, commit, KIND_ITEM, named_text(request, "id"), reply);
}
