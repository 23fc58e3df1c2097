#include "client/job_say.h"

#include <string.h>

#include "client/call.h"
#include "client/error.h"
#include "client/job_hold.h"
#include "client/job_kind.h"
#include "client/lease.h"
#include "client/refusal.h"
#include "client/retry.h"

void
job_tell(struct kontor_job *job, const char *what, const char *text)
{
    agent_tell(job->agent, job->claimed->item, what, text,
               lease_now_ms() - job->claimed_at_ms);
}

/* ---- Asking the broker ---- */

/*
 * Whether asking again is pointless. Only a completion, and a decision about a cancel
 * that somebody else has decided meanwhile, can be followed by something else; a job
 * whose Begin or Fail is declined stays with its session, so that is said again until
 * the session is given up.
 */
static bool
job_is_answered(const ProtobufCMessage *request, const struct kontor_error *error)
{
    bool has_else =
        request->descriptor == &kontor__v1__complete_request__descriptor ||
        request->descriptor == &kontor__v1__decide_cancel_request__descriptor;
    enum refusal refusal = refusal_of(error);
    return refusal == REFUSAL_OVER || (refusal == REFUSAL_DECLINED && has_else);
}

/*
 * Whether the broker refused for a whole lease. A session that is renewed would hold
 * the job for ever, so it is given up: the broker takes its jobs back, and the run
 * opens another. An outcome that stays unknown is no exception: whoever gets the job
 * next looks before it creates.
 */
static bool
job_gives_up(struct kontor_job *job, int64_t *refused_at_ms)
{
    if (*refused_at_ms == 0) {
        *refused_at_ms = lease_now_ms();
    }
    pthread_mutex_lock(&job->agent->mutex);
    bool is_long = lease_now_ms() - *refused_at_ms >= job->agent->lease_ms;
    pthread_mutex_unlock(&job->agent->mutex);
    if (is_long) {
        agent_lose_session(job->agent, job->session);
    }
    return is_long;
}

/*
 * Waits before the same is said again, or for the loss. A broker that asks for more
 * patience than a lease is not obeyed: the job would be held all that time.
 */
static void
job_back_off(struct kontor_job *job, struct retry *retry,
             const struct kontor_error *error)
{
    int64_t delay_ms = retry_delay_ms(retry, error);
    pthread_mutex_lock(&job->agent->mutex);
    int64_t lease_ms = job->agent->lease_ms;
    pthread_mutex_unlock(&job->agent->mutex);
    job_wait(job, lease_now_ms() + (delay_ms < lease_ms ? delay_ms : lease_ms));
}

/*
 * A call about the job, repeated with the same request until it is taken or pointless.
 * A job that is lost gets one last try: the broker takes a late completion as long as
 * nobody claimed since.
 */
static enum kontor_status
job_call(struct kontor_job *job, const char *path, const ProtobufCMessage *request,
         Kontor__V1__OrderItem **item, struct kontor_error *error)
{
    struct retry retry = {0};
    int64_t refused_at_ms = 0;
    for (;;) {
        bool is_last = job_is_lost(job);
        ProtobufCMessage *reply = NULL;
        enum kontor_status status = kontor_call(job->agent->kontor, kontor_method(path),
                                                request, NULL, &reply, error);
        if (status == KONTOR_OK && item != NULL) {
            *item = (Kontor__V1__OrderItem *)reply;
            return status;
        }
        kontor_reply_free(reply);
        if (status == KONTOR_OK || is_last || job_is_answered(request, error) ||
            job_gives_up(job, &refused_at_ms)) {
            return status;
        }
        job_back_off(job, &retry, error);
    }
}

bool
job_begin(struct kontor_job *job)
{
    char request_id[37];
    kontor_uuid(request_id);
    Kontor__V1__BeginRequest request = KONTOR__V1__BEGIN_REQUEST__INIT;
    request.item = job->claimed->item;
    request.fence = job->claimed->fence;
    request.intent = job->claimed->intent;
    request.request_id = request_id;
    struct kontor_error error = {0};
    enum kontor_status status = job_call(job, "/kontor.v1.FulfilmentService/Begin",
                                         &request.base, NULL, &error);
    bool is_begun = status == KONTOR_OK && !job_is_lost(job);
    if (is_begun) {
        job_tell(job, "begin", job->claimed->intent);
    } else {
        job_tell(job, "lost",
                 status == KONTOR_OK ? "the lease is over" : error.message);
    }
    kontor_error_done(&error);
    return is_begun;
}

