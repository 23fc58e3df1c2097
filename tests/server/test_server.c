/* The server over real TLS: unary calls, limits, draining, its listener. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "kontor/v1/registry.pb-c.h"
#include "server/rpc/accept.h"
#include "tests/server/station.h"
#include "tests/server/toy.h"

#define TOY "/kontor.test.Toy/"

static struct station *s;

static int
set_up(void **state)
{
    (void)state;
    s = station_open(NULL);
    atomic_store(&toy_takes, 0);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    station_close(s);
    return 0;
}

static void
test_a_call_goes_through_tls_and_back(void **state)
{
    (void)state;
    int64_t seq = station_put(s, "coast/a", "One", NULL);
    struct wire_result result =
        wire_unary(s->op, TOY "Get", station_get(s, "coast/a"), NULL);
    assert_int_equal(result.status, STATUS_OK);
    assert_int_equal(result.seq, seq);
    Kontor__V1__Provider *provider =
        kontor__v1__provider__unpack(NULL, result.reply.size, result.reply.data);
    assert_string_equal(provider->name, "One");
    assert_int_equal(provider->revision, seq);
    kontor__v1__provider__free_unpacked(provider, NULL);
}

static void
test_an_error_carries_its_details_and_a_position(void **state)
{
    (void)state;
    struct wire_result result =
        wire_unary(s->op, TOY "Get", station_get(s, "coast/none"), NULL);
    assert_int_equal(result.status, STATUS_NOT_FOUND);
    assert_string_equal(result.reason, "NOT_FOUND");
    assert_true(result.seq > 0);
}

static void
test_an_unknown_method_is_unimplemented_and_does_not_hang(void **state)
{
    (void)state;
    struct wire_result result =
        wire_unary(s->op, "/kontor.test.Toy/None", station_get(s, "coast/a"), NULL);
    assert_int_equal(result.status, STATUS_UNIMPLEMENTED);
    assert_string_equal(result.reason, "METHOD_UNKNOWN");
}

static void
test_garbage_is_refused(void **state)
{
    (void)state;
    struct bytes garbage = {(const uint8_t *)"\xff\xff\xff", 3};
    struct wire_result result = wire_unary(s->op, TOY "Get", garbage, NULL);
    assert_int_equal(result.status, STATUS_INVALID_ARGUMENT);
    assert_string_equal(result.reason, "MESSAGE_INVALID");
}

static void
test_a_call_without_message_is_refused(void **state)
{
    (void)state;
    struct wire_call *call = wire_start(s->op, TOY "Get", (struct bytes){0}, NULL);
    wire_send_close(call);
    struct wire_result result = wire_end(call);
    assert_int_equal(result.status, STATUS_INVALID_ARGUMENT);
    assert_string_equal(result.reason, "MESSAGE_INVALID");
}

static void
test_too_large_a_request_is_refused_unread(void **state)
{
    (void)state;
    size_t size = (256 << 10) + 1;
    struct bytes large = {arena_alloc(s->h->arena, size), size};
    struct wire_result result = wire_unary(s->op, TOY "Get", large, NULL);
    assert_int_equal(result.status, STATUS_RESOURCE_EXHAUSTED);
    assert_string_equal(result.reason, "TOO_LARGE");
}

static void
test_a_compressed_request_is_refused(void **state)
{
    (void)state;
    size_t size = 100 << 10;
    struct bytes zeroes = {arena_alloc(s->h->arena, size), size};
    struct wire_result result =
        wire_unary(s->op, TOY "Get", zeroes, &(struct wire_options){.is_gzip = true});
    assert_int_equal(result.status, STATUS_UNIMPLEMENTED);
}

static void
test_a_missing_role_and_an_unregistered_name_are_refused(void **state)
{
    (void)state;
    struct wire_client *nobody =
        station_client(s, "spiffe://coast.example/operator/nobody");
    struct wire_result result =
        wire_unary(nobody, TOY "Get", station_get(s, "coast/a"), NULL);
    assert_int_equal(result.status, STATUS_PERMISSION_DENIED);
    assert_string_equal(result.reason, "NOT_REGISTERED");
    wire_client_free(nobody);
    static const Kontor__V1__Role reader[] = {KONTOR__V1__ROLE__READER};
    station_principal(s, "coast/r", "spiffe://coast.example/reader/r", reader, 1,
                      "r:coast");
    struct wire_client *weak = station_client(s, "spiffe://coast.example/reader/r");
    result = wire_unary(weak, TOY "Put", station_get(s, "coast/a"), NULL);
    assert_int_equal(result.status, STATUS_PERMISSION_DENIED);
    assert_string_equal(result.reason, "ROLE_MISSING");
    wire_client_free(weak);
}

static void
test_without_a_certificate_there_is_no_connection(void **state)
{
    (void)state;
    struct wire_client *stranger =
        wire_client_new(server_port(s->server), s->roots, NULL, NULL);
    struct wire_result result =
        wire_unary(stranger, TOY "Get", station_get(s, "coast/a"),
                   &(struct wire_options){.deadline_ms = 3000});
    assert_int_equal(result.status, STATUS_UNAVAILABLE);
    wire_client_free(stranger);
}

static void
test_min_seq_is_waited_for_and_judged(void **state)
{
    (void)state;
    int64_t seq = station_put(s, "coast/a", "One", NULL);
    char next[32];
    (void)snprintf(next, sizeof next, "%lld", (long long)seq + 1);
    struct wire_options options = {.key = "kontor-min-seq", .value = next};
    struct wire_call *call =
        wire_start(s->op, TOY "Get", station_get(s, "coast/a"), &options);
    while (server_calls_parked(s->server) == 0) {
        sched_yield();
    }
    assert_int_equal(station_put(s, "coast/a", "Two", NULL), seq + 1);
    struct bytes message;
    assert_true(wire_next_message(call, &message));
    assert_int_equal(wire_end(call).seq, seq + 1);
    static const char *const none[] = {"x1", "-1", "+1",
                                       "1 ", "",   "9223372036854775808"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        options.value = none[i];
        struct wire_result result =
            wire_unary(s->op, TOY "Get", station_get(s, "coast/a"), &options);
        assert_int_equal(result.status, STATUS_INVALID_ARGUMENT);
    }
}

static void
test_a_cancelled_call_is_parked_no_more(void **state)
{
    (void)state;
    struct wire_call *call =
        wire_start(s->op, TOY "Take", station_get(s, "coast/a"), NULL);
    station_wait_parked(s, 1);
    int64_t before = atomic_load(&s->n_logged);
    assert_int_equal(wire_cancel(call).status, STATUS_CANCELLED);
    station_wait_parked(s, 0);
    while (atomic_load(&s->n_logged) == before) {
        sched_yield();
    }
    assert_int_equal(atomic_load(&s->last_status), STATUS_CANCELLED);
    assert_false(atomic_load(&s->has_last_reason));
}

static void
test_a_deadline_ends_a_parked_call(void **state)
{
    (void)state;
    struct wire_call *call = wire_start(s->op, TOY "Take", station_get(s, "coast/a"),
                                        &(struct wire_options){.deadline_ms = 300});
    /* Its last run may answer just before the caller gives up. */
    enum status status = wire_end(call).status;
    assert_true(status == STATUS_DEADLINE_EXCEEDED || status == STATUS_NOT_FOUND);
    station_wait_parked(s, 0);
}

