/* Bundles: what a bundle may say, everything that keeps offers of one apart, and orders
 * of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "catalogue/bundle_form.h"
#include "kontor/v1/configuration.pb-c.h"
#include "tests/server/desk.h"

#define C(name) KONTOR__V1__BUNDLE_CONFLICT__KIND__##name
#define MAIN OFFER_OPEN
#define SECOND OFFER_BASIC
#define THIRD "alpine/notebooks/broker"

/* ---- Stage ---- */

static Kontor__V1__BundleOffer *
part(struct desk *desk, const char *offer, bool is_optional)
{
    Kontor__V1__BundleOffer *made = arena_alloc(desk->h->arena, sizeof(*made));
    kontor__v1__bundle_offer__init(made);
    made->offer = arena_copy(desk->h->arena, offer);
    made->is_optional = is_optional;
    return made;
}

/* The main offer, one that must be taken, and one that may. */
static Kontor__V1__Bundle *
bundle(struct desk *desk)
{
    Kontor__V1__Bundle *made = arena_alloc(desk->h->arena, sizeof(*made));
    kontor__v1__bundle__init(made);
    made->id = "alpine/kit";
    made->provider = "alpine/hpc";
    made->name = "Kit";
    made->main_offer = MAIN;
    made->is_published = true;
    made->offers = arena_alloc(desk->h->arena, 32 * sizeof(*made->offers));
    made->offers[made->n_offers++] = part(desk, SECOND, false);
    made->offers[made->n_offers++] = part(desk, THIRD, true);
    made->rules = arena_alloc(desk->h->arena, 8 * sizeof(*made->rules));
    return made;
}

static Kontor__V1__BundleRule *
rule(struct desk *desk, Kontor__V1__Bundle *bundle)
{
    Kontor__V1__BundleRule *made = arena_alloc(desk->h->arena, sizeof(*made));
    kontor__v1__bundle_rule__init(made);
    bundle->rules[bundle->n_rules++] = made;
    return made;
}

#define RULE(made, field_, case_, type)                                                \
    do {                                                                               \
        (made)->field_ = arena_alloc(desk->h->arena, sizeof(*(made)->field_));         \
        kontor__v1__##type##__init((made)->field_);                                    \
        (made)->rule_case = KONTOR__V1__BUNDLE_RULE__RULE_##case_;                     \
    } while (0)

static void
add_requires(struct desk *desk, Kontor__V1__Bundle *bundle, const char *offer,
             const char *needs)
{
    Kontor__V1__BundleRule *made = rule(desk, bundle);
    RULE(made, requires, REQUIRES, bundle_requires);
    made->requires->offer = (char *)(uintptr_t)offer;
    made->requires->needs = (char *)(uintptr_t)needs;
}

static void
add_excludes(struct desk *desk, Kontor__V1__Bundle *bundle, const char *one,
             const char *other)
{
    Kontor__V1__BundleRule *made = rule(desk, bundle);
    RULE(made, excludes, EXCLUDES, bundle_excludes);
    made->excludes->one = (char *)(uintptr_t)one;
    made->excludes->other = (char *)(uintptr_t)other;
}

static void
add_same_site(struct desk *desk, Kontor__V1__Bundle *bundle, char **offers, size_t n)
{
    Kontor__V1__BundleRule *made = rule(desk, bundle);
    RULE(made, same_site, SAME_SITE, bundle_same_site);
    made->same_site->offers = offers;
    made->same_site->n_offers = n;
}

static void
add_range(struct desk *desk, Kontor__V1__Bundle *bundle, const char *offer,
          const char *at_least, const char *below)
{
    Kontor__V1__BundleRule *made = rule(desk, bundle);
    RULE(made, version_range, VERSION_RANGE, bundle_version_range);
    made->version_range->offer = (char *)(uintptr_t)offer;
    made->version_range->at_least = (char *)(uintptr_t)at_least;
    made->version_range->below = (char *)(uintptr_t)below;
}

