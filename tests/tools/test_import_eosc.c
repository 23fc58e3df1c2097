/*
 * EOSC's profiles 4/5 and 6: what becomes of each member, in which containers records
 * come, which kind a record is, and which phase its envelope says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/rules.h"
#include "tests/tools/import_fixture.h"
#include "tools/import/tables.h"

static struct import_fixture *
fixture_of(void **state, const char *format)
{
    struct import_fixture *fixture = *state;
    fixture->format = format;
    return fixture;
}

static void
read_example(struct import_fixture *fixture, const char *path)
{
    if (!import_fixture_read(fixture, &path, 1)) {
        fail_msg("%s: %s", fixture->faults.rows[0].path,
                 fixture->faults.rows[0].description);
    }
}

static void
read_text(struct import_fixture *fixture, const char *text)
{
    if (!import_fixture_text(fixture, text)) {
        fail_msg("%s: %s: %s", text, fixture->faults.rows[0].path,
                 fixture->faults.rows[0].description);
    }
}

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
check_all(struct import_fixture *fixture)
{
    for (size_t i = 0; i < fixture->set.n_providers; i++) {
        check(fixture, &fixture->set.providers[i]->base);
    }
    for (size_t i = 0; i < fixture->set.n_services; i++) {
        check(fixture, &fixture->set.services[i]->base);
    }
}

static bool
owns(const Google__Protobuf__FieldMask *mask, const char *path)
{
    for (size_t i = 0; i < mask->n_paths; i++) {
        if (strcmp(mask->paths[i], path) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- Examples ---- */

static const char *const example_5 = EXAMPLES "/eosc-5.json";
static const char *const example_6 = EXAMPLES "/eosc-6.json";

static void
test_the_example_of_profile_5_is_read_whole(void **state)
{
    struct import_fixture *fixture = fixture_of(state, "eosc-5");
    read_example(fixture, example_5);
    const struct import_set *set = &fixture->set;
    assert_int_equal(set->n_providers, 1);
    assert_int_equal(set->n_services, 2);
    check_all(fixture);
    const Kontor__V1__Provider *provider = set->providers[0];
    assert_string_equal(provider->id, "alpine/compute");
    assert_string_equal(provider->source->format, "eosc-5");
    assert_string_equal(provider->source->key, "compute");
    assert_string_equal(provider->location->street, "Quay 3");
    assert_string_equal(provider->country, "NL");
    assert_true(provider->is_legal_entity);
    assert_string_equal(provider->hosting_legal_entity, "");
    assert_int_equal(provider->n_scientific_domains, 2);
    assert_int_equal(provider->n_scientific_subdomains, 1);
    assert_string_equal(provider->main_contact->name, "Service Desk");
    assert_string_equal(provider->main_contact->family_name, "Desk");
    assert_string_equal(provider->public_contacts[0]->name, "Service desk");
    assert_string_equal(provider->public_contacts[0]->given_name, "");
    assert_string_equal(provider->administrators[0]->name, "Catalogue Keeper");
    const Kontor__V1__Service *service = set->services[0];
    assert_string_equal(service->provider, "alpine/compute");
    assert_string_equal(service->resource_providers[0], "alpine/21.T15999~2Farchive");
    assert_int_equal(service->n_scientific_domains, 1);
    assert_int_equal(service->n_scientific_subdomains, 2);
    assert_string_equal(service->sla_url, "https://compute.riverside.example/sla");
    assert_string_equal(service->last_update, "2023-05-17");
    assert_string_equal(service->change_log,
                        "3.1: volumes may grow\n3.0: volumes may be copied");
    assert_string_equal(service->life_cycle_status, "life_cycle_status-operation");
    assert_int_equal(service->order_type, KONTOR__V1__ORDER_TYPE__ORDER_REQUIRED);
    assert_int_equal(service->phase, KONTOR__V1__PHASE__PRODUCTION);
    assert_string_equal(service->related_services[0], "alpine/batch");
    assert_int_equal(set->services[1]->phase, KONTOR__V1__PHASE__FORTHCOMING);
    assert_int_equal(set->services[1]->order_type, KONTOR__V1__ORDER_TYPE__OPEN_ACCESS);
    assert_true(import_fixture_found(set, "[1].service.lastUpdate", "time of day"));
    assert_true(import_fixture_found(set, "", "metadata of the envelope has no place"));
}

