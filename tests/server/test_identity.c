/* Who a certificate is: every way to be refused, and what the good ones come to. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "certs/pemfile.h"
#include "kontor/v1/catalogue.pb-c.h"
#include "server/rpc/identity.h"
#include "tests/server/harness.h"
#include "tests/server/trust.h"

#define PORTAL "spiffe://coast.example/portal/web"

static const struct service_rows *const no_services[] = {NULL};

/* alpine is home; coast is a partner with a portal. */
struct world {
    struct harness *h;
    struct authority *alpine;
    struct authority *coast;
    struct identity *identity;
    struct error error;
    const struct principal *who;
};

static int
world_open(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->h = harness_open(
        &(struct harness_options){.services = no_services, .is_real_time = true});
    w->alpine = authority_new("alpine CA", -60, 30 * TRUST_DAY_S);
    w->coast = authority_new("coast CA", -60, 30 * TRUST_DAY_S);
    assert_true(w->alpine != NULL && w->coast != NULL);
    w->identity = trust_identity(w->h, w->alpine);
    trust_registry(w->h, "alpine", trust_pem(w->h, w->alpine),
                   KONTOR__V1__REGISTRY__STATE__ACTIVE, true);
    trust_registry(w->h, "coast", trust_pem(w->h, w->coast),
                   KONTOR__V1__REGISTRY__STATE__ACTIVE, false);
    trust_principal(w->h, "coast/portal", PORTAL, KONTOR__V1__ROLE__PORTAL);
    *state = w;
    return 0;
}

static int
world_close(void **state)
{
    struct world *w = *state;
    identity_release(w->identity, w->who);
    authority_free(w->alpine);
    authority_free(w->coast);
    dispatch_drain(w->h->dispatch);
    identity_close(w->identity);
    harness_close(w->h);
    free(w);
    return 0;
}

/* Resolves; a principal found is kept until the next. */
static enum status
resolve_at(struct world *w, const char *leaf, const char *chain, int64_t now_ms)
{
    struct identity_peer peer = {.leaf_pem = leaf,
                                 .leaf_size = leaf != NULL ? strlen(leaf) : 0,
                                 .chain_pem = chain,
                                 .chain_size = chain != NULL ? strlen(chain) : 0};
    identity_release(w->identity, w->who);
    w->who = NULL;
    w->error = (struct error){.status = STATUS_OK};
    return identity_resolve(w->identity, &peer, now_ms, &w->who, &w->error);
}

static enum status
resolve(struct world *w, const char *leaf)
{
    return resolve_at(w, leaf, NULL, clock_wall_ms(&w->h->clock));
}

static void
assert_refused(struct world *w, const char *leaf, enum reason reason)
{
    assert_int_equal(resolve(w, leaf), reason_row(reason)->status);
    assert_int_equal(w->error.reason, reason);
    assert_non_null(w->error.message);
    assert_null(w->who);
}

/* ---- The good ones ---- */

static void
test_a_registered_certificate_is_its_principal(void **state)
{
    struct world *w = *state;
    assert_int_equal(resolve(w, trust_client(w->h, w->coast, PORTAL)), STATUS_OK);
    assert_string_equal(w->who->id, "coast/portal");
    assert_string_equal(w->who->registry, "coast");
    assert_string_equal(w->who->identity, PORTAL);
    assert_int_equal(strlen(w->who->fingerprint), 64);
    assert_int_equal(w->who->roles, ROLE_BIT(PORTAL) | ROLE_BIT_ANY_CERTIFICATE);
    assert_int_equal(w->who->scopes.n_strings, 1);
    assert_true(principal_has_scope(w->who, "r:coast"));
    assert_false(principal_has_scope(w->who, "r:alpine"));
    assert_int_equal(strlen(w->who->scope_tag), 32);
}

static void
test_an_unregistered_certificate_has_no_role(void **state)
{
    struct world *w = *state;
    const char *leaf =
        trust_client(w->h, w->coast, "spiffe://coast.example/portal/new");
    assert_int_equal(resolve(w, leaf), STATUS_OK);
    assert_string_equal(w->who->id, "");
    assert_string_equal(w->who->registry, "coast");
    assert_int_equal(w->who->roles, ROLE_BIT_ANY_CERTIFICATE);
    assert_int_equal(w->who->scopes.n_strings, 0);
}

