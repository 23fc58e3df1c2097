/*
 * TMF633 specifications that must be refused, or are taken with something told about
 * them; and each thing a characteristic can say beside what is made of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/json.h"
#include "tests/tools/import_fixture.h"

#define N(rows) (sizeof(rows) / sizeof(rows)[0])
#define OWNER "\"relatedParty\":[{\"id\":\"o\",\"name\":\"O\",\"role\":\"OWNER\"}]"
#define SPEC(extra) "{\"id\":\"s\",\"name\":\"S\"," OWNER extra "}"
#define ONE(text) SPEC(",\"specCharacteristic\":[" text "]")

static struct import_fixture *
fixture_of(void **state)
{
    struct import_fixture *fixture = *state;
    fixture->format = "tmf633";
    return fixture;
}

static const struct import_refusal refused[] = {
    {"", ":", "not JSON"},
    {"[", ":1:", "not JSON"},
    {"{\"id\":\"a\",\"id\":\"b\"}", ":1:", "duplicate"},
    {"7", "", "an object belongs here"},
    {"[7]", ":[0]", "an object belongs here"},
    {"{}", "", "has no id"},
    {"[{\"name\":\"S\"}]", ":[0]", "has no id"},
    {"{\"id\":\"s\"}", "", "has no name"},
    {"{\"id\":7,\"name\":\"S\"}", ":id", "a text belongs here"},
    {"[" SPEC("") "," SPEC("") "]", ":[1]", "also that of \"S\""},
    {SPEC(",\"version\":1"), ":version", "a text belongs here"},
    {SPEC(",\"lifecycleStatus\":[]"), ":lifecycleStatus", "a text belongs here"},
    {SPEC(",\"isBundle\":\"no\""), ":isBundle", "a yes or no"},
    {"{\"id\":\"s\",\"name\":\"S\",\"relatedParty\":{}}", ":relatedParty",
     "a list belongs here"},
    {"{\"id\":\"s\",\"name\":\"S\",\"relatedParty\":[1]}", ":relatedParty[0]",
     "an object belongs here"},
    {SPEC(",\"serviceSpecCharacteristic\":{}"), ":serviceSpecCharacteristic",
     "a list belongs here"},
    {SPEC(",\"serviceSpecRelationship\":[1]"), ":serviceSpecRelationship[0]",
     "an object belongs here"},
    {ONE("1"), ":specCharacteristic[0]", "an object belongs here"},
    {ONE("{}"), ":specCharacteristic[0]", "has no name"},
    {ONE("{\"name\":\"a\",\"valueType\":1}"), ":specCharacteristic[0].valueType",
     "a text belongs here"},
    {ONE("{\"name\":\"a\",\"configurable\":\"no\"}"), "[0].configurable",
     "a yes or no"},
    {ONE("{\"name\":\"a\",\"minCardinality\":\"1\"}"), "[0].minCardinality",
     "a number of times"},
    {ONE("{\"name\":\"a\",\"maxCardinality\":-1}"), "[0].maxCardinality",
     "a number of times"},
    {ONE("{\"name\":\"a\",\"characteristicValueSpecification\":7}"),
     "[0].characteristicValueSpecification", "a list belongs here"},
    {ONE("{\"name\":\"a\",\"characteristicValueSpecification\":[7]}"),
     "[0].characteristicValueSpecification[0]", "an object belongs here"},
    {ONE("{\"name\":\"a\",\"valueType\":\"TEXT\",\"regex\":1}"), "[0].regex",
     "a text belongs here"},
};

static void
test_bad_files_are_refused_with_their_place(void **state)
{
    import_fixture_refuse(fixture_of(state), refused, N(refused));
}

#define VALUES(text) ",\"characteristicValueSpecification\":[" text "]"
#define TWO VALUES("{\"value\":\"x\"},{\"value\":\"y\"}")
#define TEXTS(x, y) "{\"values\":[{\"text\":\"" x "\"},{\"text\":\"" y "\"}]"
#define FROM_TO(from, to) "{\"valueFrom\":" from ",\"valueTo\":" to "}"

/* The type and what stands behind it, our JSON behind id and label, and what is told;
 * nothing when all of it was said. */
