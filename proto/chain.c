#include "proto/chain.h"

#include <stdlib.h>
#include <string.h>

enum { SALT_SIZE = 16, MS_IN_NS = 1000000, SECOND_IN_MS = 1000 };

/* The format of the hash; another format gets another name. */
static const char format_name[] = "kontor1";

static const uint8_t zeros[DIGEST_SIZE];

void
chain_digest(const Kontor__V1__Change *change, uint8_t out[DIGEST_SIZE])
{
    if (change->op == KONTOR__V1__CHANGE__OP__DELETE) {
        memset(out, 0, DIGEST_SIZE);
        return;
    }
    size_t size = change->salt.len + change->doc.len;
    /* The salt comes first and has a fixed size, so no other pair of salt and document
     * makes the same bytes. Without it somebody could guess an erased document, a name
     * say, and prove the guess by its digest. */
    uint8_t *both = malloc(size + 1);
    if (both == NULL) {
        abort();
    }
    if (change->salt.len > 0) {
        memcpy(both, change->salt.data, change->salt.len);
    }
    if (change->doc.len > 0) {
        memcpy(both + change->salt.len, change->doc.data, change->doc.len);
    }
    digest_of(both, size, out);
    free(both);
}

/* What only would be written has no salt either, but no digest yet. */
bool
chain_is_erased(const Kontor__V1__Change *change)
{
    return change->op != KONTOR__V1__CHANGE__OP__DELETE && change->salt.len == 0 &&
           change->doc.len == 0 && change->digest.len == DIGEST_SIZE;
}

/* The lists of a commit have no order that means anything, so the hash sees them
 * sorted: it is the same whatever wrote them, another backend or another version. */
static int
compare_documents(const char *kind_a, const char *id_a, const char *kind_b,
                  const char *id_b)
{
    int order = strcmp(kind_a, kind_b);
    return order != 0 ? order : strcmp(id_a, id_b);
}

static int
compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
compare_checks(const void *left, const void *right)
{
    const Kontor__V1__Check *a = *(Kontor__V1__Check *const *)left;
    const Kontor__V1__Check *b = *(Kontor__V1__Check *const *)right;
    int order = compare_documents(a->kind, a->id, b->kind, b->id);
    return order != 0 ? order
                      : (a->revision > b->revision) - (a->revision < b->revision);
}

static int
compare_changes(const void *left, const void *right)
{
    const Kontor__V1__Change *a = *(Kontor__V1__Change *const *)left;
    const Kontor__V1__Change *b = *(Kontor__V1__Change *const *)right;
    return compare_documents(a->kind, a->id, b->kind, b->id);
}

/* A sorted copy of a list of pointers; the message keeps its own order. */
static void *
sorted(struct arena *arena, const void *list, size_t n,
       int (*compare)(const void *, const void *))
{
    void *copy = arena_alloc(arena, n * sizeof(void *));
    if (n > 0) {
        memcpy(copy, list, n * sizeof(void *));
        qsort(copy, n, sizeof(void *), compare);
    }
    return copy;
}

/* Everything goes in with its length before it: the end of one field must never pass
 * for the beginning of the next. */
static void
add_bytes(struct digest *digest, ProtobufCBinaryData bytes)
{
    digest_add_sized(digest, bytes.data, bytes.len);
}

static void
add_texts(struct digest *digest, char *const *texts, size_t n, struct arena *arena)
{
    char **list = sorted(arena, texts, n, compare_texts);
    digest_add_int(digest, (int64_t)n);
    for (size_t i = 0; i < n; i++) {
        digest_add_text(digest, list[i]);
    }
}

static void
add_checks(struct digest *digest, const Kontor__V1__Commit *commit, struct arena *arena)
{
    Kontor__V1__Check **list =
        sorted(arena, commit->checks, commit->n_checks, compare_checks);
    digest_add_int(digest, (int64_t)commit->n_checks);
    for (size_t i = 0; i < commit->n_checks; i++) {
        digest_add_text(digest, list[i]->kind);
        digest_add_text(digest, list[i]->id);
        digest_add_int(digest, list[i]->revision);
    }
}

static void
add_changes(struct digest *digest, const Kontor__V1__Commit *commit,
            struct arena *arena)
{
    Kontor__V1__Change **list =
        sorted(arena, commit->changes, commit->n_changes, compare_changes);
    digest_add_int(digest, (int64_t)commit->n_changes);
    for (size_t i = 0; i < commit->n_changes; i++) {
        const Kontor__V1__Change *change = list[i];
        digest_add_text(digest, change->kind);
        digest_add_text(digest, change->id);
        digest_add_int(digest, change->op);
        digest_add_int(digest, change->was);
        add_texts(digest, change->scope, change->n_scope, arena);
        add_texts(digest, change->scope_was, change->n_scope_was, arena);
        add_bytes(digest, change->digest);
    }
}

static int64_t
at_ms(const Kontor__V1__Commit *commit)
{
    if (commit->at == NULL) {
        return 0;
    }
    /* Damaged seconds may overflow; the unsigned product wraps and the hash will
     * differ. */
    uint64_t ms = (uint64_t)commit->at->seconds * SECOND_IN_MS;
    return (int64_t)(ms + (uint64_t)(commit->at->nanos / MS_IN_NS));
}

