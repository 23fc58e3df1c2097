/*
 * Randomness for request ids and for the jitter of back-offs.
 *
 * Memory: none. Errors: none: getrandom cannot fail for so few bytes. Threads: any.
 */
#ifndef KONTOR_CLIENT_RANDOM_H
#define KONTOR_CLIENT_RANDOM_H

#include <stdint.h>

/* A number from 0 up to limit - 1; limit is at least 1. */
int64_t random_below(int64_t limit);

#endif
