#include "server/order/actions.h"

#include <string.h>

#include "kontor/v1/order_service.pb-c.h"
#include "server/order/aggregate.h"
#include "server/order/item.h"
#include "server/order/job.h"
#include "server/order/order.h"
#include "server/order/reschedule.h"

enum { MAX_NEEDS = 4, ACTION_ROLES = 0x7fffffff };

#define PERSON ((uint32_t)ACTION_ROLES & ~ROLE_BIT(AGENT))
#define ANY ((uint32_t)ACTION_ROLES)

/* By which call somebody makes a move, and what it needs. People and agents make some
 * of the same moves by different calls. */
static const struct action_row {
    enum operation operation;
    const char *call;
    const char *action;
    uint32_t customer, provider; /* Who makes it by this call, of those who may. */
    const char *needs[MAX_NEEDS];
} action_rows[] = {
    {OPERATION_APPROVE, "DecideItem", "approve", ANY, PERSON, {NULL}},
    {OPERATION_APPROVE, "DecideItem", "approve", 0, ROLE_BIT(AGENT), {"fence"}},
    {OPERATION_REJECT, "DecideItem", "reject", ANY, PERSON, {"reason"}},
    {OPERATION_REJECT, "DecideItem", "reject", 0, ROLE_BIT(AGENT), {"fence", "reason"}},
    {OPERATION_ASK_CUSTOMER, "AskCustomer", "", ANY, PERSON, {"question"}},
    {OPERATION_ASK_CUSTOMER, "AskInfo", "", 0, ROLE_BIT(AGENT), {"fence", "question"}},
    {OPERATION_ASK_INFO, "AskCustomer", "", ANY, PERSON, {"question"}},
    {OPERATION_ASK_INFO, "AskInfo", "", 0, ROLE_BIT(AGENT), {"fence", "question"}},
    {OPERATION_ANSWER_QUESTION, "AnswerQuestion", "answer", ANY, 0, {"answer"}},
    {OPERATION_ANSWER_QUESTION, "AnswerQuestion", "withdraw", 0, ANY, {NULL}},
    {OPERATION_HOLD_ITEM, "HoldItem", "", ANY, PERSON, {"cause", "reason"}},
    {OPERATION_HOLD, "HoldItem", "", ANY, PERSON, {"cause", "reason"}},
    {OPERATION_HOLD, "Hold", "", 0, ROLE_BIT(AGENT), {"fence", "cause", "reason"}},
    {OPERATION_RESUME, "ResumeItem", "", ANY, ANY, {NULL}},
    {OPERATION_BEGIN, "Begin", "", 0, ANY, {"fence", "intent"}},
    {OPERATION_RELEASE, "Release", "", 0, ANY, {"fence"}},
    {OPERATION_COMPLETE, "Complete", "", 0, ANY, {"fence", "delivery"}},
    {OPERATION_FAIL, "Fail", "", 0, ANY, {"fence", "failure", "reason"}},
    {OPERATION_DECLINE_CANCEL,
     "DecideCancel",
     "decline",
     ANY,
     ROLE_BIT(OPERATOR),
     {"reason"}},
    {OPERATION_DECLINE_CANCEL,
     "DecideCancel",
     "decline",
     0,
     ROLE_BIT(AGENT),
     {"fence", "reason"}},
    {OPERATION_ACCEPT_CANCEL, "DecideCancel", "accept", ANY, PERSON, {NULL}},
    {OPERATION_ACCEPT_CANCEL, "DecideCancel", "accept", 0, ROLE_BIT(AGENT), {"fence"}},
    {OPERATION_CANCEL, "CancelOrder", "", ANY, 0, {NULL}},
    {OPERATION_FORCE_FAIL, "OverrideItem", "fail", 0, ANY, {"reason"}},
    {OPERATION_REQUEUE, "OverrideItem", "requeue", 0, ANY, {"reason"}},
};

/* What an agent does with work beside the state of its item. */
static const struct action_row beside_rows[] = {
    {OPERATION_RELEASE, "Release", "", 0, ROLE_BIT(AGENT), {"fence"}},
    {OPERATION_FAIL, "Fail", "", 0, ROLE_BIT(AGENT), {"fence", "failure", "reason"}},
};
static const struct action_row cleanup_rows[] = {
    {OPERATION_COMPLETE, "Complete", "", 0, ROLE_BIT(AGENT), {"fence"}},
    {OPERATION_FORCE_FAIL,
     "OverrideItem",
     "abandon cleanup",
     0,
     ROLE_BIT(ADMIN),
     {"reason"}},
};

static const struct action_row reschedule_row = {
    OPERATION_CANCEL, RESCHEDULE, "", ANY, 0, {"start_at"}};
