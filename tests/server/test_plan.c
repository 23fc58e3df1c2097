/* Data management plans taken in: judged, without their people, and kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/reason.h"
#include "tests/server/planner.h"

static Kontor__V1__ImportPlanRequest
new_request(struct desk *desk, const char *document)
{
    Kontor__V1__ImportPlanRequest request = KONTOR__V1__IMPORT_PLAN_REQUEST__INIT;
    (void)desk;
    request.id = "coast/plan-1";
    request.project = "coast/p1";
    request.document = (char *)(uintptr_t)document;
    return request;
}

static enum status
import(struct desk *desk, const struct principal *who,
       const Kontor__V1__ImportPlanRequest *request,
       Kontor__V1__ImportPlanResponse **reply, struct error *error)
{
    return desk_call(desk, who, PLANNER_CALL("ImportPlan"), request, reply, error);
}

static const char *
simple(struct desk *desk, int day)
{
    return planner_document(
        desk, day,
        planner_dataset(desk, "\"sensitive_data\":\"no\",",
                        planner_part(desk, "https://archive.example",
                                     "\"description\":\"by Given Name\",", "")));
}

/* ---- Taking in ---- */

static void
test_a_plan_is_stored_without_its_people(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__ImportPlanResponse *reply = NULL;
    assert_int_equal(planner_import(desk, simple(desk, 1), &reply, NULL), STATUS_OK);
    assert_int_equal(reply->outcome, KONTOR__V1__IMPORT_OUTCOME__CREATED);
    assert_string_equal(reply->judgement->version, "1.2");
    assert_int_equal(reply->judgement->n_accepted_by, 3);
    assert_string_equal(reply->plan->title, "redacted's plan");
    assert_string_equal(reply->plan->identifier, "10.1/x");
    assert_string_equal(reply->plan->version, "1.2");
    assert_int_equal(reply->plan->redacted_count, 5);
    const Kontor__V1__Plan *plan = harness_record(desk->h, KIND_PLAN, "coast/plan-1");
    assert_null(strstr(plan->document, "Given Name"));
    assert_null(strstr(plan->document, "given@"));
    assert_null(strstr(plan->document, "0000-0001"));
    assert_non_null(strstr(plan->document, "archive.example"));
}

static void
test_no_file_of_the_store_names_anybody(void **state)
{
    struct desk *desk = *state;
    static const char *const people[] = {"Given Name", "given@name", "0000-0001-2345"};
    assert_int_equal(planner_import(desk, simple(desk, 1), NULL, NULL), STATUS_OK);
    assert_true(planner_is_in_store(desk, "archive.example"));
    for (size_t i = 0; i < 3; i++) {
        assert_false(planner_is_in_store(desk, people[i]));
    }
    Kontor__V1__ImportPlanRequest request = new_request(desk, simple(desk, 1));
    request.keep_names = true;
    Kontor__V1__ImportPlanResponse *reply = NULL;
    assert_int_equal(import(desk, desk->portal, &request, &reply, NULL), STATUS_OK);
    assert_true(reply->plan->keeps_names);
    assert_int_equal(reply->plan->redacted_count, 0);
    for (size_t i = 0; i < 3; i++) {
        assert_true(planner_is_in_store(desk, people[i]));
    }
}

static void
test_who_only_asks_stores_nothing(void **state)
{
    struct desk *desk = *state;
    struct document document;
    Kontor__V1__ImportPlanResponse *reply = NULL;
    Kontor__V1__ImportPlanRequest request = new_request(desk, simple(desk, 1));
    request.validate_only = true;
    assert_int_equal(import(desk, desk->portal, &request, &reply, NULL), STATUS_OK);
    assert_int_equal(reply->outcome, KONTOR__V1__IMPORT_OUTCOME__CREATED);
    assert_int_equal(harness_get(desk->h, KIND_PLAN, "coast/plan-1", &document),
                     STATUS_NOT_FOUND);
}

/* ---- Refused ---- */

static const char *
reused(struct desk *desk)
{
    return planner_document(
        desk, 1,
        planner_dataset(desk, "\"sensitive_data\":\"no\",\"is_reused\":\"yes\",", ""));
}

