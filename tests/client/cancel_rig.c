#include "tests/client/cancel_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { PATIENCE_S = 20 };

struct cancel_rig rig;
struct item item;

/* ---- What happened ---- */

void
note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    pthread_mutex_lock(&rig.mutex);
    if (item.n_notes < NOTES_MAX) {
        vsnprintf(item.notes[item.n_notes++], sizeof item.notes[0], format, args);
    }
    pthread_cond_broadcast(&rig.changed);
    pthread_mutex_unlock(&rig.mutex);
    va_end(args);
}

static int
nth_held(const char *text, int n)
{
    for (int i = 0; i < item.n_notes; i++) {
        if (strncmp(item.notes[i], text, strlen(text)) == 0 && n-- == 0) {
            return i;
        }
    }
    return -1;
}

int
nth(const char *text, int n)
{
    pthread_mutex_lock(&rig.mutex);
    int place = nth_held(text, n);
    pthread_mutex_unlock(&rig.mutex);
    return place;
}

int
times(const char *text)
{
    int n = 0;
    while (nth(text, n) >= 0) {
        n++;
    }
    return n;
}

bool
await_times(const char *text, int n)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    int failed = 0;
    pthread_mutex_lock(&rig.mutex);
    while (nth_held(text, n - 1) < 0 && failed == 0) {
        failed = pthread_cond_timedwait(&rig.changed, &rig.mutex, &until);
    }
    pthread_mutex_unlock(&rig.mutex);
    if (failed != 0) {
        note("in vain: %s", text);
    }
    return failed == 0;
}

void
await_stop(struct kontor_job *job, const char *name)
{
    struct pollfd stop = {.fd = kontor_job_lost_fd(job), .events = POLLIN};
    bool is_stopped = poll(&stop, 1, PATIENCE_S * 1000) > 0;
    note("%s %s %lld", is_stopped ? "stopped" : "in vain: the stop of", name,
         (long long)kontor_job_remaining_ms(job));
}

enum kontor_result
accept_at_once(struct kontor_job *job, void *context)
{
    (void)context;
    kontor_job_reason(job, "as we see it");
    return KONTOR_DONE;
}

enum kontor_result
work_until_stopped(struct kontor_job *job, void *context)
{
    (void)context;
    customer_cancels();
    await_stop(job, "work");
    return item.work_result;
}

/* ---- The provider ---- */

static enum kontor_result
call_back(const char *name, kontor_job_fn callback, struct kontor_job *job)
{
    const Kontor__V1__ClaimedJob *claimed = kontor_job_claimed(job);
    note("%s %d %s", name, (int)claimed->kind, claimed->cancel_reason);
    enum kontor_result result = callback(job, NULL);
    note("returned %s", name);
    return result;
}

static enum kontor_result
do_provision(struct kontor_job *job, void *context)
{
    (void)context;
    kontor_job_backend_id(job, "b-1");
    return call_back("provision", item.provision, job);
}

static enum kontor_result
do_lookup(struct kontor_job *job, void *context)
{
    (void)context;
    kontor_job_backend_id(job, "b-1");
    return call_back("lookup", item.lookup, job);
}

static enum kontor_result
do_remove(struct kontor_job *job, void *context)
{
    (void)context;
    return call_back("remove", item.remove, job);
}

static enum kontor_result
do_modify(struct kontor_job *job, void *context)
{
    (void)context;
    return call_back("modify", item.modify, job);
}

static enum kontor_result
do_assess(struct kontor_job *job, void *context)
{
    (void)context;
    pthread_mutex_lock(&rig.mutex);
    item.n_assessing++;
    if (item.n_assessing > item.n_assessing_most) {
        item.n_assessing_most = item.n_assessing;
    }
    pthread_mutex_unlock(&rig.mutex);
    enum kontor_result result = call_back("assess", item.assess, job);
    pthread_mutex_lock(&rig.mutex);
    item.n_assessing--;
    pthread_mutex_unlock(&rig.mutex);
    return result;
}

static void
on_event(const struct kontor_agent_event *event, void *context)
{
    (void)context;
    if (event->item[0] != '\0') {
        note("event %s %s", event->what, event->text);
    }
}

/* ---- Running ---- */

int
setup(void **state)
{
    (void)state;
    pthread_mutex_init(&rig.mutex, NULL);
    pthread_cond_init(&rig.changed, NULL);
    rig.fake = fake_start(cancel_broker, NULL);
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

static enum kontor_result
is_done(struct kontor_job *job, void *context)
{
    (void)job;
    (void)context;
    return KONTOR_DONE;
}

int
reset(void **state)
{
    (void)state;
    fake_sync(rig.fake);
    memset(&item, 0, sizeof item);
    kontor__v1__claimed_job__init(&item.job);
    item.job.item = (char *)(uintptr_t) "coast/o-1/x";
    item.job.kind = KIND(PROVISION);
    item.job.action = KONTOR__V1__ITEM_ACTION__ADD;
    item.job.fence = 70;
    item.job.intent = (char *)(uintptr_t) "kontor-alpine-7f2c";
    item.lease_seconds = 1;
    item.provision = is_done;
    item.lookup = is_done;
    item.remove = is_done;
    return 0;
}

struct kontor_agent *
new_agent(void)
{
    static const char *const offers[] = {"alpine/block-storage/standard"};
    item.kind = item.job.kind;
    fake_sync(rig.fake);
    struct kontor_agent_options options = {
        .offers = offers,
        .n_offers = 1,
        .max_jobs = 1,
        .provision = do_provision,
        .lookup = do_lookup,
        .remove = item.remove == NULL ? NULL : do_remove,
        .modify = item.modify == NULL ? NULL : do_modify,
        .assess = item.assess == NULL ? NULL : do_assess,
        .on_event = on_event,
    };
    struct kontor_agent *agent = NULL;
    assert_int_equal(kontor_agent_new(rig.kontor, &options, &agent, NULL), KONTOR_OK);
    return agent;
}

void
close_broker(void)
{
    pthread_mutex_lock(&rig.mutex);
    item.is_closed = true;
    pthread_cond_broadcast(&rig.changed);
    pthread_mutex_unlock(&rig.mutex);
    fake_settle(rig.fake);
    fake_sync(rig.fake);
}

void
run(void)
{
    rig.agent = new_agent();
    assert_int_equal(kontor_agent_run(rig.agent, NULL), KONTOR_OK);
    close_broker();
    kontor_agent_free(rig.agent);
    if (when("in vain") >= 0) {
        fail_msg("%s", item.notes[when("in vain")]);
    }
}
