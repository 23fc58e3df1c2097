/*
 * The importer of TMF633 specifications on a real bundle in OpenSlice's dialect and on
 * the example in the plain form: characteristics recounted from the raw JSON, every
 * field compared.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/tools/raw_json.h"

#define REAL "catalogue/tmf633-bundle.json"
#define EXAMPLE EXAMPLES "/tmf633.json"
#define N(rows) (sizeof(rows) / sizeof(rows)[0])

enum { N_TYPES = KONTOR__V1__PARAMETER__TYPE_QUANTITY + 1 };

static struct import_fixture *
fixture_of(void **state)
{
    struct import_fixture *fixture = *state;
    fixture->format = "tmf633";
    return fixture;
}

static const struct json_value *
member(const struct json_value *object, const char *name)
{
    return json_tree_get(object, name);
}

/* Of whichever dialect there is. */
static const struct json_value *
characteristics(const struct json_value *specification)
{
    const struct json_value *list = member(specification, "serviceSpecCharacteristic");
    return list != NULL ? list : member(specification, "specCharacteristic");
}

static const struct json_value *
values_of(const struct json_value *characteristic)
{
    const struct json_value *list =
        member(characteristic, "serviceSpecCharacteristicValue");
    return list != NULL ? list
                        : member(characteristic, "characteristicValueSpecification");
}

/* The value itself, out of what OpenSlice wraps it in. */
static const struct json_value *
scalar_of(const struct json_value *value)
{
    const struct json_value *inner = member(value, "value");
    return inner != NULL && inner->type == JSON_TYPE_OBJECT ? member(inner, "value")
                                                            : inner;
}

/* What a characteristic must become, said a second time. */
static Kontor__V1__Parameter__TypeCase
expected_type(const struct json_value *characteristic)
{
    static const struct {
        const char *type;
        Kontor__V1__Parameter__TypeCase becomes;
    } rows[] = {
        {"TEXT", KONTOR__V1__PARAMETER__TYPE_TEXT},
        {"INTEGER", KONTOR__V1__PARAMETER__TYPE_INTEGER},
        {"FLOAT", KONTOR__V1__PARAMETER__TYPE_DECIMAL},
        {"BOOLEAN", KONTOR__V1__PARAMETER__TYPE_BOOLEAN},
        {"ENUM", KONTOR__V1__PARAMETER__TYPE_CHOICE},
        {"SET", KONTOR__V1__PARAMETER__TYPE_MULTI_CHOICE},
        {"DATE", KONTOR__V1__PARAMETER__TYPE_DATE},
    };
    const struct json_value *configurable = member(characteristic, "configurable");
    if (configurable != NULL && !configurable->boolean) {
        return KONTOR__V1__PARAMETER__TYPE_CONSTANT;
    }
    for (size_t i = 0; i < N(rows); i++) {
        const char *type = raw_json_text(member(characteristic, "valueType"));
        if (strcmp(rows[i].type, type) == 0) {
            return rows[i].becomes;
        }
    }
    fail_msg("a characteristic without a type this test knows");
    return KONTOR__V1__PARAMETER__TYPE__NOT_SET;
}

/* Characteristics of all specifications by what they become. */
static void
count_raw(const struct json_value *specifications, size_t n, size_t counts[N_TYPES])
{
    for (size_t i = 0; i < n; i++) {
        const struct json_value *list = characteristics(&specifications[i]);
        for (size_t j = 0; j < raw_json_length(list); j++) {
            counts[expected_type(&list->elements[j])]++;
        }
    }
}

static void
count_read(const struct import_set *set, size_t counts[N_TYPES])
{
    for (size_t i = 0; i < set->n_services; i++) {
        assert_int_equal(set->services[i]->n_offers, 1);
        const Kontor__V1__Offer *offer = set->services[i]->offers[0];
        for (size_t j = 0; j < offer->n_parameters; j++) {
            counts[offer->parameters[j]->type_case]++;
        }
    }
}

static void
compare_counts(const struct import_set *set, const struct json_value *specifications,
               size_t n, size_t counts[N_TYPES])
{
    size_t read[N_TYPES] = {0};
    count_raw(specifications, n, counts);
    count_read(set, read);
    for (size_t i = 0; i < N_TYPES; i++) {
        assert_int_equal(read[i], counts[i]);
    }
}

