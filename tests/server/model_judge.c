/* Who may make which call of the model, and how it is refused. */
#include <string.h>

#include "tests/server/model_call.h"

#define PORTAL_BIT ROLE_BIT(PORTAL)
#define AGENTS (ROLE_BIT(AGENT) | ROLE_BIT(PEER))
#define PLACERS (ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER) | ROLE_BIT(PEER))
#define DECIDERS                                                                       \
    (ROLE_BIT(APPROVER) | ROLE_BIT(SHIFTER) | ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN) |   \
     AGENTS)
#define CARERS (ROLE_BIT(SHIFTER) | ROLE_BIT(OPERATOR))

/* Each call: the roles that may ever make it, and the move it asks for. */
static const struct act_row {
    const char *name;
    uint32_t roles;
    enum model_op op;
} act_rows[ACT_COUNT] = {
    [ACT_APPROVE] = {"DecideItem approve", DECIDERS, OP_APPROVE},
    [ACT_REJECT] = {"DecideItem reject", DECIDERS, OP_REJECT},
    [ACT_ASK_CUSTOMER] = {"AskCustomer", CARERS, OP_ASK_CUSTOMER},
    [ACT_ANSWER] = {"AnswerQuestion answer", PLACERS | CARERS, OP_ANSWER},
    [ACT_WITHDRAW] = {"AnswerQuestion withdraw", PLACERS | CARERS, OP_ANSWER},
    [ACT_HOLD_ITEM] = {"HoldItem", CARERS, OP_HOLD_ITEM},
    [ACT_RESUME] = {"ResumeItem", CARERS, OP_RESUME},
    [ACT_FORCE_FAIL] = {"OverrideItem fail", ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN),
                        OP_FORCE_FAIL},
    [ACT_REQUEUE] = {"OverrideItem requeue", ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN),
                     OP_REQUEUE},
    [ACT_ABANDON] = {"OverrideItem abandon cleanup",
                     ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN), OP_COUNT},
    [ACT_ACCEPT] = {"DecideCancel accept", ROLE_BIT(OPERATOR) | AGENTS, OP_ACCEPT},
    [ACT_DECLINE] = {"DecideCancel decline", ROLE_BIT(OPERATOR) | AGENTS, OP_DECLINE},
    [ACT_CANCEL] = {"CancelOrder", PLACERS, OP_CANCEL},
    [ACT_RESCHEDULE] = {"RescheduleItem", PLACERS, OP_COUNT},
    [ACT_BEGIN] = {"Begin", AGENTS, OP_BEGIN},
    [ACT_MILESTONE] = {"Report milestone", AGENTS, OP_COUNT},
    [ACT_EXPECT] = {"Report expected", AGENTS, OP_COUNT},
    [ACT_COMPLETE] = {"Complete", AGENTS, OP_COMPLETE},
    [ACT_FAIL_RETRYABLE] = {"Fail RETRYABLE", AGENTS, OP_FAIL},
    [ACT_FAIL_PERMANENT] = {"Fail PERMANENT", AGENTS, OP_FAIL},
    [ACT_FAIL_UNKNOWN] = {"Fail UNKNOWN", AGENTS, OP_FAIL},
    [ACT_RELEASE] = {"Release", AGENTS, OP_RELEASE},
    [ACT_HOLD] = {"Hold", AGENTS, OP_HOLD},
    [ACT_ASK_INFO] = {"AskInfo", AGENTS, OP_ASK_INFO},
    [ACT_CLAIM] = {"Claim", AGENTS, OP_CLAIM},
    [ACT_RENEW] = {"Renew", AGENTS, OP_COUNT},
    [ACT_REGISTER] = {"RegisterAgent", AGENTS, OP_COUNT},
    [ACT_PLACE] = {"PlaceOrder", PLACERS, OP_ROUTE},
    [ACT_PLACE_AGAIN] = {"PlaceOrder again", PLACERS, OP_COUNT},
    [ACT_LEASES] = {"leases end", 0, OP_LEASE},
    [ACT_DEADLINES] = {"deadlines fall due", 0, OP_DEADLINE},
    [ACT_RESTART] = {"the broker is started again", 0, OP_COUNT},
};

