/* A plan that names its people wherever a plan has a text: no answer, no error and no
 * file of the store does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "plan/madmp_table.h"
#include "proto/wire.h"
#include "tests/server/planner.h"

/* Of each a part that is left when it is only half replaced. */
static const char *const people[] = {
    "given",        "name.example",  "other.example", "0000-0001", "2345-6789",
    "2345-678x",    "0000000123456", "Zo\xc3\xab",    "zoe",       "n\xc3\xa4me",
    "na\xcc\x88me", "staff-77",      "staff 77",      "%C3%AB"};
enum { PEOPLE = sizeof people / sizeof people[0] };

/* Every spelling of the plan's people. */
static const char anybody[] =
    "by Given Name, GIVEN NAME; Name, Given (G. Name, given_name); Zo\xc3\xab "
    "N\xc3\xa4me "
    "and ZOE\xcc\x88 NA\xcc\x88ME, given@name.example/o@other.example, "
    "Given@NAME.example. 0000-0001-2345-6789 0000-0001-2345-678x 0000000123456789 "
    "STAFF-77, staff 77 https://archive.example/o@other.example/Zo%C3%AB_N%C3%A4me";
static const char address[] =
    "https://archive.example/given@name.example/Given%20Name/"
    "0000-0001-2345-6789/Zo%C3%AB-N%C3%A4me/o%40other.example";

/* ---- The plan ---- */

static const char *write_object(struct desk *desk, const struct madmp_field *fields,
                                unsigned in);

/* What describes somebody describes one of two people. */
static const char *
write_text(struct desk *desk, const struct madmp_field *field)
{
    switch (field->form) {
    case FORM_DATE:
        return "\"2031-01-31\"";
    case FORM_DATE_TIME:
        return "\"2025-01-01T10:00:00Z\"";
    case FORM_EMAIL:
        return "\"given@name.example\"";
    case FORM_URI:
    case FORM_VERSIONED_URI:
        return arena_print(desk->h->arena, "\"%s\"", address);
    case FORM_ANY:
        break;
    }
    return field->closed == 0 || field->values == NULL
               ? arena_print(desk->h->arena, "\"%s\"", anybody)
               : arena_print(desk->h->arena, "\"%.*s\"",
                             (int)strcspn(field->values + 1, " "), field->values + 1);
}

static const char *
write_value(struct desk *desk, const struct madmp_field *field, unsigned in)
{
    if (strcmp(field->name, "contributor") == 0) {
        return "{\"name\":\"Zo\xc3\xab N\xc3\xa4me\",\"role\":[\"led by Given Name\"],"
               "\"contributor_id\":{\"identifier\":\"staff-77\",\"type\":\"other\"},"
               "\"phone\":\"o@other.example\"}";
    }
    if (strcmp(field->name, "contact") == 0) {
        return "{\"name\":\"Given "
               "Name\",\"mbox\":\"given@name.example\",\"contact_id\":"
               "{\"identifier\":\"0000-0001-2345-6789\",\"type\":\"orcid\"}}";
    }
    if (strcmp(field->name, "creator") == 0) {
        return "{\"name\":\"Dr. Zo\xc3\xab "
               "N\xc3\xa4me\",\"creator_id\":[{\"identifier\":"
               "\"https://orcid.org/0000-0001-2345-678X\",\"type\":\"orcid\"}]}";
    }
    switch (field->type) {
    case JSON_TYPE_OBJECT:
        return write_object(desk, field->members, in);
    case JSON_TYPE_TEXT:
        return write_text(desk, field);
    case JSON_TYPE_BOOLEAN:
        return "false";
    default:
        return "7";
    }
}

