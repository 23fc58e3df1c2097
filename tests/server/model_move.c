/* What a move of the model makes of an item, its job, and the other items. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/model.h"

enum { BACKOFF_FIRST_MS = 5000, BACKOFF_LAST_MS = 300000 };

#define BIT(i) (UINT32_C(1) << (i))

/* ---- Facts ---- */

Kontor__V1__ApprovalStep
model_open_step(const struct model_item *item)
{
    bool is_waiting = item->state == M_S(AWAITING_APPROVAL) ||
                      item->state == M_S(AWAITING_CONSUMER_APPROVAL);
    return is_waiting ? item->steps[item->n_decided] : 0;
}

bool
model_is_unclean(const struct model_item *item)
{
    return item->cleanup == M_CLEANUP(REQUIRED) || item->cleanup == M_CLEANUP(RUNNING);
}

int64_t
model_counting_fence(const struct model_item *item)
{
    bool is_last_word = item->begun || model_is_final(item->state);
    return item->job.place == PLACE_HELD || is_last_word ? item->job.fence : 0;
}

/* Begun work may be told the end of by its last holder; all else needs the job. */
bool
model_holds(const struct model_item *item, int64_t fence, bool is_live)
{
    bool is_held = item->job.place == PLACE_HELD;
    return fence != 0 && fence == model_counting_fence(item) && (is_held || !is_live);
}

Kontor__V1__JobKind
model_action_kind(const struct model_item *item)
{
    static const struct {
        Kontor__V1__ItemAction action;
        Kontor__V1__JobKind kind;
    } kinds[] = {{M_ACTION(ADD), M_KIND(PROVISION)},
                 {M_ACTION(ACTION_MODIFY), M_KIND(MODIFY)},
                 {M_ACTION(ACTION_SUSPEND), M_KIND(MODIFY)},
                 {M_ACTION(ACTION_RESUME), M_KIND(MODIFY)},
                 {M_ACTION(ACTION_RENEW), M_KIND(RENEW)},
                 {M_ACTION(ACTION_TERMINATE), M_KIND(TERMINATE)}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].action == item->action) {
            return kinds[i].kind;
        }
    }
    return 0;
}

/* docs/orders.md, "Kinds of jobs". */
static Kontor__V1__JobKind
kind_now(const struct model_item *item)
{
    if (model_open_step(item) == M_STEP(PROVIDER_STEP) && item->offer->is_evaluated) {
        return M_KIND(EVALUATE);
    }
    if (item->state == M_S(ASSESSING_CANCELLATION)) {
        return M_KIND(ASSESS_CANCEL);
    }
    if (item->state == M_S(CANCELLING) || item->state == M_S(CANCELLING_OTHERWISE)) {
        return M_KIND(ROLLBACK);
    }
    bool is_over = model_is_final(item->state);
    return is_over && model_is_unclean(item) ? M_KIND(CLEANUP)
                                             : model_action_kind(item);
}

void
model_touch(struct model_item *item)
{
    item->is_touched = true;
}

void
model_restate(struct model_order *order, struct model_item *item)
{
    item->is_touched = true;
    order->is_touched = true;
}

/* ---- The job ---- */

int64_t
model_backoff_ms(int32_t nth)
{
    int64_t wait_ms = BACKOFF_FIRST_MS;
    for (int32_t i = 1; i < nth && wait_ms < BACKOFF_LAST_MS; i++) {
        wait_ms *= 2;
    }
    return wait_ms < BACKOFF_LAST_MS ? wait_ms : BACKOFF_LAST_MS;
}

static void
offer_from(struct model_item *item, int64_t lo_ms, int64_t hi_ms)
{
    item->job.place = PLACE_OFFERED;
    item->job.ready_lo_ms = lo_ms;
    item->job.ready_hi_ms = hi_ms;
    item->cleanup =
        item->cleanup == M_CLEANUP(RUNNING) ? M_CLEANUP(REQUIRED) : item->cleanup;
}