const char *
model_act_name(enum model_act act)
{
    return act_rows[act].name;
}

uint32_t
model_act_roles(enum model_act act)
{
    return act_rows[act].roles;
}

static bool
is_among(struct model_sides a, struct model_sides b)
{
    return (a.customer & b.customer) != 0 || (a.provider & b.provider) != 0;
}

/* ---- Moves ---- */

/* The guards of I04n, I05 and I06: an agent by the EVALUATE job it holds, and each step
 * by its own deciders. */
static struct model_sides
roles_now(const struct model_item *item, int row, enum model_op op)
{
    struct model_sides roles = model_move_roles(row);
    bool is_decision = op == OP_APPROVE || op == OP_REJECT;
    bool is_judging =
        item->job.kind == M_KIND(EVALUATE) && item->job.place == PLACE_HELD;
    Kontor__V1__ApprovalStep step = model_open_step(item);
    if (item->state != M_S(AWAITING_APPROVAL)) {
        return roles;
    }
    if (!is_judging) {
        roles.provider &= ~ROLE_BIT(AGENT);
    }
    if (is_decision && step == M_STEP(BROKER_STEP)) {
        roles.provider &= ~(ROLE_BIT(OPERATOR) | ROLE_BIT(AGENT));
    } else if (is_decision) {
        roles.customer &= ~ROLE_BIT(SHIFTER);
    }
    return roles;
}

/* People and agents ask and hold by calls of their own, and what that is depends on
 * where the item stands. */
static enum model_op
op_of(const struct model_item *item, enum model_act act)
{
    enum model_op op = act_rows[act].op;
    bool is_asking = act == ACT_ASK_CUSTOMER || act == ACT_ASK_INFO;
    if (is_asking && model_find_move(item->state, OP_ASK_INFO, 0) >= 0) {
        return OP_ASK_INFO;
    }
    if (is_asking && model_find_move(item->state, OP_ASK_CUSTOMER, 0) >= 0) {
        return OP_ASK_CUSTOMER;
    }
    bool is_held = model_find_move(item->state, OP_HOLD, 0) >= 0;
    return act == ACT_HOLD_ITEM && is_held ? OP_HOLD : op;
}

/* Where it leads, of the moves that begin alike. */
static Kontor__V1__ItemState
target_of(const struct model_item *item, enum model_op op)
{
    bool is_last = item->n_decided + 1 >= item->n_steps;
    if (op == OP_APPROVE && model_open_step(item) != 0) {
        return is_last ? M_S(QUEUED) : M_S(AWAITING_APPROVAL);
    }
    bool has_origin = op == OP_DECLINE || item->state == M_S(PENDING_INFO);
    return has_origin && (op == OP_DECLINE || op == OP_ANSWER) ? item->resume_to : 0;
}

static int
row_for(const struct model_item *item, enum model_op op)
{
    return model_find_move(item->state, op, target_of(item, op));
}

/* Three answers: the move is there but not for these roles; it may be made; it is not
 * there, which only those are told who could ever make it. */
static enum reason
judge_move(const struct model_item *item, enum model_op op, struct model_sides sides)
{
    int row = row_for(item, op);
    if (row >= 0) {
        bool is_theirs = is_among(roles_now(item, row, op), sides);
        return is_theirs ? REASON_NONE : REASON_ROLE_MISSING;
    }
    return is_among(model_ever_roles(op), sides) ? REASON_ILLEGAL_STATE
                                                 : REASON_ROLE_MISSING;
}

/* ---- People's calls ---- */

