#include "server/metrics.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

#include "server/metrics_address.h"

enum {
    STATUS_COUNT = 17,
    PAGE_CONNECTIONS = 8,
    PAGE_TIMEOUT_S = 10,
};

/* Upper bounds of the histogram, as Prometheus clients have them by default. */
static const int64_t bounds_us[] = {5000,   10000,   25000,   50000,   100000,  250000,
                                    500000, 1000000, 2500000, 5000000, 10000000};
static const char *const bound_names[] = {
    "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10"};
enum { BOUNDS = sizeof bounds_us / sizeof bounds_us[0] };

/* What is counted of one method. */
struct counts {
    const struct row *row; /* NULL = methods nobody knows. */
    atomic_int_fast64_t started;
    atomic_int_fast64_t handled[STATUS_COUNT];
    atomic_int_fast64_t sent;
    atomic_int_fast64_t received;
    atomic_int_fast64_t within[BOUNDS + 1];
    atomic_int_fast64_t duration_us;
};

struct metrics {
    struct counts *counts; /* The last is for methods nobody knows. */
    size_t n_counts;
    const struct metrics_gauge *gauges;
    void *context;
    struct MHD_Daemon *daemon;
};

/* ---- Counting ---- */

static size_t
count_rows(const struct service_rows *const *services)
{
    size_t n_rows = 0;
    for (; *services != NULL; services++) {
        for (const struct row *row = (*services)->rows; row->path != NULL; row++) {
            n_rows++;
        }
    }
    return n_rows;
}

struct metrics *
metrics_new(const struct service_rows *const *services)
{
    struct metrics *metrics = calloc(1, sizeof *metrics);
    size_t n_rows = count_rows(services);
    struct counts *counts = calloc(n_rows + 1, sizeof *counts);
    if (metrics == NULL || counts == NULL) {
        abort();
    }
    metrics->counts = counts;
    for (; *services != NULL; services++) {
        for (const struct row *row = (*services)->rows; row->path != NULL; row++) {
            counts[metrics->n_counts++].row = row;
        }
    }
    metrics->n_counts++;
    return metrics;
}

void
metrics_free(struct metrics *metrics)
{
    if (metrics == NULL) {
        return;
    }
    if (metrics->daemon != NULL) {
        MHD_stop_daemon(metrics->daemon);
    }
    free(metrics->counts);
    free(metrics);
}

static struct counts *
counts_of(struct metrics *metrics, const struct row *row)
{
    size_t i = 0;
    while (i + 1 < metrics->n_counts && metrics->counts[i].row != row) {
        i++;
    }
    return &metrics->counts[i];
}

static void
add(atomic_int_fast64_t *count, int64_t number)
{
    (void)atomic_fetch_add_explicit(count, number, memory_order_relaxed);
}

static int64_t
read_of(const atomic_int_fast64_t *count)
{
    return atomic_load_explicit(count, memory_order_relaxed);
}

void
metrics_started(struct metrics *metrics, const struct row *row)
{
    if (metrics != NULL) {
        add(&counts_of(metrics, row)->started, 1);
    }
}

void
metrics_handled(struct metrics *metrics, const struct row *row, enum status status,
                int64_t duration_us)
{
    if (metrics == NULL) {
        return;
    }
    struct counts *counts = counts_of(metrics, row);
    size_t bound = 0;
    while (bound < BOUNDS && duration_us > bounds_us[bound]) {
        bound++;
    }
    size_t code = (size_t)status < STATUS_COUNT ? (size_t)status : STATUS_UNKNOWN;
    add(&counts->handled[code], 1);
    add(&counts->within[bound], 1);
    add(&counts->duration_us, duration_us);
}

void
metrics_sent(struct metrics *metrics, const struct row *row, int64_t messages)
{
    if (metrics != NULL) {
        add(&counts_of(metrics, row)->sent, messages);
    }
}

void
metrics_received(struct metrics *metrics, const struct row *row, int64_t messages)
{
    if (metrics != NULL) {
        add(&counts_of(metrics, row)->received, messages);
    }
}

