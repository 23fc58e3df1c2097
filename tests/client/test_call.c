/* Unary calls against a scripted broker: replies, retries with one request id, errors,
 * deadlines, the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "tests/client/fake.h"

/* What the broker does with the first calls; the last step is repeated. */
enum step {
    ANSWER,
    FAIL_UNAVAILABLE,
    FAIL_CANCELLED,
    FAIL_OUTCOME_UNKNOWN,
    FAIL_OVERLOADED,
    FAIL_CONTENTION,
    FAIL_NOT_FOUND,
    FAIL_FULLY,
    FAIL_DAMAGED,
    LOSE_ANSWER,
    SILENCE,
    ANSWER_DAMAGED,
};

struct script {
    enum step steps[8];
    atomic_int n_calls;
    pthread_mutex_t mutex;
    char request_ids[8][40];
    long min_seq;
    struct fake *fake;
    struct kontor *kontor;
};

static void
keep_request_id(struct script *script, const struct fake_call *call, int n)
{
    if (strcmp(call->path, "/kontor.v1.OrderService/CancelOrder") == 0 && n < 8) {
        const Kontor__V1__CancelOrderRequest *request =
            (const Kontor__V1__CancelOrderRequest *)call->request;
        pthread_mutex_lock(&script->mutex);
        strncpy(script->request_ids[n], request->request_id, 39);
        pthread_mutex_unlock(&script->mutex);
    }
}

static void
answer(struct fake_call *call)
{
    if (strcmp(call->path, "/kontor.v1.OrderService/CancelOrder") == 0) {
        Kontor__V1__GetOrderResponse reply = KONTOR__V1__GET_ORDER_RESPONSE__INIT;
        fake_reply(call, &reply.base);
        return;
    }
    Kontor__V1__WhoAmIResponse reply = KONTOR__V1__WHO_AM_IRESPONSE__INIT;
    reply.principal = (char *)(uintptr_t) "alpine/web";
    fake_reply(call, &reply.base);
}

static void
lose(struct fake_call *call)
{
    fake_cut(call->fake);
    answer(call);
}

static void
play(struct fake_call *call, enum step step)
{
    switch (step) {
    case ANSWER:
        answer(call);
        break;
    case FAIL_UNAVAILABLE:
        fake_fail(call, KONTOR_UNAVAILABLE, "DRAINING", "draining");
        break;
    case FAIL_CANCELLED:
        fake_fail(call, KONTOR_CANCELLED, NULL, "shutting down");
        break;
    case FAIL_OUTCOME_UNKNOWN:
        fake_fail(call, KONTOR_DEADLINE_EXCEEDED, "OUTCOME_UNKNOWN", "who knows");
        break;
    case FAIL_OVERLOADED:
        fake_fail(call, KONTOR_RESOURCE_EXHAUSTED, "OVERLOADED", "later");
        break;
    case FAIL_CONTENTION:
        fake_fail(call, KONTOR_ABORTED, "CONTENTION", "again");
        break;
    case FAIL_NOT_FOUND:
        fake_fail(call, KONTOR_NOT_FOUND, "NOT_FOUND", "there is no order coast/o-1");
        break;
    case FAIL_FULLY:
        fake_fail_fully(call, KONTOR_INVALID_ARGUMENT, "FIELDS_INVALID",
                        "1 field is wrong", 1500);
        break;
    case FAIL_DAMAGED:
        fake_fail_raw(call, KONTOR_INVALID_ARGUMENT, "\xff\xff\xff\xff", 4);
        break;
    case LOSE_ANSWER:
        lose(call);
        break;
    case SILENCE:
        fake_wait_gone(call);
        break;
    case ANSWER_DAMAGED:
        fake_reply_raw(call, "\x0a\xff", 2);
        break;
    }
}

static void
handle(struct fake_call *call, void *context)
{
    struct script *script = context;
    int n = atomic_fetch_add(&script->n_calls, 1);
    keep_request_id(script, call, n);
    pthread_mutex_lock(&script->mutex);
    script->min_seq = call->min_seq;
    enum step step = script->steps[n < 8 ? n : 7];
    pthread_mutex_unlock(&script->mutex);
    play(call, step);
}

