/* What a walk tries next: anything by anybody, with a liking for what is taken and was
 * seldom seen. */
#include "tests/server/walk.h"

enum {
    HOUR_MS = 3600000,
    TRIES = 60,
    ENOUGH = 7,          /* Failures in a row, whatever the limits are. */
    SELDOM_STEPS = 1000, /* Once in so many is seldom. */
    OPEN_ORDERS = 5,     /* As many are under way at once. */
};

/* How often each call is tried, of a hundred or so: what leads on more often than what
 * ends. */
static const uint8_t weights[ACT_OF_ITEMS] = {
    [ACT_APPROVE] = 14,       [ACT_REJECT] = 2,         [ACT_ASK_CUSTOMER] = 6,
    [ACT_ANSWER] = 8,         [ACT_WITHDRAW] = 5,       [ACT_HOLD_ITEM] = 6,
    [ACT_RESUME] = 7,         [ACT_FORCE_FAIL] = 2,     [ACT_REQUEUE] = 4,
    [ACT_ABANDON] = 2,        [ACT_ACCEPT] = 6,         [ACT_DECLINE] = 6,
    [ACT_CANCEL] = 4,         [ACT_RESCHEDULE] = 3,     [ACT_BEGIN] = 14,
    [ACT_MILESTONE] = 5,      [ACT_EXPECT] = 2,         [ACT_COMPLETE] = 9,
    [ACT_FAIL_RETRYABLE] = 4, [ACT_FAIL_PERMANENT] = 3, [ACT_FAIL_UNKNOWN] = 4,
    [ACT_RELEASE] = 4,        [ACT_HOLD] = 5,           [ACT_ASK_INFO] = 5,
};

uint64_t
walk_random(struct walk *w, uint64_t n)
{
    /* splitmix64: short, and the same everywhere. */
    w->random += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t x = w->random;
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    x ^= x >> 31;
    return n == 0 ? 0 : x % n;
}

bool
walk_chance(struct walk *w, uint64_t percent)
{
    return walk_random(w, 100) < percent;
}

static enum model_act
choose_act(struct walk *w)
{
    uint64_t sum = 0;
    for (int i = 0; i < ACT_OF_ITEMS; i++) {
        sum += weights[i];
    }
    uint64_t at = walk_random(w, sum);
    int act = 0;
    while (at >= weights[act]) {
        at -= weights[act++];
    }
    return act;
}

/* ---- Which order ---- */

/* Whether anything is left to happen to it. */
static bool
is_alive(const struct model_order *order)
{
    for (size_t i = 0; i < order->n_items; i++) {
        const struct model_item *item = &order->items[i];
        if (!model_is_final(item->state) || model_is_unclean(item)) {
            return true;
        }
    }
    return false;
}

static bool
is_open(const struct model_order *order)
{
    for (size_t i = 0; i < order->n_items; i++) {
        if (!model_is_final(order->items[i].state)) {
            return true;
        }
    }
    return false;
}

static size_t
n_open(const struct walk *w)
{
    size_t n = 0;
    for (size_t i = 0; i < w->m.n_orders; i++) {
        n += is_open(&w->m.orders[i]) ? 1 : 0;
    }
    return n;
}

static size_t
choose_order(struct walk *w)
{
    bool is_any = walk_chance(w, 8);
    size_t order = (size_t)walk_random(w, w->m.n_orders);
    for (int i = 0; i < TRIES && !is_any && !is_alive(&w->m.orders[order]); i++) {
        order = (size_t)walk_random(w, w->m.n_orders);
    }
    return order;
}

/* ---- What is said ---- */

/* The right number mostly, else none, another job's, or one that is none. */
static int64_t
choose_fence(struct walk *w, const struct model_item *item, enum model_act act)
{
    bool is_decision = act == ACT_APPROVE || act == ACT_REJECT || act == ACT_ACCEPT ||
                       act == ACT_DECLINE;
    bool has_fence = act >= ACT_BEGIN || (is_decision && walk_chance(w, 40));
    if (!has_fence) {
        return 0;
    }
    if (walk_chance(w, 80)) {
        return item->job.fence;
    }
    const struct model_order *other = &w->m.orders[walk_random(w, w->m.n_orders)];
    const int64_t wrong[] = {0, item->last_claim, item->stale_claim, item->revision,
                             other->items[0].job.fence};
    return wrong[walk_random(w, 5)];
}

