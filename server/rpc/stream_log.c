#include <stdlib.h>
#include <string.h>

#include "proto/wire.h"
#include "server/rpc/flight.h"
#include "server/rpc/history.h"
#include "server/rpc/stream_watcher.h"

/* Of one message; a single commit may be 1 MiB and goes alone then. */
enum { LOG_COMMITS = 256, LOG_BYTES = 256 << 10 };

static void
send_response(struct watcher *watcher, const Kontor__V1__ReadLogResponse *response,
              struct arena *arena)
{
    struct bytes bytes = wire_pack(&response->base, arena);
    grpc_slice slice =
        grpc_slice_from_copied_buffer((const char *)bytes.data, bytes.size);
    watcher_send(watcher, &slice, 1);
}

/* The hash of the commit at a position, which those after it are chained to; of the
 * last one that was trimmed the base knows it. */
static enum status
read_anchor(const struct dispatch *dispatch, struct store_reader *reader, int64_t seq,
            struct arena *arena, ProtobufCBinaryData *anchor)
{
    Kontor__V1__Commit **commits;
    Kontor__V1__Base *base;
    size_t n = 0;
    if (seq == 0) {
        return STATUS_OK;
    }
    enum status status = store_base(reader, arena, &base);
    if (status == STATUS_OK && base->seq == seq) {
        *anchor = base->hash;
        return STATUS_OK;
    }
    int64_t before = history_before(dispatch->histories, dispatch->n_histories, seq);
    status = store_log_read(reader, before, 1, LOG_BYTES, arena, &commits, &n);
    if (status == STATUS_OK && n == 1 && commits[0]->seq == seq) {
        *anchor = commits[0]->hash;
    }
    return status;
}

/* A log that was trimmed is read from 0 with its base in the place of what is gone. */
static enum status
begin_base(struct watcher *watcher, struct store_reader *reader, struct arena *arena,
           Kontor__V1__ReadLogResponse *response)
{
    bool is_whole = store_oldest(watcher->rpc->server->options.broker->store) == 0;
    if (is_whole || atomic_load(&watcher->cursor) != 0) {
        return STATUS_OK;
    }
    enum status status = store_base(reader, arena, &response->log_base);
    if (status == STATUS_OK) {
        response->anchor = response->log_base->hash;
        watcher->base_kind = "";
        watcher->base_id = "";
    }
    return status;
}

/* The histories and the hash the first commit is chained to go ahead: with them the
 * receiver verifies the chain from its first link on, without asking anything else. */
void
log_begin_job(struct pool_job *job, struct store_reader *reader)
{
    struct watcher *watcher = watcher_of(job);
    struct rpc *rpc = watcher->rpc;
    const struct dispatch *dispatch = rpc->server->dispatch;
    struct arena *arena = arena_new();
    if (arena == NULL) {
        abort();
    }
    Kontor__V1__ReadLogResponse response = KONTOR__V1__READ_LOG_RESPONSE__INIT;
    response.histories = dispatch->histories;
    response.n_histories = dispatch->n_histories;
    enum status status = read_anchor(dispatch, reader, atomic_load(&watcher->cursor),
                                     arena, &response.anchor);
    if (status == STATUS_OK) {
        status = begin_base(watcher, reader, arena, &response);
    }
    if (status == STATUS_OK) {
        send_response(watcher, &response, arena);
    } else {
        watcher_fail(watcher, status);
    }
    arena_free(arena);
    rpc_release(rpc);
}

/* Behind the last document the commits follow, from the base's position on. */
static void
keep_place(struct watcher *watcher, const Kontor__V1__ReadLogResponse *response)
{
    struct arena *arena = rpc_arena(watcher->rpc);
    size_t n = response->n_documents;
    if (n == 0) {
        watcher->base_kind = NULL;
        atomic_store(&watcher->cursor,
                     store_oldest(watcher->rpc->server->options.broker->store));
        return;
    }
    watcher->base_kind = arena_copy(arena, response->documents[n - 1]->kind);
    watcher->base_id = arena_copy(arena, response->documents[n - 1]->id);
}

/* The base never changes while a broker runs, so its parts fit together. */
void
log_base_job(struct pool_job *job, struct store_reader *reader)
{
    struct watcher *watcher = watcher_of(job);
    struct rpc *rpc = watcher->rpc;
    struct arena *arena = arena_new();
    if (arena == NULL) {
        abort();
    }
    Kontor__V1__ReadLogResponse response = KONTOR__V1__READ_LOG_RESPONSE__INIT;
    enum status status =
        store_base_read(reader, watcher->base_kind, watcher->base_id, LOG_BYTES, arena,
                        &response.documents, &response.n_documents);
    bool is_stale = watcher_is_stale(watcher);
    if (status == STATUS_OK && !is_stale) {
        keep_place(watcher, &response);
    }
    if (status != STATUS_OK) {
        watcher_fail(watcher, status);
    } else if (is_stale || response.n_documents == 0) {
        watcher_pump(watcher);
    } else {
        send_response(watcher, &response, arena);
    }
    arena_free(arena);
    rpc_release(rpc);
}

/* What is durable but was not told to the hub yet is left for the next message: trust
 * that moved by it is not known to have moved. */
static void
leave_untold(struct watcher *watcher, Kontor__V1__ReadLogResponse *response)
{
    int64_t head = hub_head(watcher->hub);
    while (response->n_commits > 0 &&
           response->commits[response->n_commits - 1]->seq > head) {
        response->n_commits--;
    }
}

void
log_next_job(struct pool_job *job, struct store_reader *reader)
{
    struct watcher *watcher = watcher_of(job);
    struct rpc *rpc = watcher->rpc;
    struct arena *arena = arena_new();
    if (arena == NULL) {
        abort();
    }
    Kontor__V1__ReadLogResponse response = KONTOR__V1__READ_LOG_RESPONSE__INIT;
    enum status status =
        store_log_read(reader, atomic_load(&watcher->cursor), LOG_COMMITS, LOG_BYTES,
                       arena, &response.commits, &response.n_commits);
    if (status == STATUS_OK) {
        leave_untold(watcher, &response);
    }
    /* In this order: by the time a commit is told of, the trust it moved has moved. */
    bool is_stale = watcher_is_stale(watcher);
    if (status != STATUS_OK) {
        watcher_fail(watcher, status);
    } else if (is_stale || response.n_commits == 0) {
        watcher_pump(watcher);
    } else {
        atomic_store(&watcher->cursor, response.commits[response.n_commits - 1]->seq);
        send_response(watcher, &response, arena);
    }
    arena_free(arena);
    rpc_release(rpc);
}
