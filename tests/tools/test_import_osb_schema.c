/*
 * JSON schemas as service brokers' catalogues hold them: each thing one can say beside
 * what is made of it, or how it is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/json.h"
#include "proto/pattern.h"
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

/* A property, the parameter it becomes as our JSON, and what is told: its place below
 * the property, and the text; none of both when all of it was said. */
static const struct {
    const char *property;
    const char *parameter;
    const char *place;
    const char *told;
} rows[] = {
    {"{\"type\":\"string\"}", "\"text\":{}", NULL, NULL},
    {"{\"type\":\"string\",\"pattern\":\"^(a|b)+$\"}",
     "\"text\":{\"pattern\":\"^(a|b)+$\"}", NULL, NULL},
    {"{\"type\":\"string\",\"pattern\":\"^(a|b)$\"}", "\"text\":{\"pattern\":\"a|b\"}",
     NULL, NULL},
    {"{\"type\":\"string\",\"pattern\":\"^a|b$\"}",
     "\"text\":{\"pattern\":\".*(^a|b$).*\"}", ".pattern", "matches anywhere"},
    {"{\"type\":\"string\",\"pattern\":\"x\"}", "\"text\":{\"pattern\":\".*(x).*\"}",
     ".pattern", "matches anywhere"},
    {"{\"type\":\"string\",\"pattern\":\"^a\\\\$\"}",
     "\"text\":{\"pattern\":\".*(^a\\\\$).*\"}", ".pattern", "matches anywhere"},
    {"{\"type\":\"string\",\"pattern\":\"^\\\\d+$\"}", "\"text\":{}", ".pattern",
     "none of ours"},
    {"{\"type\":\"string\",\"pattern\":\"^[\\\\w.]+$\"}", "\"text\":{}", ".pattern",
     "none of ours"},
    {"{\"type\":\"string\",\"pattern\":\"^(?=a)b$\"}", "\"text\":{}", ".pattern",
     "none of ours"},
    {"{\"type\":\"string\",\"pattern\":\"^(a)\\\\1$\"}", "\"text\":{}", ".pattern",
     "none of ours"},
    {"{\"type\":\"string\",\"minLength\":2,\"maxLength\":4}",
     "\"text\":{\"minLength\":2,\"maxLength\":4}", "", "counted in characters"},
    {"{\"type\":\"string\",\"maxLength\":70000}", "\"text\":{\"maxLength\":65536}",
     ".maxLength", "taken as 65536"},
    {"{\"type\":\"string\",\"maxLength\":0}", "\"text\":{}", ".maxLength",
     "must be empty"},
    {"{\"type\":\"string\",\"minLength\":-1}", "\"text\":{}", ".minLength",
     "taken as 0"},
    {"{\"type\":\"string\",\"default\":\"x\"}", "\"text\":{\"defaultText\":\"x\"}",
     NULL, NULL},
    {"{\"type\":\"string\",\"pattern\":\"^a$\",\"default\":\"b\"}",
     "\"text\":{\"pattern\":\"^a$\"}", ".default", "not proposed"},
    {"{\"type\":\"string\",\"format\":\"uri\"}", "\"text\":{}", ".format",
     "has no place in a text: \"uri\""},
    {"{\"type\":\"string\",\"format\":\"date\"}", "\"date\":{}", NULL, NULL},
    {"{\"type\":\"integer\"}", "\"integer\":{}", NULL, NULL},
    {"{\"type\":\"integer\",\"minimum\":0,\"maximum\":0,\"default\":0}",
     "\"integer\":{\"minimum\":\"0\",\"maximum\":\"0\",\"defaultInteger\":\"0\"}", NULL,
     NULL},
    {"{\"type\":\"integer\",\"minimum\":1,\"exclusiveMinimum\":true}",
     "\"integer\":{\"minimum\":\"2\"}", NULL, NULL},
    {"{\"type\":\"integer\",\"minimum\":1,\"exclusiveMinimum\":false}",
     "\"integer\":{\"minimum\":\"1\"}", NULL, NULL},
    {"{\"type\":\"integer\",\"exclusiveMinimum\":1,\"exclusiveMaximum\":9}",
     "\"integer\":{\"minimum\":\"2\",\"maximum\":\"8\"}", NULL, NULL},
    {"{\"type\":\"integer\",\"minimum\":5,\"exclusiveMinimum\":1}",
     "\"integer\":{\"minimum\":\"5\"}", NULL, NULL},
    {"{\"type\":\"integer\",\"maximum\":5.0}", "\"integer\":{\"maximum\":\"5\"}", NULL,
     NULL},
    {"{\"type\":\"integer\",\"maximum\":5.5}", "\"integer\":{}", ".maximum",
     "no whole number"},
    {"{\"type\":\"integer\",\"multipleOf\":4}", "\"integer\":{}", ".multipleOf",
     "has no place in a whole number: 4"},
    {"{\"type\":\"number\",\"minimum\":-0.5,\"maximum\":3}",
     "\"decimal\":{\"minimum\":\"-0.5\",\"maximum\":\"3\"}", NULL, NULL},
    {"{\"type\":\"number\",\"minimum\":1e300}", "\"decimal\":{}", ".minimum",
     "more digits"},
    {"{\"type\":\"number\",\"default\":1.5}", "\"decimal\":{}", ".default",
     "has no place in a decimal"},
    {"{\"type\":\"number\",\"exclusiveMinimum\":1}", "\"decimal\":{}",
     ".exclusiveMinimum", "has no place in a decimal"},
    {"{\"type\":\"boolean\",\"default\":true}", "\"boolean\":{}", ".default",
     "has no place in a yes or no"},
    {"{\"enum\":[\"a\",\"b\"]}",
     "\"choice\":{\"values\":[{\"text\":\"a\"},{\"text\":\"b\"}]}", NULL, NULL},
    {"{\"type\":\"integer\",\"enum\":[1,2]}",
     "\"choice\":{\"values\":[{\"integer\":\"1\"},{\"integer\":\"2\"}]}", NULL, NULL},
    {"{\"enum\":[1,1.5]}",
     "\"choice\":{\"values\":[{\"decimal\":\"1\"},{\"decimal\":\"1.5\"}]}", ".enum",
     "as decimals"},
    {"{\"enum\":[1,\"b\"]}",
     "\"choice\":{\"values\":[{\"text\":\"1\"},{\"text\":\"b\"}]}", ".enum", "as text"},
    {"{\"enum\":[true,false]}",
     "\"choice\":{\"values\":[{\"boolean\":true},{\"boolean\":false}]}", NULL, NULL},
    {"{\"enum\":[\"a\",\"a\"]}", "\"choice\":{\"values\":[{\"text\":\"a\"}]}",
     ".enum[1]", "again"},
    {"{\"enum\":[null,\"a\"]}", "\"choice\":{\"values\":[{\"text\":\"a\"}]}",
     ".enum[0]", "null"},
    {"{\"enum\":[{}]}", "\"text\":{}", ".enum[0]", "no value of ours"},
    {"{\"enum\":[]}", "\"text\":{}", "", "a text that holds JSON"},
    {"{\"enum\":[\"a\"],\"default\":\"a\"}",
     "\"choice\":{\"values\":[{\"text\":\"a\"}]}", ".default",
     "has no place in a choice"},
    {"{\"type\":\"string\",\"enum\":[\"a\"],\"pattern\":\"b\"}",
     "\"choice\":{\"values\":[{\"text\":\"a\"}]}", ".pattern",
     "has no place in a choice"},
    {"{\"type\":\"array\",\"items\":{\"enum\":[\"a\",\"b\"]},\"uniqueItems\":true,"
     "\"minItems\":1,\"maxItems\":2}",
     "\"multiChoice\":{\"values\":[{\"text\":\"a\"},{\"text\":\"b\"}],\"minItems\":1,"
     "\"maxItems\":2}",
     NULL, NULL},
    {"{\"type\":\"array\",\"items\":{\"enum\":[\"a\"]}}",
     "\"multiChoice\":{\"values\":[{\"text\":\"a\"}]}", "", "a value twice"},
    {"{\"type\":\"array\",\"items\":{\"enum\":[\"a\"]},\"uniqueItems\":true,"
     "\"maxItems\":9}",
     "\"multiChoice\":{\"values\":[{\"text\":\"a\"}],\"maxItems\":1}", ".maxItems",
     "taken as 1"},
    {"{\"type\":\"array\",\"items\":{\"enum\":[\"a\"],\"title\":\"t\"},"
     "\"uniqueItems\":true}",
     "\"multiChoice\":{\"values\":[{\"text\":\"a\"}]}", ".items.title",
     "has no place in a multiple choice"},
    {"{\"type\":\"array\",\"items\":{\"type\":\"string\"}}", "\"text\":{}", ".items",
     "has no place in a text that holds JSON"},
    {"{\"type\":\"object\",\"properties\":{\"b\":{}}}", "\"text\":{}", ".properties",
     "{\"b\":{}}"},
    {"{\"const\":\"v\"}", "\"constant\":{\"value\":{\"text\":\"v\"}}", NULL, NULL},
    {"{\"const\":7}", "\"constant\":{\"value\":{\"integer\":\"7\"}}", NULL, NULL},
    {"{\"const\":[]}", "\"text\":{}", "", "a text that holds JSON"},
    {"{\"oneOf\":[{\"type\":\"string\"}]}", "\"text\":{}", ".oneOf",
     "[{\"type\":\"string\"}]"},
    {"{\"$ref\":\"#/definitions/x\"}", "\"text\":{}", ".$ref", "#/definitions/x"},
    {"{\"type\":[\"string\",\"null\"]}", "\"text\":{}", ".type", "several types"},
    {"{\"type\":[\"string\",\"integer\"]}", "\"text\":{}", "", "holds JSON"},
    {"{}", "\"text\":{}", "", "holds JSON"},
    {"true", "\"text\":{}", "", "holds JSON"},
};

