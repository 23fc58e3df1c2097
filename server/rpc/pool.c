#include "server/rpc/pool.h"

#include <pthread.h>
#include <stdlib.h>

enum { DEFAULT_WORKERS = 4, DEFAULT_QUEUE = 1024 };

struct queue {
    struct pool_job *first;
    struct pool_job *last;
    size_t n_jobs;
    size_t max_jobs; /* Constant. */
};

struct worker {
    struct pool *pool;
    struct store_reader *reader;
    pthread_t thread;
    size_t number;
};

struct pool {
    struct worker *workers;
    size_t n_workers;
    size_t n_running;     /* Workers whose thread was started. */
    pthread_mutex_t lock; /* Guards all below. */
    pthread_cond_t changed;
    struct queue queues[N_ROW_CLASSES];
    bool is_over;
};

static struct pool_job *
take(struct queue *queue)
{
    struct pool_job *job = queue->first;
    if (job == NULL) {
        return NULL;
    }
    queue->first = job->next;
    if (queue->first == NULL) {
        queue->last = NULL;
    }
    queue->n_jobs--;
    return job;
}

/* Each worker begins with another class, so that no class waits for all of another. */
static struct pool_job *
take_next(struct pool *pool, size_t begin)
{
    for (size_t i = 0; i < N_ROW_CLASSES; i++) {
        struct pool_job *job = take(&pool->queues[(begin + i) % N_ROW_CLASSES]);
        if (job != NULL) {
            return job;
        }
    }
    return NULL;
}

static void *
run(void *context)
{
    struct worker *worker = context;
    struct pool *pool = worker->pool;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        struct pool_job *job = take_next(pool, worker->number);
        if (job == NULL && pool->is_over) {
            break;
        }
        if (job == NULL) {
            pthread_cond_wait(&pool->changed, &pool->lock);
            continue;
        }
        pthread_mutex_unlock(&pool->lock);
        job->run(job, worker->reader);
        pthread_mutex_lock(&pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static enum status
start_workers(struct pool *pool, struct store *store)
{
    for (size_t i = 0; i < pool->n_workers; i++) {
        struct worker *worker = &pool->workers[i];
        worker->pool = pool;
        worker->number = i;
        enum status status = store_reader_open(store, &worker->reader);
        if (status != STATUS_OK) {
            return status;
        }
        if (pthread_create(&worker->thread, NULL, run, worker) != 0) {
            store_reader_close(worker->reader);
            return STATUS_RESOURCE_EXHAUSTED;
        }
        pool->n_running++;
    }
    return STATUS_OK;
}

enum status
pool_new(const struct pool_options *options, struct pool **out)
{
    struct pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL) {
        abort();
    }
    pool->n_workers = options->n_workers == 0 ? DEFAULT_WORKERS : options->n_workers;
    for (size_t i = 0; i < N_ROW_CLASSES; i++) {
        size_t max = options->queue_lengths[i];
        pool->queues[i].max_jobs = max == 0 ? DEFAULT_QUEUE : max;
    }
    pool->workers = calloc(pool->n_workers, sizeof pool->workers[0]);
    if (pool->workers == NULL) {
        abort();
    }
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->changed, NULL);
    enum status status = start_workers(pool, options->store);
    if (status != STATUS_OK) {
        pool_free(pool);
        return status;
    }
    *out = pool;
    return STATUS_OK;
}

void
pool_free(struct pool *pool)
{
    if (pool == NULL) {
        return;
    }
    pthread_mutex_lock(&pool->lock);
    pool->is_over = true;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < pool->n_running; i++) {
        pthread_join(pool->workers[i].thread, NULL);
        store_reader_close(pool->workers[i].reader);
    }
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->lock);
    free(pool->workers);
    free(pool);
}

static void
add(struct pool *pool, struct queue *queue, struct pool_job *job)
{
    job->next = NULL;
    if (queue->last == NULL) {
        queue->first = job;
    } else {
        queue->last->next = job;
    }
    queue->last = job;
    queue->n_jobs++;
    pthread_cond_signal(&pool->changed);
}

bool
pool_submit(struct pool *pool, enum row_class klass, struct pool_job *job)
{
    struct queue *queue = &pool->queues[klass];
    pthread_mutex_lock(&pool->lock);
    bool has_room = queue->n_jobs < queue->max_jobs;
    if (has_room) {
        add(pool, queue, job);
    }
    pthread_mutex_unlock(&pool->lock);
    return has_room;
}

void
pool_force(struct pool *pool, enum row_class klass, struct pool_job *job)
{
    pthread_mutex_lock(&pool->lock);
    add(pool, &pool->queues[klass], job);
    pthread_mutex_unlock(&pool->lock);
}

size_t
pool_waiting(struct pool *pool)
{
    size_t n = 0;
    pthread_mutex_lock(&pool->lock);
    for (size_t i = 0; i < N_ROW_CLASSES; i++) {
        n += pool->queues[i].n_jobs;
    }
    pthread_mutex_unlock(&pool->lock);
    return n;
}
