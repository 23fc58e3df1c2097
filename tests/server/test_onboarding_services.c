/* What onboarding means for services: the first one is the template, those of a
 * suspended provider are hidden, and which may be deleted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/catalogue/cascade.h"
#include "tests/server/porch.h"

/* ---- The template ---- */

/* A service that may go to PENDING. */
static void
add_service(struct shelf *shelf, const char *id)
{
    Kontor__V1__Service *service = shelf_service(shelf->h, id, "coast/new");
    struct error error = {0};
    service->phase = P(FORTHCOMING);
    service->description = "What it is";
    service->order_type = KONTOR__V1__ORDER_TYPE__ORDER_REQUIRED;
    if (shelf_create_service(shelf->h, porch_owner(shelf), service, NULL, &error) !=
        STATUS_OK) {
        fail_msg("%s", error.message);
    }
}

static Kontor__V1__Phase
phase_of(struct shelf *shelf, const char *id)
{
    const Kontor__V1__Service *service = harness_record(shelf->h, KIND_SERVICE, id);
    return service->phase;
}

static void
test_the_first_service_is_the_template_and_others_wait(void **state)
{
    struct shelf *shelf = *state;
    struct porch_doing doing = {
        .who = porch_shifter(shelf), .id = "coast/new", .reason = ""};
    struct error error = {0};
    porch_reach(shelf, S(APPROVED));
    assert_int_equal(porch_template(shelf, &doing, true, &error),
                     STATUS_FAILED_PRECONDITION);
    assert_int_equal(error.reason, REASON_ILLEGAL_STATE);
    add_service(shelf, "coast/one");
    add_service(shelf, "coast/two");
    assert_int_equal(porch_stored(shelf, "coast/new")->template_state, T(NONE));
    assert_int_equal(
        porch_move(shelf, porch_owner(shelf), "coast/one", P(PENDING), NULL, &error),
        STATUS_OK);
    const Kontor__V1__Provider *now = porch_stored(shelf, "coast/new");
    assert_int_equal(now->template_state, T(PENDING));
    assert_string_equal(now->template_service, "coast/one");
    assert_non_null(now->waiting_since);
    assert_int_equal(
        porch_move(shelf, porch_owner(shelf), "coast/two", P(PENDING), NULL, &error),
        STATUS_FAILED_PRECONDITION);
    assert_int_equal(error.reason, REASON_TEMPLATE_PENDING);
    assert_string_equal(harness_value(&error, "service"), "coast/one");
    assert_int_equal(phase_of(shelf, "coast/two"), P(FORTHCOMING));
    /* Nor is it published meanwhile. */
    assert_int_equal(porch_move(shelf, porch_owner(shelf), "coast/one",
                                P(PRE_PRODUCTION), NULL, &error),
                     STATUS_FAILED_PRECONDITION);
    assert_int_equal(error.reason, REASON_GATE_UNMET);
    assert_true(harness_has_fault(&error, "template"));
    /* Rejected: back to where it is written, and any may be next. */
    assert_int_equal(porch_template(shelf, &doing, false, &error),
                     STATUS_INVALID_ARGUMENT);
    doing.reason = "no contact answers";
    assert_int_equal(porch_template(shelf, &doing, false, &error), STATUS_OK);
    now = porch_stored(shelf, "coast/new");
    assert_int_equal(now->template_state, T(REJECTED));
    assert_string_equal(now->state_reason, "no contact answers");
    assert_null(now->waiting_since);
    assert_int_equal(phase_of(shelf, "coast/one"), P(FORTHCOMING));
    assert_int_equal(
        porch_move(shelf, porch_owner(shelf), "coast/two", P(PENDING), NULL, &error),
        STATUS_OK);
    assert_int_equal(porch_template(shelf, &doing, true, &error), STATUS_OK);
    assert_int_equal(porch_stored(shelf, "coast/new")->template_state, T(APPROVED));
    assert_int_equal(phase_of(shelf, "coast/two"), P(PENDING));
    /* From now on at once, and nobody has to decide again. */
    assert_int_equal(
        porch_move(shelf, porch_owner(shelf), "coast/one", P(PENDING), NULL, &error),
        STATUS_OK);
    assert_int_equal(porch_stored(shelf, "coast/new")->template_state, T(APPROVED));
}

