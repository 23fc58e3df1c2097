#include "store/batch.h"

#include <stdlib.h>

#include "store/apply.h"

/* Whether the draft's eid is in the log; then *status is how the work ends. */
static bool
entry_is_replay(struct batch *batch, struct entry *entry, enum status *status)
{
    struct store *store = batch->store;
    const struct draft *draft = &entry->work->draft;
    struct log_entry found;
    Kontor__V1__Commit *commit;
    if (!draft_has_eid(draft)) {
        return false;
    }
    *status = store->backend->log_by_eid(batch->reader.reader, draft->eid, batch->arena,
                                         &found);
    if (*status == STATUS_NOT_FOUND) {
        return false;
    }
    if (*status == STATUS_OK) {
        *status = store_unpack(store, &found, batch->arena, &commit);
    }
    if (*status != STATUS_OK) {
        return true;
    }
    if (!draft_is_same_request(draft, commit)) {
        *status = STATUS_INVALID_ARGUMENT;
        return true;
    }
    entry->outcome.commit = commit;
    entry->outcome.is_replay = true;
    return true;
}

/* A commit beyond its limit refuses its work only; a log that cannot take one breaks
 * the batch. */
static enum status
entry_append(struct batch *batch, struct entry *entry, const Kontor__V1__Commit *commit)
{
    struct store *store = batch->store;
    size_t size = kontor__v1__commit__get_packed_size(commit);
    if (size > STORE_MAX_COMMIT) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    uint8_t *body = arena_alloc(batch->arena, size);
    kontor__v1__commit__pack(commit, body);
    batch->broken = store->backend->append(store->db, commit->seq, commit->eid.data,
                                           (struct bytes){body, size});
    batch->size += size;
    entry->outcome.commit = commit;
    entry->is_new = true;
    return batch->broken;
}

/* Documents are split before anything is written: a damaged one refuses its work and
 * spares the batch. */
static enum status
entry_split_documents(struct batch *batch, const Kontor__V1__Commit *commit,
                      const struct draft *draft, struct version *nexts)
{
    for (size_t i = 0; i < commit->n_changes; i++) {
        bool is_put = commit->changes[i]->op == KONTOR__V1__CHANGE__OP__PUT;
        if (is_put && !apply_split(draft->changes[i].kind, commit->changes[i],
                                   batch->arena, &nexts[i])) {
            return STATUS_INTERNAL;
        }
    }
    return STATUS_OK;
}

/* From here on an error means that half a commit is written: the whole batch must go.
 */
static enum status
entry_write_commit(struct batch *batch, struct entry *entry,
                   const struct version *heads)
{
    const struct draft *draft = &entry->work->draft;
    Kontor__V1__Commit *commit =
        draft_commit(batch->store, draft, heads, &batch->tail, batch->arena);
    struct version *nexts =
        arena_alloc(batch->arena, commit->n_changes * sizeof *nexts);
    enum status status = entry_split_documents(batch, commit, draft, nexts);
    if (status == STATUS_OK) {
        status = entry_append(batch, entry, commit);
    }
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < commit->n_changes && batch->broken == STATUS_OK; i++) {
        batch->broken = apply_version(batch->store, commit, commit->changes[i],
                                      &heads[i], &nexts[i]);
    }
    draft_move_tail(&batch->tail, commit);
    return batch->broken;
}

/* Numbers outside the log go with their commit, or alone. */
static enum status
entry_write(struct batch *batch, struct entry *entry, const struct version *heads)
{
    struct store *store = batch->store;
    const struct draft *draft = &entry->work->draft;
    enum status status = STATUS_OK;
    if (draft->n_changes > 0) {
        status = entry_write_commit(batch, entry, heads);
    }
    for (size_t i = 0; i < draft->n_softs && status == STATUS_OK; i++) {
        status = store->backend->soft_put(store->db, draft->softs[i].key,
                                          draft->softs[i].value);
        batch->broken = status;
    }
    return status;
}

