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

struct assess;

struct kontor_job {
    struct kontor_job *next; /* The agent's mutex. */
    struct kontor_agent *agent;
    Kontor__V1__ClaimedJob *claimed; /* Its kind is what it has become. */
    bool may_exist;                  /* An earlier attempt may have created it. */
    char session[AGENT_ID_MAX];
    int64_t claimed_at_ms; /* On the lease clock, when its claim was answered. */
    int64_t settled_at_ms; /* Until then a call of a callback that did not know how it
                              ended may still be under way at the backend. */
    pthread_t thread;
    int lost_fd;
    /* The agent's mutex guards these. */
    bool is_lost;
    bool is_finished;
    bool is_over;     /* Nothing is left to do or to decide. */
    bool is_speaking; /* How it ended, or an answer to a cancel, is being said. */
    bool is_disputed; /* Whether a cancel was accepted could not be found out. */
    Kontor__V1__JobKind turned_to; /* What it has become but is not done as yet; 0. */
    int64_t known_at_ms;   /* What was asked before tells nothing new of its kind. */
    struct assess *assess; /* The last question about a cancel; NULL = none. */
    int64_t ask_at_ms;     /* Not before is one asked again. */
    int n_asked;           /* How often the open one was. */
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
/* Waits for its thread and frees it. */
void job_join(struct kontor_job *job);

/* Forgets what a callback said, for another attempt. */
void job_forget(struct kontor_job *job);
/* What was delivered, in the job's arena; NULL: out of memory. */
Kontor__V1__Delivery *job_delivery(struct kontor_job *job);

#endif
