/* Sealed access details: whom they are sealed to, where they are not shown, and who
 * opens them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/reason.h"
#include "server/order/access.h"
#include "tests/server/desk.h"

/* Of keys nobody has any more. */
static const char certificate[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBdjCCARugAwIBAgIUHSXK+ERd7EaJouzN68SpppFfmmMwCgYIKoZIzj0EAwIw\n"
    "DzENMAsGA1UEAwwEc2VhbDAgFw0yNjExMjkwNTA4MDdaGA8yMTI2MTEwNTA1MDgw\n"
    "N1owDzENMAsGA1UEAwwEc2VhbDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABHA4\n"
    "jcytQ+HRSbjRoU+kjyz8RCzRNiUojIN6cqipvFWMVhDApD3gvlH5vo1bnw2vK4BQ\n"
    "BZAeU/XNicn2hieMr52jUzBRMB0GA1UdDgQWBBQP2zvXE2xZn43Al0lSmZs56L/8\n"
    "RzAfBgNVHSMEGDAWgBQP2zvXE2xZn43Al0lSmZs56L/8RzAPBgNVHRMBAf8EBTAD\n"
    "AQH/MAoGCCqGSM49BAMCA0kAMEYCIQDm9eScNrQKpow3mLTqmu2Bm3Kb/j64bNbL\n"
    "wvLLlBlHfQIhAMVmg4qHwdbi03oPVgjAW3BWYRldunix2tAbDY/yv09c\n"
    "-----END CERTIFICATE-----\n";
/* P-384. */
static const char unfit[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBszCCATigAwIBAgIUDNsKCdqqP4USl/cklGtNlLGJ1dowCgYIKoZIzj0EAwIw\n"
    "DzENMAsGA1UEAwwEc2VhbDAgFw0yNjExMjkwNTA4MDdaGA8yMTI2MTEwNTA1MDgw\n"
    "N1owDzENMAsGA1UEAwwEc2VhbDB2MBAGByqGSM49AgEGBSuBBAAiA2IABGWjhDQ7\n"
    "08JhnaFKJIqwwmxNKeq1pkCcU8amKcnIcEFCOB0+4+v1E5UmxwF6jTbZ5IPVcgOC\n"
    "tlAcD8bEDfAvbGXeQOOtJ/CrozHFNJ5Pkqx/eSQQYzYDkq8+Kem7SQrsO6NTMFEw\n"
    "HQYDVR0OBBYEFCXtC4Eg+x3KP9jxaHvtkz8y5cY3MB8GA1UdIwQYMBaAFCXtC4Eg\n"
    "+x3KP9jxaHvtkz8y5cY3MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDaQAw\n"
    "ZgIxAMIDM1itobRYF050i1Wbw8Z4Z08A9ccDtoVsBs0SdlCNf1qmbYQwua50OoLF\n"
    "6Y6h9AIxAKGZ8khqPvOnkT22f4yCgwtTHIrqjJ0Zew+nmOZzZJYAtxetTlPyL7rD\n"
    "8KyA74iE6w==\n"
    "-----END CERTIFICATE-----\n";

#define ITEM "coast/o-1/vm"

/* A SEQUENCE of two numbers: nobody but its customer can tell it from a sealed one. */
static uint8_t sealed[] = {0x30, 0x06, 0x02, 0x01, 0x2a, 0x02, 0x01, 0x2b};

/* ---- Helpers ---- */

static Kontor__V1__PlaceOrderRequest *
request_for(struct desk *desk, const char *order, const char *pem)
{
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, order);
    request->seal_to = arena_alloc(desk->h->arena, 2 * sizeof *request->seal_to);
    request->seal_to[0] = (char *)pem;
    request->n_seal_to = pem == NULL ? 0 : 1;
    return request;
}

/* Places an order of one item and begins it. */
static Kontor__V1__ClaimedJob *
begun(struct desk *desk, const char *order, const char *pem)
{
    Kontor__V1__PlaceOrderRequest *request = request_for(desk, order, pem);
    desk_add(desk, request, "vm", OFFER_OPEN);
    desk_place(desk, request);
    const char *session = desk_session(desk, desk->agent, 2, OFFER_OPEN, NULL);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    return job;
}

static enum status
deliver(struct desk *desk, const Kontor__V1__ClaimedJob *job, void *data, size_t size,
        Kontor__V1__OrderItem **reply, struct error *error)
{
    Kontor__V1__Delivery delivery = KONTOR__V1__DELIVERY__INIT;
    Kontor__V1__CompleteRequest request = KONTOR__V1__COMPLETE_REQUEST__INIT;
    delivery.backend_id = "vm-1";
    delivery.sealed.data = data;
    delivery.sealed.len = size;
    request.item = job->item;
    request.fence = job->fence;
    request.delivery = &delivery;
    return desk_call(desk, desk->agent, DESK_AGENT("Complete"), &request, reply, error);
}

static void
deliver_one(struct desk *desk)
{
    Kontor__V1__ClaimedJob *job = begun(desk, "coast/o-1", certificate);
    assert_int_equal(deliver(desk, job, sealed, sizeof sealed, NULL, NULL), STATUS_OK);
}

static enum status
open_as(struct desk *desk, const struct principal *who, const char *request_id,
        Kontor__V1__OpenAccessResponse **reply, struct error *error)
{
    Kontor__V1__OpenAccessRequest request = KONTOR__V1__OPEN_ACCESS_REQUEST__INIT;
    request.id = ITEM;
    request.request_id = (char *)request_id;
    return desk_call(desk, who, DESK_ORDER("OpenAccess"), &request, reply, error);
}

/* ---- Whom they are sealed to ---- */

static void
test_the_orders_certificates_reach_the_agent(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__ClaimedJob *job = begun(desk, "coast/o-1", certificate);
    assert_int_equal(job->n_seal_to, 1);
    assert_string_equal(job->seal_to[0], certificate);
    assert_string_equal(desk_item(desk, ITEM)->seal_to[0], certificate);
    job = begun(desk, "coast/o-2", NULL);
    assert_int_equal(job->n_seal_to, 0);
}

static void
test_a_certificate_nobody_can_seal_to_is_refused_at_placing(void **state)
{
    struct desk *desk = *state;
    const char *bad[] = {
        unfit, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "",
        arena_print(desk->h->arena, "%s%s", certificate, certificate)};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct error error;
        Kontor__V1__PlaceOrderRequest *request = request_for(desk, "coast/o-1", bad[i]);
        desk_add(desk, request, "vm", OFFER_OPEN);
        assert_int_equal(desk_call(desk, desk->portal, DESK_ORDER("PlaceOrder"),
                                   request, NULL, &error),
                         STATUS_INVALID_ARGUMENT);
        assert_true(harness_has_fault(&error, "seal_to[0]"));
    }
}

