#include "server/rpc/stream_hub.h"

#include <inttypes.h>
#include <stdlib.h>

#include "server/broker.h"
#include "server/rpc/identity.h"
#include "server/rpc/stream_ring.h"
#include "server/rpc/stream_watcher.h"

enum {
    TICK_MS = 1000,
    /* Rights are judged anew at least this often, whatever moved (the design of the RPC
     * core, "Streams"): what expires moves nothing. */
    AUTHORISE_MS = 60000,
    /* For the status of a reader that was let go, which it may not take either. */
    LAST_WAIT_MS = 10000,
};

struct hub {
    struct server *server;
    struct timer_entry timer;
    atomic_bool is_draining;
    atomic_size_t n_watchers;    /* Written under the lock. */
    struct store_reader *reader; /* The committer's; NULL = not opened yet. */
    uint64_t generation;         /* Of trust at the last commit; the committer's. */
    pthread_mutex_t lock;        /* Guards all below. */
    bool is_over;
    struct watcher *watchers;
    struct ring *ring; /* Written by the committer only, which reads it unlocked. */
};

/* ---- Publishing, on the committer's thread ---- */

/*
 * When a document was first written is in no commit. Mostly an earlier change of it is
 * in the ring still; else the store knows. It is asked for the version of this very
 * commit: the present one may be newer, or made anew under the same id, for a batch is
 * durable before its first commit is told.
 */
static bool
created_of(void *context, const struct stream_change *change, int64_t seq,
           int64_t *created_at_ms)
{
    struct hub *hub = context;
    const struct stream_change *known =
        ring_latest(hub->ring, change->kind, change->id);
    if (known != NULL && known->created_at_ms != INT64_MIN) {
        *created_at_ms = known->created_at_ms;
        return true;
    }
    if (hub->reader == NULL && store_reader_open(hub->server->options.broker->store,
                                                 &hub->reader) != STATUS_OK) {
        return false;
    }
    struct document document;
    struct arena *arena = arena_new();
    if (arena == NULL) {
        abort();
    }
    enum status status =
        store_get(hub->reader, change->kind, change->id, NULL, seq, arena, &document);
    *created_at_ms = status == STATUS_OK ? document.created_at_ms : INT64_MIN;
    arena_free(arena);
    return status == STATUS_OK;
}

/*
 * Whether trust moved since the last commit. Identity hears of a commit before the hub
 * does, being there first; whoever's trust it was is judged before anything of this
 * commit, or of a later one, is sent to them.
 */
static bool
has_trust_moved(struct hub *hub)
{
    uint64_t generation = identity_generation(hub->server->options.broker->identity);
    bool has_moved = generation != hub->generation;
    hub->generation = generation;
    return has_moved;
}

/* Whom a commit concerns: the others are moved on by the tick. */
static void
wake(struct hub *hub, const struct stream_commit *commit, bool is_for_all)
{
    for (struct watcher *watcher = hub->watchers; watcher != NULL;
         watcher = watcher->after) {
        if (is_for_all || watcher->row->is_log || !watcher->is_following ||
            (commit->kinds & watcher->kinds) != 0) {
            watcher_wake(watcher);
        }
    }
}

/* Encodes once for everybody. Without watchers nothing is kept; nor is what cannot be
 * told in full: who watches reads it from the log. */
static void
publish(void *context, const Kontor__V1__Commit *commit)
{
    struct hub *hub = context;
    bool has_moved = has_trust_moved(hub);
    bool is_watched = atomic_load(&hub->n_watchers) > 0;
    struct stream_commit *encoded =
        is_watched ? stream_commit_new(commit, created_of, hub) : NULL;
    pthread_mutex_lock(&hub->lock);
    if (encoded != NULL) {
        ring_add(hub->ring, encoded);
    } else {
        ring_skip(hub->ring, commit->seq);
    }
    wake(hub, encoded, has_moved || encoded == NULL);
    pthread_mutex_unlock(&hub->lock);
}

