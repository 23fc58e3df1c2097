/*
 * Sets of bytes in patterns: "[a-z_]", "[^[:space:]]".
 *
 * Memory: the caller's. Errors: false or NULL = it is no set. Threads: any.
 */
#ifndef KONTOR_PROTO_PATTERN_SET_H
#define KONTOR_PROTO_PATTERN_SET_H

#include <stdbool.h>

enum { PATTERN_SET_BYTES = 32 }; /* A bit for each of 256 bytes. */

struct pattern_set {
    const char *source; /* Where it stands: written out again, it is the same set. */
    unsigned char bits[PATTERN_SET_BYTES];
};

/* Behind the set that begins at '['; NULL = it has no end. */
const char *pattern_set_end(const char *at);
/* Reads the set from '[' to its end into one that is empty; false = it is none. */
bool pattern_set_read(struct pattern_set *set, const char *at, const char *end);
bool pattern_set_has(const struct pattern_set *set, unsigned char byte);

#endif
