/*
 * One attempt of one call on the wire: unary, or a stream of replies. No retries here.
 *
 * Memory: rpc_open makes, rpc_close ends and frees. Errors: rpc_result. Threads: one at
 * a time, but for rpc_cancel and the connection's own thread.
 */
#ifndef KONTOR_CLIENT_RPC_H
#define KONTOR_CLIENT_RPC_H

#include <grpc/grpc.h>

#include "client/channel.h"
#include "proto/bytes.h"

struct rpc;

/* What is called. */
struct rpc_start {
    const struct kontor_method *method;
    grpc_slice request;      /* Packed; kept by the caller. */
    int64_t until_ms;        /* Monotonic deadline; INT64_MAX = none. */
    int64_t min_seq;         /* kontor-min-seq; 0 = none. */
    const struct stop *stop; /* May be NULL. */
};

/* Starts it. NULL with the error set: closed, stopped, or out of memory. */
struct rpc *rpc_open(struct kontor *kontor, const struct rpc_start *start,
                     struct kontor_error *error);
/*
 * Waits for the next message until a monotonic time. RPC_MESSAGE: *message is unpacked,
 * the caller's to free with kontor_reply_free; RPC_OVER: rpc_result says how it ended.
 */
enum rpc_event { RPC_MESSAGE, RPC_TIMEOUT, RPC_OVER };
enum rpc_event rpc_next(struct rpc *rpc, int64_t until_ms, ProtobufCMessage **message);
/* How it ended: OK, or the error. A message that could not be read is
 * INTERNAL{MESSAGE_INVALID}, one there was no memory for
 * RESOURCE_EXHAUSTED{OUT_OF_MEMORY}. */
enum kontor_status rpc_result(struct rpc *rpc, struct kontor_error *error);
/* Where the answer stands in the log (kontor-seq); 0 = it did not say. */
int64_t rpc_seq(const struct rpc *rpc);
/* Ends it if it still runs, waits for the last of it, frees. Accepts NULL. */
void rpc_close(struct rpc *rpc);

/* Every outstanding operation's tag. */
struct rpc_tag;
/*
 * The connection's thread hands every finished tag here. A failed batch shows as no
 * message and in the status, so its success says nothing more.
 */
void rpc_arrived(struct kontor *kontor, void *tag);
/* Cancels those in flight that carry the stop (NULL = all). The connection's mutex is
 * held. */
void rpc_cancel_all(struct kontor *kontor, const struct stop *stop);

#endif
