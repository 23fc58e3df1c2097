/* Counts by number against an array with a place for each number, on seeded random
 * numbers, and at the edges: room for all, room for few, everything in one place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "server/catalogue/search_tally.h"

enum { MAX_NUMBERS = 500, N_ROUNDS = 2000, EDGE_NUMBERS = 1024 };

static struct arena *arena;

static int
set_up(void **state)
{
    (void)state;
    arena = arena_new();
    return arena == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* Every number that was counted is there once, with its count, and nothing else. */
static void
assert_counts(const struct search_tally *tally, const int32_t *expected,
              size_t n_numbers)
{
    int32_t *rest = arena_alloc(arena, (n_numbers + 1) * sizeof(*rest));
    memcpy(rest, expected, n_numbers * sizeof(*rest));
    for (size_t i = 0; i < tally->n_rows; i++) {
        const struct search_tally_row *row = &tally->rows[i];
        if (row->count != 0) {
            assert_true(row->number < n_numbers);
            assert_int_equal(rest[row->number], row->count);
            rest[row->number] = 0;
        }
    }
    for (size_t i = 0; i < n_numbers; i++) {
        assert_int_equal(rest[i], 0);
    }
}

static void
test_random_counts(void **state)
{
    (void)state;
    const char *given = getenv("KONTOR_TEST_SEED");
    unsigned int seed = given == NULL ? (unsigned int)time(NULL)
                                      : (unsigned int)strtoul(given, NULL, 10);
    printf("KONTOR_TEST_SEED=%u\n", seed);
    for (int i = 0; i < N_ROUNDS; i++) {
        size_t n_numbers = 1 + (size_t)rand_r(&seed) % MAX_NUMBERS;
        size_t n_counted = (size_t)rand_r(&seed) % MAX_NUMBERS;
        int32_t expected[MAX_NUMBERS] = {0};
        struct search_tally tally = search_tally_new(arena, n_numbers, n_counted);
        for (size_t j = 0; j < n_counted; j++) {
            uint32_t number = (uint32_t)rand_r(&seed) % (uint32_t)n_numbers;
            int32_t more = 1 + rand_r(&seed) % 3;
            search_tally_add(&tally, number, more);
            expected[number] += more;
        }
        assert_counts(&tally, expected, n_numbers);
    }
}

static void
test_room_for_all(void **state)
{
    (void)state;
    int32_t expected[EDGE_NUMBERS];
    struct search_tally tally = search_tally_new(arena, EDGE_NUMBERS, EDGE_NUMBERS);
    for (uint32_t i = 0; i < EDGE_NUMBERS; i++) {
        search_tally_add(&tally, EDGE_NUMBERS - 1 - i, 1);
        search_tally_add(&tally, i, 1);
        expected[i] = 2;
    }
    assert_counts(&tally, expected, EDGE_NUMBERS);
}

/* Numbers that all want the same place find one, round the end as well. */
static void
test_same_place(void **state)
{
    (void)state;
    enum { N_COUNTED = 8, STEP = 16 };
    int32_t expected[EDGE_NUMBERS] = {0};
    struct search_tally tally = search_tally_new(arena, EDGE_NUMBERS, N_COUNTED);
    assert_int_equal(tally.n_rows, STEP);
    for (uint32_t i = 1; i <= N_COUNTED; i++) {
        search_tally_add(&tally, i * STEP - 1, (int32_t)i);
        expected[i * STEP - 1] = (int32_t)i;
    }
    assert_counts(&tally, expected, EDGE_NUMBERS);
}

static void
test_nothing_counted(void **state)
{
    (void)state;
    struct search_tally tally = search_tally_new(arena, EDGE_NUMBERS, 0);
    const int32_t expected[1] = {0};
    assert_counts(&tally, expected, 0);
    tally = search_tally_new(arena, 0, EDGE_NUMBERS);
    assert_counts(&tally, expected, 0);
    tally = search_tally_new(arena, 1, 1);
    search_tally_add(&tally, 0, 1);
    assert_int_equal(tally.n_rows, 1);
    assert_int_equal(tally.rows[0].count, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_random_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_room_for_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_same_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_counted, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
