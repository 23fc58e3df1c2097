/* What is ordered for a plan, what the plan leaves open, and what comes back of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/moment.h"
#include "tests/server/planner.h"

#define PATH(dataset, part) "$.dmp.dataset[" #dataset "].distribution[" #part "]"

static const Kontor__V1__ParameterValue *
value_of(const Kontor__V1__NewItem *item, const char *id)
{
    for (size_t i = 0; i < item->n_parameters; i++) {
        if (strcmp(item->parameters[i]->id, id) == 0) {
            return item->parameters[i];
        }
    }
    return NULL;
}

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

static bool
asks(const Kontor__V1__ProposedItem *item, const char *id)
{
    for (size_t i = 0; i < item->n_questions; i++) {
        if (strcmp(item->questions[i]->id, id) == 0) {
            return true;
        }
    }
    return false;
}

/* Two spellings of the archive, and what another register calls it. */
static const char *
spelled(struct desk *desk)
{
    const char *parts = arena_print(
        desk->h->arena, "%s,%s,%s",
        planner_part(desk, "https://archive.example",
                     "\"byte_size\":1500000000,\"available_until\":\"2031-01-31\",",
                     "\"backup_frequency\":\"weekly\","),
        planner_part(desk, "HTTP://WWW.archive.example:80/",
                     "\"byte_size\":1,\"available_until\":\"2030-12-31\",", ""),
        planner_part(desk, "https://www.re3data.example/repository/r3d1",
                     "\"byte_size\":0,\"available_until\":\"2030-12-31\",",
                     "\"geo_location\":\"AT\","));
    return planner_document(
        desk, 1, planner_dataset(desk, "\"sensitive_data\":\"yes\",", parts));
}

