/* Placing orders: what is planned, what is refused, what a repetition answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/reason.h"
#include "tests/server/desk.h"

/* Places and expects this refusal; nothing may be stored. */
static struct error
refused(struct desk *desk, const struct principal *who,
        const Kontor__V1__PlaceOrderRequest *request, enum reason reason)
{
    struct error error = {0};
    int64_t before = shelf_applied(desk->h);
    enum status status =
        desk_call(desk, who, DESK_ORDER("PlaceOrder"), request, NULL, &error);
    assert_int_not_equal(status, STATUS_OK);
    assert_string_equal(reason_row(error.reason)->name, reason_row(reason)->name);
    assert_int_equal(shelf_applied(desk->h), before);
    return error;
}

static void
test_k01_an_open_item_is_queued_at_once(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderResponse *reply =
        desk_place_one(desk, "coast/o-1", OFFER_OPEN);
    assert_false(reply->is_replayed);
    assert_int_equal(reply->n_items, 1);
    assert_string_equal(reply->items[0]->id, "coast/o-1/vm");
    assert_true(reply->order->revision > 0);
    assert_int_equal(reply->items[0]->revision, reply->order->revision);
    desk_expect(desk, "coast/o-1/vm", "QUEUED");
    desk_expect_order(desk, "coast/o-1", "ORDER_ACKNOWLEDGED");
    const Kontor__V1__OrderItem *item = desk_item(desk, "coast/o-1/vm");
    assert_non_null(item->job->ready_at);
    assert_int_equal(item->reason, KONTOR__V1__ITEM_REASON__WAITS_FOR_DISPATCH);
    assert_int_equal(item->settle_seconds, 60);
    assert_int_equal(item->offer_rev, 1);
    assert_int_equal(item->offer_hash.len, 32);
    assert_int_equal(item->n_history, 1);
    assert_string_equal(item->history[0]->operation, "route");
    assert_string_equal(desk_order(desk, "coast/o-1")->placed_by, "coast/web");
}

static void
test_items_are_routed_by_their_first_step(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    desk_add(desk, request, "open", OFFER_OPEN);
    desk_add(desk, request, "basic", OFFER_BASIC);
    desk_add(desk, request, "chain", OFFER_CHAIN);
    desk_require(desk, desk_add(desk, request, "later", OFFER_OPEN), "open");
    desk_place(desk, request);
    desk_expect(desk, "coast/o-1/open", "QUEUED");
    desk_expect(desk, "coast/o-1/basic", "AWAITING_APPROVAL");
    desk_expect(desk, "coast/o-1/chain", "AWAITING_CONSUMER_APPROVAL");
    desk_expect(desk, "coast/o-1/later", "QUEUED");
    assert_null(desk_item(desk, "coast/o-1/later")->job->ready_at);
    assert_int_equal(desk_item(desk, "coast/o-1/later")->reason,
                     KONTOR__V1__ITEM_REASON__WAITS_FOR_DEPENDENCY);
    const Kontor__V1__Order *order = desk_order(desk, "coast/o-1");
    assert_string_equal(order->waiting_for, "customer");
    assert_int_equal(order->attention, KONTOR__V1__ATTENTION__CUSTOMER);
}

static void
test_parameters_are_pinned_with_constants_and_prices(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    Kontor__V1__NewItem *item = desk_add(desk, request, "vm", OFFER_GPU);
    desk_give(desk, item, "gpus", shelf_integer(desk->h, 8));
    desk_give(desk, item, "seats", shelf_integer(desk->h, 3));
    desk_place(desk, request);
    const Kontor__V1__OrderItem *stored = desk_item(desk, "coast/o-1/vm");
    assert_int_equal(stored->n_parameters, 3);
    assert_string_equal(stored->parameters[1]->value->text, "debian-12");
    assert_int_equal(stored->n_prices, 2);
    assert_int_equal(stored->prices[1]->amount->units, 14);
    assert_int_equal(stored->prices[1]->amount->nanos, 500000000);
}

