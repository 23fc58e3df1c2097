/*
 * Base64 both ways. Source: RFC 4648.
 *
 * Memory: results live in the arena. Errors: false for what is not base64. Threads:
 * any.
 */
#ifndef KONTOR_PROTO_BASE64_H
#define KONTOR_PROTO_BASE64_H

#include <stdbool.h>

#include "proto/arena.h"
#include "proto/bytes.h"

/* What base64_parse takes. */
enum base64_alphabets {
    BASE64_URL,  /* '-' and '_', no padding. */
    BASE64_BOTH, /* Either alphabet, padded or not, as proto3 JSON asks. */
};

/* With '+' and '/', padded. */
char *base64_print(struct bytes bytes, struct arena *arena);
/* With '-' and '_', not padded. */
char *base64_print_url(struct bytes bytes, struct arena *arena);
/* false: not base64, or bits left over that are not zero. */
bool base64_parse(const char *text, enum base64_alphabets alphabets,
                  struct arena *arena, struct bytes *out);

#endif
