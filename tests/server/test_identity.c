/* Who a certificate is: every way to be refused, and what the good ones come to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "server/rpc/identity.h"
#include "tests/server/gate.h"
#include "tests/server/harness.h"
#include "tests/server/trust.h"

/* ---- The good ones ---- */

static void
test_a_registered_certificate_is_its_principal(void **state)
{
    struct gate *w = *state;
    assert_int_equal(gate_resolve(w, trust_client(w->h, w->coast, GATE_PORTAL)),
                     STATUS_OK);
    assert_string_equal(w->who->id, "coast/portal");
    assert_string_equal(w->who->registry, "coast");
    assert_string_equal(w->who->identity, GATE_PORTAL);
    assert_int_equal(strlen(w->who->fingerprint), 64);
    assert_int_equal(w->who->roles, ROLE_BIT(PORTAL) | ROLE_BIT_ANY_CERTIFICATE);
    assert_int_equal(w->who->granted.n_strings, 1);
    assert_int_equal(w->who->scopes.n_strings, 2);
    assert_true(principal_has_scope(w->who, "r:coast"));
    assert_true(principal_has_scope(w->who, "u:coast/portal"));
    assert_false(principal_has_scope(w->who, "r:alpine"));
    assert_int_equal(strlen(w->who->scope_tag), 32);
}

static void
test_an_unregistered_certificate_has_no_role(void **state)
{
    struct gate *w = *state;
    const char *leaf =
        trust_client(w->h, w->coast, "spiffe://coast.example/portal/new");
    assert_int_equal(gate_resolve(w, leaf), STATUS_OK);
    assert_string_equal(w->who->id, "");
    assert_string_equal(w->who->registry, "coast");
    assert_int_equal(w->who->roles, ROLE_BIT_ANY_CERTIFICATE);
    assert_int_equal(w->who->scopes.n_strings, 0);
}

static void
test_only_an_admin_of_home_is_a_home_admin(void **state)
{
    struct gate *w = *state;
    trust_principal(w->h, "alpine/ops", "spiffe://alpine.example/admin/ops",
                    KONTOR__V1__ROLE__ADMIN);
    trust_principal(w->h, "coast/ops", "spiffe://coast.example/admin/ops",
                    KONTOR__V1__ROLE__ADMIN);
    const char *home =
        trust_client(w->h, w->alpine, "spiffe://alpine.example/admin/ops");
    assert_int_equal(gate_resolve(w, home), STATUS_OK);
    assert_true((w->who->roles & ROLE_BIT_HOME_ADMIN) != 0);
    const char *partner =
        trust_client(w->h, w->coast, "spiffe://coast.example/admin/ops");
    assert_int_equal(gate_resolve(w, partner), STATUS_OK);
    assert_true((w->who->roles & ROLE_BIT(ADMIN)) != 0);
    assert_true((w->who->roles & ROLE_BIT_HOME_ADMIN) == 0);
}

static void
test_exact_beats_wildcard_and_the_longest_wildcard_wins(void **state)
{
    struct gate *w = *state;
    trust_principal(w->h, "coast/any", "spiffe://coast.example/*",
                    KONTOR__V1__ROLE__READER);
    trust_principal(w->h, "coast/portals", "spiffe://coast.example/portal/*",
                    KONTOR__V1__ROLE__SHIFTER);
    assert_int_equal(gate_resolve(w, trust_client(w->h, w->coast, GATE_PORTAL)),
                     STATUS_OK);
    assert_string_equal(w->who->id, "coast/portal");
    const char *other =
        trust_client(w->h, w->coast, "spiffe://coast.example/portal/b/c");
    assert_int_equal(gate_resolve(w, other), STATUS_OK);
    assert_string_equal(w->who->id, "coast/portals");
    const char *far = trust_client(w->h, w->coast, "spiffe://coast.example/agent/x");
    assert_int_equal(gate_resolve(w, far), STATUS_OK);
    assert_string_equal(w->who->id, "coast/any");
    /* The wildcard stands for something: the bare label is not below itself. */
    const char *bare = trust_client(w->h, w->coast, "spiffe://coast.example/portal");
    assert_int_equal(gate_resolve(w, bare), STATUS_OK);
    assert_string_equal(w->who->id, "coast/any");
}

