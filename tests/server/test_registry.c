/* RegistryService: every refusal of every call, and who may make whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kontor/v1/registry_service.pb-c.h"
#include "server/registry/home.h"
#include "server/registry/registry.h"
#include "tests/server/harness.h"
#include "tests/server/trust.h"

#define SERVICE "/kontor.v1.RegistryService/"

static const struct service_rows *const services[] = {&registry_rows, NULL};

/* alpine is home with an admin; coast and dune are partners with an admin each. */
struct world {
    struct harness *h;
    struct authority *alpine, *coast, *dune, *fresh;
    const struct principal *home_admin, *coast_admin, *dune_admin, *reader;
    struct error error;
    void *reply;
};

static enum status
call(struct world *w, const struct principal *who, const char *method,
     const void *request)
{
    w->reply = NULL;
    w->error = (struct error){.status = STATUS_OK};
    return harness_call(w->h, who, arena_print(w->h->arena, SERVICE "%s", method),
                        request, &w->reply, &w->error);
}

static void
assert_refused(struct world *w, enum status status, enum reason reason)
{
    assert_int_equal(status, reason_row(reason)->status);
    assert_int_equal(w->error.reason, reason);
}

static enum status
create_registry(struct world *w, const struct principal *who, const char *id,
                const struct authority *authority)
{
    Kontor__V1__CreateRegistryRequest create =
        KONTOR__V1__CREATE_REGISTRY_REQUEST__INIT;
    Kontor__V1__Registry registry = KONTOR__V1__REGISTRY__INIT;
    registry.id = (char *)id;
    registry.trust_domain = arena_print(w->h->arena, "%s.example", id);
    registry.bundle = (char *)trust_pem(w->h, authority);
    create.registry = &registry;
    create.first_admin = arena_print(w->h->arena, "spiffe://%s.example/admin/ops", id);
    return call(w, who, "CreateRegistry", &create);
}

static int
world_open(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->h = harness_open(
        &(struct harness_options){.services = services, .is_real_time = true});
    w->h->broker.home = "alpine";
    w->alpine = authority_new("alpine CA", -60, TRUST_DAY_S);
    w->coast = authority_new("coast CA", -60, TRUST_DAY_S);
    w->dune = authority_new("dune CA", -60, TRUST_DAY_S);
    w->fresh = authority_new("fresh CA", -60, TRUST_DAY_S);
    struct home_wanted wanted = {.registry = "alpine",
                                 .trust_domain = "alpine.example",
                                 .bundle = trust_pem(w->h, w->alpine),
                                 .admin = "spiffe://alpine.example/admin/ops"};
    char error[512] = "";
    if (home_create(w->h->dispatch, &wanted, error, sizeof error) != STATUS_OK) {
        fail_msg("%s", error);
    }
    uint32_t home_roles = ROLE_BIT(ADMIN) | ROLE_BIT_HOME_ADMIN;
    w->home_admin = harness_principal(w->h, "alpine/ops", home_roles, "r:alpine", NULL);
    w->coast_admin =
        harness_principal(w->h, "coast/ops", ROLE_BIT(ADMIN), "r:coast", NULL);
    w->dune_admin =
        harness_principal(w->h, "dune/ops", ROLE_BIT(ADMIN), "r:dune", NULL);
    w->reader =
        harness_principal(w->h, "coast/reader", ROLE_BIT(READER), "r:coast", NULL);
    assert_int_equal(create_registry(w, w->home_admin, "coast", w->coast), STATUS_OK);
    assert_int_equal(create_registry(w, w->home_admin, "dune", w->dune), STATUS_OK);
    *state = w;
    return 0;
}

static int
world_close(void **state)
{
    struct world *w = *state;
    harness_close(w->h);
    authority_free(w->alpine);
    authority_free(w->coast);
    authority_free(w->dune);
    authority_free(w->fresh);
    free(w);
    return 0;
}

/* ---- Home ---- */

