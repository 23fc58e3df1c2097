/*
 * The importer of service brokers' catalogues on a real catalogue and on the example:
 * plans, schemas and properties recounted from the raw JSON, every field compared.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "proto/text.h"
#include "tests/tools/raw_json.h"

#define REAL "catalogue/osb-catalog.json"
#define EXAMPLE EXAMPLES "/osb.json"
#define N(rows) (sizeof(rows) / sizeof(rows)[0])

enum { N_TYPES = KONTOR__V1__PARAMETER__TYPE_QUANTITY + 1 };

/* What a catalogue holds. */
struct counts {
    size_t services;
    size_t plans;
    size_t schemas; /* Of creating an instance. */
    size_t properties;
    size_t types[N_TYPES]; /* Properties by what they become. */
};

static struct import_fixture *
fixture_of(void **state)
{
    struct import_fixture *fixture = *state;
    fixture->format = "osb";
    return fixture;
}

static const struct json_value *
member(const struct json_value *object, const char *name)
{
    return json_tree_get(object, name);
}

static const struct json_value *
create_schema(const struct json_value *plan)
{
    const struct json_value *instance =
        member(member(plan, "schemas"), "service_instance");
    return member(member(instance, "create"), "parameters");
}

/* What a property must become, said a second time. */
static Kontor__V1__Parameter__TypeCase
expected_type(const struct json_value *property)
{
    static const struct {
        const char *type;
        Kontor__V1__Parameter__TypeCase becomes;
    } rows[] = {
        {"string", KONTOR__V1__PARAMETER__TYPE_TEXT},
        {"integer", KONTOR__V1__PARAMETER__TYPE_INTEGER},
        {"number", KONTOR__V1__PARAMETER__TYPE_DECIMAL},
        {"boolean", KONTOR__V1__PARAMETER__TYPE_BOOLEAN},
        {"array", KONTOR__V1__PARAMETER__TYPE_MULTI_CHOICE},
    };
    if (member(property, "const") != NULL) {
        return KONTOR__V1__PARAMETER__TYPE_CONSTANT;
    }
    if (member(property, "enum") != NULL) {
        return KONTOR__V1__PARAMETER__TYPE_CHOICE;
    }
    if (strcmp(raw_json_text(member(property, "format")), "date") == 0) {
        return KONTOR__V1__PARAMETER__TYPE_DATE;
    }
    for (size_t i = 0; i < N(rows); i++) {
        if (strcmp(rows[i].type, raw_json_text(member(property, "type"))) == 0) {
            return rows[i].becomes;
        }
    }
    fail_msg("a property without a type this test knows");
    return KONTOR__V1__PARAMETER__TYPE__NOT_SET;
}

static void
count_raw_plan(const struct json_value *plan, struct counts *counts)
{
    const struct json_value *schema = create_schema(plan);
    const struct json_value *properties = member(schema, "properties");
    counts->plans++;
    counts->schemas += schema != NULL;
    counts->properties += raw_json_length(properties);
    for (size_t i = 0; i < raw_json_length(properties); i++) {
        counts->types[expected_type(&properties->members[i].value)]++;
    }
}

static struct counts
count_raw(const struct json_value *root)
{
    const struct json_value *services = member(root, "services");
    struct counts counts = {.services = raw_json_length(services)};
    for (size_t i = 0; i < raw_json_length(services); i++) {
        const struct json_value *plans = member(&services->elements[i], "plans");
        for (size_t j = 0; j < raw_json_length(plans); j++) {
            count_raw_plan(&plans->elements[j], &counts);
        }
    }
    return counts;
}

static void
count_offer(const Kontor__V1__Offer *offer, struct counts *counts)
{
    counts->plans++;
    counts->schemas += offer->n_parameters > 0;
    counts->properties += offer->n_parameters;
    for (size_t i = 0; i < offer->n_parameters; i++) {
        counts->types[offer->parameters[i]->type_case]++;
    }
}

static struct counts
count_read(const struct import_set *set)
{
    struct counts counts = {.services = set->n_services};
    for (size_t i = 0; i < set->n_services; i++) {
        for (size_t j = 0; j < set->services[i]->n_offers; j++) {
            count_offer(set->services[i]->offers[j], &counts);
        }
    }
    return counts;
}

