/* Parameters that are asked only sometimes, and rules over several of them, judged with
 * the values of an item. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kontor/v1/order_service.pb-c.h"
#include "proto/json.h"
#include "server/order/price.h"
#include "server/order/rule_sum.h"
#include "server/order/value.h"

static const int64_t now_ms = INT64_C(1767225600000); /* 2026-01-01. */

struct bench {
    struct arena *arena;
    struct faults faults;
    struct values values;
    Kontor__V1__PriceLine **prices;
    size_t n_prices;
};

static int
setup(void **state)
{
    static struct bench bench;
    memset(&bench, 0, sizeof bench);
    bench.arena = arena_new();
    bench.faults.arena = bench.arena;
    *state = &bench;
    return 0;
}

static int
teardown(void **state)
{
    struct bench *bench = *state;
    arena_free(bench->arena);
    return 0;
}

static void *
read_json(struct bench *bench, const ProtobufCMessageDescriptor *descriptor,
          const char *text)
{
    struct faults faults = {.arena = bench->arena};
    void *message = json_parse(descriptor, text, strlen(text), bench->arena, &faults);
    if (message == NULL) {
        fail_msg("%s: %s in %s", faults.rows[0].path, faults.rows[0].description, text);
    }
    return message;
}

/* What came of it, a line each: the faults, as "gpus: is required", or else the ids of
 * what is stored. */
static const char *
outcome(struct bench *bench)
{
    const char *text = "";
    for (size_t i = 0; i < bench->faults.n_rows; i++) {
        const struct fault *fault = &bench->faults.rows[i];
        int beginning = (int)strlen("items[0].parameters[");
        int size = (int)strlen(fault->path) - beginning - 1;
        text = arena_print(bench->arena, "%s%.*s: %s\n", text, size,
                           fault->path + beginning, fault->description);
    }
    for (size_t i = 0; bench->faults.n_rows == 0 && i < bench->values.n_rows; i++) {
        text = arena_print(bench->arena, "%s%s\n", text, bench->values.rows[i]->id);
    }
    return text;
}

static const char *
judged(struct bench *bench, const char *offer_json, const char *given_json)
{
    const Kontor__V1__Offer *offer =
        read_json(bench, &kontor__v1__offer__descriptor, offer_json);
    const Kontor__V1__NewItem *item =
        read_json(bench, &kontor__v1__new_item__descriptor,
                  arena_print(bench->arena, "{\"parameters\": [%s]}", given_json));
    bench->faults.n_rows = bench->faults.n_found = 0;
    value_judge(offer, item->parameters, item->n_parameters, "items[0]", now_ms,
                &bench->faults, &bench->values);
    price_lines(offer, &bench->values, "items[0]", &bench->faults, &bench->prices,
                &bench->n_prices);
    return outcome(bench);
}

struct row {
    const char *given;
    const char *outcome;
};

static void
expect_rows(struct bench *bench, const char *offer, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *found = judged(bench, offer, rows[i].given);
        if (strcmp(found, rows[i].outcome) != 0) {
            fail_msg("with %s: %s instead of %s", rows[i].given, found,
                     rows[i].outcome);
        }
    }
}

#define EXPECT_ROWS(bench, offer, rows)                                                \
    expect_rows(bench, offer, rows, sizeof(rows) / sizeof(rows)[0])

#define GIVE(id, value) "{\"id\": \"" id "\", \"value\": {" value "}}"
#define TEXT(id, text) GIVE(id, "\"text\": \"" text "\"")
#define INTEGER(id, text) GIVE(id, "\"integer\": \"" text "\"")
#define DECIMAL(id, text) GIVE(id, "\"decimal\": \"" text "\"")
#define BOOLEAN(id, text) GIVE(id, "\"boolean\": " text)
#define LIST(id, values) GIVE(id, "\"list\": {\"values\": [" values "]}")
#define TWO(a, b) a ", " b
#define THREE(a, b, c) TWO(a, b) ", " c
#define FOUR(a, b, c, d) TWO(a, b) ", " TWO(c, d)
#define IF(parameter, values)                                                          \
    "{\"parameter\": \"" parameter "\", \"values\": [" values "]}"
#define VISIBLE(parameter, values) "\"visible_if\": " IF(parameter, values) ","

