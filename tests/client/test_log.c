/* The log of a broker that trimmed it: its base comes whole, once, and before the
 * commits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/client/fake.h"

enum { BASE = 41, DOCUMENTS = 20, LAST = 50, WAIT_MS = 10000 };

/* The broker: a log that was trimmed, or was not, and streams that are cut. */
static struct {
    struct fake *fake;
    struct kontor *kontor;
    bool is_whole; /* No base; commits from 1 on. */
    int n_cuts;    /* Streams that still are cut, each somewhere. */
    bool ends_early;
    bool moves;     /* With a cut the log is trimmed again. */
    uint8_t digest; /* Of the base. */
    unsigned seed;
    int n_calls;
} rig;

static bool
is_cut(struct fake_call *call)
{
    if (rig.n_cuts == 0 || rand_r(&rig.seed) % 12 != 0) {
        return false;
    }
    rig.n_cuts--;
    rig.digest = rig.moves ? 8 : rig.digest;
    fake_fail(call, KONTOR_UNAVAILABLE, NULL, "draining");
    return true;
}

static void
send_start(struct fake_call *call, int64_t after)
{
    Kontor__V1__History history = KONTOR__V1__HISTORY__INIT;
    Kontor__V1__History *histories[] = {&history};
    Kontor__V1__Base base = KONTOR__V1__BASE__INIT;
    Kontor__V1__ReadLogResponse start = KONTOR__V1__READ_LOG_RESPONSE__INIT;
    history.first_seq = 1;
    start.histories = histories;
    start.n_histories = 1;
    base.seq = BASE;
    base.documents = DOCUMENTS;
    base.digest = (ProtobufCBinaryData){1, &rig.digest};
    start.log_base = after == 0 && !rig.is_whole ? &base : NULL;
    fake_send(call, &start.base);
}

/* false: the call is over. */
static bool
send_documents(struct fake_call *call)
{
    for (int i = 0; i < DOCUMENTS; i++) {
        char id[16];
        Kontor__V1__BaseDocument document = KONTOR__V1__BASE_DOCUMENT__INIT;
        Kontor__V1__BaseDocument *documents[] = {&document};
        Kontor__V1__ReadLogResponse response = KONTOR__V1__READ_LOG_RESPONSE__INIT;
        (void)snprintf(id, sizeof id, "d/%02d", i);
        document.id = id;
        response.documents = documents;
        response.n_documents = 1;
        fake_send(call, &response.base);
        if (is_cut(call)) {
            return false;
        }
        if (rig.ends_early && i == DOCUMENTS / 2) {
            fake_end(call);
            return false;
        }
    }
    return true;
}

static void
handle(struct fake_call *call, void *context)
{
    (void)context;
    rig.n_calls++;
    int64_t after = ((const Kontor__V1__ReadLogRequest *)call->request)->after;
    if (after > 0 && after < BASE && !rig.is_whole) {
        fake_fail(call, KONTOR_OUT_OF_RANGE, "TRIMMED", "it was trimmed");
        return;
    }
    send_start(call, after);
    bool has_base = after == 0 && !rig.is_whole;
    if (has_base && !send_documents(call)) {
        return;
    }
    for (int64_t seq = has_base ? BASE + 1 : after + 1; seq <= LAST; seq++) {
        Kontor__V1__Commit commit = KONTOR__V1__COMMIT__INIT;
        Kontor__V1__Commit *commits[] = {&commit};
        Kontor__V1__ReadLogResponse response = KONTOR__V1__READ_LOG_RESPONSE__INIT;
        commit.seq = seq;
        response.commits = commits;
        response.n_commits = 1;
        fake_send(call, &response.base);
        if (is_cut(call)) {
            return;
        }
    }
    fake_end(call);
}

