/* What differs between revisions of a service, as far as the caller sees both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/display.h"

static void
expect_change(const Kontor__V1__DiffServiceResponse *reply, const char *path,
              const char *before, const char *after)
{
    for (size_t i = 0; i < reply->n_changes; i++) {
        const Kontor__V1__FieldChange *change = reply->changes[i];
        if (strcmp(change->path, path) == 0 && strcmp(change->before, before) == 0 &&
            strcmp(change->after, after) == 0) {
            return;
        }
    }
    fail_msg("no change of %s from \"%s\" to \"%s\"", path, before, after);
}

static Kontor__V1__DiffServiceResponse *
diff(struct shelf *shelf, const struct principal *who, int64_t from, int64_t to)
{
    Kontor__V1__DiffServiceRequest request = KONTOR__V1__DIFF_SERVICE_REQUEST__INIT;
    Kontor__V1__DiffServiceResponse *reply = NULL;
    request.id = "coast/a";
    request.from = from;
    request.to = to;
    assert_int_equal(harness_call(shelf->h, who, SHELF_CALL("DiffService"), &request,
                                  (void **)&reply, NULL),
                     STATUS_OK);
    return reply;
}

static void
test_two_revisions_differ_field_by_field(void **state)
{
    struct shelf *shelf = *state;
    static char *two[] = {"a term", "another"};
    Kontor__V1__Service *service = display_whole(shelf, "coast/a");
    service->phase = P(PRE_PRODUCTION);
    Kontor__V1__Offer *one = shelf_offer(shelf->h, service, "one");
    shelf_make_integer(shelf->h, shelf_parameter(shelf->h, one, "gpus"));
    shelf_offer(shelf->h, service, "gone");
    int64_t first = shelf_created(shelf, service)->revision;
    service->tagline = "Better";
    service->release = "2";
    service->logo = "x.svg";
    service->categories = two;
    service->n_categories = 2;
    one->parameters[0]->label = "How many";
    one->parameters[0]->integer->maximum = 16;
    service->offers[1] = one;
    service->offers[0] = shelf_offer(shelf->h, service, "new");
    service->offers[0] = service->offers[2];
    service->n_offers = 2;
    service->security_contact_email = "other@example.org";
    Kontor__V1__Service *reply = NULL;
    assert_int_equal(shelf_update_service(shelf->h, shelf->admin, service,
                                          shelf_mask(shelf->h, "*", NULL), &reply,
                                          NULL),
                     STATUS_OK);
    Kontor__V1__DiffServiceResponse *found = diff(shelf, shelf->admin, first, 0);
    assert_int_equal(found->from, first);
    assert_int_equal(found->to, reply->revision);
    expect_change(found, "tagline", "W is for whole", "Better");
    expect_change(found, "release", "", "2");
    expect_change(found, "categories", "", "another");
    expect_change(found, "offers[one].parameters[gpus].label", "A label", "How many");
    expect_change(found, "offers[one].parameters[gpus].integer.maximum", "8", "16");
    expect_change(found, "offers[one].rev", "1", "2");
    expect_change(found, "security_contact_email", "security@example.org",
                  "other@example.org");
    size_t n_added = 0;
    size_t n_removed = 0;
    for (size_t i = 0; i < found->n_changes; i++) {
        n_added += strcmp(found->changes[i]->path, "offers[new]") == 0 &&
                   found->changes[i]->kind == KONTOR__V1__FIELD_CHANGE__KIND__ADDED;
        n_removed += strcmp(found->changes[i]->path, "offers[gone]") == 0 &&
                     found->changes[i]->kind == KONTOR__V1__FIELD_CHANGE__KIND__REMOVED;
    }
    assert_int_equal(n_added, 1);
    assert_int_equal(n_removed, 1);
    /* A revision does not differ from itself, nor a list in another order. */
    assert_int_equal(diff(shelf, shelf->admin, first, first)->n_changes, 0);
    two[0] = "another";
    two[1] = "a term";
    int64_t second = reply->revision;
    reply->categories = two;
    assert_int_equal(shelf_update_service(shelf->h, shelf->admin, reply,
                                          shelf_mask(shelf->h, "categories", NULL),
                                          &reply, NULL),
                     STATUS_OK);
    assert_true(reply->revision > second);
    assert_int_equal(diff(shelf, shelf->admin, second, 0)->n_changes, 0);
    /* What a caller does not see does not differ for it: that contact, and the list of
     * offers that were taken out. */
    Kontor__V1__DiffServiceResponse *seen = diff(shelf, shelf->stranger, first, 0);
    expect_change(found, "past_offers", "", "gone");
    assert_int_equal(seen->n_changes, found->n_changes - 2);
}

