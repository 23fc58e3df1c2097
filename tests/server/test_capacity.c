/* Capacities as records: what they and what offers take of them must be, in what units,
 * and who sees them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "catalogue/amount.h"
#include "proto/reason.h"
#include "tests/server/cards.h"
#include "tests/server/vault.h"

#define ACTION(name) KONTOR__V1__ITEM_ACTION__ACTION_##name

/* An offer that takes of what is not there, or of another provider's, sells nothing. */
static void
test_nobody_sells_what_is_anothers(void **state)
{
    struct desk *desk = *state;
    struct error error;
    Kontor__V1__Capacity *capacity =
        harness_record(desk->h, KIND_CAPACITY, vault_capacity);
    capacity->provider = "alpine/other";
    harness_seed(desk->h, KIND_CAPACITY, vault_capacity, &capacity->base, "=r:alpine",
                 NULL);
    assert_int_equal(vault_place_size(desk, "coast/o-1", 1, &error),
                     STATUS_FAILED_PRECONDITION);
    desk_expect_reason(&error, REASON_CAPACITY_EXCEEDED);
    harness_remove(desk->h, KIND_CAPACITY, vault_capacity);
    assert_int_equal(vault_place_size(desk, "coast/o-1", 1, &error),
                     STATUS_FAILED_PRECONDITION);
}

/* Amounts of bytes go with each other; a part of one is one. */
static void
test_units_of_bytes_go_with_each_other(void **state)
{
    static const struct {
        const char *value, *unit;
        int64_t size;
        bool is_taken;
    } rows[] = {
        {"1", "TiB", 9, true},          {"1", "TiB", 10, false},
        {"0.000000001", "B", 5, true},  {"1", "core", 1, false},
        {"1000", "GB", 10, true},       {"1000.000000001", "GB", 10, false},
        {"9999999", "EB", 1000, false},
    };
    struct desk *desk = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *id = arena_print(desk->h->arena, "coast/r-%zu", i);
        vault_set_offer(desk, rows[i].value, rows[i].unit);
        assert_int_equal(vault_place_size(desk, id, rows[i].size, NULL),
                         rows[i].is_taken ? STATUS_OK : STATUS_FAILED_PRECONDITION);
        if (rows[i].is_taken) {
            assert_int_equal(desk_cancel(desk, desk->portal, id, NULL, NULL, NULL),
                             STATUS_OK);
        }
    }
}

static void
test_what_a_capacity_must_be(void **state)
{
    struct desk *desk = *state;
    struct error error;
    enum { PROVIDER, REGISTRY, ORDER, SAME, NEGATIVE, HUGE, N_WRONG };
    static const char *const fields[] = {
        "capacity.provider",      "capacity.provider",       "capacity.steps[1].from",
        "capacity.steps[1].from", "capacity.steps[0].value", "capacity.steps[0].value"};
    for (int wrong = 0; wrong < N_WRONG; wrong++) {
        Kontor__V1__Capacity *capacity =
            vault_new_capacity(desk, wrong == NEGATIVE ? "-1"
                                     : wrong == HUGE   ? "999999999999999"
                                                       : "1");
        capacity->id = "alpine/wrong";
        capacity->provider = wrong == PROVIDER   ? "alpine/none"
                             : wrong == REGISTRY ? "beta/tape"
                                                 : "alpine/hpc";
        vault_add_step(desk, capacity, wrong == ORDER ? NULL : vault_day_ahead(desk, 5),
                       "2");
        vault_add_step(desk, capacity, vault_day_ahead(desk, wrong == SAME ? 5 : 6),
                       "3");
        if (wrong == SAME) {
            capacity->steps++;
            capacity->n_steps--;
        }
        assert_int_not_equal(vault_create(desk, desk->admin, capacity, &error),
                             STATUS_OK);
        assert_true(harness_has_fault(&error, fields[wrong]) ||
                    (wrong == REGISTRY && error.reason == REASON_NOT_OWNER));
    }
    Kontor__V1__Capacity *mine = vault_new_capacity(desk, "1");
    mine->provider = "alpine/other";
    assert_int_not_equal(vault_update(desk, desk->admin, mine, &error), STATUS_OK);
    assert_true(harness_has_fault(&error, "capacity.provider"));
    mine = vault_new_capacity(desk, "1");
    mine->unit = "core";
    assert_int_not_equal(vault_update(desk, desk->admin, mine, &error), STATUS_OK);
    assert_true(harness_has_fault(&error, "capacity.unit"));
    mine->unit = "GiB";
    assert_int_equal(vault_update(desk, desk->admin, mine, &error), STATUS_OK);
}

