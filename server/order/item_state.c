#include "server/order/item_state.h"

#define S(name) KONTOR__V1__ITEM_STATE__##name

/*
 * Every state once, in the order of the enum. Begun is a property of the state and not
 * only of the item: a state that could be either would hide whether a backend was
 * touched, and with it whether a cancel is immediate or a task (ORDERS design).
 */
static const struct state_row {
    const char *name;
    bool is_final;
    bool is_begun;
    bool is_by_customer;
} state_rows[ITEM_STATE_COUNT] = {
    [S(ITEM_STATE_UNSPECIFIED)] = {"UNSPECIFIED", false, false, false},
    [S(RECEIVED)] = {"RECEIVED", false, false, false},
    [S(AWAITING_APPROVAL)] = {"AWAITING_APPROVAL", false, false, false},
    [S(AWAITING_CONSUMER_APPROVAL)] = {"AWAITING_CONSUMER_APPROVAL", false, false,
                                       false},
    [S(QUEUED)] = {"QUEUED", false, false, false},
    [S(ASSIGNED)] = {"ASSIGNED", false, false, false},
    [S(PENDING_INFO)] = {"PENDING_INFO", false, false, false},
    [S(HELD)] = {"HELD", false, false, false},
    [S(IN_PROGRESS)] = {"IN_PROGRESS", false, true, false},
    [S(PENDING_INFO_BEGUN)] = {"PENDING_INFO_BEGUN", false, true, false},
    [S(HELD_BEGUN)] = {"HELD_BEGUN", false, true, false},
    [S(ASSESSING_CANCELLATION)] = {"ASSESSING_CANCELLATION", false, true, false},
    [S(CANCELLING)] = {"CANCELLING", false, true, false},
    [S(CANCELLING_OTHERWISE)] = {"CANCELLING_OTHERWISE", false, true, false},
    [S(COMPLETED)] = {"COMPLETED", true, true, false},
    [S(FAILED)] = {"FAILED", true, true, false},
    [S(REJECTED)] = {"REJECTED", true, false, false},
    [S(CANCELLED)] = {"CANCELLED", true, false, true},
    [S(CANCELLED_BEGUN)] = {"CANCELLED_BEGUN", true, true, true},
    [S(CANCELLED_OTHERWISE)] = {"CANCELLED_OTHERWISE", true, false, false},
    [S(CANCELLED_OTHERWISE_BEGUN)] = {"CANCELLED_OTHERWISE_BEGUN", true, true, false},
};

/*
 * Operations are told as the calls people know, since a refusal names what would be
 * allowed instead; the broker's own have a plain word.
 */
static const char *const operation_names[OPERATION_COUNT] = {
    [OPERATION_ROUTE] = "route",
    [OPERATION_APPROVE] = "DecideItem approve",
    [OPERATION_REJECT] = "DecideItem reject",
    [OPERATION_DEADLINE] = "deadline",
    [OPERATION_ASK_CUSTOMER] = "AskCustomer",
    [OPERATION_ANSWER_QUESTION] = "AnswerQuestion",
    [OPERATION_CLAIM] = "Claim",
    [OPERATION_HOLD_ITEM] = "HoldItem",
    [OPERATION_RELEASE] = "Release",
    [OPERATION_LEASE] = "lease",
    [OPERATION_FAIL] = "Fail",
    [OPERATION_HOLD] = "Hold",
    [OPERATION_ASK_INFO] = "AskInfo",
    [OPERATION_BEGIN] = "Begin",
    [OPERATION_RESUME] = "ResumeItem",
    [OPERATION_REQUEUE] = "OverrideItem requeue",
    [OPERATION_COMPLETE] = "Complete",
    [OPERATION_FORCE_FAIL] = "OverrideItem fail",
    [OPERATION_CANCEL] = "CancelOrder",
    [OPERATION_DECLINE_CANCEL] = "DecideCancel decline",
    [OPERATION_ACCEPT_CANCEL] = "DecideCancel accept",
    [OPERATION_SIBLING] = "sibling",
};

