/* The generic handlers of records, tried on providers and services. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/shelf.h"

static Kontor__V1__Service *
make_service(struct shelf *stage, const char *id)
{
    return shelf_created(stage, shelf_plain(stage, id));
}

/* One that needs nothing yet. */
static Kontor__V1__Service *
make_draft(struct shelf *stage, const char *id)
{
    Kontor__V1__Service *service = shelf_plain(stage, id);
    service->phase = KONTOR__V1__PHASE__FORTHCOMING;
    return shelf_created(stage, service);
}

/* A service with only its id, to name what an update sets. */
static Kontor__V1__Service *
blank(struct shelf *stage, const char *id)
{
    Kontor__V1__Service *service = arena_alloc(stage->h->arena, sizeof(*service));
    kontor__v1__service__init(service);
    service->id = arena_copy(stage->h->arena, id);
    return service;
}

/* ---- Create ---- */

static void
test_create_answers_the_record_with_its_envelope(void **state)
{
    struct shelf *stage = *state;
    Kontor__V1__Provider *given = shelf_provider(stage->h, "coast/new");
    Kontor__V1__Provider *reply = NULL;
    given->revision = 77;
    given->created_at = NULL;
    assert_int_equal(shelf_create_provider(stage->h, stage->admin, given, &reply, NULL),
                     STATUS_OK);
    assert_string_equal(reply->id, "coast/new");
    assert_string_equal(reply->name, given->name);
    assert_int_equal(reply->revision, stage->h->last_seq);
    assert_int_equal(reply->created_at->seconds, HARNESS_NOW_MS / 1000);
    assert_int_equal(reply->updated_at->seconds, HARNESS_NOW_MS / 1000);
}

static void
test_create_refuses_an_id_that_is_there(void **state)
{
    struct shelf *stage = *state;
    struct error error;
    int64_t before;
    make_service(stage, "coast/a");
    before = shelf_applied(stage->h);
    assert_int_equal(shelf_create_service(
                         stage->h, stage->admin,
                         shelf_service(stage->h, "coast/a", "coast/hpc"), NULL, &error),
                     STATUS_ALREADY_EXISTS);
    assert_int_equal(error.reason, REASON_ALREADY_EXISTS);
    assert_int_equal(shelf_applied(stage->h), before);
}

