/* What a job is reckoned from: intents, back-off, moments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/arena.h"
#include "proto/moment.h"
#include "server/order/job.h"

static void
test_an_intent_is_a_name_of_registry_and_item_only(void **state)
{
    struct arena *arena = arena_new();
    (void)state;
    const char *intent = job_intent("alpine", "coast/o-1/vm", arena);
    assert_string_equal(intent, job_intent("alpine", "coast/o-1/vm", arena));
    assert_string_not_equal(intent, job_intent("alpine", "coast/o-1/vn", arena));
    assert_string_not_equal(intent, job_intent("alpinf", "coast/o-1/vm", arena));
    assert_true(strlen(job_intent("a23456789-123456789-123456789-1", "coast/o-1/vm",
                                  arena)) <= 63);
    assert_int_equal(strspn(intent, "abcdefghijklmnopqrstuvwxyz0123456789-"),
                     strlen(intent));
    arena_free(arena);
}

static void
test_back_off_doubles_and_is_spread(void **state)
{
    struct arena *arena = arena_new();
    bool has_spread = false;
    (void)state;
    for (int n = -1; n < 100; n++) {
        int64_t base = n <= 1 ? 5000 : n >= 7 ? 300000 : INT64_C(5000) << (n - 1);
        base = base > 300000 ? 300000 : base;
        for (int i = 0; i < 20; i++) {
            int64_t wait =
                job_backoff_ms(arena_print(arena, "coast/o/%d", i), n, arena);
            assert_in_range(wait, base * 3 / 4, base * 5 / 4);
            has_spread = has_spread || wait != base;
            assert_int_equal(
                wait, job_backoff_ms(arena_print(arena, "coast/o/%d", i), n, arena));
        }
    }
    assert_true(has_spread);
    arena_free(arena);
}

static void
test_moments_keep_milliseconds_on_both_sides_of_1970(void **state)
{
    struct arena *arena = arena_new();
    static const int64_t times[] = {
        0, 1, 999, 1000, -1, -999, -1000, -1001, INT64_C(253402300799999)};
    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        const Google__Protobuf__Timestamp *moment = moment_new(arena, times[i]);
        assert_int_equal(moment_ms(moment, 7), times[i]);
        assert_in_range(moment->nanos, 0, 999000000);
    }
    assert_int_equal(moment_ms(NULL, 7), 7);
    arena_free(arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_intent_is_a_name_of_registry_and_item_only),
        cmocka_unit_test(test_back_off_doubles_and_is_spread),
        cmocka_unit_test(test_moments_keep_milliseconds_on_both_sides_of_1970),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