/* An agent decides by the job it holds; whoever has another role, too, by that. */
static enum reason
judge_decision(const struct model_item *item, enum model_op op,
               struct model_sides sides, int64_t fence)
{
    if (fence != 0 && !model_holds(item, fence, true)) {
        return REASON_LEASE_LOST;
    }
    enum reason reason = judge_move(item, op, sides);
    if (reason != REASON_NONE || fence != 0) {
        return reason;
    }
    sides.provider &= ~ROLE_BIT(AGENT);
    return judge_move(item, op, sides) == REASON_NONE ? REASON_NONE : REASON_LEASE_LOST;
}

/* The customer's side answers, the provider's operator takes back. */
static enum reason
judge_answer(const struct model_item *item, bool is_answer, struct model_sides sides)
{
    bool may_answer = (sides.customer & (PORTAL_BIT | ROLE_BIT(SHIFTER))) != 0;
    bool may_withdraw = (sides.provider & ROLE_BIT(OPERATOR)) != 0;
    enum reason reason = judge_move(item, OP_ANSWER, sides);
    if (reason != REASON_NONE) {
        return reason;
    }
    return (is_answer ? may_answer : may_withdraw) ? REASON_NONE
                                                   : REASON_FIELDS_INVALID;
}

static bool
may_be_rescheduled(const struct model_item *item)
{
    return !item->begun && !model_is_final(item->state) && item->state != M_S(ASSIGNED);
}

static enum reason
judge_reschedule(const struct model *m, const struct model_call *call,
                 struct model_sides sides)
{
    const struct model_order *order = &m->orders[call->order];
    if ((sides.customer & (PORTAL_BIT | ROLE_BIT(SHIFTER))) == 0) {
        return REASON_ROLE_MISSING;
    }
    if (!may_be_rescheduled(&order->items[call->item])) {
        return REASON_ILLEGAL_STATE;
    }
    bool is_late = order->not_after_ms != 0 && call->at_ms >= order->not_after_ms;
    return is_late ? REASON_FIELDS_INVALID : REASON_NONE;
}

static enum reason
judge_abandon(const struct model_item *item, struct model_sides sides)
{
    if ((sides.provider & ROLE_BIT(ADMIN)) == 0) {
        return REASON_ROLE_MISSING;
    }
    return model_is_unclean(item) ? REASON_NONE : REASON_ILLEGAL_STATE;
}

/* ---- CancelOrder ---- */

static bool
sees_order(const struct model_who *who, const struct model_order *order)
{
    for (size_t i = 0; i < order->n_items; i++) {
        if (model_is_provider(who, order->items[i].offer->provider)) {
            return true;
        }
    }
    return model_is_customer(who);
}

static enum reason
judge_cancelled(const struct model_order *order, uint32_t asked)
{
    bool is_open = false, has_ended = false;
    for (size_t i = 0; i < order->n_items; i++) {
        const struct model_item *item = &order->items[i];
        bool is_asked = (asked >> i & 1) != 0;
        bool is_final = model_is_final(item->state);
        bool is_asking =
            model_find_move(item->state, OP_CANCEL, M_S(ASSESSING_CANCELLATION)) >= 0;
        if (is_asked && is_asking && item->is_past_return) {
            return REASON_PAST_NO_RETURN;
        }
        is_open = is_open || (is_asked && !is_final);
        has_ended =
            has_ended || (is_asked && is_final && !model_is_cancelled(item->state));
    }
    return has_ended && !is_open ? REASON_ILLEGAL_STATE : REASON_NONE;
}

static enum reason
judge_cancel(const struct model *m, const struct model_call *call)
{
    const struct model_order *order = &m->orders[call->order];
    const struct model_who *who = &model_people[call->who];
    uint32_t roles = who->roles & (PORTAL_BIT | ROLE_BIT(SHIFTER) | ROLE_BIT(PEER));
    if (!sees_order(who, order)) {
        return REASON_NOT_FOUND;
    }
    if (!model_is_customer(who)) {
        return REASON_NOT_OWNER;
    }
    if (roles == 0) {
        return REASON_ROLE_MISSING;
    }
    if (call->expected != 0 && call->expected != order->revision) {
        return REASON_REVISION_MISMATCH;
    }
    return judge_cancelled(order, call->items == 0 ? UINT32_MAX : call->items);
}

