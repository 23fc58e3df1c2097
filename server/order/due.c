#include "server/order/due.h"

#include <string.h>

#include "proto/digest.h"
#include "proto/moment.h"
#include "server/broker.h"
#include "server/catalogue/provider.h"
#include "server/clock.h"
#include "server/order/decide_cancel.h"
#include "server/order/due_time.h"
#include "server/order/edit.h"
#include "server/order/item.h"
#include "server/order/stock.h"

#define S(name) KONTOR__V1__ITEM_STATE__##name
#define R(name) KONTOR__V1__ITEM_REASON__##name

enum { MAX_STEPS = 4 };

/* ---- What ---- */

/* One step of a state. */
struct step {
    int64_t (*at_ms)(const Kontor__V1__OrderItem *item, int64_t since_ms);
    enum status (*run)(struct edit *edit, size_t index, const struct step *step);
    const char *text;
    Kontor__V1__ItemReason reason;
    Kontor__V1__JeopardyLevel level;
    bool is_people; /* It hits people who may have been kept from acting. */
};

/* Puts the item at risk, for somebody to look. */
static void
put_at_risk(struct edit *edit, size_t index, Kontor__V1__JeopardyLevel level,
            const char *text)
{
    struct call *call = edit->call;
    Kontor__V1__OrderItem *item = edit->items[index].item;
    Kontor__V1__Jeopardy *jeopardy = arena_alloc(call->arena, sizeof *jeopardy);
    kontor__v1__jeopardy__init(jeopardy);
    jeopardy->level = level;
    jeopardy->since = moment_new(call->arena, call->at_ms);
    jeopardy->text = (char *)text;
    item->jeopardy = jeopardy;
    item_remember(item, operation_name(OPERATION_DEADLINE), item->state, text, call);
    edit_restate(edit, index);
}

static enum status
endanger(struct edit *edit, size_t index, const struct step *step)
{
    put_at_risk(edit, index, step->level, step->text);
    return STATUS_OK;
}

void
due_endanger(struct edit *edit, size_t index, const char *text)
{
    put_at_risk(edit, index, KONTOR__V1__JEOPARDY_LEVEL__HAZARD, text);
}

/* The customer sees it in the history, and whoever watches hears of it. */
static enum status
remind(struct edit *edit, size_t index, const struct step *step)
{
    Kontor__V1__OrderItem *item = edit->items[index].item;
    item_remember(item, operation_name(OPERATION_DEADLINE), item->state, step->text,
                  edit->call);
    edit_touch(edit, index);
    return STATUS_OK;
}

/* The start date has come. */
static enum status
dispatch(struct edit *edit, size_t index, const struct step *step)
{
    (void)step;
    edit_touch(edit, index);
    edit_dispatch(edit, index);
    return STATUS_OK;
}

/* Others may have what it could not be worked on with. */
static enum status
return_stock(struct edit *edit, size_t index, const struct step *step)
{
    Kontor__V1__OrderItem *item = edit->items[index].item;
    bool is_returned;
    enum status status = stock_overdue(edit->call, item, &is_returned);
    if (status != STATUS_OK) {
        return status;
    }
    if (is_returned) {
        item_remember(item, operation_name(OPERATION_DEADLINE), item->state, step->text,
                      edit->call);
    } else {
        due_stock_again(item, edit->call->arena);
    }
    edit_restate(edit, index);
    edit_dispatch(edit, index);
    return STATUS_OK;
}

static enum status
expire(struct edit *edit, size_t index, const struct step *step)
{
    struct edit_cause cause = {
        .operation = OPERATION_DEADLINE, .reason = step->reason, .text = step->text};
    return edit_move(edit, index, &cause);
}

static enum status
close_window(struct edit *edit, size_t index, const struct step *step)
{
    struct edit_cause cause = {.operation = OPERATION_SIBLING,
                               .to = S(CANCELLED_OTHERWISE),
                               .reason = step->reason,
                               .text = step->text};
    return edit_move(edit, index, &cause);
}

