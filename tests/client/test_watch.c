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

#include "tests/client/fake.h"

static const char *const watch_path = "/kontor.v1.CatalogueService/Watch";

/* The broker's history: change i belongs to position seqs[i]. */
enum { CHANGES_MAX = 600, ANY_TEST = -1 };

/* How the broker ends a stream. */
enum ending { END_HANG, END_OK, END_CUT, END_FAIL };

struct stream {
    size_t n_changes; /* So many changes go out before the ending. */
    enum ending ending;
    enum kontor_status status;
    const char *reason;
};

/* What the broker of one test knows and saw. */
struct history {
    int64_t seqs[CHANGES_MAX];
    size_t n_changes;
    int64_t head; /* Progress up to here closes each stream that hangs or is OK. */
    struct stream streams[64];
    int n_streams;
    int repeat; /* So many changes before the position are sent again. */
    int n_opened;
    int64_t after[64];
    char scope_tags[64][16];
};

static struct {
    struct fake *fake;
    struct kontor *kontor;
    pthread_mutex_t mutex; /* Guards all below. */
    pthread_cond_t changed;
    int test; /* Goes out as id_prefix, so that a call that comes late counts for
                 nothing. */
    struct history it;
} rig;

static void
send_position(struct fake_call *call, int64_t seq)
{
    Kontor__V1__Position position = KONTOR__V1__POSITION__INIT;
    position.seq = seq;
    position.scope_tag = (char *)(uintptr_t) "tag-1";
    Kontor__V1__WatchResponse response = KONTOR__V1__WATCH_RESPONSE__INIT;
    response.position = &position;
    fake_send(call, &response.base);
}

static void
send_change(struct fake_call *call, const struct history *it, size_t i)
{
    char id[32];
    snprintf(id, sizeof id, "alpine/%zu", i);
    Kontor__V1__RecordChange change = KONTOR__V1__RECORD_CHANGE__INIT;
    change.seq = it->seqs[i];
    change.id = id;
    change.kind = (char *)(uintptr_t) "service";
    change.op = KONTOR__V1__RECORD_CHANGE__OP__PUT;
    change.more = i + 1 < it->n_changes && it->seqs[i + 1] == it->seqs[i];
    Kontor__V1__RecordChange *changes[] = {&change};
    Kontor__V1__WatchResponse response = KONTOR__V1__WATCH_RESPONSE__INIT;
    response.changes = changes;
    response.n_changes = 1;
    fake_send(call, &response.base);
}

static size_t
first_after(const struct history *it, int64_t seq)
{
    size_t i = 0;
    while (i < it->n_changes && it->seqs[i] <= seq) {
        i++;
    }
    return i >= (size_t)it->repeat ? i - (size_t)it->repeat : 0;
}

static void
end_stream(struct fake_call *call, const struct stream *stream)
{
    switch (stream->ending) {
    case END_HANG:
        fake_wait_gone(call);
        break;
    case END_OK:
        fake_end(call);
        break;
    case END_CUT:
        fake_cut(call->fake);
        break;
    case END_FAIL:
        fake_fail(call, stream->status, stream->reason, "over");
        break;
    }
}

/* Notes that a stream was opened; false: it belongs to a test that is over. */
static bool
open_stream(int test, int64_t after, const char *scope_tag, struct history *copy,
            struct stream *stream)
{
    pthread_mutex_lock(&rig.mutex);
    bool is_of_now = test == rig.test || test == ANY_TEST;
    if (is_of_now) {
        int n = rig.it.n_opened++;
        if (n < 64) {
            rig.it.after[n] = after;
            snprintf(rig.it.scope_tags[n], sizeof rig.it.scope_tags[n], "%s",
                     scope_tag);
        }
        *copy = rig.it;
        *stream = copy->streams[n < copy->n_streams ? n : copy->n_streams - 1];
        pthread_cond_broadcast(&rig.changed);
    }
    pthread_mutex_unlock(&rig.mutex);
    return is_of_now;
}

