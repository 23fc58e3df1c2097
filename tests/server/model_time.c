/* What time makes of the model: leases, deadlines, terms. */
#include <stdlib.h>
#include <string.h>

#include "tests/server/model.h"

enum { HOUR_MS = 3600000, MAX_DUE = MODEL_ORDERS * MODEL_ITEMS, MAX_LOSSES = 3 };

/* ---- Leases ---- */

/* docs/orders.md, "ASSIGNED", and ORDERS design: a lease that is over is a commit. */
static void
lose(struct model *m, struct model_order *order, size_t index)
{
    struct model_item *item = &order->items[index];
    struct model_job *job = &item->job;
    bool is_renewed = m->sessions[job->session].renewed_fence >= job->fence;
    job->losses = is_renewed ? 0 : job->losses + 1;
    model_let_go(item);
    bool is_poisoned = job->losses >= MAX_LOSSES;
    if (is_poisoned && model_find_move(item->state, OP_HOLD, 0) >= 0) {
        m->events[EVENT_POISONED]++;
        model_move(m, order, index, (struct model_cause){.op = OP_HOLD});
        item->reason = M_R(NEEDS_OPERATOR);
        return;
    }
    if (item->state == M_S(ASSIGNED)) {
        model_move(m, order, index, (struct model_cause){.op = OP_LEASE});
        return;
    }
    m->events[EVENT_POISONED_BESIDE] += is_poisoned ? 1 : 0;
    bool is_evaluation = job->kind == M_KIND(EVALUATE);
    model_offer_again(m, item, is_poisoned && !is_evaluation ? job->losses : 0);
    if (is_poisoned && is_evaluation) {
        job->place = PLACE_NONE;
    }
    model_touch(item);
}

static void
end_session(struct model *m, int session)
{
    for (struct model_at at = MODEL_BEFORE; model_next(m, &at);) {
        const struct model_job *job = &m->orders[at.order].items[at.item].job;
        if (job->place == PLACE_HELD && job->session == session) {
            lose(m, &m->orders[at.order], at.item);
        }
    }
    m->sessions[session].is_alive = false;
}

size_t
model_lease_tick(struct model *m)
{
    size_t n_ended = 0;
    for (int i = 0; i < MODEL_SESSIONS; i++) {
        if (m->sessions[i].is_alive && m->sessions[i].expires_ms <= m->now_ms) {
            end_session(m, i);
            n_ended++;
        }
    }
    return n_ended;
}

void
model_restart(struct model *m)
{
    m->events[EVENT_RESTARTED]++;
    for (int i = 0; i < MODEL_SESSIONS; i++) {
        int64_t full_ms = m->now_ms + MODEL_LEASE_MS;
        bool is_longer = m->sessions[i].expires_ms > full_ms;
        m->sessions[i].expires_ms = is_longer ? m->sessions[i].expires_ms : full_ms;
    }
}

/* ---- Deadlines ---- */

int64_t
model_working_days(int64_t from_ms, int32_t n)
{
    int64_t day = from_ms / MODEL_DAY_MS;
    while (n > 0) {
        day++;
        /* 1970-01-01 was a Thursday: days 2 and 3 of the week from it are its end. */
        n -= day % 7 == 2 || day % 7 == 3 ? 0 : 1;
    }
    return (day + 1) * MODEL_DAY_MS;
}

/* What a deadline does. */
enum due_effect {
    DUE_REMIND,
    DUE_DISPATCH,
    DUE_ENDANGER,
    DUE_EXPIRE,
    DUE_WINDOW,
    DUE_DECIDE_CANCEL
};

struct due_step {
    int64_t at_ms;
    enum due_effect effect;
};

static int32_t
or_else(int32_t said, int32_t usual)
{
    return said > 0 ? said : usual;
}

static int64_t
in_days(int64_t since_ms, int32_t days)
{
    return since_ms + (int64_t)days * MODEL_DAY_MS;
}

static int64_t
if_set(int64_t at_ms)
{
    return at_ms == 0 ? MODEL_NEVER : at_ms;
}

static size_t
approval_steps(const struct model_order *order, const struct model_item *item,
               struct due_step *steps)
{
    int32_t days = or_else(item->offer->approval_days, 5);
    int64_t warn_ms =
        days > 1 ? model_working_days(item->since_ms, days - 1) : MODEL_NEVER;
    steps[0] = (struct due_step){warn_ms, DUE_REMIND};
    steps[1] = (struct due_step){model_working_days(item->since_ms, days), DUE_EXPIRE};
    steps[2] = (struct due_step){if_set(order->not_after_ms), DUE_WINDOW};
    return 3;
}

static size_t
answer_steps(const struct model_order *order, const struct model_item *item,
             struct due_step *steps)
{
    static const int32_t reminders[] = {3, 7};
    int32_t days = or_else(item->offer->answer_days, 14);
    (void)order;
    for (size_t i = 0; i < 2; i++) {
        bool is_before = reminders[i] < days;
        steps[i] = (struct due_step){is_before ? in_days(item->since_ms, reminders[i])
                                               : MODEL_NEVER,
                                     DUE_REMIND};
    }
    steps[2] = (struct due_step){in_days(item->since_ms, days), DUE_EXPIRE};
    return 3;
}

