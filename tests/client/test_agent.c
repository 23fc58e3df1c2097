/* The agent's loop against a scripted broker: what is asked before what, and what is
 * never said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/client/fake.h"

enum { JOBS_MAX = 4, CALLS_MAX = 256 };

/* How the broker takes one kind of call. */
enum taking {
    TAKE,
    TAKE_LOST_FIRST,
    TAKE_UNAVAILABLE,
    REFUSE_LEASE_LOST,
    REFUSE_FINALLY
};

static struct {
    struct fake *fake;
    struct kontor *kontor;
    pthread_mutex_t mutex; /* Guards `it`. */
    pthread_cond_t changed;
} rig;

static struct {
    /* The script. */
    Kontor__V1__ClaimedJob jobs[JOBS_MAX];
    int n_jobs;
    int lease_seconds;
    enum taking taking_register;
    enum taking taking_claim;
    enum taking taking_begin;
    enum taking taking_renew;
    enum taking taking_complete;
    bool renew_forgets;      /* Renew answers without jobs. */
    bool fail_keeps_session; /* The item after Fail is still held by its session. */
    enum kontor_result provision_results[4];
    enum kontor_result lookup_result;
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
    int n_completes;
    int n_given;
    int n_sessions;
    int n_provisions;
    int n_lookups;
    int n_met;
    int n_waiting; /* Claims that wait for a job. */
    bool is_over;
} it;

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void
note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    pthread_mutex_lock(&rig.mutex);
    if (it.n_calls < CALLS_MAX) {
        vsnprintf(it.calls[it.n_calls++], sizeof it.calls[0], format, args);
    }
    pthread_cond_broadcast(&rig.changed);
    pthread_mutex_unlock(&rig.mutex);
    va_end(args);
}

/* Where a call with this beginning stands among all; -1: it was not made. The mutex is
 * held. */
static int
when_held(const char *text)
{
    for (int i = 0; i < it.n_calls; i++) {
        if (strncmp(it.calls[i], text, strlen(text)) == 0) {
            return i;
        }
    }
    return -1;
}

static int
when(const char *text)
{
    pthread_mutex_lock(&rig.mutex);
    int place = when_held(text);
    pthread_mutex_unlock(&rig.mutex);
    return place;
}

/* ---- The broker ---- */

/* Answers by the script; false: the call is answered. */
static bool
taken(struct fake_call *call, enum taking taking, int n)
{
    if (taking == TAKE_LOST_FIRST && n == 0) {
        fake_cut(call->fake);
        return false;
    }
    if (taking == TAKE_UNAVAILABLE) {
        fake_fail(call, KONTOR_UNAVAILABLE, "DRAINING", "draining");
        return false;
    }
    if (taking == REFUSE_LEASE_LOST) {
        fake_fail(call, KONTOR_ABORTED, "LEASE_LOST", "the lease is over");
        return false;
    }
    if (taking == REFUSE_FINALLY) {
        fake_fail(call, KONTOR_FAILED_PRECONDITION, "ILLEGAL_STATE", "not now");
        return false;
    }
    return true;
}

static void
on_register(struct fake_call *call)
{
    char id[32];
    pthread_mutex_lock(&rig.mutex);
    snprintf(id, sizeof id, "alpine/s-%d", ++it.n_sessions);
    pthread_mutex_unlock(&rig.mutex);
    note("register %s",
         ((const Kontor__V1__RegisterAgentRequest *)call->request)->offers[0]);
    if (!taken(call, it.taking_register, 0)) {
        return;
    }
    Kontor__V1__Session session = KONTOR__V1__SESSION__INIT;
    session.id = id;
    session.lease_seconds = it.lease_seconds;
    fake_reply(call, &session.base);
}

static void
on_claim(struct fake_call *call)
{
    const Kontor__V1__ClaimRequest *request =
        (const Kontor__V1__ClaimRequest *)call->request;
    note("claim %s max %d", request->session, request->max);
    pthread_mutex_lock(&rig.mutex);
    int n = it.n_claims++;
    if (n < 4) {
        snprintf(it.claim_ids[n], sizeof it.claim_ids[n], "%s", request->request_id);
    }
    it.n_waiting++;
    while (!it.is_over && it.n_given == it.n_jobs) {
        pthread_cond_wait(&rig.changed, &rig.mutex);
    }
    it.n_waiting--;
    pthread_cond_broadcast(&rig.changed);
    int from = it.n_given;
    bool is_lost = it.taking_claim == TAKE_LOST_FIRST && n == 0;
    it.n_given += is_lost ? 0 : it.n_jobs - from;
    int count = it.n_jobs - from < request->max ? it.n_jobs - from : request->max;
    pthread_mutex_unlock(&rig.mutex);
    if (!taken(call, it.taking_claim, n)) {
        return;
    }
    Kontor__V1__ClaimedJob *jobs[JOBS_MAX];
    for (int i = 0; i < count; i++) {
        jobs[i] = &it.jobs[from + i];
    }
    Kontor__V1__ClaimResponse response = KONTOR__V1__CLAIM_RESPONSE__INIT;
    response.jobs = jobs;
    response.n_jobs = (size_t)count;
    fake_reply(call, &response.base);
}

