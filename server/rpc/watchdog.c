#include "server/rpc/watchdog.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/log.h"
#include "server/notify.h"
#include "server/rpc/accept.h"

/* One probe may be lost to a moment of bad luck; two in a row are no accident. */
enum { MISSES_UNTIL_DEAD = 2, HOST_SIZE = 256, PORT_SIZE = 16 };

enum probe { PROBE_SEEN, PROBE_MISSED, PROBE_UNKNOWN };

struct watchdog {
    pthread_t thread;
    int ending; /* An eventfd: readable once the watchdog is to end. */
    int64_t period_ms;
    int64_t wait_ms;
    int port;
    struct addrinfo *addresses; /* NULL: nobody knows the name. */
    int n_missed_in_row;
    bool is_stopped;
    _Atomic int64_t n_seen;
    _Atomic int64_t n_missed;
    _Atomic int64_t n_unknown;
};

/* ---- One probe ---- */

/*
 * The source port is taken before it is connected: so the accepting side knows whom to
 * expect before there is anything to accept.
 */
static int
open_socket(const struct addrinfo *to)
{
    struct sockaddr_storage any;
    memset(&any, 0, sizeof any);
    any.ss_family = (sa_family_t)to->ai_family;
    int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -1;
    }
    if (bind(fd, (const struct sockaddr *)&any, to->ai_addrlen) != 0 ||
        !accept_expect(fd)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Our accept4 closes the connection it expects at once: that is the answer. */
static enum probe
wait_answer(const struct watchdog *watchdog, int fd)
{
    char byte;
    struct pollfd files[] = {{.fd = fd, .events = POLLIN},
                             {.fd = watchdog->ending, .events = POLLIN}};
    int n = poll(files, 2, (int)watchdog->wait_ms);
    if (n < 0 || files[1].revents != 0) {
        return PROBE_UNKNOWN;
    }
    return n > 0 && recv(fd, &byte, 1, 0) == 0 ? PROBE_SEEN : PROBE_MISSED;
}

static enum probe
probe_address(const struct watchdog *watchdog, const struct addrinfo *to)
{
    int fd = open_socket(to);
    if (fd < 0) {
        /* Out of descriptors or ports: that is another alarm's. */
        return PROBE_UNKNOWN;
    }
    enum probe probe = PROBE_MISSED;
    if (connect(fd, to->ai_addr, to->ai_addrlen) == 0 || errno == EINPROGRESS) {
        probe = wait_answer(watchdog, fd);
    }
    (void)accept_expect(-1);
    close(fd);
    return probe;
}

/* One address that answers is enough. */
static enum probe
probe_all(const struct watchdog *watchdog)
{
    enum probe probe = PROBE_UNKNOWN;
    for (const struct addrinfo *to = watchdog->addresses;
         to != NULL && probe != PROBE_SEEN; to = to->ai_next) {
        probe = probe_address(watchdog, to);
    }
    return probe;
}

/* ---- The thread ---- */

static void
note_seen(struct watchdog *watchdog)
{
    atomic_fetch_add(&watchdog->n_seen, 1);
    if (watchdog->n_missed_in_row >= MISSES_UNTIL_DEAD) {
        log_line(LOG_LEVEL_WARN, "the listener at port %d accepts connections again",
                 watchdog->port);
    }
    watchdog->n_missed_in_row = 0;
}

static void
note_missed(struct watchdog *watchdog)
{
    atomic_fetch_add(&watchdog->n_missed, 1);
    if (++watchdog->n_missed_in_row == MISSES_UNTIL_DEAD) {
        log_line(
            LOG_LEVEL_ERROR,
            "the listener at port %d accepts no connections: start the broker again",
            watchdog->port);
    }
}

/*
 * The service manager starts a broker again that says nothing for WatchdogSec: that of
 * a dead listener. What is not known is no reason: a flood that takes all descriptors
 * must not become a restart.
 */
static void
tell_manager(const struct watchdog *watchdog)
{
    if (watchdog->n_missed_in_row < MISSES_UNTIL_DEAD) {
        notify_state("WATCHDOG=1");
    }
}

static bool
must_end(const struct watchdog *watchdog)
{
    struct pollfd file = {.fd = watchdog->ending, .events = POLLIN};
    return poll(&file, 1, (int)watchdog->period_ms) > 0;
}

static void *
watch(void *context)
{
    struct watchdog *watchdog = context;
    while (!must_end(watchdog)) {
        switch (probe_all(watchdog)) {
        case PROBE_SEEN:
            note_seen(watchdog);
            break;
        case PROBE_MISSED:
            note_missed(watchdog);
            break;
        case PROBE_UNKNOWN:
            atomic_fetch_add(&watchdog->n_unknown, 1);
            break;
        }
        tell_manager(watchdog);
    }
    return NULL;
}

/* ---- Life ---- */

/* "0.0.0.0:50123" and "[::]:50123" say every address: the loopback is one of them. */
static void
read_host(const char *listen, char *host)
{
    static const char *const every[][2] = {{"0.0.0.0", "127.0.0.1"}, {"::", "::1"}};
    const char *colon = strrchr(listen, ':');
    size_t size = colon == NULL ? strlen(listen) : (size_t)(colon - listen);
    if (size >= 2 && listen[0] == '[' && listen[size - 1] == ']') {
        listen++;
        size -= 2;
    }
    (void)snprintf(host, HOST_SIZE, "%.*s", (int)size, listen);
    for (size_t i = 0; i < sizeof every / sizeof every[0]; i++) {
        if (strcmp(host, every[i][0]) == 0) {
            (void)snprintf(host, HOST_SIZE, "%s", every[i][1]);
        }
    }
}

/*
 * A name may stand for several addresses, and gRPC listens at each it can have. It
 * asked for them once, so they are asked for once here: a name server that does not
 * answer later is no sign of a dead listener, and nobody waits for it.
 */
static struct addrinfo *
find_addresses(const struct watchdog_options *options)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    char host[HOST_SIZE];
    char port[PORT_SIZE];
    read_host(options->listen, host);
    (void)snprintf(port, sizeof port, "%d", options->port);
    return getaddrinfo(host, port, &hints, &list) == 0 ? list : NULL;
}

