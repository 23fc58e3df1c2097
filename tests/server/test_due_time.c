/* When something happens to an item by itself: every default, and every step of every
 * state. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/arena.h"
#include "proto/moment.h"
#include "server/order/due.h"
#include "server/order/due_time.h"
#include "server/order/item_state.h"
#include "server/order/reschedule.h"

#define S(name) KONTOR__V1__ITEM_STATE__##name

/* Noon of a Monday, 2026-11-23: half a day more than whole days is a midnight. */
#define MONDAY INT64_C(1795392000000)
#define SINCE (MONDAY + HOURS(12))
#define HOURS(n) (INT64_C(3600000) * (n))
#define DAYS(n) HOURS(24 * (n))
#define NEVER INT64_MAX

enum { N_STEPS = 4 };

typedef int64_t due_function(const Kontor__V1__OrderItem *item, int64_t since_ms);

/* What holds where the offer says nothing, as the design has it. */
static const struct {
    due_function *at_ms;
    int64_t after_ms;
} defaults[] = {
    {due_after_validation, INT64_C(300000)},
    {due_approval_warning, DAYS(4) + HOURS(12)},
    {due_approval_end, DAYS(7) + HOURS(12)},
    {due_first_reminder, DAYS(3)},
    {due_second_reminder, DAYS(7)},
    {due_answer_end, DAYS(14)},
    {due_untaken, DAYS(1) + HOURS(12)},
    {due_expected, DAYS(7) + HOURS(12)},
    {due_held_end, DAYS(30)},
    {due_assess_end, DAYS(2) + HOURS(12)},
    {due_undo_end, DAYS(1)},
    {due_start, NEVER},
    {due_window_end, NEVER},
    {due_stock_end, NEVER},
    {due_work_end, NEVER},
};

static int64_t
after(int64_t after_ms)
{
    return after_ms == NEVER ? NEVER : SINCE + after_ms;
}

static void
test_what_the_offer_does_not_say_is_the_designs(void **state)
{
    (void)state;
    Kontor__V1__OrderItem item = KONTOR__V1__ORDER_ITEM__INIT;
    Kontor__V1__OfferDeadlines silent = KONTOR__V1__OFFER_DEADLINES__INIT;
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
        item.deadlines = NULL;
        assert_int_equal(defaults[i].at_ms(&item, SINCE), after(defaults[i].after_ms));
        item.deadlines = &silent;
        assert_int_equal(defaults[i].at_ms(&item, SINCE), after(defaults[i].after_ms));
    }
}

static void
test_who_waits_for_another_waits_thirty_days(void **state)
{
    (void)state;
    Kontor__V1__OrderItem item = KONTOR__V1__ORDER_ITEM__INIT;
    item.reason = KONTOR__V1__ITEM_REASON__WAITS_FOR_DEPENDENCY;
    assert_int_equal(due_untaken(&item, SINCE), SINCE + DAYS(30));
    item.reason = KONTOR__V1__ITEM_REASON__WAITS_FOR_STOCK;
    assert_int_equal(due_untaken(&item, SINCE), SINCE + DAYS(30));
}

/* Every state with its steps, of an item that has everything: it starts after 10 days,
 * is wanted for 100, its pieces are kept for 50 and it may be worked on for 3 hours. */
static const struct {
    Kontor__V1__ItemState state;
    int64_t after_ms[N_STEPS]; /* 0 = there is no such step. */
    int64_t expires_ms;
    unsigned people; /* The steps that hit people, as a bit set. */
} rows[] = {
    {S(RECEIVED), {INT64_C(300000)}, INT64_C(300000), 0},
    {S(AWAITING_APPROVAL),
     {DAYS(4) + HOURS(12), DAYS(7) + HOURS(12), DAYS(100), DAYS(50)},
     DAYS(7) + HOURS(12),
     2},
    {S(AWAITING_CONSUMER_APPROVAL),
     {DAYS(4) + HOURS(12), DAYS(7) + HOURS(12), DAYS(100), DAYS(50)},
     DAYS(7) + HOURS(12),
     2},
    {S(PENDING_INFO), {DAYS(3), DAYS(7), DAYS(14), DAYS(50)}, DAYS(14), 4},
    {S(PENDING_INFO_BEGUN), {DAYS(3), DAYS(7), DAYS(14)}, DAYS(14), 4},
    {S(QUEUED),
     {DAYS(10), DAYS(11) + HOURS(12), DAYS(100), DAYS(50)},
     DAYS(11) + HOURS(12),
     0},
    {S(IN_PROGRESS), {DAYS(7) + HOURS(12), HOURS(3)}, HOURS(3), 0},
    {S(HELD), {DAYS(30), DAYS(50)}, DAYS(30), 1},
    {S(HELD_BEGUN), {DAYS(30)}, DAYS(30), 1},
    {S(ASSESSING_CANCELLATION), {DAYS(2) + HOURS(12)}, DAYS(2) + HOURS(12), 1},
    {S(CANCELLING), {DAYS(1)}, DAYS(1), 0},
    {S(CANCELLING_OTHERWISE), {DAYS(1)}, DAYS(1), 0},
};

