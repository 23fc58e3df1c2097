/* What comes back of a plan once it was delivered, and what a later state of it
 * changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/planner.h"

#define PATH(dataset, part) "$.dmp.dataset[" #dataset "].distribution[" #part "]"

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
    planner_answer(desk, order);
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

/* A plan of one distribution, so many gigabytes large, as it was on a day. */
static const char *
sized(struct desk *desk, const char *url, int day, int size_gb)
{
    const char *members = arena_print(
        desk->h->arena, "\"byte_size\":%d000000000,\"available_until\":\"2031-01-31\",",
        size_gb);
    return planner_document(
        desk, day,
        planner_dataset(desk, "\"sensitive_data\":\"yes\",",
                        planner_part(desk, url, members, "\"geo_location\":\"DE\",")));
}

static const char *
lone(struct desk *desk, const char *url)
{
    return sized(desk, url, 1, 2);
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
    planner_answer(desk, order);
    desk_place(desk, order);
    reply = write_back(desk, "");
    assert_string_equal(reply->patch, "[]");
    assert_int_equal(reply->change_count, 0);
    assert_true(planner_finds(reply->findings, reply->n_findings, PATH(0, 0),
                              "is not done yet"));
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

/* Where people were taken out, the plan of whoever applies the patch still has them. */
static void
test_nothing_is_tested_that_stands_for_people(void **state)
{
    struct desk *desk = *state;
    const char *document = planner_replaced(desk, lone(desk, "https://archive.example"),
                                            "10.1/x", "0000-0001-2345-6789/plan");
    document = planner_replaced(desk, document, "\"identifier\":\"d\"",
                                "\"identifier\":\"Given Name 7\"");
    document = planner_replaced(desk, document, "\"byte_size\"",
                                "\"access_url\":\"mailto:given@name.example\","
                                "\"byte_size\"");
    deliver(desk, document,
            "{\"backend_id\":\"b-1\",\"outputs\":[{\"id\":\"access_url\",\"value\":"
            "{\"text\":\"https://archive.example/set/1\"}},{\"id\":\"doi\",\"value\":"
            "{\"text\":\"10.5281/zenodo.1\"}}]}");
    const Kontor__V1__WriteBackPlanResponse *reply = write_back(desk, "");
    static const char *const paths[] = {"$.dmp.dmp_id.identifier",
                                        PATH(0, 0) ".access_url",
                                        "$.dmp.dataset[0].dataset_id.identifier"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_true(planner_finds(reply->findings, reply->n_findings, paths[i],
                                  "people were taken out of it here"));
    }
    assert_null(strstr(reply->patch, "redacted"));
    assert_non_null(strstr(reply->patch, "{\"op\":\"test\",\"path\":\"/dmp/created\","
                                         "\"value\":\"2025-01-01T10:00:00Z\"}"));
    assert_non_null(
        strstr(reply->patch, "{\"op\":\"test\",\"path\":\"/dmp/modified\""));
    /* Kept, they are tested like all else. */
    Kontor__V1__ImportPlanRequest request = KONTOR__V1__IMPORT_PLAN_REQUEST__INIT;
    request.id = "coast/plan-1";
    request.document = (char *)(uintptr_t)document;
    request.keep_names = true;
    assert_int_equal(
        desk_call(desk, desk->portal, PLANNER_CALL("ImportPlan"), &request, NULL, NULL),
        STATUS_OK);
    reply = write_back(desk, "");
    assert_non_null(strstr(reply->patch, "\"value\":\"0000-0001-2345-6789/plan\""));
    assert_non_null(strstr(reply->patch, "\"value\":\"mailto:given@name.example\""));
    assert_int_equal(reply->n_findings, 0);
}

/* What lies in one place with others is not told from them. */
static void
test_what_is_said_of_several_is_left_out(void **state)
{
    struct desk *desk = *state;
    deliver(desk, planner_spelled(desk),
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
    planner_propose(desk, planner_spelled(desk));
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

/* A state that comes later than another is also written later, wherever that lies. */
static void
test_what_is_written_back_comes_after_the_plan(void **state)
{
    static const struct {
        const char *modified, *written;
    } rows[] = {
        {"2025-02-01T10:00:00Z", "\"2026-01-0"},
        {"2031-05-01T10:00:00Z", "\"2031-05-01T10:00:01Z\""},
        {"2031-05-01T23:59:59.5-02:00", "\"2031-05-02T02:00:00Z\""},
        {"9999-12-31T23:59:59Z", NULL},
        {"9999-12-31T23:59:59-23:59", NULL},
    };
    struct desk *desk = *state;
    deliver(desk, lone(desk, "https://archive.example"), "{\"backend_id\":\"b-1\"}");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *document =
            planner_replaced(desk, lone(desk, "https://archive.example"),
                             "2025-02-01T10:00:00Z", rows[i].modified);
        assert_int_equal(planner_import(desk, document, NULL, NULL), STATUS_OK);
        const Kontor__V1__WriteBackPlanResponse *reply = write_back(desk, "");
        assert_true(reply->change_count > 0);
        const char *at = strstr(reply->patch, "{\"op\":\"replace\",\"path\":"
                                              "\"/dmp/modified\",\"value\":");
        if (rows[i].written == NULL) {
            assert_null(at);
            assert_true(planner_finds(reply->findings, reply->n_findings,
                                      "$.dmp.modified", "nothing can come later"));
            continue;
        }
        at = strstr(at, "\"value\":") + strlen("\"value\":");
        assert_memory_equal(at, rows[i].written, strlen(rows[i].written));
        /* And it is taken in as a later state. */
        document = planner_replaced(
            desk, document, arena_print(desk->h->arena, "\"%s\"", rows[i].modified),
            arena_print(desk->h->arena, "\"%.20s\"", at + 1));
        assert_int_equal(planner_import(desk, document, NULL, NULL), STATUS_OK);
    }
}

/* A plan whose document is stored with so many bytes. */
static const char *
long_plan(struct desk *desk, size_t size)
{
    const char *document = lone(desk, "https://archive.example");
    Kontor__V1__ImportPlanResponse *reply = NULL;
    assert_int_equal(planner_import(desk, document, &reply, NULL), STATUS_OK);
    size_t n = size - strlen(reply->plan->document);
    char *more = arena_alloc(desk->h->arena, n + sizeof "plan\"");
    memcpy(more, "plan", 4);
    memset(more + 4, 'x', n);
    memcpy(more + 4 + n, "\"", sizeof "\"");
    return planner_replaced(desk, document, "plan\"", more);
}

/* A plan that grows past what is taken in again is told. */
static void
test_a_plan_that_grows_past_its_limit_is_told(void **state)
{
    enum { LIMIT = 262144, ROOM = 1000, LITTLE = 10 };
    struct desk *desk = *state;
    struct error error;
    deliver(desk, long_plan(desk, LIMIT - ROOM), "{\"backend_id\":\"b-1\"}");
    const Kontor__V1__WriteBackPlanResponse *reply = write_back(desk, "");
    assert_true(reply->change_count > 0);
    assert_int_equal(reply->n_findings, 0);
    assert_int_equal(planner_import(desk, long_plan(desk, LIMIT - LITTLE), NULL, NULL),
                     STATUS_OK);
    reply = write_back(desk, "");
    assert_true(reply->change_count > 0);
    assert_true(planner_finds(reply->findings, reply->n_findings, "$",
                              "at most 262144 are taken in again"));
    /* As it is, once it is as long as that. */
    assert_int_equal(
        planner_import(desk, long_plan(desk, LIMIT + LITTLE), NULL, &error),
        STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "document"));
}

/* ---- A later state of the plan ---- */

static const char plain[] = "{\"backend_id\":\"b-1\"}";
static const char archive_url[] = "https://archive.example";

static void
test_what_is_being_ordered_is_not_ordered_again(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *order =
        planner_propose(desk, lone(desk, archive_url))->order;
    planner_answer(desk, order);
    desk_place(desk, order);
    const Kontor__V1__ProposeOrderResponse *reply =
        planner_propose(desk, sized(desk, archive_url, 2, 9));
    assert_int_equal(reply->order->n_items, 0);
    assert_false(reply->has_questions);
    assert_true(planner_finds(reply->findings, reply->n_findings, PATH(0, 0),
                              "/archive.example is being ordered for it"));
    /* What came to nothing is wanted again. */
    assert_int_equal(desk_cancel(desk, desk->portal, order->id, NULL, NULL, NULL),
                     STATUS_OK);
    reply = planner_propose(desk, sized(desk, archive_url, 2, 9));
    assert_int_equal(reply->order->n_items, 1);
    assert_int_equal(reply->order->items[0]->action, KONTOR__V1__ITEM_ACTION__ADD);
}

static void
test_what_is_there_as_wanted_is_not_ordered_again(void **state)
{
    struct desk *desk = *state;
    deliver(desk, lone(desk, archive_url), plain);
    const Kontor__V1__ProposeOrderResponse *reply =
        planner_propose(desk, sized(desk, archive_url, 3, 2));
    assert_int_equal(reply->order->n_items, 0);
    assert_non_null(strstr(reply->items[0]->instance, "/archive.example"));
    assert_true(planner_finds(reply->findings, reply->n_findings, PATH(0, 0),
                              "was delivered for it, as the plan wants it"));
}

static void
test_a_later_state_changes_what_was_delivered(void **state)
{
    struct desk *desk = *state;
    const char *first = deliver(desk, lone(desk, archive_url), plain);
    Kontor__V1__ProposeOrderResponse *reply =
        planner_propose(desk, sized(desk, archive_url, 3, 5));
    Kontor__V1__NewItem *item = reply->order->items[0];
    assert_int_equal(reply->order->n_items, 1);
    assert_string_not_equal(reply->order->id, first);
    assert_int_equal(item->action, KONTOR__V1__ITEM_ACTION__ACTION_MODIFY);
    assert_string_equal(item->instance,
                        arena_print(desk->h->arena, "%s/archive.example", first));
    /* What the plan says nothing about stays: it is no question again. */
    assert_false(reply->has_questions);
    desk_place(desk, reply->order);
    const char *session = desk_session(desk, desk->agent, 1, PLANNER_OFFER, NULL);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_complete(desk, job->item, job->fence, "b-1", NULL),
                     STATUS_OK);
    const Kontor__V1__WriteBackPlanResponse *back = write_back(desk, "");
    assert_int_equal(back->n_instances, 1);
    assert_string_equal(back->instances[0], item->instance);
    reply = planner_propose(desk, sized(desk, archive_url, 4, 5));
    assert_int_equal(reply->order->n_items, 0);
}

