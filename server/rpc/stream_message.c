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
message_done(struct message *message)
{
    free(message->slices);
    *message = (struct message){.slices = NULL};
}

static bool
is_below(const char *id, const char *prefix)
{
    size_t size = strlen(prefix);
    return strncmp(id, prefix, size) == 0 &&
           (size == 0 || id[size] == '\0' || id[size] == '/');
}

/*
 * What was once published and is not any more is not shown to those who come late: the
 * caller must see the present document too. One that is deleted shows as it was.
 */
static enum stream_form
lesser(const struct watcher *watcher, const struct stream_change *change,
       enum stream_form form, struct store_reader *reader)
{
    struct document document;
    bool is_shown = form == FORM_FULL || form == FORM_REDUCED;
    if (reader == NULL || !is_shown || change->op == KONTOR__V1__CHANGE__OP__DELETE) {
        return form;
    }
    struct arena *arena = arena_new();
    if (arena == NULL) {
        abort();
    }
    enum view view = VIEW_NONE;
    enum status status =
        store_get(reader, change->kind, change->id, NULL, 0, arena, &document);
    if (status == STATUS_NOT_FOUND) {
        view = VIEW_FULL;
    } else if (status == STATUS_OK) {
        view = store_view(&watcher->rpc->who->scopes, document.scope, document.n_scope);
    }
    arena_free(arena);
    if (view == VIEW_REDUCED && form == FORM_FULL) {
        bool has_reduced = GRPC_SLICE_LENGTH(change->forms[FORM_REDUCED]) > 0;
        return has_reduced ? FORM_REDUCED : FORM_NONE;
    }
    return view == VIEW_NONE ? FORM_NONE : form;
}

static enum stream_form
form_for(const struct watcher *watcher, const struct stream_change *change,
         struct store_reader *reader)
{
    if ((watcher->kinds & stream_kind_bit(change->kind)) == 0 ||
        !is_below(change->id, watcher->prefix)) {
        return FORM_NONE;
    }
    enum stream_form form = stream_form_of(change, &watcher->rpc->who->scopes);
    form = lesser(watcher, change, form, reader);
    return GRPC_SLICE_LENGTH(change->forms[form]) > 0 ? form : FORM_NONE;
}

/* The change as field 2 of a WatchResponse; `more` is its last field when it is set. */
static void
add_change(struct message *message, const struct stream_change *change,
           enum stream_form form, bool is_last)
{
    static const uint8_t more[] = {MORE_FIELD << 3, 1};
    uint8_t header[MAX_HEADER];
    size_t body = GRPC_SLICE_LENGTH(change->forms[form]);
    size_t n = wire_varint(CHANGES_FIELD << 3 | 2, header);
    n += wire_varint(body + (is_last ? 0 : sizeof more), header + n);
    message_add(message, grpc_slice_from_copied_buffer((const char *)header, n));
    message_add(message, grpc_slice_ref(change->forms[form]));
    if (!is_last) {
        message_add(message,
                    grpc_slice_from_copied_buffer((const char *)more, sizeof more));
    }
}

void
message_commit(struct message *message, const struct watcher *watcher,
               const struct stream_commit *commit, struct store_reader *reader)
{
    const struct stream_change *held = NULL;
    enum stream_form held_form = FORM_NONE;
    if ((commit->kinds & watcher->kinds) == 0) {
        return;
    }
    for (size_t i = 0; i < commit->n_changes; i++) {
        const struct stream_change *change = &commit->changes[i];
        enum stream_form form = form_for(watcher, change, reader);
        if (form == FORM_NONE) {
            continue;
        }
        if (held != NULL) {
            add_change(message, held, held_form, false);
        }
        held = change;
        held_form = form;
    }
    if (held != NULL) {
        add_change(message, held, held_form, true);
    }
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
