/* Downtimes: computed, resolved, revised until they end, cancelled and kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/moment.h"
#include "server/configuration/downtime.h"
#include "tests/server/ground.h"

enum { HOUR = GROUND_HOUR_MS };

static int
setup(void **state)
{
    struct ground *ground;
    struct harness *h;
    ground_setup(state);
    ground = *state;
    h = ground->h;
    assert_int_equal(ground_create_site(ground, ground->admin,
                                        ground_site(h, "coast/a", "North"), NULL),
                     STATUS_OK);
    assert_int_equal(ground_create_endpoint(
                         ground, ground->admin,
                         ground_endpoint(h, "coast/e", "coast/a", "h1", "CE"), NULL),
                     STATUS_OK);
    assert_int_equal(ground_create_endpoint(
                         ground, ground->admin,
                         ground_endpoint(h, "coast/f", "coast/a", "h1", "SE"), NULL),
                     STATUS_OK);
    return 0;
}

static Kontor__V1__Downtime *
some_downtime(struct ground *ground, const char *id, int64_t start_ms, int64_t end_ms)
{
    Kontor__V1__Downtime *downtime = ground_downtime(ground->h, id, start_ms, end_ms);
    ground_affect(ground->h, downtime, "North", "h1", "CE");
    return downtime;
}

static Kontor__V1__Downtime *
declared(struct ground *ground, Kontor__V1__Downtime *downtime)
{
    Kontor__V1__Downtime *reply = NULL;
    struct error error;
    if (ground_declare(ground, ground->admin, downtime, &reply, &error) != STATUS_OK) {
        fail_msg("%s", error.message);
    }
    return reply;
}

static enum status
revise(struct ground *ground, Kontor__V1__Downtime *downtime, const char *path,
       Kontor__V1__Downtime **reply, struct error *error)
{
    Kontor__V1__ReviseDowntimeRequest request =
        KONTOR__V1__REVISE_DOWNTIME_REQUEST__INIT;
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    char *paths[] = {(char *)path};
    mask.paths = paths;
    mask.n_paths = 1;
    request.downtime = downtime;
    request.update_mask = path == NULL ? NULL : &mask;
    return harness_call(ground->h, ground->admin, GROUND_CALL("ReviseDowntime"),
                        &request, (void **)reply, error);
}

static enum status
cancel(struct ground *ground, const struct principal *who, int64_t expected,
       Kontor__V1__Downtime **reply, struct error *error)
{
    Kontor__V1__CancelDowntimeRequest request =
        KONTOR__V1__CANCEL_DOWNTIME_REQUEST__INIT;
    request.id = "coast/d";
    request.reason = "Postponed";
    request.expected_revision = expected;
    return harness_call(ground->h, who, GROUND_CALL("CancelDowntime"), &request,
                        (void **)reply, error);
}

static void
test_scheduled_means_more_than_a_day_ahead(void **state)
{
    static const struct {
        int64_t start_ms;
        Kontor__V1__Classification wanted;
    } rows[] = {
        {-1, KONTOR__V1__CLASSIFICATION__UNSCHEDULED},
        {0, KONTOR__V1__CLASSIFICATION__UNSCHEDULED},
        {24 * HOUR, KONTOR__V1__CLASSIFICATION__UNSCHEDULED},
        {24 * HOUR + 1, KONTOR__V1__CLASSIFICATION__SCHEDULED},
        {INT64_C(9999) * HOUR, KONTOR__V1__CLASSIFICATION__SCHEDULED},
    };
    struct ground *ground = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *id = arena_print(ground->h->arena, "coast/d%zu", i);
        Kontor__V1__Downtime *given =
            some_downtime(ground, id, rows[i].start_ms, rows[i].start_ms + HOUR);
        const Kontor__V1__Downtime *reply;
        /* What the caller says of these is ignored. */
        given->classification = KONTOR__V1__CLASSIFICATION__SCHEDULED;
        given->declared_at = ground_time(ground->h, -1000 * (int64_t)HOUR);
        given->is_cancelled = true;
        reply = declared(ground, given);
        assert_int_equal(reply->classification, rows[i].wanted);
        assert_int_equal(moment_ms(reply->declared_at, 0), HARNESS_NOW_MS);
        assert_false(reply->is_cancelled);
        assert_int_equal(downtime_classify(7, 7 + rows[i].start_ms), rows[i].wanted);
    }
}