void
metrics_gauges(struct metrics *metrics, const struct metrics_gauge *gauges,
               void *context)
{
    metrics->gauges = gauges;
    metrics->context = context;
}

/* ---- The page ---- */

/* Kinds of methods as go-grpc-prometheus names them. */
static const char *const kind_names[] = {[ROW_UNARY] = "unary",
                                         [ROW_SERVER_STREAM] = "server_stream",
                                         [ROW_BIDI] = "bidi_stream"};

/* Codes as go-grpc-prometheus names them: CamelCase. */
static const char *const code_names[STATUS_COUNT] = {"OK",
                                                     "Canceled",
                                                     "Unknown",
                                                     "InvalidArgument",
                                                     "DeadlineExceeded",
                                                     "NotFound",
                                                     "AlreadyExists",
                                                     "PermissionDenied",
                                                     "ResourceExhausted",
                                                     "FailedPrecondition",
                                                     "Aborted",
                                                     "OutOfRange",
                                                     "Unimplemented",
                                                     "Internal",
                                                     "Unavailable",
                                                     "DataLoss",
                                                     "Unauthenticated"};

/* The labels every metric of a method has. */
static void
labels_print(const struct counts *counts, FILE *out)
{
    if (counts->row == NULL) {
        (void)fprintf(
            out,
            "grpc_type=\"unary\",grpc_service=\"unknown\",grpc_method=\"unknown\"");
        return;
    }
    const char *service = counts->row->path + 1;
    const char *slash = strchr(service, '/');
    (void)fprintf(out, "grpc_type=\"%s\",grpc_service=\"%.*s\",grpc_method=\"%s\"",
                  kind_names[counts->row->kind], (int)(slash - service), service,
                  slash + 1);
}

static void
line_print(const char *name, const struct counts *counts, int64_t value, FILE *out)
{
    (void)fprintf(out, "%s{", name);
    labels_print(counts, out);
    (void)fprintf(out, "} %" PRId64 "\n", value);
}

/* A plain counter of a method. */
struct counter {
    const char *name;
    const char *help;
    size_t offset;
};

static const struct counter counters[] = {
    {"grpc_server_started_total", "Calls begun.", offsetof(struct counts, started)},
    {"grpc_server_msg_received_total", "Messages received.",
     offsetof(struct counts, received)},
    {"grpc_server_msg_sent_total", "Messages sent.", offsetof(struct counts, sent)},
};

static void
counter_print(const struct metrics *metrics, const struct counter *counter, FILE *out)
{
    (void)fprintf(out, "# HELP %s %s\n# TYPE %s counter\n", counter->name,
                  counter->help, counter->name);
    for (size_t i = 0; i < metrics->n_counts; i++) {
        const struct counts *counts = &metrics->counts[i];
        const void *count = (const char *)counts + counter->offset;
        line_print(counter->name, counts, read_of(count), out);
    }
}

static void
handled_print_row(const struct counts *counts, FILE *out)
{
    for (size_t code = 0; code < STATUS_COUNT; code++) {
        int64_t value = read_of(&counts->handled[code]);
        if (value == 0 && code != STATUS_OK) {
            continue;
        }
        (void)fprintf(out, "grpc_server_handled_total{");
        labels_print(counts, out);
        (void)fprintf(out, ",grpc_code=\"%s\"} %" PRId64 "\n", code_names[code], value);
    }
}

static void
bucket_print(const struct counts *counts, const char *bound, int64_t value, FILE *out)
{
    (void)fprintf(out, "grpc_server_handling_seconds_bucket{");
    labels_print(counts, out);
    (void)fprintf(out, ",le=\"%s\"} %" PRId64 "\n", bound, value);
}

