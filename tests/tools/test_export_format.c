/*
 * Exporters: how their files are laid out, what parts of a record are lost and how that
 * is told, and that a catalogue of any size takes the memory of one record.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/tools/export_fixture.h"
#include "tools/export/export.h"
#include "tools/import/import.h"
#include "tools/import/tables.h"

static struct import_set
read_as(struct import_fixture *fixture, const char *format, const char *text)
{
    return export_fixture_read(fixture, format, text);
}

/* One record of kontor-1 in a format; its losses as "path text" lines. */
static const char *
losses_of(struct import_fixture *fixture, const char *format, const char *service)
{
    struct import_set set =
        read_as(fixture, "kontor-1",
                arena_print(fixture->arena,
                            "{\"services\": [{\"id\": \"alpine/a\", %s}]}", service));
    struct export_result result = export_fixture_write(fixture, format, &set);
    const char *lines = "";
    for (size_t i = 0; i < result.n_losses; i++) {
        lines = arena_print(fixture->arena, "%s%s %s\n", lines, result.losses[i].path,
                            result.losses[i].text);
    }
    return lines;
}

static const char *
written(struct import_fixture *fixture, const char *format, const char *lists)
{
    struct import_set set = read_as(fixture, "kontor-1", lists);
    return export_fixture_write(fixture, format, &set).text;
}

/* ---- Files ---- */

static void
test_every_exporter_is_whole_and_can_be_imported(void **state)
{
    (void)state;
    size_t n = 0;
    for (const struct exporter *row = exporters; row->format != NULL; row++, n++) {
        assert_ptr_equal(exporter_find(row->format), row);
        assert_non_null(row->holds);
        assert_non_null(row->begin);
        assert_non_null(row->record);
        assert_non_null(row->end);
        assert_non_null(importer_find(row->format));
    }
    assert_true(n >= 3);
    assert_null(exporter_find("eosc-7"));
}

/* A row of a page that says neither where a member goes nor why nowhere says nothing.
 */
static size_t
check_rows(const char *format, const struct json_field *table)
{
    size_t n = 0;
    for (; table->key != NULL || table->owns != NULL; table++, n++) {
        bool is_group = table->shape != NULL && table->shape->message == NULL;
        if (table->owns == NULL && table->note == NULL && !is_group) {
            fail_msg("%s: %s", format, table->key);
        }
        n += table->shape == NULL ? 0 : check_rows(format, table->shape->fields);
    }
    return n;
}

static void
test_every_row_of_a_table_says_what_becomes_of_the_member(void **state)
{
    (void)state;
    for (const struct format_table *row = format_tables; row->format != NULL; row++) {
        assert_non_null(importer_find(row->format));
        assert_true(check_rows(row->format, row->fields) > 1);
    }
}

static void
test_a_list_has_a_record_a_line_and_providers_first(void **state)
{
    struct import_fixture *fixture = *state;
    static const char lists[] =
        "{\"providers\": [{\"id\": \"alpine/p\", \"name\": \"P\"}],"
        "\"services\": [{\"id\": \"alpine/s\", \"name\": \"S\", \"orderType\": "
        "\"OPEN_ACCESS\", \"provider\": \"alpine/p\"}, {\"id\": \"alpine/t\"}]}";
    assert_string_equal(written(fixture, "eosc-5", lists),
                        "[\n"
                        "{\"id\":\"p\",\"name\":\"P\",\"legalEntity\":false},\n"
                        "{\"id\":\"s\",\"name\":\"S\",\"resourceOrganisation\":\"p\","
                        "\"horizontalService\":false,"
                        "\"orderType\":\"order_type-open_access\"},\n"
                        "{\"id\":\"t\",\"horizontalService\":false}\n"
                        "]\n");
    assert_string_equal(written(fixture, "eosc-6", lists),
                        "[\n"
                        "{\"id\":\"p\",\"name\":\"P\",\"legalEntity\":false},\n"
                        "{\"id\":\"s\",\"name\":\"S\",\"type\":\"Service\","
                        "\"resourceOwner\":\"p\","
                        "\"orderType\":\"order_type-open_access\"},\n"
                        "{\"id\":\"t\",\"type\":\"Service\"}\n"
                        "]\n");
    assert_string_equal(written(fixture, "eosc-5", "{}"), "[\n]\n");
}

