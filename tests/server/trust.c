#include "tests/server/trust.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "certs/pemfile.h"

const char *
trust_pem(struct harness *harness, const struct authority *authority)
{
    struct issued issued = {0};
    assert_true(authority_pem(authority, &issued));
    const char *pem = arena_copy(harness->arena, issued.certificate);
    issued_done(&issued);
    return pem;
}

const char *
trust_issue(struct harness *harness, const struct authority *authority,
            const struct profile *profile)
{
    struct issued issued = {0};
    assert_true(authority_issue(authority, profile, &issued));
    const char *pem = arena_copy(harness->arena, issued.certificate);
    issued_done(&issued);
    return pem;
}

const char *
trust_client(struct harness *harness, const struct authority *authority,
             const char *uri)
{
    struct profile profile = {.name = "client",
                              .uris = &uri,
                              .n_uris = 1,
                              .starts_s = -60,
                              .ends_s = TRUST_DAY_S,
                              .is_client = true};
    return trust_issue(harness, authority, &profile);
}

const char *
trust_join(struct harness *harness, const char *one, const char *other)
{
    return arena_print(harness->arena, "%s%s", one, other);
}

void
trust_registry(struct harness *harness, const char *id, const char *bundle,
               Kontor__V1__Registry__State state, bool is_home)
{
    Kontor__V1__Registry registry = KONTOR__V1__REGISTRY__INIT;
    registry.trust_domain = arena_print(harness->arena, "%s.example", id);
    registry.bundle = (char *)bundle;
    registry.state = state;
    registry.is_home = is_home;
    (void)harness_seed(harness, KIND_REGISTRY, id, &registry.base,
                       arena_print(harness->arena, "=r:%s", id), NULL);
}

void
trust_principal(struct harness *harness, const char *id, const char *identity,
                Kontor__V1__Role role)
{
    Kontor__V1__Principal principal = KONTOR__V1__PRINCIPAL__INIT;
    const char *registry = arena_copy_n(harness->arena, id, strcspn(id, "/"));
    char *scopes[] = {arena_print(harness->arena, "r:%s", registry)};
    principal.identity = (char *)identity;
    principal.n_roles = 1;
    principal.roles = &role;
    principal.n_scopes = 1;
    principal.scopes = scopes;
    (void)harness_seed(harness, KIND_PRINCIPAL, id, &principal.base,
                       arena_print(harness->arena, "=r:%s", registry), NULL);
}

struct identity *
trust_identity(struct harness *harness, const struct authority *authority)
{
    static const char *const hosts[] = {"localhost"};
    struct profile profile = {.name = "server",
                              .hosts = hosts,
                              .n_hosts = 1,
                              .starts_s = -60,
                              .ends_s = TRUST_DAY_S,
                              .is_server = true};
    struct issued issued = {0};
    assert_true(authority_issue(authority, &profile, &issued));
    const char *cert_path =
        arena_print(harness->arena, "%s/server.pem", harness->directory);
    const char *key_path =
        arena_print(harness->arena, "%s/server.key", harness->directory);
    assert_true(pemfile_write(cert_path, issued.certificate, PEMFILE_PUBLIC));
    assert_true(pemfile_write(key_path, issued.key, PEMFILE_SECRET));
    issued_done(&issued);
    struct identity_options options = {.store = harness->broker.store,
                                       .clock = &harness->clock,
                                       .home = "alpine",
                                       .cert_path = cert_path,
                                       .key_path = key_path};
    struct identity *identity = NULL;
    char error[512] = "";
    if (identity_open(&options, &identity, error, sizeof error) != STATUS_OK) {
        fail_msg("%s", error);
    }
    return identity;
}
