/* The keeper of a session's lease. */
#include "client/lease.h"

#include <string.h>
#include <time.h>

#include "client/assess.h"
#include "client/call.h"
#include "client/error.h"
#include "client/job_hold.h"

enum { RENEW_PAUSE_MIN_MS = 50, LOOK_MS = 1000 };

int64_t
lease_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
lease_begin(struct kontor_agent *agent, int64_t asked_at_ms, int32_t seconds)
{
    if (seconds > 0) {
        agent->lease_ms = (int64_t)seconds * 1000;
    }
    agent->lease_end_ms = asked_at_ms + agent->lease_ms;
    agent->renew_at_ms = asked_at_ms + agent->lease_ms / 3;
    pthread_cond_broadcast(&agent->changed);
}

/*
 * Conditions wait by the clock that stands still while the machine sleeps, so that a
 * wait of ten seconds may take a night. Its callers look again every second.
 */
void
lease_wait(struct kontor_agent *agent, int64_t until_ms)
{
    int64_t left_ms = until_ms - lease_now_ms();
    if (left_ms > LOOK_MS) {
        left_ms = LOOK_MS;
    }
    if (left_ms > 0) {
        channel_wait(&agent->changed, &agent->mutex, channel_now_ms() + left_ms);
    }
}

/* The job as the session still holds it; NULL: it does not. */
static const Kontor__V1__HeldJob *
lease_held(const Kontor__V1__RenewResponse *reply,
           const Kontor__V1__ClaimedJob *claimed)
{
    for (size_t i = 0; i < reply->n_jobs; i++) {
        if (reply->jobs[i]->fence == claimed->fence &&
            strcmp(reply->jobs[i]->item, claimed->item) == 0) {
            return reply->jobs[i];
        }
    }
    return NULL;
}

/* A job claimed after the renewal was asked for may be missing in the answer although
 * it is held. */
static void
lease_take_job(struct kontor_job *job, int64_t asked_at_ms,
               const Kontor__V1__RenewResponse *reply)
{
    if (job->claimed_at_ms >= asked_at_ms) {
        return;
    }
    const Kontor__V1__HeldJob *held = lease_held(reply, job->claimed);
    if (held == NULL) {
        job_lose(job);
    } else {
        assess_hear(job, held, asked_at_ms);
    }
}

/*
 * Takes the answer of a renewal: a new term, away with jobs that are not held any more,
 * and news of those that are.
 */
static void
lease_take(struct kontor_agent *agent, const char *session, int64_t asked_at_ms,
           const Kontor__V1__RenewResponse *reply)
{
    pthread_mutex_lock(&agent->mutex);
    if (strcmp(agent->session, session) == 0) {
        lease_begin(agent, asked_at_ms, reply->lease_seconds);
        for (struct kontor_job *job = agent->jobs; job != NULL; job = job->next) {
            lease_take_job(job, asked_at_ms, reply);
        }
    }
    pthread_mutex_unlock(&agent->mutex);
}

/* Waits a part of the term before the next try: a failed renewal is not a lost lease.
 */
static void
lease_postpone(struct kontor_agent *agent)
{
    pthread_mutex_lock(&agent->mutex);
    int64_t pause_ms = agent->lease_ms / 20;
    agent->renew_at_ms =
        lease_now_ms() +
        (pause_ms > RENEW_PAUSE_MIN_MS ? pause_ms : RENEW_PAUSE_MIN_MS);
    pthread_mutex_unlock(&agent->mutex);
}

/*
 * The attempt may take as long as the lease lasts: giving up earlier would give
 * nothing back.
 */
static void
lease_renew(struct kontor_agent *agent, char *session, int64_t left_ms)
{
    Kontor__V1__RenewRequest request = KONTOR__V1__RENEW_REQUEST__INIT;
    request.session = session;
    struct kontor_call_options options = {.deadline_ms = left_ms};
    ProtobufCMessage *reply = NULL;
    struct kontor_error error = {0};
    int64_t asked_at_ms = lease_now_ms();
    enum kontor_status status =
        kontor_call(agent->kontor, kontor_method("/kontor.v1.FulfilmentService/Renew"),
                    &request.base, &options, &reply, &error);
    if (status == KONTOR_OK) {
        lease_take(agent, session, asked_at_ms,
                   (const Kontor__V1__RenewResponse *)reply);
    } else if (agent_is_session_over(&error)) {
        agent_lose_session(agent, session);
    } else {
        lease_postpone(agent);
    }
    kontor_reply_free(reply);
    kontor_error_done(&error);
}

/* What the keeper does next; the mutex is held. Answers false when it only waited. */
static bool
lease_is_due(struct kontor_agent *agent)
{
    if (agent->session[0] == '\0') {
        channel_wait(&agent->changed, &agent->mutex, INT64_MAX);
        return false;
    }
    int64_t next_ms = agent->renew_at_ms < agent->lease_end_ms ? agent->renew_at_ms
                                                               : agent->lease_end_ms;
    if (lease_now_ms() < next_ms) {
        lease_wait(agent, next_ms);
        return false;
    }
    return true;
}

/* Calls are made without the mutex: jobs ask it how long they have. */
void *
lease_keep(void *context)
{
    struct kontor_agent *agent = context;
    pthread_mutex_lock(&agent->mutex);
    while (!agent->is_over) {
        if (!lease_is_due(agent)) {
            continue;
        }
        char session[AGENT_ID_MAX];
        memcpy(session, agent->session, sizeof session);
        int64_t left_ms = agent->lease_end_ms - lease_now_ms();
        pthread_mutex_unlock(&agent->mutex);
        if (left_ms <= 0) {
            agent_lose_session(agent, session);
        } else {
            lease_renew(agent, session, left_ms);
        }
        pthread_mutex_lock(&agent->mutex);
    }
    pthread_mutex_unlock(&agent->mutex);
    return NULL;
}
