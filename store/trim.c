/*
 * kontord --trim: the log up to a position becomes a base. The base is the log folded
 * over the base before, so it has what no table has any more: kinds without history as
 * they were, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base_sum.h"
#include "proto/wire.h"
#include "store/trimmed.h"

enum { WHY_SIZE = 256 };

/* A trim under way. */
struct trim {
    struct store *store;
    struct store_trim *asked;
    struct arena *arena;    /* Of one entry or document. */
    struct arena *lasting;  /* Keeps the base. */
    Kontor__V1__Base *base; /* To be. */
    char *error;
    size_t error_size;
};

static enum status
trim_fail(struct trim *trim, enum status status, const char *text)
{
    (void)snprintf(trim->error, trim->error_size, "%s", text);
    return status;
}

/* ---- Up to where ---- */

/*
 * Numbers outside the log that say how far somebody came who reads it in this process:
 * what they have not read stays. One row a reactor (ARCHITECTURE, "Reactors"); there is
 * none yet.
 */
static const char *const followers[] = {NULL};

static enum status
trim_check_followers(struct trim *trim)
{
    struct store *store = trim->store;
    for (const char *const *key = followers; *key != NULL; key++) {
        int64_t position = 0;
        enum status status = store->backend->soft_get(store->backend->writer(store->db),
                                                      *key, &position);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
            return status;
        }
        if (position < trim->asked->seq) {
            return trim_fail(trim, STATUS_OUT_OF_RANGE,
                             arena_print(trim->lasting,
                                         "%s has read the log up to %lld only", *key,
                                         (long long)position));
        }
    }
    return STATUS_OK;
}

/*
 * The last commit at or before what was asked for; a position may lie in a gap. The
 * newest commit stays: it says where the next one goes, and when that may be.
 */
static enum status
trim_choose(struct trim *trim)
{
    struct store *store = trim->store;
    struct log_entry entry = {.seq = 0};
    int64_t tail = store_applied(store);
    if (trim->asked->up_to >= tail) {
        return trim_fail(trim, STATUS_OUT_OF_RANGE,
                         arena_print(trim->lasting,
                                     "the newest commit, %lld, stays: trim up to "
                                     "one before it",
                                     (long long)tail));
    }
    enum status status = store->backend->log_until(
        store->backend->writer(store->db), trim->asked->up_to, trim->lasting, &entry);
    if (status == STATUS_NOT_FOUND ||
        (status == STATUS_OK && entry.seq <= store_oldest(store))) {
        return trim_fail(trim, STATUS_OUT_OF_RANGE,
                         arena_print(trim->lasting,
                                     "there is no commit up to %lld: the oldest "
                                     "position is %lld",
                                     (long long)trim->asked->up_to,
                                     (long long)store_oldest(store)));
    }
    trim->asked->seq = entry.seq;
    return status == STATUS_OK ? trim_check_followers(trim) : status;
}

static enum status
trim_last_fill(void *context)
{
    struct store *store = context;
    return store->backend->trim(store->db, store_oldest(store));
}

/* Ends a trim that a backend without transactions broke off: its base counts, what it
 * stands for may still be there. */
static enum status
trim_end_last(struct trim *trim)
{
    return store_oldest(trim->store) == 0
               ? STATUS_OK
               : store_in_batch(trim->store, trim_last_fill, trim->store);
}

/* What is trimmed can never be judged again: so all is judged now. */
static enum status
trim_judge(struct trim *trim)
{
    char why[WHY_SIZE] = "";
    int64_t verified = 0;
    enum status status = store_verify(trim->store, &verified, why, sizeof why);
    if (status != STATUS_OK) {
        (void)snprintf(trim->error, trim->error_size,
                       "nothing was trimmed, the store is not whole: %s", why);
    }
    return status;
}

/* ---- Folding ---- */

/* When a document was first written: now, or when the base says of the version that is
 * replaced. */
static enum status
fold_created(struct trim *trim, const Kontor__V1__Commit *commit,
             const Kontor__V1__Change *change, Google__Protobuf__Timestamp **created)
{
    struct store *store = trim->store;
    Kontor__V1__BaseDocument *before = NULL;
    *created = commit->at;
    if (change->was == 0) {
        return STATUS_OK;
    }
    enum status status = trimmed_get(store, store->backend->writer(store->db),
                                     change->kind, change->id, trim->arena, &before);
    if (status == STATUS_NOT_FOUND ||
        (status == STATUS_OK && before->revision != change->was)) {
        return trim_fail(trim, STATUS_DATA_LOSS,
                         "a commit replaces a version that is not there");
    }
    *created = status == STATUS_OK ? before->created_at : NULL;
    return status;
}

static enum status
fold_change(struct trim *trim, const Kontor__V1__Commit *commit,
            const Kontor__V1__Change *change)
{
    const struct backend *backend = trim->store->backend;
    Kontor__V1__BaseDocument document = KONTOR__V1__BASE_DOCUMENT__INIT;
    if (change->op == KONTOR__V1__CHANGE__OP__NOTE) {
        return STATUS_OK;
    }
    if (change->op == KONTOR__V1__CHANGE__OP__DELETE) {
        return backend->base_remove(trim->store->db, change->kind, change->id);
    }
    enum status status = fold_created(trim, commit, change, &document.created_at);
    if (status != STATUS_OK) {
        return status;
    }
    document.kind = change->kind;
    document.id = change->id;
    document.revision = commit->seq;
    document.updated_at = commit->at;
    document.scope = change->scope;
    document.n_scope = change->n_scope;
    document.salt = change->salt;
    document.digest = change->digest;
    document.doc = change->doc;
    return trimmed_put(trim->store, &document, trim->arena);
}

