/* Conditions and rules between the parameters of an offer make sense, or the offer is
 * refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "proto/json.h"
#include "tests/server/shelf.h"

#define OFFER "service.offers[standard]"

/* A parameter of every type, and one, "x", with a condition. */
static const char parameters[] =
    "{\"id\": \"size\", \"label\": \"a\", \"required\": true, \"choice\": {\"values\": "
    "["
    "  {\"text\": \"small\"}, {\"text\": \"large\"}]}},"
    "{\"id\": \"tools\", \"label\": \"a\", \"multi_choice\": {\"values\": ["
    "  {\"text\": \"cc\"}, {\"text\": \"gdb\"}, {\"text\": \"perl\"}],"
    "  \"min_items\": 2}},"
    "{\"id\": \"fast\", \"label\": \"a\", \"boolean\": {}},"
    "{\"id\": \"gpus\", \"label\": \"a\", \"required\": true,"
    "  \"integer\": {\"minimum\": 1, \"maximum\": 8}},"
    "{\"id\": \"disk\", \"label\": \"a\", \"unit\": \"GB\","
    "  \"decimal\": {\"minimum\": \"0.5\", \"maximum\": \"9.5\"}},"
    "{\"id\": \"tape\", \"label\": \"a\", \"unit\": \"GB\", \"integer\": {}},"
    "{\"id\": \"seats\", \"label\": \"a\", \"quantity\": {\"maximum\": 10}},"
    "{\"id\": \"site\", \"label\": \"a\", \"constant\": {\"value\": {\"text\": "
    "\"hall\"}}},"
    "{\"id\": \"day\", \"label\": \"a\","
    "  \"date\": {\"earliest\": \"now\", \"latest\": \"2030-12-31\"}},"
    "{\"id\": \"name\", \"label\": \"a\", \"text\": {\"pattern\": \"[a-z]+\"}}";

/* The offer with this condition of "x" ("" = none) and these rules. */
static Kontor__V1__Offer *
read_offer(struct harness *h, const char *condition, const char *rules)
{
    struct faults faults = {.arena = h->arena};
    const char *visible =
        condition[0] == '\0' ? ""
                             : arena_print(h->arena, ", \"visible_if\": %s", condition);
    const char *text = arena_print(
        h->arena,
        "{\"iid\": \"standard\", \"name\": \"Standard\", \"parameters\": [%s,"
        "{\"id\": \"x\", \"label\": \"a\", \"boolean\": {}%s}], \"rules\": [%s]}",
        parameters, visible, rules);
    void *offer = json_parse(&kontor__v1__offer__descriptor, text, strlen(text),
                             h->arena, &faults);
    if (offer == NULL) {
        fail_msg("%s: %s in %s", faults.rows[0].path, faults.rows[0].description, text);
    }
    return offer;
}

static enum status
try(struct shelf *stage, Kontor__V1__Offer *offer, struct error *error)
{
    Kontor__V1__Service *service = shelf_plain(stage, "coast/a");
    service->offers = &offer;
    service->n_offers = 1;
    *error = (struct error){.status = STATUS_OK};
    return shelf_update_service(stage->h, stage->admin, service,
                                shelf_mask(stage->h, "*", NULL), NULL, error);
}

static void
expect_fault(const struct error *error, const char *path, const char *words)
{
    size_t n = error->faults == NULL ? 0 : error->faults->n_rows;
    for (size_t i = 0; i < n; i++) {
        const struct fault *fault = &error->faults->rows[i];
        if (strcmp(fault->path, path) == 0 &&
            strstr(fault->description, words) != NULL) {
            return;
        }
    }
    fail_msg("nothing says \"%s\" at %s but: %s", words, path, error->message);
}

/* ---- Conditions ---- */

#define IF(parameter, values)                                                          \
    "{\"parameter\": \"" parameter "\", \"values\": [" values "]}"

