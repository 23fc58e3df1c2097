/*
 * One thread that calls back when a time has come: gRPC's C surface has no timers.
 *
 * Memory: entries are their users'; an entry that is set must stay until it fired or
 * was cleared. Errors: none. Threads: any. A callback runs on the timer's thread,
 * without its lock, and is short.
 */
#ifndef KONTOR_SERVER_RPC_TIMER_H
#define KONTOR_SERVER_RPC_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/clock.h"

struct timer;

struct timer_entry {
    void (*fire)(struct timer_entry *entry);
    int64_t due_ms; /* Monotonic; the timer's. */
    size_t place;   /* In the timer's heap, from 1; 0 = not set; the timer's. */
};

/* Starts the thread. Aborts when there is none to be had. */
struct timer *timer_new(struct clock *clock);
/* Ends the thread; what is set never fires. Accepts NULL. */
void timer_free(struct timer *timer);
/* Lets the entry fire once at a monotonic time; one that is set already is moved. */
void timer_set(struct timer *timer, struct timer_entry *entry, int64_t due_ms);
/*
 * Whether the entry was set and will now not fire. A callback that runs is waited for,
 * but on the timer's own thread: so hold no lock the callback takes. Afterwards the
 * entry may be freed.
 */
bool timer_clear(struct timer *timer, struct timer_entry *entry);
/* Looks at the clock again: for a virtual one that was moved. */
void timer_poke(struct timer *timer);

#endif
