/* Every way the broker can refuse what an agent says: none is repeated for ever, none
 * leads to a second object. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/client/agent_rig.h"

/* What becomes of a job when one call about it is refused. */
enum outcome {
    LEFT,     /* The call was made once, and nothing is said about the job any more. */
    REPEATED, /* The same was said until it was taken. */
    FAILED,   /* Said once; then that it failed, so that somebody tries again. */
    GIVEN_UP, /* Said for a whole lease; then the session was given up. */
    RENEWED,  /* The session is over: another is opened. */
    ENDED,    /* The run ends with the refusal. */
};

struct row {
    const char *method;
    enum kontor_status status;
    const char *reason;
    int times;
    enum outcome outcome;
};

#define ALWAYS (-1)

static const struct row rows[] = {
    {"Begin", KONTOR_ABORTED, "LEASE_LOST", ALWAYS, LEFT},
    {"Begin", KONTOR_ABORTED, "REVISION_MISMATCH", 2, REPEATED},
    {"Begin", KONTOR_ABORTED, "CONTENTION", 2, REPEATED},
    {"Begin", KONTOR_INTERNAL, "INTERNAL", 2, REPEATED},
    {"Begin", KONTOR_UNAVAILABLE, "DRAINING", 2, REPEATED},
    {"Begin", KONTOR_DEADLINE_EXCEEDED, "OUTCOME_UNKNOWN", 2, REPEATED},
    {"Begin", KONTOR_RESOURCE_EXHAUSTED, "OVERLOADED", 2, REPEATED},
    {"Begin", KONTOR_UNAUTHENTICATED, "CERTIFICATE_EXPIRED", 2, REPEATED},
    {"Begin", KONTOR_PERMISSION_DENIED, "NOT_OWNER", 2, REPEATED},
    {"Begin", KONTOR_NOT_FOUND, "NOT_FOUND", 2, REPEATED},
    {"Begin", KONTOR_INTERNAL, "INTERNAL", ALWAYS, GIVEN_UP},
    {"Begin", KONTOR_UNKNOWN, NULL, ALWAYS, GIVEN_UP},
    {"Begin", KONTOR_PERMISSION_DENIED, "ROLE_MISSING", ALWAYS, GIVEN_UP},
    {"Begin", KONTOR_NOT_FOUND, "NOT_FOUND", ALWAYS, GIVEN_UP},
    {"Begin", KONTOR_FAILED_PRECONDITION, "ILLEGAL_STATE", ALWAYS, GIVEN_UP},
    {"Begin", KONTOR_INVALID_ARGUMENT, "FIELDS_INVALID", ALWAYS, GIVEN_UP},
    {"Begin", KONTOR_ALREADY_EXISTS, NULL, ALWAYS, GIVEN_UP},
    {"Begin", KONTOR_UNIMPLEMENTED, "METHOD_UNKNOWN", ALWAYS, GIVEN_UP},
    {"Complete", KONTOR_ABORTED, "LEASE_LOST", ALWAYS, LEFT},
    {"Complete", KONTOR_ALREADY_EXISTS, "COMPLETION_DIFFERS", ALWAYS, LEFT},
    {"Complete", KONTOR_ABORTED, "REVISION_MISMATCH", 2, REPEATED},
    {"Complete", KONTOR_INTERNAL, "INTERNAL", 2, REPEATED},
    {"Complete", KONTOR_DEADLINE_EXCEEDED, "OUTCOME_UNKNOWN", 2, REPEATED},
    {"Complete", KONTOR_RESOURCE_EXHAUSTED, "OVERLOADED", 2, REPEATED},
    {"Complete", KONTOR_PERMISSION_DENIED, "REGISTRY_SUSPENDED", 2, REPEATED},
    {"Complete", KONTOR_UNAUTHENTICATED, "CERTIFICATE_REVOKED", 2, REPEATED},
    {"Complete", KONTOR_FAILED_PRECONDITION, "ILLEGAL_STATE", ALWAYS, FAILED},
    {"Complete", KONTOR_INVALID_ARGUMENT, "FIELDS_INVALID", ALWAYS, FAILED},
    {"Complete", KONTOR_NOT_FOUND, "NOT_FOUND", ALWAYS, FAILED},
    {"Complete", KONTOR_RESOURCE_EXHAUSTED, "ORDER_TOO_LARGE", ALWAYS, FAILED},
    {"Complete", KONTOR_RESOURCE_EXHAUSTED, NULL, ALWAYS, FAILED},
    {"Complete", KONTOR_INTERNAL, "INTERNAL", ALWAYS, GIVEN_UP},
    {"Complete", KONTOR_PERMISSION_DENIED, "REGISTRY_SUSPENDED", ALWAYS, GIVEN_UP},
    {"Fail", KONTOR_ABORTED, "LEASE_LOST", ALWAYS, LEFT},
    {"Fail", KONTOR_INTERNAL, "INTERNAL", 2, REPEATED},
    {"Fail", KONTOR_RESOURCE_EXHAUSTED, "OVERLOADED", 2, REPEATED},
    {"Fail", KONTOR_INTERNAL, "INTERNAL", ALWAYS, GIVEN_UP},
    {"Fail", KONTOR_FAILED_PRECONDITION, "ILLEGAL_STATE", ALWAYS, GIVEN_UP},
    {"Fail", KONTOR_NOT_FOUND, "NOT_FOUND", ALWAYS, GIVEN_UP},
    {"Release", KONTOR_ABORTED, "LEASE_LOST", ALWAYS, LEFT},
    {"Release", KONTOR_UNAVAILABLE, "DRAINING", 2, REPEATED},
    {"Release", KONTOR_FAILED_PRECONDITION, "PAST_NO_RETURN", ALWAYS, GIVEN_UP},
    {"Renew", KONTOR_ABORTED, "LEASE_LOST", ALWAYS, RENEWED},
    {"Renew", KONTOR_NOT_FOUND, "NOT_FOUND", ALWAYS, RENEWED},
    {"Renew", KONTOR_PERMISSION_DENIED, "NOT_OWNER", ALWAYS, RENEWED},
    {"Renew", KONTOR_INTERNAL, "INTERNAL", ALWAYS, RENEWED},
    {"Renew", KONTOR_UNAVAILABLE, "DRAINING", ALWAYS, RENEWED},
    {"Renew", KONTOR_INTERNAL, "INTERNAL", 1, REPEATED},
    {"Claim", KONTOR_ABORTED, "LEASE_LOST", 1, RENEWED},
    {"Claim", KONTOR_NOT_FOUND, "NOT_FOUND", 1, RENEWED},
    {"Claim", KONTOR_UNAVAILABLE, "DRAINING", 2, REPEATED},
    {"Claim", KONTOR_RESOURCE_EXHAUSTED, "OVERLOADED", 2, REPEATED},
    {"Claim", KONTOR_PERMISSION_DENIED, "NOT_OWNER", ALWAYS, ENDED},
    {"Claim", KONTOR_INVALID_ARGUMENT, "FIELDS_INVALID", ALWAYS, ENDED},
    {"RegisterAgent", KONTOR_UNAVAILABLE, "DRAINING", 2, REPEATED},
    {"RegisterAgent", KONTOR_NOT_FOUND, "NOT_FOUND", ALWAYS, ENDED},
    {"RegisterAgent", KONTOR_PERMISSION_DENIED, "ROLE_MISSING", ALWAYS, ENDED},
    {"RegisterAgent", KONTOR_INVALID_ARGUMENT, "FIELDS_INVALID", ALWAYS, ENDED},
};