/* Nobody said whether it can be cancelled: as the offer says, else it goes on. */
static enum status
decide_cancel(struct edit *edit, size_t index, const struct step *step)
{
    const Kontor__V1__OrderItem *item = edit->items[index].item;
    bool is_granted = item->deadlines != NULL && item->deadlines->is_cancel_granted;
    struct edit_cause cause = {.operation = is_granted ? OPERATION_ACCEPT_CANCEL
                                                       : OPERATION_DECLINE_CANCEL,
                               .to = is_granted ? S(CANCELLING) : item->resume_to,
                               .text = step->text};
    return decide_cancel_move(edit, index, &cause);
}

#define KEPT_LONG_ENOUGH                                                               \
    {                                                                                  \
        due_stock_end, return_stock, "its pieces are kept no longer", 0, 0, false      \
    }
#define HAZARD KONTOR__V1__JEOPARDY_LEVEL__HAZARD
#define CRITICAL KONTOR__V1__JEOPARDY_LEVEL__CRITICAL

/* What happens by itself, state by state; what is not here has no deadline of its own:
 * ASSIGNED ends with the session's lease, and what is final stays. */
static const struct due_row {
    Kontor__V1__ItemState state;
    struct step steps[MAX_STEPS];
} due_rows[] = {
    {S(RECEIVED),
     {{due_after_validation, endanger, "it was not taken in time", 0, CRITICAL,
       false}}},
    {S(AWAITING_APPROVAL),
     {{due_approval_warning, remind, "one working day is left to decide", 0, 0, false},
      {due_approval_end, expire, "nobody decided in time", R(EXPIRED), 0, true},
      {due_window_end, close_window, "the time it was wanted for is over", R(BY_WINDOW),
       0, false},
      KEPT_LONG_ENOUGH}},
    {S(AWAITING_CONSUMER_APPROVAL),
     {{due_approval_warning, remind, "one working day is left to decide", 0, 0, false},
      {due_approval_end, expire, "nobody decided in time", R(EXPIRED), 0, true},
      {due_window_end, close_window, "the time it was wanted for is over", R(BY_WINDOW),
       0, false},
      KEPT_LONG_ENOUGH}},
    {S(PENDING_INFO),
     {{due_first_reminder, remind, "the question is still open", 0, 0, false},
      {due_second_reminder, remind, "the question is still open", 0, 0, false},
      {due_answer_end, expire, "the customer did not answer in time", R(NO_ANSWER), 0,
       true},
      KEPT_LONG_ENOUGH}},
    {S(PENDING_INFO_BEGUN),
     {{due_first_reminder, remind, "the question is still open", 0, 0, false},
      {due_second_reminder, remind, "the question is still open", 0, 0, false},
      {due_answer_end, expire, "the customer did not answer in time", R(NO_ANSWER), 0,
       true}}},
    {S(QUEUED),
     {{due_start, dispatch, "its start date has come", 0, 0, false},
      {due_untaken, endanger, "nobody has taken it in time", 0, HAZARD, false},
      {due_window_end, close_window, "the time it was wanted for is over", R(BY_WINDOW),
       0, false},
      KEPT_LONG_ENOUGH}},
    {S(IN_PROGRESS),
     {{due_expected, endanger, "it should be done by now, or have a new date", 0,
       HAZARD, false},
      {due_work_end, expire, "the work took longer than its offer allows",
       R(TOOK_TOO_LONG), 0, false}}},
    {S(HELD),
     {{due_held_end, expire, "it was held too long", R(HELD_TOO_LONG), 0, true},
      KEPT_LONG_ENOUGH}},
    {S(HELD_BEGUN),
     {{due_held_end, expire, "it was held too long", R(HELD_TOO_LONG), 0, true}}},
    {S(ASSESSING_CANCELLATION),
     {{due_assess_end, decide_cancel, "nobody decided on the cancel in time", 0, 0,
       true}}},
    {S(CANCELLING),
     {{due_undo_end, expire, "undoing it took too long: cleaning up goes on", 0, 0,
       false}}},
    {S(CANCELLING_OTHERWISE),
     {{due_undo_end, expire, "undoing it took too long: cleaning up goes on", 0, 0,
       false}}},
};

static const struct step no_steps[MAX_STEPS];

static const struct step *
steps_of(Kontor__V1__ItemState state)
{
    for (size_t i = 0; i < sizeof due_rows / sizeof due_rows[0]; i++) {
        if (due_rows[i].state == state) {
            return due_rows[i].steps;
        }
    }
    return no_steps;
}

/* ---- The nearest ---- */