/* ---- Reading ---- */

int64_t
hub_head(struct hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    int64_t head = ring_head(hub->ring);
    pthread_mutex_unlock(&hub->lock);
    return head;
}

bool
hub_after(struct hub *hub, int64_t position, struct stream_commit **out, size_t n,
          size_t *n_out)
{
    *n_out = 0;
    pthread_mutex_lock(&hub->lock);
    int64_t head = ring_head(hub->ring);
    bool is_in_ring = ring_reaches(hub->ring, position);
    for (int64_t seq = position + 1; is_in_ring && seq <= head && *n_out < n; seq++) {
        struct stream_commit *commit = ring_at(hub->ring, seq);
        stream_commit_hold(commit);
        out[(*n_out)++] = commit;
    }
    pthread_mutex_unlock(&hub->lock);
    return is_in_ring;
}

bool
hub_present(struct hub *hub, int64_t seq, const struct stream_change *change,
            const struct scopes *scopes, enum view *view)
{
    *view = VIEW_FULL;
    if (ring_is_settled(hub->ring, seq)) {
        return true;
    }
    pthread_mutex_lock(&hub->lock);
    bool is_known = ring_reaches(hub->ring, seq);
    const struct stream_change *latest =
        is_known ? ring_latest(hub->ring, change->kind, change->id) : NULL;
    if (latest != NULL) {
        struct stream_scope scope = stream_change_scope(latest);
        *view = store_view(scopes, scope.strings, scope.n_strings);
    }
    pthread_mutex_unlock(&hub->lock);
    return is_known;
}

/* ---- Watchers ---- */

void
hub_add(struct hub *hub, struct watcher *watcher)
{
    pthread_mutex_lock(&hub->lock);
    watcher->after = hub->watchers;
    if (watcher->after != NULL) {
        watcher->after->before = watcher;
    }
    hub->watchers = watcher;
    atomic_fetch_add(&hub->n_watchers, 1);
    pthread_mutex_unlock(&hub->lock);
}

void
hub_remove(struct hub *hub, struct watcher *watcher)
{
    pthread_mutex_lock(&hub->lock);
    *(watcher->before == NULL ? &hub->watchers : &watcher->before->after) =
        watcher->after;
    if (watcher->after != NULL) {
        watcher->after->before = watcher->before;
    }
    atomic_fetch_sub(&hub->n_watchers, 1);
    pthread_mutex_unlock(&hub->lock);
}

bool
hub_is_draining(const struct hub *hub)
{
    return atomic_load(&hub->is_draining);
}

void
hub_drain(struct hub *hub)
{
    atomic_store(&hub->is_draining, true);
    pthread_mutex_lock(&hub->lock);
    for (struct watcher *watcher = hub->watchers; watcher != NULL;
         watcher = watcher->after) {
        watcher_wake(watcher);
    }
    pthread_mutex_unlock(&hub->lock);
}

/* ---- The tick, once a second ---- */

/*
 * Ends the stream with the position to resume from: that of the last message that was
 * taken, for the one on its way may be lost.
 */
static void
let_go(struct watcher *watcher)
{
    struct arena *arena = rpc_arena(watcher->rpc);
    int64_t seq = atomic_load(&watcher->taken);
    struct error error = {
        .reason = REASON_BEHIND,
        .status = reason_row(REASON_BEHIND)->status,
        .message = "no message was taken for too long: resume from the last position",
        .values = {{"seq", arena_print(arena, "%" PRId64, seq)}},
        .n_values = 1};
    struct ending ending = {.status = error.status, .error = &error, .seq = seq};
    rpc_end(watcher->rpc, &ending);
}

/* A reader that takes nothing for too long is let go. When not even that gets through,
 * the call is cut. */
