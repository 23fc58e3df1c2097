/*
 * The Marketplace importer on the real catalogue: known answers recounted from the raw
 * file, every field compared, and a copy with one thing changed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/json_tree.h"
#include "proto/rules.h"
#include "proto/text.h"
#include "tests/tools/import_fixture.h"

#define REAL "catalogue/marketplace-2019-10.json"

static struct import_fixture *
fixture_of(void **state)
{
    struct import_fixture *fixture = *state;
    fixture->format = "marketplace-2019";
    return fixture;
}

static const struct json_value *
raw(struct import_fixture *fixture)
{
    struct bytes text = import_fixture_real(fixture, REAL);
    const struct json_value *root =
        json_tree_parse(text, REAL, fixture->arena, &fixture->faults);
    assert_non_null(root);
    return root;
}

static bool
is_text(const struct json_value *value, const char *text)
{
    return value != NULL && value->type == JSON_TYPE_TEXT &&
           strcmp(value->text, text) == 0;
}

/* A list as it is, or one value as a list of one; null is a list of none. */
static size_t
list_of(const struct json_value *value, const struct json_value **first)
{
    *first = value;
    if (value == NULL || value->type == JSON_TYPE_NULL) {
        return 0;
    }
    if (value->type != JSON_TYPE_LIST) {
        return 1;
    }
    *first = value->elements;
    return value->n;
}

static const struct json_value *
member(const struct json_value *object, const char *name)
{
    return json_tree_get(object, name);
}

static void
test_known_answers_are_met(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    raw(fixture);
    const struct import_set *set = &fixture->set;
    size_t offers = 0;
    size_t parameters = 0;
    size_t types[32] = {0};
    size_t access[5] = {0};
    size_t sla = 0;
    size_t helpdesk = 0;
    size_t phases[7] = {0};
    for (size_t i = 0; i < set->n_services; i++) {
        const Kontor__V1__Service *service = set->services[i];
        access[service->order_type]++;
        phases[service->phase]++;
        sla += service->sla_url[0] != '\0';
        helpdesk += service->helpdesk_page[0] != '\0';
        offers += service->n_offers;
        for (size_t j = 0; j < service->n_offers; j++) {
            parameters += service->offers[j]->n_parameters;
            for (size_t k = 0; k < service->offers[j]->n_parameters; k++) {
                types[service->offers[j]->parameters[k]->type_case]++;
            }
        }
    }
    assert_int_equal(set->n_services, 57);
    assert_int_equal(offers, 75);
    assert_int_equal(parameters, 171);
    assert_int_equal(types[KONTOR__V1__PARAMETER__TYPE_CHOICE], 48);
    assert_int_equal(types[KONTOR__V1__PARAMETER__TYPE_MULTI_CHOICE], 2);
    assert_int_equal(types[KONTOR__V1__PARAMETER__TYPE_CONSTANT], 12);
    assert_int_equal(types[KONTOR__V1__PARAMETER__TYPE_DATE], 32);
    /* 45 inputs and 32 ranges; an input of whole numbers is an integer too. */
    assert_int_equal(types[KONTOR__V1__PARAMETER__TYPE_TEXT] +
                         types[KONTOR__V1__PARAMETER__TYPE_INTEGER],
                     45 + 32);
    assert_int_equal(sla, 27);
    assert_int_equal(helpdesk, 39);
    assert_int_equal(access[KONTOR__V1__ORDER_TYPE__ORDER_REQUIRED], 40);
    assert_int_equal(access[KONTOR__V1__ORDER_TYPE__OPEN_ACCESS], 16);
    assert_int_equal(access[KONTOR__V1__ORDER_TYPE__ORDER_TYPE_UNSPECIFIED], 1);
    assert_int_equal(phases[KONTOR__V1__PHASE__PRE_PRODUCTION], 10);
    assert_int_equal(phases[KONTOR__V1__PHASE__PRODUCTION], 47);
}

