#include "server/order/reschedule.h"

#include "kontor/v1/order_service.pb-c.h"
#include "proto/moment.h"
#include "server/order/allocation.h"
#include "server/order/due.h"
#include "server/order/edit.h"
#include "server/order/item.h"
#include "server/order/placed.h"

#define S(name) KONTOR__V1__ITEM_STATE__##name

/* Nobody works on it, nor holds it to begin at once. No move of the machine: where an
 * item stands does not change by when it may begin. */
static const Kontor__V1__ItemState states[] = {
    S(RECEIVED), S(AWAITING_APPROVAL), S(AWAITING_CONSUMER_APPROVAL),
    S(QUEUED),   S(PENDING_INFO),      S(HELD)};

static const struct sides who = {.customer = ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER)};

struct sides
reschedule_roles(const Kontor__V1__OrderItem *item)
{
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (states[i] == item->state) {
            return who;
        }
    }
    return (struct sides){0, 0};
}

static enum status
judge(struct call *call, const Kontor__V1__RescheduleItemRequest *request,
      const Kontor__V1__OrderItem *item)
{
    if ((side_of(call->who, item).customer & who.customer) == 0) {
        return item_role_missing(call, item, RESCHEDULE, who);
    }
    if (reschedule_roles(item).customer == 0) {
        return item_illegal(call, item, RESCHEDULE);
    }
    int64_t end_ms = moment_ms(item->not_after, INT64_MAX);
    if (moment_ms(request->start_at, INT64_MIN) >= end_ms) {
        call_fault(call, "start_at", "must come before the order's not_after");
    }
    placed_judge_ahead(call, "start_at", request->start_at);
    return call_check_faults(call);
}

enum status
reschedule_decide(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__RescheduleItemRequest *request = message;
    struct edit *edit;
    size_t index;
    enum status status =
        edit_open_item(call, request->id, request->expected_revision, &edit, &index);
    if (status != STATUS_OK) {
        return status;
    }
    Kontor__V1__OrderItem *item = edit->items[index].item;
    status = judge(call, request, item);
    if (status != STATUS_OK) {
        return status;
    }
    item->start_at = request->start_at;
    status = allocation_move(call, item);
    if (status != STATUS_OK) {
        return status;
    }
    item_remember(item, RESCHEDULE, item->state, request->reason, call);
    due_again(item, call->arena);
    edit_restate(edit, index);
    edit_dispatch(edit, index);
    return edit_commit(edit, decision);
}