/* ---- Asked only where ---- */

/* clang-format off */
static const char staged[] =
    "{\"iid\": \"a\", \"parameters\": ["
    "{\"id\": \"size\", \"label\": \"Size\", \"required\": true, \"choice\": {"
    "  \"values\": [{\"text\": \"small\"}, {\"text\": \"large\"}]}},"
    "{\"id\": \"gpus\", \"label\": \"GPUs\", \"required\": true,"
    VISIBLE("size", "{\"text\": \"large\"}")
    "  \"integer\": {\"minimum\": 1, \"maximum\": 8}},"
    "{\"id\": \"model\", \"label\": \"Model\", \"required\": true,"
    VISIBLE("gpus", "{\"integer\": 4}, {\"integer\": 8}")
    "  \"choice\": {\"values\": [{\"text\": \"a\"}, {\"text\": \"b\"}]}},"
    "{\"id\": \"tools\", \"multi_choice\": {\"values\": ["
    "  {\"text\": \"cc\"}, {\"text\": \"gdb\"}]}},"
    "{\"id\": \"flags\"," VISIBLE("tools", "{\"text\": \"cc\"}") "\"text\": {}},"
    "{\"id\": \"turbo\"," VISIBLE("fast", "{\"boolean\": true}") "\"boolean\": {}},"
    "{\"id\": \"fast\", \"boolean\": {}},"
    "{\"id\": \"site\", \"constant\": {\"value\": {\"text\": \"hall\"}}},"
    "{\"id\": \"room\"," VISIBLE("size", "{\"text\": \"large\"}")
    "  \"constant\": {\"value\": {\"text\": \"r1\"}}},"
    "{\"id\": \"seats\"," VISIBLE("size", "{\"text\": \"large\"}")
    "  \"quantity\": {\"start_price\": {\"currency\": \"EUR\", \"units\": 5}}},"
    "{\"id\": \"badge\"," VISIBLE("site", "{\"text\": \"hall\"}") "\"integer\": {}},"
    "{\"id\": \"key\"," VISIBLE("room", "") "\"integer\": {}}]}";
/* clang-format on */

#define SMALL TEXT("size", "small")
#define LARGE TEXT("size", "large")

static void
test_a_hidden_parameter_takes_no_value_and_says_why(void **state)
{
    static const struct row rows[] = {
        {SMALL, "size\nsite\n"},
        {TWO(SMALL, INTEGER("gpus", "2")),
         "gpus: is asked only where size is \"large\": leave it out\n"},
        /* Its value is not judged: it may not be there at all. */
        {TWO(SMALL, INTEGER("gpus", "99")),
         "gpus: is asked only where size is \"large\": leave it out\n"},
        {TWO(LARGE, INTEGER("gpus", "2")), "size\ngpus\nsite\nroom\n"},
        {THREE(LARGE, INTEGER("gpus", "2"), TEXT("model", "a")),
         "model: is asked only where gpus is one of 4, 8: leave it out\n"},
        {THREE(LARGE, INTEGER("gpus", "8"), TEXT("model", "a")),
         "size\ngpus\nmodel\nsite\nroom\n"},
        {TWO(SMALL, TEXT("model", "a")),
         "model: is asked only where gpus is one of 4, 8, and that only where size is "
         "\"large\": leave it out\n"},
        {THREE(SMALL, LIST("tools", "{\"text\": \"gdb\"}, {\"text\": \"cc\"}"),
               TEXT("flags", "-g")),
         "size\ntools\nflags\nsite\n"},
        {THREE(SMALL, LIST("tools", "{\"text\": \"gdb\"}"), TEXT("flags", "-g")),
         "flags: is asked only where tools has \"cc\": leave it out\n"},
        {TWO(SMALL, TEXT("flags", "-g")),
         "flags: is asked only where tools has \"cc\": leave it out\n"},
        {THREE(SMALL, BOOLEAN("fast", "true"), BOOLEAN("turbo", "false")),
         "size\nturbo\nfast\nsite\n"},
        {THREE(SMALL, BOOLEAN("fast", "false"), BOOLEAN("turbo", "false")),
         "turbo: is asked only where fast is true: leave it out\n"},
        {TWO(SMALL, BOOLEAN("turbo", "false")),
         "turbo: is asked only where fast is true: leave it out\n"},
        {TWO(SMALL, INTEGER("badge", "7")), "size\nsite\nbadge\n"},
    };
    EXPECT_ROWS(*state, staged, rows);
}

