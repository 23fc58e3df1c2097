#include "server/rpc/stream_change.h"

#include <stdlib.h>
#include <string.h>

#include "kontor/v1/watch.pb-c.h"
#include "proto/wire.h"
#include "server/rpc/envelope.h"
#include "store/split.h"

enum { NOTE_FIELD = 31, MAX_TAG = 20 };

uint32_t
stream_kind_bit(const struct kind *kind)
{
    return UINT32_C(1) << (kind - kind_table);
}

/* ---- Encoding ---- */

/* A registry's part of an actor's id: what those who do not own the record learn. */
static char *
registry_of(const char *actor, struct arena *arena)
{
    return arena_copy_n(arena, actor, strcspn(actor, "/"));
}

static struct bytes
head_of(const Kontor__V1__Commit *commit, const Kontor__V1__Change *change,
        enum stream_form form, struct arena *arena)
{
    Kontor__V1__RecordChange head = KONTOR__V1__RECORD_CHANGE__INIT;
    head.seq = commit->seq;
    head.at = commit->at;
    head.kind = change->kind;
    head.id = change->id;
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

/* The record in its view: envelope, w and, for owners, x, which follow one another on
 * the wire. When the record was created is known of new ones only. */
static bool
record_parts(const Kontor__V1__Commit *commit, const Kontor__V1__Change *change,
             const struct kind *kind, enum stream_form form, struct arena *arena,
             struct parts *parts)
{
    struct bytes doc = {change->doc.data, change->doc.len};
    struct bytes w;
    struct bytes x;
    if (!split_views(kind, doc, arena, &w, &x)) {
        return false;
    }
    int64_t at_ms = commit->at->seconds * 1000 + commit->at->nanos / 1000000;
    struct envelope envelope = {.id = change->id,
                                .revision = commit->seq,
                                .created_at_ms = change->was == 0 ? at_ms : INT64_MIN,
                                .updated_at_ms = at_ms};
    add_part(parts, envelope_pack(&envelope, arena));
    add_part(parts, w);
    if (form == FORM_FULL) {
        add_part(parts, x);
    }
    return true;
}

/* head, then the record as a field of its kind's number. */
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

static grpc_slice
encode(const Kontor__V1__Commit *commit, const Kontor__V1__Change *change,
       const struct kind *kind, enum stream_form form, struct arena *arena)
{
    struct parts parts = {.n_rows = 0};
    uint32_t number = kind->watch_field;
    if (form != FORM_LEFT && change->op == KONTOR__V1__CHANGE__OP__NOTE) {
        number = NOTE_FIELD;
        add_part(&parts, (struct bytes){change->doc.data, change->doc.len});
    }
    if (form != FORM_LEFT && change->op == KONTOR__V1__CHANGE__OP__PUT &&
        !record_parts(commit, change, kind, form, arena, &parts)) {
        return grpc_empty_slice();
    }
    return join(head_of(commit, change, form, arena), number, &parts);
}

/* Whether any of these strings begins with a byte: '=' owns, '~' takes part. */
static bool
has_side(char *const *scope, size_t n_scope, char side)
{
    for (size_t i = 0; i < n_scope; i++) {
        if (scope[i][0] == side) {
            return true;
        }
    }
    return false;
}

static bool
lost_somebody(const Kontor__V1__Change *change)
{
    for (size_t i = 0; i < change->n_scope_was; i++) {
        bool is_kept = false;
        for (size_t j = 0; j < change->n_scope && !is_kept; j++) {
            is_kept = strcmp(change->scope_was[i] + 1, change->scope[j] + 1) == 0;
        }
        if (!is_kept) {
            return true;
        }
    }
    return false;
}

static bool
is_needed(const Kontor__V1__Change *change, enum stream_form form)
{
    bool is_gone = change->op == KONTOR__V1__CHANGE__OP__DELETE;
    char *const *scope = is_gone ? change->scope_was : change->scope;
    size_t n_scope = is_gone ? change->n_scope_was : change->n_scope;
    switch (form) {
    case FORM_FULL:
        return has_side(scope, n_scope, '=');
    case FORM_REDUCED:
        return change->op != KONTOR__V1__CHANGE__OP__NOTE &&
               has_side(scope, n_scope, '~');
    case FORM_LEFT:
        return change->op == KONTOR__V1__CHANGE__OP__PUT && lost_somebody(change);
    case FORM_NONE:
    case N_FORMS:
        break;
    }
    return false;
}

/* ---- Memory: one block for a commit and its texts ---- */

struct room {
    char *next;
};

static void *
take(struct room *room, size_t size)
{
    void *memory = room->next;
    room->next += (size + 7) / 8 * 8;
    return memory;
}

static size_t
room_of_texts(char *const *texts, size_t n)
{
    size_t size = (n * sizeof texts[0] + 7) / 8 * 8;
    for (size_t i = 0; i < n; i++) {
        size += (strlen(texts[i]) + 1 + 7) / 8 * 8;
    }
    return size;
}

static size_t
room_of(const Kontor__V1__Change *change)
{
    return sizeof(struct stream_change) + (strlen(change->id) + 1 + 7) / 8 * 8 +
           room_of_texts(change->scope, change->n_scope) +
           room_of_texts(change->scope_was, change->n_scope_was);
}

static char *
take_text(struct room *room, const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(take(room, size), text, size);
}

static char **
take_texts(struct room *room, char *const *texts, size_t n)
{
    char **copy = take(room, n * sizeof copy[0]);
    for (size_t i = 0; i < n; i++) {
        copy[i] = take_text(room, texts[i]);
    }
    return copy;
}

/* The kind of a change that somebody may watch, or NULL. */
static const struct kind *
watched_kind(const Kontor__V1__Change *change)
{
    const struct kind *kind = kind_by_name(kind_table, change->kind);
    return kind != NULL && kind->watch_field != 0 ? kind : NULL;
}

static void
fill(struct stream_commit *out, const Kontor__V1__Commit *commit,
     const Kontor__V1__Change *change, struct room *room, struct arena *arena)
{
    const struct kind *kind = watched_kind(change);
    struct stream_change *row = &out->changes[out->n_changes++];
    row->kind = kind;
    row->id = take_text(room, change->id);
    row->op = change->op;
    row->scope = take_texts(room, change->scope, change->n_scope);
    row->n_scope = change->n_scope;
    row->scope_was = take_texts(room, change->scope_was, change->n_scope_was);
    row->n_scope_was = change->n_scope_was;
    for (size_t i = 0; i < N_FORMS; i++) {
        enum stream_form form = (enum stream_form)i;
        row->forms[i] = is_needed(change, form)
                            ? encode(commit, change, kind, form, arena)
                            : grpc_empty_slice();
        out->size += GRPC_SLICE_LENGTH(row->forms[i]);
    }
    out->kinds |= stream_kind_bit(kind);
}

struct stream_commit *
stream_commit_new(const Kontor__V1__Commit *commit)
{
    size_t n = 0;
    size_t size = 0;
    for (size_t i = 0; i < commit->n_changes; i++) {
        if (watched_kind(commit->changes[i]) != NULL) {
            n++;
            size += room_of(commit->changes[i]);
        }
    }
    struct stream_commit *out = calloc(1, sizeof *out + size);
    struct arena *arena = arena_new();
    if (out == NULL || arena == NULL) {
        abort();
    }
    atomic_init(&out->n_references, 1);
    out->seq = commit->seq;
    out->size = sizeof *out + size;
    struct room room = {(char *)(out->changes + n)};
    for (size_t i = 0; i < commit->n_changes; i++) {
        if (watched_kind(commit->changes[i]) != NULL) {
            fill(out, commit, commit->changes[i], &room, arena);
        }
    }
    arena_free(arena);
    return out;
}

void
stream_commit_hold(struct stream_commit *commit)
{
    atomic_fetch_add(&commit->n_references, 1);
}

void
stream_commit_release(struct stream_commit *commit)
{
    if (commit == NULL || atomic_fetch_sub(&commit->n_references, 1) != 1) {
        return;
    }
    for (size_t i = 0; i < commit->n_changes; i++) {
        for (size_t j = 0; j < N_FORMS; j++) {
            grpc_slice_unref(commit->changes[i].forms[j]);
        }
    }
    free(commit);
}

enum stream_form
stream_form_of(const struct stream_change *change, const struct scopes *scopes)
{
    bool is_gone = change->op == KONTOR__V1__CHANGE__OP__DELETE;
    char *const *scope = is_gone ? change->scope_was : change->scope;
    size_t n_scope = is_gone ? change->n_scope_was : change->n_scope;
    enum view view = store_view(scopes, scope, n_scope);
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
