/* Principals: who may make, remove and read whom, revocation, WhoAmI. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kontor/v1/registry_service.pb-c.h"
#include "server/registry/registry.h"
#include "tests/server/harness.h"
#include "tests/server/office.h"
#include "tests/server/trust.h"

/* ---- Principals ---- */

static enum status
create_principal(struct office *w, const struct principal *who, const char *id,
                 const char *identity, Kontor__V1__Role role)
{
    Kontor__V1__CreatePrincipalRequest create =
        KONTOR__V1__CREATE_PRINCIPAL_REQUEST__INIT;
    Kontor__V1__Principal principal = KONTOR__V1__PRINCIPAL__INIT;
    principal.id = (char *)id;
    principal.identity = (char *)identity;
    principal.n_roles = 1;
    principal.roles = &role;
    create.principal = &principal;
    return office_call(w, who, "CreatePrincipal", &create);
}

static enum status
delete_principal(struct office *w, const struct principal *who, const char *id)
{
    Kontor__V1__DeletePrincipalRequest request =
        KONTOR__V1__DELETE_PRINCIPAL_REQUEST__INIT;
    request.id = (char *)id;
    return office_call(w, who, "DeletePrincipal", &request);
}

/* Who may make whom; home's admin makes admins elsewhere and nothing else. */
static void
test_who_may_make_whom(void **state)
{
    struct office *w = *state;
    const struct {
        const struct principal *who;
        const char *registry;
        Kontor__V1__Role role;
        enum reason reason;
    } cases[] = {
        {w->coast_admin, "coast", KONTOR__V1__ROLE__PORTAL, REASON_NONE},
        {w->coast_admin, "coast", KONTOR__V1__ROLE__ADMIN, REASON_NONE},
        {w->coast_admin, "dune", KONTOR__V1__ROLE__PORTAL, REASON_OTHER_REGISTRY},
        {w->coast_admin, "dune", KONTOR__V1__ROLE__ADMIN, REASON_OTHER_REGISTRY},
        {w->coast_admin, "alpine", KONTOR__V1__ROLE__ADMIN, REASON_OTHER_REGISTRY},
        {w->coast_admin, "nowhere", KONTOR__V1__ROLE__ADMIN, REASON_OTHER_REGISTRY},
        {w->home_admin, "alpine", KONTOR__V1__ROLE__PORTAL, REASON_NONE},
        {w->home_admin, "coast", KONTOR__V1__ROLE__ADMIN, REASON_NONE},
        {w->home_admin, "coast", KONTOR__V1__ROLE__PORTAL, REASON_OTHER_REGISTRY},
        {w->home_admin, "nowhere", KONTOR__V1__ROLE__ADMIN, REASON_NOT_FOUND},
        {w->reader, "coast", KONTOR__V1__ROLE__READER, REASON_ROLE_MISSING},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *id = arena_print(w->h->arena, "%s/made-%zu", cases[i].registry, i);
        const char *identity = arena_print(w->h->arena, "spiffe://%s.example/made/%zu",
                                           cases[i].registry, i);
        enum status status =
            create_principal(w, cases[i].who, id, identity, cases[i].role);
        office_expect_refused(w, status, cases[i].reason);
    }
}

/* An admin of home that asks for two roles elsewhere gets neither. */
static void
test_admin_and_more_is_more_than_admin(void **state)
{
    struct office *w = *state;
    Kontor__V1__CreatePrincipalRequest create =
        KONTOR__V1__CREATE_PRINCIPAL_REQUEST__INIT;
    Kontor__V1__Principal principal = KONTOR__V1__PRINCIPAL__INIT;
    Kontor__V1__Role roles[] = {KONTOR__V1__ROLE__ADMIN, KONTOR__V1__ROLE__PORTAL};
    principal.id = "coast/both";
    principal.identity = "spiffe://coast.example/both/x";
    principal.n_roles = 2;
    principal.roles = roles;
    create.principal = &principal;
    enum status status = office_call(w, w->home_admin, "CreatePrincipal", &create);
    office_expect_refused(w, status, REASON_OTHER_REGISTRY);
    assert_int_equal(office_call(w, w->coast_admin, "CreatePrincipal", &create),
                     STATUS_OK);
}

