/*
 * Erasures: which changes of a log lost their salt and document, and the remarks that
 * say so. STORE design, "Life of the log".
 *
 * The chain of hashes holds without documents, so somebody who took one away in silence
 * would leave no trace in it. Each loss therefore has its remark: a NOTE of
 * ERASURE_ACTOR about the document, later in the log, that covers the position.
 *
 * Memory: the arena given. Errors: a text. Threads: one at a time.
 */
#ifndef KONTOR_PROTO_ERASURE_H
#define KONTOR_PROTO_ERASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kontor/v1/commit.pb-c.h"
#include "proto/arena.h"

#define ERASURE_ACTOR "~broker/erase"

/* Whether a change of a commit is the remark of an erasure; then *up_to is the last
 * position it covers. */
bool erasure_read(const Kontor__V1__Commit *commit, const Kontor__V1__Change *change,
                  int64_t *up_to);

/* What was gathered of a log while it was read. Set arena; all else is zero. */
struct erasures {
    struct arena *arena; /* Keeps the rows. */
    struct erasure_row *rows;
    size_t n_rows;
    size_t room;
    int64_t n_erased; /* Versions and remarks without their content. */
};

/* Gathers what the next commit lost, and what it says of losses before it. */
void erasures_add(struct erasures *erasures, const Kontor__V1__Commit *commit);
/* The same of a document of the log's base. */
void erasures_add_document(struct erasures *erasures,
                           const Kontor__V1__BaseDocument *document);
/* NULL when every loss has its remark, or the first that has none. */
const char *erasures_judge(const struct erasures *erasures);

#endif
