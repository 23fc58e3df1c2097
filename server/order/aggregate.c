#include "server/order/aggregate.h"

#include <string.h>

#include "proto/moment.h"
#include "server/order/item.h"

#define S(name) KONTOR__V1__ITEM_STATE__##name
#define O(name) KONTOR__V1__ORDER_STATE__ORDER_##name
#define A(name) KONTOR__V1__ATTENTION__##name
#define CANCEL(name) KONTOR__V1__CANCEL_STATE__CANCEL_##name

/* What blocks an item, and whom it waits for. */
static const struct block_row {
    Kontor__V1__ItemState state;
    bool is_customer; /* The customer's side must act. */
} block_rows[] = {
    {S(AWAITING_CONSUMER_APPROVAL), true},
    {S(PENDING_INFO), true},
    {S(PENDING_INFO_BEGUN), true},
    {S(HELD), false},
    {S(HELD_BEGUN), false},
};

/* Nothing was done for these yet: an item they require being blocked blocks them too.
 * One that awaits the consumer's approval is blocked by itself. */
static const Kontor__V1__ItemState idle_states[] = {
    S(RECEIVED),
    S(AWAITING_APPROVAL),
    S(QUEUED),
};

static const struct block_row *
block_of(Kontor__V1__ItemState state)
{
    for (size_t i = 0; i < sizeof block_rows / sizeof block_rows[0]; i++) {
        if (block_rows[i].state == state) {
            return &block_rows[i];
        }
    }
    return NULL;
}

static bool
is_idle(Kontor__V1__ItemState state)
{
    for (size_t i = 0; i < sizeof idle_states / sizeof idle_states[0]; i++) {
        if (idle_states[i] == state) {
            return true;
        }
    }
    return false;
}

/* Every item is final: what became of the whole. */
static Kontor__V1__OrderState
final_state(const struct aggregate *order)
{
    const struct aggregate_item *items = order->items;
    /*
     * What the customer took back does not count against the rest: an order of which
     * one item was cancelled and the others delivered is COMPLETED, not PARTIAL (ORDERS
     * design, "Order state").
     */
    size_t n_core = 0;
    size_t n_completed = 0;
    bool has_begun = false;
    bool has_rejected = false;
    for (size_t i = 0; i < order->n_items; i++) {
        n_core += item_state_is_cancelled_by_customer(items[i].state) ? 0 : 1;
        n_completed += items[i].state == S(COMPLETED) ? 1 : 0;
        has_begun = has_begun || items[i].is_begun;
        has_rejected = has_rejected || items[i].state == S(REJECTED);
    }
    if (n_core == 0) {
        return O(CANCELLED);
    }
    if (n_completed == n_core) {
        return O(COMPLETED);
    }
    if (n_completed > 0 && !order->is_all_or_nothing) {
        return O(PARTIAL);
    }
    /*
     * Begun comes before rejected: once a backend was touched, something may be left
     * behind, and REJECTED would tell the customer that nothing ever happened.
     */
    if (has_begun) {
        return O(FAILED);
    }
    return has_rejected ? O(REJECTED) : O(CANCELLED);
}

/* The items that cannot go on, as a bit set: those in a blocking state, and the idle
 * ones that need a blocked one. */
static uint64_t
blocked_items(const struct aggregate_item *items, size_t n_items)
{
    uint64_t blocked = 0;
    for (size_t i = 0; i < n_items; i++) {
        blocked |= block_of(items[i].state) != NULL ? UINT64_C(1) << i : 0;
    }
    /*
     * Each round blocks one item more or is the last, so there are at most 64. A begun
     * item is not blocked by what it requires: that was delivered before it began.
     */
    uint64_t before = 0;
    while (before != blocked) {
        before = blocked;
        for (size_t i = 0; i < n_items; i++) {
            bool is_stuck =
                is_idle(items[i].state) && (items[i].requires & blocked) != 0;
            blocked |= is_stuck ? UINT64_C(1) << i : 0;
        }
    }
    return blocked;
}

/* An order whose items are not all final. */
static Kontor__V1__OrderState
open_state(const struct aggregate *order)
{
    const struct aggregate_item *items = order->items;
    uint64_t blocked = blocked_items(items, order->n_items);
    bool is_active = false;
    bool has_begun = false;
    bool has_customer = false;
    for (size_t i = 0; i < order->n_items; i++) {
        bool is_final = item_state_is_final(items[i].state);
        const struct block_row *block = block_of(items[i].state);
        is_active = is_active || (!is_final && (blocked >> i & 1) == 0);
        has_begun = has_begun || items[i].is_begun;
        has_customer = has_customer || (block != NULL && block->is_customer);
    }
    /* One item that runs makes the whole order run, whoever is waited for. */
    if (is_active) {
        return has_begun ? O(IN_PROGRESS) : O(ACKNOWLEDGED);
    }
    return has_customer ? O(PENDING) : O(HELD);
}

/*
 * The order of these questions is the rule's own: over, then being cancelled as a
 * whole, then able to go on, then waiting for somebody.
 */