void
job_release(struct kontor_job *job, const char *reason)
{
    char request_id[37];
    kontor_uuid(request_id);
    Kontor__V1__ReleaseRequest request = KONTOR__V1__RELEASE_REQUEST__INIT;
    request.item = job->claimed->item;
    request.fence = job->claimed->fence;
    request.reason = (char *)(uintptr_t)reason;
    request.request_id = request_id;
    struct kontor_error error = {0};
    job_call(job, "/kontor.v1.FulfilmentService/Release", &request.base, NULL, &error);
    job_tell(job, "refused", reason);
    kontor_error_done(&error);
}

/* What is said to the broker for each result, and to the host. */
struct job_failure {
    Kontor__V1__FailRequest__Failure failure;
    const char *what;
    const char *reason; /* When the callback gave none. */
};

static const struct job_failure job_failures[] = {
    [KONTOR_RETRY] = {KONTOR__V1__FAIL_REQUEST__FAILURE__RETRYABLE, "retry",
                      "the agent asks to try again later"},
    [KONTOR_NEVER] = {KONTOR__V1__FAIL_REQUEST__FAILURE__PERMANENT, "never",
                      "the agent says it can never work"},
    [KONTOR_NOBODY_KNOWS] = {KONTOR__V1__FAIL_REQUEST__FAILURE__UNKNOWN, "unknown",
                             "the agent does not know how it ended"},
};

static bool
job_is_held(const struct kontor_job *job, const Kontor__V1__OrderItem *item)
{
    return item->job != NULL && strcmp(item->job->session, job->session) == 0;
}

/*
 * How long to wait before this session tries again. Both times are the broker's, so its
 * clock cancels out.
 */
static int64_t
job_retry_ms(const Kontor__V1__OrderItem *item)
{
    if (item->job->retry_at == NULL || item->updated_at == NULL) {
        return 1000;
    }
    int64_t pause_ms =
        (item->job->retry_at->seconds - item->updated_at->seconds) * 1000 +
        (item->job->retry_at->nanos - item->updated_at->nanos) / 1000000;
    return pause_ms > 0 ? pause_ms : 0;
}

/*
 * The pause after a failure; -1: the job is not this session's any more. While a cancel
 * is assessed the broker has no operator to give it to and may leave even what nobody
 * knows with its holder: then what it called has to settle first. The question itself
 * may have been decided meanwhile.
 */
static int64_t
job_pause_ms(struct kontor_job *job, enum kontor_result result,
             const Kontor__V1__OrderItem *item)
{
    if (result == KONTOR_NEVER || !job_is_held(job, item)) {
        return -1;
    }
    pthread_mutex_lock(&job->agent->mutex);
    job_hear(job, item->job->kind);
    pthread_mutex_unlock(&job->agent->mutex);
    int64_t pause_ms = job_retry_ms(item);
    int64_t settle_ms = job->settled_at_ms - lease_now_ms();
    return settle_ms > pause_ms ? settle_ms : pause_ms;
}

int64_t
job_fail(struct kontor_job *job, enum kontor_result result)
{
    const struct job_failure *row = &job_failures[result];
    char request_id[37];
    kontor_uuid(request_id);
    Kontor__V1__FailRequest request = KONTOR__V1__FAIL_REQUEST__INIT;
    request.item = job->claimed->item;
    request.fence = job->claimed->fence;
    request.failure = row->failure;
    request.reason =
        (char *)(uintptr_t)(job->reason != NULL ? job->reason : row->reason);
    request.request_id = request_id;
    struct kontor_error error = {0};
    Kontor__V1__OrderItem *item = NULL;
    int64_t pause_ms = -1;
    enum kontor_status status = job_call(job, "/kontor.v1.FulfilmentService/Fail",
                                         &request.base, &item, &error);
    job_tell(job, status == KONTOR_OK ? row->what : "lost",
             status == KONTOR_OK ? request.reason : error.message);
    if (status == KONTOR_OK) {
        pause_ms = job_pause_ms(job, result, item);
    }
    kontor_reply_free(item);
    kontor_error_done(&error);
    return pause_ms;
}

/* ---- Done ---- */

/* A change that names no object leaves what was delivered as it is. */
static bool
job_is_bare(const struct kontor_job *job)
{
    const struct job_kind *kind = job_kind_of(job);
    bool is_new = job->claimed->kind == KONTOR__V1__JOB_KIND__PROVISION;
    return kind == NULL || kind->is_bare || (!is_new && job->backend_id == NULL);
}

/*
 * Whether a completion might be taken for that of an undoing. One with a delivery never
 * is: the broker refuses it.
 */
static bool
job_is_disputed(struct kontor_job *job)
{
    pthread_mutex_lock(&job->agent->mutex);
    bool is_disputed = job->is_disputed;
    pthread_mutex_unlock(&job->agent->mutex);
    return is_disputed && job_is_bare(job);
}

