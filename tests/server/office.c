#include "tests/server/office.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/registry/home.h"
#include "server/registry/registry.h"
#include "tests/server/trust.h"

const struct service_rows *const office_services[] = {&registry_rows, NULL};

enum status
office_call(struct office *w, const struct principal *who, const char *method,
            const void *request)
{
    w->reply = NULL;
    w->error = (struct error){.status = STATUS_OK};
    return harness_call(w->h, who,
                        arena_print(w->h->arena, OFFICE_SERVICE "%s", method), request,
                        &w->reply, &w->error);
}

void
office_expect_refused(struct office *w, enum status status, enum reason reason)
{
    assert_int_equal(status, reason_row(reason)->status);
    assert_int_equal(w->error.reason, reason);
}

enum status
office_create_with(struct office *w, const struct principal *who, const char *id,
                   const char *bundle)
{
    Kontor__V1__CreateRegistryRequest create =
        KONTOR__V1__CREATE_REGISTRY_REQUEST__INIT;
    Kontor__V1__Registry registry = KONTOR__V1__REGISTRY__INIT;
    registry.id = (char *)id;
    registry.trust_domain = arena_print(w->h->arena, "%s.example", id);
    registry.bundle = (char *)bundle;
    create.registry = &registry;
    create.first_admin = arena_print(w->h->arena, "spiffe://%s.example/admin/ops", id);
    return office_call(w, who, "CreateRegistry", &create);
}

enum status
office_create_registry(struct office *w, const struct principal *who, const char *id,
                       const struct authority *authority)
{
    return office_create_with(w, who, id, trust_pem(w->h, authority));
}

int
office_open(void **state)
{
    struct office *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->h = harness_open(
        &(struct harness_options){.services = office_services, .is_real_time = true});
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
    assert_int_equal(office_create_registry(w, w->home_admin, "coast", w->coast),
                     STATUS_OK);
    assert_int_equal(office_create_registry(w, w->home_admin, "dune", w->dune),
                     STATUS_OK);
    *state = w;
    return 0;
}

int
office_close(void **state)
{
    struct office *w = *state;
    harness_close(w->h);
    authority_free(w->alpine);
    authority_free(w->coast);
    authority_free(w->dune);
    authority_free(w->fresh);
    free(w);
    return 0;
}