/* What the format says each member becomes, written down a second time. */
static const struct {
    const char *key;
    const char *field;
} expected[] = {
    {"title", "name"},
    {"tagline", "tagline"},
    {"description", "description"},
    {"logo", "logo"},
    {"webpage_url", "webpage"},
    {"connected_url", "order_url"},
    {"manual_url", "user_manual"},
    {"helpdesk_url", "helpdesk_page"},
    {"tutorial_url", "training_information"},
    {"terms_of_use_url", "terms_of_use"},
    {"sla_url", "sla_url"},
    {"access_policies_url", "access_policy"},
    {"restrictions", "restrictions"},
    {"parents", "categories"},
    {"area", "scientific_domains"},
    {"places", "geographical_availabilities"},
    {"languages", "languages"},
    {"target_groups", "target_users"},
    {"platforms", "platforms"},
};

static void
compare_field(const ProtobufCMessage *message, const char *name,
              const struct json_value *value)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    assert_non_null(field);
    const char *base = (const char *)message;
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        const char *text = *(char *const *)(const void *)(base + field->offset);
        bool is_absent = value == NULL || value->type == JSON_TYPE_NULL;
        assert_string_equal(text, is_absent ? "" : value->text);
        return;
    }
    const struct json_value *first = NULL;
    size_t n = list_of(value, &first);
    assert_int_equal(*(const size_t *)(const void *)(base + field->quantifier_offset),
                     n);
    char *const *texts = *(char **const *)(const void *)(base + field->offset);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(texts[i], first[i].text);
    }
}

/* is_decimal: a number stands among decimals, and is one itself. */
static void
compare_value(const Kontor__V1__Value *value, const struct json_value *from,
              bool is_decimal)
{
    if (from->type == JSON_TYPE_TEXT) {
        assert_int_equal(value->kind_case, KONTOR__V1__VALUE__KIND_TEXT);
        assert_string_equal(value->text, from->text);
        return;
    }
    if (!is_decimal) {
        assert_int_equal(value->kind_case, KONTOR__V1__VALUE__KIND_INTEGER);
        assert_int_equal(value->integer, from->integer);
        return;
    }
    assert_int_equal(value->kind_case, KONTOR__V1__VALUE__KIND_DECIMAL);
    assert_true(rules_is_decimal(value->decimal));
    assert_true(strtod(value->decimal, NULL) == from->real + (double)from->integer);
}

static void
compare_choices(Kontor__V1__Value *const *values, size_t n,
                const struct json_value *config)
{
    const struct json_value *list = member(config, "values");
    assert_int_equal(n, list->n);
    bool is_decimal = false;
    for (size_t i = 0; i < n; i++) {
        is_decimal |= list->elements[i].type == JSON_TYPE_REAL;
    }
    for (size_t i = 0; i < n; i++) {
        compare_value(values[i], &list->elements[i], is_decimal);
    }
}

static void
compare_type(const Kontor__V1__Parameter *parameter, const struct json_value *from)
{
    const struct json_value *type = member(from, "type");
    const struct json_value *config = member(from, "config");
    const struct json_value *value = member(from, "value");
    if (is_text(type, "select")) {
        compare_choices(parameter->choice->values, parameter->choice->n_values, config);
        compare_field(&parameter->choice->base, "display", member(config, "mode"));
    } else if (is_text(type, "multiselect")) {
        compare_choices(parameter->multi_choice->values,
                        parameter->multi_choice->n_values, config);
        assert_int_equal(parameter->multi_choice->min_items,
                         member(config, "minItems")->integer);
    } else if (is_text(type, "range")) {
        assert_int_equal(parameter->integer->minimum,
                         member(config, "minimum")->integer);
        assert_int_equal(parameter->integer->maximum,
                         member(config, "maximum")->integer);
    } else if (is_text(type, "attribute")) {
        compare_value(parameter->constant->value, value, false);
    } else if (is_text(type, "input") &&
               is_text(member(from, "value_type"), "integer")) {
        assert_int_equal(parameter->integer->_default_integer_case != 0, value != NULL);
        assert_int_equal(parameter->integer->default_integer,
                         value == NULL ? 0 : value->integer);
        assert_int_equal(parameter->integer->_minimum_case, 0);
    } else if (is_text(type, "input")) {
        assert_int_equal(parameter->type_case, KONTOR__V1__PARAMETER__TYPE_TEXT);
    } else {
        assert_true(is_text(type, "date"));
        assert_int_equal(parameter->type_case, KONTOR__V1__PARAMETER__TYPE_DATE);
    }
}

