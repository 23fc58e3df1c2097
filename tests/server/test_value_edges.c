/* Every type of parameter at its edges: the last value it takes, the first it does not,
 * and values of every other kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/json.h"
#include "server/order/value.h"

static const int64_t now_ms = INT64_C(1767225600000); /* 2026-01-01, 00:00 UTC. */

struct row {
    const char *type;  /* Fields of the parameter, in JSON. */
    const char *value; /* In JSON; "" = none is given. */
    const char *fault; /* How the fault begins; "" = there is none. */
};

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

/* All faults of the value, one behind the other. */
static const char *
judged(struct arena *arena, const struct row *row, int64_t at_ms)
{
    struct faults faults = {.arena = arena};
    struct values values = {.n_rows = 0};
    Kontor__V1__Offer offer = KONTOR__V1__OFFER__INIT;
    Kontor__V1__ParameterValue given = KONTOR__V1__PARAMETER_VALUE__INIT;
    Kontor__V1__ParameterValue *givens[] = {&given};
    Kontor__V1__Parameter *parameter = read_json(
        arena, &kontor__v1__parameter__descriptor,
        arena_print(arena, "{\"id\": \"x\", \"label\": \"The x\", %s}", row->type));
    bool is_given = row->value[0] != '\0';
    offer.iid = "basic";
    offer.parameters = &parameter;
    offer.n_parameters = 1;
    given.id = "x";
    given.value =
        is_given ? read_json(arena, &kontor__v1__value__descriptor, row->value) : NULL;
    value_judge(&offer, givens, is_given, "items[0]", at_ms, &faults, &values);
    const char *text = "";
    for (size_t i = 0; i < faults.n_rows; i++) {
        assert_string_equal(faults.rows[i].path, "items[0].parameters[x]");
        text = arena_print(arena, "%s%s%s", text, i == 0 ? "" : "; ",
                           faults.rows[i].description);
    }
    return text;
}

static void
expect(const struct row *rows, size_t n)
{
    struct arena *arena = arena_new();
    for (size_t i = 0; i < n; i++) {
        const char *found = judged(arena, &rows[i], now_ms);
        size_t size = rows[i].fault[0] == '\0' ? 1 : strlen(rows[i].fault);
        if (strncmp(found, rows[i].fault, size) != 0) {
            fail_msg("%s with %s: \"%s\"", rows[i].type, rows[i].value, found);
        }
    }
    arena_free(arena);
}

#define EXPECT(rows) expect(rows, sizeof(rows) / sizeof(rows)[0])

#define TEXT(text) "{\"text\": \"" text "\"}"
#define INTEGER(text) "{\"integer\": \"" text "\"}"
#define DECIMAL(text) "{\"decimal\": \"" text "\"}"
#define DATE(text) "{\"date\": \"" text "\"}"
#define BOOLEAN(text) "{\"boolean\": " text "}"
#define LIST(values) "{\"list\": {\"values\": [" values "]}}"
#define REQUIRED "\"required\": true, "
#define MAX "9223372036854775807"
#define MIN "-9223372036854775808"

