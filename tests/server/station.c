#include "tests/server/station.h"

#include <sched.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "certs/pemfile.h"
#include "kontor/v1/catalogue_service.pb-c.h"
#include "kontor/v1/registry.pb-c.h"
#include "proto/wire.h"
#include "server/rpc/identity.h"
#include "server/rpc/timer.h"
#include "tests/server/seen.h"
#include "tests/server/toy.h"

enum { DAY_S = 24 * 3600 };

static struct issued
issue(struct station *station, const struct profile *profile)
{
    struct issued issued = {0};
    assert_true(authority_issue(station->authority, profile, &issued));
    return issued;
}

static void
open_identity(struct station *station)
{
    static const char *const hosts[] = {"localhost"};
    struct harness *h = station->h;
    struct issued pair = issue(station, &(struct profile){.name = "server",
                                                          .hosts = hosts,
                                                          .n_hosts = 1,
                                                          .starts_s = -60,
                                                          .ends_s = DAY_S,
                                                          .is_server = true});
    struct identity_options options = {
        .store = h->broker.store,
        .clock = &h->clock,
        .home = "alpine",
        .cert_path = arena_print(h->arena, "%s/server.pem", h->directory),
        .key_path = arena_print(h->arena, "%s/server.key", h->directory)};
    assert_true(pemfile_write(options.cert_path, pair.certificate, PEMFILE_PUBLIC));
    assert_true(pemfile_write(options.key_path, pair.key, PEMFILE_SECRET));
    issued_done(&pair);
    char error[512] = "";
    if (identity_open(&options, &h->broker.identity, error, sizeof error) !=
        STATUS_OK) {
        fail_msg("%s", error);
    }
}

static void
seed_registry(struct station *station, const char *id, const char *bundle)
{
    struct harness *h = station->h;
    Kontor__V1__Registry registry = KONTOR__V1__REGISTRY__INIT;
    registry.trust_domain = arena_print(h->arena, "%s.example", id);
    registry.bundle = (char *)bundle;
    registry.state = KONTOR__V1__REGISTRY__STATE__ACTIVE;
    registry.is_home = strcmp(id, "alpine") == 0;
    (void)harness_seed(h, KIND_REGISTRY, id, &registry.base,
                       arena_print(h->arena, "=r:%s", id), NULL);
}

void
station_principal(struct station *station, const char *id, const char *identity,
                  const Kontor__V1__Role *roles, size_t n_roles, const char *scope)
{
    Kontor__V1__Principal principal = KONTOR__V1__PRINCIPAL__INIT;
    principal.identity = (char *)identity;
    principal.roles = (Kontor__V1__Role *)roles;
    principal.n_roles = n_roles;
    principal.scopes = (char **)&scope;
    principal.n_scopes = 1;
    (void)harness_seed(station->h, KIND_PRINCIPAL, id, &principal.base,
                       arena_print(station->h->arena, "=%s", scope), NULL);
}

struct wire_client *
station_client(struct station *station, const char *uri)
{
    struct issued pair = issue(station, &(struct profile){.name = "client",
                                                          .uris = &uri,
                                                          .n_uris = 1,
                                                          .starts_s = -60,
                                                          .ends_s = DAY_S,
                                                          .is_client = true});
    struct wire_client *client = wire_client_new(
        server_port(station->server), station->roots, pair.certificate, pair.key);
    issued_done(&pair);
    return client;
}

static void
logged(void *context, const struct server_call *call)
{
    struct station *station = context;
    seen_note(call->path, call->reason);
    atomic_store(&station->last_status, (int)call->status);
    atomic_store(&station->has_last_reason, call->reason[0] != '\0');
    atomic_fetch_add(&station->n_logged, 1);
    if (strcmp(call->reason, "OVERLOADED") == 0) {
        atomic_fetch_add(&station->n_shed, 1);
    }
    if (strcmp(call->reason, "BEHIND") == 0) {
        atomic_fetch_add(&station->n_behind, 1);
    }
}

