#include "server/order/item.h"

#include <inttypes.h>
#include <string.h>

#include "proto/moment.h"
#include "server/configuration/capacity.h"
#include "server/configuration/plan.h"

#define S(name) KONTOR__V1__ITEM_STATE__##name
#define CANCEL(name) KONTOR__V1__CANCEL_STATE__CANCEL_##name

/* ---- Scope ---- */

/* Adds a scope string to a list with room for it, once. */
static void
add_scope(struct call *call, char **scope, size_t *n_scope, const char *format,
          const char *id)
{
    char *text = arena_print(call->arena, "%s%s", format, id);
    for (size_t i = 0; i < *n_scope; i++) {
        /* Owning a string is more than taking part by it: the first byte does not
         * count. */
        if (strcmp(scope[i] + 1, text + 1) == 0) {
            return;
        }
    }
    scope[(*n_scope)++] = text;
}

void
item_scope(struct call *call, const Kontor__V1__OrderItem *item, char ***scope,
           size_t *n_scope)
{
    /* Both sides own an item; where they are one registry, its string stands once. */
    *scope = arena_alloc(call->arena, (4 + item->n_allocations) * sizeof **scope);
    *n_scope = 0;
    add_scope(call, *scope, n_scope, "=r:", call_registry_of(call, item->order));
    add_scope(call, *scope, n_scope, "=j:", item->project);
    add_scope(call, *scope, n_scope, "=r:", call_registry_of(call, item->provider));
    add_scope(call, *scope, n_scope, "=p:", item->provider);
    for (size_t i = 0; i < item->n_allocations; i++) {
        add_scope(call, *scope, n_scope, CAPACITY_TAKES,
                  item->allocations[i]->capacity);
    }
}

void
order_scope(struct call *call, const Kontor__V1__Order *order, char ***scope,
            size_t *n_scope)
{
    /*
     * The owner's strings come first and stay; providers take part only: they see the
     * reduced view, without project, note and person (ARCHITECTURE design, "Who may see
     * what"). 64 items make 131 strings of the 132 allowed.
     */
    *scope = arena_alloc(call->arena, (3 + 2 * order->n_sources) * sizeof **scope);
    *n_scope = 0;
    add_scope(call, *scope, n_scope, "=r:", call_registry_of(call, order->id));
    add_scope(call, *scope, n_scope, "=j:", order->project);
    for (size_t i = 0; i < order->n_sources; i++) {
        const char *provider = order->sources[i]->provider;
        add_scope(call, *scope, n_scope, "~r:", call_registry_of(call, provider));
        add_scope(call, *scope, n_scope, "~p:", provider);
    }
    if (order->plan[0] != '\0') {
        add_scope(call, *scope, n_scope, PLAN_ORDERED, order->plan);
    }
}

/* ---- Moving ---- */

static void
append(Kontor__V1__OrderItem *item, Kontor__V1__StateChange *change,
       struct arena *arena)
{
    size_t n_kept = item->n_history;
    Kontor__V1__StateChange **history =
        arena_alloc(arena, (n_kept + 1) * sizeof *history);
    if (n_kept > 0) {
        memcpy(history, item->history, n_kept * sizeof *history);
    }
    if (n_kept >= ITEM_MAX_HISTORY) {
        /* How it began and what happened last are worth more than what lies between. */
        memmove(&history[1], &history[2], (n_kept - 2) * sizeof *history);
        n_kept--;
    }
    history[n_kept] = change;
    item->history = history;
    item->n_history = n_kept + 1;
}

void
item_remember(Kontor__V1__OrderItem *item, const char *operation,
              Kontor__V1__ItemState to, const char *text, struct call *call)
{
    Kontor__V1__StateChange *change = arena_alloc(call->arena, sizeof *change);
    kontor__v1__state_change__init(change);
    change->at = moment_new(call->arena, call->at_ms);
    change->from = item->state;
    change->to = to;
    change->operation = (char *)operation;
    change->actor = (char *)call->actor;
    change->reason = text == NULL ? "" : (char *)text;
    append(item, change, call->arena);
}

/* What an open request to cancel came to with this state. */
static void
follow_cancel(Kontor__V1__CancelTask *task, Kontor__V1__ItemState state)
{
    bool is_open = task != NULL && (task->state == CANCEL(ASSESSING) ||
                                    task->state == CANCEL(ACCEPTED));
    if (is_open) {
        task->state = item_cancel_state(state);
    }
}