static void
test_all_characteristics_of_a_real_bundle_are_in(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    const struct json_value *root = raw_json_real(fixture, REAL);
    size_t counts[N_TYPES] = {0};
    compare_counts(&fixture->set, root, 1, counts);
    assert_int_equal(counts[KONTOR__V1__PARAMETER__TYPE_CONSTANT], 10);
    assert_int_equal(counts[KONTOR__V1__PARAMETER__TYPE_CHOICE], 1);
    assert_int_equal(characteristics(root)->n, 11);
}

static void
test_all_characteristics_of_the_example_are_in(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    const struct json_value *root = raw_json_file(fixture, EXAMPLE);
    size_t counts[N_TYPES] = {0};
    compare_counts(&fixture->set, root->elements, root->n, counts);
    for (size_t i = KONTOR__V1__PARAMETER__TYPE_CONSTANT;
         i < KONTOR__V1__PARAMETER__TYPE_QUANTITY; i++) {
        assert_true(counts[i] > 0);
    }
    assert_int_equal(fixture->set.n_findings, 0);
}

/* ---- Every field ---- */

static void
compare_value(const Kontor__V1__Value *value, const struct json_value *from)
{
    const struct json_value *scalar = scalar_of(from);
    bool is_number = strcmp(raw_json_text(member(from, "valueType")), "INTEGER") == 0;
    if (is_number) {
        assert_int_equal(value->kind_case, KONTOR__V1__VALUE__KIND_INTEGER);
        assert_int_equal(value->integer, strtoll(scalar->text, NULL, 10));
        return;
    }
    assert_int_equal(value->kind_case, KONTOR__V1__VALUE__KIND_TEXT);
    assert_string_equal(value->text, scalar->text);
}

static void
compare_values(Kontor__V1__Value *const *values, size_t n,
               const struct json_value *list)
{
    assert_int_equal(n, raw_json_length(list));
    for (size_t i = 0; i < n; i++) {
        compare_value(values[i], &list->elements[i]);
    }
}

/* A member of the first value that has it. */
static const struct json_value *
of_any_value(const struct json_value *characteristic, const char *name)
{
    const struct json_value *list = values_of(characteristic);
    for (size_t i = 0; i < raw_json_length(list); i++) {
        const struct json_value *value = member(&list->elements[i], name);
        if (value != NULL && value->type != JSON_TYPE_NULL) {
            return value;
        }
    }
    return NULL;
}

static void
compare_constant(const Kontor__V1__Parameter *parameter, const struct json_value *from)
{
    compare_value(parameter->constant->value, values_of(from)->elements);
}

static void
compare_text(const Kontor__V1__Parameter *parameter, const struct json_value *from)
{
    assert_string_equal(parameter->text->pattern, raw_json_text(member(from, "regex")));
    assert_string_equal(parameter->text->default_text,
                        raw_json_text(of_any_value(from, "value")));
}

static void
compare_integer(const Kontor__V1__Parameter *parameter, const struct json_value *from)
{
    const Kontor__V1__IntegerParameter *integer = parameter->integer;
    assert_int_equal(integer->minimum,
                     raw_json_integer(of_any_value(from, "valueFrom")));
    assert_int_equal(integer->maximum, raw_json_integer(of_any_value(from, "valueTo")));
    assert_int_equal(integer->default_integer,
                     raw_json_integer(of_any_value(from, "value")));
    assert_int_equal(integer->_default_integer_case != 0,
                     of_any_value(from, "value") != NULL);
}

static void
compare_decimal(const Kontor__V1__Parameter *parameter, const struct json_value *from)
{
    assert_true(strtod(parameter->decimal->minimum, NULL) ==
                raw_json_number(of_any_value(from, "valueFrom")));
    assert_true(strtod(parameter->decimal->maximum, NULL) ==
                raw_json_number(of_any_value(from, "valueTo")));
}

static void
compare_choice(const Kontor__V1__Parameter *parameter, const struct json_value *from)
{
    compare_values(parameter->choice->values, parameter->choice->n_values,
                   values_of(from));
}

