#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/follow.h"
#include "store/verify.h"

static const char *
verify_say(struct verify *verify, const Kontor__V1__Commit *commit,
           const Kontor__V1__Change *change, const char *what)
{
    return arena_print(verify->arena, "commit %lld: %s %s: %s", (long long)commit->seq,
                       change->kind, change->id, what);
}

static enum status
verify_change(struct verify *verify, const Kontor__V1__Commit *commit,
              const Kontor__V1__Change *change, const char **wrong)
{
    const struct kind *kinds = verify->reader->store->options.kinds;
    const struct kind *kind = kind_by_name(kinds, change->kind);
    bool is_delete = change->op == KONTOR__V1__CHANGE__OP__DELETE;
    if (kind == NULL) {
        *wrong = "this version knows no such kind";
        return STATUS_DATA_LOSS;
    }
    if (change->op == KONTOR__V1__CHANGE__OP__NOTE) {
        return STATUS_OK;
    }
    struct backend_counts *counts = &verify->wanted[kind - kinds];
    counts->present += is_delete ? -1 : 0;
    counts->present += !is_delete && change->was == 0 ? 1 : 0;
    counts->past += kind->has_history && change->was != 0 ? 1 : 0;
    /* What replaces it counts it among the past, where it is not. */
    counts->past -= kind->has_history && chain_is_erased(change) ? 1 : 0;
    enum status status = verify_replaced(verify, kind, commit, change, wrong);
    if (status != STATUS_OK || is_delete) {
        return status;
    }
    return chain_is_erased(change) ? verify_erased(verify, kind, commit, change, wrong)
                                   : verify_put(verify, kind, commit, change, wrong);
}

/*
 * A request that comes again is answered by the commit its key finds. The key stands
 * beside the commit as well as in it: where the two differ, the request would be done
 * twice.
 */
static enum status
verify_eid(struct verify *verify, const Kontor__V1__Commit *commit)
{
    const struct store *store = verify->reader->store;
    struct log_entry found = {.seq = 0};
    enum status status = STATUS_NOT_FOUND;
    if (commit->eid.len == STORE_EID_SIZE) {
        status = store->backend->log_by_eid(verify->reader->reader, commit->eid.data,
                                            verify->arena, &found);
    }
    bool is_missed =
        status == STATUS_NOT_FOUND || (status == STATUS_OK && found.seq != commit->seq);
    if (is_missed) {
        verify->wrong =
            arena_print(verify->arena, "commit %lld: its idempotency key misses it",
                        (long long)commit->seq);
        return STATUS_DATA_LOSS;
    }
    return status;
}

static enum status
verify_commit(struct verify *verify, const struct log_entry *entry)
{
    struct store *store = verify->reader->store;
    Kontor__V1__Commit *commit;
    enum status status = store_unpack(store, entry, verify->arena, &commit);
    if (status != STATUS_OK) {
        return status;
    }
    verify->wrong = chain_check(&verify->chain, commit, store->histories,
                                store->n_histories, verify->arena);
    if (verify->wrong != NULL) {
        return STATUS_DATA_LOSS;
    }
    erasures_add(&verify->erasures, commit);
    status = verify_eid(verify, commit);
    for (size_t i = 0; i < commit->n_changes && status == STATUS_OK; i++) {
        const char *wrong = NULL;
        status = verify_change(verify, commit, commit->changes[i], &wrong);
        if (wrong != NULL) {
            verify->wrong = verify_say(verify, commit, commit->changes[i], wrong);
        }
    }
    return status;
}

/* Documents of what was appended meanwhile are counted, too, where there is no
 * snapshot: ABORTED. */
static enum status
verify_miscounted(struct verify *verify, const struct kind *kind,
                  const struct backend_counts *found)
{
    const struct store *store = verify->reader->store;
    const struct backend_counts *wanted = &verify->wanted[kind - store->options.kinds];
    int64_t tail = 0;
    enum status status = store->backend->tail(verify->reader->reader, &tail);
    if (status != STATUS_OK || tail > verify->applied) {
        return status == STATUS_OK ? STATUS_ABORTED : status;
    }
    verify->wrong =
        arena_print(verify->arena,
                    "documents of %s: %lld present and %lld past are "
                    "stored, the log makes %lld and %lld"
                    ", or their indexes differ",
                    kind->name, (long long)found->present, (long long)found->past,
                    (long long)wanted->present, (long long)wanted->past);
    return STATUS_DATA_LOSS;
}

/* What the log does not make but is there all the same: the rest found each thing the
 * log makes, this finds one too many. */
