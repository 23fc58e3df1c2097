/* Groups: what may be in them, never themselves, what they are called; and deleting
 * sites, endpoints and groups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/ground.h"

static Kontor__V1__Group *
group_new(struct ground *ground, const char *id, const char *name)
{
    Kontor__V1__Group *group = arena_alloc(ground->h->arena, sizeof(*group));
    Kontor__V1__Contact *contact = arena_alloc(ground->h->arena, sizeof(*contact));
    kontor__v1__group__init(group);
    kontor__v1__contact__init(contact);
    contact->email = "desk@example.org";
    group->id = (char *)id;
    group->name = (char *)name;
    group->contact = contact;
    return group;
}

static char **
one(struct ground *ground, const char *id)
{
    char **ids = arena_alloc(ground->h->arena, sizeof(*ids));
    ids[0] = (char *)id;
    return ids;
}

static enum status
create(struct ground *ground, Kontor__V1__Group *group, struct error *error)
{
    Kontor__V1__CreateGroupRequest request = KONTOR__V1__CREATE_GROUP_REQUEST__INIT;
    request.group = group;
    return harness_call(ground->h, ground->admin, GROUND_CALL("CreateGroup"), &request,
                        NULL, error);
}

static enum status
update(struct ground *ground, Kontor__V1__Group *group, struct error *error)
{
    Kontor__V1__UpdateGroupRequest request = KONTOR__V1__UPDATE_GROUP_REQUEST__INIT;
    request.group = group;
    return harness_call(ground->h, ground->admin, GROUND_CALL("UpdateGroup"), &request,
                        NULL, error);
}

/* DeleteSite, DeleteEndpoint and DeleteGroup have one form. */
static enum status delete (struct ground *ground, const struct principal *who,
                           const char *path, const char *id, struct error *error) {
    Kontor__V1__DeleteGroupRequest request = KONTOR__V1__DELETE_GROUP_REQUEST__INIT;
    request.id = (char *)id;
    request.base.descriptor = harness_row(ground->h, path)->request;
    return harness_call(ground->h, who, path, &request, NULL, error);
}

static void
furnish(struct ground *ground)
{
    assert_int_equal(ground_create_site(ground, ground->admin,
                                        ground_site(ground->h, "coast/s", "South"),
                                        NULL),
                     STATUS_OK);
    assert_int_equal(ground_create_site(ground, ground->stranger,
                                        ground_site(ground->h, "hills/s", "Hill"),
                                        NULL),
                     STATUS_OK);
    assert_int_equal(ground_create_endpoint(
                         ground, ground->admin,
                         ground_endpoint(ground->h, "coast/e", "coast/s", "h", "CE"),
                         NULL),
                     STATUS_OK);
}

static void
test_a_group_reaches_over_registries(void **state)
{
    struct ground *ground = *state;
    Kontor__V1__GetGroupRequest request = KONTOR__V1__GET_GROUP_REQUEST__INIT;
    Kontor__V1__Group *seen = NULL;
    struct error error;
    furnish(ground);
    Kontor__V1__Group *group = group_new(ground, "coast/g", "All");
    group->endpoints = one(ground, "coast/e");
    group->n_endpoints = 1;
    group->sites = one(ground, "hills/s");
    group->n_sites = 1;
    assert_int_equal(create(ground, group, &error), STATUS_OK);
    request.id = "coast/g";
    assert_int_equal(harness_call(ground->h, ground->stranger, GROUND_CALL("GetGroup"),
                                  &request, (void **)&seen, NULL),
                     STATUS_OK);
    assert_string_equal(seen->sites[0], "hills/s");
    assert_null(seen->contact);
}

static void
test_what_is_not_there_is_not_put_in(void **state)
{
    struct ground *ground = *state;
    struct error error;
    furnish(ground);
    Kontor__V1__Group *group = group_new(ground, "coast/g", "All");
    group->endpoints = one(ground, "coast/none");
    group->n_endpoints = 1;
    group->groups = one(ground, "coast/none");
    group->n_groups = 1;
    assert_int_equal(create(ground, group, &error), STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "group.endpoints[0]"));
    assert_true(harness_has_fault(&error, "group.groups[0]"));
    /* What was there once may stay. */
    group->n_groups = 0;
    group->endpoints = one(ground, "coast/e");
    assert_int_equal(create(ground, group, &error), STATUS_OK);
    assert_int_equal(delete (ground, ground->admin, GROUND_CALL("DeleteEndpoint"),
                             "coast/e", &error),
                     STATUS_OK);
    group->description = "Still";
    assert_int_equal(update(ground, group, &error), STATUS_OK);
}

static char **
many(struct ground *ground, const char *stem, int n)
{
    char **ids = arena_alloc(ground->h->arena, (size_t)n * sizeof(*ids));
    for (int i = 0; i < n; i++) {
        ids[i] = arena_print(ground->h->arena, "coast/%s-%d", stem, i);
    }
    return ids;
}