static void
compare_multi_choice(const Kontor__V1__Parameter *parameter,
                     const struct json_value *from)
{
    compare_values(parameter->multi_choice->values, parameter->multi_choice->n_values,
                   values_of(from));
    assert_int_equal(parameter->multi_choice->max_items,
                     raw_json_integer(member(from, "maxCardinality")));
}

static void
compare_date(const Kontor__V1__Parameter *parameter, const struct json_value *from)
{
    assert_string_equal(parameter->date->earliest,
                        raw_json_text(of_any_value(from, "valueFrom")));
    assert_string_equal(parameter->date->latest,
                        raw_json_text(of_any_value(from, "valueTo")));
}

static void (*const comparers[N_TYPES])(const Kontor__V1__Parameter *parameter,
                                        const struct json_value *from) = {
    [KONTOR__V1__PARAMETER__TYPE_CONSTANT] = compare_constant,
    [KONTOR__V1__PARAMETER__TYPE_TEXT] = compare_text,
    [KONTOR__V1__PARAMETER__TYPE_INTEGER] = compare_integer,
    [KONTOR__V1__PARAMETER__TYPE_DECIMAL] = compare_decimal,
    [KONTOR__V1__PARAMETER__TYPE_CHOICE] = compare_choice,
    [KONTOR__V1__PARAMETER__TYPE_MULTI_CHOICE] = compare_multi_choice,
    [KONTOR__V1__PARAMETER__TYPE_DATE] = compare_date,
};

/* The description, and a line for each value that people call by another name. */
static char *
expected_words(struct arena *arena, const struct json_value *from,
               const Kontor__V1__Parameter *parameter)
{
    const struct json_value *list = values_of(from);
    char *words = arena_copy(arena, raw_json_text(member(from, "description")));
    bool is_choice = parameter->type_case == KONTOR__V1__PARAMETER__TYPE_CHOICE;
    for (size_t i = 0; is_choice && i < raw_json_length(list); i++) {
        const struct json_value *value = &list->elements[i];
        const char *alias = raw_json_text(member(member(value, "value"), "alias"));
        if (alias[0] != '\0') {
            words = arena_print(arena, "%s\n- %s = %s", words, scalar_of(value)->text,
                                alias);
        }
    }
    return words;
}

/* Real names hold colons and blanks; an id holds a hyphen for a run of them. */
static char *
expected_id(struct arena *arena, const char *name)
{
    char *id = arena_copy(arena, name);
    size_t n = 0;
    for (const char *at = name; *at != '\0'; at++) {
        bool is_other = strchr(": ", *at) != NULL;
        if (!is_other || id[n - 1] != '-') {
            id[n++] = is_other ? '-' : *at;
        }
    }
    id[n] = '\0';
    return id;
}

static void
compare_parameter(struct arena *arena, const Kontor__V1__Parameter *parameter,
                  const struct json_value *from, bool is_real)
{
    const char *name = raw_json_text(member(from, "name"));
    const char *unit = raw_json_text(of_any_value(from, "unitOfMeasure"));
    bool is_asked = parameter->type_case != KONTOR__V1__PARAMETER__TYPE_CONSTANT;
    assert_string_equal(parameter->label, name);
    assert_string_equal(parameter->id, is_real ? expected_id(arena, name)
                                               : raw_json_text(member(from, "id")));
    assert_string_equal(parameter->description, expected_words(arena, from, parameter));
    assert_string_equal(parameter->unit, strcmp(unit, "N/A") == 0 ? "" : unit);
    assert_int_equal(parameter->required,
                     is_asked && raw_json_integer(member(from, "minCardinality")) > 0);
    assert_int_equal(parameter->type_case, expected_type(from));
    if (comparers[parameter->type_case] != NULL) {
        comparers[parameter->type_case](parameter, from);
    }
}

