/*
 * What insert, update and delete have in common: one loop over the statements of a
 * batch, retries that are recognized, and the sums of the answer. Insert is here, the
 * others in change.c.
 *
 * Memory: the call's and the data's. Errors: a trouble. Threads: under the server's
 * lock.
 */
#ifndef KONTOR_TESTS_MONGOD_WRITE_H
#define KONTOR_TESTS_MONGOD_WRITE_H

#include "tests/mongod/command.h"

/* A statement while it is applied. */
struct statement {
    struct call *call;
    size_t index;
    bson_t bson;
    struct outcome outcome;
};

/* What distinguishes the three. */
struct write_kind {
    const char *batch;
    /* Before anything is applied: whether the statement is of the subset. */
    bool (*check)(const bson_t *statement, struct trouble *trouble);
    /* False: a trouble, of this statement alone unless it is outside of the subset. */
    bool (*apply)(struct statement *statement, struct trouble *trouble);
    /* A statement that found its document as it wanted it says something about the
     * document, which must not be undone once that is acknowledged. */
    bool owes_what_it_saw;
};

bool mongod_write_run(struct call *call, const struct write_kind *kind);
/* Stores a document under an _id that is free. */
bool mongod_write_store(struct statement *statement, const bson_value_t *id,
                        const bson_t *document, struct trouble *trouble);

#endif