static void
test_a_hidden_constant_or_quantity_is_not_there(void **state)
{
    static const struct row rows[] = {
        /* A portal sends back what it was shown. */
        {TWO(SMALL, TEXT("room", "r1")),
         "room: is asked only where size is \"large\": leave it out\n"},
        {THREE(LARGE, INTEGER("gpus", "1"), TEXT("room", "r1")),
         "size\ngpus\nsite\nroom\n"},
        {TWO(SMALL, INTEGER("key", "7")),
         "key: is asked only where room is given, and that only where size is "
         "\"large\": leave it out\n"},
        {THREE(LARGE, INTEGER("gpus", "1"), INTEGER("key", "7")),
         "size\ngpus\nsite\nroom\nkey\n"},
        {TWO(SMALL, INTEGER("seats", "3")),
         "seats: is asked only where size is \"large\": leave it out\n"},
    };
    struct bench *bench = *state;
    EXPECT_ROWS(bench, staged, rows);
    assert_int_equal(bench->n_prices, 0);
    judged(bench, staged, THREE(LARGE, INTEGER("gpus", "1"), INTEGER("seats", "1")));
    assert_int_equal(bench->n_prices, 1);
}

static void
test_only_what_is_asked_is_required(void **state)
{
    static const struct row rows[] = {
        {LARGE, "gpus: is required: GPUs\n"},
        {TWO(LARGE, INTEGER("gpus", "4")), "model: is required: Model\n"},
        {TWO(LARGE, INTEGER("gpus", "5")), "size\ngpus\nsite\nroom\n"},
    };
    EXPECT_ROWS(*state, staged, rows);
}

/* Nobody is told to leave out what would be right once a slip is corrected. */
static void
test_what_depends_on_a_fault_is_not_blamed_for_it(void **state)
{
    static const struct row rows[] = {
        {"", "size: is required: Size\n"},
        {TWO(INTEGER("gpus", "4"), TEXT("model", "a")), "size: is required: Size\n"},
        {TWO(TEXT("size", "huge"), INTEGER("gpus", "4")),
         "size: \"huge\" is not offered: choose \"small\", \"large\"\n"},
        {TWO(TEXT("size", "huge"), INTEGER("gpus", "9")),
         "size: \"huge\" is not offered: choose \"small\", \"large\"\n"
         "gpus: 9 is outside 1..8\n"},
        {THREE(LARGE, INTEGER("gpus", "9"), TEXT("model", "a")),
         "gpus: 9 is outside 1..8\n"},
        {THREE(SMALL, BOOLEAN("turbo", "true"), TEXT("fast", "yes")),
         "fast: must be true or false\n"},
    };
    EXPECT_ROWS(*state, staged, rows);
}

/* No stored offer has them; a broker that judged less may have stored one. */
static void
test_conditions_that_lead_nowhere_hide_and_end(void **state)
{
    /* clang-format off */
    static const char circle[] =
        "{\"iid\": \"a\", \"parameters\": ["
        "{\"id\": \"a\"," VISIBLE("b", "") "\"required\": true, \"integer\": {}},"
        "{\"id\": \"b\"," VISIBLE("a", "") "\"integer\": {}},"
        "{\"id\": \"c\"," VISIBLE("c", "") "\"integer\": {}},"
        "{\"id\": \"d\"," VISIBLE("nobody", "") "\"integer\": {}}]}";
    /* clang-format on */
    struct bench *bench = *state;
    assert_string_equal(judged(bench, circle, ""), "");
    judged(bench, circle,
           FOUR(INTEGER("a", "1"), INTEGER("b", "1"), INTEGER("c", "1"),
                INTEGER("d", "1")));
    assert_int_equal(bench->faults.n_found, 4);
}

/* ---- Rules ---- */

