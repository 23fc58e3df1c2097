/*
 * The published contract, as protoc describes it, and the descriptor of every message
 * in it.
 *
 * Memory: constant. Errors: none. Threads: any.
 */
#ifndef KONTOR_PROTO_DESCRIPTORS_H
#define KONTOR_PROTO_DESCRIPTORS_H

#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

#include "proto/bytes.h"

/* A google.protobuf.FileDescriptorSet of the published .proto files and all they
 * import, `optional` as written. */
struct bytes descriptors_set(void);
/* Every message type of the published files (kontor.v1, google.rpc, grpc.health,
 * grpc.reflection); n of them. */
const ProtobufCMessageDescriptor *const *descriptors_messages(size_t *n);
/* The type of that full name, such as "kontor.v1.Order"; NULL: none of ours. */
const ProtobufCMessageDescriptor *descriptors_find(const char *name);

#endif
