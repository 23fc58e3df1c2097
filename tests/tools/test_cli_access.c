/* Access details from the command line: whom an order has them sealed to, and opening
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/arena.h"
#include "proto/json.h"
#include "tests/client/certificates.h"
#include "tests/tools/cli_fixture.h"

#define assert_contains(text, part) assert_non_null(strstr(text, part))

/* What the broker was asked last, as JSON, and how often. */
static char last_request[8192];
static int n_requests;
static bool is_refusing;

/* ---- The broker ---- */

/* Sealed to whom the fake knows as the client; is_refusing: to the server instead. */
static void
reply_open(struct fake_call *call)
{
    char *pem = certificates_read(fake_certificates(cli_fake()),
                                  is_refusing ? "server.pem" : "client.pem");
    const char *certificates[] = {pem};
    struct kontor_bytes sealed = {0};
    Kontor__V1__OpenAccessResponse reply = KONTOR__V1__OPEN_ACCESS_RESPONSE__INIT;
    assert_int_equal(kontor_seal((struct kontor_bytes){"open\0sesame", 11},
                                 certificates, 1, &sealed, NULL),
                     KONTOR_OK);
    reply.sealed.data = (uint8_t *)(uintptr_t)sealed.data;
    reply.sealed.len = sealed.size;
    fake_reply(call, &reply.base);
    kontor_bytes_free(&sealed);
    free(pem);
}

static void
reply_place(struct fake_call *call)
{
    Kontor__V1__PlaceOrderResponse reply = KONTOR__V1__PLACE_ORDER_RESPONSE__INIT;
    fake_reply(call, &reply.base);
}

static void
handle(struct fake_call *call, void *context)
{
    (void)context;
    struct arena *arena = arena_new();
    snprintf(last_request, sizeof last_request, "%s",
             json_print(call->request, JSON_COMPACT, arena));
    n_requests++;
    arena_free(arena);
    if (strstr(call->path, "OpenAccess") != NULL) {
        reply_open(call);
    } else {
        reply_place(call);
    }
}

static int
setup(void **state)
{
    (void)state;
    cli_begin(handle);
    setenv("CERTS", fake_certificates(cli_fake()), 1);
    return 0;
}

static int
reset(void **state)
{
    (void)state;
    n_requests = 0;
    is_refusing = false;
    fake_sync(cli_fake());
    return 0;
}

/* ---- Rules ---- */

/* What it says of whom access details are sealed to: how many, and whether the first is
 * the client. */
static int
sealed_to(bool *is_client)
{
    char *pem = certificates_read(fake_certificates(cli_fake()), "client.pem");
    int n = 0;
    for (const char *at = last_request; (at = strstr(at, "BEGIN CERT")) != NULL; at++) {
        n++;
    }
    /* The first line has the serial number, so it is enough. */
    char *line = strchr(pem, '\n') + 1;
    line[strcspn(line, "\n")] = '\0';
    *is_client = strstr(last_request, line) != NULL;
    free(pem);
    return n;
}

static void
test_an_order_has_access_details_sealed_to_its_own_certificate(void **state)
{
    (void)state;
    static const char plain[] = "{\"id\": \"coast/o-1\"}";
    static const char own[] = "{\"id\": \"coast/o-1\", \"seal_to\": "
                              "[\"-----BEGIN CERTIFICATE-----\"]}";
    const struct {
        const char *order;
        const char *options;
        int n;
        bool is_client;
    } rows[] = {
        {plain, "", 1, true},
        {own, "", 1, false},
        {plain, "--no-seal", 0, false},
        {own, "--no-seal", 0, false},
        {own, "--seal-to $CERTS/client.pem", 1, true},
        {plain, "--seal-to $CERTS/server.pem", 1, false},
        {plain, "--seal-to $CERTS/server.pem --seal-to $CERTS/client.pem", 2, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool is_client;
        struct cli_result result =
            cli_run("order place %s %s", cli_write("order.json", rows[i].order),
                    rows[i].options);
        assert_int_equal(result.code, 0);
        assert_int_equal(sealed_to(&is_client), rows[i].n);
        assert_int_equal(is_client, rows[i].is_client);
    }
}

static void
test_whom_to_seal_to_is_a_certificate(void **state)
{
    (void)state;
    const char *file = cli_write("plain.json", "{\"id\": \"coast/o-1\"}");
    struct cli_result result =
        cli_run("order place %s --seal-to $CERTS/client.key", file);
    assert_int_equal(result.code, 2);
    assert_contains(result.err, "holds no certificate in PEM form");
    result = cli_run("order place %s --no-seal --seal-to %s", file, file);
    assert_int_equal(result.code, 2);
    assert_int_equal(n_requests, 0);
}

static void
test_open_writes_what_was_sealed_as_it_is(void **state)
{
    (void)state;
    struct cli_result result = cli_run("order open coast/o-1/n --request-id 5");
    assert_int_equal(result.code, 0);
    assert_string_equal(result.out, "open");
    assert_contains(last_request, "\"requestId\":\"5\"");
    struct stat written;
    assert_int_equal(stat(cli_path("out"), &written), 0);
    assert_int_equal(written.st_size, 11);
}

static void
test_open_with_another_key_says_that_it_is_not_for_it(void **state)
{
    (void)state;
    is_refusing = true;
    struct cli_result result = cli_run("order open coast/o-1/n");
    assert_int_equal(result.code, 71);
    assert_string_equal(result.out, "");
    assert_contains(result.err, "not sealed to this certificate");
    result = cli_run("order open coast/o-1/n --with-cert $CERTS/server.pem --with-key "
                     "$CERTS/server.key");
    assert_int_equal(result.code, 0);
}

/* Each time they are asked for leaves a receipt. */
static void
test_open_asks_for_nothing_without_a_key_to_read(void **state)
{
    (void)state;
    struct cli_result result =
        cli_run("order open coast/o-1/n --with-key /nowhere/key.pem");
    assert_int_equal(result.code, 2);
    assert_contains(result.err, "/nowhere/key.pem");
    assert_int_equal(n_requests, 0);
}

#define RULE(test) cmocka_unit_test_setup(test, reset)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(test_an_order_has_access_details_sealed_to_its_own_certificate),
        RULE(test_whom_to_seal_to_is_a_certificate),
        RULE(test_open_writes_what_was_sealed_as_it_is),
        RULE(test_open_with_another_key_says_that_it_is_not_for_it),
        RULE(test_open_asks_for_nothing_without_a_key_to_read),
    };
    return cmocka_run_group_tests(tests, setup, cli_teardown);
}
