/*
 * Catalogues of service brokers that must be refused, or are taken with something told
 * about them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/tools/import_fixture.h"

#define N(rows) (sizeof(rows) / sizeof(rows)[0])

static struct import_fixture *
fixture_of(void **state)
{
    struct import_fixture *fixture = *state;
    fixture->format = "osb";
    return fixture;
}

#define SERVICE(extra)                                                                 \
    "{\"services\":[{\"id\":\"s\",\"name\":\"n\",\"description\":\"d\"" extra "}]}"
#define PLAN(extra) SERVICE(",\"plans\":[{\"id\":\"p\",\"name\":\"n\"" extra "}]")
#define SCHEMAS(text) PLAN(",\"schemas\":" text)
#define CREATE(text)                                                                   \
    SCHEMAS("{\"service_instance\":{\"create\":{\"parameters\":" text "}}}")
#define PROPERTY(text) CREATE("{\"properties\":{\"a\":" text "}}")

static const struct import_refusal refused[] = {
    {"", ":", "not JSON"},
    {"{\"services\": [", ":1:", "not JSON"},
    {"{\"services\":[{\"id\":\"a\",\"id\":\"b\"}]}", ":1:", "duplicate"},
    {"[]", "", "an object belongs here"},
    {"{}", "", "has no services"},
    {"{\"services\": 7}", ":services", "a list belongs here"},
    {"{\"services\": [7]}", ":services[0]", "an object belongs here"},
    {"{\"services\": [{}]}", ":services[0]", "has no id"},
    {"{\"services\": [{\"id\":7}]}", ":services[0].id", "a text belongs here"},
    {"{\"services\": [{\"id\":\"a\"}]}", ":services[0]", "has no name"},
    {"{\"services\": [{\"id\":\"a\",\"name\":[]}]}", ":services[0].name",
     "a name is missing"},
    {"{\"services\":[{\"id\":\"a\",\"name\":\"x\"},{\"id\":\"a\",\"name\":\"y\"}]}",
     ":services[1]", "also that of"},
    {SERVICE(""), ":services[0]", "has no plans"},
    {SERVICE(",\"metadata\":[]"), ":services[0].metadata", "an object belongs here"},
    {SERVICE(",\"metadata\":{\"supportUrl\":7}"), ".metadata.supportUrl",
     "a text belongs here"},
    {SERVICE(",\"tags\":[{}]"), ":services[0].tags[0]", "a text belongs here"},
    {SERVICE(",\"plans\":{}"), ":services[0].plans", "a list belongs here"},
    {SERVICE(",\"plans\":[null]"), ":services[0].plans[0]", "an object belongs here"},
    {SERVICE(",\"plans\":[{}]"), ":services[0].plans[0]", "has no id"},
    {SERVICE(",\"plans\":[{\"id\":\"p\"},{\"id\":\"p\"}]"), ".plans[1]",
     "also that of another plan"},
    {PLAN(",\"free\":\"yes\""), ".plans[0].free", "a yes or no"},
    {PLAN(",\"metadata\":{\"bullets\":[7]}"), ".metadata.bullets[0]",
     "a text belongs here"},
    {PLAN(",\"metadata\":{\"costs\":{}}"), ".metadata.costs", "a list belongs here"},
    {PLAN(",\"metadata\":{\"costs\":[{\"amount\":7}]}"), ".costs[0].amount",
     "an object belongs here"},
    {SCHEMAS("7"), ".schemas", "an object belongs here"},
    {SCHEMAS("{\"service_instance\":7}"), ".schemas.service_instance",
     "an object belongs here"},
    {SCHEMAS("{\"service_instance\":{\"create\":7}}"), ".service_instance.create",
     "an object belongs here"},
    {CREATE("7"), ".create.parameters", "an object belongs here"},
    {CREATE("{\"type\":\"array\"}"), ".create.parameters.type", "of an object"},
    {CREATE("{\"properties\":[]}"), ".parameters.properties", "an object belongs here"},
    {SCHEMAS(
         "{\"service_instance\":{\"update\":{\"parameters\":{\"properties\":[7]}}}}"),
     ".update.parameters.properties", "an object belongs here"},
    {SCHEMAS(
         "{\"service_binding\":{\"create\":{\"parameters\":{\"properties\":[7]}}}}"),
     ".create.parameters.properties", "an object belongs here"},
    {CREATE("{\"required\":\"a\"}"), ".parameters.required", "a list belongs here"},
    {CREATE("{\"required\":[1]}"), ".parameters.required[0]", "a text belongs here"},
    {PROPERTY("7"), ".properties.a", "an object belongs here"},
    {PROPERTY("{\"type\":\"strin\"}"), ".properties.a.type", "no type of JSON schema"},
    {PROPERTY("{\"type\":7}"), ".properties.a.type", "no type of JSON schema"},
    {PROPERTY("{\"type\":[\"string\",\"x\"]}"), ".a.type[1]", "no type of JSON schema"},
    {PROPERTY("{\"title\":7}"), ".properties.a.title", "a text belongs here"},
    {PROPERTY("{\"enum\":7}"), ".properties.a.enum", "a list belongs here"},
    {PROPERTY("{\"type\":\"array\",\"items\":{\"enum\":{}}}"), ".a.items.enum",
     "a list belongs here"},
    {PROPERTY("{\"type\":\"integer\",\"minimum\":\"1\"}"), ".properties.a.minimum",
     "a number belongs here"},
    {PROPERTY("{\"type\":\"string\",\"pattern\":7}"), ".properties.a.pattern",
     "a text belongs here"},
    {PROPERTY("{\"type\":\"string\",\"default\":7}"), ".properties.a.default",
     "a text belongs here"},
};

static void
test_bad_catalogues_are_refused_with_their_place(void **state)
{
    import_fixture_refuse(fixture_of(state), refused, N(refused));
}

/* One catalogue with everything odd beside the schemas of creating an instance. */
static void
test_what_has_no_place_is_told(void **state)
{
    static const struct {
        const char *place;
        const char *told;
    } told[] = {
        {"services[0].dashboard_client", "holds a secret: not read"},
        {"services[0].metadata.documentationUrl", "is no URL: left out"},
        {"services[0]", "names no provider"},
        {"services[0].plans[0]", "its id \"p 1\" is p-1 here"},
        {".plans[0].name", "\"n\" has no place"},
        {".costs[0].amount.eur", "per \"HOURLY\" is no price"},
        {".costs[1].amount.euro", "no price"},
        {".plans[0].free", "its costs say it is not"},
        {".create.parameters.additionalProperties", "no place in an offer: true"},
        {".create.parameters.required[0]", "\"zz\" is no property"},
        {".properties.a b", "its id here: it is a-b"},
        {".properties.a-b", "its id here: it is a-b-2"},
        {".update.parameters.properties.c", "{\"type\":\"boolean\"}"},
        {".service_binding.create.parameters.properties.d", "asked for a binding"},
        {"services[1]", "has no plans"},
    };
    struct import_fixture *fixture = fixture_of(state);
    assert_true(import_fixture_text(
        fixture,
        "{\"services\":[{\"id\":\"s\",\"name\":\"n\",\"description\":\"d\","
        "\"dashboard_client\":{\"id\":\"i\",\"secret\":\"hush\"},"
        "\"metadata\":{\"documentationUrl\":\"see the wiki\"},"
        "\"plans\":[{\"id\":\"p 1\",\"name\":\"n\",\"metadata\":{"
        "\"displayName\":\"shown\",\"costs\":[{\"amount\":{\"eur\":1},\"unit\":"
        "\"HOURLY\"},{\"amount\":{\"euro\":1},\"unit\":\"MONTHLY\"},{\"amount\":{"
        "\"eur\":2.5},\"unit\":\"yearly\"}]},\"schemas\":{\"service_instance\":{"
        "\"create\":{\"parameters\":{\"additionalProperties\":true,\"required\":["
        "\"zz\"],\"properties\":{\"a b\":{\"type\":\"boolean\"},\"a-b\":{\"type\":"
        "\"boolean\"}}}},\"update\":{\"parameters\":{\"properties\":{\"c\":{\"type\":"
        "\"boolean\"}}}}},\"service_binding\":{\"create\":{\"parameters\":{"
        "\"properties\":{\"d\":{\"type\":\"string\"}}}}}}}]},"
        "{\"id\":\"t\",\"name\":\"m\",\"plans\":[]}]}"));
    for (size_t i = 0; i < N(told); i++) {
        if (!import_fixture_found(&fixture->set, told[i].place, told[i].told)) {
            fail_msg("row %zu is not told: %s", i, told[i].told);
        }
    }
    assert_false(import_fixture_found(&fixture->set, "", "hush"));
    const Kontor__V1__Offer *offer = fixture->set.services[0]->offers[0];
    assert_int_equal(offer->n_prices, 1);
    assert_string_equal(offer->prices[0]->period, "year");
    assert_int_equal(offer->prices[0]->amount->nanos, 500000000);
    assert_string_equal(offer->parameters[1]->id, "a-b-2");
    assert_string_equal(offer->name, "shown");
    assert_string_equal(fixture->set.services[1]->name, "m");
    assert_string_equal(fixture->set.services[0]->user_manual, "");
}

