#include "server/order/edit.h"

#include <assert.h>
#include <string.h>

#include "proto/moment.h"
#include "server/order/due.h"
#include "server/order/fate.h"
#include "server/order/instance.h"
#include "server/order/item.h"
#include "server/order/job.h"

#define S(name) KONTOR__V1__ITEM_STATE__##name
#define R(name) KONTOR__V1__ITEM_REASON__##name

struct edit *
edit_new(struct call *call, Kontor__V1__Order *order)
{
    struct edit *edit = arena_alloc(call->arena, sizeof *edit);
    edit->call = call;
    edit->order = order;
    edit->items = arena_alloc(call->arena, order->n_items * sizeof *edit->items);
    return edit;
}

enum status
edit_open(struct call *call, const char *order_id, struct edit **out)
{
    struct document document;
    enum status status = call_get_any(call, KIND_ORDER, order_id, &document);
    if (status == STATUS_NOT_FOUND) {
        return call_not_found(call, KIND_ORDER, order_id);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Kontor__V1__Order *order = call_record(call, &document);
    if (order->n_items > ORDER_MAX_ITEMS) {
        return call_fail(call, REASON_INTERNAL, "order %s has more than %d items",
                         order_id, ORDER_MAX_ITEMS);
    }
    struct edit *edit = edit_new(call, order);
    edit->document = document;
    *out = edit;
    return STATUS_OK;
}

enum status
edit_item(struct edit *edit, size_t index, Kontor__V1__OrderItem **out)
{
    struct edit_item *row = &edit->items[index];
    struct call *call = edit->call;
    if (row->item != NULL) {
        *out = row->item;
        return STATUS_OK;
    }
    const char *id = arena_print(call->arena, "%s/%s", edit->order->id,
                                 edit->order->items[index]->item);
    enum status status = call_get_any(call, KIND_ITEM, id, &row->document);
    if (status == STATUS_NOT_FOUND) {
        return call_fail(call, REASON_INTERNAL, "order %s has lost its item %s",
                         edit->order->id, id);
    }
    if (status != STATUS_OK) {
        return status;
    }
    row->item = call_record(call, &row->document);
    row->was = row->item->state;
    row->was_unwanted = item_needs_cleanup(row->item);
    row->was_stock = stock_mark(row->item);
    row->was_allocated = allocation_mark(call, row->item);
    /*
     * A document never contains its own commit's position (STORE design, "Commit"), so
     * the claiming version says only "this one". Whatever writes the item next turns
     * that into the number, or the fence would move with every write.
     */
    job_settle_fence(row->item, call->arena);
    *out = row->item;
    return STATUS_OK;
}

enum status
edit_find(struct edit *edit, const char *item_id, size_t *index,
          Kontor__V1__OrderItem **out)
{
    const char *slash = strrchr(item_id, '/');
    *index = aggregate_find(edit->order, slash == NULL ? item_id : slash + 1);
    if (*index == SIZE_MAX) {
        return call_not_found(edit->call, KIND_ITEM, item_id);
    }
    return edit_item(edit, *index, out);
}

enum status
edit_open_item(struct call *call, const char *item_id, int64_t expected_revision,
               struct edit **out, size_t *index)
{
    struct document document;
    Kontor__V1__OrderItem *item;
    enum status status = call_get(call, KIND_ITEM, item_id, &document);
    if (status == STATUS_OK) {
        status = call_must_own(call, &document);
    }
    if (status == STATUS_OK) {
        status = call_expect(call, &document, expected_revision);
    }
    if (status != STATUS_OK) {
        return status;
    }
    item = call_record(call, &document);
    /*
     * The item is read twice, in one snapshot: first within the caller's scopes, then
     * as part of its order, whose siblings the caller may not see.
     */
    status = edit_open(call, item->order, out);
    return status == STATUS_OK ? edit_find(*out, item_id, index, &item) : status;
}

void
edit_touch(struct edit *edit, size_t index)
{
    edit->items[index].is_changed = true;
}

void
edit_restate(struct edit *edit, size_t index)
{
    const Kontor__V1__OrderItem *item = edit->items[index].item;
    Kontor__V1__ItemStanding *standing = edit->order->items[index];
    standing->state = item->state;
    standing->begun = item->begun;
    standing->step = item_open_step(item);
    if (index < edit->order->n_sources) {
        Kontor__V1__ItemSource *source = edit->order->sources[index];
        source->due_at = due_expires(item);
        source->jeopardy = item->jeopardy == NULL ? 0 : item->jeopardy->level;
    }
    edit->items[index].is_changed = true;
    edit->is_moved = true;
}

bool
edit_is_changed(const struct edit *edit)
{
    bool is_changed = edit->is_moved;
    for (size_t i = 0; i < edit->order->n_items; i++) {
        is_changed = is_changed || edit->items[i].is_changed;
    }
    return is_changed;
}

/* Whether everything an item requires is delivered, by the header's table. */
static bool
is_ready(const Kontor__V1__Order *order, const Kontor__V1__ItemStanding *standing)
{
    for (size_t i = 0; i < standing->n_requires; i++) {
        size_t at = aggregate_find(order, standing->requires[i]);
        if (at == SIZE_MAX || order->items[at]->state != S(COMPLETED)) {
            return false;
        }
    }
    return true;
}

/*
 * What a queued item waits for. Approval, requirements, stock and a start date are
 * waited for side by side: whichever comes last makes the item claimable.
 */
static Kontor__V1__ItemReason
queue_reason(const struct edit *edit, size_t index)
{
    const Kontor__V1__OrderItem *item = edit->items[index].item;
    if (!is_ready(edit->order, edit->order->items[index])) {
        return R(WAITS_FOR_DEPENDENCY);
    }
    if (stock_is_missing(item)) {
        return R(WAITS_FOR_STOCK);
    }
    bool is_early = moment_ms(item->start_at, INT64_MIN) > edit->call->now_ms;
    return is_early ? R(WAITS_FOR_START) : R(WAITS_FOR_DISPATCH);
}

void
edit_move_alone(struct edit *edit, size_t index, const struct item_move *move,
                const struct edit_cause *cause)
{
    struct call *call = edit->call;
    Kontor__V1__OrderItem *item = edit->items[index].item;
    item_move_to(item, move, cause->text, call);
    bool is_queued = move->to == S(QUEUED);
    item->reason = is_queued ? queue_reason(edit, index) : cause->reason;
    bool is_waiting = is_queued && item->reason != R(WAITS_FOR_DISPATCH);
    if (is_queued) {
        stock_keep(item, !is_waiting, call);
    }
    /* A Complete leaves nothing that nobody wants: what was ordered is delivered, or a
     * rollback is done. */
    if (item_state_is_final(move->to) && move->operation != OPERATION_COMPLETE &&
        job_leaves_something(item)) {
        item->cleanup = KONTOR__V1__CLEANUP__CLEANUP_REQUIRED;
    }
    const struct job_step step = {move, is_waiting, cause->is_holder};
    job_follow(item, &step, call);
    due_leave(item, move->from, call);
    due_begin(item, call);
    edit_restate(edit, index);
}

/* ---- What follows ---- */

void
edit_remove(struct edit *edit, size_t index, enum operation operation, const char *why)
{
    Kontor__V1__OrderItem *item = edit->items[index].item;
    item_remember(item, operation_name(operation), item->state, why, edit->call);
    job_clean(item, edit->call);
    edit->items[index].is_changed = true;
}

void
edit_dispatch(struct edit *edit, size_t index)
{
    Kontor__V1__OrderItem *item = edit->items[index].item;
    Kontor__V1__ItemReason reason = queue_reason(edit, index);
    if (item->state != S(QUEUED) || reason == item->reason) {
        return;
    }
    item->reason = reason;
    stock_keep(item, reason == R(WAITS_FOR_DISPATCH), edit->call);
    if (reason == R(WAITS_FOR_DISPATCH)) {
        job_recover(item, edit->call);
    } else {
        job_withdraw(item);
    }
    due_begin(item, edit->call);
    edit_restate(edit, index);
}

enum status
edit_move(struct edit *edit, size_t index, const struct edit_cause *cause)
{
    Kontor__V1__OrderItem *item;
    enum status status = edit_item(edit, index, &item);
    if (status != STATUS_OK) {
        return status;
    }
    /*
     * Every caller has judged the move by the table, or makes one the table has for
     * that state: a move that is missing here is the broker's own mistake.
     */
    const struct item_move *move =
        item_state_next(item->state, cause->operation, cause->to);
    assert(move != NULL);
    edit_move_alone(edit, index, move, cause);
    if (item_state_is_final(move->to)) {
        return fate_of_end(edit, index);
    }
    return move->operation == OPERATION_BEGIN ? fate_of_begin(edit, index) : STATUS_OK;
}

static void
put_item(struct edit *edit, size_t index, struct decision *decision)
{
    const struct edit_item *row = &edit->items[index];
    bool is_new = row->document.kind == NULL;
    char **scope = row->document.scope;
    size_t n_scope = row->document.n_scope;
    if (is_new) {
        item_scope(edit->call, row->item, &scope, &n_scope);
    }
    decision_put(edit->call, decision, KIND_ITEM, row->item->id, row->document.revision,
                 scope, n_scope, &row->item->base);
}

/* Writes one item and what lives by it. */
static enum status
put_changed(struct edit *edit, size_t index, struct decision *decision)
{
    const struct edit_item *row = &edit->items[index];
    const struct instance_step step = {row->item, row->was, row->was_unwanted};
    struct stock_step taken = {.was = row->was_stock};
    stock_settle(row->item);
    allocation_settle(row->item);
    put_item(edit, index, decision);
    enum status status = instance_follow(edit->call, &step, decision, &taken.pieces);
    if (status == STATUS_OK) {
        status = stock_follow(edit->call, row->item, &taken, decision);
    }
    return status == STATUS_OK
               ? allocation_follow(edit->call, row->item, &row->was_allocated, decision)
               : status;
}

static void
put_header(struct edit *edit, struct decision *decision)
{
    bool is_new = edit->document.kind == NULL;
    char **scope = edit->document.scope;
    size_t n_scope = edit->document.n_scope;
    if (is_new) {
        order_scope(edit->call, edit->order, &scope, &n_scope);
    }
    aggregate_header(edit->order, edit->call->at_ms, edit->call->arena);
    decision_put(edit->call, decision, KIND_ORDER, edit->order->id,
                 edit->document.revision, scope, n_scope, &edit->order->base);
}

/* An order that has grown with every word said about it must still come to its end. */
static void
make_fit(struct edit *edit)
{
    enum { ENOUGH_BYTES = STORE_MAX_COMMIT - STORE_MAX_COMMIT / 8 };
    size_t size = protobuf_c_message_get_packed_size(&edit->order->base);
    for (size_t i = 0; i < edit->order->n_items; i++) {
        const struct edit_item *row = &edit->items[i];
        size_t item =
            row->is_changed ? protobuf_c_message_get_packed_size(&row->item->base) : 0;
        /* Whatever ends or changes an instance writes that, too, which is smaller. */
        bool has_instance = row->is_changed && item_state_is_final(row->item->state);
        size += has_instance ? 2 * item : item;
    }
    for (size_t i = 0; i < edit->order->n_items && size > ENOUGH_BYTES; i++) {
        if (edit->items[i].is_changed) {
            item_shrink(edit->items[i].item);
        }
    }
}

enum status
edit_commit(struct edit *edit, struct decision *decision)
{
    enum status status = STATUS_OK;
    make_fit(edit);
    /*
     * The header is judged by its own revision: two agents that finish the last two
     * items at once clash here, and the second is decided again with the first in sight
     * (ORDERS design, "Documents"). What moves nothing leaves it alone, or every
     * milestone would clash.
     */
    if (edit->is_moved) {
        put_header(edit, decision);
    }
    for (size_t i = 0; i < edit->order->n_items && status == STATUS_OK; i++) {
        if (edit->items[i].is_changed) {
            status = put_changed(edit, i, decision);
        }
    }
    return status;
}