static void
test_an_identity_is_of_its_registry_and_taken_once(void **state)
{
    struct office *w = *state;
    const Kontor__V1__Role portal = KONTOR__V1__ROLE__PORTAL;
    enum status status = create_principal(w, w->coast_admin, "coast/x",
                                          "spiffe://dune.example/portal/x", portal);
    office_expect_refused(w, status, REASON_FIELDS_INVALID);
    assert_true(harness_has_fault(&w->error, "principal.identity"));
    static const char *const wrong[] = {"", "portal", "spiffe://coast.example",
                                        "spiffe://coast.example/po*",
                                        "spiffe://coast.example/*/x"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        status = create_principal(w, w->coast_admin, "coast/x", wrong[i], portal);
        office_expect_refused(w, status, REASON_FIELDS_INVALID);
    }
    const char *any = "spiffe://coast.example/portal/*";
    assert_int_equal(create_principal(w, w->coast_admin, "coast/x", any, portal),
                     STATUS_OK);
    status = create_principal(w, w->coast_admin, "coast/y", any, portal);
    office_expect_refused(w, status, REASON_NAME_TAKEN);
    status = create_principal(w, w->coast_admin, "coast/x",
                              "spiffe://coast.example/portal/z", portal);
    office_expect_refused(w, status, REASON_ALREADY_EXISTS);
    /* What was removed may be named again. */
    assert_int_equal(delete_principal(w, w->coast_admin, "coast/x"), STATUS_OK);
    assert_int_equal(create_principal(w, w->coast_admin, "coast/y", any, portal),
                     STATUS_OK);
}

static void
test_scopes_are_of_the_own_registry(void **state)
{
    struct office *w = *state;
    Kontor__V1__CreatePrincipalRequest create =
        KONTOR__V1__CREATE_PRINCIPAL_REQUEST__INIT;
    Kontor__V1__Principal principal = KONTOR__V1__PRINCIPAL__INIT;
    Kontor__V1__Role role = KONTOR__V1__ROLE__OPERATOR;
    char *scopes[] = {NULL};
    principal.id = "coast/op";
    principal.identity = "spiffe://coast.example/operator/op";
    principal.n_roles = 1;
    principal.roles = &role;
    principal.n_scopes = 1;
    principal.scopes = scopes;
    create.principal = &principal;
    static char *const wrong[] = {"*",         "r:dune",   "r:coastal",   "p:coast",
                                  "p:dune/x",  "j:dune/x", "p:coastal/x", "r:coast/x",
                                  "x:coast/x", "",         "=r:coast",    "u:coast/x"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        scopes[0] = wrong[i];
        enum status status = office_call(w, w->coast_admin, "CreatePrincipal", &create);
        office_expect_refused(w, status, REASON_FIELDS_INVALID);
    }
    char *good[] = {"r:coast", "p:coast/x", "j:coast/y"};
    principal.n_scopes = 3;
    principal.scopes = good;
    assert_int_equal(office_call(w, w->coast_admin, "CreatePrincipal", &create),
                     STATUS_OK);
}

