/*
 * The limit: a bare server on the same gRPC core, mutual TLS and channel arguments,
 * that answers every call with as many bytes as it is told. Ends on SIGTERM.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <grpc/byte_buffer.h>
#include <grpc/slice.h>

#include "tests/bench/transport.h"

enum { ARMED = 4, POLLERS = 1 };

struct echo_call {
    grpc_call *call;
    gpr_timespec deadline;
    grpc_metadata_array metadata;
    grpc_byte_buffer *request;
    int cancelled;
    int left;             /* Tags not yet back: the answer and the close. */
    pthread_mutex_t lock; /* Guards left. */
};

/* One tag an outstanding batch: what came back is told by which. */
struct echo_tag {
    struct echo_call *call;
    enum { TAG_NEW, TAG_PART } kind;
};

static grpc_server *server;
static grpc_completion_queue *queue;
static void *method;
static grpc_slice reply;
static atomic_bool is_stopping;

static struct echo_tag *
tag_new(struct echo_call *call, int kind)
{
    struct echo_tag *tag = calloc(1, sizeof *tag);
    tag->call = call;
    tag->kind = kind;
    return tag;
}

static void
arm(void)
{
    struct echo_call *call = calloc(1, sizeof *call);
    call->left = 2;
    pthread_mutex_init(&call->lock, NULL);
    grpc_metadata_array_init(&call->metadata);
    grpc_server_request_registered_call(server, method, &call->call, &call->deadline,
                                        &call->metadata, &call->request, queue, queue,
                                        tag_new(call, TAG_NEW));
}

static void
call_free(struct echo_call *call)
{
    if (call->call != NULL) {
        grpc_call_unref(call->call);
    }
    grpc_metadata_array_destroy(&call->metadata);
    if (call->request != NULL) {
        grpc_byte_buffer_destroy(call->request);
    }
    pthread_mutex_destroy(&call->lock);
    free(call);
}

static void
answer(struct echo_call *call)
{
    grpc_op close = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER};
    close.data.recv_close_on_server.cancelled = &call->cancelled;
    grpc_call_start_batch(call->call, &close, 1, tag_new(call, TAG_PART), NULL);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&reply, 1);
    grpc_op ops[3] = {{.op = GRPC_OP_SEND_INITIAL_METADATA},
                      {.op = GRPC_OP_SEND_MESSAGE},
                      {.op = GRPC_OP_SEND_STATUS_FROM_SERVER}};
    ops[1].data.send_message.send_message = buffer;
    ops[2].data.send_status_from_server.status = GRPC_STATUS_OK;
    grpc_call_start_batch(call->call, ops, 3, tag_new(call, TAG_PART), NULL);
    grpc_byte_buffer_destroy(buffer);
}

static void
part_done(struct echo_call *call)
{
    pthread_mutex_lock(&call->lock);
    int left = --call->left;
    pthread_mutex_unlock(&call->lock);
    if (left == 0) {
        call_free(call);
    }
}

static void
handle(struct echo_tag *tag, int is_ok)
{
    struct echo_call *call = tag->call;
    if (tag->kind == TAG_PART) {
        part_done(call);
    } else if (!is_ok) {
        call_free(call);
    } else {
        arm();
        answer(call);
    }
    free(tag);
}

static void *
poll_queue(void *unused)
{
    (void)unused;
    for (;;) {
        grpc_event event = grpc_completion_queue_next(
            queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
        if (event.type == GRPC_QUEUE_SHUTDOWN) {
            return NULL;
        }
        if (event.tag != NULL) {
            handle(event.tag, event.success);
        }
    }
}

static grpc_server_credentials *
credentials(int argc, char **argv)
{
    char *ca = bench_file(bench_option(argc, argv, "--ca", NULL));
    char *key = bench_file(bench_option(argc, argv, "--key", NULL));
    char *cert = bench_file(bench_option(argc, argv, "--cert", NULL));
    grpc_ssl_pem_key_cert_pair pair = {key, cert};
    return grpc_ssl_server_credentials_create_with_options(
        grpc_ssl_server_credentials_create_options_using_config(
            GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY,
            grpc_ssl_server_certificate_config_create(ca, &pair, 1)));
}

static void
start(int argc, char **argv)
{
    grpc_arg args[] = {
        {.type = GRPC_ARG_INTEGER,
         .key = "grpc.compression_enabled_algorithms_bitset",
         .value.integer = 1},
        {.type = GRPC_ARG_INTEGER, .key = GRPC_ARG_ALLOW_REUSEPORT, .value.integer = 0},
        {.type = GRPC_ARG_INTEGER, .key = GRPC_ARG_HTTP2_BDP_PROBE, .value.integer = 0},
        {.type = GRPC_ARG_INTEGER,
         .key = GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES,
         .value.integer = 65536},
    };
    grpc_channel_args list = {4, args};
    server = grpc_server_create(&list, NULL);
    queue = grpc_completion_queue_create_for_next(NULL);
    grpc_server_register_completion_queue(server, queue, NULL);
    method = grpc_server_register_method(server, "/bench.Echo/Get", NULL,
                                         GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER, 0);
    int port =
        grpc_server_add_http2_port(server, "127.0.0.1:0", credentials(argc, argv));
    grpc_server_start(server);
    for (int i = 0; i < ARMED; i++) {
        arm();
    }
    printf("%d\n", port);
    fflush(stdout);
}

int
main(int argc, char **argv)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    size_t size = (size_t)bench_number(argc, argv, "--size", 1024);
    grpc_init();
    reply = grpc_slice_malloc(size);
    memset(GRPC_SLICE_START_PTR(reply), 'x', size);
    start(argc, argv);
    pthread_t pollers[POLLERS];
    for (int i = 0; i < POLLERS; i++) {
        pthread_create(&pollers[i], NULL, poll_queue, NULL);
    }
    int signal_number = 0;
    sigwait(&signals, &signal_number);
    atomic_store(&is_stopping, true);
    _Exit(0);
}
