#include "server/order/fate.h"

#include <string.h>

#include "server/order/job.h"

#define S(name) KONTOR__V1__ITEM_STATE__##name
#define R(name) KONTOR__V1__ITEM_REASON__##name

/* ---- What an end means ---- */

static bool
is_named(char *const *names, size_t n_names, const char *item)
{
    for (size_t i = 0; i < n_names; i++) {
        if (strcmp(names[i], item) == 0) {
            return true;
        }
    }
    return false;
}

static bool
requires_item(const Kontor__V1__ItemStanding *standing, const char *item)
{
    return is_named(standing->requires, standing->n_requires, item);
}

/* Why a dependant is cancelled: it inherits the root cause, so the customer's own
 * cancel stays the customer's. */
static struct edit_cause
inherited_cause(struct edit *edit, size_t root)
{
    const Kontor__V1__ItemStanding *standing = edit->order->items[root];
    bool is_customer = item_state_is_cancelled_by_customer(standing->state);
    struct edit_cause cause = {
        .operation = is_customer ? OPERATION_CANCEL : OPERATION_SIBLING,
        .to = is_customer ? S(CANCELLED) : S(CANCELLED_OTHERWISE),
        .reason = is_customer ? R(BY_CUSTOMER) : R(BY_DEPENDENCY),
        .text = arena_print(edit->call->arena, "requires %s, which is %s",
                            standing->item, item_state_name(standing->state)),
    };
    return cause;
}

/*
 * What follows for one dependant of an item that just became final. A dependant that is
 * begun stays as it is: its requirement was delivered before, so this cannot be the one
 * that ended.
 */
static enum status
follow_one(struct edit *edit, size_t root, size_t index, bool *is_cancelled)
{
    Kontor__V1__OrderItem *item;
    enum status status = edit_item(edit, index, &item);
    if (status != STATUS_OK) {
        return status;
    }
    *is_cancelled = false;
    if (edit->order->items[root]->state == S(COMPLETED)) {
        edit_dispatch(edit, index);
        return STATUS_OK;
    }
    struct edit_cause cause = inherited_cause(edit, root);
    const struct item_move *move =
        item_state_next(item->state, cause.operation, cause.to);
    if (move != NULL) {
        edit_move_alone(edit, index, move, &cause);
        *is_cancelled = true;
    }
    return STATUS_OK;
}

/* ---- One fate ---- */

static bool
is_all_or_nothing(const struct edit *edit)
{
    return edit->order->mode == KONTOR__V1__ORDER_MODE__ALL_OR_NOTHING;
}

/* Whether two items are parts of one bundle. */
static bool
is_one_bundle(const Kontor__V1__Order *order, const char *a, const char *b)
{
    for (size_t i = 0; i < order->n_items; i++) {
        const Kontor__V1__ItemStanding *whole = order->items[i];
        if (is_named(whole->bundles, whole->n_bundles, a) &&
            is_named(whole->bundles, whole->n_bundles, b)) {
            return true;
        }
    }
    return false;
}

/* What the customer took back itself fails nothing else. */
static bool
is_failed(Kontor__V1__ItemState state)
{
    return item_state_is_final(state) && state != S(COMPLETED) &&
           !item_state_is_cancelled_by_customer(state);
}

/*
 * Of the same fate as an item that ended without success: not begun it is cancelled,
 * begun it is undone, and of all or nothing what was delivered is removed again.
 */
static enum status
share_fate(struct edit *edit, size_t root, size_t index, bool *is_cancelled)
{
    const char *failed = edit->order->items[root]->item;
    struct edit_cause cause = {
        .operation = OPERATION_SIBLING,
        .reason = R(BY_SIBLING),
        .text = arena_print(edit->call->arena, "%s is %s", failed,
                            item_state_name(edit->order->items[root]->state))};
    Kontor__V1__OrderItem *item;
    enum status status = edit_item(edit, index, &item);
    if (status != STATUS_OK) {
        return status;
    }
    const struct item_move *move = item_state_next(item->state, OPERATION_SIBLING, 0);
    if (move != NULL) {
        edit_move_alone(edit, index, move, &cause);
        *is_cancelled = item_state_is_final(move->to);
    }
    bool is_unwanted = item->state == S(COMPLETED) && item->cleanup == 0;
    if (is_unwanted && is_all_or_nothing(edit) && job_leaves_something(item)) {
        edit_remove(edit, index, cause.operation, cause.text);
    }
    return STATUS_OK;
}

/* What the end of one item means for another. */
static enum status
follow_to(struct edit *edit, size_t root, size_t index, bool *is_cancelled)
{
    const Kontor__V1__ItemStanding *from = edit->order->items[root];
    const Kontor__V1__ItemStanding *to = edit->order->items[index];
    if (requires_item(to, from->item)) {
        return follow_one(edit, root, index, is_cancelled);
    }
    bool is_shared =
        is_all_or_nothing(edit) || is_one_bundle(edit->order, from->item, to->item);
    if (root != index && is_failed(from->state) && is_shared) {
        return share_fate(edit, root, index, is_cancelled);
    }
    return STATUS_OK;
}