static void
test_others_neither_see_nor_change_it(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__GetCapacityRequest get = KONTOR__V1__GET_CAPACITY_REQUEST__INIT;
    Kontor__V1__ListAllocationsRequest list =
        KONTOR__V1__LIST_ALLOCATIONS_REQUEST__INIT;
    const struct principal *const others[] = {desk->stranger, desk->tape_operator};
    get.id = (char *)(uintptr_t)vault_capacity;
    list.capacity = get.id;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(
            desk_call(desk, others[i], VAULT_CALL("GetCapacity"), &get, NULL, NULL),
            STATUS_NOT_FOUND);
        assert_int_equal(desk_call(desk, others[i], VAULT_CALL("ListAllocations"),
                                   &list, NULL, NULL),
                         STATUS_NOT_FOUND);
        assert_int_not_equal(
            vault_update(desk, others[i], vault_new_capacity(desk, "1"), NULL),
            STATUS_OK);
    }
    assert_int_equal(
        desk_call(desk, desk->operator, VAULT_CALL("GetCapacity"), &get, NULL, NULL),
        STATUS_OK);
}

/* An offer names its own provider's capacities, each once, with a number of its own. */
static void
test_what_an_offer_may_take(void **state)
{
    struct desk *desk = *state;
    struct error error;
    enum { GONE, TWICE, PARAMETER, NOTHING, SOUND, N_WAYS };
    static const char *const fields[] = {
        "service.offers[term].allocations[0].capacity",
        "service.offers[term].allocations[1].capacity",
        "service.offers[term].allocations[0].parameter",
        "service.offers[term].allocations[0].amount"};
    for (int way = 0; way < N_WAYS; way++) {
        Kontor__V1__UpdateServiceRequest request =
            KONTOR__V1__UPDATE_SERVICE_REQUEST__INIT;
        Kontor__V1__Service *service =
            harness_record(desk->h, KIND_SERVICE, "alpine/notebooks");
        for (size_t i = 0; i < service->n_offers; i++) {
            Kontor__V1__Offer *offer = service->offers[i];
            if (strcmp(offer->iid, "term") != 0) {
                continue;
            }
            Kontor__V1__OfferAllocation *row = offer->allocations[0];
            Kontor__V1__OfferAllocation *rows[] = {row, row};
            row->capacity = way == GONE ? "alpine/none" : row->capacity;
            row->parameter = way == PARAMETER ? "none" : row->parameter;
            row->amount->value = way == NOTHING ? "0.0" : "3";
            offer->allocations = rows;
            offer->n_allocations = way == TWICE ? 2 : 1;
            request.service = service;
            enum status status =
                desk_call(desk, desk->operator, SHELF_CALL("UpdateService"), &request,
                          NULL, &error);
            assert_int_equal(status,
                             way == SOUND ? STATUS_OK : STATUS_INVALID_ARGUMENT);
            assert_true(way == SOUND || harness_has_fault(&error, fields[way]));
        }
    }
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, vault_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        T(test_nobody_sells_what_is_anothers),
        T(test_units_of_bytes_go_with_each_other),
        T(test_what_a_capacity_must_be),
        T(test_others_neither_see_nor_change_it),
        T(test_what_an_offer_may_take),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
