/* The values a customer gives, judged against every type of parameter; prices and sums.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/order/money.h"
#include "server/order/price.h"
#include "server/order/value.h"

static const int64_t now_ms = INT64_C(1767225600000); /* 2026-01-01. */

struct bench {
    struct arena *arena;
    struct faults faults;
    Kontor__V1__Offer offer;
    Kontor__V1__Parameter parameter;
    Kontor__V1__Parameter *parameters[1];
    Kontor__V1__Value value;
    Kontor__V1__ParameterValue given;
    Kontor__V1__ParameterValue *givens[1];
    struct values out;
};

static void
bench_init(struct bench *b)
{
    memset(b, 0, sizeof *b);
    b->arena = arena_new();
    b->faults.arena = b->arena;
    kontor__v1__offer__init(&b->offer);
    kontor__v1__parameter__init(&b->parameter);
    kontor__v1__value__init(&b->value);
    kontor__v1__parameter_value__init(&b->given);
    b->offer.iid = "basic";
    b->parameter.id = "x";
    b->parameter.label = "The x";
    b->parameters[0] = &b->parameter;
    b->offer.parameters = b->parameters;
    b->offer.n_parameters = 1;
    b->given.id = "x";
    b->given.value = &b->value;
    b->givens[0] = &b->given;
}

/* The first fault after judging n values; "" = none. */
static const char *
judged(struct bench *b, size_t n_given)
{
    b->faults.n_rows = 0;
    b->faults.n_found = 0;
    value_judge(&b->offer, b->givens, n_given, "items[1]", now_ms, &b->faults, &b->out);
    return b->faults.n_found == 0 ? "" : b->faults.rows[0].description;
}

static void
set_integer(struct bench *b, int64_t integer)
{
    b->value.kind_case = KONTOR__V1__VALUE__KIND_INTEGER;
    b->value.integer = integer;
}

static void
set_text(struct bench *b, Kontor__V1__Value__KindCase kind, const char *text)
{
    b->value.kind_case = kind;
    b->value.text = (char *)text;
}

static void
test_integer_keeps_to_its_range(void **state)
{
    (void)state;
    struct bench b;
    Kontor__V1__IntegerParameter rule = KONTOR__V1__INTEGER_PARAMETER__INIT;
    bench_init(&b);
    b.parameter.type_case = KONTOR__V1__PARAMETER__TYPE_INTEGER;
    b.parameter.integer = &rule;
    set_integer(&b, INT64_MIN);
    assert_string_equal(judged(&b, 1), "");
    rule._minimum_case = KONTOR__V1__INTEGER_PARAMETER___MINIMUM_MINIMUM;
    rule.minimum = 1;
    set_integer(&b, 0);
    assert_string_equal(judged(&b, 1), "0 is below 1");
    rule._maximum_case = KONTOR__V1__INTEGER_PARAMETER___MAXIMUM_MAXIMUM;
    rule.maximum = 8;
    set_integer(&b, 9);
    assert_string_equal(judged(&b, 1), "9 is outside 1..8");
    assert_string_equal(b.faults.rows[0].path, "items[1].parameters[x]");
    set_integer(&b, 1);
    assert_string_equal(judged(&b, 1), "");
    set_integer(&b, 8);
    assert_string_equal(judged(&b, 1), "");
    assert_int_equal(b.out.n_rows, 1);
    rule._minimum_case = KONTOR__V1__INTEGER_PARAMETER___MINIMUM__NOT_SET;
    set_integer(&b, 9);
    assert_string_equal(judged(&b, 1), "9 is above 8");
    set_text(&b, KONTOR__V1__VALUE__KIND_TEXT, "3");
    assert_string_equal(judged(&b, 1), "must be a whole number");
    arena_free(b.arena);
}

static void
test_required_unknown_and_repeated_values(void **state)
{
    (void)state;
    struct bench b;
    Kontor__V1__BooleanParameter rule = KONTOR__V1__BOOLEAN_PARAMETER__INIT;
    Kontor__V1__ParameterValue *twice[2];
    bench_init(&b);
    b.parameter.type_case = KONTOR__V1__PARAMETER__TYPE_BOOLEAN;
    b.parameter.boolean = &rule;
    b.value.kind_case = KONTOR__V1__VALUE__KIND_BOOLEAN;
    assert_string_equal(judged(&b, 1), "");
    assert_string_equal(judged(&b, 0), "");
    assert_int_equal(b.out.n_rows, 0);
    b.parameter.required = true;
    assert_string_equal(judged(&b, 0), "is required: The x");
    b.given.id = "y";
    judged(&b, 1);
    assert_int_equal(b.faults.n_found, 2);
    assert_string_equal(b.faults.rows[0].description,
                        "offer basic has no such parameter");
    assert_string_equal(b.faults.rows[0].path, "items[1].parameters[y]");
    b.given.id = "x";
    twice[0] = twice[1] = &b.given;
    b.faults.n_rows = b.faults.n_found = 0;
    value_judge(&b.offer, twice, 2, "items[0]", now_ms, &b.faults, &b.out);
    assert_string_equal(b.faults.rows[0].description, "is given twice");
    arena_free(b.arena);
}

