#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/chain.h"
#include "store/apply.h"
#include "store/trimmed.h"

enum { WHY_SIZE = 256 };

/* The chain is judged along the way: documents made of a log that somebody changed
 * would look as if they had always been so. */
static enum status
rebuild_commit(struct store *store, struct chain *chain,
               const Kontor__V1__Commit *commit, struct arena *arena,
               const char **wrong)
{
    *wrong = chain_check(chain, commit, store->histories, store->n_histories, arena);
    return *wrong != NULL ? STATUS_DATA_LOSS
                          : apply_logged(store, commit, arena, wrong);
}

static enum status
rebuild_document(void *context, const Kontor__V1__BaseDocument *document)
{
    struct trimmed_walk *walk = context;
    return trimmed_apply(walk->store, document, walk->arena, &walk->wrong);
}

/* Makes the documents of the base, if there is one, and begins the chain there. */
static enum status
rebuild_base(struct store *store, struct arena *arena, struct chain *chain, char *error,
             size_t error_size)
{
    struct trimmed_walk walk = {.store = store,
                                .reader = store->backend->writer(store->db),
                                .arena = arena,
                                .lasting = arena_new(),
                                .each = rebuild_document,
                                .context = &walk};
    if (walk.lasting == NULL) {
        abort();
    }
    *chain = (struct chain){.seq = 0};
    enum status status = trimmed_walk(&walk);
    if (walk.wrong != NULL) {
        (void)snprintf(error, error_size, "%s", walk.wrong);
    }
    if (status == STATUS_OK && walk.base != NULL) {
        chain->seq = walk.base->seq;
        memcpy(chain->hash, walk.base->hash.data, sizeof chain->hash);
    }
    arena_free(walk.lasting);
    return status;
}

/* Makes the documents of every logged commit, in order, as long as the chain holds. */
static enum status
rebuild_log(struct store *store, struct arena *arena, char *error, size_t error_size)
{
    void *reader = store->backend->writer(store->db);
    struct chain chain;
    struct log_entry entry = {.seq = 0};
    enum status status = rebuild_base(store, arena, &chain, error, error_size);
    if (status == STATUS_OK) {
        status = store->backend->log_after(reader, chain.seq, arena, &entry);
    }
    while (status == STATUS_OK) {
        Kontor__V1__Commit *commit;
        const char *wrong = NULL;
        status = store_unpack(store, &entry, arena, &commit);
        if (status == STATUS_OK) {
            status = rebuild_commit(store, &chain, commit, arena, &wrong);
        }
        if (wrong != NULL) {
            (void)snprintf(error, error_size, "%s", wrong);
        }
        if (status != STATUS_OK) {
            return status;
        }
        arena_reset(arena);
        status = store->backend->log_after(reader, entry.seq, arena, &entry);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* One batch: whoever ends the process meanwhile leaves the documents as they were. */
static enum status
rebuild_batch(struct store *store, struct arena *arena, char *error, size_t error_size)
{
    enum status status = store->backend->batch_begin(store->db);
    if (status != STATUS_OK) {
        return status;
    }
    status = store->backend->clear_documents(store->db);
    if (status == STATUS_OK) {
        status = rebuild_log(store, arena, error, error_size);
    }
    if (status == STATUS_OK) {
        status = store->backend->batch_commit(store->db, NULL);
    }
    if (status != STATUS_OK) {
        store->backend->batch_abort(store->db);
    }
    return status;
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
    struct arena *arena = arena_new();
    if (arena == NULL) {
        abort();
    }
    error[0] = '\0';
    status = rebuild_batch(store, arena, error, error_size);
    if (status == STATUS_OK) {
        status = rebuild_judge(store, error, error_size);
    }
    if (status != STATUS_OK && error[0] == '\0') {
        store_failure(store, error, error_size);
    }
    if (status == STATUS_DATA_LOSS) {
        rebuild_say_cure(error, error_size);
    }
    arena_free(arena);
    store_close(store);
    return status;
}