/* The step that is next; NULL = none. */
static const struct step *
next_step(const Kontor__V1__OrderItem *item, int64_t *at_ms)
{
    const struct step *steps = steps_of(item->state);
    const struct step *next = NULL;
    int64_t since_ms = moment_ms(item->due->since, 0);
    *at_ms = INT64_MAX;
    for (size_t i = 0; i < MAX_STEPS && steps[i].at_ms != NULL; i++) {
        bool has_fired = (item->due->fired >> i & 1) != 0;
        int64_t step_ms = has_fired ? INT64_MAX : steps[i].at_ms(item, since_ms);
        if (step_ms < *at_ms) {
            *at_ms = step_ms;
            next = &steps[i];
        }
    }
    return next;
}

/* The nearest of what ends the state, fired or not. */
static int64_t
expires_ms(const Kontor__V1__OrderItem *item)
{
    const struct step *steps = steps_of(item->state);
    int64_t since_ms = moment_ms(item->due->since, 0);
    int64_t nearest_ms = INT64_MAX;
    for (size_t i = 0; i < MAX_STEPS && steps[i].at_ms != NULL; i++) {
        bool is_end = steps[i].run != remind && steps[i].run != dispatch &&
                      steps[i].run != return_stock;
        int64_t step_ms = is_end ? steps[i].at_ms(item, since_ms) : INT64_MAX;
        nearest_ms = step_ms < nearest_ms ? step_ms : nearest_ms;
    }
    return nearest_ms;
}

static Google__Protobuf__Timestamp *
moment_or_none(struct arena *arena, int64_t ms)
{
    return ms == INT64_MAX ? NULL : moment_new(arena, ms);
}

void
due_again(Kontor__V1__OrderItem *item, struct arena *arena)
{
    int64_t at_ms;
    if (item->due == NULL) {
        return;
    }
    (void)next_step(item, &at_ms);
    item->due->at = moment_or_none(arena, at_ms);
    item->due->expires_at = moment_or_none(arena, expires_ms(item));
}

void
due_leave(Kontor__V1__OrderItem *item, Kontor__V1__ItemState from,
          const struct call *call)
{
    int64_t since_ms =
        item->due == NULL ? call->now_ms : moment_ms(item->due->since, call->now_ms);
    int64_t steady_ms = broker_steady_since_ms(call->broker);
    /* How long it took before the clock was set cannot be told any more; nobody's work
     * fails for time that may never have passed. */
    if (clock_jumped_ms(call->broker->clock) != 0 && since_ms < steady_ms) {
        since_ms = steady_ms;
    }
    if (from == S(IN_PROGRESS) && since_ms < call->now_ms) {
        item->worked_ms += call->now_ms - since_ms;
    }
}

void
due_begin(Kontor__V1__OrderItem *item, const struct call *call)
{
    item->jeopardy = NULL;
    item->due = NULL;
    if (steps_of(item->state)[0].at_ms == NULL) {
        return;
    }
    item->due = arena_alloc(call->arena, sizeof *item->due);
    kontor__v1__due__init(item->due);
    item->due->since = moment_new(call->arena, call->now_ms);
    due_again(item, call->arena);
}

/* A step whose time has been set anew may happen once more. */
static void
happen_anew(Kontor__V1__OrderItem *item,
            int64_t (*at_ms)(const Kontor__V1__OrderItem *item, int64_t since_ms))
{
    const struct step *steps = steps_of(item->state);
    for (size_t i = 0; item->due != NULL && i < MAX_STEPS; i++) {
        if (steps[i].at_ms == at_ms) {
            item->due->fired &= (int32_t) ~(UINT32_C(1) << i);
        }
    }
}

void
due_expect(Kontor__V1__OrderItem *item, Google__Protobuf__Timestamp *expected_at,
           struct arena *arena)
{
    item->expected_at = expected_at;
    item->jeopardy = NULL;
    happen_anew(item, due_expected);
    due_again(item, arena);
}

void
due_stock_again(Kontor__V1__OrderItem *item, struct arena *arena)
{
    happen_anew(item, due_stock_end);
    due_again(item, arena);
}

Google__Protobuf__Timestamp *
due_expires(const Kontor__V1__OrderItem *item)
{
    return item->due == NULL ? NULL : item->due->expires_at;
}

