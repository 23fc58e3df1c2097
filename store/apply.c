#include "store/apply.h"

#include <string.h>

#include "proto/erasure.h"
#include "proto/wire.h"
#include "store/scope.h"
#include "store/split.h"

/*
 * Documents are made here and nowhere else: by the committer, by a rebuild and by a
 * restore. That is why a rebuild can promise the very documents that were there.
 */
bool
apply_split(const struct kind *kind, const Kontor__V1__Change *change,
            struct arena *arena, struct version *out)
{
    struct bytes doc = {change->doc.data, change->doc.len};
    *out = (struct version){
        .id = change->id, .scope = change->scope, .n_scope = change->n_scope};
    return split_views(kind, doc, arena, &out->w, &out->x) &&
           split_values(kind, doc, arena, out->values);
}

/*
 * A remark changes no document, but that of an erasure: with it the past goes that the
 * log no longer has. So a replay ends with the rows there were, whether it comes past
 * the remark the first time or the tenth.
 */
static enum status
apply_note(struct store *store, const Kontor__V1__Commit *commit,
           const Kontor__V1__Change *change)
{
    int64_t up_to = 0;
    const struct kind *kind = kind_by_name(store->options.kinds, change->kind);
    if (!erasure_read(commit, change, &up_to) || !kind->has_history) {
        return STATUS_OK;
    }
    return store->backend->forget(store->db, kind, change->id, up_to);
}

enum status
apply_version(struct store *store, const Kontor__V1__Commit *commit,
              const Kontor__V1__Change *change, const struct version *present,
              struct version *next)
{
    if (change->op == KONTOR__V1__CHANGE__OP__NOTE) {
        return apply_note(store, commit, change);
    }
    const struct kind *kind = kind_by_name(store->options.kinds, change->kind);
    const struct version *old = present->seq == 0 ? NULL : present;
    if (change->op == KONTOR__V1__CHANGE__OP__DELETE) {
        return store->backend->write(store->db, kind, old, NULL, commit->seq);
    }
    /* Times and the revision come from the envelope, not from the document: a commit
     * may be numbered twice before it stands, and its bytes must not change with that.
     */
    next->seq = commit->seq;
    next->until = INT64_MAX;
    next->at_ms = store_time_ms(commit->at);
    next->created_at_ms = old == NULL ? next->at_ms : old->created_at_ms;
    return store->backend->write(store->db, kind, old, next, commit->seq);
}

static enum status
apply_change(struct store *store, const Kontor__V1__Commit *commit,
             const Kontor__V1__Change *change, const struct version *present,
             struct arena *arena)
{
    struct version next;
    const struct kind *kind = kind_by_name(store->options.kinds, change->kind);
    bool is_put = change->op == KONTOR__V1__CHANGE__OP__PUT;
    if (is_put && !apply_split(kind, change, arena, &next)) {
        return STATUS_INTERNAL;
    }
    return apply_version(store, commit, change, present, &next);
}

/*
 * What comes out of a file was written by a store that judged it, or by somebody who
 * computed a chain of hashes over anything: so it is judged as a draft would be. The
 * revision it replaces is the one thing the chain cannot vouch for.
 */
static enum status
apply_judged(struct store *store, const Kontor__V1__Commit *commit,
             const Kontor__V1__Change *change, struct arena *arena, const char **wrong)
{
    struct version present = {.seq = 0};
    const struct kind *kind = kind_by_name(store->options.kinds, change->kind);
    if (kind == NULL) {
        *wrong = arena_print(arena, "commit %lld: this version knows no kind \"%s\"",
                             (long long)commit->seq, change->kind);
        return STATUS_DATA_LOSS;
    }
    if (change->id[0] == '\0' || !scope_is_valid(change->scope, change->n_scope)) {
        *wrong = arena_print(
            arena, "commit %lld: a change has no id, or a scope that cannot be",
            (long long)commit->seq);
        return STATUS_DATA_LOSS;
    }
    enum status status = store->backend->head(store->backend->writer(store->db), kind,
                                              change->id, arena, &present);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    bool is_note = change->op == KONTOR__V1__CHANGE__OP__NOTE;
    if (present.seq != change->was && !is_note) {
        *wrong = arena_print(
            arena, "commit %lld: %s %s replaces revision %lld, but %lld is there",
            (long long)commit->seq, change->kind, change->id, (long long)change->was,
            (long long)present.seq);
        return STATUS_DATA_LOSS;
    }
    return apply_change(store, commit, change, &present, arena);
}

enum status
apply_logged(struct store *store, const Kontor__V1__Commit *commit, struct arena *arena,
             const char **wrong)
{
    *wrong = NULL;
    for (size_t i = 0; i < commit->n_changes; i++) {
        enum status status =
            apply_judged(store, commit, commit->changes[i], arena, wrong);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

/* Asking first costs a read a document, and only those who follow pay it. */
static enum status
apply_unless_reached(struct store *store, const Kontor__V1__Commit *commit,
                     const Kontor__V1__Change *change, struct arena *arena,
                     const char **wrong)
{
    int64_t reached = 0;
    enum status status = STATUS_OK;
    const struct kind *kind = kind_by_name(store->options.kinds, change->kind);
    if (kind != NULL) {
        status = store->backend->reached(store->backend->writer(store->db), kind,
                                         change->id, &reached);
    }
    if (status != STATUS_OK || reached >= commit->seq) {
        return status;
    }
    return apply_judged(store, commit, change, arena, wrong);
}

enum status
apply_followed(struct store *store, const Kontor__V1__Commit *commit,
               struct arena *arena, const char **wrong)
{
    *wrong = NULL;
    for (size_t i = 0; i < commit->n_changes; i++) {
        enum status status =
            apply_unless_reached(store, commit, commit->changes[i], arena, wrong);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

/* Packing again loses nothing: what this version does not know is packed as it came. */
enum status
apply_append(struct store *store, const Kontor__V1__Commit *commit, struct arena *arena)
{
    return store->backend->append(store->db, commit->seq, commit->eid.data,
                                  wire_pack(&commit->base, arena));
}
