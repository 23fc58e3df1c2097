/*
 * Watchers: so many streams over so many connections. Says "ready" once each has begun;
 * then takes from standard input how many events they are to be sent in all, waits
 * until they were or nothing comes any more, and prints one JSON line. The lag of an
 * event is from the time its commit bears to its arrival, by this machine's clock. With
 * --after the streams end where the log does, and what is counted is how fast that
 * went.
 *
 * usage: watch --server H:P --ca F [--cert F --key F | --pairs FILE] --watchers N
 *              --connections N [--kind KIND] [--after SEQ]
 *
 * FILE: a line a certificate, its path without .pem and .key; connections take them in
 * turn.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>

#include "kontor/v1/watch.pb-c.h"
#include "proto/wire.h"
#include "tests/bench/histogram.h"
#include "tests/bench/transport.h"

enum { TICK_MS = 20, QUIET_S = 10, CHANGES = 2, AT = 2, SECONDS = 1, NANOS = 2 };

struct watcher {
    grpc_call *call;
    grpc_metadata_array initial, trailing;
    grpc_byte_buffer *message;
    grpc_status_code status;
    grpc_slice details;
    bool has_begun;
    int end_tag; /* Its address tells the end of the stream. */
};

static struct {
    grpc_completion_queue *queue;
    struct watcher *watchers;
    long n_watchers, n_begun, n_ended, n_events, n_expected;
    int64_t last_ns; /* When the last event came. */
    struct histogram lags;
} all = {.n_expected = -1};

static int64_t
wall_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t
time_of(struct bytes stamp)
{
    int64_t ns = 0;
    struct wire_field field;
    while (stamp.size > 0 && wire_next(&stamp, &field)) {
        if (field.number == SECONDS) {
            ns += (int64_t)field.value * 1000000000;
        } else if (field.number == NANOS) {
            ns += (int64_t)field.value;
        }
    }
    return ns;
}

static void
count_change(struct bytes change, int64_t now_ns)
{
    struct wire_field field;
    while (change.size > 0 && wire_next(&change, &field)) {
        if (field.number == AT) {
            histogram_add(&all.lags, now_ns - time_of(field.content));
        }
    }
    all.n_events++;
}

static void
count_message(grpc_byte_buffer *message)
{
    grpc_byte_buffer_reader reader;
    struct wire_field field;
    int64_t now_ns = wall_ns();
    if (grpc_byte_buffer_reader_init(&reader, message) == 0) {
        bench_die("a message cannot be read");
    }
    grpc_slice slice = grpc_byte_buffer_reader_readall(&reader);
    struct bytes left = {GRPC_SLICE_START_PTR(slice), GRPC_SLICE_LENGTH(slice)};
    while (left.size > 0 && wire_next(&left, &field)) {
        if (field.number == CHANGES) {
            count_change(field.content, now_ns);
        }
    }
    all.last_ns = bench_now_ns();
    grpc_slice_unref(slice);
    grpc_byte_buffer_reader_destroy(&reader);
}

static void
watcher_read(struct watcher *watcher)
{
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};
    op.data.recv_message.recv_message = &watcher->message;
    if (grpc_call_start_batch(watcher->call, &op, 1, watcher, NULL) != GRPC_CALL_OK) {
        bench_die("a watch cannot be read");
    }
}

static void
watcher_start(struct watcher *watcher, grpc_channel *channel, grpc_slice request)
{
    grpc_slice path =
        grpc_slice_from_static_string("/kontor.v1.OrderService/WatchOrders");
    watcher->call =
        grpc_channel_create_call(channel, NULL, GRPC_PROPAGATE_DEFAULTS, all.queue,
                                 path, NULL, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
    grpc_metadata_array_init(&watcher->initial);
    grpc_metadata_array_init(&watcher->trailing);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&request, 1);
    grpc_op ops[5] = {{.op = GRPC_OP_SEND_INITIAL_METADATA},
                      {.op = GRPC_OP_SEND_MESSAGE},
                      {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
                      {.op = GRPC_OP_RECV_INITIAL_METADATA},
                      {.op = GRPC_OP_RECV_MESSAGE}};
    ops[1].data.send_message.send_message = buffer;
    ops[3].data.recv_initial_metadata.recv_initial_metadata = &watcher->initial;
    ops[4].data.recv_message.recv_message = &watcher->message;
    grpc_op end = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT};
    end.data.recv_status_on_client.trailing_metadata = &watcher->trailing;
    end.data.recv_status_on_client.status = &watcher->status;
    end.data.recv_status_on_client.status_details = &watcher->details;
    if (grpc_call_start_batch(watcher->call, ops, 5, watcher, NULL) != GRPC_CALL_OK ||
        grpc_call_start_batch(watcher->call, &end, 1, &watcher->end_tag, NULL) !=
            GRPC_CALL_OK) {
        bench_die("a watch cannot be started");
    }
    grpc_byte_buffer_destroy(buffer);
}

static void
watcher_got(struct watcher *watcher)
{
    if (!watcher->has_begun) {
        watcher->has_begun = true;
        all.n_begun++;
    }
    if (watcher->message != NULL) {
        count_message(watcher->message);
        grpc_byte_buffer_destroy(watcher->message);
        watcher->message = NULL;
        watcher_read(watcher);
    }
}