static enum status
create(struct desk *desk, const struct principal *who, Kontor__V1__Bundle *bundle,
       struct error *error)
{
    Kontor__V1__CreateBundleRequest request = KONTOR__V1__CREATE_BUNDLE_REQUEST__INIT;
    request.bundle = bundle;
    return desk_call(desk, who, SHELF_CALL("CreateBundle"), &request, NULL, error);
}

static Kontor__V1__CheckBundleResponse *
check(struct desk *desk, Kontor__V1__Bundle *bundle, char **offers, size_t n_offers)
{
    Kontor__V1__CheckBundleRequest request = KONTOR__V1__CHECK_BUNDLE_REQUEST__INIT;
    Kontor__V1__CheckBundleResponse *reply = NULL;
    request.what_case = KONTOR__V1__CHECK_BUNDLE_REQUEST__WHAT_BUNDLE;
    request.bundle = bundle;
    request.offers = offers;
    request.n_offers = n_offers;
    assert_int_equal(desk_call(desk, desk->portal, SHELF_CALL("CheckBundle"), &request,
                               &reply, NULL),
                     STATUS_OK);
    assert_int_equal(reply->is_orderable, reply->n_conflicts == 0);
    return reply;
}

static void
expect_one(const Kontor__V1__CheckBundleResponse *reply,
           Kontor__V1__BundleConflict__Kind kind, int rule, const char *text)
{
    assert_int_equal(reply->n_conflicts, 1);
    assert_int_equal(reply->conflicts[0]->kind, kind);
    assert_int_equal(reply->conflicts[0]->rule, rule);
    assert_true(reply->conflicts[0]->n_offers > 0);
    if (strstr(reply->conflicts[0]->text, text) == NULL) {
        fail_msg("%s", reply->conflicts[0]->text);
    }
}

/* ---- Releases ---- */

static void
test_releases_are_compared_by_their_numbers(void **state)
{
    static const char *const rising[] = {
        "",       "1",     "1.0",     "1.2",     "1.9", "1.10",
        "1.10.1", "1.10a", "2.0-rc1", "2.0-rc2", "10",  "99999999999999999999999",
        "a",      "b"};
    (void)state;
    for (size_t i = 0; i < sizeof rising / sizeof rising[0]; i++) {
        for (size_t k = 0; k < sizeof rising / sizeof rising[0]; k++) {
            int order = bundle_form_compare(rising[i], rising[k]);
            if ((order < 0) != (i < k) || (order > 0) != (i > k)) {
                fail_msg("\"%s\" and \"%s\": %d", rising[i], rising[k], order);
            }
        }
    }
    assert_int_equal(bundle_form_compare("1.02", "1.2"), 0);
}

/* ---- Writing ---- */

