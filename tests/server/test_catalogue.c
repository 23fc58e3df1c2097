/* Providers and services: who may write them, and who sees them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "server/catalogue/catalogue.h"
#include "tests/server/shelf.h"

/* ---- Roles ---- */

/* A copy by hand of who may call what; the rows must agree. */
static const struct {
    const char *path;
    uint32_t roles;
} expected_roles[] = {
    {SHELF_CALL("CreateVocabulary"), ROLE_BIT(SHIFTER) | ROLE_BIT(ADMIN)},
    {SHELF_CALL("GetVocabulary"), ROLES_ALL},
    {SHELF_CALL("ListVocabularies"), ROLES_ALL},
    {SHELF_CALL("UpdateVocabulary"), ROLE_BIT(SHIFTER) | ROLE_BIT(ADMIN)},
    {SHELF_CALL("DeleteVocabulary"), ROLE_BIT(SHIFTER) | ROLE_BIT(ADMIN)},
    {SHELF_CALL("CreateProvider"), ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN)},
    {SHELF_CALL("GetProvider"), ROLES_ALL},
    {SHELF_CALL("ListProviders"), ROLES_ALL},
    {SHELF_CALL("UpdateProvider"), ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN)},
    {SHELF_CALL("DeleteProvider"), ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN)},
    {SHELF_CALL("SubmitProvider"), ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN)},
    {SHELF_CALL("DecideProvider"), ROLE_BIT(SHIFTER) | ROLE_BIT(ADMIN)},
    {SHELF_CALL("DecideTemplate"), ROLE_BIT(SHIFTER) | ROLE_BIT(ADMIN)},
    {SHELF_CALL("SuspendProvider"), ROLE_BIT(SHIFTER) | ROLE_BIT(ADMIN)},
    {SHELF_CALL("ResumeProvider"), ROLE_BIT(SHIFTER) | ROLE_BIT(ADMIN)},
    {SHELF_CALL("RetireProvider"), ROLE_BIT(SHIFTER) | ROLE_BIT(ADMIN)},
    {SHELF_CALL("CreateService"), ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN)},
    {SHELF_CALL("GetService"), ROLES_ALL},
    {SHELF_CALL("ListServices"), ROLES_ALL},
    {SHELF_CALL("UpdateService"), ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN)},
    {SHELF_CALL("DeleteService"), ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN)},
    {SHELF_CALL("CreateBundle"), ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN)},
    {SHELF_CALL("GetBundle"), ROLES_ALL},
    {SHELF_CALL("ListBundles"), ROLES_ALL},
    {SHELF_CALL("UpdateBundle"), ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN)},
    {SHELF_CALL("DeleteBundle"), ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN)},
    {SHELF_CALL("CheckBundle"), ROLES_ALL},
    {SHELF_CALL("DiffService"), ROLES_ALL},
    {SHELF_CALL("MoveService"), ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN)},
    {SHELF_CALL("AuditRecord"), ROLE_BIT(SHIFTER) | ROLE_BIT(ADMIN)},
    {SHELF_CALL("SampleForAudit"), ROLE_BIT(SHIFTER) | ROLE_BIT(ADMIN)},
    {SHELF_CALL("SearchServices"), ROLES_ALL},
    {SHELF_CALL("Import"), ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN)},
    {SHELF_CALL("Export"), ROLES_ALL},
    {SHELF_CALL("Watch"), ROLES_ALL},
};

static void
test_every_row_has_the_roles_of_the_design(void **state)
{
    const size_t n = sizeof(expected_roles) / sizeof(expected_roles[0]);
    (void)state;
    for (size_t i = 0; i <= n; i++) {
        const struct row *row = &catalogue_rows.rows[i];
        if (i == n) {
            assert_null(row->path);
            break;
        }
        assert_string_equal(row->path, expected_roles[i].path);
        assert_int_equal(row->roles, expected_roles[i].roles);
        assert_int_equal(row->is_mutation, row->klass == CLASS_WRITE);
    }
}

/* ---- Owners ---- */

static void
test_an_operator_writes_its_own_provider_only(void **state)
{
    struct shelf *stage = *state;
    struct harness *h = stage->h;
    struct error error;
    assert_int_equal(shelf_create_provider(h, stage->operator_,
                                           shelf_provider(h, "coast/new"), NULL,
                                           &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(error.reason, REASON_NOT_OWNER);
    shelf_created(stage, shelf_plain(stage, "coast/a"));
    assert_int_equal(shelf_create_provider(h, stage->admin,
                                           shelf_provider(h, "coast/web"), NULL, NULL),
                     STATUS_OK);
    assert_int_equal(shelf_create_service(h, stage->operator_,
                                          shelf_service(h, "coast/b", "coast/web"),
                                          NULL, &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(error.reason, REASON_NOT_OWNER);
    Kontor__V1__Service *own = shelf_plain(stage, "coast/c");
    own->phase = KONTOR__V1__PHASE__FORTHCOMING;
    assert_int_equal(shelf_create_service(h, stage->operator_, own, NULL, NULL),
                     STATUS_OK);
}

static void
test_an_operator_cannot_give_its_service_away(void **state)
{
    struct shelf *stage = *state;
    struct harness *h = stage->h;
    struct error error;
    shelf_created(stage, shelf_plain(stage, "coast/a"));
    assert_int_equal(shelf_create_provider(h, stage->admin,
                                           shelf_provider(h, "coast/web"), NULL, NULL),
                     STATUS_OK);
    assert_int_equal(shelf_update_service(h, stage->operator_,
                                          shelf_service(h, "coast/a", "coast/web"),
                                          NULL, NULL, &error),
                     STATUS_PERMISSION_DENIED);
}

static void
test_a_service_needs_a_provider_of_its_registry(void **state)
{
    struct shelf *stage = *state;
    struct harness *h = stage->h;
    struct error error;
    assert_int_equal(shelf_create_provider(h, stage->stranger,
                                           shelf_provider(h, "hills/hpc"), NULL, NULL),
                     STATUS_OK);
    assert_int_equal(shelf_create_service(h, stage->admin,
                                          shelf_service(h, "coast/a", "coast/none"),
                                          NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "service.provider"));
    assert_int_equal(shelf_create_service(h, stage->admin,
                                          shelf_service(h, "coast/a", "hills/hpc"),
                                          NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "service.provider"));
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, shelf_setup, shelf_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_has_the_roles_of_the_design),
        T(test_an_operator_writes_its_own_provider_only),
        T(test_an_operator_cannot_give_its_service_away),
        T(test_a_service_needs_a_provider_of_its_registry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
