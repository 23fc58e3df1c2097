/* Plans as strangers send them, and calls at the wrong time: a clear error, and nothing
 * changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/reason.h"
#include "proto/wire.h"
#include "tests/server/planner.h"

#define PATH(dataset, part) "$.dmp.dataset[" #dataset "].distribution[" #part "]"

static const char archive_url[] = "https://archive.example";

/* So many bytes, a text again and again. */
static char *
repeated(struct desk *desk, const char *text, size_t n)
{
    size_t size = strlen(text);
    char *out = arena_alloc(desk->h->arena, n * size + 1);
    for (size_t i = 0; i < n; i++) {
        memcpy(out + i * size, text, size);
    }
    out[n * size] = '\0';
    return out;
}

static Kontor__V1__ImportPlanRequest
new_request(const char *id, const char *document)
{
    Kontor__V1__ImportPlanRequest request = KONTOR__V1__IMPORT_PLAN_REQUEST__INIT;
    request.id = (char *)(uintptr_t)id;
    request.project = "coast/p1";
    request.document = (char *)(uintptr_t)document;
    return request;
}

static enum status
import(struct desk *desk, const Kontor__V1__ImportPlanRequest *request,
       Kontor__V1__ImportPlanResponse **reply, struct error *error)
{
    return desk_call(desk, desk->portal, PLANNER_CALL("ImportPlan"), request, reply,
                     error);
}

/* Refused with a fault there, and nothing is stored. */
static void
check_refused(struct desk *desk, const char *text, const char *path)
{
    struct document document;
    struct error error;
    assert_int_equal(planner_import(desk, text, NULL, &error), STATUS_INVALID_ARGUMENT);
    desk_expect_reason(&error, REASON_FIELDS_INVALID);
    if (!harness_has_fault(&error, path)) {
        fail_msg("%s: %.200s", path, error.message);
    }
    assert_true(error_details(&error, desk->h->arena).size < 4096);
    assert_int_equal(harness_get(desk->h, KIND_PLAN, "coast/plan-1", &document),
                     STATUS_NOT_FOUND);
}

static const char *
plain(struct desk *desk, int day)
{
    return planner_document(
        desk, day,
        planner_dataset(desk, "\"sensitive_data\":\"no\",",
                        planner_part(desk, archive_url,
                                     "\"byte_size\":2000000000,\"available_until\":"
                                     "\"2031-01-31\",",
                                     "")));
}

/* ---- Documents ---- */