static void
test_a_bundle_is_read_by_all_once_it_is_published(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__GetBundleRequest request = KONTOR__V1__GET_BUNDLE_REQUEST__INIT;
    Kontor__V1__UpdateBundleRequest update = KONTOR__V1__UPDATE_BUNDLE_REQUEST__INIT;
    Kontor__V1__Bundle *made = bundle(desk);
    struct error error;
    made->is_published = false;
    assert_int_equal(create(desk, desk->operator, made, &error), STATUS_OK);
    request.id = made->id;
    assert_int_equal(
        desk_call(desk, desk->portal, SHELF_CALL("GetBundle"), &request, NULL, &error),
        STATUS_NOT_FOUND);
    made->is_published = true;
    update.bundle = made;
    update.update_mask = shelf_mask(desk->h, "is_published", NULL);
    assert_int_equal(desk_call(desk, desk->tape_operator, SHELF_CALL("UpdateBundle"),
                               &update, NULL, &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(desk_call(desk, desk->operator, SHELF_CALL("UpdateBundle"),
                               &update, NULL, &error),
                     STATUS_OK);
    assert_int_equal(
        desk_call(desk, desk->portal, SHELF_CALL("GetBundle"), &request, NULL, &error),
        STATUS_OK);
}

/* Each line changes one thing about a good bundle; what is wrong is told with its
 * place. */
static void
expect_fault(struct desk *desk, Kontor__V1__Bundle *bundle, const char *path)
{
    struct error error = {0};
    assert_int_equal(create(desk, desk->admin, bundle, &error),
                     STATUS_INVALID_ARGUMENT);
    if (!harness_has_fault(&error, path)) {
        fail_msg("no fault at %s: %s", path, error.faults->rows[0].path);
    }
}

static void
test_what_a_bundle_may_not_say(void **state)
{
    struct desk *desk = *state;
    char *one[] = {MAIN};
    char *foreign[] = {MAIN, "alpine/notebooks/none"};
    Kontor__V1__Bundle *made = bundle(desk);
    made->n_offers = 0;
    expect_fault(desk, made, "bundle.offers");
    made = bundle(desk);
    made->offers[made->n_offers++] = part(desk, SECOND, true);
    expect_fault(desk, made, "bundle.offers[2].offer");
    made = bundle(desk);
    made->offers[1]->offer = MAIN;
    expect_fault(desk, made, "bundle.offers[1].offer");
    made = bundle(desk);
    made->provider = "alpine/none";
    expect_fault(desk, made, "bundle.provider");
    made = bundle(desk);
    made->provider = "beta/tape";
    expect_fault(desk, made, "bundle.provider");
    made = bundle(desk);
    add_requires(desk, made, MAIN, "alpine/notebooks/none");
    expect_fault(desk, made, "bundle.rules[0]");
    made = bundle(desk);
    add_excludes(desk, made, SECOND, SECOND);
    expect_fault(desk, made, "bundle.rules[0]");
    made = bundle(desk);
    add_same_site(desk, made, one, 1);
    expect_fault(desk, made, "bundle.rules[0]");
    made = bundle(desk);
    add_same_site(desk, made, foreign, 2);
    expect_fault(desk, made, "bundle.rules[0]");
    made = bundle(desk);
    add_range(desk, made, MAIN, "", "");
    expect_fault(desk, made, "bundle.rules[0]");
    made = bundle(desk);
    add_range(desk, made, MAIN, "2.0", "1.9");
    expect_fault(desk, made, "bundle.rules[0]");
    made = bundle(desk);
    rule(desk, made);
    expect_fault(desk, made, "bundle.rules[0]");
}

/* ---- Checking ---- */

static void
test_a_good_bundle_has_no_conflict(void **state)
{
    struct desk *desk = *state;
    char *third[] = {SECOND, THIRD};
    Kontor__V1__Bundle *made = bundle(desk);
    Kontor__V1__CheckBundleResponse *reply = check(desk, made, NULL, 0);
    assert_true(reply->is_orderable);
    assert_int_equal(reply->n_offers, 2);
    assert_string_equal(reply->offers[0], MAIN);
    assert_string_equal(reply->offers[1], SECOND);
    reply = check(desk, made, third, 2);
    assert_true(reply->is_orderable);
    assert_int_equal(reply->n_offers, 3);
}

static void
test_what_is_left_out_or_foreign_or_gone_is_told(void **state)
{
    struct desk *desk = *state;
    char *optional[] = {THIRD};
    char *foreign[] = {SECOND, OFFER_OTHER};
    Kontor__V1__Bundle *made = bundle(desk);
    expect_one(check(desk, made, optional, 1), C(LEFT_OUT), 0, SECOND);
    expect_one(check(desk, made, foreign, 2), C(NOT_OF_THE_BUNDLE), 0, OFFER_OTHER);
    made->offers[0]->offer = "alpine/notebooks/none";
    expect_one(check(desk, made, NULL, 0), C(UNKNOWN_OFFER), 0,
               "alpine/notebooks/none");
    made->offers[0]->offer = "alpine/notebooks/external";
    expect_one(check(desk, made, NULL, 0), C(NOT_ORDERABLE), 0, "ordered elsewhere");
}

static void
test_what_could_not_be_stored_is_not_checked(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__CheckBundleRequest request = KONTOR__V1__CHECK_BUNDLE_REQUEST__INIT;
    struct error error = {0};
    request.what_case = KONTOR__V1__CHECK_BUNDLE_REQUEST__WHAT_BUNDLE;
    request.bundle = bundle(desk);
    add_range(desk, request.bundle, MAIN, "2.0", "1.9");
    assert_int_equal(desk_call(desk, desk->portal, SHELF_CALL("CheckBundle"), &request,
                               NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "bundle.rules[0]"));
}

static void
test_requires_and_excludes(void **state)
{
    struct desk *desk = *state;
    char *third[] = {SECOND, THIRD};
    Kontor__V1__Bundle *made = bundle(desk);
    add_requires(desk, made, SECOND, THIRD);
    expect_one(check(desk, made, NULL, 0), C(REQUIRES), 1, "needs " THIRD);
    assert_true(check(desk, made, third, 2)->is_orderable);
    made = bundle(desk);
    add_requires(desk, made, THIRD, SECOND);
    add_excludes(desk, made, SECOND, THIRD);
    assert_true(check(desk, made, NULL, 0)->is_orderable);
    expect_one(check(desk, made, third, 2), C(EXCLUDES), 2, "do not go together");
}

static void
test_a_release_in_range(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__UpdateServiceRequest update = KONTOR__V1__UPDATE_SERVICE_REQUEST__INIT;
    Kontor__V1__Service changed = KONTOR__V1__SERVICE__INIT;
    Kontor__V1__Bundle *made = bundle(desk);
    add_range(desk, made, MAIN, "1.2", "2.0");
    expect_one(check(desk, made, NULL, 0), C(VERSION_RANGE), 1, "does not say which");
    static const struct {
        const char *release;
        bool is_good;
    } rows[] = {{"1.1.9", false}, {"1.2", true},  {"1.10", true},
                {"1.99", true},   {"2.0", false}, {"10.0", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        changed.id = "alpine/notebooks";
        changed.release = (char *)(uintptr_t)rows[i].release;
        update.service = &changed;
        update.update_mask = shelf_mask(desk->h, "release", NULL);
        assert_int_equal(desk_call(desk, desk->operator, SHELF_CALL("UpdateService"),
                                   &update, NULL, NULL),
                         STATUS_OK);
        Kontor__V1__CheckBundleResponse *reply = check(desk, made, NULL, 0);
        assert_int_equal(reply->is_orderable, rows[i].is_good);
        if (!rows[i].is_good) {
            expect_one(reply, C(VERSION_RANGE), 1, rows[i].release);
        }
    }
}

static void
add_endpoint(struct desk *desk, const char *id, const char *site, const char *service)
{
    Kontor__V1__Endpoint endpoint = KONTOR__V1__ENDPOINT__INIT;
    endpoint.site = (char *)(uintptr_t)site;
    endpoint.host = "host.example";
    endpoint.type = "x";
    endpoint.service = (char *)(uintptr_t)service;
    harness_seed(desk->h, KIND_ENDPOINT, id, &endpoint.base, "=r:alpine", "~*", NULL);
}

static void
test_offers_at_one_site(void **state)
{
    struct desk *desk = *state;
    char *both[] = {MAIN, OFFER_OTHER};
    Kontor__V1__Bundle *made = bundle(desk);
    made->offers[0]->offer = OFFER_OTHER;
    add_same_site(desk, made, both, 2);
    expect_one(check(desk, made, NULL, 0), C(SAME_SITE), 1, "no site known");
    add_endpoint(desk, "alpine/e1", "alpine/hall", "alpine/notebooks");
    add_endpoint(desk, "alpine/e2", "alpine/peak", "alpine/notebooks");
    expect_one(check(desk, made, NULL, 0), C(SAME_SITE), 1, "alpine/hall, alpine/peak");
    const char *other =
        arena_copy_n(desk->h->arena, OFFER_OTHER,
                     strlen(OFFER_OTHER) - strlen(strrchr(OFFER_OTHER, '/')));
    add_endpoint(desk, "alpine/e3", "alpine/lake", other);
    expect_one(check(desk, made, NULL, 0), C(SAME_SITE), 1, "alpine/lake");
    add_endpoint(desk, "alpine/e4", "alpine/peak", other);
    assert_true(check(desk, made, NULL, 0)->is_orderable);
}

/* Endpoints that only a component names count, too. */
static void
test_components_say_where_a_service_runs(void **state)
{
    struct desk *desk = *state;
    char *both[] = {MAIN, OFFER_OTHER};
    char *endpoints[] = {"alpine/e1", "alpine/gone"};
    Kontor__V1__UpdateServiceRequest update = KONTOR__V1__UPDATE_SERVICE_REQUEST__INIT;
    Kontor__V1__Service changed = KONTOR__V1__SERVICE__INIT;
    Kontor__V1__Component component = KONTOR__V1__COMPONENT__INIT;
    Kontor__V1__Implementation made = KONTOR__V1__IMPLEMENTATION__INIT;
    Kontor__V1__ImplementationVersion version =
        KONTOR__V1__IMPLEMENTATION_VERSION__INIT;
    const char *other =
        arena_copy_n(desk->h->arena, OFFER_OTHER,
                     strlen(OFFER_OTHER) - strlen(strrchr(OFFER_OTHER, '/')));
    Kontor__V1__Bundle *kit = bundle(desk);
    kit->offers[0]->offer = OFFER_OTHER;
    add_same_site(desk, kit, both, 2);
    add_endpoint(desk, "alpine/e1", "alpine/hall", "");
    add_endpoint(desk, "alpine/e2", "alpine/hall", other);
    version.version = "1";
    version.endpoints = endpoints;
    version.n_endpoints = 2;
    made.id = made.name = "it";
    made.versions = (Kontor__V1__ImplementationVersion *[]){&version};
    made.n_versions = 1;
    component.id = component.name = "disk";
    component.implementations = (Kontor__V1__Implementation *[]){&made};
    component.n_implementations = 1;
    changed.id = "alpine/notebooks";
    changed.components = (Kontor__V1__Component *[]){&component};
    changed.n_components = 1;
    update.service = &changed;
    update.update_mask = shelf_mask(desk->h, "components", NULL);
    assert_false(check(desk, kit, NULL, 0)->is_orderable);
    assert_int_equal(desk_call(desk, desk->operator, SHELF_CALL("UpdateService"),
                               &update, NULL, NULL),
                     STATUS_OK);
    assert_true(check(desk, kit, NULL, 0)->is_orderable);
}

/* ---- Orders ---- */

static enum status
place(struct desk *desk, const char *id, char *const *offers, size_t n,
      Kontor__V1__OrderMode mode, struct error *error)
{
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, id);
    request->bundle = "alpine/kit";
    request->mode = mode;
    for (size_t i = 0; i < n; i++) {
        desk_add(desk, request, arena_print(desk->h->arena, "i%zu", i), offers[i]);
    }
    return desk_call(desk, desk->portal, DESK_ORDER("PlaceOrder"), request, NULL,
                     error);
}

static void
test_a_bundle_is_ordered_as_one_order(void **state)
{
    struct desk *desk = *state;
    char *good[] = {MAIN, SECOND};
    char *all[] = {MAIN, SECOND, THIRD};
    char *half[] = {MAIN};
    char *foreign[] = {MAIN, SECOND, OFFER_OTHER};
    struct error error = {0};
    Kontor__V1__Bundle *made = bundle(desk);
    made->is_all_or_nothing = true;
    add_excludes(desk, made, SECOND, THIRD);
    assert_int_equal(create(desk, desk->operator, made, &error), STATUS_OK);
    assert_int_equal(place(desk, "coast/o-1", half, 1, 0, &error),
                     STATUS_FAILED_PRECONDITION);
    assert_int_equal(error.reason, REASON_BUNDLE_CONFLICT);
    assert_non_null(strstr(error.message, "cannot be had without " SECOND));
    assert_int_equal(place(desk, "coast/o-1", foreign, 3, 0, &error),
                     STATUS_FAILED_PRECONDITION);
    assert_int_equal(place(desk, "coast/o-1", all, 3, 0, &error),
                     STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(error.message, "do not go together"));
    assert_int_equal(
        place(desk, "coast/o-1", good, 2, KONTOR__V1__ORDER_MODE__BEST_EFFORT, &error),
        STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "mode"));
    assert_int_equal(place(desk, "coast/o-1", good, 2, 0, &error), STATUS_OK);
    const Kontor__V1__Order *order = desk_order(desk, "coast/o-1");
    const Kontor__V1__Bundle *stored =
        harness_record(desk->h, KIND_BUNDLE, "alpine/kit");
    assert_string_equal(order->bundle, "alpine/kit");
    assert_int_equal(order->bundle_revision, stored->revision);
    assert_int_equal(order->mode, KONTOR__V1__ORDER_MODE__ALL_OR_NOTHING);
    assert_int_equal(order->n_items, 2);
}

static void
test_what_is_there_is_no_order_of_a_bundle(void **state)
{
    struct desk *desk = *state;
    const char *session;
    struct error error = {0};
    assert_int_equal(create(desk, desk->operator, bundle(desk), &error), STATUS_OK);
    Kontor__V1__ClaimedJob *job = desk_claim_one(desk, "coast/o-1", &session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_complete(desk, job->item, job->fence, "b-1", NULL),
                     STATUS_OK);
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, "coast/o-2");
    request->bundle = "alpine/kit";
    desk_add(desk, request, "end", OFFER_OPEN);
    request->items[0]->action = KONTOR__V1__ITEM_ACTION__ACTION_TERMINATE;
    request->items[0]->instance = "coast/o-1/vm";
    assert_int_equal(
        desk_call(desk, desk->portal, DESK_ORDER("PlaceOrder"), request, NULL, &error),
        STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "items[0].action"));
    request->bundle = "";
    assert_int_equal(
        desk_call(desk, desk->portal, DESK_ORDER("PlaceOrder"), request, NULL, &error),
        STATUS_OK);
}