static void
test_a_window_must_end_after_it_starts(void **state)
{
    struct ground *ground = *state;
    struct error error;
    assert_int_equal(ground_declare(ground, ground->admin,
                                    some_downtime(ground, "coast/d", HOUR, HOUR), NULL,
                                    &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "downtime.end_at"));
}

static void
test_what_is_affected_resolves_or_is_kept_as_it_was_said(void **state)
{
    static const struct {
        const char *site, *host, *type, *endpoint;
    } rows[] = {
        {"North", "h1", "CE", "coast/e"}, {"North", "h1", "SE", "coast/f"},
        {"South", "h1", "CE", ""},        {"North", "h2", "CE", ""},
        {"North", "h1", "XX", ""},        {"North", "h1", "", ""},
        {"", "h1", "CE", "coast/e"},      {"North", "", "", ""},
    };
    enum { N = sizeof(rows) / sizeof(rows[0]) };
    struct ground *ground = *state;
    Kontor__V1__Downtime *given = ground_downtime(ground->h, "coast/d", HOUR, 2 * HOUR);
    const Kontor__V1__Downtime *reply;
    for (size_t i = 0; i < N; i++) {
        ground_affect(ground->h, given, rows[i].site, rows[i].host, rows[i].type);
        given->affected[i]->endpoint = "coast/forged";
    }
    reply = declared(ground, given);
    assert_int_equal(reply->n_affected, N);
    for (size_t i = 0; i < N; i++) {
        assert_string_equal(reply->affected[i]->endpoint, rows[i].endpoint);
        assert_string_equal(reply->affected[i]->host, rows[i].host);
    }
}

static void
test_what_is_affected_must_be_named(void **state)
{
    struct ground *ground = *state;
    Kontor__V1__Downtime *given = some_downtime(ground, "coast/d", HOUR, 2 * HOUR);
    struct error error;
    ground_affect(ground->h, given, "", "", "CE");
    assert_int_equal(ground_declare(ground, ground->admin, given, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "downtime.affected[1]"));
}

/* Only the endpoint by name, and by nothing else, is what some_downtime hits. */
static Kontor__V1__Downtime *
bare_downtime(struct ground *ground, const char *id)
{
    return ground_downtime(ground->h, id, HOUR, 3 * HOUR);
}

static void
test_a_downtime_hits_something(void **state)
{
    struct ground *ground = *state;
    struct error error;
    assert_int_equal(ground_declare(ground, ground->admin,
                                    bare_downtime(ground, "coast/d"), NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "downtime.affected"));
}

static void
test_groups_and_instances_that_are_hit_are_there(void **state)
{
    struct ground *ground = *state;
    struct error error;
    Kontor__V1__Group group = KONTOR__V1__GROUP__INIT;
    Kontor__V1__Instance instance = KONTOR__V1__INSTANCE__INIT;
    Kontor__V1__Downtime *downtime = bare_downtime(ground, "coast/d");
    downtime->groups = (char *[]){"hills/g"};
    downtime->n_groups = 1;
    downtime->instances = (char *[]){"hills/o-1/vm"};
    downtime->n_instances = 1;
    assert_int_equal(ground_declare(ground, ground->admin, downtime, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "downtime.groups[0]"));
    assert_true(harness_has_fault(&error, "downtime.instances[0]"));
    harness_seed(ground->h, KIND_GROUP, "hills/g", &group.base, "=r:hills", "~*", NULL);
    /* Its registry has to deliver it: nobody takes down what is another's, who ordered
     * no more than whoever sees a part. */
    static const struct {
        const char *provider, *scope;
    } rows[] = {
        {"hills/lab", "=r:hills"}, {"coast/lab", "=r:hills"}, {"hills/lab", "~r:coast"},
        {"hills/lab", "=r:coast"}, {"coast/lab", "=r:coast"},
    };
    for (size_t i = 0; i < 5; i++) {
        instance.provider = (char *)(uintptr_t)rows[i].provider;
        harness_seed(ground->h, KIND_INSTANCE, "hills/o-1/vm", &instance.base,
                     "=r:isles", rows[i].scope, NULL);
        enum status status =
            ground_declare(ground, ground->admin, downtime, NULL, &error);
        assert_int_equal(status, i == 4 ? STATUS_OK : STATUS_INVALID_ARGUMENT);
    }
    /* Others do not learn whose instances those are. */
    Kontor__V1__GetDowntimeRequest get = KONTOR__V1__GET_DOWNTIME_REQUEST__INIT;
    Kontor__V1__Downtime *seen = NULL;
    get.id = "coast/d";
    assert_int_equal(harness_call(ground->h, ground->stranger,
                                  GROUND_CALL("GetDowntime"), &get, (void **)&seen,
                                  NULL),
                     STATUS_OK);
    assert_int_equal(seen->n_groups, 1);
    assert_int_equal(seen->n_instances, 0);
    /* What is gone since may stay named. */
    harness_remove(ground->h, KIND_INSTANCE, "hills/o-1/vm");
    harness_remove(ground->h, KIND_GROUP, "hills/g");
    downtime->description = "Still";
    assert_int_equal(revise(ground, downtime, NULL, NULL, &error), STATUS_OK);
}

