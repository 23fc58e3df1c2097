/* Trace: what carries an order, told to those who may see it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kontor/v1/order.pb-c.h"
#include "tests/server/ground.h"

enum { HOUR = GROUND_HOUR_MS };

/* An order of registry hills with an item carried by endpoints, at two providers. */
static void
seed_item(struct ground *ground, const char *id, const char *provider,
          Kontor__V1__Delivery *delivery)
{
    Kontor__V1__OrderItem item = KONTOR__V1__ORDER_ITEM__INIT;
    item.order = "hills/o";
    item.state = delivery == NULL ? KONTOR__V1__ITEM_STATE__QUEUED
                                  : KONTOR__V1__ITEM_STATE__COMPLETED;
    item.provider = (char *)provider;
    item.delivery = delivery;
    harness_seed(ground->h, KIND_ITEM, id, &item.base, "=r:hills", "=r:coast",
                 arena_print(ground->h->arena, "=p:%s", provider), NULL);
}

static int
setup(void **state)
{
    Kontor__V1__Order order = KONTOR__V1__ORDER__INIT;
    Kontor__V1__Delivery delivery = KONTOR__V1__DELIVERY__INIT;
    char *endpoints[] = {"coast/e", "coast/gone"};
    struct ground *ground;
    struct harness *h;
    ground_setup(state);
    ground = *state;
    h = ground->h;
    assert_int_equal(ground_create_site(ground, ground->admin,
                                        ground_site(h, "coast/a", "North"), NULL),
                     STATUS_OK);
    assert_int_equal(ground_create_endpoint(
                         ground, ground->admin,
                         ground_endpoint(h, "coast/e", "coast/a", "h1", "CE"), NULL),
                     STATUS_OK);
    harness_seed(h, KIND_ORDER, "hills/o", &order.base, "=r:hills", "~r:coast",
                 "~p:coast/hpc", "~p:coast/web", NULL);
    harness_seed(h, KIND_ORDER, "hills/o2", &order.base, "=r:hills", NULL);
    delivery.backend_id = "vm-17";
    delivery.endpoints = endpoints;
    delivery.n_endpoints = 2;
    seed_item(ground, "hills/o/vm", "coast/hpc", &delivery);
    seed_item(ground, "hills/o/web", "coast/web", NULL);
    seed_item(ground, "hills/o2/vm", "coast/web", NULL);
    return 0;
}

static void
declare(struct ground *ground, const char *id, int64_t start_ms, int64_t end_ms,
        const char *host)
{
    Kontor__V1__Downtime *downtime = ground_downtime(ground->h, id, start_ms, end_ms);
    const struct principal *who =
        strncmp(id, "coast", 5) == 0 ? ground->admin : ground->stranger;
    ground_affect(ground->h, downtime, "North", host, "CE");
    assert_int_equal(ground_declare(ground, who, downtime, NULL, NULL), STATUS_OK);
}

static enum status
trace(struct ground *ground, const struct principal *who, const char *order,
      Kontor__V1__TraceResponse **reply, struct error *error)
{
    Kontor__V1__TraceRequest request = KONTOR__V1__TRACE_REQUEST__INIT;
    request.order = (char *)order;
    return harness_call(ground->h, who, GROUND_CALL("Trace"), &request, (void **)reply,
                        error);
}

