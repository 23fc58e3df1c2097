/*
 * One unary call on the gRPC core, sent and answered in one batch.
 *
 * Memory: the caller's struct; what the core adds is freed by unary_end. Errors: a line
 * on standard error and exit 1. Threads: one at a time.
 */
#ifndef KONTOR_TESTS_BENCH_UNARY_H
#define KONTOR_TESTS_BENCH_UNARY_H

#include <grpc/grpc.h>

struct unary {
    grpc_call *call;
    grpc_metadata_array initial, trailing;
    grpc_byte_buffer *reply; /* NULL = none. */
    grpc_status_code status;
    grpc_slice details;
};

/* Sends a request, which stays the caller's; the queue tells its end with the struct's
 * address. */
void unary_start(struct unary *unary, grpc_channel *channel,
                 grpc_completion_queue *queue, const char *path, grpc_slice request);
/* Frees all but the struct. */
void unary_end(struct unary *unary);

#endif
