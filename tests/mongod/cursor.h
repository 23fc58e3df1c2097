/*
 * Open cursors: what a find has still to deliver, as it was when the find ran.
 *
 * Memory: the cursors' until mongod_cursors_done; zeroed ones are empty. Errors: none.
 * Threads: under the server's lock.
 */
#ifndef KONTOR_TESTS_MONGOD_CURSOR_H
#define KONTOR_TESTS_MONGOD_CURSOR_H

#include "tests/mongod/document.h"

/* Documents in the order they are delivered; the list keeps them. */
struct result {
    struct document **documents;
    size_t n;
    size_t capacity;
};

/* Takes over the document. */
void mongod_result_add(struct result *result, struct document *document);
void mongod_result_done(struct result *result);

struct cursor {
    int64_t id;
    char *ns;
    struct result result;
    size_t next_document;
    struct cursor *next;
};

struct cursors {
    struct cursor *first;
    int64_t n_opened;
};

void mongod_cursors_done(struct cursors *cursors);
/* Takes over the result. */
struct cursor *mongod_cursor_open(struct cursors *cursors, const char *ns,
                                  struct result *result);
struct cursor *mongod_cursor_find(struct cursors *cursors, int64_t id, const char *ns);
void mongod_cursor_close(struct cursors *cursors, struct cursor *cursor);
/*
 * Appends up to max documents as the array `name`, and no more than a reply holds; at
 * least one when there is one and max is not 0. True: all are delivered.
 */
bool mongod_cursor_deliver(struct cursor *cursor, bson_t *reply, const char *name,
                           int64_t max);

#endif
