/* Registries: home, bundles, updates, suspension, and every refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kontor/v1/registry_service.pb-c.h"
#include "server/registry/home.h"
#include "tests/server/harness.h"
#include "tests/server/office.h"
#include "tests/server/trust.h"

/* ---- Home ---- */

static void
test_init_writes_registry_and_admin_as_commit_1(void **state)
{
    struct office *w = *state;
    const Kontor__V1__Registry *home = harness_record(w->h, KIND_REGISTRY, "alpine");
    assert_true(home->is_home);
    assert_int_equal(home->revision, 1);
    assert_int_equal(home->state, KONTOR__V1__REGISTRY__STATE__ACTIVE);
    const Kontor__V1__Principal *admin =
        harness_record(w->h, KIND_PRINCIPAL, "alpine/ops");
    assert_int_equal(admin->revision, 1);
    assert_int_equal(admin->roles[0], KONTOR__V1__ROLE__ADMIN);
    assert_string_equal(admin->scopes[0], "r:alpine");
    struct home_summary summary;
    assert_int_equal(home_summarise(w->h->broker.store, &summary), STATUS_OK);
    assert_string_equal(summary.id, "alpine");
    assert_int_equal(summary.n_registries, 3);
    assert_int_equal(summary.n_principals, 3);
    assert_int_equal(summary.n_revoked, 0);
}

static void
test_init_refuses_a_store_that_is_not_empty(void **state)
{
    struct office *w = *state;
    struct home_wanted wanted = {.registry = "other",
                                 .trust_domain = "other.example",
                                 .bundle = trust_pem(w->h, w->fresh),
                                 .admin = "spiffe://other.example/admin/ops"};
    char error[512] = "";
    assert_int_equal(home_create(w->h->dispatch, &wanted, error, sizeof error),
                     STATUS_ALREADY_EXISTS);
    assert_non_null(strstr(error, "not empty"));
}

static void
test_init_judges_what_it_is_given(void **state)
{
    (void)state;
    struct harness *h =
        harness_open(&(struct harness_options){.services = office_services});
    struct home_wanted wanted = {.registry = "Not An Id",
                                 .trust_domain = "other.example",
                                 .bundle = "rubbish",
                                 .admin = "ops"};
    char error[512] = "";
    assert_int_equal(home_create(h->dispatch, &wanted, error, sizeof error),
                     STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(error, "registry.id"));
    assert_non_null(strstr(error, "first_admin"));
    assert_int_equal(store_applied(h->broker.store), 0);
    harness_close(h);
}

/* ---- CreateRegistry ---- */

static void
test_a_registry_comes_with_its_first_admin(void **state)
{
    struct office *w = *state;
    assert_int_equal(office_create_registry(w, w->home_admin, "fresh", w->fresh),
                     STATUS_OK);
    const Kontor__V1__Registry *registry = w->reply;
    assert_string_equal(registry->id, "fresh");
    assert_false(registry->is_home);
    assert_int_equal(registry->state, KONTOR__V1__REGISTRY__STATE__ACTIVE);
    struct document admin;
    assert_int_equal(harness_get(w->h, KIND_PRINCIPAL, "fresh/ops", &admin), STATUS_OK);
    assert_int_equal(admin.revision, registry->revision);
    struct document document;
    assert_int_equal(harness_get(w->h, KIND_REGISTRY, "fresh", &document), STATUS_OK);
    assert_int_equal(document.n_scope, 2);
    assert_string_equal(document.scope[0], "=r:fresh");
    assert_string_equal(document.scope[1], "~r:alpine");
}

static void
test_a_registry_id_and_a_trust_domain_are_taken_once(void **state)
{
    struct office *w = *state;
    enum status status = office_create_registry(w, w->home_admin, "coast", w->fresh);
    office_expect_refused(w, status, REASON_ALREADY_EXISTS);
    Kontor__V1__CreateRegistryRequest create =
        KONTOR__V1__CREATE_REGISTRY_REQUEST__INIT;
    Kontor__V1__Registry registry = KONTOR__V1__REGISTRY__INIT;
    registry.id = "fresh";
    registry.trust_domain = "coast.example";
    registry.bundle = (char *)trust_pem(w->h, w->fresh);
    create.registry = &registry;
    create.first_admin = "spiffe://coast.example/admin/other";
    status = office_call(w, w->home_admin, "CreateRegistry", &create);
    office_expect_refused(w, status, REASON_NAME_TAKEN);
}

