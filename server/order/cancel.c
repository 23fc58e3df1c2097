#include "server/order/cancel.h"

#include "kontor/v1/order_service.pb-c.h"
#include "proto/moment.h"
#include "server/order/edit.h"
#include "server/order/item.h"
#include "server/order/order.h"

/* ---- Who ---- */

static enum status
judge_caller(struct call *call, const Kontor__V1__Order *order)
{
    /*
     * The sides of an order are those of its items but the provider's, and a provider
     * never cancels: so an item without a provider stands for the order.
     */
    Kontor__V1__OrderItem any = KONTOR__V1__ORDER_ITEM__INIT;
    struct sides wanted = {.customer = ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER)};
    any.id = order->id;
    any.order = order->id;
    any.project = order->project;
    if ((side_of(call->who, &any).customer & wanted.customer) != 0) {
        return STATUS_OK;
    }
    return item_role_missing(call, &any, operation_name(OPERATION_CANCEL), wanted);
}

/* ---- What ---- */

/* The items asked for as a bit set; none named = all. */
static enum status
asked_items(struct call *call, const Kontor__V1__CancelOrderRequest *request,
            const Kontor__V1__Order *order, uint64_t *asked)
{
    *asked = request->n_items == 0 ? UINT64_MAX : 0;
    for (size_t i = 0; i < request->n_items; i++) {
        size_t at = aggregate_find(order, request->items[i]);
        if (at == SIZE_MAX) {
            call_fault(call, arena_print(call->arena, "items[%zu]", i),
                       "order %s has no item %s", order->id, request->items[i]);
            continue;
        }
        *asked |= UINT64_C(1) << at;
    }
    return call_check_faults(call);
}

/* What a request to cancel means for an item. */
enum effect {
    EFFECT_NONE,   /* It is over, or being undone already. */
    EFFECT_END,    /* Nothing was touched: it ends at once. */
    EFFECT_ASSESS, /* Begun: its provider is asked. */
};

static enum effect
effect_on(const Kontor__V1__ItemStanding *standing)
{
    const struct item_move *move =
        item_state_next(standing->state, OPERATION_CANCEL, 0);
    if (move == NULL) {
        return EFFECT_NONE;
    }
    return item_state_is_final(move->to) ? EFFECT_END : EFFECT_ASSESS;
}

/* Refuses when an item asked for is past the point from which on there is no way back.
 */
static enum status
refuse_past_return(struct edit *edit, uint64_t asked)
{
    struct call *call = edit->call;
    for (size_t i = 0; i < edit->order->n_items; i++) {
        Kontor__V1__OrderItem *item;
        if ((asked >> i & 1) == 0 ||
            effect_on(edit->order->items[i]) != EFFECT_ASSESS) {
            continue;
        }
        enum status status = edit_item(edit, i, &item);
        if (status != STATUS_OK) {
            return status;
        }
        if (item_is_past_return(item)) {
            call_value(call, "item", "%s", item->id);
            call_value(call, "from", "%s", item_state_name(item->state));
            call_value(call, "wanted", "%s", operation_name(OPERATION_CANCEL));
            return call_fail(call, REASON_PAST_NO_RETURN,
                             "item %s has passed \"%s\": it can no longer be "
                             "cancelled; nothing was changed, name the other items to "
                             "cancel those",
                             item->id, item->no_return_milestone);
        }
    }
    return STATUS_OK;
}

/* Refuses when nothing is left to cancel and an item asked for ended another way;
 * cancelling again what is cancelled, or being so, is fine. */
static enum status
refuse_ended(struct call *call, const Kontor__V1__Order *order, uint64_t asked)
{
    const Kontor__V1__ItemStanding *ended = NULL;
    for (size_t i = 0; i < order->n_items; i++) {
        const Kontor__V1__ItemStanding *standing = order->items[i];
        if ((asked >> i & 1) == 0 || item_state_is_cancelled(standing->state)) {
            continue;
        }
        if (!item_state_is_final(standing->state)) {
            return STATUS_OK;
        }
        ended = ended == NULL ? standing : ended;
    }
    if (ended == NULL) {
        return STATUS_OK;
    }
    const char *id = arena_print(call->arena, "%s/%s", order->id, ended->item);
    return call_illegal(call, KIND_ITEM, id, item_state_name(ended->state),
                        operation_name(OPERATION_CANCEL), "");
}

/* ---- Doing ---- */

static Kontor__V1__CancelTask *
new_task(struct call *call, const char *reason)
{
    Kontor__V1__CancelTask *task = arena_alloc(call->arena, sizeof *task);
    kontor__v1__cancel_task__init(task);
    task->state = KONTOR__V1__CANCEL_STATE__CANCEL_ASSESSING;
    task->requested_by = (char *)call->actor;
    task->requested_at = moment_new(call->arena, call->at_ms);
    task->reason = (char *)reason;
    return task;
}

