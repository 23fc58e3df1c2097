/*
 * What strangers send, as targets for a fuzzer: each takes any bytes and must neither
 * crash nor leak.
 *
 * Memory: each target frees what it takes. Errors: a broken promise aborts. Threads:
 * one.
 */
#ifndef KONTOR_TESTS_FUZZ_TARGETS_H
#define KONTOR_TESTS_FUZZ_TARGETS_H

#include <stddef.h>
#include <stdint.h>

struct target {
    const char *name; /* NULL ends the table. */
    void (*run)(const uint8_t *data, size_t size);
    const char *seed; /* Something the target likes, to be mutated. */
};

extern const struct target targets[];

#endif
