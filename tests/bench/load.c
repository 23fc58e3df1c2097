/*
 * The one load generator, for every server alike. In a closed loop each of so many
 * callers has one call under way. In an open one (--rate) calls are due at fixed times,
 * whatever became of those before; one that finds all callers busy is sent late, and
 * what it waited counts, so that a server that stalls cannot hide it. Prints one JSON
 * line; latencies in microseconds.
 *
 * usage: load --server H:P --ca F --cert F --key F --call CALL --callers N --seconds S
 *             [--rate CALLS-PER-SECOND] [--connections N] [--warm-up-ms MS]
 *             [what the call needs]
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <grpc/support/alloc.h>

#include "tests/bench/histogram.h"
#include "tests/bench/request.h"
#include "tests/bench/transport.h"
#include "tests/bench/unary.h"

enum {
    CALLERS_PER_CONNECTION = 16,
    MAX_CALLERS = 4096,
    LATE_S = 5, /* How long after its end a run still sends what was due in it. */
    WARM_UP_MS = 300,
    MS_NS = 1000000
};

struct caller {
    struct unary unary; /* First: the address its end comes with is the caller's. */
    grpc_channel *channel;
    int64_t due_ns; /* When this call was to be sent. */
    char token[BENCH_TOKEN_SIZE];
};

struct load {
    struct bench_requests requests;
    struct histogram histogram;
    grpc_completion_queue *queue;
    struct caller *idle[MAX_CALLERS];
    long n_idle, n_callers;
    int64_t end_ns, due_ns, every_ns; /* every_ns: 0 = a closed loop. */
    long failed, unsent;
    size_t reply_size;
};

static void
caller_start(struct load *load, struct caller *caller)
{
    grpc_slice request = bench_request_next(&load->requests, caller->token);
    unary_start(&caller->unary, caller->channel, load->queue, load->requests.path,
                request);
    grpc_slice_unref(request);
}

static void
caller_end(struct load *load, struct caller *caller)
{
    struct unary *unary = &caller->unary;
    histogram_add(&load->histogram, bench_now_ns() - caller->due_ns);
    if (unary->status != GRPC_STATUS_OK && load->failed++ == 0) {
        char *text = grpc_slice_to_c_string(unary->details);
        fprintf(stderr, "bench: status %d: %s\n", unary->status, text);
        gpr_free(text);
    }
    if (unary->reply != NULL) {
        load->reply_size = grpc_byte_buffer_length(unary->reply);
        bench_request_read(&load->requests, unary->reply, caller->token);
    }
    unary_end(unary);
    load->idle[load->n_idle++] = caller;
}

/* When the next call is to begin; past the end = never. */
static int64_t
next_due(const struct load *load, int64_t now_ns)
{
    return load->every_ns > 0 ? load->due_ns : now_ns;
}

static void
start_what_is_due(struct load *load)
{
    int64_t now_ns = bench_now_ns();
    if (load->every_ns > 0 && load->due_ns < load->end_ns &&
        now_ns > load->end_ns + LATE_S * (int64_t)1000000000) {
        load->unsent += (load->end_ns - load->due_ns) / load->every_ns;
        load->due_ns = load->end_ns;
    }
    while (load->n_idle > 0 && next_due(load, now_ns) <= now_ns &&
           next_due(load, now_ns) < load->end_ns) {
        struct caller *caller = load->idle[--load->n_idle];
        caller->due_ns = next_due(load, now_ns);
        load->due_ns += load->every_ns;
        caller_start(load, caller);
        now_ns = bench_now_ns();
    }
}

static gpr_timespec
wake_at(const struct load *load)
{
    gpr_timespec wake = gpr_inf_future(GPR_CLOCK_MONOTONIC);
    if (load->every_ns > 0 && load->n_idle > 0 && load->due_ns < load->end_ns) {
        wake =
            (gpr_timespec){load->due_ns / 1000000000,
                           (int32_t)(load->due_ns % 1000000000), GPR_CLOCK_MONOTONIC};
    }
    return wake;
}

/* Answers how long it took until all that was sent was answered. */
static double
run(struct load *load, int64_t ns)
{
    int64_t began_ns = bench_now_ns();
    load->due_ns = began_ns;
    load->end_ns = began_ns + ns;
    start_what_is_due(load);
    while (load->n_idle < load->n_callers ||
           (load->every_ns > 0 && load->due_ns < load->end_ns)) {
        grpc_event event = grpc_completion_queue_next(load->queue, wake_at(load), NULL);
        if (event.type == GRPC_OP_COMPLETE) {
            caller_end(load, event.tag);
        }
        start_what_is_due(load);
    }
    return (double)(bench_now_ns() - began_ns) / 1e9;
}

static void
callers_open(struct load *load, int argc, char **argv)
{
    load->n_callers = bench_number(argc, argv, "--callers", 1);
    if (load->n_callers < 1 || load->n_callers > MAX_CALLERS) {
        bench_die("--callers is 1 to %d", MAX_CALLERS);
    }
    long enough =
        (load->n_callers + CALLERS_PER_CONNECTION - 1) / CALLERS_PER_CONNECTION;
    long n_channels = bench_number(argc, argv, "--connections", enough);
    struct caller *callers = calloc((size_t)load->n_callers, sizeof *callers);
    if (callers == NULL || n_channels < 1) {
        bench_die("--connections is at least 1");
    }
    for (long i = 0; i < load->n_callers; i++) {
        callers[i].channel = i < n_channels ? bench_channel(argc, argv, (int)i)
                                            : callers[i % n_channels].channel;
        load->idle[load->n_idle++] = &callers[i];
    }
}

int
main(int argc, char **argv)
{
    static struct load load;
    grpc_init();
    load.queue = grpc_completion_queue_create_for_next(NULL);
    bench_requests_open(&load.requests, argc, argv);
    callers_open(&load, argc, argv);
    long rate = bench_number(argc, argv, "--rate", 0);
    long seconds = bench_number(argc, argv, "--seconds", 3);
    /* One round to connect and warm up, in a closed loop, then the measured one. */
    (void)run(&load, bench_number(argc, argv, "--warm-up-ms", WARM_UP_MS) * MS_NS);
    memset(&load.histogram, 0, sizeof load.histogram);
    load.failed = 0;
    load.every_ns = rate > 0 ? 1000000000 / rate : 0;
    double took_s = run(&load, seconds * 1000000000);
    printf("{\"call\": \"%s\", \"callers\": %ld, \"calls\": %ld, \"sent\": %ld, "
           "\"failed\": %ld, "
           "\"per_second\": %.1f, \"p50_us\": %ld, \"p99_us\": %ld, \"max_us\": %ld, "
           "\"unsent\": %ld, \"reply_size\": %zu}\n",
           bench_option(argc, argv, "--call", NULL), load.n_callers, load.histogram.n,
           load.requests.next, load.failed, (double)load.histogram.n / took_s,
           histogram_percentile(&load.histogram, 0.5),
           histogram_percentile(&load.histogram, 0.99),
           histogram_percentile(&load.histogram, 1 - 1e-9), load.unsent,
           load.reply_size);
    fflush(stdout);
    _Exit(load.failed == 0 ? 0 : 1);
}
