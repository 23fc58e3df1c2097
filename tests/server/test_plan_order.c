/* What is ordered for a plan, and what the plan leaves open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/planner.h"

#define PATH(dataset, part) "$.dmp.dataset[" #dataset "].distribution[" #part "]"

static const Kontor__V1__PlanConstraint *
constraint_of(const Kontor__V1__ProposedItem *item, const char *name)
{
    for (size_t i = 0; i < item->n_constraints; i++) {
        if (strcmp(item->constraints[i]->name, name) == 0) {
            return item->constraints[i];
        }
    }
    return NULL;
}

static void
test_spellings_of_one_host_are_one_item(void **state)
{
    struct desk *desk = *state;
    const Kontor__V1__ProposeOrderResponse *reply =
        planner_propose(desk, planner_spelled(desk));
    const Kontor__V1__NewItem *item = reply->order->items[0];
    assert_int_equal(reply->order->n_items, 1);
    assert_int_equal(reply->n_items, 1);
    assert_string_equal(reply->items[0]->offer, PLANNER_OFFER);
    assert_int_equal(reply->items[0]->n_hosts, 3);
    assert_int_equal(reply->items[0]->n_paths, 3);
    assert_string_equal(reply->items[0]->item, "archive.example");
    assert_non_null(strstr(reply->items[0]->matched_by, "webpage of alpine/archive"));
    assert_string_equal(item->id, "archive.example");
    assert_string_equal(item->offer, PLANNER_OFFER);
    assert_int_equal(item->offer_rev, 1);
    assert_string_equal(reply->order->project, "coast/p1");
    assert_string_equal(reply->order->plan, "coast/plan-1");
}

static void
test_what_the_plan_says_is_filled_in_and_the_rest_is_asked(void **state)
{
    struct desk *desk = *state;
    const Kontor__V1__ProposeOrderResponse *reply =
        planner_propose(desk, planner_spelled(desk));
    const Kontor__V1__NewItem *item = reply->order->items[0];
    const Kontor__V1__ProposedItem *proposed = reply->items[0];
    assert_string_equal(proposed->byte_size, "1500000001");
    assert_string_equal(proposed->until, "2031-01-31");
    /* Rounded up: what is ordered has room for all of it. */
    assert_string_equal(planner_value(item, "size")->value->decimal, "1.500000001");
    assert_string_equal(planner_value(item, "until")->value->date, "2031-01-31");
    assert_string_equal(planner_value(item, "backup-frequency")->value->text, "Weekly");
    assert_true(planner_value(item, "sensitive")->value->boolean);
    assert_true(reply->has_questions);
    assert_int_equal(proposed->n_questions, 1);
    assert_true(planner_asks(proposed, "collection"));
    assert_int_equal(constraint_of(proposed, "geo_location")->standing,
                     KONTOR__V1__PLAN_STANDING__PLAN_MET);
    assert_int_equal(constraint_of(proposed, "backup_frequency")->standing,
                     KONTOR__V1__PLAN_STANDING__PLAN_ASKED);
    assert_int_equal(constraint_of(proposed, "personal_data")->standing,
                     KONTOR__V1__PLAN_STANDING__PLAN_UNKNOWN);
    assert_int_equal(constraint_of(proposed, "data_access")->standing,
                     KONTOR__V1__PLAN_STANDING__PLAN_UNKNOWN);
}

static void
test_the_proposal_is_placed_as_it_is_once_it_is_answered(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *order =
        planner_propose(desk, planner_spelled(desk))->order;
    struct error error;
    assert_int_equal(
        desk_call(desk, desk->portal, DESK_ORDER("PlaceOrder"), order, NULL, &error),
        STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "items[0].parameters[collection]"));
    planner_answer(desk, order);
    desk_place(desk, order);
    assert_string_equal(desk_order(desk, order->id)->plan, "coast/plan-1");
    /* The same state of the plan is the same order. */
    Kontor__V1__PlaceOrderRequest *again =
        planner_propose(desk, planner_spelled(desk))->order;
    assert_string_equal(again->id, order->id);
}

