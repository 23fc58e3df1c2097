/*
 * The one source of randomness: the kernel's, or a seeded one that repeats.
 *
 * Memory: the caller's struct. Errors: aborts when the kernel has none. Threads: any.
 */
#ifndef KONTOR_SERVER_RANDOM_H
#define KONTOR_SERVER_RANDOM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct random {
    bool is_seeded;         /* Set once, before the source is shared. */
    _Atomic uint64_t state; /* Seeded only. */
};

/* The kernel's. */
void random_init(struct random *random);
/* Repeats for the same seed: tests and simulations only. */
void random_init_seeded(struct random *random, uint64_t seed);
/* Fills a buffer. Takes a struct random as void so that it fits the store's options. */
void random_fill(void *random, void *buffer, size_t size);

#endif
