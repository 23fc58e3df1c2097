#include "tests/server/toy_call.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/toy.h"

struct harness *toy_harness;
const struct principal *toy_operator;

int
toy_set_up(void **state)
{
    (void)state;
    toy_harness = harness_open(&(struct harness_options){.services = toy_services});
    toy_operator =
        harness_principal(toy_harness, "coast/op", ROLE_BIT(OPERATOR), "r:coast", NULL);
    atomic_store(&toy_takes, 0);
    return 0;
}

int
toy_tear_down(void **state)
{
    (void)state;
    harness_close(toy_harness);
    return 0;
}

enum status
toy_put(const char *id, const char *name, const char *request_id,
        Kontor__V1__Provider **reply, struct error *error)
{
    Kontor__V1__Provider provider = KONTOR__V1__PROVIDER__INIT;
    provider.id = (char *)id;
    provider.name = (char *)name;
    Kontor__V1__CreateProviderRequest request =
        KONTOR__V1__CREATE_PROVIDER_REQUEST__INIT;
    request.provider = &provider;
    request.request_id = (char *)request_id;
    return harness_call(toy_harness, toy_operator, TOY "Put", &request, (void **)reply,
                        error);
}

Kontor__V1__GetProviderRequest
toy_get(const char *id)
{
    Kontor__V1__GetProviderRequest request = KONTOR__V1__GET_PROVIDER_REQUEST__INIT;
    request.id = (char *)id;
    return request;
}
