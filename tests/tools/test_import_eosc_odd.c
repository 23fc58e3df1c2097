/* Files of EOSC's profiles that are damaged, hostile, or not what they say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/tools/import_fixture.h"

static const char *const formats[] = {"eosc-5", "eosc-6"};
enum { N_FORMATS = sizeof formats / sizeof formats[0] };

static const struct import_refusal refused[] = {
    {"[{\"id\": \"a\"", ":1:", "not JSON"},
    {"", "", "not JSON"},
    {"[{\"id\": \"a\", \"id\": \"b\", \"trl\": \"x\"}]", ":1:", "duplicate"},
    {"[{\"id\": \"a\\u0000b\", \"trl\": \"x\"}]", ":1:", "not JSON"},
    {"[{\"id\": \"a\xff\", \"trl\": \"x\"}]", ":1:", "not JSON"},
    {"7", "", "an object belongs here"},
    {"[7]", ":[0]", "is a whole number"},
    {"[[]]", ":[0]", "is a list"},
    {"{}", "", "is no record of eosc-"},
    {"{\"results\": {}}", ":results", "a list belongs here"},
    {"{\"results\": [7]}", ":results[0]", "is a whole number"},
    {"[{\"id\": \"a\", \"name\": \"A\"}]", ":[0]", "is no record of eosc-"},
    {"[{\"id\": \"a\", \"legalEntity\": true, \"orderType\": \"other\"}]", ":[0]",
     "could be a provider as well"},
    {"[{\"service\": {\"id\": \"a\"}, \"provider\": {\"id\": \"a\"}}]", ":[0]",
     "holds both"},
    {"[{\"trl\": \"trl-9\"}]", ":[0]", "has no id"},
    {"[{\"id\": \"\", \"trl\": \"trl-9\"}]", ":[0]", "has no id"},
    {"[{\"id\": null, \"trl\": \"trl-9\"}]", ":[0]", "has no id"},
    {"[{\"id\": 7, \"trl\": \"trl-9\"}]", ":[0].id", "a text belongs here"},
    {"[{\"id\": \"a\", \"trl\": 9}]", ":[0].trl", "a text belongs here"},
    {"[{\"id\": \"a\", \"orderType\": 1}]", ":[0].orderType", "a text belongs here"},
    {"[{\"id\": \"a\", \"trl\": \"x\", \"tags\": [\"b\", 7]}]", ":[0].tags[1]",
     "a text belongs here"},
    {"[{\"id\": \"a\", \"legalEntity\": \"yes\"}]", ":[0].legalEntity",
     "a yes or no belongs here"},
    {"[{\"id\": \"a\", \"trl\": \"x\", \"mainContact\": \"desk\"}]", ":[0].mainContact",
     "an object belongs here"},
    {"[{\"id\": \"a\", \"trl\": \"x\", \"categories\": [\"b\"]}]", ":[0].categories[0]",
     "an object belongs here"},
    {"[{\"id\": \"a\", \"trl\": \"x\", \"categories\": [{\"category\": 7}]}]",
     ":[0].categories[0].category", "a text belongs here"},
    {"[{\"service\": {\"id\": \"a\"}, \"active\": \"yes\"}]", ":[0].active",
     "a yes or no belongs here"},
    {"[{\"id\": \"a\", \"trl\": \"x\"}, {\"service\": {\"id\": \"a\"}}]",
     ":[1].service", "its id is also that of"},
    {"[{\"id\": \"a\", \"legalEntity\": true}, {\"id\": \"a\", \"users\": []}]", ":[1]",
     "its id is also that of"},
};

static void
test_bad_files_are_refused_with_their_place(void **state)
{
    struct import_fixture *fixture = *state;
    for (size_t i = 0; i < N_FORMATS; i++) {
        fixture->format = formats[i];
        import_fixture_refuse(fixture, refused, sizeof refused / sizeof refused[0]);
    }
}

static const struct import_refusal refused_by_6[] = {
    {"[{\"id\": \"a\", \"type\": \"Datasource\", \"thematic\": 1}]", ":[0].thematic",
     "a yes or no belongs here"},
    {"[{\"id\": \"a\", \"thematic\": true, \"metadataLicense\": \"CC0\"}]",
     ":[0].metadataLicense", "an object belongs here"},
    {"[{\"id\": \"a\", \"resourceTypeInfo\": []}]", ":[0].resourceTypeInfo",
     "an object belongs here"},
    {"[{\"id\": \"a\", \"acronym\": \"A\", \"creators\": [{\"PIDs\": [7]}]}]",
     ":[0].creators[0].PIDs[0]", "an object belongs here"},
    {"[{\"id\": \"a\", \"trl\": \"x\", \"publicContacts\": [{\"email\": \"b\"}]}]",
     ":[0].publicContacts[0]", "a text belongs here"},
    {"[{\"id\": \"a\", \"trl\": \"x\", \"mainContact\": {\"affiliations\": [7]}}]",
     ":[0].mainContact.affiliations[0]", "an object belongs here"},
};

static void
test_bad_members_of_profile_6_are_refused_with_their_place(void **state)
{
    struct import_fixture *fixture = *state;
    fixture->format = "eosc-6";
    import_fixture_refuse(fixture, refused_by_6,
                          sizeof refused_by_6 / sizeof refused_by_6[0]);
}

static void
test_a_provider_and_a_service_may_share_an_id(void **state)
{
    struct import_fixture *fixture = *state;
    for (size_t i = 0; i < N_FORMATS; i++) {
        fixture->format = formats[i];
        assert_true(import_fixture_text(fixture,
                                        "[{\"id\": \"a\", \"legalEntity\": true}, "
                                        "{\"id\": \"a\", \"trl\": \"x\"}]"));
        assert_int_equal(fixture->set.n_providers, 1);
        assert_int_equal(fixture->set.n_services, 1);
    }
}

/* Two files are one import: what is twice is told with both places. */
static void
test_one_id_in_two_files_is_refused(void **state)
{
    struct import_fixture *fixture = *state;
    fixture->format = "eosc-5";
    const char *text = "[{\"id\": \"a\", \"trl\": \"x\"}]";
    const char *paths[] = {real_data_write(text, fixture->arena),
                           real_data_write(text, fixture->arena)};
    bool is_read = import_fixture_read(fixture, paths, 2);
    unlink(paths[0]);
    unlink(paths[1]);
    assert_false(is_read);
    assert_int_equal(fixture->faults.n_found, 1);
    assert_non_null(strstr(fixture->faults.rows[0].path, paths[1]));
    assert_non_null(strstr(fixture->faults.rows[0].description, paths[0]));
}

