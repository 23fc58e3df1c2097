/*
 * One item whose work is being cancelled, for tests of the agent: a broker that judges
 * by fence and kind as the real one does, a provider whose callbacks are the test's,
 * and a list of all that happened, in order.
 *
 * Memory: static. Errors: cmocka's. Threads: `item` is guarded by the mutex while an
 * agent runs; the rest of it is the test's before and after.
 */
#ifndef KONTOR_TESTS_CLIENT_CANCEL_RIG_H
#define KONTOR_TESTS_CLIENT_CANCEL_RIG_H

#include <pthread.h>

#include "tests/client/fake.h"

#define KIND(name) KONTOR__V1__JOB_KIND__##name

enum { NOTES_MAX = 256 };

struct cancel_rig {
    struct fake *fake;
    struct kontor *kontor;
    struct kontor_agent *agent; /* While one runs. */
    pthread_mutex_t mutex;      /* Guards `item`. */
    pthread_cond_t changed;
};

extern struct cancel_rig rig;

struct item {
    /* The script. */
    Kontor__V1__ClaimedJob job;
    int lease_seconds;
    bool unknown_stays;    /* Fail UNKNOWN leaves the job with its session, once. */
    bool declined_is_held; /* A declined cancel leaves the item to an operator. */
    bool is_session_over;  /* Renew says so. */
    enum kontor_status refusal; /* Of DecideCancel, for so many times; -1: always. */
    const char *refusal_reason;
    int n_refusals;
    bool cuts_answer;        /* DecideCancel is done, but its first answer gets lost. */
    bool hides_answers;      /* DecideCancel is done, but INTERNAL is all it answers. */
    void (*on_renew)(void);  /* Happens before what Renew saw is answered. */
    void (*on_decide)(void); /* Happens before DecideCancel is judged. */
    void (*on_complete)(void); /* Happens before Complete is judged. */
    kontor_job_fn provision;
    kontor_job_fn lookup;
    kontor_job_fn remove; /* NULL: the agent has none; so, too, are those below. */
    kontor_job_fn modify;
    kontor_job_fn assess;
    enum kontor_result work_result; /* What work_until_stopped answers. */
    /* How it stands. */
    Kontor__V1__JobKind kind;
    bool is_claimed;
    bool is_held;
    bool is_fence_gone;
    bool is_closed; /* Claims that wait are let go. */
    int n_sessions;
    bool names_assess; /* The session does. */
    int n_assessing;   /* Callbacks that are in it. */
    int n_assessing_most;
    char decide_id[40]; /* Request id of the last DecideCancel that was taken. */
    /* What happened. */
    char notes[NOTES_MAX][120];
    int n_notes;
};

extern struct item item;

void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Where the n-th note (from 0) with this beginning stands; -1: there is none. */
int nth(const char *text, int n);
#define when(text) nth(text, 0)
int times(const char *text);
/* Waits until there are so many notes with this beginning; false: 20 s were over. */
bool await_times(const char *text, int n);
#define await(text) await_times(text, 1)

/* Answers the calls about it. */
void cancel_broker(struct fake_call *call, void *context);
/* What people do meanwhile. */
void customer_cancels(void);
void operator_declines(void);
void operator_accepts(void);

/* Waits until the job's descriptor is readable, and notes it with this name. */
void await_stop(struct kontor_job *job, const char *name);

/* Callbacks. One accepts whatever is asked; the other lets the customer cancel, and
 * works until it is told to stop. */
enum kontor_result accept_at_once(struct kontor_job *job, void *context);
enum kontor_result work_until_stopped(struct kontor_job *job, void *context);

/* For cmocka. */
int setup(void **state);
int teardown(void **state);
/* Before each test: an item to provision, callbacks that do it, and no assess. */
int reset(void **state);
struct kontor_agent *new_agent(void);
/* Lets the agent's claim go, so that the next script begins alone. */
void close_broker(void);
/* Runs an agent to the end of its one job. */
void run(void);

#define RULE(test) cmocka_unit_test_setup(test, reset)

#endif
