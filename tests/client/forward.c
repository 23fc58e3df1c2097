#include "tests/client/forward.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAIRS_MAX = 32 };

struct forward {
    int listener;
    int wake;
    int to_port;
    int port;
    int sides[PAIRS_MAX *
              2]; /* A pair is 2i and 2i + 1; -1 = free. The thread's own. */
    pthread_t thread;
    pthread_mutex_t mutex; /* Guards the two numbers and is_over. */
    pthread_cond_t changed;
    int n_wanted;
    int n_cut;
    bool is_over;
};

static void
die_if(bool is_wrong)
{
    if (is_wrong) {
        perror("forward");
        abort();
    }
}

static struct sockaddr_in
loopback(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static void
pair_close(struct forward *forward, int side)
{
    int first = side & ~1;
    close(forward->sides[first]);
    close(forward->sides[first + 1]);
    forward->sides[first] = -1;
    forward->sides[first + 1] = -1;
}

static void
pair_open(struct forward *forward)
{
    int near = accept4(forward->listener, NULL, NULL, SOCK_CLOEXEC);
    die_if(near < 0);
    int far = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = loopback(forward->to_port);
    if (connect(far, (struct sockaddr *)&address, sizeof address) != 0) {
        close(near);
        close(far);
        return;
    }
    int i = 0;
    while (i < PAIRS_MAX * 2 && forward->sides[i] >= 0) {
        i += 2;
    }
    die_if(i == PAIRS_MAX * 2);
    forward->sides[i] = near;
    forward->sides[i + 1] = far;
}

static void
pair_pass(struct forward *forward, int side)
{
    char bytes[16384];
    ssize_t got = recv(forward->sides[side], bytes, sizeof bytes, 0);
    for (ssize_t sent = 0; got > 0 && sent < got;) {
        ssize_t n = send(forward->sides[side ^ 1], bytes + sent, (size_t)(got - sent),
                         MSG_NOSIGNAL);
        got = n < 0 ? -1 : got;
        sent += n;
    }
    if (got <= 0) {
        pair_close(forward, side);
    }
}

/* Cuts what is wanted; true when it is over. */
static bool
forward_obey(struct forward *forward)
{
    uint64_t count;
    die_if(read(forward->wake, &count, sizeof count) != sizeof count);
    for (int i = 0; i < PAIRS_MAX * 2; i += 2) {
        if (forward->sides[i] >= 0) {
            pair_close(forward, i);
        }
    }
    pthread_mutex_lock(&forward->mutex);
    forward->n_cut = forward->n_wanted;
    bool is_over = forward->is_over;
    pthread_cond_broadcast(&forward->changed);
    pthread_mutex_unlock(&forward->mutex);
    return is_over;
}

static void *
forward_run(void *context)
{
    struct forward *forward = context;
    for (;;) {
        struct pollfd polled[PAIRS_MAX * 2 + 2];
        for (int i = 0; i < PAIRS_MAX * 2; i++) {
            polled[i] = (struct pollfd){.fd = forward->sides[i], .events = POLLIN};
        }
        polled[PAIRS_MAX * 2] =
            (struct pollfd){.fd = forward->listener, .events = POLLIN};
        polled[PAIRS_MAX * 2 + 1] =
            (struct pollfd){.fd = forward->wake, .events = POLLIN};
        poll(polled, PAIRS_MAX * 2 + 2, -1);
        if (polled[PAIRS_MAX * 2 + 1].revents != 0 && forward_obey(forward)) {
            return NULL;
        }
        for (int i = 0; i < PAIRS_MAX * 2; i++) {
            if (polled[i].revents != 0 && forward->sides[i] == polled[i].fd) {
                pair_pass(forward, i);
            }
        }
        if (polled[PAIRS_MAX * 2].revents != 0) {
            pair_open(forward);
        }
    }
}

struct forward *
forward_start(int to_port)
{
    struct forward *forward = calloc(1, sizeof *forward);
    forward->to_port = to_port;
    pthread_mutex_init(&forward->mutex, NULL);
    pthread_cond_init(&forward->changed, NULL);
    for (int i = 0; i < PAIRS_MAX * 2; i++) {
        forward->sides[i] = -1;
    }
    forward->wake = eventfd(0, EFD_CLOEXEC);
    forward->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    die_if(bind(forward->listener, (struct sockaddr *)&address, size) != 0);
    die_if(listen(forward->listener, 16) != 0);
    die_if(getsockname(forward->listener, (struct sockaddr *)&address, &size) != 0);
    forward->port = ntohs(address.sin_port);
    die_if(pthread_create(&forward->thread, NULL, forward_run, forward) != 0);
    return forward;
}

int
forward_port(const struct forward *forward)
{
    return forward->port;
}

static void
forward_tell(struct forward *forward, bool is_over)
{
    pthread_mutex_lock(&forward->mutex);
    forward->is_over = is_over;
    int wanted = ++forward->n_wanted;
    uint64_t one = 1;
    die_if(write(forward->wake, &one, sizeof one) != sizeof one);
    while (forward->n_cut < wanted) {
        pthread_cond_wait(&forward->changed, &forward->mutex);
    }
    pthread_mutex_unlock(&forward->mutex);
}

void
forward_cut(struct forward *forward)
{
    forward_tell(forward, false);
}

void
forward_stop(struct forward *forward)
{
    forward_tell(forward, true);
    pthread_join(forward->thread, NULL);
    close(forward->listener);
    close(forward->wake);
    pthread_mutex_destroy(&forward->mutex);
    pthread_cond_destroy(&forward->changed);
    free(forward);
}
