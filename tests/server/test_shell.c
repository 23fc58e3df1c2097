/* The small parts of the daemon: log lines, the metrics page, expiry, readiness. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/expiry.h"
#include "server/log.h"
#include "server/metrics.h"
#include "server/metrics_address.h"
#include "server/notify.h"
#include "server/registry/registry.h"

/* ---- Log ---- */

static void
logged(enum log_format format, char *line, size_t size)
{
    int ends[2];
    const struct log_field fields[] = {
        {"peer", "a\"b\\c\nd\x1b[0m", 0}, {"empty", "", 0}, {"count", NULL, -5}};
    assert_int_equal(pipe(ends), 0);
    log_open(format, LOG_LEVEL_INFO, ends[1]);
    log_fields(LOG_LEVEL_DEBUG, "unheard", fields, 3);
    log_fields(LOG_LEVEL_WARN, "it \"happened\"\r\n", fields, 3);
    ssize_t got = read(ends[0], line, size - 1);
    assert_true(got > 0);
    line[got] = '\0';
    log_open(LOG_FORMAT_AUTO, LOG_LEVEL_INFO, STDERR_FILENO);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void
test_a_json_line_is_one_object_and_one_line(void **state)
{
    char line[1024];
    (void)state;
    logged(LOG_FORMAT_JSON, line, sizeof line);
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    assert_non_null(strstr(line, "\"event\":\"it \\\"happened\\\"\\u000d\\u000a\""));
    assert_non_null(strstr(line, "\"peer\":\"a\\\"b\\\\c\\u000ad\\u001b[0m\""));
    assert_non_null(strstr(line, "\"count\":-5}"));
    assert_null(strstr(line, "empty"));
    assert_null(strstr(line, "unheard"));
}

static void
test_a_text_line_holds_no_control_bytes(void **state)
{
    char line[1024];
    (void)state;
    logged(LOG_FORMAT_TEXT, line, sizeof line);
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    assert_null(strchr(line, '\x1b'));
    assert_non_null(strstr(line, "count=-5"));
}

static void
test_a_long_line_is_cut_and_stays_json(void **state)
{
    int ends[2];
    char *long_text = calloc(1, 20001);
    static char line[20000];
    (void)state;
    assert_non_null(long_text);
    memset(long_text, '"', 20000);
    const struct log_field fields[] = {{"a", long_text, 0}, {"b", long_text, 0}};
    assert_int_equal(pipe(ends), 0);
    log_open(LOG_FORMAT_JSON, LOG_LEVEL_INFO, ends[1]);
    log_fields(LOG_LEVEL_INFO, long_text, fields, 2);
    log_open(LOG_FORMAT_AUTO, LOG_LEVEL_INFO, STDERR_FILENO);
    ssize_t got = read(ends[0], line, sizeof line - 1);
    assert_true(got > 100 && got <= 8192);
    assert_string_equal(line + got - 3, "\"}\n");
    /* Quotes inside are all escaped: an even number of backslashes and quotes pair up.
     */
    assert_true(line[got - 4] == '"' && line[got - 5] == '\\');
    (void)close(ends[0]);
    (void)close(ends[1]);
    free(long_text);
}

/* ---- Metrics ---- */

static const struct service_rows *const services[] = {&registry_rows, NULL};

static int64_t
read_number(void *context)
{
    return *(const int64_t *)context;
}

static void
test_calls_are_counted_under_the_usual_names(void **state)
{
    static const struct metrics_gauge gauges[] = {
        {"kontor_seq", "Last position.", read_number}, {NULL, NULL, NULL}};
    int64_t number = 42;
    struct metrics *metrics = metrics_new(services);
    const struct row *row = &registry_rows.rows[0];
    (void)state;
    metrics_gauges(metrics, gauges, &number);
    metrics_started(metrics, row);
    metrics_handled(metrics, row, STATUS_OK, 7000);
    metrics_started(metrics, row);
    metrics_handled(metrics, row, STATUS_CANCELLED, 20000000);
    metrics_started(metrics, NULL);
    metrics_handled(metrics, NULL, STATUS_UNIMPLEMENTED, 1);
    metrics_sent(metrics, row, 3);
    metrics_started(NULL, row);
    char *page = metrics_print(metrics);
#define LABELS                                                                         \
    "grpc_type=\"unary\",grpc_service=\"kontor.v1.RegistryService\","                  \
    "grpc_method=\"WhoAmI\""
    static const char *const lines[] = {
        "kontor_seq 42\n",
        "grpc_server_started_total{" LABELS "} 2\n",
        "grpc_server_handled_total{" LABELS ",grpc_code=\"OK\"} 1\n",
        "grpc_server_handled_total{" LABELS ",grpc_code=\"Canceled\"} 1\n",
        "grpc_server_msg_sent_total{" LABELS "} 3\n",
        "grpc_server_handling_seconds_bucket{" LABELS ",le=\"0.005\"} 0\n",
        "grpc_server_handling_seconds_bucket{" LABELS ",le=\"0.01\"} 1\n",
        "grpc_server_handling_seconds_bucket{" LABELS ",le=\"10\"} 1\n",
        "grpc_server_handling_seconds_bucket{" LABELS ",le=\"+Inf\"} 2\n",
        "grpc_server_handling_seconds_sum{" LABELS "} 20.007000\n",
        "grpc_method=\"unknown\",grpc_code=\"Unimplemented\"} 1\n",
        "grpc_type=\"server_stream\",grpc_service=\"kontor.v1.RegistryService\","
        "grpc_method=\"ReadLog\"} 0\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (strstr(page, lines[i]) == NULL) {
            fail_msg("the page lacks %s", lines[i]);
        }
    }
    free(page);
    metrics_free(metrics);
}

