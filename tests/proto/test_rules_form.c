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
#include "proto/rules_form.h"

typedef bool (*form_fn)(const char *text);

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

static const char *
join(const char *before, const char *after)
{
    return arena_print(arena, "%s%s", before, after);
}

static void
expect(form_fn form, const char *const *texts, bool wanted)
{
    for (; *texts != NULL; texts++) {
        if (form(*texts) != wanted) {
            print_error("\"%s\"\n", *texts);
        }
        assert_int_equal(form(*texts), wanted);
    }
}

static void
test_ids_are_in_form(void **state)
{
    const char *const good[] = {"a/b", "acme/O-9.x_~y", NULL};
    const char *const locals[] = {"a", "A.b", "~2E", "-", letters(128), NULL};
    const char *const bad_locals[] = {"",    ".",        ".a",         "a.", "a b",
                                      "a/b", "\xc3\xa9", letters(129), NULL};
    const char *const registries[] = {"a", "a-1", letters(31), NULL};
    const char *const bad_registries[] = {"",    "1a",        "-a", "A",
                                          "a_b", letters(32), NULL};
    (void)state;
    expect(rules_is_id, good, true);
    expect(rules_is_local, locals, true);
    expect(rules_is_local, bad_locals, false);
    expect(rules_is_registry, registries, true);
    expect(rules_is_registry, bad_registries, false);
    const char *const bad_ids[] = {"",     "a",    "a/",   "/b",   "a/b/c", "A/b",
                                   "a/b ", "a/.b", "a//b", "a/b/", NULL};
    expect(rules_is_id, bad_ids, false);
}

static void
test_part_ids_have_three_parts(void **state)
{
    const char *const good[] = {"a/b/c", "acme/o-9/vm", "a/b~/.c", NULL};
    const char *const bad[] = {"",        "a/b",    "a/b/",   "a//c", "/b/c",
                               "a/b/c/d", "a/b/c~", "a/.b/c", NULL};
    (void)state;
    expect(rules_is_part_id, good, true);
    expect(rules_is_part_id, bad, false);
    assert_true(rules_is_part(letters(64)));
    assert_false(rules_is_part(letters(65)));
    assert_false(rules_is_part(""));
}

static void
test_decimals_are_in_form_and_compare_exactly(void **state)
{
    const char *const good[] = {"0", "-0", "007", "1.5", "-123456789012345.123456789",
                                NULL};
    const char *const bad[] = {"",
                               "-",
                               "+1",
                               ".5",
                               "1.",
                               "1e3",
                               "1.1234567890",
                               " 1",
                               "1 ",
                               "1,5",
                               "1234567890123456",
                               "--1",
                               NULL};
    static const struct {
        const char *a;
        const char *b;
        int order;
    } rows[] = {
        {"1", "1.0", 0},
        {"0", "-0.000", 0},
        {"007", "7", 0},
        {"1.5", "1.49", 1},
        {"-1", "1", -1},
        {"-2", "-1", -1},
        {"10", "9", 1},
        {"0.1", "0.10", 0},
        {"0.1", "0.01", 1},
        {"-0.5", "0", -1},
        {"1.05", "1.5", -1},
        {"-10", "-9.9", -1},
        {"999999999999999.999999999", "999999999999999.999999998", 1},
    };
    (void)state;
    expect(rules_is_decimal, good, true);
    expect(rules_is_decimal, bad, false);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(rules_compare_decimal(rows[i].a, rows[i].b), rows[i].order);
        assert_int_equal(rules_compare_decimal(rows[i].b, rows[i].a), -rows[i].order);
    }
}

static void
test_dates_exist(void **state)
{
    const char *const good[] = {"2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31",
                                NULL};
    const char *const bad[] = {"",           "2023-02-29", "1900-02-29", "2024-00-01",
                               "2024-13-01", "2024-04-31", "2024-4-01",  "2024-04-00",
                               "0000-01-01", "2024-04-0x", "2024/04/01", "2024-04-011",
                               "-024-04-01", NULL};
    (void)state;
    expect(rules_is_date, good, true);
    expect(rules_is_date, bad, false);
}

static void
test_urls_are_safe_to_show(void **state)
{
    const char *const good[] = {"http://a",   "https://a.b/c?d#e", "ldap://h:2170",
                                "mailto:a@b", "srm://x",           "HTTP://A",
                                NULL};
    const char *const bad[] = {"",
                               "a.org",
                               "://x",
                               "1a://x",
                               "http://",
                               "javascript:alert(1)",
                               "JavaScript://x",
                               "data://text",
                               "vbscript://x",
                               "http://a b",
                               "http://a\n",
                               "http://\"onload",
                               "http://<x>",
                               "mailto:",
                               "mailto:a b@c",
                               join("http://", letters(2048)),
                               NULL};
    const char *const not_web[] = {"ftp://a",    "http:///x",  "https://?x",
                                   "http://:80", "mailto:a@b", "http://#",
                                   NULL};
    (void)state;
    expect(rules_is_url, good, true);
    expect(rules_is_url, bad, false);
    expect(rules_is_web_url, not_web, false);
    assert_true(rules_is_web_url("HTTPS://a"));
}

