/* Sites and endpoints: whose they are, what they are called, and how they are imported.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "server/configuration/configuration.h"
#include "tests/server/ground.h"

/* A copy by hand of who may call what; the rows must agree. */
#define SITES (ROLE_BIT(SITE_ADMIN) | ROLE_BIT(ADMIN))
#define PLANNERS (ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER) | ROLE_BIT(ADMIN))
#define PROVIDER_SIDE                                                                  \
    (ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN) | ROLE_BIT(SHIFTER) | ROLE_BIT(AGENT) |      \
     ROLE_BIT(APPROVER))
static const struct {
    const char *path;
    uint32_t roles;
} expected_roles[] = {
    {GROUND_CALL("CreateSite"), SITES},
    {GROUND_CALL("GetSite"), ROLES_ALL},
    {GROUND_CALL("ListSites"), ROLES_ALL},
    {GROUND_CALL("UpdateSite"), SITES},
    {GROUND_CALL("DeleteSite"), SITES},
    {GROUND_CALL("MoveCertification"), ROLE_BIT(CERTIFIER)},
    {GROUND_CALL("ListCertificationChanges"), ROLES_ALL},
    {GROUND_CALL("CreateEndpoint"), SITES},
    {GROUND_CALL("GetEndpoint"), ROLES_ALL},
    {GROUND_CALL("ListEndpoints"), ROLES_ALL},
    {GROUND_CALL("UpdateEndpoint"), SITES},
    {GROUND_CALL("DeleteEndpoint"), SITES},
    {GROUND_CALL("CreateOperatorGroup"), SITES},
    {GROUND_CALL("GetOperatorGroup"), ROLES_ALL},
    {GROUND_CALL("ListOperatorGroups"), ROLES_ALL},
    {GROUND_CALL("UpdateOperatorGroup"), SITES},
    {GROUND_CALL("DeleteOperatorGroup"), SITES},
    {GROUND_CALL("CreateGroup"), SITES},
    {GROUND_CALL("GetGroup"), ROLES_ALL},
    {GROUND_CALL("ListGroups"), ROLES_ALL},
    {GROUND_CALL("UpdateGroup"), SITES},
    {GROUND_CALL("DeleteGroup"), SITES},
    {GROUND_CALL("DeclareDowntime"), SITES},
    {GROUND_CALL("ReviseDowntime"), SITES},
    {GROUND_CALL("CancelDowntime"), SITES},
    {GROUND_CALL("GetDowntime"), ROLES_ALL},
    {GROUND_CALL("ListDowntimes"), ROLES_ALL},
    {GROUND_CALL("ReportVersions"), ROLE_BIT(MONITOR)},
    {GROUND_CALL("ListVersions"), ROLES_ALL},
    {GROUND_CALL("Reconcile"), ROLES_ALL},
    {GROUND_CALL("CreateCapacity"), ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN)},
    {GROUND_CALL("GetCapacity"), PROVIDER_SIDE},
    {GROUND_CALL("ListCapacities"), PROVIDER_SIDE},
    {GROUND_CALL("UpdateCapacity"), ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN)},
    {GROUND_CALL("ListAllocations"), PROVIDER_SIDE},
    {GROUND_CALL("ImportPlan"), PLANNERS},
    {GROUND_CALL("GetPlan"), PLANNERS | ROLE_BIT(APPROVER)},
    {GROUND_CALL("ListPlans"), PLANNERS | ROLE_BIT(APPROVER)},
    {GROUND_CALL("ProposeOrder"), PLANNERS},
    {GROUND_CALL("WriteBackPlan"), PLANNERS},
    {GROUND_CALL("Import"), SITES},
    {GROUND_CALL("Export"), ROLES_ALL},
    {GROUND_CALL("Watch"), ROLES_ALL},
    {GROUND_CALL("Trace"), ROLE_BIT(PORTAL) | ROLE_BIT(APPROVER) | ROLE_BIT(SHIFTER) |
                               ROLE_BIT(OPERATOR) | ROLE_BIT(AGENT) | ROLE_BIT(ADMIN) |
                               ROLE_BIT(PEER)},
    {GROUND_CALL("Impact"), ROLE_BIT(PORTAL) | ROLE_BIT(APPROVER) | ROLE_BIT(SHIFTER) |
                                ROLE_BIT(OPERATOR) | ROLE_BIT(AGENT) | ROLE_BIT(ADMIN) |
                                ROLE_BIT(PEER) | ROLE_BIT(SITE_ADMIN)},
};

