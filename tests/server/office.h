/*
 * What tests of registries and principals share: three registries, an admin each, and
 * calls of the RegistryService.
 *
 * Memory: the harness's. Errors: what cannot go wrong fails the test. Threads: the
 * test's.
 */
#ifndef KONTOR_TESTS_SERVER_OFFICE_H
#define KONTOR_TESTS_SERVER_OFFICE_H

#include "certs/authority.h"
#include "kontor/v1/registry_service.pb-c.h"
#include "tests/server/harness.h"

#define OFFICE_SERVICE "/kontor.v1.RegistryService/"

extern const struct service_rows *const office_services[]; /* NULL-ended. */

/* alpine is home with an admin; coast and dune are partners with an admin each. */
struct office {
    struct harness *h;
    struct authority *alpine, *coast, *dune, *fresh;
    const struct principal *home_admin, *coast_admin, *dune_admin, *reader;
    struct error error;
    void *reply;
};

/* Calls a method; answer and error are kept in the office. */
enum status office_call(struct office *w, const struct principal *who,
                        const char *method, const void *request);
/* Whether the last call was refused so. */
void office_expect_refused(struct office *w, enum status status, enum reason reason);
/* A registry with this bundle, and an admin named ops. */
enum status office_create_with(struct office *w, const struct principal *who,
                               const char *id, const char *bundle);
/* A registry with this authority, and an admin named ops. */
enum status office_create_registry(struct office *w, const struct principal *who,
                                   const char *id, const struct authority *authority);
/* For cmocka; the state is the office. */
int office_open(void **state);
int office_close(void **state);

#endif
