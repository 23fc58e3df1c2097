/* Identity while trust changes: revocation, rotation, the keys of the listener, load.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "certs/pemfile.h"
#include "kontor/v1/catalogue.pb-c.h"
#include "server/rpc/identity.h"
#include "tests/server/gate.h"
#include "tests/server/harness.h"
#include "tests/server/trust.h"

/* ---- What changes ---- */

static void
test_a_kept_certificate_expires_on_time(void **state)
{
    struct gate *w = *state;
    int64_t now_ms = clock_wall_ms(&w->h->clock);
    struct profile soon = {.starts_s = -60, .ends_s = 3600, .is_client = true};
    const char *leaf = gate_issue(w, w->coast, soon);
    assert_int_equal(gate_resolve_at(w, leaf, NULL, now_ms), STATUS_OK);
    assert_int_equal(gate_resolve_at(w, leaf, NULL, now_ms + 3590 * 1000), STATUS_OK);
    assert_int_equal(gate_resolve_at(w, leaf, NULL, now_ms + 3602 * 1000),
                     STATUS_UNAUTHENTICATED);
    assert_int_equal(w->error.reason, REASON_CERTIFICATE_EXPIRED);
}

static void
test_a_kept_principal_ends_with_its_revocation(void **state)
{
    struct gate *w = *state;
    const char *leaf = trust_client(w->h, w->coast, GATE_PORTAL);
    assert_int_equal(gate_resolve(w, leaf), STATUS_OK);
    uint64_t generation = identity_generation(w->identity);
    Kontor__V1__Revocation revocation = KONTOR__V1__REVOCATION__INIT;
    revocation.reason = "key lost";
    const char *id = arena_print(w->h->arena, "coast/%s", w->who->fingerprint);
    (void)harness_seed(w->h, KIND_REVOCATION, id, &revocation.base, "=r:coast", NULL);
    assert_true(identity_generation(w->identity) > generation);
    /* Whoever holds it keeps a whole record until it is released. */
    assert_string_equal(w->who->id, "coast/portal");
    gate_expect_refused(w, leaf, REASON_CERTIFICATE_REVOKED);
    /* A new certificate of the same name counts. */
    assert_int_equal(gate_resolve(w, trust_client(w->h, w->coast, GATE_PORTAL)),
                     STATUS_OK);
}

static void
test_a_revoked_intermediate_takes_its_certificates_along(void **state)
{
    struct gate *w = *state;
    struct authority *below = authority_below(w->coast, "coast issuing CA", 3600);
    const char *middle = trust_pem(w->h, below);
    const char *leaf = trust_client(w->h, below, GATE_PORTAL);
    int64_t now_ms = clock_wall_ms(&w->h->clock);
    assert_int_equal(gate_resolve_at(w, leaf, middle, now_ms), STATUS_OK);
    char hex[65];
    assert_true(authority_fingerprint(middle, hex));
    Kontor__V1__Revocation revocation = KONTOR__V1__REVOCATION__INIT;
    (void)harness_seed(w->h, KIND_REVOCATION, arena_print(w->h->arena, "coast/%s", hex),
                       &revocation.base, "=r:coast", NULL);
    assert_int_equal(gate_resolve_at(w, leaf, middle, now_ms), STATUS_UNAUTHENTICATED);
    assert_int_equal(w->error.reason, REASON_CERTIFICATE_REVOKED);
    authority_free(below);
}

/* One registry cannot revoke the certificates of another. */
static void
test_a_revocation_counts_in_its_registry_only(void **state)
{
    struct gate *w = *state;
    const char *leaf = trust_client(w->h, w->coast, GATE_PORTAL);
    assert_int_equal(gate_resolve(w, leaf), STATUS_OK);
    Kontor__V1__Revocation revocation = KONTOR__V1__REVOCATION__INIT;
    (void)harness_seed(w->h, KIND_REVOCATION,
                       arena_print(w->h->arena, "alpine/%s", w->who->fingerprint),
                       &revocation.base, "=r:alpine", NULL);
    assert_int_equal(gate_resolve(w, leaf), STATUS_OK);
}

