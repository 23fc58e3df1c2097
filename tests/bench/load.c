/*
 * The one load generator: so many callers in a closed loop, each with one call under
 * way, over several connections, for so many seconds. Prints one JSON line: calls,
 * errors, calls per second, and the 50th and 99th percentile of the latency in
 * microseconds.
 *
 * usage: load --server H:P --ca F --cert F --key F --call echo|get|place --callers N
 * --seconds S
 *             [--id ID] [--project ID] [--offer ID] [--prefix P] [--once yes]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/slice.h>

#include "kontor/v1/catalogue_service.pb-c.h"
#include "kontor/v1/order_service.pb-c.h"
#include "tests/bench/transport.h"

enum { CALLERS_PER_CONNECTION = 16, BUCKETS = 1 << 20 };

struct caller {
    grpc_call *call;
    grpc_channel *channel;
    grpc_metadata_array initial, trailing;
    grpc_byte_buffer *reply;
    grpc_status_code status;
    grpc_slice details;
    int64_t began_ns;
};

struct load {
    const char *path;
    const char *call, *id, *project, *offer, *prefix;
    grpc_completion_queue *queue;
    int64_t end_ns;
    long next, done, failed;
    size_t reply_size;
    uint32_t *histogram; /* Microseconds. */
};

static grpc_slice
get_request(const struct load *load)
{
    Kontor__V1__GetServiceRequest request = KONTOR__V1__GET_SERVICE_REQUEST__INIT;
    request.id = (char *)(uintptr_t)load->id;
    grpc_slice slice =
        grpc_slice_malloc(kontor__v1__get_service_request__get_packed_size(&request));
    kontor__v1__get_service_request__pack(&request, GRPC_SLICE_START_PTR(slice));
    return slice;
}

/* One item; ids in sequence. */
static grpc_slice
place_request(struct load *load)
{
    char id[160];
    (void)snprintf(id, sizeof id, "%s-%08ld", load->prefix, load->next++);
    Kontor__V1__Value value = KONTOR__V1__VALUE__INIT;
    value.kind_case = KONTOR__V1__VALUE__KIND_INTEGER;
    value.integer = 10;
    Kontor__V1__ParameterValue parameter = KONTOR__V1__PARAMETER_VALUE__INIT;
    parameter.id = (char *)(uintptr_t) "size_gb";
    parameter.value = &value;
    Kontor__V1__ParameterValue *parameters[] = {&parameter};
    Kontor__V1__NewItem item = KONTOR__V1__NEW_ITEM__INIT;
    item.id = (char *)(uintptr_t) "storage";
    item.action = KONTOR__V1__ITEM_ACTION__ADD;
    item.offer = (char *)(uintptr_t)load->offer;
    item.n_parameters = 1;
    item.parameters = parameters;
    Kontor__V1__NewItem *items[] = {&item};
    Kontor__V1__PlaceOrderRequest request = KONTOR__V1__PLACE_ORDER_REQUEST__INIT;
    request.id = id;
    request.project = (char *)(uintptr_t)load->project;
    request.n_items = 1;
    request.items = items;
    grpc_slice slice =
        grpc_slice_malloc(kontor__v1__place_order_request__get_packed_size(&request));
    kontor__v1__place_order_request__pack(&request, GRPC_SLICE_START_PTR(slice));
    return slice;
}

static void
caller_start(struct load *load, struct caller *caller)
{
    grpc_slice path = grpc_slice_from_static_string(load->path);
    caller->call = grpc_channel_create_call(
        caller->channel, NULL, GRPC_PROPAGATE_DEFAULTS, load->queue, path, NULL,
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                     gpr_time_from_seconds(20, GPR_TIMESPAN)),
        NULL);
    grpc_slice request =
        strcmp(load->call, "place") == 0 ? place_request(load) : get_request(load);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&request, 1);
    grpc_slice_unref(request);
    grpc_metadata_array_init(&caller->initial);
    grpc_metadata_array_init(&caller->trailing);
    grpc_op ops[6] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA},  {.op = GRPC_OP_SEND_MESSAGE},
        {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT}, {.op = GRPC_OP_RECV_INITIAL_METADATA},
        {.op = GRPC_OP_RECV_MESSAGE},           {.op = GRPC_OP_RECV_STATUS_ON_CLIENT}};
    ops[1].data.send_message.send_message = buffer;
    ops[3].data.recv_initial_metadata.recv_initial_metadata = &caller->initial;
    ops[4].data.recv_message.recv_message = &caller->reply;
    ops[5].data.recv_status_on_client.trailing_metadata = &caller->trailing;
    ops[5].data.recv_status_on_client.status = &caller->status;
    ops[5].data.recv_status_on_client.status_details = &caller->details;
    caller->began_ns = bench_now_ns();
    if (grpc_call_start_batch(caller->call, ops, 6, caller, NULL) != GRPC_CALL_OK) {
        bench_die("a call could not be started");
    }
    grpc_byte_buffer_destroy(buffer);
}

