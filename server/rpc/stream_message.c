#include <stdlib.h>
#include <string.h>

#include "proto/wire.h"
#include "server/rpc/stream_watcher.h"

enum { MAX_HEADER = 16, CHANGES_FIELD = 2, MORE_FIELD = 7 };

void
message_add(struct message *message, grpc_slice slice)
{
    if (message->n_slices == message->room) {
        message->room = message->room == 0 ? 64 : 2 * message->room;
        grpc_slice *larger =
            realloc(message->slices, message->room * sizeof message->slices[0]);
        if (larger == NULL) {
            abort();
        }
        message->slices = larger;
    }
    message->slices[message->n_slices++] = slice;
    message->size += GRPC_SLICE_LENGTH(slice);
}

void
message_drop(struct message *message)
{
    for (size_t i = 0; i < message->n_slices; i++) {
        grpc_slice_unref(message->slices[i]);
    }
    message_done(message);
}

void
message_done(struct message *message)
{
    free(message->slices);
    *message = (struct message){.slices = NULL};
}

/* By whole segments: below "coast/o-1" is "coast/o-1/vm", never "coast/o-10". */
static bool
is_below(const char *id, const char *prefix)
{
    size_t size = strlen(prefix);
    return strncmp(id, prefix, size) == 0 &&
           (size == 0 || id[size] == '\0' || id[size] == '/');
}

static bool
is_wanted(const struct watcher *watcher, const struct stream_change *change)
{
    return (watcher->kinds & stream_kind_bit(change->kind)) != 0 &&
           is_below(change->id, watcher->prefix);
}

/* ---- Putting together ---- */

/* What of one commit a watcher gets: whole changes, as they are encoded. */
struct selection {
    grpc_slice rows[STORE_MAX_CHANGES];
    size_t n_rows;
};

static void
selection_add(struct selection *selection, grpc_slice slice)
{
    if (GRPC_SLICE_LENGTH(slice) > 0) {
        selection->rows[selection->n_rows++] = slice;
    }
}

static void
selection_drop(struct selection *selection)
{
    for (size_t i = 0; i < selection->n_rows; i++) {
        grpc_slice_unref(selection->rows[i]);
    }
    selection->n_rows = 0;
}

/*
 * A change as field 2 of a WatchResponse. A message is its pieces one after another, so
 * a body that many watchers share is sent without a copy, and `more`, which is each
 * watcher's own, stands behind it as the last field of the change.
 */
void
message_add_change(struct message *message, grpc_slice body, bool is_last)
{
    static const uint8_t more[] = {MORE_FIELD << 3, 1};
    uint8_t header[MAX_HEADER];
    size_t n = wire_varint(CHANGES_FIELD << 3 | 2, header);
    n += wire_varint(GRPC_SLICE_LENGTH(body) + (is_last ? 0 : sizeof more), header + n);
    message_add(message, grpc_slice_from_copied_buffer((const char *)header, n));
    message_add(message, body);
    if (!is_last) {
        message_add(message,
                    grpc_slice_from_copied_buffer((const char *)more, sizeof more));
    }
}

static void
add_selection(struct message *message, const struct selection *selection)
{
    for (size_t i = 0; i < selection->n_rows; i++) {
        message_add_change(message, selection->rows[i], i + 1 == selection->n_rows);
    }
}

/* ---- From the ring ---- */

/*
 * The form of a change for a watcher; false: the ring cannot tell, or does not hold it,
 * as for those who owned a version and take part only now.
 */
static bool
form_in_ring(const struct watcher *watcher, const struct stream_change *change,
             int64_t seq, enum stream_form *form)
{
    const struct scopes *scopes = &watcher->rpc->who->scopes;
    enum view present;
    *form = stream_form_of(change, scopes);
    if (*form == FORM_NONE) {
        return true;
    }
    if (!hub_present(watcher->hub, seq, change, scopes, &present)) {
        return false;
    }
    *form = stream_form_lesser(change, *form, present);
    return *form == FORM_NONE || GRPC_SLICE_LENGTH(change->forms[*form]) > 0;
}