static void
test_a_suspended_registry_is_refused_until_it_is_resumed(void **state)
{
    struct gate *w = *state;
    const char *leaf = trust_client(w->h, w->coast, GATE_PORTAL);
    const char *bundle = trust_pem(w->h, w->coast);
    assert_int_equal(gate_resolve(w, leaf), STATUS_OK);
    trust_registry(w->h, "coast", bundle, KONTOR__V1__REGISTRY__STATE__SUSPENDED,
                   false);
    gate_expect_refused(w, leaf, REASON_REGISTRY_SUSPENDED);
    trust_registry(w->h, "coast", bundle, KONTOR__V1__REGISTRY__STATE__ACTIVE, false);
    assert_int_equal(gate_resolve(w, leaf), STATUS_OK);
}

static void
test_bundles_overlap_while_they_rotate(void **state)
{
    struct gate *w = *state;
    /* The new authority may even have the old one's name. */
    struct authority *next = authority_new("coast CA", -60, TRUST_DAY_S);
    const char *before = trust_client(w->h, w->coast, GATE_PORTAL);
    const char *after = trust_client(w->h, next, GATE_PORTAL);
    const char *old_pem = trust_pem(w->h, w->coast);
    const char *next_pem = trust_pem(w->h, next);
    assert_int_equal(gate_resolve(w, before), STATUS_OK);
    gate_expect_refused(w, after, REASON_CERTIFICATE_INVALID);
    trust_registry(w->h, "coast", trust_join(w->h, old_pem, next_pem),
                   KONTOR__V1__REGISTRY__STATE__ACTIVE, false);
    assert_int_equal(gate_resolve(w, before), STATUS_OK);
    assert_int_equal(gate_resolve(w, after), STATUS_OK);
    trust_registry(w->h, "coast", next_pem, KONTOR__V1__REGISTRY__STATE__ACTIVE, false);
    gate_expect_refused(w, before, REASON_CERTIFICATE_INVALID);
    assert_int_equal(gate_resolve(w, after), STATUS_OK);
    authority_free(next);
}

static void
test_a_principal_counts_in_its_registry_only(void **state)
{
    struct gate *w = *state;
    trust_principal(w->h, "alpine/spy", "spiffe://coast.example/spy/x",
                    KONTOR__V1__ROLE__ADMIN);
    const char *leaf = trust_client(w->h, w->coast, "spiffe://coast.example/spy/x");
    assert_int_equal(gate_resolve(w, leaf), STATUS_OK);
    assert_string_equal(w->who->id, "");
}

/* ---- The listener's keys ---- */

static void
keys_free(char *roots, char *key, char *cert)
{
    free(roots);
    free(key);
    free(cert);
}

static void
test_keys_are_given_once_a_generation(void **state)
{
    struct gate *w = *state;
    uint64_t seen = 0;
    char *roots = NULL;
    char *key = NULL;
    char *cert = NULL;
    trust_registry(w->h, "coast", trust_pem(w->h, w->coast),
                   KONTOR__V1__REGISTRY__STATE__SUSPENDED, false);
    assert_true(identity_keys(w->identity, &seen, &roots, &key, &cert));
    assert_int_equal(seen, identity_generation(w->identity));
    /* A suspended registry stays among the roots: it is refused by name. */
    assert_non_null(strstr(roots, trust_pem(w->h, w->alpine)));
    assert_non_null(strstr(roots, trust_pem(w->h, w->coast)));
    assert_non_null(strstr(key, "PRIVATE KEY"));
    assert_non_null(strstr(cert, "CERTIFICATE"));
    keys_free(roots, key, cert);
    assert_false(identity_keys(w->identity, &seen, &roots, &key, &cert));
    trust_principal(w->h, "coast/new", "spiffe://coast.example/a/b",
                    KONTOR__V1__ROLE__READER);
    assert_true(identity_keys(w->identity, &seen, &roots, &key, &cert));
    keys_free(roots, key, cert);
}