static void
test_init_writes_registry_and_admin_as_commit_1(void **state)
{
    struct world *w = *state;
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
    struct world *w = *state;
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
    struct harness *h = harness_open(&(struct harness_options){.services = services});
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
    struct world *w = *state;
    assert_int_equal(create_registry(w, w->home_admin, "fresh", w->fresh), STATUS_OK);
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
    struct world *w = *state;
    enum status status = create_registry(w, w->home_admin, "coast", w->fresh);
    assert_refused(w, status, REASON_ALREADY_EXISTS);
    Kontor__V1__CreateRegistryRequest create =
        KONTOR__V1__CREATE_REGISTRY_REQUEST__INIT;
    Kontor__V1__Registry registry = KONTOR__V1__REGISTRY__INIT;
    registry.id = "fresh";
    registry.trust_domain = "coast.example";
    registry.bundle = (char *)trust_pem(w->h, w->fresh);
    create.registry = &registry;
    create.first_admin = "spiffe://coast.example/admin/other";
    status = call(w, w->home_admin, "CreateRegistry", &create);
    assert_refused(w, status, REASON_NAME_TAKEN);
}

static void
test_the_first_admin_is_of_the_trust_domain(void **state)
{
    struct world *w = *state;
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
        enum status status = call(w, w->home_admin, "CreateRegistry", &create);
        assert_refused(w, status, REASON_FIELDS_INVALID);
        assert_true(harness_has_fault(&w->error, "first_admin"));
    }
}

/* ---- Bundles ---- */

static enum status
rotate(struct world *w, const struct principal *who, const char *id, const char *bundle)
{
    Kontor__V1__RotateBundleRequest request = KONTOR__V1__ROTATE_BUNDLE_REQUEST__INIT;
    request.id = (char *)id;
    request.bundle = (char *)bundle;
    return call(w, who, "RotateBundle", &request);
}

static void
test_a_bundle_is_certificates_of_authorities_only(void **state)
{
    struct world *w = *state;
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
        assert_refused(w, status, REASON_FIELDS_INVALID);
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
    struct world *w = *state;
    const char *pem = trust_pem(w->h, w->coast);
    const char *chatty = trust_join(w->h, "password: no\n", pem);
    enum status status = rotate(w, w->coast_admin, "coast", chatty);
    assert_refused(w, status, REASON_FIELDS_INVALID);
    assert_true(harness_has_fault(&w->error, "bundle"));
}

static void
test_an_authority_named_like_anothers_collides(void **state)
{
    struct world *w = *state;
    struct authority *namesake = authority_new("dune CA", -60, TRUST_DAY_S);
    enum status status = rotate(w, w->coast_admin, "coast", trust_pem(w->h, namesake));
    assert_refused(w, status, REASON_BUNDLE_COLLIDES);
    assert_string_equal(harness_value(&w->error, "registry"), "dune");
    status = create_registry(w, w->home_admin, "fresh", namesake);
    assert_refused(w, status, REASON_BUNDLE_COLLIDES);
    authority_free(namesake);
    /* The very same authority for two registries locks nobody out. */
    assert_int_equal(rotate(w, w->coast_admin, "coast", trust_pem(w->h, w->dune)),
                     STATUS_OK);
}

static void
test_a_bundle_is_rotated_by_its_admin_or_home(void **state)
{
    struct world *w = *state;
    const char *pem = trust_pem(w->h, w->coast);
    enum status status = rotate(w, w->dune_admin, "coast", pem);
    assert_refused(w, status, REASON_OTHER_REGISTRY);
    status = rotate(w, w->dune_admin, "nowhere", pem);
    assert_refused(w, status, REASON_OTHER_REGISTRY);
    status = rotate(w, w->home_admin, "nowhere", trust_pem(w->h, w->fresh));
    assert_refused(w, status, REASON_NOT_FOUND);
    assert_int_equal(rotate(w, w->coast_admin, "coast", pem), STATUS_OK);
    assert_int_equal(rotate(w, w->home_admin, "coast", pem), STATUS_OK);
    const struct principal *narrow =
        harness_principal(w->h, "coast/narrow", ROLE_BIT(ADMIN), "p:coast/x", NULL);
    status = rotate(w, narrow, "coast", pem);
    assert_refused(w, status, REASON_NOT_OWNER);
}

