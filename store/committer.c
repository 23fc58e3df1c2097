#include "store/committer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/batch.h"
#include "store/follow.h"
#include "store/queue.h"

enum {
    DEFAULT_QUEUE_LENGTH = 4096,
    /* How often a work may be decided on a log that then turns out to be longer. */
    MAX_LOST = 8,
    /* Between two looks at a log that others may write to, and at a store that is
     * away, in milliseconds. */
    LOOK_MIN_MS = 5,
    LOOK_MAX_MS = 100,
    AWAY_LOOK_MS = 250,
};

struct listener {
    void (*call)(void *context, const Kontor__V1__Commit *commit);
    void *context;
};

struct committer {
    struct store *store;
    struct store_faults faults;
    struct queue *queue;
    pthread_t thread;
    struct batch batch;
    /* Of a batch that did not stay, in order: they go before what is queued. */
    struct work *carried[STORE_BATCH_COMMITS];
    size_t n_carried;
    bool is_behind; /* The log may hold what was not followed yet. */
    int64_t look_ms;
    pthread_mutex_t telling; /* Guards what follows. */
    struct listener listeners[COMMITTER_MAX_LISTENERS];
    size_t n_listeners;
    int64_t told; /* The last position the listeners heard of. */
};

/* ---- Answering ---- */

static void
committer_tell(void *context, const Kontor__V1__Commit *commit)
{
    struct committer *committer = context;
    pthread_mutex_lock(&committer->telling);
    for (size_t i = 0; i < committer->n_listeners; i++) {
        committer->listeners[i].call(committer->listeners[i].context, commit);
    }
    committer->told = commit->seq;
    pthread_mutex_unlock(&committer->telling);
}

/* A replay was told when it was new. */
static void
committer_tell_all(struct committer *committer)
{
    const struct batch *batch = &committer->batch;
    for (size_t i = 0; i < batch->n_entries; i++) {
        if (batch->entries[i].is_new) {
            committer_tell(committer, batch->entries[i].outcome.commit);
        }
    }
}

/* A work is not touched after its done. */
static void
committer_answer(struct batch *batch, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct work *work = batch->entries[i].work;
        work->done(work, &batch->entries[i].outcome);
    }
}

/* Listeners first, in order, then each work. */
static void
committer_finish(struct committer *committer)
{
    committer_tell_all(committer);
    committer_answer(&committer->batch, committer->batch.n_entries);
}

/* ---- A store that is away ---- */

/* What waits has written nothing, and says so at once: its caller may try another
 * broker, and a queue that only grows would answer nobody in time. */
static void
committer_refuse_waiting(struct committer *committer)
{
    const struct outcome refused = {.status = STATUS_UNAVAILABLE};
    for (size_t i = 0; i < committer->n_carried; i++) {
        committer->carried[i]->done(committer->carried[i], &refused);
    }
    committer->n_carried = 0;
    struct work *work = queue_take(committer->queue, 0, 0);
    while (work != NULL) {
        work->done(work, &refused);
        work = queue_take(committer->queue, 0, 0);
    }
}

static void
committer_set_away(struct committer *committer, bool is_away)
{
    store_set_away(committer->store, is_away);
    if (is_away) {
        committer->is_behind = true;
        committer_refuse_waiting(committer);
    }
}

/* Brings in what others appended and what was left half written. Nothing is decided on
 * less than the whole log. */
static bool
committer_follow(struct committer *committer)
{
    bool has_found = false;
    struct batch *batch = &committer->batch;
    if (!committer->store->backend->is_followed) {
        return true;
    }
    enum status status = follow_all(batch, committer_tell, committer, &has_found);
    committer->is_behind = status != STATUS_OK;
    committer_set_away(committer, status != STATUS_OK);
    committer->look_ms = has_found ? LOOK_MIN_MS : committer->look_ms * 2;
    if (committer->look_ms > LOOK_MAX_MS) {
        committer->look_ms = LOOK_MAX_MS;
    }
    return status == STATUS_OK;
}

/* ---- A batch ---- */

/* A batch ends when nobody waits: alone, a write waits for no company, and under load
 * company is what makes one sync serve 64. */
static size_t
committer_take(struct committer *committer, struct work **works)
{
    struct batch *batch = &committer->batch;
    size_t room = STORE_BATCH_COMMITS - batch->n_entries;
    size_t n_bulk = batch->n_bulk;
    size_t n = 0;
    for (; n < committer->n_carried && n < room; n++) {
        works[n] = committer->carried[n];
        n_bulk += works[n]->is_bulk ? 1 : 0;
    }
    committer->n_carried -= n;
    memmove(committer->carried, committer->carried + n,
            committer->n_carried * sizeof committer->carried[0]);
    while (n < room) {
        struct work *work =
            queue_take(committer->queue, n_bulk, batch->n_entries + n - n_bulk);
        if (work == NULL) {
            break;
        }
        n_bulk += work->is_bulk ? 1 : 0;
        works[n++] = work;
    }
    return n;
}

