#include "tests/client/famine.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

enum { LIVE_MAX = 1 << 14 };

static struct {
    pthread_mutex_t mutex; /* Guards all below. */
    pthread_cond_t changed;
    int left; /* Until one fails. */
    bool lasts;
    bool has_failed;
    void *live[LIVE_MAX]; /* Taken under a famine, not given back. */
    int n_live;
} famine = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static _Thread_local bool is_hungry;

/* The linker's names for the functions as they are. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
void __real_free(void *memory);
FILE *__real_fopen(const char *path, const char *mode);
int __real_eventfd(unsigned count, int flags);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *), void *context);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__wrap_strdup(const char *text);
void __wrap_free(void *memory);
FILE *__wrap_fopen(const char *path, const char *mode);
int __wrap_eventfd(unsigned count, int flags);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *), void *context);

/* Whether this time nothing is given. */
static bool
famine_strikes(void)
{
    if (!is_hungry) {
        return false;
    }
    pthread_mutex_lock(&famine.mutex);
    famine.left--;
    bool strikes = famine.left == 0 || (famine.left < 0 && famine.lasts);
    famine.has_failed = famine.has_failed || strikes;
    pthread_mutex_unlock(&famine.mutex);
    errno = strikes ? ENOMEM : errno;
    return strikes;
}

static void *
famine_took(void *memory)
{
    if (!is_hungry || memory == NULL) {
        return memory;
    }
    pthread_mutex_lock(&famine.mutex);
    if (famine.n_live == LIVE_MAX) {
        fputs("famine: more is live than is counted\n", stderr);
        abort();
    }
    famine.live[famine.n_live++] = memory;
    pthread_mutex_unlock(&famine.mutex);
    return memory;
}

/* Most of what is given back was taken last. */
static void
famine_gave(const void *memory)
{
    pthread_mutex_lock(&famine.mutex);
    for (int i = famine.n_live - 1; i >= 0; i--) {
        if (famine.live[i] == memory) {
            famine.live[i] = famine.live[--famine.n_live];
            pthread_cond_broadcast(&famine.changed);
            break;
        }
    }
    pthread_mutex_unlock(&famine.mutex);
}

void *
__wrap_malloc(size_t size)
{
    return famine_strikes() ? NULL : famine_took(__real_malloc(size));
}

void *
__wrap_calloc(size_t n, size_t size)
{
    return famine_strikes() ? NULL : famine_took(__real_calloc(n, size));
}

/* Always moves, so that whoever keeps the old pointer is caught. */
void *
__wrap_realloc(void *memory, size_t size)
{
    if (famine_strikes()) {
        return NULL;
    }
    famine_gave(memory);
    return famine_took(__real_realloc(memory, size));
}

char *
__wrap_strdup(const char *text)
{
    return famine_strikes() ? NULL : famine_took(__real_strdup(text));
}

void
__wrap_free(void *memory)
{
    if (memory != NULL) {
        famine_gave(memory);
    }
    __real_free(memory);
}

FILE *
__wrap_fopen(const char *path, const char *mode)
{
    return famine_strikes() ? NULL : __real_fopen(path, mode);
}

int
__wrap_eventfd(unsigned count, int flags)
{
    return famine_strikes() ? -1 : __real_eventfd(count, flags);
}

struct heir {
    void *(*run)(void *);
    void *context;
};

static void *
heir_run(void *context)
{
    struct heir heir = *(struct heir *)context;
    __real_free(context);
    is_hungry = true;
    return heir.run(heir.context);
}

int
__wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                      void *(*run)(void *), void *context)
{
    if (famine_strikes()) {
        return EAGAIN;
    }
    if (!is_hungry) {
        return __real_pthread_create(thread, attributes, run, context);
    }
    struct heir *heir = __real_malloc(sizeof *heir);
    *heir = (struct heir){run, context};
    return __real_pthread_create(thread, attributes, heir_run, heir);
}

void
famine_begin(int n, bool lasts)
{
    pthread_mutex_lock(&famine.mutex);
    famine.left = n;
    famine.lasts = lasts;
    famine.has_failed = false;
    pthread_mutex_unlock(&famine.mutex);
    is_hungry = true;
}

bool
famine_end(void)
{
    is_hungry = false;
    pthread_mutex_lock(&famine.mutex);
    famine.left = 0;
    famine.lasts = false;
    bool has_failed = famine.has_failed;
    pthread_mutex_unlock(&famine.mutex);
    return has_failed;
}

/* gRPC gives a request back when it likes. */
bool
famine_is_paid_back(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 5;
    int failed = 0;
    pthread_mutex_lock(&famine.mutex);
    while (famine.n_live > 0 && failed == 0) {
        failed = pthread_cond_timedwait(&famine.changed, &famine.mutex, &until);
    }
    bool is_paid_back = famine.n_live == 0;
    pthread_mutex_unlock(&famine.mutex);
    return is_paid_back;
}