static void
test_too_many_calls_at_once_are_shed(void **state)
{
    (void)state;
    static const char *const change[] = {"calls_in_flight", "2", NULL};
    station_close(s);
    s = station_open(change);
    struct wire_call *first =
        wire_start(s->op, TOY "Take", station_get(s, "coast/a"), NULL);
    struct wire_call *second =
        wire_start(s->op, TOY "Take", station_get(s, "coast/a"), NULL);
    station_wait_parked(s, 2);
    struct wire_result result =
        wire_unary(s->op, TOY "Get", station_get(s, "coast/a"), NULL);
    assert_int_equal(result.status, STATUS_RESOURCE_EXHAUSTED);
    assert_string_equal(result.reason, "OVERLOADED");
    /* Another caller is not concerned. */
    result = wire_unary(s->other, TOY "Get", station_get(s, "coast/a"), NULL);
    assert_int_equal(result.status, STATUS_NOT_FOUND);
    (void)wire_cancel(first);
    (void)wire_cancel(second);
}

static void
test_too_many_calls_a_second_are_shed(void **state)
{
    (void)state;
    static const char *const change[] = {"calls_per_second", "5", NULL};
    station_close(s);
    s = station_open(change);
    struct wire_result result = {.status = STATUS_OK};
    for (int i = 0; i < 50 && result.status != STATUS_RESOURCE_EXHAUSTED; i++) {
        result = wire_unary(s->op, TOY "Get", station_get(s, "coast/a"), NULL);
    }
    assert_int_equal(result.status, STATUS_RESOURCE_EXHAUSTED);
}

static void
test_drain_ends_parked_calls_and_refuses_new_ones(void **state)
{
    (void)state;
    struct wire_call *parked =
        wire_start(s->op, TOY "Take", station_get(s, "coast/a"), NULL);
    station_wait_parked(s, 1);
    server_stop(s->server);
    struct wire_result result = wire_end(parked);
    assert_int_equal(result.status, STATUS_UNAVAILABLE);
    assert_string_equal(result.reason, "DRAINING");
    server_free(s->server);
    s->server = NULL;
}

static void
test_drain_gives_up_on_one_that_does_not_end(void **state)
{
    (void)state;
    static const char *const change[] = {"drain_ms", "200", NULL};
    station_close(s);
    s = station_open(change);
    struct wire_call *talk =
        wire_start(s->op, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                   (struct bytes){0}, NULL);
    /* A full call shows that the one before it has arrived. */
    (void)wire_unary(s->op, TOY "Get", station_get(s, "coast/a"), NULL);
    server_stop(s->server);
    assert_int_not_equal(wire_end(talk).status, STATUS_OK);
    server_free(s->server);
    s->server = NULL;
}

