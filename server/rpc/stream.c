#include "server/rpc/stream.h"

#include <inttypes.h>
#include <stdlib.h>

#include "server/broker.h"
#include "server/rpc/flight.h"
#include "server/rpc/stream_watcher.h"

enum {
    /* Large enough that a busy stream is few writes, small enough that a slow reader
     * holds little: one message is out at a time, and nothing waits behind it. */
    MESSAGE_BYTES = 64 << 10,
    /* Commits looked at in one go: a thread of the completion queue serves everybody
     * and must not stay with one watcher. */
    TAKE_COMMITS = 64,
    /* A worker may take longer, and a read of the log costs more to begin. */
    CATCH_UP_BYTES = 256 << 10,
    /* Positions of others' changes are told at most so often. */
    TELL_EVERY_MS = 1000,
    RETRY_MS = 1000,
};

static int64_t
now_ms(const struct watcher *watcher)
{
    return clock_monotonic_ms(watcher->rpc->server->options.broker->clock);
}

struct watcher *
watcher_of(struct pool_job *job)
{
    return (struct watcher *)((char *)job - offsetof(struct watcher, job));
}

/* ---- Moves ---- */

/* Whoever finds it idle owns it from then on and must hand it to a thread that may
 * send: the committer, which calls this, never does. One that is owned looks again by
 * itself before it rests, so nothing is missed. */
void
watcher_wake(struct watcher *watcher)
{
    int idle = WATCHER_IDLE;
    if (atomic_compare_exchange_strong(&watcher->state, &idle, WATCHER_OWNED)) {
        rpc_kick(watcher->rpc);
    }
}

/* WRITING is set before the write: its end may come, on another thread, before
 * rpc_write returns. */
void
watcher_send(struct watcher *watcher, grpc_slice *slices, size_t n_slices)
{
    atomic_store(&watcher->sent_ms, now_ms(watcher));
    atomic_store(&watcher->state, WATCHER_WRITING);
    metrics_sent(watcher->rpc->server->options.metrics, watcher->rpc->method->row, 1);
    if (!rpc_write(watcher->rpc, slices, n_slices)) {
        atomic_store(&watcher->state, WATCHER_ENDED);
    }
}

void
watcher_work(struct watcher *watcher,
             void (*run)(struct pool_job *job, struct store_reader *reader))
{
    watcher->job.run = run;
    /* A caller that goes away meanwhile must not take the watcher with it. Forced: the
     * stream was admitted when it began, and a full queue is no reason to end it. */
    rpc_hold(watcher->rpc);
    struct pool *pool = dispatch_pool(watcher->rpc->server->dispatch);
    pool_force(pool, CLASS_READ, &watcher->job);
}

/*
 * Positions were judged when the stream began, and a history begins only with a
 * process: whatever the log answers now but that it is away is damage. That goes into
 * our own log; the caller learns under which name.
 */
void
watcher_fail(struct watcher *watcher, enum status status)
{
    struct rpc *rpc = watcher->rpc;
    struct arena *arena = rpc_arena(rpc);
    bool is_away = status == STATUS_UNAVAILABLE;
    watcher->end = is_away ? REASON_STORE_UNAVAILABLE : REASON_INTERNAL;
    watcher->error = (struct error){.reason = watcher->end,
                                    .status = reason_row(watcher->end)->status,
                                    .message = "the log cannot be read now",
                                    .retry_after_ms = is_away ? RETRY_MS : 0};
    if (!is_away) {
        uint64_t number;
        random_fill(rpc->server->options.random, &number, sizeof number);
        watcher->call_id = arena_print(arena, "%016" PRIx64, number);
        watcher->internal =
            arena_print(arena, "the log cannot be read: %s", status_name(status));
        watcher->error.message = arena_print(
            arena, "the broker made a mistake; its log knows this call as %s",
            watcher->call_id);
        watcher->error.values[watcher->error.n_values++] =
            (struct error_value){.key = "callId", .value = watcher->call_id};
    }
    watcher_pump(watcher);
}

static void
send_position(struct watcher *watcher, int64_t seq)
{
    struct message message = {.slices = NULL};
    message_position(&message, watcher, seq);
    atomic_store(&watcher->told, seq);
    watcher_send(watcher, message.slices, message.n_slices);
    message_done(&message);
}

/* ---- Behind the ring: the log ---- */

/*
 * What is durable may not have been told to everybody yet. Only what the hub was told
 * of goes out: by then identity has heard of it too, and whoever lost their rights in
 * it, or before it, is stale.
 */
static bool
is_told(const struct watcher *watcher, const Kontor__V1__Commit *commit)
{
    return commit->seq <= hub_head(watcher->hub);
}

