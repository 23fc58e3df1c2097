/*
 * The importer of eInfraCentral's profiles on real ones and on the example: each field
 * beside what stands in the raw text, found without an XML parser.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/tools/raw_json.h"

#define FOLDER "catalogue/einfracentral-sample/"
#define EXAMPLE EXAMPLES "/einfracentral-2017.xml"
#define N(rows) (sizeof(rows) / sizeof(rows)[0])

static struct import_fixture *
fixture_of(void **state)
{
    struct import_fixture *fixture = *state;
    fixture->format = "einfracentral-2017";
    return fixture;
}

/* What each element becomes, written down a second time; list: its elements inside. */
static const struct {
    const char *element;
    const char *list;
    const char *field;
} expected[] = {
    {"url", NULL, "webpage"},
    {"name", NULL, "name"},
    {"tagline", NULL, "tagline"},
    {"description", NULL, "description"},
    {"targetUsers", NULL, "target_users"},
    {"symbol", NULL, "logo"},
    {"version", NULL, "release"},
    {"lastUpdate", NULL, "last_update"},
    {"changeLog", NULL, "change_log"},
    {"lifeCycleStatus", NULL, "life_cycle_status"},
    {"trl", NULL, "trl"},
    {"category", NULL, "categories"},
    {"subcategory", NULL, "subcategories"},
    {"places", "place", "geographical_availabilities"},
    {"languages", "language", "languages"},
    {"tags", "tag", "tags"},
    {"request", NULL, "order_url"},
    {"userManual", NULL, "user_manual"},
    {"trainingInformation", NULL, "training_information"},
    {"price", NULL, "pricing"},
    {"serviceLevelAgreement", NULL, "sla_url"},
    {"funding", NULL, "funding_programs"},
};

/* The first element of that name in a text, without white space around; NULL: none.
 * after is set to what stands behind it. */
static char *
raw_element(struct arena *arena, const char *text, const char *name, const char **after)
{
    const char *begin = strstr(text, arena_print(arena, "<%s>", name));
    if (begin == NULL) {
        return NULL;
    }
    begin += strlen(name) + 2;
    const char *end = strstr(begin, arena_print(arena, "</%s>", name));
    assert_non_null(end);
    if (after != NULL) {
        *after = end;
    }
    begin += strspn(begin, " \t\r\n");
    while (end > begin && strchr(" \t\r\n", end[-1]) != NULL) {
        end--;
    }
    return arena_copy_n(arena, begin, (size_t)(end - begin));
}

static void
compare_list(struct arena *arena, char *const *texts, size_t n, const char *raw,
             const char *element)
{
    if (element == NULL) {
        assert_int_equal(n, raw == NULL ? 0 : 1);
        if (raw != NULL) {
            assert_string_equal(texts[0], raw);
        }
        return;
    }
    for (size_t i = 0; i < n; i++) {
        assert_non_null(raw);
        const char *part = raw_element(arena, raw, element, &raw);
        assert_non_null(part);
        assert_string_equal(texts[i], part);
    }
    assert_true(raw == NULL || raw_element(arena, raw, element, NULL) == NULL);
}

static void
compare_fields(struct arena *arena, const Kontor__V1__Service *service, const char *raw)
{
    const char *base = (const char *)service;
    for (size_t i = 0; i < N(expected); i++) {
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field_by_name(
                &kontor__v1__service__descriptor, expected[i].field);
        assert_non_null(field);
        const char *text = raw_element(arena, raw, expected[i].element, NULL);
        const void *at = base + field->offset;
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            const void *n = base + field->quantifier_offset;
            compare_list(arena, *(char **const *)at, *(const size_t *)n, text,
                         expected[i].list);
            continue;
        }
        assert_string_equal(*(char *const *)at, text == NULL ? "" : text);
    }
}

/* What is made of more than one field, or into a message of its own. */
static void
compare_others(struct arena *arena, const Kontor__V1__Service *service, const char *raw)
{
    const char *terms = raw_element(arena, raw, "termsOfUse", NULL);
    const char *term =
        terms == NULL ? NULL : raw_element(arena, terms, "termOfUse", NULL);
    const char *film = raw_element(arena, raw, "multimediaURL", NULL);
    const char *desk = raw_element(arena, raw, "helpdesk", NULL);
    const char *first = raw_element(arena, raw_element(arena, raw, "providers", NULL),
                                    "provider", NULL);
    const char *key = raw_element(arena, raw, "id", NULL);
    assert_string_equal(service->terms_of_use, term != NULL    ? term
                                               : terms != NULL ? terms
                                                               : "");
    assert_int_equal(service->n_multimedia, film == NULL ? 0 : 1);
    if (film != NULL) {
        assert_string_equal(service->multimedia[0]->url, film);
    }
    assert_string_equal(strchr(desk, '@') == NULL ? service->helpdesk_page
                                                  : service->helpdesk_email,
                        desk);
    assert_string_equal(service->source->key, key);
    assert_string_equal(service->source->format, "einfracentral-2017");
    assert_string_equal(service->id, arena_print(arena, "alpine/%s", key));
    assert_non_null(first);
    assert_int_equal(service->order_type,
                     KONTOR__V1__ORDER_TYPE__ORDER_TYPE_UNSPECIFIED);
}

/* Reads a real file and compares it; its only service. */
static const Kontor__V1__Service *
compare_real(struct import_fixture *fixture, const char *name)
{
    struct bytes text =
        import_fixture_real(fixture, arena_print(fixture->arena, FOLDER "%s", name));
    const char *raw = (const char *)text.data;
    assert_int_equal(fixture->set.n_services, 1);
    const Kontor__V1__Service *service = fixture->set.services[0];
    compare_fields(fixture->arena, service, raw);
    compare_others(fixture->arena, service, raw);
    raw_json_judge(fixture);
    return service;
}

