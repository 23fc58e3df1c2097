/* An agent's lease: what keeps it, what ends it, and what is still said after it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "tests/client/agent_rig.h"

/* ---- Clocks: the linker sends the library's questions here ---- */

static atomic_int slept_s;
static atomic_int n_asked;
static atomic_int n_wall_asked;

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

/* Only the clock that goes on in a machine that sleeps knows of the sleep. */
int
__wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    int result = __real_clock_gettime(clock, now);
    atomic_fetch_add(&n_asked, 1);
    if (clock == CLOCK_BOOTTIME) {
        now->tv_sec += atomic_load(&slept_s);
    } else if (clock != CLOCK_MONOTONIC) {
        atomic_fetch_add(&n_wall_asked, 1);
    }
    return result;
}

static void
sleep_a_minute(void)
{
    atomic_fetch_add(&slept_s, 60);
}

/* Somebody else may have had the job meanwhile. */
static void
test_a_machine_that_slept_finds_its_jobs_lost(void **state)
{
    (void)state;
    it.on_provision = sleep_a_minute;
    it.waits_for_loss = true;
    it.provision_results[0] = KONTOR_NOBODY_KNOWS;
    int64_t begun_s = time(NULL);
    run_well();
    assert_true(when("lost 0") > 0);
    assert_int_equal(when("fail"), -1);
    /* A renewal would only be due after ten. */
    assert_true(time(NULL) - begun_s < 6);
}

static void
test_k28_nothing_is_created_behind_a_sleep(void **state)
{
    (void)state;
    it.jobs[0].prior_intent = (char *)(uintptr_t) "kontor-alpine-7f2c";
    it.lookup_result = KONTOR_ABSENT;
    it.on_lookup = sleep_a_minute;
    run_well();
    assert_int_equal(it.n_lookups, 1);
    assert_int_equal(it.n_provisions, 0);
    assert_int_equal(when("fail"), -1);
}

/* Setting the time of day lengthens no lease and shortens none. */
static void
test_the_time_of_day_is_never_asked(void **state)
{
    (void)state;
    it.lease_seconds = 1;
    it.waits_ms = 600;
    run_well();
    assert_true(when("renew") > 0);
    assert_true(atomic_load(&n_asked) > 10);
    assert_int_equal(atomic_load(&n_wall_asked), 0);
}

/* ---- The lease ---- */

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
test_without_lookup_such_a_job_is_left_to_an_operator(void **state)
{
    (void)state;
    it.jobs[0].prior_intent = (char *)(uintptr_t) "kontor-alpine-7f2c";
    assert_int_equal(run(false, NULL), KONTOR_OK);
    assert_true(when("fail coast/o-1/i0 3 no lookup: an operator must look") > 0);
    assert_int_equal(it.n_provisions, 0);
    assert_int_equal(when("release"), -1);
    assert_int_equal(when("begin"), -1);
}

/* What is refused at first is said again, as long as the session holds the job. */
static void
test_a_refusal_that_passes_keeps_the_job(void **state)
{
    (void)state;
    static const enum taking takings[] = {FORBID_FIRST, OVERLOAD_FIRST};
    for (size_t i = 0; i < 2; i++) {
        reset(NULL);
        it.taking_begin = takings[i];
        it.taking_complete = takings[i];
        run_well();
        assert_int_equal(it.n_begins, 2);
        assert_int_equal(it.n_provisions, 1);
        assert_int_equal(it.n_completes, 2);
        assert_int_equal(when("fail"), -1);
        reset(NULL);
        it.taking_fail = takings[i];
        it.provision_results[0] = KONTOR_NEVER;
        run_well();
        assert_int_equal(it.n_fails, 2);
    }
}

static void *
stop_at_second_session(void *agent)
{
    pthread_mutex_lock(&rig.mutex);
    while (when_held("claim alpine/s-2") < 0) {
        pthread_cond_wait(&rig.changed, &rig.mutex);
    }
    pthread_mutex_unlock(&rig.mutex);
    kontor_agent_stop(agent, false);
    return NULL;
}

/* A session that is renewed for ever would hold the job for ever. */
static void
test_a_refusal_that_stays_gives_up_the_session(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        reset(NULL);
        it.lease_seconds = 1;
        it.max_jobs = 2;
        it.taking_begin = i == 0 ? FORBID : TAKE;
        it.taking_complete = i == 1 ? FORBID : TAKE;
        it.taking_fail = i == 2 ? FORBID : TAKE;
        it.provision_results[0] = i == 2 ? KONTOR_NEVER : KONTOR_DONE;
        struct kontor_agent *agent = new_agent(true);
        pthread_t thread;
        pthread_create(&thread, NULL, stop_at_second_session, agent);
        assert_int_equal(kontor_agent_run(agent, NULL), KONTOR_OK);
        pthread_join(thread, NULL);
        close_broker();
        kontor_agent_free(agent);
        assert_int_equal(it.n_provisions, i == 0 ? 0 : 1);
        assert_true(when("renew alpine/s-1") > 0);
        assert_true(it.n_begins + it.n_completes + it.n_fails > 2);
    }
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(test_a_machine_that_slept_finds_its_jobs_lost),
        RULE(test_k28_nothing_is_created_behind_a_sleep),
        RULE(test_the_time_of_day_is_never_asked),
        RULE(test_a_lease_that_runs_out_ends_the_job),
        RULE(test_a_late_completion_is_still_said),
        RULE(test_renewals_keep_the_lease),
        RULE(test_a_job_missing_in_the_renewal_is_lost),
        RULE(test_without_lookup_such_a_job_is_left_to_an_operator),
        RULE(test_a_refusal_that_passes_keeps_the_job),
        RULE(test_a_refusal_that_stays_gives_up_the_session),
        RULE(test_stop_at_once_takes_the_jobs_away),
        RULE(test_stop_ends_a_waiting_claim),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
