#include "client/job.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "client/call.h"
#include "client/error.h"
#include "client/lease.h"
#include "client/refusal.h"
#include "client/retry.h"

/*
 * claimed -> (earlier attempt? lookup : Begin) -> provision -> Complete | Fail
 *
 * Other kinds of work have a callback of their own and nothing to look for: what is to
 * be gone or changed is asked for by its name, and asking twice does it once.
 *
 * A RETRY that the broker leaves with this session is tried again here, looking first.
 * Whatever happens, a job of this session ends with a definite answer of the broker or
 * with the loss of the lease: the session goes on being renewed, so a job merely
 * dropped would be held for ever.
 */

/* ---- Telling ---- */

static void
job_tell(struct kontor_job *job, const char *what, const char *text)
{
    agent_tell(job->agent, job->claimed->item, what, text,
               lease_now_ms() - job->claimed_at_ms);
}

/*
 * The clock is asked here, too: the keeper may still be asleep when the machine wakes,
 * and what is created then may be somebody else's by now. Once seen it stays so, even
 * if a renewal is answered late: the session is given up.
 */
bool
job_is_lost(struct kontor_job *job)
{
    struct kontor_agent *agent = job->agent;
    pthread_mutex_lock(&agent->mutex);
    if (!job->is_lost && lease_now_ms() >= agent->lease_end_ms) {
        agent_lose_held(agent);
    }
    bool is_lost = job->is_lost;
    pthread_mutex_unlock(&agent->mutex);
    return is_lost;
}

void
job_lose(struct kontor_job *job)
{
    if (job->is_lost) {
        return;
    }
    job->is_lost = true;
    uint64_t one = 1;
    /* The counter cannot be full: it is written once. */
    ssize_t written = write(job->lost_fd, &one, sizeof one);
    (void)written;
    pthread_cond_broadcast(&job->agent->changed);
}

/* Waits until a time of the lease clock, or the loss. */
static void
job_wait(struct kontor_job *job, int64_t until_ms)
{
    struct kontor_agent *agent = job->agent;
    pthread_mutex_lock(&agent->mutex);
    while (!job->is_lost && lease_now_ms() < until_ms) {
        lease_wait(agent, until_ms);
    }
    pthread_mutex_unlock(&agent->mutex);
}

/* ---- Asking the broker ---- */

/*
 * Whether asking again is pointless. Only a completion can be followed by something
 * else, a failure; a job whose Begin or Fail is declined stays with its session, so
 * that is said again until the session is given up.
 */
static bool
job_is_answered(const ProtobufCMessage *request, const struct kontor_error *error)
{
    enum refusal refusal = refusal_of(error);
    return refusal == REFUSAL_OVER ||
           (refusal == REFUSAL_DECLINED &&
            request->descriptor == &kontor__v1__complete_request__descriptor);
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

static bool
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

static void
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

/*
 * How long to wait before this session tries again; -1: it is not this session's any
 * more. Both times are the broker's, so its clock cancels out.
 */
static int64_t
job_pause_ms(const struct kontor_job *job, const Kontor__V1__OrderItem *item)
{
    if (item->job == NULL || strcmp(item->job->session, job->session) != 0) {
        return -1;
    }
    if (item->job->retry_at == NULL || item->updated_at == NULL) {
        return 1000;
    }
    int64_t pause_ms =
        (item->job->retry_at->seconds - item->updated_at->seconds) * 1000 +
        (item->job->retry_at->nanos - item->updated_at->nanos) / 1000000;
    return pause_ms > 0 ? pause_ms : 0;
}

/* Says that it failed. Answers how long to wait before trying again here, or -1. */
static int64_t
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
    if (status == KONTOR_OK && result == KONTOR_RETRY) {
        pause_ms = job_pause_ms(job, item);
    }
    kontor_reply_free(item);
    kontor_error_done(&error);
    return pause_ms;
}

/* ---- Kinds of work ---- */

/* Where the callback of a kind is among the options, and what the kind is like. */
static const struct kind_row {
    Kontor__V1__JobKind kind;
    size_t callback;
    bool has_begin; /* It begins unless it has begun. */
    bool is_bare;   /* It delivers nothing. */
} kind_rows[] = {
    {KONTOR__V1__JOB_KIND__PROVISION, offsetof(struct kontor_agent_options, provision),
     true, false},
    {KONTOR__V1__JOB_KIND__MODIFY, offsetof(struct kontor_agent_options, modify), true,
     false},
    {KONTOR__V1__JOB_KIND__RENEW, offsetof(struct kontor_agent_options, modify), true,
     false},
    {KONTOR__V1__JOB_KIND__TERMINATE, offsetof(struct kontor_agent_options, remove),
     true, true},
    {KONTOR__V1__JOB_KIND__ROLLBACK, offsetof(struct kontor_agent_options, remove),
     false, true},
    {KONTOR__V1__JOB_KIND__CLEANUP, offsetof(struct kontor_agent_options, remove),
     false, true},
    {KONTOR__V1__JOB_KIND__EVALUATE, offsetof(struct kontor_agent_options, evaluate),
     false, true},
};