static void
test_errors_and_mutations_are_logged_and_reads_are_not(void **state)
{
    (void)state;
    int64_t before = atomic_load(&s->n_logged);
    station_put(s, "coast/a", "One", NULL);
    (void)wire_unary(s->op, TOY "Get", station_get(s, "coast/a"), NULL);
    (void)wire_unary(s->op, TOY "Get", station_get(s, "coast/b"), NULL);
    while (atomic_load(&s->n_logged) < before + 2) {
        sched_yield();
    }
    assert_int_equal(atomic_load(&s->n_logged), before + 2);
}

static void
test_a_suspended_registry_is_refused_on_an_open_connection(void **state)
{
    (void)state;
    station_put(s, "coast/a", "One", NULL);
    Kontor__V1__Registry registry =
        *(Kontor__V1__Registry *)harness_record(s->h, KIND_REGISTRY, "coast");
    registry.state = KONTOR__V1__REGISTRY__STATE__SUSPENDED;
    (void)harness_seed(s->h, KIND_REGISTRY, "coast", &registry.base, "=r:coast", NULL);
    struct wire_result result =
        wire_unary(s->op, TOY "Get", station_get(s, "coast/a"), NULL);
    assert_int_equal(result.status, STATUS_PERMISSION_DENIED);
    assert_string_equal(result.reason, "REGISTRY_SUSPENDED");
}

static void
test_accept_is_ours(void **state)
{
    (void)state;
    assert_true(accept_is_ours());
}

/* CVE-2023-4785: gRPC 1.51 never accepts again after EMFILE. The connections wait in
 * the backlog while no descriptor is free; each is taken and dropped. */
static void
test_the_listener_survives_running_out_of_descriptors(void **state)
{
    (void)state;
    enum { N = 20, MAX_FILES = 4096 };
    struct rlimit before;
    int sockets[N];
    int files[MAX_FILES];
    size_t n_files = 0;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)server_port(s->server)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (size_t i = 0; i < N; i++) {
        sockets[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(sockets[i] >= 0);
    }
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit few = {.rlim_cur = 512, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    int64_t refused = accept_refused();
    for (int fd = dup(sockets[0]); fd >= 0 && n_files < MAX_FILES;
         fd = dup(sockets[0])) {
        files[n_files++] = fd;
    }
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(
            connect(sockets[i], (struct sockaddr *)&address, sizeof address), 0);
    }
    while (accept_refused() < refused + N) {
        sched_yield();
    }
    for (size_t i = 0; i < n_files; i++) {
        close(files[i]);
    }
    for (size_t i = 0; i < N; i++) {
        close(sockets[i]);
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    struct wire_client *late = station_client(s, "spiffe://coast.example/operator/op");
    assert_int_equal(
        wire_unary(late, TOY "Get", station_get(s, "coast/a"), NULL).status,
        STATUS_NOT_FOUND);
    wire_client_free(late);
}

static void
test_an_address_with_too_many_connections_is_turned_away(void **state)
{
    (void)state;
    static const char *const change[] = {"connections_per_address", "2", NULL};
    station_close(s);
    s = station_open(change);
    assert_int_equal(
        wire_unary(s->op, TOY "Get", station_get(s, "coast/a"), NULL).status,
        STATUS_NOT_FOUND);
    assert_int_equal(
        wire_unary(s->other, TOY "Get", station_get(s, "coast/a"), NULL).status,
        STATUS_NOT_FOUND);
    int64_t before = accept_refused();
    struct wire_client *third = station_client(s, "spiffe://coast.example/operator/op");
    struct wire_result result = wire_unary(third, TOY "Get", station_get(s, "coast/a"),
                                           &(struct wire_options){.deadline_ms = 3000});
    assert_int_equal(result.status, STATUS_UNAVAILABLE);
    assert_true(accept_refused() > before);
    wire_client_free(third);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_call_goes_through_tls_and_back),
        TEST(test_an_error_carries_its_details_and_a_position),
        TEST(test_an_unknown_method_is_unimplemented_and_does_not_hang),
        TEST(test_garbage_is_refused),
        TEST(test_a_call_without_message_is_refused),
        TEST(test_too_large_a_request_is_refused_unread),
        TEST(test_a_compressed_request_is_refused),
        TEST(test_a_missing_role_and_an_unregistered_name_are_refused),
        TEST(test_without_a_certificate_there_is_no_connection),
        TEST(test_min_seq_is_waited_for_and_judged),
        TEST(test_a_cancelled_call_is_parked_no_more),
        TEST(test_a_deadline_ends_a_parked_call),
        TEST(test_too_many_calls_at_once_are_shed),
        TEST(test_too_many_calls_a_second_are_shed),
        TEST(test_drain_ends_parked_calls_and_refuses_new_ones),
        TEST(test_drain_gives_up_on_one_that_does_not_end),
        TEST(test_errors_and_mutations_are_logged_and_reads_are_not),
        TEST(test_a_suspended_registry_is_refused_on_an_open_connection),
        TEST(test_accept_is_ours),
        TEST(test_the_listener_survives_running_out_of_descriptors),
        TEST(test_an_address_with_too_many_connections_is_turned_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
