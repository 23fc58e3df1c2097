/*
 * Following a log: documents are made of what was appended by others, or by this broker
 * before it came to writing them.
 *
 * Memory: the batch's arena, which is empty between batches. Errors: UNAVAILABLE;
 * DATA_LOSS: the log has a hole, another chain, or documents that are not its own.
 * Threads: the committer's.
 */
#ifndef KONTOR_STORE_FOLLOW_H
#define KONTOR_STORE_FOLLOW_H

#include "store/batch.h"

/* Hears of a commit whose documents are written. */
typedef void (*follow_fn)(void *context, const Kontor__V1__Commit *commit);

/*
 * Brings the batch's tail to the end of the log: each commit's documents are written
 * unless they are there, applied moves, tell is called. *has_found: there was one.
 * Works of the batch that are not answered yet keep their commits.
 */
enum status follow_all(struct batch *batch, follow_fn tell, void *context,
                       bool *has_found) MUST_CHECK;
/* Writes the documents of all commits that have none yet; answers the end of the log.
 * For maintenance, which has no committer. */
enum status follow_written(struct store *store, int64_t *end) MUST_CHECK;
/*
 * Makes the documents of all commits after applied, for a reader that writes nothing:
 * they are seen through the writer's reader only. Answers the end of the log.
 */
enum status follow_unwritten(struct store *store, int64_t *end) MUST_CHECK;

#endif