static void
test_one_endpoint_may_work_again_sooner(void **state)
{
    static const struct {
        int64_t end_ms;
        bool is_taken;
    } rows[] = {{HOUR, false},    {HOUR + 1, true},      {2 * HOUR, true},
                {3 * HOUR, true}, {3 * HOUR + 1, false}, {0, false}};
    struct ground *ground = *state;
    declared(ground, some_downtime(ground, "coast/d", HOUR, 3 * HOUR));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error error;
        Kontor__V1__Downtime *downtime =
            some_downtime(ground, "coast/d", HOUR, 3 * HOUR);
        downtime->affected[0]->end_at = ground_time(ground->h, rows[i].end_ms);
        assert_int_equal(revise(ground, downtime, "affected", NULL, &error),
                         rows[i].is_taken ? STATUS_OK : STATUS_INVALID_ARGUMENT);
        if (!rows[i].is_taken) {
            assert_true(harness_has_fault(&error, "downtime.affected[0].end_at"));
        }
    }
}

/* What is split from a downtime was announced with it, as far as it lies within. */
static void
test_a_part_is_as_old_as_the_whole(void **state)
{
    static const struct {
        int64_t from_ms, until_ms;
        Kontor__V1__Classification classification;
    } rows[] = {
        {30 * HOUR, 40 * HOUR, KONTOR__V1__CLASSIFICATION__SCHEDULED},
        {30 * HOUR, 32 * HOUR, KONTOR__V1__CLASSIFICATION__SCHEDULED},
        {29 * HOUR, 32 * HOUR, KONTOR__V1__CLASSIFICATION__UNSCHEDULED},
        {30 * HOUR, 41 * HOUR, KONTOR__V1__CLASSIFICATION__UNSCHEDULED},
    };
    struct ground *ground = *state;
    struct error error;
    declared(ground, some_downtime(ground, "coast/d", 30 * HOUR, 40 * HOUR));
    harness_advance(ground->h, 10 * HOUR);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Kontor__V1__Downtime *reply = NULL;
        Kontor__V1__Downtime *part =
            some_downtime(ground, arena_print(ground->h->arena, "coast/p%zu", i),
                          rows[i].from_ms, rows[i].until_ms);
        part->split_from = "coast/d";
        assert_int_equal(ground_declare(ground, ground->admin, part, &reply, &error),
                         STATUS_OK);
        assert_int_equal(reply->classification, rows[i].classification);
        assert_string_equal(reply->split_from, "coast/d");
    }
    /* What hits more than that was not announced, nor what comes when that is over. */
    Kontor__V1__Downtime *reply = NULL;
    Kontor__V1__Downtime *more =
        some_downtime(ground, "coast/more", 30 * HOUR, 40 * HOUR);
    ground_affect(ground->h, more, "North", "h1", "SE");
    more->split_from = "coast/d";
    assert_int_equal(ground_declare(ground, ground->admin, more, &reply, &error),
                     STATUS_OK);
    assert_int_equal(reply->classification, KONTOR__V1__CLASSIFICATION__UNSCHEDULED);
    /* It is said once. */
    Kontor__V1__Downtime *later =
        some_downtime(ground, "coast/p0", 30 * HOUR, 40 * HOUR);
    later->split_from = "coast/p1";
    assert_int_equal(revise(ground, later, "split_from", NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "downtime.split_from"));
    static char *const wrong[] = {"coast/none", "hills/d"};
    for (size_t i = 0; i < 2; i++) {
        Kontor__V1__Downtime *part =
            some_downtime(ground, "coast/q", 30 * HOUR, 40 * HOUR);
        part->split_from = wrong[i];
        assert_int_equal(ground_declare(ground, ground->admin, part, NULL, &error),
                         STATUS_INVALID_ARGUMENT);
        assert_true(harness_has_fault(&error, "downtime.split_from"));
    }
}