static void
test_what_is_no_json_is_refused(void **state)
{
    struct desk *desk = *state;
    const struct {
        const char *text, *path;
    } rows[] = {
        {"", "document"},
        {"x", "document:1:1"},
        {"{}{}", "document:1:3"},
        {repeated(desk, "[", 100000), "document:1:2049"},
        {repeated(desk, "{\"a\":", 40000), "document:1:10241"},
        {repeated(desk, " ", 262144), "document:1:262144"},
        {repeated(desk, " ", 262145), "document"},
        {"{\"dmp\":{\"title\":\"\\u0000\"}}", "document:1:24"},
        {"{\"dmp\":{\"title\":\"\\ud800\"}}", "document:1:24"},
        {"{\"dmp\":{\"title\":1,\"title\":1}}", "document:1:25"},
        {"{\"dmp\":18446744073709551616}", "document:1:27"},
        {"{\"dmp\":1e999}", "document:1:12"},
        {"null", "document"},
        {"[[{\"dmp\":1}]]", "document"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_refused(desk, rows[i].text, rows[i].path);
    }
}

/* What is no UTF-8 never gets as far as JSON. */
static void
test_bytes_that_are_no_text_are_refused(void **state)
{
    struct desk *desk = *state;
    static const char *const bad[] = {"\xff", "\xc3", "\xed\xa0\x80",
                                      "\xf4\x90\x80\x80"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct error error;
        const char *text = planner_replaced(desk, plain(desk, 1), "'s plan", bad[i]);
        Kontor__V1__ImportPlanRequest request = new_request("coast/plan-1", text);
        struct bytes bytes = wire_pack(&request.base, desk->h->arena);
        assert_int_equal(harness_call_bytes(desk->h, desk->portal,
                                            PLANNER_CALL("ImportPlan"), bytes, NULL,
                                            &error),
                         STATUS_INVALID_ARGUMENT);
        struct document document;
        assert_int_equal(harness_get(desk->h, KIND_PLAN, "coast/plan-1", &document),
                         STATUS_NOT_FOUND);
    }
}

/* Any member of any other type: its own path, and the types in words. */
static void
test_wrong_types_have_their_place(void **state)
{
    static const struct {
        const char *from, *to, *path;
    } rows[] = {
        {"\"dataset\":[", "\"dataset\":7,\"x\":[", "$.dmp.dataset"},
        {"\"dataset\":[{", "\"dataset\":[null,{", "$.dmp.dataset[0]"},
        {"\"distribution\":[", "\"distribution\":{},\"x\":[",
         "$.dmp.dataset[0].distribution"},
        {"\"distribution\":[{", "\"distribution\":[[],{", PATH(0, 0)},
        {"\"host\":{", "\"host\":\"there\",\"x\":{", PATH(0, 0) ".host"},
        {"\"url\":\"https://archive.example\"", "\"url\":true", PATH(0, 0) ".host.url"},
        {"\"url\":\"https://archive.example\"", "\"url\":\"nowhere\"",
         PATH(0, 0) ".host.url"},
        {"\"byte_size\":2000000000", "\"byte_size\":\"2 GB\"", PATH(0, 0) ".byte_size"},
        {"\"byte_size\":2000000000", "\"byte_size\":0.5", PATH(0, 0) ".byte_size"},
        {"\"2031-01-31\"", "\"2031-02-29\"", PATH(0, 0) ".available_until"},
        {"\"2031-01-31\"", "\"2031-13-01\"", PATH(0, 0) ".available_until"},
        {"\"2031-01-31\"", "\"20310131\"", PATH(0, 0) ".available_until"},
        {"\"2031-01-31\"", "20310131", PATH(0, 0) ".available_until"},
        {"2025-02-01T10:00:00Z", "2025-02-01T24:00:00Z", "$.dmp.modified"},
        {"2025-02-01T10:00:00Z", "2025-02-01T10:00:00+24:00", "$.dmp.modified"},
        {"2025-02-01T10:00:00Z", "0000-00-00T00:00:00Z", "$.dmp.modified"},
        {"2025-02-01T10:00:00Z", "99999-02-01T10:00:00Z", "$.dmp.modified"},
        {"\"dmp\":", "\"dmp\":null,\"dmq\":", "$.dmp"},
        {"\"contact\":", "\"contact\":[],\"x\":", "$.dmp.contact"},
    };
    struct desk *desk = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_refused(desk,
                      planner_replaced(desk, plain(desk, 1), rows[i].from, rows[i].to),
                      rows[i].path);
    }
}

/* However many faults there are, the answer is short, and so is the time. */
static void
test_tens_of_thousands_of_faults_are_counted(void **state)
{
    enum { DATASETS = 60000, LISTED = 512, NOTES = 20000 };
    struct desk *desk = *state;
    Kontor__V1__ImportPlanResponse *reply = NULL;
    const char *datasets =
        arena_print(desk->h->arena, "%s{}", repeated(desk, "{},", DATASETS - 1));
    const char *text = planner_document(desk, 1, datasets);
    check_refused(desk, text, "$.dmp.dataset[0].title");
    Kontor__V1__ImportPlanRequest request = new_request("coast/plan-1", text);
    request.validate_only = true;
    assert_int_equal(import(desk, &request, &reply, NULL), STATUS_OK);
    assert_int_equal(reply->judgement->fault_count, 4 * DATASETS);
    assert_int_equal(reply->judgement->n_faults, LISTED);
    /* As many notes, of a plan that is taken. */
    char *odd = arena_alloc(desk->h->arena, NOTES * 11 + 1);
    for (int i = 0, n = 0; i < NOTES; i++) {
        n += sprintf(odd + n, "\"q%05d\":1,", i);
    }
    text = planner_replaced(desk, plain(desk, 1), "\"dataset\":[{",
                            arena_print(desk->h->arena, "\"dataset\":[{%s", odd));
    request = new_request("coast/plan-1", text);
    assert_int_equal(import(desk, &request, &reply, NULL), STATUS_OK);
    assert_int_equal(reply->judgement->n_notes, LISTED);
    assert_int_equal(reply->judgement->fault_count, 0);
}

