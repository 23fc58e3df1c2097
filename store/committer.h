/*
 * The one thread that writes: takes what waits, judges, decides again, numbers, chains,
 * writes, answers.
 *
 * Memory: its own; works stay their submitters'. Errors: each work's outcome. Threads:
 * submit from any; the rest runs on the committer's own thread.
 */
#ifndef KONTOR_STORE_COMMITTER_H
#define KONTOR_STORE_COMMITTER_H

#include "store/inner.h"

enum { COMMITTER_MAX_LISTENERS = 8 };

/* Starts the thread; the store is open and at rest. */
enum status committer_start(struct store *store, const struct store_faults *faults,
                            struct committer **committer) MUST_CHECK;
enum status committer_submit(struct committer *committer, struct work *work) MUST_CHECK;
/* Answers the position after which the listener hears of every commit. */
int64_t committer_listen(struct committer *committer,
                         void (*listener)(void *context,
                                          const Kontor__V1__Commit *commit),
                         void *context);
/* Ends after what is queued, joins, frees. Accepts NULL. */
void committer_stop(struct committer *committer);

#endif
