/* Imports of the catalogue: every record on its own, and nothing written where nothing
 * changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/shelf.h"

/* ---- Import ---- */

struct batch {
    Kontor__V1__CatalogueImportRequest request;
    Kontor__V1__CatalogueImportResponse *reply;
};

static void
add(struct shelf *stage, struct batch *batch, Kontor__V1__Provider *provider,
    Kontor__V1__Service *service)
{
    Kontor__V1__CatalogueImportRecord *record =
        arena_alloc(stage->h->arena, sizeof(*record));
    if (batch->request.records == NULL) {
        batch->request.records =
            arena_alloc(stage->h->arena, 500 * sizeof(*batch->request.records));
    }
    kontor__v1__catalogue_import_record__init(record);
    if (provider != NULL) {
        record->record_case = KONTOR__V1__CATALOGUE_IMPORT_RECORD__RECORD_PROVIDER;
        record->provider = provider;
    } else if (service != NULL) {
        record->record_case = KONTOR__V1__CATALOGUE_IMPORT_RECORD__RECORD_SERVICE;
        record->service = service;
    }
    batch->request.records[batch->request.n_records++] = record;
}

static enum status
import(struct shelf *stage, const struct principal *who, struct batch *batch)
{
    return harness_call(stage->h, who, SHELF_CALL("Import"), &batch->request,
                        (void **)&batch->reply, NULL);
}

static struct batch
batch_of_three(struct shelf *stage)
{
    struct batch batch = {.request = KONTOR__V1__CATALOGUE_IMPORT_REQUEST__INIT};
    add(stage, &batch, shelf_provider(stage->h, "coast/web"), NULL);
    add(stage, &batch, NULL, shelf_service(stage->h, "coast/w", "coast/web"));
    add(stage, &batch, NULL, shelf_service(stage->h, "coast/v", "coast/web"));
    return batch;
}

static void
test_importing_twice_changes_nothing_and_the_log_stays(void **state)
{
    struct shelf *stage = *state;
    struct batch batch = batch_of_three(stage);
    int64_t before = shelf_applied(stage->h);
    shelf_offer(stage->h, batch.request.records[1]->service, "standard");
    assert_int_equal(import(stage, stage->admin, &batch), STATUS_OK);
    assert_int_equal(batch.reply->n_results, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(batch.reply->results[i]->outcome,
                         KONTOR__V1__IMPORT_OUTCOME__CREATED);
        assert_true(batch.reply->results[i]->revision > before);
        assert_int_equal(batch.reply->results[i]->n_violations, 0);
    }
    assert_string_equal(batch.reply->results[1]->id, "coast/w");
    before = shelf_applied(stage->h);
    assert_int_equal(import(stage, stage->admin, &batch), STATUS_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(batch.reply->results[i]->outcome,
                         KONTOR__V1__IMPORT_OUTCOME__SAME);
        assert_true(batch.reply->results[i]->revision > 0);
    }
    assert_int_equal(shelf_applied(stage->h), before);
    batch.request.records[2]->service->tagline = "Changed";
    assert_int_equal(import(stage, stage->admin, &batch), STATUS_OK);
    assert_int_equal(batch.reply->results[1]->outcome,
                     KONTOR__V1__IMPORT_OUTCOME__SAME);
    assert_int_equal(batch.reply->results[2]->outcome,
                     KONTOR__V1__IMPORT_OUTCOME__CHANGED);
    assert_int_equal(shelf_applied(stage->h), before + 1);
}