/* n times a text that has the number of each in it, with commas between. */
static char *
repeated(struct arena *arena, size_t n, const char *before, const char *after)
{
    size_t room = n * (strlen(before) + strlen(after) + 8) + 1;
    char *text = arena_alloc(arena, room);
    char *end = text;
    for (size_t i = 0; i < n; i++) {
        end += snprintf(end, room - (size_t)(end - text), "%s%s%zu%s",
                        i == 0 ? "" : ",", before, i, after);
    }
    return text;
}

/* The broker would refuse the service; names without end cost nobody a day. */
static void
test_more_than_a_service_holds_is_refused(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    struct arena *arena = fixture->arena;
    const char *const texts[] = {
        arena_print(arena, CREATE("{\"properties\":{%s}}"),
                    repeated(arena, 129, "\"", "\":{}")),
        arena_print(arena, SERVICE(",\"plans\":[%s]"),
                    repeated(arena, 65, "{\"id\":\"", "\",\"name\":\"n\"}")),
    };
    static const char *const reasons[] = {"are 129: an offer has at most 128",
                                          "are 65: a service has at most 64"};
    for (size_t i = 0; i < N(texts); i++) {
        assert_false(import_fixture_text(fixture, texts[i]));
        assert_non_null(strstr(fixture->faults.rows[0].description, reasons[i]));
    }
    assert_true(
        import_fixture_text(fixture, arena_print(arena, CREATE("{\"properties\":{%s}}"),
                                                 repeated(arena, 128, "\"", "\":{}"))));
    assert_int_equal(fixture->set.services[0]->offers[0]->n_parameters, 128);
}