bool
job_complete(struct kontor_job *job)
{
    if (job_is_disputed(job)) {
        job_tell(job, "lost", "whether its cancel was accepted is not known");
        return true;
    }
    char request_id[37];
    kontor_uuid(request_id);
    Kontor__V1__CompleteRequest request = KONTOR__V1__COMPLETE_REQUEST__INIT;
    request.item = job->claimed->item;
    request.fence = job->claimed->fence;
    bool is_bare = job_is_bare(job);
    request.delivery = is_bare ? NULL : job_delivery(job);
    request.request_id = request_id;
    if (!is_bare && request.delivery == NULL) {
        kontor_job_reason(job, "the agent ran out of memory");
        return false;
    }
    struct kontor_error error = {0};
    enum kontor_status status = job_call(job, "/kontor.v1.FulfilmentService/Complete",
                                         &request.base, NULL, &error);
    if (status == KONTOR_OK) {
        job_tell(job, "done", job->backend_id == NULL ? "" : job->backend_id);
    } else {
        job_tell(job, job_is_lost(job) ? "lost" : "refused", error.message);
        kontor_job_reason(job, error.message);
    }
    bool is_over =
        status == KONTOR_OK || refusal_of(&error) == REFUSAL_OVER || job_is_lost(job);
    kontor_error_done(&error);
    return is_over;
}

void
job_decide(struct kontor_job *job, bool is_approved)
{
    char request_id[37];
    kontor_uuid(request_id);
    Kontor__V1__DecideItemRequest request = KONTOR__V1__DECIDE_ITEM_REQUEST__INIT;
    request.id = job->claimed->item;
    request.decision = is_approved ? KONTOR__V1__DECIDE_ITEM_REQUEST__DECISION__APPROVE
                                   : KONTOR__V1__DECIDE_ITEM_REQUEST__DECISION__REJECT;
    request.reason =
        (char *)(uintptr_t)(job->reason == NULL ? "the agent decided so" : job->reason);
    request.fence = job->claimed->fence;
    request.request_id = request_id;
    struct kontor_error error = {0};
    enum kontor_status status = job_call(job, "/kontor.v1.OrderService/DecideItem",
                                         &request.base, NULL, &error);
    const char *what = is_approved ? "approved" : "rejected";
    job_tell(job, status == KONTOR_OK ? what : "lost",
             status == KONTOR_OK ? request.reason : error.message);
    kontor_error_done(&error);
}

/* ---- A cancel ---- */

static void
job_say_decision(struct kontor_job *job, bool is_accepted,
                 const struct kontor_error *error)
{
    if (error->status == KONTOR_OK) {
        job_tell(job, is_accepted ? "cancelled" : "declined", job->reason);
        return;
    }
    bool is_refused = refusal_of(error) == REFUSAL_DECLINED;
    job_tell(job, is_refused ? "undecided" : "lost", error->message);
    kontor_job_reason(job, error->message);
}

static enum job_said
job_said(const struct kontor_error *error)
{
    static const enum job_said said[] = {[REFUSAL_AGAIN] = JOB_SAID_UNKNOWN,
                                         [REFUSAL_OVER] = JOB_SAID_OVER,
                                         [REFUSAL_DECLINED] = JOB_SAID_REFUSED};
    return error->status == KONTOR_OK ? JOB_SAID_TAKEN : said[refusal_of(error)];
}

enum job_said
job_decide_cancel(struct kontor_job *job, bool is_accepted, Kontor__V1__JobKind *kind)
{
    char request_id[37];
    kontor_uuid(request_id);
    Kontor__V1__DecideCancelRequest request = KONTOR__V1__DECIDE_CANCEL_REQUEST__INIT;
    request.id = job->claimed->item;
    request.decision = is_accepted
                           ? KONTOR__V1__DECIDE_CANCEL_REQUEST__DECISION__ACCEPT
                           : KONTOR__V1__DECIDE_CANCEL_REQUEST__DECISION__DECLINE;
    request.reason =
        (char *)(uintptr_t)(job->reason == NULL ? "the agent decided so" : job->reason);
    request.fence = job->claimed->fence;
    request.request_id = request_id;
    struct kontor_error error = {0};
    Kontor__V1__OrderItem *item = NULL;
    enum kontor_status status = job_call(job, "/kontor.v1.OrderService/DecideCancel",
                                         &request.base, &item, &error);
    if (status == KONTOR_OK && job_is_held(job, item)) {
        *kind = item->job->kind;
    }
    enum job_said said = job_said(&error);
    job_say_decision(job, is_accepted, &error);
    kontor_reply_free(item);
    kontor_error_done(&error);
    return said;
}