static int64_t
choose_expected(struct walk *w, int64_t revision)
{
    const int64_t choices[] = {0, 0, 0, revision, revision, revision - 1, revision + 1};
    return choices[walk_random(w, 7)];
}

static int64_t
choose_time(struct walk *w, enum model_act act)
{
    int64_t now_ms = w->m.now_ms;
    int64_t later_ms = now_ms + 1 + (int64_t)walk_random(w, 2 * (uint64_t)MODEL_DAY_MS);
    const int64_t starts[] = {0, 0, now_ms - HOUR_MS, later_ms, later_ms};
    return act == ACT_EXPECT ? later_ms : starts[walk_random(w, 5)];
}

static int
choose_delivery(struct walk *w, const struct model_item *item)
{
    bool is_nothing = item->job.kind == M_KIND(ROLLBACK) ||
                      item->job.kind == M_KIND(CLEANUP) ||
                      item->job.kind == M_KIND(TERMINATE);
    /* Whether the end of what is to be ended may be told with a delivery while its
     * cancel is judged is nowhere said. */
    bool is_end = item->action == M_ACTION(ACTION_TERMINATE);
    bool is_right = is_end || walk_chance(w, 85);
    bool has_some = item->job.kind == M_KIND(ASSESS_CANCEL) && is_end
                        ? false
                        : is_nothing != is_right;
    return has_some ? 1 + (int)walk_random(w, 2) : 0;
}

/* Anything about an item. */
static struct model_call
propose(struct walk *w)
{
    struct model_call call = {.act = choose_act(w), .order = choose_order(w)};
    const struct model_order *order = &w->m.orders[call.order];
    call.item = (size_t)walk_random(w, order->n_items);
    const struct model_item *item = &order->items[call.item];
    bool is_cancel = call.act == ACT_CANCEL;
    uint32_t some = (uint32_t)walk_random(w, UINT64_C(1) << order->n_items);
    call.who = (int)walk_random(w, (uint64_t)model_n_people);
    call.fence = choose_fence(w, item, call.act);
    call.expected = choose_expected(w, is_cancel ? order->revision : item->revision);
    call.items = is_cancel && walk_chance(w, 70) ? some : 0;
    call.at_ms = choose_time(w, call.act);
    call.delivery = choose_delivery(w, item);
    return call;
}

/* How often what the end of an item means for its siblings was seen. */
static uint64_t
n_fates_seen(const struct walk *w, const struct model_call *call)
{
    const struct model_order *order = &w->m.orders[call->order];
    uint64_t n = UINT64_MAX;
    for (size_t i = 0; order->is_all_or_nothing && i < order->n_items; i++) {
        int row = model_find_move(order->items[i].state, OP_SIBLING, 0);
        bool is_rarer = row >= 0 && i != call->item && w->m.moves[row] < n;
        n = is_rarer ? w->m.moves[row] : n;
    }
    return n;
}

/* How often what it does was seen; what moves nothing counts as seen often. */
static uint64_t
n_seen(const struct walk *w, const struct model_call *call)
{
    int row = model_row_of(&w->m, call);
    if (row < 0) {
        return UINT64_MAX;
    }
    Kontor__V1__ItemState to = model_move_to(row);
    bool is_failure = to == M_S(FAILED) || to == M_S(REJECTED);
    uint64_t n_fates = is_failure ? n_fates_seen(w, call) : UINT64_MAX;
    return n_fates < w->m.moves[row] ? n_fates : w->m.moves[row];
}

/* Whether it ends the item without anything delivered, and was seen often: made as
 * often as it could be, no order would come far. */
