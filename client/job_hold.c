#include "client/job_hold.h"

#include <unistd.h>

#include "client/assess.h"
#include "client/job_say.h"
#include "client/lease.h"

#define KIND(name) KONTOR__V1__JOB_KIND__##name

/* Makes the descriptor readable. The mutex is held. */
static void
job_signal(struct kontor_job *job)
{
    uint64_t one = 1;
    /* The counter cannot be full: it is written twice at most. */
    ssize_t written = write(job->lost_fd, &one, sizeof one);
    (void)written;
    pthread_cond_broadcast(&job->agent->changed);
}

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
    assess_drop(job->assess);
    job_signal(job);
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

/* ---- Becoming another ---- */

/*
 * A question that was decided leaves the work it was asked about, or its undoing; work
 * of which a cancel was accepted leaves its undoing. Nothing else turns one job into
 * another under the same fence, and what a broker does not say is no news.
 */
void
job_hear(struct kontor_job *job, Kontor__V1__JobKind kind)
{
    Kontor__V1__JobKind now = job->claimed->kind;
    bool is_news = kind != KIND(JOB_KIND_UNSPECIFIED) && kind != now;
    bool is_decided = now == KIND(ASSESS_CANCEL) || kind == KIND(ROLLBACK);
    if (!is_news || !is_decided || job->is_over || job->turned_to != 0) {
        return;
    }
    job->turned_to = kind;
    assess_drop(job->assess);
    job_signal(job);
}

static bool
job_is_turned(struct kontor_job *job)
{
    pthread_mutex_lock(&job->agent->mutex);
    bool is_turned = job->turned_to != 0;
    pthread_mutex_unlock(&job->agent->mutex);
    return is_turned;
}

bool
job_is_stopped(struct kontor_job *job)
{
    return job_is_lost(job) || job_is_turned(job);
}

bool
job_rest(struct kontor_job *job, int64_t until_ms)
{
    struct kontor_agent *agent = job->agent;
    pthread_mutex_lock(&agent->mutex);
    while (!job->is_lost && job->turned_to == 0 && lease_now_ms() < until_ms) {
        lease_wait(agent, until_ms);
    }
    pthread_mutex_unlock(&agent->mutex);
    if (job_is_turned(job)) {
        return false;
    }
    bool is_lost = job_is_lost(job);
    if (is_lost) {
        job_tell(job, "lost", "the lease is over");
    }
    return !is_lost;
}

/* The next callback finds a descriptor that is not readable, and no reason of a cancel
 * that was decided. The mutex is held. */
static void
job_renew(struct kontor_job *job)
{
    Kontor__V1__ClaimedJob *claimed = job->claimed;
    uint64_t count;
    ssize_t n = read(job->lost_fd, &count, sizeof count);
    (void)n;
    claimed->kind = job->turned_to;
    if (claimed->cancel_reason[0] != '\0') {
        claimed->cancel_reason[0] = '\0';
    }
    job->turned_to = 0;
    job->may_exist = true;
    job->is_disputed = false;
    /* A renewal that was asked for before tells what it was. */
    job->known_at_ms = lease_now_ms();
}

bool
job_become(struct kontor_job *job)
{
    if (!job_is_turned(job)) {
        return false;
    }
    assess_end(job);
    bool is_lost = job_is_lost(job);
    pthread_mutex_lock(&job->agent->mutex);
    is_lost = is_lost || job->is_lost;
    if (!is_lost) {
        job_renew(job);
    }
    pthread_mutex_unlock(&job->agent->mutex);
    if (is_lost) {
        job_tell(job, "lost", "the lease is over");
    }
    return !is_lost;
}

/* The mutex is held. */
static void
job_end_held(struct kontor_job *job)
{
    job->is_over = true;
    job->turned_to = 0;
    assess_drop(job->assess);
}

void
job_end(struct kontor_job *job)
{
    pthread_mutex_lock(&job->agent->mutex);
    job_end_held(job);
    pthread_mutex_unlock(&job->agent->mutex);
    assess_end(job);
}

/* ---- Speaking ---- */

bool
job_speak(struct kontor_job *job)
{
    struct kontor_agent *agent = job->agent;
    pthread_mutex_lock(&agent->mutex);
    while (job->is_speaking) {
        channel_wait(&agent->changed, &agent->mutex, INT64_MAX);
    }
    bool is_its = job->turned_to == 0;
    job->is_speaking = is_its;
    pthread_mutex_unlock(&agent->mutex);
    return is_its;
}

void
job_hush(struct kontor_job *job, bool is_over)
{
    pthread_mutex_lock(&job->agent->mutex);
    job->is_speaking = false;
    if (is_over) {
        job_end_held(job);
    }
    pthread_cond_broadcast(&job->agent->changed);
    pthread_mutex_unlock(&job->agent->mutex);
}
