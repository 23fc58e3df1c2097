#include "store/failure.h"

#include <stdarg.h>
#include <stdio.h>

void
failure_init(struct failure *failure)
{
    pthread_mutex_init(&failure->lock, NULL);
    failure->text[0] = '\0';
}

void
failure_done(struct failure *failure)
{
    pthread_mutex_destroy(&failure->lock);
}

/* The last one wins: it is the nearest to what the caller was just told. */
void
failure_set(struct failure *failure, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    pthread_mutex_lock(&failure->lock);
    (void)vsnprintf(failure->text, sizeof failure->text, format, args);
    pthread_mutex_unlock(&failure->lock);
    va_end(args);
}

/* A copy, for another thread may set the next one meanwhile. */
void
failure_copy(struct failure *failure, char *out, size_t size)
{
    pthread_mutex_lock(&failure->lock);
    (void)snprintf(out, size, "%s", failure->text);
    pthread_mutex_unlock(&failure->lock);
}
