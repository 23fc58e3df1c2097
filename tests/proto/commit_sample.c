#include "tests/proto/commit_sample.h"

#include <string.h>

#include "proto/chain.h"

ProtobufCBinaryData
commit_bytes(struct arena *arena, uint8_t with, size_t size)
{
    uint8_t *data = arena_alloc(arena, size + 1);
    memset(data, with, size);
    return (ProtobufCBinaryData){size, data};
}

static Kontor__V1__Change *
new_change(struct arena *arena, const char *id, Kontor__V1__Change__Op op)
{
    Kontor__V1__Change *change = arena_alloc(arena, sizeof *change);
    kontor__v1__change__init(change);
    change->kind = arena_copy(arena, "service");
    change->id = arena_copy(arena, id);
    change->op = op;
    change->was = 3;
    change->n_scope_was = 1;
    change->scope_was = arena_alloc(arena, 2 * sizeof(char *));
    change->scope_was[0] = arena_copy(arena, "=r:acme");
    change->digest = commit_bytes(arena, 0, DIGEST_SIZE);
    if (op == KONTOR__V1__CHANGE__OP__DELETE) {
        return change;
    }
    change->n_scope = 2;
    change->scope = arena_alloc(arena, 2 * sizeof(char *));
    change->scope[0] = arena_copy(arena, "~*");
    change->scope[1] = arena_copy(arena, "=r:acme");
    change->salt = commit_bytes(arena, 7, 16);
    change->doc = commit_bytes(arena, 'd', 20);
    chain_digest(change, change->digest.data);
    return change;
}

static Kontor__V1__Check *
new_check(struct arena *arena, const char *id, int64_t revision)
{
    Kontor__V1__Check *check = arena_alloc(arena, sizeof *check);
    kontor__v1__check__init(check);
    check->kind = arena_copy(arena, "provider");
    check->id = arena_copy(arena, id);
    check->revision = revision;
    return check;
}

void
commit_seal(struct arena *arena, Kontor__V1__Commit *commit)
{
    chain_hash(commit, arena, commit->hash.data);
}

Kontor__V1__Commit *
commit_sample(struct arena *arena, int64_t seq, const uint8_t *prev)
{
    Kontor__V1__Commit *commit = arena_alloc(arena, sizeof *commit);
    kontor__v1__commit__init(commit);
    commit->seq = seq;
    commit->at = arena_alloc(arena, sizeof *commit->at);
    google__protobuf__timestamp__init(commit->at);
    commit->at->seconds = 1700000000;
    commit->at->nanos = 250000000;
    commit->eid = commit_bytes(arena, 1, 16);
    commit->request = commit_bytes(arena, 2, DIGEST_SIZE);
    commit->actor = arena_copy(arena, "acme/portal");
    commit->prev = commit_bytes(arena, 0, DIGEST_SIZE);
    if (prev != NULL) {
        memcpy(commit->prev.data, prev, DIGEST_SIZE);
    }
    commit->hash = commit_bytes(arena, 0, DIGEST_SIZE);
    commit->n_checks = 2;
    commit->checks = arena_alloc(arena, 2 * sizeof(void *));
    commit->checks[0] = new_check(arena, "acme/b", 9);
    commit->checks[1] = new_check(arena, "acme/a", 0);
    commit->n_changes = 3;
    commit->changes = arena_alloc(arena, 3 * sizeof(void *));
    commit->changes[0] = new_change(arena, "acme/2", KONTOR__V1__CHANGE__OP__PUT);
    commit->changes[1] = new_change(arena, "acme/1", KONTOR__V1__CHANGE__OP__NOTE);
    commit->changes[2] = new_change(arena, "acme/3", KONTOR__V1__CHANGE__OP__DELETE);
    commit_seal(arena, commit);
    return commit;
}
