/*
 * Memory that ends when a test says so: the linker sends every malloc, calloc, realloc,
 * strdup, fopen, eventfd and pthread_create of the library and of protobuf-c through
 * here.
 *
 * Memory: what was taken and not given back is counted. Errors: none. Threads: only the
 * thread that began the famine goes without, and threads it makes.
 */
#ifndef KONTOR_TESTS_CLIENT_FAMINE_H
#define KONTOR_TESTS_CLIENT_FAMINE_H

#include <stdbool.h>

/* What follows on this thread gets what it asks for until the n-th time (from 1), which
 * fails; with lasts, so does all after it. */
void famine_begin(int n, bool lasts);
/* Ends it; answers whether anything failed. */
bool famine_end(void);
/* Waits until all that was taken under a famine was given back; false after 5 s. */
bool famine_is_paid_back(void);

#endif