static void
test_another_registrys_endpoint_is_not_hit_by_name(void **state)
{
    struct ground *ground = *state;
    Kontor__V1__Downtime *given = ground_downtime(ground->h, "hills/d", HOUR, 2 * HOUR);
    Kontor__V1__Downtime *reply = NULL;
    ground_affect(ground->h, given, "North", "h1", "CE");
    assert_int_equal(ground_declare(ground, ground->stranger, given, &reply, NULL),
                     STATUS_OK);
    assert_string_equal(reply->affected[0]->endpoint, "");
}

static void
test_a_revision_keeps_the_declaration_and_the_past(void **state)
{
    struct ground *ground = *state;
    Kontor__V1__GetDowntimeRequest get = KONTOR__V1__GET_DOWNTIME_REQUEST__INIT;
    Kontor__V1__AsOf as_of = KONTOR__V1__AS_OF__INIT;
    const Kontor__V1__Downtime *first =
        declared(ground, some_downtime(ground, "coast/d", 30 * HOUR, 40 * HOUR));
    Kontor__V1__Downtime *reply = NULL;
    harness_advance(ground->h, 20 * HOUR);
    assert_int_equal(revise(ground,
                            some_downtime(ground, "coast/d", 22 * HOUR, 50 * HOUR),
                            "end_at", &reply, NULL),
                     STATUS_OK);
    assert_int_equal(moment_ms(reply->end_at, 0), HARNESS_NOW_MS + 50 * HOUR);
    assert_int_equal(moment_ms(reply->start_at, 0), HARNESS_NOW_MS + 30 * HOUR);
    assert_int_equal(moment_ms(reply->declared_at, 0), HARNESS_NOW_MS);
    assert_int_equal(reply->classification, KONTOR__V1__CLASSIFICATION__SCHEDULED);
    assert_int_equal(revise(ground,
                            some_downtime(ground, "coast/d", 22 * HOUR, 50 * HOUR),
                            NULL, &reply, NULL),
                     STATUS_OK);
    assert_int_equal(reply->classification, KONTOR__V1__CLASSIFICATION__UNSCHEDULED);
    as_of.point_case = KONTOR__V1__AS_OF__POINT_SEQ;
    as_of.seq = first->revision;
    get.id = "coast/d";
    get.as_of = &as_of;
    assert_int_equal(harness_call(ground->h, ground->stranger,
                                  GROUND_CALL("GetDowntime"), &get, (void **)&reply,
                                  NULL),
                     STATUS_OK);
    assert_int_equal(moment_ms(reply->end_at, 0), HARNESS_NOW_MS + 40 * HOUR);
}

