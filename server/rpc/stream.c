#include "server/rpc/stream.h"

#include <stdlib.h>
#include <string.h>

#include "server/rpc/flight.h"
#include "server/rpc/peer.h"
#include "server/rpc/stream_watcher.h"

enum {
    MESSAGE_BYTES = 64 << 10,
    TAKE_COMMITS = 64,
    CATCH_UP_BYTES = 256 << 10,
    /* Positions of others' changes are told at most so often. */
    TELL_EVERY_MS = 1000,
};

static int64_t
now_ms(const struct watcher *watcher)
{
    return clock_monotonic_ms(watcher->rpc->server->options.clock);
}

static struct watcher *
of_job(struct pool_job *job)
{
    return (struct watcher *)((char *)job - offsetof(struct watcher, job));
}

/* ---- Moves ---- */

void
watcher_wake(struct watcher *watcher)
{
    int idle = WATCHER_IDLE;
    if (atomic_compare_exchange_strong(&watcher->state, &idle, WATCHER_OWNED)) {
        rpc_kick(watcher->rpc);
    }
}

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
    rpc_hold(watcher->rpc);
    struct pool *pool = dispatch_pool(watcher->rpc->server->dispatch);
    pool_force(pool, CLASS_READ, &watcher->job);
}

void
watcher_end(struct watcher *watcher, enum reason reason, const char *text)
{
    watcher->end = reason;
    watcher->error = (struct error){
        .reason = reason, .status = reason_row(reason)->status, .message = text};
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

/* ---- Judged anew ---- */

/* Whether the caller may still have the stream; else how it ends. */
static void
authorise(struct watcher *watcher)
{
    struct rpc *rpc = watcher->rpc;
    const struct server_options *options = &rpc->server->options;
    struct identity *identity = options->broker->identity;
    const struct principal *who = NULL;
    struct error error = {0};
    atomic_store(&watcher->must_authorise, false);
    atomic_store(&watcher->generation, identity_generation(identity));
    atomic_store(&watcher->authorised_ms, now_ms(watcher));
    enum status status =
        peer_resolve(identity, rpc->call, clock_wall_ms(options->clock), &who, &error);
    if (status == STATUS_UNAVAILABLE) {
        return; /* The next tick tries again. */
    }
    if (status == STATUS_OK) {
        status = dispatch_role(rpc->method->row, who, rpc_arena(rpc), &error);
    }
    if (status == STATUS_OK && strcmp(who->scope_tag, rpc->who->scope_tag) != 0) {
        error = (struct error){.reason = REASON_SCOPE_CHANGED,
                               .status = STATUS_OUT_OF_RANGE,
                               .message = "what you may see has changed: list again"};
        status = error.status;
    }
    if (status != STATUS_OK) {
        watcher->end = error.reason;
        watcher->error = error;
    }
    /* The scopes are the same, so the principal the stream began with goes on. */
    identity_release(identity, who);
}

static void
authorise_job(struct pool_job *job, struct store_reader *reader)
{
    struct watcher *watcher = of_job(job);
    struct rpc *rpc = watcher->rpc;
    (void)reader;
    authorise(watcher);
    watcher_pump(watcher);
    rpc_release(rpc);
}

/* ---- Behind the ring: the log ---- */

static enum status
read_log(struct watcher *watcher, struct store_reader *reader, struct arena *arena,
         struct message *message)
{
    Kontor__V1__Commit **commits;
    size_t n;
    int64_t cursor = atomic_load(&watcher->cursor);
    enum status status = store_log_read(reader, cursor, TAKE_COMMITS, CATCH_UP_BYTES,
                                        arena, &commits, &n);
    for (size_t i = 0; status == STATUS_OK && i < n; i++) {
        struct stream_commit *encoded = stream_commit_new(commits[i]);
        message_commit(message, watcher, encoded, reader);
        cursor = encoded->seq;
        stream_commit_release(encoded);
    }
    atomic_store(&watcher->cursor, cursor);
    return status;
}

static void
catch_up_job(struct pool_job *job, struct store_reader *reader)
{
    struct watcher *watcher = of_job(job);
    struct rpc *rpc = watcher->rpc;
    struct message message = {.slices = NULL};
    struct arena *arena = arena_new();
    if (arena == NULL) {
        abort();
    }
    enum status status = read_log(watcher, reader, arena, &message);
    arena_free(arena);
    if (status != STATUS_OK) {
        bool is_lost = status == STATUS_OUT_OF_RANGE;
        watcher_end(watcher,
                    is_lost ? REASON_HISTORY_CHANGED : REASON_STORE_UNAVAILABLE,
                    is_lost ? "the position belongs to a past that was lost"
                            : "the log cannot be read now");
    } else if (message.n_slices > 0) {
        watcher_send(watcher, message.slices, message.n_slices);
    } else {
        watcher_pump(watcher);
    }
    message_done(&message);
    rpc_release(rpc);
}

/* ---- The pump ---- */

/* Gathers from the ring. false: the ring begins later than the cursor. */
static bool
gather(struct watcher *watcher, struct message *message)
{
    struct stream_commit *commits[TAKE_COMMITS];
    size_t n;
    do {
        int64_t cursor = atomic_load(&watcher->cursor);
        if (!hub_after(watcher->hub, cursor, commits, TAKE_COMMITS, &n)) {
            return message->n_slices > 0;
        }
        for (size_t i = 0; i < n; i++) {
            if (message->size < MESSAGE_BYTES) {
                message_commit(message, watcher, commits[i], NULL);
                atomic_store(&watcher->cursor, commits[i]->seq);
            }
            stream_commit_release(commits[i]);
        }
    } while (n == TAKE_COMMITS && message->size < MESSAGE_BYTES);
    return true;
}

/* Ends the stream; how far it came is told first. */
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
                            .seq = cursor};
    atomic_store(&watcher->state, WATCHER_ENDED);
    rpc_end(watcher->rpc, &ending);
}