static enum status
read_log(struct watcher *watcher, struct store_reader *reader, struct message *message,
         int64_t *cursor)
{
    Kontor__V1__Commit **commits;
    size_t n = 0;
    struct arena *arena = arena_new();
    if (arena == NULL) {
        abort();
    }
    enum status status = store_log_read(reader, *cursor, TAKE_COMMITS, CATCH_UP_BYTES,
                                        arena, &commits, &n);
    for (size_t i = 0; status == STATUS_OK && i < n && is_told(watcher, commits[i]);
         i++) {
        status = message_logged(message, watcher, commits[i], reader, arena);
        *cursor = status == STATUS_OK ? commits[i]->seq : *cursor;
    }
    arena_free(arena);
    return status;
}

/* One snapshot for the commits and for what their documents are now. */
static enum status
read_snapshot(struct watcher *watcher, struct store_reader *reader,
              struct message *message, int64_t *cursor)
{
    int64_t applied;
    enum status status = store_begin(reader, &applied);
    if (status != STATUS_OK) {
        return status;
    }
    status = read_log(watcher, reader, message, cursor);
    store_end(reader);
    return status;
}

static void
catch_up_job(struct pool_job *job, struct store_reader *reader)
{
    struct watcher *watcher = watcher_of(job);
    struct rpc *rpc = watcher->rpc;
    struct message message = {.slices = NULL};
    int64_t cursor = atomic_load(&watcher->cursor);
    enum status status = read_snapshot(watcher, reader, &message, &cursor);
    if (watcher_is_stale(watcher) || status != STATUS_OK) {
        message_drop(&message);
    } else {
        atomic_store(&watcher->cursor, cursor);
    }
    if (status != STATUS_OK) {
        watcher_fail(watcher, status);
    } else if (message.n_slices > 0) {
        watcher_send(watcher, message.slices, message.n_slices);
    } else {
        watcher_pump(watcher);
    }
    message_done(&message);
    rpc_release(rpc);
}

/* ---- The pump ---- */

/* Gathers from the ring. false: the log must be read, for the ring begins later than
 * the cursor or cannot tell how a version may be shown. */
static bool
gather(struct watcher *watcher, struct message *message, int64_t *cursor)
{
    struct stream_commit *commits[TAKE_COMMITS];
    bool is_told = true;
    size_t n;
    do {
        if (!hub_after(watcher->hub, *cursor, commits, TAKE_COMMITS, &n)) {
            return message->n_slices > 0;
        }
        for (size_t i = 0; i < n; i++) {
            if (is_told && message->size < MESSAGE_BYTES) {
                is_told = message_commit(message, watcher, commits[i]);
                *cursor = is_told ? commits[i]->seq : *cursor;
            }
            stream_commit_release(commits[i]);
        }
    } while (is_told && n == TAKE_COMMITS && message->size < MESSAGE_BYTES);
    return is_told || message->n_slices > 0;
}

/*
 * Ends the stream; how far it came is told first, so that whoever saw nothing for long
 * resumes from here rather than from the beginning. The write comes back to the pump,
 * which finishes then. ReadLog needs it not: it sends every commit there is.
 */
static void
finish(struct watcher *watcher, const struct error *error)
{
    int64_t cursor = atomic_load(&watcher->cursor);
    if (!watcher->row->is_log && watcher->has_begun &&
        atomic_load(&watcher->told) < cursor) {
        send_position(watcher, cursor);
        return;
    }
    struct ending ending = {.status = error == NULL ? STATUS_OK : error->status,
                            .error = error,
                            .internal = watcher->internal,
                            .call_id = watcher->call_id,
                            .seq = cursor};
    atomic_store(&watcher->state, WATCHER_ENDED);
    rpc_end(watcher->rpc, &ending);
}

/* Progress comes soon after others' changes moved the cursor, but not with each of
 * them, and now and then when nothing moves: a quiet stream can be told from a dead
 * one. */
static bool
is_progress_due(const struct watcher *watcher)
{
    int64_t silent_ms = now_ms(watcher) - atomic_load(&watcher->sent_ms);
    bool has_moved = atomic_load(&watcher->told) < atomic_load(&watcher->cursor);
    return (has_moved && silent_ms >= TELL_EVERY_MS) ||
           silent_ms >= watcher->rpc->server->settings->watch_progress_ms;
}

void
watcher_rest(struct watcher *watcher)
{
    atomic_store(&watcher->state, WATCHER_IDLE);
}

/* What came between the last look and becoming idle woke nobody: look again. */
static void
rest(struct watcher *watcher)
{
    struct hub *hub = watcher->hub;
    rpc_hold(watcher->rpc);
    struct rpc *rpc = watcher->rpc;
    watcher_rest(watcher);
    if (hub_head(hub) > atomic_load(&watcher->cursor) || hub_is_draining(hub)) {
        watcher_wake(watcher);
    }
    rpc_release(rpc);
}