/* clang-format off */
#define RULED(rules)                                                                   \
    "{\"iid\": \"a\", \"parameters\": ["                                               \
    "{\"id\": \"size\", \"choice\": {\"values\": ["                                    \
    "  {\"text\": \"small\"}, {\"text\": \"large\"}]}},"                               \
    "{\"id\": \"gpus\", \"integer\": {\"maximum\": 8}},"                               \
    "{\"id\": \"tools\", \"multi_choice\": {\"values\": ["                             \
    "  {\"text\": \"cc\"}, {\"text\": \"gdb\"}]}},"                                    \
    "{\"id\": \"cold\"," VISIBLE("size", "{\"text\": \"large\"}") "\"integer\": {}},"  \
    "{\"id\": \"site\", \"constant\": {\"value\": {\"text\": \"hall\"}}}],"            \
    "\"rules\": [" rules "]}"
/* clang-format on */
#define REQUIRES(when, then) "{\"requires\": {\"when\": " when ", \"then\": " then "}}"
#define EXCLUDES(one, other) "{\"excludes\": {\"one\": " one ", \"other\": " other "}}"

static void
test_what_one_requires_of_another(void **state)
{
    static const struct row rows[] = {
        {"", "site\n"},
        {INTEGER("gpus", "7"), "gpus\nsite\n"},
        {INTEGER("gpus", "8"),
         "size: must be \"large\" where gpus is 8; or change gpus\n"},
        {TWO(INTEGER("gpus", "8"), SMALL),
         "size: must be \"large\" where gpus is 8; or change gpus\n"},
        {TWO(INTEGER("gpus", "8"), LARGE), "size\ngpus\nsite\n"},
        {LARGE, "size\nsite\n"},
        /* What is at fault itself breaks no rule. */
        {INTEGER("gpus", "9"), "gpus: 9 is above 8\n"},
        {TWO(INTEGER("gpus", "8"), TEXT("size", "huge")),
         "size: \"huge\" is not offered: choose \"small\", \"large\"\n"},
        {LIST("tools", "{\"text\": \"cc\"}"),
         "gpus: must be given where tools has \"cc\"; or change tools\n"},
        {LIST("tools", "{\"text\": \"gdb\"}"), "tools\nsite\n"},
    };
    EXPECT_ROWS(
        *state,
        RULED(REQUIRES(
            IF("gpus", "{\"integer\": 8}"),
            IF("size", "{\"text\": \"large\"}")) "," REQUIRES(IF("tools",
                                                                 "{\"text\": \"cc\"}"),
                                                              IF("gpus", ""))),
        rows);
}

static void
test_what_is_required_may_be_hidden_or_asked_of_a_list(void **state)
{
    static const struct row rows[] = {
        {INTEGER("gpus", "1"),
         "cold: must be given where gpus is given (it is asked only where size is "
         "\"large\"); or change gpus\n"},
        {TWO(INTEGER("gpus", "1"), LARGE),
         "cold: must be given where gpus is given; or change gpus\n"},
        {THREE(INTEGER("gpus", "1"), LARGE, INTEGER("cold", "1")),
         "size\ngpus\ncold\nsite\n"},
        {LIST("tools", "{\"text\": \"gdb\"}"),
         "tools: must have \"cc\" where site is given; or change site\n"},
    };
    struct bench *bench = *state;
    expect_rows(bench, RULED(REQUIRES(IF("gpus", ""), IF("cold", ""))), rows, 3);
    expect_rows(bench,
                RULED(REQUIRES(IF("site", ""), IF("tools", "{\"text\": \"cc\"}"))),
                rows + 3, 1);
    /* A hidden parameter requires nothing: it has no value. */
    assert_string_equal(
        judged(bench, RULED(REQUIRES(IF("cold", ""), IF("gpus", ""))), SMALL),
        "size\nsite\n");
}