static int64_t
later(int64_t a_ms, int64_t b_ms)
{
    return a_ms > b_ms ? a_ms : b_ms;
}

void
model_offer_again(struct model *m, struct model_item *item, int32_t nth)
{
    int64_t now_ms = m->now_ms;
    int64_t settled_ms = now_ms;
    if (item->begun && item->job.place == PLACE_HELD) {
        item->job.released_ms = now_ms + item->job.lease_ms;
    }
    /* What never was begun has nothing under way. */
    if (item->begun) {
        int64_t from_ms = item->job.released_ms == 0 ? now_ms : item->job.released_ms;
        settled_ms = later(from_ms + MODEL_SETTLE_MS, now_ms);
    }
    int64_t wait_ms = nth == 0 ? 0 : model_backoff_ms(nth);
    offer_from(item, later(settled_ms, now_ms + wait_ms - wait_ms / 4),
               later(settled_ms, now_ms + wait_ms + wait_ms / 4));
}

void
model_let_go(struct model_item *item)
{
    item->job.lease_ms = 0;
}

static void
withdraw(struct model *m, struct model_item *item)
{
    bool is_open = !model_is_final(item->state);
    if (item->begun && is_open && item->job.place == PLACE_HELD) {
        item->job.released_ms = m->now_ms + item->job.lease_ms;
    }
    item->job.place = PLACE_NONE;
}

/* Whoever holds the job of an item in these states goes on with it. */
static bool
is_worked_on(Kontor__V1__ItemState state)
{
    return state == M_S(ASSIGNED) || state == M_S(IN_PROGRESS) ||
           state == M_S(ASSESSING_CANCELLATION) || state == M_S(CANCELLING) ||
           state == M_S(CANCELLING_OTHERWISE);
}

/* Whether the move takes the job from a holder that did not make it. */
static bool
takes_job(enum model_op op, Kontor__V1__ItemState to, bool is_holder)
{
    static const enum model_op taking[] = {OP_SIBLING, OP_FORCE_FAIL, OP_DEADLINE,
                                           OP_APPROVE, OP_REJECT,     OP_ACCEPT};
    for (size_t i = 0; i < sizeof taking / sizeof taking[0]; i++) {
        if (taking[i] == op) {
            return !is_holder;
        }
    }
    return op == OP_CANCEL && model_is_final(to);
}

static void
start_work(struct model_job *job, enum model_op op, Kontor__V1__JobKind kind)
{
    if (op == OP_RESUME || op == OP_REQUEUE || kind != job->kind) {
        job->losses = 0;
        job->retries = 0;
        job->unknowns = 0;
    }
    job->kind = kind;
}

/* Whether it is held by a session that only answers questions, now that there is work.
 */
static bool
is_left_to_none(const struct model *m, const struct model_job *job, enum model_op op)
{
    uint32_t kinds = m->sessions[job->session].kinds;
    bool is_wanted = kinds == 0 || (kinds >> (unsigned)job->kind & 1) != 0;
    return (op == OP_ACCEPT || op == OP_DECLINE) && !is_wanted;
}

static void
follow_job(struct model *m, struct model_item *item, enum model_op op, bool is_holder)
{
    struct model_job *job = &item->job;
    bool is_taken = takes_job(op, item->state, is_holder);
    start_work(job, op, kind_now(item));
    bool is_beside = job->kind == M_KIND(EVALUATE) || job->kind == M_KIND(CLEANUP);
    bool is_kept = is_worked_on(item->state) && job->place == PLACE_HELD && !is_taken;
    bool is_dispatched =
        item->state == M_S(QUEUED) && item->reason == M_R(WAITS_FOR_DISPATCH);
    if (is_kept && !is_beside && is_left_to_none(m, job, op)) {
        model_let_go(item);
        model_offer_again(m, item, 0);
        return;
    }
    if (is_kept && !is_beside) {
        return;
    }
    if (is_holder) {
        model_let_go(item);
    }
    if (!is_beside && !is_dispatched && !is_worked_on(item->state)) {
        withdraw(m, item);
        is_taken = is_taken || !model_is_final(item->state);
    } else {
        model_offer_again(m, item, 0);
    }
    /* Who has told how its work stands leaves nothing that must settle. */
    if (is_holder && job->place == PLACE_OFFERED) {
        offer_from(item, m->now_ms, m->now_ms);
    }
    job->fence = is_taken || job->kind == M_KIND(CLEANUP) ? 0 : job->fence;
}

