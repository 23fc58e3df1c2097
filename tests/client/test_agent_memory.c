/* An agent when memory ends: it says so, it stops, and it never creates blindly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/client/agent_rig.h"
#include "tests/client/famine.h"

enum { TRIES_MAX = 4000 };

static void
test_making_an_agent_without_memory_is_a_status(void **state)
{
    (void)state;
    static const char *const offers[] = {"alpine/s/a", "alpine/s/b"};
    const struct kontor_agent_options options = {
        .offers = offers, .n_offers = 2, .provision = provision, .lookup = lookup};
    for (int lasts = 0; lasts < 2; lasts++) {
        bool has_failed = true;
        int n;
        for (n = 1; has_failed && n < TRIES_MAX; n++) {
            struct kontor_agent *agent = NULL;
            struct kontor_error error = {0};
            famine_begin(n, lasts == 1);
            enum kontor_status status =
                kontor_agent_new(rig.kontor, &options, &agent, &error);
            has_failed = famine_end();
            assert_int_equal(status,
                             has_failed ? KONTOR_RESOURCE_EXHAUSTED : KONTOR_OK);
            assert_string_equal(error.reason, has_failed ? "OUT_OF_MEMORY" : "");
            assert_true((agent == NULL) == has_failed);
            kontor_agent_free(agent);
            kontor_error_done(&error);
            assert_true(famine_is_paid_back());
        }
        assert_true(n > 2 && n < TRIES_MAX);
    }
}

/* So many calls begin with this text. */
static int
times(const char *text)
{
    int n = 0;
    for (int i = 0; i < it.n_calls; i++) {
        n += strncmp(it.calls[i], text, strlen(text)) == 0;
    }
    return n;
}

/* Whether an object was looked for between any two attempts to create it. */
static bool
looks_between_provisions(void)
{
    bool may_exist = false;
    for (int i = 0; i < it.n_calls; i++) {
        if (strncmp(it.calls[i], "provision", 9) == 0 && may_exist) {
            return false;
        }
        may_exist = strncmp(it.calls[i], "provision", 9) == 0 ||
                    (may_exist && strncmp(it.calls[i], "lookup", 6) != 0);
    }
    return true;
}

/*
 * Wherever the one refusal strikes, the run ends by itself: OK with the job said to be
 * done or failed, or OUT_OF_MEMORY. Between two attempts there is a lookup.
 */
static void
test_a_run_survives_one_refusal_anywhere(void **state)
{
    (void)state;
    bool has_failed = true;
    int n_done = 0;
    for (int n = 1; has_failed && n < TRIES_MAX; n++) {
        reset(NULL);
        it.fail_keeps_session = true;
        it.lookup_result = KONTOR_ABSENT;
        struct kontor_error error = {0};
        struct kontor_agent *agent = new_agent(true);
        famine_begin(n, false);
        enum kontor_status status = kontor_agent_run(agent, &error);
        has_failed = famine_end();
        close_broker();
        kontor_agent_free(agent);
        if (status == KONTOR_OK) {
            assert_true(times("complete") + times("fail") > 0);
            n_done++;
        } else {
            assert_int_equal(status, KONTOR_RESOURCE_EXHAUSTED);
            assert_string_equal(error.reason, "OUT_OF_MEMORY");
        }
        assert_true(looks_between_provisions());
        kontor_error_done(&error);
        assert_true(famine_is_paid_back());
    }
    assert_true(n_done > 1);
}

/* A call that finds no memory is said again; that is no reason to fail the job. */
static void
test_a_completion_short_of_memory_is_said_again(void **state)
{
    (void)state;
    int n_said_again = 0;
    bool has_failed = true;
    for (int n = 1; has_failed && n < TRIES_MAX; n++) {
        reset(NULL);
        struct kontor_agent *agent = new_agent(true);
        famine_begin(n, false);
        enum kontor_status status = kontor_agent_run(agent, NULL);
        has_failed = famine_end();
        close_broker();
        kontor_agent_free(agent);
        if (status == KONTOR_OK && times("complete") == 2) {
            assert_string_equal(it.complete_ids[0], it.complete_ids[1]);
            n_said_again++;
        }
        /* All a callback may lack is its backend id, and then nobody knows. */
        assert_int_equal(times("fail coast/o-1/i0 1"), 0);
        assert_true(famine_is_paid_back());
    }
    assert_true(n_said_again > 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(test_making_an_agent_without_memory_is_a_status),
        RULE(test_a_run_survives_one_refusal_anywhere),
        RULE(test_a_completion_short_of_memory_is_said_again),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