static void
read_row(struct import_fixture *fixture, size_t i)
{
    const char *text =
        arena_print(fixture->arena, "%s%s%s",
                    "{\"services\":[{\"id\":\"s\",\"name\":\"n\",\"description\":\"d\","
                    "\"metadata\":{\"providerDisplayName\":\"P\"},\"plans\":[{\"id\":"
                    "\"p\",\"name\":\"n\",\"free\":true,\"schemas\":{\"service_"
                    "instance\":{\"create\":{\"parameters\":{\"properties\":{\"a\":",
                    rows[i].property, "}}}}}}]}]}");
    if (!import_fixture_text(fixture, text)) {
        fail_msg("row %zu: %s: %s", i, fixture->faults.rows[0].path,
                 fixture->faults.rows[0].description);
    }
}

static void
test_each_thing_a_schema_says_becomes_or_is_told(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    for (size_t i = 0; i < N(rows); i++) {
        read_row(fixture, i);
        const Kontor__V1__Offer *offer = fixture->set.services[0]->offers[0];
        assert_int_equal(offer->n_parameters, 1);
        assert_string_equal(
            json_print(&offer->parameters[0]->base, JSON_COMPACT, fixture->arena),
            arena_print(fixture->arena, "{\"id\":\"a\",\"label\":\"a\",%s}",
                        rows[i].parameter));
        /* That the plan is free is told in every row. */
        size_t n_told = rows[i].told == NULL ? 1 : 2;
        assert_true(rows[i].told == NULL ? fixture->set.n_findings == 1
                                         : fixture->set.n_findings >= n_told);
        if (rows[i].told != NULL &&
            !import_fixture_found(
                &fixture->set,
                arena_print(fixture->arena, ".properties.a%s", rows[i].place),
                rows[i].told)) {
            fail_msg("row %zu: %s is not told", i, rows[i].told);
        }
    }
}

