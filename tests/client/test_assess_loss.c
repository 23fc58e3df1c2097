/* A cancel that is asked of an agent, and what gets lost meanwhile: the job, the agent,
 * an answer. Nothing is said twice in two ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/client/cancel_rig.h"

static enum kontor_result
wait_for_stop(struct kontor_job *job, void *context)
{
    (void)context;
    await_stop(job, "assess");
    return KONTOR_DONE;
}

/* ---- What is heard ---- */

static enum kontor_result
work_past_renewals(struct kontor_job *job, void *context)
{
    (void)context;
    customer_cancels();
    await_times("renew 6", 3);
    note("remaining %d", kontor_job_remaining_ms(job) > 0);
    return KONTOR_DONE;
}

static void
test_a_session_names_the_kind_it_has_a_callback_for(void **state)
{
    for (int i = 0; i < 2; i++) {
        reset(state);
        item.assess = i == 0 ? NULL : accept_at_once;
        run();
        assert_int_equal(item.names_assess, i == 1);
    }
}

static void
test_without_a_callback_the_work_goes_on(void **state)
{
    (void)state;
    item.provision = work_past_renewals;
    run();
    assert_true(when("remaining 1") > 0);
    assert_int_equal(times("call decide"), 0);
    assert_int_equal(times("complete COMPLETED"), 1);
}

static enum kontor_result
nobody_knows_at_first(struct kontor_job *job, void *context)
{
    (void)job;
    (void)context;
    customer_cancels();
    return times("provision") == 1 ? KONTOR_NOBODY_KNOWS : KONTOR_DONE;
}

/* While a cancel is assessed the broker has no operator to give it to. */
static void
test_what_nobody_knows_and_the_broker_leaves_here_is_tried_again(void **state)
{
    (void)state;
    item.provision = nobody_knows_at_first;
    item.unknown_stays = true;
    run();
    assert_int_equal(times("fail 3 of 6"), 1);
    assert_true(when("lookup 1") > when("fail 3 of 6"));
    assert_int_equal(times("complete COMPLETED"), 1);
    assert_false(item.is_held);
}

static enum kontor_result
accept_behind_the_failure(struct kontor_job *job, void *context)
{
    (void)job;
    (void)context;
    await("event unknown");
    return KONTOR_DONE;
}

/* It is undone instead of being tried again, but no sooner. */
static void
test_what_nobody_knows_settles_also_when_it_was_said(void **state)
{
    (void)state;
    item.provision = nobody_knows_at_first;
    item.assess = accept_behind_the_failure;
    item.unknown_stays = true;
    item.lease_seconds = 3;
    item.job.settle_seconds = 3;
    run();
    assert_int_equal(times("fail 3 of 6"), 1);
    assert_int_equal(times("lookup"), 0);
    assert_true(nth("renew 7", 0) > when("decide accept"));
    assert_true(when("remove 7") > nth("renew 7", 0));
    assert_int_equal(times("complete CANCELLED bare"), 1);
}

/* ---- The job is lost ---- */

static void
end_session(void)
{
    await("assess 6");
    pthread_mutex_lock(&rig.mutex);
    item.is_session_over = true;
    pthread_mutex_unlock(&rig.mutex);
}

static void
take_job_away(void)
{
    await("assess 6");
    pthread_mutex_lock(&rig.mutex);
    item.is_held = false;
    pthread_mutex_unlock(&rig.mutex);
}

static void
stop_at_once(void)
{
    await("assess 6");
    kontor_agent_stop(rig.agent, true);
}

static void (*happens)(void);

static enum kontor_result
work_until_it_happens(struct kontor_job *job, void *context)
{
    (void)context;
    customer_cancels();
    happens();
    await_stop(job, "work");
    /* It is told at once, and not only when the work has returned. */
    await("returned assess");
    return KONTOR_DONE;
}

static void
test_a_job_lost_while_it_is_asked_decides_nothing(void **state)
{
    static void (*const all[])(void) = {end_session, take_job_away, stop_at_once};
    for (size_t i = 0; i < 3; i++) {
        reset(state);
        happens = all[i];
        item.provision = work_until_it_happens;
        item.assess = wait_for_stop;
        run();
        assert_true(when("stopped assess 0") > 0);
        assert_true(when("returned assess") > 0);
        assert_int_equal(times("call decide"), 0);
        assert_int_equal(times("remove"), 0);
        /* Late, but it may still count. */
        assert_int_equal(times("complete COMPLETED"), 1);
    }
}