/* All a version knows, and members that it does not, called after people. */
static const char *
write_object(struct desk *desk, const struct madmp_field *fields, unsigned in)
{
    struct arena *arena = desk->h->arena;
    const char *text = "";
    for (const struct madmp_field *field = fields; field->name != NULL; field++) {
        bool is_list = (field->lists & in) != 0;
        if ((field->versions & in) != 0) {
            text = arena_print(arena, is_list ? "%s\"%s\":[%s]," : "%s\"%s\":%s,", text,
                               field->name, write_value(desk, field, in));
        }
    }
    return fields == madmp_document
               ? arena_print(arena, "{%.*s}", (int)strlen(text) - 1, text)
               : arena_print(arena,
                             "{%s\"x\":\"%s\",\"Given Name\":[{\"o@other.example\":"
                             "\"%s\"}],\"given_name\":1}",
                             text, anybody, anybody);
}

/* ---- What is heard of it ---- */

static void
expect(struct bytes bytes, bool is_named)
{
    for (size_t i = 0; i < PEOPLE; i++) {
        if (planner_holds(bytes, people[i]) != is_named) {
            fail_msg("%s: %.*s", people[i], (int)bytes.size, (const char *)bytes.data);
        }
    }
}

static void *
ask(struct desk *desk, const char *path, const void *request)
{
    ProtobufCMessage *reply = NULL;
    struct error error = {0};
    if (desk_call(desk, desk->portal, path, request, &reply, &error) != STATUS_OK) {
        fail_msg("%s: %s", path, error.message);
    }
    expect(wire_pack(reply, desk->h->arena), false);
    return reply;
}

static Kontor__V1__ImportPlanRequest
new_request(const char *document, const char *version)
{
    Kontor__V1__ImportPlanRequest request = KONTOR__V1__IMPORT_PLAN_REQUEST__INIT;
    request.id = "coast/plan-1";
    request.project = "coast/p1";
    request.document = (char *)(uintptr_t)document;
    request.version = (char *)(uintptr_t)version;
    return request;
}

static const char *
write_plan(struct desk *desk, enum madmp_version version)
{
    return write_object(desk, madmp_document, 1U << version);
}

static void
deliver(struct desk *desk, Kontor__V1__PlaceOrderRequest *order)
{
    Kontor__V1__CompleteRequest request = KONTOR__V1__COMPLETE_REQUEST__INIT;
    planner_answer(desk, order);
    desk_place(desk, order);
    const char *session = desk_session(desk, desk->agent, 1, PLANNER_OFFER, NULL);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    request.item = job->item;
    request.fence = job->fence;
    request.delivery = planner_message(
        desk, &kontor__v1__delivery__descriptor,
        "{\"backend_id\":\"b-1\",\"outputs\":[{\"id\":\"access_url\",\"value\":{"
        "\"text\":"
        "\"https://archive.example/set/1\"}},{\"id\":\"doi\",\"value\":{\"text\":"
        "\"10.5281/zenodo.1\"}}]}");
    assert_int_equal(
        desk_call(desk, desk->agent, DESK_AGENT("Complete"), &request, NULL, NULL),
        STATUS_OK);
}

/* ---- Whoever asks ---- */

static void
test_a_plan_goes_its_way_without_its_people(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__GetPlanRequest get = KONTOR__V1__GET_PLAN_REQUEST__INIT;
    Kontor__V1__ListPlansRequest list = KONTOR__V1__LIST_PLANS_REQUEST__INIT;
    Kontor__V1__ProposeOrderRequest propose = KONTOR__V1__PROPOSE_ORDER_REQUEST__INIT;
    Kontor__V1__WriteBackPlanRequest back = KONTOR__V1__WRITE_BACK_PLAN_REQUEST__INIT;
    get.id = propose.id = back.id = "coast/plan-1";
    for (int i = 0; i < MADMP_VERSIONS; i++) {
        Kontor__V1__ImportPlanRequest import =
            new_request(write_plan(desk, (enum madmp_version)i),
                        madmp_version_name((enum madmp_version)i));
        expect(
            (struct bytes){(const uint8_t *)import.document, strlen(import.document)},
            true);
        import.validate_only = true;
        ask(desk, PLANNER_CALL("ImportPlan"), &import);
        import.validate_only = false;
        Kontor__V1__ImportPlanResponse *reply =
            ask(desk, PLANNER_CALL("ImportPlan"), &import);
        assert_int_equal(reply->judgement->fault_count, 0);
        assert_string_equal(reply->judgement->version, import.version);
        reply = ask(desk, PLANNER_CALL("ImportPlan"), &import);
        assert_int_equal(reply->outcome, KONTOR__V1__IMPORT_OUTCOME__SAME);
    }
    Kontor__V1__ProposeOrderResponse *proposal =
        ask(desk, PLANNER_CALL("ProposeOrder"), &propose);
    assert_int_equal(proposal->order->n_items, 1);
    deliver(desk, proposal->order);
    Kontor__V1__WriteBackPlanResponse *patch =
        ask(desk, PLANNER_CALL("WriteBackPlan"), &back);
    assert_non_null(strstr(patch->patch, "https://archive.example/set/1"));
    ask(desk, PLANNER_CALL("GetPlan"), &get);
    ask(desk, PLANNER_CALL("ListPlans"), &list);
    assert_true(planner_is_in_store(desk, "archive.example"));
    for (size_t i = 0; i < PEOPLE; i++) {
        assert_false(planner_is_in_store(desk, people[i]));
    }
}

