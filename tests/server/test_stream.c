#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kontor/v1/catalogue_service.pb-c.h"
#include "kontor/v1/registry.pb-c.h"
#include "kontor/v1/registry_service.pb-c.h"
#include "kontor/v1/watch.pb-c.h"
#include "proto/chain.h"
#include "proto/wire.h"
#include "tests/server/station.h"

#define WATCH "/kontor.test.Toy/Watch"
#define READ_LOG "/kontor.test.Toy/ReadLog"

static struct station *s;

static int
set_up(void **state)
{
    (void)state;
    s = station_open(NULL);
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
open_with(const char *name, const char *value)
{
    const char *change[] = {name, value, NULL};
    station_close(s);
    s = station_open(change);
}

/* ---- Reading a stream change by change ---- */

struct reader {
    struct wire_call *call;
    Kontor__V1__WatchResponse *response;
    size_t next;
    int64_t position; /* Last told. */
    char tag[128];
    size_t n_positions;
};

static Kontor__V1__WatchRequest
request_from(Kontor__V1__Position *position, int64_t seq)
{
    Kontor__V1__WatchRequest request = KONTOR__V1__WATCH_REQUEST__INIT;
    kontor__v1__position__init(position);
    position->seq = seq;
    request.after = position;
    request.follow = true;
    return request;
}

static struct reader
begin(struct wire_client *client, const Kontor__V1__WatchRequest *request)
{
    return (struct reader){
        .call =
            wire_start(client, WATCH, wire_pack(&request->base, s->h->arena), NULL)};
}

static struct reader
begin_at(struct wire_client *client, int64_t seq)
{
    Kontor__V1__Position position;
    Kontor__V1__WatchRequest request = request_from(&position, seq);
    return begin(client, &request);
}

/* The next message; false at the end of the stream. */
static bool
next_response(struct reader *reader)
{
    struct bytes message;
    struct faults faults = {.arena = s->h->arena};
    reader->next = 0;
    reader->response = NULL;
    if (!wire_next_message(reader->call, &message)) {
        return false;
    }
    /* The strict reader: the pieces the server joins must be a well-formed message. */
    reader->response = (Kontor__V1__WatchResponse *)wire_unpack(
        &kontor__v1__watch_response__descriptor, message, &wire_stored_limits,
        s->h->arena, &faults);
    if (reader->response == NULL) {
        fail_msg("%s %s", faults.rows[0].path, faults.rows[0].description);
    }
    const Kontor__V1__Position *position = reader->response->position;
    if (position != NULL) {
        assert_true(position->seq >= reader->position);
        reader->position = position->seq;
        reader->n_positions++;
        (void)snprintf(reader->tag, sizeof reader->tag, "%s", position->scope_tag);
    }
    return true;
}

/* The next change; NULL at the end of the stream. */
static Kontor__V1__RecordChange *
next_change(struct reader *reader)
{
    while (reader->response == NULL || reader->next == reader->response->n_changes) {
        if (!next_response(reader)) {
            return NULL;
        }
    }
    return reader->response->changes[reader->next++];
}

static struct wire_result
stop(struct reader *reader)
{
    return wire_cancel(reader->call);
}

/* ---- What is sent ---- */

static void
test_the_first_message_says_the_position(void **state)
{
    (void)state;
    int64_t seq = station_put(s, "coast/a", "One", NULL);
    Kontor__V1__WatchRequest request = KONTOR__V1__WATCH_REQUEST__INIT;
    request.follow = true;
    struct reader reader = begin(s->op, &request);
    assert_true(next_response(&reader));
    assert_int_equal(reader.position, seq);
    assert_true(strlen(reader.tag) > 0);
    assert_int_equal(reader.response->n_changes, 0);
    assert_int_equal(stop(&reader).status, STATUS_CANCELLED);
}

static void
test_a_change_arrives_with_its_record(void **state)
{
    (void)state;
    Kontor__V1__WatchRequest request = KONTOR__V1__WATCH_REQUEST__INIT;
    request.follow = true;
    struct reader reader = begin(s->op, &request);
    assert_true(next_response(&reader));
    int64_t seq = station_put(s, "coast/a", "One", NULL);
    Kontor__V1__RecordChange *change = next_change(&reader);
    assert_int_equal(change->seq, seq);
    assert_string_equal(change->kind, "provider");
    assert_string_equal(change->id, "coast/a");
    assert_int_equal(change->op, KONTOR__V1__RECORD_CHANGE__OP__PUT);
    assert_string_equal(change->actor, "coast/op");
    assert_false(change->more);
    assert_int_equal(change->record_case, KONTOR__V1__RECORD_CHANGE__RECORD_PROVIDER);
    assert_string_equal(change->provider->name, "One");
    assert_int_equal(change->provider->revision, seq);
    (void)stop(&reader);
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
    struct reader full = begin_at(s->op, 0);
    struct reader reduced = begin_at(s->other, 0);
    station_call_put(s, "Put", &provider);
    Kontor__V1__RecordChange *change = next_change(&full);
    assert_non_null(change->provider->main_contact);
    assert_string_equal(change->actor, "coast/op");
    change = next_change(&reduced);
    assert_string_equal(change->provider->name, "One");
    assert_null(change->provider->main_contact);
    assert_string_equal(change->actor, "coast");
    (void)stop(&full);
    (void)stop(&reduced);
}

static void
test_more_is_set_on_all_but_the_last_visible_change(void **state)
{
    (void)state;
    Kontor__V1__Provider provider = KONTOR__V1__PROVIDER__INIT;
    provider.id = (char *)"coast/a";
    provider.name = (char *)"One";
    struct reader both = begin_at(s->op, 0);
    Kontor__V1__Position position;
    Kontor__V1__WatchRequest request = request_from(&position, 0);
    request.id_prefix = (char *)"coast/a";
    struct reader one = begin(s->op, &request);
    int64_t seq = station_call_put(s, "Pair", &provider);
    Kontor__V1__RecordChange *first = next_change(&both);
    assert_int_equal(first->seq, seq);
    assert_true(first->more);
    Kontor__V1__RecordChange *second = next_change(&both);
    assert_string_equal(second->id, "coast/a-b");
    assert_int_equal(second->seq, seq);
    assert_false(second->more);
    /* "coast/a-b" is not below "coast/a". */
    assert_false(next_change(&one)->more);
    (void)stop(&both);
    (void)stop(&one);
}

static void
test_a_record_that_leaves_the_scope_is_told_once(void **state)
{
    (void)state;
    int64_t seq = station_put(s, "coast/a", "One", "=r:coast", "~*", NULL);
    struct reader reader = begin_at(s->other, seq - 1);
    assert_int_equal(next_change(&reader)->op, KONTOR__V1__RECORD_CHANGE__OP__PUT);
    seq = station_put(s, "coast/a", "Two", "=r:coast", NULL);
    Kontor__V1__RecordChange *change = next_change(&reader);
    assert_int_equal(change->op, KONTOR__V1__RECORD_CHANGE__OP__LEFT);
    assert_int_equal(change->seq, seq);
    assert_string_equal(change->id, "coast/a");
    assert_int_equal(change->record_case, KONTOR__V1__RECORD_CHANGE__RECORD__NOT_SET);
    station_put(s, "coast/a", "Three", "=r:coast", NULL);
    seq = station_put(s, "coast/a", "Four", "=r:coast", "~*", NULL);
    assert_int_equal(next_change(&reader)->seq, seq);
    (void)stop(&reader);
}

static void
test_what_is_unpublished_is_not_shown_to_latecomers(void **state)
{
    (void)state;
    station_put(s, "coast/a", "Once public", "=r:coast", "~*", NULL);
    int64_t seq = station_put(s, "coast/a", "Private", "=r:coast", NULL);
    Kontor__V1__Position position;
    Kontor__V1__WatchRequest request = request_from(&position, 0);
    request.follow = false;
    struct reader reader = begin(s->other, &request);
    Kontor__V1__RecordChange *change = next_change(&reader);
    while (change != NULL) {
        assert_int_equal(change->op, KONTOR__V1__RECORD_CHANGE__OP__LEFT);
        change = next_change(&reader);
    }
    assert_int_equal(reader.position, seq);
    assert_int_equal(wire_end(reader.call).status, STATUS_OK);
}

static void
test_a_deletion_is_told(void **state)
{
    (void)state;
    int64_t seq = station_put(s, "coast/a", "One", NULL);
    struct reader reader = begin_at(s->op, seq);
    Kontor__V1__GetProviderRequest take = KONTOR__V1__GET_PROVIDER_REQUEST__INIT;
    take.id = (char *)"coast/a";
    assert_int_equal(wire_unary(s->op, "/kontor.test.Toy/Take",
                                wire_pack(&take.base, s->h->arena), NULL)
                         .status,
                     STATUS_OK);
    Kontor__V1__RecordChange *change = next_change(&reader);
    assert_int_equal(change->op, KONTOR__V1__RECORD_CHANGE__OP__DELETE);
    assert_string_equal(change->id, "coast/a");
    (void)stop(&reader);
}

static void
test_strangers_see_nothing_but_how_far_it_came(void **state)
{
    (void)state;
    int64_t seq = station_put(s, "coast/a", "One", NULL);
    Kontor__V1__Position position;
    Kontor__V1__WatchRequest request = request_from(&position, 0);
    request.follow = false;
    struct reader reader = begin(s->other, &request);
    assert_null(next_change(&reader));
    assert_int_equal(reader.position, seq);
    assert_int_equal(wire_end(reader.call).status, STATUS_OK);
}

static void
test_progress_is_told_to_those_who_see_nothing(void **state)
{
    (void)state;
    struct reader reader = begin_at(s->other, 0);
    assert_true(next_response(&reader));
    int64_t seq = station_put(s, "coast/a", "One", NULL);
    while (reader.position < seq) {
        assert_true(next_response(&reader));
        assert_int_equal(reader.response->n_changes, 0);
    }
    (void)stop(&reader);
}

/* ---- Resuming ---- */

static void
test_a_stream_resumes_without_gap_or_repetition(void **state)
{
    (void)state;
    enum { N = 50 };
    int64_t first = 0;
    for (int i = 0; i < N; i++) {
        int64_t seq = station_put(s, "coast/a", "One", NULL);
        first = first == 0 ? seq : first;
    }
    int64_t expected = first;
    int64_t from = first - 1;
    while (expected < first + N) {
        struct reader reader = begin_at(s->op, from);
        for (int i = 0; i < 7 && expected < first + N; i++) {
            assert_int_equal(next_change(&reader)->seq, expected);
            from = expected++;
        }
        (void)stop(&reader);
    }
}

static void
put_large(int n)
{
    char *text = arena_alloc(s->h->arena, 16001);
    memset(text, 'x', 16000);
    Kontor__V1__Provider provider = KONTOR__V1__PROVIDER__INIT;
    provider.id = (char *)"coast/a";
    provider.name = (char *)"One";
    provider.description = text;
    for (int i = 0; i < n; i++) {
        station_call_put(s, "Put", &provider);
    }
}

static void
test_one_behind_the_ring_reads_the_log(void **state)
{
    (void)state;
    enum { N = 600 };
    open_with("watch_ring_changes", "256");
    int64_t first = store_applied(s->h->broker.store) + 1;
    struct reader reader = begin_at(s->op, first - 1);
    assert_true(next_response(&reader));
    /* Nothing is read: flow control holds the stream, and the ring moves on. */
    put_large(N);
    for (int64_t seq = first; seq < first + N; seq++) {
        assert_int_equal(next_change(&reader)->seq, seq);
    }
    /* And back to the ring. */
    assert_int_equal(station_put(s, "coast/b", "Live", NULL), first + N);
    assert_int_equal(next_change(&reader)->seq, first + N);
    (void)stop(&reader);
}

static void
test_a_reader_that_takes_nothing_is_let_go(void **state)
{
    (void)state;
    open_with("watch_stall_ms", "1000");
    struct reader reader = begin_at(s->op, 0);
    assert_true(next_response(&reader));
    /* More than any window holds. */
    put_large(400);
    while (atomic_load(&s->n_behind) == 0) {
        sched_yield();
    }
    while (next_response(&reader)) {
        assert_true(reader.position <= store_applied(s->h->broker.store));
    }
    struct wire_result result = wire_end(reader.call);
    assert_int_equal(result.status, STATUS_OUT_OF_RANGE);
    assert_string_equal(result.reason, "BEHIND");
}

/* ---- Refusals ---- */

static struct wire_result
refused(struct wire_client *client, const Kontor__V1__WatchRequest *request)
{
    struct reader reader = begin(client, request);
    assert_false(next_response(&reader));
    return wire_end(reader.call);
}

static void
test_positions_that_cannot_be_served_are_refused(void **state)
{
    (void)state;
    Kontor__V1__Position position;
    Kontor__V1__WatchRequest request = request_from(&position, INT64_MAX);
    struct wire_result result = refused(s->op, &request);
    assert_int_equal(result.status, STATUS_OUT_OF_RANGE);
    assert_string_equal(result.reason, "AHEAD");
    request = request_from(&position, 0);
    position.scope_tag = (char *)"another";
    result = refused(s->op, &request);
    assert_int_equal(result.status, STATUS_OUT_OF_RANGE);
    assert_string_equal(result.reason, "SCOPE_CHANGED");
    request = request_from(&position, -1);
    assert_int_equal(refused(s->op, &request).status, STATUS_INVALID_ARGUMENT);
}

static void
test_a_kind_the_method_does_not_send_is_refused(void **state)
{
    (void)state;
    char *kinds[] = {(char *)"order"};
    Kontor__V1__Position position;
    Kontor__V1__WatchRequest request = request_from(&position, 0);
    request.kinds = kinds;
    request.n_kinds = 1;
    assert_int_equal(refused(s->op, &request).status, STATUS_INVALID_ARGUMENT);
    kinds[0] = (char *)"service";
    request.follow = false;
    int64_t seq = station_put(s, "coast/a", "One", NULL);
    struct reader reader = begin(s->op, &request);
    assert_null(next_change(&reader));
    assert_int_equal(reader.position, seq);
    assert_int_equal(wire_end(reader.call).status, STATUS_OK);
}

static void
test_garbage_is_refused(void **state)
{
    (void)state;
    struct bytes garbage = {(const uint8_t *)"\xff\xff", 2};
    struct wire_result result = wire_unary(s->op, WATCH, garbage, NULL);
    assert_int_equal(result.status, STATUS_INVALID_ARGUMENT);
    assert_string_equal(result.reason, "MESSAGE_INVALID");
}

static void
test_too_many_streams_are_shed(void **state)
{
    (void)state;
    open_with("streams_open", "2");
    struct reader first = begin_at(s->op, 0);
    struct reader second = begin_at(s->op, 0);
    assert_true(next_response(&first));
    assert_true(next_response(&second));
    Kontor__V1__Position position;
    Kontor__V1__WatchRequest request = request_from(&position, 0);
    assert_string_equal(refused(s->op, &request).reason, "OVERLOADED");
    (void)stop(&first);
    (void)stop(&second);
}

/* ---- Ends ---- */

static void
test_drain_tells_the_position_and_ends(void **state)
{
    (void)state;
    struct reader reader = begin_at(s->other, 0);
    assert_true(next_response(&reader));
    int64_t seq = station_put(s, "coast/a", "One", NULL);
    server_stop(s->server);
    assert_null(next_change(&reader));
    assert_int_equal(reader.position, seq);
    struct wire_result result = wire_end(reader.call);
    assert_int_equal(result.status, STATUS_UNAVAILABLE);
    assert_string_equal(result.reason, "DRAINING");
    server_free(s->server);
    s->server = NULL;
}

static void
test_other_scopes_end_an_open_stream(void **state)
{
    (void)state;
    static const Kontor__V1__Role roles[] = {KONTOR__V1__ROLE__OPERATOR};
    struct reader reader = begin_at(s->other, 0);
    assert_true(next_response(&reader));
    station_principal(s, "hills/op", "spiffe://hills.example/operator/op", roles, 1,
                      "p:hills/x");
    assert_null(next_change(&reader));
    struct wire_result result = wire_end(reader.call);
    assert_int_equal(result.status, STATUS_OUT_OF_RANGE);
    assert_string_equal(result.reason, "SCOPE_CHANGED");
}

static void
test_a_suspended_registry_ends_an_open_stream(void **state)
{
    (void)state;
    struct reader reader = begin_at(s->other, 0);
    assert_true(next_response(&reader));
    Kontor__V1__Registry registry =
        *(Kontor__V1__Registry *)harness_record(s->h, KIND_REGISTRY, "hills");
    registry.state = KONTOR__V1__REGISTRY__STATE__SUSPENDED;
    (void)harness_seed(s->h, KIND_REGISTRY, "hills", &registry.base, "=r:hills", NULL);
    assert_null(next_change(&reader));
    assert_string_equal(wire_end(reader.call).reason, "REGISTRY_SUSPENDED");
}

/* ---- ReadLog ---- */

static Kontor__V1__ReadLogResponse *
next_log(struct wire_call *call)
{
    struct bytes message;
    struct faults faults = {.arena = s->h->arena};
    if (!wire_next_message(call, &message)) {
        return NULL;
    }
    void *response = wire_unpack(&kontor__v1__read_log_response__descriptor, message,
                                 &wire_stored_limits, s->h->arena, &faults);
    assert_non_null(response);
    return response;
}

static struct wire_call *
read_log(int64_t after, bool is_following)
{
    Kontor__V1__ReadLogRequest request = KONTOR__V1__READ_LOG_REQUEST__INIT;
    request.after = after;
    request.follow = is_following;
    struct bytes bytes = wire_pack(&request.base, s->h->arena);
    if (bytes.data == NULL) {
        bytes.data = (const uint8_t *)"";
    }
    return wire_start(s->op, READ_LOG, bytes, NULL);
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
            assert_null(
                chain_check(&chain, response->commits[i], histories, 1, s->h->arena));
        }
    }
    assert_int_equal(chain.seq, store_applied(s->h->broker.store));
    assert_int_equal(wire_end(call).status, STATUS_OK);
}

