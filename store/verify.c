#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/chain.h"
#include "store/apply.h"
#include "store/follow.h"
#include "store/scope.h"
#include "store/split.h"

/*
 * A verification under way. Every version the log makes is looked for among the
 * documents, and then the documents are counted: what is not in the log, or twice,
 * makes the counts differ.
 */
struct verify {
    struct store_reader *reader;
    struct chain chain;
    struct arena *arena;           /* Of one commit. */
    struct backend_counts *wanted; /* One a kind. */
    int64_t applied;               /* Nothing is judged beyond. */
    const char *wrong;             /* NULL = nothing yet. */
};

static const char *
verify_say(struct verify *verify, const Kontor__V1__Commit *commit,
           const Kontor__V1__Change *change, const char *what)
{
    return arena_print(verify->arena, "commit %lld: %s %s: %s", (long long)commit->seq,
                       change->kind, change->id, what);
}

/* Rows of an index a version stands under: strings that differ in their first byte only
 * share one. */
static int64_t
verify_n_keys(const struct version *version)
{
    int64_t n = 1;
    for (size_t i = 0; i < version->n_scope; i++) {
        bool is_new = true;
        for (size_t j = 0; j < i; j++) {
            is_new =
                is_new && strcmp(version->scope[i] + 1, version->scope[j] + 1) != 0;
        }
        n += is_new ? 1 : 0;
    }
    return n;
}

static bool
verify_same_bytes(struct bytes one, struct bytes other)
{
    return one.size == other.size &&
           (one.size == 0 || memcmp(one.data, other.data, one.size) == 0);
}

static bool
verify_same_version(const struct version *stored, const struct version *wanted)
{
    return stored->seq == wanted->seq && stored->at_ms == wanted->at_ms &&
           verify_same_bytes(stored->w, wanted->w) &&
           verify_same_bytes(stored->x, wanted->x) &&
           scope_is_equal(stored->scope, stored->n_scope, wanted->scope,
                          wanted->n_scope);
}

/* Whether one index lists a version under all its strings. */
static enum status
verify_index(struct verify *verify, const struct kind *kind,
             const struct kind_index *index, const struct version *version,
             const char **wrong)
{
    const struct backend *backend = verify->reader->store->backend;
    enum status status =
        backend->has_key(verify->reader->reader, kind, index, version, SCOPE_ALL);
    for (size_t i = 0; i < version->n_scope && status == STATUS_OK; i++) {
        status = backend->has_key(verify->reader->reader, kind, index, version,
                                  version->scope[i] + 1);
    }
    if (status == STATUS_NOT_FOUND) {
        *wrong = "an index does not list it";
        return STATUS_DATA_LOSS;
    }
    return status;
}

/* Listed under every string it carries, and (verify_counts) under no other: a key too
 * few hides a document from its owner, one too many shows it to a stranger. */
static enum status
verify_present(struct verify *verify, const struct kind *kind,
               const struct version *wanted, const char **wrong)
{
    struct version head;
    struct backend_counts *counts =
        &verify->wanted[kind - verify->reader->store->options.kinds];
    const struct backend *backend = verify->reader->store->backend;
    enum status status =
        backend->head(verify->reader->reader, kind, wanted->id, verify->arena, &head);
    size_t n_declared = split_n_declared(kind);
    for (size_t i = 0; i < n_declared && status == STATUS_OK; i++) {
        if (!split_is_equal(kind->declared[i].type, &head.values[i],
                            &wanted->values[i])) {
            *wrong = "its declared fields are not those of its document";
            return STATUS_DATA_LOSS;
        }
    }
    size_t n_indexes = split_n_indexes(kind);
    for (size_t i = 0; i < n_indexes && status == STATUS_OK; i++) {
        status = verify_index(verify, kind, &kind->indexes[i], wanted, wrong);
        counts->keys[i] += verify_n_keys(wanted);
    }
    counts->keys[KIND_MAX_INDEXES] += verify_n_keys(wanted);
    return status == STATUS_OK ? verify_index(verify, kind, NULL, wanted, wrong)
                               : status;
}

/* Looks for the version a PUT made: the present one, or one of the past where the kind
 * keeps them. */
static enum status
verify_put(struct verify *verify, const struct kind *kind,
           const Kontor__V1__Commit *commit, const Kontor__V1__Change *change,
           const char **wrong)
{
    const struct backend *backend = verify->reader->store->backend;
    void *reader = verify->reader->reader;
    struct version wanted;
    struct version stored;
    if (!apply_split(kind, change, verify->arena, &wanted)) {
        *wrong = "its document is damaged";
        return STATUS_DATA_LOSS;
    }
    wanted.seq = commit->seq;
    wanted.at_ms = store_time_ms(commit->at);
    enum status status =
        backend->present(reader, kind, change->id, verify->arena, &stored);
    bool is_past =
        status == STATUS_NOT_FOUND || (status == STATUS_OK && stored.seq > commit->seq);
    /* What it replaced is in the log only, as it should be. */
    if (is_past && !kind->has_history) {
        return STATUS_OK;
    }
    if (is_past) {
        status = backend->past(reader, kind, change->id, commit->seq, verify->arena,
                               &stored);
    }
    bool is_same = status == STATUS_OK && verify_same_version(&stored, &wanted);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && !is_same)) {
        *wrong = "the stored document is not the logged one";
        return STATUS_DATA_LOSS;
    }
    return status == STATUS_OK && !is_past
               ? verify_present(verify, kind, &wanted, wrong)
               : status;
}

/* The version a change replaces ends where the change stands. */
static enum status
verify_replaced(struct verify *verify, const struct kind *kind,
                const Kontor__V1__Commit *commit, const Kontor__V1__Change *change,
                const char **wrong)
{
    const struct backend *backend = verify->reader->store->backend;
    struct version past;
    if (change->was == 0 || !kind->has_history) {
        return STATUS_OK;
    }
    enum status status = backend->past(verify->reader->reader, kind, change->id,
                                       change->was, verify->arena, &past);
    bool is_wrong =
        status == STATUS_OK && (past.seq != change->was || past.until != commit->seq);
    if (status == STATUS_NOT_FOUND || is_wrong) {
        *wrong = "the version it replaces is not kept";
        return STATUS_DATA_LOSS;
    }
    return status;
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
    enum status status = verify_replaced(verify, kind, commit, change, wrong);
    if (status != STATUS_OK || is_delete) {
        return status;
    }
    return verify_put(verify, kind, commit, change, wrong);
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
        is_same = is_same && found.keys[i] == wanted->keys[i];
    }
    return is_same ? STATUS_OK : verify_miscounted(verify, kind, &found);
}

/* What is appended meanwhile has documents only a little later. */
static enum status
verify_log(struct verify *verify, int64_t *verified)
{
    const struct store *store = verify->reader->store;
    struct log_entry entry;
    enum status status =
        store->backend->log_after(verify->reader->reader, 0, verify->arena, &entry);
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