Kontor__V1__CancelState
item_cancel_state(Kontor__V1__ItemState state)
{
    if (item_state_is_cancelled(state)) {
        return CANCEL(DONE);
    }
    if (state == S(ASSESSING_CANCELLATION)) {
        return CANCEL(ASSESSING);
    }
    bool is_undone = state == S(CANCELLING) || state == S(CANCELLING_OTHERWISE);
    return is_undone ? CANCEL(ACCEPTED) : CANCEL(DECLINED);
}

bool
item_needs_cleanup(const Kontor__V1__OrderItem *item)
{
    return item->cleanup == KONTOR__V1__CLEANUP__CLEANUP_REQUIRED ||
           item->cleanup == KONTOR__V1__CLEANUP__CLEANUP_RUNNING;
}

bool
item_is_past_return(const Kontor__V1__OrderItem *item)
{
    const char *last = item->no_return_milestone;
    for (size_t i = 0; last[0] != '\0' && i < item->n_milestones; i++) {
        if (strcmp(item->milestones[i], last) == 0) {
            return true;
        }
    }
    return false;
}

void
item_shrink(Kontor__V1__OrderItem *item)
{
    enum { FIRST = 2, LAST = 6 };
    if (item->n_history > FIRST + LAST) {
        memmove(&item->history[FIRST], &item->history[item->n_history - LAST],
                LAST * sizeof item->history[0]);
        item->n_history = FIRST + LAST;
    }
    for (size_t i = 0; i + 1 < item->n_history; i++) {
        item->history[i]->reason = "";
    }
    if (item->n_receipts > LAST) {
        memmove(&item->receipts[0], &item->receipts[item->n_receipts - LAST],
                LAST * sizeof item->receipts[0]);
        item->n_receipts = LAST;
    }
    size_t n = item->n_questions;
    bool is_asking = n > 0 && item->questions[n - 1]->answered_by[0] == '\0';
    if (is_asking) {
        item->questions[0] = item->questions[n - 1];
    }
    item->n_questions = is_asking ? 1 : 0;
}

void
item_move_to(Kontor__V1__OrderItem *item, const struct item_move *move,
             const char *text, struct call *call)
{
    item_remember(item, operation_name(move->operation), move->to, text, call);
    item->state = move->to;
    follow_cancel(item->cancel, move->to);
    /*
     * Never back: the dividing line is crossed once, also when the item ends in a state
     * that itself does not say so.
     */
    item->begun = item->begun || item_state_is_begun(move->to);
    item->reason_text = text == NULL ? "" : (char *)text;
}

Kontor__V1__ApprovalStep
item_open_step(const Kontor__V1__OrderItem *item)
{
    bool is_waiting = item->state == S(AWAITING_APPROVAL) ||
                      item->state == S(AWAITING_CONSUMER_APPROVAL);
    for (size_t i = 0; is_waiting && i < item->n_approvals; i++) {
        if (item->approvals[i]->decided_by[0] == '\0') {
            return item->approvals[i]->step;
        }
    }
    return KONTOR__V1__APPROVAL_STEP__APPROVAL_STEP_UNSPECIFIED;
}

/* ---- Judging ---- */

/* An agent judges an approval step only by the EVALUATE job it holds. */
static bool
is_evaluating(const Kontor__V1__OrderItem *item)
{
    return item->job != NULL && item->job->kind == KONTOR__V1__JOB_KIND__EVALUATE &&
           item->job->session[0] != '\0';
}

/* The roles of a move that count for this item: of an approval, only those whose step
 * is open. */
static struct sides
roles_of(const struct item_move *move, const Kontor__V1__OrderItem *item)
{
    struct sides roles = {move->customer, move->provider};
    bool is_decision =
        move->operation == OPERATION_APPROVE || move->operation == OPERATION_REJECT;
    if (move->from != S(AWAITING_APPROVAL)) {
        return roles;
    }
    if (!is_evaluating(item)) {
        roles.provider &= ~ROLE_BIT(AGENT);
    }
    if (is_decision && item_open_step(item) == KONTOR__V1__APPROVAL_STEP__BROKER_STEP) {
        roles.provider &= ROLE_BIT(ADMIN);
    } else if (is_decision) {
        roles.customer = 0;
    }
    return roles;
}

static bool
is_among(struct sides roles, struct sides sides)
{
    return (roles.customer & sides.customer) != 0 ||
           (roles.provider & sides.provider) != 0;
}