static void
test_what_excludes_each_other(void **state)
{
    static const struct row rows[] = {
        {SMALL, "size\nsite\n"},
        {TWO(SMALL, INTEGER("gpus", "1")), "size\ngpus\nsite\n"},
        {TWO(LARGE, INTEGER("gpus", "1")),
         "gpus: must not be given where size is \"large\"; or change size\n"},
        {TWO(LARGE, LIST("tools", "{\"text\": \"gdb\"}, {\"text\": \"cc\"}")),
         "tools: must not have \"gdb\" where size is \"large\"; or change size\n"},
        {TWO(LARGE, LIST("tools", "{\"text\": \"cc\"}")), "size\ntools\nsite\n"},
        /* Every rule that is broken is told. */
        {THREE(LARGE, INTEGER("gpus", "1"), LIST("tools", "{\"text\": \"gdb\"}")),
         "gpus: must not be given where size is \"large\"; or change size\n"
         "tools: must not have \"gdb\" where size is \"large\"; or change size\n"},
    };
    EXPECT_ROWS(*state,
                RULED(EXCLUDES(
                    IF("size", "{\"text\": \"large\"}"),
                    IF("gpus", "")) "," EXCLUDES(IF("size", "{\"text\": \"large\"}"),
                                                 IF("tools", "{\"text\": \"gdb\"}"))),
                rows);
}

/* Of a longer chain, what is nearest is told. */
static void
test_a_way_out_of_up_to_four_conditions_is_told(void **state)
{
    struct bench *bench = *state;
    const char *parameters = "{\"id\": \"p0\", \"boolean\": {}}";
    for (int i = 1; i <= 5; i++) {
        parameters = arena_print(bench->arena,
                                 "%s, {\"id\": \"p%d\", \"boolean\": {}, "
                                 "\"visible_if\": {\"parameter\": \"p%d\"}}",
                                 parameters, i, i - 1);
    }
    const char *chain =
        arena_print(bench->arena, "{\"iid\": \"a\", \"parameters\": [%s]}", parameters);
    assert_string_equal(
        judged(bench, chain, BOOLEAN("p4", "true")),
        "p4: is asked only where p3 is given, and that only where p2 is "
        "given, and that only where p1 is given, and that only where p0 "
        "is given: leave it out\n");
    assert_string_equal(
        judged(bench, chain, BOOLEAN("p5", "true")),
        "p5: is asked only where p4 is given, and that only where p3 is "
        "given, and that only where p2 is given, and that only where p1 "
        "is given: leave it out\n");
}

/* ---- Sums ---- */

#define SUMMED(limit)                                                                  \
    "{\"iid\": \"a\", \"parameters\": ["                                               \
    "{\"id\": \"a\", \"unit\": \"GB\", \"integer\": {}},"                              \
    "{\"id\": \"b\", \"unit\": \"GB\", \"integer\": {}},"                              \
    "{\"id\": \"c\", \"unit\": \"GB\", \"decimal\": {}},"                              \
    "{\"id\": \"d\", \"unit\": \"GB\", \"decimal\": {}},"                              \
    "{\"id\": \"q\", \"unit\": \"GB\", \"quantity\": {}}],"                            \
    "\"rules\": [{\"sum_at_most\": {\"parameters\": [\"a\", \"b\", \"c\", \"d\","      \
    "  \"q\"], \"limit\": \"" limit "\"}}]}"
#define OVER(id, sum, limit)                                                           \
    id ": a + b + c + d + q is " sum ", at most " limit " GB: give less\n"

static void
test_sums_are_exact_at_their_limit(void **state)
{
    static const struct row rows[] = {
        {"", ""},
        {INTEGER("a", "10"), "a\n"},
        {INTEGER("a", "11"), OVER("a", "11", "10.5")},
        {TWO(INTEGER("a", "10"), DECIMAL("c", "0.5")), "a\nc\n"},
        {TWO(INTEGER("a", "10"), DECIMAL("c", "0.500000001")),
         OVER("c", "10.500000001", "10.5")},
        {TWO(DECIMAL("c", "10.5"), DECIMAL("d", "0.000000001")),
         OVER("d", "10.500000001", "10.5")},
        {THREE(DECIMAL("c", "0.1"), DECIMAL("d", "0.2"), INTEGER("q", "10")),
         "c\nd\nq\n"},
        {THREE(DECIMAL("c", "0.4"), DECIMAL("d", "0.2"), INTEGER("q", "10")),
         OVER("q", "10.6", "10.5")},
        {TWO(INTEGER("a", "11"), DECIMAL("c", "-0.5")), "a\nc\n"},
        {TWO(INTEGER("a", "-5"), INTEGER("b", "15")), "a\nb\n"},
        {TWO(INTEGER("a", "-5"), INTEGER("b", "16")), OVER("b", "11", "10.5")},
    };
    EXPECT_ROWS(*state, SUMMED("10.5"), rows);
}

