/* What is taken of a capacity, by day. */
#include <stdlib.h>
#include <string.h>

#include "catalogue/amount.h"
#include "proto/moment.h"
#include "server/configuration/capacity.h"

static int64_t
day_of(int64_t ms)
{
    return ms > 0 ? ms / CAPACITY_DAY_MS : 0;
}

/* The first day on which it is over. */
static int64_t
day_after(int64_t ms)
{
    return day_of(ms) + (ms % CAPACITY_DAY_MS > 0);
}

/* ---- Adding up ---- */

/* The step of a day, made if there is none. */
static Kontor__V1__CapacityUseStep *
step_of(struct call *call, Kontor__V1__CapacityUse *use, int64_t day)
{
    size_t place = 0;
    while (place < use->n_steps && use->steps[place]->day < day) {
        place++;
    }
    if (place < use->n_steps && use->steps[place]->day == day) {
        return use->steps[place];
    }
    Kontor__V1__CapacityUseStep *step = arena_alloc(call->arena, sizeof *step);
    Kontor__V1__CapacityUseStep **steps =
        arena_alloc(call->arena, (use->n_steps + 1) * sizeof *steps);
    kontor__v1__capacity_use_step__init(step);
    step->day = day;
    for (size_t i = 0; i < use->n_steps; i++) {
        steps[i < place ? i : i + 1] = use->steps[i];
    }
    steps[place] = step;
    use->steps = steps;
    use->n_steps++;
    return step;
}

static void
add(Kontor__V1__CapacityUseStep *step, int64_t pieces, bool is_delivered)
{
    int64_t *sum = is_delivered ? &step->allocated : &step->requested;
    *sum += pieces;
}

/* What lies behind is how it stands now; steps that add nothing go. */
static void
fold(struct call *call, Kontor__V1__CapacityUse *use)
{
    int64_t today = day_of(call->now_ms);
    Kontor__V1__CapacityUseStep *now = step_of(call, use, 0);
    size_t n_kept = 0;
    for (size_t i = 0; i < use->n_steps; i++) {
        Kontor__V1__CapacityUseStep *step = use->steps[i];
        bool is_past = step != now && step->day <= today;
        if (is_past) {
            add(now, step->allocated, true);
            add(now, step->requested, false);
        }
        if (step == now ||
            (!is_past && (step->allocated != 0 || step->requested != 0))) {
            use->steps[n_kept++] = step;
        }
    }
    use->n_steps = n_kept;
}

void
capacity_take(struct call *call, struct capacity_state *state,
              const struct taking *taking)
{
    Kontor__V1__CapacityUse *use = state->use;
    int64_t today = day_of(call->now_ms);
    int64_t from = day_of(taking->from_ms);
    add(step_of(call, use, from > today ? from : 0), taking->pieces,
        taking->is_delivered);
    if (taking->until_ms != INT64_MAX) {
        int64_t until = day_after(taking->until_ms);
        add(step_of(call, use, until > today ? until : 0), -taking->pieces,
            taking->is_delivered);
    }
    fold(call, use);
}

/* ---- Reading and writing ---- */

