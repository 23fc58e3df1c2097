#include "tests/bench/lag.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/transport.h"

enum { PIECE_SIZE = 1 << 20, BACKLOG = 64 };

/* One direction of one connection. */
struct pipe {
    int from, to;
    long ms;
};

static int listener;
static uint16_t server_port;
static long answer_ms;

static void *
pipe_run(void *argument)
{
    struct pipe *pipe = argument;
    const struct timespec rest = {.tv_nsec = pipe->ms * 1000000};
    char *piece = malloc(PIECE_SIZE);
    ssize_t size = piece == NULL ? 0 : read(pipe->from, piece, PIECE_SIZE);
    while (size > 0) {
        if (pipe->ms > 0) {
            (void)nanosleep(&rest, NULL);
        }
        if (send(pipe->to, piece, (size_t)size, MSG_NOSIGNAL) != size) {
            break;
        }
        size = read(pipe->from, piece, PIECE_SIZE);
    }
    /* The other direction sees its end by this. */
    (void)shutdown(pipe->to, SHUT_RDWR);
    (void)shutdown(pipe->from, SHUT_RDWR);
    free(piece);
    free(pipe);
    return NULL;
}

static void
pipe_start(int from, int to, long ms)
{
    pthread_t thread;
    struct pipe *pipe = malloc(sizeof *pipe);
    if (pipe == NULL) {
        abort();
    }
    *pipe = (struct pipe){from, to, ms};
    if (pthread_create(&thread, NULL, pipe_run, pipe) != 0) {
        bench_die("no thread could be started");
    }
    (void)pthread_detach(thread);
}

static struct sockaddr_in
loopback(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static void *
accept_all(void *unused)
{
    (void)unused;
    int one = 1;
    for (;;) {
        struct sockaddr_in address = loopback(server_port);
        int client = accept(listener, NULL, NULL);
        int server = socket(AF_INET, SOCK_STREAM, 0);
        if (client < 0 || server < 0 ||
            connect(server, (struct sockaddr *)&address, sizeof address) != 0) {
            bench_die("the lagged way is broken");
        }
        (void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        (void)setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        pipe_start(client, server, 0);
        pipe_start(server, client, answer_ms);
    }
    return NULL;
}

void
bench_lag_open(const char *server, long ms, char *out, size_t size)
{
    pthread_t thread;
    unsigned port = 0;
    struct sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    out[0] = '\0';
    if (ms == 0) {
        return;
    }
    if (sscanf(server, "mongodb://127.0.0.1:%u", &port) != 1 || port > UINT16_MAX) {
        bench_die("%s is not on the loopback", server);
    }
    server_port = (uint16_t)port;
    answer_ms = ms;
    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 ||
        bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, BACKLOG) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0 ||
        pthread_create(&thread, NULL, accept_all, NULL) != 0) {
        bench_die("cannot listen on the loopback");
    }
    (void)pthread_detach(thread);
    (void)snprintf(out, size, "mongodb://127.0.0.1:%u/", ntohs(address.sin_port));
}