/* The kinds of a property by a letter, and which of them take a keyword. */
static const struct {
    char letter;
    const char *members;
} kinds[] = {
    {'t', "\"type\":\"string\""},
    {'i', "\"type\":\"integer\""},
    {'n', "\"type\":\"number\""},
    {'b', "\"type\":\"boolean\""},
    {'d', "\"type\":\"string\",\"format\":\"date\""},
    {'c', "\"enum\":[\"x\"]"},
    {'m', "\"type\":\"array\",\"items\":{\"enum\":[\"x\"]}"},
    {'k', "\"const\":\"x\""},
    {'o', "\"type\":\"object\""},
};

static const struct {
    const char *keyword;
    const char *value;
    const char *kinds; /* That take it. */
} keywords[] = {
    {"title", "\"x\"", "tinbdcmko"},
    {"description", "\"x\"", "tinbdcmko"},
    {"minimum", "1", "in"},
    {"maximum", "1", "in"},
    {"exclusiveMinimum", "1", "i"},
    {"exclusiveMaximum", "1", "i"},
    {"minLength", "1", "t"},
    {"maxLength", "1", "t"},
    {"pattern", "\"^x$\"", "t"},
    {"minItems", "1", "m"},
    {"maxItems", "1", "m"},
    {"uniqueItems", "true", "m"},
    {"multipleOf", "1", ""},
    {"oneOf", "[]", ""},
    {"not", "{}", ""},
    {"readOnly", "true", ""},
};

