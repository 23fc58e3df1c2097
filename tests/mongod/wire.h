/*
 * MongoDB's wire protocol: OP_MSG, and OP_QUERY for the first hello of a connection.
 *
 * Memory: a message owns its bytes until mongod_message_done; everything else in it
 * points into them. Errors: false, with a trouble where the client is to blame.
 * Threads: one at a time for a socket.
 */
#ifndef KONTOR_TESTS_MONGOD_WIRE_H
#define KONTOR_TESTS_MONGOD_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bson/bson.h>

#include "tests/mongod/trouble.h"

enum { MONGOD_MESSAGE_MAX = 48000000, MONGOD_BATCH_MAX = 100000 };

struct message {
    uint8_t *bytes;
    size_t size;
    int32_t request_id;
    bool is_query;             /* OP_QUERY: its reply has another form. */
    bson_t body;               /* The command. */
    const char *sequence_name; /* Of the section of kind 1; NULL: there is none. */
    const uint8_t *sequence;
    size_t sequence_size;
};

/* One document of a batch. */
struct view {
    const uint8_t *data;
    uint32_t size;
};

struct batch {
    struct view *views;
    size_t n;
};

/* False: the connection is at its end. A message that was read is freed whatever
 * becomes of it. */
bool mongod_message_read(int fd, struct message *message);
void mongod_message_done(struct message *message);
/* False: what came cannot be answered. */
bool mongod_message_parse(struct message *message, struct trouble *trouble);
/* The documents of this name, from the section or from an array of the body. */
bool mongod_message_batch(const struct message *message, const char *name,
                          struct batch *batch, struct trouble *trouble);
void mongod_batch_done(struct batch *batch);
/* False: nobody is there to read it. */
bool mongod_message_reply(int fd, const struct message *message, const bson_t *reply);

#endif
