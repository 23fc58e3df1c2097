#include "store/follow.h"

#include <stdlib.h>
#include <string.h>

#include "store/apply.h"

/* Commits of one go: their documents are written together. */
enum { FOLLOW_COMMITS = 64 };

/* Some commits that follow each other. */
struct follow_run {
    struct store *store;
    struct store_reader *reader;
    struct arena *arena;
    struct tail tail; /* Behind the last of them. */
    Kontor__V1__Commit *commits[FOLLOW_COMMITS];
    size_t n_commits;
};

/*
 * An entry that does not follow proves that one before it was lost: filling the hole,
 * or going on behind it, would make two logs of one.
 */
static enum status
follow_judge(struct follow_run *run, const Kontor__V1__Commit *commit)
{
    const struct tail *tail = &run->tail;
    bool is_next = commit->seq == tail->next_seq;
    bool is_chained = commit->prev.len == DIGEST_SIZE &&
                      memcmp(commit->prev.data, tail->hash, DIGEST_SIZE) == 0;
    if (is_next && is_chained) {
        return STATUS_OK;
    }
    failure_set(&run->store->failure,
                is_next ? "commit %lld is not chained to %lld: two logs were mixed; "
                          "restore a backup"
                        : "the log goes on with %lld after %lld: commits between them "
                          "were lost; restore a backup",
                (long long)commit->seq, (long long)tail->seq);
    return STATUS_DATA_LOSS;
}

static enum status
follow_take(struct follow_run *run, const struct log_entry *entry)
{
    Kontor__V1__Commit *commit;
    const char *wrong = NULL;
    enum status status = store_unpack(run->store, entry, run->arena, &commit);
    if (status == STATUS_OK) {
        status = follow_judge(run, commit);
    }
    if (status == STATUS_OK) {
        status = apply_followed(run->store, commit, run->arena, &wrong);
    }
    if (wrong != NULL) {
        failure_set(&run->store->failure, "%s", wrong);
    }
    if (status != STATUS_OK) {
        return status;
    }
    run->commits[run->n_commits++] = commit;
    draft_move_tail(&run->tail, commit);
    return STATUS_OK;
}

/* NOT_FOUND: that was the end of the log. */
static enum status
follow_take_some(struct follow_run *run)
{
    const struct backend *backend = run->store->backend;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && run->n_commits < FOLLOW_COMMITS) {
        struct log_entry entry;
        status =
            backend->log_after(run->reader->reader, run->tail.seq, run->arena, &entry);
        if (status == STATUS_OK) {
            status = follow_take(run, &entry);
        }
    }
    return status;
}

/* Documents first: whoever hears of a commit finds them. */
static enum status
follow_write(struct follow_run *run)
{
    const struct backend *backend = run->store->backend;
    size_t n_stood = 0;
    enum status status = backend->batch_begin(run->store->db);
    bool is_end = false;
    if (status == STATUS_OK) {
        status = follow_take_some(run);
        is_end = status == STATUS_NOT_FOUND;
    }
    if (status == STATUS_OK || (is_end && run->n_commits > 0)) {
        status = backend->batch_commit(run->store->db, &n_stood);
    }
    if (status != STATUS_OK) {
        backend->batch_abort(run->store->db);
        /* Others wrote the same documents meanwhile: the next look finds them. */
        status = status == STATUS_ABORTED ? STATUS_UNAVAILABLE : status;
    }
    return status == STATUS_OK && is_end ? STATUS_NOT_FOUND : status;
}

enum status
follow_all(struct batch *batch, follow_fn tell, void *context, bool *has_found)
{
    struct store *store = batch->store;
    enum status status = STATUS_OK;
    *has_found = false;
    struct arena *arena = arena_new();
    if (arena == NULL) {
        abort();
    }
    while (status == STATUS_OK) {
        struct follow_run run = {
            .store = store, .reader = &batch->reader, .arena = arena};
        run.tail = batch->tail;
        status = follow_write(&run);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
            break;
        }
        batch->tail = run.tail;
        atomic_store(&store->applied, run.tail.seq);
        for (size_t i = 0; i < run.n_commits; i++) {
            tell(context, run.commits[i]);
        }
        *has_found = *has_found || run.n_commits > 0;
        arena_reset(arena);
    }
    arena_free(arena);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static void
follow_tell_nobody(void *context, const Kontor__V1__Commit *commit)
{
    (void)context;
    (void)commit;
}

enum status
follow_written(struct store *store, int64_t *end)
{
    bool has_found = false;
    struct batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL) {
        abort();
    }
    batch_init(batch, store);
    enum status status = store->backend->written(batch->reader.reader, end);
    if (status == STATUS_OK) {
        status = draft_tail(&batch->reader, *end, &batch->tail);
    }
    if (status == STATUS_OK) {
        status = follow_all(batch, follow_tell_nobody, NULL, &has_found);
    }
    *end = batch->tail.seq;
    batch_done(batch);
    free(batch);
    return status;
}

/* Nothing is committed: the batch stays open as long as the store. */
enum status
follow_unwritten(struct store *store, int64_t *end)
{
    const struct backend *backend = store->backend;
    struct store_reader reader = {
        .store = store, .reader = backend->writer(store->db), .is_through = true};
    struct follow_run run = {.store = store, .reader = &reader, .arena = store->arena};
    enum status status = backend->written(reader.reader, end);
    if (status == STATUS_OK) {
        status = draft_tail(&reader, *end, &run.tail);
    }
    if (status == STATUS_OK) {
        status = backend->batch_begin(store->db);
    }
    while (status == STATUS_OK) {
        run.n_commits = 0;
        status = follow_take_some(&run);
    }
    *end = run.tail.seq;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}
