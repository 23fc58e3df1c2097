#include "server/order/allocation.h"

#include <inttypes.h>
#include <string.h>

#include "catalogue/amount.h"
#include "catalogue/parameter_value.h"
#include "proto/moment.h"
#include "server/configuration/capacity.h"
#include "server/order/item.h"
#include "server/order/placed.h"
#include "server/order/value.h"

#define ACTION(name) KONTOR__V1__ITEM_ACTION__ACTION_##name

/* ---- How much ---- */

static const Kontor__V1__Allocation *
row_of(Kontor__V1__Allocation *const *rows, size_t n_rows, const char *capacity)
{
    for (size_t i = 0; i < n_rows; i++) {
        if (strcmp(rows[i]->capacity, capacity) == 0) {
            return rows[i];
        }
    }
    return NULL;
}

static int64_t
pieces_of(const Kontor__V1__Amount *amount)
{
    int64_t pieces = 0;
    return amount_pieces(amount, &pieces) ? pieces : 0;
}

/* How many times an item takes it; "" = the customer is still asked. A parameter that
 * is not asked here takes nothing. */
static const char *
times_of(struct call *call, const Kontor__V1__OfferAllocation *rule,
         const struct values *values)
{
    if (rule->parameter[0] == '\0') {
        return "1";
    }
    for (size_t i = 0; i < values->n_questions; i++) {
        if (strcmp(values->questions[i]->id, rule->parameter) == 0) {
            return "";
        }
    }
    for (size_t i = 0; i < values->n_rows; i++) {
        if (strcmp(values->rows[i]->id, rule->parameter) == 0) {
            return parameter_value_text(values->rows[i]->value, call->arena);
        }
    }
    return "0";
}

static int64_t
end_of(const Kontor__V1__Allocation *row)
{
    return moment_ms(row->until, INT64_MAX);
}

static struct taking
taking_of(const Kontor__V1__Allocation *row, const Kontor__V1__Amount *amount, int sign,
          bool is_delivered)
{
    return (struct taking){.from_ms = moment_ms(row->from, 0),
                           .until_ms = end_of(row),
                           .pieces = sign * pieces_of(amount),
                           .is_delivered = is_delivered};
}

/* ---- How long ---- */

/* A term begins when it is delivered, and that may be late: what is held for it ends a
 * term behind the last day on which it may be begun, if the order names one. */
struct term {
    int32_t days;         /* 0 = without an end. */
    int64_t not_after_ms; /* INT64_MAX = never too late. */
};

static void
set_window(struct call *call, Kontor__V1__Allocation *row, int64_t from_ms,
           const struct term *term)
{
    int64_t last_ms = term->not_after_ms > from_ms ? term->not_after_ms : from_ms;
    bool has_end = term->days != 0 && last_ms != INT64_MAX;
    row->from = moment_new(call->arena, from_ms);
    row->until = has_end ? moment_new(call->arena,
                                      last_ms + (int64_t)term->days * CAPACITY_DAY_MS)
                         : NULL;
}

/* A change ends with what it changes, and may not begin behind that: what is held for
 * it would be less than nothing. */
static enum status
judge_window(struct call *call, const char *path, const Kontor__V1__Allocation *row)
{
    if (moment_ms(row->from, 0) >= end_of(row)) {
        call_fault(call, path, "lies behind the end of what is to be changed");
    }
    return call_check_faults(call);
}

static int64_t
start_of(const struct call *call, const Google__Protobuf__Timestamp *start_at)
{
    int64_t start_ms = moment_ms(start_at, 0);
    return start_ms > call->now_ms ? start_ms : call->now_ms;
}

/* ---- Placing ---- */

/* Capacities of which this order takes something, with what it took so far. */
struct counter {
    int64_t not_after_ms; /* Of the order; INT64_MAX = never. */
    struct capacity_state *states;
    size_t n_states;
};

static enum status
state_of(struct call *call, struct counter *counter, const char *id,
         struct capacity_state **out)
{
    for (size_t i = 0; i < counter->n_states; i++) {
        if (strcmp(counter->states[i].id, id) == 0) {
            *out = &counter->states[i];
            return STATUS_OK;
        }
    }
    *out = &counter->states[counter->n_states++];
    return capacity_read(call, id, NULL, *out);
}

/* Who is told what a provider has, is told by it alone: others learn that it is not
 * enough, and from when on. */
