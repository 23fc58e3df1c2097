#include "proto/base_sum.h"

#include <string.h>

#include "proto/chain.h"

enum { SALT_SIZE = 16, MS_IN_NS = 1000000, SECOND_IN_MS = 1000 };

/* The format of the digest; another format gets another name. */
static const char format_name[] = "kontor-base1";

/* As in the chain: milliseconds are all that is kept, and all that is hashed. */
static bool
is_time(const Google__Protobuf__Timestamp *time)
{
    return time != NULL && time->nanos >= 0 && time->nanos % MS_IN_NS == 0 &&
           time->base.n_unknown_fields == 0;
}

static int64_t
time_ms(const Google__Protobuf__Timestamp *time)
{
    uint64_t ms = (uint64_t)time->seconds * SECOND_IN_MS;
    return (int64_t)(ms + (uint64_t)(time->nanos / MS_IN_NS));
}

const char *
base_sum_begin(struct base_sum *sum, const Kontor__V1__Base *base)
{
    if (base->seq < 1 || base->hash.len != DIGEST_SIZE || !is_time(base->at) ||
        base->base.n_unknown_fields > 0) {
        return "its base has no position, no hash or no time";
    }
    struct digest *digest = digest_new(sum->arena);
    digest_add_text(digest, format_name);
    digest_add_int(digest, base->seq);
    digest_add_int(digest, time_ms(base->at));
    digest_add_sized(digest, base->hash.data, base->hash.len);
    digest_end(digest, sum->digest);
    sum->seq = base->seq;
    sum->n_documents = 0;
    sum->last = NULL;
    sum->room = 0;
    return NULL;
}

bool
base_sum_is_erased(const Kontor__V1__BaseDocument *document)
{
    return document->salt.len == 0 && document->doc.len == 0;
}

const char *
base_sum_last_id(const struct base_sum *sum)
{
    return sum->last + strlen(sum->last) + 1;
}

/* A document is in once: what comes again could say something else. */
static bool
is_behind(const struct base_sum *sum, const Kontor__V1__BaseDocument *document)
{
    if (sum->last == NULL) {
        return true;
    }
    int order = strcmp(document->kind, sum->last);
    return order != 0 ? order > 0 : strcmp(document->id, base_sum_last_id(sum)) > 0;
}

static void
keep_key(struct base_sum *sum, const Kontor__V1__BaseDocument *document)
{
    size_t n_kind = strlen(document->kind) + 1;
    size_t n_id = strlen(document->id) + 1;
    if (n_kind + n_id > sum->room) {
        sum->room = 2 * (n_kind + n_id);
        sum->last = arena_alloc(sum->arena, sum->room);
    }
    memcpy(sum->last, document->kind, n_kind);
    memcpy(sum->last + n_kind, document->id, n_id);
}

/* What the digest does not cover must not say anything. */
static const char *
judge_shape(const struct base_sum *sum, const Kontor__V1__BaseDocument *document)
{
    if (document->base.n_unknown_fields > 0) {
        return "it holds a field this version does not know";
    }
    if (document->revision < 1 || document->revision > sum->seq ||
        document->id[0] == '\0') {
        return "it has no id, or a revision that cannot be";
    }
    if (!is_time(document->created_at) || !is_time(document->updated_at)) {
        return "a time is missing or not in whole milliseconds";
    }
    return is_behind(sum, document) ? NULL : "it is out of order";
}

/* By the rules of the change that wrote it. */
static const char *
judge_content(const Kontor__V1__BaseDocument *document)
{
    Kontor__V1__Change change = KONTOR__V1__CHANGE__INIT;
    uint8_t digest[DIGEST_SIZE];
    change.op = KONTOR__V1__CHANGE__OP__PUT;
    change.salt = document->salt;
    change.doc = document->doc;
    if (document->digest.len != DIGEST_SIZE) {
        return "its digest is missing";
    }
    if (base_sum_is_erased(document)) {
        return NULL;
    }
    if (document->salt.len != SALT_SIZE) {
        return "its salt is not 16 bytes";
    }
    chain_digest(&change, digest);
    return memcmp(document->digest.data, digest, DIGEST_SIZE) == 0
               ? NULL
               : "its content does not fit its digest";
}

static void
add_document(struct base_sum *sum, const Kontor__V1__BaseDocument *document,
             struct arena *arena)
{
    struct digest *digest = digest_new(arena);
    digest_add(digest, sum->digest, DIGEST_SIZE);
    digest_add_text(digest, document->kind);
    digest_add_text(digest, document->id);
    digest_add_int(digest, document->revision);
    digest_add_int(digest, time_ms(document->created_at));
    digest_add_int(digest, time_ms(document->updated_at));
    digest_add_int(digest, (int64_t)document->n_scope);
    for (size_t i = 0; i < document->n_scope; i++) {
        digest_add_text(digest, document->scope[i]);
    }
    digest_add_sized(digest, document->digest.data, document->digest.len);
    digest_end(digest, sum->digest);
    sum->n_documents++;
}

const char *
base_sum_add(struct base_sum *sum, const Kontor__V1__BaseDocument *document,
             struct arena *arena)
{
    const char *wrong = judge_shape(sum, document);
    if (wrong == NULL) {
        wrong = judge_content(document);
    }
    if (wrong != NULL) {
        return arena_print(sum->arena, "the base: %s %s: %s", document->kind,
                           document->id, wrong);
    }
    add_document(sum, document, arena);
    keep_key(sum, document);
    return NULL;
}

const char *
base_sum_end(const struct base_sum *sum, const Kontor__V1__Base *base)
{
    if (sum->n_documents != base->documents) {
        return arena_print(sum->arena,
                           "the base has %lld documents, but %lld are there",
                           (long long)base->documents, (long long)sum->n_documents);
    }
    bool is_same = base->digest.len == DIGEST_SIZE &&
                   memcmp(base->digest.data, sum->digest, DIGEST_SIZE) == 0;
    return is_same ? NULL : "the digest of the base is not that of its documents";
}