static void
test_one_bad_record_never_stops_the_rest(void **state)
{
    struct shelf *stage = *state;
    struct batch batch = {.request = KONTOR__V1__CATALOGUE_IMPORT_REQUEST__INIT};
    Kontor__V1__Service *nameless = shelf_plain(stage, "coast/nameless");
    Kontor__V1__Service *torn = shelf_with_offer(stage);
    torn->offers[0]->parameters[0]->integer->minimum = 99;
    nameless->name = "";
    nameless->phase = (Kontor__V1__Phase)99;
    add(stage, &batch, shelf_provider(stage->h, "hills/theirs"), NULL);
    add(stage, &batch, NULL, nameless);
    add(stage, &batch, NULL, NULL);
    add(stage, &batch, NULL, torn);
    add(stage, &batch, NULL, shelf_service(stage->h, "coast/x", "coast/nowhere"));
    add(stage, &batch, NULL, shelf_plain(stage, "coast/good"));
    assert_int_equal(import(stage, stage->admin, &batch), STATUS_OK);
    for (size_t i = 0; i < 5; i++) {
        const Kontor__V1__ImportResult *result = batch.reply->results[i];
        assert_int_equal(result->outcome, KONTOR__V1__IMPORT_OUTCOME__REFUSED);
        assert_int_equal(result->revision, 0);
        assert_true(result->n_violations > 0);
        assert_true(strlen(result->violations[0]->description) > 0);
    }
    assert_string_equal(batch.reply->results[0]->violations[0]->field, "id");
    assert_int_equal(batch.reply->results[1]->n_violations, 2);
    assert_string_equal(batch.reply->results[1]->violations[0]->field, "name");
    assert_string_equal(batch.reply->results[3]->violations[0]->field,
                        "offers[standard].parameters[gpus].integer.minimum");
    assert_string_equal(batch.reply->results[4]->violations[0]->field, "provider");
    assert_int_equal(batch.reply->results[5]->outcome,
                     KONTOR__V1__IMPORT_OUTCOME__CREATED);
    assert_int_equal(
        shelf_get_service(stage->h, stage->stranger, "coast/good", NULL, NULL),
        STATUS_OK);
}

static void
test_an_import_replaces_only_what_its_source_owns(void **state)
{
    struct shelf *stage = *state;
    struct batch batch = {.request = KONTOR__V1__CATALOGUE_IMPORT_REQUEST__INIT};
    Kontor__V1__Service *stored = shelf_plain(stage, "coast/a");
    Kontor__V1__Service *from_source = shelf_plain(stage, "coast/a");
    stored->tagline = "Ours";
    stored->release = "Old words";
    stored->phase = KONTOR__V1__PHASE__DEPRECATED;
    shelf_created(stage, stored);
    from_source->name = "Theirs";
    from_source->tagline = "Not theirs to say";
    add(stage, &batch, NULL, from_source);
    batch.request.service_fields = shelf_mask(stage->h, "name", "release", NULL);
    assert_int_equal(import(stage, stage->admin, &batch), STATUS_OK);
    assert_int_equal(batch.reply->results[0]->outcome,
                     KONTOR__V1__IMPORT_OUTCOME__CHANGED);
    stored = harness_record(stage->h, KIND_SERVICE, "coast/a");
    assert_string_equal(stored->name, "Theirs");
    assert_string_equal(stored->release, "");
    assert_string_equal(stored->tagline, "Ours");
    assert_int_equal(stored->phase, KONTOR__V1__PHASE__DEPRECATED);
}

/* Who approves an offer is the registry's word; the source goes on saying what it is.
 */
static void
test_an_import_replaces_the_parts_of_offers_its_source_owns(void **state)
{
    static Kontor__V1__ApprovalStep steps[] = {
        KONTOR__V1__APPROVAL_STEP__PROVIDER_STEP};
    struct shelf *stage = *state;
    struct batch batch = {.request = KONTOR__V1__CATALOGUE_IMPORT_REQUEST__INIT};
    Kontor__V1__Service *stored = shelf_plain(stage, "coast/a");
    Kontor__V1__Service *source = shelf_plain(stage, "coast/a");
    Kontor__V1__Offer *kept = shelf_offer(stage->h, stored, "kept");
    shelf_offer(stage->h, stored, "gone");
    kept->approval = steps;
    kept->n_approval = 1;
    kept->activation_text = "Welcome";
    kept->description = "Ours";
    shelf_created(stage, stored);
    shelf_offer(stage->h, source, "new")->activation_text = "Theirs";
    kept = shelf_offer(stage->h, source, "kept");
    kept->name = "Renamed";
    kept->activation_text = "Not theirs to say";
    shelf_parameter(stage->h, kept, "gpus")->text = NULL;
    shelf_make_integer(stage->h, kept->parameters[0]);
    add(stage, &batch, NULL, source);
    batch.request.service_fields =
        shelf_mask(stage->h, "offers.name", "offers.parameters", NULL);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(import(stage, stage->admin, &batch), STATUS_OK);
        assert_int_equal(batch.reply->results[0]->outcome,
                         i == 0 ? KONTOR__V1__IMPORT_OUTCOME__CHANGED
                                : KONTOR__V1__IMPORT_OUTCOME__SAME);
    }
    stored = harness_record(stage->h, KIND_SERVICE, "coast/a");
    assert_int_equal(stored->n_offers, 2);
    assert_string_equal(stored->offers[0]->iid, "new");
    assert_string_equal(stored->offers[0]->activation_text, "Theirs");
    assert_string_equal(stored->offers[1]->iid, "kept");
    assert_string_equal(stored->offers[1]->name, "Renamed");
    assert_string_equal(stored->offers[1]->description, "Ours");
    assert_string_equal(stored->offers[1]->activation_text, "Welcome");
    assert_int_equal(stored->offers[1]->n_approval, 1);
    assert_int_equal(stored->offers[1]->n_parameters, 1);
}