static void
test_k05_all_faults_are_told_at_once(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    desk_add(desk, request, "storage", OFFER_OPEN);
    Kontor__V1__NewItem *item = desk_add(desk, request, "notebook", OFFER_GPU);
    desk_give(desk, item, "gpus", shelf_integer(desk->h, 9));
    desk_give(desk, item, "colour", shelf_text(desk->h, "red"));
    desk_add(desk, request, "ghost", "alpine/notebooks/ghost");
    desk_require(desk, desk_add(desk, request, "after", OFFER_OPEN), "notebook");
    struct error error = refused(desk, desk->portal, request, REASON_FIELDS_INVALID);
    assert_true(harness_has_fault(&error, "items[1].parameters[gpus]"));
    assert_true(harness_has_fault(&error, "items[1].parameters[colour]"));
    assert_true(harness_has_fault(&error, "items[2].offer"));
    assert_string_equal(harness_value(&error, "validated"), "storage");
    assert_string_equal(harness_value(&error, "unassessed"), "after");
}

static void
test_k06_bad_relations_are_refused(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    Kontor__V1__NewItem *a = desk_add(desk, request, "a", OFFER_OPEN);
    Kontor__V1__NewItem *b = desk_add(desk, request, "b", OFFER_OPEN);
    Kontor__V1__NewItem *c = desk_add(desk, request, "c", OFFER_OPEN);
    Kontor__V1__NewItem *d = desk_add(desk, request, "d", OFFER_OPEN);
    desk_require(desk, a, "b");
    desk_require(desk, b, "c");
    desk_require(desk, c, "a");
    desk_require(desk, d, "a");
    struct error error = refused(desk, desk->portal, request, REASON_FIELDS_INVALID);
    assert_true(harness_has_fault(&error, "items[0].requires"));
    assert_true(harness_has_fault(&error, "items[2].requires"));
    assert_false(harness_has_fault(&error, "items[3].requires"));
    assert_string_equal(harness_value(&error, "unassessed"), "d");
    request = desk_new(desk, "coast/o-2");
    a = desk_add(desk, request, "a", OFFER_OPEN);
    desk_require(desk, a, "a");
    desk_require(desk, a, "nobody");
    error = refused(desk, desk->portal, request, REASON_FIELDS_INVALID);
    assert_true(harness_has_fault(&error, "items[0].requires[0]"));
    assert_true(harness_has_fault(&error, "items[0].requires[1]"));
}

static void
test_what_cannot_be_ordered_is_refused(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    desk_add(desk, request, "vm", OFFER_EXTERNAL);
    struct error error = refused(desk, desk->portal, request, REASON_NOT_ORDERABLE);
    assert_non_null(strstr(error.message, "https://elsewhere.example/order"));
    request = desk_new(desk, "coast/o-1");
    desk_add(desk, request, "vm", OFFER_DEPRECATED);
    error = refused(desk, desk->portal, request, REASON_NOT_ORDERABLE);
    assert_string_equal(harness_value(&error, "offer"), OFFER_DEPRECATED);
}

static void
test_k08_a_changed_offer_is_refused(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    desk_add(desk, request, "vm", OFFER_OPEN)->offer_rev = 1;
    desk_add(desk, request, "late", OFFER_OPEN)->offer_rev = 7;
    struct error error = refused(desk, desk->portal, request, REASON_CATALOGUE_CHANGED);
    assert_string_equal(harness_value(&error, "rev"), "1");
    assert_string_equal(harness_value(&error, "item"), "late");
    assert_string_equal(harness_value(&error, "validated"), "vm");
    assert_string_equal(harness_value(&error, "unassessed"), "late");
}

static void
archive(struct desk *desk, const char *id)
{
    Kontor__V1__Project project = KONTOR__V1__PROJECT__INIT;
    Kontor__V1__UpdateProjectRequest request = KONTOR__V1__UPDATE_PROJECT_REQUEST__INIT;
    project.id = (char *)id;
    project.is_archived = true;
    request.project = &project;
    assert_int_equal(desk_call(desk, desk->portal, DESK_ORDER("UpdateProject"),
                               &request, NULL, NULL),
                     STATUS_OK);
}