static size_t
queue_steps(const struct model_order *order, const struct model_item *item,
            struct due_step *steps)
{
    bool is_early = item->start_ms > item->since_ms;
    int64_t from_ms = is_early ? item->start_ms : item->since_ms;
    int32_t days = or_else(item->offer->dispatch_days, 1);
    steps[0] = (struct due_step){is_early ? item->start_ms : MODEL_NEVER, DUE_DISPATCH};
    steps[1] = (struct due_step){item->reason == M_R(WAITS_FOR_DEPENDENCY)
                                     ? in_days(item->since_ms, 30)
                                     : model_working_days(from_ms, days),
                                 DUE_ENDANGER};
    steps[2] = (struct due_step){if_set(order->not_after_ms), DUE_WINDOW};
    return 3;
}

static size_t
work_steps(const struct model_order *order, const struct model_item *item,
           struct due_step *steps)
{
    int32_t hours = item->offer->work_hours;
    (void)order;
    /* Work of which no date is told is looked after in five working days. */
    steps[0] = (struct due_step){item->expected_ms != 0
                                     ? item->expected_ms
                                     : model_working_days(item->since_ms, 5),
                                 DUE_ENDANGER};
    int64_t end_ms = item->since_ms + (int64_t)hours * HOUR_MS - item->worked_ms;
    steps[1] = (struct due_step){hours > 0 ? end_ms : MODEL_NEVER, DUE_EXPIRE};
    return 2;
}

static size_t
held_steps(const struct model_order *order, const struct model_item *item,
           struct due_step *steps)
{
    (void)order;
    steps[0] = (struct due_step){
        in_days(item->since_ms, or_else(item->offer->held_days, 30)), DUE_EXPIRE};
    return 1;
}

static size_t
assess_steps(const struct model_order *order, const struct model_item *item,
             struct due_step *steps)
{
    (void)order;
    steps[0] = (struct due_step){
        model_working_days(item->since_ms, or_else(item->offer->assess_days, 2)),
        DUE_DECIDE_CANCEL};
    return 1;
}

static size_t
undo_steps(const struct model_order *order, const struct model_item *item,
           struct due_step *steps)
{
    (void)order;
    steps[0] = (struct due_step){in_days(item->since_ms, 1), DUE_EXPIRE};
    return 1;
}

/* The table of docs/orders.md; ASSIGNED ends with the lease. */
static size_t
steps_of(const struct model_order *order, const struct model_item *item,
         struct due_step steps[MODEL_STEPS])
{
    static const struct {
        Kontor__V1__ItemState state;
        size_t (*steps)(const struct model_order *order, const struct model_item *item,
                        struct due_step *steps);
    } rows[] = {{M_S(AWAITING_APPROVAL), approval_steps},
                {M_S(AWAITING_CONSUMER_APPROVAL), approval_steps},
                {M_S(PENDING_INFO), answer_steps},
                {M_S(PENDING_INFO_BEGUN), answer_steps},
                {M_S(QUEUED), queue_steps},
                {M_S(IN_PROGRESS), work_steps},
                {M_S(HELD), held_steps},
                {M_S(HELD_BEGUN), held_steps},
                {M_S(ASSESSING_CANCELLATION), assess_steps},
                {M_S(CANCELLING), undo_steps},
                {M_S(CANCELLING_OTHERWISE), undo_steps}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].state == item->state) {
            return rows[i].steps(order, item, steps);
        }
    }
    return 0;
}

/* The first of those that did not happen yet. */
static size_t
next_step(const struct model_item *item, const struct due_step *steps, size_t n)
{
    size_t next = n;
    for (size_t i = 0; i < n; i++) {
        bool is_open = (item->fired >> i & 1) == 0 && steps[i].at_ms != MODEL_NEVER;
        if (is_open && (next == n || steps[i].at_ms < steps[next].at_ms)) {
            next = i;
        }
    }
    return next;
}

int64_t
model_due_ms(const struct model_order *order, const struct model_item *item)
{
    struct due_step steps[MODEL_STEPS];
    size_t n = steps_of(order, item, steps);
    size_t next = next_step(item, steps, n);
    return next == n ? MODEL_NEVER : steps[next].at_ms;
}

int64_t
model_expires_ms(const struct model_order *order, const struct model_item *item)
{
    struct due_step steps[MODEL_STEPS];
    size_t n = steps_of(order, item, steps);
    int64_t nearest_ms = MODEL_NEVER;
    for (size_t i = 0; i < n; i++) {
        bool is_end = steps[i].effect != DUE_REMIND && steps[i].effect != DUE_DISPATCH;
        nearest_ms =
            is_end && steps[i].at_ms < nearest_ms ? steps[i].at_ms : nearest_ms;
    }
    return nearest_ms;
}

