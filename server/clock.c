#include "server/clock.h"

#include <assert.h>
#include <time.h>

static int64_t
system_ms(clockid_t id)
{
    struct timespec now;
    (void)clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct reading {
    int64_t wall_ms;
    int64_t monotonic_ms;
};

static struct reading
read_both(const struct clock *clock)
{
    if (!clock->is_virtual) {
        return (struct reading){.wall_ms = system_ms(CLOCK_REALTIME),
                                .monotonic_ms = system_ms(CLOCK_MONOTONIC)};
    }
    /* One reading stands for both, or an advance between two would look like a jump. */
    int64_t monotonic_ms = atomic_load(&clock->monotonic_ms);
    return (struct reading){.wall_ms = monotonic_ms + atomic_load(&clock->apart_ms),
                            .monotonic_ms = monotonic_ms};
}

/*
 * The distance of the two clocks creeps while a time service slews, and leaps when
 * somebody sets the time. A machine that slept leaps, too: monotonic time stood still.
 * A thread that was stopped between its two readings takes that for a jump, which costs
 * nobody more than a longer term.
 */
static void
note_jump(struct clock *clock, const struct reading *now)
{
    int64_t apart_ms = now->wall_ms - now->monotonic_ms;
    int64_t moved_ms = apart_ms - atomic_load(&clock->known_ms);
    if (moved_ms > CLOCK_JUMP_MS || moved_ms < -CLOCK_JUMP_MS) {
        /* Before the distance: who finds the new distance known finds the jump, too. */
        atomic_store(&clock->jumped_ms, now->wall_ms);
    }
    /* Readings differ by their rounding all the time: only a change that will not go
     * away is worth a write to what all threads share. */
    if (moved_ms > CLOCK_JUMP_MS / 10 || moved_ms < -CLOCK_JUMP_MS / 10) {
        atomic_store(&clock->known_ms, apart_ms);
    }
}

void
clock_init(struct clock *clock)
{
    *clock = (struct clock){.is_virtual = false};
    struct reading now = read_both(clock);
    atomic_store(&clock->known_ms, now.wall_ms - now.monotonic_ms);
}

void
clock_init_virtual(struct clock *clock, int64_t wall_ms)
{
    *clock = (struct clock){.is_virtual = true};
    /* Zero would read as "not set" in many a table. */
    atomic_store(&clock->monotonic_ms, 1);
    atomic_store(&clock->apart_ms, wall_ms - 1);
    atomic_store(&clock->known_ms, wall_ms - 1);
}

int64_t
clock_wall_ms(void *clock)
{
    struct clock *self = clock;
    struct reading now = read_both(self);
    note_jump(self, &now);
    return now.wall_ms;
}

int64_t
clock_jumped_ms(const struct clock *clock)
{
    return atomic_load(&clock->jumped_ms);
}

int64_t
clock_monotonic_ms(struct clock *clock)
{
    return clock->is_virtual ? atomic_load(&clock->monotonic_ms)
                             : system_ms(CLOCK_MONOTONIC);
}

int64_t
clock_due_ms(struct clock *clock, int64_t wall_ms)
{
    struct reading now = read_both(clock);
    note_jump(clock, &now);
    return now.monotonic_ms + (wall_ms - now.wall_ms) + (clock->is_virtual ? 0 : 1);
}

void
clock_init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

void
clock_advance(struct clock *clock, int64_t ms)
{
    assert(clock->is_virtual && ms >= 0);
    atomic_fetch_add(&clock->monotonic_ms, ms);
}

void
clock_set_wall(struct clock *clock, int64_t wall_ms)
{
    assert(clock->is_virtual);
    atomic_store(&clock->apart_ms, wall_ms - atomic_load(&clock->monotonic_ms));
}
