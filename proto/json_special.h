/*
 * The well-known messages that are one text in JSON: Timestamp, Duration, FieldMask.
 * Source: protobuf.dev, "ProtoJSON format"; RFC 3339.
 *
 * Memory: results live in the arena. Errors: NULL or false for what cannot be said.
 * Threads: any.
 */
#ifndef KONTOR_PROTO_JSON_SPECIAL_H
#define KONTOR_PROTO_JSON_SPECIAL_H

#include <stdbool.h>

#include <protobuf-c/protobuf-c.h>

#include "proto/arena.h"

/* How one type is written and read. */
struct json_special {
    const ProtobufCMessageDescriptor *descriptor;
    const char *wanted; /* What its text looks like, for faults. */
    const char *(*print)(const ProtobufCMessage *message, struct arena *arena);
    bool (*parse)(const char *text, ProtobufCMessage *message, struct arena *arena);
};

/* The row of a type, or NULL. */
const struct json_special *json_special(const ProtobufCMessageDescriptor *descriptor);

#endif
