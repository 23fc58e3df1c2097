/* kontord --erase: one document, the journal first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/text.h"
#include "store/erase.h"

enum { REASON_MAX_SIZE = 4096, WHY_SIZE = 256 };

static const char *
kind_names(const struct kind *kinds, struct arena *arena)
{
    const char *names = kinds->name;
    for (kinds++; kinds->name != NULL; kinds++) {
        names = arena_print(arena, "%s, %s", names, kinds->name);
    }
    return names;
}

/* What is wrong with what was asked for, before anything is opened; NULL: nothing. */
static const char *
asked_wrong(const struct store_options *options, const struct store_erasure *erasure,
            struct arena *arena)
{
    size_t size = strlen(erasure->reason);
    struct bytes id = {(const uint8_t *)erasure->id, strlen(erasure->id)};
    struct bytes reason = {(const uint8_t *)erasure->reason, size};
    if (kind_by_name(options->kinds, erasure->kind) == NULL) {
        return arena_print(arena, "there is no kind \"%s\"; there are %s",
                           erasure->kind, kind_names(options->kinds, arena));
    }
    if (size == 0 || size > REASON_MAX_SIZE || !text_is_utf8(reason)) {
        return "the reason must be a text of 1 to 4096 bytes: it stays in the log";
    }
    return id.size > 0 && text_is_utf8(id) ? NULL : "the id must be a text";
}

/* The journal first: an erasure that is in the log and not in it would come undone with
 * the next restore. One that is only in the journal is ended by repeating it. */
static enum status
command_journal(const struct erase_run *run, char *error, size_t error_size)
{
    struct store *store = run->store;
    struct arena *arena = arena_new();
    if (arena == NULL) {
        abort();
    }
    const char *path = erase_journal(store, arena);
    const struct journal_line line = {
        .at_ms = store->options.now_ms(store->options.now_context),
        .kind = run->targets->kind->name,
        .id = run->targets->id,
        .up_to = run->targets->up_to,
        .seq = run->tail.next_seq};
    enum status status = STATUS_FAILED_PRECONDITION;
    if (path == NULL) {
        (void)snprintf(error, error_size,
                       "there is no place for the journal of erasures: set `journal`");
    } else {
        status = journal_append(path, &line, error, error_size);
    }
    arena_free(arena);
    return status;
}

/* What a batch of the command needs. */
struct command {
    struct erase_run *run;
    const char *reason;
};

/* In one batch: the log and the past lose the same, and the remark says so. */
static enum status
command_fill(void *context)
{
    const struct command *command = context;
    enum status status = erase_remove(command->run);
    if (status == STATUS_OK) {
        status = erase_scan(command->run, false);
    }
    return status == STATUS_OK ? erase_remark(command->run, command->reason) : status;
}

/* What it is about, looked at before anything is written. */
static enum status
command_look(struct erase_run *run, char *error, size_t error_size)
{
    struct erase_target *target = run->targets;
    struct store_reader reader = {.store = run->store,
                                  .reader = run->store->backend->writer(run->store->db),
                                  .is_through = true};
    bool is_present = false;
    enum status status = draft_tail(&reader, INT64_MAX, &run->tail);
    target->up_to = run->tail.seq;
    if (status == STATUS_OK) {
        status = erase_spare(run, target, &is_present);
    }
    if (status == STATUS_OK) {
        status = erase_scan(run, true);
    }
    if (status == STATUS_OK && !target->is_known) {
        (void)snprintf(error, error_size, "the log knows no %s %s", target->kind->name,
                       target->id);
        return STATUS_NOT_FOUND;
    }
    return status;
}

static enum status
command_scrub(struct store *store, char *error, size_t error_size)
{
    char why[WHY_SIZE] = "";
    enum status status = store->backend->scrub(store->db);
    if (status != STATUS_OK) {
        store_failure(store, why, sizeof why);
        (void)snprintf(error, error_size,
                       "it is erased, but its bytes may still lie in the free room of "
                       "the store: repeat this, for %s",
                       why);
    }
    return status;
}

static enum status
command_run(struct erase_run *run, struct store_erasure *erasure, char *error,
            size_t error_size)
{
    int64_t before = 0;
    enum status status = command_look(run, error, error_size);
    if (status == STATUS_OK) {
        status = command_journal(run, error, error_size);
    }
    if (status == STATUS_OK) {
        before = run->tail.seq;
        struct command command = {run, erasure->reason};
        status = store_in_batch(run->store, command_fill, &command);
    }
    if (status != STATUS_OK) {
        return status;
    }
    erasure->n_erased = run->targets->n_erased;
    erasure->seq = run->tail.seq > before ? run->tail.seq : 0;
    return command_scrub(run->store, error, error_size);
}

enum status
store_erase(const struct store_options *options, struct store_erasure *erasure,
            char *error, size_t error_size)
{
    const struct store_mode mode = {.is_maintenance = true};
    struct erase_target target = {.id = erasure->id};
    struct erase_run run = {.arena = arena_new(), .targets = &target, .n_targets = 1};
    if (run.arena == NULL) {
        abort();
    }
    error[0] = '\0';
    const char *wrong = asked_wrong(options, erasure, run.arena);
    enum status status = STATUS_INVALID_ARGUMENT;
    if (wrong != NULL) {
        (void)snprintf(error, error_size, "%s", wrong);
    } else {
        status = store_inner_open(options, &mode, &run.store, error, error_size);
    }
    if (status == STATUS_OK) {
        target.kind = kind_by_name(options->kinds, erasure->kind);
        status = command_run(&run, erasure, error, error_size);
        if (status != STATUS_OK && error[0] == '\0') {
            store_failure(run.store, error, error_size);
        }
    }
    arena_free(run.arena);
    store_close(run.store);
    return status;
}
