/* Calls that wait are judged anew when trust changes: over real TLS. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "certs/authority.h"
#include "kontor/v1/catalogue_service.pb-c.h"
#include "kontor/v1/registry.pb-c.h"
#include "proto/wire.h"
#include "server/rpc/dispatch.h"
#include "server/rpc/envelope.h"
#include "server/rpc/pool.h"
#include "tests/server/station.h"
#include "tests/server/toy.h"

#define TOY "/kontor.test.Toy/"

/* Far below what Take waits, far above what a busy machine takes. */
enum { AT_ONCE_MS = 8000 };

static struct station *s;
static struct timespec began;

static int
open_one(const char *const *change)
{
    s = station_open(change);
    atomic_store(&toy_takes, 0);
    (void)clock_gettime(CLOCK_MONOTONIC, &began);
    return 0;
}

static int
set_up(void **state)
{
    (void)state;
    return open_one(NULL);
}

static int
tear_down(void **state)
{
    (void)state;
    atomic_store(&toy_late, NULL);
    station_close(s);
    return 0;
}

static void
set_coast(Kontor__V1__Registry__State to)
{
    Kontor__V1__Registry registry =
        *(Kontor__V1__Registry *)harness_record(s->h, KIND_REGISTRY, "coast");
    registry.state = to;
    (void)harness_seed(s->h, KIND_REGISTRY, "coast", &registry.base, "=r:coast", NULL);
}

static struct wire_call *
take(struct wire_client *client)
{
    return wire_start(client, TOY "Take", station_get(s, "coast/a"), NULL);
}

/* A Get that waits for a position. */
static struct wire_call *
wait_for_seq(int64_t seq)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%lld", (long long)seq);
    return wire_start(s->op, TOY "Get", station_get(s, "coast/a"),
                      &(struct wire_options){.key = "kontor-min-seq", .value = text});
}

static void
expect_refused(struct wire_call *call, enum status status, const char *reason)
{
    struct timespec now;
    struct wire_result result = wire_end(call);
    assert_int_equal(result.status, status);
    assert_string_equal(result.reason, reason);
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    assert_true((now.tv_sec - began.tv_sec) * 1000 < AT_ONCE_MS);
}

static void
test_a_suspended_callers_long_poll_ends_at_once(void **state)
{
    (void)state;
    struct wire_call *call = take(s->op);
    station_wait_parked(s, 1);
    set_coast(KONTOR__V1__REGISTRY__STATE__SUSPENDED);
    expect_refused(call, STATUS_PERMISSION_DENIED, "REGISTRY_SUSPENDED");
    assert_int_equal(server_calls_parked(s->server), 0);
}

static void
test_a_suspended_caller_waits_for_no_position(void **state)
{
    (void)state;
    struct wire_call *call = wait_for_seq(1000000);
    station_wait_parked(s, 1);
    set_coast(KONTOR__V1__REGISTRY__STATE__SUSPENDED);
    expect_refused(call, STATUS_PERMISSION_DENIED, "REGISTRY_SUSPENDED");
}

static void
test_a_revoked_certificates_long_poll_ends_at_once(void **state)
{
    (void)state;
    static const char *const uri = "spiffe://coast.example/operator/op";
    struct issued pair = {0};
    char hex[65];
    assert_true(authority_issue(s->authority,
                                &(struct profile){.name = "client",
                                                  .uris = &uri,
                                                  .n_uris = 1,
                                                  .starts_s = -60,
                                                  .ends_s = 3600,
                                                  .is_client = true},
                                &pair));
    assert_true(authority_fingerprint(pair.certificate, hex));
    struct wire_client *client =
        wire_client_new(server_port(s->server), s->roots, pair.certificate, pair.key);
    issued_done(&pair);
    struct wire_call *call = take(client);
    station_wait_parked(s, 1);
    Kontor__V1__Revocation revocation = KONTOR__V1__REVOCATION__INIT;
    (void)harness_seed(s->h, KIND_REVOCATION, arena_print(s->h->arena, "coast/%s", hex),
                       &revocation.base, "=r:coast", NULL);
    expect_refused(call, STATUS_UNAUTHENTICATED, "CERTIFICATE_REVOKED");
    wire_client_free(client);
}

static void
test_a_caller_nobody_registers_any_more_is_told_so(void **state)
{
    (void)state;
    static const Kontor__V1__Role all[] = {KONTOR__V1__ROLE__OPERATOR};
    struct wire_call *call = take(s->op);
    station_wait_parked(s, 1);
    station_principal(s, "coast/op", "spiffe://coast.example/operator/another", all, 1,
                      "r:coast");
    expect_refused(call, STATUS_PERMISSION_DENIED, "NOT_REGISTERED");
}