static bool
is_early_end(const struct walk *w, const struct model_call *call)
{
    int row = model_row_of(&w->m, call);
    return row >= 0 && model_is_final(model_move_to(row)) &&
           model_move_to(row) != M_S(COMPLETED) &&
           n_seen(w, call) > w->step / SELDOM_STEPS;
}

/* Something that is taken, if any is found; mostly what was seen least. */
static struct model_call
propose_good(struct walk *w)
{
    struct model_call best = propose(w);
    bool is_found = false, is_rare = walk_chance(w, 65);
    for (int i = 0; i < TRIES; i++) {
        struct model_call call = propose(w);
        bool is_spared = is_early_end(w, &call) && !walk_chance(w, 2);
        if (model_judge(&w->m, &call) != REASON_NONE || is_spared) {
            continue;
        }
        if (!is_found || n_seen(w, &call) < n_seen(w, &best)) {
            best = call;
        }
        is_found = true;
        if (!is_rare) {
            break;
        }
    }
    return best;
}

/* Something that is refused as seldom anything was. */
static struct model_call
propose_bad(struct walk *w)
{
    struct model_call best = propose(w);
    uint64_t n_best = UINT64_MAX;
    for (int i = 0; i < TRIES; i++) {
        struct model_call call = propose(w);
        enum reason reason = model_judge(&w->m, &call);
        if (reason != REASON_NONE && w->reasons[reason] < n_best) {
            n_best = w->reasons[reason];
            best = call;
        }
    }
    return best;
}

/* What leads on: behind Begin lies half of the machine. */
static struct model_call
propose_onward(struct walk *w)
{
    static const enum model_act onward[] = {ACT_BEGIN,   ACT_BEGIN,  ACT_BEGIN,
                                            ACT_APPROVE, ACT_ANSWER, ACT_RESUME};
    struct model_call call = propose(w);
    for (int i = 0; i < 2 * TRIES && model_judge(&w->m, &call) != REASON_NONE; i++) {
        enum model_act act = onward[walk_random(w, 6)];
        call = propose(w);
        call.act = act;
        call.fence = choose_fence(w, &w->m.orders[call.order].items[call.item], act);
        call.items = 0;
        call.expected = 0;
    }
    return call;
}

/* Whether an agent's work on it goes wrong once more, or for the first time. */
static bool
is_failing(struct walk *w, const struct model_item *item)
{
    const struct model_job *job = &item->job;
    bool is_worked_on = job->place == PLACE_HELD && item->begun &&
                        !model_is_final(item->state) && job->retries < ENOUGH;
    bool has_failed = job->unknowns > 0 || job->retries > 0;
    return is_worked_on && (has_failed || walk_chance(w, 4));
}

static enum model_act
failure_of(struct walk *w, const struct model_item *item)
{
    bool is_unknown =
        item->job.unknowns > 0 || (item->job.retries == 0 && walk_chance(w, 70));
    return is_unknown ? ACT_FAIL_UNKNOWN : ACT_FAIL_RETRYABLE;
}

/* What went wrong goes wrong again: some limits are of failures in a row. Answers
 * whether there is such work. */
static bool
propose_again(struct walk *w, struct model_call *call)
{
    struct model_at at = MODEL_BEFORE;
    const struct model_item *item = NULL;
    do {
        if (!model_next(&w->m, &at)) {
            return false;
        }
        item = &w->m.orders[at.order].items[at.item];
    } while (!is_failing(w, item));
    *call = (struct model_call){.act = failure_of(w, item),
                                .order = at.order,
                                .item = at.item,
                                .fence = item->job.fence};
    for (int i = 0; i < TRIES && model_judge(&w->m, call) != REASON_NONE; i++) {
        call->who = (int)walk_random(w, (uint64_t)model_n_people);
    }
    return true;
}

/* ---- What is not about an item ---- */

