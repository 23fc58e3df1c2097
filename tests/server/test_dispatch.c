/* The life of a call without gRPC: answers, refusals, repetition, the broker's own. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "kontor/v1/catalogue_service.pb-c.h"
#include "proto/wire.h"
#include "tests/server/harness.h"
#include "tests/server/toy.h"
#include "tests/server/toy_call.h"

static void
test_a_mutation_answers_with_the_record_and_its_position(void **state)
{
    (void)state;
    Kontor__V1__Provider *reply;
    assert_int_equal(toy_put("coast/a", "One", "", &reply, NULL), STATUS_OK);
    assert_string_equal(reply->name, "One");
    assert_int_equal(reply->revision, toy_harness->last_seq);
    assert_int_equal(reply->created_at->seconds, HARNESS_NOW_MS / 1000);
    harness_advance(toy_harness, 5000);
    assert_int_equal(toy_put("coast/a", "Two", "", &reply, NULL), STATUS_OK);
    assert_int_equal(reply->created_at->seconds, HARNESS_NOW_MS / 1000);
    assert_int_equal(reply->updated_at->seconds, HARNESS_NOW_MS / 1000 + 5);
}

static void
test_a_raw_answer_is_the_record_with_its_envelope(void **state)
{
    (void)state;
    Kontor__V1__Provider *stored;
    Kontor__V1__Provider *read;
    assert_int_equal(toy_put("coast/a", "One", "", &stored, NULL), STATUS_OK);
    Kontor__V1__GetProviderRequest request = toy_get("coast/a");
    assert_int_equal(harness_call(toy_harness, toy_operator, TOY "Get", &request,
                                  (void **)&read, NULL),
                     STATUS_OK);
    assert_string_equal(read->id, "coast/a");
    assert_string_equal(read->name, "One");
    assert_int_equal(read->revision, stored->revision);
    assert_int_equal(read->created_at->seconds, stored->created_at->seconds);
}

static void
test_a_missing_role_is_refused_before_the_request_is_read(void **state)
{
    (void)state;
    struct error error;
    const struct principal *reader = harness_principal(
        toy_harness, "coast/reader", ROLE_BIT(READER), "r:coast", NULL);
    struct bytes garbage = {(const uint8_t *)"\xff\xff", 2};
    assert_int_equal(
        harness_call_bytes(toy_harness, reader, TOY "Put", garbage, NULL, &error),
        STATUS_PERMISSION_DENIED);
    assert_int_equal(error.reason, REASON_ROLE_MISSING);
    assert_string_equal(harness_value(&error, "roles"), "OPERATOR, ADMIN");
}

static void
test_an_unregistered_caller_is_told_its_name(void **state)
{
    (void)state;
    struct error error;
    struct principal nobody = *harness_principal(toy_harness, "coast/x", 0, NULL);
    nobody.id = "";
    Kontor__V1__GetProviderRequest request = toy_get("coast/a");
    assert_int_equal(
        harness_call(toy_harness, &nobody, TOY "Get", &request, NULL, &error),
        STATUS_PERMISSION_DENIED);
    assert_int_equal(error.reason, REASON_NOT_REGISTERED);
    assert_string_equal(harness_value(&error, "identity"), "spiffe://coast/x");
}

static void
test_garbage_is_an_invalid_message(void **state)
{
    (void)state;
    struct error error;
    struct bytes garbage = {(const uint8_t *)"\xff\xff", 2};
    assert_int_equal(
        harness_call_bytes(toy_harness, toy_operator, TOY "Get", garbage, NULL, &error),
        STATUS_INVALID_ARGUMENT);
    assert_int_equal(error.reason, REASON_MESSAGE_INVALID);
    assert_string_equal(error.message,
                        "the message: the bytes are damaged, cut off, or hold a group");
}

static void
test_all_wrong_fields_are_named_at_once(void **state)
{
    (void)state;
    struct error error;
    assert_int_equal(toy_put("no-slash", "", "", NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(error.reason, REASON_FIELDS_INVALID);
    assert_true(harness_has_fault(&error, "provider.id"));
    assert_true(harness_has_fault(&error, "provider.name"));
}

static void
test_unknown_and_invisible_look_the_same(void **state)
{
    (void)state;
    struct error unknown;
    struct error invisible;
    assert_int_equal(toy_put("coast/a", "One", "", NULL, NULL), STATUS_OK);
    const struct principal *other =
        harness_principal(toy_harness, "hill/op", ROLE_BIT(OPERATOR), "r:hill", NULL);
    Kontor__V1__GetProviderRequest request = toy_get("coast/a");
    assert_int_equal(
        harness_call(toy_harness, other, TOY "Get", &request, NULL, &invisible),
        STATUS_NOT_FOUND);
    request = toy_get("coast/b");
    assert_int_equal(
        harness_call(toy_harness, other, TOY "Get", &request, NULL, &unknown),
        STATUS_NOT_FOUND);
    assert_int_equal(invisible.reason, unknown.reason);
    assert_int_equal(invisible.n_values, unknown.n_values);
    assert_string_equal(invisible.kind, "provider");
}

static void
test_a_repeated_request_answers_again_without_writing(void **state)
{
    (void)state;
    Kontor__V1__Provider *first;
    Kontor__V1__Provider *again;
    assert_int_equal(toy_put("coast/a", "One", UUID_A, &first, NULL), STATUS_OK);
    assert_int_equal(toy_put("coast/b", "Two", "", NULL, NULL), STATUS_OK);
    assert_int_equal(toy_put("coast/a", "One", UUID_A, &again, NULL), STATUS_OK);
    assert_int_equal(again->revision, first->revision);
    assert_int_equal(toy_harness->last_seq, store_applied(toy_harness->broker.store));
    assert_int_equal(store_applied(toy_harness->broker.store), 2);
}

static void
test_a_request_id_with_another_request_is_refused(void **state)
{
    (void)state;
    struct error error;
    assert_int_equal(toy_put("coast/a", "One", UUID_A, NULL, NULL), STATUS_OK);
    assert_int_equal(toy_put("coast/a", "Other", UUID_A, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(error.reason, REASON_REQUEST_ID_REUSED);
    assert_string_equal(harness_value(&error, "requestId"), UUID_A);
}

static void
test_validate_only_answers_as_if_and_writes_nothing(void **state)
{
    (void)state;
    Kontor__V1__Provider *reply;
    Kontor__V1__Provider provider = KONTOR__V1__PROVIDER__INIT;
    provider.id = (char *)"coast/a";
    provider.name = (char *)"One";
    Kontor__V1__CreateProviderRequest request =
        KONTOR__V1__CREATE_PROVIDER_REQUEST__INIT;
    request.provider = &provider;
    request.validate_only = true;
    assert_int_equal(harness_call(toy_harness, toy_operator, TOY "Put", &request,
                                  (void **)&reply, NULL),
                     STATUS_OK);
    assert_string_equal(reply->name, "One");
    assert_int_equal(reply->revision, 0);
    assert_int_equal(store_applied(toy_harness->broker.store), 0);
}

static void
test_what_never_holds_ends_in_contention(void **state)
{
    (void)state;
    struct error error;
    Kontor__V1__Provider provider = KONTOR__V1__PROVIDER__INIT;
    Kontor__V1__CreateProviderRequest request =
        KONTOR__V1__CREATE_PROVIDER_REQUEST__INIT;
    provider.id = (char *)"coast/a";
    provider.name = (char *)"A";
    request.provider = &provider;
    assert_int_equal(
        harness_call(toy_harness, toy_operator, TOY "Stale", &request, NULL, &error),
        STATUS_ABORTED);
    assert_int_equal(error.reason, REASON_CONTENTION);
    assert_true(error.retry_after_ms > 0);
    assert_int_equal(store_applied(toy_harness->broker.store), 0);
}

static void
test_a_stale_revision_names_the_current_one(void **state)
{
    (void)state;
    struct error error;
    assert_int_equal(toy_put("coast/a", "One", "", NULL, NULL), STATUS_OK);
    assert_int_equal(toy_put("coast/a", "Two", "", NULL, NULL), STATUS_OK);
    Kontor__V1__Provider provider = KONTOR__V1__PROVIDER__INIT;
    provider.id = (char *)"coast/a";
    provider.name = (char *)"Three";
    Kontor__V1__UpdateProviderRequest request =
        KONTOR__V1__UPDATE_PROVIDER_REQUEST__INIT;
    request.provider = &provider;
    request.expected_revision = 1;
    assert_int_equal(
        harness_call(toy_harness, toy_operator, TOY "Expect", &request, NULL, &error),
        STATUS_ABORTED);
    assert_int_equal(error.reason, REASON_REVISION_MISMATCH);
    assert_string_equal(harness_value(&error, "current"), "2");
}

static void
test_an_internal_error_tells_only_its_call_id(void **state)
{
    (void)state;
    struct error error;
    Kontor__V1__GetProviderRequest request = toy_get("coast/a");
    assert_int_equal(
        harness_call(toy_harness, toy_operator, TOY "Broken", &request, NULL, &error),
        STATUS_INTERNAL);
    assert_int_equal(strlen(harness_value(&error, "callId")), 16);
    /* The harness puts what the log would say into the message. */
    assert_string_equal(error.message, "INTERNAL: secret 42");
}

