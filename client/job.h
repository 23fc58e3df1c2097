/*
 * One claimed job: from claim to its end, on a thread of its own.
 *
 * Memory: job_start makes, job_join frees. Errors: told as events; the broker is told
 * as Fail. Threads: its own; what the agent's mutex guards says so.
 */
#ifndef KONTOR_CLIENT_JOB_H
#define KONTOR_CLIENT_JOB_H

#include "client/agent.h"

/* One thing delivered, in a list. */
struct job_output {
    struct job_output *next;
    Kontor__V1__ParameterValue parameter;
    Kontor__V1__Value value;
};
struct job_endpoint {
    struct job_endpoint *next;
    char *id;
};

struct kontor_job {
    struct kontor_job *next; /* The agent's mutex. */
    struct kontor_agent *agent;
    Kontor__V1__ClaimedJob *claimed;
    bool may_exist; /* An earlier attempt may have created it. */
    char session[AGENT_ID_MAX];
    int64_t claimed_at_ms; /* On the lease clock, when its claim was answered. */
    pthread_t thread;
    int lost_fd;
    bool is_lost;     /* The agent's mutex. */
    bool is_finished; /* The agent's mutex. */
    /* The callback's, in the arena. */
    struct arena *arena;
    const char *reason;
    char *backend_id;
    struct job_output *outputs;
    struct job_endpoint *endpoints;
    ProtobufCBinaryData access; /* Sealed. */
};

/* Runs a claimed job; takes it over, also on failure. The agent's mutex is held. false:
 * out of memory or threads. */
bool job_start(struct kontor_agent *agent, Kontor__V1__ClaimedJob *claimed);
/* Nothing but a late completion may be said about it from now on. The agent's mutex is
 * held. */
void job_lose(struct kontor_job *job);
/* Whether it is lost; sees for itself whether the lease is over. */
bool job_is_lost(struct kontor_job *job);
/* Waits until a time of the lease clock, or the loss. */
void job_wait(struct kontor_job *job, int64_t until_ms);
/* Waits for its thread and frees it. */
void job_join(struct kontor_job *job);

/* Forgets what a callback said, for another attempt. */
void job_forget(struct kontor_job *job);
/* What was delivered, in the job's arena; NULL: out of memory. */
Kontor__V1__Delivery *job_delivery(struct kontor_job *job);

#endif
