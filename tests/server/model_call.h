/*
 * Calls of the model: who may make which, what is refused and how, what is done.
 *
 * Memory: the caller's structs. Errors: none. Threads: the test's own.
 */
#ifndef KONTOR_TESTS_SERVER_MODEL_CALL_H
#define KONTOR_TESTS_SERVER_MODEL_CALL_H

#include "tests/server/model.h"

/* What is tried. */
enum model_act {
    ACT_APPROVE,
    ACT_REJECT,
    ACT_ASK_CUSTOMER,
    ACT_ANSWER,
    ACT_WITHDRAW,
    ACT_HOLD_ITEM,
    ACT_RESUME,
    ACT_FORCE_FAIL,
    ACT_REQUEUE,
    ACT_ABANDON,
    ACT_ACCEPT,
    ACT_DECLINE,
    ACT_CANCEL,
    ACT_RESCHEDULE,
    ACT_BEGIN,
    ACT_MILESTONE,
    ACT_EXPECT,
    ACT_COMPLETE,
    ACT_FAIL_RETRYABLE,
    ACT_FAIL_PERMANENT,
    ACT_FAIL_UNKNOWN,
    ACT_RELEASE,
    ACT_HOLD,
    ACT_ASK_INFO,
    ACT_OF_ITEMS, /* So many are about an item; the others are not. */
    ACT_CLAIM = ACT_OF_ITEMS,
    ACT_RENEW,
    ACT_REGISTER,
    ACT_PLACE,
    ACT_PLACE_AGAIN,
    ACT_LEASES,
    ACT_DEADLINES,
    ACT_RESTART,
    ACT_COUNT
};

/* Somebody who calls. */
struct model_who {
    const char *id;
    uint32_t roles;
    const char *scopes[2];
};

/* Everybody there is. */
extern const struct model_who model_people[];
extern const int model_n_people;

/* Whatever a call says; each looks at its own part of it. */
struct model_call {
    enum model_act act;
    int who;
    size_t order, item;
    int64_t fence;
    int64_t expected; /* Revision of the item, of a cancel that of the order. */
    uint32_t items;   /* Of a cancel: bit i; 0 = the whole order. */
    int delivery;     /* 0 = nothing, else which result. */
    int64_t at_ms;    /* A start (0 = at once), a date, how much time passes. */
    int session;
};

const char *model_act_name(enum model_act act);
uint32_t model_act_roles(enum model_act act);
/* Of the order's registry, or of its project. */
bool model_is_customer(const struct model_who *who);
/* Of the provider, or of its registry. */
bool model_is_provider(const struct model_who *who, const char *provider);
struct model_sides model_sides_of(const struct model_who *who,
                                  const struct model_item *item);
/* How the call is refused; REASON_NONE = it is taken. */
enum reason model_judge(const struct model *m, const struct model_call *call);
/* Whether neither state nor role is against it: what AllowedActions tells. */
bool model_is_open(const struct model *m, const struct model_call *call);
/* The row of the machine a call that is taken would make; -1 = none. */
int model_row_of(const struct model *m, const struct model_call *call);
/* Does a call about an item that is taken. Answers whether anything was to be
 * written. */
bool model_do(struct model *m, const struct model_call *call);

/* Whether a session may have a job now. */
bool model_is_claimable(const struct model *m, int session,
                        const struct model_item *item);
/* How many jobs a session holds. */
int32_t model_n_held(const struct model *m, int session);
void model_claim(struct model *m, int session, struct model_order *order, size_t index,
                 int64_t seq);
void model_renew(struct model *m, int session);

#endif
