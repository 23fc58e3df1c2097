/*
 * Kontor's own form: the example catalogue of the project, and files that must be
 * refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/rules.h"
#include "tests/tools/import_fixture.h"

static struct import_fixture *
fixture_of(void **state)
{
    struct import_fixture *fixture = *state;
    fixture->format = "kontor-1";
    return fixture;
}

static const char *const example = EXAMPLES "/alpine.json";

static void
check(struct import_fixture *fixture, const ProtobufCMessage *message)
{
    rules_check(message, &fixture->faults);
    if (fixture->faults.n_found != 0) {
        fail_msg("%s: %s", fixture->faults.rows[0].path,
                 fixture->faults.rows[0].description);
    }
}

static void
test_the_example_obeys_every_rule(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    if (!import_fixture_read(fixture, &example, 1)) {
        fail_msg("%s: %s", fixture->faults.rows[0].path,
                 fixture->faults.rows[0].description);
    }
    const struct import_set *set = &fixture->set;
    assert_int_equal(set->n_services, 12);
    assert_int_equal(set->n_sites, 3);
    assert_true(set->n_endpoints >= 3);
    assert_int_equal(set->n_downtimes, 1);
    for (size_t i = 0; i < set->n_providers; i++) {
        check(fixture, &set->providers[i]->base);
    }
    for (size_t i = 0; i < set->n_services; i++) {
        check(fixture, &set->services[i]->base);
    }
    for (size_t i = 0; i < set->n_sites; i++) {
        check(fixture, &set->sites[i]->base);
    }
    for (size_t i = 0; i < set->n_endpoints; i++) {
        check(fixture, &set->endpoints[i]->base);
    }
    check(fixture, &set->downtimes[0]->base);
}

static bool
names_provider(const struct import_set *set, const char *id)
{
    for (size_t i = 0; i < set->n_providers; i++) {
        if (strcmp(set->providers[i]->id, id) == 0) {
            return true;
        }
    }
    return false;
}

static bool
names_site(const struct import_set *set, const char *id)
{
    for (size_t i = 0; i < set->n_sites; i++) {
        if (strcmp(set->sites[i]->id, id) == 0) {
            return true;
        }
    }
    return false;
}

static void
test_references_of_the_example_resolve(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    assert_true(import_fixture_read(fixture, &example, 1));
    for (size_t i = 0; i < fixture->set.n_services; i++) {
        assert_true(names_provider(&fixture->set, fixture->set.services[i]->provider));
    }
    for (size_t i = 0; i < fixture->set.n_endpoints; i++) {
        assert_true(names_site(&fixture->set, fixture->set.endpoints[i]->site));
    }
}

static const struct import_refusal refused[] = {
    {"{\"services\": [", ":1:", "not JSON"},
    {"7", "", "an object belongs here"},
    {"{\"service\": []}", ":service", "unknown"},
    {"{\"sites\": {}}", ":sites", "a list belongs here"},
    {"{\"services\": [{\"name\": \"a\"}, {\"name\": 7}]}", ":services[1].name", ""},
    {"{\"services\": [{\"nam\": \"a\"}]}", ":services[0].nam", ""},
    {"{\"downtimes\": [{\"start_at\": \"tomorrow\"}]}", ":downtimes[0].start_at", ""},
    {"{\"providers\": [7]}", ":providers[0]", ""},
};

static void
test_bad_files_are_refused_with_their_place(void **state)
{
    import_fixture_refuse(fixture_of(state), refused,
                          sizeof refused / sizeof refused[0]);
}

static void
test_what_the_broker_owns_is_in_no_mask(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    assert_true(import_fixture_text(fixture, "{}"));
    static const char *const never[] = {"id",    "revision", "created_at", "updated_at",
                                        "phase", "audit",    "overrides"};
    const Google__Protobuf__FieldMask *mask = fixture->set.service_fields;
    for (size_t i = 0; i < mask->n_paths; i++) {
        for (size_t j = 0; j < sizeof never / sizeof never[0]; j++) {
            assert_string_not_equal(mask->paths[i], never[j]);
        }
    }
    assert_int_equal(mask->n_paths, kontor__v1__service__descriptor.n_fields - 11);
}

static void
test_a_state_that_is_not_taken_over_is_told(void **state)
{
    static const struct {
        const char *name;
        size_t n_findings;
    } rows[] = {
        {"PROVIDER_STATE_UNSPECIFIED", 0},
        {"PROVIDER_APPROVED", 0},
        {"PROVIDER_DRAFT", 1},
        {"PROVIDER_SUBMITTED", 1},
        {"PROVIDER_REJECTED", 1},
        {"PROVIDER_SUSPENDED", 1},
        {"PROVIDER_RETIRED", 1},
    };
    struct import_fixture *fixture = fixture_of(state);
    assert_int_equal(kontor__v1__provider_state__descriptor.n_values,
                     sizeof rows / sizeof rows[0]);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(import_fixture_text(
            fixture,
            arena_print(fixture->arena,
                        "{\"providers\":[{\"id\":\"alpine/p\",\"state\":\"%s\"}]}",
                        rows[i].name)));
        assert_int_equal(fixture->set.n_findings, rows[i].n_findings);
        if (rows[i].n_findings > 0) {
            assert_true(import_fixture_found(&fixture->set, "providers[0].state",
                                             rows[i].name));
        }
    }
}

static void
test_every_importer_has_a_name_and_a_noun(void **state)
{
    (void)state;
    size_t n = 0;
    for (const struct importer *row = importers; row->format != NULL; row++, n++) {
        assert_ptr_equal(importer_find(row->format), row);
        assert_true(strcmp(row->noun, "catalogue") == 0 ||
                    strcmp(row->noun, "config") == 0 || strcmp(row->noun, "both") == 0);
        assert_true((row->read == NULL) != (row->stream == NULL));
    }
    assert_int_equal(n, 9);
    assert_null(importer_find("marketplace-2020"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(test_the_example_obeys_every_rule),
        IMPORT_TEST(test_references_of_the_example_resolve),
        IMPORT_TEST(test_bad_files_are_refused_with_their_place),
        IMPORT_TEST(test_what_the_broker_owns_is_in_no_mask),
        IMPORT_TEST(test_a_state_that_is_not_taken_over_is_told),
        IMPORT_TEST(test_every_importer_has_a_name_and_a_noun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