static kontor_job_fn
callback_of(const struct kontor_agent_options *options, const struct kind_row *row)
{
    kontor_job_fn callback;
    memcpy(&callback, (const char *)options + row->callback, sizeof callback);
    return callback;
}

size_t
job_kinds(const struct kontor_agent_options *options,
          Kontor__V1__JobKind kinds[JOB_MAX_KINDS])
{
    size_t n = 0;
    for (size_t i = 0; i < sizeof kind_rows / sizeof kind_rows[0]; i++) {
        if (callback_of(options, &kind_rows[i]) != NULL) {
            kinds[n++] = kind_rows[i].kind;
        }
    }
    return n;
}

/* NULL = a kind of a newer broker, or one without a callback. */
static const struct kind_row *
job_row(const struct kontor_job *job)
{
    /* A change that is undone leaves its object where it was: there is nothing of that
     * name to remove. */
    bool is_change = job->claimed->action > KONTOR__V1__ITEM_ACTION__ADD;
    if (is_change && job->claimed->kind == KONTOR__V1__JOB_KIND__ROLLBACK) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof kind_rows / sizeof kind_rows[0]; i++) {
        const struct kind_row *row = &kind_rows[i];
        if (row->kind == job->claimed->kind) {
            return callback_of(&job->agent->options, row) == NULL ? NULL : row;
        }
    }
    return NULL;
}

/* A change that names no object leaves what was delivered as it is. */
static bool
job_is_bare(const struct kontor_job *job)
{
    const struct kind_row *row = job_row(job);
    bool is_new = job->claimed->kind == KONTOR__V1__JOB_KIND__PROVISION;
    return row == NULL || row->is_bare || (!is_new && job->backend_id == NULL);
}

/* Says that it is done. false: the broker refused what was delivered, so it must be
 * told something else. */