/* One broker and one connection for all tests: making certificates takes longer than
 * the tests. */
static struct script the_script;

static struct script *
script_set(const enum step *steps, size_t n)
{
    pthread_mutex_lock(&the_script.mutex);
    memset(the_script.request_ids, 0, sizeof the_script.request_ids);
    for (size_t i = 0; i < 8; i++) {
        the_script.steps[i] = steps[i < n ? i : n - 1];
    }
    pthread_mutex_unlock(&the_script.mutex);
    atomic_store(&the_script.n_calls, 0);
    return &the_script;
}

#define SCRIPT(...)                                                                    \
    script_set((const enum step[]){__VA_ARGS__},                                       \
               sizeof((const enum step[]){__VA_ARGS__}) / sizeof(enum step))

static int
setup(void **state)
{
    pthread_mutex_init(&the_script.mutex, NULL);
    the_script.fake = fake_start(handle, &the_script);
    the_script.kontor = fake_connect(the_script.fake);
    *state = &the_script;
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    kontor_free(the_script.kontor);
    fake_stop(the_script.fake);
    return 0;
}

static enum kontor_status
who_am_i(char **principal, struct kontor_error *error)
{
    Kontor__V1__WhoAmIRequest request = KONTOR__V1__WHO_AM_IREQUEST__INIT;
    Kontor__V1__WhoAmIResponse *reply = NULL;
    enum kontor_status status =
        kontor_who_am_i(the_script.kontor, &request, &reply, error);
    if (status == KONTOR_OK && principal != NULL) {
        *principal = strdup(reply->principal);
    }
    kontor_reply_free(reply);
    return status;
}

static enum kontor_status
cancel_order(const char *request_id, int64_t deadline_ms, struct kontor_error *error)
{
    Kontor__V1__CancelOrderRequest request = KONTOR__V1__CANCEL_ORDER_REQUEST__INIT;
    request.id = (char *)(uintptr_t) "coast/o-1";
    request.request_id = (char *)(uintptr_t)request_id;
    struct kontor_call_options options = {.deadline_ms = deadline_ms};
    return kontor_call(the_script.kontor,
                       kontor_method("/kontor.v1.OrderService/CancelOrder"),
                       &request.base, &options, NULL, error);
}

static void
test_a_call_brings_its_reply(void **state)
{
    (void)state;
    SCRIPT(ANSWER);
    char *principal = NULL;
    assert_int_equal(who_am_i(&principal, NULL), KONTOR_OK);
    assert_string_equal(principal, "alpine/web");
    free(principal);
}

static void
test_every_retryable_end_is_retried_with_the_same_request_id(void **state)
{
    (void)state;
    static const enum step ends[] = {FAIL_UNAVAILABLE,     FAIL_CANCELLED,
                                     FAIL_OUTCOME_UNKNOWN, FAIL_OVERLOADED,
                                     FAIL_CONTENTION,      LOSE_ANSWER};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct script *script = SCRIPT(ends[i], ends[i], ANSWER);
        struct kontor_error error = {0};
        assert_int_equal(cancel_order("", 0, &error), KONTOR_OK);
        assert_int_equal(script->n_calls, 3);
        assert_int_equal(strlen(script->request_ids[0]), 36);
        assert_string_equal(script->request_ids[0], script->request_ids[1]);
        assert_string_equal(script->request_ids[0], script->request_ids[2]);
        kontor_error_done(&error);
    }
}

static void
test_a_given_request_id_is_kept(void **state)
{
    (void)state;
    struct script *script = SCRIPT(FAIL_UNAVAILABLE, ANSWER);
    assert_int_equal(cancel_order("mine", 0, NULL), KONTOR_OK);
    assert_string_equal(script->request_ids[0], "mine");
    assert_string_equal(script->request_ids[1], "mine");
}