static void
test_what_the_plan_does_not_say_is_never_assumed(void **state)
{
    struct desk *desk = *state;
    const Kontor__V1__ProposeOrderResponse *reply = planner_propose(
        desk,
        planner_document(
            desk, 1,
            planner_dataset(
                desk, "\"sensitive_data\":\"unknown\",",
                arena_print(desk->h->arena, "%s,%s",
                            planner_part(desk, "https://archive.example",
                                         "\"byte_size\":5,", ""),
                            planner_part(desk, "https://archive.example", "", "")))));
    const Kontor__V1__ProposedItem *proposed = reply->items[0];
    assert_string_equal(proposed->byte_size, "");
    assert_string_equal(proposed->until, "");
    assert_int_equal(reply->order->items[0]->n_parameters, 0);
    assert_int_equal(proposed->n_questions, 4);
    assert_true(planner_asks(proposed, "size"));
    assert_true(planner_asks(proposed, "until"));
    assert_true(planner_asks(proposed, "sensitive"));
    assert_null(constraint_of(proposed, "sensitive_data"));
    assert_true(planner_finds(reply->findings, reply->n_findings,
                              PATH(0, 1) ".byte_size", "open question"));
    assert_true(planner_finds(reply->findings, reply->n_findings,
                              PATH(0, 0) ".available_until", "open question"));
}

static void
test_what_cannot_be_matched_is_a_finding(void **state)
{
    struct desk *desk = *state;
    const char *parts =
        arena_print(desk->h->arena, "%s,%s,%s",
                    planner_part(desk, "https://nowhere.example", "", ""),
                    planner_part(desk, NULL, "\"byte_size\":7,", ""),
                    planner_part(desk, "doi:10.1/x", "", ""));
    const char *datasets = arena_print(
        desk->h->arena, "%s,%s",
        planner_dataset(desk, "\"sensitive_data\":\"no\",", parts),
        planner_dataset(desk, "\"sensitive_data\":\"no\",\"is_reused\":true,",
                        planner_part(desk, "https://archive.example", "", "")));
    const Kontor__V1__ProposeOrderResponse *reply =
        planner_propose(desk, planner_document(desk, 1, datasets));
    assert_int_equal(reply->order->n_items, 0);
    assert_int_equal(reply->n_items, 1);
    assert_string_equal(reply->items[0]->item, "");
    assert_false(reply->has_questions);
    assert_true(planner_finds(reply->findings, reply->n_findings,
                              PATH(0, 0) ".host.url", "is no host of a service here"));
    assert_true(planner_finds(reply->findings, reply->n_findings, PATH(0, 1) ".host",
                              "where \"x\" is to lie is an open question"));
    assert_true(planner_finds(reply->findings, reply->n_findings,
                              PATH(0, 2) ".host.url", "names no host"));
    assert_true(planner_finds(reply->findings, reply->n_findings, PATH(1, 0),
                              "is reused data"));
}

