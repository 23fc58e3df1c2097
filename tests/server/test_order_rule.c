/* Offers whose parameters depend on each other, ordered: what is refused, stored,
 * priced and handed to the agent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/json.h"
#include "proto/reason.h"
#include "tests/server/desk.h"

#define RULED_OFFER "alpine/ruled/box"

/* clang-format off */
static const char box[] =
    "{\"iid\": \"box\", \"name\": \"Box\", \"order_type\": \"OPEN_ACCESS\","
    "\"is_internal\": true, \"parameters\": ["
    "{\"id\": \"size\", \"label\": \"Size\", \"required\": true, \"choice\": {"
    "  \"values\": [{\"text\": \"small\"}, {\"text\": \"large\"}]}},"
    "{\"id\": \"gpus\", \"label\": \"GPUs\", \"required\": true, \"visible_if\":"
    "  {\"parameter\": \"size\", \"values\": [{\"text\": \"large\"}]},"
    "  \"integer\": {\"minimum\": 1, \"maximum\": 8}},"
    "{\"id\": \"rack\", \"label\": \"Rack\", \"visible_if\": {\"parameter\": \"gpus\"},"
    "  \"constant\": {\"value\": {\"text\": \"r1\"}}},"
    "{\"id\": \"seats\", \"label\": \"Seats\", \"visible_if\": {\"parameter\": \"gpus\"},"
    "  \"quantity\": {\"start_price\": {\"currency\": \"EUR\", \"units\": 10},"
    "  \"step_price\": {\"currency\": \"EUR\", \"units\": 2, \"nanos\": 500000000}}}],"
    "\"rules\": [{\"sum_at_most\": {\"parameters\": [\"gpus\", \"seats\"],"
    "  \"limit\": \"10\"}}],"
    "\"prices\": [{\"name\": \"box\", \"period\": \"once\","
    "  \"amount\": {\"currency\": \"EUR\", \"nanos\": 500000000}}]}";
/* clang-format on */

static Kontor__V1__Service *
ruled_service(struct desk *desk)
{
    struct faults faults = {.arena = desk->h->arena};
    Kontor__V1__Service *service = shelf_service(desk->h, "alpine/ruled", "alpine/hpc");
    service->offers = arena_alloc(desk->h->arena, sizeof *service->offers);
    service->offers[0] = (void *)json_parse(&kontor__v1__offer__descriptor, box,
                                            strlen(box), desk->h->arena, &faults);
    service->n_offers = 1;
    assert_non_null(service->offers[0]);
    return service;
}

static int
setup(void **state)
{
    int failure = desk_setup(state);
    struct desk *desk = *state;
    struct error error;
    assert_int_equal(
        shelf_create_service(desk->h, desk->admin, ruled_service(desk), NULL, &error),
        STATUS_OK);
    return failure;
}

static Kontor__V1__NewItem *
add_box(struct desk *desk, Kontor__V1__PlaceOrderRequest *request, const char *item,
        const char *size)
{
    Kontor__V1__NewItem *box_item = desk_add(desk, request, item, RULED_OFFER);
    desk_give(desk, box_item, "size", shelf_text(desk->h, size));
    return box_item;
}

static void
test_rules_are_judged_with_all_other_faults(void **state)
{
    struct desk *desk = *state;
    struct error error = {0};
    int64_t before = shelf_applied(desk->h);
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    desk_give(desk, add_box(desk, request, "a", "small"), "gpus",
              shelf_integer(desk->h, 1));
    Kontor__V1__NewItem *item = add_box(desk, request, "b", "large");
    desk_give(desk, item, "gpus", shelf_integer(desk->h, 8));
    desk_give(desk, item, "seats", shelf_integer(desk->h, 3));
    add_box(desk, request, "c", "large");
    add_box(desk, request, "d", "small");
    desk_add(desk, request, "e", "alpine/ruled/none");
    assert_int_equal(
        desk_call(desk, desk->portal, DESK_ORDER("PlaceOrder"), request, NULL, &error),
        STATUS_INVALID_ARGUMENT);
    assert_int_equal(error.faults->n_found, 4);
    assert_true(harness_has_fault(&error, "items[0].parameters[gpus]"));
    assert_true(harness_has_fault(&error, "items[1].parameters[seats]"));
    assert_true(harness_has_fault(&error, "items[2].parameters[gpus]"));
    assert_true(harness_has_fault(&error, "items[4].offer"));
    assert_string_equal(harness_value(&error, "validated"), "d");
    assert_int_equal(shelf_applied(desk->h), before);
}

