/* What follows from an order's items, as fsm.py of the design has it. */
#include "tests/server/model.h"

#define O(name) KONTOR__V1__ORDER_STATE__ORDER_##name
#define A(name) KONTOR__V1__ATTENTION__##name

static bool
is_for_customer(Kontor__V1__ItemState state)
{
    return state == M_S(PENDING_INFO) || state == M_S(PENDING_INFO_BEGUN) ||
           state == M_S(AWAITING_CONSUMER_APPROVAL);
}

static bool
is_held(Kontor__V1__ItemState state)
{
    return state == M_S(HELD) || state == M_S(HELD_BEGUN);
}

/* Not begun, and not in anybody's hands. */
static bool
is_idle(Kontor__V1__ItemState state)
{
    return state == M_S(RECEIVED) || state == M_S(AWAITING_APPROVAL) ||
           state == M_S(AWAITING_CONSUMER_APPROVAL) || state == M_S(QUEUED);
}

static bool
is_blocked(const struct model_order *order, size_t index)
{
    const struct model_item *item = &order->items[index];
    if (is_for_customer(item->state) || is_held(item->state)) {
        return true;
    }
    for (size_t i = 0; is_idle(item->state) && i < order->n_items; i++) {
        if ((item->requires >> i & 1) != 0 && is_blocked(order, i)) {
            return true;
        }
    }
    return false;
}

struct tally {
    size_t n_open, n_active, n_core, n_completed, n_rejected, n_customer;
    bool has_begun;
};

static struct tally
count(const struct model_order *order)
{
    struct tally t = {0};
    for (size_t i = 0; i < order->n_items; i++) {
        const struct model_item *item = &order->items[i];
        bool is_open = !model_is_final(item->state);
        t.n_open += is_open;
        t.n_active += is_open && !is_blocked(order, i);
        t.n_core += !model_is_customers(item->state);
        t.n_completed += item->state == M_S(COMPLETED);
        t.n_rejected += item->state == M_S(REJECTED);
        t.n_customer += is_for_customer(item->state);
        t.has_begun = t.has_begun || item->begun;
    }
    return t;
}

static Kontor__V1__OrderState
state_of(const struct model_order *order, Kontor__V1__CancelState cancel)
{
    struct tally t = count(order);
    if (t.n_open == 0 && t.n_core == 0) {
        return O(CANCELLED);
    }
    if (t.n_open == 0 && t.n_completed == t.n_core) {
        return O(COMPLETED);
    }
    if (t.n_open == 0 && t.n_completed > 0 && !order->is_all_or_nothing) {
        return O(PARTIAL);
    }
    if (t.n_open == 0 && !t.has_begun) {
        return t.n_rejected > 0 ? O(REJECTED) : O(CANCELLED);
    }
    if (t.n_open == 0) {
        return O(FAILED);
    }
    if (cancel == M_CANCEL(ASSESSING) && order->is_cancel_whole) {
        return O(ASSESSING_CANCELLATION);
    }
    if (cancel == M_CANCEL(ACCEPTED) && order->is_cancel_whole) {
        return O(PENDING_CANCELLATION);
    }
    if (t.n_active > 0) {
        return t.has_begun ? O(IN_PROGRESS) : O(ACKNOWLEDGED);
    }
    return t.n_customer > 0 ? O(PENDING) : O(HELD);
}

/* Asked while one item is, then being undone while one is, then done if all are. */
static Kontor__V1__CancelState
cancel_of(const struct model_order *order)
{
    bool is_asked = false, is_undone = false, is_declined = false;
    for (size_t i = 0; i < order->n_items; i++) {
        Kontor__V1__ItemState state = order->items[i].state;
        bool is_named = (order->cancel_items >> i & 1) != 0;
        bool is_asking = state == M_S(ASSESSING_CANCELLATION);
        bool is_undoing =
            state == M_S(CANCELLING) || state == M_S(CANCELLING_OTHERWISE);
        is_asked = is_asked || (is_named && is_asking);
        is_undone = is_undone || (is_named && is_undoing);
        is_declined = is_declined || (is_named && !is_asking && !is_undoing &&
                                      !model_is_cancelled(state));
    }
    if (order->cancel_items == 0) {
        return 0;
    }
    return is_asked      ? M_CANCEL(ASSESSING)
           : is_undone   ? M_CANCEL(ACCEPTED)
           : is_declined ? M_CANCEL(DECLINED)
                         : M_CANCEL(DONE);
}

/* Whom an item waits for. */
static Kontor__V1__Attention
attention_of(const struct model_item *item)
{
    if (is_for_customer(item->state)) {
        return A(CUSTOMER);
    }
    if (model_open_step(item) == M_STEP(BROKER_STEP)) {
        return A(BROKER);
    }
    bool is_asked = model_open_step(item) == M_STEP(PROVIDER_STEP) ||
                    item->state == M_S(ASSESSING_CANCELLATION);
    if (is_asked || is_held(item->state)) {
        return A(PROVIDER);
    }
    /* What is at risk is the order manager's to look into. */
    return item->risk != 0 ? A(BROKER) : A(NONE);
}

/* The first item that waits for a side; NULL = none. */
static const struct model_item *
first_waiting(const struct model_order *order, Kontor__V1__Attention attention)
{
    for (size_t i = 0; i < order->n_items; i++) {
        if (attention_of(&order->items[i]) == attention) {
            return &order->items[i];
        }
    }
    return NULL;
}

/* The customer's side is told first, then the broker's, then a provider's. */
static void
find_waiting(const struct model_order *order, struct model_header *header)
{
    static const Kontor__V1__Attention urgency[] = {A(CUSTOMER), A(BROKER),
                                                    A(PROVIDER)};
    static const char *const names[] = {"customer", "broker"};
    for (size_t k = 0; k < 3; k++) {
        const struct model_item *item = first_waiting(order, urgency[k]);
        if (item != NULL) {
            header->attention = urgency[k];
            header->waiting_for = k < 2 ? names[k] : item->offer->provider;
            return;
        }
    }
}

struct model_header
model_header(const struct model_order *order)
{
    struct model_header header = {.attention = A(NONE),
                                  .waiting_for = "",
                                  .next_due_ms = MODEL_NEVER,
                                  .cancel = cancel_of(order)};
    bool is_over = true;
    header.state = state_of(order, header.cancel);
    for (size_t i = 0; i < order->n_items; i++) {
        const struct model_item *item = &order->items[i];
        int64_t due_ms = model_expires_ms(order, item);
        is_over = is_over && model_is_final(item->state);
        header.next_due_ms = due_ms < header.next_due_ms ? due_ms : header.next_due_ms;
        header.risk = item->risk > header.risk ? item->risk : header.risk;
    }
    header.attention = is_over ? A(ATTENTION_UNSPECIFIED) : A(NONE);
    find_waiting(order, &header);
    return header;
}