static void
test_a_stale_revision_is_refused(void **state)
{
    struct world *w = *state;
    Kontor__V1__RotateBundleRequest request = KONTOR__V1__ROTATE_BUNDLE_REQUEST__INIT;
    request.id = "coast";
    request.bundle = (char *)trust_pem(w->h, w->coast);
    request.expected_revision = 1;
    enum status status = call(w, w->coast_admin, "RotateBundle", &request);
    assert_refused(w, status, REASON_REVISION_MISMATCH);
    const Kontor__V1__Registry *registry = harness_record(w->h, KIND_REGISTRY, "coast");
    request.expected_revision = registry->revision;
    assert_int_equal(call(w, w->coast_admin, "RotateBundle", &request), STATUS_OK);
}

/* ---- UpdateRegistry ---- */

static enum status
update(struct world *w, const struct principal *who, Kontor__V1__Registry *registry,
       char *path)
{
    Kontor__V1__UpdateRegistryRequest request =
        KONTOR__V1__UPDATE_REGISTRY_REQUEST__INIT;
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    mask.n_paths = 1;
    mask.paths = &path;
    request.registry = registry;
    request.update_mask = path != NULL ? &mask : NULL;
    return call(w, who, "UpdateRegistry", &request);
}

static void
test_name_and_website_are_all_that_is_updated(void **state)
{
    struct world *w = *state;
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
        assert_refused(w, status, REASON_FIELDS_INVALID);
        assert_true(harness_has_fault(&w->error, "update_mask"));
    }
    enum status status = update(w, w->dune_admin, &registry, "name");
    assert_refused(w, status, REASON_OTHER_REGISTRY);
}

/* ---- Suspending ---- */

static enum status
suspend(struct world *w, const struct principal *who, const char *id)
{
    Kontor__V1__SuspendRegistryRequest request =
        KONTOR__V1__SUSPEND_REGISTRY_REQUEST__INIT;
    request.id = (char *)id;
    request.reason = "keys lost";
    return call(w, who, "SuspendRegistry", &request);
}

static enum status
resume(struct world *w, const struct principal *who, const char *id)
{
    Kontor__V1__ResumeRegistryRequest request =
        KONTOR__V1__RESUME_REGISTRY_REQUEST__INIT;
    request.id = (char *)id;
    return call(w, who, "ResumeRegistry", &request);
}

static void
test_a_registry_is_suspended_and_resumed(void **state)
{
    struct world *w = *state;
    enum status status = resume(w, w->home_admin, "coast");
    assert_refused(w, status, REASON_ILLEGAL_STATE);
    assert_int_equal(suspend(w, w->home_admin, "coast"), STATUS_OK);
    const Kontor__V1__Registry *registry = w->reply;
    assert_int_equal(registry->state, KONTOR__V1__REGISTRY__STATE__SUSPENDED);
    assert_string_equal(registry->suspended_because, "keys lost");
    status = suspend(w, w->home_admin, "coast");
    assert_refused(w, status, REASON_ILLEGAL_STATE);
    assert_int_equal(resume(w, w->home_admin, "coast"), STATUS_OK);
    registry = w->reply;
    assert_int_equal(registry->state, KONTOR__V1__REGISTRY__STATE__ACTIVE);
    assert_string_equal(registry->suspended_because, "");
    status = suspend(w, w->home_admin, "nowhere");
    assert_refused(w, status, REASON_NOT_FOUND);
}

static void
test_home_is_never_suspended(void **state)
{
    struct world *w = *state;
    enum status status = suspend(w, w->home_admin, "alpine");
    assert_refused(w, status, REASON_HOME_REGISTRY);
}