/* What the page answers to a request; the caller frees. */
static char *
fetched(int port, const char *request)
{
    struct sockaddr_in where = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int file = socket(AF_INET, SOCK_STREAM, 0);
    char *text = calloc(1, 1 << 18);
    size_t used = 0;
    ssize_t got;
    assert_non_null(text);
    assert_int_equal(connect(file, (struct sockaddr *)&where, sizeof where), 0);
    assert_int_equal(write(file, request, strlen(request)), strlen(request));
    do {
        got = read(file, text + used, (1 << 18) - 1 - used);
        used += got > 0 ? (size_t)got : 0;
    } while (got > 0);
    (void)close(file);
    return text;
}

static void
test_the_page_is_served_on_loopback(void **state)
{
    struct metrics *metrics = metrics_new(services);
    char error[256] = "";
    int port = 0;
    (void)state;
    assert_int_equal(metrics_listen(metrics, "127.0.0.1:0", &port, error, sizeof error),
                     STATUS_OK);
    assert_true(port > 0);
    char *page = fetched(port, "GET /metrics HTTP/1.0\r\n\r\n");
    assert_non_null(strstr(page, "200 OK"));
    assert_non_null(strstr(page, "grpc_server_started_total"));
    free(page);
    page = fetched(port, "GET / HTTP/1.0\r\n\r\n");
    assert_non_null(strstr(page, "404"));
    free(page);
    page = fetched(port, "DELETE /metrics HTTP/1.0\r\n\r\n");
    assert_non_null(strstr(page, "405"));
    free(page);
    struct metrics *second = metrics_new(services);
    char address[32];
    (void)snprintf(address, sizeof address, "127.0.0.1:%d", port);
    assert_int_equal(metrics_listen(second, address, &port, error, sizeof error),
                     STATUS_UNAVAILABLE);
    assert_non_null(strstr(error, address));
    metrics_free(second);
    metrics_free(metrics);
}

