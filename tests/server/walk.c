#include "tests/server/walk.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/clock.h"

/* Those whose sessions there are: one of each way to be an agent. */
static const char *const agents[MODEL_SESSIONS] = {
    "alpine/agent-1", "alpine/agent-2", "alpine/peer", "alpine/all", "beta/agent"};

enum { CHECK_ALL_EVERY = 64, CHECK_ACTIONS_PERCENT = 16 };

/* ---- The desk ---- */

static void
hire(struct walk *w)
{
    assert_true(model_n_people <= WALK_MAX_PEOPLE);
    for (int i = 0; i < model_n_people; i++) {
        const struct model_who *who = &model_people[i];
        w->people[i] = harness_principal(w->desk->h, who->id, who->roles,
                                         who->scopes[0], who->scopes[1], NULL);
        for (int k = 0; k < MODEL_SESSIONS; k++) {
            bool is_this = strcmp(agents[k], who->id) == 0;
            w->m.sessions[k].who = is_this ? i : w->m.sessions[k].who;
        }
    }
}

static Kontor__V1__OfferDeadlines *
deadlines_of(struct walk *w, const struct model_offer *offer)
{
    Kontor__V1__OfferDeadlines *deadlines =
        arena_alloc(w->desk->h->arena, sizeof *deadlines);
    kontor__v1__offer_deadlines__init(deadlines);
    deadlines->approval_days = offer->approval_days;
    deadlines->answer_days = offer->answer_days;
    deadlines->dispatch_days = offer->dispatch_days;
    deadlines->held_days = offer->held_days;
    deadlines->assess_days = offer->assess_days;
    deadlines->work_hours = offer->work_hours;
    deadlines->is_cancel_granted = offer->is_cancel_granted;
    return deadlines;
}

static void
stock_offer(struct walk *w, Kontor__V1__Service *service,
            const struct model_offer *offer)
{
    struct harness *h = w->desk->h;
    Kontor__V1__Offer *shelved = shelf_offer(h, service, strrchr(offer->id, '/') + 1);
    shelved->is_internal = true;
    shelved->order_type = KONTOR__V1__ORDER_TYPE__OPEN_ACCESS;
    shelved->approval =
        arena_alloc(h->arena, (MODEL_STEPS + 1) * sizeof *shelved->approval);
    shelved->n_approval = offer->n_steps;
    memcpy(shelved->approval, offer->steps, sizeof offer->steps);
    shelved->is_evaluated = offer->is_evaluated;
    shelved->no_return_milestone = (char *)offer->no_return;
    shelved->valid_days = offer->valid_days;
    shelved->deadlines = deadlines_of(w, offer);
}

static void
stock(struct walk *w)
{
    struct harness *h = w->desk->h;
    struct error error = {0};
    Kontor__V1__Service *service = shelf_service(h, "alpine/walk", "alpine/hpc");
    for (size_t i = 0; i < WALK_OFFERS; i++) {
        if (strncmp(walk_offers[i].id, "alpine/", 7) == 0) {
            stock_offer(w, service, &walk_offers[i]);
        }
    }
    if (shelf_create_service(h, w->desk->admin, service, NULL, &error) != STATUS_OK) {
        fail_msg("%s", error.message);
    }
}

static void
close_desk(struct walk *w)
{
    if (w->desk == NULL) {
        return;
    }
    store_reader_close(w->reader);
    w->desk->h->arena = w->own;
    desk_close(w->desk);
    w->desk = NULL;
}

void
walk_renew_desk(struct walk *w)
{
    uint64_t moves[MODEL_MOVES], events[EVENT_COUNT];
    close_desk(w);
    memcpy(moves, w->m.moves, sizeof moves);
    memcpy(events, w->m.events, sizeof events);
    model_begin(&w->m);
    memcpy(w->m.moves, moves, sizeof moves);
    memcpy(w->m.events, events, sizeof events);
    memset(w->seen, 0, sizeof w->seen);
    w->last_fence = 0;
    w->n_desks++;
    /* The log is of no use afterwards: memory saves the time of a disk. */
    w->desk = desk_open_in(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : NULL);
    hire(w);
    stock(w);
    assert_int_equal(store_reader_open(w->desk->h->broker.store, &w->reader),
                     STATUS_OK);
    /* What a step is answered lives as long as the step. */
    w->own = w->desk->h->arena;
    w->desk->h->arena = w->step_arena;
}