static void
test_integers_keep_to_their_range(void **state)
{
#define RANGE(min, max)                                                                \
    "\"integer\": {\"minimum\": \"" min "\", \"maximum\": \"" max "\"}"
    static const struct row rows[] = {
        {RANGE("1", "8"), "", ""},
        {REQUIRED RANGE("1", "8"), "", "is required: The x"},
        {RANGE("1", "8"), INTEGER("0"), "0 is outside 1..8"},
        {RANGE("1", "8"), INTEGER("1"), ""},
        {RANGE("1", "8"), INTEGER("8"), ""},
        {RANGE("1", "8"), INTEGER("9"), "9 is outside 1..8"},
        {RANGE("-1", "-1"), INTEGER("-1"), ""},
        {RANGE("-1", "-1"), INTEGER("0"), "0 is outside -1..-1"},
        {RANGE("0", "0"), INTEGER("0"), ""},
        {RANGE("0", "0"), INTEGER("1"), "1 is outside 0..0"},
        {"\"integer\": {}", INTEGER(MAX), ""},
        {"\"integer\": {}", INTEGER(MIN), ""},
        {RANGE(MIN, MAX), INTEGER(MAX), ""},
        {RANGE(MIN, MAX), INTEGER(MIN), ""},
        {RANGE(MAX, MAX), INTEGER(MAX), ""},
        {RANGE(MAX, MAX), INTEGER("9223372036854775806"),
         "9223372036854775806 is outside " MAX ".." MAX},
        {RANGE(MIN, MIN), INTEGER(MIN), ""},
        {RANGE(MIN, MIN), INTEGER("-9223372036854775807"),
         "-9223372036854775807 is outside " MIN ".." MIN},
        {"\"integer\": {\"minimum\": 0}", INTEGER("-1"), "-1 is below 0"},
        {"\"integer\": {\"minimum\": 0}", INTEGER(MAX), ""},
        {"\"integer\": {\"maximum\": 0}", INTEGER("1"), "1 is above 0"},
        {"\"integer\": {\"maximum\": 0}", INTEGER(MIN), ""},
        {"\"integer\": {}", TEXT("3"), "must be a whole number"},
        {"\"integer\": {}", DECIMAL("3"), "must be a whole number"},
        {"\"integer\": {}", BOOLEAN("true"), "must be a whole number"},
        {"\"integer\": {}", DATE("2026-01-01"), "must be a whole number"},
        {"\"integer\": {}", LIST(INTEGER("3")), "must be a whole number"},
        {"\"integer\": {}", "{}", "must be a whole number"},
    };
    (void)state;
    EXPECT(rows);
}

static void
test_decimals_are_compared_digit_by_digit(void **state)
{
#define BETWEEN(min, max)                                                              \
    "\"decimal\": {\"minimum\": \"" min "\", \"maximum\": \"" max "\"}"
#define FULL "999999999999999.999999999"
    static const struct row rows[] = {
        {REQUIRED BETWEEN("0.1", "0.3"), "", "is required"},
        {BETWEEN("0.1", "0.3"), DECIMAL("0.099999999"), "0.099999999 is below 0.1"},
        {BETWEEN("0.1", "0.3"), DECIMAL("0.1"), ""},
        {BETWEEN("0.1", "0.3"), DECIMAL("000.100"), ""},
        {BETWEEN("0.1", "0.3"), DECIMAL("0.3"), ""},
        {BETWEEN("0.1", "0.3"), DECIMAL("0.300000000"), ""},
        {BETWEEN("0.1", "0.3"), DECIMAL("0.300000001"), "0.300000001 is above 0.3"},
        {BETWEEN("-" FULL, FULL), DECIMAL(FULL), ""},
        {BETWEEN("-" FULL, FULL), DECIMAL("-" FULL), ""},
        {BETWEEN(FULL, FULL), DECIMAL("999999999999999.999999998"),
         "999999999999999.999999998 is below " FULL},
        {BETWEEN("-" FULL, "-" FULL), DECIMAL("-999999999999999.999999998"),
         "-999999999999999.999999998 is above -" FULL},
        {BETWEEN("0", "0"), DECIMAL("-0"), ""},
        {BETWEEN("0", "0"), DECIMAL("-0.000000000"), ""},
        {BETWEEN("0", "0"), DECIMAL("-0.000000001"), "-0.000000001 is below 0"},
        {BETWEEN("", ""), DECIMAL("-" FULL), ""},
        {BETWEEN("", ""), DECIMAL("9999999999999999"),
         "\"9999999999999999\" is no decimal"},
        {BETWEEN("", ""), DECIMAL("0.0000000001"), "\"0.0000000001\" is no decimal"},
        {BETWEEN("", ""), DECIMAL("1."), "\"1.\" is no decimal"},
        {BETWEEN("", ""), DECIMAL(".5"), "\".5\" is no decimal"},
        {BETWEEN("", ""), DECIMAL("+1"), "\"+1\" is no decimal"},
        {BETWEEN("", ""), DECIMAL("--1"), "\"--1\" is no decimal"},
        {BETWEEN("", ""), DECIMAL("1,5"), "\"1,5\" is no decimal"},
        {BETWEEN("", ""), DECIMAL("1e5"), "\"1e5\" is no decimal"},
        {BETWEEN("", ""), DECIMAL(" 1"), "\" 1\" is no decimal"},
        {BETWEEN("", ""), DECIMAL("NaN"), "\"NaN\" is no decimal"},
        {BETWEEN("", ""), DECIMAL(""), "\"\" is no decimal"},
        {BETWEEN("", ""), INTEGER("1"), "must be a decimal number"},
        {BETWEEN("", ""), TEXT("1.5"), "must be a decimal number"},
        {BETWEEN("", ""), LIST(DECIMAL("1")), "must be a decimal number"},
    };
    (void)state;
    EXPECT(rows);
}

