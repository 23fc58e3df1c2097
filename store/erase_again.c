/* Erasing after a restore what was erased after its backup. */
#include <stdlib.h>
#include <string.h>

#include "store/erase.h"

static int
compare_targets(const void *left, const void *right)
{
    const struct erase_target *one = left;
    const struct erase_target *other = right;
    int order = strcmp(one->kind->name, other->kind->name);
    return order != 0 ? order : strcmp(one->id, other->id);
}

static void
again_tell(const struct erase_run *run, const char *line)
{
    const struct store_options *options = &run->store->options;
    if (options->tell != NULL) {
        options->tell(options->tell_context, line);
    }
}

/* One target a document, for as far as any line reaches. */
static enum status
again_targets(struct erase_run *run, const struct journal_line *lines, size_t n_lines)
{
    struct store *store = run->store;
    size_t n = 0;
    for (size_t i = 0; i < n_lines; i++) {
        const struct kind *kind = kind_by_name(store->options.kinds, lines[i].kind);
        if (kind == NULL) {
            failure_set(&store->failure,
                        "the journal of erasures: this version knows no kind \"%s\"",
                        lines[i].kind);
            return STATUS_DATA_LOSS;
        }
        run->targets[i] = (struct erase_target){
            .kind = kind, .id = lines[i].id, .up_to = lines[i].up_to};
    }
    qsort(run->targets, n_lines, sizeof run->targets[0], compare_targets);
    for (size_t i = 0; i < n_lines; i++) {
        const struct erase_target *next = &run->targets[i];
        struct erase_target *last = n == 0 ? NULL : &run->targets[n - 1];
        if (last == NULL || compare_targets(last, next) != 0) {
            run->targets[n++] = *next;
        } else if (next->up_to > last->up_to) {
            last->up_to = next->up_to;
        }
    }
    run->n_targets = n;
    return STATUS_OK;
}

/*
 * The backup may be older than what replaced an erased version: then that is the
 * present one again. A document without content would break everything that rests on
 * it, so it stays, and whoever restores is told.
 */
static enum status
again_spare(struct erase_run *run)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < run->n_targets && status == STATUS_OK; i++) {
        struct erase_target *target = &run->targets[i];
        bool is_present = false;
        int64_t listed = target->up_to;
        status = erase_spare(run, target, &is_present);
        if (is_present) {
            again_tell(run,
                       arena_print(run->arena,
                                   "%s %s was erased up to %lld, but revision "
                                   "%lld is its present one again: change or "
                                   "remove it, then erase it again",
                                   target->kind->name, target->id, (long long)listed,
                                   (long long)target->up_to + 1));
        }
        arena_reset(run->arena);
    }
    return status;
}

enum status
erase_again(struct erase_run *run, const struct journal_line *lines, size_t n_lines,
            int64_t *n_erased)
{
    *n_erased = 0;
    if (n_lines == 0) {
        return STATUS_OK;
    }
    struct arena *arena = arena_new();
    if (arena == NULL) {
        abort();
    }
    run->targets = arena_alloc(arena, n_lines * sizeof run->targets[0]);
    enum status status = again_targets(run, lines, n_lines);
    if (status == STATUS_OK) {
        status = again_spare(run);
    }
    if (status == STATUS_OK) {
        status = erase_remove(run);
    }
    if (status == STATUS_OK) {
        status = erase_scan(run, false);
    }
    if (status == STATUS_OK) {
        status = erase_remark(run, "erased again after a restore");
    }
    for (size_t i = 0; i < run->n_targets; i++) {
        *n_erased += run->targets[i].n_erased;
    }
    run->targets = NULL;
    run->n_targets = 0;
    arena_free(arena);
    return status;
}
