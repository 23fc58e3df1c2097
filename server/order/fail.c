#include "server/order/fail.h"

#include "kontor/v1/fulfilment_service.pb-c.h"
#include "proto/moment.h"
#include "server/order/hold.h"
#include "server/order/item.h"
#include "server/order/job.h"

#define FAILURE(name) KONTOR__V1__FAIL_REQUEST__FAILURE__##name

/* One way to fail. */
struct failing {
    struct call *call;
    struct hold *hold;
    const char *reason;
};

/* Not begun: as Release, but not claimable at once, or a broken agent would take it
 * again and again. */
static enum status
fail_back(const struct failing *f)
{
    struct edit_cause cause = {.operation = OPERATION_RELEASE, .text = f->reason};
    Kontor__V1__OrderItem *item = f->hold->item;
    enum status status = item_judge(f->call, item, OPERATION_RELEASE, 0);
    if (status == STATUS_OK) {
        status = edit_move(f->hold->edit, f->hold->index, &cause);
    }
    if (status != STATUS_OK) {
        return status;
    }
    item->job->losses = 0;
    item->job->retries++;
    /* After the move, which offers the job at once: this offer replaces that one. */
    int64_t wait_ms = job_backoff_ms(item->id, item->job->retries, f->call->arena);
    job_offer(item, f->call->now_ms + wait_ms, f->call->arena);
    return STATUS_OK;
}

/* Not begun: declined. Begun: over, and something may exist that nobody wants. */
static enum status
fail_for_good(const struct failing *f)
{
    struct edit_cause cause = {
        .operation = OPERATION_FAIL, .text = f->reason, .is_holder = true};
    enum status status = item_judge(f->call, f->hold->item, OPERATION_FAIL, 0);
    return status == STATUS_OK ? edit_move(f->hold->edit, f->hold->index, &cause)
                               : status;
}

/* The agent cannot go on, a person has to look. */
static enum status
fail_to_operator(const struct failing *f)
{
    struct edit_cause cause = {.operation = OPERATION_HOLD,
                               .reason = KONTOR__V1__ITEM_REASON__NEEDS_OPERATOR,
                               .text = f->reason,
                               .is_holder = true};
    return edit_move(f->hold->edit, f->hold->index, &cause);
}

/* The same session tries again later. */
static enum status
keep_trying(const struct failing *f)
{
    struct call *call = f->call;
    Kontor__V1__OrderItem *item = f->hold->item;
    int64_t wait_ms = job_backoff_ms(item->id, item->job->retries, call->arena);
    item->job->retry_at = moment_new(call->arena, call->now_ms + wait_ms);
    item->reason_text = (char *)f->reason;
    edit_touch(f->hold->edit, f->hold->index);
    return STATUS_OK;
}

/* Tried too often. What is asked of a provider meanwhile has a deadline of its own, and
 * there is no hold to go to: it is tried on. */
static enum status
give_up(const struct failing *f)
{
    const Kontor__V1__OrderItem *item = f->hold->item;
    if (item->job->kind == KONTOR__V1__JOB_KIND__ROLLBACK) {
        return fail_for_good(f);
    }
    bool may_hold = item_state_next(item->state, OPERATION_HOLD, 0) != NULL;
    return may_hold ? fail_to_operator(f) : keep_trying(f);
}

static enum status
fail_retry(const struct failing *f)
{
    struct call *call = f->call;
    Kontor__V1__OrderItem *item = f->hold->item;
    enum status status = item_judge(call, item, OPERATION_FAIL, 0);
    if (status != STATUS_OK) {
        return status;
    }
    /* It knows again how the backend stands, so the row of unknown outcomes is broken.
     */
    item->job->unknowns = 0;
    item->job->retries++;
    return item->job->retries >= JOB_MAX_RETRIES ? give_up(f) : keep_trying(f);
}

/* Whoever claims it next must look before it creates; not before the last backend call
 * has settled. When nobody finds out time and again, a person has to. */