static void
test_the_project_must_be_there_open_and_the_callers(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    desk_add(desk, request, "vm", OFFER_OPEN);
    request->project = "coast/nothing";
    refused(desk, desk->portal, request, REASON_NOT_FOUND);
    request->project = "coast/p1";
    refused(desk, desk->portal_p2, request, REASON_NOT_FOUND);
    archive(desk, "coast/p1");
    refused(desk, desk->portal, request, REASON_PROJECT_ARCHIVED);
}

static void
test_an_order_id_is_of_the_callers_registry(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "alpine/o-1");
    desk_add(desk, request, "vm", OFFER_OPEN);
    refused(desk, desk->portal, request, REASON_OTHER_REGISTRY);
}

static void
test_only_the_customers_roles_place(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    desk_add(desk, request, "vm", OFFER_OPEN);
    const struct principal *const others[] = {desk->approver, desk->admin,
                                              desk->operator, desk->agent };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        refused(desk, others[i], request, REASON_ROLE_MISSING);
    }
    assert_int_equal(
        desk_call(desk, desk->shifter, DESK_ORDER("PlaceOrder"), request, NULL, NULL),
        STATUS_OK);
}

static void
test_an_order_that_is_too_large_is_refused(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    char *essay = arena_alloc(desk->h->arena, 4097);
    memset(essay, 'e', 4096);
    for (int i = 0; i < 64; i++) {
        Kontor__V1__NewItem *item =
            desk_add(desk, request, arena_print(desk->h->arena, "i%d", i), OFFER_GPU);
        desk_give(desk, item, "gpus", shelf_integer(desk->h, 1));
        for (int k = 0; k < 4; k++) {
            desk_give(desk, item, arena_print(desk->h->arena, "essay%d", k),
                      shelf_text(desk->h, essay));
        }
    }
    refused(desk, desk->portal, request, REASON_ORDER_TOO_LARGE);
    request->n_items = 40;
    desk_place(desk, request);
    /* It is cancelled by one commit, whatever its size. */
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-1", NULL, NULL, NULL),
                     STATUS_OK);
    desk_expect_order(desk, "coast/o-1", "ORDER_CANCELLED");
}

static void
test_a_chain_of_64_falls_with_its_first(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    for (int i = 0; i < 64; i++) {
        char *name = arena_print(desk->h->arena, "%060d%04d", 0, i);
        Kontor__V1__NewItem *item =
            desk_add(desk, request, name, i == 0 ? OFFER_BASIC : OFFER_OPEN);
        for (int k = 0; k < i; k++) {
            desk_require(desk, item, request->items[k]->id);
        }
    }
    desk_place(desk, request);
    const char *first =
        arena_print(desk->h->arena, "coast/o-1/%s", request->items[0]->id);
    assert_int_equal(desk_decide(desk, desk->operator, first, false, "no room", NULL),
                     STATUS_OK);
    desk_expect_order(desk, "coast/o-1", "ORDER_REJECTED");
    desk_expect(desk,
                arena_print(desk->h->arena, "coast/o-1/%s", request->items[63]->id),
                "CANCELLED_OTHERWISE");
}

static void
test_a_65th_item_is_refused(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    for (int i = 0; i < 65; i++) {
        desk_add(desk, request, arena_print(desk->h->arena, "i%d", i), OFFER_OPEN);
    }
    refused(desk, desk->portal, request, REASON_FIELDS_INVALID);
    request = desk_new(desk, "coast/o-1");
    refused(desk, desk->portal, request, REASON_FIELDS_INVALID);
    desk_add(desk, request, "same", OFFER_OPEN);
    desk_add(desk, request, "same", OFFER_OPEN);
    refused(desk, desk->portal, request, REASON_FIELDS_INVALID);
}

