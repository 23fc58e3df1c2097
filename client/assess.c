#include "client/assess.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "client/job_hold.h"
#include "client/job_say.h"
#include "client/lease.h"

#define KIND(name) KONTOR__V1__JOB_KIND__##name

enum { PAUSE_FIRST_MS = 1000, PAUSE_LAST_MS = 300000, PAUSE_DOUBLINGS = 9 };

/* One question. What the callback is given is its work's, but for kind and reason. */
struct assess {
    struct kontor_job job;
    struct kontor_job *work;
    Kontor__V1__ClaimedJob claimed;
    char reason[]; /* Why the customer wants it cancelled. */
};

/* ---- Life ---- */

static void
assess_free(struct assess *assess)
{
    if (assess->job.lost_fd >= 0) {
        close(assess->job.lost_fd);
    }
    arena_free(assess->job.arena);
    free(assess);
}

static struct assess *
assess_new(struct kontor_job *work, const char *reason)
{
    size_t size = strlen(reason) + 1;
    struct assess *assess = calloc(1, sizeof *assess + size);
    if (assess == NULL) {
        return NULL;
    }
    memcpy(assess->reason, reason, size);
    assess->work = work;
    assess->claimed = *work->claimed;
    assess->claimed.kind = KIND(ASSESS_CANCEL);
    assess->claimed.cancel_reason = assess->reason;
    struct kontor_job *job = &assess->job;
    job->agent = work->agent;
    job->claimed = &assess->claimed;
    job->may_exist = true;
    job->claimed_at_ms = work->claimed_at_ms;
    memcpy(job->session, work->session, sizeof job->session);
    job->lost_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    job->arena = arena_new();
    if (job->lost_fd < 0 || job->arena == NULL) {
        assess_free(assess);
        return NULL;
    }
    return assess;
}

void
assess_drop(struct assess *assess)
{
    if (assess != NULL) {
        job_lose(&assess->job);
    }
}

void
assess_end(struct kontor_job *job)
{
    pthread_mutex_lock(&job->agent->mutex);
    struct assess *assess = job->assess;
    assess_drop(assess);
    job->assess = NULL;
    pthread_mutex_unlock(&job->agent->mutex);
    if (assess != NULL) {
        pthread_join(assess->job.thread, NULL);
        assess_free(assess);
    }
}

/* ---- Answering ---- */

/* As job_speak, for an answer; false: it is moot. */
static bool
assess_speak(struct assess *assess)
{
    struct kontor_agent *agent = assess->job.agent;
    struct kontor_job *work = assess->work;
    pthread_mutex_lock(&agent->mutex);
    while (work->is_speaking && !assess->job.is_lost) {
        channel_wait(&agent->changed, &agent->mutex, INT64_MAX);
    }
    bool is_its = !assess->job.is_lost;
    work->is_speaking = work->is_speaking || is_its;
    pthread_mutex_unlock(&agent->mutex);
    return is_its;
}

/* Says a decision. Answers whether the question is settled by it. */
static bool
assess_decide(struct assess *assess, bool is_accepted)
{
    struct kontor_job *work = assess->work;
    if (!assess_speak(assess)) {
        return false;
    }
    Kontor__V1__JobKind kind = KIND(JOB_KIND_UNSPECIFIED);
    enum job_said said = job_decide_cancel(&assess->job, is_accepted, &kind);
    pthread_mutex_lock(&work->agent->mutex);
    /* Before the turn is given back: the end of the work waits for it. */
    job_hear(work, kind);
    work->is_disputed = is_accepted && said == JOB_SAID_UNKNOWN;
    pthread_mutex_unlock(&work->agent->mutex);
    job_hush(work, false);
    return said == JOB_SAID_TAKEN;
}

static bool
assess_answer(struct assess *assess, enum kontor_result result)
{
    struct kontor_job *job = &assess->job;
    if (result == KONTOR_DONE || result == KONTOR_NEVER) {
        return assess_decide(assess, result == KONTOR_DONE);
    }
    if (!job_is_lost(job)) {
        job_tell(job, "undecided",
                 job->reason == NULL ? "it is asked again later" : job->reason);
    }
    return false;
}

/* A question that stays open is asked again, ever more rarely. The mutex is held. */
static void
assess_postpone(struct kontor_job *work)
{
    int64_t pause_ms = (int64_t)PAUSE_FIRST_MS << work->n_asked;
    work->n_asked += work->n_asked < PAUSE_DOUBLINGS ? 1 : 0;
    work->ask_at_ms =
        lease_now_ms() + (pause_ms < PAUSE_LAST_MS ? pause_ms : PAUSE_LAST_MS);
}

static void *
assess_run(void *context)
{
    struct assess *assess = context;
    struct kontor_job *job = &assess->job;
    struct kontor_agent *agent = job->agent;
    job_tell(job, "assess", assess->reason);
    bool is_settled =
        assess_answer(assess, agent->options.assess(job, agent->options.context));
    pthread_mutex_lock(&agent->mutex);
    if (is_settled) {
        assess->work->n_asked = 0;
    } else {
        assess_postpone(assess->work);
    }
    /* A renewal that was asked for before tells of the question that was answered. */
    assess->work->known_at_ms = lease_now_ms();
    job->is_finished = true;
    pthread_mutex_unlock(&agent->mutex);
    return NULL;
}

/* ---- Asking ---- */

static void
assess_begin(struct kontor_job *work, const char *reason)
{
    struct assess *before = work->assess;
    if (before != NULL && !before->job.is_finished) {
        return;
    }
    if (before != NULL) {
        /* It has nothing left to do but to return. */
        pthread_join(before->job.thread, NULL);
        assess_free(before);
        work->assess = NULL;
    }
    struct assess *assess = assess_new(work, reason);
    if (assess != NULL && agent_thread(&assess->job.thread, assess_run, assess)) {
        work->assess = assess;
    } else if (assess != NULL) {
        assess_free(assess);
    }
}

/* Somebody else has declined: nothing is left to answer. One that is just being
 * answered is left alone, so that its outcome becomes known. */
static void
assess_withdraw(struct kontor_job *work)
{
    work->n_asked = 0;
    work->ask_at_ms = 0;
    if (!work->is_speaking) {
        assess_drop(work->assess);
    }
}

void
assess_hear(struct kontor_job *job, const Kontor__V1__HeldJob *held,
            int64_t asked_at_ms)
{
    bool is_said = held->kind != KIND(JOB_KIND_UNSPECIFIED);
    bool is_done = job->is_over || job->is_lost;
    if (!is_said || asked_at_ms <= job->known_at_ms || is_done) {
        return;
    }
    job_hear(job, held->kind);
    bool is_asked = held->kind == KIND(ASSESS_CANCEL);
    bool is_worked_on = job->claimed->kind != KIND(ASSESS_CANCEL);
    if (job->turned_to != 0 || !is_worked_on) {
        return;
    }
    if (!is_asked) {
        assess_withdraw(job);
    } else if (job->agent->options.assess != NULL && lease_now_ms() >= job->ask_at_ms) {
        assess_begin(job, held->cancel_reason);
    }
}