static enum status
fail_unknown(const struct failing *f)
{
    struct call *call = f->call;
    Kontor__V1__OrderItem *item = f->hold->item;
    enum status status = item_judge(call, item, OPERATION_FAIL, 0);
    if (status != STATUS_OK) {
        return status;
    }
    item->job->unknowns++;
    if (item->job->unknowns >= JOB_MAX_UNKNOWNS) {
        return give_up(f);
    }
    job_let_go(item);
    job_recover(item, call);
    item_remember(item, operation_name(OPERATION_FAIL), item->state, f->reason, call);
    item->reason_text = (char *)f->reason;
    edit_touch(f->hold->edit, f->hold->index);
    return STATUS_OK;
}

/* Work beside the state: somebody tries again later, for as long as it takes. */
static enum status
fail_beside(const struct failing *f)
{
    struct call *call = f->call;
    Kontor__V1__OrderItem *item = f->hold->item;
    item->job->losses = 0;
    item->job->retries++;
    job_let_go(item);
    job_recover(item, call);
    job_delay(item, job_backoff_ms(item->id, item->job->retries, call->arena), call);
    item_remember(item, operation_name(OPERATION_FAIL), item->state, f->reason, call);
    edit_touch(f->hold->edit, f->hold->index);
    return STATUS_OK;
}

/* No agent can say whether the item is to be approved: the operator decides the step.
 */
static enum status
fail_evaluation(const struct failing *f)
{
    Kontor__V1__OrderItem *item = f->hold->item;
    job_withdraw(item);
    item_remember(item, operation_name(OPERATION_FAIL), item->state, f->reason,
                  f->call);
    edit_touch(f->hold->edit, f->hold->index);
    return STATUS_OK;
}

/* What a failure hits. */
enum failed_work {
    WORK_UNBEGUN,
    WORK_BEGUN,
    WORK_EVALUATION,
    WORK_CLEANUP,
    WORK_COUNT
};

static enum failed_work
work_of(const Kontor__V1__OrderItem *item)
{
    if (item->job->kind == KONTOR__V1__JOB_KIND__EVALUATE) {
        return WORK_EVALUATION;
    }
    if (item_needs_cleanup(item)) {
        return WORK_CLEANUP;
    }
    return item->begun ? WORK_BEGUN : WORK_UNBEGUN;
}

/* What each failure means for each work, and whether the lease must still live. */
static const struct failure_row {
    Kontor__V1__FailRequest__Failure failure;
    bool is_live;
    enum status (*run[WORK_COUNT])(const struct failing *f);
} failure_rows[] = {
    {FAILURE(RETRYABLE),
     true,
     {[WORK_UNBEGUN] = fail_back,
      [WORK_BEGUN] = fail_retry,
      [WORK_EVALUATION] = fail_beside,
      [WORK_CLEANUP] = fail_beside}},
    {FAILURE(PERMANENT),
     false,
     {[WORK_UNBEGUN] = fail_for_good,
      [WORK_BEGUN] = fail_for_good,
      [WORK_EVALUATION] = fail_evaluation,
      [WORK_CLEANUP] = fail_beside}},
    {FAILURE(UNKNOWN),
     true,
     {[WORK_UNBEGUN] = fail_back,
      [WORK_BEGUN] = fail_unknown,
      [WORK_EVALUATION] = fail_beside,
      [WORK_CLEANUP] = fail_beside}},
};

static enum status
fail_as(struct call *call, struct hold *hold, const Kontor__V1__FailRequest *request)
{
    struct failing f = {call, hold, request->reason};
    for (size_t i = 0; i < sizeof failure_rows / sizeof failure_rows[0]; i++) {
        const struct failure_row *row = &failure_rows[i];
        if (row->failure != request->failure) {
            continue;
        }
        enum status status = hold_check(call, hold, request->fence, row->is_live);
        return status == STATUS_OK ? row->run[work_of(hold->item)](&f) : status;
    }
    call_fault(call, "failure", "must be RETRYABLE, PERMANENT or UNKNOWN");
    return call_check_faults(call);
}

enum status
fail_decide(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__FailRequest *request = message;
    struct hold hold;
    enum status status = hold_open(call, request->item, OPERATION_FAIL, &hold);
    if (status == STATUS_OK) {
        status = fail_as(call, &hold, request);
    }
    return status == STATUS_OK ? edit_commit(hold.edit, decision) : status;
}