static void
test_the_example_of_profile_6_has_all_kinds(void **state)
{
    struct import_fixture *fixture = fixture_of(state, "eosc-6");
    read_example(fixture, example_6);
    const struct import_set *set = &fixture->set;
    assert_int_equal(set->n_providers, 1);
    assert_int_equal(set->n_services, 5);
    check_all(fixture);
    static const Kontor__V1__Service__KindCase kinds[] = {
        KONTOR__V1__SERVICE__KIND__NOT_SET, KONTOR__V1__SERVICE__KIND_DATA_SOURCE,
        KONTOR__V1__SERVICE__KIND_TRAINING, KONTOR__V1__SERVICE__KIND_GUIDELINE,
        KONTOR__V1__SERVICE__KIND_DEPLOYABLE_APPLICATION};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        assert_int_equal(set->services[i]->kind_case, kinds[i]);
        assert_string_equal(set->services[i]->provider, "alpine/21.T15999~2Fcompute");
    }
    const Kontor__V1__Provider *provider = set->providers[0];
    assert_string_equal(provider->main_contact->position, "credit-resources");
    assert_string_equal(provider->main_contact->organisation, "Riverside Compute");
    assert_string_equal(provider->public_contacts[0]->email,
                        "desk@compute.riverside.example");
    const Kontor__V1__DataSource *source = set->services[1]->data_source;
    assert_true(source->is_thematic);
    assert_true(source->has_version_control);
    assert_string_equal(source->identifier_systems[0]->schemes[0],
                        "ds_persistent_identity_scheme-doi");
    assert_string_equal(source->metadata_licence->name, "CC0-1.0");
    const Kontor__V1__Service *training = set->services[2];
    assert_string_equal(training->training->duration, "1 h");
    assert_string_equal(training->training->licence->name, "CC-BY-4.0");
    assert_string_equal(training->related_services[0],
                        "alpine/21.T15999~2Fblock.storage");
    assert_string_equal(training->creators[0]->affiliations[0]->identifier->scheme,
                        "ROR");
    assert_string_equal(set->services[3]->guideline->resource_type, "Guideline");
    assert_string_equal(set->services[3]->guideline->related_standards[0]->identifier,
                        "Part 4");
    assert_string_equal(set->services[4]->abbreviation, "NB");
    assert_string_equal(set->services[4]->deployable_application->licence->name, "MIT");
    assert_true(import_fixture_found(set, "", "users.id has no place"));
    assert_true(import_fixture_found(set, "", "status of a provider has no place"));
}

static void
look_for_rows(struct import_fixture *fixture, const char *example,
              const struct json_field *table)
{
    for (; table->key != NULL || table->owns != NULL; table++) {
        bool is_written = table->key != NULL && table->write != NULL;
        const char *member = arena_print(fixture->arena, "\"%s\":", table->key);
        if (is_written && strstr(example, member) == NULL) {
            fail_msg("the example has no %s", table->key);
        }
        if (table->shape != NULL) {
            look_for_rows(fixture, example, table->shape->fields);
        }
    }
}

/* So that every reader is played by the tests that damage the examples, too. */
static void
test_the_examples_have_every_member_and_no_other(void **state)
{
    static const char *const paths[] = {EXAMPLES "/eosc-5.json",
                                        EXAMPLES "/eosc-6.json"};
    static const char *const formats[] = {"eosc-5", "eosc-6"};
    for (size_t i = 0; i < 2; i++) {
        struct import_fixture *fixture = fixture_of(state, formats[i]);
        read_example(fixture, paths[i]);
        assert_false(import_fixture_found(&fixture->set, "", "nothing here takes"));
        const char *example =
            (const char *)real_data_read(paths[i], fixture->arena).data;
        size_t n = 0;
        for (const struct format_table *row = format_tables; row->format != NULL;
             row++) {
            if (strcmp(row->format, formats[i]) == 0) {
                look_for_rows(fixture, example, row->fields);
                n++;
            }
        }
        assert_true(n >= 3);
    }
}

