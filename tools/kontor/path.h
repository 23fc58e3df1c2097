/*
 * Fields of messages by path: set out of words of the command line, read for tables.
 *
 * Memory: the arena. Errors: a text with the cure. Threads: any.
 */
#ifndef KONTOR_TOOLS_KONTOR_PATH_H
#define KONTOR_TOOLS_KONTOR_PATH_H

#include <stddef.h>

#include <google/protobuf/timestamp.pb-c.h>
#include <protobuf-c/protobuf-c.h>

#include "proto/arena.h"

/* An empty message of a type. */
ProtobufCMessage *path_message(const ProtobufCMessageDescriptor *descriptor,
                               struct arena *arena);
/*
 * Sets the field at a path ("principal.roles"), making messages on the way; a list
 * takes the text as one more element. Enums by name in any case, with - or _; times as
 * 2026-11-23T20:00:00Z. NULL, or what is wrong.
 */
const char *path_set(ProtobufCMessage *message, const char *path, const char *text,
                     struct arena *arena);
/*
 * The field at a path as people read it: enums by name, times in local time, lists with
 * commas; "items#" is how many. "" for what is absent.
 */
const char *path_text(const ProtobufCMessage *message, const char *path,
                      struct arena *arena);
/* The messages of a list. */
ProtobufCMessage *const *path_rows(const ProtobufCMessage *message, const char *field,
                                   size_t *n);
/* A time as people read it: "2026-11-23 20:10:04", local; "" for NULL. */
const char *path_time(const Google__Protobuf__Timestamp *time, struct arena *arena);
/* The name of an enum's value, or its number. */
const char *path_enum(const ProtobufCEnumDescriptor *descriptor, int value,
                      struct arena *arena);

#endif
