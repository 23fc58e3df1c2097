/* Why a broker cannot be reached: each cause in words that name the address and the
 * cure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/client/certificates.h"
#include "tests/client/fake.h"

static struct {
    struct fake *fake;
    char other[64]; /* Certificates of another authority. */
    char path[4][96];
    int listener; /* A stranger that is no broker. */
    pthread_t stranger;
    const char *greets; /* What the stranger says before it hangs up. */
    char address[32];
} rig;

static void
handle(struct fake_call *call, void *context)
{
    (void)context;
    fake_fail(call, KONTOR_UNAVAILABLE, "DRAINING", "draining");
}

/* Reads what comes, says its line and hangs up, until its socket is shut down. */
static void *
stranger_run(void *context)
{
    (void)context;
    for (;;) {
        int guest = accept(rig.listener, NULL, NULL);
        if (guest < 0) {
            return NULL;
        }
        char bytes[4096];
        ssize_t n = read(guest, bytes, sizeof bytes);
        if (n > 0 && rig.greets[0] != '\0') {
            n = write(guest, rig.greets, strlen(rig.greets));
        }
        close(guest);
    }
}

/* On another port: what was said to the one before is nobody's business. */
static void
listen_again(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    rig.listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(rig.listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(rig.listener, 8), 0);
    assert_int_equal(getsockname(rig.listener, (struct sockaddr *)&address, &size), 0);
    snprintf(rig.address, sizeof rig.address, "127.0.0.1:%d", ntohs(address.sin_port));
}

static int
setup(void **state)
{
    (void)state;
    rig.fake = fake_start(handle, NULL);
    certificates_make(rig.other, sizeof rig.other);
    static const char *const names[] = {"ca.pem", "client.pem", "client.key",
                                        "bad.pem"};
    for (int i = 0; i < 4; i++) {
        snprintf(rig.path[i], sizeof rig.path[i], "%s/%s", rig.other, names[i]);
    }
    FILE *bad = fopen(rig.path[3], "w");
    assert_non_null(bad);
    fputs("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n", bad);
    fclose(bad);
    listen_again();
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", rig.other);
    assert_int_equal(system(command), 0);
    close(rig.listener);
    fake_stop(rig.fake);
    return 0;
}

static enum kontor_status
ask(struct kontor_options *options, struct kontor_error *error)
{
    struct kontor *kontor = NULL;
    options->deadline_ms = options->deadline_ms == 10000 ? 1500 : options->deadline_ms;
    assert_int_equal(kontor_connect(options, &kontor, error), KONTOR_OK);
    Kontor__V1__CancelOrderRequest request = KONTOR__V1__CANCEL_ORDER_REQUEST__INIT;
    request.id = (char *)(uintptr_t) "coast/o-1";
    enum kontor_status status = kontor_cancel_order(kontor, &request, NULL, error);
    kontor_free(kontor);
    return status;
}

/* What was never sent cannot have been done: nobody is told to repeat it by its id. */
static void
expect_unreachable(struct kontor_options *options, const char *cure)
{
    struct kontor_error error = {0};
    assert_int_equal(ask(options, &error), KONTOR_UNAVAILABLE);
    assert_string_equal(error.reason, "UNREACHABLE");
    assert_contains(error.message, options->server);
    assert_contains(error.message, cure);
    assert_null(strchr(error.message, '\n'));
    assert_false(error.is_outcome_unknown);
    kontor_error_done(&error);
}

static void
test_a_port_nobody_listens_on(void **state)
{
    (void)state;
    struct kontor_options options = fake_options(rig.fake);
    options.server = "127.0.0.1:1";
    expect_unreachable(&options, "nothing listens there");
}

static void
test_a_name_nobody_knows(void **state)
{
    (void)state;
    struct kontor_options options = fake_options(rig.fake);
    options.server = "nowhere.invalid:50123";
    expect_unreachable(&options, "the name");
}

static void
test_a_broker_of_another_authority(void **state)
{
    (void)state;
    struct kontor_options options = fake_options(rig.fake);
    options.ca_file = rig.path[0];
    expect_unreachable(&options, "is not of the authorities given (ca)");
}

