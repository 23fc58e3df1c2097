/* What of an offer an order can pin, and how an offer is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "server/catalogue/offer.h"
#include "tests/server/shelf.h"

/* ---- rev and hash ---- */

static void
set_name(Kontor__V1__Service *service)
{
    service->offers[0]->name = "Another name";
    service->offers[0]->description = "Other words";
    service->offers[0]->activation_text = "Log in";
    service->offers[0]->must_name_endpoints = true;
    service->tagline = "Fast";
}

static void
set_own_hash(Kontor__V1__Service *service)
{
    service->offers[0]->rev = 99;
    service->offers[0]->hash =
        (ProtobufCBinaryData){.data = (uint8_t *)"forged", .len = 6};
}

static void
set_label(Kontor__V1__Service *service)
{
    service->offers[0]->parameters[0]->label = "Graphics cards";
}

static void
set_maximum(Kontor__V1__Service *service)
{
    service->offers[0]->parameters[0]->integer->maximum = 16;
}

static void
set_price(Kontor__V1__Service *service)
{
    static Kontor__V1__Money amount;
    static Kontor__V1__PriceLine line;
    static Kontor__V1__PriceLine *lines[1];
    kontor__v1__money__init(&amount);
    kontor__v1__price_line__init(&line);
    amount.currency = "EUR";
    amount.units = 5;
    line.name = "Use";
    line.amount = &amount;
    line.period = "month";
    lines[0] = &line;
    service->offers[0]->prices = lines;
    service->offers[0]->n_prices = 1;
}

static Kontor__V1__Condition *
condition(const char *parameter)
{
    static Kontor__V1__Condition made[2];
    static size_t n;
    Kontor__V1__Condition *next = &made[n++ % 2];
    kontor__v1__condition__init(next);
    next->parameter = (char *)parameter;
    return next;
}

static void
set_visible_if(Kontor__V1__Service *service)
{
    service->offers[0]->parameters[0]->visible_if = condition("disks");
}

static void
set_rule(Kontor__V1__Service *service)
{
    static Kontor__V1__RequiresRule requires;
    static Kontor__V1__ParameterRule rule;
    static Kontor__V1__ParameterRule *rules[1] = {&rule};
    kontor__v1__requires_rule__init(&requires);
    kontor__v1__parameter_rule__init(&rule);
    requires.when = condition("gpus");
    requires.then = condition("disks");
    rule.rule_case = KONTOR__V1__PARAMETER_RULE__RULE_REQUIRES;
    rule.requires = &requires;
    service->offers[0]->rules = rules;
    service->offers[0]->n_rules = 1;
}

static void
set_approval(Kontor__V1__Service *service)
{
    static Kontor__V1__ApprovalStep steps[] = {KONTOR__V1__APPROVAL_STEP__BROKER_STEP};
    service->offers[0]->approval = steps;
    service->offers[0]->n_approval = 1;
}

static void
set_routing(Kontor__V1__Service *service)
{
    service->offers[0]->is_internal = true;
}

static void
set_own_order_type(Kontor__V1__Service *service)
{
    /* As the service says already. */
    service->offers[0]->order_type = KONTOR__V1__ORDER_TYPE__ORDER_REQUIRED;
}

static void
set_service_order_type(Kontor__V1__Service *service)
{
    service->order_type = KONTOR__V1__ORDER_TYPE__OPEN_ACCESS;
}

static void
set_settle(Kontor__V1__Service *service)
{
    service->offers[0]->settle_seconds = 300;
}

static void
set_terms(Kontor__V1__Service *service)
{
    service->terms_of_use = "https://example.org/terms";
}

static const struct {
    void (*set)(Kontor__V1__Service *service);
    bool is_ordered; /* Whether it changes what can be ordered. */
} edits[] = {
    {set_name, false},    {set_own_hash, false}, {set_own_order_type, false},
    {set_label, true},    {set_maximum, true},   {set_price, true},
    {set_approval, true}, {set_routing, true},   {set_service_order_type, true},
    {set_settle, true},   {set_terms, true},     {set_visible_if, true},
    {set_rule, true},
};

/* An offer of "gpus" and "disks". */
static Kontor__V1__Service *
with_two(struct shelf *stage)
{
    Kontor__V1__Service *service = shelf_with_offer(stage);
    shelf_make_integer(stage->h,
                       shelf_parameter(stage->h, service->offers[0], "disks"));
    service->phase = KONTOR__V1__PHASE__FORTHCOMING;
    return service;
}