static void
test_k02_the_same_order_again_is_the_current_one(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    Kontor__V1__PlaceOrderResponse *reply;
    desk_add(desk, request, "vm", OFFER_BASIC);
    desk_place(desk, request);
    assert_int_equal(desk_decide(desk, desk->operator, "coast/o-1/vm", true, "", NULL),
                     STATUS_OK);
    int64_t before = shelf_applied(desk->h);
    reply = desk_place(desk, request);
    assert_true(reply->is_replayed);
    assert_int_equal(reply->items[0]->state, KONTOR__V1__ITEM_STATE__QUEUED);
    assert_int_equal(reply->order->state, KONTOR__V1__ORDER_STATE__ORDER_ACKNOWLEDGED);
    /* Another principal of the same side, and another request, that is the same order.
     */
    assert_int_equal(
        desk_call(desk, desk->shifter, DESK_ORDER("PlaceOrder"), request, &reply, NULL),
        STATUS_OK);
    assert_true(reply->is_replayed);
    assert_int_equal(shelf_applied(desk->h), before);
    /* The offer may have changed or gone meanwhile: what was placed stays placed. */
    archive(desk, "coast/p1");
    assert_true(desk_place(desk, request)->is_replayed);
}

static void
test_k03_another_order_under_the_same_id_is_refused(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    desk_add(desk, request, "vm", OFFER_BASIC);
    desk_place(desk, request);
    request->note = "other words";
    struct error error = refused(desk, desk->portal, request, REASON_ORDER_DIFFERS);
    assert_int_equal(strlen(harness_value(&error, "storedHash")), 64);
    error = refused(desk, desk->shifter, request, REASON_ORDER_DIFFERS);
    assert_int_equal(strlen(harness_value(&error, "storedHash")), 64);
    /* Who may not see the order does not learn what is in it. */
    request->project = "coast/p2";
    error = refused(desk, desk->portal_p2, request, REASON_ORDER_DIFFERS);
    assert_string_equal(harness_value(&error, "storedHash"), "");
}

static void
test_validate_only_answers_the_plan_and_stores_nothing(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    Kontor__V1__PlaceOrderResponse *reply;
    struct document document;
    desk_add(desk, request, "vm", OFFER_OPEN);
    request->validate_only = true;
    reply = desk_place(desk, request);
    assert_false(reply->plan->is_complex);
    assert_null(reply->order);
    Kontor__V1__NewItem *gpu = desk_add(desk, request, "gpu", OFFER_GPU);
    desk_give(desk, gpu, "gpus", shelf_integer(desk->h, 1));
    Kontor__V1__NewItem *gpu2 = desk_add(desk, request, "gpu2", OFFER_GPU);
    desk_give(desk, gpu2, "gpus", shelf_integer(desk->h, 1));
    desk_give(desk, gpu2, "seats", shelf_integer(desk->h, 1));
    desk_add(desk, request, "tape", OFFER_OTHER);
    reply = desk_place(desk, request);
    assert_true(reply->plan->is_complex);
    assert_int_equal(reply->plan->n_items, 4);
    assert_int_equal(reply->plan->items[1]->n_approval, 1);
    assert_string_equal(reply->plan->items[3]->provider, "beta/tape");
    assert_int_equal(reply->plan->n_totals, 2);
    assert_string_equal(reply->plan->totals[0]->period, "month");
    assert_int_equal(reply->plan->totals[0]->amount->units, 15);
    assert_int_equal(reply->plan->totals[1]->amount->units, 10);
    assert_int_equal(harness_get(desk->h, KIND_ORDER, "coast/o-1", &document),
                     STATUS_NOT_FOUND);
    desk_give(desk, gpu2, "gpus", shelf_integer(desk->h, 1));
    refused(desk, desk->portal, request, REASON_FIELDS_INVALID);
}