static void
test_a_broker_of_another_name(void **state)
{
    (void)state;
    struct kontor_options options = fake_options(rig.fake);
    options.server_name = "elsewhere.example";
    expect_unreachable(&options, "is for another name");
}

static void
test_a_caller_the_broker_does_not_trust(void **state)
{
    (void)state;
    struct kontor_options options = fake_options(rig.fake);
    options.cert_file = rig.path[1];
    options.key_file = rig.path[2];
    expect_unreachable(&options, "hung up");
}

static void
test_a_port_of_something_else(void **state)
{
    (void)state;
    static const char *const greetings[][2] = {
        {"HTTP/1.1 400 Bad Request\r\n\r\n", "speaks no TLS"}, {"", "hung up"}};
    for (size_t i = 0; i < 2; i++) {
        rig.greets = greetings[i][0];
        pthread_create(&rig.stranger, NULL, stranger_run, NULL);
        struct kontor_options options = fake_options(rig.fake);
        options.server = rig.address;
        expect_unreachable(&options, greetings[i][1]);
        shutdown(rig.listener, SHUT_RDWR);
        pthread_join(rig.stranger, NULL);
        close(rig.listener);
        listen_again();
    }
}

/* Nothing that is tried again would help: it is said at once. */
static void
test_files_that_do_not_fit_are_no_matter_of_patience(void **state)
{
    (void)state;
    const struct kontor_options good = fake_options(rig.fake);
    struct kontor_options rows[] = {good, good, good, good};
    rows[0].key_file = rig.path[2];
    rows[1].ca_file = rig.path[3];
    rows[2].cert_file = rig.path[3];
    rows[3].key_file = rig.path[3];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct kontor_error error = {0};
        rows[i].deadline_ms = 60000;
        assert_int_equal(ask(&rows[i], &error), KONTOR_INVALID_ARGUMENT);
        assert_string_equal(error.reason, "CONNECTION_SETTINGS");
        assert_contains(error.message, "the key does not belong to the certificate");
        assert_false(error.is_outcome_unknown);
        kontor_error_done(&error);
    }
}

static void
test_silence_is_said_with_the_address(void **state)
{
    (void)state;
    /* It listens, and nobody accepts. */
    struct kontor_options options = fake_options(rig.fake);
    options.server = rig.address;
    struct kontor *kontor = NULL;
    struct kontor_error error = {0};
    options.deadline_ms = 700;
    assert_int_equal(kontor_connect(&options, &kontor, &error), KONTOR_OK);
    Kontor__V1__WhoAmIRequest request = KONTOR__V1__WHO_AM_IREQUEST__INIT;
    assert_int_equal(kontor_who_am_i(kontor, &request, NULL, &error),
                     KONTOR_DEADLINE_EXCEEDED);
    assert_contains(error.message, rig.address);
    assert_contains(error.message, "did not answer in time");
    kontor_error_done(&error);
    kontor_free(kontor);
}

/* What the broker itself says of being away stays its word. */
static void
test_what_the_broker_says_is_left_alone(void **state)
{
    (void)state;
    struct kontor_options options = fake_options(rig.fake);
    struct kontor_error error = {0};
    assert_int_equal(ask(&options, &error), KONTOR_UNAVAILABLE);
    assert_string_equal(error.reason, "DRAINING");
    assert_string_equal(error.message, "draining");
    assert_true(error.is_outcome_unknown);
    kontor_error_done(&error);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_port_nobody_listens_on),
        cmocka_unit_test(test_a_name_nobody_knows),
        cmocka_unit_test(test_a_broker_of_another_authority),
        cmocka_unit_test(test_a_broker_of_another_name),
        cmocka_unit_test(test_a_caller_the_broker_does_not_trust),
        cmocka_unit_test(test_a_port_of_something_else),
        cmocka_unit_test(test_files_that_do_not_fit_are_no_matter_of_patience),
        cmocka_unit_test(test_silence_is_said_with_the_address),
        cmocka_unit_test(test_what_the_broker_says_is_left_alone),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