/* ---- Agents' calls ---- */

/* What each kind of work delivers. */
static bool
fits(const struct model_item *item, int delivery)
{
    Kontor__V1__JobKind kind = item->job.kind;
    bool is_nothing = kind == M_KIND(ROLLBACK) || kind == M_KIND(CLEANUP) ||
                      kind == M_KIND(TERMINATE);
    if (is_nothing) {
        return delivery == 0;
    }
    return delivery != 0 || item->action != M_ACTION(ADD);
}

static bool
is_done(const struct model_item *item)
{
    bool is_told = item->state == M_S(COMPLETED) || item->result != 0;
    return model_is_final(item->state) && !model_is_unclean(item) && is_told;
}

static enum reason
judge_complete(const struct model_item *item, int delivery, struct model_sides sides)
{
    if (is_done(item)) {
        return item->result == delivery + 1 ? REASON_NONE : REASON_COMPLETION_DIFFERS;
    }
    enum reason reason = item->job.kind == M_KIND(CLEANUP)
                             ? REASON_NONE
                             : judge_move(item, OP_COMPLETE, sides);
    if (reason != REASON_NONE) {
        return reason;
    }
    return fits(item, delivery) ? REASON_NONE : REASON_FIELDS_INVALID;
}

/* Work beside the state of its item is given back without a move. */
static bool
is_beside(const struct model_item *item)
{
    return item->job.kind == M_KIND(EVALUATE) || model_is_unclean(item);
}

static enum reason
judge_failure(const struct model_item *item, enum model_act act,
              struct model_sides sides)
{
    bool is_back = !item->begun && act != ACT_FAIL_PERMANENT;
    if (is_beside(item)) {
        return REASON_NONE;
    }
    return judge_move(item, is_back ? OP_RELEASE : OP_FAIL, sides);
}

static enum reason
judge_work(const struct model_item *item, const struct model_call *call,
           struct model_sides sides)
{
    bool is_told = call->act == ACT_MILESTONE || call->act == ACT_EXPECT;
    bool is_begun_again = call->act == ACT_BEGIN && item->begun;
    bool is_given_back = call->act == ACT_RELEASE && is_beside(item);
    if (is_told || is_begun_again || is_given_back) {
        return REASON_NONE;
    }
    if (call->act == ACT_COMPLETE) {
        return judge_complete(item, call->delivery, sides);
    }
    if (act_rows[call->act].op == OP_FAIL) {
        return judge_failure(item, call->act, sides);
    }
    return judge_move(item, op_of(item, call->act), sides);
}

static enum reason
judge_agent(const struct model_item *item, const struct model_call *call,
            struct model_sides sides)
{
    bool is_last_word = call->act == ACT_COMPLETE || call->act == ACT_FAIL_PERMANENT;
    if ((sides.provider & ROLE_BIT(AGENT)) == 0) {
        return REASON_ROLE_MISSING;
    }
    if (!model_holds(item, call->fence, !is_last_word)) {
        return REASON_LEASE_LOST;
    }
    return judge_work(item, call, sides);
}

/* ---- Judging ---- */