static void
test_who_may_remove_whom(void **state)
{
    struct office *w = *state;
    assert_int_equal(create_principal(w, w->coast_admin, "coast/web",
                                      "spiffe://coast.example/portal/web",
                                      KONTOR__V1__ROLE__PORTAL),
                     STATUS_OK);
    enum status status = delete_principal(w, w->dune_admin, "coast/web");
    office_expect_refused(w, status, REASON_OTHER_REGISTRY);
    status = delete_principal(w, w->dune_admin, "coast/none");
    office_expect_refused(w, status, REASON_OTHER_REGISTRY);
    /* Home's admin sees admins elsewhere only: the rest is as if it were not there. */
    status = delete_principal(w, w->home_admin, "coast/web");
    office_expect_refused(w, status, REASON_NOT_FOUND);
    status = delete_principal(w, w->home_admin, "coast/none");
    office_expect_refused(w, status, REASON_NOT_FOUND);
    assert_int_equal(delete_principal(w, w->home_admin, "coast/ops"), STATUS_OK);
    assert_int_equal(delete_principal(w, w->coast_admin, "coast/web"), STATUS_OK);
    status = delete_principal(w, w->coast_admin, "coast/web");
    office_expect_refused(w, status, REASON_NOT_FOUND);
}

static void
test_the_last_admin_of_home_stays(void **state)
{
    struct office *w = *state;
    enum status status = delete_principal(w, w->home_admin, "alpine/ops");
    office_expect_refused(w, status, REASON_LAST_ADMIN);
    assert_int_equal(create_principal(w, w->home_admin, "alpine/deputy",
                                      "spiffe://alpine.example/admin/deputy",
                                      KONTOR__V1__ROLE__ADMIN),
                     STATUS_OK);
    assert_int_equal(delete_principal(w, w->home_admin, "alpine/ops"), STATUS_OK);
    status = delete_principal(w, w->home_admin, "alpine/deputy");
    office_expect_refused(w, status, REASON_LAST_ADMIN);
}

/* Each removes the other at once: one of them stays. */
static void
test_two_last_admins_cannot_remove_each_other(void **state)
{
    struct office *w = *state;
    assert_int_equal(create_principal(w, w->home_admin, "alpine/deputy",
                                      "spiffe://alpine.example/admin/deputy",
                                      KONTOR__V1__ROLE__ADMIN),
                     STATUS_OK);
    static char *const ids[] = {"alpine/ops", "alpine/deputy"};
    struct harness_call *calls[2];
    Kontor__V1__DeletePrincipalRequest requests[2] = {
        KONTOR__V1__DELETE_PRINCIPAL_REQUEST__INIT,
        KONTOR__V1__DELETE_PRINCIPAL_REQUEST__INIT};
    for (size_t i = 0; i < 2; i++) {
        requests[i].id = ids[i];
        calls[i] = harness_start(w->h, w->home_admin, OFFICE_SERVICE "DeletePrincipal",
                                 &requests[i]);
    }
    size_t n_removed = 0;
    for (size_t i = 0; i < 2; i++) {
        n_removed += harness_wait(w->h, calls[i], NULL, &w->error) == STATUS_OK;
    }
    assert_int_equal(n_removed, 1);
}

static void
test_principals_are_read_by_their_registrys_admins(void **state)
{
    struct office *w = *state;
    Kontor__V1__GetPrincipalRequest get = KONTOR__V1__GET_PRINCIPAL_REQUEST__INIT;
    get.id = "coast/ops";
    assert_int_equal(office_call(w, w->coast_admin, "GetPrincipal", &get), STATUS_OK);
    enum status status = office_call(w, w->dune_admin, "GetPrincipal", &get);
    office_expect_refused(w, status, REASON_NOT_FOUND);
    status = office_call(w, w->home_admin, "GetPrincipal", &get);
    office_expect_refused(w, status, REASON_NOT_FOUND);
    Kontor__V1__ListPrincipalsRequest list = KONTOR__V1__LIST_PRINCIPALS_REQUEST__INIT;
    assert_int_equal(office_call(w, w->coast_admin, "ListPrincipals", &list),
                     STATUS_OK);
    const Kontor__V1__ListPrincipalsResponse *reply = w->reply;
    assert_int_equal(reply->n_principals, 1);
    assert_string_equal(reply->principals[0]->id, "coast/ops");
}