static void
test_every_row_has_the_roles_of_the_design(void **state)
{
    const size_t n = sizeof(expected_roles) / sizeof(expected_roles[0]);
    (void)state;
    for (size_t i = 0; i < n; i++) {
        const struct row *row = &configuration_rows.rows[i];
        assert_string_equal(row->path, expected_roles[i].path);
        assert_int_equal(row->roles, expected_roles[i].roles);
        assert_int_equal(row->is_mutation, row->klass == CLASS_WRITE);
    }
    assert_null(configuration_rows.rows[n].path);
}

static void
make_site(struct ground *ground, const char *id, const char *short_name)
{
    struct error error;
    if (ground_create_site(ground, ground->admin,
                           ground_site(ground->h, id, short_name),
                           &error) != STATUS_OK) {
        fail_msg("%s", error.message);
    }
}

static enum status
rename_site(struct ground *ground, const char *id, const char *short_name,
            struct error *error)
{
    Kontor__V1__UpdateSiteRequest request = KONTOR__V1__UPDATE_SITE_REQUEST__INIT;
    request.site = ground_site(ground->h, id, short_name);
    return harness_call(ground->h, ground->admin, GROUND_CALL("UpdateSite"), &request,
                        NULL, error);
}

static void
test_a_short_name_is_taken_once_in_a_registry(void **state)
{
    struct ground *ground = *state;
    struct error error;
    make_site(ground, "coast/a", "COAST-North");
    assert_int_equal(
        ground_create_site(ground, ground->admin,
                           ground_site(ground->h, "coast/b", "coast north"), &error),
        STATUS_ALREADY_EXISTS);
    assert_int_equal(error.reason, REASON_NAME_TAKEN);
    assert_int_equal(
        ground_create_site(ground, ground->stranger,
                           ground_site(ground->h, "hills/b", "COAST-North"), &error),
        STATUS_OK);
}

static void
test_a_renamed_site_gives_its_name_back(void **state)
{
    struct ground *ground = *state;
    struct error error;
    make_site(ground, "coast/a", "North");
    make_site(ground, "coast/b", "South");
    assert_int_equal(rename_site(ground, "coast/a", "south", &error),
                     STATUS_ALREADY_EXISTS);
    assert_int_equal(error.reason, REASON_NAME_TAKEN);
    assert_int_equal(rename_site(ground, "coast/a", "NORTH", &error), STATUS_OK);
    assert_int_equal(rename_site(ground, "coast/a", "East", &error), STATUS_OK);
    make_site(ground, "coast/c", "North");
    assert_int_equal(rename_site(ground, "coast/b", "North", &error),
                     STATUS_ALREADY_EXISTS);
    assert_int_equal(rename_site(ground, "coast/b", "East", &error),
                     STATUS_ALREADY_EXISTS);
}

static void
test_a_name_of_signs_alone_is_a_name(void **state)
{
    struct ground *ground = *state;
    struct error error;
    make_site(ground, "coast/a", "--");
    make_site(ground, "coast/b", "-");
    assert_int_equal(ground_create_site(ground, ground->admin,
                                        ground_site(ground->h, "coast/c", "--"),
                                        &error),
                     STATUS_ALREADY_EXISTS);
}