static void
test_a_caller_without_the_role_any_more_is_told_so(void **state)
{
    (void)state;
    static const Kontor__V1__Role none[] = {KONTOR__V1__ROLE__ROLE_UNSPECIFIED};
    struct wire_call *call = take(s->op);
    station_wait_parked(s, 1);
    station_principal(s, "coast/op", "spiffe://coast.example/operator/op", none, 1,
                      "r:coast");
    expect_refused(call, STATUS_PERMISSION_DENIED, "ROLE_MISSING");
}

/* Nor do they decide again: a change of trust is no herd. */
static void
test_others_go_on_waiting_and_are_served(void **state)
{
    (void)state;
    struct wire_call *gone = take(s->op);
    struct wire_call *other = take(s->other);
    station_wait_parked(s, 2);
    int takes = atomic_load(&toy_takes);
    set_coast(KONTOR__V1__REGISTRY__STATE__SUSPENDED);
    expect_refused(gone, STATUS_PERMISSION_DENIED, "REGISTRY_SUSPENDED");
    station_wait_parked(s, 1);
    assert_int_equal(atomic_load(&toy_takes), takes);
    Kontor__V1__Provider provider = KONTOR__V1__PROVIDER__INIT;
    provider.name = (char *)"One";
    (void)harness_seed(s->h, KIND_PROVIDER, "coast/a", &provider.base, "=r:hills",
                       NULL);
    struct bytes message;
    assert_true(wire_next_message(other, &message));
    assert_int_equal(wire_end(other).status, STATUS_OK);
}

static void
test_a_waiting_call_sees_with_the_scopes_of_its_end(void **state)
{
    (void)state;
    static const Kontor__V1__Role all[] = {KONTOR__V1__ROLE__OPERATOR};
    int64_t seq = station_put(s, "coast/a", "One", NULL);
    struct wire_call *call = wait_for_seq(seq + 2);
    station_wait_parked(s, 1);
    station_principal(s, "coast/op", "spiffe://coast.example/operator/op", all, 1,
                      "p:coast/other");
    station_wait_parked(s, 1);
    Kontor__V1__Provider provider = KONTOR__V1__PROVIDER__INIT;
    provider.name = (char *)"B";
    (void)harness_seed(s->h, KIND_PROVIDER, "coast/b", &provider.base, "=r:coast",
                       NULL);
    expect_refused(call, STATUS_NOT_FOUND, "NOT_FOUND");
}

/* ---- Calls that wait for a worker ---- */

static atomic_bool is_held;
static atomic_bool must_go_on;

static void
hold_worker(void)
{
    atomic_store(&is_held, true);
    while (!atomic_load(&must_go_on)) {
        sched_yield();
    }
}

/* A batch that keeps the one worker; only to be validated, so the committer is free. */
static struct wire_call *
keep_the_worker(struct wire_client *client)
{
    Kontor__V1__Provider provider = KONTOR__V1__PROVIDER__INIT;
    Kontor__V1__CatalogueImportRecord record =
        KONTOR__V1__CATALOGUE_IMPORT_RECORD__INIT;
    Kontor__V1__CatalogueImportRecord *records[] = {&record};
    Kontor__V1__CatalogueImportRequest request =
        KONTOR__V1__CATALOGUE_IMPORT_REQUEST__INIT;
    provider.id = (char *)"hills/late";
    provider.name = (char *)"late";
    record.record_case = KONTOR__V1__CATALOGUE_IMPORT_RECORD__RECORD_PROVIDER;
    record.provider = &provider;
    request.records = records;
    request.n_records = 1;
    request.validate_only = true;
    atomic_store(&is_held, false);
    atomic_store(&must_go_on, false);
    atomic_store(&toy_late, hold_worker);
    struct wire_call *call =
        wire_start(client, TOY "Import", wire_pack(&request.base, s->h->arena), NULL);
    while (!atomic_load(&is_held)) {
        sched_yield();
    }
    return call;
}