static void
compare_counts(const struct json_value *root, const struct import_set *set)
{
    struct counts raw = count_raw(root);
    struct counts read = count_read(set);
    assert_int_equal(read.services, raw.services);
    assert_int_equal(read.plans, raw.plans);
    assert_int_equal(read.schemas, raw.schemas);
    assert_int_equal(read.properties, raw.properties);
    for (size_t i = 0; i < N_TYPES; i++) {
        assert_int_equal(read.types[i], raw.types[i]);
    }
}

static void
test_all_plans_of_a_real_catalogue_are_in(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    const struct json_value *root = raw_json_real(fixture, REAL);
    compare_counts(root, &fixture->set);
    struct counts counts = count_read(&fixture->set);
    assert_int_equal(counts.services, 3);
    assert_int_equal(counts.plans, 62);
    /* This catalogue has not one schema; the example has those of every type. */
    assert_int_equal(counts.schemas, 0);
}

static void
test_all_schemas_of_the_example_are_in(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    const struct json_value *root = raw_json_file(fixture, EXAMPLE);
    compare_counts(root, &fixture->set);
    struct counts counts = count_read(&fixture->set);
    assert_int_equal(counts.schemas, 2);
    assert_int_equal(counts.properties, 10);
    for (size_t i = KONTOR__V1__PARAMETER__TYPE_CONSTANT;
         i < KONTOR__V1__PARAMETER__TYPE_QUANTITY; i++) {
        assert_true(counts.types[i] > 0);
    }
}

/* ---- Every field ---- */

static bool
is_required(const struct json_value *schema, const char *name)
{
    const struct json_value *list = member(schema, "required");
    for (size_t i = 0; i < raw_json_length(list); i++) {
        if (strcmp(list->elements[i].text, name) == 0) {
            return true;
        }
    }
    return false;
}

static void
compare_values(Kontor__V1__Value *const *values, size_t n,
               const struct json_value *list)
{
    assert_int_equal(n, raw_json_length(list));
    for (size_t i = 0; i < n; i++) {
        bool is_text = list->elements[i].type == JSON_TYPE_TEXT;
        assert_int_equal(values[i]->kind_case, is_text
                                                   ? KONTOR__V1__VALUE__KIND_TEXT
                                                   : KONTOR__V1__VALUE__KIND_INTEGER);
        if (is_text) {
            assert_string_equal(values[i]->text, list->elements[i].text);
        } else {
            assert_int_equal(values[i]->integer, list->elements[i].integer);
        }
    }
}

static void
compare_text(const Kontor__V1__Parameter *parameter, const struct json_value *from)
{
    const Kontor__V1__TextParameter *text = parameter->text;
    assert_string_equal(text->pattern, raw_json_text(member(from, "pattern")));
    assert_string_equal(text->default_text, raw_json_text(member(from, "default")));
    assert_int_equal(text->min_length, raw_json_integer(member(from, "minLength")));
    assert_int_equal(text->max_length, raw_json_integer(member(from, "maxLength")));
}

static void
compare_integer(const Kontor__V1__Parameter *parameter, const struct json_value *from)
{
    const Kontor__V1__IntegerParameter *integer = parameter->integer;
    assert_int_equal(integer->minimum, raw_json_integer(member(from, "minimum")));
    assert_int_equal(integer->maximum, raw_json_integer(member(from, "maximum")));
    assert_int_equal(integer->default_integer,
                     raw_json_integer(member(from, "default")));
    assert_int_equal(integer->_minimum_case != 0, member(from, "minimum") != NULL);
    assert_int_equal(integer->_maximum_case != 0, member(from, "maximum") != NULL);
    assert_int_equal(integer->_default_integer_case != 0,
                     member(from, "default") != NULL);
}

static void
compare_decimal(const Kontor__V1__Parameter *parameter, const struct json_value *from)
{
    assert_true(strtod(parameter->decimal->minimum, NULL) ==
                raw_json_number(member(from, "minimum")));
    assert_true(strtod(parameter->decimal->maximum, NULL) ==
                raw_json_number(member(from, "maximum")));
}

static void
compare_choice(const Kontor__V1__Parameter *parameter, const struct json_value *from)
{
    compare_values(parameter->choice->values, parameter->choice->n_values,
                   member(from, "enum"));
}

static void
compare_multi_choice(const Kontor__V1__Parameter *parameter,
                     const struct json_value *from)
{
    compare_values(parameter->multi_choice->values, parameter->multi_choice->n_values,
                   member(member(from, "items"), "enum"));
    assert_int_equal(parameter->multi_choice->min_items,
                     raw_json_integer(member(from, "minItems")));
    assert_int_equal(parameter->multi_choice->max_items,
                     raw_json_integer(member(from, "maxItems")));
}