static void
test_two_calls_have_two_request_ids(void **state)
{
    (void)state;
    struct script *script = SCRIPT(ANSWER);
    assert_int_equal(cancel_order("", 0, NULL), KONTOR_OK);
    assert_int_equal(cancel_order("", 0, NULL), KONTOR_OK);
    assert_string_not_equal(script->request_ids[0], script->request_ids[1]);
}

static void
test_a_final_answer_is_not_retried(void **state)
{
    (void)state;
    struct script *script = SCRIPT(FAIL_NOT_FOUND);
    struct kontor_error error = {0};
    assert_int_equal(cancel_order("", 0, &error), KONTOR_NOT_FOUND);
    assert_int_equal(script->n_calls, 1);
    assert_string_equal(error.reason, "NOT_FOUND");
    assert_string_equal(error.message, "there is no order coast/o-1");
    assert_false(error.is_outcome_unknown);
    kontor_error_done(&error);
}

static void
test_an_error_is_decoded_whole(void **state)
{
    (void)state;
    SCRIPT(FAIL_FULLY);
    struct kontor_error error = {0};
    assert_int_equal(who_am_i(NULL, &error), KONTOR_INVALID_ARGUMENT);
    assert_string_equal(error.reason, "FIELDS_INVALID");
    assert_int_equal(error.n_violations, 1);
    assert_string_equal(error.violations[0].field, "items[1].parameters[gpus]");
    assert_string_equal(error.violations[0].description, "9 is outside 1..8");
    assert_string_equal(kontor_error_value(&error, "from"), "COMPLETED");
    assert_null(kontor_error_value(&error, "to"));
    assert_int_equal(error.retry_after_ms, 1500);
    kontor_error_done(&error);
    assert_null(error.message);
}

static void
test_damaged_details_leave_status_and_message(void **state)
{
    (void)state;
    SCRIPT(FAIL_DAMAGED);
    struct kontor_error error = {0};
    assert_int_equal(who_am_i(NULL, &error), KONTOR_INVALID_ARGUMENT);
    assert_string_equal(error.message, "raw");
    assert_string_equal(error.reason, "");
    kontor_error_done(&error);
}

static void
test_a_damaged_reply_is_internal(void **state)
{
    (void)state;
    SCRIPT(ANSWER_DAMAGED);
    struct kontor_error error = {0};
    assert_int_equal(who_am_i(NULL, &error), KONTOR_INTERNAL);
    assert_string_equal(error.reason, "MESSAGE_INVALID");
    kontor_error_done(&error);
}

static void
test_a_change_that_was_not_answered_is_outcome_unknown(void **state)
{
    (void)state;
    struct script *script = SCRIPT(SILENCE);
    struct kontor_error error = {0};
    assert_int_equal(cancel_order("", 300, &error), KONTOR_DEADLINE_EXCEEDED);
    assert_string_equal(error.reason, "OUTCOME_UNKNOWN");
    assert_true(error.is_outcome_unknown);
    assert_string_equal(error.request_id, script->request_ids[0]);
    kontor_error_done(&error);
}

static void
test_retries_end_with_the_deadline(void **state)
{
    (void)state;
    struct script *script = SCRIPT(FAIL_UNAVAILABLE);
    struct kontor_error error = {0};
    assert_int_equal(cancel_order("", 700, &error), KONTOR_UNAVAILABLE);
    assert_true(script->n_calls >= 2);
    assert_string_equal(error.reason, "DRAINING");
    assert_true(error.is_outcome_unknown);
    kontor_error_done(&error);
}

static void
test_min_seq_goes_out_and_seq_comes_back(void **state)
{
    (void)state;
    struct script *script = SCRIPT(ANSWER);
    int64_t seq = 0;
    Kontor__V1__WhoAmIRequest request = KONTOR__V1__WHO_AM_IREQUEST__INIT;
    struct kontor_call_options options = {.min_seq = 17, .seq = &seq};
    assert_int_equal(kontor_call(script->kontor,
                                 kontor_method("/kontor.v1.RegistryService/WhoAmI"),
                                 &request.base, &options, NULL, NULL),
                     KONTOR_OK);
    assert_int_equal(script->min_seq, 17);
    assert_int_equal(seq, 42);
}