static void
handle_watch(struct fake_call *call)
{
    const Kontor__V1__WatchRequest *request =
        (const Kontor__V1__WatchRequest *)call->request;
    struct history it;
    struct stream stream;
    int64_t after = request->after == NULL ? -1 : request->after->seq;
    const char *scope_tag = request->after == NULL ? "" : request->after->scope_tag;
    if (!open_stream(atoi(request->id_prefix), after, scope_tag, &it, &stream)) {
        return;
    }
    send_position(call, after < 0 ? 0 : after);
    size_t from = first_after(&it, after);
    for (size_t i = from; i < it.n_changes && i < from + stream.n_changes; i++) {
        send_change(call, &it, i);
    }
    if (stream.ending == END_HANG || stream.ending == END_OK) {
        send_position(call, it.head);
    }
    end_stream(call, &stream);
}

static void
handle_log(struct fake_call *call)
{
    const Kontor__V1__ReadLogRequest *request =
        (const Kontor__V1__ReadLogRequest *)call->request;
    struct history it;
    struct stream stream;
    if (!open_stream(ANY_TEST, request->after, "", &it, &stream)) {
        return;
    }
    Kontor__V1__History history = KONTOR__V1__HISTORY__INIT;
    history.first_seq = 1;
    Kontor__V1__History *histories[] = {&history};
    Kontor__V1__ReadLogResponse start = KONTOR__V1__READ_LOG_RESPONSE__INIT;
    start.histories = histories;
    start.n_histories = 1;
    fake_send(call, &start.base);
    for (size_t i = 0; i < stream.n_changes; i++) {
        Kontor__V1__Commit commit = KONTOR__V1__COMMIT__INIT;
        commit.seq = request->after + 1 + (int64_t)i;
        Kontor__V1__Commit *commits[] = {&commit};
        Kontor__V1__ReadLogResponse response = KONTOR__V1__READ_LOG_RESPONSE__INIT;
        response.commits = commits;
        response.n_commits = 1;
        fake_send(call, &response.base);
    }
    end_stream(call, &stream);
}

static void
handle(struct fake_call *call, void *context)
{
    (void)context;
    if (strcmp(call->path, watch_path) == 0) {
        handle_watch(call);
    } else {
        handle_log(call);
    }
}

static int
setup(void **state)
{
    (void)state;
    pthread_mutex_init(&rig.mutex, NULL);
    pthread_cond_init(&rig.changed, NULL);
    rig.fake = fake_start(handle, NULL);
    rig.kontor = fake_connect(rig.fake);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    kontor_free(rig.kontor);
    fake_stop(rig.fake);
    return 0;
}

/* Begins a test: its history and the streams; the last stream is repeated. */
static void
broker(const int64_t *seqs, size_t n, const struct stream *streams, int n_streams)
{
    pthread_mutex_lock(&rig.mutex);
    rig.test++;
    memset(&rig.it, 0, sizeof rig.it);
    memcpy(rig.it.seqs, seqs, n * sizeof *seqs);
    rig.it.n_changes = n;
    rig.it.head = n == 0 ? 0 : seqs[n - 1];
    memcpy(rig.it.streams, streams, (size_t)n_streams * sizeof *streams);
    rig.it.n_streams = n_streams;
    pthread_mutex_unlock(&rig.mutex);
}

static void
broker_repeats(int n)
{
    pthread_mutex_lock(&rig.mutex);
    rig.it.repeat = n;
    pthread_mutex_unlock(&rig.mutex);
}

static void
broker_stops_at(int64_t head)
{
    pthread_mutex_lock(&rig.mutex);
    rig.it.head = head;
    pthread_mutex_unlock(&rig.mutex);
}

/* What the broker saw so far. */
static struct history
seen(void)
{
    pthread_mutex_lock(&rig.mutex);
    struct history copy = rig.it;
    pthread_mutex_unlock(&rig.mutex);
    return copy;
}

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
