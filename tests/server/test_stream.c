/* What a watch sends, to whom, and how it resumes. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "kontor/v1/catalogue_service.pb-c.h"
#include "kontor/v1/watch.pb-c.h"
#include "proto/wire.h"
#include "tests/server/reader.h"
#include "tests/server/station.h"

/* ---- What is sent ---- */

static void
test_the_first_message_says_the_position(void **state)
{
    (void)state;
    int64_t seq = station_put(reader_station, "coast/a", "One", NULL);
    Kontor__V1__WatchRequest request = KONTOR__V1__WATCH_REQUEST__INIT;
    request.follow = true;
    struct reader reader = reader_begin(reader_station->op, &request);
    assert_true(reader_next_response(&reader));
    assert_int_equal(reader.position, seq);
    assert_true(strlen(reader.tag) > 0);
    assert_int_equal(reader.response->n_changes, 0);
    assert_int_equal(reader_stop(&reader).status, STATUS_CANCELLED);
}

static void
test_a_change_arrives_with_its_record(void **state)
{
    (void)state;
    Kontor__V1__WatchRequest request = KONTOR__V1__WATCH_REQUEST__INIT;
    request.follow = true;
    struct reader reader = reader_begin(reader_station->op, &request);
    assert_true(reader_next_response(&reader));
    int64_t seq = station_put(reader_station, "coast/a", "One", NULL);
    Kontor__V1__RecordChange *change = reader_next(&reader);
    assert_int_equal(change->seq, seq);
    assert_string_equal(change->kind, "provider");
    assert_string_equal(change->id, "coast/a");
    assert_int_equal(change->op, KONTOR__V1__RECORD_CHANGE__OP__PUT);
    assert_string_equal(change->actor, "coast/op");
    assert_false(change->more);
    assert_int_equal(change->record_case, KONTOR__V1__RECORD_CHANGE__RECORD_PROVIDER);
    assert_string_equal(change->provider->name, "One");
    assert_int_equal(change->provider->revision, seq);
    (void)reader_stop(&reader);
}

static void
test_the_reduced_view_lacks_internals_and_the_actor(void **state)
{
    (void)state;
    char *scope[] = {(char *)"=r:coast", (char *)"~*"};
    Kontor__V1__Contact contact = KONTOR__V1__CONTACT__INIT;
    contact.name = (char *)"Somebody";
    Kontor__V1__Provider provider = KONTOR__V1__PROVIDER__INIT;
    provider.id = (char *)"coast/a";
    provider.name = (char *)"One";
    provider.main_contact = &contact;
    provider.tags = scope;
    provider.n_tags = 2;
    struct reader full = reader_begin_at(reader_station->op, 0);
    struct reader reduced = reader_begin_at(reader_station->other, 0);
    station_call_put(reader_station, "Put", &provider);
    Kontor__V1__RecordChange *change = reader_next(&full);
    assert_non_null(change->provider->main_contact);
    assert_string_equal(change->actor, "coast/op");
    change = reader_next(&reduced);
    assert_string_equal(change->provider->name, "One");
    assert_null(change->provider->main_contact);
    assert_string_equal(change->actor, "coast");
    (void)reader_stop(&full);
    (void)reader_stop(&reduced);
}

/* Each watcher has a last visible change of its own. */
static void
check_more(struct reader *both, struct reader *one, int64_t seq)
{
    Kontor__V1__RecordChange *first = reader_next(both);
    assert_int_equal(first->seq, seq);
    assert_true(first->more);
    Kontor__V1__RecordChange *second = reader_next(both);
    assert_string_equal(second->id, "coast/a-b");
    assert_int_equal(second->seq, seq);
    assert_false(second->more);
    /* "coast/a-b" is not below "coast/a". */
    assert_false(reader_next(one)->more);
    (void)reader_stop(both);
    (void)reader_stop(one);
}