/* ---- Principals ---- */

static enum status
create_principal(struct world *w, const struct principal *who, const char *id,
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
    return call(w, who, "CreatePrincipal", &create);
}

static enum status
delete_principal(struct world *w, const struct principal *who, const char *id)
{
    Kontor__V1__DeletePrincipalRequest request =
        KONTOR__V1__DELETE_PRINCIPAL_REQUEST__INIT;
    request.id = (char *)id;
    return call(w, who, "DeletePrincipal", &request);
}

/* Who may make whom; home's admin makes admins elsewhere and nothing else. */
static void
test_who_may_make_whom(void **state)
{
    struct world *w = *state;
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
        assert_refused(w, status, cases[i].reason);
    }
}

/* An admin of home that asks for two roles elsewhere gets neither. */
static void
test_admin_and_more_is_more_than_admin(void **state)
{
    struct world *w = *state;
    Kontor__V1__CreatePrincipalRequest create =
        KONTOR__V1__CREATE_PRINCIPAL_REQUEST__INIT;
    Kontor__V1__Principal principal = KONTOR__V1__PRINCIPAL__INIT;
    Kontor__V1__Role roles[] = {KONTOR__V1__ROLE__ADMIN, KONTOR__V1__ROLE__PORTAL};
    principal.id = "coast/both";
    principal.identity = "spiffe://coast.example/both/x";
    principal.n_roles = 2;
    principal.roles = roles;
    create.principal = &principal;
    enum status status = call(w, w->home_admin, "CreatePrincipal", &create);
    assert_refused(w, status, REASON_OTHER_REGISTRY);
    assert_int_equal(call(w, w->coast_admin, "CreatePrincipal", &create), STATUS_OK);
}

static void
test_an_identity_is_of_its_registry_and_taken_once(void **state)
{
    struct world *w = *state;
    const Kontor__V1__Role portal = KONTOR__V1__ROLE__PORTAL;
    enum status status = create_principal(w, w->coast_admin, "coast/x",
                                          "spiffe://dune.example/portal/x", portal);
    assert_refused(w, status, REASON_FIELDS_INVALID);
    assert_true(harness_has_fault(&w->error, "principal.identity"));
    static const char *const wrong[] = {"", "portal", "spiffe://coast.example",
                                        "spiffe://coast.example/po*",
                                        "spiffe://coast.example/*/x"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        status = create_principal(w, w->coast_admin, "coast/x", wrong[i], portal);
        assert_refused(w, status, REASON_FIELDS_INVALID);
    }
    const char *any = "spiffe://coast.example/portal/*";
    assert_int_equal(create_principal(w, w->coast_admin, "coast/x", any, portal),
                     STATUS_OK);
    status = create_principal(w, w->coast_admin, "coast/y", any, portal);
    assert_refused(w, status, REASON_NAME_TAKEN);
    status = create_principal(w, w->coast_admin, "coast/x",
                              "spiffe://coast.example/portal/z", portal);
    assert_refused(w, status, REASON_ALREADY_EXISTS);
    /* What was removed may be named again. */
    assert_int_equal(delete_principal(w, w->coast_admin, "coast/x"), STATUS_OK);
    assert_int_equal(create_principal(w, w->coast_admin, "coast/y", any, portal),
                     STATUS_OK);
}

static void
test_scopes_are_of_the_own_registry(void **state)
{
    struct world *w = *state;
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
                                  "x:coast/x", "",         "=r:coast"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        scopes[0] = wrong[i];
        enum status status = call(w, w->coast_admin, "CreatePrincipal", &create);
        assert_refused(w, status, REASON_FIELDS_INVALID);
    }
    char *good[] = {"r:coast", "p:coast/x", "j:coast/y"};
    principal.n_scopes = 3;
    principal.scopes = good;
    assert_int_equal(call(w, w->coast_admin, "CreatePrincipal", &create), STATUS_OK);
}

