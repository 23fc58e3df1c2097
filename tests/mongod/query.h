/*
 * One find: what it asks for, and the documents that answer it.
 *
 * Memory: a query borrows from its message until mongod_query_done; the result is the
 * taker's. Errors: a trouble. Threads: under the server's lock.
 */
#ifndef KONTOR_TESTS_MONGOD_QUERY_H
#define KONTOR_TESTS_MONGOD_QUERY_H

#include "tests/mongod/command.h"
#include "tests/mongod/filter.h"

enum { MONGOD_SORT_MAX = 4, MONGOD_FIRST_BATCH = 101 };

struct sort_key {
    const char *path;
    int direction; /* 1 or -1 */
};

struct query {
    struct filter filter;
    struct sort_key sort[MONGOD_SORT_MAX];
    size_t n_sort;
    bson_t projection;
    bool has_projection;
    int64_t limit; /* INT64_MAX: none. */
    int64_t batch_size;
    bool is_single_batch;
};

/* Reads the command of the call; mongod_query_done also after a failure. */
bool mongod_query_read(struct call *call, struct query *query);
void mongod_query_done(struct query *query);
/* What a collection has for it at a point. */
bool mongod_query_run(const struct query *query, const struct collection *collection,
                      uint64_t point, struct result *result, struct trouble *trouble);

#endif
