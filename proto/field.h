/*
 * Fields of a message, by its descriptor: presence, elements and plain values, for
 * everything that walks messages.
 *
 * Memory: borrowed from the message. Errors: none. Threads: any.
 */
#ifndef KONTOR_PROTO_FIELD_H
#define KONTOR_PROTO_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

/* Wire types. Source: protobuf.dev, "Encoding". */
enum { FIELD_VARINT = 0, FIELD_FIXED64 = 1, FIELD_SIZED = 2, FIELD_FIXED32 = 5 };

/* How an element of the type goes on the wire when it is not packed. */
uint32_t field_wire_type(ProtobufCType type);
/* Bytes one element takes in its struct. */
size_t field_size(ProtobufCType type);
/* Whether absence differs from the default: messages, members of a oneof, proto2
 * optional and required. */
bool field_has_presence(const ProtobufCFieldDescriptor *field);
/* How many elements are set: of a list all, else 1 or 0; 0 for a default without
 * presence. */
size_t field_count(const ProtobufCMessage *message,
                   const ProtobufCFieldDescriptor *field);
/* Where an element is kept; index is 0 unless the field is a list. */
const void *field_at(const ProtobufCMessage *message,
                     const ProtobufCFieldDescriptor *field, size_t index);

/* The element as a number of 64 bits: integers extended by sign, booleans 0 or 1,
 * enums, the bits of floating-point. */
uint64_t field_bits(ProtobufCType type, const void *element);
/* The element as text; never NULL. */
const char *field_text(const void *element);
/* The element as bytes. */
ProtobufCBinaryData field_bytes(const void *element);
/* The element as a message; NULL only in a damaged message. */
const ProtobufCMessage *field_message(const void *element);

/* Makes room for n elements and answers where they go; sets count or case. The room is
 * taken from allocator. */
void *field_make(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                 size_t n, ProtobufCAllocator *allocator);

#endif