static void
test_a_service_made_pending_is_the_template_too(void **state)
{
    struct shelf *shelf = *state;
    Kontor__V1__Service *service = shelf_service(shelf->h, "coast/one", "coast/new");
    Kontor__V1__CreateServiceRequest request = KONTOR__V1__CREATE_SERVICE_REQUEST__INIT;
    struct error error = {0};
    porch_reach(shelf, S(APPROVED));
    service->phase = P(PENDING);
    service->description = "What it is";
    service->order_type = KONTOR__V1__ORDER_TYPE__ORDER_REQUIRED;
    request.service = service;
    assert_int_equal(harness_call(shelf->h, porch_owner(shelf),
                                  SHELF_CALL("CreateService"), &request, NULL, &error),
                     STATUS_OK);
    assert_string_equal(porch_stored(shelf, "coast/new")->template_service,
                        "coast/one");
    service->id = "coast/two";
    assert_int_equal(harness_call(shelf->h, porch_owner(shelf),
                                  SHELF_CALL("CreateService"), &request, NULL, &error),
                     STATUS_FAILED_PRECONDITION);
    assert_int_equal(error.reason, REASON_TEMPLATE_PENDING);
}

static void
test_an_admin_publishes_without_a_template_and_it_is_noted(void **state)
{
    struct shelf *shelf = *state;
    struct error error = {0};
    porch_reach(shelf, S(APPROVED));
    add_service(shelf, "coast/one");
    assert_int_equal(
        porch_move(shelf, shelf->admin, "coast/one", P(PENDING), NULL, &error),
        STATUS_OK);
    assert_int_equal(porch_move(shelf, shelf->admin, "coast/one", P(PRE_PRODUCTION),
                                "a fair", &error),
                     STATUS_OK);
    const Kontor__V1__Service *service =
        harness_record(shelf->h, KIND_SERVICE, "coast/one");
    assert_non_null(strstr(service->overrides[0]->lacks, ", template"));
}

static void
test_the_template_keeps_its_provider(void **state)
{
    struct shelf *shelf = *state;
    Kontor__V1__Service *service = shelf_service(shelf->h, "coast/one", "coast/hpc");
    struct error error = {0};
    porch_reach(shelf, S(APPROVED));
    add_service(shelf, "coast/one");
    assert_int_equal(
        porch_move(shelf, shelf->admin, "coast/one", P(PENDING), NULL, &error),
        STATUS_OK);
    assert_int_equal(shelf_update_service(shelf->h, shelf->admin, service,
                                          shelf_mask(shelf->h, "provider", NULL), NULL,
                                          &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "service.provider"));
}

/* What was put up elsewhere would pass by the new provider's first service. */
static void
test_only_what_is_forthcoming_goes_to_a_provider_without_a_template(void **state)
{
    struct shelf *shelf = *state;
    struct error error = {0};
    porch_reach(shelf, S(APPROVED));
    for (int phase = P(FORTHCOMING); phase <= P(DECOMMISSIONED); phase++) {
        const char *id = arena_print(shelf->h->arena, "coast/p%d", phase);
        Kontor__V1__Service *service = shelf_plain(shelf, id);
        service->phase = (Kontor__V1__Phase)phase;
        shelf_created(shelf, service);
        service->provider = "coast/new";
        enum status status =
            shelf_update_service(shelf->h, shelf->admin, service,
                                 shelf_mask(shelf->h, "provider", NULL), NULL, &error);
        if (phase == P(FORTHCOMING)) {
            assert_int_equal(status, STATUS_OK);
            continue;
        }
        assert_int_equal(status, STATUS_INVALID_ARGUMENT);
        assert_true(harness_has_fault(&error, "service.provider"));
    }
}

/* An admin has it begin PENDING: somebody still has to decide on it. */
static void
test_what_an_admin_makes_pending_is_the_template(void **state)
{
    struct shelf *shelf = *state;
    Kontor__V1__CreateServiceRequest request = KONTOR__V1__CREATE_SERVICE_REQUEST__INIT;
    porch_reach(shelf, S(APPROVED));
    request.service = shelf_service(shelf->h, "coast/one", "coast/new");
    request.service->phase = P(PENDING);
    request.override_reason = "moved from elsewhere";
    assert_int_equal(harness_call(shelf->h, shelf->admin, SHELF_CALL("CreateService"),
                                  &request, NULL, NULL),
                     STATUS_OK);
    assert_string_equal(porch_stored(shelf, "coast/new")->template_service,
                        "coast/one");
}

