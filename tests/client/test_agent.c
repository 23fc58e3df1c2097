/* The agent's loop: what is asked before what, and what is never said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/client/agent_rig.h"

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

static int n_away;

static void
count_away(const struct kontor_agent_event *event, void *context)
{
    (void)context;
    n_away += strcmp(event->what, "away") == 0 && event->text[0] != '\0';
}

/* Somebody who gave a wrong address would wait for ever for a word otherwise. */
static void
test_a_broker_that_is_away_is_said_once(void **state)
{
    (void)state;
    static const char *const offers[] = {"alpine/block-storage/standard"};
    const struct kontor_agent_options options = {.offers = offers,
                                                 .n_offers = 1,
                                                 .max_jobs = 1,
                                                 .provision = provision,
                                                 .lookup = lookup,
                                                 .on_event = count_away};
    it.refusal =
        (struct refusal){"RegisterAgent", KONTOR_DEADLINE_EXCEEDED, "DEADLINE", 3, 0};
    fake_sync(rig.fake);
    struct kontor_agent *agent = NULL;
    assert_int_equal(kontor_agent_new(rig.kontor, &options, &agent, NULL), KONTOR_OK);
    assert_int_equal(kontor_agent_run(agent, NULL), KONTOR_OK);
    close_broker();
    kontor_agent_free(agent);
    assert_int_equal(it.n_refused, 4);
    assert_int_equal(n_away, 1);
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
        RULE(test_a_lost_answer_to_claim_is_asked_for_again),
        RULE(test_a_lost_answer_to_complete_is_said_again),
        RULE(test_a_delivery_that_is_refused_is_left_for_later),
        RULE(test_a_job_of_another_kind_is_given_back),
        RULE(test_jobs_run_side_by_side),
        RULE(test_a_refused_registration_ends_the_run),
        RULE(test_a_broker_that_is_away_is_said_once),
        RULE(test_an_agent_says_which_option_is_wrong),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
