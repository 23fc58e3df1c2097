/*
 * Certificates for the broker for tests, of an authority made for them.
 *
 * Memory: what is read is the caller's. Errors: abort, with a line that says why.
 * Threads: any.
 */
#ifndef KONTOR_TESTS_CLIENT_CERTIFICATES_H
#define KONTOR_TESTS_CLIENT_CERTIFICATES_H

#include <stddef.h>

/* Makes a temporary directory, and in it ca, server and client, each .pem and .key. */
void certificates_make(char *directory, size_t size);
/* One of them. */
char *certificates_read(const char *directory, const char *name);

#endif