static struct model_call
choose_session(struct walk *w)
{
    struct model_call call = {.session = (int)walk_random(w, MODEL_SESSIONS)};
    struct model_session *session = &w->m.sessions[call.session];
    call.who = session->who;
    call.act = walk_chance(w, 75) ? ACT_CLAIM : ACT_RENEW;
    if (!session->is_alive && (session->id[0] == '\0' || walk_chance(w, 75))) {
        call.act = ACT_REGISTER;
    } else if (walk_chance(w, 4)) {
        call.who = (int)walk_random(w, (uint64_t)model_n_people);
    }
    return call;
}

/* To the next deadline of some item, or a few hours. */
static int64_t
choose_wait(struct walk *w)
{
    const struct model_order *order = &w->m.orders[choose_order(w)];
    size_t item = (size_t)walk_random(w, order->n_items);
    int64_t due_ms = model_due_ms(order, &order->items[item]);
    int64_t some_ms = (int64_t)walk_random(w, 4 * (uint64_t)HOUR_MS);
    if (due_ms == MODEL_NEVER || due_ms < w->m.now_ms) {
        return some_ms;
    }
    int64_t wait_ms = due_ms - w->m.now_ms;
    /* Just in time, a little before, or some time after. */
    const int64_t choices[] = {wait_ms, wait_ms > 0 ? wait_ms - 1 : 0,
                               wait_ms + some_ms};
    return choices[walk_random(w, 3)];
}

/* Whether a job that was lost before is held, and could be lost again. */
static bool
is_shaky(const struct walk *w)
{
    bool is_found = false;
    for (struct model_at at = MODEL_BEFORE; model_next(&w->m, &at);) {
        const struct model_job *job = &w->m.orders[at.order].items[at.item].job;
        is_found = is_found || (job->place == PLACE_HELD && job->losses > 0);
    }
    return is_found;
}

/* Whether a job settles of which nobody knows how it ended. */
static bool
is_settling(const struct walk *w)
{
    bool is_found = false;
    for (struct model_at at = MODEL_BEFORE; model_next(&w->m, &at);) {
        const struct model_job *job = &w->m.orders[at.order].items[at.item].job;
        is_found = is_found || (job->place == PLACE_OFFERED && job->unknowns > 0 &&
                                job->ready_hi_ms > w->m.now_ms);
    }
    return is_found;
}

static struct model_call
choose_passing(struct walk *w)
{
    static const int64_t waits[] = {1000,  3000,  7000,  20000,
                                    59999, 60000, 61000, 400000};
    struct model_call call = {.act = ACT_LEASES};
    call.at_ms = waits[walk_random(w, 8)];
    if (is_shaky(w) && walk_chance(w, 40)) {
        call.at_ms = MODEL_LEASE_MS;
    }
    if (walk_chance(w, 20)) {
        call.act = ACT_DEADLINES;
        call.at_ms = choose_wait(w);
    }
    if (walk_chance(w, 3)) {
        call = (struct model_call){.act = ACT_RESTART};
    }
    return call;
}

static struct model_call
choose_placing(struct walk *w)
{
    struct model_call call = {.act = ACT_PLACE};
    if (walk_chance(w, 15)) {
        call.who = (int)walk_random(w, (uint64_t)model_n_people);
    }
    return call;
}

struct model_call
walk_choose(struct walk *w)
{
    uint64_t dice = walk_random(w, 100);
    bool is_wanted = n_open(w) < OPEN_ORDERS && walk_chance(w, 30);
    if (w->m.n_orders == 0 || is_wanted) {
        return choose_placing(w);
    }
    if (dice < 22) {
        return choose_session(w);
    }
    if (dice < 27) {
        return choose_passing(w);
    }
    struct model_call again = {.act = ACT_LEASES, .at_ms = MODEL_SETTLE_MS / 2};
    if (is_settling(w) && walk_chance(w, 25)) {
        return again;
    }
    if (walk_chance(w, 40) && propose_again(w, &again)) {
        return again;
    }
    if (dice < 40) {
        return propose_onward(w);
    }
    if (dice < 46) {
        return propose_bad(w);
    }
    return dice < 62 ? propose(w) : propose_good(w);
}