static void
test_a_message_of_another_type_is_refused(void **state)
{
    (void)state;
    struct script *script = SCRIPT(ANSWER);
    Kontor__V1__GetStatusRequest request = KONTOR__V1__GET_STATUS_REQUEST__INIT;
    assert_int_equal(kontor_call(script->kontor,
                                 kontor_method("/kontor.v1.RegistryService/WhoAmI"),
                                 &request.base, NULL, NULL, NULL),
                     KONTOR_INVALID_ARGUMENT);
    assert_int_equal(script->n_calls, 0);
}

static void
test_a_null_text_is_refused(void **state)
{
    (void)state;
    struct kontor_error error = {0};
    Kontor__V1__CancelOrderRequest request = KONTOR__V1__CANCEL_ORDER_REQUEST__INIT;
    char *items[] = {NULL};
    request.items = items;
    request.n_items = 1;
    assert_int_equal(kontor_cancel_order(the_script.kontor, &request, NULL, &error),
                     KONTOR_INVALID_ARGUMENT);
    assert_string_equal(error.reason, "MESSAGE_INVALID");
    kontor_error_done(&error);
}

static void *
call_silence(void *context)
{
    struct kontor *kontor = context;
    Kontor__V1__WhoAmIRequest request = KONTOR__V1__WHO_AM_IREQUEST__INIT;
    struct kontor_error error = {0};
    enum kontor_status status = kontor_who_am_i(kontor, &request, NULL, &error);
    bool is_closed = strcmp(error.reason, "CLOSED") == 0;
    kontor_error_done(&error);
    return (void *)(uintptr_t)(status == KONTOR_CANCELLED && is_closed);
}

static void
test_close_ends_what_runs_and_refuses_what_comes(void **state)
{
    (void)state;
    struct script *script = SCRIPT(SILENCE);
    struct kontor *kontor = fake_connect(script->fake);
    pthread_t thread;
    pthread_create(&thread, NULL, call_silence, kontor);
    while (atomic_load(&script->n_calls) == 0) {
        sched_yield();
    }
    kontor_close(kontor);
    kontor_close(kontor);
    void *is_as_told;
    pthread_join(thread, &is_as_told);
    assert_non_null(is_as_told);
    assert_non_null(call_silence(kontor));
    kontor_free(kontor);
}

static void *
call_many(void *context)
{
    (void)context;
    for (int i = 0; i < 50; i++) {
        if (who_am_i(NULL, NULL) != KONTOR_OK) {
            return NULL;
        }
    }
    return (void *)(uintptr_t)1;
}

static void
test_many_threads_share_a_connection(void **state)
{
    (void)state;
    SCRIPT(ANSWER);
    pthread_t threads[8];
    for (int i = 0; i < 8; i++) {
        pthread_create(&threads[i], NULL, call_many, NULL);
    }
    for (int i = 0; i < 8; i++) {
        void *is_good;
        pthread_join(threads[i], &is_good);
        assert_non_null(is_good);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_call_brings_its_reply),
        cmocka_unit_test(test_every_retryable_end_is_retried_with_the_same_request_id),
        cmocka_unit_test(test_a_given_request_id_is_kept),
        cmocka_unit_test(test_two_calls_have_two_request_ids),
        cmocka_unit_test(test_a_final_answer_is_not_retried),
        cmocka_unit_test(test_an_error_is_decoded_whole),
        cmocka_unit_test(test_damaged_details_leave_status_and_message),
        cmocka_unit_test(test_a_damaged_reply_is_internal),
        cmocka_unit_test(test_a_change_that_was_not_answered_is_outcome_unknown),
        cmocka_unit_test(test_retries_end_with_the_deadline),
        cmocka_unit_test(test_min_seq_goes_out_and_seq_comes_back),
        cmocka_unit_test(test_a_message_of_another_type_is_refused),
        cmocka_unit_test(test_a_null_text_is_refused),
        cmocka_unit_test(test_close_ends_what_runs_and_refuses_what_comes),
        cmocka_unit_test(test_many_threads_share_a_connection),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