static void
test_a_queued_call_of_a_suspended_caller_is_refused(void **state)
{
    (void)state;
    static const char *const change[] = {"worker_threads", "1", NULL};
    station_close(s);
    (void)open_one(change);
    (void)station_put(s, "coast/a", "One", NULL);
    struct wire_call *kept = keep_the_worker(s->other);
    struct wire_call *queued =
        wire_start(s->op, TOY "Get", station_get(s, "coast/a"), NULL);
    while (pool_waiting(dispatch_pool(server_dispatch(s->server))) == 0) {
        sched_yield();
    }
    set_coast(KONTOR__V1__REGISTRY__STATE__SUSPENDED);
    atomic_store(&must_go_on, true);
    expect_refused(queued, STATUS_PERMISSION_DENIED, "REGISTRY_SUSPENDED");
    struct bytes message;
    assert_true(wire_next_message(kept, &message));
    assert_int_equal(wire_end(kept).status, STATUS_OK);
}

/* ---- Batches ---- */

static struct work suspension;
static struct draft_change suspension_change;

static void
suspended(struct work *work, const struct outcome *outcome)
{
    (void)work;
    assert_int_equal(outcome->status, STATUS_OK);
}

/* Submits the suspension while the committer is busy with a record: it comes next. */
static void
suspend_meanwhile(void)
{
    assert_int_equal(store_submit(s->h->broker.store, &suspension), STATUS_OK);
}

static void
make_suspension(void)
{
    static char *scope[] = {"=r:coast"};
    struct document before;
    assert_int_equal(harness_get(s->h, KIND_REGISTRY, "coast", &before), STATUS_OK);
    Kontor__V1__Registry registry =
        *(Kontor__V1__Registry *)harness_record(s->h, KIND_REGISTRY, "coast");
    registry.state = KONTOR__V1__REGISTRY__STATE__SUSPENDED;
    suspension_change =
        (struct draft_change){.kind = KIND_REGISTRY,
                              .id = "coast",
                              .op = KONTOR__V1__CHANGE__OP__PUT,
                              .was = before.revision,
                              .scope = scope,
                              .n_scope = 1,
                              .doc = envelope_strip(&registry.base, s->h->arena)};
    suspension = (struct work){.draft = {.actor = "~broker/test",
                                         .at_ms = clock_wall_ms(&s->h->clock),
                                         .changes = &suspension_change,
                                         .n_changes = 1},
                               .done = suspended,
                               .is_decided = true};
}

static struct bytes
import_of(size_t n)
{
    struct arena *arena = s->h->arena;
    Kontor__V1__CatalogueImportRequest request =
        KONTOR__V1__CATALOGUE_IMPORT_REQUEST__INIT;
    request.n_records = n;
    request.records = arena_alloc(arena, n * sizeof(void *));
    for (size_t i = 0; i < n; i++) {
        Kontor__V1__Provider *provider = arena_alloc(arena, sizeof *provider);
        kontor__v1__provider__init(provider);
        provider->id = arena_print(arena, "coast/p%zu", i);
        provider->name = (char *)(i == 0 ? "late" : "One");
        request.records[i] = arena_alloc(arena, sizeof *request.records[i]);
        kontor__v1__catalogue_import_record__init(request.records[i]);
        request.records[i]->record_case =
            KONTOR__V1__CATALOGUE_IMPORT_RECORD__RECORD_PROVIDER;
        request.records[i]->provider = provider;
    }
    return wire_pack(&request.base, arena);
}

static void
test_a_batch_of_a_caller_suspended_meanwhile_begins_no_more_records(void **state)
{
    (void)state;
    enum { N_RECORDS = 500 };
    make_suspension();
    atomic_store(&toy_late, suspend_meanwhile);
    struct wire_result result =
        wire_unary(s->op, TOY "Import", import_of(N_RECORDS), NULL);
    assert_int_equal(result.status, STATUS_PERMISSION_DENIED);
    assert_string_equal(result.reason, "REGISTRY_SUSPENDED");
    struct document last;
    assert_int_equal(harness_get(s->h, KIND_PROVIDER, "coast/p0", &last), STATUS_OK);
    assert_int_equal(harness_get(s->h, KIND_PROVIDER, "coast/p499", &last),
                     STATUS_NOT_FOUND);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_suspended_callers_long_poll_ends_at_once),
        TEST(test_a_suspended_caller_waits_for_no_position),
        TEST(test_a_revoked_certificates_long_poll_ends_at_once),
        TEST(test_a_caller_nobody_registers_any_more_is_told_so),
        TEST(test_a_caller_without_the_role_any_more_is_told_so),
        TEST(test_others_go_on_waiting_and_are_served),
        TEST(test_a_waiting_call_sees_with_the_scopes_of_its_end),
        TEST(test_a_queued_call_of_a_suspended_caller_is_refused),
        TEST(test_a_batch_of_a_caller_suspended_meanwhile_begins_no_more_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