static void
test_more_is_set_on_all_but_the_last_visible_change(void **state)
{
    (void)state;
    Kontor__V1__Provider provider = KONTOR__V1__PROVIDER__INIT;
    provider.id = (char *)"coast/a";
    provider.name = (char *)"One";
    struct reader both = reader_begin_at(reader_station->op, 0);
    Kontor__V1__Position position;
    Kontor__V1__WatchRequest request = reader_request(&position, 0);
    request.id_prefix = (char *)"coast/a";
    struct reader one = reader_begin(reader_station->op, &request);
    assert_true(reader_next_response(&both));
    assert_true(reader_next_response(&one));
    int64_t seq = station_call_put(reader_station, "Pair", &provider);
    check_more(&both, &one, seq);
}

static void
test_more_is_set_alike_behind_the_ring(void **state)
{
    (void)state;
    Kontor__V1__Provider provider = KONTOR__V1__PROVIDER__INIT;
    provider.id = (char *)"coast/a";
    provider.name = (char *)"One";
    int64_t seq = station_call_put(reader_station, "Pair", &provider);
    struct reader both = reader_begin_at(reader_station->op, 0);
    Kontor__V1__Position position;
    Kontor__V1__WatchRequest request = reader_request(&position, 0);
    request.id_prefix = (char *)"coast/a";
    struct reader one = reader_begin(reader_station->op, &request);
    check_more(&both, &one, seq);
}

static void
test_a_record_that_leaves_the_scope_is_told_once(void **state)
{
    (void)state;
    int64_t seq = station_put(reader_station, "coast/a", "One", "=r:coast", "~*", NULL);
    struct reader reader = reader_begin_at(reader_station->other, seq - 1);
    assert_int_equal(reader_next(&reader)->op, KONTOR__V1__RECORD_CHANGE__OP__PUT);
    seq = station_put(reader_station, "coast/a", "Two", "=r:coast", NULL);
    Kontor__V1__RecordChange *change = reader_next(&reader);
    assert_int_equal(change->op, KONTOR__V1__RECORD_CHANGE__OP__LEFT);
    assert_int_equal(change->seq, seq);
    assert_string_equal(change->id, "coast/a");
    assert_int_equal(change->record_case, KONTOR__V1__RECORD_CHANGE__RECORD__NOT_SET);
    station_put(reader_station, "coast/a", "Three", "=r:coast", NULL);
    seq = station_put(reader_station, "coast/a", "Four", "=r:coast", "~*", NULL);
    assert_int_equal(reader_next(&reader)->seq, seq);
    (void)reader_stop(&reader);
}

static void
test_what_is_unpublished_is_not_shown_to_latecomers(void **state)
{
    (void)state;
    station_put(reader_station, "coast/a", "Once public", "=r:coast", "~*", NULL);
    int64_t seq = station_put(reader_station, "coast/a", "Private", "=r:coast", NULL);
    Kontor__V1__Position position;
    Kontor__V1__WatchRequest request = reader_request(&position, 0);
    request.follow = false;
    struct reader reader = reader_begin(reader_station->other, &request);
    Kontor__V1__RecordChange *change = reader_next(&reader);
    while (change != NULL) {
        assert_int_equal(change->op, KONTOR__V1__RECORD_CHANGE__OP__LEFT);
        change = reader_next(&reader);
    }
    assert_int_equal(reader.position, seq);
    assert_int_equal(wire_end(reader.call).status, STATUS_OK);
}

static void
test_a_deletion_is_told(void **state)
{
    (void)state;
    int64_t seq = station_put(reader_station, "coast/a", "One", NULL);
    struct reader reader = reader_begin_at(reader_station->op, seq);
    Kontor__V1__GetProviderRequest take = KONTOR__V1__GET_PROVIDER_REQUEST__INIT;
    take.id = (char *)"coast/a";
    assert_int_equal(wire_unary(reader_station->op, "/kontor.test.Toy/Take",
                                wire_pack(&take.base, reader_station->h->arena), NULL)
                         .status,
                     STATUS_OK);
    Kontor__V1__RecordChange *change = reader_next(&reader);
    assert_int_equal(change->op, KONTOR__V1__RECORD_CHANGE__OP__DELETE);
    assert_string_equal(change->id, "coast/a");
    (void)reader_stop(&reader);
}

