/* What quantities cost, and sums of price lines: exact, apart by period and currency,
 * refused where they do not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/json.h"
#include "server/order/price.h"

#define TWO(a, b) a ", " b
#define THREE(a, b, c) TWO(a, b) ", " c
#define MAX "9223372036854775807"
#define MIN "-9223372036854775808"

static void *
read_json(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
          const char *text)
{
    struct faults faults = {.arena = arena};
    void *message = json_parse(descriptor, text, strlen(text), arena, &faults);
    if (message == NULL) {
        fail_msg("%s: %s in %s", faults.rows[0].path, faults.rows[0].description, text);
    }
    return message;
}

/* A line as "EUR 3 500000000 month". */
static const char *
line_text(struct arena *arena, const Kontor__V1__PriceLine *line)
{
    return arena_print(arena, "%s %lld %d %s", line->amount->currency,
                       (long long)line->amount->units, (int)line->amount->nanos,
                       line->period);
}

/* ---- Quantities ---- */

#define EUR(units, nanos)                                                              \
    "{\"currency\": \"EUR\", \"units\": \"" units "\", \"nanos\": " nanos "}"
#define START(money) "\"start_price\": " money
#define STEP(money) "\"step_price\": " money

/* The lines of n pieces, or the fault. */
static const char *
priced(struct arena *arena, const char *quantity, int64_t n)
{
    struct faults faults = {.arena = arena};
    Kontor__V1__Offer offer = KONTOR__V1__OFFER__INIT;
    Kontor__V1__Value value = KONTOR__V1__VALUE__INIT;
    Kontor__V1__ParameterValue given = KONTOR__V1__PARAMETER_VALUE__INIT;
    Kontor__V1__ParameterValue *givens[] = {&given};
    struct values values = {.rows = givens, .n_rows = 1};
    Kontor__V1__Parameter *parameter = read_json(
        arena, &kontor__v1__parameter__descriptor,
        arena_print(arena, "{\"id\": \"q\", \"label\": \"Q\", \"quantity\": {%s}}",
                    quantity));
    Kontor__V1__PriceLine **lines;
    size_t n_lines;
    offer.parameters = &parameter;
    offer.n_parameters = 1;
    value.kind_case = KONTOR__V1__VALUE__KIND_INTEGER;
    value.integer = n;
    given.id = "q";
    given.value = &value;
    price_lines(&offer, &values, "items[2]", &faults, &lines, &n_lines);
    if (faults.n_found > 0) {
        assert_int_equal(n_lines, 0);
        assert_string_equal(faults.rows[0].path, "items[2].parameters[q]");
        return "refused";
    }
    return n_lines == 0 ? "" : line_text(arena, lines[0]);
}

static void
test_the_first_piece_has_a_price_and_each_further_one(void **state)
{
    static const struct {
        const char *quantity;
        int64_t n;
        const char *line;
    } rows[] = {
        {"", 5, ""},
        {START(EUR("10", "0")), 1, "EUR 10 0 once"},
        {START(EUR("10", "0")), INT64_MAX, "EUR 10 0 once"},
        {STEP(EUR("2", "0")), 1, "EUR 0 0 once"},
        {STEP(EUR("2", "0")), 3, "EUR 4 0 once"},
        {TWO(START(EUR("10", "0")), STEP(EUR("2", "250000000"))), 5, "EUR 19 0 once"},
        /* Billionths carry into units. */
        {TWO(START(EUR("0", "999999999")), STEP(EUR("0", "1"))), 2, "EUR 1 0 once"},
        {TWO(START(EUR("0", "999999999")), STEP(EUR("0", "999999999"))), 2,
         "EUR 1 999999998 once"},
        {STEP(EUR("0", "1")), INT64_C(1000000001), "EUR 1 0 once"},
        /* Below nothing: the signs of units and billionths agree. */
        {TWO(START(EUR("-1", "-500000000")), STEP(EUR("0", "-250000000"))), 3,
         "EUR -2 0 once"},
        {TWO(START(EUR("1", "0")), STEP(EUR("0", "-250000000"))), 2,
         "EUR 0 750000000 once"},
        {TWO(START(EUR("1", "0")), STEP(EUR("0", "-250000000"))), 6,
         "EUR 0 -250000000 once"},
        /* The last amount that fits, and the first that does not. */
        {START(EUR(MAX, "999999999")), 1, "EUR " MAX " 999999999 once"},
        {TWO(START(EUR(MAX, "999999999")), STEP(EUR("0", "1"))), 2, "refused"},
        {TWO(START(EUR(MAX, "999999998")), STEP(EUR("0", "1"))), 2,
         "EUR " MAX " 999999999 once"},
        {TWO(START(EUR("1", "0")), STEP(EUR("1", "0"))), INT64_MAX,
         "EUR " MAX " 0 once"},
        {TWO(START(EUR("2", "0")), STEP(EUR("1", "0"))), INT64_MAX, "refused"},
        {STEP(EUR("2", "0")), INT64_C(4611686018427387904),
         "EUR 9223372036854775806 0 once"},
        {STEP(EUR("2", "0")), INT64_C(4611686018427387905), "refused"},
        {STEP(EUR("1", "999999999")), INT64_MAX, "refused"},
        {START(EUR(MIN, "0")), 1, "EUR " MIN " 0 once"},
        {TWO(START(EUR(MIN, "-999999999")), STEP(EUR("0", "-1"))), 2, "refused"},
        {TWO(START(EUR(MIN, "0")), STEP(EUR("1", "0"))), 2,
         "EUR -9223372036854775807 0 once"},
        {STEP(EUR(MIN, "0")), 3, "refused"},
    };
    struct arena *arena = arena_new();
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *found = priced(arena, rows[i].quantity, rows[i].n);
        if (strcmp(found, rows[i].line) != 0) {
            fail_msg("%lld of %s: %s instead of %s", (long long)rows[i].n,
                     rows[i].quantity, found, rows[i].line);
        }
    }
    arena_free(arena);
}