static const struct {
    const char *condition;
    const char *path; /* Behind the condition; NULL = it is sound. */
    const char *words;
} conditions[] = {
    {IF("size", ""), NULL, ""},
    {IF("size", "{\"text\": \"small\"}, {\"text\": \"large\"}"), NULL, ""},
    {IF("size", "{\"text\": \"huge\"}"), ".values[0]", "choose \"small\", \"large\""},
    {IF("size", "{\"integer\": 1}"), ".values[0]", "never"},
    {IF("size", "{\"text\": \"small\"}, {\"text\": \"small\"}"), ".values[1]",
     "there already"},
    /* One of two that are needed at least. */
    {IF("tools", "{\"text\": \"cc\"}"), NULL, ""},
    {IF("tools", "{\"text\": \"java\"}"), ".values[0]", "not offered"},
    {IF("tools", "{\"list\": {\"values\": [{\"text\": \"cc\"}]}}"), ".values[0]",
     "one value"},
    {IF("fast", "{\"boolean\": false}"), NULL, ""},
    {IF("fast", "{\"text\": \"true\"}"), ".values[0]", "true or false"},
    {IF("gpus", "{\"integer\": 1}, {\"integer\": 8}"), NULL, ""},
    {IF("gpus", "{\"integer\": 0}"), ".values[0]", "1..8"},
    {IF("gpus", "{\"integer\": 8}, {\"integer\": 9}"), ".values[1]", "1..8"},
    {IF("disk", "{\"decimal\": \"0.5\"}"), NULL, ""},
    {IF("disk", "{\"decimal\": \"0.499999999\"}"), ".values[0]", "below 0.5"},
    {IF("disk", "{\"decimal\": \"1.5\"}, {\"decimal\": \"1.50\"}"), ".values[1]",
     "there already"},
    {IF("seats", "{\"integer\": 10}"), NULL, ""},
    {IF("seats", "{\"integer\": 11}"), ".values[0]", "1..10"},
    {IF("site", "{\"text\": \"hall\"}"), NULL, ""},
    {IF("site", "{\"text\": \"attic\"}"), ".values[0]", "always \"hall\""},
    {IF("day", "{\"date\": \"2020-02-29\"}"), NULL, ""},
    {IF("day", "{\"date\": \"2031-01-01\"}"), ".values[0]", "after 2030-12-31"},
    {IF("day", "{\"date\": \"2027-02-29\"}"), ".values[0].date", "day that exists"},
    {IF("name", "{\"text\": \"abc\"}"), NULL, ""},
    {IF("name", "{\"text\": \"ABC\"}"), ".values[0]", "pattern"},
    {IF("name", "{}"), ".values[0]", "choices"},
    {IF("nobody", ""), ".parameter", "no parameter \"nobody\""},
    {IF("", ""), ".parameter", "must be given"},
    {IF("x", ""), ".parameter", "itself"},
};

static void
test_a_condition_names_what_the_other_parameter_can_have(void **state)
{
    struct shelf *stage = *state;
    shelf_created(stage, shelf_plain(stage, "coast/a"));
    for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
        struct error error;
        enum status status =
            try(stage, read_offer(stage->h, conditions[i].condition, ""), &error);
        if (conditions[i].path != NULL) {
            assert_int_equal(status, STATUS_INVALID_ARGUMENT);
            expect_fault(&error,
                         arena_print(stage->h->arena,
                                     OFFER ".parameters[x].visible_if%s",
                                     conditions[i].path),
                         conditions[i].words);
        } else if (status != STATUS_OK) {
            fail_msg("%s: %s", conditions[i].condition, error.message);
        }
    }
}

static void
set_condition(struct harness *h, Kontor__V1__Offer *offer, size_t index, const char *id)
{
    Kontor__V1__Condition *condition = arena_alloc(h->arena, sizeof(*condition));
    kontor__v1__condition__init(condition);
    condition->parameter = arena_copy(h->arena, id);
    offer->parameters[index]->visible_if = condition;
}