static void
test_only_an_admin_of_home_is_a_home_admin(void **state)
{
    struct world *w = *state;
    trust_principal(w->h, "alpine/ops", "spiffe://alpine.example/admin/ops",
                    KONTOR__V1__ROLE__ADMIN);
    trust_principal(w->h, "coast/ops", "spiffe://coast.example/admin/ops",
                    KONTOR__V1__ROLE__ADMIN);
    const char *home =
        trust_client(w->h, w->alpine, "spiffe://alpine.example/admin/ops");
    assert_int_equal(resolve(w, home), STATUS_OK);
    assert_true((w->who->roles & ROLE_BIT_HOME_ADMIN) != 0);
    const char *partner =
        trust_client(w->h, w->coast, "spiffe://coast.example/admin/ops");
    assert_int_equal(resolve(w, partner), STATUS_OK);
    assert_true((w->who->roles & ROLE_BIT(ADMIN)) != 0);
    assert_true((w->who->roles & ROLE_BIT_HOME_ADMIN) == 0);
}

static void
test_exact_beats_wildcard_and_the_longest_wildcard_wins(void **state)
{
    struct world *w = *state;
    trust_principal(w->h, "coast/any", "spiffe://coast.example/*",
                    KONTOR__V1__ROLE__READER);
    trust_principal(w->h, "coast/portals", "spiffe://coast.example/portal/*",
                    KONTOR__V1__ROLE__SHIFTER);
    assert_int_equal(resolve(w, trust_client(w->h, w->coast, PORTAL)), STATUS_OK);
    assert_string_equal(w->who->id, "coast/portal");
    const char *other =
        trust_client(w->h, w->coast, "spiffe://coast.example/portal/b/c");
    assert_int_equal(resolve(w, other), STATUS_OK);
    assert_string_equal(w->who->id, "coast/portals");
    const char *far = trust_client(w->h, w->coast, "spiffe://coast.example/agent/x");
    assert_int_equal(resolve(w, far), STATUS_OK);
    assert_string_equal(w->who->id, "coast/any");
    /* The wildcard stands for something: the bare label is not below itself. */
    const char *bare = trust_client(w->h, w->coast, "spiffe://coast.example/portal");
    assert_int_equal(resolve(w, bare), STATUS_OK);
    assert_string_equal(w->who->id, "coast/any");
}

static void
test_scope_tags_do_not_depend_on_the_order_of_scopes(void **state)
{
    struct world *w = *state;
    char *ab[] = {"p:coast/a", "r:coast"};
    char *ba[] = {"r:coast", "p:coast/a"};
    char *b[] = {"r:coast", "p:coast/b"};
    char **sets[] = {ab, ba, b};
    char tags[3][33];
    const char *leaf = trust_client(w->h, w->coast, "spiffe://coast.example/x/y");
    for (size_t i = 0; i < 3; i++) {
        Kontor__V1__Principal principal = KONTOR__V1__PRINCIPAL__INIT;
        principal.identity = "spiffe://coast.example/x/y";
        principal.n_scopes = 2;
        principal.scopes = sets[i];
        (void)harness_seed(w->h, KIND_PRINCIPAL, "coast/xy", &principal.base,
                           "=r:coast", NULL);
        assert_int_equal(resolve(w, leaf), STATUS_OK);
        (void)snprintf(tags[i], sizeof tags[i], "%s", w->who->scope_tag);
    }
    assert_string_equal(tags[0], tags[1]);
    assert_string_not_equal(tags[0], tags[2]);
}

/* ---- The bad ones ---- */

static void
test_no_certificate_is_refused(void **state)
{
    assert_refused(*state, NULL, REASON_CERTIFICATE_INVALID);
    assert_refused(*state, "", REASON_CERTIFICATE_INVALID);
    assert_refused(*state, "not a certificate", REASON_CERTIFICATE_INVALID);
}

static const char *
issued_with(struct world *w, const struct authority *authority, struct profile profile)
{
    static const char *const portal[] = {PORTAL};
    profile.name = "client";
    if (profile.uris == NULL) {
        profile.uris = portal;
        profile.n_uris = 1;
    }
    return trust_issue(w->h, authority, &profile);
}