static void
release(struct watchdog *watchdog)
{
    if (watchdog->ending >= 0) {
        close(watchdog->ending);
    }
    if (watchdog->addresses != NULL) {
        freeaddrinfo(watchdog->addresses);
    }
    free(watchdog);
}

struct watchdog *
watchdog_new(const struct watchdog_options *options)
{
    struct watchdog *watchdog = calloc(1, sizeof *watchdog);
    if (watchdog == NULL) {
        abort();
    }
    watchdog->period_ms = options->period_ms;
    watchdog->wait_ms = options->wait_ms;
    watchdog->port = options->port;
    watchdog->addresses = find_addresses(options);
    watchdog->ending = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (watchdog->ending < 0 ||
        pthread_create(&watchdog->thread, NULL, watch, watchdog) != 0) {
        release(watchdog);
        return NULL;
    }
    return watchdog;
}

void
watchdog_stop(struct watchdog *watchdog)
{
    if (watchdog == NULL || watchdog->is_stopped) {
        return;
    }
    watchdog->is_stopped = true;
    (void)eventfd_write(watchdog->ending, 1);
    (void)pthread_join(watchdog->thread, NULL);
}

void
watchdog_free(struct watchdog *watchdog)
{
    if (watchdog == NULL) {
        return;
    }
    watchdog_stop(watchdog);
    release(watchdog);
}

int64_t
watchdog_seen(const struct watchdog *watchdog)
{
    return atomic_load(&watchdog->n_seen);
}

int64_t
watchdog_missed(const struct watchdog *watchdog)
{
    return atomic_load(&watchdog->n_missed);
}

int64_t
watchdog_unknown(const struct watchdog *watchdog)
{
    return atomic_load(&watchdog->n_unknown);
}
