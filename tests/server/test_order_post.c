/* Writing messages about orders: as what, how many, once; and listing them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/reason.h"
#include "server/order/message.h"
#include "tests/server/mail.h"

enum { N_AT_ONCE = 8 };

/* ---- As what ---- */

static void
test_the_role_is_that_of_the_writers_side(void **state)
{
    struct desk *desk = *state;
    const struct principal *home = harness_principal(
        desk->h, "home/manager", ROLE_BIT(SHIFTER), "p:alpine/hpc", NULL);
    /* An operator of who only orders writes for the customer. */
    const struct principal *clerk =
        harness_principal(desk->h, "coast/clerk", ROLE_BIT(OPERATOR), "r:coast", NULL);
    const struct {
        const struct principal *who;
        Kontor__V1__Message__Role role;
    } rows[] = {{desk->portal, MAIL_ROLE(CUSTOMER)},
                {desk->approver, MAIL_ROLE(CUSTOMER)},
                {desk->shifter, MAIL_ROLE(CUSTOMER)},
                {clerk, MAIL_ROLE(CUSTOMER)},
                {desk->operator, MAIL_ROLE(PROVIDER)},
                {desk->agent, MAIL_ROLE(PROVIDER)},
                {desk->tape_operator, MAIL_ROLE(PROVIDER)},
                {home, MAIL_ROLE(MEDIATOR)}};
    mail_place(desk);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const Kontor__V1__Message *message = mail_posted(desk, rows[i].who, "hello");
        assert_int_equal(message->role, rows[i].role);
        assert_string_equal(message->author, rows[i].who->id);
    }
}

static void
test_within_one_registry_the_task_tells_the_side(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__Project project = KONTOR__V1__PROJECT__INIT;
    const struct principal *web =
        harness_principal(desk->h, "alpine/web", ROLE_BIT(PORTAL), "r:alpine", NULL);
    const struct principal *ops =
        harness_principal(desk->h, "alpine/ops", ROLE_BIT(OPERATOR), "r:alpine", NULL);
    project.name = "Our own";
    (void)harness_seed(desk->h, KIND_PROJECT, "alpine/p1", &project.base, "=r:alpine",
                       "=j:alpine/p1", NULL);
    Kontor__V1__PlaceOrderRequest *order = desk_new(desk, "alpine/o-1");
    order->project = "alpine/p1";
    desk_add(desk, order, "vm", OFFER_OPEN);
    assert_int_equal(desk_call(desk, web, DESK_ORDER("PlaceOrder"), order, NULL, NULL),
                     STATUS_OK);
    Kontor__V1__PostMessageRequest request = mail_words("hello");
    Kontor__V1__Message *message = NULL;
    request.order = "alpine/o-1";
    assert_int_equal(mail_post(desk, web, &request, &message, NULL), STATUS_OK);
    assert_int_equal(message->role, MAIL_ROLE(CUSTOMER));
    assert_int_equal(mail_post(desk, ops, &request, &message, NULL), STATUS_OK);
    assert_int_equal(message->role, MAIL_ROLE(PROVIDER));
    request.item = "vm";
    assert_int_equal(mail_post(desk, ops, &request, &message, NULL), STATUS_OK);
    assert_int_equal(message->role, MAIL_ROLE(PROVIDER));
}

/* ---- How many ---- */

static void
test_fields_are_judged(void **state)
{
    struct desk *desk = *state;
    struct error error;
    char text[4098];
    memset(text, 'x', sizeof text - 1);
    text[4097] = '\0';
    mail_place(desk);
    Kontor__V1__PostMessageRequest request = mail_words("");
    assert_int_equal(mail_post(desk, desk->portal, &request, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "text"));
    request.text = text;
    assert_int_equal(mail_post(desk, desk->portal, &request, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "text"));
    text[4096] = '\0';
    assert_int_equal(mail_post(desk, desk->portal, &request, NULL, &error), STATUS_OK);
    request.order = "";
    assert_int_equal(mail_post(desk, desk->portal, &request, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "order"));
}