/* What the source does not know stays as it is; what the portfolio decides, too. */
static void
test_masks_hold_what_the_tables_read(void **state)
{
    struct import_fixture *fixture = fixture_of(state, "eosc-6");
    read_text(fixture, "[]");
    assert_int_equal(fixture->set.n_services + fixture->set.n_providers, 0);
    static const char *const owned[] = {
        "source",   "provider",     "subcategories",
        "training", "guideline",    "data_source",
        "urls",     "abbreviation", "deployable_application"};
    static const char *const never[] = {"id",     "phase",   "audit",
                                        "offers", "sla_url", "overrides"};
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++) {
        assert_true(owns(fixture->set.service_fields, owned[i]));
    }
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) {
        assert_false(owns(fixture->set.service_fields, never[i]));
    }
    assert_true(owns(fixture->set.provider_fields, "administrators"));
    assert_false(owns(fixture->set.provider_fields, "location"));
    fixture = fixture_of(state, "eosc-5");
    read_text(fixture, "[]");
    assert_true(owns(fixture->set.provider_fields, "location"));
    assert_true(owns(fixture->set.provider_fields, "country"));
    assert_true(owns(fixture->set.service_fields, "sla_url"));
    assert_false(owns(fixture->set.service_fields, "urls"));
}

/* ---- Containers ---- */

#define BARE "{\"id\": \"a\", \"name\": \"A\", \"orderType\": \"other\"}"

static void
test_every_container_gives_the_record(void **state)
{
    static const char *const texts[] = {
        BARE,
        "[" BARE "]",
        "{\"total\": 1, \"from\": 0, \"to\": 1, \"results\": [" BARE "]}",
        "{\"service\": " BARE ", \"active\": true, \"status\": \"approved\"}",
        "[{\"service\": " BARE "}]",
        "[{\"resource\": " BARE "}]",
    };
    static const char *const formats[] = {"eosc-5", "eosc-6"};
    for (size_t i = 0; i < 2 * sizeof texts / sizeof texts[0]; i++) {
        struct import_fixture *fixture = fixture_of(state, formats[i % 2]);
        read_text(fixture, texts[i / 2]);
        assert_int_equal(fixture->set.n_services, 1);
        assert_string_equal(fixture->set.services[0]->id, "alpine/a");
        assert_int_equal(fixture->set.services[0]->order_type,
                         KONTOR__V1__ORDER_TYPE__OTHER_ACCESS);
    }
}

static void
test_a_page_of_many_says_what_it_leaves_out(void **state)
{
    struct import_fixture *fixture = fixture_of(state, "eosc-5");
    read_text(fixture, "{\"total\": 120, \"results\": [" BARE "]}");
    assert_true(import_fixture_found(&fixture->set, ":total", "120 records"));
}

/* ---- Kinds ---- */

struct judged {
    const char *format;
    const char *text;
    bool is_provider;
    Kontor__V1__Service__KindCase kind;
};

static void
test_the_kind_is_told_by_payload_type_and_members(void **state)
{
    static const struct judged rows[] = {
        {"eosc-5", "[{\"id\": \"a\", \"legalEntity\": true}]", true, 0},
        {"eosc-5", "[{\"id\": \"a\", \"resourceOrganisation\": \"b\"}]", false, 0},
        {"eosc-5", "[{\"provider\": {\"id\": \"a\"}}]", true, 0},
        {"eosc-6", "[{\"id\": \"a\", \"website\": \"https://a.example\"}]", true, 0},
        {"eosc-6", "[{\"organisation\": {\"id\": \"a\"}}]", true, 0},
        {"eosc-6", "[{\"id\": \"a\", \"type\": \"DATA_SOURCE\", \"trl\": \"trl-9\"}]",
         false, KONTOR__V1__SERVICE__KIND_DATA_SOURCE},
        {"eosc-6", "[{\"id\": \"a\", \"trl\": \"trl-9\", \"thematic\": false}]", false,
         KONTOR__V1__SERVICE__KIND_DATA_SOURCE},
        {"eosc-6", "[{\"id\": \"a\", \"type\": \"interoperabilityRecord\"}]", false,
         KONTOR__V1__SERVICE__KIND_GUIDELINE},
        {"eosc-6", "[{\"id\": \"a\", \"acronym\": \"A\"}]", false,
         KONTOR__V1__SERVICE__KIND_DEPLOYABLE_APPLICATION},
        {"eosc-6", "[{\"trainingResource\": {\"id\": \"a\", \"type\": \"other\"}}]",
         false, KONTOR__V1__SERVICE__KIND_TRAINING},
        {"eosc-6", "[{\"id\": \"a\", \"type\": \"unheard\", \"trl\": \"trl-1\"}]",
         false, KONTOR__V1__SERVICE__KIND__NOT_SET},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct import_fixture *fixture = fixture_of(state, rows[i].format);
        read_text(fixture, rows[i].text);
        if (fixture->set.n_providers != (rows[i].is_provider ? 1 : 0) ||
            fixture->set.n_services != (rows[i].is_provider ? 0 : 1)) {
            fail_msg("row %zu: %s", i, rows[i].text);
        }
        if (!rows[i].is_provider) {
            assert_int_equal(fixture->set.services[0]->kind_case, rows[i].kind);
        }
    }
}

