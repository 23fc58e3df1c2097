#include "server/rpc/timer.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct timer {
    struct clock *clock;
    pthread_t thread;
    pthread_mutex_t lock; /* Guards all below. */
    pthread_cond_t changed;
    struct timer_entry **heap; /* From 1; the next due first. */
    size_t n_heap;
    size_t room;
    struct timer_entry *firing; /* Its callback runs now; NULL = none does. */
    pthread_cond_t fired;
    bool is_over;
};

static void
place(struct timer *timer, size_t at, struct timer_entry *entry)
{
    timer->heap[at] = entry;
    entry->place = at;
}

static void
sift_up(struct timer *timer, size_t at)
{
    struct timer_entry *entry = timer->heap[at];
    while (at > 1 && timer->heap[at / 2]->due_ms > entry->due_ms) {
        place(timer, at, timer->heap[at / 2]);
        at /= 2;
    }
    place(timer, at, entry);
}

static void
sift_down(struct timer *timer, size_t at)
{
    struct timer_entry *entry = timer->heap[at];
    for (size_t child = 2 * at; child <= timer->n_heap; child = 2 * at) {
        if (child < timer->n_heap &&
            timer->heap[child + 1]->due_ms < timer->heap[child]->due_ms) {
            child++;
        }
        if (timer->heap[child]->due_ms >= entry->due_ms) {
            break;
        }
        place(timer, at, timer->heap[child]);
        at = child;
    }
    place(timer, at, entry);
}

static void
take_out(struct timer *timer, struct timer_entry *entry)
{
    size_t at = entry->place;
    struct timer_entry *last = timer->heap[timer->n_heap--];
    entry->place = 0;
    if (last == entry) {
        return;
    }
    place(timer, at, last);
    sift_up(timer, at);
    sift_down(timer, last->place);
}

static void
put_in(struct timer *timer, struct timer_entry *entry)
{
    if (timer->n_heap + 1 >= timer->room) {
        timer->room = timer->room == 0 ? 256 : timer->room * 2;
        struct timer_entry **larger =
            realloc(timer->heap, timer->room * sizeof(struct timer_entry *));
        if (larger == NULL) {
            abort();
        }
        timer->heap = larger;
    }
    place(timer, ++timer->n_heap, entry);
    sift_up(timer, timer->n_heap);
}

/* Waits for a change or until the next entry is due. A virtual clock moves only with a
 * poke. */
static void
wait(struct timer *timer)
{
    if (timer->n_heap == 0 || timer->clock->is_virtual) {
        pthread_cond_wait(&timer->changed, &timer->lock);
        return;
    }
    int64_t due_ms = timer->heap[1]->due_ms;
    struct timespec until = {.tv_sec = due_ms / 1000,
                             .tv_nsec = (long)(due_ms % 1000) * 1000000};
    (void)pthread_cond_timedwait(&timer->changed, &timer->lock, &until);
}

static void *
run(void *context)
{
    struct timer *timer = context;
    pthread_mutex_lock(&timer->lock);
    while (!timer->is_over) {
        if (timer->n_heap == 0 ||
            timer->heap[1]->due_ms > clock_monotonic_ms(timer->clock)) {
            wait(timer);
            continue;
        }
        struct timer_entry *entry = timer->heap[1];
        take_out(timer, entry);
        timer->firing = entry;
        pthread_mutex_unlock(&timer->lock);
        entry->fire(entry);
        pthread_mutex_lock(&timer->lock);
        timer->firing = NULL;
        pthread_cond_broadcast(&timer->fired);
    }
    pthread_mutex_unlock(&timer->lock);
    return NULL;
}

struct timer *
timer_new(struct clock *clock)
{
    struct timer *timer = calloc(1, sizeof *timer);
    if (timer == NULL) {
        abort();
    }
    timer->clock = clock;
    clock_init_condition(&timer->changed);
    pthread_cond_init(&timer->fired, NULL);
    pthread_mutex_init(&timer->lock, NULL);
    if (pthread_create(&timer->thread, NULL, run, timer) != 0) {
        abort();
    }
    return timer;
}

void
timer_free(struct timer *timer)
{
    if (timer == NULL) {
        return;
    }
    pthread_mutex_lock(&timer->lock);
    timer->is_over = true;
    pthread_cond_signal(&timer->changed);
    pthread_mutex_unlock(&timer->lock);
    pthread_join(timer->thread, NULL);
    pthread_cond_destroy(&timer->changed);
    pthread_cond_destroy(&timer->fired);
    pthread_mutex_destroy(&timer->lock);
    free(timer->heap);
    free(timer);
}

void
timer_set(struct timer *timer, struct timer_entry *entry, int64_t due_ms)
{
    pthread_mutex_lock(&timer->lock);
    if (entry->place != 0) {
        take_out(timer, entry);
    }
    entry->due_ms = due_ms;
    put_in(timer, entry);
    if (entry->place == 1) {
        pthread_cond_signal(&timer->changed);
    }
    pthread_mutex_unlock(&timer->lock);
}

bool
timer_clear(struct timer *timer, struct timer_entry *entry)
{
    pthread_mutex_lock(&timer->lock);
    bool was_set = entry->place != 0;
    if (was_set) {
        take_out(timer, entry);
    }
    bool is_timer_thread = pthread_equal(pthread_self(), timer->thread) != 0;
    while (timer->firing == entry && !is_timer_thread) {
        pthread_cond_wait(&timer->fired, &timer->lock);
    }
    pthread_mutex_unlock(&timer->lock);
    return was_set;
}

void
timer_poke(struct timer *timer)
{
    pthread_mutex_lock(&timer->lock);
    pthread_cond_signal(&timer->changed);
    pthread_mutex_unlock(&timer->lock);
}