static void
test_who_may_remove_whom(void **state)
{
    struct world *w = *state;
    assert_int_equal(create_principal(w, w->coast_admin, "coast/web",
                                      "spiffe://coast.example/portal/web",
                                      KONTOR__V1__ROLE__PORTAL),
                     STATUS_OK);
    enum status status = delete_principal(w, w->dune_admin, "coast/web");
    assert_refused(w, status, REASON_OTHER_REGISTRY);
    status = delete_principal(w, w->dune_admin, "coast/none");
    assert_refused(w, status, REASON_OTHER_REGISTRY);
    /* Home's admin sees admins elsewhere only: the rest is as if it were not there. */
    status = delete_principal(w, w->home_admin, "coast/web");
    assert_refused(w, status, REASON_NOT_FOUND);
    status = delete_principal(w, w->home_admin, "coast/none");
    assert_refused(w, status, REASON_NOT_FOUND);
    assert_int_equal(delete_principal(w, w->home_admin, "coast/ops"), STATUS_OK);
    assert_int_equal(delete_principal(w, w->coast_admin, "coast/web"), STATUS_OK);
    status = delete_principal(w, w->coast_admin, "coast/web");
    assert_refused(w, status, REASON_NOT_FOUND);
}

static void
test_the_last_admin_of_home_stays(void **state)
{
    struct world *w = *state;
    enum status status = delete_principal(w, w->home_admin, "alpine/ops");
    assert_refused(w, status, REASON_LAST_ADMIN);
    assert_int_equal(create_principal(w, w->home_admin, "alpine/deputy",
                                      "spiffe://alpine.example/admin/deputy",
                                      KONTOR__V1__ROLE__ADMIN),
                     STATUS_OK);
    assert_int_equal(delete_principal(w, w->home_admin, "alpine/ops"), STATUS_OK);
    status = delete_principal(w, w->home_admin, "alpine/deputy");
    assert_refused(w, status, REASON_LAST_ADMIN);
}

/* Each removes the other at once: one of them stays. */
static void
test_two_last_admins_cannot_remove_each_other(void **state)
{
    struct world *w = *state;
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
        calls[i] =
            harness_start(w->h, w->home_admin, SERVICE "DeletePrincipal", &requests[i]);
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
    struct world *w = *state;
    Kontor__V1__GetPrincipalRequest get = KONTOR__V1__GET_PRINCIPAL_REQUEST__INIT;
    get.id = "coast/ops";
    assert_int_equal(call(w, w->coast_admin, "GetPrincipal", &get), STATUS_OK);
    enum status status = call(w, w->dune_admin, "GetPrincipal", &get);
    assert_refused(w, status, REASON_NOT_FOUND);
    status = call(w, w->home_admin, "GetPrincipal", &get);
    assert_refused(w, status, REASON_NOT_FOUND);
    Kontor__V1__ListPrincipalsRequest list = KONTOR__V1__LIST_PRINCIPALS_REQUEST__INIT;
    assert_int_equal(call(w, w->coast_admin, "ListPrincipals", &list), STATUS_OK);
    const Kontor__V1__ListPrincipalsResponse *reply = w->reply;
    assert_int_equal(reply->n_principals, 1);
    assert_string_equal(reply->principals[0]->id, "coast/ops");
}

static void
test_registries_are_read_by_themselves_and_by_home(void **state)
{
    struct world *w = *state;
    Kontor__V1__ListRegistriesRequest list = KONTOR__V1__LIST_REGISTRIES_REQUEST__INIT;
    assert_int_equal(call(w, w->reader, "ListRegistries", &list), STATUS_OK);
    const Kontor__V1__ListRegistriesResponse *reply = w->reply;
    assert_int_equal(reply->n_registries, 1);
    assert_int_equal(call(w, w->home_admin, "ListRegistries", &list), STATUS_OK);
    reply = w->reply;
    assert_int_equal(reply->n_registries, 3);
    Kontor__V1__GetRegistryRequest get = KONTOR__V1__GET_REGISTRY_REQUEST__INIT;
    get.id = "dune";
    enum status status = call(w, w->coast_admin, "GetRegistry", &get);
    assert_refused(w, status, REASON_NOT_FOUND);
    assert_int_equal(call(w, w->dune_admin, "GetRegistry", &get), STATUS_OK);
}

