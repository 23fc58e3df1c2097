/*
 * Waiting calls: who waits for which keys, and whom a change wakes.
 *
 * Waiters of a key are a queue. A change of the key wakes the first of those who have
 * not seen it, and gives it the turn; when that one is done, or waits again, the turn
 * goes to the next: no herd, first come first served. What a call saw is told by an
 * epoch, which counts what was published: it is taken before the call reads, so that
 * nothing published after can be missed.
 *
 * Memory: waiters are their users'; one that waits must stay.
 * Errors: none. Threads: any; wake is called without the lock and is short.
 */
#ifndef KONTOR_SERVER_RPC_PARK_H
#define KONTOR_SERVER_RPC_PARK_H

#include "server/rpc/call.h"
#include "server/rpc/timer.h"

struct park_lot;
struct park_waiter;

/* One place in the queue of one key. */
struct park_link {
    struct park_waiter *waiter;
    uint64_t key; /* Hash; two keys of one hash wake each other, which does no harm. */
    struct park_link *before;
    struct park_link *after;
};

/* The turn of one key: to be handed on. */
struct park_turn {
    uint64_t key;
    int64_t epoch; /* Of the change that began it. */
};

/* A call that may wait. Zeroed by its user at first; then the lot's. */
struct park_waiter {
    /* The wait is over, for a change or because the time came. */
    void (*wake)(struct park_waiter *waiter, bool is_time_over);
    struct park_lot *lot;
    int64_t ticket; /* Place in line, kept over all waits of a call. */
    int64_t epoch;
    int64_t min_seq; /* Waits for this position; 0 = none. */
    bool is_waiting;
    bool is_by_seq; /* Stands in the line of positions. */
    struct timer_entry timer;
    struct park_link links[PARK_MAX_KEYS];
    size_t n_links;
    struct park_turn turns[PARK_MAX_KEYS];
    size_t n_turns;
    struct park_waiter *before; /* In the line of positions. */
    struct park_waiter *after;
};

struct park_lot *park_lot_new(struct clock *clock, struct timer *timer,
                              int64_t applied);
/* Nobody may wait any more. Accepts NULL. */
void park_lot_free(struct park_lot *lot);

/* What is published so far; taken before a run reads anything. */
int64_t park_epoch(const struct park_lot *lot);
/*
 * Begins to wait. false: something the keys name was published after epoch, or the
 * position is reached: run again. The turns the waiter holds go on, unless
 * park->is_exhausted ends them.
 */
bool park_enter(struct park_lot *lot, struct park_waiter *waiter,
                const struct park *park, int64_t epoch) MUST_CHECK;
/* Stops waiting. Whether the waiter waited: wake is then not called. */
bool park_leave(struct park_lot *lot, struct park_waiter *waiter);
/* The call is over: the turns it holds go on. */
void park_done(struct park_lot *lot, struct park_waiter *waiter);

/* Tells of a commit. Fits store_listen. */
void park_publish(void *lot, const Kontor__V1__Commit *commit);
/* Tells of a number outside the log: the key "soft/<key>". */
void park_publish_soft(struct park_lot *lot, const char *key);
/* How many wait. */
size_t park_waiting(struct park_lot *lot);

#endif