static void
test_an_expired_certificate_is_refused(void **state)
{
    struct world *w = *state;
    struct profile old = {.starts_s = -7200, .ends_s = -3600, .is_client = true};
    assert_refused(w, issued_with(w, w->coast, old), REASON_CERTIFICATE_EXPIRED);
}

static void
test_a_certificate_not_yet_valid_is_refused(void **state)
{
    struct world *w = *state;
    struct profile early = {.starts_s = 3600, .ends_s = 7200, .is_client = true};
    assert_refused(w, issued_with(w, w->coast, early), REASON_CERTIFICATE_EXPIRED);
}

static void
test_a_self_signed_certificate_is_refused(void **state)
{
    struct world *w = *state;
    struct profile own = {.starts_s = -60, .ends_s = 3600, .is_client = true};
    assert_refused(w, issued_with(w, NULL, own), REASON_CERTIFICATE_INVALID);
}

static void
test_a_strange_authority_is_refused(void **state)
{
    struct world *w = *state;
    struct authority *stranger = authority_new("stranger CA", -60, TRUST_DAY_S);
    assert_refused(w, trust_client(w->h, stranger, PORTAL), REASON_CERTIFICATE_INVALID);
    authority_free(stranger);
}

/* Same name as coast's authority, another key: only the key counts. */
static void
test_a_namesake_of_the_authority_is_refused(void **state)
{
    struct world *w = *state;
    struct authority *namesake = authority_new("coast CA", -60, TRUST_DAY_S);
    assert_refused(w, trust_client(w->h, namesake, PORTAL), REASON_CERTIFICATE_INVALID);
    authority_free(namesake);
}

static void
test_one_registry_cannot_vouch_for_a_name_of_another(void **state)
{
    struct world *w = *state;
    assert_refused(w, trust_client(w->h, w->alpine, PORTAL),
                   REASON_CERTIFICATE_INVALID);
}

static void
test_an_unknown_trust_domain_is_refused(void **state)
{
    struct world *w = *state;
    const char *leaf =
        trust_client(w->h, w->coast, "spiffe://nowhere.example/portal/web");
    assert_refused(w, leaf, REASON_CERTIFICATE_INVALID);
}

static void
test_exactly_one_uri_name_counts(void **state)
{
    struct world *w = *state;
    static const char *const two[] = {PORTAL, "spiffe://coast.example/admin/ops"};
    static const char *const none[] = {NULL};
    static const char *const hosts[] = {"portal.coast.example"};
    struct profile both = {
        .uris = two, .n_uris = 2, .starts_s = -60, .ends_s = 3600, .is_client = true};
    assert_refused(w, issued_with(w, w->coast, both), REASON_CERTIFICATE_INVALID);
    struct profile host = {.uris = none,
                           .n_uris = 0,
                           .hosts = hosts,
                           .n_hosts = 1,
                           .starts_s = -60,
                           .ends_s = 3600,
                           .is_client = true};
    assert_refused(w, issued_with(w, w->coast, host), REASON_CERTIFICATE_INVALID);
    host.n_hosts = 0;
    assert_refused(w, issued_with(w, w->coast, host), REASON_CERTIFICATE_INVALID);
}

static void
test_names_out_of_form_are_refused(void **state)
{
    struct world *w = *state;
    static const char *const names[] = {
        "https://coast.example/portal/web",
        "spiffe://coast.example",
        "spiffe://coast.example/",
        "spiffe://coast.example/portal/",
        "spiffe://coast.example//web",
        "spiffe://coast.example/../admin",
        "spiffe://coast.example/./web",
        "spiffe://coast.example/portal/*",
        "spiffe://COAST.example/portal/web",
        "spiffe://coast.example:1/portal/web",
        "spiffe://coast.example/portal/web?a",
        "spiffe:///portal/web",
        "spiffe://coast.example/p%6frtal/web",
        "SPIFFE://coast.example/portal/web",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_refused(w, trust_client(w->h, w->coast, names[i]),
                       REASON_CERTIFICATE_INVALID);
    }
}

