/* A cancel that is asked beside the work: every answer at every time, and the item is
 * never left held with nobody working on it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "tests/client/cancel_rig.h"

static enum kontor_result assess_result;

/* When the work returns, seen from the answer to the cancel. */
enum timing { BEFORE, DURING, AFTER };

static enum timing timing;

/* What is waited for until the answer has had its effect. */
static const char *
effect_of(enum kontor_result result)
{
    return result == KONTOR_NEVER ? "event declined" : "event undecided";
}

static enum kontor_result
work(struct kontor_job *job, void *context)
{
    (void)context;
    customer_cancels();
    if (timing == BEFORE) {
        await("assess 6");
    } else if (timing == DURING) {
        await("deciding");
    } else if (assess_result == KONTOR_DONE) {
        await_stop(job, "work");
    } else {
        await(effect_of(assess_result));
    }
    note("work returns");
    return item.work_result;
}

static enum kontor_result
assess(struct kontor_job *job, void *context)
{
    (void)context;
    kontor_job_reason(job, "as we see it");
    if (timing == BEFORE) {
        await_stop(job, "assess");
    }
    return assess_result;
}

/* The answer is on its way when the work returns. */
static void
decide_during(void)
{
    if (timing == DURING) {
        note("deciding");
        await("work returns");
    }
}

static void
test_every_answer_at_every_time_ends_the_item(void **state)
{
    static const enum kontor_result results[] = {KONTOR_DONE, KONTOR_NEVER,
                                                 KONTOR_RETRY, KONTOR_NOBODY_KNOWS};
    for (int i = 0; i < 24; i++) {
        reset(state);
        assess_result = results[i % 4];
        timing = (enum timing)(i / 4 % 3);
        item.work_result = KONTOR_DONE;
        bool is_decided = assess_result == KONTOR_DONE || assess_result == KONTOR_NEVER;
        if (timing == DURING && !is_decided) {
            continue;
        }
        printf("assess %d, timing %d, remove %d\n", assess_result, timing, i < 12);
        fflush(stdout);
        item.provision = work;
        item.assess = assess;
        item.on_decide = decide_during;
        item.remove = i < 12 ? item.remove : NULL;
        run();
        bool is_undone = assess_result == KONTOR_DONE && timing != BEFORE;
        assert_int_equal(times("decide "), is_decided && timing != BEFORE ? 1 : 0);
        assert_int_equal(times("complete COMPLETED"), is_undone ? 0 : 1);
        assert_int_equal(times("complete CANCELLED bare"), is_undone && i < 12 ? 1 : 0);
        assert_int_equal(times("fail 3 of 7"), is_undone && i >= 12 ? 1 : 0);
        assert_int_equal(times("assess 6"), 1);
        assert_false(item.is_held);
    }
}

static enum kontor_result
remove_unstopped(struct kontor_job *job, void *context)
{
    (void)context;
    struct pollfd stop = {.fd = kontor_job_lost_fd(job), .events = POLLIN};
    note("remaining %d", kontor_job_remaining_ms(job) > 0 && poll(&stop, 1, 0) == 0);
    return KONTOR_DONE;
}

static void
test_what_runs_is_stopped_then_undone_whatever_it_answers(void **state)
{
    static const enum kontor_result results[] = {
        KONTOR_DONE, KONTOR_NEVER, KONTOR_RETRY, KONTOR_NOBODY_KNOWS, KONTOR_ABSENT};
    for (size_t i = 0; i < 5; i++) {
        reset(state);
        item.work_result = results[i];
        item.provision = work_until_stopped;
        item.assess = accept_at_once;
        item.remove = remove_unstopped;
        run();
        assert_true(when("assess 6 changed our mind") > 0);
        assert_true(when("decide accept as we see it") > 0);
        assert_true(when("event cancelled as we see it") > 0);
        assert_true(when("stopped work 0") > 0);
        assert_true(when("returned provision") < when("remove 7 "));
        assert_int_equal(strcmp(item.notes[when("remove 7 ")], "remove 7 "), 0);
        assert_true(when("remaining 1") > 0);
        assert_true(when("complete CANCELLED bare") > when("remove"));
        assert_int_equal(times("complete"), 1);
        assert_int_equal(times("fail"), 0);
        assert_int_equal(times("event lost"), 0);
    }
}