static void
test_texts_are_measured_in_bytes(void **state)
{
#define LENGTH(min, max) "\"text\": {\"min_length\": " min ", \"max_length\": " max "}"
#define LIKE(pattern) "\"text\": {\"pattern\": \"" pattern "\"}"
    static const struct row rows[] = {
        {LENGTH("0", "4"), "", ""},
        {REQUIRED LENGTH("0", "4"), "", "is required: The x"},
        {LENGTH("0", "4"), TEXT(""), ""},
        {REQUIRED LENGTH("0", "4"), TEXT(""), "is required, and empty: The x"},
        {REQUIRED LENGTH("0", "4"), TEXT(" "), ""},
        {LENGTH("1", "4"), TEXT(""), "is 0 bytes long: give 1 to 4"},
        {LENGTH("2", "2"), TEXT("a"), "is 1 bytes long: give 2 to 2"},
        {LENGTH("2", "2"), TEXT("ab"), ""},
        {LENGTH("2", "2"), TEXT("abc"), "is 3 bytes long: give 2 to 2"},
        /* Bytes, not letters: é has two, the Gothic letter four. */
        {LENGTH("0", "4"), TEXT("\u00e9\u00e9"), ""},
        {LENGTH("0", "4"), TEXT("\u00e9\u00e9a"), "is 5 bytes long"},
        {LENGTH("0", "4"), TEXT("\U00010330"), ""},
        {LENGTH("2", "4"), TEXT("\u00e9"), ""},
        {LIKE("[a-z]+"), TEXT("abc"), ""},
        {LIKE("[a-z]+"), TEXT("abC"), "does not match the pattern \"[a-z]+\""},
        {LIKE("[a-z]+"), TEXT(""), "does not match"},
        {LIKE("[a-z]*"), TEXT(""), ""},
        {LIKE("a|b"), TEXT("ab"), "does not match"},
        {LIKE("a"), TEXT("a\\n"), "does not match"},
        {LIKE("("), TEXT("("), "does not match"},
        {"\"text\": {}", INTEGER("1"), "must be a text"},
        {"\"text\": {}", BOOLEAN("true"), "must be a text"},
        {"\"text\": {}", DATE("2026-01-01"), "must be a text"},
        {"\"text\": {}", LIST(TEXT("a")), "must be a text"},
    };
    (void)state;
    EXPECT(rows);
}

/* Both from strangers: a pattern of an offer that was stored before patterns were
 * bounded, and a long text. */
static void
test_no_pattern_keeps_an_order_waiting(void **state)
{
    struct arena *arena = arena_new();
    char *text = arena_alloc(arena, 16385);
    (void)state;
    memset(text, 'a', 16384);
    text[16384] = '\0';
    struct row stored = {"\"text\": {\"max_length\": 65536, \"pattern\": "
                         "\"a+++++++++++++++++++++++++\"}",
                         arena_print(arena, "{\"text\": \"%s\"}", text),
                         "does not match"};
    struct row slow = {"\"text\": {\"max_length\": 65536, \"pattern\": "
                       "\"(a|b)*a(a|b){240}c\"}",
                       stored.value, "does not match"};
    expect(&stored, 1);
    expect(&slow, 1);
    arena_free(arena);
}