static void
caller_end(struct load *load, struct caller *caller)
{
    int64_t took_us = (bench_now_ns() - caller->began_ns) / 1000;
    load->histogram[took_us < BUCKETS ? took_us : BUCKETS - 1]++;
    load->done++;
    if (caller->status != GRPC_STATUS_OK) {
        if (load->failed++ == 0) {
            char *text = grpc_slice_to_c_string(caller->details);
            fprintf(stderr, "bench: status %d: %s\n", caller->status, text);
            free(text);
        }
    }
    if (caller->reply != NULL) {
        load->reply_size = grpc_byte_buffer_length(caller->reply);
        grpc_byte_buffer_destroy(caller->reply);
        caller->reply = NULL;
    }
    grpc_slice_unref(caller->details);
    grpc_metadata_array_destroy(&caller->initial);
    grpc_metadata_array_destroy(&caller->trailing);
    grpc_call_unref(caller->call);
}

static void
run(struct load *load, struct caller *callers, long n_callers)
{
    long under_way = 0;
    for (; under_way < n_callers; under_way++) {
        caller_start(load, &callers[under_way]);
    }
    while (under_way > 0) {
        grpc_event event = grpc_completion_queue_next(
            load->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
        struct caller *caller = event.tag;
        caller_end(load, caller);
        if (bench_now_ns() < load->end_ns) {
            caller_start(load, caller);
        } else {
            under_way--;
        }
    }
}

static long
percentile(const struct load *load, double part)
{
    long wanted = (long)((double)load->done * part);
    long seen = 0;
    for (long i = 0; i < BUCKETS; i++) {
        seen += load->histogram[i];
        if (seen > wanted) {
            return i;
        }
    }
    return BUCKETS;
}

static const char *
path_of(const char *call)
{
    static const char *const paths[][2] = {
        {"echo", "/bench.Echo/Get"},
        {"get", "/kontor.v1.CatalogueService/GetService"},
        {"place", "/kontor.v1.OrderService/PlaceOrder"},
    };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (strcmp(paths[i][0], call) == 0) {
            return paths[i][1];
        }
    }
    bench_die("--call is %s: choose echo, get or place", call);
}

int
main(int argc, char **argv)
{
    grpc_init();
    struct load load = {
        .call = bench_option(argc, argv, "--call", NULL),
        .id = bench_option(argc, argv, "--id", "x/x"),
        .project = bench_option(argc, argv, "--project", ""),
        .offer = bench_option(argc, argv, "--offer", ""),
        .prefix = bench_option(argc, argv, "--prefix", "x/o"),
        .histogram = calloc(BUCKETS, sizeof *load.histogram),
        .queue = grpc_completion_queue_create_for_next(NULL),
    };
    load.path = path_of(load.call);
    long n_callers = bench_number(argc, argv, "--callers", 1);
    long seconds = bench_number(argc, argv, "--seconds", 3);
    struct caller *callers = calloc((size_t)n_callers, sizeof *callers);
    for (long i = 0; i < n_callers; i++) {
        callers[i].channel =
            i % CALLERS_PER_CONNECTION == 0
                ? bench_channel(argc, argv, (int)(i / CALLERS_PER_CONNECTION))
                : callers[i - 1].channel;
    }
    /* One round to connect and warm up, then the measured one. */
    load.end_ns = bench_now_ns() + 200000000;
    run(&load, callers, n_callers);
    memset(load.histogram, 0, BUCKETS * sizeof *load.histogram);
    load.done = load.failed = 0;
    int64_t began_ns = bench_now_ns();
    load.end_ns = began_ns + seconds * 1000000000;
    run(&load, callers, n_callers);
    double took_s = (double)(bench_now_ns() - began_ns) / 1e9;
    printf("{\"call\": \"%s\", \"callers\": %ld, \"calls\": %ld, \"failed\": %ld, "
           "\"per_second\": %.1f, \"p50_us\": %ld, \"p99_us\": %ld, \"reply_size\": "
           "%zu}\n",
           load.call, n_callers, load.done, load.failed, (double)load.done / took_s,
           percentile(&load, 0.5), percentile(&load, 0.99), load.reply_size);
    fflush(stdout);
    _Exit(load.failed == 0 ? 0 : 1);
}
