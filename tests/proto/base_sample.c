#include "tests/proto/base_sample.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base_sum.h"
#include "proto/chain.h"
#include "tests/proto/commit_sample.h"

static Google__Protobuf__Timestamp *
time_of(struct arena *arena, int64_t seconds)
{
    Google__Protobuf__Timestamp *time = arena_alloc(arena, sizeof *time);
    google__protobuf__timestamp__init(time);
    time->seconds = 1700000000 + seconds;
    return time;
}

static Kontor__V1__BaseDocument *
document_of(struct arena *arena, size_t i)
{
    Kontor__V1__BaseDocument *document = arena_alloc(arena, sizeof *document);
    Kontor__V1__Change change = KONTOR__V1__CHANGE__INIT;
    kontor__v1__base_document__init(document);
    document->kind = arena_copy(arena, "service");
    document->id = arena_print(arena, "acme/%03zu", i);
    document->revision = 1 + (int64_t)i % 5;
    document->created_at = time_of(arena, 0);
    document->updated_at = time_of(arena, 1);
    document->n_scope = 2;
    document->scope = arena_alloc(arena, 2 * sizeof(char *));
    document->scope[0] = arena_copy(arena, "=r:acme");
    document->scope[1] = arena_copy(arena, "~*");
    document->salt = commit_bytes(arena, 7, 16);
    document->doc = commit_bytes(arena, 'd', 20);
    change.op = KONTOR__V1__CHANGE__OP__PUT;
    change.salt = document->salt;
    change.doc = document->doc;
    document->digest = commit_bytes(arena, 0, DIGEST_SIZE);
    chain_digest(&change, document->digest.data);
    return document;
}

void
base_sample_seal(struct arena *arena, struct base_sample *sample)
{
    struct base_sum sum = {.arena = arena};
    if (base_sum_begin(&sum, sample->base) != NULL) {
        abort();
    }
    for (size_t i = 0; i < sample->n_documents; i++) {
        if (base_sum_add(&sum, sample->documents[i], arena) != NULL) {
            abort();
        }
    }
    sample->base->documents = sum.n_documents;
    memcpy(sample->base->digest.data, sum.digest, DIGEST_SIZE);
}

struct base_sample
base_sample(struct arena *arena, int64_t seq, const uint8_t *hash, size_t n)
{
    struct base_sample sample = {.n_documents = n};
    sample.base = arena_alloc(arena, sizeof *sample.base);
    kontor__v1__base__init(sample.base);
    sample.base->seq = seq;
    sample.base->at = time_of(arena, 2);
    sample.base->hash = commit_bytes(arena, 0, DIGEST_SIZE);
    memcpy(sample.base->hash.data, hash, DIGEST_SIZE);
    sample.base->digest = commit_bytes(arena, 0, DIGEST_SIZE);
    sample.documents = arena_alloc(arena, (n + 1) * sizeof(void *));
    for (size_t i = 0; i < n; i++) {
        sample.documents[i] = document_of(arena, i);
    }
    base_sample_seal(arena, &sample);
    return sample;
}
