/*
 * Kontor's own form: the example catalogue of the project, and files that must be
 * refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/rules.h"
#include "tests/tools/real_data.h"
#include "tools/import/import.h"

struct fixture {
    struct arena *arena;
    struct faults faults;
    struct import_set set;
};

static int
start(void **state)
{
    static struct fixture fixture;
    memset(&fixture, 0, sizeof fixture);
    fixture.arena = arena_new();
    *state = &fixture;
    return 0;
}

static int
stop(void **state)
{
    struct fixture *fixture = *state;
    arena_free(fixture->arena);
    return 0;
}

static bool
import(struct fixture *fixture, const char *path)
{
    fixture->faults = (struct faults){.arena = fixture->arena};
    return importer_find("kontor-1")
        ->read(&path, 1, "alpine", fixture->arena, &fixture->set, &fixture->faults);
}

static void
check(struct fixture *fixture, const ProtobufCMessage *message)
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
    struct fixture *fixture = *state;
    if (!import(fixture, EXAMPLES "/alpine.json")) {
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
    struct fixture *fixture = *state;
    assert_true(import(fixture, EXAMPLES "/alpine.json"));
    for (size_t i = 0; i < fixture->set.n_services; i++) {
        assert_true(names_provider(&fixture->set, fixture->set.services[i]->provider));
    }
    for (size_t i = 0; i < fixture->set.n_endpoints; i++) {
        assert_true(names_site(&fixture->set, fixture->set.endpoints[i]->site));
    }
}

static const struct {
    const char *text;
    const char *place;
    const char *reason;
} refused[] = {
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
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        const char *path = real_data_write(refused[i].text, fixture->arena);
        bool is_read = import(fixture, path);
        unlink(path);
        if (is_read) {
            fail_msg("row %zu was taken", i);
        }
        const struct fault *fault = &fixture->faults.rows[0];
        assert_int_equal(strncmp(fault->path, path, strlen(path)), 0);
        if (strstr(fault->path, refused[i].place) == NULL ||
            strstr(fault->description, refused[i].reason) == NULL) {
            fail_msg("row %zu: %s: %s", i, fault->path, fault->description);
        }
    }
}

static void
test_what_the_broker_owns_is_in_no_mask(void **state)
{
    struct fixture *fixture = *state;
    const char *path = real_data_write("{}", fixture->arena);
    assert_true(import(fixture, path));
    unlink(path);
    static const char *const never[] = {"id", "revision", "created_at", "updated_at",
                                        "phase"};
    const Google__Protobuf__FieldMask *mask = fixture->set.service_fields;
    for (size_t i = 0; i < mask->n_paths; i++) {
        for (size_t j = 0; j < sizeof never / sizeof never[0]; j++) {
            assert_string_not_equal(mask->paths[i], never[j]);
        }
    }
    assert_int_equal(mask->n_paths, kontor__v1__service__descriptor.n_fields - 5);
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
        assert_non_null(row->read);
    }
    assert_int_equal(n, 3);
    assert_null(importer_find("marketplace-2020"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_example_obeys_every_rule),
        TEST(test_references_of_the_example_resolve),
        TEST(test_bad_files_are_refused_with_their_place),
        TEST(test_what_the_broker_owns_is_in_no_mask),
        TEST(test_every_importer_has_a_name_and_a_noun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