static void
pump_changes(struct watcher *watcher)
{
    struct message message = {.slices = NULL};
    int64_t cursor = atomic_load(&watcher->cursor);
    bool is_in_ring = gather(watcher, &message, &cursor);
    /* Trust may have moved by one of the very commits that were gathered. */
    if (watcher_is_stale(watcher)) {
        message_drop(&message);
        watcher_judge(watcher);
        return;
    }
    atomic_store(&watcher->cursor, cursor);
    if (!is_in_ring) {
        watcher_work(watcher, catch_up_job);
    } else if (message.n_slices > 0) {
        watcher_send(watcher, message.slices, message.n_slices);
    } else if (!watcher->is_following && cursor >= watcher->target) {
        finish(watcher, NULL);
    } else if (is_progress_due(watcher)) {
        send_position(watcher, cursor);
    } else {
        rest(watcher);
    }
    message_done(&message);
}

/* What the ring still holds goes out before a broker that stops says goodbye. */
static bool
send_rest(struct watcher *watcher)
{
    struct message message = {.slices = NULL};
    int64_t cursor = atomic_load(&watcher->cursor);
    if (!watcher->has_begun || watcher->row->is_log || watcher->row->is_export) {
        return false;
    }
    (void)gather(watcher, &message, &cursor);
    if (watcher_is_stale(watcher)) {
        message_drop(&message);
        return false;
    }
    /* Also past what was not theirs: the last position says how far it came. */
    atomic_store(&watcher->cursor, cursor);
    bool has_rest = message.n_slices > 0;
    if (has_rest) {
        watcher_send(watcher, message.slices, message.n_slices);
    }
    message_done(&message);
    return has_rest;
}

/* ReadLog has no ring: commits go out whole, hashes and all, and only the log has
 * them so. */
static void
pump_log(struct watcher *watcher)
{
    int64_t cursor = atomic_load(&watcher->cursor);
    if (!watcher->has_begun) {
        watcher->has_begun = true;
        watcher_work(watcher, log_begin_job);
    } else if (watcher->base_kind != NULL) {
        watcher_work(watcher, log_base_job);
    } else if (!watcher->is_following && cursor >= watcher->target) {
        finish(watcher, NULL);
    } else if (hub_head(watcher->hub) > cursor) {
        watcher_work(watcher, log_next_job);
    } else {
        rest(watcher);
    }
}

/*
 * The order is the rule: an end outweighs what could be sent, but for the rest a
 * stopping broker still owes; then rights, before anything of the store goes out; then
 * the position the stream begins with; then changes.
 */
void
watcher_pump(struct watcher *watcher)
{
    if (rpc_is_finished(watcher->rpc)) {
        atomic_store(&watcher->state, WATCHER_ENDED);
        return;
    }
    if (watcher->end == REASON_NONE && hub_is_draining(watcher->hub)) {
        watcher->end = REASON_DRAINING;
        watcher->error = (struct error){.reason = REASON_DRAINING,
                                        .status = STATUS_UNAVAILABLE,
                                        .message = "the broker is stopping",
                                        .retry_after_ms = RETRY_MS};
    }
    if (watcher->end == REASON_DRAINING && send_rest(watcher)) {
        return;
    }
    if (watcher->end != REASON_NONE) {
        finish(watcher, &watcher->error);
        return;
    }
    if (watcher_is_stale(watcher)) {
        watcher_judge(watcher);
        return;
    }
    if (watcher->row->is_log) {
        pump_log(watcher);
        return;
    }
    if (!watcher->has_begun) {
        watcher->has_begun = true;
        send_position(watcher, atomic_load(&watcher->cursor));
    } else if (!watcher->row->is_export) {
        pump_changes(watcher);
    } else if (export_is_over(watcher)) {
        finish(watcher, NULL);
    } else {
        watcher_work(watcher, export_job);
    }
}

/* ---- Events ---- */

/* The tick may have let the reader go while the message was out: then the state is
 * ENDED and this end of the write is nobody's. */
static void
wrote(struct rpc *rpc, bool is_ok)
{
    struct watcher *watcher = rpc->stream;
    int writing = WATCHER_WRITING;
    int next = is_ok ? WATCHER_OWNED : WATCHER_ENDED;
    bool is_ours =
        atomic_compare_exchange_strong(&watcher->state, &writing, next) && is_ok;
    if (is_ours) {
        atomic_store(&watcher->taken, atomic_load(&watcher->cursor));
        watcher_pump(watcher);
    }
}

static void
kicked(struct rpc *rpc)
{
    watcher_pump(rpc->stream);
}

/* Out of the hub first: afterwards nobody can wake what is about to be freed. */
static void
closed(struct rpc *rpc)
{
    struct watcher *watcher = rpc->stream;
    hub_remove(watcher->hub, watcher);
    rpc_gone(rpc);
}

const struct rpc_events watcher_events = {
    .wrote = wrote, .kicked = kicked, .closed = closed};
