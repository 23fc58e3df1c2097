#include "server/rpc/stream_change.h"

#include <stdlib.h>
#include <string.h>

#include "kontor/v1/watch.pb-c.h"
#include "proto/wire.h"
#include "server/rpc/envelope.h"
#include "store/split.h"

enum { NOTE_FIELD = 31, MAX_TAG = 20 };

/* By the place in the table: a set of kinds is one word, and "is any of these wanted"
 * one operation for every watcher and commit. */
uint32_t
stream_kind_bit(const struct kind *kind)
{
    return UINT32_C(1) << (kind - kind_table);
}

bool
stream_change_of(const Kontor__V1__Change *change, struct stream_change *out)
{
    const struct kind *kind = kind_by_name(kind_table, change->kind);
    if (kind == NULL || kind->watch_field == 0) {
        return false;
    }
    *out = (struct stream_change){.kind = kind,
                                  .id = change->id,
                                  .op = change->op,
                                  .was = change->was,
                                  .scope = change->scope,
                                  .n_scope = change->n_scope,
                                  .scope_was = change->scope_was,
                                  .n_scope_was = change->n_scope_was,
                                  .created_at_ms = INT64_MIN};
    return true;
}

/* ---- Who sees what of it ---- */

/* FNV-1a, as for the read cache: ids are short and come from one broker's callers. */
uint64_t
stream_change_hash(const struct kind *kind, const char *id)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ (uintptr_t)kind;
    for (; *id != '\0'; id++) {
        hash = (hash ^ (unsigned char)*id) * UINT64_C(1099511628211);
    }
    return hash ^ (hash >> 29);
}

struct stream_scope
stream_change_scope(const struct stream_change *change)
{
    return change->op == KONTOR__V1__CHANGE__OP__DELETE
               ? (struct stream_scope){change->scope_was, change->n_scope_was}
               : (struct stream_scope){change->scope, change->n_scope};
}

enum stream_form
stream_form_of(const struct stream_change *change, const struct scopes *scopes)
{
    struct stream_scope scope = stream_change_scope(change);
    enum view view = store_view(scopes, scope.strings, scope.n_strings);
    if (view == VIEW_FULL) {
        return FORM_FULL;
    }
    if (view == VIEW_REDUCED) {
        return change->op == KONTOR__V1__CHANGE__OP__NOTE ? FORM_NONE : FORM_REDUCED;
    }
    bool has_left =
        change->op == KONTOR__V1__CHANGE__OP__PUT &&
        store_view(scopes, change->scope_was, change->n_scope_was) != VIEW_NONE;
    return has_left ? FORM_LEFT : FORM_NONE;
}

/*
 * The rule of as-of reads (the store's design, "Documents"): a version is shown only to
 * those who see the present one, in the lesser view of the two. LEFT and a deletion
 * show nothing of the record but that it is gone, and are never held back: whoever got
 * it before would keep it for ever.
 */
enum stream_form
stream_form_lesser(const struct stream_change *change, enum stream_form form,
                   enum view present)
{
    bool is_shown = form == FORM_FULL || form == FORM_REDUCED;
    if (!is_shown || present == VIEW_FULL) {
        return form;
    }
    switch (change->op) {
    case KONTOR__V1__CHANGE__OP__DELETE:
        return FORM_REDUCED;
    case KONTOR__V1__CHANGE__OP__PUT:
        return present == VIEW_REDUCED ? FORM_REDUCED : FORM_NONE;
    case KONTOR__V1__CHANGE__OP__NOTE:
    case KONTOR__V1__CHANGE__OP__OP_UNSPECIFIED:
    case _KONTOR__V1__CHANGE__OP_IS_INT_SIZE:
        break;
    }
    return FORM_NONE; /* Notes are for owners. */
}

/* ---- Encoding ---- */

/* The registry's part of an actor's id. Who works on a record is its owners' business;
 * others learn on whose behalf. */
