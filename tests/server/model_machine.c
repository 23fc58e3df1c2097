/* The machine of the model: item_moves.h, read once into numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/item_moves.h"
#include "tests/server/model.h"

static const char *const op_names[OP_COUNT] = {
    [OP_ROUTE] = "route",
    [OP_APPROVE] = "DecideItem approve",
    [OP_REJECT] = "DecideItem reject",
    [OP_DEADLINE] = "deadline",
    [OP_ASK_CUSTOMER] = "AskCustomer",
    [OP_ANSWER] = "AnswerQuestion",
    [OP_CLAIM] = "Claim",
    [OP_HOLD_ITEM] = "HoldItem",
    [OP_RELEASE] = "Release",
    [OP_LEASE] = "lease",
    [OP_FAIL] = "Fail",
    [OP_HOLD] = "Hold",
    [OP_ASK_INFO] = "AskInfo",
    [OP_BEGIN] = "Begin",
    [OP_RESUME] = "ResumeItem",
    [OP_REQUEUE] = "OverrideItem requeue",
    [OP_COMPLETE] = "Complete",
    [OP_FORCE_FAIL] = "OverrideItem fail",
    [OP_CANCEL] = "CancelOrder",
    [OP_DECLINE] = "DecideCancel decline",
    [OP_ACCEPT] = "DecideCancel accept",
    [OP_SIBLING] = "sibling",
};

/* Sets of states, as the design names them. */
static const Kontor__V1__ItemState final_states[] = {M_S(COMPLETED),
                                                     M_S(FAILED),
                                                     M_S(REJECTED),
                                                     M_S(CANCELLED),
                                                     M_S(CANCELLED_BEGUN),
                                                     M_S(CANCELLED_OTHERWISE),
                                                     M_S(CANCELLED_OTHERWISE_BEGUN)};
static const Kontor__V1__ItemState begun_states[] = {
    M_S(IN_PROGRESS),     M_S(PENDING_INFO_BEGUN),
    M_S(HELD_BEGUN),      M_S(ASSESSING_CANCELLATION),
    M_S(CANCELLING),      M_S(CANCELLING_OTHERWISE),
    M_S(COMPLETED),       M_S(FAILED),
    M_S(CANCELLED_BEGUN), M_S(CANCELLED_OTHERWISE_BEGUN)};
static const Kontor__V1__ItemState cancelled_states[] = {
    M_S(CANCELLED), M_S(CANCELLED_BEGUN), M_S(CANCELLED_OTHERWISE),
    M_S(CANCELLED_OTHERWISE_BEGUN)};

/* The table as numbers. */
static struct {
    Kontor__V1__ItemState from, to;
    enum model_op op;
    struct model_sides roles;
} rows[MODEL_MOVES];

static struct model_sides ever[OP_COUNT];

static const char *const event_names[EVENT_COUNT] = {
    [EVENT_POISONED] = "held after lost leases",
    [EVENT_POISONED_BESIDE] = "work beside lost too often",
    [EVENT_RETRIES_OVER] = "held after RETRYABLE",
    [EVENT_UNKNOWNS_OVER] = "held after UNKNOWN",
    [EVENT_ROLLBACK_OVER] = "rollback given up",
    [EVENT_TRIED_ON] = "tried on while a cancel is judged",
    [EVENT_REPLACED] = "alternative begun instead",
    [EVENT_REMOVED] = "delivered and removed",
    [EVENT_PART_FAILED] = "part of a bundle failed",
    [EVENT_WINDOW_OVER] = "window over",
    [EVENT_AT_RISK] = "at risk",
    [EVENT_TERM_OVER] = "term over",
    [EVENT_MODIFIED] = "instance modified",
    [EVENT_RENEWED] = "instance renewed",
    [EVENT_TERMINATED] = "instance terminated",
    [EVENT_SUSPENDED] = "instance suspended",
    [EVENT_RESUMED] = "instance resumed",
    [EVENT_RESTARTED] = "broker started again",
};

static bool
is_among(Kontor__V1__ItemState state, const Kontor__V1__ItemState *set, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (set[i] == state) {
            return true;
        }
    }
    return false;
}

#define AMONG(state, set) is_among((state), (set), sizeof(set) / sizeof((set)[0]))

bool
model_is_final(Kontor__V1__ItemState state)
{
    return AMONG(state, final_states);
}