static const struct {
    const char *type;
    const char *more;
    const char *parameter;
    const char *told;
} rows[] = {
    {"TEXT", "", "\"text\":{}", NULL},
    {"longtext", "", "\"text\":{}", NULL},
    {"string", "", "\"text\":{}", NULL},
    {"TEXT", ",\"minCardinality\":1", "\"required\":true,\"text\":{}", NULL},
    {"TEXT", ",\"maxCardinality\":3", "\"text\":{}", "is 3: asked once"},
    {"TEXT", ",\"regex\":\"a+\"", "\"text\":{\"pattern\":\"a+\"}", NULL},
    {"TEXT", ",\"regex\":\"\\\\d\"", "\"text\":{}", "none of ours"},
    {"TEXT", VALUES("{\"value\":\"x\",\"isDefault\":true}"),
     "\"text\":{\"defaultText\":\"x\"}", NULL},
    {"TEXT", VALUES("{\"value\":{\"value\":\"x\",\"alias\":\"\"}}"),
     "\"text\":{\"defaultText\":\"x\"}", NULL},
    {"TEXT", VALUES("{\"value\":{\"value\":\"x\",\"alias\":\"X\"}}"),
     "\"text\":{\"defaultText\":\"x\"}", "call a value has no place: X"},
    {"TEXT", VALUES("{\"value\":{\"value\":null,\"alias\":null}}"), "\"text\":{}",
     NULL},
    {"TEXT", VALUES("{\"value\":\"\"}"), "\"text\":{}", NULL},
    {"TEXT", TWO, "\"choice\":" TEXTS("x", "y") "}", NULL},
    {"TEXT", VALUES("{\"value\":[\"x\"]}"), "\"text\":{}", "is a list: no one value"},
    {"TEXT", VALUES(FROM_TO("1", "2")), "\"text\":{}",
     "a range has no place in a text"},
    {"TEXT", VALUES("{\"regex\":\"a+\"}"), "\"text\":{\"pattern\":\"a+\"}", NULL},
    {"INTEGER", "", "\"integer\":{}", NULL},
    {"smallint", "", "\"integer\":{}", NULL},
    {"LONGINT", "", "\"integer\":{}", NULL},
    {"BIGINT", "", "\"integer\":{}", NULL},
    {"NUMERIC", "", "\"integer\":{}", NULL},
    {"NUMERIC", VALUES(FROM_TO("\"0.5\"", "2")),
     "\"decimal\":{\"minimum\":\"0.5\",\"maximum\":\"2\"}", NULL},
    {"INTEGER", VALUES(FROM_TO("1", "5")),
     "\"integer\":{\"minimum\":\"1\",\"maximum\":\"5\"}", NULL},
    {"INTEGER", VALUES(FROM_TO("\"0\"", "\"\"")), "\"integer\":{\"minimum\":\"0\"}",
     NULL},
    {"INTEGER", VALUES("{\"valueFrom\":1,\"valueTo\":5,\"rangeInterval\":\"open\"}"),
     "\"integer\":{\"minimum\":\"2\",\"maximum\":\"4\"}", NULL},
    {"INTEGER",
     VALUES("{\"valueFrom\":1,\"valueTo\":5,\"rangeInterval\":\"closedBottom\"}"),
     "\"integer\":{\"minimum\":\"1\",\"maximum\":\"4\"}", NULL},
    {"INTEGER",
     VALUES("{\"valueFrom\":1,\"valueTo\":5,\"rangeInterval\":\"closedTop\"}"),
     "\"integer\":{\"minimum\":\"2\",\"maximum\":\"5\"}", NULL},
    {"INTEGER", VALUES("{\"valueFrom\":1,\"rangeInterval\":\"ajar\"}"),
     "\"integer\":{\"minimum\":\"1\"}", "rangeInterval is \"ajar\""},
    {"INTEGER", VALUES(FROM_TO("\"a\"", "5")), "\"integer\":{\"maximum\":\"5\"}",
     "the limit \"a\" is none"},
    {"INTEGER", VALUES(FROM_TO("1", "5") "," FROM_TO("7", "9")),
     "\"integer\":{\"minimum\":\"1\",\"maximum\":\"5\"}", "is a second range"},
    {"INTEGER", VALUES("{\"value\":\"3\",\"isDefault\":true}"),
     "\"integer\":{\"defaultInteger\":\"3\"}", NULL},
    {"INTEGER", VALUES("{\"value\":\" 7\"}"), "\"integer\":{}",
     "a whole number proposes nothing here: \" 7\""},
    {"INTEGER", VALUES("{\"value\":\"+7\"}"), "\"integer\":{}",
     "a whole number proposes nothing here: \"+7\""},
    {"INTEGER", VALUES("{\"value\":\"some\"}"), "\"integer\":{}",
     "a whole number proposes nothing here: \"some\""},
    {"INTEGER", VALUES("{\"value\":1},{\"value\":\"2\"}"),
     "\"choice\":{\"values\":[{\"integer\":\"1\"},{\"integer\":\"2\"}]}", NULL},
    {"INTEGER", VALUES("{\"value\":1},{\"value\":\"1.5\"}"),
     "\"choice\":{\"values\":[{\"decimal\":\"1\"},{\"decimal\":\"1.5\"}]}",
     "none of its type: taken as a decimal"},
    {"INTEGER", VALUES("{\"unitOfMeasure\":\"GB\"}"), "\"unit\":\"GB\",\"integer\":{}",
     NULL},
    {"INTEGER", VALUES("{\"unitOfMeasure\":\"GB\"},{\"unitOfMeasure\":\"TB\"}"),
     "\"unit\":\"GB\",\"integer\":{}", "is \"TB\" beside \"GB\""},
    {"INTEGER", VALUES("{\"unitOfMeasure\":\"N/A\"}"), "\"integer\":{}",
     "is N/A: taken as no unit"},
    {"FLOAT", VALUES(FROM_TO("0.5", "\"2.25\"")),
     "\"decimal\":{\"minimum\":\"0.5\",\"maximum\":\"2.25\"}", NULL},
    {"double", "", "\"decimal\":{}", NULL},
    {"DECIMAL", "", "\"decimal\":{}", NULL},
    {"number", "", "\"decimal\":{}", NULL},
    {"FLOAT", VALUES("{\"valueFrom\":1,\"rangeInterval\":\"open\"}"),
     "\"decimal\":{\"minimum\":\"1\"}", "1 is not part of the range"},
    {"FLOAT", VALUES("{\"value\":1.5}"), "\"decimal\":{}",
     "a decimal proposes nothing here: 1.5"},
    {"BOOLEAN", "", "\"boolean\":{}", NULL},
    {"BOOLEAN", VALUES("{\"value\":true},{\"value\":false}"), "\"boolean\":{}", NULL},
    {"BOOLEAN", VALUES("{\"value\":true}"), "\"boolean\":{}",
     "a yes or no proposes nothing here: true"},
    {"DATE", VALUES(FROM_TO("\"now\"", "\"2030-01-01\"")),
     "\"date\":{\"earliest\":\"now\",\"latest\":\"2030-01-01\"}", NULL},
    {"DATE", VALUES(FROM_TO("null", "\"2030-02-30\"")), "\"date\":{}",
     "the limit \"2030-02-30\" is none"},
    {"TIMESTAMP", "", "\"date\":{}", "is a time: the day is asked"},
    {"dateTime", "", "\"date\":{}", "is a time: the day is asked"},
    {"ENUM", TWO, "\"choice\":" TEXTS("x", "y") "}", NULL},
    {"ENUM", VALUES("{\"value\":\"x\"},{\"value\":\"x\"}"),
     "\"choice\":{\"values\":[{\"text\":\"x\"}]}", "is value 0 again"},
    {"ENUM",
     VALUES("{\"value\":{\"value\":\"0\",\"alias\":\"LOW\"},\"valueType\":\"INTEGER\"},"
            "{\"value\":{\"value\":\"1\",\"alias\":\"HIGH\"},\"valueType\":"
            "\"INTEGER\"}"),
     "\"description\":\"- 0 = LOW\\n- 1 = HIGH\",\"choice\":{\"values\":[{\"integer\":"
     "\"0\"},{\"integer\":\"1\"}]}",
     "stands in the description: LOW"},
    {"ENUM", VALUES("{\"value\":\"x\",\"isDefault\":true},{\"value\":\"y\"}"),
     "\"choice\":" TEXTS("x", "y") "}", "a choice proposes nothing"},
    {"ENUM", VALUES("{\"value\":\"x\"},{\"value\":\"\"}"),
     "\"choice\":{\"values\":[{\"text\":\"x\"}]}", "no value of a choice: left out"},
    {"ENUM", "", "\"text\":{}", "no type of ours says this"},
    {"SET", TWO, "\"multiChoice\":" TEXTS("x", "y") "}", NULL},
    {"SET", TWO ",\"minCardinality\":2,\"maxCardinality\":2",
     "\"required\":true,\"multiChoice\":" TEXTS("x", "y") ",\"minItems\":2}", NULL},
    {"SET", TWO ",\"maxCardinality\":1",
     "\"multiChoice\":" TEXTS("x", "y") ",\"maxItems\":1}", NULL},
    {"ARRAY", TWO, "\"multiChoice\":" TEXTS("x", "y") "}", NULL},
    {"ARRAY", "", "\"text\":{}", "no type of ours says this"},
    {"BINARY", "", "\"text\":{}", "no type of ours says this"},
    {"OBJECT", "", "\"text\":{}", "no type of ours says this"},
    {"ipv6", "", "\"text\":{}", "is \"ipv6\": asked as a text"},
    {"TEXT", ",\"configurable\":false" VALUES("{\"value\":\"x\"}"),
     "\"constant\":{\"value\":{\"text\":\"x\"}}", NULL},
    {"INTEGER",
     ",\"configurable\":false,\"minCardinality\":1" VALUES("{\"value\":\"7\"}"),
     "\"constant\":{\"value\":{\"integer\":\"7\"}}", NULL},
    {"BOOLEAN", ",\"configurable\":false" VALUES("{\"value\":\"true\"}"),
     "\"constant\":{\"value\":{\"boolean\":true}}", NULL},
    {"INTEGER", ",\"configurable\":false" VALUES("{\"value\":\"x\"}"),
     "\"constant\":{\"value\":{\"text\":\"x\"}}", "taken as text"},
    {"TEXT",
     ",\"configurable\":false" VALUES(
         "{\"value\":\"x\"},{\"value\":\"y\",\"isDefault\":true}"),
     "\"constant\":{\"value\":{\"text\":\"y\"}}", "another value"},
    {"TEXT", ",\"configurable\":true,\"isUnique\":true", "\"text\":{}",
     "nothing here takes this member: true"},
};