static char *
registry_of(const char *actor, struct arena *arena)
{
    return arena_copy_n(arena, actor, strcspn(actor, "/"));
}

static struct bytes
head_of(const Kontor__V1__Commit *commit, const struct stream_change *change,
        enum stream_form form, struct arena *arena)
{
    Kontor__V1__RecordChange head = KONTOR__V1__RECORD_CHANGE__INIT;
    head.seq = commit->seq;
    head.at = commit->at;
    head.kind = (char *)change->kind->name;
    head.id = (char *)change->id;
    head.op = form == FORM_LEFT ? KONTOR__V1__RECORD_CHANGE__OP__LEFT
                                : (Kontor__V1__RecordChange__Op)change->op;
    head.actor = form == FORM_FULL ? commit->actor : registry_of(commit->actor, arena);
    return wire_pack(&head.base, arena);
}

struct parts {
    struct bytes rows[4];
    size_t n_rows;
};

static void
add_part(struct parts *parts, struct bytes bytes)
{
    parts->rows[parts->n_rows++] = bytes;
}

static int64_t
time_of(const Kontor__V1__Commit *commit)
{
    return commit->at->seconds * 1000 + commit->at->nanos / 1000000;
}

/* The record in its view: envelope, w and, for owners, x, which follow one another on
 * the wire, so that nothing is unpacked to be sent. */
static bool
record_parts(const struct stream_change *change, const Kontor__V1__Commit *commit,
             struct bytes doc, enum stream_form form, struct arena *arena,
             struct parts *parts)
{
    struct bytes w;
    struct bytes x;
    if (!split_views(change->kind, doc, arena, &w, &x)) {
        return false;
    }
    struct envelope envelope = {.id = change->id,
                                .revision = commit->seq,
                                .created_at_ms = change->created_at_ms,
                                .updated_at_ms = time_of(commit)};
    add_part(parts, envelope_pack(&envelope, arena));
    add_part(parts, w);
    if (form == FORM_FULL) {
        add_part(parts, x);
    }
    return true;
}

/* head, then the record as a field of its kind's number. The record is the last field
 * but `more`, which each watcher's message adds behind it. */
static grpc_slice
join(struct bytes head, uint32_t number, const struct parts *parts)
{
    uint8_t tag[MAX_TAG];
    size_t n_tag = 0;
    size_t size = 0;
    for (size_t i = 0; i < parts->n_rows; i++) {
        size += parts->rows[i].size;
    }
    if (parts->n_rows > 0) {
        n_tag = wire_varint((uint64_t)number << 3 | 2, tag);
        n_tag += wire_varint(size, tag + n_tag);
    }
    grpc_slice slice = grpc_slice_malloc(head.size + n_tag + size);
    uint8_t *out = GRPC_SLICE_START_PTR(slice);
    memcpy(out, head.data, head.size);
    memcpy(out + head.size, tag, n_tag);
    out += head.size + n_tag;
    for (size_t i = 0; i < parts->n_rows; i++) {
        if (parts->rows[i].size > 0) {
            memcpy(out, parts->rows[i].data, parts->rows[i].size);
        }
        out += parts->rows[i].size;
    }
    return slice;
}

grpc_slice
stream_change_encode(const struct stream_change *change,
                     const Kontor__V1__Commit *commit, const Kontor__V1__Change *source,
                     enum stream_form form, struct arena *arena)
{
    struct parts parts = {.n_rows = 0};
    struct bytes doc = {source->doc.data, source->doc.len};
    uint32_t number = change->kind->watch_field;
    if (form != FORM_LEFT && change->op == KONTOR__V1__CHANGE__OP__NOTE) {
        number = NOTE_FIELD;
        add_part(&parts, doc);
    }
    if (form != FORM_LEFT && change->op == KONTOR__V1__CHANGE__OP__PUT &&
        !record_parts(change, commit, doc, form, arena, &parts)) {
        return grpc_empty_slice();
    }
    return join(head_of(commit, change, form, arena), number, &parts);
}