static void
test_registries_are_read_by_themselves_and_by_home(void **state)
{
    struct office *w = *state;
    Kontor__V1__ListRegistriesRequest list = KONTOR__V1__LIST_REGISTRIES_REQUEST__INIT;
    assert_int_equal(office_call(w, w->reader, "ListRegistries", &list), STATUS_OK);
    const Kontor__V1__ListRegistriesResponse *reply = w->reply;
    assert_int_equal(reply->n_registries, 1);
    assert_int_equal(office_call(w, w->home_admin, "ListRegistries", &list), STATUS_OK);
    reply = w->reply;
    assert_int_equal(reply->n_registries, 3);
    Kontor__V1__GetRegistryRequest get = KONTOR__V1__GET_REGISTRY_REQUEST__INIT;
    get.id = "dune";
    enum status status = office_call(w, w->coast_admin, "GetRegistry", &get);
    office_expect_refused(w, status, REASON_NOT_FOUND);
    assert_int_equal(office_call(w, w->dune_admin, "GetRegistry", &get), STATUS_OK);
}

/* ---- Revocation ---- */

static void
test_a_certificate_is_revoked_once_by_its_registry(void **state)
{
    struct office *w = *state;
    Kontor__V1__RevokeCertificateRequest request =
        KONTOR__V1__REVOKE_CERTIFICATE_REQUEST__INIT;
    char upper[65];
    const char *leaf =
        trust_client(w->h, w->coast, "spiffe://coast.example/portal/web");
    assert_true(authority_fingerprint(leaf, upper));
    const char *lower = arena_copy(w->h->arena, upper);
    request.registry = "coast";
    request.fingerprint = (char *)lower;
    request.reason = "key lost";
    enum status status = office_call(w, w->dune_admin, "RevokeCertificate", &request);
    office_expect_refused(w, status, REASON_OTHER_REGISTRY);
    status = office_call(w, w->home_admin, "RevokeCertificate", &request);
    office_expect_refused(w, status, REASON_OTHER_REGISTRY);
    assert_int_equal(office_call(w, w->coast_admin, "RevokeCertificate", &request),
                     STATUS_OK);
    const Kontor__V1__Revocation *revocation = w->reply;
    assert_string_equal(revocation->id, arena_print(w->h->arena, "coast/%s", lower));
    assert_string_equal(revocation->reason, "key lost");
    status = office_call(w, w->coast_admin, "RevokeCertificate", &request);
    office_expect_refused(w, status, REASON_ALREADY_EXISTS);
    static char *const wrong[] = {"", "00", "g"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        request.fingerprint = wrong[i];
        status = office_call(w, w->coast_admin, "RevokeCertificate", &request);
        office_expect_refused(w, status, REASON_FIELDS_INVALID);
        assert_true(harness_has_fault(&w->error, "fingerprint"));
    }
    request.fingerprint = (char *)lower;
    request.reason = "";
    status = office_call(w, w->coast_admin, "RevokeCertificate", &request);
    office_expect_refused(w, status, REASON_FIELDS_INVALID);
}

/* ---- WhoAmI ---- */

static void
test_whoami_tells_a_stranger_what_to_ask_for(void **state)
{
    struct office *w = *state;
    struct principal stranger = *harness_principal(w->h, "coast/x", 0, NULL);
    Kontor__V1__WhoAmIRequest request = KONTOR__V1__WHO_AM_IREQUEST__INIT;
    stranger.id = "";
    stranger.identity = "spiffe://coast.example/portal/web";
    assert_int_equal(office_call(w, &stranger, "WhoAmI", &request), STATUS_OK);
    const Kontor__V1__WhoAmIResponse *reply = w->reply;
    assert_false(reply->is_registered);
    assert_int_equal(reply->n_roles, 0);
    assert_string_equal(
        reply->advice,
        "your certificate is good, but spiffe://coast.example/portal/web is not "
        "registered "
        "here; ask an admin of coast to run\n"
        "kontor principal create --uri spiffe://coast.example/portal/web --role ...");
}

