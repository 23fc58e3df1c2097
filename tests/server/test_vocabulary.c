/* Vocabularies: who writes them, what they lack, and what records say beside them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "catalogue/term.h"
#include "proto/field.h"
#include "tests/server/shelf.h"

static Kontor__V1__Vocabulary *
vocabulary(struct shelf *shelf, const char *id)
{
    Kontor__V1__Vocabulary *made = arena_alloc(shelf->h->arena, sizeof(*made));
    kontor__v1__vocabulary__init(made);
    made->id = arena_copy(shelf->h->arena, id);
    made->name = "Terms";
    made->terms = arena_alloc(shelf->h->arena, 8 * sizeof(*made->terms));
    return made;
}

static void
term(struct shelf *shelf, Kontor__V1__Vocabulary *vocabulary, const char *id,
     const char *name, const char *parent)
{
    Kontor__V1__Term *made = arena_alloc(shelf->h->arena, sizeof(*made));
    kontor__v1__term__init(made);
    made->id = arena_copy(shelf->h->arena, id);
    made->name = arena_copy(shelf->h->arena, name);
    made->parent = arena_copy(shelf->h->arena, parent);
    vocabulary->terms[vocabulary->n_terms++] = made;
}

static enum status
create(struct shelf *shelf, const struct principal *who,
       Kontor__V1__Vocabulary *vocabulary, struct error *error)
{
    Kontor__V1__CreateVocabularyRequest request =
        KONTOR__V1__CREATE_VOCABULARY_REQUEST__INIT;
    Kontor__V1__Vocabulary *reply = NULL;
    request.vocabulary = vocabulary;
    return harness_call(shelf->h, who, SHELF_CALL("CreateVocabulary"), &request,
                        (void **)&reply, error);
}

static enum status
get(struct shelf *shelf, const struct principal *who, const char *id,
    Kontor__V1__Vocabulary **reply)
{
    Kontor__V1__GetVocabularyRequest request = KONTOR__V1__GET_VOCABULARY_REQUEST__INIT;
    struct error error;
    request.id = arena_copy(shelf->h->arena, id);
    return harness_call(shelf->h, who, SHELF_CALL("GetVocabulary"), &request,
                        (void **)reply, &error);
}

static enum status delete (struct shelf *shelf, const struct principal *who,
                           const char *id, int64_t expected, struct error *error) {
    Kontor__V1__DeleteVocabularyRequest request =
        KONTOR__V1__DELETE_VOCABULARY_REQUEST__INIT;
    void *reply = NULL;
    request.id = arena_copy(shelf->h->arena, id);
    request.expected_revision = expected;
    return harness_call(shelf->h, who, SHELF_CALL("DeleteVocabulary"), &request, &reply,
                        error);
}

static void
test_a_vocabulary_is_written_by_who_decides_and_read_by_all(void **state)
{
    struct shelf *shelf = *state;
    Kontor__V1__Vocabulary *made = vocabulary(shelf, "coast/CATEGORY");
    Kontor__V1__Vocabulary *read = NULL;
    struct error error;
    term(shelf, made, "storage", "Storage", "");
    assert_int_equal(create(shelf, shelf->operator_, made, &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(create(shelf, shelf->stranger, made, &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(error.reason, REASON_OTHER_REGISTRY);
    assert_int_equal(create(shelf, shelf->admin, made, &error), STATUS_OK);
    assert_int_equal(create(shelf, shelf->admin, made, &error), STATUS_ALREADY_EXISTS);
    assert_int_equal(get(shelf, shelf->stranger, "coast/CATEGORY", &read), STATUS_OK);
    assert_int_equal(read->n_terms, 1);
    assert_string_equal(read->terms[0]->name, "Storage");
    /* Deleted by its registry only, and only at the revision it is known by. */
    assert_int_equal(delete (shelf, shelf->stranger, "coast/CATEGORY", 0, &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(
        delete (shelf, shelf->admin, "coast/CATEGORY", read->revision + 1, &error),
        STATUS_ABORTED);
    assert_int_equal(error.reason, REASON_REVISION_MISMATCH);
    assert_int_equal(
        delete (shelf, shelf->admin, "coast/CATEGORY", read->revision, &error),
        STATUS_OK);
    assert_int_equal(get(shelf, shelf->admin, "coast/CATEGORY", &read),
                     STATUS_NOT_FOUND);
    assert_int_equal(delete (shelf, shelf->admin, "coast/CATEGORY", 0, &error),
                     STATUS_NOT_FOUND);
    assert_int_equal(create(shelf, shelf->admin, made, &error), STATUS_OK);
}

static void
test_two_terms_of_one_id_are_refused(void **state)
{
    struct shelf *shelf = *state;
    Kontor__V1__Vocabulary *made = vocabulary(shelf, "coast/CATEGORY");
    struct error error;
    term(shelf, made, "storage", "Storage", "");
    term(shelf, made, "storage", "Disks", "");
    assert_int_equal(create(shelf, shelf->admin, made, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.faults->rows[0].path, "vocabulary.terms[storage]");
}

/* ---- Imports ---- */

struct batch {
    Kontor__V1__CatalogueImportRequest request;
    Kontor__V1__CatalogueImportResponse *reply;
};

static struct batch
batch(struct shelf *shelf)
{
    struct batch made = {.request = KONTOR__V1__CATALOGUE_IMPORT_REQUEST__INIT};
    made.request.records =
        arena_alloc(shelf->h->arena, 16 * sizeof(*made.request.records));
    return made;
}

static Kontor__V1__CatalogueImportRecord *
add(struct shelf *shelf, struct batch *batch)
{
    Kontor__V1__CatalogueImportRecord *record =
        arena_alloc(shelf->h->arena, sizeof(*record));
    kontor__v1__catalogue_import_record__init(record);
    batch->request.records[batch->request.n_records++] = record;
    return record;
}

static void
add_vocabulary(struct shelf *shelf, struct batch *batch, Kontor__V1__Vocabulary *value)
{
    Kontor__V1__CatalogueImportRecord *record = add(shelf, batch);
    record->record_case = KONTOR__V1__CATALOGUE_IMPORT_RECORD__RECORD_VOCABULARY;
    record->vocabulary = value;
}

static void
add_service(struct shelf *shelf, struct batch *batch, Kontor__V1__Service *value)
{
    Kontor__V1__CatalogueImportRecord *record = add(shelf, batch);
    record->record_case = KONTOR__V1__CATALOGUE_IMPORT_RECORD__RECORD_SERVICE;
    record->service = value;
}

static void
import(struct shelf *shelf, const struct principal *who, struct batch *batch)
{
    struct error error;
    assert_int_equal(harness_call(shelf->h, who, SHELF_CALL("Import"), &batch->request,
                                  (void **)&batch->reply, &error),
                     STATUS_OK);
}

static const char *
finding(const struct batch *batch, size_t record, const char *field)
{
    const Kontor__V1__ImportResult *result = batch->reply->results[record];
    for (size_t i = 0; i < result->n_findings; i++) {
        if (strcmp(result->findings[i]->field, field) == 0) {
            return result->findings[i]->description;
        }
    }
    return "";
}

static void
test_an_operator_imports_no_vocabulary(void **state)
{
    struct shelf *shelf = *state;
    struct batch made = batch(shelf);
    add_vocabulary(shelf, &made, vocabulary(shelf, "coast/CATEGORY"));
    import(shelf, shelf->operator_, &made);
    assert_int_equal(made.reply->results[0]->outcome,
                     KONTOR__V1__IMPORT_OUTCOME__REFUSED);
    assert_non_null(
        strstr(made.reply->results[0]->violations[0]->description, "SHIFTER or ADMIN"));
}

static void
test_a_term_under_a_missing_one_is_found(void **state)
{
    struct shelf *shelf = *state;
    struct batch made = batch(shelf);
    Kontor__V1__Vocabulary *above = vocabulary(shelf, "coast/TOP");
    Kontor__V1__Vocabulary *below = vocabulary(shelf, "coast/LOW");
    Kontor__V1__Vocabulary *lost = vocabulary(shelf, "coast/LOST");
    term(shelf, above, "a", "A", "");
    term(shelf, below, "b", "B", "a");
    term(shelf, below, "c", "C", "b");
    below->parents = "coast/TOP";
    for (size_t i = 0; i < 7; i++) {
        const char *id = arena_print(shelf->h->arena, "x%zu", i);
        term(shelf, lost, id, "X", i == 0 ? "" : "z");
    }
    lost->parents = "coast/NOWHERE";
    add_vocabulary(shelf, &made, above);
    add_vocabulary(shelf, &made, below);
    add_vocabulary(shelf, &made, lost);
    import(shelf, shelf->admin, &made);
    assert_int_equal(made.reply->results[0]->n_findings, 0);
    assert_int_equal(made.reply->results[1]->n_findings, 0);
    assert_int_equal(made.reply->results[2]->outcome,
                     KONTOR__V1__IMPORT_OUTCOME__CREATED);
    assert_string_equal(
        finding(&made, 2, "terms"),
        "6 of 7 terms stand under a term that is not there: x1 under z, x2 under z, x3 "
        "under z, x4 under z, x5 under z, ...");
}

static void
test_an_unknown_term_is_found_with_the_nearest(void **state)
{
    struct shelf *shelf = *state;
    struct batch made = batch(shelf);
    Kontor__V1__Vocabulary *terms = vocabulary(shelf, "coast/CATEGORY");
    Kontor__V1__Service *service = shelf_plain(shelf, "coast/a");
    char *categories[] = {"category-storage", "category-storrage", "Compute", "zzz"};
    char *domains[] = {"anything"};
    term(shelf, terms, "category-storage", "Keeping data", "");
    term(shelf, terms, "category-compute", "Compute", "");
    service->categories = categories;
    service->n_categories = 4;
    service->scientific_domains = domains;
    service->n_scientific_domains = 1;
    add_vocabulary(shelf, &made, terms);
    add_service(shelf, &made, service);
    import(shelf, shelf->admin, &made);
    assert_int_equal(made.reply->results[1]->outcome,
                     KONTOR__V1__IMPORT_OUTCOME__CREATED);
    assert_string_equal(finding(&made, 1, "categories[0]"), "");
    assert_string_equal(finding(&made, 1, "categories[1]"),
                        "\"category-storrage\" is no term of coast/CATEGORY; near it: "
                        "category-storage (Keeping data), category-compute (Compute)");
    assert_string_equal(finding(&made, 1, "categories[2]"),
                        "\"Compute\" is no term of coast/CATEGORY; near it: "
                        "category-compute (Compute)");
    assert_string_equal(finding(&made, 1, "categories[3]"),
                        "\"zzz\" is no term of coast/CATEGORY");
    /* A registry without the vocabulary takes every word. */
    assert_string_equal(finding(&made, 1, "scientific_domains[0]"), "");
}

/* A term of any of the field's vocabularies will do, and fields of what a record holds
 * are looked at, too. */
static void
test_every_place_of_a_term_is_looked_at(void **state)
{
    struct shelf *shelf = *state;
    struct batch made = batch(shelf);
    Kontor__V1__Vocabulary *countries = vocabulary(shelf, "coast/COUNTRY");
    Kontor__V1__Vocabulary *regions = vocabulary(shelf, "coast/REGION");
    Kontor__V1__Vocabulary *licences = vocabulary(shelf, "coast/SPDX_LICENSE");
    Kontor__V1__Service *service = shelf_plain(shelf, "coast/a");
    Kontor__V1__Training training = KONTOR__V1__TRAINING__INIT;
    Kontor__V1__Licence licence = KONTOR__V1__LICENCE__INIT;
    char *places[] = {"NO", "EU", "Atlantis"};
    term(shelf, countries, "NO", "Norway", "");
    term(shelf, regions, "EU", "Europe", "");
    term(shelf, licences, "MIT", "MIT License", "");
    service->geographical_availabilities = places;
    service->n_geographical_availabilities = 3;
    licence.name = "MIT-ish";
    training.licence = &licence;
    service->kind_case = KONTOR__V1__SERVICE__KIND_TRAINING;
    service->training = &training;
    add_vocabulary(shelf, &made, countries);
    add_vocabulary(shelf, &made, regions);
    add_vocabulary(shelf, &made, licences);
    add_service(shelf, &made, service);
    import(shelf, shelf->admin, &made);
    const Kontor__V1__ImportResult *result = made.reply->results[3];
    assert_int_equal(result->outcome, KONTOR__V1__IMPORT_OUTCOME__CREATED);
    assert_string_equal(finding(&made, 3, "geographical_availabilities[0]"), "");
    assert_string_equal(finding(&made, 3, "geographical_availabilities[1]"), "");
    assert_string_not_equal(finding(&made, 3, "geographical_availabilities[2]"), "");
    assert_string_equal(
        finding(&made, 3, "training.licence.name"),
        "\"MIT-ish\" is no term of coast/SPDX_LICENSE; near it: MIT (MIT License)");
}

static void
test_every_row_of_the_table_names_a_text(void **state)
{
    (void)state;
    size_t n = 0;
    for (const struct term_field *row = term_fields; row->message != NULL; row++, n++) {
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field_by_name(row->message, row->field);
        assert_non_null(field);
        assert_int_equal(field->type, PROTOBUF_C_TYPE_STRING);
        assert_non_null(row->vocabularies[0]);
        assert_null(row->vocabularies[TERM_MAX_VOCABULARIES]);
    }
    assert_int_equal(n, 52);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shelf_setup, shelf_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_vocabulary_is_written_by_who_decides_and_read_by_all),
        TEST(test_two_terms_of_one_id_are_refused),
        TEST(test_an_operator_imports_no_vocabulary),
        TEST(test_a_term_under_a_missing_one_is_found),
        TEST(test_an_unknown_term_is_found_with_the_nearest),
        TEST(test_every_place_of_a_term_is_looked_at),
        TEST(test_every_row_of_the_table_names_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