static enum status
refuse(struct call *call, const char *where, const Kontor__V1__Allocation *row,
       int64_t day)
{
    const char *date = value_date(day * CAPACITY_DAY_MS, call->arena);
    bool is_later = day > moment_ms(row->from, 0) / CAPACITY_DAY_MS;
    call_value(call, "capacity", "%s", row->capacity);
    call_value(call, "needed", "%s %s", row->needed->value, row->needed->unit);
    call_value(call, "from", "%s", date);
    return call_fail(call, REASON_CAPACITY_EXCEEDED,
                     "%s: %s %s of capacity %s needed, on %s not so much is free%s",
                     where, row->needed->value, row->needed->unit, row->capacity, date,
                     is_later && row->until == NULL
                         ? "; it is held without an end: where it is for a term, give "
                           "the order a not_after, and it is held for less"
                         : "");
}

static enum status
take(struct call *call, struct capacity_state *state, const char *where,
     const Kontor__V1__Allocation *row)
{
    /* One that is not there, or counted in something else by now, has nothing to give.
     */
    bool goes_with = state->capacity != NULL &&
                     amount_goes_with(state->capacity->unit, row->needed->unit);
    const struct taking taking = taking_of(row, row->needed, 1, false);
    int64_t day = 0;
    if (taking.pieces == 0) {
        return STATUS_OK;
    }
    day = taking.from_ms / CAPACITY_DAY_MS;
    if (!goes_with || taking.pieces > capacity_least(call, state, &taking, &day)) {
        return refuse(call, where, row, day);
    }
    capacity_take(call, state, &taking);
    return STATUS_OK;
}

static Kontor__V1__Allocation *
new_row(struct call *call, const char *capacity)
{
    Kontor__V1__Allocation *row = arena_alloc(call->arena, sizeof *row);
    kontor__v1__allocation__init(row);
    row->capacity = arena_copy(call->arena, capacity);
    return row;
}

/* What is more than the instance has. */
static void
set_needed(struct call *call, const Kontor__V1__Instance *instance,
           Kontor__V1__Allocation *row)
{
    const Kontor__V1__Allocation *had =
        instance == NULL
            ? NULL
            : row_of(instance->allocations, instance->n_allocations, row->capacity);
    bool is_comparable =
        had != NULL && amount_goes_with(had->amount->unit, row->amount->unit);
    int64_t more =
        pieces_of(row->amount) - (is_comparable ? pieces_of(had->amount) : 0);
    row->needed = is_comparable ? amount_exact(more > 0 ? more : 0, row->amount->unit,
                                               call->arena)
                                : row->amount;
}

/* By the offer: an order for something, or a change of it. */
static enum status
wanted_row(struct call *call, const struct counter *counter,
           const struct placed *placed, const Kontor__V1__OfferAllocation *rule,
           Kontor__V1__Allocation **out)
{
    const Kontor__V1__Instance *instance = placed->instance;
    const char *times = times_of(call, rule, &placed->values);
    int64_t pieces;
    *out = NULL;
    if (times[0] == '\0' || rule->amount == NULL) {
        return STATUS_OK;
    }
    Kontor__V1__Allocation *row = new_row(call, rule->capacity);
    const struct term term = {placed->terms->valid_days, counter->not_after_ms};
    set_window(call, row, start_of(call, placed->wanted->start_at), &term);
    if (instance != NULL) {
        row->until = instance->valid_until;
    }
    enum status status =
        judge_window(call, arena_print(call->arena, "%s.start_at", placed->path), row);
    if (status != STATUS_OK) {
        return status;
    }
    if (!amount_times(rule->amount, times, call->arena, &row->amount) ||
        !amount_pieces(row->amount, &pieces)) {
        row->needed = rule->amount;
        return refuse(call, placed->path, row,
                      moment_ms(row->from, 0) / CAPACITY_DAY_MS);
    }
    set_needed(call, instance, row);
    *out = row;
    return STATUS_OK;
}