static enum kontor_result
assess_until_it_happens(struct kontor_job *job, void *context)
{
    (void)context;
    happens();
    await_stop(job, "assess");
    return KONTOR_DONE;
}

static void
test_a_claimed_question_that_is_lost_decides_nothing(void **state)
{
    static void (*const all[])(void) = {end_session, take_job_away, stop_at_once};
    for (size_t i = 0; i < 3; i++) {
        reset(state);
        happens = all[i];
        item.job.kind = KIND(ASSESS_CANCEL);
        item.job.prior_intent = (char *)(uintptr_t) "kontor-alpine-7f2c";
        item.assess = assess_until_it_happens;
        run();
        assert_int_equal(times("call decide"), 0);
        assert_int_equal(times("remove"), 0);
        assert_int_equal(times("lookup"), 0);
        assert_true(when("event lost") > 0);
    }
}

static enum kontor_result
work_on_behind_the_stop(struct kontor_job *job, void *context)
{
    (void)context;
    kontor_agent_stop(rig.agent, true);
    await_stop(job, "work");
    customer_cancels();
    await_times("renew", times("renew") + 3);
    return KONTOR_DONE;
}

/* The work may take a while to return; meanwhile nothing new is begun. */
static void
test_nothing_is_asked_of_an_agent_that_stops_at_once(void **state)
{
    (void)state;
    item.provision = work_on_behind_the_stop;
    item.assess = accept_at_once;
    run();
    assert_int_equal(times("assess 6"), 0);
    assert_int_equal(times("call decide"), 0);
    assert_int_equal(times("complete COMPLETED"), 1);
}

static void
stop_gently(void)
{
    await("assess 6");
    kontor_agent_stop(rig.agent, false);
    note("asked to stop");
}

static enum kontor_result
accept_once_asked_to_stop(struct kontor_job *job, void *context)
{
    (void)job;
    (void)context;
    await("asked to stop");
    return KONTOR_DONE;
}

static void
test_an_agent_that_ends_undoes_what_was_accepted(void **state)
{
    (void)state;
    happens = stop_gently;
    item.provision = work_until_it_happens;
    item.assess = accept_once_asked_to_stop;
    run();
    assert_int_equal(times("complete CANCELLED bare"), 1);
    assert_int_equal(times("complete"), 1);
}

/* A callback that does not listen is waited for, and its answer is not said. */
static enum kontor_result
work_until_asked(struct kontor_job *job, void *context)
{
    (void)job;
    (void)context;
    customer_cancels();
    await("assess 6");
    return KONTOR_DONE;
}

static enum kontor_result
answer_behind_the_end(struct kontor_job *job, void *context)
{
    (void)job;
    (void)context;
    await("event done");
    return KONTOR_DONE;
}

static void
test_an_answer_behind_the_end_is_waited_for_and_not_said(void **state)
{
    (void)state;
    item.provision = work_until_asked;
    item.assess = answer_behind_the_end;
    run();
    assert_true(when("returned assess") > when("event done"));
    assert_int_equal(times("call decide"), 0);
    assert_int_equal(times("complete COMPLETED"), 1);
}

static void
hold_completion(void)
{
    note("completing");
    /* The answer had all the time to be said. */
    await("returned assess");
    await_times("renew 6", times("renew 6") + 2);
}

static enum kontor_result
accept_while_completing(struct kontor_job *job, void *context)
{
    (void)job;
    (void)context;
    await("completing");
    return KONTOR_DONE;
}

/* The broker has it first: it counts, and the cancel is declined. */
static void
test_nothing_is_decided_while_the_end_is_said(void **state)
{
    (void)state;
    item.provision = work_until_asked;
    item.assess = accept_while_completing;
    item.on_complete = hold_completion;
    run();
    assert_int_equal(times("call decide"), 0);
    assert_int_equal(times("complete COMPLETED"), 1);
    assert_int_equal(times("remove"), 0);
}

/* ---- The answer is lost, or refused ---- */

static void
test_a_lost_answer_to_a_decision_is_asked_for_again(void **state)
{
    for (int i = 0; i < 2; i++) {
        reset(state);
        item.cuts_answer = true;
        item.assess = accept_at_once;
        item.provision = work_until_stopped;
        if (i == 1) {
            item.job.kind = KIND(ASSESS_CANCEL);
            item.job.prior_intent = (char *)(uintptr_t) "kontor-alpine-7f2c";
        }
        run();
        assert_int_equal(times("decide accept"), 1);
        assert_int_equal(times("again"), 1);
        assert_int_equal(times("remove 7"), 1);
        assert_int_equal(times("complete CANCELLED bare"), 1);
        assert_int_equal(times("complete"), 1);
    }
}