static void
test_other_commits_leave_the_generation_alone(void **state)
{
    struct gate *w = *state;
    uint64_t generation = identity_generation(w->identity);
    Kontor__V1__Provider provider = KONTOR__V1__PROVIDER__INIT;
    (void)harness_seed(w->h, KIND_PROVIDER, "coast/p", &provider.base, "=r:coast",
                       NULL);
    assert_int_equal(identity_generation(w->identity), generation);
}

static void
test_a_bad_pair_keeps_the_old_one(void **state)
{
    struct gate *w = *state;
    char error[512] = "";
    const char *cert_path = arena_print(w->h->arena, "%s/server.pem", w->h->directory);
    char *good = pemfile_read(cert_path);
    int64_t ends_ms = identity_certificate_ends_ms(w->identity);
    uint64_t generation = identity_generation(w->identity);
    const char *strange = trust_client(w->h, w->alpine, GATE_PORTAL);
    const char *const bad[] = {strange, "", "rubbish",
                               "-----BEGIN CERTIFICATE-----\nAAAA"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_true(pemfile_write(cert_path, bad[i], PEMFILE_PUBLIC));
        assert_int_equal(identity_reload(w->identity, error, sizeof error),
                         STATUS_INVALID_ARGUMENT);
        assert_non_null(strstr(error, cert_path));
    }
    assert_int_equal(unlink(cert_path), 0);
    assert_int_equal(identity_reload(w->identity, error, sizeof error),
                     STATUS_NOT_FOUND);
    assert_int_equal(identity_certificate_ends_ms(w->identity), ends_ms);
    assert_int_equal(identity_generation(w->identity), generation);
    assert_true(pemfile_write(cert_path, good, PEMFILE_PUBLIC));
    assert_int_equal(identity_reload(w->identity, error, sizeof error), STATUS_OK);
    assert_true(identity_generation(w->identity) > generation);
    free(good);
}

/* ---- Under load ---- */

enum { THREADS = 4, ROUNDS = 300 };

struct crowd {
    struct gate *w;
    const char *leaf;
    int n_wrong;
};

static void *
crowd_run(void *context)
{
    struct crowd *crowd = context;
    struct identity_peer peer = {.leaf_pem = crowd->leaf,
                                 .leaf_size = strlen(crowd->leaf)};
    for (size_t i = 0; i < ROUNDS; i++) {
        const struct principal *who = NULL;
        struct error error;
        enum status status =
            identity_resolve(crowd->w->identity, &peer,
                             clock_wall_ms(&crowd->w->h->clock), &who, &error);
        crowd->n_wrong += status != STATUS_OK || strcmp(who->id, "coast/portal") != 0;
        identity_release(crowd->w->identity, who);
    }
    return NULL;
}

static void
test_many_threads_resolve_while_trust_changes(void **state)
{
    struct gate *w = *state;
    struct crowd crowds[THREADS];
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        crowds[i] =
            (struct crowd){.w = w, .leaf = trust_client(w->h, w->coast, GATE_PORTAL)};
        assert_int_equal(pthread_create(&threads[i], NULL, crowd_run, &crowds[i]), 0);
    }
    for (size_t i = 0; i < 50; i++) {
        trust_principal(w->h, "coast/other", "spiffe://coast.example/x/y",
                        KONTOR__V1__ROLE__READER);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(crowds[i].n_wrong, 0);
    }
}

#define WORLD_TEST(test) cmocka_unit_test_setup_teardown(test, gate_open, gate_close)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_a_kept_certificate_expires_on_time),
        WORLD_TEST(test_a_kept_principal_ends_with_its_revocation),
        WORLD_TEST(test_a_revoked_intermediate_takes_its_certificates_along),
        WORLD_TEST(test_a_revocation_counts_in_its_registry_only),
        WORLD_TEST(test_a_suspended_registry_is_refused_until_it_is_resumed),
        WORLD_TEST(test_bundles_overlap_while_they_rotate),
        WORLD_TEST(test_a_principal_counts_in_its_registry_only),
        WORLD_TEST(test_keys_are_given_once_a_generation),
        WORLD_TEST(test_other_commits_leave_the_generation_alone),
        WORLD_TEST(test_a_bad_pair_keeps_the_old_one),
        WORLD_TEST(test_many_threads_resolve_while_trust_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