static void
tick_writing(struct hub *hub, struct watcher *watcher, int64_t now_ms)
{
    if (watcher->stalled_ms != 0) {
        if (now_ms - watcher->stalled_ms >= LAST_WAIT_MS) {
            watcher->stalled_ms = INT64_MAX / 2;
            (void)grpc_call_cancel(watcher->rpc->call, NULL);
        }
        return;
    }
    int64_t waited_ms = now_ms - atomic_load(&watcher->sent_ms);
    int writing = WATCHER_WRITING;
    if (waited_ms < hub->server->settings->watch_stall_ms ||
        !atomic_compare_exchange_strong(&watcher->state, &writing, WATCHER_ENDED)) {
        return;
    }
    watcher->stalled_ms = now_ms;
    let_go(watcher);
}

/* The tick wakes for what no commit tells: a minute that passed, progress that is due,
 * the cursors of those whom the last commits did not concern. */
static void
tick_one(struct hub *hub, struct watcher *watcher, int64_t now_ms, uint64_t generation)
{
    const struct settings *settings = hub->server->settings;
    bool is_stale = atomic_load(&watcher->generation) != generation ||
                    now_ms - atomic_load(&watcher->authorised_ms) >= AUTHORISE_MS;
    if (is_stale) {
        atomic_store(&watcher->must_authorise, true);
    }
    int64_t silent_ms = now_ms - atomic_load(&watcher->sent_ms);
    int64_t cursor = atomic_load(&watcher->cursor);
    if (is_stale || cursor < ring_head(hub->ring) ||
        atomic_load(&watcher->told) < cursor ||
        silent_ms >= settings->watch_progress_ms) {
        watcher_wake(watcher);
    }
    if (atomic_load(&watcher->state) == WATCHER_WRITING || watcher->stalled_ms != 0) {
        tick_writing(hub, watcher, now_ms);
    }
}

static void
tick(struct timer_entry *entry)
{
    struct hub *hub = (struct hub *)((char *)entry - offsetof(struct hub, timer));
    int64_t now_ms = clock_monotonic_ms(hub->server->options.broker->clock);
    uint64_t generation = identity_generation(hub->server->options.broker->identity);
    pthread_mutex_lock(&hub->lock);
    for (struct watcher *watcher = hub->watchers; watcher != NULL;
         watcher = watcher->after) {
        tick_one(hub, watcher, now_ms, generation);
    }
    if (!hub->is_over) {
        timer_set(dispatch_timer(hub->server->dispatch), entry, now_ms + TICK_MS);
    }
    pthread_mutex_unlock(&hub->lock);
}

/* ---- Life ---- */

struct hub *
hub_new(struct server *server)
{
    struct store *store = server->options.broker->store;
    struct hub *hub = calloc(1, sizeof *hub);
    if (hub == NULL) {
        abort();
    }
    hub->server = server;
    hub->ring = ring_new(server->settings->watch_ring_changes,
                         server->settings->watch_ring_bytes, store_applied(store));
    hub->generation = identity_generation(server->options.broker->identity);
    pthread_mutex_init(&hub->lock, NULL);
    int64_t told = store_listen(store, publish, hub);
    /* Other brokers may have written since the ring was made. */
    pthread_mutex_lock(&hub->lock);
    if (ring_head(hub->ring) < told) {
        ring_skip(hub->ring, told);
    }
    pthread_mutex_unlock(&hub->lock);
    hub->timer.fire = tick;
    timer_set(dispatch_timer(server->dispatch), &hub->timer,
              clock_monotonic_ms(server->options.broker->clock) + TICK_MS);
    return hub;
}

void
hub_stop(struct hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    hub->is_over = true;
    pthread_mutex_unlock(&hub->lock);
    (void)timer_clear(dispatch_timer(hub->server->dispatch), &hub->timer);
}

void
hub_free(struct hub *hub)
{
    if (hub == NULL) {
        return;
    }
    store_reader_close(hub->reader);
    ring_free(hub->ring);
    pthread_mutex_destroy(&hub->lock);
    free(hub);
}
