/*
 * MongoDB's wire protocol by hand: for what a driver never sends, and for tests that
 * would spend their time waiting for a driver's heartbeat.
 *
 * Memory: raw_reply_* fill a document of the caller's. Errors: false when the
 * connection is at its end. Threads: one at a time for a socket.
 */
#ifndef KONTOR_TESTS_MONGOD_RAW_H
#define KONTOR_TESTS_MONGOD_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bson/bson.h>

enum { RAW_CHECKSUM = 1, RAW_MORE_TO_COME = 2, RAW_OP_MSG = 2013, RAW_OP_QUERY = 2004 };

/* -1: refused. */
int raw_connect(uint16_t port);
void raw_close(int fd);
/* These bytes behind a header with their length. */
bool raw_send(int fd, int32_t opcode, const void *bytes, size_t size);
/* An OP_MSG: the body, then, unless name is NULL, a sequence of n documents. */
bool raw_send_msg(int fd, uint32_t flags, const bson_t *body, const char *name,
                  bson_t *const *documents, size_t n);
/* The body of the next OP_MSG; *reply is initialized in any case. */
bool raw_receive(int fd, bson_t *reply);
/* Sends a command given as JSON with ' for " and receives its answer. */
bool raw_command(int fd, const char *command, bson_t *reply);
/* The integer or boolean at a dotted path of a reply, or -1. */
int64_t raw_int(const bson_t *reply, const char *path);

#endif
