#include "server/rpc/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <grpc/support/log.h>

#include "server/clock.h"
#include "server/log.h"
#include "server/rpc/accept.h"
#include "server/rpc/handover.h"
#include "server/rpc/identity.h"
#include "server/rpc/park.h"
#include "server/rpc/server_inner.h"

enum {
    MAX_ARGS = 32,
    LOOKAHEAD_BYTES = 64 << 10,
    MAX_SEND_BYTES = 16 << 20,
    /* What connections without a call get to close themselves, with the last answer
     * read: cutting one may lose what its peer has not read yet. */
    GOODBYE_MS = 500,
    PROBE_WAIT_MS = 5000,
    QUOTA_BYTES = 512 << 20,
    /* Only the bit of "identity": nothing is ever decompressed. */
    NO_COMPRESSION = 1,
};

/* ---- The listener ---- */

struct args {
    grpc_arg rows[MAX_ARGS];
    size_t n_rows;
};

static void
add_arg(struct args *args, const char *key, int64_t value)
{
    grpc_arg *arg = &args->rows[args->n_rows++];
    arg->type = GRPC_ARG_INTEGER;
    arg->key = (char *)key;
    arg->value.integer = value > INT32_MAX ? INT32_MAX : (int)value;
}

static void
fill_args(const struct settings *settings, grpc_resource_quota *quota,
          struct args *args)
{
    const struct {
        const char *key;
        int64_t value;
    } rows[] = {
        {GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, NO_COMPRESSION},
        {GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, settings->message_max_bytes},
        {GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, MAX_SEND_BYTES},
        {GRPC_ARG_MAX_METADATA_SIZE, settings->header_max_bytes},
        {GRPC_ARG_MAX_CONCURRENT_STREAMS, settings->concurrent_streams},
        {GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, settings->handshake_ms},
        {GRPC_ARG_KEEPALIVE_TIME_MS, settings->keepalive_ms},
        {GRPC_ARG_KEEPALIVE_TIMEOUT_MS, settings->keepalive_timeout_ms},
        {GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1},
        {GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
         settings->ping_interval_min_ms},
        {GRPC_ARG_MAX_CONNECTION_IDLE_MS, settings->connection_idle_ms},
        {GRPC_ARG_MAX_CONNECTION_AGE_MS, settings->connection_age_ms},
        {GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, settings->connection_grace_ms},
        {GRPC_ARG_ALLOW_REUSEPORT, 0},
        {GRPC_ARG_HTTP2_BDP_PROBE, 0},
        {GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, LOOKAHEAD_BYTES},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        add_arg(args, rows[i].key, rows[i].value);
    }
    grpc_arg *arg = &args->rows[args->n_rows++];
    arg->type = GRPC_ARG_POINTER;
    arg->key = (char *)GRPC_ARG_RESOURCE_QUOTA;
    arg->value.pointer.p = quota;
    arg->value.pointer.vtable = grpc_resource_quota_arg_vtable();
}

static void
make_listener(struct server *server)
{
    struct args args = {.n_rows = 0};
    grpc_resource_quota *quota = grpc_resource_quota_create("kontord");
    grpc_resource_quota_resize(quota, QUOTA_BYTES);
    fill_args(server->settings, quota, &args);
    const grpc_channel_args all = {args.n_rows, args.rows};
    server->grpc = grpc_server_create(&all, NULL);
    grpc_resource_quota_unref(quota);
    server->queue = grpc_completion_queue_create_for_next(NULL);
    grpc_server_register_completion_queue(server->grpc, server->queue, NULL);
}

