/*
 * Fields of a message by their proto names: what handlers that serve many kinds of
 * messages need.
 *
 * Memory: borrowed from the message. Errors: none; a field the message does not have
 * reads as its default. Threads: the message's.
 */
#ifndef KONTOR_SERVER_RPC_NAMED_H
#define KONTOR_SERVER_RPC_NAMED_H

#include <stdbool.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

/* Text of a singular string field; never NULL. */
const char *named_text(const void *message, const char *name);
/* Value of a singular field of whole numbers or an enum. */
int64_t named_integer(const void *message, const char *name);
/* Value of a singular bool field. */
bool named_flag(const void *message, const char *name);
/* A singular message field; NULL when it is absent. */
const void *named_message(const void *message, const char *name);
/* The number of a field; 0 when the message has none of this name. */
uint32_t named_number(const ProtobufCMessageDescriptor *descriptor, const char *name);

/* Makes one field of to what it is in from, absence included; both are of the field's
 * message type. */
void named_copy(void *to, const void *from, const ProtobufCFieldDescriptor *field);

#endif