static void
test_an_order_of_a_bundle_nobody_shows_is_refused(void **state)
{
    struct desk *desk = *state;
    char *good[] = {MAIN, SECOND};
    struct error error = {0};
    Kontor__V1__Bundle *made = bundle(desk);
    assert_int_equal(place(desk, "coast/o-1", good, 2, 0, &error), STATUS_NOT_FOUND);
    made->is_published = false;
    assert_int_equal(create(desk, desk->operator, made, &error), STATUS_OK);
    assert_int_equal(place(desk, "coast/o-1", good, 2, 0, &error), STATUS_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_releases_are_compared_by_their_numbers),
        TEST(test_a_bundle_is_read_by_all_once_it_is_published),
        TEST(test_what_a_bundle_may_not_say),
        TEST(test_a_good_bundle_has_no_conflict),
        TEST(test_what_is_left_out_or_foreign_or_gone_is_told),
        TEST(test_what_could_not_be_stored_is_not_checked),
        TEST(test_requires_and_excludes),
        TEST(test_a_release_in_range),
        TEST(test_offers_at_one_site),
        TEST(test_components_say_where_a_service_runs),
        TEST(test_a_bundle_is_ordered_as_one_order),
        TEST(test_what_is_there_is_no_order_of_a_bundle),
        TEST(test_an_order_of_a_bundle_nobody_shows_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