/* Parts are for imports, and of lists whose elements have a name only. */
static void
test_a_part_of_anything_else_is_refused(void **state)
{
    static const char *const paths[] = {"offers.nothing", "audit.state", "offers.",
                                        "main_contact.name", "nothing.name"};
    struct shelf *stage = *state;
    struct error error;
    Kontor__V1__Service *service = shelf_with_offer(stage);
    shelf_created(stage, service);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct batch batch = {.request = KONTOR__V1__CATALOGUE_IMPORT_REQUEST__INIT};
        add(stage, &batch, NULL, service);
        batch.request.service_fields = shelf_mask(stage->h, paths[i], NULL);
        assert_int_equal(import(stage, stage->admin, &batch), STATUS_OK);
        assert_int_equal(batch.reply->results[0]->outcome,
                         KONTOR__V1__IMPORT_OUTCOME__REFUSED);
    }
    assert_int_equal(shelf_update_service(stage->h, stage->admin, service,
                                          shelf_mask(stage->h, "offers.name", NULL),
                                          NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "update_mask"));
}

static Kontor__V1__Source *
source_of(struct shelf *stage, const char *format)
{
    Kontor__V1__Source *source = arena_alloc(stage->h->arena, sizeof(*source));
    kontor__v1__source__init(source);
    source->format = (char *)format;
    source->key = "a";
    return source;
}

static void
test_a_record_has_one_source(void **state)
{
    struct shelf *stage = *state;
    struct batch batch = {.request = KONTOR__V1__CATALOGUE_IMPORT_REQUEST__INIT};
    Kontor__V1__Service *service = shelf_plain(stage, "coast/a");
    shelf_created(stage, shelf_plain(stage, "coast/a"));
    add(stage, &batch, NULL, service);
    static const char *const formats[] = {"osb", "osb", "eosc-5", "eosc-5", "osb"};
    /* C = changed, S = stays and it is told, - = the same without a word. */
    static const char without[] = "SSSSS", with[] = "C-C-C";
    for (int takes_over = 0; takes_over <= 1; takes_over++) {
        batch.request.takes_over = takes_over;
        for (size_t i = 0; i < 5; i++) {
            char expected = takes_over ? with[i] : without[i];
            service->source = source_of(stage, formats[i]);
            service->tagline = arena_print(stage->h->arena, "by %s", formats[i]);
            assert_int_equal(import(stage, stage->admin, &batch), STATUS_OK);
            const Kontor__V1__ImportResult *result = batch.reply->results[0];
            assert_int_equal(result->outcome, expected == 'C'
                                                  ? KONTOR__V1__IMPORT_OUTCOME__CHANGED
                                                  : KONTOR__V1__IMPORT_OUTCOME__SAME);
            assert_int_equal(result->n_findings > 0 &&
                                 strcmp(result->findings[0]->field, "source") == 0,
                             expected == 'S');
        }
    }
    service = harness_record(stage->h, KIND_SERVICE, "coast/a");
    assert_string_equal(service->source->format, "osb");
    assert_string_equal(service->tagline, "by osb");
}

static void
test_an_import_reports_references_that_do_not_resolve(void **state)
{
    static char *required[] = {"coast/a", "coast/later"};
    static char *partners[] = {"hills/unknown"};
    struct shelf *stage = *state;
    struct batch batch = {.request = KONTOR__V1__CATALOGUE_IMPORT_REQUEST__INIT};
    Kontor__V1__Service *service = shelf_plain(stage, "coast/b");
    const Kontor__V1__ImportResult *result;
    shelf_created(stage, shelf_plain(stage, "coast/a"));
    service->required_services = required;
    service->n_required_services = 2;
    service->resource_providers = partners;
    service->n_resource_providers = 1;
    service->order_type = KONTOR__V1__ORDER_TYPE__ORDER_TYPE_UNSPECIFIED;
    shelf_offer(stage->h, service, "standard");
    add(stage, &batch, NULL, service);
    assert_int_equal(import(stage, stage->admin, &batch), STATUS_OK);
    result = batch.reply->results[0];
    assert_int_equal(result->outcome, KONTOR__V1__IMPORT_OUTCOME__CREATED);
    assert_int_equal(result->n_findings, 5);
    assert_string_equal(result->findings[0]->field, "phase");
    assert_string_equal(result->findings[1]->field, "resource_providers[0]");
    assert_string_equal(result->findings[2]->field, "required_services[1]");
    assert_string_equal(result->findings[3]->field, "offers[standard].order_type");
    assert_string_equal(result->findings[4]->field, "order_type");
    assert_int_equal(import(stage, stage->admin, &batch), STATUS_OK);
    assert_int_equal(batch.reply->results[0]->outcome,
                     KONTOR__V1__IMPORT_OUTCOME__SAME);
    assert_int_equal(batch.reply->results[0]->n_findings, 4);
}