/* Past sight, role of the call, and revision. */
static enum reason
judge_item(const struct model *m, const struct model_call *call,
           struct model_sides sides)
{
    const struct model_item *item = &m->orders[call->order].items[call->item];
    if (call->act >= ACT_BEGIN) {
        return judge_agent(item, call, sides);
    }
    if (call->act == ACT_RESCHEDULE) {
        return judge_reschedule(m, call, sides);
    }
    if (call->act == ACT_ABANDON) {
        return judge_abandon(item, sides);
    }
    if (act_rows[call->act].op == OP_ANSWER) {
        return judge_answer(item, call->act == ACT_ANSWER, sides);
    }
    bool is_decision = call->act == ACT_APPROVE || call->act == ACT_REJECT ||
                       call->act == ACT_ACCEPT || call->act == ACT_DECLINE;
    enum model_op op = op_of(item, call->act);
    return is_decision ? judge_decision(item, op, sides, call->fence)
                       : judge_move(item, op, sides);
}

enum reason
model_judge(const struct model *m, const struct model_call *call)
{
    const struct model_who *who = &model_people[call->who];
    if ((who->roles & act_rows[call->act].roles) == 0) {
        return REASON_ROLE_MISSING;
    }
    /* An agent's call says by which number. */
    if (call->act >= ACT_BEGIN && call->fence <= 0) {
        return REASON_FIELDS_INVALID;
    }
    if (call->act == ACT_CANCEL) {
        return judge_cancel(m, call);
    }
    const struct model_item *item = &m->orders[call->order].items[call->item];
    if (!model_is_customer(who) && !model_is_provider(who, item->offer->provider)) {
        return REASON_NOT_FOUND;
    }
    bool is_revised = call->act < ACT_BEGIN && call->expected != 0;
    if (is_revised && call->expected != item->revision) {
        return REASON_REVISION_MISMATCH;
    }
    return judge_item(m, call, model_sides_of(who, item));
}

int
model_row_of(const struct model *m, const struct model_call *call)
{
    const struct model_item *item = &m->orders[call->order].items[call->item];
    bool is_back = !item->begun && !is_beside(item) &&
                   (call->act == ACT_FAIL_RETRYABLE || call->act == ACT_FAIL_UNKNOWN);
    enum model_op op = is_back ? OP_RELEASE : op_of(item, call->act);
    bool is_cleaning = call->act == ACT_COMPLETE && item->job.kind == M_KIND(CLEANUP);
    return op == OP_COUNT || is_cleaning ? -1 : row_for(item, op);
}

/* As judged with the right number, words and revision. */
bool
model_is_open(const struct model *m, const struct model_call *call)
{
    const struct model_item *item = &m->orders[call->order].items[call->item];
    const struct model_who *who = &model_people[call->who];
    struct model_sides sides = model_sides_of(who, item);
    struct model_sides agent = {0, sides.provider & ROLE_BIT(AGENT)};
    bool is_held = item->job.place == PLACE_HELD;
    enum model_op op = op_of(item, call->act);
    if ((who->roles & act_rows[call->act].roles) == 0) {
        return false;
    }
    if (call->act == ACT_CANCEL) {
        bool is_possible = model_find_move(item->state, OP_CANCEL, 0) >= 0;
        return is_possible && !(item->is_past_return && item->begun) &&
               (sides.customer & (PORTAL_BIT | ROLE_BIT(SHIFTER))) != 0;
    }
    if (call->act == ACT_RESCHEDULE || call->act == ACT_ABANDON || op == OP_ANSWER) {
        return judge_item(m, call, sides) == REASON_NONE;
    }
    if (call->act < ACT_BEGIN) {
        bool is_decision =
            op == OP_APPROVE || op == OP_REJECT || op == OP_ACCEPT || op == OP_DECLINE;
        sides.provider &= is_decision ? UINT32_MAX : ~ROLE_BIT(AGENT);
        return judge_move(item, op, sides) == REASON_NONE;
    }
    bool is_cleaned = call->act == ACT_COMPLETE && model_is_unclean(item);
    bool is_back = call->act == ACT_RELEASE || op == OP_FAIL;
    if (agent.provider != 0 &&
        (is_cleaned || (is_back && is_held && is_beside(item)))) {
        return true;
    }
    return judge_move(item, op, agent) == REASON_NONE;
}
