/*
 * What orders do by the design: an order, its items, jobs, leases, deadlines and
 * instances as plain numbers, and what every call and the passing of time make of them.
 * Written from the design and the contract, never from server/order: where the two
 * differ, one of them is wrong. The moves of an item are those of item_moves.h.
 *
 * Memory: the caller's struct. Errors: a move the table lacks fails the test. Threads:
 * the test's own.
 */
#ifndef KONTOR_TESTS_SERVER_MODEL_H
#define KONTOR_TESTS_SERVER_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kontor/v1/order.pb-c.h"
#include "proto/reason.h"
#include "server/rpc/principal.h"

#define M_S(name) KONTOR__V1__ITEM_STATE__##name
#define M_R(name) KONTOR__V1__ITEM_REASON__##name
#define M_KIND(name) KONTOR__V1__JOB_KIND__##name
#define M_CLEANUP(name) KONTOR__V1__CLEANUP__CLEANUP_##name
#define M_CANCEL(name) KONTOR__V1__CANCEL_STATE__CANCEL_##name
#define M_STEP(name) KONTOR__V1__APPROVAL_STEP__##name
#define M_ACTION(name) KONTOR__V1__ITEM_ACTION__##name
#define M_I(name) KONTOR__V1__INSTANCE_STATE__INSTANCE_##name

enum {
    MODEL_ITEMS = 3,
    MODEL_ORDERS = 48,
    MODEL_SESSIONS = 5,
    MODEL_STEPS = 3,
    MODEL_MOVES = 79,
    MODEL_STATES = 21, /* With UNSPECIFIED. */
    MODEL_SETTLE_MS = 60000,
    MODEL_LEASE_MS = 60000,
    MODEL_DAY_MS = 86400000,
};
#define MODEL_NEVER INT64_MAX

/* The operations of the machine's table. */
enum model_op {
    OP_ROUTE,
    OP_APPROVE,
    OP_REJECT,
    OP_DEADLINE,
    OP_ASK_CUSTOMER,
    OP_ANSWER,
    OP_CLAIM,
    OP_HOLD_ITEM,
    OP_RELEASE,
    OP_LEASE,
    OP_FAIL,
    OP_HOLD,
    OP_ASK_INFO,
    OP_BEGIN,
    OP_RESUME,
    OP_REQUEUE,
    OP_COMPLETE,
    OP_FORCE_FAIL,
    OP_CANCEL,
    OP_DECLINE,
    OP_ACCEPT,
    OP_SIBLING,
    OP_COUNT
};

/* Roles on the two sides of an item. */
struct model_sides {
    uint32_t customer, provider;
};

/* What an offer says that matters here. */
struct model_offer {
    const char *id, *provider;
    Kontor__V1__ApprovalStep steps[MODEL_STEPS];
    size_t n_steps;
    bool is_evaluated, is_cancel_granted;
    const char *no_return; /* "" = there always is a way back. */
    int32_t valid_days, work_hours;
    int32_t approval_days, answer_days, dispatch_days, held_days, assess_days;
};

enum model_place { PLACE_NONE, PLACE_OFFERED, PLACE_HELD };

/* Why an item moves. */
struct model_cause {
    enum model_op op;
    Kontor__V1__ItemState to; /* 0 = the only state it leads to. */
    bool is_holder;           /* By whoever holds the job. */
};

