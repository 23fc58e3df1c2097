/*
 * Formats of what can be ordered, there and back: service brokers' catalogues and
 * TMF633. What they can say comes back byte for byte, and what they cannot is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/json.h"
#include "tests/tools/export_fixture.h"

#define N(rows) (sizeof(rows) / sizeof(rows)[0])

static const struct form {
    const char *format;
    const char *example;
    const char *real;
    size_t n_lost; /* Of the example: names of providers that have keys of their own. */
} forms[] = {
    {"osb", EXAMPLES "/osb.json", "catalogue/osb-catalog.json", 0},
    {"tmf633", EXAMPLES "/tmf633.json", "catalogue/tmf633-bundle.json", 1},
};

static struct import_set
read_file(struct import_fixture *fixture, const char *format, const char *path)
{
    fixture->format = format;
    assert_true(import_fixture_read(fixture, &path, 1));
    return fixture->set;
}

/* How many fields of services came back as something else; all of them were told. */
static size_t
compare(struct import_fixture *fixture, const struct export_result *result,
        const struct import_set *sent, const struct import_set *back)
{
    size_t n = 0;
    for (size_t i = 0; i < sent->n_services; i++) {
        const char *id = sent->services[i]->id;
        const ProtobufCMessage *other =
            export_fixture_find(back->services, back->n_services, id);
        if (other == NULL) {
            assert_true(export_fixture_lost(result, id, "offers"));
            continue;
        }
        n += export_fixture_compare(result, &sent->services[i]->base, other,
                                    back->service_fields, fixture->arena);
    }
    return n;
}

/* What differs was told; the second time nothing differs. */
static struct export_result
there_and_back_twice(struct import_fixture *fixture, const char *format,
                     const struct import_set *set)
{
    struct export_result first = export_fixture_write(fixture, format, set);
    struct import_set once = export_fixture_read(fixture, format, first.text);
    compare(fixture, &first, set, &once);
    struct export_result second = export_fixture_write(fixture, format, &once);
    assert_string_equal(second.text, first.text);
    struct import_set twice = export_fixture_read(fixture, format, second.text);
    assert_int_equal(compare(fixture, &second, &once, &twice), 0);
    return first;
}

static void
test_the_examples_come_back_whole(void **state)
{
    struct import_fixture *fixture = *state;
    for (size_t i = 0; i < N(forms); i++) {
        const struct form *form = &forms[i];
        struct import_set set = read_file(fixture, form->format, form->example);
        struct export_result result = export_fixture_write(fixture, form->format, &set);
        assert_int_equal(result.n_losses, form->n_lost);
        struct import_set back =
            export_fixture_read(fixture, form->format, result.text);
        assert_int_equal(back.n_services, set.n_services);
        assert_int_equal(compare(fixture, &result, &set, &back), 0);
        for (size_t j = 0; j < set.n_services; j++) {
            assert_int_equal(back.services[j]->phase,
                             i == 0 ? 0 : set.services[j]->phase);
        }
    }
}

static void
test_real_files_come_back_whole(void **state)
{
    struct import_fixture *fixture = *state;
    for (size_t i = 0; i < N(forms); i++) {
        fixture->format = forms[i].format;
        import_fixture_real(fixture, forms[i].real);
        struct import_set set = fixture->set;
        struct export_result result =
            there_and_back_twice(fixture, forms[i].format, &set);
        assert_int_equal(result.n_losses, 0);
        struct import_set back =
            export_fixture_read(fixture, forms[i].format, result.text);
        assert_int_equal(back.n_services, set.n_services);
        assert_int_equal(compare(fixture, &result, &set, &back), 0);
    }
}

/* Catalogues of other forms: ours, which has all kinds of offers, and a real one. */
static void
test_other_catalogues_lose_only_what_is_told(void **state)
{
    struct import_fixture *fixture = *state;
    for (size_t i = 0; i < N(forms); i++) {
        struct import_set ours =
            read_file(fixture, "kontor-1", EXAMPLES "/alpine.json");
        struct export_result result =
            there_and_back_twice(fixture, forms[i].format, &ours);
        assert_true(export_fixture_lost(&result, "alpine/notebooks", "offers"));
        assert_true(export_fixture_lost(&result, "alpine/login", "offers"));
        assert_null(strstr(result.text, "\"login\""));
        assert_non_null(strstr(result.text, "\"notebooks\""));
        assert_int_equal(export_fixture_lost(&result, "alpine/notebooks", "phase"),
                         i == 0);
        fixture->format = "marketplace-2019";
        import_fixture_real(fixture, "catalogue/marketplace-2019-10.json");
        struct import_set market = fixture->set;
        result = there_and_back_twice(fixture, forms[i].format, &market);
        print_message("%s: %zu losses\n", forms[i].format, result.n_losses);
    }
}

/* ---- Parameters ---- */

/* A parameter's type as our JSON, and its losses below "offers[default].parameters[a]",
 * one a line; "" = it comes back byte for byte. */