static void
test_the_first_admin_is_of_the_trust_domain(void **state)
{
    struct office *w = *state;
    Kontor__V1__CreateRegistryRequest create =
        KONTOR__V1__CREATE_REGISTRY_REQUEST__INIT;
    Kontor__V1__Registry registry = KONTOR__V1__REGISTRY__INIT;
    registry.id = "fresh";
    registry.trust_domain = "fresh.example";
    registry.bundle = (char *)trust_pem(w->h, w->fresh);
    create.registry = &registry;
    static char *const wrong[] = {"spiffe://coast.example/admin/ops", "ops",
                                  "spiffe://fresh.example/admin/*", ""};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        create.first_admin = wrong[i];
        enum status status = office_call(w, w->home_admin, "CreateRegistry", &create);
        office_expect_refused(w, status, REASON_FIELDS_INVALID);
        assert_true(harness_has_fault(&w->error, "first_admin"));
    }
}

/* ---- Bundles ---- */

static enum status
rotate(struct office *w, const struct principal *who, const char *id,
       const char *bundle)
{
    Kontor__V1__RotateBundleRequest request = KONTOR__V1__ROTATE_BUNDLE_REQUEST__INIT;
    request.id = (char *)id;
    request.bundle = (char *)bundle;
    return office_call(w, who, "RotateBundle", &request);
}

static void
test_a_bundle_is_certificates_of_authorities_only(void **state)
{
    struct office *w = *state;
    const char *good = trust_pem(w->h, w->coast);
    struct issued pair = {0};
    assert_true(authority_pem(w->coast, &pair));
    struct authority *old = authority_new("old CA", -7200, -3600);
    struct authority *below = authority_below(w->fresh, "below CA", 3600);
    const char *many = "";
    for (size_t i = 0; i < 17; i++) {
        many = trust_join(w->h, many, good);
    }
    const char *const bad[] = {
        "",
        "rubbish",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        trust_join(w->h, good, pair.key),
        trust_join(w->h, good, "-----BEGIN CERTIFICATE-----\n"),
        trust_client(w->h, w->coast, "spiffe://coast.example/a/b"),
        trust_pem(w->h, old),
        trust_pem(w->h, below),
        many,
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        enum status status = rotate(w, w->coast_admin, "coast", bad[i]);
        office_expect_refused(w, status, REASON_FIELDS_INVALID);
        assert_true(harness_has_fault(&w->error, "bundle"));
    }
    const char *whole =
        trust_join(w->h, trust_pem(w->h, w->fresh), trust_pem(w->h, below));
    assert_int_equal(rotate(w, w->coast_admin, "coast", whole), STATUS_OK);
    issued_done(&pair);
    authority_free(old);
    authority_free(below);
}

/* What people paste between certificates would be kept for ever. */
static void
test_text_between_certificates_is_refused(void **state)
{
    struct office *w = *state;
    const char *pem = trust_pem(w->h, w->coast);
    const char *chatty = trust_join(w->h, "password: no\n", pem);
    enum status status = rotate(w, w->coast_admin, "coast", chatty);
    office_expect_refused(w, status, REASON_FIELDS_INVALID);
    assert_true(harness_has_fault(&w->error, "bundle"));
}

static void
test_an_authority_named_like_anothers_collides(void **state)
{
    struct office *w = *state;
    struct authority *namesake = authority_new("dune CA", -60, TRUST_DAY_S);
    enum status status = rotate(w, w->coast_admin, "coast", trust_pem(w->h, namesake));
    office_expect_refused(w, status, REASON_BUNDLE_COLLIDES);
    /* Who the partners are is home's to know. */
    assert_string_equal(harness_value(&w->error, "registry"), "");
    assert_null(strstr(w->error.message, "registry dune"));
    status = office_create_registry(w, w->home_admin, "fresh", namesake);
    office_expect_refused(w, status, REASON_BUNDLE_COLLIDES);
    assert_string_equal(harness_value(&w->error, "registry"), "dune");
    authority_free(namesake);
}

