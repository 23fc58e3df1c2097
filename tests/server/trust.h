/*
 * Authorities, certificates and trust records for tests of identity and of
 * RegistryService.
 *
 * Memory: what is issued lives in the harness's arena. Errors: what cannot go wrong
 * fails the test. Threads: the test's.
 */
#ifndef KONTOR_TESTS_SERVER_TRUST_H
#define KONTOR_TESTS_SERVER_TRUST_H

#include "certs/authority.h"
#include "kontor/v1/registry.pb-c.h"
#include "server/rpc/identity.h"
#include "tests/server/harness.h"

enum { TRUST_DAY_S = 24 * 3600 };

/* An authority's certificate as PEM. */
const char *trust_pem(struct harness *harness, const struct authority *authority);
/* A certificate as PEM; its key is thrown away. */
const char *trust_issue(struct harness *harness, const struct authority *authority,
                        const struct profile *profile);
/* A client certificate with one name, good from a minute ago to tomorrow. */
const char *trust_client(struct harness *harness, const struct authority *authority,
                         const char *uri);
/* Another certificate of the authority's own key, self-signed: another name, no key id.
 */
const char *trust_renamed(struct harness *harness, const struct authority *authority,
                          const char *name);
/* Two PEM texts one after the other. */
const char *trust_join(struct harness *harness, const char *one, const char *other);

/* Writes a registry's record: trust domain <id>.example. */
void trust_registry(struct harness *harness, const char *id, const char *bundle,
                    Kontor__V1__Registry__State state, bool is_home);
/* Writes a principal's record with one role and the scope r:<registry>. */
void trust_principal(struct harness *harness, const char *id, const char *identity,
                     Kontor__V1__Role role);
/* Writes a server's pair into the harness's directory and opens an identity with home
 * "alpine". */
struct identity *trust_identity(struct harness *harness,
                                const struct authority *authority);

#endif