void
walk_begin(struct walk *w, uint64_t seed)
{
    memset(w, 0, sizeof *w);
    w->seed = seed;
    w->random = seed;
    w->step_arena = arena_new();
    w->lines = calloc(WALK_LINES, sizeof *w->lines);
    assert_non_null(w->lines);
    walk_renew_desk(w);
}

void
walk_end(struct walk *w)
{
    close_desk(w);
    arena_free(w->step_arena);
    free(w->lines);
}

void *
walk_record(struct walk *w, const struct kind *kind, const char *id)
{
    struct call call = {.arena = w->step_arena};
    struct document document;
    enum status status =
        store_get(w->reader, kind, id, NULL, 0, w->step_arena, &document);
    if (status != STATUS_OK) {
        walk_fail(w, SIZE_MAX, "there is no %s %s", kind->name, id);
    }
    return call_record(&call, &document);
}

/* ---- What both do ---- */

static void
expect_reason(struct walk *w, const struct model_call *call, enum reason mine,
              enum reason theirs)
{
    walk_note(w, call, theirs);
    w->reasons[theirs]++;
    w->n_taken += theirs == REASON_NONE ? 1 : 0;
    w->n_refused += theirs == REASON_NONE ? 0 : 1;
    if (mine != theirs) {
        walk_fail(w, call->act < ACT_OF_ITEMS ? call->order : SIZE_MAX,
                  "%s by %s is answered %s, the model says %s",
                  model_act_name(call->act), model_people[call->who].id,
                  reason_row(theirs)->name, reason_row(mine)->name);
    }
}

static void
expect_log(struct walk *w, const struct model_call *call, int64_t before, int64_t n)
{
    int64_t n_written = shelf_applied(w->desk->h) - before;
    if (n_written != n) {
        walk_fail(w, call->act < ACT_OF_ITEMS ? call->order : SIZE_MAX,
                  "%s wrote %" PRId64 " commits, the model says %" PRId64,
                  model_act_name(call->act), n_written, n);
    }
}

static void
step_item(struct walk *w, const struct model_call *call)
{
    const struct model_item *item = &w->m.orders[call->order].items[call->item];
    int64_t before = shelf_applied(w->desk->h);
    enum reason mine = model_judge(&w->m, call);
    w->tried[item->state][call->act]++;
    expect_reason(w, call, mine, walk_call(w, call, NULL));
    bool is_written = mine == REASON_NONE && model_do(&w->m, call);
    expect_log(w, call, before, is_written ? 1 : 0);
    walk_check_order(w, call->order);
    if (walk_chance(w, CHECK_ACTIONS_PERCENT)) {
        struct model_call about = *call;
        about.who = (int)walk_random(w, (uint64_t)model_n_people);
        walk_check_actions(w, &about);
    }
}

/* Who may use a session: whoever sees it is told whose it is, and its agent whether it
 * lives. */
static enum reason
judge_session(const struct walk *w, const struct model_call *call)
{
    const struct model_session *session = &w->m.sessions[call->session];
    const struct model_who *who = &model_people[call->who];
    bool is_beta = strncmp(model_people[session->who].id, "beta/", 5) == 0;
    const struct model_item any = {.offer =
                                       &walk_offers[is_beta ? WALK_OFFERS - 1 : 0]};
    if ((who->roles & model_act_roles(call->act)) == 0) {
        return REASON_ROLE_MISSING;
    }
    if (model_sides_of(who, &any).provider == 0) {
        return REASON_NOT_FOUND;
    }
    if (call->who != session->who) {
        return REASON_NOT_OWNER;
    }
    return session->is_alive ? REASON_NONE : REASON_LEASE_LOST;
}

