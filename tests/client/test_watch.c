/* Watches and the log against a broker that loses connections: nothing twice, nothing
 * missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/client/watch_rig.h"

static struct kontor_watch *
open_watch(bool follow, int64_t after)
{
    char test[16];
    snprintf(test, sizeof test, "%d", rig.test);
    Kontor__V1__WatchRequest request = KONTOR__V1__WATCH_REQUEST__INIT;
    request.id_prefix = test;
    Kontor__V1__Position position = KONTOR__V1__POSITION__INIT;
    position.seq = after;
    request.after = &position;
    request.follow = follow;
    struct kontor_watch *watch = NULL;
    assert_int_equal(kontor_watch_open(rig.kontor, kontor_method(watch_path), &request,
                                       &watch, NULL),
                     KONTOR_OK);
    return watch;
}

static void
expect_change(struct kontor_watch *watch, size_t i)
{
    const Kontor__V1__RecordChange *change = NULL;
    struct kontor_error error = {0};
    assert_int_equal(kontor_watch_next(watch, 10000, &change, &error),
                     KONTOR_EVENT_RECORD);
    char id[32];
    snprintf(id, sizeof id, "alpine/%zu", i);
    assert_string_equal(change->id, id);
    assert_int_equal(change->seq, rig.it.seqs[i]);
    kontor_error_done(&error);
}

static void
expect_event(struct kontor_watch *watch, enum kontor_event event, const char *reason)
{
    const Kontor__V1__RecordChange *change = NULL;
    struct kontor_error error = {0};
    assert_int_equal(kontor_watch_next(watch, 10000, &change, &error), event);
    if (reason != NULL) {
        assert_string_equal(error.reason, reason);
    }
    kontor_error_done(&error);
}

static const int64_t some_seqs[] = {3, 5, 5, 5, 8, 9};
enum { SOME = sizeof some_seqs / sizeof some_seqs[0] };

static void
test_changes_come_in_order_and_move_the_position(void **state)
{
    (void)state;
    const struct stream streams[] = {{SOME, END_OK, 0, NULL}};
    broker(some_seqs, SOME, streams, 1);
    struct kontor_watch *watch = open_watch(false, 0);
    static const int64_t positions[] = {3, 3, 3, 5, 8, 9};
    for (size_t i = 0; i < SOME; i++) {
        expect_change(watch, i);
        assert_int_equal(kontor_watch_position(watch)->seq, positions[i]);
    }
    assert_string_equal(kontor_watch_position(watch)->scope_tag, "tag-1");
    expect_event(watch, KONTOR_EVENT_END, NULL);
    expect_event(watch, KONTOR_EVENT_END, NULL);
    kontor_watch_free(watch);
}

static void
test_a_cut_inside_a_position_gives_no_change_twice(void **state)
{
    (void)state;
    const struct stream streams[] = {{3, END_FAIL, KONTOR_UNAVAILABLE, NULL},
                                     {SOME, END_HANG, 0, NULL}};
    broker(some_seqs, SOME, streams, 2);
    struct kontor_watch *watch = open_watch(true, 0);
    for (size_t i = 0; i < SOME; i++) {
        expect_change(watch, i);
    }
    struct history it = seen();
    assert_int_equal(it.n_opened, 2);
    assert_int_equal(it.after[1], 3);
    assert_string_equal(it.scope_tags[1], "tag-1");
    kontor_watch_free(watch);
}

static void
test_every_resumable_end_is_resumed(void **state)
{
    (void)state;
    static const struct stream endings[] = {
        {2, END_CUT, 0, NULL},
        {2, END_OK, 0, NULL},
        {2, END_FAIL, KONTOR_UNAVAILABLE, "DRAINING"},
        {2, END_FAIL, KONTOR_CANCELLED, NULL},
        {2, END_FAIL, KONTOR_OUT_OF_RANGE, "BEHIND"},
        {2, END_FAIL, KONTOR_RESOURCE_EXHAUSTED, "OVERLOADED"},
    };
    static const int64_t seqs[] = {1, 2, 3, 4};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        const struct stream streams[] = {endings[i], {4, END_HANG, 0, NULL}};
        broker(seqs, 4, streams, 2);
        broker_stops_at(2);
        struct kontor_watch *watch = open_watch(true, 0);
        for (size_t n = 0; n < 4; n++) {
            expect_change(watch, n);
        }
        /* A cut takes away what was on its way. */
        assert_true(seen().after[1] == 2 || endings[i].ending == END_CUT);
        kontor_watch_free(watch);
    }
}