static void
test_a_registry_writes_so_many_about_an_order_and_no_more(void **state)
{
    struct desk *desk = *state;
    struct harness_call *calls[N_AT_ONCE];
    struct error error;
    Kontor__V1__PostMessageRequest request = mail_words("hello");
    size_t n_written = 0;
    mail_place(desk);
    for (int i = 0; i < MESSAGE_MAX - 3; i++) {
        mail_posted(desk, desk->portal, "hello");
    }
    /* Of eight at once three are in time, whoever of the registry asks. */
    for (size_t i = 0; i < N_AT_ONCE; i++) {
        calls[i] = harness_start(desk->h, i % 2 == 0 ? desk->portal : desk->shifter,
                                 DESK_ORDER("PostMessage"), &request);
    }
    for (size_t i = 0; i < N_AT_ONCE; i++) {
        enum status status = harness_wait(desk->h, calls[i], NULL, &error);
        n_written += status == STATUS_OK ? 1 : 0;
        if (status != STATUS_OK) {
            assert_int_equal(status, STATUS_RESOURCE_EXHAUSTED);
            desk_expect_reason(&error, REASON_TOO_MANY_MESSAGES);
            assert_string_equal(harness_value(&error, "limit"), "500");
        }
    }
    assert_int_equal(n_written, 3);
    /* The other side is not silenced by it, nor is another order. */
    mail_posted(desk, desk->operator, "calm down");
    desk_place_one(desk, "coast/o-2", OFFER_OPEN);
    request.order = "coast/o-2";
    assert_int_equal(mail_post(desk, desk->portal, &request, NULL, NULL), STATUS_OK);
}

/* ---- Once ---- */