static void
test_create_refuses_another_registry(void **state)
{
    struct shelf *stage = *state;
    struct error error;
    assert_int_equal(shelf_create_provider(stage->h, stage->stranger,
                                           shelf_provider(stage->h, "coast/x"), NULL,
                                           &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(error.reason, REASON_OTHER_REGISTRY);
    assert_string_equal(harness_value(&error, "registry"), "coast");
}

static void
test_create_refuses_ids_out_of_form(void **state)
{
    static const char *const ids[] = {"",          "coast",     "coast/",   "/x",
                                      "coast/a/b", "coast/.a",  "coast/a.", "Coast/a",
                                      "coast/ä",   "coast/a b", "coast//a"};
    struct shelf *stage = *state;
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        struct error error;
        assert_int_equal(shelf_create_provider(stage->h, stage->admin,
                                               shelf_provider(stage->h, ids[i]), NULL,
                                               &error),
                         STATUS_INVALID_ARGUMENT);
        assert_true(harness_has_fault(&error, "provider.id"));
    }
}

static void
test_create_refuses_a_request_without_record(void **state)
{
    struct shelf *stage = *state;
    struct error error;
    assert_int_equal(shelf_create_provider(stage->h, stage->admin, NULL, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "provider"));
}

static void
test_validate_only_judges_and_stores_nothing(void **state)
{
    struct shelf *stage = *state;
    Kontor__V1__CreateProviderRequest request =
        KONTOR__V1__CREATE_PROVIDER_REQUEST__INIT;
    struct document document;
    request.provider = shelf_provider(stage->h, "coast/new");
    request.validate_only = true;
    assert_int_equal(harness_call(stage->h, stage->admin, SHELF_CALL("CreateProvider"),
                                  &request, NULL, NULL),
                     STATUS_OK);
    assert_int_equal(harness_get(stage->h, KIND_PROVIDER, "coast/new", &document),
                     STATUS_NOT_FOUND);
}

static void
test_a_repeated_request_is_answered_again(void **state)
{
    struct shelf *stage = *state;
    Kontor__V1__CreateProviderRequest request =
        KONTOR__V1__CREATE_PROVIDER_REQUEST__INIT;
    Kontor__V1__Provider *first = NULL;
    Kontor__V1__Provider *second = NULL;
    request.provider = shelf_provider(stage->h, "coast/new");
    request.request_id = "11111111-2222-4333-8444-555555555555";
    assert_int_equal(harness_call(stage->h, stage->admin, SHELF_CALL("CreateProvider"),
                                  &request, (void **)&first, NULL),
                     STATUS_OK);
    assert_int_equal(harness_call(stage->h, stage->admin, SHELF_CALL("CreateProvider"),
                                  &request, (void **)&second, NULL),
                     STATUS_OK);
    assert_int_equal(first->revision, second->revision);
}

static void
test_unknown_fields_of_a_caller_are_not_stored(void **state)
{
    struct shelf *stage = *state;
    Kontor__V1__Provider *given = shelf_provider(stage->h, "coast/new");
    ProtobufCMessageUnknownField field = {
        .tag = 900,
        .wire_type = PROTOBUF_C_WIRE_TYPE_VARINT,
        .len = 1,
        .data = (uint8_t[]){7},
    };
    Kontor__V1__Provider *stored;
    given->base.n_unknown_fields = 1;
    given->base.unknown_fields = &field;
    assert_int_equal(shelf_create_provider(stage->h, stage->admin, given, NULL, NULL),
                     STATUS_OK);
    stored = harness_record(stage->h, KIND_PROVIDER, "coast/new");
    assert_int_equal(stored->base.n_unknown_fields, 0);
}

/* ---- Get ---- */

static void
test_get_hides_internal_fields_from_others(void **state)
{
    struct shelf *stage = *state;
    Kontor__V1__Service *reply = NULL;
    make_service(stage, "coast/a");
    assert_int_equal(
        shelf_get_service(stage->h, stage->stranger, "coast/a", &reply, NULL),
        STATUS_OK);
    assert_null(reply->main_contact);
    assert_string_equal(reply->security_contact_email, "");
    assert_string_equal(reply->id, "coast/a");
    assert_int_equal(
        shelf_get_service(stage->h, stage->operator_, "coast/a", &reply, NULL),
        STATUS_OK);
    assert_string_equal(reply->main_contact->email, "desk@example.org");
    assert_string_equal(reply->security_contact_email, "security@example.org");
}

static void
test_get_says_the_same_of_unknown_and_invisible(void **state)
{
    struct shelf *stage = *state;
    Kontor__V1__Service *service;
    struct error unknown, invisible;
    make_service(stage, "coast/seen");
    service = shelf_service(stage->h, "coast/hidden", "coast/hpc");
    service->phase = KONTOR__V1__PHASE__FORTHCOMING;
    assert_int_equal(shelf_create_service(stage->h, stage->admin, service, NULL, NULL),
                     STATUS_OK);
    assert_int_equal(
        shelf_get_service(stage->h, stage->stranger, "coast/none", NULL, &unknown),
        STATUS_NOT_FOUND);
    assert_int_equal(
        shelf_get_service(stage->h, stage->stranger, "coast/hidden", NULL, &invisible),
        STATUS_NOT_FOUND);
    assert_int_equal(unknown.reason, invisible.reason);
    assert_int_equal(strlen(unknown.message) + 2, strlen(invisible.message));
}

static void
test_get_as_of_shows_the_version_of_then(void **state)
{
    struct shelf *stage = *state;
    Kontor__V1__Service *first = make_service(stage, "coast/a");
    Kontor__V1__Service *update = blank(stage, "coast/a");
    Kontor__V1__GetServiceRequest request = KONTOR__V1__GET_SERVICE_REQUEST__INIT;
    Kontor__V1__AsOf as_of = KONTOR__V1__AS_OF__INIT;
    Kontor__V1__Service *reply = NULL;
    update->name = "Renamed";
    assert_int_equal(
        shelf_update_service(stage->h, stage->admin, update, NULL, &reply, NULL),
        STATUS_OK);
    assert_string_equal(reply->name, "Renamed");
    as_of.point_case = KONTOR__V1__AS_OF__POINT_SEQ;
    as_of.seq = first->revision;
    request.id = "coast/a";
    request.as_of = &as_of;
    assert_int_equal(harness_call(stage->h, stage->stranger, SHELF_CALL("GetService"),
                                  &request, (void **)&reply, NULL),
                     STATUS_OK);
    assert_string_equal(reply->name, "Service coast/a");
    assert_int_equal(reply->revision, first->revision);
    as_of.seq = 1000000;
    assert_int_equal(harness_call(stage->h, stage->stranger, SHELF_CALL("GetService"),
                                  &request, NULL, NULL),
                     STATUS_OUT_OF_RANGE);
}

/* ---- Update ---- */

static void
test_update_without_mask_sets_what_is_set(void **state)
{
    struct shelf *stage = *state;
    Kontor__V1__Service *first = make_service(stage, "coast/a");
    Kontor__V1__Service *update = blank(stage, "coast/a");
    Kontor__V1__Service *reply = NULL;
    update->tagline = "Fast";
    assert_int_equal(
        shelf_update_service(stage->h, stage->admin, update, NULL, &reply, NULL),
        STATUS_OK);
    assert_string_equal(reply->tagline, "Fast");
    assert_string_equal(reply->name, first->name);
    assert_non_null(reply->main_contact);
    assert_true(reply->revision > first->revision);
    assert_int_equal(reply->created_at->seconds, first->created_at->seconds);
}

static void
test_update_with_mask_also_clears(void **state)
{
    struct shelf *stage = *state;
    Kontor__V1__Service *update = blank(stage, "coast/a");
    Kontor__V1__Service *reply = NULL;
    make_draft(stage, "coast/a");
    update->tagline = "Fast";
    update->description = "Not in the mask";
    assert_int_equal(
        shelf_update_service(stage->h, stage->admin, update,
                             shelf_mask(stage->h, "tagline", "main_contact", NULL),
                             &reply, NULL),
        STATUS_OK);
    assert_string_equal(reply->tagline, "Fast");
    assert_string_equal(reply->description, "");
    assert_null(reply->main_contact);
}

static void
test_update_with_a_star_replaces_everything(void **state)
{
    struct shelf *stage = *state;
    Kontor__V1__Service *update = shelf_service(stage->h, "coast/a", "coast/hpc");
    Kontor__V1__Service *reply = NULL;
    Kontor__V1__Service *first = make_draft(stage, "coast/a");
    update->phase = first->phase;
    update->main_contact = NULL;
    update->tagline = "Fast";
    assert_int_equal(shelf_update_service(stage->h, stage->admin, update,
                                          shelf_mask(stage->h, "*", NULL), &reply,
                                          NULL),
                     STATUS_OK);
    assert_null(reply->main_contact);
    assert_string_equal(reply->tagline, "Fast");
    assert_int_equal(reply->created_at->seconds, first->created_at->seconds);
}

static void
test_update_refuses_masks_it_cannot_follow(void **state)
{
    static const char *const paths[] = {"nonsense", "main_contact.email", "revision",
                                        "id",       "created_at",         ""};
    struct shelf *stage = *state;
    int64_t before;
    make_service(stage, "coast/a");
    before = shelf_applied(stage->h);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct error error;
        assert_int_equal(
            shelf_update_service(stage->h, stage->admin, blank(stage, "coast/a"),
                                 shelf_mask(stage->h, "name", paths[i], NULL), NULL,
                                 &error),
            STATUS_INVALID_ARGUMENT);
        assert_true(harness_has_fault(&error, "update_mask"));
    }
    assert_int_equal(shelf_applied(stage->h), before);
}