static void
test_what_a_broker_repeats_is_dropped(void **state)
{
    (void)state;
    const struct stream streams[] = {{2, END_CUT, 0, NULL}, {SOME, END_HANG, 0, NULL}};
    static const int64_t seqs[] = {1, 2, 3, 4};
    broker(seqs, 4, streams, 2);
    broker_repeats(2);
    struct kontor_watch *watch = open_watch(true, 0);
    for (size_t n = 0; n < 4; n++) {
        expect_change(watch, n);
    }
    kontor_watch_free(watch);
}

static void
test_a_position_that_is_gone_asks_to_list_again(void **state)
{
    (void)state;
    static const char *const reasons[] = {"TRIMMED", "HISTORY_CHANGED",
                                          "SCOPE_CHANGED"};
    for (size_t i = 0; i < 3; i++) {
        const struct stream streams[] = {
            {1, END_FAIL, KONTOR_OUT_OF_RANGE, reasons[i]}};
        broker(some_seqs, SOME, streams, 1);
        struct kontor_watch *watch = open_watch(true, 0);
        expect_change(watch, 0);
        expect_event(watch, KONTOR_EVENT_RELIST, reasons[i]);
        expect_event(watch, KONTOR_EVENT_RELIST, NULL);
        assert_int_equal(seen().n_opened, 1);
        kontor_watch_free(watch);
    }
}

static void
test_a_refused_watch_fails(void **state)
{
    (void)state;
    const struct stream streams[] = {
        {0, END_FAIL, KONTOR_PERMISSION_DENIED, "ROLE_MISSING"}};
    broker(some_seqs, SOME, streams, 1);
    struct kontor_watch *watch = open_watch(true, 0);
    expect_event(watch, KONTOR_EVENT_FAILED, "ROLE_MISSING");
    kontor_watch_free(watch);
}

static void
test_a_quiet_watch_times_out_and_goes_on(void **state)
{
    (void)state;
    const struct stream streams[] = {{SOME, END_HANG, 0, NULL}};
    broker(some_seqs, SOME, streams, 1);
    struct kontor_watch *watch = open_watch(true, 8);
    expect_change(watch, 5);
    const Kontor__V1__RecordChange *change = NULL;
    assert_int_equal(kontor_watch_next(watch, 50, &change, NULL), KONTOR_EVENT_TIMEOUT);
    assert_int_equal(kontor_watch_next(watch, 0, &change, NULL), KONTOR_EVENT_TIMEOUT);
    assert_int_equal(kontor_watch_position(watch)->seq, 9);
    kontor_watch_free(watch);
}

/* Messages that arrive while nobody waits are kept. */
static void
test_a_host_without_patience_misses_nothing(void **state)
{
    (void)state;
    static int64_t seqs[CHANGES_MAX];
    for (size_t i = 0; i < 400; i++) {
        seqs[i] = (int64_t)i + 1;
    }
    const struct stream streams[] = {{CHANGES_MAX, END_HANG, 0, NULL}};
    broker(seqs, 400, streams, 1);
    struct kontor_watch *watch = open_watch(true, 0);
    for (int64_t seq = 1; seq <= 400;) {
        const Kontor__V1__RecordChange *change = NULL;
        enum kontor_event event = kontor_watch_next(watch, 0, &change, NULL);
        if (event == KONTOR_EVENT_RECORD) {
            assert_int_equal(change->seq, seq++);
        } else {
            assert_int_equal(event, KONTOR_EVENT_TIMEOUT);
            usleep(500); /* Not for an event: so that messages do come meanwhile. */
        }
    }
    kontor_watch_free(watch);
}

static void *
stop_when_open(void *context)
{
    pthread_mutex_lock(&rig.mutex);
    while (rig.it.n_opened == 0) {
        pthread_cond_wait(&rig.changed, &rig.mutex);
    }
    pthread_mutex_unlock(&rig.mutex);
    kontor_watch_stop(context);
    return NULL;
}

