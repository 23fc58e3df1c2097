/* Opinions after delivery: one an order, on what was delivered, and the averages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/desk.h"

static enum status
give(struct desk *desk, const struct principal *who, const char *order,
     const char *service, int32_t rating, struct error *error)
{
    Kontor__V1__GiveOpinionRequest request = KONTOR__V1__GIVE_OPINION_REQUEST__INIT;
    Kontor__V1__ServiceOpinion one = KONTOR__V1__SERVICE_OPINION__INIT;
    Kontor__V1__ServiceOpinion *rows[] = {&one};
    one.service = (char *)(uintptr_t)service;
    one.rating = rating;
    request.order = (char *)(uintptr_t)order;
    request.services = rows;
    request.n_services = 1;
    request.order_rating = 4;
    request.text = "It came at once";
    return desk_call(desk, who, DESK_ORDER("GiveOpinion"), &request, NULL, error);
}

/* An order of one item, delivered. */
static void
deliver(struct desk *desk, const char *order)
{
    const char *session;
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, order, &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_complete(desk, job->item, job->fence, order, NULL),
                     STATUS_OK);
}

static const Kontor__V1__Service *
notebooks(struct desk *desk)
{
    return harness_record(desk->h, KIND_SERVICE, "alpine/notebooks");
}

static size_t
count(struct desk *desk, const struct principal *who, const char *service,
      Kontor__V1__ListOpinionsResponse **reply)
{
    Kontor__V1__ListOpinionsRequest request = KONTOR__V1__LIST_OPINIONS_REQUEST__INIT;
    request.service = (char *)(uintptr_t)service;
    assert_int_equal(
        desk_call(desk, who, DESK_ORDER("ListOpinions"), &request, reply, NULL),
        STATUS_OK);
    return (*reply)->n_opinions;
}

static void
test_an_opinion_is_given_once_and_after_delivery(void **state)
{
    struct desk *desk = *state;
    struct error error = {0};
    desk_place_one(desk, "coast/o-1", OFFER_BASIC);
    assert_int_equal(
        give(desk, desk->portal, "coast/o-1", "alpine/notebooks", 5, &error),
        STATUS_FAILED_PRECONDITION);
    assert_int_equal(error.reason, REASON_ILLEGAL_STATE);
    assert_string_equal(harness_value(&error, "from"), "ORDER_ACKNOWLEDGED");
    deliver(desk, "coast/o-2");
    int64_t before = store_applied(desk->h->broker.store);
    assert_int_equal(
        give(desk, desk->portal, "coast/o-2", "alpine/notebooks", 5, &error),
        STATUS_OK);
    assert_int_equal(store_applied(desk->h->broker.store), before + 1);
    assert_int_equal(
        give(desk, desk->portal, "coast/o-2", "alpine/notebooks", 1, &error),
        STATUS_ALREADY_EXISTS);
    const Kontor__V1__Tally *tally =
        harness_record(desk->h, KIND_TALLY, "alpine/notebooks");
    assert_int_equal(tally->count, 1);
    assert_int_equal(tally->sum, 5);
}

