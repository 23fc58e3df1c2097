/* What an item, an order and a session may grow to: each limit is reached exactly, then
 * passed. Numbers are the design's, written out: the broker's own constants would
 * follow a mistake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/reason.h"
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

/* ---- Orders that are large ---- */

enum { COMMIT_BYTES = 1048576, MOVES = 64 };

/* Bytes of a record as it is stored. */
static size_t
stored(struct desk *desk, const struct kind *kind, const char *id)
{
    struct document document;
    assert_int_equal(harness_get(desk->h, kind, id, &document), STATUS_OK);
    return document.w.size + document.x.size;
}

/* Gives an item as long a history as it may have, so that it takes so many bytes. */
static void
grow(struct desk *desk, const char *id, size_t size)
{
    static Kontor__V1__StateChange moves[MOVES];
    static Kontor__V1__StateChange *list[MOVES];
    Kontor__V1__OrderItem *item = desk_item(desk, id);
    item->history = list;
    item->n_history = MOVES;
    for (size_t i = 0; i < MOVES; i++) {
        kontor__v1__state_change__init(&moves[i]);
        list[i] = &moves[i];
    }
    size_t bare = protobuf_c_message_get_packed_size(&item->base);
    for (size_t i = 0; i < MOVES; i++) {
        /* The length of the text takes two bytes, and its tag; that of the move grows.
         */
        moves[i].reason = text_of(desk->h->arena, (size - bare) / MOVES - 4);
    }
    assert_in_range(protobuf_c_message_get_packed_size(&item->base), size - 2 * MOVES,
                    size);
    harness_seed(desk->h, KIND_ITEM, id, &item->base, "=r:coast", "=j:coast/p1",
                 "=r:alpine", "=p:alpine/hpc", NULL);
}

/* An order of one item and 20 that wait for it, and together take so many bytes, moves
 * as a whole. Answers how much history each of them is left with. */
static size_t
history_left(struct desk *desk, size_t size)
{
    const char *session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    Kontor__V1__PlaceOrderRequest *order = desk_new(desk, "coast/o-1");
    desk_add(desk, order, "first", OFFER_OPEN);
    for (int i = 0; i < 20; i++) {
        char *name = arena_print(desk->h->arena, "i%d", i);
        desk_require(desk, desk_add(desk, order, name, OFFER_OPEN), "first");
    }
    desk_place(desk, order);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    for (int i = 0; i < 20; i++) {
        grow(desk, arena_print(desk->h->arena, "coast/o-1/i%d", i), size / 20);
    }
    assert_int_equal(desk_complete(desk, job->item, job->fence, "b", NULL), STATUS_OK);
    size_t n_left = desk_item(desk, "coast/o-1/i0")->n_history;
    for (int i = 0; i < 20; i++) {
        const char *id = arena_print(desk->h->arena, "coast/o-1/i%d", i);
        desk_expect(desk, id, "QUEUED");
        assert_non_null(desk_item(desk, id)->job->ready_at);
        assert_int_equal(desk_item(desk, id)->n_history, n_left);
    }
    return n_left;
}

static void
test_history_is_kept_in_seven_eighths_of_a_commit(void **state)
{
    assert_int_equal(history_left(*state, COMMIT_BYTES / 8 * 7 - 10000), 64);
}

static void
test_history_is_shrunk_beyond_seven_eighths_of_a_commit(void **state)
{
    assert_int_equal(history_left(*state, COMMIT_BYTES / 8 * 7 + 10000), 8);
}

/* Whatever it has grown to, an order comes to its end. */
static void
test_history_is_shrunk_where_no_commit_would_hold_it(void **state)
{
    assert_int_equal(history_left(*state, COMMIT_BYTES / 4 * 5), 8);
}

/* 41 items of an offer with one step of approval, each as large as its texts allow but
 * for what is cut from all of them together. */
static Kontor__V1__PlaceOrderRequest *
large_order(struct desk *desk, size_t cut)
{
    Kontor__V1__PlaceOrderRequest *order = desk_new(desk, "coast/o-1");
    for (int i = 0; i < 41; i++) {
        Kontor__V1__NewItem *item =
            desk_add(desk, order, arena_print(desk->h->arena, "i%02d", i), OFFER_GPU);
        desk_give(desk, item, "gpus", shelf_integer(desk->h, 1));
        for (int k = 0; k < 4; k++) {
            size_t less = cut < 3000 ? cut : 3000;
            desk_give(desk, item, arena_print(desk->h->arena, "essay%d", k),
                      shelf_text(desk->h, text_of(desk->h->arena, 4096 - less)));
            cut -= less;
        }
    }
    return order;
}

/* How many bytes too many an order is said to take; 0 = it is placed. */
static size_t
bytes_too_many(struct desk *desk, const Kontor__V1__PlaceOrderRequest *order)
{
    struct error error = {0};
    enum status status =
        desk_call(desk, desk->portal, DESK_ORDER("PlaceOrder"), order, NULL, &error);
    if (status == STATUS_OK) {
        return 0;
    }
    desk_expect_reason(&error, REASON_ORDER_TOO_LARGE);
    return strtoul(harness_value(&error, "size"), NULL, 10) - COMMIT_BYTES / 4 * 3;
}

