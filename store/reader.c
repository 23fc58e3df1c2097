#include <stdlib.h>

#include "store/inner.h"

enum status
store_reader_open(struct store *store, struct store_reader **out)
{
    struct store_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) {
        abort();
    }
    reader->store = store;
    enum status status = store->backend->reader_open(store->db, &reader->reader);
    if (status != STATUS_OK) {
        free(reader);
        return status;
    }
    *out = reader;
    return STATUS_OK;
}

void
store_reader_close(struct store_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    reader->store->backend->reader_close(reader->reader);
    free(reader);
}

/* Without snapshots every document up to applied is written, whatever else is: then
 * that is the position. */
static enum status
reader_tail(struct store_reader *reader, int64_t *applied)
{
    const struct backend *backend = reader->store->backend;
    if (!backend->has_snapshots) {
        *applied = store_applied(reader->store);
        return STATUS_OK;
    }
    return backend->tail(reader->reader, applied);
}

/*
 * The position is read inside the snapshot, not taken from store_applied: that may move
 * between the two, and a reply must not claim a position its documents are behind.
 */
bool
store_is_at_tail(const struct store_reader *reader)
{
    return reader->is_through;
}

enum status
store_begin(struct store_reader *reader, int64_t *applied)
{
    const struct backend *backend = reader->store->backend;
    /* The committer's own reader sees the open batch, which is its whole purpose. */
    if (reader->is_through) {
        return reader_tail(reader, applied);
    }
    enum status status = backend->begin(reader->reader);
    if (status != STATUS_OK) {
        return status;
    }
    status = reader_tail(reader, applied);
    if (status != STATUS_OK) {
        backend->end(reader->reader);
        return status;
    }
    reader->is_begun = true;
    reader->applied = *applied;
    return STATUS_OK;
}

void
store_end(struct store_reader *reader)
{
    if (reader->is_begun) {
        reader->store->backend->end(reader->reader);
        reader->is_begun = false;
    }
}

static enum status
reader_applied(struct store_reader *reader, int64_t *applied)
{
    if (reader->is_begun) {
        *applied = reader->applied;
        return STATUS_OK;
    }
    return reader_tail(reader, applied);
}

/* As of a position needs two reads, of the present and of the past, and a commit
 * between them would move the document from the one to the other and out of sight. */
enum status
store_snapshot(struct store_reader *reader, const struct kind *kind, int64_t as_of,
               bool *is_own)
{
    int64_t applied = 0;
    if (as_of != 0 && !kind->has_history) {
        return STATUS_FAILED_PRECONDITION;
    }
    bool is_needed = !reader->is_begun && !reader->is_through;
    enum status status = is_needed ? store_begin(reader, &applied) : STATUS_OK;
    if (status == STATUS_OK && as_of != 0 && !is_needed) {
        status = reader_applied(reader, &applied);
    }
    if (status == STATUS_OK && as_of != 0) {
        status = store_position(reader->store, as_of, applied);
    }
    if (status != STATUS_OK && is_needed) {
        store_end(reader);
    }
    *is_own = status == STATUS_OK && is_needed;
    return status;
}

/*
 * The view somebody has on a past version is the lesser of those on it and on the
 * present one, or on the last one of a document that was removed: what was un-published
 * is not shown by asking for yesterday.
 */
static enum status
version_past_view(struct store_reader *reader, const struct look *look,
                  const struct version *past, struct arena *arena, enum view *view)
{
    const struct backend *backend = reader->store->backend;
    struct version last;
    *view = store_view(look->scopes, past->scope, past->n_scope);
    if (look->scopes == NULL || *view == VIEW_NONE) {
        return STATUS_OK;
    }
    enum status status =
        backend->head(reader->reader, look->kind, past->id, arena, &last);
    if (status == STATUS_NOT_FOUND) {
        status = backend->past(reader->reader, look->kind, past->id, INT64_MAX, arena,
                               &last);
    }
    if (status != STATUS_OK) {
        return status;
    }
    enum view now = store_view(look->scopes, last.scope, last.n_scope);
    *view = now < *view ? now : *view;
    return STATUS_OK;
}

static enum status
version_past(struct store_reader *reader, const struct look *look, const char *id,
             struct arena *arena, struct version *version, enum view *view)
{
    const struct backend *backend = reader->store->backend;
    enum status status =
        backend->past(reader->reader, look->kind, id, look->as_of, arena, version);
    if (status == STATUS_OK && version->until <= look->as_of) {
        return STATUS_NOT_FOUND;
    }
    return status == STATUS_OK ? version_past_view(reader, look, version, arena, view)
                               : status;
}

/*
 * Where the backend has no snapshots, the position of the reader's is one to look back
 * to. Kinds without history cannot be looked back at: of these the newest is seen,
 * which is in the log, too.
 */
int64_t
store_pin(const struct store_reader *reader, const struct kind *kind, int64_t as_of)
{
    bool is_pinned = as_of == 0 && reader->is_begun && kind->has_history &&
                     !reader->store->backend->has_snapshots;
    return is_pinned ? reader->applied : as_of;
}

enum status
store_version(struct store_reader *reader, const struct look *wanted, const char *id,
              struct arena *arena, struct version *version, enum view *view)
{
    const struct backend *backend = reader->store->backend;
    struct look pinned = *wanted;
    const struct look *look = &pinned;
    pinned.as_of = store_pin(reader, wanted->kind, wanted->as_of);
    enum status status =
        backend->present(reader->reader, look->kind, id, arena, version);
    /* Only a later position hides the present version; the past is looked at for that
     * alone, and for what is no more. */
    bool is_older =
        status == STATUS_OK && look->as_of != 0 && version->seq > look->as_of;
    bool is_gone = status == STATUS_NOT_FOUND && look->as_of != 0;
    if (is_older || is_gone) {
        status = version_past(reader, look, id, arena, version, view);
    } else if (status == STATUS_OK) {
        *view = store_view(look->scopes, version->scope, version->n_scope);
    }
    /* As if it did not exist: that it does is a secret, too. */
    return status == STATUS_OK && *view == VIEW_NONE ? STATUS_NOT_FOUND : status;
}

void
store_document(const struct kind *kind, const struct version *version, enum view view,
               struct document *out)
{
    *out = (struct document){
        .kind = kind,
        .id = version->id,
        .revision = version->seq,
        .created_at_ms = version->created_at_ms,
        .updated_at_ms = version->at_ms,
        .scope = version->scope,
        .n_scope = version->n_scope,
        .view = view,
        .w = version->w,
    };
    if (view == VIEW_FULL) {
        out->x = version->x;
    }
}

enum status
store_get(struct store_reader *reader, const struct kind *kind, const char *id,
          const struct scopes *scopes, int64_t as_of, struct arena *arena,
          struct document *out)
{
    struct version version;
    enum view view = VIEW_NONE;
    bool is_own = false;
    /* A present version is one row: it needs no snapshot. */
    if (as_of != 0) {
        enum status status = store_snapshot(reader, kind, as_of, &is_own);
        if (status != STATUS_OK) {
            return status;
        }
    }
    struct look look = {kind, scopes, as_of};
    enum status status = store_version(reader, &look, id, arena, &version, &view);
    if (is_own) {
        store_end(reader);
    }
    if (status == STATUS_OK) {
        store_document(kind, &version, view, out);
    }
    return status;
}