static void
test_rev_grows_only_with_what_can_be_ordered(void **state)
{
    struct shelf *stage = *state;
    Kontor__V1__Service *first = shelf_with_offer(stage);
    first->phase = KONTOR__V1__PHASE__FORTHCOMING;
    const Kontor__V1__Service *before = shelf_created(stage, first);
    assert_int_equal(before->offers[0]->rev, 1);
    assert_int_equal(before->offers[0]->hash.len, 32);
    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        Kontor__V1__Service *service = with_two(stage);
        Kontor__V1__Service *reply = NULL;
        bool is_same_hash;
        edits[i].set(service);
        /* Back to the first form, so that each edit stands alone. */
        assert_int_equal(shelf_update_service(stage->h, stage->admin, with_two(stage),
                                              shelf_mask(stage->h, "*", NULL), &reply,
                                              NULL),
                         STATUS_OK);
        before = reply;
        assert_int_equal(shelf_update_service(stage->h, stage->admin, service,
                                              shelf_mask(stage->h, "*", NULL), &reply,
                                              NULL),
                         STATUS_OK);
        is_same_hash =
            memcmp(before->offers[0]->hash.data, reply->offers[0]->hash.data, 32) == 0;
        assert_int_equal(is_same_hash, !edits[i].is_ordered);
        assert_int_equal(reply->offers[0]->rev,
                         before->offers[0]->rev + edits[i].is_ordered);
    }
}

static void
test_an_offer_that_returns_is_above_every_rev_it_had(void **state)
{
    struct shelf *stage = *state;
    Kontor__V1__Service *service = shelf_with_offer(stage);
    Kontor__V1__Service *reply = NULL;
    int64_t last = 0;
    shelf_created(stage, service);
    for (int round = 0; round < 3; round++) {
        service = shelf_with_offer(stage);
        service->offers[0]->settle_seconds = round + 1;
        assert_int_equal(shelf_update_service(stage->h, stage->admin, service,
                                              shelf_mask(stage->h, "offers", NULL),
                                              &reply, NULL),
                         STATUS_OK);
        assert_true(reply->offers[0]->rev > last);
        last = reply->offers[0]->rev;
        service->n_offers = 0;
        assert_int_equal(shelf_update_service(stage->h, stage->admin, service,
                                              shelf_mask(stage->h, "offers", NULL),
                                              &reply, NULL),
                         STATUS_OK);
        assert_int_equal(reply->n_offers, 0);
    }
}

/* ---- offer_find ---- */

struct asking {
    struct call call;
    struct faults faults;
    struct row row;
};

static struct call *
begin_asking(struct shelf *stage, struct asking *asking, const struct principal *who)
{
    *asking = (struct asking){.faults = {.arena = stage->h->arena}};
    asking->call = (struct call){.arena = stage->h->arena,
                                 .broker = &stage->h->broker,
                                 .row = &asking->row,
                                 .who = who,
                                 .actor = who->id,
                                 .faults = &asking->faults};
    assert_int_equal(store_reader_open(stage->h->broker.store, &asking->call.reader),
                     STATUS_OK);
    return &asking->call;
}

static void
test_an_offer_is_found_by_its_id_within_sight(void **state)
{
    static const char *const wrong[] = {
        "coast/a/none",       "coast/none/standard", "coast/a", "coast", "",
        "coast/a/standard/x", "/a/standard",         "coast/a/"};
    struct shelf *stage = *state;
    struct asking asking;
    struct call *call = begin_asking(stage, &asking, stage->stranger);
    struct offer_found found;
    shelf_created(stage, shelf_with_offer(stage));
    assert_int_equal(offer_find(call, "coast/a/standard", &found), STATUS_OK);
    assert_string_equal(found.offer->iid, "standard");
    assert_string_equal(found.service->id, "coast/a");
    assert_int_equal(found.offer->rev, 1);
    assert_int_equal(offer_order_type(found.service, found.offer),
                     KONTOR__V1__ORDER_TYPE__ORDER_REQUIRED);
    assert_string_equal(offer_terms_of_use(found.service, found.offer), "");
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(offer_find(call, wrong[i], &found), STATUS_NOT_FOUND);
        assert_int_equal(call->error.reason, REASON_NOT_FOUND);
    }
    store_reader_close(call->reader);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, shelf_setup, shelf_teardown)
    const struct CMUnitTest tests[] = {
        T(test_rev_grows_only_with_what_can_be_ordered),
        T(test_an_offer_that_returns_is_above_every_rev_it_had),
        T(test_an_offer_is_found_by_its_id_within_sight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
