#include "tests/client/agent_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct agent_rig rig;
struct agent_script it;

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
int
when_held(const char *text)
{
    for (int i = 0; i < it.n_calls; i++) {
        if (strncmp(it.calls[i], text, strlen(text)) == 0) {
            return i;
        }
    }
    return -1;
}

int
when(const char *text)
{
    pthread_mutex_lock(&rig.mutex);
    int place = when_held(text);
    pthread_mutex_unlock(&rig.mutex);
    return place;
}

/* ---- The broker ---- */

/* How many there were before. */
static int
count(int *n)
{
    pthread_mutex_lock(&rig.mutex);
    int before = (*n)++;
    pthread_mutex_unlock(&rig.mutex);
    return before;
}

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
    if (taking == FORBID || (taking == FORBID_FIRST && n == 0)) {
        fake_fail(call, KONTOR_PERMISSION_DENIED, "NOT_ALLOWED", "not yours");
        return false;
    }
    if (taking == OVERLOAD_FIRST && n == 0) {
        fake_fail(call, KONTOR_RESOURCE_EXHAUSTED, "OVERLOADED", "too much");
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
    while (!it.is_over && it.n_given == it.n_jobs) {
        pthread_cond_wait(&rig.changed, &rig.mutex);
    }
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
    if (taken(call, it.taking_begin, count(&it.n_begins))) {
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
    if (taken(call, it.taking_fail, count(&it.n_fails))) {
        reply_item(call, it.fail_keeps_session);
    }
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
on_who_am_i(struct fake_call *call)
{
    Kontor__V1__WhoAmIResponse response = KONTOR__V1__WHO_AM_IRESPONSE__INIT;
    fake_reply(call, &response.base);
}

/* Whether the script refuses this call whatever its kind says. */
static bool
is_refused(struct fake_call *call, const char *method)
{
    const struct refusal *refusal = &it.refusal;
    if (refusal->method == NULL || strcmp(refusal->method, method) != 0) {
        return false;
    }
    int n = count(&it.n_refused);
    if (refusal->times >= 0 && n >= refusal->times) {
        return false;
    }
    note("refused %s", method);
    const char *text = "refused by the script";
    if (refusal->retry_ms > 0) {
        fake_fail_fully(call, refusal->status, refusal->reason, text,
                        refusal->retry_ms);
    } else {
        fake_fail(call, refusal->status, refusal->reason, text);
    }
    return true;
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
        {"WhoAmI", on_who_am_i},
    };
    (void)context;
    const char *method = strrchr(call->path, '/') + 1;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].method, method) == 0 && !is_refused(call, method)) {
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

enum kontor_result
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
    if (it.on_provision != NULL) {
        it.on_provision();
    }
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

enum kontor_result
lookup(struct kontor_job *job, void *context)
{
    (void)context;
    note("lookup %s", kontor_job_claimed(job)->intent);
    pthread_mutex_lock(&rig.mutex);
    it.n_lookups++;
    pthread_mutex_unlock(&rig.mutex);
    if (it.on_lookup != NULL) {
        it.on_lookup();
    }
    if (it.lookup_result == KONTOR_DONE) {
        kontor_job_backend_id(job, "vol-found");
    }
    return it.lookup_result;
}

/* ---- Running ---- */

int
setup(void **state)
{
    (void)state;
    pthread_mutex_init(&rig.mutex, NULL);
    pthread_cond_init(&rig.changed, NULL);
    rig.fake = fake_start(handle, NULL);
    rig.kontor = fake_connect(rig.fake);
    return 0;
}

int
teardown(void **state)
{
    (void)state;
    kontor_free(rig.kontor);
    fake_stop(rig.fake);
    return 0;
}

/* A script with so many jobs to provision and nothing that goes wrong. */
int
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

struct kontor_agent *
new_agent(bool has_lookup)
{
    static const char *const offers[] = {"alpine/block-storage/standard"};
    fake_sync(rig.fake);
    struct kontor_agent_options options = {
        .offers = offers,
        .n_offers = 1,
        .max_parallel = it.n_jobs,
        .max_jobs = it.max_jobs > 0 ? it.max_jobs : it.n_jobs,
        .provision = provision,
        .lookup = has_lookup ? lookup : NULL,
        .allow_no_lookup = !has_lookup,
    };
    struct kontor_agent *agent = NULL;
    assert_int_equal(kontor_agent_new(rig.kontor, &options, &agent, NULL), KONTOR_OK);
    return agent;
}

/* A call behind all that the agent sent on the connection: once it is answered, none
 * of them is still on its way. */
static void
catch_up(void)
{
    Kontor__V1__WhoAmIRequest request = KONTOR__V1__WHO_AM_IREQUEST__INIT;
    ProtobufCMessage *reply = NULL;
    (void)kontor_call(rig.kontor, kontor_method("/kontor.v1.RegistryService/WhoAmI"),
                      &request.base, NULL, &reply, NULL);
    kontor_reply_free(reply);
}

/* Lets the claims that wait go, so that the next script begins alone: a claim that came
 * late would take the job of the next. */
void
close_broker(void)
{
    pthread_mutex_lock(&rig.mutex);
    it.is_over = true;
    pthread_cond_broadcast(&rig.changed);
    pthread_mutex_unlock(&rig.mutex);
    catch_up();
    fake_settle(rig.fake);
    fake_sync(rig.fake);
}

/* Runs until the jobs of the script are over. */
enum kontor_status
run(bool has_lookup, struct kontor_error *error)
{
    struct kontor_agent *agent = new_agent(has_lookup);
    enum kontor_status status = kontor_agent_run(agent, error);
    close_broker();
    kontor_agent_free(agent);
    return status;
}

void
run_well(void)
{
    struct kontor_error error = {0};
    assert_int_equal(run(true, &error), KONTOR_OK);
    kontor_error_done(&error);
}
