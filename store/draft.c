#include "store/draft.h"

#include <string.h>

#include "proto/chain.h"
#include "store/scope.h"
#include "store/split.h"

enum { SALT_SIZE = 16 };

enum status
draft_tail(struct store_reader *reader, struct tail *tail)
{
    const struct store *store = reader->store;
    struct log_entry entry;
    Kontor__V1__Commit *commit;
    *tail = (struct tail){.at_ms = INT64_MIN};
    int64_t first_seq = store->histories[store->n_histories - 1]->first_seq;
    struct arena *arena = arena_new();
    enum status status =
        store->backend->log_until(reader->reader, INT64_MAX, arena, &entry);
    if (status == STATUS_OK) {
        status = store_unpack(reader->store, &entry, arena, &commit);
        if (status == STATUS_OK) {
            tail->seq = commit->seq;
            tail->at_ms = store_time_ms(commit->at);
            memcpy(tail->hash, commit->hash.data, DIGEST_SIZE);
        }
    }
    arena_free(arena);
    /* After a restore the log ends far below where its new history begins. */
    tail->next_seq = tail->seq < first_seq ? first_seq : tail->seq + 1;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

void
draft_follow(struct tail *tail, const Kontor__V1__Commit *commit)
{
    tail->seq = commit->seq;
    tail->next_seq = commit->seq + 1;
    tail->at_ms = store_time_ms(commit->at);
    memcpy(tail->hash, commit->hash.data, DIGEST_SIZE);
}

/* A commit has few documents: comparing each with each costs less than sorting. */
static bool
draft_is_twice(const struct draft *draft, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (draft->changes[i].kind == draft->changes[j].kind &&
            strcmp(draft->changes[i].id, draft->changes[j].id) == 0) {
            return true;
        }
    }
    return false;
}

/* Kinds are compared by address: a row of another table would write to other tables. */
static bool
draft_is_known(const struct store *store, const struct kind *kind)
{
    return kind != NULL && kind_by_name(store->options.kinds, kind->name) == kind;
}

/* What a handler may not ask for, whatever it read: these are our own mistakes, told as
 * INTERNAL, but never written, for the log cannot be mended. */
static bool
draft_change_is_valid(const struct store *store, const struct draft_change *change)
{
    if (!draft_is_known(store, change->kind) || change->id == NULL ||
        change->id[0] == '\0') {
        return false;
    }
    if (!scope_is_valid(change->scope, change->n_scope)) {
        return false;
    }
    if (change->op == KONTOR__V1__CHANGE__OP__DELETE) {
        return change->was > 0 && change->n_scope == 0 && change->doc.size == 0;
    }
    return change->op == KONTOR__V1__CHANGE__OP__PUT ||
           change->op == KONTOR__V1__CHANGE__OP__NOTE;
}

enum status
draft_check_shape(const struct store *store, const struct draft *draft)
{
    if (draft->n_changes > STORE_MAX_CHANGES || draft->n_checks > STORE_MAX_CHECKS) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    for (size_t i = 0; i < draft->n_checks; i++) {
        if (!draft_is_known(store, draft->checks[i].kind)) {
            return STATUS_INTERNAL;
        }
    }
    for (size_t i = 0; i < draft->n_changes; i++) {
        if (!draft_change_is_valid(store, &draft->changes[i]) ||
            draft_is_twice(draft, i)) {
            return STATUS_INTERNAL;
        }
    }
    return draft->n_changes > 0 && draft->actor == NULL ? STATUS_INTERNAL : STATUS_OK;
}