/* By what there is: what a renewal goes on taking. */
static Kontor__V1__Allocation *
renewed_row(struct call *call, const struct counter *counter,
            const struct placed *placed, const Kontor__V1__Allocation *had)
{
    Kontor__V1__Allocation *row = new_row(call, had->capacity);
    row->amount = had->amount;
    row->needed = had->amount;
    /* The day on which it ends is counted with what there is. */
    int64_t over_ms = start_of(call, placed->instance->valid_until);
    int64_t next_day =
        over_ms / CAPACITY_DAY_MS + (over_ms % CAPACITY_DAY_MS > 0 ? 1 : 0);
    const struct term term = {placed->terms->valid_days, counter->not_after_ms};
    set_window(call, row, next_day * CAPACITY_DAY_MS, &term);
    return row;
}

/* Nobody orders what is another provider's. */
static void
keep_own(struct capacity_state *state, const char *provider)
{
    if (state->capacity != NULL && strcmp(state->capacity->provider, provider) != 0) {
        state->capacity = NULL;
    }
}

/* What there is goes on as it is; an end or a rest takes nothing. */
static size_t
count_rows(const struct placed *placed, bool is_renewal)
{
    bool is_wanted = placed->instance == NULL || placed->action == ACTION(MODIFY);
    if (is_renewal) {
        return placed->instance->n_allocations;
    }
    return is_wanted && placed->found.offer != NULL ? placed->found.offer->n_allocations
                                                    : 0;
}