/* Room is left for what deciding each step may add: 2560 bytes. */
static void
test_an_order_takes_three_quarters_of_a_commit_its_steps_counted(void **state)
{
    struct desk *desk = *state;
    size_t cut = bytes_too_many(desk, large_order(desk, 0));
    assert_in_range(cut, 2, 41 * 4 * 3000);
    assert_int_equal(bytes_too_many(desk, large_order(desk, cut - 1)), 1);
    assert_int_equal(bytes_too_many(desk, large_order(desk, cut)), 0);
    size_t size = stored(desk, KIND_ORDER, "coast/o-1");
    for (int i = 0; i < 41; i++) {
        const char *id = arena_print(desk->h->arena, "coast/o-1/i%02d", i);
        assert_int_equal(desk_item(desk, id)->n_approvals, 1);
        size += stored(desk, KIND_ITEM, id) + 2560;
    }
    /* A record is stored without its id. */
    assert_in_range(size, COMMIT_BYTES / 4 * 3 - 42 * 20, COMMIT_BYTES / 4 * 3);
}

/* ---- Sessions that hold much ---- */

/* Claims up to 64 jobs; answers how many there were. */
static size_t
claim_64(struct desk *desk, const char *session)
{
    Kontor__V1__ClaimRequest request = KONTOR__V1__CLAIM_REQUEST__INIT;
    Kontor__V1__ClaimResponse *reply = NULL;
    request.session = (char *)session;
    request.max = 64;
    assert_int_equal(
        desk_call(desk, desk->agent, DESK_AGENT("Claim"), &request, &reply, NULL),
        STATUS_OK);
    return reply->n_jobs;
}

/* A session of 64 hands that are full, with one job more to claim. */
static const char *
full_session(struct desk *desk)
{
    for (int i = 0; i < 65; i++) {
        desk_place_one(desk, arena_print(desk->h->arena, "coast/o-%02d", i),
                       OFFER_OPEN);
    }
    const char *session = desk_session(desk, desk->agent, 64, OFFER_OPEN, NULL);
    assert_int_equal(claim_64(desk, session), 64);
    return session;
}

static void
test_a_session_holds_64_jobs(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__RenewResponse *reply;
    const char *session = full_session(desk);
    assert_int_equal(claim_64(desk, session), 0);
    assert_int_equal(desk_renew(desk, desk->agent, session, &reply, NULL), STATUS_OK);
    assert_int_equal(reply->n_jobs, 64);
}

/* Each of them fills a commit of its own. */
static void
test_a_session_of_64_large_jobs_ends_at_once(void **state)
{
    struct desk *desk = *state;
    const char *session = full_session(desk);
    for (int i = 0; i < 64; i++) {
        grow(desk, arena_print(desk->h->arena, "coast/o-%02d/vm", i), COMMIT_BYTES / 7);
    }
    assert_int_equal(desk_pass(desk, DESK_LEASE_MS), 1);
    const Kontor__V1__Session *record = harness_record(desk->h, KIND_SESSION, session);
    assert_true(record->is_over);
    for (int i = 0; i < 64; i++) {
        desk_expect(desk, arena_print(desk->h->arena, "coast/o-%02d/vm", i), "QUEUED");
    }
}

/* What is taken may double: it is counted twice, and the order's header once. */
static void
test_a_claim_takes_what_half_a_commit_holds(void **state)
{
    struct desk *desk = *state;
    size_t n_jobs = 0, size = 0, next = 0;
    for (int i = 0; i < 40; i++) {
        const char *id = arena_print(desk->h->arena, "coast/o-%02d/vm", i);
        desk_place_one(desk, arena_print(desk->h->arena, "coast/o-%02d", i),
                       OFFER_OPEN);
        grow(desk, id, COMMIT_BYTES / 64);
    }
    while (size + next <= COMMIT_BYTES / 2) {
        size += next;
        n_jobs += next == 0 ? 0 : 1;
        const char *order = arena_print(desk->h->arena, "coast/o-%02zu", n_jobs);
        const Kontor__V1__OrderItem *item =
            desk_item(desk, arena_print(desk->h->arena, "%s/vm", order));
        next = 2 * protobuf_c_message_get_packed_size(&item->base) +
               stored(desk, KIND_ORDER, order);
    }
    assert_in_range(n_jobs, 2, 39);
    const char *session = desk_session(desk, desk->agent, 64, OFFER_OPEN, NULL);
    assert_int_equal(claim_64(desk, session), n_jobs);
    /* The rest comes with the next ones. */
    for (size_t left = 40 - n_jobs; left > 0; left -= n_jobs) {
        n_jobs = claim_64(desk, session);
        assert_in_range(n_jobs, 1, left);
    }
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_an_item_keeps_64_milestones),
        TEST(test_a_delivery_takes_32768_bytes),
        TEST(test_what_an_answer_must_be_takes_2048_bytes),
        TEST(test_history_is_kept_in_seven_eighths_of_a_commit),
        TEST(test_history_is_shrunk_beyond_seven_eighths_of_a_commit),
        TEST(test_history_is_shrunk_where_no_commit_would_hold_it),
        TEST(test_an_order_takes_three_quarters_of_a_commit_its_steps_counted),
        TEST(test_a_session_holds_64_jobs),
        TEST(test_a_session_of_64_large_jobs_ends_at_once),
        TEST(test_a_claim_takes_what_half_a_commit_holds),
        cmocka_unit_test(test_a_shrunk_history_keeps_its_first_two_and_last_six),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