static void
step_register(struct walk *w, const struct model_call *call)
{
    Kontor__V1__Session *reply = NULL;
    struct model_session *session = &w->m.sessions[call->session];
    int64_t before = shelf_applied(w->desk->h);
    session->max_parallel = 1 + (int32_t)walk_random(w, 6);
    session->kinds = walk_chance(w, 75) ? 0 : (uint32_t)walk_random(w, 256) << 1;
    expect_reason(w, call, REASON_NONE, walk_call(w, call, (void **)&reply));
    expect_log(w, call, before, 1);
    (void)snprintf(session->id, sizeof session->id, "%s", reply->id);
    session->is_alive = true;
    session->expires_ms = w->m.now_ms + MODEL_LEASE_MS;
    session->renewed_fence = INT64_MIN;
}

static void
step_renew(struct walk *w, const struct model_call *call)
{
    Kontor__V1__RenewResponse *reply = NULL;
    int64_t before = shelf_applied(w->desk->h);
    enum reason mine = judge_session(w, call);
    expect_reason(w, call, mine, walk_call(w, call, (void **)&reply));
    expect_log(w, call, before, 0);
    if (mine != REASON_NONE) {
        return;
    }
    if ((int32_t)reply->n_jobs != model_n_held(&w->m, call->session)) {
        walk_fail(w, SIZE_MAX, "the session is told %zu jobs, the model says %d",
                  reply->n_jobs, model_n_held(&w->m, call->session));
    }
    model_renew(&w->m, call->session);
}

/* ---- Claim ---- */

static struct model_item *
find_item(struct walk *w, const char *id, struct model_at *found)
{
    for (struct model_at at = MODEL_BEFORE; model_next(&w->m, &at);) {
        struct model_item *item = &w->m.orders[at.order].items[at.item];
        if (strcmp(item->id, id) == 0) {
            *found = at;
            return item;
        }
    }
    fail_msg("the model has no %s", id);
    return NULL;
}

/* When the oldest job was ready that a session may have; MODEL_NEVER = there is none.
 */
static int64_t
oldest_job_ms(const struct walk *w, int session)
{
    int64_t oldest_ms = MODEL_NEVER;
    for (struct model_at at = MODEL_BEFORE; model_next(&w->m, &at);) {
        const struct model_item *item = &w->m.orders[at.order].items[at.item];
        bool is_older = item->job.ready_hi_ms < oldest_ms;
        if (is_older && model_is_claimable(&w->m, session, item)) {
            oldest_ms = item->job.ready_hi_ms;
        }
    }
    return oldest_ms;
}

static void
take_job(struct walk *w, const struct model_call *call,
         const Kontor__V1__ClaimedJob *job)
{
    struct model_at at = MODEL_BEFORE;
    struct model_item *item = find_item(w, job->item, &at);
    size_t order = at.order;
    int64_t seq = shelf_applied(w->desk->h);
    bool is_first = model_is_claimable(&w->m, call->session, item) &&
                    item->job.ready_hi_ms == oldest_job_ms(w, call->session);
    if (!is_first) {
        walk_fail(w, order, "%s is handed out, which the model does not", job->item);
    }
    walk_note_order(w, order);
    model_claim(&w->m, call->session, &w->m.orders[order], at.item, seq);
    (void)snprintf(item->intent, sizeof item->intent, "%s", job->intent);
    bool is_right = job->kind == item->job.kind && job->fence == seq &&
                    job->attempt == item->job.attempt &&
                    (job->prior_intent[0] != '\0') == item->begun;
    if (!is_right || job->fence <= w->last_fence) {
        walk_fail(w, order, "the job is told as kind %d fence %" PRId64 " attempt %d",
                  (int)job->kind, job->fence, job->attempt);
    }
    w->last_fence = job->fence;
    walk_check_order(w, order);
}

static void
step_claim(struct walk *w, const struct model_call *call)
{
    Kontor__V1__ClaimResponse *reply = NULL;
    struct model_session *session = &w->m.sessions[call->session];
    int64_t before = shelf_applied(w->desk->h);
    enum reason mine = judge_session(w, call);
    expect_reason(w, call, mine, walk_call(w, call, (void **)&reply));
    bool is_full = model_n_held(&w->m, call->session) >= session->max_parallel;
    bool has_job = mine == REASON_NONE && !is_full &&
                   oldest_job_ms(w, call->session) != MODEL_NEVER;
    expect_log(w, call, before, has_job ? 1 : 0);
    if (mine != REASON_NONE) {
        return;
    }
    session->expires_ms = w->m.now_ms + MODEL_LEASE_MS;
    if (has_job) {
        take_job(w, call, reply->jobs[0]);
    }
}