static void
compare_service(struct import_fixture *fixture, const Kontor__V1__Service *service,
                const struct json_value *from, bool is_real)
{
    const struct json_value *list = characteristics(from);
    const struct json_value *party = member(from, "relatedParty")->elements;
    const Kontor__V1__Offer *offer = service->offers[0];
    struct arena *arena = fixture->arena;
    const char *key = raw_json_text(member(from, "id"));
    assert_string_equal(service->id, arena_print(arena, "alpine/%s", key));
    assert_string_equal(service->source->key, key);
    assert_string_equal(service->name, raw_json_text(member(from, "name")));
    assert_string_equal(service->description,
                        raw_json_text(member(from, "description")));
    assert_string_equal(service->release, raw_json_text(member(from, "version")));
    assert_string_equal(service->life_cycle_status,
                        raw_json_text(member(from, "lifecycleStatus")));
    assert_memory_equal(service->last_update, raw_json_text(member(from, "lastUpdate")),
                        10);
    assert_int_equal(strlen(service->last_update), 10);
    assert_string_equal(
        service->provider,
        arena_print(arena, "alpine/%s", raw_json_text(member(party, "id"))));
    assert_string_equal(fixture->set.providers[0]->name,
                        raw_json_text(member(party, "name")));
    assert_string_equal(offer->iid, "default");
    assert_string_equal(offer->name, service->name);
    assert_true(offer->is_internal);
    assert_int_equal(offer->n_parameters, list->n);
    for (size_t i = 0; i < list->n; i++) {
        compare_parameter(arena, offer->parameters[i], &list->elements[i], is_real);
    }
}

static void
test_every_field_is_as_in_the_real_file(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    const struct json_value *root = raw_json_real(fixture, REAL);
    assert_int_equal(fixture->set.n_services, 1);
    const Kontor__V1__Service *service = fixture->set.services[0];
    compare_service(fixture, service, root, true);
    assert_int_equal(service->phase, KONTOR__V1__PHASE__FORTHCOMING);
    const struct json_value *relations = member(root, "serviceSpecRelationship");
    assert_int_equal(service->n_related_services, relations->n);
    assert_string_equal(service->related_services[0],
                        arena_print(fixture->arena, "alpine/%s",
                                    member(relations->elements, "id")->text));
    assert_true(import_fixture_found(&fixture->set, "serviceSpecRelationship[0]",
                                     "no specification of these files"));
    raw_json_judge(fixture);
}

static void
test_every_field_is_as_in_the_example(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    const struct json_value *root = raw_json_file(fixture, EXAMPLE);
    assert_int_equal(fixture->set.n_services, root->n);
    assert_int_equal(fixture->set.n_providers, 1);
    for (size_t i = 0; i < root->n; i++) {
        compare_service(fixture, fixture->set.services[i], &root->elements[i], false);
    }
    const Kontor__V1__Service *compute = fixture->set.services[0];
    assert_int_equal(compute->phase, KONTOR__V1__PHASE__PRODUCTION);
    assert_int_equal(fixture->set.services[1]->phase,
                     KONTOR__V1__PHASE__PRE_PRODUCTION);
    assert_int_equal(compute->n_required_services, 1);
    assert_string_equal(compute->required_services[0], "alpine/fjord-volume");
    assert_int_equal(compute->n_related_services, 0);
    raw_json_judge(fixture);
}

/* What stands in every characteristic and value is told once, with how often. */
static void
test_members_without_a_place_are_told_once(void **state)
{
    static const char *const names[] = {"serviceSpecCharacteristic[0].@baseType",
                                        "serviceSpecCharacteristic[0].validFor",
                                        "serviceSpecCharacteristicValue[0].validFor"};
    struct import_fixture *fixture = fixture_of(state);
    raw_json_real(fixture, REAL);
    for (size_t i = 0; i < N(names); i++) {
        assert_true(import_fixture_found(&fixture->set, names[i], "more places)"));
    }
    assert_false(import_fixture_found(&fixture->set, "serviceSpecCharacteristic[1].v",
                                      "nothing here takes"));
    assert_true(import_fixture_found(&fixture->set, "serviceSpecCharacteristic[1]",
                                     "\"Quality Class\" cannot be its id here"));
    assert_true(import_fixture_found(&fixture->set, "isBundle", "is a bundle"));
    assert_int_equal(fixture->set.n_findings, 30);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(test_all_characteristics_of_a_real_bundle_are_in),
        IMPORT_TEST(test_all_characteristics_of_the_example_are_in),
        IMPORT_TEST(test_every_field_is_as_in_the_real_file),
        IMPORT_TEST(test_every_field_is_as_in_the_example),
        IMPORT_TEST(test_members_without_a_place_are_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
