#include <stdio.h>
#include <stdlib.h>

#include "proto/chain.h"
#include "store/apply.h"

static enum status
rebuild_commit(struct store *store, struct chain *chain,
               const Kontor__V1__Commit *commit, struct arena *arena,
               const char **wrong)
{
    *wrong = chain_check(chain, commit, store->histories, store->n_histories, arena);
    return *wrong != NULL ? STATUS_DATA_LOSS
                          : apply_logged(store, commit, arena, wrong);
}

/* Makes the documents of every logged commit, in order, as long as the chain holds. */
static enum status
rebuild_log(struct store *store, struct arena *arena, char *error, size_t error_size)
{
    void *reader = store->backend->writer(store->db);
    struct chain chain = {.seq = 0};
    struct log_entry entry = {.seq = 0};
    enum status status = store->backend->log_after(reader, 0, arena, &entry);
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
        status = store->backend->batch_commit(store->db);
    }
    if (status != STATUS_OK) {
        store->backend->batch_abort(store->db);
    }
    return status;
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
    if (status != STATUS_OK && error[0] == '\0') {
        store_failure(store, error, error_size);
    }
    arena_free(arena);
    store_close(store);
    return status;
}