/* ---- Revocation ---- */

static void
test_a_certificate_is_revoked_once_by_its_registry(void **state)
{
    struct world *w = *state;
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
    enum status status = call(w, w->dune_admin, "RevokeCertificate", &request);
    assert_refused(w, status, REASON_OTHER_REGISTRY);
    status = call(w, w->home_admin, "RevokeCertificate", &request);
    assert_refused(w, status, REASON_OTHER_REGISTRY);
    assert_int_equal(call(w, w->coast_admin, "RevokeCertificate", &request), STATUS_OK);
    const Kontor__V1__Revocation *revocation = w->reply;
    assert_string_equal(revocation->id, arena_print(w->h->arena, "coast/%s", lower));
    assert_string_equal(revocation->reason, "key lost");
    status = call(w, w->coast_admin, "RevokeCertificate", &request);
    assert_refused(w, status, REASON_ALREADY_EXISTS);
    static char *const wrong[] = {"", "00", "g"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        request.fingerprint = wrong[i];
        status = call(w, w->coast_admin, "RevokeCertificate", &request);
        assert_refused(w, status, REASON_FIELDS_INVALID);
        assert_true(harness_has_fault(&w->error, "fingerprint"));
    }
    request.fingerprint = (char *)lower;
    request.reason = "";
    status = call(w, w->coast_admin, "RevokeCertificate", &request);
    assert_refused(w, status, REASON_FIELDS_INVALID);
}

/* ---- WhoAmI ---- */

static void
test_whoami_tells_a_stranger_what_to_ask_for(void **state)
{
    struct world *w = *state;
    struct principal stranger = *harness_principal(w->h, "coast/x", 0, NULL);
    Kontor__V1__WhoAmIRequest request = KONTOR__V1__WHO_AM_IREQUEST__INIT;
    stranger.id = "";
    stranger.identity = "spiffe://coast.example/portal/web";
    assert_int_equal(call(w, &stranger, "WhoAmI", &request), STATUS_OK);
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
    struct world *w = *state;
    Kontor__V1__WhoAmIRequest request = KONTOR__V1__WHO_AM_IREQUEST__INIT;
    assert_int_equal(call(w, w->home_admin, "WhoAmI", &request), STATUS_OK);
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
    struct world *w = *state;
    w->h->broker.identity = trust_identity(w->h, w->alpine);
    Kontor__V1__GetStatusRequest request = KONTOR__V1__GET_STATUS_REQUEST__INIT;
    assert_int_equal(call(w, w->home_admin, "GetStatus", &request), STATUS_OK);
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

/* ---- Who may call ---- */

/* A copy by hand of the table in the design, so that a row changed by mistake is
 * noticed. */
static const struct {
    const char *method;
    uint32_t roles;
} allowed[] = {
    {"WhoAmI", ROLE_BIT_ANY_CERTIFICATE},
    {"GetStatus", ROLE_BIT(ADMIN) | ROLE_BIT(MONITOR)},
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
    struct world *w = *state;
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

#define WORLD_TEST(test) cmocka_unit_test_setup_teardown(test, world_open, world_close)

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
        WORLD_TEST(test_a_bundle_is_rotated_by_its_admin_or_home),
        WORLD_TEST(test_a_stale_revision_is_refused),
        WORLD_TEST(test_name_and_website_are_all_that_is_updated),
        WORLD_TEST(test_a_registry_is_suspended_and_resumed),
        WORLD_TEST(test_home_is_never_suspended),
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
        WORLD_TEST(test_each_call_takes_the_roles_of_the_design_only),
        cmocka_unit_test(test_rows_and_contract_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
