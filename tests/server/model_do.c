/* What a call of the model that is taken does. */
#include <string.h>

#include "tests/server/model_call.h"

enum { MAX_RETRIES = 5, MAX_UNKNOWNS = 3 };

/* One call on its way. */
struct doing {
    struct model *m;
    struct model_order *order;
    struct model_item *item;
    const struct model_call *call;
};

static void
move(const struct doing *d, enum model_op op, Kontor__V1__ItemState to, bool is_holder)
{
    model_move(d->m, d->order, d->call->item, (struct model_cause){op, to, is_holder});
}

/* The move the call asks for, by whoever holds the job or somebody else. */
static bool
move_as_asked(const struct doing *d, bool is_holder)
{
    int row = model_row_of(d->m, d->call);
    Kontor__V1__ItemState to = model_move_to(row);
    static const enum model_op ops[ACT_OF_ITEMS] = {
        [ACT_RESUME] = OP_RESUME,
        [ACT_FORCE_FAIL] = OP_FORCE_FAIL,
        [ACT_REQUEUE] = OP_REQUEUE,
        [ACT_REJECT] = OP_REJECT,
        [ACT_APPROVE] = OP_APPROVE,
        [ACT_ACCEPT] = OP_ACCEPT,
        [ACT_DECLINE] = OP_DECLINE,
        [ACT_ANSWER] = OP_ANSWER,
        [ACT_WITHDRAW] = OP_ANSWER,
        [ACT_COMPLETE] = OP_COMPLETE,
        [ACT_FAIL_PERMANENT] = OP_FAIL,
        [ACT_RELEASE] = OP_RELEASE,
        [ACT_FAIL_RETRYABLE] = OP_RELEASE,
        [ACT_FAIL_UNKNOWN] = OP_RELEASE,
        [ACT_BEGIN] = OP_BEGIN,
    };
    move(d, ops[d->call->act], to, is_holder);
    return true;
}

/* ---- People ---- */

static bool
do_decide(const struct doing *d)
{
    struct model_item *item = d->item;
    int row = model_row_of(d->m, d->call);
    enum model_op op = d->call->act == ACT_APPROVE ? OP_APPROVE : OP_REJECT;
    /* A step that is open is decided, before what waits for the next is looked at. */
    item->n_decided += model_open_step(item) != 0 ? 1 : 0;
    move(d, op, model_move_to(row), false);
    return true;
}

static bool
do_ask(const struct doing *d)
{
    struct model_item *item = d->item;
    bool is_early = item->state == M_S(AWAITING_APPROVAL);
    bool is_assigned = item->state == M_S(ASSIGNED);
    Kontor__V1__ItemState origin = is_assigned ? M_S(QUEUED) : item->state;
    item->resume_to = origin;
    move(d, is_early ? OP_ASK_CUSTOMER : OP_ASK_INFO, 0, d->call->act == ACT_ASK_INFO);
    return true;
}

static bool
do_hold(const struct doing *d)
{
    bool is_queued = d->item->state == M_S(QUEUED);
    move(d, is_queued ? OP_HOLD_ITEM : OP_HOLD, 0, d->call->act == ACT_HOLD);
    return true;
}

static bool
do_plain(const struct doing *d)
{
    return move_as_asked(d, false);
}

/* An agent's fence makes it the holder, who keeps the job; a number alone makes nobody
 * one. */
static bool
do_decide_cancel(const struct doing *d)
{
    struct model_sides sides = model_sides_of(&model_people[d->call->who], d->item);
    bool is_agent = (sides.provider & ROLE_BIT(AGENT)) != 0;
    return move_as_asked(d, is_agent && d->call->fence != 0);
}

static bool
do_reschedule(const struct doing *d)
{
    d->item->start_ms = d->call->at_ms;
    model_restate(d->order, d->item);
    model_dispatch(d->m, d->order, d->call->item);
    return true;
}

static bool
do_abandon(const struct doing *d)
{
    d->item->cleanup = M_CLEANUP(ABANDONED);
    d->item->job.place = PLACE_NONE;
    d->item->job.fence = 0;
    model_touch(d->item);
    return true;
}

static bool
cancel_one(const struct doing *d, size_t index)
{
    struct model_item *item = &d->order->items[index];
    if (model_find_move(item->state, OP_CANCEL, 0) < 0) {
        return false;
    }
    if (item->begun) {
        item->resume_to = item->state;
        item->cancel = M_CANCEL(ASSESSING);
    }
    model_move(d->m, d->order, index, (struct model_cause){.op = OP_CANCEL});
    return true;
}

