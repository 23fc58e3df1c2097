#include "store/queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { QUARTER = 4, BULK_SHARE = STORE_BATCH_COMMITS / QUARTER };

/*
 * Works of one lane keep their order: a caller who sends two changes finds them done in
 * that order. Between the lanes only shares are promised.
 */
struct lane {
    struct work *first;
    struct work *last;
};

struct queue {
    pthread_mutex_t lock; /* Guards what follows. */
    pthread_cond_t filled;
    struct lane bulk;
    struct lane other;
    size_t n_waiting;
    size_t length;
    bool is_closed;
};

struct queue *
queue_new(size_t length)
{
    struct queue *queue = calloc(1, sizeof *queue);
    if (queue == NULL) {
        return NULL;
    }
    pthread_mutex_init(&queue->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&queue->filled, &monotonic);
    pthread_condattr_destroy(&monotonic);
    queue->length = length;
    return queue;
}

void
queue_free(struct queue *queue)
{
    if (queue == NULL) {
        return;
    }
    pthread_cond_destroy(&queue->filled);
    pthread_mutex_destroy(&queue->lock);
    free(queue);
}

/* Lanes are linked through the works themselves: queueing never allocates. */
static void
lane_add(struct lane *lane, struct work *work)
{
    work->next = NULL;
    if (lane->first == NULL) {
        lane->first = work;
    } else {
        lane->last->next = work;
    }
    lane->last = work;
}

static struct work *
lane_take(struct lane *lane)
{
    struct work *work = lane->first;
    if (work != NULL) {
        lane->first = work->next;
        work->next = NULL;
    }
    return work;
}

enum status
queue_push(struct queue *queue, struct work *work)
{
    enum status status = STATUS_OK;
    pthread_mutex_lock(&queue->lock);
    if (queue->is_closed) {
        status = STATUS_UNAVAILABLE;
    } else if (queue->n_waiting >= queue->length) {
        /* Refused at once, so that a flood of writes costs no memory and the caller may
         * try another broker. */
        status = STATUS_RESOURCE_EXHAUSTED;
    } else {
        lane_add(work->is_bulk ? &queue->bulk : &queue->other, work);
        queue->n_waiting++;
        pthread_cond_signal(&queue->filled);
    }
    pthread_mutex_unlock(&queue->lock);
    return status;
}

/* The first of the preferred lane, or else of the other. */
static struct work *
queue_next(struct queue *queue, bool is_bulk_first)
{
    struct lane *first = is_bulk_first ? &queue->bulk : &queue->other;
    struct lane *second = is_bulk_first ? &queue->other : &queue->bulk;
    struct work *work = lane_take(first);
    if (work == NULL) {
        work = lane_take(second);
    }
    if (work != NULL) {
        queue->n_waiting--;
    }
    return work;
}

static struct timespec
queue_moment(int64_t wait_ms)
{
    struct timespec moment;
    (void)clock_gettime(CLOCK_MONOTONIC, &moment);
    int64_t nanos = moment.tv_nsec + wait_ms % 1000 * 1000000;
    moment.tv_sec += wait_ms / 1000 + nanos / 1000000000;
    moment.tv_nsec = nanos % 1000000000;
    return moment;
}

/* What was queued before the close is still done: whoever was told it is queued waits
 * for its answer. */
bool
queue_wait(struct queue *queue, int64_t wait_ms, bool *has_work)
{
    const struct timespec until = queue_moment(wait_ms < 0 ? 0 : wait_ms);
    int code = 0;
    pthread_mutex_lock(&queue->lock);
    while (queue->n_waiting == 0 && !queue->is_closed && code == 0) {
        code = wait_ms < 0
                   ? pthread_cond_wait(&queue->filled, &queue->lock)
                   : pthread_cond_timedwait(&queue->filled, &queue->lock, &until);
    }
    *has_work = queue->n_waiting > 0;
    bool is_over = queue->is_closed && queue->n_waiting == 0;
    pthread_mutex_unlock(&queue->lock);
    return !is_over;
}

bool
queue_pause(struct queue *queue, int64_t pause_ms)
{
    const struct timespec until = queue_moment(pause_ms);
    int code = 0;
    pthread_mutex_lock(&queue->lock);
    while (!queue->is_closed && code == 0) {
        code = pthread_cond_timedwait(&queue->filled, &queue->lock, &until);
    }
    bool is_closed = queue->is_closed;
    pthread_mutex_unlock(&queue->lock);
    return !is_closed;
}

/*
 * A bulk import may take a quarter of each batch while others wait, and all of it while
 * nobody does. The shares are spread through the batch rather than taken at its end, so
 * that neither lane waits for the other to run dry.
 */
struct work *
queue_take(struct queue *queue, size_t n_bulk, size_t n_other)
{
    struct work *work = NULL;
    pthread_mutex_lock(&queue->lock);
    bool is_share_used = n_bulk >= BULK_SHARE && n_other > 0;
    bool is_bulk_due = !is_share_used && n_bulk * (QUARTER - 1) < n_other;
    if (queue->other.first != NULL || !is_share_used) {
        work = queue_next(queue, is_bulk_due);
    }
    pthread_mutex_unlock(&queue->lock);
    return work;
}

void
queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->is_closed = true;
    pthread_cond_broadcast(&queue->filled);
    pthread_mutex_unlock(&queue->lock);
}
