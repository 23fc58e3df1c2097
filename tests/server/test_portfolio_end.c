/* What ending a service touches: open items and instances of its offers, as far as the
 * caller sees them; nothing ends by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/desk.h"

#define P(name) KONTOR__V1__PHASE__##name

static enum status
move(struct desk *desk, const struct principal *who, Kontor__V1__Phase phase,
     bool is_validate_only, const char *request_id,
     Kontor__V1__MoveServiceResponse **reply)
{
    Kontor__V1__MoveServiceRequest request = KONTOR__V1__MOVE_SERVICE_REQUEST__INIT;
    request.id = "alpine/notebooks";
    request.phase = phase;
    request.validate_only = is_validate_only;
    request.request_id = (char *)(uintptr_t)request_id;
    return desk_call(desk, who, SHELF_CALL("MoveService"), &request, reply, NULL);
}

static void
expect_touched(const Kontor__V1__MoveServiceResponse *reply, int32_t n_items,
               int32_t n_instances)
{
    assert_int_equal(reply->open_item_count, n_items);
    assert_int_equal(reply->n_open_items, n_items);
    assert_int_equal(reply->instance_count, n_instances);
    assert_int_equal(reply->n_instances, n_instances);
    assert_false(reply->is_more);
}

/* One delivered, one at work, one that waits for its approval, one cancelled, and one
 * of another service. */
static void
fill(struct desk *desk)
{
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_complete(desk, job->item, job->fence, "b-1", NULL),
                     STATUS_OK);
    job = desk_claim_one(desk, "coast/o-2", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    desk_place_one(desk, "coast/o-3", OFFER_BASIC);
    desk_place_one(desk, "coast/o-4", OFFER_BASIC);
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-4", NULL, NULL, NULL),
                     STATUS_OK);
    desk_place_one(desk, "coast/o-5", OFFER_OTHER);
}

static void
test_ending_tells_what_it_touches_and_ends_nothing(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__MoveServiceResponse *reply = NULL;
    fill(desk);
    int64_t before = store_applied(desk->h->broker.store);
    assert_int_equal(move(desk, desk->admin, P(DEPRECATED), true, "", &reply),
                     STATUS_OK);
    expect_touched(reply, 2, 1);
    assert_string_equal(reply->open_items[0], "coast/o-2/vm");
    assert_string_equal(reply->open_items[1], "coast/o-3/vm");
    assert_string_equal(reply->instances[0], "coast/o-1/vm");
    assert_int_equal(reply->service->phase, P(DEPRECATED));
    assert_int_equal(store_applied(desk->h->broker.store), before);
    /* The provider's operator sees the same; the move is one commit and no more. */
    assert_int_equal(move(desk, desk->operator, P(DEPRECATED), false, "", &reply),
                     STATUS_OK);
    expect_touched(reply, 2, 1);
    assert_int_equal(store_applied(desk->h->broker.store), before + 1);
    /* Said again, it is done already, and still tells. */
    assert_int_equal(move(desk, desk->operator, P(DEPRECATED), false, "", &reply),
                     STATUS_OK);
    expect_touched(reply, 2, 1);
    assert_int_equal(store_applied(desk->h->broker.store), before + 1);
    /* Work goes on where it stood. */
    assert_int_equal(desk_decide(desk, desk->operator, "coast/o-3/vm", true, "", NULL),
                     STATUS_OK);
}

/* What was ordered stays touched when its offer is taken out of the service, and again
 * counts once when it comes back. */
static void
test_offers_that_were_taken_out_are_touched_too(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__MoveServiceResponse *reply = NULL;
    fill(desk);
    Kontor__V1__Service *service =
        harness_record(desk->h, KIND_SERVICE, "alpine/notebooks");
    size_t n_offers = service->n_offers;
    for (int is_back = 0; is_back <= 1; is_back++) {
        service->n_offers = is_back ? n_offers : 0;
        assert_int_equal(shelf_update_service(desk->h, desk->admin, service,
                                              shelf_mask(desk->h, "offers", NULL), NULL,
                                              NULL),
                         STATUS_OK);
        assert_int_equal(move(desk, desk->admin, P(DEPRECATED), true, "", &reply),
                         STATUS_OK);
        expect_touched(reply, 2, 1);
    }
    const Kontor__V1__Service *now =
        harness_record(desk->h, KIND_SERVICE, "alpine/notebooks");
    assert_int_equal(now->n_past_offers, 0);
}

