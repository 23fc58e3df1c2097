/*
 * What the parts of an agent share: its options, its session with the lease clock, its
 * jobs.
 *
 * Memory: kontor_agent_new and kontor_agent_free. Errors: as kontor.h. Threads: the
 * mutex guards what says so; lock it before the connection's, never after.
 */
#ifndef KONTOR_CLIENT_AGENT_H
#define KONTOR_CLIENT_AGENT_H

#include <pthread.h>

#include "client/channel.h"
#include "proto/arena.h"

enum { AGENT_ID_MAX = 256 };

/* A claim that was not answered yet is repeated as it was, with the same request_id. */
struct agent_claim {
    char request_id[37]; /* "" = the next claim is a new one. */
    int32_t max;
};

struct kontor_agent {
    struct kontor *kontor;
    struct kontor_agent_options options; /* Its texts are in the arena. */
    struct arena *arena;
    struct stop stop;            /* Ends registering and claiming, nothing else. */
    struct agent_claim claim;    /* The run's own. */
    pthread_mutex_t event_mutex; /* One event at a time. */
    pthread_mutex_t mutex;       /* Guards all below. */
    pthread_cond_t changed;
    bool is_stopping;
    bool is_over;               /* The run ends: the keeper ends, too. */
    char session[AGENT_ID_MAX]; /* "" = there is none. */
    int64_t lease_ms;
    int64_t lease_end_ms; /* On the lease clock. */
    int64_t renew_at_ms;  /* On the lease clock. */
    struct kontor_job *jobs;
    int n_running;
    int64_t n_started;
};

/* Tells the host. item may be "". */
void agent_tell(struct kontor_agent *agent, const char *item, const char *what,
                const char *text, int64_t after_ms);
/* Takes the session away (if it still is this one) and with it every job. */
void agent_lose_session(struct kontor_agent *agent, const char *session);
/* The same, whichever session it is, with the mutex held. */
void agent_lose_held(struct kontor_agent *agent);
/* Whether an error says that the session is over. */
bool agent_is_session_over(const struct kontor_error *error);
/* pthread_create with all signals blocked: the host's handlers stay on the host's
 * threads. */
bool agent_thread(pthread_t *thread, void *(*run)(void *), void *context);

#endif