static void
compare_constant(const Kontor__V1__Parameter *parameter, const struct json_value *from)
{
    assert_string_equal(parameter->constant->value->text,
                        raw_json_text(member(from, "const")));
}

/* Indexed by type; those without a row have nothing but their type. */
static void (*const comparers[N_TYPES])(const Kontor__V1__Parameter *parameter,
                                        const struct json_value *from) = {
    [KONTOR__V1__PARAMETER__TYPE_TEXT] = compare_text,
    [KONTOR__V1__PARAMETER__TYPE_INTEGER] = compare_integer,
    [KONTOR__V1__PARAMETER__TYPE_DECIMAL] = compare_decimal,
    [KONTOR__V1__PARAMETER__TYPE_CHOICE] = compare_choice,
    [KONTOR__V1__PARAMETER__TYPE_MULTI_CHOICE] = compare_multi_choice,
    [KONTOR__V1__PARAMETER__TYPE_CONSTANT] = compare_constant,
};

static void
compare_parameters(const Kontor__V1__Offer *offer, const struct json_value *schema)
{
    const struct json_value *properties = member(schema, "properties");
    assert_int_equal(offer->n_parameters, raw_json_length(properties));
    for (size_t i = 0; i < offer->n_parameters; i++) {
        const Kontor__V1__Parameter *parameter = offer->parameters[i];
        const char *name = properties->members[i].name;
        const struct json_value *from = &properties->members[i].value;
        const struct json_value *title = member(from, "title");
        assert_string_equal(parameter->id, name);
        assert_string_equal(parameter->label, title == NULL ? name : title->text);
        assert_string_equal(parameter->description,
                            raw_json_text(member(from, "description")));
        assert_int_equal(parameter->required, is_required(schema, name));
        assert_int_equal(parameter->type_case, expected_type(from));
        if (comparers[parameter->type_case] != NULL) {
            comparers[parameter->type_case](parameter, from);
        }
    }
}

static void
compare_words(struct import_fixture *fixture, const Kontor__V1__Offer *offer,
              const struct json_value *plan)
{
    const struct json_value *metadata = member(plan, "metadata");
    const struct json_value *bullets = member(metadata, "bullets");
    const char *shown = raw_json_text(member(metadata, "displayName"));
    char *words =
        arena_copy(fixture->arena, raw_json_text(member(plan, "description")));
    for (size_t i = 0; i < raw_json_length(bullets); i++) {
        words =
            arena_print(fixture->arena, "%s\n- %s", words, bullets->elements[i].text);
    }
    assert_string_equal(offer->description, words);
    assert_string_equal(offer->name,
                        shown[0] == '\0' ? raw_json_text(member(plan, "name")) : shown);
    assert_string_equal(offer->iid, raw_json_text(member(plan, "id")));
    assert_true(offer->is_internal);
}

/* Money in thousandths: no price in these files is finer. */
static int64_t
thousandths(const Kontor__V1__Money *money)
{
    return money->units * 1000 + money->nanos / 1000000;
}

static void
compare_prices(const Kontor__V1__Offer *offer, const struct json_value *plan)
{
    const struct json_value *costs = member(member(plan, "metadata"), "costs");
    size_t n = 0;
    for (size_t i = 0; i < raw_json_length(costs); i++) {
        const struct json_value *amounts = member(&costs->elements[i], "amount");
        const char *unit = raw_json_text(member(&costs->elements[i], "unit"));
        for (size_t j = 0; j < raw_json_length(amounts); j++) {
            const Kontor__V1__PriceLine *line = offer->prices[n++];
            double amount = raw_json_number(&amounts->members[j].value);
            assert_int_equal(thousandths(line->amount), (int64_t)(amount * 1000 + 0.5));
            assert_int_equal(
                strncasecmp(line->amount->currency, amounts->members[j].name, 3), 0);
            assert_string_equal(line->name, unit);
            assert_string_equal(line->period, strcmp(unit, "MONTHLY") == 0  ? "month"
                                              : strcmp(unit, "YEARLY") == 0 ? "year"
                                                                            : "once");
        }
    }
    assert_int_equal(offer->n_prices, n);
}

