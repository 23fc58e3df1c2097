#include "tests/server/desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "server/catalogue/catalogue.h"
#include "server/configuration/configuration.h"
#include "server/order/aggregate.h"
#include "server/order/fulfilment.h"
#include "server/order/item_state.h"
#include "server/order/order_service.h"

static const struct service_rows *const services[] = {
    &catalogue_rows, &order_rows, &configuration_rows, &fulfilment_rows, NULL};

static struct principal const *
somebody(struct desk *desk, const char *id, uint32_t roles, const char *scope)
{
    return harness_principal(desk->h, id, roles, scope, NULL);
}

static void
hire(struct desk *desk)
{
    desk->portal = somebody(desk, "coast/web", ROLE_BIT(PORTAL), "r:coast");
    desk->portal_p2 = somebody(desk, "coast/web2", ROLE_BIT(PORTAL), "j:coast/p2");
    desk->approver = somebody(desk, "coast/chief", ROLE_BIT(APPROVER), "j:coast/p1");
    desk->shifter = somebody(desk, "coast/manager", ROLE_BIT(SHIFTER), "r:coast");
    desk->customer_admin = somebody(desk, "coast/admin", ROLE_BIT(ADMIN), "r:coast");
    desk->admin = somebody(desk, "alpine/admin", ROLE_BIT(ADMIN), "r:alpine");
    desk->operator= somebody(desk, "alpine/desk", ROLE_BIT(OPERATOR), "p:alpine/hpc");
    desk->agent = somebody(desk, "alpine/agent-1", ROLE_BIT(AGENT), "p:alpine/hpc");
    desk->agent2 = somebody(desk, "alpine/agent-2", ROLE_BIT(AGENT), "p:alpine/hpc");
    desk->tape_agent = somebody(desk, "beta/agent", ROLE_BIT(AGENT), "p:beta/tape");
    desk->tape_operator = somebody(desk, "beta/desk", ROLE_BIT(OPERATOR), "r:beta");
    desk->stranger = somebody(desk, "gamma/all", ROLES_ALL, "r:gamma");
}

/* ---- The catalogue ---- */

static Kontor__V1__Offer *
internal_offer(struct desk *desk, Kontor__V1__Service *service, const char *iid,
               size_t n_steps, ...)
{
    va_list steps;
    Kontor__V1__Offer *offer = shelf_offer(desk->h, service, iid);
    offer->is_internal = true;
    offer->approval =
        arena_alloc(desk->h->arena, (n_steps + 1) * sizeof *offer->approval);
    offer->n_approval = n_steps;
    va_start(steps, n_steps);
    for (size_t i = 0; i < n_steps; i++) {
        offer->approval[i] = va_arg(steps, Kontor__V1__ApprovalStep);
    }
    va_end(steps);
    return offer;
}

static Kontor__V1__Money *
euros(struct desk *desk, int64_t units, int32_t nanos)
{
    Kontor__V1__Money *money = arena_alloc(desk->h->arena, sizeof *money);
    kontor__v1__money__init(money);
    money->currency = "EUR";
    money->units = units;
    money->nanos = nanos;
    return money;
}

static void
add_price(struct desk *desk, Kontor__V1__Offer *offer, int64_t units,
          const char *period)
{
    Kontor__V1__PriceLine *line = arena_alloc(desk->h->arena, sizeof *line);
    kontor__v1__price_line__init(line);
    line->name = "use";
    line->amount = euros(desk, units, 500000000);
    line->period = arena_copy(desk->h->arena, period);
    offer->prices = arena_alloc(desk->h->arena, sizeof *offer->prices);
    offer->prices[0] = line;
    offer->n_prices = 1;
}

#define TYPE(parameter, field, case_, message)                                         \
    do {                                                                               \
        (parameter)->field = arena_alloc(desk->h->arena, sizeof *(parameter)->field);  \
        message((parameter)->field);                                                   \
        (parameter)->type_case = KONTOR__V1__PARAMETER__TYPE_##case_;                  \
    } while (0)