static void
test_our_own_form_comes_back_whole(void **state)
{
    struct import_fixture *fixture = *state;
    const char *path = EXAMPLES "/alpine.json";
    fixture->format = "kontor-1";
    assert_true(import_fixture_read(fixture, &path, 1));
    struct import_set set = fixture->set;
    struct export_result first = export_fixture_write(fixture, "kontor-1", &set);
    assert_int_equal(first.n_losses, 0);
    struct import_set back = read_as(fixture, "kontor-1", first.text);
    assert_int_equal(back.n_services, set.n_services);
    assert_int_equal(back.n_providers, set.n_providers);
    struct export_result second = export_fixture_write(fixture, "kontor-1", &back);
    assert_string_equal(second.text, first.text);
}

static void
test_vocabularies_are_told_where_they_have_no_place(void **state)
{
    struct import_fixture *fixture = *state;
    struct import_set set =
        read_as(fixture, "kontor-1",
                "{\"vocabularies\": [{\"id\": \"alpine/TRL\", \"name\": \"TRL\"}]}");
    struct export_result result = export_fixture_write(fixture, "eosc-6", &set);
    assert_string_equal(result.text, "[\n]\n");
    assert_int_equal(result.n_losses, 1);
    assert_string_equal(result.losses[0].id, "alpine/TRL");
    assert_string_equal(result.losses[0].path, "vocabulary");
    assert_string_equal(result.losses[0].text, "has no place in eosc-6");
}

/* The arena is reset for each record, so it holds what the largest one took. */
static void
test_a_large_catalogue_takes_the_memory_of_one_record(void **state)
{
    struct import_fixture *fixture = *state;
    struct import_set set =
        read_as(fixture, "kontor-1",
                "{\"services\": [{\"id\": \"alpine/a\", \"name\": \"A\", \"tagline\": "
                "\"B\", \"tags\": [\"c\", \"d\"]}]}");
    for (const struct exporter *row = exporters; row->format != NULL; row++) {
        FILE *nowhere = fopen("/dev/null", "w");
        assert_non_null(nowhere);
        struct exporting exporting = exporting_new(row, nowhere, true);
        exporting_begin(&exporting);
        exporting_record(&exporting, EXPORTING_SERVICES, &set.services[0]->base);
        size_t used = arena_used(exporting.target.arena);
        for (size_t i = 0; i < 10000; i++) {
            exporting_record(&exporting, EXPORTING_SERVICES, &set.services[0]->base);
        }
        assert_int_equal(arena_used(exporting.target.arena), used);
        exporting_end(&exporting);
        exporting_done(&exporting);
        fclose(nowhere);
    }
}

/* ---- Ids ---- */

static void
test_ids_go_out_as_the_keys_they_were_made_of(void **state)
{
    struct import_fixture *fixture = *state;
    static const char *const keys[] = {
        "plain", "21.T15999/abc", "a b",           "~",      "~2F",
        "~zz",   ".edge.",        "Z\xc3\xbcrich", "a\\\"b", "~~2F/~",
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct import_set set =
            read_as(fixture, "eosc-5",
                    arena_print(fixture->arena,
                                "[{\"id\": \"%s\", \"resourceOrganisation\": "
                                "\"%s\", \"relatedResources\": [\"%s\"]}]",
                                keys[i], keys[i], keys[i]));
        struct export_result result = export_fixture_write(fixture, "eosc-5", &set);
        assert_int_equal(result.n_losses, 0);
        struct import_set back = read_as(fixture, "eosc-5", result.text);
        assert_string_equal(back.services[0]->id, set.services[0]->id);
        assert_string_equal(back.services[0]->provider, set.services[0]->id);
        assert_string_equal(back.services[0]->related_services[0], set.services[0]->id);
    }
}

