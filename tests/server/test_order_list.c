/* Reading orders: who sees what, filters, the past, projects. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/server/desk.h"

static enum status
get_order(struct desk *desk, const struct principal *who, const char *id,
          Kontor__V1__GetOrderResponse **reply)
{
    Kontor__V1__GetOrderRequest request = KONTOR__V1__GET_ORDER_REQUEST__INIT;
    request.id = (char *)id;
    return desk_call(desk, who, DESK_ORDER("GetOrder"), &request, reply, NULL);
}

static void
test_each_side_sees_its_part(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__GetOrderResponse *reply;
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    desk_add(desk, request, "vm", OFFER_OPEN);
    desk_add(desk, request, "tape", OFFER_OTHER);
    request->note = "for the customer's side only";
    desk_place(desk, request);
    assert_int_equal(get_order(desk, desk->portal, "coast/o-1", &reply), STATUS_OK);
    assert_int_equal(reply->n_items, 2);
    assert_string_equal(reply->order->note, request->note);
    assert_string_equal(reply->order->project, "coast/p1");
    assert_int_equal(get_order(desk, desk->operator, "coast/o-1", &reply), STATUS_OK);
    assert_int_equal(reply->n_items, 1);
    assert_string_equal(reply->items[0]->id, "coast/o-1/vm");
    assert_int_equal(reply->order->n_items, 2);
    assert_string_equal(reply->order->note, "");
    assert_string_equal(reply->order->project, "");
    assert_string_equal(reply->order->placed_by, "");
    assert_int_equal(get_order(desk, desk->tape_operator, "coast/o-1", &reply),
                     STATUS_OK);
    assert_int_equal(reply->n_items, 1);
    assert_string_equal(reply->items[0]->id, "coast/o-1/tape");
    assert_int_equal(get_order(desk, desk->stranger, "coast/o-1", &reply),
                     STATUS_NOT_FOUND);
    assert_int_equal(get_order(desk, desk->portal_p2, "coast/o-1", &reply),
                     STATUS_NOT_FOUND);
    assert_int_equal(get_order(desk, desk->portal, "coast/o-2", &reply),
                     STATUS_NOT_FOUND);
}

/* What a provider may know of an order with items of others. */
static void
expect_reduced(const Kontor__V1__Order *order)
{
    assert_int_equal(order->n_items, 2);
    assert_string_equal(order->items[0]->item, "vm");
    assert_string_equal(order->items[1]->item, "tape");
    assert_int_equal(order->items[0]->state, KONTOR__V1__ITEM_STATE__AWAITING_APPROVAL);
    assert_int_equal(order->items[1]->state, KONTOR__V1__ITEM_STATE__QUEUED);
    assert_int_equal(order->attention, 0);
    assert_null(order->waiting_since);
    assert_string_equal(order->waiting_what, "");
    assert_int_equal(order->n_sources, 0);
    assert_string_equal(order->waiting_for, "");
}

static void
test_a_provider_knows_id_and_state_of_a_sibling_only(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__ListOrdersRequest list = KONTOR__V1__LIST_ORDERS_REQUEST__INIT;
    Kontor__V1__GetOrderResponse *got;
    Kontor__V1__ListOrdersResponse *listed;
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    desk_add(desk, request, "vm", OFFER_BASIC);
    desk_add(desk, request, "tape", OFFER_OTHER);
    desk_place(desk, request);
    const struct principal *const providers[] = {desk->operator, desk->tape_operator };
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(get_order(desk, providers[i], "coast/o-1", &got), STATUS_OK);
        expect_reduced(got->order);
        assert_int_equal(desk_call(desk, providers[i], DESK_ORDER("ListOrders"), &list,
                                   &listed, NULL),
                         STATUS_OK);
        assert_int_equal(listed->n_orders, 1);
        expect_reduced(listed->orders[0]);
    }
    assert_int_equal(get_order(desk, desk->portal, "coast/o-1", &got), STATUS_OK);
    assert_int_equal(got->order->n_sources, 2);
    assert_string_equal(got->order->sources[0]->provider, "alpine/hpc");
    assert_string_equal(got->order->sources[1]->provider, "beta/tape");
    assert_string_equal(got->items[0]->id, "coast/o-1/tape");
    assert_string_equal(got->order->sources[1]->name, got->items[0]->name);
    assert_string_equal(got->order->waiting_for, "alpine/hpc");
}

static size_t
list_orders(struct desk *desk, const struct principal *who,
            Kontor__V1__ListOrdersRequest request)
{
    Kontor__V1__ListOrdersResponse *reply;
    assert_int_equal(
        desk_call(desk, who, DESK_ORDER("ListOrders"), &request, &reply, NULL),
        STATUS_OK);
    return reply->n_orders;
}