/* Messages without a name are compared whole, and one of a kind is one. */
static void
test_contacts_that_come_and_go_are_told(void **state)
{
    struct shelf *shelf = *state;
    Kontor__V1__Contact people[3];
    Kontor__V1__Contact *before[] = {&people[0], &people[1], &people[1]};
    Kontor__V1__Contact *after[] = {&people[1], &people[2]};
    Kontor__V1__Service *service = display_whole(shelf, "coast/a");
    for (size_t i = 0; i < 3; i++) {
        kontor__v1__contact__init(&people[i]);
        people[i].email = arena_print(shelf->h->arena, "desk%zu@example.org", i);
    }
    service->public_contacts = before;
    service->n_public_contacts = 3;
    int64_t first = shelf_created(shelf, service)->revision;
    service->public_contacts = after;
    service->n_public_contacts = 2;
    assert_int_equal(shelf_update_service(shelf->h, shelf->admin, service,
                                          shelf_mask(shelf->h, "public_contacts", NULL),
                                          NULL, NULL),
                     STATUS_OK);
    Kontor__V1__DiffServiceResponse *found = diff(shelf, shelf->admin, first, 0);
    assert_int_equal(found->n_changes, 3);
    expect_change(found, "public_contacts", "{\"email\":\"desk0@example.org\"}", "");
    expect_change(found, "public_contacts", "{\"email\":\"desk1@example.org\"}", "");
    expect_change(found, "public_contacts", "", "{\"email\":\"desk2@example.org\"}");
}

/* One id may stand in several schemes, so it is no name. */
static void
test_foreign_ids_differ_by_their_schemes(void **state)
{
    struct shelf *shelf = *state;
    Kontor__V1__ForeignId ids[2];
    Kontor__V1__ForeignId *rows[] = {&ids[0], &ids[1]};
    static char *const schemes[] = {"PID", "DOI"};
    Kontor__V1__Service *service = display_whole(shelf, "coast/a");
    for (size_t i = 0; i < 2; i++) {
        kontor__v1__foreign_id__init(&ids[i]);
        ids[i].scheme = schemes[i];
        ids[i].id = "1";
    }
    service->alternative_ids = rows;
    service->n_alternative_ids = 1;
    int64_t first = shelf_created(shelf, service)->revision;
    service->n_alternative_ids = 2;
    assert_int_equal(shelf_update_service(shelf->h, shelf->admin, service,
                                          shelf_mask(shelf->h, "alternative_ids", NULL),
                                          NULL, NULL),
                     STATUS_OK);
    int64_t second = display_get(shelf, "coast/a")->revision;
    Kontor__V1__DiffServiceResponse *found = diff(shelf, shelf->admin, first, second);
    assert_int_equal(found->n_changes, 1);
    expect_change(found, "alternative_ids", "", "{\"scheme\":\"DOI\",\"id\":\"1\"}");
    found = diff(shelf, shelf->admin, second, first);
    assert_int_equal(found->n_changes, 1);
    expect_change(found, "alternative_ids", "{\"scheme\":\"DOI\",\"id\":\"1\"}", "");
}

/* Who sees one of the two in full only is told what both show: what it did not see
 * before has not come. */
static void
test_what_is_seen_of_one_side_only_does_not_differ(void **state)
{
    struct shelf *shelf = *state;
    const struct principal *other = harness_principal(
        shelf->h, "coast/other", ROLE_BIT(OPERATOR), "p:coast/other", NULL);
    assert_int_equal(shelf_create_provider(shelf->h, shelf->admin,
                                           shelf_provider(shelf->h, "coast/other"),
                                           NULL, NULL),
                     STATUS_OK);
    display_put(shelf, "coast/a", P(PRE_PRODUCTION));
    int64_t first = display_get(shelf, "coast/a")->revision;
    Kontor__V1__Service *service = display_whole(shelf, "coast/a");
    service->provider = "coast/other";
    assert_int_equal(shelf_update_service(shelf->h, shelf->admin, service,
                                          shelf_mask(shelf->h, "provider", NULL), NULL,
                                          NULL),
                     STATUS_OK);
    Kontor__V1__DiffServiceResponse *found = diff(shelf, other, first, 0);
    assert_int_equal(found->n_changes, 1);
    expect_change(found, "provider", "coast/hpc", "coast/other");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shelf_setup, shelf_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_two_revisions_differ_field_by_field),
        TEST(test_contacts_that_come_and_go_are_told),
        TEST(test_foreign_ids_differ_by_their_schemes),
        TEST(test_what_is_seen_of_one_side_only_does_not_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