static void
test_a_choice_is_one_of_those_offered(void **state)
{
#define CHOICE "\"choice\": {\"values\": [" TEXT("s") ", " TEXT("") "]}"
#define SIZES "\"choice\": {\"values\": [" DECIMAL("1.50") ", " DECIMAL("-0") "]}"
    static const struct row rows[] = {
        {CHOICE, "", ""},
        {REQUIRED CHOICE, "", "is required"},
        {CHOICE, TEXT("s"), ""},
        {CHOICE, TEXT(""), ""},
        {CHOICE, TEXT("S"), "\"S\" is not offered: choose \"s\", \"\""},
        {CHOICE, TEXT("s "), "\"s \" is not offered"},
        {CHOICE, INTEGER("1"), "1 is not offered"},
        {CHOICE, LIST(TEXT("s")), "a list is not offered"},
        {CHOICE, "{}", "nothing is not offered"},
        {SIZES, DECIMAL("1.5"), ""},
        {SIZES, DECIMAL("0.0"), ""},
        {SIZES, DECIMAL("1.500000001"), "1.500000001 is not offered"},
        {"\"choice\": {\"values\": [" INTEGER("1") "]}", DECIMAL("1"),
         "1 is not offered"},
        {"\"choice\": {\"values\": [" BOOLEAN("true") "]}", BOOLEAN("false"),
         "false is not offered: choose true"},
        {"\"choice\": {\"values\": [" DATE("2028-02-29") "]}", DATE("2028-02-29"), ""},
    };
    (void)state;
    EXPECT(rows);
}

static void
test_a_long_value_is_told_by_its_beginning(void **state)
{
    struct arena *arena = arena_new();
    char letters[96];
    (void)state;
    /* The 64th byte is the first of an é: it is not cut in two. */
    memset(letters, 'a', sizeof letters);
    memcpy(&letters[63], "\xc3\xa9", 2);
    letters[95] = '\0';
    struct row row = {CHOICE, arena_print(arena, TEXT("%s"), letters),
                      arena_print(arena, "\"%.63s...\" is not offered", letters)};
    expect(&row, 1);
    arena_free(arena);
}

static void
test_some_of_a_list_are_counted_and_distinct(void **state)
{
#define A INTEGER("1")
#define B INTEGER("2")
#define C INTEGER("3")
#define MULTI(min, max)                                                                \
    "\"multi_choice\": {\"values\": [" A "," B "," C "], \"min_items\": " min          \
    ", \"max_items\": " max "}"
    static const struct row rows[] = {
        {MULTI("2", "2"), "", ""},
        {REQUIRED MULTI("0", "0"), "", "is required"},
        {MULTI("2", "2"), LIST(A), "1 are chosen: choose 2 to 2"},
        {MULTI("2", "2"), LIST(A "," C), ""},
        {MULTI("2", "2"), LIST(C "," A), ""},
        {MULTI("2", "2"), LIST(A "," B "," C), "3 are chosen: choose 2 to 2"},
        {MULTI("0", "0"), LIST(""), ""},
        {MULTI("1", "0"), LIST(""), "0 are chosen: choose 1 to 3"},
        {MULTI("0", "0"), LIST(A "," B "," C), ""},
        {MULTI("0", "0"), LIST(A "," A), "1 is chosen twice"},
        {MULTI("0", "3"), LIST(A "," B "," A), "1 is chosen twice"},
        {MULTI("0", "2"), LIST(A "," B "," A),
         "3 are chosen: choose 0 to 2; 1 is chosen twice"},
        {MULTI("0", "0"), LIST(INTEGER("4")), "4 is not offered: choose of 1, 2, 3"},
        {MULTI("0", "0"), LIST(INTEGER("4") "," TEXT("1")),
         "4 is not offered: choose of 1, 2, 3; \"1\" is not offered"},
        {MULTI("0", "0"), LIST(LIST(A)), "a list is not offered"},
        {MULTI("0", "0"), LIST("{}"), "nothing is not offered"},
        {MULTI("0", "0"), A, "must be a list"},
        {MULTI("0", "0"), TEXT("1"), "must be a list"},
        {"\"multi_choice\": {\"values\": [" DECIMAL("1.5") "]}",
         LIST(DECIMAL("1.5") "," DECIMAL("1.50")),
         "2 are chosen: choose 0 to 1; 1.50 is chosen twice"},
    };
    (void)state;
    EXPECT(rows);
}

