/* A cancel that is asked of an agent when memory ends: it may be asked later, it is
 * never decided blindly, and the item is not left with nobody working on it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/client/cancel_rig.h"
#include "tests/client/famine.h"

enum { TRIES_MAX = 4000 };

/* What the end of the run may look like: undone, said again where the answer found no
 * memory; or failed or lost, so that somebody else goes on. */
static void
judge(enum kontor_status status, const struct kontor_error *error)
{
    if (status != KONTOR_OK) {
        assert_int_equal(status, KONTOR_RESOURCE_EXHAUSTED);
        assert_string_equal(error->reason, "OUT_OF_MEMORY");
        return;
    }
    assert_int_equal(times("complete COMPLETED bare"), 0);
    assert_int_equal(times("in vain"), 0);
    bool is_undone = times("complete CANCELLED bare") > 0;
    assert_true(is_undone || times("fail") > 0 || times("event lost") > 0);
    if (is_undone) {
        assert_int_equal(times("remove 7"), 1);
    }
}

static int
run_short(int n, bool *has_failed)
{
    struct kontor_error error = {0};
    rig.agent = new_agent();
    famine_begin(n, false);
    enum kontor_status status = kontor_agent_run(rig.agent, &error);
    *has_failed = famine_end();
    close_broker();
    kontor_agent_free(rig.agent);
    judge(status, &error);
    kontor_error_done(&error);
    assert_true(famine_is_paid_back());
    return when("complete CANCELLED bare") >= 0 ? 1 : 0;
}

static void
test_a_cancel_beside_the_work_survives_one_refusal_anywhere(void **state)
{
    bool has_failed = true;
    int n_undone = 0;
    for (int n = 1; has_failed && n < TRIES_MAX; n++) {
        reset(state);
        item.provision = work_until_stopped;
        item.assess = accept_at_once;
        n_undone += run_short(n, &has_failed);
    }
    assert_false(has_failed);
    assert_true(n_undone > 1);
}

static void
test_a_claimed_question_survives_one_refusal_anywhere(void **state)
{
    bool has_failed = true;
    int n_undone = 0;
    for (int n = 1; has_failed && n < TRIES_MAX; n++) {
        reset(state);
        item.job.kind = KIND(ASSESS_CANCEL);
        item.job.prior_intent = (char *)(uintptr_t) "kontor-alpine-7f2c";
        item.assess = accept_at_once;
        n_undone += run_short(n, &has_failed);
    }
    assert_false(has_failed);
    assert_true(n_undone > 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(test_a_cancel_beside_the_work_survives_one_refusal_anywhere),
        RULE(test_a_claimed_question_survives_one_refusal_anywhere),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
