#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/export.h"
#include "proto/wire.h"
#include "store/apply.h"
#include "store/erase.h"
#include "store/trimmed.h"

enum { HISTORY_STEP = 1 << 20, SECOND_MS = 1000, WHY_SIZE = 256 };

/*
 * The file comes from outside: nothing of it is believed before the chain, the digests
 * and the end were judged, and nothing of it is kept before the last of them.
 */

/* A restore under way. */
struct restore {
    struct store *store;
    struct export_file file;
    struct arena *lasting;      /* The header's, and the journal's. */
    struct arena *arena;        /* Of one record. */
    struct journal_line *lines; /* Erasures to be done again. */
    size_t n_lines;
    struct tail tail; /* Of what was restored. */
    int64_t n_erased;
    char *error;
    size_t error_size;
};

static enum status
restore_fail(struct restore *restore, enum status status, const char *what)
{
    (void)snprintf(restore->error, restore->error_size, "%s", what);
    return status;
}

/* What is wrong with the file, which is the export's and not the store's. */
static enum status
restore_refuse(struct restore *restore, const char *wrong)
{
    (void)snprintf(restore->error, restore->error_size, "the backup: %s", wrong);
    return STATUS_DATA_LOSS;
}

/* A log cannot be merged into another: both claim the same positions. */
static enum status
restore_check_empty(struct restore *restore)
{
    if (store_applied(restore->store) == 0) {
        return STATUS_OK;
    }
    return restore_fail(
        restore, STATUS_FAILED_PRECONDITION,
        "the store is not empty: restore into a new one, then put that in its place");
}

static enum status
restore_commit(struct restore *restore, const Kontor__V1__Commit *commit)
{
    const char *wrong = NULL;
    if (commit->eid.len != STORE_EID_SIZE) {
        return restore_refuse(restore, "a commit has no idempotency key");
    }
    enum status status = apply_append(restore->store, commit, restore->arena);
    if (status == STATUS_OK) {
        status = apply_logged(restore->store, commit, restore->arena, &wrong);
    }
    draft_move_tail(&restore->tail, commit);
    return wrong == NULL ? status : restore_fail(restore, status, wrong);
}

static enum status
restore_document(struct restore *restore)
{
    const char *wrong = NULL;
    enum status status =
        trimmed_apply(restore->store, restore->file.document, restore->arena, &wrong);
    if (status == STATUS_OK) {
        status = trimmed_put(restore->store, restore->file.document, restore->arena);
    }
    return wrong == NULL ? status : restore_refuse(restore, wrong);
}

/* The log always has its newest commit, so a backup of it has one behind the base. */
static enum status
restore_base(struct restore *restore)
{
    struct store *store = restore->store;
    const Kontor__V1__Base *base = restore->file.header->log_base;
    if (base == NULL) {
        return STATUS_OK;
    }
    return restore->file.n_commits == 0
               ? restore_refuse(restore, "it has a base and no commit after it")
               : store->backend->base_set(store->db,
                                          wire_pack(&base->base, restore->lasting));
}

static enum status
restore_step(struct restore *restore, enum export_step step,
             const Kontor__V1__Commit *commit)
{
    return step == EXPORT_DOCUMENT ? restore_document(restore)
                                   : restore_commit(restore, commit);
}

/* Before anything is read into it: a log from 0, or from its base. */
static enum status
restore_check_header(struct restore *restore)
{
    const Kontor__V1__ExportHeader *header = restore->file.header;
    /* What comes after a position has documents before it that are not in the file. */
    if (header != NULL && header->after != 0) {
        return restore_fail(restore, STATUS_FAILED_PRECONDITION,
                            "the backup is not whole: it does not begin at the first "
                            "commit");
    }
    return STATUS_OK;
}

/* A file that was cut between two records is refused by its missing end only: so that
 * is judged before anything is kept. */