static void
test_what_an_offer_does_not_take_is_a_finding(void **state)
{
    struct desk *desk = *state;
    planner_put_service(
        desk, "{\"id\":\"alpine/depot\",\"provider\":\"alpine/hpc\",\"name\":\"Depot\","
              "\"phase\":\"PRODUCTION\",\"webpage\":\"https://depot.example\","
              "\"geographic_locations\":[\"DE\",\"FR\"],\"offers\":[{\"iid\":\"a\","
              "\"name\":\"A\",\"is_internal\":true,\"parameters\":[{\"id\":\"gb\","
              "\"label\":\"GB\",\"required\":true,\"unit\":\"GiB\",\"integer\":"
              "{\"minimum\":1,\"maximum\":4}},{\"id\":\"backup_type\",\"label\":\"B\","
              "\"choice\":{\"values\":[{\"text\":\"tape\"}]}},{\"id\":\"access\","
              "\"label\":\"A\",\"constant\":{\"value\":{\"text\":\"closed\"}}}]}]}");
    const Kontor__V1__ProposeOrderResponse *reply = planner_propose(
        desk,
        planner_document(
            desk, 1,
            planner_dataset(
                desk, "\"sensitive_data\":\"no\",",
                planner_part(desk, "https://depot.example",
                             "\"byte_size\":5000000000,\"available_until\":"
                             "\"2031-01-01\",",
                             "\"geo_location\":\"AT\",\"backup_type\":\"disk\","))));
    const Kontor__V1__ProposedItem *proposed = reply->items[0];
    assert_int_equal(reply->order->items[0]->n_parameters, 0);
    assert_true(planner_asks(proposed, "gb"));
    assert_true(planner_finds(reply->findings, reply->n_findings, PATH(0, 0),
                              "5000000000 bytes are nothing parameter gb"));
    assert_true(planner_finds(reply->findings, reply->n_findings, PATH(0, 0),
                              "does not ask until when; 2031-01-01 is wanted"));
    assert_int_equal(constraint_of(proposed, "geo_location")->standing,
                     KONTOR__V1__PLAN_STANDING__PLAN_NOT_MET);
    assert_int_equal(constraint_of(proposed, "backup_type")->standing,
                     KONTOR__V1__PLAN_STANDING__PLAN_NOT_MET);
    assert_int_equal(constraint_of(proposed, "data_access")->standing,
                     KONTOR__V1__PLAN_STANDING__PLAN_NOT_MET);
    assert_true(planner_finds(reply->findings, reply->n_findings,
                              PATH(0, 0) ".host.geo_location",
                              "geo_location \"AT\" does not go with offer"));
}

