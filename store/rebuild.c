#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/chain.h"
#include "store/apply.h"
#include "store/trimmed.h"

enum { WHY_SIZE = 256 };

struct rebuild {
    struct store *store;
    struct arena *arena; /* Of one commit or document. */
    bool is_trial;       /* All is judged, nothing made. */
    char *error;
    size_t error_size;
};

static enum status
rebuild_fail(struct rebuild *rebuild, enum status status, const char *wrong)
{
    if (wrong != NULL) {
        (void)snprintf(rebuild->error, rebuild->error_size, "%s", wrong);
    }
    return status;
}

/* The chain is judged along the way: documents made of a log that somebody changed
 * would look as if they had always been so. */
static enum status
rebuild_commit(struct rebuild *rebuild, struct chain *chain,
               const Kontor__V1__Commit *commit)
{
    const struct store *store = rebuild->store;
    const char *wrong = chain_check(chain, commit, store->histories, store->n_histories,
                                    rebuild->arena);
    if (wrong != NULL) {
        return rebuild_fail(rebuild, STATUS_DATA_LOSS, wrong);
    }
    if (rebuild->is_trial) {
        return STATUS_OK;
    }
    enum status status = apply_logged(rebuild->store, commit, rebuild->arena, &wrong);
    return rebuild_fail(rebuild, status, wrong);
}

/* A walk that knows what it is for. */
struct rebuild_walk {
    struct trimmed_walk walk;
    const struct rebuild *rebuild;
};

static enum status
rebuild_document(void *context, const Kontor__V1__BaseDocument *document)
{
    struct rebuild_walk *walk = context;
    return walk->rebuild->is_trial ? STATUS_OK
                                   : trimmed_apply(walk->walk.store, document,
                                                   walk->walk.arena, &walk->walk.wrong);
}

/* Makes the documents of the base, if there is one, and begins the chain there. */
static enum status
rebuild_base(struct rebuild *rebuild, struct chain *chain)
{
    struct store *store = rebuild->store;
    struct rebuild_walk walk = {.walk = {.store = store,
                                         .reader = store->backend->writer(store->db),
                                         .arena = rebuild->arena,
                                         .lasting = arena_new(),
                                         .each = rebuild_document,
                                         .context = &walk},
                                .rebuild = rebuild};
    if (walk.walk.lasting == NULL) {
        abort();
    }
    *chain = (struct chain){.seq = 0};
    enum status status = trimmed_walk(&walk.walk);
    status = rebuild_fail(rebuild, status, walk.walk.wrong);
    if (status == STATUS_OK && walk.walk.base != NULL) {
        chain->seq = walk.walk.base->seq;
        memcpy(chain->hash, walk.walk.base->hash.data, sizeof chain->hash);
    }
    arena_free(walk.walk.lasting);
    return status;
}

/* Makes the documents of every logged commit, in order, as long as the chain holds. */
static enum status
rebuild_log(struct rebuild *rebuild)
{
    struct store *store = rebuild->store;
    void *reader = store->backend->writer(store->db);
    struct chain chain;
    struct log_entry entry = {.seq = 0};
    enum status status = rebuild_base(rebuild, &chain);
    if (status == STATUS_OK) {
        status = store->backend->log_after(reader, chain.seq, rebuild->arena, &entry);
    }
    while (status == STATUS_OK) {
        Kontor__V1__Commit *commit;
        status = store_unpack(store, &entry, rebuild->arena, &commit);
        if (status == STATUS_OK) {
            status = rebuild_commit(rebuild, &chain, commit);
        }
        if (status != STATUS_OK) {
            return status;
        }
        arena_reset(rebuild->arena);
        status = store->backend->log_after(reader, entry.seq, rebuild->arena, &entry);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Where documents that are gone do not come back with the end of a batch, the log is
 * judged before they go. */
static enum status
rebuild_try(struct rebuild *rebuild)
{
    if (rebuild->store->backend->has_snapshots) {
        return STATUS_OK;
    }
    rebuild->is_trial = true;
    enum status status = rebuild_log(rebuild);
    rebuild->is_trial = false;
    return status;
}

/* In one batch: whoever ends the process meanwhile leaves the documents as they were,
 * or a mark that they are not whole. */
static enum status
rebuild_fill(void *context)
{
    struct rebuild *rebuild = context;
    enum status status = rebuild->store->backend->clear_documents(rebuild->store->db);
    return status == STATUS_OK ? rebuild_log(rebuild) : status;
}

static enum status
rebuild_batch(struct rebuild *rebuild)
{
    enum status status = rebuild_try(rebuild);
    return status == STATUS_OK ? store_in_batch(rebuild->store, rebuild_fill, rebuild)
                               : status;
}

/*
 * Only the documents are made anew. The log, its index of idempotency keys and the file
 * around them stay as they were, so that a rebuild may succeed on a file that is still
 * damaged: nothing is answered before the whole of it was judged as --check judges it,
 * by a reader that sees what was committed.
 */
static enum status
rebuild_judge(struct store *store, char *error, size_t error_size)
{
    char why[WHY_SIZE] = "";
    int64_t verified = 0;
    enum status status = store_verify(store, &verified, why, sizeof why);
    if (status != STATUS_OK) {
        (void)snprintf(error, error_size, "%s", why);
    }
    return status;
}

/* The cure comes first, so that a long path cannot cut it off. */
static void
rebuild_say_cure(char *error, size_t error_size)
{
    char why[WHY_SIZE];
    (void)snprintf(why, sizeof why, "%s", error);
    (void)snprintf(error, error_size,
                   "a rebuild does not mend this, restore a backup into a new store: "
                   "%s",
                   why);
}

enum status
store_rebuild(const struct store_options *options, char *error, size_t error_size)
{
    struct store *store = NULL;
    const struct store_mode mode = {.is_maintenance = true, .is_rebuilding = true};
    enum status status = store_inner_open(options, &mode, &store, error, error_size);
    if (status != STATUS_OK) {
        return status;
    }
    struct rebuild rebuild = {
        .store = store, .arena = arena_new(), .error = error, .error_size = error_size};
    if (rebuild.arena == NULL) {
        abort();
    }
    error[0] = '\0';
    status = rebuild_batch(&rebuild);
    if (status == STATUS_OK) {
        status = rebuild_judge(store, error, error_size);
    }
    if (status != STATUS_OK && error[0] == '\0') {
        store_failure(store, error, error_size);
    }
    if (status == STATUS_DATA_LOSS) {
        rebuild_say_cure(error, error_size);
    }
    arena_free(rebuild.arena);
    store_close(store);
    return status;
}