/* Whoever holds the key of a shared authority could issue the other's names. */
static void
test_two_registries_never_share_an_authority(void **state)
{
    struct office *w = *state;
    const char *renamed = trust_renamed(w->h, w->dune, "elsewhere CA");
    const char *const shared[] = {trust_pem(w->h, w->dune), renamed,
                                  trust_join(w->h, trust_pem(w->h, w->coast), renamed)};
    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++) {
        enum status status = rotate(w, w->coast_admin, "coast", shared[i]);
        office_expect_refused(w, status, REASON_BUNDLE_COLLIDES);
        assert_string_equal(harness_value(&w->error, "registry"), "");
        status = office_create_with(w, w->home_admin, "fresh", shared[i]);
        office_expect_refused(w, status, REASON_BUNDLE_COLLIDES);
    }
    /* A key of one's own may stay under a new name. */
    const char *both = trust_join(w->h, trust_pem(w->h, w->dune), renamed);
    assert_int_equal(rotate(w, w->dune_admin, "dune", both), STATUS_OK);
}

static void
test_a_bundle_is_rotated_by_its_admin_or_home(void **state)
{
    struct office *w = *state;
    const char *pem = trust_pem(w->h, w->coast);
    enum status status = rotate(w, w->dune_admin, "coast", pem);
    office_expect_refused(w, status, REASON_OTHER_REGISTRY);
    status = rotate(w, w->dune_admin, "nowhere", pem);
    office_expect_refused(w, status, REASON_OTHER_REGISTRY);
    status = rotate(w, w->home_admin, "nowhere", trust_pem(w->h, w->fresh));
    office_expect_refused(w, status, REASON_NOT_FOUND);
    assert_int_equal(rotate(w, w->coast_admin, "coast", pem), STATUS_OK);
    assert_int_equal(rotate(w, w->home_admin, "coast", pem), STATUS_OK);
    const struct principal *narrow =
        harness_principal(w->h, "coast/narrow", ROLE_BIT(ADMIN), "p:coast/x", NULL);
    status = rotate(w, narrow, "coast", pem);
    office_expect_refused(w, status, REASON_NOT_OWNER);
}

static void
test_a_stale_revision_is_refused(void **state)
{
    struct office *w = *state;
    Kontor__V1__RotateBundleRequest request = KONTOR__V1__ROTATE_BUNDLE_REQUEST__INIT;
    request.id = "coast";
    request.bundle = (char *)trust_pem(w->h, w->coast);
    request.expected_revision = 1;
    enum status status = office_call(w, w->coast_admin, "RotateBundle", &request);
    office_expect_refused(w, status, REASON_REVISION_MISMATCH);
    const Kontor__V1__Registry *registry = harness_record(w->h, KIND_REGISTRY, "coast");
    request.expected_revision = registry->revision;
    assert_int_equal(office_call(w, w->coast_admin, "RotateBundle", &request),
                     STATUS_OK);
}

/* ---- UpdateRegistry ---- */

static enum status
update(struct office *w, const struct principal *who, Kontor__V1__Registry *registry,
       char *path)
{
    Kontor__V1__UpdateRegistryRequest request =
        KONTOR__V1__UPDATE_REGISTRY_REQUEST__INIT;
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    mask.n_paths = 1;
    mask.paths = &path;
    request.registry = registry;
    request.update_mask = path != NULL ? &mask : NULL;
    return office_call(w, who, "UpdateRegistry", &request);
}