/* Every element of the file that has no field, and nothing else, is told. */
static void
test_a_full_profile_is_in(void **state)
{
    static const char *const homeless[] = {"options", "userValue", "userBase",
                                           "validFor", "feedback"};
    struct import_fixture *fixture = fixture_of(state);
    const Kontor__V1__Service *service = compare_real(fixture, "0.0.xml");
    const struct import_set *set = &fixture->set;
    assert_int_equal(service->phase, KONTOR__V1__PHASE__PRE_PRODUCTION);
    assert_string_equal(service->provider, "alpine/eic");
    assert_string_equal(set->providers[0]->name, "eic");
    for (size_t i = 0; i < N(homeless); i++) {
        assert_true(import_fixture_found(
            set, "0.0.xml:",
            arena_print(fixture->arena, "nothing here takes %s", homeless[i])));
    }
    assert_true(import_fixture_found(set, "0.0.xml:", "termsOfUse has white space"));
    assert_true(import_fixture_found(set, "0.0.xml:", "made from its name"));
    assert_true(import_fixture_found(set, "0.0.xml:",
                                     "its id is \"00.00\" and its file is called "
                                     "\"0.0\": proposed is the id \"0.0\""));
    assert_true(import_fixture_found(set, "0.0.xml:",
                                     "no service of these files has "
                                     "the id \"1.2\""));
    assert_int_equal(set->n_findings, N(homeless) + 4);
    assert_int_equal(service->n_related_services, 0);
}

static void
test_a_thin_profile_with_unseen_characters_is_in(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    const Kontor__V1__Service *service = compare_real(fixture, "3.02.xml");
    const struct import_set *set = &fixture->set;
    size_t n_unseen = 0;
    for (const char *at = strstr(service->description, "\xE2\x80\x8B"); at != NULL;
         at = strstr(at + 1, "\xE2\x80\x8B")) {
        n_unseen++;
    }
    assert_true(n_unseen > 0);
    assert_true(import_fixture_found(
        set, "3.02.xml:7",
        arena_print(fixture->arena,
                    "description holds characters nobody sees: %zu x "
                    "U+200B, left as they are",
                    n_unseen)));
    assert_true(
        import_fixture_found(set, "3.02.xml:", "a relation is a text and no service"));
    assert_true(
        import_fixture_found(set, "3.02.xml:9", "nothing here takes userValue"));
    assert_true(
        import_fixture_found(set, "3.02.xml:18", "nothing here takes feedback"));
    assert_int_equal(set->n_findings, 5);
    assert_int_equal(service->n_related_services, 0);
    assert_int_equal(service->phase, KONTOR__V1__PHASE__PRODUCTION);
}

static void
test_both_profiles_go_in_together(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    const char *paths[] = {real_data_path(FOLDER "0.0.xml", fixture->arena),
                           real_data_path(FOLDER "3.02.xml", fixture->arena)};
    assert_true(import_fixture_read(fixture, paths, 2));
    assert_int_equal(fixture->set.n_services, 2);
    assert_int_equal(fixture->set.n_providers, 2);
    assert_int_equal(fixture->set.n_findings, 9 + 5);
}

/* The example is clean: it says nothing but that its providers have only names. */
static void
test_the_example_is_in_with_its_relations(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    const char *path = EXAMPLE;
    assert_true(import_fixture_read(fixture, &path, 1));
    const struct import_set *set = &fixture->set;
    const char *raw = (const char *)real_data_read(path, fixture->arena).data;
    assert_int_equal(set->n_services, 3);
    for (size_t i = 0; i < set->n_services; i++) {
        const char *one = raw_element(fixture->arena, raw, "service", &raw);
        compare_fields(fixture->arena, set->services[i], one);
        compare_others(fixture->arena, set->services[i], one);
    }
    raw_json_judge(fixture);
    assert_int_equal(set->n_providers, 2);
    assert_int_equal(set->n_findings, 2);
    assert_int_equal(set->services[0]->n_resource_providers, 1);
    assert_string_equal(set->services[0]->resource_providers[0],
                        set->services[2]->provider);
    assert_int_equal(set->services[0]->n_related_services, 1);
    assert_string_equal(set->services[0]->related_services[0], set->services[2]->id);
    assert_int_equal(set->services[0]->n_required_services, 1);
    assert_string_equal(set->services[0]->required_services[0], set->services[1]->id);
}

static void
test_the_mask_leaves_the_phase_alone(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    const char *path = EXAMPLE;
    assert_true(import_fixture_read(fixture, &path, 1));
    const Google__Protobuf__FieldMask *mask = fixture->set.service_fields;
    assert_int_equal(mask->n_paths, N(expected) + 9);
    for (size_t i = 0; i < mask->n_paths; i++) {
        assert_string_not_equal(mask->paths[i], "phase");
        assert_non_null(protobuf_c_message_descriptor_get_field_by_name(
            &kontor__v1__service__descriptor, mask->paths[i]));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(test_a_full_profile_is_in),
        IMPORT_TEST(test_a_thin_profile_with_unseen_characters_is_in),
        IMPORT_TEST(test_both_profiles_go_in_together),
        IMPORT_TEST(test_the_example_is_in_with_its_relations),
        IMPORT_TEST(test_the_mask_leaves_the_phase_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