static void
test_as_of_reads_the_past_and_refuses_the_future(void **state)
{
    (void)state;
    struct error error;
    Kontor__V1__Provider *reply;
    assert_int_equal(toy_put("coast/a", "One", "", NULL, NULL), STATUS_OK);
    assert_int_equal(toy_put("coast/a", "Two", "", NULL, NULL), STATUS_OK);
    Kontor__V1__AsOf as_of = KONTOR__V1__AS_OF__INIT;
    as_of.point_case = KONTOR__V1__AS_OF__POINT_SEQ;
    as_of.seq = 1;
    Kontor__V1__GetProviderRequest request = toy_get("coast/a");
    request.as_of = &as_of;
    assert_int_equal(harness_call(toy_harness, toy_operator, TOY "Get", &request,
                                  (void **)&reply, NULL),
                     STATUS_OK);
    assert_string_equal(reply->name, "One");
    as_of.seq = 3;
    assert_int_equal(
        harness_call(toy_harness, toy_operator, TOY "Get", &request, NULL, &error),
        STATUS_OUT_OF_RANGE);
    assert_int_equal(error.reason, REASON_AHEAD);
    as_of.seq = 0;
    assert_int_equal(
        harness_call(toy_harness, toy_operator, TOY "Get", &request, NULL, &error),
        STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "as_of.seq"));
}