/* What happens seldom, and beside the moves: a walk has to meet each. */
enum model_event {
    EVENT_POISONED,        /* Held after three leases were lost. */
    EVENT_POISONED_BESIDE, /* An evaluation or a cleanup was. */
    EVENT_RETRIES_OVER,    /* RETRYABLE too often: held. */
    EVENT_UNKNOWNS_OVER,   /* UNKNOWN too often: held. */
    EVENT_ROLLBACK_OVER,   /* A rollback was given up. */
    EVENT_TRIED_ON,        /* Too often while a cancel is judged. */
    EVENT_REPLACED,        /* An alternative had begun. */
    EVENT_REMOVED,         /* What was delivered is wanted no more. */
    EVENT_PART_FAILED,     /* The end of one part of a bundle ended another. */
    EVENT_WINDOW_OVER,     /* The time it was wanted for was over. */
    EVENT_AT_RISK,         /* Nobody took it in time, or it is late. */
    EVENT_TERM_OVER,       /* The term of an instance ended. */
    EVENT_MODIFIED,        /* An instance is as it was ordered. */
    EVENT_RENEWED,
    EVENT_TERMINATED,
    EVENT_SUSPENDED,
    EVENT_RESUMED,
    EVENT_RESTARTED, /* The broker was started again. */
    EVENT_COUNT
};

struct model_job {
    Kontor__V1__JobKind kind;
    enum model_place place;
    int64_t ready_lo_ms, ready_hi_ms; /* Offered: a back-off has its jitter. */
    int64_t released_ms;              /* 0 = it was never lost. */
    int64_t lease_ms; /* Its holder goes on for so long without hearing of its loss. */
    int64_t fence;
    int session; /* Held: whose. */
    int32_t attempt, losses, retries, unknowns;
};

struct model_instance {
    Kontor__V1__InstanceState state; /* UNSPECIFIED = there is none. */
    int open_order, open_item;       /* What is changing it; -1 = nothing. */
    int64_t until_ms;                /* MODEL_NEVER = it has no term. */
    int64_t due_ms;
    bool is_ending;
};

struct model_item {
    char id[48];
    char intent[64]; /* As a claim told it. */
    const struct model_offer *offer;
    Kontor__V1__ItemAction action;
    int of_order, of_item; /* The instance it is for; -1 = it makes one. */
    Kontor__V1__ApprovalStep steps[MODEL_STEPS];
    size_t n_steps, n_decided;
    Kontor__V1__ItemState state, resume_to;
    Kontor__V1__ItemReason reason;
    bool begun, is_past_return;
    struct model_job job;
    Kontor__V1__Cleanup cleanup;
    Kontor__V1__CancelState cancel;
    uint32_t requires, bundles, excludes; /* Bit i: item i. */
    int64_t start_ms;                     /* 0 = at once. */
    int64_t expected_ms;                  /* 0 = not told. */
    int64_t since_ms;                     /* Of its deadlines. */
    int64_t worked_ms;                    /* In progress before that. */
    uint32_t fired;
    int32_t risk;                    /* JeopardyLevel. */
    int result;                      /* What a Complete delivered; 0 = none yet. */
    int64_t last_claim, stale_claim; /* Fences it was held by, the newest and before. */
    int64_t revision;
    struct model_instance instance; /* What it made. */
    /* Of the last step. */
    bool is_touched;
    bool is_more;  /* Something was remembered of it behind its last move. */
    int last_move; /* Row of the machine's table; -1 = it did not move. */
};

struct model_order {
    char id[32];
    size_t n_items;
    struct model_item items[MODEL_ITEMS];
    bool is_all_or_nothing;
    int64_t not_after_ms; /* 0 = never. */
    bool is_cancel_whole;
    uint32_t cancel_items; /* 0 = nobody asked. */
    int64_t revision;
    bool is_touched;
};

struct model_session {
    char id[64];
    int who; /* Index of the principal. */
    bool is_alive;
    int32_t max_parallel;
    uint32_t kinds; /* Bit a JobKind; 0 = all. */
    int64_t expires_ms, renewed_fence;
};

struct model {
    struct model_order orders[MODEL_ORDERS];
    size_t n_orders;
    struct model_session sessions[MODEL_SESSIONS];
    int64_t now_ms;
    uint64_t moves[MODEL_MOVES]; /* How often each was made. */
    uint64_t events[EVENT_COUNT];
};

/* An item of some order. */
struct model_at {
    size_t order, item;
};
#define MODEL_BEFORE ((struct model_at){0, SIZE_MAX})