/* Works that did not come in, or did not stay, in their order before those carried
 * already. */
static void
committer_carry(struct committer *committer, struct work *const *works, size_t n)
{
    assert(committer->n_carried + n <= STORE_BATCH_COMMITS);
    memmove(committer->carried + n, committer->carried,
            committer->n_carried * sizeof committer->carried[0]);
    memcpy(committer->carried, works, n * sizeof works[0]);
    committer->n_carried += n;
}

/* What arrived together is announced together, so that a backend over a network asks
 * once for all of it. */
static void
committer_fill(struct committer *committer)
{
    struct batch *batch = &committer->batch;
    const struct store *store = committer->store;
    struct work *works[STORE_BATCH_COMMITS];
    size_t n = committer_take(committer, works);
    while (n > 0) {
        if (store->backend->expect != NULL && batch->broken == STATUS_OK) {
            store->backend->expect(store->db, works, n);
        }
        size_t i = 0;
        for (; i < n && batch_has_room(batch); i++) {
            batch_add(batch, works[i]);
        }
        committer_carry(committer, works + i, n - i);
        n = i < n ? 0 : committer_take(committer, works);
    }
}

/*
 * Until it is known what became of the batch, nothing else can be written, and its
 * works cannot be told that they failed. When the broker stops it looks once more and
 * then leaves them in doubt: a look at a server that is gone takes seconds.
 */
static enum status
committer_settle(struct committer *committer, size_t *n_stood)
{
    const struct store *store = committer->store;
    bool is_last = false;
    enum status status = store->backend->batch_commit(store->db, n_stood);
    while (status == STATUS_DEADLINE_EXCEEDED && !is_last) {
        committer_set_away(committer, true);
        is_last = !queue_pause(committer->queue, AWAY_LOOK_MS);
        status = store->backend->batch_commit(store->db, n_stood);
    }
    return status;
}

/* Entries up to the one with the last commit that stood; those behind it may have seen
 * what did not stay. */
static size_t
committer_n_final(const struct batch *batch, size_t n_stood)
{
    size_t n = 0;
    while (n_stood > 0 && n < batch->n_entries) {
        n_stood -= batch->entries[n].is_new ? 1 : 0;
        n++;
    }
    return n;
}

/* Those that lost too often give up, so that somebody far from the store does not wait
 * for ever. */
static void
committer_carry_lost(struct committer *committer, size_t n_final)
{
    struct batch *batch = &committer->batch;
    const struct outcome lost = {.status = STATUS_ABORTED, .is_contended = true};
    struct work *works[STORE_BATCH_COMMITS];
    size_t n = 0;
    for (size_t i = n_final; i < batch->n_entries; i++) {
        struct work *work = batch->entries[i].work;
        if (++work->n_lost < MAX_LOST) {
            works[n++] = work;
        } else {
            work->done(work, &lost);
        }
    }
    committer_carry(committer, works, n);
}

/*
 * Somebody else was faster, or the documents could not be written behind the log: what
 * stands is followed as if others had written it, and heard of on that way. Who is
 * among what stood is answered even when following has to wait: the log has it.
 */
static void
committer_lose(struct committer *committer, const struct tail *before, size_t n_stood)
{
    struct batch *batch = &committer->batch;
    size_t n_final = committer_n_final(batch, n_stood);
    committer->store->backend->batch_abort(committer->store->db);
    batch->tail = *before;
    committer_carry_lost(committer, n_final);
    committer->look_ms = LOOK_MIN_MS;
    (void)committer_follow(committer);
    committer_answer(batch, n_final);
}

static void
committer_break(struct committer *committer, const struct tail *before,
                enum status status)
{
    struct batch *batch = &committer->batch;
    committer->store->backend->batch_abort(committer->store->db);
    batch->tail = *before;
    batch_end_all(batch, status);
    committer->is_behind = committer->store->backend->is_followed;
}

/*
 * The one place where positions move, in the order store_listen promises: durable,
 * applied, heard, done. Were applied moved before the commit, a reader could be told of
 * a position its snapshot lacks; after the answers, a caller who reads its own write
 * could be told to wait for it.
 *
 * Everybody is answered after the sync, refusals too: what a decide read through the
 * batch is true only once the batch is.
 */
static void
committer_close_batch(struct committer *committer, const struct tail *before)
{
    struct batch *batch = &committer->batch;
    size_t n_stood = 0;
    bool is_early = committer->faults.answers_before_commit;
    if (is_early) {
        committer_finish(committer);
    }
    enum status status = batch->broken;
    if (status == STATUS_OK) {
        status = committer_settle(committer, &n_stood);
    }
    if (status == STATUS_ABORTED) {
        committer_lose(committer, before, n_stood);
        return;
    }
    if (status != STATUS_OK) {
        committer_break(committer, before, status);
    }
    atomic_store(&committer->store->applied, batch->tail.seq);
    if (!is_early) {
        committer_finish(committer);
    }
}