/* The present version, all zero when there is none. */
static enum status
draft_head(struct store_reader *reader, const struct kind *kind, const char *id,
           struct arena *arena, struct version *head)
{
    *head = (struct version){.seq = 0};
    enum status status =
        reader->store->backend->head(reader->reader, kind, id, arena, head);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/*
 * All of concurrency control: what a draft rested on is what is there. It is judged
 * through the open batch, so that two drafts of one batch meet each other too, and
 * heads are kept, for the same version is what is replaced.
 */
enum status
draft_judge(struct store_reader *reader, const struct draft *draft, struct arena *arena,
            struct version *heads)
{
    for (size_t i = 0; i < draft->n_checks; i++) {
        const struct draft_check *check = &draft->checks[i];
        struct version head;
        enum status status = draft_head(reader, check->kind, check->id, arena, &head);
        if (status != STATUS_OK || head.seq != check->revision) {
            return status != STATUS_OK ? status : STATUS_ABORTED;
        }
    }
    for (size_t i = 0; i < draft->n_changes; i++) {
        const struct draft_change *change = &draft->changes[i];
        enum status status =
            draft_head(reader, change->kind, change->id, arena, &heads[i]);
        if (status != STATUS_OK) {
            return status;
        }
        /* A remark needs no say about the version it is made on. */
        bool is_judged = change->op != KONTOR__V1__CHANGE__OP__NOTE || change->was != 0;
        if (is_judged && heads[i].seq != change->was) {
            return STATUS_ABORTED;
        }
    }
    return STATUS_OK;
}

/* A copy, so that the commit may outlive what it was made of. */
static ProtobufCBinaryData
draft_bytes(const void *data, size_t size, struct arena *arena)
{
    return (ProtobufCBinaryData){size, (uint8_t *)arena_copy_n(arena, data, size)};
}

/* protobuf-c has no const: what is borrowed here is only read. */
static char *
draft_text(const char *text)
{
    union {
        const char *from;
        char *to;
    } borrowed = {text};
    return borrowed.to;
}

static Kontor__V1__Check *
draft_build_check(const struct draft_check *check, struct arena *arena)
{
    Kontor__V1__Check *out = arena_alloc(arena, sizeof *out);
    kontor__v1__check__init(out);
    out->kind = draft_text(check->kind->name);
    out->id = draft_text(check->id);
    out->revision = check->revision;
    return out;
}

/* A note is shown to those who saw the document it is about, unless it says otherwise.
 */
static void
draft_scope(Kontor__V1__Change *out, const struct draft_change *change,
            const struct version *head)
{
    bool is_inherited =
        change->op == KONTOR__V1__CHANGE__OP__NOTE && change->n_scope == 0;
    out->scope = is_inherited ? head->scope : change->scope;
    out->n_scope = is_inherited ? head->n_scope : change->n_scope;
    out->scope_was = head->scope;
    out->n_scope_was = head->n_scope;
}

static Kontor__V1__Change *
draft_build_change(struct store *store, const struct draft_change *change,
                   const struct version *head, struct arena *arena)
{
    Kontor__V1__Change *out = arena_alloc(arena, sizeof *out);
    kontor__v1__change__init(out);
    out->kind = draft_text(change->kind->name);
    out->id = draft_text(change->id);
    out->op = change->op;
    out->was = change->was;
    draft_scope(out, change, head);
    /* A removal has nothing to hide; every other document may have to be erased, and a
     * short one could be guessed from a digest without salt. */
    if (change->op != KONTOR__V1__CHANGE__OP__DELETE) {
        out->salt = (ProtobufCBinaryData){SALT_SIZE, arena_alloc(arena, SALT_SIZE)};
        store->options.random(store->options.random_context, out->salt.data, SALT_SIZE);
        out->doc = (ProtobufCBinaryData){
            change->doc.size, (uint8_t *)draft_text((const char *)change->doc.data)};
    }
    out->digest = (ProtobufCBinaryData){DIGEST_SIZE, arena_alloc(arena, DIGEST_SIZE)};
    chain_digest(out, out->digest.data);
    return out;
}

static void
draft_build_lists(struct store *store, const struct draft *draft,
                  const struct version *heads, struct arena *arena,
                  Kontor__V1__Commit *commit)
{
    commit->n_checks = draft->n_checks;
    commit->checks = arena_alloc(arena, draft->n_checks * sizeof(void *));
    for (size_t i = 0; i < draft->n_checks; i++) {
        commit->checks[i] = draft_build_check(&draft->checks[i], arena);
    }
    commit->n_changes = draft->n_changes;
    commit->changes = arena_alloc(arena, draft->n_changes * sizeof(void *));
    for (size_t i = 0; i < draft->n_changes; i++) {
        commit->changes[i] =
            draft_build_change(store, &draft->changes[i], &heads[i], arena);
    }
}

/* A draft without an idempotency key gets one that nobody can meet again. */
static void
draft_eid(struct store *store, const struct draft *draft, uint8_t eid[STORE_EID_SIZE])
{
    if (draft_has_eid(draft)) {
        memcpy(eid, draft->eid, STORE_EID_SIZE);
        return;
    }
    store->options.random(store->options.random_context, eid, STORE_EID_SIZE);
}

Kontor__V1__Commit *
draft_commit(struct store *store, const struct draft *draft,
             const struct version *heads, const struct tail *tail, struct arena *arena)
{
    uint8_t eid[STORE_EID_SIZE];
    int64_t now_ms = store->options.now_ms(store->options.now_context);
    Kontor__V1__Commit *commit = arena_alloc(arena, sizeof *commit);
    kontor__v1__commit__init(commit);
    draft_eid(store, draft, eid);
    /* The clock of the machine may run back; the log's never does. */
    commit->seq = tail->next_seq;
    commit->at = store_timestamp(now_ms > tail->at_ms ? now_ms : tail->at_ms, arena);
    commit->eid = draft_bytes(eid, STORE_EID_SIZE, arena);
    if (draft->has_request) {
        commit->request = draft_bytes(draft->request, STORE_HASH_SIZE, arena);
    }
    commit->actor = draft_text(draft->actor);
    commit->prev = draft_bytes(tail->hash, DIGEST_SIZE, arena);
    draft_build_lists(store, draft, heads, arena, commit);
    /* Last: it covers all of the above. */
    commit->hash = (ProtobufCBinaryData){DIGEST_SIZE, arena_alloc(arena, DIGEST_SIZE)};
    chain_hash(commit, arena, commit->hash.data);
    return commit;
}

/* Whoever sends a key again with another request is refused: its answer would be that
 * of something nobody asked for now. */
bool
draft_is_same_request(const struct draft *draft, const Kontor__V1__Commit *commit)
{
    if (!draft->has_request) {
        return commit->request.len == 0;
    }
    return commit->request.len == STORE_HASH_SIZE &&
           memcmp(commit->request.data, draft->request, STORE_HASH_SIZE) == 0;
}

bool
draft_has_eid(const struct draft *draft)
{
    static const uint8_t none[STORE_EID_SIZE];
    return memcmp(draft->eid, none, STORE_EID_SIZE) != 0;
}