static void
test_a_refusal_that_passes_is_said_again(void **state)
{
    static const struct {
        enum kontor_status status;
        const char *reason;
    } rows[] = {{KONTOR_PERMISSION_DENIED, "REGISTRY_SUSPENDED"},
                {KONTOR_ABORTED, "REVISION_MISMATCH"},
                {KONTOR_INTERNAL, "INTERNAL"}};
    for (size_t i = 0; i < 3; i++) {
        reset(state);
        item.refusal = rows[i].status;
        item.refusal_reason = rows[i].reason;
        item.n_refusals = 2;
        item.lease_seconds = 3;
        item.provision = work_until_stopped;
        item.assess = accept_at_once;
        run();
        assert_int_equal(times("refused"), 2);
        assert_string_equal(item.notes[nth("refused", 0)],
                            item.notes[nth("refused", 1)]);
        assert_int_equal(times("assess 6"), 1);
        assert_int_equal(times("complete CANCELLED bare"), 1);
    }
}

/* A session that is renewed for ever would hold the job for ever. */
static void
test_a_refusal_that_stays_gives_up_the_session(void **state)
{
    (void)state;
    item.refusal = KONTOR_PERMISSION_DENIED;
    item.refusal_reason = "ROLE_MISSING";
    item.n_refusals = -1;
    item.provision = work_until_stopped;
    item.assess = accept_at_once;
    run();
    assert_true(times("refused") > 1);
    assert_int_equal(times("assess 6"), 1);
    assert_true(when("stopped work 0") > 0);
    assert_int_equal(times("remove"), 0);
}

/* What the answers leave open a renewal tells: then it is undone, and that is said. */
static void
test_an_acceptance_that_a_renewal_tells_is_undone_to_the_end(void **state)
{
    (void)state;
    item.hides_answers = true;
    item.assess = accept_at_once;
    item.provision = work_until_stopped;
    item.lease_seconds = 3;
    run();
    assert_int_equal(times("decide accept"), 1);
    assert_int_equal(times("remove 7"), 1);
    assert_int_equal(times("complete CANCELLED bare"), 1);
    assert_false(item.is_held);
}

static void
hide_and_end_session(void)
{
    pthread_mutex_lock(&rig.mutex);
    item.is_session_over = true;
    pthread_mutex_unlock(&rig.mutex);
}

/*
 * It may have been accepted, and nobody knows: then a completion without a delivery
 * would pass for that of the undoing, though nothing was undone.
 */
static void
test_behind_an_unknown_acceptance_no_bare_completion_is_said(void **state)
{
    for (int i = 0; i < 2; i++) {
        reset(state);
        item.hides_answers = true;
        item.on_decide = hide_and_end_session;
        item.assess = accept_at_once;
        item.provision = work_until_stopped;
        if (i == 1) {
            item.job.kind = KIND(TERMINATE);
            item.job.action = KONTOR__V1__ITEM_ACTION__ACTION_TERMINATE;
            item.remove = work_until_stopped;
        }
        run();
        assert_int_equal(times("decide accept"), 1);
        assert_true(when("stopped work 0") > 0);
        assert_int_equal(times("complete CANCELLED bare"), 0);
        /* One with a delivery is refused, so it may be tried. */
        assert_in_range(times("complete"), 0, 1 - i);
        assert_true(when("event lost") > 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(test_a_session_names_the_kind_it_has_a_callback_for),
        RULE(test_without_a_callback_the_work_goes_on),
        RULE(test_what_nobody_knows_and_the_broker_leaves_here_is_tried_again),
        RULE(test_what_nobody_knows_settles_also_when_it_was_said),
        RULE(test_a_job_lost_while_it_is_asked_decides_nothing),
        RULE(test_a_claimed_question_that_is_lost_decides_nothing),
        RULE(test_nothing_is_asked_of_an_agent_that_stops_at_once),
        RULE(test_an_agent_that_ends_undoes_what_was_accepted),
        RULE(test_an_answer_behind_the_end_is_waited_for_and_not_said),
        RULE(test_nothing_is_decided_while_the_end_is_said),
        RULE(test_a_lost_answer_to_a_decision_is_asked_for_again),
        RULE(test_a_refusal_that_passes_is_said_again),
        RULE(test_a_refusal_that_stays_gives_up_the_session),
        RULE(test_an_acceptance_that_a_renewal_tells_is_undone_to_the_end),
        RULE(test_behind_an_unknown_acceptance_no_bare_completion_is_said),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