static enum status
verify_counts(struct verify *verify, const struct kind *kind)
{
    const struct store *store = verify->reader->store;
    struct backend_counts found;
    const struct backend_counts *wanted = &verify->wanted[kind - store->options.kinds];
    enum status status = store->backend->counts(verify->reader->reader, kind, &found);
    if (status != STATUS_OK) {
        return status;
    }
    bool is_same = found.present == wanted->present && found.past == wanted->past;
    for (size_t i = 0; i <= KIND_MAX_INDEXES; i++) {
        bool is_counted = found.keys[i] != -1;
        is_same = is_same && (!is_counted || found.keys[i] == wanted->keys[i]);
    }
    return is_same ? STATUS_OK : verify_miscounted(verify, kind, &found);
}

/* What is appended meanwhile has documents only a little later. */
static enum status
verify_log(struct verify *verify, int64_t *verified)
{
    const struct store *store = verify->reader->store;
    struct log_entry entry;
    enum status status = verify_base(verify);
    *verified = verify->chain.seq;
    if (status == STATUS_OK) {
        status = store->backend->log_after(verify->reader->reader, verify->chain.seq,
                                           verify->arena, &entry);
    }
    while (status == STATUS_OK && entry.seq <= verify->applied) {
        status = verify_commit(verify, &entry);
        if (status != STATUS_OK) {
            return status;
        }
        *verified = entry.seq;
        arena_reset(verify->arena);
        status = store->backend->log_after(verify->reader->reader, entry.seq,
                                           verify->arena, &entry);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* The file first: what is read from damaged pages proves nothing. */
static enum status
verify_all(struct verify *verify, int64_t *verified)
{
    const struct store *store = verify->reader->store;
    *verified = 0;
    enum status status = store->backend->check(verify->reader->reader);
    if (status == STATUS_OK) {
        status = verify_log(verify, verified);
    }
    if (status == STATUS_OK) {
        verify->wrong = erasures_judge(&verify->erasures);
        status = verify->wrong == NULL ? STATUS_OK : STATUS_DATA_LOSS;
    }
    const struct kind *kind = store->options.kinds;
    for (; kind->name != NULL && status == STATUS_OK; kind++) {
        status = verify_counts(verify, kind);
    }
    return status;
}

static enum status
verify_run(struct store_reader *reader, int64_t applied, int64_t *verified, char *error,
           size_t error_size)
{
    struct verify verify = {.reader = reader, .applied = applied, .arena = arena_new()};
    struct arena *lasting = arena_new();
    if (verify.arena == NULL || lasting == NULL) {
        abort();
    }
    size_t n_kinds = 0;
    while (reader->store->options.kinds[n_kinds].name != NULL) {
        n_kinds++;
    }
    verify.wanted = arena_alloc(lasting, n_kinds * sizeof *verify.wanted);
    verify.erasures.arena = lasting;
    verify.lasting = lasting;
    enum status status = verify_all(&verify, verified);
    if (verify.wrong != NULL) {
        (void)snprintf(error, error_size, "%s", verify.wrong);
    } else if (status != STATUS_OK && status != STATUS_ABORTED) {
        store_failure(reader->store, error, error_size);
    }
    arena_free(verify.arena);
    arena_free(lasting);
    return status;
}

static enum status
verify_once(struct store *store, int64_t *verified, char *error, size_t error_size)
{
    struct store_reader *reader = NULL;
    int64_t applied = 0;
    enum status status = store_reader_open(store, &reader);
    if (status == STATUS_OK) {
        status = store_begin(reader, &applied);
    }
    if (status != STATUS_OK) {
        store_failure(store, error, error_size);
        store_reader_close(reader);
        return status;
    }
    status = verify_run(reader, applied, verified, error, error_size);
    store_end(reader);
    store_reader_close(reader);
    return status;
}

/* Who writes nothing makes the documents of what others appended for itself. */
static enum status
verify_move(struct store *store, char *error, size_t error_size)
{
    int64_t end = 0;
    if (!store->options.is_read_only || !store->backend->is_followed) {
        return STATUS_OK;
    }
    enum status status = follow_unwritten(store, &end);
    if (status != STATUS_OK) {
        store_failure(store, error, error_size);
        return status;
    }
    atomic_store(&store->applied, end);
    return STATUS_OK;
}

/* In one snapshot, so that a broker may go on writing beside --check. Where there is
 * none, the log may grow under every count: then everything that the log makes was
 * found all the same, and only what is too many cannot be told. */
enum status
store_verify(struct store *store, int64_t *verified, char *error, size_t error_size)
{
    enum { N_COUNTS = 4 };
    enum status status = verify_once(store, verified, error, error_size);
    for (size_t i = 1; i < N_COUNTS && status == STATUS_ABORTED; i++) {
        status = verify_move(store, error, error_size);
        if (status == STATUS_OK) {
            status = verify_once(store, verified, error, error_size);
        }
    }
    return status == STATUS_ABORTED ? STATUS_OK : status;
}