static void
test_each_thing_a_characteristic_says_becomes_or_is_told(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    for (size_t i = 0; i < N(rows); i++) {
        const char *text = arena_print(
            fixture->arena, ONE("{\"id\":\"a\",\"name\":\"A\",\"valueType\":\"%s\"%s}"),
            rows[i].type, rows[i].more);
        if (!import_fixture_text(fixture, text)) {
            fail_msg("row %zu: %s", i, fixture->faults.rows[0].description);
        }
        const Kontor__V1__Offer *offer = fixture->set.services[0]->offers[0];
        assert_int_equal(offer->n_parameters, 1);
        assert_string_equal(
            json_print(&offer->parameters[0]->base, JSON_COMPACT, fixture->arena),
            arena_print(fixture->arena, "{\"id\":\"a\",\"label\":\"A\",%s}",
                        rows[i].parameter));
        bool is_told = rows[i].told == NULL
                           ? fixture->set.n_findings == 0
                           : import_fixture_found(
                                 &fixture->set, "specCharacteristic[0]", rows[i].told);
        if (!is_told) {
            fail_msg("row %zu: %s%s", i, rows[i].type, rows[i].more);
        }
    }
}

static const struct {
    const char *word;
    Kontor__V1__Phase phase;
} phases[] = {
    {"In study", KONTOR__V1__PHASE__FORTHCOMING},
    {"In design", KONTOR__V1__PHASE__FORTHCOMING},
    {"inDesign", KONTOR__V1__PHASE__FORTHCOMING},
    {"In test", KONTOR__V1__PHASE__PRE_PRODUCTION},
    {"Active", KONTOR__V1__PHASE__PRODUCTION},
    {"LAUNCHED", KONTOR__V1__PHASE__PRODUCTION},
    {"Retired", KONTOR__V1__PHASE__DEPRECATED},
    {"Obsolete", KONTOR__V1__PHASE__DECOMMISSIONED},
    {"Suspended", KONTOR__V1__PHASE__PHASE_UNSPECIFIED},
    {"Activated", KONTOR__V1__PHASE__PHASE_UNSPECIFIED},
    {"Act", KONTOR__V1__PHASE__PHASE_UNSPECIFIED},
};