static void
on_renew(struct fake_call *call)
{
    note("renew %s", ((const Kontor__V1__RenewRequest *)call->request)->session);
    if (!taken(call, it.taking_renew, 0)) {
        return;
    }
    Kontor__V1__HeldJob held[JOBS_MAX];
    Kontor__V1__HeldJob *jobs[JOBS_MAX];
    for (int i = 0; i < it.n_jobs; i++) {
        kontor__v1__held_job__init(&held[i]);
        held[i].item = it.jobs[i].item;
        held[i].fence = it.jobs[i].fence;
        jobs[i] = &held[i];
    }
    Kontor__V1__RenewResponse response = KONTOR__V1__RENEW_RESPONSE__INIT;
    response.lease_seconds = it.lease_seconds;
    response.jobs = jobs;
    response.n_jobs = it.renew_forgets ? 0 : (size_t)it.n_jobs;
    fake_reply(call, &response.base);
}

static void
reply_item(struct fake_call *call, bool is_held)
{
    char session[32];
    snprintf(session, sizeof session, "alpine/s-%d", it.n_sessions);
    Google__Protobuf__Timestamp at = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Google__Protobuf__Timestamp ready = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    at.seconds = 1000;
    ready.seconds = 1000;
    ready.nanos = 50000000;
    Kontor__V1__Job job = KONTOR__V1__JOB__INIT;
    job.session = session;
    job.retry_at = &ready;
    Kontor__V1__OrderItem item = KONTOR__V1__ORDER_ITEM__INIT;
    item.state = KONTOR__V1__ITEM_STATE__IN_PROGRESS;
    item.updated_at = &at;
    item.job = is_held ? &job : NULL;
    fake_reply(call, &item.base);
}

static void
on_begin(struct fake_call *call)
{
    const Kontor__V1__BeginRequest *request =
        (const Kontor__V1__BeginRequest *)call->request;
    note("begin %s %lld %s", request->item, (long long)request->fence, request->intent);
    if (taken(call, it.taking_begin, 0)) {
        reply_item(call, true);
    }
}

static void
on_complete(struct fake_call *call)
{
    const Kontor__V1__CompleteRequest *request =
        (const Kontor__V1__CompleteRequest *)call->request;
    const Kontor__V1__Delivery *delivery = request->delivery;
    note("complete %s %lld %s %s %s", request->item, (long long)request->fence,
         delivery->backend_id,
         delivery->n_outputs == 1 ? delivery->outputs[0]->value->text : "",
         delivery->n_endpoints == 1 ? delivery->endpoints[0] : "");
    pthread_mutex_lock(&rig.mutex);
    int n = it.n_completes++;
    if (n < 4) {
        snprintf(it.complete_ids[n], sizeof it.complete_ids[n], "%s",
                 request->request_id);
    }
    pthread_mutex_unlock(&rig.mutex);
    if (taken(call, it.taking_complete, n)) {
        reply_item(call, false);
    }
}

static void
on_fail(struct fake_call *call)
{
    const Kontor__V1__FailRequest *request =
        (const Kontor__V1__FailRequest *)call->request;
    note("fail %s %d %s", request->item, (int)request->failure, request->reason);
    reply_item(call, it.fail_keeps_session);
}

static void
on_release(struct fake_call *call)
{
    note("release %s", ((const Kontor__V1__ReleaseRequest *)call->request)->item);
    reply_item(call, false);
}

static void
on_report(struct fake_call *call)
{
    note("report %s", ((const Kontor__V1__ReportRequest *)call->request)->note);
    Kontor__V1__ReportResponse response = KONTOR__V1__REPORT_RESPONSE__INIT;
    fake_reply(call, &response.base);
}