static void
test_strangers_see_nothing_but_how_far_it_came(void **state)
{
    (void)state;
    int64_t seq = station_put(reader_station, "coast/a", "One", NULL);
    Kontor__V1__Position position;
    Kontor__V1__WatchRequest request = reader_request(&position, 0);
    request.follow = false;
    struct reader reader = reader_begin(reader_station->other, &request);
    assert_null(reader_next(&reader));
    assert_int_equal(reader.position, seq);
    assert_int_equal(wire_end(reader.call).status, STATUS_OK);
}

static void
test_progress_is_told_to_those_who_see_nothing(void **state)
{
    (void)state;
    struct reader reader = reader_begin_at(reader_station->other, 0);
    assert_true(reader_next_response(&reader));
    int64_t seq = station_put(reader_station, "coast/a", "One", NULL);
    while (reader.position < seq) {
        assert_true(reader_next_response(&reader));
        assert_int_equal(reader.response->n_changes, 0);
    }
    (void)reader_stop(&reader);
}

static void
test_a_quiet_stream_tells_its_position_now_and_then(void **state)
{
    (void)state;
    reader_station_with("watch_progress_ms", "1000");
    struct reader reader = reader_begin_at(reader_station->op, 0);
    int64_t applied = store_applied(reader_station->h->broker.store);
    while (reader.n_positions < 4) {
        assert_true(reader_next_response(&reader));
        assert_int_equal(reader.response->n_changes, 0);
    }
    assert_int_equal(reader.position, applied);
    (void)reader_stop(&reader);
}

/* A page of a list says its position in kontor-seq: a watch from there misses nothing
 * that the page does not show, and repeats nothing that it does. */
static void
test_a_watch_goes_on_where_a_read_was(void **state)
{
    (void)state;
    station_put(reader_station, "coast/a", "One", NULL);
    struct wire_result got = wire_unary(reader_station->op, "/kontor.test.Toy/Get",
                                        station_get(reader_station, "coast/a"), NULL);
    assert_int_equal(got.status, STATUS_OK);
    int64_t seq = station_put(reader_station, "coast/a", "Two", NULL);
    struct reader reader = reader_begin_at(reader_station->op, got.seq);
    assert_int_equal(reader_next(&reader)->seq, seq);
    (void)reader_stop(&reader);
}

/* ---- Resuming ---- */

static void
test_a_stream_resumes_with_its_own_tag(void **state)
{
    (void)state;
    int64_t seq = station_put(reader_station, "coast/a", "One", NULL);
    struct reader reader = reader_begin_at(reader_station->op, 0);
    assert_true(reader_next_response(&reader));
    Kontor__V1__Position position;
    Kontor__V1__WatchRequest request = reader_request(&position, seq - 1);
    position.scope_tag = arena_copy(reader_station->h->arena, reader.tag);
    (void)reader_stop(&reader);
    reader = reader_begin(reader_station->op, &request);
    assert_int_equal(reader_next(&reader)->seq, seq);
    (void)reader_stop(&reader);
    /* Another's scopes make another position of it. */
    assert_string_equal(reader_refused(reader_station->other, &request).reason,
                        "SCOPE_CHANGED");
}

static void
test_k50_a_stream_resumes_without_gap_or_repetition(void **state)
{
    (void)state;
    enum { N = 50 };
    int64_t first = 0;
    for (int i = 0; i < N; i++) {
        int64_t seq = station_put(reader_station, "coast/a", "One", NULL);
        first = first == 0 ? seq : first;
    }
    int64_t expected = first;
    int64_t from = first - 1;
    while (expected < first + N) {
        struct reader reader = reader_begin_at(reader_station->op, from);
        for (int i = 0; i < 7 && expected < first + N; i++) {
            assert_int_equal(reader_next(&reader)->seq, expected);
            from = expected++;
        }
        (void)reader_stop(&reader);
    }
}

static void
put_large(int n)
{
    char *text = arena_alloc(reader_station->h->arena, 16001);
    memset(text, 'x', 16000);
    Kontor__V1__Provider provider = KONTOR__V1__PROVIDER__INIT;
    provider.id = (char *)"coast/a";
    provider.name = (char *)"One";
    provider.description = text;
    for (int i = 0; i < n; i++) {
        station_call_put(reader_station, "Put", &provider);
    }
}