static void
test_what_its_version_does_not_take_is_refused_with_its_place(void **state)
{
    struct desk *desk = *state;
    struct error error;
    Kontor__V1__ImportPlanRequest request = new_request(desk, reused(desk));
    request.version = "1.2";
    assert_int_equal(import(desk, desk->portal, &request, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "$.dmp.dataset[0].is_reused"));
    assert_string_equal(harness_value(&error, "version"), "1.2");
    assert_string_equal(harness_value(&error, "acceptedBy"), "1.0 and 1.1");
    request.version = "1.1";
    assert_int_equal(import(desk, desk->portal, &request, NULL, NULL), STATUS_OK);
    request.version = "1.3";
    assert_int_equal(import(desk, desk->portal, &request, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "version"));
}

static void
test_who_only_asks_is_told_all_faults(void **state)
{
    struct desk *desk = *state;
    char *datasets = arena_copy(desk->h->arena, "{}");
    Kontor__V1__ImportPlanResponse *reply = NULL;
    for (size_t i = 1; i < 30; i++) {
        datasets = arena_print(desk->h->arena, "%s,{}", datasets);
    }
    Kontor__V1__ImportPlanRequest request =
        new_request(desk, planner_document(desk, 1, datasets));
    request.validate_only = true;
    assert_int_equal(import(desk, desk->portal, &request, &reply, NULL), STATUS_OK);
    assert_int_equal(reply->outcome, KONTOR__V1__IMPORT_OUTCOME__REFUSED);
    assert_null(reply->plan);
    assert_int_equal(reply->judgement->n_faults, 120);
    assert_int_equal(reply->judgement->fault_count, 120);
    assert_string_equal(reply->judgement->faults[119]->field,
                        "$.dmp.dataset[29].sensitive_data");
}

static void
test_hostile_documents_are_refused(void **state)
{
    struct desk *desk = *state;
    char *deep = arena_alloc(desk->h->arena, 4001);
    memset(deep, '[', 2000);
    memset(deep + 2000, ']', 2000);
    const char *const documents[] = {"{", "[]", "{\"a\":1,\"a\":2}", deep,
                                     "{\"a\":\"\\u0000\"}"};
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        struct error error;
        assert_int_equal(planner_import(desk, documents[i], NULL, &error),
                         STATUS_INVALID_ARGUMENT);
        desk_expect_reason(&error, REASON_FIELDS_INVALID);
    }
}

/* What stands for people may be longer than they are. */
static void
test_what_is_too_long_without_people_is_refused(void **state)
{
    enum { MAILS = 12000 };
    struct desk *desk = *state;
    struct error error;
    char *mails = arena_alloc(desk->h->arena, MAILS * 6 + 1);
    for (size_t i = 0; i < MAILS; i++) {
        memcpy(mails + i * 6, "a@b.c ", 6);
    }
    mails[MAILS * 6] = '\0';
    const char *document =
        planner_replaced(desk, simple(desk, 1), "by Given Name", mails);
    assert_int_equal(planner_import(desk, document, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "document"));
    assert_non_null(strstr(error.message, "more than 262144 bytes without its people"));
    Kontor__V1__ImportPlanRequest request = new_request(desk, document);
    request.keep_names = true;
    assert_int_equal(import(desk, desk->portal, &request, NULL, NULL), STATUS_OK);
}

/* A time with its zone may lie behind the last one there is. */
static void
test_the_last_times_there_are_can_be_said(void **state)
{
    static const struct {
        const char *modified;
        int64_t seconds;
    } rows[] = {
        {"0001-01-01T00:00:00+23:59", 0},
        {"0001-01-01T00:00:00Z", INT64_C(-62135596800)},
        {"9999-12-31T23:59:59Z", INT64_C(253402300799)},
        {"9999-12-31T23:59:60Z", INT64_C(253402300799)},
        {"9999-12-31T23:59:59-23:59", INT64_C(253402300799)},
    };
    struct desk *desk = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Kontor__V1__ImportPlanResponse *reply = NULL;
        const char *document = planner_replaced(
            desk, simple(desk, 1), "2025-02-01T10:00:00Z", rows[i].modified);
        assert_int_equal(planner_import(desk, document, &reply, NULL), STATUS_OK);
        if (rows[i].seconds == 0) {
            assert_null(reply->plan->modified_at);
        } else {
            assert_true(reply->plan->modified_at->seconds == rows[i].seconds);
            assert_true(reply->plan->modified_at->nanos < 1000000000);
        }
    }
}