static void
test_a_validated_batch_stores_nothing_but_sees_its_own_records(void **state)
{
    struct shelf *stage = *state;
    struct batch batch = batch_of_three(stage);
    int64_t before = shelf_applied(stage->h);
    batch.request.validate_only = true;
    assert_int_equal(import(stage, stage->admin, &batch), STATUS_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(batch.reply->results[i]->outcome,
                         KONTOR__V1__IMPORT_OUTCOME__CREATED);
    }
    assert_int_equal(shelf_applied(stage->h), before);
}

static void
test_a_repeated_batch_tells_the_first_outcome(void **state)
{
    struct shelf *stage = *state;
    struct batch batch = batch_of_three(stage);
    int64_t revision;
    batch.request.request_id = "11111111-2222-4333-8444-555555555555";
    assert_int_equal(import(stage, stage->admin, &batch), STATUS_OK);
    revision = batch.reply->results[2]->revision;
    assert_int_equal(import(stage, stage->admin, &batch), STATUS_OK);
    assert_int_equal(batch.reply->results[2]->outcome,
                     KONTOR__V1__IMPORT_OUTCOME__CREATED);
    assert_int_equal(batch.reply->results[2]->revision, revision);
}

static void
test_an_import_of_another_owners_service_is_refused(void **state)
{
    struct shelf *stage = *state;
    struct batch batch = {.request = KONTOR__V1__CATALOGUE_IMPORT_REQUEST__INIT};
    const struct principal *neighbour = harness_principal(
        stage->h, "coast/nb", ROLE_BIT(OPERATOR), "p:coast/other", NULL);
    Kontor__V1__Service *service = shelf_plain(stage, "coast/a");
    shelf_created(stage, shelf_plain(stage, "coast/a"));
    service->tagline = "Mine now";
    add(stage, &batch, NULL, service);
    assert_int_equal(import(stage, neighbour, &batch), STATUS_OK);
    assert_int_equal(batch.reply->results[0]->outcome,
                     KONTOR__V1__IMPORT_OUTCOME__REFUSED);
    assert_string_equal(batch.reply->results[0]->violations[0]->field, "id");
}

static void
test_a_large_batch_is_taken_whole(void **state)
{
    enum { N = 500 };
    struct shelf *stage = *state;
    struct batch batch = {.request = KONTOR__V1__CATALOGUE_IMPORT_REQUEST__INIT};
    int64_t before = shelf_applied(stage->h);
    for (int i = 0; i < N; i++) {
        const char *id = arena_print(stage->h->arena, "coast/n%03d", i % 400);
        add(stage, &batch, NULL, shelf_plain(stage, id));
    }
    assert_int_equal(import(stage, stage->admin, &batch), STATUS_OK);
    for (int i = 0; i < N; i++) {
        assert_int_equal(batch.reply->results[i]->outcome,
                         i < 400 ? KONTOR__V1__IMPORT_OUTCOME__CREATED
                                 : KONTOR__V1__IMPORT_OUTCOME__SAME);
    }
    assert_int_equal(shelf_applied(stage->h), before + 400);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, shelf_setup, shelf_teardown)
    const struct CMUnitTest tests[] = {
        T(test_importing_twice_changes_nothing_and_the_log_stays),
        T(test_one_bad_record_never_stops_the_rest),
        T(test_an_import_replaces_only_what_its_source_owns),
        T(test_an_import_replaces_the_parts_of_offers_its_source_owns),
        T(test_a_part_of_anything_else_is_refused),
        T(test_a_record_has_one_source),
        T(test_an_import_reports_references_that_do_not_resolve),
        T(test_a_validated_batch_stores_nothing_but_sees_its_own_records),
        T(test_a_repeated_batch_tells_the_first_outcome),
        T(test_an_import_of_another_owners_service_is_refused),
        T(test_a_large_batch_is_taken_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
