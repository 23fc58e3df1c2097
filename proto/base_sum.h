/*
 * The sum of a base: judges its documents one after another and holds them against its
 * digest; or makes that. STORE design, "Life of the log".
 *
 * The digest is SHA-256 again and again: first over 'kontor-base1', seq, at and hash of
 * the base, then over the digest so far and, of each document, kind, id, revision,
 * created_at, updated_at, scope and digest; numbers big-endian, texts and lists with
 * their length before them. Salt and document are in it by their own digest, so that an
 * erasure leaves it as it was.
 *
 * Memory: the arena given. Errors: a text. Threads: one at a time.
 */
#ifndef KONTOR_PROTO_BASE_SUM_H
#define KONTOR_PROTO_BASE_SUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kontor/v1/commit.pb-c.h"
#include "proto/arena.h"
#include "proto/digest.h"

/* Set arena; all else is base_sum_begin's. */
struct base_sum {
    struct arena *arena; /* Keeps the last key and the texts. */
    int64_t seq;
    int64_t n_documents;
    uint8_t digest[DIGEST_SIZE]; /* Of what was added so far. */
    char *last;                  /* Kind, NUL, id, NUL; NULL = none yet. */
    size_t room;
};

/* The base says where it stands; digest and documents do not count yet. NULL, or what
 * is wrong with it. */
const char *base_sum_begin(struct base_sum *sum, const Kontor__V1__Base *base);
/* Judges the next document: its order, its shape, its digest unless it was erased; and
 * adds it. arena is scratch. NULL, or what is wrong. */
const char *base_sum_add(struct base_sum *sum, const Kontor__V1__BaseDocument *document,
                         struct arena *arena);
/* NULL when the documents that were added are those of the base. */
const char *base_sum_end(const struct base_sum *sum, const Kontor__V1__Base *base);
/* The id of the document added last; one was. Its kind is sum->last. */
const char *base_sum_last_id(const struct base_sum *sum);
/* Whether a document of a base lost its salt and content to an erasure. */
bool base_sum_is_erased(const Kontor__V1__BaseDocument *document);

#endif
