#include "proto/erasure.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base_sum.h"
#include "proto/chain.h"
#include "proto/wire.h"

/* A loss, or a remark about losses before it. */
struct erasure_row {
    const char *kind;
    const char *id;
    int64_t seq;
    int64_t up_to; /* Of a remark; -1 = a loss. */
};

bool
erasure_read(const Kontor__V1__Commit *commit, const Kontor__V1__Change *change,
             int64_t *up_to)
{
    struct wire_field field;
    struct bytes note = {change->doc.data, change->doc.len};
    if (change->op != KONTOR__V1__CHANGE__OP__NOTE ||
        strcmp(commit->actor, ERASURE_ACTOR) != 0) {
        return false;
    }
    *up_to = wire_find(note, (const uint8_t[]){3}, 1, &field) && field.type == 0
                 ? (int64_t)field.value
                 : 0;
    return true;
}

static void
add_row(struct erasures *erasures, struct erasure_row row)
{
    if (erasures->n_rows == erasures->room) {
        size_t room = erasures->room == 0 ? 64 : 2 * erasures->room;
        struct erasure_row *rows =
            arena_alloc(erasures->arena, room * sizeof erasures->rows[0]);
        if (erasures->n_rows > 0) {
            memcpy(rows, erasures->rows, erasures->n_rows * sizeof rows[0]);
        }
        erasures->rows = rows;
        erasures->room = room;
    }
    row.kind = arena_copy(erasures->arena, row.kind);
    row.id = arena_copy(erasures->arena, row.id);
    erasures->rows[erasures->n_rows++] = row;
    erasures->n_erased += row.up_to < 0 ? 1 : 0;
}

void
erasures_add(struct erasures *erasures, const Kontor__V1__Commit *commit)
{
    for (size_t i = 0; i < commit->n_changes; i++) {
        const Kontor__V1__Change *change = commit->changes[i];
        int64_t up_to = 0;
        bool is_erased = chain_is_erased(change);
        if (is_erased || erasure_read(commit, change, &up_to)) {
            add_row(erasures, (struct erasure_row){.kind = change->kind,
                                                   .id = change->id,
                                                   .seq = commit->seq,
                                                   .up_to = is_erased ? -1 : up_to});
        }
    }
}

void
erasures_add_document(struct erasures *erasures,
                      const Kontor__V1__BaseDocument *document)
{
    if (base_sum_is_erased(document)) {
        add_row(erasures, (struct erasure_row){.kind = document->kind,
                                               .id = document->id,
                                               .seq = document->revision,
                                               .up_to = -1});
    }
}

/* By document, the latest first. */
static int
compare_rows(const void *left, const void *right)
{
    const struct erasure_row *a = left;
    const struct erasure_row *b = right;
    int order = strcmp(a->kind, b->kind);
    order = order != 0 ? order : strcmp(a->id, b->id);
    return order != 0 ? order : (a->seq < b->seq) - (a->seq > b->seq);
}

/* A remark speaks of what lies before it, whatever it says. */
const char *
erasures_judge(const struct erasures *erasures)
{
    const struct erasure_row *before = NULL;
    int64_t covered = 0;
    if (erasures->n_rows == 0) {
        return NULL;
    }
    qsort(erasures->rows, erasures->n_rows, sizeof erasures->rows[0], compare_rows);
    for (size_t i = 0; i < erasures->n_rows; i++) {
        const struct erasure_row *row = &erasures->rows[i];
        bool is_same = before != NULL && strcmp(before->kind, row->kind) == 0 &&
                       strcmp(before->id, row->id) == 0;
        covered = is_same ? covered : 0;
        if (row->up_to < 0 && row->seq > covered) {
            return arena_print(erasures->arena,
                               "commit %lld: %s %s: its document is missing, and no "
                               "erasure after it says so",
                               (long long)row->seq, row->kind, row->id);
        }
        covered = row->up_to > covered ? row->up_to : covered;
        before = row;
    }
    return NULL;
}