static void
test_update_refuses_to_clear_what_is_required(void **state)
{
    struct shelf *stage = *state;
    struct error error;
    make_service(stage, "coast/a");
    assert_int_equal(
        shelf_update_service(stage->h, stage->admin, blank(stage, "coast/a"),
                             shelf_mask(stage->h, "name", NULL), NULL, &error),
        STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "service.name"));
}

static void
test_update_of_a_missing_record_needs_allow_missing(void **state)
{
    struct shelf *stage = *state;
    Kontor__V1__UpdateServiceRequest request = KONTOR__V1__UPDATE_SERVICE_REQUEST__INIT;
    Kontor__V1__Service *reply = NULL;
    struct error error;
    make_service(stage, "coast/other");
    request.service = shelf_service(stage->h, "coast/a", "coast/hpc");
    request.service->phase = KONTOR__V1__PHASE__FORTHCOMING;
    assert_int_equal(harness_call(stage->h, stage->admin, SHELF_CALL("UpdateService"),
                                  &request, NULL, &error),
                     STATUS_NOT_FOUND);
    request.allow_missing = true;
    request.expected_revision = 5;
    assert_int_equal(harness_call(stage->h, stage->admin, SHELF_CALL("UpdateService"),
                                  &request, NULL, &error),
                     STATUS_ABORTED);
    request.expected_revision = 0;
    assert_int_equal(harness_call(stage->h, stage->admin, SHELF_CALL("UpdateService"),
                                  &request, (void **)&reply, &error),
                     STATUS_OK);
    assert_string_equal(reply->name, "Service coast/a");
    assert_int_equal(harness_call(stage->h, stage->admin, SHELF_CALL("UpdateService"),
                                  &request, (void **)&reply, &error),
                     STATUS_OK);
}