static void
test_scope_tags_do_not_depend_on_the_order_of_scopes(void **state)
{
    struct gate *w = *state;
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
        assert_int_equal(gate_resolve(w, leaf), STATUS_OK);
        (void)snprintf(tags[i], sizeof tags[i], "%s", w->who->scope_tag);
    }
    assert_string_equal(tags[0], tags[1]);
    assert_string_not_equal(tags[0], tags[2]);
}

/* ---- The bad ones ---- */

static void
test_no_certificate_is_refused(void **state)
{
    gate_expect_refused(*state, NULL, REASON_CERTIFICATE_INVALID);
    gate_expect_refused(*state, "", REASON_CERTIFICATE_INVALID);
    gate_expect_refused(*state, "not a certificate", REASON_CERTIFICATE_INVALID);
}

static void
test_an_expired_certificate_is_refused(void **state)
{
    struct gate *w = *state;
    struct profile old = {.starts_s = -7200, .ends_s = -3600, .is_client = true};
    gate_expect_refused(w, gate_issue(w, w->coast, old), REASON_CERTIFICATE_EXPIRED);
}

static void
test_a_certificate_not_yet_valid_is_refused(void **state)
{
    struct gate *w = *state;
    struct profile early = {.starts_s = 3600, .ends_s = 7200, .is_client = true};
    gate_expect_refused(w, gate_issue(w, w->coast, early), REASON_CERTIFICATE_EXPIRED);
}

static void
test_a_self_signed_certificate_is_refused(void **state)
{
    struct gate *w = *state;
    struct profile own = {.starts_s = -60, .ends_s = 3600, .is_client = true};
    gate_expect_refused(w, gate_issue(w, NULL, own), REASON_CERTIFICATE_INVALID);
}

static void
test_a_strange_authority_is_refused(void **state)
{
    struct gate *w = *state;
    struct authority *stranger = authority_new("stranger CA", -60, TRUST_DAY_S);
    gate_expect_refused(w, trust_client(w->h, stranger, GATE_PORTAL),
                        REASON_CERTIFICATE_INVALID);
    authority_free(stranger);
}

/* Same name as coast's authority, another key: only the key counts. */
static void
test_a_namesake_of_the_authority_is_refused(void **state)
{
    struct gate *w = *state;
    struct authority *namesake = authority_new("coast CA", -60, TRUST_DAY_S);
    gate_expect_refused(w, trust_client(w->h, namesake, GATE_PORTAL),
                        REASON_CERTIFICATE_INVALID);
    authority_free(namesake);
}

static void
test_one_registry_cannot_vouch_for_a_name_of_another(void **state)
{
    struct gate *w = *state;
    gate_expect_refused(w, trust_client(w->h, w->alpine, GATE_PORTAL),
                        REASON_CERTIFICATE_INVALID);
}

static void
test_an_unknown_trust_domain_is_refused(void **state)
{
    struct gate *w = *state;
    const char *leaf =
        trust_client(w->h, w->coast, "spiffe://nowhere.example/portal/web");
    gate_expect_refused(w, leaf, REASON_CERTIFICATE_INVALID);
}

static void
test_exactly_one_uri_name_counts(void **state)
{
    struct gate *w = *state;
    static const char *const two[] = {GATE_PORTAL, "spiffe://coast.example/admin/ops"};
    static const char *const none[] = {NULL};
    static const char *const hosts[] = {"portal.coast.example"};
    struct profile both = {
        .uris = two, .n_uris = 2, .starts_s = -60, .ends_s = 3600, .is_client = true};
    gate_expect_refused(w, gate_issue(w, w->coast, both), REASON_CERTIFICATE_INVALID);
    struct profile host = {.uris = none,
                           .n_uris = 0,
                           .hosts = hosts,
                           .n_hosts = 1,
                           .starts_s = -60,
                           .ends_s = 3600,
                           .is_client = true};
    gate_expect_refused(w, gate_issue(w, w->coast, host), REASON_CERTIFICATE_INVALID);
    host.n_hosts = 0;
    gate_expect_refused(w, gate_issue(w, w->coast, host), REASON_CERTIFICATE_INVALID);
}