Kontor__V1__OrderState
aggregate_state(const struct aggregate *order)
{
    bool is_over = true;
    for (size_t i = 0; i < order->n_items; i++) {
        is_over = is_over && item_state_is_final(order->items[i].state);
    }
    if (is_over) {
        return final_state(order);
    }
    if (order->cancel == CANCEL(ASSESSING)) {
        return O(ASSESSING_CANCELLATION);
    }
    if (order->cancel == CANCEL(ACCEPTED)) {
        return O(PENDING_CANCELLATION);
    }
    return open_state(order);
}

/* Whom an item waits for, and for what. */
static const struct wait_row {
    Kontor__V1__ItemState state;
    Kontor__V1__ApprovalStep step; /* UNSPECIFIED = any. */
    Kontor__V1__Attention attention;
    const char *what; /* Before the item. */
} wait_rows[] = {
    {S(AWAITING_CONSUMER_APPROVAL), 0, A(CUSTOMER), "approve"},
    {S(AWAITING_APPROVAL), KONTOR__V1__APPROVAL_STEP__BROKER_STEP, A(BROKER),
     "approve"},
    {S(AWAITING_APPROVAL), KONTOR__V1__APPROVAL_STEP__PROVIDER_STEP, A(PROVIDER),
     "approve"},
    {S(PENDING_INFO), 0, A(CUSTOMER), "answer about"},
    {S(PENDING_INFO_BEGUN), 0, A(CUSTOMER), "answer about"},
    {S(HELD), 0, A(PROVIDER), "look after"},
    {S(HELD_BEGUN), 0, A(PROVIDER), "look after"},
    {S(ASSESSING_CANCELLATION), 0, A(PROVIDER), "decide on cancelling"},
};

/* What is at risk while nobody is asked is the order manager's to look into. */
static const struct wait_row jeopardy_row = {.attention = A(BROKER),
                                             .what = "look into"};

/* The order in which waiting is told when several wait: the customer's side can be
 * reached fastest. */
static const Kontor__V1__Attention attention_order[] = {
    A(CUSTOMER),
    A(BROKER),
    A(PROVIDER),
};

/* How much an item is at risk. */
static Kontor__V1__JeopardyLevel
risk_of(const Kontor__V1__Order *order, size_t index)
{
    bool is_over = item_state_is_final(order->items[index]->state);
    return is_over || index >= order->n_sources ? 0 : order->sources[index]->jeopardy;
}

static const struct wait_row *
wait_of(const Kontor__V1__Order *order, size_t index)
{
    const Kontor__V1__ItemStanding *standing = order->items[index];
    for (size_t i = 0; i < sizeof wait_rows / sizeof wait_rows[0]; i++) {
        const struct wait_row *row = &wait_rows[i];
        if (row->state == standing->state &&
            (row->step == 0 || row->step == standing->step)) {
            return row;
        }
    }
    return risk_of(order, index) != 0 ? &jeopardy_row : NULL;
}

/* The provider of an item; "" = the header does not say. */
static char *
provider_of(const Kontor__V1__Order *order, size_t index)
{
    return index < order->n_sources ? order->sources[index]->provider : "";
}

/* The first item that waits for this side, SIZE_MAX = none; also how many wait for the
 * same one. */
static size_t
first_waiting(const Kontor__V1__Order *order, Kontor__V1__Attention attention,
              size_t *n_waiting)
{
    size_t first = SIZE_MAX;
    *n_waiting = 0;
    for (size_t i = 0; i < order->n_items; i++) {
        const struct wait_row *row = wait_of(order, i);
        if (row == NULL || row->attention != attention) {
            continue;
        }
        first = first == SIZE_MAX ? i : first;
        bool is_same = attention != A(PROVIDER) ||
                       strcmp(provider_of(order, first), provider_of(order, i)) == 0;
        *n_waiting += is_same ? 1 : 0;
    }
    return first;
}

/* The name of the side an item waits for, as in waiting_for. */
static char *
side_name(const Kontor__V1__Order *order, Kontor__V1__Attention attention, size_t index)
{
    if (attention == A(PROVIDER)) {
        return provider_of(order, index);
    }
    return attention == A(CUSTOMER) ? "customer" : "broker";
}

static void
wait_for(Kontor__V1__Order *order, Kontor__V1__Attention attention, size_t index,
         size_t n_waiting, struct arena *arena)
{
    const char *item = order->items[index]->item;
    const char *what = wait_of(order, index)->what;
    order->attention = attention;
    order->waiting_for = side_name(order, attention, index);
    order->waiting_what = n_waiting == 1 ? arena_print(arena, "%s %s", what, item)
                                         : arena_print(arena, "%s %s and %zu more",
                                                       what, item, n_waiting - 1);
}

/* Sets attention and the waiting fields but waiting_since. */
static void
find_waiting(Kontor__V1__Order *order, bool is_over, struct arena *arena)
{
    order->attention = is_over ? A(ATTENTION_UNSPECIFIED) : A(NONE);
    order->waiting_for = "";
    order->waiting_what = "";
    for (size_t i = 0; i < sizeof attention_order / sizeof attention_order[0]; i++) {
        size_t n_waiting = 0;
        size_t first = first_waiting(order, attention_order[i], &n_waiting);
        if (first != SIZE_MAX) {
            wait_for(order, attention_order[i], first, n_waiting, arena);
            return;
        }
    }
}

