/*
 * Connections: how many a second begin with a handshake of both sides' certificates,
 * make one call and end; or so many that stay and do nothing, until standard input
 * ends.
 *
 * usage: connect --server H:P --ca F --cert F --key F --call echo|health
 *                [--callers N --seconds S | --idle N]
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/bench/histogram.h"
#include "tests/bench/request.h"
#include "tests/bench/transport.h"
#include "tests/bench/unary.h"

static struct {
    int argc;
    char **argv;
    struct bench_requests requests;
    grpc_slice request; /* Each call's. */
    int64_t end_ns;
    atomic_int number;
    pthread_mutex_t lock; /* Guards the histogram. */
    struct histogram histogram;
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* One call over a channel. */
static void
call(grpc_channel *channel, grpc_completion_queue *queue)
{
    struct unary unary = {.reply = NULL};
    unary_start(&unary, channel, queue, all.requests.path, all.request);
    (void)grpc_completion_queue_next(queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
    if (unary.status != GRPC_STATUS_OK) {
        bench_die("status %d: %s", unary.status, grpc_slice_to_c_string(unary.details));
    }
    unary_end(&unary);
}

static grpc_channel *
connect_next(void)
{
    return bench_channel(all.argc, all.argv, atomic_fetch_add(&all.number, 1));
}

static void *
caller_run(void *unused)
{
    grpc_completion_queue *queue = grpc_completion_queue_create_for_next(NULL);
    (void)unused;
    for (int64_t now_ns = bench_now_ns(); now_ns < all.end_ns;) {
        grpc_channel *channel = connect_next();
        call(channel, queue);
        grpc_channel_destroy(channel);
        int64_t end_ns = bench_now_ns();
        pthread_mutex_lock(&all.lock);
        histogram_add(&all.histogram, end_ns - now_ns);
        pthread_mutex_unlock(&all.lock);
        now_ns = end_ns;
    }
    return NULL;
}

static void
run_handshakes(long n_callers, long seconds)
{
    pthread_t *threads = calloc((size_t)n_callers, sizeof *threads);
    int64_t began_ns = bench_now_ns();
    all.end_ns = began_ns + seconds * 1000000000;
    for (long i = 0; i < n_callers; i++) {
        if (threads == NULL ||
            pthread_create(&threads[i], NULL, caller_run, NULL) != 0) {
            bench_die("no thread could be started");
        }
    }
    for (long i = 0; i < n_callers; i++) {
        pthread_join(threads[i], NULL);
    }
    double took_s = (double)(bench_now_ns() - began_ns) / 1e9;
    printf("{\"calls\": %ld, \"per_second\": %.1f, \"p50_us\": %ld, \"p99_us\": %ld}\n",
           all.histogram.n, (double)all.histogram.n / took_s,
           histogram_percentile(&all.histogram, 0.5),
           histogram_percentile(&all.histogram, 0.99));
    fflush(stdout);
    free(threads);
}

static void
run_idle(long n)
{
    grpc_completion_queue *queue = grpc_completion_queue_create_for_next(NULL);
    char end = '\0';
    for (long i = 0; i < n; i++) {
        call(connect_next(), queue);
    }
    printf("%ld\n", n);
    fflush(stdout);
    while (read(STDIN_FILENO, &end, 1) > 0) {
    }
}

int
main(int argc, char **argv)
{
    grpc_init();
    all.argc = argc;
    all.argv = argv;
    bench_requests_open(&all.requests, argc, argv);
    all.request = bench_request_next(&all.requests, "");
    long idle = bench_number(argc, argv, "--idle", 0);
    if (idle > 0) {
        run_idle(idle);
    } else {
        run_handshakes(bench_number(argc, argv, "--callers", 4),
                       bench_number(argc, argv, "--seconds", 3));
    }
    _Exit(0);
}
