#include "server/rpc/park.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "server/rpc/park_key.h"

enum { N_LINES = 4096, N_TOUCHED = 1 << 16, SEQ_PREFIX = 5 };

struct line {
    struct park_link *first;
    struct park_link *last;
};

struct park_lot {
    struct clock *clock;
    struct timer *timer;
    _Atomic int64_t epoch; /* Written under the lock. */
    pthread_mutex_t lock;  /* Guards all below and every waiter's fields. */
    int64_t published;     /* Position of the last commit told of. */
    int64_t last_ticket;
    size_t n_waiting;
    struct park_waiter *first_by_seq; /* The lowest position first. */
    struct park_waiter *last_by_seq;
    struct line lines[N_LINES]; /* By hash of the key, each in order of tickets. */
    int64_t touched[N_TOUCHED]; /* Epoch of the last change, by hash of the key. */
};

/* The waiters one change wakes, called once the lock is released. */
struct woken {
    struct park_waiter *first;
    struct park_waiter *last;
};

struct park_lot *
park_lot_new(struct clock *clock, struct timer *timer, int64_t applied)
{
    struct park_lot *lot = calloc(1, sizeof *lot);
    if (lot == NULL) {
        abort();
    }
    lot->clock = clock;
    lot->timer = timer;
    lot->published = applied;
    pthread_mutex_init(&lot->lock, NULL);
    return lot;
}

void
park_lot_free(struct park_lot *lot)
{
    if (lot == NULL) {
        return;
    }
    pthread_mutex_destroy(&lot->lock);
    free(lot);
}

int64_t
park_epoch(const struct park_lot *lot)
{
    return atomic_load(&lot->epoch);
}

static struct line *
line_of(struct park_lot *lot, uint64_t key)
{
    return &lot->lines[key % N_LINES];
}

/* Earlier tickets stand further in front; most come last. */
static void
line_add(struct line *line, struct park_link *link)
{
    struct park_link *before = line->last;
    while (before != NULL && before->waiter->ticket > link->waiter->ticket) {
        before = before->before;
    }
    link->before = before;
    link->after = before == NULL ? line->first : before->after;
    *(before == NULL ? &line->first : &before->after) = link;
    *(link->after == NULL ? &line->last : &link->after->before) = link;
}

static void
line_remove(struct line *line, struct park_link *link)
{
    *(link->before == NULL ? &line->first : &link->before->after) = link->after;
    *(link->after == NULL ? &line->last : &link->after->before) = link->before;
}

static void
seq_add(struct park_lot *lot, struct park_waiter *waiter)
{
    struct park_waiter *before = lot->last_by_seq;
    while (before != NULL && before->min_seq > waiter->min_seq) {
        before = before->before;
    }
    waiter->before = before;
    waiter->after = before == NULL ? lot->first_by_seq : before->after;
    *(before == NULL ? &lot->first_by_seq : &before->after) = waiter;
    *(waiter->after == NULL ? &lot->last_by_seq : &waiter->after->before) = waiter;
    waiter->is_by_seq = true;
}

static void
seq_remove(struct park_lot *lot, struct park_waiter *waiter)
{
    if (!waiter->is_by_seq) {
        return;
    }
    *(waiter->before == NULL ? &lot->first_by_seq : &waiter->before->after) =
        waiter->after;
    *(waiter->after == NULL ? &lot->last_by_seq : &waiter->after->before) =
        waiter->before;
    waiter->is_by_seq = false;
}

static void
leave(struct park_lot *lot, struct park_waiter *waiter)
{
    for (size_t i = 0; i < waiter->n_links; i++) {
        line_remove(line_of(lot, waiter->links[i].key), &waiter->links[i]);
    }
    waiter->n_links = 0;
    seq_remove(lot, waiter);
    waiter->is_waiting = false;
    lot->n_waiting--;
}

static void
leave_to_run(struct park_lot *lot, struct park_waiter *waiter, struct woken *woken)
{
    leave(lot, waiter);
    waiter->after = NULL;
    *(woken->last == NULL ? &woken->first : &woken->last->after) = waiter;
    woken->last = waiter;
}

/* Gives the turn of a key to the first waiter who has not seen the change. */
static void
wake_first(struct park_lot *lot, uint64_t key, int64_t epoch, struct woken *woken)
{
    struct park_link *link = line_of(lot, key)->first;
    while (link != NULL && (link->key != key || link->waiter->epoch >= epoch)) {
        link = link->after;
    }
    if (link == NULL) {
        return;
    }
    struct park_waiter *waiter = link->waiter;
    waiter->turns[waiter->n_turns++] = (struct park_turn){key, epoch};
    leave_to_run(lot, waiter, woken);
}

/* A waiter whose timer can no longer be cleared is woken by it: once either way. */
static void
call_woken(struct park_lot *lot, struct woken *woken)
{
    struct park_waiter *waiter = woken->first;
    while (waiter != NULL) {
        struct park_waiter *next = waiter->after;
        (void)timer_clear(lot->timer, &waiter->timer);
        waiter->wake(waiter, false);
        waiter = next;
    }
}

static void
hand_on(struct park_lot *lot, struct park_waiter *waiter, struct woken *woken)
{
    for (size_t i = 0; i < waiter->n_turns; i++) {
        wake_first(lot, waiter->turns[i].key, waiter->turns[i].epoch, woken);
    }
    waiter->n_turns = 0;
}