/* ---- Delivering ---- */

static void
test_what_is_not_one_cms_message_is_refused(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__ClaimedJob *job = begun(desk, "coast/o-1", certificate);
    static uint8_t large[ACCESS_MAX_SEALED + 1] = {0x30, 0x82, 0x3f, 0xfd};
    static uint8_t text[] = "password";
    static uint8_t more[] = {0x30, 0x01, 0x00, 0x00};
    static uint8_t less[] = {0x30, 0x02, 0x00};
    static uint8_t endless[] = {0x30, 0x80, 0x00, 0x00};
    static uint8_t vast[] = {0x30, 0x84, 0x00, 0x00, 0x00, 0x00};
    static uint8_t bare[] = {0x30};
    const struct {
        uint8_t *data;
        size_t size;
    } rows[] = {{large, sizeof large}, {text, sizeof text},       {more, sizeof more},
                {less, sizeof less},   {endless, sizeof endless}, {vast, sizeof vast},
                {bare, sizeof bare}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error error;
        assert_int_equal(deliver(desk, job, rows[i].data, rows[i].size, NULL, &error),
                         STATUS_INVALID_ARGUMENT);
        assert_true(harness_has_fault(&error, "delivery.sealed"));
    }
    large[3] = 0xfc;
    assert_int_equal(deliver(desk, job, large, ACCESS_MAX_SEALED, NULL, NULL),
                     STATUS_OK);
}

static void
test_nothing_sealed_is_taken_where_the_order_names_nobody(void **state)
{
    struct desk *desk = *state;
    struct error error;
    Kontor__V1__ClaimedJob *job = begun(desk, "coast/o-1", NULL);
    assert_int_equal(deliver(desk, job, sealed, sizeof sealed, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "delivery.sealed"));
    desk_expect(desk, ITEM, "IN_PROGRESS");
    assert_int_equal(deliver(desk, job, NULL, 0, NULL, NULL), STATUS_OK);
    assert_false(desk_item(desk, ITEM)->has_access);
}

static void
test_a_repeated_complete_is_judged_by_what_is_sealed_too(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__ClaimedJob *job = begun(desk, "coast/o-1", certificate);
    struct error error;
    assert_int_equal(deliver(desk, job, sealed, sizeof sealed, NULL, NULL), STATUS_OK);
    assert_int_equal(deliver(desk, job, sealed, sizeof sealed, NULL, NULL), STATUS_OK);
    uint8_t other[sizeof sealed];
    memcpy(other, sealed, sizeof sealed);
    other[4]++;
    assert_int_equal(deliver(desk, job, other, sizeof other, NULL, &error),
                     STATUS_ALREADY_EXISTS);
    desk_expect_reason(&error, REASON_COMPLETION_DIFFERS);
}

/* ---- Where they are not shown ---- */