static void
compare_offer(const Kontor__V1__Offer *offer, const struct json_value *from,
              bool is_order_required)
{
    assert_string_equal(offer->iid, member(from, "_iid")->text);
    assert_string_equal(offer->name, member(from, "name")->text);
    assert_string_equal(offer->description, member(from, "description")->text);
    assert_int_equal(offer->is_internal, is_order_required);
    const struct json_value *list = NULL;
    assert_int_equal(offer->n_parameters, list_of(member(from, "parameters"), &list));
    for (size_t i = 0; i < offer->n_parameters; i++) {
        const Kontor__V1__Parameter *parameter = offer->parameters[i];
        assert_string_equal(parameter->id, member(&list[i], "id")->text);
        assert_string_equal(parameter->label, member(&list[i], "label")->text);
        assert_string_equal(parameter->description,
                            member(&list[i], "description")->text);
        compare_field(&parameter->base, "unit", member(&list[i], "unit"));
        compare_type(parameter, &list[i]);
    }
}

static void
test_every_field_is_as_in_the_file(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    const struct json_value *services = member(raw(fixture), "services");
    assert_int_equal(services->n, fixture->set.n_services);
    for (size_t i = 0; i < services->n; i++) {
        const struct json_value *from = &services->elements[i];
        const Kontor__V1__Service *service = fixture->set.services[i];
        const char *key = member(from, "_key")->text;
        assert_string_equal(service->source->key, key);
        assert_string_equal(service->id,
                            arena_print(fixture->arena, "alpine/%s",
                                        text_escaped_id(key, fixture->arena)));
        for (size_t j = 0; j < sizeof expected / sizeof expected[0]; j++) {
            compare_field(&service->base, expected[j].field,
                          member(from, expected[j].key));
        }
        const struct json_value *access = member(from, "open_access");
        bool is_required = access != NULL && !access->boolean;
        const struct json_value *offers = NULL;
        assert_int_equal(service->n_offers, list_of(member(from, "offers"), &offers));
        for (size_t j = 0; j < service->n_offers; j++) {
            compare_offer(service->offers[j], &offers[j], is_required);
        }
    }
}

static const char *
name_of_provider(const struct import_set *set, const char *id)
{
    for (size_t i = 0; i < set->n_providers; i++) {
        if (strcmp(set->providers[i]->id, id) == 0) {
            return set->providers[i]->name;
        }
    }
    fail_msg("%s is no provider of the set", id);
    return NULL;
}

static void
test_every_provider_named_is_a_record(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    const struct json_value *services = member(raw(fixture), "services");
    const struct import_set *set = &fixture->set;
    for (size_t i = 0; i < services->n; i++) {
        const struct json_value *names = member(&services->elements[i], "providers");
        const Kontor__V1__Service *service = set->services[i];
        assert_int_equal(service->n_resource_providers + 1, names->n);
        assert_string_equal(name_of_provider(set, service->provider),
                            names->elements[0].text);
        for (size_t j = 1; j < names->n; j++) {
            assert_string_equal(
                name_of_provider(set, service->resource_providers[j - 1]),
                names->elements[j].text);
        }
    }
    for (size_t i = 0; i < set->n_providers; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(set->providers[i]->id, set->providers[j]->id);
        }
    }
}

static const Kontor__V1__Service *
service_titled(const struct import_set *set, const char *title)
{
    for (size_t i = 0; i < set->n_services; i++) {
        if (strcmp(set->services[i]->name, title) == 0) {
            return set->services[i];
        }
    }
    return NULL;
}

static bool
is_related(const Kontor__V1__Service *from, const Kontor__V1__Service *to)
{
    for (size_t i = 0; i < from->n_related_services; i++) {
        if (strcmp(from->related_services[i], to->id) == 0) {
            return true;
        }
    }
    return false;
}