static void
time_over(struct timer_entry *entry)
{
    struct park_waiter *waiter =
        (struct park_waiter *)((char *)entry - offsetof(struct park_waiter, timer));
    if (park_leave(waiter->lot, waiter)) {
        waiter->wake(waiter, true);
    }
}

/* Fills in what the waiter waits for; whether all of it is still to come. */
static bool
prepare(struct park_lot *lot, struct park_waiter *waiter, const struct park *park)
{
    bool is_to_come = true;
    waiter->min_seq = 0;
    waiter->n_links = 0;
    for (size_t i = 0; i < park->n_keys; i++) {
        const char *key = park->keys[i];
        if (strncmp(key, "seq>=", SEQ_PREFIX) == 0) {
            waiter->min_seq = strtoll(key + SEQ_PREFIX, NULL, 10);
            is_to_come = is_to_come && lot->published < waiter->min_seq;
            continue;
        }
        uint64_t hash = park_key_hash(key);
        waiter->links[waiter->n_links++] =
            (struct park_link){.waiter = waiter, .key = hash};
        is_to_come = is_to_come && lot->touched[hash % N_TOUCHED] <= waiter->epoch;
    }
    return is_to_come;
}

static void
stand_in_line(struct park_lot *lot, struct park_waiter *waiter)
{
    if (waiter->ticket == 0) {
        waiter->ticket = ++lot->last_ticket;
    }
    for (size_t i = 0; i < waiter->n_links; i++) {
        line_add(line_of(lot, waiter->links[i].key), &waiter->links[i]);
    }
    if (waiter->min_seq != 0) {
        seq_add(lot, waiter);
    }
    waiter->is_waiting = true;
    lot->n_waiting++;
}

bool
park_enter(struct park_lot *lot, struct park_waiter *waiter, const struct park *park,
           int64_t epoch)
{
    struct woken woken = {0};
    waiter->lot = lot;
    waiter->timer.fire = time_over;
    int64_t due_ms = park->until_ms == INT64_MAX
                         ? INT64_MAX
                         : clock_due_ms(lot->clock, park->until_ms);
    pthread_mutex_lock(&lot->lock);
    waiter->epoch = epoch;
    bool is_to_come = prepare(lot, waiter, park);
    if (is_to_come) {
        if (park->is_exhausted) {
            waiter->n_turns = 0;
        }
        hand_on(lot, waiter, &woken);
        stand_in_line(lot, waiter);
        /* Set under the lock: once it is released the waiter may be woken and gone. */
        if (due_ms != INT64_MAX) {
            timer_set(lot->timer, &waiter->timer, due_ms);
        }
    } else {
        waiter->n_links = 0;
    }
    pthread_mutex_unlock(&lot->lock);
    call_woken(lot, &woken);
    return is_to_come;
}

bool
park_leave(struct park_lot *lot, struct park_waiter *waiter)
{
    pthread_mutex_lock(&lot->lock);
    bool was_waiting = waiter->is_waiting;
    if (was_waiting) {
        leave(lot, waiter);
    }
    pthread_mutex_unlock(&lot->lock);
    if (was_waiting) {
        (void)timer_clear(lot->timer, &waiter->timer);
    }
    return was_waiting;
}

void
park_done(struct park_lot *lot, struct park_waiter *waiter)
{
    if (waiter->n_turns == 0) {
        return;
    }
    struct woken woken = {0};
    pthread_mutex_lock(&lot->lock);
    hand_on(lot, waiter, &woken);
    pthread_mutex_unlock(&lot->lock);
    call_woken(lot, &woken);
}

static void
touch(struct park_lot *lot, uint64_t key, int64_t epoch, struct woken *woken)
{
    lot->touched[key % N_TOUCHED] = epoch;
    wake_first(lot, key, epoch, woken);
}

void
park_publish(void *context, const Kontor__V1__Commit *commit)
{
    struct park_lot *lot = context;
    struct park_keys keys;
    struct woken woken = {0};
    pthread_mutex_lock(&lot->lock);
    int64_t epoch = atomic_load(&lot->epoch) + 1;
    for (size_t i = 0; i < commit->n_changes; i++) {
        park_keys_of(commit->changes[i], &keys);
        for (size_t j = 0; j < keys.n_hashes; j++) {
            touch(lot, keys.hashes[j], epoch, &woken);
        }
    }
    lot->published = commit->seq;
    while (lot->first_by_seq != NULL && lot->first_by_seq->min_seq <= commit->seq) {
        leave_to_run(lot, lot->first_by_seq, &woken);
    }
    atomic_store(&lot->epoch, epoch);
    pthread_mutex_unlock(&lot->lock);
    call_woken(lot, &woken);
}

void
park_publish_soft(struct park_lot *lot, const char *key)
{
    struct woken woken = {0};
    uint64_t hash = park_key_soft(key);
    pthread_mutex_lock(&lot->lock);
    int64_t epoch = atomic_load(&lot->epoch) + 1;
    touch(lot, hash, epoch, &woken);
    atomic_store(&lot->epoch, epoch);
    pthread_mutex_unlock(&lot->lock);
    call_woken(lot, &woken);
}

size_t
park_waiting(struct park_lot *lot)
{
    pthread_mutex_lock(&lot->lock);
    size_t n = lot->n_waiting;
    pthread_mutex_unlock(&lot->lock);
    return n;
}
