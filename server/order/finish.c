#include "server/order/finish.h"

#include <string.h>

#include "kontor/v1/fulfilment_service.pb-c.h"
#include "proto/digest.h"
#include "proto/moment.h"
#include "server/order/access.h"
#include "server/order/hold.h"
#include "server/order/item.h"
#include "server/order/job.h"

#define CLEANUP(name) KONTOR__V1__CLEANUP__CLEANUP_##name

/* ---- What was delivered ---- */

/* The work is done already: the same result again is fine, another one is not. */
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

/* Endpoints that carry the item must be there. */
static enum status
judge_endpoints(struct call *call, const Kontor__V1__Delivery *delivery)
{
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
    return STATUS_OK;
}

/* Where the offer asks for endpoints, one at least. */
static enum status
judge_delivery(struct call *call, const Kontor__V1__OrderItem *item,
               const Kontor__V1__Delivery *delivery)
{
    if (delivery == NULL) {
        call_fault(call, "delivery", "is required: say what was made");
        return call_check_faults(call);
    }
    /* Every job that requires this one is handed the delivery, of up to 63 items at
     * once: together they must fit into what a client takes, or nobody could ever claim
     * that job. */
    size_t size = protobuf_c_message_get_packed_size(&delivery->base);
    if (size > FINISH_MAX_DELIVERY) {
        call_fault(call, "delivery", "takes %zu bytes: at most %d are handed on", size,
                   FINISH_MAX_DELIVERY);
    }
    if (item->must_name_endpoints && delivery->n_endpoints == 0) {
        call_fault(call, "delivery.endpoints",
                   "is required by the offer: name the endpoints that carry the item");
    }
    access_judge_sealed(call, item, delivery);
    enum status status = judge_endpoints(call, delivery);
    return status == STATUS_OK ? call_check_faults(call) : status;
}

/* What is undone or removed leaves nothing to deliver: who delivers has taken the job
 * for the one before it. */
static enum status
judge_nothing(struct call *call, const Kontor__V1__OrderItem *item,
              const Kontor__V1__Delivery *delivery)
{
    if (delivery != NULL) {
        call_fault(call, "delivery", "must be left out: the job is %s",
                   job_kind_name(item->job->kind));
    }
    return call_check_faults(call);
}

/* ---- Complete ---- */

/* The hash outlives what the delivery's fields may become in a newer broker: a repeated
 * Complete is compared by what was sent (ORDERS design, "Idempotency and errors"). */
static void
remember_hash(struct call *call, Kontor__V1__OrderItem *item,
              const uint8_t hash[DIGEST_SIZE])
{
    item->completion_hash.data = arena_alloc(call->arena, DIGEST_SIZE);
    item->completion_hash.len = DIGEST_SIZE;
    memcpy(item->completion_hash.data, hash, DIGEST_SIZE);
}

/* What is changed need not be told anew. */
static enum status
judge_change(struct call *call, const Kontor__V1__OrderItem *item,
             const Kontor__V1__Delivery *delivery)
{
    return delivery == NULL ? STATUS_OK : judge_delivery(call, item, delivery);
}

/* What each kind of work delivers. */
static enum status
judge_by_kind(struct call *call, const Kontor__V1__OrderItem *item,
              const Kontor__V1__Delivery *delivery)
{
    bool is_undone = item->job->kind == KONTOR__V1__JOB_KIND__TERMINATE ||
                     item->job->kind == KONTOR__V1__JOB_KIND__ROLLBACK;
    if (is_undone) {
        return judge_nothing(call, item, delivery);
    }
    /* Finished while a cancel was assessed: it is as if nobody had asked. */
    bool is_new = item->action == KONTOR__V1__ITEM_ACTION__ADD;
    return is_new ? judge_delivery(call, item, delivery)
                  : judge_change(call, item, delivery);
}

/* The item's own work: it ends by it. */
static enum status
complete_item(struct hold *hold, const Kontor__V1__CompleteRequest *request)
{
    struct edit *edit = hold->edit;
    Kontor__V1__OrderItem *item = hold->item;
    struct edit_cause cause = {.operation = OPERATION_COMPLETE, .is_holder = true};
    enum status status = item_judge(edit->call, item, OPERATION_COMPLETE, 0);
    if (status == STATUS_OK) {
        status = judge_by_kind(edit->call, item, request->delivery);
    }
    if (status != STATUS_OK) {
        return status;
    }
    access_deliver(edit->call, item, request->delivery);
    item->job->unknowns = 0;
    return edit_move(edit, hold->index, &cause);
}

/* Cleaning up goes on behind the end of an item, whose state stays. */
static enum status
complete_cleanup(struct hold *hold, const Kontor__V1__CompleteRequest *request)
{
    struct call *call = hold->edit->call;
    Kontor__V1__OrderItem *item = hold->item;
    enum status status = judge_nothing(call, item, request->delivery);
    if (status != STATUS_OK) {
        return status;
    }
    item->cleanup = CLEANUP(DONE);
    job_withdraw(item);
    item_remember(item, operation_name(OPERATION_COMPLETE), item->state, "cleaned up",
                  call);
    edit_touch(hold->edit, hold->index);
    return STATUS_OK;
}

/* Whether there is nothing left to complete, since it was. */
static bool
is_completed(const Kontor__V1__OrderItem *item)
{
    bool is_delivered = item->state == KONTOR__V1__ITEM_STATE__COMPLETED;
    return item_state_is_final(item->state) && !item_needs_cleanup(item) &&
           (is_delivered || item->completion_hash.len > 0);
}

static void
hash_of(const Kontor__V1__CompleteRequest *request, uint8_t hash[DIGEST_SIZE])
{
    const Kontor__V1__Delivery nothing = KONTOR__V1__DELIVERY__INIT;
    const Kontor__V1__Delivery *delivery =
        request->delivery == NULL ? &nothing : request->delivery;
    digest_message(&delivery->base, NULL, hash);
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
    hash_of(request, hash);
    if (is_completed(hold.item)) {
        return complete_again(call, &hold, hash, decision);
    }
    bool is_cleanup = hold.item->job->kind == KONTOR__V1__JOB_KIND__CLEANUP;
    status =
        is_cleanup ? complete_cleanup(&hold, request) : complete_item(&hold, request);
    if (status != STATUS_OK) {
        return status;
    }
    remember_hash(call, hold.item, hash);
    status = edit_commit(hold.edit, decision);
    if (status == STATUS_OK) {
        access_keep(call, hold.item, request->delivery, decision);
    }
    return status;
}