static bool
job_complete(struct kontor_job *job)
{
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

/* ---- Working ---- */

static enum kontor_result
job_lookup(struct kontor_job *job)
{
    const struct kontor_agent_options *options = &job->agent->options;
    job_tell(job, "lookup", job->claimed->intent);
    enum kontor_result result = options->lookup(job, options->context);
    /* That an object can never be found says nothing about the order: it stays unknown.
     */
    return result == KONTOR_NEVER ? KONTOR_NOBODY_KNOWS : result;
}

/* One attempt: looks where something may exist, creates where nothing does. */
static enum kontor_result
job_attempt(struct kontor_job *job, bool must_look)
{
    const struct kontor_agent_options *options = &job->agent->options;
    job_forget(job);
    enum kontor_result result = must_look ? job_lookup(job) : KONTOR_ABSENT;
    if (result == KONTOR_ABSENT) {
        if (job_is_lost(job)) {
            return KONTOR_NOBODY_KNOWS;
        }
        job_forget(job);
        result = options->provision(job, options->context);
    }
    if (result == KONTOR_DONE && job->backend_id == NULL) {
        kontor_job_reason(job, "the agent said it is done but gave no backend id");
        return KONTOR_NOBODY_KNOWS;
    }
    return result == KONTOR_ABSENT ? KONTOR_NOBODY_KNOWS : result;
}

/* Answers how long to wait before another attempt here, or -1: it is over. */
static int64_t
job_conclude(struct kontor_job *job, enum kontor_result result)
{
    if (result == KONTOR_DONE && job_complete(job)) {
        return -1;
    }
    if (job_is_lost(job)) {
        job_tell(job, "lost", "the lease is over");
        return -1;
    }
    /* A delivery the broker refuses comes to an operator after some tries; it exists,
     * so it is never failed for good. */
    return job_fail(job, result == KONTOR_DONE ? KONTOR_RETRY : result);
}

static void
job_work(struct kontor_job *job, bool must_look)
{
    int64_t pause_ms = job_conclude(job, job_attempt(job, must_look));
    while (pause_ms >= 0) {
        job_wait(job, lease_now_ms() + pause_ms);
        if (job_is_lost(job)) {
            job_tell(job, "lost", "the lease is over");
            return;
        }
        bool has_lookup = job->agent->options.lookup != NULL;
        pause_ms = job_conclude(job, job_attempt(job, has_lookup));
    }
}

/* Nobody here can say whether the object exists: the broker gives the job to somebody
 * who can, and after some tries to an operator. */
static void
job_leave(struct kontor_job *job, const char *why)
{
    kontor_job_reason(job, why);
    job_tell(job, "needs-operator", why);
    job_fail(job, KONTOR_NOBODY_KNOWS);
}

/* Work that has nothing to look for: it is done, and done again, by its callback. */
static void
job_do_other(struct kontor_job *job, const struct kind_row *row)
{
    const struct kontor_agent_options *options = &job->agent->options;
    if (row->has_begin && !job->may_exist && !job_begin(job)) {
        return;
    }
    int64_t pause_ms = 0;
    while (pause_ms >= 0) {
        job_wait(job, lease_now_ms() + pause_ms);
        if (job_is_lost(job)) {
            job_tell(job, "lost", "the lease is over");
            return;
        }
        job_forget(job);
        enum kontor_result result = callback_of(options, row)(job, options->context);
        pause_ms =
            job_conclude(job, result == KONTOR_ABSENT ? KONTOR_NOBODY_KNOWS : result);
    }
}

/* The approval itself is the answer; what is no decision is left to try again. */
static void
job_do_evaluate(struct kontor_job *job)
{
    const struct kontor_agent_options *options = &job->agent->options;
    enum kontor_result result = options->evaluate(job, options->context);
    if (result != KONTOR_DONE && result != KONTOR_NEVER) {
        job_fail(job, result == KONTOR_ABSENT ? KONTOR_NOBODY_KNOWS : result);
        return;
    }
    char request_id[37];
    kontor_uuid(request_id);
    Kontor__V1__DecideItemRequest request = KONTOR__V1__DECIDE_ITEM_REQUEST__INIT;
    request.id = job->claimed->item;
    request.decision = result == KONTOR_DONE
                           ? KONTOR__V1__DECIDE_ITEM_REQUEST__DECISION__APPROVE
                           : KONTOR__V1__DECIDE_ITEM_REQUEST__DECISION__REJECT;
    request.reason =
        (char *)(uintptr_t)(job->reason == NULL ? "the agent decided so" : job->reason);
    request.fence = job->claimed->fence;
    request.request_id = request_id;
    struct kontor_error error = {0};
    enum kontor_status status = job_call(job, "/kontor.v1.OrderService/DecideItem",
                                         &request.base, NULL, &error);
    const char *what = result == KONTOR_DONE ? "approved" : "rejected";
    job_tell(job, status == KONTOR_OK ? what : "lost",
             status == KONTOR_OK ? request.reason : error.message);
    kontor_error_done(&error);
}

static void
job_do(struct kontor_job *job)
{
    const struct kind_row *row = job_row(job);
    if (row == NULL) {
        /* Before Begin it can be given back; after it nobody knows. */
        if (job->may_exist) {
            job_leave(job, "this agent does not know this kind of job: an operator "
                           "must look");
        } else {
            job_release(job, "this agent does not know this kind of job");
        }
        return;
    }
    if (row->kind == KONTOR__V1__JOB_KIND__EVALUATE) {
        job_do_evaluate(job);
        return;
    }
    if (row->kind != KONTOR__V1__JOB_KIND__PROVISION) {
        job_do_other(job, row);
        return;
    }
    if (!job->may_exist) {
        if (job_begin(job)) {
            job_work(job, false);
        }
        return;
    }
    if (job->agent->options.lookup == NULL) {
        job_leave(job, "no lookup: an operator must look");
    } else {
        job_work(job, true);
    }
}

static void *
job_run(void *context)
{
    struct kontor_job *job = context;
    struct kontor_agent *agent = job->agent;
    job_tell(job, "claimed", job->claimed->name);
    job_do(job);
    pthread_mutex_lock(&agent->mutex);
    job->is_finished = true;
    agent->n_running--;
    pthread_cond_broadcast(&agent->changed);
    pthread_mutex_unlock(&agent->mutex);
    return NULL;
}

/* ---- Life ---- */

static void
job_free(struct kontor_job *job)
{
    if (job->lost_fd >= 0) {
        close(job->lost_fd);
    }
    arena_free(job->arena);
    kontor_reply_free(job->claimed);
    free(job);
}

/* The name to look for is the one the earlier attempt used. */
static void
job_take_intent(struct kontor_job *job)
{
    Kontor__V1__ClaimedJob *claimed = job->claimed;
    job->may_exist = claimed->prior_intent[0] != '\0';
    if (job->may_exist) {
        char *intent = claimed->intent;
        claimed->intent = claimed->prior_intent;
        claimed->prior_intent = intent;
    }
}

bool
job_start(struct kontor_agent *agent, Kontor__V1__ClaimedJob *claimed)
{
    struct kontor_job *job = calloc(1, sizeof *job);
    if (job == NULL) {
        kontor_reply_free(claimed);
        return false;
    }
    job->agent = agent;
    job->claimed = claimed;
    job_take_intent(job);
    job->claimed_at_ms = lease_now_ms();
    memcpy(job->session, agent->session, sizeof job->session);
    job->lost_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    job->arena = arena_new();
    if (job->lost_fd < 0 || job->arena == NULL ||
        !agent_thread(&job->thread, job_run, job)) {
        job_free(job);
        return false;
    }
    job->next = agent->jobs;
    agent->jobs = job;
    agent->n_running++;
    agent->n_started++;
    return true;
}

void
job_join(struct kontor_job *job)
{
    pthread_join(job->thread, NULL);
    job_free(job);
}
