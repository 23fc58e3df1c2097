/*
 * A commit with two checks and a change of each kind, sealed, for tests to break.
 *
 * Memory: the arena. Errors: none. Threads: one.
 */
#ifndef KONTOR_TESTS_COMMIT_SAMPLE_H
#define KONTOR_TESTS_COMMIT_SAMPLE_H

#include <stdint.h>

#include "kontor/v1/commit.pb-c.h"
#include "proto/arena.h"

/* A good commit that follows the one with hash prev; NULL: the first. */
Kontor__V1__Commit *commit_sample(struct arena *arena, int64_t seq,
                                  const uint8_t *prev);
/* Computes its hash again. */
void commit_seal(struct arena *arena, Kontor__V1__Commit *commit);
/* size times the same byte. */
ProtobufCBinaryData commit_bytes(struct arena *arena, uint8_t with, size_t size);

#endif