static Kontor__V1__CatalogueImportRecord *
pending(struct shelf *shelf, const char *id)
{
    Kontor__V1__CatalogueImportRecord *made =
        arena_alloc(shelf->h->arena, sizeof(*made));
    kontor__v1__catalogue_import_record__init(made);
    made->record_case = KONTOR__V1__CATALOGUE_IMPORT_RECORD__RECORD_SERVICE;
    made->service = shelf_service(shelf->h, id, "coast/new");
    made->service->phase = P(PENDING);
    made->service->description = "What it is";
    made->service->order_type = KONTOR__V1__ORDER_TYPE__ORDER_REQUIRED;
    return made;
}

static void
test_of_an_import_the_first_is_the_template_and_others_stay_behind(void **state)
{
    struct shelf *shelf = *state;
    Kontor__V1__CatalogueImportRequest request =
        KONTOR__V1__CATALOGUE_IMPORT_REQUEST__INIT;
    Kontor__V1__CatalogueImportRecord *records[] = {pending(shelf, "coast/one"),
                                                    pending(shelf, "coast/two")};
    Kontor__V1__CatalogueImportResponse *reply = NULL;
    porch_reach(shelf, S(APPROVED));
    request.records = records;
    request.n_records = 2;
    assert_int_equal(harness_call(shelf->h, shelf->admin, SHELF_CALL("Import"),
                                  &request, (void **)&reply, NULL),
                     STATUS_OK);
    assert_int_equal(reply->results[0]->outcome, KONTOR__V1__IMPORT_OUTCOME__CREATED);
    assert_int_equal(reply->results[0]->n_findings, 0);
    assert_int_equal(reply->results[1]->outcome, KONTOR__V1__IMPORT_OUTCOME__CREATED);
    assert_string_equal(reply->results[1]->findings[0]->field, "phase");
    assert_string_equal(porch_stored(shelf, "coast/new")->template_service,
                        "coast/one");
    assert_int_equal(phase_of(shelf, "coast/one"), P(PENDING));
    assert_int_equal(phase_of(shelf, "coast/two"), P(FORTHCOMING));
}

/* What is taken over may be in the open already: it was not judged here, and says so.
 */
static void
test_an_import_into_the_open_notes_that_there_is_no_template(void **state)
{
    struct shelf *shelf = *state;
    porch_reach(shelf, S(APPROVED));
    for (int is_pending = 0; is_pending <= 1; is_pending++) {
        Kontor__V1__CatalogueImportRequest request =
            KONTOR__V1__CATALOGUE_IMPORT_REQUEST__INIT;
        Kontor__V1__CatalogueImportRecord *records[] = {
            pending(shelf, "coast/first"),
            pending(shelf, is_pending ? "coast/late" : "coast/early")};
        records[1]->service->phase = P(PRE_PRODUCTION);
        request.records = is_pending ? records : records + 1;
        request.n_records = is_pending ? 2 : 1;
        Kontor__V1__CatalogueImportResponse *reply = NULL;
        assert_int_equal(harness_call(shelf->h, shelf->admin, SHELF_CALL("Import"),
                                      &request, (void **)&reply, NULL),
                         STATUS_OK);
        const Kontor__V1__Service *service =
            harness_record(shelf->h, KIND_SERVICE, records[1]->service->id);
        assert_int_equal(service->phase, P(PRE_PRODUCTION));
        assert_int_equal(service->n_overrides, 1);
        assert_non_null(strstr(service->overrides[0]->lacks, "template"));
    }
}

static enum status
decide_template(struct shelf *shelf, int64_t service_revision, struct error *error)
{
    Kontor__V1__DecideTemplateRequest request =
        KONTOR__V1__DECIDE_TEMPLATE_REQUEST__INIT;
    request.id = "coast/new";
    request.is_approved = true;
    request.reason = "good";
    request.expected_service_revision = service_revision;
    return harness_call(shelf->h, porch_shifter(shelf), SHELF_CALL("DecideTemplate"),
                        &request, NULL, error);
}