/* What is asked of the whole order, with the items it reaches. */
static Kontor__V1__CancelTask *
order_task(struct edit *edit, uint64_t asked,
           const Kontor__V1__CancelOrderRequest *request)
{
    Kontor__V1__CancelTask *task = new_task(edit->call, request->reason);
    const Kontor__V1__Order *order = edit->order;
    task->is_whole = request->n_items == 0;
    task->items = arena_alloc(edit->call->arena, order->n_items * sizeof *task->items);
    for (size_t i = 0; i < order->n_items; i++) {
        bool is_open = !item_state_is_final(order->items[i]->state);
        if ((asked >> i & 1) != 0 && is_open) {
            task->items[task->n_items++] = order->items[i]->item;
        }
    }
    return task;
}

static enum status
cancel_one(struct edit *edit, size_t index, const char *reason)
{
    struct edit_cause cause = {.operation = OPERATION_CANCEL, .text = reason};
    Kontor__V1__OrderItem *item;
    enum status status = edit_item(edit, index, &item);
    if (status != STATUS_OK) {
        return status;
    }
    if (effect_on(edit->order->items[index]) == EFFECT_ASSESS) {
        item->resume_to = item->state;
        item->cancel = new_task(edit->call, reason);
    } else {
        cause.reason = KONTOR__V1__ITEM_REASON__BY_CUSTOMER;
    }
    return edit_move(edit, index, &cause);
}

static enum status
cancel_items(struct edit *edit, uint64_t asked,
             const Kontor__V1__CancelOrderRequest *request)
{
    Kontor__V1__CancelTask *task = order_task(edit, asked, request);
    for (size_t i = 0; i < edit->order->n_items; i++) {
        /* Read anew for each: an item asked for may have fallen already with one it
         * requires. */
        bool is_free = effect_on(edit->order->items[i]) == EFFECT_NONE;
        if ((asked >> i & 1) == 0 || is_free) {
            continue;
        }
        enum status status = cancel_one(edit, i, request->reason);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (edit->is_moved) {
        edit->order->cancel = task;
    }
    return STATUS_OK;
}

/* ---- Deciding ---- */

/* The items as they were before: those the commit does not write are answered from
 * here. */
static enum status
keep_items(struct call *call, const char *id)
{
    struct order_kept *kept = arena_alloc(call->arena, sizeof *kept);
    enum status status = order_items(call, id, 0, &kept->items, &kept->n_items);
    call->batch = kept;
    return status;
}

static enum status
reply_unchanged(struct call *call, const struct document *document,
                struct decision *decision)
{
    const struct order_kept *kept = call->batch;
    Kontor__V1__GetOrderResponse *reply = arena_alloc(call->arena, sizeof *reply);
    kontor__v1__get_order_response__init(reply);
    reply->order = call_record(call, document);
    reply->items = kept->items;
    reply->n_items = kept->n_items;
    decision_reply(decision, reply);
    return STATUS_OK;
}

static enum status
judge(struct call *call, const Kontor__V1__CancelOrderRequest *request,
      struct document *document, uint64_t *asked)
{
    enum status status = call_get(call, KIND_ORDER, request->id, document);
    if (status == STATUS_OK) {
        status = call_must_own(call, document);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const Kontor__V1__Order *order = call_record(call, document);
    status = judge_caller(call, order);
    /*
     * The role is judged before the revision: who may not cancel learns nothing about
     * how the order moves.
     */
    if (status == STATUS_OK) {
        status = call_expect(call, document, request->expected_revision);
    }
    if (status == STATUS_OK) {
        status = asked_items(call, request, order, asked);
    }
    return status == STATUS_OK ? refuse_ended(call, order, *asked) : status;
}

enum status
cancel_decide(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__CancelOrderRequest *request = message;
    struct document document;
    struct edit *edit;
    uint64_t asked;
    enum status status = judge(call, request, &document, &asked);
    if (status == STATUS_OK) {
        status = keep_items(call, request->id);
    }
    if (status == STATUS_OK) {
        status = edit_open(call, request->id, &edit);
    }
    /* Judged for all items before any moves: an order is cancelled as asked or not at
     * all. */
    if (status == STATUS_OK) {
        status = refuse_past_return(edit, asked);
    }
    if (status == STATUS_OK) {
        status = cancel_items(edit, asked, request);
    }
    if (status != STATUS_OK) {
        return status;
    }
    /*
     * Everything asked for was cancelled before, or is being so. Saying it twice is no
     * mistake: the caller may not have heard the first answer.
     */
    if (!edit->is_moved) {
        return reply_unchanged(call, &document, decision);
    }
    return edit_commit(edit, decision);
}

enum status
cancel_answer(struct call *call, const void *message, const Kontor__V1__Commit *commit,
              void **out)
{
    const Kontor__V1__CancelOrderRequest *request = message;
    Kontor__V1__GetOrderResponse *reply = arena_alloc(call->arena, sizeof *reply);
    kontor__v1__get_order_response__init(reply);
    enum status status = order_after(call, commit, request->id, &reply->order,
                                     &reply->items, &reply->n_items);
    if (status == STATUS_OK) {
        *out = reply;
    }
    return status;
}
