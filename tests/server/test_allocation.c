/* What orders take of a provider's capacities: held when they are placed, taken up by
 * what is delivered, free when that ends, and never more than there is. */
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

static void
test_what_is_ordered_is_held_then_allocated_then_free(void **state)
{
    struct desk *desk = *state;
    struct error error;
    vault_expect(desk, "0", "0", "10");
    assert_int_equal(vault_place_size(desk, "coast/o-1", 3, NULL), STATUS_OK);
    vault_expect(desk, "0", "6", "4");
    const Kontor__V1__ListAllocationsResponse *held = vault_use_of(desk, true);
    assert_int_equal(held->n_allocations, 1);
    assert_string_equal(held->allocations[0]->id, "coast/o-1/vm");
    assert_string_equal(held->allocations[0]->project, "coast/p1");
    assert_string_equal(held->allocations[0]->allocation->needed->value, "6");
    assert_int_equal(vault_use_of(desk, false)->n_allocations, 0);
    /* More than is left is refused, before anybody decides, and changes nothing. */
    int64_t before = shelf_applied(desk->h);
    assert_int_equal(vault_place_size(desk, "coast/o-2", 3, &error),
                     STATUS_FAILED_PRECONDITION);
    desk_expect_reason(&error, REASON_CAPACITY_EXCEEDED);
    assert_string_equal(harness_value(&error, "item"), "vm");
    assert_string_equal(harness_value(&error, "capacity"), vault_capacity);
    assert_string_equal(harness_value(&error, "needed"), "6 TB");
    assert_int_equal(shelf_applied(desk->h), before);
    assert_int_equal(vault_place_size(desk, "coast/o-2", 2, NULL), STATUS_OK);
    vault_expect(desk, "0", "10", "0");
    assert_int_equal(vault_carry_out_all(desk), 2);
    vault_expect(desk, "10", "0", "0");
    const Kontor__V1__ListAllocationsResponse *is = vault_use_of(desk, false);
    assert_int_equal(is->n_allocations, 2);
    assert_string_equal(is->allocations[0]->allocation->amount->value, "6");
    assert_int_equal(moment_ms(is->allocations[0]->allocation->until, 0),
                     moment_ms(desk_instance(desk, "coast/o-1/vm")->valid_until, 1));
    assert_int_equal(vault_use_of(desk, true)->n_allocations, 0);
    /* It is free when its term is over, and the outlook says so today. */
    assert_int_equal(is->n_outlook, 2);
    assert_string_equal(is->outlook[1]->free->value, "10");
    assert_int_equal(
        vault_place_change(desk, "coast/o-3", ACTION(TERMINATE), "coast/o-1/vm", 0),
        STATUS_OK);
    vault_expect(desk, "10", "0", "0");
    vault_carry_out_all(desk);
    vault_expect(desk, "4", "0", "6");
}

static void
test_what_is_cancelled_or_failed_is_free_again(void **state)
{
    struct desk *desk = *state;
    const char *session;
    assert_int_equal(vault_place_size(desk, "coast/o-1", 5, NULL), STATUS_OK);
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-1", NULL, NULL, NULL),
                     STATUS_OK);
    vault_expect(desk, "0", "0", "10");
    assert_int_equal(vault_place_size(desk, "coast/o-2", 5, NULL), STATUS_OK);
    session = desk_session(desk, desk->agent, 8, OFFER_TERM, NULL);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_fail(desk, job->item, job->fence,
                               KONTOR__V1__FAIL_REQUEST__FAILURE__PERMANENT, NULL,
                               NULL),
                     STATUS_OK);
    /* Something may be left of it. */
    vault_expect(desk, "0", "10", "0");
    assert_int_equal(vault_carry_out_all(desk), 1);
    vault_expect(desk, "0", "0", "10");
}

static void
test_a_plan_takes_nothing_and_says_what_it_would(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderResponse *reply = NULL;
    Kontor__V1__PlaceOrderRequest *request = vault_wanting(desk, "coast/o-1", 3);
    request->validate_only = true;
    assert_int_equal(
        desk_call(desk, desk->portal, DESK_ORDER("PlaceOrder"), request, &reply, NULL),
        STATUS_OK);
    assert_int_equal(reply->plan->items[0]->n_allocations, 1);
    assert_string_equal(reply->plan->items[0]->allocations[0]->needed->value, "6");
    vault_expect(desk, "0", "0", "10");
}

/* Two items of one order share what there is. */
static void
test_items_of_one_order_add_up(void **state)
{
    struct desk *desk = *state;
    struct error error;
    Kontor__V1__PlaceOrderRequest *request = vault_wanting(desk, "coast/o-1", 3);
    desk_give(desk, desk_add(desk, request, "other", OFFER_TERM), "size",
              shelf_integer(desk->h, 3));
    assert_int_equal(vault_place(desk, request, &error), STATUS_FAILED_PRECONDITION);
    desk_expect_reason(&error, REASON_CAPACITY_EXCEEDED);
    assert_string_equal(harness_value(&error, "item"), "other");
    vault_expect(desk, "0", "0", "10");
    request->items[1]->parameters[0]->value = shelf_integer(desk->h, 2);
    assert_int_equal(vault_place(desk, request, NULL), STATUS_OK);
    vault_expect(desk, "0", "10", "0");
}

static void
test_a_change_holds_what_is_more(void **state)
{
    struct desk *desk = *state;
    assert_int_equal(vault_place_size(desk, "coast/o-1", 3, NULL), STATUS_OK);
    vault_carry_out_all(desk);
    assert_int_equal(
        vault_place_change(desk, "coast/o-2", ACTION(MODIFY), "coast/o-1/vm", 6),
        STATUS_FAILED_PRECONDITION);
    assert_int_equal(
        vault_place_change(desk, "coast/o-2", ACTION(MODIFY), "coast/o-1/vm", 5),
        STATUS_OK);
    vault_expect(desk, "6", "4", "0");
    vault_carry_out_all(desk);
    vault_expect(desk, "10", "0", "0");
    /* Less is free once that is done. */
    assert_int_equal(
        vault_place_change(desk, "coast/o-3", ACTION(MODIFY), "coast/o-1/vm", 1),
        STATUS_OK);
    vault_expect(desk, "10", "0", "0");
    vault_carry_out_all(desk);
    vault_expect(desk, "2", "0", "8");
}

static void
test_of_64_at_once_as_many_are_placed_as_there_is_room(void **state)
{
    enum { N = 64, ROOM = 5 };
    struct desk *desk = *state;
    struct harness_call *calls[N];
    size_t n_placed = 0;
    for (int i = 0; i < N; i++) {
        calls[i] = harness_start(
            desk->h, desk->portal, DESK_ORDER("PlaceOrder"),
            vault_wanting(desk, arena_print(desk->h->arena, "coast/r-%d", i), 1));
    }
    for (int i = 0; i < N; i++) {
        n_placed += harness_wait(desk->h, calls[i], NULL, NULL) == STATUS_OK;
    }
    assert_int_equal(n_placed, ROOM);
    vault_expect(desk, "0", "10", "0");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, vault_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        T(test_what_is_ordered_is_held_then_allocated_then_free),
        T(test_what_is_cancelled_or_failed_is_free_again),
        T(test_a_plan_takes_nothing_and_says_what_it_would),
        T(test_items_of_one_order_add_up),
        T(test_a_change_holds_what_is_more),
        T(test_of_64_at_once_as_many_are_placed_as_there_is_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
