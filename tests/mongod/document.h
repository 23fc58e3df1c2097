/*
 * Stored documents, and what a document may be to be kept alike by every server.
 *
 * Memory: a document is counted; it goes with its last keeper. Errors: a trouble.
 * Threads: under the server's lock, for the count; the checks from any.
 */
#ifndef KONTOR_TESTS_MONGOD_DOCUMENT_H
#define KONTOR_TESTS_MONGOD_DOCUMENT_H

#include "tests/mongod/trouble.h"
#include "tests/mongod/value.h"

enum { MONGOD_DOCUMENT_MAX = 16 * 1024 * 1024, MONGOD_DEPTH_MAX = 90 };

struct document {
    size_t n_keepers;
    bson_t *bson;
};

/* Takes over the BSON. */
struct document *mongod_document_new(bson_t *bson);
struct document *mongod_document_keep(struct document *document);
/* Accepts NULL. */
void mongod_document_drop(struct document *document);

/* Whether every server keeps it as it is, its _id aside; else the trouble says why. */
bool mongod_document_check(const bson_t *bson, struct trouble *trouble);
/* Its _id, when it is a string, an integer or a binary. */
bool mongod_document_id(const bson_t *bson, bson_value_t *out, struct trouble *trouble);
/* A copy with this _id first, whatever the document has for it and where. */
bson_t *mongod_document_with_id(const bson_t *bson, const bson_value_t *id);
/*
 * The value at a dotted path, of type BSON_TYPE_EOD where nothing is. A path that leads
 * through an array is refused: servers disagree about what it means.
 */
bool mongod_document_at(const bson_t *bson, const char *path, bson_value_t *out,
                        struct trouble *trouble);

#endif