static void
test_the_life_cycle_decides_the_phase(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    for (size_t i = 0; i < N(phases); i++) {
        assert_true(import_fixture_text(
            fixture, arena_print(fixture->arena, SPEC(",\"lifecycleStatus\":\"%s\""),
                                 phases[i].word)));
        const Kontor__V1__Service *service = fixture->set.services[0];
        assert_int_equal(service->phase, phases[i].phase);
        assert_string_equal(service->life_cycle_status, phases[i].word);
        assert_int_equal(fixture->set.n_findings, service->phase == 0 ? 1 : 0);
    }
}

static void
test_odd_things_are_told(void **state)
{
    static const struct {
        const char *place;
        const char *told;
    } told[] = {
        {":[0]", "names no owner"},
        {":[0].relatedParty[0]", "has no place beside the provider"},
        {":[0].relatedParty[1]", "has no place beside the provider"},
        {":[0].attachment", "nothing here takes this member: [{\"id\":\"x\"}]"},
        {":[0].lastUpdate", "is \"yesterday\": no time"},
        {":[0]", "its uuid \"u\" is not its id \"s\""},
        {":[0].specCharacteristic[0]", "cannot be configured and has no value"},
        {":[0].specCharacteristic[1]", "\"a b\" cannot be its id here: it is a-b"},
        {":[0].specCharacteristic[2]", "\"a:b\" cannot be its id here: it is a-b-2"},
        {":[0].serviceSpecRelationship[1]",
         "its type has no place: related: exclusivity"},
        {":[0].serviceSpecRelationship[2]", "has the id \"gone\""},
        {":[0].serviceSpecRelationship[3]", "a relation without an id"},
        {":[1]", "faces resources"},
    };
    struct import_fixture *fixture = fixture_of(state);
    assert_true(import_fixture_text(
        fixture,
        "[{\"id\":\"s\",\"uuid\":\"u\",\"name\":\"S\",\"lastUpdate\":\"yesterday\","
        "\"attachment\":[{\"id\":\"x\"}],\"resourceSpecification\":[],\"href\":null,"
        "\"relatedParty\":[{\"name\":\"M\",\"role\":\"member\"},{\"role\":\"owner\"}],"
        "\"specCharacteristic\":[{\"name\":\"c\",\"configurable\":false},"
        "{\"name\":\"a b\",\"valueType\":\"TEXT\"},"
        "{\"id\":\"8a52d05e-6d5c-4a0b-9a51-0c0f6f0c7b11\",\"name\":\"a:b\","
        "\"valueType\":\"TEXT\"}],\"serviceSpecRelationship\":[{\"id\":\"t\","
        "\"relationshipType\":\"dependency\"},{\"id\":\"t\",\"relationshipType\":"
        "\"exclusivity\"},{\"id\":\"gone\"},{\"name\":\"T\"}]},"
        "{\"uuid\":\"t\",\"name\":\"T\",\"@type\":"
        "\"ResourceFacingServiceSpecification\","
        "\"relatedParty\":[{\"name\":\"P\",\"role\":\"serviceProvider\"}]}]"));
    for (size_t i = 0; i < N(told); i++) {
        if (!import_fixture_found(&fixture->set, told[i].place, told[i].told)) {
            fail_msg("row %zu is not told: %s", i, told[i].told);
        }
    }
    assert_int_equal(fixture->set.n_findings, N(told));
    const Kontor__V1__Service *service = fixture->set.services[0];
    assert_int_equal(service->n_required_services, 1);
    assert_int_equal(service->n_related_services, 2);
    assert_string_equal(service->required_services[0], "alpine/t");
    assert_string_equal(service->related_services[1], "alpine/gone");
    assert_int_equal(service->offers[0]->n_parameters, 2);
    assert_int_equal(fixture->set.services[1]->n_offers, 0);
    assert_string_equal(fixture->set.services[1]->provider, "alpine/P");
}