/* The latest request only is kept, with what was open then. */
static bool
do_cancel(const struct doing *d)
{
    uint32_t asked = d->call->items == 0 ? UINT32_MAX : d->call->items;
    uint32_t open = 0;
    bool has_moved = false;
    for (size_t i = 0; i < d->order->n_items; i++) {
        bool is_open = !model_is_final(d->order->items[i].state);
        open |= is_open && (asked >> i & 1) != 0 ? UINT32_C(1) << i : 0;
    }
    for (size_t i = 0; i < d->order->n_items; i++) {
        has_moved = ((asked >> i & 1) != 0 && cancel_one(d, i)) || has_moved;
    }
    if (has_moved) {
        d->order->cancel_items = open;
        d->order->is_cancel_whole = d->call->items == 0;
    }
    return has_moved;
}

/* ---- Agents ---- */

static bool
is_beside(const struct model_item *item)
{
    return item->job.kind == M_KIND(EVALUATE) || model_is_unclean(item);
}

static bool
do_begin(const struct doing *d)
{
    if (d->item->begun) {
        return false;
    }
    move_as_asked(d, false);
    d->item->job.retries = 0;
    return true;
}

static bool
do_milestone(const struct doing *d)
{
    d->item->is_past_return =
        d->item->is_past_return || d->item->offer->no_return[0] != '\0';
    model_touch(d->item);
    return true;
}

/* Another date is another deadline, which has not passed. */
static bool
do_expect(const struct doing *d)
{
    d->item->expected_ms = d->call->at_ms;
    d->item->risk = 0;
    d->item->fired &= d->item->state == M_S(IN_PROGRESS) ? ~UINT32_C(1) : UINT32_MAX;
    model_restate(d->order, d->item);
    return true;
}

static bool
do_complete(const struct doing *d)
{
    struct model_item *item = d->item;
    bool is_unclean = model_is_unclean(item);
    if (model_is_final(item->state) && !is_unclean) {
        return false;
    }
    if (is_unclean) {
        item->cleanup = M_CLEANUP(DONE);
        item->job.place = PLACE_NONE;
        model_touch(item);
    } else {
        item->job.unknowns = 0;
        move_as_asked(d, true);
    }
    item->result = d->call->delivery + 1;
    return true;
}

/* Work beside the state is tried again, ever more rarely. */
static bool
try_later(const struct doing *d)
{
    struct model_job *job = &d->item->job;
    job->losses = 0;
    job->retries++;
    model_let_go(d->item);
    model_offer_again(d->m, d->item, job->retries);
    model_touch(d->item);
    return true;
}

static bool
do_release(const struct doing *d)
{
    if (is_beside(d->item)) {
        return try_later(d);
    }
    move_as_asked(d, true);
    d->item->job.losses = 0;
    return true;
}

static bool
fail_for_good(const struct doing *d)
{
    move(d, OP_FAIL, 0, true);
    return true;
}

/* A rollback that cannot be done ends, work goes to a person, and what is asked of a
 * provider meanwhile is tried on. */
static bool
give_up(const struct doing *d, enum model_event event)
{
    bool may_hold = model_find_move(d->item->state, OP_HOLD, 0) >= 0;
    if (d->item->job.kind == M_KIND(ROLLBACK)) {
        d->m->events[EVENT_ROLLBACK_OVER]++;
        return fail_for_good(d);
    }
    d->m->events[may_hold ? event : EVENT_TRIED_ON]++;
    model_touch(d->item);
    if (may_hold) {
        move(d, OP_HOLD, 0, true);
    }
    return true;
}

static bool
do_fail_permanent(const struct doing *d)
{
    if (d->item->job.kind == M_KIND(EVALUATE)) {
        d->item->job.place = PLACE_NONE;
        model_touch(d->item);
        return true;
    }
    return model_is_unclean(d->item) ? try_later(d) : fail_for_good(d);
}

/* Not begun: given back, but not to be had at once. */
static bool
fail_back(const struct doing *d)
{
    struct model_job *job = &d->item->job;
    move_as_asked(d, false);
    job->losses = 0;
    job->retries++;
    job->place = PLACE_OFFERED;
    model_offer_again(d->m, d->item, job->retries);
    return true;
}

static bool
do_fail_retryable(const struct doing *d)
{
    struct model_job *job = &d->item->job;
    if (is_beside(d->item)) {
        return try_later(d);
    }
    if (!d->item->begun) {
        return fail_back(d);
    }
    job->unknowns = 0;
    job->retries++;
    model_touch(d->item);
    return job->retries >= MAX_RETRIES ? give_up(d, EVENT_RETRIES_OVER) : true;
}

