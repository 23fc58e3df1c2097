#include "store/committer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/apply.h"
#include "store/draft.h"
#include "store/queue.h"

enum { DEFAULT_QUEUE_LENGTH = 4096 };

struct listener {
    void (*call)(void *context, const Kontor__V1__Commit *commit);
    void *context;
};

/* One work of a batch and how it ends. */
struct entry {
    struct work *work;
    struct outcome outcome;
};

struct batch {
    struct entry entries[STORE_BATCH_COMMITS];
    size_t n_entries;
    size_t n_bulk;
    size_t size;        /* Bytes of the encoded commits. */
    enum status broken; /* Other than OK: nothing of the batch may stay. */
};

struct committer {
    struct store *store;
    struct store_reader reader; /* Through the open batch. */
    struct store_faults faults;
    struct queue *queue;
    pthread_t thread;
    struct arena *arena; /* Of the batch. */
    struct tail tail;    /* The open batch included. */
    struct batch batch;
    struct listener listeners[COMMITTER_MAX_LISTENERS];
    _Atomic size_t n_listeners;
};

/* Whether the draft's eid is in the log; then *status is how the work ends. */
static bool
entry_is_replay(struct committer *committer, struct entry *entry, enum status *status)
{
    struct store *store = committer->store;
    const struct draft *draft = &entry->work->draft;
    struct log_entry found;
    Kontor__V1__Commit *commit;
    if (!draft_has_eid(draft)) {
        return false;
    }
    *status = store->backend->log_by_eid(committer->reader.reader, draft->eid,
                                         committer->arena, &found);
    if (*status == STATUS_NOT_FOUND) {
        return false;
    }
    if (*status == STATUS_OK) {
        *status = store_unpack(store, &found, committer->arena, &commit);
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
entry_append(struct committer *committer, struct entry *entry,
             const Kontor__V1__Commit *commit)
{
    struct store *store = committer->store;
    size_t size = kontor__v1__commit__get_packed_size(commit);
    if (size > STORE_MAX_COMMIT) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    uint8_t *body = arena_alloc(committer->arena, size);
    kontor__v1__commit__pack(commit, body);
    committer->batch.broken = store->backend->append(
        store->db, commit->seq, commit->eid.data, (struct bytes){body, size});
    committer->batch.size += size;
    entry->outcome.commit = commit;
    return committer->batch.broken;
}

/* Documents are split before anything is written: a damaged one refuses its work and
 * spares the batch. */
static enum status
entry_check_documents(struct committer *committer, const Kontor__V1__Commit *commit,
                      const struct draft *draft)
{
    for (size_t i = 0; i < commit->n_changes; i++) {
        struct version version;
        bool is_put = commit->changes[i]->op == KONTOR__V1__CHANGE__OP__PUT;
        if (is_put && !apply_split(draft->changes[i].kind, commit->changes[i],
                                   committer->arena, &version)) {
            return STATUS_INTERNAL;
        }
    }
    return STATUS_OK;
}

/* From here on an error means that half a commit is written: the whole batch must go.
 */
static enum status
entry_write_commit(struct committer *committer, struct entry *entry,
                   const struct version *heads)
{
    const struct draft *draft = &entry->work->draft;
    struct batch *batch = &committer->batch;
    Kontor__V1__Commit *commit = draft_commit(committer->store, draft, heads,
                                              &committer->tail, committer->arena);
    enum status status = entry_check_documents(committer, commit, draft);
    if (status == STATUS_OK) {
        status = entry_append(committer, entry, commit);
    }
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < commit->n_changes && batch->broken == STATUS_OK; i++) {
        batch->broken = apply_change(committer->store, commit, commit->changes[i],
                                     &heads[i], committer->arena);
    }
    committer->tail.seq = commit->seq;
    committer->tail.next_seq = commit->seq + 1;
    committer->tail.at_ms = store_time_ms(commit->at);
    memcpy(committer->tail.hash, commit->hash.data, DIGEST_SIZE);
    return batch->broken;
}

/* Numbers outside the log go with their commit, or alone. */
static enum status
entry_write(struct committer *committer, struct entry *entry,
            const struct version *heads)
{
    struct store *store = committer->store;
    const struct draft *draft = &entry->work->draft;
    struct batch *batch = &committer->batch;
    enum status status = STATUS_OK;
    if (draft->n_changes > 0) {
        status = entry_write_commit(committer, entry, heads);
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
entry_settle(struct committer *committer, struct entry *entry)
{
    const struct draft *draft = &entry->work->draft;
    enum status status = draft_check_shape(committer->store, draft);
    if (status != STATUS_OK) {
        return status;
    }
    struct version *heads =
        arena_alloc(committer->arena, draft->n_changes * sizeof *heads);
    status = draft_judge(&committer->reader, draft, committer->arena, heads);
    return status == STATUS_OK ? entry_write(committer, entry, heads) : status;
}

/*
 * undecided ----------------------> decide -> eid known? -> judge -> write
 * decided -> eid known? -> judge --(no longer true)--^
 */
static enum status
entry_run(struct committer *committer, struct entry *entry)
{
    struct work *work = entry->work;
    enum status status = STATUS_ABORTED;
    if (entry_is_replay(committer, entry, &status)) {
        return status;
    }
    if (work->is_decided) {
        status = entry_settle(committer, entry);
    }
    if (work->is_decided && status != STATUS_ABORTED) {
        return status;
    }
    if (work->decide == NULL) {
        return STATUS_ABORTED;
    }
    status = work->decide(work, &committer->reader);
    if (status != STATUS_OK ||
        (work->draft.n_changes == 0 && work->draft.n_softs == 0)) {
        return status;
    }
    /* decide may have come to an eid only now. */
    if (entry_is_replay(committer, entry, &status)) {
        return status;
    }
    return entry_settle(committer, entry);
}

static void
batch_add(struct committer *committer, struct work *work)
{
    struct batch *batch = &committer->batch;
    struct entry *entry = &batch->entries[batch->n_entries++];
    *entry = (struct entry){.work = work};
    batch->n_bulk += work->is_bulk ? 1 : 0;
    if (batch->broken != STATUS_OK) {
        return;
    }
    entry->outcome.status = entry_run(committer, entry);
    if (entry->outcome.status != STATUS_OK) {
        entry->outcome.commit = NULL;
    }
}

/* The next work that still fits, or NULL. A batch ends when nobody waits: alone, a
 * write waits for no company, and under load company is what makes one sync serve 64.
 */
static struct work *
batch_next(struct committer *committer)
{
    const struct batch *batch = &committer->batch;
    if (batch->n_entries == STORE_BATCH_COMMITS || batch->size >= STORE_MAX_COMMIT) {
        return NULL;
    }
    return queue_take(committer->queue, batch->n_bulk,
                      batch->n_entries - batch->n_bulk);
}

/* A replay was told when it was new. */
static void
batch_tell(struct committer *committer, const struct entry *entry)
{
    bool is_new = entry->outcome.commit != NULL && !entry->outcome.is_replay;
    size_t n = atomic_load(&committer->n_listeners);
    for (size_t i = 0; is_new && i < n; i++) {
        committer->listeners[i].call(committer->listeners[i].context,
                                     entry->outcome.commit);
    }
}

/* Listeners first, in order, then each work; a work is not touched after its done. */
static void
batch_answer(struct committer *committer)
{
    struct batch *batch = &committer->batch;
    for (size_t i = 0; i < batch->n_entries; i++) {
        batch_tell(committer, &batch->entries[i]);
    }
    for (size_t i = 0; i < batch->n_entries; i++) {
        struct work *work = batch->entries[i].work;
        work->done(work, &batch->entries[i].outcome);
    }
}

/* What was decided through a batch that did not stay was decided on nothing: everybody
 * gets the same answer. */
static void
batch_break(struct committer *committer, const struct tail *before)
{
    struct store *store = committer->store;
    struct batch *batch = &committer->batch;
    store->backend->batch_abort(store->db);
    committer->tail = *before;
    for (size_t i = 0; i < batch->n_entries; i++) {
        batch->entries[i].outcome = (struct outcome){.status = batch->broken};
    }
}

/*
 * The one place where positions move, in the order store_listen promises: durable,
 * applied, heard, done. Were applied moved before the commit, a reader could be told of
 * a position its snapshot lacks; after the answers, a caller who reads its own write
 * could be told to wait for it.
 *
 * Everybody is answered after the sync, refusals too: what a decide read through the
 * batch is true only once the batch is.
 */
static void
batch_finish(struct committer *committer, const struct tail *before)
{
    struct store *store = committer->store;
    struct batch *batch = &committer->batch;
    bool is_early = committer->faults.answers_before_commit;
    if (is_early) {
        batch_answer(committer);
    }
    if (batch->broken == STATUS_OK) {
        batch->broken = store->backend->batch_commit(store->db);
    }
    if (batch->broken != STATUS_OK) {
        batch_break(committer, before);
    }
    atomic_store(&store->applied, committer->tail.seq);
    if (!is_early) {
        batch_answer(committer);
    }
}

static void
batch_run(struct committer *committer, struct work *work)
{
    struct store *store = committer->store;
    struct tail before = committer->tail;
    committer->batch.n_entries = 0;
    committer->batch.n_bulk = 0;
    committer->batch.size = 0;
    /* A batch that cannot begin still takes what waits, to answer it. */
    committer->batch.broken = store->backend->batch_begin(store->db);
    while (work != NULL) {
        batch_add(committer, work);
        work = batch_next(committer);
    }
    batch_finish(committer, &before);
    /* Only now: commits and replies lived in it until the last done. */
    arena_reset(committer->arena);
    store->backend->settle(store->db);
}

static void *
committer_run(void *argument)
{
    struct committer *committer = argument;
    struct work *work = queue_wait(committer->queue);
    while (work != NULL) {
        batch_run(committer, work);
        work = queue_wait(committer->queue);
    }
    return NULL;
}

static void
committer_free(struct committer *committer)
{
    queue_free(committer->queue);
    arena_free(committer->arena);
    free(committer);
}

enum status
committer_start(struct store *store, const struct store_faults *faults,
                struct committer **out)
{
    size_t length = store->options.queue_length;
    struct committer *committer = calloc(1, sizeof *committer);
    if (committer == NULL) {
        abort();
    }
    committer->store = store;
    committer->faults = *faults;
    committer->reader =
        (struct store_reader){.store = store,
                              .reader = store->backend->writer(store->db),
                              .is_through = true};
    committer->arena = arena_new();
    committer->queue = queue_new(length == 0 ? DEFAULT_QUEUE_LENGTH : length);
    if (committer->arena == NULL || committer->queue == NULL) {
        abort();
    }
    enum status status = draft_tail(&committer->reader, &committer->tail);
    if (status == STATUS_OK &&
        pthread_create(&committer->thread, NULL, committer_run, committer) != 0) {
        status = STATUS_UNAVAILABLE;
    }
    if (status != STATUS_OK) {
        committer_free(committer);
        return status;
    }
    *out = committer;
    return STATUS_OK;
}

enum status
committer_submit(struct committer *committer, struct work *work)
{
    return queue_push(committer->queue, work);
}

void
committer_listen(struct committer *committer,
                 void (*listener)(void *context, const Kontor__V1__Commit *commit),
                 void *context)
{
    size_t n = atomic_load(&committer->n_listeners);
    assert(n < COMMITTER_MAX_LISTENERS);
    committer->listeners[n] = (struct listener){listener, context};
    atomic_store(&committer->n_listeners, n + 1);
}

void
committer_stop(struct committer *committer)
{
    if (committer == NULL) {
        return;
    }
    queue_close(committer->queue);
    pthread_join(committer->thread, NULL);
    committer_free(committer);
}