/* The siblings of a bad item say how far they were judged. */
static void
test_k07_one_bad_item_refuses_all_and_siblings_say_how_far_they_came(void **state)
{
    struct desk *desk = *state;
    struct error error;
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    desk_add(desk, request, "good", OFFER_OPEN);
    desk_add(desk, request, "bad", "alpine/notebooks/none");
    desk_require(desk, desk_add(desk, request, "rests", OFFER_OPEN), "bad");
    int64_t before = shelf_applied(desk->h);
    assert_int_equal(
        desk_call(desk, desk->portal, DESK_ORDER("PlaceOrder"), request, NULL, &error),
        STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "items[1].offer"));
    assert_string_equal(harness_value(&error, "validated"), "good");
    assert_string_equal(harness_value(&error, "unassessed"), "rests");
    assert_int_equal(shelf_applied(desk->h), before);
}

static void
test_k04_100_of_one_order_at_once_make_one(void **state)
{
    enum { N = 100 };
    struct desk *desk = *state;
    struct harness_call *calls[N];
    size_t n_new = 0;
    for (int i = 0; i < N; i++) {
        Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
        desk_add(desk, request, "vm", OFFER_OPEN);
        calls[i] =
            harness_start(desk->h, desk->portal, DESK_ORDER("PlaceOrder"), request);
    }
    int64_t first = shelf_applied(desk->h);
    for (int i = 0; i < N; i++) {
        Kontor__V1__PlaceOrderResponse *reply;
        assert_int_equal(harness_wait(desk->h, calls[i], (void **)&reply, NULL),
                         STATUS_OK);
        assert_string_equal(reply->order->id, "coast/o-1");
        n_new += reply->is_replayed ? 0 : 1;
    }
    assert_true(n_new >= 1);
    assert_true(shelf_applied(desk->h) <= first + 1);
    assert_int_equal(desk_item(desk, "coast/o-1/vm")->n_history, 1);
}

/* What is not said yet is asked, and makes nothing simple; what is said wrongly is a
 * fault in a plan, too. */
static void
test_a_plan_asks_what_is_still_open(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    Kontor__V1__NewItem *gpu = desk_add(desk, request, "gpu", OFFER_GPU);
    request->validate_only = true;
    Kontor__V1__PlaceOrderResponse *reply = desk_place(desk, request);
    const Kontor__V1__ItemPlan *plan = reply->plan->items[0];
    assert_int_equal(plan->n_questions, 1);
    assert_string_equal(plan->questions[0]->id, "gpus");
    assert_int_equal(plan->questions[0]->integer->maximum, 8);
    assert_true(reply->plan->is_complex);
    /* Placed, it is a fault. */
    request->validate_only = false;
    refused(desk, desk->portal, request, REASON_FIELDS_INVALID);
    request->validate_only = true;
    desk_give(desk, gpu, "gpus", shelf_integer(desk->h, 9));
    refused(desk, desk->portal, request, REASON_FIELDS_INVALID);
    desk_give(desk, gpu, "gpus", shelf_integer(desk->h, 8));
    gpu->parameters[0] = gpu->parameters[1];
    gpu->n_parameters = 1;
    assert_int_equal(desk_place(desk, request)->plan->items[0]->n_questions, 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_k04_100_of_one_order_at_once_make_one),
        TEST(test_k07_one_bad_item_refuses_all_and_siblings_say_how_far_they_came),
        TEST(test_k01_an_open_item_is_queued_at_once),
        TEST(test_items_are_routed_by_their_first_step),
        TEST(test_parameters_are_pinned_with_constants_and_prices),
        TEST(test_k05_all_faults_are_told_at_once),
        TEST(test_k06_bad_relations_are_refused),
        TEST(test_what_cannot_be_ordered_is_refused),
        TEST(test_k08_a_changed_offer_is_refused),
        TEST(test_the_project_must_be_there_open_and_the_callers),
        TEST(test_an_order_id_is_of_the_callers_registry),
        TEST(test_only_the_customers_roles_place),
        TEST(test_an_order_that_is_too_large_is_refused),
        TEST(test_a_chain_of_64_falls_with_its_first),
        TEST(test_a_65th_item_is_refused),
        TEST(test_k02_the_same_order_again_is_the_current_one),
        TEST(test_k03_another_order_under_the_same_id_is_refused),
        TEST(test_validate_only_answers_the_plan_and_stores_nothing),
        TEST(test_a_plan_asks_what_is_still_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
