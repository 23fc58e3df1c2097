/* The fault script by itself: texts, counting, and that a seed repeats itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/mongod/script.h"

static void
test_each_action_has_a_name_that_is_read(void **state)
{
    (void)state;
    for (int i = 0; i < MONGOD_N_ACTIONS; i++) {
        struct mongod_fault fault;
        const char *name = mongod_action_name((enum mongod_action)i);
        assert_non_null(name);
        assert_true(mongod_fault_parse(name, &fault));
        assert_int_equal(fault.action, i);
        assert_int_equal(fault.nth, 1);
        mongod_fault_done(&fault);
    }
    assert_null(mongod_action_name(MONGOD_N_ACTIONS));
}

static void
test_texts_are_read(void **state)
{
    static const struct {
        const char *text;
        struct mongod_fault fault;
    } rows[] = {
        {"close_after", {.action = MONGOD_CLOSE_AFTER, .nth = 1}},
        {"delay=50@find",
         {.action = MONGOD_DELAY, .ms = 50, .command = "find", .nth = 1}},
        {"code_1@insert/log#3",
         {.action = MONGOD_CODE_1, .command = "insert", .collection = "log", .nth = 3}},
        {"code_1@insert/a.b/c#2+4",
         {.action = MONGOD_CODE_1,
          .command = "insert",
          .collection = "a.b/c",
          .nth = 2,
          .times = 4}},
        {"rollback=2147483647%0.25+9",
         {.action = MONGOD_ROLLBACK,
          .ms = MONGOD_FOREVER,
          .probability = 0.25,
          .times = 9}},
        {"delay=1%1", {.action = MONGOD_DELAY, .ms = 1, .probability = 1}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct mongod_fault *wanted = &rows[i].fault;
        struct mongod_fault fault;
        assert_true(mongod_fault_parse(rows[i].text, &fault));
        assert_int_equal(fault.action, wanted->action);
        assert_int_equal(fault.ms, wanted->ms);
        assert_int_equal(fault.nth, wanted->nth);
        assert_int_equal(fault.times, wanted->times);
        assert_true(fault.probability == wanted->probability);
        assert_int_equal(fault.command == NULL, wanted->command == NULL);
        assert_int_equal(fault.collection == NULL, wanted->collection == NULL);
        if (wanted->command != NULL) {
            assert_string_equal(fault.command, wanted->command);
        }
        if (wanted->collection != NULL) {
            assert_string_equal(fault.collection, wanted->collection);
        }
        mongod_fault_done(&fault);
    }
}

static void
test_other_texts_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "close",
        "CLOSE_AFTER",
        "delay=",
        "delay=x",
        "delay=-1",
        "delay=1x",
        "delay= 1",
        "delay#0",
        "delay#",
        "delay#1#2",
        "delay%2",
        "delay%-1",
        "delay%nan",
        "delay@isMaster",
        "delay@count",
        "delay%",
        "delay@",
        "delay@/x",
        "delay@insert/",
        "delay+",
        "delay+x",
        "delay#1 ",
        "delay=1@a=2#x",
        "delay=99999999999",
        "delay#4294967296",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct mongod_fault fault = {.ms = 77};
        if (mongod_fault_parse(texts[i], &fault)) {
            fail_msg("'%s' is read", texts[i]);
        }
        assert_int_equal(fault.ms, 77);
    }
}

enum { DRAWS = 2000 };

/* Which of many commands trip a rule with a probability; every third is another one. */
static void
play(uint64_t seed, bool has_first, bool has_greetings, char out[DRAWS])
{
    static const struct mongod_fault faults[] = {
        {.action = MONGOD_CLOSE_AFTER, .command = "find", .probability = 0.5},
        {.action = MONGOD_DELAY, .ms = 5, .command = "insert", .probability = 0.25},
    };
    struct script script = {.seed = seed};
    mongod_script_set(&script, faults, 2);
    for (int i = 0; i < DRAWS; i++) {
        if (has_greetings) {
            (void)mongod_script_judge(&script, "hello", NULL, false);
        }
        if (has_first) {
            (void)mongod_script_judge(&script, "find", "things", true);
        }
        struct verdict verdict = mongod_script_judge(&script, "insert", "things", true);
        out[i] = mongod_trips(&verdict, MONGOD_DELAY) ? 'x' : '.';
    }
    mongod_script_done(&script);
}

static int
count(const char played[DRAWS])
{
    int n = 0;
    for (int i = 0; i < DRAWS; i++) {
        n += played[i] == 'x' ? 1 : 0;
    }
    return n;
}

static void
test_seed_repeats_itself(void **state)
{
    char first[DRAWS];
    char second[DRAWS];
    char other[DRAWS];
    (void)state;
    play(1, false, false, first);
    play(1, true, true, second);
    play(2, false, false, other);
    assert_memory_equal(first, second, DRAWS);
    assert_memory_not_equal(first, other, DRAWS);
    /* 500 are expected, with a deviation of 19. */
    assert_in_range(count(first), 400, 600);
    assert_in_range(count(other), 400, 600);
}

static void
test_times_bound_a_probability(void **state)
{
    static const struct mongod_fault fault = {
        .action = MONGOD_DELAY, .probability = 1, .times = 3};
    struct script script = {.seed = 1};
    (void)state;
    mongod_script_set(&script, &fault, 1);
    for (int i = 0; i < 10; i++) {
        struct verdict verdict = mongod_script_judge(&script, "drop", NULL, true);
        assert_int_equal(mongod_trips(&verdict, MONGOD_DELAY), i < 3);
    }
    assert_int_equal(script.n_played, 3);
    mongod_script_done(&script);
}

static void
test_faults_of_one_command_add_up(void **state)
{
    static const struct mongod_fault faults[] = {
        {.action = MONGOD_DELAY, .ms = 5, .nth = 1},
        {.action = MONGOD_DELAY, .ms = 9, .nth = 1, .collection = "things"},
        {.action = MONGOD_DELAY, .ms = 99, .nth = 1, .collection = "others"},
        {.action = MONGOD_CLOSE_AFTER, .nth = 1, .times = UINT32_MAX},
    };
    struct script script = {.seed = 1};
    (void)state;
    mongod_script_set(&script, faults, 4);
    struct verdict verdict = mongod_script_judge(&script, "insert", "things", true);
    assert_int_equal(verdict.ms[MONGOD_DELAY], 9);
    assert_int_equal(verdict.ms[MONGOD_CLOSE_AFTER], 0);
    assert_false(mongod_trips(&verdict, MONGOD_CLOSE_BEFORE));
    verdict = mongod_script_judge(&script, "insert", "others", true);
    assert_int_equal(verdict.ms[MONGOD_DELAY], 99);
    assert_true(mongod_trips(&verdict, MONGOD_CLOSE_AFTER));
    mongod_script_done(&script);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_action_has_a_name_that_is_read),
        cmocka_unit_test(test_texts_are_read),
        cmocka_unit_test(test_other_texts_are_refused),
        cmocka_unit_test(test_seed_repeats_itself),
        cmocka_unit_test(test_times_bound_a_probability),
        cmocka_unit_test(test_faults_of_one_command_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