/* Beside the machine: it moves nothing. */
static const struct action_row access_rows[] = {
    {0, "OpenAccess", "", ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER), 0, {NULL}},
};

struct listing {
    struct call *call;
    Kontor__V1__AllowedActionsResponse *reply;
};

static void
add(struct listing *listing, const Kontor__V1__OrderItem *item,
    const struct action_row *row)
{
    struct arena *arena = listing->call->arena;
    Kontor__V1__AllowedAction *action = arena_alloc(arena, sizeof *action);
    kontor__v1__allowed_action__init(action);
    action->item = strrchr(item->id, '/') + 1;
    action->call = (char *)row->call;
    action->action = (char *)row->action;
    action->needs = arena_alloc(arena, MAX_NEEDS * sizeof *action->needs);
    /* What is undone leaves nothing to deliver. */
    bool is_undone = item->job->kind == KONTOR__V1__JOB_KIND__ROLLBACK ||
                     item->job->kind == KONTOR__V1__JOB_KIND__TERMINATE;
    for (size_t i = 0; i < MAX_NEEDS && row->needs[i] != NULL; i++) {
        if (!is_undone || strcmp(row->needs[i], "delivery") != 0) {
            action->needs[action->n_needs++] = (char *)row->needs[i];
        }
    }
    listing->reply->actions[listing->reply->n_actions++] = action;
}

/* Adds what the caller has a role for, of those it is open to. */
static void
add_if(struct listing *listing, const Kontor__V1__OrderItem *item,
       const struct action_row *row, struct sides open)
{
    struct sides own = side_of(listing->call->who, item);
    bool is_customers = (own.customer & row->customer & open.customer) != 0;
    bool is_providers = (own.provider & row->provider & open.provider) != 0;
    if (is_customers || is_providers) {
        add(listing, item, row);
    }
}

/* Rows that are open to whom the machine says, or to all whom they name. */
static void
add_rows(struct listing *listing, const Kontor__V1__OrderItem *item,
         const struct action_row *rows, size_t n_rows, bool is_open)
{
    static const struct sides all = {UINT32_MAX, UINT32_MAX};
    for (size_t i = 0; i < n_rows; i++) {
        add_if(listing, item, &rows[i],
               is_open ? all : item_roles_now(item, rows[i].operation));
    }
}

#define ROWS(table) (table), sizeof(table) / sizeof((table)[0])

static void
list_item(struct listing *listing, const Kontor__V1__OrderItem *item)
{
    bool is_evaluated = item->job->kind == KONTOR__V1__JOB_KIND__EVALUATE &&
                        item->job->session[0] != '\0';
    bool is_cleaned = item->cleanup == KONTOR__V1__CLEANUP__CLEANUP_RUNNING;
    add_rows(listing, item, ROWS(action_rows), false);
    if (reschedule_roles(item).customer != 0) {
        add_if(listing, item, &reschedule_row, reschedule_roles(item));
    }
    if (is_evaluated || is_cleaned) {
        add_rows(listing, item, ROWS(beside_rows), true);
    }
    if (item_needs_cleanup(item)) {
        add_rows(listing, item, ROWS(cleanup_rows), true);
    }
    if (item->has_access) {
        add_rows(listing, item, ROWS(access_rows), true);
    }
}

/* An order's items, or the one of this id. */
static enum status
find_items(struct call *call, const char *id, Kontor__V1__OrderItem ***items, size_t *n)
{
    struct document document;
    const char *slash = strchr(id, '/');
    bool is_item = slash != NULL && strchr(slash + 1, '/') != NULL;
    enum status status =
        call_get(call, is_item ? KIND_ITEM : KIND_ORDER, id, &document);
    if (status != STATUS_OK || !is_item) {
        return status == STATUS_OK ? order_items(call, id, 0, items, n) : status;
    }
    *items = arena_alloc(call->arena, sizeof **items);
    (*items)[0] = call_record(call, &document);
    *n = 1;
    return STATUS_OK;
}

enum status
actions_decide(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__AllowedActionsRequest *request = message;
    enum { MAX_ACTIONS = sizeof action_rows / sizeof action_rows[0] + 5 };
    Kontor__V1__OrderItem **items;
    size_t n_items;
    enum status status = find_items(call, request->id, &items, &n_items);
    if (status != STATUS_OK) {
        return status;
    }
    Kontor__V1__AllowedActionsResponse *reply = arena_alloc(call->arena, sizeof *reply);
    kontor__v1__allowed_actions_response__init(reply);
    reply->actions =
        arena_alloc(call->arena, (n_items * MAX_ACTIONS + 1) * sizeof *reply->actions);
    struct listing listing = {.call = call, .reply = reply};
    for (size_t i = 0; i < n_items; i++) {
        list_item(&listing, items[i]);
    }
    decision_reply(decision, reply);
    return STATUS_OK;
}
