#include <sched.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "kontor/v1/catalogue_service.pb-c.h"
#include "proto/wire.h"
#include "tests/server/harness.h"
#include "tests/server/toy.h"

#define TOY "/kontor.test.Toy/"

static struct harness *h;
static const struct principal *operator_;

static int
set_up(void **state)
{
    (void)state;
    h = harness_open(&(struct harness_options){.services = toy_services});
    operator_ = harness_principal(h, "coast/op", ROLE_BIT(OPERATOR), "r:coast", NULL);
    atomic_store(&toy_takes, 0);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    harness_close(h);
    return 0;
}

static enum status
put(const char *id, const char *name, const char *request_id,
    Kontor__V1__Provider **reply, struct error *error)
{
    Kontor__V1__Provider provider = KONTOR__V1__PROVIDER__INIT;
    provider.id = (char *)id;
    provider.name = (char *)name;
    Kontor__V1__CreateProviderRequest request =
        KONTOR__V1__CREATE_PROVIDER_REQUEST__INIT;
    request.provider = &provider;
    request.request_id = (char *)request_id;
    return harness_call(h, operator_, TOY "Put", &request, (void **)reply, error);
}

static Kontor__V1__GetProviderRequest
get(const char *id)
{
    Kontor__V1__GetProviderRequest request = KONTOR__V1__GET_PROVIDER_REQUEST__INIT;
    request.id = (char *)id;
    return request;
}

#define UUID_A "11111111-1111-4111-8111-111111111111"
#define UUID_B "22222222-2222-4222-8222-222222222222"

static void
test_a_mutation_answers_with_the_record_and_its_position(void **state)
{
    (void)state;
    Kontor__V1__Provider *reply;
    assert_int_equal(put("coast/a", "One", "", &reply, NULL), STATUS_OK);
    assert_string_equal(reply->name, "One");
    assert_int_equal(reply->revision, h->last_seq);
    assert_int_equal(reply->created_at->seconds, HARNESS_NOW_MS / 1000);
    harness_advance(h, 5000);
    assert_int_equal(put("coast/a", "Two", "", &reply, NULL), STATUS_OK);
    assert_int_equal(reply->created_at->seconds, HARNESS_NOW_MS / 1000);
    assert_int_equal(reply->updated_at->seconds, HARNESS_NOW_MS / 1000 + 5);
}