static void
test_stop_ends_a_waiting_watch(void **state)
{
    (void)state;
    const struct stream streams[] = {{0, END_HANG, 0, NULL}};
    broker(some_seqs, 0, streams, 1);
    struct kontor_watch *watch = open_watch(true, 0);
    pthread_t thread;
    pthread_create(&thread, NULL, stop_when_open, watch);
    const Kontor__V1__RecordChange *change = NULL;
    struct kontor_error error = {0};
    assert_int_equal(kontor_watch_next(watch, -1, &change, &error),
                     KONTOR_EVENT_FAILED);
    assert_string_equal(error.reason, "STOPPED");
    pthread_join(thread, NULL);
    kontor_error_done(&error);
    kontor_watch_free(watch);
}

static void
test_a_method_that_is_no_watch_is_refused(void **state)
{
    (void)state;
    Kontor__V1__WatchRequest request = KONTOR__V1__WATCH_REQUEST__INIT;
    struct kontor_watch *watch = NULL;
    assert_int_equal(
        kontor_watch_open(rig.kontor,
                          kontor_method("/kontor.v1.RegistryService/ReadLog"), &request,
                          &watch, NULL),
        KONTOR_INVALID_ARGUMENT);
    assert_null(watch);
}

/* Random positions, random ends: the host sees the history, each change once. */
static void
test_random_cuts_lose_nothing_and_repeat_nothing(void **state)
{
    (void)state;
    unsigned seed = (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    static int64_t seqs[CHANGES_MAX];
    seqs[0] = 1;
    for (size_t i = 1; i < 300; i++) {
        seqs[i] = seqs[i - 1] + (rand_r(&seed) % 3 == 0 ? 0 : 1 + rand_r(&seed) % 4);
    }
    struct stream streams[40];
    for (int i = 0; i < 39; i++) {
        static const struct stream kinds[] = {
            {0, END_CUT, 0, NULL},
            {0, END_FAIL, KONTOR_UNAVAILABLE, NULL},
            {0, END_FAIL, KONTOR_OUT_OF_RANGE, "BEHIND"}};
        streams[i] = kinds[rand_r(&seed) % 3];
        streams[i].n_changes = (size_t)(rand_r(&seed) % 40);
    }
    streams[39] = (struct stream){CHANGES_MAX, END_HANG, 0, NULL};
    broker(seqs, 300, streams, 40);
    broker_repeats(3);
    struct kontor_watch *watch = open_watch(true, 0);
    for (size_t i = 0; i < 300; i++) {
        expect_change(watch, i);
    }
    kontor_watch_free(watch);
}

static void
test_the_log_resumes_behind_its_last_commit(void **state)
{
    (void)state;
    const struct stream streams[] = {{3, END_CUT, 0, NULL},
                                     {2, END_FAIL, KONTOR_UNAVAILABLE, NULL},
                                     {2, END_OK, 0, NULL}};
    broker(some_seqs, SOME, streams, 3);
    struct kontor_log *log = NULL;
    struct kontor_error error = {0};
    assert_int_equal(kontor_log_open(rig.kontor, 10, false, &log, &error), KONTOR_OK);
    assert_null(kontor_log_start(log));
    int64_t expected = 11;
    const Kontor__V1__Commit *commit = NULL;
    enum kontor_event event;
    for (event = kontor_log_next(log, 10000, &commit, &error);
         event == KONTOR_EVENT_RECORD;
         event = kontor_log_next(log, 10000, &commit, &error)) {
        assert_int_equal(commit->seq, expected++);
    }
    assert_int_equal(event, KONTOR_EVENT_END);
    assert_true(expected >= 13 && expected <= 18);
    assert_int_equal(kontor_log_start(log)->n_histories, 1);
    kontor_error_done(&error);
    kontor_log_free(log);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes_come_in_order_and_move_the_position),
        cmocka_unit_test(test_a_cut_inside_a_position_gives_no_change_twice),
        cmocka_unit_test(test_every_resumable_end_is_resumed),
        cmocka_unit_test(test_what_a_broker_repeats_is_dropped),
        cmocka_unit_test(test_a_position_that_is_gone_asks_to_list_again),
        cmocka_unit_test(test_a_refused_watch_fails),
        cmocka_unit_test(test_a_quiet_watch_times_out_and_goes_on),
        cmocka_unit_test(test_a_host_without_patience_misses_nothing),
        cmocka_unit_test(test_stop_ends_a_waiting_watch),
        cmocka_unit_test(test_a_method_that_is_no_watch_is_refused),
        cmocka_unit_test(test_random_cuts_lose_nothing_and_repeat_nothing),
        cmocka_unit_test(test_the_log_resumes_behind_its_last_commit),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
