/*
 * Maps: protobuf-c sees them as lists of entries with a key and a value; in JSON they
 * are objects.
 *
 * Memory: borrowed. Errors: none. Threads: any.
 */
#ifndef KONTOR_PROTO_JSON_MAP_H
#define KONTOR_PROTO_JSON_MAP_H

#include <stdbool.h>

#include <protobuf-c/protobuf-c.h>

/* Whether the field is a map from texts: a list of <message>.<Field>Entry {string key =
 * 1; value = 2}. */
bool json_is_map(const ProtobufCMessageDescriptor *message,
                 const ProtobufCFieldDescriptor *field);

#endif
