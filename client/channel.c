/*
 * The connection. gRPC dials when the first call is made, and again by itself after a
 * loss.
 */
#include "client/channel.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <grpc/grpc_security.h>
#include <grpc/support/log.h>

#include "client/error.h"
#include "client/rpc.h"

enum {
    DEADLINE_DEFAULT_MS = 20000,
    PEM_MAX_SIZE = 1 << 20,
    RECEIVE_MAX_SIZE = 16 << 20,
};

/* ---- Time ---- */

int64_t
channel_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool
channel_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0) {
        return false;
    }
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    int failed = pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
    return failed == 0;
}

/* Spurious wake-ups are the caller's: each waits in a loop on its own condition. */
bool
channel_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t until_ms)
{
    if (until_ms == INT64_MAX) {
        pthread_cond_wait(condition, mutex);
        return true;
    }
    struct timespec until = {.tv_sec = (time_t)(until_ms / 1000),
                             .tv_nsec = (long)(until_ms % 1000) * 1000000};
    return pthread_cond_timedwait(condition, mutex, &until) != ETIMEDOUT;
}

static enum kontor_status
channel_is_ended(const struct kontor *kontor, const struct stop *stop,
                 struct kontor_error *error)
{
    if (kontor->is_closed) {
        return error_set(error, KONTOR_CANCELLED, "CLOSED",
                         "the connection was closed here");
    }
    if (stop != NULL && stop->is_set) {
        return error_set(error, KONTOR_CANCELLED, "STOPPED", "it was stopped here");
    }
    return KONTOR_OK;
}

/*
 * A back-off is a place where a call can be for seconds: closing must not wait for it.
 */
enum kontor_status
channel_sleep(struct kontor *kontor, int64_t ms, const struct stop *stop,
              struct kontor_error *error)
{
    int64_t until_ms = channel_now_ms() + ms;
    pthread_mutex_lock(&kontor->mutex);
    enum kontor_status status = channel_is_ended(kontor, stop, error);
    while (status == KONTOR_OK &&
           channel_wait(&kontor->changed, &kontor->mutex, until_ms)) {
        status = channel_is_ended(kontor, stop, error);
    }
    pthread_mutex_unlock(&kontor->mutex);
    return status;
}

void
stop_set(struct kontor *kontor, struct stop *stop)
{
    pthread_mutex_lock(&kontor->mutex);
    stop->is_set = true;
    rpc_cancel_all(kontor, stop);
    pthread_cond_broadcast(&kontor->changed);
    pthread_mutex_unlock(&kontor->mutex);
}

bool
stop_is_set(struct kontor *kontor, const struct stop *stop)
{
    pthread_mutex_lock(&kontor->mutex);
    bool is_set = kontor->is_closed || (stop != NULL && stop->is_set);
    pthread_mutex_unlock(&kontor->mutex);
    return is_set;
}

/* ---- gRPC's log ---- */

/* gRPC knows one log function a process; this is the host's, or NULL for silence. */
static _Atomic(kontor_log_fn) log_sink;

static void
log_forward(gpr_log_func_args *args)
{
    kontor_log_fn sink = atomic_load(&log_sink);
    if (sink != NULL) {
        sink(args->message);
    }
}

/* ---- Connecting ---- */

/* One of the three PEM texts: from memory as it is, else out of its file. */
struct pem {
    const char *what;
    const char *text;
    const char *file;
    char *owned;
};

/* Says errno. */
static enum kontor_status
pem_failed(const struct pem *pem, struct kontor_error *error)
{
    if (errno == ENOMEM) {
        return error_memory(error);
    }
    return error_set(error, KONTOR_NOT_FOUND, "CONNECTION_SETTINGS", "%s: %s: %s",
                     pem->what, pem->file, strerror(errno));
}

