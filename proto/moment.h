/*
 * Times of documents: milliseconds since 1970 inside, google.protobuf.Timestamp in
 * messages.
 *
 * Memory: the arena given. Errors: none. Threads: any.
 */
#ifndef KONTOR_PROTO_MOMENT_H
#define KONTOR_PROTO_MOMENT_H

#include <stdint.h>

#include <google/protobuf/timestamp.pb-c.h>

#include "proto/arena.h"

/* A timestamp of these milliseconds. */
Google__Protobuf__Timestamp *moment_new(struct arena *arena, int64_t ms);
/* Milliseconds of a timestamp; absent for NULL. */
int64_t moment_ms(const Google__Protobuf__Timestamp *moment, int64_t absent);

#endif
