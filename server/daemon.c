#include "server/daemon.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#include "proto/reason.h"
#include "server/broker.h"
#include "server/catalogue/search.h"
#include "server/expiry.h"
#include "server/gauges.h"
#include "server/log.h"
#include "server/metrics.h"
#include "server/notify.h"
#include "server/order/keeper.h"
#include "server/registry/home.h"
#include "server/rpc/cache.h"
#include "server/rpc/identity.h"
#include "server/rpc/server.h"
#include "server/services.h"
#include "server/trim.h"

enum { ERROR_SIZE = 1024, EXPIRY_LOOK_S = 3600 };

/* The parts, in the order they are opened; closed in the other order. */
struct daemon {
    struct base *base;
    struct broker broker;
    struct home_summary home;
    struct server *server;
    struct keeper *keeper;
    struct metrics *metrics;
    struct gauges *gauges;
    struct expiry expiry;
    bool is_search_running;
    pthread_mutex_t lock;   /* Guards serving. */
    struct server *serving; /* The server while it can be told of the store. */
    char error[ERROR_SIZE];
};

/* ---- The process ---- */

/* Before the first thread, so that all inherit it and only the main one takes signals.
 */
static void
signals_block(sigset_t *taken)
{
    (void)sigemptyset(taken);
    (void)sigaddset(taken, SIGTERM);
    (void)sigaddset(taken, SIGINT);
    (void)sigaddset(taken, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, taken, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    /* A file that may not grow is told like every other write that fails. */
    (void)signal(SIGXFSZ, SIG_IGN);
}

/*
 * The setting is what holds, whether the system gave more or less before. Beyond the
 * hard limit only the administrator can raise it: the broker serves with fewer, for its
 * listener bears running out, and says so.
 */
static void
limit_files(rlim_t wanted)
{
    struct rlimit files = {0};
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) {
        log_line(LOG_LEVEL_ERROR, "file_descriptors: the system's limit is unknown: %s",
                 strerror(errno));
        return;
    }
    files.rlim_cur = wanted < files.rlim_max ? wanted : files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0) {
        log_line(LOG_LEVEL_ERROR, "file_descriptors: cannot set the limit to %ju: %s",
                 (uintmax_t)files.rlim_cur, strerror(errno));
        return;
    }
    if (files.rlim_cur < wanted) {
        log_line(
            LOG_LEVEL_ERROR,
            "file_descriptors is %ju, but the system's hard limit allows only %ju; "
            "raise it (LimitNOFILE of the unit, ulimit -Hn) or lower the setting",
            (uintmax_t)wanted, (uintmax_t)files.rlim_cur);
    }
}