static void
test_conditions_may_chain_but_not_in_a_circle(void **state)
{
    struct shelf *stage = *state;
    struct error error;
    shelf_created(stage, shelf_plain(stage, "coast/a"));
    Kontor__V1__Offer *offer = read_offer(stage->h, IF("name", ""), "");
    /* x waits for name, name for day, day for site. */
    set_condition(stage->h, offer, 9, "day");
    set_condition(stage->h, offer, 8, "site");
    assert_int_equal(try(stage, offer, &error), STATUS_OK);
    set_condition(stage->h, offer, 7, "name");
    assert_int_equal(try(stage, offer, &error), STATUS_INVALID_ARGUMENT);
    expect_fault(&error, OFFER ".parameters[name].visible_if.parameter", "itself");
    expect_fault(&error, OFFER ".parameters[day].visible_if.parameter", "itself");
    expect_fault(&error, OFFER ".parameters[site].visible_if.parameter", "itself");
    /* x only leads into the circle. */
    assert_false(
        harness_has_fault(&error, OFFER ".parameters[x].visible_if.parameter"));
}

static void
test_the_longest_chain_is_taken(void **state)
{
    struct shelf *stage = *state;
    struct error error;
    Kontor__V1__Service *service = shelf_plain(stage, "coast/a");
    Kontor__V1__Offer *offer = shelf_offer(stage->h, service, "standard");
    shelf_created(stage, shelf_plain(stage, "coast/a"));
    for (size_t i = 0; i < 128; i++) {
        shelf_make_integer(
            stage->h,
            shelf_parameter(stage->h, offer, arena_print(stage->h->arena, "p%zu", i)));
        if (i > 0) {
            set_condition(stage->h, offer, i, offer->parameters[i - 1]->id);
        }
    }
    assert_int_equal(try(stage, offer, &error), STATUS_OK);
    set_condition(stage->h, offer, 0, "p127");
    assert_int_equal(try(stage, offer, &error), STATUS_INVALID_ARGUMENT);
}

/* ---- Rules ---- */

#define REQUIRES(when, then) "{\"requires\": {\"when\": " when ", \"then\": " then "}}"
#define EXCLUDES(one, other) "{\"excludes\": {\"one\": " one ", \"other\": " other "}}"
#define SUM(parameters, limit)                                                         \
    "{\"sum_at_most\": {\"parameters\": [" parameters "], \"limit\": \"" limit "\"}}"

