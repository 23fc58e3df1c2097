/*
 * The rule tables: what each field of a message must be. One row a field, all faults at
 * once.
 *
 * Memory: faults live in their arena. Errors: faults. Threads: any.
 */
#ifndef KONTOR_PROTO_RULES_H
#define KONTOR_PROTO_RULES_H

#include <stdbool.h>

#include <protobuf-c/protobuf-c.h>

#include "proto/faults.h"

/* Judges a message and all in it by the rule table; adds a fault with its path for each
 * thing wrong. Unknown enum values, times that are not whole milliseconds or out of
 * range, decimals and money out of form are always refused. */
void rules_check(const ProtobufCMessage *message, struct faults *faults);

/* Ids. Source: API design, Records. */
bool rules_is_registry(const char *text); /* [a-z][a-z0-9-]{0,30} */
bool rules_is_local(const char *text); /* [A-Za-z0-9._~-]{1,128}, no dot at the edges */
bool rules_is_id(const char *text);    /* <registry>/<local> */
bool rules_is_part(const char *text);  /* [A-Za-z0-9._-]{1,64} */
bool rules_is_part_id(const char *text); /* <registry>/<local>/<part> */
bool rules_is_decimal(const char *text); /* -?[0-9]{1,15}(\.[0-9]{1,9})? */
bool rules_is_date(const char *text);    /* YYYY-MM-DD, a day that exists */
/* -1, 0, 1: exact comparison of two decimals. */
int rules_compare_decimal(const char *a, const char *b);

#endif
