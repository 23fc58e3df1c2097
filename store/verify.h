/*
 * A verification under way, as its parts share it.
 *
 * Memory: said at each member. Errors: DATA_LOSS, and *wrong says what; else as
 * backend.h. Threads: one.
 */
#ifndef KONTOR_STORE_VERIFY_H
#define KONTOR_STORE_VERIFY_H

#include "proto/chain.h"
#include "proto/erasure.h"
#include "store/inner.h"

/*
 * A verification under way. Every version the log makes is looked for among the
 * documents, and then the documents are counted: what is not in the log, or twice,
 * makes the counts differ.
 */
struct verify {
    struct store_reader *reader;
    struct chain chain;
    struct erasures erasures;
    struct arena *arena;           /* Of one commit. */
    struct backend_counts *wanted; /* One a kind. */
    struct arena *lasting;         /* Of all of it. */
    int64_t applied;               /* Nothing is judged beyond. */
    const char *wrong;             /* NULL = nothing yet. */
};

/* ---- verify_document.c: what a change made of a document ---- */

/* Looks for the version a PUT made: the present one, or one of the past where the kind
 * keeps them. Of the commit only seq and at count. */
enum status verify_put(struct verify *verify, const struct kind *kind,
                       const Kontor__V1__Commit *commit,
                       const Kontor__V1__Change *change, const char **wrong) MUST_CHECK;
/* What was erased has left the documents, too; the present version never is. */
enum status verify_erased(struct verify *verify, const struct kind *kind,
                          const Kontor__V1__Commit *commit,
                          const Kontor__V1__Change *change,
                          const char **wrong) MUST_CHECK;
/* The version a change replaces ends where the change stands. */
enum status verify_replaced(struct verify *verify, const struct kind *kind,
                            const Kontor__V1__Commit *commit,
                            const Kontor__V1__Change *change,
                            const char **wrong) MUST_CHECK;

/* ---- verify_base.c ---- */

/* Judges the base, if there is one, and what its documents became; the chain begins
 * there. */
enum status verify_base(struct verify *verify) MUST_CHECK;

#endif