static void
test_whoami_names_principal_roles_and_scopes(void **state)
{
    struct office *w = *state;
    Kontor__V1__WhoAmIRequest request = KONTOR__V1__WHO_AM_IREQUEST__INIT;
    assert_int_equal(office_call(w, w->home_admin, "WhoAmI", &request), STATUS_OK);
    const Kontor__V1__WhoAmIResponse *reply = w->reply;
    assert_true(reply->is_registered);
    assert_string_equal(reply->principal, "alpine/ops");
    assert_string_equal(reply->registry, "alpine");
    assert_int_equal(reply->n_roles, 1);
    assert_int_equal(reply->roles[0], KONTOR__V1__ROLE__ADMIN);
    assert_int_equal(reply->n_scopes, 1);
    assert_string_equal(reply->scopes[0], "r:alpine");
    assert_string_equal(reply->advice, "");
}

static void
test_status_tells_version_position_and_expiry(void **state)
{
    struct office *w = *state;
    w->h->broker.identity = trust_identity(w->h, w->alpine);
    Kontor__V1__GetStatusRequest request = KONTOR__V1__GET_STATUS_REQUEST__INIT;
    assert_int_equal(office_call(w, w->home_admin, "GetStatus", &request), STATUS_OK);
    const Kontor__V1__GetStatusResponse *reply = w->reply;
    assert_string_equal(reply->version, "test");
    assert_string_equal(reply->store, "sqlite");
    assert_string_equal(reply->home, "alpine");
    assert_int_equal(reply->applied, 3);
    assert_int_equal(reply->seq, 3);
    assert_int_equal(reply->n_histories, 1);
    assert_false(reply->is_search_ready);
    assert_int_equal(reply->certificate_ends_at->seconds,
                     identity_certificate_ends_ms(w->h->broker.identity) / 1000);
    dispatch_drain(w->h->dispatch);
    identity_close(w->h->broker.identity);
}

static void
test_the_accepted_clock_is_noted_outside_the_log(void **state)
{
    struct office *w = *state;
    Kontor__V1__AcceptClockRequest request = KONTOR__V1__ACCEPT_CLOCK_REQUEST__INIT;
    int64_t before = store_applied(w->h->broker.store);
    assert_int_equal(office_call(w, w->home_admin, "AcceptClock", &request), STATUS_OK);
    const Kontor__V1__AcceptClockResponse *reply = w->reply;
    int64_t at_ms = 0;
    struct store_reader *reader;
    assert_int_equal(store_reader_open(w->h->broker.store, &reader), STATUS_OK);
    assert_int_equal(store_soft_get(reader, BROKER_CLOCK_KEY, &at_ms), STATUS_OK);
    store_reader_close(reader);
    assert_int_equal(reply->now->seconds, at_ms / 1000);
    assert_int_equal(reply->now->nanos, at_ms % 1000 * 1000000);
    assert_true(at_ms > 0);
    assert_int_equal(store_applied(w->h->broker.store), before);
}

/* ---- Who may call ---- */

/* A copy by hand of the table in the design, so that a row changed by mistake is
 * noticed. */
static const struct {
    const char *method;
    uint32_t roles;
} allowed[] = {
    {"WhoAmI", ROLE_BIT_ANY_CERTIFICATE},
    {"GetStatus", ROLE_BIT(ADMIN) | ROLE_BIT(MONITOR)},
    {"AcceptClock", ROLE_BIT_HOME_ADMIN},
    {"ReadLog", ROLE_BIT_HOME_ADMIN},
    {"CreateRegistry", ROLE_BIT_HOME_ADMIN},
    {"GetRegistry", ROLES_ALL},
    {"ListRegistries", ROLES_ALL},
    {"UpdateRegistry", ROLE_BIT(ADMIN) | ROLE_BIT_HOME_ADMIN},
    {"RotateBundle", ROLE_BIT(ADMIN) | ROLE_BIT_HOME_ADMIN},
    {"SuspendRegistry", ROLE_BIT_HOME_ADMIN},
    {"ResumeRegistry", ROLE_BIT_HOME_ADMIN},
    {"CreatePrincipal", ROLE_BIT(ADMIN)},
    {"GetPrincipal", ROLE_BIT(ADMIN)},
    {"ListPrincipals", ROLE_BIT(ADMIN)},
    {"DeletePrincipal", ROLE_BIT(ADMIN)},
    {"RevokeCertificate", ROLE_BIT(ADMIN)},
};

