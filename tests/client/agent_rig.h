/*
 * A provider and a broker for tests of the agent: the script says how the broker takes
 * each call and what the callbacks answer; what happened is noted in order.
 *
 * Memory: static. Errors: cmocka's. Threads: `it` is guarded by the mutex while an
 * agent runs.
 */
#ifndef KONTOR_TESTS_CLIENT_AGENT_RIG_H
#define KONTOR_TESTS_CLIENT_AGENT_RIG_H

#include <pthread.h>

#include "tests/client/fake.h"

enum { JOBS_MAX = 4, CALLS_MAX = 256 };

/* How the broker takes one kind of call. */
enum taking {
    TAKE,
    TAKE_LOST_FIRST,
    TAKE_UNAVAILABLE,
    REFUSE_LEASE_LOST,
    REFUSE_FINALLY,
    FORBID,
    FORBID_FIRST,
    OVERLOAD_FIRST
};

struct agent_rig {
    struct fake *fake;
    struct kontor *kontor;
    pthread_mutex_t mutex; /* Guards `it`. */
    pthread_cond_t changed;
};

extern struct agent_rig rig;

/* One kind of call is refused with this, so many times; -1: always. */
struct refusal {
    const char *method; /* NULL: none is. */
    enum kontor_status status;
    const char *reason;
    int times;
    long retry_ms; /* The broker asks for this pause; 0: for none. */
};

struct agent_script {
    /* The script. */
    Kontor__V1__ClaimedJob jobs[JOBS_MAX];
    int n_jobs;
    int max_jobs; /* 0: as many as there are. */
    int lease_seconds;
    enum taking taking_register;
    enum taking taking_claim;
    enum taking taking_begin;
    enum taking taking_renew;
    enum taking taking_complete;
    enum taking taking_fail;
    struct refusal refusal;
    bool renew_forgets;      /* Renew answers without jobs. */
    bool fail_keeps_session; /* The item after Fail is still held by its session. */
    enum kontor_result provision_results[4];
    enum kontor_result lookup_result;
    void (*on_lookup)(void); /* Happens inside it; NULL: nothing. */
    void (*on_provision)(void);
    bool forgets_backend_id;
    bool waits_for_loss;
    int waits_ms;
    int meet; /* So many provisions wait for each other. */
    /* What happened. */
    char calls[CALLS_MAX][96];
    int n_calls;
    char claim_ids[4][40];
    char complete_ids[4][40];
    int n_claims;
    int n_begins;
    int n_fails;
    int n_completes;
    int n_refused;
    int n_given;
    int n_sessions;
    int n_provisions;
    int n_lookups;
    int n_met;
    bool is_over;
};

extern struct agent_script it;

/* Where a call with this beginning stands among all; -1: it was not made. */
int when(const char *text);
/* The same with the mutex held. */
int when_held(const char *text);

/* The callbacks. */
enum kontor_result provision(struct kontor_job *job, void *context);
enum kontor_result lookup(struct kontor_job *job, void *context);

/* For cmocka: the whole group, and before each test a script of one job and nothing
 * that goes wrong. */
int setup(void **state);
int teardown(void **state);
int reset(void **state);

/* An agent for the jobs of the script. */
struct kontor_agent *new_agent(bool has_lookup);
/* Lets the claims that wait go, so that the next script begins alone. */
void close_broker(void);
/* Runs until the jobs of the script are over. */
enum kontor_status run(bool has_lookup, struct kontor_error *error);
void run_well(void);

#define RULE(test) cmocka_unit_test_setup(test, reset)

#endif