/* Names that become one id are told apart by numbers, all of them. */
static void
test_many_services_and_names_stay_apart(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    struct arena *arena = fixture->arena;
    const char *services =
        repeated(arena, 300, "{\"plans\":[],\"name\":\"n\",\"id\":\"", "\"}");
    assert_true(import_fixture_text(
        fixture, arena_print(arena, "{\"services\":[%s]}", services)));
    assert_int_equal(fixture->set.n_services, 300);
    assert_int_equal(fixture->set.n_providers, 1);
    for (size_t i = 0; i < 300; i += 37) {
        const char *again = arena_print(
            arena, "{\"services\":[%s,{\"id\":\"%zu\",\"name\":\"n\",\"plans\":[]}]}",
            services, i);
        assert_false(import_fixture_text(fixture, again));
        assert_non_null(strstr(fixture->faults.rows[0].path, "services[300]"));
    }
    assert_true(import_fixture_text(
        fixture, CREATE("{\"properties\":{\"\xC3\xA4\":{},\"\xC3\xB6\":{},"
                        "\"-\":{},\"-2\":{},\"\":{}}}")));
    const Kontor__V1__Offer *offer = fixture->set.services[0]->offers[0];
    for (size_t i = 0; i < offer->n_parameters; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(offer->parameters[i]->id, offer->parameters[j]->id);
        }
    }
    assert_int_equal(offer->n_parameters, 5);
}

/* A short file may hold more values than there is memory for. */
static void
test_more_values_than_fit_are_refused(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    enum { N = IMPORT_FILE_PARTS / 2 };
    char *text = arena_alloc(fixture->arena, 32 + 3 * (size_t)N);
    char *end = stpcpy(text, "{\"services\":[[]");
    for (size_t i = 0; i < N; i++) {
        end = stpcpy(end, ",[]");
    }
    stpcpy(end, "]}");
    const struct import_refusal row = {text, "",
                                       "more than 1048576 values or elements"};
    import_fixture_refuse(fixture, &row, 1);
}

/* Portfolio and policy are the broker's: a catalogue of plans says nothing of them. */
static void
test_the_mask_leaves_phase_and_order_type_alone(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    assert_true(import_fixture_text(fixture, "{\"services\":[]}"));
    const Google__Protobuf__FieldMask *mask = fixture->set.service_fields;
    assert_int_equal(mask->n_paths, 14);
    for (size_t i = 0; i < mask->n_paths; i++) {
        assert_string_not_equal(mask->paths[i], "phase");
        assert_string_not_equal(mask->paths[i], "order_type");
        (void)import_fixture_field(&kontor__v1__service__descriptor, mask->paths[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(test_bad_catalogues_are_refused_with_their_place),
        IMPORT_TEST(test_what_has_no_place_is_told),
        IMPORT_TEST(test_more_than_a_service_holds_is_refused),
        IMPORT_TEST(test_many_services_and_names_stay_apart),
        IMPORT_TEST(test_more_values_than_fit_are_refused),
        IMPORT_TEST(test_the_mask_leaves_phase_and_order_type_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
