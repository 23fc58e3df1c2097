/* SearchServices with kontor-min-seq: the index, not the store, must have come so far.
 */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

#include "server/catalogue/search.h"
#include "tests/server/shelf.h"

/* What is asked while the committer stands between the store and the index. */
static struct {
    struct shelf *shelf;
    atomic_bool is_armed;
    int64_t deadline_ms;
    Kontor__V1__SearchServicesRequest request;
    struct harness_call *asked;
    int64_t seq;
    enum status status; /* Of the search, when the committer waited for it. */
    struct error error;
} between;

/*
 * Heard before the index is. Somebody who read the new position somewhere searches for
 * it; the search after theirs, which asks for no position, shows that theirs has run.
 */
static void
ask_between(void *context, const Kontor__V1__Commit *commit)
{
    struct harness *h = between.shelf->h;
    (void)context;
    if (!atomic_exchange(&between.is_armed, false)) {
        return;
    }
    between.seq = commit->seq;
    between.asked =
        harness_start_with(h, between.shelf->stranger, SHELF_CALL("SearchServices"),
                           &between.request, between.deadline_ms, commit->seq);
    assert_int_equal(harness_call(h, between.shelf->stranger,
                                  SHELF_CALL("SearchServices"), &between.request, NULL,
                                  NULL),
                     STATUS_OK);
    if (between.deadline_ms != INT64_MAX) {
        harness_advance(h, 2000);
        between.status = harness_wait(h, between.asked, NULL, &between.error);
    }
}

static int
setup(void **state)
{
    shelf_setup(state);
    struct shelf *shelf = *state;
    between.shelf = shelf;
    between.deadline_ms = INT64_MAX;
    atomic_store(&between.is_armed, false);
    kontor__v1__search_services_request__init(&between.request);
    between.request.query = (char *)"cloud";
    store_listen(shelf->h->broker.store, ask_between, NULL);
    shelf->h->broker.search = search_new(shelf->h->broker.store);
    assert_true(search_start(shelf->h->broker.search));
    while (!search_is_ready(shelf->h->broker.search)) {
        sched_yield();
    }
    return 0;
}

static int
teardown(void **state)
{
    struct shelf *shelf = *state;
    struct search *search = shelf->h->broker.search;
    search_stop(search);
    shelf_teardown(state);
    search_free(search);
    return 0;
}

static void
create_cloud(struct shelf *shelf)
{
    Kontor__V1__Service *service = shelf_plain(shelf, "coast/a");
    service->name = (char *)"Cloud";
    atomic_store(&between.is_armed, true);
    shelf_created(shelf, service);
}

static void
test_a_search_waits_for_the_index(void **state)
{
    struct shelf *shelf = *state;
    Kontor__V1__SearchServicesResponse *reply;
    create_cloud(shelf);
    assert_int_equal(harness_wait(shelf->h, between.asked, (void **)&reply, NULL),
                     STATUS_OK);
    assert_int_equal(reply->total, 1);
    assert_true(shelf->h->last_seq >= between.seq);
}

static void
test_a_search_that_waited_too_long_says_so(void **state)
{
    struct shelf *shelf = *state;
    between.deadline_ms = HARNESS_NOW_MS + 1000;
    create_cloud(shelf);
    assert_int_equal(between.status, STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(between.error.reason, REASON_DEADLINE);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_search_waits_for_the_index),
        TEST(test_a_search_that_waited_too_long_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