static void
test_one_behind_the_ring_reads_the_log(void **state)
{
    (void)state;
    enum { N = 600 };
    reader_station_with("watch_ring_changes", "256");
    int64_t first = store_applied(reader_station->h->broker.store) + 1;
    struct reader reader = reader_begin_at(reader_station->op, first - 1);
    assert_true(reader_next_response(&reader));
    /* Nothing is read: flow control holds the stream, and the ring moves on. */
    put_large(N);
    for (int64_t seq = first; seq < first + N; seq++) {
        assert_int_equal(reader_next(&reader)->seq, seq);
    }
    /* And back to the ring. */
    assert_int_equal(station_put(reader_station, "coast/b", "Live", NULL), first + N);
    assert_int_equal(reader_next(&reader)->seq, first + N);
    (void)reader_stop(&reader);
}

static void
test_a_reader_that_takes_nothing_is_let_go(void **state)
{
    (void)state;
    reader_station_with("watch_stall_ms", "1000");
    struct reader reader = reader_begin_at(reader_station->op, 0);
    assert_true(reader_next_response(&reader));
    /* More than any window holds. */
    put_large(400);
    while (atomic_load(&reader_station->n_behind) == 0) {
        sched_yield();
    }
    int64_t last = reader.position;
    for (Kontor__V1__RecordChange *change = reader_next(&reader); change != NULL;
         change = reader_next(&reader)) {
        last = change->seq;
    }
    struct wire_result result = wire_end(reader.call);
    assert_int_equal(result.status, STATUS_OUT_OF_RANGE);
    assert_string_equal(result.reason, "BEHIND");
    /* What it says was taken was received: a watch from there leaves no gap. */
    assert_true(result.seq > 0);
    assert_true(result.seq <= last);
    reader = reader_begin_at(reader_station->op, result.seq);
    assert_int_equal(reader_next(&reader)->seq, result.seq + 1);
    (void)reader_stop(&reader);
}

/* Many watchers and writers at once: everybody sees everything once, in order. */
static void
test_many_watchers_see_the_same(void **state)
{
    (void)state;
    enum { WATCHERS = 20, N = 200 };
    struct reader readers[WATCHERS];
    int64_t first = store_applied(reader_station->h->broker.store) + 1;
    for (size_t i = 0; i < WATCHERS; i++) {
        readers[i] = reader_begin_at(reader_station->op, first - 1);
    }
    for (int i = 0; i < N; i++) {
        station_put(reader_station, "coast/a", "One", NULL);
    }
    for (size_t i = 0; i < WATCHERS; i++) {
        for (int64_t seq = first; seq < first + N; seq++) {
            assert_int_equal(reader_next(&readers[i])->seq, seq);
        }
        (void)reader_stop(&readers[i]);
    }
}

int
main(void)
{
#define TEST(name)                                                                     \
    cmocka_unit_test_setup_teardown(name, reader_set_up, reader_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_the_first_message_says_the_position),
        TEST(test_a_change_arrives_with_its_record),
        TEST(test_the_reduced_view_lacks_internals_and_the_actor),
        TEST(test_more_is_set_on_all_but_the_last_visible_change),
        TEST(test_more_is_set_alike_behind_the_ring),
        TEST(test_a_record_that_leaves_the_scope_is_told_once),
        TEST(test_what_is_unpublished_is_not_shown_to_latecomers),
        TEST(test_a_deletion_is_told),
        TEST(test_strangers_see_nothing_but_how_far_it_came),
        TEST(test_progress_is_told_to_those_who_see_nothing),
        TEST(test_a_quiet_stream_tells_its_position_now_and_then),
        TEST(test_a_watch_goes_on_where_a_read_was),
        TEST(test_a_stream_resumes_with_its_own_tag),
        TEST(test_k50_a_stream_resumes_without_gap_or_repetition),
        TEST(test_one_behind_the_ring_reads_the_log),
        TEST(test_a_reader_that_takes_nothing_is_let_go),
        TEST(test_many_watchers_see_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
