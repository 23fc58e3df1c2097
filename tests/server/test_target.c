/* The service level of an order out of those of its items. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "server/order/target.h"

enum { MAX = 3 };

/* What an item promises; days as in "12345". */
struct promise {
    int32_t ppm, minutes, notice;
    const char *days;
    int32_t from, to;
};

static const struct row {
    struct promise items[MAX];
    size_t n_items;
    int32_t least, most;
    struct promise all; /* ppm does not count. */
    const char *silent; /* Items, one behind the other. */
} rows[] = {
    /* Of one item its own. */
    {{{995000, 60, 15, "12345", 480, 1020}},
     1,
     995000,
     995000,
     {0, 60, 15, "12345", 480, 1020},
     ""},
    /* Bounds, the slowest, the shortest, the hours of both. */
    {{{990000, 60, 15, "12345", 480, 1020}, {980000, 240, 30, "1234567", 600, 1440}},
     2,
     970000,
     980000,
     {0, 240, 15, "12345", 600, 1020},
     ""},
    /* Nothing is sure of three that fail half the time. */
    {{{500000, 1, 1, "1", 0, 60},
      {500000, 1, 1, "1", 0, 60},
      {500000, 1, 1, "1", 0, 60}},
     3,
     0,
     500000,
     {0, 1, 1, "1", 0, 60},
     ""},
    /* What one does not say is not told of all. */
    {{{990000, 60, 0, "", 0, 0}, {0, 30, 10, "1", 0, 60}},
     2,
     0,
     0,
     {0, 60, 0, "", 0, 0},
     ""},
    /* Not said first, not told later. */
    {{{0, 5, 0, "", 0, 0}, {990000, 5, 0, "", 0, 0}, {990000, 5, 0, "", 0, 0}},
     3,
     0,
     0,
     {0, 5, 0, "", 0, 0},
     ""},
    /* Hours that never meet, and days that never do. */
    {{{0, 5, 0, "123", 0, 600}, {0, 5, 0, "123", 600, 1200}},
     2,
     0,
     0,
     {0, 5, 0, "", 0, 0},
     ""},
    {{{0, 5, 0, "12", 0, 600}, {0, 5, 0, "34", 0, 600}},
     2,
     0,
     0,
     {0, 5, 0, "", 0, 0},
     ""},
    /* A silent item is named, and does not count. */
    {{{0, 0, 0, "", 0, 0}, {990000, 5, 7, "7", 0, 1440}, {0, 0, 0, "", 0, 0}},
     3,
     990000,
     990000,
     {0, 5, 7, "7", 0, 1440},
     "ac"},
};

struct plans {
    Kontor__V1__OfferTargets targets[MAX];
    int32_t days[MAX][7];
    Kontor__V1__ItemPlan items[MAX];
    Kontor__V1__ItemPlan *pointers[MAX];
};

static void
fill(struct plans *plans, const struct row *row)
{
    static char *const names[MAX] = {"a", "b", "c"};
    for (size_t i = 0; i < row->n_items; i++) {
        const struct promise *promise = &row->items[i];
        Kontor__V1__OfferTargets *targets = &plans->targets[i];
        kontor__v1__offer_targets__init(targets);
        targets->availability_ppm = promise->ppm;
        targets->response_minutes = promise->minutes;
        targets->notice_days = promise->notice;
        targets->support_from_minute = promise->from;
        targets->support_to_minute = promise->to;
        targets->support_weekdays = plans->days[i];
        for (const char *day = promise->days; *day != '\0'; day++) {
            plans->days[i][targets->n_support_weekdays++] = *day - '0';
        }
        kontor__v1__item_plan__init(&plans->items[i]);
        plans->items[i].item = names[i];
        plans->items[i].targets = targets;
        plans->pointers[i] = &plans->items[i];
    }
}

static void
expect(const Kontor__V1__OrderTargets *all, const struct row *row)
{
    char days[8] = "", silent[MAX + 1] = "";
    assert_int_equal(all->availability_at_least_ppm, row->least);
    assert_int_equal(all->availability_at_most_ppm, row->most);
    assert_int_equal(all->response_minutes, row->all.minutes);
    assert_int_equal(all->notice_days, row->all.notice);
    assert_int_equal(all->support_from_minute, row->all.from);
    assert_int_equal(all->support_to_minute, row->all.to);
    assert_true(all->n_support_weekdays <= 7);
    for (size_t i = 0; i < 7 && i < all->n_support_weekdays; i++) {
        days[i] = (char)('0' + all->support_weekdays[i]);
    }
    assert_string_equal(days, row->all.days);
    assert_true(all->n_silent_items <= MAX);
    for (size_t i = 0; i < MAX && i < all->n_silent_items; i++) {
        silent[i] = all->silent_items[i][0];
    }
    assert_string_equal(silent, row->silent);
}

/* In whatever order the items come. */
static void
test_the_level_of_all_follows_from_each(void **state)
{
    struct arena *arena = arena_new();
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct plans plans = {.days = {{0}}};
        fill(&plans, &rows[i]);
        expect(target_aggregate(plans.pointers, rows[i].n_items, arena), &rows[i]);
        struct row turned = rows[i];
        for (size_t k = 0; k < turned.n_items; k++) {
            turned.items[k] = rows[i].items[turned.n_items - 1 - k];
        }
        fill(&plans, &turned);
        expect(target_aggregate(plans.pointers, turned.n_items, arena), &turned);
    }
    arena_free(arena);
}

static void
test_of_nothing_nothing_is_promised(void **state)
{
    static const struct row silent = {.items = {{.days = ""}, {.days = ""}},
                                      .n_items = 2};
    struct arena *arena = arena_new();
    struct plans plans = {.days = {{0}}};
    (void)state;
    fill(&plans, &silent);
    plans.items[0].targets = NULL;
    assert_null(target_aggregate(plans.pointers, 2, arena));
    assert_null(target_aggregate(plans.pointers, 0, arena));
    arena_free(arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_level_of_all_follows_from_each),
        cmocka_unit_test(test_of_nothing_nothing_is_promised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
