#include "tests/server/trust.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

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

static X509 *
read_certificate(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    assert_non_null(certificate);
    BIO_free(bio);
    return certificate;
}

static EVP_PKEY *
read_key(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    assert_non_null(key);
    BIO_free(bio);
    return key;
}

static void
rename_and_sign(X509 *certificate, EVP_PKEY *key, const char *name)
{
    X509_NAME *subject = X509_NAME_new();
    assert_true(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                           (const unsigned char *)name, -1, -1, 0));
    assert_true(X509_set_subject_name(certificate, subject));
    assert_true(X509_set_issuer_name(certificate, subject));
    X509_NAME_free(subject);
    static const int ids[] = {NID_subject_key_identifier, NID_authority_key_identifier};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        int place = X509_get_ext_by_NID(certificate, ids[i], -1);
        X509_EXTENSION_free(place < 0 ? NULL : X509_delete_ext(certificate, place));
    }
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
}

const char *
trust_renamed(struct harness *harness, const struct authority *authority,
              const char *name)
{
    struct issued issued = {0};
    assert_true(authority_pem(authority, &issued));
    X509 *certificate = read_certificate(issued.certificate);
    EVP_PKEY *key = read_key(issued.key);
    rename_and_sign(certificate, key, name);
    BIO *bio = BIO_new(BIO_s_mem());
    assert_true(PEM_write_bio_X509(bio, certificate));
    char *data = NULL;
    long size = BIO_get_mem_data(bio, &data);
    const char *pem = arena_copy_n(harness->arena, data, (size_t)size);
    BIO_free(bio);
    EVP_PKEY_free(key);
    X509_free(certificate);
    issued_done(&issued);
    return pem;
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
