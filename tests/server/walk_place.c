/* The orders of a walk: one to three items, related and of every kind of offer. */
#include <stdio.h>
#include <string.h>

#include "proto/moment.h"
#include "tests/server/walk.h"

#define CONSUMER M_STEP(CONSUMER_STEP)
#define BROKER M_STEP(BROKER_STEP)
#define PROVIDER M_STEP(PROVIDER_STEP)

const struct model_offer walk_offers[WALK_OFFERS] = {
    {.id = "alpine/walk/free", .provider = "alpine/hpc", .no_return = "shipped"},
    {.id = "alpine/walk/asked",
     .provider = "alpine/hpc",
     .steps = {CONSUMER},
     .n_steps = 1,
     .no_return = ""},
    {.id = "alpine/walk/basic",
     .provider = "alpine/hpc",
     .steps = {PROVIDER},
     .n_steps = 1,
     .no_return = "shipped"},
    {.id = "alpine/walk/chain",
     .provider = "alpine/hpc",
     .steps = {CONSUMER, BROKER, PROVIDER},
     .n_steps = 3,
     .no_return = ""},
    {.id = "alpine/walk/judged",
     .provider = "alpine/hpc",
     .steps = {PROVIDER},
     .n_steps = 1,
     .is_evaluated = true,
     .no_return = "shipped"},
    {.id = "alpine/walk/both",
     .provider = "alpine/hpc",
     .steps = {BROKER, PROVIDER},
     .n_steps = 2,
     .is_evaluated = true,
     .is_cancel_granted = true,
     .no_return = ""},
    {.id = "alpine/walk/hurry",
     .provider = "alpine/hpc",
     .is_cancel_granted = true,
     .no_return = "",
     .work_hours = 6,
     .approval_days = 1,
     .answer_days = 2,
     .dispatch_days = 3,
     .held_days = 4,
     .assess_days = 1},
    {.id = "alpine/walk/term",
     .provider = "alpine/hpc",
     .no_return = "",
     .valid_days = 30},
    {.id = "beta/tapes/open", .provider = "beta/tape", .no_return = ""},
};

enum { ALTERNATIVES = 3, BUNDLE = 2, REQUIRED = 1, N_RELATIONS = 5 };

/* One item on its way into an order. */
struct composing {
    struct walk *w;
    struct model_order *order;
    enum reason reason; /* How the whole will be refused. */
};

static Kontor__V1__NewItem *
new_item(struct composing *c, struct model_item *item, size_t index)
{
    Kontor__V1__PlaceOrderRequest *request = c->w->wanted;
    Kontor__V1__NewItem *wanted = desk_add(
        c->w->desk, request, (const char[]){(char)('a' + (char)index), '\0'}, "");
    (void)snprintf(item->id, sizeof item->id, "%s/%s", c->order->id, wanted->id);
    item->last_move = -1;
    item->of_order = -1;
    item->instance.open_order = -1;
    return wanted;
}

/* ---- What is ordered ---- */

static void
take_steps(struct model_item *item)
{
    item->n_steps = item->offer->n_steps;
    memcpy(item->steps, item->offer->steps, sizeof item->steps);
}

static void
add_new(struct composing *c, struct model_item *item, Kontor__V1__NewItem *wanted)
{
    item->offer = &walk_offers[walk_random(c->w, WALK_OFFERS)];
    item->action = M_ACTION(ADD);
    wanted->offer = (char *)item->offer->id;
    take_steps(item);
}

/* Whether the action goes with the instance: what rests may only go on, be renewed or
 * end. */
static bool
goes_with(Kontor__V1__ItemAction action, Kontor__V1__InstanceState state)
{
    bool is_active = state == M_I(ACTIVE);
    bool is_resting = state == M_I(SUSPENDED);
    if (action == M_ACTION(ACTION_RESUME)) {
        return is_resting;
    }
    bool is_for_both =
        action == M_ACTION(ACTION_RENEW) || action == M_ACTION(ACTION_TERMINATE);
    return is_active || (is_resting && is_for_both);
}

/* Whether an earlier item of the order is for it. */
static bool
is_named_before(const struct model_order *order, size_t of_order, size_t of_item)
{
    for (size_t i = 0; i < order->n_items; i++) {
        const struct model_item *item = &order->items[i];
        if (item->of_order == (int)of_order && item->of_item == (int)of_item) {
            return true;
        }
    }
    return false;
}

/* Something that was delivered; one in a few that is being changed, or is over. */
static struct model_item *
find_instance(struct composing *c, int *of_order, int *of_item)
{
    bool is_any = walk_chance(c->w, 12);
    for (int tries = 0; tries < 40 && c->w->m.n_orders > 0; tries++) {
        size_t o = (size_t)walk_random(c->w, c->w->m.n_orders);
        struct model_order *order = &c->w->m.orders[o];
        size_t i = (size_t)walk_random(c->w, order->n_items);
        const struct model_instance *instance = &order->items[i].instance;
        bool is_free = instance->open_order < 0 &&
                       goes_with(M_ACTION(ACTION_TERMINATE), instance->state);
        if (instance->state != 0 && (is_free || is_any) &&
            !is_named_before(c->order, o, i)) {
            *of_order = (int)o;
            *of_item = (int)i;
            return &order->items[i];
        }
    }
    return NULL;
}

static void
judge_change(struct composing *c, Kontor__V1__ItemAction action,
             const struct model_instance *instance)
{
    if (!goes_with(action, instance->state)) {
        c->reason = c->reason == REASON_NONE ? REASON_FIELDS_INVALID : c->reason;
    } else if (instance->open_order >= 0) {
        c->reason = REASON_CONCURRENT_CHANGE;
    }
}