static bool
do_fail_unknown(const struct doing *d)
{
    struct model_job *job = &d->item->job;
    if (is_beside(d->item)) {
        return try_later(d);
    }
    if (!d->item->begun) {
        return fail_back(d);
    }
    job->unknowns++;
    if (job->unknowns >= MAX_UNKNOWNS) {
        return give_up(d, EVENT_UNKNOWNS_OVER);
    }
    model_let_go(d->item);
    model_offer_again(d->m, d->item, 0);
    model_touch(d->item);
    return true;
}

static bool (*const doings[ACT_OF_ITEMS])(const struct doing *d) = {
    [ACT_APPROVE] = do_decide,
    [ACT_REJECT] = do_decide,
    [ACT_ASK_CUSTOMER] = do_ask,
    [ACT_ANSWER] = do_plain,
    [ACT_WITHDRAW] = do_plain,
    [ACT_HOLD_ITEM] = do_hold,
    [ACT_RESUME] = do_plain,
    [ACT_FORCE_FAIL] = do_plain,
    [ACT_REQUEUE] = do_plain,
    [ACT_ABANDON] = do_abandon,
    [ACT_ACCEPT] = do_decide_cancel,
    [ACT_DECLINE] = do_decide_cancel,
    [ACT_CANCEL] = do_cancel,
    [ACT_RESCHEDULE] = do_reschedule,
    [ACT_BEGIN] = do_begin,
    [ACT_MILESTONE] = do_milestone,
    [ACT_EXPECT] = do_expect,
    [ACT_COMPLETE] = do_complete,
    [ACT_FAIL_RETRYABLE] = do_fail_retryable,
    [ACT_FAIL_PERMANENT] = do_fail_permanent,
    [ACT_FAIL_UNKNOWN] = do_fail_unknown,
    [ACT_RELEASE] = do_release,
    [ACT_HOLD] = do_hold,
    [ACT_ASK_INFO] = do_ask,
};

bool
model_do(struct model *m, const struct model_call *call)
{
    struct model_order *order = &m->orders[call->order];
    struct doing d = {m, order, &order->items[call->item], call};
    return doings[call->act](&d);
}

/* ---- Sessions ---- */

int32_t
model_n_held(const struct model *m, int session)
{
    int32_t n = 0;
    for (struct model_at at = MODEL_BEFORE; model_next(m, &at);) {
        const struct model_job *job = &m->orders[at.order].items[at.item].job;
        n += job->place == PLACE_HELD && job->session == session ? 1 : 0;
    }
    return n;
}

bool
model_is_claimable(const struct model *m, int session, const struct model_item *item)
{
    const struct model_session *s = &m->sessions[session];
    const struct model_job *job = &item->job;
    struct model_sides sides = model_sides_of(&model_people[s->who], item);
    bool is_agent = (sides.provider & ROLE_BIT(AGENT)) != 0;
    bool is_wanted = s->kinds == 0 || (s->kinds >> (unsigned)job->kind & 1) != 0;
    return is_agent && is_wanted && job->place == PLACE_OFFERED &&
           job->ready_hi_ms <= m->now_ms;
}

void
model_claim(struct model *m, int session, struct model_order *order, size_t index,
            int64_t seq)
{
    struct model_item *item = &order->items[index];
    struct model_job *job = &item->job;
    int row = model_find_move(item->state, OP_CLAIM, 0);
    if (item->state == M_S(QUEUED)) {
        model_move(m, order, index, (struct model_cause){.op = OP_CLAIM});
    } else if (row >= 0) {
        m->moves[row]++;
    }
    job->place = PLACE_HELD;
    job->session = session;
    job->fence = seq;
    item->stale_claim = item->last_claim;
    item->last_claim = seq;
    job->attempt++;
    job->released_ms = 0;
    job->lease_ms = MODEL_LEASE_MS;
    item->cleanup = job->kind == M_KIND(CLEANUP) ? M_CLEANUP(RUNNING) : item->cleanup;
    model_touch(item);
}

void
model_renew(struct model *m, int session)
{
    struct model_session *s = &m->sessions[session];
    s->expires_ms = m->now_ms + MODEL_LEASE_MS;
    s->renewed_fence = 0;
    for (struct model_at at = MODEL_BEFORE; model_next(m, &at);) {
        const struct model_job *job = &m->orders[at.order].items[at.item].job;
        bool is_held = job->place == PLACE_HELD && job->session == session;
        if (is_held && job->fence > s->renewed_fence) {
            s->renewed_fence = job->fence;
        }
    }
}
