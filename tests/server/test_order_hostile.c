/* Orders and deliveries made to be a burden: what one party sends never keeps another
 * from its work. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/reason.h"
#include "server/order/item_state.h"
#include "tests/server/desk.h"

#define FAILURE(name) KONTOR__V1__FAIL_REQUEST__FAILURE__##name
#define STEP(name) KONTOR__V1__APPROVAL_STEP__##name

enum { N_FAT = 12, N_ITEMS = 64, REASON_SIZE = 1024, ESSAY_SIZE = 4096 };

static char *
words(struct desk *desk, size_t size)
{
    char *text = arena_alloc(desk->h->arena, size + 1);
    memset(text, 'w', size);
    text[size] = '\0';
    return text;
}

/* ---- Headers ---- */

/* An order whose header is as large as names and relations can make it: well over
 * 100 KiB. Only its first item can be claimed. */
static void
place_fat(struct desk *desk, int n)
{
    Kontor__V1__PlaceOrderRequest *request =
        desk_new(desk, arena_print(desk->h->arena, "coast/fat-%d", n));
    for (int i = 0; i < N_ITEMS; i++) {
        Kontor__V1__NewItem *item = desk_add(
            desk, request, arena_print(desk->h->arena, "%060d%04d", 0, i), OFFER_OPEN);
        for (int k = 0; k < i; k++) {
            desk_require(desk, item, request->items[k]->id);
        }
    }
    desk_place(desk, request);
}

static size_t
claim_many(struct desk *desk, const char *session)
{
    Kontor__V1__ClaimRequest request = KONTOR__V1__CLAIM_REQUEST__INIT;
    Kontor__V1__ClaimResponse *reply = NULL;
    struct error error = {0};
    request.session = (char *)session;
    request.max = 64;
    if (desk_call(desk, desk->agent, DESK_AGENT("Claim"), &request, &reply, &error) !=
        STATUS_OK) {
        fail_msg("claiming: %s", error.message);
    }
    return reply->n_jobs;
}

static void
test_large_headers_keep_no_agent_from_its_jobs(void **state)
{
    struct desk *desk = *state;
    const char *session = desk_session(desk, desk->agent, 64, OFFER_OPEN, NULL);
    size_t n_held = 0;
    for (int i = 0; i < N_FAT; i++) {
        place_fat(desk, i);
    }
    for (size_t n_jobs = 1; n_jobs > 0; n_held += n_jobs) {
        n_jobs = claim_many(desk, session);
    }
    assert_int_equal(n_held, N_FAT);
    /* Nor does what it holds keep its session from ending. */
    assert_int_equal(desk_pass(desk, DESK_LEASE_MS), 1);
    for (int i = 0; i < N_FAT; i++) {
        desk_expect(desk, arena_print(desk->h->arena, "coast/fat-%d/%064d", i, 0),
                    "QUEUED");
    }
}

/* ---- Words ---- */

static void
make_wordy_service(struct desk *desk)
{
    static Kontor__V1__ApprovalStep steps[] = {STEP(CONSUMER_STEP), STEP(BROKER_STEP),
                                               STEP(PROVIDER_STEP)};
    Kontor__V1__Service *service = shelf_service(desk->h, "alpine/words", "alpine/hpc");
    Kontor__V1__Offer *offer = shelf_offer(desk->h, service, "chain");
    struct error error;
    offer->is_internal = true;
    offer->approval = steps;
    offer->n_approval = 3;
    for (int i = 0; i < 4; i++) {
        Kontor__V1__Parameter *p =
            shelf_parameter(desk->h, offer, arena_print(desk->h->arena, "essay%d", i));
        p->text = arena_alloc(desk->h->arena, sizeof *p->text);
        kontor__v1__text_parameter__init(p->text);
        p->type_case = KONTOR__V1__PARAMETER__TYPE_TEXT;
    }
    assert_int_equal(shelf_create_service(desk->h, desk->admin, service, NULL, &error),
                     STATUS_OK);
}

/* One open item, and as many wordy ones that require it as are taken. Answers how
 * many. */
static size_t
place_wordy(struct desk *desk)
{
    char *essay = words(desk, ESSAY_SIZE);
    for (size_t n_items = N_ITEMS; n_items > 1; n_items--) {
        Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
        desk_add(desk, request, "root", OFFER_OPEN);
        for (size_t i = 1; i < n_items; i++) {
            Kontor__V1__NewItem *item =
                desk_add(desk, request, arena_print(desk->h->arena, "i%02zu", i),
                         "alpine/words/chain");
            desk_require(desk, item, "root");
            for (int k = 0; k < 4; k++) {
                desk_give(desk, item, arena_print(desk->h->arena, "essay%d", k),
                          shelf_text(desk->h, k < 2 ? essay : essay + ESSAY_SIZE / 2));
            }
        }
        struct error error;
        enum status status = desk_call(desk, desk->portal, DESK_ORDER("PlaceOrder"),
                                       request, NULL, &error);
        if (status == STATUS_OK) {
            return n_items;
        }
        desk_expect_reason(&error, REASON_ORDER_TOO_LARGE);
    }
    return 0;
}