static Kontor__V1__OrderItem
item_with_everything(struct arena *arena)
{
    static Kontor__V1__OfferDeadlines deadlines;
    static Kontor__V1__ItemStock stock;
    Kontor__V1__OrderItem item = KONTOR__V1__ORDER_ITEM__INIT;
    kontor__v1__offer_deadlines__init(&deadlines);
    kontor__v1__item_stock__init(&stock);
    deadlines.work_hours = 3;
    stock.is_reserved = true;
    stock.reserved_until = moment_new(arena, SINCE + DAYS(50));
    item.deadlines = &deadlines;
    item.stock = &stock;
    item.start_at = moment_new(arena, SINCE + DAYS(10));
    item.not_after = moment_new(arena, SINCE + DAYS(100));
    return item;
}

static size_t
find_row(int state)
{
    size_t at = 0;
    while (at < sizeof rows / sizeof rows[0] && (int)rows[at].state != state) {
        at++;
    }
    return at;
}

/* Each step in turn is left as the only one that has not happened. */
static void
check_steps(Kontor__V1__OrderItem *item, size_t at, struct arena *arena)
{
    assert_int_equal(moment_ms(due_expires(item), NEVER), SINCE + rows[at].expires_ms);
    for (unsigned i = 0; i < N_STEPS; i++) {
        int64_t after_ms = rows[at].after_ms[i];
        item->due->fired = (int32_t)(0xffU & ~(1U << i));
        due_again(item, arena);
        assert_int_equal(moment_ms(item->due->at, NEVER),
                         after(after_ms == 0 ? NEVER : after_ms));
        assert_int_equal(due_hits_people(item), rows[at].people >> i & 1U);
    }
}

static void
test_every_state_has_the_steps_of_the_design(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct call call = {.arena = arena, .now_ms = SINCE, .at_ms = SINCE};
    for (int from = 0; from < ITEM_STATE_COUNT; from++) {
        Kontor__V1__OrderItem item = item_with_everything(arena);
        item.state = (Kontor__V1__ItemState)from;
        due_begin(&item, &call);
        size_t at = find_row(from);
        assert_int_equal(item.due != NULL, at < sizeof rows / sizeof rows[0]);
        if (item.due != NULL) {
            check_steps(&item, at, arena);
        }
    }
    arena_free(arena);
}

/* Whoever works on an item, or holds it to begin at once, does not ask when. */
static void
test_a_start_is_moved_by_customers_while_nobody_works_on_it(void **state)
{
    (void)state;
    static const int open[] = {
        S(RECEIVED), S(AWAITING_APPROVAL), S(AWAITING_CONSUMER_APPROVAL),
        S(QUEUED),   S(PENDING_INFO),      S(HELD)};
    Kontor__V1__OrderItem item = KONTOR__V1__ORDER_ITEM__INIT;
    for (int from = 0; from < ITEM_STATE_COUNT; from++) {
        bool is_open = false;
        for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
            is_open = is_open || open[i] == from;
        }
        item.state = (Kontor__V1__ItemState)from;
        assert_int_equal(reschedule_roles(&item).customer != 0, is_open);
        assert_int_equal(reschedule_roles(&item).provider, 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_the_offer_does_not_say_is_the_designs),
        cmocka_unit_test(test_who_waits_for_another_waits_thirty_days),
        cmocka_unit_test(test_every_state_has_the_steps_of_the_design),
        cmocka_unit_test(test_a_start_is_moved_by_customers_while_nobody_works_on_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
