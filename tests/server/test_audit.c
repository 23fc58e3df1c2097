/* Audits: what they come to, what becomes of them, and whom a sample draws. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/display.h"

static void
test_audits_are_noted_and_outlived_by_changes(void **state)
{
    struct shelf *shelf = *state;
    struct error error;
    display_put(shelf, "coast/a", P(PRE_PRODUCTION));
    assert_int_equal(display_audit(shelf, shelf->operator_, "coast/a",
                                   KONTOR__V1__AUDIT_STATE__AUDIT_VALID, "", &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(display_audit(shelf, shelf->stranger, "coast/a",
                                   KONTOR__V1__AUDIT_STATE__AUDIT_VALID, "", &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(display_audit(shelf, shelf->admin, "coast/a",
                                   KONTOR__V1__AUDIT_STATE__AUDIT_INVALID, "", &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "comment"));
    assert_int_equal(display_audit(shelf, shelf->admin, "coast/a",
                                   KONTOR__V1__AUDIT_STATE__AUDIT_INVALID_AND_UPDATED,
                                   "x", &error),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(display_audit(shelf, shelf->admin, "coast/a",
                                   KONTOR__V1__AUDIT_STATE__AUDIT_INVALID,
                                   "no such page", NULL),
                     STATUS_OK);
    Kontor__V1__Service *service = display_get(shelf, "coast/a");
    assert_string_equal(service->audit->comment, "no such page");
    assert_string_equal(service->audit->actor, "coast/adm");
    /* A change that changes nothing is none. */
    assert_int_equal(
        shelf_update_service(shelf->h, shelf->operator_, service, NULL, NULL, NULL),
        STATUS_OK);
    assert_int_equal(display_get(shelf, "coast/a")->audit->state,
                     KONTOR__V1__AUDIT_STATE__AUDIT_INVALID);
    service->tagline = "Mended";
    assert_int_equal(
        shelf_update_service(shelf->h, shelf->operator_, service, NULL, NULL, NULL),
        STATUS_OK);
    assert_int_equal(display_get(shelf, "coast/a")->audit->state,
                     KONTOR__V1__AUDIT_STATE__AUDIT_INVALID_AND_UPDATED);
}

static Kontor__V1__SampleForAuditResponse *
draw(struct shelf *shelf, int32_t size, int64_t seed)
{
    Kontor__V1__SampleForAuditRequest request =
        KONTOR__V1__SAMPLE_FOR_AUDIT_REQUEST__INIT;
    Kontor__V1__SampleForAuditResponse *reply = NULL;
    request.size = size;
    request.seed = seed;
    assert_int_equal(harness_call(shelf->h, shelf->admin, SHELF_CALL("SampleForAudit"),
                                  &request, (void **)&reply, NULL),
                     STATUS_OK);
    return reply;
}

static void
test_a_sample_is_drawn_again_by_its_seed(void **state)
{
    enum { N = 30 };
    struct shelf *shelf = *state;
    for (size_t i = 0; i < N; i++) {
        display_put(shelf, arena_print(shelf->h->arena, "coast/s%zu", i),
                    P(FORTHCOMING));
    }
    assert_int_equal(shelf_create_provider(shelf->h, shelf->stranger,
                                           shelf_provider(shelf->h, "hills/p"), NULL,
                                           NULL),
                     STATUS_OK);
    Kontor__V1__SampleForAuditResponse *one = draw(shelf, 7, 42);
    assert_string_equal(one->sample, "42-7");
    assert_int_equal(one->n_services + one->n_providers, 7);
    assert_int_equal(one->from, N + 1);
    Kontor__V1__SampleForAuditResponse *again = draw(shelf, 7, 42);
    assert_int_equal(again->n_services, one->n_services);
    for (size_t i = 0; i < one->n_services; i++) {
        assert_string_equal(again->services[i], one->services[i]);
    }
    /* A larger one begins as the smaller. */
    Kontor__V1__SampleForAuditResponse *all = draw(shelf, 500, 42);
    assert_int_equal(all->n_services, N);
    assert_int_equal(all->n_providers, 1);
    for (size_t i = 0; i < one->n_services; i++) {
        assert_string_equal(all->services[i], one->services[i]);
    }
    /* Others draw others. */
    size_t n_same = 0;
    Kontor__V1__SampleForAuditResponse *other = draw(shelf, 500, 43);
    for (size_t i = 0; i < N; i++) {
        n_same += strcmp(all->services[i], other->services[i]) == 0;
    }
    assert_true(n_same < N / 2);
    assert_string_equal(draw(shelf, 0, 7)->sample, "7-20");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shelf_setup, shelf_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_audits_are_noted_and_outlived_by_changes),
        TEST(test_a_sample_is_drawn_again_by_its_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
