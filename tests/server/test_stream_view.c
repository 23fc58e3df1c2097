/*
 * Which versions a watch shows, and in which view: only what the caller may see by the
 * scope of the version and by that of the present one, whether the changes come from
 * the ring or from the log.
 */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kontor/v1/catalogue_service.pb-c.h"
#include "proto/wire.h"
#include "tests/server/reader.h"
#include "tests/server/station.h"

enum { MAX_STEPS = 6, MAX_TEXT = 512 };

/* One change of the provider coast/a: its scope strings, or "-" to take it away. */
struct step {
    const char *scope[3]; /* NULL ends. */
};

/* What hills/op gets of such a past, when it comes after all of it. */
struct story {
    const char *name;
    struct step steps[MAX_STEPS];
    const char *seen; /* Operation, number of the step and view of each change. */
};

static const struct story stories[] = {
    {"what stays public is shown",
     {{{"=r:coast", "~*"}}, {{"=r:coast", "~*"}}},
     "PUT 1 reduced;PUT 2 reduced;"},
    {"what is un-published is not shown, but that it left",
     {{{"=r:coast", "~*"}}, {{"=r:coast"}}},
     "LEFT;"},
    {"nor when it was changed in private since",
     {{{"=r:coast", "~*"}}, {{"=r:coast"}}, {{"=r:coast"}}},
     "LEFT;"},
    {"what is public again is shown, but for its private version",
     {{{"=r:coast", "~*"}}, {{"=r:coast"}}, {{"=r:coast", "~*"}}},
     "PUT 1 reduced;LEFT;PUT 3 reduced;"},
    {"what was deleted while public is shown as it was",
     {{{"=r:coast", "~*"}}, {{"-"}}},
     "PUT 1 reduced;DELETE;"},
    {"what was deleted in private is not shown",
     {{{"=r:coast", "~*"}}, {{"=r:coast"}}, {{"-"}}},
     "LEFT;"},
    {"what a private record replaced is told to be gone only",
     {{{"=r:coast", "~*"}}, {{"-"}}, {{"=r:coast"}}},
     "DELETE;"},
    {"who owned it and takes part now sees what takes part",
     {{{"=r:coast", "=r:hills"}}, {{"=r:coast", "~r:hills"}}},
     "PUT 1 reduced;PUT 2 reduced;"},
    {"who took part and owns it now saw the reduced view then",
     {{{"=r:coast", "~r:hills"}}, {{"=r:coast", "=r:hills"}}},
     "PUT 1 reduced;PUT 2 full;"},
    {"who was handed it sees it from then on",
     {{{"=r:coast"}}, {{"=r:coast", "=r:hills"}}},
     "PUT 2 full;"},
    {"who handed it on sees no version any more",
     {{{"=r:coast", "=r:hills"}}, {{"=r:coast", "=r:hills"}}, {{"=r:coast"}}},
     "LEFT;"},
    {"an owner of what is gone saw the whole of it",
     {{{"=r:coast", "=r:hills"}}, {{"-"}}},
     "PUT 1 full;DELETE;"},
    {"an owner of what was handed on, and is gone, saw a part",
     {{{"=r:coast", "=r:hills"}}, {{"=r:coast", "~r:hills"}}, {{"-"}}},
     "PUT 1 reduced;PUT 2 reduced;DELETE;"},
};

static void
take(const char *id)
{
    struct wire_result result = wire_unary(reader_station->op, "/kontor.test.Toy/Take",
                                           station_get(reader_station, id), NULL);
    assert_int_equal(result.status, STATUS_OK);
}

static void
put(const char *id, const char *name, const struct step *step)
{
    Kontor__V1__Contact contact = KONTOR__V1__CONTACT__INIT;
    Kontor__V1__Provider provider = KONTOR__V1__PROVIDER__INIT;
    char *scope[3];
    contact.name = (char *)"Somebody";
    provider.id = (char *)id;
    provider.name = (char *)name;
    provider.main_contact = &contact;
    provider.tags = scope;
    for (size_t i = 0; i < 3 && step->scope[i] != NULL; i++) {
        scope[provider.n_tags++] = (char *)step->scope[i];
    }
    station_call_put(reader_station, "Put", &provider);
}

static void
play(const struct story *story, const char *id)
{
    for (int i = 0; i < MAX_STEPS && story->steps[i].scope[0] != NULL; i++) {
        char name[8];
        (void)snprintf(name, sizeof name, "%d", i + 1);
        if (strcmp(story->steps[i].scope[0], "-") == 0) {
            take(id);
        } else {
            put(id, name, &story->steps[i]);
        }
    }
}

/* The view shows in both: what of the record is there, and whether a person is named.
 */
static const char *
view_of(const Kontor__V1__RecordChange *change)
{
    bool is_full = change->provider->main_contact != NULL;
    assert_int_equal(strchr(change->actor, '/') != NULL, is_full);
    return is_full ? "full" : "reduced";
}

static void
tell(char text[MAX_TEXT], const Kontor__V1__RecordChange *change)
{
    size_t size = strlen(text);
    char *out = text + size;
    size_t room = MAX_TEXT - size;
    if (change->op == KONTOR__V1__RECORD_CHANGE__OP__PUT) {
        (void)snprintf(out, room, "PUT %s %s;", change->provider->name,
                       view_of(change));
        return;
    }
    assert_int_equal(change->record_case, KONTOR__V1__RECORD_CHANGE__RECORD__NOT_SET);
    (void)snprintf(out, room, "%s;",
                   change->op == KONTOR__V1__RECORD_CHANGE__OP__DELETE ? "DELETE"
                                                                       : "LEFT");
}