/* Called on every handshake: costs a comparison as long as nothing changed. */
static grpc_ssl_certificate_config_reload_status
fetch_keys(void *context, grpc_ssl_server_certificate_config **config)
{
    struct server *server = context;
    uint64_t seen = atomic_load(&server->generation);
    grpc_ssl_pem_key_cert_pair pair = {NULL, NULL};
    char *roots = NULL;
    char *key = NULL;
    char *cert = NULL;
    if (!identity_keys(server->options.broker->identity, &seen, &roots, &key, &cert)) {
        return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    }
    pair.private_key = key;
    pair.cert_chain = cert;
    *config = grpc_ssl_server_certificate_config_create(roots, &pair, 1);
    free(roots);
    free(key);
    free(cert);
    if (*config == NULL) {
        return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_FAIL;
    }
    atomic_store(&server->generation, seen);
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

static bool
bind_port(struct server *server, char *error, size_t error_size)
{
    const char *listen = server->settings->listen;
    grpc_ssl_server_credentials_options *options =
        grpc_ssl_server_credentials_create_options_using_config_fetcher(
            GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY, fetch_keys,
            server);
    grpc_server_credentials *credentials =
        grpc_ssl_server_credentials_create_with_options(options);
    server->port = grpc_server_add_http2_port(server->grpc, listen, credentials);
    grpc_server_credentials_release(credentials);
    if (server->port == 0) {
        (void)snprintf(error, error_size,
                       "cannot listen at %s; see that the address is this machine's "
                       "and nobody else listens there",
                       listen);
    }
    return server->port != 0;
}

/* ---- Threads ---- */

static void
all_down(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    server->is_down = true;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

static void *
poll_queue(void *context)
{
    struct server *server = context;
    gpr_timespec never = gpr_inf_future(GPR_CLOCK_MONOTONIC);
    for (;;) {
        grpc_event event = grpc_completion_queue_next(server->queue, never, NULL);
        if (event.type == GRPC_QUEUE_SHUTDOWN) {
            return NULL;
        }
        if (event.type != GRPC_OP_COMPLETE) {
            continue;
        }
        if (event.tag == server) {
            all_down(server);
            continue;
        }
        struct rpc_tag *tag = event.tag;
        handover_take(tag);
        tag->fire(tag->rpc, event.success != 0);
    }
}

/* One call of each method: others wait in the core until it is armed again, which is
 * done before a call is looked at. More of them cost every call, for the core goes
 * through all that is armed to find a tag of its own. */
static void
arm_all(struct server *server)
{
    for (size_t i = 0; i < server->n_methods; i++) {
        rpc_arm(server, &server->methods[i]);
    }
}

static void
start_threads(struct server *server)
{
    size_t n = (size_t)server->settings->io_threads;
    server->threads = calloc(n, sizeof server->threads[0]);
    if (server->threads == NULL) {
        abort();
    }
    for (size_t i = 0; i < n; i++) {
        if (pthread_create(&server->threads[i], NULL, poll_queue, server) != 0) {
            abort();
        }
        server->n_threads++;
    }
}

/* ---- Life ---- */

/* gRPC's own words are for those who look for them: most are about strangers'
 * handshakes. */
static void
log_grpc(gpr_log_func_args *args)
{
    log_line(LOG_LEVEL_DEBUG, "grpc: %s", args->message);
}

static enum status
make_parts(struct server *server, char *error, size_t error_size)
{
    const struct settings *settings = server->settings;
    struct dispatch_options options = {
        .broker = server->options.broker,
        .random = server->options.random,
        .n_workers = (size_t)settings->worker_threads,
        .queue_lengths = {[CLASS_INLINE] = (size_t)settings->read_queue,
                          [CLASS_READ] = (size_t)settings->read_queue,
                          [CLASS_WRITE] = (size_t)settings->write_queue,
                          [CLASS_ADMIN] = (size_t)settings->admin_queue},
        .max_parked = (size_t)settings->parked_calls};
    enum status status = dispatch_new(&options, &server->dispatch);
    if (status != STATUS_OK) {
        (void)snprintf(error, error_size, "cannot start the workers: %s",
                       status_name(status));
        return status;
    }
    struct caller_limits limits = {.calls = settings->calls_in_flight,
                                   .streams = settings->streams_open,
                                   .per_second = settings->calls_per_second,
                                   .resets_per_second = settings->resets_per_second,
                                   .cut_off_ms = settings->breaker_ms};
    server->callers = callers_new(&limits);
    server->health = health_new(server->services);
    server->reflection = reflection_new(server->services);
    server->hub = hub_new(server);
    return STATUS_OK;
}

static enum status
start_watchdog(struct server *server, char *error, size_t error_size)
{
    struct watchdog_options options = {.listen = server->settings->listen,
                                       .port = server->port,
                                       .period_ms = server->settings->watchdog_ms,
                                       .wait_ms = PROBE_WAIT_MS};
    server->watchdog = watchdog_new(&options);
    if (server->watchdog == NULL) {
        (void)snprintf(error, error_size,
                       "cannot start a thread; look at the limits of the system");
        return STATUS_RESOURCE_EXHAUSTED;
    }
    return STATUS_OK;
}

static enum status
start_listener(struct server *server, char *error, size_t error_size)
{
    accept_init(server->settings->connections_per_address);
    if (!accept_is_ours()) {
        (void)snprintf(error, error_size,
                       "the program was linked so that its own accept4 is hidden; "
                       "build it with default visibility");
        return STATUS_INTERNAL;
    }
    make_listener(server);
    if (!server_register_methods(server, error, error_size)) {
        return STATUS_INTERNAL;
    }
    if (!bind_port(server, error, error_size)) {
        return STATUS_UNAVAILABLE;
    }
    grpc_server_start(server->grpc);
    arm_all(server);
    start_threads(server);
    return start_watchdog(server, error, error_size);
}

enum status
server_new(const struct server_options *options, struct server **out, char *error,
           size_t error_size)
{
    struct server *server = calloc(1, sizeof *server);
    if (server == NULL) {
        abort();
    }
    server->options = *options;
    server->settings = options->settings;
    server->services = server_services(options->services);
    pthread_mutex_init(&server->lock, NULL);
    clock_init_condition(&server->changed);
    gpr_set_log_function(log_grpc);
    grpc_init();
    server_make_methods(server);
    enum status status = make_parts(server, error, error_size);
    if (status == STATUS_OK) {
        status = start_listener(server, error, error_size);
    }
    if (status != STATUS_OK) {
        server_stop(server);
        server_free(server);
        return status;
    }
    *out = server;
    return STATUS_OK;
}

/* A point of the monotonic clock, which server->changed goes by: nobody sets it back.
 */
static struct timespec
after_ms(int64_t wait_ms)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(wait_ms / 1000);
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    return until;
}

/* Under the lock. What is armed is given back by gRPC at once when it shuts down, so
 * that only calls in flight are left. */
static bool
has_calls(const struct server *server)
{
    return !server->is_down && server->n_rpcs > 0;
}

static bool
has_connections(const struct server *server)
{
    return !server->is_down;
}

/* Waits while something is so; false: the time was over first. */
static bool
wait_while(struct server *server, bool (*is_so)(const struct server *server),
           int64_t wait_ms)
{
    struct timespec until = after_ms(wait_ms);
    int error = 0;
    pthread_mutex_lock(&server->lock);
    while (is_so(server) && error == 0) {
        error = pthread_cond_timedwait(&server->changed, &server->lock, &until);
    }
    bool is_over = !is_so(server);
    pthread_mutex_unlock(&server->lock);
    return is_over;
}

/*
 * Calls get drain_ms; connections without one only the time to say goodbye. A peer that
 * never acknowledges GOAWAY would hold gRPC's shutdown for 20 s (measured).
 */
static bool
went_down(struct server *server)
{
    int64_t drain_ms = server->settings->drain_ms;
    int64_t goodbye_ms = drain_ms < GOODBYE_MS ? drain_ms : GOODBYE_MS;
    return wait_while(server, has_calls, drain_ms) &&
           wait_while(server, has_connections, goodbye_ms);
}

/* The completion queue must not be shut down before the last call is gone. */
static void
wait_empty(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    while (!server->is_down || server->n_rpcs > 0) {
        pthread_cond_wait(&server->changed, &server->lock);
    }
    pthread_mutex_unlock(&server->lock);
}

static void
stop_listener(struct server *server)
{
    if (server->n_threads == 0) {
        start_threads(server); /* Somebody has to take the last events. */
    }
    atomic_store(&server->is_stopping, true);
    grpc_server_shutdown_and_notify(server->grpc, server->queue, server);
    health_stop(server->health);
    if (!went_down(server)) {
        grpc_server_cancel_all_calls(server->grpc);
    }
    wait_empty(server);
    grpc_completion_queue_shutdown(server->queue);
    for (size_t i = 0; i < server->n_threads; i++) {
        pthread_join(server->threads[i], NULL);
    }
    grpc_server_destroy(server->grpc);
    grpc_completion_queue_destroy(server->queue);
    server->grpc = NULL;
}

void
server_stop(struct server *server)
{
    /* First, or it would tell of a listener that is closed on purpose. */
    watchdog_stop(server->watchdog);
    atomic_store(&server->is_draining, true);
    if (server->dispatch == NULL) {
        return;
    }
    if (server->health != NULL) {
        health_set(server->health, false);
        hub_drain(server->hub);
    }
    dispatch_drain(server->dispatch);
    if (server->grpc != NULL) {
        stop_listener(server);
    }
}

void
server_free(struct server *server)
{
    if (server == NULL) {
        return;
    }
    if (server->hub != NULL) {
        hub_stop(server->hub);
    }
    watchdog_free(server->watchdog);
    dispatch_free(server->dispatch);
    hub_free(server->hub);
    reflection_free(server->reflection);
    health_free(server->health);
    callers_free(server->callers);
    grpc_shutdown();
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->lock);
    free(server->methods);
    free(server->services);
    free(server->threads);
    free(server);
}

int
server_port(const struct server *server)
{
    return server->port;
}

struct dispatch *
server_dispatch(struct server *server)
{
    return server->dispatch;
}

void
server_set_serving(struct server *server, bool is_serving)
{
    health_set(server->health, is_serving);
}

int64_t
server_calls_in_flight(struct server *server)
{
    return (int64_t)dispatch_in_flight(server->dispatch);
}

int64_t
server_calls_parked(struct server *server)
{
    return (int64_t)park_waiting(dispatch_lot(server->dispatch));
}

int64_t
server_probes_missed(struct server *server)
{
    return server->watchdog == NULL ? 0 : watchdog_missed(server->watchdog);
}

int64_t
server_breaker_trips(struct server *server)
{
    return callers_trips(server->callers);
}

int64_t
server_streams_open(struct server *server)
{
    return callers_streams(server->callers);
}