static void
test_words_of_deciders_keep_no_order_from_ending(void **state)
{
    struct desk *desk = *state;
    const struct principal *const deciders[] = {desk->approver, desk->shifter,
                                                desk->operator};
    char *reason = words(desk, REASON_SIZE);
    make_wordy_service(desk);
    size_t n_items = place_wordy(desk);
    assert_true(n_items > N_ITEMS / 2);
    for (size_t i = 1; i < n_items; i++) {
        const char *item = arena_print(desk->h->arena, "coast/o-1/i%02zu", i);
        for (size_t k = 0; k < 3; k++) {
            assert_int_equal(desk_decide(desk, deciders[k], item, true, reason, NULL),
                             STATUS_OK);
        }
    }
    const char *session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    struct error error = {0};
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    enum status status =
        desk_fail(desk, job->item, job->fence, FAILURE(PERMANENT), NULL, &error);
    if (status != STATUS_OK) {
        fail_msg("failing: %s", error.message);
    }
    desk_expect_order(desk, "coast/o-1", "ORDER_FAILED");
}

/* ---- Deliveries ---- */

static enum status
complete_with(struct desk *desk, const Kontor__V1__ClaimedJob *job, size_t n_outputs,
              size_t size, struct error *error)
{
    Kontor__V1__CompleteRequest request = KONTOR__V1__COMPLETE_REQUEST__INIT;
    Kontor__V1__Delivery delivery = KONTOR__V1__DELIVERY__INIT;
    Kontor__V1__ParameterValue values[128];
    Kontor__V1__ParameterValue *outputs[128];
    for (size_t i = 0; i < n_outputs; i++) {
        kontor__v1__parameter_value__init(&values[i]);
        values[i].id = arena_print(desk->h->arena, "out%zu", i);
        values[i].value = shelf_text(desk->h, words(desk, size));
        outputs[i] = &values[i];
    }
    delivery.backend_id = "b";
    delivery.outputs = outputs;
    delivery.n_outputs = n_outputs;
    request.item = job->item;
    request.fence = job->fence;
    request.delivery = &delivery;
    return desk_call(desk, desk->agent, DESK_AGENT("Complete"), &request, NULL, error);
}

static void
test_a_delivery_is_small_enough_to_be_handed_on(void **state)
{
    struct desk *desk = *state;
    struct error error;
    const char *session = desk_session(desk, desk->agent, 1, OFFER_OPEN, NULL);
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-1");
    Kontor__V1__NewItem *last = desk_add(desk, request, "z", OFFER_OPEN);
    for (int i = 0; i < N_ITEMS - 1; i++) {
        desk_require(
            desk, last,
            desk_add(desk, request, arena_print(desk->h->arena, "i%02d", i), OFFER_OPEN)
                ->id);
    }
    desk_place(desk, request);
    for (int i = 0; i < N_ITEMS - 1; i++) {
        Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
        assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
        if (i == 0) {
            assert_int_equal(complete_with(desk, job, 128, 4096, &error),
                             STATUS_INVALID_ARGUMENT);
            assert_true(harness_has_fault(&error, "delivery"));
        }
        assert_int_equal(complete_with(desk, job, 7, 4096, &error), STATUS_OK);
    }
    /* All of them together still fit into the answer to one claim. */
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(job->n_required, N_ITEMS - 1);
    assert_true(protobuf_c_message_get_packed_size(&job->base) < 3 << 20);
}

/* ---- Records of a newer broker ---- */

static void
test_a_state_without_a_hold_is_recovered_instead(void **state)
{
    struct desk *desk = *state;
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    Kontor__V1__OrderItem *item = desk_item(desk, job->item);
    item->state = KONTOR__V1__ITEM_STATE__CANCELLING;
    item->job->losses = 7;
    harness_seed(desk->h, KIND_ITEM, item->id, &item->base, "=r:coast", "=j:coast/p1",
                 "=r:alpine", "=p:alpine/hpc", NULL);
    assert_int_equal(desk_pass(desk, DESK_LEASE_MS), 1);
    assert_int_equal(desk_item(desk, job->item)->state,
                     KONTOR__V1__ITEM_STATE__CANCELLING);
    assert_string_equal(desk_item(desk, job->item)->job->session, "");
    assert_non_null(desk_item(desk, job->item)->job->ready_at);
}

/* ---- Names ---- */

static void
test_an_order_is_not_its_neighbour(void **state)
{
    struct desk *desk = *state;
    static const char *const ids[] = {"coast/o-1", "coast/o-1-x", "coast/o-1.x",
                                      "coast/o-1~", "coast/o-10"};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        desk_place_one(desk, ids[i], OFFER_OPEN);
    }
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        Kontor__V1__GetOrderRequest request = KONTOR__V1__GET_ORDER_REQUEST__INIT;
        Kontor__V1__GetOrderResponse *reply;
        request.id = (char *)ids[i];
        assert_int_equal(desk_call(desk, desk->portal, DESK_ORDER("GetOrder"), &request,
                                   &reply, NULL),
                         STATUS_OK);
        assert_int_equal(reply->n_items, 1);
        assert_string_equal(reply->items[0]->order, ids[i]);
    }
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_large_headers_keep_no_agent_from_its_jobs),
        TEST(test_words_of_deciders_keep_no_order_from_ending),
        TEST(test_a_delivery_is_small_enough_to_be_handed_on),
        TEST(test_a_state_without_a_hold_is_recovered_instead),
        TEST(test_an_order_is_not_its_neighbour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
