/*
 * Rules that look at more than one field of a message: times, money, limits that must
 * not cross.
 *
 * Memory: borrowed and constant. Errors: a finding. Threads: any.
 */
#ifndef KONTOR_PROTO_RULES_MESSAGE_H
#define KONTOR_PROTO_RULES_MESSAGE_H

#include <stdbool.h>

#include <protobuf-c/protobuf-c.h>

struct rule_finding {
    const char *field; /* NULL: the message as a whole. */
    const char *what;  /* NULL: nothing is wrong. */
};

/* Judges a message by the rules of its type, without what it contains. */
struct rule_finding rules_judge_message(const ProtobufCMessage *message);
/* What an element of a list is called: its id, iid or key; NULL when its type has none.
 */
const char *rules_element_name(const ProtobufCMessage *element);
/* Whether two elements of a list count as the same: by id, iid or key when they have
 * one, else as a whole. */
bool rules_are_same(const ProtobufCMessage *a, const ProtobufCMessage *b);

#endif
