#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <google/protobuf/duration.pb-c.h>

#include "google/rpc/error_details.pb-c.h"
#include "kontor/v1/configuration_service.pb-c.h"
#include "kontor/v1/order_service.pb-c.h"
#include "proto/json.h"

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

static void *
parse(const ProtobufCMessageDescriptor *descriptor, const char *text)
{
    struct faults faults = {.arena = arena};
    void *message = json_parse(descriptor, text, strlen(text), arena, &faults);
    if (message == NULL) {
        print_error("%s: %s\n", faults.rows[0].path, faults.rows[0].description);
    }
    assert_non_null(message);
    assert_int_equal(faults.n_found, 0);
    return message;
}

/* Reads one spelling and expects another. */
static void
expect(const ProtobufCMessageDescriptor *descriptor, const char *text,
       const char *wanted)
{
    assert_string_equal(json_print(parse(descriptor, text), JSON_COMPACT, arena),
                        wanted);
}

static void
expect_fault(const ProtobufCMessageDescriptor *descriptor, const char *text,
             const char *path, const char *words)
{
    struct faults faults = {.arena = arena};
    assert_null(json_parse(descriptor, text, strlen(text), arena, &faults));
    assert_true(faults.n_found > 0);
    assert_string_equal(faults.rows[0].path, path);
    assert_non_null(strstr(faults.rows[0].description, words));
}

#define VALUE &kontor__v1__value__descriptor
#define MONEY &kontor__v1__money__descriptor
#define SITE &kontor__v1__site__descriptor
#define PLACE &kontor__v1__place_order_request__descriptor
#define UPDATE &kontor__v1__update_site_request__descriptor
#define AS_OF &kontor__v1__as_of__descriptor

static void
test_both_spellings_of_names_are_read(void **state)
{
    (void)state;
    expect(PLACE, "{\"on_behalf_of\":\"a\",\"validate_only\":true}",
           "{\"onBehalfOf\":\"a\",\"validateOnly\":true}");
    expect(PLACE, "{\"onBehalfOf\":\"a\"}", "{\"onBehalfOf\":\"a\"}");
    expect_fault(PLACE, "{\"onBehalfOf\":\"a\",\"on_behalf_of\":\"a\"}", "on_behalf_of",
                 "twice");
}

static void
test_names_are_written_as_asked(void **state)
{
    (void)state;
    void *order = parse(PLACE, "{\"onBehalfOf\":\"a\",\"items\":[{},{\"id\":\"x\"}]}");
    assert_string_equal(json_print(order, JSON_PROTO_NAMES, arena),
                        "{\"items\":[{},{\"id\":\"x\"}],\"on_behalf_of\":\"a\"}");
    assert_string_equal(
        json_print(order, JSON_INDENT, arena),
        "{\n  \"items\": [\n    {},\n    {\n      \"id\": \"x\"\n    }\n"
        "  ],\n  \"onBehalfOf\": \"a\"\n}");
    assert_string_equal(json_name("a_b_cd", arena), "aBCd");
}

static void
test_wide_numbers_are_texts(void **state)
{
    (void)state;
    expect(VALUE, "{\"integer\":-9223372036854775808}",
           "{\"integer\":\"-9223372036854775808\"}");
    expect(VALUE, "{\"integer\":\"9223372036854775807\"}",
           "{\"integer\":\"9223372036854775807\"}");
    expect(VALUE, "{\"integer\":1e3}", "{\"integer\":\"1000\"}");
    expect(VALUE, "{\"integer\":\"-0\"}", "{\"integer\":\"0\"}");
    expect_fault(VALUE, "{\"integer\":\"9223372036854775808\"}", "integer", "range");
    expect_fault(VALUE, "{\"integer\":\"-9223372036854775809\"}", "integer", "range");
    expect_fault(VALUE, "{\"integer\":\"18446744073709551616\"}", "integer", "whole");
    expect_fault(VALUE, "{\"integer\":1.5}", "integer", "whole number");
    expect_fault(VALUE, "{\"integer\":1e300}", "integer", "whole number");
    expect_fault(VALUE, "{\"integer\":\" 1\"}", "integer", "whole number");
    expect_fault(VALUE, "{\"integer\":\"\"}", "integer", "whole number");
    expect_fault(VALUE, "{\"integer\":\"-\"}", "integer", "whole number");
    expect_fault(VALUE, "{\"integer\":true}", "integer", "whole number");
    expect_fault(MONEY, "{\"nanos\":2147483648}", "nanos", "range");
    expect_fault(MONEY, "{\"nanos\":-2147483649}", "nanos", "range");
    expect(MONEY, "{\"nanos\":\"-2147483648\"}", "{\"nanos\":-2147483648}");
}