static void
test_kinds_without_a_record_of_ours_are_findings(void **state)
{
    static const struct {
        const char *format;
        const char *text;
        const char *says;
    } rows[] = {
        {"eosc-6", "[{\"adapter\": {\"id\": \"a\"}}]", "is of kind Adapter: not taken"},
        {"eosc-6", "[{\"id\": \"a\", \"linkedResource\": {}}]", "Adapter: not taken"},
        {"eosc-6", "[{\"id\": \"a\", \"formModel\": {}}]", "Configuration Template"},
        {"eosc-6", "[{\"id\": \"a\", \"type\": \"Catalogue\", \"trl\": \"x\"}]",
         "Catalogue: not taken"},
        {"eosc-5",
         "[{\"id\": \"a\", \"legalEntity\": true, \"inclusionCriteria\": \"x\"}]",
         "Catalogue: not taken"},
        {"eosc-5", "[{\"id\": \"a\", \"monitoredBy\": \"x\"}]", "Monitoring"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct import_fixture *fixture = fixture_of(state, rows[i].format);
        read_text(fixture, rows[i].text);
        assert_int_equal(fixture->set.n_services + fixture->set.n_providers, 0);
        assert_true(import_fixture_found(&fixture->set, "[0]", rows[i].says));
    }
}

/* ---- Members ---- */

static void
test_the_envelope_decides_the_phase(void **state)
{
    static const struct {
        const char *around;
        Kontor__V1__Phase phase;
    } rows[] = {
        {"", KONTOR__V1__PHASE__PHASE_UNSPECIFIED},
        {", \"status\": \"approved\", \"active\": true", KONTOR__V1__PHASE__PRODUCTION},
        {", \"status\": \"approved resource\", \"active\": true",
         KONTOR__V1__PHASE__PRODUCTION},
        {", \"status\": \"approved\"", KONTOR__V1__PHASE__FORTHCOMING},
        {", \"status\": \"approved\", \"active\": false",
         KONTOR__V1__PHASE__FORTHCOMING},
        {", \"status\": \"approved\", \"active\": true, \"suspended\": true",
         KONTOR__V1__PHASE__FORTHCOMING},
        {", \"status\": \"approved\", \"active\": true, \"draft\": true",
         KONTOR__V1__PHASE__FORTHCOMING},
        {", \"status\": \"pending resource\", \"active\": true",
         KONTOR__V1__PHASE__FORTHCOMING},
        {", \"status\": \"rejected\", \"active\": true",
         KONTOR__V1__PHASE__FORTHCOMING},
        {", \"status\": \"approvedish\", \"active\": true",
         KONTOR__V1__PHASE__FORTHCOMING},
        {", \"active\": true", KONTOR__V1__PHASE__FORTHCOMING},
    };
    struct import_fixture *fixture = fixture_of(state, "eosc-5");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        read_text(fixture, arena_print(fixture->arena, "{\"service\": " BARE "%s}",
                                       rows[i].around));
        if (fixture->set.services[0]->phase != rows[i].phase) {
            fail_msg("row %zu: phase %d", i, fixture->set.services[0]->phase);
        }
    }
    read_text(fixture, "{\"service\": " BARE ", \"status\": \"odd\"}");
    assert_true(import_fixture_found(&fixture->set, "", "status \"odd\" is not known"));
}

static void
test_members_of_the_envelope_are_told_once_a_file(void **state)
{
    struct import_fixture *fixture = fixture_of(state, "eosc-6");
    read_text(fixture, "[{\"service\": " BARE ", \"metadata\": {\"a\": 1}},"
                       "{\"service\": {\"id\": \"b\"}, \"metadata\": {\"a\": 2},"
                       "\"legacy\": null, \"unheard\": 7}]");
    size_t n = 0;
    for (size_t i = 0; i < fixture->set.n_findings; i++) {
        n += strstr(fixture->set.findings[i].text, "metadata") != NULL;
        assert_null(strstr(fixture->set.findings[i].text, "legacy"));
    }
    assert_int_equal(n, 1);
    assert_true(import_fixture_found(&fixture->set, "", "unheard of the envelope"));
}