/* What begins sooner, or hits more, is announced by the revision; nothing else is. */
static void
test_a_revision_that_takes_more_is_a_declaration(void **state)
{
    enum { SOONER, MORE, GROUPS, LATER, LONGER, LESS, N_WAYS };
    static char *const groups[] = {"coast/g"};
    struct ground *ground = *state;
    Kontor__V1__Group group = KONTOR__V1__GROUP__INIT;
    harness_seed(ground->h, KIND_GROUP, "coast/g", &group.base, "=r:coast", "~*", NULL);
    for (int way = 0; way < N_WAYS; way++) {
        const char *id = arena_print(ground->h->arena, "coast/d%d", way);
        Kontor__V1__Downtime *first = some_downtime(ground, id, 60 * HOUR, 70 * HOUR);
        ground_affect(ground->h, first, "North", "h1", "SE");
        declared(ground, first);
    }
    harness_advance(ground->h, HOUR);
    for (int way = 0; way < N_WAYS; way++) {
        const char *id = arena_print(ground->h->arena, "coast/d%d", way);
        Kontor__V1__Downtime *reply = NULL;
        Kontor__V1__Downtime *next =
            some_downtime(ground, id,
                          way == SOONER  ? 59 * HOUR
                          : way == LATER ? 61 * HOUR
                                         : 60 * HOUR,
                          way == LONGER ? 90 * HOUR : 70 * HOUR);
        if (way != LESS) {
            ground_affect(ground->h, next, "North", "h1", "SE");
        }
        if (way == MORE) {
            ground_affect(ground->h, next, "North", "", "");
        }
        if (way == GROUPS) {
            next->groups = (char **)(uintptr_t)groups;
            next->n_groups = 1;
        }
        assert_int_equal(revise(ground, next, NULL, &reply, NULL), STATUS_OK);
        assert_int_equal(moment_ms(reply->declared_at, 0),
                         HARNESS_NOW_MS + (way <= GROUPS ? HOUR : 0));
    }
}

/* What has happened stays: neither it nor a part of it ends before now. */
static void
test_nothing_ends_in_the_past(void **state)
{
    struct ground *ground = *state;
    struct error error;
    declared(ground, some_downtime(ground, "coast/d", HOUR, 9 * HOUR));
    harness_advance(ground->h, 4 * HOUR);
    for (int ms = -1; ms <= 0; ms++) {
        Kontor__V1__Downtime *ended =
            some_downtime(ground, "coast/d", HOUR, 4 * HOUR + ms);
        if (ms < 0) {
            assert_int_equal(revise(ground, ended, "end_at", NULL, &error),
                             STATUS_INVALID_ARGUMENT);
            assert_true(harness_has_fault(&error, "downtime.end_at"));
        }
        ended = some_downtime(ground, "coast/d", HOUR, 9 * HOUR);
        ended->affected[0]->end_at = ground_time(ground->h, 4 * HOUR + ms);
        assert_int_equal(revise(ground, ended, "affected", NULL, &error),
                         ms < 0 ? STATUS_INVALID_ARGUMENT : STATUS_OK);
        if (ms < 0) {
            assert_true(harness_has_fault(&error, "downtime.affected[0].end_at"));
        }
    }
    harness_advance(ground->h, HOUR);
    /* What ended stays ended, and said. */
    Kontor__V1__Downtime *same = some_downtime(ground, "coast/d", HOUR, 9 * HOUR);
    same->affected[0]->end_at = ground_time(ground->h, 4 * HOUR);
    assert_int_equal(revise(ground, same, "affected", NULL, &error), STATUS_OK);
    assert_int_equal(revise(ground, some_downtime(ground, "coast/d", HOUR, 5 * HOUR),
                            "end_at", NULL, &error),
                     STATUS_OK);
}

static void
test_a_downtime_that_is_over_is_not_revised(void **state)
{
    struct ground *ground = *state;
    struct error error;
    Kontor__V1__Downtime *longer = some_downtime(ground, "coast/d", HOUR, 9 * HOUR);
    declared(ground, some_downtime(ground, "coast/d", HOUR, 2 * HOUR));
    harness_advance(ground->h, 2 * HOUR - 1);
    longer->description = "It takes longer";
    assert_int_equal(revise(ground, longer, "description", NULL, &error), STATUS_OK);
    harness_advance(ground->h, 1);
    assert_int_equal(revise(ground, longer, "end_at", NULL, &error),
                     STATUS_FAILED_PRECONDITION);
    assert_int_equal(error.reason, REASON_DOWNTIME_OVER);
}

static void
test_a_revision_names_only_what_callers_set(void **state)
{
    static const char *const paths[] = {"classification", "declared_at", "is_cancelled",
                                        "cancel_reason", "affected.endpoint"};
    struct ground *ground = *state;
    declared(ground, some_downtime(ground, "coast/d", HOUR, 2 * HOUR));
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct error error;
        assert_int_equal(revise(ground,
                                some_downtime(ground, "coast/d", HOUR, 2 * HOUR),
                                paths[i], NULL, &error),
                         STATUS_INVALID_ARGUMENT);
        assert_true(harness_has_fault(&error, "update_mask"));
    }
}

