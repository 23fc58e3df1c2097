/*
 * The run of an agent: one loop registers, claims and starts jobs; one thread keeps
 * the lease (lease.c); each job has a thread of its own (job.c). Nothing here creates
 * anything at a provider.
 */
#include "client/agent.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "client/call.h"
#include "client/error.h"
#include "client/job_hold.h"
#include "client/job_kind.h"
#include "client/lease.h"
#include "client/retry.h"

enum {
    CLAIM_WAIT_SECONDS = 30,
    CLAIM_SLACK_MS = 10000,
    LEASE_DEFAULT_SECONDS = 60,
    PARALLEL_MAX = 64,
    LEASE_MIN_SECONDS = 5,
    LEASE_MAX_SECONDS = 86400,
};

/* ---- Shared by the parts ---- */

/*
 * The session is copied first, so that the host may stop the agent from within its own
 * callback.
 */
void
agent_tell(struct kontor_agent *agent, const char *item, const char *what,
           const char *text, int64_t after_ms)
{
    if (agent->options.on_event == NULL) {
        return;
    }
    char session[AGENT_ID_MAX];
    pthread_mutex_lock(&agent->mutex);
    memcpy(session, agent->session, sizeof session);
    pthread_mutex_unlock(&agent->mutex);
    struct kontor_agent_event event = {
        .session = session,
        .item = item,
        .what = what,
        .text = text == NULL ? "" : text,
        .after_ms = after_ms,
    };
    pthread_mutex_lock(&agent->event_mutex);
    agent->options.on_event(&event, agent->options.context);
    pthread_mutex_unlock(&agent->event_mutex);
}

void
agent_lose_held(struct kontor_agent *agent)
{
    agent->session[0] = '\0';
    for (struct kontor_job *job = agent->jobs; job != NULL; job = job->next) {
        job_lose(job);
    }
    pthread_cond_broadcast(&agent->changed);
}

/*
 * Called by whoever learns of it first: the keeper, whose clock ran out, or a claim
 * the broker refused.
 */
void
agent_lose_session(struct kontor_agent *agent, const char *session)
{
    pthread_mutex_lock(&agent->mutex);
    if (strcmp(agent->session, session) == 0) {
        agent_lose_held(agent);
    }
    pthread_mutex_unlock(&agent->mutex);
}

bool
agent_is_session_over(const struct kontor_error *error)
{
    return error->status == KONTOR_NOT_FOUND || error_is(error, "LEASE_LOST");
}

bool
agent_thread(pthread_t *thread, void *(*run)(void *), void *context)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(thread, NULL, run, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed == 0;
}

/* ---- Making ---- */

/*
 * A host that cannot look must say so on purpose: forgetting the lookup would only
 * show after a crash.
 */
static enum kontor_status
options_check(const struct kontor_agent_options *options, struct kontor_error *error)
{
    const char *wrong = NULL;
    if (options->n_offers == 0) {
        wrong = "offers is empty: name at least one";
    } else if (options->provision == NULL) {
        wrong = "provision is not set: without it nothing can be created";
    } else if (options->lookup == NULL && !options->allow_no_lookup) {
        wrong = "lookup is not set: after a crash nobody could tell whether an object "
                "exists; "
                "give one, or set allow_no_lookup and let an operator look";
    } else if (options->max_parallel < 0 || options->max_parallel > PARALLEL_MAX) {
        wrong = "max_parallel is outside 1..64";
    } else if (options->lease_seconds != 0 &&
               (options->lease_seconds < LEASE_MIN_SECONDS ||
                options->lease_seconds > LEASE_MAX_SECONDS)) {
        wrong = "lease_seconds is outside 5..86400";
    }
    if (wrong != NULL) {
        return error_set(error, KONTOR_INVALID_ARGUMENT, "MESSAGE_INVALID", "%s",
                         wrong);
    }
    return KONTOR_OK;
}

