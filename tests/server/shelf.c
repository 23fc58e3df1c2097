#include "tests/server/shelf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "server/catalogue/catalogue.h"

static const struct service_rows *const services[] = {&catalogue_rows, NULL};

int
shelf_setup(void **state)
{
    static struct shelf shelf;
    struct harness *h = harness_open(&(struct harness_options){.services = services});
    shelf.h = h;
    shelf.admin = harness_principal(h, "coast/adm", ROLE_BIT(ADMIN), "r:coast", NULL);
    shelf.operator_ =
        harness_principal(h, "coast/op", ROLE_BIT(OPERATOR), "p:coast/hpc", NULL);
    shelf.stranger =
        harness_principal(h, "hills/adm", ROLE_BIT(ADMIN), "r:hills", NULL);
    assert_int_equal(shelf_create_provider(h, shelf.admin,
                                           shelf_provider(h, "coast/hpc"), NULL, NULL),
                     STATUS_OK);
    *state = &shelf;
    return 0;
}

int
shelf_teardown(void **state)
{
    struct shelf *shelf = *state;
    harness_close(shelf->h);
    return 0;
}

static Kontor__V1__Contact *
contact(struct harness *h)
{
    Kontor__V1__Contact *made = arena_alloc(h->arena, sizeof(*made));
    kontor__v1__contact__init(made);
    made->name = "Desk zebrafinch";
    made->email = "desk@example.org";
    return made;
}

Kontor__V1__Provider *
shelf_provider(struct harness *h, const char *id)
{
    Kontor__V1__Provider *provider = arena_alloc(h->arena, sizeof(*provider));
    kontor__v1__provider__init(provider);
    provider->id = arena_copy(h->arena, id);
    provider->name = arena_print(h->arena, "Provider %s", id);
    provider->main_contact = contact(h);
    return provider;
}

Kontor__V1__Service *
shelf_service(struct harness *h, const char *id, const char *provider)
{
    Kontor__V1__Service *service = arena_alloc(h->arena, sizeof(*service));
    kontor__v1__service__init(service);
    service->id = arena_copy(h->arena, id);
    service->provider = arena_copy(h->arena, provider);
    service->name = arena_print(h->arena, "Service %s", id);
    service->phase = KONTOR__V1__PHASE__PRODUCTION;
    service->order_type = KONTOR__V1__ORDER_TYPE__ORDER_REQUIRED;
    service->main_contact = contact(h);
    service->security_contact_email = "security@example.org";
    return service;
}

Kontor__V1__Offer *
shelf_offer(struct harness *h, Kontor__V1__Service *service, const char *iid)
{
    Kontor__V1__Offer *offer = arena_alloc(h->arena, sizeof(*offer));
    Kontor__V1__Offer **offers =
        arena_alloc(h->arena, (service->n_offers + 1) * sizeof(*offers));
    kontor__v1__offer__init(offer);
    offer->iid = arena_copy(h->arena, iid);
    offer->name = arena_print(h->arena, "Offer %s", iid);
    for (size_t i = 0; i < service->n_offers; i++) {
        offers[i] = service->offers[i];
    }
    offers[service->n_offers++] = offer;
    service->offers = offers;
    return offer;
}

Kontor__V1__Parameter *
shelf_parameter(struct harness *h, Kontor__V1__Offer *offer, const char *id)
{
    Kontor__V1__Parameter *parameter = arena_alloc(h->arena, sizeof(*parameter));
    Kontor__V1__Parameter **parameters =
        arena_alloc(h->arena, (offer->n_parameters + 1) * sizeof(*parameters));
    kontor__v1__parameter__init(parameter);
    parameter->id = arena_copy(h->arena, id);
    parameter->label = "A label";
    for (size_t i = 0; i < offer->n_parameters; i++) {
        parameters[i] = offer->parameters[i];
    }
    parameters[offer->n_parameters++] = parameter;
    offer->parameters = parameters;
    return parameter;
}

static Kontor__V1__Value *
value(struct harness *h, Kontor__V1__Value__KindCase kind)
{
    Kontor__V1__Value *made = arena_alloc(h->arena, sizeof(*made));
    kontor__v1__value__init(made);
    made->kind_case = kind;
    return made;
}

Kontor__V1__Value *
shelf_text(struct harness *h, const char *text)
{
    Kontor__V1__Value *made = value(h, KONTOR__V1__VALUE__KIND_TEXT);
    made->text = arena_copy(h->arena, text);
    return made;
}

Kontor__V1__Value *
shelf_integer(struct harness *h, int64_t integer)
{
    Kontor__V1__Value *made = value(h, KONTOR__V1__VALUE__KIND_INTEGER);
    made->integer = integer;
    return made;
}