static void
test_what_is_sealed_is_in_no_item(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__OrderItem *item = NULL;
    Kontor__V1__ClaimedJob *job = begun(desk, "coast/o-1", certificate);
    assert_int_equal(deliver(desk, job, sealed, sizeof sealed, &item, NULL), STATUS_OK);
    assert_int_equal(item->delivery->sealed.len, 0);
    Kontor__V1__GetOrderRequest get = KONTOR__V1__GET_ORDER_REQUEST__INIT;
    Kontor__V1__GetOrderResponse *order = NULL;
    get.id = "coast/o-1";
    assert_int_equal(
        desk_call(desk, desk->portal, DESK_ORDER("GetOrder"), &get, &order, NULL),
        STATUS_OK);
    assert_true(order->items[0]->has_access);
    assert_string_equal(order->items[0]->delivery->backend_id, "vm-1");
    struct document document;
    assert_int_equal(harness_get(desk->h, KIND_ITEM, ITEM, &document), STATUS_OK);
    assert_null(memmem(document.w.data, document.w.size, sealed, sizeof sealed));
}

static void
test_what_requires_the_item_is_not_handed_them(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderRequest *request =
        request_for(desk, "coast/o-1", certificate);
    desk_require(desk, desk_add(desk, request, "after", OFFER_OPEN), "vm");
    desk_add(desk, request, "vm", OFFER_OPEN);
    desk_place(desk, request);
    const char *session = desk_session(desk, desk->agent, 2, OFFER_OPEN, NULL);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(deliver(desk, job, sealed, sizeof sealed, NULL, NULL), STATUS_OK);
    job = desk_claim(desk, desk->agent, session);
    assert_int_equal(job->n_required, 1);
    assert_string_equal(job->required[0]->delivery->backend_id, "vm-1");
    assert_int_equal(job->required[0]->delivery->sealed.len, 0);
}

static void
test_the_providers_side_shares_no_scope_with_them(void **state)
{
    struct desk *desk = *state;
    struct document document;
    deliver_one(desk);
    assert_int_equal(harness_get(desk->h, KIND_ACCESS, ITEM, &document), STATUS_OK);
    assert_int_equal(document.n_scope, 2);
    assert_string_equal(document.scope[0], "=r:coast");
    assert_string_equal(document.scope[1], "=j:coast/p1");
    assert_int_equal(KIND_ACCESS->watch_field, 0);
}

/* ---- Opening ---- */

static void
test_the_customers_side_gets_them_with_a_receipt(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__OpenAccessResponse *reply = NULL;
    deliver_one(desk);
    const struct principal *openers[] = {desk->portal, desk->shifter};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(open_as(desk, openers[i], "", &reply, NULL), STATUS_OK);
        assert_int_equal(reply->sealed.len, sizeof sealed);
        assert_memory_equal(reply->sealed.data, sealed, sizeof sealed);
        Kontor__V1__OrderItem *item = desk_item(desk, ITEM);
        assert_int_equal(item->n_receipts, i + 1);
        assert_string_equal(item->receipts[i]->opened_by, openers[i]->id);
        assert_non_null(item->receipts[i]->opened_at);
        assert_int_equal(item->state, KONTOR__V1__ITEM_STATE__COMPLETED);
    }
}

static void
test_a_peer_stands_for_the_customers_portal(void **state)
{
    struct desk *desk = *state;
    deliver_one(desk);
    const struct principal *peer =
        harness_principal(desk->h, "coast/peer", ROLE_BIT(PEER), "r:coast", NULL);
    assert_int_equal(open_as(desk, peer, "", NULL, NULL), STATUS_OK);
}

static void
test_one_request_id_makes_one_receipt(void **state)
{
    struct desk *desk = *state;
    static const char id[] = "0b6f1c1e-8d58-4c52-9b3e-0d6b8c1f7a10";
    deliver_one(desk);
    for (int i = 0; i < 3; i++) {
        Kontor__V1__OpenAccessResponse *reply = NULL;
        assert_int_equal(open_as(desk, desk->portal, id, &reply, NULL), STATUS_OK);
        assert_memory_equal(reply->sealed.data, sealed, sizeof sealed);
    }
    assert_int_equal(desk_item(desk, ITEM)->n_receipts, 1);
}

static void
test_the_last_64_receipts_are_kept(void **state)
{
    struct desk *desk = *state;
    deliver_one(desk);
    assert_int_equal(open_as(desk, desk->shifter, "", NULL, NULL), STATUS_OK);
    for (int i = 0; i < ACCESS_MAX_RECEIPTS; i++) {
        assert_int_equal(open_as(desk, desk->portal, "", NULL, NULL), STATUS_OK);
    }
    Kontor__V1__OrderItem *item = desk_item(desk, ITEM);
    assert_int_equal(item->n_receipts, 64);
    assert_string_equal(item->receipts[0]->opened_by, desk->portal->id);
}