static void
compare_service(struct import_fixture *fixture, const Kontor__V1__Service *service,
                const struct json_value *from)
{
    const struct json_value *metadata = member(from, "metadata");
    const char *longer = raw_json_text(member(metadata, "longDescription"));
    const char *words = raw_json_text(member(from, "description"));
    assert_string_equal(service->source->key, raw_json_text(member(from, "id")));
    assert_string_equal(service->id, arena_print(fixture->arena, "alpine/%s",
                                                 raw_json_text(member(from, "id"))));
    assert_string_equal(service->alternative_ids[0]->id,
                        raw_json_text(member(from, "name")));
    assert_string_equal(service->name, raw_json_text(member(metadata, "displayName")));
    assert_string_equal(service->tagline, longer[0] == '\0' ? "" : words);
    assert_string_equal(service->description, longer[0] == '\0' ? words : longer);
    assert_string_equal(service->user_manual,
                        raw_json_text(member(metadata, "documentationUrl")));
    assert_string_equal(service->helpdesk_page,
                        raw_json_text(member(metadata, "supportUrl")));
    assert_string_equal(service->logo, raw_json_text(member(metadata, "imageUrl")));
    assert_string_equal(
        service->provider,
        arena_print(
            fixture->arena, "alpine/%s",
            text_escaped_id(raw_json_text(member(metadata, "providerDisplayName")),
                            fixture->arena)));
    assert_int_equal(service->n_tags, raw_json_length(member(from, "tags")));
    for (size_t i = 0; i < service->n_tags; i++) {
        assert_string_equal(service->tags[i], member(from, "tags")->elements[i].text);
    }
    assert_int_equal(service->order_type, KONTOR__V1__ORDER_TYPE__ORDER_REQUIRED);
    assert_int_equal(service->phase, KONTOR__V1__PHASE__PHASE_UNSPECIFIED);
}

static void
compare_all(struct import_fixture *fixture, const struct json_value *root)
{
    const struct json_value *services = member(root, "services");
    assert_true(services->n > 0);
    assert_int_equal(fixture->set.n_services, services->n);
    for (size_t i = 0; i < services->n; i++) {
        const struct json_value *from = &services->elements[i];
        const Kontor__V1__Service *service = fixture->set.services[i];
        const struct json_value *plans = member(from, "plans");
        compare_service(fixture, service, from);
        assert_int_equal(service->n_offers, plans->n);
        for (size_t j = 0; j < plans->n; j++) {
            compare_words(fixture, service->offers[j], &plans->elements[j]);
            compare_prices(service->offers[j], &plans->elements[j]);
            compare_parameters(service->offers[j], create_schema(&plans->elements[j]));
        }
    }
}

static void
test_every_field_is_as_in_the_real_file(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    compare_all(fixture, raw_json_real(fixture, REAL));
}

static void
test_every_field_is_as_in_the_example(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    compare_all(fixture, raw_json_file(fixture, EXAMPLE));
}

static void
test_the_broker_takes_all_of_it(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    raw_json_file(fixture, EXAMPLE);
    raw_json_judge(fixture);
    raw_json_real(fixture, REAL);
    raw_json_judge(fixture);
}

/* Members of the platform's own, which no broker interface knows, in every plan. */
static void
test_members_of_its_own_are_told_once(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    const struct json_value *services =
        member(raw_json_real(fixture, REAL), "services");
    size_t n_there = 0;
    size_t n_told = 0;
    for (size_t i = 0; i < services->n; i++) {
        const struct json_value *plans = member(&services->elements[i], "plans");
        for (size_t j = 0; j < plans->n; j++) {
            n_there += member(&plans->elements[j], "securityGroup") != NULL;
        }
    }
    for (size_t i = 0; i < fixture->set.n_findings; i++) {
        n_told +=
            strstr(fixture->set.findings[i].place, ".plans[0].securityGroup") != NULL;
    }
    assert_int_equal(n_told, 1);
    assert_true(import_fixture_found(
        &fixture->set, ".plans[0].securityGroup",
        arena_print(fixture->arena, "(and in %zu more places)", n_there - 1)));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(test_all_plans_of_a_real_catalogue_are_in),
        IMPORT_TEST(test_all_schemas_of_the_example_are_in),
        IMPORT_TEST(test_every_field_is_as_in_the_real_file),
        IMPORT_TEST(test_every_field_is_as_in_the_example),
        IMPORT_TEST(test_the_broker_takes_all_of_it),
        IMPORT_TEST(test_members_of_its_own_are_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