static void
test_what_is_over_says_until_when_it_was(void **state)
{
    struct desk *desk = *state;
    const char *first = deliver(desk, lone(desk, archive_url), plain);
    const char *instance = arena_print(desk->h->arena, "%s/archive.example", first);
    Kontor__V1__PlaceOrderRequest *order = desk_new(desk, "coast/end");
    desk_change(desk, order, "end", KONTOR__V1__ITEM_ACTION__ACTION_TERMINATE,
                instance);
    desk_place(desk, order);
    const char *session = desk_session(desk, desk->agent, 1, PLANNER_OFFER, NULL);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_complete_bare(desk, job->item, job->fence, NULL), STATUS_OK);
    const Kontor__V1__WriteBackPlanResponse *reply = write_back(desk, first);
    assert_non_null(strstr(reply->patch,
                           "\"path\":\"/dmp/dataset/0/distribution/0/available_until\","
                           "\"value\":\"2026-01-0"));
    assert_null(strstr(reply->patch, "geo_location"));
    /* It is wanted anew. */
    assert_int_equal(
        planner_propose(desk, sized(desk, archive_url, 2, 2))->order->items[0]->action,
        KONTOR__V1__ITEM_ACTION__ADD);
}

static void
test_the_most_of_a_forecast_is_ordered(void **state)
{
    struct desk *desk = *state;
    const char *document = planner_document(
        desk, 1,
        planner_dataset(desk, "\"sensitive_data\":\"no\",",
                        planner_part(desk, archive_url,
                                     "\"storageforecast\":[{\"year\":2026,"
                                     "\"storage_estimate\":0.5},{\"year\":2027,"
                                     "\"storage_estimate\":1}],",
                                     "")));
    const Kontor__V1__ProposeOrderResponse *reply = planner_propose(desk, document);
    assert_string_equal(reply->items[0]->byte_size, "1099511627776");
    assert_true(planner_finds(reply->findings, reply->n_findings,
                              PATH(0, 0) ".storageforecast",
                              "the most of its years is taken"));
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, planner_setup, desk_teardown)
        TEST(test_nothing_changes_before_it_is_delivered),
        TEST(test_what_was_delivered_comes_back_as_a_patch),
        TEST(test_an_endpoint_tells_the_way_in),
        TEST(test_nothing_is_tested_that_stands_for_people),
        TEST(test_what_is_written_back_comes_after_the_plan),
        TEST(test_a_plan_that_grows_past_its_limit_is_told),
        TEST(test_what_is_said_of_several_is_left_out),
        TEST(test_an_order_that_is_not_the_plans_is_refused),
        TEST(test_what_is_being_ordered_is_not_ordered_again),
        TEST(test_what_is_there_as_wanted_is_not_ordered_again),
        TEST(test_a_later_state_changes_what_was_delivered),
        TEST(test_what_is_over_says_until_when_it_was),
        TEST(test_the_most_of_a_forecast_is_ordered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
