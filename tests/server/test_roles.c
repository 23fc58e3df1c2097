/* Who may call what of orders and fulfilment, and what any certificate may call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/order/fulfilment.h"
#include "server/order/order_service.h"
#include "server/registry/registry.h"
#include "server/rpc/health.h"
#include "server/rpc/reflection.h"

#define ORDER(name) "/kontor.v1.OrderService/" name
#define FULFILMENT(name) "/kontor.v1.FulfilmentService/" name

/* A copy by hand of who may call what; the rows must agree. Each set is spelt out, so
 * that a set of the rows that is changed for one call shows at the others. */
static const struct expected {
    const char *path;
    uint32_t roles;
} expected[] = {
    {ORDER("CreateProject"), ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER) | ROLE_BIT(ADMIN)},
    {ORDER("GetProject"), ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER) | ROLE_BIT(ADMIN)},
    {ORDER("ListProjects"), ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER) | ROLE_BIT(ADMIN)},
    {ORDER("UpdateProject"), ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER) | ROLE_BIT(ADMIN)},
    {ORDER("PlaceOrder"), ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER) | ROLE_BIT(PEER)},
    {ORDER("GetOrder"), ROLE_BIT(PORTAL) | ROLE_BIT(APPROVER) | ROLE_BIT(SHIFTER) |
                            ROLE_BIT(OPERATOR) | ROLE_BIT(AGENT) | ROLE_BIT(ADMIN) |
                            ROLE_BIT(PEER)},
    {ORDER("ListOrders"), ROLE_BIT(PORTAL) | ROLE_BIT(APPROVER) | ROLE_BIT(SHIFTER) |
                              ROLE_BIT(OPERATOR) | ROLE_BIT(AGENT) | ROLE_BIT(ADMIN) |
                              ROLE_BIT(PEER)},
    {ORDER("ListItems"), ROLE_BIT(PORTAL) | ROLE_BIT(APPROVER) | ROLE_BIT(SHIFTER) |
                             ROLE_BIT(OPERATOR) | ROLE_BIT(AGENT) | ROLE_BIT(ADMIN) |
                             ROLE_BIT(PEER)},
    {ORDER("WatchOrders"), ROLE_BIT(PORTAL) | ROLE_BIT(APPROVER) | ROLE_BIT(SHIFTER) |
                               ROLE_BIT(OPERATOR) | ROLE_BIT(AGENT) | ROLE_BIT(ADMIN) |
                               ROLE_BIT(PEER)},
    {ORDER("CancelOrder"), ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER) | ROLE_BIT(PEER)},
    {ORDER("DecideItem"), ROLE_BIT(APPROVER) | ROLE_BIT(SHIFTER) | ROLE_BIT(OPERATOR) |
                              ROLE_BIT(AGENT) | ROLE_BIT(PEER) | ROLE_BIT(ADMIN)},
    {ORDER("AskCustomer"), ROLE_BIT(SHIFTER) | ROLE_BIT(OPERATOR)},
    {ORDER("AnswerQuestion"),
     ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER) | ROLE_BIT(OPERATOR) | ROLE_BIT(PEER)},
    {ORDER("HoldItem"), ROLE_BIT(SHIFTER) | ROLE_BIT(OPERATOR)},
    {ORDER("DecideCancel"), ROLE_BIT(OPERATOR) | ROLE_BIT(AGENT) | ROLE_BIT(PEER)},
    {ORDER("GetStock"), ROLE_BIT(PORTAL) | ROLE_BIT(APPROVER) | ROLE_BIT(SHIFTER) |
                            ROLE_BIT(OPERATOR) | ROLE_BIT(AGENT) | ROLE_BIT(ADMIN) |
                            ROLE_BIT(PEER)},
    {ORDER("GetInstance"), ROLE_BIT(PORTAL) | ROLE_BIT(APPROVER) | ROLE_BIT(SHIFTER) |
                               ROLE_BIT(OPERATOR) | ROLE_BIT(AGENT) | ROLE_BIT(ADMIN) |
                               ROLE_BIT(PEER)},
    {ORDER("ListInstances"), ROLE_BIT(PORTAL) | ROLE_BIT(APPROVER) | ROLE_BIT(SHIFTER) |
                                 ROLE_BIT(OPERATOR) | ROLE_BIT(AGENT) |
                                 ROLE_BIT(ADMIN) | ROLE_BIT(PEER)},
    {ORDER("RescheduleItem"), ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER) | ROLE_BIT(PEER)},
    {ORDER("AllowedActions"), ROLE_BIT(PORTAL) | ROLE_BIT(APPROVER) |
                                  ROLE_BIT(SHIFTER) | ROLE_BIT(OPERATOR) |
                                  ROLE_BIT(AGENT) | ROLE_BIT(ADMIN) | ROLE_BIT(PEER)},
    {ORDER("ResumeItem"), ROLE_BIT(SHIFTER) | ROLE_BIT(OPERATOR)},
    {ORDER("OverrideItem"), ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN)},
    {ORDER("OpenAccess"), ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER) | ROLE_BIT(PEER)},
    {ORDER("PostMessage"), ROLE_BIT(PORTAL) | ROLE_BIT(APPROVER) | ROLE_BIT(SHIFTER) |
                               ROLE_BIT(OPERATOR) | ROLE_BIT(AGENT) | ROLE_BIT(ADMIN) |
                               ROLE_BIT(PEER)},
    {ORDER("ListMessages"), ROLE_BIT(PORTAL) | ROLE_BIT(APPROVER) | ROLE_BIT(SHIFTER) |
                                ROLE_BIT(OPERATOR) | ROLE_BIT(AGENT) | ROLE_BIT(ADMIN) |
                                ROLE_BIT(PEER)},
    {ORDER("GiveOpinion"), ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER) | ROLE_BIT(PEER)},
    {ORDER("ListOpinions"), ROLE_BIT(PORTAL) | ROLE_BIT(APPROVER) | ROLE_BIT(SHIFTER) |
                                ROLE_BIT(OPERATOR) | ROLE_BIT(AGENT) | ROLE_BIT(ADMIN) |
                                ROLE_BIT(PEER)},
    {ORDER("ObserveOffer"), ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER) | ROLE_BIT(PEER)},
    {ORDER("ListObservations"), ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER) | ROLE_BIT(PEER)},
    {ORDER("DeleteObservation"), ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER) | ROLE_BIT(PEER)},
    {FULFILMENT("RegisterAgent"), ROLE_BIT(AGENT) | ROLE_BIT(PEER)},
    {FULFILMENT("Claim"), ROLE_BIT(AGENT) | ROLE_BIT(PEER)},
    {FULFILMENT("Begin"), ROLE_BIT(AGENT) | ROLE_BIT(PEER)},
    {FULFILMENT("Renew"), ROLE_BIT(AGENT) | ROLE_BIT(PEER)},
    {FULFILMENT("Report"), ROLE_BIT(AGENT) | ROLE_BIT(PEER)},
    {FULFILMENT("Complete"), ROLE_BIT(AGENT) | ROLE_BIT(PEER)},
    {FULFILMENT("Fail"), ROLE_BIT(AGENT) | ROLE_BIT(PEER)},
    {FULFILMENT("Release"), ROLE_BIT(AGENT) | ROLE_BIT(PEER)},
    {FULFILMENT("Hold"), ROLE_BIT(AGENT) | ROLE_BIT(PEER)},
    {FULFILMENT("AskInfo"), ROLE_BIT(AGENT) | ROLE_BIT(PEER)},
    {FULFILMENT("ListAgents"),
     ROLE_BIT(OPERATOR) | ROLE_BIT(SHIFTER) | ROLE_BIT(ADMIN)},
    {"/kontor.v1.RegistryService/WhoAmI", ROLE_BIT_ANY_CERTIFICATE},
    {"/grpc.health.v1.Health/Check", ROLE_BIT_ANY_CERTIFICATE},
    {"/grpc.health.v1.Health/Watch", ROLE_BIT_ANY_CERTIFICATE},
    {"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
     ROLE_BIT_ANY_CERTIFICATE},
    {"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
     ROLE_BIT_ANY_CERTIFICATE},
};
enum { N_EXPECTED = sizeof expected / sizeof expected[0] };

static const struct service_rows *const services[] = {
    &order_rows,  &fulfilment_rows, &registry_rows,
    &health_rows, &reflection_rows, &reflection_alpha_rows};

static const struct expected *
find_expected(const char *path)
{
    for (size_t i = 0; i < N_EXPECTED; i++) {
        if (strcmp(expected[i].path, path) == 0) {
            return &expected[i];
        }
    }
    return NULL;
}

/* Calls of the registry for which a role is needed are in test_principal.c. */
static void
test_every_row_has_the_roles_of_the_design(void **state)
{
    (void)state;
    size_t n = 0;
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
        for (const struct row *row = services[i]->rows; row->path != NULL; row++) {
            const struct expected *found = find_expected(row->path);
            if (found != NULL && row->roles != found->roles) {
                fail_msg("%s: roles %#x, not %#x", row->path, row->roles, found->roles);
            }
            assert_true(found != NULL || services[i] == &registry_rows);
            n += found != NULL ? 1 : 0;
        }
    }
    assert_int_equal(n, N_EXPECTED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_has_the_roles_of_the_design),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
