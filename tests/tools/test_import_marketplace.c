/*
 * The Marketplace importer: known answers recounted here from the raw file, every field
 * compared, copies with one thing changed, and files that must be refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/json_tree.h"
#include "proto/rules.h"
#include "proto/text.h"
#include "tests/tools/real_data.h"
#include "tools/import/import.h"

#define REAL "catalogue/marketplace-2019-10.json"

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
    fixture.faults.arena = fixture.arena;
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
    const struct importer *importer = importer_find("marketplace-2019");
    assert_non_null(importer);
    return importer->read(&path, 1, "alpine", fixture->arena, &fixture->set,
                          &fixture->faults);
}

static bool
import_text(struct fixture *fixture, const char *text)
{
    const char *path = real_data_write(text, fixture->arena);
    bool is_read = import(fixture, path);
    unlink(path);
    return is_read;
}

static const struct json_value *
raw(struct fixture *fixture)
{
    const char *path = real_data_path(REAL, fixture->arena);
    const struct json_value *root = json_tree_parse(
        real_data_read(path, fixture->arena), path, fixture->arena, &fixture->faults);
    assert_non_null(root);
    if (!import(fixture, path)) {
        fail_msg("%s: %s", fixture->faults.rows[0].path,
                 fixture->faults.rows[0].description);
    }
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
    struct fixture *fixture = *state;
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

static void
compare_value(const Kontor__V1__Value *value, const struct json_value *from)
{
    if (from->type == JSON_TYPE_INTEGER) {
        assert_int_equal(value->kind_case, KONTOR__V1__VALUE__KIND_INTEGER);
        assert_int_equal(value->integer, from->integer);
        return;
    }
    if (from->type == JSON_TYPE_REAL) {
        assert_int_equal(value->kind_case, KONTOR__V1__VALUE__KIND_DECIMAL);
        assert_true(rules_is_decimal(value->decimal));
        assert_true(strtod(value->decimal, NULL) == from->real);
        return;
    }
    assert_int_equal(value->kind_case, KONTOR__V1__VALUE__KIND_TEXT);
    assert_string_equal(value->text, from->text);
}

static void
compare_choices(Kontor__V1__Value *const *values, size_t n,
                const struct json_value *config)
{
    const struct json_value *list = member(config, "values");
    assert_int_equal(n, list->n);
    for (size_t i = 0; i < n; i++) {
        compare_value(values[i], &list->elements[i]);
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
        compare_value(parameter->constant->value, value);
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
    struct fixture *fixture = *state;
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
    struct fixture *fixture = *state;
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
    struct fixture *fixture = *state;
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

static bool
has_finding(const struct import_set *set, const char *place, const char *text)
{
    for (size_t i = 0; i < set->n_findings; i++) {
        if (strstr(set->findings[i].place, place) != NULL &&
            strstr(set->findings[i].text, text) != NULL) {
            return true;
        }
    }
    return false;
}

static void
test_odd_things_are_told(void **state)
{
    struct fixture *fixture = *state;
    raw(fixture);
    assert_true(has_finding(&fixture->set, "services[", "whether an order is needed"));
    assert_true(has_finding(&fixture->set, "services[", "has no offers"));
    assert_true(has_finding(&fixture->set, ".catalog", "nothing here takes"));
    assert_true(has_finding(&fixture->set, "platforms", "27 terms"));
    assert_true(has_finding(&fixture->set, "values[", "against its value_type"));
    /* All 46 providers are in the file; nothing had to be made from a name. */
    assert_int_equal(fixture->set.n_providers, 46);
    assert_false(has_finding(&fixture->set, ".providers[", "is not among"));
}