static int
times(const char *text)
{
    pthread_mutex_lock(&rig.mutex);
    int n = 0;
    for (int i = 0; i < it.n_calls; i++) {
        n += strncmp(it.calls[i], text, strlen(text)) == 0;
    }
    pthread_mutex_unlock(&rig.mutex);
    return n;
}

/* A script in which the refused call is made. */
static void
write_script(const struct row *row)
{
    reset(NULL);
    it.refusal = (struct refusal){row->method, row->status, row->reason, row->times, 0};
    bool takes_leases = row->outcome == GIVEN_UP || strcmp(row->method, "Renew") == 0;
    it.lease_seconds = takes_leases ? 1 : 30;
    it.provision_results[0] =
        strcmp(row->method, "Fail") == 0 ? KONTOR_NEVER : KONTOR_DONE;
    it.jobs[0].kind = strcmp(row->method, "Release") == 0
                          ? (Kontor__V1__JobKind)7
                          : KONTOR__V1__JOB_KIND__PROVISION;
    it.waits_for_loss = row->outcome == RENEWED && strcmp(row->method, "Renew") == 0;
    it.waits_ms =
        strcmp(row->method, "Renew") == 0 && row->outcome == REPEATED ? 900 : 0;
    /* A second job would be needed: the run goes on until it is stopped. */
    it.max_jobs = row->outcome == GIVEN_UP || row->outcome == RENEWED ? 2 : 1;
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

/* Runs it; a run that goes on for ever is cut off by the test's time limit. */
static enum kontor_status
play(const struct row *row, struct kontor_error *error)
{
    struct kontor_agent *agent = new_agent(true);
    bool is_stopped = row->outcome == GIVEN_UP || row->outcome == RENEWED;
    pthread_t thread;
    if (is_stopped) {
        pthread_create(&thread, NULL, stop_at_second_session, agent);
    }
    enum kontor_status status = kontor_agent_run(agent, error);
    if (is_stopped) {
        pthread_join(thread, NULL);
    }
    close_broker();
    kontor_agent_free(agent);
    return status;
}

/* The number of refusals, and what was said behind the last of them. */
static void
judge(const struct row *row, int n_refused)
{
    switch (row->outcome) {
    case LEFT:
        assert_int_equal(n_refused, 1);
        assert_int_equal(strncmp(it.calls[it.n_calls - 1], "refused", 7), 0);
        break;
    case REPEATED:
        assert_int_equal(n_refused, row->times);
        assert_int_equal(it.n_sessions, 1);
        break;
    case FAILED:
        assert_int_equal(n_refused, 1);
        assert_int_equal(times("fail coast/o-1/i0 1"), 1);
        break;
    case GIVEN_UP:
        assert_true(n_refused > 1);
        assert_int_equal(it.n_sessions, 2);
        break;
    case RENEWED:
        assert_int_equal(it.n_sessions, 2);
        break;
    case ENDED:
        assert_int_equal(n_refused, 1);
        break;
    }
}

static void
test_every_refusal_ends_and_creates_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        printf("%s %s{%s} %d\n", row->method, kontor_status_name(row->status),
               row->reason == NULL ? "" : row->reason, row->times);
        fflush(stdout);
        write_script(row);
        struct kontor_error error = {0};
        enum kontor_status status = play(row, &error);
        assert_int_equal(status, row->outcome == ENDED ? row->status : KONTOR_OK);
        kontor_error_done(&error);
        judge(row, times("refused"));
        assert_in_range(it.n_provisions, 0, 1);
        bool is_before = strcmp(row->method, "Begin") == 0 && row->times == ALWAYS;
        if (is_before || strcmp(row->method, "Release") == 0) {
            assert_int_equal(it.n_provisions, 0);
        }
    }
}

/* A broker that asks for a day's patience does not get the job held that long. */
static void
test_no_pause_is_longer_than_the_lease(void **state)
{
    (void)state;
    static const struct row row = {"Begin", KONTOR_FAILED_PRECONDITION, "PATIENCE",
                                   ALWAYS, GIVEN_UP};
    write_script(&row);
    it.refusal.retry_ms = 3600 * 1000;
    assert_int_equal(play(&row, NULL), KONTOR_OK);
    assert_int_equal(it.n_sessions, 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(test_every_refusal_ends_and_creates_once),
        RULE(test_no_pause_is_longer_than_the_lease),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
