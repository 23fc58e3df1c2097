#include "server/order/halt.h"

#include "kontor/v1/fulfilment_service.pb-c.h"
#include "kontor/v1/order_service.pb-c.h"
#include "server/order/edit.h"
#include "server/order/hold.h"
#include "server/order/item.h"

#define R(name) KONTOR__V1__ITEM_REASON__##name

/* Why an item may be held. */
static const Kontor__V1__ItemReason causes[] = {R(SHORTAGE), R(MAINTENANCE),
                                                R(SUSPENDED_OFFER), R(NEEDS_OPERATOR)};

static enum status
judge_cause(struct call *call, Kontor__V1__ItemReason cause)
{
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++) {
        if (causes[i] == cause) {
            return STATUS_OK;
        }
    }
    call_fault(call, "cause",
               "must be SHORTAGE, MAINTENANCE, SUSPENDED_OFFER or NEEDS_OPERATOR");
    return call_check_faults(call);
}

static enum status
halt(struct edit *edit, size_t index, const struct edit_cause *cause)
{
    struct call *call = edit->call;
    const Kontor__V1__OrderItem *item = edit->items[index].item;
    enum status status = item_judge(call, item, cause->operation, 0);
    if (status == STATUS_OK) {
        status = judge_cause(call, cause->reason);
    }
    return status == STATUS_OK ? edit_move(edit, index, cause) : status;
}

/* What nobody holds is held by the people's operation, what an agent holds by that
 * which takes it away. */
static enum operation
halting_operation(Kontor__V1__ItemState state)
{
    bool is_worked_on = item_state_next(state, OPERATION_HOLD, 0) != NULL;
    return is_worked_on ? OPERATION_HOLD : OPERATION_HOLD_ITEM;
}

enum status
halt_decide(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__HoldItemRequest *request = message;
    struct edit *edit;
    size_t index;
    enum status status =
        edit_open_item(call, request->id, request->expected_revision, &edit, &index);
    if (status != STATUS_OK) {
        return status;
    }
    struct edit_cause cause = {.operation =
                                   halting_operation(edit->items[index].item->state),
                               .reason = request->cause,
                               .text = request->reason};
    status = halt(edit, index, &cause);
    return status == STATUS_OK ? edit_commit(edit, decision) : status;
}

enum status
halt_by_agent(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__HoldRequest *request = message;
    struct edit_cause cause = {.operation = OPERATION_HOLD,
                               .reason = request->cause,
                               .text = request->reason,
                               .is_holder = true};
    struct hold hold;
    enum status status = hold_open(call, request->item, OPERATION_HOLD, &hold);
    if (status == STATUS_OK) {
        status = hold_check(call, &hold, request->fence, true);
    }
    if (status == STATUS_OK) {
        status = halt(hold.edit, hold.index, &cause);
    }
    return status == STATUS_OK ? edit_commit(hold.edit, decision) : status;
}