/* ---- Ids ---- */

/* The same plan under two ids would be ordered twice. */
static void
test_a_project_has_a_plan_once(void **state)
{
    struct desk *desk = *state;
    struct error error;
    struct document document;
    assert_int_equal(planner_import(desk, plain(desk, 1), NULL, NULL), STATUS_OK);
    Kontor__V1__ImportPlanRequest request = new_request("coast/plan-2", plain(desk, 2));
    assert_int_equal(import(desk, &request, NULL, &error), STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "$.dmp.dmp_id.identifier"));
    assert_int_equal(harness_get(desk->h, KIND_PLAN, "coast/plan-2", &document),
                     STATUS_NOT_FOUND);
    /* Another id, an id of another sort, and another project are other plans. */
    const char *const others[] = {
        planner_replaced(desk, plain(desk, 2), "10.1/x", "10.1/X"),
        planner_replaced(desk, plain(desk, 2), "\"type\":\"doi\"", "\"type\":\"ark\""),
        plain(desk, 2),
    };
    for (size_t i = 0; i < 3; i++) {
        request = new_request(arena_print(desk->h->arena, "coast/plan-%zu", i + 3),
                              others[i]);
        request.project = i == 2 ? "coast/p2" : "coast/p1";
        assert_int_equal(import(desk, &request, NULL, NULL), STATUS_OK);
        request.project = "";
        assert_int_equal(import(desk, &request, NULL, NULL), STATUS_OK);
    }
    /* Ids that people were taken out of tell nothing apart. */
    for (size_t i = 0; i < 2; i++) {
        request =
            new_request(arena_print(desk->h->arena, "coast/plan-%zu", i + 6),
                        planner_replaced(desk, plain(desk, 1), "10.1/x",
                                         i == 0 ? "a@one.example" : "b@two.example"));
        assert_int_equal(import(desk, &request, NULL, NULL), STATUS_OK);
    }
}

/* The order of a plan can be placed, however long the plan's own id is. */
static void
test_the_longest_id_still_makes_an_order(void **state)
{
    enum { LOCAL = 128 };
    struct desk *desk = *state;
    Kontor__V1__ProposeOrderRequest propose = KONTOR__V1__PROPOSE_ORDER_REQUEST__INIT;
    Kontor__V1__ProposeOrderResponse *reply = NULL;
    const char *ids[2];
    for (size_t i = 0; i < 2; i++) {
        propose.id = arena_print(desk->h->arena, "coast/%s%zu",
                                 repeated(desk, "p", LOCAL - 1), i);
        const char *text = planner_replaced(desk, plain(desk, 1), "10.1/x",
                                            arena_print(desk->h->arena, "10.1/%zu", i));
        Kontor__V1__ImportPlanRequest request = new_request(propose.id, text);
        assert_int_equal(import(desk, &request, NULL, NULL), STATUS_OK);
        assert_int_equal(desk_call(desk, desk->portal, PLANNER_CALL("ProposeOrder"),
                                   &propose, &reply, NULL),
                         STATUS_OK);
        ids[i] = reply->order->id;
        planner_answer(desk, reply->order);
        desk_place(desk, reply->order);
    }
    assert_string_not_equal(ids[0], ids[1]);
}