static void
decide_cancel(struct model *m, struct model_order *order, size_t index)
{
    const struct model_item *item = &order->items[index];
    bool is_granted = item->offer->is_cancel_granted;
    struct model_cause cause = {.op = is_granted ? OP_ACCEPT : OP_DECLINE,
                                .to = is_granted ? M_S(CANCELLING) : item->resume_to};
    model_move(m, order, index, cause);
}

static void
run_step(struct model *m, struct model_order *order, size_t index,
         enum due_effect effect)
{
    static const struct model_cause over = {.op = OP_SIBLING,
                                            .to = M_S(CANCELLED_OTHERWISE)};
    struct model_item *item = &order->items[index];
    item->is_more = true;
    model_touch(item);
    switch (effect) {
    case DUE_REMIND:
        return;
    case DUE_DISPATCH:
        model_dispatch(m, order, index);
        return;
    case DUE_ENDANGER:
        m->events[EVENT_AT_RISK]++;
        item->risk = KONTOR__V1__JEOPARDY_LEVEL__HAZARD;
        model_restate(order, item);
        return;
    case DUE_EXPIRE:
        model_move(m, order, index, (struct model_cause){.op = OP_DEADLINE});
        return;
    case DUE_WINDOW:
        m->events[EVENT_WINDOW_OVER]++;
        model_move(m, order, index, over);
        return;
    case DUE_DECIDE_CANCEL:
        decide_cancel(m, order, index);
        return;
    }
}

/* Whether something was due. */
static bool
fire(struct model *m, struct model_order *order, size_t index)
{
    struct due_step steps[MODEL_STEPS];
    struct model_item *item = &order->items[index];
    size_t n = steps_of(order, item, steps);
    size_t next = next_step(item, steps, n);
    if (next == n || steps[next].at_ms > m->now_ms) {
        return false;
    }
    item->fired |= UINT32_C(1) << next;
    run_step(m, order, index, steps[next].effect);
    return true;
}

/* ---- What is due ---- */

struct due_item {
    int64_t at_ms;
    struct model_order *order;
    size_t index;
};

static int
compare_due(const void *a, const void *b)
{
    const struct due_item *x = a, *y = b;
    if (x->at_ms != y->at_ms) {
        return x->at_ms < y->at_ms ? -1 : 1;
    }
    return strcmp(x->order->items[x->index].id, y->order->items[y->index].id);
}

/* In the order in which it was due. */
static size_t
fire_items(struct model *m)
{
    struct due_item due[MAX_DUE];
    size_t n_due = 0, n_fired = 0;
    for (struct model_at at = MODEL_BEFORE; model_next(m, &at);) {
        struct model_order *order = &m->orders[at.order];
        int64_t at_ms = model_due_ms(order, &order->items[at.item]);
        if (at_ms <= m->now_ms) {
            due[n_due++] = (struct due_item){at_ms, order, at.item};
        }
    }
    qsort(due, n_due, sizeof due[0], compare_due);
    for (size_t i = 0; i < n_due; i++) {
        n_fired += fire(m, due[i].order, due[i].index) ? 1 : 0;
    }
    return n_fired;
}

/* ---- Terms ---- */

/* docs/orders.md, "Service instances": warned of 14 days before, not while an order is
 * open. */
void
model_set_instance_due(struct model *m, struct model_instance *instance)
{
    bool is_alive = instance->state == M_I(ACTIVE) || instance->state == M_I(SUSPENDED);
    instance->due_ms = MODEL_NEVER;
    if (!is_alive || instance->until_ms == MODEL_NEVER || instance->open_order >= 0) {
        return;
    }
    int64_t warn_ms = in_days(instance->until_ms, -14);
    bool is_said = instance->is_ending || warn_ms <= m->now_ms;
    instance->due_ms = is_said ? instance->until_ms : warn_ms;
}

static bool
fire_instance(struct model *m, struct model_item *item)
{
    struct model_instance *instance = &item->instance;
    if (instance->state == 0 || instance->due_ms > m->now_ms) {
        return false;
    }
    instance->is_ending = true;
    if (instance->until_ms <= m->now_ms) {
        m->events[EVENT_TERM_OVER]++;
        instance->state = M_I(EXPIRED);
        model_remove(m, item);
    }
    model_set_instance_due(m, instance);
    return true;
}

static size_t
fire_instances(struct model *m)
{
    size_t n_fired = 0;
    for (struct model_at at = MODEL_BEFORE; model_next(m, &at);) {
        n_fired += fire_instance(m, &m->orders[at.order].items[at.item]) ? 1 : 0;
    }
    return n_fired;
}

size_t
model_due_tick(struct model *m)
{
    size_t n_fired = 0, n;
    do {
        n = fire_items(m);
        n += fire_instances(m);
        n_fired += n;
    } while (n > 0);
    return n_fired;
}