/* What is approved is what was read. */
static void
test_a_template_is_approved_as_it_was_read(void **state)
{
    struct shelf *shelf = *state;
    struct error error = {0};
    porch_reach(shelf, S(APPROVED));
    add_service(shelf, "coast/one");
    assert_int_equal(
        porch_move(shelf, shelf->admin, "coast/one", P(PENDING), NULL, &error),
        STATUS_OK);
    Kontor__V1__Service *service = harness_record(shelf->h, KIND_SERVICE, "coast/one");
    int64_t read = service->revision;
    service->name = "Something else";
    assert_int_equal(shelf_update_service(shelf->h, shelf->admin, service,
                                          shelf_mask(shelf->h, "name", NULL), NULL,
                                          NULL),
                     STATUS_OK);
    assert_int_equal(decide_template(shelf, read, &error), STATUS_ABORTED);
    assert_int_equal(error.reason, REASON_REVISION_MISMATCH);
    service = harness_record(shelf->h, KIND_SERVICE, "coast/one");
    assert_int_equal(decide_template(shelf, service->revision, &error), STATUS_OK);
    assert_int_equal(porch_stored(shelf, "coast/new")->template_state, T(APPROVED));
}

/* Why one is suspended stands there until it is not; who is retired waits for nothing,
 * and nothing of theirs comes into the open. */
static void
test_what_ends_a_provider_ends_its_waiting(void **state)
{
    struct shelf *shelf = *state;
    struct error error = {0};
    porch_reach(shelf, S(APPROVED));
    add_service(shelf, "coast/one");
    assert_int_equal(
        porch_move(shelf, shelf->admin, "coast/one", P(PENDING), NULL, &error),
        STATUS_OK);
    const struct porch_doing doing = {
        .who = shelf->admin, .id = "coast/new", .reason = "fraud"};
    assert_int_equal(porch_suspend(shelf, &doing, NULL, &error), STATUS_OK);
    assert_int_equal(
        porch_move(shelf, shelf->admin, "coast/one", P(PRE_PRODUCTION), "now", &error),
        STATUS_FAILED_PRECONDITION);
    assert_int_equal(error.reason, REASON_PROVIDER_CLOSED);
    assert_int_equal(decide_template(shelf, 0, &error), STATUS_OK);
    assert_string_equal(porch_stored(shelf, "coast/new")->state_reason, "fraud");
    porch_must(shelf, RETIRE, "coast/new");
    assert_null(porch_stored(shelf, "coast/new")->waiting_since);
}

static void
test_a_retired_provider_is_not_waited_for(void **state)
{
    struct shelf *shelf = *state;
    struct error error = {0};
    porch_reach(shelf, S(APPROVED));
    add_service(shelf, "coast/one");
    assert_int_equal(
        porch_move(shelf, shelf->admin, "coast/one", P(PENDING), NULL, &error),
        STATUS_OK);
    assert_non_null(porch_stored(shelf, "coast/new")->waiting_since);
    porch_must(shelf, RETIRE, "coast/new");
    assert_null(porch_stored(shelf, "coast/new")->waiting_since);
}

/* ---- Waiting ---- */

static size_t
waiting(struct shelf *shelf, const struct principal *who,
        Kontor__V1__ListProvidersResponse **reply)
{
    Kontor__V1__ListProvidersRequest request = KONTOR__V1__LIST_PROVIDERS_REQUEST__INIT;
    request.waiting_only = true;
    assert_int_equal(harness_call(shelf->h, who, SHELF_CALL("ListProviders"), &request,
                                  (void **)reply, NULL),
                     STATUS_OK);
    return (*reply)->n_providers;
}