static void
test_only_the_customer_gives_one_and_on_what_was_delivered(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__ListOpinionsResponse *reply = NULL;
    struct error error = {0};
    deliver(desk, "coast/o-1");
    const struct principal *provider = harness_principal(
        desk->h, "alpine/shop", ROLE_BIT(PORTAL), "p:alpine/hpc", NULL);
    assert_int_equal(give(desk, provider, "coast/o-1", "alpine/notebooks", 5, &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(
        give(desk, desk->operator, "coast/o-1", "alpine/notebooks", 5, &error),
        STATUS_PERMISSION_DENIED);
    assert_int_equal(
        give(desk, desk->portal, "coast/none", "alpine/notebooks", 5, &error),
        STATUS_NOT_FOUND);
    assert_int_equal(give(desk, desk->portal, "coast/o-1", "beta/tapes", 5, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "services[0].service"));
    /* A beginning of the service's name is another service. */
    assert_int_equal(
        give(desk, desk->portal, "coast/o-1", "alpine/notebook", 5, &error),
        STATUS_INVALID_ARGUMENT);
    for (int32_t rating = -1; rating <= 6; rating += rating == 0 ? 6 : 1) {
        assert_int_equal(
            give(desk, desk->portal, "coast/o-1", "alpine/notebooks", rating, &error),
            STATUS_INVALID_ARGUMENT);
    }
    assert_int_equal(count(desk, desk->operator, "", &reply), 0);
}

/* Whoever compares two of them, or reads who changed the service, learns nothing of one
 * customer. */
static void
test_no_change_of_the_rating_is_of_one_customer(void **state)
{
    struct desk *desk = *state;
    static const int32_t given[] = {1, 5, 3, 4, 2, 2, 5};
    int32_t shown = 0;
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        const char *order = arena_print(desk->h->arena, "coast/o-%zu", i);
        deliver(desk, order);
        int64_t revision = notebooks(desk)->revision;
        assert_int_equal(
            give(desk, desk->portal, order, "alpine/notebooks", given[i], NULL),
            STATUS_OK);
        assert_int_equal(notebooks(desk)->revision, revision);
        bool is_step = (i + 1) % 3 == 0;
        assert_int_equal(desk_due(desk, 1000), is_step ? 1 : 0);
        shown = is_step ? (int32_t)i + 1 : shown;
        const Kontor__V1__Rating *rating = notebooks(desk)->rating;
        assert_int_equal(rating == NULL ? 0 : rating->count, shown);
    }
    assert_int_equal(notebooks(desk)->rating->sum, 17);
    assert_int_equal(notebooks(desk)->rating->average_hundredths, 283);
}

static void
test_the_average_is_exact_and_everybody_reads_it(void **state)
{
    struct desk *desk = *state;
    static const int32_t given[] = {5, 4, 4, 1, 5, 5};
    struct error error = {0};
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        const char *order = arena_print(desk->h->arena, "coast/o-%zu", i);
        deliver(desk, order);
        assert_int_equal(
            give(desk, desk->portal, order, "alpine/notebooks", given[i], &error),
            STATUS_OK);
    }
    assert_int_equal(desk_due(desk, 1000), 1);
    Kontor__V1__Service *service = NULL;
    const struct principal *stranger =
        harness_principal(desk->h, "hills/reader", ROLE_BIT(READER), "r:hills", NULL);
    assert_int_equal(
        shelf_get_service(desk->h, stranger, "alpine/notebooks", &service, NULL),
        STATUS_OK);
    assert_int_equal(service->rating->count, 6);
    assert_int_equal(service->rating->sum, 24);
    assert_int_equal(service->rating->average_hundredths, 400);
    /* The owner's change keeps it. */
    Kontor__V1__Service changed = KONTOR__V1__SERVICE__INIT;
    Kontor__V1__Rating flattery = KONTOR__V1__RATING__INIT;
    flattery.count = flattery.average_hundredths = 500;
    changed.id = "alpine/notebooks";
    changed.tagline = "New";
    changed.rating = &flattery;
    assert_int_equal(shelf_update_service(desk->h, desk->operator, & changed,
                                          shelf_mask(desk->h, "tagline", NULL),
                                          &service, NULL),
                     STATUS_OK);
    assert_int_equal(service->rating->count, 6);
}

static void
test_both_sides_read_opinions_and_nobody_else(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__ListOpinionsResponse *reply = NULL;
    const struct principal *stranger =
        harness_principal(desk->h, "hills/admin", ROLE_BIT(ADMIN), "r:hills", NULL);
    deliver(desk, "coast/o-1");
    assert_int_equal(give(desk, desk->portal, "coast/o-1", "alpine/notebooks", 3, NULL),
                     STATUS_OK);
    assert_int_equal(count(desk, desk->portal, "", &reply), 1);
    assert_int_equal(count(desk, desk->operator, "alpine/notebooks", &reply), 1);
    assert_string_equal(reply->opinions[0]->text, "It came at once");
    assert_int_equal(reply->opinions[0]->services[0]->rating, 3);
    assert_int_equal(count(desk, desk->operator, "alpine/other", &reply), 0);
    assert_int_equal(count(desk, desk->tape_operator, "", &reply), 0);
    assert_int_equal(count(desk, stranger, "", &reply), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_an_opinion_is_given_once_and_after_delivery),
        TEST(test_only_the_customer_gives_one_and_on_what_was_delivered),
        TEST(test_no_change_of_the_rating_is_of_one_customer),
        TEST(test_the_average_is_exact_and_everybody_reads_it),
        TEST(test_both_sides_read_opinions_and_nobody_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