static void
test_sums_of_anything_do_not_overflow(void **state)
{
    static const struct row rows[] = {
        {TWO(INTEGER("a", "9223372036854775807"), INTEGER("b", "9223372036854775807")),
         OVER("b", "18446744073709551614", "0")},
        {THREE(INTEGER("a", "9223372036854775807"), INTEGER("b", "9223372036854775807"),
               INTEGER("q", "9223372036854775807")),
         OVER("q", "27670116110564327421", "0")},
        {TWO(INTEGER("a", "9223372036854775807"), INTEGER("b", "-9223372036854775808")),
         "a\nb\n"},
        {THREE(INTEGER("a", "9223372036854775807"),
               INTEGER("b", "-9223372036854775808"), DECIMAL("c", "1.000000001")),
         OVER("c", "0.000000001", "0")},
        {TWO(INTEGER("a", "-9223372036854775808"),
             INTEGER("b", "-9223372036854775808")),
         "a\nb\n"},
        {TWO(DECIMAL("c", "999999999999999.999999999"),
             DECIMAL("d", "-999999999999999.999999999")),
         "c\nd\n"},
        {TWO(DECIMAL("c", "-0.000000000"), DECIMAL("d", "-0")), "c\nd\n"},
    };
    static const struct row most[] = {
        {DECIMAL("c", "999999999999999.999999999"), "c\n"},
        {TWO(DECIMAL("c", "999999999999999.999999999"), DECIMAL("d", "0.000000001")),
         OVER("d", "1000000000000000", "999999999999999.999999999")},
    };
    struct bench *bench = *state;
    EXPECT_ROWS(bench, SUMMED("0"), rows);
    EXPECT_ROWS(bench, SUMMED("999999999999999.999999999"), most);
}

/* An offer of n numbers that may be 1 together. */
static const char *
sum_of(struct bench *bench, int n)
{
    const char *parameters = "", *ids = "";
    for (int i = 1; i <= n; i++) {
        const char *comma = i == 1 ? "" : ", ";
        parameters = arena_print(bench->arena, "%s%s{\"id\": \"p%d\", \"integer\": {}}",
                                 parameters, comma, i);
        ids = arena_print(bench->arena, "%s%s\"p%d\"", ids, comma, i);
    }
    return arena_print(bench->arena,
                       "{\"iid\": \"a\", \"parameters\": [%s], \"rules\": [{"
                       "\"sum_at_most\": {\"parameters\": [%s], \"limit\": \"1\"}}]}",
                       parameters, ids);
}

static void
test_a_sum_of_up_to_eight_is_told_whole(void **state)
{
    struct bench *bench = *state;
    assert_string_equal(judged(bench, sum_of(bench, 8), INTEGER("p2", "2")),
                        "p2: p1 + p2 + p3 + p4 + p5 + p6 + p7 + p8 is 2, at most 1: "
                        "give less\n");
    assert_string_equal(judged(bench, sum_of(bench, 9), INTEGER("p2", "2")),
                        "p2: p1 + p2 + p3 + p4 + p5 + p6 + p7 + p8 + ... is 2, at most "
                        "1: give less\n");
}

static void
test_a_sum_with_a_fault_in_it_is_not_judged(void **state)
{
    static const struct row rows[] = {
        {TWO(INTEGER("a", "99"), INTEGER("q", "0")), "q: 0 is below 1\n"},
    };
    EXPECT_ROWS(*state, SUMMED("10"), rows);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_a_hidden_parameter_takes_no_value_and_says_why),
        T(test_a_hidden_constant_or_quantity_is_not_there),
        T(test_only_what_is_asked_is_required),
        T(test_what_depends_on_a_fault_is_not_blamed_for_it),
        T(test_conditions_that_lead_nowhere_hide_and_end),
        T(test_a_way_out_of_up_to_four_conditions_is_told),
        T(test_what_one_requires_of_another),
        T(test_what_is_required_may_be_hidden_or_asked_of_a_list),
        T(test_what_excludes_each_other),
        T(test_sums_are_exact_at_their_limit),
        T(test_sums_of_anything_do_not_overflow),
        T(test_a_sum_of_up_to_eight_is_told_whole),
        T(test_a_sum_with_a_fault_in_it_is_not_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
