/*
 * Indexes: they are remembered and judged, never used.
 *
 * Memory: the collection's. Errors: a trouble. Threads: under the server's lock.
 */
#ifndef KONTOR_TESTS_MONGOD_INDEX_H
#define KONTOR_TESTS_MONGOD_INDEX_H

#include "tests/mongod/data.h"

enum { MONGOD_INDEXES_MAX = 63, MONGOD_INDEX_FIELDS_MAX = 32 };

/* Whether the collection's indexes can take the document: of the fields of one index at
 * most one may be an array. */
bool mongod_index_check(const struct collection *collection, const bson_t *document,
                        struct trouble *trouble);

#endif