/* However much has ended, what is open is found. */
static void
test_what_has_ended_hides_nothing(void **state)
{
    enum { N_ENDED = 2500 };
    struct desk *desk = *state;
    Kontor__V1__MoveServiceResponse *reply = NULL;
    Kontor__V1__OrderItem ended = KONTOR__V1__ORDER_ITEM__INIT;
    Kontor__V1__Instance gone = KONTOR__V1__INSTANCE__INIT;
    ended.offer = OFFER_BASIC;
    ended.state = KONTOR__V1__ITEM_STATE__CANCELLED;
    gone.offer = OFFER_BASIC;
    gone.state = KONTOR__V1__INSTANCE_STATE__INSTANCE_TERMINATED;
    for (size_t i = 0; i < N_ENDED; i++) {
        const char *id = arena_print(desk->h->arena, "coast/a-%zu/vm", i);
        harness_seed(desk->h, KIND_ITEM, id, &ended.base, "=r:alpine", NULL);
        if (i % 10 == 0) {
            harness_seed(desk->h, KIND_INSTANCE, id, &gone.base, "=r:alpine", NULL);
        }
    }
    fill(desk);
    assert_int_equal(move(desk, desk->admin, P(DEPRECATED), true, "", &reply),
                     STATUS_OK);
    expect_touched(reply, 2, 1);
}

/* ---- Providers ---- */

static enum status
suspend(struct desk *desk, const char *id, bool is_validate_only,
        Kontor__V1__SuspendProviderResponse **reply)
{
    Kontor__V1__SuspendProviderRequest request =
        KONTOR__V1__SUSPEND_PROVIDER_REQUEST__INIT;
    request.id = (char *)(uintptr_t)id;
    request.reason = "nobody answers";
    request.validate_only = is_validate_only;
    return desk_call(desk, desk->admin, SHELF_CALL("SuspendProvider"), &request, reply,
                     NULL);
}

static void
test_a_suspended_provider_takes_no_orders_at_once(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__SuspendProviderResponse *reply = NULL;
    struct error error;
    fill(desk);
    assert_int_equal(suspend(desk, "alpine/hpc", true, &reply), STATUS_OK);
    assert_true(reply->touched->service_count > 0);
    assert_int_equal(reply->touched->open_item_count, 2);
    assert_int_equal(reply->touched->instance_count, 1);
    assert_string_equal(reply->touched->open_items[0], "coast/o-2/vm");
    assert_int_equal(suspend(desk, "alpine/hpc", false, &reply), STATUS_OK);
    /* The services are still to be taken along: the order is refused all the same. */
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-9");
    desk_add(desk, request, "vm", OFFER_BASIC);
    assert_int_equal(
        desk_call(desk, desk->portal, DESK_ORDER("PlaceOrder"), request, NULL, &error),
        STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(error.message, "its provider is suspended or retired"));
    /* Work that is open goes on. */
    assert_int_equal(desk_decide(desk, desk->operator, "coast/o-3/vm", true, "", NULL),
                     STATUS_OK);
}

static void
test_a_repeated_request_is_told_the_service(void **state)
{
    static const char id[] = "6f9619ff-8b86-4d01-b42d-00c04fc964ff";
    struct desk *desk = *state;
    Kontor__V1__MoveServiceResponse *reply = NULL;
    fill(desk);
    assert_int_equal(move(desk, desk->admin, P(DEPRECATED), false, id, &reply),
                     STATUS_OK);
    int64_t revision = reply->service->revision;
    assert_int_equal(move(desk, desk->admin, P(DECOMMISSIONED), false, "", NULL),
                     STATUS_OK);
    assert_int_equal(move(desk, desk->admin, P(DEPRECATED), false, id, &reply),
                     STATUS_OK);
    assert_int_equal(reply->service->revision, revision);
    assert_int_equal(reply->service->phase, P(DEPRECATED));
    expect_touched(reply, 0, 0);
}

static void
test_going_on_touches_nothing(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__MoveServiceResponse *reply = NULL;
    fill(desk);
    assert_int_equal(move(desk, desk->admin, P(PRODUCTION), false, "", &reply),
                     STATUS_OK);
    expect_touched(reply, 0, 0);
    assert_int_equal(move(desk, desk->stranger, P(DEPRECATED), true, "", NULL),
                     STATUS_PERMISSION_DENIED);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        T(test_ending_tells_what_it_touches_and_ends_nothing),
        T(test_offers_that_were_taken_out_are_touched_too),
        T(test_what_has_ended_hides_nothing),
        T(test_a_suspended_provider_takes_no_orders_at_once),
        T(test_a_repeated_request_is_told_the_service),
        T(test_going_on_touches_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
