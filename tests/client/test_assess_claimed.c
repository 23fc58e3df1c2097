/* A cancel that is asked by a job of its own: its claimer goes on with what is decided,
 * and the item is never left held with nobody working on it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/client/cancel_rig.h"

static enum kontor_result assess_result;
static bool is_heard; /* A renewal tells of it while the callback runs. */

static enum kontor_result
assess_claimed(struct kontor_job *job, void *context)
{
    (void)context;
    kontor_job_reason(job, "as we see it");
    return times("assess 6") == 1 ? assess_result : KONTOR_DONE;
}

static void
claim_question(void)
{
    item.job.kind = KIND(ASSESS_CANCEL);
    item.job.prior_intent = (char *)(uintptr_t) "kontor-alpine-7f2c";
    static char reason[] = "changed our mind";
    item.job.cancel_reason = reason;
    item.assess = assess_claimed;
}

static void
test_a_claimed_question_goes_on_as_what_is_decided(void **state)
{
    static const struct {
        enum kontor_result result;
        bool has_remove;
        const char *said;
        const char *end;
    } rows[] = {
        {KONTOR_DONE, true, "decide accept as we see it", "complete CANCELLED bare"},
        {KONTOR_DONE, false, "decide accept as we see it", "fail 3 of 7"},
        {KONTOR_NEVER, true, "decide decline as we see it", "complete COMPLETED"},
        {KONTOR_NEVER, false, "decide decline as we see it", "complete COMPLETED"},
        {KONTOR_RETRY, true, "fail 1 of 6 as we see it", "complete CANCELLED bare"},
        {KONTOR_RETRY, false, "fail 1 of 6 as we see it", "fail 3 of 7"},
        {KONTOR_NOBODY_KNOWS, true, "fail 3 of 6 as we see it", "fail 3 of 6"},
        {KONTOR_NOBODY_KNOWS, false, "fail 3 of 6 as we see it", "fail 3 of 6"},
        {KONTOR_ABSENT, true, "fail 3 of 6 as we see it", "fail 3 of 6"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        reset(state);
        claim_question();
        item.remove = rows[i].has_remove ? item.remove : NULL;
        assess_result = rows[i].result;
        run();
        assert_true(when("assess 6 changed our mind") > 0);
        assert_true(when(rows[i].said) > 0);
        assert_true(when(rows[i].end) >= when(rows[i].said));
        assert_int_equal(times("begin"), 0);
        assert_int_equal(times("provision"), 0);
        /* What goes on is not told of a cancel any more. */
        assert_int_equal(times("lookup 1 "), rows[i].result == KONTOR_NEVER);
        assert_int_equal(times("lookup 1 changed"), 0);
        assert_false(item.is_held);
    }
}

static void
test_a_claimed_change_goes_on_or_is_handed_on(void **state)
{
    for (int i = 0; i < 4; i++) {
        reset(state);
        claim_question();
        item.job.action = KONTOR__V1__ITEM_ACTION__ACTION_MODIFY;
        item.modify = i % 2 == 0 ? item.provision : NULL;
        assess_result = i < 2 ? KONTOR_NEVER : KONTOR_DONE;
        run();
        assert_int_equal(times("modify 2 "), i == 0);
        assert_int_equal(times("complete COMPLETED"), i == 0);
        assert_int_equal(times("fail 3 of 2"), i == 1);
        assert_int_equal(times("fail 3 of 7"), i >= 2);
        assert_int_equal(times("remove"), 0);
        assert_false(item.is_held);
    }
}

static void
test_a_claimed_question_declined_to_an_operator_is_over(void **state)
{
    (void)state;
    claim_question();
    item.declined_is_held = true;
    assess_result = KONTOR_NEVER;
    run();
    assert_int_equal(times("event declined"), 1);
    assert_int_equal(times("event lost"), 0);
    assert_int_equal(times("lookup"), 0);
    assert_int_equal(times("fail"), 0);
}

static enum kontor_result
assess_while_declined(struct kontor_job *job, void *context)
{
    (void)context;
    operator_declines();
    if (is_heard) {
        await_stop(job, "assess");
    }
    return assess_result;
}

/* Heard with a renewal, or from what is said; either way the work is this session's. */
static void
test_a_claimed_question_somebody_declined_goes_on_as_the_work(void **state)
{
    static const enum kontor_result results[] = {KONTOR_DONE, KONTOR_NEVER,
                                                 KONTOR_RETRY};
    for (int i = 0; i < 6; i++) {
        reset(state);
        claim_question();
        is_heard = i < 3;
        item.lease_seconds = is_heard ? 1 : 30;
        assess_result = results[i % 3];
        item.assess = assess_while_declined;
        run();
        assert_int_equal(times("decide"), 0);
        assert_int_equal(times("fail 1 of 1"), !is_heard);
        assert_int_equal(times("lookup 1 "), 1);
        assert_int_equal(times("complete COMPLETED"), 1);
        assert_false(item.is_held);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(test_a_claimed_question_goes_on_as_what_is_decided),
        RULE(test_a_claimed_change_goes_on_or_is_handed_on),
        RULE(test_a_claimed_question_declined_to_an_operator_is_over),
        RULE(test_a_claimed_question_somebody_declined_goes_on_as_the_work),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