static bool
options_copy(struct kontor_agent *agent, const struct kontor_agent_options *options)
{
    agent->options = *options;
    if (agent->options.max_parallel == 0) {
        agent->options.max_parallel = 1;
    }
    if (agent->options.lease_seconds == 0) {
        agent->options.lease_seconds = LEASE_DEFAULT_SECONDS;
    }
    const char **offers = arena_try(agent->arena, options->n_offers * sizeof *offers);
    if (offers == NULL) {
        return false;
    }
    for (size_t i = 0; i < options->n_offers; i++) {
        size_t size = strlen(options->offers[i]) + 1;
        char *copy = arena_try(agent->arena, size);
        if (copy == NULL) {
            return false;
        }
        memcpy(copy, options->offers[i], size);
        offers[i] = copy;
    }
    agent->options.offers = offers;
    return true;
}

enum kontor_status
kontor_agent_new(struct kontor *kontor, const struct kontor_agent_options *options,
                 struct kontor_agent **agent, struct kontor_error *error)
{
    error_reset(error);
    enum kontor_status status = options_check(options, error);
    if (status != KONTOR_OK) {
        return status;
    }
    struct kontor_agent *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return error_memory(error);
    }
    made->arena = arena_new();
    if (made->arena == NULL || !options_copy(made, options) ||
        !channel_condition(&made->changed)) {
        arena_free(made->arena);
        free(made);
        return error_memory(error);
    }
    made->kontor = kontor;
    pthread_mutex_init(&made->event_mutex, NULL);
    pthread_mutex_init(&made->mutex, NULL);
    *agent = made;
    return KONTOR_OK;
}

/* ---- The session ---- */

/*
 * A lease counts from the moment it was asked for: the answer may have been long on
 * its way.
 */
static enum kontor_status
agent_open_session(struct kontor_agent *agent, const Kontor__V1__Session *session,
                   int64_t asked_at_ms, struct kontor_error *error)
{
    if (strlen(session->id) >= AGENT_ID_MAX || session->id[0] == '\0') {
        return error_set(error, KONTOR_INTERNAL, "MESSAGE_INVALID",
                         "the broker answered a session without a usable id");
    }
    pthread_mutex_lock(&agent->mutex);
    strncpy(agent->session, session->id, AGENT_ID_MAX - 1);
    agent->lease_ms = (int64_t)agent->options.lease_seconds * 1000;
    lease_begin(agent, asked_at_ms, session->lease_seconds);
    pthread_mutex_unlock(&agent->mutex);
    agent->claim.request_id[0] = '\0';
    agent_tell(agent, "", "session", session->id, 0);
    return KONTOR_OK;
}

/* A lost answer leaves a session nobody uses; it ends with its lease. */
static enum kontor_status
agent_register(struct kontor_agent *agent, struct kontor_error *error)
{
    Kontor__V1__RegisterAgentRequest request = KONTOR__V1__REGISTER_AGENT_REQUEST__INIT;
    request.offers = (char **)(uintptr_t)agent->options.offers;
    request.n_offers = agent->options.n_offers;
    request.max_parallel = agent->options.max_parallel;
    request.lease_seconds = agent->options.lease_seconds;
    Kontor__V1__JobKind kinds[JOB_MAX_KINDS];
    request.kinds = kinds;
    request.n_kinds = job_kind_list(&agent->options, kinds);
    ProtobufCMessage *reply = NULL;
    int64_t asked_at_ms = lease_now_ms();
    enum kontor_status status = call_unary(
        agent->kontor, kontor_method("/kontor.v1.FulfilmentService/RegisterAgent"),
        &request.base, NULL, &agent->stop, &reply, error);
    if (status == KONTOR_OK) {
        status = agent_open_session(agent, (const Kontor__V1__Session *)reply,
                                    asked_at_ms, error);
    }
    kontor_reply_free(reply);
    return status;
}

/* ---- Claiming ---- */

/* Starts the jobs of a claim, unless its session was lost meanwhile: then they come
 * back by themselves. */