/* Carries the end of an item to all whose fate hangs on it. Each item ends at most
 * once, so the list is bounded. */
enum status
fate_of_end(struct edit *edit, size_t root)
{
    size_t ended[ORDER_MAX_ITEMS] = {root};
    size_t n_ended = 1;
    for (size_t next = 0; next < n_ended; next++) {
        for (size_t i = 0; i < edit->order->n_items; i++) {
            bool is_cancelled = false;
            enum status status = follow_to(edit, ended[next], i, &is_cancelled);
            if (status != STATUS_OK) {
                return status;
            }
            if (is_cancelled) {
                ended[n_ended++] = i;
            }
        }
    }
    return STATUS_OK;
}

/* ---- Alternatives ---- */

static bool
excludes(const Kontor__V1__ItemStanding *a, const Kontor__V1__ItemStanding *b)
{
    return is_named(a->excludes, a->n_excludes, b->item) ||
           is_named(b->excludes, b->n_excludes, a->item);
}

/* Whether one of these names is that of one of these items. */
static bool
names_any(const Kontor__V1__Order *order, char *const *names, size_t n_names,
          uint64_t items)
{
    for (size_t i = 0; i < n_names; i++) {
        size_t at = aggregate_find(order, names[i]);
        if (at != SIZE_MAX && (items >> at & 1) != 0) {
            return true;
        }
    }
    return false;
}

/* An item and what it is a part of, through all bundles: with its first part begins the
 * whole. */
static uint64_t
wholes_of(const Kontor__V1__Order *order, size_t index)
{
    uint64_t wholes = UINT64_C(1) << index;
    uint64_t before = 0;
    while (before != wholes) {
        before = wholes;
        for (size_t i = 0; i < order->n_items; i++) {
            const Kontor__V1__ItemStanding *whole = order->items[i];
            bool is_begun = names_any(order, whole->bundles, whole->n_bundles, wholes);
            wholes |= is_begun ? UINT64_C(1) << i : 0;
        }
    }
    return wholes;
}

/* What is an alternative to any of these. */
static uint64_t
alternatives_to(const Kontor__V1__Order *order, uint64_t chosen)
{
    uint64_t others = 0;
    for (size_t i = 0; i < order->n_items; i++) {
        for (size_t k = 0; k < order->n_items; k++) {
            if ((chosen >> i & 1) != 0 && excludes(order->items[i], order->items[k])) {
                others |= UINT64_C(1) << k;
            }
        }
    }
    return others & ~chosen;
}

/* Whether an item is only there for those that are dropped: part of one, and required
 * by no other that may still be delivered. */
static bool
is_left_over(const Kontor__V1__Order *order, uint64_t dropped, size_t index)
{
    const char *item = order->items[index]->item;
    bool is_part = false;
    for (size_t i = 0; i < order->n_items; i++) {
        const Kontor__V1__ItemStanding *other = order->items[i];
        bool is_dropped = (dropped >> i & 1) != 0;
        if (!is_dropped && requires_item(other, item) &&
            !item_state_is_final(other->state)) {
            return false;
        }
        is_part =
            is_part || (is_dropped && is_named(other->bundles, other->n_bundles, item));
    }
    return is_part;
}

/* These, what requires them, and the parts that are there for nothing else. */
static uint64_t
with_others(const Kontor__V1__Order *order, uint64_t dropped)
{
    uint64_t before = 0;
    while (before != dropped) {
        before = dropped;
        for (size_t i = 0; i < order->n_items; i++) {
            const Kontor__V1__ItemStanding *item = order->items[i];
            if (names_any(order, item->requires, item->n_requires, dropped) ||
                is_left_over(order, dropped, i)) {
                dropped |= UINT64_C(1) << i;
            }
        }
    }
    return dropped;
}

uint64_t
fate_alternatives(const struct edit *edit, size_t index)
{
    const Kontor__V1__Order *order = edit->order;
    return with_others(order, alternatives_to(order, wholes_of(order, index)));
}

/* What was ordered besides is cancelled as the customer wished, which is no failure of
 * the order. */
enum status
fate_of_begin(struct edit *edit, size_t begun)
{
    uint64_t dropped = fate_alternatives(edit, begun);
    struct edit_cause cause = {.operation = OPERATION_CANCEL,
                               .to = S(CANCELLED),
                               .reason = R(BY_CUSTOMER),
                               .text = arena_print(edit->call->arena,
                                                   "%s has begun instead",
                                                   edit->order->items[begun]->item)};
    for (size_t i = 0; i < edit->order->n_items; i++) {
        Kontor__V1__ItemState state = edit->order->items[i]->state;
        bool is_open = item_state_next(state, OPERATION_CANCEL, S(CANCELLED)) != NULL;
        if ((dropped >> i & 1) == 0 || !is_open) {
            continue;
        }
        enum status status = edit_move(edit, i, &cause);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}