static void
process_prepare(const struct settings *settings)
{
    limit_files((rlim_t)settings->file_descriptors);
#ifdef NDEBUG
    /* A core dump would hold the server's key. */
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

/* An arena of malloc for each thread would hold on to memory that no call needs. */
static void
memory_prepare(void)
{
    (void)mallopt(M_ARENA_MAX, 2);
}

/* ---- Opening ---- */

/*
 * What the store said last, where a call failed for its sake: a caller is told no more
 * than that it does not answer, so only the log can name the full disk or the damaged
 * file, and the cure.
 */
static void
store_said(struct daemon *daemon, const struct server_call *call, char *text)
{
    bool is_stores =
        call->status == STATUS_INTERNAL ||
        strcmp(call->reason, reason_row(REASON_STORE_UNAVAILABLE)->name) == 0;
    text[0] = '\0';
    if (is_stores && daemon->broker.store != NULL) {
        store_failure(daemon->broker.store, text, ERROR_SIZE);
    }
}

static void
log_call(void *context, const struct server_call *call)
{
    char said[ERROR_SIZE];
    store_said(context, call, said);
    const struct log_field fields[] = {
        {"method", call->path, 0},
        {"code", status_name(call->status), 0},
        {"reason", call->reason, 0},
        {"principal", call->principal, 0},
        {"peer", call->peer, 0},
        {"trace", call->trace, 0},
        {"duration_us", NULL, call->duration_us},
        {"request_bytes", NULL, (int64_t)call->request_bytes},
        {"reply_bytes", NULL, (int64_t)call->reply_bytes},
        {"message", call->message, 0},
        {"internal", call->internal, 0},
        {"call_id", call->call_id, 0},
        {"store", said, 0},
    };
    bool is_ours = call->status == STATUS_INTERNAL ||
                   call->status == STATUS_DATA_LOSS || said[0] != '\0';
    log_fields(is_ours ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "call", fields,
               sizeof fields / sizeof fields[0]);
}

/* On the committer's thread. Who balances calls sends them to another broker as long as
 * health says so; that it recovers by itself is why the process stays. */
static void
store_moved(void *context, bool is_away)
{
    struct daemon *daemon = context;
    char said[ERROR_SIZE] = "";
    pthread_mutex_lock(&daemon->lock);
    if (daemon->serving != NULL) {
        server_set_serving(daemon->serving, !is_away);
    }
    pthread_mutex_unlock(&daemon->lock);
    if (!is_away) {
        log_line(LOG_LEVEL_INFO, "the store answers again");
        return;
    }
    if (daemon->broker.store != NULL) {
        store_failure(daemon->broker.store, said, sizeof said);
    }
    log_line(
        LOG_LEVEL_ERROR,
        "the store does not answer; changes are refused until it does, see that it "
        "runs and can be reached: %s",
        said);
}

/* From here on, or no longer, the server is told whether the store answers. */
static void
tell_server(struct daemon *daemon, struct server *server)
{
    pthread_mutex_lock(&daemon->lock);
    daemon->serving = server;
    if (server != NULL && store_is_away(daemon->broker.store)) {
        server_set_serving(server, false);
    }
    pthread_mutex_unlock(&daemon->lock);
}

/* A store without a home registry has nobody whose certificate could be judged, so
 * serving it would help no one: the cure is said instead. */
static enum status
open_store(struct daemon *daemon)
{
    trim_at_start(daemon->base);
    struct store_options options = base_store(daemon->base, false);
    options.away = store_moved;
    options.away_context = daemon;
    enum status status =
        store_open(&options, &daemon->broker.store, daemon->error, ERROR_SIZE);
    if (status != STATUS_OK) {
        return status;
    }
    status = home_summarise(daemon->broker.store, &daemon->home);
    if (status != STATUS_OK) {
        store_failure(daemon->broker.store, daemon->error, ERROR_SIZE);
    }
    if (status == STATUS_OK && daemon->home.id[0] == '\0') {
        status = STATUS_FAILED_PRECONDITION;
        (void)snprintf(
            daemon->error, ERROR_SIZE,
            "the store %s has no home registry yet; begin it with kontord --init",
            daemon->base->settings->store);
    }
    daemon->broker.home = daemon->home.id;
    return status;
}

static enum status
open_identity(struct daemon *daemon)
{
    const struct settings *settings = daemon->base->settings;
    struct identity_options options = {.store = daemon->broker.store,
                                       .clock = &daemon->base->clock,
                                       .home = daemon->home.id,
                                       .cert_path = settings->tls_cert,
                                       .key_path = settings->tls_key};
    return identity_open(&options, &daemon->broker.identity, daemon->error, ERROR_SIZE);
}

/* The cache and the index listen to commits, so they are made before the server can
 * write any; the index is filled only by start_search, beside the first calls. */
static enum status
open_cache(struct daemon *daemon)
{
    daemon->broker.cache = cache_new(daemon->broker.store);
    return STATUS_OK;
}

static enum status
open_search(struct daemon *daemon)
{
    daemon->broker.search = search_new(daemon->broker.store);
    return STATUS_OK;
}

static enum status
open_server(struct daemon *daemon)
{
    /* With health and reflection, which the server adds: every method that can be
     * called is counted under its own name. */
    const struct service_rows **all = server_services(services_table);
    daemon->metrics = metrics_new(all);
    free(all);
    struct server_options options = {.broker = &daemon->broker,
                                     .random = &daemon->base->random,
                                     .settings = daemon->base->settings,
                                     .services = services_table,
                                     .metrics = daemon->metrics,
                                     .log = log_call,
                                     .log_context = daemon};
    enum status status =
        server_new(&options, &daemon->server, daemon->error, ERROR_SIZE);
    if (status == STATUS_OK) {
        tell_server(daemon, daemon->server);
    }
    return status;
}

/* Sessions whose time is over end from here on. */
static enum status
start_keeper(struct daemon *daemon)
{
    daemon->keeper = keeper_start(server_dispatch(daemon->server));
    if (daemon->keeper == NULL) {
        store_failure(daemon->broker.store, daemon->error, ERROR_SIZE);
        return STATUS_UNAVAILABLE;
    }
    return STATUS_OK;
}

static enum status
start_search(struct daemon *daemon)
{
    daemon->is_search_running = search_start(daemon->broker.search);
    if (!daemon->is_search_running) {
        (void)snprintf(daemon->error, ERROR_SIZE,
                       "cannot begin the search: no thread or no file is to be had; "
                       "look at the limits of the system");
        return STATUS_RESOURCE_EXHAUSTED;
    }
    return STATUS_OK;
}

static enum status
open_metrics(struct daemon *daemon)
{
    const char *address = daemon->base->settings->metrics_listen;
    int port = 0;
    if (address[0] == '\0') {
        return STATUS_OK;
    }
    daemon->gauges = gauges_new(&daemon->broker, daemon->server, &daemon->base->clock);
    if (daemon->gauges == NULL) {
        (void)snprintf(daemon->error, ERROR_SIZE, "the store cannot be read");
        return STATUS_UNAVAILABLE;
    }
    metrics_gauges(daemon->metrics, gauges_table, daemon->gauges);
    enum status status =
        metrics_listen(daemon->metrics, address, &port, daemon->error, ERROR_SIZE);
    if (status == STATUS_OK) {
        log_line(LOG_LEVEL_INFO, "metrics on port %d", port);
    }
    return status;
}

/* Last of all: who waits for the file, a test or a script, may connect the moment it is
 * there. */
static enum status
say_port(struct daemon *daemon)
{
    const char *path = daemon->base->settings->port_file;
    if (path[0] == '\0' || notify_port_file(path, server_port(daemon->server))) {
        return STATUS_OK;
    }
    (void)snprintf(daemon->error, ERROR_SIZE,
                   "cannot write port_file %s; check the directory and its permissions",
                   path);
    return STATUS_UNAVAILABLE;
}

typedef enum status (*open_fn)(struct daemon *daemon);

/* All that listens to the store comes before the first thing that writes to it. */
static const open_fn openings[] = {open_store,   open_identity, open_cache,
                                   open_search,  open_server,   start_keeper,
                                   start_search, open_metrics,  say_port};

static enum status
daemon_open(struct daemon *daemon)
{
    for (size_t i = 0; i < sizeof openings / sizeof openings[0]; i++) {
        enum status status = openings[i](daemon);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

/* Nothing decides any more once the server has stopped, so only then is what calls look
 * into closed. */
static void
daemon_close(struct daemon *daemon)
{
    keeper_stop(daemon->keeper);
    tell_server(daemon, NULL);
    if (daemon->server != NULL) {
        server_stop(daemon->server);
    }
    if (daemon->is_search_running) {
        search_stop(daemon->broker.search);
    }
    metrics_free(daemon->metrics);
    gauges_free(daemon->gauges);
    server_free(daemon->server);
    identity_close(daemon->broker.identity);
    store_close(daemon->broker.store);
    cache_free(daemon->broker.cache);
    search_free(daemon->broker.search);
}

/* ---- Serving ---- */

static void
say_ready(struct daemon *daemon, int64_t started_ms)
{
    const char *listen = daemon->base->settings->listen;
    const char *colon = strrchr(listen, ':');
    /* The port is the one that was bound: the setting may say 0. */
    int host_size = colon != NULL ? (int)(colon - listen) : (int)strlen(listen);
    (void)fprintf(stderr,
                  "kontord: ready on %.*s:%d seq %" PRId64 " in %" PRId64 " ms\n",
                  host_size, listen, server_port(daemon->server),
                  store_applied(daemon->broker.store),
                  clock_monotonic_ms(&daemon->base->clock) - started_ms);
    notify_state("READY=1\nSTATUS=serving");
}

static void
look_at_expiry(struct daemon *daemon)
{
    int64_t days = 0;
    int64_t ends_ms = identity_certificate_ends_ms(daemon->broker.identity);
    if (!expiry_is_due(&daemon->expiry, ends_ms, clock_wall_ms(&daemon->base->clock),
                       &days)) {
        return;
    }
    if (days < 0) {
        log_line(LOG_LEVEL_ERROR, "the server's certificate has expired; renew it");
        return;
    }
    log_line(LOG_LEVEL_WARN,
             "the server's certificate expires in %" PRId64 " days; renew it", days);
}

/* A pair that cannot be used changes nothing: a broker must not fall silent over a
 * mistake in renewing it. */
static void
reload(struct daemon *daemon)
{
    if (identity_reload(daemon->broker.identity, daemon->error, ERROR_SIZE) !=
        STATUS_OK) {
        log_line(LOG_LEVEL_ERROR, "the server's pair stays as it was: %s",
                 daemon->error);
        return;
    }
    log_line(LOG_LEVEL_INFO, "the server's pair was read again");
}

static void
serve(struct daemon *daemon, const sigset_t *taken)
{
    const struct timespec look = {.tv_sec = EXPIRY_LOOK_S};
    int number = 0;
    /* A certificate nears its end without anything happening, so the wait is cut into
     * hours. */
    while (number != SIGTERM && number != SIGINT) {
        look_at_expiry(daemon);
        number = sigtimedwait(taken, NULL, &look);
        if (number == SIGHUP) {
            reload(daemon);
        }
    }
    log_line(LOG_LEVEL_INFO, "draining");
    notify_state("STOPPING=1");
}

int
daemon_run(struct base *base, int64_t started_ms)
{
    const struct settings *settings = base->settings;
    struct daemon daemon = {.base = base, .lock = PTHREAD_MUTEX_INITIALIZER};
    sigset_t taken;
    signals_block(&taken);
    log_open((enum log_format)settings->log_format, (enum log_level)settings->log_level,
             fileno(stderr));
    memory_prepare();
    process_prepare(settings);
    daemon.broker.settings = settings;
    daemon.broker.version = KONTOR_VERSION;
    daemon.broker.clock = &base->clock;
    daemon.broker.started_at_ms = clock_wall_ms(&base->clock);
    enum status status = daemon_open(&daemon);
    if (status == STATUS_OK) {
        /* What opening took and gave back goes to the system. */
        (void)malloc_trim(0);
        say_ready(&daemon, started_ms);
        serve(&daemon, &taken);
    } else {
        (void)fprintf(stderr, "kontord: %s\n",
                      daemon.error[0] != '\0' ? daemon.error : status_name(status));
    }
    daemon_close(&daemon);
    return status == STATUS_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
