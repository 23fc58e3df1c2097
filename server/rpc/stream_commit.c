#include <stdlib.h>
#include <string.h>

#include <google/protobuf/timestamp.pb-c.h>

#include "server/rpc/stream_change.h"

/* ---- Which forms are needed ---- */

/* Whether any of these strings begins with a byte: '=' owns, '~' takes part. */
static bool
has_side(struct stream_scope scope, char side)
{
    for (size_t i = 0; i < scope.n_strings; i++) {
        if (scope.strings[i][0] == side) {
            return true;
        }
    }
    return false;
}

/* LEFT is for those who saw the version before and do not see this one. Which side a
 * string is on does not matter: either side sees something. */
static bool
lost_somebody(const struct stream_change *change)
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

/* Whether anybody can get this form by the change's own scope. A deletion has a reduced
 * form always: owners get it once the id is somebody else's. */
static bool
is_needed(const struct stream_change *change, enum stream_form form)
{
    struct stream_scope scope = stream_change_scope(change);
    bool is_gone = change->op == KONTOR__V1__CHANGE__OP__DELETE;
    switch (form) {
    case FORM_FULL:
        return has_side(scope, '=');
    case FORM_REDUCED:
        return is_gone ||
               (change->op != KONTOR__V1__CHANGE__OP__NOTE && has_side(scope, '~'));
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

/* Sizes are rounded up to what a pointer needs: the block holds lists of them between
 * the texts. */
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

/* What commits are made of on their way in. */
struct filling {
    const Kontor__V1__Commit *commit;
    int64_t at_ms;
    stream_created_fn *created;
    void *context;
    struct arena *arena;
    struct room room;
};

/*
 * Every form is made once, here, for however many watchers: they share the bytes. A
 * form the scope gives nobody is not made; the rare watcher that needs it all the same,
 * by the present scope, reads the log.
 */
static bool
fill(struct stream_commit *out, const Kontor__V1__Change *change,
     struct filling *filling)
{
    struct stream_change *row = &out->changes[out->n_changes];
    if (!stream_change_of(change, row)) {
        return true;
    }
    bool is_new = row->op == KONTOR__V1__CHANGE__OP__PUT && row->was == 0;
    row->created_at_ms = is_new ? filling->at_ms : INT64_MIN;
    row->hash = stream_change_hash(row->kind, row->id);
    if (row->op == KONTOR__V1__CHANGE__OP__PUT && !is_new &&
        !filling->created(filling->context, row, out->seq, &row->created_at_ms)) {
        return false;
    }
    row->id = take_text(&filling->room, row->id);
    row->scope = take_texts(&filling->room, row->scope, row->n_scope);
    row->scope_was = take_texts(&filling->room, row->scope_was, row->n_scope_was);
    for (size_t i = 0; i < N_FORMS; i++) {
        enum stream_form form = (enum stream_form)i;
        row->forms[i] = is_needed(row, form)
                            ? stream_change_encode(row, filling->commit, change, form,
                                                   filling->arena)
                            : grpc_empty_slice();
        out->size += GRPC_SLICE_LENGTH(row->forms[i]);
    }
    out->kinds |= stream_kind_bit(row->kind);
    out->n_changes++;
    return true;
}

/* Counted first and allocated in one piece: the ring holds tens of thousands, and each
 * goes at once with its last reader. */
static struct stream_commit *
commit_new(const Kontor__V1__Commit *commit, struct room *room)
{
    size_t n = 0;
    size_t size = 0;
    for (size_t i = 0; i < commit->n_changes; i++) {
        struct stream_change change;
        if (stream_change_of(commit->changes[i], &change)) {
            n++;
            size += room_of(commit->changes[i]);
        }
    }
    struct stream_commit *out = calloc(1, sizeof *out + size);
    if (out == NULL) {
        abort();
    }
    atomic_init(&out->n_references, 1);
    out->seq = commit->seq;
    out->size = sizeof *out + size;
    *room = (struct room){(char *)(out->changes + n)};
    return out;
}

struct stream_commit *
stream_commit_new(const Kontor__V1__Commit *commit, stream_created_fn *created,
                  void *context)
{
    const Google__Protobuf__Timestamp *at = commit->at;
    struct filling filling = {.commit = commit,
                              .at_ms = at->seconds * 1000 + at->nanos / 1000000,
                              .created = created,
                              .context = context,
                              .arena = arena_new()};
    if (filling.arena == NULL) {
        abort();
    }
    struct stream_commit *out = commit_new(commit, &filling.room);
    bool is_filled = true;
    for (size_t i = 0; is_filled && i < commit->n_changes; i++) {
        is_filled = fill(out, commit->changes[i], &filling);
    }
    arena_free(filling.arena);
    if (!is_filled) {
        stream_commit_release(out);
        return NULL;
    }
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