static void
test_a_raw_answer_is_the_record_with_its_envelope(void **state)
{
    (void)state;
    Kontor__V1__Provider *stored;
    Kontor__V1__Provider *read;
    assert_int_equal(put("coast/a", "One", "", &stored, NULL), STATUS_OK);
    Kontor__V1__GetProviderRequest request = get("coast/a");
    assert_int_equal(
        harness_call(h, operator_, TOY "Get", &request, (void **)&read, NULL),
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
    const struct principal *reader =
        harness_principal(h, "coast/reader", ROLE_BIT(READER), "r:coast", NULL);
    struct bytes garbage = {(const uint8_t *)"\xff\xff", 2};
    assert_int_equal(harness_call_bytes(h, reader, TOY "Put", garbage, NULL, &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(error.reason, REASON_ROLE_MISSING);
    assert_string_equal(harness_value(&error, "roles"), "OPERATOR, ADMIN");
}

static void
test_an_unregistered_caller_is_told_its_name(void **state)
{
    (void)state;
    struct error error;
    struct principal nobody = *harness_principal(h, "coast/x", 0, NULL);
    nobody.id = "";
    Kontor__V1__GetProviderRequest request = get("coast/a");
    assert_int_equal(harness_call(h, &nobody, TOY "Get", &request, NULL, &error),
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
    assert_int_equal(harness_call_bytes(h, operator_, TOY "Get", garbage, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(error.reason, REASON_MESSAGE_INVALID);
}

static void
test_all_wrong_fields_are_named_at_once(void **state)
{
    (void)state;
    struct error error;
    assert_int_equal(put("no-slash", "", "", NULL, &error), STATUS_INVALID_ARGUMENT);
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
    assert_int_equal(put("coast/a", "One", "", NULL, NULL), STATUS_OK);
    const struct principal *other =
        harness_principal(h, "hill/op", ROLE_BIT(OPERATOR), "r:hill", NULL);
    Kontor__V1__GetProviderRequest request = get("coast/a");
    assert_int_equal(harness_call(h, other, TOY "Get", &request, NULL, &invisible),
                     STATUS_NOT_FOUND);
    request = get("coast/b");
    assert_int_equal(harness_call(h, other, TOY "Get", &request, NULL, &unknown),
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
    assert_int_equal(put("coast/a", "One", UUID_A, &first, NULL), STATUS_OK);
    assert_int_equal(put("coast/b", "Two", "", NULL, NULL), STATUS_OK);
    assert_int_equal(put("coast/a", "One", UUID_A, &again, NULL), STATUS_OK);
    assert_int_equal(again->revision, first->revision);
    assert_int_equal(h->last_seq, store_applied(h->broker.store));
    assert_int_equal(store_applied(h->broker.store), 2);
}

static void
test_a_request_id_with_another_request_is_refused(void **state)
{
    (void)state;
    struct error error;
    assert_int_equal(put("coast/a", "One", UUID_A, NULL, NULL), STATUS_OK);
    assert_int_equal(put("coast/a", "Other", UUID_A, NULL, &error),
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
    assert_int_equal(
        harness_call(h, operator_, TOY "Put", &request, (void **)&reply, NULL),
        STATUS_OK);
    assert_string_equal(reply->name, "One");
    assert_int_equal(reply->revision, 0);
    assert_int_equal(store_applied(h->broker.store), 0);
}

static void
test_a_stale_revision_names_the_current_one(void **state)
{
    (void)state;
    struct error error;
    assert_int_equal(put("coast/a", "One", "", NULL, NULL), STATUS_OK);
    assert_int_equal(put("coast/a", "Two", "", NULL, NULL), STATUS_OK);
    Kontor__V1__Provider provider = KONTOR__V1__PROVIDER__INIT;
    provider.id = (char *)"coast/a";
    provider.name = (char *)"Three";
    Kontor__V1__UpdateProviderRequest request =
        KONTOR__V1__UPDATE_PROVIDER_REQUEST__INIT;
    request.provider = &provider;
    request.expected_revision = 1;
    assert_int_equal(harness_call(h, operator_, TOY "Expect", &request, NULL, &error),
                     STATUS_ABORTED);
    assert_int_equal(error.reason, REASON_REVISION_MISMATCH);
    assert_string_equal(harness_value(&error, "current"), "2");
}

static void
test_an_internal_error_tells_only_its_call_id(void **state)
{
    (void)state;
    struct error error;
    Kontor__V1__GetProviderRequest request = get("coast/a");
    assert_int_equal(harness_call(h, operator_, TOY "Broken", &request, NULL, &error),
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
    assert_int_equal(put("coast/a", "One", "", NULL, NULL), STATUS_OK);
    assert_int_equal(put("coast/a", "Two", "", NULL, NULL), STATUS_OK);
    Kontor__V1__AsOf as_of = KONTOR__V1__AS_OF__INIT;
    as_of.point_case = KONTOR__V1__AS_OF__POINT_SEQ;
    as_of.seq = 1;
    Kontor__V1__GetProviderRequest request = get("coast/a");
    request.as_of = &as_of;
    assert_int_equal(
        harness_call(h, operator_, TOY "Get", &request, (void **)&reply, NULL),
        STATUS_OK);
    assert_string_equal(reply->name, "One");
    as_of.seq = 3;
    assert_int_equal(harness_call(h, operator_, TOY "Get", &request, NULL, &error),
                     STATUS_OUT_OF_RANGE);
    assert_int_equal(error.reason, REASON_AHEAD);
    as_of.seq = 0;
    assert_int_equal(harness_call(h, operator_, TOY "Get", &request, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "as_of.seq"));
}

static void
test_numbers_outside_the_log_make_no_commit(void **state)
{
    (void)state;
    Kontor__V1__Provider *reply;
    Kontor__V1__GetProviderRequest request = get("coast/a");
    assert_int_equal(
        harness_call(h, operator_, TOY "Soft", &request, (void **)&reply, NULL),
        STATUS_OK);
    assert_string_equal(reply->id, "coast/a");
    assert_int_equal(store_applied(h->broker.store), 0);
}

/* ---- Waiting ---- */

static void
test_a_parked_call_ends_with_its_object(void **state)
{
    (void)state;
    Kontor__V1__GetProviderRequest request = get("coast/a");
    struct harness_call *call = harness_start(h, operator_, TOY "Take", &request);
    harness_wait_parked(h, 1);
    assert_int_equal(put("coast/b", "Other", "", NULL, NULL), STATUS_OK);
    assert_false(harness_is_done(call));
    assert_int_equal(put("coast/a", "One", "", NULL, NULL), STATUS_OK);
    assert_int_equal(harness_wait(h, call, NULL, NULL), STATUS_OK);
}

static void
test_a_parked_call_ends_with_its_time(void **state)
{
    (void)state;
    struct error error;
    Kontor__V1__GetProviderRequest request = get("coast/a");
    struct harness_call *call = harness_start(h, operator_, TOY "Take", &request);
    harness_wait_parked(h, 1);
    harness_advance(h, 19999);
    assert_false(harness_is_done(call));
    harness_advance(h, 1);
    assert_int_equal(harness_wait(h, call, NULL, &error), STATUS_NOT_FOUND);
}

static void
test_a_cancelled_call_leaves_its_line(void **state)
{
    (void)state;
    Kontor__V1__GetProviderRequest request = get("coast/a");
    struct harness_call *first = harness_start(h, operator_, TOY "Take", &request);
    harness_wait_parked(h, 1);
    struct harness_call *second = harness_start(h, operator_, TOY "Take", &request);
    harness_wait_parked(h, 2);
    harness_cancel(first);
    assert_int_equal(harness_wait(h, first, NULL, NULL), STATUS_CANCELLED);
    assert_int_equal(put("coast/a", "One", "", NULL, NULL), STATUS_OK);
    assert_int_equal(harness_wait(h, second, NULL, NULL), STATUS_OK);
}

static void
test_one_object_wakes_the_first_in_line_and_no_herd(void **state)
{
    (void)state;
    enum { N = 20 };
    struct harness_call *calls[N];
    Kontor__V1__GetProviderRequest request = get("coast/a");
    for (size_t i = 0; i < N; i++) {
        calls[i] = harness_start(h, operator_, TOY "Take", &request);
        harness_wait_parked(h, i + 1);
    }
    for (size_t i = 0; i < N; i++) {
        int before = atomic_load(&toy_takes);
        assert_int_equal(put("coast/a", "One", "", NULL, NULL), STATUS_OK);
        assert_int_equal(harness_wait(h, calls[i], NULL, NULL), STATUS_OK);
        harness_wait_parked(h, N - 1 - i);
        /* The one that takes it; the deletion touches the key too, and the turn goes to
         * the next, who finds nothing and ends it. */
        assert_in_range(atomic_load(&toy_takes) - before, 1, 4);
    }
}

static void
test_drain_ends_parked_calls(void **state)
{
    (void)state;
    struct error error;
    Kontor__V1__GetProviderRequest request = get("coast/a");
    struct harness_call *call = harness_start(h, operator_, TOY "Take", &request);
    harness_wait_parked(h, 1);
    dispatch_drain(h->dispatch);
    assert_int_equal(harness_wait(h, call, NULL, &error), STATUS_UNAVAILABLE);
    assert_int_equal(error.reason, REASON_DRAINING);
    assert_int_equal(put("coast/a", "One", "", NULL, &error), STATUS_UNAVAILABLE);
}

static void
test_min_seq_waits_until_it_is_reached(void **state)
{
    (void)state;
    Kontor__V1__Provider *reply;
    Kontor__V1__GetProviderRequest request = get("coast/a");
    struct harness_call *call =
        harness_start_with(h, operator_, TOY "Get", &request, INT64_MAX, 2);
    harness_wait_parked(h, 1);
    assert_int_equal(put("coast/a", "One", "", NULL, NULL), STATUS_OK);
    assert_false(harness_is_done(call));
    assert_int_equal(put("coast/a", "Two", "", NULL, NULL), STATUS_OK);
    assert_int_equal(harness_wait(h, call, (void **)&reply, NULL), STATUS_OK);
    assert_string_equal(reply->name, "Two");
}

static void
test_min_seq_that_never_comes_ends_with_the_deadline(void **state)
{
    (void)state;
    struct error error;
    Kontor__V1__GetProviderRequest request = get("coast/a");
    struct harness_call *call =
        harness_start_with(h, operator_, TOY "Get", &request, HARNESS_NOW_MS + 1000, 2);
    harness_wait_parked(h, 1);
    harness_advance(h, 1000);
    assert_int_equal(harness_wait(h, call, NULL, &error), STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(error.reason, REASON_DEADLINE);
}

static void
test_a_deadline_that_passed_runs_nothing(void **state)
{
    (void)state;
    Kontor__V1__GetProviderRequest request = get("coast/a");
    struct harness_call *call =
        harness_start_with(h, operator_, TOY "Take", &request, HARNESS_NOW_MS, 0);
    assert_int_equal(harness_wait(h, call, NULL, NULL), STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(atomic_load(&toy_takes), 0);
}

/* Many takers and makers at once: each object is taken once, nobody waits for ever. */
static void
test_no_wake_up_is_lost_under_load(void **state)
{
    (void)state;
    enum { N = 200 };
    struct harness_call *takers[N];
    for (size_t round = 0; round < 3; round++) {
        Kontor__V1__GetProviderRequest request = get("coast/a");
        for (size_t i = 0; i < N; i++) {
            takers[i] = harness_start(h, operator_, TOY "Take", &request);
        }
        size_t n_done = 0;
        while (n_done < N) {
            assert_int_equal(put("coast/a", "One", "", NULL, NULL), STATUS_OK);
            n_done = 0;
            for (size_t i = 0; i < N; i++) {
                n_done += harness_is_done(takers[i]) ? 1 : 0;
            }
        }
        for (size_t i = 0; i < N; i++) {
            assert_int_equal(harness_wait(h, takers[i], NULL, NULL), STATUS_OK);
        }
    }
}

/* ---- Batches ---- */

static void
import_of(Kontor__V1__CatalogueImportRequest *request, size_t n, const char *id)
{
    kontor__v1__catalogue_import_request__init(request);
    request->n_records = n;
    request->records = arena_alloc(h->arena, n * sizeof(void *));
    for (size_t i = 0; i < n; i++) {
        Kontor__V1__CatalogueImportRecord *record =
            arena_alloc(h->arena, sizeof *record);
        kontor__v1__catalogue_import_record__init(record);
        record->record_case = KONTOR__V1__CATALOGUE_IMPORT_RECORD__RECORD_PROVIDER;
        record->provider = arena_alloc(h->arena, sizeof *record->provider);
        kontor__v1__provider__init(record->provider);
        record->provider->id = id != NULL ? arena_copy(h->arena, id)
                                          : arena_print(h->arena, "coast/p%zu", i);
        record->provider->name = arena_print(h->arena, "%zu", i % 10);
        request->records[i] = record;
    }
}

static void
test_a_batch_sees_its_earlier_records(void **state)
{
    (void)state;
    Kontor__V1__CatalogueImportRequest request;
    Kontor__V1__CatalogueImportResponse *reply;
    import_of(&request, 5, "coast/a");
    assert_int_equal(
        harness_call(h, operator_, TOY "Import", &request, (void **)&reply, NULL),
        STATUS_OK);
    assert_int_equal(reply->n_results, 5);
    assert_int_equal(reply->results[0]->outcome, KONTOR__V1__IMPORT_OUTCOME__CREATED);
    assert_int_equal(reply->results[4]->outcome, KONTOR__V1__IMPORT_OUTCOME__CHANGED);
    Kontor__V1__Provider *provider = harness_record(h, KIND_PROVIDER, "coast/a");
    assert_string_equal(provider->abbreviation, "1234");
    assert_int_equal(h->last_seq, 5);
}

static void
test_a_refused_record_of_a_batch_spares_the_others(void **state)
{
    (void)state;
    Kontor__V1__CatalogueImportRequest request;
    Kontor__V1__CatalogueImportResponse *reply;
    import_of(&request, 300, NULL);
    request.records[150]->provider->name = (char *)"refuse";
    assert_int_equal(
        harness_call(h, operator_, TOY "Import", &request, (void **)&reply, NULL),
        STATUS_OK);
    for (size_t i = 0; i < 300; i++) {
        assert_int_equal(reply->results[i]->outcome,
                         i == 150 ? KONTOR__V1__IMPORT_OUTCOME__REFUSED
                                  : KONTOR__V1__IMPORT_OUTCOME__CREATED);
    }
    assert_int_equal(reply->results[150]->n_violations, 1);
    assert_int_equal(store_applied(h->broker.store), 299);
}

static void
test_a_repeated_batch_writes_nothing(void **state)
{
    (void)state;
    Kontor__V1__CatalogueImportRequest request;
    Kontor__V1__CatalogueImportResponse *reply;
    import_of(&request, 10, NULL);
    request.request_id = (char *)UUID_A;
    assert_int_equal(harness_call(h, operator_, TOY "Import", &request, NULL, NULL),
                     STATUS_OK);
    assert_int_equal(
        harness_call(h, operator_, TOY "Import", &request, (void **)&reply, NULL),
        STATUS_OK);
    assert_int_equal(reply->results[9]->revision, 10);
    request.request_id = (char *)UUID_B;
    assert_int_equal(
        harness_call(h, operator_, TOY "Import", &request, (void **)&reply, NULL),
        STATUS_OK);
    assert_int_equal(reply->results[9]->outcome, KONTOR__V1__IMPORT_OUTCOME__SAME);
    assert_int_equal(store_applied(h->broker.store), 10);
}

static void
test_a_batch_can_be_validated_only(void **state)
{
    (void)state;
    Kontor__V1__CatalogueImportRequest request;
    Kontor__V1__CatalogueImportResponse *reply;
    import_of(&request, 3, NULL);
    request.validate_only = true;
    assert_int_equal(
        harness_call(h, operator_, TOY "Import", &request, (void **)&reply, NULL),
        STATUS_OK);
    assert_int_equal(reply->results[2]->outcome, KONTOR__V1__IMPORT_OUTCOME__CREATED);
    assert_int_equal(store_applied(h->broker.store), 0);
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
    assert_int_equal(put("coast/a", "One", "", NULL, NULL), STATUS_OK);
    struct own_work work = {.name = "deadline",
                            .request_id = "1/coast/a",
                            .decide = own_decide,
                            .request = "coast/a",
                            .done = own_ended,
                            .context = &status};
    for (int i = 1; i <= 2; i++) {
        assert_int_equal(dispatch_own(h->dispatch, &work), STATUS_OK);
        while (atomic_load(&own_done) < i) {
            sched_yield();
        }
        assert_int_equal(status, STATUS_OK);
        assert_int_equal(own_seq, 2);
    }
    assert_int_equal(store_applied(h->broker.store), 2);
}

/* ---- Error details ---- */

static void
test_error_details_stay_under_4_kb(void **state)
{
    (void)state;
    struct faults faults = {.arena = h->arena};
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
    struct bytes bytes = error_details(&error, h->arena);
    assert_in_range(bytes.size, 100, 4096);
    struct faults none = {.arena = h->arena};
    Google__Rpc__Status *status = (Google__Rpc__Status *)wire_unpack(
        &google__rpc__status__descriptor, bytes, &wire_stored_limits, h->arena, &none);
    assert_non_null(status);
    assert_int_equal(status->code, STATUS_INVALID_ARGUMENT);
    assert_int_equal(status->n_details, 3);
    assert_string_equal(status->details[0]->type_url,
                        "type.googleapis.com/google.rpc.ErrorInfo");
    struct bytes info = {status->details[0]->value.data, status->details[0]->value.len};
    Google__Rpc__ErrorInfo *error_info = (Google__Rpc__ErrorInfo *)wire_unpack(
        &google__rpc__error_info__descriptor, info, &wire_stored_limits, h->arena,
        &none);
    assert_string_equal(error_info->reason, "FIELDS_INVALID");
    assert_string_equal(error_info->domain, "kontor");
    assert_string_equal(error_info->metadata[0]->value, "value");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
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
        TEST(test_an_internal_error_tells_only_its_call_id),
        TEST(test_as_of_reads_the_past_and_refuses_the_future),
        TEST(test_numbers_outside_the_log_make_no_commit),
        TEST(test_a_parked_call_ends_with_its_object),
        TEST(test_a_parked_call_ends_with_its_time),
        TEST(test_a_cancelled_call_leaves_its_line),
        TEST(test_one_object_wakes_the_first_in_line_and_no_herd),
        TEST(test_drain_ends_parked_calls),
        TEST(test_min_seq_waits_until_it_is_reached),
        TEST(test_min_seq_that_never_comes_ends_with_the_deadline),
        TEST(test_a_deadline_that_passed_runs_nothing),
        TEST(test_no_wake_up_is_lost_under_load),
        TEST(test_a_batch_sees_its_earlier_records),
        TEST(test_a_refused_record_of_a_batch_spares_the_others),
        TEST(test_a_repeated_batch_writes_nothing),
        TEST(test_a_batch_can_be_validated_only),
        TEST(test_the_brokers_own_works_see_everything_and_happen_once),
        TEST(test_error_details_stay_under_4_kb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