static void
test_trace_tells_what_carries_an_item_and_what_is_ahead(void **state)
{
    struct ground *ground = *state;
    const struct principal *portal =
        harness_principal(ground->h, "hills/portal", ROLE_BIT(PORTAL), "r:hills", NULL);
    Kontor__V1__TraceResponse *reply = NULL;
    const Kontor__V1__TracedEndpoint *endpoint;
    declare(ground, "coast/later", 50 * HOUR, 60 * HOUR, "h1");
    declare(ground, "coast/now", -HOUR, HOUR, "h1");
    declare(ground, "coast/over", -9 * HOUR, -HOUR, "h1");
    declare(ground, "coast/ends", -9 * HOUR, 0, "h1");
    declare(ground, "coast/elsewhere", HOUR, 2 * HOUR, "h2");
    declare(ground, "hills/theirs", HOUR, 2 * HOUR, "h1");
    assert_int_equal(trace(ground, portal, "hills/o", &reply, NULL), STATUS_OK);
    assert_int_equal(reply->n_items, 2);
    assert_string_equal(reply->items[0]->item, "vm");
    assert_string_equal(reply->items[0]->backend_id, "vm-17");
    assert_int_equal(reply->items[0]->state, KONTOR__V1__ITEM_STATE__COMPLETED);
    assert_int_equal(reply->items[0]->n_endpoints, 2);
    endpoint = reply->items[0]->endpoints[0];
    assert_string_equal(endpoint->endpoint->host, "h1");
    assert_string_equal(endpoint->site_name, "North");
    assert_int_equal(endpoint->n_downtimes, 2);
    assert_string_equal(endpoint->downtimes[0]->downtime->id, "coast/now");
    assert_true(endpoint->downtimes[0]->is_now);
    assert_string_equal(endpoint->downtimes[1]->downtime->id, "coast/later");
    assert_false(endpoint->downtimes[1]->is_now);
    /* An endpoint that is not known here is told by its id. */
    endpoint = reply->items[0]->endpoints[1];
    assert_string_equal(endpoint->endpoint->id, "coast/gone");
    assert_int_equal(endpoint->n_downtimes, 0);
    assert_string_equal(reply->items[1]->item, "web");
    assert_int_equal(reply->items[1]->n_endpoints, 0);
}

static void
test_trace_tells_what_runs_there(void **state)
{
    struct ground *ground = *state;
    const struct principal *portal =
        harness_principal(ground->h, "hills/portal", ROLE_BIT(PORTAL), "r:hills", NULL);
    Kontor__V1__Version version = KONTOR__V1__VERSION__INIT;
    Kontor__V1__VersionSpan span = KONTOR__V1__VERSION_SPAN__INIT;
    Kontor__V1__VersionSpan *spans[] = {&span};
    Kontor__V1__TraceResponse *reply = NULL;
    span.version = "2.9";
    version.spans = spans;
    version.n_spans = 1;
    version.component = "queue";
    version.endpoint = "coast/e";
    version.reporter = "coast/mon";
    harness_seed(ground->h, KIND_VERSION, "coast/v-1", &version.base, "=r:coast", "~*",
                 NULL);
    assert_int_equal(trace(ground, portal, "hills/o", &reply, NULL), STATUS_OK);
    const Kontor__V1__TracedEndpoint *endpoint = reply->items[0]->endpoints[0];
    assert_int_equal(endpoint->n_versions, 1);
    assert_string_equal(endpoint->versions[0]->seen, "2.9");
    assert_string_equal(endpoint->versions[0]->version->reporter, "");
    assert_int_equal(reply->items[0]->endpoints[1]->n_versions, 0);
}

static void
test_trace_matches_a_downtime_declared_before_its_endpoint(void **state)
{
    struct ground *ground = *state;
    Kontor__V1__Delivery delivery = KONTOR__V1__DELIVERY__INIT;
    char *endpoints[] = {"coast/new"};
    Kontor__V1__TraceResponse *reply = NULL;
    const struct principal *admin =
        harness_principal(ground->h, "hills/adm", ROLE_BIT(ADMIN), "r:hills", NULL);
    declare(ground, "coast/d", HOUR, 2 * HOUR, "h9");
    assert_int_equal(ground_create_endpoint(
                         ground, ground->admin,
                         ground_endpoint(ground->h, "coast/new", "coast/a", "h9", "CE"),
                         NULL),
                     STATUS_OK);
    delivery.endpoints = endpoints;
    delivery.n_endpoints = 1;
    seed_item(ground, "hills/o/vm", "coast/hpc", &delivery);
    assert_int_equal(trace(ground, admin, "hills/o", &reply, NULL), STATUS_OK);
    assert_int_equal(reply->items[0]->endpoints[0]->n_downtimes, 1);
}