static void
committer_run_batch(struct committer *committer)
{
    struct store *store = committer->store;
    struct batch *batch = &committer->batch;
    struct tail before = batch->tail;
    /* A batch that cannot begin still takes what waits, to answer it. */
    batch_open(batch);
    committer_fill(committer);
    committer_close_batch(committer, &before);
    /* Only now: commits and replies lived in it until the last done. */
    batch_clear(batch);
    store->backend->settle(store->db);
}

/* ---- The thread ---- */

/* How long to wait for a work; -1 = for ever: nothing can happen without one. */
static int64_t
committer_wait_ms(const struct committer *committer)
{
    const struct store *store = committer->store;
    if (committer->n_carried > 0) {
        return 0;
    }
    if (committer->is_behind) {
        return AWAY_LOOK_MS;
    }
    return store->backend->is_followed ? committer->look_ms : -1;
}

/* Those who met others a moment ago look first: deciding on an old log is work for
 * nothing. */
static bool
committer_should_follow(const struct committer *committer, bool has_work)
{
    struct store *store = committer->store;
    if (committer->is_behind || store_is_away(store)) {
        return true;
    }
    return store->backend->is_followed && store->backend->is_shared(store->db) &&
           (!has_work || committer->look_ms == LOOK_MIN_MS);
}

/* One turn: whatever there is to follow, then whatever there is to write. */
static void
committer_turn(struct committer *committer, bool has_work)
{
    const struct store *store = committer->store;
    if (committer_should_follow(committer, has_work) && !committer_follow(committer)) {
        return;
    }
    if (has_work) {
        committer_run_batch(committer);
    } else {
        store->backend->settle(store->db);
    }
}

static void *
committer_run(void *argument)
{
    struct committer *committer = argument;
    bool has_work = false;
    while (queue_wait(committer->queue, committer_wait_ms(committer), &has_work) ||
           committer->n_carried > 0) {
        committer_turn(committer, has_work || committer->n_carried > 0);
    }
    return NULL;
}

static void
committer_free(struct committer *committer)
{
    queue_free(committer->queue);
    batch_done(&committer->batch);
    pthread_mutex_destroy(&committer->telling);
    free(committer);
}

/* Documents may lag behind the log where the process ended between the two. */
static enum status
committer_begin(struct committer *committer)
{
    struct store *store = committer->store;
    struct batch *batch = &committer->batch;
    bool has_found = false;
    enum status status =
        draft_tail(&batch->reader, atomic_load(&store->applied), &batch->tail);
    if (status == STATUS_OK && store->backend->is_followed) {
        status = follow_all(batch, committer_tell, committer, &has_found);
    }
    if (status == STATUS_OK) {
        /* Nobody waits yet. */
        store->backend->settle(store->db);
    }
    committer->told = batch->tail.seq;
    return status;
}

enum status
committer_start(struct store *store, const struct store_faults *faults,
                struct committer **out)
{
    size_t length = store->options.queue_length;
    struct committer *committer = calloc(1, sizeof *committer);
    if (committer == NULL) {
        abort();
    }
    committer->store = store;
    committer->faults = *faults;
    committer->look_ms = LOOK_MAX_MS;
    pthread_mutex_init(&committer->telling, NULL);
    batch_init(&committer->batch, store);
    committer->queue = queue_new(length == 0 ? DEFAULT_QUEUE_LENGTH : length);
    if (committer->queue == NULL) {
        abort();
    }
    enum status status = committer_begin(committer);
    if (status == STATUS_OK &&
        pthread_create(&committer->thread, NULL, committer_run, committer) != 0) {
        status = STATUS_UNAVAILABLE;
    }
    if (status != STATUS_OK) {
        committer_free(committer);
        return status;
    }
    *out = committer;
    return STATUS_OK;
}

enum status
committer_submit(struct committer *committer, struct work *work)
{
    work->n_lost = 0;
    return queue_push(committer->queue, work);
}

int64_t
committer_listen(struct committer *committer,
                 void (*listener)(void *context, const Kontor__V1__Commit *commit),
                 void *context)
{
    pthread_mutex_lock(&committer->telling);
    size_t n = committer->n_listeners++;
    assert(n < COMMITTER_MAX_LISTENERS);
    committer->listeners[n] = (struct listener){listener, context};
    int64_t told = committer->told;
    pthread_mutex_unlock(&committer->telling);
    return told;
}

void
committer_stop(struct committer *committer)
{
    if (committer == NULL) {
        return;
    }
    queue_close(committer->queue);
    pthread_join(committer->thread, NULL);
    committer_free(committer);
}
