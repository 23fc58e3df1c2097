/* Amounts with units: counted, multiplied and told exactly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "catalogue/amount.h"

static struct arena *arena;

static int
set_up(void **state)
{
    (void)state;
    arena = arena_new();
    return arena == NULL;
}

static int
tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static Kontor__V1__Amount
amount(const char *value, const char *unit)
{
    Kontor__V1__Amount one = KONTOR__V1__AMOUNT__INIT;
    one.value = (char *)(uintptr_t)value;
    one.unit = (char *)(uintptr_t)unit;
    return one;
}

static void
test_pieces_are_bytes_or_thousandths(void **state)
{
    static const struct {
        const char *value, *unit;
        int64_t pieces; /* -1 = it is refused. */
    } rows[] = {
        {"1", "B", 1},
        {"0.1", "B", 1},
        {"1", "kB", 1000},
        {"1", "KiB", 1024},
        {"1.5", "MB", 1500000},
        {"1.5", "GiB", INT64_C(1610612736)},
        {"2", "TB", INT64_C(2000000000000)},
        {"0.000000001", "TB", 1000},
        {"0.0000000001", "TB", -1},
        {"2", "EiB", INT64_C(1) << 61},
        {"2.000000001", "EiB", -1},
        {"2048", "PiB", INT64_C(1) << 61},
        {"9999999999999999999", "EiB", -1},
        {"2305843009213693952", "B", INT64_C(1) << 61},
        {"2305843009213693953", "B", -1},
        {"12345678901234567890", "B", -1},
        {"3", "core", 3000},
        {"0.0001", "core", 1},
        {"1", "kb", 1000},
        {"0", "TB", 0},
        {"00.10", "GB", 100000000},
        {"", "B", -1},
        {"-1", "B", -1},
        {"1.", "B", -1},
        {".5", "B", -1},
        {"1e3", "B", -1},
        {" 1", "B", -1},
        {"1 ", "B", -1},
        {"1,5", "B", -1},
        {"0x10", "B", -1},
        {"nan", "B", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const Kontor__V1__Amount one = amount(rows[i].value, rows[i].unit);
        int64_t pieces = -1;
        assert_int_equal(amount_pieces(&one, &pieces), rows[i].pieces >= 0);
        assert_int_equal(pieces, rows[i].pieces);
    }
    int64_t pieces = 7;
    assert_false(amount_pieces(NULL, &pieces));
    assert_int_equal(pieces, 7);
}

static void
test_units_of_bytes_go_with_each_other_and_others_with_themselves(void **state)
{
    static const char *const units[] = {"B",   "kB",  "MB",  "GB",   "TB",   "PB",
                                        "EB",  "KiB", "MiB", "GiB",  "TiB",  "PiB",
                                        "EiB", "kb",  "gB",  "core", "hour", ""};
    enum { N_BYTES = 13, N = sizeof units / sizeof units[0] };
    (void)state;
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(amount_is_of_bytes(units[i]), i < N_BYTES);
        for (size_t j = 0; j < N; j++) {
            assert_int_equal(amount_goes_with(units[i], units[j]),
                             i == j || (i < N_BYTES && j < N_BYTES));
        }
    }
}

static void
test_products_are_exact(void **state)
{
    static const struct {
        const char *value, *times, *product; /* NULL = it does not fit. */
    } rows[] = {
        {"2", "3", "6"},
        {"0.1", "3", "0.3"},
        {"0.1", "0.1", "0.01"},
        {"0.000000001", "0.1", "0.000000001"},
        {"999999999999999.999999999", "1", "999999999999999.999999999"},
        {"999999999999999", "0", "0"},
        {"999999999999999", "999999999999999", NULL},
        {"2305843009213693951", "1", "2305843009213693951"},
        {"2305843009213693951", "2", NULL},
        {"2", "-3", NULL},
        {"2", "x", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const Kontor__V1__Amount one = amount(rows[i].value, "GB");
        Kontor__V1__Amount *product = NULL;
        assert_int_equal(amount_times(&one, rows[i].times, arena, &product),
                         rows[i].product != NULL);
        if (rows[i].product != NULL) {
            assert_string_equal(product->value, rows[i].product);
            assert_string_equal(product->unit, "GB");
        }
    }
}

/* What is told in another unit loses no more than the tenth digit, and in bytes
 * nothing. */
static void
test_pieces_are_told_in_a_unit(void **state)
{
    static const struct {
        int64_t pieces;
        const char *unit, *value, *exact, *exact_unit;
    } rows[] = {
        {0, "TB", "0", "0", "B"},
        {1500, "kB", "1.5", "1500", "B"},
        {1, "TB", "0", "1", "B"},
        {1024, "KiB", "1", "1024", "B"},
        {1 << 20, "GiB", "0.000976562", "1048576", "B"},
        {INT64_C(1) << 61, "EiB", "2", "2305843009213693952", "B"},
        {2500, "core", "2.5", "2.5", "core"},
        {1, "core", "0.001", "0.001", "core"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const Kontor__V1__Amount *told = amount_of(rows[i].pieces, rows[i].unit, arena);
        const Kontor__V1__Amount *exact =
            amount_exact(rows[i].pieces, rows[i].unit, arena);
        int64_t pieces;
        assert_string_equal(told->value, rows[i].value);
        assert_string_equal(told->unit, rows[i].unit);
        assert_string_equal(exact->value, rows[i].exact);
        assert_string_equal(exact->unit, rows[i].exact_unit);
        assert_true(amount_pieces(exact, &pieces));
        assert_int_equal(pieces, rows[i].pieces);
    }
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_pieces_are_bytes_or_thousandths),
        T(test_units_of_bytes_go_with_each_other_and_others_with_themselves),
        T(test_products_are_exact),
        T(test_pieces_are_told_in_a_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
