/* Operator groups: whom to ask about sites, for the owner's side alone, under a name
 * that stays as long as sites go by it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kontor/v1/configuration_service.pb-c.h"
#include "proto/reason.h"
#include "tests/server/ground.h"

typedef Kontor__V1__OperatorGroup Operators;

static Operators *
operators(struct ground *ground, const char *id, const char *name)
{
    Operators *group = arena_alloc(ground->h->arena, sizeof *group);
    kontor__v1__operator_group__init(group);
    group->id = (char *)(uintptr_t)id;
    group->name = (char *)(uintptr_t)name;
    return group;
}

static void
add_contact(struct ground *ground, Operators *group, const char *role,
            const char *email)
{
    static Kontor__V1__RoleContact rows[40];
    static Kontor__V1__RoleContact *contacts[40];
    assert_true(group->n_contacts < 40);
    Kontor__V1__RoleContact *row = &rows[group->n_contacts];
    kontor__v1__role_contact__init(row);
    row->role = (char *)(uintptr_t)role;
    row->contact = arena_alloc(ground->h->arena, sizeof *row->contact);
    kontor__v1__contact__init(row->contact);
    row->contact->email = (char *)(uintptr_t)email;
    contacts[group->n_contacts++] = row;
    group->contacts = contacts;
}

static enum status
create(struct ground *ground, const struct principal *who, Operators *group,
       struct error *error)
{
    Kontor__V1__CreateOperatorGroupRequest request =
        KONTOR__V1__CREATE_OPERATOR_GROUP_REQUEST__INIT;
    request.operator_group = group;
    return harness_call(ground->h, who, GROUND_CALL("CreateOperatorGroup"), &request,
                        NULL, error);
}

static enum status
update(struct ground *ground, const struct principal *who, Operators *group,
       struct error *error)
{
    Kontor__V1__UpdateOperatorGroupRequest request =
        KONTOR__V1__UPDATE_OPERATOR_GROUP_REQUEST__INIT;
    request.operator_group = group;
    return harness_call(ground->h, who, GROUND_CALL("UpdateOperatorGroup"), &request,
                        NULL, error);
}

static enum status
drop(struct ground *ground, const struct principal *who, const char *id,
     struct error *error)
{
    Kontor__V1__DeleteOperatorGroupRequest request =
        KONTOR__V1__DELETE_OPERATOR_GROUP_REQUEST__INIT;
    request.id = (char *)(uintptr_t)id;
    return harness_call(ground->h, who, GROUND_CALL("DeleteOperatorGroup"), &request,
                        NULL, error);
}

static Operators *
get(struct ground *ground, const struct principal *who, const char *id)
{
    Kontor__V1__GetOperatorGroupRequest request =
        KONTOR__V1__GET_OPERATOR_GROUP_REQUEST__INIT;
    Operators *reply = NULL;
    request.id = (char *)(uintptr_t)id;
    assert_int_equal(harness_call(ground->h, who, GROUND_CALL("GetOperatorGroup"),
                                  &request, (void **)&reply, NULL),
                     STATUS_OK);
    return reply;
}

static void
test_whom_to_ask_is_the_owners_to_know(void **state)
{
    struct ground *ground = *state;
    Operators *group = operators(ground, "coast/north", "NGI_NORTH");
    add_contact(ground, group, "general", "office@north.example");
    add_contact(ground, group, "security", "cert@north.example");
    assert_int_equal(create(ground, ground->admin, group, NULL), STATUS_OK);
    const Operators *own = get(ground, ground->admin, "coast/north");
    assert_int_equal(own->n_contacts, 2);
    assert_string_equal(own->contacts[1]->role, "security");
    assert_string_equal(own->contacts[1]->contact->email, "cert@north.example");
    const Operators *seen = get(ground, ground->stranger, "coast/north");
    assert_string_equal(seen->name, "NGI_NORTH");
    assert_int_equal(seen->n_contacts, 0);
}

static void
test_a_contact_says_what_for(void **state)
{
    struct ground *ground = *state;
    struct error error;
    Operators *group = operators(ground, "coast/north", "NGI_NORTH");
    add_contact(ground, group, "", "office@north.example");
    assert_int_equal(create(ground, ground->admin, group, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "operator_group.contacts[0].role"));
    group->n_contacts = 0;
    add_contact(ground, group, "general", "nobody");
    assert_int_equal(create(ground, ground->admin, group, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "operator_group.contacts[0].contact.email"));
    group->n_contacts = 0;
    for (int i = 0; i < 33; i++) {
        add_contact(ground, group, "general", "office@north.example");
    }
    assert_int_equal(create(ground, ground->admin, group, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "operator_group.contacts"));
}

static void
test_a_name_is_there_once_in_a_registry_and_stays(void **state)
{
    struct ground *ground = *state;
    struct error error;
    assert_int_equal(
        create(ground, ground->admin, operators(ground, "coast/a", "NGI_A"), NULL),
        STATUS_OK);
    assert_int_equal(
        create(ground, ground->admin, operators(ground, "coast/b", "ngi_a"), &error),
        STATUS_ALREADY_EXISTS);
    assert_int_equal(error.reason, REASON_NAME_TAKEN);
    assert_int_equal(
        create(ground, ground->stranger, operators(ground, "hills/a", "NGI_A"), NULL),
        STATUS_OK);
    assert_int_equal(
        create(ground, ground->stranger, operators(ground, "coast/c", "NGI_C"), &error),
        STATUS_PERMISSION_DENIED);
    Kontor__V1__Site *site = ground_site(ground->h, "coast/s", "North");
    site->operator_group = "NGI_A";
    assert_int_equal(ground_create_site(ground, ground->admin, site, NULL), STATUS_OK);
    Operators *other = operators(ground, "coast/a", "NGI_Z");
    assert_int_equal(update(ground, ground->admin, other, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "operator_group.name") ||
                harness_has_fault(&error, "name"));
    other->name = "NGI_A";
    other->description = "All of the north.";
    assert_int_equal(update(ground, ground->stranger, other, &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(update(ground, ground->admin, other, NULL), STATUS_OK);
    assert_string_equal(get(ground, ground->admin, "coast/a")->description,
                        "All of the north.");
    /* Without a site it may be called otherwise, and its name is free. */
    Kontor__V1__DeleteSiteRequest request = KONTOR__V1__DELETE_SITE_REQUEST__INIT;
    request.id = "coast/s";
    assert_int_equal(harness_call(ground->h, ground->admin, GROUND_CALL("DeleteSite"),
                                  &request, NULL, NULL),
                     STATUS_OK);
    other->name = "NGI_Z";
    assert_int_equal(update(ground, ground->admin, other, NULL), STATUS_OK);
    assert_int_equal(
        create(ground, ground->admin, operators(ground, "coast/d", "NGI_A"), NULL),
        STATUS_OK);
    assert_int_equal(
        create(ground, ground->admin, operators(ground, "coast/e", "NGI_Z"), &error),
        STATUS_ALREADY_EXISTS);
}