/* The next of all items, from MODEL_BEFORE on; false = there is none. */
bool model_next(const struct model *m, struct model_at *at);
const char *model_event_name(enum model_event event);

/* ---- The machine ---- */

void model_begin(struct model *m);
const char *model_op_name(enum model_op op);
const char *model_state_name(Kontor__V1__ItemState state);
/* Row of a move; to 0 = the only one there is, -1 = there is none. */
int model_find_move(Kontor__V1__ItemState from, enum model_op op,
                    Kontor__V1__ItemState to);
const char *model_move_id(int row);
enum model_op model_move_op(int row);
Kontor__V1__ItemState model_move_from(int row);
Kontor__V1__ItemState model_move_to(int row);
struct model_sides model_move_roles(int row);
/* The roles that may ever do it. */
struct model_sides model_ever_roles(enum model_op op);
bool model_is_final(Kontor__V1__ItemState state);
/* Whether a backend may have been touched in this state. */
bool model_is_begun(Kontor__V1__ItemState state);
bool model_is_cancelled(Kontor__V1__ItemState state);
bool model_is_customers(Kontor__V1__ItemState state);

/* ---- An item ---- */

Kontor__V1__ApprovalStep model_open_step(const struct model_item *item);
bool model_is_unclean(const struct model_item *item);
bool model_holds(const struct model_item *item, int64_t fence, bool is_live);
/* The number a call may prove itself with; 0 = none. */
int64_t model_counting_fence(const struct model_item *item);
/* What an item's action asks for once it is worked on. */
Kontor__V1__JobKind model_action_kind(const struct model_item *item);

/* Moves an item, and all whose fate hangs on it. */
void model_move(struct model *m, struct model_order *order, size_t index,
                struct model_cause cause);
/* What follows for the others, once it has ended, or begun. */
void model_follow_end(struct model *m, struct model_order *order, size_t root);
void model_drop_alternatives(struct model *m, struct model_order *order, size_t begun);
/* Nobody holds it; it may be claimed once what was begun has settled, and not before
 * the back-off of the nth try (0 = none). */
void model_offer_again(struct model *m, struct model_item *item, int32_t nth);
/* Its holder does nothing for it any more. */
void model_let_go(struct model_item *item);
/* The nth wait of a back-off, before its jitter of a quarter either way. */
int64_t model_backoff_ms(int32_t nth);
/* Looks anew at what a queued item waits for. */
void model_dispatch(struct model *m, struct model_order *order, size_t index);
/* A completed item is wanted no more. */
void model_remove(struct model *m, struct model_item *item);
/* Stores what an order that was placed looks like then. */
void model_place(struct model *m, struct model_order *order);
void model_touch(struct model_item *item);
void model_restate(struct model_order *order, struct model_item *item);

/* ---- Time ---- */

/* When the next thing happens to an item by itself, and what people have to be done by;
 * MODEL_NEVER = never. */
int64_t model_due_ms(const struct model_order *order, const struct model_item *item);
int64_t model_expires_ms(const struct model_order *order,
                         const struct model_item *item);
/* Ends the sessions whose lease is over; answers how many. */
size_t model_lease_tick(struct model *m);
/* The broker is started again: every session gets a full term. */
void model_restart(struct model *m);
/* Does what is due until nothing is; answers how often something happened. */
size_t model_due_tick(struct model *m);
/* The end of the nth working day after a moment: Monday to Friday, UTC. */
int64_t model_working_days(int64_t from_ms, int32_t n);
void model_set_instance_due(struct model *m, struct model_instance *instance);

/* ---- The order ---- */

struct model_header {
    Kontor__V1__OrderState state;
    Kontor__V1__Attention attention;
    const char *waiting_for;
    Kontor__V1__CancelState cancel;
    int64_t next_due_ms;
    int32_t risk;
};
struct model_header model_header(const struct model_order *order);

#endif