static void
gpu_parameters(struct desk *desk, Kontor__V1__Offer *offer)
{
    Kontor__V1__Parameter *p = shelf_parameter(desk->h, offer, "gpus");
    TYPE(p, integer, INTEGER, kontor__v1__integer_parameter__init);
    p->required = true;
    p->integer->_minimum_case = KONTOR__V1__INTEGER_PARAMETER___MINIMUM_MINIMUM;
    p->integer->minimum = 1;
    p->integer->_maximum_case = KONTOR__V1__INTEGER_PARAMETER___MAXIMUM_MAXIMUM;
    p->integer->maximum = 8;
    p = shelf_parameter(desk->h, offer, "image");
    TYPE(p, constant, CONSTANT, kontor__v1__constant_parameter__init);
    p->constant->value = shelf_text(desk->h, "debian-12");
    p = shelf_parameter(desk->h, offer, "seats");
    TYPE(p, quantity, QUANTITY, kontor__v1__quantity_parameter__init);
    p->quantity->maximum = 10;
    p->quantity->start_price = euros(desk, 10, 0);
    p->quantity->step_price = euros(desk, 2, 250000000);
    for (int i = 0; i < 4; i++) {
        p = shelf_parameter(desk->h, offer, arena_print(desk->h->arena, "essay%d", i));
        TYPE(p, text, TEXT, kontor__v1__text_parameter__init);
    }
}

static void
make_service(struct desk *desk, const struct principal *who,
             Kontor__V1__Service *service)
{
    struct error error = {0};
    enum status status = shelf_create_service(desk->h, who, service, NULL, &error);
    if (status != STATUS_OK) {
        fail_msg("service %s: %s", service->id, error.message);
    }
}

static Kontor__V1__Offer *
scarce_offer(struct desk *desk, Kontor__V1__Service *service, const char *iid,
             int64_t total, int32_t reserve_hours)
{
    Kontor__V1__Offer *offer = internal_offer(desk, service, iid, 0);
    offer->stock = arena_alloc(desk->h->arena, sizeof *offer->stock);
    kontor__v1__offer_stock__init(offer->stock);
    offer->stock->total = total;
    offer->stock->reserve_hours = reserve_hours;
    offer->stock->has_waiting_list = total > 1;
    offer->order_type = KONTOR__V1__ORDER_TYPE__OPEN_ACCESS;
    return offer;
}

static void
add_scarce(struct desk *desk, Kontor__V1__Service *service)
{
    Kontor__V1__Offer *scarce = scarce_offer(desk, service, "scarce", 3, 0);
    Kontor__V1__Parameter *pieces = shelf_parameter(desk->h, scarce, "pieces");
    TYPE(pieces, integer, INTEGER, kontor__v1__integer_parameter__init);
    pieces->integer->_minimum_case = KONTOR__V1__INTEGER_PARAMETER___MINIMUM_MINIMUM;
    pieces->integer->minimum = 1;
    scarce->stock->unit = "cards";
    scarce->stock->parameter = "pieces";
    scarce_offer(desk, service, "few", 1, 0);
    scarce_offer(desk, service, "scarce-basic", 3, 2)->order_type =
        KONTOR__V1__ORDER_TYPE__ORDER_REQUIRED;
    scarce_offer(desk, service, "scarce-quick", 3, 2);
}