static void
test_addresses_have_one_at_sign(void **state)
{
    const char *const good[] = {"a@b", "a.b+c@d.example", NULL};
    const char *const bad[] = {"",
                               "a",
                               "@b",
                               "a@",
                               "a@b@c",
                               "a b@c",
                               "a@b\r\nBcc: x",
                               "<a@b>",
                               join(letters(253), "@b"),
                               NULL};
    (void)state;
    expect(rules_is_email, good, true);
    expect(rules_is_email, bad, false);
}

static void
test_spiffe_names_are_exact(void **state)
{
    const char *const good[] = {"spiffe://a/b", "spiffe://acme.example/x/y.z", NULL};
    const char *const bad[] = {"",
                               "spiffe://",
                               "spiffe://a",
                               "spiffe://a/",
                               "spiffe://A/b",
                               "SPIFFE://a/b",
                               "spiffe:///b",
                               "spiffe://a//b",
                               "spiffe://a/b/",
                               "spiffe://a/.",
                               "spiffe://a/..",
                               "spiffe://a/b?c",
                               "spiffe://a/b%20",
                               "spiffe://a:1/b",
                               "spiffe://u@a/b",
                               join("spiffe://a/", letters(2048)),
                               NULL};
    const char *const patterns[] = {"spiffe://a/*", "spiffe://a/b/*", "spiffe://a/b",
                                    NULL};
    const char *const no_patterns[] = {"spiffe://*/b", "spiffe://a/*/b",
                                       "spiffe://a/b*", "spiffe://a/**", NULL};
    (void)state;
    expect(rules_is_spiffe, good, true);
    expect(rules_is_spiffe, bad, false);
    expect(rules_is_spiffe_pattern, bad, false);
    expect(rules_is_spiffe_pattern, patterns, true);
    expect(rules_is_spiffe_pattern, no_patterns, false);
    assert_false(rules_is_spiffe("spiffe://a/*"));
}

static void
test_scopes_name_something_of_a_registry(void **state)
{
    const char *const good[] = {"r:acme", "p:acme/hpc", "j:acme/p1", NULL};
    const char *const bad[] = {"",        "acme", "r:", "r:a/b", "p:acme", "j:acme/",
                               "=r:acme", "~*",   "*",  "x:a/b", NULL};
    (void)state;
    expect(rules_is_scope, good, true);
    expect(rules_is_scope, bad, false);
}

static void
test_patterns_cannot_take_the_broker_down(void **state)
{
    const char *const good[] = {"",        "[a-z]+", "a{1,8}", "(a|b)*",
                                "\\{x\\}", "^.$",    NULL};
    const char *const bad[] = {"(",
                               "[",
                               "a{2,1}",
                               "*a**(",
                               "((a{1,255}){1,255}){1,255}",
                               "a{99999}",
                               "(a)\\1",
                               "a{1,64}{1,65}",
                               "(a{64}b{65})",
                               letters(257),
                               NULL};
    (void)state;
    expect(rules_is_pattern, good, true);
    expect(rules_is_pattern, bad, false);
}

static void
test_bundles_hold_1_to_16_certificates(void **state)
{
    static const char one[] =
        "-----BEGIN CERTIFICATE-----\nAB+/==\r\n-----END CERTIFICATE-----\n";
    const char *many = "";
    (void)state;
    for (int i = 0; i < 16; i++) {
        many = join(many, one);
        assert_true(rules_is_bundle(many));
    }
    const char *const bad[] = {
        "",
        "x",
        join(many, one),
        join(one, "-----BEGIN PRIVATE KEY-----\nAA\n-----END PRIVATE KEY-----\n"),
        join("hello\n", one),
        "-----BEGIN CERTIFICATE-----\nAB\n",
        "-----BEGIN CERTIFICATE-----\n<>\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nA\n"
        "-----END CERTIFICATE-----\n",
        NULL};
    expect(rules_is_bundle, bad, false);
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
        "items[1].offer: must be given",
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
        cmocka_unit_test(test_ids_are_in_form),
        cmocka_unit_test(test_part_ids_have_three_parts),
        cmocka_unit_test(test_decimals_are_in_form_and_compare_exactly),
        cmocka_unit_test(test_dates_exist),
        cmocka_unit_test(test_urls_are_safe_to_show),
        cmocka_unit_test(test_addresses_have_one_at_sign),
        cmocka_unit_test(test_spiffe_names_are_exact),
        cmocka_unit_test(test_scopes_name_something_of_a_registry),
        cmocka_unit_test(test_patterns_cannot_take_the_broker_down),
        cmocka_unit_test(test_bundles_hold_1_to_16_certificates),
        cmocka_unit_test(test_paths_name_elements_by_their_ids),
        cmocka_unit_test(test_all_faults_of_an_order_are_found_at_once),
        cmocka_unit_test(test_items_of_one_id_are_refused),
        cmocka_unit_test(test_choices_must_be_distinct_values),
        cmocka_unit_test(test_times_are_whole_milliseconds_in_range),
        cmocka_unit_test(test_money_has_one_sign_and_a_currency),
        cmocka_unit_test(test_limits_that_cross_are_refused),
        cmocka_unit_test(test_a_coordinate_that_is_no_number_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
