/*
 * Projections that include: which paths of a document a find delivers.
 *
 * Memory: borrows the document it was given. Errors: a trouble. Threads: any.
 */
#ifndef KONTOR_TESTS_MONGOD_PROJECTION_H
#define KONTOR_TESTS_MONGOD_PROJECTION_H

#include "tests/mongod/document.h"

/* Whether each field is an inclusion, and none lies within another. */
bool mongod_projection_check(const bson_t *projection, struct trouble *trouble);
/* What of a document is included; the _id always is. NULL: trouble. */
bson_t *mongod_projection_apply(const bson_t *projection, const bson_t *document,
                                struct trouble *trouble);

#endif
