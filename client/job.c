#include "client/job.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "client/job_kind.h"
#include "client/job_say.h"
#include "client/lease.h"

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

/* ---- The lease ---- */

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

void
job_wait(struct kontor_job *job, int64_t until_ms)
{
    struct kontor_agent *agent = job->agent;
    pthread_mutex_lock(&agent->mutex);
    while (!job->is_lost && lease_now_ms() < until_ms) {
        lease_wait(agent, until_ms);
    }
    pthread_mutex_unlock(&agent->mutex);
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
job_do_other(struct kontor_job *job, const struct job_kind *kind)
{
    const struct kontor_agent_options *options = &job->agent->options;
    if (kind->has_begin && !job->may_exist && !job_begin(job)) {
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

static void
job_do(struct kontor_job *job)
{
    const struct job_kind *kind = job_kind_of(job);
    if (kind == NULL) {
        /* Before Begin it can be given back; after it nobody knows. */
        if (job->may_exist) {
            job_leave(job, "this agent does not know this kind of job: an operator "
                           "must look");
        } else {
            job_release(job, "this agent does not know this kind of job");
        }
        return;
    }
    if (kind->kind == KONTOR__V1__JOB_KIND__EVALUATE) {
        job_do_evaluate(job);
        return;
    }
    if (kind->kind != KONTOR__V1__JOB_KIND__PROVISION) {
        job_do_other(job, kind);
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
