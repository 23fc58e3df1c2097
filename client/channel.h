/*
 * A connection: gRPC's channel, one completion queue, the one thread that drains it,
 * and the calls in flight.
 *
 * Memory: kontor_connect and kontor_free. Errors: as kontor.h. Threads: the mutex
 * guards everything that changes.
 */
#ifndef KONTOR_CLIENT_CHANNEL_H
#define KONTOR_CLIENT_CHANNEL_H

#include <pthread.h>

#include <grpc/grpc.h>

#include "client/kontor.h"

struct rpc;

struct kontor {
    grpc_channel *channel;
    grpc_completion_queue *queue;
    pthread_t thread;
    int64_t deadline_ms;
    char *server; /* As it was given, for people. */
    pthread_mutex_t
        mutex; /* Guards all below, and every rpc and stop of this connection. */
    pthread_cond_t changed; /* Back-offs wait here: a stop or the close wakes them. */
    struct rpc *rpcs;       /* In flight. */
    bool is_closed;
};

/* Lets one user of the connection end its calls without closing it for the others. */
struct stop {
    bool is_set; /* Guarded by the connection's mutex. */
};

/* Sets it: calls that carry it end with CANCELLED{STOPPED}, and new ones are refused.
 * Never blocks. */
void stop_set(struct kontor *kontor, struct stop *stop);
/* Whether it was set; stop may be NULL. */
bool stop_is_set(struct kontor *kontor, const struct stop *stop);

/* Monotonic time in milliseconds. */
int64_t channel_now_ms(void);
/* A condition variable on the monotonic clock; false: out of memory. */
bool channel_condition(pthread_cond_t *condition);
/* Waits on a condition with a mutex held until a monotonic time (INT64_MAX = for ever);
 * false once it is over. */
bool channel_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t until_ms);
/* Sleeps; OK after it, CANCELLED{CLOSED or STOPPED} when it was cut short. */
enum kontor_status channel_sleep(struct kontor *kontor, int64_t ms,
                                 const struct stop *stop, struct kontor_error *error);

#endif