/* What was stopped may not know whether its last call still is under way. */
static void
test_what_nobody_knows_settles_before_it_is_undone(void **state)
{
    for (int i = 0; i < 2; i++) {
        reset(state);
        item.work_result = i == 0 ? KONTOR_NOBODY_KNOWS : KONTOR_RETRY;
        item.lease_seconds = 3;
        item.job.settle_seconds = 2;
        item.provision = work_until_stopped;
        item.assess = accept_at_once;
        run();
        /* A renewal a second: two seconds see one at least. */
        int n_between = 0;
        for (int j = when("returned provision"); j < when("remove"); j++) {
            n_between += strncmp(item.notes[j], "renew", 5) == 0;
        }
        assert_true(i == 0 ? n_between >= 1 : n_between == 0);
        assert_int_equal(times("complete CANCELLED bare"), 1);
    }
}

/* Of a change there is nothing of that name to remove. */
static void
test_an_accepted_change_is_handed_on(void **state)
{
    static const Kontor__V1__ItemAction actions[] = {
        KONTOR__V1__ITEM_ACTION__ACTION_MODIFY,
        KONTOR__V1__ITEM_ACTION__ACTION_TERMINATE};
    for (int i = 0; i < 4; i++) {
        reset(state);
        item.work_result = KONTOR_DONE;
        assess_result = KONTOR_DONE;
        timing = i < 2 ? DURING : AFTER;
        item.job.action = actions[i % 2];
        item.job.kind = i % 2 == 0 ? KIND(MODIFY) : KIND(TERMINATE);
        item.modify = work;
        item.remove = work;
        item.assess = assess;
        item.on_decide = decide_during;
        run();
        assert_int_equal(times("decide accept"), 1);
        assert_int_equal(times("fail 3 of 7"), 1);
        /* Without a delivery it would pass for that of the undoing. */
        assert_int_equal(times("complete"), 0);
        assert_int_equal(times("remove 7"), 0);
        assert_false(item.is_held);
    }
}

static enum kontor_result
work_past_three_renewals(struct kontor_job *job, void *context)
{
    (void)job;
    (void)context;
    customer_cancels();
    await("assess 6");
    await_times("renew 6", 4);
    note("enough");
    await("event declined");
    return KONTOR_DONE;
}

static enum kontor_result
decline_when_enough(struct kontor_job *job, void *context)
{
    (void)context;
    await("enough");
    note("assess remaining %d", kontor_job_remaining_ms(job) > 0);
    return KONTOR_NEVER;
}

static void
test_it_is_asked_once_however_often_it_is_heard(void **state)
{
    (void)state;
    item.provision = work_past_three_renewals;
    item.assess = decline_when_enough;
    run();
    assert_int_equal(times("assess 6"), 1);
    assert_int_equal(item.n_assessing_most, 1);
    assert_true(when("assess remaining 1") > 0);
    /* It gave no reason, and one is needed. */
    assert_true(when("decide decline the agent decided so") > 0);
    assert_int_equal(times("complete COMPLETED"), 1);
}

static enum kontor_result
work_cancelled_twice(struct kontor_job *job, void *context)
{
    (void)context;
    customer_cancels();
    await("event declined");
    customer_cancels();
    await_stop(job, "work");
    return KONTOR_DONE;
}

static enum kontor_result
decline_then_accept(struct kontor_job *job, void *context)
{
    (void)job;
    (void)context;
    return times("assess 6") == 1 ? KONTOR_NEVER : KONTOR_DONE;
}

static void
test_declined_and_asked_again_it_is_asked_again(void **state)
{
    (void)state;
    item.provision = work_cancelled_twice;
    item.assess = decline_then_accept;
    run();
    assert_int_equal(times("assess 6"), 2);
    assert_true(when("decide decline") < when("decide accept"));
    assert_int_equal(times("complete CANCELLED bare"), 1);
    assert_int_equal(times("complete"), 1);
}

static enum kontor_result
undecided_then_accept(struct kontor_job *job, void *context)
{
    (void)job;
    (void)context;
    return times("assess 6") == 1 ? assess_result : KONTOR_DONE;
}

static void
test_what_is_left_open_is_asked_again_later(void **state)
{
    static const enum kontor_result results[] = {KONTOR_RETRY, KONTOR_NOBODY_KNOWS,
                                                 KONTOR_ABSENT};
    for (size_t i = 0; i < 3; i++) {
        reset(state);
        assess_result = results[i];
        item.work_result = KONTOR_DONE;
        item.provision = work_until_stopped;
        item.assess = undecided_then_accept;
        run();
        assert_int_equal(times("assess 6"), 2);
        assert_int_equal(times("decide"), 1);
        assert_true(when("event undecided it is asked again later") > 0);
        /* After a second: three renewals of a lease of one. */
        int n_heard = 0;
        for (int j = when("event undecided"); j < nth("assess 6", 1); j++) {
            n_heard += strncmp(item.notes[j], "renew 6", 7) == 0;
        }
        assert_true(n_heard > 1);
        assert_int_equal(times("complete CANCELLED bare"), 1);
    }
}