static void
handle(grpc_event event, bool may_end)
{
    uintptr_t from = (uintptr_t)event.tag - (uintptr_t)all.watchers;
    struct watcher *watcher = &all.watchers[from / sizeof *watcher];
    if (event.tag == watcher) {
        watcher_got(watcher);
    } else if (!may_end || watcher->status != GRPC_STATUS_OK) {
        char *text = grpc_slice_to_c_string(watcher->details);
        bench_die("a watch ended: %d %s", watcher->status, text);
    } else {
        all.n_ended++;
    }
}

static void
tick(bool may_end)
{
    gpr_timespec until = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                      gpr_time_from_millis(TICK_MS, GPR_TIMESPAN));
    grpc_event event = grpc_completion_queue_next(all.queue, until, NULL);
    if (event.type == GRPC_OP_COMPLETE) {
        handle(event, may_end);
    }
}

/* Reads what standard input expects, if it has said it by now. */
static void
read_expected(void)
{
    char text[32] = "";
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    if (poll(&input, 1, 0) > 0) {
        if (read(STDIN_FILENO, text, sizeof text - 1) <= 0) {
            bench_die("nothing is expected any more");
        }
        all.n_expected = strtol(text, NULL, 10);
        all.last_ns = bench_now_ns();
    }
}

static void
print(double took_s)
{
    printf(
        "{\"events\": %ld, \"expected\": %ld, \"per_second\": %.1f, \"p50_us\": %ld, "
        "\"p99_us\": %ld, \"max_us\": %ld}\n",
        all.n_events, all.n_expected, (double)all.n_events / took_s,
        histogram_percentile(&all.lags, 0.5), histogram_percentile(&all.lags, 0.99),
        histogram_percentile(&all.lags, 1 - 1e-9));
    fflush(stdout);
}

static void
follow(void)
{
    while (all.n_begun < all.n_watchers) {
        tick(false);
    }
    printf("ready\n");
    fflush(stdout);
    int64_t began_ns = bench_now_ns();
    int64_t read_ns = began_ns;
    while (all.n_expected < 0 ||
           (all.n_events < all.n_expected &&
            bench_now_ns() - all.last_ns < QUIET_S * (int64_t)1000000000)) {
        tick(false);
        if (all.n_expected < 0 && bench_now_ns() - read_ns > TICK_MS * 1000000) {
            read_ns = bench_now_ns();
            read_expected();
        }
    }
    print((double)(all.last_ns - began_ns) / 1e9);
}

static void
catch_up(void)
{
    int64_t began_ns = bench_now_ns();
    while (all.n_ended < all.n_watchers) {
        tick(true);
    }
    print((double)(bench_now_ns() - began_ns) / 1e9);
}

static grpc_slice
request_new(int argc, char **argv, long after)
{
    Kontor__V1__WatchRequest request = KONTOR__V1__WATCH_REQUEST__INIT;
    Kontor__V1__Position position = KONTOR__V1__POSITION__INIT;
    char *kind = (char *)(uintptr_t)bench_option(argc, argv, "--kind", "order");
    position.seq = after;
    request.after = after >= 0 ? &position : NULL;
    request.follow = after < 0;
    request.kinds = &kind;
    request.n_kinds = 1;
    grpc_slice slice =
        grpc_slice_malloc(kontor__v1__watch_request__get_packed_size(&request));
    kontor__v1__watch_request__pack(&request, GRPC_SLICE_START_PTR(slice));
    return slice;
}

/* A connection each, by the certificates in turn. */
static grpc_channel **
channels_open(int argc, char **argv, long n)
{
    grpc_channel **channels = calloc((size_t)n, sizeof *channels);
    const char *path = bench_option(argc, argv, "--pairs", "");
    long n_pairs = 0;
    char **pairs = path[0] == '\0' ? NULL : bench_lines(path, &n_pairs);
    if (channels == NULL || n < 1) {
        bench_die("--connections is at least 1");
    }
    for (long i = 0; i < n; i++) {
        channels[i] = pairs == NULL
                          ? bench_channel(argc, argv, (int)i)
                          : bench_channel_as(argc, argv, (int)i, pairs[i % n_pairs]);
    }
    return channels;
}

int
main(int argc, char **argv)
{
    grpc_init();
    all.queue = grpc_completion_queue_create_for_next(NULL);
    all.n_watchers = bench_number(argc, argv, "--watchers", 1);
    all.watchers = calloc((size_t)all.n_watchers, sizeof *all.watchers);
    if (all.watchers == NULL) {
        bench_die("--watchers is %ld", all.n_watchers);
    }
    long after = bench_number(argc, argv, "--after", -1);
    long n_channels = bench_number(argc, argv, "--connections", 1);
    grpc_channel **channels = channels_open(argc, argv, n_channels);
    grpc_slice request = request_new(argc, argv, after);
    for (long i = 0; i < all.n_watchers; i++) {
        watcher_start(&all.watchers[i], channels[i % n_channels], request);
    }
    if (after < 0) {
        follow();
    } else {
        catch_up();
    }
    _Exit(0);
}