bool
due_hits_people(const Kontor__V1__OrderItem *item)
{
    int64_t at_ms;
    const struct step *next = item->due == NULL ? NULL : next_step(item, &at_ms);
    return next != NULL && next->is_people;
}

/* ---- Firing ---- */

/* Marks the step as done before it is run: a move counts its own state anew. */
static enum status
run_step(struct edit *edit, size_t index, const struct step *step)
{
    Kontor__V1__OrderItem *item = edit->items[index].item;
    size_t at = (size_t)(step - steps_of(item->state));
    item->due->fired |= (int32_t)(UINT32_C(1) << at);
    due_again(item, edit->call->arena);
    return step->run(edit, index, step);
}

/* Reads an item of an order whoever asks, for a work of the broker's own. */
static enum status
open_item(struct call *call, const char *id, struct edit **edit, size_t *index)
{
    struct document document;
    Kontor__V1__OrderItem *item;
    enum status status = call_get(call, KIND_ITEM, id, &document);
    if (status != STATUS_OK) {
        return status;
    }
    const Kontor__V1__OrderItem *found = call_record(call, &document);
    status = edit_open(call, found->order, edit);
    return status == STATUS_OK ? edit_find(*edit, id, index, &item) : status;
}

enum status
due_calendar(struct call *call, const char *provider, Kontor__V1__WorkCalendar **out)
{
    struct document document;
    Kontor__V1__Provider *record;
    enum status status = provider_read(call, provider, &document, &record);
    /* A provider that is gone works as anybody. */
    *out = record == NULL ? NULL : record->calendar;
    return status;
}

bool
due_is_same_calendar(const Kontor__V1__WorkCalendar *one,
                     const Kontor__V1__WorkCalendar *other)
{
    static const Kontor__V1__WorkCalendar none = KONTOR__V1__WORK_CALENDAR__INIT;
    uint8_t one_hash[DIGEST_SIZE], other_hash[DIGEST_SIZE];
    digest_message(one == NULL ? &none.base : &one->base, NULL, one_hash);
    digest_message(other == NULL ? &none.base : &other->base, NULL, other_hash);
    return memcmp(one_hash, other_hash, DIGEST_SIZE) == 0;
}

/* Takes over the provider's calendar as it is now; answers whether it changed. */
static enum status
take_calendar(struct call *call, Kontor__V1__OrderItem *item, bool *has_changed)
{
    Kontor__V1__WorkCalendar *calendar = NULL;
    enum status status = due_calendar(call, item->provider, &calendar);
    if (status != STATUS_OK) {
        return status;
    }
    *has_changed = !due_is_same_calendar(item->calendar, calendar);
    item->calendar = calendar;
    return STATUS_OK;
}

static enum status
finish(struct edit *edit, struct decision *decision)
{
    if (edit_is_changed(edit)) {
        return edit_commit(edit, decision);
    }
    decision_reply(decision, NULL);
    return STATUS_OK;
}

enum status
due_fire(struct call *call, const void *request, struct decision *decision)
{
    struct edit *edit;
    size_t index;
    bool has_changed;
    int64_t at_ms = INT64_MAX;
    enum status status = open_item(call, request, &edit, &index);
    if (status != STATUS_OK) {
        return status;
    }
    Kontor__V1__OrderItem *item = edit->items[index].item;
    /* By the calendar as it is now: days that were taken off since still count. */
    status = take_calendar(call, item, &has_changed);
    if (status != STATUS_OK) {
        return status;
    }
    const struct step *next = item->due == NULL ? NULL : next_step(item, &at_ms);
    if (next != NULL && at_ms <= call->now_ms) {
        status = run_step(edit, index, next);
    } else if (has_changed) {
        due_again(item, call->arena);
        edit_restate(edit, index);
    }
    return status == STATUS_OK ? finish(edit, decision) : status;
}

enum status
due_revise(struct call *call, const void *request, struct decision *decision)
{
    struct edit *edit;
    size_t index;
    bool has_changed = false;
    enum status status = open_item(call, request, &edit, &index);
    if (status == STATUS_OK) {
        status = take_calendar(call, edit->items[index].item, &has_changed);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (has_changed) {
        due_again(edit->items[index].item, call->arena);
        edit_restate(edit, index);
    }
    return finish(edit, decision);
}