/* Hosts that make no good name still make an item that can be placed. */
static void
test_odd_hosts_make_items(void **state)
{
    struct desk *desk = *state;
    static const char *const urls[] = {
        "https://[2001:db8::1]:8443/a",
        "https://-x.example/.",
        "https://.y.example/..",
        "https://xn--bcher-kva.example/%7Ea?b#c",
    };
    const char *long_url =
        arena_print(desk->h->arena, "https://%s.example/", repeated(desk, "z.", 60));
    for (size_t i = 0; i <= sizeof urls / sizeof urls[0]; i++) {
        const char *url = i < sizeof urls / sizeof urls[0] ? urls[i] : long_url;
        planner_put_service(
            desk, arena_print(desk->h->arena,
                              "{\"id\":\"alpine/odd-%zu\",\"provider\":\"alpine/hpc\","
                              "\"name\":\"Odd\",\"phase\":\"PRODUCTION\",\"webpage\":"
                              "\"%s\",\"offers\":[{\"iid\":\"a\",\"name\":\"A\","
                              "\"is_internal\":true,\"order_type\":\"OPEN_ACCESS\"}]}",
                              i, url));
        const Kontor__V1__ProposeOrderResponse *reply = planner_propose(
            desk, planner_document(desk, (int)i + 1,
                                   planner_dataset(desk, "\"sensitive_data\":\"no\",",
                                                   planner_part(desk, url, "", ""))));
        assert_int_equal(reply->order->n_items, 1);
        desk_place(desk, reply->order);
    }
}

/* ---- At the wrong time ---- */

static const Kontor__V1__WriteBackPlanResponse *
write_back(struct desk *desk)
{
    Kontor__V1__WriteBackPlanRequest request =
        KONTOR__V1__WRITE_BACK_PLAN_REQUEST__INIT;
    Kontor__V1__WriteBackPlanResponse *reply = NULL;
    request.id = "coast/plan-1";
    assert_int_equal(desk_call(desk, desk->portal, PLANNER_CALL("WriteBackPlan"),
                               &request, &reply, NULL),
                     STATUS_OK);
    return reply;
}

static void
test_what_was_cancelled_is_not_written_back(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *order = planner_propose(desk, plain(desk, 1))->order;
    planner_answer(desk, order);
    desk_place(desk, order);
    assert_int_equal(desk_cancel(desk, desk->portal, order->id, NULL, NULL, NULL),
                     STATUS_OK);
    const Kontor__V1__WriteBackPlanResponse *reply = write_back(desk);
    assert_string_equal(reply->patch, "[]");
    assert_int_equal(reply->n_instances, 0);
    assert_int_equal(reply->n_findings, 0);
}

/* Deliveries of a session that offers what is planned. */
static void
deliver(struct desk *desk, const char *outputs)
{
    Kontor__V1__CompleteRequest request = KONTOR__V1__COMPLETE_REQUEST__INIT;
    const char *session = desk_session(desk, desk->agent, 1, PLANNER_OFFER, NULL);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    request.item = job->item;
    request.fence = job->fence;
    request.delivery = planner_message(
        desk, &kontor__v1__delivery__descriptor,
        arena_print(desk->h->arena, "{\"backend_id\":\"b\",\"outputs\":[%s]}",
                    outputs));
    assert_int_equal(
        desk_call(desk, desk->agent, DESK_AGENT("Complete"), &request, NULL, NULL),
        STATUS_OK);
}

#define ACCESS                                                                         \
    "{\"id\":\"access_url\",\"value\":{\"text\":\"https://archive.example/%d\"}}"