static const struct {
    const char *parameter;
    const char *lost[2]; /* By form. */
} rows[] = {
    {"\"constant\": {\"value\": {\"text\": \"v\"}}", {"", ""}},
    {"\"constant\": {\"value\": {\"integer\": -7}}", {"", ""}},
    {"\"constant\": {\"value\": {\"decimal\": \"0.25\"}}", {"", ""}},
    {"\"constant\": {\"value\": {\"boolean\": true}}", {"", ""}},
    {"\"constant\": {\"value\": {\"decimal\": \"3\"}}", {"constant.value", ""}},
    {"\"constant\": {\"value\": {\"date\": \"2030-01-01\"}}", {"constant.value", ""}},
    {"\"constant\": {\"value\": {\"list\": {\"values\": [{\"text\": \"a\"}]}}}",
     {"constant.value", "constant.value"}},
    {"\"constant\": {\"value\": {\"text\": \"\"}}", {"", "constant.value"}},
    {"\"required\": true, \"constant\": {\"value\": {\"text\": \"v\"}}",
     {"", "required"}},
    {"\"text\": {}", {"", ""}},
    {"\"description\": \"d\", \"required\": true, \"text\": {}", {"", ""}},
    {"\"text\": {\"pattern\": \"[a-z]+\", \"defaultText\": \"a\"}", {"", ""}},
    {"\"text\": {\"pattern\": \"a|b\"}", {"", ""}},
    {"\"text\": {\"pattern\": \"(a)(b)\"}", {"", ""}},
    {"\"text\": {\"pattern\": \"^a$\"}", {"", ""}},
    {"\"text\": {\"pattern\": \"^(a|b)$\"}", {"", ""}},
    {"\"text\": {\"pattern\": \"^a|b$\"}", {"", ""}},
    {"\"text\": {\"pattern\": \"a\\\\$\"}", {"", ""}},
    {"\"text\": {\"pattern\": \"[[:alpha:]]\"}", {"text.pattern", "text.pattern"}},
    {"\"text\": {\"minLength\": 2, \"maxLength\": 9}",
     {"", "text.min_length\ntext.max_length"}},
    {"\"integer\": {}", {"", ""}},
    {"\"integer\": {\"minimum\": 0, \"maximum\": 0, \"defaultInteger\": 0}", {"", ""}},
    {"\"integer\": {\"minimum\": \"-9223372036854775808\", \"maximum\": "
     "\"9223372036854775807\"}",
     {"", ""}},
    {"\"decimal\": {}", {"", ""}},
    {"\"decimal\": {\"minimum\": \"-0.5\", \"maximum\": \"12\"}", {"", ""}},
    {"\"decimal\": {\"minimum\": \"1.50\"}", {"decimal.minimum", ""}},
    {"\"decimal\": {\"maximum\": \"123456789012345.123456789\"}",
     {"decimal.maximum", ""}},
    {"\"choice\": {\"values\": [{\"text\": \"x\"}, {\"text\": \"y\"}]}", {"", ""}},
    {"\"choice\": {\"values\": [{\"integer\": 1}, {\"integer\": 2}]}", {"", ""}},
    {"\"choice\": {\"values\": [{\"decimal\": \"1\"}, {\"decimal\": \"2\"}]}",
     {"", ""}},
    {"\"choice\": {\"values\": [{\"boolean\": true}, {\"boolean\": false}]}", {"", ""}},
    {"\"choice\": {\"values\": [{\"date\": \"2030-01-01\"}]}", {"values", ""}},
    {"\"choice\": {\"values\": [{\"text\": \"x\"}], \"display\": \"buttons\"}",
     {"choice.display", "choice.display"}},
    {"\"multiChoice\": {\"values\": [{\"text\": \"x\"}, {\"text\": \"y\"}]}", {"", ""}},
    {"\"required\": true, \"multiChoice\": {\"values\": [{\"text\": \"x\"}, {\"text\": "
     "\"y\"}, {\"text\": \"z\"}], \"minItems\": 2, \"maxItems\": 2}",
     {"", ""}},
    {"\"multiChoice\": {\"values\": [{\"text\": \"x\"}, {\"text\": \"y\"}], "
     "\"minItems\": 2}",
     {"", "multi_choice.min_items"}},
    {"\"required\": true, \"multiChoice\": {\"values\": [{\"text\": \"x\"}, {\"text\": "
     "\"y\"}], \"minItems\": 1}",
     {"", "multi_choice.min_items"}},
    {"\"multiChoice\": {\"values\": [{\"text\": \"x\"}], \"maxItems\": 1}",
     {"", "multi_choice.max_items"}},
    {"\"boolean\": {}", {"", ""}},
    {"\"date\": {}", {"", ""}},
    {"\"date\": {\"earliest\": \"now\", \"latest\": \"2031-02-03\"}",
     {"date.earliest\ndate.latest", ""}},
    {"\"quantity\": {}", {"quantity", "quantity"}},
    {"\"quantity\": {\"maximum\": 9, \"startPrice\": {\"currency\": \"EUR\", "
     "\"units\": 1}}",
     {"quantity", "quantity"}},
    {"\"unit\": \"GB\", \"integer\": {}", {"unit", ""}},
    {"\"unit\": \"N/A\", \"integer\": {}", {"unit", "unit"}},
    {"\"visibleIf\": {\"parameter\": \"b\"}, \"boolean\": {}",
     {"visible_if", "visible_if"}},
    {"\"required\": true, \"visibleIf\": {\"parameter\": \"b\"}, \"boolean\": {}",
     {"visible_if\nrequired", "visible_if\nrequired"}},
};