static void
test_what_waits_is_listed_for_who_decides_the_longest_first(void **state)
{
    struct shelf *shelf = *state;
    Kontor__V1__ListProvidersResponse *list = NULL;
    struct error error = {0};
    const struct principal *all =
        harness_principal(shelf->h, "coast/all", ROLE_BIT(OPERATOR), "r:coast", NULL);
    porch_make(shelf, all, porch_whole(shelf, "coast/z"));
    porch_make(shelf, all, porch_whole(shelf, "coast/a"));
    struct porch_doing doing = {.who = all, .id = "coast/z", .reason = ""};
    assert_int_equal(waiting(shelf, porch_shifter(shelf), &list), 0);
    assert_int_equal(porch_submit(shelf, &doing, &error), STATUS_OK);
    harness_advance(shelf->h, 60000);
    porch_reach(shelf, S(APPROVED));
    add_service(shelf, "coast/one");
    assert_int_equal(
        porch_move(shelf, porch_owner(shelf), "coast/one", P(PENDING), NULL, &error),
        STATUS_OK);
    harness_advance(shelf->h, 60000);
    doing.id = "coast/a";
    assert_int_equal(porch_submit(shelf, &doing, &error), STATUS_OK);
    assert_int_equal(waiting(shelf, porch_shifter(shelf), &list), 3);
    assert_string_equal(list->providers[0]->id, "coast/z");
    assert_string_equal(list->providers[1]->id, "coast/new");
    assert_string_equal(list->providers[2]->id, "coast/a");
    /* A provider's side sees its own. Others see what is published, but not that it
     * waits. */
    assert_int_equal(waiting(shelf, porch_owner(shelf), &list), 1);
    assert_int_equal(waiting(shelf, shelf->stranger, &list), 0);
}

/* ---- Suspension ---- */

enum { N_MANY = 70 };

static void
publish_many(struct shelf *shelf)
{
    porch_reach(shelf, S(APPROVED));
    for (size_t i = 0; i < N_MANY; i++) {
        shelf_created(shelf,
                      shelf_service(shelf->h,
                                    arena_print(shelf->h->arena, "coast/m%02zu", i),
                                    "coast/new"));
    }
}

static size_t
count_seen(struct shelf *shelf)
{
    size_t n = 0;
    for (size_t i = 0; i < N_MANY; i++) {
        const char *id = arena_print(shelf->h->arena, "coast/m%02zu", i);
        struct error error;
        n +=
            shelf_get_service(shelf->h, shelf->stranger, id, NULL, &error) == STATUS_OK;
    }
    return n;
}

/* Until there is nothing to do. */
static size_t
settle(struct shelf *shelf)
{
    struct cascade *cascade = cascade_new(shelf->h->dispatch);
    size_t n = cascade_run(cascade);
    cascade_free(cascade);
    return n;
}

static void
test_suspending_says_beforehand_what_it_touches(void **state)
{
    struct shelf *shelf = *state;
    struct porch_doing doing = {.who = shelf->admin,
                                .id = "coast/new",
                                .reason = "no answer",
                                .is_validate_only = true};
    Kontor__V1__SuspendProviderResponse *reply = NULL;
    struct error error = {0};
    publish_many(shelf);
    int64_t before = shelf_applied(shelf->h);
    assert_int_equal(porch_suspend(shelf, &doing, &reply, &error), STATUS_OK);
    assert_int_equal(shelf_applied(shelf->h), before);
    assert_int_equal(reply->provider->state, S(SUSPENDED));
    assert_int_equal(reply->touched->service_count, N_MANY);
    assert_int_equal(reply->touched->n_services, N_MANY);
    assert_string_equal(reply->touched->services[0], "coast/m00");
    assert_false(reply->touched->is_more);
    assert_int_equal(porch_stored(shelf, "coast/new")->state, S(APPROVED));
}

static void
test_suspending_hides_all_services_and_resuming_shows_them(void **state)
{
    struct shelf *shelf = *state;
    Kontor__V1__Service *service = NULL;
    publish_many(shelf);
    assert_int_equal(count_seen(shelf), N_MANY);
    porch_must(shelf, SUSPEND, "coast/new");
    /* One that is written meanwhile goes by the new state, too. */
    Kontor__V1__Service *edited = shelf_service(shelf->h, "coast/m05", "coast/new");
    edited->tagline = "New";
    assert_int_equal(shelf_update_service(shelf->h, porch_owner(shelf), edited,
                                          shelf_mask(shelf->h, "tagline", NULL),
                                          &service, NULL),
                     STATUS_OK);
    assert_true(service->is_suspended);
    assert_int_equal(count_seen(shelf), N_MANY - 1);
    assert_int_equal(settle(shelf), N_MANY - 1);
    assert_int_equal(count_seen(shelf), 0);
    assert_false(porch_stored(shelf, "coast/new")->is_settling);
    assert_int_equal(
        shelf_get_service(shelf->h, porch_owner(shelf), "coast/m00", &service, NULL),
        STATUS_OK);
    assert_true(service->is_suspended);
    assert_int_equal(service->phase, P(PRODUCTION));
    assert_int_equal(settle(shelf), 0);
    porch_must(shelf, RESUME, "coast/new");
    assert_int_equal(settle(shelf), N_MANY);
    assert_int_equal(count_seen(shelf), N_MANY);
}