static void
test_names_the_tls_library_reads_otherwise_are_refused(void **state)
{
    struct world *w = *state;
    const char *leaf = trust_client(w->h, w->coast, PORTAL);
    const char *const other[] = {"spiffe://coast.example/admin/ops", PORTAL};
    struct identity_peer peer = {
        .leaf_pem = leaf, .leaf_size = strlen(leaf), .uris = other, .n_uris = 1};
    int64_t now_ms = clock_wall_ms(&w->h->clock);
    assert_int_equal(identity_resolve(w->identity, &peer, now_ms, &w->who, &w->error),
                     STATUS_UNAUTHENTICATED);
    peer.n_uris = 2;
    assert_int_equal(identity_resolve(w->identity, &peer, now_ms, &w->who, &w->error),
                     STATUS_UNAUTHENTICATED);
    peer.uris = other + 1;
    peer.n_uris = 1;
    assert_int_equal(identity_resolve(w->identity, &peer, now_ms, &w->who, &w->error),
                     STATUS_OK);
}

static void
test_only_certificates_for_clients_count(void **state)
{
    struct world *w = *state;
    struct profile server = {.starts_s = -60, .ends_s = 3600, .is_server = true};
    assert_refused(w, issued_with(w, w->coast, server), REASON_CERTIFICATE_INVALID);
    struct profile ca = {.starts_s = -60, .ends_s = 3600, .is_authority = true};
    assert_refused(w, issued_with(w, w->coast, ca), REASON_CERTIFICATE_INVALID);
    struct profile signer = {.starts_s = -60, .ends_s = 3600, .is_signing_only = true};
    assert_refused(w, issued_with(w, w->coast, signer), REASON_CERTIFICATE_INVALID);
    struct profile both = {
        .starts_s = -60, .ends_s = 3600, .is_server = true, .is_client = true};
    assert_int_equal(resolve(w, issued_with(w, w->coast, both)), STATUS_OK);
}

static void
test_an_end_certificate_cannot_issue(void **state)
{
    struct world *w = *state;
    static const char *const portal[] = {PORTAL};
    struct issued end = {0};
    struct profile profile = {.name = "end",
                              .uris = portal,
                              .n_uris = 1,
                              .starts_s = -60,
                              .ends_s = 3600,
                              .is_client = true};
    assert_true(authority_issue(w->coast, &profile, &end));
    struct authority *usurper = authority_read(end.certificate, end.key);
    assert_non_null(usurper);
    const char *leaf = trust_client(w->h, usurper, "spiffe://coast.example/admin/ops");
    assert_int_equal(resolve_at(w, leaf, end.certificate, clock_wall_ms(&w->h->clock)),
                     STATUS_UNAUTHENTICATED);
    authority_free(usurper);
    issued_done(&end);
}

/* ---- Chains ---- */

static void
test_an_intermediate_comes_from_the_peer_or_from_the_bundle(void **state)
{
    struct world *w = *state;
    struct authority *below = authority_below(w->coast, "coast issuing CA", 3600);
    assert_non_null(below);
    const char *leaf = trust_client(w->h, below, PORTAL);
    const char *middle = trust_pem(w->h, below);
    assert_refused(w, leaf, REASON_CERTIFICATE_INVALID);
    int64_t now_ms = clock_wall_ms(&w->h->clock);
    assert_int_equal(resolve_at(w, leaf, middle, now_ms), STATUS_OK);
    const char *second = trust_client(w->h, below, PORTAL);
    trust_registry(w->h, "coast", trust_join(w->h, trust_pem(w->h, w->coast), middle),
                   KONTOR__V1__REGISTRY__STATE__ACTIVE, false);
    assert_int_equal(resolve(w, second), STATUS_OK);
    authority_free(below);
}

/* What a peer sends beside its certificate helps, but is never trusted. */
static void
test_a_root_sent_by_the_peer_is_not_trusted(void **state)
{
    struct world *w = *state;
    struct authority *stranger = authority_new("stranger CA", -60, TRUST_DAY_S);
    const char *leaf = trust_client(w->h, stranger, PORTAL);
    assert_int_equal(
        resolve_at(w, leaf, trust_pem(w->h, stranger), clock_wall_ms(&w->h->clock)),
        STATUS_UNAUTHENTICATED);
    authority_free(stranger);
}

/* ---- What changes ---- */

