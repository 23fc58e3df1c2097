/* Observers of an offer out of stock: told once pieces are free, once each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kontor/v1/order_service.pb-c.h"
#include "tests/server/cards.h"

static enum status
observe(struct desk *desk, const struct principal *who, const char *id,
        const char *offer, Kontor__V1__Observation **reply, struct error *error)
{
    Kontor__V1__ObserveOfferRequest request = KONTOR__V1__OBSERVE_OFFER_REQUEST__INIT;
    request.id = (char *)(uintptr_t)id;
    request.offer = (char *)(uintptr_t)offer;
    return desk_call(desk, who, DESK_ORDER("ObserveOffer"), &request, reply, error);
}

static enum status
forget(struct desk *desk, const struct principal *who, const char *id,
       struct error *error)
{
    Kontor__V1__DeleteObservationRequest request =
        KONTOR__V1__DELETE_OBSERVATION_REQUEST__INIT;
    request.id = (char *)(uintptr_t)id;
    return desk_call(desk, who, DESK_ORDER("DeleteObservation"), &request, NULL, error);
}

static const Kontor__V1__Observation *
stored(struct desk *desk, const char *id)
{
    return harness_record(desk->h, KIND_OBSERVATION, id);
}

static int64_t
observers(struct desk *desk)
{
    const Kontor__V1__Stock *stock = harness_record(desk->h, KIND_STOCK, OFFER_SCARCE);
    return stock->observers;
}

static void
test_an_observer_is_told_when_stock_returns(void **state)
{
    struct desk *desk = *state;
    struct error error = {0};
    cards_order(desk, "coast/o-1", 3);
    assert_int_equal(
        observe(desk, desk->portal, "coast/w-1", OFFER_SCARCE, NULL, &error),
        STATUS_OK);
    assert_string_equal(stored(desk, "coast/w-1")->waits_for, OFFER_SCARCE);
    assert_int_equal(observers(desk), 1);
    assert_int_equal(desk_due(desk, 1000), 0);
    assert_int_equal(
        observe(desk, desk->portal, "coast/w-1", OFFER_SCARCE, NULL, &error),
        STATUS_ALREADY_EXISTS);
    cards_set_total(desk, 5);
    assert_int_equal(desk_due(desk, 1000), 1);
    const Kontor__V1__Observation *told = stored(desk, "coast/w-1");
    assert_string_equal(told->waits_for, "");
    assert_string_equal(told->offer, OFFER_SCARCE);
    assert_int_equal(told->free, 2);
    assert_non_null(told->returned_at);
    assert_int_equal(observers(desk), 0);
    assert_int_equal(desk_due(desk, 1000), 0);
    /* Told once; it may be asked for again. */
    cards_set_total(desk, 3);
    assert_int_equal(
        observe(desk, desk->portal, "coast/w-1", OFFER_SCARCE, NULL, &error),
        STATUS_OK);
    assert_int_equal(observers(desk), 1);
    assert_null(stored(desk, "coast/w-1")->returned_at);
}

static void
test_what_is_free_is_told_at_once(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__Observation *reply = NULL;
    assert_int_equal(
        observe(desk, desk->portal, "coast/w-1", OFFER_SCARCE, &reply, NULL),
        STATUS_OK);
    assert_int_equal(reply->free, 3);
    assert_string_equal(reply->waits_for, "");
}

/* Pieces that others wait for are not free for whoever comes. */
static void
test_the_waiting_list_comes_first(void **state)
{
    struct desk *desk = *state;
    cards_order(desk, "coast/o-1", 3);
    cards_order(desk, "coast/o-2", 2);
    assert_int_equal(observe(desk, desk->portal, "coast/w-1", OFFER_SCARCE, NULL, NULL),
                     STATUS_OK);
    cards_set_total(desk, 4);
    assert_int_equal(desk_due(desk, 1000), 0);
    cards_set_total(desk, 6);
    /* One who waited has its pieces, and one piece is left. */
    assert_int_equal(desk_due(desk, 1000), 2);
    assert_int_equal(stored(desk, "coast/w-1")->free, 1);
}

enum { N_MANY = 130 };