static void
test_lists_filter_by_all_that_is_asked(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__ListOrdersRequest all = KONTOR__V1__LIST_ORDERS_REQUEST__INIT, r = all;
    Kontor__V1__PlaceOrderRequest *other = desk_new(desk, "coast/o-3");
    desk_place_one(desk, "coast/o-1", OFFER_OPEN);
    desk_place_one(desk, "coast/o-2", OFFER_BASIC);
    other->project = "coast/p2";
    desk_add(desk, other, "vm", OFFER_BASIC);
    desk_place(desk, other);
    assert_int_equal(list_orders(desk, desk->portal, all), 3);
    assert_int_equal(list_orders(desk, desk->operator, all), 3);
    assert_int_equal(list_orders(desk, desk->portal_p2, all), 1);
    assert_int_equal(list_orders(desk, desk->stranger, all), 0);
    r.waiting_only = true;
    assert_int_equal(list_orders(desk, desk->portal, r), 2);
    r.project = "coast/p2";
    assert_int_equal(list_orders(desk, desk->portal, r), 1);
    r.waiting_only = false;
    assert_int_equal(list_orders(desk, desk->portal, r), 1);
    /* The provider's side must not find by the project it cannot see. */
    assert_int_equal(list_orders(desk, desk->operator, r), 0);
    r = all;
    r.state = KONTOR__V1__ORDER_STATE__ORDER_COMPLETED;
    assert_int_equal(list_orders(desk, desk->portal, r), 0);
    r.state = KONTOR__V1__ORDER_STATE__ORDER_ACKNOWLEDGED;
    assert_int_equal(list_orders(desk, desk->portal, r), 3);
    r.project = "coast/p1";
    assert_int_equal(list_orders(desk, desk->portal, r), 2);
}

static void
test_items_are_listed_by_offer_and_state(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__ListItemsRequest request = KONTOR__V1__LIST_ITEMS_REQUEST__INIT;
    Kontor__V1__ListItemsResponse *reply;
    desk_place_one(desk, "coast/o-1", OFFER_OPEN);
    desk_place_one(desk, "coast/o-2", OFFER_BASIC);
    desk_place_one(desk, "coast/o-3", OFFER_BASIC);
    assert_int_equal(desk_decide(desk, desk->operator, "coast/o-3/vm", true, "", NULL),
                     STATUS_OK);
    static const struct {
        char *offer;
        Kontor__V1__ItemState state;
        size_t n_items;
    } rows[] = {
        {"", 0, 3},
        {OFFER_BASIC, 0, 2},
        {OFFER_BASIC, KONTOR__V1__ITEM_STATE__QUEUED, 1},
        {"", KONTOR__V1__ITEM_STATE__QUEUED, 2},
        {OFFER_OPEN, KONTOR__V1__ITEM_STATE__AWAITING_APPROVAL, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        request.offer = rows[i].offer;
        request.state = rows[i].state;
        assert_int_equal(desk_call(desk, desk->operator, DESK_ORDER("ListItems"),
                                   &request, &reply, NULL),
                         STATUS_OK);
        assert_int_equal(reply->n_items, rows[i].n_items);
    }
    assert_int_equal(desk_call(desk, desk->tape_operator, DESK_ORDER("ListItems"),
                               &request, &reply, NULL),
                     STATUS_OK);
    assert_int_equal(reply->n_items, 0);
}

static void
test_an_order_is_read_as_it_was(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__GetOrderRequest request = KONTOR__V1__GET_ORDER_REQUEST__INIT;
    Kontor__V1__GetOrderResponse *reply;
    Kontor__V1__AsOf as_of = KONTOR__V1__AS_OF__INIT;
    int64_t placed_at = desk_place_one(desk, "coast/o-1", OFFER_BASIC)->order->revision;
    assert_int_equal(desk_decide(desk, desk->operator, "coast/o-1/vm", true, "", NULL),
                     STATUS_OK);
    request.id = "coast/o-1";
    request.as_of = &as_of;
    as_of.point_case = KONTOR__V1__AS_OF__POINT_SEQ;
    as_of.seq = placed_at;
    assert_int_equal(
        desk_call(desk, desk->portal, DESK_ORDER("GetOrder"), &request, &reply, NULL),
        STATUS_OK);
    assert_int_equal(reply->order->revision, placed_at);
    assert_int_equal(reply->items[0]->state, KONTOR__V1__ITEM_STATE__AWAITING_APPROVAL);
}

static void
test_projects_belong_to_their_registry(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__Project project = KONTOR__V1__PROJECT__INIT;
    Kontor__V1__CreateProjectRequest create = KONTOR__V1__CREATE_PROJECT_REQUEST__INIT;
    Kontor__V1__GetProjectRequest get = KONTOR__V1__GET_PROJECT_REQUEST__INIT;
    Kontor__V1__ListProjectsRequest list = KONTOR__V1__LIST_PROJECTS_REQUEST__INIT;
    Kontor__V1__ListProjectsResponse *projects;
    project.id = "coast/p3";
    project.name = "Third";
    create.project = &project;
    assert_int_equal(desk_call(desk, desk->stranger, DESK_ORDER("CreateProject"),
                               &create, NULL, NULL),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(desk_call(desk, desk->portal_p2, DESK_ORDER("CreateProject"),
                               &create, NULL, NULL),
                     STATUS_PERMISSION_DENIED);
    get.id = "coast/p1";
    assert_int_equal(
        desk_call(desk, desk->portal_p2, DESK_ORDER("GetProject"), &get, NULL, NULL),
        STATUS_NOT_FOUND);
    assert_int_equal(
        desk_call(desk, desk->portal, DESK_ORDER("GetProject"), &get, NULL, NULL),
        STATUS_OK);
    assert_int_equal(desk_call(desk, desk->portal_p2, DESK_ORDER("ListProjects"), &list,
                               &projects, NULL),
                     STATUS_OK);
    assert_int_equal(projects->n_projects, 1);
    assert_string_equal(projects->projects[0]->id, "coast/p2");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_each_side_sees_its_part),
        TEST(test_a_provider_knows_id_and_state_of_a_sibling_only),
        TEST(test_lists_filter_by_all_that_is_asked),
        TEST(test_items_are_listed_by_offer_and_state),
        TEST(test_an_order_is_read_as_it_was),
        TEST(test_projects_belong_to_their_registry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
