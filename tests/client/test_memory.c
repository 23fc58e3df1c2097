/* What the library does when memory ends: a status, never an abort, nothing kept, no
 * change lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/client/certificates.h"
#include "tests/client/fake.h"
#include "tests/client/famine.h"

enum { CHANGES = 40, TRIES_MAX = 4000 };

static struct {
    struct fake *fake;
    struct kontor *kontor;
    char *pem[2]; /* Certificate and key to seal to. */
} rig;

/* ---- The broker ---- */

static void
send_changes(struct fake_call *call, int64_t from)
{
    Kontor__V1__RecordChange rows[CHANGES];
    Kontor__V1__RecordChange *changes[CHANGES];
    Kontor__V1__WatchResponse response = KONTOR__V1__WATCH_RESPONSE__INIT;
    for (int64_t seq = from; seq <= CHANGES; seq++) {
        Kontor__V1__RecordChange *row = &rows[response.n_changes];
        kontor__v1__record_change__init(row);
        row->seq = seq;
        row->id = (char *)(uintptr_t) "alpine/17";
        changes[response.n_changes++] = row;
        /* Several messages, so that one may be lost between others. */
        if (seq % 10 == 0) {
            response.changes = changes;
            fake_send(call, &response.base);
            response.n_changes = 0;
        }
    }
}

static void
on_watch(struct fake_call *call)
{
    const Kontor__V1__WatchRequest *request =
        (const Kontor__V1__WatchRequest *)call->request;
    Kontor__V1__Position position = KONTOR__V1__POSITION__INIT;
    position.seq = request->after == NULL ? 0 : request->after->seq;
    position.scope_tag = (char *)(uintptr_t) "tag-1";
    Kontor__V1__WatchResponse response = KONTOR__V1__WATCH_RESPONSE__INIT;
    response.position = &position;
    fake_send(call, &response.base);
    send_changes(call, position.seq + 1);
    fake_end(call);
}

static void
on_log(struct fake_call *call)
{
    Kontor__V1__Commit commits[2] = {KONTOR__V1__COMMIT__INIT,
                                     KONTOR__V1__COMMIT__INIT};
    Kontor__V1__Commit *list[2] = {&commits[0], &commits[1]};
    commits[0].seq = 1;
    commits[1].seq = 2;
    Kontor__V1__ReadLogResponse response = KONTOR__V1__READ_LOG_RESPONSE__INIT;
    response.commits = list;
    response.n_commits = 2;
    fake_send(call, &response.base);
    fake_end(call);
}

static void
on_cancel(struct fake_call *call)
{
    Kontor__V1__GetOrderResponse reply = KONTOR__V1__GET_ORDER_RESPONSE__INIT;
    Kontor__V1__Order order = KONTOR__V1__ORDER__INIT;
    order.id = (char *)(uintptr_t) "coast/o-1";
    reply.order = &order;
    fake_reply(call, &reply.base);
}

static void
on_who(struct fake_call *call)
{
    fake_fail_fully(call, KONTOR_NOT_FOUND, "NOT_FOUND", "nobody", 10);
}

static void
on_status(struct fake_call *call)
{
    fake_reply_raw(call, "\xff\xff\xff", 3);
}

static void
handle(struct fake_call *call, void *context)
{
    static const struct {
        const char *path;
        void (*handle)(struct fake_call *call);
    } rows[] = {
        {"/kontor.v1.CatalogueService/Watch", on_watch},
        {"/kontor.v1.RegistryService/ReadLog", on_log},
        {"/kontor.v1.OrderService/CancelOrder", on_cancel},
        {"/kontor.v1.RegistryService/WhoAmI", on_who},
        {"/kontor.v1.RegistryService/GetStatus", on_status},
    };
    (void)context;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].path, call->path) == 0) {
            rows[i].handle(call);
        }
    }
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

/* ---- What is tried ---- */

/* Takes all it needs and gives all of it back, but for what the error holds. */
typedef enum kontor_status (*attempt_fn)(struct kontor_error *error);

/*
 * With the n-th taking refused, and with all from the n-th on, for every n: the same
 * status, and OK once nothing is refused.
 */
static void
starve(attempt_fn attempt, enum kontor_status full, enum kontor_status starved,
       const char *reason)
{
    for (int lasts = 0; lasts < 2; lasts++) {
        bool has_failed = true;
        int n;
        for (n = 1; has_failed && n < TRIES_MAX; n++) {
            struct kontor_error error = {0};
            famine_begin(n, lasts == 1);
            enum kontor_status status = attempt(&error);
            has_failed = famine_end();
            assert_int_equal(status, has_failed ? starved : full);
            if (has_failed && reason != NULL) {
                assert_string_equal(error.reason, reason);
            }
            if (status != KONTOR_OK) {
                assert_int_equal(error.status, status);
                assert_non_null(error.message);
            }
            kontor_error_done(&error);
            assert_true(famine_is_paid_back());
        }
        /* A gate that checks nothing fails. */
        assert_true(n > 2 && n < TRIES_MAX);
    }
}

