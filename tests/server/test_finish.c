/* What the end of each kind of work delivers, and what becomes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/reason.h"
#include "tests/server/desk.h"

#define ACTION(name) KONTOR__V1__ITEM_ACTION__ACTION_##name
#define KIND(name) KONTOR__V1__JOB_KIND__##name

static const char instance_id[] = "coast/o-0/vm";

/* What may be ordered for an instance, one after the other. */
static const struct {
    Kontor__V1__ItemAction action;
    Kontor__V1__JobKind kind;
} changes[] = {
    {ACTION(MODIFY), KIND(MODIFY)},
    {ACTION(RENEW), KIND(RENEW)},
    {ACTION(SUSPEND), KIND(MODIFY)},
    {ACTION(RESUME), KIND(MODIFY)},
};
enum { N_CHANGES = sizeof changes / sizeof changes[0] };

/* The begun job of an item that does this; ADD makes the instance. */
static Kontor__V1__ClaimedJob *
begun(struct desk *desk, const char *order, Kontor__V1__ItemAction action)
{
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, order);
    bool is_new = action == KONTOR__V1__ITEM_ACTION__ADD;
    Kontor__V1__NewItem *item =
        is_new ? desk_add(desk, request, "vm", OFFER_TERM)
               : desk_change(desk, request, "vm", action, instance_id);
    if (is_new || action == ACTION(MODIFY)) {
        desk_give(desk, item, "size", shelf_integer(desk->h, 5));
    }
    desk_place(desk, request);
    const char *session = desk_session(desk, desk->agent, 1, OFFER_TERM, NULL);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_non_null(job);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    return job;
}

static void
make(struct desk *desk)
{
    const Kontor__V1__ClaimedJob *job =
        begun(desk, "coast/o-0", KONTOR__V1__ITEM_ACTION__ADD);
    assert_int_equal(desk_complete(desk, job->item, job->fence, "b-0", NULL),
                     STATUS_OK);
    assert_string_equal(desk_instance(desk, instance_id)->delivery->backend_id, "b-0");
}

static void
test_what_a_change_delivers_takes_the_place_of_what_was(void **state)
{
    struct desk *desk = *state;
    make(desk);
    for (size_t i = 0; i < N_CHANGES; i++) {
        const char *order = arena_print(desk->h->arena, "coast/o-1%zu", i);
        const char *name = arena_print(desk->h->arena, "b-1%zu", i);
        const Kontor__V1__ClaimedJob *job = begun(desk, order, changes[i].action);
        assert_int_equal(job->kind, changes[i].kind);
        assert_int_equal(desk_complete(desk, job->item, job->fence, name, NULL),
                         STATUS_OK);
        assert_string_equal(desk_instance(desk, instance_id)->delivery->backend_id,
                            name);
    }
}

static void
test_what_a_change_does_not_deliver_stays(void **state)
{
    struct desk *desk = *state;
    make(desk);
    for (size_t i = 0; i < N_CHANGES; i++) {
        const char *order = arena_print(desk->h->arena, "coast/o-1%zu", i);
        const Kontor__V1__ClaimedJob *job = begun(desk, order, changes[i].action);
        assert_int_equal(desk_complete_bare(desk, job->item, job->fence, NULL),
                         STATUS_OK);
        assert_string_equal(desk_instance(desk, instance_id)->delivery->backend_id,
                            "b-0");
    }
}

static void
refuse_delivery(struct desk *desk, const char *item, int64_t fence)
{
    struct error error;
    assert_int_equal(desk_complete(desk, item, fence, "b-1", &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "delivery"));
    assert_int_equal(desk_complete_bare(desk, item, fence, NULL), STATUS_OK);
}

static void
test_what_is_removed_or_undone_delivers_nothing(void **state)
{
    struct desk *desk = *state;
    make(desk);
    const Kontor__V1__ClaimedJob *job = begun(desk, "coast/o-1", ACTION(TERMINATE));
    assert_int_equal(job->kind, KIND(TERMINATE));
    refuse_delivery(desk, job->item, job->fence);
    job = begun(desk, "coast/o-2", KONTOR__V1__ITEM_ACTION__ADD);
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-2", NULL, NULL, NULL),
                     STATUS_OK);
    assert_int_equal(
        desk_decide_cancel(desk, desk->agent, job->item, true, job->fence, NULL),
        STATUS_OK);
    desk_expect(desk, job->item, "CANCELLING");
    refuse_delivery(desk, job->item, job->fence);
    desk_expect(desk, job->item, "CANCELLED_BEGUN");
}

static void
test_what_is_new_must_deliver(void **state)
{
    struct desk *desk = *state;
    struct error error;
    const Kontor__V1__ClaimedJob *job =
        begun(desk, "coast/o-0", KONTOR__V1__ITEM_ACTION__ADD);
    assert_int_equal(desk_complete_bare(desk, job->item, job->fence, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "delivery"));
    desk_expect(desk, job->item, "IN_PROGRESS");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_what_a_change_delivers_takes_the_place_of_what_was),
        TEST(test_what_a_change_does_not_deliver_stays),
        TEST(test_what_is_removed_or_undone_delivers_nothing),
        TEST(test_what_is_new_must_deliver),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