static void
test_numbers_outside_the_log_make_no_commit(void **state)
{
    (void)state;
    Kontor__V1__Provider *reply;
    Kontor__V1__GetProviderRequest request = toy_get("coast/a");
    assert_int_equal(harness_call(toy_harness, toy_operator, TOY "Soft", &request,
                                  (void **)&reply, NULL),
                     STATUS_OK);
    assert_string_equal(reply->id, "coast/a");
    assert_int_equal(store_applied(toy_harness->broker.store), 0);
}

/* ---- The broker's own ---- */

static atomic_int own_done;
static int64_t own_seq;

static enum status
own_decide(struct call *call, const void *request, struct decision *decision)
{
    struct document document;
    enum status status = call_get(call, KIND_PROVIDER, request, &document);
    if (status != STATUS_OK) {
        return status;
    }
    decision_note(call, decision, &document, "seen", 0);
    return STATUS_OK;
}

static void
own_ended(void *context, enum status status, const struct error *error,
          const Kontor__V1__Commit *commit)
{
    (void)error;
    enum status *out = context;
    *out = status;
    own_seq = commit == NULL ? 0 : commit->seq;
    if (commit != NULL) {
        assert_string_equal(commit->actor, "~broker/deadline");
    }
    atomic_fetch_add(&own_done, 1);
}