static void
test_a_group_holds_as_much_as_the_contract_says(void **state)
{
    enum { N_ENDPOINTS = 1024, N_GROUPS = 256 };
    struct ground *ground = *state;
    struct error error;
    furnish(ground);
    Kontor__V1__Group *group = group_new(ground, "coast/g", "All");
    group->endpoints = many(ground, "m", N_ENDPOINTS);
    group->n_endpoints = N_ENDPOINTS;
    group->groups = many(ground, "within", N_GROUPS);
    group->n_groups = N_GROUPS;
    for (int i = 0; i < N_ENDPOINTS; i++) {
        assert_int_equal(
            ground_create_endpoint(
                ground, ground->admin,
                ground_endpoint(ground->h, group->endpoints[i], "coast/s", "h", "CE"),
                NULL),
            STATUS_OK);
    }
    for (int i = 0; i < N_GROUPS; i++) {
        assert_int_equal(
            create(ground, group_new(ground, group->groups[i], group->groups[i]), NULL),
            STATUS_OK);
    }
    assert_int_equal(create(ground, group, &error), STATUS_OK);
    /* One more below, and it is too many. */
    Kontor__V1__Group *deep = group_new(ground, "coast/deep", "Deep");
    assert_int_equal(create(ground, deep, NULL), STATUS_OK);
    Kontor__V1__Group *last = group_new(ground, group->groups[N_GROUPS - 1], "Last");
    last->groups = one(ground, "coast/deep");
    last->n_groups = 1;
    assert_int_equal(update(ground, last, NULL), STATUS_OK);
    group->description = "More";
    assert_int_equal(update(ground, group, &error), STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "group.groups"));
}

static void
test_no_group_is_within_itself(void **state)
{
    enum { DEEP = 6 };
    struct ground *ground = *state;
    struct error error;
    for (int i = 0; i < DEEP; i++) {
        const char *id = arena_print(ground->h->arena, "coast/g%d", i);
        Kontor__V1__Group *group =
            group_new(ground, id, arena_print(ground->h->arena, "Group %d", i));
        if (i > 0) {
            group->groups =
                one(ground, arena_print(ground->h->arena, "coast/g%d", i - 1));
            group->n_groups = 1;
        }
        assert_int_equal(create(ground, group, &error), STATUS_OK);
    }
    for (int i = 0; i < DEEP; i++) {
        Kontor__V1__Group *first = group_new(ground, "coast/g0", "Group 0");
        first->groups = one(ground, arena_print(ground->h->arena, "coast/g%d", i));
        first->n_groups = 1;
        assert_int_equal(update(ground, first, &error), STATUS_INVALID_ARGUMENT);
        assert_true(harness_has_fault(&error, "group.groups"));
    }
}

static void
test_a_name_is_taken_once_and_given_back(void **state)
{
    struct ground *ground = *state;
    struct error error;
    assert_int_equal(create(ground, group_new(ground, "coast/a", "Grid"), &error),
                     STATUS_OK);
    assert_int_equal(create(ground, group_new(ground, "coast/b", "GRID"), &error),
                     STATUS_ALREADY_EXISTS);
    assert_int_equal(error.reason, REASON_NAME_TAKEN);
    /* A site is another thing. */
    assert_int_equal(ground_create_site(ground, ground->admin,
                                        ground_site(ground->h, "coast/s", "Grid"),
                                        &error),
                     STATUS_OK);
    assert_int_equal(
        delete (ground, ground->admin, GROUND_CALL("DeleteGroup"), "coast/a", &error),
        STATUS_OK);
    assert_int_equal(create(ground, group_new(ground, "coast/b", "GRID"), &error),
                     STATUS_OK);
}

static void
test_what_is_needed_is_not_deleted(void **state)
{
    struct ground *ground = *state;
    struct error error;
    furnish(ground);
    static const char *const paths[] = {GROUND_CALL("DeleteSite"),
                                        GROUND_CALL("DeleteEndpoint")};
    static const char *const ids[] = {"coast/s", "coast/e"};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(delete (ground, ground->stranger, paths[i], ids[i], &error),
                         STATUS_PERMISSION_DENIED);
        assert_int_equal(delete (ground, ground->admin, paths[i], "coast/no", &error),
                         STATUS_NOT_FOUND);
    }
    assert_int_equal(delete (ground, ground->admin, paths[0], "coast/s", &error),
                     STATUS_FAILED_PRECONDITION);
    assert_int_equal(error.reason, REASON_IN_USE);
    assert_string_equal(harness_value(&error, "endpoint"), "coast/e");
    /* It carries what its registry delivers, to whomever; others cannot hold it. */
    Kontor__V1__Instance instance = KONTOR__V1__INSTANCE__INIT;
    harness_seed(ground->h, KIND_INSTANCE, "hills/o-2/vm", &instance.base, "=r:hills",
                 "~e:coast/e", NULL);
    harness_seed(ground->h, KIND_INSTANCE, "hills/o-1/vm", &instance.base, "=r:hills",
                 "=r:coast", "~e:coast/e", NULL);
    assert_int_equal(delete (ground, ground->admin, paths[1], "coast/e", &error),
                     STATUS_FAILED_PRECONDITION);
    assert_int_equal(error.reason, REASON_IN_USE);
    harness_remove(ground->h, KIND_INSTANCE, "hills/o-1/vm");
    for (size_t i = 2; i > 0; i--) {
        assert_int_equal(
            delete (ground, ground->admin, paths[i - 1], ids[i - 1], &error),
            STATUS_OK);
    }
    /* Its name is free again. */
    assert_int_equal(ground_create_site(ground, ground->admin,
                                        ground_site(ground->h, "coast/t", "South"),
                                        &error),
                     STATUS_OK);
}