/* What a word of a relation or of a party makes of it. */
static void
test_words_decide_relations_and_owners(void **state)
{
    static const struct {
        const char *type;
        bool is_required;
        size_t n_findings;
    } types[] = {
        {"dependency", true, 0},    {"dependsOn", true, 0}, {"requires", true, 0},
        {"reliesOn", true, 0},      {"related", false, 0},  {"", false, 0},
        {"substitution", false, 1},
    };
    static const struct {
        const char *role;
        bool is_owner;
    } roles[] = {{"owner", true},     {"OWNER", true},
                 {"provider", true},  {"Service provider", true},
                 {"customer", false}, {"", false}};
    struct import_fixture *fixture = fixture_of(state);
    for (size_t i = 0; i < N(types); i++) {
        assert_true(import_fixture_text(
            fixture,
            arena_print(
                fixture->arena,
                "[" SPEC(",\"serviceSpecRelationship\":[{\"id\":\"t\","
                         "\"relationshipType\":\"%s\"}]") ",{\"id\":\"t\","
                                                          "\"name\":\"T\"," OWNER "}]",
                types[i].type)));
        const Kontor__V1__Service *service = fixture->set.services[0];
        assert_int_equal(service->n_required_services, types[i].is_required);
        assert_int_equal(service->n_related_services, !types[i].is_required);
        assert_int_equal(fixture->set.n_findings, types[i].n_findings);
    }
    for (size_t i = 0; i < N(roles); i++) {
        assert_true(import_fixture_text(
            fixture, arena_print(fixture->arena,
                                 "{\"id\":\"s\",\"name\":\"S\",\"relatedParty\":[{"
                                 "\"id\":\"o\",\"role\":\"%s\"}]}",
                                 roles[i].role)));
        bool is_owner = strcmp(fixture->set.services[0]->provider, "alpine/o") == 0;
        assert_int_equal(is_owner, roles[i].is_owner);
    }
}