static void
test_false_is_an_answer(void **state)
{
    static const struct row rows[] = {
        {"\"boolean\": {}", "", ""},
        {REQUIRED "\"boolean\": {}", "", "is required"},
        {REQUIRED "\"boolean\": {}", BOOLEAN("false"), ""},
        {"\"boolean\": {}", BOOLEAN("true"), ""},
        {"\"boolean\": {}", TEXT("true"), "must be true or false"},
        {"\"boolean\": {}", INTEGER("1"), "must be true or false"},
        {"\"boolean\": {}", LIST(BOOLEAN("true")), "must be true or false"},
    };
    (void)state;
    EXPECT(rows);
}

static void
test_dates_exist_and_keep_to_their_limits(void **state)
{
#define DAYS(first, last)                                                              \
    "\"date\": {\"earliest\": \"" first "\", \"latest\": \"" last "\"}"
    static const struct row rows[] = {
        {REQUIRED DAYS("", ""), "", "is required"},
        {DAYS("now", ""), DATE("2025-12-31"), "2025-12-31 lies before 2026-01-01"},
        {DAYS("now", ""), DATE("2026-01-01"), ""},
        {DAYS("", "now"), DATE("2026-01-01"), ""},
        {DAYS("", "now"), DATE("2026-01-02"), "2026-01-02 lies after 2026-01-01"},
        {DAYS("now", "now"), DATE("2026-01-01"), ""},
        {DAYS("2026-05-31", "2026-05-31"), DATE("2026-05-31"), ""},
        {DAYS("2026-05-31", "2026-05-31"), DATE("2026-05-30"),
         "2026-05-30 lies before"},
        {DAYS("2026-05-31", "2026-05-31"), DATE("2026-06-01"), "2026-06-01 lies after"},
        {DAYS("", ""), DATE("0001-01-01"), ""},
        {DAYS("", ""), DATE("9999-12-31"), ""},
        {DAYS("", ""), DATE("2028-02-29"), ""},
        {DAYS("", ""), DATE("2000-02-29"), ""},
        {DAYS("", ""), DATE("2027-02-29"), "\"2027-02-29\" is no date"},
        {DAYS("", ""), DATE("2100-02-29"), "\"2100-02-29\" is no date"},
        {DAYS("", ""), DATE("2026-04-31"), "\"2026-04-31\" is no date"},
        {DAYS("", ""), DATE("2026-13-01"), "\"2026-13-01\" is no date"},
        {DAYS("", ""), DATE("2026-00-01"), "\"2026-00-01\" is no date"},
        {DAYS("", ""), DATE("2026-01-00"), "\"2026-01-00\" is no date"},
        {DAYS("", ""), DATE("0000-01-01"), "\"0000-01-01\" is no date"},
        {DAYS("", ""), DATE("2026-1-01"), "\"2026-1-01\" is no date"},
        {DAYS("", ""), DATE("2026-01-011"), "\"2026-01-011\" is no date"},
        {DAYS("", ""), DATE("26-01-01"), "\"26-01-01\" is no date"},
        {DAYS("", ""), DATE("01.01.2026"), "\"01.01.2026\" is no date"},
        {DAYS("", ""), DATE("now"), "\"now\" is no date"},
        {DAYS("", ""), DATE(""), "\"\" is no date"},
        {DAYS("", ""), TEXT("2026-01-01"), "must be a date"},
        {DAYS("", ""), INTEGER("20260101"), "must be a date"},
    };
    (void)state;
    EXPECT(rows);
}