/* ---- One item ---- */

static Kontor__V1__ItemReason
queue_reason(const struct model *m, const struct model_order *order, size_t index)
{
    const struct model_item *item = &order->items[index];
    for (size_t i = 0; i < order->n_items; i++) {
        bool is_needed = (item->requires & BIT(i)) != 0;
        if (is_needed && order->items[i].state != M_S(COMPLETED)) {
            return M_R(WAITS_FOR_DEPENDENCY);
        }
    }
    return item->start_ms > m->now_ms ? M_R(WAITS_FOR_START) : M_R(WAITS_FOR_DISPATCH);
}

/* A request to cancel is open until it came to something. */
static void
follow_cancel(struct model_item *item)
{
    if (item->cancel != M_CANCEL(ASSESSING) && item->cancel != M_CANCEL(ACCEPTED)) {
        return;
    }
    if (model_is_cancelled(item->state)) {
        item->cancel = M_CANCEL(DONE);
    } else if (kind_now(item) == M_KIND(ROLLBACK)) {
        item->cancel = M_CANCEL(ACCEPTED);
    } else if (item->state != M_S(ASSESSING_CANCELLATION)) {
        item->cancel = M_CANCEL(DECLINED);
    }
}

/* A pause gives no work its hours anew. */
static void
count_work(const struct model *m, struct model_item *item, int row)
{
    item->worked_ms +=
        model_move_from(row) == M_S(IN_PROGRESS) ? m->now_ms - item->since_ms : 0;
}

static void
begin_deadline(struct model *m, struct model_item *item)
{
    item->risk = 0;
    item->fired = 0;
    item->since_ms = m->now_ms;
}

static void
extend(const struct model *m, struct model_instance *instance, int32_t days)
{
    int64_t from_ms = later(instance->until_ms, m->now_ms);
    instance->is_ending = false;
    instance->until_ms =
        days > 0 ? from_ms + (int64_t)days * MODEL_DAY_MS : MODEL_NEVER;
}

/* An instance is what was ordered of it; what is over stays so. */
static void
apply(struct model *m, const struct model_item *item, struct model_instance *instance)
{
    static const struct {
        Kontor__V1__ItemAction action;
        enum model_event event;
        Kontor__V1__InstanceState state; /* 0 = as it was. */
    } rows[] = {{M_ACTION(ACTION_MODIFY), EVENT_MODIFIED, 0},
                {M_ACTION(ACTION_RENEW), EVENT_RENEWED, 0},
                {M_ACTION(ACTION_TERMINATE), EVENT_TERMINATED, M_I(TERMINATED)},
                {M_ACTION(ACTION_SUSPEND), EVENT_SUSPENDED, M_I(SUSPENDED)},
                {M_ACTION(ACTION_RESUME), EVENT_RESUMED, M_I(ACTIVE)}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool is_this = rows[i].action == item->action;
        m->events[rows[i].event] += is_this ? 1 : 0;
        instance->state =
            is_this && rows[i].state != 0 ? rows[i].state : instance->state;
    }
    if (item->action == M_ACTION(ACTION_RENEW)) {
        extend(m, instance, item->offer->valid_days);
    }
}

