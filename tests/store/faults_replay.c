/* The log played again in memory: every decision is held against what it must have
 * seen. */
#include "tests/store/faults_work.h"

#include <stdlib.h>
#include <string.h>

#include "proto/wire.h"

enum { N_DOCUMENTS = 512, TEXT_SIZE = 32, FIELD_NAME = 5, FIELD_RANK = 6 };

/* A document that was there once. */
struct seen {
    char kind[TEXT_SIZE];
    char id[TEXT_SIZE];
    char name[TEXT_SIZE];
    int64_t revision; /* 0: it is removed. */
    int64_t rank;
};

struct replay {
    uint64_t seed;
    struct seen seen[N_DOCUMENTS];
    size_t n_seen;
};

struct replay *
replay_new(uint64_t seed)
{
    struct replay *replay = calloc(1, sizeof *replay);
    if (replay == NULL) {
        abort();
    }
    replay->seed = seed;
    return replay;
}

void
replay_free(struct replay *replay)
{
    free(replay);
}

static void
copy_text(char out[TEXT_SIZE], const void *text, size_t size)
{
    size = size < TEXT_SIZE ? size : TEXT_SIZE - 1;
    memcpy(out, text, size);
    out[size] = '\0';
}

static struct seen *
replay_find(struct replay *replay, const char *kind, const char *id)
{
    for (size_t i = 0; i < replay->n_seen; i++) {
        struct seen *seen = &replay->seen[i];
        if (strcmp(seen->kind, kind) == 0 && strcmp(seen->id, id) == 0) {
            return seen;
        }
    }
    if (replay->n_seen == N_DOCUMENTS) {
        abort();
    }
    struct seen *seen = &replay->seen[replay->n_seen++];
    copy_text(seen->kind, kind, strlen(kind));
    copy_text(seen->id, id, strlen(id));
    return seen;
}

static int64_t
change_rank(const Kontor__V1__Change *change)
{
    struct wire_field field;
    struct bytes doc = {change->doc.data, change->doc.len};
    bool is_there = wire_find(doc, (const uint8_t[]){FIELD_RANK}, 1, &field);
    return is_there ? (int64_t)field.value : -1;
}

static int64_t
count_named(const struct replay *replay, const char *name)
{
    int64_t n = 0;
    for (size_t i = 0; i < replay->n_seen; i++) {
        n += replay->seen[i].revision != 0 && strcmp(replay->seen[i].name, name) == 0
                 ? 1
                 : 0;
    }
    return n;
}

/* ---- What each work must have seen ---- */

static const char *
judge_paper(struct replay *replay, const Kontor__V1__Commit *commit, size_t caller)
{
    (void)replay;
    (void)caller;
    return commit->n_changes == 1 && commit->changes[0]->was == 0
               ? NULL
               : "a paper of its own is not new";
}

static const char *
judge_shared(struct replay *replay, const Kontor__V1__Commit *commit, size_t caller)
{
    (void)caller;
    const Kontor__V1__Change *change = commit->changes[0];
    const struct seen *seen = replay_find(replay, change->kind, change->id);
    int64_t rank = seen->revision == 0 ? 0 : seen->rank;
    return change_rank(change) == rank + 1 ? NULL : "a count is not one more";
}

static const char *
judge_stock(struct replay *replay, const Kontor__V1__Commit *commit, size_t caller)
{
    (void)caller;
    const Kontor__V1__Change *change = commit->changes[0];
    const struct seen *seen = replay_find(replay, change->kind, change->id);
    int64_t left = seen->revision == 0 ? WORK_STOCK_SIZE : seen->rank;
    bool is_right = commit->n_changes == 2 && commit->n_checks == 1 && left > 0 &&
                    change_rank(change) == left - 1;
    return is_right ? NULL : "a stock is not one less";
}

static const char *
judge_soft(struct replay *replay, const Kontor__V1__Commit *commit, size_t caller)
{
    (void)replay;
    (void)commit;
    (void)caller;
    return "a soft number made a commit";
}

static const char *
judge_cycle(struct replay *replay, const Kontor__V1__Commit *commit, size_t caller)
{
    (void)caller;
    for (size_t i = 0; i < commit->n_changes; i++) {
        const Kontor__V1__Change *change = commit->changes[i];
        const struct seen *seen = replay_find(replay, change->kind, change->id);
        bool is_delete = change->op == KONTOR__V1__CHANGE__OP__DELETE;
        if (is_delete != (seen->revision != 0)) {
            return "a document is made where it is, or removed where it is not";
        }
    }
    return commit->n_changes == 2 ? NULL : "half a cycle";
}

static const char *
judge_list(struct replay *replay, const Kontor__V1__Commit *commit, size_t caller)
{
    char name[TEXT_SIZE] = "caller 0";
    name[strlen(name) - 1] = (char)('0' + caller);
    return change_rank(commit->changes[0]) == count_named(replay, name)
               ? NULL
               : "a list does not hold what was there";
}

static const char *(*const judges[WORK_KINDS])(struct replay *replay,
                                               const Kontor__V1__Commit *commit,
                                               size_t caller) = {
    [WORK_PAPER] = judge_paper, [WORK_SHARED] = judge_shared,
    [WORK_STOCK] = judge_stock, [WORK_SOFT] = judge_soft,
    [WORK_CYCLE] = judge_cycle, [WORK_LIST] = judge_list,
};

/* ---- Revisions ---- */

static const char *
judge_revisions(struct replay *replay, const Kontor__V1__Commit *commit)
{
    for (size_t i = 0; i < commit->n_changes; i++) {
        const Kontor__V1__Change *change = commit->changes[i];
        if (replay_find(replay, change->kind, change->id)->revision != change->was) {
            return "a change replaces another revision than it says";
        }
    }
    for (size_t i = 0; i < commit->n_checks; i++) {
        const Kontor__V1__Check *check = commit->checks[i];
        if (replay_find(replay, check->kind, check->id)->revision != check->revision) {
            return "a check did not hold";
        }
    }
    return NULL;
}

static void
replay_change(struct replay *replay, int64_t seq, const Kontor__V1__Change *change)
{
    struct wire_field field;
    struct bytes doc = {change->doc.data, change->doc.len};
    struct seen *seen = replay_find(replay, change->kind, change->id);
    bool is_delete = change->op == KONTOR__V1__CHANGE__OP__DELETE;
    seen->revision = is_delete ? 0 : seq;
    seen->rank = change_rank(change);
    seen->name[0] = '\0';
    if (wire_find(doc, (const uint8_t[]){FIELD_NAME}, 1, &field)) {
        copy_text(seen->name, field.content.data, field.content.size);
    }
}

const char *
replay_commit(struct replay *replay, const Kontor__V1__Commit *commit)
{
    size_t caller = 0;
    size_t work = 0;
    if (commit->eid.len != STORE_EID_SIZE || commit->n_changes == 0 ||
        !ledger_of_eid(commit->eid.data, &caller, &work)) {
        return "a commit nobody asked for";
    }
    const char *wrong = judge_revisions(replay, commit);
    if (wrong == NULL) {
        enum work_kind kind = work_kind_of(replay->seed, caller, work);
        wrong = judges[kind](replay, commit, caller);
    }
    for (size_t i = 0; i < commit->n_changes; i++) {
        replay_change(replay, commit->seq, commit->changes[i]);
    }
    return wrong;
}
