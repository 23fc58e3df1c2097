#include "server/order/override.h"

#include "kontor/v1/order_service.pb-c.h"
#include "server/order/edit.h"
#include "server/order/item.h"
#include "server/order/job.h"

#define OVERRIDE(name) KONTOR__V1__OVERRIDE_ITEM_REQUEST__OVERRIDE__##name

enum status
resume_decide(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__ResumeItemRequest *request = message;
    struct edit_cause cause = {.operation = OPERATION_RESUME, .text = request->reason};
    struct edit *edit;
    size_t index;
    enum status status =
        edit_open_item(call, request->id, request->expected_revision, &edit, &index);
    if (status == STATUS_OK) {
        status = item_judge(call, edit->items[index].item, OPERATION_RESUME, 0);
    }
    if (status == STATUS_OK) {
        status = edit_move(edit, index, &cause);
    }
    return status == STATUS_OK ? edit_commit(edit, decision) : status;
}

/* Ends the item; what its agent may have made must be looked for. */
static enum status
force_fail(struct edit *edit, size_t index, const char *reason)
{
    Kontor__V1__OrderItem *item = edit->items[index].item;
    struct edit_cause cause = {.operation = OPERATION_FORCE_FAIL, .text = reason};
    /* Where nothing is begun there is no such move: it is rejected or cancelled. */
    enum status status = item_judge(edit->call, item, OPERATION_FORCE_FAIL, 0);
    if (status != STATUS_OK) {
        return status;
    }
    return edit_move(edit, index, &cause);
}

/* As ResumeItem, for an admin who answers for it with a reason. */
static enum status
requeue(struct edit *edit, size_t index, const char *reason)
{
    struct edit_cause cause = {.operation = OPERATION_REQUEUE, .text = reason};
    enum status status =
        item_judge(edit->call, edit->items[index].item, OPERATION_REQUEUE, 0);
    return status == STATUS_OK ? edit_move(edit, index, &cause) : status;
}

/* No move of the machine: cleaning up is an axis beside the state, which may be final.
 */
static enum status
abandon_cleanup(struct edit *edit, size_t index, const char *reason)
{
    struct call *call = edit->call;
    Kontor__V1__OrderItem *item = edit->items[index].item;
    struct sides wanted = {.provider = ROLE_BIT(ADMIN)};
    if ((side_of(call->who, item).provider & ROLE_BIT(ADMIN)) == 0) {
        return item_role_missing(call, item, ITEM_ABANDON_CLEANUP, wanted);
    }
    /* Only what is required can be given up: done, or given up before, there is nothing
     * left to answer for. */
    if (!item_needs_cleanup(item)) {
        return item_illegal(call, item, ITEM_ABANDON_CLEANUP);
    }
    item->cleanup = KONTOR__V1__CLEANUP__CLEANUP_ABANDONED;
    job_withdraw(item);
    item->job->fence = 0;
    item_remember(item, ITEM_ABANDON_CLEANUP, item->state, reason, call);
    edit_touch(edit, index);
    return STATUS_OK;
}

static const struct override_row {
    Kontor__V1__OverrideItemRequest__Override override;
    enum status (*run)(struct edit *edit, size_t index, const char *reason);
} override_rows[] = {
    {OVERRIDE(FAIL), force_fail},
    {OVERRIDE(REQUEUE), requeue},
    {OVERRIDE(ABANDON_CLEANUP), abandon_cleanup},
};

static enum status
run_override(const Kontor__V1__OverrideItemRequest *request, struct edit *edit,
             size_t index)
{
    struct call *call = edit->call;
    /* An override is audited by its reason (ORDERS design, "Who may do what"). */
    if (request->reason[0] == '\0') {
        call_fault(call, "reason", "is required: it is kept in the history");
        return call_check_faults(call);
    }
    for (size_t i = 0; i < sizeof override_rows / sizeof override_rows[0]; i++) {
        if (override_rows[i].override == request->override) {
            return override_rows[i].run(edit, index, request->reason);
        }
    }
    call_fault(call, "override", "must be FAIL, REQUEUE or ABANDON_CLEANUP");
    return call_check_faults(call);
}

enum status
override_decide(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__OverrideItemRequest *request = message;
    struct edit *edit;
    size_t index;
    enum status status =
        edit_open_item(call, request->id, request->expected_revision, &edit, &index);
    if (status == STATUS_OK) {
        status = run_override(request, edit, index);
    }
    return status == STATUS_OK ? edit_commit(edit, decision) : status;
}