static void
test_many_observers_are_all_told(void **state)
{
    struct desk *desk = *state;
    cards_order(desk, "coast/o-1", 3);
    for (size_t i = 0; i < N_MANY; i++) {
        assert_int_equal(observe(desk, desk->portal,
                                 arena_print(desk->h->arena, "coast/w-%zu", i),
                                 OFFER_SCARCE, NULL, NULL),
                         STATUS_OK);
    }
    assert_int_equal(observers(desk), N_MANY);
    cards_set_total(desk, 4);
    while (desk_due(desk, 1000) > 0) {
    }
    for (size_t i = 0; i < N_MANY; i++) {
        const char *id = arena_print(desk->h->arena, "coast/w-%zu", i);
        assert_int_equal(stored(desk, id)->free, 1);
    }
    assert_int_equal(observers(desk), 0);
}

/* Pieces of what cannot be ordered are no news; an offer that has no stock any more has
 * as many as are ordered. */
static void
test_only_what_can_be_ordered_is_told(void **state)
{
    struct desk *desk = *state;
    cards_order(desk, "coast/o-1", 3);
    assert_int_equal(observe(desk, desk->portal, "coast/w-1", OFFER_SCARCE, NULL, NULL),
                     STATUS_OK);
    Kontor__V1__Service *service =
        harness_record(desk->h, KIND_SERVICE, "alpine/notebooks");
    service->phase = KONTOR__V1__PHASE__DECOMMISSIONED;
    cards_put_service(desk, service);
    cards_set_total(desk, 9);
    assert_int_equal(desk_due(desk, 1000), 0);
    assert_null(stored(desk, "coast/w-1")->returned_at);
    service->phase = KONTOR__V1__PHASE__PRODUCTION;
    for (size_t i = 0; i < service->n_offers; i++) {
        service->offers[i]->stock = NULL;
    }
    cards_put_service(desk, service);
    assert_int_equal(desk_due(desk, 1000), 1);
    assert_int_equal(stored(desk, "coast/w-1")->free, 0);
    assert_non_null(stored(desk, "coast/w-1")->returned_at);
}

static void
test_an_observation_is_its_sides_own(void **state)
{
    struct desk *desk = *state;
    struct error error = {0};
    const struct principal *stranger =
        harness_principal(desk->h, "hills/web", ROLE_BIT(PORTAL), "r:hills", NULL);
    Kontor__V1__ListObservationsRequest list =
        KONTOR__V1__LIST_OBSERVATIONS_REQUEST__INIT;
    Kontor__V1__ListObservationsResponse *reply = NULL;
    cards_order(desk, "coast/o-1", 3);
    assert_int_equal(observe(desk, stranger, "coast/w-1", OFFER_SCARCE, NULL, &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(error.reason, REASON_OTHER_REGISTRY);
    assert_int_equal(
        observe(desk, desk->portal, "coast/w-1", OFFER_BASIC, NULL, &error),
        STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "offer"));
    assert_int_equal(
        observe(desk, desk->portal, "coast/w-1", "alpine/notebooks/none", NULL, &error),
        STATUS_NOT_FOUND);
    assert_int_equal(
        observe(desk, desk->portal, "coast/w-1", OFFER_SCARCE, NULL, &error),
        STATUS_OK);
    assert_int_equal(
        desk_call(desk, stranger, DESK_ORDER("ListObservations"), &list, &reply, NULL),
        STATUS_OK);
    assert_int_equal(reply->n_observations, 0);
    assert_int_equal(forget(desk, stranger, "coast/w-1", &error), STATUS_NOT_FOUND);
    assert_int_equal(desk_call(desk, desk->portal, DESK_ORDER("ListObservations"),
                               &list, &reply, NULL),
                     STATUS_OK);
    assert_int_equal(reply->n_observations, 1);
    assert_int_equal(forget(desk, desk->portal, "coast/w-1", &error), STATUS_OK);
    assert_int_equal(observers(desk), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_an_observer_is_told_when_stock_returns),
        TEST(test_what_is_free_is_told_at_once),
        TEST(test_the_waiting_list_comes_first),
        TEST(test_many_observers_are_all_told),
        TEST(test_only_what_can_be_ordered_is_told),
        TEST(test_an_observation_is_its_sides_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