static void
test_a_kept_certificate_expires_on_time(void **state)
{
    struct world *w = *state;
    int64_t now_ms = clock_wall_ms(&w->h->clock);
    struct profile soon = {.starts_s = -60, .ends_s = 3600, .is_client = true};
    const char *leaf = issued_with(w, w->coast, soon);
    assert_int_equal(resolve_at(w, leaf, NULL, now_ms), STATUS_OK);
    assert_int_equal(resolve_at(w, leaf, NULL, now_ms + 3590 * 1000), STATUS_OK);
    assert_int_equal(resolve_at(w, leaf, NULL, now_ms + 3602 * 1000),
                     STATUS_UNAUTHENTICATED);
    assert_int_equal(w->error.reason, REASON_CERTIFICATE_EXPIRED);
}

static void
test_a_kept_principal_ends_with_its_revocation(void **state)
{
    struct world *w = *state;
    const char *leaf = trust_client(w->h, w->coast, PORTAL);
    assert_int_equal(resolve(w, leaf), STATUS_OK);
    uint64_t generation = identity_generation(w->identity);
    Kontor__V1__Revocation revocation = KONTOR__V1__REVOCATION__INIT;
    revocation.reason = "key lost";
    const char *id = arena_print(w->h->arena, "coast/%s", w->who->fingerprint);
    (void)harness_seed(w->h, KIND_REVOCATION, id, &revocation.base, "=r:coast", NULL);
    assert_true(identity_generation(w->identity) > generation);
    /* Whoever holds it keeps a whole record until it is released. */
    assert_string_equal(w->who->id, "coast/portal");
    assert_refused(w, leaf, REASON_CERTIFICATE_REVOKED);
    /* A new certificate of the same name counts. */
    assert_int_equal(resolve(w, trust_client(w->h, w->coast, PORTAL)), STATUS_OK);
}

static void
test_a_revoked_intermediate_takes_its_certificates_along(void **state)
{
    struct world *w = *state;
    struct authority *below = authority_below(w->coast, "coast issuing CA", 3600);
    const char *middle = trust_pem(w->h, below);
    const char *leaf = trust_client(w->h, below, PORTAL);
    int64_t now_ms = clock_wall_ms(&w->h->clock);
    assert_int_equal(resolve_at(w, leaf, middle, now_ms), STATUS_OK);
    char hex[65];
    assert_true(authority_fingerprint(middle, hex));
    Kontor__V1__Revocation revocation = KONTOR__V1__REVOCATION__INIT;
    (void)harness_seed(w->h, KIND_REVOCATION, arena_print(w->h->arena, "coast/%s", hex),
                       &revocation.base, "=r:coast", NULL);
    assert_int_equal(resolve_at(w, leaf, middle, now_ms), STATUS_UNAUTHENTICATED);
    assert_int_equal(w->error.reason, REASON_CERTIFICATE_REVOKED);
    authority_free(below);
}

/* One registry cannot revoke the certificates of another. */
static void
test_a_revocation_counts_in_its_registry_only(void **state)
{
    struct world *w = *state;
    const char *leaf = trust_client(w->h, w->coast, PORTAL);
    assert_int_equal(resolve(w, leaf), STATUS_OK);
    Kontor__V1__Revocation revocation = KONTOR__V1__REVOCATION__INIT;
    (void)harness_seed(w->h, KIND_REVOCATION,
                       arena_print(w->h->arena, "alpine/%s", w->who->fingerprint),
                       &revocation.base, "=r:alpine", NULL);
    assert_int_equal(resolve(w, leaf), STATUS_OK);
}

static void
test_a_suspended_registry_is_refused_until_it_is_resumed(void **state)
{
    struct world *w = *state;
    const char *leaf = trust_client(w->h, w->coast, PORTAL);
    const char *bundle = trust_pem(w->h, w->coast);
    assert_int_equal(resolve(w, leaf), STATUS_OK);
    trust_registry(w->h, "coast", bundle, KONTOR__V1__REGISTRY__STATE__SUSPENDED,
                   false);
    assert_refused(w, leaf, REASON_REGISTRY_SUSPENDED);
    trust_registry(w->h, "coast", bundle, KONTOR__V1__REGISTRY__STATE__ACTIVE, false);
    assert_int_equal(resolve(w, leaf), STATUS_OK);
}