void
chain_hash(const Kontor__V1__Commit *commit, struct arena *arena,
           uint8_t out[DIGEST_SIZE])
{
    struct digest *digest = digest_new(arena);
    /* The documents are in by their digests alone, so one can be erased, as the law may
     * ask, and the chain still holds. */
    digest_add_text(digest, format_name);
    add_bytes(digest, commit->prev);
    digest_add_int(digest, commit->seq);
    digest_add_int(digest, at_ms(commit));
    add_bytes(digest, commit->eid);
    add_bytes(digest, commit->request);
    digest_add_text(digest, commit->actor);
    add_checks(digest, commit, arena);
    add_changes(digest, commit, arena);
    digest_end(digest, out);
}

static bool
is_digest(ProtobufCBinaryData bytes, const uint8_t expected[DIGEST_SIZE])
{
    return bytes.len == DIGEST_SIZE && memcmp(bytes.data, expected, DIGEST_SIZE) == 0;
}

/* Whether a commit may come next, as its number goes. */
static bool
does_follow(const struct chain *chain, int64_t seq,
            Kontor__V1__History *const *histories, size_t n_histories)
{
    if (seq == chain->seq + 1) {
        return true;
    }
    /* Numbers are dense but where a restore began a new history above all that the lost
     * past may have used. */
    for (size_t i = 0; i < n_histories; i++) {
        if (histories[i]->first_seq == seq &&
            histories[i]->last_common_seq == chain->seq) {
            return seq > chain->seq;
        }
    }
    return false;
}

/* What the hash does not cover must not say anything. */
static const char *
judge_shape(const Kontor__V1__Commit *commit)
{
    if (commit->base.n_unknown_fields > 0) {
        return "it holds a field this version does not know";
    }
    /* The hash covers milliseconds, so a finer time could be changed unseen. */
    if (commit->at == NULL || commit->at->nanos < 0 ||
        commit->at->nanos % MS_IN_NS != 0 || commit->at->base.n_unknown_fields > 0) {
        return "its time is missing or not in whole milliseconds";
    }
    for (size_t i = 0; i < commit->n_checks; i++) {
        if (commit->checks[i]->base.n_unknown_fields > 0) {
            return "a check holds a field this version does not know";
        }
    }
    return NULL;
}

static const char *
judge_delete(const Kontor__V1__Change *change)
{
    if (change->doc.len > 0 || change->salt.len > 0 || change->n_scope > 0) {
        return "a removal carries a document, a salt or a scope";
    }
    return is_digest(change->digest, zeros) ? NULL
                                            : "the digest of a removal is not zero";
}

/* A change without salt and document was erased: its digest still stands in the chain.
 */
static const char *
judge_change(const Kontor__V1__Change *change)
{
    if (change->base.n_unknown_fields > 0) {
        return "it holds a field this version does not know";
    }
    if (change->op == KONTOR__V1__CHANGE__OP__DELETE) {
        return judge_delete(change);
    }
    if (chain_is_erased(change)) {
        return NULL;
    }
    if (change->salt.len == 0 && change->doc.len == 0) {
        return "its digest is missing";
    }
    if (change->salt.len != SALT_SIZE) {
        return "its salt is not 16 bytes";
    }
    uint8_t digest[DIGEST_SIZE];
    chain_digest(change, digest);
    return is_digest(change->digest, digest) ? NULL
                                             : "its document does not fit its digest";
}

static const char *
judge_changes(const Kontor__V1__Commit *commit, struct arena *arena)
{
    for (size_t i = 0; i < commit->n_changes; i++) {
        const Kontor__V1__Change *change = commit->changes[i];
        const char *wrong = judge_change(change);
        if (wrong != NULL) {
            return arena_print(arena, "commit %lld: change of %s %s: %s",
                               (long long)commit->seq, change->kind, change->id, wrong);
        }
    }
    Kontor__V1__Change **list =
        sorted(arena, commit->changes, commit->n_changes, compare_changes);
    /* A document written twice in one commit would have two contents at one position.
     */
    for (size_t i = 1; i < commit->n_changes; i++) {
        if (compare_changes(&list[i - 1], &list[i]) == 0) {
            return arena_print(arena, "commit %lld: %s %s is in it twice",
                               (long long)commit->seq, list[i]->kind, list[i]->id);
        }
    }
    return NULL;
}

const char *
chain_check(struct chain *chain, const Kontor__V1__Commit *commit,
            Kontor__V1__History *const *histories, size_t n_histories,
            struct arena *arena)
{
    long long seq = commit->seq;
    if (!does_follow(chain, commit->seq, histories, n_histories)) {
        return arena_print(arena, "commit %lld: it does not follow %lld", seq,
                           (long long)chain->seq);
    }
    if (!is_digest(commit->prev, chain->hash)) {
        return arena_print(arena, "commit %lld: prev is not the hash of commit %lld",
                           seq, (long long)chain->seq);
    }
    const char *wrong = judge_shape(commit);
    if (wrong != NULL) {
        return arena_print(arena, "commit %lld: %s", seq, wrong);
    }
    uint8_t hash[DIGEST_SIZE];
    chain_hash(commit, arena, hash);
    if (!is_digest(commit->hash, hash)) {
        return arena_print(arena, "commit %lld: its hash does not fit its content",
                           seq);
    }
    wrong = judge_changes(commit, arena);
    if (wrong != NULL) {
        return wrong;
    }
    /* Only what is whole moves the chain on: after a fault it still names the last good
     * position. */
    chain->seq = commit->seq;
    memcpy(chain->hash, hash, DIGEST_SIZE);
    return NULL;
}