static void
handle(struct fake_call *call, void *context)
{
    static const struct {
        const char *method;
        void (*handle)(struct fake_call *call);
    } rows[] = {
        {"RegisterAgent", on_register},
        {"Claim", on_claim},
        {"Renew", on_renew},
        {"Begin", on_begin},
        {"Complete", on_complete},
        {"Fail", on_fail},
        {"Release", on_release},
        {"Report", on_report},
    };
    (void)context;
    const char *method = strrchr(call->path, '/') + 1;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].method, method) == 0) {
            rows[i].handle(call);
        }
    }
}

/* ---- The provider ---- */

static void
wait_for_others(void)
{
    pthread_mutex_lock(&rig.mutex);
    it.n_met++;
    pthread_cond_broadcast(&rig.changed);
    while (it.n_met < it.meet) {
        pthread_cond_wait(&rig.changed, &rig.mutex);
    }
    pthread_mutex_unlock(&rig.mutex);
}

static enum kontor_result
provision(struct kontor_job *job, void *context)
{
    (void)context;
    note("provision %s", kontor_job_claimed(job)->intent);
    pthread_mutex_lock(&rig.mutex);
    enum kontor_result result =
        it.provision_results[it.n_provisions < 3 ? it.n_provisions : 3];
    it.n_provisions++;
    pthread_mutex_unlock(&rig.mutex);
    wait_for_others();
    struct pollfd lost = {.fd = kontor_job_lost_fd(job), .events = POLLIN};
    if (it.waits_for_loss) {
        poll(&lost, 1, 20000);
        note("lost %lld", (long long)kontor_job_remaining_ms(job));
    }
    if (it.waits_ms > 0) {
        int n = poll(&lost, 1, it.waits_ms);
        note(n == 0 && kontor_job_remaining_ms(job) > 0 ? "still held" : "not held");
    }
    if (!it.forgets_backend_id) {
        kontor_job_backend_id(job, "vol-1");
    }
    kontor_job_output(job, "path", "/data");
    kontor_job_endpoint(job, "alpine/nfs");
    return result;
}

static enum kontor_result
lookup(struct kontor_job *job, void *context)
{
    (void)context;
    note("lookup %s", kontor_job_claimed(job)->intent);
    pthread_mutex_lock(&rig.mutex);
    it.n_lookups++;
    pthread_mutex_unlock(&rig.mutex);
    if (it.lookup_result == KONTOR_DONE) {
        kontor_job_backend_id(job, "vol-found");
    }
    return it.lookup_result;
}

/* ---- Running ---- */

static int
setup(void **state)
{
    (void)state;
    pthread_mutex_init(&rig.mutex, NULL);
    pthread_cond_init(&rig.changed, NULL);
    rig.fake = fake_start(handle, NULL);
    rig.kontor = fake_connect(rig.fake);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    kontor_free(rig.kontor);
    fake_stop(rig.fake);
    return 0;
}

/* A script with so many jobs to provision and nothing that goes wrong. */
static int
reset(void **state)
{
    (void)state;
    static char items[JOBS_MAX][24];
    fake_sync(rig.fake);
    memset(&it, 0, sizeof it);
    for (int i = 0; i < JOBS_MAX; i++) {
        snprintf(items[i], sizeof items[i], "coast/o-1/i%d", i);
        kontor__v1__claimed_job__init(&it.jobs[i]);
        it.jobs[i].item = items[i];
        it.jobs[i].kind = KONTOR__V1__JOB_KIND__PROVISION;
        it.jobs[i].fence = 70 + i;
        it.jobs[i].intent = (char *)(uintptr_t) "kontor-alpine-7f2c";
    }
    it.n_jobs = 1;
    it.lease_seconds = 30;
    it.meet = 1;
    return 0;
}

static struct kontor_agent *
new_agent(bool has_lookup)
{
    static const char *const offers[] = {"alpine/block-storage/standard"};
    fake_sync(rig.fake);
    struct kontor_agent_options options = {
        .offers = offers,
        .n_offers = 1,
        .max_parallel = it.n_jobs,
        .max_jobs = it.n_jobs,
        .provision = provision,
        .lookup = has_lookup ? lookup : NULL,
        .allow_no_lookup = !has_lookup,
    };
    struct kontor_agent *agent = NULL;
    assert_int_equal(kontor_agent_new(rig.kontor, &options, &agent, NULL), KONTOR_OK);
    return agent;
}