static void
test_floating_point_is_short_and_comes_back(void **state)
{
    (void)state;
    expect(SITE, "{\"latitude\":0.1}", "{\"latitude\":0.1}");
    expect(SITE, "{\"latitude\":0}", "{\"latitude\":0}");
    expect(SITE, "{\"latitude\":-1e-300}", "{\"latitude\":-1e-300}");
    expect(SITE, "{\"latitude\":\"55.68\"}", "{\"latitude\":55.68}");
    expect(SITE, "{\"latitude\":0.30000000000000004}",
           "{\"latitude\":0.30000000000000004}");
    expect_fault(SITE, "{\"latitude\":\"NaN\"}", "latitude", "finite");
    expect_fault(SITE, "{\"latitude\":\"Infinity\"}", "latitude", "finite");
    expect_fault(SITE, "{\"latitude\":\"x\"}", "latitude", "finite");
    expect_fault(SITE, "{\"latitude\":[]}", "latitude", "finite");
    Kontor__V1__Site site = KONTOR__V1__SITE__INIT;
    site._latitude_case = KONTOR__V1__SITE___LATITUDE_LATITUDE;
    site.latitude = (double)NAN;
    assert_null(json_print(&site.base, JSON_COMPACT, arena));
}

static void
test_a_comma_in_the_locale_does_no_harm(void **state)
{
    (void)state;
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL) {
        print_message("skipped: no locale with a comma is installed\n");
        skip();
    }
    expect(SITE, "{\"latitude\":1.5}", "{\"latitude\":1.5}");
    (void)setlocale(LC_NUMERIC, "C");
}

static void
test_texts_are_escaped(void **state)
{
    (void)state;
    expect(VALUE,
           "{\"text\":\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\\u00e9\\ud83d\\ude00\"}",
           "{\"text\":\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\xc3\xa9\xf0\x9f\x98\x80\"}");
    expect_fault(VALUE, "{\"text\":\"\\u0000\"}", "json:1:16", "not JSON");
    expect_fault(VALUE, "{\"text\":5}", "text", "must be a text, not a whole number");
}

static void
test_enums_are_names_and_unknown_ones_numbers(void **state)
{
    (void)state;
    expect(SITE, "{\"certification\":3}", "{\"certification\":\"CERTIFIED\"}");
    expect(SITE, "{\"certification\":\"CLOSED\"}", "{\"certification\":\"CLOSED\"}");
    expect(SITE, "{\"certification\":99}", "{\"certification\":99}");
    expect_fault(SITE, "{\"certification\":\"OPEN\"}", "certification",
                 "OPEN is no value of Certification");
    expect_fault(SITE, "{\"certification\":1.5}", "certification", "name of a value");
}

static void
test_bytes_are_base64(void **state)
{
    const ProtobufCMessageDescriptor *order = &kontor__v1__order__descriptor;
    (void)state;
    expect(order, "{\"requestHash\":\"-_8\"}", "{\"requestHash\":\"+/8=\"}");
    expect(order, "{\"requestHash\":\"+/8=\"}", "{\"requestHash\":\"+/8=\"}");
    expect(order, "{\"requestHash\":\"\"}", "{}");
    expect_fault(order, "{\"requestHash\":\"+/9=\"}", "requestHash", "base64");
    expect_fault(order, "{\"requestHash\":\"a=bc\"}", "requestHash", "base64");
    expect_fault(order, "{\"requestHash\":\"a\"}", "requestHash", "base64");
}