static bool
add_change(struct composing *c, struct model_item *item, Kontor__V1__NewItem *wanted)
{
    static const Kontor__V1__ItemAction actions[] = {
        M_ACTION(ACTION_MODIFY),  M_ACTION(ACTION_RENEW),   M_ACTION(ACTION_TERMINATE),
        M_ACTION(ACTION_SUSPEND), M_ACTION(ACTION_SUSPEND), M_ACTION(ACTION_RESUME),
        M_ACTION(ACTION_RESUME),  M_ACTION(ACTION_RESUME)};
    int of_order = -1, of_item = -1;
    const struct model_item *made = find_instance(c, &of_order, &of_item);
    if (made == NULL) {
        return false;
    }
    do {
        item->action = actions[walk_random(c->w, sizeof actions / sizeof actions[0])];
    } while (!goes_with(item->action, made->instance.state) && !walk_chance(c->w, 10));
    item->offer = made->offer;
    item->of_order = of_order;
    item->of_item = of_item;
    wanted->action = item->action;
    wanted->instance = (char *)made->id;
    if (item->action == M_ACTION(ACTION_MODIFY) ||
        item->action == M_ACTION(ACTION_RENEW)) {
        take_steps(item);
    }
    judge_change(c, item->action, &made->instance);
    return true;
}

/* ---- How the items hang together ---- */

static char **
names_of(struct composing *c, uint32_t items, size_t *n)
{
    char **names = arena_alloc(c->w->step_arena, MODEL_ITEMS * sizeof *names);
    for (size_t i = 0; i < MODEL_ITEMS; i++) {
        if ((items >> i & 1) != 0) {
            names[(*n)++] = c->w->wanted->items[i]->id;
        }
    }
    return names;
}

static void
relate(struct composing *c)
{
    struct model_item *items = c->order->items;
    uint64_t relation = walk_random(c->w, N_RELATIONS);
    for (size_t i = 1; i < c->order->n_items; i++) {
        uint32_t before = (UINT32_C(1) << i) - 1;
        bool is_last = i + 1 == c->order->n_items;
        if (relation == REQUIRED) {
            items[i].requires = (uint32_t)walk_random(c->w, before + 1);
        } else if (relation == BUNDLE && is_last) {
            items[i].bundles = before;
            items[i].requires = before;
        } else if (relation == ALTERNATIVES && i == 1) {
            items[i].excludes = 1;
        } else if (relation == ALTERNATIVES) {
            items[i].requires = UINT32_C(1) << walk_random(c->w, 2);
        }
    }
    for (size_t i = 0; i < c->order->n_items; i++) {
        Kontor__V1__NewItem *wanted = c->w->wanted->items[i];
        uint32_t required = items[i].requires & ~items[i].bundles;
        wanted->requires = names_of(c, required, &wanted->n_requires);
        wanted->bundles = names_of(c, items[i].bundles, &wanted->n_bundles);
        wanted->excludes = names_of(c, items[i].excludes, &wanted->n_excludes);
    }
}

/* A window, and starts within it. */
static void
date(struct composing *c)
{
    struct walk *w = c->w;
    if (walk_chance(w, 25)) {
        c->order->not_after_ms =
            w->m.now_ms + 1 + (int64_t)walk_random(w, 15 * (uint64_t)MODEL_DAY_MS);
        w->wanted->not_after = moment_new(w->step_arena, c->order->not_after_ms);
    }
    for (size_t i = 0; i < c->order->n_items; i++) {
        int64_t at_ms =
            w->m.now_ms + (int64_t)walk_random(w, 2 * (uint64_t)MODEL_DAY_MS);
        bool is_late = c->order->not_after_ms != 0 && at_ms >= c->order->not_after_ms;
        if (walk_chance(w, 15) && !is_late) {
            c->order->items[i].start_ms = at_ms;
            w->wanted->items[i]->start_at = moment_new(w->step_arena, at_ms);
        }
    }
}

/* ---- The whole ---- */

/* The order in which a broker may judge a caller: its role, whose id, which project. */
static enum reason
judge_caller(int who)
{
    const struct model_item any = {.offer = &walk_offers[0]};
    const struct model_who *caller = &model_people[who];
    if ((caller->roles & model_act_roles(ACT_PLACE)) == 0) {
        return REASON_ROLE_MISSING;
    }
    if (strncmp(caller->id, "coast/", 6) != 0) {
        return REASON_OTHER_REGISTRY;
    }
    bool is_own = model_sides_of(caller, &any).customer != 0;
    return is_own ? REASON_NONE : REASON_NOT_FOUND;
}

enum reason
walk_compose(struct walk *w, int who, struct model_order *order)
{
    struct composing c = {w, order, REASON_NONE};
    memset(order, 0, sizeof *order);
    (void)snprintf(order->id, sizeof order->id, "coast/w-%08llu",
                   (unsigned long long)w->step);
    w->wanted = desk_new(w->desk, order->id);
    /* Of one item rather seldom: what hangs together is more to look at. */
    size_t n_items = 1 + (size_t)(walk_random(w, 5) + 1) / 2;
    for (size_t i = 0; i < n_items; i++) {
        struct model_item *item = &order->items[i];
        Kontor__V1__NewItem *wanted = new_item(&c, item, i);
        bool is_change = walk_chance(w, 35) && add_change(&c, item, wanted);
        if (!is_change) {
            add_new(&c, item, wanted);
        }
        order->n_items++;
    }
    order->is_all_or_nothing = walk_chance(w, 50);
    w->wanted->mode = order->is_all_or_nothing ? KONTOR__V1__ORDER_MODE__ALL_OR_NOTHING
                                               : KONTOR__V1__ORDER_MODE__BEST_EFFORT;
    relate(&c);
    date(&c);
    enum reason reason = judge_caller(who);
    return reason == REASON_NONE ? c.reason : reason;
}
