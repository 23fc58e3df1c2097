/*
 * Messages to and from proto3 JSON. Source: protobuf.dev, "ProtoJSON format".
 *
 * Memory: results live in the arena. Errors: faults with JSON paths. Threads: any.
 */
#ifndef KONTOR_PROTO_JSON_H
#define KONTOR_PROTO_JSON_H

#include <stdbool.h>

#include <protobuf-c/protobuf-c.h>

#include "proto/arena.h"
#include "proto/faults.h"

enum json_flags {
    JSON_COMPACT = 0,     /* One line. */
    JSON_INDENT = 1,      /* Indented by two. */
    JSON_PROTO_NAMES = 2, /* Field names as in the .proto, not lowerCamelCase. */
};

/* The message as JSON text, NUL-terminated. NULL for what JSON cannot say (a timestamp
 * out of range). */
char *json_print(const ProtobufCMessage *message, unsigned flags, struct arena *arena);
/* A message out of JSON text; accepts both spellings of names. NULL: faults say where
 * and why (unknown names too). */
ProtobufCMessage *json_parse(const ProtobufCMessageDescriptor *descriptor,
                             const char *text, size_t size, struct arena *arena,
                             struct faults *faults);
/* lowerCamelCase of a proto field name, in the arena. */
char *json_name(const char *field, struct arena *arena);

#endif