/* Days change at midnight UTC, to the millisecond. */
static void
test_now_is_the_day_the_call_arrived(void **state)
{
    struct arena *arena = arena_new();
    struct row row = {DAYS("now", "now"), DATE("2026-01-01"), ""};
    (void)state;
    assert_string_equal(judged(arena, &row, now_ms - 1),
                        "2026-01-01 lies after 2025-12-31");
    assert_string_equal(judged(arena, &row, now_ms), "");
    assert_string_equal(judged(arena, &row, now_ms + 86400000 - 1), "");
    assert_string_equal(judged(arena, &row, now_ms + 86400000),
                        "2026-01-01 lies before 2026-01-02");
    arena_free(arena);
}

static void
test_quantities_run_from_one_to_their_maximum(void **state)
{
#define UP_TO(max) "\"quantity\": {\"maximum\": \"" max "\"}"
    static const struct row rows[] = {
        {REQUIRED UP_TO("3"), "", "is required"},
        {UP_TO("3"), "", ""},
        {UP_TO("3"), INTEGER("0"), "0 is below 1"},
        {UP_TO("3"), INTEGER("1"), ""},
        {UP_TO("3"), INTEGER("3"), ""},
        {UP_TO("3"), INTEGER("4"), "4 is outside 1..3"},
        {UP_TO("3"), INTEGER("-1"), "-1 is below 1"},
        {UP_TO("0"), INTEGER(MAX), ""},
        {UP_TO("0"), INTEGER(MIN), MIN " is below 1"},
        {UP_TO(MAX), INTEGER(MAX), ""},
        {UP_TO("3"), DECIMAL("1"), "must be a whole number of pieces"},
        {UP_TO("3"), TEXT("1"), "must be a whole number of pieces"},
        {UP_TO("3"), LIST(INTEGER("1")), "must be a whole number of pieces"},
    };
    (void)state;
    EXPECT(rows);
}

static void
test_constants_are_given_back_as_they_are(void **state)
{
#define ALWAYS(value) "\"constant\": {\"value\": " value "}"
    static const struct row rows[] = {
        {REQUIRED ALWAYS(TEXT("a")), "", ""},
        {ALWAYS(TEXT("a")), TEXT("a"), ""},
        {ALWAYS(TEXT("a")), TEXT("b"), "is a constant of the offer: leave it out"},
        {ALWAYS(INTEGER("1")), DECIMAL("1"), "is a constant"},
        {ALWAYS(DECIMAL("1.0")), DECIMAL("1"), ""},
        {ALWAYS(BOOLEAN("false")), BOOLEAN("false"), ""},
        {ALWAYS(BOOLEAN("false")), BOOLEAN("true"), "is a constant"},
        {ALWAYS(TEXT("a")), LIST(TEXT("a")), "is a constant"},
        {ALWAYS(TEXT("a")), "{}", "is a constant"},
    };
    (void)state;
    EXPECT(rows);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers_keep_to_their_range),
        cmocka_unit_test(test_decimals_are_compared_digit_by_digit),
        cmocka_unit_test(test_texts_are_measured_in_bytes),
        cmocka_unit_test(test_no_pattern_keeps_an_order_waiting),
        cmocka_unit_test(test_a_choice_is_one_of_those_offered),
        cmocka_unit_test(test_a_long_value_is_told_by_its_beginning),
        cmocka_unit_test(test_some_of_a_list_are_counted_and_distinct),
        cmocka_unit_test(test_false_is_an_answer),
        cmocka_unit_test(test_dates_exist_and_keep_to_their_limits),
        cmocka_unit_test(test_now_is_the_day_the_call_arrived),
        cmocka_unit_test(test_quantities_run_from_one_to_their_maximum),
        cmocka_unit_test(test_constants_are_given_back_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