/* A service whose only offer asks this. */
static struct import_set
asking(struct import_fixture *fixture, const struct form *form, const char *parameter)
{
    return export_fixture_read(
        fixture, "kontor-1",
        arena_print(
            fixture->arena,
            "{\"services\": [{\"id\": \"alpine/s\", \"name\": \"S\", \"description\": "
            "\"D\", \"provider\": \"alpine/p\", \"orderType\": \"ORDER_REQUIRED\", "
            "\"source\": {\"format\": \"%s\", \"key\": \"s\"}, \"offers\": [{\"iid\": "
            "\"default\", \"name\": \"S\", \"isInternal\": true, \"parameters\": "
            "[{\"id\": \"a\", \"label\": \"A\", %s}]}]}]}",
            form->format, parameter));
}

static const struct import_set *
check_row(struct import_fixture *fixture, const struct form *form, size_t row)
{
    const char *lost = rows[row].lost[form - forms];
    struct import_set set = asking(fixture, form, rows[row].parameter);
    struct export_result result = export_fixture_write(fixture, form->format, &set);
    size_t n_lost = 0;
    for (const char *at = lost; *at != '\0'; n_lost++) {
        size_t size = strcspn(at, "\n");
        const char *path = arena_print(
            fixture->arena, "offers[default].parameters[a].%.*s", (int)size, at);
        bool is_told = false;
        for (size_t i = 0; i < result.n_losses; i++) {
            is_told |= strcmp(result.losses[i].path, path) == 0;
        }
        if (!is_told) {
            fail_msg("%s, row %zu: %s is not told", form->format, row, path);
        }
        at += size + (at[size] == '\n');
    }
    if (result.n_losses != n_lost) {
        fail_msg("%s, row %zu: %s %s", form->format, row, result.losses[0].path,
                 result.losses[0].text);
    }
    struct import_set back = export_fixture_read(fixture, form->format, result.text);
    size_t n_differ = compare(fixture, &result, &set, &back);
    if (n_differ != (n_lost > 0 ? 1U : 0U)) {
        fail_msg("%s, row %zu: %zu fields differ: %s", form->format, row, n_differ,
                 result.text);
    }
    return &fixture->set;
}

static void
test_each_parameter_comes_back_or_is_told(void **state)
{
    struct import_fixture *fixture = *state;
    for (size_t i = 0; i < N(forms); i++) {
        for (size_t j = 0; j < N(rows); j++) {
            const struct import_set *back = check_row(fixture, &forms[i], j);
            /* What is not whole is there all the same. */
            const Kontor__V1__Offer *offer = back->services[0]->offers[0];
            bool is_nothing = strstr(rows[j].parameter, "\"list\"") != NULL ||
                              strstr(rows[j].parameter, "\"text\": \"\"") != NULL;
            assert_true(offer->n_parameters == 1 || is_nothing);
            /* Nobody is made to give what may not be asked. */
            bool is_hidden = strstr(rows[j].parameter, "visibleIf") != NULL;
            assert_false(is_hidden && offer->parameters[0]->required);
        }
    }
}

/* No type of ours is without a row above. */
static void
test_every_type_of_parameter_is_tried(void **state)
{
    struct import_fixture *fixture = *state;
    for (unsigned i = 0; i < kontor__v1__parameter__descriptor.n_fields; i++) {
        const ProtobufCFieldDescriptor *field =
            &kontor__v1__parameter__descriptor.fields[i];
        bool is_type = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
        const char *name = arena_print(fixture->arena, "\"%s\": {",
                                       json_name(field->name, fixture->arena));
        bool is_there = !is_type;
        for (size_t j = 0; j < N(rows); j++) {
            is_there |= strstr(rows[j].parameter, name) != NULL;
        }
        if (!is_there) {
            fail_msg("%s is in no row", field->name);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(test_the_examples_come_back_whole),
        IMPORT_TEST(test_real_files_come_back_whole),
        IMPORT_TEST(test_other_catalogues_lose_only_what_is_told),
        IMPORT_TEST(test_each_parameter_comes_back_or_is_told),
        IMPORT_TEST(test_every_type_of_parameter_is_tried),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