static enum status
read_use(struct call *call, struct capacity_state *state, int64_t as_of)
{
    struct document document;
    enum status status =
        as_of == 0 ? call_get_any(call, KIND_CAPACITY_USE, state->id, &document)
                   : store_get(call->reader, KIND_CAPACITY_USE, state->id, NULL, as_of,
                               call->arena, &document);
    if (status == STATUS_OK) {
        state->use = call_record(call, &document);
        state->revision = document.revision;
        return STATUS_OK;
    }
    state->use = arena_alloc(call->arena, sizeof *state->use);
    kontor__v1__capacity_use__init(state->use);
    state->use->id = arena_copy(call->arena, state->id);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status
capacity_read(struct call *call, const char *id, const Kontor__V1__AsOf *when,
              struct capacity_state *state)
{
    struct document document;
    int64_t as_of;
    *state = (struct capacity_state){.id = id};
    enum status status = call_as_of(call, when, &as_of);
    if (status == STATUS_OK) {
        status = call_as_of_ms(call, when, &state->at_ms);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = as_of == 0 ? call_get_any(call, KIND_CAPACITY, id, &document)
                        : store_get(call->reader, KIND_CAPACITY, id, NULL, as_of,
                                    call->arena, &document);
    if (status == STATUS_OK) {
        state->capacity = call_record(call, &document);
    } else if (status != STATUS_NOT_FOUND) {
        return status;
    }
    return read_use(call, state, as_of);
}

static enum status
pending_use(struct call *call, const char *id, struct bytes *pending,
            struct capacity_state *state)
{
    *state = (struct capacity_state){.id = id};
    state->use = kontor__v1__capacity_use__unpack(
        arena_allocator(call->arena, STORE_MAX_COMMIT), pending->size, pending->data);
    return state->use == NULL ? call_fail(call, REASON_INTERNAL,
                                          "what is taken of %s cannot be read", id)
                              : STATUS_OK;
}

enum status
capacity_follow(struct call *call, const char *id, const struct taking *taking,
                struct decision *decision)
{
    struct bytes *pending = decision_pending(decision, KIND_CAPACITY_USE, id);
    struct capacity_state state = {.id = id};
    enum status status;
    if (taking->pieces == 0) {
        return STATUS_OK;
    }
    status = pending == NULL ? read_use(call, &state, 0)
                             : pending_use(call, id, pending, &state);
    if (status != STATUS_OK) {
        return status;
    }
    capacity_take(call, &state, taking);
    if (pending != NULL) {
        *pending = call_pack(call, &state.use->base);
    } else {
        decision_put(call, decision, KIND_CAPACITY_USE, id, state.revision, NULL, 0,
                     &state.use->base);
    }
    return STATUS_OK;
}

/* ---- How it stands ---- */

/* Pieces there are by a step of the capacity. */
static int64_t
pieces_by(const Kontor__V1__Capacity *capacity, size_t step)
{
    Kontor__V1__Amount amount = KONTOR__V1__AMOUNT__INIT;
    int64_t pieces;
    amount.value = capacity->steps[step]->value;
    amount.unit = capacity->unit;
    return amount_pieces(&amount, &pieces) ? pieces : 0;
}

/* The least there is on a day: what comes in its course is there the day after, what
 * goes is gone before. */
static int64_t
offered_on(const struct capacity_state *state, int64_t day)
{
    int64_t least = 0;
    for (size_t i = 0; state->capacity != NULL && i < state->capacity->n_steps; i++) {
        int64_t from_ms = moment_ms(state->capacity->steps[i]->from, INT64_MIN);
        int64_t pieces = pieces_by(state->capacity, i);
        if (from_ms <= day * CAPACITY_DAY_MS) {
            least = pieces;
        } else if (from_ms < (day + 1) * CAPACITY_DAY_MS && pieces < least) {
            least = pieces;
        }
    }
    return least;
}

static int
compare_days(const void *a, const void *b)
{
    const struct capacity_day *left = a;
    const struct capacity_day *right = b;
    return (left->day > right->day) - (left->day < right->day);
}

static size_t
mark_days(const struct capacity_state *state, struct capacity_day *days)
{
    int64_t today = day_of(state->at_ms);
    size_t n_days = 0;
    days[n_days++].day = today;
    for (size_t i = 0; i < state->use->n_steps; i++) {
        if (state->use->steps[i]->day > today) {
            days[n_days++].day = state->use->steps[i]->day;
        }
    }
    for (size_t i = 0; state->capacity != NULL && i < state->capacity->n_steps; i++) {
        int64_t day = day_of(moment_ms(state->capacity->steps[i]->from, 0));
        for (int64_t next = day; next <= day + 1; next++) {
            if (next > today) {
                days[n_days++].day = next;
            }
        }
    }
    qsort(days, n_days, sizeof *days, compare_days);
    return n_days;
}

size_t
capacity_days(struct call *call, const struct capacity_state *state,
              struct capacity_day **out)
{
    const Kontor__V1__CapacityUse *use = state->use;
    size_t n_steps = state->capacity == NULL ? 0 : state->capacity->n_steps;
    struct capacity_day *days =
        arena_alloc(call->arena, (use->n_steps + 2 * n_steps + 1) * sizeof *days);
    size_t n_days = mark_days(state, days), n_kept = 0, next = 0;
    int64_t allocated = 0, requested = 0;
    for (size_t i = 0; i < n_days; i++) {
        for (; next < use->n_steps && use->steps[next]->day <= days[i].day; next++) {
            allocated += use->steps[next]->allocated;
            requested += use->steps[next]->requested;
        }
        struct capacity_day row = {days[i].day, offered_on(state, days[i].day),
                                   allocated, requested};
        struct capacity_day *last = n_kept == 0 ? NULL : &days[n_kept - 1];
        bool is_same = last != NULL && last->offered == row.offered &&
                       last->allocated == allocated && last->requested == requested;
        if (!is_same) {
            days[n_kept++] = row;
        }
    }
    *out = days;
    return n_kept;
}

int64_t
capacity_least(struct call *call, const struct capacity_state *state,
               const struct taking *window, int64_t *day)
{
    struct capacity_day *days;
    size_t n_days = capacity_days(call, state, &days);
    int64_t from = day_of(window->from_ms);
    int64_t until =
        window->until_ms == INT64_MAX ? INT64_MAX : day_after(window->until_ms);
    int64_t least = INT64_MAX;
    *day = from;
    for (size_t i = 0; i < n_days && days[i].day < until; i++) {
        bool is_before = i + 1 < n_days && days[i + 1].day <= from;
        int64_t n_free = days[i].offered - days[i].allocated - days[i].requested;
        if (!is_before && n_free < least) {
            least = n_free;
            *day = days[i].day > from ? days[i].day : from;
        }
    }
    return least;
}