static void
test_all_91_relations_join_by_title(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    const struct json_value *relations = member(raw(fixture), "relations");
    size_t n_joined = 0;
    for (size_t i = 0; i < relations->n; i++) {
        const struct json_value *row = &relations->elements[i];
        const Kontor__V1__Service *from =
            service_titled(&fixture->set, member(row, "source")->text);
        const Kontor__V1__Service *to =
            service_titled(&fixture->set, member(row, "target")->text);
        assert_true(from != NULL && to != NULL);
        assert_true(is_related(from, to));
        assert_true(!member(row, "both")->boolean || is_related(to, from));
        n_joined++;
    }
    assert_int_equal(n_joined, 91);
}

static void
test_odd_things_are_told(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    raw(fixture);
    assert_true(
        import_fixture_found(&fixture->set, "services[", "whether an order is needed"));
    assert_true(import_fixture_found(&fixture->set, "services[", "has no offers"));
    assert_true(import_fixture_found(&fixture->set, ".catalog", "nothing here takes"));
    assert_true(import_fixture_found(&fixture->set, "platforms", "27 terms"));
    assert_true(import_fixture_found(&fixture->set, ".values",
                                     "taken as written, as decimals"));
    /* All 46 providers are in the file; nothing had to be made from a name. */
    assert_int_equal(fixture->set.n_providers, 46);
    assert_false(import_fixture_found(&fixture->set, ".providers[", "is not among"));
}

/* The real file with its last service gone and one maximum moved. */
static void
test_a_changed_copy_differs_there_alone(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    const char *path = real_data_path(REAL, fixture->arena);
    char *text = (char *)(uintptr_t)real_data_read(path, fixture->arena).data;
    char *at = strstr(text, "\"maximum\": 50");
    if (at == NULL) {
        at = strstr(text, "\"maximum\":50");
    }
    assert_non_null(at);
    *strstr(at, "50") = '4';
    struct json_value root =
        *json_tree_parse((struct bytes){.data = (uint8_t *)text, .size = strlen(text)},
                         path, fixture->arena, &fixture->faults);
    struct json_member *members = arena_alloc(fixture->arena, root.n * sizeof *members);
    memcpy(members, root.members, root.n * sizeof *members);
    root.members = members;
    for (size_t i = 0; i < root.n; i++) {
        members[i].value.n -= strcmp(members[i].name, "services") == 0;
    }
    assert_true(import_fixture_text(fixture, json_tree_print(&root, fixture->arena)));
    struct import_set changed = fixture->set;
    assert_true(import_fixture_read(fixture, &path, 1));
    assert_int_equal(changed.n_services, fixture->set.n_services - 1);
    const char *gone = fixture->set.services[changed.n_services]->name;
    assert_null(service_titled(&changed, gone));
    assert_true(import_fixture_found(&changed, "relations[", gone));
    size_t n_different = 0;
    for (size_t i = 0; i < changed.n_services; i++) {
        for (size_t j = 0; j < changed.services[i]->n_offers; j++) {
            const Kontor__V1__Offer *a = changed.services[i]->offers[j];
            const Kontor__V1__Offer *b = fixture->set.services[i]->offers[j];
            n_different += protobuf_c_message_get_packed_size(&a->base) !=
                           protobuf_c_message_get_packed_size(&b->base);
            for (size_t k = 0; k < a->n_parameters; k++) {
                n_different += a->parameters[k]->type_case ==
                                   KONTOR__V1__PARAMETER__TYPE_INTEGER &&
                               a->parameters[k]->integer->maximum !=
                                   b->parameters[k]->integer->maximum;
            }
        }
    }
    assert_int_equal(n_different, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(test_known_answers_are_met),
        IMPORT_TEST(test_every_field_is_as_in_the_file),
        IMPORT_TEST(test_every_provider_named_is_a_record),
        IMPORT_TEST(test_all_91_relations_join_by_title),
        IMPORT_TEST(test_odd_things_are_told),
        IMPORT_TEST(test_a_changed_copy_differs_there_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
