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

void
clock_init(struct clock *clock)
{
    *clock = (struct clock){.is_virtual = false};
}

void
clock_init_virtual(struct clock *clock, int64_t wall_ms)
{
    *clock = (struct clock){.is_virtual = true};
    atomic_store(&clock->wall_ms, wall_ms);
    /* Zero would read as "not set" in many a table. */
    atomic_store(&clock->monotonic_ms, 1);
}

int64_t
clock_wall_ms(void *clock)
{
    struct clock *self = clock;
    return self->is_virtual ? atomic_load(&self->wall_ms) : system_ms(CLOCK_REALTIME);
}

int64_t
clock_monotonic_ms(struct clock *clock)
{
    return clock->is_virtual ? atomic_load(&clock->monotonic_ms)
                             : system_ms(CLOCK_MONOTONIC);
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
    atomic_fetch_add(&clock->wall_ms, ms);
    atomic_fetch_add(&clock->monotonic_ms, ms);
}

void
clock_set_wall(struct clock *clock, int64_t wall_ms)
{
    assert(clock->is_virtual);
    atomic_store(&clock->wall_ms, wall_ms);
}