/* Ids people chose, and those of other registries, are made of no key. */
static void
test_ids_that_no_key_gives_are_told(void **state)
{
    struct import_fixture *fixture = *state;
    static const struct {
        const char *service;
        const char *says;
    } rows[] = {
        {"\"provider\": \"other/p\"", "provider is not kept: no key of eosc-5 gives"},
        {"\"provider\": \"alpine/~zz\"", "provider is not kept"},
        {"\"provider\": \"alpine/~2f\"", "provider is not kept"},
        {"\"provider\": \"alpine/~FF\"", "provider is not kept"},
        {"\"provider\": \"alpine/~00\"", "provider is not kept"},
        {"\"provider\": \"alpine/~41\"", "provider is not kept"},
        {"\"provider\": \"alpin/p\"", "provider is not kept"},
        {"\"relatedServices\": [\"alpine/b\", \"other/c\"]",
         "related_services[1] is not kept"},
        {"\"source\": {\"format\": \"gocdb\", \"key\": \"a\"}",
         "source is not kept: it becomes eosc-5"},
        {"\"source\": {\"format\": \"eosc-5\", \"key\": \"b\"}", "source is not kept"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *lines = losses_of(fixture, "eosc-5", rows[i].service);
        if (strstr(lines, rows[i].says) == NULL || strchr(lines, '\n')[1] != '\0') {
            fail_msg("%s: %s", rows[i].service, lines);
        }
    }
    struct import_set set =
        read_as(fixture, "kontor-1", "{\"services\": [{\"id\": \"alpine/~zz\"}]}");
    struct export_result result = export_fixture_write(fixture, "eosc-6", &set);
    assert_int_equal(result.n_losses, 1);
    assert_string_equal(result.losses[0].path, "id");
}

/* Two of one local id would become one: whoever exports both has to know. */
static void
test_records_of_another_registry_are_told(void **state)
{
    struct import_fixture *fixture = *state;
    struct import_set set =
        read_as(fixture, "kontor-1",
                "{\"providers\": [{\"id\": \"alpine/a\"}, {\"id\": \"coast/a\"}, "
                "{\"id\": \"alpines/a\"}]}");
    struct export_result result = export_fixture_write(fixture, "eosc-5", &set);
    assert_int_equal(result.n_losses, 2);
    assert_string_equal(result.losses[0].id, "coast/a");
    assert_string_equal(result.losses[0].path, "id");
    assert_string_equal(result.losses[0].text,
                        "is not of registry alpine like the first: no key says so");
    assert_string_equal(result.losses[1].id, "alpines/a");
}

/* ---- Parts ---- */

static void
test_names_that_are_not_their_parts_are_told(void **state)
{
    struct import_fixture *fixture = *state;
    static const struct {
        const char *contact;
        const char *lost; /* "" = nothing. */
    } rows[] = {
        {"\"name\": \"Desk\"", ""},
        {"\"name\": \"A B\", \"givenName\": \"A\", \"familyName\": \"B\"", ""},
        {"\"name\": \"B\", \"familyName\": \"B\"", ""},
        {"\"email\": \"a@a.example\"", ""},
        {"\"name\": \"C\", \"givenName\": \"A\", \"familyName\": \"B\"",
         "main_contact.name is not kept: it comes back as \"A B\"\n"},
        {"\"name\": \"A\", \"givenName\": \"A\"",
         "main_contact.given_name is not kept: alone it comes back as the name\n"},
        {"\"familyName\": \"B\"",
         "main_contact.name is not kept: it comes back as \"B\"\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] * 2; i++) {
        const char *lines = losses_of(
            fixture, i % 2 == 0 ? "eosc-5" : "eosc-6",
            arena_print(fixture->arena, "\"mainContact\": {%s}", rows[i / 2].contact));
        assert_string_equal(lines, rows[i / 2].lost);
    }
}

static void
test_contacts_of_profile_6_are_addresses_alone(void **state)
{
    struct import_fixture *fixture = *state;
    assert_string_equal(losses_of(fixture, "eosc-6",
                                  "\"publicContacts\": [{\"name\": \"Desk\"}, "
                                  "{\"email\": \"a@a.example\", \"phone\": \"1\"}]"),
                        "public_contacts.name has no place in eosc-6\n"
                        "public_contacts[0] is not kept: it has no address\n"
                        "public_contacts.phone has no place in eosc-6\n");
}

static void
test_terms_that_cannot_be_paired_are_told(void **state)
{
    struct import_fixture *fixture = *state;
    static const struct {
        const char *lists;
        const char *lost;
    } rows[] = {
        {"\"categories\": [\"category-a\"], \"subcategories\": [\"subcategory-a-b\"]",
         ""},
        {"\"categories\": [\"Storage\", \"Compute\"]", ""},
        {"\"subcategories\": [\"subcategory-a-b\"]",
         "subcategories[0] is not kept: \"subcategory-a-b\" is under none of "
         "categories\n"},
        {"\"categories\": [\"category-a\"], \"subcategories\": [\"subcategory-ab\"]",
         "subcategories[0] is not kept: \"subcategory-ab\" is under none of "
         "categories\n"},
        {"\"categories\": [\"a\", \"b\", \"a\"]",
         "categories[2] is not kept: \"a\" is empty or there twice\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(losses_of(fixture, "eosc-5", rows[i].lists), rows[i].lost);
    }
}

static void
test_a_pair_is_the_longest_that_fits_and_keeps_the_order(void **state)
{
    struct import_fixture *fixture = *state;
    const char *text = written(
        fixture, "eosc-5",
        "{\"services\": [{\"id\": \"alpine/a\", \"categories\": [\"category-z\", "
        "\"category-a\", \"category-a-b\", \"category-y\"], \"subcategories\": "
        "[\"subcategory-a-b-c\", \"subcategory-a-d\", \"subcategory-z-e\"]}]}");
    assert_non_null(strstr(
        text, "\"categories\":[{\"category\":\"category-z\"},"
              "{\"category\":\"category-a\"},"
              "{\"category\":\"category-a-b\",\"subcategory\":\"subcategory-a-b-c\"},"
              "{\"category\":\"category-a\",\"subcategory\":\"subcategory-a-d\"},"
              "{\"category\":\"category-z\",\"subcategory\":\"subcategory-z-e\"},"
              "{\"category\":\"category-y\"}]"));
}

static void
test_lines_of_a_change_log_come_back_as_they_are(void **state)
{
    struct import_fixture *fixture = *state;
    struct import_set set = read_as(fixture, "eosc-5",
                                    "[{\"id\": \"a\", \"trl\": \"trl-1\", "
                                    "\"changeLog\": [\"one\", null, \"\", \"two\"]}]");
    assert_string_equal(set.services[0]->change_log, "one\n\ntwo");
    struct export_result result = export_fixture_write(fixture, "eosc-5", &set);
    struct import_set back = read_as(fixture, "eosc-5", result.text);
    assert_string_equal(back.services[0]->change_log, "one\n\ntwo");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(test_every_exporter_is_whole_and_can_be_imported),
        IMPORT_TEST(test_every_row_of_a_table_says_what_becomes_of_the_member),
        IMPORT_TEST(test_a_list_has_a_record_a_line_and_providers_first),
        IMPORT_TEST(test_our_own_form_comes_back_whole),
        IMPORT_TEST(test_vocabularies_are_told_where_they_have_no_place),
        IMPORT_TEST(test_a_large_catalogue_takes_the_memory_of_one_record),
        IMPORT_TEST(test_ids_go_out_as_the_keys_they_were_made_of),
        IMPORT_TEST(test_ids_that_no_key_gives_are_told),
        IMPORT_TEST(test_records_of_another_registry_are_told),
        IMPORT_TEST(test_names_that_are_not_their_parts_are_told),
        IMPORT_TEST(test_contacts_of_profile_6_are_addresses_alone),
        IMPORT_TEST(test_terms_that_cannot_be_paired_are_told),
        IMPORT_TEST(test_a_pair_is_the_longest_that_fits_and_keeps_the_order),
        IMPORT_TEST(test_lines_of_a_change_log_come_back_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
