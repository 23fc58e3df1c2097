#include "server/order/finish.h"

#include <string.h>

#include "kontor/v1/fulfilment_service.pb-c.h"
#include "proto/digest.h"
#include "server/order/hold.h"
#include "server/order/item.h"
#include "server/order/job.h"
#include "server/order/moment.h"

enum {
    MAX_DELIVERY_BYTES = 1 << 15, /* 63 of them are half of what a client takes. */
};

#define S(name) KONTOR__V1__ITEM_STATE__##name
#define FAILURE(name) KONTOR__V1__FAIL_REQUEST__FAILURE__##name

/* ---- Complete ---- */

/* The item is delivered already: the same result again is fine, another one is not. */
static enum status
complete_again(struct call *call, const struct hold *hold,
               const uint8_t hash[DIGEST_SIZE], struct decision *decision)
{
    const Kontor__V1__OrderItem *item = hold->item;
    bool is_same = item->completion_hash.len == DIGEST_SIZE &&
                   memcmp(item->completion_hash.data, hash, DIGEST_SIZE) == 0;
    if (is_same) {
        decision_document(call, decision, &hold->document);
        return STATUS_OK;
    }
    call_value(call, "item", "%s", item->id);
    return call_fail(call, REASON_COMPLETION_DIFFERS,
                     "item %s was completed with another result, which stays",
                     item->id);
}

/* Endpoints that carry the item must be there; where the offer asks for them, one at
 * least. */
static enum status
judge_delivery(struct call *call, const Kontor__V1__OrderItem *item,
               const Kontor__V1__Delivery *delivery)
{
    /* Every job that requires this one is handed the delivery, of up to 63 items at
     * once: together they must fit into what a client takes, or nobody could ever claim
     * that job. */
    size_t size = protobuf_c_message_get_packed_size(&delivery->base);
    if (size > MAX_DELIVERY_BYTES) {
        call_fault(call, "delivery", "takes %zu bytes: at most %d are handed on", size,
                   MAX_DELIVERY_BYTES);
    }
    if (item->must_name_endpoints && delivery->n_endpoints == 0) {
        call_fault(call, "delivery.endpoints",
                   "is required by the offer: name the endpoints that carry the item");
    }
    for (size_t i = 0; i < delivery->n_endpoints; i++) {
        struct document document;
        enum status status =
            call_get(call, KIND_ENDPOINT, delivery->endpoints[i], &document);
        if (status == STATUS_NOT_FOUND) {
            memset(&call->error, 0, sizeof call->error);
            call_fault(call, arena_print(call->arena, "delivery.endpoints[%zu]", i),
                       "there is no endpoint %s, or you may not see it",
                       delivery->endpoints[i]);
        } else if (status != STATUS_OK) {
            return status;
        }
    }
    return call_check_faults(call);
}

static enum status
complete(struct call *call, struct hold *hold,
         const Kontor__V1__CompleteRequest *request, const uint8_t hash[DIGEST_SIZE])
{
    struct edit_cause cause = {.operation = OPERATION_COMPLETE};
    Kontor__V1__OrderItem *item = hold->item;
    enum status status = item_judge(call, item, OPERATION_COMPLETE, 0);
    if (status == STATUS_OK) {
        status = judge_delivery(call, item, request->delivery);
    }
    if (status != STATUS_OK) {
        return status;
    }
    item->delivery = request->delivery;
    item->job->unknowns = 0;
    /*
     * The hash outlives what the delivery's fields may become in a newer broker: a
     * repeated Complete is compared by what was sent (ORDERS design, "Idempotency and
     * errors").
     */
    item->completion_hash.data = arena_alloc(call->arena, DIGEST_SIZE);
    item->completion_hash.len = DIGEST_SIZE;
    memcpy(item->completion_hash.data, hash, DIGEST_SIZE);
    return edit_move(hold->edit, hold->index, &cause);
}

enum status
finish_complete(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__CompleteRequest *request = message;
    uint8_t hash[DIGEST_SIZE];
    struct hold hold;
    enum status status = hold_open(call, request->item, OPERATION_COMPLETE, &hold);
    if (status == STATUS_OK) {
        /* Before the state and before the result: a holder that was replaced learns
         * that it was, not how its successor fared. */
        status = hold_check(call, &hold, request->fence, false);
    }
    if (status != STATUS_OK) {
        return status;
    }
    digest_message(&request->delivery->base, NULL, hash);
    if (hold.item->state == S(COMPLETED)) {
        return complete_again(call, &hold, hash, decision);
    }
    status = complete(call, &hold, request, hash);
    if (status == STATUS_OK) {
        edit_commit(hold.edit, decision);
    }
    return status;
}

/* ---- Fail ---- */

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
    struct edit_cause cause = {.operation = OPERATION_FAIL, .text = f->reason};
    enum status status = item_judge(f->call, f->hold->item, OPERATION_FAIL, 0);
    return status == STATUS_OK ? edit_move(f->hold->edit, f->hold->index, &cause)
                               : status;
}

/* Begun: the agent cannot go on, a person has to look. */
static enum status
fail_to_operator(const struct failing *f)
{
    struct edit_cause cause = {.operation = OPERATION_HOLD,
                               .reason = KONTOR__V1__ITEM_REASON__NEEDS_OPERATOR,
                               .text = f->reason};
    return edit_move(f->hold->edit, f->hold->index, &cause);
}

/* Begun: the same session tries again later; after too many tries a person has to look.
 */
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
    if (item->job->retries >= JOB_MAX_RETRIES) {
        return fail_to_operator(f);
    }
    int64_t wait_ms = job_backoff_ms(item->id, item->job->retries, call->arena);
    item->job->retry_at = moment_new(call->arena, call->now_ms + wait_ms);
    item->reason_text = (char *)f->reason;
    edit_touch(f->hold->edit, f->hold->index);
    return STATUS_OK;
}

/* Begun: whoever claims it next must look before it creates; not before the last
 * backend call has settled. When nobody finds out time and again, a person has to. */
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
        return fail_to_operator(f);
    }
    job_recover(item, call);
    item_remember(item, operation_name(OPERATION_FAIL), item->state, f->reason, call);
    item->reason_text = (char *)f->reason;
    edit_touch(f->hold->edit, f->hold->index);
    return STATUS_OK;
}

/* What each failure means before and after the dividing line, and whether the lease
 * must still live. */
static const struct failure_row {
    Kontor__V1__FailRequest__Failure failure;
    bool is_live;
    enum status (*before_begin)(const struct failing *f);
    enum status (*after_begin)(const struct failing *f);
} failure_rows[] = {
    {FAILURE(RETRYABLE), true, fail_back, fail_retry},
    {FAILURE(PERMANENT), false, fail_for_good, fail_for_good},
    {FAILURE(UNKNOWN), true, fail_back, fail_unknown},
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
        if (status != STATUS_OK) {
            return status;
        }
        return hold->item->begun ? row->after_begin(&f) : row->before_begin(&f);
    }
    call_fault(call, "failure", "must be RETRYABLE, PERMANENT or UNKNOWN");
    return call_check_faults(call);
}

enum status
finish_fail(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__FailRequest *request = message;
    struct hold hold;
    enum status status = hold_open(call, request->item, OPERATION_FAIL, &hold);
    if (status == STATUS_OK) {
        status = fail_as(call, &hold, request);
    }
    if (status == STATUS_OK) {
        edit_commit(hold.edit, decision);
    }
    return status;
}