static void
test_bundles_overlap_while_they_rotate(void **state)
{
    struct world *w = *state;
    /* The new authority may even have the old one's name. */
    struct authority *next = authority_new("coast CA", -60, TRUST_DAY_S);
    const char *before = trust_client(w->h, w->coast, PORTAL);
    const char *after = trust_client(w->h, next, PORTAL);
    const char *old_pem = trust_pem(w->h, w->coast);
    const char *next_pem = trust_pem(w->h, next);
    assert_int_equal(resolve(w, before), STATUS_OK);
    assert_refused(w, after, REASON_CERTIFICATE_INVALID);
    trust_registry(w->h, "coast", trust_join(w->h, old_pem, next_pem),
                   KONTOR__V1__REGISTRY__STATE__ACTIVE, false);
    assert_int_equal(resolve(w, before), STATUS_OK);
    assert_int_equal(resolve(w, after), STATUS_OK);
    trust_registry(w->h, "coast", next_pem, KONTOR__V1__REGISTRY__STATE__ACTIVE, false);
    assert_refused(w, before, REASON_CERTIFICATE_INVALID);
    assert_int_equal(resolve(w, after), STATUS_OK);
    authority_free(next);
}

static void
test_a_principal_counts_in_its_registry_only(void **state)
{
    struct world *w = *state;
    trust_principal(w->h, "alpine/spy", "spiffe://coast.example/spy/x",
                    KONTOR__V1__ROLE__ADMIN);
    const char *leaf = trust_client(w->h, w->coast, "spiffe://coast.example/spy/x");
    assert_int_equal(resolve(w, leaf), STATUS_OK);
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
    struct world *w = *state;
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
    struct world *w = *state;
    uint64_t generation = identity_generation(w->identity);
    Kontor__V1__Provider provider = KONTOR__V1__PROVIDER__INIT;
    (void)harness_seed(w->h, KIND_PROVIDER, "coast/p", &provider.base, "=r:coast",
                       NULL);
    assert_int_equal(identity_generation(w->identity), generation);
}

static void
test_a_bad_pair_keeps_the_old_one(void **state)
{
    struct world *w = *state;
    char error[512] = "";
    const char *cert_path = arena_print(w->h->arena, "%s/server.pem", w->h->directory);
    char *good = pemfile_read(cert_path);
    int64_t ends_ms = identity_certificate_ends_ms(w->identity);
    uint64_t generation = identity_generation(w->identity);
    const char *strange = trust_client(w->h, w->alpine, PORTAL);
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
    struct world *w;
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
    struct world *w = *state;
    struct crowd crowds[THREADS];
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        crowds[i] =
            (struct crowd){.w = w, .leaf = trust_client(w->h, w->coast, PORTAL)};
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

#define WORLD_TEST(test) cmocka_unit_test_setup_teardown(test, world_open, world_close)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_a_registered_certificate_is_its_principal),
        WORLD_TEST(test_an_unregistered_certificate_has_no_role),
        WORLD_TEST(test_only_an_admin_of_home_is_a_home_admin),
        WORLD_TEST(test_exact_beats_wildcard_and_the_longest_wildcard_wins),
        WORLD_TEST(test_scope_tags_do_not_depend_on_the_order_of_scopes),
        WORLD_TEST(test_no_certificate_is_refused),
        WORLD_TEST(test_an_expired_certificate_is_refused),
        WORLD_TEST(test_a_certificate_not_yet_valid_is_refused),
        WORLD_TEST(test_a_self_signed_certificate_is_refused),
        WORLD_TEST(test_a_strange_authority_is_refused),
        WORLD_TEST(test_a_namesake_of_the_authority_is_refused),
        WORLD_TEST(test_one_registry_cannot_vouch_for_a_name_of_another),
        WORLD_TEST(test_an_unknown_trust_domain_is_refused),
        WORLD_TEST(test_exactly_one_uri_name_counts),
        WORLD_TEST(test_names_out_of_form_are_refused),
        WORLD_TEST(test_names_the_tls_library_reads_otherwise_are_refused),
        WORLD_TEST(test_only_certificates_for_clients_count),
        WORLD_TEST(test_an_end_certificate_cannot_issue),
        WORLD_TEST(test_an_intermediate_comes_from_the_peer_or_from_the_bundle),
        WORLD_TEST(test_a_root_sent_by_the_peer_is_not_trusted),
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