static void
test_trace_leaves_a_cancelled_downtime_out(void **state)
{
    struct ground *ground = *state;
    Kontor__V1__CancelDowntimeRequest request =
        KONTOR__V1__CANCEL_DOWNTIME_REQUEST__INIT;
    Kontor__V1__TraceResponse *reply = NULL;
    const struct principal *admin =
        harness_principal(ground->h, "hills/adm", ROLE_BIT(ADMIN), "r:hills", NULL);
    declare(ground, "coast/d", HOUR, 2 * HOUR, "h1");
    request.id = "coast/d";
    request.reason = "Postponed";
    assert_int_equal(harness_call(ground->h, ground->admin,
                                  GROUND_CALL("CancelDowntime"), &request, NULL, NULL),
                     STATUS_OK);
    assert_int_equal(trace(ground, admin, "hills/o", &reply, NULL), STATUS_OK);
    assert_int_equal(reply->items[0]->endpoints[0]->n_downtimes, 0);
}

static void
test_trace_shows_a_provider_its_own_items_only(void **state)
{
    struct ground *ground = *state;
    Kontor__V1__TraceResponse *reply = NULL;
    struct error error;
    const struct principal *operator_ = harness_principal(
        ground->h, "coast/op", ROLE_BIT(OPERATOR), "p:coast/web", NULL);
    const struct principal *other =
        harness_principal(ground->h, "isles/adm", ROLE_BIT(ADMIN), "r:isles", NULL);
    assert_int_equal(trace(ground, operator_, "hills/o", &reply, NULL), STATUS_OK);
    assert_int_equal(reply->n_items, 1);
    assert_string_equal(reply->items[0]->item, "web");
    assert_int_equal(trace(ground, other, "hills/o", NULL, &error), STATUS_NOT_FOUND);
    assert_int_equal(trace(ground, other, "hills/none", NULL, &error),
                     STATUS_NOT_FOUND);
}

/* What names an instance by itself is told of its item; whose others it names is its
 * registry's to know. */
static void
test_trace_tells_what_names_an_instance(void **state)
{
    struct ground *ground = *state;
    Kontor__V1__Instance instance = KONTOR__V1__INSTANCE__INIT;
    static const char *const ids[] = {"hills/o/vm", "isles/o/vm"};
    static const char *const owners[] = {"=r:hills", "=r:isles"};
    const struct principal *portal =
        harness_principal(ground->h, "hills/portal", ROLE_BIT(PORTAL), "r:hills", NULL);
    const struct principal *operator_ =
        harness_principal(ground->h, "coast/op", ROLE_BIT(ADMIN), "r:coast", NULL);
    Kontor__V1__Downtime *downtime =
        ground_downtime(ground->h, "coast/d", HOUR, 2 * HOUR);
    Kontor__V1__TraceResponse *reply = NULL;
    instance.provider = "coast/hpc";
    for (size_t i = 0; i < 2; i++) {
        harness_seed(ground->h, KIND_INSTANCE, ids[i], &instance.base, owners[i],
                     "=r:coast", NULL);
    }
    downtime->instances = (char **)(uintptr_t)ids;
    downtime->n_instances = 2;
    assert_int_equal(ground_declare(ground, ground->admin, downtime, NULL, NULL),
                     STATUS_OK);
    assert_int_equal(trace(ground, portal, "hills/o", &reply, NULL), STATUS_OK);
    assert_int_equal(reply->items[0]->n_downtimes, 1);
    assert_string_equal(reply->items[0]->downtimes[0]->downtime->id, "coast/d");
    assert_false(reply->items[0]->downtimes[0]->is_now);
    assert_int_equal(reply->items[0]->downtimes[0]->downtime->n_instances, 0);
    assert_int_equal(reply->items[1]->n_downtimes, 0);
    assert_int_equal(trace(ground, operator_, "hills/o", &reply, NULL), STATUS_OK);
    assert_int_equal(reply->items[0]->downtimes[0]->downtime->n_instances, 2);
}

/* Another order may have moved what an item delivered, or ended it: what is told is
 * what carries it now, and as of then what carried it then. */