static enum kontor_status
try_connect(struct kontor_error *error)
{
    struct kontor_options options = fake_options(rig.fake);
    struct kontor *kontor = NULL;
    enum kontor_status status = kontor_connect(&options, &kontor, error);
    if (status != KONTOR_OK) {
        assert_null(kontor);
    }
    kontor_free(kontor);
    return status;
}

static void
test_connecting_without_memory_is_a_status(void **state)
{
    (void)state;
    starve(try_connect, KONTOR_OK, KONTOR_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY");
}

static enum kontor_status
try_change(struct kontor_error *error)
{
    Kontor__V1__CancelOrderRequest request = KONTOR__V1__CANCEL_ORDER_REQUEST__INIT;
    request.id = (char *)(uintptr_t) "coast/o-1";
    Kontor__V1__GetOrderResponse *reply = NULL;
    enum kontor_status status =
        kontor_cancel_order(rig.kontor, &request, &reply, error);
    assert_true((status == KONTOR_OK) == (reply != NULL));
    if (status == KONTOR_OK) {
        assert_string_equal(reply->order->id, "coast/o-1");
    }
    kontor_reply_free(reply);
    return status;
}

static void
test_a_call_without_memory_is_a_status(void **state)
{
    (void)state;
    starve(try_change, KONTOR_OK, KONTOR_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY");
}

/*
 * The request is packed or not, sent or not, answered or not: whoever ran out of memory
 * behind the sending cannot know, and is told so with the id to repeat.
 */
static void
test_a_change_whose_answer_found_no_memory_may_be_made(void **state)
{
    (void)state;
    int n_unknown = 0;
    bool has_failed = true;
    for (int n = 1; has_failed; n++) {
        struct kontor_error error = {0};
        famine_begin(n, false);
        try_change(&error);
        has_failed = famine_end();
        n_unknown += error.is_outcome_unknown;
        if (error.is_outcome_unknown) {
            assert_int_equal(strlen(error.request_id), 36);
        } else {
            /* Once one was sent, all later ones are. */
            assert_true(n_unknown == 0 || !has_failed);
        }
        kontor_error_done(&error);
    }
    assert_true(n_unknown > 0);
}

static enum kontor_status
try_refused(struct kontor_error *error)
{
    Kontor__V1__WhoAmIRequest request = KONTOR__V1__WHO_AM_IREQUEST__INIT;
    return kontor_who_am_i(rig.kontor, &request, NULL, error);
}

/* Before the broker answered it is OUT_OF_MEMORY; then its own status counts, even when
 * there is no memory for what else it said. */
static void
test_a_refusal_keeps_its_status_without_memory(void **state)
{
    (void)state;
    int n_kept = 0;
    bool has_failed = true;
    for (int n = 1; has_failed; n++) {
        struct kontor_error error = {0};
        famine_begin(n, true);
        enum kontor_status status = try_refused(&error);
        has_failed = famine_end();
        assert_int_equal(status, error.status);
        assert_non_null(error.reason);
        assert_non_null(error.message);
        if (status == KONTOR_RESOURCE_EXHAUSTED) {
            assert_string_equal(error.reason, "OUT_OF_MEMORY");
        } else {
            assert_int_equal(status, KONTOR_NOT_FOUND);
            n_kept++;
        }
        kontor_error_done(&error);
        assert_true(famine_is_paid_back());
    }
    assert_true(n_kept > 1);
}

/* An answer nobody can read stays one whether or not there is memory to say so. */
static void
test_a_damaged_answer_without_memory_is_a_status(void **state)
{
    (void)state;
    bool has_failed = true;
    for (int n = 1; has_failed; n++) {
        Kontor__V1__GetStatusRequest request = KONTOR__V1__GET_STATUS_REQUEST__INIT;
        struct kontor_error error = {0};
        famine_begin(n, true);
        enum kontor_status status =
            kontor_get_status(rig.kontor, &request, NULL, &error);
        has_failed = famine_end();
        assert_true(status == KONTOR_INTERNAL ||
                    strcmp(error.reason, "OUT_OF_MEMORY") == 0);
        kontor_error_done(&error);
        assert_true(famine_is_paid_back());
    }
}

static enum kontor_status
open_watch(int64_t after, struct kontor_watch **watch, struct kontor_error *error)
{
    Kontor__V1__WatchRequest request = KONTOR__V1__WATCH_REQUEST__INIT;
    Kontor__V1__Position position = KONTOR__V1__POSITION__INIT;
    position.seq = after;
    request.after = &position;
    return kontor_watch_open(rig.kontor,
                             kontor_method("/kontor.v1.CatalogueService/Watch"),
                             &request, watch, error);
}

/* Follows from *seq to the end; each change must be the next one. */
static enum kontor_status
follow(int64_t *seq, struct kontor_error *error)
{
    struct kontor_watch *watch = NULL;
    enum kontor_status status = open_watch(*seq, &watch, error);
    if (status != KONTOR_OK) {
        return status;
    }
    const Kontor__V1__RecordChange *change = NULL;
    enum kontor_event event;
    do {
        event = kontor_watch_next(watch, 10000, &change, error);
        if (event == KONTOR_EVENT_RECORD) {
            assert_int_equal(change->seq, ++*seq);
        }
    } while (event == KONTOR_EVENT_RECORD);
    status = event == KONTOR_EVENT_END ? KONTOR_OK : error->status;
    if (event == KONTOR_EVENT_FAILED) {
        /* Going on behind what was lost would be a gap. */
        struct kontor_error again = {0};
        assert_int_equal(kontor_watch_next(watch, 10000, &change, &again),
                         KONTOR_EVENT_FAILED);
        kontor_error_done(&again);
    }
    kontor_watch_free(watch);
    return status;
}

static enum kontor_status
try_watch(struct kontor_error *error)
{
    int64_t seq = 0;
    return follow(&seq, error);
}

static void
test_a_watch_without_memory_is_a_status(void **state)
{
    (void)state;
    starve(try_watch, KONTOR_OK, KONTOR_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY");
}

static void
test_a_watch_opened_again_after_a_famine_misses_nothing(void **state)
{
    (void)state;
    bool has_failed = true;
    for (int n = 1; has_failed; n++) {
        int64_t seq = 0;
        struct kontor_error error = {0};
        famine_begin(n, false);
        enum kontor_status status = follow(&seq, &error);
        has_failed = famine_end();
        if (status != KONTOR_OK) {
            assert_int_equal(follow(&seq, &error), KONTOR_OK);
        }
        assert_int_equal(seq, CHANGES);
        kontor_error_done(&error);
    }
}

static enum kontor_status
try_log(struct kontor_error *error)
{
    struct kontor_log *log = NULL;
    enum kontor_status status = kontor_log_open(rig.kontor, 0, false, &log, error);
    if (status != KONTOR_OK) {
        return status;
    }
    const Kontor__V1__Commit *commit = NULL;
    enum kontor_event event;
    int64_t seq = 0;
    do {
        event = kontor_log_next(log, 10000, &commit, error);
        if (event == KONTOR_EVENT_RECORD) {
            assert_int_equal(commit->seq, ++seq);
        }
    } while (event == KONTOR_EVENT_RECORD);
    status = event == KONTOR_EVENT_END ? KONTOR_OK : error->status;
    kontor_log_free(log);
    return status;
}

static void
test_a_log_without_memory_is_a_status(void **state)
{
    (void)state;
    starve(try_log, KONTOR_OK, KONTOR_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY");
}

/* The text is lost, what is wrong is not. */
static enum kontor_status
try_nothing(struct kontor_error *error)
{
    struct kontor_options options = fake_options(rig.fake);
    options.server = NULL;
    struct kontor *kontor = NULL;
    return kontor_connect(&options, &kontor, error);
}

static void
test_a_mistake_is_named_without_memory(void **state)
{
    (void)state;
    starve(try_nothing, KONTOR_INVALID_ARGUMENT, KONTOR_INVALID_ARGUMENT,
           "CONNECTION_SETTINGS");
}

/* What the library itself takes; OpenSSL's own memory is beside it. */
static enum kontor_status
try_seal(struct kontor_error *error)
{
    struct kontor_bytes sealed = {0};
    struct kontor_bytes plain = {0};
    const char *certificates[] = {rig.pem[0]};
    enum kontor_status status =
        kontor_seal((struct kontor_bytes){"x", 1}, certificates, 1, &sealed, error);
    if (status == KONTOR_OK) {
        status = kontor_unseal(sealed, rig.pem[0], rig.pem[1], &plain, error);
    }
    kontor_bytes_free(&sealed);
    kontor_bytes_free(&plain);
    return status;
}

static void
test_sealing_without_memory_is_a_status(void **state)
{
    (void)state;
    rig.pem[0] = certificates_read(fake_certificates(rig.fake), "client.pem");
    rig.pem[1] = certificates_read(fake_certificates(rig.fake), "client.key");
    starve(try_seal, KONTOR_OK, KONTOR_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY");
    free(rig.pem[0]);
    free(rig.pem[1]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connecting_without_memory_is_a_status),
        cmocka_unit_test(test_a_call_without_memory_is_a_status),
        cmocka_unit_test(test_a_change_whose_answer_found_no_memory_may_be_made),
        cmocka_unit_test(test_a_refusal_keeps_its_status_without_memory),
        cmocka_unit_test(test_a_damaged_answer_without_memory_is_a_status),
        cmocka_unit_test(test_a_watch_without_memory_is_a_status),
        cmocka_unit_test(test_a_watch_opened_again_after_a_famine_misses_nothing),
        cmocka_unit_test(test_a_log_without_memory_is_a_status),
        cmocka_unit_test(test_a_mistake_is_named_without_memory),
        cmocka_unit_test(test_sealing_without_memory_is_a_status),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