static void
test_the_page_is_not_served_to_the_world(void **state)
{
    static const char *const wrong[] = {
        "0.0.0.0:9464",    "[::]:9464", "10.0.0.1:9464", "127.0.0.1", "127.0.0.1:x",
        "127.0.0.1:65536", ":9464",     "example:9464",  "",          "127.0.0.1:",
        "128.0.0.1:9464"};
    static const char *const good[] = {"127.0.0.1:0", "127.1.2.3:65535", "[::1]:9464",
                                       "localhost:9464"};
    union metrics_address address;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(metrics_address_read(wrong[i], &address));
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(metrics_address_read(good[i], &address));
    }
}

/* ---- Expiry ---- */

static void
test_expiry_is_said_once_at_each_step(void **state)
{
    static const struct {
        int64_t left_h;
        bool is_due;
        int64_t days;
    } cases[] = {{31 * 24, false, 31}, {30 * 24, true, 30}, {20 * 24, false, 20},
                 {7 * 24, true, 7},    {7 * 24, false, 7},  {25, false, 1},
                 {24, true, 1},        {1, false, 0},       {0, true, -1},
                 {-5, false, -1}};
    const int64_t hour_ms = 3600 * 1000;
    const int64_t ends_ms = 100000 * hour_ms;
    struct expiry expiry = {0};
    int64_t days = 0;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t now_ms = ends_ms - cases[i].left_h * hour_ms;
        assert_int_equal(expiry_is_due(&expiry, ends_ms, now_ms, &days),
                         cases[i].is_due);
        assert_int_equal(days, cases[i].days);
    }
    /* A renewed certificate is looked at afresh. */
    int64_t renewed_ms = ends_ms + 5 * 24 * hour_ms;
    assert_true(expiry_is_due(&expiry, renewed_ms, ends_ms, &days));
    assert_int_equal(days, 5);
}

/* ---- Readiness ---- */

static void
test_ready_is_said_to_the_service_manager(void **state)
{
    char directory[] = "/tmp/kontor-notify-XXXXXX";
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    char text[64] = "";
    (void)state;
    assert_non_null(mkdtemp(directory));
    (void)snprintf(where.sun_path, sizeof where.sun_path, "%s/s", directory);
    int file = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(bind(file, (struct sockaddr *)&where, sizeof where), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", where.sun_path, 1), 0);
    notify_state("READY=1");
    assert_int_equal(recv(file, text, sizeof text, 0), 7);
    assert_string_equal(text, "READY=1");
    (void)close(file);
    /* Nobody there, nowhere, and nonsense: no harm. */
    notify_state("READY=1");
    assert_int_equal(setenv("NOTIFY_SOCKET", "relative", 1), 0);
    notify_state("READY=1");
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    notify_state("READY=1");
    assert_int_equal(unlink(where.sun_path), 0);
    assert_int_equal(rmdir(directory), 0);
}

static void
test_the_port_file_holds_the_port(void **state)
{
    char path[] = "/tmp/kontor-port-XXXXXX";
    char text[16] = "";
    (void)state;
    int file = mkstemp(path);
    assert_true(file >= 0);
    (void)close(file);
    assert_true(notify_port_file(path, 50123));
    file = open(path, O_RDONLY);
    assert_int_equal(read(file, text, sizeof text - 1), 6);
    assert_string_equal(text, "50123\n");
    (void)close(file);
    assert_int_equal(unlink(path), 0);
    assert_false(notify_port_file("/nonexistent/port", 1));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_json_line_is_one_object_and_one_line),
        cmocka_unit_test(test_a_text_line_holds_no_control_bytes),
        cmocka_unit_test(test_a_long_line_is_cut_and_stays_json),
        cmocka_unit_test(test_calls_are_counted_under_the_usual_names),
        cmocka_unit_test(test_the_page_is_served_on_loopback),
        cmocka_unit_test(test_the_page_is_not_served_to_the_world),
        cmocka_unit_test(test_expiry_is_said_once_at_each_step),
        cmocka_unit_test(test_ready_is_said_to_the_service_manager),
        cmocka_unit_test(test_the_port_file_holds_the_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
