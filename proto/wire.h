/*
 * The wire validator: judges protobuf bytes against a descriptor before they are
 * unpacked. protobuf-c itself checks neither depth, UTF-8 nor how much memory a message
 * takes.
 *
 * Memory: none but the fault texts; none at all where nobody asks for them. Errors: the
 * first fault is added and false answered. Threads: any.
 */
#ifndef KONTOR_PROTO_WIRE_H
#define KONTOR_PROTO_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "proto/arena.h"
#include "proto/bytes.h"
#include "proto/faults.h"

/* What is allowed. */
struct wire_limits {
    size_t depth;    /* Nesting of messages. */
    size_t fields;   /* Fields in all, unknown ones included. */
    size_t elements; /* Elements of one repeated field. */
    size_t unknown;  /* Unknown fields in all. */
};

extern const struct wire_limits
    wire_request_limits; /* 16 deep, 65536 fields, 8192 elements, 64 unknown. */
extern const struct wire_limits
    wire_stored_limits; /* For our own documents and logs. */

/* Also refuses: groups, bad varints, cut-off values, texts that are not UTF-8 or hold
 * NUL, a singular field twice. faults NULL: nobody asks why, and no memory is taken. */
bool wire_check(const ProtobufCMessageDescriptor *descriptor, struct bytes bytes,
                const struct wire_limits *limits, struct faults *faults);

/* Checks, then unpacks into the arena with a memory budget of 256 KiB + 32 times the
 * size. NULL: faults say why. */
ProtobufCMessage *wire_unpack(const ProtobufCMessageDescriptor *descriptor,
                              struct bytes bytes, const struct wire_limits *limits,
                              struct arena *arena, struct faults *faults);
/* Packs into the arena. */
struct bytes wire_pack(const ProtobufCMessage *message, struct arena *arena);

/* One field as it stands on the wire. */
struct wire_field {
    uint32_t number;
    uint32_t type;        /* 0 varint, 1 fixed64, 2 length-delimited, 5 fixed32. */
    uint64_t value;       /* Varint or fixed. */
    struct bytes content; /* Length-delimited. */
    struct bytes whole;   /* The field with its tag. */
};
/* Takes the next field off bytes; false at the end or when damaged (then bytes->size
 * stays > 0). */
bool wire_next(struct bytes *bytes, struct wire_field *field);
/* The last field reached by a path of numbers (0 ends, at most n long); false when
 * there is none. */
bool wire_find(struct bytes bytes, const uint8_t *path, size_t n,
               struct wire_field *field);
/* The same of n_paths paths in one walk, each as long; the number of a field that is
 * not there is 0. false: the bytes are damaged. */
bool wire_find_each(struct bytes bytes, const uint8_t *const *paths, size_t n_paths,
                    size_t n, struct wire_field *fields);
/* Appends a varint to out (at least 10 bytes of room); answers its size. */
size_t wire_varint(uint64_t value, uint8_t *out);

#endif
