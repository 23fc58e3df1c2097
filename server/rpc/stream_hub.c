#include "server/rpc/stream_hub.h"

#include <stdlib.h>

#include "server/rpc/stream_watcher.h"

enum { TICK_MS = 1000, AUTHORISE_MS = 60000, LAST_WAIT_MS = 10000 };

struct hub {
    struct server *server;
    struct timer_entry timer;
    atomic_bool is_draining;
    atomic_size_t n_watchers; /* Written under the lock. */
    pthread_mutex_t lock;     /* Guards all below. */
    bool is_over;
    struct watcher *watchers;
    struct stream_commit **ring; /* A commit stands at its position modulo room. */
    int64_t room;
    int64_t first; /* Positions first to head are in the ring; none when above. */
    int64_t head;
    int64_t n_changes; /* In the ring. */
    int64_t n_bytes;
};

/* ---- The ring ---- */

static void
drop_first(struct hub *hub)
{
    struct stream_commit **slot = &hub->ring[hub->first % hub->room];
    hub->n_changes -= (int64_t)(*slot)->n_changes;
    hub->n_bytes -= (int64_t)(*slot)->size;
    stream_commit_release(*slot);
    *slot = NULL;
    hub->first++;
}

static void
drop_all(struct hub *hub)
{
    while (hub->first <= hub->head) {
        drop_first(hub);
    }
}

static void
append(struct hub *hub, struct stream_commit *commit)
{
    const struct settings *settings = hub->server->settings;
    while (
        hub->first <= hub->head &&
        (hub->head - hub->first + 1 >= hub->room ||
         hub->n_changes + (int64_t)commit->n_changes > settings->watch_ring_changes ||
         hub->n_bytes + (int64_t)commit->size > settings->watch_ring_bytes)) {
        drop_first(hub);
    }
    if (hub->first > hub->head) {
        hub->first = commit->seq;
    }
    hub->head = commit->seq;
    hub->ring[commit->seq % hub->room] = commit;
    hub->n_changes += (int64_t)commit->n_changes;
    hub->n_bytes += (int64_t)commit->size;
}

/* On the committer's thread: encodes once, wakes whom it may concern. The others are
 * moved on by the tick. Without watchers nothing is kept. */
static void
publish(void *context, const Kontor__V1__Commit *commit)
{
    struct hub *hub = context;
    bool is_watched = atomic_load(&hub->n_watchers) > 0;
    struct stream_commit *encoded = is_watched ? stream_commit_new(commit) : NULL;
    pthread_mutex_lock(&hub->lock);
    if (encoded == NULL || hub->head + 1 != commit->seq) {
        drop_all(hub);
    }
    if (encoded != NULL) {
        append(hub, encoded);
    } else {
        hub->head = commit->seq;
        hub->first = commit->seq + 1;
    }
    for (struct watcher *watcher = hub->watchers; watcher != NULL;
         watcher = watcher->after) {
        bool is_concerned = watcher->row->is_log || encoded == NULL ||
                            (encoded->kinds & watcher->kinds) != 0;
        if (is_concerned) {
            watcher_wake(watcher);
        }
    }
    pthread_mutex_unlock(&hub->lock);
}

int64_t
hub_head(struct hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    int64_t head = hub->head;
    pthread_mutex_unlock(&hub->lock);
    return head;
}

bool
hub_after(struct hub *hub, int64_t position, struct stream_commit **out, size_t n,
          size_t *n_out)
{
    *n_out = 0;
    pthread_mutex_lock(&hub->lock);
    bool is_in_ring = position + 1 >= hub->first || position >= hub->head;
    for (int64_t seq = position + 1; is_in_ring && seq <= hub->head && *n_out < n;
         seq++) {
        struct stream_commit *commit = hub->ring[seq % hub->room];
        stream_commit_hold(commit);
        out[(*n_out)++] = commit;
    }
    pthread_mutex_unlock(&hub->lock);
    return is_in_ring;
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
 * A reader that takes nothing for too long is let go, with the position to resume from
 * in what it received. When not even that gets through, the call is cut.
 */
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
    rpc_refuse(watcher->rpc, REASON_BEHIND,
               "no message was taken for too long: resume from the last position");
}

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
    if (is_stale || cursor < hub->head || atomic_load(&watcher->told) < cursor ||
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
    int64_t now_ms = clock_monotonic_ms(hub->server->options.clock);
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
    hub->room = server->settings->watch_ring_changes;
    hub->ring = calloc((size_t)hub->room, sizeof hub->ring[0]);
    if (hub->ring == NULL) {
        abort();
    }
    hub->head = store_applied(store);
    hub->first = hub->head + 1;
    pthread_mutex_init(&hub->lock, NULL);
    store_listen(store, publish, hub);
    hub->timer.fire = tick;
    timer_set(dispatch_timer(server->dispatch), &hub->timer,
              clock_monotonic_ms(server->options.clock) + TICK_MS);
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
    drop_all(hub);
    pthread_mutex_destroy(&hub->lock);
    free(hub->ring);
    free(hub);
}