static void
test_a_repeated_request_writes_one_message(void **state)
{
    struct desk *desk = *state;
    struct error error;
    Kontor__V1__Message *first = NULL;
    Kontor__V1__Message *again = NULL;
    Kontor__V1__PostMessageRequest request = mail_words("hello");
    request.request_id = "5d9a3a9c-6a47-4c6e-9d0e-2f1f7f0f6b11";
    mail_place(desk);
    assert_int_equal(mail_post(desk, desk->portal, &request, &first, NULL), STATUS_OK);
    assert_int_equal(mail_post(desk, desk->portal, &request, &again, NULL), STATUS_OK);
    assert_string_equal(first->id, again->id);
    assert_int_equal(first->revision, again->revision);
    assert_int_equal(mail_list(desk, desk->portal)->n_messages, 1);
    request.text = "something else";
    assert_int_equal(mail_post(desk, desk->portal, &request, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    desk_expect_reason(&error, REASON_REQUEST_ID_REUSED);
}

static void
test_what_is_only_judged_is_not_written(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PostMessageRequest request = mail_words("hello");
    Kontor__V1__Message *message = NULL;
    request.validate_only = true;
    mail_place(desk);
    assert_int_equal(mail_post(desk, desk->portal, &request, &message, NULL),
                     STATUS_OK);
    assert_string_equal(message->text, "hello");
    assert_int_equal(mail_list(desk, desk->portal)->n_messages, 0);
}

static void
test_a_request_is_judged_and_written_under_one_id(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PostMessageRequest request = mail_words("hello");
    Kontor__V1__Message *judged = NULL;
    Kontor__V1__Message *written = NULL;
    request.request_id = "0b0f7f0a-7f55-4b3d-8f0a-0f4f6d1c2b3a";
    request.validate_only = true;
    mail_place(desk);
    assert_int_equal(mail_post(desk, desk->portal, &request, &judged, NULL), STATUS_OK);
    request.validate_only = false;
    assert_int_equal(mail_post(desk, desk->portal, &request, &written, NULL),
                     STATUS_OK);
    assert_string_equal(judged->id, written->id);
}

static void
test_a_message_touches_neither_order_nor_item(void **state)
{
    struct desk *desk = *state;
    mail_place(desk);
    int64_t order = desk_order(desk, MAIL_ORDER)->revision;
    int64_t item = desk_item(desk, "coast/o-1/vm")->revision;
    Kontor__V1__PostMessageRequest request = mail_words("hello");
    request.item = "vm";
    assert_int_equal(mail_post(desk, desk->operator, & request, NULL, NULL), STATUS_OK);
    assert_int_equal(desk_order(desk, MAIL_ORDER)->revision, order);
    assert_int_equal(desk_item(desk, "coast/o-1/vm")->revision, item);
}

/* ---- Lists ---- */

static void
test_a_list_is_of_one_order_in_the_order_written(void **state)
{
    static const char *const texts[] = {"one", "two", "three", "four", "five"};
    struct desk *desk = *state;
    Kontor__V1__ListMessagesRequest request = KONTOR__V1__LIST_MESSAGES_REQUEST__INIT;
    int64_t seqs[5];
    size_t n_read = 0;
    mail_place(desk);
    desk_place_one(desk, "coast/o-2", OFFER_OPEN);
    for (size_t i = 0; i < 5; i++) {
        seqs[i] = mail_posted(desk, desk->portal, texts[i])->revision;
        Kontor__V1__PostMessageRequest other = mail_words("elsewhere");
        other.order = "coast/o-2";
        assert_int_equal(mail_post(desk, desk->portal, &other, NULL, NULL), STATUS_OK);
    }
    request.order = (char *)MAIL_ORDER;
    request.page_size = 2;
    do {
        Kontor__V1__ListMessagesResponse *page =
            mail_page(desk, desk->portal, &request);
        assert_int_equal(page->position != NULL, request.page_token[0] == '\0');
        for (size_t i = 0; i < page->n_messages; i++) {
            assert_string_equal(page->messages[i]->text, texts[n_read++]);
        }
        request.page_token = page->next_page_token;
    } while (request.page_token[0] != '\0');
    assert_int_equal(n_read, 5);
    /* As of then there were as many as had been written. */
    Kontor__V1__AsOf as_of = KONTOR__V1__AS_OF__INIT;
    as_of.point_case = KONTOR__V1__AS_OF__POINT_SEQ;
    request.page_size = 0;
    request.as_of = &as_of;
    for (size_t i = 0; i < 5; i++) {
        as_of.seq = seqs[i];
        assert_int_equal(mail_page(desk, desk->portal, &request)->n_messages, i + 1);
    }
}

static void
test_within_a_millisecond_the_order_written_is_kept(void **state)
{
    struct desk *desk = *state;
    mail_place(desk);
    for (int i = 0; i < 20; i++) {
        const char *text = arena_print(desk->h->arena, "%d", i);
        Kontor__V1__PostMessageRequest request = mail_words(text);
        assert_int_equal(desk_call(desk, i % 3 == 0 ? desk->operator : desk->portal,
                                   DESK_ORDER("PostMessage"), &request, NULL, NULL),
                         STATUS_OK);
    }
    const Kontor__V1__ListMessagesResponse *reply = mail_list(desk, desk->shifter);
    assert_int_equal(reply->n_messages, 20);
    for (int i = 0; i < 20; i++) {
        assert_string_equal(reply->messages[i]->text,
                            arena_print(desk->h->arena, "%d", i));
    }
}

#define MAIL_TEST(test) cmocka_unit_test_setup_teardown(test, desk_setup, desk_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        MAIL_TEST(test_the_role_is_that_of_the_writers_side),
        MAIL_TEST(test_within_one_registry_the_task_tells_the_side),
        MAIL_TEST(test_fields_are_judged),
        MAIL_TEST(test_a_registry_writes_so_many_about_an_order_and_no_more),
        MAIL_TEST(test_a_repeated_request_writes_one_message),
        MAIL_TEST(test_what_is_only_judged_is_not_written),
        MAIL_TEST(test_a_request_is_judged_and_written_under_one_id),
        MAIL_TEST(test_a_message_touches_neither_order_nor_item),
        MAIL_TEST(test_a_list_is_of_one_order_in_the_order_written),
        MAIL_TEST(test_within_a_millisecond_the_order_written_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
