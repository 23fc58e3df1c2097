/*
 * Cases to carry through every format: each message type with each field at zero,
 * minimum, maximum and absent.
 *
 * Memory: an arena of the caller's. Errors: none. Threads: one.
 */
#ifndef KONTOR_TESTS_MESSAGE_CASES_H
#define KONTOR_TESTS_MESSAGE_CASES_H

#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

#include "proto/arena.h"

typedef void (*case_fn)(const ProtobufCMessage *message, void *context);

/* Visits every case of every published message type; answers how many there were. arena
 * is reset before each. */
size_t message_cases_visit(struct arena *arena, case_fn visit, void *context);

#endif