static void
test_text_length_and_pattern(void **state)
{
    (void)state;
    struct bench b;
    Kontor__V1__TextParameter rule = KONTOR__V1__TEXT_PARAMETER__INIT;
    bench_init(&b);
    b.parameter.type_case = KONTOR__V1__PARAMETER__TYPE_TEXT;
    b.parameter.text = &rule;
    rule.pattern = "a|ab";
    static const struct {
        const char *text;
        bool is_good;
    } rows[] = {{"a", true},   {"ab", true}, {"abb", false},
                {"ba", false}, {"", false},  {"a\n", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        set_text(&b, KONTOR__V1__VALUE__KIND_TEXT, rows[i].text);
        assert_int_equal(judged(&b, 1)[0] == '\0', rows[i].is_good);
    }
    rule.pattern = "";
    rule.min_length = 2;
    rule.max_length = 3;
    set_text(&b, KONTOR__V1__VALUE__KIND_TEXT, "a");
    assert_string_equal(judged(&b, 1), "is 1 bytes long: give 2 to 3");
    set_text(&b, KONTOR__V1__VALUE__KIND_TEXT, "abcd");
    assert_string_not_equal(judged(&b, 1), "");
    set_text(&b, KONTOR__V1__VALUE__KIND_TEXT, "abc");
    assert_string_equal(judged(&b, 1), "");
    rule.max_length = 0;
    char *long_text = arena_alloc(b.arena, 4098);
    memset(long_text, 'a', 4097);
    set_text(&b, KONTOR__V1__VALUE__KIND_TEXT, long_text);
    assert_string_not_equal(judged(&b, 1), "");
    long_text[4096] = '\0';
    assert_string_equal(judged(&b, 1), "");
    arena_free(b.arena);
}

static void
test_decimals_are_compared_exactly(void **state)
{
    (void)state;
    struct bench b;
    Kontor__V1__DecimalParameter rule = KONTOR__V1__DECIMAL_PARAMETER__INIT;
    bench_init(&b);
    b.parameter.type_case = KONTOR__V1__PARAMETER__TYPE_DECIMAL;
    b.parameter.decimal = &rule;
    rule.minimum = "0.1";
    rule.maximum = "999999999999999.999999999";
    static const struct {
        const char *decimal, *fault;
    } rows[] = {
        {"0.1", ""},
        {"0.100", ""},
        {"0.099999999", "0.099999999 is below 0.1"},
        {"-5", "-5 is below 0.1"},
        {"999999999999999.999999999", ""},
        {"1e5", "\"1e5\" is no decimal number"},
        {"", "\"\" is no decimal number"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        set_text(&b, KONTOR__V1__VALUE__KIND_DECIMAL, rows[i].decimal);
        assert_string_equal(judged(&b, 1), rows[i].fault);
    }
    rule.maximum = "0.2";
    set_text(&b, KONTOR__V1__VALUE__KIND_DECIMAL, "0.200000001");
    assert_string_equal(judged(&b, 1), "0.200000001 is above 0.2");
    arena_free(b.arena);
}

static void
test_dates_and_now(void **state)
{
    (void)state;
    struct bench b;
    Kontor__V1__DateParameter rule = KONTOR__V1__DATE_PARAMETER__INIT;
    bench_init(&b);
    b.parameter.type_case = KONTOR__V1__PARAMETER__TYPE_DATE;
    b.parameter.date = &rule;
    rule.earliest = "now";
    rule.latest = "2026-06-30";
    static const struct {
        const char *date, *fault;
    } rows[] = {
        {"2026-01-01", ""},
        {"2025-12-31", "2025-12-31 lies before 2026-01-01"},
        {"2026-07-01", "2026-07-01 lies after 2026-06-30"},
        {"2026-02-29", "\"2026-02-29\" is no date: write YYYY-MM-DD"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        set_text(&b, KONTOR__V1__VALUE__KIND_DATE, rows[i].date);
        assert_string_equal(judged(&b, 1), rows[i].fault);
    }
    assert_string_equal(value_date(INT64_C(951782400000), b.arena), "2000-02-29");
    arena_free(b.arena);
}

static void
test_choices_must_be_offered(void **state)
{
    (void)state;
    struct bench b;
    Kontor__V1__ChoiceParameter rule = KONTOR__V1__CHOICE_PARAMETER__INIT;
    Kontor__V1__Value offered[2] = {KONTOR__V1__VALUE__INIT, KONTOR__V1__VALUE__INIT};
    Kontor__V1__Value *values[2] = {&offered[0], &offered[1]};
    bench_init(&b);
    b.parameter.type_case = KONTOR__V1__PARAMETER__TYPE_CHOICE;
    b.parameter.choice = &rule;
    offered[0].kind_case = KONTOR__V1__VALUE__KIND_TEXT;
    offered[0].text = "small";
    offered[1].kind_case = KONTOR__V1__VALUE__KIND_DECIMAL;
    offered[1].decimal = "1.50";
    rule.values = values;
    rule.n_values = 2;
    set_text(&b, KONTOR__V1__VALUE__KIND_TEXT, "small");
    assert_string_equal(judged(&b, 1), "");
    set_text(&b, KONTOR__V1__VALUE__KIND_DECIMAL, "1.5");
    assert_string_equal(judged(&b, 1), "");
    set_text(&b, KONTOR__V1__VALUE__KIND_TEXT, "large");
    assert_string_equal(judged(&b, 1),
                        "\"large\" is not offered: choose \"small\", 1.50");
    arena_free(b.arena);
}

static void
test_multi_choice_counts_and_refuses_doubles(void **state)
{
    (void)state;
    struct bench b;
    Kontor__V1__MultiChoiceParameter rule = KONTOR__V1__MULTI_CHOICE_PARAMETER__INIT;
    Kontor__V1__Value offered[3], *values[3], *chosen[3];
    Kontor__V1__ValueList list = KONTOR__V1__VALUE_LIST__INIT;
    bench_init(&b);
    for (int i = 0; i < 3; i++) {
        kontor__v1__value__init(&offered[i]);
        offered[i].kind_case = KONTOR__V1__VALUE__KIND_INTEGER;
        offered[i].integer = i;
        values[i] = &offered[i];
    }
    b.parameter.type_case = KONTOR__V1__PARAMETER__TYPE_MULTI_CHOICE;
    b.parameter.multi_choice = &rule;
    rule.values = values;
    rule.n_values = 3;
    rule.min_items = 1;
    rule.max_items = 2;
    b.value.kind_case = KONTOR__V1__VALUE__KIND_LIST;
    b.value.list = &list;
    list.values = chosen;
    assert_string_equal(judged(&b, 1), "0 are chosen: choose 1 to 2");
    chosen[0] = values[0];
    chosen[1] = values[2];
    list.n_values = 2;
    assert_string_equal(judged(&b, 1), "");
    chosen[1] = values[0];
    assert_string_equal(judged(&b, 1), "0 is chosen twice");
    Kontor__V1__Value other = offered[0];
    other.integer = 7;
    chosen[1] = &other;
    assert_string_equal(judged(&b, 1), "7 is not offered: choose of 0, 1, 2");
    arena_free(b.arena);
}

static void
test_constants_are_added_and_never_changed(void **state)
{
    (void)state;
    struct bench b;
    Kontor__V1__ConstantParameter rule = KONTOR__V1__CONSTANT_PARAMETER__INIT;
    Kontor__V1__Value constant = KONTOR__V1__VALUE__INIT;
    bench_init(&b);
    b.parameter.type_case = KONTOR__V1__PARAMETER__TYPE_CONSTANT;
    b.parameter.constant = &rule;
    b.parameter.required = true;
    constant.kind_case = KONTOR__V1__VALUE__KIND_TEXT;
    constant.text = "fixed";
    rule.value = &constant;
    assert_string_equal(judged(&b, 0), "");
    assert_int_equal(b.out.n_rows, 1);
    assert_string_equal(b.out.rows[0]->value->text, "fixed");
    set_text(&b, KONTOR__V1__VALUE__KIND_TEXT, "fixed");
    assert_string_equal(judged(&b, 1), "");
    assert_int_equal(b.out.n_rows, 1);
    set_text(&b, KONTOR__V1__VALUE__KIND_TEXT, "other");
    assert_string_equal(judged(&b, 1), "is a constant of the offer: leave it out");
    arena_free(b.arena);
}

static void
test_a_type_from_the_future_is_refused(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    set_integer(&b, 1);
    assert_string_equal(judged(&b, 1), "is of a type this broker does not know");
    arena_free(b.arena);
}

static void
test_quantities_have_prices(void **state)
{
    (void)state;
    struct bench b;
    Kontor__V1__QuantityParameter rule = KONTOR__V1__QUANTITY_PARAMETER__INIT;
    Kontor__V1__Money start = KONTOR__V1__MONEY__INIT, step = KONTOR__V1__MONEY__INIT;
    Kontor__V1__PriceLine **lines;
    size_t n_lines;
    bench_init(&b);
    start.currency = step.currency = "EUR";
    start.units = 10;
    step.units = 2;
    step.nanos = 250000000;
    rule.maximum = 10;
    rule.start_price = &start;
    rule.step_price = &step;
    b.parameter.type_case = KONTOR__V1__PARAMETER__TYPE_QUANTITY;
    b.parameter.quantity = &rule;
    set_integer(&b, 0);
    assert_string_equal(judged(&b, 1), "0 is below 1");
    set_integer(&b, 11);
    assert_string_equal(judged(&b, 1), "11 is outside 1..10");
    set_integer(&b, 5);
    assert_string_equal(judged(&b, 1), "");
    price_lines(&b.offer, &b.out, "items[1]", &b.faults, &lines, &n_lines);
    assert_int_equal(n_lines, 1);
    assert_int_equal(lines[0]->amount->units, 19);
    assert_int_equal(lines[0]->amount->nanos, 0);
    assert_string_equal(lines[0]->period, "once");
    rule.maximum = 0;
    set_integer(&b, INT64_MAX);
    assert_string_equal(judged(&b, 1), "");
    price_lines(&b.offer, &b.out, "items[1]", &b.faults, &lines, &n_lines);
    assert_int_equal(n_lines, 0);
    assert_string_equal(b.faults.rows[0].path, "items[1].parameters[x]");
    arena_free(b.arena);
}

static void
test_money_is_exact_and_never_overflows(void **state)
{
    (void)state;
    static const struct {
        struct money a;
        int64_t times;
        bool does_fit;
        struct money product;
    } rows[] = {
        {{0, 1}, INT64_C(1000000000), true, {1, 0}},
        {{0, 999999999}, INT64_C(1000000000), true, {999999999, 0}},
        {{2, 500000000}, 3, true, {7, 500000000}},
        {{-1, -500000000}, 3, true, {-4, -500000000}},
        {{1, 0}, INT64_MAX, true, {INT64_MAX, 0}},
        {{2, 0}, INT64_MAX, false, {0, 0}},
        {{0, 999999999}, INT64_MAX, true, {0, 0}},
        {{INT64_MAX, 0}, 0, true, {0, 0}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct money product = {-7, -7};
        assert_int_equal(money_times(rows[i].a, rows[i].times, &product),
                         rows[i].does_fit);
        if (i == 6) {
            /* INT64_MAX x 0.999999999 = INT64_MAX - INT64_MAX / 10^9, to the billionth.
             */
            assert_int_equal(product.units, INT64_MAX - INT64_MAX / 1000000000 - 1);
            assert_int_equal(product.nanos, 1000000000 - INT64_MAX % 1000000000);
            continue;
        }
        assert_int_equal(product.units, rows[i].does_fit ? rows[i].product.units : -7);
    }
    struct money sum;
    assert_true(
        money_add((struct money){1, 600000000}, (struct money){1, 500000000}, &sum));
    assert_int_equal(sum.units, 3);
    assert_int_equal(sum.nanos, 100000000);
    assert_true(money_add((struct money){1, 0}, (struct money){-2, -500000000}, &sum));
    assert_int_equal(sum.units, -1);
    assert_int_equal(sum.nanos, -500000000);
    assert_true(money_add((struct money){2, 0}, (struct money){0, -500000000}, &sum));
    assert_int_equal(sum.units, 1);
    assert_int_equal(sum.nanos, 500000000);
    assert_false(money_add((struct money){INT64_MAX, 0}, (struct money){0, 0}, &sum) &&
                 money_add(sum, (struct money){1, 0}, &sum));
    assert_false(
        money_add((struct money){INT64_MAX, 999999999}, (struct money){0, 1}, &sum));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integer_keeps_to_its_range),
        cmocka_unit_test(test_required_unknown_and_repeated_values),
        cmocka_unit_test(test_text_length_and_pattern),
        cmocka_unit_test(test_decimals_are_compared_exactly),
        cmocka_unit_test(test_dates_and_now),
        cmocka_unit_test(test_choices_must_be_offered),
        cmocka_unit_test(test_multi_choice_counts_and_refuses_doubles),
        cmocka_unit_test(test_constants_are_added_and_never_changed),
        cmocka_unit_test(test_a_type_from_the_future_is_refused),
        cmocka_unit_test(test_quantities_have_prices),
        cmocka_unit_test(test_money_is_exact_and_never_overflows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
