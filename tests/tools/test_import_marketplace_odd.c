/*
 * The Marketplace importer on files that must be refused, or taken with something told
 * about them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/tools/import_fixture.h"

static struct import_fixture *
fixture_of(void **state)
{
    struct import_fixture *fixture = *state;
    fixture->format = "marketplace-2019";
    return fixture;
}

#define SERVICE(extra)                                                                 \
    "{\"services\":[{\"_key\":\"a\",\"title\":\"A\",\"providers\":[\"P\"],"            \
    "\"phase\":\"production\",\"open_access\":false," extra "}]}"
#define PARAMETER(text)                                                                \
    SERVICE("\"offers\":[{\"_iid\":\"1\",\"name\":\"n\",\"parameters\":[" text "]}]")

/* Each is refused, with the place and the reason. */
static const struct import_refusal refused[] = {
    {"", ":", "not JSON"},
    {"{\"services\": [", ":1:", "not JSON"},
    {"{\"services\": [}", ":1:", "not JSON"},
    {"{\"a\":1,\"a\":2}", ":1:", "duplicate"},
    {"[]", "", "an object belongs here"},
    {"{\"services\": {}}", ":services", "a list belongs here"},
    {"{\"services\": [7]}", ":services[0]", "an object belongs here"},
    {"{\"services\": [{}]}", ":services[0]", "no _key"},
    {"{\"providers\": [{\"_key\":\"a\"},{\"_key\":\"a\"}]}", ":providers[1]", "twice"},
    {SERVICE("\"title2\":1,\"tagline\":7"), ":services[0].tagline",
     "a text belongs here"},
    {SERVICE("\"parents\":[1]"), ":services[0].parents[0]", "a text belongs here"},
    {SERVICE("\"offers\":7"), ":services[0].offers", "a list belongs here"},
    {"{\"services\":[{\"_key\":\"a\",\"title\":\"A\",\"phase\":\"gone\"}]}",
     ":services[0].phase", "no phase"},
    {"{\"services\":[{\"_key\":\"a\",\"title\":\"A\"}]}", ":services[0]",
     "names no provider"},
    {"{\"services\":[{\"_key\":\"a\",\"title\":\"A\",\"providers\":[\"P\"]},"
     "{\"_key\":\"a\",\"title\":\"B\",\"providers\":[\"P\"]}]}",
     ":services[1]", "also that of \"A\""},
    {SERVICE("\"open_access\":\"no\""), ":", "duplicate"},
    {"{\"services\":[{\"_key\":\"a\",\"open_access\":\"no\",\"providers\":[\"P\"]}]}",
     ":services[0].open_access", "a yes or no"},
    {PARAMETER("{\"id\":\"p\",\"type\":\"slider\"}"), "parameters[0]", "its type is"},
    {PARAMETER("{\"id\":\"p\"}"), "parameters[0]", "its type is missing"},
    {PARAMETER("{\"id\":\"p\",\"type\":\"select\"}"), "config.values", "missing"},
    {PARAMETER("{\"id\":\"p\",\"type\":\"select\",\"config\":[]}"), "config",
     "an object belongs here"},
    {PARAMETER("{\"id\":\"p\",\"type\":\"range\",\"config\":{\"minimum\":\"1\"}}"),
     "config.minimum", "a whole number"},
    {PARAMETER("{\"id\":\"p\",\"type\":\"multiselect\",\"config\":{\"values\":[],"
               "\"minItems\":99999999999}}"),
     "parameters[0]", "out of range"},
    {PARAMETER("{\"id\":\"p\",\"type\":\"attribute\"}"), "parameters[0]",
     "without a value"},
    {PARAMETER("{\"id\":\"p\",\"type\":\"attribute\",\"value\":true}"), "parameters[0]",
     "a text or a number"},
    {PARAMETER("{\"id\":\"p\",\"type\":\"input\",\"value_type\":\"integer\","
               "\"value\":\"x\"}"),
     "parameters[0]", "a whole number"},
    {"{\"relations\":[{\"source\":\"A\"}]}", ":relations[0]", "has no target"},
};

static void
test_bad_files_are_refused_with_their_place(void **state)
{
    import_fixture_refuse(fixture_of(state), refused,
                          sizeof refused / sizeof refused[0]);
}

static void
test_a_missing_file_is_refused(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    const char *path = "/nonexistent/catalogue.json";
    assert_false(import_fixture_read(fixture, &path, 1));
    assert_string_equal(fixture->faults.rows[0].path, path);
}

static void
test_deep_nesting_is_refused(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    char text[2 * 200 + 1] = {0};
    memset(text, '[', 200);
    memset(text + 200, ']', 200);
    assert_false(import_fixture_text(fixture, text));
    assert_non_null(strstr(fixture->faults.rows[0].description, "nests deeper"));
}

static void
test_leftovers_of_a_parameter_are_told(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    assert_true(import_fixture_text(
        fixture,
        PARAMETER("{\"id\":\"p\",\"label\":\"P\",\"type\":\"range\",\"value\":3,"
                  "\"config\":{\"minimum\":-2,\"step\":2}},"
                  "{\"id\":\"q\",\"label\":\"Q\",\"type\":\"select\","
                  "\"value_type\":\"string\",\"config\":{\"values\":[1,\"b\"]}}")));
    assert_true(import_fixture_found(&fixture->set, "services[0].providers[0]",
                                     "is not among"));
    assert_true(import_fixture_found(&fixture->set, "parameters[0]", "config.step"));
    assert_true(
        import_fixture_found(&fixture->set, "parameters[0]", "a value has no place"));
    assert_true(import_fixture_found(&fixture->set, "parameters[1].config.values",
                                     "taken as written, as text"));
    const Kontor__V1__Parameter *range =
        fixture->set.services[0]->offers[0]->parameters[0];
    assert_int_equal(range->integer->minimum, -2);
    assert_int_equal(range->integer->_maximum_case, 0);
}

static void
test_the_mask_leaves_the_phase_alone(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    assert_true(import_fixture_text(fixture, "{}"));
    const Google__Protobuf__FieldMask *mask = fixture->set.service_fields;
    assert_true(mask->n_paths > 20);
    for (size_t i = 0; i < mask->n_paths; i++) {
        assert_string_not_equal(mask->paths[i], "phase");
        (void)import_fixture_field(&kontor__v1__service__descriptor, mask->paths[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(test_bad_files_are_refused_with_their_place),
        IMPORT_TEST(test_a_missing_file_is_refused),
        IMPORT_TEST(test_deep_nesting_is_refused),
        IMPORT_TEST(test_leftovers_of_a_parameter_are_told),
        IMPORT_TEST(test_the_mask_leaves_the_phase_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
