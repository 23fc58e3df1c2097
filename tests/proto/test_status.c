#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/faults.h"
#include "proto/reason.h"
#include "proto/status.h"

static void
test_every_status_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int a = STATUS_OK; a <= STATUS_UNAUTHENTICATED; a++) {
        assert_non_null(status_name((enum status)a));
        for (int b = STATUS_OK; b < a; b++) {
            assert_string_not_equal(status_name((enum status)a),
                                    status_name((enum status)b));
        }
    }
    assert_string_equal(status_name(STATUS_UNAUTHENTICATED), "UNAUTHENTICATED");
    assert_string_equal(status_name(STATUS_NOT_FOUND), "NOT_FOUND");
}

static void
test_a_number_off_the_list_is_unknown(void **state)
{
    (void)state;
    assert_string_equal(status_name((enum status)17), "UNKNOWN");
    assert_string_equal(status_name((enum status) - 1), "UNKNOWN");
}

static void
assert_is_upper_snake(const char *name)
{
    assert_true(strlen(name) > 0);
    assert_int_equal(strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"), strlen(name));
}

static void
test_every_reason_is_filled_and_named_once(void **state)
{
    (void)state;
    for (int a = REASON_NONE; a < REASON_COUNT; a++) {
        const struct reason_row *row = reason_row((enum reason)a);
        assert_non_null(row->name);
        assert_is_upper_snake(row->name);
        assert_true(strlen(row->meaning) > 10);
        assert_true(strlen(row->cure) > 10);
        assert_true((row->status == STATUS_OK) == (a == REASON_NONE));
        for (int b = REASON_NONE; b < a; b++) {
            assert_string_not_equal(row->name, reason_row((enum reason)b)->name);
        }
    }
}

/* A hand-made copy of the contract's table of errors. */
static void
test_reasons_go_with_the_statuses_of_the_contract(void **state)
{
    static const struct {
        enum reason reason;
        enum status status;
    } wanted[] = {
        {REASON_FIELDS_INVALID, STATUS_INVALID_ARGUMENT},
        {REASON_MESSAGE_INVALID, STATUS_INVALID_ARGUMENT},
        {REASON_REQUEST_ID_REUSED, STATUS_INVALID_ARGUMENT},
        {REASON_PAGE_TOKEN_INVALID, STATUS_INVALID_ARGUMENT},
        {REASON_TOO_LARGE, STATUS_RESOURCE_EXHAUSTED},
        {REASON_ORDER_TOO_LARGE, STATUS_RESOURCE_EXHAUSTED},
        {REASON_METHOD_UNKNOWN, STATUS_UNIMPLEMENTED},
        {REASON_CERTIFICATE_INVALID, STATUS_UNAUTHENTICATED},
        {REASON_CERTIFICATE_REVOKED, STATUS_UNAUTHENTICATED},
        {REASON_CERTIFICATE_EXPIRED, STATUS_UNAUTHENTICATED},
        {REASON_REGISTRY_SUSPENDED, STATUS_PERMISSION_DENIED},
        {REASON_NOT_REGISTERED, STATUS_PERMISSION_DENIED},
        {REASON_ROLE_MISSING, STATUS_PERMISSION_DENIED},
        {REASON_NOT_OWNER, STATUS_PERMISSION_DENIED},
        {REASON_OTHER_REGISTRY, STATUS_PERMISSION_DENIED},
        {REASON_NOT_FOUND, STATUS_NOT_FOUND},
        {REASON_ALREADY_EXISTS, STATUS_ALREADY_EXISTS},
        {REASON_NAME_TAKEN, STATUS_ALREADY_EXISTS},
        {REASON_ORDER_DIFFERS, STATUS_ALREADY_EXISTS},
        {REASON_COMPLETION_DIFFERS, STATUS_ALREADY_EXISTS},
        {REASON_REVISION_MISMATCH, STATUS_ABORTED},
        {REASON_CONTENTION, STATUS_ABORTED},
        {REASON_LEASE_LOST, STATUS_ABORTED},
        {REASON_ILLEGAL_STATE, STATUS_FAILED_PRECONDITION},
        {REASON_PAST_NO_RETURN, STATUS_FAILED_PRECONDITION},
        {REASON_CATALOGUE_CHANGED, STATUS_FAILED_PRECONDITION},
        {REASON_OUT_OF_STOCK, STATUS_FAILED_PRECONDITION},
        {REASON_CAPACITY_EXCEEDED, STATUS_FAILED_PRECONDITION},
        {REASON_NOT_ORDERABLE, STATUS_FAILED_PRECONDITION},
        {REASON_HISTORY_CHANGED, STATUS_OUT_OF_RANGE},
        {REASON_TRIMMED, STATUS_OUT_OF_RANGE},
        {REASON_SCOPE_CHANGED, STATUS_OUT_OF_RANGE},
        {REASON_BEHIND, STATUS_OUT_OF_RANGE},
        {REASON_AHEAD, STATUS_OUT_OF_RANGE},
        {REASON_OVERLOADED, STATUS_RESOURCE_EXHAUSTED},
        {REASON_STORE_UNAVAILABLE, STATUS_UNAVAILABLE},
        {REASON_OUTCOME_UNKNOWN, STATUS_DEADLINE_EXCEEDED},
        {REASON_DEADLINE, STATUS_DEADLINE_EXCEEDED},
        {REASON_DRAINING, STATUS_UNAVAILABLE},
        {REASON_INDEX_BUILDING, STATUS_UNAVAILABLE},
        {REASON_INTERNAL, STATUS_INTERNAL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        assert_int_equal(reason_row(wanted[i].reason)->status, wanted[i].status);
    }
}

static void
test_a_reason_off_the_list_is_our_own_mistake(void **state)
{
    (void)state;
    assert_string_equal(reason_row(REASON_COUNT)->name, "INTERNAL");
    assert_string_equal(reason_row((enum reason) - 1)->name, "INTERNAL");
}

static void
test_faults_past_the_last_row_are_only_counted(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct faults faults = {.arena = arena};
    char path[] = "items[0]";
    for (int i = 0; i < FAULTS_MAX + 5; i++) {
        faults_add(&faults, path, "is %d", i);
    }
    memset(path, 'x', sizeof path - 1);
    assert_int_equal(faults.n_rows, FAULTS_MAX);
    assert_int_equal(faults.n_found, FAULTS_MAX + 5);
    assert_string_equal(faults.rows[0].path, "items[0]");
    assert_string_equal(faults.rows[FAULTS_MAX - 1].description, "is 63");
    arena_free(arena);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_status_has_a_name_of_its_own),
        cmocka_unit_test(test_a_number_off_the_list_is_unknown),
        cmocka_unit_test(test_every_reason_is_filled_and_named_once),
        cmocka_unit_test(test_reasons_go_with_the_statuses_of_the_contract),
        cmocka_unit_test(test_a_reason_off_the_list_is_our_own_mistake),
        cmocka_unit_test(test_faults_past_the_last_row_are_only_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