static void
test_trace_goes_by_what_the_instance_is(void **state)
{
    struct ground *ground = *state;
    const struct principal *portal =
        harness_principal(ground->h, "hills/portal", ROLE_BIT(PORTAL), "r:hills", NULL);
    Kontor__V1__Instance instance = KONTOR__V1__INSTANCE__INIT;
    Kontor__V1__Delivery delivery = KONTOR__V1__DELIVERY__INIT;
    Kontor__V1__TraceRequest request = KONTOR__V1__TRACE_REQUEST__INIT;
    Kontor__V1__AsOf as_of = KONTOR__V1__AS_OF__INIT;
    Kontor__V1__TraceResponse *reply = NULL;
    char *endpoints[] = {"coast/moved"};
    delivery.backend_id = "vm-18";
    delivery.endpoints = endpoints;
    delivery.n_endpoints = 1;
    instance.provider = "coast/hpc";
    instance.delivery = &delivery;
    instance.state = KONTOR__V1__INSTANCE_STATE__INSTANCE_ACTIVE;
    harness_seed(ground->h, KIND_INSTANCE, "hills/o/vm", &instance.base, "=r:hills",
                 "=r:coast", NULL);
    assert_int_equal(trace(ground, portal, "hills/o", &reply, NULL), STATUS_OK);
    assert_string_equal(reply->items[0]->instance, "hills/o/vm");
    assert_int_equal(reply->items[0]->instance_state, instance.state);
    assert_string_equal(reply->items[0]->backend_id, "vm-18");
    assert_int_equal(reply->items[0]->n_endpoints, 1);
    assert_string_equal(reply->items[0]->endpoints[0]->endpoint->id, "coast/moved");
    assert_string_equal(reply->items[1]->instance, "");
    as_of.point_case = KONTOR__V1__AS_OF__POINT_SEQ;
    as_of.seq = store_applied(ground->h->broker.store);
    instance.state = KONTOR__V1__INSTANCE_STATE__INSTANCE_TERMINATED;
    harness_seed(ground->h, KIND_INSTANCE, "hills/o/vm", &instance.base, "=r:hills",
                 "=r:coast", NULL);
    assert_int_equal(trace(ground, portal, "hills/o", &reply, NULL), STATUS_OK);
    assert_int_equal(reply->items[0]->instance_state, instance.state);
    assert_int_equal(reply->items[0]->n_endpoints, 0);
    Kontor__V1__ImpactRequest impact = KONTOR__V1__IMPACT_REQUEST__INIT;
    Kontor__V1__ImpactResponse *hit = NULL;
    Kontor__V1__Downtime *downtime =
        ground_downtime(ground->h, "coast/d", HOUR, 2 * HOUR);
    char *named[] = {"hills/o/vm"};
    downtime->instances = named;
    downtime->n_instances = 1;
    instance.state = KONTOR__V1__INSTANCE_STATE__INSTANCE_ACTIVE;
    harness_seed(ground->h, KIND_INSTANCE, "hills/o/vm", &instance.base, "=r:hills",
                 "=r:coast", NULL);
    assert_int_equal(ground_declare(ground, ground->admin, downtime, NULL, NULL),
                     STATUS_OK);
    impact.subject_case = KONTOR__V1__IMPACT_REQUEST__SUBJECT_DOWNTIME;
    impact.downtime = "coast/d";
    for (int is_over = 0; is_over < 2; is_over++) {
        assert_int_equal(trace(ground, portal, "hills/o", &reply, NULL), STATUS_OK);
        assert_int_equal(reply->items[0]->n_downtimes, 1 - is_over);
        assert_int_equal(harness_call(ground->h, portal, GROUND_CALL("Impact"), &impact,
                                      (void **)&hit, NULL),
                         STATUS_OK);
        assert_int_equal(hit->n_instances, 1 - is_over);
        instance.state = KONTOR__V1__INSTANCE_STATE__INSTANCE_TERMINATED;
        harness_seed(ground->h, KIND_INSTANCE, "hills/o/vm", &instance.base, "=r:hills",
                     "=r:coast", NULL);
    }
    request.order = "hills/o";
    request.as_of = &as_of;
    assert_int_equal(harness_call(ground->h, portal, GROUND_CALL("Trace"), &request,
                                  (void **)&reply, NULL),
                     STATUS_OK);
    assert_int_equal(reply->items[0]->n_endpoints, 1);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, ground_teardown)
    const struct CMUnitTest tests[] = {
        T(test_trace_tells_what_carries_an_item_and_what_is_ahead),
        T(test_trace_matches_a_downtime_declared_before_its_endpoint),
        T(test_trace_tells_what_runs_there),
        T(test_trace_leaves_a_cancelled_downtime_out),
        T(test_trace_tells_what_names_an_instance),
        T(test_trace_shows_a_provider_its_own_items_only),
        T(test_trace_goes_by_what_the_instance_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
