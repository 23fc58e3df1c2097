/* What the end of an item of the model, or its begin, means for the others. */
#include "tests/server/model.h"

#define BIT(i) (UINT32_C(1) << (i))

static bool
is_one_bundle(const struct model_order *order, size_t a, size_t b)
{
    for (size_t i = 0; i < order->n_items; i++) {
        uint32_t parts = order->items[i].bundles;
        if ((parts & BIT(a)) != 0 && (parts & BIT(b)) != 0) {
            return true;
        }
    }
    return false;
}

/* Ended without success, and not because the customer wished it. */
static bool
has_failed(Kontor__V1__ItemState state)
{
    return model_is_final(state) && state != M_S(COMPLETED) &&
           !model_is_customers(state);
}

static void
share_fate(struct model *m, struct model_order *order, size_t index)
{
    struct model_item *item = &order->items[index];
    if (model_find_move(item->state, OP_SIBLING, 0) >= 0) {
        model_move(m, order, index, (struct model_cause){.op = OP_SIBLING});
        return;
    }
    bool is_delivered = item->state == M_S(COMPLETED) && item->cleanup == 0;
    if (is_delivered && order->is_all_or_nothing && item->action == M_ACTION(ADD)) {
        model_remove(m, item);
        item->instance.state = M_I(TERMINATED);
        model_set_instance_due(m, &item->instance);
    }
}

/* What the end of one item means for those that require it. */
static void
follow_required(struct model *m, struct model_order *order, size_t root, size_t index)
{
    Kontor__V1__ItemState ended = order->items[root].state;
    Kontor__V1__ItemState state = order->items[index].state;
    if (ended == M_S(COMPLETED)) {
        model_dispatch(m, order, index);
        return;
    }
    bool is_customers = model_is_customers(ended);
    enum model_op op = is_customers ? OP_CANCEL : OP_SIBLING;
    Kontor__V1__ItemState to = is_customers ? M_S(CANCELLED) : M_S(CANCELLED_OTHERWISE);
    if (model_find_move(state, op, to) >= 0) {
        model_move(m, order, index, (struct model_cause){.op = op, .to = to});
    }
}

void
model_follow_end(struct model *m, struct model_order *order, size_t root)
{
    bool has_fate = has_failed(order->items[root].state);
    for (size_t i = 0; i < order->n_items; i++) {
        bool is_part = is_one_bundle(order, root, i);
        bool is_shared = order->is_all_or_nothing || is_part;
        if ((order->items[i].requires & BIT(root)) != 0) {
            follow_required(m, order, root, i);
        } else if (i != root && has_fate && is_shared) {
            m->events[EVENT_PART_FAILED] += is_part && !order->is_all_or_nothing &&
                                            !model_is_final(order->items[i].state);
            share_fate(m, order, i);
        }
    }
}

/* An item, and the bundles that begin with it. */
static uint32_t
chosen_with(const struct model_order *order, size_t begun)
{
    uint32_t chosen = BIT(begun);
    for (size_t round = 0; round < order->n_items; round++) {
        for (size_t i = 0; i < order->n_items; i++) {
            chosen |= (order->items[i].bundles & chosen) != 0 ? BIT(i) : 0;
        }
    }
    return chosen;
}

/* Whether an item is a part of what is dropped, and nothing else that is open requires
 * it. */
static bool
is_idle_part(const struct model_order *order, uint32_t dropped, size_t index)
{
    bool is_part = false;
    for (size_t i = 0; i < order->n_items; i++) {
        const struct model_item *other = &order->items[i];
        bool is_dropped = (dropped & BIT(i)) != 0;
        bool is_needed = (other->requires & BIT(index)) != 0;
        if (is_needed && !is_dropped && !model_is_final(other->state)) {
            return false;
        }
        is_part = is_part || (is_dropped && (other->bundles & BIT(index)) != 0);
    }
    return is_part;
}

static uint32_t
dropped_by(const struct model_order *order, size_t begun)
{
    uint32_t chosen = chosen_with(order, begun), dropped = 0;
    for (size_t i = 0; i < order->n_items; i++) {
        uint32_t others = order->items[i].excludes;
        dropped |= (others & chosen) != 0 ? BIT(i) : 0;
        dropped |= (chosen & BIT(i)) != 0 ? others : 0;
    }
    dropped &= ~chosen;
    for (size_t round = 0; round < order->n_items; round++) {
        for (size_t i = 0; i < order->n_items; i++) {
            bool is_cut = (order->items[i].requires & dropped) != 0;
            dropped |= is_cut || is_idle_part(order, dropped, i) ? BIT(i) : 0;
        }
    }
    return dropped;
}

/* The first of alternatives to begin cancels the others as if the customer had. */
void
model_drop_alternatives(struct model *m, struct model_order *order, size_t begun)
{
    static const struct model_cause instead = {.op = OP_CANCEL, .to = M_S(CANCELLED)};
    uint32_t dropped = dropped_by(order, begun);
    for (size_t i = 0; i < order->n_items; i++) {
        const struct model_item *other = &order->items[i];
        bool is_other = (dropped & BIT(i)) != 0;
        if (is_other && model_find_move(other->state, OP_CANCEL, M_S(CANCELLED)) >= 0) {
            m->events[EVENT_REPLACED]++;
            model_move(m, order, i, instead);
        }
    }
}
