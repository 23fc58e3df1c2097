/* What is stored and what the model has, side by side. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/moment.h"
#include "tests/server/walk.h"

/* One item as both have it. */
struct pair {
    struct walk *w;
    size_t order;
    struct model_order *mo;
    struct model_item *mine;
    const Kontor__V1__Order *header;
    const Kontor__V1__OrderItem *theirs;
};

static void
same(const struct pair *p, const char *what, int64_t mine, int64_t theirs)
{
    if (mine != theirs) {
        walk_fail(p->w, p->order, "%s: %s is %" PRId64 ", the model says %" PRId64,
                  p->mine == NULL ? p->mo->id : p->mine->id, what, theirs, mine);
    }
}

static int64_t
ms_of(const Google__Protobuf__Timestamp *moment)
{
    return moment_ms(moment, MODEL_NEVER);
}

static int64_t
fence_of(const Kontor__V1__OrderItem *item)
{
    bool is_held = item->job->session[0] != '\0';
    bool is_last_word = item->begun || model_is_final(item->state);
    int64_t fence = item->job->is_fence_own ? item->revision : item->job->fence;
    return is_held || is_last_word ? fence : 0;
}

/* ---- The job ---- */

/* A back-off is spread by chance: the model knows between what, and then what it was.
 */
static void
check_ready(const struct pair *p)
{
    struct model_job *job = &p->mine->job;
    int64_t ready_ms = ms_of(p->theirs->job->ready_at);
    same(p, "whether an agent may claim it", job->place == PLACE_OFFERED,
         ready_ms != MODEL_NEVER);
    if (job->place != PLACE_OFFERED) {
        return;
    }
    if (ready_ms < job->ready_lo_ms || ready_ms > job->ready_hi_ms) {
        same(p, "when it may be claimed", job->ready_lo_ms, ready_ms);
        same(p, "when it may be claimed", job->ready_hi_ms, ready_ms);
    }
    job->ready_lo_ms = ready_ms;
    job->ready_hi_ms = ready_ms;
}

static void
check_job(const struct pair *p)
{
    const struct model_job *mine = &p->mine->job;
    const Kontor__V1__Job *theirs = p->theirs->job;
    const char *session =
        mine->place == PLACE_HELD ? p->w->m.sessions[mine->session].id : "";
    same(p, "job.kind", mine->kind, theirs->kind);
    same(p, "whether the right session holds it", 1,
         strcmp(session, theirs->session) == 0);
    check_ready(p);
    same(p, "the fence", model_counting_fence(p->mine), fence_of(p->theirs));
    same(p, "job.attempt", mine->attempt, theirs->attempt);
    same(p, "job.losses", mine->losses, theirs->losses);
    same(p, "job.retries", mine->retries, theirs->retries);
    same(p, "job.unknowns", mine->unknowns, theirs->unknowns);
    same(p, "whether there is an intent", p->mine->begun, theirs->intent[0] != '\0');
}

/* ---- The item ---- */

static void
check_history(const struct pair *p)
{
    const Kontor__V1__StateChange *last = p->theirs->history[p->theirs->n_history - 1];
    if (p->mine->last_move < 0 || p->mine->is_more) {
        return;
    }
    same(p, "where its last move led", model_move_to(p->mine->last_move), last->to);
    same(p, "whether its last move is told as the model's", 1,
         strcmp(last->operation, model_op_name(model_move_op(p->mine->last_move))) ==
             0);
}

static void
check_deadlines(const struct pair *p)
{
    const Kontor__V1__Due *due = p->theirs->due;
    same(p, "due.at", model_due_ms(p->mo, p->mine),
         due == NULL ? MODEL_NEVER : ms_of(due->at));
    same(p, "due.expires_at", model_expires_ms(p->mo, p->mine),
         due == NULL ? MODEL_NEVER : ms_of(due->expires_at));
    same(p, "jeopardy", p->mine->risk,
         p->theirs->jeopardy == NULL ? 0 : (int64_t)p->theirs->jeopardy->level);
}

static void
check_item(const struct pair *p)
{
    size_t n_decided = 0;
    for (size_t i = 0; i < p->theirs->n_approvals; i++) {
        n_decided += p->theirs->approvals[i]->decided_by[0] != '\0' ? 1 : 0;
    }
    same(p, "state", p->mine->state, p->theirs->state);
    same(p, "begun", p->mine->begun, p->theirs->begun);
    bool is_queued = p->mine->state == M_S(QUEUED);
    same(p, "what it waits for", is_queued ? p->mine->reason : 0,
         is_queued ? p->theirs->reason : 0);
    same(p, "cleanup", p->mine->cleanup, p->theirs->cleanup);
    same(p, "cancel", p->mine->cancel,
         p->theirs->cancel == NULL ? 0 : (int64_t)p->theirs->cancel->state);
    same(p, "approvals", (int64_t)p->mine->n_steps, (int64_t)p->theirs->n_approvals);
    same(p, "decided approvals", (int64_t)p->mine->n_decided, (int64_t)n_decided);
    same(p, "whether the step wrote it", p->mine->is_touched,
         p->theirs->revision != p->mine->revision);
    p->mine->revision = p->theirs->revision;
    check_job(p);
    check_deadlines(p);
    check_history(p);
}

