/*
 * A message with every field set, by its descriptor, to values that obey the rules:
 * what a new field is in by itself.
 *
 * Memory: the arena's. Errors: a test fails where no value obeys. Threads: one.
 */
#ifndef KONTOR_TESTS_TOOLS_MESSAGE_FILL_H
#define KONTOR_TESTS_TOOLS_MESSAGE_FILL_H

#include <stdbool.h>

#include <protobuf-c/protobuf-c.h>

#include "proto/arena.h"

/*
 * A message of the type; lists have two elements, texts that differ from field to
 * field. skip holds paths that stay empty, "administrators.phone", ended by NULL. Of a
 * oneof nothing is set but the member that is named, which may be NULL.
 */
ProtobufCMessage *message_fill(const ProtobufCMessageDescriptor *descriptor,
                               const char *member, const char *const *skip,
                               struct arena *arena);
/* Whether a list ended by NULL holds a text. */
bool message_fill_holds(const char *const *texts, const char *text);

#endif