/* The broker ends when half of it is done: another one goes on. */
static void
test_settling_goes_on_after_a_restart(void **state)
{
    struct shelf *shelf = *state;
    publish_many(shelf);
    porch_must(shelf, SUSPEND, "coast/new");
    harness_restart(shelf->h);
    assert_true(porch_stored(shelf, "coast/new")->is_settling);
    assert_int_equal(settle(shelf), N_MANY);
    harness_restart(shelf->h);
    assert_false(porch_stored(shelf, "coast/new")->is_settling);
    assert_int_equal(count_seen(shelf), 0);
    assert_int_equal(settle(shelf), 0);
}

/* Resumed before all were hidden: what counts is the state at the end. */
static void
test_the_last_state_wins(void **state)
{
    struct shelf *shelf = *state;
    struct cascade *cascade = cascade_new(shelf->h->dispatch);
    publish_many(shelf);
    porch_must(shelf, SUSPEND, "coast/new");
    assert_int_equal(cascade_run(cascade), N_MANY);
    porch_must(shelf, RESUME, "coast/new");
    porch_must(shelf, SUSPEND, "coast/new");
    porch_must(shelf, RESUME, "coast/new");
    assert_int_equal(cascade_run(cascade), N_MANY);
    assert_int_equal(count_seen(shelf), N_MANY);
    assert_int_equal(cascade_run(cascade), 0);
    assert_false(porch_stored(shelf, "coast/new")->is_settling);
    cascade_free(cascade);
}

/* ---- Bundles ---- */

static bool
sees_bundle(struct shelf *shelf, const char *id)
{
    Kontor__V1__GetBundleRequest request = KONTOR__V1__GET_BUNDLE_REQUEST__INIT;
    struct error error;
    request.id = (char *)(uintptr_t)id;
    return harness_call(shelf->h, shelf->stranger, SHELF_CALL("GetBundle"), &request,
                        NULL, &error) == STATUS_OK;
}

static void
test_bundles_go_along_with_their_provider(void **state)
{
    struct shelf *shelf = *state;
    Kontor__V1__Service *service = shelf_service(shelf->h, "coast/one", "coast/new");
    Kontor__V1__CreateBundleRequest request = KONTOR__V1__CREATE_BUNDLE_REQUEST__INIT;
    Kontor__V1__Bundle bundle = KONTOR__V1__BUNDLE__INIT;
    Kontor__V1__BundleOffer part = KONTOR__V1__BUNDLE_OFFER__INIT;
    Kontor__V1__BundleOffer *parts[] = {&part};
    porch_reach(shelf, S(APPROVED));
    shelf_offer(shelf->h, service, "a");
    shelf_offer(shelf->h, service, "b");
    shelf_created(shelf, service);
    part.offer = "coast/one/b";
    bundle.id = "coast/kit";
    bundle.provider = "coast/new";
    bundle.name = "Kit";
    bundle.main_offer = "coast/one/a";
    bundle.offers = parts;
    bundle.n_offers = 1;
    bundle.is_published = true;
    request.bundle = &bundle;
    assert_int_equal(harness_call(shelf->h, porch_owner(shelf),
                                  SHELF_CALL("CreateBundle"), &request, NULL, NULL),
                     STATUS_OK);
    assert_true(sees_bundle(shelf, "coast/kit"));
    /* Nor does it go to one that is not approved. */
    Kontor__V1__UpdateBundleRequest away = KONTOR__V1__UPDATE_BUNDLE_REQUEST__INIT;
    Kontor__V1__Bundle moved = bundle;
    struct error error;
    Kontor__V1__Provider *draft = shelf_provider(shelf->h, "coast/draft");
    draft->state = S(DRAFT);
    harness_seed(shelf->h, KIND_PROVIDER, "coast/draft", &draft->base, "=r:coast",
                 "=p:coast/draft", NULL);
    moved.provider = "coast/draft";
    away.bundle = &moved;
    away.update_mask = shelf_mask(shelf->h, "provider", NULL);
    assert_int_equal(harness_call(shelf->h, shelf->admin, SHELF_CALL("UpdateBundle"),
                                  &away, NULL, &error),
                     STATUS_FAILED_PRECONDITION);
    assert_int_equal(error.reason, REASON_PROVIDER_CLOSED);
    porch_must(shelf, SUSPEND, "coast/new");
    assert_int_equal(settle(shelf), 2);
    assert_false(sees_bundle(shelf, "coast/kit"));
    porch_must(shelf, RESUME, "coast/new");
    assert_int_equal(settle(shelf), 2);
    assert_true(sees_bundle(shelf, "coast/kit"));
}

