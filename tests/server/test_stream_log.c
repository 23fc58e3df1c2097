/* ReadLog: a chain that verifies, from an anchor on, by role. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "kontor/v1/registry_service.pb-c.h"
#include "proto/chain.h"
#include "proto/wire.h"
#include "tests/server/reader.h"
#include "tests/server/station.h"

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

static Kontor__V1__ReadLogResponse *
next_log(struct wire_call *call)
{
    struct bytes message;
    struct faults faults = {.arena = reader_station->h->arena};
    if (!wire_next_message(call, &message)) {
        return NULL;
    }
    void *response =
        wire_unpack(&kontor__v1__read_log_response__descriptor, message,
                    &wire_stored_limits, reader_station->h->arena, &faults);
    assert_non_null(response);
    return response;
}

static struct wire_call *
read_log(int64_t after, bool is_following)
{
    Kontor__V1__ReadLogRequest request = KONTOR__V1__READ_LOG_REQUEST__INIT;
    request.after = after;
    request.follow = is_following;
    struct bytes bytes = wire_pack(&request.base, reader_station->h->arena);
    if (bytes.data == NULL) {
        bytes.data = (const uint8_t *)"";
    }
    return wire_start(reader_station->op, READ_LOG, bytes, NULL);
}

static void
test_read_log_sends_a_chain_that_verifies(void **state)
{
    (void)state;
    put_large(100);
    struct wire_call *call = read_log(0, false);
    Kontor__V1__ReadLogResponse *response = next_log(call);
    assert_int_equal(response->n_histories, 1);
    assert_int_equal(response->anchor.len, 0);
    Kontor__V1__History *const *histories = response->histories;
    struct chain chain = {0};
    for (response = next_log(call); response != NULL; response = next_log(call)) {
        for (size_t i = 0; i < response->n_commits; i++) {
            assert_null(chain_check(&chain, response->commits[i], histories, 1,
                                    reader_station->h->arena));
        }
    }
    assert_int_equal(chain.seq, store_applied(reader_station->h->broker.store));
    assert_int_equal(wire_end(call).status, STATUS_OK);
}

static void
test_read_log_follows_from_an_anchor(void **state)
{
    (void)state;
    int64_t seq = station_put(reader_station, "coast/a", "One", NULL);
    struct wire_call *call = read_log(seq, true);
    Kontor__V1__ReadLogResponse *response = next_log(call);
    assert_int_equal(response->anchor.len, 32);
    ProtobufCBinaryData anchor = response->anchor;
    station_put(reader_station, "coast/a", "Two", NULL);
    response = next_log(call);
    assert_int_equal(response->n_commits, 1);
    assert_int_equal(response->commits[0]->seq, seq + 1);
    assert_memory_equal(response->commits[0]->prev.data, anchor.data, anchor.len);
    (void)wire_cancel(call);
}

static void
test_read_log_is_refused_without_its_role(void **state)
{
    (void)state;
    struct wire_result result = wire_unary(
        reader_station->other, READ_LOG, (struct bytes){(const uint8_t *)"", 0}, NULL);
    assert_int_equal(result.status, STATUS_PERMISSION_DENIED);
}

int
main(void)
{
#define TEST(name)                                                                     \
    cmocka_unit_test_setup_teardown(name, reader_set_up, reader_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_read_log_sends_a_chain_that_verifies),
        TEST(test_read_log_follows_from_an_anchor),
        TEST(test_read_log_is_refused_without_its_role),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