/*
 * Source: the order state machine of the design, row by row; a test keeps a copy made
 * by hand. Rows of calls this broker does not serve yet stand here all the same, so
 * that their states, once a newer broker has stored them, are judged by the same
 * machine.
 */
const struct item_move item_moves[] = {
    {"I01", S(RECEIVED), OPERATION_ROUTE, S(REJECTED), 0, 0, true,
     "a late check failed (only where a partner must validate)"},
    {"I02", S(RECEIVED), OPERATION_ROUTE, S(AWAITING_APPROVAL), 0, 0, true,
     "first approval step is the broker's or the provider's"},
    {"I02c", S(RECEIVED), OPERATION_ROUTE, S(AWAITING_CONSUMER_APPROVAL), 0, 0, true,
     "first approval step is the customer side's"},
    {"I03", S(RECEIVED), OPERATION_ROUTE, S(QUEUED), 0, 0, true, "no approval step"},
    {"I04c", S(AWAITING_CONSUMER_APPROVAL), OPERATION_APPROVE, S(AWAITING_APPROVAL),
     ROLE_BIT(APPROVER), 0, false, "more steps follow"},
    {"I04d", S(AWAITING_CONSUMER_APPROVAL), OPERATION_APPROVE, S(QUEUED),
     ROLE_BIT(APPROVER), 0, false, "last step"},
    {"I05c", S(AWAITING_CONSUMER_APPROVAL), OPERATION_REJECT, S(REJECTED),
     ROLE_BIT(APPROVER) | ROLE_BIT(ADMIN), 0, false, "reason given"},
    {"I05e", S(AWAITING_CONSUMER_APPROVAL), OPERATION_DEADLINE, S(REJECTED), 0, 0, true,
     "EXPIRED"},
    {"I04n", S(AWAITING_APPROVAL), OPERATION_APPROVE, S(AWAITING_APPROVAL),
     ROLE_BIT(SHIFTER), ROLE_BIT(OPERATOR) | ROLE_BIT(AGENT), false,
     "more steps follow; shifter for the broker step, operator or an EVALUATE job for "
     "the provider step"},
    {"I04", S(AWAITING_APPROVAL), OPERATION_APPROVE, S(QUEUED), ROLE_BIT(SHIFTER),
     ROLE_BIT(OPERATOR) | ROLE_BIT(AGENT), false, "last step; as I04n"},
    {"I05", S(AWAITING_APPROVAL), OPERATION_REJECT, S(REJECTED), ROLE_BIT(SHIFTER),
     ROLE_BIT(OPERATOR) | ROLE_BIT(AGENT) | ROLE_BIT(ADMIN), false,
     "reason given; as I04n"},
    {"I05d", S(AWAITING_APPROVAL), OPERATION_DEADLINE, S(REJECTED), 0, 0, true,
     "EXPIRED"},
    {"I06", S(AWAITING_APPROVAL), OPERATION_ASK_CUSTOMER, S(PENDING_INFO), 0,
     ROLE_BIT(SHIFTER) | ROLE_BIT(OPERATOR) | ROLE_BIT(AGENT), false,
     "remembers where it asked"},
    {"I07", S(PENDING_INFO), OPERATION_ANSWER_QUESTION, S(AWAITING_APPROVAL),
     ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER), ROLE_BIT(OPERATOR), false,
     "asked there; the asker may withdraw"},
    {"I08", S(PENDING_INFO), OPERATION_ANSWER_QUESTION, S(QUEUED),
     ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER), ROLE_BIT(OPERATOR), false,
     "asked while assigned; the asker may withdraw"},
    {"I09", S(PENDING_INFO), OPERATION_REJECT, S(REJECTED), ROLE_BIT(SHIFTER),
     ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN), false, "reason given"},
    {"I09d", S(PENDING_INFO), OPERATION_DEADLINE, S(REJECTED), 0, 0, true, "NO_ANSWER"},
    {"I10", S(QUEUED), OPERATION_CLAIM, S(ASSIGNED), 0, ROLE_BIT(AGENT), false,
     "what it requires is done; start date reached; new fence"},
    {"I12", S(QUEUED), OPERATION_HOLD_ITEM, S(HELD), 0,
     ROLE_BIT(SHIFTER) | ROLE_BIT(OPERATOR), true, "broker: the offer was suspended"},
    {"I13", S(ASSIGNED), OPERATION_RELEASE, S(QUEUED), 0, ROLE_BIT(AGENT), false,
     "fence"},
    {"I13l", S(ASSIGNED), OPERATION_LEASE, S(QUEUED), 0, 0, true,
     "session lease over; a late Begin is LEASE_LOST"},
    {"I14", S(ASSIGNED), OPERATION_FAIL, S(REJECTED), 0, ROLE_BIT(AGENT), false,
     "PERMANENT before Begin: declined"},
    {"I15", S(ASSIGNED), OPERATION_HOLD, S(HELD), 0,
     ROLE_BIT(AGENT) | ROLE_BIT(OPERATOR), true,
     "broker: NEEDS_OPERATOR after three lost leases without a Renew"},
    {"I16", S(ASSIGNED), OPERATION_ASK_INFO, S(PENDING_INFO), 0,
     ROLE_BIT(AGENT) | ROLE_BIT(OPERATOR), false, "new fence"},
    {"I17", S(ASSIGNED), OPERATION_BEGIN, S(IN_PROGRESS), 0, ROLE_BIT(AGENT), false,
     "fence and intent: the dividing line"},
    {"I18", S(HELD), OPERATION_RESUME, S(QUEUED), 0,
     ROLE_BIT(SHIFTER) | ROLE_BIT(OPERATOR), true, ""},
    {"I18o", S(HELD), OPERATION_REQUEUE, S(QUEUED), 0, ROLE_BIT(ADMIN), false,
     "reason given"},
    {"I19", S(HELD), OPERATION_REJECT, S(REJECTED), 0,
     ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN), false, "reason given"},
    {"I19d", S(HELD), OPERATION_DEADLINE, S(REJECTED), 0, 0, true, "HELD_TOO_LONG"},
    {"I20", S(IN_PROGRESS), OPERATION_COMPLETE, S(COMPLETED), 0, ROLE_BIT(AGENT), false,
     "last fence, also after the lease is over as long as nobody claimed since"},
    {"I21", S(IN_PROGRESS), OPERATION_FAIL, S(FAILED), 0, ROLE_BIT(AGENT), false,
     "PERMANENT; cleanup where anything may exist"},
    {"I21d", S(IN_PROGRESS), OPERATION_DEADLINE, S(FAILED), 0, 0, true,
     "hard maximum of the offer; cleanup"},
    {"I21o", S(IN_PROGRESS), OPERATION_FORCE_FAIL, S(FAILED), 0, ROLE_BIT(ADMIN), false,
     "reason given; cleanup"},
    {"I22", S(IN_PROGRESS), OPERATION_ASK_INFO, S(PENDING_INFO_BEGUN), 0,
     ROLE_BIT(AGENT) | ROLE_BIT(OPERATOR), false, "new fence"},
    {"I23", S(IN_PROGRESS), OPERATION_HOLD, S(HELD_BEGUN), 0,
     ROLE_BIT(AGENT) | ROLE_BIT(OPERATOR), true,
     "broker: retries exhausted, NEEDS_OPERATOR"},
    {"I24", S(PENDING_INFO_BEGUN), OPERATION_ANSWER_QUESTION, S(IN_PROGRESS),
     ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER), ROLE_BIT(OPERATOR), false,
     "claimable at once"},
    {"I25", S(PENDING_INFO_BEGUN), OPERATION_FORCE_FAIL, S(FAILED), 0,
     ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN), false, "reason given; cleanup"},
    {"I25d", S(PENDING_INFO_BEGUN), OPERATION_DEADLINE, S(FAILED), 0, 0, true,
     "NO_ANSWER; cleanup"},
    {"I26", S(HELD_BEGUN), OPERATION_RESUME, S(IN_PROGRESS), 0,
     ROLE_BIT(SHIFTER) | ROLE_BIT(OPERATOR), true, "claimable at once"},
    {"I26o", S(HELD_BEGUN), OPERATION_REQUEUE, S(IN_PROGRESS), 0, ROLE_BIT(ADMIN),
     false, "reason given; claimable at once"},
    {"I27", S(HELD_BEGUN), OPERATION_FORCE_FAIL, S(FAILED), 0,
     ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN), false, "reason given; cleanup"},
    {"I27d", S(HELD_BEGUN), OPERATION_DEADLINE, S(FAILED), 0, 0, true,
     "HELD_TOO_LONG; cleanup"},
    {"I28", S(IN_PROGRESS), OPERATION_CANCEL, S(ASSESSING_CANCELLATION),
     ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER), 0, false,
     "before the point of no return; remembers where it came from"},
    {"I29", S(PENDING_INFO_BEGUN), OPERATION_CANCEL, S(ASSESSING_CANCELLATION),
     ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER), 0, false, "as I28"},
    {"I30", S(HELD_BEGUN), OPERATION_CANCEL, S(ASSESSING_CANCELLATION),
     ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER), 0, false, "as I28"},
    {"I31", S(ASSESSING_CANCELLATION), OPERATION_DECLINE_CANCEL, S(IN_PROGRESS), 0,
     ROLE_BIT(AGENT) | ROLE_BIT(OPERATOR), true,
     "came from there; broker: at the deadline where the offer says so"},
    {"I31p", S(ASSESSING_CANCELLATION), OPERATION_DECLINE_CANCEL, S(PENDING_INFO_BEGUN),
     0, ROLE_BIT(AGENT) | ROLE_BIT(OPERATOR), true, "came from there"},
    {"I31h", S(ASSESSING_CANCELLATION), OPERATION_DECLINE_CANCEL, S(HELD_BEGUN), 0,
     ROLE_BIT(AGENT) | ROLE_BIT(OPERATOR), true, "came from there"},
    {"I32", S(ASSESSING_CANCELLATION), OPERATION_ACCEPT_CANCEL, S(CANCELLING), 0,
     ROLE_BIT(AGENT) | ROLE_BIT(OPERATOR), true,
     "broker: at the deadline where the offer says so"},
    {"I33", S(ASSESSING_CANCELLATION), OPERATION_COMPLETE, S(COMPLETED), 0,
     ROLE_BIT(AGENT), false, "too late: it was done"},
    {"I34", S(ASSESSING_CANCELLATION), OPERATION_FAIL, S(FAILED), 0, ROLE_BIT(AGENT),
     false, "PERMANENT; cleanup"},
    {"I35", S(CANCELLING), OPERATION_COMPLETE, S(CANCELLED_BEGUN), 0, ROLE_BIT(AGENT),
     false, "ROLLBACK done"},
    {"I35f", S(CANCELLING), OPERATION_FAIL, S(CANCELLED_BEGUN), 0, ROLE_BIT(AGENT),
     false, "PERMANENT: rollback failed, cleanup REQUIRED"},
    {"I35d", S(CANCELLING), OPERATION_DEADLINE, S(CANCELLED_BEGUN), 0, 0, true,
     "cleanup goes on by itself"},
    {"I38", S(CANCELLING_OTHERWISE), OPERATION_COMPLETE, S(CANCELLED_OTHERWISE_BEGUN),
     0, ROLE_BIT(AGENT), false, "ROLLBACK done"},
    {"I38f", S(CANCELLING_OTHERWISE), OPERATION_FAIL, S(CANCELLED_OTHERWISE_BEGUN), 0,
     ROLE_BIT(AGENT), false, "PERMANENT: rollback failed, cleanup REQUIRED"},
    {"I38d", S(CANCELLING_OTHERWISE), OPERATION_DEADLINE, S(CANCELLED_OTHERWISE_BEGUN),
     0, 0, true, "cleanup goes on by itself"},
    {"I10r/IN_PROGRESS", S(IN_PROGRESS), OPERATION_CLAIM, S(IN_PROGRESS), 0,
     ROLE_BIT(AGENT), false,
     "its job is claimable (lease over, or nobody holds it); new fence, prior_intent "
     "handed over"},
    {"I10r/ASSESSING_CANCELLATION", S(ASSESSING_CANCELLATION), OPERATION_CLAIM,
     S(ASSESSING_CANCELLATION), 0, ROLE_BIT(AGENT), false,
     "its job is claimable (lease over, or nobody holds it); new fence, prior_intent "
     "handed over"},
    {"I10r/CANCELLING", S(CANCELLING), OPERATION_CLAIM, S(CANCELLING), 0,
     ROLE_BIT(AGENT), false,
     "its job is claimable (lease over, or nobody holds it); new fence, prior_intent "
     "handed over"},
    {"I10r/CANCELLING_OTHERWISE", S(CANCELLING_OTHERWISE), OPERATION_CLAIM,
     S(CANCELLING_OTHERWISE), 0, ROLE_BIT(AGENT), false,
     "its job is claimable (lease over, or nobody holds it); new fence, prior_intent "
     "handed over"},
    {"I36/RECEIVED", S(RECEIVED), OPERATION_CANCEL, S(CANCELLED),
     ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER), 0, false,
     "not begun: at once; the fence changes"},
    {"I11/RECEIVED", S(RECEIVED), OPERATION_SIBLING, S(CANCELLED_OTHERWISE), 0, 0, true,
     "a required item ended without success, the window is over, or an all-or-nothing "
     "sibling failed"},
    {"I36/AWAITING_APPROVAL", S(AWAITING_APPROVAL), OPERATION_CANCEL, S(CANCELLED),
     ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER), 0, false,
     "not begun: at once; the fence changes"},
    {"I11/AWAITING_APPROVAL", S(AWAITING_APPROVAL), OPERATION_SIBLING,
     S(CANCELLED_OTHERWISE), 0, 0, true,
     "a required item ended without success, the window is over, or an all-or-nothing "
     "sibling failed"},
    {"I36/AWAITING_CONSUMER_APPROVAL", S(AWAITING_CONSUMER_APPROVAL), OPERATION_CANCEL,
     S(CANCELLED), ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER), 0, false,
     "not begun: at once; the fence changes"},
    {"I11/AWAITING_CONSUMER_APPROVAL", S(AWAITING_CONSUMER_APPROVAL), OPERATION_SIBLING,
     S(CANCELLED_OTHERWISE), 0, 0, true,
     "a required item ended without success, the window is over, or an all-or-nothing "
     "sibling failed"},
    {"I36/QUEUED", S(QUEUED), OPERATION_CANCEL, S(CANCELLED),
     ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER), 0, false,
     "not begun: at once; the fence changes"},
    {"I11/QUEUED", S(QUEUED), OPERATION_SIBLING, S(CANCELLED_OTHERWISE), 0, 0, true,
     "a required item ended without success, the window is over, or an all-or-nothing "
     "sibling failed"},
    {"I36/ASSIGNED", S(ASSIGNED), OPERATION_CANCEL, S(CANCELLED),
     ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER), 0, false,
     "not begun: at once; the fence changes"},
    {"I11/ASSIGNED", S(ASSIGNED), OPERATION_SIBLING, S(CANCELLED_OTHERWISE), 0, 0, true,
     "a required item ended without success, the window is over, or an all-or-nothing "
     "sibling failed"},
    {"I36/PENDING_INFO", S(PENDING_INFO), OPERATION_CANCEL, S(CANCELLED),
     ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER), 0, false,
     "not begun: at once; the fence changes"},
    {"I11/PENDING_INFO", S(PENDING_INFO), OPERATION_SIBLING, S(CANCELLED_OTHERWISE), 0,
     0, true,
     "a required item ended without success, the window is over, or an all-or-nothing "
     "sibling failed"},
    {"I36/HELD", S(HELD), OPERATION_CANCEL, S(CANCELLED),
     ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER), 0, false,
     "not begun: at once; the fence changes"},
    {"I11/HELD", S(HELD), OPERATION_SIBLING, S(CANCELLED_OTHERWISE), 0, 0, true,
     "a required item ended without success, the window is over, or an all-or-nothing "
     "sibling failed"},
    {"I37/IN_PROGRESS", S(IN_PROGRESS), OPERATION_SIBLING, S(CANCELLING_OTHERWISE), 0,
     0, true, "an all-or-nothing sibling failed; the agent gets ROLLBACK"},
    {"I37/PENDING_INFO_BEGUN", S(PENDING_INFO_BEGUN), OPERATION_SIBLING,
     S(CANCELLING_OTHERWISE), 0, 0, true,
     "an all-or-nothing sibling failed; the agent gets ROLLBACK"},
    {"I37/HELD_BEGUN", S(HELD_BEGUN), OPERATION_SIBLING, S(CANCELLING_OTHERWISE), 0, 0,
     true, "an all-or-nothing sibling failed; the agent gets ROLLBACK"},
    {"I37/ASSESSING_CANCELLATION", S(ASSESSING_CANCELLATION), OPERATION_SIBLING,
     S(CANCELLING_OTHERWISE), 0, 0, true,
     "an all-or-nothing sibling failed; the agent gets ROLLBACK"},
};
const size_t n_item_moves = sizeof item_moves / sizeof item_moves[0];

