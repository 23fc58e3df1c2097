/* What may be ordered for an instance in each of its states: every cell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/server/desk.h"

#define I(name) KONTOR__V1__INSTANCE_STATE__INSTANCE_##name
#define ACTION(name) KONTOR__V1__ITEM_ACTION__ACTION_##name

static const char instance_id[] = "coast/o-1/vm";

static const Kontor__V1__InstanceState states[] = {I(ACTIVE), I(SUSPENDED), I(EXPIRED),
                                                   I(TERMINATED)};
enum { N_STATES = sizeof states / sizeof states[0] };

/* As the design has it, in the order of the states. */
static const struct {
    Kontor__V1__ItemAction action;
    bool is_open[N_STATES];
} rows[] = {
    {ACTION(MODIFY), {true, false, false, false}},
    {ACTION(RENEW), {true, true, false, false}},
    {ACTION(SUSPEND), {true, false, false, false}},
    {ACTION(RESUME), {false, true, false, false}},
    {ACTION(TERMINATE), {true, true, false, false}},
};

static Kontor__V1__Instance *
delivered(struct desk *desk)
{
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    desk_give(desk, desk_add(desk, request, "vm", OFFER_TERM), "size",
              shelf_integer(desk->h, 5));
    desk_place(desk, request);
    const char *session = desk_session(desk, desk->agent, 1, OFFER_TERM, NULL);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_complete(desk, job->item, job->fence, "b-1", NULL),
                     STATUS_OK);
    return desk_instance(desk, instance_id);
}

/* Judges an order for the instance, and places none. */
static enum status
judge(struct desk *desk, Kontor__V1__ItemAction action, struct error *error)
{
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-2");
    Kontor__V1__NewItem *item = desk_change(desk, request, "x", action, instance_id);
    if (action == ACTION(MODIFY)) {
        desk_give(desk, item, "size", shelf_integer(desk->h, 8));
    }
    request->validate_only = true;
    return desk_call(desk, desk->portal, DESK_ORDER("PlaceOrder"), request, NULL,
                     error);
}

static void
test_what_may_be_ordered_follows_from_the_state(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__Instance *instance = delivered(desk);
    for (size_t i = 0; i < N_STATES; i++) {
        instance->state = states[i];
        harness_seed(desk->h, KIND_INSTANCE, instance_id, &instance->base, "=r:coast",
                     "=j:coast/p1", "=r:alpine", "=p:alpine/hpc", NULL);
        for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
            struct error error;
            bool is_open = judge(desk, rows[k].action, &error) == STATUS_OK;
            assert_int_equal(is_open, rows[k].is_open[i]);
            assert_true(is_open || harness_has_fault(&error, "items[0].action"));
        }
    }
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_what_may_be_ordered_follows_from_the_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
