#include <string.h>

#include "proto/base_sum.h"
#include "store/apply.h"
#include "store/scope.h"
#include "store/split.h"
#include "store/trimmed.h"
#include "store/verify.h"

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

/* Whether one index lists a version under all its names, which are counted. */
static enum status
verify_index(struct verify *verify, const struct kind *kind,
             const struct kind_index *index, const struct version *version,
             int64_t *n_keys, const char **wrong)
{
    const struct backend *backend = verify->reader->store->backend;
    const char *names[STORE_MAX_SCOPE + 1];
    size_t n = split_names(kind, index, version, names);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < n && status == STATUS_OK; i++) {
        status =
            backend->has_key(verify->reader->reader, kind, index, version, names[i]);
    }
    *n_keys += (int64_t)n;
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
        status = verify_index(verify, kind, &kind->indexes[i], wanted, &counts->keys[i],
                              wrong);
    }
    return status == STATUS_OK ? verify_index(verify, kind, NULL, wanted,
                                              &counts->keys[KIND_MAX_INDEXES], wrong)
                               : status;
}

/* Whether the version of a document that a commit wrote was erased. */
static enum status
verify_is_erased_in_log(struct verify *verify, const Kontor__V1__Change *change,
                        int64_t seq, bool *is_erased)
{
    struct store *store = verify->reader->store;
    struct log_entry entry = {.seq = 0};
    Kontor__V1__Commit *commit;
    enum status status = store->backend->log_after(verify->reader->reader, seq - 1,
                                                   verify->arena, &entry);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && entry.seq != seq)) {
        return STATUS_OK;
    }
    if (status == STATUS_OK) {
        status = store_unpack(store, &entry, verify->arena, &commit);
    }
    for (size_t i = 0; status == STATUS_OK && i < commit->n_changes; i++) {
        const Kontor__V1__Change *other = commit->changes[i];
        if (strcmp(other->kind, change->kind) == 0 &&
            strcmp(other->id, change->id) == 0) {
            *is_erased = chain_is_erased(other);
        }
    }
    return status;
}

static enum status
verify_is_erased(struct verify *verify, const Kontor__V1__Change *change, int64_t seq,
                 bool *is_erased)
{
    struct store *store = verify->reader->store;
    Kontor__V1__BaseDocument *document;
    *is_erased = false;
    if (seq > store->oldest) {
        return verify_is_erased_in_log(verify, change, seq, is_erased);
    }
    enum status status = trimmed_get(store, verify->reader->reader, change->kind,
                                     change->id, verify->arena, &document);
    if (status == STATUS_OK) {
        *is_erased = document->revision == seq && base_sum_is_erased(document);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status
verify_erased(struct verify *verify, const struct kind *kind,
              const Kontor__V1__Commit *commit, const Kontor__V1__Change *change,
              const char **wrong)
{
    const struct backend *backend = verify->reader->store->backend;
    void *reader = verify->reader->reader;
    struct version stored = {.seq = 0};
    enum status status =
        backend->head(reader, kind, change->id, verify->arena, &stored);
    if (status == STATUS_OK && stored.seq == commit->seq) {
        *wrong = "it is the present version, but its document was erased";
        return STATUS_DATA_LOSS;
    }
    if (status == STATUS_OK || status == STATUS_NOT_FOUND) {
        status = kind->has_history ? backend->past(reader, kind, change->id,
                                                   commit->seq, verify->arena, &stored)
                                   : STATUS_NOT_FOUND;
    }
    if (status == STATUS_OK && stored.seq == commit->seq) {
        *wrong = "it was erased, but is stored among the past versions";
        return STATUS_DATA_LOSS;
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status
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

enum status
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
    if (status != STATUS_NOT_FOUND && !is_wrong) {
        return status;
    }
    bool is_erased = false;
    status = verify_is_erased(verify, change, change->was, &is_erased);
    if (status == STATUS_OK && !is_erased) {
        *wrong = "the version it replaces is not kept";
        return STATUS_DATA_LOSS;
    }
    return status;
}