const struct item_move *
item_state_next(Kontor__V1__ItemState from, enum operation operation,
                Kontor__V1__ItemState to)
{
    /* Without a target the first match is remembered and a second one makes the
     * question ambiguous: a guard has to decide, and guards are the caller's. */
    const struct item_move *found = NULL;
    for (size_t i = 0; i < n_item_moves; i++) {
        const struct item_move *move = &item_moves[i];
        if (move->from != from || move->operation != operation) {
            continue;
        }
        if (move->to == to) {
            return move;
        }
        if (to == S(ITEM_STATE_UNSPECIFIED) && found != NULL) {
            return NULL;
        }
        found = to == S(ITEM_STATE_UNSPECIFIED) ? move : NULL;
    }
    return found;
}

const char *
operation_name(enum operation operation)
{
    return operation < OPERATION_COUNT ? operation_names[operation] : "unknown";
}

/* A newer broker may have stored a state this one does not know. */
static const struct state_row *
state_row(Kontor__V1__ItemState state)
{
    return &state_rows[(unsigned)state < ITEM_STATE_COUNT ? state : 0];
}

const char *
item_state_name(Kontor__V1__ItemState state)
{
    return state_row(state)->name;
}

bool
item_state_is_final(Kontor__V1__ItemState state)
{
    return state_row(state)->is_final;
}

bool
item_state_is_begun(Kontor__V1__ItemState state)
{
    return state_row(state)->is_begun;
}

bool
item_state_is_cancelled_by_customer(Kontor__V1__ItemState state)
{
    return state_row(state)->is_by_customer;
}

bool
item_state_is_cancelled(Kontor__V1__ItemState state)
{
    return state == S(CANCELLED) || state == S(CANCELLED_BEGUN) ||
           state == S(CANCELLED_OTHERWISE) || state == S(CANCELLED_OTHERWISE_BEGUN);
}