static void
hold_second_answer(void)
{
    if (times("renew 6") == 1) {
        note("renewal held");
        await("event declined");
    }
}

static enum kontor_result
decline_while_renewing(struct kontor_job *job, void *context)
{
    (void)job;
    (void)context;
    await("renewal held");
    return KONTOR_NEVER;
}

static enum kontor_result
work_past_a_late_answer(struct kontor_job *job, void *context)
{
    (void)job;
    (void)context;
    customer_cancels();
    await_times("renew 6", 2);
    await("renew 1");
    return KONTOR_DONE;
}

static void
test_a_renewal_from_before_the_answer_asks_nothing(void **state)
{
    (void)state;
    item.lease_seconds = 3;
    item.provision = work_past_a_late_answer;
    item.assess = decline_while_renewing;
    item.on_renew = hold_second_answer;
    run();
    assert_int_equal(times("assess 6"), 1);
    assert_int_equal(times("complete COMPLETED"), 1);
}

/* ---- Others decide ---- */

static enum kontor_result
work_until_asked_again(struct kontor_job *job, void *context)
{
    (void)context;
    customer_cancels();
    await("assess 6");
    operator_declines();
    await("stopped assess");
    customer_cancels();
    await_stop(job, "work");
    return KONTOR_DONE;
}

static enum kontor_result
wait_for_stop_then_accept(struct kontor_job *job, void *context)
{
    (void)context;
    if (times("assess 6") == 1) {
        await_stop(job, "assess");
    }
    return KONTOR_DONE;
}

static void
test_a_question_somebody_declined_is_dropped(void **state)
{
    (void)state;
    item.provision = work_until_asked_again;
    item.assess = wait_for_stop_then_accept;
    run();
    assert_true(when("stopped assess 0") > 0);
    /* The answer to the first counts for nothing. */
    assert_int_equal(times("assess 6"), 2);
    assert_int_equal(times("decide"), 1);
    assert_true(when("decide") > nth("assess 6", 1));
}

static enum kontor_result
work_until_accepted_by_others(struct kontor_job *job, void *context)
{
    (void)context;
    customer_cancels();
    await("assess 6");
    operator_accepts();
    await_stop(job, "work");
    return KONTOR_DONE;
}

static enum kontor_result
wait_for_stop(struct kontor_job *job, void *context)
{
    (void)context;
    await_stop(job, "assess");
    return KONTOR_DONE;
}

static void
test_accepted_by_another_the_job_is_lost(void **state)
{
    (void)state;
    item.provision = work_until_accepted_by_others;
    item.assess = wait_for_stop;
    run();
    assert_int_equal(times("call decide"), 0);
    assert_int_equal(times("remove"), 0);
    assert_int_equal(times("complete"), 0);
    assert_true(when("event lost") > 0);
}

static void
decline_before(void)
{
    if (times("operator declines") == 0) {
        operator_declines();
    }
}

static enum kontor_result
work_until_undecided(struct kontor_job *job, void *context)
{
    (void)job;
    (void)context;
    customer_cancels();
    await("event undecided");
    return KONTOR_DONE;
}

static void
test_an_acceptance_that_comes_too_late_changes_nothing(void **state)
{
    (void)state;
    item.provision = work_until_undecided;
    item.assess = accept_at_once;
    item.on_decide = decline_before;
    run();
    assert_true(when("event undecided not asked") > 0);
    assert_int_equal(times("complete COMPLETED"), 1);
    assert_int_equal(times("remove"), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(test_every_answer_at_every_time_ends_the_item),
        RULE(test_what_runs_is_stopped_then_undone_whatever_it_answers),
        RULE(test_what_nobody_knows_settles_before_it_is_undone),
        RULE(test_an_accepted_change_is_handed_on),
        RULE(test_it_is_asked_once_however_often_it_is_heard),
        RULE(test_declined_and_asked_again_it_is_asked_again),
        RULE(test_what_is_left_open_is_asked_again_later),
        RULE(test_a_renewal_from_before_the_answer_asks_nothing),
        RULE(test_a_question_somebody_declined_is_dropped),
        RULE(test_accepted_by_another_the_job_is_lost),
        RULE(test_an_acceptance_that_comes_too_late_changes_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