/* ---- What must hold whatever the model says ---- */

static void
check_always(const struct pair *p, struct walk_seen *seen)
{
    const Kontor__V1__OrderItem *item = p->theirs;
    bool was_final = model_is_final(seen->state);
    same(p, "a final state", was_final ? seen->state : item->state, item->state);
    same(p, "begun, which never goes back,", seen->begun || item->begun, item->begun);
    same(p, "a begun state of what is not begun", 0,
         model_is_begun(item->state) && !item->begun);
    bool may_wait = item->state == M_S(ASSIGNED) || item->state == M_S(IN_PROGRESS);
    bool has_end = item->due != NULL && item->due->expires_at != NULL;
    same(p, "an open state without an end", 0,
         !model_is_final(item->state) && !may_wait && !has_end);
    *seen = (struct walk_seen){item->state, item->begun};
}

static void
check_instance(const struct pair *p)
{
    const struct model_instance *mine = &p->mine->instance;
    if (mine->state == 0) {
        return;
    }
    const Kontor__V1__Instance *theirs = walk_record(p->w, KIND_INSTANCE, p->mine->id);
    const char *open = mine->open_order < 0
                           ? ""
                           : p->w->m.orders[mine->open_order].items[mine->open_item].id;
    same(p, "instance.state", mine->state, theirs->state);
    same(p, "whether the right item is open on the instance", 1,
         strcmp(open, theirs->open_item) == 0);
    same(p, "instance.valid_until", mine->until_ms, ms_of(theirs->valid_until));
    same(p, "instance.due_at", mine->due_ms, ms_of(theirs->due_at));
    same(p, "instance.is_ending", mine->is_ending, theirs->is_ending);
}

/* ---- The header ---- */

static void
check_line(const struct pair *p, size_t index)
{
    const Kontor__V1__ItemStanding *line = p->header->items[index];
    int64_t expires_ms = model_expires_ms(p->mo, p->mine);
    same(p, "its state in the header", p->mine->state, line->state);
    same(p, "begun in the header", p->mine->begun, line->begun);
    same(p, "its step in the header", model_open_step(p->mine), line->step);
    const Kontor__V1__ItemSource *source = p->header->sources[index];
    same(p, "its deadline in the header", expires_ms, ms_of(source->due_at));
    same(p, "its risk in the header", p->mine->risk, source->jeopardy);
}

/* Nobody works, nobody may begin to, and no date is waited for. */
static bool
is_stuck(const struct model_order *order)
{
    bool is_open = false;
    for (size_t i = 0; i < order->n_items; i++) {
        const struct model_item *item = &order->items[i];
        bool is_final = model_is_final(item->state);
        bool waits = item->state == M_S(QUEUED) && item->reason == M_R(WAITS_FOR_START);
        if (!is_final && (item->job.place != PLACE_NONE || waits)) {
            return false;
        }
        is_open = is_open || !is_final;
    }
    return is_open;
}

static void
check_header(const struct pair *p)
{
    const struct model_header mine = model_header(p->mo);
    const Kontor__V1__Order *theirs = p->header;
    int64_t n_counted = 0;
    for (size_t i = 0; i < theirs->n_counts; i++) {
        n_counted += theirs->counts[i]->count;
    }
    same(p, "order.state", mine.state, theirs->state);
    p->w->order_states[mine.state]++;
    same(p, "attention", mine.attention, theirs->attention);
    same(p, "whether it waits for the right one", 1,
         strcmp(mine.waiting_for, theirs->waiting_for) == 0);
    same(p, "waiting_since without waiting", theirs->waiting_for[0] != '\0',
         theirs->waiting_since != NULL);
    same(p, "an order that is stuck and waits for nobody", 0,
         is_stuck(p->mo) && theirs->waiting_for[0] == '\0');
    same(p, "the order's cancel", mine.cancel,
         theirs->cancel == NULL ? 0 : (int64_t)theirs->cancel->state);
    same(p, "next_due", mine.next_due_ms, ms_of(theirs->next_due));
    same(p, "order.jeopardy", mine.risk, theirs->jeopardy);
    same(p, "counted items", (int64_t)p->mo->n_items, n_counted);
    same(p, "whether the step wrote the header", p->mo->is_touched,
         theirs->revision != p->mo->revision);
    p->mo->revision = theirs->revision;
}

