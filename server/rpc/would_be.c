#include "server/rpc/would_be.h"

#include <string.h>

#include "server/rpc/flight.h"
#include "store/split.h"

/* ---- The commit ---- */

/* protobuf-c has no const: what is borrowed here is only read. */
static char *
text(const char *borrowed)
{
    union {
        const char *from;
        char *to;
    } both = {borrowed};
    return both.to;
}

static Kontor__V1__Change *
change_of(const struct draft_change *draft, struct arena *arena)
{
    Kontor__V1__Change *change = arena_alloc(arena, sizeof *change);
    kontor__v1__change__init(change);
    change->kind = text(draft->kind->name);
    change->id = text(draft->id);
    change->op = draft->op;
    change->was = draft->was;
    change->scope = draft->scope;
    change->n_scope = draft->n_scope;
    change->doc.data = (uint8_t *)text((const char *)draft->doc.data);
    change->doc.len = draft->doc.size;
    return change;
}

Kontor__V1__Commit *
flight_would_be(struct flight *flight)
{
    struct arena *arena = flight->call.arena;
    const struct draft *draft = &flight->decision.draft;
    Kontor__V1__Commit *commit = arena_alloc(arena, sizeof *commit);
    kontor__v1__commit__init(commit);
    commit->at = arena_alloc(arena, sizeof *commit->at);
    google__protobuf__timestamp__init(commit->at);
    commit->at->seconds = flight->call.at_ms / 1000;
    commit->at->nanos = (int32_t)(flight->call.at_ms % 1000) * 1000000;
    commit->actor = text(flight->call.actor);
    commit->n_changes = draft->n_changes;
    commit->changes = arena_alloc(arena, draft->n_changes * sizeof(void *));
    for (size_t i = 0; i < draft->n_changes; i++) {
        commit->changes[i] = change_of(&draft->changes[i], arena);
    }
    return commit;
}

/* ---- The documents ---- */

void
would_be_keep(struct call *call, const struct draft *draft)
{
    struct would_be *latest = arena_alloc(call->arena, sizeof *latest);
    *latest = (struct would_be){.changes = draft->changes,
                                .n_changes = draft->n_changes,
                                .before = call->earlier};
    call->earlier = latest;
}

/* The latest change of a document; NULL when there is none. A note changes no
 * document. */
static const struct draft_change *
latest_change(const struct would_be *row, const struct kind *kind, const char *id)
{
    for (; row != NULL; row = row->before) {
        for (size_t i = 0; i < row->n_changes; i++) {
            const struct draft_change *change = &row->changes[i];
            if (change->kind == kind && strcmp(change->id, id) == 0 &&
                change->op != KONTOR__V1__CHANGE__OP__NOTE) {
                return change;
            }
        }
    }
    return NULL;
}

bool
would_be_get(const struct call *call, const struct kind *kind, const char *id,
             const struct scopes *scopes, struct document *out, enum status *status)
{
    const struct draft_change *change = latest_change(call->earlier, kind, id);
    if (change == NULL) {
        return false;
    }
    bool is_there = change->op == KONTOR__V1__CHANGE__OP__PUT;
    enum view view =
        is_there ? store_view(scopes, change->scope, change->n_scope) : VIEW_NONE;
    if (view == VIEW_NONE) {
        *status = STATUS_NOT_FOUND;
        return true;
    }
    struct document document = {.kind = kind,
                                .id = change->id,
                                .revision = change->was,
                                .created_at_ms = call->at_ms,
                                .updated_at_ms = call->at_ms,
                                .scope = change->scope,
                                .n_scope = change->n_scope,
                                .view = view};
    bool is_split =
        split_views(kind, change->doc, call->arena, &document.w, &document.x);
    *status = is_split ? STATUS_OK : STATUS_DATA_LOSS;
    if (view == VIEW_REDUCED) {
        document.x = (struct bytes){0};
    }
    *out = document;
    return true;
}