/* All of one record that a client gets who comes now. */
static void
look(struct wire_client *client, int64_t after, const char *id, char text[MAX_TEXT])
{
    Kontor__V1__Position position;
    Kontor__V1__WatchRequest request = reader_request(&position, after);
    request.follow = false;
    request.id_prefix = (char *)id;
    struct reader reader = reader_begin(client, &request);
    text[0] = '\0';
    for (Kontor__V1__RecordChange *change = reader_next(&reader); change != NULL;
         change = reader_next(&reader)) {
        tell(text, change);
    }
    assert_int_equal(wire_end(reader.call).status, STATUS_OK);
}

static void
check(const struct story *story, const char *id)
{
    char seen[MAX_TEXT];
    int64_t before = store_applied(reader_station->h->broker.store);
    play(story, id);
    look(reader_station->other, before, id, seen);
    if (strcmp(seen, story->seen) != 0) {
        fail_msg("%s: saw %s, not %s", story->name, seen, story->seen);
    }
}

static void
test_the_log_shows_what_both_scopes_allow(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "coast/log-%zu", i);
        check(&stories[i], id);
    }
}

/* Somebody who watches keeps the ring full. */
static void
test_the_ring_shows_what_both_scopes_allow(void **state)
{
    (void)state;
    struct reader reader = reader_begin_at(reader_station->op, 0);
    assert_true(reader_next_response(&reader));
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "coast/ring-%zu", i);
        check(&stories[i], id);
    }
    (void)reader_stop(&reader);
}

/* ---- When it was created ---- */

/* So that two versions differ in their times. */
static void
wait_for_the_clock(void)
{
    struct clock *clock = &reader_station->h->clock;
    int64_t now_ms = clock_wall_ms(clock);
    while (clock_wall_ms(clock) <= now_ms + 1) {
        sched_yield();
    }
}

static int64_t
time_of(const Google__Protobuf__Timestamp *time)
{
    assert_non_null(time);
    return time->seconds * 1000 + time->nanos / 1000000;
}

/* Three versions, the last after the record was made anew. */
static void
put_times(const char *id)
{
    static const struct step own = {{"=r:coast"}};
    put(id, "1", &own);
    wait_for_the_clock();
    put(id, "2", &own);
    wait_for_the_clock();
    put(id, "3", &own);
    take(id);
    wait_for_the_clock();
    put(id, "4", &own);
    wait_for_the_clock();
    put(id, "5", &own);
}

/* What Get says of each version is what the watch said. */
static void
check_times(int64_t after, const char *id)
{
    Kontor__V1__Position position;
    Kontor__V1__WatchRequest request = reader_request(&position, after);
    request.follow = false;
    request.id_prefix = (char *)id;
    struct reader reader = reader_begin(reader_station->op, &request);
    int n = 0;
    int64_t created_ms = 0;
    for (Kontor__V1__RecordChange *change = reader_next(&reader); change != NULL;
         change = reader_next(&reader)) {
        if (change->op != KONTOR__V1__RECORD_CHANGE__OP__PUT) {
            continue;
        }
        n++;
        int64_t updated_ms = time_of(change->provider->updated_at);
        bool is_new = n == 1 || n == 4;
        created_ms = is_new ? updated_ms : created_ms;
        assert_int_equal(time_of(change->at), updated_ms);
        assert_int_equal(time_of(change->provider->created_at), created_ms);
        assert_int_equal(is_new, created_ms == updated_ms);
    }
    assert_int_equal(n, 5);
    assert_int_equal(wire_end(reader.call).status, STATUS_OK);
}

static void
test_the_log_tells_when_a_record_was_created(void **state)
{
    (void)state;
    int64_t before = store_applied(reader_station->h->broker.store);
    put_times("coast/a");
    check_times(before, "coast/a");
}

static void
test_the_ring_tells_when_a_record_was_created(void **state)
{
    (void)state;
    struct reader reader = reader_begin_at(reader_station->op, 0);
    assert_true(reader_next_response(&reader));
    int64_t before = store_applied(reader_station->h->broker.store);
    put_times("coast/a");
    check_times(before, "coast/a");
    (void)reader_stop(&reader);
}

/* The first version was never in the ring. */
static void
test_a_late_ring_tells_when_a_record_was_created(void **state)
{
    (void)state;
    int64_t first = station_put(reader_station, "coast/a", "1", NULL);
    Kontor__V1__Provider *provider =
        harness_record(reader_station->h, KIND_PROVIDER, "coast/a");
    wait_for_the_clock();
    struct reader reader = reader_begin_at(reader_station->op, first);
    assert_true(reader_next_response(&reader));
    for (int i = 0; i < 2; i++) {
        station_put(reader_station, "coast/a", "2", NULL);
        Kontor__V1__RecordChange *change = reader_next(&reader);
        assert_int_equal(time_of(change->provider->created_at),
                         time_of(provider->created_at));
        assert_true(time_of(change->provider->updated_at) >
                    time_of(provider->created_at));
    }
    (void)reader_stop(&reader);
}

int
main(void)
{
#define TEST(name)                                                                     \
    cmocka_unit_test_setup_teardown(name, reader_set_up, reader_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_the_log_shows_what_both_scopes_allow),
        TEST(test_the_ring_shows_what_both_scopes_allow),
        TEST(test_the_log_tells_when_a_record_was_created),
        TEST(test_the_ring_tells_when_a_record_was_created),
        TEST(test_a_late_ring_tells_when_a_record_was_created),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
