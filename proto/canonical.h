/*
 * The canonical form of a message: the bytes that hashes of requests and offers are
 * taken over. STORE design.
 *
 * A run of (number, wire type, value), each number 8 bytes big-endian; texts, bytes and
 * messages as their size in 8 bytes, then themselves; other values as 8 bytes. Unknown
 * fields follow, their bytes as they came.
 *
 * Memory: canonical_form takes, canonical_free gives back. Errors: abort when out of
 * memory. Threads: any.
 */
#ifndef KONTOR_PROTO_CANONICAL_H
#define KONTOR_PROTO_CANONICAL_H

#include <protobuf-c/protobuf-c.h>

#include "proto/bytes.h"

/* The form without the top-level fields named in skip, which ends with NULL or is NULL.
 */
struct bytes canonical_form(const ProtobufCMessage *message, const char *const *skip);
void canonical_free(struct bytes form);

#endif
