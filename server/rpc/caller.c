#include "server/rpc/caller.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    N_BUCKETS = 1024,
    SWEEP_AT = 4096,
    FORGET_MS = 60000,
    /* A lost connection cancels all its calls in one moment. Five seconds' worth of the
     * default rate is more than a caller may have in flight. */
    RESET_BURST_S = 5,
};

struct caller {
    struct callers *callers;
    struct caller *next; /* In its bucket. */
    int64_t n_calls;
    int64_t n_streams;
    int64_t tokens_milli; /* A call costs 1000. */
    int64_t seen_ms;
    int64_t resets_milli; /* A reset adds 1000; time takes them off again. */
    int64_t reset_ms;     /* When resets_milli was true. */
    int64_t cut_off_until_ms;
    char name[];
};

struct callers {
    struct caller_limits limits;
    _Atomic int64_t cut_off_until_ms; /* The latest of all callers. */
    _Atomic int64_t n_trips;
    pthread_mutex_t lock; /* Guards all below. */
    struct caller *buckets[N_BUCKETS];
    size_t n_callers;
    int64_t n_streams;
};

struct callers *
callers_new(const struct caller_limits *limits)
{
    struct callers *callers = calloc(1, sizeof *callers);
    if (callers == NULL) {
        abort();
    }
    callers->limits = *limits;
    pthread_mutex_init(&callers->lock, NULL);
    return callers;
}

/* Takes out of a bucket who was last seen before a time and is not inside. */
static void
sweep_bucket(struct callers *callers, struct caller **link, int64_t before_ms)
{
    while (*link != NULL) {
        struct caller *caller = *link;
        bool is_inside = caller->n_calls > 0 || caller->n_streams > 0;
        /* One who is cut off must not come back as a stranger. */
        bool is_cut_off = caller->cut_off_until_ms >= before_ms;
        if (is_inside || is_cut_off || caller->seen_ms >= before_ms) {
            link = &caller->next;
            continue;
        }
        *link = caller->next;
        callers->n_callers--;
        free(caller);
    }
}

static void
sweep(struct callers *callers, int64_t before_ms)
{
    for (size_t i = 0; i < N_BUCKETS; i++) {
        sweep_bucket(callers, &callers->buckets[i], before_ms);
    }
}

void
callers_free(struct callers *callers)
{
    if (callers == NULL) {
        return;
    }
    sweep(callers, INT64_MAX);
    pthread_mutex_destroy(&callers->lock);
    free(callers);
}

static struct caller **
bucket_of(struct callers *callers, const char *name)
{
    uint32_t hash = 5381;
    for (const char *c = name; *c != '\0'; c++) {
        hash = hash * 33 + (unsigned char)*c;
    }
    return &callers->buckets[hash % N_BUCKETS];
}

static struct caller *
find(struct callers *callers, const char *name, int64_t now_ms)
{
    struct caller **bucket = bucket_of(callers, name);
    for (struct caller *caller = *bucket; caller != NULL; caller = caller->next) {
        if (strcmp(caller->name, name) == 0) {
            return caller;
        }
    }
    if (callers->n_callers >= SWEEP_AT) {
        sweep(callers, now_ms - FORGET_MS);
    }
    size_t size = strlen(name) + 1;
    struct caller *caller = calloc(1, sizeof *caller + size);
    if (caller == NULL) {
        abort();
    }
    memcpy(caller->name, name, size);
    caller->callers = callers;
    caller->tokens_milli = callers->limits.per_second * 1000;
    caller->seen_ms = now_ms;
    caller->next = *bucket;
    *bucket = caller;
    callers->n_callers++;
    return caller;
}

static void
refill(struct caller *caller, int64_t now_ms)
{
    int64_t per_second = caller->callers->limits.per_second;
    int64_t passed_ms = now_ms - caller->seen_ms;
    if (passed_ms > 0) {
        int64_t most_ms = passed_ms < 1000 ? passed_ms : 1000;
        caller->tokens_milli += most_ms * per_second;
        caller->seen_ms = now_ms;
    }
    if (caller->tokens_milli > per_second * 1000) {
        caller->tokens_milli = per_second * 1000;
    }
}