static void
test_times_are_rfc_3339(void **state)
{
    static const char *const bad[] = {
        "2024-05-01",
        "2024-05-01T12:00:00",
        "2024-05-01T12:00:00z",
        "2024-05-01 12:00:00Z",
        "2024-02-30T12:00:00Z",
        "2024-13-01T12:00:00Z",
        "2024-00-01T12:00:00Z",
        "2024-05-01T24:00:00Z",
        "2024-05-01T12:60:00Z",
        "2024-05-01T12:00:60Z",
        "2024-05-01T12:00:00.Z",
        "2024-05-01T12:00:00.1234567890Z",
        "2024-05-01T12:00:00+1:00",
        "2024-05-01T12:00:00+24:00",
        "2024-05-01T12:00:00Zx",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "",
    };
    (void)state;
    expect(AS_OF, "{\"time\":\"2024-02-29T12:00:00.25Z\"}",
           "{\"time\":\"2024-02-29T12:00:00.250Z\"}");
    expect(AS_OF, "{\"time\":\"2024-05-01T01:30:00+02:30\"}",
           "{\"time\":\"2024-04-30T23:00:00Z\"}");
    expect(AS_OF, "{\"time\":\"0001-01-01T00:00:00Z\"}",
           "{\"time\":\"0001-01-01T00:00:00Z\"}");
    expect(AS_OF, "{\"time\":\"9999-12-31T23:59:59.999999999Z\"}",
           "{\"time\":\"9999-12-31T23:59:59.999999999Z\"}");
    expect(AS_OF, "{\"time\":\"1969-12-31T23:59:59.000001Z\"}",
           "{\"time\":\"1969-12-31T23:59:59.000001Z\"}");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        expect_fault(AS_OF, arena_print(arena, "{\"time\":\"%s\"}", bad[i]), "time",
                     "a time such as");
    }
    Google__Protobuf__Timestamp late = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    late.seconds = 253402300800;
    assert_null(json_print(&late.base, JSON_COMPACT, arena));
}

static void
test_durations_are_seconds(void **state)
{
    static const char *const bad[] = {
        "1", "s", "-s", "1.s", "1,5s", "315576000001s", "1s ", "+1s", "1.1234567890s"};
    const ProtobufCMessageDescriptor *retry = &google__rpc__retry_info__descriptor;
    (void)state;
    expect(retry, "{\"retryDelay\":\"1.5s\"}", "{\"retryDelay\":\"1.500s\"}");
    expect(retry, "{\"retryDelay\":\"-0.000001s\"}", "{\"retryDelay\":\"-0.000001s\"}");
    expect(retry, "{\"retryDelay\":\"0s\"}", "{\"retryDelay\":\"0s\"}");
    expect(retry, "{\"retryDelay\":\"-315576000000s\"}",
           "{\"retryDelay\":\"-315576000000s\"}");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        expect_fault(retry, arena_print(arena, "{\"retryDelay\":\"%s\"}", bad[i]),
                     "retryDelay", "a duration such as");
    }
    Google__Protobuf__Duration mixed = GOOGLE__PROTOBUF__DURATION__INIT;
    mixed.seconds = 1;
    mixed.nanos = -1;
    assert_null(json_print(&mixed.base, JSON_COMPACT, arena));
}

static void
test_field_masks_are_one_text(void **state)
{
    (void)state;
    expect(UPDATE, "{\"updateMask\":\"shortName,contact.email\"}",
           "{\"updateMask\":\"shortName,contact.email\"}");
    expect(UPDATE, "{\"updateMask\":\"short_name\"}", "{\"updateMask\":\"shortName\"}");
    expect(UPDATE, "{\"updateMask\":\"*\"}", "{\"updateMask\":\"*\"}");
    expect(UPDATE, "{\"updateMask\":\"\"}", "{\"updateMask\":\"\"}");
    expect_fault(UPDATE, "{\"updateMask\":\"a,,b\"}", "updateMask", "field names");
    expect_fault(UPDATE, "{\"updateMask\":{\"paths\":[]}}", "updateMask",
                 "field names");
    Kontor__V1__UpdateSiteRequest *request =
        parse(UPDATE, "{\"updateMask\":\"homeUrl\"}");
    assert_string_equal(request->update_mask->paths[0], "home_url");
    request->update_mask->paths[0] = arena_copy(arena, "homeUrl");
    assert_null(json_print(&request->base, JSON_COMPACT, arena));
}

