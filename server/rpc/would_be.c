#include <string.h>

#include "server/rpc/flight.h"

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
    commit->at->seconds = flight->call.now_ms / 1000;
    commit->at->nanos = (int32_t)(flight->call.now_ms % 1000) * 1000000;
    commit->actor = text(flight->call.actor);
    commit->n_changes = draft->n_changes;
    commit->changes = arena_alloc(arena, draft->n_changes * sizeof(void *));
    for (size_t i = 0; i < draft->n_changes; i++) {
        commit->changes[i] = change_of(&draft->changes[i], arena);
    }
    return commit;
}