static void
test_validating_gives_nothing_and_leaves_no_receipt(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__OpenAccessRequest request = KONTOR__V1__OPEN_ACCESS_REQUEST__INIT;
    Kontor__V1__OpenAccessResponse *reply = NULL;
    deliver_one(desk);
    request.id = ITEM;
    request.validate_only = true;
    assert_int_equal(
        desk_call(desk, desk->portal, DESK_ORDER("OpenAccess"), &request, &reply, NULL),
        STATUS_OK);
    assert_int_equal(reply->sealed.len, 0);
    assert_int_equal(desk_item(desk, ITEM)->n_receipts, 0);
}

static void
test_nobody_else_gets_them(void **state)
{
    struct desk *desk = *state;
    deliver_one(desk);
    const struct {
        const struct principal *who;
        enum reason reason;
    } rows[] = {{
        desk->operator,
        REASON_ROLE_MISSING },
        {desk->agent, REASON_ROLE_MISSING},
        {desk->admin, REASON_ROLE_MISSING},
        {desk->approver, REASON_ROLE_MISSING},
        /* An order manager and a peer of the provider's registry see the item. */
        {harness_principal(desk->h, "alpine/shifter", ROLE_BIT(SHIFTER), "r:alpine",
                           NULL),
         REASON_ROLE_MISSING},
        {harness_principal(desk->h, "alpine/peer", ROLE_BIT(PEER), "r:alpine", NULL),
         REASON_ROLE_MISSING},
        {desk->portal_p2, REASON_NOT_FOUND},
        {desk->stranger, REASON_NOT_FOUND},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error error;
        assert_int_not_equal(open_as(desk, rows[i].who, "", NULL, &error), STATUS_OK);
        desk_expect_reason(&error, rows[i].reason);
    }
    assert_int_equal(desk_item(desk, ITEM)->n_receipts, 0);
}

static size_t
actions_of(struct desk *desk, const struct principal *who)
{
    Kontor__V1__AllowedActionsRequest request =
        KONTOR__V1__ALLOWED_ACTIONS_REQUEST__INIT;
    Kontor__V1__AllowedActionsResponse *reply = NULL;
    request.id = ITEM;
    assert_int_equal(
        desk_call(desk, who, DESK_ORDER("AllowedActions"), &request, &reply, NULL),
        STATUS_OK);
    for (size_t i = 0; i < reply->n_actions; i++) {
        assert_string_equal(reply->actions[i]->call, "OpenAccess");
    }
    return reply->n_actions;
}

static void
test_opening_is_among_the_actions_of_those_who_may(void **state)
{
    struct desk *desk = *state;
    deliver_one(desk);
    assert_int_equal(actions_of(desk, desk->portal), 1);
    assert_int_equal(actions_of(desk, desk->shifter), 1);
    assert_int_equal(actions_of(desk, desk->operator), 0);
}

static void
test_what_was_not_delivered_is_told_apart(void **state)
{
    struct desk *desk = *state;
    struct error error;
    Kontor__V1__ClaimedJob *job = begun(desk, "coast/o-1", certificate);
    assert_int_equal(open_as(desk, desk->portal, "", NULL, &error),
                     STATUS_FAILED_PRECONDITION);
    desk_expect_reason(&error, REASON_ACCESS_MISSING);
    assert_int_equal(deliver(desk, job, NULL, 0, NULL, NULL), STATUS_OK);
    assert_int_equal(open_as(desk, desk->portal, "", NULL, &error),
                     STATUS_FAILED_PRECONDITION);
    desk_expect_reason(&error, REASON_ACCESS_MISSING);
}

#define RULE(test) cmocka_unit_test_setup_teardown(test, desk_setup, desk_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(test_the_orders_certificates_reach_the_agent),
        RULE(test_a_certificate_nobody_can_seal_to_is_refused_at_placing),
        RULE(test_what_is_not_one_cms_message_is_refused),
        RULE(test_nothing_sealed_is_taken_where_the_order_names_nobody),
        RULE(test_a_repeated_complete_is_judged_by_what_is_sealed_too),
        RULE(test_what_is_sealed_is_in_no_item),
        RULE(test_what_requires_the_item_is_not_handed_them),
        RULE(test_the_providers_side_shares_no_scope_with_them),
        RULE(test_the_customers_side_gets_them_with_a_receipt),
        RULE(test_a_peer_stands_for_the_customers_portal),
        RULE(test_one_request_id_makes_one_receipt),
        RULE(test_the_last_64_receipts_are_kept),
        RULE(test_validating_gives_nothing_and_leaves_no_receipt),
        RULE(test_nobody_else_gets_them),
        RULE(test_opening_is_among_the_actions_of_those_who_may),
        RULE(test_what_was_not_delivered_is_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
