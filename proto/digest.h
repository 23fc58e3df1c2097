/*
 * Digests: SHA-256, the canonical form of a message, idempotency keys. The only door to
 * OpenSSL's digests.
 *
 * Memory: results go where the caller says. Errors: abort when OpenSSL itself fails
 * (out of memory). Threads: any.
 */
#ifndef KONTOR_PROTO_DIGEST_H
#define KONTOR_PROTO_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "proto/arena.h"
#include "proto/bytes.h"

enum { DIGEST_SIZE = 32 };

struct digest;

/* A running SHA-256 in the arena. */
struct digest *digest_new(struct arena *arena);
void digest_add(struct digest *digest, const void *data, size_t size);
/* Adds a big-endian number of 8 bytes. */
void digest_add_int(struct digest *digest, int64_t number);
/* Adds the size as 8 bytes big-endian, then the bytes. */
void digest_add_sized(struct digest *digest, const void *data, size_t size);
/* Adds a text as digest_add_sized does. */
void digest_add_text(struct digest *digest, const char *text);
/* Ends it; the digest can be used no more. */
void digest_end(struct digest *digest, uint8_t out[DIGEST_SIZE]);

/* SHA-256 of some bytes. */
void digest_of(const void *data, size_t size, uint8_t out[DIGEST_SIZE]);
/* 64 lower-case hexadecimal digits of a digest, in the arena. */
char *digest_hex(struct arena *arena, const uint8_t digest[DIGEST_SIZE]);

/*
 * SHA-256 of a message in canonical form (STORE design): fields in number order,
 * recursively, as (number, wire type, value), texts and messages length-prefixed;
 * absent fields and defaults without presence skipped; repeated in order; unknown
 * fields after the known ones by number. Top-level fields named in skip (NULL-ended;
 * may be NULL) are left out.
 */
void digest_message(const ProtobufCMessage *message, const char *const *skip,
                    uint8_t out[DIGEST_SIZE]);
/* The skip list of requests: request_id, validate_only, expected_revision. */
extern const char *const digest_request_skip[];

/* Idempotency key: first 16 bytes of SHA-256(principal, method, request_id, n),
 * length-prefixed. */
void digest_eid(const char *principal, const char *method, const char *request_id,
                size_t record, uint8_t out[16]);

#endif