/* Keys are read into memory of our own, which is wiped once gRPC has its copy. */
static enum kontor_status
pem_read(struct pem *pem, FILE *stream, struct kontor_error *error)
{
    pem->owned = malloc(PEM_MAX_SIZE + 1);
    if (pem->owned == NULL) {
        return error_memory(error);
    }
    size_t size = fread(pem->owned, 1, PEM_MAX_SIZE, stream);
    if (ferror(stream)) {
        return pem_failed(pem, error);
    }
    if (size == 0) {
        return error_set(error, KONTOR_NOT_FOUND, "CONNECTION_SETTINGS",
                         "%s: %s is empty: give a PEM file", pem->what, pem->file);
    }
    pem->owned[size] = '\0';
    pem->text = pem->owned;
    return KONTOR_OK;
}

/* A text that is no PEM would only show as a connection that never comes up. */
static enum kontor_status
pem_check(const struct pem *pem, struct kontor_error *error)
{
    if (strstr(pem->text, "-----BEGIN ") != NULL) {
        return KONTOR_OK;
    }
    return error_set(error, KONTOR_INVALID_ARGUMENT, "CONNECTION_SETTINGS",
                     "%s: %s holds nothing in PEM form", pem->what,
                     pem->file == NULL ? "the text given" : pem->file);
}

static enum kontor_status
pem_load(struct pem *pem, struct kontor_error *error)
{
    if (pem->text != NULL) {
        return KONTOR_OK;
    }
    if (pem->file == NULL) {
        return error_set(error, KONTOR_INVALID_ARGUMENT, "CONNECTION_SETTINGS",
                         "%s is not set: give a PEM file", pem->what);
    }
    FILE *stream = fopen(pem->file, "rbe");
    if (stream == NULL) {
        return pem_failed(pem, error);
    }
    /* A buffer of the C library would keep a part of the key, and nobody wipes it. */
    setvbuf(stream, NULL, _IONBF, 0);
    enum kontor_status status = pem_read(pem, stream, error);
    fclose(stream);
    return status;
}

static grpc_arg
integer_arg(const char *key, int value)
{
    grpc_arg arg = {.type = GRPC_ARG_INTEGER, .key = (char *)(uintptr_t)key};
    arg.value.integer = value;
    return arg;
}

static grpc_channel *
channel_dial(const struct kontor_options *options,
             grpc_channel_credentials *credentials)
{
    grpc_arg args[] = {
        /* The library's own retries know request ids; two layers would multiply. */
        integer_arg(GRPC_ARG_ENABLE_RETRIES, 0),
        integer_arg(GRPC_ARG_KEEPALIVE_TIME_MS, 30000),
        integer_arg(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 15000),
        integer_arg(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1),
        integer_arg(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0),
        integer_arg(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100),
        integer_arg(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000),
        integer_arg(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 3000),
        integer_arg(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1),
        integer_arg(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, RECEIVE_MAX_SIZE),
        /* Identity only: a compressed message may be a bomb. */
        integer_arg("grpc.compression_enabled_algorithms_bitset", 1),
        {.type = GRPC_ARG_STRING,
         .key = (char *)(uintptr_t)GRPC_SSL_TARGET_NAME_OVERRIDE_ARG},
    };
    size_t n = sizeof args / sizeof args[0];
    args[n - 1].value.string = (char *)(uintptr_t)options->server_name;
    grpc_channel_args all = {options->server_name == NULL ? n - 1 : n, args};
    return grpc_channel_create(options->server, credentials, &all);
}

/*
 * The one thread that drains the queue does nothing but hand over: it never waits for
 * a host.
 */