struct caller *
caller_enter(struct callers *callers, const char *name, const struct row *row,
             int64_t now_ms)
{
    bool is_stream = row->kind != ROW_UNARY;
    pthread_mutex_lock(&callers->lock);
    struct caller *caller = find(callers, name, now_ms);
    refill(caller, now_ms);
    int64_t n = is_stream ? caller->n_streams : caller->n_calls;
    int64_t most = is_stream ? callers->limits.streams : callers->limits.calls;
    bool may_enter = n < most && caller->tokens_milli >= 1000;
    if (may_enter) {
        caller->tokens_milli -= 1000;
        *(is_stream ? &caller->n_streams : &caller->n_calls) += 1;
        callers->n_streams += is_stream ? 1 : 0;
    }
    pthread_mutex_unlock(&callers->lock);
    return may_enter ? caller : NULL;
}

void
caller_leave(struct caller *caller, const struct row *row)
{
    if (caller == NULL) {
        return;
    }
    struct callers *callers = caller->callers;
    bool is_stream = row->kind != ROW_UNARY;
    pthread_mutex_lock(&callers->lock);
    *(is_stream ? &caller->n_streams : &caller->n_calls) -= 1;
    callers->n_streams -= is_stream ? 1 : 0;
    pthread_mutex_unlock(&callers->lock);
}

const char *
caller_name(const struct principal *who)
{
    return who->id[0] != '\0' ? who->id : who->identity;
}

/* Under the lock: whether the reset is one too many. */
static bool
add_reset(struct caller *caller, int64_t now_ms)
{
    int64_t per_second = caller->callers->limits.resets_per_second;
    int64_t forgotten_milli = (now_ms - caller->reset_ms) * per_second;
    int64_t left_milli = caller->resets_milli - forgotten_milli;
    caller->resets_milli = (left_milli > 0 ? left_milli : 0) + 1000;
    caller->reset_ms = now_ms;
    return caller->resets_milli > RESET_BURST_S * per_second * 1000;
}

enum caller_state
caller_reset(struct callers *callers, const char *name, int64_t now_ms)
{
    enum caller_state state = CALLER_IS_FINE;
    pthread_mutex_lock(&callers->lock);
    struct caller *caller = find(callers, name, now_ms);
    if (now_ms < caller->cut_off_until_ms) {
        state = CALLER_IS_CUT_OFF;
    } else if (add_reset(caller, now_ms)) {
        state = CALLER_TRIPS;
        caller->resets_milli = 0;
        caller->cut_off_until_ms = now_ms + callers->limits.cut_off_ms;
        atomic_store(&callers->cut_off_until_ms, caller->cut_off_until_ms);
        atomic_fetch_add(&callers->n_trips, 1);
    }
    pthread_mutex_unlock(&callers->lock);
    return state;
}

int64_t
caller_cut_off_ms(struct callers *callers, const char *name, int64_t now_ms)
{
    pthread_mutex_lock(&callers->lock);
    int64_t left_ms = find(callers, name, now_ms)->cut_off_until_ms - now_ms;
    pthread_mutex_unlock(&callers->lock);
    return left_ms > 0 ? left_ms : 0;
}

/* Every cut takes as long, so that the last one to begin is the last to end. */
bool
callers_any_cut_off(struct callers *callers, int64_t now_ms)
{
    return now_ms < atomic_load(&callers->cut_off_until_ms);
}

int64_t
callers_trips(struct callers *callers)
{
    return atomic_load(&callers->n_trips);
}

int64_t
callers_streams(struct callers *callers)
{
    pthread_mutex_lock(&callers->lock);
    int64_t n = callers->n_streams;
    pthread_mutex_unlock(&callers->lock);
    return n;
}
