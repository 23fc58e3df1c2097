/*
 * A base with its documents, whole and summed, for tests to break.
 *
 * Memory: the arena. Errors: none. Threads: one.
 */
#ifndef KONTOR_TESTS_BASE_SAMPLE_H
#define KONTOR_TESTS_BASE_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "kontor/v1/commit.pb-c.h"
#include "proto/arena.h"

struct base_sample {
    Kontor__V1__Base *base;
    Kontor__V1__BaseDocument **documents; /* "service acme/001" and so on. */
    size_t n_documents;
};

/* n documents, up to 999, as of a position whose commit has this hash. */
struct base_sample base_sample(struct arena *arena, int64_t seq, const uint8_t *hash,
                               size_t n);
/* Computes its count and digest again. */
void base_sample_seal(struct arena *arena, struct base_sample *sample);

#endif
