/*
 * The envelope of a record: fields 1 to 4 (id, revision, created_at, updated_at), which
 * are never stored in a document but come from where it stands in the log.
 *
 * Memory: results live in the arena. Errors: NULL for damaged bytes. Threads: any.
 */
#ifndef KONTOR_SERVER_RPC_ENVELOPE_H
#define KONTOR_SERVER_RPC_ENVELOPE_H

#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "proto/arena.h"
#include "proto/bytes.h"
#include "store/kind.h"

struct envelope {
    const char *id;
    int64_t revision;
    int64_t created_at_ms; /* INT64_MIN = not known: the field stays absent. */
    int64_t updated_at_ms; /* As created_at_ms. */
};

/* A record out of the bytes of its document, with its envelope; NULL when damaged. */
ProtobufCMessage *envelope_unpack(const struct kind *kind, struct bytes doc,
                                  const struct envelope *envelope, struct arena *arena);
/* A record to be packed and nothing else: its envelope is set, and the document stands
 * behind it as it is, for nothing is gained by taking it apart; NULL when damaged. */
ProtobufCMessage *envelope_wrap(const struct kind *kind, struct bytes doc,
                                const struct envelope *envelope, struct arena *arena);
/* Wire bytes of the envelope alone, to stand beside those of the document. */
struct bytes envelope_pack(const struct envelope *envelope, struct arena *arena);
/* Wire bytes of a record without its envelope: what a document is. */
struct bytes envelope_strip(const ProtobufCMessage *record, struct arena *arena);

#endif