static void
seed_trust(struct station *station)
{
    static const Kontor__V1__Role all[] = {
        KONTOR__V1__ROLE__OPERATOR, KONTOR__V1__ROLE__AGENT, KONTOR__V1__ROLE__ADMIN};
    struct harness *h = station->h;
    struct issued root = {0};
    assert_true(authority_pem(station->authority, &root));
    station->roots = arena_copy(h->arena, root.certificate);
    issued_done(&root);
    seed_registry(station, "alpine", station->roots);
    seed_registry(station, "coast", station->roots);
    seed_registry(station, "hills", station->roots);
    station_principal(station, "coast/op", "spiffe://coast.example/operator/op", all, 3,
                      "r:coast");
    station_principal(station, "hills/op", "spiffe://hills.example/operator/op", all, 1,
                      "r:hills");
}

static struct station *
open_station(const struct harness_options *harness, const char *const *change)
{
    char error[512] = "";
    struct station *station = calloc(1, sizeof *station);
    assert_non_null(station);
    station->h = harness_open(harness);
    station->h->broker.home = "alpine";
    station->authority = authority_new("all registries", -60, DAY_S);
    assert_non_null(station->authority);
    config_defaults(&station->settings);
    assert_int_equal(
        config_set(&station->settings, "listen", "127.0.0.1:0", error, sizeof error),
        STATUS_OK);
    for (size_t i = 0; change != NULL && change[i] != NULL; i += 2) {
        if (config_set(&station->settings, change[i], change[i + 1], error,
                       sizeof error) != STATUS_OK) {
            fail_msg("%s: %s", change[i], error);
        }
    }
    seed_trust(station);
    open_identity(station);
    struct server_options options = {.broker = &station->h->broker,
                                     .random = &station->h->random,
                                     .settings = &station->settings,
                                     .services = harness->services,
                                     .log = logged,
                                     .log_context = station};
    if (server_new(&options, &station->server, error, sizeof error) != STATUS_OK) {
        fail_msg("%s", error);
    }
    station->op = station_client(station, "spiffe://coast.example/operator/op");
    station->other = station_client(station, "spiffe://hills.example/operator/op");
    return station;
}

struct station *
station_open(const char *const *change)
{
    return open_station(
        &(struct harness_options){.services = toy_services, .is_real_time = true},
        change);
}

struct station *
station_open_still(const struct service_rows *const *services)
{
    return open_station(
        &(struct harness_options){.services = services,
                                  .wall_ms = time(NULL) * INT64_C(1000)},
        NULL);
}

void
station_advance(struct station *station, int64_t ms)
{
    clock_advance(&station->h->clock, ms);
    timer_poke(dispatch_timer(server_dispatch(station->server)));
}

void
station_close(struct station *station)
{
    wire_client_free(station->op);
    wire_client_free(station->other);
    if (station->server != NULL) {
        server_stop(station->server);
        server_free(station->server);
    }
    identity_close(station->h->broker.identity);
    harness_close(station->h);
    authority_free(station->authority);
    config_done(&station->settings);
    free(station);
}

int64_t
station_call_put(struct station *station, const char *method,
                 Kontor__V1__Provider *provider)
{
    struct arena *arena = station->h->arena;
    Kontor__V1__CreateProviderRequest request =
        KONTOR__V1__CREATE_PROVIDER_REQUEST__INIT;
    request.provider = provider;
    struct wire_result result =
        wire_unary(station->op, arena_print(arena, "/kontor.test.Toy/%s", method),
                   wire_pack(&request.base, arena), NULL);
    if (result.status != STATUS_OK) {
        fail_msg("%s %s: %s", method, provider->id, result.message);
    }
    return result.seq;
}

int64_t
station_put(struct station *station, const char *id, const char *name, ...)
{
    char *scope[8];
    size_t n = 0;
    va_list args;
    va_start(args, name);
    for (char *one = va_arg(args, char *); one != NULL; one = va_arg(args, char *)) {
        scope[n++] = one;
    }
    va_end(args);
    Kontor__V1__Provider provider = KONTOR__V1__PROVIDER__INIT;
    provider.id = (char *)id;
    provider.name = (char *)name;
    provider.tags = scope;
    provider.n_tags = n;
    return station_call_put(station, "Put", &provider);
}

struct bytes
station_get(struct station *station, const char *id)
{
    Kontor__V1__GetProviderRequest request = KONTOR__V1__GET_PROVIDER_REQUEST__INIT;
    request.id = (char *)id;
    return wire_pack(&request.base, station->h->arena);
}

void
station_wait_parked(struct station *station, int64_t n)
{
    while (server_calls_parked(station->server) != n) {
        sched_yield();
    }
}