/* The nearest deadline and the highest risk of what is open. */
static void
find_due(Kontor__V1__Order *order, struct arena *arena)
{
    int64_t nearest_ms = INT64_MAX;
    order->jeopardy = 0;
    for (size_t i = 0; i < order->n_items; i++) {
        bool is_open = !item_state_is_final(order->items[i]->state);
        int64_t due_ms = is_open && i < order->n_sources
                             ? moment_ms(order->sources[i]->due_at, INT64_MAX)
                             : INT64_MAX;
        Kontor__V1__JeopardyLevel risk = risk_of(order, i);
        nearest_ms = due_ms < nearest_ms ? due_ms : nearest_ms;
        order->jeopardy = risk > order->jeopardy ? risk : order->jeopardy;
    }
    order->next_due = nearest_ms == INT64_MAX ? NULL : moment_new(arena, nearest_ms);
}

static void
count_states(Kontor__V1__Order *order, struct arena *arena)
{
    int32_t counts[ITEM_STATE_COUNT] = {0};
    for (size_t i = 0; i < order->n_items; i++) {
        /* A state of a newer broker is counted as unspecified rather than past the
         * table's end. */
        unsigned state = (unsigned)order->items[i]->state;
        counts[state < ITEM_STATE_COUNT ? state : 0]++;
    }
    order->n_counts = 0;
    order->counts = arena_alloc(arena, ITEM_STATE_COUNT * sizeof *order->counts);
    for (size_t state = 0; state < ITEM_STATE_COUNT; state++) {
        if (counts[state] == 0) {
            continue;
        }
        Kontor__V1__StateCount *count = arena_alloc(arena, sizeof *count);
        kontor__v1__state_count__init(count);
        count->state = (Kontor__V1__ItemState)state;
        count->count = counts[state];
        order->counts[order->n_counts++] = count;
    }
}

size_t
aggregate_find(const Kontor__V1__Order *order, const char *item)
{
    for (size_t i = 0; i < order->n_items; i++) {
        if (strcmp(order->items[i]->item, item) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

static uint64_t
requires_bits(const Kontor__V1__Order *order, const Kontor__V1__ItemStanding *standing)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < standing->n_requires; i++) {
        size_t at = aggregate_find(order, standing->requires[i]);
        bits |= at < ORDER_MAX_ITEMS ? UINT64_C(1) << at : 0;
    }
    return bits;
}

/*
 * What the request to cancel came to: still asked while one item is, then being undone
 * while one is, and then done only if nothing of it was declined.
 */
static void
follow_cancel(Kontor__V1__Order *order)
{
    static const Kontor__V1__CancelState first[] = {CANCEL(ASSESSING), CANCEL(ACCEPTED),
                                                    CANCEL(DECLINED), CANCEL(DONE)};
    Kontor__V1__CancelTask *task = order->cancel;
    size_t best = sizeof first / sizeof first[0] - 1;
    for (size_t i = 0; task != NULL && i < task->n_items; i++) {
        size_t at = aggregate_find(order, task->items[i]);
        for (size_t k = 0; at != SIZE_MAX && k < best; k++) {
            best = first[k] == item_cancel_state(order->items[at]->state) ? k : best;
        }
    }
    if (task != NULL) {
        task->state = first[best];
    }
}

void
aggregate_header(Kontor__V1__Order *order, int64_t at_ms, struct arena *arena)
{
    struct aggregate_item items[ORDER_MAX_ITEMS];
    size_t n_items =
        order->n_items < ORDER_MAX_ITEMS ? order->n_items : ORDER_MAX_ITEMS;
    bool is_over = true;
    for (size_t i = 0; i < n_items; i++) {
        const Kontor__V1__ItemStanding *standing = order->items[i];
        /*
         * Only the header's own table is read: what a sibling's document says beyond it
         * may belong to another provider, and the header is shown to all of them.
         */
        items[i] = (struct aggregate_item){standing->state, standing->begun,
                                           requires_bits(order, standing)};
        is_over = is_over && item_state_is_final(standing->state);
    }
    /*
     * Who is waited for is kept before it is found anew: a list of what waits is sorted
     * by since when, and one more decision of the same side must not start its clock
     * again.
     */
    const char *waited_for = order->waiting_for;
    follow_cancel(order);
    bool is_whole = order->cancel != NULL && order->cancel->is_whole;
    const struct aggregate whole = {
        .items = items,
        .n_items = n_items,
        .cancel = is_whole ? order->cancel->state : 0,
        .is_all_or_nothing = order->mode == KONTOR__V1__ORDER_MODE__ALL_OR_NOTHING};
    order->state = aggregate_state(&whole);
    count_states(order, arena);
    find_waiting(order, is_over, arena);
    find_due(order, arena);
    if (order->waiting_for[0] == '\0') {
        order->waiting_since = NULL;
    } else if (order->waiting_since == NULL ||
               strcmp(waited_for, order->waiting_for) != 0) {
        order->waiting_since = moment_new(arena, at_ms);
    }
}