static void
test_the_brokers_own_works_see_everything_and_happen_once(void **state)
{
    (void)state;
    enum status status = STATUS_UNKNOWN;
    atomic_store(&own_done, 0);
    assert_int_equal(toy_put("coast/a", "One", "", NULL, NULL), STATUS_OK);
    struct own_work work = {.name = "deadline",
                            .request_id = "1/coast/a",
                            .decide = own_decide,
                            .request = "coast/a",
                            .done = own_ended,
                            .context = &status};
    for (int i = 1; i <= 2; i++) {
        assert_int_equal(dispatch_own(toy_harness->dispatch, &work), STATUS_OK);
        while (atomic_load(&own_done) < i) {
            sched_yield();
        }
        assert_int_equal(status, STATUS_OK);
        assert_int_equal(own_seq, 2);
    }
    assert_int_equal(store_applied(toy_harness->broker.store), 2);
}

/* ---- Error details ---- */

static void
test_error_details_stay_under_4_kb(void **state)
{
    (void)state;
    struct faults faults = {.arena = toy_harness->arena};
    for (size_t i = 0; i < 200; i++) {
        faults_add(&faults, "items[1].parameters[gpus].value",
                   "is far too long and much else, which takes a sentence to say: %zu",
                   i);
    }
    struct error error = {.status = STATUS_INVALID_ARGUMENT,
                          .reason = REASON_FIELDS_INVALID,
                          .message = "wrong",
                          .faults = &faults,
                          .values = {{"key", "value"}},
                          .n_values = 1,
                          .retry_after_ms = 1500};
    struct bytes bytes = error_details(&error, toy_harness->arena);
    assert_in_range(bytes.size, 100, 4096);
    struct faults none = {.arena = toy_harness->arena};
    Google__Rpc__Status *status = (Google__Rpc__Status *)wire_unpack(
        &google__rpc__status__descriptor, bytes, &wire_stored_limits,
        toy_harness->arena, &none);
    assert_non_null(status);
    assert_int_equal(status->code, STATUS_INVALID_ARGUMENT);
    assert_int_equal(status->n_details, 3);
    assert_string_equal(status->details[0]->type_url,
                        "type.googleapis.com/google.rpc.ErrorInfo");
    struct bytes info = {status->details[0]->value.data, status->details[0]->value.len};
    Google__Rpc__ErrorInfo *error_info = (Google__Rpc__ErrorInfo *)wire_unpack(
        &google__rpc__error_info__descriptor, info, &wire_stored_limits,
        toy_harness->arena, &none);
    assert_string_equal(error_info->reason, "FIELDS_INVALID");
    assert_string_equal(error_info->domain, "kontor");
    assert_string_equal(error_info->metadata[0]->value, "value");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, toy_set_up, toy_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_mutation_answers_with_the_record_and_its_position),
        TEST(test_a_raw_answer_is_the_record_with_its_envelope),
        TEST(test_a_missing_role_is_refused_before_the_request_is_read),
        TEST(test_an_unregistered_caller_is_told_its_name),
        TEST(test_garbage_is_an_invalid_message),
        TEST(test_all_wrong_fields_are_named_at_once),
        TEST(test_unknown_and_invisible_look_the_same),
        TEST(test_a_repeated_request_answers_again_without_writing),
        TEST(test_a_request_id_with_another_request_is_refused),
        TEST(test_validate_only_answers_as_if_and_writes_nothing),
        TEST(test_a_stale_revision_names_the_current_one),
        TEST(test_what_never_holds_ends_in_contention),
        TEST(test_an_internal_error_tells_only_its_call_id),
        TEST(test_as_of_reads_the_past_and_refuses_the_future),
        TEST(test_numbers_outside_the_log_make_no_commit),
        TEST(test_the_brokers_own_works_see_everything_and_happen_once),
        TEST(test_error_details_stay_under_4_kb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
