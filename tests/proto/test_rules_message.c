#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kontor/v1/configuration.pb-c.h"
#include "kontor/v1/order_service.pb-c.h"
#include "proto/json.h"
#include "proto/rules.h"

static struct arena *arena;

static int
set_up(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const char *
letters(size_t n)
{
    char *text = arena_alloc(arena, n + 1);
    memset(text, 'a', n);
    return text;
}

/* Messages are written as JSON, with proto names, and what is expected as "path:
 * words". */
static void
judge(const ProtobufCMessageDescriptor *descriptor, const char *json,
      const char *const *wanted)
{
    struct faults reading = {.arena = arena};
    struct faults faults = {.arena = arena};
    ProtobufCMessage *message =
        json_parse(descriptor, json, strlen(json), arena, &reading);
    assert_non_null(message);
    rules_check(message, &faults);
    size_t n = 0;
    for (; wanted[n] != NULL; n++) {
        assert_true(n < faults.n_rows);
        const char *found = arena_print(arena, "%s: %s", faults.rows[n].path,
                                        faults.rows[n].description);
        assert_memory_equal(found, wanted[n], strlen(wanted[n]));
    }
    assert_int_equal(faults.n_found, n);
}

static void
test_paths_name_elements_by_their_ids(void **state)
{
    static const char *const wanted[] = {
        "items[vm].offer: must be an id of three parts",
        "items[vm].parameters[gpus].value: must have one of its choices",
        "items[vm].parameters[1].id: is 65 bytes",
        "items[vm].parameters[1].value: must be given",
        "items[1].id: must be [A-Za-z0-9._-]{1,64}",
        NULL};
    (void)state;
    const char *json = arena_print(
        arena,
        "{\"id\":\"a/o\",\"project\":\"a/p\",\"items\":[{\"id\":\"vm\",\"offer\":\"x\","
        "\"parameters\":[{\"id\":\"gpus\",\"value\":{}},{\"id\":\"%s\"}]},"
        "{\"id\":\"no good\"}]}",
        letters(65));
    judge(&kontor__v1__place_order_request__descriptor, json, wanted);
}

static void
test_all_faults_of_an_order_are_found_at_once(void **state)
{
    static const char *const wanted[] = {"id: must be an id", "project: must be given",
                                         "items: must have at least one", NULL};
    (void)state;
    judge(&kontor__v1__place_order_request__descriptor, "{\"id\":\"x\"}", wanted);
}

static void
test_items_of_one_id_are_refused(void **state)
{
    static const char *const wanted[] = {"items[vm]: is the same as element 0", NULL};
    (void)state;
    judge(&kontor__v1__place_order_request__descriptor,
          "{\"id\":\"a/o\",\"project\":\"a/p\",\"items\":[{\"id\":\"vm\",\"offer\":"
          "\"a/s/b\"},{\"id\":\"vm\",\"offer\":\"a/s/c\"}]}",
          wanted);
}

static void
test_choices_must_be_distinct_values(void **state)
{
    static const char *const wanted[] = {"values[2]: is the same as element 0", NULL};
    (void)state;
    judge(&kontor__v1__choice_parameter__descriptor,
          "{\"values\":[{\"integer\":\"1\"},{\"text\":\"1\"},{\"integer\":1}]}",
          wanted);
}

static void
test_times_are_whole_milliseconds_in_range(void **state)
{
    static const char *const finer[] = {"time: must be in whole milliseconds", NULL};
    static const char *const nothing[] = {NULL};
    (void)state;
    const ProtobufCMessageDescriptor *as_of = &kontor__v1__as_of__descriptor;
    judge(as_of, "{\"time\":\"2024-05-01T00:00:00.001Z\"}", nothing);
    judge(as_of, "{\"time\":\"2024-05-01T00:00:00.0010001Z\"}", finer);
    struct faults faults = {.arena = arena};
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    time.seconds = 253402300800;
    rules_check(&time.base, &faults);
    time.seconds = -62135596801;
    rules_check(&time.base, &faults);
    time.seconds = 0;
    time.nanos = -1000000;
    rules_check(&time.base, &faults);
    time.nanos = 1000000000;
    rules_check(&time.base, &faults);
    assert_int_equal(faults.n_found, 4);
}

static void
test_money_has_one_sign_and_a_currency(void **state)
{
    static const char *const nothing[] = {NULL};
    static const char *const sign[] = {"nanos: must have the sign of units", NULL};
    static const char *const currency[] = {"currency: must be given", NULL};
    static const char *const range[] = {"nanos: must be between", NULL};
    const ProtobufCMessageDescriptor *money = &kontor__v1__money__descriptor;
    (void)state;
    judge(money, "{\"currency\":\"EUR\",\"units\":-1,\"nanos\":-5}", nothing);
    judge(money, "{\"currency\":\"EUR\",\"nanos\":-5}", nothing);
    judge(money, "{\"currency\":\"EUR\",\"units\":1,\"nanos\":-5}", sign);
    judge(money, "{\"currency\":\"EUR\",\"units\":-1,\"nanos\":5}", sign);
    judge(money, "{\"units\":1}", currency);
    judge(money, "{\"currency\":\"EUR\",\"nanos\":1000000000}", range);
}

static void
test_amounts_are_numbers_of_something(void **state)
{
    static const char *const none[] = {NULL};
    static const char *const both[] = {"value: must be given", "unit: must be given",
                                       NULL};
    static const char *const less[] = {"value: must not be less than nothing", NULL};
    static const char *const text[] = {"value: must be a decimal, as it has a unit",
                                       NULL};
    const ProtobufCMessageDescriptor *amount = &kontor__v1__amount__descriptor;
    const ProtobufCMessageDescriptor *row = &kontor__v1__key_value__descriptor;
    (void)state;
    judge(amount, "{\"value\":\"0.5\",\"unit\":\"TiB\"}", none);
    judge(amount, "{}", both);
    judge(amount, "{\"value\":\"-0.5\",\"unit\":\"TiB\"}", less);
    judge(row, "{\"key\":\"power\",\"value\":\"about 5\"}", none);
    judge(row, "{\"key\":\"power\",\"value\":\"-5\",\"unit\":\"kW\"}", none);
    judge(row, "{\"key\":\"power\",\"value\":\"about 5\",\"unit\":\"kW\"}", text);
    judge(row, "{\"key\":\"power\",\"unit\":\"kW\"}", text);
}

static void
test_limits_that_cross_are_refused(void **state)
{
    static const struct {
        const ProtobufCMessageDescriptor *descriptor;
        const char *json;
        const char *wanted;
    } rows[] = {
        {&kontor__v1__integer_parameter__descriptor, "{\"minimum\":2,\"maximum\":1}",
         "minimum: must not exceed"},
        {&kontor__v1__integer_parameter__descriptor,
         "{\"minimum\":0,\"default_integer\":-1}", "default_integer: must lie"},
        {&kontor__v1__integer_parameter__descriptor,
         "{\"maximum\":0,\"default_integer\":1}", "default_integer: must lie"},
        {&kontor__v1__decimal_parameter__descriptor,
         "{\"minimum\":\"1.10\",\"maximum\":\"1.1\"}", NULL},
        {&kontor__v1__decimal_parameter__descriptor,
         "{\"minimum\":\"1.11\",\"maximum\":\"1.1\"}", "minimum: must not exceed"},
        {&kontor__v1__text_parameter__descriptor, "{\"min_length\":2,\"max_length\":1}",
         "min_length: must not exceed"},
        {&kontor__v1__text_parameter__descriptor, "{\"min_length\":2}", NULL},
        {&kontor__v1__multi_choice_parameter__descriptor,
         "{\"values\":[{\"integer\":1}],\"min_items\":2}",
         "min_items: must not exceed the number"},
        {&kontor__v1__multi_choice_parameter__descriptor,
         "{\"values\":[{\"integer\":1},{\"integer\":2}],\"min_items\":2,\"max_items\":"
         "1}",
         "min_items: must not exceed max_items"},
        {&kontor__v1__date_parameter__descriptor,
         "{\"earliest\":\"2024-02-01\",\"latest\":\"2024-01-31\"}",
         "earliest: must not come after"},
        {&kontor__v1__date_parameter__descriptor,
         "{\"earliest\":\"now\",\"latest\":\"2024-01-31\"}", NULL},
        {&kontor__v1__value_list__descriptor,
         "{\"values\":[{\"list\":{\"values\":"
         "[{\"integer\":1}]}}]}",
         "values: must hold no lists"},
        {&kontor__v1__decide_item_request__descriptor,
         "{\"id\":\"a/o/vm\",\"decision\":\"REJECT\"}", "reason: must be given to"},
        {&kontor__v1__decide_item_request__descriptor,
         "{\"id\":\"a/o/vm\",\"decision\":\"APPROVE\"}", NULL},
        {&kontor__v1__downtime__descriptor,
         "{\"id\":\"a/"
         "d\",\"severity\":\"OUTAGE\",\"description\":\"x\",\"affected\":[{}],"
         "\"start_at\":\"2024-01-01T00:00:00Z\",\"end_at\":\"2024-01-01T00:00:00Z\"}",
         "end_at: must come after"},
        {&kontor__v1__downtime__descriptor,
         "{\"id\":\"a/"
         "d\",\"severity\":\"OUTAGE\",\"description\":\"x\",\"affected\":[{}],"
         "\"start_at\":\"2024-01-01T00:00:00Z\",\"end_at\":\"2024-01-01T00:00:00."
         "001Z\"}",
         NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const wanted[] = {rows[i].wanted, NULL};
        judge(rows[i].descriptor, rows[i].json, wanted);
    }
}

static void
test_a_coordinate_that_is_no_number_is_refused(void **state)
{
    struct faults faults = {.arena = arena};
    (void)state;
    Kontor__V1__Site site = KONTOR__V1__SITE__INIT;
    site.id = arena_copy(arena, "a/s");
    site.short_name = arena_copy(arena, "s");
    site._latitude_case = KONTOR__V1__SITE___LATITUDE_LATITUDE;
    rules_check(&site.base, &faults);
    assert_int_equal(faults.n_found, 0);
    site.latitude = (double)NAN;
    rules_check(&site.base, &faults);
    assert_true(faults.n_found > 0);
    assert_string_equal(faults.rows[0].path, "latitude");
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths_name_elements_by_their_ids),
        cmocka_unit_test(test_all_faults_of_an_order_are_found_at_once),
        cmocka_unit_test(test_items_of_one_id_are_refused),
        cmocka_unit_test(test_choices_must_be_distinct_values),
        cmocka_unit_test(test_times_are_whole_milliseconds_in_range),
        cmocka_unit_test(test_money_has_one_sign_and_a_currency),
        cmocka_unit_test(test_amounts_are_numbers_of_something),
        cmocka_unit_test(test_limits_that_cross_are_refused),
        cmocka_unit_test(test_a_coordinate_that_is_no_number_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