static void
test_an_empty_list_is_nothing(void **state)
{
    struct import_fixture *fixture = *state;
    static const char *const texts[] = {"[]", "{\"results\": []}", "[]\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] * N_FORMATS; i++) {
        fixture->format = formats[i % N_FORMATS];
        assert_true(import_fixture_text(fixture, texts[i / N_FORMATS]));
        assert_int_equal(fixture->set.n_services + fixture->set.n_providers, 0);
        assert_int_equal(fixture->set.n_findings, 0);
    }
}

/* A text of nested lists, as deep as asked for, in a member of a record. */
static const char *
nested(struct arena *arena, size_t depth)
{
    char *lists = arena_alloc(arena, 2 * depth + 1);
    memset(lists, '[', depth);
    memset(lists + depth, ']', depth);
    return arena_print(arena, "[{\"id\": \"a\", \"trl\": \"x\", \"tags\": %s}]", lists);
}

static void
test_deep_nesting_is_refused(void **state)
{
    struct import_fixture *fixture = *state;
    static const size_t depths[] = {70, 5000};
    for (size_t i = 0; i < sizeof depths / sizeof depths[0] * N_FORMATS; i++) {
        fixture->format = formats[i % N_FORMATS];
        const char *text = nested(fixture->arena, depths[i / N_FORMATS]);
        assert_false(import_fixture_text(fixture, text));
        assert_true(fixture->faults.n_found > 0);
    }
}

/* A byte 0 in the file itself, which no text of C can hold. */
static void
test_a_file_with_a_zero_byte_is_refused(void **state)
{
    struct import_fixture *fixture = *state;
    static const char content[] = "[{\"id\": \"a\0b\", \"trl\": \"x\"}]";
    const char *path = real_data_write("", fixture->arena);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, sizeof content - 1, file), sizeof content - 1);
    fclose(file);
    for (size_t i = 0; i < N_FORMATS; i++) {
        fixture->format = formats[i];
        assert_false(import_fixture_read(fixture, &path, 1));
        assert_non_null(strstr(fixture->faults.rows[0].description, "not JSON"));
    }
    unlink(path);
}

static void
test_too_many_pairs_are_refused(void **state)
{
    struct import_fixture *fixture = *state;
    enum { PAIRS = 1025 };
    static const char pair[] = "{\"category\": \"a\"},";
    char *pairs = arena_alloc(fixture->arena, PAIRS * sizeof pair + 1);
    char *end = pairs;
    for (size_t i = 0; i < PAIRS; i++) {
        end = stpcpy(end, pair);
    }
    end[-1] = '\0';
    fixture->format = "eosc-5";
    assert_false(import_fixture_text(
        fixture,
        arena_print(fixture->arena,
                    "[{\"id\": \"a\", \"trl\": \"x\", \"categories\": [%s]}]", pairs)));
    assert_non_null(strstr(fixture->faults.rows[0].path, ":[0].categories"));
    assert_non_null(strstr(fixture->faults.rows[0].description, "1025 pairs"));
}

/* Beyond some dozens of names each record tells for itself: nothing goes unsaid. */
static void
test_many_unknown_members_of_envelopes_are_all_told(void **state)
{
    struct import_fixture *fixture = *state;
    enum { MEMBERS = 100 };
    const char *members = "";
    for (int i = 0; i < MEMBERS; i++) {
        members = arena_print(fixture->arena, "%s, \"m%d\": 1", members, i);
    }
    fixture->format = "eosc-6";
    assert_true(
        import_fixture_text(fixture, arena_print(fixture->arena,
                                                 "[{\"service\": {\"id\": \"a\"}%s}, "
                                                 "{\"service\": {\"id\": \"b\"}%s}]",
                                                 members, members)));
    for (int i = 0; i < MEMBERS; i++) {
        const char *name = arena_print(fixture->arena, "m%d of the envelope", i);
        assert_true(import_fixture_found(&fixture->set, "", name));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(test_bad_files_are_refused_with_their_place),
        IMPORT_TEST(test_bad_members_of_profile_6_are_refused_with_their_place),
        IMPORT_TEST(test_a_provider_and_a_service_may_share_an_id),
        IMPORT_TEST(test_one_id_in_two_files_is_refused),
        IMPORT_TEST(test_an_empty_list_is_nothing),
        IMPORT_TEST(test_deep_nesting_is_refused),
        IMPORT_TEST(test_a_file_with_a_zero_byte_is_refused),
        IMPORT_TEST(test_too_many_pairs_are_refused),
        IMPORT_TEST(test_many_unknown_members_of_envelopes_are_all_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