/* Lets the claims that wait go, so that the next script begins alone. */
static void
close_broker(void)
{
    pthread_mutex_lock(&rig.mutex);
    it.is_over = true;
    pthread_cond_broadcast(&rig.changed);
    while (it.n_waiting > 0) {
        pthread_cond_wait(&rig.changed, &rig.mutex);
    }
    pthread_mutex_unlock(&rig.mutex);
    fake_sync(rig.fake);
}

/* Runs until the jobs of the script are over. */
static enum kontor_status
run(bool has_lookup, struct kontor_error *error)
{
    struct kontor_agent *agent = new_agent(has_lookup);
    enum kontor_status status = kontor_agent_run(agent, error);
    close_broker();
    kontor_agent_free(agent);
    return status;
}

static void
run_well(void)
{
    struct kontor_error error = {0};
    assert_int_equal(run(true, &error), KONTOR_OK);
    kontor_error_done(&error);
}

/* ---- Rules ---- */

static void
test_a_job_is_begun_provisioned_completed(void **state)
{
    (void)state;
    run_well();
    assert_string_equal(it.calls[0], "register alpine/block-storage/standard");
    assert_string_equal(it.calls[1], "claim alpine/s-1 max 1");
    assert_string_equal(it.calls[2], "begin coast/o-1/i0 70 kontor-alpine-7f2c");
    assert_string_equal(it.calls[3], "provision kontor-alpine-7f2c");
    assert_string_equal(it.calls[4], "complete coast/o-1/i0 70 vol-1 /data alpine/nfs");
    assert_int_equal(it.n_calls, 5);
}

static void
test_a_job_begun_before_is_looked_up_first(void **state)
{
    (void)state;
    it.jobs[0].prior_intent = (char *)(uintptr_t) "kontor-alpine-old";
    it.lookup_result = KONTOR_DONE;
    run_well();
    assert_int_equal(when("lookup kontor-alpine-old"), 2);
    assert_int_equal(when("complete coast/o-1/i0 70 vol-found"), 3);
    assert_int_equal(when("begin"), -1);
    assert_int_equal(it.n_provisions, 0);
}

static void
test_what_lookup_does_not_find_is_created(void **state)
{
    (void)state;
    it.jobs[0].prior_intent = (char *)(uintptr_t) "kontor-alpine-7f2c";
    it.lookup_result = KONTOR_ABSENT;
    run_well();
    assert_true(when("lookup") < when("provision"));
    assert_true(when("provision") < when("complete coast/o-1/i0 70 vol-1"));
}

static void
test_a_lookup_that_does_not_know_creates_nothing(void **state)
{
    (void)state;
    static const enum kontor_result results[] = {KONTOR_NOBODY_KNOWS, KONTOR_NEVER};
    for (size_t i = 0; i < 2; i++) {
        reset(NULL);
        it.jobs[0].prior_intent = (char *)(uintptr_t) "kontor-alpine-7f2c";
        it.lookup_result = results[i];
        run_well();
        assert_int_equal(it.n_provisions, 0);
        assert_true(when("fail coast/o-1/i0 3") >= 0);
    }
}