static int
setup(void **state)
{
    (void)state;
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

static int
reset(void **state)
{
    (void)state;
    fake_settle(rig.fake);
    rig.is_whole = false;
    rig.n_cuts = 0;
    rig.ends_early = false;
    rig.moves = false;
    rig.digest = 7;
    rig.n_calls = 0;
    fake_sync(rig.fake);
    return 0;
}

static struct kontor_log *
open_log(int64_t after)
{
    struct kontor_log *log = NULL;
    fake_sync(rig.fake);
    assert_int_equal(kontor_log_open(rig.kontor, after, false, &log, NULL), KONTOR_OK);
    return log;
}

/* The next n documents are those from one on. */
static void
expect_documents(struct kontor_log *log, int from, int n)
{
    for (int i = from; i < from + n; i++) {
        char id[16];
        const Kontor__V1__BaseDocument *document = NULL;
        struct kontor_error error = {0};
        (void)snprintf(id, sizeof id, "d/%02d", i);
        assert_int_equal(kontor_log_next_document(log, WAIT_MS, &document, &error),
                         KONTOR_EVENT_RECORD);
        assert_string_equal(document->id, id);
        kontor_error_done(&error);
    }
}

static void
expect_no_document(struct kontor_log *log)
{
    const Kontor__V1__BaseDocument *document = NULL;
    struct kontor_error error = {0};
    assert_int_equal(kontor_log_next_document(log, WAIT_MS, &document, &error),
                     KONTOR_EVENT_END);
    kontor_error_done(&error);
}

/* The commits from one on to the last, and then the end. */
static void
expect_commits(struct kontor_log *log, int64_t from)
{
    const Kontor__V1__Commit *commit = NULL;
    struct kontor_error error = {0};
    for (int64_t seq = from; seq <= LAST; seq++) {
        assert_int_equal(kontor_log_next(log, WAIT_MS, &commit, &error),
                         KONTOR_EVENT_RECORD);
        assert_int_equal(commit->seq, seq);
    }
    assert_int_equal(kontor_log_next(log, WAIT_MS, &commit, &error), KONTOR_EVENT_END);
    kontor_error_done(&error);
}

static void
test_the_base_comes_before_the_commits(void **state)
{
    (void)state;
    struct kontor_log *log = open_log(0);
    assert_null(kontor_log_start(log));
    expect_documents(log, 0, 1);
    assert_int_equal(kontor_log_start(log)->log_base->seq, BASE);
    expect_documents(log, 1, DOCUMENTS - 1);
    expect_no_document(log);
    expect_no_document(log);
    expect_commits(log, BASE + 1);
    expect_no_document(log);
    kontor_log_free(log);
}

static void
test_who_asks_for_commits_passes_over_the_base(void **state)
{
    (void)state;
    struct kontor_log *log = open_log(0);
    expect_commits(log, BASE + 1);
    kontor_log_free(log);
    log = open_log(0);
    expect_documents(log, 0, 5);
    expect_commits(log, BASE + 1);
    kontor_log_free(log);
}

static void
test_a_whole_log_has_no_document(void **state)
{
    (void)state;
    rig.is_whole = true;
    struct kontor_log *log = open_log(0);
    expect_no_document(log);
    assert_null(kontor_log_start(log)->log_base);
    expect_commits(log, 1);
    kontor_log_free(log);
}

/* Who goes on behind a position has no use for a base, and nobody is asked. */
static void
test_a_log_behind_a_position_has_no_document(void **state)
{
    (void)state;
    struct kontor_log *log = open_log(45);
    expect_no_document(log);
    assert_int_equal(rig.n_calls, 0);
    expect_commits(log, 46);
    kontor_log_free(log);
}

static void
test_cuts_lose_nothing_and_repeat_nothing(void **state)
{
    (void)state;
    rig.seed = 20;
    print_message("seed %u\n", rig.seed);
    for (int i = 0; i < 10; i++) {
        rig.n_cuts = 4;
        struct kontor_log *log = open_log(0);
        expect_documents(log, 0, DOCUMENTS);
        expect_no_document(log);
        expect_commits(log, BASE + 1);
        kontor_log_free(log);
        fake_settle(rig.fake);
    }
    assert_true(rig.n_calls > 20);
}

/* Documents of two bases make none. */
static void
test_another_base_meanwhile_fails_the_log(void **state)
{
    const Kontor__V1__BaseDocument *document = NULL;
    struct kontor_error error = {0};
    enum kontor_event event = KONTOR_EVENT_RECORD;
    (void)state;
    rig.n_cuts = 1;
    rig.moves = true;
    rig.seed = 20; /* Which cuts inside the base. */
    struct kontor_log *log = open_log(0);
    while (event == KONTOR_EVENT_RECORD) {
        event = kontor_log_next_document(log, WAIT_MS, &document, &error);
    }
    assert_int_equal(event, KONTOR_EVENT_FAILED);
    assert_int_equal(error.status, KONTOR_OUT_OF_RANGE);
    assert_string_equal(error.reason, "TRIMMED");
    assert_int_equal(kontor_log_next_document(log, WAIT_MS, &document, &error),
                     KONTOR_EVENT_FAILED);
    kontor_error_done(&error);
    kontor_log_free(log);
}

static void
test_a_base_that_ends_early_is_no_end(void **state)
{
    const Kontor__V1__BaseDocument *document = NULL;
    struct kontor_error error = {0};
    (void)state;
    rig.ends_early = true;
    struct kontor_log *log = open_log(0);
    expect_documents(log, 0, DOCUMENTS / 2 + 1);
    assert_int_equal(kontor_log_next_document(log, WAIT_MS, &document, &error),
                     KONTOR_EVENT_FAILED);
    assert_int_equal(error.status, KONTOR_DATA_LOSS);
    kontor_error_done(&error);
    kontor_log_free(log);
}

static void
test_a_position_before_the_base_asks_to_begin_anew(void **state)
{
    const Kontor__V1__Commit *commit = NULL;
    struct kontor_error error = {0};
    (void)state;
    struct kontor_log *log = open_log(BASE - 1);
    assert_int_equal(kontor_log_next(log, WAIT_MS, &commit, &error),
                     KONTOR_EVENT_RELIST);
    assert_string_equal(error.reason, "TRIMMED");
    kontor_error_done(&error);
    kontor_log_free(log);
}

#define RULE(test) cmocka_unit_test_setup(test, reset)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(test_the_base_comes_before_the_commits),
        RULE(test_who_asks_for_commits_passes_over_the_base),
        RULE(test_a_whole_log_has_no_document),
        RULE(test_a_log_behind_a_position_has_no_document),
        RULE(test_cuts_lose_nothing_and_repeat_nothing),
        RULE(test_another_base_meanwhile_fails_the_log),
        RULE(test_a_base_that_ends_early_is_no_end),
        RULE(test_a_position_before_the_base_asks_to_begin_anew),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
