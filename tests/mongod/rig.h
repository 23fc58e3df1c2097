/*
 * What the tests of the fault server share: a server, a pool of real clients, and
 * documents written as text.
 *
 * Memory: rig_open and rig_close; a document is the caller's. Errors: a helper that
 * cannot do its part fails the test. Threads: one, but for rig_client and what it
 * gives.
 */
#ifndef KONTOR_TESTS_MONGOD_RIG_H
#define KONTOR_TESTS_MONGOD_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <mongoc/mongoc.h>

#include "tests/mongod/mongod.h"

/* Far more than anything takes that works. */
enum { RIG_PATIENCE_MS = 20000, RIG_SOCKET_MS = 1000 };

#define RIG_NS "town.things"

struct rig {
    struct mongod *mongod;
    mongoc_client_pool_t *pool;
    mongoc_client_t *client;
    mongoc_collection_t *things; /* RIG_NS, by the client. */
    bson_error_t error;          /* Of the last command. */
    bson_t reply;                /* Likewise. */
};

/* A pool as the store has it, but impatient: RIG_SOCKET_MS for an answer. options may
 * be NULL. */
void rig_open(struct rig *rig, const struct mongod_options *options);
/* With a primary of a set. */
void rig_open_set(struct rig *rig);
/* Also checks that nothing was refused that the test has not forgiven. */
void rig_close(struct rig *rig);
/* Sets a script of one fault, given as mongod_fault_parse reads it. */
void rig_fault(struct rig *rig, const char *text);

/* JSON with ' for ". Free with bson_destroy. */
bson_t *rig_bson(const char *text);
/* The write concern of the store, or w:1, as options of a command. */
bson_t *rig_majority(void);
bson_t *rig_single(void);

/* Commands; false with rig->error and rig->reply set. is_majority: w:majority, j. */
bool rig_insert(struct rig *rig, const char *document, bool is_majority);
bool rig_insert_many(struct rig *rig, const bson_t **documents, size_t n, bool ordered);
bool rig_replace(struct rig *rig, const char *filter, const char *document,
                 bool upsert);
bool rig_delete(struct rig *rig, const char *filter);
/* Any command on the database of RIG_NS. */
bool rig_command(struct rig *rig, const char *command);
/* What a find delivers, as relaxed JSON of all documents with ';' between; the caller
 * frees it with bson_free. options are those of mongoc_collection_find_with_opts. NULL:
 * an error. */
char *rig_find(struct rig *rig, const char *filter, const char *options);
/* The find, and that it delivers this; ' for ". */
void rig_expect(struct rig *rig, const char *filter, const char *options,
                const char *expected);
/* What the server itself has, likewise. */
void rig_expect_stored(struct rig *rig, bool is_majority, const char *expected);
/* An integer of the last reply, or -1. */
int64_t rig_reply_int(const struct rig *rig, const char *path);
/* Whether the last reply carries this error label. */
bool rig_has_label(const struct rig *rig, const char *label);

#endif
