/* What one item may grow to: each limit is reached exactly, then passed. Numbers are
 * the design's, written out: the broker's own constants would follow a mistake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/order/item.h"
#include "tests/server/desk.h"

static const char item_id[] = "coast/o-1/vm";

/* A text of so many bytes. */
static char *
text_of(struct arena *arena, size_t n)
{
    char *text = arena_alloc(arena, n + 1);
    memset(text, 'x', n);
    text[n] = '\0';
    return text;
}

static Kontor__V1__ClaimedJob *
begun_job(struct desk *desk)
{
    const char *session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    desk_place_one(desk, "coast/o-1", OFFER_OPEN);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    return job;
}

static void
test_an_item_keeps_64_milestones(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__ClaimedJob *job = begun_job(desk);
    for (int i = 0; i < 64; i++) {
        const char *name = arena_print(desk->h->arena, "m%d", i);
        assert_int_equal(desk_report(desk, job, name), STATUS_OK);
    }
    assert_int_equal(desk_report(desk, job, "m64"), STATUS_INVALID_ARGUMENT);
    assert_int_equal(desk_item(desk, item_id)->n_milestones, 64);
}

static void
test_a_delivery_takes_32768_bytes(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__ClaimedJob *job = begun_job(desk);
    Kontor__V1__CompleteRequest request = KONTOR__V1__COMPLETE_REQUEST__INIT;
    Kontor__V1__Delivery delivery = KONTOR__V1__DELIVERY__INIT;
    Kontor__V1__ParameterValue outputs[9];
    Kontor__V1__ParameterValue *list[9];
    Kontor__V1__Value values[9];
    struct error error;
    for (size_t i = 0; i < 9; i++) {
        kontor__v1__parameter_value__init(&outputs[i]);
        kontor__v1__value__init(&values[i]);
        outputs[i].id = arena_print(desk->h->arena, "k%zu", i);
        outputs[i].value = &values[i];
        values[i].kind_case = KONTOR__V1__VALUE__KIND_TEXT;
        values[i].text = text_of(desk->h->arena, i < 8 ? 4000 : 500);
        list[i] = &outputs[i];
    }
    delivery.backend_id = "vm-1";
    delivery.outputs = list;
    delivery.n_outputs = 9;
    size_t size = kontor__v1__delivery__get_packed_size(&delivery);
    values[8].text = text_of(desk->h->arena, 500 + 32768 - size + 1);
    assert_int_equal(kontor__v1__delivery__get_packed_size(&delivery), 32769);
    request.item = job->item;
    request.fence = job->fence;
    request.delivery = &delivery;
    assert_int_equal(
        desk_call(desk, desk->agent, DESK_AGENT("Complete"), &request, NULL, &error),
        STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "delivery"));
    values[8].text++;
    assert_int_equal(
        desk_call(desk, desk->agent, DESK_AGENT("Complete"), &request, NULL, NULL),
        STATUS_OK);
}

static void
test_what_an_answer_must_be_takes_2048_bytes(void **state)
{
    struct desk *desk = *state;
    desk_place_one(desk, "coast/o-1", OFFER_BASIC);
    Kontor__V1__AskCustomerRequest ask = KONTOR__V1__ASK_CUSTOMER_REQUEST__INIT;
    Kontor__V1__Parameter expects = KONTOR__V1__PARAMETER__INIT;
    Kontor__V1__IntegerParameter integer = KONTOR__V1__INTEGER_PARAMETER__INIT;
    struct error error;
    ask.id = (char *)item_id;
    ask.question = "How many?";
    ask.expects = &expects;
    expects.id = "n";
    expects.label = "Number";
    expects.type_case = KONTOR__V1__PARAMETER__TYPE_INTEGER;
    expects.integer = &integer;
    expects.description = text_of(desk->h->arena, 1000);
    size_t size = kontor__v1__parameter__get_packed_size(&expects);
    expects.description = text_of(desk->h->arena, 1000 + 2048 - size + 1);
    assert_int_equal(
        desk_call(desk, desk->operator, DESK_ORDER("AskCustomer"), &ask, NULL, &error),
        STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "expects"));
    expects.description++;
    assert_int_equal(
        desk_call(desk, desk->operator, DESK_ORDER("AskCustomer"), &ask, NULL, NULL),
        STATUS_OK);
}

/* What an order that is too large for one commit keeps of each item. */
static void
test_a_shrunk_history_keeps_its_first_two_and_last_six(void **state)
{
    (void)state;
    static const size_t kept[] = {0, 1, 14, 15, 16, 17, 18, 19};
    struct arena *arena = arena_new();
    Kontor__V1__StateChange moves[20];
    Kontor__V1__StateChange *list[20];
    Kontor__V1__OrderItem item = KONTOR__V1__ORDER_ITEM__INIT;
    for (size_t i = 0; i < 20; i++) {
        kontor__v1__state_change__init(&moves[i]);
        list[i] = &moves[i];
    }
    item.history = list;
    item.n_history = 20;
    item_shrink(&item);
    assert_int_equal(item.n_history, 8);
    for (size_t i = 0; i < 8; i++) {
        assert_ptr_equal(item.history[i], &moves[kept[i]]);
    }
    arena_free(arena);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_an_item_keeps_64_milestones),
        TEST(test_a_delivery_takes_32768_bytes),
        TEST(test_what_an_answer_must_be_takes_2048_bytes),
        cmocka_unit_test(test_a_shrunk_history_keeps_its_first_two_and_last_six),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
