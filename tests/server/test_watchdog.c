/* The watchdog: listeners that live, are dead, and come back. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/rpc/accept.h"
#include "server/rpc/watchdog.h"
#include "tests/server/station.h"

enum { PERIOD_MS = 5, WAIT_MS = 50, LONG_MS = 60000 };

/* Its own watchdog stays out of the way: one connection is expected at a time. */
static struct station *
open_station(void)
{
    static const char *const change[] = {"watchdog_ms", "20000", NULL};
    return station_open(change);
}

static struct watchdog *
open_watchdog(const char *listen, int port, int64_t wait_ms)
{
    struct watchdog *watchdog = watchdog_new(&(struct watchdog_options){
        .listen = listen, .port = port, .period_ms = PERIOD_MS, .wait_ms = wait_ms});
    assert_non_null(watchdog);
    return watchdog;
}

static void
wait_seen(const struct watchdog *watchdog, int64_t n)
{
    while (watchdog_seen(watchdog) < n) {
        sched_yield();
    }
}

static void
wait_missed(const struct watchdog *watchdog, int64_t n)
{
    while (watchdog_missed(watchdog) < n) {
        sched_yield();
    }
}

/* A socket of the kernel's alone: nobody accepts, or nobody even listens. */
static int
open_listener(bool is_listening, int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    if (is_listening) {
        assert_int_equal(listen(fd, 64), 0);
    }
    return fd;
}

static void
test_a_listener_that_lives_is_seen_at_every_address(void **state)
{
    static const char *const listens[] = {"127.0.0.1:0", "0.0.0.0:0", "localhost:0"};
    (void)state;
    struct station *s = open_station();
    int64_t refused = accept_refused();
    for (size_t i = 0; i < sizeof listens / sizeof listens[0]; i++) {
        struct watchdog *watchdog =
            open_watchdog(listens[i], server_port(s->server), LONG_MS);
        wait_seen(watchdog, 3);
        assert_int_equal(watchdog_missed(watchdog), 0);
        watchdog_free(watchdog);
    }
    assert_int_equal(accept_refused(), refused);
    /* It is no caller, and leaves others alone. */
    assert_int_equal(wire_unary(s->op, "/grpc.health.v1.Health/Check",
                                (struct bytes){(const uint8_t *)"", 0}, NULL)
                         .status,
                     STATUS_OK);
    station_close(s);
}

/* The kernel completes the connection; nobody takes it. */
static void
test_a_dead_listener_is_missed_until_it_lives_again(void **state)
{
    int port;
    (void)state;
    int fd = open_listener(true, &port);
    struct watchdog *watchdog = open_watchdog("127.0.0.1:0", port, WAIT_MS);
    wait_missed(watchdog, 3);
    assert_int_equal(watchdog_seen(watchdog), 0);
    while (watchdog_seen(watchdog) < 3) {
        int taken = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        /* One that was given up: it is nobody's probe any more. */
        if (taken >= 0) {
            close(taken);
        }
    }
    watchdog_free(watchdog);
    close(fd);
}

static void
test_a_closed_port_is_missed(void **state)
{
    int port;
    (void)state;
    int fd = open_listener(false, &port);
    struct watchdog *watchdog = open_watchdog("127.0.0.1:0", port, LONG_MS);
    wait_missed(watchdog, 2);
    watchdog_free(watchdog);
    close(fd);
}

static void
test_closing_waits_for_no_probe(void **state)
{
    struct timespec began;
    struct timespec ended;
    int port;
    (void)state;
    int fd = open_listener(true, &port);
    (void)clock_gettime(CLOCK_MONOTONIC, &began);
    struct watchdog *watchdog = open_watchdog("127.0.0.1:0", port, LONG_MS);
    int taken;
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;
    /* The kernel's own call, which knows of no probes: one is under way then. */
    do {
        taken = accept(fd, (struct sockaddr *)&peer, &size);
    } while (taken < 0 && errno == EAGAIN);
    assert_true(taken >= 0);
    watchdog_free(watchdog);
    (void)clock_gettime(CLOCK_MONOTONIC, &ended);
    assert_true((ended.tv_sec - began.tv_sec) * 1000 < LONG_MS / 2);
    close(taken);
    close(fd);
}

static void
test_a_name_nobody_knows_says_nothing_about_the_listener(void **state)
{
    (void)state;
    struct watchdog *watchdog = open_watchdog("no such host:0", 1, WAIT_MS);
    while (watchdog_unknown(watchdog) < 3) {
        sched_yield();
    }
    watchdog_stop(watchdog);
    assert_int_equal(watchdog_missed(watchdog), 0);
    assert_int_equal(watchdog_seen(watchdog), 0);
    watchdog_free(watchdog);
}

/* ---- What the service manager hears ---- */

static int
open_manager(void)
{
    static const struct timeval limit = {.tv_sec = 30};
    char path[] = "@kontor-watchdog-0000000000";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(path, sizeof path, "@kontor-watchdog-%d", (int)getpid());
    size_t length = strlen(path);
    memcpy(address.sun_path + 1, path + 1, length - 1);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
                     0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
    return fd;
}

static void
close_manager(int fd)
{
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    close(fd);
}

/* flags: MSG_DONTWAIT = what is there already. */
static bool
hears(int manager, int flags)
{
    char said[64] = "";
    ssize_t n = recv(manager, said, sizeof said - 1, flags);
    if (n >= 0) {
        assert_string_equal(said, "WATCHDOG=1");
    }
    return n >= 0;
}

static void
test_the_manager_hears_of_a_listener_that_lives(void **state)
{
    (void)state;
    int manager = open_manager();
    struct station *s = open_station();
    struct watchdog *watchdog =
        open_watchdog("127.0.0.1:0", server_port(s->server), LONG_MS);
    for (int i = 0; i < 3; i++) {
        assert_true(hears(manager, 0));
    }
    watchdog_free(watchdog);
    station_close(s);
    close_manager(manager);
}

/* The silence is what makes it start the broker again. */
static void
test_the_manager_hears_nothing_of_a_dead_listener(void **state)
{
    int port;
    (void)state;
    int manager = open_manager();
    int fd = open_listener(false, &port);
    struct watchdog *watchdog = open_watchdog("127.0.0.1:0", port, LONG_MS);
    wait_missed(watchdog, 3);
    while (hears(manager, MSG_DONTWAIT)) {
    }
    wait_missed(watchdog, 8);
    watchdog_stop(watchdog);
    assert_false(hears(manager, MSG_DONTWAIT));
    watchdog_free(watchdog);
    close(fd);
    close_manager(manager);
}

/* A flood that takes every descriptor must not become a restart. */
static void
test_the_manager_hears_on_while_nothing_is_known(void **state)
{
    (void)state;
    int manager = open_manager();
    struct watchdog *watchdog = open_watchdog("no such host:0", 1, WAIT_MS);
    for (int i = 0; i < 5; i++) {
        assert_true(hears(manager, 0));
    }
    watchdog_free(watchdog);
    close_manager(manager);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_listener_that_lives_is_seen_at_every_address),
        cmocka_unit_test(test_a_dead_listener_is_missed_until_it_lives_again),
        cmocka_unit_test(test_a_closed_port_is_missed),
        cmocka_unit_test(test_closing_waits_for_no_probe),
        cmocka_unit_test(test_a_name_nobody_knows_says_nothing_about_the_listener),
        cmocka_unit_test(test_the_manager_hears_of_a_listener_that_lives),
        cmocka_unit_test(test_the_manager_hears_nothing_of_a_dead_listener),
        cmocka_unit_test(test_the_manager_hears_on_while_nothing_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