static enum status
take_item(struct call *call, struct counter *counter, struct placed *placed)
{
    bool is_renewal = placed->action == ACTION(RENEW) && placed->instance != NULL &&
                      placed->instance->valid_until != NULL;
    size_t n_rows = count_rows(placed, is_renewal);
    placed->allocations = arena_alloc(call->arena, (n_rows + 1) * sizeof(void *));
    for (size_t i = 0; i < n_rows; i++) {
        Kontor__V1__Allocation *row = NULL;
        struct capacity_state *state;
        enum status status = STATUS_OK;
        if (is_renewal) {
            row = renewed_row(call, counter, placed, placed->instance->allocations[i]);
        } else {
            status = wanted_row(call, counter, placed,
                                placed->found.offer->allocations[i], &row);
        }
        if (status == STATUS_OK && row != NULL) {
            placed->allocations[placed->n_allocations++] = row;
            status = state_of(call, counter, row->capacity, &state);
        }
        if (status == STATUS_OK && row != NULL) {
            keep_own(state, placed->terms->provider);
            status = take(call, state, placed->path, row);
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

enum status
allocation_judge(struct call *call, const Google__Protobuf__Timestamp *not_after,
                 struct placed *items, size_t n_items)
{
    enum { MAX_EACH = 4 }; /* Rows of an offer. */
    struct counter counter = {
        .not_after_ms = moment_ms(not_after, INT64_MAX),
        .states = arena_alloc(call->arena,
                              (n_items * MAX_EACH + 1) * sizeof(*counter.states))};
    for (size_t i = 0; i < n_items; i++) {
        enum status status =
            items[i].terms == NULL ? STATUS_OK : take_item(call, &counter, &items[i]);
        if (status != STATUS_OK) {
            call_value(call, "item", "%s", items[i].wanted->id);
            return status;
        }
    }
    return STATUS_OK;
}

/* ---- Following an item ---- */

struct allocation_mark
allocation_mark(struct call *call, const Kontor__V1__OrderItem *item)
{
    struct allocation_mark mark = {.n_rows = 0};
    if (!item->holds_allocations) {
        return mark;
    }
    mark.rows = arena_alloc(call->arena, (item->n_allocations + 1) * sizeof *mark.rows);
    for (size_t i = 0; i < item->n_allocations; i++) {
        mark.rows[mark.n_rows++] = *item->allocations[i];
    }
    return mark;
}

enum status
allocation_move(struct call *call, Kontor__V1__OrderItem *item)
{
    for (size_t i = 0; item->holds_allocations && i < item->n_allocations; i++) {
        Kontor__V1__Allocation *row = item->allocations[i];
        const struct taking before = taking_of(row, row->needed, -1, false);
        struct capacity_state state;
        /* A renewal begins where the term ends, whenever it is ordered. */
        if (item->action == ACTION(RENEW)) {
            continue;
        }
        const Google__Protobuf__Timestamp *until = row->until;
        enum status status = capacity_read(call, row->capacity, NULL, &state);
        if (status == STATUS_OK) {
            capacity_take(call, &state, &before);
            const struct term term = {item->valid_days,
                                      moment_ms(item->not_after, INT64_MAX)};
            set_window(call, row, start_of(call, item->start_at), &term);
            /* A change lasts as long as what it changes. */
            if (item->instance[0] != '\0') {
                row->until = (Google__Protobuf__Timestamp *)(uintptr_t)until;
            }
            status = judge_window(call, "start_at", row);
        }
        if (status == STATUS_OK) {
            status = take(call, &state, "start_at", row);
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

void
allocation_settle(Kontor__V1__OrderItem *item)
{
    bool is_done = item->state == KONTOR__V1__ITEM_STATE__COMPLETED;
    item->holds_allocations =
        item->n_allocations > 0 && !is_done &&
        (!item_state_is_final(item->state) || item_needs_cleanup(item));
}

static bool
is_unchanged(const Kontor__V1__OrderItem *item, const struct allocation_mark *was)
{
    size_t n_rows = item->holds_allocations ? item->n_allocations : 0;
    bool is_same = n_rows == was->n_rows;
    for (size_t i = 0; is_same && i < n_rows; i++) {
        is_same = item->allocations[i]->from == was->rows[i].from &&
                  item->allocations[i]->until == was->rows[i].until;
    }
    return is_same;
}

enum status
allocation_follow(struct call *call, const Kontor__V1__OrderItem *item,
                  const struct allocation_mark *was, struct decision *decision)
{
    enum status status = STATUS_OK;
    if (is_unchanged(item, was)) {
        return STATUS_OK;
    }
    for (size_t i = 0; i < was->n_rows && status == STATUS_OK; i++) {
        const Kontor__V1__Allocation *row = &was->rows[i];
        const struct taking back = taking_of(row, row->needed, -1, false);
        status = capacity_follow(call, row->capacity, &back, decision);
    }
    size_t n_rows = item->holds_allocations ? item->n_allocations : 0;
    for (size_t i = 0; i < n_rows && status == STATUS_OK; i++) {
        const Kontor__V1__Allocation *row = item->allocations[i];
        const struct taking taking = taking_of(row, row->needed, 1, false);
        status = capacity_follow(call, row->capacity, &taking, decision);
    }
    return status;
}

/* ---- Following an instance ---- */

void
allocation_deliver(struct call *call, const Kontor__V1__OrderItem *item,
                   Kontor__V1__Instance *instance)
{
    instance->n_allocations = 0;
    instance->allocations =
        arena_alloc(call->arena, (item->n_allocations + 1) * sizeof(void *));
    for (size_t i = 0; i < item->n_allocations; i++) {
        Kontor__V1__Allocation *row = new_row(call, item->allocations[i]->capacity);
        row->amount = item->allocations[i]->amount;
        row->from = moment_new(call->arena, call->now_ms);
        instance->allocations[instance->n_allocations++] = row;
    }
}

static bool
is_same(const Kontor__V1__Allocation *a, const Kontor__V1__Allocation *b)
{
    return strcmp(a->capacity, b->capacity) == 0 &&
           pieces_of(a->amount) == pieces_of(b->amount) &&
           strcmp(a->amount->unit, b->amount->unit) == 0 &&
           moment_ms(a->from, 0) == moment_ms(b->from, 0) && end_of(a) == end_of(b);
}

enum status
allocation_follow_instance(struct call *call, const Kontor__V1__Instance *was,
                           Kontor__V1__Instance *instance, struct decision *decision)
{
    size_t n_was = was == NULL ? 0 : was->n_allocations;
    bool is_all_same = n_was == instance->n_allocations;
    for (size_t i = 0; i < instance->n_allocations; i++) {
        instance->allocations[i]->until = instance->valid_until;
        is_all_same =
            is_all_same && is_same(was->allocations[i], instance->allocations[i]);
    }
    enum status status = STATUS_OK;
    for (size_t i = 0; !is_all_same && i < n_was && status == STATUS_OK; i++) {
        const Kontor__V1__Allocation *row = was->allocations[i];
        const struct taking back = taking_of(row, row->amount, -1, true);
        status = capacity_follow(call, row->capacity, &back, decision);
    }
    size_t n_is = instance->n_allocations;
    for (size_t i = 0; !is_all_same && i < n_is && status == STATUS_OK; i++) {
        const Kontor__V1__Allocation *row = instance->allocations[i];
        const struct taking taking = taking_of(row, row->amount, 1, true);
        status = capacity_follow(call, row->capacity, &taking, decision);
    }
    return status;
}