static void
test_read_log_follows_from_an_anchor(void **state)
{
    (void)state;
    int64_t seq = station_put(s, "coast/a", "One", NULL);
    struct wire_call *call = read_log(seq, true);
    Kontor__V1__ReadLogResponse *response = next_log(call);
    assert_int_equal(response->anchor.len, 32);
    ProtobufCBinaryData anchor = response->anchor;
    station_put(s, "coast/a", "Two", NULL);
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
    struct wire_result result =
        wire_unary(s->other, READ_LOG, (struct bytes){(const uint8_t *)"", 0}, NULL);
    assert_int_equal(result.status, STATUS_PERMISSION_DENIED);
}

/* Many watchers and writers at once: everybody sees everything once, in order. */
static void
test_many_watchers_see_the_same(void **state)
{
    (void)state;
    enum { WATCHERS = 20, N = 200 };
    struct reader readers[WATCHERS];
    int64_t first = store_applied(s->h->broker.store) + 1;
    for (size_t i = 0; i < WATCHERS; i++) {
        readers[i] = begin_at(s->op, first - 1);
    }
    for (int i = 0; i < N; i++) {
        station_put(s, "coast/a", "One", NULL);
    }
    for (size_t i = 0; i < WATCHERS; i++) {
        for (int64_t seq = first; seq < first + N; seq++) {
            assert_int_equal(next_change(&readers[i])->seq, seq);
        }
        (void)stop(&readers[i]);
    }
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_the_first_message_says_the_position),
        TEST(test_a_change_arrives_with_its_record),
        TEST(test_the_reduced_view_lacks_internals_and_the_actor),
        TEST(test_more_is_set_on_all_but_the_last_visible_change),
        TEST(test_a_record_that_leaves_the_scope_is_told_once),
        TEST(test_what_is_unpublished_is_not_shown_to_latecomers),
        TEST(test_a_deletion_is_told),
        TEST(test_strangers_see_nothing_but_how_far_it_came),
        TEST(test_progress_is_told_to_those_who_see_nothing),
        TEST(test_a_stream_resumes_without_gap_or_repetition),
        TEST(test_one_behind_the_ring_reads_the_log),
        TEST(test_a_reader_that_takes_nothing_is_let_go),
        TEST(test_positions_that_cannot_be_served_are_refused),
        TEST(test_a_kind_the_method_does_not_send_is_refused),
        TEST(test_garbage_is_refused),
        TEST(test_too_many_streams_are_shed),
        TEST(test_drain_tells_the_position_and_ends),
        TEST(test_other_scopes_end_an_open_stream),
        TEST(test_a_suspended_registry_ends_an_open_stream),
        TEST(test_read_log_sends_a_chain_that_verifies),
        TEST(test_read_log_follows_from_an_anchor),
        TEST(test_read_log_is_refused_without_its_role),
        TEST(test_many_watchers_see_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
