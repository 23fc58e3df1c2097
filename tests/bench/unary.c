#include "tests/bench/unary.h"

#include <grpc/byte_buffer.h>
#include <grpc/support/time.h>

#include "tests/bench/transport.h"

enum { LIMIT_S = 20 };

void
unary_start(struct unary *unary, grpc_channel *channel, grpc_completion_queue *queue,
            const char *path, grpc_slice request)
{
    gpr_timespec limit = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                      gpr_time_from_seconds(LIMIT_S, GPR_TIMESPAN));
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&request, 1);
    unary->call = grpc_channel_create_call(channel, NULL, GRPC_PROPAGATE_DEFAULTS,
                                           queue, grpc_slice_from_static_string(path),
                                           NULL, limit, NULL);
    grpc_metadata_array_init(&unary->initial);
    grpc_metadata_array_init(&unary->trailing);
    grpc_op ops[6] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA},  {.op = GRPC_OP_SEND_MESSAGE},
        {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT}, {.op = GRPC_OP_RECV_INITIAL_METADATA},
        {.op = GRPC_OP_RECV_MESSAGE},           {.op = GRPC_OP_RECV_STATUS_ON_CLIENT}};
    ops[1].data.send_message.send_message = buffer;
    ops[3].data.recv_initial_metadata.recv_initial_metadata = &unary->initial;
    ops[4].data.recv_message.recv_message = &unary->reply;
    ops[5].data.recv_status_on_client.trailing_metadata = &unary->trailing;
    ops[5].data.recv_status_on_client.status = &unary->status;
    ops[5].data.recv_status_on_client.status_details = &unary->details;
    if (grpc_call_start_batch(unary->call, ops, 6, unary, NULL) != GRPC_CALL_OK) {
        bench_die("a call could not be started");
    }
    grpc_byte_buffer_destroy(buffer);
}

void
unary_end(struct unary *unary)
{
    if (unary->reply != NULL) {
        grpc_byte_buffer_destroy(unary->reply);
        unary->reply = NULL;
    }
    grpc_slice_unref(unary->details);
    grpc_metadata_array_destroy(&unary->initial);
    grpc_metadata_array_destroy(&unary->trailing);
    grpc_call_unref(unary->call);
}
