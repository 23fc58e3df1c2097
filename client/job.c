#include "client/job.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "client/job_hold.h"
#include "client/job_kind.h"
#include "client/job_say.h"
#include "client/lease.h"

/*
 * claimed -> (earlier attempt? lookup : Begin) -> provision -> Complete | Fail
 *
 * Other kinds of work have a callback of their own and nothing to look for: what is to
 * be gone or changed is asked for by its name, and asking twice does it once.
 *
 * A decision about a cancel makes another kind of work of a job (job_hold.h): then it
 * goes on as that, on the same thread, once the callback that ran has returned.
 *
 * A RETRY that the broker leaves with this session is tried again here, looking first.
 * Whatever happens, a job of this session ends with a definite answer of the broker or
 * with the loss of the lease: the session goes on being renewed, so a job merely
 * dropped would be held for ever.
 */

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
        /* Nothing was created, and what is stopped says nothing. */
        if (job_is_stopped(job)) {
            return KONTOR_RETRY;
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

/* Says how the work ended. Answers how long to wait before another attempt here, or -1:
 * it is over. */
static int64_t
job_say_end(struct kontor_job *job, enum kontor_result result)
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

/* The same, unless a cancel was accepted meanwhile: then nothing is said of the work,
 * and it is undone. */
static int64_t
job_conclude(struct kontor_job *job, enum kontor_result result)
{
    bool is_asked = job->claimed->kind == KONTOR__V1__JOB_KIND__ASSESS_CANCEL;
    if (result == KONTOR_NOBODY_KNOWS && !is_asked) {
        job->settled_at_ms =
            lease_now_ms() + (int64_t)job->claimed->settle_seconds * 1000;
    }
    if (!job_speak(job)) {
        return -1;
    }
    int64_t pause_ms = job_say_end(job, result);
    job_hush(job, pause_ms < 0);
    return pause_ms;
}

static void
job_work(struct kontor_job *job, bool must_look)
{
    int64_t pause_ms = 0;
    while (pause_ms >= 0 && job_rest(job, lease_now_ms() + pause_ms)) {
        pause_ms = job_conclude(job, job_attempt(job, must_look));
        must_look = job->agent->options.lookup != NULL;
    }
}

/* Nobody here can say whether the object exists: the broker gives the job to somebody
 * who can, and after some tries to an operator. */
static void
job_leave(struct kontor_job *job, const char *why)
{
    job_tell(job, "needs-operator", why);
    int64_t pause_ms = 0;
    while (pause_ms >= 0 && job_rest(job, lease_now_ms() + pause_ms)) {
        job_forget(job);
        kontor_job_reason(job, why);
        pause_ms = job_conclude(job, KONTOR_NOBODY_KNOWS);
    }
}

/* Work that has nothing to look for: it is done, and done again, by its callback. */
static void
job_do_other(struct kontor_job *job, const struct job_kind *kind)
{
    const struct kontor_agent_options *options = &job->agent->options;
    if (kind->has_begin && !job->may_exist && !job_begin(job)) {
        return;
    }
    int64_t begin_ms = lease_now_ms();
    int64_t pause_ms =
        job->settled_at_ms > begin_ms ? job->settled_at_ms - begin_ms : 0;
    while (pause_ms >= 0 && job_rest(job, lease_now_ms() + pause_ms)) {
        job_forget(job);
        enum kontor_result result =
            job_kind_callback(options, kind)(job, options->context);
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
    job_decide(job, result == KONTOR_DONE);
}

/*
 * Says what was decided about the cancel. What is decided leaves a job, the work that
 * goes on or its undoing, or none: then it is over. Somebody else may have decided
 * before; what there is to do now is told with the failure.
 */
static int64_t
job_say_assessed(struct kontor_job *job, bool is_accepted)
{
    Kontor__V1__JobKind kind = KONTOR__V1__JOB_KIND__JOB_KIND_UNSPECIFIED;
    enum job_said said = job_decide_cancel(job, is_accepted, &kind);
    if (said == JOB_SAID_REFUSED) {
        return job_say_end(job, KONTOR_RETRY);
    }
    pthread_mutex_lock(&job->agent->mutex);
    job_hear(job, kind);
    pthread_mutex_unlock(&job->agent->mutex);
    return kind == KONTOR__V1__JOB_KIND__JOB_KIND_UNSPECIFIED ? -1 : 0;
}

/* A lost job leaves nothing to decide: unlike a completion, a late decision would have
 * the broker wait for an undoing that nobody here begins. */
static int64_t
job_decide_assessed(struct kontor_job *job, bool is_accepted)
{
    if (job_is_lost(job)) {
        job_tell(job, "lost", "the lease is over");
        return -1;
    }
    if (!job_speak(job)) {
        return -1;
    }
    int64_t pause_ms = job_say_assessed(job, is_accepted);
    job_hush(job, pause_ms < 0);
    return pause_ms;
}

/* A question nobody worked on the item for; its job goes on as what is decided. */
static void
job_do_assess(struct kontor_job *job)
{
    const struct kontor_agent_options *options = &job->agent->options;
    int64_t pause_ms = 0;
    while (pause_ms >= 0 && job_rest(job, lease_now_ms() + pause_ms)) {
        job_forget(job);
        job_tell(job, "assess", job->claimed->cancel_reason);
        enum kontor_result result = options->assess(job, options->context);
        if (result == KONTOR_DONE || result == KONTOR_NEVER) {
            pause_ms = job_decide_assessed(job, result == KONTOR_DONE);
        } else {
            pause_ms = job_conclude(job, result == KONTOR_ABSENT ? KONTOR_NOBODY_KNOWS
                                                                 : result);
        }
    }
}

/* A kind of a newer broker, or one without a callback. Before Begin it can be given
 * back; after it nobody knows. */
static void
job_do_unknown(struct kontor_job *job)
{
    if (!job->may_exist) {
        job_release(job, "this agent does not know this kind of job");
    } else if (job->claimed->kind == KONTOR__V1__JOB_KIND__ROLLBACK) {
        job_leave(job, "this agent has nothing to undo it with: it is left to others");
    } else {
        job_leave(job, "this agent does not know this kind of job: an operator must "
                       "look");
    }
}

static void
job_do_provision(struct kontor_job *job)
{
    if (job->may_exist && job->agent->options.lookup == NULL) {
        job_leave(job, "no lookup: an operator must look");
    } else if (job->may_exist || job_begin(job)) {
        job_work(job, job->may_exist);
    }
}

static void
job_do(struct kontor_job *job)
{
    const struct job_kind *kind = job_kind_of(job);
    if (kind == NULL) {
        job_do_unknown(job);
    } else if (kind->kind == KONTOR__V1__JOB_KIND__PROVISION) {
        job_do_provision(job);
    } else if (kind->kind == KONTOR__V1__JOB_KIND__EVALUATE) {
        job_do_evaluate(job);
    } else if (kind->kind == KONTOR__V1__JOB_KIND__ASSESS_CANCEL) {
        job_do_assess(job);
    } else {
        job_do_other(job, kind);
    }
}

static void *
job_run(void *context)
{
    struct kontor_job *job = context;
    struct kontor_agent *agent = job->agent;
    job_tell(job, "claimed", job->claimed->name);
    do {
        job_do(job);
    } while (job_become(job));
    job_end(job);
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