/* What others declare holds nobody. */
static void
test_a_group_that_is_hit_is_not_deleted(void **state)
{
    struct ground *ground = *state;
    struct error error;
    Kontor__V1__CancelDowntimeRequest cancel =
        KONTOR__V1__CANCEL_DOWNTIME_REQUEST__INIT;
    furnish(ground);
    Kontor__V1__Group *group = group_new(ground, "coast/g", "All");
    assert_int_equal(create(ground, group, &error), STATUS_OK);
    for (int i = 0; i < 2; i++) {
        Kontor__V1__Downtime *downtime =
            ground_downtime(ground->h, i == 0 ? "coast/d" : "hills/d", GROUND_HOUR_MS,
                            2 * GROUND_HOUR_MS);
        downtime->groups = one(ground, "coast/g");
        downtime->n_groups = 1;
        assert_int_equal(ground_declare(ground,
                                        i == 0 ? ground->admin : ground->stranger,
                                        downtime, NULL, &error),
                         STATUS_OK);
    }
    assert_int_equal(
        delete (ground, ground->admin, GROUND_CALL("DeleteGroup"), "coast/g", &error),
        STATUS_FAILED_PRECONDITION);
    assert_int_equal(error.reason, REASON_IN_USE);
    assert_non_null(strstr(error.message, "coast/d"));
    cancel.id = "coast/d";
    cancel.reason = "not needed";
    assert_int_equal(harness_call(ground->h, ground->admin,
                                  GROUND_CALL("CancelDowntime"), &cancel, NULL, NULL),
                     STATUS_OK);
    assert_int_equal(
        delete (ground, ground->admin, GROUND_CALL("DeleteGroup"), "coast/g", &error),
        STATUS_OK);
}

/* Of both at once at most one comes true, whichever is first. */
static void
test_a_group_is_not_hit_and_deleted_at_once(void **state)
{
    enum { N_ROUNDS = 200 };
    struct ground *ground = *state;
    int n_hit = 0, n_deleted = 0;
    furnish(ground);
    for (int i = 0; i < N_ROUNDS; i++) {
        Kontor__V1__DeclareDowntimeRequest declare =
            KONTOR__V1__DECLARE_DOWNTIME_REQUEST__INIT;
        Kontor__V1__DeleteGroupRequest request = KONTOR__V1__DELETE_GROUP_REQUEST__INIT;
        const char *id = arena_print(ground->h->arena, "coast/g%d", i);
        assert_int_equal(create(ground, group_new(ground, id, id), NULL), STATUS_OK);
        declare.downtime =
            ground_downtime(ground->h, arena_print(ground->h->arena, "coast/d%d", i),
                            GROUND_HOUR_MS, 2 * GROUND_HOUR_MS);
        declare.downtime->groups = one(ground, id);
        declare.downtime->n_groups = 1;
        request.id = (char *)(uintptr_t)id;
        struct harness_call *calls[2];
        for (int j = 0; j < 2; j++) {
            bool is_delete = (i + j) % 2 == 0;
            calls[j] = is_delete
                           ? harness_start(ground->h, ground->admin,
                                           GROUND_CALL("DeleteGroup"), &request)
                           : harness_start(ground->h, ground->admin,
                                           GROUND_CALL("DeclareDowntime"), &declare);
        }
        bool is_first = harness_wait(ground->h, calls[0], NULL, NULL) == STATUS_OK;
        bool is_second = harness_wait(ground->h, calls[1], NULL, NULL) == STATUS_OK;
        assert_true(is_first != is_second);
        n_deleted += i % 2 == 0 ? is_first : is_second;
        n_hit += i % 2 == 0 ? is_second : is_first;
    }
    assert_int_equal(n_hit + n_deleted, N_ROUNDS);
    print_message("%d hit, %d deleted\n", n_hit, n_deleted);
}

#define GROUND_TEST(name)                                                              \
    cmocka_unit_test_setup_teardown(name, ground_setup, ground_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        GROUND_TEST(test_a_group_reaches_over_registries),
        GROUND_TEST(test_what_is_not_there_is_not_put_in),
        GROUND_TEST(test_a_group_holds_as_much_as_the_contract_says),
        GROUND_TEST(test_no_group_is_within_itself),
        GROUND_TEST(test_a_name_is_taken_once_and_given_back),
        GROUND_TEST(test_what_is_needed_is_not_deleted),
        GROUND_TEST(test_a_group_is_not_hit_and_deleted_at_once),
        GROUND_TEST(test_a_group_that_is_hit_is_not_deleted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
