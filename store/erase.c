#include "store/erase.h"

#include <string.h>

#include "proto/base_sum.h"
#include "proto/chain.h"
#include "proto/erasure.h"
#include "proto/wire.h"
#include "store/apply.h"
#include "store/trimmed.h"

static int
target_compare(const struct erase_target *target, const char *kind, const char *id)
{
    int order = strcmp(target->kind->name, kind);
    return order != 0 ? order : strcmp(target->id, id);
}

static struct erase_target *
run_find(const struct erase_run *run, const Kontor__V1__Change *change)
{
    size_t low = 0;
    size_t high = run->n_targets;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = target_compare(&run->targets[middle], change->kind, change->id);
        if (order == 0) {
            return &run->targets[middle];
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return NULL;
}

/* ---- Taking content out ---- */

/* Looks at one change of a target; true: it loses its content. */
static bool
scan_change(struct erase_target *target, const Kontor__V1__Commit *commit,
            const Kontor__V1__Change *change)
{
    int64_t up_to = 0;
    target->is_known = true;
    if (chain_is_erased(change)) {
        target->lost = commit->seq;
        return false;
    }
    /* What an erasure said of itself stays. */
    if (erasure_read(commit, change, &up_to)) {
        target->covered = up_to > target->covered ? up_to : target->covered;
        return false;
    }
    if (commit->seq > target->up_to || change->op == KONTOR__V1__CHANGE__OP__DELETE) {
        return false;
    }
    target->lost = commit->seq;
    target->n_erased++;
    return true;
}

/* Salt and document go, all that is hashed stays: the entry keeps its hash. */
static enum status
scan_entry(struct erase_run *run, const struct log_entry *entry, bool is_dry)
{
    struct store *store = run->store;
    Kontor__V1__Commit *commit;
    bool is_changed = false;
    enum status status = store_unpack(store, entry, run->arena, &commit);
    for (size_t i = 0; status == STATUS_OK && i < commit->n_changes; i++) {
        Kontor__V1__Change *change = commit->changes[i];
        struct erase_target *target = run_find(run, change);
        if (target != NULL && scan_change(target, commit, change)) {
            change->salt.len = 0;
            change->doc.len = 0;
            is_changed = true;
        }
    }
    if (status == STATUS_OK && is_changed && !is_dry) {
        status = store->backend->log_replace(store->db, commit->seq,
                                             wire_pack(&commit->base, run->arena));
    }
    return status;
}

/* A base is a commit of many documents, of which each was written where its revision
 * says. */
static enum status
scan_base(struct erase_run *run, struct erase_target *target, bool is_dry)
{
    struct store *store = run->store;
    Kontor__V1__BaseDocument *document;
    enum status status =
        trimmed_get(store, store->backend->writer(store->db), target->kind->name,
                    target->id, run->arena, &document);
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    bool is_erased = base_sum_is_erased(document);
    target->is_known = true;
    if (!is_erased && document->revision > target->up_to) {
        return STATUS_OK;
    }
    target->lost = document->revision;
    target->n_erased += is_erased ? 0 : 1;
    document->salt.len = 0;
    document->doc.len = 0;
    return is_erased || is_dry ? STATUS_OK : trimmed_put(store, document, run->arena);
}

/* The whole log, for no index of it knows documents: this is rare, and there are no
 * callers who wait. */
enum status
erase_scan(struct erase_run *run, bool is_dry)
{
    const struct backend *backend = run->store->backend;
    void *reader = backend->writer(run->store->db);
    struct log_entry entry = {.seq = 0};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < run->n_targets && status == STATUS_OK; i++) {
        struct erase_target *target = &run->targets[i];
        target->n_erased = 0;
        target->lost = 0;
        target->covered = 0;
        status = scan_base(run, target, is_dry);
        arena_reset(run->arena);
    }
    if (status == STATUS_OK) {
        status = backend->log_after(reader, run->store->oldest, run->arena, &entry);
    }
    while (status == STATUS_OK) {
        int64_t seq = entry.seq;
        status = scan_entry(run, &entry, is_dry);
        arena_reset(run->arena);
        if (status == STATUS_OK) {
            status = backend->log_after(reader, seq, run->arena, &entry);
        }
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status
target_head(struct erase_run *run, const struct erase_target *target,
            struct version *head)
{
    const struct backend *backend = run->store->backend;
    *head = (struct version){.seq = 0};
    enum status status = backend->head(backend->writer(run->store->db), target->kind,
                                       target->id, run->arena, head);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status
erase_spare(struct erase_run *run, struct erase_target *target, bool *is_present)
{
    struct version head;
    enum status status = target_head(run, target, &head);
    *is_present = status == STATUS_OK && head.seq != 0 && head.seq <= target->up_to;
    /* What nobody may change would stay for ever: it is removed first, and then it is a
     * past version like any other. */
    target->is_to_go = *is_present && target->kind->is_final;
    *is_present = *is_present && !target->is_to_go;
    if (*is_present) {
        target->up_to = head.seq - 1;
    }
    target->is_known = status == STATUS_OK && head.seq != 0;
    return status;
}

/* ---- Removing ---- */

static enum status
remove_target(struct erase_run *run, const struct erase_target *target)
{
    struct store *store = run->store;
    struct version head;
    enum status status = target_head(run, target, &head);
    if (status != STATUS_OK || head.seq == 0) {
        return status;
    }
    struct draft_change change = {.kind = target->kind,
                                  .id = target->id,
                                  .op = KONTOR__V1__CHANGE__OP__DELETE,
                                  .was = head.seq};
    struct draft draft = {.actor = ERASURE_ACTOR, .changes = &change, .n_changes = 1};
    Kontor__V1__Commit *commit =
        draft_commit(store, &draft, &head, &run->tail, run->arena);
    /* The log before the document: a batch that is broken off between them is ended by
     * whoever follows the log. */
    status = apply_append(store, commit, run->arena);
    if (status == STATUS_OK) {
        status = apply_version(store, commit, commit->changes[0], &head, NULL);
    }
    draft_move_tail(&run->tail, commit);
    return status;
}

enum status
erase_remove(struct erase_run *run)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < run->n_targets && status == STATUS_OK; i++) {
        if (run->targets[i].is_to_go) {
            status = remove_target(run, &run->targets[i]);
            arena_reset(run->arena);
        }
    }
    return status;
}

/* ---- Saying so ---- */

static enum status
remark_on(struct erase_run *run, const struct erase_target *target, const char *text)
{
    struct store *store = run->store;
    struct version head;
    Kontor__V1__Note note = KONTOR__V1__NOTE__INIT;
    note.text = arena_copy(run->arena, text);
    note.erased_up_to = target->up_to;
    enum status status = target_head(run, target, &head);
    if (status != STATUS_OK) {
        return status;
    }
    struct draft_change change = {.kind = target->kind,
                                  .id = target->id,
                                  .op = KONTOR__V1__CHANGE__OP__NOTE,
                                  .was = head.seq,
                                  .doc = wire_pack(&note.base, run->arena)};
    struct draft draft = {.actor = ERASURE_ACTOR, .changes = &change, .n_changes = 1};
    Kontor__V1__Commit *commit =
        draft_commit(store, &draft, &head, &run->tail, run->arena);
    /* The past before the remark: where a batch can be broken off, what is not said yet
     * is done again. */
    status = apply_version(store, commit, commit->changes[0], &head, NULL);
    if (status == STATUS_OK) {
        status = apply_append(store, commit, run->arena);
    }
    draft_move_tail(&run->tail, commit);
    return status;
}

enum status
erase_remark(struct erase_run *run, const char *text)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < run->n_targets && status == STATUS_OK; i++) {
        if (run->targets[i].lost > run->targets[i].covered) {
            status = remark_on(run, &run->targets[i], text);
            arena_reset(run->arena);
        }
    }
    return status;
}

const char *
erase_journal(struct store *store, struct arena *arena)
{
    const struct backend *backend = store->backend;
    if (store->options.journal != NULL) {
        return store->options.journal;
    }
    return backend->journal(store->db, arena);
}