static void
test_update_refuses_a_stale_revision(void **state)
{
    struct shelf *stage = *state;
    Kontor__V1__Service *first = make_service(stage, "coast/a");
    Kontor__V1__UpdateServiceRequest request = KONTOR__V1__UPDATE_SERVICE_REQUEST__INIT;
    struct error error;
    request.service = blank(stage, "coast/a");
    request.service->tagline = "One";
    request.expected_revision = first->revision;
    assert_int_equal(harness_call(stage->h, stage->admin, SHELF_CALL("UpdateService"),
                                  &request, NULL, &error),
                     STATUS_OK);
    request.service->tagline = "Two";
    assert_int_equal(harness_call(stage->h, stage->admin, SHELF_CALL("UpdateService"),
                                  &request, NULL, &error),
                     STATUS_ABORTED);
    assert_int_equal(error.reason, REASON_REVISION_MISMATCH);
    assert_string_equal(
        harness_value(&error, "current"),
        arena_print(stage->h->arena, "%lld", (long long)first->revision + 1));
}

static void
test_update_that_changes_nothing_writes_nothing(void **state)
{
    struct shelf *stage = *state;
    Kontor__V1__Service *first = make_service(stage, "coast/a");
    Kontor__V1__Service *reply = NULL;
    int64_t before = shelf_applied(stage->h);
    assert_int_equal(
        shelf_update_service(stage->h, stage->admin,
                             shelf_service(stage->h, "coast/a", "coast/hpc"), NULL,
                             &reply, NULL),
        STATUS_OK);
    assert_int_equal(reply->revision, first->revision);
    assert_string_equal(reply->name, first->name);
    assert_int_equal(shelf_applied(stage->h), before);
}

static void
test_update_needs_an_owner_not_a_reader(void **state)
{
    struct shelf *stage = *state;
    struct error error;
    const struct principal *neighbour = harness_principal(
        stage->h, "coast/nb", ROLE_BIT(OPERATOR), "p:coast/other", NULL);
    Kontor__V1__Service *update = blank(stage, "coast/a");
    make_service(stage, "coast/a");
    update->tagline = "Mine now";
    assert_int_equal(
        shelf_update_service(stage->h, neighbour, update, NULL, NULL, &error),
        STATUS_PERMISSION_DENIED);
    assert_int_equal(error.reason, REASON_NOT_OWNER);
    assert_int_equal(
        shelf_update_service(stage->h, stage->stranger, update, NULL, NULL, &error),
        STATUS_PERMISSION_DENIED);
    assert_int_equal(error.reason, REASON_OTHER_REGISTRY);
    assert_int_equal(
        shelf_update_service(stage->h, stage->operator_, update, NULL, NULL, &error),
        STATUS_OK);
}

static void
test_update_keeps_fields_it_does_not_know(void **state)
{
    struct shelf *stage = *state;
    ProtobufCMessageUnknownField field = {
        .tag = 900,
        .wire_type = PROTOBUF_C_WIRE_TYPE_VARINT,
        .len = 1,
        .data = (uint8_t[]){7},
    };
    Kontor__V1__Service *seeded = shelf_service(stage->h, "coast/a", "coast/hpc");
    Kontor__V1__Service *update = blank(stage, "coast/a");
    Kontor__V1__Service *stored;
    make_service(stage, "coast/b");
    seeded->base.n_unknown_fields = 1;
    seeded->base.unknown_fields = &field;
    harness_seed(stage->h, KIND_SERVICE, "coast/a", &seeded->base, "=r:coast",
                 "=p:coast/hpc", "~*", NULL);
    update->tagline = "Fast";
    assert_int_equal(
        shelf_update_service(stage->h, stage->admin, update, NULL, NULL, NULL),
        STATUS_OK);
    stored = harness_record(stage->h, KIND_SERVICE, "coast/a");
    assert_int_equal(stored->base.n_unknown_fields, 1);
    assert_string_equal(stored->tagline, "Fast");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, shelf_setup, shelf_teardown)
    const struct CMUnitTest tests[] = {
        T(test_create_answers_the_record_with_its_envelope),
        T(test_create_refuses_an_id_that_is_there),
        T(test_create_refuses_another_registry),
        T(test_create_refuses_ids_out_of_form),
        T(test_create_refuses_a_request_without_record),
        T(test_validate_only_judges_and_stores_nothing),
        T(test_a_repeated_request_is_answered_again),
        T(test_unknown_fields_of_a_caller_are_not_stored),
        T(test_get_hides_internal_fields_from_others),
        T(test_get_says_the_same_of_unknown_and_invisible),
        T(test_get_as_of_shows_the_version_of_then),
        T(test_update_without_mask_sets_what_is_set),
        T(test_update_with_mask_also_clears),
        T(test_update_with_a_star_replaces_everything),
        T(test_update_refuses_masks_it_cannot_follow),
        T(test_update_refuses_to_clear_what_is_required),
        T(test_update_of_a_missing_record_needs_allow_missing),
        T(test_update_refuses_a_stale_revision),
        T(test_update_that_changes_nothing_writes_nothing),
        T(test_update_needs_an_owner_not_a_reader),
        T(test_update_keeps_fields_it_does_not_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