static void
test_more_than_an_offer_asks_is_refused(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    const char *list = "1";
    for (size_t i = 0; i < 128; i++) {
        list = arena_print(fixture->arena, "%s,1", list);
    }
    assert_false(
        import_fixture_text(fixture, arena_print(fixture->arena, ONE("%s"), list)));
    assert_non_null(strstr(fixture->faults.rows[0].description,
                           "are 129: an offer has at most 128"));
}

static void
test_relations_reach_into_later_files(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    const char *paths[] = {
        real_data_write(SPEC(",\"serviceSpecRelationship\":[{\"id\":\"t\"}]"),
                        fixture->arena),
        real_data_write("{\"id\":\"t\",\"name\":\"T\"," OWNER "}", fixture->arena)};
    bool is_read = import_fixture_read(fixture, paths, 2);
    unlink(paths[0]);
    unlink(paths[1]);
    assert_true(is_read);
    assert_int_equal(fixture->set.n_findings, 0);
    assert_string_equal(fixture->set.services[0]->related_services[0], "alpine/t");
}

static void
test_the_mask_leaves_phase_and_order_type_alone(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    assert_true(import_fixture_text(fixture, "[]"));
    const Google__Protobuf__FieldMask *mask = fixture->set.service_fields;
    assert_int_equal(mask->n_paths, 11);
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
        IMPORT_TEST(test_bad_files_are_refused_with_their_place),
        IMPORT_TEST(test_each_thing_a_characteristic_says_becomes_or_is_told),
        IMPORT_TEST(test_the_life_cycle_decides_the_phase),
        IMPORT_TEST(test_odd_things_are_told),
        IMPORT_TEST(test_words_decide_relations_and_owners),
        IMPORT_TEST(test_more_than_an_offer_asks_is_refused),
        IMPORT_TEST(test_relations_reach_into_later_files),
        IMPORT_TEST(test_the_mask_leaves_phase_and_order_type_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