static enum kontor_status
agent_start_jobs(struct kontor_agent *agent, const char *session,
                 Kontor__V1__ClaimResponse *response, struct kontor_error *error)
{
    bool is_good = true;
    pthread_mutex_lock(&agent->mutex);
    if (strcmp(agent->session, session) == 0) {
        for (size_t i = 0; i < response->n_jobs && is_good; i++) {
            Kontor__V1__ClaimedJob *claimed = response->jobs[i];
            response->jobs[i] = NULL;
            is_good = job_start(agent, claimed);
        }
    }
    pthread_mutex_unlock(&agent->mutex);
    return is_good ? KONTOR_OK : error_memory(error);
}

/*
 * A claim whose answer is lost may have taken jobs, so it is asked for again as it
 * was: same id, same size.
 */
static enum kontor_status
agent_claim(struct kontor_agent *agent, int32_t max, struct kontor_error *error)
{
    char session[AGENT_ID_MAX];
    pthread_mutex_lock(&agent->mutex);
    memcpy(session, agent->session, sizeof session);
    pthread_mutex_unlock(&agent->mutex);
    if (agent->claim.request_id[0] == '\0') {
        kontor_uuid(agent->claim.request_id);
        agent->claim.max = max;
    }
    Kontor__V1__ClaimRequest request = KONTOR__V1__CLAIM_REQUEST__INIT;
    request.session = session;
    request.max = agent->claim.max;
    request.wait_seconds = CLAIM_WAIT_SECONDS;
    request.request_id = agent->claim.request_id;
    struct kontor_call_options options = {.deadline_ms = CLAIM_WAIT_SECONDS * 1000 +
                                                         CLAIM_SLACK_MS};
    ProtobufCMessage *reply = NULL;
    enum kontor_status status =
        call_unary(agent->kontor, kontor_method("/kontor.v1.FulfilmentService/Claim"),
                   &request.base, &options, &agent->stop, &reply, error);
    if (status == KONTOR_OK) {
        agent->claim.request_id[0] = '\0';
        status =
            agent_start_jobs(agent, session, (Kontor__V1__ClaimResponse *)reply, error);
    } else if (agent_is_session_over(error)) {
        agent_lose_session(agent, session);
    }
    kontor_reply_free(reply);
    return status;
}

/* ---- The run ---- */

/* Joins the jobs that are finished. */
static void
agent_reap(struct kontor_agent *agent)
{
    pthread_mutex_lock(&agent->mutex);
    struct kontor_job *finished = NULL;
    struct kontor_job **link = &agent->jobs;
    while (*link != NULL) {
        struct kontor_job *job = *link;
        if (job->is_finished) {
            *link = job->next;
            job->next = finished;
            finished = job;
        } else {
            link = &job->next;
        }
    }
    pthread_mutex_unlock(&agent->mutex);
    while (finished != NULL) {
        struct kontor_job *next = finished->next;
        job_join(finished);
        finished = next;
    }
}

/*
 * How many jobs may be claimed now; waits while all hands are full. 0: the run is over.
 */
static int32_t
agent_free_hands(struct kontor_agent *agent)
{
    pthread_mutex_lock(&agent->mutex);
    while (!agent->is_stopping && agent->n_running >= agent->options.max_parallel) {
        channel_wait(&agent->changed, &agent->mutex, INT64_MAX);
    }
    int64_t hands = agent->options.max_parallel - agent->n_running;
    int64_t max_jobs = agent->options.max_jobs;
    if (max_jobs > 0 && max_jobs - agent->n_started < hands) {
        hands = max_jobs - agent->n_started;
    }
    if (agent->is_stopping) {
        hands = 0;
    }
    pthread_mutex_unlock(&agent->mutex);
    return (int32_t)hands;
}

static bool
agent_has_session(struct kontor_agent *agent)
{
    pthread_mutex_lock(&agent->mutex);
    bool has_session = agent->session[0] != '\0';
    pthread_mutex_unlock(&agent->mutex);
    return has_session;
}

/* What ends the run; all else is tried again. */
static bool
agent_is_refused(const struct kontor_error *error)
{
    return !retry_is_worthwhile(error) && error->status != KONTOR_DEADLINE_EXCEEDED &&
           !agent_is_session_over(error);
}

