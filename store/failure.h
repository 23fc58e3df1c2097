/*
 * The last thing that went wrong below the store, in words.
 *
 * Memory: the owner's. Errors: none. Threads: any; the lock guards the text.
 */
#ifndef KONTOR_STORE_FAILURE_H
#define KONTOR_STORE_FAILURE_H

#include <pthread.h>
#include <stddef.h>

enum { FAILURE_SIZE = 512 };

struct failure {
    pthread_mutex_t lock;
    char text[FAILURE_SIZE];
};

void failure_init(struct failure *failure);
void failure_done(struct failure *failure);
void failure_set(struct failure *failure, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Copies the text, cut to size. */
void failure_copy(struct failure *failure, char *out, size_t size);

#endif
