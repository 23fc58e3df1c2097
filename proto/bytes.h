/*
 * A run of bytes somebody else owns.
 *
 * Memory: borrowed; valid as long as the place it was taken from says. Errors: none.
 * Threads: plain data.
 */
#ifndef KONTOR_PROTO_BYTES_H
#define KONTOR_PROTO_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct bytes {
    const uint8_t *data; /* May be NULL when size is 0. */
    size_t size;         /* In bytes. */
};

#endif