static void
test_pairs_become_two_lists_in_order_of_appearance(void **state)
{
    struct import_fixture *fixture = fixture_of(state, "eosc-5");
    read_text(
        fixture,
        "{\"id\": \"a\", \"orderType\": null, \"trl\": \"trl-1\","
        "\"scientificDomains\": [{\"scientificDomain\": \"d-b\"},"
        "{\"scientificDomain\": \"d-a\", \"scientificSubdomain\": \"s-a-2\"},"
        "{\"scientificDomain\": \"d-b\", \"scientificSubdomain\": \"s-b-1\"},"
        "{\"scientificDomain\": \"d-a\", \"scientificSubdomain\": \"s-a-2\"},"
        "{\"scientificDomain\": null, \"scientificSubdomain\": \"s-c-1\"}, null]}");
    const Kontor__V1__Service *service = fixture->set.services[0];
    assert_int_equal(service->n_scientific_domains, 2);
    assert_string_equal(service->scientific_domains[0], "d-b");
    assert_string_equal(service->scientific_domains[1], "d-a");
    assert_int_equal(service->n_scientific_subdomains, 3);
    assert_string_equal(service->scientific_subdomains[0], "s-a-2");
    assert_string_equal(service->scientific_subdomains[1], "s-b-1");
    assert_string_equal(service->scientific_subdomains[2], "s-c-1");
}

static void
test_order_types_are_known_with_and_without_prefix(void **state)
{
    static const struct {
        const char *text;
        Kontor__V1__OrderType type;
    } rows[] = {
        {"open_access", KONTOR__V1__ORDER_TYPE__OPEN_ACCESS},
        {"order_type-open_access", KONTOR__V1__ORDER_TYPE__OPEN_ACCESS},
        {"order_type-fully_open_access", KONTOR__V1__ORDER_TYPE__FULLY_OPEN_ACCESS},
        {"order_required", KONTOR__V1__ORDER_TYPE__ORDER_REQUIRED},
        {"order_type-other", KONTOR__V1__ORDER_TYPE__OTHER_ACCESS},
        {"order_type-unheard", KONTOR__V1__ORDER_TYPE__ORDER_TYPE_UNSPECIFIED},
    };
    struct import_fixture *fixture = fixture_of(state, "eosc-6");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        read_text(fixture,
                  arena_print(fixture->arena, "{\"id\": \"a\", \"orderType\": \"%s\"}",
                              rows[i].text));
        assert_int_equal(fixture->set.services[0]->order_type, rows[i].type);
    }
    assert_true(import_fixture_found(&fixture->set, "orderType", "order_type-unheard"));
}

static void
test_an_unknown_member_is_a_finding_with_its_value(void **state)
{
    struct import_fixture *fixture = fixture_of(state, "eosc-5");
    read_text(fixture, "[{\"id\": \"a\", \"trl\": \"trl-1\", \"mood\": [7],"
                       "\"mainContact\": {\"lastName\": \"B\", \"fax\": \"1\"}}]");
    assert_true(import_fixture_found(&fixture->set, "[0].mood", "[7]"));
    assert_true(import_fixture_found(&fixture->set, "[0].mainContact.fax", "\"1\""));
    const Kontor__V1__Contact *contact = fixture->set.services[0]->main_contact;
    assert_string_equal(contact->name, "B");
    assert_string_equal(contact->family_name, "B");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(test_the_example_of_profile_5_is_read_whole),
        IMPORT_TEST(test_the_example_of_profile_6_has_all_kinds),
        IMPORT_TEST(test_the_examples_have_every_member_and_no_other),
        IMPORT_TEST(test_masks_hold_what_the_tables_read),
        IMPORT_TEST(test_every_container_gives_the_record),
        IMPORT_TEST(test_a_page_of_many_says_what_it_leaves_out),
        IMPORT_TEST(test_the_kind_is_told_by_payload_type_and_members),
        IMPORT_TEST(test_kinds_without_a_record_of_ours_are_findings),
        IMPORT_TEST(test_the_envelope_decides_the_phase),
        IMPORT_TEST(test_members_of_the_envelope_are_told_once_a_file),
        IMPORT_TEST(test_pairs_become_two_lists_in_order_of_appearance),
        IMPORT_TEST(test_order_types_are_known_with_and_without_prefix),
        IMPORT_TEST(test_an_unknown_member_is_a_finding_with_its_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
