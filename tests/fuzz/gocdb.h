/*
 * A target of its own file: XML from strangers, read, written and read again.
 *
 * Memory: freed. Errors: a broken promise aborts. Threads: one.
 */
#ifndef KONTOR_TESTS_FUZZ_GOCDB_H
#define KONTOR_TESTS_FUZZ_GOCDB_H

#include <stddef.h>
#include <stdint.h>

void gocdb_fuzz(const uint8_t *data, size_t size);

#endif
