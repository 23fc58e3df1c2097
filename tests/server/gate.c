#include "tests/server/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/trust.h"

static const struct service_rows *const no_services[] = {NULL};

int
gate_open(void **state)
{
    struct gate *w = calloc(1, sizeof *w);
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
    trust_principal(w->h, "coast/portal", GATE_PORTAL, KONTOR__V1__ROLE__PORTAL);
    *state = w;
    return 0;
}

int
gate_close(void **state)
{
    struct gate *w = *state;
    identity_release(w->identity, w->who);
    authority_free(w->alpine);
    authority_free(w->coast);
    dispatch_drain(w->h->dispatch);
    identity_close(w->identity);
    harness_close(w->h);
    free(w);
    return 0;
}

enum status
gate_resolve_at(struct gate *w, const char *leaf, const char *chain, int64_t now_ms)
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

enum status
gate_resolve(struct gate *w, const char *leaf)
{
    return gate_resolve_at(w, leaf, NULL, clock_wall_ms(&w->h->clock));
}

void
gate_expect_refused(struct gate *w, const char *leaf, enum reason reason)
{
    assert_int_equal(gate_resolve(w, leaf), reason_row(reason)->status);
    assert_int_equal(w->error.reason, reason);
    assert_non_null(w->error.message);
    assert_null(w->who);
}

const char *
gate_issue(struct gate *w, const struct authority *authority, struct profile profile)
{
    static const char *const portal[] = {GATE_PORTAL};
    profile.name = "client";
    if (profile.uris == NULL) {
        profile.uris = portal;
        profile.n_uris = 1;
    }
    return trust_issue(w->h, authority, &profile);
}