Kontor__V1__Value *
shelf_decimal(struct harness *h, const char *decimal)
{
    Kontor__V1__Value *made = value(h, KONTOR__V1__VALUE__KIND_DECIMAL);
    made->decimal = arena_copy(h->arena, decimal);
    return made;
}

Kontor__V1__IntegerParameter *
shelf_make_integer(struct harness *h, Kontor__V1__Parameter *parameter)
{
    Kontor__V1__IntegerParameter *integer = arena_alloc(h->arena, sizeof(*integer));
    kontor__v1__integer_parameter__init(integer);
    integer->_minimum_case = KONTOR__V1__INTEGER_PARAMETER___MINIMUM_MINIMUM;
    integer->minimum = 0;
    integer->_maximum_case = KONTOR__V1__INTEGER_PARAMETER___MAXIMUM_MAXIMUM;
    integer->maximum = 8;
    parameter->type_case = KONTOR__V1__PARAMETER__TYPE_INTEGER;
    parameter->integer = integer;
    return integer;
}

Kontor__V1__Service *
shelf_plain(struct shelf *shelf, const char *id)
{
    return shelf_service(shelf->h, id, "coast/hpc");
}

Kontor__V1__Service *
shelf_with_offer(struct shelf *shelf)
{
    Kontor__V1__Service *service = shelf_plain(shelf, "coast/a");
    Kontor__V1__Offer *offer = shelf_offer(shelf->h, service, "standard");
    shelf_make_integer(shelf->h, shelf_parameter(shelf->h, offer, "gpus"));
    return service;
}

Kontor__V1__Service *
shelf_created(struct shelf *shelf, Kontor__V1__Service *service)
{
    Kontor__V1__Service *reply = NULL;
    struct error error;
    if (shelf_create_service(shelf->h, shelf->admin, service, &reply, &error) !=
        STATUS_OK) {
        fail_msg("%s", error.message);
    }
    return reply;
}

Google__Protobuf__FieldMask *
shelf_mask(struct harness *h, ...)
{
    Google__Protobuf__FieldMask *mask = arena_alloc(h->arena, sizeof(*mask));
    va_list args;
    google__protobuf__field_mask__init(mask);
    mask->paths = arena_alloc(h->arena, 64 * sizeof(*mask->paths));
    va_start(args, h);
    for (const char *path = va_arg(args, const char *); path != NULL;
         path = va_arg(args, const char *)) {
        assert_true(mask->n_paths < 64);
        mask->paths[mask->n_paths++] = arena_copy(h->arena, path);
    }
    va_end(args);
    return mask;
}

enum status
shelf_create_provider(struct harness *h, const struct principal *who,
                      Kontor__V1__Provider *provider, Kontor__V1__Provider **reply,
                      struct error *error)
{
    Kontor__V1__CreateProviderRequest request =
        KONTOR__V1__CREATE_PROVIDER_REQUEST__INIT;
    request.provider = provider;
    /* Tests of onboarding say it themselves; for others services come as they please.
     */
    request.skip_template = (who->roles & ROLE_BIT(ADMIN)) != 0;
    return harness_call(h, who, SHELF_CALL("CreateProvider"), &request, (void **)reply,
                        error);
}

enum status
shelf_create_service(struct harness *h, const struct principal *who,
                     Kontor__V1__Service *service, Kontor__V1__Service **reply,
                     struct error *error)
{
    Kontor__V1__CreateServiceRequest request = KONTOR__V1__CREATE_SERVICE_REQUEST__INIT;
    request.service = service;
    /* An admin's begin where they are put. */
    if ((who->roles & ROLE_BIT(ADMIN)) != 0) {
        request.override_reason = "it stood so before";
    }
    return harness_call(h, who, SHELF_CALL("CreateService"), &request, (void **)reply,
                        error);
}

enum status
shelf_update_service(struct harness *h, const struct principal *who,
                     Kontor__V1__Service *service, Google__Protobuf__FieldMask *mask,
                     Kontor__V1__Service **reply, struct error *error)
{
    Kontor__V1__UpdateServiceRequest request = KONTOR__V1__UPDATE_SERVICE_REQUEST__INIT;
    request.service = service;
    request.update_mask = mask;
    return harness_call(h, who, SHELF_CALL("UpdateService"), &request, (void **)reply,
                        error);
}

enum status
shelf_get_service(struct harness *h, const struct principal *who, const char *id,
                  Kontor__V1__Service **reply, struct error *error)
{
    Kontor__V1__GetServiceRequest request = KONTOR__V1__GET_SERVICE_REQUEST__INIT;
    request.id = arena_copy(h->arena, id);
    return harness_call(h, who, SHELF_CALL("GetService"), &request, (void **)reply,
                        error);
}

int64_t
shelf_applied(struct harness *h)
{
    return store_applied(h->broker.store);
}