static void
stock(struct desk *desk)
{
    const struct principal *alpine_admin =
        harness_principal(desk->h, "alpine/boss", ROLE_BIT(ADMIN), "r:alpine", NULL);
    const struct principal *beta_admin =
        harness_principal(desk->h, "beta/boss", ROLE_BIT(ADMIN), "r:beta", NULL);
    struct error error;
    assert_int_equal(shelf_create_provider(desk->h, alpine_admin,
                                           shelf_provider(desk->h, "alpine/hpc"), NULL,
                                           &error),
                     0);
    assert_int_equal(shelf_create_provider(desk->h, beta_admin,
                                           shelf_provider(desk->h, "beta/tape"), NULL,
                                           &error),
                     0);
    Kontor__V1__Service *service =
        shelf_service(desk->h, "alpine/notebooks", "alpine/hpc");
    internal_offer(desk, service, "open", 0)->order_type =
        KONTOR__V1__ORDER_TYPE__OPEN_ACCESS;
    internal_offer(desk, service, "basic", 0);
    internal_offer(desk, service, "broker", 1, KONTOR__V1__APPROVAL_STEP__BROKER_STEP);
    internal_offer(desk, service, "chain", 3, KONTOR__V1__APPROVAL_STEP__CONSUMER_STEP,
                   KONTOR__V1__APPROVAL_STEP__BROKER_STEP,
                   KONTOR__V1__APPROVAL_STEP__PROVIDER_STEP);
    Kontor__V1__Offer *gpu = internal_offer(desk, service, "gpu", 0);
    gpu_parameters(desk, gpu);
    add_price(desk, gpu, 7, "month");
    Kontor__V1__Offer *external = shelf_offer(desk->h, service, "external");
    external->order_url = "https://elsewhere.example/order";
    Kontor__V1__Offer *endpoint = internal_offer(desk, service, "endpoint", 0);
    endpoint->order_type = KONTOR__V1__ORDER_TYPE__OPEN_ACCESS;
    endpoint->must_name_endpoints = true;
    internal_offer(desk, service, "evaluated", 0)->is_evaluated = true;
    Kontor__V1__Offer *last = internal_offer(desk, service, "return", 0);
    last->order_type = KONTOR__V1__ORDER_TYPE__OPEN_ACCESS;
    last->no_return_milestone = "shipped";
    static Kontor__V1__OfferDeadlines deadlines = KONTOR__V1__OFFER_DEADLINES__INIT;
    deadlines.approval_days = 1;
    deadlines.answer_days = 2;
    deadlines.dispatch_days = 3;
    deadlines.held_days = 4;
    deadlines.assess_days = 1;
    deadlines.is_cancel_granted = true;
    deadlines.work_hours = 6;
    Kontor__V1__Offer *term = internal_offer(desk, service, "term", 0);
    Kontor__V1__Parameter *size = shelf_parameter(desk->h, term, "size");
    term->order_type = KONTOR__V1__ORDER_TYPE__OPEN_ACCESS;
    term->valid_days = 30;
    TYPE(size, integer, INTEGER, kontor__v1__integer_parameter__init);
    size->required = true;
    Kontor__V1__Offer *hurry = internal_offer(desk, service, "hurry", 0);
    hurry->order_type = KONTOR__V1__ORDER_TYPE__OPEN_ACCESS;
    hurry->deadlines = &deadlines;
    add_scarce(desk, service);
    make_service(desk, desk->admin, service);
    service = shelf_service(desk->h, "beta/tapes", "beta/tape");
    internal_offer(desk, service, "open", 0)->order_type =
        KONTOR__V1__ORDER_TYPE__OPEN_ACCESS;
    make_service(desk, somebody(desk, "beta/admin", ROLE_BIT(ADMIN), "r:beta"),
                 service);
    service = shelf_service(desk->h, "alpine/old", "alpine/hpc");
    service->phase = KONTOR__V1__PHASE__DEPRECATED;
    internal_offer(desk, service, "open", 0)->order_type =
        KONTOR__V1__ORDER_TYPE__OPEN_ACCESS;
    make_service(desk, desk->admin, service);
}

static void
make_project(struct desk *desk, const char *id)
{
    Kontor__V1__Project project = KONTOR__V1__PROJECT__INIT;
    Kontor__V1__CreateProjectRequest request = KONTOR__V1__CREATE_PROJECT_REQUEST__INIT;
    project.id = (char *)id;
    project.name = (char *)id;
    request.project = &project;
    assert_int_equal(desk_call(desk, desk->portal, DESK_ORDER("CreateProject"),
                               &request, NULL, NULL),
                     STATUS_OK);
}

void
desk_rest(struct desk *desk)
{
    due_tick_free(desk->due);
    lease_free(desk->lease);
}

void
desk_wake(struct desk *desk)
{
    desk->lease = lease_new(desk->h->dispatch);
    desk->due = due_tick_new(desk->h->dispatch);
}

struct desk *
desk_open(void)
{
    return desk_open_in(NULL);
}

struct desk *
desk_open_in(const char *parent)
{
    struct harness *h =
        harness_open(&(struct harness_options){.services = services, .parent = parent});
    struct desk *desk = arena_alloc(h->arena, sizeof *desk);
    desk->h = h;
    desk_wake(desk);
    hire(desk);
    stock(desk);
    make_project(desk, "coast/p1");
    make_project(desk, "coast/p2");
    return desk;
}

void
desk_close(struct desk *desk)
{
    desk_rest(desk);
    harness_close(desk->h);
}

/* ---- Ordering ---- */

Kontor__V1__PlaceOrderRequest *
desk_new(struct desk *desk, const char *id)
{
    Kontor__V1__PlaceOrderRequest *request =
        arena_alloc(desk->h->arena, sizeof *request);
    kontor__v1__place_order_request__init(request);
    request->id = arena_copy(desk->h->arena, id);
    request->project = "coast/p1";
    request->items = arena_alloc(desk->h->arena, 80 * sizeof *request->items);
    return request;
}