static enum status
restore_commits(struct restore *restore)
{
    const Kontor__V1__Commit *commit = NULL;
    const char *wrong = NULL;
    enum export_step step =
        export_next(&restore->file, restore->arena, &commit, &wrong);
    enum status status = restore_check_header(restore);
    while (status == STATUS_OK && (step == EXPORT_COMMIT || step == EXPORT_DOCUMENT)) {
        status = restore_step(restore, step, commit);
        if (status != STATUS_OK) {
            return status;
        }
        arena_reset(restore->arena);
        step = export_next(&restore->file, restore->arena, &commit, &wrong);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (step == EXPORT_OVER) {
        wrong = export_judge_end(&restore->file);
    }
    return wrong == NULL ? restore_base(restore) : restore_refuse(restore, wrong);
}

/*
 * The new history begins far above everything that was ever handed out, lost or not:
 * more than 2^20 commits a second cannot be. Nothing of the lost future can then be
 * mistaken for something of this one.
 */
static Kontor__V1__History *
restore_new_history(struct restore *restore)
{
    const struct store *store = restore->store;
    const Kontor__V1__ExportHeader *header = restore->file.header;
    int64_t now_ms = store->options.now_ms(store->options.now_context);
    int64_t first = now_ms / SECOND_MS * HISTORY_STEP;
    first = restore->file.chain.seq > first ? restore->file.chain.seq : first;
    for (size_t i = 0; i < header->n_histories; i++) {
        int64_t known = header->histories[i]->first_seq;
        first = known > first ? known : first;
    }
    for (size_t i = 0; i < store->n_histories; i++) {
        int64_t known = store->histories[i]->first_seq;
        first = known > first ? known : first;
    }
    /* The journal went on while the backup lay there, and knows how far the log had
     * come. */
    for (size_t i = 0; i < restore->n_lines; i++) {
        const struct journal_line *line = &restore->lines[i];
        first = line->seq > first ? line->seq : first;
        first = line->up_to > first ? line->up_to : first;
    }
    Kontor__V1__History *history = arena_alloc(restore->lasting, sizeof *history);
    kontor__v1__history__init(history);
    history->first_seq = first + HISTORY_STEP;
    history->started_at = store_timestamp(now_ms, restore->lasting);
    history->last_common_seq = restore->file.chain.seq;
    return history;
}

/* Those of the file and the new one: positions of each remain what they were. */
static enum status
restore_histories(struct restore *restore)
{
    struct store *store = restore->store;
    enum status status = STATUS_OK;
    const Kontor__V1__ExportHeader *header = restore->file.header;
    const Kontor__V1__History *fresh = restore_new_history(restore);
    for (size_t i = 0; i < header->n_histories && status == STATUS_OK; i++) {
        status = store->backend->history_put(store->db, header->histories[i]);
    }
    restore->tail.next_seq = fresh->first_seq;
    return status == STATUS_OK ? store->backend->history_put(store->db, fresh) : status;
}

/* The new history begins with remarks about what was erased again: they are younger
 * than the backup. */
static enum status
restore_erasures(struct restore *restore)
{
    struct erase_run run = {
        .store = restore->store, .arena = restore->arena, .tail = restore->tail};
    return erase_again(&run, restore->lines, restore->n_lines, &restore->n_erased);
}

/* In one batch: a restore is whole or was not. */
static enum status
restore_fill(void *context)
{
    struct restore *restore = context;
    enum status status = restore_commits(restore);
    if (status == STATUS_OK) {
        status = restore_histories(restore);
    }
    return status == STATUS_OK ? restore_erasures(restore) : status;
}

static void
restore_tell(struct restore *restore, const char *line)
{
    const struct store_options *options = &restore->store->options;
    if (options->tell != NULL) {
        options->tell(options->tell_context, line);
    }
}

/* That there is none is told, too: it may lie beside the store that was lost. */
static enum status
restore_journal(struct restore *restore)
{
    const char *path = erase_journal(restore->store, restore->lasting);
    if (path == NULL) {
        restore_tell(restore, "no setting says where a journal of erasures may be");
        return STATUS_OK;
    }
    enum status status =
        journal_read(path, restore->lasting, &restore->lines, &restore->n_lines,
                     restore->error, restore->error_size);
    if (status == STATUS_OK) {
        restore_tell(restore,
                     arena_print(restore->lasting,
                                 "%zu erasures in the journal %s are done again",
                                 restore->n_lines, path));
    }
    return status;
}

/* The file was written as it was and then erased: what was erased is in the free room
 * of the store, and must not stay there unnoticed. */
static enum status
restore_scrub(struct restore *restore)
{
    char why[WHY_SIZE] = "";
    struct store *store = restore->store;
    if (restore->n_erased == 0 || store->backend->scrub(store->db) == STATUS_OK) {
        return STATUS_OK;
    }
    store_failure(store, why, sizeof why);
    (void)snprintf(restore->error, restore->error_size,
                   "what was erased again may still lie in the free room of the new "
                   "store: restore again into an empty one, for %s",
                   why);
    return STATUS_UNAVAILABLE;
}

static enum status
restore_run(struct restore *restore, const char *path)
{
    enum status status = restore_check_empty(restore);
    if (status != STATUS_OK) {
        return status;
    }
    restore->file.arena = restore->lasting;
    restore->file.stream = fopen(path, "rbe");
    if (restore->file.stream == NULL) {
        (void)snprintf(restore->error, restore->error_size, "cannot open %s: %s", path,
                       strerror(errno));
        return STATUS_NOT_FOUND;
    }
    status = restore_journal(restore);
    if (status == STATUS_OK) {
        status = store_in_batch(restore->store, restore_fill, restore);
    }
    (void)fclose(restore->file.stream);
    return status == STATUS_OK ? restore_scrub(restore) : status;
}

enum status
store_restore(const struct store_options *options, const char *path, char *error,
              size_t error_size)
{
    struct restore restore = {.error = error, .error_size = error_size};
    const struct store_mode mode = {.is_maintenance = true};
    enum status status =
        store_inner_open(options, &mode, &restore.store, error, error_size);
    if (status != STATUS_OK) {
        return status;
    }
    restore.arena = arena_new();
    restore.lasting = arena_new();
    if (restore.arena == NULL || restore.lasting == NULL) {
        abort();
    }
    error[0] = '\0';
    status = restore_run(&restore, path);
    if (status != STATUS_OK && error[0] == '\0') {
        store_failure(restore.store, error, error_size);
    }
    arena_free(restore.arena);
    arena_free(restore.lasting);
    store_close(restore.store);
    return status;
}