/* What is refused is told, and logged, and kept nowhere. */
static void
test_what_is_refused_names_nobody(void **state)
{
    struct desk *desk = *state;
    struct arena *arena = desk->h->arena;
    const char *good = write_plan(desk, MADMP_1_2);
    const char *const documents[] = {
        planner_replaced(desk, good, "\"language\":\"aar\"",
                         arena_print(arena, "\"language\":\"%s\"", anybody)),
        planner_replaced(desk, good, "\"created\":\"2025-01-01T10:00:00Z\"",
                         arena_print(arena, "\"created\":\"%s\"", anybody)),
        planner_replaced(desk, good, "\"title\":\"by", "\"title\":[\"by\"],\"y\":\"by"),
        planner_replaced(desk, good, "\"title\":", "\"Given Name\" \"title\":"),
        planner_replaced(desk, good, "\"title\":", "\"given_name\":1,\"title\":"),
        planner_replaced(desk, good, "{\"dmp\":", "{\"Given Name\":1,\"dmp\":"),
    };
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        struct error error;
        Kontor__V1__ImportPlanRequest import =
            new_request(documents[i], i == 5 ? "1.1" : "1.2");
        assert_int_equal(desk_call(desk, desk->portal, PLANNER_CALL("ImportPlan"),
                                   &import, NULL, &error),
                         STATUS_INVALID_ARGUMENT);
        expect(error_details(&error, arena), false);
        expect((struct bytes){(const uint8_t *)error.message, strlen(error.message)},
               false);
        import.validate_only = true;
        ProtobufCMessage *reply = NULL;
        /* Of what is no JSON there is no judgement. */
        if (desk_call(desk, desk->portal, PLANNER_CALL("ImportPlan"), &import, &reply,
                      NULL) == STATUS_OK) {
            expect(wire_pack(reply, arena), false);
        }
    }
    for (size_t i = 0; i < PEOPLE; i++) {
        assert_false(planner_is_in_store(desk, people[i]));
    }
}

static void
test_people_stay_where_they_are_to_stay(void **state)
{
    struct desk *desk = *state;
    ProtobufCMessage *reply = NULL;
    Kontor__V1__ImportPlanRequest import =
        new_request(write_plan(desk, MADMP_1_2), "1.2");
    import.keep_names = true;
    assert_int_equal(desk_call(desk, desk->portal, PLANNER_CALL("ImportPlan"), &import,
                               &reply, NULL),
                     STATUS_OK);
    expect(wire_pack(reply, desk->h->arena), true);
    for (size_t i = 0; i < PEOPLE; i++) {
        assert_true(planner_is_in_store(desk, people[i]));
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, planner_setup, desk_teardown)
        TEST(test_a_plan_goes_its_way_without_its_people),
        TEST(test_what_is_refused_names_nobody),
        TEST(test_people_stay_where_they_are_to_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