Kontor__V1__NewItem *
desk_add(struct desk *desk, Kontor__V1__PlaceOrderRequest *request, const char *id,
         const char *offer)
{
    Kontor__V1__NewItem *item = arena_alloc(desk->h->arena, sizeof *item);
    kontor__v1__new_item__init(item);
    item->id = arena_copy(desk->h->arena, id);
    item->action = KONTOR__V1__ITEM_ACTION__ADD;
    item->offer = arena_copy(desk->h->arena, offer);
    item->requires = arena_alloc(desk->h->arena, 64 * sizeof *item->requires);
    item->parameters = arena_alloc(desk->h->arena, 16 * sizeof *item->parameters);
    request->items[request->n_items++] = item;
    return item;
}

void
desk_require(struct desk *desk, Kontor__V1__NewItem *item, const char *required)
{
    item->requires[item->n_requires++] = arena_copy(desk->h->arena, required);
}

void
desk_give(struct desk *desk, Kontor__V1__NewItem *item, const char *id,
          Kontor__V1__Value *value)
{
    Kontor__V1__ParameterValue *given = arena_alloc(desk->h->arena, sizeof *given);
    kontor__v1__parameter_value__init(given);
    given->id = arena_copy(desk->h->arena, id);
    given->value = value;
    item->parameters[item->n_parameters++] = given;
}

/* ---- Looking ---- */

Kontor__V1__NewItem *
desk_change(struct desk *desk, Kontor__V1__PlaceOrderRequest *request, const char *item,
            Kontor__V1__ItemAction action, const char *instance)
{
    Kontor__V1__NewItem *wanted = desk_add(desk, request, item, "");
    wanted->action = action;
    wanted->instance = (char *)instance;
    return wanted;
}

Kontor__V1__Instance *
desk_instance(struct desk *desk, const char *id)
{
    return harness_record(desk->h, KIND_INSTANCE, id);
}

Kontor__V1__OrderItem *
desk_item(struct desk *desk, const char *id)
{
    return harness_record(desk->h, KIND_ITEM, id);
}

Kontor__V1__Order *
desk_order(struct desk *desk, const char *id)
{
    return harness_record(desk->h, KIND_ORDER, id);
}

void
desk_expect(struct desk *desk, const char *id, const char *state)
{
    const Kontor__V1__OrderItem *item = desk_item(desk, id);
    const Kontor__V1__Order *order = desk_order(desk, item->order);
    size_t at = aggregate_find(order, strrchr(id, '/') + 1);
    assert_string_equal(item_state_name(item->state), state);
    assert_int_equal(order->items[at]->state, item->state);
    assert_int_equal(order->items[at]->begun, item->begun);
    /* Of what is over, nothing but cleaning up is left to do. */
    if (item_state_is_final(item->state)) {
        assert_string_equal(item->job->session, "");
        assert_int_equal(item->job->ready_at != NULL,
                         item->cleanup == KONTOR__V1__CLEANUP__CLEANUP_REQUIRED);
    }
}

void
desk_expect_order(struct desk *desk, const char *order, const char *state)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
        &kontor__v1__order_state__descriptor, (int)desk_order(desk, order)->state);
    assert_string_equal(value->name, state);
}

int
desk_setup(void **state)
{
    *state = desk_open();
    return 0;
}

int
desk_teardown(void **state)
{
    desk_close(*state);
    return 0;
}

void
desk_expect_reason(const struct error *error, enum reason reason)
{
    assert_string_equal(reason_row(error->reason)->name, reason_row(reason)->name);
}

Kontor__V1__ClaimedJob *
desk_claim_one(struct desk *desk, const char *order, const char **session)
{
    *session = desk_session(desk, desk->agent, 4, OFFER_OPEN, NULL);
    desk_place_one(desk, order, OFFER_OPEN);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, *session);
    assert_non_null(job);
    /* What earlier rounds left behind comes first. */
    while (job->kind == KONTOR__V1__JOB_KIND__CLEANUP) {
        assert_int_equal(desk_complete_bare(desk, job->item, job->fence, NULL),
                         STATUS_OK);
        job = desk_claim(desk, desk->agent, *session);
        assert_non_null(job);
    }
    return job;
}