static void
histogram_print_row(const struct counts *counts, FILE *out)
{
    int64_t total = 0;
    for (size_t bound = 0; bound < BOUNDS; bound++) {
        total += read_of(&counts->within[bound]);
        bucket_print(counts, bound_names[bound], total, out);
    }
    total += read_of(&counts->within[BOUNDS]);
    bucket_print(counts, "+Inf", total, out);
    (void)fprintf(out, "grpc_server_handling_seconds_sum{");
    labels_print(counts, out);
    int64_t duration_us = read_of(&counts->duration_us);
    (void)fprintf(out, "} %" PRId64 ".%06" PRId64 "\n", duration_us / 1000000,
                  duration_us % 1000000);
    line_print("grpc_server_handling_seconds_count", counts, total, out);
}

static void
calls_print(const struct metrics *metrics, FILE *out)
{
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
        counter_print(metrics, &counters[i], out);
    }
    (void)fprintf(out, "# HELP grpc_server_handled_total Calls ended, by code.\n"
                       "# TYPE grpc_server_handled_total counter\n");
    for (size_t i = 0; i < metrics->n_counts; i++) {
        handled_print_row(&metrics->counts[i], out);
    }
    (void)fprintf(out, "# HELP grpc_server_handling_seconds How long calls took.\n"
                       "# TYPE grpc_server_handling_seconds histogram\n");
    for (size_t i = 0; i < metrics->n_counts; i++) {
        /* A method nobody called has no times worth their lines. */
        if (read_of(&metrics->counts[i].started) != 0) {
            histogram_print_row(&metrics->counts[i], out);
        }
    }
}

char *
metrics_print(struct metrics *metrics)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        abort();
    }
    const struct metrics_gauge *gauge = metrics->gauges;
    for (; gauge != NULL && gauge->name != NULL; gauge++) {
        (void)fprintf(out, "# HELP %s %s\n# TYPE %s gauge\n%s %" PRId64 "\n",
                      gauge->name, gauge->help, gauge->name, gauge->name,
                      gauge->read(metrics->context));
    }
    calls_print(metrics, out);
    if (fclose(out) != 0) {
        abort();
    }
    return text;
}

/* ---- Serving ---- */

static enum MHD_Result
answer(struct MHD_Connection *connection, unsigned code, const char *type, char *text)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        free(text);
        return MHD_NO;
    }
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    enum MHD_Result result = MHD_queue_response(connection, code, response);
    MHD_destroy_response(response);
    return result;
}

static char *
copy_of(const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL) {
        abort();
    }
    return copy;
}

static enum MHD_Result
serve(void *context, struct MHD_Connection *connection, const char *url,
      const char *method, const char *version, const char *upload, size_t *upload_size,
      void **state)
{
    (void)version;
    (void)upload;
    (void)upload_size;
    (void)state;
    if (strcmp(method, "GET") != 0) {
        return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain",
                      copy_of("GET only\n"));
    }
    if (strcmp(url, "/metrics") != 0) {
        return answer(connection, MHD_HTTP_NOT_FOUND, "text/plain",
                      copy_of("see /metrics\n"));
    }
    return answer(connection, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8",
                  metrics_print(context));
}

enum status
metrics_listen(struct metrics *metrics, const char *address, int *port, char *error,
               size_t error_size)
{
    union metrics_address where;
    if (!metrics_address_read(address, &where)) {
        (void)snprintf(
            error, error_size,
            "metrics_listen is %s; it must be a loopback address and a port, such as "
            "127.0.0.1:9464",
            address);
        return STATUS_INVALID_ARGUMENT;
    }
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD;
    flags |= where.any.sa_family == AF_INET6 ? (unsigned)MHD_USE_IPv6 : 0;
    metrics->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, serve, metrics, MHD_OPTION_SOCK_ADDR, &where.any,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)PAGE_CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)PAGE_TIMEOUT_S, MHD_OPTION_END);
    if (metrics->daemon == NULL) {
        (void)snprintf(error, error_size,
                       "metrics_listen: cannot listen at %s; is the port taken?",
                       address);
        return STATUS_UNAVAILABLE;
    }
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(metrics->daemon, MHD_DAEMON_INFO_BIND_PORT);
    *port = info != NULL ? info->port : 0;
    return STATUS_OK;
}