/* ---- Placing, and time ---- */

static void
take_order(struct walk *w, const struct model_order *placed)
{
    size_t at = w->m.n_orders++;
    walk_note_order(w, at);
    struct model_order *order = &w->m.orders[at];
    *order = *placed;
    for (size_t i = 0; i < order->n_items; i++) {
        const struct model_item *item = &order->items[i];
        if (item->of_order >= 0) {
            struct model_instance *instance =
                &w->m.orders[item->of_order].items[item->of_item].instance;
            instance->open_order = (int)at;
            instance->open_item = (int)i;
            model_set_instance_due(&w->m, instance);
        }
    }
    model_place(&w->m, order);
    walk_check_order(w, at);
    w->n_orders++;
}

static void
step_place(struct walk *w, const struct model_call *call)
{
    struct model_order placed;
    int64_t before = shelf_applied(w->desk->h);
    enum reason mine = walk_compose(w, call->who, &placed);
    expect_reason(w, call, mine, walk_call(w, call, NULL));
    expect_log(w, call, before, mine == REASON_NONE ? 1 : 0);
    if (mine != REASON_NONE) {
        return;
    }
    take_order(w, &placed);
    /* Said twice, it is the same order. */
    struct model_call again = *call;
    again.act = ACT_PLACE_AGAIN;
    expect_reason(w, &again, REASON_NONE, walk_call(w, &again, NULL));
    expect_log(w, &again, before, 1);
}

static void
step_time(struct walk *w, const struct model_call *call)
{
    bool is_due = call->act == ACT_DEADLINES;
    bool has_leases = !is_due || walk_chance(w, 80);
    size_t mine = 0, theirs = 0, n;
    walk_note(w, call, REASON_NONE);
    harness_advance(w->desk->h, call->at_ms);
    w->m.now_ms = clock_wall_ms(&w->desk->h->clock);
    if (has_leases) {
        mine = model_lease_tick(&w->m);
        theirs = lease_tick(w->desk->lease);
    }
    if (is_due) {
        mine += model_due_tick(&w->m);
        do {
            n = due_tick_run(w->desk->due);
            theirs += n;
        } while (n > 0);
    }
    if (mine != theirs) {
        walk_fail(w, SIZE_MAX, "%zu things happened by themselves, the model says %zu",
                  theirs, mine);
    }
    walk_check_open(w);
}

/* Behind the deadlines: a broker that was away for long spares people for a while, and
 * then nothing would be late. */
static void
step_restart(struct walk *w, const struct model_call *call)
{
    struct model_call due = *call;
    struct harness *h = w->desk->h;
    due.act = ACT_DEADLINES;
    step_time(w, &due);
    walk_settle(w);
    walk_note(w, call, REASON_NONE);
    store_reader_close(w->reader);
    desk_rest(w->desk);
    h->arena = w->own;
    harness_restart(h);
    h->arena = w->step_arena;
    desk_wake(w->desk);
    assert_int_equal(store_reader_open(h->broker.store, &w->reader), STATUS_OK);
    model_restart(&w->m);
    walk_check_all(w);
}

static void (*const steps[ACT_COUNT])(struct walk *w, const struct model_call *call) = {
    [ACT_CLAIM] = step_claim,       [ACT_RENEW] = step_renew,
    [ACT_REGISTER] = step_register, [ACT_PLACE] = step_place,
    [ACT_LEASES] = step_time,       [ACT_DEADLINES] = step_time,
    [ACT_RESTART] = step_restart,
};

void
walk_step(struct walk *w)
{
    w->step++;
    arena_reset(w->step_arena);
    if (w->m.n_orders == MODEL_ORDERS) {
        walk_renew_desk(w);
    }
    w->m.now_ms = clock_wall_ms(&w->desk->h->clock);
    struct model_call call = walk_choose(w);
    if (call.act < ACT_OF_ITEMS) {
        step_item(w, &call);
    } else {
        steps[call.act](w, &call);
    }
    walk_settle(w);
    if (w->step % CHECK_ALL_EVERY == 0) {
        walk_check_all(w);
    }
}