static void
test_maps_are_objects_and_the_last_entry_counts(void **state)
{
    const ProtobufCMessageDescriptor *info = &google__rpc__error_info__descriptor;
    (void)state;
    expect(info, "{\"metadata\":{\"b\":\"1\",\"a\":\"\"}}",
           "{\"metadata\":{\"b\":\"1\",\"a\":\"\"}}");
    expect_fault(info, "{\"metadata\":[]}", "metadata", "an object");
    expect_fault(info, "{\"metadata\":{\"b\":1}}", "metadata[b]", "a text");
    Google__Rpc__ErrorInfo *twice =
        parse(info, "{\"metadata\":{\"a\":\"1\",\"b\":\"2\"}}");
    twice->metadata[1]->key = arena_copy(arena, "a");
    assert_string_equal(json_print(&twice->base, JSON_COMPACT, arena),
                        "{\"metadata\":{\"a\":\"2\"}}");
}

static void
test_presence_is_kept(void **state)
{
    (void)state;
    expect(VALUE, "{\"boolean\":false}", "{\"boolean\":false}");
    expect(VALUE, "{\"text\":\"\"}", "{\"text\":\"\"}");
    expect(VALUE, "{\"list\":{}}", "{\"list\":{}}");
    expect(MONEY, "{\"units\":\"0\",\"currency\":\"\"}", "{}");
    expect(VALUE, "{\"boolean\":null,\"text\":null}", "{}");
    expect_fault(VALUE, "{\"boolean\":false,\"text\":\"\"}", "text", "same choice");
}

static void
test_all_faults_have_paths(void **state)
{
    struct faults faults = {.arena = arena};
    static const char text[] =
        "{\"items\":[{\"offer\":5},{\"parameters\":[{\"value\":{\"boolean\":1}}]},"
        "null],\"nonsense\":1}";
    static const char *const paths[] = {"items[0].offer",
                                        "items[1].parameters[0].value.boolean",
                                        "items[2]", "nonsense"};
    (void)state;
    assert_null(json_parse(PLACE, text, strlen(text), arena, &faults));
    assert_int_equal(faults.n_found, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(faults.rows[i].path, paths[i]);
    }
}

static void
test_what_is_not_json_is_refused(void **state)
{
    static const char *const bad[] = {
        "", "{", "{}x", "{\"a\":1,\"a\":2}", "{'a':1}", "{\"text\":\"\xff\"}", "nul"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct faults faults = {.arena = arena};
        assert_null(json_parse(VALUE, bad[i], strlen(bad[i]), arena, &faults));
        assert_int_equal(faults.n_found, 1);
    }
    expect_fault(VALUE, "[]", "", "an object");
    expect_fault(VALUE, "null", "", "an object");
}

static void
test_nesting_is_limited(void **state)
{
    const char *deep = "{}";
    struct faults faults = {.arena = arena};
    (void)state;
    for (int i = 0; i < 100; i++) {
        deep = arena_print(arena, "{\"list\":{\"values\":[%s]}}", deep);
    }
    assert_null(json_parse(VALUE, deep, strlen(deep), arena, &faults));
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_spellings_of_names_are_read),
        cmocka_unit_test(test_names_are_written_as_asked),
        cmocka_unit_test(test_wide_numbers_are_texts),
        cmocka_unit_test(test_floating_point_is_short_and_comes_back),
        cmocka_unit_test(test_a_comma_in_the_locale_does_no_harm),
        cmocka_unit_test(test_texts_are_escaped),
        cmocka_unit_test(test_enums_are_names_and_unknown_ones_numbers),
        cmocka_unit_test(test_bytes_are_base64),
        cmocka_unit_test(test_times_are_rfc_3339),
        cmocka_unit_test(test_durations_are_seconds),
        cmocka_unit_test(test_field_masks_are_one_text),
        cmocka_unit_test(test_maps_are_objects_and_the_last_entry_counts),
        cmocka_unit_test(test_presence_is_kept),
        cmocka_unit_test(test_all_faults_have_paths),
        cmocka_unit_test(test_what_is_not_json_is_refused),
        cmocka_unit_test(test_nesting_is_limited),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