void
walk_check_order(struct walk *w, size_t order)
{
    struct model_order *mo = &w->m.orders[order];
    struct pair p = {
        .w = w, .order = order, .mo = mo, .header = walk_record(w, KIND_ORDER, mo->id)};
    for (size_t i = 0; i < mo->n_items; i++) {
        p.mine = &mo->items[i];
        p.theirs = walk_record(w, KIND_ITEM, p.mine->id);
        check_always(&p, &w->seen[order][i]);
        check_item(&p);
        check_line(&p, i);
        check_instance(&p);
    }
    p.mine = NULL;
    check_header(&p);
}

/* One item at a time changes what was delivered. */
static void
check_one_change(struct walk *w, size_t order, size_t index)
{
    size_t n_open = 0;
    for (struct model_at at = MODEL_BEFORE; model_next(&w->m, &at);) {
        const struct model_item *item = &w->m.orders[at.order].items[at.item];
        bool is_for_it = item->of_order == (int)order && item->of_item == (int)index;
        n_open += is_for_it && !model_is_final(item->state) ? 1 : 0;
    }
    if (n_open > 1) {
        walk_fail(w, order, "%zu open items change %s", n_open,
                  w->m.orders[order].items[index].id);
    }
}

void
walk_check_open(struct walk *w)
{
    for (size_t o = 0; o < w->m.n_orders; o++) {
        bool must_look = w->m.orders[o].is_touched;
        for (size_t i = 0; i < w->m.orders[o].n_items; i++) {
            const struct model_item *item = &w->m.orders[o].items[i];
            must_look = must_look || item->is_touched || !model_is_final(item->state);
        }
        if (must_look) {
            walk_check_order(w, o);
        }
    }
}

void
walk_check_all(struct walk *w)
{
    for (size_t o = 0; o < w->m.n_orders; o++) {
        walk_check_order(w, o);
        for (size_t i = 0; i < w->m.orders[o].n_items; i++) {
            check_one_change(w, o, i);
        }
    }
}

void
walk_settle(struct walk *w)
{
    for (struct model_at at = MODEL_BEFORE; model_next(&w->m, &at);) {
        struct model_item *item = &w->m.orders[at.order].items[at.item];
        w->m.orders[at.order].is_touched = false;
        item->is_touched = false;
        item->last_move = -1;
        item->is_more = false;
    }
}

/* ---- AllowedActions ---- */

static bool
is_listed(const Kontor__V1__AllowedActionsResponse *reply, const char *name)
{
    for (size_t i = 0; reply != NULL && i < reply->n_actions; i++) {
        char text[64];
        const Kontor__V1__AllowedAction *action = reply->actions[i];
        (void)snprintf(text, sizeof text, "%s%s%s", action->call,
                       action->action[0] == '\0' ? "" : " ", action->action);
        if (strcmp(text, name) == 0) {
            return true;
        }
    }
    return false;
}

/* What is listed is what neither state nor role is against, for whoever sees the item.
 */
void
walk_check_actions(struct walk *w, const struct model_call *about)
{
    Kontor__V1__AllowedActionsRequest request =
        KONTOR__V1__ALLOWED_ACTIONS_REQUEST__INIT;
    Kontor__V1__AllowedActionsResponse *reply = NULL;
    struct error error = {0};
    const struct model_item *item = &w->m.orders[about->order].items[about->item];
    struct model_sides sides = model_sides_of(&model_people[about->who], item);
    request.id = (char *)item->id;
    enum status status =
        desk_call(w->desk, w->people[about->who], DESK_ORDER("AllowedActions"),
                  &request, &reply, &error);
    bool is_seen = (sides.customer | sides.provider) != 0;
    bool is_reader = model_people[about->who].roles == ROLE_BIT(READER);
    if ((status == STATUS_OK) != (is_seen && !is_reader)) {
        walk_fail(w, about->order, "AllowedActions of %s by %s: status %d", item->id,
                  model_people[about->who].id, (int)status);
    }
    struct model_call call = *about;
    call.at_ms = 0;
    for (int act = 0; act < ACT_OF_ITEMS && status == STATUS_OK; act++) {
        call.act = act;
        /* One action stands for all ways to fail, and a report moves nothing. */
        bool is_other = act == ACT_MILESTONE || act == ACT_EXPECT;
        const char *name = strncmp(model_act_name(act), "Fail ", 5) == 0
                               ? "Fail"
                               : model_act_name(act);
        if (!is_other && is_listed(reply, name) != model_is_open(&w->m, &call)) {
            walk_fail(w, about->order, "%s on %s (%s) by %s is %slisted", name,
                      item->id, model_state_name(item->state),
                      model_people[about->who].id,
                      is_listed(reply, name) ? "" : "not ");
        }
    }
    w->n_listed++;
}