/* Judges the draft as it is and writes it; ABORTED: it does not hold. */
static enum status
entry_settle(struct batch *batch, struct entry *entry)
{
    const struct draft *draft = &entry->work->draft;
    enum status status = draft_check_shape(batch->store, draft);
    if (status != STATUS_OK) {
        return status;
    }
    struct version *heads = arena_alloc(batch->arena, draft->n_changes * sizeof *heads);
    status = draft_judge(&batch->reader, draft, batch->arena, heads);
    return status == STATUS_OK ? entry_write(batch, entry, heads) : status;
}

/*
 * undecided ----------------------> decide -> eid known? -> judge -> write
 * decided -> eid known? -> judge --(no longer true)--^
 */
static enum status
entry_try(struct batch *batch, struct entry *entry)
{
    struct work *work = entry->work;
    enum status status = STATUS_ABORTED;
    if (entry_is_replay(batch, entry, &status)) {
        return status;
    }
    if (work->is_decided) {
        status = entry_settle(batch, entry);
    }
    if (work->is_decided && status != STATUS_ABORTED) {
        return status;
    }
    if (work->decide == NULL) {
        return STATUS_ABORTED;
    }
    /* Whoever is run again, in a later batch or in this one, judges its draft only when
     * there is one: a refusal left none. */
    status = work->decide(work, &batch->reader);
    work->is_decided =
        status == STATUS_OK && (work->draft.n_changes > 0 || work->draft.n_softs > 0);
    if (!work->is_decided) {
        return status;
    }
    /* decide may have come to an eid only now. */
    if (entry_is_replay(batch, entry, &status)) {
        return status;
    }
    return entry_settle(batch, entry);
}

/*
 * Where others append, too, what is known by heart may be older than what a caller has
 * seen. A commit on it is lost to its slot and judged again; a refusal takes no slot,
 * so before one the work is tried once more on what is there.
 */
static enum status
entry_run(struct batch *batch, struct entry *entry)
{
    const struct store *store = batch->store;
    enum status status = entry_try(batch, entry);
    bool is_final = status == STATUS_OK || status == STATUS_UNAVAILABLE ||
                    batch->broken != STATUS_OK || store->backend->doubt == NULL ||
                    !store->backend->doubt(store->db, entry->work->draft.eid);
    return is_final ? status : entry_try(batch, entry);
}

void
batch_init(struct batch *batch, struct store *store)
{
    batch->store = store;
    batch->reader = (struct store_reader){.store = store,
                                          .reader = store->backend->writer(store->db),
                                          .is_through = true};
    batch->arena = arena_new();
    if (batch->arena == NULL) {
        abort();
    }
}

void
batch_done(struct batch *batch)
{
    arena_free(batch->arena);
}

void
batch_open(struct batch *batch)
{
    batch->n_entries = 0;
    batch->n_bulk = 0;
    batch->size = 0;
    batch->broken = batch->store->backend->batch_begin(batch->store->db);
}

bool
batch_has_room(const struct batch *batch)
{
    return batch->n_entries < STORE_BATCH_COMMITS && batch->size < STORE_MAX_COMMIT;
}

void
batch_add(struct batch *batch, struct work *work)
{
    struct entry *entry = &batch->entries[batch->n_entries++];
    *entry = (struct entry){.work = work};
    batch->n_bulk += work->is_bulk ? 1 : 0;
    if (batch->broken != STATUS_OK) {
        return;
    }
    entry->outcome.status = entry_run(batch, entry);
    if (entry->outcome.status != STATUS_OK) {
        entry->outcome.commit = NULL;
        entry->is_new = false;
    }
}

void
batch_end_all(struct batch *batch, enum status status)
{
    for (size_t i = 0; i < batch->n_entries; i++) {
        batch->entries[i].outcome = (struct outcome){.status = status};
        batch->entries[i].is_new = false;
    }
}

void
batch_clear(struct batch *batch)
{
    batch->n_entries = 0;
    arena_reset(batch->arena);
}
