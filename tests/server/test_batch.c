/* Batches: records that see each other, fail alone, repeat. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kontor/v1/catalogue_service.pb-c.h"
#include "tests/server/harness.h"
#include "tests/server/toy.h"
#include "tests/server/toy_call.h"

static void
import_of(Kontor__V1__CatalogueImportRequest *request, size_t n, const char *id)
{
    kontor__v1__catalogue_import_request__init(request);
    request->n_records = n;
    request->records = arena_alloc(toy_harness->arena, n * sizeof(void *));
    for (size_t i = 0; i < n; i++) {
        Kontor__V1__CatalogueImportRecord *record =
            arena_alloc(toy_harness->arena, sizeof *record);
        kontor__v1__catalogue_import_record__init(record);
        record->record_case = KONTOR__V1__CATALOGUE_IMPORT_RECORD__RECORD_PROVIDER;
        record->provider = arena_alloc(toy_harness->arena, sizeof *record->provider);
        kontor__v1__provider__init(record->provider);
        record->provider->id = id != NULL
                                   ? arena_copy(toy_harness->arena, id)
                                   : arena_print(toy_harness->arena, "coast/p%zu", i);
        record->provider->name = arena_print(toy_harness->arena, "%zu", i % 10);
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
    assert_int_equal(harness_call(toy_harness, toy_operator, TOY "Import", &request,
                                  (void **)&reply, NULL),
                     STATUS_OK);
    assert_int_equal(reply->n_results, 5);
    assert_int_equal(reply->results[0]->outcome, KONTOR__V1__IMPORT_OUTCOME__CREATED);
    assert_int_equal(reply->results[4]->outcome, KONTOR__V1__IMPORT_OUTCOME__CHANGED);
    Kontor__V1__Provider *provider =
        harness_record(toy_harness, KIND_PROVIDER, "coast/a");
    assert_string_equal(provider->abbreviation, "1234");
    assert_int_equal(toy_harness->last_seq, 5);
}

static void
test_a_refused_record_of_a_batch_spares_the_others(void **state)
{
    (void)state;
    Kontor__V1__CatalogueImportRequest request;
    Kontor__V1__CatalogueImportResponse *reply;
    import_of(&request, 300, NULL);
    request.records[150]->provider->name = (char *)"refuse";
    assert_int_equal(harness_call(toy_harness, toy_operator, TOY "Import", &request,
                                  (void **)&reply, NULL),
                     STATUS_OK);
    for (size_t i = 0; i < 300; i++) {
        assert_int_equal(reply->results[i]->outcome,
                         i == 150 ? KONTOR__V1__IMPORT_OUTCOME__REFUSED
                                  : KONTOR__V1__IMPORT_OUTCOME__CREATED);
    }
    assert_int_equal(reply->results[150]->n_violations, 1);
    assert_int_equal(store_applied(toy_harness->broker.store), 299);
}

static void
test_a_repeated_batch_writes_nothing(void **state)
{
    (void)state;
    Kontor__V1__CatalogueImportRequest request;
    Kontor__V1__CatalogueImportResponse *reply;
    import_of(&request, 10, NULL);
    request.request_id = (char *)UUID_A;
    assert_int_equal(
        harness_call(toy_harness, toy_operator, TOY "Import", &request, NULL, NULL),
        STATUS_OK);
    assert_int_equal(harness_call(toy_harness, toy_operator, TOY "Import", &request,
                                  (void **)&reply, NULL),
                     STATUS_OK);
    assert_int_equal(reply->results[9]->revision, 10);
    request.request_id = (char *)UUID_B;
    assert_int_equal(harness_call(toy_harness, toy_operator, TOY "Import", &request,
                                  (void **)&reply, NULL),
                     STATUS_OK);
    assert_int_equal(reply->results[9]->outcome, KONTOR__V1__IMPORT_OUTCOME__SAME);
    assert_int_equal(store_applied(toy_harness->broker.store), 10);
}

static void
test_a_batch_can_be_validated_only(void **state)
{
    (void)state;
    Kontor__V1__CatalogueImportRequest request;
    Kontor__V1__CatalogueImportResponse *reply;
    import_of(&request, 3, NULL);
    request.validate_only = true;
    assert_int_equal(harness_call(toy_harness, toy_operator, TOY "Import", &request,
                                  (void **)&reply, NULL),
                     STATUS_OK);
    assert_int_equal(reply->results[2]->outcome, KONTOR__V1__IMPORT_OUTCOME__CREATED);
    assert_int_equal(store_applied(toy_harness->broker.store), 0);
}

static void
come_late(void)
{
    clock_advance(&toy_harness->clock, 60000);
}

/* More records than wait for the log at once: the last of them are never begun. */
static void
test_a_batch_whose_deadline_comes_says_that_its_outcome_is_unknown(void **state)
{
    (void)state;
    enum { N_RECORDS = 500 };
    Kontor__V1__CatalogueImportRequest request;
    struct error error;
    import_of(&request, N_RECORDS, NULL);
    request.records[0]->provider->name = (char *)"late";
    atomic_store(&toy_late, come_late);
    struct harness_call *call = harness_start_with(
        toy_harness, toy_operator, TOY "Import", &request, HARNESS_NOW_MS + 30000, 0);
    assert_int_equal(harness_wait(toy_harness, call, NULL, &error),
                     STATUS_DEADLINE_EXCEEDED);
    atomic_store(&toy_late, NULL);
    assert_int_equal(error.reason, REASON_OUTCOME_UNKNOWN);
    int64_t stored = store_applied(toy_harness->broker.store);
    assert_true(stored >= 1 && stored < N_RECORDS);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, toy_set_up, toy_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_batch_sees_its_earlier_records),
        TEST(test_a_refused_record_of_a_batch_spares_the_others),
        TEST(test_a_repeated_batch_writes_nothing),
        TEST(test_a_batch_can_be_validated_only),
        TEST(test_a_batch_whose_deadline_comes_says_that_its_outcome_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
