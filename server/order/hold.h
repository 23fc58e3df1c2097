/*
 * What an agent does with a job it holds: Begin, Report, Complete, Fail, Release. The
 * fence is the proof.
 *
 * Memory: the call's arena. Errors: as call.h; LEASE_LOST for a fence that is not the
 * last one given out. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_HOLD_H
#define KONTOR_SERVER_ORDER_HOLD_H

#include "server/order/edit.h"
#include "server/rpc/call.h"

/* A job somebody claims to hold. */
struct hold {
    struct document document; /* The item as it was read. */
    struct edit *edit;
    size_t index;
    Kontor__V1__OrderItem *item;
};

/* Reads the item of a job for an agent of its provider; wanted names the call in a
 * refusal. */
enum status hold_open(struct call *call, const char *item_id, enum operation wanted,
                      struct hold *out) MUST_CHECK;
/*
 * Whether the fence is the last one given out, to be judged before the state: who lost
 * the job is told so, wherever the item went since. is_live: the lease must not be over
 * either; otherwise, once the item is begun or over, the last fence counts until
 * somebody claims the job anew.
 */
enum status hold_check(struct call *call, const struct hold *hold, int64_t fence,
                       bool is_live) MUST_CHECK;

/*
 * Whether the caller may decide so about an item: people by who they are, an agent only
 * by the job it holds, which its fence proves (0 = none). As item_judge otherwise.
 */
enum status hold_judge(struct call *call, struct edit *edit, size_t index,
                       const struct edit_cause *cause, int64_t fence) MUST_CHECK;

enum status hold_begin(struct call *call, const void *request,
                       struct decision *decision);
enum status hold_report(struct call *call, const void *request,
                        struct decision *decision);
enum status hold_release(struct call *call, const void *request,
                         struct decision *decision);
/* Answers Begin, Complete, Fail and Release with the item. */
enum status hold_answer(struct call *call, const void *request,
                        const Kontor__V1__Commit *commit, void **reply);
enum status hold_report_answer(struct call *call, const void *request,
                               const Kontor__V1__Commit *commit, void **reply);

#endif