/* ---- A later state of it ---- */

static void
test_the_same_again_writes_nothing(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__ImportPlanResponse *first = NULL, *again = NULL;
    assert_int_equal(planner_import(desk, simple(desk, 1), &first, NULL), STATUS_OK);
    assert_int_equal(planner_import(desk, simple(desk, 1), &again, NULL), STATUS_OK);
    assert_int_equal(again->outcome, KONTOR__V1__IMPORT_OUTCOME__SAME);
    assert_int_equal(again->plan->revision, first->plan->revision);
    assert_int_equal(planner_import(desk, simple(desk, 2), &again, NULL), STATUS_OK);
    assert_int_equal(again->outcome, KONTOR__V1__IMPORT_OUTCOME__CHANGED);
    assert_true(again->plan->revision > first->plan->revision);
}

static void
test_an_earlier_state_or_another_plan_does_not_replace_it(void **state)
{
    struct desk *desk = *state;
    struct error error;
    assert_int_equal(planner_import(desk, simple(desk, 5), NULL, NULL), STATUS_OK);
    assert_int_equal(planner_import(desk, simple(desk, 4), NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "$.dmp.modified"));
    char *other = arena_copy(desk->h->arena, simple(desk, 6));
    memcpy(strstr(other, "10.1/x"), "10.2/x", 6);
    assert_int_equal(planner_import(desk, other, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "$.dmp.dmp_id.identifier"));
    Kontor__V1__ImportPlanRequest request = new_request(desk, simple(desk, 6));
    request.project = "coast/p2";
    assert_int_equal(import(desk, desk->portal, &request, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "project"));
    request.project = "";
    request.expected_revision = 1;
    assert_int_equal(import(desk, desk->portal, &request, NULL, &error),
                     STATUS_ABORTED);
    desk_expect_reason(&error, REASON_REVISION_MISMATCH);
    request.expected_revision = 0;
    assert_int_equal(import(desk, desk->portal, &request, NULL, NULL), STATUS_OK);
}

/* A plan may be called after somebody: it is the same one with people and without. */
static void
test_a_plan_called_after_somebody_is_brought_again(void **state)
{
    struct desk *desk = *state;
    struct arena *arena = desk->h->arena;
    const char *const ids[] = {
        "https://orcid.org/0000-0001-2345-6789", "given@name.example",
        "other@name.example", "Given Name, 2026",
        /* Longer than what is shown of it, which ends between characters. */
        arena_print(arena, "%01023d\u00e9", 7)};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        Kontor__V1__ImportPlanResponse *reply = NULL;
        struct error error;
        const char *documents[3];
        for (int day = 1; day <= 2; day++) {
            documents[day] =
                planner_replaced(desk, simple(desk, day), "10.1/x", ids[i]);
        }
        Kontor__V1__ImportPlanRequest request = new_request(desk, documents[1]);
        request.id = arena_print(arena, "coast/after-%zu", i);
        for (int step = 0; step < 6; step++) {
            /* Without, the same, later; with, the same, without again. */
            static const int days[] = {1, 1, 2, 2, 2, 2};
            static const bool is_same[] = {false, true, false, false, true, false};
            request.document = (char *)(uintptr_t)documents[days[step]];
            request.keep_names = step == 3 || step == 4;
            assert_int_equal(import(desk, desk->portal, &request, &reply, NULL),
                             STATUS_OK);
            assert_int_equal(reply->outcome == KONTOR__V1__IMPORT_OUTCOME__SAME,
                             is_same[step]);
        }
        request.document = (char *)(uintptr_t)simple(desk, 3);
        assert_int_equal(import(desk, desk->portal, &request, NULL, &error),
                         STATUS_INVALID_ARGUMENT);
        assert_true(harness_has_fault(&error, "$.dmp.dmp_id.identifier"));
    }
}

/* ---- Whose it is ---- */

static void
test_a_plan_needs_a_project_of_its_registry(void **state)
{
    struct desk *desk = *state;
    struct error error;
    Kontor__V1__ImportPlanRequest request = new_request(desk, simple(desk, 1));
    request.project = "";
    assert_int_equal(import(desk, desk->portal, &request, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "project"));
    request.project = "coast/none";
    assert_int_equal(import(desk, desk->portal, &request, NULL, NULL),
                     STATUS_NOT_FOUND);
    request.project = "coast/p1";
    request.id = "alpine/plan";
    assert_int_equal(import(desk, desk->portal, &request, NULL, &error),
                     STATUS_PERMISSION_DENIED);
    desk_expect_reason(&error, REASON_OTHER_REGISTRY);
}