/* Sites of another registry that name one of its own do not hold it. */
static void
test_one_that_a_site_belongs_to_is_not_deleted(void **state)
{
    struct ground *ground = *state;
    struct error error;
    Kontor__V1__DeleteSiteRequest request = KONTOR__V1__DELETE_SITE_REQUEST__INIT;
    for (int i = 0; i < 2; i++) {
        const char *id = i == 0 ? "coast/s" : "hills/s";
        Kontor__V1__Site *site = ground_site(ground->h, id, "North");
        site->operator_group = "NGI_A";
        assert_int_equal(ground_create_site(ground,
                                            i == 0 ? ground->admin : ground->stranger,
                                            site, NULL),
                         STATUS_OK);
    }
    assert_int_equal(
        create(ground, ground->admin, operators(ground, "coast/a", "NGI_A"), NULL),
        STATUS_OK);
    assert_int_equal(drop(ground, ground->admin, "coast/a", &error),
                     STATUS_FAILED_PRECONDITION);
    assert_int_equal(error.reason, REASON_IN_USE);
    assert_non_null(strstr(error.message, "coast/s"));
    request.id = "coast/s";
    assert_int_equal(harness_call(ground->h, ground->admin, GROUND_CALL("DeleteSite"),
                                  &request, NULL, NULL),
                     STATUS_OK);
    assert_int_equal(drop(ground, ground->stranger, "coast/a", &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(drop(ground, ground->admin, "coast/a", NULL), STATUS_OK);
    /* Its name is free again. */
    assert_int_equal(
        create(ground, ground->admin, operators(ground, "coast/b", "NGI_A"), NULL),
        STATUS_OK);
}

#define GROUND_TEST(name)                                                              \
    cmocka_unit_test_setup_teardown(name, ground_setup, ground_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        GROUND_TEST(test_whom_to_ask_is_the_owners_to_know),
        GROUND_TEST(test_a_contact_says_what_for),
        GROUND_TEST(test_a_name_is_there_once_in_a_registry_and_stays),
        GROUND_TEST(test_one_that_a_site_belongs_to_is_not_deleted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