static const struct row *
row_of(const char *method)
{
    for (const struct row *row = registry_rows.rows; row->path != NULL; row++) {
        if (strcmp(strrchr(row->path, '/') + 1, method) == 0) {
            return row;
        }
    }
    fail_msg("there is no row %s", method);
    return NULL;
}

static void
test_each_call_takes_the_roles_of_the_design_only(void **state)
{
    struct office *w = *state;
    size_t n_rows = 0;
    while (registry_rows.rows[n_rows].path != NULL) {
        n_rows++;
    }
    assert_int_equal(n_rows, sizeof allowed / sizeof allowed[0]);
    for (size_t i = 0; i < n_rows; i++) {
        const struct row *row = row_of(allowed[i].method);
        for (unsigned bit = 1; bit < 32; bit++) {
            struct error error = {.status = STATUS_OK};
            uint32_t role = UINT32_C(1) << bit;
            const struct principal *who =
                harness_principal(w->h, "coast/x", role, "r:coast", NULL);
            bool may = ((role | ROLE_BIT_ANY_CERTIFICATE) & allowed[i].roles) != 0;
            enum status status = dispatch_role(row, who, w->h->arena, &error);
            assert_int_equal(status == STATUS_OK, may);
        }
    }
}

/* Every method of the contract has a row with its types, in either direction. */
static void
test_rows_and_contract_agree(void **state)
{
    (void)state;
    const ProtobufCServiceDescriptor *service =
        &kontor__v1__registry_service__descriptor;
    assert_string_equal(registry_rows.service, service->name);
    for (unsigned i = 0; i < service->n_methods; i++) {
        const struct row *row = row_of(service->methods[i].name);
        assert_ptr_equal(row->request, service->methods[i].input);
        assert_ptr_equal(row->reply, service->methods[i].output);
        bool is_stream = strcmp(service->methods[i].name, "ReadLog") == 0;
        assert_int_equal(row->kind, is_stream ? ROW_SERVER_STREAM : ROW_UNARY);
        bool has_work = is_stream ? row->stream != NULL : row->decide != NULL;
        assert_true(has_work && (!row->is_mutation || row->answer != NULL));
    }
    assert_int_equal(service->n_methods, sizeof allowed / sizeof allowed[0]);
}

#define WORLD_TEST(test)                                                               \
    cmocka_unit_test_setup_teardown(test, office_open, office_close)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_who_may_make_whom),
        WORLD_TEST(test_admin_and_more_is_more_than_admin),
        WORLD_TEST(test_an_identity_is_of_its_registry_and_taken_once),
        WORLD_TEST(test_scopes_are_of_the_own_registry),
        WORLD_TEST(test_who_may_remove_whom),
        WORLD_TEST(test_the_last_admin_of_home_stays),
        WORLD_TEST(test_two_last_admins_cannot_remove_each_other),
        WORLD_TEST(test_principals_are_read_by_their_registrys_admins),
        WORLD_TEST(test_registries_are_read_by_themselves_and_by_home),
        WORLD_TEST(test_a_certificate_is_revoked_once_by_its_registry),
        WORLD_TEST(test_whoami_tells_a_stranger_what_to_ask_for),
        WORLD_TEST(test_whoami_names_principal_roles_and_scopes),
        WORLD_TEST(test_status_tells_version_position_and_expiry),
        WORLD_TEST(test_the_accepted_clock_is_noted_outside_the_log),
        WORLD_TEST(test_each_call_takes_the_roles_of_the_design_only),
        cmocka_unit_test(test_rows_and_contract_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