static enum status
fold_commit(struct trim *trim, const Kontor__V1__Commit *commit)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < commit->n_changes && status == STATUS_OK; i++) {
        status = fold_change(trim, commit, commit->changes[i]);
    }
    if (status == STATUS_OK && commit->seq == trim->asked->seq) {
        trim->base->seq = commit->seq;
        trim->base->at = store_timestamp(store_time_ms(commit->at), trim->lasting);
        trim->base->hash.len = commit->hash.len;
        trim->base->hash.data =
            (uint8_t *)arena_copy_n(trim->lasting, commit->hash.data, commit->hash.len);
    }
    return status;
}

static enum status
fold_log(struct trim *trim)
{
    struct store *store = trim->store;
    struct log_entry entry = {.seq = store_oldest(store)};
    enum status status = STATUS_OK;
    while (status == STATUS_OK && entry.seq < trim->asked->seq) {
        Kontor__V1__Commit *commit;
        status = store->backend->log_after(store->backend->writer(store->db), entry.seq,
                                           trim->arena, &entry);
        if (status == STATUS_OK) {
            status = store_unpack(store, &entry, trim->arena, &commit);
        }
        if (status == STATUS_OK) {
            status = fold_commit(trim, commit);
        }
        arena_reset(trim->arena);
        trim->asked->n_commits++;
    }
    return status;
}

/* ---- Setting the base ---- */

static enum status
sum_documents(struct trim *trim, struct base_sum *sum)
{
    struct store *store = trim->store;
    void *reader = store->backend->writer(store->db);
    Kontor__V1__BaseDocument *document;
    enum status status = trimmed_next(store, reader, "", "", trim->arena, &document);
    while (status == STATUS_OK) {
        const char *wrong = base_sum_add(sum, document, trim->arena);
        if (wrong != NULL) {
            return trim_fail(trim, STATUS_DATA_LOSS, wrong);
        }
        arena_reset(trim->arena);
        status = trimmed_next(store, reader, sum->last, base_sum_last_id(sum),
                              trim->arena, &document);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status
trim_set_base(struct trim *trim)
{
    struct store *store = trim->store;
    struct base_sum sum = {.arena = trim->lasting};
    const char *wrong = base_sum_begin(&sum, trim->base);
    if (wrong != NULL) {
        return trim_fail(trim, STATUS_DATA_LOSS, wrong);
    }
    enum status status = sum_documents(trim, &sum);
    if (status != STATUS_OK) {
        return status;
    }
    trim->base->documents = sum.n_documents;
    trim->base->digest = (ProtobufCBinaryData){DIGEST_SIZE, sum.digest};
    trim->asked->n_documents = sum.n_documents;
    return store->backend->base_set(store->db,
                                    wire_pack(&trim->base->base, trim->lasting));
}

/* In one batch: the base is there and what it stands for is gone, or neither. */
static enum status
trim_fill(void *context)
{
    struct trim *trim = context;
    struct store *store = trim->store;
    enum status status = fold_log(trim);
    if (status == STATUS_OK) {
        status = trim_set_base(trim);
    }
    return status == STATUS_OK ? store->backend->trim(store->db, trim->asked->seq)
                               : status;
}

/* The room is what most trims are for; but the trim stands without. */
static void
trim_give_back(struct trim *trim)
{
    struct store *store = trim->store;
    const struct store_options *options = &store->options;
    char why[WHY_SIZE];
    if (store->backend->scrub(store->db) == STATUS_OK || options->tell == NULL) {
        return;
    }
    store_failure(store, why, sizeof why);
    options->tell(options->tell_context,
                  arena_print(trim->lasting,
                              "the room of what was trimmed is kept for what comes: %s",
                              why));
}

static enum status
trim_run(struct trim *trim)
{
    enum status status = trim_end_last(trim);
    if (status == STATUS_OK) {
        status = trim_choose(trim);
    }
    if (status == STATUS_OK) {
        status = trim_judge(trim);
    }
    if (status == STATUS_OK) {
        status = store_in_batch(trim->store, trim_fill, trim);
    }
    if (status == STATUS_OK) {
        trim_give_back(trim);
    }
    return status;
}

enum status
store_trim(const struct store_options *options, struct store_trim *asked, char *error,
           size_t error_size)
{
    Kontor__V1__Base base = KONTOR__V1__BASE__INIT;
    struct trim trim = {
        .asked = asked, .base = &base, .error = error, .error_size = error_size};
    const struct store_mode mode = {.is_maintenance = true};
    enum status status =
        store_inner_open(options, &mode, &trim.store, error, error_size);
    if (status != STATUS_OK) {
        return status;
    }
    trim.arena = arena_new();
    trim.lasting = arena_new();
    if (trim.arena == NULL || trim.lasting == NULL) {
        abort();
    }
    error[0] = '\0';
    asked->n_commits = 0;
    status = trim_run(&trim);
    if (status != STATUS_OK && error[0] == '\0') {
        store_failure(trim.store, error, error_size);
    }
    arena_free(trim.arena);
    arena_free(trim.lasting);
    store_close(trim.store);
    return status;
}