/* The instance of a changed item is let go with its end. */
static void
change_instance(struct model *m, const struct model_item *item)
{
    struct model_instance *instance =
        &m->orders[item->of_order].items[item->of_item].instance;
    bool is_alive = instance->state == M_I(ACTIVE) || instance->state == M_I(SUSPENDED);
    instance->open_order = -1;
    if (item->state == M_S(COMPLETED) && is_alive) {
        apply(m, item, instance);
    }
    model_set_instance_due(m, instance);
}

static void
make_instance(struct model *m, struct model_item *item)
{
    item->instance = (struct model_instance){.state = M_I(ACTIVE), .open_order = -1};
    extend(m, &item->instance, item->offer->valid_days);
    model_set_instance_due(m, &item->instance);
}

static void
follow_instance(struct model *m, struct model_item *item)
{
    if (!model_is_final(item->state)) {
        return;
    }
    if (item->of_order >= 0) {
        change_instance(m, item);
    } else if (item->state == M_S(COMPLETED)) {
        make_instance(m, item);
    }
}

static void
move_one(struct model *m, struct model_order *order, size_t index, int row,
         const struct model_cause *cause)
{
    struct model_item *item = &order->items[index];
    m->moves[row]++;
    item->last_move = row;
    item->is_more = false;
    item->state = model_move_to(row);
    item->begun = item->begun || model_is_begun(item->state);
    follow_cancel(item);
    item->reason = item->state == M_S(QUEUED) ? queue_reason(m, order, index) : 0;
    bool is_unwanted = model_is_final(item->state) && cause->op != OP_COMPLETE;
    if (is_unwanted && item->begun && item->action == M_ACTION(ADD)) {
        item->cleanup = M_CLEANUP(REQUIRED);
    }
    follow_job(m, item, cause->op, cause->is_holder);
    count_work(m, item, row);
    begin_deadline(m, item);
    model_restate(order, item);
    follow_instance(m, item);
}

/* ---- What follows ---- */

void
model_dispatch(struct model *m, struct model_order *order, size_t index)
{
    struct model_item *item = &order->items[index];
    Kontor__V1__ItemReason reason = queue_reason(m, order, index);
    if (item->state != M_S(QUEUED) || reason == item->reason) {
        return;
    }
    item->reason = reason;
    if (reason == M_R(WAITS_FOR_DISPATCH)) {
        model_offer_again(m, item, 0);
    } else {
        withdraw(m, item);
    }
    begin_deadline(m, item);
    model_restate(order, item);
}

void
model_remove(struct model *m, struct model_item *item)
{
    m->events[EVENT_REMOVED]++;
    item->cleanup = M_CLEANUP(REQUIRED);
    start_work(&item->job, OP_SIBLING, M_KIND(CLEANUP));
    model_offer_again(m, item, 0);
    item->job.fence = 0;
    item->is_more = true;
    item->is_touched = true;
}

void
model_move(struct model *m, struct model_order *order, size_t index,
           struct model_cause cause)
{
    const struct model_item *item = &order->items[index];
    int row = model_find_move(item->state, cause.op, cause.to);
    if (row < 0) {
        fail_msg("the model has no move %s of %s", model_op_name(cause.op),
                 model_state_name(item->state));
    }
    move_one(m, order, index, row, &cause);
    if (model_is_final(item->state)) {
        model_follow_end(m, order, index);
    } else if (cause.op == OP_BEGIN) {
        model_drop_alternatives(m, order, index);
    }
}

void
model_place(struct model *m, struct model_order *order)
{
    for (size_t i = 0; i < order->n_items; i++) {
        struct model_item *item = &order->items[i];
        item->state = M_S(RECEIVED);
        item->job.kind = model_action_kind(item);
        bool is_customers = item->steps[0] == M_STEP(CONSUMER_STEP);
        Kontor__V1__ItemState first =
            is_customers ? M_S(AWAITING_CONSUMER_APPROVAL) : M_S(AWAITING_APPROVAL);
        struct model_cause route = {.op = OP_ROUTE,
                                    .to = item->n_steps == 0 ? M_S(QUEUED) : first};
        model_move(m, order, i, route);
    }
}