static void
test_each_result_is_said_as_its_failure(void **state)
{
    (void)state;
    static const struct {
        enum kontor_result result;
        const char *call;
    } rows[] = {
        {KONTOR_RETRY, "fail coast/o-1/i0 1"},
        {KONTOR_NEVER, "fail coast/o-1/i0 2"},
        {KONTOR_NOBODY_KNOWS, "fail coast/o-1/i0 3"},
        {KONTOR_ABSENT, "fail coast/o-1/i0 3"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        reset(NULL);
        it.provision_results[0] = rows[i].result;
        run_well();
        assert_true(when(rows[i].call) > when("provision"));
        assert_int_equal(when("complete"), -1);
    }
}

static void
test_done_without_a_backend_id_is_unknown(void **state)
{
    (void)state;
    it.forgets_backend_id = true;
    run_well();
    assert_true(when("fail coast/o-1/i0 3") > 0);
    assert_int_equal(when("complete"), -1);
}

static void
test_a_retry_the_session_keeps_is_looked_up_and_tried_again(void **state)
{
    (void)state;
    it.provision_results[0] = KONTOR_RETRY;
    it.fail_keeps_session = true;
    it.lookup_result = KONTOR_ABSENT;
    run_well();
    assert_int_equal(it.n_provisions, 2);
    assert_true(when("fail coast/o-1/i0 1") < when("lookup"));
    assert_true(when("lookup") < when("complete"));
    assert_int_equal(it.n_claims, 1);
}

static void
test_nothing_is_created_when_begin_is_refused(void **state)
{
    (void)state;
    it.taking_begin = REFUSE_LEASE_LOST;
    run_well();
    assert_int_equal(it.n_provisions, 0);
    assert_int_equal(when("fail"), -1);
}

static void
test_a_lease_that_runs_out_ends_the_job(void **state)
{
    (void)state;
    it.lease_seconds = 1;
    it.taking_renew = TAKE_UNAVAILABLE;
    it.waits_for_loss = true;
    it.provision_results[0] = KONTOR_RETRY;
    run_well();
    assert_true(when("renew alpine/s-1") > 0);
    assert_int_equal(strcmp(it.calls[when("lost")], "lost 0"), 0);
    assert_int_equal(when("fail"), -1);
    assert_int_equal(when("complete"), -1);
}

static void
test_a_late_completion_is_still_said(void **state)
{
    (void)state;
    it.lease_seconds = 1;
    it.taking_renew = REFUSE_LEASE_LOST;
    it.waits_for_loss = true;
    run_well();
    assert_true(when("complete coast/o-1/i0 70 vol-1") > when("lost"));
}

static void
test_renewals_keep_the_lease(void **state)
{
    (void)state;
    it.lease_seconds = 1;
    it.waits_ms = 1500;
    run_well();
    assert_true(when("still held") > 0);
    assert_true(when("renew") > 0);
    assert_true(when("complete") > 0);
}

static void
test_a_job_missing_in_the_renewal_is_lost(void **state)
{
    (void)state;
    it.lease_seconds = 1;
    it.renew_forgets = true;
    it.waits_for_loss = true;
    it.provision_results[0] = KONTOR_NOBODY_KNOWS;
    run_well();
    assert_true(when("lost") > 0);
    assert_int_equal(when("fail"), -1);
}

static void
test_a_lost_answer_to_claim_is_asked_for_again(void **state)
{
    (void)state;
    it.taking_claim = TAKE_LOST_FIRST;
    run_well();
    assert_int_equal(it.n_claims, 2);
    assert_string_equal(it.claim_ids[0], it.claim_ids[1]);
    assert_true(when("complete") > 0);
}

static void
test_a_lost_answer_to_complete_is_said_again(void **state)
{
    (void)state;
    it.taking_complete = TAKE_LOST_FIRST;
    run_well();
    assert_int_equal(it.n_completes, 2);
    assert_string_equal(it.complete_ids[0], it.complete_ids[1]);
}

static void
test_a_delivery_that_is_refused_is_left_for_later(void **state)
{
    (void)state;
    it.taking_complete = REFUSE_FINALLY;
    run_well();
    assert_true(when("fail coast/o-1/i0 1 not now") > when("complete"));
}

static void
test_a_job_of_another_kind_is_given_back(void **state)
{
    (void)state;
    it.jobs[0].kind = (Kontor__V1__JobKind)7;
    run_well();
    assert_true(when("release coast/o-1/i0") > 0);
    assert_int_equal(it.n_provisions, 0);
}

static void
test_jobs_run_side_by_side(void **state)
{
    (void)state;
    it.n_jobs = 3;
    it.meet = 3;
    run_well();
    assert_int_equal(it.n_met, 3);
    assert_int_equal(it.n_completes, 3);
    assert_true(when("claim alpine/s-1 max 3") > 0);
}

static void *
stop_at_report(void *agent)
{
    pthread_mutex_lock(&rig.mutex);
    while (when_held("report") < 0) {
        pthread_cond_wait(&rig.changed, &rig.mutex);
    }
    pthread_mutex_unlock(&rig.mutex);
    kontor_agent_stop(agent, false);
    return NULL;
}

static void
test_without_lookup_such_a_job_is_not_touched(void **state)
{
    (void)state;
    it.jobs[0].prior_intent = (char *)(uintptr_t) "kontor-alpine-7f2c";
    struct kontor_agent *agent = new_agent(false);
    pthread_t thread;
    pthread_create(&thread, NULL, stop_at_report, agent);
    assert_int_equal(kontor_agent_run(agent, NULL), KONTOR_OK);
    pthread_join(thread, NULL);
    close_broker();
    kontor_agent_free(agent);
    assert_int_equal(it.n_provisions, 0);
    assert_int_equal(when("fail"), -1);
    assert_int_equal(when("release"), -1);
    assert_int_equal(when("begin"), -1);
}

static void *
stop_at_provision(void *agent)
{
    pthread_mutex_lock(&rig.mutex);
    while (when_held("provision") < 0) {
        pthread_cond_wait(&rig.changed, &rig.mutex);
    }
    pthread_mutex_unlock(&rig.mutex);
    kontor_agent_stop(agent, true);
    return NULL;
}

static void
test_stop_at_once_takes_the_jobs_away(void **state)
{
    (void)state;
    it.waits_for_loss = true;
    it.provision_results[0] = KONTOR_NOBODY_KNOWS;
    struct kontor_agent *agent = new_agent(true);
    pthread_t thread;
    pthread_create(&thread, NULL, stop_at_provision, agent);
    assert_int_equal(kontor_agent_run(agent, NULL), KONTOR_OK);
    pthread_join(thread, NULL);
    close_broker();
    kontor_agent_free(agent);
    assert_true(when("lost") > 0);
    assert_int_equal(when("fail"), -1);
}

static void *
stop_at_claim(void *agent)
{
    pthread_mutex_lock(&rig.mutex);
    while (when_held("claim") < 0) {
        pthread_cond_wait(&rig.changed, &rig.mutex);
    }
    pthread_mutex_unlock(&rig.mutex);
    kontor_agent_stop(agent, false);
    return NULL;
}

static void
test_stop_ends_a_waiting_claim(void **state)
{
    (void)state;
    struct kontor_agent *agent = new_agent(true);
    it.n_jobs = 0;
    pthread_t thread;
    pthread_create(&thread, NULL, stop_at_claim, agent);
    assert_int_equal(kontor_agent_run(agent, NULL), KONTOR_OK);
    pthread_join(thread, NULL);
    close_broker();
    kontor_agent_free(agent);
}

static void
test_a_refused_registration_ends_the_run(void **state)
{
    (void)state;
    it.taking_register = REFUSE_FINALLY;
    struct kontor_error error = {0};
    assert_int_equal(run(true, &error), KONTOR_FAILED_PRECONDITION);
    assert_string_equal(error.reason, "ILLEGAL_STATE");
    kontor_error_done(&error);
}

static void
test_an_agent_says_which_option_is_wrong(void **state)
{
    (void)state;
    static const char *const offers[] = {"alpine/s/o"};
    const struct kontor_agent_options good = {
        .offers = offers, .n_offers = 1, .provision = provision, .lookup = lookup};
    struct kontor_agent_options wrong[5] = {good, good, good, good, good};
    wrong[0].n_offers = 0;
    wrong[1].provision = NULL;
    wrong[2].lookup = NULL;
    wrong[3].max_parallel = 65;
    wrong[4].lease_seconds = 4;
    static const char *const says[] = {"offers", "provision", "lookup", "max_parallel",
                                       "lease_seconds"};
    for (size_t i = 0; i < 5; i++) {
        struct kontor_agent *agent = NULL;
        struct kontor_error error = {0};
        assert_int_equal(kontor_agent_new(rig.kontor, &wrong[i], &agent, &error),
                         KONTOR_INVALID_ARGUMENT);
        assert_ptr_equal(strstr(error.message, says[i]), error.message);
        assert_null(agent);
        kontor_error_done(&error);
    }
}

#define RULE(test) cmocka_unit_test_setup(test, reset)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(test_a_job_is_begun_provisioned_completed),
        RULE(test_a_job_begun_before_is_looked_up_first),
        RULE(test_what_lookup_does_not_find_is_created),
        RULE(test_a_lookup_that_does_not_know_creates_nothing),
        RULE(test_each_result_is_said_as_its_failure),
        RULE(test_done_without_a_backend_id_is_unknown),
        RULE(test_a_retry_the_session_keeps_is_looked_up_and_tried_again),
        RULE(test_nothing_is_created_when_begin_is_refused),
        RULE(test_a_lease_that_runs_out_ends_the_job),
        RULE(test_a_late_completion_is_still_said),
        RULE(test_renewals_keep_the_lease),
        RULE(test_a_job_missing_in_the_renewal_is_lost),
        RULE(test_a_lost_answer_to_claim_is_asked_for_again),
        RULE(test_a_lost_answer_to_complete_is_said_again),
        RULE(test_a_delivery_that_is_refused_is_left_for_later),
        RULE(test_a_job_of_another_kind_is_given_back),
        RULE(test_jobs_run_side_by_side),
        RULE(test_without_lookup_such_a_job_is_not_touched),
        RULE(test_stop_at_once_takes_the_jobs_away),
        RULE(test_stop_ends_a_waiting_claim),
        RULE(test_a_refused_registration_ends_the_run),
        RULE(test_an_agent_says_which_option_is_wrong),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
