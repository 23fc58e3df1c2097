/* Which positions are lost, and what their past has in common with the present. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "server/rpc/history.h"

enum { MAX_HISTORIES = 3 };

/* First position, and the last one in common with the history before. */
struct begun {
    int64_t first_seq, last_common_seq;
};

static const struct row {
    struct begun begun[MAX_HISTORIES]; /* 0 ends. */
    int64_t seq;
    int64_t common;
} rows[] = {
    {{{1, 0}}, 0, -1},
    {{{1, 0}}, 7, -1},
    {{{1, 0}, {1000, 50}}, 50, -1},
    {{{1, 0}, {1000, 50}}, 51, 50},
    {{{1, 0}, {1000, 50}}, 999, 50},
    {{{1, 0}, {1000, 50}}, 1000, -1},
    {{{1, 0}, {1000, 50}}, 5000, -1},
    /* Restored into nothing: all is lost. */
    {{{1, 0}, {1000, 0}}, 1, 0},
    /* The second restore from a copy of the first history: of what was lost at first,
     * less is in common now. */
    {{{1, 0}, {1000, 50}, {2000, 30}}, 51, 30},
    {{{1, 0}, {1000, 50}, {2000, 30}}, 40, 30},
    {{{1, 0}, {1000, 50}, {2000, 30}}, 30, -1},
    {{{1, 0}, {1000, 50}, {2000, 30}}, 1500, 30},
    /* From a copy of the second. */
    {{{1, 0}, {1000, 50}, {2000, 1100}}, 51, 50},
    {{{1, 0}, {1000, 50}, {2000, 1100}}, 1100, -1},
    {{{1, 0}, {1000, 50}, {2000, 1100}}, 1101, 1100},
};

/* Answers how many there are. */
static size_t
make(const struct begun begun[MAX_HISTORIES],
     Kontor__V1__History histories[MAX_HISTORIES],
     Kontor__V1__History *list[MAX_HISTORIES])
{
    size_t n = 0;
    for (; n < MAX_HISTORIES && begun[n].first_seq != 0; n++) {
        kontor__v1__history__init(&histories[n]);
        histories[n].first_seq = begun[n].first_seq;
        histories[n].last_common_seq = begun[n].last_common_seq;
        list[n] = &histories[n];
    }
    return n;
}

static void
test_lost_positions_name_the_last_common_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Kontor__V1__History histories[MAX_HISTORIES];
        Kontor__V1__History *list[MAX_HISTORIES];
        size_t n = make(rows[i].begun, histories, list);
        int64_t common = history_last_common(list, n, rows[i].seq);
        if (common != rows[i].common) {
            fail_msg("row %zu: %lld", i, (long long)common);
        }
    }
}

static void
test_what_lies_before_a_beginning_is_what_it_began_from(void **state)
{
    static const int64_t pairs[][2] = {{1, 0},       {2, 1},       {50, 49},
                                       {1000, 50},   {1001, 1000}, {1100, 1099},
                                       {2000, 1100}, {2001, 2000}};
    static const struct begun begun[] = {{1, 0}, {1000, 50}, {2000, 1100}};
    Kontor__V1__History histories[MAX_HISTORIES];
    Kontor__V1__History *list[MAX_HISTORIES];
    (void)state;
    make(begun, histories, list);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        assert_int_equal(history_before(list, MAX_HISTORIES, pairs[i][0]), pairs[i][1]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lost_positions_name_the_last_common_one),
        cmocka_unit_test(test_what_lies_before_a_beginning_is_what_it_began_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