static void
test_sites_and_endpoints_are_their_registrys_to_write(void **state)
{
    struct ground *ground = *state;
    Kontor__V1__Downtime *downtime =
        ground_downtime(ground->h, "coast/d", 0, GROUND_HOUR_MS);
    struct error error;
    assert_int_equal(ground_create_site(ground, ground->stranger,
                                        ground_site(ground->h, "coast/a", "North"),
                                        &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(error.reason, REASON_OTHER_REGISTRY);
    assert_int_equal(ground_create_site(ground, ground->partial,
                                        ground_site(ground->h, "coast/a", "North"),
                                        &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(error.reason, REASON_NOT_OWNER);
    make_site(ground, "coast/a", "North");
    assert_int_equal(
        ground_create_endpoint(
            ground, ground->partial,
            ground_endpoint(ground->h, "coast/e", "coast/a", "h.example.org", "CE"),
            &error),
        STATUS_PERMISSION_DENIED);
    assert_int_equal(error.reason, REASON_NOT_OWNER);
    ground_affect(ground->h, downtime, "North", "h.example.org", "CE");
    assert_int_equal(ground_declare(ground, ground->partial, downtime, NULL, &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(error.reason, REASON_NOT_OWNER);
}

static void
test_everybody_reads_a_site_without_its_contacts(void **state)
{
    struct ground *ground = *state;
    Kontor__V1__GetSiteRequest request = KONTOR__V1__GET_SITE_REQUEST__INIT;
    Kontor__V1__Site *site = NULL;
    const struct principal *reader =
        harness_principal(ground->h, "hills/reader", ROLE_BIT(READER), NULL);
    make_site(ground, "coast/a", "North");
    request.id = "coast/a";
    assert_int_equal(harness_call(ground->h, reader, GROUND_CALL("GetSite"), &request,
                                  (void **)&site, NULL),
                     STATUS_OK);
    assert_string_equal(site->short_name, "North");
    assert_int_equal(site->n_contacts, 0);
    assert_int_equal(harness_call(ground->h, ground->admin, GROUND_CALL("GetSite"),
                                  &request, (void **)&site, NULL),
                     STATUS_OK);
    assert_int_equal(site->n_contacts, 1);
    assert_string_equal(site->contacts[0]->role, "emergency");
    assert_string_equal(site->contacts[0]->contact->phone, "112");
}

static void
test_an_endpoint_needs_a_site_of_its_registry(void **state)
{
    struct ground *ground = *state;
    struct error error;
    assert_int_equal(ground_create_site(ground, ground->stranger,
                                        ground_site(ground->h, "hills/s", "Hill"),
                                        NULL),
                     STATUS_OK);
    assert_int_equal(ground_create_endpoint(
                         ground, ground->admin,
                         ground_endpoint(ground->h, "coast/e", "coast/none", "h", "CE"),
                         &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "endpoint.site"));
    assert_int_equal(ground_create_endpoint(
                         ground, ground->admin,
                         ground_endpoint(ground->h, "coast/e", "hills/s", "h", "CE"),
                         &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "endpoint.site"));
}

static void
test_sites_are_listed_by_operator_group(void **state)
{
    struct ground *ground = *state;
    Kontor__V1__ListSitesRequest request = KONTOR__V1__LIST_SITES_REQUEST__INIT;
    Kontor__V1__ListSitesResponse *page = NULL;
    for (int i = 0; i < 4; i++) {
        Kontor__V1__Site *site =
            ground_site(ground->h, arena_print(ground->h->arena, "coast/s%d", i),
                        arena_print(ground->h->arena, "S%d", i));
        site->operator_group = i % 2 == 0 ? "NGI_A" : "NGI_B";
        assert_int_equal(ground_create_site(ground, ground->admin, site, NULL),
                         STATUS_OK);
    }
    request.operator_group = "NGI_A";
    request.page_size = 1;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(harness_call(ground->h, ground->stranger,
                                      GROUND_CALL("ListSites"), &request,
                                      (void **)&page, NULL),
                         STATUS_OK);
        assert_int_equal(page->n_sites, 1);
        assert_string_equal(page->sites[0]->id, i == 0 ? "coast/s0" : "coast/s2");
        request.page_token = page->next_page_token;
    }
    assert_string_equal(page->next_page_token, "");
}

static void
test_endpoints_are_listed_by_site(void **state)
{
    struct ground *ground = *state;
    Kontor__V1__ListEndpointsRequest request = KONTOR__V1__LIST_ENDPOINTS_REQUEST__INIT;
    Kontor__V1__ListEndpointsResponse *page = NULL;
    make_site(ground, "coast/a", "North");
    make_site(ground, "coast/b", "South");
    for (int i = 0; i < 6; i++) {
        const char *id = arena_print(ground->h->arena, "coast/e%d", i);
        const char *site = i % 3 == 0 ? "coast/b" : "coast/a";
        assert_int_equal(ground_create_endpoint(
                             ground, ground->admin,
                             ground_endpoint(ground->h, id, site, "h", "CE"), NULL),
                         STATUS_OK);
    }
    request.site = "coast/b";
    request.service = "coast/s";
    assert_int_equal(harness_call(ground->h, ground->stranger,
                                  GROUND_CALL("ListEndpoints"), &request,
                                  (void **)&page, NULL),
                     STATUS_INVALID_ARGUMENT);
    request.service = "";
    assert_int_equal(harness_call(ground->h, ground->stranger,
                                  GROUND_CALL("ListEndpoints"), &request,
                                  (void **)&page, NULL),
                     STATUS_OK);
    assert_int_equal(page->n_endpoints, 2);
    assert_string_equal(page->endpoints[0]->id, "coast/e0");
    assert_string_equal(page->endpoints[1]->id, "coast/e3");
    assert_non_null(page->position);
}

static void
test_endpoints_are_linked_to_what_they_run(void **state)
{
    struct ground *ground = *state;
    Kontor__V1__ListEndpointsRequest request = KONTOR__V1__LIST_ENDPOINTS_REQUEST__INIT;
    Kontor__V1__ListEndpointsResponse *page = NULL;
    struct error error;
    make_site(ground, "coast/a", "North");
    for (int i = 0; i < 4; i++) {
        Kontor__V1__Endpoint *endpoint =
            ground_endpoint(ground->h, arena_print(ground->h->arena, "coast/e%d", i),
                            "coast/a", "h", "CE");
        endpoint->service = i % 2 == 0 ? "hills/batch" : "";
        endpoint->component = "queue";
        enum status status =
            ground_create_endpoint(ground, ground->admin, endpoint, &error);
        assert_int_equal(status, i % 2 == 0 ? STATUS_OK : STATUS_INVALID_ARGUMENT);
        assert_true(status == STATUS_OK ||
                    harness_has_fault(&error, "endpoint.component"));
    }
    request.service = "hills/batch";
    assert_int_equal(harness_call(ground->h, ground->stranger,
                                  GROUND_CALL("ListEndpoints"), &request,
                                  (void **)&page, NULL),
                     STATUS_OK);
    assert_int_equal(page->n_endpoints, 2);
    assert_string_equal(page->endpoints[1]->id, "coast/e2");
    assert_string_equal(page->endpoints[1]->component, "queue");
}

/* ---- Import ---- */

struct batch {
    Kontor__V1__ConfigurationImportRequest request;
    Kontor__V1__ConfigurationImportResponse *reply;
};

static Kontor__V1__ConfigurationImportRecord *
add(struct ground *ground, struct batch *batch)
{
    Kontor__V1__ConfigurationImportRecord *record =
        arena_alloc(ground->h->arena, sizeof(*record));
    if (batch->request.records == NULL) {
        batch->request.records =
            arena_alloc(ground->h->arena, 16 * sizeof(*batch->request.records));
    }
    kontor__v1__configuration_import_record__init(record);
    batch->request.records[batch->request.n_records++] = record;
    return record;
}

static void
add_site(struct ground *ground, struct batch *batch, Kontor__V1__Site *site)
{
    Kontor__V1__ConfigurationImportRecord *record = add(ground, batch);
    record->record_case = KONTOR__V1__CONFIGURATION_IMPORT_RECORD__RECORD_SITE;
    record->site = site;
}

static void
add_endpoint(struct ground *ground, struct batch *batch, Kontor__V1__Endpoint *endpoint)
{
    Kontor__V1__ConfigurationImportRecord *record = add(ground, batch);
    record->record_case = KONTOR__V1__CONFIGURATION_IMPORT_RECORD__RECORD_ENDPOINT;
    record->endpoint = endpoint;
}

static void
add_downtime(struct ground *ground, struct batch *batch, Kontor__V1__Downtime *downtime)
{
    Kontor__V1__ConfigurationImportRecord *record = add(ground, batch);
    record->record_case = KONTOR__V1__CONFIGURATION_IMPORT_RECORD__RECORD_DOWNTIME;
    record->downtime = downtime;
}

static void
import(struct ground *ground, struct batch *batch)
{
    assert_int_equal(harness_call(ground->h, ground->admin, GROUND_CALL("Import"),
                                  &batch->request, (void **)&batch->reply, NULL),
                     STATUS_OK);
    assert_int_equal(batch->reply->n_results, batch->request.n_records);
}

/* A site, an endpoint at it, one whose site is missing, and downtimes of a known and of
 * an unknown endpoint. */
static struct batch
batch_of_five(struct ground *ground)
{
    struct batch batch = {.request = KONTOR__V1__CONFIGURATION_IMPORT_REQUEST__INIT};
    struct harness *h = ground->h;
    Kontor__V1__Downtime *known =
        ground_downtime(h, "coast/d1", 30 * GROUND_HOUR_MS, 40 * GROUND_HOUR_MS);
    Kontor__V1__Downtime *unknown =
        ground_downtime(h, "coast/d2", -90 * GROUND_HOUR_MS, -80 * GROUND_HOUR_MS);
    known->declared_at = ground_time(h, 10 * GROUND_HOUR_MS);
    unknown->declared_at = ground_time(h, -200 * GROUND_HOUR_MS);
    known->source = unknown->source = arena_alloc(h->arena, sizeof(*known->source));
    kontor__v1__source__init(known->source);
    known->source->format = "gocdb";
    ground_affect(h, known, "North", "h.example.org", "CE");
    ground_affect(h, unknown, "North", "h.example.org", "SE");
    add_site(ground, &batch, ground_site(h, "coast/a", "North"));
    add_endpoint(ground, &batch,
                 ground_endpoint(h, "coast/e", "coast/a", "h.example.org", "CE"));
    add_endpoint(ground, &batch,
                 ground_endpoint(h, "coast/f", "coast/none", "h", "CE"));
    add_downtime(ground, &batch, known);
    add_downtime(ground, &batch, unknown);
    return batch;
}

static void
test_an_import_reports_what_does_not_resolve_and_refuses_nothing(void **state)
{
    struct ground *ground = *state;
    struct batch batch = batch_of_five(ground);
    const Kontor__V1__Downtime *downtime;
    import(ground, &batch);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(batch.reply->results[i]->outcome,
                         KONTOR__V1__IMPORT_OUTCOME__CREATED);
    }
    assert_int_equal(batch.reply->results[1]->n_findings, 0);
    assert_int_equal(batch.reply->results[2]->n_findings, 1);
    assert_string_equal(batch.reply->results[2]->findings[0]->field, "site");
    assert_int_equal(batch.reply->results[3]->n_findings, 0);
    assert_int_equal(batch.reply->results[4]->n_findings, 1);
    assert_string_equal(batch.reply->results[4]->findings[0]->field, "affected[0]");
    downtime = harness_record(ground->h, KIND_DOWNTIME, "coast/d1");
    assert_string_equal(downtime->affected[0]->endpoint, "coast/e");
    /* Declared 20 hours before, as the source says, not 30 as the clock would. */
    assert_int_equal(downtime->classification, KONTOR__V1__CLASSIFICATION__UNSCHEDULED);
    downtime = harness_record(ground->h, KIND_DOWNTIME, "coast/d2");
    assert_string_equal(downtime->affected[0]->endpoint, "");
    assert_string_equal(downtime->affected[0]->type, "SE");
    assert_int_equal(downtime->classification, KONTOR__V1__CLASSIFICATION__SCHEDULED);
}

static void
test_importing_twice_changes_nothing_and_the_log_stays(void **state)
{
    struct ground *ground = *state;
    struct batch batch = batch_of_five(ground);
    int64_t before;
    import(ground, &batch);
    before = store_applied(ground->h->broker.store);
    harness_advance(ground->h, 5 * GROUND_HOUR_MS);
    import(ground, &batch);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(batch.reply->results[i]->outcome,
                         KONTOR__V1__IMPORT_OUTCOME__SAME);
    }
    assert_int_equal(batch.reply->results[4]->n_findings, 1);
    assert_int_equal(store_applied(ground->h->broker.store), before);
}

/* What was cancelled elsewhere does not come back to life here, and an import cannot
 * cancel what is there, nor the other way round. */
static void
test_a_cancelled_downtime_is_imported_as_cancelled(void **state)
{
    struct ground *ground = *state;
    for (int was = 0; was < 2; was++) {
        struct batch batch = {.request =
                                  KONTOR__V1__CONFIGURATION_IMPORT_REQUEST__INIT};
        const char *id = was ? "coast/was" : "coast/is";
        Kontor__V1__Downtime *downtime =
            ground_downtime(ground->h, id, 30 * GROUND_HOUR_MS, 40 * GROUND_HOUR_MS);
        ground_affect(ground->h, downtime, "North", "h", "CE");
        downtime->is_cancelled = was;
        downtime->cancel_reason = was ? "Postponed" : "";
        add_downtime(ground, &batch, downtime);
        import(ground, &batch);
        const Kontor__V1__Downtime *made = harness_record(ground->h, KIND_DOWNTIME, id);
        assert_int_equal(made->is_cancelled, was);
        assert_string_equal(made->cancel_reason, was ? "Postponed" : "");
        downtime->is_cancelled = !was;
        import(ground, &batch);
        made = harness_record(ground->h, KIND_DOWNTIME, id);
        assert_int_equal(made->is_cancelled, was);
    }
}

/* Our own export says of what was made here where it was made; that it comes back to
 * the same broker changes nothing. */
static void
test_a_downtime_made_here_comes_back_as_made_here(void **state)
{
    struct ground *ground = *state;
    struct batch batch = {.request = KONTOR__V1__CONFIGURATION_IMPORT_REQUEST__INIT};
    Kontor__V1__Downtime *downtime =
        ground_downtime(ground->h, "coast/d", 30 * GROUND_HOUR_MS, 40 * GROUND_HOUR_MS);
    ground_affect(ground->h, downtime, "North", "h", "CE");
    add_downtime(ground, &batch, downtime);
    import(ground, &batch);
    const Kontor__V1__Downtime *made =
        harness_record(ground->h, KIND_DOWNTIME, "coast/d");
    /* That it was declared long ago it may not say: it was declared here. */
    downtime->declared_at = ground_time(ground->h, -500 * GROUND_HOUR_MS);
    import(ground, &batch);
    assert_int_equal(batch.reply->results[0]->outcome,
                     KONTOR__V1__IMPORT_OUTCOME__SAME);
    downtime->declared_at = made->declared_at;
    downtime->source = arena_alloc(ground->h->arena, sizeof(*downtime->source));
    kontor__v1__source__init(downtime->source);
    downtime->source->format = "kontor-1";
    downtime->source->key = "coast/d";
    batch.request.takes_over = true;
    import(ground, &batch);
    assert_int_equal(batch.reply->results[0]->outcome,
                     KONTOR__V1__IMPORT_OUTCOME__SAME);
    made = harness_record(ground->h, KIND_DOWNTIME, "coast/d");
    assert_null(made->source);
}

static Kontor__V1__Term *
term_of(struct ground *ground, const char *id)
{
    Kontor__V1__Term *term = arena_alloc(ground->h->arena, sizeof(*term));
    kontor__v1__term__init(term);
    term->id = term->name = (char *)(uintptr_t)id;
    return term;
}

/* With a vocabulary of types, what is none of them is told with the nearest. */
static void
test_a_type_that_is_no_term_is_told_with_the_nearest(void **state)
{
    struct ground *ground = *state;
    struct harness *h = ground->h;
    struct batch batch = {.request = KONTOR__V1__CONFIGURATION_IMPORT_REQUEST__INIT};
    Kontor__V1__Term *terms[] = {term_of(ground, "Site-BDII"),
                                 term_of(ground, "CREAM-CE"), term_of(ground, "SRM")};
    Kontor__V1__Vocabulary types = KONTOR__V1__VOCABULARY__INIT;
    add_endpoint(ground, &batch, ground_endpoint(h, "coast/e", "coast/a", "h", "BDII"));
    add_endpoint(ground, &batch, ground_endpoint(h, "coast/f", "coast/a", "h", "SRM"));
    import(ground, &batch);
    assert_int_equal(batch.reply->results[0]->n_findings, 1);
    types.id = "coast/SERVICE_TYPE";
    types.name = "Service type";
    types.terms = terms;
    types.n_terms = sizeof terms / sizeof terms[0];
    harness_seed(h, KIND_VOCABULARY, types.id, &types.base, "=r:coast", "~*", NULL);
    import(ground, &batch);
    const Kontor__V1__ImportResult *result = batch.reply->results[0];
    assert_int_equal(result->n_findings, 2);
    assert_string_equal(result->findings[1]->field, "type");
    assert_string_equal(result->findings[1]->description,
                        "\"BDII\" is no term of coast/SERVICE_TYPE; near it: Site-BDII "
                        "(Site-BDII)");
    assert_int_equal(batch.reply->results[1]->n_findings, 1);
}

static void
test_an_import_refuses_a_name_that_is_taken(void **state)
{
    struct ground *ground = *state;
    struct batch batch = {.request = KONTOR__V1__CONFIGURATION_IMPORT_REQUEST__INIT};
    add_site(ground, &batch, ground_site(ground->h, "coast/a", "North"));
    add_site(ground, &batch, ground_site(ground->h, "coast/b", "NORTH"));
    add_site(ground, &batch, ground_site(ground->h, "hills/c", "Elsewhere"));
    add_site(ground, &batch, ground_site(ground->h, "coast/c", "South"));
    import(ground, &batch);
    assert_int_equal(batch.reply->results[0]->outcome,
                     KONTOR__V1__IMPORT_OUTCOME__CREATED);
    assert_int_equal(batch.reply->results[1]->outcome,
                     KONTOR__V1__IMPORT_OUTCOME__REFUSED);
    assert_int_equal(batch.reply->results[2]->outcome,
                     KONTOR__V1__IMPORT_OUTCOME__REFUSED);
    assert_int_equal(batch.reply->results[3]->outcome,
                     KONTOR__V1__IMPORT_OUTCOME__CREATED);
}

/* What validate_only promises must come true: a record is judged as if the ones before
 * it were stored. */
static void
test_a_validated_import_foresees_what_the_import_answers(void **state)
{
    struct ground *ground = *state;
    struct harness *h = ground->h;
    struct batch batch = {.request = KONTOR__V1__CONFIGURATION_IMPORT_REQUEST__INIT};
    struct batch stored = {.request = KONTOR__V1__CONFIGURATION_IMPORT_REQUEST__INIT};
    static const Kontor__V1__ImportOutcome expected[] = {
        KONTOR__V1__IMPORT_OUTCOME__CREATED, KONTOR__V1__IMPORT_OUTCOME__REFUSED,
        KONTOR__V1__IMPORT_OUTCOME__SAME,    KONTOR__V1__IMPORT_OUTCOME__CHANGED,
        KONTOR__V1__IMPORT_OUTCOME__CREATED, KONTOR__V1__IMPORT_OUTCOME__CHANGED,
        KONTOR__V1__IMPORT_OUTCOME__CREATED, KONTOR__V1__IMPORT_OUTCOME__CREATED,
    };
    add_site(ground, &stored, ground_site(h, "coast/old", "Old"));
    import(ground, &stored);
    add_site(ground, &batch, ground_site(h, "coast/a", "North"));
    add_site(ground, &batch, ground_site(h, "coast/b", "NORTH"));
    add_site(ground, &batch, ground_site(h, "coast/a", "North"));
    /* A name given back is free for the next record. */
    add_site(ground, &batch, ground_site(h, "coast/a", "South"));
    add_site(ground, &batch, ground_site(h, "coast/b", "North"));
    add_site(ground, &batch, ground_site(h, "coast/old", "New"));
    add_site(ground, &batch, ground_site(h, "coast/c", "Old"));
    add_endpoint(ground, &batch,
                 ground_endpoint(h, "coast/e", "coast/c", "h.example.org", "CE"));
    for (int i = 0; i < 2; i++) {
        batch.request.validate_only = i == 0;
        import(ground, &batch);
        for (size_t j = 0; j < batch.request.n_records; j++) {
            assert_int_equal(batch.reply->results[j]->outcome, expected[j]);
            assert_int_equal(batch.reply->results[j]->n_findings, 0);
        }
    }
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, ground_setup, ground_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_has_the_roles_of_the_design),
        T(test_a_short_name_is_taken_once_in_a_registry),
        T(test_a_renamed_site_gives_its_name_back),
        T(test_a_name_of_signs_alone_is_a_name),
        T(test_sites_and_endpoints_are_their_registrys_to_write),
        T(test_everybody_reads_a_site_without_its_contacts),
        T(test_an_endpoint_needs_a_site_of_its_registry),
        T(test_sites_are_listed_by_operator_group),
        T(test_endpoints_are_listed_by_site),
        T(test_endpoints_are_linked_to_what_they_run),
        T(test_an_import_reports_what_does_not_resolve_and_refuses_nothing),
        T(test_importing_twice_changes_nothing_and_the_log_stays),
        T(test_a_cancelled_downtime_is_imported_as_cancelled),
        T(test_a_downtime_made_here_comes_back_as_made_here),
        T(test_a_type_that_is_no_term_is_told_with_the_nearest),
        T(test_an_import_refuses_a_name_that_is_taken),
        T(test_a_validated_import_foresees_what_the_import_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
