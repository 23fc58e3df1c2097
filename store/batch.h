/*
 * What is written at once: works decided, judged, numbered and chained one behind the
 * other, each seeing those before it.
 *
 * Memory: its own arena, which commits and replies live in until batch_clear; works
 * stay their submitters'. Errors: each entry's outcome; broken. Threads: the
 * committer's.
 */
#ifndef KONTOR_STORE_BATCH_H
#define KONTOR_STORE_BATCH_H

#include "store/draft.h"

/* One work of a batch and how it ends. */
struct entry {
    struct work *work;
    struct outcome outcome;
    bool is_new; /* Its commit is one of this batch. */
};

struct batch {
    struct store *store;
    struct store_reader reader; /* Through the open batch. */
    struct arena *arena;
    struct tail tail; /* The open batch included. */
    struct entry entries[STORE_BATCH_COMMITS];
    size_t n_entries;
    size_t n_bulk;
    size_t size;        /* Bytes of the encoded commits. */
    enum status broken; /* Other than OK: nothing of the batch may stay. */
};

void batch_init(struct batch *batch, struct store *store);
void batch_done(struct batch *batch);
/* Begins one at the backend; broken when that fails. */
void batch_open(struct batch *batch);
/* Whether one more work may come in. */
bool batch_has_room(const struct batch *batch);
/* Takes a work in and runs it; in a broken batch only to be answered. */
void batch_add(struct batch *batch, struct work *work);
/* Gives every entry the same end: what was decided through a batch that did not stay
 * was decided on nothing. */
void batch_end_all(struct batch *batch, enum status status);
/* Forgets the entries and their memory. */
void batch_clear(struct batch *batch);

#endif