/* Hosts as inventories write them belong to services through endpoints. */
static void
test_a_host_is_found_by_an_endpoint(void **state)
{
    struct desk *desk = *state;
    static const struct {
        const char *host, *url, *planned, *service;
        bool is_found;
    } rows[] = {
        {"store.example", "", "https://store.example/", "alpine/archive", true},
        {"www.store.example", "", "https://store.example", "alpine/archive", true},
        {"store.example", "https://store.example:8443/dav",
         "https://store.example:8443/dav/x", "alpine/archive", true},
        {"store.example", "", "https://store.example", "", false},
        {"store.example", "", "https://store.example", "alpine/none", false},
        {"other.example", "", "https://store.example", "alpine/archive", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Kontor__V1__Endpoint endpoint = KONTOR__V1__ENDPOINT__INIT;
        endpoint.id = "alpine/e-1";
        endpoint.site = "alpine/hall";
        endpoint.type = "archive";
        endpoint.host = (char *)(uintptr_t)rows[i].host;
        endpoint.url = (char *)(uintptr_t)rows[i].url;
        endpoint.service = (char *)(uintptr_t)rows[i].service;
        harness_seed(desk->h, KIND_ENDPOINT, endpoint.id, &endpoint.base, "=r:alpine",
                     "~*", NULL);
        const Kontor__V1__ProposeOrderResponse *reply = planner_propose(
            desk, planner_document(
                      desk, 1,
                      planner_dataset(desk, "\"sensitive_data\":\"no\",",
                                      planner_part(desk, rows[i].planned, "", ""))));
        assert_int_equal(reply->order->n_items, rows[i].is_found ? 1 : 0);
        if (rows[i].is_found) {
            assert_string_equal(reply->items[0]->offer, PLANNER_OFFER);
        }
    }
}

/* Where several fit, the customer chooses. */
static void
test_which_offer_is_a_question_where_several_fit(void **state)
{
    struct desk *desk = *state;
    planner_put_service(
        desk, "{\"id\":\"alpine/pair\",\"provider\":\"alpine/hpc\",\"name\":\"Pair\","
              "\"phase\":\"PRODUCTION\",\"webpage\":\"https://pair.example/home\","
              "\"offers\":[{\"iid\":\"a\",\"name\":\"A\",\"is_internal\":true},"
              "{\"iid\":\"b\",\"name\":\"B\",\"is_internal\":true},"
              "{\"iid\":\"c\",\"name\":\"C\",\"order_url\":\"https://x.example\"}]}");
    const char *document = planner_document(
        desk, 1,
        planner_dataset(desk, "\"sensitive_data\":\"no\",",
                        planner_part(desk, "https://pair.example", "", "")));
    const Kontor__V1__ProposeOrderResponse *reply = planner_propose(desk, document);
    assert_int_equal(reply->items[0]->n_offers, 2);
    assert_string_equal(reply->items[0]->offers[1], "alpine/pair/b");
    assert_string_equal(reply->order->items[0]->offer, "");
    assert_true(reply->has_questions);
    Kontor__V1__PlanChoice choice = KONTOR__V1__PLAN_CHOICE__INIT;
    Kontor__V1__PlanChoice *choices[] = {&choice};
    Kontor__V1__ProposeOrderRequest request = KONTOR__V1__PROPOSE_ORDER_REQUEST__INIT;
    Kontor__V1__ProposeOrderResponse *chosen = NULL;
    struct error error;
    request.id = "coast/plan-1";
    request.choices = choices;
    request.n_choices = 1;
    choice.item = "pair.example";
    choice.offer = "alpine/pair/b";
    assert_int_equal(desk_call(desk, desk->portal, PLANNER_CALL("ProposeOrder"),
                               &request, &chosen, NULL),
                     STATUS_OK);
    assert_string_equal(chosen->order->items[0]->offer, "alpine/pair/b");
    assert_false(chosen->has_questions);
    assert_true(planner_finds(chosen->findings, chosen->n_findings, PATH(0, 0),
                              "matched by its name only"));
    choice.offer = "alpine/pair/c";
    assert_int_equal(desk_call(desk, desk->portal, PLANNER_CALL("ProposeOrder"),
                               &request, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "choices[0].offer"));
    choice.item = "none";
    assert_int_equal(desk_call(desk, desk->portal, PLANNER_CALL("ProposeOrder"),
                               &request, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "choices[0].item"));
}

/* Two hosts that are one place: how well each of them fits is told, the better one's
 * way first. */
static void
test_how_well_each_host_of_a_place_fits_is_told(void **state)
{
    struct desk *desk = *state;
    static const char *const urls[] = {"https://pair.example", "https://same.example"};
    planner_put_service(
        desk, "{\"id\":\"alpine/pair\",\"provider\":\"alpine/hpc\",\"name\":\"Pair\","
              "\"phase\":\"PRODUCTION\",\"webpage\":\"https://pair.example/home\","
              "\"urls\":[\"https://same.example\"],"
              "\"offers\":[{\"iid\":\"a\",\"name\":\"A\",\"is_internal\":true}]}");
    for (size_t first = 0; first < 2; first++) {
        const char *parts = arena_print(desk->h->arena, "%s,%s",
                                        planner_part(desk, urls[first], "", ""),
                                        planner_part(desk, urls[1 - first], "", ""));
        const Kontor__V1__ProposeOrderResponse *reply = planner_propose(
            desk, planner_document(
                      desk, (int)first + 1,
                      planner_dataset(desk, "\"sensitive_data\":\"no\",", parts)));
        assert_int_equal(reply->n_items, 1);
        assert_int_equal(reply->items[0]->n_hosts, 2);
        assert_non_null(
            strstr(reply->items[0]->matched_by, "an address of alpine/pair"));
        assert_true(planner_finds(
            reply->findings, reply->n_findings, first == 0 ? PATH(0, 0) : PATH(0, 1),
            "https://pair.example is matched by its name only, by the webpage"));
        assert_false(planner_finds(reply->findings, reply->n_findings, NULL,
                                   "https://same.example is matched by its name only"));
    }
}

static void
test_more_offers_than_are_listed_are_told(void **state)
{
    struct desk *desk = *state;
    const char *document = planner_document(
        desk, 1,
        planner_dataset(desk, "\"sensitive_data\":\"no\",",
                        planner_part(desk, "https://crowd.example", "", "")));
    for (int i = 0; i < 65; i++) {
        planner_put_service(
            desk,
            arena_print(desk->h->arena,
                        "{\"id\":\"alpine/crowd-%d\",\"provider\":\"alpine/hpc\","
                        "\"name\":\"Crowd\",\"phase\":\"PRODUCTION\",\"webpage\":"
                        "\"https://crowd.example\",\"offers\":[{\"iid\":\"a\",\"name\":"
                        "\"A\",\"is_internal\":true}]}",
                        i));
        if (i < 63) {
            continue;
        }
        const Kontor__V1__ProposeOrderResponse *reply = planner_propose(desk, document);
        assert_int_equal(reply->items[0]->n_offers, 64);
        assert_int_equal(planner_finds(reply->findings, reply->n_findings, PATH(0, 0),
                                       "more than 64 offers fit"),
                         i == 64);
    }
}

static void
test_a_service_that_takes_no_orders_says_why(void **state)
{
    struct desk *desk = *state;
    planner_put_service(
        desk, "{\"id\":\"alpine/out\",\"provider\":\"alpine/hpc\",\"name\":\"Out\","
              "\"phase\":\"PRODUCTION\",\"webpage\":\"https://out.example\","
              "\"offers\":[{\"iid\":\"a\",\"name\":\"A\",\"order_url\":"
              "\"https://x.example/order\"}]}");
    const Kontor__V1__ProposeOrderResponse *reply = planner_propose(
        desk, planner_document(
                  desk, 1,
                  planner_dataset(desk, "\"sensitive_data\":\"no\",",
                                  planner_part(desk, "https://out.example", "", ""))));
    assert_int_equal(reply->order->n_items, 0);
    assert_true(planner_finds(reply->findings, reply->n_findings,
                              PATH(0, 0) ".host.url",
                              "it is ordered elsewhere: https://x.example/order"));
}

static void
test_more_hosts_than_an_order_has_items_are_told(void **state)
{
    struct desk *desk = *state;
    const char *parts = "";
    for (size_t i = 0; i < 66; i++) {
        const char *url = arena_print(desk->h->arena, "https://h%zu.example", i);
        parts = arena_print(desk->h->arena, "%s%s%s", parts, i == 0 ? "" : ",",
                            planner_part(desk, url, "", ""));
    }
    const Kontor__V1__ProposeOrderResponse *reply = planner_propose(
        desk, planner_document(
                  desk, 1, planner_dataset(desk, "\"sensitive_data\":\"no\",", parts)));
    assert_int_equal(reply->n_items, 64);
    assert_true(planner_finds(reply->findings, reply->n_findings, PATH(0, 65),
                              "more than 64 hosts"));
}

static void
test_another_project_may_order_for_a_plan_of_its_registry_only(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__ProposeOrderRequest request = KONTOR__V1__PROPOSE_ORDER_REQUEST__INIT;
    Kontor__V1__ProposeOrderResponse *reply = NULL;
    planner_propose(desk, planner_spelled(desk));
    request.id = "coast/plan-1";
    request.project = "coast/p2";
    request.order = "coast/mine";
    assert_int_equal(desk_call(desk, desk->portal, PLANNER_CALL("ProposeOrder"),
                               &request, &reply, NULL),
                     STATUS_OK);
    assert_string_equal(reply->order->project, "coast/p2");
    assert_string_equal(reply->order->id, "coast/mine");
    request.project = "coast/none";
    assert_int_equal(desk_call(desk, desk->portal, PLANNER_CALL("ProposeOrder"),
                               &request, NULL, NULL),
                     STATUS_NOT_FOUND);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, planner_setup, desk_teardown)
        TEST(test_spellings_of_one_host_are_one_item),
        TEST(test_what_the_plan_says_is_filled_in_and_the_rest_is_asked),
        TEST(test_the_proposal_is_placed_as_it_is_once_it_is_answered),
        TEST(test_what_the_plan_does_not_say_is_never_assumed),
        TEST(test_what_cannot_be_matched_is_a_finding),
        TEST(test_what_an_offer_does_not_take_is_a_finding),
        TEST(test_a_host_is_found_by_an_endpoint),
        TEST(test_which_offer_is_a_question_where_several_fit),
        TEST(test_how_well_each_host_of_a_place_fits_is_told),
        TEST(test_more_offers_than_are_listed_are_told),
        TEST(test_a_service_that_takes_no_orders_says_why),
        TEST(test_more_hosts_than_an_order_has_items_are_told),
        TEST(test_another_project_may_order_for_a_plan_of_its_registry_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