static void
test_spellings_of_one_host_are_one_item(void **state)
{
    struct desk *desk = *state;
    const Kontor__V1__ProposeOrderResponse *reply =
        planner_propose(desk, spelled(desk));
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
        planner_propose(desk, spelled(desk));
    const Kontor__V1__NewItem *item = reply->order->items[0];
    const Kontor__V1__ProposedItem *proposed = reply->items[0];
    assert_string_equal(proposed->byte_size, "1500000001");
    assert_string_equal(proposed->until, "2031-01-31");
    /* Rounded up: what is ordered has room for all of it. */
    assert_string_equal(value_of(item, "size")->value->decimal, "1.500000001");
    assert_string_equal(value_of(item, "until")->value->date, "2031-01-31");
    assert_string_equal(value_of(item, "backup-frequency")->value->text, "Weekly");
    assert_true(value_of(item, "sensitive")->value->boolean);
    assert_true(reply->has_questions);
    assert_int_equal(proposed->n_questions, 1);
    assert_true(asks(proposed, "collection"));
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
answer(struct desk *desk, Kontor__V1__PlaceOrderRequest *order)
{
    Kontor__V1__NewItem *item = order->items[0];
    Kontor__V1__ParameterValue **given = item->parameters;
    item->parameters =
        arena_alloc(desk->h->arena, (item->n_parameters + 1) * sizeof *given);
    for (size_t i = 0; i < item->n_parameters; i++) {
        item->parameters[i] = given[i];
    }
    desk_give(desk, item, "collection",
              planner_message(desk, &kontor__v1__value__descriptor,
                              "{\"text\":\"my collection\"}"));
}

static void
test_the_proposal_is_placed_as_it_is_once_it_is_answered(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *order = planner_propose(desk, spelled(desk))->order;
    struct error error;
    assert_int_equal(
        desk_call(desk, desk->portal, DESK_ORDER("PlaceOrder"), order, NULL, &error),
        STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "items[0].parameters[collection]"));
    answer(desk, order);
    desk_place(desk, order);
    assert_string_equal(desk_order(desk, order->id)->plan, "coast/plan-1");
    /* The same state of the plan is the same order. */
    Kontor__V1__PlaceOrderRequest *again = planner_propose(desk, spelled(desk))->order;
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
    assert_true(asks(proposed, "size"));
    assert_true(asks(proposed, "until"));
    assert_true(asks(proposed, "sensitive"));
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
    assert_true(asks(proposed, "gb"));
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
    assert_true(planner_finds(reply->findings, reply->n_findings, PATH(0, 0),
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

/* ---- Back ---- */

static Kontor__V1__WriteBackPlanResponse *
write_back(struct desk *desk, const char *order)
{
    Kontor__V1__WriteBackPlanRequest request =
        KONTOR__V1__WRITE_BACK_PLAN_REQUEST__INIT;
    Kontor__V1__WriteBackPlanResponse *reply = NULL;
    struct error error = {0};
    request.id = "coast/plan-1";
    request.order = (char *)(uintptr_t)order;
    if (desk_call(desk, desk->portal, PLANNER_CALL("WriteBackPlan"), &request, &reply,
                  &error) != STATUS_OK) {
        fail_msg("%s", error.message);
    }
    return reply;
}

/* Places what is proposed, and delivers it with these outputs and endpoints. */
static const char *
deliver(struct desk *desk, const char *document, const char *delivery)
{
    Kontor__V1__PlaceOrderRequest *order = planner_propose(desk, document)->order;
    Kontor__V1__CompleteRequest request = KONTOR__V1__COMPLETE_REQUEST__INIT;
    const char *session = desk_session(desk, desk->agent, 1, PLANNER_OFFER, NULL);
    answer(desk, order);
    desk_place(desk, order);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_non_null(job);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    request.item = job->item;
    request.fence = job->fence;
    request.delivery =
        planner_message(desk, &kontor__v1__delivery__descriptor, delivery);
    assert_int_equal(
        desk_call(desk, desk->agent, DESK_AGENT("Complete"), &request, NULL, NULL),
        STATUS_OK);
    return order->id;
}

static const char *
lone(struct desk *desk, const char *url)
{
    return planner_document(
        desk, 1,
        planner_dataset(desk, "\"sensitive_data\":\"yes\",",
                        planner_part(desk, url,
                                     "\"byte_size\":1500000000,\"available_until\":"
                                     "\"2031-01-31\",",
                                     "\"geo_location\":\"DE\",")));
}

static void
test_nothing_changes_before_it_is_delivered(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *order =
        planner_propose(desk, lone(desk, "https://archive.example"))->order;
    const Kontor__V1__WriteBackPlanResponse *reply = write_back(desk, "");
    assert_string_equal(reply->patch, "[]");
    assert_int_equal(reply->n_findings, 0);
    answer(desk, order);
    desk_place(desk, order);
    reply = write_back(desk, "");
    assert_string_equal(reply->patch, "[]");
    assert_int_equal(reply->change_count, 0);
    assert_true(planner_finds(reply->findings, reply->n_findings, NULL,
                              "nothing was delivered by coast/plan-1-r"));
}

static void
test_what_was_delivered_comes_back_as_a_patch(void **state)
{
    struct desk *desk = *state;
    deliver(desk, lone(desk, "https://www.re3data.example/repository/r3d1"),
            "{\"backend_id\":\"b-1\",\"outputs\":[{\"id\":\"access_url\",\"value\":"
            "{\"text\":\"https://archive.example/set/1\"}},{\"id\":\"byte_size\","
            "\"value\":{\"integer\":1400000000}},{\"id\":\"doi\",\"value\":{\"text\":"
            "\"10.5281/zenodo.1\"}},{\"id\":\"download_url\",\"value\":{\"text\":"
            "\"not a url\"}}]}");
    const Kontor__V1__WriteBackPlanResponse *reply = write_back(desk, "");
    static const char *const operations[] = {
        "{\"op\":\"test\",\"path\":\"/dmp/dmp_id/identifier\",\"value\":\"10.1/x\"}",
        "{\"op\":\"replace\",\"path\":\"/dmp/dataset/0/distribution/0/host/url\","
        "\"value\":\"https://www.archive.example/\"}",
        "{\"op\":\"test\",\"path\":\"/dmp/dataset/0/distribution/0/host/geo_location\","
        "\"value\":\"DE\"}",
        "{\"op\":\"replace\",\"path\":"
        "\"/dmp/dataset/0/distribution/0/host/geo_location\",\"value\":\"AT\"}",
        "{\"op\":\"add\",\"path\":\"/dmp/dataset/0/distribution/0/host/availability\","
        "\"value\":\"99.95\"}",
        "{\"op\":\"add\",\"path\":\"/dmp/dataset/0/distribution/0/access_url\","
        "\"value\":\"https://archive.example/set/1\"}",
        "{\"op\":\"replace\",\"path\":\"/dmp/dataset/0/distribution/0/byte_size\","
        "\"value\":1400000000}",
        "{\"op\":\"replace\",\"path\":\"/dmp/dataset/0/dataset_id/identifier\","
        "\"value\":\"10.5281/zenodo.1\"}",
        "{\"op\":\"replace\",\"path\":\"/dmp/modified\",\"value\":\"2026-01-01T",
    };
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (strstr(reply->patch, operations[i]) == NULL) {
            fail_msg("%s is not in %s", operations[i], reply->patch);
        }
    }
    assert_int_equal(reply->change_count, 8);
    assert_int_equal(reply->n_instances, 1);
    assert_true(planner_finds(reply->findings, reply->n_findings, PATH(0, 0),
                              "output download_url"));
}

static void
test_an_endpoint_tells_the_way_in(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__Endpoint endpoint = KONTOR__V1__ENDPOINT__INIT;
    endpoint.id = "alpine/e-1";
    endpoint.site = "alpine/hall";
    endpoint.host = "dav.archive.example";
    endpoint.type = "webdav";
    endpoint.url = "https://dav.archive.example/";
    harness_seed(desk->h, KIND_ENDPOINT, endpoint.id, &endpoint.base, "=r:alpine", "~*",
                 NULL);
    const char *order =
        deliver(desk, lone(desk, "https://archive.example"),
                "{\"backend_id\":\"b-1\",\"endpoints\":[\"alpine/e-1\"]}");
    const Kontor__V1__WriteBackPlanResponse *reply = write_back(desk, order);
    assert_non_null(strstr(reply->patch, "\"path\":\"/dmp/dataset/0/distribution/0/"
                                         "access_url\",\"value\":\"https://"
                                         "dav.archive.example/\""));
}

/* What lies in one place with others is not told from them. */
static void
test_what_is_said_of_several_is_left_out(void **state)
{
    struct desk *desk = *state;
    deliver(desk, spelled(desk),
            "{\"backend_id\":\"b\",\"outputs\":[{\"id\":\"byte_size\",\"value\":"
            "{\"integer\":9}}]}");
    const Kontor__V1__WriteBackPlanResponse *reply = write_back(desk, "");
    assert_null(strstr(reply->patch, "byte_size"));
    assert_true(planner_finds(reply->findings, reply->n_findings, PATH(0, 0),
                              "3 distributions lie there"));
    assert_non_null(strstr(reply->patch, "/distribution/2/host/availability"));
}

static void
test_an_order_that_is_not_the_plans_is_refused(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__WriteBackPlanRequest request =
        KONTOR__V1__WRITE_BACK_PLAN_REQUEST__INIT;
    struct error error;
    planner_propose(desk, spelled(desk));
    desk_place_one(desk, "coast/o-9", OFFER_OPEN);
    request.id = "coast/plan-1";
    request.order = "coast/o-9";
    assert_int_equal(desk_call(desk, desk->portal, PLANNER_CALL("WriteBackPlan"),
                               &request, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "order"));
    request.order = "coast/none";
    assert_int_equal(desk_call(desk, desk->portal, PLANNER_CALL("WriteBackPlan"),
                               &request, NULL, NULL),
                     STATUS_NOT_FOUND);
    assert_int_equal(desk_call(desk, desk->portal_p2, PLANNER_CALL("WriteBackPlan"),
                               &request, NULL, NULL),
                     STATUS_NOT_FOUND);
}

static void
test_another_project_may_order_for_a_plan_of_its_registry_only(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__ProposeOrderRequest request = KONTOR__V1__PROPOSE_ORDER_REQUEST__INIT;
    Kontor__V1__ProposeOrderResponse *reply = NULL;
    planner_propose(desk, spelled(desk));
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
        TEST(test_a_service_that_takes_no_orders_says_why),
        TEST(test_more_hosts_than_an_order_has_items_are_told),
        TEST(test_nothing_changes_before_it_is_delivered),
        TEST(test_what_was_delivered_comes_back_as_a_patch),
        TEST(test_an_endpoint_tells_the_way_in),
        TEST(test_what_is_said_of_several_is_left_out),
        TEST(test_an_order_that_is_not_the_plans_is_refused),
        TEST(test_another_project_may_order_for_a_plan_of_its_registry_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
