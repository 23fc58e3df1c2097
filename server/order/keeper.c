#include "server/order/keeper.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "server/catalogue/cascade.h"
#include "server/clock.h"
#include "server/order/due_tick.h"
#include "server/order/lease.h"

enum { TICK_S = 1 };

struct keeper {
    struct lease *lease;
    struct due_tick *due;
    struct cascade *cascade;
    pthread_t thread;
    pthread_mutex_t lock; /* Guards the rest. */
    pthread_cond_t changed;
    bool is_stopping;
};

/* Waits one tick. Whether to go on. */
static bool
wait_tick(struct keeper *keeper)
{
    struct timespec until;
    /*
     * Real time, not the dispatch's clock: the tick only asks, and what is due is
     * judged by the clock a test may move.
     */
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += TICK_S;
    pthread_mutex_lock(&keeper->lock);
    int result = 0;
    while (!keeper->is_stopping && result == 0) {
        result = pthread_cond_timedwait(&keeper->changed, &keeper->lock, &until);
    }
    bool is_going_on = !keeper->is_stopping;
    pthread_mutex_unlock(&keeper->lock);
    return is_going_on;
}

static void *
run_thread(void *context)
{
    struct keeper *keeper = context;
    while (wait_tick(keeper)) {
        (void)lease_tick(keeper->lease);
        (void)due_tick_run(keeper->due);
        (void)cascade_run(keeper->cascade);
    }
    return NULL;
}

static void
keeper_free(struct keeper *keeper)
{
    cascade_free(keeper->cascade);
    due_tick_free(keeper->due);
    lease_free(keeper->lease);
    pthread_cond_destroy(&keeper->changed);
    pthread_mutex_destroy(&keeper->lock);
    free(keeper);
}

struct keeper *
keeper_start(struct dispatch *dispatch)
{
    struct keeper *keeper = calloc(1, sizeof *keeper);
    if (keeper == NULL) {
        abort();
    }
    pthread_mutex_init(&keeper->lock, NULL);
    clock_init_condition(&keeper->changed);
    keeper->lease = lease_new(dispatch);
    keeper->due = due_tick_new(dispatch);
    keeper->cascade = cascade_new(dispatch);
    if (keeper->lease == NULL || keeper->due == NULL || keeper->cascade == NULL) {
        keeper_free(keeper);
        return NULL;
    }
    if (pthread_create(&keeper->thread, NULL, run_thread, keeper) != 0) {
        abort();
    }
    return keeper;
}

void
keeper_stop(struct keeper *keeper)
{
    if (keeper == NULL) {
        return;
    }
    pthread_mutex_lock(&keeper->lock);
    keeper->is_stopping = true;
    pthread_cond_signal(&keeper->changed);
    pthread_mutex_unlock(&keeper->lock);
    pthread_join(keeper->thread, NULL);
    keeper_free(keeper);
}