/* ---- Deleting services ---- */

static enum status
delete_service(struct shelf *shelf, const struct principal *who, const char *id,
               struct error *error)
{
    Kontor__V1__DeleteServiceRequest request = KONTOR__V1__DELETE_SERVICE_REQUEST__INIT;
    request.id = (char *)(uintptr_t)id;
    return harness_call(shelf->h, who, SHELF_CALL("DeleteService"), &request, NULL,
                        error);
}

static void
test_a_service_is_deleted_before_it_is_put_up_only(void **state)
{
    struct shelf *shelf = *state;
    struct error error = {0};
    for (int phase = P(FORTHCOMING); phase <= P(DECOMMISSIONED); phase++) {
        const char *id = arena_print(shelf->h->arena, "coast/p%d", phase);
        Kontor__V1__Service *service = shelf_plain(shelf, id);
        service->phase = (Kontor__V1__Phase)phase;
        shelf_created(shelf, service);
        assert_int_equal(
            delete_service(shelf, shelf->stranger, id, &error) == STATUS_OK, false);
        enum status status = delete_service(shelf, shelf->operator_, id, &error);
        if (phase == P(FORTHCOMING)) {
            assert_int_equal(status, STATUS_OK);
            continue;
        }
        assert_int_equal(status, STATUS_FAILED_PRECONDITION);
        assert_int_equal(error.reason, REASON_ILLEGAL_STATE);
    }
}

/* People may have ordered it while it was published. */
static void
test_what_was_published_once_stays(void **state)
{
    struct shelf *shelf = *state;
    struct error error = {0};
    Kontor__V1__Service *service = shelf_plain(shelf, "coast/once");
    service->phase = P(DEPRECATED);
    shelf_created(shelf, service);
    const Kontor__V1__Phase back[] = {P(DECOMMISSIONED), P(FORTHCOMING)};
    for (size_t i = 0; i < 2; i++) {
        enum status status = porch_move(shelf, shelf->admin, "coast/once", back[i],
                                        "written anew", &error);
        if (status != STATUS_OK) {
            fail_msg("%s", error.message);
        }
    }
    assert_int_equal(delete_service(shelf, shelf->admin, "coast/once", &error),
                     STATUS_FAILED_PRECONDITION);
    assert_int_equal(error.reason, REASON_ILLEGAL_STATE);
    assert_string_equal(harness_value(&error, "from"), "WAS_PUBLISHED");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shelf_setup, shelf_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_first_service_is_the_template_and_others_wait),
        TEST(test_a_service_made_pending_is_the_template_too),
        TEST(test_an_admin_publishes_without_a_template_and_it_is_noted),
        TEST(test_the_template_keeps_its_provider),
        TEST(test_only_what_is_forthcoming_goes_to_a_provider_without_a_template),
        TEST(test_what_an_admin_makes_pending_is_the_template),
        TEST(test_of_an_import_the_first_is_the_template_and_others_stay_behind),
        TEST(test_an_import_into_the_open_notes_that_there_is_no_template),
        TEST(test_a_template_is_approved_as_it_was_read),
        TEST(test_what_ends_a_provider_ends_its_waiting),
        TEST(test_a_retired_provider_is_not_waited_for),
        TEST(test_what_waits_is_listed_for_who_decides_the_longest_first),
        TEST(test_suspending_says_beforehand_what_it_touches),
        TEST(test_suspending_hides_all_services_and_resuming_shows_them),
        TEST(test_settling_goes_on_after_a_restart),
        TEST(test_the_last_state_wins),
        TEST(test_bundles_go_along_with_their_provider),
        TEST(test_what_was_published_once_stays),
        TEST(test_a_service_is_deleted_before_it_is_put_up_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