static void
test_name_and_website_are_all_that_is_updated(void **state)
{
    struct office *w = *state;
    Kontor__V1__Registry registry = KONTOR__V1__REGISTRY__INIT;
    registry.id = "coast";
    registry.name = "Coast";
    registry.website = "https://coast.example";
    assert_int_equal(update(w, w->coast_admin, &registry, "name"), STATUS_OK);
    const Kontor__V1__Registry *reply = w->reply;
    assert_string_equal(reply->name, "Coast");
    assert_string_equal(reply->website, "");
    assert_string_equal(reply->trust_domain, "coast.example");
    assert_int_equal(update(w, w->coast_admin, &registry, NULL), STATUS_OK);
    reply = w->reply;
    assert_string_equal(reply->website, "https://coast.example");
    registry.name = "";
    assert_int_equal(update(w, w->home_admin, &registry, "*"), STATUS_OK);
    reply = w->reply;
    assert_string_equal(reply->name, "");
    static char *const fixed[] = {"bundle", "trust_domain", "state", "is_home",
                                  "rubbish"};
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        enum status status = update(w, w->coast_admin, &registry, fixed[i]);
        office_expect_refused(w, status, REASON_FIELDS_INVALID);
        assert_true(harness_has_fault(&w->error, "update_mask"));
    }
    enum status status = update(w, w->dune_admin, &registry, "name");
    office_expect_refused(w, status, REASON_OTHER_REGISTRY);
}

/* ---- Suspending ---- */

static enum status
suspend(struct office *w, const struct principal *who, const char *id)
{
    Kontor__V1__SuspendRegistryRequest request =
        KONTOR__V1__SUSPEND_REGISTRY_REQUEST__INIT;
    request.id = (char *)id;
    request.reason = "keys lost";
    return office_call(w, who, "SuspendRegistry", &request);
}

static enum status
resume(struct office *w, const struct principal *who, const char *id)
{
    Kontor__V1__ResumeRegistryRequest request =
        KONTOR__V1__RESUME_REGISTRY_REQUEST__INIT;
    request.id = (char *)id;
    return office_call(w, who, "ResumeRegistry", &request);
}

static void
test_a_registry_is_suspended_and_resumed(void **state)
{
    struct office *w = *state;
    enum status status = resume(w, w->home_admin, "coast");
    office_expect_refused(w, status, REASON_ILLEGAL_STATE);
    assert_int_equal(suspend(w, w->home_admin, "coast"), STATUS_OK);
    const Kontor__V1__Registry *registry = w->reply;
    assert_int_equal(registry->state, KONTOR__V1__REGISTRY__STATE__SUSPENDED);
    assert_string_equal(registry->suspended_because, "keys lost");
    status = suspend(w, w->home_admin, "coast");
    office_expect_refused(w, status, REASON_ILLEGAL_STATE);
    assert_int_equal(resume(w, w->home_admin, "coast"), STATUS_OK);
    registry = w->reply;
    assert_int_equal(registry->state, KONTOR__V1__REGISTRY__STATE__ACTIVE);
    assert_string_equal(registry->suspended_because, "");
    status = suspend(w, w->home_admin, "nowhere");
    office_expect_refused(w, status, REASON_NOT_FOUND);
}

static void
test_home_is_never_suspended(void **state)
{
    struct office *w = *state;
    enum status status = suspend(w, w->home_admin, "alpine");
    office_expect_refused(w, status, REASON_HOME_REGISTRY);
}

#define WORLD_TEST(test)                                                               \
    cmocka_unit_test_setup_teardown(test, office_open, office_close)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_init_writes_registry_and_admin_as_commit_1),
        WORLD_TEST(test_init_refuses_a_store_that_is_not_empty),
        cmocka_unit_test(test_init_judges_what_it_is_given),
        WORLD_TEST(test_a_registry_comes_with_its_first_admin),
        WORLD_TEST(test_a_registry_id_and_a_trust_domain_are_taken_once),
        WORLD_TEST(test_the_first_admin_is_of_the_trust_domain),
        WORLD_TEST(test_a_bundle_is_certificates_of_authorities_only),
        WORLD_TEST(test_text_between_certificates_is_refused),
        WORLD_TEST(test_an_authority_named_like_anothers_collides),
        WORLD_TEST(test_two_registries_never_share_an_authority),
        WORLD_TEST(test_a_bundle_is_rotated_by_its_admin_or_home),
        WORLD_TEST(test_a_stale_revision_is_refused),
        WORLD_TEST(test_name_and_website_are_all_that_is_updated),
        WORLD_TEST(test_a_registry_is_suspended_and_resumed),
        WORLD_TEST(test_home_is_never_suspended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