static void
test_names_out_of_form_are_refused(void **state)
{
    struct gate *w = *state;
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
        gate_expect_refused(w, trust_client(w->h, w->coast, names[i]),
                            REASON_CERTIFICATE_INVALID);
    }
}

static void
test_names_the_tls_library_reads_otherwise_are_refused(void **state)
{
    struct gate *w = *state;
    const char *leaf = trust_client(w->h, w->coast, GATE_PORTAL);
    const char *const other[] = {"spiffe://coast.example/admin/ops", GATE_PORTAL};
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
    struct gate *w = *state;
    struct profile server = {.starts_s = -60, .ends_s = 3600, .is_server = true};
    gate_expect_refused(w, gate_issue(w, w->coast, server), REASON_CERTIFICATE_INVALID);
    struct profile ca = {.starts_s = -60, .ends_s = 3600, .is_authority = true};
    gate_expect_refused(w, gate_issue(w, w->coast, ca), REASON_CERTIFICATE_INVALID);
    struct profile signer = {.starts_s = -60, .ends_s = 3600, .is_signing_only = true};
    gate_expect_refused(w, gate_issue(w, w->coast, signer), REASON_CERTIFICATE_INVALID);
    struct profile both = {
        .starts_s = -60, .ends_s = 3600, .is_server = true, .is_client = true};
    assert_int_equal(gate_resolve(w, gate_issue(w, w->coast, both)), STATUS_OK);
}

static void
test_an_end_certificate_cannot_issue(void **state)
{
    struct gate *w = *state;
    static const char *const portal[] = {GATE_PORTAL};
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
    assert_int_equal(
        gate_resolve_at(w, leaf, end.certificate, clock_wall_ms(&w->h->clock)),
        STATUS_UNAUTHENTICATED);
    authority_free(usurper);
    issued_done(&end);
}

/* ---- Chains ---- */

static void
test_an_intermediate_comes_from_the_peer_or_from_the_bundle(void **state)
{
    struct gate *w = *state;
    struct authority *below = authority_below(w->coast, "coast issuing CA", 3600);
    assert_non_null(below);
    const char *leaf = trust_client(w->h, below, GATE_PORTAL);
    const char *middle = trust_pem(w->h, below);
    gate_expect_refused(w, leaf, REASON_CERTIFICATE_INVALID);
    int64_t now_ms = clock_wall_ms(&w->h->clock);
    assert_int_equal(gate_resolve_at(w, leaf, middle, now_ms), STATUS_OK);
    const char *second = trust_client(w->h, below, GATE_PORTAL);
    trust_registry(w->h, "coast", trust_join(w->h, trust_pem(w->h, w->coast), middle),
                   KONTOR__V1__REGISTRY__STATE__ACTIVE, false);
    assert_int_equal(gate_resolve(w, second), STATUS_OK);
    authority_free(below);
}

/* What a peer sends beside its certificate helps, but is never trusted. */
static void
test_a_root_sent_by_the_peer_is_not_trusted(void **state)
{
    struct gate *w = *state;
    struct authority *stranger = authority_new("stranger CA", -60, TRUST_DAY_S);
    const char *leaf = trust_client(w->h, stranger, GATE_PORTAL);
    assert_int_equal(gate_resolve_at(w, leaf, trust_pem(w->h, stranger),
                                     clock_wall_ms(&w->h->clock)),
                     STATUS_UNAUTHENTICATED);
    authority_free(stranger);
}

#define WORLD_TEST(test) cmocka_unit_test_setup_teardown(test, gate_open, gate_close)

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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