/* ---- Sums ---- */

#define LINE(currency, units, nanos, period)                                           \
    "{\"name\": \"x\", \"period\": \"" period                                          \
    "\", \"amount\": {\"currency\": \"" currency "\", \"units\": \"" units             \
    "\", \"nanos\": " nanos "}}"

static void
test_sums_are_apart_by_period_and_currency(void **state)
{
    static const struct {
        const char *lines;
        const char *totals; /* "..." ends what was summed before one did not fit. */
    } rows[] = {
        {"", ""},
        {"{\"name\": \"free\", \"period\": \"once\"}", ""},
        {LINE("EUR", "1", "0", "once"), "EUR 1 0 once\n"},
        {TWO(LINE("EUR", "1", "600000000", "month"),
             LINE("EUR", "1", "500000000", "month")),
         "EUR 3 100000000 month\n"},
        {THREE(LINE("EUR", "1", "0", "once"), LINE("EUR", "2", "0", "month"),
               LINE("EUR", "4", "0", "year")),
         "EUR 1 0 once\nEUR 2 0 month\nEUR 4 0 year\n"},
        {THREE(LINE("EUR", "1", "0", "month"), LINE("CHF", "2", "0", "month"),
               LINE("EUR", "4", "0", "month")),
         "EUR 5 0 month\nCHF 2 0 month\n"},
        /* A discount may take all of it, and more. */
        {TWO(LINE("EUR", "5", "250000000", "once"),
             LINE("EUR", "-5", "-250000000", "once")),
         "EUR 0 0 once\n"},
        {TWO(LINE("EUR", "0", "250000000", "once"), LINE("EUR", "-1", "0", "once")),
         "EUR 0 -750000000 once\n"},
        {TWO(LINE("EUR", MAX, "999999999", "once"),
             LINE("EUR", MIN, "-999999999", "once")),
         "EUR -1 0 once\n"},
        /* What does not fit leaves the sum as it was; another sum is not its business.
         */
        {TWO(LINE("EUR", MAX, "999999999", "once"), LINE("EUR", "0", "1", "once")),
         "EUR " MAX " 999999999 once\n..."},
        {TWO(LINE("EUR", MIN, "-999999999", "once"), LINE("EUR", "0", "-1", "once")),
         "EUR " MIN " -999999999 once\n..."},
        {TWO(LINE("EUR", MAX, "0", "once"), LINE("CHF", MAX, "0", "once")),
         "EUR " MAX " 0 once\nCHF " MAX " 0 once\n"},
    };
    struct arena *arena = arena_new();
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const Kontor__V1__Offer *offer =
            read_json(arena, &kontor__v1__offer__descriptor,
                      arena_print(arena, "{\"prices\": [%s]}", rows[i].lines));
        struct price_totals totals = {.arena = arena};
        bool does_fit = true;
        const char *text = "";
        for (size_t k = 0; k < offer->n_prices && does_fit; k++) {
            does_fit = price_add(&totals, offer->prices[k]);
        }
        for (size_t k = 0; k < totals.n_lines; k++) {
            text =
                arena_print(arena, "%s%s\n", text, line_text(arena, totals.lines[k]));
        }
        text = does_fit ? text : arena_print(arena, "%s...", text);
        if (strcmp(text, rows[i].totals) != 0) {
            fail_msg("%s: %s instead of %s", rows[i].lines, text, rows[i].totals);
        }
    }
    arena_free(arena);
}

static void
test_there_is_room_for_any_number_of_sums(void **state)
{
    struct arena *arena = arena_new();
    struct price_totals totals = {.arena = arena};
    (void)state;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 26; i++) {
            Kontor__V1__PriceLine *line = read_json(
                arena, &kontor__v1__price_line__descriptor,
                arena_print(arena,
                            "{\"period\": \"year\", \"amount\": {\"currency\": "
                            "\"AA%c\", \"units\": %d}}",
                            'A' + i, i));
            assert_true(price_add(&totals, line));
        }
    }
    assert_int_equal(totals.n_lines, 26);
    for (int i = 0; i < 26; i++) {
        assert_int_equal(totals.lines[i]->amount->units, 2 * i);
    }
    arena_free(arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_piece_has_a_price_and_each_further_one),
        cmocka_unit_test(test_sums_are_apart_by_period_and_currency),
        cmocka_unit_test(test_there_is_room_for_any_number_of_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