bool
model_is_begun(Kontor__V1__ItemState state)
{
    return AMONG(state, begun_states);
}

bool
model_is_cancelled(Kontor__V1__ItemState state)
{
    return AMONG(state, cancelled_states);
}

/* Cancelled as the customer wished: that fails nothing else. */
bool
model_is_customers(Kontor__V1__ItemState state)
{
    return state == M_S(CANCELLED) || state == M_S(CANCELLED_BEGUN);
}

const char *
model_op_name(enum model_op op)
{
    return op_names[op];
}

const char *
model_state_name(Kontor__V1__ItemState state)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
        &kontor__v1__item_state__descriptor, (int)state);
    return value == NULL ? "?" : value->name;
}

static Kontor__V1__ItemState
read_state(const char *name)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value_by_name(
        &kontor__v1__item_state__descriptor, name);
    assert_non_null(value);
    return (Kontor__V1__ItemState)value->value;
}

static enum model_op
read_op(const char *name)
{
    for (int op = 0; op < OP_COUNT; op++) {
        if (strcmp(op_names[op], name) == 0) {
            return op;
        }
    }
    fail_msg("no operation is called %s", name);
    return OP_COUNT;
}

/* Whether "role@side" is a word of the list. */
static bool
is_word(const char *list, const char *role, const char *side)
{
    char word[32];
    (void)snprintf(word, sizeof word, "%s@%s", role, side);
    const char *at = strstr(list, word);
    return at != NULL && (at == list || at[-1] == ' ');
}

static struct model_sides
read_roles(const char *list)
{
    static const struct {
        const char *name;
        uint32_t bit;
    } roles[] = {{"portal", ROLE_BIT(PORTAL)},     {"approver", ROLE_BIT(APPROVER)},
                 {"shifter", ROLE_BIT(SHIFTER)},   {"agent", ROLE_BIT(AGENT)},
                 {"operator", ROLE_BIT(OPERATOR)}, {"admin", ROLE_BIT(ADMIN)}};
    struct model_sides sides = {0, 0};
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        bool is_customers = is_word(list, roles[i].name, "customer");
        sides.customer |= is_customers ? roles[i].bit : 0;
        sides.provider |= is_word(list, roles[i].name, "provider") ? roles[i].bit : 0;
    }
    return sides;
}

void
model_begin(struct model *m)
{
    enum { N_ROWS = sizeof expected_moves / sizeof expected_moves[0] };
    assert_int_equal(N_ROWS, MODEL_MOVES);
    memset(m, 0, sizeof *m);
    memset(ever, 0, sizeof ever);
    for (size_t i = 0; i < N_ROWS; i++) {
        rows[i].from = read_state(expected_moves[i].from);
        rows[i].to = read_state(expected_moves[i].to);
        rows[i].op = read_op(expected_moves[i].operation);
        rows[i].roles = read_roles(expected_moves[i].roles);
        ever[rows[i].op].customer |= rows[i].roles.customer;
        ever[rows[i].op].provider |= rows[i].roles.provider;
    }
}

int
model_find_move(Kontor__V1__ItemState from, enum model_op op, Kontor__V1__ItemState to)
{
    int found = -1;
    for (int i = 0; i < MODEL_MOVES; i++) {
        bool is_this = rows[i].from == from && rows[i].op == op;
        if (is_this && rows[i].to == to) {
            return i;
        }
        if (is_this && to == 0) {
            found = found == -1 ? i : -2;
        }
    }
    return found < 0 ? -1 : found;
}

const char *
model_move_id(int row)
{
    return expected_moves[row].id;
}

const char *
model_event_name(enum model_event event)
{
    return event_names[event];
}

bool
model_next(const struct model *m, struct model_at *at)
{
    at->item++;
    if (at->order < m->n_orders && at->item >= m->orders[at->order].n_items) {
        at->order++;
        at->item = 0;
    }
    return at->order < m->n_orders;
}

enum model_op
model_move_op(int row)
{
    return rows[row].op;
}

Kontor__V1__ItemState
model_move_from(int row)
{
    return rows[row].from;
}

Kontor__V1__ItemState
model_move_to(int row)
{
    return rows[row].to;
}

struct model_sides
model_move_roles(int row)
{
    return rows[row].roles;
}

struct model_sides
model_ever_roles(enum model_op op)
{
    return ever[op];
}