static void
test_a_cancelled_downtime_is_kept_with_its_reason(void **state)
{
    struct ground *ground = *state;
    struct error error;
    Kontor__V1__Downtime *reply = NULL;
    const Kontor__V1__Downtime *first =
        declared(ground, some_downtime(ground, "coast/d", HOUR, 2 * HOUR));
    int64_t revision;
    assert_int_equal(cancel(ground, ground->admin, first->revision + 5, NULL, &error),
                     STATUS_ABORTED);
    assert_int_equal(error.reason, REASON_REVISION_MISMATCH);
    assert_int_equal(cancel(ground, ground->stranger, 0, NULL, &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(cancel(ground, ground->partial, 0, NULL, &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(cancel(ground, ground->admin, first->revision, &reply, &error),
                     STATUS_OK);
    assert_true(reply->is_cancelled);
    assert_string_equal(reply->cancel_reason, "Postponed");
    revision = reply->revision;
    assert_int_equal(cancel(ground, ground->admin, 0, &reply, &error), STATUS_OK);
    assert_int_equal(reply->revision, revision);
    assert_int_equal(revise(ground, some_downtime(ground, "coast/d", HOUR, 3 * HOUR),
                            NULL, NULL, &error),
                     STATUS_FAILED_PRECONDITION);
    assert_int_equal(error.reason, REASON_DOWNTIME_OVER);
}

static void
test_cancelling_what_is_not_there_is_not_found(void **state)
{
    struct ground *ground = *state;
    struct error error;
    assert_int_equal(cancel(ground, ground->admin, 0, NULL, &error), STATUS_NOT_FOUND);
}

static void
test_downtimes_are_listed_by_their_end(void **state)
{
    struct ground *ground = *state;
    Kontor__V1__ListDowntimesRequest request = KONTOR__V1__LIST_DOWNTIMES_REQUEST__INIT;
    Kontor__V1__ListDowntimesResponse *page = NULL;
    for (int i = 0; i < 9; i++) {
        const char *id = arena_print(ground->h->arena, "coast/d%d", i);
        declared(ground, some_downtime(ground, id, HOUR, (20 - i) * HOUR));
    }
    request.page_size = 4;
    for (int seen = 0; seen < 9;) {
        assert_int_equal(harness_call(ground->h, ground->stranger,
                                      GROUND_CALL("ListDowntimes"), &request,
                                      (void **)&page, NULL),
                         STATUS_OK);
        for (size_t i = 0; i < page->n_downtimes; i++, seen++) {
            assert_string_equal(page->downtimes[i]->id,
                                arena_print(ground->h->arena, "coast/d%d", 8 - seen));
        }
        request.page_token = page->next_page_token;
    }
    assert_string_equal(request.page_token, "");
    request.ends_after = ground_time(ground->h, 18 * HOUR);
    assert_int_equal(harness_call(ground->h, ground->stranger,
                                  GROUND_CALL("ListDowntimes"), &request,
                                  (void **)&page, NULL),
                     STATUS_OK);
    assert_int_equal(page->n_downtimes, 2);
    assert_string_equal(page->downtimes[0]->id, "coast/d1");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, ground_teardown)
    const struct CMUnitTest tests[] = {
        T(test_scheduled_means_more_than_a_day_ahead),
        T(test_a_window_must_end_after_it_starts),
        T(test_what_is_affected_resolves_or_is_kept_as_it_was_said),
        T(test_what_is_affected_must_be_named),
        T(test_a_downtime_hits_something),
        T(test_groups_and_instances_that_are_hit_are_there),
        T(test_one_endpoint_may_work_again_sooner),
        T(test_a_part_is_as_old_as_the_whole),
        T(test_another_registrys_endpoint_is_not_hit_by_name),
        T(test_a_revision_keeps_the_declaration_and_the_past),
        T(test_a_revision_that_takes_more_is_a_declaration),
        T(test_nothing_ends_in_the_past),
        T(test_a_downtime_that_is_over_is_not_revised),
        T(test_a_revision_names_only_what_callers_set),
        T(test_a_cancelled_downtime_is_kept_with_its_reason),
        T(test_cancelling_what_is_not_there_is_not_found),
        T(test_downtimes_are_listed_by_their_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