/* Registers if need be, and claims. OK also after a failure that is worth another try.
 */
static enum kontor_status
agent_turn(struct kontor_agent *agent, int32_t hands, struct retry *retry,
           struct kontor_error *error)
{
    enum kontor_status status = KONTOR_OK;
    if (!agent_has_session(agent)) {
        status = agent_register(agent, error);
        if (status == KONTOR_OK) {
            agent_tell(agent, "", "waiting", "", 0);
        } else if (error->status == KONTOR_NOT_FOUND) {
            return status;
        }
    }
    if (status == KONTOR_OK) {
        status = agent_claim(agent, hands, error);
    }
    if (status == KONTOR_OK) {
        retry->n_failed = 0;
        return status;
    }
    if (agent_is_refused(error)) {
        return status;
    }
    /* Once, until something is answered again: a broker may be away for days, but who
     * waits for it must know why. */
    if (retry->n_failed == 0 && !agent_is_session_over(error)) {
        agent_tell(agent, "", "away", error->message, 0);
    }
    struct kontor_error ended = {0};
    status = channel_sleep(agent->kontor, retry_delay_ms(retry, error), &agent->stop,
                           &ended);
    if (status != KONTOR_OK) {
        error_move(error, &ended);
    }
    kontor_error_done(&ended);
    return status;
}

static enum kontor_status
agent_loop(struct kontor_agent *agent, struct kontor_error *error)
{
    struct retry retry = {0};
    enum kontor_status status = KONTOR_OK;
    int32_t hands = agent_free_hands(agent);
    while (status == KONTOR_OK && hands > 0) {
        status = agent_turn(agent, hands, &retry, error);
        agent_reap(agent);
        hands = agent_free_hands(agent);
    }
    bool is_stopped = status == KONTOR_CANCELLED && error_is(error, "STOPPED");
    return is_stopped ? KONTOR_OK : status;
}

/* The session goes on being renewed until the last callback returned. */
static void
agent_finish(struct kontor_agent *agent, pthread_t keeper)
{
    pthread_mutex_lock(&agent->mutex);
    agent->is_stopping = true;
    pthread_cond_broadcast(&agent->changed);
    while (agent->n_running > 0) {
        channel_wait(&agent->changed, &agent->mutex, INT64_MAX);
    }
    agent->is_over = true;
    pthread_cond_broadcast(&agent->changed);
    pthread_mutex_unlock(&agent->mutex);
    pthread_join(keeper, NULL);
    agent_reap(agent);
}

enum kontor_status
kontor_agent_run(struct kontor_agent *agent, struct kontor_error *error)
{
    struct kontor_error scratch = {0};
    pthread_t keeper;
    if (!agent_thread(&keeper, lease_keep, agent)) {
        return error_memory(error);
    }
    enum kontor_status status = agent_loop(agent, &scratch);
    if (status == KONTOR_OK) {
        error_reset(&scratch);
    }
    agent_finish(agent, keeper);
    error_move(error, &scratch);
    return status;
}

/*
 * The callbacks are not interrupted: they see the loss by its descriptor, or finish.
 */
void
kontor_agent_stop(struct kontor_agent *agent, bool is_at_once)
{
    pthread_mutex_lock(&agent->mutex);
    agent->is_stopping = true;
    for (struct kontor_job *job = agent->jobs; job != NULL && is_at_once;
         job = job->next) {
        job_lose(job);
    }
    pthread_cond_broadcast(&agent->changed);
    pthread_mutex_unlock(&agent->mutex);
    stop_set(agent->kontor, &agent->stop);
}

void
kontor_agent_free(struct kontor_agent *agent)
{
    if (agent == NULL) {
        return;
    }
    arena_free(agent->arena);
    pthread_mutex_destroy(&agent->event_mutex);
    pthread_mutex_destroy(&agent->mutex);
    pthread_cond_destroy(&agent->changed);
    free(agent);
}