/* All forms of a commit are known before the first piece is added: a commit that goes
 * out by halves and comes again from the log would be sent twice. */
bool
message_commit(struct message *message, const struct watcher *watcher,
               const struct stream_commit *commit)
{
    struct selection selection = {.n_rows = 0};
    if ((commit->kinds & watcher->kinds) == 0) {
        return true;
    }
    for (size_t i = 0; i < commit->n_changes; i++) {
        const struct stream_change *change = &commit->changes[i];
        enum stream_form form = FORM_NONE;
        if (!is_wanted(watcher, change)) {
            continue;
        }
        if (!form_in_ring(watcher, change, commit->seq, &form)) {
            selection_drop(&selection);
            return false;
        }
        selection_add(&selection, grpc_slice_ref(change->forms[form]));
    }
    add_selection(message, &selection);
    return true;
}

/* ---- From the log ---- */

/*
 * Looks a change's document up as it stood then, with the caller's eyes: the store
 * answers in the lesser view of then and now. A deletion is judged by what it deleted.
 */
static enum status
look_up(const struct watcher *watcher, struct stream_change *change, int64_t seq,
        struct store_reader *reader, enum view *view)
{
    bool is_gone = change->op == KONTOR__V1__CHANGE__OP__DELETE;
    struct document document;
    struct arena *arena = arena_new();
    if (arena == NULL) {
        abort();
    }
    *view = VIEW_NONE;
    enum status status =
        store_get(reader, change->kind, change->id, &watcher->rpc->who->scopes,
                  is_gone ? change->was : seq, arena, &document);
    if (status == STATUS_OK) {
        *view = document.view;
        change->created_at_ms = document.created_at_ms;
    }
    arena_free(arena);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status
form_in_log(const struct watcher *watcher, struct stream_change *change, int64_t seq,
            struct store_reader *reader, enum stream_form *form)
{
    *form = stream_form_of(change, &watcher->rpc->who->scopes);
    if (*form == FORM_NONE || *form == FORM_LEFT) {
        return STATUS_OK;
    }
    enum view view;
    enum status status = look_up(watcher, change, seq, reader, &view);
    *form = stream_form_lesser(change, *form, view);
    return status;
}

enum status
message_logged(struct message *message, const struct watcher *watcher,
               const Kontor__V1__Commit *commit, struct store_reader *reader,
               struct arena *arena)
{
    struct selection selection = {.n_rows = 0};
    for (size_t i = 0; i < commit->n_changes; i++) {
        struct stream_change change;
        enum stream_form form = FORM_NONE;
        if (!stream_change_of(commit->changes[i], &change) ||
            !is_wanted(watcher, &change)) {
            continue;
        }
        enum status status = form_in_log(watcher, &change, commit->seq, reader, &form);
        if (status != STATUS_OK) {
            selection_drop(&selection);
            return status;
        }
        if (form != FORM_NONE) {
            selection_add(
                &selection,
                stream_change_encode(&change, commit, commit->changes[i], form, arena));
        }
    }
    add_selection(message, &selection);
    return STATUS_OK;
}

void
message_position(struct message *message, const struct watcher *watcher, int64_t seq)
{
    struct arena *arena = arena_new();
    if (arena == NULL) {
        abort();
    }
    Kontor__V1__Position position = KONTOR__V1__POSITION__INIT;
    position.seq = seq;
    position.scope_tag = arena_copy(arena, watcher->rpc->who->scope_tag);
    Kontor__V1__WatchResponse response = KONTOR__V1__WATCH_RESPONSE__INIT;
    response.position = &position;
    struct bytes bytes = wire_pack(&response.base, arena);
    message_add(message,
                grpc_slice_from_copied_buffer((const char *)bytes.data, bytes.size));
    arena_free(arena);
}