static void
test_the_agent_gets_what_was_asked_and_no_more(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    add_box(desk, request, "a", "small");
    desk_give(desk, add_box(desk, request, "b", "large"), "gpus",
              shelf_integer(desk->h, 2));
    desk_place(desk, request);
    const Kontor__V1__OrderItem *small = desk_item(desk, "coast/o-1/a");
    assert_int_equal(small->n_parameters, 1);
    assert_string_equal(small->parameters[0]->id, "size");
    const char *session = desk_session(desk, desk->agent, 2, RULED_OFFER, NULL);
    const Kontor__V1__ClaimedJob *first = desk_claim(desk, desk->agent, session);
    const Kontor__V1__ClaimedJob *second = desk_claim(desk, desk->agent, session);
    assert_int_equal(first->n_parameters, 1);
    assert_int_equal(second->n_parameters, 3);
    assert_string_equal(second->parameters[1]->id, "gpus");
    assert_string_equal(second->parameters[2]->value->text, "r1");
}

static void
test_the_plan_adds_up_what_is_asked(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderResponse *reply = NULL;
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    add_box(desk, request, "a", "small");
    Kontor__V1__NewItem *item = add_box(desk, request, "b", "large");
    desk_give(desk, item, "gpus", shelf_integer(desk->h, 7));
    desk_give(desk, item, "seats", shelf_integer(desk->h, 3));
    request->validate_only = true;
    assert_int_equal(
        desk_call(desk, desk->portal, DESK_ORDER("PlaceOrder"), request, &reply, NULL),
        STATUS_OK);
    /* Twice 0.50, and 10 + 2 x 2.50. */
    assert_int_equal(reply->plan->items[0]->n_prices, 1);
    assert_int_equal(reply->plan->items[1]->n_prices, 2);
    assert_int_equal(reply->plan->n_totals, 1);
    assert_int_equal(reply->plan->totals[0]->amount->units, 16);
    assert_int_equal(reply->plan->totals[0]->amount->nanos, 0);
}

static void
test_a_changed_rule_is_a_changed_offer(void **state)
{
    struct desk *desk = *state;
    struct error error = {0};
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    add_box(desk, request, "a", "small")->offer_rev = 1;
    Kontor__V1__Service *service = ruled_service(desk);
    service->offers[0]->rules[0]->sum_at_most->limit = "11";
    assert_int_equal(shelf_update_service(desk->h, desk->admin, service,
                                          shelf_mask(desk->h, "offers", NULL), NULL,
                                          &error),
                     STATUS_OK);
    assert_int_equal(
        desk_call(desk, desk->portal, DESK_ORDER("PlaceOrder"), request, NULL, &error),
        STATUS_FAILED_PRECONDITION);
    desk_expect_reason(&error, REASON_CATALOGUE_CHANGED);
    assert_string_equal(harness_value(&error, "rev"), "2");
}

static void
test_a_sum_that_does_not_fit_is_refused(void **state)
{
    struct desk *desk = *state;
    struct error error = {0};
    Kontor__V1__Service *service = ruled_service(desk);
    service->offers[0]->prices[0]->amount->units = INT64_MAX;
    assert_int_equal(shelf_update_service(desk->h, desk->admin, service,
                                          shelf_mask(desk->h, "offers", NULL), NULL,
                                          &error),
                     STATUS_OK);
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    add_box(desk, request, "a", "small");
    add_box(desk, request, "b", "small");
    assert_int_equal(
        desk_call(desk, desk->portal, DESK_ORDER("PlaceOrder"), request, NULL, &error),
        STATUS_INVALID_ARGUMENT);
    assert_int_equal(error.faults->n_found, 1);
    assert_true(harness_has_fault(&error, "items[1]"));
    assert_string_equal(harness_value(&error, "validated"), "a");
    request->n_items = 1;
    desk_place(desk, request);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_rules_are_judged_with_all_other_faults),
        TEST(test_the_agent_gets_what_was_asked_and_no_more),
        TEST(test_the_plan_adds_up_what_is_asked),
        TEST(test_a_changed_rule_is_a_changed_offer),
        TEST(test_a_sum_that_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