static void
test_each_keyword_is_taken_by_its_kinds_and_told_by_the_others(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    for (size_t i = 0; i < N(keywords) * N(kinds); i++) {
        const char *keyword = keywords[i / N(kinds)].keyword;
        char letter = kinds[i % N(kinds)].letter;
        assert_true(import_fixture_text(
            fixture, arena_print(fixture->arena, PROPERTY("{%s,\"%s\":%s}"),
                                 kinds[i % N(kinds)].members, keyword,
                                 keywords[i / N(kinds)].value)));
        bool is_told = import_fixture_found(
            &fixture->set, arena_print(fixture->arena, ".properties.a.%s", keyword),
            "has no place in");
        if (is_told != (strchr(keywords[i / N(kinds)].kinds, letter) == NULL)) {
            fail_msg("%s of %c: told %d", keyword, letter, is_told);
        }
    }
}

/* What a search finds, the pattern that is made of it matches, and nothing else. */
static void
test_a_pattern_keeps_its_meaning(void **state)
{
    static const struct {
        const char *pattern;
        const char *text;
        bool is_match;
    } texts[] = {
        {"^a|b$", "abc", true},     {"^a|b$", "cb", true},    {"^a|b$", "cac", false},
        {"^(a|b)$", "a", true},     {"^(a|b)$", "b", true},   {"^(a|b)$", "ab", false},
        {"^(a)|(b)$", "axb", true}, {"x", "axb", true},       {"x", "ab", false},
        {"^(a)(b)$", "ab", true},   {"^(a)(b)$", "a", false},
    };
    struct import_fixture *fixture = fixture_of(state);
    for (size_t i = 0; i < N(texts); i++) {
        const char *text = arena_print(fixture->arena,
                                       PROPERTY("{\"type\":\"string\","
                                                "\"pattern\":\"%s\"}"),
                                       texts[i].pattern);
        assert_true(import_fixture_text(fixture, text));
        const Kontor__V1__Parameter *parameter =
            fixture->set.services[0]->offers[0]->parameters[0];
        assert_true(parameter->text->pattern[0] != '\0');
        if (pattern_matches(parameter->text->pattern, texts[i].text) !=
            texts[i].is_match) {
            fail_msg("row %zu: %s became %s", i, texts[i].pattern,
                     parameter->text->pattern);
        }
    }
}

/* The text between quotes, n times. */
static char *
long_text(struct arena *arena, size_t n)
{
    char *text = arena_alloc(arena, n + 1);
    memset(text, 'x', n);
    return text;
}

static const Kontor__V1__Parameter *
only_parameter(struct import_fixture *fixture, const char *text)
{
    assert_true(import_fixture_text(fixture, text));
    return fixture->set.services[0]->offers[0]->parameters[0];
}

/* On both sides of what the broker takes. */
static void
test_limits_of_the_broker_are_kept(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    struct arena *arena = fixture->arena;
    const char *list = "0";
    for (size_t i = 1; i < 256; i++) {
        list = arena_print(arena, "%s,%zu", list, i);
    }
    const Kontor__V1__Parameter *parameter =
        only_parameter(fixture, arena_print(arena, PROPERTY("{\"enum\":[%s]}"), list));
    assert_int_equal(parameter->choice->n_values, 256);
    parameter = only_parameter(
        fixture, arena_print(arena, PROPERTY("{\"enum\":[%s,256]}"), list));
    assert_int_equal(parameter->type_case, KONTOR__V1__PARAMETER__TYPE_TEXT);
    assert_true(import_fixture_found(&fixture->set, ".a.enum", "has no place in"));
    for (size_t n = 64; n <= 65; n++) {
        parameter = only_parameter(
            fixture, arena_print(arena, CREATE("{\"properties\":{\"%s\":{}}}"),
                                 long_text(arena, n)));
        assert_string_equal(parameter->id, long_text(arena, 64));
        assert_string_equal(parameter->label, long_text(arena, n));
    }
    for (size_t n = 256; n <= 257; n++) {
        parameter = only_parameter(
            fixture,
            arena_print(arena, PROPERTY("{\"type\":\"string\",\"pattern\":\"^(%s)$\"}"),
                        long_text(arena, n)));
        assert_int_equal(strlen(parameter->text->pattern), n == 256 ? 256 : 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(test_each_thing_a_schema_says_becomes_or_is_told),
        IMPORT_TEST(test_each_keyword_is_taken_by_its_kinds_and_told_by_the_others),
        IMPORT_TEST(test_a_pattern_keeps_its_meaning),
        IMPORT_TEST(test_limits_of_the_broker_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