static const struct {
    const char *rules;
    const char *path; /* Behind rules; NULL = they are sound. */
    const char *words;
} rules[] = {
    {REQUIRES(IF("gpus", "{\"integer\": 8}"), IF("size", "{\"text\": \"large\"}")),
     NULL, ""},
    {REQUIRES(IF("gpus", ""), IF("tools", "")), NULL, ""},
    {REQUIRES(IF("nobody", ""), IF("tools", "")), "[0].requires.when.parameter",
     "no parameter \"nobody\""},
    {REQUIRES(IF("gpus", ""), IF("nobody", "")), "[0].requires.then.parameter",
     "no parameter \"nobody\""},
    {REQUIRES(IF("gpus", "{\"integer\": 9}"), IF("size", "")),
     "[0].requires.when.values[0]", "1..8"},
    {REQUIRES(IF("gpus", ""), IF("size", "{\"text\": \"huge\"}")),
     "[0].requires.then.values[0]", "not offered"},
    {REQUIRES(IF("gpus", ""), IF("gpus", "")), "[0].requires.then.parameter",
     "another parameter"},
    {"{\"requires\": {\"when\": " IF("gpus", "") "}}", "[0].requires.then",
     "must be given"},
    {EXCLUDES(IF("tools", "{\"text\": \"cc\"}"), IF("tape", "")), NULL, ""},
    {EXCLUDES(IF("gpus", ""), IF("tape", "")), NULL, ""},
    {EXCLUDES(IF("tape", ""), IF("tape", "")), "[0].excludes.other.parameter",
     "another parameter"},
    {EXCLUDES(IF("tape", ""), IF("nobody", "")), "[0].excludes.other.parameter",
     "no parameter \"nobody\""},
    {EXCLUDES(IF("fast", "{\"boolean\": true}, {\"boolean\": true}"), IF("tape", "")),
     "[0].excludes.one.values[1]", "already"},
    {EXCLUDES(IF("gpus", ""), IF("size", "")), "[0].excludes", "nothing could be"},
    {EXCLUDES(IF("site", "{\"text\": \"hall\"}"), IF("size", "")), "[0].excludes",
     "nothing could be"},
    {EXCLUDES(IF("site", ""), IF("size", "{\"text\": \"small\"}")), NULL, ""},
    {"{\"excludes\": {\"other\": " IF("gpus", "") "}}", "[0].excludes.one",
     "must be given"},
    {SUM("\"disk\", \"tape\"", "9.75"), NULL, ""},
    {SUM("\"gpus\", \"seats\"", "0"), NULL, ""},
    {SUM("\"disk\", \"tape\"", "999999999999999.999999999"), NULL, ""},
    {SUM("\"disk\", \"tape\"", "-0.000000001"), "[0].sum_at_most.limit", "0 or more"},
    {SUM("\"disk\", \"tape\"", "1000000000000000"), "[0].sum_at_most.limit", "decimal"},
    {SUM("\"disk\", \"tape\"", "ten"), "[0].sum_at_most.limit", "decimal"},
    {SUM("\"disk\", \"tape\"", ""), "[0].sum_at_most.limit", "must be given"},
    {SUM("", "1"), "[0].sum_at_most.parameters", "at least one"},
    {SUM("\"disk\", \"nobody\"", "1"), "[0].sum_at_most.parameters[1]", "no such"},
    {SUM("\"disk\", \"disk\"", "1"), "[0].sum_at_most.parameters[1]", "the same"},
    {SUM("\"disk\", \"gpus\"", "1"), "[0].sum_at_most.parameters[1]", "one unit"},
    {SUM("\"gpus\", \"size\"", "1"), "[0].sum_at_most.parameters[1]", "an integer"},
    {SUM("\"site\"", "1"), "[0].sum_at_most.parameters[0]", "an integer"},
    {SUM("\"tools\"", "1"), "[0].sum_at_most.parameters[0]", "an integer"},
    {"{}", "[0]", "choices"},
    {SUM("\"disk\"", "1") ", " SUM("\"disk\"", "1"), "[1]", "the same"},
    {REQUIRES(IF("gpus", ""), IF("tools", "")) ", " EXCLUDES(IF("nobody", ""),
                                                             IF("tools", "")),
     "[1].excludes.one.parameter", "no parameter \"nobody\""},
};

static void
test_a_rule_that_makes_no_sense_is_refused(void **state)
{
    struct shelf *stage = *state;
    shelf_created(stage, shelf_plain(stage, "coast/a"));
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        struct error error;
        enum status status =
            try(stage, read_offer(stage->h, "", rules[i].rules), &error);
        if (rules[i].path != NULL) {
            assert_int_equal(status, STATUS_INVALID_ARGUMENT);
            expect_fault(&error,
                         arena_print(stage->h->arena, OFFER ".rules%s", rules[i].path),
                         rules[i].words);
        } else if (status != STATUS_OK) {
            fail_msg("%s: %s", rules[i].rules, error.message);
        }
    }
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, shelf_setup, shelf_teardown)
    const struct CMUnitTest tests[] = {
        T(test_a_condition_names_what_the_other_parameter_can_have),
        T(test_conditions_may_chain_but_not_in_a_circle),
        T(test_the_longest_chain_is_taken),
        T(test_a_rule_that_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