/* Before, while and after what was delivered is changed; and twice. */
static void
test_what_was_changed_is_written_back(void **state)
{
    struct desk *desk = *state;
    struct arena *arena = desk->h->arena;
    Kontor__V1__PlaceOrderRequest *order = planner_propose(desk, plain(desk, 1))->order;
    planner_answer(desk, order);
    desk_place(desk, order);
    deliver(desk, arena_print(arena, ACCESS, 1));
    const char *first = write_back(desk)->patch;
    assert_non_null(strstr(first, "https://archive.example/1"));
    assert_string_equal(write_back(desk)->patch, first);
    order = planner_propose(desk, planner_replaced(desk, plain(desk, 2), "2000000000",
                                                   "7000000000"))
                ->order;
    assert_int_equal(order->items[0]->action, KONTOR__V1__ITEM_ACTION__ACTION_MODIFY);
    desk_place(desk, order);
    /* What is there is said, and that it is being changed. */
    const Kontor__V1__WriteBackPlanResponse *reply = write_back(desk);
    assert_non_null(strstr(reply->patch, "https://archive.example/1"));
    assert_true(planner_finds(reply->findings, reply->n_findings, PATH(0, 0),
                              "is not done yet"));
    deliver(desk, arena_print(arena, ACCESS, 2));
    reply = write_back(desk);
    assert_non_null(strstr(reply->patch, "https://archive.example/2"));
    assert_null(strstr(reply->patch, "https://archive.example/1"));
    assert_int_equal(reply->n_findings, 0);
    assert_int_equal(reply->n_instances, 1);
}

/* A plan wants its data kept until a day that is over. */
static void
test_an_end_that_is_over_is_a_finding(void **state)
{
    struct desk *desk = *state;
    const Kontor__V1__ProposeOrderResponse *reply = planner_propose(
        desk, planner_replaced(desk, plain(desk, 1), "2031-01-31", "2020-01-31"));
    assert_null(planner_value(reply->order->items[0], "until"));
    assert_true(planner_asks(reply->items[0], "until"));
    assert_true(planner_finds(reply->findings, reply->n_findings,
                              PATH(0, 0) ".available_until", "is over"));
}

/* ---- Whose it is ---- */

static void
test_a_plan_of_another_registry_is_nobodys_here(void **state)
{
    struct desk *desk = *state;
    struct error error;
    const struct principal *const others[] = {desk->stranger, desk->portal_p2,
                                              desk->operator};
    Kontor__V1__ProposeOrderRequest propose = KONTOR__V1__PROPOSE_ORDER_REQUEST__INIT;
    Kontor__V1__WriteBackPlanRequest back = KONTOR__V1__WRITE_BACK_PLAN_REQUEST__INIT;
    planner_propose(desk, plain(desk, 1));
    propose.id = back.id = "coast/plan-1";
    for (size_t i = 0; i < 3; i++) {
        enum status status = desk_call(desk, others[i], PLANNER_CALL("ProposeOrder"),
                                       &propose, NULL, &error);
        assert_true(status == STATUS_NOT_FOUND || status == STATUS_PERMISSION_DENIED);
        status = desk_call(desk, others[i], PLANNER_CALL("WriteBackPlan"), &back, NULL,
                           &error);
        assert_true(status == STATUS_NOT_FOUND || status == STATUS_PERMISSION_DENIED);
        assert_null(strstr(error.message, "Given"));
    }
    propose.id = back.id = "alpine/plan-1";
    assert_int_equal(desk_call(desk, desk->portal, PLANNER_CALL("ProposeOrder"),
                               &propose, NULL, NULL),
                     STATUS_NOT_FOUND);
    assert_int_equal(
        desk_call(desk, desk->portal, PLANNER_CALL("WriteBackPlan"), &back, NULL, NULL),
        STATUS_NOT_FOUND);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, planner_setup, desk_teardown)
        TEST(test_what_is_no_json_is_refused),
        TEST(test_bytes_that_are_no_text_are_refused),
        TEST(test_wrong_types_have_their_place),
        TEST(test_tens_of_thousands_of_faults_are_counted),
        TEST(test_a_project_has_a_plan_once),
        TEST(test_the_longest_id_still_makes_an_order),
        TEST(test_odd_hosts_make_items),
        TEST(test_what_was_cancelled_is_not_written_back),
        TEST(test_what_was_changed_is_written_back),
        TEST(test_an_end_that_is_over_is_a_finding),
        TEST(test_a_plan_of_another_registry_is_nobodys_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