static bool
is_progress_due(const struct watcher *watcher)
{
    int64_t silent_ms = now_ms(watcher) - atomic_load(&watcher->sent_ms);
    bool has_moved = atomic_load(&watcher->told) < atomic_load(&watcher->cursor);
    return (has_moved && silent_ms >= TELL_EVERY_MS) ||
           silent_ms >= watcher->rpc->server->settings->watch_progress_ms;
}

/* What came between the last look and becoming idle woke nobody: look again. */
static void
rest(struct watcher *watcher)
{
    struct hub *hub = watcher->hub;
    rpc_hold(watcher->rpc);
    struct rpc *rpc = watcher->rpc;
    atomic_store(&watcher->state, WATCHER_IDLE);
    if (hub_head(hub) > atomic_load(&watcher->cursor) || hub_is_draining(hub)) {
        watcher_wake(watcher);
    }
    rpc_release(rpc);
}

static void
pump_changes(struct watcher *watcher)
{
    struct message message = {.slices = NULL};
    if (!gather(watcher, &message)) {
        watcher_work(watcher, catch_up_job);
    } else if (message.n_slices > 0) {
        watcher_send(watcher, message.slices, message.n_slices);
    } else if (!watcher->is_following &&
               atomic_load(&watcher->cursor) >= watcher->target) {
        finish(watcher, NULL);
    } else if (is_progress_due(watcher)) {
        send_position(watcher, atomic_load(&watcher->cursor));
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
    bool has_rest = watcher->has_begun && !watcher->row->is_log &&
                    !atomic_load(&watcher->must_authorise) &&
                    gather(watcher, &message) && message.n_slices > 0;
    if (has_rest) {
        watcher_send(watcher, message.slices, message.n_slices);
    }
    message_done(&message);
    return has_rest;
}

static void
pump_log(struct watcher *watcher)
{
    int64_t cursor = atomic_load(&watcher->cursor);
    if (!watcher->has_begun) {
        watcher->has_begun = true;
        watcher_work(watcher, log_begin_job);
    } else if (!watcher->is_following && cursor >= watcher->target) {
        finish(watcher, NULL);
    } else if (hub_head(watcher->hub) > cursor) {
        watcher_work(watcher, log_next_job);
    } else {
        rest(watcher);
    }
}

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
                                        .retry_after_ms = TELL_EVERY_MS};
    }
    if (watcher->end == REASON_DRAINING && send_rest(watcher)) {
        return;
    }
    if (watcher->end != REASON_NONE) {
        finish(watcher, &watcher->error);
        return;
    }
    if (atomic_load(&watcher->must_authorise)) {
        watcher_work(watcher, authorise_job);
        return;
    }
    if (watcher->row->is_log) {
        pump_log(watcher);
        return;
    }
    if (!watcher->has_begun) {
        watcher->has_begun = true;
        send_position(watcher, atomic_load(&watcher->cursor));
        return;
    }
    pump_changes(watcher);
}

/* ---- Events ---- */

static void
wrote(struct rpc *rpc, bool is_ok)
{
    struct watcher *watcher = rpc->stream;
    int writing = WATCHER_WRITING;
    int next = is_ok ? WATCHER_OWNED : WATCHER_ENDED;
    bool is_ours =
        atomic_compare_exchange_strong(&watcher->state, &writing, next) && is_ok;
    if (is_ours) {
        watcher_pump(watcher);
    }
}

static void
kicked(struct rpc *rpc)
{
    watcher_pump(rpc->stream);
}

static void
closed(struct rpc *rpc)
{
    struct watcher *watcher = rpc->stream;
    hub_remove(watcher->hub, watcher);
    rpc_gone(rpc);
}

const struct rpc_events watcher_events = {
    .wrote = wrote, .kicked = kicked, .closed = closed};
