/*
 * The one source of time: the system's clocks, or a virtual one that only moves when
 * told.
 *
 * Memory: the caller's struct. Errors: none. Threads: any.
 */
#ifndef KONTOR_SERVER_CLOCK_H
#define KONTOR_SERVER_CLOCK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Far above what a time service corrects by slewing between two readings, far below the
 * shortest lease. */
enum { CLOCK_JUMP_MS = 1000 };

struct clock {
    bool is_virtual;              /* Set once, before the clock is shared. */
    _Atomic int64_t monotonic_ms; /* Virtual only. */
    _Atomic int64_t apart_ms;     /* Virtual only: wall time less monotonic time. */
    _Atomic int64_t known_ms;     /* Wall less monotonic time, as last found. */
    _Atomic int64_t jumped_ms;    /* As clock_jumped_ms. */
};

/* The system's clocks. */
void clock_init(struct clock *clock);
/* A clock that stands at wall_ms until it is moved. */
void clock_init_virtual(struct clock *clock, int64_t wall_ms);

/* Milliseconds since 1970. Takes a struct clock as void so that it fits the store's
 * options. */
int64_t clock_wall_ms(void *clock);
/*
 * When the wall clock was last set by more than CLOCK_JUMP_MS, forward or back, in its
 * new time; 0: never since clock_init. Every reading of the wall clock looks for it, so
 * whoever asks behind a reading knows of each jump that reading can show.
 */
int64_t clock_jumped_ms(const struct clock *clock);
/* Milliseconds that never run back. */
int64_t clock_monotonic_ms(struct clock *clock);

/*
 * When the monotonic clock shows that the wall clock has come to wall_ms, as the two go
 * now. Both are read rounded down, each at another moment: the one millisecond more
 * keeps who waits until then from finding it not come yet.
 */
int64_t clock_due_ms(struct clock *clock, int64_t wall_ms);

/* A condition whose timed waits go by the system's monotonic clock, which nobody sets
 * back. */
void clock_init_condition(pthread_cond_t *condition);

/* Moves a virtual clock forward by some milliseconds. */
void clock_advance(struct clock *clock, int64_t ms);
/* Sets the wall time of a virtual clock, also backwards; monotonic time stays. */
void clock_set_wall(struct clock *clock, int64_t wall_ms);

#endif
