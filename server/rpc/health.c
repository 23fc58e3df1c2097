#include "server/rpc/health.h"

#include <stdlib.h>
#include <string.h>

#include "grpc/health/v1/health.pb-c.h"
#include "server/rpc/server_inner.h"

enum { SERVING_MAX_BYTES = 8 };

/* One open watch. */
struct watch {
    struct rpc *rpc;
    bool is_known; /* Whether the service is one of ours. */
    bool is_busy;  /* A message is on its way. */
    int told;      /* Status last sent; -1 = none. */
    struct watch *before;
    struct watch *after;
};

struct health {
    const struct service_rows *const *services;
    pthread_mutex_t lock; /* Guards all below. */
    bool is_serving;
    bool is_over;
    struct watch *watches;
};

struct health *
health_new(const struct service_rows *const *services)
{
    struct health *health = calloc(1, sizeof *health);
    if (health == NULL) {
        abort();
    }
    health->services = services;
    health->is_serving = true;
    pthread_mutex_init(&health->lock, NULL);
    return health;
}

void
health_free(struct health *health)
{
    if (health == NULL) {
        return;
    }
    pthread_mutex_destroy(&health->lock);
    free(health);
}

static bool
is_known(const struct health *health, const char *service)
{
    if (service[0] == '\0') {
        return true;
    }
    for (size_t i = 0; health->services[i] != NULL; i++) {
        if (strcmp(health->services[i]->service, service) == 0) {
            return true;
        }
    }
    return false;
}

static size_t
pack(int status, uint8_t out[SERVING_MAX_BYTES])
{
    Grpc__Health__V1__HealthCheckResponse response =
        GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;
    response.status = (Grpc__Health__V1__HealthCheckResponse__ServingStatus)status;
    return grpc__health__v1__health_check_response__pack(&response, out);
}

/* The name asked for, or NULL once the call was ended for being wrong. */
static const char *
service_of(struct rpc *rpc, struct bytes request)
{
    struct error error = {0};
    const Grpc__Health__V1__HealthCheckRequest *message = (const void *)dispatch_unpack(
        &grpc__health__v1__health_check_request__descriptor, request, rpc_arena(rpc),
        &error);
    if (message != NULL) {
        return message->service;
    }
    rpc_refuse(rpc, error.reason, "the request is no HealthCheckRequest");
    return NULL;
}

static int
status_of(const struct health *health, bool is_ours)
{
    if (!is_ours) {
        return GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN;
    }
    return health->is_serving
               ? GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
               : GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING;
}

void
health_check(struct rpc *rpc, struct bytes request)
{
    struct health *health = rpc->server->health;
    const char *service = service_of(rpc, request);
    if (service == NULL) {
        return;
    }
    if (!is_known(health, service)) {
        rpc_refuse(rpc, REASON_NOT_FOUND, "there is no such service");
        return;
    }
    pthread_mutex_lock(&health->lock);
    int status = status_of(health, true);
    pthread_mutex_unlock(&health->lock);
    uint8_t out[SERVING_MAX_BYTES];
    struct bytes reply = {out, pack(status, out)};
    struct ending ending = {.status = STATUS_OK,
                            .pieces = &reply,
                            .n_pieces = 1,
                            .seq = store_applied(rpc->server->options.broker->store)};
    rpc_end(rpc, &ending);
}

/* ---- Watch: the latest status wins while a message is on its way ---- */

/* Under the lock: sends what was not told yet, or ends. */
static void
pump(struct health *health, struct watch *watch)
{
    int status = status_of(health, watch->is_known);
    if (watch->is_busy) {
        return;
    }
    if (watch->told == status) {
        if (health->is_over) {
            rpc_refuse(watch->rpc, REASON_DRAINING, "the broker is stopping");
        }
        return;
    }
    uint8_t out[SERVING_MAX_BYTES];
    size_t size = pack(status, out);
    grpc_slice slice = grpc_slice_from_copied_buffer((const char *)out, size);
    watch->told = status;
    watch->is_busy = rpc_write(watch->rpc, &slice, 1);
}

static void
watch_wrote(struct rpc *rpc, bool is_ok)
{
    struct health *health = rpc->server->health;
    struct watch *watch = rpc->stream;
    pthread_mutex_lock(&health->lock);
    watch->is_busy = false;
    if (is_ok) {
        pump(health, watch);
    }
    pthread_mutex_unlock(&health->lock);
}

static void
remove_watch(struct health *health, struct watch *watch)
{
    *(watch->before == NULL ? &health->watches : &watch->before->after) = watch->after;
    if (watch->after != NULL) {
        watch->after->before = watch->before;
    }
}

static void
watch_closed(struct rpc *rpc)
{
    struct health *health = rpc->server->health;
    struct watch *watch = rpc->stream;
    pthread_mutex_lock(&health->lock);
    remove_watch(health, watch);
    pthread_mutex_unlock(&health->lock);
    rpc_gone(rpc);
}

static const struct rpc_events watch_events = {.wrote = watch_wrote,
                                               .closed = watch_closed};

void
health_watch(struct rpc *rpc, struct bytes request)
{
    struct health *health = rpc->server->health;
    const char *service = service_of(rpc, request);
    if (service == NULL) {
        return;
    }
    struct watch *watch = arena_alloc(rpc_arena(rpc), sizeof *watch);
    watch->rpc = rpc;
    watch->is_known = is_known(health, service);
    watch->told = -1;
    pthread_mutex_lock(&health->lock);
    bool is_there = rpc_attach(rpc, &watch_events, watch);
    if (is_there) {
        watch->after = health->watches;
        if (watch->after != NULL) {
            watch->after->before = watch;
        }
        health->watches = watch;
        pump(health, watch);
    }
    pthread_mutex_unlock(&health->lock);
    if (!is_there) {
        rpc_gone(rpc);
    }
}

static void
pump_all(struct health *health)
{
    for (struct watch *watch = health->watches; watch != NULL; watch = watch->after) {
        pump(health, watch);
    }
}

void
health_set(struct health *health, bool is_serving)
{
    pthread_mutex_lock(&health->lock);
    health->is_serving = is_serving && !health->is_over;
    pump_all(health);
    pthread_mutex_unlock(&health->lock);
}

void
health_stop(struct health *health)
{
    pthread_mutex_lock(&health->lock);
    health->is_over = true;
    health->is_serving = false;
    pump_all(health);
    pthread_mutex_unlock(&health->lock);
}

static const struct row rows[] = {
    {.path = "/grpc.health.v1.Health/Check",
     .request = &grpc__health__v1__health_check_request__descriptor,
     .reply = &grpc__health__v1__health_check_response__descriptor,
     .klass = CLASS_INLINE,
     .roles = ROLE_BIT_ANY_CERTIFICATE},
    {.path = "/grpc.health.v1.Health/Watch",
     .request = &grpc__health__v1__health_check_request__descriptor,
     .reply = &grpc__health__v1__health_check_response__descriptor,
     .kind = ROW_SERVER_STREAM,
     .klass = CLASS_INLINE,
     .roles = ROLE_BIT_ANY_CERTIFICATE},
    {.path = NULL},
};

const struct service_rows health_rows = {"grpc.health.v1.Health", rows};