/* The real file with its last service gone and one maximum moved. */
static void
test_a_changed_copy_differs_there_alone(void **state)
{
    struct fixture *fixture = *state;
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
    assert_true(import_text(fixture, json_tree_print(&root, fixture->arena)));
    struct import_set changed = fixture->set;
    assert_true(import(fixture, path));
    assert_int_equal(changed.n_services, fixture->set.n_services - 1);
    const char *gone = fixture->set.services[changed.n_services]->name;
    assert_null(service_titled(&changed, gone));
    assert_true(has_finding(&changed, "relations[", gone));
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

#define SERVICE(extra)                                                                 \
    "{\"services\":[{\"_key\":\"a\",\"title\":\"A\",\"providers\":[\"P\"],"            \
    "\"phase\":\"production\",\"open_access\":false," extra "}]}"
#define PARAMETER(text)                                                                \
    SERVICE("\"offers\":[{\"_iid\":\"1\",\"name\":\"n\",\"parameters\":[" text "]}]")

/* Each is refused, with the place and the reason. */
static const struct {
    const char *text;
    const char *place;
    const char *reason;
} refused[] = {
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
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        fixture->faults = (struct faults){.arena = fixture->arena};
        const char *path = real_data_write(refused[i].text, fixture->arena);
        bool is_read = import(fixture, path);
        unlink(path);
        if (is_read) {
            fail_msg("row %zu was taken", i);
        }
        bool is_told = false;
        for (size_t j = 0; j < fixture->faults.n_rows; j++) {
            const struct fault *fault = &fixture->faults.rows[j];
            assert_int_equal(strncmp(fault->path, path, strlen(path)), 0);
            is_told |= strstr(fault->path, refused[i].place) != NULL &&
                       strstr(fault->description, refused[i].reason) != NULL;
        }
        if (!is_told) {
            fail_msg("row %zu: %s: %s", i, fixture->faults.rows[0].path,
                     fixture->faults.rows[0].description);
        }
    }
}

static void
test_a_missing_file_is_refused(void **state)
{
    struct fixture *fixture = *state;
    assert_false(import(fixture, "/nonexistent/catalogue.json"));
    assert_string_equal(fixture->faults.rows[0].path, "/nonexistent/catalogue.json");
}

static void
test_deep_nesting_is_refused(void **state)
{
    struct fixture *fixture = *state;
    char text[2 * 200 + 1] = {0};
    memset(text, '[', 200);
    memset(text + 200, ']', 200);
    assert_false(import_text(fixture, text));
    assert_non_null(strstr(fixture->faults.rows[0].description, "nests deeper"));
}

static void
test_leftovers_of_a_parameter_are_told(void **state)
{
    struct fixture *fixture = *state;
    assert_true(import_text(
        fixture,
        PARAMETER("{\"id\":\"p\",\"label\":\"P\",\"type\":\"range\",\"value\":3,"
                  "\"config\":{\"minimum\":-2,\"step\":2}},"
                  "{\"id\":\"q\",\"label\":\"Q\",\"type\":\"select\","
                  "\"value_type\":\"string\",\"config\":{\"values\":[1,\"b\"]}}")));
    assert_true(has_finding(&fixture->set, "services[0].providers[0]", "is not among"));
    assert_true(has_finding(&fixture->set, "parameters[0]", "config.step"));
    assert_true(has_finding(&fixture->set, "parameters[0]", "a value has no place"));
    assert_true(has_finding(&fixture->set, "parameters[1].config.values[0]",
                            "against its value_type"));
    const Kontor__V1__Parameter *range =
        fixture->set.services[0]->offers[0]->parameters[0];
    assert_int_equal(range->integer->minimum, -2);
    assert_int_equal(range->integer->_maximum_case, 0);
}

static void
test_the_mask_leaves_the_phase_alone(void **state)
{
    struct fixture *fixture = *state;
    assert_true(import_text(fixture, "{}"));
    const Google__Protobuf__FieldMask *mask = fixture->set.service_fields;
    assert_true(mask->n_paths > 20);
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
        cmocka_unit_test_setup_teardown(test_known_answers_are_met, start, stop),
        cmocka_unit_test_setup_teardown(test_every_field_is_as_in_the_file, start,
                                        stop),
        cmocka_unit_test_setup_teardown(test_every_provider_named_is_a_record, start,
                                        stop),
        cmocka_unit_test_setup_teardown(test_all_91_relations_join_by_title, start,
                                        stop),
        cmocka_unit_test_setup_teardown(test_odd_things_are_told, start, stop),
        cmocka_unit_test_setup_teardown(test_a_changed_copy_differs_there_alone, start,
                                        stop),
        cmocka_unit_test_setup_teardown(test_bad_files_are_refused_with_their_place,
                                        start, stop),
        cmocka_unit_test_setup_teardown(test_a_missing_file_is_refused, start, stop),
        cmocka_unit_test_setup_teardown(test_deep_nesting_is_refused, start, stop),
        cmocka_unit_test_setup_teardown(test_leftovers_of_a_parameter_are_told, start,
                                        stop),
        cmocka_unit_test_setup_teardown(test_the_mask_leaves_the_phase_alone, start,
                                        stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