static enum status
get(struct desk *desk, const struct principal *who)
{
    Kontor__V1__GetPlanRequest request = KONTOR__V1__GET_PLAN_REQUEST__INIT;
    request.id = "coast/plan-1";
    return desk_call(desk, who, PLANNER_CALL("GetPlan"), &request, NULL, NULL);
}

static size_t
count(struct desk *desk, const struct principal *who, const char *project)
{
    Kontor__V1__ListPlansRequest request = KONTOR__V1__LIST_PLANS_REQUEST__INIT;
    Kontor__V1__ListPlansResponse *reply = NULL;
    request.project = (char *)(uintptr_t)project;
    assert_int_equal(
        desk_call(desk, who, PLANNER_CALL("ListPlans"), &request, &reply, NULL),
        STATUS_OK);
    return reply->n_plans;
}

static void
test_a_plan_is_its_projects_to_read(void **state)
{
    struct desk *desk = *state;
    struct error error;
    assert_int_equal(planner_import(desk, simple(desk, 1), NULL, NULL), STATUS_OK);
    assert_int_equal(get(desk, desk->portal), STATUS_OK);
    assert_int_equal(get(desk, desk->approver), STATUS_OK);
    assert_int_equal(get(desk, desk->portal_p2), STATUS_NOT_FOUND);
    assert_int_equal(get(desk, desk->admin), STATUS_NOT_FOUND);
    assert_int_equal(get(desk, desk->stranger), STATUS_NOT_FOUND);
    assert_int_equal(get(desk, desk->agent), STATUS_PERMISSION_DENIED);
    assert_int_equal(count(desk, desk->portal, ""), 1);
    assert_int_equal(count(desk, desk->portal, "coast/p1"), 1);
    assert_int_equal(count(desk, desk->portal, "coast/p2"), 0);
    assert_int_equal(count(desk, desk->portal_p2, ""), 0);
    assert_int_equal(count(desk, desk->stranger, ""), 0);
    /* Its id is taken, whoever asks; what is behind it is not told. */
    Kontor__V1__ImportPlanRequest request = new_request(desk, simple(desk, 1));
    request.project = "coast/p2";
    assert_int_equal(import(desk, desk->portal_p2, &request, NULL, &error),
                     STATUS_ALREADY_EXISTS);
}

/* An order may be for a plan that is there, and for no other. */
static void
test_an_order_names_a_plan_its_project_has(void **state)
{
    struct desk *desk = *state;
    struct error error;
    Kontor__V1__PlaceOrderRequest *order = desk_new(desk, "coast/o-1");
    desk_add(desk, order, "vm", OFFER_OPEN);
    order->plan = "coast/plan-1";
    assert_int_equal(
        desk_call(desk, desk->portal, DESK_ORDER("PlaceOrder"), order, NULL, &error),
        STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "plan"));
    assert_int_equal(planner_import(desk, simple(desk, 1), NULL, NULL), STATUS_OK);
    desk_place(desk, order);
    assert_string_equal(desk_order(desk, "coast/o-1")->plan, "coast/plan-1");
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, planner_setup, desk_teardown)
        TEST(test_a_plan_is_stored_without_its_people),
        TEST(test_no_file_of_the_store_names_anybody),
        TEST(test_who_only_asks_stores_nothing),
        TEST(test_what_its_version_does_not_take_is_refused_with_its_place),
        TEST(test_who_only_asks_is_told_all_faults),
        TEST(test_hostile_documents_are_refused),
        TEST(test_what_is_too_long_without_people_is_refused),
        TEST(test_the_last_times_there_are_can_be_said),
        TEST(test_the_same_again_writes_nothing),
        TEST(test_an_earlier_state_or_another_plan_does_not_replace_it),
        TEST(test_a_plan_called_after_somebody_is_brought_again),
        TEST(test_a_plan_needs_a_project_of_its_registry),
        TEST(test_a_plan_is_its_projects_to_read),
        TEST(test_an_order_names_a_plan_its_project_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
