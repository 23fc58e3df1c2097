#include "server/order/hold.h"

#include <inttypes.h>
#include <string.h>

#include "kontor/v1/fulfilment_service.pb-c.h"
#include "server/broker.h"
#include "server/order/due.h"
#include "server/order/instance.h"
#include "server/order/item.h"
#include "server/order/job.h"
#include "server/rpc/named.h"

enum { MAX_MILESTONES = 64 };

/* ---- The fence ---- */

enum status
hold_open(struct call *call, const char *item_id, enum operation wanted,
          struct hold *out)
{
    struct sides agent = {.provider = ROLE_BIT(AGENT)};
    enum status status = call_get(call, KIND_ITEM, item_id, &out->document);
    if (status == STATUS_OK) {
        status = call_must_own(call, &out->document);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const Kontor__V1__OrderItem *item = call_record(call, &out->document);
    /*
     * The role is judged before the fence: whoever is not the provider's agent is not
     * told whether a number is right.
     */
    if ((side_of(call->who, item).provider & ROLE_BIT(AGENT)) == 0) {
        return item_role_missing(call, item, operation_name(wanted), agent);
    }
    status = edit_open(call, item->order, &out->edit);
    return status == STATUS_OK ? edit_find(out->edit, item_id, &out->index, &out->item)
                               : status;
}

enum status
hold_check(struct call *call, const struct hold *hold, int64_t fence, bool is_live)
{
    const Kontor__V1__OrderItem *item = hold->item;
    const Kontor__V1__Job *job = item->job;
    bool is_held = job->session[0] != '\0';
    /* Once begun, the last holder is the one who knows how it ended, so its word counts
     * until somebody claims anew. Before Begin there is nothing to tell: a job given
     * back is anybody's, and its old fence proves nothing. */
    bool may_tell_end = !is_live && (item->begun || item_state_is_final(item->state));
    if (fence != 0 && fence == job->fence && (is_held || may_tell_end)) {
        return STATUS_OK;
    }
    call_value(call, "item", "%s", hold->item->id);
    call_value(call, "fence", "%" PRId64, fence);
    return call_fail(call, REASON_LEASE_LOST,
                     "item %s is no longer held with fence %" PRId64
                     ": stop its work, another agent may have it",
                     hold->item->id, fence);
}

enum status
hold_judge(struct call *call, struct edit *edit, size_t index,
           const struct edit_cause *cause, int64_t fence)
{
    const struct hold hold = {
        .edit = edit, .index = index, .item = edit->items[index].item};
    enum status status = fence == 0 ? STATUS_OK : hold_check(call, &hold, fence, true);
    if (status == STATUS_OK) {
        status = item_judge(call, hold.item, cause->operation, cause->to);
    }
    if (status != STATUS_OK || fence != 0) {
        return status;
    }
    /* Without proof the role of an agent does not count: whoever has another one, too,
     * may decide by that one only. */
    struct sides sides = side_of(call->who, hold.item);
    struct sides open = item_roles_now(hold.item, cause->operation);
    bool is_person = (sides.customer & open.customer) != 0 ||
                     (sides.provider & open.provider & ~ROLE_BIT(AGENT)) != 0;
    return is_person ? STATUS_OK : hold_check(call, &hold, fence, true);
}

enum status
hold_answer(struct call *call, const void *request, const Kontor__V1__Commit *commit,
            void **reply)
{
    return answer_stored(call, commit, KIND_ITEM, named_text(request, "item"), reply);
}

/* ---- Begin ---- */

/*
 * One name for every attempt (ORDERS design). An agent that chose its own could not be
 * followed: after a restore of a backup from before this Begin, the next agent looks
 * for the claimed name, finds nothing and creates a second object.
 */
static enum status
check_name(struct call *call, const Kontor__V1__OrderItem *item, const char *intent)
{
    const char *name = job_intent(call->broker->home, instance_of(item), call->arena);
    if (strcmp(name, intent) != 0) {
        call_fault(call, "intent", "must be %s, as the claim answered", name);
    }
    return call_check_faults(call);
}

enum status
hold_begin(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__BeginRequest *request = message;
    struct edit_cause cause = {.operation = OPERATION_BEGIN, .text = request->intent};
    struct hold hold;
    enum status status = hold_open(call, request->item, OPERATION_BEGIN, &hold);
    if (status == STATUS_OK) {
        status = hold_check(call, &hold, request->fence, true);
    }
    if (status == STATUS_OK) {
        status = check_name(call, hold.item, request->intent);
    }
    if (status != STATUS_OK) {
        return status;
    }
    /* Repeated, or said by the new holder after a recovery: the line was crossed
     * before, and nothing is left to write. */
    if (job_may_exist(hold.item)) {
        decision_document(call, decision, &hold.document);
        return STATUS_OK;
    }
    status = item_judge(call, hold.item, OPERATION_BEGIN, 0);
    if (status == STATUS_OK) {
        status = edit_move(hold.edit, hold.index, &cause);
    }
    if (status != STATUS_OK) {
        return status;
    }
    /*
     * From here on every claim hands the intent on as the prior one. Retries before the
     * line were of another kind: nothing was touched, so nobody had to look.
     */
    hold.item->job->intent = request->intent;
    hold.item->job->retries = 0;
    return edit_commit(hold.edit, decision);
}

/* ---- Report ---- */

static bool
has_milestone(const Kontor__V1__OrderItem *item, const char *milestone)
{
    for (size_t i = 0; i < item->n_milestones; i++) {
        if (strcmp(item->milestones[i], milestone) == 0) {
            return true;
        }
    }
    return false;
}

static void
add_milestone(struct call *call, Kontor__V1__OrderItem *item, char *milestone)
{
    if (milestone[0] == '\0' || has_milestone(item, milestone)) {
        return;
    }
    char **milestones =
        arena_alloc(call->arena, (item->n_milestones + 1) * sizeof *milestones);
    if (item->n_milestones > 0) {
        memcpy(milestones, item->milestones, item->n_milestones * sizeof *milestones);
    }
    milestones[item->n_milestones++] = milestone;
    item->milestones = milestones;
}

/*
 * A milestone or a date is kept in the item; a note or progress is a remark on it. One
 * commit cannot hold both, since it never names a document twice.
 */
static enum status
judge_report(struct call *call, const Kontor__V1__ReportRequest *request,
             const Kontor__V1__OrderItem *item)
{
    bool is_change = request->milestone[0] != '\0' || request->expected_at != NULL;
    bool is_note = request->note[0] != '\0' || request->progress != 0;
    /* A milestone said again is none too many: it is not kept twice. */
    bool is_full = item->n_milestones >= MAX_MILESTONES &&
                   !has_milestone(item, request->milestone);
    if (is_change == is_note) {
        const char *remark = request->note[0] != '\0' ? "note" : "progress";
        call_fault(call, is_note ? remark : "milestone", "%s",
                   is_note
                       ? "cannot go with a milestone or a date: report twice"
                       : "report a milestone, an expected date, a note or progress");
    }
    /* Whoever waits for it is owed a reason. Source: ORDERS design. */
    bool is_other = request->expected_at != NULL && item->expected_at != NULL;
    if (is_other && request->reason[0] == '\0') {
        call_fault(call, "reason", "is required: another date was told before");
    }
    if (request->reason[0] != '\0' && request->expected_at == NULL) {
        call_fault(call, "reason", "goes with expected_at only");
    }
    if (request->milestone[0] != '\0' && is_full) {
        call_fault(call, "milestone", "is one too many: an item keeps %d",
                   MAX_MILESTONES);
    }
    return call_check_faults(call);
}

/* A new date, with why it is another one. */
static void
expect(const struct hold *hold, const Kontor__V1__ReportRequest *request)
{
    struct call *call = hold->edit->call;
    if (request->reason[0] != '\0') {
        item_remember(hold->item, "Report", hold->item->state, request->reason, call);
    }
    due_expect(hold->item, request->expected_at, call->arena);
    edit_restate(hold->edit, hold->index);
}

enum status
hold_report(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__ReportRequest *request = message;
    struct hold hold;
    enum status status = hold_open(call, request->item, OPERATION_BEGIN, &hold);
    if (status == STATUS_OK) {
        status = hold_check(call, &hold, request->fence, true);
    }
    if (status == STATUS_OK) {
        status = judge_report(call, request, hold.item);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (request->note[0] != '\0' || request->progress != 0) {
        decision_note(call, decision, &hold.document, request->note, request->progress);
        return STATUS_OK;
    }
    add_milestone(call, hold.item, request->milestone);
    edit_touch(hold.edit, hold.index);
    if (request->expected_at != NULL) {
        expect(&hold, request);
    }
    return edit_commit(hold.edit, decision);
}

enum status
hold_report_answer(struct call *call, const void *request,
                   const Kontor__V1__Commit *commit, void **out)
{
    Kontor__V1__ReportResponse *reply = arena_alloc(call->arena, sizeof *reply);
    kontor__v1__report_response__init(reply);
    (void)request;
    reply->seq = commit->seq;
    *out = reply;
    return STATUS_OK;
}

/* ---- Release ---- */

/* Work beside the state is given back without a move of it. */
static enum status
give_back(const struct hold *hold, const struct edit_cause *cause)
{
    struct call *call = hold->edit->call;
    Kontor__V1__OrderItem *item = hold->item;
    bool is_beside = item->job->kind == KONTOR__V1__JOB_KIND__EVALUATE ||
                     item->job->kind == KONTOR__V1__JOB_KIND__CLEANUP;
    if (!is_beside) {
        enum status status = item_judge(call, item, OPERATION_RELEASE, 0);
        return status == STATUS_OK ? edit_move(hold->edit, hold->index, cause) : status;
    }
    /* Whoever gave it back would have it again at once. */
    item->job->retries++;
    job_let_go(item);
    job_recover(item, call);
    job_delay(item, job_backoff_ms(item->id, item->job->retries, call->arena), call);
    item_remember(item, operation_name(OPERATION_RELEASE), item->state, cause->text,
                  call);
    edit_touch(hold->edit, hold->index);
    return STATUS_OK;
}

enum status
hold_release(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__ReleaseRequest *request = message;
    struct edit_cause cause = {
        .operation = OPERATION_RELEASE, .text = request->reason, .is_holder = true};
    struct hold hold;
    enum status status = hold_open(call, request->item, OPERATION_RELEASE, &hold);
    if (status == STATUS_OK) {
        status = hold_check(call, &hold, request->fence, true);
    }
    if (status == STATUS_OK) {
        status = give_back(&hold, &cause);
    }
    if (status != STATUS_OK) {
        return status;
    }
    hold.item->job->losses = 0;
    return edit_commit(hold.edit, decision);
}
