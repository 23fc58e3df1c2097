#include <stdlib.h>
#include <string.h>

#include "proto/field.h"
#include "proto/moment.h"
#include "proto/wire.h"
#include "server/rpc/envelope.h"
#include "server/rpc/stream_watcher.h"

enum {
    PAGE = 64,                 /* Documents of one message. */
    MESSAGE_BYTES = 512 << 10, /* Of several; one alone may have more. */
    HEADER_BYTES = 16,
};

bool
export_is_over(const struct watcher *watcher)
{
    return watcher->row->kinds[watcher->export_kind] == NULL;
}

static void
next_kind(struct watcher *watcher)
{
    watcher->export_kind++;
    watcher->export_token = "";
}

/* ---- A document as a change ---- */

/* What of a RecordChange stands before its record. */
static struct bytes
head_of(const struct document *document, struct arena *arena)
{
    Kontor__V1__RecordChange head = KONTOR__V1__RECORD_CHANGE__INIT;
    head.seq = document->revision;
    head.at = moment_new(arena, document->updated_at_ms);
    head.kind = (char *)(uintptr_t)document->kind->name;
    head.id = (char *)(uintptr_t)document->id;
    head.op = KONTOR__V1__RECORD_CHANGE__OP__PUT;
    return wire_pack(&head.base, arena);
}

/* The record is the envelope and the bytes of the document: no unpacking. */
static grpc_slice
change_of(const struct document *document, struct arena *arena)
{
    const struct envelope envelope = {.id = document->id,
                                      .revision = document->revision,
                                      .created_at_ms = document->created_at_ms,
                                      .updated_at_ms = document->updated_at_ms};
    uint8_t header[HEADER_BYTES];
    struct bytes pieces[] = {head_of(document, arena),
                             {.data = header},
                             envelope_pack(&envelope, arena),
                             document->w,
                             document->x};
    enum { N_PIECES = sizeof pieces / sizeof pieces[0] };
    size_t record = pieces[2].size + pieces[3].size + pieces[4].size;
    size_t n =
        wire_varint((uint64_t)document->kind->watch_field << 3 | FIELD_SIZED, header);
    pieces[1].size = n + wire_varint(record, header + n);
    grpc_slice slice = grpc_slice_malloc(pieces[0].size + pieces[1].size + record);
    uint8_t *to = GRPC_SLICE_START_PTR(slice);
    for (size_t i = 0; i < N_PIECES; i++) {
        if (pieces[i].size > 0) {
            memcpy(to, pieces[i].data, pieces[i].size);
            to += pieces[i].size;
        }
    }
    return slice;
}

/* ---- A page ---- */

static enum status
read_page(const struct watcher *watcher, struct store_reader *reader, size_t limit,
          struct arena *arena, struct page *page)
{
    const char *kind = watcher->row->kinds[watcher->export_kind];
    struct find find = {.kind = kind_by_name(kind_table, kind),
                        .scopes = &watcher->rpc->who->scopes,
                        .prefix = watcher->prefix[0] == '\0' ? NULL : watcher->prefix,
                        .limit = limit,
                        .token = watcher->export_token,
                        .as_of = watcher->target};
    return store_find(reader, &find, arena, page);
}

/* How many of a page fit into one message; one always does. */
static size_t
n_fitting(const struct page *page)
{
    size_t size = 0;
    for (size_t i = 0; i < page->n_documents; i++) {
        size += page->documents[i].w.size + page->documents[i].x.size;
        if (size > MESSAGE_BYTES) {
            return i == 0 ? 1 : i;
        }
    }
    return page->n_documents;
}

/* A page as large as a message may be. Large records are rare, so that reading them
 * twice for the token behind the last that fits costs little. */
static enum status
read_fitting(const struct watcher *watcher, struct store_reader *reader,
             struct arena *arena, struct page *page)
{
    enum status status = read_page(watcher, reader, PAGE, arena, page);
    size_t n = status == STATUS_OK ? n_fitting(page) : 0;
    if (status == STATUS_OK && n < page->n_documents) {
        status = read_page(watcher, reader, n, arena, page);
    }
    return status;
}

static bool
is_wanted(const struct watcher *watcher)
{
    const char *kind = watcher->row->kinds[watcher->export_kind];
    return (watcher->kinds & stream_kind_bit(kind_by_name(kind_table, kind))) != 0;
}

/* Sends the page, or goes on where it is empty; a caller whose rights moved is judged
 * first, and gets it after that. */
static void
send_page(struct watcher *watcher, const struct page *page, struct arena *arena)
{
    struct message message = {.slices = NULL};
    if (watcher_is_stale(watcher)) {
        watcher_pump(watcher);
        return;
    }
    for (size_t i = 0; i < page->n_documents; i++) {
        message_add_change(&message, change_of(&page->documents[i], arena), true);
    }
    if (page->next_token[0] == '\0') {
        next_kind(watcher);
    } else {
        watcher->export_token = arena_copy(rpc_arena(watcher->rpc), page->next_token);
    }
    if (message.n_slices > 0) {
        watcher_send(watcher, message.slices, message.n_slices);
    } else {
        watcher_pump(watcher);
    }
    message_done(&message);
}

void
export_job(struct pool_job *job, struct store_reader *reader)
{
    struct watcher *watcher = watcher_of(job);
    struct rpc *rpc = watcher->rpc;
    struct arena *arena = arena_new();
    struct page page = {.next_token = ""};
    if (arena == NULL) {
        abort();
    }
    enum status status =
        is_wanted(watcher) ? read_fitting(watcher, reader, arena, &page) : STATUS_OK;
    if (status == STATUS_OK) {
        send_page(watcher, &page, arena);
    } else {
        watcher_fail(watcher, status);
    }
    arena_free(arena);
    rpc_release(rpc);
}
