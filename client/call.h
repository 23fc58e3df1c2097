/*
 * Unary calls: request ids, deadlines, retries. kontor.h has the contract; this is what
 * else the library itself needs.
 *
 * Memory: as kontor.h. Errors: as kontor.h. Threads: any.
 */
#ifndef KONTOR_CLIENT_CALL_H
#define KONTOR_CLIENT_CALL_H

#include <grpc/slice.h>

#include "client/channel.h"

/* kontor_call with a stop, which may be NULL. */
enum kontor_status call_unary(struct kontor *kontor, const struct kontor_method *method,
                              const ProtobufCMessage *request,
                              const struct kontor_call_options *options,
                              const struct stop *stop, ProtobufCMessage **reply,
                              struct kontor_error *error);
/* Packs a message; INVALID_ARGUMENT{MESSAGE_INVALID} when a text in it is NULL,
 * RESOURCE_EXHAUSTED{OUT_OF_MEMORY}. Unref *packed. */
enum kontor_status call_pack(const ProtobufCMessage *message, grpc_slice *packed,
                             struct kontor_error *error);

#endif
