/* What orders take of a capacity from when on and until when: by days, however late it
 * is delivered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/moment.h"
#include "proto/reason.h"
#include "server/clock.h"
#include "tests/server/vault.h"

#define ACTION(name) KONTOR__V1__ITEM_ACTION__ACTION_##name

static enum status
change_at(struct desk *desk, const char *id, int64_t size, int64_t days,
          struct error *error)
{
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, id);
    Kontor__V1__NewItem *item =
        desk_change(desk, request, "x", ACTION(MODIFY), "coast/o-1/vm");
    desk_give(desk, item, "size", shelf_integer(desk->h, size));
    item->start_at = vault_day_ahead(desk, days);
    return vault_place(desk, request, error);
}

/* A change is within the term of what it changes, and there is enough when it is. */
static void
test_a_change_is_counted_when_it_is(void **state)
{
    struct desk *desk = *state;
    struct error error;
    Kontor__V1__RescheduleItemRequest request =
        KONTOR__V1__RESCHEDULE_ITEM_REQUEST__INIT;
    Kontor__V1__Capacity *capacity = vault_new_capacity(desk, "6");
    vault_add_step(desk, capacity, vault_day_ahead(desk, 10), "10");
    assert_int_equal(vault_update(desk, desk->operator, capacity, NULL), STATUS_OK);
    assert_int_equal(vault_place_size(desk, "coast/o-1", 3, NULL), STATUS_OK);
    vault_carry_out_all(desk);
    assert_int_equal(change_at(desk, "coast/o-2", 5, 40, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(change_at(desk, "coast/o-2", 5, 9, &error),
                     STATUS_FAILED_PRECONDITION);
    assert_int_equal(change_at(desk, "coast/o-2", 5, 12, &error), STATUS_OK);
    request.id = "coast/o-2/x";
    request.start_at = vault_day_ahead(desk, 5);
    assert_int_equal(desk_call(desk, desk->portal, DESK_ORDER("RescheduleItem"),
                               &request, NULL, &error),
                     STATUS_FAILED_PRECONDITION);
    assert_int_equal(error.reason, REASON_CAPACITY_EXCEEDED);
    /* Nor is it put off behind what it changes: less than nothing would be held. */
    request.start_at = vault_day_ahead(desk, 500);
    assert_int_equal(desk_call(desk, desk->portal, DESK_ORDER("RescheduleItem"),
                               &request, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "start_at"));
    request.start_at = vault_day_ahead(desk, 15);
    assert_int_equal(desk_call(desk, desk->portal, DESK_ORDER("RescheduleItem"),
                               &request, NULL, &error),
                     STATUS_OK);
    vault_expect(desk, "6", "0", "0");
}

/* What there is goes by dates, and so does what is wanted: for a term, from the day on
 * which it may be begun last, or without an end if there is none. */
static void
test_a_capacity_goes_by_dates(void **state)
{
    static const struct {
        int64_t start_day, last_day, size;
        bool is_taken, is_told_how;
    } rows[] = {
        /* Until day 20 there are 10, then 2, from day 60 on 8; a term has 30 days. */
        {0, 1, 2, false, false},   {0, 1, 1, true, false},
        {20, 21, 1, false, false}, {29, 30, 1, false, false},
        {60, 61, 5, false, false}, {60, 61, 4, true, false},
        {61, 62, 1, false, false}, {59, 61, 1, false, false},
        {90, 91, 1, false, false}, {200, 0, 4, true, false},
        {91, 0, 1, false, true},   {91, 171, 1, false, false},
        {91, 170, 4, true, false}, {199, 0, 1, false, false},
        {500, 0, 1, false, false},
    };
    struct desk *desk = *state;
    Kontor__V1__Capacity *capacity = vault_new_capacity(desk, "10");
    vault_add_step(desk, capacity, vault_day_ahead(desk, 20), "2");
    vault_add_step(desk, capacity, vault_day_ahead(desk, 60), "8");
    assert_int_equal(vault_update(desk, desk->operator, capacity, NULL), STATUS_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error error;
        enum status status =
            vault_place_from(desk, arena_print(desk->h->arena, "coast/r-%zu", i),
                             rows[i].size, rows[i].start_day, rows[i].last_day, &error);
        assert_int_equal(status,
                         rows[i].is_taken ? STATUS_OK : STATUS_FAILED_PRECONDITION);
        if (!rows[i].is_taken) {
            desk_expect_reason(&error, REASON_CAPACITY_EXCEEDED);
            assert_true(rows[i].is_told_how ==
                        (strstr(error.message, "a not_after") != NULL));
        }
    }
}

/* Whatever is late, what was sold behind it is there. */
static void
test_a_late_delivery_overlaps_nothing(void **state)
{
    struct desk *desk = *state;
    assert_int_equal(vault_place_size(desk, "coast/o-1", 4, NULL), STATUS_OK);
    assert_int_equal(vault_place_from(desk, "coast/o-2", 2, 35, 0, NULL),
                     STATUS_FAILED_PRECONDITION);
    (void)desk_due(desk, 10 * VAULT_DAY_MS);
    assert_int_equal(vault_carry_out_all(desk), 1);
    /* It is known now when it ends: on day 30 from here. */
    assert_int_equal(vault_place_from(desk, "coast/o-2", 2, 29, 0, NULL),
                     STATUS_FAILED_PRECONDITION);
    assert_int_equal(vault_place_from(desk, "coast/o-2", 4, 31, 0, NULL), STATUS_OK);
    vault_expect(desk, "8", "0", "2");
}

/* As of the past it is told as it stood then, from that day on. */
static void
test_the_past_is_told_from_its_own_day_on(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__ListAllocationsRequest request =
        KONTOR__V1__LIST_ALLOCATIONS_REQUEST__INIT;
    Kontor__V1__AsOf as_of = KONTOR__V1__AS_OF__INIT;
    Kontor__V1__ListAllocationsResponse *reply = NULL;
    assert_int_equal(vault_place_size(desk, "coast/o-1", 3, NULL), STATUS_OK);
    vault_carry_out_all(desk);
    assert_int_equal(vault_place_from(desk, "coast/o-2", 1, 3, 0, NULL), STATUS_OK);
    int64_t then_ms = clock_wall_ms(&desk->h->clock);
    as_of.point_case = KONTOR__V1__AS_OF__POINT_SEQ;
    as_of.seq = shelf_applied(desk->h);
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-2", NULL, NULL, NULL),
                     STATUS_OK);
    clock_advance(&desk->h->clock, 40 * VAULT_DAY_MS);
    request.capacity = (char *)(uintptr_t)vault_capacity;
    request.as_of = &as_of;
    assert_int_equal(desk_call(desk, desk->operator, VAULT_CALL("ListAllocations"),
                               &request, &reply, NULL),
                     STATUS_OK);
    assert_int_equal(reply->n_outlook, 3); /* Then, the start, the end of the term. */
    assert_int_equal(moment_ms(reply->outlook[0]->from, 0) / VAULT_DAY_MS,
                     then_ms / VAULT_DAY_MS);
    assert_string_equal(reply->outlook[0]->allocated->value, "6");
    assert_string_equal(reply->outlook[0]->requested->value, "0");
    assert_string_equal(reply->outlook[1]->requested->value, "2");
    assert_string_equal(reply->outlook[2]->allocated->value, "0");
    vault_expect(desk, "0", "0", "10");
}

/* Nobody plans so far ahead, and every day ahead is one to be added up. */
static void
test_an_order_is_within_three_years(void **state)
{
    struct desk *desk = *state;
    struct error error;
    Kontor__V1__RescheduleItemRequest request =
        KONTOR__V1__RESCHEDULE_ITEM_REQUEST__INIT;
    assert_int_equal(vault_place_from(desk, "coast/o-1", 1, 1098, 0, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "items[0].start_at"));
    assert_int_equal(vault_place_from(desk, "coast/o-1", 1, 0, 1098, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "not_after"));
    assert_int_equal(vault_place_from(desk, "coast/o-1", 1, 1095, 1096, &error),
                     STATUS_OK);
    request.id = "coast/o-1/vm";
    request.start_at = vault_day_ahead(desk, 1098);
    assert_int_equal(desk_call(desk, desk->portal, DESK_ORDER("RescheduleItem"),
                               &request, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "start_at"));
}

/* Who has it may keep it, if there is still so much. */
static void
test_a_renewal_holds_the_term_it_adds(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__Capacity *capacity = vault_new_capacity(desk, "10");
    assert_int_equal(vault_place_size(desk, "coast/o-1", 5, NULL), STATUS_OK);
    vault_carry_out_all(desk);
    vault_add_step(desk, capacity, vault_day_ahead(desk, 40), "8");
    assert_int_equal(vault_update(desk, desk->operator, capacity, NULL), STATUS_OK);
    assert_int_equal(
        vault_place_change(desk, "coast/o-2", ACTION(RENEW), "coast/o-1/vm", 0),
        STATUS_FAILED_PRECONDITION);
    capacity->n_steps = 1;
    assert_int_equal(vault_update(desk, desk->operator, capacity, NULL), STATUS_OK);
    assert_int_equal(
        vault_place_change(desk, "coast/o-3", ACTION(RENEW), "coast/o-1/vm", 0),
        STATUS_OK);
    /* Nobody else gets that term meanwhile. */
    Kontor__V1__PlaceOrderRequest *later = vault_wanting(desk, "coast/o-4", 1);
    later->items[0]->start_at = vault_day_ahead(desk, 35);
    assert_int_equal(vault_place(desk, later, NULL), STATUS_FAILED_PRECONDITION);
    vault_carry_out_all(desk);
    vault_expect(desk, "10", "0", "0");
    assert_int_equal(vault_place(desk, later, NULL), STATUS_FAILED_PRECONDITION);
    later->items[0]->start_at = vault_day_ahead(desk, 62);
    assert_int_equal(vault_place(desk, later, NULL), STATUS_OK);
}

/* The day on which a term ends is not counted twice. */
static void
test_more_than_half_is_renewed(void **state)
{
    struct desk *desk = *state;
    assert_int_equal(vault_place_size(desk, "coast/o-1", 4, NULL), STATUS_OK);
    vault_carry_out_all(desk);
    vault_expect(desk, "8", "0", "2");
    assert_int_equal(
        vault_place_change(desk, "coast/o-2", ACTION(RENEW), "coast/o-1/vm", 0),
        STATUS_OK);
    vault_carry_out_all(desk);
    vault_expect(desk, "8", "0", "2");
}

static enum status
put_off(struct desk *desk, int64_t day, struct error *error)
{
    Kontor__V1__RescheduleItemRequest request =
        KONTOR__V1__RESCHEDULE_ITEM_REQUEST__INIT;
    request.id = "coast/o-1/vm";
    request.reason = "later";
    request.start_at = vault_day_ahead(desk, day);
    return desk_call(desk, desk->portal, DESK_ORDER("RescheduleItem"), &request, NULL,
                     error);
}

static void
test_what_is_put_off_is_held_later(void **state)
{
    struct desk *desk = *state;
    struct error error;
    Kontor__V1__Capacity *capacity = vault_new_capacity(desk, "4");
    vault_add_step(desk, capacity, vault_day_ahead(desk, 20), "10");
    vault_add_step(desk, capacity, vault_day_ahead(desk, 100), "4");
    assert_int_equal(vault_update(desk, desk->operator, capacity, NULL), STATUS_OK);
    assert_int_equal(vault_place_from(desk, "coast/o-1", 4, 22, 69, NULL), STATUS_OK);
    vault_expect(desk, "0", "0", "4");
    assert_int_equal(put_off(desk, 15, &error), STATUS_FAILED_PRECONDITION);
    desk_expect_reason(&error, REASON_CAPACITY_EXCEEDED);
    assert_int_equal(put_off(desk, 50, &error), STATUS_OK);
    Kontor__V1__ListAllocationsResponse *use = vault_use_of(desk, true);
    /* Now, 20, 50, and the last day on which it may be begun with a term behind it. */
    assert_int_equal(use->n_outlook, 5);
    assert_string_equal(use->outlook[1]->requested->value, "0");
    assert_string_equal(use->outlook[2]->requested->value, "8");
    assert_int_equal(moment_ms(use->outlook[2]->from, 0),
                     moment_ms(vault_day_ahead(desk, 50), 1));
    assert_string_equal(use->outlook[3]->requested->value, "0");
    assert_int_equal(moment_ms(use->outlook[3]->from, 0),
                     moment_ms(vault_day_ahead(desk, 99), 1));
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, vault_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        T(test_a_change_is_counted_when_it_is),
        T(test_a_capacity_goes_by_dates),
        T(test_a_late_delivery_overlaps_nothing),
        T(test_the_past_is_told_from_its_own_day_on),
        T(test_an_order_is_within_three_years),
        T(test_a_renewal_holds_the_term_it_adds),
        T(test_more_than_half_is_renewed),
        T(test_what_is_put_off_is_held_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
