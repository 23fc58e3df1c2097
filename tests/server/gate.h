/*
 * What tests of identity share: two registries, an authority each, and certificates
 * that are resolved.
 *
 * Memory: the harness's. Errors: what cannot go wrong fails the test. Threads: the
 * test's.
 */
#ifndef KONTOR_TESTS_SERVER_GATE_H
#define KONTOR_TESTS_SERVER_GATE_H

#include "certs/authority.h"
#include "server/rpc/identity.h"
#include "tests/server/harness.h"

#define GATE_PORTAL "spiffe://coast.example/portal/web"

/* alpine is home; coast is a partner with a portal. */
struct gate {
    struct harness *h;
    struct authority *alpine;
    struct authority *coast;
    struct identity *identity;
    struct error error;
    const struct principal *who;
};

/* For cmocka; the state is the gate. */
int gate_open(void **state);
int gate_close(void **state);
/* Resolves; a principal found is kept until the next. */
enum status gate_resolve_at(struct gate *w, const char *leaf, const char *chain,
                            int64_t now_ms);
enum status gate_resolve(struct gate *w, const char *leaf);
/* Resolves, and expects this refusal. */
void gate_expect_refused(struct gate *w, const char *leaf, enum reason reason);
/* A leaf of this profile, in the harness's arena. */
const char *gate_issue(struct gate *w, const struct authority *authority,
                       struct profile profile);

#endif
