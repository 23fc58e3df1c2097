#include "server/order/cancel.h"

#include "kontor/v1/order_service.pb-c.h"
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

/* Refuses when an item asked for is begun and not over: undoing it needs the provider.
 */
static enum status
refuse_begun(struct call *call, const Kontor__V1__Order *order, uint64_t asked)
{
    for (size_t i = 0; i < order->n_items; i++) {
        const Kontor__V1__ItemStanding *standing = order->items[i];
        bool is_working = standing->begun && !item_state_is_final(standing->state);
        if ((asked >> i & 1) == 0 || !is_working) {
            continue;
        }
        call_value(call, "item", "%s/%s", order->id, standing->item);
        call_value(call, "from", "%s", item_state_name(standing->state));
        return call_fail(call, REASON_ITEM_BEGUN,
                         "item %s/%s is %s: work has begun, so it can no longer be "
                         "cancelled; nothing was changed",
                         order->id, standing->item, item_state_name(standing->state));
    }
    return STATUS_OK;
}

/* Refuses when nothing is left to cancel and an item asked for ended another way;
 * cancelling again what is cancelled is fine. */
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

static enum status
cancel_items(struct edit *edit, uint64_t asked, const char *reason)
{
    struct edit_cause cause = {.operation = OPERATION_CANCEL,
                               .to = KONTOR__V1__ITEM_STATE__CANCELLED,
                               .reason = KONTOR__V1__ITEM_REASON__BY_CUSTOMER,
                               .text = reason};
    for (size_t i = 0; i < edit->order->n_items; i++) {
        /* Read anew for each: an item asked for may have fallen already with one it
         * requires. */
        bool is_over = item_state_is_final(edit->order->items[i]->state);
        if ((asked >> i & 1) == 0 || is_over) {
            continue;
        }
        enum status status = edit_move(edit, i, &cause);
        if (status != STATUS_OK) {
            return status;
        }
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
        status = item_expect(call, document, request->expected_revision);
    }
    if (status == STATUS_OK) {
        status = asked_items(call, request, order, asked);
    }
    /*
     * Judged for all items before any moves: an order is cancelled as asked or not at
     * all (ORDERS design, "Begin is the dividing line").
     */
    if (status == STATUS_OK) {
        status = refuse_begun(call, order, *asked);
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
    if (status == STATUS_OK) {
        status = cancel_items(edit, asked, request->reason);
    }
    if (status != STATUS_OK) {
        return status;
    }
    /*
     * Everything asked for was cancelled before. Saying it twice is no mistake: the
     * caller may not have heard the first answer.
     */
    if (!edit->is_moved) {
        return reply_unchanged(call, &document, decision);
    }
    edit_commit(edit, decision);
    return STATUS_OK;
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