static void *
channel_run(void *context)
{
    struct kontor *kontor = context;
    for (;;) {
        grpc_event event = grpc_completion_queue_next(
            kontor->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
        if (event.type == GRPC_QUEUE_SHUTDOWN) {
            return NULL;
        }
        rpc_arrived(kontor, event.tag);
    }
}

/* Everything that starts threads runs with all signals blocked: the host's handlers
 * stay on the host's threads. */
static bool
channel_start(struct kontor *kontor, const struct kontor_options *options,
              const struct pem pems[3])
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    grpc_init();
    grpc_ssl_pem_key_cert_pair pair = {pems[2].text, pems[1].text};
    grpc_channel_credentials *credentials =
        grpc_ssl_credentials_create_ex(pems[0].text, &pair, NULL, NULL);
    kontor->channel = channel_dial(options, credentials);
    grpc_channel_credentials_release(credentials);
    kontor->queue = grpc_completion_queue_create_for_next(NULL);
    bool is_running = pthread_create(&kontor->thread, NULL, channel_run, kontor) == 0;
    if (!is_running) {
        grpc_completion_queue_shutdown(kontor->queue);
        channel_run(kontor);
        grpc_completion_queue_destroy(kontor->queue);
        grpc_channel_destroy(kontor->channel);
        grpc_shutdown();
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return is_running;
}

/*
 * The log function is set before anything of gRPC runs, so that not even its start is
 * heard.
 */
static enum kontor_status
channel_make(const struct kontor_options *options, const struct pem pems[3],
             struct kontor **out, struct kontor_error *error)
{
    struct kontor *kontor = calloc(1, sizeof *kontor);
    if (kontor == NULL) {
        return error_memory(error);
    }
    kontor->server = strdup(options->server);
    if (kontor->server == NULL || !channel_condition(&kontor->changed)) {
        free(kontor->server);
        free(kontor);
        return error_memory(error);
    }
    pthread_mutex_init(&kontor->mutex, NULL);
    kontor->deadline_ms =
        options->deadline_ms > 0 ? options->deadline_ms : DEADLINE_DEFAULT_MS;
    if (!options->keep_grpc_log) {
        atomic_store(&log_sink, options->log);
        gpr_set_log_function(log_forward);
    }
    if (!channel_start(kontor, options, pems)) {
        pthread_mutex_destroy(&kontor->mutex);
        pthread_cond_destroy(&kontor->changed);
        free(kontor->server);
        free(kontor);
        return error_memory(error);
    }
    *out = kontor;
    return KONTOR_OK;
}

enum kontor_status
kontor_connect(const struct kontor_options *options, struct kontor **kontor,
               struct kontor_error *error)
{
    error_reset(error);
    if (options->server == NULL || options->server[0] == '\0') {
        return error_set(error, KONTOR_INVALID_ARGUMENT, "CONNECTION_SETTINGS",
                         "server is not set: give host:port");
    }
    struct pem pems[3] = {{"ca", options->ca_pem, options->ca_file, NULL},
                          {"cert", options->cert_pem, options->cert_file, NULL},
                          {"key", options->key_pem, options->key_file, NULL}};
    enum kontor_status status = KONTOR_OK;
    for (size_t i = 0; status == KONTOR_OK && i < 3; i++) {
        status = pem_load(&pems[i], error);
        if (status == KONTOR_OK) {
            status = pem_check(&pems[i], error);
        }
    }
    if (status == KONTOR_OK) {
        status = channel_make(options, pems, kontor, error);
    }
    for (size_t i = 0; i < 3; i++) {
        if (pems[i].owned != NULL) {
            explicit_bzero(pems[i].owned, PEM_MAX_SIZE);
        }
        free(pems[i].owned);
    }
    return status;
}

/* ---- Ending ---- */

void
kontor_close(struct kontor *kontor)
{
    pthread_mutex_lock(&kontor->mutex);
    if (!kontor->is_closed) {
        kontor->is_closed = true;
        rpc_cancel_all(kontor, NULL);
        pthread_cond_broadcast(&kontor->changed);
    }
    pthread_mutex_unlock(&kontor->mutex);
}

/*
 * The queue is shut down only after the last call left it: a batch on a queue that
 * ended would abort the process.
 */
void
kontor_free(struct kontor *kontor)
{
    if (kontor == NULL) {
        return;
    }
    kontor_close(kontor);
    grpc_completion_queue_shutdown(kontor->queue);
    pthread_join(kontor->thread, NULL);
    grpc_completion_queue_destroy(kontor->queue);
    grpc_channel_destroy(kontor->channel);
    grpc_shutdown();
    pthread_mutex_destroy(&kontor->mutex);
    pthread_cond_destroy(&kontor->changed);
    free(kontor->server);
    free(kontor);
}