struct sides
item_roles_now(const Kontor__V1__OrderItem *item, enum operation operation)
{
    struct sides roles = {0, 0};
    for (size_t i = 0; i < n_item_moves; i++) {
        const struct item_move *move = &item_moves[i];
        /* What has not begun can be taken back whatever its agent has reported. */
        bool is_too_late = operation == OPERATION_CANCEL &&
                           item_state_is_begun(item->state) &&
                           item_is_past_return(item);
        bool is_possible =
            move->operation == operation && move->from == item->state && !is_too_late;
        struct sides more = is_possible ? roles_of(move, item) : (struct sides){0, 0};
        roles.customer |= more.customer;
        roles.provider |= more.provider;
    }
    return roles;
}

/* What can be done with an item now: by the caller, and by whom else. */
struct possible {
    const char *own;    /* Names. */
    const char *others; /* Names with roles. */
};

static void
add_possible(struct call *call, const Kontor__V1__OrderItem *item, const char *name,
             struct sides roles, struct possible *possible)
{
    struct arena *arena = call->arena;
    if (is_among(roles, side_of(call->who, item))) {
        possible->own = arena_print(arena, "%s%s%s", possible->own,
                                    possible->own[0] == '\0' ? "" : ", ", name);
        return;
    }
    const char *names = side_roles(roles, arena);
    /* Nobody's: the broker does it by itself, or not at all. */
    if (names[0] != '\0') {
        possible->others =
            arena_print(arena, "%s%s%s by %s", possible->others,
                        possible->others[0] == '\0' ? "" : "; ", name, names);
    }
}

static struct possible
possible_now(struct call *call, const Kontor__V1__OrderItem *item)
{
    struct possible possible = {"", ""};
    for (int operation = 0; operation < OPERATION_COUNT; operation++) {
        add_possible(call, item, operation_name(operation),
                     item_roles_now(item, operation), &possible);
    }
    if (item_needs_cleanup(item)) {
        add_possible(call, item, ITEM_ABANDON_CLEANUP,
                     (struct sides){.provider = ROLE_BIT(ADMIN)}, &possible);
    }
    return possible;
}

enum status
item_illegal(struct call *call, const Kontor__V1__OrderItem *item, const char *wanted)
{
    struct possible possible = possible_now(call, item);
    const char *from = item_state_name(item->state);
    enum status status =
        call_illegal(call, KIND_ITEM, item->id, from, wanted, possible.own);
    if (possible.own[0] != '\0' || possible.others[0] == '\0') {
        return status;
    }
    /* Who can do nothing now may still be waited for, or wait for others. */
    call_value(call, "others", "%s", possible.others);
    return call_fail(call, REASON_ILLEGAL_STATE,
                     "%s %s is %s: %s is not possible then, nor is anything else for "
                     "you, but %s",
                     KIND_ITEM->name, item->id, from, wanted, possible.others);
}

/* The roles that may ever do an operation. */
static struct sides
roles_ever(enum operation operation)
{
    struct sides roles = {0, 0};
    for (size_t i = 0; i < n_item_moves; i++) {
        if (item_moves[i].operation == operation) {
            roles.customer |= item_moves[i].customer;
            roles.provider |= item_moves[i].provider;
        }
    }
    return roles;
}

enum status
item_role_missing(struct call *call, const Kontor__V1__OrderItem *item,
                  const char *wanted, struct sides roles)
{
    const char *names = side_roles(roles, call->arena);
    call_value(call, "role", "%s", names);
    call_value(call, "from", "%s", item_state_name(item->state));
    call_value(call, "wanted", "%s", wanted);
    return call_fail(call, REASON_ROLE_MISSING, "%s on %s needs one of: %s", wanted,
                     item->id, names);
}

enum status
item_judge(struct call *call, const Kontor__V1__OrderItem *item,
           enum operation operation, Kontor__V1__ItemState to)
{
    struct sides sides = side_of(call->who, item);
    struct sides ever = roles_ever(operation);
    const struct item_move *move = item_state_next(item->state, operation, to);
    /*
     * Three answers, in this order: the move is there but not for these roles; it may
     * be made; it is not there, which only those are told who could ever make it.
     */
    if (move != NULL && !is_among(roles_of(move, item), sides)) {
        return item_role_missing(call, item, operation_name(operation),
                                 roles_of(move, item));
    }
    if (move != NULL) {
        return STATUS_OK;
    }
    if (!is_among(ever, sides)) {
        return item_role_missing(call, item, operation_name(operation), ever);
    }
    return item_illegal(call, item, operation_name(operation));
}
